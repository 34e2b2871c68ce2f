//! How a command ends other than well, and the exit status that says so.

use std::fmt::Display;
use std::io;

/// Why a command did not do its work.
#[derive(Debug, PartialEq)]
pub enum Failure {
    /// The command line is wrong: exit status 2.
    Usage(String),
    /// It could not be done: exit status 1.
    Failed(String),
    /// What was looked for was found, and all is said: exit status 3.
    Found,
    /// Nobody reads standard output any more: a quiet end, exit status 0.
    Closed,
}

impl Failure {
    /// It could not be done, because of something that has a name: a file, an option.
    pub fn at(place: impl Display, error: impl Display) -> Self {
        Failure::Failed(format!("{place}: {error}"))
    }

    /// Standard output could not be written to.
    pub fn output(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::at("standard output", error),
        }
    }
}
