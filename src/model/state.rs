//! A network with everything that belongs to it: settings, vocabulary, and the state of its training.

use crate::model::error::ModelError;
use crate::model::plan::Plan;
use crate::model::rules;
use crate::network::optimizer::Rule;
use crate::network::parameters::{Parameters, Shape, ShapeError, zeros};
use crate::network::rnn::Rnn;
use crate::settings::{Order, Settings};
use crate::text::corpus::Source;
use crate::text::vocabulary::Vocabulary;
use std::{fmt, iter};

/// The state of a training: everything that updates change.
#[derive(Clone, PartialEq)]
pub struct State {
    /// The network.
    pub rnn: Rnn,
    /// The state of the optimizer for every parameter, such as AdaGrad's sums of squares: see
    /// [`Optimizer::state_parts`](crate::Optimizer::state_parts).
    pub optimizer_state: Vec<Parameters>,
    /// The hidden state that each sequence of the batch carries to the next update, B x m.
    pub h: Vec<f64>,
    /// The number of updates made.
    pub updates: u64,
    /// The epoch of the last update, counted from 0.
    pub epoch: u64,
    /// The number of characters that each sequence has read in this epoch. In text order it is the index, in each
    /// sequence's part of the text, at which the next update begins. If the epoch has no update left, the next update
    /// begins at index 0 of a new epoch.
    pub position: u64,
    /// The smooth loss, in nats over [`Settings::loss_characters`] characters; `None` before the first update.
    pub smooth_loss: Option<f64>,
    /// The smooth loss of the best model before this state; `None` if there is none yet. Without validation, the best
    /// model is the one with the lowest smooth loss.
    pub best_smooth_loss: Option<f64>,
    /// The validation loss of the best model before this state, in nats per character. `None` without validation, and
    /// if there is no best model yet.
    pub best_validation: Option<f64>,
}

impl State {
    /// The state before the first update.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub(crate) fn untrained(shape: Shape, settings: &Settings) -> Result<Self, ShapeError> {
        let rnn = Rnn::drawn(shape, settings.deviations(shape), settings.seed)?;
        State::first(rnn, settings)
    }

    /// The state before the first update of a network with given parameters.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub(crate) fn first(rnn: Rnn, settings: &Settings) -> Result<Self, ShapeError> {
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

    /// The parameters and the parts of the optimizer's state, in the order of
    /// [`Optimizer::prefixes`](crate::Optimizer::prefixes).
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Parameters> {
        iter::once(&self.rnn.parameters).chain(&self.optimizer_state)
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

    /// Copies another state of the same shape into this one, without allocating.
    ///
    /// # Panics
    /// If the shapes or the optimizers differ.
    pub(crate) fn copy_from(&mut self, other: &State) {
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

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("rnn", &self.rnn)
            .field("updates", &self.updates)
            .field("epoch", &self.epoch)
            .field("position", &self.position)
            .field("smooth_loss", &self.smooth_loss)
            .finish_non_exhaustive()
    }
}

/// The hidden state from which a trained network begins to read or to generate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialState {
    /// h = 0.
    Zero,
    /// The hidden state with which training would continue: the first row of [`State::h`].
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

    /// The initial state with this name.
    pub fn named(name: &str) -> Option<Self> {
        InitialState::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A network with everything that belongs to it: the content of a model file.
///
/// The parts of a model are checked when the model is made, and cannot be changed afterwards. So they always belong
/// together.
///
/// ```
/// use elman::{Model, Parameters, Settings, Shape, Vocabulary};
///
/// // Your own weights: m = 2 hidden units, K = 3 characters.
/// let vocabulary = Vocabulary::of("abc");
/// let mut parameters = Parameters::zeros(Shape::new(2, 3)?)?;
/// parameters.tensors_mut().c.copy_from_slice(&[0.0, 1.0, 2.0]);
/// let model = Model::from_parameters(vocabulary, parameters)?;
/// assert_eq!(model.settings().hidden, 2);
///
/// let other = Vocabulary::of("abcd");
/// let error = Model::from_parameters(other, model.parameters().clone()).unwrap_err();
/// let message = "the parameters are for K = 3 characters, but the vocabulary has 4";
/// assert_eq!(error.to_string(), message);
/// # Ok::<(), elman::Error>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct Model {
    pub(crate) settings: Settings,
    pub(crate) vocabulary: Vocabulary,
    pub(crate) source: Option<Source>,
    pub(crate) state: State,
    pub(crate) record: Record,
}

/// What is recorded when a training begins. Nothing else in a model file shows it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The parameters that the training began with.
    pub origin: Origin,
    /// The number of updates in an epoch; `None` in files of the first versions.
    pub updates_per_epoch: Option<u64>,
    /// The rules for rounding that the training keeps to.
    pub edition: Edition,
    /// The number of updates that the state of the optimizer had seen when the training began. It is 0 unless the state
    /// was taken over from another model.
    pub optimizer_updates: u64,
}

/// Rules for numbers: the order of every sum, and where a result is rounded. A training keeps to one edition, because
/// another edition rounds differently from the first update on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Edition {
    /// Four lanes, and products are rounded before they are added: version 0.1.0.
    First,
    /// Eight lanes and fused multiply-adds. This version trains by these rules.
    #[default]
    Second,
}

