//! `elman check`: every gradient against numerical derivatives, and anybody's own arrays against a worked case.

mod against;
mod case;
mod subject;
mod table;

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{of_presets, of_settings};
use elman::settings::{Setting, TABLE};
use std::iter;
use std::path::Path;
use subject::Subject;
pub use table::problem_of;

/// The help's words.
pub const DETAILS: &str = "\
Compares every entry of the gradient of U, W, V, b and c with differences of the
loss: of an untrained network over the first characters of TEXT (without it a
built-in story; - is standard input), or of a trained MODEL at several places of
TEXT. Exit status 1: something is wrong. The last examples check your own.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman check",
    "elman check elman-run --positions 10",
    "elman check --write-case case.npz",
    "elman check --against mine.npz case.npz",
];

/// What the screen has no room for.
pub const MORE: &str = "\
Every numerical derivative comes with an estimate of its own error, so that what
is only rounding is called that; where rounding leaves everything undecided, the
exit status is 1 as well. A MODEL is checked with the hidden state that it has at
each place of the text.

--write-case FILE writes one update with every number on the way, as .npz,
.safetensors or .json by the name; --against FILE CASE says which arrays of a file
of yours are right, and what is wrong with the others.";

/// Its options.
pub fn options() -> Vec<Choice> {
    let settings = of_settings(&subject::SMALL, rows_of_update());
    let positions = "places of the text to check a model at";
    let write_case = "write a worked case: .npz, .safetensors or .json";
    let force = "replace the case where it is already there";
    let against = "compare the arrays of FILE with those of a case";
    let own = [
        Choice::new("iterations", "N", "updates before the check; 1 for a case").or("0"),
        Choice::new("positions", "N", positions).or("3"),
        Choice::new("write-case", "FILE", write_case),
        Choice::switch("force", force).seldom(),
        Choice::new("against", "FILE", against),
        Choice::switch("json", "print the table for programs").seldom(),
        Choice::help().seldom(),
    ];
    let preset = of_presets("adagrad-edition|adam-edition");
    iter::once(preset).chain(settings).chain(own).collect()
}

/// The settings that one update depends on.
fn rows_of_update() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(|row| row.is_of_update)
}

/// The options that make an untrained network; a model has all of it.
fn of_training() -> Vec<&'static str> {
    let settings = rows_of_update().map(|row| row.option);
    settings.chain(["preset", "iterations"]).collect()
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.has("against") {
        refuse(
            arguments,
            &[
                &of_training(),
                &["positions", "write-case", "force", "json"],
            ],
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
        refuse(arguments, &[&of_training()], "a model, which has its own")?;
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

/// Says so where the first argument was to be a model and is nothing at all.
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

/// Refuses options that say nothing together with something else.
fn refuse(arguments: &Arguments, options: &[&[&str]], with: &str) -> Result<(), Failure> {
    let mut given = options.iter().copied().flatten();
    match given.find(|option| arguments.has(option)) {
        Some(option) => Err(Failure::Usage(format!(
            "--{option} does not go with {with}"
        ))),
        None => Ok(()),
    }
}
