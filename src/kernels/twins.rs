//! What the tests of the kernels share: test numbers, and reference implementations that compute every sum in its
//! documented order, one entry at a time.

use super::{F64x8, Kernel, Level, LogSumExp, Number, Panels, Rows, Tiles, exp_at_most_0, ln};

/// Numbers that are not round, of both signs, so that every order of a sum shows.
pub fn numbers(count: usize, seed: usize) -> Vec<f64> {
    let number = |i: usize| ((i * 7919 + seed * 104_729) % 1_000_003) as f64;
    (0..count).map(|i| (number(i) - 500_001.0) / 333_333.0).collect()
}

/// Eight lanes, entry i in lane i mod 8, zeros to the end of the last eight; the lanes are added in pairs.
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    let entry = |x: &[f64], i: usize| x.get(i).copied().unwrap_or(0.0);
    let lane = |l: usize| {
        let indices = (l..x.len().next_multiple_of(8)).step_by(8);
        indices.fold(0.0, |sum, i| entry(x, i).fma(entry(y, i), sum))
    };
    ((lane(0) + lane(1)) + (lane(2) + lane(3))) + ((lane(4) + lane(5)) + (lane(6) + lane(7)))
}

/// `y_j + sum_i A_ij x_i`, by increasing i, with A of as many rows as x has entries.
pub fn transposed(A: &[f64], x: &[f64], y: &[f64]) -> Vec<f64> {
    let entry = |j: usize| (0..x.len()).fold(y[j], |sum, i| x[i].fma(A[i * y.len() + j], sum));
    (0..y.len()).map(entry).collect()
}

/// `sum_k left_k right_k'` by increasing k, with `count` vectors of the lengths `rows` and `columns`.
pub fn outer(left: &[f64], right: &[f64], count: usize, rows: usize, columns: usize) -> Vec<f64> {
    let next = |sum: f64, k: usize, i: usize, j: usize| {
        left[k * rows + i].fma(right[k * columns + j], sum)
    };
    let entry = |i: usize, j: usize| (0..count).fold(0.0, |sum, k| next(sum, k, i, j));
    (0..rows).flat_map(|i| (0..columns).map(move |j| entry(i, j))).collect()
}

/// `exp(o_k - largest)` times the reciprocal of the sum, whose entry k is in lane k mod 8. A logit that is not a number is
/// the largest only where it is the first.
pub fn softmax(o: &[f64]) -> (Vec<f64>, LogSumExp) {
    let largest = o.iter().fold(o[0], |largest, &o| if o > largest { o } else { largest });
    let e: Vec<f64> = o.iter().map(|o| exp_at_most_0(o - largest)).collect();
    let lane = |l: usize| e.iter().skip(l).step_by(8).fold(0.0, |sum, e| sum + e);
    let total =
        ((lane(0) + lane(1)) + (lane(2) + lane(3))) + ((lane(4) + lane(5)) + (lane(6) + lane(7)));
    let reciprocal = 1.0 / total;
    let p = e.iter().map(|e| e * reciprocal).collect();
    (p, LogSumExp { largest, rest: ln(total) })
}

/// Packs vectors without gaps.
struct Pack<'a, P>(&'a mut P, Rows<'a>);

impl Kernel for Pack<'_, Panels> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        self.0.pack::<F>(0, self.1);
    }
}

impl Kernel for Pack<'_, Tiles> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        self.0.pack::<F>(0, self.1);
    }
}

/// Vectors without gaps, packed.
pub fn panels(values: &[f64], count: usize, length: usize) -> Panels {
    let mut panels = Panels::new(count, length).unwrap();
    Level::widest().run(Pack(&mut panels, Rows::tight(values, count, length)));
    panels
}

/// A matrix without gaps, packed.
pub fn tiles(A: &[f64], rows: usize, columns: usize) -> Tiles {
    let mut tiles = Tiles::new(rows, columns).unwrap();
    Level::widest().run(Pack(&mut tiles, Rows::tight(A, rows, columns)));
    tiles
}

/// Rows with zeros to the end of the last eight.
pub fn padded(values: &[f64], rows: usize, columns: usize) -> Vec<f64> {
    let width = columns.next_multiple_of(8);
    let mut padded = vec![0.0; rows * width];
    for i in 0..rows {
        padded[i * width..][..columns].copy_from_slice(&values[i * columns..][..columns]);
    }
    padded
}

/// Every number of rows and columns past two blocks of every blocking, and starts that are not
/// aligned.
pub fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
    let sizes = || (0..=19).chain([31, 32, 33, 64, 65, 71]);
    let wide = [255, 256, 257, 513, 600];
    let all = sizes().flat_map(move |rows| sizes().map(move |columns| (rows, columns)));
    let all =
        all.chain(wide.into_iter().flat_map(|columns| [1, 4, 9, 13].map(|rows| (rows, columns))));
    all.map(|(rows, columns)| (rows, columns, (rows + columns) % 5))
}

/// Compares bits. Which NaN a machine gives is left open.
pub fn same(found: &[f64], expected: &[f64], what: &str) {
    let bits_of = |x: &f64| if x.is_nan() { f64::NAN } else { *x }.to_bits();
    let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(bits_of).collect() };
    assert_eq!(bits(found), bits(expected), "{what}");
}

pub fn close(ours: &[f64], theirs: &[f64]) {
    assert_eq!(ours.len(), theirs.len());
    for (x, y) in ours.iter().zip(theirs) {
        assert!((x - y).abs() <= 1e-12 * (1.0 + y.abs()), "{x} and {y}");
    }
}
