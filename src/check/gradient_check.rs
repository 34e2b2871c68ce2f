//! The gradient check: compares numerical with analytic gradients, for every entry of U, W, V, b and c.

use super::case::Case;
use super::numerical::{Differences, Estimated, Numerical, Rounding, extrapolated, numerical};
use crate::network::parameters::{Parameters, ShapeError};
use crate::network::rnn::Rnn;

/// The threshold of the counts [`absolute_over`](TensorComparison::absolute_over) and
/// [`relative_over`](TensorComparison::relative_over).
pub const TOLERANCE: f64 = 1e-6;
/// The relative error up to which an entry is right, whatever the estimated error of its numerical derivative.
pub const LIMIT: f64 = 1e-7;
/// An entry is undecided if its estimate is above this fraction of the largest entry of its tensor, and above
/// [`TOLERANCE`].
pub const DIGITS: f64 = 1e-3;
/// The relative error is `|a - n| / max(FLOOR, |a| + |n|)`.
pub const FLOOR: f64 = 1e-6;

/// The largest error of a tensor, and the entry that has it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LargestError {
    /// The error.
    pub error: f64,
    /// The row of the entry, from 0.
    pub row: usize,
    /// The column of the entry, from 0.
    pub column: usize,
}

impl LargestError {
    fn keep_larger(&mut self, other: LargestError) {
        if !self.error.is_nan() && over(other.error, self.error) {
            *self = other;
        }
    }
}

/// The comparison of the analytic and the numerical gradient of one of U, W, V, b and c.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TensorComparison {
    /// `U`, `W`, `V`, `b` or `c`.
    pub name: &'static str,
    /// The number of rows.
    pub rows: usize,
    /// The number of columns; 1 for b and c.
    pub columns: usize,
    /// The largest absolute value of an entry of the analytic gradient.
    pub largest_entry: f64,
    /// The largest absolute error.
    pub absolute: LargestError,
    /// The largest relative error.
    pub relative: LargestError,
    /// The number of entries with an absolute error above [`TOLERANCE`].
    pub absolute_over: usize,
    /// The number of entries with a relative error above [`TOLERANCE`].
    pub relative_over: usize,
    /// The largest estimated error of a numerical derivative.
    pub estimate: f64,
    /// The number of entries within rounding: with a relative error above [`LIMIT`] that the
    /// estimate allows. Undecided entries are not among them.
    pub within_rounding: usize,
    /// The number of entries that are undecided, because of rounding.
    pub undecided: usize,
    /// The number of entries that are wrong.
    pub wrong: usize,
}

impl TensorComparison {
    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.rows.saturating_mul(self.columns)
    }
}

/// The verdict of a comparison.
///
/// [`numerical`] describes the numerical derivative n and the estimate of its error. With a the analytic derivative,
/// the relative error is `|a - n| / max(1e-6, |a| + |n|)`. An entry is
///
/// * wrong if `|a - n|` is larger than the estimate, and the relative error is above 1e-7;
/// * within rounding if the relative error is above 1e-7, but the estimate is not exceeded;
/// * undecided if it is within rounding, and the estimate is so large that fewer than three digits of the largest entry
///   of the tensor are certain. This happens in networks with weights of 3 and more and gradients of 1e9. Their losses
///   are chaotic, and no difference of doubles determines the derivative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Verdict {
    /// No entry is wrong or undecided.
    Passed,
    /// No entry is wrong, but some are undecided.
    Undecided,
    /// Some entries are wrong.
    Failed,
}

/// The comparison of two gradients. Its rows are those of U, W, V, b and c, in this order.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// One row for each tensor.
    pub rows: Vec<TensorComparison>,
}

