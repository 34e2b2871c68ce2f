//! Why training cannot begin or go on.

use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use crate::text::error::TextError;
use std::fmt;

/// Why training cannot begin or go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingError {
    /// A setting is out of range.
    Setting(SettingError),
    /// The network is too large, or there is no memory for it.
    Shape(ShapeError),
    /// The text cannot be read.
    Text(TextError),
    /// The text is shorter than one chunk and the character after it.
    TextTooShort {
        /// Characters to learn from.
        length: u64,
        /// Characters that are held out.
        held_out: u64,
        /// Characters that are needed: T + 1 for each sequence of the batch.
        need: usize,
        /// The batch size.
        batch_size: usize,
        /// Whether the text is one of documents, which need a character between two newlines.
        documents: bool,
        /// The length of the chunks that are shuffled; `None` in another order.
        chunk: Option<usize>,
    },
    /// The part to hold out is too short: it needs two characters, a whole document or a whole chunk.
    TooFewHeldOut {
        /// Characters of the text.
        length: u64,
        /// Characters that would be held out.
        held_out: u64,
        /// Characters that are needed.
        need: usize,
    },
    /// No text is held out, so there is no validation loss.
    NothingHeldOut,
    /// The model to go on with has not been trained on a text.
    NoText,
    /// The model to go on with was trained on another text.
    OtherText {
        /// The digest of the text.
        found: u64,
        /// The digest of the text that the model was trained on.
        need: u64,
    },
    /// The loss is NaN or infinite.
    NotFinite {
        /// The update that would have been next.
        iteration: u64,
        /// The loss.
        loss: f64,
    },
    /// The validation loss is NaN or infinite.
    ValidationNotFinite {
        /// The update that would have been next.
        iteration: u64,
        /// The loss.
        loss: f64,
    },
}

impl fmt::Display for TrainingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TrainingError::Setting(error) => write!(f, "{error}"),
            TrainingError::Shape(error) => write!(f, "{error}"),
            TrainingError::Text(error) => write!(f, "{error}"),
            TrainingError::TextTooShort {
                length,
                held_out,
                need,
                batch_size,
                documents,
                chunk,
            } => {
                let beside = match held_out {
                    0 => String::new(),
                    _ => format!(" beside the {held_out} that are held out"),
                };
                let needs = match (documents, chunk, batch_size) {
                    (true, ..) => format!("a document needs {need}, its newlines among them"),
                    (_, Some(_), 1) => format!("an order of chunks needs chunk + 1 = {need}"),
                    (_, Some(_), _) => format!(
                        "an order of chunks needs batch-size chunk + 1 = {need}, with a batch size of {batch_size}"
                    ),
                    (.., 1) => format!("one update needs seq-length + 1 = {need}"),
                    _ => format!(
                        "one update needs batch-size (seq-length + 1) = {need}, with a batch size of {batch_size}"
                    ),
                };
                write!(f, "{length} characters{beside} are too few: {needs}")
            }
            TrainingError::TooFewHeldOut { length, held_out, need } => {
                let needs = match need {
                    2 => "2 are needed, and of documents a whole one".to_string(),
                    _ => format!("a chunk of {need} is needed"),
                };
                write!(
                    f,
                    "{held_out} of {length} characters would be held out, but at least {needs}: choose a larger share"
                )
            }
            TrainingError::NothingHeldOut => {
                write!(f, "no part of the text is held out: there is no validation loss")
            }
            TrainingError::NoText => write!(
                f,
                "the model has not begun any text: it can be trained from, but not resumed"
            ),
            TrainingError::OtherText { found, need } => write!(
                f,
                "the text has the digest {found:016x}, the model stands in one with {need:016x}: give \
                 the text that it was trained on"
            ),
            TrainingError::NotFinite { iteration, loss } => write!(
                f,
                "the loss is {loss} at update {iteration}: training cannot go on; try a smaller \
                 learning-rate or sigma"
            ),
            TrainingError::ValidationNotFinite { iteration, loss } => write!(
                f,
                "the validation loss is {loss} at update {iteration}: training cannot go on; try a smaller \
                 learning-rate or sigma"
            ),
        }
    }
}

impl std::error::Error for TrainingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TrainingError::Setting(error) => Some(error),
            TrainingError::Shape(error) => Some(error),
            TrainingError::Text(error) => Some(error),
            _ => None,
        }
    }
}

impl From<SettingError> for TrainingError {
    fn from(error: SettingError) -> Self {
        TrainingError::Setting(error)
    }
}

impl From<ShapeError> for TrainingError {
    fn from(error: ShapeError) -> Self {
        TrainingError::Shape(error)
    }
}

impl From<TextError> for TrainingError {
    fn from(error: TextError) -> Self {
        TrainingError::Text(error)
    }
}
