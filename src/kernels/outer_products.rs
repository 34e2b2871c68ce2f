//! Sums of outer products and of vectors, over steps and sequences: the gradients of the parameters.
//!
//! Every sum runs by increasing pair or vector and starts from 0. A tile of 4 rows by 8 columns of sums stays in
//! registers, so that a number that was loaded serves several of them.

// The index of a tile's row or column runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lanes::F64x4;
use super::panels::{CacheLine, Panels};
use std::ops::Range;

/// Takes the entries of a sum as they are computed: stores them, or updates parameters with them.
///
/// # Panics
/// The methods panic if an index is beyond the matrix.
pub trait EntrySink {
    /// Whether the sink needs the entries that are +0 because no term was added, too.
    const NEEDS_ZEROS: bool = false;

    /// Takes eight entries of one row, from index `at` of the matrix on.
    fn take<F: F64x4>(&mut self, at: usize, entries: [F; 2]);
    /// Takes the first `count` of four entries, from index `at` of the matrix on.
    fn take_part<F: F64x4>(&mut self, at: usize, count: usize, entries: F);
    /// Takes the first `count` of four entries, each with an index of its own.
    fn take_scattered<F: F64x4>(&mut self, indices: [usize; 4], count: usize, entries: F);
}

/// Stores entries.
#[derive(Debug)]
pub struct Store<'a>(pub &'a mut [f64]);

impl EntrySink for Store<'_> {
    #[inline(always)]
    fn take<F: F64x4>(&mut self, at: usize, entries: [F; 2]) {
        let (target, _) = self.0[at..at + 8].as_chunks_mut();
        entries[0].store(&mut target[0]);
        entries[1].store(&mut target[1]);
    }

    #[inline(always)]
    fn take_part<F: F64x4>(&mut self, at: usize, count: usize, entries: F) {
        entries.store_first(&mut self.0[at..at + count]);
    }

    #[inline(always)]
    fn take_scattered<F: F64x4>(&mut self, indices: [usize; 4], count: usize, entries: F) {
        let mut four = [0.0; 4];
        entries.store(&mut four);
        for i in 0..count {
            self.0[indices[i]] = four[i];
        }
    }
}

/// Hands `sink` the rows `rows` of `sum_k left_k right_k'` over the pairs of all parts, by increasing pair, part by
/// part. The matrix of the sink begins with the first of these rows.
///
/// # Panics
/// Panics if the shapes do not fit, or if the rows do not begin at a multiple of four.
#[inline(always)]
pub fn outer_products<'a, F: F64x4, S: EntrySink>(
    parts: impl Iterator<Item = (&'a Panels, &'a Panels)> + Clone,
    rows: Range<usize>,
    columns: usize,
    mut sink: S,
) {
    assert!(rows.start % 4 == 0, "outer products: rows");
    let mut before = None;
    for row in rows.clone().step_by(4) {
        for column in (0..columns).step_by(8) {
            let at = (row - rows.start) * columns + column;
            let parts = parts.clone().map(|(left, right)| {
                assert_eq!(left.count(), right.count(), "outer products: pairs");
                (left.panel(row / 8), right.panel(column / 8))
            });
            if row + 4 <= rows.end && column + 8 <= columns {
                let sums = outer_tile::<F, S>(parts, row / 4 % 2, columns, before, &mut sink);
                before = Some((at, sums));
            } else {
                let sums = outer_tile::<F, S>(parts, row / 4 % 2, columns, None, &mut sink);
                for r in 0..4.min(rows.end - row) {
                    take_up_to_eight(&mut sink, at + r * columns, columns - column, sums[r]);
                }
            }
        }
    }
    if let Some((at, before)) = before {
        for r in 0..4 {
            sink.take(at + r * columns, before[r]);
        }
    }
}

/// Sums a tile of four rows by eight columns. The sink takes the entries of the tile before meanwhile, so that its
/// square roots and divisions run beside these multiplications.
#[inline(always)]
fn outer_tile<'a, F: F64x4, S: EntrySink>(
    mut parts: impl Iterator<Item = (&'a [CacheLine], &'a [CacheLine])>,
    half: usize,
    columns: usize,
    before: Option<(usize, [[F; 2]; 4])>,
    sink: &mut S,
) -> [[F; 2]; 4] {
    let mut sums = [[F::splat(0.0); 2]; 4];
    if let Some((at, before)) = before {
        let (left, right) = parts.next().unwrap_or_default();
        let mut pairs = left.iter().zip(right);
        for r in 0..4 {
            for (left, right) in pairs.by_ref().take(left.len() / 4) {
                add_outer_product(&mut sums, &left.0[half], right);
            }
            sink.take(at + r * columns, before[r]);
        }
        for (left, right) in pairs {
            add_outer_product(&mut sums, &left.0[half], right);
        }
    }
    for (left, right) in parts {
        for (left, right) in left.iter().zip(right) {
            add_outer_product(&mut sums, &left.0[half], right);
        }
    }
    sums
}

