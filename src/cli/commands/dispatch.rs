//! From a command line to a command, and from its end to the exit status.

use super::table::COMMANDS;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::command::{Command, Work};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::help;
use crate::cli::command_line::nearest::nearest;
use crate::cli::run::folder::BEST;
use crate::cli::run::inputs::is_safetensors;
use crate::cli::terminal::output::{one_line, print};
use elman::Level;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

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
        "--help" | "-h" => return Ok(Request::Words(help::of_program(COMMANDS))),
        "help" => return help(arguments.next()).map(Request::Words),
        "--version" | "-V" => return Ok(Request::Words(format!("elman {}\n", elman::VERSION))),
        _ => {}
    }
    let command = command_of(&first)?;
    let arguments = Arguments::parse(arguments, (command.options)(), command.limit, with_option);
    let arguments = arguments.map_err(|failure| see(command.name, failure))?;
    Ok(if arguments.has("help") {
        Request::Words(help::of_command(command))
    } else {
        Request::Work(command, arguments)
    })
}

fn answer(request: Request) -> Result<(), Failure> {
    match request {
        Request::Words(words) => print(&words),
        Request::Work(command, arguments) => {
            Level::from_environment().map_err(|error| Failure::Failed(error.to_string()))?;
            let done = match command.work {
                Work::Alone(work) => work(&arguments),
                Work::OfAll(work) => work(&arguments, COMMANDS),
            };
            done.map_err(|failure| see(command.name, failure))
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
        _ => help::of_program(COMMANDS),
    })
}

fn command_of(name: &OsStr) -> Result<&'static Command, Failure> {
    let command = COMMANDS.iter().find(|command| command.name == name);
    command.ok_or_else(|| {
        let hint = meant(name);
        let name = name.to_string_lossy();
        see("", Failure::Usage(format!("there is no command {name:?}{hint}")))
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
    let word =
        if word.contains(char::is_whitespace) { format!("{word:?}") } else { word.into_owned() };
    format!(", but such a {kind}: did you mean elman {call} {word}?")
}

/// The commands that have an option.
pub fn with_option(name: &str) -> Vec<&'static str> {
    (COMMANDS.iter())
        .filter(|command| (command.options)().iter().any(|choice| choice.name == name))
        .map(|command| command.name)
        .collect()
}
