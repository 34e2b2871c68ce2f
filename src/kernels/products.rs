//! Products of matrices and vectors, and the sums they are made of.
//!
//! The order of every sum is part of the contract. A dot product keeps [`LANES`] partial sums, entry
//! `i` goes to lane `i mod LANES`, and one fixed tree adds the lanes. Sums over rows run by
//! increasing row index, starting from what the target holds. Matrices are row-major.

/// Partial sums of a dot product.
pub const LANES: usize = 8;

/// Adds the lanes: halves onto each other until one number is left.
#[inline(always)]
fn sum_lanes(lanes: &[f64; LANES]) -> f64 {
    let quarter = [
        lanes[0] + lanes[4],
        lanes[1] + lanes[5],
        lanes[2] + lanes[6],
        lanes[3] + lanes[7],
    ];
    (quarter[0] + quarter[2]) + (quarter[1] + quarter[3])
}

/// `sum_i x_i` over the lanes of the module's order.
pub fn sum(x: &[f64]) -> f64 {
    let mut lanes = [0.0; LANES];
    for block in x.chunks(LANES) {
        for (lane, value) in lanes.iter_mut().zip(block) {
            *lane += value;
        }
    }
    sum_lanes(&lanes)
}

/// `sum_i x_i y_i` over the lanes of the module's order.
///
/// # Panics
/// Where the lengths differ.
#[inline]
pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    assert_eq!(x.len(), y.len(), "dot: lengths");
    let mut lanes = [0.0; LANES];
    let (x_blocks, y_blocks) = (x.chunks_exact(LANES), y.chunks_exact(LANES));
    let (x_tail, y_tail) = (x_blocks.remainder(), y_blocks.remainder());
    for (x, y) in x_blocks.zip(y_blocks) {
        for lane in 0..LANES {
            lanes[lane] += x[lane] * y[lane];
        }
    }
    for (lane, (x, y)) in lanes.iter_mut().zip(x_tail.iter().zip(y_tail)) {
        *lane += x * y;
    }
    sum_lanes(&lanes)
}

/// `y = A x`, with A of `y.len()` rows and `x.len()` columns; every entry is a [`dot`].
///
/// # Panics
/// Where A has another number of entries.
pub fn matvec(A: &[f64], x: &[f64], y: &mut [f64]) {
    assert_eq!(A.len(), x.len() * y.len(), "matvec: shape");
    if x.is_empty() {
        y.fill(0.0);
        return;
    }
    for (y, row) in y.iter_mut().zip(A.chunks_exact(x.len())) {
        *y = dot(row, x);
    }
}

/// `y += A' x`, with A of `x.len()` rows and `y.len()` columns; rows by increasing index.
///
/// # Panics
/// Where A has another number of entries.
pub fn transposed_matvec_accumulate(A: &[f64], x: &[f64], y: &mut [f64]) {
    assert_eq!(A.len(), x.len() * y.len(), "transposed_matvec: shape");
    if y.is_empty() {
        return;
    }
    for (row, &x) in A.chunks_exact(y.len()).zip(x) {
        for (y, a) in y.iter_mut().zip(row) {
            *y += a * x;
        }
    }
}

/// `A += x y'`, with A of `x.len()` rows and `y.len()` columns.
///
/// # Panics
/// Where A has another number of entries.
pub fn outer_product_accumulate(A: &mut [f64], x: &[f64], y: &[f64]) {
    assert_eq!(A.len(), x.len() * y.len(), "outer product: shape");
    if y.is_empty() {
        return;
    }
    for (row, &x) in A.chunks_exact_mut(y.len()).zip(x) {
        for (a, y) in row.iter_mut().zip(y) {
            *a += x * y;
        }
    }
}

