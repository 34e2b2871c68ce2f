//! `elman train`: learns a text, and tells how it goes.

use super::arguments::{Arguments, Choice, HELP};
use super::chart::{self, Title};
use super::curve::Curve;
use super::failure::Failure;
use super::files::{Text, read_model, read_text};
use super::loss_log::Rows;
use super::output::{print, print_characters, print_digest};
use super::pace::Pace;
use super::progress::{Now, Progress};
use super::resume::{self, Resumed};
use super::run_folder::{RunFolder, Saved};
use super::seeds;
use super::settings::{
    BYTES, CLIP, DOCUMENTS, EPSILON, HIDDEN, LEARNING_RATE, SEED, SEQUENCE_LENGTH, SIGMA, STREAMS,
    VALIDATION, refused, settings, symbols,
};
use super::terminal;
use super::text_curve;
use elman::disk::{Disk, System};
use elman::model::State;
use elman::random::{Generator, Stream};
use elman::synthesis::{Sampling, Synthesizer};
use elman::text::Symbols;
use elman::{
    Corpus, Level, Look, Model, Plan, Settings, Training, TrainingError, Validation, digest,
};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

/// The help's words.
pub const DETAILS: &str = "\
Learns TEXT (UTF-8; without it a built-in story; - is standard input). Reports
go to standard output, models and losses to the run's folder.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman train book.txt --hidden 200 --out book-run",
    "elman train book.txt --resume book-run --iterations 200000",
];

/// What the screen has no room for.
pub const MORE: &str = "\
The folder holds model.safetensors (the last state), best.safetensors (the best
model), loss.csv and loss.svg. The last line is the digest of the parameters.

With --validation 0.1 the last tenth of TEXT is not learned: its loss stands in
the reports, in loss.csv and in loss.svg, and chooses the best model. Where only
the end was looked at and is the best, best-before-end.safetensors is the best
model of a run that goes on.

With --resume a run goes on from its last state, as if it had never stopped, in
the same TEXT and with all the settings of the run; --iterations may be larger,
--save-every another.

With --seeds N there are N runs, of --seed and the seeds after it, as many at a
time as there are cores, each in a folder of its own in that of --out: seed-1,
seed-2 and so on, the same to the byte as a run of its own. A line tells how each
of them ended; the last ones tell the mean, the minimum and the maximum, and the
best run. With --resume they go on, and those that are missing begin as the
others were begun; --seed need not be given again.";

/// Its options.
pub const CHOICES: &[Choice] = &[
    HIDDEN,
    SEQUENCE_LENGTH.seldom(),
    STREAMS.seldom(),
    BYTES.seldom(),
    DOCUMENTS.seldom(),
    LEARNING_RATE.seldom(),
    SIGMA.seldom(),
    CLIP.seldom(),
    EPSILON.seldom(),
    VALIDATION,
    Choice::new(
        "validate-every",
        "N",
        "updates from look to look at what is held out, beside the reports'",
    )
    .seldom(),
    Choice::new("iterations", "N", "updates").or("100000"),
    SEED,
    Choice::new(
        "seeds",
        "N",
        "train with N seeds: --seed and those after it",
    ),
    Choice::new("report-every", "N", "updates from report to report")
        .or("10000")
        .seldom(),
    Choice::new("report-length", "N", "characters of a report's sample")
        .or("200")
        .seldom(),
    Choice::new("passage-length", "N", "characters of the final passage")
        .or("1000")
        .seldom(),
    Choice::new("log-every", "N", "updates from row to row of loss.csv")
        .or("100")
        .seldom(),
    Choice::new(
        "save-every",
        "N",
        "updates from save to save, beside every minute and the end",
    )
    .or("10000")
    .seldom(),
    Choice::new(
        "threads",
        "N",
        "threads to learn on, 1 to 256; no number changes a bit (what helps)",
    )
    .seldom(),
    Choice::new("out", "DIR", "the run's folder").or("elman-run"),
    Choice::new(
        "from",
        "MODEL",
        "begin with the weights and the characters of a model",
    )
    .seldom(),
    Choice::new("resume", "DIR", "go on with the run in this folder"),
    Choice::switch("force", "replace a run that the folder already holds").seldom(),
    Choice::switch("quiet", "no progress on standard error").seldom(),
    HELP.seldom(),
];

