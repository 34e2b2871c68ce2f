//! When something is due in a run: reports, rows of loss.csv, saves, validation, and candidates for the best model.
//!
//! Every question is about n, the number of updates made, before update n.

use crate::model::Plan;
use crate::settings::Settings;

/// Without held-out text, every so many updates the parameters are a candidate for the best model, which is the one
/// with the lowest smooth loss.
pub const BEST_EVERY: u64 = 100;

/// When something is due in a run.
///
/// No interval of a plan may be 0. A model file with such a plan is refused.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intervals {
    plan: Plan,
    holds_out: bool,
}

impl Intervals {
    /// The intervals of a run.
    pub fn new(settings: &Settings, plan: &Plan) -> Self {
        Intervals { plan: *plan, holds_out: settings.validation > 0.0 }
    }

    /// Whether the run holds out text for validation.
    pub fn holds_out(&self) -> bool {
        self.holds_out
    }

    /// Whether the run ends after n updates.
    pub fn is_end(&self, n: u64) -> bool {
        n == self.plan.iterations
    }

    /// Whether a report is due: at the multiples of `report_every` and at the end.
    pub fn reports(&self, n: u64) -> bool {
        self.is_report_multiple(n) || self.is_end(n)
    }

    /// Whether n is a multiple of `report_every`.
    pub fn is_report_multiple(&self, n: u64) -> bool {
        n.is_multiple_of(self.plan.report_every)
    }

    /// The first multiple of `report_every` after n.
    pub fn next_report(&self, n: u64) -> u64 {
        next_multiple(n, self.plan.report_every)
    }

    /// Whether a save is due: at the multiples of `save_every` and at the end.
    pub fn saves(&self, n: u64) -> bool {
        n.is_multiple_of(self.plan.save_every) || self.is_end(n)
    }

    /// Whether the loss of the held-out text is due: where it decides about the best model, and at the end.
    pub fn validates(&self, n: u64) -> bool {
        self.competes(n) || self.holds_out && self.is_end(n)
    }

    /// Whether the parameters are a candidate for the best model, by their validation loss: at the multiples of
    /// `report_every` and of `validate_every`. The end does not count, so a run that is stopped at N and resumed to M
    /// equals one run of M updates.
    pub fn competes(&self, n: u64) -> bool {
        self.holds_out
            && (self.is_report_multiple(n)
                || (self.plan.validate_every).is_some_and(|every| n.is_multiple_of(every)))
    }

    /// Whether a row of loss.csv is due: at the multiples of `log_every`, and where the parameters are a candidate by
    /// their validation loss. The end of the run has no row.
    pub fn logs(&self, n: u64) -> bool {
        n.is_multiple_of(self.plan.log_every) || self.competes(n)
    }

    /// The next n after this one with a row of loss.csv, if the run does not end before.
    pub fn next_row(&self, n: u64) -> u64 {
        let report_every = self.holds_out.then_some(self.plan.report_every);
        let validate_every = self.plan.validate_every.filter(|_| self.holds_out);
        [report_every, validate_every]
            .into_iter()
            .flatten()
            .fold(next_multiple(n, self.plan.log_every), |next, every| {
                next.min(next_multiple(n, every))
            })
    }
}

/// Whether the parameters are a candidate for the best model by their smooth loss, in a run without held-out text.
pub(crate) fn competes_by_smooth_loss(n: u64) -> bool {
    n.is_multiple_of(BEST_EVERY)
}

fn next_multiple(n: u64, every: u64) -> u64 {
    (n / every).saturating_add(1).saturating_mul(every)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intervals(validation: f64, validate_every: Option<u64>) -> Intervals {
        let settings = Settings { validation, ..Settings::default() };
        let plan = Plan {
            iterations: 22,
            report_every: 4,
            log_every: 3,
            save_every: 7,
            validate_every,
            ..Plan::default()
        };
        Intervals::new(&settings, &plan)
    }

    fn due(is_due: impl Fn(u64) -> bool) -> Vec<u64> {
        (0..=23).filter(|&n| is_due(n)).collect()
    }

    #[test]
    fn everything_has_its_time() {
        let plain = intervals(0.0, None);
        assert_eq!(due(|n| plain.reports(n)), [0, 4, 8, 12, 16, 20, 22]);
        assert_eq!(due(|n| plain.saves(n)), [0, 7, 14, 21, 22]);
        assert_eq!(due(|n| plain.logs(n)), [0, 3, 6, 9, 12, 15, 18, 21]);
        assert_eq!(due(|n| plain.validates(n)), [0; 0]);
        let held_out = intervals(0.1, Some(10));
        assert_eq!(due(|n| held_out.reports(n)), due(|n| plain.reports(n)));
        assert_eq!(due(|n| held_out.competes(n)), [0, 4, 8, 10, 12, 16, 20]);
        assert_eq!(due(|n| held_out.validates(n)), [0, 4, 8, 10, 12, 16, 20, 22]);
        let without = intervals(0.1, None);
        assert_eq!(due(|n| without.competes(n)), [0, 4, 8, 12, 16, 20]);
    }

    #[test]
    fn what_comes_next_is_what_is_due_next() {
        let next = |n: u64, is_due: &dyn Fn(u64) -> bool| (n + 1..).find(|&n| is_due(n)).unwrap();
        for intervals in [intervals(0.0, None), intervals(0.1, None), intervals(0.1, Some(10))] {
            for n in 0..100 {
                assert_eq!(intervals.next_row(n), next(n, &|n| intervals.logs(n)));
                assert_eq!(intervals.next_report(n), next(n, &|n| intervals.is_report_multiple(n)));
            }
            assert_eq!(intervals.next_row(u64::MAX - 1), u64::MAX);
        }
    }
}
