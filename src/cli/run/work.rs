//! A run at work: it learns, reports and saves.

use crate::cli::charts::curve::Curve;
use crate::cli::charts::loss_chart;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::format::in_memory;
use crate::cli::language::Language;
use crate::cli::run::ending::Ending;
use crate::cli::run::folder::RunFolder;
use crate::cli::run::report_log::{LONGEST_SAMPLE, Report};
use crate::cli::terminal::output::{print, print_characters, print_digest};
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::progress::{Progress, Status};
use crate::cli::terminal::screen;
use crate::cli::terminal::text_curve;
use elman::inference::Writer;
use elman::internals::intervals::Intervals;
use elman::model::{Origin, State};
use elman::{Model, Observation, Parameters, Plan, Training, TrainingError, Validation};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The state is saved this often, however long its updates take.
const SAVE_WITHIN: Duration = Duration::from_secs(60);
/// The chart is drawn anew this often between saves.
pub const REFRESH: Duration = Duration::from_secs(loss_chart::REFRESH_SECONDS);

/// Whether all numbers of a model are finite, so that a file can hold it.
pub fn is_finite(model: &Model) -> bool {
    let State { rnn, optimizer_state: memory, h, .. } = model.state();
    let parts = [rnn.parameters.values(), h].into_iter();
    let mut parts = parts.chain(memory.iter().map(Parameters::values));
    parts.all(|part| part.iter().all(|x| x.is_finite()))
}

/// Which state the folder holds.
#[derive(Clone, Copy, PartialEq)]
pub struct SavedState {
    pub(super) updates: u64,
    pub(super) plan: Plan,
    /// Number of updates that the best model had made.
    pub(super) best: u64,
}

/// A run at work.
pub struct Run {
    pub(super) training: Training,
    pub(super) folder: RunFolder,
    pub(super) plan: Plan,
    pub(super) intervals: Intervals,
    pub(super) progress: Progress,
    pub(super) text_name: String,
    pub(super) curve: Curve,
    /// None before the first save.
    pub(super) saved: Option<SavedState>,
    pub(super) saved_at: Instant,
    pub(super) refresh: Pace,
    /// Whether nothing is printed: the run is one of several, or the reader of standard output has closed it.
    pub(super) is_silent: bool,
    /// The updates made, for a thread that watches the run.
    pub(super) updates_made: Arc<AtomicU64>,
}

/// Characters that an update reads; of documents, which have different lengths, on average.
pub fn characters_per_update(training: &Training) -> usize {
    let settings = training.model().settings();
    if settings.documents {
        (training.corpus().learned() / training.updates_per_epoch().max(1)) as usize
    } else {
        settings.sequence_length.saturating_mul(settings.batch_size)
    }
}

/// What a run ended with.
pub struct Outcome {
    /// What is known after the last update.
    pub last: Observation,
    /// Updates of the best model.
    pub best_iteration: u64,
    /// The smooth loss of the best model.
    pub best_smooth_loss: f64,
    /// The validation loss of the best model, where text is held out.
    pub best_validation: Option<Validation>,
    /// The digest of the parameters after the last update.
    pub digest: u64,
}

impl Run {
    /// Learns to the end, and prints nothing.
    pub fn run_silently(mut self) -> Result<Outcome, Failure> {
        self.is_silent = true;
        let last = self.learn()?;
        Ok(Outcome {
            last,
            best_iteration: self.training.best().state().updates,
            best_smooth_loss: self.training.best_smooth_loss().unwrap_or(f64::NAN),
            best_validation: self.training.best_validation(),
            digest: self.training.model().parameters().digest(),
        })
    }

    /// Learns to the end, and prints reports and what the run ended with.
    pub fn run_and_print(&mut self) -> Result<(), Failure> {
        let learned = self.learn();
        let ended = learned.and_then(|last| self.print_if_read(|run| run.print_end(&last)));
        self.progress.clear();
        ended
    }

