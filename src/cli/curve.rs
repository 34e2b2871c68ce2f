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
}

impl Curve {
    /// No points yet.
    pub fn new() -> Self {
        Curve {
            points: Vec::new(),
            rows_per_point: 1,
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
}
