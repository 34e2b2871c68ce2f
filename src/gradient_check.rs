//! Numerical gradients against analytic ones, for every entry of U, W, V, b and c.
//!
//! The numerical derivative of the loss f in one entry uses five points, of which the middle one
//! cancels (error of order h^4):
//!
//! ```text
//! f' = (8 (f(+h) - f(-h)) - (f(+2h) - f(-2h))) / 12 h
//! ```
//!
//! The differences are taken pair by pair, and step by step, before they are summed and weighted:
//! where an entry has no influence they are exactly 0, and elsewhere the rounding of a sum over many
//! steps does not drown them.
//!
//! Where the loss bends too much for one h, as it does between saturated units, smaller ones are tried
//! and extrapolated to h = 0. The points themselves tell which derivative is taken; the analytic
//! gradient only tells where it is worth the time to look again. In a network so wild that its losses
//! are chaotic (weights of 3 and more, gradients of 1e9) no difference of doubles can tell the
//! derivative any more, and the check fails.

use crate::network::Rnn;
use crate::parameters::{Parameters, Shape, ShapeError};
use crate::threads::side_by_side;
use crate::unrolled::Unrolled;
use std::sync::{Mutex, PoisonError};
use std::thread;

/// h of the difference formula, at first: a power of two, so that most entries move by exactly that
/// much.
pub const STEP: f64 = 1.0 / 1024.0;
/// How many steps are tried where the loss bends too much, each half as large as the one before.
const LEVELS: usize = 22;
/// About what the losses of a chunk are uncertain by, in nats.
const ROUNDING_OF_LOSSES: f64 = 16.0 * f64::EPSILON;
/// An error of the formula, by its own estimate, that is far enough below [`ROUNDING`].
const ACCEPTED: f64 = 1e-10;
/// Entries are counted that have an absolute or a relative error above this.
pub const TOLERANCE: f64 = 1e-6;
/// An entry is wrong whose relative error is above [`TOLERANCE`] and whose absolute error is above this:
/// where a gradient is tiny itself, rounding alone makes the relative error large.
pub const ROUNDING: f64 = 1e-9;
/// The relative error is `|a - n| / max(FLOOR, |a| + |n|)`.
pub const FLOOR: f64 = 1e-6;

/// A chunk of text and the hidden state that it begins with.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// Indices of the inputs, T.
    pub inputs: &'a [usize],
    /// Indices of the targets, T.
    pub targets: &'a [usize],
    /// The hidden state before the first input, m.
    pub h0: &'a [f64],
}

impl Case<'_> {
    /// Buffers that hold it.
    fn unrolled(&self, shape: Shape) -> Result<Unrolled, ShapeError> {
        let mut steps = Unrolled::new(shape, self.inputs.len(), 1)?;
        steps.begin(0, self.inputs, self.targets, self.h0);
        Ok(steps)
    }
}

/// Where an error sits, and how large it is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Largest {
    /// The error.
    pub error: f64,
    /// Row of the entry, from 0.
    pub row: usize,
    /// Column of the entry, from 0.
    pub column: usize,
}

/// The comparison of one of U, W, V, b, c.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row {
    /// Its name.
    pub name: &'static str,
    /// Its rows.
    pub rows: usize,
    /// Its columns; 1 for b and c.
    pub columns: usize,
    /// The largest absolute value of the analytic gradient.
    pub largest_entry: f64,
    /// The largest absolute error.
    pub absolute: Largest,
    /// The largest relative error.
    pub relative: Largest,
    /// Entries with an absolute error above [`TOLERANCE`].
    pub absolute_over: usize,
    /// Entries with a relative error above [`TOLERANCE`].
    pub relative_over: usize,
    /// Entries that are wrong: see [`ROUNDING`].
    pub wrong: usize,
}

impl Row {
    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

/// The comparison of all five, in the order U, W, V, b, c.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// One row for each.
    pub rows: Vec<Row>,
}

impl Comparison {
    /// Whether no entry is wrong.
    pub fn passed(&self) -> bool {
        self.rows.iter().all(|row| row.wrong == 0)
    }
}

