//! Why training cannot begin or go on.

use crate::network::parameters::ShapeError;
use crate::settings::{Order, SettingError, Settings};
use crate::text::error::TextError;
use std::fmt;

/// Why training cannot begin or continue.
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
        /// The number of characters that remain for training.
        length: u64,
        /// The number of characters that are held out.
        held_out: u64,
        /// The settings that need a longer text.
        settings: Box<Settings>,
    },
    /// The held-out text is shorter than [`Settings::least_held_out`].
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
    /// The model to resume was not trained on a text.
    NoText,
    /// The run to resume was begun by version 0.1.0, whose rules for rounding differ
    /// ([`Edition::First`](crate::model::Edition::First)).
    FirstEdition,
    /// A setting that decides how the text is read had another value when the text was opened.
    OpenedOtherwise {
        /// The setting that differs.
        name: &'static str,
        /// Its value when the text was opened.
        found: String,
        /// Its value in the settings of the training.
        need: String,
    },
    /// The best model and the last model are not from the same run.
    OtherBest {
        /// What differs.
        name: &'static str,
        /// Its value in the last model.
        last: String,
        /// Its value in the best model.
        best: String,
    },
    /// [`Kept`](crate::training::OptimizerStart::Kept) was asked for, but the model was trained with another optimizer.
    OtherOptimizer {
        /// The optimizer of the model.
        found: &'static str,
        /// The optimizer of the settings.
        need: &'static str,
    },
    /// The model has read more characters in its epoch than the training text has.
    PastEnd {
        /// The number of characters that each sequence has read.
        position: u64,
        /// The number of characters that each sequence has.
        part: u64,
    },
    /// The model to resume was trained on another text.
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
        /// The number of updates made.
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
                    _ => format!(" to train on, besides {held_out} held out,"),
                };
                write!(f, "{length} characters{beside} are too few: {}", need_of(settings))
            }
            TrainingError::TooFewHeldOut { length, held_out, need } => {
                let needs = match need {
                    2 => "2, or a whole document".to_string(),
                    _ => format!("a chunk of {need}"),
                };
                write!(
                    f,
                    "{held_out} of {length} characters would be held out, but validation needs at least {needs}: choose a larger fraction"
                )
            }
            TrainingError::NothingHeldOut => {
                write!(f, "no part of the text is held out: there is no validation loss")
            }
            TrainingError::NoText => write!(
                f,
                "the model was not trained on a text: a training can begin from it, but not resume it"
            ),
            TrainingError::FirstEdition => write!(
                f,
                "elman 0.1.0 began this training, and it rounded differently: the training cannot be continued; begin a new \
                 training from its model"
            ),
            TrainingError::OpenedOtherwise { name, found, need } => write!(
                f,
                "the text was opened with {name} = {found}, and the training has {name} = {need}: open it with the \
                 settings of the training"
            ),
            TrainingError::OtherBest { name, last, best } => write!(
                f,
                "the last and the best model are from different runs: {name} is {last} in the last and {best} in the best"
            ),
            TrainingError::OtherOptimizer { found, need } => write!(
                f,
                "the model has the optimizer state of {found}, but the settings say {need}: choose the optimizer of the model, or \
                 begin with a fresh state"
            ),
            TrainingError::PastEnd { position, part } => write!(
                f,
                "the model has read {position} characters of each sequence, and there are {part} to train on: the file \
                 is damaged"
            ),
            TrainingError::OtherText { found, need } => write!(
                f,
                "not the text that the model was trained on: its digest is {found:016x} instead of {need:016x}; \
                 give the same text"
            ),
            TrainingError::NotFinite { is_validation, iteration, loss } => write!(
                f,
                "the {}loss is {loss} at update {iteration}: training cannot continue; try a smaller \
                 learning_rate or sigma",
                if *is_validation { "validation " } else { "" }
            ),
        }
    }
}

/// The number of characters that training needs, and why.
fn need_of(settings: &Settings) -> String {
    let (need, batch_size) = (settings.least_characters(), settings.batch_size);
    match (settings.order, batch_size) {
        _ if settings.documents => "a document needs a character between two newlines".to_string(),
        (Order::Chunks { .. }, 1) => format!("the order chunks needs chunk + 1 = {need}"),
        (Order::Chunks { .. }, _) => {
            format!("the order chunks needs batch_size x chunk + 1 = {need}")
        }
        (_, 1) => format!("one update needs sequence_length + 1 = {need}"),
        _ => format!("one update needs batch_size x (sequence_length + 1) = {need}"),
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
        match error {
            TextError::Setting(error) => error.into(),
            TextError::Shape(error) => error.into(),
            error => TrainingError::Text(error),
        }
    }
}
