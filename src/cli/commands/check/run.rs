//! The command: its help, its options, and which of the three checks it runs.

use super::subject::Subject;
use super::{against, case, subject, table};
use crate::cli::command_line::arguments::{Arguments, Choice, HELP};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{
    BETA1, BETA2, BYTES, CLIP, DOCUMENTS, EDITION, EPSILON, HIDDEN, INITIALIZATION, LEARNING_RATE,
    LOSS, OPTIMIZER, SEED, SEQUENCE_LENGTH, SIGMA,
};
use std::path::Path;

/// The help's text.
pub const DETAILS: &str = "\
Compares every entry of the gradients of U, W, V, b and c with finite differences
of the loss: of an untrained network on the first characters of TEXT (by default
the built-in story; - is standard input), or of a trained MODEL at several places
of TEXT. Exit status 1: an entry is wrong or undecided.";

/// Example calls.
pub const EXAMPLES: &[&str] = &[
    "elman check",
    "elman check elman-run --positions 10",
    "elman check --write-case case.npz",
    "elman check --against mine.npz case.npz",
];

/// Text for `elman help check`.
pub const MORE: &str = "\
Every finite difference comes with an estimate of its error. An entry that differs
by no more than the estimate differs by rounding alone. An entry is undecided where
the estimate is too large to tell. A MODEL is checked with the hidden state that it
has at each place of the text.

--write-case FILE saves all intermediate values of one update, as .npz,
.safetensors or .json by the name. --against FILE CASE compares the arrays of your
FILE with those of the case, and says which are right and what is wrong with the
others.";

/// Its options.
pub const CHOICES: &[Choice] = &[
    EDITION.seldom(),
    HIDDEN.or("5"),
    SEQUENCE_LENGTH.seldom(),
    BYTES.seldom(),
    DOCUMENTS.seldom(),
    Choice::new(
        "iterations",
        "N",
        "updates before the check; 1 with --write-case",
    )
    .or("0"),
    OPTIMIZER.seldom(),
    LEARNING_RATE.seldom(),
    BETA1.seldom(),
    BETA2.seldom(),
    EPSILON.seldom(),
    CLIP.seldom(),
    LOSS.seldom(),
    INITIALIZATION.seldom(),
    Choice {
        help: "standard deviation of the first U, W, V; 0.5 with --write-case",
        ..SIGMA.seldom()
    },
    SEED.seldom(),
    Choice::new(
        "positions",
        "N",
        "places of the text at which a model is checked",
    )
    .or("3"),
    Choice::new(
        "write-case",
        "FILE",
        "write a worked case as .npz, .safetensors or .json",
    ),
    Choice::switch("force", "replace FILE of --write-case if it exists").seldom(),
    Choice::new(
        "against",
        "FILE",
        "compare the arrays of FILE with those of a case",
    ),
    Choice::switch("json", "print the table as JSON").seldom(),
    HELP.seldom(),
];

/// The options of an untrained network; a model file has its own values.
const TRAINING: &[&str] = &[
    "preset",
    "optimizer",
    "beta1",
    "beta2",
    "loss",
    "initialization",
    "hidden",
    "seq-length",
    "bytes",
    "documents",
    "iterations",
    "learning-rate",
    "sigma",
    "clip",
    "epsilon",
    "seed",
];

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.has("against") {
        refuse(
            arguments,
            &[TRAINING, &["positions", "write-case", "force", "json"]],
            "--against",
        )?;
        return against::run(arguments);
    }
    let writes = arguments.has("write-case");
    if writes {
        refuse(arguments, &[&["positions", "json"]], "--write-case")?
    } else {
        refuse(arguments, &[&["force"]], "a check without --write-case")?
    }
    let is_model = arguments.first().is_some_and(subject::is_model);
    if is_model {
        refuse(arguments, &[TRAINING], "a model, which has its own")?;
    } else {
        refuse_missing(arguments)?;
        refuse(
            arguments,
            &[&["positions"]],
            "a text alone: name a model before it",
        )?;
        if let Some(second) = arguments.all().get(1) {
            let second = second.to_string_lossy();
            let message = format!("unexpected argument {second:?}: the first is no model");
            return Err(Failure::Usage(message));
        }
    }
    if writes {
        case::refuse_path(arguments)?;
    }
    let subject = if is_model {
        Subject::of_model(arguments, if writes { Some(1) } else { None })?
    } else {
        Subject::untrained(arguments, writes)?
    };
    if writes {
        case::write(arguments, &subject)
    } else {
        table::check(arguments, &subject)
    }
}

/// Refuses a first argument that has to be a model and does not exist.
fn refuse_missing(arguments: &Arguments) -> Result<(), Failure> {
    let first = Path::new(arguments.first().unwrap_or_default());
    let wants_model = arguments.has("positions") || arguments.all().len() > 1;
    if wants_model && first != Path::new("-") && !first.exists() {
        Err(Failure::at(
            first.display(),
            "there is no such model: name a model file or a run's folder",
        ))
    } else {
        Ok(())
    }
}

/// Refuses options that have no effect together with something else.
fn refuse(arguments: &Arguments, options: &[&[&str]], with: &str) -> Result<(), Failure> {
    let mut given = options.iter().copied().flatten();
    match given.find(|option| arguments.has(option)) {
        Some(option) => Err(Failure::Usage(format!(
            "--{option} does not go with {with}"
        ))),
        None => Ok(()),
    }
}
