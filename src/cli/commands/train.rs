//! `elman train`: trains a network on a text, and reports how it goes.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::has_standard_input;
use crate::cli::run::request::{self, Request};
use crate::cli::run::seeds;
use crate::cli::run::work::Run;
use crate::cli::terminal::progress::Progress;
use elman::internals::disk::System;

/// The command.
pub const COMMAND: Command = Command {
    name: "train",
    takes: "[TEXT]",
    limit: 1,
    summary: "train a network on a text, character by character",
    details: "\
Trains on TEXT: a UTF-8 file, - for standard input, or by default a built-in story.
Reports go to standard output; models and losses go to the run's folder.",
    examples: &["elman train book.txt --preset best --out book-run"],
    more: "\
The run's folder contains model.safetensors (the last state), best.safetensors (the
best model), loss.csv, loss.svg and reports.jsonl. reports.jsonl has one JSON object
for each report, with the first 10,000 characters of its sample. The last line of
the output is the digest, a checksum of the parameters.

--preset sets the options that are listed at the end. The presets adagrad-edition and
adam-edition set what their edition of the assignment prescribes. The preset best sets
what gave the best model after one minute of training on one core. An option that you
give as well overrides the preset.

With --loss sum (the default) losses are in nats over T characters, with --loss
mean in nats per character.

With --validation 0.1 the last tenth of TEXT is held out: the network is not trained
on it. The loss on it, the validation loss, is in the reports, in loss.csv and in
loss.svg. The best model is the one with the lowest validation loss at a multiple of
--report-every or --validate-every. Without --validation it is the one with the
lowest smooth loss at a multiple of 100 updates.

With --order chunks TEXT is cut into chunks of --chunk characters. Every epoch reads
them in a new random order, each from h = 0. With --order positions every update
begins at a random character, with h = 0.

--schedule linear lowers the learning rate in a straight line: in update n of N it
is --learning-rate times 1 - n/N, where N is --iterations. --schedule exponential
halves it every --half-life updates. A linear schedule depends on --iterations, which
then cannot change when the run is resumed.

A run is saved every --save-every updates, every minute and at the end. You can stop
it at any time with Ctrl-C: the last save remains, and only the updates after it are
lost. `elman train TEXT --resume DIR` continues from the last save, and gives the same
result as a run without a stop. Give the same TEXT again. The run keeps its options.
You can raise --iterations (but not with --schedule linear), and change --save-every,
--threads and --quiet.

--seeds N trains N runs with the seeds SEED, SEED + 1 and so on, where SEED is
--seed. As many run at a time as there are cores. Each has its own folder in the
--out folder: seed-1, seed-2 and so on, with the same files as a single run. One line
is printed for each run, then the mean, minimum and maximum of the losses, and the
best run. With --resume all runs continue, and missing ones are started; --seed need
not be given again.",
    options: request::options,
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let request = Request::of(arguments)?;
    if arguments.first().is_none() && !request.resume && has_standard_input() {
        Progress::new(request.quiet).warn(
            "standard input is not read, the text is the built-in story: elman train - reads standard input",
        );
    }
    match seeds::count(arguments)? {
        Some(count) => seeds::run(&request, count),
        None => {
            seeds::refuse_several(&request)?;
            Run::start(&request, Box::new(System))?.run_and_print()
        }
    }
}