/// The state is saved this often, however long its updates take.
const SAVE_WITHIN: Duration = Duration::from_secs(60);
/// The chart is drawn anew this often between saves.
const REFRESH: Duration = Duration::from_secs(chart::REFRESH_SECONDS);

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.has("seeds") {
        return seeds::run(arguments);
    }
    seeds::refuse_several(arguments)?;
    Run::of(arguments, Box::new(System))?.go()
}

/// A new run, or one that goes on.
impl Run {
    fn of(arguments: &Arguments, disk: Box<dyn Disk>) -> Result<Self, Failure> {
        match arguments.has("resume") {
            true => Self::resume(arguments, disk),
            false => Self::begin(arguments, disk),
        }
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
        let rows = Rows::of(&training.model().settings, &plan);
        let folder = RunFolder::create(out, rows, arguments.has("force"), disk)?;
        let mut run = Run {
            progress: Progress::new(quiet),
            title: title(&text, &training.model().settings),
            curve: Curve::new(),
            held: None,
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            unread: false,
            made: Arc::default(),
            training,
            folder,
            rows,
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
            shown_best,
            curve,
            ..
        } = saved;
        let (settings, updates) = (model.settings, model.state.updates);
        let (quiet, symbols) = (arguments.has("quiet"), model.vocabulary.symbols());
        let (text, corpus) = read_text(arguments.first(), symbols, &settings, quiet)?;
        let training = go_on(corpus, &text, model, best)?;
        let mut training = on_threads(training, arguments, &text)?;
        look(&mut training)?;
        let mut run = Run {
            progress: Progress::new(quiet),
            title: title(&text, &settings),
            held: Some(Held {
                updates,
                plan: saved.plan,
                best: shown_best,
            }),
            saved_at: Instant::now(),
            refresh: Pace::after(REFRESH),
            unread: false,
            made: Arc::default(),
            curve,
            training,
            folder,
            rows: Rows::of(&settings, &plan),
            plan,
        };
        // A run that has ended changes nothing: not even what it may not write to.
        if updates < plan.iterations {
            run.folder.cut()?;
        }
        run.introduce(&text);
        Ok(run)
    }

