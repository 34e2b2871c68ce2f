//! Products of matrices and vectors, for one vector or many at once.
//!
//! The order of every sum is part of the contract:
//!
//! * A dot product ([`matvec`]) keeps four partial sums: entry `i` goes to lane `i mod 4`, and the
//!   lanes are added as `(l_0 + l_1) + (l_2 + l_3)`.
//! * A sum over rows ([`transposed_matvec_accumulate`], [`transposed_products`]) runs by increasing row,
//!   starting from the values of the target.
//!
//! Which entries are computed together is free. Each loop keeps a tile of sums in registers, so that a number that
//! was loaded serves several of them: 4 rows by 2 vectors in [`matvec`], 4 or 5 vectors by 8 columns in
//! [`transposed_products`]. For a single vector, 8 rows are added at a time.

// The index of a tile's row or column runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lanes::F64x4;
use super::panels::{CacheLine, Panels};
use super::rows::{Rows, RowsMut};
use std::ops::Range;

/// The order in which the rows of a matrix are read. It never changes the bits of a result. A product that begins
/// with the rows that the last one ended with finds them in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// By increasing row.
    Ascending,
    /// By decreasing row.
    Descending,
}

impl RowOrder {
    /// The order of step `t`: it alternates from step to step.
    pub fn of_step(t: usize) -> RowOrder {
        if t % 2 == 0 { RowOrder::Ascending } else { RowOrder::Descending }
    }

    #[inline(always)]
    fn block(self, block: usize, blocks: usize) -> usize {
        match self {
            RowOrder::Ascending => block,
            RowOrder::Descending => blocks - 1 - block,
        }
    }
}

/// `y_v = A x_v` for every vector v; each entry is a dot product of the module's order.
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn matvec<F: F64x4>(A: Rows, x: Rows, mut y: RowsMut, order: RowOrder) {
    assert!(A.length == x.length && A.count == y.length && x.count == y.count, "matvec: shapes");
    let blocks = A.count.div_ceil(4);
    for block in 0..blocks {
        let first = 4 * order.block(block, blocks);
        // A short last block repeats its last row and drops the results.
        let row = |i: usize| A.row((first + i).min(A.count - 1));
        let rows = [row(0), row(1), row(2), row(3)];
        let mut v = 0;
        while v + 2 <= x.count {
            let [one, other] = dots::<F, 2>(rows, [x.row(v), x.row(v + 1)]);
            one.store_first(&mut y.row(v)[first..]);
            other.store_first(&mut y.row(v + 1)[first..]);
            v += 2;
        }
        if v < x.count {
            let [one] = dots::<F, 1>(rows, [x.row(v)]);
            one.store_first(&mut y.row(v)[first..]);
        }
    }
}

/// The dot products of four rows with some vectors, four for each vector.
#[inline(always)]
fn dots<F: F64x4, const C: usize>(rows: [&[f64]; 4], x: [&[f64]; C]) -> [F; C] {
    let mut lanes = [[F::splat(0.0); 4]; C];
    let length = rows[0].len();
    let groups = length / 4;
    let a = [
        &rows[0].as_chunks::<4>().0[..groups],
        &rows[1].as_chunks::<4>().0[..groups],
        &rows[2].as_chunks::<4>().0[..groups],
        &rows[3].as_chunks::<4>().0[..groups],
    ];
    let mut b: [&[[f64; 4]]; C] = [&[]; C];
    for v in 0..C {
        b[v] = &x[v].as_chunks().0[..groups];
    }
    for j in 0..groups {
        for r in 0..4 {
            let a = F::load(&a[r][j]);
            for v in 0..C {
                lanes[v][r] = lanes[v][r] + a * F::load(&b[v][j]);
            }
        }
    }
    if length % 4 != 0 {
        for r in 0..4 {
            let a = F::load_part(&rows[r][4 * groups..length]);
            for v in 0..C {
                lanes[v][r] = lanes[v][r] + a * F::load_part(&x[v][4 * groups..length]);
            }
        }
    }
    let mut sums = [F::splat(0.0); C];
    for v in 0..C {
        sums[v] = F::sums(lanes[v]);
    }
    sums
}

