//! The training loop, one update at a time.
//!
//! Update n begins where the last one ended, or at the start of the text with h = 0 where fewer than
//! T + 1 characters are left. [`Training::look`] computes the loss of chunk n under the parameters
//! after n updates and changes nothing; [`Training::update`] then makes update n.

use crate::adagrad::AdaGrad;
use crate::digest;
use crate::model::{Model, SettingError, Settings, Source, State};
use crate::network::Unrolled;
use crate::parameters::{Parameters, Shape, ShapeError};
use crate::random::{Generator, Stream};
use crate::synthesis::synthesize;
use crate::text::Vocabulary;
use std::fmt;

/// Parameters compete for the best model at every so many updates.
pub const BEST_EVERY: u64 = 100;

/// What is seen of chunk n under the parameters after n updates, before update n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// n.
    pub iteration: u64,
    /// Times that the text has been begun anew, chunk n included.
    pub epoch: u64,
    /// Index of the first character of chunk n.
    pub position: usize,
    /// The loss of chunk n in nats, summed over its T characters.
    pub loss: f64,
    /// The smooth loss that includes it.
    pub smooth_loss: f64,
    /// Whether these parameters are the best so far.
    pub is_best: bool,
}

/// Why training cannot begin or go on.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingError {
    /// A setting is out of range.
    Setting(SettingError),
    /// The network cannot be made.
    Shape(ShapeError),
    /// The text is shorter than one chunk and its last target.
    TextTooShort {
        /// Its characters.
        length: usize,
        /// Characters that are needed: T + 1.
        need: usize,
    },
    /// The loss is no longer a finite number.
    NotFinite {
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
            TrainingError::TextTooShort { length, need } => write!(
                f,
                "{length} characters are too few: one update needs seq-length + 1 = {need}"
            ),
            TrainingError::NotFinite { iteration, loss } => write!(
                f,
                "the loss is {loss} at update {iteration}: training cannot go on; try a smaller \
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

/// A run over one text.
#[derive(Clone, Debug)]
pub struct Training {
    text: Vec<usize>,
    model: Model,
    best: Model,
    looked: Option<Look>,
    /// The hidden state that the chunk looked at begins with, m.
    h0: Vec<f64>,
    steps: Unrolled,
    gradient: Parameters,
}

impl Training {
    /// An untrained network and the text it is to learn.
    ///
    /// # Errors
    /// [`TrainingError`] where a setting is out of range, the text too short, or the memory cannot
    /// be had.
    pub fn new(text: &str, settings: Settings) -> Result<Self, TrainingError> {
        settings.check()?;
        let length = text.chars().count();
        let need = settings.sequence_length.saturating_add(1);
        if length < need {
            return Err(TrainingError::TextTooShort { length, need });
        }
        let vocabulary = Vocabulary::of(text);
        let shape = Shape::new(settings.hidden, vocabulary.len())?;
        claim_memory(shape, settings.sequence_length)?;

        let text_indices = vocabulary.encode(text).expect("its own vocabulary");
        let model = Model {
            settings,
            source: Source {
                digest: digest::of_text(text),
                length,
                start: text_indices[0],
            },
            vocabulary,
            state: State::untrained(shape, settings.sigma, settings.seed)?,
        };
        Ok(Training {
            text: text_indices,
            best: model.clone(),
            model,
            looked: None,
            h0: vec![0.0; settings.hidden],
            steps: Unrolled::new(shape, settings.sequence_length)?,
            gradient: Parameters::zeros(shape)?,
        })
    }

    /// The model as the updates made so far left it.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text as indices.
    pub fn text(&self) -> &[usize] {
        &self.text
    }

    /// Inputs and targets of the chunk at `position`, T each.
    ///
    /// # Panics
    /// Where fewer than T + 1 characters are left from there.
    pub fn chunk(&self, position: usize) -> (&[usize], &[usize]) {
        chunk(&self.text, position, self.model.settings.sequence_length)
    }

    /// The hidden state that the chunk last looked at begins with, m.
    pub fn h0(&self) -> &[f64] {
        &self.h0
    }

    /// Updates in one pass over the text.
    pub fn updates_per_epoch(&self) -> u64 {
        ((self.text.len() - 1) / self.model.settings.sequence_length) as u64
    }

    /// The smooth loss with which [`Training::best`] won; `None` before the first look.
    pub fn best_smooth_loss(&self) -> Option<f64> {
        match self.looked {
            Some(look) if look.is_best => Some(look.smooth_loss),
            _ => self.model.state.best_smooth_loss,
        }
    }

    /// The best model seen: that with the lowest smooth loss at n = 0, 100, 200, ..., the earlier of
    /// equals; what was last looked at included.
    pub fn best(&self) -> &Model {
        match self.looked {
            Some(look) if look.is_best => &self.model,
            _ => &self.best,
        }
    }

    /// The loss of chunk n under the parameters after n updates. Asked again, it says the same.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] where the loss is NaN or infinite.
    pub fn look(&mut self) -> Result<Look, TrainingError> {
        if let Some(look) = self.looked {
            return Ok(look);
        }
        let T = self.model.settings.sequence_length;
        let state = &self.model.state;
        let begins_anew = self.text.len() - state.position < T + 1;
        let position = if begins_anew {
            self.h0.fill(0.0);
            0
        } else {
            self.h0.copy_from_slice(&state.h);
            state.position
        };
        let (inputs, targets) = chunk(&self.text, position, T);
        let loss = (state.rnn).forward(inputs, targets, &self.h0, &mut self.steps);
        if !loss.is_finite() {
            return Err(TrainingError::NotFinite {
                iteration: state.updates,
                loss,
            });
        }
        let smooth_loss = match state.smooth_loss {
            None => loss,
            Some(smooth) => 0.999 * smooth + 0.001 * loss,
        };
        let competes = state.updates % BEST_EVERY == 0;
        let look = Look {
            iteration: state.updates,
            epoch: state.epoch + u64::from(begins_anew),
            position,
            loss,
            smooth_loss,
            is_best: competes && state.best_smooth_loss.is_none_or(|best| smooth_loss < best),
        };
        self.looked = Some(look);
        Ok(look)
    }

    /// Update n: backward pass, clipping, AdaGrad. Looks first where that has not been done.
    ///
    /// # Errors
    /// As [`Training::look`]; nothing has changed then.
    pub fn update(&mut self) -> Result<Look, TrainingError> {
        let look = self.look()?;
        self.looked = None;
        let settings = &self.model.settings;
        let state = &mut self.model.state;
        if look.is_best {
            self.best.state.copy_from(state);
            state.best_smooth_loss = Some(look.smooth_loss);
        }
        let T = settings.sequence_length;
        let (inputs, targets) = chunk(&self.text, look.position, T);
        (state.rnn).backward(inputs, targets, &mut self.steps, &mut self.gradient);
        let optimizer = AdaGrad {
            eta: settings.learning_rate,
            epsilon: settings.epsilon,
            clip: settings.clip,
        };
        optimizer.update(&mut state.rnn, &mut state.G, &mut self.gradient);
        state.h.copy_from_slice(self.steps.last_h());
        state.updates += 1;
        state.epoch = look.epoch;
        state.position = look.position + T;
        state.smooth_loss = Some(look.smooth_loss);
        Ok(look)
    }

    /// The text of report n: `count` characters after the first of chunk n, from the hidden state
    /// that chunk n begins with.
    ///
    /// # Errors
    /// As [`Training::look`].
    pub fn sample(&mut self, count: usize) -> Result<String, TrainingError> {
        let look = self.look()?;
        let model = &self.model;
        let mut generator = Generator::new(model.settings.seed, Stream::Report(look.iteration));
        let x0 = self.text[look.position];
        let indices = synthesize(&model.state.rnn, &self.h0, x0, count, &mut generator);
        Ok(model.vocabulary.decode(&indices))
    }
}

/// Inputs and targets of the chunk at `position`.
fn chunk(text: &[usize], position: usize, T: usize) -> (&[usize], &[usize]) {
    let characters = &text[position..position + T + 1];
    (&characters[..T], &characters[1..])
}

/// Asks for all the memory of a run at once, and gives it back: a system that promises more than it
/// has refuses one large request sooner than many small ones.
fn claim_memory(shape: Shape, T: usize) -> Result<(), ShapeError> {
    // The model and the best model with their sums, and the gradient.
    let bytes = (shape.entries() * size_of::<f64>())
        .checked_mul(5)
        .zip(Unrolled::bytes(shape, T))
        .and_then(|(parameters, steps)| parameters.checked_add(steps))
        .unwrap_or(usize::MAX);
    Vec::<u8>::new()
        .try_reserve_exact(bytes)
        .map_err(|_| ShapeError::NoMemory { bytes })
}