    /// Returns what is known after the last update.
    fn learn(&mut self) -> Result<Observation, Failure> {
        self.prepare_folder()?;
        loop {
            let observed = self.observe();
            let observation =
                observed.map_err(|error| self.save_finite(words::of_training(&error)))?;
            let n = observation.iteration;
            let report = self.intervals.reports(n);
            let sample = if report { self.keep_report(&observation)? } else { Vec::new() };
            if self.intervals.saves(n) || self.saved_at.elapsed() >= SAVE_WITHIN {
                self.save()?;
            }
            if report {
                self.print_if_read(|run| run.print_report(&observation, &sample))?;
            }
            if self.intervals.is_end(n) {
                return Ok(observation);
            }
            if self.intervals.logs(n) {
                let logged = self.folder.log(&observation);
                logged.map_err(|failure| self.add_what_is_saved(failure))?;
                self.curve.add(&observation);
            }
            self.show_progress(&observation);
            let updated = self.training.update();
            updated.map_err(|error| self.save_finite(words::of_training(&error)))?;
            self.updates_made.store(n + 1, Relaxed);
        }
    }

    /// Makes the folder ready for more. The new plan is saved first. Until then the old plan expects a report at the old
    /// end, which the cut removes.
    fn prepare_folder(&mut self) -> Result<(), Failure> {
        // A run that has ended changes nothing, so that it may be shown where nothing can be written.
        if self.intervals.is_end(self.training.model().state().updates) {
            return Ok(());
        }
        if self.saved.is_some_and(|saved| saved.plan != self.plan) {
            self.save()?;
        }
        let cut = self.folder.cut();
        cut.map_err(|failure| self.add_what_is_saved(failure))
    }

    /// What is known before the next update, with the validation loss where that is due.
    fn observe(&mut self) -> Result<Observation, TrainingError> {
        let n = self.training.observe()?.iteration;
        if self.intervals.competes(n) {
            self.training.validate()?;
        } else if self.intervals.validates(n) {
            self.training.validation_loss()?;
        }
        self.training.observe()
    }

    /// Adds a report to the folder before it is printed, so that a save during slow printing includes it. Returns the
    /// part of the sample that the folder keeps.
    fn keep_report(&mut self, observation: &Observation) -> Result<Vec<usize>, Failure> {
        let count = in_memory(self.plan.report_length).min(LONGEST_SAMPLE);
        let characters = self.training.sample_characters();
        let characters = characters.map_err(|error| Failure::Failed(words::of_training(&error)))?;
        let sample: Vec<usize> = characters.take(count).collect();
        let text = self.training.model().vocabulary().decode(&sample);
        let text = text.map_err(|error| Failure::Failed(error.to_string()))?;
        let kept = self.folder.report(&Report { observation: *observation, sample: text });
        kept.map_err(|failure| self.add_what_is_saved(failure))?;
        Ok(sample)
    }

    /// Shows how far the run is, in the chart and on the terminal.
    fn show_progress(&mut self, observation: &Observation) {
        if self.refresh.is_due() {
            let begun = Instant::now();
            let chart = self.chart();
            self.folder.show(&chart);
            self.refresh.done(begun);
        }
        let validation = self.training.best_validation();
        let best = validation.map(|validation| validation.loss);
        let best = best.or(self.training.best_smooth_loss());
        self.progress.draw(&Status {
            observation,
            iterations: self.plan.iterations,
            characters: characters_per_update(&self.training),
            best: best.map(|loss| (self.training.best().state().updates, loss)),
            curve: &self.curve,
        });
    }

    fn save(&mut self) -> Result<(), Failure> {
        self.saved_at = Instant::now();
        let saved = self.save_if(|_| true);
        saved.map_err(|failure| self.add_what_is_saved(failure))
    }

    /// The failure that ends the run, once what is finite of it is saved.
    fn save_finite(&mut self, message: String) -> Failure {
        let failure = match self.save_if(is_finite) {
            Err(Failure::Failed(also)) => Failure::at(message, also),
            _ => Failure::Failed(message),
        };
        self.add_what_is_saved(failure)
    }

