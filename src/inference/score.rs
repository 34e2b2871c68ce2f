//! Scores of texts and lines, each in one call.
//!
//! | what | how |
//! |---|---|
//! | one line | [`line()`] |
//! | many lines that are in memory | [`batch`] |
//! | a whole text | [`text`] |
//! | the lines of a file or a stream | [`read`] |
//! | one line after another, without making the network anew | [`Scorer::line`](super::Scorer::line) |
//!
//! All give the same bits for the same line.

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

/// Characters of a batch that are read in one round: what is kept meanwhile stays in a few megabytes.
const ROUND: usize = 1 << 16;

/// The score of a line: a string, or bytes that need not be UTF-8.
///
/// The line is read from the hidden state that the model [begins with](Model::initial_state), after a newline if the
/// vocabulary has one, so that its first character counts too. A newline at its end is no part of it; nor is a carriage return
/// before that, in a model of documents or if the vocabulary lacks it. A newline anywhere else is a character like any other.
/// [`TextScorer`] says what of a line counts, and what becomes of bytes that are no UTF-8.
///
/// # Errors
/// [`ShapeError::NoMemory`] if there is no memory for a copy of the weights.
pub fn line(model: &Model, line: impl AsRef<[u8]>) -> Result<Score, ShapeError> {
    Ok(Scorer::new(model)?.line(line))
}

/// The score of each of some lines, in their order: what [`line()`] gives for each, in much less time. Lines are read side by
/// side, as the sequences of a batch, on this thread alone.
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
    /// The line, counted from the first of the round.
    line: usize,
    symbol: Symbol,
    position: u64,
    /// Where its loss is; `None` if the vocabulary lacks it.
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

/// The score of a whole text: what [`TextScorer`] gives by [`ScoreBy::Text`].
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

/// Reads a file or a stream to its end and calls `take` with the score of every line, as soon as it is there.
/// `ControlFlow::Break(())` ends it. [`TextScorer`] says what a line is, and can be stopped between two reads and put on
/// several threads.
///
/// # Errors
/// [`TextError`] if the input cannot be read, or if the buffers of the network cannot be allocated. The lines before that
/// have been handed over.
pub fn read(
    model: &Model,
    mut input: impl Read,
    mut take: impl FnMut(Scored<'_>) -> ControlFlow<()>,
) -> Result<(), TextError> {
    let mut scorer = TextScorer::new(model, ScoreBy::Lines { carry: false })?;
    while scorer.read(&mut input, &mut take)? == Reading::More {}
    Ok(())
}
