//! The training loop, one update at a time.
//!
//! [`crate::training::order`] says what each update reads. [`Training::look`] computes the loss of chunk n under the parameters
//! after n updates and changes nothing; [`Training::update`] then makes update n.
//!
//! With documents a chunk ends with its document at the latest, and is shorter than T there; every document
//! begins with h = 0.
//!
//! Where a part of the text is held out, no update sees it. [`Training::validate`] computes its loss, see
//! [`crate::training::validation`], and by that loss parameters compete for the best model; without such a part they compete
//! by the smooth loss.

use crate::inference::sampling::{Sampling, Synthesizer};
use crate::kernels::Level;
use crate::model::{Model, Record, State};
use crate::network::parameters::{Shape, ShapeError, zeros};
use crate::random::{Generator, Stream};
use crate::settings::{Loss, SettingError, Settings};
use crate::text::corpus::{Corpus, TextError};
use crate::training::batch::Batch;
use crate::training::order::{TextOrder, UpdateSource};
use crate::training::validation::{Validation, Validator};
use std::fmt;
use std::io::Cursor;

/// Parameters compete for the best model at every so many updates, where no text is held out.
pub const BEST_EVERY: u64 = 100;

/// What is seen of chunk n under the parameters after n updates, before update n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Look {
    /// n.
    pub iteration: u64,
    /// Times that the text has been begun anew, chunk n included.
    pub epoch: u64,
    /// Index in the text of the first character of chunk n: that of the first stream.
    pub position: usize,
    /// The loss of chunk n in nats: the sum over its characters, or their mean, see [`Settings::loss`].
    pub loss: f64,
    /// The smooth loss that includes it. A sum over fewer than T characters counts as much as if there were T.
    pub smooth_loss: f64,
    /// Whether these parameters are the best so far by the smooth loss; never where a part of the text is held out.
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
        batch_size: usize,
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

/// A run over one text.
#[derive(Debug)]
pub struct Training {
    corpus: Corpus,
    order: TextOrder,
    model: Model,
    best: Model,
    looked: Option<Look>,
    /// Characters that every stream has read in its epoch before the chunk looked at.
    position: usize,
    /// The hidden states that the chunks looked at begin with, B x m.
    h0: Vec<f64>,
    /// The first stream's chunk that was looked at, and one character more.
    chunk: Vec<usize>,
    batch: Batch,
    /// Where a part of the text is held out.
    validator: Option<Validator>,
    /// Of the parameters as they are.
    validation: Option<Validation>,
    /// Whether they compete by it.
    competes: bool,
}

impl Training {
    /// An untrained network and the text it is to learn.
    ///
    /// # Errors
    /// [`TrainingError`] where a setting is out of range, the text or what is held out of it too short, or the memory
    /// cannot be had.
    pub fn new(text: &str, settings: Settings) -> Result<Self, TrainingError> {
        settings.check()?;
        Self::begin(Corpus::of(text, &settings)?, settings)
    }

    /// As [`Training::new`], with a text that need not be in memory: one that was opened with the same
    /// settings.
    ///
    /// # Errors
    /// As [`Training::new`].
    ///
    /// # Panics
    /// Where the text was opened with another T, or to be other documents.
    pub fn begin(corpus: Corpus, settings: Settings) -> Result<Self, TrainingError> {
        Self::untrained(corpus, settings, None)
    }

    /// As [`Training::begin`], from the parameters and with the vocabulary of a model: everything else begins anew.
    /// `settings.hidden`, `settings.symbols` and `settings.initialization` have no effect then.
    ///
    /// # Errors
    /// As [`Training::new`]; and [`TextError::Unknown`] where the text has characters that the vocabulary lacks.
    ///
    /// # Panics
    /// As [`Training::begin`], and where the parts of the model do not belong together.
    pub fn begin_from(
        corpus: Corpus,
        settings: Settings,
        model: &Model,
    ) -> Result<Self, TrainingError> {
        let settings = Settings {
            hidden: model.state.rnn.shape().m(),
            symbols: model.vocabulary.symbols(),
            ..settings
        };
        Self::untrained(corpus, settings, Some(model))
    }