impl Comparison {
    /// Combines several comparisons: the largest error of all, and the sums of the counts. `None` if there is no
    /// comparison.
    ///
    /// # Panics
    /// Panics if their shapes differ.
    pub fn of_all<'a>(comparisons: impl IntoIterator<Item = &'a Comparison>) -> Option<Self> {
        let mut comparisons = comparisons.into_iter();
        let mut sum = comparisons.next()?.clone();
        for comparison in comparisons {
            for (row, other) in sum.rows.iter_mut().zip(&comparison.rows) {
                row.add(other);
            }
        }
        Some(sum)
    }

    /// The verdict.
    pub fn verdict(&self) -> Verdict {
        let any =
            |count: fn(&TensorComparison) -> usize| self.rows.iter().any(|row| count(row) > 0);
        if any(|row| row.wrong) {
            Verdict::Failed
        } else if any(|row| row.undecided) {
            Verdict::Undecided
        } else {
            Verdict::Passed
        }
    }

    /// Whether the verdict is [`Verdict::Passed`]: no entry is wrong or undecided.
    pub fn passed(&self) -> bool {
        self.verdict() == Verdict::Passed
    }
}

/// Computes the analytic and the numerical gradient of a network's loss on a case, and compares them.
///
/// ```
/// use elman::check::{Case, check_gradients};
/// use elman::{Rnn, Shape};
/// let rnn = Rnn::random(Shape::new(5, 3)?, 0.01, 1)?;
/// let case = Case { inputs: &[0, 1, 1, 2], targets: &[1, 1, 2, 0], h0: &[0.0; 5] };
/// assert!(check_gradients(&rnn, case)?.passed());
/// # Ok::<(), elman::ShapeError>(())
/// ```
///
/// # Errors
/// [`ShapeError`] if the case does not fit the network, or if the buffers cannot be allocated.
pub fn check_gradients(rnn: &Rnn, case: Case) -> Result<Comparison, ShapeError> {
    let (analytic, mut numerical) = (analytic(rnn, case)?, numerical(rnn, case)?);
    let mut differences = Differences::new(rnn, case)?;
    let rounding = Rounding::of(rnn, case)?;
    let derivatives = numerical.derivative.values_mut().iter_mut();
    let found = derivatives.zip(numerical.estimate.values_mut());
    for (entry, (&a, (n, estimate))) in analytic.values().iter().zip(found).enumerate() {
        // Before an entry is called wrong, its derivative is computed again with more care.
        if is_off(a, *n) && over((a - *n).abs(), *estimate) {
            let Estimated { derivative, error } =
                differences.derivative(extrapolated, entry, &rounding);
            (*n, *estimate) = (derivative, error);
        }
    }
    Ok(compare(&analytic, &numerical))
}

/// Computes the gradient by backpropagation through time, without clipping.
///
/// # Errors
/// [`ShapeError`] if the case does not fit the network, or if the buffers cannot be allocated.
pub fn analytic(rnn: &Rnn, case: Case) -> Result<Parameters, ShapeError> {
    let mut steps = case.unrolled(rnn.shape())?;
    let mut gradient = Parameters::zeros(rnn.shape())?;
    rnn.forward(&mut steps);
    rnn.backward(&mut steps, &mut gradient);
    Ok(gradient)
}

/// Compares an analytic gradient with the numerical one, entry by entry.
///
/// # Panics
/// Panics if the shapes differ.
pub fn compare(analytic: &Parameters, numerical: &Numerical) -> Comparison {
    let Numerical { derivative, estimate } = numerical;
    assert!(
        analytic.shape() == derivative.shape() && analytic.shape() == estimate.shape(),
        "compare: shapes"
    );
    let parts = analytic.named().zip(derivative.named());
    let rows = parts.zip(estimate.named()).map(|((a, n), estimate)| {
        let mut row = TensorComparison {
            name: a.name,
            rows: a.rows,
            columns: a.columns,
            largest_entry: a.values.iter().fold(0.0, |largest, a| largest_of(largest, a.abs())),
            ..TensorComparison::default()
        };
        let numbers = a.values.iter().zip(n.values).zip(estimate.values);
        for (i, ((&a, &n), &estimate)) in numbers.enumerate() {
            row.count(i, a, n, estimate);
        }
        row
    });
    Comparison { rows: rows.collect() }
}

