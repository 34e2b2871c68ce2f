//! Scoring text: the bits that a model needs for it, character by character.

use crate::inference::recurrence::Recurrence;
use crate::kernels::{Level, Softmax, ln};
use crate::model::Model;
use crate::network::rnn::Rnn;
use crate::settings::Symbols;
use crate::text::decoder::Decoder;
use crate::text::error::TextError;
use crate::text::vocabulary::bytes_of;
use std::f64::consts::LN_2;
use std::io::Read;

/// Bytes that are read at a time.
const READING: usize = 1 << 16;
/// Bytes of a line that are kept.
const LONGEST: usize = 1 << 16;

/// The bits of a character that the vocabulary lacks: log2 of 1,112,064, the number of Unicode scalar values; for a model
/// of bytes log2 of 256.
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
/// as long as the difference of two logits is. Nothing is allocated after the scorer is made.
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
    unknown: f64,
    /// What was read last. The hidden state has not taken it in yet.
    last: Option<usize>,
    /// K.
    o: Vec<f64>,
}

impl<'a> Scorer<'a> {
    /// A scorer that has read no character; it starts from h = 0.
    pub fn new(rnn: &'a Rnn, symbols: Symbols) -> Self {
        let (h, o) = (vec![0.0; rnn.shape().m()], vec![0.0; rnn.shape().K()]);
        let recurrence = Recurrence::new(rnn, h);
        Scorer { recurrence, unknown: bits_of_unknown(symbols), last: None, o }
    }

    /// The same as [`Scorer::new`] for the network of a model. A model of documents reads every newline from h = 0.
    pub fn of(model: &'a Model) -> Self {
        let mut scorer = Scorer::new(&model.state.rnn, model.vocabulary.symbols());
        scorer.recurrence.newline = model.newline();
        scorer
    }

    /// Makes the network run at `level`.
    pub fn at(mut self, level: Level) -> Self {
        self.recurrence.level = level;
        self
    }

    /// Forgets what was read and starts from h = 0 again.
    pub fn restart(&mut self) {
        self.recurrence.h.fill(0.0);
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
    /// The number of these that the vocabulary lacks.
    pub unknown: u64,
    /// The character with the most bits, the first of equals.
    pub worst: Option<WorstCharacter>,
}

/// The character of a text or a line that has the most bits.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WorstCharacter {
    /// The character; U+00b for byte b.
    pub character: char,
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

    fn count(&mut self, counted: WorstCharacter) {
        self.bits += counted.bits;
        self.characters += 1;
        let worst = self.worst.get_or_insert(counted);
        if counted.bits > worst.bits {
            *worst = counted;
        }
    }
}

/// What gets a score of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScoreBy {
    /// The whole text. It is read in one pass from h = 0, with newlines as characters like any other.
    Text,
    /// Every line. It is read from h = 0, after a newline if the vocabulary has one, so that its first character counts
    /// too.
    Lines {
        /// Whether the hidden state goes on from line to line, so that only the first line starts from h = 0. A model
        /// of documents starts every line from h = 0.
        carry: bool,
    },
}

/// A text or a line with its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scored<'a> {
    /// The number of the line, from 1; `None` for the whole text.
    pub line: Option<u64>,
    /// Its score.
    pub score: Score,
    /// The line without its end. Of a longer line these are the first 65,536 bytes or a little less. Empty for the whole
    /// text.
    pub text: &'a [u8],
    /// Whether the line is longer.
    pub is_cut: bool,
}

/// Scores a text of any length while it is read.
///
/// # Which characters count
///
/// * A character that the vocabulary lacks has the bits of [`bits_of_unknown`]. The network does not read it.
/// * A character before which no character was read does not count: there is no prediction to compare it with.
/// * Every other character counts, and is read. [`Scorer`] says how many bits it needs.
///
/// By text ([`ScoreBy::Text`]), a model of documents reads a text as its training does: a newline first, which does not
/// count and has no position; h = 0 after every newline; without blank lines, and without carriage returns before a newline
/// or the end. The newline of every document counts, that of the last one even if the text ends without it. Positions
/// count all characters of the text from 1.
///
/// By line ([`ScoreBy::Lines`]), the newline at the end of a line never counts; it is read only if the state is carried on.
/// An empty line has a score in which no character counts. The end of the text ends its last line; after a last newline
/// there is no further line. A carriage return before a newline or the end is part of the line, except in a model of
/// documents or if the vocabulary lacks it. Positions count the characters of the line from 1.
///
/// A byte-order mark at the start of UTF-8 is left out, as in training.
pub struct TextScorer<'a> {
    decoder: Decoder,
    judge: Judge<'a>,
}

impl<'a> TextScorer<'a> {
    /// Begins a text.
    pub fn new(model: &'a Model, by: ScoreBy) -> Self {
        let symbols = model.vocabulary.symbols();
        TextScorer {
            decoder: Decoder::new(symbols, false, vec![0; READING]),
            judge: Judge::new(model, by),
        }
    }

