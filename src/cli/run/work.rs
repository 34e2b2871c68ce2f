//! A run at work: it learns, tells and saves.

use super::sample::{Sample, write_text};
use crate::cli::charts::curve::Curve;
use crate::cli::charts::loss_chart::{self, Title};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::RunFolder;
use crate::cli::run::loss_log::Rows;
use crate::cli::run::report_log::Report;
use crate::cli::terminal::output::{print, print_digest};
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::progress::{Now, Progress};
use crate::cli::terminal::screen;
use crate::cli::terminal::text_curve;
use elman::model::State;
use elman::random::{Generator, Stream};
use elman::{Look, Model, Parameters, Plan, Training, Validation};
use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

/// The state is saved this often, however long its updates take.
const SAVE_WITHIN: Duration = Duration::from_secs(60);
/// The chart is drawn anew this often between saves.
pub const REFRESH: Duration = Duration::from_secs(loss_chart::REFRESH_SECONDS);

/// Whether a model file can hold it.
pub fn is_finite(model: &Model) -> bool {
    let State { rnn, memory, h, .. } = &model.state;
    let parts = [rnn.parameters.values(), h].into_iter();
    let mut parts = parts.chain(memory.iter().map(Parameters::values));
    parts.all(|part| part.iter().all(|x| x.is_finite()))
}

/// What the folder holds.
#[derive(Clone, Copy, PartialEq)]
pub struct Held {
    /// Updates of the last state.
    pub(super) updates: u64,
    /// Its plan.
    pub(super) plan: Plan,
    /// Updates of the best model.
    pub(super) best: Option<u64>,
}

/// A run at work.
pub struct Run {
    pub(super) training: Training,
    pub(super) folder: RunFolder,
    pub(super) plan: Plan,
    pub(super) rows: Rows,
    pub(super) progress: Progress,
    pub(super) title: Title,
    pub(super) curve: Curve,
    /// None before the first save.
    pub(super) held: Option<Held>,
    pub(super) saved_at: Instant,
    pub(super) refresh: Pace,
    /// Nobody reads standard output any more, or ever did.
    pub(super) unread: bool,
    /// Where the updates made are told to whom watches it.
    pub(super) made: Arc<AtomicU64>,
}

/// On average: documents end when they end.
pub fn characters_an_update(training: &Training) -> usize {
    let settings = &training.model().settings;
    if settings.documents {
        (training.corpus().learned() / training.updates_per_epoch().max(1)) as usize
    } else {
        settings.sequence_length.saturating_mul(settings.batch_size)
    }
}

/// What a run ended with.
pub struct Outcome {
    /// Its updates.
    pub iteration: u64,
    /// That of the coming chunk.
    pub epoch: u64,
    /// The loss of the coming chunk.
    pub loss: f64,
    /// The smooth loss that includes it.
    pub smooth_loss: f64,
    /// Updates of the best model.
    pub best_iteration: u64,
    /// The smooth loss with which it won.
    pub best_smooth_loss: f64,
    /// The loss of the held-out text at the end, and that of the best model, where there are any.
    pub validation: Option<[Validation; 2]>,
    /// The digest of the parameters.
    pub digest: u64,
}

/// One of several runs: it prints nothing.
impl Run {
    /// Whether its text begins with a byte-order mark.
    pub fn has_byte_order_mark(&self) -> bool {
        self.training.corpus().has_byte_order_mark()
    }

    /// Learns to the end.
    pub fn finish(mut self) -> Result<Outcome, Failure> {
        self.learn()?;
        let look = self.training.look();
        let look = look.map_err(|error| Failure::Failed(error.to_string()))?;
        let validation = self.validate(look.iteration)?;
        Ok(Outcome {
            iteration: look.iteration,
            epoch: look.epoch,
            loss: look.loss,
            smooth_loss: look.smooth_loss,
            best_iteration: self.training.best().state.updates,
            best_smooth_loss: self.training.best_smooth_loss().unwrap_or(f64::NAN),
            validation: (validation.zip(self.training.best_validation()))
                .map(|(last, best)| [last, best]),
            digest: self.training.model().state.rnn.parameters.digest(),
        })
    }
}

impl Run {
    /// Learns to the end, and tells of it.
    pub fn go(&mut self) -> Result<(), Failure> {
        let result = self.learn().and_then(|()| self.tell(Self::conclude));
        self.progress.clear();
        result
    }

