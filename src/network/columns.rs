//! Columns of U and of its gradient, for the characters that are read.

use crate::kernels::F64x8;
use crate::kernels::buffer::{Buffer, stride};
use crate::network::parameters::{Shape, ShapeError, buffer, room, zeros};
use std::ops::Range;

/// Characters, each once, in the order in which they were first read.
#[derive(Clone, Debug, Default)]
struct DistinctCharacters {
    characters: Vec<usize>,
    /// For each of the K characters its position in `characters`. It is valid only if the character is there.
    positions: Vec<usize>,
}

impl DistinctCharacters {
    /// No characters yet, with room for `count` of K characters.
    fn new(count: usize, K: usize) -> Result<Self, ShapeError> {
        Ok(DistinctCharacters { characters: room(count.min(K))?, positions: zeros(K)? })
    }

    /// The position of a character, and whether it was added now.
    fn position(&mut self, x: usize) -> (usize, bool) {
        let position = self.positions[x];
        if self.characters.get(position) == Some(&x) {
            return (position, false);
        }
        self.positions[x] = self.characters.len();
        self.characters.push(x);
        (self.positions[x], true)
    }
}

/// `U x + b` for every character x that is read.
#[derive(Clone, Debug)]
pub(crate) struct InputColumns {
    m: usize,
    distinct: DistinctCharacters,
    /// T B: the row in `values` of each input.
    rows: Vec<usize>,
    /// One row for each distinct character.
    values: Buffer,
}

impl InputColumns {
    /// Allocates room for `count` inputs.
    pub fn new(shape: Shape, count: usize) -> Result<Self, ShapeError> {
        let distinct = count.min(shape.K());
        Ok(InputColumns {
            m: shape.m(),
            distinct: DistinctCharacters::new(distinct, shape.K())?,
            rows: zeros(count)?,
            values: buffer(distinct.saturating_mul(stride(shape.m())))?,
        })
    }

    /// Changes the number of inputs, to at most the number that there is room for.
    pub fn resize(&mut self, count: usize) {
        self.rows.resize(count, 0);
    }

    /// Computes the columns of some inputs.
    pub fn gather(&mut self, U: &[f64], b: &[f64], inputs: &[usize]) {
        self.distinct.characters.clear();
        for (row, &x) in self.rows.iter_mut().zip(inputs) {
            let (position, is_new) = self.distinct.position(x);
            *row = position;
            if is_new {
                let column = &mut self.values[position * stride(self.m)..][..self.m];
                input_column(U, b, x, column);
            }
        }
    }

    /// `U x + b` for an input, with zeros to the end of the last cache line.
    #[inline(always)]
    pub fn of_input(&self, input: usize) -> &[f64] {
        &self.values[self.rows[input] * stride(self.m)..][..self.m.next_multiple_of(8)]
    }
}

/// `column = U x + b` for the character x.
#[inline(always)]
pub(crate) fn input_column(U: &[f64], b: &[f64], x: usize, column: &mut [f64]) {
    let rows = U.chunks_exact(U.len() / b.len());
    for ((entry, U), b) in column.iter_mut().zip(rows).zip(b) {
        *entry = U[x] + b;
    }
}

/// Sums of some rows of dL/dU, in the columns of the characters that were read. All other columns are 0.
#[derive(Clone, Debug, Default)]
pub struct ColumnSums {
    distinct: DistinctCharacters,
    /// One row for every distinct character.
    sums: Buffer,
    /// The length of these rows.
    length: usize,
    /// The number of sums in each row.
    rows: usize,
}

impl ColumnSums {
    /// Allocates room for updates of `count` characters in total.
    pub(super) fn new(shape: Shape, count: usize) -> Result<Self, ShapeError> {
        let characters = count.min(shape.K());
        let length = stride(shape.m());
        Ok(ColumnSums {
            distinct: DistinctCharacters::new(characters, shape.K())?,
            sums: buffer(characters.saturating_mul(length))?,
            length,
            rows: 0,
        })
    }

    /// Sums the entries `rows` of dL/da over all characters that are read. The rows begin at a multiple of eight. After
    /// the last entry of dL/da, zeros follow to the end of its cache line.
    #[inline(always)]
    pub(super) fn sum<'a, F: F64x8>(
        &mut self,
        rows: &Range<usize>,
        inputs_with_da: impl Iterator<Item = (usize, &'a [f64])>,
    ) {
        self.distinct.characters.clear();
        self.rows = rows.len();
        let lines = rows.start / 8..rows.end.div_ceil(8);
        for (x, da) in inputs_with_da {
            let (position, is_new) = self.distinct.position(x);
            let sum = &mut self.sums.as_chunks_mut().0[position * self.length / 8..][..lines.len()];
            let da = &da.as_chunks().0[lines.clone()];
            for (sum, da) in sum.iter_mut().zip(da) {
                let before = if is_new { F::splat(0.0) } else { F::load(sum) };
                (before + F::load(da)).store(sum);
            }
        }
    }

    /// The characters that were read.
    #[inline(always)]
    pub(super) fn characters(&self) -> &[usize] {
        &self.distinct.characters
    }

    /// The characters that were read, each with its sums for eight rows from `row` on. `row` is a multiple of eight.
    /// Zeros follow the last row.
    #[inline(always)]
    pub(super) fn eights(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, &[f64; 8])> {
        let (lines, _) = self.sums.as_chunks();
        let lines = lines.iter().skip(row / 8).step_by((self.length / 8).max(1));
        self.characters().iter().copied().zip(lines)
    }

    /// The characters that were read, each with its column of sums.
    #[inline(always)]
    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, &[f64])> {
        let columns = self.sums.chunks_exact(self.length.max(1));
        let columns = columns.map(|sums| &sums[..self.rows]);
        self.characters().iter().copied().zip(columns)
    }

    /// Writes row `i` of the summed rows, K long.
    #[inline(always)]
    pub(super) fn write_row(&self, i: usize, row: &mut [f64]) {
        row.fill(0.0);
        for (x, sums) in self.columns() {
            row[x] = sums[i];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Kernel, Level};

    struct Sum<'a>(&'a mut ColumnSums, Range<usize>, &'a [(usize, Vec<f64>)]);

    impl Kernel for Sum<'_> {
        type Output = ();

        fn run<F: F64x8>(self) {
            self.0.sum::<F>(&self.1, self.2.iter().map(|(x, da)| (*x, &da[..])));
        }
    }

    /// Rows that do not begin at the first, as those of a network of more than 512 units.
    #[test]
    fn the_sums_are_those_of_the_rows_that_are_asked_for() {
        let shape = Shape::new(19, 4).unwrap();
        let da = |t: usize| (0..24).map(move |i| if i < 19 { (100 * t + i) as f64 } else { 0.0 });
        let read: Vec<(usize, Vec<f64>)> =
            [2, 0, 2].into_iter().enumerate().map(|(t, x)| (x, da(t).collect())).collect();
        for level in Level::available() {
            for rows in [0..19, 0..8, 8..16, 8..19, 16..19] {
                let mut sums = ColumnSums::new(shape, 3).unwrap();
                level.run(Sum(&mut sums, rows.clone(), &read));
                // Character 2 is read in steps 0 and 2, character 0 in step 1.
                let of_2: Vec<f64> = rows.clone().map(|i| (200 + 2 * i) as f64).collect();
                let of_0: Vec<f64> = rows.clone().map(|i| (100 + i) as f64).collect();
                let found: Vec<_> = sums.columns().collect();
                assert_eq!(found, [(2, &of_2[..]), (0, &of_0[..])], "{level:?} {rows:?}");
            }
        }
    }
}
