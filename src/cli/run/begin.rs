//! How a run begins, or goes on.

use super::work::{REFRESH, Run, SavedState, characters_per_update, is_finite};
use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{MOST_THREADS, Overrides, cores};
use crate::cli::command_line::words;
use crate::cli::format::thousands;
use crate::cli::run::folder::{RunFolder, Saved};
use crate::cli::run::inputs::{read_model, read_text, refused};
use crate::cli::run::request::Request;
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::progress::Progress;
use elman::internals::disk::Disk;
use elman::internals::intervals::Intervals;
use elman::text::Symbols;
use elman::{Initialization, Level, Model, Optimizer, Plan, Settings, Training, TrainingError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

impl Run {
    /// Begins the run that is asked for, or goes on with it.
    pub fn start(request: &Request, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let mut run =
            if request.resume { Run::resume(request, disk)? } else { Run::begin(request, disk)? };
        run.introduce(request);
        Ok(run)
    }

    fn begin(request: &Request, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let Request { text, overrides, .. } = request;
        let mut settings = overrides.settings(&Settings::default())?;
        let plan = overrides.plan(&Plan::default(), &settings)?;
        let from = request.from.as_ref().map(|from| read_from(from, &settings, overrides));
        let from = from.transpose()?;
        if let Some(model) = &from {
            settings.symbols = model.settings().symbols;
        }
        let corpus = read_text(text, &settings, request.quiet)?;
        let training = match &from {
            None => Training::begin(corpus, settings),
            Some(model) => Training::begin_from(corpus, settings, model, request.optimizer),
        };
        let training = training.map_err(|error| refused(error, &text.place, settings))?;
        let mut training = on_threads(training, request)?;
        refuse_infinite_start(&mut training)?;
        let intervals = Intervals::new(training.model().settings(), &plan);
        let folder = RunFolder::create(&request.folder, &intervals, request.force, disk)?;
        let mut run = Run::at_work(request, training, folder, plan);
        if let Some(warning) = from.and_then(|model| of_fresh_adagrad(&model, &run)) {
            run.progress.warn(&warning);
        }
        Ok(run)
    }

    /// Goes on with the run in the folder. Nothing there changes before all is well.
    fn resume(request: &Request, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let Request { text, overrides, .. } = request;
        let (folder, saved) = RunFolder::open(&request.folder, disk)?;
        let settings = *saved.model.settings();
        overrides.check_same(&settings, &saved.plan)?;
        let plan = overrides.without_preset().plan(&saved.plan, &settings)?;
        let plan = plan_to_go_on_with(plan, &saved)?;
        let Saved { model, best, curve, plan: saved_plan } = saved;
        let (updates, best_updates) = (model.state().updates, best.state().updates);
        let corpus = read_text(text, &settings, request.quiet)?;
        let training = Training::resume_with(corpus, model, best).map_err(|error| match error {
            TrainingError::OtherText { .. } => Failure::at(&text.place, error),
            TrainingError::FirstEdition | TrainingError::PastEnd { .. } => {
                Failure::at(request.folder.display(), words::of_training(&error))
            }
            error => refused(error, &text.place, settings),
        })?;
        let mut training = on_threads(training, request)?;
        observe(&mut training)?;
        let mut run = Run::at_work(request, training, folder, plan);
        run.saved = Some(SavedState { updates, plan: saved_plan, best: best_updates });
        run.curve = curve;
        Ok(run)
    }

    fn at_work(request: &Request, training: Training, folder: RunFolder, plan: Plan) -> Self {
        let model = training.model();
        let settings = model.settings();
        Run {
            progress: Progress::new(request.quiet),
            text_name: request.text.name.clone(),
            curve: Curve::new(),
            saved: None,
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            is_silent: false,
            updates_made: Arc::new(AtomicU64::new(model.state().updates)),
            intervals: Intervals::new(settings, &plan),
            training,
            folder,
            plan,
        }
    }

    /// Prints what is learned, and how.
    fn introduce(&mut self, request: &Request) {
        if !Level::chosen().has_fma() {
            self.progress.warn(
                "this instruction set has no fused multiply-add: software computes it, and training takes about 25 times as long",
            );
        }
        let model = self.training.model();
        let shape = model.shape();
        let folder = self.folder.path().display();
        let from = match model.state().updates {
            0 => String::new(),
            updates => format!(", from update {}", thousands(updates)),
        };
        let held_out = match self.training.corpus().held_out() {
            0 => String::new(),
            held_out => format!(", the last {} held out", thousands(held_out)),
        };
        self.progress.say(&format!(
            "{}: {} {}{held_out}, K = {}; m = {}, {} parameters{from}",
            request.text.place,
            thousands(self.training.corpus().length()),
            model.vocabulary().symbols().name(),
            shape.K(),
            shape.m(),
            thousands(shape.entries() as u64),
        ));
        let first = self.curve.points().first().map_or(model.state().updates, |row| row.iteration);
        if first > 0 {
            let first = thousands(first);
            let rows = format!(
                "{folder} has no losses of the updates before {first}: loss.csv begins there"
            );
            self.progress.warn(&rows);
        }
        let text = &request.text.argument;
        self.progress
            .say(&format!("saved every minute; after Ctrl-C: elman train{text} --resume {folder}"));
    }
}

/// What to say of a fresh AdaGrad with a learning rate that ruins a trained network: its first steps are as long as that
/// in every parameter.
fn of_fresh_adagrad(model: &Model, run: &Run) -> Option<String> {
    const RUINS: f64 = 0.02;
    let begun = run.training.model();
    let Settings { optimizer, learning_rate, .. } = *begun.settings();
    // The state of a model that was imported is as fresh as any.
    let is_fresh = begun.record().optimizer_updates == 0;
    let ruins = is_fresh && optimizer == Optimizer::AdaGrad && learning_rate >= RUINS;
    let keeps = match model.settings().optimizer {
        Optimizer::AdaGrad if model.state().updates.max(model.record().optimizer_updates) > 0 => {
            "keep the optimizer's state with --keep-optimizer, or choose"
        }
        _ => "choose",
    };
    ruins.then(|| {
        format!(
            "a fresh AdaGrad at a learning rate of {learning_rate:?} undoes much of what the model has learned: {keeps} \
             a --learning-rate of at most 0.005"
        )
    })
}

/// The plan that the run goes on with: it may end later, and be saved more or less often.
fn plan_to_go_on_with(plan: Plan, saved: &Saved) -> Result<Plan, Failure> {
    // A run that was stopped in a save may have seen its best model after its last state.
    let made = (saved.model.state().updates).max(saved.best.state().updates);
    if plan.iterations < made {
        return Err(Failure::at(
            format!("--iterations {}", plan.iterations),
            format!("the run has already made {made} updates: choose at least {made}"),
        ));
    }
    let is_finished = saved.model.state().updates == saved.plan.iterations;
    if is_finished && plan.iterations == saved.plan.iterations {
        // How often it is saved no longer matters: everything is.
        Ok(saved.plan)
    } else {
        Ok(plan)
    }
}

/// The model that a run begins with. What it decides cannot be chosen again.
fn read_from(from: &Path, settings: &Settings, overrides: &Overrides) -> Result<Model, Failure> {
    let model = read_model(Some(from.as_os_str()))?;
    let m = model.settings().hidden;
    if overrides.has("hidden") && settings.hidden != m {
        let has = format!("the model has {m} hidden units");
        return Err(Failure::at(overrides.quoted("hidden"), has));
    }
    if overrides.has("bytes") && model.settings().symbols != Symbols::Bytes {
        let reads = "the model of --from reads characters, not bytes";
        return Err(Failure::at(overrides.quoted("bytes"), reads));
    }
    Ok(model)
}

fn on_threads(training: Training, request: &Request) -> Result<Training, Failure> {
    let settings = *training.model().settings();
    let helpful = || helpful_threads(&training, cores().min(MOST_THREADS));
    match request.threads.unwrap_or_else(helpful) {
        1 => Ok(training),
        threads => (training.on(Level::chosen(), threads))
            .map_err(|error| refused(error, &request.text.place, settings)),
    }
}

/// At most a thread for each sequence, and only so many that each has enough work for being woken twice an update.
fn helpful_threads(training: &Training, cores: usize) -> usize {
    const MULTIPLY_ADDS: usize = 8_000_000;
    let model = training.model();
    let shape = model.shape();
    let characters = characters_per_update(training);
    let per_character = 3 * shape.m().saturating_mul(shape.m() + shape.K());
    let worth = per_character.saturating_mul(characters) / MULTIPLY_ADDS;
    worth.clamp(1, cores.min(model.settings().batch_size).max(1))
}

/// Refuses initial parameters that are not finite, before a folder is touched. Those by fan-in are always finite.
fn refuse_infinite_start(training: &mut Training) -> Result<(), Failure> {
    observe(training)?;
    let model = training.model();
    match model.settings().initialization {
        Initialization::Normal { sigma } if !is_finite(model) => {
            let problem =
                "the initial weights are too large to be finite numbers: choose a smaller sigma";
            Err(Failure::at(format!("--sigma {sigma:?}"), problem))
        }
        _ => Ok(()),
    }
}

fn observe(training: &mut Training) -> Result<(), Failure> {
    let observed = training.observe().map(drop);
    observed.map_err(|error| Failure::Failed(words::of_training(&error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::Settings;

    #[test]
    fn threads_are_started_where_they_help() {
        let threads = |hidden, batch_size, cores| {
            let settings = Settings { hidden, batch_size, ..Settings::default() };
            let training = Training::new(elman::STORY, settings).unwrap();
            helpful_threads(&training, cores)
        };
        assert_eq!(threads(100, 1, 8), 1);
        assert_eq!(threads(100, 4, 8), 1);
        assert_eq!(threads(100, 16, 1), 1);
        assert_eq!(threads(100, 16, 8), 2);
        assert_eq!(threads(300, 16, 8), 8);
        assert_eq!(threads(300, 3, 8), 3);
    }
}