/// `y += x`.
///
/// # Panics
/// Where the lengths differ.
pub fn add(x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "add: lengths");
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference::{product, transpose};

    /// Numbers that are not round, of both signs, so that every order of a sum shows.
    fn numbers(count: usize, seed: usize) -> Vec<f64> {
        let number = |i: usize| ((i * 7919 + seed * 104_729) % 1_000_003) as f64;
        (0..count)
            .map(|i| (number(i) - 500_001.0) / 333_333.0)
            .collect()
    }

    fn close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        for (x, y) in ours.iter().zip(theirs) {
            assert!((x - y).abs() <= 1e-13 * (1.0 + y.abs()), "{x} and {y}");
        }
    }

    /// Every number of rows and columns from 0 to past two blocks of the lanes.
    fn all_small_shapes() -> impl Iterator<Item = (usize, usize)> {
        let sizes = 0..=2 * LANES + 3;
        sizes
            .clone()
            .flat_map(move |rows| sizes.clone().map(move |columns| (rows, columns)))
    }

    #[test]
    fn matvec_is_the_product_of_three_loops() {
        for (rows, columns) in all_small_shapes() {
            let (A, x) = (numbers(rows * columns, 1), numbers(columns, 2));
            let mut y = vec![f64::NAN; rows];
            matvec(&A, &x, &mut y);
            close(&y, &product(&A, &x, rows, columns, 1));
        }
    }

    #[test]
    fn transposed_matvec_is_the_product_with_the_transpose() {
        for (rows, columns) in all_small_shapes() {
            let (A, x) = (numbers(rows * columns, 3), numbers(rows, 4));
            let start = numbers(columns, 5);
            let mut y = start.clone();
            transposed_matvec_accumulate(&A, &x, &mut y);
            let mut expected = product(&transpose(&A, rows, columns), &x, columns, rows, 1);
            add(&start, &mut expected);
            close(&y, &expected);
        }
    }

    #[test]
    fn outer_product_is_a_product_with_one_column() {
        for (rows, columns) in all_small_shapes() {
            let (x, y) = (numbers(rows, 6), numbers(columns, 7));
            let start = numbers(rows * columns, 8);
            let mut A = start.clone();
            outer_product_accumulate(&mut A, &x, &y);
            let mut expected = product(&x, &y, rows, 1, columns);
            add(&start, &mut expected);
            assert_eq!(A, expected);
        }
    }

    /// The order of the module's head, spelled out for one sum.
    fn in_lanes(terms: &[f64]) -> f64 {
        let lane = |lane: usize| {
            let mine = terms.iter().skip(lane).step_by(LANES);
            mine.fold(0.0, |sum, term| sum + term)
        };
        let half = |i: usize| lane(i) + lane(i + 4);
        (half(0) + half(2)) + (half(1) + half(3))
    }

    #[test]
    fn sums_keep_their_written_order_to_the_bit() {
        for length in 0..=5 * LANES {
            let (x, y) = (numbers(length, 9), numbers(length, 10));
            let terms: Vec<f64> = x.iter().zip(&y).map(|(x, y)| x * y).collect();
            assert_eq!(dot(&x, &y).to_bits(), in_lanes(&terms).to_bits());
            assert_eq!(sum(&x).to_bits(), in_lanes(&x).to_bits());
        }
        // Rows by increasing index, onto what is there.
        let (A, x) = (numbers(30, 11), numbers(10, 12));
        let mut y = numbers(3, 13);
        let expected: Vec<f64> = (0..3)
            .map(|j| (0..10).fold(y[j], |sum, i| sum + A[i * 3 + j] * x[i]))
            .collect();
        transposed_matvec_accumulate(&A, &x, &mut y);
        assert_eq!(y, expected);
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let refused = |work: fn()| std::panic::catch_unwind(work).is_err();
        assert!(refused(|| matvec(&[1.0; 5], &[1.0; 2], &mut [0.0; 2])));
        assert!(refused(|| transposed_matvec_accumulate(
            &[1.0; 5],
            &[1.0; 2],
            &mut [0.0; 2]
        )));
        assert!(refused(|| outer_product_accumulate(
            &mut [1.0; 5],
            &[1.0; 2],
            &[0.0; 2]
        )));
        assert!(refused(|| add(&[1.0], &mut [1.0; 2])));
        assert!(refused(|| assert!(dot(&[1.0], &[1.0; 2]).is_nan())));
    }
}
