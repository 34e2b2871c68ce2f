//! Products of matrices and vectors, for one vector or many at once.
//!
//! The order of every sum is part of the contract:
//!
//! * A dot product ([`matvec`]) keeps four partial sums: entry `i` goes to lane `i mod 4`, and the
//!   lanes are added as `(l_0 + l_1) + (l_2 + l_3)`.
//! * A sum over rows ([`transposed_matvec_accumulate`], [`transposed_products`]) runs by increasing row,
//!   starting from what the target holds; a sum of [`outer_products`] by increasing pair, starting
//!   from 0.
//!
//! What is free is which entries are computed together. Each loop keeps a tile of sums in registers, so
//! that a number that was loaded serves several of them: 4 rows by 2 vectors in [`matvec`], 4 or 5
//! vectors by 8 columns elsewhere. For a single vector, 8 rows are added at a time.

// The index of a tile's row or column runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::level::{Four, fours, fours_mut};
use super::panels::{Eight, Panels};
use super::rows::{Rows, RowsMut};
use std::ops::Range;

/// In which direction a matrix is walked through. It never shows in the bits; a walk that begins where
/// the last one ended finds its first rows still in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Walk {
    /// By increasing row.
    Down,
    /// By decreasing row.
    Up,
}

impl Walk {
    /// Alternates from step to step.
    pub fn of_step(t: usize) -> Walk {
        if t.is_multiple_of(2) {
            Walk::Down
        } else {
            Walk::Up
        }
    }

    #[inline(always)]
    fn block(self, block: usize, blocks: usize) -> usize {
        match self {
            Walk::Down => block,
            Walk::Up => blocks - 1 - block,
        }
    }
}

/// `y_v = A x_v` for every vector v; each entry is a dot product of the module's order.
///
/// # Panics
/// Where the shapes do not fit.
#[inline(always)]
pub fn matvec<F: Four>(A: Rows, x: Rows, mut y: RowsMut, walk: Walk) {
    assert!(
        A.length == x.length && A.count == y.length && x.count == y.count,
        "matvec: shapes"
    );
    let blocks = A.count.div_ceil(4);
    for block in 0..blocks {
        let first = 4 * walk.block(block, blocks);
        // The last block may be short: it repeats its last row and drops the result.
        let row = |i: usize| A.row((first + i).min(A.count - 1));
        let rows = [row(0), row(1), row(2), row(3)];
        let mut v = 0;
        while v + 2 <= x.count {
            let [one, other] = dots::<F, 2>(rows, [x.row(v), x.row(v + 1)]);
            put(one, &mut y.row(v)[first..]);
            put(other, &mut y.row(v + 1)[first..]);
            v += 2;
        }
        if v < x.count {
            let [one] = dots::<F, 1>(rows, [x.row(v)]);
            put(one, &mut y.row(v)[first..]);
        }
    }
}

