//! The training loop in one call.

use crate::training::error::TrainingError;
use crate::training::observation::Observation;
use crate::training::training_loop::Training;
use std::ops::ControlFlow;

/// How long [`Training::fit`] trains, and how often it evaluates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// The largest number of updates that one call makes. The default is 10,000.
    pub updates: u64,
    /// The number of updates between two evaluations. An evaluation happens when the number of updates made is a
    /// multiple of it, and after the last update. With 0 there is only the last one. The default is 500.
    pub evaluate_every: u64,
    /// Early stopping: training stops after this many evaluations in a row without a lower loss. 0 means the same as 1.
    /// The default is `None`: no early stopping.
    pub patience: Option<u64>,
}

impl Default for Fit {
    /// 10,000 updates, an evaluation every 500, no early stopping.
    fn default() -> Self {
        Fit { updates: 10_000, evaluate_every: 500, patience: None }
    }
}

/// Why [`Training::fit`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// It made all updates.
    Finished,
    /// The loss has not become lower for [`Fit::patience`] evaluations.
    OutOfPatience,
    /// The callback returned `ControlFlow::Break`.
    Stopped,
}

impl Training {
    /// Trains the network: makes updates, evaluates now and then, and keeps the best model.
    ///
    /// An evaluation [observes](Training::observe) and, if text is held out, [validates](Training::validate). Then it
    /// calls `callback` with the training and the observation. `ControlFlow::Break(())` stops the training; a callback
    /// can stop it at an evaluation only. Early stopping compares the validation loss or, if no text is held out, the
    /// smooth loss.
    ///
    /// The next call continues the training. Each call counts its evaluations for early stopping anew. It may begin
    /// with an evaluation of the same parameters that the call before ended with.
    ///
    /// The evaluations do not change what is learned.
    ///
    /// ```
    /// use elman::training::{Ending, Fit};
    /// use elman::{Settings, Training};
    /// use std::ops::ControlFlow;
    ///
    /// let settings = Settings { hidden: 20, validation: 0.1, ..Settings::default() };
    /// let mut training = Training::new(elman::STORY, settings)?;
    /// let fit = Fit { updates: 3000, evaluate_every: 250, patience: Some(3) };
    /// let ending = training.fit(fit, |_, seen| {
    ///     println!("{seen}");
    ///     // One could save the model here, or stop when time is up.
    ///     ControlFlow::Continue(())
    /// })?;
    /// assert_ne!(ending, Ending::Stopped);
    /// let best = training.into_best();
    /// assert!(best.state().updates > 0);
    /// # Ok::<(), elman::TrainingError>(())
    /// ```
    ///
    /// # Errors
    /// The same as [`Training::update`]. After an error the training is in the state before the failed update.
    pub fn fit(
        &mut self,
        fit: Fit,
        mut callback: impl FnMut(&Training, &Observation) -> ControlFlow<()>,
    ) -> Result<Ending, TrainingError> {
        let end = self.model.state.updates.saturating_add(fit.updates);
        let mut patience = Patience::new(fit.patience);
        loop {
            let n = self.model.state.updates;
            let is_due = n == end || fit.evaluate_every > 0 && n % fit.evaluate_every == 0;
            if is_due {
                let observed = self.evaluate()?;
                if callback(self, &observed).is_break() {
                    return Ok(Ending::Stopped);
                }
                if n == end {
                    return Ok(Ending::Finished);
                }
                if patience.is_out(observed.validation_loss.unwrap_or(observed.smooth_loss)) {
                    return Ok(Ending::OutOfPatience);
                }
            }
            self.update()?;
        }
    }

    fn evaluate(&mut self) -> Result<Observation, TrainingError> {
        if self.validator.is_some() {
            self.validate()?;
        }
        self.observe()
    }
}

/// Counts the evaluations since the lowest loss.
struct Patience {
    most: Option<u64>,
    lowest: f64,
    since: u64,
}

impl Patience {
    fn new(most: Option<u64>) -> Self {
        Patience { most, lowest: f64::INFINITY, since: 0 }
    }

    /// Takes the loss of an evaluation, and returns whether training stops.
    fn is_out(&mut self, loss: f64) -> bool {
        if loss < self.lowest {
            (self.lowest, self.since) = (loss, 0);
        } else {
            self.since += 1;
        }
        self.most.is_some_and(|most| self.since >= most.max(1))
    }
}
