//! `elman train`: learns a text, and tells how it goes.

use super::arguments::{Arguments, Choice, HELP};
use super::chart::{self, Title};
use super::curve::Curve;
use super::failure::Failure;
use super::files::{Text, read_text};
use super::output::{print, print_characters};
use super::progress::Progress;
use super::run_folder::RunFolder;
use super::settings::{
    BYTES, CLIP, DOCUMENTS, EPSILON, HIDDEN, LEARNING_RATE, SEED, SEQUENCE_LENGTH, SIGMA, STREAMS,
    begin, refused, settings, symbols,
};
use super::terminal;
use super::text_curve;
use elman::model::State;
use elman::random::{Generator, Stream};
use elman::synthesis::Synthesizer;
use elman::{Level, Look, Model, Training, digest};
use std::io::{self, IsTerminal as _};
use std::path::Path;
use std::thread;

/// The help's words.
pub const DETAILS: &str = "\
Learns TEXT (UTF-8); without TEXT the built-in story, with - standard input. Reports go to standard
output, the run to a folder: model.safetensors (the last state), best.safetensors (the best model),
loss.csv and loss.svg. The last line is the digest of the parameters.

examples: elman train
          elman train book.txt --hidden 200 --out book-run";

/// Its options.
pub const CHOICES: &[Choice] = &[
    HIDDEN,
    SEQUENCE_LENGTH,
    STREAMS,
    BYTES,
    DOCUMENTS,
    LEARNING_RATE,
    SIGMA,
    CLIP,
    EPSILON,
    Choice {
        name: "iterations",
        value: "N",
        default: "100000",
        help: "updates",
    },
    SEED,
    Choice {
        name: "report-every",
        value: "N",
        default: "10000",
        help: "updates from report to report",
    },
    Choice {
        name: "report-length",
        value: "N",
        default: "200",
        help: "characters of a report's sample",
    },
    Choice {
        name: "passage-length",
        value: "N",
        default: "1000",
        help: "characters of the final passage",
    },
    Choice {
        name: "log-every",
        value: "N",
        default: "100",
        help: "updates from row to row of loss.csv",
    },
    Choice {
        name: "threads",
        value: "N",
        default: "",
        help: "threads to learn on, 1 to 256; no number changes a bit (what helps)",
    },
    Choice {
        name: "out",
        value: "DIR",
        default: "elman-run",
        help: "the run's folder",
    },
    Choice {
        name: "force",
        value: "",
        default: "",
        help: "replace a run that the folder already holds",
    },
    Choice {
        name: "quiet",
        value: "",
        default: "",
        help: "no progress",
    },
    HELP,
];

/// The files are saved every so many updates, and at the end.
const SAVE_EVERY: u64 = 10_000;

/// What is told, and when; nothing of it changes what is learned.
struct Plan {
    iterations: u64,
    report_every: u64,
    report_length: usize,
    passage_length: usize,
    log_every: u64,
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let settings = settings(arguments)?;
    let plan = plan(arguments)?;
    let out = Path::new(arguments.filled("out")?);
    let quiet = arguments.has("quiet");
    let text = read_text(arguments.first(), symbols(arguments), &settings, quiet)?;
    let Text {
        name,
        place,
        corpus,
    } = text;
    let training = begin(corpus, &place, settings)?;
    let threads = threads(arguments, &training)?;
    let mut training = match threads {
        1 => training,
        _ => (training.on(Level::chosen(), threads))
            .map_err(|error| refused(error, &place, settings))?,
    };
    check_start(&mut training, arguments)?;
    let folder = RunFolder::create(out, arguments.has("force"))?;
    let progress = Progress::new(quiet, 0);
    progress.say(&introduction(&training, &place, &folder));
    let mut run = Run {
        progress,
        title: Title {
            text: name,
            hidden: settings.hidden,
            sequence_length: settings.sequence_length,
        },
        curve: Curve::new(),
        saved: None,
        unread: false,
        training,
        folder,
        plan,
    };
    run.go()
}

fn plan(arguments: &Arguments) -> Result<Plan, Failure> {
    let every = |name: &str| match arguments.count(name)? {
        0 => Err(Failure::at(
            arguments.quoted(name),
            "must be a whole number of at least 1",
        )),
        every => Ok(every),
    };
    Ok(Plan {
        iterations: arguments.count("iterations")?,
        report_every: every("report-every")?,
        report_length: arguments.count("report-length")?,
        passage_length: arguments.count("passage-length")?,
        log_every: every("log-every")?,
    })
}

