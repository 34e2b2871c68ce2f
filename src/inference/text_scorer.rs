//! Scoring a text of any length, whole or line by line, while it is read.

use crate::inference::scoring::{Score, WorstCharacter, bits_of_unknown};
use crate::inference::sequences::{Place, Sequences};
use crate::kernels::Level;
use crate::model::Model;
use crate::network::parameters::ShapeError;
use crate::settings::Symbols;
use crate::text::decoder::{Decoder, InvalidSequence};
use crate::text::error::TextError;
use crate::text::form::TextForm;
use crate::text::vocabulary::bytes_of;
use std::borrow::Borrow;
use std::f64::consts::LN_2;
use std::io::Read;
use std::ops::ControlFlow;
use std::{fmt, mem};

/// The number of bytes that are read at a time.
const READING: usize = 1 << 16;
/// The largest number of bytes of a line that are kept.
const LONGEST: usize = 1 << 16;

/// What gets its own score: the whole text, or every line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreBy {
    /// The whole text. It is read in one pass, with newlines as characters like any other.
    Text,
    /// Every line. Each line is read from the same hidden state. If the vocabulary has a newline, it is read first, so
    /// the first character of the line counts too.
    Lines {
        /// Whether the hidden state is carried from line to line. Then only the first line begins with that hidden
        /// state. A model of documents begins every line with h = 0 anyway.
        carry: bool,
    },
}

/// A text or a line, with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored<'a> {
    /// The number of the line, from 1; `None` for the whole text.
    pub line: Option<u64>,
    /// Its score.
    pub score: Score,
    /// The line without its end, including bytes that are not UTF-8. A line of more than 65,536 bytes is cut to at most
    /// so many. Empty for the whole text.
    pub text: &'a [u8],
    /// Whether the line was cut.
    pub is_cut: bool,
}

/// Scores a text of any length while it is read, whole or line by line.
///
/// # Which characters count
///
/// * A character that the vocabulary lacks has the bits of [`bits_of_unknown`]. The network does not read it.
/// * The first character that is read does not count: there is no prediction for it.
/// * Every other character counts, and is read. [`Scorer`](super::Scorer) says how many bits it needs.
/// * Bytes that are not UTF-8 do not end the text. Each maximal sequence, for which [`String::from_utf8_lossy`] writes
///   one U+FFFD, counts as one character that the vocabulary lacks, even if the vocabulary has U+FFFD. An incomplete
///   character at the end of the text is such a sequence. For a model of bytes every byte is a character.
/// * A byte-order mark at the start of UTF-8 is left out, as in training.
///
/// # By text ([`ScoreBy::Text`])
///
/// Positions count all characters of the text, from 1. A model of documents reads the text as its training does:
///
/// * A newline comes first. It does not count and has no position.
/// * The hidden state is 0 before a newline is read.
/// * Blank lines are left out, and carriage returns before a newline or the end.
/// * The newline of every document counts. If the text ends without one, the last document still has one that counts.
///
/// # By line ([`ScoreBy::Lines`])
///
/// * Positions count the characters of the line, from 1.
/// * The newline at the end of a line does not count. It is read only if the hidden state is carried to the next line.
/// * In an empty line no character counts.
/// * The end of the text ends its last line. After a last newline there is no further line.
/// * A carriage return at the end of a line is part of the line, unless the vocabulary lacks it or the model is one of
///   documents.
///
/// # Where the network begins
///
/// The text, or every line, is read from the model's [initial state](Model::initial_state), or from that of
/// [`TextScorer::starting_from`]. A model of documents begins every document with h = 0 anyway.
///
/// # Speed and memory
///
/// A call of [`TextScorer::read`] scores what it reads before it returns, so no line waits for the next. Lines that
/// arrive together are read in parallel, as the sequences of a batch, and so are the documents of a model of documents.
/// A whole text, and lines that carry the hidden state, are read in chunks. The bits are the same as those of
/// [`Scorer`](super::Scorer). On a single thread, memory is allocated in the first calls only.
pub struct TextScorer<M> {
    decoder: Decoder,
    form: TextForm,
    rules: Rules<M>,
    tally: Tally,
}

/// How a call of [`TextScorer::read`] ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reading {
    /// The input may have more.
    More,
    /// The input is at its end, and all scores are handed over.
    End,
    /// The callback stopped it. The next call continues with the lines that are read but not yet handed over.
    Stopped,
}

impl<M: Borrow<Model>> TextScorer<M> {
    /// Makes a scorer for one text, on one thread.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if the buffers of the network cannot be allocated.
    pub fn new(model: M, by: ScoreBy) -> Result<Self, ShapeError> {
        let symbols = model.borrow().vocabulary.symbols();
        Ok(TextScorer {
            decoder: Decoder::new(symbols, false, vec![0; READING]),
            form: TextForm::default(),
            rules: Rules::new(model, by)?,
            tally: Tally::new(symbols, by),
        })
    }

