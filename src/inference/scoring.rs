//! Judging text: how many bits a model needs for it, character by character.
//!
//! A character costs `-log2 p` bits, p being the probability that the network gives it after all that it has read.
//! That is the log-sum-exp of the logits minus the character's own, divided by ln 2: finite also where p
//! itself is 0, as long as the distance of two logits is. Bits are summed in the order of the text.
//!
//! # What is charged
//!
//! * A character that the vocabulary lacks costs [`unknown`] bits wherever it stands: log2 of 1,112,064, which is how
//!   many Unicode scalar values there are; of 256 for a model of bytes. The network does not read it.
//! * A character before which nothing was read is not charged: there is no prediction that it could be compared with.
//! * Every other character is charged, and read.
//!
//! The characters that are counted are those that are charged. The worst is the one that costs most, of equals the
//! first.
//!
//! # A whole text
//!
//! [`Extent::Text`] reads it in one pass from h = 0, newlines as any other character, so that its first character is
//! not charged. Positions count its characters from 1.
//!
//! A model of documents reads it as its training does: a newline first, which is not charged and has no position;
//! h = 0 after every newline; blank lines left out, and so are carriage returns before a newline or the end. The
//! newline of every document is charged, that of the last also where the text ends without. Positions count what the
//! text holds.
//!
//! # Lines
//!
//! [`Extent::Lines`] judges each by itself: from h = 0, after a newline where the vocabulary has one, so that its first
//! character is charged too. With `carry` only the first begins so; the state goes on from line to line, except in a
//! model of documents, where every newline ends it. A line's own newline is read on to the next line, if at all, and
//! never charged. An empty line has a score of its own, with nothing charged. The end of the text ends its last line;
//! after a last newline there is no further line. Positions count the characters of the line from 1.
//!
//! A carriage return before a newline or the end is part of the line, except in a model of documents or where the
//! vocabulary lacks it.
//!
//! In UTF-8 a byte-order mark at the start is no part of any of them, as in training.
//!
//! ```
//! use elman::inference::score_lines;
//! use elman::{Settings, Training};
//!
//! let settings = Settings { hidden: 20, documents: true, ..Settings::default() };
//! let names = "anna\nbertha\nclara\nhanna\nberta\n".repeat(20);
//! let mut training = Training::new(&names, settings)?;
//! for _ in 0..1000 {
//!     training.update()?;
//! }
//! let lines = score_lines(training.best(), "hanna\nhannx\nnnahb\n");
//! let bits: Vec<f64> = lines.iter().filter_map(|line| line.bits_per_character()).collect();
//! assert!(bits[0] < bits[2]);
//! let worst = lines[1].worst.unwrap();
//! assert_eq!((worst.character, worst.position), ('x', 5));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::inference::recurrence::Recurrence;
use crate::kernels::{Level, Softmax, ln};
use crate::model::Model;
use crate::network::rnn::Rnn;
use crate::settings::Symbols;
use crate::text::decoder::Decoder;
use crate::text::error::TextError;
use std::f64::consts::LN_2;
use std::io::Read;

/// Bytes that are read at a time.
const READING: usize = 1 << 16;
/// Bytes of a line that are kept.
const LONGEST: usize = 1 << 16;

/// What a character costs that the vocabulary lacks, in bits.
///
/// ```
/// use elman::inference::unknown;
/// use elman::text::Symbols;
/// assert_eq!(unknown(Symbols::Bytes), 8.0);
/// assert!((unknown(Symbols::Characters) - 20.0848).abs() < 1e-4);
/// ```
pub fn unknown(symbols: Symbols) -> f64 {
    match symbols {
        Symbols::Characters => ln(1_112_064.0) / LN_2,
        Symbols::Bytes => 8.0,
    }
}

/// A network that reads one character at a time and says what each one costs.
///
/// It allocates when it is made, and never afterwards.
///
/// ```
/// use elman::inference::Scorer;
/// use elman::text::Symbols;
/// use elman::{Rnn, Shape};
///
/// // Nothing learned: each of four characters has the same probability.
/// let rnn = Rnn::random(Shape::new(20, 4)?, 0.0, 1)?;
/// let mut scorer = Scorer::new(&rnn, Symbols::Characters);
/// assert_eq!(scorer.read(Some(2)), None, "nothing was read before it");
/// assert_eq!(scorer.read(Some(0)), Some(2.0));
/// assert!(scorer.read(None) > Some(20.0), "not in the vocabulary");
/// # Ok::<(), elman::ShapeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scorer<'a> {
    recurrence: Recurrence<'a>,
    unknown: f64,
    /// What was read last. The hidden state has not taken it in yet.
    last: Option<usize>,
    /// K.
    o: Vec<f64>,
}

