//! The loss of the held-out text, which no update reads.

use crate::kernels::Level;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Shape, ShapeError, zeros};
use crate::network::rnn::Rnn;
use crate::network::unrolled::Unrolled;
use crate::settings::Settings;
use crate::text::corpus::{Corpus, HELD_OUT_STEPS};
use crate::text::error::TextError;
use std::f64::consts::LN_2;

/// The loss of the held-out text, which no update reads, in three units.
///
/// y_1 ... y_n are the characters of the held-out text that count. p_t has the probabilities that the network gives
/// after all held-out characters before y_t:
///
/// ```text
/// nats = - (sum_t ln p_t[y_t]) / n      nats per character
/// loss = nats T                         in the unit of the training loss; nats if that is a mean
/// bits = nats / ln 2                    bits per character
/// ```
///
/// The text is read in one pass. In text order the pass begins with the hidden state before chunk n (of the first
/// sequence), otherwise with h = 0: see [`Model::initial_state`](crate::Model::initial_state). The first character of
/// the text is only an input, so it does not count. With documents all characters count: each document is read from h =
/// 0 after a newline, as in training, and its own newline counts too.
///
/// The terms are added one by one, by increasing position. So the result does not depend on the instruction set, the
/// number of threads, or how many steps are computed together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Nats per character.
    pub nats: f64,
    /// The loss in the unit of the training loss: nats over T characters if that is a sum, nats per character if it is
    /// a mean.
    pub loss: f64,
    /// Bits per character.
    pub bits: f64,
}

impl Validation {
    /// The loss of `nats` nats per character, in all units.
    pub fn of(nats: f64, settings: &Settings) -> Self {
        Validation { nats, loss: nats * settings.loss_characters() as f64, bits: nats / LN_2 }
    }
}

/// The buffers for reading the held-out text.
#[derive(Debug)]
pub(crate) struct Validator {
    steps: Unrolled,
    weights: PackedWeights,
    h: Vec<f64>,
}

impl Validator {
    /// Buffers for networks of a shape.
    pub fn new(shape: Shape, level: Level) -> Result<Self, ShapeError> {
        Ok(Validator {
            steps: Unrolled::without_room(shape, HELD_OUT_STEPS, 1)?.at(level),
            weights: PackedWeights::new(shape)?,
            h: zeros(shape.m())?,
        })
    }

    /// Changes the level.
    pub fn at(self, level: Level) -> Self {
        Validator { steps: self.steps.at(level), ..self }
    }

    #[cfg(test)]
    pub fn level(&self) -> Level {
        self.steps.level
    }

    /// The loss of the held-out text in nats per character. The text is read from the hidden state `h0`, m long, or
    /// from zeros. `newline` separates documents.
    pub fn nats(
        &mut self,
        rnn: &Rnn,
        corpus: &mut Corpus,
        newline: Option<usize>,
        h0: Option<&[f64]>,
    ) -> Result<f64, TextError> {
        let (first, last) = corpus.held_out_positions();
        let (mut position, mut sum) = (first, 0.0);
        match h0 {
            Some(h0) => self.h.copy_from_slice(h0),
            None => self.h.fill(0.0),
        }
        self.weights.pack(self.steps.level, &rnn.parameters);
        while position < last {
            let read = corpus.held_out_chunk(position)?;
            if newline == Some(read[0]) {
                self.h.fill(0.0);
            }
            let (inputs, targets) = (&read[..read.len() - 1], &read[1..]);
            self.steps.resize(inputs.len());
            self.steps.set(0, inputs, targets, &self.h);
            position += inputs.len() as u64;
            rnn.forward_from(&self.weights, 0, 0, &mut self.steps);
            sum = self.steps.losses().fold(sum, |sum, loss| sum + loss);
            self.h.copy_from_slice(self.steps.h(self.steps.steps(), 0));
        }
        Ok(sum / (last - first) as f64)
    }
}

#[cfg(test)]
mod tests;
