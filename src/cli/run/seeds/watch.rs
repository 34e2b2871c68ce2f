//! What is printed of several runs at work: how far they are, a line for each that has ended, how they compare.

use crate::cli::command_line::failure::Failure;
use crate::cli::format::thousands;
use crate::cli::run::request::Request;
use crate::cli::run::work::Outcome;
use crate::cli::terminal::output::{one_line, print};
use crate::cli::terminal::progress::{Progress, duration};
use elman::Observation;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::Duration;

/// How often the progress is drawn.
const REDRAW: Duration = Duration::from_millis(200);

/// One of several runs. Its thread sets what the main thread watches.
pub struct SeedRun {
    pub seed: u64,
    pub request: Request,
    pub begun: OnceLock<Begun>,
    pub ended: OnceLock<Result<Outcome, Failure>>,
}

/// What is known of a run that has begun, or that goes on.
pub struct Begun {
    /// The updates that the run has made so far.
    pub updates_made: Arc<AtomicU64>,
    /// The updates that it had made when it was resumed.
    pub updates: u64,
    /// What is probably not meant in the text.
    pub warnings: Vec<String>,
}

impl SeedRun {
    /// The run of one seed, with a request that is the same for all seeds.
    pub fn new(seed: u64, mut request: Request) -> Self {
        request.overrides.give("seed", seed.to_string());
        request.threads = request.threads.or(Some(1));
        request.quiet = true;
        SeedRun { seed, request, begun: OnceLock::new(), ended: OnceLock::new() }
    }

    /// Whether the run has begun, or has failed to begin.
    pub fn has_begun(&self) -> bool {
        self.begun.get().is_some() || self.ended.get().is_some()
    }

    fn outcome(&self) -> Option<&Outcome> {
        self.ended.get()?.as_ref().ok()
    }
}

/// Watches the runs, and prints.
pub struct Watch<'a> {
    runs: &'a [SeedRun],
    /// The updates of each run.
    iterations: u64,
    /// Whether it was said what is probably not meant in the text, the same for all runs.
    has_warned: bool,
    /// Runs that need no line any more, counted from the first.
    printed: usize,
    progress: Progress,
    /// How printing went so far. The runs go on without it.
    printing: Result<(), Failure>,
}

impl<'a> Watch<'a> {
    /// A watch before any run has begun.
    pub fn new(runs: &'a [SeedRun], iterations: u64, progress: Progress) -> Self {
        Watch { runs, iterations, has_warned: false, printed: 0, progress, printing: Ok(()) }
    }

    /// Draws and prints what happens, until `is_done`. Whoever changes a run unparks this thread.
    pub fn until(&mut self, is_done: impl Fn() -> bool) {
        loop {
            // What was done before is still to be printed.
            let is_done = is_done();
            self.warn();
            self.print_ended();
            self.draw();
            if is_done {
                return;
            }
            thread::park_timeout(REDRAW);
        }
    }

    /// Says once what is probably not meant in the text.
    fn warn(&mut self) {
        let begun = self.runs.iter().find_map(|run| run.begun.get());
        if let Some(begun) = begun.filter(|_| !self.has_warned) {
            self.has_warned = true;
            begun.warnings.iter().for_each(|warning| self.progress.warn(warning));
        }
    }

    /// Prints a line for each run that has ended, in the order of the seeds.
    fn print_ended(&mut self) {
        let runs = self.runs;
        while let Some(run) = runs.get(self.printed).filter(|run| run.ended.get().is_some()) {
            self.printed += 1;
            if let Some(outcome) = run.outcome() {
                self.print(&line(run.seed, outcome));
            }
        }
    }

    fn print(&mut self, text: &str) {
        if self.printing.is_ok() {
            self.progress.clear();
            self.printing = print(text);
        }
    }

    fn draw(&mut self) {
        let (mut done, mut made, mut ended) = (0, 0, 0);
        for run in self.runs {
            let first = run.begun.get().map_or(0, |begun| begun.updates);
            let updates = run.begun.get().map_or(0, |begun| begun.updates_made.load(Relaxed));
            made += updates - first;
            let has_ended = run.ended.get().is_some();
            done += u128::from(if has_ended { self.iterations } else { updates });
            ended += usize::from(has_ended);
        }
        let runs = self.runs.len();
        let whole = u128::from(self.iterations) * runs as u128;
        self.progress.draw_parts(|elapsed| parts(done, whole, ended, runs, made as f64 / elapsed));
    }

    /// Prints the mean, the minimum and the maximum, and the best run. Fails with what failed in the runs.
    pub fn conclude(mut self) -> Result<(), Failure> {
        self.progress.clear();
        let outcomes = self.runs.iter().filter_map(|run| Some((run, run.outcome()?)));
        let outcomes: Vec<(&SeedRun, &Outcome)> = outcomes.collect();
        if !outcomes.is_empty() {
            self.print(&summary(&outcomes));
        }
        let failures = self.runs.iter().filter_map(|run| Some((run.seed, failure(run)?)));
        let failures: Vec<(u64, Failure)> = failures.collect();
        match (failures.is_empty(), self.printing) {
            (true, Err(Failure::Closed)) => Ok(()),
            (true, printing) => printing,
            (false, _) => Err(all_of(failures, self.runs.len())),
        }
    }
}

