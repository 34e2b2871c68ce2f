//! The numerical gradient: finite differences of the loss, with an estimate of the error of each entry.

use super::case::Case;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Parameters, Shape, ShapeError, Tensor};
use crate::network::rnn::Rnn;
use crate::network::unrolled::Unrolled;
use crate::random::{Generator, Stream};
use crate::threads::{lock, side_by_side};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// The first h of the difference formula. It is a power of two, so most entries change by exactly this much.
pub const STEP: f64 = 1.0 / 1024.0;
/// The number of steps that are tried if the loss bends too much. Each is half as large as the one before.
const LEVELS: usize = 22;
/// Other steps are tried if the estimated error of the formula is above this, both absolute and relative to the
/// derivative.
const ACCEPTED: f64 = 1e-10;
/// The number of samples of the rounding error.
const SAMPLES: u64 = 8;
/// A sample changes weights by at most this many times 2^-53 of their value.
const SAMPLE_MOVE: f64 = 4.0;
/// No rounding error is expected above this many times their root mean square.
const SAFETY: f64 = 4.0;

/// The numerical gradient, with an estimate of its errors.
#[derive(Clone, Debug, PartialEq)]
pub struct Numerical {
    /// The derivative of the loss by every parameter.
    pub derivative: Parameters,
    /// The estimated error of each derivative, from rounding and from the formula. It is infinite if nothing is known.
    pub estimate: Parameters,
}

/// One derivative, with an estimate of its error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Estimated {
    pub derivative: f64,
    pub error: f64,
}

/// Computes the numerical gradient of every entry, on all cores.
///
/// The derivative of the loss f by one entry is computed from f at four points:
///
/// ```text
/// f' = (8 (f(+h) - f(-h)) - (f(+2h) - f(-2h))) / 12 h
/// ```
///
/// The error of this formula is of order h^4. The differences of the losses are taken step by step, and summed
/// afterwards. So they are exactly 0 if the entry has no influence, and the rounding of a long sum does not hide small
/// ones. If the loss bends too much for this h, as between saturated units, smaller steps are tried and extrapolated to
/// h = 0.
///
/// The estimate of the error has two parts, and neither uses the analytic gradient. The error of the formula is
/// estimated from two different h. The rounding error is measured: weights are changed by a unit or two in their last
/// place. This changes the loss by about as much as its own rounding errors do, however much the recurrence amplifies
/// them.
///
/// # Errors
/// [`ShapeError`] if the case does not fit the network, or if the buffers cannot be allocated.
pub fn numerical(rnn: &Rnn, case: Case) -> Result<Numerical, ShapeError> {
    let rounding = Rounding::of(rnn, case)?;
    let mut gradient = Numerical {
        derivative: Parameters::zeros(rnn.shape())?,
        estimate: Parameters::zeros(rnn.shape())?,
    };
    let threads = thread::available_parallelism().map_or(1, usize::from);
    // The entries of W take longest: the parts are so small that all threads have some of them.
    let share = rnn.shape().entries().div_ceil(8 * threads);
    let failed = Mutex::new(None);
    let derivatives = gradient.derivative.values_mut().chunks_mut(share);
    let parts = derivatives.zip(gradient.estimate.values_mut().chunks_mut(share));
    let work = parts.enumerate().map(|(part, (derivatives, estimates))| {
        let (failed, rounding) = (&failed, &rounding);
        move || match Differences::new(rnn, case) {
            Ok(mut differences) => {
                let entries = (part * share..).zip(derivatives).zip(estimates);
                for ((entry, derivative), estimate) in entries {
                    let found = differences.derivative(by_formula, entry, rounding);
                    (*derivative, *estimate) = (found.derivative, found.error);
                }
            }
            Err(error) => *lock(failed) = Some(error),
        }
    });
    side_by_side(threads, work);
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(gradient),
    }
}

/// Computes the derivative of f from the rounding error of f and from the slope (f(+h) - f(-h)) / 2h for any h.
type Method = fn(rounding: f64, slope: &mut dyn FnMut(f64) -> f64) -> Estimated;

/// The rounding error of the sum of the losses, as a root mean square in nats.
pub(super) struct Rounding {
    /// T + 1 entries. Entry t is for a pass that computes only the hidden states after step t, and the losses.
    after: Vec<f64>,
}

