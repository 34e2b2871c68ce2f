//! The times that the passes of an update take at least.

use crate::passes::PASSES;
use crate::shared::{self, T};

const K: f64 = shared::K as f64;

/// What the machine takes at least, in seconds: for a multiply-add, an entry of a function, a byte.
pub struct Rates {
    pub multiply_add: f64,
    pub tanh: f64,
    pub exp: f64,
    pub ln: f64,
    pub adagrad: f64,
    /// For buffers of so many bytes, the smallest first.
    pub reading: Vec<(usize, f64)>,
}

impl Rates {
    /// The seconds of reading a buffer of so many bytes: between two that were measured, each byte takes a time between
    /// theirs.
    fn read(&self, bytes: f64) -> f64 {
        let last = self.reading.len() - 1;
        let above = self.reading.iter().position(|&(size, _)| size as f64 >= bytes);
        let above = above.unwrap_or(last);
        let [below, above] = [self.reading[above.saturating_sub(1)], self.reading[above]];
        let share = (bytes / below.0 as f64).log2().clamp(0.0, 1.0);
        bytes * (below.1 + share * (above.1 - below.1))
    }
}

/// What a pass has to do.
struct Work {
    multiply_adds: f64,
    /// Seconds of the crate's own functions.
    own: f64,
    /// Doubles that are read.
    doubles: f64,
    /// How many times they are read.
    times: usize,
}

/// The bounds of all passes, in seconds, with `n` characters that differ.
pub fn bounds(m: usize, B: usize, n: f64, rates: &Rates) -> [f64; PASSES] {
    let (m, rows) = (m as f64, (T * B) as f64);
    let once =
        |multiply_adds: f64, own: f64, doubles: f64| Work { multiply_adds, own, doubles, times: 1 };
    let steps = |times: usize, own: f64| Work {
        multiply_adds: (times * B) as f64 * m * m,
        own,
        doubles: m * m,
        times,
    };
    let columns = (n + 1.0) * m + K;
    let all = [
        steps(T, rows * m * rates.tanh),
        once(rows * K * m, 0.0, K * m + rows * m),
        once(rows * K, rows * (K * rates.exp + rates.ln), rows * K),
        once(rows * K * m, 0.0, K * m + rows * (K + m)),
        steps(T - 1, 0.0),
        once(rows * K * m, K * m * rates.adagrad, 2.0 * K * m + rows * (K + m)),
        once(rows * m * m, m * m * rates.adagrad, 2.0 * m * m + 2.0 * rows * m),
        once(rows * (2.0 * m + K), columns * rates.adagrad, 2.0 * columns + rows * (m + K)),
        once(0.0, 0.0, rows * (2.0 * m + K)),
    ];
    all.map(|Work { multiply_adds, own, doubles, times }| {
        let arithmetic = multiply_adds * rates.multiply_add + own;
        arithmetic.max(times as f64 * rates.read(8.0 * doubles))
    })
}