/// The progress of all runs, the most important part first.
fn parts(done: u128, whole: u128, ended: usize, runs: usize, rate: f64) -> Vec<String> {
    let share = 100 * done / whole.max(1);
    let of = |number: u128| thousands(u64::try_from(number).unwrap_or(u64::MAX));
    let mut parts = vec![
        format!("{} of {} updates ({share} %)", of(done), of(whole)),
        format!("{ended} of {runs} runs finished"),
    ];
    if rate > 0.0 && rate.is_finite() {
        let left = whole.saturating_sub(done) as f64 / rate;
        parts.push(format!("{} left", duration(left)));
    }
    parts
}

/// The line of a run that has ended: the fields of its last observation, each that is compared with that of the best
/// model after it.
fn line(seed: u64, outcome: &Outcome) -> String {
    let mut line = format!("seed={seed}");
    for field in Observation::FIELDS {
        let value = field.value(&outcome.last);
        // validation_bits says the same for every unit of the losses.
        let Some(value) = value.filter(|_| field.name != "validation_loss") else {
            continue;
        };
        line += &format!(" {}={value}", field.short);
        if field.name == "smooth_loss" {
            line += &format!(" best_iter={}", outcome.best_iteration);
        }
        let best = format!("best_{}", field.name);
        if let Some((_, measure)) = MEASURES.iter().find(|(name, _)| *name == best)
            && let Some(value) = measure(outcome)
        {
            line += &format!(" {best}={value:?}");
        }
    }
    format!("{line} digest={:016x}\n", outcome.digest)
}

/// What is compared of two runs: the lower the better. The last measure that all runs have decides which is best.
type Measure = fn(&Outcome) -> Option<f64>;

/// All measures, by the names in the line of a run.
const MEASURES: [(&str, Measure); 4] = [
    ("smooth_loss", |outcome| Some(outcome.last.smooth_loss)),
    ("best_smooth_loss", |outcome| Some(outcome.best_smooth_loss)),
    ("validation_bits", |outcome| outcome.last.validation_bits),
    ("best_validation_bits", |outcome| outcome.best_validation.map(|best| best.bits)),
];

fn summary(outcomes: &[(&SeedRun, &Outcome)]) -> String {
    let mut summary = String::new();
    let mut best = None;
    for (name, measure) in MEASURES {
        let values: Option<Vec<f64>> =
            (outcomes.iter()).map(|(_, outcome)| measure(outcome)).collect();
        let Some(values) = values else { continue };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let minimum = values.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        summary += &format!(
            "{name} runs={} mean={mean:?} minimum={minimum:?} maximum={maximum:?}\n",
            values.len()
        );
        // The earlier of equals.
        best = (outcomes.iter().zip(values)).min_by(|(_, a), (_, b)| a.total_cmp(b)).map(
            |((run, outcome), value)| {
                format!(
                    "best seed={} best_iter={} {name}={value:?} folder={}\n",
                    run.seed,
                    outcome.best_iteration,
                    one_line(&run.request.folder.to_string_lossy())
                )
            },
        );
    }
    summary + &best.unwrap_or_default()
}

/// Why a run failed; `None` where it did not.
fn failure(run: &SeedRun) -> Option<Failure> {
    run.ended.get()?.as_ref().err().cloned()
}

/// The failures of several runs as one. Where all runs failed alike, it is that of one run.
fn all_of(mut failures: Vec<(u64, Failure)>, runs: usize) -> Failure {
    let first = &failures[0].1;
    if failures.len() == runs && failures.iter().all(|(_, failure)| failure == first) {
        return failures.remove(0).1;
    }
    let count = failures.len();
    let lines = failures.into_iter().map(|(seed, failure)| match failure {
        Failure::Usage(message) | Failure::Failed(message) => format!("seed {seed}: {message}"),
        Failure::Closed | Failure::Found => format!("seed {seed}: standard output is closed"),
    });
    let lines = lines.collect::<Vec<_>>().join("; ");
    Failure::Failed(format!("{count} of {runs} runs failed: {lines}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(message: &str) -> Failure {
        Failure::Failed(message.into())
    }

    #[test]
    fn what_all_failed_with_is_said_once() {
        let all = vec![(1, failed("no")), (2, failed("no"))];
        assert_eq!(all_of(all, 2), failed("no"));
        let usage = Failure::Usage("what?".into());
        assert_eq!(all_of(vec![(1, usage)], 1), Failure::Usage("what?".into()));
        let some = vec![(4, failed("no")), (6, failed("no"))];
        let words = "2 of 3 runs failed: seed 4: no; seed 6: no";
        assert_eq!(all_of(some, 3), failed(words));
        let two = vec![(1, failed("no")), (2, failed("never"))];
        let words = "2 of 2 runs failed: seed 1: no; seed 2: never";
        assert_eq!(all_of(two, 2), failed(words));
    }

    #[test]
    fn progress_is_that_of_all_runs() {
        assert_eq!(
            parts(12_500, 800_000, 1, 8, 25_000.0),
            ["12,500 of 800,000 updates (1 %)", "1 of 8 runs finished", "32 s left"]
        );
        assert_eq!(parts(0, 0, 0, 1, 0.0), ["0 of 0 updates (0 %)", "0 of 1 runs finished"]);
        assert_eq!(parts(9, u128::MAX, 0, 9, f64::NAN).len(), 2);
    }
}