    fn untrained(
        mut corpus: Corpus,
        settings: Settings,
        from: Option<&Model>,
    ) -> Result<Self, TrainingError> {
        settings.check()?;
        check_length(&corpus, &settings)?;
        if let Some(model) = from {
            let (K, characters) = (model.state.rnn.shape().K(), model.vocabulary.len());
            assert_eq!(K, characters, "training from a model: K");
            corpus.use_vocabulary(&model.vocabulary)?;
        }
        let shape = Shape::new(settings.hidden, corpus.vocabulary().len())?;
        // The model and the best model, each with what the optimizer remembers.
        claim_memory(shape, &settings, 2 + 2 * settings.optimizer.memory().len())?;
        let state = match from {
            Some(model) => State::first(model.state.rnn.try_clone()?, &settings)?,
            None => State::untrained(shape, &settings)?,
        };
        let model = Model {
            settings,
            source: Some(corpus.source()),
            vocabulary: corpus.vocabulary().clone(),
            state,
            record: Record {
                begun_from: from.map(|model| model.state.rnn.parameters.digest()),
                updates_per_epoch: None,
            },
        };
        let best = Model {
            state: model.state.try_clone()?,
            vocabulary: model.vocabulary.clone(),
            ..model
        };
        Self::with(corpus, best, model)
    }

    /// Goes on where a run stands: `model` is its last state, `best` the best model it has seen.
    ///
    /// # Errors
    /// [`TrainingError::OtherText`] where the model stands in another text, and as
    /// [`Training::new`].
    ///
    /// # Panics
    /// Where the parts of a model do not belong together, or the two models do not. A model file is
    /// refused before that: two models from files fit where their settings and vocabularies are equal.
    pub fn resume(text: &str, model: Model, best: Model) -> Result<Self, TrainingError> {
        model.settings.check()?;
        let input = Cursor::new(text.as_bytes().to_vec());
        let corpus = Corpus::open(input, &model.settings, |_| ())?;
        Self::resume_with(corpus, model, best)
    }

    /// As [`Training::resume`], with a text that need not be in memory: one that was opened with the settings of
    /// the model.
    ///
    /// # Errors
    /// As [`Training::resume`].
    ///
    /// # Panics
    /// As [`Training::resume`] and [`Training::begin`].
    pub fn resume_with(
        mut corpus: Corpus,
        model: Model,
        best: Model,
    ) -> Result<Self, TrainingError> {
        model.settings.check()?;
        let shape = Shape::new(model.settings.hidden, model.vocabulary.len())?;
        for Model {
            settings, state, ..
        } in [&model, &best]
        {
            assert_eq!(settings.hidden, shape.m(), "resume: hidden units");
            assert_eq!(state.rnn.shape(), shape, "resume: parameters");
            let parts = model.settings.optimizer.memory().len();
            let fit = state.memory.iter().all(|part| part.shape() == shape);
            assert!(fit && state.memory.len() == parts, "resume: memory");
            let h = model.settings.batch_size.saturating_mul(shape.m());
            assert_eq!(state.h.len(), h, "resume: hidden state");
        }
        assert_eq!(best.vocabulary, model.vocabulary, "resume: vocabularies");
        let stood = model.source.ok_or(TrainingError::NoText)?;
        let known = corpus.use_vocabulary(&model.vocabulary);
        let same = known.is_ok() && corpus.source() == stood;
        let stream = corpus.learned() / model.settings.batch_size as u64;
        if !same || model.state.position as u64 > stream {
            return Err(TrainingError::OtherText {
                found: corpus.source().digest,
                need: stood.digest,
            });
        }
        check_length(&corpus, &model.settings)?;
        // Both models are in memory already.
        claim_memory(shape, &model.settings, 0)?;
        Self::with(corpus, best, model)
    }

