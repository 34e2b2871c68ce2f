//! The losses of a run, thinned to what a chart can show.

/// Points that are kept at least, once there have been so many; at most twice as many.
const KEPT: usize = 1000;

/// Some neighbouring rows of loss.csv.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// The first row's iteration.
    pub iteration: u64,
    /// The lowest loss in nats.
    pub low: f64,
    /// The highest.
    pub high: f64,
    /// The last row's smooth loss.
    pub smooth: f64,
    rows: u64,
}

/// A curve of bounded size, however long the run.
#[derive(Clone, Debug)]
pub struct Curve {
    points: Vec<Point>,
    rows_per_point: u64,
    /// Iterations and validation losses.
    validation: Vec<(u64, f64)>,
    /// Of so many validation losses one is kept.
    looks_per_kept: u64,
    looks: u64,
}

impl Curve {
    /// No points yet.
    pub fn new() -> Self {
        Curve {
            points: Vec::new(),
            rows_per_point: 1,
            validation: Vec::new(),
            looks_per_kept: 1,
            looks: 0,
        }
    }

    /// Adds a row.
    pub fn push(&mut self, iteration: u64, loss: f64, smooth: f64) {
        let row = Point {
            iteration,
            low: loss,
            high: loss,
            smooth,
            rows: 1,
        };
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

    /// The points by iteration.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// Adds a validation loss, in nats over T characters as the losses are.
    pub fn push_validation(&mut self, iteration: u64, loss: f64) {
        if self.looks % self.looks_per_kept == 0 {
            self.validation.push((iteration, loss));
        }
        self.looks += 1;
        if self.validation.len() > 2 * KEPT {
            let mut index = 0;
            self.validation.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.looks_per_kept *= 2;
        }
    }

    /// Iterations and validation losses, evenly thinned: the first is kept, the last may not be.
    #[allow(dead_code)]
    pub fn validation(&self) -> &[(u64, f64)] {
        &self.validation
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
    fn validation_losses_are_kept_evenly() {
        let mut curve = Curve::new();
        for n in 0..20_000u64 {
            curve.push_validation(5 * n, n as f64);
            let kept = curve.validation();
            assert!(kept.len() <= 2 * KEPT);
            assert_eq!(kept[0], (0, 0.0));
            let gap = kept.get(1).map_or(5, |second| second.0);
            assert!(kept.windows(2).all(|pair| pair[1].0 - pair[0].0 == gap));
            assert!(5 * n - kept.last().unwrap().0 < gap);
            assert!(kept.iter().all(|(n, loss)| *n == 5 * *loss as u64));
            if n > KEPT as u64 {
                assert!(kept.len() > KEPT);
            }
        }
    }
}
