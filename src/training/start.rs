//! How a training begins, or resumes from a saved state.

use crate::kernels::Level;
use crate::model::{Edition, Model, Origin, Record, State};
use crate::network::parameters::{Shape, ShapeError, room, zeros};
use crate::settings::{Setting, Settings, TABLE};
use crate::text::corpus::{Corpus, Source};
use crate::training::batch::Batch;
use crate::training::error::TrainingError;
use crate::training::order::{TextOrder, check_length};
use crate::training::training_loop::Training;
use crate::training::validation::Validator;

/// The state of the optimizer in a training that begins from another model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OptimizerStart {
    /// The state is zeros.
    ///
    /// The first steps of AdaGrad are then as long as eta, for every parameter. With the default eta of 0.1 they ruin a
    /// trained network. Choose a learning rate of at most 0.005, or [`OptimizerStart::Kept`].
    Fresh,
    /// The state of the model's optimizer. The settings must name the same optimizer; its numbers may differ. An
    /// imported or untrained model has zeros.
    Kept,
}

impl Training {
    /// Begins with an untrained network and a text in memory.
    ///
    /// # Errors
    /// [`TrainingError`] if a setting is out of range, if the text or its held-out part is too short, or if the memory
    /// cannot be allocated.
    pub fn new(text: &str, settings: Settings) -> Result<Self, TrainingError> {
        Self::begin(Corpus::of(text, &settings)?, settings)
    }

    /// Begins with an untrained network and a text of any length, such as a file that is read in windows.
    ///
    /// # Errors
    /// The same as [`Training::new`], and [`TrainingError::OpenedOtherwise`] if the settings that read the text differ
    /// from those that it was opened with.
    pub fn begin(corpus: Corpus, settings: Settings) -> Result<Self, TrainingError> {
        check_begin(&corpus, &settings)?;
        let shape = Shape::new(settings.hidden, corpus.vocabulary().len())?;
        claim_memory(shape, &settings, all_models(&settings))?;
        let state = State::untrained(shape, &settings)?;
        let record = Record { origin: Origin::Drawn, ..Record::default() };
        Self::first(corpus, settings, state, record)
    }

    /// Begins with the parameters and the vocabulary of `model`, on another text or with other settings.
    ///
    /// It is a new training: it begins at update 0, with h = 0 at the start of the text. `optimizer` says whether the
    /// state of the optimizer is taken over. `settings.hidden`, `settings.symbols` and `settings.initialization` have
    /// no effect: the model decides.
    ///
    /// A fresh AdaGrad with its default learning rate of 0.1 ruins a trained network within a few updates: see
    /// [`OptimizerStart`].
    ///
    /// ```
    /// use elman::text::Corpus;
    /// use elman::training::{Fit, OptimizerStart};
    /// use elman::{STORY, Settings, Training};
    /// use std::ops::ControlFlow;
    ///
    /// let (early, late) = STORY.split_at(STORY.len() / 2);
    /// let settings = Settings { hidden: 20, ..Settings::default() };
    /// // The characters of both: the second text must not have others than the model knows.
    /// let mut training = Training::new(STORY, settings)?;
    /// training.fit(Fit { updates: 500, ..Fit::default() }, |_, _| ControlFlow::Continue(()))?;
    /// let model = training.into_model();
    ///
    /// let corpus = Corpus::of(late, &settings)?;
    /// let kept = Training::begin_from(corpus, settings, &model, OptimizerStart::Kept)?;
    /// assert_eq!(kept.model().parameters(), model.parameters());
    /// # Ok::<(), elman::Error>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Training::begin`]. [`TextError::Unknown`](crate::TextError::Unknown) if the vocabulary of the
    /// model lacks characters of the text. [`TrainingError::OtherOptimizer`] if the state should be kept and belongs to
    /// another optimizer.
    pub fn begin_from(
        mut corpus: Corpus,
        mut settings: Settings,
        model: &Model,
        optimizer: OptimizerStart,
    ) -> Result<Self, TrainingError> {
        let shape = model.shape();
        (settings.hidden, settings.symbols) = (shape.m(), model.vocabulary.symbols());
        settings.check()?;
        // Whatever the text was opened with, the symbols have to be the model's.
        corpus.use_vocabulary(&model.vocabulary)?;
        check_begin(&corpus, &settings)?;
        claim_memory(shape, &settings, all_models(&settings))?;
        let mut state = State::first(model.state.rnn.try_clone()?, &settings)?;
        let mut optimizer_updates = 0;
        if optimizer == OptimizerStart::Kept {
            let (found, need) = (model.settings.optimizer.name(), settings.optimizer.name());
            if found != need {
                return Err(TrainingError::OtherOptimizer { found, need });
            }
            for (to, from) in state.optimizer_state.iter_mut().zip(&model.state.optimizer_state) {
                to.values_mut().copy_from_slice(from.values());
            }
            let before = model.record.optimizer_updates.saturating_add(model.state.updates);
            // As many as a file may have.
            optimizer_updates = before.min(1 << 63);
        }
        let origin = Origin::Model(model.parameters().digest());
        let record = Record { origin, optimizer_updates, ..Record::default() };
        Self::first(corpus, settings, state, record)
    }