    fn with(mut corpus: Corpus, mut best: Model, mut model: Model) -> Result<Self, TrainingError> {
        assert!(
            corpus.is_for(&model.settings),
            "training: a text opened with other settings"
        );
        let level = Level::chosen();
        let batch = Self::batch(&model, level, 1)?;
        let validator = (model.settings.validation > 0.0)
            .then(|| Validator::new(model.state.rnn.shape(), level));
        corpus.split(model.settings.batch_size)?;
        let order = TextOrder::new(&model.settings, &corpus)?;
        for model in [&mut model, &mut best] {
            model.record.updates_per_epoch = Some(order.updates_per_epoch());
        }
        let mut chunk = zeros(model.settings.sequence_length.saturating_add(1))?;
        chunk.clear();
        Ok(Training {
            corpus,
            order,
            best,
            looked: None,
            position: 0,
            h0: zeros(model.state.h.len())?,
            chunk,
            batch,
            validator: validator.transpose()?,
            validation: None,
            competes: false,
            model,
        })
    }

    fn batch(model: &Model, level: Level, threads: usize) -> Result<Batch, ShapeError> {
        let Settings {
            sequence_length: T,
            batch_size: B,
            ..
        } = model.settings;
        let shape = model.state.rnn.shape();
        Ok(Batch::new(shape, T, B, threads)?.at(level))
    }

    /// Goes on at `level` and on up to `threads` threads. It never shows in what is learned.
    ///
    /// # Errors
    /// [`TrainingError::Shape`] where the memory for it cannot be had.
    pub fn on(self, level: Level, threads: usize) -> Result<Self, TrainingError> {
        Ok(Training {
            batch: Self::batch(&self.model, level, threads)?,
            validator: self.validator.map(|validator| validator.at(level)),
            looked: None,
            ..self
        })
    }

    /// The model as the updates made so far left it.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// Inputs and targets of the first stream's chunk last looked at; empty before the first look.
    pub fn chunk(&self) -> (&[usize], &[usize]) {
        let steps = self.chunk.len().saturating_sub(1);
        let targets = self.chunk.get(1..).unwrap_or_default();
        (&self.chunk[..steps], targets)
    }

    /// The hidden state that the first stream's chunk last looked at begins with, m.
    pub fn h0(&self) -> &[f64] {
        &self.h0[..self.model.state.rnn.shape().m()]
    }

    /// Updates in one pass over the text.
    pub fn updates_per_epoch(&self) -> u64 {
        self.order.updates_per_epoch()
    }

    /// Whether the parameters as they are are the best so far.
    fn is_best(&self) -> bool {
        match self.validation {
            Some(Validation { nats, .. }) => {
                let best = self.model.state.best_validation;
                self.competes && best.is_none_or(|best| nats < best)
            }
            None => self.looked.is_some_and(|look| look.is_best),
        }
    }

    /// The smooth loss of [`Training::best`], its coming chunk included; `None` before the first parameters have
    /// competed.
    pub fn best_smooth_loss(&self) -> Option<f64> {
        match self.looked {
            Some(look) if self.is_best() => Some(look.smooth_loss),
            _ => self.model.state.best_smooth_loss,
        }
    }

    /// The validation loss with which [`Training::best`] won; `None` where no text is held out, and before the first
    /// parameters have competed.
    pub fn best_validation(&self) -> Option<Validation> {
        if self.is_best() {
            self.validation
        } else {
            (self.model.state.best_validation)
                .map(|nats| Validation::of(nats, &self.model.settings))
        }
    }

    /// The best model seen, the earlier of equals: that with the lowest smooth loss at n = 0, 100, 200, ..., what was
    /// last looked at included. Where a part of the text is held out, that with the lowest validation loss of those
    /// that were asked to [`Training::validate`], and the untrained one before the first was.
    pub fn best(&self) -> &Model {
        if self.is_best() {
            &self.model
        } else {
            &self.best
        }
    }

    /// The best model before the parameters as they are competed.
    pub fn best_before(&self) -> &Model {
        &self.best
    }

