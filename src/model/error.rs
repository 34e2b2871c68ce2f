//! Why settings, vocabulary, parameters and state do not make a model.

use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use std::fmt;

/// Why settings, vocabulary, parameters and state do not make a model.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ModelError {
    /// A setting is out of range.
    Setting(SettingError),
    /// The network is too large, or there is no memory for it.
    Shape(ShapeError),
    /// The parameters are for another number of characters than the vocabulary has.
    Vocabulary {
        /// The K of the parameters.
        K: usize,
        /// The number of characters in the vocabulary.
        characters: usize,
    },
    /// A setting or a number of the state does not fit the rest.
    Value {
        /// Its name.
        name: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        need: &'static str,
    },
    /// A number of the state is missing.
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// The state of the optimizer belongs to another optimizer than that of the settings.
    OtherOptimizer {
        /// The optimizer of the settings.
        need: &'static str,
    },
    /// A tensor has the wrong shape.
    Tensor {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// The shape that it has to have.
        need: Vec<usize>,
    },
    /// An entry is NaN or infinite.
    NotFinite {
        /// The name of its tensor.
        tensor: String,
        /// The index of the entry in its tensor, row by row.
        entry: usize,
    },
    /// A sum of squares is negative.
    Negative {
        /// The name of its tensor.
        tensor: String,
        /// The index of the entry in its tensor, row by row.
        entry: usize,
    },
}

impl fmt::Display for ModelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ModelError::Setting(error) => write!(f, "{error}"),
            ModelError::Shape(error) => write!(f, "{error}"),
            ModelError::Vocabulary { K, characters } => write!(
                f,
                "the parameters are for K = {K} characters, but the vocabulary has {characters}"
            ),
            ModelError::Value { name, value, need } => {
                write!(f, "{name} = {value}, which must be {need}")
            }
            ModelError::Missing { name } => write!(f, "there is no {name}"),
            ModelError::OtherOptimizer { need } => {
                write!(f, "the model has the state of an optimizer other than {need}")
            }
            ModelError::Tensor { name, found, need } => {
                write!(f, "the tensor {name:?} is F64 {found:?} instead of F64 {need:?}")
            }
            ModelError::NotFinite { tensor, entry } => {
                write!(f, "the tensor {tensor:?} has a number that is not finite at entry {entry}")
            }
            ModelError::Negative { tensor, entry } => {
                write!(f, "the tensor {tensor:?} has a sum of squares below 0 at entry {entry}")
            }
        }
    }
}

impl std::error::Error for ModelError {}

impl From<SettingError> for ModelError {
    fn from(error: SettingError) -> Self {
        ModelError::Setting(error)
    }
}

impl From<ShapeError> for ModelError {
    fn from(error: ShapeError) -> Self {
        ModelError::Shape(error)
    }
}