/// The threads that were asked for, or those that help.
fn threads(arguments: &Arguments, training: &Training) -> Result<usize, Failure> {
    if !arguments.has("threads") {
        let cores = thread::available_parallelism()
            .map_or(1, usize::from)
            .min(256);
        return Ok(helpful_threads(training.model(), cores));
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
fn helpful_threads(model: &Model, cores: usize) -> usize {
    const MULTIPLY_ADDS: usize = 8_000_000;
    let shape = model.state.rnn.shape();
    let characters = characters_an_update(model);
    let a_character = 3 * shape.m().saturating_mul(shape.m() + shape.K());
    let worth = a_character.saturating_mul(characters) / MULTIPLY_ADDS;
    worth.clamp(1, cores.min(model.settings.streams).max(1))
}

fn characters_an_update(model: &Model) -> usize {
    let settings = &model.settings;
    settings.sequence_length.saturating_mul(settings.streams)
}

/// What cannot be learned from the start is refused before a folder is touched.
fn check_start(training: &mut Training, arguments: &Arguments) -> Result<(), Failure> {
    let looked = training.look();
    looked.map_err(|error| Failure::Failed(error.to_string()))?;
    if is_finite(training.model()) {
        return Ok(());
    }
    Err(Failure::at(
        arguments.quoted("sigma"),
        "the network begins with numbers that are not finite; choose a smaller sigma",
    ))
}

/// Whether a model file can hold it.
fn is_finite(model: &Model) -> bool {
    let State { rnn, G, h, .. } = &model.state;
    let parts = [rnn.parameters.values(), G.values(), h];
    parts.iter().all(|part| part.iter().all(|x| x.is_finite()))
}

fn introduction(training: &Training, place: &str, folder: &RunFolder) -> String {
    let shape = training.model().state.rnn.shape();
    format!(
        "{place}: {} {}, K = {}; m = {}, {} parameters; run in {}",
        terminal::thousands(training.corpus().length()),
        training.model().vocabulary.symbols().name(),
        shape.K(),
        shape.m(),
        terminal::thousands(shape.entries() as u64),
        folder.path().display(),
    )
}

struct Run {
    training: Training,
    folder: RunFolder,
    plan: Plan,
    progress: Progress,
    title: Title,
    curve: Curve,
    /// Updates that the saved state holds; none before the first save.
    saved: Option<u64>,
    /// Nobody reads standard output any more.
    unread: bool,
}

impl Run {
    fn go(&mut self) -> Result<(), Failure> {
        let result = self.learn().and_then(|()| self.tell(Self::conclude));
        self.progress.clear();
        result
    }

    fn learn(&mut self) -> Result<(), Failure> {
        loop {
            let look = self.training.look();
            let look = look.map_err(|error| self.rescue(error.to_string()))?;
            let (n, last) = (look.iteration, self.plan.iterations);
            if n % SAVE_EVERY == 0 || n == last {
                self.save()?;
            }
            if n % self.plan.report_every == 0 || n == last {
                self.tell(|run| run.report(&look))?;
            }
            if n == last {
                return Ok(());
            }
            if n % self.plan.log_every == 0 {
                let logged = self.folder.log(&look);
                logged.map_err(|failure| self.with_kept(failure))?;
                self.curve.push(n, look.loss, look.smooth_loss);
            }
            let characters = characters_an_update(self.training.model());
            self.progress.draw(&look, last, characters);
            let updated = self.training.update();
            updated.map_err(|error| self.rescue(error.to_string()))?;
        }
    }

    fn save(&mut self) -> Result<(), Failure> {
        let (best, model) = (self.training.best(), self.training.model());
        let chart = self.chart();
        let saved = self.folder.save(&chart, Some(best), Some(model));
        saved.map_err(|failure| self.with_kept(failure))?;
        self.saved = Some(model.state.updates);
        Ok(())
    }

    /// Ends the run, and saves what is finite of it.
    fn rescue(&mut self, message: String) -> Failure {
        let best = Some(self.training.best()).filter(|model| is_finite(model));
        let model = Some(self.training.model()).filter(|model| is_finite(model));
        let chart = self.chart();
        let failure = match self.folder.save(&chart, best, model) {
            Err(Failure::Failed(also)) => Failure::at(message, also),
            _ => {
                self.saved = model.map(|model| model.state.updates).or(self.saved);
                Failure::Failed(message)
            }
        };
        self.with_kept(failure)
    }

    /// A failure, and what there is all the same.
    fn with_kept(&self, failure: Failure) -> Failure {
        let Failure::Failed(message) = failure else {
            return failure;
        };
        let place = self.folder.path().display();
        Failure::Failed(match self.saved {
            Some(n) => {
                format!("{message}; {place} keeps the best model and the state at update {n}")
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
            self.plan.iterations,
            self.training.updates_per_epoch(),
        )
    }

    fn report(&mut self, look: &Look) -> Result<(), Failure> {
        let Look {
            iteration,
            epoch,
            loss,
            smooth_loss,
            ..
        } = *look;
        self.progress.clear();
        print(&format!(
            "iter={iteration} epoch={epoch} loss={loss:?} smooth_loss={smooth_loss:?}\n"
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
        let best = self.training.best();
        let smooth_loss = self.training.best_smooth_loss().unwrap_or(f64::NAN);
        print(&format!(
            "passage best_iter={} smooth_loss={smooth_loss:?}\n",
            best.state.updates,
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
            let drawn = text_curve::draw(&self.curve, terminal::width(), terminal::is_utf8());
            print(&drawn)?;
        }
        let parameters = &self.training.model().state.rnn.parameters;
        print(&format!(
            "digest={:016x}\n",
            digest::of_parameters(parameters)
        ))
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
    let mut synthesizer = Synthesizer::of(model, h0, 1.0);
    let characters = synthesizer.characters(x0, &mut generator);
    print_characters(&model.vocabulary, characters.take(count))?;
    print("\n\n")
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
            helpful_threads(training.model(), cores)
        };
        assert_eq!(threads(100, 1, 8), 1);
        assert_eq!(threads(100, 4, 8), 1);
        assert_eq!(threads(100, 16, 1), 1);
        assert_eq!(threads(100, 16, 8), 2);
        assert_eq!(threads(300, 16, 8), 8);
        assert_eq!(threads(300, 3, 8), 3);
    }
}
