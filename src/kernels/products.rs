//! Products of matrices and vectors, for one vector or many at once.
//!
//! The order of every sum is part of the contract. Each sum is a chain of fused multiply-adds, `s = fma(a, b, s)`:
//!
//! * A dot product ([`products`], [`matvec`]) keeps eight partial sums, which begin at 0. Entry `i` goes to lane `i mod 8`;
//!   zeros fill the last group of eight. The lanes are added as
//!   `((l_0 + l_1) + (l_2 + l_3)) + ((l_4 + l_5) + (l_6 + l_7))`.
//! * A sum over rows ([`transposed_products`], [`transposed_matvec_accumulate`]) starts from the values of the target
//!   and runs by increasing row.
//!
//! Which entries are computed together is free. Each loop keeps a tile of sums in registers, so a number that is loaded
//! once serves several of them:
//!
//! | tile, if so many sums stay in registers | 24 | 6 | 1 |
//! |---|---|---|---|
//! | dot products, one vector | 8 rows | 4 rows | 8 rows |
//! | dot products, several | 8 rows x 3 or 2 vectors | 2 rows x 3 vectors, the rest one by one | |
//! | sums over rows, one vector | 8 groups of columns | 6 groups | 4 groups |
//! | sums over rows, several | 8, 5 or 4 vectors x 3 groups | 6, 5 or 4 vectors x 1 group | |

// The index of a tile's row or column runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lanes::F64x8;
use super::packed::{Matrix, Panel};
use super::rows::{Rows, RowsMut};

/// The order in which the rows of a matrix are read. It never changes the bits of a result. A product that begins with
/// the rows that the last one ended with finds them in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowOrder {
    /// By increasing row.
    Ascending,
    /// By decreasing row.
    Descending,
}

impl RowOrder {
    /// The order of step `t`. It alternates from step to step.
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

/// What happens to the entries of a product, eight at a time: they are stored, or first transformed.
///
/// This is a trait and not a closure, because a closure may be compiled alone, without the instructions of a level.
pub trait Finish<F> {
    /// Takes entries `8 group` to `8 group + 7` of the product with a vector. Entries after the last row of the matrix
    /// mean nothing.
    fn take(&mut self, vector: usize, group: usize, entries: F);
    /// Ends the product.
    #[inline(always)]
    fn end(&mut self) {}
}

/// Stores the entries, those of the last group up to the end of the row.
///
/// # Panics
/// `take` panics if there are fewer rows than vectors, or if a row ends before the group.
impl<F: F64x8> Finish<F> for RowsMut<'_> {
    #[inline(always)]
    fn take(&mut self, vector: usize, group: usize, entries: F) {
        entries.store_first(&mut self.row(vector)[8 * group..]);
    }
}

/// `y_v = A x_v` for every vector v. Each entry is a dot product in eight sums, as in
/// [`Level::matvec`](super::Level::matvec), which is the call on slices.
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn matvec<F: F64x8>(A: Rows, x: Rows, y: RowsMut, order: RowOrder) {
    assert!(A.count == y.length && x.count == y.count, "matvec: shapes");
    products::<F, _>(&A, x, order, y);
}

/// Gives `finish` the entries of `A x_v` for every vector v. Each entry is a dot product in eight sums, as in
/// [`Level::matvec`](super::Level::matvec).
///
/// # Panics
/// Panics if the vectors are not as long as the rows of A, and where `finish` does.
#[inline(always)]
pub fn products<F: F64x8, M: Matrix>(A: &M, x: Rows, order: RowOrder, mut finish: impl Finish<F>) {
    assert!(A.length() == x.length, "products: shapes");
    let panels = A.rows().div_ceil(8);
    for first in (0..x.count).step_by(VECTORS) {
        let end = x.count.min(first + VECTORS);
        for p in 0..panels {
            let p = order.block(p, panels);
            let panel = A.panel(p);
            let mut v = first;
            while v < end {
                // Three vectors at a time where possible.
                v += match end - v {
                    _ if F::SUMS < 6 => tile::<F, 8, 1>(&panel, x, v, p, &mut finish),
                    1 if F::SUMS >= 24 => tile::<F, 8, 1>(&panel, x, v, p, &mut finish),
                    2 | 4 if F::SUMS >= 24 => tile::<F, 8, 2>(&panel, x, v, p, &mut finish),
                    _ if F::SUMS >= 24 => tile::<F, 8, 3>(&panel, x, v, p, &mut finish),
                    1 | 2 => tile::<F, 4, 1>(&panel, x, v, p, &mut finish),
                    _ => tile::<F, 2, 3>(&panel, x, v, p, &mut finish),
                };
            }
        }
    }
    finish.end();
}

