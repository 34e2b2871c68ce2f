//! The gradient of every parameter: sums over steps and sequences of what backpropagation has found.
//!
//! ```text
//! dL/dV = sum g_t h_t'            dL/dc = sum g_t
//! dL/dW = sum dL/da_t h_{t-1}'    dL/db = sum dL/da_t
//! dL/dU = sum dL/da_t x_t'
//! ```
//!
//! Every sum runs over the steps of the first sequence by increasing t, then over those of the next. An
//! [`EntrySink`] takes the entries: [`Store`](crate::kernels::Store) keeps them as a gradient;
//! [`UpdateParameters`](crate::network::update::UpdateParameters) updates each parameter at once, so that no gradient is
//! ever in memory.

use crate::kernels::{EntrySink, F64x4, Kernel, outer_products, vector_sums};
use crate::network::columns::ColumnSums;
use crate::network::parameters::{Shape, Tensors};
use crate::network::unrolled::Unrolled;
use std::ops::Range;

/// Divides entries by a number and hands them on.
#[derive(Debug)]
pub struct Divide<S> {
    /// The divisor.
    pub divisor: f64,
    /// Takes the quotients.
    pub sink: S,
}

impl<S: EntrySink> EntrySink for Divide<S> {
    const NEEDS_ZEROS: bool = S::NEEDS_ZEROS;

    #[inline(always)]
    fn take<F: F64x4>(&mut self, at: usize, [low, high]: [F; 2]) {
        let divisor = F::splat(self.divisor);
        self.sink.take(at, [low / divisor, high / divisor]);
    }

    #[inline(always)]
    fn take_part<F: F64x4>(&mut self, at: usize, count: usize, entries: F) {
        let quotients = entries / F::splat(self.divisor);
        self.sink.take_part(at, count, quotients);
    }

    #[inline(always)]
    fn take_scattered<F: F64x4>(&mut self, indices: [usize; 4], count: usize, entries: F) {
        let quotients = entries / F::splat(self.divisor);
        self.sink.take_scattered(indices, count, quotients);
    }
}

/// Some rows of the five tensors: what one thread works on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowBlock {
    /// Rows of U, W and b.
    pub hidden: Range<usize>,
    /// Rows of V and c.
    pub vocabulary: Range<usize>,
}

impl RowBlock {
    /// All rows.
    pub fn all(shape: Shape) -> Self {
        RowBlock { hidden: 0..shape.m(), vocabulary: 0..shape.K() }
    }

    /// The largest useful number of blocks: of more, some would have no rows at all.
    pub fn most(shape: Shape) -> usize {
        shape.m().max(shape.K()).div_ceil(8)
    }

    /// Splits all rows into `count` blocks of about the same work. Each begins at a multiple of eight; some may be
    /// empty.
    pub fn split(shape: Shape, count: usize) -> impl Iterator<Item = RowBlock> {
        let part = move |rows: usize, block: usize| {
            // The product may be larger than any number of rows.
            let of = |eights: usize, block: usize| eights as u128 * block as u128 / count as u128;
            let start = |block: usize| (of(rows.div_ceil(8), block) as usize * 8).min(rows);
            start(block)..start(block + 1)
        };
        (0..count).map(move |block| RowBlock {
            hidden: part(shape.m(), block),
            vocabulary: part(shape.K(), block),
        })
    }

    /// Splits as many rows as the block has off the front of `rest`.
    pub fn split_off<'a>(
        &self,
        rest: &mut Tensors<&'a mut [f64]>,
        shape: Shape,
    ) -> Tensors<&'a mut [f64]> {
        let (m, K) = (shape.m(), shape.K());
        let (hidden, vocabulary) = (self.hidden.len(), self.vocabulary.len());
        let front = |rest: &mut &'a mut [f64], count| {
            (rest.split_off_mut(..count)).expect("a block has no more rows than the tensors")
        };
        Tensors {
            U: front(&mut rest.U, hidden * K),
            W: front(&mut rest.W, hidden * m),
            V: front(&mut rest.V, vocabulary * m),
            b: front(&mut rest.b, hidden),
            c: front(&mut rest.c, vocabulary),
        }
    }
}

