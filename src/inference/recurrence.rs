//! A network that reads one character after another and carries its hidden state from each to the next.

use crate::kernels::Level;
use crate::network::columns::input_column;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::Tensors;
use crate::network::rnn::{ReadCharacter, Rnn};
use std::mem;
use std::sync::Arc;

/// A network and its hidden state. It allocates when it is made, and never afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Recurrence<'a> {
    pub rnn: &'a Rnn,
    weights: Arc<PackedWeights>,
    pub level: Level,
    /// The character that is read from h = 0: the newline between documents.
    pub newline: Option<usize>,
    /// The hidden state, m, and zeros to a multiple of eight.
    h: Vec<f64>,
    before: Vec<f64>,
    /// m.
    column: Vec<f64>,
}

impl<'a> Recurrence<'a> {
    /// Starts from the hidden state `h`.
    ///
    /// # Panics
    /// Panics if `h` is not m long, or if there is no memory for a copy of the weights.
    pub fn new(rnn: &'a Rnn, h: &[f64]) -> Self {
        assert_eq!(h.len(), rnn.shape().m(), "recurrence: m");
        let level = Level::chosen();
        let weights = PackedWeights::of(&rnn.parameters, level);
        let weights = weights.expect("memory for a copy of the weights");
        let mut padded = h.to_vec();
        padded.resize(h.len().next_multiple_of(8), 0.0);
        Recurrence {
            weights: Arc::new(weights),
            level,
            newline: None,
            before: vec![0.0; padded.len()],
            column: vec![0.0; h.len()],
            rnn,
            h: padded,
        }
    }

    /// The hidden state, m long.
    pub fn h(&self) -> &[f64] {
        &self.h[..self.rnn.shape().m()]
    }

    /// Goes on from the hidden state `h`, m long.
    pub fn go_on_from(&mut self, h: &[f64]) {
        self.h[..h.len()].copy_from_slice(h);
    }

    /// Reads a character and writes the logits of the next into `o`, K long.
    pub fn read(&mut self, character: usize, o: &mut [f64]) {
        mem::swap(&mut self.h, &mut self.before);
        if self.newline == Some(character) {
            self.before.fill(0.0);
        }
        let Recurrence { rnn, weights, level, h, before, column, .. } = self;
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
        let mut recurrence = Recurrence::new(&rnn, &[f64::INFINITY, 0.5, 0.5, 0.5, 0.5]);
        let mut o = [f64::NAN; 3];
        recurrence.read(2, &mut o);
        assert!(recurrence.h().iter().all(|h| h.abs() == 1.0), "{:?}", recurrence.h());
        assert!(o.iter().all(|o| o.is_finite()), "{o:?}");
    }
}
