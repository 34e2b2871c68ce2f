//! Scores of texts and lines, each in one call. A score is the number of bits that a model needs for a text.
//!
//! | what | how |
//! |---|---|
//! | one line | [`line()`] |
//! | many lines that are in memory | [`batch`] |
//! | a whole text | [`text`] |
//! | the lines of a file or a stream | [`read`] |
//! | one line after another, with one copy of the network | [`Scorer::line`](super::Scorer::line) |
//!
//! All ways give the same bits for the same line.

use crate::inference::scoring::{
    Score, Scorer, Symbol, WorstCharacter, bits_of_unknown, index_of, symbols_of_line,
};
use crate::inference::sequences::{Place, Sequences};
use crate::inference::text_scorer::{Reading, ScoreBy, Scored, TextScorer};
use crate::model::Model;
use crate::network::parameters::ShapeError;
use crate::text::error::TextError;
use std::f64::consts::LN_2;
use std::io::Read;
use std::ops::ControlFlow;

/// The number of characters of a batch that are read in one round. What is kept for a round fits in a few megabytes.
const ROUND: usize = 1 << 16;

/// The score of a line. The line is a string, or bytes that need not be UTF-8.
///
/// The network begins with the model's [initial state](Model::initial_state). If the vocabulary has a newline, the
/// network reads a newline first, so the first character of the line counts too.
///
/// A newline at the end is not part of the line. A carriage return before it is not part either, if the vocabulary
/// lacks it or the model is one of documents. A newline anywhere else is a character like any other. [`TextScorer`]
/// says which characters count, and how bytes that are not UTF-8 are scored.
///
/// # Errors
/// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
pub fn line(model: &Model, line: impl AsRef<[u8]>) -> Result<Score, ShapeError> {
    Ok(Scorer::new(model)?.line(line))
}

/// The scores of many lines, in their order. Each score is the one that [`line()`] gives.
///
/// The lines are read in parallel, as the sequences of a batch, on this thread. This is much faster than to read them
/// one by one.
///
/// ```
/// use elman::training::Fit;
/// use elman::{Settings, Training, score};
/// use std::ops::ControlFlow;
///
/// let settings = Settings { hidden: 20, documents: true, ..Settings::default() };
/// let names = "anna\nbertha\nclara\nhanna\nberta\n".repeat(20);
/// let mut training = Training::new(&names, settings)?;
/// training.fit(Fit { updates: 1000, ..Fit::default() }, |_, _| ControlFlow::Continue(()))?;
///
/// let scores = score::batch(training.best(), &["hanna", "hannx", "nnahb", ""])?;
/// let bits: Vec<Option<f64>> = scores.iter().map(|score| score.bits_per_character()).collect();
/// assert!(bits[0] < bits[2]);
/// assert_eq!(bits[3], None, "no character counts");
/// let worst = scores[1].worst.unwrap();
/// assert_eq!((worst.character, worst.position), ('x', 5));
/// # Ok::<(), elman::Error>(())
/// ```
///
/// # Errors
/// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
pub fn batch(model: &Model, lines: &[impl AsRef<[u8]>]) -> Result<Vec<Score>, ShapeError> {
    let rnn = &model.state.rnn;
    let mut sequences = Sequences::new(rnn, model.hidden_state(model.initial_state()))?;
    let newline = model.vocabulary.index('\n');
    let mut scores = vec![Score::default(); lines.len()];
    let mut counted: Vec<Counted> = Vec::new();
    let mut first = 0;
    for (i, line) in lines.iter().enumerate() {
        sequences.begin();
        newline.and_then(|newline| sequences.push(newline));
        for (position, symbol) in (1..).zip(symbols_of_line(model, line.as_ref())) {
            let index = index_of(model, symbol);
            let place = index.and_then(|index| sequences.push(index));
            // A character that is known and has no place was not predicted.
            if index.is_none() || place.is_some() {
                counted.push(Counted { line: i - first, symbol, position, place });
            }
            // The next document is read from h = 0, after this newline.
            if let Some(newline) = index.filter(|&index| model.newline() == Some(index)) {
                sequences.begin();
                sequences.push(newline);
            }
        }
        if counted.len().max(i - first) >= ROUND || i + 1 == lines.len() {
            sequences.read(rnn);
            add(&mut scores[first..], &counted, &sequences, model);
            counted.clear();
            first = i + 1;
        }
    }
    Ok(scores)
}

/// A character that counts.
struct Counted {
    /// The index of its line in the round.
    line: usize,
    symbol: Symbol,
    position: u64,
    /// The place of its loss; `None` if the vocabulary lacks the character.
    place: Option<Place>,
}

/// Adds the characters of a round to the scores of its lines.
fn add(scores: &mut [Score], counted: &[Counted], sequences: &Sequences, model: &Model) {
    let unknown = bits_of_unknown(model.vocabulary.symbols());
    for &Counted { line, symbol: (character, invalid), position, place } in counted {
        let score = &mut scores[line];
        score.unknown += u64::from(place.is_none());
        let bits = place.map_or(unknown, |place| sequences.loss(place) / LN_2);
        score.count(WorstCharacter { character, invalid, position, bits });
    }
}

/// The score of a whole text, as [`TextScorer`] gives it with [`ScoreBy::Text`].
///
/// # Errors
/// [`ShapeError::NoMemory`] if the buffers of the network cannot be allocated.
pub fn text(model: &Model, text: &str) -> Result<Score, ShapeError> {
    let mut whole = Score::default();
    let mut scorer = TextScorer::new(model, ScoreBy::Text)?;
    let mut bytes = text.as_bytes();
    let mut take = |scored: Scored| {
        whole = scored.score;
        ControlFlow::Continue(())
    };
    // Memory can be read.
    while let Ok(Reading::More) = scorer.read(&mut bytes, &mut take) {}
    Ok(whole)
}

/// Reads a file or a stream to its end, and calls `take` with the score of every line as soon as the line is read.
/// `ControlFlow::Break(())` stops it.
///
/// [`TextScorer`] does the same, and more: it can pause between two reads and use several threads. Its documentation
/// says what a line is.
///
/// # Errors
/// [`TextError`] if the input cannot be read, or if the buffers of the network cannot be allocated. The lines before
/// the error have been handed to `take`.
pub fn read(
    model: &Model,
    mut input: impl Read,
    mut take: impl FnMut(Scored<'_>) -> ControlFlow<()>,
) -> Result<(), TextError> {
    let mut scorer = TextScorer::new(model, ScoreBy::Lines { carry: false })?;
    while scorer.read(&mut input, &mut take)? == Reading::More {}
    Ok(())
}
