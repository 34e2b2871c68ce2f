//! Sums of outer products and of vectors, over steps and sequences: the gradients of the parameters.
//!
//! Every sum starts from 0 and runs by increasing pair or vector; only [`outer_product_accumulate`] adds a single pair
//! to given numbers. A sum of products is a chain of fused multiply-adds.
//!
//! A tile of sums stays in registers, so a number that is loaded once serves several of them. A tile has 8 rows by 3
//! groups of eight columns if 24 sums of eight fit, 2 rows by 3 groups if 6 fit, otherwise 8 rows by 1 group.

// The index of a tile's row or column runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lanes::F64x8;
use super::packed::{Line, Panels};
use super::rows::RowsMut;
use std::ops::Range;

/// Pairs of vectors: vector `left_first + k` of `left` belongs to vector `right_first + k` of `right`.
#[derive(Clone, Copy, Debug)]
pub struct Pairs<'a> {
    /// The vectors that contain the left vectors.
    pub left: &'a Panels,
    /// The index of the first left vector.
    pub left_first: usize,
    /// The vectors that contain the right vectors.
    pub right: &'a Panels,
    /// The index of the first right vector.
    pub right_first: usize,
    /// The number of pairs.
    pub count: usize,
}

impl<'a> Pairs<'a> {
    #[inline(always)]
    fn left(&self, panel: usize) -> &'a [Line] {
        &self.left.panel(panel)[self.left_first..][..self.count]
    }

    #[inline(always)]
    fn right(&self, panel: usize) -> &'a [Line] {
        &self.right.panel(panel)[self.right_first..][..self.count]
    }
}

/// Writes the rows `rows` of `sum_k left_k right_k'` over the pairs of all parts, by increasing pair, part by part.
/// `sums` gets these rows one after another, each of `columns` entries. Up to seven entries after the last row are
/// overwritten.
///
/// # Panics
/// Panics if the shapes do not fit, if `rows` does not begin at a multiple of eight, or if `sums` has no room for seven
/// more entries.
#[inline(always)]
pub fn outer_products<'a, F: F64x8>(
    parts: impl Iterator<Item = Pairs<'a>> + Clone,
    rows: Range<usize>,
    columns: usize,
    sums: &mut [f64],
) {
    let room = rows.len() * columns + 7;
    assert!(rows.start % 8 == 0 && sums.len() >= room, "outer products: rows");
    if columns == 0 {
        return;
    }
    let groups = columns.div_ceil(8);
    let tiles = if F::SUMS < 6 { groups } else { groups.div_ceil(3) };
    for row in rows.clone().step_by(8) {
        let count = (rows.end - row).min(8);
        let sums = &mut sums[(row - rows.start) * columns..][..count * columns + 7];
        // The last columns come first: what a store writes past the end of a row is written again after it.
        for tile in (0..tiles).rev() {
            let (group, end) = (tile * groups / tiles, (tile + 1) * groups / tiles);
            let tile = Tile { parts: parts.clone(), panel: row / 8, group, columns };
            match end - group {
                _ if F::SUMS < 6 => tile.sum::<F, 8, 1>(sums),
                1 if F::SUMS >= 24 => tile.sum::<F, 8, 1>(sums),
                2 if F::SUMS >= 24 => tile.sum::<F, 8, 2>(sums),
                _ if F::SUMS >= 24 => tile.sum::<F, 8, 3>(sums),
                1 => tile.sum::<F, 4, 1>(sums),
                2 => tile.sum::<F, 2, 2>(sums),
                _ => tile.sum::<F, 2, 3>(sums),
            }
        }
    }
}

/// Where a tile of sums lies.
struct Tile<I> {
    parts: I,
    panel: usize,
    group: usize,
    columns: usize,
}

impl<'a, I: Iterator<Item = Pairs<'a>> + Clone> Tile<I> {
    /// Writes the sums of eight rows, or of as many as `out` has room for, in C groups of columns, R rows at a time.
    #[inline(always)]
    fn sum<F: F64x8, const R: usize, const C: usize>(self, out: &mut [f64]) {
        let mut parts = self.parts.clone();
        if let (Some(only), None) = (parts.next(), parts.next()) {
            for first in (0..8).step_by(R) {
                let mut sums = [[F::splat(0.0); C]; R];
                self.add(only, first, &mut sums);
                self.store(sums, first, out);
            }
            return;
        }
        // The pairs of one part stay in the first-level cache for all rows; the sums wait in memory meanwhile.
        let mut waiting = [[[0.0; 8]; 3]; 8];
        for pairs in self.parts.clone() {
            for first in (0..8).step_by(R) {
                let mut sums = [[F::splat(0.0); C]; R];
                for r in 0..R {
                    for c in 0..C {
                        sums[r][c] = F::load(&waiting[first + r][c]);
                    }
                }
                self.add(pairs, first, &mut sums);
                for r in 0..R {
                    for c in 0..C {
                        sums[r][c].store(&mut waiting[first + r][c]);
                    }
                }
            }
        }
        for r in 0..8 {
            let mut sums = [[F::splat(0.0); C]; 1];
            for c in 0..C {
                sums[0][c] = F::load(&waiting[r][c]);
            }
            self.store(sums, r, out);
        }
    }