/// Computes the analytic gradient of a network's loss and compares it with the numerical one.
///
/// ```
/// use elman::gradient_check::{Case, check};
/// use elman::{Rnn, Shape};
/// let rnn = Rnn::random(Shape::new(5, 3)?, 0.01, 1)?;
/// let case = Case { inputs: &[0, 1, 1, 2], targets: &[1, 1, 2, 0], h0: &[0.0; 5] };
/// assert!(check(&rnn, case)?.passed());
/// # Ok::<(), elman::ShapeError>(())
/// ```
///
/// # Errors
/// [`ShapeError::NoMemory`] where the buffers cannot be allocated.
///
/// # Panics
/// Where the case does not fit the network, see [`Unrolled::begin`].
pub fn check(rnn: &Rnn, case: Case) -> Result<Comparison, ShapeError> {
    let (analytic, mut numerical) = (analytic(rnn, case)?, numerical(rnn, case)?);
    let mut differences = Differences::new(rnn, case)?;
    let pairs = analytic.values().iter().zip(numerical.values_mut());
    for (entry, (&a, n)) in pairs.enumerate() {
        // Before an entry is called wrong, its derivative is computed again with more care.
        if is_wrong(a, *n) {
            *n = extrapolated(|h| differences.at(entry, h) / (2.0 * h));
        }
    }
    Ok(compare(&analytic, &numerical))
}

/// The gradient by backpropagation through time.
///
/// # Errors
/// [`ShapeError::NoMemory`] where the buffers cannot be allocated.
///
/// # Panics
/// Where the case does not fit the network, see [`Unrolled::begin`].
pub fn analytic(rnn: &Rnn, case: Case) -> Result<Parameters, ShapeError> {
    let mut steps = case.unrolled(rnn.shape())?;
    let mut gradient = Parameters::zeros(rnn.shape())?;
    rnn.forward(&mut steps);
    rnn.backward(&mut steps, &mut gradient)?;
    Ok(gradient)
}

/// The gradient by differences of the loss, every entry, on all cores.
///
/// # Errors
/// [`ShapeError::NoMemory`] where the buffers cannot be allocated.
///
/// # Panics
/// Where the case does not fit the network, see [`Unrolled::begin`].
pub fn numerical(rnn: &Rnn, case: Case) -> Result<Parameters, ShapeError> {
    let mut gradient = Parameters::zeros(rnn.shape())?;
    let threads = thread::available_parallelism().map_or(1, usize::from);
    // The entries of W take longest: parts small enough that all threads have some of them.
    let share = rnn.shape().entries().div_ceil(8 * threads);
    let failed = Mutex::new(None);
    let parts = gradient.values_mut().chunks_mut(share).enumerate();
    side_by_side(
        threads,
        parts.map(|(part, entries)| {
            let failed = &failed;
            move || {
                if let Err(error) = derivatives(rnn, case, part * share, entries) {
                    *failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                }
            }
        }),
    );
    match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        Some(error) => Err(error),
        None => Ok(gradient),
    }
}

/// The derivatives in the entries from `first` on.
fn derivatives(rnn: &Rnn, case: Case, first: usize, part: &mut [f64]) -> Result<(), ShapeError> {
    let mut differences = Differences::new(rnn, case)?;
    for (entry, derivative) in (first..).zip(part) {
        *derivative = derivative_of(|h| differences.at(entry, h));
    }
    Ok(())
}

/// Differences of the loss between two values of one entry.
struct Differences<'a> {
    rnn: &'a Rnn,
    inputs: &'a [usize],
    /// The network itself, at all steps.
    steps: Unrolled,
    moved: Rnn,
    above: Unrolled,
    below: Unrolled,
}

impl<'a> Differences<'a> {
    fn new(rnn: &'a Rnn, case: Case<'a>) -> Result<Self, ShapeError> {
        let mut steps = case.unrolled(rnn.shape())?;
        rnn.forward(&mut steps);
        Ok(Differences {
            rnn,
            inputs: case.inputs,
            steps,
            moved: Rnn {
                parameters: rnn.parameters.try_clone()?,
            },
            above: case.unrolled(rnn.shape())?,
            below: case.unrolled(rnn.shape())?,
        })
    }

