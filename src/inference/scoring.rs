//! Scoring: the bits that a model needs for a text, character by character.

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

/// The bits of a character that the vocabulary lacks. This is log2 of 1,112,064, the number of Unicode scalar values;
/// for a model of bytes it is log2 of 256. A sequence of bytes that is not UTF-8 has as many bits as such a character.
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

/// Reads one character after another, and gives the bits that the network needs for each.
///
/// A character needs `-log2 p` bits. p is the probability that the network gives it after all characters read before.
/// The bits are computed as the log-sum-exp of the logits minus the logit of the character, divided by ln 2. So they
/// are finite even if p itself rounds to 0, as long as the logits differ by a finite number.
///
/// The scorer holds its model as `&Model`, `Arc<Model>`, or the model itself. With an `Arc` it borrows nothing: it can
/// be kept in a struct, sent to another thread, and cloned. Clones share the weights. A scorer allocates when it is made,
/// mainly a copy of the weights, and not while it reads. Make one and keep it.
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
    /// The hidden state to begin with, m.
    start: Vec<f64>,
    /// The last character. The network has not read it yet.
    last: Option<usize>,
    /// K.
    o: Vec<f64>,
}

impl<M: Borrow<Model>> Scorer<M> {
    /// Makes a scorer that has read no character.
    ///
    /// It begins with the model's [initial state](Model::initial_state). If the model was trained on documents, the
    /// hidden state is set to 0 before it reads a newline, as in training.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
    pub fn new(model: M) -> Result<Self, ShapeError> {
        let of = model.borrow();
        let start = of.hidden_state(of.initial_state());
        let recurrence = Recurrence::of(of, &start)?;
        Ok(Scorer { recurrence, start, last: None, o: zeros(of.shape().K())?, model })
    }

    /// Begins with the hidden state `h`, m long. What was read before is forgotten.
    ///
    /// # Errors
    /// [`ShapeError`] if `h` is not m long or has a number that is not finite.
    pub fn starting_from(mut self, h: &[f64]) -> Result<Self, ShapeError> {
        self.model().shape().check_start(h)?;
        self.start.copy_from_slice(h);
        self.restart();
        Ok(self)
    }

    /// Sets the instruction set that the network runs with. It never changes the bits.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// The model.
    pub fn model(&self) -> &Model {
        self.model.borrow()
    }

    /// Forgets what was read, and begins again with the same hidden state.
    pub fn restart(&mut self) {
        self.recurrence.go_on_from(&self.start);
        self.last = None;
    }

    /// The state of the scorer. Another scorer, or a [`Writer`](super::Writer), can continue from it.
    pub fn session(&self) -> Session {
        Session::new(self.recurrence.h().to_vec(), self.last)
    }

    /// Continues from the state of another scorer or writer of the same model.
    ///
    /// # Errors
    /// [`ShapeError`] if `session.h` is not m long or has a number that is not finite, or if `session.last` is K or more.
    pub fn set_session(&mut self, session: &Session) -> Result<(), ShapeError> {
        session.check(self.model().shape())?;
        self.recurrence.go_on_from(&session.h);
        self.last = session.last;
        Ok(())
    }

    /// Reads a character and returns its bits. The first character that the network reads has
    /// none: the result is `None`, because there is no prediction for it.
    ///
    /// A character that the vocabulary lacks has the bits of [`bits_of_unknown`], and the network does not read it. For
    /// a model of bytes, the character U+00b stands for byte b.
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

    /// The score of a line, read from the start as [`score::line`](super::score::line) does.
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

/// A symbol: a character, or U+FFFD with the sequence that is not UTF-8.
pub(crate) type Symbol = (char, Option<InvalidSequence>);

/// The index of a symbol. A sequence that is not UTF-8 has none, even if the vocabulary has U+FFFD.
pub(crate) fn index_of(model: &Model, (character, invalid): Symbol) -> Option<usize> {
    if invalid.is_none() { model.vocabulary.index(character) } else { None }
}

/// The symbols of a line that count: characters, or the characters of bytes, without the line end. A carriage return at
/// the end is left out if training leaves it out, or if the vocabulary lacks it.
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
    /// The sum of the bits of its characters, in the order of the text. It is NaN or infinite only if the weights of
    /// the model are so large that its logits exceed the range of doubles.
    pub bits: f64,
    /// The number of characters that count.
    pub characters: u64,
    /// How many of these the vocabulary lacks, including sequences that are not UTF-8.
    pub unknown: u64,
    /// The character with the most bits, the first of several; `None` if no character counts.
    pub worst: Option<WorstCharacter>,
}

/// The character of a text or a line that has the most bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstCharacter {
    /// The character: U+00b for byte b, and U+FFFD for a sequence that is not UTF-8.
    pub character: char,
    /// The bytes, if it is a sequence that is not UTF-8.
    pub invalid: Option<InvalidSequence>,
    /// Its position in the line or the text, from 1.
    pub position: u64,
    /// Its bits.
    pub bits: f64,
}

impl Score {
    /// The mean of the bits; `None` if no character counts. It is NaN or infinite if [`Score::bits`] is. A NaN is above
    /// no threshold.
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
