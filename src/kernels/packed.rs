//! Matrices and vectors in the layout of a kernel that reads them many times.

// The index of a group runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use super::lanes::F64x8;
use super::rows::Rows;

/// Eight entries of a vector: a cache line.
#[derive(Clone, Copy, Debug, Default)]
#[repr(align(64))]
pub struct Line(pub [f64; 8]);

/// Memory for `count` lines of zeros; `None` if it cannot be allocated.
fn lines(count: usize) -> Option<Vec<Line>> {
    let mut lines = Vec::new();
    lines.try_reserve_exact(count).ok()?;
    lines.resize(count, Line::default());
    Some(lines)
}

/// Copies a row into every `step`-th line from `first` on, with zeros after its last entry.
#[inline(always)]
fn pack_row<F: F64x8>(row: &[f64], lines: &mut [Line], first: usize, step: usize) {
    let (eights, rest) = row.as_chunks();
    for group in 0..eights.len() {
        F::load(&eights[group]).store(&mut lines[first + group * step].0);
    }
    if !rest.is_empty() {
        F::load_part(rest).store(&mut lines[first + eights.len() * step].0);
    }
}

/// A matrix whose rows are read eight at a time: packed [`Tiles`], or plain [`Rows`].
pub trait Matrix {
    /// Eight rows.
    type Panel<'a>: Panel
    where
        Self: 'a;

    /// The number of rows.
    fn rows(&self) -> usize;
    /// The length of the vectors that it is multiplied by: its columns, including those that fill the last tiles.
    fn length(&self) -> usize;
    /// Rows `8 panel` to `8 panel + 7`. If there are fewer rows, the last one is repeated, or zeros follow.
    ///
    /// # Panics
    /// May panic if there is no such row.
    fn panel(&self, panel: usize) -> Self::Panel<'_>;
}

/// Eight rows of a matrix, in groups of eight columns.
pub trait Panel {
    /// The number of whole groups.
    fn groups(&self) -> usize;
    /// Eight entries of a row.
    ///
    /// # Panics
    /// Panics if `row` is not below eight or `group` not below [`Panel::groups`].
    fn load<F: F64x8>(&self, row: usize, group: usize) -> F;
    /// The entries of a row after its last whole group, followed by zeros.
    ///
    /// # Panics
    /// May panic if `row` is not below eight.
    fn load_rest<F: F64x8>(&self, row: usize) -> F;
}

/// A matrix in tiles of 8 x 8: first those of the first eight rows from left to right, then those of the next eight
/// rows. Zeros fill the last row and the last column of tiles. A product reads the tiles from start to end, in whole
/// cache lines.
#[derive(Clone, Debug, Default)]
pub struct Tiles {
    lines: Vec<Line>,
    rows: usize,
    groups: usize,
}

impl Tiles {
    /// Makes a matrix of zeros; `None` if the memory cannot be allocated.
    pub fn new(rows: usize, columns: usize) -> Option<Self> {
        let groups = columns.div_ceil(8);
        let count = rows.checked_next_multiple_of(8)?.checked_mul(groups)?;
        Some(Tiles { lines: lines(count)?, rows, groups })
    }

    /// Packs `rows` into the matrix, from its row `first` on.
    ///
    /// # Panics
    /// Panics if there is no room for them, or if their length is not the number of columns.
    #[inline(always)]
    pub fn pack<F: F64x8>(&mut self, first: usize, rows: Rows) {
        let groups = rows.length().div_ceil(8);
        assert!(first + rows.count() <= self.rows && groups == self.groups, "tiles: shape");
        for k in 0..rows.count() {
            let i = first + k;
            pack_row::<F>(rows.row(k), &mut self.lines, i / 8 * groups * 8 + i % 8, 8);
        }
    }

    /// The number of columns, including those that fill the last tiles.
    pub fn length(&self) -> usize {
        8 * self.groups
    }
}

impl Matrix for Tiles {
    type Panel<'a> = &'a [[Line; 8]];

