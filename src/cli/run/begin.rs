//! How a run begins, or goes on: what the command line says of it.

use super::work::{REFRESH, Run, SavedState, characters_an_update, is_finite};
use crate::cli::charts::curve::Curve;
use crate::cli::charts::loss_chart::Title;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{refused, settings, symbols};
use crate::cli::format::thousands;
use crate::cli::run::folder::{RunFolder, Saved};
use crate::cli::run::inputs::{Text, read_model, read_text};
use crate::cli::run::resume::{self, Resumed};
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::progress::Progress;
use elman::internals::disk::{Disk, System};
use elman::internals::intervals::Intervals;
use elman::text::Symbols;
use elman::{Corpus, Level, Loss, Model, Plan, Settings, Training, TrainingError};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::Instant;

/// A new run, or one that goes on.
impl Run {
    /// What the command line asks for.
    pub fn of(arguments: &Arguments, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        if arguments.has("resume") {
            Self::resume(arguments, disk)
        } else {
            Self::begin(arguments, disk)
        }
    }

    /// A run whose updates are told in `made`; `--quiet` is among its arguments.
    pub fn silent(arguments: &Arguments, made: Arc<AtomicU64>) -> Result<Self, Failure> {
        let mut run = Run::of(arguments, Box::new(System))?;
        made.store(run.training.model().state.updates, Relaxed);
        run.made = made;
        run.unread = true;
        Ok(run)
    }

    fn begin(arguments: &Arguments, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let settings = settings(arguments)?;
        let plan = plan(arguments, &settings)?;
        let out = Path::new(arguments.filled("out")?);
        let quiet = arguments.has("quiet");
        let from = from(arguments, &settings)?;
        let symbols = match &from {
            Some(model) => model.vocabulary.symbols(),
            None => symbols(arguments),
        };
        let (text, corpus) = read_text(arguments.first(), symbols, &settings, quiet)?;
        let training = match &from {
            Some(model) => Training::begin_from(corpus, settings, model),
            None => Training::begin(corpus, settings),
        };
        let training = training.map_err(|error| refused(error, &text, settings))?;
        let mut training = on_threads(training, arguments, &text)?;
        check_start(&mut training, arguments)?;
        let intervals = Intervals::new(&training.model().settings, &plan);
        let folder = RunFolder::create(out, &intervals, arguments.has("force"), disk)?;
        let mut run = Run {
            progress: Progress::new(quiet),
            title: title(&text, &training.model().settings),
            curve: Curve::new(),
            saved: None,
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            unread: false,
            made: Arc::default(),
            training,
            folder,
            intervals,
            plan,
        };
        run.introduce(&text);
        Ok(run)
    }

    /// Nothing in the folder changes before all is well.
    fn resume(arguments: &Arguments, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        let Resumed {
            folder,
            saved,
            plan,
        } = resume::open(arguments, disk)?;
        let Saved {
            model,
            best,
            curve,
            plan: saved_plan,
        } = saved;
        let (settings, updates) = (model.settings, model.state.updates);
        let (quiet, symbols) = (arguments.has("quiet"), model.vocabulary.symbols());
        let (text, corpus) = read_text(arguments.first(), symbols, &settings, quiet)?;
        let held = SavedState {
            updates,
            plan: saved_plan,
            best: best.state.updates,
        };
        let training = go_on(corpus, &text, model, best)?;
        let mut training = on_threads(training, arguments, &text)?;
        look(&mut training)?;
        let mut run = Run {
            progress: Progress::new(quiet),
            title: title(&text, &settings),
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

/// The model that `--from` names. What it decides cannot be chosen again.
fn from(arguments: &Arguments, settings: &Settings) -> Result<Option<Model>, Failure> {
    if !arguments.has("from") {
        return Ok(None);
    }
    for name in ["sigma", "initialization"] {
        if arguments.has(name) {
            return Err(Failure::Usage(format!(
                "--{name} draws the first parameters, --from takes those of a model: choose one"
            )));
        }
    }
    let model = read_model(Some(arguments.filled("from")?))?;
    let m = model.state.rnn.shape().m();
    if arguments.has("hidden") && settings.hidden != m {
        let has = format!("the model has {m} hidden units");
        return Err(Failure::at(arguments.quoted("hidden"), has));
    }
    if arguments.has("bytes") && model.vocabulary.symbols() != Symbols::Bytes {
        let reads = "the model of --from reads characters";
        return Err(Failure::at(arguments.quoted("bytes"), reads));
    }
    Ok(Some(model))
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

fn title(text: &Text, settings: &Settings) -> Title {
    Title {
        text: text.name.clone(),
        hidden: settings.hidden,
        sequence_length: settings.sequence_length,
        is_mean: settings.loss == Loss::Mean,
    }
}

fn plan(arguments: &Arguments, settings: &Settings) -> Result<Plan, Failure> {
    Ok(Plan {
        iterations: arguments.count("iterations")?,
        report_every: arguments.positive("report-every")?,
        report_length: arguments.count("report-length")?,
        passage_length: arguments.count("passage-length")?,
        log_every: arguments.positive("log-every")?,
        save_every: arguments.positive("save-every")?,
        validate_every: validate_every(arguments, settings)?,
    })
}

fn validate_every(arguments: &Arguments, settings: &Settings) -> Result<Option<u64>, Failure> {
    let name = "validate-every";
    if !arguments.has(name) {
        return Ok(None);
    }
    if settings.validation == 0.0 {
        return Err(Failure::Usage(format!(
            "{}: nothing is held out to look at: give --validation as well",
            arguments.quoted(name)
        )));
    }
    arguments.positive(name).map(Some)
}

fn on_threads(training: Training, arguments: &Arguments, text: &Text) -> Result<Training, Failure> {
    let settings = training.model().settings;
    match threads(arguments, &training)? {
        1 => Ok(training),
        threads => {
            (training.on(Level::chosen(), threads)).map_err(|error| refused(error, text, settings))
        }
    }
}

/// The threads that were asked for, or those that help.
fn threads(arguments: &Arguments, training: &Training) -> Result<usize, Failure> {
    if !arguments.has("threads") {
        let cores = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(256);
        return Ok(helpful_threads(training, cores));
    }
    match arguments.count("threads")? {
        threads @ 1..=256 => Ok(threads),
        _ => Err(Failure::at(
            arguments.quoted("threads"),
            "must be a whole number from 1 to 256",
        )),
    }
}

/// A stream each at most, and enough to do for each to be worth waking it twice an update.
fn helpful_threads(training: &Training, cores: usize) -> usize {
    const MULTIPLY_ADDS: usize = 8_000_000;
    let model = training.model();
    let shape = model.state.rnn.shape();
    let characters = characters_an_update(training);
    let a_character = 3 * shape.m().saturating_mul(shape.m() + shape.K());
    let worth = a_character.saturating_mul(characters) / MULTIPLY_ADDS;
    worth.clamp(1, cores.min(model.settings.streams).max(1))
}

/// What cannot be learned from the start is refused before a folder is touched.
fn check_start(training: &mut Training, arguments: &Arguments) -> Result<(), Failure> {
    look(training)?;
    if is_finite(training.model()) {
        return Ok(());
    }
    Err(Failure::at(
        arguments.quoted("sigma"),
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
        let threads = |hidden, streams, cores| {
            let settings = Settings {
                hidden,
                streams,
                ..Settings::default()
            };
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