/// The number of vectors that are multiplied by all rows before the next vectors. They stay in a cache meanwhile.
const VECTORS: usize = 24;

/// The dot products of eight rows with C vectors from `v` on, R rows at a time. Returns C.
#[inline(always)]
fn tile<F: F64x8, const R: usize, const C: usize>(
    panel: &impl Panel,
    x: Rows,
    v: usize,
    p: usize,
    finish: &mut impl Finish<F>,
) -> usize {
    let mut pairs = [[F::splat(0.0); 4]; C];
    // Not a loop: an array with a variable index would not stay in registers.
    macro_rules! sum {
        ($($first:literal)*) => {$(
            let partial = lanes::<F, R, C>(panel, $first, x, v);
            for c in 0..C {
                for r in (0..R).step_by(2) {
                    pairs[c][($first + r) / 2] = partial[c][r].pair_sums(partial[c][r + 1]);
                }
            }
        )*};
    }
    match R {
        8 => {
            sum!(0);
        }
        4 => {
            sum!(0 4);
        }
        _ => {
            sum!(0 2 4 6);
        }
    }
    let mut sums = [F::splat(0.0); C];
    for c in 0..C {
        sums[c] = F::sums_of_pairs(pairs[c]);
    }
    for c in 0..C {
        finish.take(v + c, p, sums[c]);
    }
    C
}

/// The eight partial sums of R dot products, from row `first` on, with each of C vectors from `v` on.
#[inline(always)]
fn lanes<F: F64x8, const R: usize, const C: usize>(
    panel: &impl Panel,
    first: usize,
    x: Rows,
    v: usize,
) -> [[F; R]; C] {
    let groups = panel.groups();
    let mut lanes = [[F::splat(0.0); R]; C];
    let (mut whole, mut rest): ([&[[f64; 8]]; C], [&[f64]; C]) = ([&[]; C], [&[]; C]);
    for c in 0..C {
        (whole[c], rest[c]) = x.row(v + c).as_chunks();
        whole[c] = &whole[c][..groups];
    }
    for group in 0..groups {
        let mut x = [F::splat(0.0); C];
        for c in 0..C {
            x[c] = F::load(&whole[c][group]);
        }
        for r in 0..R {
            let a: F = panel.load(first + r, group);
            for c in 0..C {
                lanes[c][r] = a.fma(x[c], lanes[c][r]);
            }
        }
    }
    for c in 0..C {
        if !rest[c].is_empty() {
            let x = F::load_part(rest[c]);
            for r in 0..R {
                lanes[c][r] = panel.load_rest::<F>(first + r).fma(x, lanes[c][r]);
            }
        }
    }
    lanes
}

/// What happens to the sums over rows before they are stored, eight at a time.
pub trait Map<F>: Copy {
    /// The entries `8 group` to `8 group + 7` to store for a vector, from their sums.
    fn map(self, vector: usize, group: usize, sums: F) -> F;
}

/// Stores the sums without a change.
#[derive(Clone, Copy, Debug)]
pub struct Same;

impl<F: F64x8> Map<F> for Same {
    #[inline(always)]
    fn map(self, _: usize, _: usize, sums: F) -> F {
        sums
    }
}

/// `y += A' x` for a single vector, by increasing row of A. To call it on slices, use
/// [`Level::transposed_matvec_accumulate`](super::Level::transposed_matvec_accumulate).
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn transposed_matvec_accumulate<F: F64x8>(A: Rows, x: &[f64], y: &mut [f64], order: RowOrder) {
    transposed_products::<F, _>(&A, Rows::one(x), RowsMut::one(y), true, order, Same);
}

