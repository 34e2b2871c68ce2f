//! The training loop, one update at a time.

use crate::inference::writer::report_sample;
use crate::model::{InitialState, Model, State};
use crate::settings::{Loss, Settings};
use crate::text::corpus::Corpus;
use crate::training::batch::Batch;
use crate::training::error::TrainingError;
use crate::training::intervals::competes_by_smooth_loss;
use crate::training::observation::Observation;
use crate::training::order::{TextOrder, UpdateSource};
use crate::training::validation::{Validation, Validator};
use std::fmt;

/// The training of a network on one text, one update at a time or in one call ([`Training::fit`]).
///
/// n is the number of updates made, and chunk n is the text that update n reads. [`Training::observe`] computes the
/// loss of chunk n with the present parameters. It does not change what is learned. [`Training::update`] makes update
/// n.
///
/// A chunk has T characters of every sequence of the batch. [`Order`](crate::Order) says where each update reads. With
/// documents a chunk ends where its document ends, so it may be shorter, and every document begins with h = 0.
///
/// No update reads the held-out text ([`Settings::validation`]). [`Training::validate`] computes its loss, and the best
/// model is the one with the lowest such loss. Without held-out text the best model is the one with the lowest smooth
/// loss; every [`BEST_EVERY`](crate::training::BEST_EVERY) updates the parameters are a candidate.
pub struct Training {
    pub(super) corpus: Corpus,
    pub(super) order: TextOrder,
    pub(super) model: Model,
    pub(super) best: Model,
    /// The last observation; `None` after the update that follows it.
    pub(super) observed: Option<Observation>,
    /// The index in the text of the first character of the observed chunk, in the first sequence.
    pub(super) position: u64,
    /// The number of characters that every sequence has read in its epoch before the observed chunk.
    pub(super) read_before: u64,
    /// The hidden states before the observed chunk, B x m.
    pub(super) h0: Vec<f64>,
    /// The observed chunk of the first sequence, and the character after it.
    pub(super) chunk: Vec<usize>,
    pub(super) batch: Batch,
    /// Present if text is held out.
    pub(super) validator: Option<Validator>,
    /// The validation loss of the current parameters, if it is computed.
    pub(super) validation: Option<Validation>,
    /// Whether the current parameters are a candidate for the best model by their validation loss.
    pub(super) competes: bool,
}

impl fmt::Debug for Training {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training")
            .field("model", &self.model)
            .field("corpus", &self.corpus)
            .finish_non_exhaustive()
    }
}

impl Training {
    /// The model after the updates made so far.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The text that it trains on.
    pub fn corpus(&self) -> &Corpus {
        &self.corpus
    }

    /// The inputs and the targets, T indices each, of the last observed chunk, in the first sequence. Both are empty
    /// before the first observation.
    pub fn chunk(&self) -> (&[usize], &[usize]) {
        let steps = self.chunk.len().saturating_sub(1);
        let targets = self.chunk.get(1..).unwrap_or_default();
        (&self.chunk[..steps], targets)
    }

    /// The index in the text of the first character of [`Training::chunk`].
    pub fn position(&self) -> u64 {
        self.position
    }

    /// The hidden state before the first character of [`Training::chunk`], m long.
    pub fn h0(&self) -> &[f64] {
        &self.h0[..self.model.state.rnn.shape().m()]
    }

    /// The number of updates in an epoch.
    pub fn updates_per_epoch(&self) -> u64 {
        self.order.updates_per_epoch()
    }

    /// Whether the current parameters are the best so far: a candidate with the lowest loss.
    fn is_best(&self) -> bool {
        let State { updates, best_validation, best_smooth_loss, .. } = self.model.state;
        let below = |best: Option<f64>, loss| best.is_none_or(|best| loss < best);
        if self.validator.is_some() {
            let competing = self.validation.filter(|_| self.competes);
            competing.is_some_and(|validation| below(best_validation, validation.nats))
        } else {
            let competing = self.observed.filter(|_| competes_by_smooth_loss(updates));
            competing.is_some_and(|observed| below(best_smooth_loss, observed.smooth_loss))
        }
    }

