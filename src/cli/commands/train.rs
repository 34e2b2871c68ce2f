//! `elman train`: trains a network on a text, and reports how it goes.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::request::{self, Request};
use crate::cli::run::seeds;
use crate::cli::run::work::Run;
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
The run's folder holds model.safetensors (the last state), best.safetensors (the
best model), loss.csv, loss.svg and reports.jsonl. reports.jsonl has one JSON object
for each report, with the first 10,000 characters of its sample. The last line of
the output is the digest, a checksum of the parameters.

--preset sets several options at once. An edition of the assignment sets everything
the assignment prescribes. `--preset best` sets what gave the best model after one
minute on one core; that includes --hidden, --iterations and --validation 0.1. An
option that you give beside --preset overrides it.

With --loss sum (the default) losses are in nats over T characters, with --loss
mean in nats per character.

With --validation 0.1 the last tenth of TEXT is not trained on. The loss on it, the
validation loss, is in the reports, in loss.csv and in loss.svg. The best model is
the one with the lowest validation loss among those at the multiples of
--report-every and --validate-every.

With --order chunks TEXT is cut into chunks of --chunk characters. Every epoch reads
them in a new random order, each from h = 0. With --order positions every update
begins at a random character, with h = 0.

--schedule linear lowers the learning rate in a straight line: update n of N has the
learning rate times 1 - n/N, where N is --iterations. --schedule exponential halves
it every --half-life updates. A linear schedule depends on --iterations, which then
cannot change when the run is resumed.

--resume continues a run from its last state, as if it had never stopped. Give the
same TEXT again. The run keeps its options; only --iterations may be larger (not
with --schedule linear), and --save-every, --threads and --quiet may be others.

--seeds N trains N runs: with --seed, and with the seeds after it. As many run at a
time as there are cores. Each has its own folder in the --out folder: seed-1,
seed-2 and so on, with the same files as a single run. One line is printed for each run,
then the mean, minimum and maximum of the losses, and the best run. With --resume
all of them continue, and those that are missing are started; --seed need not be
given again.",
    options: request::options,
    run,
};

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let request = Request::of(arguments)?;
    match seeds::count(arguments)? {
        Some(count) => seeds::run(&request, count),
        None => {
            seeds::refuse_several(&request)?;
            Run::start(&request, Box::new(System))?.run_and_print()
        }
    }
}
