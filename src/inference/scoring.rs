//! Scoring text: the bits that a model needs for it, character by character.

use crate::inference::recurrence::Recurrence;
use crate::inference::writer::Session;
use crate::kernels::{Level, ln};
use crate::model::Model;
use crate::network::parameters::{ShapeError, zeros};
use crate::settings::Symbols;
use crate::text::decoder::InvalidSequence;
use std::borrow::Borrow;
use std::f64::consts::LN_2;
use std::fmt;

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

/// A network that reads one character after another and gives the bits that each one needs.
///
/// A character needs `-log2 p` bits, where p is the probability that the network gives it after all that it has read. This
/// is the log-sum-exp of the logits minus the logit of the character, divided by ln 2: it is finite even if p itself is 0,
/// as long as the difference of two logits is.
///
/// It holds its model in any way that lends it: `&Model`, `Arc<Model>`, or the model itself. With an `Arc` it borrows
/// nothing and can be kept in a struct, sent to another thread, and cloned; clones share the weights. It allocates when it is
/// made, for a copy of the weights among others, and not while it reads: make one and keep it.
///
/// ```
/// use elman::inference::Scorer;
/// use elman::{Model, Parameters, Shape, Vocabulary};
/// use std::sync::Arc;
///
/// // Nothing learned: each of four characters has the same probability.
/// let parameters = Parameters::zeros(Shape::new(20, 4)?)?;
/// let model = Arc::new(Model::from_parameters(Vocabulary::of("abcd"), parameters)?);
/// let mut scorer = Scorer::new(model)?;
/// assert_eq!(scorer.read('c'), None, "no character was read before it");
/// assert_eq!(scorer.read('a'), Some(2.0));
/// assert!(scorer.read('x') > Some(20.0), "not in the vocabulary");
/// assert_eq!(scorer.line("abcd").bits_per_character(), Some(2.0));
/// # Ok::<(), elman::Error>(())
/// ```
#[derive(Clone)]
pub struct Scorer<M> {
    model: M,
    recurrence: Recurrence,
    /// The hidden state to start from, m.
    start: Vec<f64>,
    /// What was read last. The hidden state has not taken it in yet.
    last: Option<usize>,
    /// K.
    o: Vec<f64>,
}

impl<M: Borrow<Model>> Scorer<M> {
    /// A scorer that has read no character; it starts from the hidden state that the model
    /// [begins with](Model::initial_state). A model of documents reads every newline from h = 0.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
    pub fn new(model: M) -> Result<Self, ShapeError> {
        let of = model.borrow();
        let start = of.hidden_state(of.initial_state());
        let recurrence = Recurrence::of(of, &start)?;
        Ok(Scorer { recurrence, start, last: None, o: zeros(of.shape().K())?, model })
    }

    /// Starts from the hidden state `h`, m long, as if nothing had been read yet.
    ///
    /// # Errors
    /// [`ShapeError`] if `h` is not m long or has a number that is not finite.
    pub fn starting_from(mut self, h: &[f64]) -> Result<Self, ShapeError> {
        self.model().shape().check_start(h)?;
        self.start.copy_from_slice(h);
        self.restart();
        Ok(self)
    }

