//! Sequences of characters that a network reads in parallel, and the losses of the characters.

use crate::kernels::Level;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Shape, ShapeError, zeros};
use crate::network::rnn::Rnn;
use crate::network::unrolled::Unrolled;
use crate::threads::side_by_side;
use std::cmp::Reverse;
use std::mem;
use std::ops::Range;
use std::slice;

/// The largest number of sequences that a thread reads in parallel.
const SIDE_BY_SIDE: usize = 16;
/// The largest number of steps that it computes together, over all sequences.
const ROWS: usize = 64;
/// The largest number of entries of the hidden states and probabilities of these steps, if a single step has fewer.
const NUMBERS: usize = 1 << 20;
/// The number of multiplications and additions that make it worth to start a thread.
const WORTH_A_THREAD: usize = 8_000_000;

/// Sequences of characters, each read from the same hidden state, and the losses of their characters.
///
/// Characters are added and then read, in rounds. The sequences of a round are read in parallel, as those of a batch,
/// and on several threads. The losses are the same as if each were read alone. The next round continues the last
/// sequence.
#[derive(Debug)]
pub(crate) struct Sequences {
    shape: Shape,
    weights: PackedWeights,
    level: Level,
    threads: usize,
    /// The hidden state before every sequence, m.
    start: Vec<f64>,
    /// One reader for each thread that was worth starting in any round.
    readers: Vec<Reader>,
    /// The number of readers that share the sequences of this round.
    at_work: usize,
    /// The reader of the last sequence.
    current: usize,
}

/// The place of a loss.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    reader: usize,
    character: usize,
}

impl Sequences {
    /// No sequence yet, and one thread. Each sequence will be read from the hidden state `start`, m long.
    pub fn new(rnn: &Rnn, start: Vec<f64>) -> Result<Self, ShapeError> {
        let level = Level::chosen();
        let shape = rnn.shape();
        let readers = vec![Reader::new(shape, level, &start)?];
        let weights = PackedWeights::of(&rnn.parameters, level)?;
        Ok(Sequences { shape, weights, level, threads: 1, start, readers, at_work: 1, current: 0 })
    }

    /// Reads every sequence that begins from now on from the hidden state `start`, m long.
    pub fn start_from(&mut self, start: &[f64]) {
        self.start.copy_from_slice(start);
        self.readers.iter_mut().for_each(|reader| reader.h0.copy_from_slice(start));
    }

    /// Continues at `level` and on up to `threads` threads.
    pub fn on(self, level: Level, threads: usize) -> Self {
        let readers = self.readers.into_iter().map(|reader| reader.at(level)).collect();
        Sequences { level, threads, readers, ..self }
    }

    /// Prepares for about so many characters: shares the sequences of this round among as many threads as are worth it.
    pub fn expect(&mut self, characters: usize) {
        let (m, K) = (self.shape.m(), self.shape.K());
        let work = characters.saturating_mul(m).saturating_mul(m + K);
        self.at_work = (work / WORTH_A_THREAD).clamp(1, self.threads.max(1));
        while self.readers.len() < self.at_work {
            match Reader::new(self.shape, self.level, &self.start) {
                Ok(reader) => self.readers.push(reader),
                // Fewer do.
                Err(_) => self.at_work = self.readers.len(),
            }
        }
    }

    /// Begins a sequence.
    pub fn begin(&mut self) {
        let length = |&reader: &usize| self.readers[reader].characters.len();
        self.current = (0..self.at_work).min_by_key(length).unwrap_or(0);
        self.readers[self.current].begin();
    }

    /// Adds a character to the last sequence. Returns the place of its loss; `None` for the first character of a
    /// sequence, which has no loss.
    pub fn push(&mut self, character: usize) -> Option<Place> {
        let reader = self.current;
        let character = self.readers[reader].push(character)?;
        Some(Place { reader, character })
    }

    /// Ends the round: reads all characters with the network `rnn`, which must be the one that the sequences were made
    /// for.
    pub fn read(&mut self, rnn: &Rnn) {
        let network = Network { rnn, weights: &self.weights, start: &self.start };
        let current = self.current;
        let readers = self.readers.iter_mut().enumerate();
        let work = readers.map(|(i, reader)| move || reader.read(network, i == current));
        side_by_side(self.at_work, work);
    }

    /// The loss at a place of the last round, in nats.
    pub fn loss(&self, place: Place) -> f64 {
        self.readers[place.reader].losses[place.character]
    }
}

