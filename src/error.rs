//! The one error type that all others convert to.

use crate::files::FileError;
use crate::kernels::LevelError;
use crate::model::ModelError;
use crate::network::ShapeError;
use crate::settings::SettingError;
use crate::text::{TextError, UnknownCharacters};
use crate::training::TrainingError;

use std::{fmt, io};

/// Any error of this crate. `?` converts every other error to it.
///
/// An error displays what is wrong, where, and what to do. Its cause, such as an error of the system, is its
/// [source](std::error::Error::source). The message does not repeat the cause:
///
/// ```
/// use std::error::Error as _;
///
/// fn read() -> Result<elman::Model, elman::Error> {
///     Ok(elman::files::load("missing.safetensors")?)
/// }
/// let error = read().unwrap_err();
/// assert_eq!(error.to_string(), "missing.safetensors: cannot be read");
/// let cause = error.source().unwrap().downcast_ref::<std::io::Error>().unwrap();
/// assert_eq!(cause.kind(), std::io::ErrorKind::NotFound);
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A model or weights cannot be read or written.
    File(FileError),
    /// The machine does not have an instruction set.
    Level(LevelError),
    /// Settings, vocabulary, parameters and state do not make a model.
    Model(ModelError),
    /// A setting is out of range.
    Setting(SettingError),
    /// A size or an index does not fit, or there is no memory.
    Shape(ShapeError),
    /// A text cannot be read.
    Text(TextError),
    /// Training cannot begin or continue.
    Training(TrainingError),
    /// A vocabulary lacks characters of a text.
    Unknown(UnknownCharacters),
    /// An input or an output failed.
    Io(io::Error),
}

/// Applies a method to the error of any variant.
macro_rules! inner {
    ($error:expr, $inner:ident => $result:expr) => {
        match $error {
            Error::File($inner) => $result,
            Error::Level($inner) => $result,
            Error::Model($inner) => $result,
            Error::Setting($inner) => $result,
            Error::Shape($inner) => $result,
            Error::Text($inner) => $result,
            Error::Training($inner) => $result,
            Error::Unknown($inner) => $result,
            Error::Io($inner) => $result,
        }
    };
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        inner!(self, error => error.fmt(f))
    }
}

/// The source is that of the inner error, whose message this error displays.
impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        inner!(self, error => error.source())
    }
}

/// Converts each of these errors to an [`Error`], for `?`.
macro_rules! from {
    ($($Variant:ident: $Inner:ty;)*) => {$(
        impl From<$Inner> for Error {
            fn from(error: $Inner) -> Self {
                Error::$Variant(error)
            }
        }
    )*};
}

from! {
    File: FileError;
    Level: LevelError;
    Model: ModelError;
    Setting: SettingError;
    Shape: ShapeError;
    Text: TextError;
    Training: TrainingError;
    Unknown: UnknownCharacters;
    Io: io::Error;
}
