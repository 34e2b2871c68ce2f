//! Why a model file cannot be read or written.

use crate::formats::error::FormatError;
use crate::formats::names::shown;
use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use std::fmt;
use std::io;

/// Why a file is no model, or could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The system refused, or the path names no regular file.
    Io(io::Error),
    /// The bytes are no safetensors file.
    Format(FormatError),
    /// The file is no model, or the model is none that a file may hold: the message names the tensor or the metadata.
    Content(String),
    /// A setting is out of range.
    Setting(SettingError),
    /// No network has these sizes, or its memory cannot be had.
    Shape(ShapeError),
}

impl CheckpointError {
    pub(super) fn not_elman() -> Self {
        let message =
            "a safetensors file, but not a model of elman: its metadata do not say format = elman";
        CheckpointError::Content(message.to_string())
    }

    pub(super) fn missing_metadata(key: &str) -> Self {
        CheckpointError::Content(format!("the metadata lack {key:?}"))
    }

    /// A metadata entry is not what it has to be.
    pub(super) fn metadata(key: &str, value: &str, need: &str) -> Self {
        let value = shown(value);
        CheckpointError::Content(format!("the metadata have {key} = {value}, which must be {need}"))
    }

    pub(super) fn missing_tensor(name: &str) -> Self {
        CheckpointError::Content(format!("the tensor {name:?} is missing"))
    }

    pub(super) fn unknown_tensor(name: &str) -> Self {
        CheckpointError::Content(format!("the tensor {} is not part of a model", shown(name)))
    }

    /// A tensor has another type or shape than it has to have.
    pub(super) fn tensor(name: &str, found: &str, need: &[usize]) -> Self {
        CheckpointError::Content(format!("the tensor {name:?} is {found} instead of F64 {need:?}"))
    }
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::Io(error) => write!(f, "{error}"),
            CheckpointError::Format(error) => write!(f, "{error}"),
            CheckpointError::Content(message) => f.write_str(message),
            CheckpointError::Setting(error) => write!(f, "the metadata: {error}"),
            CheckpointError::Shape(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CheckpointError::Io(error) => Some(error),
            CheckpointError::Format(error) => Some(error),
            CheckpointError::Content(_) => None,
            CheckpointError::Setting(error) => Some(error),
            CheckpointError::Shape(error) => Some(error),
        }
    }
}

impl From<io::Error> for CheckpointError {
    fn from(error: io::Error) -> Self {
        CheckpointError::Io(error)
    }
}

impl From<FormatError> for CheckpointError {
    fn from(error: FormatError) -> Self {
        CheckpointError::Format(error)
    }
}

impl From<SettingError> for CheckpointError {
    fn from(error: SettingError) -> Self {
        CheckpointError::Setting(error)
    }
}

impl From<ShapeError> for CheckpointError {
    fn from(error: ShapeError) -> Self {
        CheckpointError::Shape(error)
    }
}
