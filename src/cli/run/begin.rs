//! How a run begins, or goes on: what the command line says of it.

use super::work::{REFRESH, Run, SavedState, characters_an_update, is_finite};
use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::Asked;
use crate::cli::format::thousands;
use crate::cli::run::folder::{RunFolder, Saved};
use crate::cli::run::inputs::{Text, read_model, read_text, refused};
use crate::cli::run::request::{From, Kind, New, Request};
use crate::cli::run::resume::{self, Resumed};
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::progress::Progress;
use elman::internals::disk::{Disk, System};
use elman::internals::intervals::Intervals;
use elman::text::Symbols;
use elman::{Corpus, Initialization, Level, Model, Training, TrainingError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

/// A new run, or one that goes on.
impl Run {
    /// Begins what is asked for, or goes on with it.
    pub fn start(request: &Request, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        match &request.kind {
            Kind::New(new) => Self::begin(request, new, disk),
            Kind::Resume(asked) => Self::resume(request, asked, disk),
        }
    }

    /// One of several runs: it prints nothing, and tells its updates in `made`.
    pub fn silent(request: &Request, made: Arc<AtomicU64>) -> Result<Self, Failure> {
        let mut run = Run::start(request, Box::new(System))?;
        made.store(run.training.model().state.updates, Relaxed);
        run.made = made;
        run.unread = true;
        Ok(run)
    }

    fn begin(request: &Request, new: &New, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let from = new.from.as_ref().map(|from| read_from(from, new));
        let from = from.transpose()?;
        let mut settings = new.settings;
        if let Some(model) = &from {
            settings.symbols = model.settings.symbols;
        }
        let (text, corpus) = read_text(&request.text, &settings, request.quiet)?;
        let training = Training::begin(corpus, settings, from.as_ref());
        let training = training.map_err(|error| refused(error, &text, settings))?;
        let mut training = on_threads(training, request, &text)?;
        check_start(&mut training)?;
        let intervals = Intervals::new(&training.model().settings, &new.plan);
        let folder = RunFolder::create(&request.folder, &intervals, new.force, disk)?;
        let mut run = Run {
            progress: Progress::new(request.quiet),
            text_name: text.name.clone(),
            curve: Curve::new(),
            saved: None,
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            unread: false,
            made: Arc::default(),
            training,
            folder,
            intervals,
            plan: new.plan,
        };
        run.introduce(&text);
        Ok(run)
    }

    /// Nothing in the folder changes before all is well.
    fn resume(request: &Request, asked: &Asked, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let Resumed { folder, saved, plan } = resume::open(&request.folder, asked, disk)?;
        let Saved { model, best, curve, plan: saved_plan } = saved;
        let (settings, updates) = (model.settings, model.state.updates);
        let (text, corpus) = read_text(&request.text, &settings, request.quiet)?;
        let held = SavedState { updates, plan: saved_plan, best: best.state.updates };
        let training = go_on(corpus, &text, model, best)?;
        let mut training = on_threads(training, request, &text)?;
        look(&mut training)?;
        let mut run = Run {
            progress: Progress::new(request.quiet),
            text_name: text.name.clone(),
            saved: Some(held),
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            unread: false,
            made: Arc::default(),
            curve,
            training,
            folder,
            intervals: Intervals::new(&settings, &plan),
            plan,
        };
        run.introduce(&text);
        Ok(run)
    }

    fn introduce(&mut self, text: &Text) {
        let model = self.training.model();
        let shape = model.state.rnn.shape();
        let folder = self.folder.path().display();
        let from = match model.state.updates {
            0 => String::new(),
            updates => format!(", from update {}", thousands(updates)),
        };
        let held_out = match self.training.corpus().held_out() {
            0 => String::new(),
            held_out => format!(", the last {} held out", thousands(held_out)),
        };
        self.progress.say(&format!(
            "{}: {} {}{held_out}, K = {}; m = {}, {} parameters; run in {folder}{from}",
            text.place,
            thousands(self.training.corpus().length()),
            model.vocabulary.symbols().name(),
            shape.K(),
            shape.m(),
            thousands(shape.entries() as u64),
        ));
        let how = format!("stopped at any moment, it goes on with --resume {folder}");
        self.progress.say(&how);
    }
}

/// The model that a run begins with. What it decides cannot be chosen again.
fn read_from(from: &From, new: &New) -> Result<Model, Failure> {
    let From { model, asked } = from;
    let model = read_model(Some(model.as_os_str()))?;
    let m = model.settings.hidden;
    if asked.has("hidden") && new.settings.hidden != m {
        let has = format!("the model has {m} hidden units");
        return Err(Failure::at(asked.quoted("hidden"), has));
    }
    if asked.has("bytes") && model.settings.symbols != Symbols::Bytes {
        let reads = "the model of --from reads characters";
        return Err(Failure::at(asked.quoted("bytes"), reads));
    }
    Ok(model)
}

/// A run and its last state's text.
fn go_on(corpus: Corpus, text: &Text, model: Model, best: Model) -> Result<Training, Failure> {
    let settings = model.settings;
    let training = Training::resume_with(corpus, model, best);
    training.map_err(|error| match error {
        TrainingError::OtherText { .. } => Failure::at(&text.place, error),
        error => refused(error, text, settings),
    })
}

fn on_threads(training: Training, request: &Request, text: &Text) -> Result<Training, Failure> {
    let settings = training.model().settings;
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    let helpful = || helpful_threads(&training, cores().min(256));
    match request.threads.unwrap_or_else(helpful) {
        1 => Ok(training),
        threads => {
            (training.on(Level::chosen(), threads)).map_err(|error| refused(error, text, settings))
        }
    }
}

/// A thread for each sequence at most, and enough to do for each to be worth waking it twice an update.
fn helpful_threads(training: &Training, cores: usize) -> usize {
    const MULTIPLY_ADDS: usize = 8_000_000;
    let model = training.model();
    let shape = model.state.rnn.shape();
    let characters = characters_an_update(training);
    let a_character = 3 * shape.m().saturating_mul(shape.m() + shape.K());
    let worth = a_character.saturating_mul(characters) / MULTIPLY_ADDS;
    worth.clamp(1, cores.min(model.settings.batch_size).max(1))
}

/// What cannot be learned from the start is refused before a folder is touched.
fn check_start(training: &mut Training) -> Result<(), Failure> {
    look(training)?;
    let model = training.model();
    if is_finite(model) {
        return Ok(());
    }
    let place = match model.settings.initialization {
        Initialization::Normal { sigma } => format!("--sigma {sigma:?}"),
        Initialization::FanIn => "--initialization fan-in".to_string(),
    };
    Err(Failure::at(
        place,
        "the network begins with numbers that are not finite; choose a smaller sigma",
    ))
}

fn look(training: &mut Training) -> Result<(), Failure> {
    let observed = training.observe();
    observed.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(())
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
