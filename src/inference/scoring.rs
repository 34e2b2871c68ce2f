//! Scoring text: the bits that a model needs for it, character by character.

use crate::inference::recurrence::Recurrence;
use crate::kernels::{Level, Softmax, ln};
use crate::model::Model;
use crate::network::rnn::Rnn;
use crate::settings::Symbols;
use crate::text::decoder::InvalidSequence;
use std::f64::consts::LN_2;

/// The bits of a character that the vocabulary lacks: log2 of 1,112,064, the number of Unicode scalar values; for a model
/// of bytes log2 of 256. A sequence of bytes that is no UTF-8 has as many as such a character.
///
/// ```
/// use elman::inference::bits_of_unknown;
/// use elman::text::Symbols;
/// assert_eq!(bits_of_unknown(Symbols::Bytes), 8.0);
/// assert!((bits_of_unknown(Symbols::Characters) - 20.0848).abs() < 1e-4);
/// ```
pub fn bits_of_unknown(symbols: Symbols) -> f64 {
    match symbols {
        Symbols::Characters => ln(1_112_064.0) / LN_2,
        Symbols::Bytes => 8.0,
    }
}

/// A network that reads one character at a time and gives the bits that each one needs.
///
/// A character needs `-log2 p` bits, where p is the probability that the network gives it after all that it has read. This
/// is the log-sum-exp of the logits minus the logit of the character, divided by ln 2: it is finite even if p itself is 0,
/// as long as the difference of two logits is. A scorer allocates when it is made, for a copy of the weights among others, and
/// never afterwards. Make one and keep it.
///
/// ```
/// use elman::inference::Scorer;
/// use elman::text::Symbols;
/// use elman::{Rnn, Shape};
///
/// // Nothing learned: each of four characters has the same probability.
/// let rnn = Rnn::random(Shape::new(20, 4)?, 0.0, 1)?;
/// let mut scorer = Scorer::new(&rnn, Symbols::Characters);
/// assert_eq!(scorer.read(Some(2)), None, "no character was read before it");
/// assert_eq!(scorer.read(Some(0)), Some(2.0));
/// assert!(scorer.read(None) > Some(20.0), "not in the vocabulary");
/// # Ok::<(), elman::ShapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    recurrence: Recurrence<'a>,
    /// The hidden state to start from, m.
    start: Vec<f64>,
    unknown: f64,
    /// What was read last. The hidden state has not taken it in yet.
    last: Option<usize>,
    /// K.
    o: Vec<f64>,
}

impl<'a> Scorer<'a> {
    /// A scorer that has read no character; it starts from h = 0.
    ///
    /// # Panics
    /// Panics if there is no memory.
    pub fn new(rnn: &'a Rnn, symbols: Symbols) -> Self {
        let (start, o) = (vec![0.0; rnn.shape().m()], vec![0.0; rnn.shape().K()]);
        let recurrence = Recurrence::new(rnn, &start);
        Scorer { recurrence, start, unknown: bits_of_unknown(symbols), last: None, o }
    }

    /// A scorer with the network of a model that has read no character; it starts from the hidden state that the model
    /// [begins with](Model::initial_state). A model of documents reads every newline from h = 0.
    ///
    /// # Panics
    /// Panics if there is no memory.
    pub fn of(model: &'a Model) -> Self {
        let mut scorer = Scorer::new(&model.state.rnn, model.vocabulary.symbols());
        scorer.recurrence.newline = model.newline();
        scorer.starting_from(&model.hidden_state(model.initial_state()))
    }

    /// Starts from the hidden state `h`, as if nothing had been read yet.
    ///
    /// # Panics
    /// Panics if `h` is not m long.
    pub fn starting_from(mut self, h: &[f64]) -> Self {
        self.start.copy_from_slice(h);
        self.restart();
        self
    }

    /// Makes the network run at `level`.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// Forgets what was read and starts from the same hidden state again.
    pub fn restart(&mut self) {
        self.recurrence.go_on_from(&self.start);
        self.last = None;
    }

    /// Reads the character with this index and returns its bits: `None` if no character was read before it that could
    /// predict it. Pass `None` for a character outside the vocabulary: it has the bits of [`bits_of_unknown`] and is not
    /// read.
    ///
    /// # Panics
    /// Panics if the index is K or more.
    pub fn read(&mut self, character: Option<usize>) -> Option<f64> {
        let Some(character) = character else {
            return Some(self.unknown);
        };
        let K = self.o.len();
        assert!(character < K, "character {character} of {K}");
        let last = self.last.replace(character)?;
        self.recurrence.read(last, &mut self.o);
        let o = self.o[character];
        Some(self.recurrence.level.run(Softmax(&mut self.o)).loss(o) / LN_2)
    }
}

/// The score of a text or a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The sum of the bits of its characters, in the order of the text.
    pub bits: f64,
    /// The number of characters that count.
    pub characters: u64,
    /// The number of these that the vocabulary lacks, sequences that are no UTF-8 among them.
    pub unknown: u64,
    /// The character with the most bits, the first of equals.
    pub worst: Option<WorstCharacter>,
}

/// The character of a text or a line that has the most bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstCharacter {
    /// The character; U+00b for byte b, and U+FFFD for a sequence that is no UTF-8.
    pub character: char,
    /// The bytes, if it is a sequence that is no UTF-8.
    pub invalid: Option<InvalidSequence>,
    /// Its place in the line or the text, counted from 1.
    pub position: u64,
    /// Its bits.
    pub bits: f64,
}

impl Score {
    /// The mean of the bits; `None` if no character counts.
    pub fn bits_per_character(&self) -> Option<f64> {
        (self.characters > 0).then(|| self.bits / self.characters as f64)
    }

    pub(super) fn count(&mut self, counted: WorstCharacter) {
        self.bits += counted.bits;
        self.characters += 1;
        let worst = self.worst.get_or_insert(counted);
        if counted.bits > worst.bits {
            *worst = counted;
        }
    }
}
