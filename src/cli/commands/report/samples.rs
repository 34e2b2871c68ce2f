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
/// The most of these that are shown.
const MOST_ASKED: usize = 100;
/// The most that are shown of other runs.
const MOST: usize = 12;

#[derive(Default)]
pub struct Samples {
    /// The reports whose samples are shown.
    pub shown: Vec<Report>,
    /// How many samples there are; none where the run has not kept them.
    pub all: Option<usize>,
}

pub fn read(folder: &Path, model: &Model, plan: &Plan) -> Result<Samples, Failure> {
    let path = folder.join(REPORTS);
    let intervals = Intervals::new(model.settings(), plan);
    // Reports after the state belong to a run that was stopped, or that is running.
    let each = |each: &mut dyn FnMut(Report)| {
        report_log::read(&path, &intervals, |report| {
            if report.observation.iteration <= model.state().updates {
                each(report);
            }
        })
    };
    let (mut all, mut shown) = (Vec::new(), Vec::new());
    // The file is read twice, so that it is never in memory as a whole.
    let read = each(&mut |report| all.push(report.observation.iteration)).and_then(|()| {
        let chosen = chosen(&all);
        each(&mut |report| {
            if chosen.contains(&report.observation.iteration) {
                shown.push(report);
            }
        })
    });
    match read {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Samples::default()),
        Err(error) => return Err(Failure::at(path.display(), error)),
    }
    // Reports before the state were saved with it; a run of an earlier version may have none.
    let before = model.state().updates.saturating_sub(1) / plan.report_every * plan.report_every;
    if all.last().is_some_and(|&last| last < before) {
        let problem = format!("the report of update {before} is missing");
        return Err(Failure::at(path.display(), problem));
    }
    Ok(Samples { shown, all: Some(all.len()) })
}

/// Returns the updates whose samples are shown. Where there is a sample at every multiple of [`EVERY`], these and the
/// last are; else [`MOST`], spread evenly from the first to the last.
fn chosen(all: &[u64]) -> Vec<u64> {
    let is_asked = |n: &u64| n.is_multiple_of(EVERY);
    let last = all.last().copied().unwrap_or_default();
    let asked = all.iter().filter(|n| is_asked(n)).count();
    if (2..=MOST_ASKED).contains(&asked) && asked as u64 == last / EVERY + 1 {
        all.iter().copied().filter(|n| is_asked(n) || *n == last).collect()
    } else if all.len() <= MOST {
        all.to_vec()
    } else {
        (0..MOST).map(|i| all[i * (all.len() - 1) / (MOST - 1)]).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(iterations: impl Iterator<Item = u64>) -> Vec<u64> {
        chosen(&iterations.collect::<Vec<_>>())
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
            assert_eq!(shown.len(), MOST, "{shown:?}");
            let ends = [shown.first(), shown.last()];
            assert_eq!(ends, [Some(&0), Some(&(last / step * step))]);
        }
        assert_eq!(of([0].into_iter()), [0]);
        assert_eq!(of([].into_iter()), [0; 0]);
    }
}