    /// f(+h) - f(-h), summed over the differences of each step.
    fn at(&mut self, entry: usize, h: f64) -> f64 {
        let theta = self.rnn.parameters.values()[entry];
        let reach = Reach::of(entry, self.rnn.shape(), self.inputs);
        for (theta, steps) in [(theta + h, &mut self.above), (theta - h, &mut self.below)] {
            self.moved.parameters.values_mut()[entry] = theta;
            steps.take_hidden(&self.steps, reach.hidden);
            self.moved.forward_from(reach.hidden, reach.losses, steps);
        }
        self.moved.parameters.values_mut()[entry] = theta;
        let pairs = self.above.losses().zip(self.below.losses());
        pairs
            .skip(reach.losses)
            .map(|(above, below)| above - below)
            .sum()
    }
}

/// The first steps that an entry has influence on. What comes before would be the same to the last bit, and
/// is not computed again.
struct Reach {
    /// The first hidden state.
    hidden: usize,
    /// The first loss.
    losses: usize,
}

impl Reach {
    fn of(entry: usize, shape: Shape, inputs: &[usize]) -> Self {
        let T = inputs.len();
        let mut start = 0;
        let name = shape
            .tensors()
            .into_iter()
            .find_map(|(name, rows, columns)| {
                start += rows * columns;
                (entry < start).then_some(name)
            });
        let (hidden, losses) = match name {
            // A column of U is read first where its character is.
            Some("U") => {
                let column = entry % shape.K();
                let read = inputs.iter().position(|&x| x == column).unwrap_or(T);
                (read, read)
            }
            Some("V" | "c") => (T, 0),
            _ => (0, 0),
        };
        Reach { hidden, losses }
    }
}

/// The derivative of f where `difference` gives f(+h) - f(-h): by the formula above where its own
/// estimate of the error is small, else by extrapolation to h = 0.
fn derivative_of(mut difference: impl FnMut(f64) -> f64) -> f64 {
    let (near, far) = (difference(STEP), difference(2.0 * STEP));
    let derivative = (8.0 * near - far) / (12.0 * STEP);
    // Between the three-point formulas of h and 2h lies their error of order h^2; the next order is to
    // it as it is to the derivative itself.
    let bend = (near / (2.0 * STEP) - far / (4.0 * STEP)).abs();
    if bend * bend <= ACCEPTED * derivative.abs().max(bend) {
        return derivative;
    }
    extrapolated(|h| difference(h) / (2.0 * h))
}

/// The limit of the three-point formula at h = 0, after C. J. F. Ridders, "Accurate computation of F'(x)
/// and F'(x) F''(x)" (1982). Column j of the table is free of the errors up to order h^(2j); of all its
/// entries, that is taken which agrees best with the ones above and before it.
fn extrapolated(mut three_points: impl FnMut(f64) -> f64) -> f64 {
    let (mut best, mut best_error) = (f64::NAN, f64::INFINITY);
    let mut above = [f64::NAN; LEVELS];
    let mut h = 2.0 * STEP;
    for level in 0..LEVELS {
        let mut row = [f64::NAN; LEVELS];
        row[0] = three_points(h);
        let mut power = 1.0;
        for j in 1..=level {
            power *= 4.0;
            row[j] = (power * row[j - 1] - above[j - 1]) / (power - 1.0);
            // The last of a row has none above it, and is never taken. Small steps agree by chance, so
            // the rounding of the losses counts as well.
            let rounding = ROUNDING_OF_LOSSES / h;
            let error = (row[j] - row[j - 1]).abs() + (row[j] - above[j]).abs() + rounding;
            if error < best_error {
                (best, best_error) = (row[j], error);
            }
        }
        above = row;
        h *= 0.5;
    }
    best
}