    /// Saves the best model and the state, each only if `is_savable` accepts it, unless the folder holds them already.
    fn save_if(&mut self, is_savable: fn(&Model) -> bool) -> Result<(), Failure> {
        let now = SavedState {
            updates: self.training.model().state().updates,
            plan: self.plan,
            best: self.training.best().state().updates,
        };
        if self.saved == Some(now) {
            return Ok(());
        }
        let chart = self.chart();
        let best = Some(self.training.best()).filter(|model| is_savable(model));
        let model = Some(self.training.model()).filter(|model| is_savable(model));
        let state = model.map(|model| (model, &self.plan));
        self.folder.save(&chart, best, state)?;
        self.saved = model.map(|_| now).or(self.saved);
        Ok(())
    }

    /// Adds to a failure what the folder keeps all the same.
    fn add_what_is_saved(&self, failure: Failure) -> Failure {
        let Failure::Failed(message) = failure else {
            return failure;
        };
        let place = self.folder.path().display();
        Failure::Failed(match self.saved {
            Some(SavedState { updates, .. }) => {
                format!("{message}; {place} keeps the best model and the state at update {updates}")
            }
            None => format!("{message}; {place} keeps no model of this run"),
        })
    }

    /// Prints, as long as somebody reads it. A reader that has left, like `head`, does not end the run.
    fn print_if_read(
        &mut self,
        print: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.is_silent {
            return Ok(());
        }
        match print(self) {
            Err(Failure::Closed) => {
                self.is_silent = true;
                Ok(())
            }
            Err(Failure::Failed(message)) => Err(self.save_finite(message)),
            printed => printed,
        }
    }

    fn chart(&self) -> String {
        loss_chart::svg(
            &self.text_name,
            self.training.model().settings(),
            &self.curve,
            self.training.model().state().updates,
            self.plan.iterations,
            self.training.updates_per_epoch(),
        )
    }

    /// Prints a report: its line and its sample, the part that the folder keeps and what follows.
    fn print_report(&mut self, observation: &Observation, kept: &[usize]) -> Result<(), Failure> {
        self.progress.make_room();
        print(&format!("{observation}\n"))?;
        print_characters(self.training.model().vocabulary(), kept.iter().copied())?;
        let more = in_memory(self.plan.report_length) - kept.len();
        if more > 0 {
            let vocabulary = self.training.model().vocabulary().clone();
            let sample = self.training.sample_characters();
            let sample = sample.map_err(|error| Failure::Failed(words::of_training(&error)))?;
            print_characters(&vocabulary, sample.skip(kept.len()).take(more))?;
        }
        print("\n\n")
    }

    /// Prints the best model's passage, the curve if the output is a terminal, and the digest.
    fn print_end(&mut self, last: &Observation) -> Result<(), Failure> {
        self.progress.clear();
        if let Some(warning) = self.best_is_behind(last) {
            self.progress.warn(&warning);
        }
        let best = self.training.best();
        let smooth_loss = self.training.best_smooth_loss().unwrap_or(f64::NAN);
        let validation = self.training.best_validation().map(|best| {
            let Validation { loss, bits, .. } = best;
            format!(" validation_loss={loss:?} validation_bits={bits:?}")
        });
        print(&format!(
            "passage best_iter={} smooth_loss={smooth_loss:?}{}\n",
            best.state().updates,
            validation.unwrap_or_default()
        ))?;
        let writer = Writer::new(best).map_err(|error| Failure::Failed(error.to_string()))?;
        let passage = writer.indices().take(in_memory(self.plan.passage_length));
        print_characters(best.vocabulary(), passage)?;
        print("\n\n")?;
        if io::stdout().is_terminal() {
            let (columns, utf8) = (screen::width(), screen::is_utf8());
            print(&text_curve::draw(Language::English, &self.curve, "smooth loss", columns, utf8))?;
        }
        print_digest(self.training.model().parameters())
    }

    /// What to say where the best model is the untrained network, or has a higher validation loss than the end, or where
    /// the validation loss is far above the training loss.
    fn best_is_behind(&self, last: &Observation) -> Option<String> {
        let ending = Ending {
            last,
            competes: !self.intervals.holds_out() || self.intervals.competes(last.iteration),
            best: self.training.best().state().updates,
            best_smooth_loss: self.training.best_smooth_loss(),
            best_validation: self.training.best_validation(),
            is_from: matches!(self.training.model().record().origin, Origin::Model(_)),
            plan: &self.plan,
        };
        ending.advice()
    }
}
