//! Why a text cannot be read.

use crate::network::parameters::ShapeError;
use crate::settings::{SettingError, Symbols};
use crate::text::vocabulary::UnknownCharacters;
use std::{fmt, io};

/// Why a text cannot be read, or cannot be read again.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// The system could not read it.
    Io {
        /// The kind of the error.
        kind: io::ErrorKind,
        /// The message of the system.
        message: String,
    },
    /// A setting that decides how the text is read is out of range.
    Setting(SettingError),
    /// The memory to read it cannot be allocated.
    Shape(ShapeError),
    /// The text is empty.
    Empty,
    /// The text is not UTF-8.
    InvalidUtf8 {
        /// The offset from 0 of the first byte that is not part of a character.
        byte: u64,
    },
    /// The vocabulary of the model lacks characters of the text.
    Unknown(UnknownCharacters),
    /// One is of bytes and the other of characters: the vocabulary of the model and the text as it was read.
    OtherSymbols {
        /// The symbols of the vocabulary.
        need: Symbols,
    },
    /// The text has changed since it was first read.
    Changed {
        /// About where the text has changed, in bytes from its start.
        byte: u64,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextError::Io { message, .. } => write!(f, "{message}"),
            TextError::Setting(error) => write!(f, "{error}"),
            TextError::Shape(error) => write!(f, "{error}"),
            TextError::Empty => write!(f, "the text is empty"),
            TextError::InvalidUtf8 { byte } => {
                write!(f, "not UTF-8 at byte {byte}: convert the text to UTF-8 first")
            }
            TextError::Unknown(error) => write!(f, "{error}"),
            TextError::OtherSymbols { need } => {
                let need = need.name();
                write!(f, "the vocabulary consists of {need}: read the text as {need}")
            }
            TextError::Changed { byte } => write!(
                f,
                "the text has changed since the run began, at about byte {byte}: use the original text"
            ),
        }
    }
}

impl std::error::Error for TextError {}

impl From<io::Error> for TextError {
    fn from(error: io::Error) -> Self {
        TextError::Io { kind: error.kind(), message: error.to_string() }
    }
}

impl From<SettingError> for TextError {
    fn from(error: SettingError) -> Self {
        TextError::Setting(error)
    }
}

impl From<ShapeError> for TextError {
    fn from(error: ShapeError) -> Self {
        TextError::Shape(error)
    }
}

impl From<UnknownCharacters> for TextError {
    fn from(error: UnknownCharacters) -> Self {
        TextError::Unknown(error)
    }
}