impl TensorComparison {
    fn add(&mut self, other: &TensorComparison) {
        assert_eq!((self.rows, self.columns), (other.rows, other.columns), "comparisons: shapes");
        self.largest_entry = largest_of(self.largest_entry, other.largest_entry);
        self.estimate = largest_of(self.estimate, other.estimate);
        self.absolute.keep_larger(other.absolute);
        self.relative.keep_larger(other.relative);
        self.absolute_over += other.absolute_over;
        self.relative_over += other.relative_over;
        self.within_rounding += other.within_rounding;
        self.undecided += other.undecided;
        self.wrong += other.wrong;
    }

    fn count(&mut self, index: usize, a: f64, n: f64, estimate: f64) {
        let (row, column) = (index / self.columns, index % self.columns);
        let (absolute, relative) = errors(a, n);
        self.absolute.keep_larger(LargestError { error: absolute, row, column });
        self.relative.keep_larger(LargestError { error: relative, row, column });
        self.estimate = largest_of(self.estimate, estimate);
        self.absolute_over += usize::from(over(absolute, TOLERANCE));
        self.relative_over += usize::from(over(relative, TOLERANCE));
        if !is_off(a, n) {
            return;
        }
        let leaves_no_digits = over(estimate, TOLERANCE.max(DIGITS * self.largest_entry));
        let count = match over(absolute, estimate) {
            // No derivative is NaN or infinite.
            _ if !a.is_finite() => &mut self.wrong,
            true if !n.is_nan() => &mut self.wrong,
            _ if leaves_no_digits => &mut self.undecided,
            _ => &mut self.within_rounding,
        };
        *count += 1;
    }
}

/// The absolute and the relative error.
fn errors(a: f64, n: f64) -> (f64, f64) {
    let absolute = (a - n).abs();
    (absolute, absolute / FLOOR.max(a.abs() + n.abs()))
}

/// Whether an error is above a limit; NaN always is.
fn over(error: f64, limit: f64) -> bool {
    error > limit || error.is_nan()
}

/// The larger of two numbers. NaN is the largest.
fn largest_of(largest: f64, x: f64) -> f64 {
    if !largest.is_nan() && over(x, largest) { x } else { largest }
}

