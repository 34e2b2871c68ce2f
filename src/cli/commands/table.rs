//! The table of commands.

use super::{check, completions, export, import, plot, report, sample, score, show, train};
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;

/// All commands, in the order of the help.
pub const COMMANDS: &[Command] = &[
    train::COMMAND,
    sample::COMMAND,
    score::COMMAND,
    check::COMMAND,
    show::COMMAND,
    plot::COMMAND,
    report::COMMAND,
    export::COMMAND,
    import::COMMAND,
    completions::command(complete),
];

/// Completions are made from this table.
fn complete(arguments: &Arguments) -> Result<(), Failure> {
    completions::run(arguments, COMMANDS)
}
