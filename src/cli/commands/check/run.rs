//! The command: its help, its options, and which of the three checks it runs.

use super::subject::{self, Subject};
use super::{against, case, table};
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::setting_options;
use elman::internals::settings::{Setting, of_options};
use std::iter;
use std::path::Path;

const DETAILS: &str = "\
Compares every entry of the gradients of U, W, V, b and c with finite differences
of the loss. Without MODEL it checks an untrained network on the first characters of
TEXT (default: the built-in story; -: standard input), else MODEL at several places
of TEXT. Exit status 1: an entry is wrong or undecided.";

const EXAMPLES: &[&str] = &[
    "elman check",
    "elman check elman-run --positions 10",
    "elman check --write-case case.npz",
    "elman check --against mine.npz case.npz",
];

const MORE: &str = "\
Every finite difference comes with an estimate of its error. An entry of a gradient
is wrong if its relative error is above 1e-7 and it differs from the finite
difference by more than this estimate. It is undecided if the estimate is too large
to tell. A MODEL is checked at places that are spread over TEXT, each with the
hidden state after the 100 characters before it. If TEXT is its training text, one
place is the one that its next update would read.

The settings, --preset and --iterations are for the untrained network only: a MODEL
has its own settings.

--write-case FILE saves all intermediate values of one update. The extension of the
name sets the format: .npz, .safetensors or .json. --against FILE CASE compares the
arrays of your FILE with those of the case. It says which arrays are right, and what
is wrong with the others.";

/// The command.
pub const COMMAND: Command = Command {
    name: "check",
    takes: "[MODEL] [TEXT]",
    limit: 2,
    summary: "check gradients, or your own arrays",
    details: DETAILS,
    examples: EXAMPLES,
    more: MORE,
    options,
    run,
};

fn options() -> Vec<OptionSpec> {
    let settings = setting_options(&subject::SMALL, rows_of_update());
    let settings = settings.map(|option| match option.name {
        "hidden" => {
            OptionSpec { help: "number of hidden units m of the untrained network", ..option }
        }
        "sigma" => OptionSpec {
            help: "standard deviation of the initial weights (0.01; with --write-case 0.5)",
            ..option
        },
        // Few check with another seed.
        "seed" => option.seldom(),
        _ => option,
    });
    let positions = "number of places at which a model is checked";
    let write_case = "save a worked case as .npz, .safetensors or .json";
    let force = "replace FILE of --write-case if it exists";
    let against = "compare the arrays of FILE with those of a case";
    let own = [
        OptionSpec::new("iterations", "N", "updates before the check (0; with --write-case 1)")
            .or("0"),
        OptionSpec::new("positions", "N", positions).or("3"),
        OptionSpec::new("write-case", "FILE", write_case),
        OptionSpec::switch("force", force).seldom(),
        OptionSpec::new("against", "FILE", against),
        OptionSpec::switch("json", "print the table as JSON").seldom(),
        OptionSpec::help().seldom(),
    ];
    let preset = "set the options of an edition of the assignment; an option that you give overrides the preset";
    let preset = OptionSpec::new("preset", "adagrad-edition|adam-edition", preset).seldom();
    iter::once(preset).chain(settings).chain(own).collect()
}

fn rows_of_update() -> impl Iterator<Item = &'static Setting> {
    of_options().filter(|row| row.is_of_update)
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut of_training: Vec<&str> = rows_of_update().map(|row| row.option).collect();
    of_training.extend(["preset", "iterations"]);
    if arguments.has("against") {
        let others = ["positions", "write-case", "force", "json"];
        refuse(arguments, &[&of_training[..], &others].concat(), "with --against")?;
        return against::run(arguments);
    }
    let writes = arguments.has("write-case");
    if writes {
        refuse(arguments, &["positions", "json"], "with --write-case")?;
    } else {
        refuse(arguments, &["force"], "without --write-case")?;
    }
    let is_model = arguments.first().is_some_and(subject::is_model);
    if is_model {
        refuse(arguments, &of_training, "with a trained model, which has its own settings")?;
    } else {
        refuse_missing(arguments)?;
        refuse(arguments, &["positions"], "without a model: name one before the text")?;
        if let Some(second) = arguments.all().get(1) {
            let second = second.to_string_lossy();
            let message =
                format!("unexpected argument {second:?}: the first argument is not a model");
            return Err(Failure::Usage(message));
        }
    }
    let file = writes.then(|| case::file(arguments)).transpose()?;
    let subject = if is_model {
        Subject::of_model(arguments, writes.then_some(1))?
    } else {
        Subject::untrained(arguments, writes)?
    };
    match file {
        Some(file) => case::write(file, &subject),
        None => table::check(arguments, &subject),
    }
}

/// Refuses a first argument that has to be a model and does not exist.
fn refuse_missing(arguments: &Arguments) -> Result<(), Failure> {
    let Some(first) = arguments.first().map(Path::new) else {
        let which = "--positions: which model? name a model file or a run's folder";
        return if arguments.has("positions") { Err(Failure::Usage(which.into())) } else { Ok(()) };
    };
    let wants_model = arguments.has("positions") || arguments.all().len() > 1;
    if wants_model && first != Path::new("-") && !first.exists() {
        let problem = "there is no such model: name a model file or a run's folder";
        return Err(Failure::at(first.display(), problem));
    }
    Ok(())
}

/// Refuses options that have no effect together with something else.
fn refuse(arguments: &Arguments, options: &[&str], how: &str) -> Result<(), Failure> {
    match options.iter().find(|option| arguments.has(option)) {
        Some(option) => Err(Failure::Usage(format!("--{option} cannot be used {how}"))),
        None => Ok(()),
    }
}
