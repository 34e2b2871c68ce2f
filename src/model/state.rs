//! A network with everything that belongs to it: settings, vocabulary, and where its training stands.

use crate::network::parameters::{Parameters, Shape, ShapeError, zeros};
use crate::network::rnn::Rnn;
use crate::settings::{Order, Settings};
use crate::text::corpus::Source;
use crate::text::vocabulary::Vocabulary;

/// Where a run stands: all that updates change.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The network.
    pub rnn: Rnn,
    /// What the optimizer remembers of every parameter: see [`Optimizer::state_parts`](crate::Optimizer::state_parts).
    pub optimizer_state: Vec<Parameters>,
    /// The hidden state that each sequence of the batch carries to the next update, B x m.
    pub h: Vec<f64>,
    /// Updates made.
    pub updates: u64,
    /// The number of times that the text has begun anew.
    pub epoch: u64,
    /// The number of characters that each sequence has read in this epoch. In text order the next update begins at this
    /// index of each sequence's part. A new epoch begins at index 0.
    pub position: usize,
    /// The smooth loss in the unit of [`Settings::loss_characters`]; `None` before the first update.
    pub smooth_loss: Option<f64>,
    /// The smooth loss of the best model so far. Without validation, the best model is the one with the lowest.
    pub best_smooth_loss: Option<f64>,
    /// The validation loss of the best model so far, in nats per character; `None` without validation, or while
    /// there is no best model.
    pub best_validation: Option<f64>,
}

impl State {
    /// The state before the first update.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub fn untrained(shape: Shape, settings: &Settings) -> Result<Self, ShapeError> {
        let rnn = Rnn::drawn(shape, settings.deviations(shape), settings.seed)?;
        State::first(rnn, settings)
    }

    /// The state before the first update of a network whose parameters are given.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub fn first(rnn: Rnn, settings: &Settings) -> Result<Self, ShapeError> {
        let shape = rnn.shape();
        Ok(State {
            rnn,
            optimizer_state: settings.optimizer.initial_state(shape)?,
            h: zeros(settings.batch_size.saturating_mul(shape.m()))?,
            updates: 0,
            epoch: 0,
            position: 0,
            smooth_loss: None,
            best_smooth_loss: None,
            best_validation: None,
        })
    }

    /// A copy.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if it cannot be allocated.
    pub(crate) fn try_clone(&self) -> Result<Self, ShapeError> {
        let memory = self.optimizer_state.iter().map(Parameters::try_clone);
        let mut h = zeros(self.h.len())?;
        h.copy_from_slice(&self.h);
        Ok(State {
            rnn: self.rnn.try_clone()?,
            optimizer_state: memory.collect::<Result<_, _>>()?,
            h,
            ..*self
        })
    }

    /// Takes over another state of the same shape, without allocating.
    ///
    /// # Panics
    /// If the shapes or the optimizers differ.
    pub fn copy_from(&mut self, other: &State) {
        let parameters = other.rnn.parameters.values();
        self.rnn.parameters.values_mut().copy_from_slice(parameters);
        assert_eq!(self.optimizer_state.len(), other.optimizer_state.len(), "state: memory");
        for (part, other) in self.optimizer_state.iter_mut().zip(&other.optimizer_state) {
            part.values_mut().copy_from_slice(other.values());
        }
        self.h.copy_from_slice(&other.h);
        self.updates = other.updates;
        self.epoch = other.epoch;
        self.position = other.position;
        self.smooth_loss = other.smooth_loss;
        self.best_smooth_loss = other.best_smooth_loss;
        self.best_validation = other.best_validation;
    }
}

/// The hidden state from which a trained network begins to read or to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialState {
    /// h = 0.
    Zero,
    /// The state that training would go on with: the first row of [`State::h`].
    Carried,
}

impl InitialState {
    /// Both.
    pub const ALL: [InitialState; 2] = [InitialState::Zero, InitialState::Carried];

    /// Its name in options.
    pub fn name(self) -> &'static str {
        match self {
            InitialState::Zero => "zero",
            InitialState::Carried => "carried",
        }
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<Self> {
        InitialState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A network with everything that belongs to it: the content of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// How it is trained.
    pub settings: Settings,
    /// Its characters.
    pub vocabulary: Vocabulary,
    /// The text it is trained on; `None` if its parameters were imported.
    pub source: Option<Source>,
    /// Where its training stands.
    pub state: State,
    /// What was recorded when its training began.
    pub record: Record,
}

/// What is recorded when a training begins, because nothing else in a model file tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The parameters that it began with.
    pub origin: Origin,
    /// The number of updates in an epoch; `None` in files of the first versions.
    pub updates_per_epoch: Option<u64>,
    /// The rules by which its numbers were rounded.
    pub edition: Edition,
}

/// Rules for numbers: the order of every sum, and where a result is rounded. A training keeps to one edition, because
/// another rounds otherwise from the first update on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Four lanes, products rounded before they are added: version 0.1.0.
    First,
    /// Eight lanes, fused multiply-adds. This crate trains by it.
    #[default]
    Second,
}

/// The parameters that a training began with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Nothing says it: files of the first versions do not.
    #[default]
    Unknown,
    /// They were drawn, by the settings.
    Drawn,
    /// They were those of another model, with this [digest](Parameters::digest).
    Model(u64),
}

impl Model {
    /// The index of the character after which generated texts begin: the first character of its text (with documents,
    /// the newline before the first), or of the vocabulary if it has no text.
    pub fn start(&self) -> usize {
        self.source.map_or(0, |source| source.start)
    }

    /// Where the network begins to read or to write, unless somebody chooses otherwise: as its training does. That is h = 0
    /// for a model of documents, of chunks or positions in random order, or of imported weights, and otherwise the state
    /// that the model carries.
    ///
    /// A network that is trained in text order meets h = 0 once an epoch. From there it may fall into a state that it never
    /// leaves, while it predicts well from where it was trained.
    pub fn initial_state(&self) -> InitialState {
        if self.settings.documents || self.settings.order != Order::Text || self.source.is_none() {
            InitialState::Zero
        } else {
            InitialState::Carried
        }
    }

    /// The hidden state, m long, from which the network begins to read or to write.
    pub fn hidden_state(&self, initial: InitialState) -> Vec<f64> {
        let m = self.state.rnn.shape().m();
        match initial {
            InitialState::Zero => vec![0.0; m],
            InitialState::Carried => self.state.h[..m].to_vec(),
        }
    }

    /// The index of the newline between documents, if it was trained on documents.
    pub fn newline(&self) -> Option<usize> {
        (self.settings.documents).then(|| self.vocabulary.index('\n')).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_parameters_vary_as_the_edition_says() {
        let shape = Shape::new(100, 80).unwrap();
        let rnn = State::untrained(shape, &Settings::adam_edition()).unwrap().rnn;
        let parts = rnn.parameters.tensors();
        for (values, variance) in
            [(parts.U, 1.0 / 160.0), (parts.W, 1.0 / 200.0), (parts.V, 1.0 / 100.0)]
        {
            let found: f64 = values.iter().map(|x| x * x).sum::<f64>() / values.len() as f64;
            // 8,000 draws or more: the estimate is within 5 of its deviations.
            assert!((found / variance - 1.0).abs() < 5.0 * (2.0 / 8000f64).sqrt());
        }
        assert!(parts.b.iter().chain(parts.c).all(|&x| x == 0.0));
    }
}