/// `y += A' x` for a single vector; rows of A by increasing index.
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn transposed_matvec_accumulate<F: F64x4>(A: Rows, x: &[f64], y: &mut [f64], order: RowOrder) {
    assert!(A.count == x.len() && A.length == y.len(), "transposed_matvec: shapes");
    // Panels of columns, so that a product can begin where the last one ended.
    let panels = A.length.div_ceil(PANEL);
    for panel in 0..panels {
        let from = PANEL * order.block(panel, panels);
        let columns = from..A.length.min(from + PANEL);
        let y = &mut y[columns.clone()];
        let mut i = 0;
        while i + 8 <= A.count {
            add_rows::<F, 8>(A, i, &columns, x, y);
            i += 8;
        }
        while i + 4 <= A.count {
            add_rows::<F, 4>(A, i, &columns, x, y);
            i += 4;
        }
        while i < A.count {
            add_rows::<F, 1>(A, i, &columns, x, y);
            i += 1;
        }
    }
}

/// Columns of a panel.
const PANEL: usize = 256;

/// Adds some columns of R rows, from row `i` on, times their factors.
#[inline(always)]
fn add_rows<F: F64x4, const R: usize>(
    A: Rows,
    i: usize,
    columns: &Range<usize>,
    x: &[f64],
    y: &mut [f64],
) {
    let (targets, rest) = y.as_chunks_mut();
    let groups = targets.len();
    let mut rows: [&[[f64; 4]]; R] = [&[]; R];
    let mut factors = [F::splat(0.0); R];
    for r in 0..R {
        rows[r] = &A.row(i + r)[columns.clone()].as_chunks().0[..groups];
        factors[r] = F::splat(x[i + r]);
    }
    for j in 0..groups {
        let mut sum = F::load(&targets[j]);
        for r in 0..R {
            sum = sum + factors[r] * F::load(&rows[r][j]);
        }
        sum.store(&mut targets[j]);
    }
    if !rest.is_empty() {
        let mut sum = F::load_part(rest);
        for r in 0..R {
            sum = sum + factors[r] * F::load_part(&A.row(i + r)[columns.clone()][4 * groups..]);
        }
        sum.store_part(rest);
    }
}

/// `y_v += A' x_v` for every vector v; rows of A by increasing index.
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn transposed_products<F: F64x4>(A: &Panels, x: Rows, mut y: RowsMut) {
    assert!(
        A.count() == x.length && A.length() == y.length && x.count == y.count,
        "transposed products: shapes"
    );
    for column in (0..A.length()).step_by(8) {
        let panel = A.panel(column / 8);
        // Tiles of 4 or 5 vectors: which of them leaves fewer over.
        if x.count % 4 == 0 {
            for vector in (0..x.count).step_by(4) {
                panel_tile::<F, 4>(panel, x, vector, &mut y, column);
            }
        } else {
            for vector in (0..x.count).step_by(5) {
                panel_tile::<F, 5>(panel, x, vector, &mut y, column);
            }
        }
    }
}

/// Adds to eight columns of R vectors. Where fewer vectors are left, the last is repeated and its results are dropped.
#[inline(always)]
fn panel_tile<F: F64x4, const R: usize>(
    panel: &[CacheLine],
    x: Rows,
    vector: usize,
    y: &mut RowsMut,
    column: usize,
) {
    let mut factors: [&[f64]; R] = [&[]; R];
    let mut sums = [[F::splat(0.0); 2]; R];
    for r in 0..R {
        let vector = (vector + r).min(x.count - 1);
        factors[r] = &x.row(vector)[..panel.len()];
        let (low, high) = split_at_four(&mut y.row(vector)[column..]);
        sums[r] = [F::load_first(low), F::load_first(high)];
    }
    for i in 0..panel.len() {
        let row = [F::load(&panel[i].0[0]), F::load(&panel[i].0[1])];
        for r in 0..R {
            let factor = F::splat(factors[r][i]);
            sums[r][0] = sums[r][0] + factor * row[0];
            sums[r][1] = sums[r][1] + factor * row[1];
        }
    }
    for r in 0..R.min(x.count - vector) {
        let (low, high) = split_at_four(&mut y.row(vector + r)[column..]);
        sums[r][0].store_first(low);
        sums[r][1].store_first(high);
    }
}

/// The first four entries, or fewer, and the rest.
#[inline(always)]
fn split_at_four(x: &mut [f64]) -> (&mut [f64], &mut [f64]) {
    x.split_at_mut(x.len().min(4))
}

