//! Why a file holds no model, or no weights.

use crate::formats::array::Array;
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
    /// The system refused.
    Io(io::Error),
    /// A folder, a device or something else that is no file.
    NotAFile,
    /// No safetensors file.
    Format(FormatError),
    /// A safetensors file of something else: it has no metadata, or another `format`.
    NotElman,
    /// A metadata entry is not there, or cannot be what it says.
    Metadata(String),
    /// A setting is out of range.
    Setting(SettingError),
    /// The sizes are those of no network.
    Shape(ShapeError),
    /// A tensor is not there, does not belong there, or is not as it has to be.
    Tensor(String),
    /// An entry is NaN or infinite.
    NotFinite {
        /// The tensor.
        name: String,
        /// The entry's index in it.
        index: usize,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::Io(error) => write!(f, "{error}"),
            CheckpointError::NotAFile => write!(f, "not a regular file"),
            CheckpointError::Format(error) => write!(f, "{error}"),
            CheckpointError::NotElman => write!(
                f,
                "a safetensors file, but not a model of elman: its metadata do not say format = elman"
            ),
            CheckpointError::Setting(error) => write!(f, "the metadata: {error}"),
            CheckpointError::Shape(error) => write!(f, "{error}"),
            CheckpointError::Metadata(message) | CheckpointError::Tensor(message) => {
                f.write_str(message)
            }
            CheckpointError::NotFinite { name, index } => {
                write!(
                    f,
                    "the tensor {name:?} has no finite number at entry {index}"
                )
            }
        }
    }
}

impl std::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CheckpointError::Io(error) => Some(error),
            CheckpointError::Format(error) => Some(error),
            CheckpointError::Setting(error) => Some(error),
            CheckpointError::Shape(error) => Some(error),
            _ => None,
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

impl From<ShapeError> for CheckpointError {
    fn from(error: ShapeError) -> Self {
        CheckpointError::Shape(error)
    }
}

impl CheckpointError {
    pub(super) fn missing_metadata(key: &str) -> Self {
        CheckpointError::Metadata(format!("the metadata lack {key:?}"))
    }

    pub(super) fn wrong_metadata(key: &str, value: &str, need: &str) -> Self {
        let value = shown(value);
        CheckpointError::Metadata(format!(
            "the metadata have {key} = {value}, which must be {need}"
        ))
    }

    pub(super) fn missing_tensor(name: &str) -> Self {
        CheckpointError::Tensor(format!("the tensor {name:?} is missing"))
    }

    pub(super) fn unknown_tensor(name: &str) -> Self {
        CheckpointError::Tensor(format!("the tensor {} is not part of a model", shown(name)))
    }

    pub(super) fn wrong_tensor(name: &str, dtype: &str, found: &[usize], need: &[usize]) -> Self {
        CheckpointError::Tensor(format!(
            "the tensor {name:?} is {dtype} {found:?} instead of F64 {need:?}"
        ))
    }
}

/// Why a file holds no weights of such a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeError {
    /// It is no file of either format, or a damaged one.
    Format(FormatError),
    /// Its arrays are not those of such a network.
    Arrays(String),
    /// The sizes are those of no network.
    Shape(ShapeError),
    /// Neither the file nor the caller says which characters the model has.
    NoVocabulary {
        /// K.
        K: usize,
    },
    /// The characters do not fit the network, or are not each there once.
    Vocabulary(String),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::Format(error) => write!(f, "{error}"),
            ExchangeError::Shape(error) => write!(f, "{error}"),
            ExchangeError::Arrays(message) | ExchangeError::Vocabulary(message) => {
                f.write_str(message)
            }
            ExchangeError::NoVocabulary { K } => write!(
                f,
                "the file does not say which {K} characters the model has: name them with --vocabulary"
            ),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExchangeError::Format(error) => Some(error),
            ExchangeError::Shape(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FormatError> for ExchangeError {
    fn from(error: FormatError) -> Self {
        ExchangeError::Format(error)
    }
}

impl From<ShapeError> for ExchangeError {
    fn from(error: ShapeError) -> Self {
        ExchangeError::Shape(error)
    }
}

impl ExchangeError {
    pub(super) fn missing_array(name: &str) -> Self {
        ExchangeError::Arrays(format!("{} is missing", shown(name)))
    }

    /// An array does not belong to a model, which has `need`.
    pub(super) fn unknown_array(name: &str, need: &str) -> Self {
        let name = shown(name);
        ExchangeError::Arrays(format!("{name} is not part of the model: it has {need}"))
    }

    /// An array has entries of another type than `need`.
    pub(super) fn wrong_type(array: &Array, need: &str) -> Self {
        let (name, found) = (shown(&array.name), shown(&array.type_name));
        ExchangeError::Arrays(format!("{name} has the type {found}, which must be {need}"))
    }

    /// An array has another shape than `need`.
    pub(super) fn wrong_shape(array: &Array, need: &[usize]) -> Self {
        let (name, found) = (shown(&array.name), &array.shape);
        ExchangeError::Arrays(format!(
            "{name} has the shape {found:?} instead of {need:?}"
        ))
    }
}
