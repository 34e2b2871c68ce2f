//! The error of every format.

use std::fmt;

/// Why bytes are not a file of their format: what is wrong, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError(String);

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for FormatError {}

impl From<String> for FormatError {
    fn from(message: String) -> Self {
        FormatError(message)
    }
}

impl From<&str> for FormatError {
    fn from(message: &str) -> Self {
        FormatError(message.to_string())
    }
}