    /// Reads once from `input` and calls `take` with every text or line that is complete. Returns whether more may come.
    ///
    /// # Errors
    /// [`TextError`] if the input cannot be read, or if it is to be characters and is not UTF-8. The lines before that
    /// have been handed over.
    pub fn read(
        &mut self,
        input: &mut impl Read,
        take: &mut impl FnMut(Scored<'_>),
    ) -> Result<bool, TextError> {
        let TextScorer { decoder, judge } = self;
        let more = !decoder.fill(input, READING)?.is_empty();
        decoder.decode(&mut |symbol, _| judge.take(symbol, take))?;
        if !more {
            judge.end(take);
        }
        Ok(more)
    }

    /// The number of the line that is being read, from 1.
    pub fn line(&self) -> u64 {
        self.judge.line
    }
}

/// The rules, symbol by symbol.
struct Judge<'a> {
    model: &'a Model,
    scorer: Scorer<'a>,
    by: ScoreBy,
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
    fn new(model: &'a Model, by: ScoreBy) -> Self {
        let documents = model.newline().is_some();
        let lines = by != ScoreBy::Text;
        let vocabulary = &model.vocabulary;
        let mut judge = Judge {
            model,
            scorer: Scorer::of(model),
            by,
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

    /// Reads a newline that does not count.
    fn pass_newline(&mut self) {
        if self.newline.is_some() {
            self.scorer.read(self.newline);
        }
    }

    fn take(&mut self, symbol: char, take: &mut impl FnMut(Scored<'_>)) {
        self.position += 1;
        if symbol == '\n' {
            return self.end_line(take);
        }
        if std::mem::take(&mut self.has_return) {
            self.count('\r', self.position - 1);
        }
        if symbol == '\r' && self.leaves_out_returns {
            self.has_return = true;
        } else {
            self.count(symbol, self.position);
        }
    }

    fn count(&mut self, character: char, position: u64) {
        let index = self.model.vocabulary.index(character);
        if let Some(bits) = self.scorer.read(index) {
            self.score.unknown += u64::from(index.is_none());
            self.score.count(WorstCharacter { character, position, bits });
        }
        self.is_blank = false;
        if self.by != ScoreBy::Text {
            self.keep(character);
        }
    }

    fn keep(&mut self, character: char) {
        let mut utf8 = [0; 4];
        let bytes = bytes_of(self.model.vocabulary.symbols(), character, &mut utf8);
        self.is_cut |= self.text.len() + bytes.len() > LONGEST;
        if !self.is_cut {
            self.text.extend_from_slice(bytes);
        }
    }

    /// A newline, or the end of a last line without.
    fn end_line(&mut self, take: &mut impl FnMut(Scored<'_>)) {
        self.has_return = false;
        match self.by {
            ScoreBy::Text if self.newline.is_none() || !self.is_blank => {
                self.count('\n', self.position);
            }
            ScoreBy::Text => {}
            ScoreBy::Lines { carry } => {
                self.hand_over(Some(self.line), take);
                if carry { self.pass_newline() } else { self.begin() }
            }
        }
        self.is_blank = true;
        self.line += 1;
    }

    fn end(&mut self, take: &mut impl FnMut(Scored<'_>)) {
        match self.by {
            ScoreBy::Text => {
                if self.newline.is_some() && !self.is_blank {
                    self.count('\n', self.position + 1);
                }
                self.hand_over(None, take);
            }
            ScoreBy::Lines { .. } if self.position > 0 => self.end_line(take),
            ScoreBy::Lines { .. } => {}
        }
    }

    fn hand_over(&mut self, line: Option<u64>, take: &mut impl FnMut(Scored<'_>)) {
        take(Scored {
            line,
            score: std::mem::take(&mut self.score),
            text: &self.text,
            is_cut: std::mem::take(&mut self.is_cut),
        });
        self.text.clear();
        self.position = 0;
    }
}

/// The score of a whole text: what [`TextScorer`] gives by [`ScoreBy::Text`].
pub fn score_text(model: &Model, text: &str) -> Score {
    scores(model, ScoreBy::Text, text)[0]
}

/// The score of every line of a text, each by itself: what [`TextScorer`] gives by [`ScoreBy::Lines`].
///
/// ```
/// use elman::inference::score_lines;
/// use elman::{Settings, Training};
///
/// let settings = Settings { hidden: 20, documents: true, ..Settings::default() };
/// let names = "anna\nbertha\nclara\nhanna\nberta\n".repeat(20);
/// let mut training = Training::new(&names, settings)?;
/// for _ in 0..1000 {
///     training.update()?;
/// }
/// let lines = score_lines(training.best(), "hanna\nhannx\nnnahb\n");
/// let bits: Vec<f64> = lines.iter().filter_map(|line| line.bits_per_character()).collect();
/// assert!(bits[0] < bits[2]);
/// let worst = lines[1].worst.unwrap();
/// assert_eq!((worst.character, worst.position), ('x', 5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn score_lines(model: &Model, text: &str) -> Vec<Score> {
    scores(model, ScoreBy::Lines { carry: false }, text)
}

fn scores(model: &Model, by: ScoreBy, text: &str) -> Vec<Score> {
    let (mut scorer, mut bytes, mut scores) = (TextScorer::new(model, by), text.as_bytes(), vec![]);
    let mut take = |scored: Scored| scores.push(scored.score);
    while scorer.read(&mut bytes, &mut take).expect("a string is UTF-8") {}
    scores
}
