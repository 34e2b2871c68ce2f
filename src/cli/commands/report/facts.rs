//! The facts about a run, in no language.

use super::command;
use super::gradients::{self, Check};
use super::samples::{self, Samples};
use super::speed::{self, Speed};
use super::visible;
use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::format::in_memory;
use crate::cli::run::folder::{self, LOSSES};
use crate::cli::run::loss_log;
use crate::cli::run::report_log::Report;
use crate::cli::terminal::progress::Progress;
use elman::inference::Writer;
use elman::internals::intervals::Intervals;
use elman::model::InitialState;
use elman::{Model, Plan, Validation};
use std::path::Path;

/// Characters of the passage that are shown at most.
const LONGEST_PASSAGE: usize = 10_000;

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
    pub command: Vec<String>,
}

/// The best model, and what it writes.
pub struct Best {
    pub updates: u64,
    pub smooth_loss: Option<f64>,
    pub validation: [Option<f64>; 2],
    /// The passage that `train` prints, its first `length` characters.
    pub passage: String,
    pub length: usize,
    /// The hidden state that the passage begins with.
    pub initial: InitialState,
}

impl Facts {
    pub fn is_finished(&self) -> bool {
        self.model.state().updates >= self.plan.iterations
    }

    /// Reads the folder of a run, checks the gradients of so many hidden units (of none named: as many as take less than
    /// a minute), and measures the speed for so many seconds (0: not at all).
    pub fn gather(
        folder: &Path,
        check_hidden: Option<usize>,
        seconds: f64,
        progress: &mut Progress,
    ) -> Result<Self, Failure> {
        let (model, plan, best) = folder::read(folder)?;
        let samples = samples::read(folder, &model, &plan)?;
        let losses = losses(folder, &model, &plan, &samples)?;
        let length = in_memory(plan.passage_length).min(LONGEST_PASSAGE);
        let passage = Writer::new(&best).map_err(|error| Failure::Failed(error.to_string()))?;
        let written = passage.indices().take(length.max(gradients::CHARACTERS));
        let written: Vec<usize> = written.collect();
        progress.say("checking gradients");
        let check = gradients::check(&best, &written, check_hidden)?;
        let speed = (seconds > 0.0).then(|| {
            progress.say("measuring the speed");
            speed::measure(&best, &written, seconds).map_err(|error| error.to_string())
        });
        let (smooth_loss, validation) = best_losses(&model, &best, &samples);
        Ok(Facts {
            check,
            losses,
            best: Best {
                updates: best.state().updates,
                smooth_loss,
                validation,
                passage: visible::decoded(model.vocabulary(), &written[..length]),
                length,
                initial: best.initial_state(),
            },
            samples,
            speed,
            command: command::of(&model, &plan),
            model,
            plan,
        })
    }
}

/// The smooth loss and the validation loss of the best model. They stand in the last state, unless the best model is
/// newer. Then they stand in the report of the end; a run that was stopped while it saved has none.
fn best_losses(model: &Model, best: &Model, samples: &Samples) -> (Option<f64>, [Option<f64>; 2]) {
    let (state, won) = (model.state(), best.state().updates);
    if won < state.updates {
        let best = state.best_validation.map(|nats| Validation::of(nats, model.settings()));
        return (state.best_smooth_loss, [best.map(|best| best.loss), best.map(|best| best.bits)]);
    }
    match samples.shown.last().map(|report| report.observation) {
        Some(last) if last.iteration == won => {
            (Some(last.smooth_loss), [last.validation_loss, last.validation_bits])
        }
        _ => (None, [None; 2]),
    }
}

/// The rows of loss.csv, and the last report, which has no row.
fn losses(folder: &Path, model: &Model, plan: &Plan, samples: &Samples) -> Result<Curve, Failure> {
    let updates = model.state().updates;
    let mut curve = Curve::new();
    let path = folder.join(LOSSES);
    let intervals = Intervals::new(model.settings(), plan);
    // Rows after the state belong to a run that was stopped, or that is running.
    let read = loss_log::read_before(&path, &intervals, updates, |row| curve.add(row));
    read.map_err(|error| Failure::at(path.display(), error))?;
    if let Some(Report { observation, .. }) = samples.shown.last()
        && observation.iteration == updates
        && updates > 0
    {
        curve.add(observation);
    }
    Ok(curve)
}