/// Compares two gradients entry by entry; which one is called analytic makes no difference.
///
/// # Panics
/// Where the shapes differ.
pub fn compare(analytic: &Parameters, numerical: &Parameters) -> Comparison {
    assert_eq!(analytic.shape(), numerical.shape(), "compare: shapes");
    let rows = analytic.named().zip(numerical.named());
    Comparison {
        rows: rows
            .map(|(a, n)| {
                let mut row = Row {
                    name: a.name,
                    rows: a.rows,
                    columns: a.columns,
                    largest_entry: 0.0,
                    absolute: Largest::default(),
                    relative: Largest::default(),
                    absolute_over: 0,
                    relative_over: 0,
                    wrong: 0,
                };
                for (i, (&a, &n)) in a.values.iter().zip(n.values).enumerate() {
                    row.count(i, a, n);
                }
                row
            })
            .collect(),
    }
}

impl Row {
    fn count(&mut self, index: usize, a: f64, n: f64) {
        let (row, column) = (index / self.columns, index % self.columns);
        let (absolute, relative) = errors(a, n);
        for (largest, error) in [
            (&mut self.absolute, absolute),
            (&mut self.relative, relative),
        ] {
            if !largest.error.is_nan() && over(error, largest.error) {
                *largest = Largest { error, row, column };
            }
        }
        if over(a.abs(), self.largest_entry) {
            self.largest_entry = a.abs();
        }
        self.absolute_over += usize::from(over(absolute, TOLERANCE));
        self.relative_over += usize::from(over(relative, TOLERANCE));
        self.wrong += usize::from(is_wrong(a, n));
    }
}

/// The absolute and the relative error.
fn errors(a: f64, n: f64) -> (f64, f64) {
    let absolute = (a - n).abs();
    (absolute, absolute / FLOOR.max(a.abs() + n.abs()))
}

/// NaN is beyond every limit.
fn over(error: f64, limit: f64) -> bool {
    error > limit || error.is_nan()
}