/// The parameters that a training began with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Origin {
    /// Not known: files of the first versions do not record it.
    #[default]
    Unknown,
    /// They were drawn at random, as the settings say.
    Drawn,
    /// They were taken from another model, which has this [digest](Parameters::digest).
    Model(u64),
}

impl Model {
    /// Makes an untrained network for the characters of `vocabulary`, drawn as `settings` say. `settings.symbols` has
    /// no effect.
    ///
    /// # Errors
    /// [`ModelError`] if a setting is out of range or does not fit the vocabulary, or if there is no memory.
    pub fn new(vocabulary: Vocabulary, settings: Settings) -> Result<Self, ModelError> {
        let settings = Settings { symbols: vocabulary.symbols(), ..settings };
        settings.check()?;
        let shape = Shape::new(settings.hidden, vocabulary.len())?;
        Model::of_parts(vocabulary, settings, State::untrained(shape, &settings)?)
    }

    /// Makes a model from your own parameters, with the default settings. m and K are those of the parameters.
    ///
    /// # Errors
    /// [`ModelError`] if the vocabulary does not have K characters, if an entry is NaN or infinite, or if there is no
    /// memory for the state of the optimizer.
    pub fn from_parameters(
        vocabulary: Vocabulary,
        parameters: Parameters,
    ) -> Result<Self, ModelError> {
        let hidden = parameters.shape().m();
        let settings = Settings { hidden, symbols: vocabulary.symbols(), ..Settings::default() };
        Model::of_rnn(vocabulary, settings, Rnn { parameters })
    }

    /// Makes an untrained model with the same parameters and vocabulary, and other settings.
    ///
    /// This is for your own weights. To say that they model documents, write `model.with_settings(Settings { documents:
    /// true, ..settings })`, where `settings` are those of [`Model::settings`].
    ///
    /// # Errors
    /// [`ModelError`] if a setting is out of range or does not fit the parameters and the vocabulary, or if there is no
    /// memory.
    pub fn with_settings(self, settings: Settings) -> Result<Self, ModelError> {
        settings.check()?;
        Model::of_rnn(self.vocabulary, settings, self.state.rnn)
    }

    /// Makes an untrained model with these parameters.
    pub(crate) fn of_rnn(
        vocabulary: Vocabulary,
        settings: Settings,
        rnn: Rnn,
    ) -> Result<Self, ModelError> {
        let (K, characters) = (rnn.shape().K(), vocabulary.len());
        if K != characters {
            return Err(ModelError::Vocabulary { K, characters });
        }
        Model::of_parts(vocabulary, settings, State::first(rnn, &settings)?)
    }

    fn of_parts(
        vocabulary: Vocabulary,
        settings: Settings,
        state: State,
    ) -> Result<Self, ModelError> {
        let record = Record::default();
        let model = Model { settings, vocabulary, source: None, state, record };
        model.check(None)?;
        Ok(model)
    }

    /// Refuses parts that do not belong together, and a plan that does not belong to this model.
    pub(crate) fn check(&self, plan: Option<&Plan>) -> Result<(), ModelError> {
        rules::check(self, plan)
    }

    /// The settings of its training.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its vocabulary.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// The text that it was trained on; `None` if it was not trained.
    pub fn source(&self) -> Option<Source> {
        self.source
    }

    /// The state of its training.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// What was recorded when its training began.
    pub fn record(&self) -> Record {
        self.record
    }

    /// U, W, V, b and c.
    pub fn parameters(&self) -> &Parameters {
        &self.state.rnn.parameters
    }

    /// The shape of the network: m and K.
    pub fn shape(&self) -> Shape {
        self.state.rnn.shape()
    }

    /// The optimizer with all of its numbers for the next update.
    pub fn rule(&self) -> Rule {
        let (made, before) = (self.state.updates, self.record.optimizer_updates);
        let rule = self.settings.rule(made + 1);
        Rule { t: before.saturating_add(rule.t), ..rule }
    }

    /// The index of the character after which generated text begins. This is the first character of the training text;
    /// with documents, the newline before the first document. A model without a text begins after the first character
    /// of its vocabulary; with documents, after a newline.
    pub fn start(&self) -> usize {
        self.source.map(|source| source.start).or(self.newline()).unwrap_or(0)
    }

    /// The hidden state from which the network begins to read or to generate by default.
    ///
    /// It is h = 0 for a model of documents, of chunks or positions in random order, or of imported weights. Otherwise it
    /// is the hidden state that the model carries, with which its training would continue.
    ///
    /// A network that is trained in text order meets h = 0 only once in an epoch. From h = 0 it may fall into a state
    /// that it never leaves, although it predicts well from the carried state.
    pub fn initial_state(&self) -> InitialState {
        if self.settings.documents || self.settings.order != Order::Text || self.source.is_none() {
            InitialState::Zero
        } else {
            InitialState::Carried
        }
    }

