//! How a training begins, or goes on from a saved state.

use crate::kernels::Level;
use crate::model::{Edition, Model, Origin, Record, State};
use crate::network::parameters::{Shape, ShapeError, room, zeros};
use crate::settings::Settings;
use crate::text::corpus::Corpus;
use crate::training::batch::Batch;
use crate::training::error::TrainingError;
use crate::training::order::{TextOrder, check_length};
use crate::training::training_loop::Training;
use crate::training::validation::Validator;

impl Training {
    /// Begins with an untrained network.
    ///
    /// # Errors
    /// [`TrainingError`] if a setting is out of range, if the text or its held-out part is too short, or if the memory
    /// cannot be allocated.
    pub fn new(text: &str, settings: Settings) -> Result<Self, TrainingError> {
        settings.check()?;
        Self::begin(Corpus::of(text, &settings)?, settings, None)
    }

    /// Begins with a text that need not be in memory, and with an untrained network or with the parameters and the
    /// vocabulary of the model `from`. With a model, `settings.hidden`, `settings.symbols` and `settings.initialization`
    /// have no effect.
    ///
    /// # Errors
    /// The same as [`Training::new`]; and [`TextError::Unknown`](crate::TextError::Unknown) if the vocabulary of the model
    /// lacks characters of the text.
    ///
    /// # Panics
    /// Panics if the text was opened with other settings, or if the parts of the model do not belong together.
    pub fn begin(
        mut corpus: Corpus,
        mut settings: Settings,
        from: Option<&Model>,
    ) -> Result<Self, TrainingError> {
        if let Some(Model { state, vocabulary, .. }) = from {
            let shape = state.rnn.shape();
            (settings.hidden, settings.symbols) = (shape.m(), vocabulary.symbols());
            assert_eq!(shape.K(), vocabulary.len(), "training from a model: K");
        }
        settings.check()?;
        check_lengths(&corpus, &settings)?;
        if let Some(model) = from {
            corpus.use_vocabulary(&model.vocabulary)?;
        }
        let shape = Shape::new(settings.hidden, corpus.vocabulary().len())?;
        // The model and the best model, each with the state of its optimizer.
        claim_memory(shape, &settings, 2 + 2 * settings.optimizer.state_parts().len())?;
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
                origin: from.map_or(Origin::Drawn, |model| {
                    Origin::Model(model.state.rnn.parameters.digest())
                }),
                updates_per_epoch: None,
                edition: Edition::Second,
            },
        };
        let best = Model {
            state: model.state.try_clone()?,
            vocabulary: model.vocabulary.clone(),
            ..model
        };
        Self::with(corpus, best, model)
    }

    /// Goes on with a run: `model` is its last state, `best` its best model.
    ///
    /// # Errors
    /// [`TrainingError::OtherText`] if the model was trained on another text, [`TrainingError::NoText`] if it was trained
    /// on none, [`TrainingError::FirstEdition`] if its training was begun by version 0.1.0, and the same as
    /// [`Training::new`].
    ///
    /// # Panics
    /// Panics if the parts of a model do not belong together, or if the two models do not. Two models from files fit if
    /// their settings and vocabularies are equal.
    pub fn resume(text: &str, model: Model, best: Model) -> Result<Self, TrainingError> {
        model.settings.check()?;
        Self::resume_with(Corpus::of(text, &model.settings)?, model, best)
    }

    /// The same as [`Training::resume`] with a text that need not be in memory.
    ///
    /// # Errors
    /// The same as [`Training::resume`].
    ///
    /// # Panics
    /// The same as [`Training::resume`], and if the text was opened with other settings than the model's.
    pub fn resume_with(
        mut corpus: Corpus,
        model: Model,
        best: Model,
    ) -> Result<Self, TrainingError> {
        model.settings.check()?;
        if model.record.edition != Edition::Second {
            return Err(TrainingError::FirstEdition);
        }
        let shape = Shape::new(model.settings.hidden, model.vocabulary.len())?;
        for Model { settings, state, .. } in [&model, &best] {
            assert_eq!(settings.hidden, shape.m(), "resume: hidden units");
            assert_eq!(state.rnn.shape(), shape, "resume: parameters");
            let parts = model.settings.optimizer.state_parts().len();
            let fit = state.optimizer_state.iter().all(|part| part.shape() == shape);
            assert!(fit && state.optimizer_state.len() == parts, "resume: memory");
            let h = model.settings.batch_size.saturating_mul(shape.m());
            assert_eq!(state.h.len(), h, "resume: hidden state");
        }
        assert_eq!(best.vocabulary, model.vocabulary, "resume: vocabularies");
        let need = model.source.ok_or(TrainingError::NoText)?;
        let is_same = corpus.use_vocabulary(&model.vocabulary).is_ok() && corpus.source() == need;
        let part = corpus.learned() / model.settings.batch_size as u64;
        if !is_same || model.state.position as u64 > part {
            let found = corpus.source().digest;
            return Err(TrainingError::OtherText { found, need: need.digest });
        }
        check_lengths(&corpus, &model.settings)?;
        // Both models are in memory already.
        claim_memory(shape, &model.settings, 0)?;
        Self::with(corpus, best, model)
    }

    fn with(mut corpus: Corpus, mut best: Model, mut model: Model) -> Result<Self, TrainingError> {
        assert!(corpus.is_for(&model.settings), "training: a text opened with other settings");
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

    /// Goes on at `level` and on up to `threads` threads. Neither changes the result.
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

fn check_lengths(corpus: &Corpus, settings: &Settings) -> Result<(), TrainingError> {
    let (length, held_out, need) = (corpus.length(), corpus.held_out(), settings.least_held_out());
    if held_out < need as u64 {
        return Err(TrainingError::TooFewHeldOut { length, held_out, need });
    }
    check_length(corpus, settings)
}

/// Allocates about as much memory as a run takes, in one request, and frees it. Every buffer is refused on its own if it
/// cannot be allocated, but a system that promises more memory than it has refuses only requests that are larger than all
/// of it. `models` is the number of buffers of the size of the parameters.
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