    fn first(
        corpus: Corpus,
        settings: Settings,
        state: State,
        record: Record,
    ) -> Result<Self, TrainingError> {
        let (source, vocabulary) = (Some(corpus.source()), corpus.vocabulary().clone());
        let best = Model {
            state: state.try_clone()?,
            vocabulary: vocabulary.clone(),
            settings,
            source,
            record,
        };
        Self::with(corpus, best, Model { settings, vocabulary, source, state, record })
    }

    /// Resumes a run on a text in memory. `model` is the last model of the run, `best` is its best model.
    ///
    /// # Errors
    /// [`TrainingError::OtherText`] if the model was trained on another text, [`TrainingError::NoText`] if it was not
    /// trained, [`TrainingError::FirstEdition`] if its training was begun by version 0.1.0,
    /// [`TrainingError::OtherBest`] if the two models are not of one run, and the same as [`Training::new`].
    pub fn resume(text: &str, model: Model, best: Model) -> Result<Self, TrainingError> {
        Self::resume_with(Corpus::of(text, &model.settings)?, model, best)
    }

    /// The same as [`Training::resume`], with a text of any length.
    ///
    /// # Errors
    /// The same as [`Training::resume`], and [`TrainingError::OpenedOtherwise`] if the text was opened with settings
    /// that read it differently from the model's.
    pub fn resume_with(
        mut corpus: Corpus,
        model: Model,
        best: Model,
    ) -> Result<Self, TrainingError> {
        if model.record.edition != Edition::Second {
            return Err(TrainingError::FirstEdition);
        }
        check_best(&model, &best)?;
        let need = model.source.ok_or(TrainingError::NoText)?;
        let is_same = corpus.use_vocabulary(&model.vocabulary).is_ok() && corpus.source() == need;
        if !is_same {
            let found = corpus.source().digest;
            return Err(TrainingError::OtherText { found, need: need.digest });
        }
        check_begin(&corpus, &model.settings)?;
        let (position, part) =
            (model.state.position, corpus.learned() / model.settings.batch_size as u64);
        if position > part {
            return Err(TrainingError::PastEnd { position, part });
        }
        // Both models are in memory already.
        claim_memory(model.shape(), &model.settings, 0)?;
        let updates = model.state.updates;
        let is_best = updates > 0 && best.state.updates == updates;
        let mut training = Self::with(corpus, best, model)?;
        // The last look at the held-out text made this model the best: the loss is recorded by the next update.
        if is_best && training.validator.is_some() {
            training.validate()?;
        }
        Ok(training)
    }

    fn with(mut corpus: Corpus, mut best: Model, mut model: Model) -> Result<Self, TrainingError> {
        let level = Level::chosen();
        let batch = Self::batch(&model, level, 1)?;
        let validator = (model.settings.validation > 0.0)
            .then(|| Validator::new(model.state.rnn.shape(), level));
        corpus.split(model.settings.batch_size)?;
        let order = TextOrder::new(&model.settings, &corpus)?;
        for model in [&mut model, &mut best] {
            model.record.updates_per_epoch = Some(order.updates_per_epoch());
        }
        Ok(Training {
            corpus,
            order,
            best,
            observed: None,
            position: 0,
            read_before: 0,
            h0: zeros(model.state.h.len())?,
            chunk: room(model.settings.sequence_length.saturating_add(1))?,
            batch,
            validator: validator.transpose()?,
            validation: None,
            competes: false,
            model,
        })
    }

