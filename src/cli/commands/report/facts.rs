//! The facts about a run, in no language.

use super::command;
use super::gradients::{self, Check};
use super::samples::{self, Samples};
use super::speed::{self, Speed};
use super::visible;
use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::{self, LOSSES};
use crate::cli::run::loss_log;
use crate::cli::run::report_log::Report;
use crate::cli::terminal::progress::Progress;
use elman::inference::{Sampling, Synthesizer};
use elman::internals::intervals::Intervals;
use elman::{Model, Order, Plan, Validation};
use std::path::Path;

/// Characters of the passage that are shown at most.
const LONGEST_PASSAGE: usize = 10_000;

/// What is measured beside what the run's folder holds.
pub struct Measurements {
    /// How long to measure the speed; 0 leaves it out.
    pub seconds: f64,
    /// Hidden units whose gradients are checked; none: as many as take less than a minute.
    pub check_hidden: Option<usize>,
}

/// Everything that a report says.
pub struct Facts {
    /// The last state of the run.
    pub model: Model,
    pub plan: Plan,
    pub check: Check,
    /// The rows of loss.csv, thinned to what a chart shows.
    pub losses: Curve,
    pub samples: Samples,
    pub best: Best,
    /// The speed, or why it could not be measured; none where it was not asked for.
    pub speed: Option<Result<Speed, String>>,
    /// The command that repeats the run.
    pub command: Vec<String>,
}

/// The best model, and what it writes.
pub struct Best {
    pub updates: u64,
    pub smooth_loss: Option<f64>,
    pub validation: Option<[f64; 2]>,
    /// The passage that `train` prints, its first `length` characters.
    pub passage: String,
    pub length: usize,
    /// As many characters, written from the hidden state that the model carries; none where training does not carry
    /// one through the whole text.
    pub carried: Option<String>,
}

impl Facts {
    /// Whether the run has made all of its updates.
    pub fn is_finished(&self) -> bool {
        self.model.state.updates >= self.plan.iterations
    }

    /// Reads the folder of a run, checks gradients, and measures.
    pub fn gather(
        folder: &Path,
        measurements: &Measurements,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        let (model, plan, best) = folder::read(folder)?;
        let samples = samples::read(folder, &model, &plan)?;
        let losses = losses(folder, &model, &plan, samples.shown.last())?;
        let length = plan.passage_length.min(LONGEST_PASSAGE);
        let zeros = vec![0.0; best.state.rnn.shape().m()];
        let passage = written(&best, &zeros, length);
        let carried = &best.state.h[..zeros.len()];
        let carried = written(&best, carried, length.max(gradients::CHARACTERS));
        progress.say("checking gradients");
        let check = gradients::check(&best, &carried, measurements.check_hidden)?;
        let speed = (measurements.seconds > 0.0).then(|| {
            progress.say("measuring the speed");
            speed::measure(&best, &carried, measurements.seconds).map_err(|error| error.to_string())
        });
        let decoded = |indices: &[usize]| visible::decoded(&model.vocabulary, indices);
        let carries = model.settings.order == Order::Text && !model.settings.documents;
        let (smooth_loss, validation) = best_losses(&model, &best, &samples);
        Ok(Facts {
            check,
            losses,
            best: Best {
                updates: best.state.updates,
                smooth_loss,
                validation,
                passage: decoded(&passage),
                length,
                carried: carries.then(|| decoded(&carried[..length])),
            },
            samples,
            speed,
            command: command::of(&model, &plan),
            model,
            plan,
        })
    }
}

/// The indices that a model writes after the first character of its text; from h = 0 they are the final passage of
/// `train`.
fn written(best: &Model, h0: &[f64], count: usize) -> Vec<usize> {
    let synthesizer = Synthesizer::of(best, h0, Sampling::default());
    let characters = synthesizer.passage(best.start(), best.settings.seed);
    characters.take(count).collect()
}

/// The smooth loss and the validation loss of the best model. They stand in the last state, unless the best model is
/// newer. Then they stand in the report of the end; a run that was stopped while it saved has none.
fn best_losses(model: &Model, best: &Model, samples: &Samples) -> (Option<f64>, Option<[f64; 2]>) {
    let (state, won) = (&model.state, best.state.updates);
    if won < state.updates {
        let validation = (state.best_validation)
            .map(|nats| Validation::of(nats, &model.settings))
            .map(|validation| [validation.loss, validation.bits]);
        return (state.best_smooth_loss, validation);
    }
    match samples.shown.last().map(|report| report.observation) {
        Some(last) if last.iteration == won => {
            let validation = last.validation_loss.zip(last.validation_bits);
            (Some(last.smooth_loss), validation.map(<[f64; 2]>::from))
        }
        _ => (None, None),
    }
}

/// The rows of loss.csv, and the last report, which has no row; the updates of an epoch, to within the updates from row
/// to row.
fn losses(
    folder: &Path,
    model: &Model,
    plan: &Plan,
    last: Option<&Report>,
) -> Result<Curve, Failure> {
    let updates = model.state.updates;
    let mut curve = Curve::new();
    let path = folder.join(LOSSES);
    let intervals = Intervals::new(&model.settings, plan);
    // Rows after the state belong to a run that was stopped, or that is running.
    let read = loss_log::read_before(&path, &intervals, updates, |row| curve.add(row));
    read.map_err(|error| Failure::at(path.display(), error))?;
    let last = last.map(|report| report.observation);
    if let Some(last) = last.filter(|last| last.iteration == updates && updates > 0) {
        curve.add(&last);
    }
    Ok(curve)
}
