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
