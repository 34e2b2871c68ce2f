//! The samples of a report: some of those that the run has made.

use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::REPORTS;
use crate::cli::run::report_log::{self, Report};
use elman::internals::intervals::Intervals;
use elman::{Model, Plan};
use std::io;
use std::path::Path;

/// The assignment asks for a sample every so many updates.
const EVERY: u64 = 10_000;
/// At most so many of these are shown.
const MOST_ASKED: u64 = 100;
/// At most so many are shown of other runs.
const MOST: u64 = 12;

/// The samples of a run.
#[derive(Default)]
pub struct Samples {
    /// The reports whose samples are shown.
    pub shown: Vec<Report>,
    /// How many samples there are; none where the run has not kept them.
    pub all: Option<u64>,
}

/// Reads the samples in a run's folder.
pub fn read(folder: &Path, model: &Model, plan: &Plan) -> Result<Samples, Failure> {
    let path = folder.join(REPORTS);
    // Reports after the state belong to a run that was stopped, or that is running.
    let each = |each: &mut dyn FnMut(Report)| {
        report_log::read(&path, &Intervals::new(&model.settings, plan), |report| {
            if report.observation.iteration <= model.state.updates {
                each(report);
            }
        })
    };
    let (mut count, mut shown) = (Count::default(), Vec::new());
    // The file is read twice, so that it is never in memory as a whole.
    let read = each(&mut |report| count.add(report.observation.iteration)).and_then(|()| {
        let mut n = 0;
        each(&mut |report| {
            if count.shows(n, report.observation.iteration) {
                shown.push(report);
            }
            n += 1;
        })
    });
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Samples::default()),
        Err(error) => return Err(Failure::at(path.display(), error)),
    }
    // Reports before the state were saved with it; a run of an earlier version may have none.
    let before = model.state.updates.saturating_sub(1) / plan.report_every * plan.report_every;
    if count.all > 0 && count.last < before {
        let problem = format!("the report of update {before} is missing");
        return Err(Failure::at(path.display(), problem));
    }
    Ok(Samples { shown, all: Some(count.all) })
}

/// How many samples there are, and of which updates.
#[derive(Default)]
struct Count {
    all: u64,
    /// Samples at a multiple of [`EVERY`].
    asked: u64,
    /// The update of the last one.
    last: u64,
}

impl Count {
    fn add(&mut self, iteration: u64) {
        self.all += 1;
        self.asked += u64::from(iteration.is_multiple_of(EVERY));
        self.last = iteration;
    }

    /// Returns whether sample n is shown. Where there is a sample at every multiple of [`EVERY`], these and the last are;
    /// else [`MOST`], spread evenly from the first to the last.
    fn shows(&self, n: u64, iteration: u64) -> bool {
        let has_asked =
            (2..=MOST_ASKED).contains(&self.asked) && self.asked == self.last / EVERY + 1;
        if has_asked {
            iteration.is_multiple_of(EVERY) || iteration == self.last
        } else {
            self.all <= MOST || (0..MOST).any(|i| i * (self.all - 1) / (MOST - 1) == n)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The updates of the samples that are shown.
    fn of(iterations: impl Iterator<Item = u64> + Clone) -> Vec<u64> {
        let mut count = Count::default();
        iterations.clone().for_each(|iteration| count.add(iteration));
        let numbered = (0..).zip(iterations);
        let shown = numbered.filter(|&(n, iteration)| count.shows(n, iteration));
        shown.map(|(_, iteration)| iteration).collect()
    }

    #[test]
    fn every_ten_thousandth_is_shown_or_a_dozen() {
        let every = |step: u64, last: u64| (0..=last / step).map(move |n| n * step);
        let tens: Vec<u64> = every(10_000, 400_000).collect();
        assert_eq!(of(every(10_000, 400_000)), tens);
        assert_eq!(of(every(1_000, 400_000)), tens);
        assert_eq!(of(every(10_000, 990_000)).len(), 100);
        let ended = every(1_000, 25_000).chain([25_300]);
        assert_eq!(of(ended), [0, 10_000, 20_000, 25_300]);
        assert_eq!(of(every(100, 300)), [0, 100, 200, 300]);
        for (step, last) in [(3_000, 90_000), (1, 9_000), (70_000, 7_000_000), (10_000, 1_000_000)]
        {
            let shown = of(every(step, last));
            assert_eq!(shown.len() as u64, MOST, "{shown:?}");
            let ends = [shown.first(), shown.last()];
            assert_eq!(ends, [Some(&0), Some(&(last / step * step))]);
        }
        assert_eq!(of([0].into_iter()), [0]);
        assert_eq!(of([].into_iter()), [0; 0]);
    }
}
