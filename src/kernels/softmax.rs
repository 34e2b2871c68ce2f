//! Softmax and the cross-entropy loss, for any finite logits.

// The index of a row runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::elementary::{exp_at_most_0, ln_of_normal};
use super::lanes::{F64x8, Kernel};
use super::rows::RowsMut;

/// The logarithm of a sum of exponentials of logits. It is kept in two parts, so it is exact for large logits too.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LogSumExp {
    /// The largest logit.
    pub largest: f64,
    /// The logarithm of `sum_k exp(o_k - largest)`, from 0 to ln K.
    pub rest: f64,
}

impl LogSumExp {
    /// The loss `-ln p_k` in nats of the character with the logit `o_k`. It is never negative. It is finite if the
    /// difference between `o_k` and the largest logit is finite.
    pub fn loss(self, o_k: f64) -> f64 {
        self.rest + (self.largest - o_k)
    }
}

/// Replaces logits o by the probabilities `p_k = exp(o_k) / sum_j exp(o_j)`, and returns the logarithm of that sum.
///
/// The largest logit is first subtracted from all logits, so nothing overflows. A logit that is smaller than the
/// largest by 708 or more gets a probability of 0. The sum runs in eight lanes, like that of a dot product. Each
/// exponential is then multiplied by the reciprocal of the sum.
///
/// # Panics
/// Panics if there are no logits.
#[inline(always)]
pub fn softmax<F: F64x8>(o: &mut [f64]) -> LogSumExp {
    softmax_of_rows::<F>(&mut RowsMut::one(o), 0, 1)[0]
}

/// The same as [`softmax`] for up to eight rows of logits: `count` rows from row `first` on. The reciprocals and
/// logarithms of their sums are computed together.
///
/// # Panics
/// Panics if there are no logits, if there are no such rows, or if `count` is more than eight.
#[inline(always)]
pub fn softmax_of_rows<F: F64x8>(o: &mut RowsMut, first: usize, count: usize) -> [LogSumExp; 8] {
    let mut largest = [0.0; 8];
    // A sum of 1 where there is no row.
    let mut lanes = [F::splat(0.125); 8];
    for r in 0..count {
        let o = o.row(first + r);
        largest[r] = largest_of::<F>(o);
        lanes[r] = exponentials(o, largest[r]);
    }
    let totals = F::sums(lanes);
    let reciprocals = (F::splat(1.0) / totals).to_array();
    for r in 0..count {
        scale(o.row(first + r), F::splat(reciprocals[r]));
    }
    let (totals, logarithms) = (totals.to_array(), ln_of_normal(totals).to_array());
    let mut results = [LogSumExp::default(); 8];
    for r in 0..8 {
        // A sum that is not a number is its own logarithm.
        let rest = if totals[r] < f64::INFINITY { logarithms[r] } else { totals[r] };
        results[r] = LogSumExp { largest: largest[r], rest };
    }
    results
}

/// [`softmax`] as a kernel, which [`Level::softmax`](super::Level::softmax) runs.
#[derive(Debug)]
pub struct Softmax<'a>(pub &'a mut [f64]);

impl Kernel for Softmax<'_> {
    type Output = LogSumExp;

    #[inline(always)]
    fn run<F: F64x8>(self) -> LogSumExp {
        softmax::<F>(self.0)
    }
}

#[inline(always)]
fn largest_of<F: F64x8>(o: &[f64]) -> f64 {
    let (eights, rest) = o.as_chunks();
    let mut largest = F::splat(o[0]);
    for o in eights {
        largest = F::load(o).larger(largest);
    }
    rest.iter().fold(largest.largest(), |largest, &o| if o > largest { o } else { largest })
}

