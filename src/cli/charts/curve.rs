//! The losses of a run, merged into as many points as a chart can show.

use elman::Observation;

/// A long curve has at least this many points, and at most twice as many.
const KEPT: usize = 1000;

/// One row of loss.csv, or several neighbouring ones merged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The iteration of the first row.
    pub iteration: u64,
    /// The lowest loss in nats.
    pub low: f64,
    pub high: f64,
    /// The smooth loss of the last row.
    pub smooth: f64,
    rows: u64,
}

/// A curve of bounded size, however long the run.
#[derive(Clone, Debug)]
pub struct Curve {
    points: Vec<Point>,
    rows_per_point: u64,
    /// The points of the validation loss: iterations and losses.
    validation: Vec<(u64, f64)>,
    /// Validation losses merged into the last point; into each earlier one.
    validations_in_last: u64,
    validations_per_point: u64,
}

impl Curve {
    pub fn new() -> Self {
        Curve {
            points: Vec::new(),
            rows_per_point: 1,
            validation: Vec::new(),
            validations_in_last: 1,
            validations_per_point: 1,
        }
    }

    pub fn add(&mut self, observation: &Observation) {
        let n = observation.iteration;
        self.push(n, observation.loss, observation.smooth_loss);
        if let Some(loss) = observation.validation_loss {
            self.push_validation(n, loss);
        }
    }

    pub fn push(&mut self, iteration: u64, loss: f64, smooth: f64) {
        let row = Point { iteration, low: loss, high: loss, smooth, rows: 1 };
        match self.points.last_mut() {
            Some(last) if last.rows < self.rows_per_point => last.join(&row),
            _ => self.points.push(row),
        }
        if self.points.len() > 2 * KEPT {
            self.halve();
        }
    }

    fn halve(&mut self) {
        self.rows_per_point *= 2;
        let pairs = self.points.chunks(2).map(|pair| {
            let mut point = pair[0];
            pair[1..].iter().for_each(|next| point.join(next));
            point
        });
        self.points = pairs.collect();
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Adds a validation loss in the unit of the other losses. Of several that are merged, the latest is kept.
    pub fn push_validation(&mut self, iteration: u64, loss: f64) {
        match self.validation.last_mut() {
            Some(last) if self.validations_in_last < self.validations_per_point => {
                *last = (iteration, loss);
                self.validations_in_last += 1;
            }
            _ => {
                self.validation.push((iteration, loss));
                self.validations_in_last = 1;
            }
        }
        if self.validation.len() > 2 * KEPT {
            // The count is odd: the latest stays a point of its own.
            let pairs = self.validation.chunks(2);
            self.validation = pairs.filter_map(<[_]>::last).copied().collect();
            self.validations_per_point *= 2;
        }
    }

    pub fn validation(&self) -> &[(u64, f64)] {
        &self.validation
    }

    /// The lowest and the highest smooth loss from update `from` on.
    pub fn range(&self, from: u64) -> (f64, f64) {
        let smooth = |point: &&Point| point.iteration >= from;
        let smooth = self.points.iter().filter(smooth).map(|point| point.smooth);
        smooth.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), loss| {
            (low.min(loss), high.max(loss))
        })
    }
}

impl Point {
    fn join(&mut self, next: &Point) {
        self.low = self.low.min(next.low);
        self.high = self.high.max(next.high);
        self.smooth = next.smooth;
        self.rows += next.rows;
    }
}

#[cfg(test)]
impl Curve {
    /// A smooth loss that falls from 100 towards 40, with losses 5 to both sides of it.
    pub fn falling(rows: u64) -> Self {
        let mut curve = Curve::new();
        for n in 0..rows {
            let smooth = 40.0 + 60.0 / (1.0 + n as f64);
            let side = if n % 2 == 0 { 5.0 } else { -5.0 };
            curve.push(100 * n, smooth + side, smooth);
        }
        curve
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_curve_keeps_every_row() {
        let mut curve = Curve::new();
        for n in 0..2000 {
            curve.push(100 * n, n as f64, 0.5 * n as f64);
        }
        assert_eq!(curve.points().len(), 2000);
        assert_eq!(curve.points()[1999].iteration, 199_900);
    }

    #[test]
    fn a_long_curve_keeps_its_ends_and_extremes() {
        let mut curve = Curve::new();
        let rows = 100_000;
        for n in 0..rows {
            let loss = if n == 54_321 { -7.0 } else { 50.0 };
            curve.push(n, loss, n as f64);
        }
        let points = curve.points();
        assert!((KEPT..=2 * KEPT).contains(&points.len()));
        assert_eq!(points[0].iteration, 0);
        assert_eq!(points.last().unwrap().smooth, (rows - 1) as f64);
        assert_eq!(points.iter().map(|p| p.rows).sum::<u64>(), rows);
        assert!(points.iter().any(|p| p.low == -7.0 && p.high == 50.0));
    }

    #[test]
    fn validation_losses_are_kept_and_thinned() {
        let mut curve = Curve::new();
        (0..2000).for_each(|n| curve.push_validation(50 * n, n as f64));
        let all: Vec<(u64, f64)> = (0..2000).map(|n| (50 * n, n as f64)).collect();
        assert_eq!(curve.validation(), all);
        (2000..100_000).for_each(|n| curve.push_validation(50 * n, n as f64));
        let kept = curve.validation();
        assert!((KEPT..=2 * KEPT).contains(&kept.len()));
        assert_eq!(kept.last(), Some(&(50 * 99_999, 99_999.0)));
        let steps: Vec<u64> = kept.windows(2).map(|two| two[1].0 - two[0].0).collect();
        let (last, others) = steps.split_last().unwrap();
        assert!(others.iter().all(|step| step == &others[0]) && *last <= others[0]);
        assert!(curve.points().is_empty());
    }

    #[test]
    fn a_range_may_leave_out_the_beginning() {
        let curve = Curve::falling(100);
        assert_eq!(curve.range(0), (40.6, 100.0));
        assert_eq!(curve.range(100), (40.6, 70.0));
    }
}
