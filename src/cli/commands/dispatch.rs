//! From a command line to a command, and from its end to the exit status.

use super::table::COMMANDS;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::help;
use crate::cli::command_line::nearest::nearest;
use crate::cli::command_line::synonyms;
use crate::cli::run::file_kind::is_safetensors;
use crate::cli::run::folder::BEST;
use crate::cli::terminal::output::{one_line, print};
use elman::Level;
use std::ffi::{OsStr, OsString};
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

/// What a command line asks for.
pub enum Action {
    /// To print help, or the version.
    Print(String),
    /// To run a command.
    Run(&'static Command, Arguments),
}

/// Runs the program on its arguments (the program's own name not among them).
pub fn run(arguments: impl Iterator<Item = OsString>) -> ExitCode {
    let Some((status, line)) = parse(arguments).and_then(perform).err().and_then(told) else {
        return ExitCode::SUCCESS;
    };
    if !line.is_empty() {
        // Where standard error cannot be written to, the exit status still tells.
        let _ = writeln!(io::stderr(), "elman: {line}");
    }
    ExitCode::from(status)
}

/// The exit status of a failure and the line to print, which may be empty; `None` for a success without a message.
pub fn told(failure: Failure) -> Option<(u8, String)> {
    let (status, message) = match failure {
        Failure::Usage(message) => (2, message),
        Failure::Failed(message) => (1, message),
        Failure::Found => (3, String::new()),
        Failure::Closed => return None,
    };
    Some((status, one_line(&message)))
}

/// Parses a command line; nothing is done yet.
pub fn parse(mut arguments: impl Iterator<Item = OsString>) -> Result<Action, Failure> {
    let Some(first) = arguments.next() else {
        let names: Vec<&str> = COMMANDS.iter().map(|command| command.name).collect();
        let which = format!("which command? one of {}", names.join(", "));
        return Err(see("elman", Failure::Usage(which)));
    };
    let name = first.to_string_lossy();
    match name.as_ref() {
        "--help" | "-h" => return Ok(Action::Print(help::of_program(COMMANDS))),
        "help" => return help(arguments.next()).map(Action::Print),
        "--version" | "-V" => return Ok(Action::Print(format!("elman {}\n", elman::VERSION))),
        _ => {}
    }
    let command = command_of(&first)?;
    let arguments = Arguments::parse(arguments, (command.options)(), command.limit, with_option);
    let arguments = arguments.map_err(|failure| see(&call(command), failure))?;
    Ok(if arguments.has("help") {
        Action::Print(help::of_command(command))
    } else {
        Action::Run(command, arguments)
    })
}

fn perform(action: Action) -> Result<(), Failure> {
    match action {
        Action::Print(text) => print(&text),
        Action::Run(command, arguments) => {
            Level::from_environment().map_err(|error| Failure::Failed(error.to_string()))?;
            (command.run)(&arguments).map_err(|failure| see(&call(command), failure))
        }
    }
}

fn call(command: &Command) -> String {
    format!("elman {}", command.name)
}

/// Adds to a wrong command line where its help is.
fn see(call: &str, failure: Failure) -> Failure {
    match failure {
        Failure::Usage(message) => Failure::Usage(format!("{message} (see {call} --help)")),
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
        see("elman", Failure::Usage(format!("there is no command {name:?}{hint}")))
    })
}

/// What a wrong command's name may have meant, as the end of a sentence.
fn meant(name: &OsStr) -> String {
    let (path, word) = (Path::new(name), name.to_string_lossy());
    if let Some(option) = word.strip_prefix("--") {
        let option = option.split('=').next().unwrap_or(option);
        if let Some(answer) = synonyms::for_option(option, |_| false, with_option) {
            return answer;
        }
        return match with_option(option).as_slice() {
            [] => String::new(),
            commands => format!(": it is an option of {}", commands.join(", ")),
        };
    }
    if !path.exists()
        && let Some(answer) = synonyms::for_command(&word)
    {
        return answer;
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
    format!(", but a {kind} of that name: did you mean elman {call} {word}?")
}

/// The commands that have an option.
fn with_option(name: &str) -> Vec<&'static str> {
    (COMMANDS.iter())
        .filter(|command| (command.options)().iter().any(|option| option.name == name))
        .map(|command| command.name)
        .collect()
}
