//! What is told of several runs at work: progress, a line for each that has ended, how they compare.

use super::{One, Told};
use crate::cli::command_line::failure::Failure;
use crate::cli::format::thousands;
use crate::cli::run::inputs::mark_is_left_out;
use crate::cli::run::work::Outcome;
use crate::cli::terminal::output::{one_line, print};
use crate::cli::terminal::progress::{Progress, duration};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::mpsc::{Receiver, RecvError, RecvTimeoutError};
use std::time::Duration;

/// How far they are is looked at this often.
const WATCH: Duration = Duration::from_millis(200);

/// What is known of the runs at work.
pub struct Watch<'a> {
    runs: &'a [One],
    /// What the text is called.
    place: String,
    iterations: u64,
    /// The update at which each began, or went on.
    first: Vec<u64>,
    ended: Vec<Option<Result<Outcome, Failure>>>,
    /// Whether it was told that the text begins with a mark.
    is_marked: bool,
    /// Runs of which there is nothing more to print.
    told: usize,
    progress: Progress,
    /// How printing went so far. The runs go on without it.
    printed: Result<(), Failure>,
}

impl<'a> Watch<'a> {
    /// Nothing is known yet; `place` is what the text is called.
    pub fn new(runs: &'a [One], place: String, iterations: u64, progress: Progress) -> Self {
        Watch {
            first: vec![0; runs.len()],
            ended: runs.iter().map(|_| None).collect(),
            is_marked: false,
            told: 0,
            printed: Ok(()),
            runs,
            place,
            iterations,
            progress,
        }
    }