    /// The smooth loss of [`Training::best`]. If that model was made by n updates, its smooth loss includes the loss of
    /// chunk n. `None` before the first candidate for the best model.
    pub fn best_smooth_loss(&self) -> Option<f64> {
        match self.observed {
            Some(observed) if self.is_best() => Some(observed.smooth_loss),
            _ => self.model.state.best_smooth_loss,
        }
    }

    /// The validation loss of [`Training::best`]. `None` without held-out text, and before the first
    /// [`Training::validate`].
    pub fn best_validation(&self) -> Option<Validation> {
        if self.is_best() {
            self.validation
        } else {
            (self.model.state.best_validation)
                .map(|nats| Validation::of(nats, &self.model.settings))
        }
    }

    /// The best model so far.
    ///
    /// Without held-out text it is the one with the lowest smooth loss after 0, 100, 200, ... updates; the current
    /// parameters count once they are [observed](Training::observe). With held-out text it is the one with the lowest
    /// loss that [`Training::validate`] computed, and the untrained model before the first. Of two equal losses the
    /// earlier model wins.
    pub fn best(&self) -> &Model {
        if self.is_best() { &self.model } else { &self.best }
    }

    /// Computes the loss of the held-out text with the current parameters, and makes them a candidate for the best
    /// model. It does not change what is learned. Observes first if that has not been done.
    ///
    /// # Errors
    /// [`TrainingError::NothingHeldOut`] if [`Settings::validation`] is 0, [`TrainingError::NotFinite`] if the loss is NaN
    /// or infinite, and the same as [`Training::observe`].
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
        let validation = self.validation_loss()?;
        self.competes = true;
        Ok(validation)
    }

    /// Computes the loss of the held-out text with the current parameters, without making them a candidate for the best
    /// model. Observes first if that has not been done.
    ///
    /// # Errors
    /// The same as [`Training::validate`].
    pub fn validation_loss(&mut self) -> Result<Validation, TrainingError> {
        if let Some(validation) = self.validation {
            return Ok(validation);
        }
        self.observe()?;
        let Training { model, validator, corpus, h0, .. } = self;
        let validator = validator.as_mut().ok_or(TrainingError::NothingHeldOut)?;
        let state = &model.state;
        let carries = model.initial_state() == InitialState::Carried;
        let h0 = carries.then_some(&h0[..state.rnn.shape().m()]);
        let nats = validator.nats(&state.rnn, corpus, model.newline(), h0)?;
        let validation = Validation::of(nats, &model.settings);
        if !(nats.is_finite() && validation.loss.is_finite() && validation.bits.is_finite()) {
            let (iteration, loss) = (state.updates, validation.loss);
            return Err(TrainingError::NotFinite { is_validation: true, iteration, loss });
        }
        self.validation = Some(validation);
        Ok(validation)
    }

    /// Runs the forward and the backward pass over chunk n, if that has not been done. Returns the losses before update
    /// n: the loss of chunk n, and the validation loss if [`Training::validate`] has computed it for the present
    /// parameters. It does not change what is learned.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] if the loss is NaN or infinite. [`TrainingError::Text`] if the text cannot be read
    /// any more.
    pub fn observe(&mut self) -> Result<Observation, TrainingError> {
        let observed = match self.observed {
            Some(observed) => observed,
            None => self.observe_chunk()?,
        };
        self.observed = Some(observed);
        Ok(Observation {
            validation_loss: self.validation.map(|validation| validation.loss),
            validation_bits: self.validation.map(|validation| validation.bits),
            ..observed
        })
    }

    fn observe_chunk(&mut self) -> Result<Observation, TrainingError> {
        let Settings { sequence_length: T, loss: kind, .. } = self.model.settings;
        let source = self.order.next_source(&self.model.state);
        let steps = self.read(&source)?;
        let state = &mut self.model.state;
        let iteration = state.updates;
        let finite = |loss: f64| {
            let error = TrainingError::NotFinite { is_validation: false, iteration, loss };
            loss.is_finite().then_some(loss).ok_or(error)
        };
        let sum = self.batch.forward_backward(&mut state.rnn);
        let loss = finite(match kind {
            Loss::Sum => sum,
            Loss::Mean => sum / steps as f64,
        })?;
        // A shorter sum is scaled up to T characters.
        let whole = match kind {
            Loss::Sum if steps < T => loss * T as f64 / steps as f64,
            _ => loss,
        };
        let smooth_loss = finite(match state.smooth_loss {
            None => whole,
            Some(smooth) => 0.999 * smooth + 0.001 * whole,
        })?;
        self.read_before = source.position;
        Ok(Observation {
            iteration,
            epoch: source.epoch,
            loss,
            smooth_loss,
            ..Observation::UNKNOWN
        })
    }

    /// Gives the sequences their chunks and the hidden states before these. Returns the length of the chunks.
    fn read(&mut self, source: &UpdateSource) -> Result<usize, TrainingError> {
        let m = self.model.state.rnn.shape().m();
        self.h0.copy_from_slice(&self.model.state.h);
        let states = self.h0.chunks_exact_mut(m);
        for (sequence, (place, h0)) in self.order.positions(source).zip(states).enumerate() {
            let characters = self.corpus.chunk(sequence, place)?;
            let begins_document = self.model.newline() == Some(characters[0]);
            if source.resets || begins_document {
                h0.fill(0.0);
            }
            let steps = characters.len() - 1;
            if sequence == 0 {
                self.position = place;
                self.chunk.clear();
                self.chunk.extend_from_slice(characters);
                self.batch.resize(steps);
            }
            (self.batch).begin(sequence, &characters[..steps], &characters[1..], h0);
        }
        Ok(self.chunk.len() - 1)
    }

    /// Makes update n: sums the gradient over the steps, clips it and makes the optimizer's step. Observes first if
    /// that has not been done. Returns the losses before the update.
    ///
    /// # Errors
    /// The same as [`Training::observe`]. After an error nothing has changed.
    pub fn update(&mut self) -> Result<Observation, TrainingError> {
        let observed = self.observe()?;
        let is_best = self.is_best();
        let validation = self.validation.take();
        self.observed = None;
        self.competes = false;
        let rule = self.model.rule();
        let settings = &self.model.settings;
        let state = &mut self.model.state;
        if is_best {
            self.best.state.copy_from(state);
            state.best_smooth_loss = Some(observed.smooth_loss);
            state.best_validation = validation.map(|validation| validation.nats);
        }
        let steps = self.chunk.len() - 1;
        let divisor = match settings.loss {
            Loss::Sum => settings.batch_size,
            Loss::Mean => settings.batch_size.saturating_mul(steps),
        };
        (self.batch).update(&rule, divisor, &mut state.rnn, &mut state.optimizer_state);
        self.batch.copy_last_h(&mut state.h);
        state.updates += 1;
        state.epoch = observed.epoch;
        state.position = self.read_before + steps as u64;
        state.smooth_loss = Some(observed.smooth_loss);
        Ok(observed)
    }

    /// The model after the updates made so far, without copying it.
    pub fn into_model(self) -> Model {
        self.model
    }

    /// The [best model](Training::best) so far, without copying it. Without held-out text it is the untrained model
    /// until 100 updates are made and observed.
    pub fn into_best(self) -> Model {
        if self.is_best() { self.model } else { self.best }
    }

    /// Generates the sample of report n: `count` characters after the first character of chunk n, from the hidden state
    /// before chunk n.
    ///
    /// # Errors
    /// The same as [`Training::observe`].
    pub fn sample(&mut self, count: usize) -> Result<String, TrainingError> {
        let indices: Vec<usize> = self.sample_characters()?.take(count).collect();
        Ok(self.model.vocabulary.decode(&indices)?)
    }

    /// The same as [`Training::sample`], as an endless iterator over the indices of the characters.
    ///
    /// # Errors
    /// The same as [`Training::observe`].
    pub fn sample_characters(&mut self) -> Result<impl Iterator<Item = usize>, TrainingError> {
        self.observe()?;
        Ok(report_sample(&self.model, self.model.state.updates, self.h0(), self.chunk[0])?)
    }
}

#[cfg(test)]
mod divisors;
#[cfg(test)]
mod tests;
