//! A network that reads one character after another and carries its hidden state along.

use crate::kernels::Level;
use crate::model::Model;
use crate::network::columns::input_column;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{ShapeError, Tensors, zeros};
use crate::network::rnn::{ReadCharacter, Rnn};
use std::mem;
use std::sync::Arc;

/// A network and its hidden state. It allocates when it is made, and not afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Recurrence {
    weights: Arc<PackedWeights>,
    pub level: Level,
    /// The newline between documents, which is always read from h = 0; `None` without documents.
    pub newline: Option<usize>,
    /// The hidden state, m, and zeros to a multiple of eight.
    h: Vec<f64>,
    before: Vec<f64>,
    /// m.
    column: Vec<f64>,
}

impl Recurrence {
    /// Begins with the hidden state `h`.
    ///
    /// # Errors
    /// [`ShapeError`] if `h` is not m long, or if there is no memory for a copy of the weights.
    pub fn new(rnn: &Rnn, h: &[f64]) -> Result<Self, ShapeError> {
        rnn.shape().check_hidden_state(h)?;
        let level = Level::chosen();
        let mut padded = zeros(h.len().next_multiple_of(8))?;
        padded[..h.len()].copy_from_slice(h);
        Ok(Recurrence {
            weights: Arc::new(PackedWeights::of(&rnn.parameters, level)?),
            level,
            newline: None,
            before: zeros(padded.len())?,
            column: zeros(h.len())?,
            h: padded,
        })
    }

    /// The same for the network of a model. If the model was trained on documents, every newline is read from h = 0.
    ///
    /// # Errors
    /// The same as [`Recurrence::new`].
    pub fn of(model: &Model, h: &[f64]) -> Result<Self, ShapeError> {
        let recurrence = Recurrence::new(&model.state.rnn, h)?;
        Ok(Recurrence { newline: model.newline(), ..recurrence })
    }

    /// The hidden state, m long.
    pub fn h(&self) -> &[f64] {
        &self.h[..self.column.len()]
    }

    /// The hidden state before the last character that was read.
    pub fn before(&self) -> &[f64] {
        &self.before[..self.column.len()]
    }

    /// Continues from the hidden state `h`, m long.
    pub fn go_on_from(&mut self, h: &[f64]) {
        self.h[..h.len()].copy_from_slice(h);
    }

    /// Reads a character with the network `rnn`, which must be the one that the recurrence was made for. Writes the
    /// logits of the next character into `o`, K long.
    pub fn read(&mut self, rnn: &Rnn, character: usize, o: &mut [f64]) {
        mem::swap(&mut self.h, &mut self.before);
        if self.newline == Some(character) {
            self.before.fill(0.0);
        }
        let Recurrence { weights, level, h, before, column, .. } = self;
        let Tensors { U, b, .. } = rnn.parameters.tensors();
        input_column(U, b, character, column);
        level.run(ReadCharacter { weights, before, column, h, o });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parameters::Shape;

    #[test]
    fn an_infinite_hidden_state_saturates_the_next_and_no_more() {
        let rnn = Rnn::random(Shape::new(5, 3).unwrap(), 1.0, 1).unwrap();
        let mut recurrence = Recurrence::new(&rnn, &[f64::INFINITY, 0.5, 0.5, 0.5, 0.5]).unwrap();
        let mut o = [f64::NAN; 3];
        recurrence.read(&rnn, 2, &mut o);
        assert!(recurrence.h().iter().all(|h| h.abs() == 1.0), "{:?}", recurrence.h());
        assert!(o.iter().all(|o| o.is_finite()), "{o:?}");
    }
}
