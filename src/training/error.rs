//! Why training cannot begin or go on.

use crate::network::parameters::ShapeError;
use crate::settings::{Order, SettingError, Settings};
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
    /// The text to train on is shorter than [`Settings::least_characters`].
    TextTooShort {
        /// The number of characters to train on.
        length: u64,
        /// The number of characters that are held out.
        held_out: u64,
        /// The settings that the text is too short for.
        settings: Box<Settings>,
    },
    /// The text to hold out is shorter than [`Settings::least_held_out`].
    TooFewHeldOut {
        /// The number of characters of the text.
        length: u64,
        /// The number of characters that would be held out.
        held_out: u64,
        /// The number of characters that are needed.
        need: usize,
    },
    /// No text is held out, so there is no validation loss.
    NothingHeldOut,
    /// The model to go on with has not been trained on a text.
    NoText,
    /// The training to go on with was begun by version 0.1.0, by other rules for numbers
    /// ([`Edition::First`](crate::model::Edition::First)).
    FirstEdition,
    /// The model to go on with was trained on another text.
    OtherText {
        /// The digest of the text.
        found: u64,
        /// The digest of the text that the model was trained on.
        need: u64,
    },
    /// A loss is NaN or infinite.
    NotFinite {
        /// Whether it is the validation loss.
        is_validation: bool,
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
            TrainingError::TextTooShort { length, held_out, settings } => {
                let beside = match held_out {
                    0 => String::new(),
                    _ => format!(" beside the {held_out} that are held out"),
                };
                write!(f, "{length} characters{beside} are too few: {}", need_of(settings))
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
            TrainingError::FirstEdition => write!(
                f,
                "elman 0.1.0 began this training, and rounded otherwise: its bits cannot be continued; begin a new run \
                 from its model, with --from"
            ),
            TrainingError::OtherText { found, need } => write!(
                f,
                "the text has the digest {found:016x}, the model stands in one with {need:016x}: give \
                 the text that it was trained on"
            ),
            TrainingError::NotFinite { is_validation, iteration, loss } => write!(
                f,
                "the {}loss is {loss} at update {iteration}: training cannot go on; try a smaller \
                 learning-rate or sigma",
                if *is_validation { "validation " } else { "" }
            ),
        }
    }
}

/// The characters that training needs at least, and why.
fn need_of(settings: &Settings) -> String {
    let (need, batch_size) = (settings.least_characters(), settings.batch_size);
    match (settings.order, batch_size) {
        _ if settings.documents => format!("a document needs {need}, its newlines among them"),
        (Order::Chunks { .. }, 1) => format!("an order of chunks needs chunk + 1 = {need}"),
        (Order::Chunks { .. }, _) => format!(
            "an order of chunks needs batch-size chunk + 1 = {need}, with a batch size of {batch_size}"
        ),
        (_, 1) => format!("one update needs seq-length + 1 = {need}"),
        _ => format!(
            "one update needs batch-size (seq-length + 1) = {need}, with a batch size of {batch_size}"
        ),
    }
}

impl std::error::Error for TrainingError {}

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
