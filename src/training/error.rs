//! Why training cannot begin or go on.

use crate::network::parameters::ShapeError;
use crate::settings::SettingError;
use crate::text::corpus::TextError;
use std::fmt;

/// Why training cannot begin or go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingError {
    /// A setting is out of range.
    Setting(SettingError),
    /// The network cannot be made.
    Shape(ShapeError),
    /// The text cannot be read.
    Text(TextError),
    /// The text is shorter than one chunk and its last target.
    TextTooShort {
        /// Its characters that are trained on.
        length: u64,
        /// Those that are held out.
        held_out: u64,
        /// Characters that are needed: T + 1 for every stream.
        need: usize,
        /// Streams.
        streams: usize,
        /// Whether they are those of documents, which need a character between two newlines.
        documents: bool,
        /// C, in an order of chunks: each stream needs one, and the last of them a character after it.
        chunk: Option<usize>,
    },
    /// The part that is to be held out has no character with another before it; or it is no whole document, or in an
    /// order of chunks no whole one.
    TooFewHeldOut {
        /// The characters of the text.
        length: u64,
        /// Those that would be held out.
        held_out: u64,
        /// Those that are needed.
        need: usize,
    },
    /// No part of the text is held out.
    NothingHeldOut,
    /// The model to go on with has not begun any text.
    NoText,
    /// The model to go on with stands in another text.
    OtherText {
        /// The digest of the text.
        found: u64,
        /// The digest of the model's text.
        need: u64,
    },
    /// The loss is no longer a finite number.
    NotFinite {
        /// The update that would have been next.
        iteration: u64,
        /// The loss.
        loss: f64,
    },
    /// The loss of the text that is held out is no finite number.
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
                streams,
                documents,
                chunk,
            } => {
                let beside = match held_out {
                    0 => String::new(),
                    _ => format!(" beside the {held_out} that are held out"),
                };
                let needs = match (documents, chunk, streams) {
                    (true, ..) => format!("a document needs {need}, its newlines among them"),
                    (_, Some(_), 1) => format!("an order of chunks needs chunk + 1 = {need}"),
                    (_, Some(_), _) => format!(
                        "an order of chunks needs streams chunk + 1 = {need}, with {streams} streams"
                    ),
                    (.., 1) => format!("one update needs seq-length + 1 = {need}"),
                    _ => format!(
                        "one update needs streams (seq-length + 1) = {need}, with {streams} streams"
                    ),
                };
                write!(f, "{length} characters{beside} are too few: {needs}")
            }
            TrainingError::TooFewHeldOut {
                length,
                held_out,
                need,
            } => {
                let needs = match need {
                    2 => "2 are needed, and of documents a whole one".to_string(),
                    _ => format!("a chunk of {need} is needed"),
                };
                write!(
                    f,
                    "{held_out} of {length} characters would be held out, but at least {needs}: choose a larger share"
                )
            }
            TrainingError::NothingHeldOut => write!(
                f,
                "no part of the text is held out: there is no validation loss"
            ),
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