impl<'a> Scorer<'a> {
    /// Starts from h = 0, with nothing read.
    pub fn new(rnn: &'a Rnn, symbols: Symbols) -> Self {
        let h = vec![0.0; rnn.shape().m()];
        Scorer::with(Recurrence::new(rnn, h), symbols)
    }

    /// As [`Scorer::new`], with the network of a model. One that has learned documents begins each anew: with h = 0,
    /// whenever it reads a newline.
    pub fn of(model: &'a Model) -> Self {
        let h = vec![0.0; model.state.rnn.shape().m()];
        Scorer::with(Recurrence::of(model, h), model.vocabulary.symbols())
    }

    fn with(recurrence: Recurrence<'a>, symbols: Symbols) -> Self {
        let K = recurrence.rnn.shape().K();
        Scorer { recurrence, unknown: unknown(symbols), last: None, o: vec![0.0; K] }
    }

    /// Runs at `level`.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// Goes back to h = 0, with nothing read.
    pub fn restart(&mut self) {
        self.recurrence.h.fill(0.0);
        self.last = None;
    }

    /// Reads the character with this index, or for `None` meets one that the vocabulary lacks and does not read it.
    /// Returns what it costs in bits; `None` where nothing was read before that could have predicted it.
    ///
    /// # Panics
    /// Where the index is K or more.
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

/// What a text or a line costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// In all.
    pub bits: f64,
    /// How many characters were charged.
    pub characters: u64,
    /// How many of these the vocabulary lacks.
    pub unknown: u64,
    /// The one that cost most.
    pub worst: Option<Worst>,
}

/// The character that cost most.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worst {
    /// Byte b goes by the character U+00b.
    pub character: char,
    /// Its place in the line or the text, counted from 1.
    pub position: u64,
    /// What it cost.
    pub bits: f64,
}

impl Score {
    /// `None` where nothing was charged.
    pub fn bits_per_character(&self) -> Option<f64> {
        (self.characters > 0).then(|| self.bits / self.characters as f64)
    }

    fn charge(&mut self, charged: Worst) {
        self.bits += charged.bits;
        self.characters += 1;
        let worst = self.worst.get_or_insert(charged);
        if charged.bits > worst.bits {
            *worst = charged;
        }
    }
}

/// What a score is of, see [the module](self).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// The whole text.
    Text,
    /// Every line.
    Lines {
        /// Whether the state goes on from line to line.
        carry: bool,
    },
}

/// A text or a line that has been judged.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Row<'a> {
    /// Counted from 1; `None` for the whole text.
    pub line: Option<u64>,
    /// What it costs.
    pub score: Score,
    /// The line, without its end; of a longer one the first 65,536 bytes or a little less. Empty for the whole text.
    pub text: &'a [u8],
    /// Whether the line is longer.
    pub is_cut: bool,
}

/// A text while it is judged, however long it is. Texts that come bit by bit are judged as they come.
pub struct Reading<'a> {
    decoder: Decoder,
    judge: Judge<'a>,
}

impl<'a> Reading<'a> {
    /// The start of a text.
    pub fn new(model: &'a Model, extent: Extent) -> Self {
        let symbols = model.vocabulary.symbols();
        Reading {
            decoder: Decoder::new(symbols, false, vec![0; READING]),
            judge: Judge::new(model, extent),
        }
    }

    /// Reads once and hands over what is complete; returns whether more may come.
    ///
    /// # Errors
    /// [`TextError`] where it cannot be read, or is to be characters and no UTF-8. What comes before that has been
    /// handed over.
    pub fn read(
        &mut self,
        input: &mut impl Read,
        row: &mut impl FnMut(Row<'_>),
    ) -> Result<bool, TextError> {
        let Reading { decoder, judge } = self;
        let more = !decoder.fill(input, READING)?.is_empty();
        let decoded = decoder.decode(&mut |symbol, _| judge.take(symbol, row));
        decoded.map_err(TextError::InvalidUtf8)?;
        if !more {
            judge.end(row);
        }
        Ok(more)
    }

    /// The line that is being read, counted from 1.
    pub fn line(&self) -> u64 {
        self.judge.line
    }
}

/// The rules, symbol by symbol.
struct Judge<'a> {
    model: &'a Model,
    scorer: Scorer<'a>,
    extent: Extent,
    /// The newline, where lines begin after it.
    newline: Option<usize>,
    /// Whether carriage returns at the end of a line are left out.
    leaves_out_returns: bool,
    line: u64,
    /// Symbols of the line, or of the text.
    position: u64,
    /// Whether the line has a character yet that is not left out.
    is_blank: bool,
    /// Whether a carriage return waits for what comes after it.
    has_return: bool,
    score: Score,
    text: Vec<u8>,
    is_cut: bool,
}