    fn learn(&mut self) -> Result<(), Failure> {
        self.take_up()?;
        loop {
            let look = self.training.look();
            let look = look.map_err(|error| self.rescue(error.to_string()))?;
            let (n, last) = (look.iteration, self.plan.iterations);
            let validation = self.validate(n)?;
            let sample = if self.plan.reports(n) {
                Some(self.keep_report(&look, validation.as_ref())?)
            } else {
                None
            };
            if n % self.plan.save_every == 0 || n == last || self.is_late(n) {
                self.save()?;
            }
            if let Some(sample) = sample {
                self.tell(|run| run.report(&look, validation.as_ref(), sample))?;
            }
            if n == last {
                return Ok(());
            }
            if self.rows.has(n) {
                let logged = self.folder.log(&look, validation.as_ref());
                logged.map_err(|failure| self.with_kept(failure))?;
                let validation = validation.map(|validation| validation.loss);
                let losses = [look.loss, look.smooth_loss];
                self.curve.push_look(n, losses, validation);
            }
            self.show(&look);
            let updated = self.training.update();
            updated.map_err(|error| self.rescue(error.to_string()))?;
            self.made.store(n + 1, Relaxed);
        }
    }

    /// Makes the folder ready for more. That the run goes on is saved before anything is cut: the report of an end
    /// belongs to it until there is another.
    fn take_up(&mut self) -> Result<(), Failure> {
        // A run that has ended changes nothing: not even what it may not write to.
        if self.training.model().state.updates == self.plan.iterations {
            return Ok(());
        }
        if self.plan_is_new() {
            self.save()?;
        }
        let cut = self.folder.cut();
        cut.map_err(|failure| self.with_kept(failure))
    }

    /// The report for the folder, before it is printed: however long that takes, a save has it.
    fn keep_report(
        &mut self,
        look: &Look,
        validation: Option<&Validation>,
    ) -> Result<Sample, Failure> {
        let sample = Sample::begin(&self.training, look.iteration, self.plan.report_length);
        let kept = self.folder.report(&Report {
            iteration: look.iteration,
            epoch: look.epoch,
            loss: look.loss,
            smooth_loss: look.smooth_loss,
            validation: validation.map(|validation| [validation.loss, validation.bits]),
            sample: sample.text(self.training.model()),
        });
        kept.map_err(|failure| self.with_kept(failure))?;
        Ok(sample)
    }

    /// The validation loss where it is time for it, and always at the end.
    fn validate(&mut self, n: u64) -> Result<Option<Validation>, Failure> {
        if !self.rows.is_validated(n) && !self.looks_only_by_ending(n) {
            return Ok(None);
        }
        let validated = self.training.validate();
        let validated = validated.map_err(|error| self.rescue(error.to_string()))?;
        Ok(Some(validated))
    }

    /// Whether what is held out is looked at after n updates only because the run ends there.
    fn looks_only_by_ending(&self, n: u64) -> bool {
        let ends = n == self.plan.iterations && self.training.corpus().held_out() > 0;
        ends && !self.rows.is_validated(n)
    }

    /// Whether the best model is that of the end, where a longer run would not have looked.
    fn is_best_by_ending(&self) -> bool {
        let n = self.training.model().state.updates;
        self.looks_only_by_ending(n) && self.training.best().state.updates == n
    }

    /// On the terminal, and in the chart.
    fn show(&mut self, look: &Look) {
        if self.refresh.is_due() {
            let begun = Instant::now();
            let chart = self.chart();
            self.folder.show(&chart);
            self.refresh.done(begun);
        }
        let validation = self.training.best_validation();
        let best = validation.map(|validation| validation.loss);
        let best = best.or(self.training.best_smooth_loss());
        self.progress.draw(&Now {
            look,
            iterations: self.plan.iterations,
            characters: characters_an_update(&self.training),
            best: best.map(|loss| (self.training.best().state.updates, loss)),
            curve: &self.curve,
        });
    }

    /// Whether the last save is long ago. The clock is not asked at every update.
    fn is_late(&self, n: u64) -> bool {
        n % 64 == 0 && self.saved_at.elapsed() >= SAVE_WITHIN
    }

    /// Whether the folder holds the state of another plan.
    fn plan_is_new(&self) -> bool {
        self.held.is_some_and(|held| held.plan != self.plan)
    }

