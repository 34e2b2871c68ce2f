//! The commands by table: their help, their options, and which function does the work.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;
use super::output::{one_line, print};
use super::{check, export, import, sample, score, show, train};
use elman::Level;
use std::ffi::OsString;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// One command of the program.
pub struct Command {
    /// What the command line calls it.
    pub name: &'static str,
    /// What follows the name.
    takes: &'static str,
    /// The largest number of arguments that are no options.
    limit: usize,
    summary: &'static str,
    /// What the help says beyond the options.
    details: &'static str,
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
        choices: train::CHOICES,
        work: train::run,
    },
    Command {
        name: "sample",
        takes: "MODEL",
        limit: 1,
        summary: "write text with a trained model",
        details: sample::DETAILS,
        choices: sample::CHOICES,
        work: sample::run,
    },
    Command {
        name: "score",
        takes: "MODEL [FILE...]",
        limit: usize::MAX,
        summary: "say how many bits a text costs, whole or line by line",
        details: score::DETAILS,
        choices: score::CHOICES,
        work: score::run,
    },
    Command {
        name: "check",
        takes: "[TEXT]",
        limit: 1,
        summary: "check every gradient against numerical derivatives",
        details: check::DETAILS,
        choices: check::CHOICES,
        work: check::run,
    },
    Command {
        name: "show",
        takes: "MODEL",
        limit: 1,
        summary: "say what a model file holds",
        details: show::DETAILS,
        choices: show::CHOICES,
        work: show::run,
    },
    Command {
        name: "export",
        takes: "MODEL OUT --format F",
        limit: 2,
        summary: "write a model's weights for PyTorch or NumPy",
        details: export::DETAILS,
        choices: export::CHOICES,
        work: export::run,
    },
    Command {
        name: "import",
        takes: "FILE --out MODEL",
        limit: 1,
        summary: "make a model of weights from PyTorch or NumPy",
        details: import::DETAILS,
        choices: import::CHOICES,
        work: import::run,
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
        Failure::Usage(message) => (2, format!("{message} (see elman --help)")),
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
        return Err(Failure::Usage(format!(
            "which command? one of {}",
            names.join(", ")
        )));
    };
    let name = first.to_string_lossy();
    match name.as_ref() {
        "--help" | "-h" => return Ok(Request::Words(program_help())),
        "help" => return help(arguments.next()).map(Request::Words),
        "--version" | "-V" => return Ok(Request::Words(format!("elman {}\n", elman::VERSION))),
        _ => {}
    }
    let command = command_of(&name)?;
    let arguments = Arguments::parse(arguments, command.choices, command.limit)?;
    Ok(match arguments.has("help") {
        true => Request::Words(command_help(command)),
        false => Request::Work(command, arguments),
    })
}

fn answer(request: Request) -> Result<(), Failure> {
    match request {
        Request::Words(words) => print(&words),
        Request::Work(command, arguments) => {
            Level::from_environment().map_err(|error| Failure::Failed(error.to_string()))?;
            (command.work)(&arguments)
        }
    }
}

fn command_of(name: &str) -> Result<&'static Command, Failure> {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.ok_or_else(|| Failure::Usage(format!("there is no command {name:?}")))
}

/// `elman help`, with or without a command's name.
fn help(name: Option<OsString>) -> Result<String, Failure> {
    Ok(match name {
        Some(name) => command_help(command_of(&name.to_string_lossy())?),
        None => program_help(),
    })
}

fn program_help() -> String {
    let mut help = String::from(
        "elman: a character-level recurrent network, trained from scratch\n\n\
         usage: elman COMMAND [arguments]\n\ncommands:\n",
    );
    for command in COMMANDS {
        let call = format!("{} {}", command.name, command.takes);
        help += &format!("  {call:<29}{}\n", command.summary);
    }
    help + "\n  elman COMMAND --help says more; elman --version prints the version\n\n\
            ELMAN_ISA=baseline or avx2 chooses the instruction set; the results are the same bits\n\n  \
            exit status: 0 done; 1 it could not be done; 2 the command line is wrong;\n  \
             3 `score --threshold` found lines above it\n"
}

fn command_help(command: &Command) -> String {
    let mut help = format!(
        "elman {}: {}\n\nusage: elman {} {} [options]\n\n{}\n\noptions:\n",
        command.name, command.summary, command.name, command.takes, command.details
    );
    for choice in command.choices {
        let option = format!("--{} {}", choice.name, choice.value);
        help += &format!("  {option:<24}{}", choice.help);
        if !choice.default.is_empty() {
            help += &format!(" ({})", choice.default);
        }
        help.push('\n');
    }
    help
}