/// A network that all threads read with.
#[derive(Clone, Copy)]
struct Network<'a> {
    rnn: &'a Rnn,
    weights: &'a PackedWeights,
    /// The hidden state before every sequence, m.
    start: &'a [f64],
}

/// The sequences that one thread reads.
#[derive(Debug)]
struct Reader {
    steps: Unrolled,
    /// The largest number of steps that are computed together.
    rows: usize,
    /// The characters to read, sequence by sequence.
    characters: Vec<usize>,
    /// The range of each sequence in `characters`.
    sequences: Vec<Range<usize>>,
    /// The hidden state before the sequence at the start of `characters`.
    h0: Vec<f64>,
    /// The hidden states of the sequences that are read in parallel.
    h: Vec<Vec<f64>>,
    /// The loss of each character of the last round, in nats. That of the first character of a sequence means nothing.
    losses: Vec<f64>,
}

impl Reader {
    fn new(shape: Shape, level: Level, start: &[f64]) -> Result<Self, ShapeError> {
        let rows = (NUMBERS / shape.m().saturating_add(shape.K())).clamp(1, ROWS);
        let side_by_side = rows.min(SIDE_BY_SIDE);
        let h = || zeros(shape.m());
        let mut h0 = h()?;
        h0.copy_from_slice(start);
        Ok(Reader {
            steps: Unrolled::without_room(shape, rows.div_ceil(side_by_side), side_by_side)?
                .at(level),
            rows,
            characters: Vec::new(),
            sequences: Vec::new(),
            h0,
            h: (0..side_by_side).map(|_| h()).collect::<Result<_, _>>()?,
            losses: Vec::new(),
        })
    }

    fn at(self, level: Level) -> Self {
        Reader { steps: self.steps.at(level), ..self }
    }

    fn begin(&mut self) {
        let start = self.characters.len();
        self.sequences.push(start..start);
    }

    /// Adds a character to the last sequence. Returns its index; `None` for the first character of the sequence.
    fn push(&mut self, character: usize) -> Option<usize> {
        let sequence = self.sequences.last_mut().expect("sequences: none has begun");
        let index = sequence.end;
        sequence.end += 1;
        self.characters.push(character);
        (index > sequence.start).then_some(index)
    }

    /// Reads all characters. If the last sequence continues, the next round begins with it.
    fn read(&mut self, network: Network, goes_on: bool) {
        self.losses.resize(self.characters.len(), 0.0);
        let open = if goes_on { self.sequences.pop() } else { None };
        let mut sequences = mem::take(&mut self.sequences);
        // Sequences of about the same length end together.
        sequences.sort_unstable_by_key(|sequence| Reverse(sequence.len()));
        for group in sequences.chunks(self.h.len()) {
            self.read_group(network, group);
        }
        sequences.clear();
        self.sequences = sequences;
        match open {
            Some(open) => self.read_open(network, open),
            None => {
                self.characters.clear();
                self.h0.copy_from_slice(network.start);
            }
        }
    }

    /// Reads the sequence that continues. The next round begins with its last character, which the hidden state does
    /// not yet include.
    fn read_open(&mut self, network: Network, open: Range<usize>) {
        self.read_group(network, slice::from_ref(&open));
        mem::swap(&mut self.h0, &mut self.h[0]);
        let last = self.characters[open].last().copied();
        self.characters.clear();
        self.begin();
        if let Some(last) = last {
            self.push(last);
        }
    }

    /// Reads some sequences in parallel, the longest first.
    fn read_group(&mut self, network: Network, group: &[Range<usize>]) {
        for (sequence, h) in group.iter().zip(&mut self.h) {
            match sequence.start {
                0 => h.copy_from_slice(&self.h0),
                _ => h.copy_from_slice(network.start),
            }
        }
        let mut t = 0;
        loop {
            let B = group.partition_point(|sequence| sequence.len() > t + 1);
            let Some(shortest) = group[..B].last() else { break };
            let T = (shortest.len() - 1 - t).min(self.rows / B);
            self.read_steps(network, &group[..B], t..t + T);
            t += T;
        }
    }

