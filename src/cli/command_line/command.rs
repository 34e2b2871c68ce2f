//! A row of the table of commands.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;

/// One command of the program.
pub struct Command {
    /// Its name on the command line.
    pub name: &'static str,
    /// The arguments after the name, for the help.
    pub takes: &'static str,
    /// The largest number of arguments that are not options.
    pub limit: usize,
    /// What it does, in a few words.
    pub summary: &'static str,
    /// What it does, in a few lines.
    pub details: &'static str,
    /// Example calls.
    pub examples: &'static [&'static str],
    /// More text, for `elman help` alone; may be empty.
    pub more: &'static str,
    /// Its options.
    pub options: fn() -> Vec<Choice>,
    /// What it does.
    pub work: Work,
}

/// The function that runs a command.
pub enum Work {
    /// It takes the arguments.
    Alone(fn(&Arguments) -> Result<(), Failure>),
    /// It takes the arguments and the table of all commands.
    OfAll(fn(&Arguments, &'static [Command]) -> Result<(), Failure>),
}
