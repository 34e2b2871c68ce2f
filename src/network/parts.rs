//! The parts of the gradient, each some rows of a tensor, and room for their sums.

use crate::kernels::buffer::Buffer;
use crate::network::columns::ColumnSums;
use crate::network::parameters::{Shape, ShapeError, Tensor, buffer};
use std::ops::Range;

/// Some rows of one tensor, which one thread sums at a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The tensor.
    pub tensor: Tensor,
    /// The rows. They begin at a multiple of eight.
    pub rows: Range<usize>,
}

/// The number of entries of a part: few enough to stay in the first-level cache until they are used.
const ENTRIES: usize = 2048;

impl Part {
    /// The parts of all five tensors. V and W have parts of up to 2,048 entries or eight rows, U of up to 512 rows. b
    /// and c are one part each.
    pub fn all(shape: Shape) -> impl Iterator<Item = Part> {
        use Tensor::{U, V, W, b, c};
        let eights = |columns: usize| (ENTRIES / (8 * columns)).max(1) * 8;
        let (m, K) = (shape.m(), shape.K());
        let tensors = [(V, K, eights(m)), (W, m, eights(m)), (U, m, 512), (b, m, m), (c, K, K)];
        tensors.into_iter().flat_map(|(tensor, rows, step)| {
            let from = (0..rows).step_by(step);
            from.map(move |from| Part { tensor, rows: from..rows.min(from + step) })
        })
    }

    /// The largest number of entries in the sums of a part. For U it is the length of a row.
    fn most_entries(shape: Shape) -> usize {
        let most = ENTRIES.max(8 * shape.m());
        // Outer products write past their end.
        most.max(shape.K()) + 7
    }
}

/// Room for the sums of a part.
#[derive(Clone, Debug, Default)]
pub struct Scratch {
    /// The sums, row by row.
    pub(super) sums: Buffer,
    /// The sums of dL/dU, column by column.
    pub(super) columns: ColumnSums,
}

impl Scratch {
    /// Allocates room for updates of `count` characters in total.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if it cannot be allocated.
    pub fn new(shape: Shape, count: usize) -> Result<Self, ShapeError> {
        let sums = buffer(Part::most_entries(shape))?;
        Ok(Scratch { sums, columns: ColumnSums::new(shape, count)? })
    }
}
