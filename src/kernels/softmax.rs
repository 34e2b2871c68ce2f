//! From logits to probabilities and to the loss, for any finite logits.

use super::{exp, ln, sum};

/// ln of the sum of the exponentials of some logits, in the two parts that keep it exact.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LogSumExp {
    /// The largest logit.
    pub largest: f64,
    /// ln of `sum_k exp(o_k - largest)`, from 0 to ln K.
    pub rest: f64,
}

impl LogSumExp {
    /// `-ln p_k` in nats, for the character whose logit is `o_k`: never below 0, and finite where
    /// the distance from the largest logit is.
    pub fn loss(self, o_k: f64) -> f64 {
        self.rest + (self.largest - o_k)
    }
}

/// `p_k = exp(o_k) / sum_j exp(o_j)`, and the logarithm of that sum; `p` holds the result.
///
/// The largest logit is taken from all first, so nothing overflows. The sum runs in the order of
/// [`sum`]; each entry is then multiplied by the reciprocal.
///
/// # Panics
/// Where the lengths differ or are 0.
pub fn softmax(logits: &[f64], p: &mut [f64]) -> LogSumExp {
    assert!(!logits.is_empty(), "softmax: no logits");
    assert_eq!(logits.len(), p.len(), "softmax: lengths");
    let largest = largest(logits);
    for (p, o) in p.iter_mut().zip(logits) {
        *p = exp(o - largest);
    }
    let total = sum(p);
    let reciprocal = 1.0 / total;
    for p in p.iter_mut() {
        *p *= reciprocal;
    }
    LogSumExp {
        largest,
        rest: ln(total),
    }
}

fn largest(logits: &[f64]) -> f64 {
    let mut largest = logits[0];
    for &o in logits {
        if o > largest {
            largest = o;
        }
    }
    largest
}

#[cfg(test)]
mod tests {
    use super::*;

    fn softmax_of(logits: &[f64]) -> (Vec<f64>, LogSumExp) {
        let mut p = vec![f64::NAN; logits.len()];
        let log_sum_exp = softmax(logits, &mut p);
        (p, log_sum_exp)
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
            assert!((sum(&p) - 1.0).abs() < 1e-13, "{logits:?}");
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