    /// The hidden state for this choice, m long.
    pub fn hidden_state(&self, initial: InitialState) -> Vec<f64> {
        let m = self.shape().m();
        match initial {
            InitialState::Zero => vec![0.0; m],
            InitialState::Carried => self.state.h[..m].to_vec(),
        }
    }

    /// The index of the newline between documents; `None` if the model is not one of documents.
    pub fn newline(&self) -> Option<usize> {
        (self.settings.documents).then(|| self.vocabulary.index('\n')).flatten()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("parameters", self.parameters())
            .field("updates", &self.state.updates)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Symbols;
    use crate::training::Training;

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

    fn model() -> Model {
        Training::new("abcabcabcab", Settings { hidden: 3, ..small() }).unwrap().into_model()
    }

    fn small() -> Settings {
        Settings { sequence_length: 2, ..Settings::default() }
    }

    #[test]
    fn parts_that_do_not_belong_together_are_refused() {
        let shape = Shape::new(7, 3).unwrap();
        let zeros = || Parameters::zeros(shape).unwrap();
        type Change<'a> = &'a dyn Fn(&mut Model);
        let changes: [(Change, &str); 13] = [
            (&|model| model.state.rnn.parameters = zeros(), "hidden = 3, which must be the number"),
            (&|model| model.state.optimizer_state[0] = zeros(), "\"adagrad.U\" is F64 [7, 3]"),
            (&|model| model.state.optimizer_state.clear(), "of an optimizer other than adagrad"),
            (&|model| model.state.optimizer_state.push(zeros()), "of an optimizer other than"),
            (&|model| _ = model.state.h.pop(), "\"h\" is F64 [2] instead of F64 [3]"),
            (&|model| model.settings.hidden = 7, "hidden = 7, which must be the number"),
            (&|model| model.vocabulary = Vocabulary::of("ab"), "instead of F64 [3, 2]"),
            (&|model| model.settings.documents = true, "where the vocabulary has no newline"),
            (&|model| model.state.position = 11, "position = 11, which must be within the text"),
            (
                &|model| model.state.h[1] = f64::NAN,
                "\"h\" has a number that is not finite at entry 1",
            ),
            (&|model| model.settings.symbols = Symbols::Bytes, "symbols = \"bytes\", which must"),
            (
                &|model| model.record.optimizer_updates = 1,
                "optimizer_updates = 1, which must be absent",
            ),
            (
                &|model| {
                    model.record.origin = Origin::Model(1);
                    model.record.optimizer_updates = (1 << 63) + 1;
                },
                "which must be at most 2^63",
            ),
        ];
        assert_eq!(model().check(None), Ok(()));
        for (change, words) in changes {
            let mut wrong = model();
            change(&mut wrong);
            let error = wrong.check(None).unwrap_err().to_string();
            assert!(error.contains(words), "{words}: {error}");
        }
    }

    #[test]
    fn a_model_is_made_of_parts_that_fit() {
        let vocabulary = Vocabulary::of("abc");
        let settings = Settings { hidden: 4, ..Settings::adam_edition() };
        let drawn = Model::new(vocabulary.clone(), settings).unwrap();
        assert_eq!((drawn.shape(), *drawn.settings()), (Shape::new(4, 3).unwrap(), settings));
        let same = Rnn::drawn(drawn.shape(), settings.deviations(drawn.shape()), 1).unwrap();
        assert_eq!(drawn.state.rnn, same);
        let none = Model::new(vocabulary.clone(), Settings { hidden: 0, ..settings });
        assert!(matches!(none, Err(ModelError::Setting(_))));
        let none = Model::new(Vocabulary::of(""), settings);
        assert_eq!(none, Err(ModelError::Shape(ShapeError::NoCharacters)));

        let mut parameters = drawn.parameters().clone();
        let own = Model::from_parameters(vocabulary.clone(), parameters.clone()).unwrap();
        assert_eq!(own.parameters(), drawn.parameters());
        assert_eq!(own.settings().optimizer, Settings::default().optimizer);
        let batch = Settings { batch_size: 3, ..settings };
        let adam = own.clone().with_settings(batch).unwrap();
        assert_eq!((adam.state.optimizer_state.len(), adam.state.h.len()), (2, 12));
        // What was trained is a training of these settings alone.
        let other = Settings { learning_rate: 0.2, ..small() };
        let trained = self::model().with_settings(Settings { hidden: 3, ..other }).unwrap();
        assert_eq!((trained.source(), trained.record()), (None, Record::default()));
        let more = own.with_settings(Settings { hidden: 5, ..Settings::default() }).unwrap_err();
        assert!(more.to_string().starts_with("hidden = 5, which must be"), "{more}");
        parameters.tensors_mut().V[4] = f64::INFINITY;
        let error = Model::from_parameters(vocabulary, parameters).unwrap_err();
        assert_eq!(error, ModelError::NotFinite { tensor: "V".to_string(), entry: 4 });
    }

    #[test]
    fn what_is_printed_of_a_model_is_short() {
        let model = model();
        let digest = format!("{:016x}", model.parameters().digest());
        for text in [format!("{model:?}"), format!("{:?}", model.state)] {
            assert!(text.contains(&digest) && text.len() < 200, "{text}");
        }
    }
}
