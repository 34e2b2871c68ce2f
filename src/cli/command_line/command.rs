//! A row of the table of commands.

use super::arguments::{Arguments, OptionSpec};
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
    pub options: fn() -> Vec<OptionSpec>,
    /// Runs it.
    pub run: fn(&Arguments) -> Result<(), Failure>,
}