impl Rounding {
    pub fn of(rnn: &Rnn, case: Case) -> Result<Self, ShapeError> {
        let T = case.inputs.len();
        let (mut steps, mut moved_steps) =
            (case.without_room(rnn.shape())?, case.without_room(rnn.shape())?);
        let mut weights = PackedWeights::of(&rnn.parameters, steps.level)?;
        rnn.forward_from(&weights, 0, 0, &mut steps);
        let mut moved = Rnn { parameters: rnn.parameters.try_clone()? };
        let mut squares = vec![0.0; T + 1];
        for sample in 0..SAMPLES {
            let mut generator = Generator::new(sample, Stream::Initialization);
            let thetas = rnn.parameters.values().iter();
            for (moved, theta) in moved.parameters.values_mut().iter_mut().zip(thetas) {
                let part = SAMPLE_MOVE * f64::EPSILON * (generator.uniform() - 0.5);
                *moved = theta + theta * part;
            }
            weights.pack(steps.level, &moved.parameters);
            for (after, square) in squares.iter_mut().enumerate() {
                let reach = Reach { hidden: after, losses: after % T.max(1) };
                moved_steps.copy_hidden(&steps, reach.hidden);
                moved.forward_from(&weights, reach.hidden, reach.losses, &mut moved_steps);
                let difference = difference(&moved_steps, &steps, reach);
                *square += difference * difference;
            }
        }
        // A loss of x nats has no digits beyond these.
        let ulp = |loss: f64| loss.abs().max(1.0) * f64::EPSILON;
        let least: f64 = steps.losses().map(|loss| ulp(loss) * ulp(loss)).sum();
        let mean = squares.iter().map(|square| square / SAMPLES as f64);
        Ok(Rounding { after: mean.map(|square| (square + least).sqrt()).collect() })
    }
}

/// The difference between the sums of the losses, taken step by step.
fn difference(above: &Unrolled, below: &Unrolled, reach: Reach) -> f64 {
    let pairs = above.losses().zip(below.losses()).skip(reach.losses);
    pairs.map(|(above, below)| above - below).sum()
}

/// Differences of the loss between two values of one entry.
pub(super) struct Differences<'a> {
    rnn: &'a Rnn,
    inputs: &'a [usize],
    /// A forward pass of the network itself.
    steps: Unrolled,
    moved: Rnn,
    /// The packed weights of `moved`.
    weights: PackedWeights,
    above: Unrolled,
    below: Unrolled,
}

impl<'a> Differences<'a> {
    pub fn new(rnn: &'a Rnn, case: Case<'a>) -> Result<Self, ShapeError> {
        let mut steps = case.without_room(rnn.shape())?;
        let weights = PackedWeights::of(&rnn.parameters, steps.level)?;
        rnn.forward_from(&weights, 0, 0, &mut steps);
        Ok(Differences {
            rnn,
            inputs: case.inputs,
            steps,
            weights,
            moved: Rnn { parameters: rnn.parameters.try_clone()? },
            above: case.without_room(rnn.shape())?,
            below: case.without_room(rnn.shape())?,
        })
    }

    /// The derivative by an entry, by one of the two methods.
    pub fn derivative(&mut self, method: Method, entry: usize, rounding: &Rounding) -> Estimated {
        let reach = Reach::of(entry, self.rnn.shape(), self.inputs);
        if reach.losses == self.inputs.len() {
            return Estimated { derivative: 0.0, error: 0.0 };
        }
        let rounding = rounding.after[reach.hidden];
        method(rounding, &mut |h| self.slope(entry, reach, h))
    }

    /// The three-point formula: (f(+h) - f(-h)) / 2h, with the exact distance of the two doubles in the place of 2h.
    fn slope(&mut self, entry: usize, reach: Reach, h: f64) -> f64 {
        let theta = self.rnn.parameters.values()[entry];
        let ends = [theta + h, theta - h];
        for (end, steps) in ends.iter().zip([&mut self.above, &mut self.below]) {
            self.moved.parameters.values_mut()[entry] = *end;
            self.weights.pack_entry(steps.level, &self.moved.parameters, entry);
            steps.copy_hidden(&self.steps, reach.hidden);
            self.moved.forward_from(&self.weights, reach.hidden, reach.losses, steps);
        }
        self.moved.parameters.values_mut()[entry] = theta;
        self.weights.pack_entry(self.steps.level, &self.moved.parameters, entry);
        difference(&self.above, &self.below, reach) / (ends[0] - ends[1])
    }
}