#[inline(always)]
fn add_outer_product<F: F64x4>(sums: &mut [[F; 2]; 4], left: &[f64; 4], right: &CacheLine) {
    let right = [F::load(&right.0[0]), F::load(&right.0[1])];
    for r in 0..4 {
        let factor = F::splat(left[r]);
        sums[r][0] = sums[r][0] + factor * right[0];
        sums[r][1] = sums[r][1] + factor * right[1];
    }
}

/// Hands `sink` the entries `rows` of `sum_k x_k` over the vectors of all parts, by increasing vector, part by part.
/// The vector of the sink begins with the first of these entries.
///
/// # Panics
/// Panics if the rows do not begin at a multiple of eight, or if a part has fewer.
#[inline(always)]
pub fn vector_sums<'a, F: F64x4, S: EntrySink>(
    parts: impl Iterator<Item = &'a Panels> + Clone,
    rows: Range<usize>,
    mut sink: S,
) {
    assert!(rows.start % 8 == 0, "vector sums: rows");
    for row in rows.clone().step_by(8) {
        let mut sums = [F::splat(0.0); 2];
        for part in parts.clone() {
            for columns in part.panel(row / 8) {
                sums[0] = sums[0] + F::load(&columns.0[0]);
                sums[1] = sums[1] + F::load(&columns.0[1]);
            }
        }
        take_up_to_eight(&mut sink, row - rows.start, rows.end - row, sums);
    }
}

/// Hands `sink` the first `count` of eight entries, or all eight if `count` is more.
#[inline(always)]
fn take_up_to_eight<F: F64x4>(sink: &mut impl EntrySink, at: usize, count: usize, sums: [F; 2]) {
    sink.take_part(at, count.min(4), sums[0]);
    if count > 4 {
        sink.take_part(at + 4, count.min(8) - 4, sums[1]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::twins::{self, close, numbers, packed, same, shapes};
    use crate::kernels::{Kernel, Level};
    use crate::network::reference::{product, transpose};

    /// The outer products of all pairs, and the sums of the left vectors.
    struct Run<'a> {
        parts: &'a [(Panels, Panels)],
        rows: Range<usize>,
        columns: usize,
        products: &'a mut [f64],
        sums: &'a mut [f64],
    }

    impl Kernel for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x4>(self) {
            let pairs = self.parts.iter().map(|(left, right)| (left, right));
            let left = self.parts.iter().map(|(left, _)| left);
            let products = Store(self.products);
            outer_products::<F, _>(pairs, self.rows.clone(), self.columns, products);
            vector_sums::<F, _>(left, self.rows, Store(self.sums));
        }
    }

    #[test]
    fn outer_products_and_sums_keep_their_order_at_every_level() {
        for (rows, columns, offset) in shapes() {
            let counts = [offset, 3, 25];
            let all: usize = counts.iter().sum();
            let (left, right) = (numbers(all * rows, 6), numbers(all * columns, 7));
            let expected = twins::outer(&left, &right, all, rows, columns);
            let turned = transpose(&left, all, rows);
            close(&expected, &product(&turned, &right, rows, all, columns));
            let mut first = 0;
            let parts = counts.map(|count| {
                let (l, r) = (&left[first * rows..], &right[first * columns..]);
                first += count;
                (
                    packed(&l[..count * rows], count, rows),
                    packed(&r[..count * columns], count, columns),
                )
            });
            let sums = twins::outer(&left, &vec![1.0; all], all, rows, 1);
            for level in Level::available() {
                // All rows at once, and the rows from 8 on.
                for from in [0, 8.min(rows / 8 * 8)] {
                    let mut found = vec![f64::NAN; (rows - from) * columns];
                    let mut found_sums = vec![f64::NAN; rows - from];
                    level.run(Run {
                        parts: &parts,
                        rows: from..rows,
                        columns,
                        products: &mut found,
                        sums: &mut found_sums,
                    });
                    same(&found, &expected[from * columns..], &format!("{rows} x {columns}"));
                    same(&found_sums, &sums[from..], &format!("{rows} sums"));
                }
            }
        }
    }
}
