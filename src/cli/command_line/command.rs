//! What a command of the program consists of.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;

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
    pub options: fn() -> Vec<Choice>,
    /// What it does.
    pub work: Work,
}

/// What a command does.
pub enum Work {
    /// It needs its arguments alone.
    Alone(fn(&Arguments) -> Result<(), Failure>),
    /// It tells of all commands.
    OfAll(fn(&Arguments, &'static [Command]) -> Result<(), Failure>),
}