/// `y_v = map(y_v + A' x_v)` for every vector v, by increasing row of A. If `adds` is false, y_v counts as 0. `order`
/// is the order of the columns.
///
/// # Panics
/// Panics if the shapes do not fit.
#[inline(always)]
pub fn transposed_products<F: F64x8, M: Matrix>(
    A: &M,
    x: Rows,
    mut y: RowsMut,
    adds: bool,
    order: RowOrder,
    map: impl Map<F>,
) {
    assert!(
        A.rows() == x.length && A.length() == y.length && x.count == y.count,
        "transposed products: shapes"
    );
    let mut v = 0;
    while v < x.count {
        let block = Block { A, x, adds, order, map, v };
        // As few different blocks as possible, and none of a single vector where there are more.
        v += match x.count - v {
            left if F::SUMS < 6 => block.sum::<F, 1, 4>(left, &mut y),
            1 if F::SUMS >= 24 => block.sum::<F, 1, 8>(1, &mut y),
            1 => block.sum::<F, 1, 6>(1, &mut y),
            2 | 3 if F::SUMS >= 24 => block.sum::<F, 2, 3>(1, &mut y),
            2 | 3 => block.sum::<F, 2, 2>(1, &mut y),
            left if F::SUMS >= 24 && left % 8 == 0 => block.sum::<F, 8, 3>(left / 8, &mut y),
            4 | 6 | 8 if F::SUMS >= 24 => block.sum::<F, 4, 3>(1, &mut y),
            left if F::SUMS >= 24 => block.sum::<F, 5, 3>(left / 5, &mut y),
            4 | 7 | 8 => block.sum::<F, 4, 1>(1, &mut y),
            5 | 9 | 10 => block.sum::<F, 5, 1>(1, &mut y),
            left => block.sum::<F, 6, 1>(left / 6 - (left % 6 == 1) as usize, &mut y),
        };
    }
}

/// The vectors from `v` on, in blocks of vectors that are summed together.
struct Block<'a, M, E> {
    A: &'a M,
    x: Rows<'a>,
    adds: bool,
    order: RowOrder,
    map: E,
    v: usize,
}

