//! The commands by table: their words, their options, and which function does the work.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;
use super::files::is_safetensors;
use super::nearest::nearest;
use super::output::{one_line, print};
use super::run_folder::BEST;
use super::{check, completions, export, help, import, plot, report, sample, score, show, train};
use elman::Level;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// One command of the program.
pub struct Command {
    /// What the command line calls it.
    pub name: &'static str,
    /// What follows the name.
    pub takes: &'static str,
    /// The largest number of arguments that are no options.
    pub limit: usize,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it does, in a few lines that `--help` has room for.
    pub details: &'static str,
    /// Calls as one would type them.
    pub examples: &'static [&'static str],
    /// What only `elman help` has room for; empty where all is said.
    pub more: &'static str,
    /// Its options.
    pub choices: &'static [Choice],
    work: fn(&Arguments) -> Result<(), Failure>,
}

/// All of them, in the order of the help.
pub const COMMANDS: &[Command] = &[
    Command {
        name: "train",
        takes: "[TEXT]",
        limit: 1,
        summary: "learn to predict a text, character by character",
        details: train::DETAILS,
        examples: train::EXAMPLES,
        more: train::MORE,
        choices: train::CHOICES,
        work: train::run,
    },
    Command {
        name: "sample",
        takes: "MODEL",
        limit: 1,
        summary: "write text with a trained model",
        details: sample::DETAILS,
        examples: sample::EXAMPLES,
        more: "",
        choices: sample::CHOICES,
        work: sample::run,
    },
    Command {
        name: "score",
        takes: "MODEL [FILE...]",
        limit: usize::MAX,
        summary: "judge a text: its bits, whole or line by line",
        details: score::DETAILS,
        examples: score::EXAMPLES,
        more: "",
        choices: score::CHOICES,
        work: score::run,
    },
    Command {
        name: "check",
        takes: "[MODEL] [TEXT]",
        limit: 2,
        summary: "check gradients: its own, and yours",
        details: check::DETAILS,
        examples: check::EXAMPLES,
        more: check::MORE,
        choices: check::CHOICES,
        work: check::run,
    },
    Command {
        name: "show",
        takes: "MODEL",
        limit: 1,
        summary: "say everything about a model",
        details: show::DETAILS,
        examples: show::EXAMPLES,
        more: show::MORE,
        choices: show::CHOICES,
        work: show::run,
    },
    Command {
        name: "plot",
        takes: "DIR...",
        limit: usize::MAX,
        summary: "draw the losses of one run or several",
        details: plot::DETAILS,
        examples: plot::EXAMPLES,
        more: "",
        choices: plot::CHOICES,
        work: plot::run,
    },
    Command {
        name: "report",
        takes: "DIR",
        limit: 1,
        summary: "write a run's hand-in: report.html, report.md",
        details: report::DETAILS,
        examples: report::EXAMPLES,
        more: report::MORE,
        choices: report::CHOICES,
        work: report::run,
    },
    Command {
        name: "export",
        takes: "MODEL OUT --format F",
        limit: 2,
        summary: "write a model's weights for PyTorch or NumPy",
        details: export::DETAILS,
        examples: export::EXAMPLES,
        more: export::MORE,
        choices: export::CHOICES,
        work: export::run,
    },
    Command {
        name: "import",
        takes: "FILE --out MODEL",
        limit: 1,
        summary: "make a model of weights from PyTorch or NumPy",
        details: import::DETAILS,
        examples: import::EXAMPLES,
        more: "",
        choices: import::CHOICES,
        work: import::run,
    },
    Command {
        name: "completions",
        takes: "bash|zsh|fish",
        limit: 1,
        summary: "print what lets a shell complete command lines",
        details: completions::DETAILS,
        examples: completions::EXAMPLES,
        more: "",
        choices: completions::CHOICES,
        work: completions::run,
    },
];

/// What a command line asks for.
pub enum Request {
    /// Words: help, or the version.
    Words(String),
    /// The work of a command.
    Work(&'static Command, Arguments),
}

/// Runs the program on its arguments (the program's own name not among them).
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some((status, line)) = parse(arguments).and_then(answer).err().and_then(told) else {
        return ExitCode::SUCCESS;
    };
    if !line.is_empty() {
        // Where standard error cannot be written to, the exit status still tells.
        let _ = writeln!(io::stderr(), "elman: {line}");
    }
    ExitCode::from(status)
}