/// The dot products of four rows with some vectors, four for each vector.
#[inline(always)]
fn dots<F: Four, const C: usize>(rows: [&[f64]; 4], x: [&[f64]; C]) -> [F; C] {
    let mut lanes = [[F::splat(0.0); 4]; C];
    let length = rows[0].len();
    let groups = length / 4;
    let a = [
        &fours(rows[0])[..groups],
        &fours(rows[1])[..groups],
        &fours(rows[2])[..groups],
        &fours(rows[3])[..groups],
    ];
    let mut b: [&[[f64; 4]]; C] = [&[]; C];
    for v in 0..C {
        b[v] = &fours(x[v])[..groups];
    }
    for j in 0..groups {
        for r in 0..4 {
            let a = F::load(&a[r][j]);
            for v in 0..C {
                lanes[v][r] = lanes[v][r] + a * F::load(&b[v][j]);
            }
        }
    }
    if !length.is_multiple_of(4) {
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
/// Where the shapes do not fit.
#[inline(always)]
pub fn transposed_matvec_accumulate<F: Four>(A: Rows, x: &[f64], y: &mut [f64], walk: Walk) {
    assert!(
        A.count == x.len() && A.length == y.len(),
        "transposed_matvec: shapes"
    );
    // Panels of columns, so that a walk can begin where the last one ended.
    let panels = A.length.div_ceil(PANEL);
    for panel in 0..panels {
        let from = PANEL * walk.block(panel, panels);
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

/// Adds R rows, from row `i` on, times their factors; only some columns.
#[inline(always)]
fn add_rows<F: Four, const R: usize>(
    A: Rows,
    i: usize,
    columns: &Range<usize>,
    x: &[f64],
    y: &mut [f64],
) {
    let groups = y.len() / 4;
    let mut rows: [&[[f64; 4]]; R] = [&[]; R];
    let mut factors = [F::splat(0.0); R];
    for r in 0..R {
        rows[r] = &fours(&A.row(i + r)[columns.clone()])[..groups];
        factors[r] = F::splat(x[i + r]);
    }
    let targets = &mut fours_mut(y)[..groups];
    for j in 0..groups {
        let mut sum = F::load(&targets[j]);
        for r in 0..R {
            sum = sum + factors[r] * F::load(&rows[r][j]);
        }
        sum.store(&mut targets[j]);
    }
    let rest = &mut y[4 * groups..];
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
/// Where the shapes do not fit.
#[inline(always)]
pub fn transposed_products<F: Four>(A: &Panels, x: Rows, mut y: RowsMut) {
    assert!(
        A.count() == x.length && A.length() == y.length && x.count == y.count,
        "transposed products: shapes"
    );
    for column in (0..A.length()).step_by(8) {
        let panel = A.panel(column / 8);
        // Tiles of 4 or 5 vectors: which of them leaves fewer over.
        if x.count.is_multiple_of(4) {
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

/// Eight columns of R vectors. Where fewer are left, the last is repeated and the result dropped.
#[inline(always)]
fn panel_tile<F: Four, const R: usize>(
    panel: &[Eight],
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
        sums[r] = get_pair(&y.row(vector)[column..]);
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
        put_pair(sums[r], &mut y.row(vector + r)[column..]);
    }
}

/// What is done with the entries of a sum of outer products: they are stored, or move parameters.
///
/// # Panics
/// Those of this crate do where a place is beyond the matrix that they stand for.
pub trait Entries {
    /// Whether entries that are +0 because no term was added have to be handed over as well.
    const IN_ANY_CASE: bool = false;

    /// Takes the next entries of one row from index `at` of the matrix on, two groups of four.
    fn take<F: Four>(&mut self, at: usize, entries: [F; 2]);
    /// Takes `count` entries, at most four.
    fn take_part<F: Four>(&mut self, at: usize, count: usize, entries: F);
    /// Takes `count` entries, at most four, that belong to different places.
    fn take_apart<F: Four>(&mut self, places: [usize; 4], count: usize, entries: F);
}

/// Entries of a gradient that are stored.
#[derive(Debug)]
pub struct Stored<'a>(pub &'a mut [f64]);

impl Entries for Stored<'_> {
    #[inline(always)]
    fn take<F: Four>(&mut self, at: usize, entries: [F; 2]) {
        let gradient = fours_mut(&mut self.0[at..at + 8]);
        entries[0].store(&mut gradient[0]);
        entries[1].store(&mut gradient[1]);
    }

    #[inline(always)]
    fn take_part<F: Four>(&mut self, at: usize, count: usize, entries: F) {
        put(entries, &mut self.0[at..at + count]);
    }

    #[inline(always)]
    fn take_apart<F: Four>(&mut self, places: [usize; 4], count: usize, entries: F) {
        let mut four = [0.0; 4];
        entries.store(&mut four);
        for i in 0..count {
            self.0[places[i]] = four[i];
        }
    }
}

/// The rows `rows` of `sum_k left_k right_k'` over the pairs of all parts: by increasing pair, part by
/// part. The matrix that `entries` is handed begins with the first of these rows.
///
/// # Panics
/// Where the shapes do not fit, or the rows do not begin at a multiple of four.
#[inline(always)]
pub fn outer_products<'a, F: Four, E: Entries>(
    parts: impl Iterator<Item = (&'a Panels, &'a Panels)> + Clone,
    rows: Range<usize>,
    columns: usize,
    mut entries: E,
) {
    assert!(rows.start.is_multiple_of(4), "outer products: rows");
    let mut before = None;
    for row in rows.clone().step_by(4) {
        for column in (0..columns).step_by(8) {
            let at = (row - rows.start) * columns + column;
            let parts = parts.clone().map(|(left, right)| {
                assert_eq!(left.count(), right.count(), "outer products: pairs");
                (left.panel(row / 8), right.panel(column / 8))
            });
            if row + 4 <= rows.end && column + 8 <= columns {
                let sums = outer_tile::<F, E>(parts, row / 4 % 2, columns, before, &mut entries);
                before = Some((at, sums));
            } else {
                let sums = outer_tile::<F, E>(parts, row / 4 % 2, columns, None, &mut entries);
                for r in 0..4.min(rows.end - row) {
                    take_up_to_eight(&mut entries, at + r * columns, columns - column, sums[r]);
                }
            }
        }
    }
    if let Some((at, before)) = before {
        for r in 0..4 {
            entries.take(at + r * columns, before[r]);
        }
    }
}

/// Four rows by eight columns. The entries of the tile before are taken while these sums run: a square
/// root and a division that may hide behind [`Entries::take`] then leave the multipliers their work.
#[inline(always)]
fn outer_tile<'a, F: Four, E: Entries>(
    mut parts: impl Iterator<Item = (&'a [Eight], &'a [Eight])>,
    half: usize,
    columns: usize,
    before: Option<(usize, [[F; 2]; 4])>,
    entries: &mut E,
) -> [[F; 2]; 4] {
    let mut sums = [[F::splat(0.0); 2]; 4];
    if let Some((at, before)) = before {
        let (left, right) = parts.next().unwrap_or_default();
        let mut pairs = left.iter().zip(right);
        for r in 0..4 {
            for (left, right) in pairs.by_ref().take(left.len() / 4) {
                add_outer_product(&mut sums, &left.0[half], right);
            }
            entries.take(at + r * columns, before[r]);
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
fn add_outer_product<F: Four>(sums: &mut [[F; 2]; 4], left: &[f64; 4], right: &Eight) {
    let right = [F::load(&right.0[0]), F::load(&right.0[1])];
    for r in 0..4 {
        let factor = F::splat(left[r]);
        sums[r][0] = sums[r][0] + factor * right[0];
        sums[r][1] = sums[r][1] + factor * right[1];
    }
}

/// The entries `rows` of `sum_k x_k` over the vectors of all parts: by increasing vector, part by part. The
/// vector that `entries` is handed begins with the first of them.
///
/// # Panics
/// Where the rows do not begin at a multiple of eight, or a part has not so many.
#[inline(always)]
pub fn vector_sums<'a, F: Four, E: Entries>(
    parts: impl Iterator<Item = &'a Panels> + Clone,
    rows: Range<usize>,
    mut entries: E,
) {
    assert!(rows.start.is_multiple_of(8), "vector sums: rows");
    for row in rows.clone().step_by(8) {
        let mut sums = [F::splat(0.0); 2];
        for part in parts.clone() {
            for columns in part.panel(row / 8) {
                sums[0] = sums[0] + F::load(&columns.0[0]);
                sums[1] = sums[1] + F::load(&columns.0[1]);
            }
        }
        take_up_to_eight(&mut entries, row - rows.start, rows.end - row, sums);
    }
}

/// Takes the entries from `at` on, of which `left` are left: eight or fewer.
#[inline(always)]
fn take_up_to_eight<F: Four>(entries: &mut impl Entries, at: usize, left: usize, sums: [F; 2]) {
    entries.take_part(at, left.min(4), sums[0]);
    if left > 4 {
        entries.take_part(at + 4, left.min(8) - 4, sums[1]);
    }
}

/// Four entries, or as many as there are and then zeros.
#[inline(always)]
pub fn get<F: Four>(x: &[f64]) -> F {
    match fours(x).first() {
        Some(four) => F::load(four),
        None => F::load_part(x),
    }
}

/// Stores four entries, or as many as there is room for.
#[inline(always)]
pub fn put<F: Four>(entries: F, target: &mut [f64]) {
    match fours_mut(target).first_mut() {
        Some(four) => entries.store(four),
        None => entries.store_part(target),
    }
}

#[inline(always)]
fn get_pair<F: Four>(x: &[f64]) -> [F; 2] {
    [get(x), get(&x[x.len().min(4)..])]
}

#[inline(always)]
fn put_pair<F: Four>(entries: [F; 2], target: &mut [f64]) {
    let (low, high) = target.split_at_mut(target.len().min(4));
    put(entries[0], low);
    put(entries[1], high);
}

/// `y += x`, entry by entry.
///
/// # Panics
/// Where the lengths differ.
#[inline(always)]
pub fn add(x: &[f64], y: &mut [f64]) {
    assert_eq!(x.len(), y.len(), "add: lengths");
    for (y, x) in y.iter_mut().zip(x) {
        *y += x;
    }
}

#[cfg(test)]
mod tests {
    use super::super::twins::{self, numbers, packed};
    use super::*;
    use crate::kernels::{Kernel, Level};
    use crate::network::reference::{product, transpose};

    /// One product with all that it needs, so that it can be run at every level.
    enum Product<'a> {
        Matvec(Rows<'a>, Rows<'a>, RowsMut<'a>, Walk),
        Transposed(Rows<'a>, &'a [f64], &'a mut [f64], Walk),
        TransposedMany(&'a Panels, Rows<'a>, RowsMut<'a>),
        Outer(&'a [(Panels, Panels)], Range<usize>, usize, &'a mut [f64]),
        Sums(&'a [(Panels, Panels)], Range<usize>, &'a mut [f64]),
    }

    struct Run<'a>(Product<'a>);

    impl Kernel for Run<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: Four>(self) {
            match self.0 {
                Product::Matvec(A, x, y, walk) => matvec::<F>(A, x, y, walk),
                Product::Transposed(A, x, y, walk) => {
                    transposed_matvec_accumulate::<F>(A, x, y, walk);
                }
                Product::TransposedMany(A, x, y) => transposed_products::<F>(A, x, y),
                Product::Outer(parts, rows, columns, target) => outer_products::<F, _>(
                    parts.iter().map(|(left, right)| (left, right)),
                    rows,
                    columns,
                    Stored(target),
                ),
                Product::Sums(parts, rows, target) => {
                    vector_sums::<F, _>(parts.iter().map(|(left, _)| left), rows, Stored(target));
                }
            }
        }
    }

    fn at_every_level(mut test: impl FnMut(&dyn Fn(Product))) {
        for level in Level::available() {
            test(&|product| level.run(Run(product)));
        }
    }

    /// Every number of rows and columns past two blocks of every blocking, and starts that are not
    /// aligned.
    fn shapes() -> impl Iterator<Item = (usize, usize, usize)> {
        let sizes = || (0..=19).chain([31, 32, 33, 64, 65, 71]);
        let wide = [255, 256, 257, 2 * PANEL + 1, 600];
        let all = sizes().flat_map(move |rows| sizes().map(move |columns| (rows, columns)));
        let all = all.chain(
            wide.into_iter()
                .flat_map(|columns| [1, 4, 9, 13].map(|rows| (rows, columns))),
        );
        all.map(|(rows, columns)| (rows, columns, (rows + columns) % 5))
    }

    fn same(found: &[f64], expected: &[f64], what: &str) {
        let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|x| x.to_bits()).collect() };
        assert_eq!(bits(found), bits(expected), "{what}");
    }

    fn close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        for (x, y) in ours.iter().zip(theirs) {
            assert!((x - y).abs() <= 1e-12 * (1.0 + y.abs()), "{x} and {y}");
        }
    }

    #[test]
    fn matvec_keeps_its_order_at_every_level() {
        for (rows, columns, offset) in shapes() {
            let (A, x) = (
                numbers(offset + rows * columns, 1),
                numbers(offset + 3 * columns, 2),
            );
            let (A, x) = (&A[offset..], &x[offset..]);
            for (count, walk) in [(1, Walk::Down), (2, Walk::Up), (3, Walk::Down)] {
                let vectors = || (0..count).map(|v| &x[v * columns..][..columns]);
                let all_rows = || (0..rows).map(|i| &A[i * columns..][..columns]);
                let expected: Vec<f64> = vectors()
                    .flat_map(|x| all_rows().map(|row| twins::dot(row, x)))
                    .collect();
                let naive: Vec<f64> = vectors()
                    .flat_map(|x| product(A, x, rows, columns, 1))
                    .collect();
                close(&expected, &naive);
                at_every_level(|run| {
                    let mut y = vec![f64::NAN; count * rows];
                    run(Product::Matvec(
                        Rows::tight(A, rows, columns),
                        Rows::tight(x, count, columns),
                        RowsMut::new(&mut y, count, rows, rows),
                        walk,
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
                let (x, start) = (
                    numbers(count * rows, 4),
                    numbers(offset + count * columns, 5),
                );
                let vector = |v: usize| {
                    (
                        &x[v * rows..][..rows],
                        &start[offset + v * columns..][..columns],
                    )
                };
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
                    same(
                        &y[offset..],
                        &expected,
                        &format!("{rows} x {columns}, {count}"),
                    );
                    for walk in [Walk::Down, Walk::Up] {
                        let mut y = start.clone();
                        run(Product::Transposed(
                            Rows::tight(A, rows, columns),
                            vector(0).0,
                            &mut y[offset..][..columns],
                            walk,
                        ));
                        same(&y[offset..][..columns], &expected[..columns], "one vector");
                    }
                });
            }
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
            at_every_level(|run| {
                // All rows at once, and the rest from row 8 on.
                for from in [0, 8.min(rows / 8 * 8)] {
                    let mut found = vec![f64::NAN; (rows - from) * columns];
                    run(Product::Outer(&parts, from..rows, columns, &mut found));
                    same(
                        &found,
                        &expected[from * columns..],
                        &format!("{rows} x {columns}"),
                    );
                    let mut found = vec![f64::NAN; rows - from];
                    run(Product::Sums(&parts, from..rows, &mut found));
                    same(&found, &sums[from..], &format!("{rows} sums"));
                }
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
            Walk::Down,
        )))));
        assert!(refused(|| Level::BASELINE.run(Run(Product::Transposed(
            Rows::tight(&[1.0; 6], 2, 3),
            &[1.0; 3],
            &mut [0.0; 3],
            Walk::Down,
        )))));
        assert!(refused(|| add(&[1.0], &mut [1.0; 2])));
    }
}