impl<M: Matrix, E> Block<'_, M, E> {
    /// Sums `blocks` blocks of R vectors, at most MOST groups of columns at a time. Returns the number of vectors.
    #[inline(always)]
    fn sum<F: F64x8, const R: usize, const MOST: usize>(
        &self,
        blocks: usize,
        y: &mut RowsMut,
    ) -> usize
    where
        E: Map<F>,
    {
        let groups = y.length / 8;
        let parts = groups.div_ceil(MOST);
        for part in 0..parts {
            let part = self.order.block(part, parts);
            let (group, end) = (part * groups / parts, (part + 1) * groups / parts);
            for v in (self.v..).step_by(R).take(blocks) {
                match end - group {
                    2 if MOST >= 2 => self.tile::<F, R, 2>(v, group, y),
                    3 if MOST >= 3 => self.tile::<F, R, 3>(v, group, y),
                    4 if MOST >= 4 => self.tile::<F, R, 4>(v, group, y),
                    5 if MOST >= 5 => self.tile::<F, R, 5>(v, group, y),
                    6 if MOST >= 6 => self.tile::<F, R, 6>(v, group, y),
                    7 if MOST >= 7 => self.tile::<F, R, 7>(v, group, y),
                    8 if MOST >= 8 => self.tile::<F, R, 8>(v, group, y),
                    _ => self.tile::<F, R, 1>(v, group, y),
                }
            }
        }
        if y.length % 8 != 0 {
            (self.v..self.v + blocks * R).for_each(|v| self.rest::<F>(v, groups, y));
        }
        blocks * R
    }

    /// Adds to C groups of columns of R vectors.
    #[inline(always)]
    fn tile<F: F64x8, const R: usize, const C: usize>(
        &self,
        v: usize,
        group: usize,
        y: &mut RowsMut,
    ) where
        E: Map<F>,
    {
        let rows = self.A.rows();
        let (mut eights, mut rest): ([&[[f64; 8]]; R], [&[f64]; R]) = ([&[]; R], [&[]; R]);
        let mut sums = [[F::splat(0.0); C]; R];
        for r in 0..R {
            (eights[r], rest[r]) = self.x.row(v + r).as_chunks();
            eights[r] = &eights[r][..rows / 8];
            if self.adds {
                let y = &y.row(v + r)[8 * group..];
                for c in 0..C {
                    sums[r][c] = F::load_first(&y[8 * c..]);
                }
            }
        }
        let mut sums = copy(&sums);
        for p in 0..rows / 8 {
            let panel = self.A.panel(p);
            let mut x = [&[0.0; 8]; R];
            for r in 0..R {
                x[r] = &eights[r][p];
            }
            for i in 0..8 {
                let mut row = [F::splat(0.0); C];
                for c in 0..C {
                    row[c] = panel.load(i, group + c);
                }
                for r in 0..R {
                    let factor = F::splat(x[r][i]);
                    for c in 0..C {
                        sums[r][c] = factor.fma(row[c], sums[r][c]);
                    }
                }
            }
        }
        if rows % 8 != 0 {
            let panel = self.A.panel(rows / 8);
            for i in 0..rows % 8 {
                for r in 0..R {
                    let factor = F::splat(rest[r][i]);
                    for c in 0..C {
                        sums[r][c] = factor.fma(panel.load(i, group + c), sums[r][c]);
                    }
                }
            }
        }
        let sums = copy(&sums);
        for r in 0..R {
            for c in 0..C {
                let entries = self.map.map(v + r, group + c, sums[r][c]);
                entries.store_first(&mut y.row(v + r)[8 * (group + c)..]);
            }
        }
    }

    /// Adds to the columns after the last whole group.
    #[inline(always)]
    fn rest<F: F64x8>(&self, v: usize, group: usize, y: &mut RowsMut)
    where
        E: Map<F>,
    {
        let target = &mut y.row(v)[8 * group..];
        let mut sums = if self.adds { F::load_part(target) } else { F::splat(0.0) };
        for (i, &factor) in self.x.row(v).iter().enumerate() {
            let row = self.A.panel(i / 8).load_rest::<F>(i % 8);
            sums = F::splat(factor).fma(row, sums);
        }
        self.map.map(v, group, sums).store_part(target);
    }
}