    /// The loss of the held-out text under the parameters as they are: they compete by it
    /// for the best model. How often it is asked for changes nothing of what is learned. Asked again, it says the
    /// same. Looks first where that has not been done.
    ///
    /// # Errors
    /// [`TrainingError::NothingHeldOut`] where [`Settings::validation`] is 0,
    /// [`TrainingError::ValidationNotFinite`] where the loss is NaN or infinite, and as [`Training::look`].
    ///
    /// ```
    /// use elman::{Settings, Training};
    /// let settings = Settings { hidden: 20, validation: 0.1, ..Settings::default() };
    /// let mut training = Training::new(elman::STORY, settings)?;
    /// let untrained = training.validate()?;
    /// for _ in 0..500 {
    ///     training.update()?;
    /// }
    /// let trained = training.validate()?;
    /// assert!(trained.bits < 0.9 * untrained.bits);
    /// assert_eq!(training.best_validation(), Some(trained));
    /// # Ok::<(), elman::TrainingError>(())
    /// ```
    pub fn validate(&mut self) -> Result<Validation, TrainingError> {
        self.look()?;
        let validation = self.held_out_loss()?;
        self.competes = true;
        Ok(validation)
    }

    /// As [`Training::validate`], for those who only want to know: the parameters do not compete.
    ///
    /// # Errors
    /// As [`Training::validate`].
    pub fn held_out_loss(&mut self) -> Result<Validation, TrainingError> {
        if let Some(validation) = self.validation {
            return Ok(validation);
        }
        let validator = self.validator.as_mut();
        let validator = validator.ok_or(TrainingError::NothingHeldOut)?;
        let (state, newline) = (&self.model.state, self.model.newline());
        let nats = validator.nats(&state.rnn, &mut self.corpus, newline)?;
        let validation = Validation::of(nats, &self.model.settings);
        if !(nats.is_finite() && validation.loss.is_finite() && validation.bits.is_finite()) {
            return Err(TrainingError::ValidationNotFinite {
                iteration: state.updates,
                loss: validation.loss,
            });
        }
        self.validation = Some(validation);
        Ok(validation)
    }

    /// The loss of chunk n under the parameters after n updates. Asked again, it says the same.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] where the loss is NaN or infinite.
    pub fn look(&mut self) -> Result<Look, TrainingError> {
        if let Some(look) = self.looked {
            return Ok(look);
        }
        let Settings {
            sequence_length: T,
            loss: kind,
            ..
        } = self.model.settings;
        let source = self.order.next_source(&self.model.state);
        let (place, steps) = self.read(&source)?;
        let state = &self.model.state;
        let sum = self.batch.forward_backward(&state.rnn);
        let loss = match kind {
            Loss::Sum => sum,
            Loss::Mean => sum / steps as f64,
        };
        if !loss.is_finite() {
            return Err(TrainingError::NotFinite {
                iteration: state.updates,
                loss,
            });
        }
        // As much as if it had T characters.
        let whole = match kind {
            Loss::Sum if steps < T => loss * T as f64 / steps as f64,
            _ => loss,
        };
        let smooth_loss = match state.smooth_loss {
            None => whole,
            Some(smooth) => 0.999 * smooth + 0.001 * whole,
        };
        if !smooth_loss.is_finite() {
            return Err(TrainingError::NotFinite {
                iteration: state.updates,
                loss: smooth_loss,
            });
        }
        let competes = self.validator.is_none() && state.updates % BEST_EVERY == 0;
        let look = Look {
            iteration: state.updates,
            epoch: source.epoch,
            position: place,
            loss,
            smooth_loss,
            is_best: competes && state.best_smooth_loss.is_none_or(|best| smooth_loss < best),
        };
        self.position = source.position as usize;
        self.looked = Some(look);
        Ok(look)
    }

    /// Gives the streams their chunks, and the hidden states that they begin with; returns where in the text that of
    /// the first stream is, and their length.
    fn read(&mut self, source: &UpdateSource) -> Result<(usize, usize), TrainingError> {
        let m = self.model.state.rnn.shape().m();
        self.h0.copy_from_slice(&self.model.state.h);
        let mut first = 0;
        let states = self.h0.chunks_exact_mut(m);
        for (stream, (place, h0)) in self.order.positions(source).zip(states).enumerate() {
            let characters = self.corpus.chunk(stream, place)?;
            let begins_document = self.model.newline() == Some(characters[0]);
            if source.resets || begins_document {
                h0.fill(0.0);
            }
            let steps = characters.len() - 1;
            if stream == 0 {
                first = place as usize;
                self.chunk.clear();
                self.chunk.extend_from_slice(characters);
                self.batch.resize(steps);
            }
            (self.batch).begin(stream, &characters[..steps], &characters[1..], h0);
        }
        Ok((first, self.chunk.len() - 1))
    }