/// Computes the sums of one block of rows.
pub struct GradientSums<'a, S> {
    /// The sequences, group by group, after backpropagation.
    pub groups: &'a [Unrolled],
    /// The rows.
    pub block: RowBlock,
    /// What takes the entries; index 0 is the first entry of the block.
    pub sinks: Tensors<S>,
    /// Room for the sums of dL/dU.
    pub columns: &'a mut ColumnSums,
}

impl<S: EntrySink> Kernel for GradientSums<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let GradientSums {
            groups,
            block: RowBlock { hidden, vocabulary },
            sinks: Tensors { U, W, V, b, c },
            columns,
        } = self;
        let Some(shape) = groups.first().map(|group| group.shape()) else {
            return;
        };
        let g = groups.iter().map(|group| &group.packed.g);
        let da = groups.iter().map(|group| &group.packed.da);
        let h = groups.iter().map(|group| &group.packed.h);
        let h_before = groups.iter().map(|group| &group.packed.h_before);
        let pairs = g.clone().zip(h);
        outer_products::<F, S>(pairs, vocabulary.clone(), shape.m(), V);
        vector_sums::<F, S>(g, vocabulary, c);
        let pairs = da.clone().zip(h_before);
        outer_products::<F, S>(pairs, hidden.clone(), shape.m(), W);
        vector_sums::<F, S>(da, hidden.clone(), b);
        if !hidden.is_empty() {
            let inputs_with_da = groups.iter().flat_map(Unrolled::inputs_with_da);
            columns.sum(&hidden, inputs_with_da);
            if S::NEEDS_ZEROS {
                take_rows::<F, S>(columns, hidden.len(), U);
            } else {
                take_columns::<F, S>(columns, hidden.len(), shape.K(), U);
            }
        }
    }
}

/// Hands on so many rows of dL/dU in the columns of the characters that were read.
#[inline(always)]
fn take_columns<F: F64x4, S: EntrySink>(columns: &ColumnSums, rows: usize, K: usize, mut sink: S) {
    for (x, sums) in columns.columns(rows) {
        for (group, four) in sums.chunks(4).enumerate() {
            let index = |i: usize| (4 * group + i).min(rows - 1) * K + x;
            let indices = [index(0), index(1), index(2), index(3)];
            sink.take_scattered(indices, four.len(), F::load_first(four));
        }
    }
}

/// Hands on so many rows of dL/dU in all of their columns.
#[inline(always)]
fn take_rows<F: F64x4, S: EntrySink>(columns: &mut ColumnSums, rows: usize, mut sink: S) {
    for i in 0..rows {
        let row = columns.row(i, rows);
        let first = i * row.len();
        let (eights, rest) = row.as_chunks::<8>();
        for (at, eight) in (first..).step_by(8).zip(eights) {
            sink.take(at, [F::load_first(eight), F::load_first(&eight[4..])]);
        }
        for (at, four) in (first + row.len() - rest.len()..).step_by(4).zip(rest.chunks(4)) {
            sink.take_part(at, four.len(), F::load_first(four));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// No machine has such parameters, but their rows can be counted.
    #[test]
    fn blocks_of_any_shape_hold_every_row_once() {
        for (m, K) in [(1, 1), (20, 65), (1, 1 << 58)] {
            let shape = Shape::new(m, K).unwrap();
            for count in [1, 3, 1024] {
                let mut next = 0;
                for block in RowBlock::split(shape, count) {
                    assert_eq!(block.vocabulary.start, next);
                    next = block.vocabulary.end;
                }
                assert_eq!(next, K, "m = {m}, {count} blocks");
            }
        }
    }
}
