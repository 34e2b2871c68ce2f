//! The weights that products read at every step, packed.

use crate::kernels::buffer::Buffer;
use crate::kernels::{F64x8, Kernel, Level, Rows, Tiles};
use crate::network::parameters::{Parameters, Shape, ShapeError, Tensor, Tensors, buffer};
use std::ops::Range;

/// A copy of W, V and c in the layout that products read.
#[derive(Clone, Debug, Default)]
pub struct PackedWeights {
    /// m x m.
    pub(super) W: Tiles,
    /// K x m.
    pub(super) V: Tiles,
    /// K entries, and minus infinity, whose exponential is 0, in the rest of the last line.
    pub(super) c: Buffer,
}

impl PackedWeights {
    /// Allocates room for the weights of a network.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if it cannot be allocated.
    pub fn new(shape: Shape) -> Result<Self, ShapeError> {
        let (m, K) = (shape.m(), shape.K());
        let tiles = |rows: usize| {
            let bytes = rows.saturating_mul(m).saturating_mul(size_of::<f64>());
            Tiles::new(rows, m).ok_or(ShapeError::NoMemory { bytes })
        };
        let mut c = buffer(K.next_multiple_of(8))?;
        c.fill(f64::NEG_INFINITY);
        Ok(PackedWeights { W: tiles(m)?, V: tiles(K)?, c })
    }

    /// Packs the weights of some parameters.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if they cannot be allocated.
    pub fn of(parameters: &Parameters, level: Level) -> Result<Self, ShapeError> {
        let mut weights = PackedWeights::new(parameters.shape())?;
        weights.pack(level, parameters);
        Ok(weights)
    }

    /// Packs all weights of a network of this shape.
    ///
    /// # Panics
    /// Panics if the parameters have another shape.
    pub fn pack(&mut self, level: Level, parameters: &Parameters) {
        let Tensors { W, V, c, .. } = parameters.shape().lengths();
        for (tensor, length) in [(Tensor::W, W), (Tensor::V, V), (Tensor::c, c)] {
            level.run(Pack { weights: self, parameters, tensor, entries: 0..length });
        }
    }

    /// Packs rows of a tensor that have changed. `entries` are all entries of these rows. U and b are not packed.
    #[inline(always)]
    pub fn pack_rows<'a, F: F64x8>(
        &mut self,
        parameters: &'a Parameters,
        tensor: Tensor,
        entries: Range<usize>,
    ) {
        let m = parameters.shape().m();
        let Tensors { W, V, c, .. } = parameters.tensors();
        let rows = |matrix: &'a [f64]| Rows::tight(&matrix[entries.clone()], entries.len() / m, m);
        match tensor {
            Tensor::W => self.W.pack::<F>(entries.start / m, rows(W)),
            Tensor::V => self.V.pack::<F>(entries.start / m, rows(V)),
            Tensor::c => self.c[entries.clone()].copy_from_slice(&c[entries]),
            Tensor::U | Tensor::b => {}
        }
    }

    /// Whether c is the same, to the bit. This is a cheap check.
    pub(crate) fn are_of(&self, parameters: &Parameters) -> bool {
        let c = parameters.tensors().c.iter().zip(&self.c[..]);
        c.map(|(c, packed)| c.to_bits() ^ packed.to_bits()).all(|difference| difference == 0)
    }

    /// Packs the row of one entry, after the entry has changed.
    pub fn pack_entry(&mut self, level: Level, parameters: &Parameters, entry: usize) {
        let (tensor, row) = parameters.shape().row_of(entry);
        level.run(Pack { weights: self, parameters, tensor, entries: row });
    }
}

struct Pack<'a> {
    weights: &'a mut PackedWeights,
    parameters: &'a Parameters,
    tensor: Tensor,
    entries: Range<usize>,
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        self.weights.pack_rows::<F>(self.parameters, self.tensor, self.entries);
    }
}