/// The first steps that an entry influences. Earlier steps stay the same to the last bit, and are not computed again.
#[derive(Clone, Copy)]
struct Reach {
    /// The first hidden state that changes.
    hidden: usize,
    /// The first loss that changes.
    losses: usize,
}

impl Reach {
    fn of(entry: usize, shape: Shape, inputs: &[usize]) -> Self {
        let T = inputs.len();
        let (hidden, losses) = match shape.row_of(entry).0 {
            // A column of U is first used at its character.
            Tensor::U => {
                let column = entry % shape.K();
                let read = inputs.iter().position(|&x| x == column).unwrap_or(T);
                (read, read)
            }
            Tensor::V | Tensor::c => (T, 0),
            Tensor::W | Tensor::b => (0, 0),
        };
        Reach { hidden, losses }
    }
}

/// The formula of [`numerical`] if the estimate of its error is small, otherwise extrapolation to h = 0.
fn by_formula(rounding: f64, slope: &mut dyn FnMut(f64) -> f64) -> Estimated {
    let (near, far) = (slope(STEP), slope(2.0 * STEP));
    let derivative = (4.0 * near - far) / 3.0;
    let rounded = SAFETY * rounding / STEP;
    let left_out = match (near - far).abs() {
        // If the loss hardly bends, this is much more than the error of the formula.
        bend if bend <= rounded => bend,
        // With twice the step the formula has 16 times the error: most of this is the larger error.
        _ => (derivative - (4.0 * far - slope(4.0 * STEP)) / 3.0).abs(),
    };
    if left_out <= ACCEPTED * derivative.abs().max(1.0) {
        let error = left_out + rounded;
        return Estimated { derivative, error };
    }
    extrapolated(rounding, slope)
}

