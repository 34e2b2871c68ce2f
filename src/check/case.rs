//! The text on which a gradient is checked.

use crate::network::parameters::{Shape, ShapeError};
use crate::network::unrolled::Unrolled;

/// A chunk of text, and the hidden state before it. A gradient is checked on a case.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The indices of the T inputs.
    pub inputs: &'a [usize],
    /// The indices of the T targets.
    pub targets: &'a [usize],
    /// The hidden state before the first input, m long.
    pub h0: &'a [f64],
}

impl Case<'_> {
    /// Allocates buffers for passes over the case.
    pub(super) fn unrolled(&self, shape: Shape) -> Result<Unrolled, ShapeError> {
        self.begun(Unrolled::new(shape, self.inputs.len(), 1)?)
    }

    /// The same without room for packed weights, which are elsewhere.
    pub(super) fn without_room(&self, shape: Shape) -> Result<Unrolled, ShapeError> {
        self.begun(Unrolled::without_room(shape, self.inputs.len(), 1)?)
    }

    fn begun(&self, mut steps: Unrolled) -> Result<Unrolled, ShapeError> {
        steps.begin(0, self.inputs, self.targets, self.h0)?;
        Ok(steps)
    }
}