    fn batch(model: &Model, level: Level, threads: usize) -> Result<Batch, ShapeError> {
        let Settings { sequence_length: T, batch_size: B, .. } = model.settings;
        Batch::new(&model.state.rnn, T, B, threads, level)
    }

    /// Continues at `level` and on up to `threads` threads. Neither changes the result. By default a training runs on
    /// one thread, at [`Level::chosen`].
    ///
    /// # Errors
    /// [`TrainingError::Shape`] if the memory cannot be allocated.
    pub fn on(self, level: Level, threads: usize) -> Result<Self, TrainingError> {
        Ok(Training {
            batch: Self::batch(&self.model, level, threads)?,
            validator: self.validator.map(|validator| validator.at(level)),
            observed: None,
            ..self
        })
    }
}

/// The number of buffers as large as the parameters: the model and the best model, each with the state of its
/// optimizer.
fn all_models(settings: &Settings) -> usize {
    2 + 2 * settings.optimizer.state_parts().len()
}

/// Refuses settings that are out of range or differ from those that the text was opened with, and texts that are too
/// short.
fn check_begin(corpus: &Corpus, settings: &Settings) -> Result<(), TrainingError> {
    settings.check()?;
    check_opened(corpus, settings)?;
    let (length, held_out, need) = (corpus.length(), corpus.held_out(), settings.least_held_out());
    if held_out < need as u64 {
        return Err(TrainingError::TooFewHeldOut { length, held_out, need });
    }
    check_length(corpus, settings)
}

/// Refuses a text that was opened with settings that read it differently.
pub(crate) fn check_opened(corpus: &Corpus, settings: &Settings) -> Result<(), TrainingError> {
    match difference(TABLE.iter().filter(|row| row.is_of_text), corpus.settings(), settings) {
        Some((name, found, need)) => Err(TrainingError::OpenedOtherwise { name, found, need }),
        None => Ok(()),
    }
}

/// Refuses a best model that is not one of the same run.
fn check_best(model: &Model, best: &Model) -> Result<(), TrainingError> {
    let other = |name, last, best| Err(TrainingError::OtherBest { name, last, best });
    if let Some((name, last, best)) = difference(TABLE.iter(), &model.settings, &best.settings) {
        return other(name, last, best);
    }
    if model.vocabulary != best.vocabulary {
        let [a, b] = [model, best].map(|of| of.vocabulary.characters());
        let place = a.iter().zip(b).position(|(a, b)| a != b).unwrap_or(a.len().min(b.len()));
        let from = |of: &[char]| match of.get(place) {
            Some(character) => format!("{} characters, {character:?} at {place}", of.len()),
            None => format!("{} characters", of.len()),
        };
        return other("vocabulary", from(a), from(b));
    }
    if model.source != best.source {
        let text = |of: &Model| match of.source {
            Some(Source { digest, length, start }) => {
                format!("{length} characters from character {start}, digest {digest:016x}")
            }
            None => "none".to_string(),
        };
        return other("text", text(model), text(best));
    }
    Ok(())
}

/// The first setting whose value differs, and its two values.
fn difference<'a>(
    mut rows: impl Iterator<Item = &'a Setting>,
    a: &Settings,
    b: &Settings,
) -> Option<(&'static str, String, String)> {
    let row = rows.find(|row| row.get(a) != row.get(b))?;
    let value = |of| row.get(of).map_or("none".to_string(), |value| value.to_string());
    Some((row.key, value(a), value(b)))
}

/// Allocates about as much memory as a run takes, in one request, and frees it.
///
/// A buffer that cannot be allocated is refused anyway. But a system that promises more memory than it has refuses only
/// requests that are larger than all of it. `models` is the number of buffers as large as the parameters.
pub(super) fn claim_memory(
    shape: Shape,
    settings: &Settings,
    models: usize,
) -> Result<(), ShapeError> {
    let parameters = shape.entries().saturating_mul(models);
    // The packed copies, for training and for validation.
    let packed = shape.entries().saturating_mul(1 + (settings.validation > 0.0) as usize);
    // Of each step h_t, dL/da_t and g_t, and the same packed.
    let rows = settings.sequence_length.saturating_mul(settings.batch_size);
    let row = (4 * shape.m()).saturating_add(2 * shape.K());
    let numbers = parameters.saturating_add(packed).saturating_add(rows.saturating_mul(row));
    room::<f64>(numbers).map(drop)
}