/// The limit of the slopes at h = 0, after C. J. F. Ridders, "Accurate computation of F'(x) and F'(x) F''(x)" (1982).
/// Column j of the table has no errors of orders up to h^(2j). The result is the entry that agrees best with those
/// above and before it.
pub(super) fn extrapolated(rounding: f64, slope: &mut dyn FnMut(f64) -> f64) -> Estimated {
    let mut best = Estimated { derivative: f64::NAN, error: f64::INFINITY };
    let mut above = [f64::NAN; LEVELS];
    let mut h = 2.0 * STEP;
    for level in 0..LEVELS {
        // Small steps may agree by chance, so the rounding error counts as well.
        let rounded = SAFETY * rounding / h;
        if rounded >= best.error {
            break;
        }
        let mut row = [f64::NAN; LEVELS];
        row[0] = slope(h);
        let mut power = 1.0;
        for j in 1..=level {
            power *= 4.0;
            row[j] = (power * row[j - 1] - above[j - 1]) / (power - 1.0);
            // The last of a row has none above it, and is never taken.
            let error = (row[j] - row[j - 1]).abs() + (row[j] - above[j]).abs() + rounded;
            if error < best.error {
                best = Estimated { derivative: row[j], error };
            }
        }
        above = row;
        h *= 0.5;
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_found_where_one_step_is_too_large() {
        for (scale, tolerance) in [(1.0, 1e-12), (100.0, 1e-8), (10_000.0, 1e-5)] {
            // The slope of tanh at 0.3 / scale, where it bends within 1 / scale.
            let f = |x: f64| crate::kernels::tanh(scale * x + 0.3);
            let slope = scale * (1.0 - f(0.0) * f(0.0));
            let found = by_formula(f64::EPSILON, &mut |h| (f(h) - f(-h)) / (2.0 * h));
            let error = (found.derivative - slope).abs();
            assert!(error < tolerance * slope, "{found:?} for {slope}");
            assert!(error < found.error, "{found:?} for {slope}");
            assert!(found.error < 1e4 * tolerance * slope, "{found:?} for {slope}");
        }
    }

    /// A derivative D of a loss that bends: its slopes are D + bend (h / STEP)^4. The formula leaves out 4 bend, and the
    /// estimate of what it leaves out is 60 bend. Returns what is found, and the number of slopes that it took: two
    /// differences each.
    fn found(D: f64, bend: f64, rounding: f64) -> (Estimated, usize) {
        let mut slopes = 0;
        let found = by_formula(rounding, &mut |h| {
            slopes += 1;
            let ratio = h / STEP;
            D + bend * (ratio * ratio * ratio * ratio)
        });
        (found, slopes)
    }

    /// What the formula leaves out may be 1e-10, of a large derivative 1e-10 of it: up to 1e-4 for one of 1e6.
    #[test]
    fn a_derivative_takes_as_many_differences_as_its_size_asks_for() {
        for (D, bend, by_formula) in [
            (1e6, 1.6e-6, true),
            (1e6, 1.8e-6, false),
            (-1e6, 1.6e-6, true),
            (-1e6, -1.8e-6, false),
            (100.0, 1.6e-10, true),
            (100.0, 1.8e-10, false),
            (1.0, 1.6e-12, true),
            (1.0, 1.8e-12, false),
            (1e-6, 1.6e-12, true),
            (1e-6, -1.6e-12, true),
            (1e-6, 1.8e-12, false),
            (0.0, 1.8e-12, false),
        ] {
            let (found, slopes) = found(D, bend, 0.0);
            assert_eq!(slopes == 3, by_formula, "{D} {bend}: {slopes}");
            assert!(slopes >= 3);
            // The last places of D show in every slope.
            let digits = 1e-14 * f64::max(1.0, D.abs());
            if by_formula {
                assert!((found.derivative - (D - 4.0 * bend)).abs() <= digits, "{found:?}");
                assert!((found.error - 60.0 * bend.abs()).abs() <= 40.0 * digits, "{found:?}");
            } else {
                assert!((found.derivative - D).abs() <= found.error + digits, "{found:?}");
            }
        }
    }

    /// A bend that rounding hides takes two slopes: the bend itself, 15 of these, is more than what the formula leaves out.
    #[test]
    fn a_bend_that_rounding_hides_takes_no_third_slope() {
        // The rounding error of a slope: four times that of the loss, over the step.
        let rounded = 1e-11;
        let rounding = rounded / 4.0 * STEP;
        for (bend, slopes) in [(0.6e-12, 2), (-0.6e-12, 2), (0.7e-12, 3)] {
            let (found, took) = found(1.0, bend, rounding);
            assert_eq!(took, slopes, "{bend}");
            let left_out = if slopes == 2 { 15.0 } else { 60.0 } * bend.abs();
            assert!((found.error - (left_out + rounded)).abs() < 2e-14, "{found:?}");
            assert!((found.derivative - (1.0 - 4.0 * bend)).abs() < 1e-15, "{found:?}");
        }
        // However large the rounding error is, it is no part of what the formula leaves out.
        let (found, slopes) = found(1.0, 1e-12, 1.0);
        assert_eq!((slopes, found.error > 4.0 / STEP), (2, true));
    }

    /// Of slopes D + c h^2 the first and second column are D, of D + c h^2 + d h^4 the second and third: two of them agree
    /// after four or five slopes, each with half the step of the one before. Then only the rounding error is left, four
    /// times that of the loss over the step, and smaller steps only round more.
    #[test]
    fn extrapolation_ends_where_smaller_steps_only_round_more() {
        let rounding = STEP * 1e-9;
        for (D, c, d, slopes, error) in [(3.0, 8.0, 0.0, 4, 16e-9), (-3.0, 8.0, 1e8, 5, 32e-9)] {
            let mut steps = Vec::new();
            let found = extrapolated(rounding, &mut |h| {
                steps.push(h);
                D + c * (h * h) + d * (h * h) * (h * h)
            });
            let halved = (0..slopes).map(|i| 2.0 * STEP / f64::from(1 << i));
            assert_eq!(steps, halved.collect::<Vec<_>>());
            assert!((found.derivative - D).abs() < 1e-12, "{found:?}");
            assert!((found.error - error).abs() < 1e-12, "{found:?}");
        }
    }
}