    /// Reads the text, or every line, from the hidden state `h`, m long. To be called before anything is read.
    ///
    /// # Errors
    /// [`ShapeError`] if `h` is not m long or has a number that is not finite.
    pub fn starting_from(mut self, h: &[f64]) -> Result<Self, ShapeError> {
        self.rules.model().shape().check_start(h)?;
        if self.rules.model().newline().is_none() {
            self.rules.sequences.start_from(h);
        }
        Ok(self)
    }

    /// Continues at `level` and on up to `threads` threads. They share the sequences that begin anew: lines, or
    /// documents. Neither changes the result.
    pub fn on(mut self, level: Level, threads: usize) -> Self {
        self.rules.sequences = self.rules.sequences.on(level, threads);
        self
    }

    /// Reads once from `input`, and calls `take` with every complete line or text, until `take` stops it.
    ///
    /// # Errors
    /// [`TextError::Io`] if the input cannot be read. The lines before the error have been handed over.
    pub fn read(
        &mut self,
        input: &mut impl Read,
        take: &mut impl FnMut(Scored<'_>) -> ControlFlow<()>,
    ) -> Result<Reading, TextError> {
        let TextScorer { decoder, form, rules, tally } = self;
        if rules.hand_over(tally, take).is_break() {
            return Ok(Reading::Stopped);
        }
        if rules.has_ended {
            return Ok(Reading::End);
        }
        let read = decoder.fill(input, READING)?;
        let count = read.len();
        form.add(read);
        rules.sequences.expect(count);
        while decoder.decode(&mut |symbol, _| rules.take(Symbol::Character(symbol))).is_err() {
            form.invalid += 1;
            rules.take(Symbol::Invalid(decoder.skip_invalid()));
        }
        if count == 0 {
            rules.end();
            rules.has_ended = true;
        }
        rules.sequences.read(&rules.model.borrow().state.rnn);
        Ok(match rules.hand_over(tally, take) {
            ControlFlow::Break(()) => Reading::Stopped,
            ControlFlow::Continue(()) if count == 0 => Reading::End,
            ControlFlow::Continue(()) => Reading::More,
        })
    }

    /// The number of the line that is being read, from 1.
    pub fn line(&self) -> u64 {
        self.rules.line
    }

    /// The counts of the line ends so far, and of signs of another encoding.
    pub fn form(&self) -> &TextForm {
        &self.form
    }
}

/// What a text consists of.
#[derive(Clone, Copy)]
enum Symbol {
    /// A character or a byte.
    Character(char),
    /// Bytes that are not UTF-8.
    Invalid(InvalidSequence),
}

const NEWLINE: Symbol = Symbol::Character('\n');

impl Symbol {
    fn is(self, character: char) -> bool {
        matches!(self, Symbol::Character(c) if c == character)
    }
}

/// The events of a text, in order.
enum Event {
    /// A character of the line, or of the text.
    Symbol { symbol: Symbol, position: u64, bits: Bits },
    /// The end of the line with this number, or of the whole text.
    End(Option<u64>),
}

/// The bits of a character.
enum Bits {
    /// It does not count: no character was read before it.
    None,
    /// The vocabulary lacks it.
    Unknown,
    /// This loss.
    Loss(Place),
}

/// The rules, symbol by symbol: which characters are read, and which count.
struct Rules<M> {
    model: M,
    by: ScoreBy,
    /// The newline, if lines are read after it.
    newline: Option<usize>,
    /// Whether carriage returns at the end of a line are left out.
    leaves_out_returns: bool,
    line: u64,
    /// The number of symbols of the line, or of the text.
    position: u64,
    /// Whether the line has only characters that are left out, so far.
    is_blank: bool,
    /// Whether the last symbol was a carriage return, which the next decides about.
    has_return: bool,
    events: Vec<Event>,
    /// The number of events of this round that the tally has.
    tallied: usize,
    /// Whether the input has ended.
    has_ended: bool,
    /// What the network reads.
    sequences: Sequences,
}

impl<M: Borrow<Model>> Rules<M> {
    fn new(model: M, by: ScoreBy) -> Result<Self, ShapeError> {
        let of = model.borrow();
        let documents = of.newline().is_some();
        let lines = by != ScoreBy::Text;
        let vocabulary = &of.vocabulary;
        let mut rules = Rules {
            by,
            newline: (lines || documents).then(|| vocabulary.index('\n')).flatten(),
            leaves_out_returns: documents || (lines && vocabulary.index('\r').is_none()),
            line: 1,
            position: 0,
            is_blank: true,
            has_return: false,
            events: Vec::new(),
            tallied: 0,
            has_ended: false,
            sequences: Sequences::new(&of.state.rnn, of.hidden_state(of.initial_state()))?,
            model,
        };
        rules.begin();
        Ok(rules)
    }

    fn model(&self) -> &Model {
        self.model.borrow()
    }

