//! A network that reads one character after another, and the hidden state that it carries from each to the next.

use crate::kernels::Level;
use crate::model::Model;
use crate::network::rnn::Rnn;

/// What has been read so far. It allocates when it is made, and never afterwards.
#[derive(Clone, Debug)]
pub(crate) struct Recurrence<'a> {
    pub rnn: &'a Rnn,
    pub level: Level,
    /// The character before which h = 0, where the texts are documents.
    newline: Option<usize>,
    /// m.
    pub h: Vec<f64>,
    before: Vec<f64>,
}

impl<'a> Recurrence<'a> {
    /// Starts from the hidden state `h`.
    pub fn new(rnn: &'a Rnn, h: Vec<f64>) -> Self {
        Recurrence {
            level: Level::chosen(),
            newline: None,
            before: vec![0.0; h.len()],
            rnn,
            h,
        }
    }

    /// As [`Recurrence::new`], with the network of a model. One that has learned documents begins each anew: with
    /// h = 0, whenever it reads a newline.
    pub fn of(model: &'a Model, h: Vec<f64>) -> Self {
        Recurrence {
            newline: model.newline(),
            ..Recurrence::new(&model.state.rnn, h)
        }
    }

    /// Reads a character; `o`, K, becomes the logits of the next.
    ///
    /// # Panics
    /// Where the character is K or more.
    pub fn read(&mut self, character: usize, o: &mut [f64]) {
        std::mem::swap(&mut self.h, &mut self.before);
        if self.newline == Some(character) {
            self.before.fill(0.0);
        }
        (self.rnn).step(self.level, character, &self.before, &mut self.h, o);
    }
}