    /// Makes the network run at `level`. The level never changes the bits.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.borrow()
    }

    /// Forgets what was read and starts from the same hidden state again.
    pub fn restart(&mut self) {
        self.recurrence.go_on_from(&self.start);
        self.last = None;
    }

    /// Where the scorer stands. A [`Writer`](super::Writer) can go on from there.
    pub fn session(&self) -> Session {
        Session::new(self.recurrence.h().to_vec(), self.last)
    }

    /// Goes on from where another scorer or a writer of the same model stood.
    ///
    /// # Errors
    /// [`ShapeError`] if `session.h` is not m long or has a number that is not finite, or if `session.last` is K or more.
    pub fn set_session(&mut self, session: &Session) -> Result<(), ShapeError> {
        session.check(self.model().shape())?;
        self.recurrence.go_on_from(&session.h);
        self.last = session.last;
        Ok(())
    }

    /// Reads a character and returns its bits: `None` if no character was read before it that could predict it. A
    /// character that the vocabulary lacks has the bits of [`bits_of_unknown`] and is not read. For a model of bytes, byte b
    /// goes by the character U+00b.
    pub fn read(&mut self, character: char) -> Option<f64> {
        let vocabulary = &self.model().vocabulary;
        match vocabulary.index(character) {
            Some(index) => self.read_known(index),
            None => Some(bits_of_unknown(vocabulary.symbols())),
        }
    }

    /// Reads the character with this index, as [`Scorer::read`] does.
    ///
    /// # Errors
    /// [`ShapeError::Index`] if the index is K or more.
    pub fn read_index(&mut self, index: usize) -> Result<Option<f64>, ShapeError> {
        self.model().shape().check_index(index)?;
        Ok(self.read_known(index))
    }

    fn read_known(&mut self, index: usize) -> Option<f64> {
        let last = self.last.replace(index)?;
        self.recurrence.read(&self.model.borrow().state.rnn, last, &mut self.o);
        let o = self.o[index];
        Some(self.recurrence.level.softmax(&mut self.o).loss(o) / LN_2)
    }

    /// The score of a line, which is read from the start as [`score::line`](super::score::line) does.
    pub fn line(&mut self, line: impl AsRef<[u8]>) -> Score {
        self.restart();
        let newline = self.model().vocabulary.index('\n');
        if let Some(newline) = newline {
            self.read_known(newline);
        }
        let mut score = Score::default();
        let unknown = bits_of_unknown(self.model().vocabulary.symbols());
        let symbols = symbols_of_line(self.model(), line.as_ref());
        for (position, (character, invalid)) in (1..).zip(symbols) {
            let index = index_of(self.model(), (character, invalid));
            let bits = match index {
                Some(index) => self.read_known(index),
                None => Some(unknown),
            };
            if let Some(bits) = bits {
                score.unknown += u64::from(index.is_none());
                score.count(WorstCharacter { character, invalid, position, bits });
            }
        }
        score
    }
}

impl<M: Borrow<Model>> fmt::Debug for Scorer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scorer").field("model", self.model()).finish_non_exhaustive()
    }
}

/// A symbol: a character, or U+FFFD and the sequence that is no UTF-8.
pub(crate) type Symbol = (char, Option<InvalidSequence>);

/// The index of a symbol. A sequence that is no UTF-8 has none, even if the vocabulary has U+FFFD.
pub(crate) fn index_of(model: &Model, (character, invalid): Symbol) -> Option<usize> {
    if invalid.is_none() { model.vocabulary.index(character) } else { None }
}

/// The symbols of a line that count: characters, or bytes by their characters, without a line end at the end. A carriage
/// return at the end is left out where training leaves it out, or the vocabulary lacks it.
pub(crate) fn symbols_of_line<'a>(
    model: &Model,
    line: &'a [u8],
) -> impl Iterator<Item = Symbol> + use<'a> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let leaves_out_returns = model.settings.documents || model.vocabulary.index('\r').is_none();
    let line = line.strip_suffix(b"\r").filter(|_| leaves_out_returns).unwrap_or(line);
    let (characters, bytes) = match model.vocabulary.symbols() {
        Symbols::Characters => (line, &[][..]),
        Symbols::Bytes => (&[][..], line),
    };
    let characters = characters.utf8_chunks().flat_map(|chunk| {
        let invalid = Some(chunk.invalid()).filter(|bytes| !bytes.is_empty());
        let invalid = invalid
            .map(|bytes| (char::REPLACEMENT_CHARACTER, Some(InvalidSequence::at_start_of(bytes))));
        chunk.valid().chars().map(|character| (character, None)).chain(invalid)
    });
    characters.chain(bytes.iter().map(|&byte| (char::from(byte), None)))
}

/// The score of a text or a line.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// The sum of the bits of its characters, in the order of the text. NaN or infinite only where the weights of the model
    /// are so large that its logits leave the range of doubles.
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
    /// The mean of the bits; `None` if no character counts. A NaN is above no threshold: see [`Score::bits`].
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
