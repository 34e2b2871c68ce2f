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