/// The exit status of a failure and its line, empty where all is said; none for a quiet end.
pub fn told(failure: Failure) -> Option<(u8, String)> {
    let (status, message) = match failure {
        Failure::Usage(message) => (2, message),
        Failure::Failed(message) => (1, message),
        Failure::Found => (3, String::new()),
        Failure::Closed => return None,
    };
    Some((status, one_line(&message)))
}

/// Reads a command line; nothing is done yet.
pub fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Request, Failure> {
    let Some(first) = arguments.next() else {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        let which = format!("which command? one of {}", names.join(", "));
        return Err(see("", Failure::Usage(which)));
    };
    let name = first.to_string_lossy();
    match name.as_ref() {
        "--help" | "-h" => return Ok(Request::Words(help::of_program())),
        "help" => return help(arguments.next()).map(Request::Words),
        "--version" | "-V" => return Ok(Request::Words(format!("elman {}\n", elman::VERSION))),
        _ => {}
    }
    let command = command_of(&first)?;
    let arguments = Arguments::parse(arguments, command.choices, command.limit);
    let arguments = arguments.map_err(|failure| see(command.name, failure))?;
    Ok(match arguments.has("help") {
        true => Request::Words(help::of_command(command)),
        false => Request::Work(command, arguments),
    })
}

fn answer(request: Request) -> Result<(), Failure> {
    match request {
        Request::Words(words) => print(&words),
        Request::Work(command, arguments) => {
            Level::from_environment().map_err(|error| Failure::Failed(error.to_string()))?;
            (command.work)(&arguments).map_err(|failure| see(command.name, failure))
        }
    }
}

/// Where the command line is wrong, says where to read how it would be right.
fn see(command: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Usage(message) if command.is_empty() => {
            Failure::Usage(format!("{message} (see elman --help)"))
        }
        Failure::Usage(message) => {
            Failure::Usage(format!("{message} (see elman {command} --help)"))
        }
        other => other,
    }
}

/// `elman help`, with or without a command's name.
fn help(name: Option<OsString>) -> Result<String, Failure> {
    Ok(match name {
        Some(name) if name != "help" && name != "--help" => help::in_full(command_of(&name)?),
        _ => help::of_program(),
    })
}

fn command_of(name: &OsStr) -> Result<&'static Command, Failure> {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.ok_or_else(|| {
        let hint = meant(name);
        let name = name.to_string_lossy();
        see(
            "",
            Failure::Usage(format!("there is no command {name:?}{hint}")),
        )
    })
}

/// What may have been meant where a command has to stand, as the end of a sentence.
fn meant(name: &OsStr) -> String {
    let (path, word) = (Path::new(name), name.to_string_lossy());
    if let Some(option) = word.strip_prefix("--") {
        let option = option.split('=').next().unwrap_or(option);
        return match with_option(option).as_slice() {
            [] => String::new(),
            commands => format!(": it is an option of {}", commands.join(", ")),
        };
    }
    let names = COMMANDS.iter().map(|command| command.name).chain(["help"]);
    if let Some(near) = nearest(&word, names) {
        return format!(": did you mean {near}?");
    }
    let call = match path {
        path if path.join(BEST).is_file() => "sample",
        path if path.is_file() && is_safetensors(path) => "show",
        path if path.is_file() => "train",
        _ => return String::new(),
    };
    let kind = if path.is_dir() { "folder" } else { "file" };
    let word = match word.contains(char::is_whitespace) {
        true => format!("{word:?}"),
        false => word.into_owned(),
    };
    format!(", but such a {kind}: did you mean elman {call} {word}?")
}

/// The commands that have an option.
pub fn with_option(name: &str) -> Vec<&'static str> {
    (COMMANDS.iter())
        .filter(|command| command.choices.iter().any(|choice| choice.name == name))
        .map(|command| command.name)
        .collect()
}