    fn save(&mut self) -> Result<(), Failure> {
        self.saved_at = Instant::now();
        let saved = self.save_what(|_| true);
        saved.map_err(|failure| self.with_kept(failure))
    }

    /// Ends the run, and saves what is finite of it.
    fn rescue(&mut self, message: String) -> Failure {
        let failure = match self.save_what(is_finite) {
            Err(Failure::Failed(also)) => Failure::at(message, also),
            _ => Failure::Failed(message),
        };
        self.with_kept(failure)
    }

    /// Saves the best model and the state, or what of them can be, unless the folder holds it already.
    fn save_what(&mut self, can_be: fn(&Model) -> bool) -> Result<(), Failure> {
        let now = Held {
            updates: self.training.model().state.updates,
            plan: self.plan,
            best: Some(self.training.best().state.updates),
        };
        if self.held == Some(now) {
            return Ok(());
        }
        let chart = self.chart();
        let best = Some(self.training.best()).filter(|model| can_be(model));
        let model = Some(self.training.model()).filter(|model| can_be(model));
        let before =
            (best.is_some() && self.is_best_by_ending()).then(|| self.training.best_before());
        let state = model.map(|model| (model, &self.plan));
        self.folder.save(&chart, best, before, state)?;
        self.held = model.map(|_| now).or(self.held);
        Ok(())
    }

    /// A failure, and what there is all the same.
    fn with_kept(&self, failure: Failure) -> Failure {
        let Failure::Failed(message) = failure else {
            return failure;
        };
        let place = self.folder.path().display();
        Failure::Failed(match self.held {
            Some(Held { updates, .. }) => {
                format!("{message}; {place} keeps the best model and the state at update {updates}")
            }
            None => format!("{message}; {place} keeps no model of this run"),
        })
    }

    /// Prints, as long as somebody reads it. A reader that has left, like `head`, does not end the run.
    fn tell(
        &mut self,
        print: impl FnOnce(&mut Self) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if self.unread {
            return Ok(());
        }
        match print(self) {
            Err(Failure::Closed) => {
                self.unread = true;
                Ok(())
            }
            Err(Failure::Failed(message)) => Err(self.rescue(message)),
            told => told,
        }
    }

    fn chart(&self) -> String {
        loss_chart::svg(
            &self.title,
            &self.curve,
            self.training.model().state.updates,
            self.plan.iterations,
            self.training.updates_per_epoch(),
        )
    }

    fn report(
        &mut self,
        look: &Look,
        validation: Option<&Validation>,
        sample: Sample,
    ) -> Result<(), Failure> {
        let Look {
            iteration,
            epoch,
            loss,
            smooth_loss,
            ..
        } = *look;
        self.progress.make_room();
        print(&format!(
            "iter={iteration} epoch={epoch} loss={loss:?} smooth_loss={smooth_loss:?}{}\n",
            words(validation)
        ))?;
        sample.print(self.training.model())
    }

    /// The best model's passage, the curve where a person can see it, the digest.
    fn conclude(&mut self) -> Result<(), Failure> {
        self.progress.clear();
        if self.training.best().state.updates == 0 && self.plan.iterations > 0 {
            let none =
                "the best model is the untrained network: none that was looked at was better";
            let last = "the last state is in model.safetensors";
            self.progress.tell(&format!("{none}; {last}"));
        }
        let best = self.training.best();
        let smooth_loss = self.training.best_smooth_loss().unwrap_or(f64::NAN);
        print(&format!(
            "passage best_iter={} smooth_loss={smooth_loss:?}{}\n",
            best.state.updates,
            words(self.training.best_validation().as_ref())
        ))?;
        let h0 = vec![0.0; best.state.rnn.shape().m()];
        write_text(
            best,
            best.start(),
            &h0,
            Generator::new(best.settings.seed, Stream::Passage),
            self.plan.passage_length,
        )?;
        if io::stdout().is_terminal() {
            let drawn = text_curve::draw(
                &self.curve,
                "smooth loss",
                screen::width(),
                screen::is_utf8(),
            );
            print(&drawn)?;
        }
        print_digest(&self.training.model().state.rnn.parameters)
    }
}

/// What the lines of reports and of the passage say of it after the other losses.
fn words(validation: Option<&Validation>) -> String {
    match validation {
        Some(Validation { loss, bits, .. }) => {
            format!(" validation_loss={loss:?} validation_bits={bits:?}")
        }
        None => String::new(),
    }
}
