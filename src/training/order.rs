//! Where in the text each update reads. [`Order`] is the definition.

use crate::model::State;
use crate::network::parameters::{ShapeError, zeros};
use crate::random::{Generator, Stream};
use crate::settings::{Order, Settings};
use crate::text::corpus::Corpus;
use crate::training::error::TrainingError;

/// The order in which a run reads its text.
#[derive(Debug)]
pub(crate) struct TextOrder {
    order: Order,
    T: u64,
    batch_size: u64,
    seed: u64,
    /// L, the number of characters to train on.
    learned: u64,
    /// With documents: the number of updates that read all of them.
    document_chunks: Option<u64>,
    /// With chunks: the permutation p.
    chunks: Vec<u32>,
    /// The epoch that `chunks` is shuffled for.
    shuffled: Option<u64>,
}

/// What an update reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct UpdateSource {
    /// The number of the update.
    pub update: u64,
    /// Its epoch.
    pub epoch: u64,
    /// The number of characters that every sequence has read in this epoch before.
    pub position: u64,
    /// Whether all sequences begin with h = 0. A document does too, which its first character, a newline, shows.
    pub resets: bool,
}

impl TextOrder {
    /// The order for valid settings and a text that is long enough for them.
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

    /// With chunks, the number of updates that read a chunk; otherwise 1.
    fn updates_of_chunk(&self) -> u64 {
        (self.order.chunk()).map_or(1, |length| length as u64 / self.T)
    }

    /// The number of characters in each sequence's part of the text.
    pub fn part(&self) -> u64 {
        self.learned / self.batch_size
    }

    /// Whether the epoch has no update left after every sequence has read `position` characters in it.
    pub fn is_over(&self, position: u64) -> bool {
        match self.order {
            Order::Text => {
                let need = if self.document_chunks.is_some() { 1 } else { self.T };
                self.part().saturating_sub(position) < need + 1
            }
            _ => position / self.T >= self.updates_per_epoch(),
        }
    }

    /// What the next update reads, if `state` is the present state.
    pub fn next_source(&self, state: &State) -> UpdateSource {
        let position = state.position;
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

/// Allocates the list of chunks, if the text is read in chunks. Their numbers have to fit 32 bits.
fn chunk_numbers(order: Order, learned: u64) -> Result<Vec<u32>, ShapeError> {
    let length = order.chunk().map_or(u64::MAX, |length| length.max(1) as u64);
    let count = u32::try_from(learned.saturating_sub(1) / length);
    zeros(count.map_err(|_| ShapeError::NoMemory { bytes: usize::MAX })? as usize)
}

/// Checks that the text to train on is long enough for the settings.
pub(crate) fn check_length(corpus: &Corpus, settings: &Settings) -> Result<(), TrainingError> {
    let (length, held_out) = (corpus.learned(), corpus.held_out());
    if length < settings.least_characters() as u64 {
        let settings = Box::new(*settings);
        return Err(TrainingError::TextTooShort { length, held_out, settings });
    }
    Ok(())
}

#[cfg(test)]
mod tests;