    /// Adds the outer products of some pairs.
    #[inline(always)]
    fn add<F: F64x8, const R: usize, const C: usize>(
        &self,
        pairs: Pairs,
        first: usize,
        sums: &mut [[F; C]; R],
    ) {
        let left = pairs.left(self.panel);
        let mut right: [&[Line]; C] = [&[]; C];
        for c in 0..C {
            right[c] = &pairs.right(self.group + c)[..left.len()];
        }
        for k in 0..left.len() {
            // The shorter side of the tile is loaded once and kept.
            if R > C {
                let mut row = [F::splat(0.0); C];
                for c in 0..C {
                    row[c] = F::load(&right[c][k].0);
                }
                for r in 0..R {
                    let factor = F::splat(left[k].0[first + r]);
                    for c in 0..C {
                        sums[r][c] = factor.fma(row[c], sums[r][c]);
                    }
                }
            } else {
                let mut factors = [F::splat(0.0); R];
                for r in 0..R {
                    factors[r] = F::splat(left[k].0[first + r]);
                }
                for c in 0..C {
                    let row = F::load(&right[c][k].0);
                    for r in 0..R {
                        sums[r][c] = factors[r].fma(row, sums[r][c]);
                    }
                }
            }
        }
    }

    /// Writes R rows of sums.
    #[inline(always)]
    fn store<F: F64x8, const R: usize, const C: usize>(
        &self,
        sums: [[F; C]; R],
        first: usize,
        out: &mut [f64],
    ) {
        for r in 0..R {
            let at = (first + r) * self.columns + 8 * self.group;
            if let Some(out) = out.get_mut(at..at + 8 * C) {
                let (out, _) = out.as_chunks_mut();
                for c in 0..C {
                    sums[r][c].store(&mut out[c]);
                }
            }
        }
    }
}

/// `A += x y'`: each entry is one fused multiply-add, `A_ij = fma(x_i, y_j, A_ij)`. To call it on slices, use
/// [`Level::outer_product_accumulate`](super::Level::outer_product_accumulate).
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn outer_product_accumulate<F: F64x8>(x: &[f64], y: &[f64], mut A: RowsMut) {
    assert!(A.count == x.len() && A.length == y.len(), "outer product: shapes");
    let (groups, rest) = y.as_chunks();
    for i in 0..x.len() {
        let factor = F::splat(x[i]);
        let (row, row_rest) = A.row(i).as_chunks_mut();
        for (a, y) in row.iter_mut().zip(groups) {
            factor.fma(F::load(y), F::load(a)).store(a);
        }
        if !rest.is_empty() {
            factor.fma(F::load_part(rest), F::load_part(row_rest)).store_part(row_rest);
        }
    }
}

/// Writes the entries `rows` of `sum_k x_k` over the vectors of all parts, by increasing vector, part by part.
///
/// # Panics
/// Panics if `rows` does not begin at a multiple of eight, if a vector has fewer entries, or if `sums` is not as long
/// as `rows`.
#[inline(always)]
pub fn vector_sums<'a, F: F64x8>(
    parts: impl Iterator<Item = &'a Panels> + Clone,
    rows: Range<usize>,
    sums: &mut [f64],
) {
    assert!(rows.start % 8 == 0 && sums.len() == rows.len(), "vector sums: rows");
    for (p, sums) in (rows.start / 8..).step_by(4).zip(sums.chunks_mut(32)) {
        match sums.len().div_ceil(8) {
            4 => sums_of_lines::<F, 4>(parts.clone(), p, sums),
            3 => sums_of_lines::<F, 3>(parts.clone(), p, sums),
            2 => sums_of_lines::<F, 2>(parts.clone(), p, sums),
            _ => sums_of_lines::<F, 1>(parts.clone(), p, sums),
        }
    }
}

/// Sums C lines of every vector, from line `first` on. Each sum waits for its previous one, and meanwhile the others
/// run.
#[inline(always)]
fn sums_of_lines<'a, F: F64x8, const C: usize>(
    parts: impl Iterator<Item = &'a Panels>,
    first: usize,
    sums: &mut [f64],
) {
    let mut lanes = [F::splat(0.0); C];
    for part in parts {
        let mut lines: [&[Line]; C] = [&[]; C];
        for c in 0..C {
            lines[c] = &part.panel(first + c)[..part.count()];
        }
        for k in 0..part.count() {
            for c in 0..C {
                lanes[c] = lanes[c] + F::load(&lines[c][k].0);
            }
        }
    }
    for c in 0..C {
        lanes[c].store_first(&mut sums[8 * c..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::twins::{self, close, numbers, panels, same, shapes};
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
        fn run<F: F64x8>(self) {
            let pairs = self.parts.iter().map(|(left, right)| Pairs {
                left,
                left_first: 0,
                right,
                right_first: 1,
                count: left.count(),
            });
            let left = self.parts.iter().map(|(left, _)| left);
            outer_products::<F>(pairs, self.rows.clone(), self.columns, self.products);
            vector_sums::<F>(left, self.rows, self.sums);
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
                // A right vector that belongs to none comes first.
                let r = [&vec![7.0; columns], &r[..count * columns]].concat();
                (panels(&l[..count * rows], count, rows), panels(&r, count + 1, columns))
            });
            let sums: Vec<f64> =
                (0..rows).map(|i| (0..all).fold(0.0, |sum, k| sum + left[k * rows + i])).collect();
            for level in Level::available() {
                // All rows at once, and the rows from 8 on.
                for from in [0, 8.min(rows / 8 * 8)] {
                    let mut found = vec![f64::NAN; (rows - from) * columns + 7];
                    let mut found_sums = vec![f64::NAN; rows - from];
                    level.run(Run {
                        parts: &parts,
                        rows: from..rows,
                        columns,
                        products: &mut found,
                        sums: &mut found_sums,
                    });
                    same(
                        &found[..(rows - from) * columns],
                        &expected[from * columns..],
                        &format!("{rows} x {columns}"),
                    );
                    same(&found_sums, &sums[from..], &format!("{rows} sums"));
                }
            }
        }
    }
}
