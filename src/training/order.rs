//! Where in the text each update reads.
//!
//! The training text has L characters; the validation set is no part of it. An update reads T characters of each of B
//! sequences, and the character after them, which is the last target. Sequences and epochs are counted from 0.
//!
//! **Text order.** Sequence s reads the floor(L / B) characters from s floor(L / B) on, T characters an update, and
//! carries its hidden state along. An epoch is floor((floor(L / B) - 1) / T) updates. Each document begins with h = 0,
//! and an update ends with its document.
//!
//! **Chunks** of C characters, C >= T. There are n = floor((L - 1) / C) of them: chunk i has the characters from C i
//! on. A chunk is read in u = floor(C / T) updates one after another: the first begins with h = 0, the others carry
//! the hidden state along. Group g of an epoch is B chunks that are read side by side: sequence s reads chunk
//! `p[B g + s]`, where p has the numbers from 0 to n - 1 in random order. An epoch is floor(n / B) groups; the chunks
//! that are left over are not read in it. The shuffle (Fisher and Yates) begins with p = 0, 1, ..., n - 1; for
//! i = n - 1, n - 2, ..., 1 it exchanges `p[i]` and `p[j]`, with j drawn from 0 to i by the generator of
//! [`Stream::Order`] and the epoch. So p depends on the seed and the epoch alone.
//!
//! **Positions.** Update n begins with h = 0 in each sequence, at a character from 0 to L - T - 1, all equally likely:
//! drawn for one sequence after another by the generator of [`Stream::Order`] and n. Epochs have as many updates as in
//! text order.
//!
//! An epoch ends when none of its updates is left. [`State::position`] counts the characters that every sequence has
//! read in it. The seed, the epoch, the position and the number of updates determine everything that a resumed run
//! reads.

use crate::model::State;
use crate::network::parameters::{ShapeError, zeros};
use crate::random::{Generator, Stream};
use crate::settings::{Order, Settings};
use crate::text::corpus::Corpus;

/// The order in which a run reads its text.
#[derive(Debug)]
pub(crate) struct TextOrder {
    order: Order,
    T: u64,
    batch_size: u64,
    seed: u64,
    /// L.
    learned: u64,
    /// For documents: the number of updates that read all of them.
    document_chunks: Option<u64>,
    /// For chunks: p.
    chunks: Vec<u32>,
    /// The epoch of `chunks`.
    shuffled: Option<u64>,
}

/// What an update reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UpdateSource {
    /// The number of the update.
    pub update: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The characters that every sequence has read in the epoch before.
    pub position: u64,
    /// Whether all sequences begin with h = 0. A document does as well, which its first character tells.
    pub resets: bool,
}

impl TextOrder {
    /// The order for valid settings and a text that is long enough for them.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if the numbers of the chunks cannot be allocated, or do not fit 32 bits.
    pub fn new(settings: &Settings, corpus: &Corpus) -> Result<Self, ShapeError> {
        let learned = corpus.learned();
        Ok(TextOrder {
            order: settings.order,
            T: settings.sequence_length as u64,
            batch_size: settings.batch_size as u64,
            seed: settings.seed,
            learned,
            document_chunks: settings.documents.then(|| corpus.document_chunks()),
            chunks: chunk_numbers(settings.order, learned)?,
            shuffled: None,
        })
    }

    /// The number of updates in an epoch.
    pub fn updates_per_epoch(&self) -> u64 {
        match (self.order, self.document_chunks) {
            (Order::Chunks { .. }, _) => {
                self.chunks.len() as u64 / self.batch_size * self.updates_of_chunk()
            }
            (_, Some(chunks)) => chunks,
            _ => (self.part() - 1) / self.T,
        }
    }

    /// For chunks u, otherwise 1.
    fn updates_of_chunk(&self) -> u64 {
        (self.order.chunk()).map_or(1, |length| length as u64 / self.T)
    }

    /// The number of characters in each sequence's part of the text.
    pub fn part(&self) -> u64 {
        self.learned / self.batch_size
    }

    /// Whether no update of the epoch is left after every sequence has read `position` characters in it.
    pub fn is_over(&self, position: u64) -> bool {
        match self.order {
            Order::Text => {
                let need = if self.document_chunks.is_some() { 1 } else { self.T };
                self.part().saturating_sub(position) < need + 1
            }
            _ => position / self.T >= self.updates_per_epoch(),
        }
    }

    /// What the next update after `state` reads.
    pub fn next_source(&self, state: &State) -> UpdateSource {
        let position = state.position as u64;
        let begins_anew = self.is_over(position);
        let position = if begins_anew { 0 } else { position };
        let begins_chunk = match self.order {
            Order::Text => false,
            Order::Chunks { .. } => (position / self.T).is_multiple_of(self.updates_of_chunk()),
            Order::Positions => true,
        };
        UpdateSource {
            update: state.updates,
            epoch: state.epoch + u64::from(begins_anew),
            position,
            resets: begins_anew || begins_chunk,
        }
    }

    /// The position in the text that each sequence reads from, one sequence after another.
    pub fn positions(&mut self, source: &UpdateSource) -> impl Iterator<Item = u64> {
        self.shuffle(source.epoch);
        let (T, part, last) = (self.T, self.part(), self.learned.saturating_sub(self.T));
        let each = self.updates_of_chunk();
        let mut generator = Generator::new(self.seed, Stream::Order(source.update));
        (0..self.batch_size).map(move |sequence| match self.order {
            Order::Text => sequence * part + source.position,
            Order::Chunks { length } => {
                let (group, update) = (source.position / T / each, source.position / T % each);
                let chunk = self.chunks[(group * self.batch_size + sequence) as usize];
                u64::from(chunk) * length as u64 + update * T
            }
            Order::Positions => generator.below(last),
        })
    }

    /// Shuffles the chunks for an epoch.
    fn shuffle(&mut self, epoch: u64) {
        if self.shuffled == Some(epoch) {
            return;
        }
        for (place, chunk) in self.chunks.iter_mut().zip(0..) {
            *place = chunk;
        }
        let mut generator = Generator::new(self.seed, Stream::Order(epoch));
        for i in (1..self.chunks.len()).rev() {
            let j = generator.below(i as u64 + 1) as usize;
            self.chunks.swap(i, j);
        }
        self.shuffled = Some(epoch);
    }
}

/// Room for the numbers of the chunks, where the text is read in chunks.
fn chunk_numbers(order: Order, learned: u64) -> Result<Vec<u32>, ShapeError> {
    let count = match order {
        Order::Chunks { length } => learned.saturating_sub(1) / length.max(1) as u64,
        _ => 0,
    };
    let too_many = ShapeError::NoMemory { bytes: usize::MAX };
    let count = u32::try_from(count).map_err(|_| too_many)?;
    zeros(count as usize)
}

#[cfg(test)]
mod tests;