/// Replaces each o by `exp(o - largest)`, and returns their sums in eight lanes.
#[inline(always)]
fn exponentials<F: F64x8>(o: &mut [f64], largest: f64) -> F {
    let mut lanes = F::splat(0.0);
    let (eights, rest) = o.as_chunks_mut();
    for o in eights {
        let e = exp_at_most_0(F::load(o) - F::splat(largest));
        e.store(o);
        lanes = lanes + e;
    }
    if !rest.is_empty() {
        // The lanes after the last logit have no part in the sum.
        let mut last = [f64::NEG_INFINITY; 8];
        last[..rest.len()].copy_from_slice(rest);
        let e = exp_at_most_0(F::load(&last) - F::splat(largest));
        e.store_part(rest);
        lanes = lanes + e;
    }
    lanes
}

#[inline(always)]
fn scale<F: F64x8>(x: &mut [f64], factor: F) {
    let (eights, rest) = x.as_chunks_mut();
    for x in eights {
        (F::load(x) * factor).store(x);
    }
    if !rest.is_empty() {
        (F::load_part(rest) * factor).store_part(rest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Level, ln, twins};

    fn softmax_of(logits: &[f64]) -> (Vec<f64>, LogSumExp) {
        let mut p = logits.to_vec();
        let log_sum_exp = Level::widest().run(Softmax(&mut p));
        (p, log_sum_exp)
    }

    #[test]
    fn every_level_gives_the_bits_of_the_definition() {
        for length in 1..40 {
            for offset in 0..4 {
                let logits = twins::numbers(offset + length, 3);
                for level in Level::available() {
                    let mut p = logits.clone();
                    let log_sum_exp = level.run(Softmax(&mut p[offset..]));
                    let expected = twins::softmax(&logits[offset..]);
                    assert_eq!((p[offset..].to_vec(), log_sum_exp), expected, "{level:?}");
                }
            }
        }
    }

    #[test]
    fn any_finite_logits_give_a_distribution() {
        let long: Vec<f64> = (0..1000).map(|i| f64::from(i) * 0.7 - 350.0).collect();
        for logits in [
            vec![0.0],
            vec![1e308],
            vec![-1e308; 3],
            vec![1e308, -1e308, 0.0],
            vec![f64::MAX, f64::MAX, f64::MIN],
            vec![745.0, -745.0, 0.0, 1e-300],
            long,
        ] {
            let (p, log_sum_exp) = softmax_of(&logits);
            assert!(p.iter().all(|p| (0.0..=1.0).contains(p)), "{logits:?}");
            assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-13, "{logits:?}");
            assert!(log_sum_exp.largest.is_finite() && log_sum_exp.rest >= 0.0);
            assert!(log_sum_exp.loss(log_sum_exp.largest).is_finite());
        }
    }

    #[test]
    fn known_distributions_are_exact() {
        assert_eq!(softmax_of(&[-3e300]).0, [1.0]);
        assert_eq!(softmax_of(&[1e308; 4]).0, [0.25; 4]);
        assert_eq!(softmax_of(&[1e308, -1e308]).0, [1.0, 0.0]);
        let (p, log_sum_exp) = softmax_of(&[0.0, ln(3.0)]);
        assert!((p[0] - 0.25).abs() < 1e-15 && (p[1] - 0.75).abs() < 1e-15);
        assert!((log_sum_exp.loss(0.0) - ln(4.0)).abs() < 1e-15);
        assert_eq!(softmax_of(&[5.0; 3]).1.loss(5.0), ln(3.0));
    }

    #[test]
    fn a_constant_added_to_all_logits_changes_nothing() {
        let logits = [0.5, -1.25, 2.0, 0.0];
        let moved = logits.map(|o| o + 1024.0);
        let ((p, a), (q, b)) = (softmax_of(&logits), softmax_of(&moved));
        assert_eq!(p, q);
        assert_eq!(a.loss(logits[1]), b.loss(moved[1]));
    }

    #[test]
    fn what_is_not_finite_shows() {
        assert!(softmax_of(&[0.0, f64::NAN]).1.loss(0.0).is_nan());
        assert!(softmax_of(&[f64::NAN, 0.0]).1.loss(0.0).is_nan());
        assert!(softmax_of(&[0.0, f64::INFINITY]).1.loss(0.0).is_nan());
    }
}
