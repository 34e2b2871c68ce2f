//! The text on which gradients are checked.

use crate::network::parameters::{Shape, ShapeError};
use crate::network::unrolled::Unrolled;

/// A chunk of text and the hidden state that it begins with.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The indices of the inputs, T.
    pub inputs: &'a [usize],
    /// The indices of the targets, T.
    pub targets: &'a [usize],
    /// The hidden state before the first input, m.
    pub h0: &'a [f64],
}

impl Case<'_> {
    /// Buffers for a pass over the case.
    pub(super) fn unrolled(&self, shape: Shape) -> Result<Unrolled, ShapeError> {
        let mut steps = Unrolled::new(shape, self.inputs.len(), 1)?;
        steps.begin(0, self.inputs, self.targets, self.h0);
        Ok(steps)
    }
}
