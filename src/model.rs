//! What a training run consists of: settings, vocabulary, where it stands.

use crate::network::parameters::{Parameters, Shape, ShapeError, zeros};
use crate::network::rnn::Rnn;
use crate::settings::Settings;
use crate::text::corpus::Source;
use crate::text::vocabulary::Vocabulary;

/// Where a run stands: all that updates change.
#[derive(Clone, Debug, PartialEq)]
pub struct State {
    /// The network.
    pub rnn: Rnn,
    /// What the optimizer remembers of every parameter: see [`Optimizer::state_parts`](crate::Optimizer::state_parts).
    pub optimizer_state: Vec<Parameters>,
    /// The hidden state that each sequence of the batch carries to the next update, B x m.
    pub h: Vec<f64>,
    /// Updates made.
    pub updates: u64,
    /// The number of times that the text has begun anew.
    pub epoch: u64,
    /// The number of characters that each sequence has read in this epoch. In text order the next update begins at this
    /// index of each sequence's part. A new epoch begins at index 0.
    pub position: usize,
    /// The smooth loss in the unit of [`Settings::loss_characters`]; `None` before the first update.
    pub smooth_loss: Option<f64>,
    /// The smooth loss of the best model so far. Without validation, the best model is the one with the lowest.
    pub best_smooth_loss: Option<f64>,
    /// The validation loss of the best model so far, in nats per character; `None` without validation, or while
    /// there is no best model.
    pub best_validation: Option<f64>,
}

impl State {
    /// The state before the first update.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub fn untrained(shape: Shape, settings: &Settings) -> Result<Self, ShapeError> {
        let rnn = Rnn::drawn(shape, settings.deviations(shape), settings.seed)?;
        State::first(rnn, settings)
    }

    /// The state before the first update of a network whose parameters are given.
    ///
    /// # Errors
    /// [`ShapeError`] if it cannot be allocated.
    pub fn first(rnn: Rnn, settings: &Settings) -> Result<Self, ShapeError> {
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

    /// Takes over another state of the same shape, without allocating.
    ///
    /// # Panics
    /// If the shapes or the optimizers differ.
    pub fn copy_from(&mut self, other: &State) {
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

/// When a run ends, what it reports and logs, and how often it is saved.
///
/// It does not change what is learned. With validation, it decides after which updates a model can become the best.
/// Each field has a row in [`PLAN`]: the command line, model files, the check at `--resume`, `show` and reports
/// iterate over the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// The updates of the run.
    pub iterations: u64,
    /// Updates from report to report.
    pub report_every: u64,
    /// Characters of a report's sample.
    pub report_length: usize,
    /// Characters of the final passage.
    pub passage_length: usize,
    /// Updates from row to row of loss.csv.
    pub log_every: u64,
    /// Updates from save to save.
    pub save_every: u64,
    /// Updates from validation to validation, beside those of the reports.
    pub validate_every: Option<u64>,
}

impl Default for Plan {
    /// The assignment's numbers: 100,000 updates with a report every 10,000.
    fn default() -> Self {
        Plan {
            iterations: 100_000,
            report_every: 10_000,
            report_length: 200,
            passage_length: 1000,
            log_every: 100,
            save_every: 10_000,
            validate_every: None,
        }
    }
}

/// A row of [`PLAN`]: one number of a plan.
pub struct PlanRow {
    /// The option of the program, without its dashes.
    pub option: &'static str,
    /// Its key in model files and JSON.
    pub key: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The least that it may be.
    pub least: u64,
    /// Whether `--help` explains it; `elman help` explains all.
    pub is_usual: bool,
    /// Whether it may change when a run is resumed.
    pub may_change_on_resume: bool,
    /// Reads it; `None` if it was not given.
    pub get: fn(&Plan) -> Option<u64>,
    /// Sets it.
    pub set: fn(&mut Plan, u64),
}

/// Defaults for the rows below.
const ROW: PlanRow = PlanRow {
    option: "",
    key: "",
    help: "",
    least: 1,
    is_usual: false,
    may_change_on_resume: false,
    get: |_| None,
    set: |_, _| (),
};

/// All numbers of a plan.
pub const PLAN: &[PlanRow] = &[
    PlanRow {
        option: "iterations",
        key: "iterations",
        help: "number of updates",
        least: 0,
        is_usual: true,
        may_change_on_resume: true,
        get: |plan| Some(plan.iterations),
        set: |plan, count| plan.iterations = count,
    },
    PlanRow {
        option: "report-every",
        key: "report_every",
        help: "updates between reports",
        get: |plan| Some(plan.report_every),
        set: |plan, count| plan.report_every = count,
        ..ROW
    },
    PlanRow {
        option: "report-length",
        key: "report_length",
        help: "characters in a report's sample",
        least: 0,
        get: |plan| Some(plan.report_length as u64),
        set: |plan, count| plan.report_length = length(count),
        ..ROW
    },
    PlanRow {
        option: "passage-length",
        key: "passage_length",
        help: "characters in the final passage",
        least: 0,
        get: |plan| Some(plan.passage_length as u64),
        set: |plan, count| plan.passage_length = length(count),
        ..ROW
    },
    PlanRow {
        option: "log-every",
        key: "log_every",
        help: "updates between rows of loss.csv",
        get: |plan| Some(plan.log_every),
        set: |plan, count| plan.log_every = count,
        ..ROW
    },
    PlanRow {
        option: "validate-every",
        key: "validate_every",
        help: "validate every N updates too, not only at reports",
        get: |plan| plan.validate_every,
        set: |plan, count| plan.validate_every = Some(count),
        ..ROW
    },
    PlanRow {
        option: "save-every",
        key: "save_every",
        help: "updates between saves; a save is also made every minute and at the end",
        may_change_on_resume: true,
        get: |plan| Some(plan.save_every),
        set: |plan, count| plan.save_every = count,
        ..ROW
    },
];

/// A length, at most the largest of this machine.
fn length(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// A network with everything that belongs to it: the content of a model file.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// How it is trained.
    pub settings: Settings,
    /// Its characters.
    pub vocabulary: Vocabulary,
    /// The text it is trained on; `None` if its parameters were imported.
    pub source: Option<Source>,
    /// Where its training stands.
    pub state: State,
    /// What was recorded when its training began.
    pub record: Record,
}

/// What is recorded when a training begins, because nothing else in a model file tells it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// The [digest](Parameters::digest) of the initial parameters where they come from another model; `None` where they
    /// were drawn at random.
    pub begun_from: Option<u64>,
    /// The number of updates in an epoch; `None` in files of the first versions.
    pub updates_per_epoch: Option<u64>,
}

