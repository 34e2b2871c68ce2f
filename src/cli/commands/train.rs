//! `elman train`: learns a text, and tells how it goes.

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{of_plan, of_presets, of_settings};
use crate::cli::run::request::Request;
use crate::cli::run::seeds;
use crate::cli::run::work::Run;
use elman::Settings;
use elman::internals::disk::System;
use elman::settings::TABLE;

/// The help's words.
pub const DETAILS: &str = "\
Learns TEXT (UTF-8; without it a built-in story; - is standard input). Reports
go to standard output, models and losses to the run's folder.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman train book.txt --preset best --out book-run",
    "elman train book.txt --resume book-run --iterations 60000",
];

/// What the screen has no room for.
pub const MORE: &str = "\
The folder holds model.safetensors (the last state), best.safetensors (the best
model), loss.csv and loss.svg, and the reports with the first 10,000 characters
of their samples in reports.jsonl, a JSON object a line. The last line printed is
the digest of the parameters.

With --preset an edition of the assignment sets all that belongs to it; --preset
best sets what made the best text of a minute of one core, the hidden units, the
updates and --validation 0.1 among it. An option that is given as well wins. With
--loss mean losses are nats per character.

With --validation 0.1 the last tenth of TEXT is not learned: its loss stands in
the reports, in loss.csv and in loss.svg, and chooses the best model. The loss at
the end is shown, and chooses only where it would in a longer run.

With --order chunks TEXT is cut into chunks of --chunk characters, and every epoch
reads them in another random order, each from h = 0. With --order positions every
update begins at a random character, and from h = 0.

With --resume a run goes on from its last state, as if it had never stopped, in
the same TEXT and with all the settings of the run; --iterations may be larger,
--save-every another.

With --seeds N there are N runs, of --seed and the seeds after it, as many at a
time as there are cores, each in a folder of its own in that of --out: seed-1,
seed-2 and so on, the same to the byte as a run of its own. A line tells how each
of them ended; the last ones tell the mean, the minimum and the maximum, and the
best run. With --resume they go on, and those that are missing begin as the
others were begun; --seed need not be given again.";

/// Its options.
pub fn options() -> Vec<Choice> {
    let seeds = "train with N seeds: --seed and those after it";
    let threads = "threads to learn on, 1 to 256; no number changes a bit (what helps)";
    let own = [
        Choice::new("seeds", "N", seeds),
        Choice::new("threads", "N", threads).seldom(),
        Choice::new("out", "DIR", "the run's folder").or("elman-run"),
        Choice::new("from", "MODEL", "begin with the weights and the characters of a model")
            .seldom(),
        Choice::new("resume", "DIR", "go on with the run in this folder"),
        Choice::switch("force", "replace a run that the folder already holds").seldom(),
        Choice::switch("quiet", "no progress on standard error").seldom(),
        Choice::help().seldom(),
    ];
    let preset = of_presets("adagrad-edition|adam-edition|best");
    let settings = of_settings(&Settings::DEFAULT, TABLE.iter());
    std::iter::once(preset).chain(settings).chain(of_plan()).chain(own).collect()
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let request = Request::of(arguments)?;
    match seeds::count(arguments)? {
        Some(count) => seeds::run(&request, count),
        None => {
            seeds::refuse_several(&request)?;
            Run::start(&request, Box::new(System))?.go()
        }
    }
}