    /// Update n: backward pass, clipping, the optimiser's step. Looks first where that has not been done.
    ///
    /// # Errors
    /// As [`Training::look`]; nothing has changed then.
    pub fn update(&mut self) -> Result<Look, TrainingError> {
        let look = self.look()?;
        let is_best = self.is_best();
        let validation = self.validation.take();
        self.looked = None;
        self.competes = false;
        let settings = &self.model.settings;
        let state = &mut self.model.state;
        if is_best {
            self.best.state.copy_from(state);
            state.best_smooth_loss = Some(look.smooth_loss);
            state.best_validation = validation.map(|validation| validation.nats);
        }
        let steps = self.chunk.len() - 1;
        let divisor = match settings.loss {
            Loss::Sum => settings.batch_size,
            Loss::Mean => settings.batch_size.saturating_mul(steps),
        };
        let rule = settings.rule(state.updates + 1);
        (self.batch).update(&rule, divisor, &mut state.rnn, &mut state.memory);
        let m = state.rnn.shape().m();
        for (h, last) in state.h.chunks_exact_mut(m).zip(self.batch.last_h()) {
            h.copy_from_slice(last);
        }
        state.updates += 1;
        state.epoch = look.epoch;
        state.position = self.position + steps;
        state.smooth_loss = Some(look.smooth_loss);
        Ok(look)
    }

    /// The text of report n: `count` characters after the first of chunk n, from the hidden state
    /// that chunk n begins with.
    ///
    /// # Errors
    /// As [`Training::look`].
    ///
    /// # Panics
    /// Where memory does not hold so many characters.
    pub fn sample(&mut self, count: usize) -> Result<String, TrainingError> {
        let look = self.look()?;
        let model = &self.model;
        let mut generator = Generator::new(model.settings.seed, Stream::Report(look.iteration));
        let mut synthesizer = Synthesizer::of(model, self.h0(), Sampling::default());
        let characters = synthesizer.characters(self.chunk[0], &mut generator);
        let indices: Vec<usize> = characters.take(count).collect();
        Ok(model.vocabulary.decode(&indices))
    }
}

fn check_length(corpus: &Corpus, settings: &Settings) -> Result<(), TrainingError> {
    let (need, batch_size) = (settings.least_characters(), settings.batch_size);
    let (length, held_out) = (corpus.learned(), corpus.held_out());
    if held_out < settings.least_held_out() as u64 {
        return Err(TrainingError::TooFewHeldOut {
            length: corpus.length(),
            held_out,
            need: settings.least_held_out(),
        });
    }
    if length < need as u64 {
        Err(TrainingError::TextTooShort {
            length,
            held_out,
            need,
            batch_size,
            documents: settings.documents,
            chunk: settings.order.chunk(),
        })
    } else {
        Ok(())
    }
}

/// Asks for about as much memory as a run takes, in one request, and gives it back. Every buffer is refused on its own
/// if it cannot be allocated; but a system that promises more memory than it has refuses only requests that are larger
/// than all of it. `models` counts the parameters and what is shaped like them.
fn claim_memory(shape: Shape, settings: &Settings, models: usize) -> Result<(), ShapeError> {
    let parameters = shape.entries().saturating_mul(models);
    // Of each step h_t, dL/da_t and g_t, and the same packed.
    let rows = settings.sequence_length.saturating_mul(settings.batch_size);
    let row = (4 * shape.m()).saturating_add(2 * shape.K());
    let numbers = parameters.saturating_add(rows.saturating_mul(row));
    let bytes = numbers.saturating_mul(size_of::<f64>());
    let mut claim: Vec<u8> = Vec::new();
    (claim.try_reserve_exact(bytes)).map_err(|_| ShapeError::NoMemory { bytes })
}

#[cfg(test)]
mod tests;