impl Model {
    /// The index of the character after which generated texts begin: the first character of its text (with documents,
    /// the newline before the first), or of the vocabulary if it has no text.
    pub fn start(&self) -> usize {
        self.source.map_or(0, |source| source.start)
    }

    /// The index of the newline between documents, if it was trained on documents.
    pub fn newline(&self) -> Option<usize> {
        (self.settings.documents).then(|| self.vocabulary.index('\n')).flatten()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::names::twice;
    use crate::settings::{PRESETS, TABLE, count, setting};

    #[test]
    fn every_option_and_every_key_is_that_of_one_row() {
        let options = TABLE.iter().map(|row| row.option).chain(PLAN.iter().map(|row| row.option));
        assert_eq!(twice(options), None);
        let former = TABLE.iter().map(|row| row.former).filter(|name| !name.is_empty());
        let keys = TABLE.iter().map(|row| row.key).chain(PLAN.iter().map(|row| row.key));
        assert_eq!(twice(keys.chain(former)), None);
    }

    #[test]
    fn a_row_of_the_plan_sets_what_it_gets() {
        let default = Plan::default();
        for row in PLAN {
            let mut plan = default;
            let count = (row.get)(&plan).unwrap_or(row.least);
            assert!(count >= row.least, "{}", row.option);
            (row.set)(&mut plan, count + 1);
            assert_eq!((row.get)(&plan), Some(count + 1), "{}", row.option);
            (row.set)(&mut plan, count);
            assert!(plan == default || row.option == "validate-every", "{}", row.option);
        }
    }

    #[test]
    fn the_values_of_presets_are_understood() {
        for preset in PRESETS {
            assert_eq!(twice(preset.options.iter().map(|(option, _)| *option)), None);
            assert_eq!(preset.settings().check(), Ok(()), "{}", preset.name);
            for (option, value) in
                preset.options.iter().filter(|(option, _)| setting(option).is_none())
            {
                let row = PLAN.iter().find(|row| row.option == *option).expect(option);
                assert!(count(value).unwrap() >= row.least, "{option}");
            }
        }
        assert_eq!(PRESETS[0].settings(), Settings::default());
    }

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
}
