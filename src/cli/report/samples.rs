//! The samples of a report, of those that the run has made.

use super::origin;
use crate::cli::failure::Failure;
use crate::cli::report_log::{self, Report, Reports};
use crate::cli::run_folder::REPORTS;
use elman::{Model, Plan};
use std::io;
use std::path::Path;

/// Samples of so many updates each, as the assignment asks for them.
const EVERY: u64 = 10_000;
/// So many otherwise, at most.
const MOST: usize = 12;

/// What is shown of them.
pub struct Samples {
    /// Those that are shown.
    pub shown: Vec<Report>,
    /// How many there are; none where the run has not kept them.
    pub all: Option<usize>,
    /// The last.
    pub last: Option<Report>,
    /// Whether the first says that the run began with the weights of another model.
    pub are_of_another_model: bool,
}

/// Those of a run's folder.
pub fn read(folder: &Path, model: &Model, plan: &Plan) -> Result<Samples, Failure> {
    let path = folder.join(REPORTS);
    let mut reports = match report_log::read(&path, Reports::of(&model.settings, plan)) {
        Ok(reports) => reports,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(Samples {
                shown: Vec::new(),
                all: None,
                last: None,
                are_of_another_model: false,
            });
        }
        Err(error) => return Err(Failure::at(path.display(), error)),
    };
    let updates = model.state.updates;
    reports.retain(|report| report.iteration <= updates);
    let last = reports.last().cloned();
    let all = Some(reports.len());
    let other = origin::is_of_another_model(model, &reports);
    let other = other.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Samples {
        shown: chosen(reports),
        all,
        last,
        are_of_another_model: other,
    })
}

/// Every one at a multiple of [`EVERY`], the first and the last; or some.
fn chosen(reports: Vec<Report>) -> Vec<Report> {
    let count = reports.len();
    let iterations: Vec<u64> = reports.iter().map(|report| report.iteration).collect();
    let is_asked = |n: u64| n % EVERY == 0;
    let asked = iterations.iter().filter(|&&n| is_asked(n)).count() as u64;
    // All that the assignment asks for, where the run was begun so.
    let last = iterations.last().copied().unwrap_or(0);
    let has_asked = asked > 1 && asked == last / EVERY + 1;
    let keep = |n: usize| match has_asked {
        true => is_asked(iterations[n]) || n + 1 == count,
        false => is_one_of(n, count),
    };
    let numbered = reports.into_iter().enumerate();
    (numbered.filter(|(n, _)| keep(*n)))
        .map(|(_, report)| report)
        .collect()
}

/// Whether n of `count` is one of [`MOST`] that are spread evenly, the first and the last among them.
fn is_one_of(n: usize, count: usize) -> bool {
    count <= MOST || (0..MOST).any(|i| i * (count - 1) / (MOST - 1) == n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(iterations: impl Iterator<Item = u64>) -> Vec<u64> {
        let reports = iterations.map(|iteration| Report {
            iteration,
            epoch: 0,
            loss: 1.0,
            smooth_loss: 1.0,
            validation: None,
            sample: String::new(),
        });
        let shown = chosen(reports.collect());
        shown.iter().map(|report| report.iteration).collect()
    }

    #[test]
    fn every_ten_thousandth_is_shown_or_a_dozen() {
        let every = |step: u64, last: u64| (0..=last / step).map(move |n| n * step);
        let tens: Vec<u64> = every(10_000, 400_000).collect();
        assert_eq!(of(every(10_000, 400_000)), tens);
        assert_eq!(of(every(1_000, 400_000)), tens);
        let ended = every(1_000, 25_000).chain([25_300]);
        assert_eq!(of(ended), [0, 10_000, 20_000, 25_300]);
        assert_eq!(of(every(100, 300)), [0, 100, 200, 300]);
        for (step, last) in [(3_000, 90_000), (1, 9_000), (70_000, 7_000_000)] {
            let shown = of(every(step, last));
            assert_eq!(shown.len(), MOST, "{shown:?}");
            assert_eq!((shown[0], shown[MOST - 1]), (0, last / step * step));
        }
        assert_eq!(of([0].into_iter()), [0]);
        assert_eq!(of([].into_iter()), [0; 0]);
    }
}