    /// The runs.
    pub fn runs(&self) -> &'a [One] {
        self.runs
    }

    /// Until all have ended.
    pub fn watch(&mut self, first: Result<Told, RecvError>, receiver: &Receiver<Told>) {
        let mut told = first.map_err(RecvTimeoutError::from);
        loop {
            match told {
                Ok(Told::Begun(index, updates, has_mark)) => self.begun(index, updates, has_mark),
                Ok(Told::Ended(index, ended)) => {
                    self.ended[index] = Some(ended);
                    self.tell();
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            self.draw();
            told = receiver.recv_timeout(WATCH);
        }
        self.progress.clear();
    }

    fn begun(&mut self, index: usize, updates: u64, has_mark: bool) {
        self.first[index] = updates;
        if has_mark && !self.is_marked {
            self.is_marked = true;
            self.progress.clear();
            self.progress.tell(&mark_is_left_out(&self.place));
        }
    }

    /// A line for each that has ended, in the order of the seeds.
    fn tell(&mut self) {
        while let Some(Some(ended)) = self.ended.get(self.told) {
            let line = ended
                .as_ref()
                .map(|outcome| line(&self.runs[self.told], outcome));
            self.told += 1;
            if let Ok(line) = line {
                self.print(&line);
            }
        }
    }

    fn print(&mut self, text: &str) {
        if self.printed.is_ok() {
            self.progress.clear();
            self.printed = print(text);
        }
    }

    fn draw(&mut self) {
        let done = |index: usize| match self.ended[index] {
            None => self.runs[index].made.load(Relaxed),
            Some(_) => self.iterations,
        };
        let (mut all, mut made) = (0, 0);
        for (index, first) in self.first.iter().enumerate() {
            all += u128::from(done(index));
            made += self.runs[index].made.load(Relaxed).saturating_sub(*first);
        }
        let ended = self.ended.iter().flatten().count();
        let runs = self.runs.len();
        let whole = u128::from(self.iterations) * runs as u128;
        self.progress
            .draw_parts(|elapsed| parts(all, whole, ended, runs, made as f64 / elapsed));
    }

    /// Mean, minimum, maximum, the best run; and what failed.
    pub fn conclude(mut self) -> Result<(), Failure> {
        let outcomes: Vec<(&One, &Outcome)> = (self.runs.iter().zip(&self.ended))
            .filter_map(|(run, ended)| Some((run, ended.as_ref()?.as_ref().ok()?)))
            .collect();
        if !outcomes.is_empty() {
            let summary = summary(&outcomes);
            self.print(&summary);
        }
        let ended = std::mem::take(&mut self.ended).into_iter();
        let failures: Vec<(u64, Failure)> = (self.runs.iter().zip(ended))
            .filter_map(|(run, ended)| Some((run.seed, failure(ended)?)))
            .collect();
        match (failures.is_empty(), self.printed) {
            (true, Err(Failure::Closed)) => Ok(()),
            (true, printed) => printed,
            (false, _) => Err(all_of(failures, self.runs.len())),
        }
    }
}

/// What there is to say of all runs at work, the most important first.
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

/// What a run ended with.
fn line(run: &One, outcome: &Outcome) -> String {
    let Outcome {
        iteration,
        epoch,
        loss,
        smooth_loss,
        best_iteration,
        best_smooth_loss,
        validation,
        digest,
    } = outcome;
    let held_out = validation.map_or(String::new(), |[last, best]| {
        format!(
            " validation_bits={:?} best_validation_bits={:?}",
            last.bits, best.bits
        )
    });
    format!(
        "seed={} iter={iteration} epoch={epoch} loss={loss:?} smooth_loss={smooth_loss:?} \
         best_iter={best_iteration} best_smooth_loss={best_smooth_loss:?}{held_out} digest={digest:016x}\n",
        run.seed
    )
}

/// What is compared of two runs: the lower the better. The last that there is decides which is best.
type Measure = fn(&Outcome) -> Option<f64>;

/// All that is compared, by the name that it has in a run's line.
const MEASURES: [(&str, Measure); 4] = [
    ("smooth_loss", |outcome| Some(outcome.smooth_loss)),
    ("best_smooth_loss", |outcome| Some(outcome.best_smooth_loss)),
    ("validation_bits", |outcome| {
        outcome.validation.map(|[last, _]| last.bits)
    }),
    ("best_validation_bits", |outcome| {
        outcome.validation.map(|[_, best]| best.bits)
    }),
];

fn summary(outcomes: &[(&One, &Outcome)]) -> String {
    let mut summary = String::new();
    let mut best = None;
    for (name, measure) in MEASURES {
        let values: Option<Vec<f64>> = (outcomes.iter())
            .map(|(_, outcome)| measure(outcome))
            .collect();
        let Some(values) = values else { continue };
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let minimum = values.iter().copied().fold(f64::INFINITY, f64::min);
        let maximum = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        summary += &format!(
            "{name} runs={} mean={mean:?} minimum={minimum:?} maximum={maximum:?}\n",
            values.len()
        );
        // The earlier of equals.
        best = (outcomes.iter().zip(values))
            .min_by(|(_, a), (_, b)| a.total_cmp(b))
            .map(|((run, outcome), value)| {
                format!(
                    "best seed={} best_iter={} {name}={value:?} folder={}\n",
                    run.seed,
                    outcome.best_iteration,
                    one_line(&run.request.folder.to_string_lossy())
                )
            });
    }
    summary + &best.unwrap_or_default()
}

/// Why a run did not do its work, where it did not.
fn failure(ended: Option<Result<Outcome, Failure>>) -> Option<Failure> {
    match ended {
        Some(Ok(_)) => None,
        Some(Err(failure)) => Some(failure),
        None => Some(Failure::Failed(
            "there was no thread for it: go on with --resume".into(),
        )),
    }
}

/// One failure of several. What all runs failed with is said as one run would.
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
        assert!(failure(None).is_some());
    }

    #[test]
    fn progress_is_that_of_all_runs() {
        assert_eq!(
            parts(12_500, 800_000, 1, 8, 25_000.0),
            [
                "12,500 of 800,000 updates (1 %)",
                "1 of 8 runs finished",
                "32 s left"
            ]
        );
        assert_eq!(
            parts(0, 0, 0, 1, 0.0),
            ["0 of 0 updates (0 %)", "0 of 1 runs finished"]
        );
        assert_eq!(parts(9, u128::MAX, 0, 9, f64::NAN).len(), 2);
    }
}
