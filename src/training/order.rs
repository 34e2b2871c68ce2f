//! Where in the text each update reads.
//!
//! Of the text, L characters are learned (what is held out is no part of them). An update reads T characters of each
//! of B streams, and the character after them, which is their last target. Streams and epochs are counted from 0.
//!
//! **In the order of the text**, stream s reads the floor(L / B) characters from s floor(L / B) on, T an update and the
//! hidden state carried along. An epoch is floor((floor(L / B) - 1) / T) updates. Of documents each begins with h = 0,
//! and an update ends with its document.
//!
//! **In chunks** of C characters, C >= T, there are n = floor((L - 1) / C) of them: chunk i has the characters from C i
//! on. Each is read in u = floor(C / T) updates one after another, the first with h = 0, the others with the hidden
//! state carried along. Group g of an epoch is B chunks that the streams read side by side: stream s reads chunk
//! `p[B g + s]`, where p has the numbers from 0 to n - 1 in a random order. An epoch is floor(n / B) groups; the chunks
//! that are left over wait for another. To shuffle (Fisher and Yates), p begins as 0, 1, ..., n - 1, and for
//! i = n - 1, n - 2, ..., 1 the numbers `p[i]` and `p[j]` change places, j drawn from 0 to i by the generator of
//! [`Stream::Order`] and the epoch. So p depends on the seed and the epoch alone.
//!
//! **At positions**, update n begins with h = 0 in each stream, at a character from 0 to L - T - 1, each as likely:
//! drawn for one stream after another by the generator of [`Stream::Order`] and n. Epochs have as many updates as in the
//! order of the text.
//!
//! An epoch ends where none of its updates is left. [`State::position`] counts the characters that every stream has
//! read in it. With the seed, the epoch and the number of updates that says all: a run that goes on needs no more.

use crate::model::State;
use crate::network::parameters::{ShapeError, zeros};
use crate::random::{Generator, Stream};
use crate::settings::{Order, Settings};
use crate::text::corpus::Corpus;

/// The way of a run through its text.
#[derive(Debug)]
pub(crate) struct Walk {
    order: Order,
    T: u64,
    streams: u64,
    seed: u64,
    learned: u64,
    /// Chunks of its documents, where the text is read as such.
    document_chunks: Option<u64>,
    /// Of an order in chunks: p, and the epoch that it is of.
    chunks: Vec<u32>,
    shuffled: Option<u64>,
}

/// What an update reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Next {
    /// Its number.
    pub update: u64,
    /// The epoch that it belongs to.
    pub epoch: u64,
    /// Characters that every stream has read before it in that epoch.
    pub position: u64,
    /// Whether all streams begin with h = 0. Of documents the text can tell as well.
    pub begins: bool,
}

impl Walk {
    /// That of settings in range, through a text that is long enough for them.
    ///
    /// # Errors
    /// [`ShapeError`] where there is no memory for the order of the chunks, or 32 bits do not number them.
    pub fn new(settings: &Settings, corpus: &Corpus) -> Result<Self, ShapeError> {
        let learned = corpus.learned();
        Ok(Walk {
            order: settings.order,
            T: settings.sequence_length as u64,
            streams: settings.batch_size as u64,
            seed: settings.seed,
            learned,
            document_chunks: settings.documents.then(|| corpus.document_chunks()),
            chunks: numbers(settings, learned)?,
            shuffled: None,
        })
    }

    /// Bytes that [`Walk::new`] allocates, where so many characters are learned.
    pub fn bytes(settings: &Settings, learned: u64) -> usize {
        let count = usize::try_from(chunks(settings, learned)).unwrap_or(usize::MAX);
        count.saturating_mul(size_of::<u32>())
    }

    /// Updates of an epoch.
    pub fn updates_per_epoch(&self) -> u64 {
        match (self.order, self.document_chunks) {
            (Order::Chunks { .. }, _) => {
                self.chunks.len() as u64 / self.streams * self.updates_of_chunk()
            }
            (_, Some(chunks)) => chunks,
            _ => (self.part() - 1) / self.T,
        }
    }

    /// u; 1 in another order.
    fn updates_of_chunk(&self) -> u64 {
        (self.order.chunk()).map_or(1, |length| length as u64 / self.T)
    }

    /// Characters of each stream's part of the text.
    pub fn part(&self) -> u64 {
        self.learned / self.streams
    }

    /// Whether no update of the epoch is left where every stream has read so many of its characters.
    pub fn is_over(&self, position: u64) -> bool {
        match self.order {
            Order::Text => {
                let need = if self.document_chunks.is_some() {
                    1
                } else {
                    self.T
                };
                self.part().saturating_sub(position) < need + 1
            }
            _ => position / self.T >= self.updates_per_epoch(),
        }
    }

    /// The update after those that led to a state.
    pub fn next(&self, state: &State) -> Next {
        let position = state.position as u64;
        let begins_anew = self.is_over(position);
        let position = if begins_anew { 0 } else { position };
        let begins_chunk = match self.order {
            Order::Text => false,
            Order::Chunks { .. } => (position / self.T).is_multiple_of(self.updates_of_chunk()),
            Order::Positions => true,
        };
        Next {
            update: state.updates,
            epoch: state.epoch + u64::from(begins_anew),
            position,
            begins: begins_anew || begins_chunk,
        }
    }

    /// The position in the text that each stream reads from, one stream after another.
    pub fn places(&mut self, next: &Next) -> impl Iterator<Item = u64> {
        self.shuffle(next.epoch);
        let (T, part, last) = (self.T, self.part(), self.learned.saturating_sub(self.T));
        let each = self.updates_of_chunk();
        let mut generator = Generator::new(self.seed, Stream::Order(next.update));
        (0..self.streams).map(move |stream| match self.order {
            Order::Text => stream * part + next.position,
            Order::Chunks { length } => {
                let (group, update) = (next.position / T / each, next.position / T % each);
                let chunk = self.chunks[(group * self.streams + stream) as usize];
                u64::from(chunk) * length as u64 + update * T
            }
            Order::Positions => generator.below(last),
        })
    }

    /// Brings the chunks into the order of an epoch.
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

/// Room for as many numbers as there are chunks.
fn numbers(settings: &Settings, learned: u64) -> Result<Vec<u32>, ShapeError> {
    match u32::try_from(chunks(settings, learned)) {
        Ok(count) => zeros(count as usize),
        Err(_) => Err(ShapeError::NoMemory {
            bytes: Walk::bytes(settings, learned),
        }),
    }
}

/// n; none in another order.
fn chunks(settings: &Settings, learned: u64) -> u64 {
    match settings.order {
        Order::Chunks { length } => learned.saturating_sub(1) / length.max(1) as u64,
        _ => 0,
    }
}

#[cfg(test)]
mod tests;
