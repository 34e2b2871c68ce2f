//! Why a file of a model or of weights cannot be read or written.

use crate::formats::error::FormatError;
use crate::formats::names::shown;
use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use std::fmt;
use std::io;

/// Why a model or weights cannot be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused, or the path names no regular file.
    Io(io::Error),
    /// The file is damaged, of another format, or holds no such network; or the model may not be written to a file. The
    /// message says what is wrong, and where.
    Content(String),
    /// Neither the file nor the caller says which characters the model has.
    NoVocabulary {
        /// K.
        K: usize,
    },
    /// The characters do not fit the network, or are not each there once.
    Vocabulary(String),
}

impl FileError {
    pub(super) fn missing_metadata(key: &str) -> Self {
        format!("the metadata lack {key:?}").into()
    }

    /// A metadata entry is not what it has to be.
    pub(super) fn metadata(key: &str, value: &str, need: &str) -> Self {
        let value = shown(value);
        format!("the metadata have {key} = {value}, which must be {need}").into()
    }

    pub(super) fn missing_tensor(name: &str) -> Self {
        format!("the tensor {name:?} is missing").into()
    }

    pub(super) fn unknown_tensor(name: &str) -> Self {
        format!("the tensor {} is not part of a model", shown(name)).into()
    }

    /// A tensor has another type or shape than it has to have.
    pub(super) fn tensor(name: &str, found: &str, need: &[usize]) -> Self {
        format!("the tensor {name:?} is {found} instead of F64 {need:?}").into()
    }
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Io(error) => write!(f, "{error}"),
            FileError::Content(message) | FileError::Vocabulary(message) => f.write_str(message),
            FileError::NoVocabulary { K } => write!(
                f,
                "the file does not say which {K} characters the model has: name them with --vocabulary"
            ),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FileError::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        FileError::Io(error)
    }
}

impl From<String> for FileError {
    fn from(message: String) -> Self {
        FileError::Content(message)
    }
}

impl From<FormatError> for FileError {
    fn from(error: FormatError) -> Self {
        FileError::Content(error.to_string())
    }
}

impl From<ShapeError> for FileError {
    fn from(error: ShapeError) -> Self {
        FileError::Content(error.to_string())
    }
}

impl From<SettingError> for FileError {
    fn from(error: SettingError) -> Self {
        FileError::Content(format!("the metadata: {error}"))
    }
}
