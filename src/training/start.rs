//! How a training begins, or goes on from a saved state.

use crate::kernels::Level;
use crate::model::{Model, Record, State};
use crate::network::parameters::{Shape, ShapeError, zeros};
use crate::settings::Settings;
use crate::text::corpus::Corpus;
use crate::training::batch::Batch;
use crate::training::error::TrainingError;
use crate::training::order::TextOrder;
use crate::training::training_loop::Training;
use crate::training::validation::Validator;
use std::io::Cursor;

impl Training {
    /// Begins with an untrained network.
    ///
    /// # Errors
    /// [`TrainingError`] where a setting is out of range, the text or what is held out of it too short, or the memory
    /// cannot be had.
    pub fn new(text: &str, settings: Settings) -> Result<Self, TrainingError> {
        settings.check()?;
        Self::begin(Corpus::of(text, &settings)?, settings)
    }

    /// As [`Training::new`], with a text that need not be in memory. It must be opened with the same settings.
    ///
    /// # Errors
    /// As [`Training::new`].
    ///
    /// # Panics
    /// Where the text was opened with other settings.
    pub fn begin(corpus: Corpus, settings: Settings) -> Result<Self, TrainingError> {
        Self::untrained(corpus, settings, None)
    }

    /// As [`Training::begin`], from the parameters of a model and with its vocabulary. `settings.hidden`,
    /// `settings.symbols` and `settings.initialization` have no effect.
    ///
    /// # Errors
    /// As [`Training::new`]; and [`TextError::Unknown`](crate::TextError::Unknown) where the text has characters that the
    /// vocabulary lacks.
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

    /// Goes on with a run: `model` is its last state, `best` its best model.
    ///
    /// # Errors
    /// [`TrainingError::OtherText`] where the model was trained on another text, and as [`Training::new`].
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

    /// As [`Training::resume`], with a text that need not be in memory. It must be opened with the settings of the model.
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
        for Model { settings, state, .. } in [&model, &best] {
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
        let mut chunk = zeros(model.settings.sequence_length.saturating_add(1))?;
        chunk.clear();
        Ok(Training {
            corpus,
            order,
            best,
            observed: None,
            position: 0,
            read_before: 0,
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
        let Settings { sequence_length: T, batch_size: B, .. } = model.settings;
        let shape = model.state.rnn.shape();
        Ok(Batch::new(shape, T, B, threads)?.at(level))
    }

    /// Goes on at `level` and on up to `threads` threads. Neither changes what is learned.
    ///
    /// # Errors
    /// [`TrainingError::Shape`] where the memory for it cannot be had.
    pub fn on(self, level: Level, threads: usize) -> Result<Self, TrainingError> {
        Ok(Training {
            batch: Self::batch(&self.model, level, threads)?,
            validator: self.validator.map(|validator| validator.at(level)),
            observed: None,
            ..self
        })
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
pub(super) fn claim_memory(
    shape: Shape,
    settings: &Settings,
    models: usize,
) -> Result<(), ShapeError> {
    let parameters = shape.entries().saturating_mul(models);
    // Of each step h_t, dL/da_t and g_t, and the same packed.
    let rows = settings.sequence_length.saturating_mul(settings.batch_size);
    let row = (4 * shape.m()).saturating_add(2 * shape.K());
    let numbers = parameters.saturating_add(rows.saturating_mul(row));
    let bytes = numbers.saturating_mul(size_of::<f64>());
    let mut claim: Vec<u8> = Vec::new();
    (claim.try_reserve_exact(bytes)).map_err(|_| ShapeError::NoMemory { bytes })
}