/// `y += x`, entry by entry.
///
/// # Panics
/// Panics if the lengths differ.
#[inline(always)]
pub fn add(x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "add: lengths");
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::twins::{self, close, numbers, packed, same, shapes};
    use crate::kernels::{Kernel, Level};
    use crate::network::reference::{product, transpose};

    /// One product with all that it needs, so that it can be run at every level.
    enum Product<'a> {
        Matvec(Rows<'a>, Rows<'a>, RowsMut<'a>, RowOrder),
        Transposed(Rows<'a>, &'a [f64], &'a mut [f64], RowOrder),
        TransposedMany(&'a Panels, Rows<'a>, RowsMut<'a>),
    }

    struct Run<'a>(Product<'a>);

    impl Kernel for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x4>(self) {
            match self.0 {
                Product::Matvec(A, x, y, order) => matvec::<F>(A, x, y, order),
                Product::Transposed(A, x, y, order) => {
                    transposed_matvec_accumulate::<F>(A, x, y, order);
                }
                Product::TransposedMany(A, x, y) => transposed_products::<F>(A, x, y),
            }
        }
    }

    fn at_every_level(mut test: impl FnMut(&dyn Fn(Product))) {
        for level in Level::available() {
            test(&|product| level.run(Run(product)));
        }
    }

    #[test]
    fn matvec_keeps_its_order_at_every_level() {
        for (rows, columns, offset) in shapes() {
            let (A, x) = (numbers(offset + rows * columns, 1), numbers(offset + 3 * columns, 2));
            let (A, x) = (&A[offset..], &x[offset..]);
            for (count, order) in
                [(1, RowOrder::Ascending), (2, RowOrder::Descending), (3, RowOrder::Ascending)]
            {
                let vectors = || (0..count).map(|v| &x[v * columns..][..columns]);
                let all_rows = || (0..rows).map(|i| &A[i * columns..][..columns]);
                let expected: Vec<f64> =
                    vectors().flat_map(|x| all_rows().map(|row| twins::dot(row, x))).collect();
                let naive: Vec<f64> =
                    vectors().flat_map(|x| product(A, x, rows, columns, 1)).collect();
                close(&expected, &naive);
                at_every_level(|run| {
                    let mut y = vec![f64::NAN; count * rows];
                    run(Product::Matvec(
                        Rows::tight(A, rows, columns),
                        Rows::tight(x, count, columns),
                        RowsMut::new(&mut y, count, rows, rows),
                        order,
                    ));
                    same(&y, &expected, &format!("{rows} x {columns}, {count}"));
                });
            }
        }
    }

    #[test]
    fn transposed_products_keep_their_order_at_every_level() {
        for (rows, columns, offset) in shapes() {
            let A = &numbers(offset + rows * columns, 3)[offset..];
            for count in [1, 2, 4, 5, 7] {
                let (x, start) = (numbers(count * rows, 4), numbers(offset + count * columns, 5));
                let vector =
                    |v: usize| (&x[v * rows..][..rows], &start[offset + v * columns..][..columns]);
                let expected: Vec<f64> = (0..count)
                    .flat_map(|v| twins::transposed(A, vector(v).0, vector(v).1))
                    .collect();
                let naive: Vec<f64> = (0..count)
                    .flat_map(|v| {
                        let turned = transpose(A, rows, columns);
                        let mut product = product(&turned, vector(v).0, columns, rows, 1);
                        add(vector(v).1, &mut product);
                        product
                    })
                    .collect();
                close(&expected, &naive);
                at_every_level(|run| {
                    let mut y = start.clone();
                    run(Product::TransposedMany(
                        &packed(A, rows, columns),
                        Rows::tight(&x, count, rows),
                        RowsMut::new(&mut y[offset..], count, columns, columns),
                    ));
                    same(&y[offset..], &expected, &format!("{rows} x {columns}, {count}"));
                    for order in [RowOrder::Ascending, RowOrder::Descending] {
                        let mut y = start.clone();
                        run(Product::Transposed(
                            Rows::tight(A, rows, columns),
                            vector(0).0,
                            &mut y[offset..][..columns],
                            order,
                        ));
                        same(&y[offset..][..columns], &expected[..columns], "one vector");
                    }
                });
            }
        }
    }

    #[test]
    fn shapes_that_do_not_fit_are_refused() {
        let refused = |work: fn()| std::panic::catch_unwind(work).is_err();
        assert!(refused(|| assert!(Rows::tight(&[1.0; 5], 2, 3).count > 0)));
        assert!(refused(|| assert!(Rows::new(&[1.0; 9], 2, 3, 2).count > 0)));
        assert!(refused(|| Level::BASELINE.run(Run(Product::Matvec(
            Rows::tight(&[1.0; 6], 2, 3),
            Rows::one(&[1.0; 2]),
            RowsMut::one(&mut [0.0; 2]),
            RowOrder::Ascending,
        )))));
        assert!(refused(|| Level::BASELINE.run(Run(Product::Transposed(
            Rows::tight(&[1.0; 6], 2, 3),
            &[1.0; 3],
            &mut [0.0; 3],
            RowOrder::Ascending,
        )))));
        assert!(refused(|| add(&[1.0], &mut [1.0; 2])));
    }
}
