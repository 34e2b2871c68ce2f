//! The ways in which a command fails, and their exit statuses.

use std::fmt::Display;
use std::io;

/// Why a command ended before its work was done, or what it found.
#[derive(Clone, Debug, PartialEq)]
pub enum Failure {
    /// The command line is wrong: exit status 2.
    Usage(String),
    /// It could not be done: exit status 1.
    Failed(String),
    /// `score --threshold` found lines above the threshold; nothing more is printed: exit status 3.
    Found,
    /// The reader of standard output has closed it: exit status 0, without a message.
    Closed,
}

impl Failure {
    /// A failure at a place: a file, an option.
    pub fn at(place: impl Display, error: impl Display) -> Self {
        Failure::Failed(format!("{place}: {error}"))
    }

    /// A value that the option, quoted as it was given, does not take.
    pub fn of_option(option: impl Display, need: impl Display) -> Self {
        Failure::Usage(format!("{option}: {need}"))
    }

    /// A failure to write to standard output.
    pub fn output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::at("standard output", error),
        }
    }
}