fn is_wrong(a: f64, n: f64) -> bool {
    let (absolute, relative) = errors(a, n);
    over(relative, TOLERANCE) && over(absolute, ROUNDING)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Shape;
    use crate::random::{Generator, Stream};
    use crate::reference::transpose;
    use crate::text::Vocabulary;

    const TEXT: &str = "Every entry of every gradient is checked: none is left out.";

    /// A network in some state, its characters, and the hidden state before them.
    struct Setting {
        rnn: Rnn,
        text: Vec<usize>,
        h0: Vec<f64>,
    }

    impl Setting {
        /// The start of training where `sigma` is 0.01, far from it where it is larger.
        fn new(m: usize, sigma: f64, seed: u64) -> Self {
            let vocabulary = Vocabulary::of(TEXT);
            let shape = Shape::new(m, vocabulary.len()).unwrap();
            let mut rnn = Rnn::random(shape, sigma, seed).unwrap();
            let mut h0 = vec![0.0; m];
            if sigma > 0.01 {
                let mut generator = Generator::new(seed, Stream::Passage);
                let parts = rnn.parameters.tensors_mut();
                generator.fill_normal(parts.b, sigma);
                generator.fill_normal(parts.c, sigma);
                generator.fill_normal(&mut h0, 0.5);
            }
            Setting {
                rnn,
                text: vocabulary.encode(TEXT).unwrap(),
                h0,
            }
        }

        fn case(&self) -> Case<'_> {
            Case {
                inputs: &self.text[..25],
                targets: &self.text[1..26],
                h0: &self.h0,
            }
        }
    }

    #[test]
    fn right_gradients_pass_from_any_state() {
        for seed in 1..=5 {
            for (m, sigma) in [(1, 0.01), (5, 0.01), (1, 0.5), (5, 0.3), (20, 0.2)] {
                let setting = Setting::new(m, sigma, seed);
                let comparison = check(&setting.rnn, setting.case()).unwrap();
                assert!(comparison.passed(), "{comparison:?}");
                assert_eq!(comparison.rows.len(), 5);
                for row in comparison.rows {
                    assert_eq!(row.absolute_over, 0);
                    let untrained = sigma == 0.01;
                    assert!(!untrained || row.absolute.error < 1e-10, "{row:?}");
                }
            }
        }
    }

    /// Large weights saturate the units and bend the loss: one h does not fit every entry.
    #[test]
    fn right_gradients_pass_where_the_loss_bends() {
        for seed in 1..=8 {
            for (m, sigma) in [(8, 0.7), (20, 0.5), (30, 0.3)] {
                let setting = Setting::new(m, sigma, seed);
                let comparison = check(&setting.rnn, setting.case()).unwrap();
                assert!(comparison.passed(), "{m} {sigma} {seed}: {comparison:?}");
            }
        }
        let setting = Setting::new(20, 0.5, 1);
        let spoiled = wrong_after(&setting, |g| g.tensors_mut().b[10] *= 1.001);
        assert_eq!(names(&spoiled), "b");
    }

    #[test]
    fn derivatives_are_found_where_one_step_is_too_large() {
        for (scale, tolerance) in [(1.0, 1e-12), (100.0, 1e-8), (10_000.0, 1e-5)] {
            // The slope of tanh at 0.3 / scale, where it bends within 1 / scale.
            let f = |x: f64| crate::kernels::tanh(scale * x + 0.3);
            let slope = scale * (1.0 - f(0.0) * f(0.0));
            let found = derivative_of(|h| f(h) - f(-h));
            assert!(
                (found - slope).abs() < tolerance * slope,
                "{found} for {slope}"
            );
        }
    }

    #[test]
    fn the_full_size_passes_entry_by_entry() {
        let setting = Setting::new(100, 0.01, 1);
        let comparison = check(&setting.rnn, setting.case()).unwrap();
        assert!(comparison.passed(), "{comparison:?}");
        let entries: usize = comparison.rows.iter().map(Row::entries).sum();
        assert_eq!(entries, setting.rnn.shape().entries());
        assert!(comparison.rows.iter().all(|row| row.absolute.error < 1e-10));
    }

    /// Names of the parameters with wrong entries, after something was done to the right gradient.
    fn wrong_after(setting: &Setting, spoil: impl FnOnce(&mut Parameters)) -> Comparison {
        let numerical = numerical(&setting.rnn, setting.case()).unwrap();
        let mut gradient = analytic(&setting.rnn, setting.case()).unwrap();
        assert!(compare(&gradient, &numerical).passed());
        spoil(&mut gradient);
        let spoiled = compare(&gradient, &numerical);
        assert!(!spoiled.passed(), "{spoiled:?}");
        spoiled
    }

    fn names(comparison: &Comparison) -> String {
        let wrong = comparison.rows.iter().filter(|row| row.wrong > 0);
        wrong.map(|row| row.name).collect()
    }

    #[test]
    fn one_wrong_entry_of_any_parameter_fails_the_check() {
        let setting = Setting::new(5, 0.3, 2);
        let mut end = 0;
        for (name, rows, columns) in setting.rnn.shape().tensors() {
            end += rows * columns;
            let spoiled = wrong_after(&setting, |g| g.values_mut()[end - 1] += 1e-3);
            assert_eq!(names(&spoiled), name);
        }
    }

    #[test]
    fn a_check_compares_the_analytic_gradient_with_the_numerical_one() {
        let setting = Setting::new(5, 0.3, 2);
        let (rnn, case) = (&setting.rnn, setting.case());
        let (analytic, numerical) = (analytic(rnn, case).unwrap(), numerical(rnn, case).unwrap());
        assert_ne!(analytic, numerical, "rounding alone tells them apart");
        assert_eq!(check(rnn, case).unwrap(), compare(&analytic, &numerical));
    }

    #[test]
    fn one_entry_off_by_a_thousandth_is_found() {
        for sigma in [0.01, 0.3] {
            let setting = Setting::new(5, sigma, 2);
            let shape = setting.rnn.shape();
            let (mut found, mut start) = (0, 0);
            for (name, rows, columns) in shape.tensors() {
                for (row, column) in [(0, 0), (rows - 1, columns - 1), (rows / 2, columns / 2)] {
                    let entry = start + row * columns + column;
                    let gradient = analytic(&setting.rnn, setting.case()).unwrap();
                    if gradient.values()[entry].abs() < 1e-5 {
                        continue;
                    }
                    let spoiled = wrong_after(&setting, |g| g.values_mut()[entry] *= 1.001);
                    assert_eq!(names(&spoiled), name);
                    let wrong = spoiled.rows.iter().find(|row| row.wrong > 0).unwrap();
                    assert_eq!(wrong.wrong, 1);
                    assert_eq!([wrong.absolute.row, wrong.absolute.column], [row, column]);
                    found += 1;
                }
                start += rows * columns;
            }
            assert!(found >= 8, "{found} entries were large enough");
        }
    }

    /// The gradient of a backward pass that takes another W than the forward pass did.
    fn backward_with(W: &[f64], setting: &Setting, gradient: &mut Parameters) {
        let case = setting.case();
        let mut steps = case.unrolled(setting.rnn.shape()).unwrap();
        setting.rnn.forward(&mut steps);
        let mut other = setting.rnn.clone();
        other.parameters.tensors_mut().W.copy_from_slice(W);
        other.backward(&mut steps, gradient).unwrap();
    }

    #[test]
    fn a_dropped_recurrent_term_is_found() {
        let setting = Setting::new(5, 0.3, 2);
        // With W = 0, dL/da_{t+1} reaches no earlier step.
        let dropped = wrong_after(&setting, |g| backward_with(&[0.0; 25], &setting, g));
        assert_eq!(names(&dropped), "UWb");
    }

    #[test]
    fn a_forgotten_bias_is_found() {
        let setting = Setting::new(5, 0.01, 2);
        let without_b = wrong_after(&setting, |g| g.tensors_mut().b.fill(0.0));
        assert_eq!(names(&without_b), "b");
        let without_c = wrong_after(&setting, |g| g.tensors_mut().c.fill(0.0));
        assert_eq!(names(&without_c), "c");
    }

    #[test]
    fn a_transposed_W_is_found() {
        let setting = Setting::new(5, 0.3, 2);
        let transposed = wrong_after(&setting, |gradient| {
            let turned = transpose(gradient.tensors().W, 5, 5);
            gradient.tensors_mut().W.copy_from_slice(&turned);
        });
        assert_eq!(names(&transposed), "W");
        // The wrong matrix in the backward pass spoils everything before it.
        let turned = transpose(setting.rnn.parameters.tensors().W, 5, 5);
        let spoiled = wrong_after(&setting, |g| backward_with(&turned, &setting, g));
        assert_eq!(names(&spoiled), "UWb");
    }

    #[test]
    fn a_gradient_that_is_no_number_is_found() {
        let setting = Setting::new(5, 0.01, 2);
        let spoiled = wrong_after(&setting, |g| g.tensors_mut().V[7] = f64::NAN);
        assert_eq!(names(&spoiled), "V");
        assert!(spoiled.rows[2].absolute.error.is_nan());
        assert_eq!(
            [
                spoiled.rows[2].absolute.row,
                spoiled.rows[2].absolute.column
            ],
            [1, 2]
        );
    }

    #[test]
    fn counts_are_of_entries_beyond_the_tolerance() {
        let shape = Shape::new(1, 1).unwrap();
        let mut a = Parameters::zeros(shape).unwrap();
        let n = Parameters::zeros(shape).unwrap();
        // U: large in both; W: relative only, within rounding; V: neither.
        a.values_mut()
            .copy_from_slice(&[2e-6, 5e-10, 1e-13, 0.0, 0.0]);
        let rows = compare(&a, &n).rows;
        let counts: Vec<_> = rows
            .iter()
            .map(|r| [r.absolute_over, r.relative_over, r.wrong])
            .collect();
        assert_eq!(
            counts,
            [[1, 1, 1], [0, 1, 0], [0, 0, 0], [0, 0, 0], [0, 0, 0]]
        );
        assert_eq!(rows[0].relative.error, 1.0);
        assert_eq!(rows[1].relative.error, 5e-10 / 1e-6);
    }
}