    /// Hands the events of this round to the tally, which hands over the complete lines.
    fn hand_over(
        &mut self,
        tally: &mut Tally,
        take: &mut impl FnMut(Scored<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        while let Some(event) = self.events.get(self.tallied) {
            self.tallied += 1;
            tally.take(event, &self.sequences, take)?;
        }
        self.events.clear();
        self.tallied = 0;
        ControlFlow::Continue(())
    }

    fn begin(&mut self) {
        self.sequences.begin();
        self.pass_newline();
    }

    /// Reads a newline that does not count.
    fn pass_newline(&mut self) {
        if let Some(newline) = self.newline {
            self.sequences.push(newline);
        }
    }

    fn take(&mut self, symbol: Symbol) {
        self.position += 1;
        if symbol.is('\n') {
            return self.end_line();
        }
        if mem::take(&mut self.has_return) {
            self.add(Symbol::Character('\r'), self.position - 1);
        }
        if symbol.is('\r') && self.leaves_out_returns {
            self.has_return = true;
        } else {
            self.add(symbol, self.position);
        }
    }

    fn add(&mut self, symbol: Symbol, position: u64) {
        let index = match symbol {
            Symbol::Character(character) => self.model().vocabulary.index(character),
            Symbol::Invalid(_) => None,
        };
        let bits = match index {
            None => Bits::Unknown,
            Some(index) => self.sequences.push(index).map_or(Bits::None, Bits::Loss),
        };
        self.events.push(Event::Symbol { symbol, position, bits });
        self.is_blank = false;
    }

    /// Takes a newline, or the end of a last line without one.
    fn end_line(&mut self) {
        self.has_return = false;
        match self.by {
            ScoreBy::Text if self.newline.is_none() => self.add(NEWLINE, self.position),
            ScoreBy::Text if self.is_blank => {}
            ScoreBy::Text => {
                self.add(NEWLINE, self.position);
                self.begin();
            }
            ScoreBy::Lines { carry } => {
                self.events.push(Event::End(Some(self.line)));
                self.position = 0;
                let is_document = self.model().newline().is_some();
                if carry && !is_document { self.pass_newline() } else { self.begin() }
            }
        }
        self.is_blank = true;
        self.line += 1;
    }

    fn end(&mut self) {
        match self.by {
            ScoreBy::Text => {
                if self.newline.is_some() && !self.is_blank {
                    self.add(NEWLINE, self.position + 1);
                }
                self.events.push(Event::End(None));
            }
            ScoreBy::Lines { .. } if self.position > 0 => self.end_line(),
            ScoreBy::Lines { .. } => {}
        }
    }
}

/// The scores, added up from the events of a text.
struct Tally {
    unknown: f64,
    symbols: Symbols,
    keeps_text: bool,
    score: Score,
    text: Vec<u8>,
    is_cut: bool,
}

impl Tally {
    fn new(symbols: Symbols, by: ScoreBy) -> Self {
        Tally {
            unknown: bits_of_unknown(symbols),
            symbols,
            keeps_text: by != ScoreBy::Text,
            score: Score::default(),
            text: Vec::new(),
            is_cut: false,
        }
    }

    fn take(
        &mut self,
        event: &Event,
        sequences: &Sequences,
        take: &mut impl FnMut(Scored<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        match event {
            Event::Symbol { symbol, position, bits } => {
                self.add(*symbol, *position, bits, sequences);
                ControlFlow::Continue(())
            }
            Event::End(line) => self.hand_over(*line, take),
        }
    }

    fn add(&mut self, symbol: Symbol, position: u64, bits: &Bits, sequences: &Sequences) {
        if self.keeps_text {
            self.keep(symbol);
        }
        let bits = match bits {
            Bits::None => return,
            Bits::Unknown => {
                self.score.unknown += 1;
                self.unknown
            }
            Bits::Loss(place) => sequences.loss(*place) / LN_2,
        };
        let (character, invalid) = match symbol {
            Symbol::Character(character) => (character, None),
            Symbol::Invalid(invalid) => (char::REPLACEMENT_CHARACTER, Some(invalid)),
        };
        self.score.count(WorstCharacter { character, invalid, position, bits });
    }

    fn keep(&mut self, symbol: Symbol) {
        let mut utf8 = [0; 4];
        let bytes = match &symbol {
            Symbol::Character(character) => bytes_of(self.symbols, *character, &mut utf8),
            Symbol::Invalid(invalid) => invalid.bytes(),
        };
        self.is_cut |= self.text.len() + bytes.len() > LONGEST;
        if !self.is_cut {
            self.text.extend_from_slice(bytes);
        }
    }

    fn hand_over(
        &mut self,
        line: Option<u64>,
        take: &mut impl FnMut(Scored<'_>) -> ControlFlow<()>,
    ) -> ControlFlow<()> {
        let flow = take(Scored {
            line,
            score: mem::take(&mut self.score),
            text: &self.text,
            is_cut: mem::take(&mut self.is_cut),
        });
        self.text.clear();
        flow
    }
}

impl<M: Borrow<Model>> fmt::Debug for TextScorer<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TextScorer")
            .field("model", self.rules.model())
            .field("by", &self.rules.by)
            .field("line", &self.rules.line)
            .finish_non_exhaustive()
    }
}
