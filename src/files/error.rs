//! Why a model or weights cannot be read or written.

use crate::formats::error::FormatError;
use crate::formats::names::shown;
use crate::model::ModelError;
use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

/// Why a model or weights cannot be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum FileError {
    /// The file or input cannot be read: the system refused, or the path is not a regular file.
    Read {
        /// The file; `None` for an input that the caller opened.
        path: Option<PathBuf>,
        /// The error of the system.
        error: io::Error,
    },
    /// The file or output cannot be written: the system refused.
    Write {
        /// The file; `None` for an output that the caller opened.
        path: Option<PathBuf>,
        /// The error of the system.
        error: io::Error,
    },
    /// Reading: the file is damaged or has another format, or its numbers do not make a model. Writing: the model has a
    /// NaN or infinite entry, or the plan does not fit it. The message says what is wrong, and where.
    Content(String),
    /// It is a file of another kind, for example one with weights only. The message says which kind.
    NoModel(String),
    /// Neither the file nor the caller gives the characters of the model.
    NoVocabulary {
        /// K, the number of characters that are needed.
        K: usize,
    },
    /// The given characters do not fit the network, or one of them occurs twice. The message says which.
    Vocabulary(String),
}

impl FileError {
    /// A file, or an input that the caller opened, cannot be read.
    pub(super) fn read(path: Option<&Path>, error: io::Error) -> Self {
        FileError::Read { path: path.map(Path::to_path_buf), error }
    }

    /// A file, or an output that the caller opened, cannot be written.
    pub(super) fn write(path: Option<&Path>, error: io::Error) -> Self {
        FileError::Write { path: path.map(Path::to_path_buf), error }
    }

    pub(super) fn missing_metadata(key: &str) -> Self {
        format!("the metadata have no {key:?}").into()
    }

    /// A metadata entry has the wrong value.
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

    /// A tensor has the wrong type or shape.
    pub(super) fn tensor(name: &str, found: &str, need: &[usize]) -> Self {
        format!("the tensor {name:?} is {found} instead of F64 {need:?}").into()
    }
}

fn place(path: &Option<PathBuf>) -> String {
    path.as_ref().map_or("the model".to_string(), |path| path.display().to_string())
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Read { path, .. } => write!(f, "{}: cannot be read", place(path)),
            FileError::Write { path, .. } => write!(f, "{}: cannot be written", place(path)),
            FileError::Content(message) | FileError::Vocabulary(message) => f.write_str(message),
            FileError::NoModel(message) => {
                write!(f, "{message}; import makes a model from weights")
            }
            FileError::NoVocabulary { K } => write!(
                f,
                "the file does not say which {K} characters the model has: give them, in the order of their indices"
            ),
        }
    }
}

impl std::error::Error for FileError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            FileError::Read { error, .. } | FileError::Write { error, .. } => Some(error),
            _ => None,
        }
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

impl From<ModelError> for FileError {
    fn from(error: ModelError) -> Self {
        match error {
            ModelError::Setting(error) => error.into(),
            ModelError::Value { name, value, need } => FileError::metadata(name, &value, need),
            ModelError::Missing { name } => FileError::missing_metadata(name),
            error => FileError::Content(error.to_string()),
        }
    }
}

impl From<SettingError> for FileError {
    fn from(error: SettingError) -> Self {
        FileError::Content(format!("the metadata: {error}"))
    }
}