    /// Reads some steps of the sequences that have them.
    fn read_steps(&mut self, network: Network, group: &[Range<usize>], t: Range<usize>) {
        let Reader { steps, characters, h, losses, .. } = self;
        steps.reshape(t.len(), group.len());
        for (s, (sequence, h)) in group.iter().zip(&*h).enumerate() {
            let read = &characters[sequence.start + t.start..=sequence.start + t.end];
            steps.set(s, &read[..t.len()], &read[1..], h);
        }
        network.rnn.forward_from(network.weights, 0, 0, steps);
        let mut computed = steps.losses();
        for (s, (sequence, h)) in group.iter().zip(h).enumerate() {
            let losses = &mut losses[sequence.start + t.start + 1..=sequence.start + t.end];
            losses.iter_mut().zip(computed.by_ref()).for_each(|(place, loss)| *place = loss);
            h.copy_from_slice(steps.h(t.len(), s));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inference::recurrence::Recurrence;

    /// The losses of a sequence, one character at a time.
    fn alone(rnn: &Rnn, start: &[f64], level: Level, characters: &[usize]) -> Vec<f64> {
        let K = rnn.shape().K();
        let mut recurrence = Recurrence::new(rnn, start).unwrap();
        recurrence.level = level;
        let mut o = vec![0.0; K];
        let losses = characters.windows(2).map(|pair| {
            recurrence.read(rnn, pair[0], &mut o);
            let o_target = o[pair[1]];
            level.softmax(&mut o).loss(o_target)
        });
        losses.collect()
    }

    /// Sequence i, of many lengths, empty ones and long ones among them.
    fn sequence(i: usize) -> Vec<usize> {
        let length = if i % 50 == 7 { 300 } else { i * i * 7 % 61 % 40 };
        (0..length).map(|t| (t * t + i) % 5).collect()
    }

    /// Over several rounds, whose ends cut sequences in parts.
    #[test]
    fn every_sequence_has_the_losses_that_it_has_alone() {
        let rnn = Rnn::random(Shape::new(9, 5).unwrap(), 0.5, 1).unwrap();
        let all: Vec<Vec<usize>> = (0..200).map(sequence).collect();
        let start: Vec<f64> = (0..9).map(|i| f64::from(i) / 8.0 - 0.5).collect();
        for level in Level::available() {
            let expected: Vec<f64> =
                all.iter().flat_map(|one| alone(&rnn, &start, level, one)).collect();
            for (threads, round) in [(1, usize::MAX), (1, 1), (1, 90), (2, 500), (7, 1300)] {
                let sequences = Sequences::new(&rnn, vec![0.0; 9]).unwrap();
                let mut sequences = sequences.on(level, threads);
                sequences.start_from(&start);
                let (mut losses, mut places, mut count) = (Vec::new(), Vec::new(), 0);
                sequences.expect(WORTH_A_THREAD);
                for one in &all {
                    sequences.begin();
                    for &character in one {
                        places.extend(sequences.push(character));
                        count += 1;
                        if count % round == 0 {
                            sequences.read(&rnn);
                            losses.extend(places.drain(..).map(|place| sequences.loss(place)));
                            // The number of threads may be another in each round.
                            sequences.expect(count % 3 * WORTH_A_THREAD);
                        }
                    }
                }
                sequences.read(&rnn);
                losses.extend(places.drain(..).map(|place| sequences.loss(place)));
                assert!(losses == expected, "{level:?}, {threads} threads, rounds of {round}");
            }
        }
    }

    #[test]
    fn sequences_are_shared_evenly_among_threads_that_are_worth_it() {
        let rnn = Rnn::random(Shape::new(9, 5).unwrap(), 0.5, 1).unwrap();
        let sequences = Sequences::new(&rnn, vec![0.0; 9]).unwrap();
        let mut sequences = sequences.on(Level::chosen(), 3);
        for (characters, shares) in [(10, 1), (WORTH_A_THREAD / 60, 2), (usize::MAX, 3)] {
            sequences.expect(characters);
            for i in 0..200 {
                sequences.begin();
                sequence(i).into_iter().for_each(|character| _ = sequences.push(character));
            }
            let lengths: Vec<usize> =
                sequences.readers.iter().map(|reader| reader.characters.len()).collect();
            assert_eq!(lengths.len(), shares);
            let (least, most) = (lengths.iter().min().unwrap(), lengths.iter().max().unwrap());
            assert!(most - least <= 300, "{lengths:?}");
            sequences.read(&rnn);
        }
    }

    /// A vocabulary of a million characters takes no gigabytes.
    #[test]
    fn a_large_network_reads_few_steps_at_a_time() {
        let reader =
            |m, K| Reader::new(Shape::new(m, K).unwrap(), Level::chosen(), &vec![0.0; m]).unwrap();
        let rows = |reader: Reader| (reader.rows, reader.h.len());
        assert_eq!(rows(reader(100, 65)), (ROWS, SIDE_BY_SIDE));
        assert_eq!(rows(reader(1, 100_000)), (10, 10));
        assert_eq!(rows(reader(1, 2_000_000)), (1, 1));
    }
}