/// Whether the relative error of two numbers is above [`LIMIT`].
fn is_off(a: f64, n: f64) -> bool {
    over(errors(a, n).1, LIMIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parameters::Shape;
    use crate::network::reference::transpose;
    use crate::random::{Generator, Stream};
    use crate::text::vocabulary::Vocabulary;
    use crate::{Settings, Training};

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
            Setting { rnn, text: vocabulary.encode(TEXT).unwrap(), h0 }
        }

        fn case(&self) -> Case<'_> {
            Case { inputs: &self.text[..25], targets: &self.text[1..26], h0: &self.h0 }
        }
    }

    #[test]
    fn right_gradients_pass_from_any_state() {
        for seed in 1..=5 {
            for (m, sigma) in [(1, 0.01), (5, 0.01), (1, 0.5), (5, 0.3), (20, 0.2)] {
                let setting = Setting::new(m, sigma, seed);
                let comparison = check_gradients(&setting.rnn, setting.case()).unwrap();
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
                let comparison = check_gradients(&setting.rnn, setting.case()).unwrap();
                assert!(comparison.passed(), "{m} {sigma} {seed}: {comparison:?}");
            }
        }
        let setting = Setting::new(20, 0.5, 1);
        let spoiled = wrong_after(&setting, |g| g.tensors_mut().b[10] *= 1.001);
        assert_eq!(names(&spoiled), "b");
    }

    /// Names of the parameters with wrong entries, after something was done to the right gradient.
    fn wrong_after(setting: &Setting, spoil: impl FnOnce(&mut Parameters)) -> Comparison {
        let numerical = numerical(&setting.rnn, setting.case()).unwrap();
        let mut gradient = analytic(&setting.rnn, setting.case()).unwrap();
        assert_eq!(compare(&gradient, &numerical).verdict(), Verdict::Passed);
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
        assert_ne!(analytic, numerical.derivative, "rounding alone tells them apart");
        assert_eq!(check_gradients(rnn, case).unwrap(), compare(&analytic, &numerical));
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
        other.backward(&mut steps, gradient);
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
        assert_eq!([spoiled.rows[2].absolute.row, spoiled.rows[2].absolute.column], [1, 2]);
    }

    #[test]
    fn every_entry_is_counted_once() {
        // U W V b c of one entry each: (analytic, numerical, estimate), and the counts: absolute and relative errors
        // above the tolerance, within rounding, undecided, wrong.
        let nan = f64::NAN;
        for (numbers, counts) in [
            // Right: the same, or in all digits that count, whatever the estimate.
            ((1.0, 1.0, 0.0), [0, 0, 0, 0, 0]),
            ((1.0, 1.0 + 1e-7, 0.0), [0, 0, 0, 0, 0]),
            ((1e-14, 0.0, 0.0), [0, 0, 0, 0, 0]),
            ((1e10, 1e10, 1e9), [0, 0, 0, 0, 0]),
            // Wrong, however small, beyond the estimate.
            ((1.0, 1.0 + 1e-6, 1e-11), [0, 0, 0, 0, 1]),
            ((2.0, 2.0 + 2e-5, 1e-11), [1, 1, 0, 0, 1]),
            ((5e-10, 0.0, 1e-10), [0, 1, 0, 0, 1]),
            ((1e9, 0.0, 1e8), [1, 1, 0, 0, 1]),
            // Within rounding.
            ((5e-10, 0.0, 1e-9), [0, 1, 1, 0, 0]),
            ((1e-8, 0.0, 1e-6), [0, 1, 1, 0, 0]),
            ((1e6, 1e6 + 1.0, 500.0), [1, 0, 1, 0, 0]),
            // Undecided: nothing is known of it.
            ((1e6, 2e6, 2e6), [1, 1, 0, 1, 0]),
            ((1e-3, 0.0, 2e-3), [1, 1, 0, 1, 0]),
            ((1.0, nan, f64::INFINITY), [1, 1, 0, 1, 0]),
            ((1.0, 2.0, nan), [1, 1, 0, 1, 0]),
            // No number is never right.
            ((nan, 1.0, f64::INFINITY), [1, 1, 0, 0, 1]),
            ((nan, nan, f64::INFINITY), [1, 1, 0, 0, 1]),
            ((f64::INFINITY, 1.0, f64::INFINITY), [1, 1, 0, 0, 1]),
        ] {
            let of = |x| {
                let mut one = Parameters::zeros(Shape::new(1, 1).unwrap()).unwrap();
                one.values_mut().fill(x);
                one
            };
            let (a, n, estimate) = numbers;
            let numerical = Numerical { derivative: of(n), estimate: of(estimate) };
            let comparison = compare(&of(a), &numerical);
            let verdict = match counts {
                [.., 1] => Verdict::Failed,
                [.., 1, _] => Verdict::Undecided,
                _ => Verdict::Passed,
            };
            assert_eq!(comparison.verdict(), verdict);
            for row in comparison.rows {
                let found = [
                    row.absolute_over,
                    row.relative_over,
                    row.within_rounding,
                    row.undecided,
                    row.wrong,
                ];
                assert_eq!(found, counts, "{numbers:?}");
            }
        }
    }

    /// The estimates hold from any state, and leave the digits that are there.
    #[test]
    fn differences_are_within_the_estimates() {
        let (mut entries, mut tight) = (0, 0);
        for seed in 1..=4 {
            for (m, sigma) in [(1, 0.01), (5, 0.01), (8, 0.7), (20, 0.5), (20, 1.0), (10, 3.0)] {
                let setting = Setting::new(m, sigma, seed);
                let numerical = numerical(&setting.rnn, setting.case()).unwrap();
                let analytic = analytic(&setting.rnn, setting.case()).unwrap();
                let found = numerical.derivative.values().iter();
                let found = found.zip(numerical.estimate.values());
                for (a, (n, estimate)) in analytic.values().iter().zip(found) {
                    assert!((a - n).abs() <= *estimate, "{m} {sigma} {seed}: {a} {n} {estimate}");
                    entries += 1;
                    tight += usize::from(*estimate < 1e-9 * a.abs().max(1.0));
                }
            }
        }
        assert!(tight > entries * 9 / 10, "{tight} of {entries}");
    }

    /// Entries that are off within their estimate keep the derivative that they have: only those beyond it take more care.
    #[test]
    fn only_what_would_be_wrong_is_computed_again() {
        let setting = Setting::new(10, 3.0, 1);
        let (rnn, case) = (&setting.rnn, setting.case());
        let numerical = numerical(rnn, case).unwrap();
        let compared = compare(&analytic(rnn, case).unwrap(), &numerical);
        let sum = |count: fn(&TensorComparison) -> usize| -> usize {
            compared.rows.iter().map(count).sum()
        };
        assert_eq!(sum(|row| row.wrong), 0);
        assert!(sum(|row| row.within_rounding + row.undecided) > 50, "{compared:?}");
        assert_eq!(check_gradients(rnn, case).unwrap(), compared);
    }

    #[test]
    fn the_wildest_networks_are_undecided() {
        let mut setting = Setting::new(40, 3.0, 1);
        let comparison = check_gradients(&setting.rnn, setting.case()).unwrap();
        assert_ne!(comparison.verdict(), Verdict::Failed, "{comparison:?}");
        // Losses beyond any double.
        setting.rnn.parameters.tensors_mut().V.fill(1e300);
        setting.rnn.parameters.tensors_mut().c[0] = -1e300;
        let comparison = check_gradients(&setting.rnn, setting.case()).unwrap();
        assert_eq!(comparison.verdict(), Verdict::Undecided, "{comparison:?}");
    }

    /// A network of full size with saturated units, and where its training stands.
    fn trained() -> Training {
        let settings = Settings { seed: 2, ..Settings::default() };
        let mut training = Training::new(&TEXT.repeat(20), settings).unwrap();
        (0..1000).for_each(|_| _ = training.update().unwrap());
        training.observe().unwrap();
        training
    }

    #[test]
    fn the_full_size_passes_and_a_wrong_digit_is_found_wherever_rounding_leaves_it() {
        let training = trained();
        let (inputs, targets) = training.chunk();
        let case = Case { inputs, targets, h0: training.h0() };
        let rnn = &training.model().state.rnn;
        let (numerical, mut gradient) =
            (numerical(rnn, case).unwrap(), analytic(rnn, case).unwrap());
        let comparison = compare(&gradient, &numerical);
        assert!(comparison.passed(), "{comparison:?}");
        let count: usize = comparison.rows.iter().map(TensorComparison::entries).sum();
        assert_eq!(count, rnn.shape().entries());
        assert!(comparison.rows.iter().all(|row| row.absolute.error < 1e-9));
        let (mut saturated, mut entries) = (0, 0);
        let mut steps = case.unrolled(rnn.shape()).unwrap();
        rnn.forward(&mut steps);
        for t in 1..=steps.steps() {
            saturated += steps.h(t, 0).iter().filter(|h| h.abs() > 0.999).count();
            entries += rnn.shape().m();
        }
        assert!(saturated > entries / 10, "{saturated} of {entries}");

        let right = gradient.values().to_vec();
        for (entry, g) in right.iter().enumerate() {
            gradient.values_mut()[entry] = g * (1.0 + 1e-6);
        }
        let told = (right.iter().zip(numerical.estimate.values()))
            .filter(|&(g, estimate)| 2.0 * estimate < 1e-6 * g.abs() && g.abs() > FLOOR);
        let told = told.count();
        let wrong: usize = compare(&gradient, &numerical).rows.iter().map(|row| row.wrong).sum();
        assert!(told > right.len() / 3, "{told} of {}", right.len());
        assert!(wrong >= told, "{wrong} of {told}");
    }

    #[test]
    fn comparisons_are_added_up() {
        let setting = Setting::new(5, 0.01, 2);
        let one = check_gradients(&setting.rnn, setting.case()).unwrap();
        let spoiled = wrong_after(&setting, |g| g.tensors_mut().b[3] += 1e-3);
        for (first, second) in [(&one, &spoiled), (&spoiled, &one)] {
            let both = Comparison::of_all([first, second]).unwrap();
            assert_eq!(both.verdict(), Verdict::Failed);
            assert_eq!(both.rows[3].wrong, 1);
            assert_eq!(both.rows[3].absolute, spoiled.rows[3].absolute);
            assert_eq!(both.rows[3].estimate, one.rows[3].estimate.max(spoiled.rows[3].estimate));
        }
        assert_eq!(Comparison::of_all([&one]), Some(one));
        assert_eq!(Comparison::of_all([]), None);
    }

    /// Two rows of the same tensor, in which every number is another one.
    fn two_rows() -> [TensorComparison; 2] {
        let at = |error, row, column| LargestError { error, row, column };
        let shape = TensorComparison { name: "W", rows: 4, columns: 5, ..Default::default() };
        [
            TensorComparison {
                largest_entry: 3.0,
                absolute: at(0.5, 1, 2),
                relative: at(0.25, 3, 4),
                absolute_over: 1,
                relative_over: 20,
                estimate: 0.125,
                within_rounding: 300,
                undecided: 4_000,
                wrong: 50_000,
                ..shape
            },
            TensorComparison {
                largest_entry: 2.0,
                absolute: at(0.75, 0, 1),
                relative: at(0.0625, 2, 0),
                absolute_over: 6,
                relative_over: 70,
                estimate: 0.5,
                within_rounding: 800,
                undecided: 9_000,
                wrong: 10_000,
                ..shape
            },
        ]
    }

    fn of_all(rows: [TensorComparison; 2]) -> TensorComparison {
        let [first, second] = rows.map(|row| Comparison { rows: vec![row] });
        Comparison::of_all([&first, &second]).unwrap().rows[0]
    }

    #[test]
    fn counts_are_added_and_of_errors_the_largest_is_kept_with_its_place() {
        let [first, second] = two_rows();
        let sum = TensorComparison {
            name: "W",
            rows: 4,
            columns: 5,
            largest_entry: 3.0,
            absolute: LargestError { error: 0.75, row: 0, column: 1 },
            relative: LargestError { error: 0.25, row: 3, column: 4 },
            absolute_over: 7,
            relative_over: 90,
            estimate: 0.5,
            within_rounding: 1_100,
            undecided: 13_000,
            wrong: 60_000,
        };
        assert_eq!(of_all([first, second]), sum);
        assert_eq!(of_all([second, first]), sum);
        assert_eq!(sum.entries(), 20);
    }

    /// NaN is larger than any number. Of equals the first is kept.
    #[test]
    fn an_error_that_is_no_number_is_kept_in_both_orders() {
        let [number, mut nan] = two_rows();
        nan.absolute.error = f64::NAN;
        nan.estimate = f64::NAN;
        nan.largest_entry = f64::NAN;
        for rows in [[number, nan], [nan, number]] {
            let sum = of_all(rows);
            assert!(sum.absolute.error.is_nan() && sum.estimate.is_nan());
            assert!(sum.largest_entry.is_nan());
            assert_eq!([sum.absolute.row, sum.absolute.column], [0, 1]);
        }
        let mut same = number;
        (same.absolute.row, nan.absolute.row) = (0, 3);
        assert_eq!(of_all([number, same]).absolute, number.absolute);
        // The first of two.
        assert_eq!(of_all([two_rows()[1], nan]).absolute.row, 3);
        let first = TensorComparison { absolute: LargestError { row: 2, ..nan.absolute }, ..nan };
        assert_eq!(of_all([first, nan]).absolute.row, 2);
    }

    #[test]
    fn comparisons_of_several_rows_are_added_row_by_row() {
        let [first, second] = two_rows();
        let rows = |rows: [TensorComparison; 2]| Comparison { rows: rows.into() };
        let sum = Comparison::of_all([
            &rows([first, second]),
            &rows([second, second]),
            &rows([second, first]),
        ]);
        let wrong: Vec<_> = sum.unwrap().rows.iter().map(|row| row.wrong).collect();
        assert_eq!(wrong, [70_000, 70_000]);
    }

    #[test]
    #[should_panic(expected = "comparisons: shapes")]
    fn comparisons_of_other_shapes_are_not_added() {
        let [first, second] = two_rows();
        of_all([first, TensorComparison { rows: 5, columns: 4, ..second }]);
    }

    /// What is counted of W of 1 x 2: the first entry is right and has this size, of the second these are the derivatives
    /// and the estimate.
    fn counted(size: f64, a: f64, n: f64, estimate: f64) -> TensorComparison {
        let mut row =
            TensorComparison { rows: 1, columns: 2, largest_entry: size, ..Default::default() };
        row.count(0, size, size, 0.0);
        row.count(1, a, n, estimate);
        row
    }

    /// `|a - n| / max(1e-6, |a| + |n|)`, with numbers on both sides of the floor.
    #[test]
    fn the_relative_error_has_its_floor() {
        for (a, n, relative) in [
            (3e-7, 1e-7, 0.2),
            (3e-7, -1e-7, 0.4),
            (4e-7, -4e-7, 0.8),
            (6e-7, 3e-7, 0.3),
            (6e-7, -6e-7, 1.0),
            (3e-6, 1e-6, 0.5),
            (-3e-6, -1e-6, 0.5),
            (-3.0, 1.0, 1.0),
        ] {
            let row = counted(0.0, a, n, f64::INFINITY);
            let found = row.relative.error;
            assert!((found - relative).abs() < 1e-14, "{a} {n}: {found}, not {relative}");
            let absolute: f64 = a - n;
            assert_eq!(row.absolute, LargestError { error: absolute.abs(), row: 0, column: 1 });
        }
    }

    /// An entry is off above a relative error of 1e-7; below the floor that is an absolute error of 1e-13.
    #[test]
    fn an_entry_is_off_above_its_limit() {
        for (a, n, wrong) in [
            (1.0, 1.0 + 1.9e-7, 0),
            (1.0, 1.0 + 2.1e-7, 1),
            (1e-7, 1e-7 + 0.9e-13, 0),
            (1e-7, 1e-7 + 1.1e-13, 1),
        ] {
            assert_eq!(counted(0.0, a, n, 0.0).wrong, wrong, "{a} {n}");
        }
    }

    /// An entry is undecided where the estimate is above a thousandth of the largest entry of its tensor, which need not be
    /// its own, and above 1e-6. Both derivatives are 1 % off, and within the estimate.
    #[test]
    fn three_digits_of_the_largest_entry_have_to_be_left() {
        for (size, estimate, undecided) in [
            (1e3, 0.9, false),
            (1e3, 1.1, true),
            (1.0, 0.9e-3, false),
            (1.0, 1.1e-3, true),
            // The floor of the tolerance.
            (1e-2, 0.9e-5, false),
            (1e-2, 1.1e-5, true),
            (1e-4, 0.9e-6, false),
            (1e-4, 1.1e-6, true),
            (0.0, 0.9e-6, false),
            (0.0, 1.1e-6, true),
        ] {
            let a = 10.0 * estimate;
            let row = counted(size, a, 1.01 * a, estimate);
            let counts = [row.within_rounding, row.undecided, row.wrong];
            assert_eq!(counts, [usize::from(!undecided), usize::from(undecided), 0], "{size}");
        }
    }

    /// Errors of 1e-6 are not above the tolerance, those just above are: absolute and relative alike.
    #[test]
    fn errors_above_the_tolerance_are_counted() {
        for (a, n, over) in [
            (1e-6, 0.0, [0, 1]),
            (1.001e-6, 0.0, [1, 1]),
            (0.9e-12, 0.0, [0, 0]),
            (1.1e-12, 0.0, [0, 1]),
            (1e3, 1e3 + 1.9e-3, [1, 0]),
            (1e3, 1e3 + 2.1e-3, [1, 1]),
        ] {
            let row = counted(0.0, a, n, f64::INFINITY);
            assert_eq!([row.absolute_over, row.relative_over], over, "{a} {n}");
        }
    }
}