impl<'a> Judge<'a> {
    fn new(model: &'a Model, extent: Extent) -> Self {
        let documents = model.newline().is_some();
        let lines = extent != Extent::Text;
        let vocabulary = &model.vocabulary;
        let mut judge = Judge {
            model,
            scorer: Scorer::of(model),
            extent,
            newline: (lines || documents).then(|| vocabulary.index('\n')).flatten(),
            leaves_out_returns: documents || (lines && vocabulary.index('\r').is_none()),
            line: 1,
            position: 0,
            is_blank: true,
            has_return: false,
            score: Score::default(),
            text: Vec::new(),
            is_cut: false,
        };
        judge.begin();
        judge
    }

    fn begin(&mut self) {
        self.scorer.restart();
        self.pass_newline();
    }

    /// Reads a newline, uncharged.
    fn pass_newline(&mut self) {
        if self.newline.is_some() {
            self.scorer.read(self.newline);
        }
    }

    fn take(&mut self, symbol: char, row: &mut impl FnMut(Row<'_>)) {
        self.position += 1;
        if symbol == '\n' {
            return self.end_line(row);
        }
        if std::mem::take(&mut self.has_return) {
            self.charge('\r', self.position - 1);
        }
        if symbol == '\r' && self.leaves_out_returns {
            self.has_return = true;
        } else {
            self.charge(symbol, self.position);
        }
    }

    fn charge(&mut self, character: char, position: u64) {
        let index = self.model.vocabulary.index(character);
        if let Some(bits) = self.scorer.read(index) {
            self.score.unknown += u64::from(index.is_none());
            self.score.charge(Worst { character, position, bits });
        }
        self.is_blank = false;
        if self.extent != Extent::Text {
            self.keep(character);
        }
    }

    fn keep(&mut self, character: char) {
        let mut utf8 = [0; 4];
        let bytes = match (self.model.vocabulary.symbols(), u8::try_from(character)) {
            (Symbols::Bytes, Ok(byte)) => {
                utf8[0] = byte;
                &utf8[..1]
            }
            _ => character.encode_utf8(&mut utf8).as_bytes(),
        };
        self.is_cut |= self.text.len() + bytes.len() > LONGEST;
        if !self.is_cut {
            self.text.extend_from_slice(bytes);
        }
    }

    /// A newline, or the end of a last line without.
    fn end_line(&mut self, row: &mut impl FnMut(Row<'_>)) {
        self.has_return = false;
        match self.extent {
            Extent::Text if self.newline.is_none() || !self.is_blank => {
                self.charge('\n', self.position);
            }
            Extent::Text => {}
            Extent::Lines { carry } => {
                self.hand_over(Some(self.line), row);
                if carry { self.pass_newline() } else { self.begin() }
            }
        }
        self.is_blank = true;
        self.line += 1;
    }

    fn end(&mut self, row: &mut impl FnMut(Row<'_>)) {
        match self.extent {
            Extent::Text => {
                if self.newline.is_some() && !self.is_blank {
                    self.charge('\n', self.position + 1);
                }
                self.hand_over(None, row);
            }
            Extent::Lines { .. } if self.position > 0 => self.end_line(row),
            Extent::Lines { .. } => {}
        }
    }

    fn hand_over(&mut self, line: Option<u64>, row: &mut impl FnMut(Row<'_>)) {
        row(Row {
            line,
            score: std::mem::take(&mut self.score),
            text: &self.text,
            is_cut: std::mem::take(&mut self.is_cut),
        });
        self.text.clear();
        self.position = 0;
    }
}

/// The score of a whole text.
pub fn score_text(model: &Model, text: &str) -> Score {
    let mut score = Score::default();
    each(model, Extent::Text, text, &mut |row| score = row.score);
    score
}

/// The scores of a text's lines, each by itself.
pub fn score_lines(model: &Model, text: &str) -> Vec<Score> {
    let mut scores = Vec::new();
    let extent = Extent::Lines { carry: false };
    each(model, extent, text, &mut |row| scores.push(row.score));
    scores
}

fn each(model: &Model, extent: Extent, text: &str, row: &mut impl FnMut(Row<'_>)) {
    let (mut reading, mut bytes) = (Reading::new(model, extent), text.as_bytes());
    while reading.read(&mut bytes, row).expect("a string is UTF-8") {}
}
