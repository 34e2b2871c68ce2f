//! A network that reads one character after another and carries its hidden state from each to the next.

use crate::kernels::Level;
use crate::network::rnn::Rnn;

/// A network and its hidden state. It allocates when it is made, and never afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Recurrence<'a> {
    pub rnn: &'a Rnn,
    pub level: Level,
    /// The character that is read from h = 0: the newline between documents.
    pub newline: Option<usize>,
    /// The hidden state, m.
    pub h: Vec<f64>,
    before: Vec<f64>,
    column: Vec<f64>,
}

impl<'a> Recurrence<'a> {
    /// Starts from the hidden state `h`.
    pub fn new(rnn: &'a Rnn, h: Vec<f64>) -> Self {
        Recurrence {
            level: Level::chosen(),
            newline: None,
            before: vec![0.0; h.len()],
            column: vec![0.0; h.len()],
            rnn,
            h,
        }
    }

    /// Reads a character and writes the logits of the next into `o`, K long.
    pub fn read(&mut self, character: usize, o: &mut [f64]) {
        std::mem::swap(&mut self.h, &mut self.before);
        if self.newline == Some(character) {
            self.before.fill(0.0);
        }
        let Recurrence { rnn, level, h, before, column, .. } = self;
        rnn.step(*level, character, before, column, h, o);
    }
}
