//! What a report tells of a run: plain data, in no language.

use super::command;
use super::gradients::{self, Check};
use super::samples::{self, Samples};
use super::speed::{self, Speed};
use super::visible;
use crate::cli::charts::curve::Curve;
use crate::cli::charts::loss_chart::Title;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::{self, LOSSES};
use crate::cli::run::loss_log;
use crate::cli::run::report_log::Report;
use crate::cli::terminal::progress::Progress;
use elman::inference::{Sampling, Synthesizer};
use elman::internals::intervals::Intervals;
use elman::text::Source;
use elman::text::Vocabulary;
use elman::{Model, Order, Plan, Settings, Shape, Validation};
use std::path::Path;

/// Characters of the passage that are shown at most.
const LONGEST_PASSAGE: usize = 10_000;

/// What can be chosen.
pub struct Wishes {
    /// How long to measure the speed; 0 leaves it out.
    pub seconds: f64,
    /// Hidden units whose gradients are checked, where somebody has chosen.
    pub check_hidden: Option<usize>,
}

/// All of it.
pub struct Facts {
    pub settings: Settings,
    pub plan: Plan,
    pub vocabulary: Vocabulary,
    pub shape: Shape,
    pub source: Option<Source>,
    pub updates: u64,
    pub epoch: u64,
    /// Of the parameters after the last update.
    pub digest: u64,
    pub check: Check,
    pub losses: Losses,
    pub samples: Samples,
    pub best: Best,
    /// None where nobody wants to know; else what was measured, or why it could not be.
    pub speed: Option<Result<Speed, String>>,
    /// What repeats the run.
    pub command: Vec<String>,
}

/// The rows of loss.csv, thinned to what a chart shows.
pub struct Losses {
    pub title: Title,
    pub curve: Curve,
    pub updates_per_epoch: u64,
}

/// The best model, and what it writes.
pub struct Best {
    pub updates: u64,
    pub smooth_loss: Option<f64>,
    pub validation: Option<[f64; 2]>,
    /// The passage that `train` prints, its first `length` characters.
    pub passage: String,
    pub length: usize,
    /// As many that it writes from the hidden state that it carries, where the training carries one through the text.
    pub carried: Option<String>,
}

impl Facts {
    /// Whether the run has made all of its updates.
    pub fn is_finished(&self) -> bool {
        self.updates >= self.plan.iterations
    }

    /// Reads the folder of a run, checks gradients, and measures.
    pub fn gather(
        folder: &Path,
        wishes: &Wishes,
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
        let check = gradients::check(&best, &carried, wishes.check_hidden)?;
        let speed = (wishes.seconds > 0.0).then(|| {
            progress.say("measuring the speed");
            speed::measure(&best, &carried, wishes.seconds).map_err(|error| error.to_string())
        });
        let decoded = |indices: &[usize]| visible::decoded(&model.vocabulary, indices);
        let carries = model.settings.order == Order::Text && !model.settings.documents;
        let (smooth_loss, validation) = best_losses(&model, &best, &samples);
        let from = samples.are_of_another_model;
        Ok(Facts {
            settings: model.settings,
            plan,
            shape: model.state.rnn.shape(),
            source: model.source,
            updates: model.state.updates,
            epoch: model.state.epoch,
            digest: model.state.rnn.parameters.digest(),
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
            command: command::of(&model, &plan, from),
            vocabulary: model.vocabulary,
        })
    }
}

/// What the best model writes after the character that its text begins with: from h = 0, the passage of `train`.
fn written(best: &Model, h0: &[f64], count: usize) -> Vec<usize> {
    let synthesizer = Synthesizer::of(best, h0, Sampling::default());
    let characters = synthesizer.passage(best.start(), best.settings.seed);
    characters.take(count).collect()
}

/// The losses with which the best model won: those of the last state, unless it won after it. Then the report of the
/// end may tell; of a run that was stopped in a save, or that is in one, nothing does.
fn best_losses(model: &Model, best: &Model, samples: &Samples) -> (Option<f64>, Option<[f64; 2]>) {
    let (state, won) = (&model.state, best.state.updates);
    if won < state.updates {
        let validation = (state.best_validation)
            .map(|nats| Validation::of(nats, &model.settings))
            .map(|validation| [validation.loss, validation.bits]);
        return (state.best_smooth_loss, validation);
    }
    let told = samples.shown.last().map(|report| report.observation);
    let told = told.filter(|last| last.iteration == won);
    told.map_or((None, None), |last| {
        let validation = last.validation_loss.zip(last.validation_bits);
        (Some(last.smooth_loss), validation.map(<[f64; 2]>::from))
    })
}

/// The rows, and what the last report says of the state, which has no row.
fn losses(
    folder: &Path,
    model: &Model,
    plan: &Plan,
    last: Option<&Report>,
) -> Result<Losses, Failure> {
    let (settings, updates) = (&model.settings, model.state.updates);
    let mut curve = Curve::new();
    // The update that the last epoch of all rows was seen first at, and that epoch.
    let (mut first, mut epoch) = (plan.iterations.max(1), 0);
    let path = folder.join(LOSSES);
    let intervals = Intervals::new(settings, plan);
    // What comes after the state is of a run that was stopped, or that is at work.
    let read = loss_log::read_before(&path, &intervals, updates, |row| {
        curve.add(row);
        if row.epoch > epoch {
            (first, epoch) = (row.iteration, row.epoch);
        }
    });
    read.map_err(|error| Failure::at(path.display(), error))?;
    let last = last.map(|report| report.observation);
    if let Some(last) = last.filter(|last| last.iteration == updates && updates > 0) {
        curve.add(&last);
    }
    Ok(Losses {
        title: Title {
            text: String::new(),
            hidden: settings.hidden,
            sequence_length: settings.sequence_length,
            is_mean: settings.loss == elman::Loss::Mean,
        },
        curve,
        // To within the updates from row to row.
        updates_per_epoch: match epoch {
            0 => u64::MAX,
            epochs => (first / epochs).max(1),
        },
    })
}