    fn introduce(&mut self, text: &Text) {
        let model = self.training.model();
        let shape = model.state.rnn.shape();
        let folder = self.folder.path().display();
        let from = match model.state.updates {
            0 => String::new(),
            updates => format!(", from update {}", terminal::thousands(updates)),
        };
        let held_out = match self.training.corpus().held_out() {
            0 => String::new(),
            held_out => format!(", the last {} held out", terminal::thousands(held_out)),
        };
        self.progress.say(&format!(
            "{}: {} {}{held_out}, K = {}; m = {}, {} parameters; run in {folder}{from}",
            text.place,
            terminal::thousands(self.training.corpus().length()),
            model.vocabulary.symbols().name(),
            shape.K(),
            shape.m(),
            terminal::thousands(shape.entries() as u64),
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
    if arguments.has("sigma") {
        return Err(Failure::Usage(
            "--sigma draws the first parameters, --from takes those of a model: choose one".into(),
        ));
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

/// On average: documents end when they end.
fn characters_an_update(training: &Training) -> usize {
    let settings = &training.model().settings;
    match settings.documents {
        true => (training.corpus().learned() / training.updates_per_epoch().max(1)) as usize,
        false => settings.sequence_length.saturating_mul(settings.streams),
    }
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
    let looked = training.look();
    looked.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(())
}

/// Whether a model file can hold it.
fn is_finite(model: &Model) -> bool {
    let State { rnn, G, h, .. } = &model.state;
    let parts = [rnn.parameters.values(), G.values(), h];
    parts.iter().all(|part| part.iter().all(|x| x.is_finite()))
}

/// What the folder holds.
#[derive(Clone, Copy, PartialEq)]
struct Held {
    /// Updates of the last state.
    updates: u64,
    /// Its plan.
    plan: Plan,
    /// Updates of the best model.
    best: Option<u64>,
}

/// A run at work.
pub struct Run {
    training: Training,
    folder: RunFolder,
    plan: Plan,
    rows: Rows,
    progress: Progress,
    title: Title,
    curve: Curve,
    /// None before the first save.
    held: Option<Held>,
    saved_at: Instant,
    refresh: Pace,
    /// Nobody reads standard output any more, or ever did.
    unread: bool,
    /// Where the updates made are told to whom watches it.
    made: Arc<AtomicU64>,
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
    /// A run whose updates are told in `made`; `--quiet` is among its arguments.
    pub fn silent(arguments: &Arguments, made: Arc<AtomicU64>) -> Result<Self, Failure> {
        let mut run = Run::of(arguments, Box::new(System))?;
        made.store(run.training.model().state.updates, Relaxed);
        run.made = made;
        run.unread = true;
        Ok(run)
    }

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
            digest: digest::of_parameters(&self.training.model().state.rnn.parameters),
        })
    }
}

impl Run {
    fn go(&mut self) -> Result<(), Failure> {
        let result = self.learn().and_then(|()| self.tell(Self::conclude));
        self.progress.clear();
        result
    }

    fn learn(&mut self) -> Result<(), Failure> {
        if self.plan_is_new() {
            self.save()?;
        }
        loop {
            let look = self.training.look();
            let look = look.map_err(|error| self.rescue(error.to_string()))?;
            let (n, last) = (look.iteration, self.plan.iterations);
            let validation = self.validate(n)?;
            if n % self.plan.save_every == 0 || n == last || self.is_late(n) {
                self.save()?;
            }
            if n % self.plan.report_every == 0 || n == last {
                self.tell(|run| run.report(&look, validation.as_ref()))?;
            }
            if n == last {
                return Ok(());
            }
            if self.rows.has(n) {
                let logged = self.folder.log(&look, validation.as_ref());
                logged.map_err(|failure| self.with_kept(failure))?;
                self.curve.push(n, look.loss, look.smooth_loss);
                if let Some(Validation { loss, .. }) = validation {
                    self.curve.push_validation(n, loss);
                }
            }
            self.show(&look);
            let updated = self.training.update();
            updated.map_err(|error| self.rescue(error.to_string()))?;
            self.made.store(n + 1, Relaxed);
        }
    }

    /// The validation loss where it is time for it, and always at the end.
    fn validate(&mut self, n: u64) -> Result<Option<Validation>, Failure> {
        let ends = n == self.plan.iterations && self.training.corpus().held_out() > 0;
        if !ends && !self.rows.is_validated(n) {
            return Ok(None);
        }
        let validated = self.training.validate();
        let validated = validated.map_err(|error| self.rescue(error.to_string()))?;
        Ok(Some(validated))
    }

    /// Whether the best model is that of the end, where a longer run would not have looked.
    fn is_best_by_ending(&self) -> bool {
        let n = self.training.model().state.updates;
        let only_ends = n == self.plan.iterations && !self.rows.is_validated(n);
        let holds_out = self.training.corpus().held_out() > 0;
        holds_out && only_ends && self.training.best().state.updates == n
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
        chart::svg(
            &self.title,
            &self.curve,
            self.training.model().state.updates,
            self.plan.iterations,
            self.training.updates_per_epoch(),
        )
    }

    fn report(&mut self, look: &Look, validation: Option<&Validation>) -> Result<(), Failure> {
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
        let model = self.training.model();
        let (x0, h0) = (self.training.chunk().0[0], self.training.h0());
        write_text(
            model,
            x0,
            h0,
            Stream::Report(iteration),
            self.plan.report_length,
        )
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
            Stream::Passage,
            self.plan.passage_length,
        )?;
        if io::stdout().is_terminal() {
            let drawn = text_curve::draw(
                &self.curve,
                "smooth loss",
                terminal::width(),
                terminal::is_utf8(),
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

/// `count` characters of a model after x0 and the hidden state h0, and an empty line.
fn write_text(
    model: &Model,
    x0: usize,
    h0: &[f64],
    stream: Stream,
    count: usize,
) -> Result<(), Failure> {
    let mut generator = Generator::new(model.settings.seed, stream);
    let mut synthesizer = Synthesizer::of(model, h0, Sampling::default());
    let characters = synthesizer.characters(x0, &mut generator);
    print_characters(&model.vocabulary, characters.take(count))?;
    print("\n\n")
}

#[cfg(all(test, unix))]
mod faults;

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