    #[inline(always)]
    fn rows(&self) -> usize {
        self.rows
    }

    #[inline(always)]
    fn length(&self) -> usize {
        Tiles::length(self)
    }

    #[inline(always)]
    fn panel(&self, panel: usize) -> &[[Line; 8]] {
        &self.lines.as_chunks().0[panel * self.groups..][..self.groups]
    }
}

impl Panel for &[[Line; 8]] {
    #[inline(always)]
    fn groups(&self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn load<F: F64x8>(&self, row: usize, group: usize) -> F {
        F::load(&self[group][row].0)
    }

    #[inline(always)]
    fn load_rest<F: F64x8>(&self, _: usize) -> F {
        F::splat(0.0)
    }
}

impl Matrix for Rows<'_> {
    type Panel<'a>
        = PlainPanel<'a>
    where
        Self: 'a;

    #[inline(always)]
    fn rows(&self) -> usize {
        self.count
    }

    #[inline(always)]
    fn length(&self) -> usize {
        self.length
    }

    #[inline(always)]
    fn panel(&self, panel: usize) -> PlainPanel<'_> {
        let mut plain = PlainPanel { groups: [&[]; 8], rest: [&[]; 8] };
        for r in 0..8 {
            let (groups, rest) = self.row((8 * panel + r).min(self.count - 1)).as_chunks();
            plain.groups[r] = &groups[..self.length / 8];
            plain.rest[r] = rest;
        }
        plain
    }
}

/// Eight rows of a matrix that is not packed.
#[derive(Clone, Copy, Debug)]
pub struct PlainPanel<'a> {
    groups: [&'a [[f64; 8]]; 8],
    rest: [&'a [f64]; 8],
}

impl Panel for PlainPanel<'_> {
    #[inline(always)]
    fn groups(&self) -> usize {
        self.groups[0].len()
    }

    #[inline(always)]
    fn load<F: F64x8>(&self, row: usize, group: usize) -> F {
        F::load(&self.groups[row][group])
    }

    #[inline(always)]
    fn load_rest<F: F64x8>(&self, row: usize) -> F {
        F::load_part(self.rest[row])
    }
}

/// Vectors of equal length in panels: the first eight entries of every vector, then the next eight entries of every
/// vector, and so on. Zeros fill the last panel.
#[derive(Clone, Debug)]
pub struct Panels {
    lines: Vec<Line>,
    count: usize,
    length: usize,
}

impl Panels {
    /// Makes `count` vectors of `length` zeros; `None` if the memory cannot be allocated.
    pub fn new(count: usize, length: usize) -> Option<Self> {
        let lines = lines(count.checked_mul(length.div_ceil(8))?)?;
        Some(Panels { lines, count, length })
    }

    /// Changes the number of vectors, to at most the number that they were made for. The packed vectors are lost.
    ///
    /// # Panics
    /// Panics if `count` is larger than that.
    pub fn resize(&mut self, count: usize) {
        let room = self.lines.len() / self.length.div_ceil(8).max(1);
        assert!(count <= room, "panels: room for {room}, not {count}");
        self.count = count;
    }

    /// The number of vectors.
    pub fn count(&self) -> usize {
        self.count
    }

    /// The length of each vector.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Packs `rows` as vectors, from vector `first` on.
    ///
    /// # Panics
    /// Panics if there is no room for them, or if their length is not that of the vectors.
    #[inline(always)]
    pub fn pack<F: F64x8>(&mut self, first: usize, rows: Rows) {
        assert!(
            rows.length() == self.length && first + rows.count() <= self.count,
            "panels: shapes"
        );
        for k in 0..rows.count() {
            pack_row::<F>(rows.row(k), &mut self.lines, first + k, self.count);
        }
    }

    /// Entries `8 panel` to `8 panel + 7` of every vector.
    #[inline(always)]
    pub(super) fn panel(&self, panel: usize) -> &[Line] {
        &self.lines[panel * self.count..][..self.count]
    }
}