/// A copy of a tile. The original stays in memory, because loops that are not unrolled index it. The copy can stay in
/// registers.
#[inline(always)]
fn copy<F: F64x8, const R: usize, const C: usize>(tile: &[[F; C]; R]) -> [[F; C]; R] {
    let mut copy = [[F::splat(0.0); C]; R];
    for r in 0..R {
        for c in 0..C {
            copy[r][c] = tile[r][c];
        }
    }
    copy
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
    use crate::kernels::twins::{self, close, numbers, padded, same, shapes, tiles};
    use crate::kernels::{Kernel, Level, Tiles};
    use crate::network::reference::{product, transpose};

    /// One product with all that it needs, so that it can be run at every level.
    enum Product<'a> {
        Matvec(Rows<'a>, Rows<'a>, RowsMut<'a>, RowOrder),
        Packed(&'a Tiles, Rows<'a>, RowsMut<'a>, RowOrder),
        Transposed(Rows<'a>, Rows<'a>, RowsMut<'a>, RowOrder),
        TransposedVector(Rows<'a>, &'a [f64], &'a mut [f64], RowOrder),
        TransposedPacked(&'a Tiles, Rows<'a>, RowsMut<'a>, RowOrder),
    }

    struct Run<'a>(Product<'a>);

    impl Kernel for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            match self.0 {
                Product::Matvec(A, x, y, order) => matvec::<F>(A, x, y, order),
                Product::Packed(A, x, y, order) => products::<F, _>(A, x, order, y),
                Product::Transposed(A, x, y, order) => {
                    transposed_products::<F, _>(&A, x, y, true, order, Same);
                }
                Product::TransposedVector(A, x, y, order) => {
                    transposed_matvec_accumulate::<F>(A, x, y, order);
                }
                Product::TransposedPacked(A, x, y, order) => {
                    transposed_products::<F, _>(A, x, y, true, order, Same);
                }
            }
        }
    }

    const ORDERS: [RowOrder; 2] = [RowOrder::Ascending, RowOrder::Descending];

    /// The numbers of vectors of every tile, and one after them.
    const COUNTS: [usize; 14] = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 16, 17, 25, 51];

    fn at_every_level(mut test: impl FnMut(&dyn Fn(Product))) {
        for level in Level::available() {
            test(&|product| level.run(Run(product)));
        }
    }

    #[test]
    fn products_keep_their_order_at_every_level() {
        for (n, (rows, columns, offset)) in shapes().enumerate() {
            let (count, order) = (COUNTS[n % COUNTS.len()], ORDERS[n % 2]);
            let (A, x) =
                (numbers(offset + rows * columns, 1), numbers(offset + count * columns, 2));
            let (A, x) = (&A[offset..], &x[offset..]);
            let what = format!("{rows} x {columns}, {count} vectors");
            let vectors = || (0..count).map(|v| &x[v * columns..][..columns]);
            let all_rows = || (0..rows).map(|i| &A[i * columns..][..columns]);
            let expected: Vec<f64> =
                vectors().flat_map(|x| all_rows().map(|row| twins::dot(row, x))).collect();
            let naive: Vec<f64> = vectors().flat_map(|x| product(A, x, rows, columns, 1)).collect();
            close(&expected, &naive);
            let (packed, width) = (tiles(A, rows, columns), columns.next_multiple_of(8));
            let padded = padded(x, count, columns);
            at_every_level(|run| {
                let mut y = vec![f64::NAN; count * rows];
                let target = RowsMut::new(&mut y, count, rows, rows);
                let (A, x) = (Rows::tight(A, rows, columns), Rows::tight(x, count, columns));
                run(Product::Matvec(A, x, target, order));
                same(&y, &expected, &what);
                y.fill(f64::NAN);
                let target = RowsMut::new(&mut y, count, rows, rows);
                run(Product::Packed(&packed, Rows::tight(&padded, count, width), target, order));
                same(&y, &expected, &format!("{what}, packed"));
            });
        }
    }

    #[test]
    fn transposed_products_keep_their_order_at_every_level() {
        for (n, (rows, columns, offset)) in shapes().enumerate() {
            let (count, order) = (COUNTS[n % COUNTS.len()], ORDERS[n % 2]);
            let A = &numbers(offset + rows * columns, 3)[offset..];
            let (x, start) = (numbers(count * rows, 4), numbers(offset + count * columns, 5));
            let what = format!("{rows} x {columns}, {count} vectors");
            let start = &start[offset..];
            let vector = |v: usize| (&x[v * rows..][..rows], &start[v * columns..][..columns]);
            let expected: Vec<f64> =
                (0..count).flat_map(|v| twins::transposed(A, vector(v).0, vector(v).1)).collect();
            let turned = transpose(A, rows, columns);
            let naive: Vec<f64> = (0..count)
                .flat_map(|v| {
                    let mut product = product(&turned, vector(v).0, columns, rows, 1);
                    add(vector(v).1, &mut product);
                    product
                })
                .collect();
            close(&expected, &naive);
            let (packed, width) = (tiles(A, rows, columns), columns.next_multiple_of(8));
            at_every_level(|run| {
                let mut y = start.to_vec();
                let target = RowsMut::new(&mut y, count, columns, columns);
                let (A, x) = (Rows::tight(A, rows, columns), Rows::tight(&x, count, rows));
                run(Product::Transposed(A, x, target, order));
                same(&y, &expected, &what);
                let mut y = start[..columns].to_vec();
                run(Product::TransposedVector(A, x.row(0), &mut y, order));
                same(&y, &expected[..columns], &format!("{what}, the first alone"));
                let mut y = padded(start, count, columns);
                let target = RowsMut::new(&mut y, count, width, width);
                run(Product::TransposedPacked(&packed, x, target, order));
                same(&y, &padded(&expected, count, columns), &format!("{what}, packed"));
            });
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
            Rows::one(&[1.0; 3]),
            RowsMut::one(&mut [0.0; 3]),
            RowOrder::Ascending,
        )))));
        assert!(refused(|| add(&[1.0], &mut [1.0; 2])));
    }
}
