//! What a trained network does: it writes text, and scores text.
//!
//! Leaves out: training.

pub(crate) mod recurrence;
pub(crate) mod sampling;
pub(crate) mod scoring;

pub use sampling::{Sampling, Synthesizer, passage, sample};
pub use scoring::{
    Score, ScoreBy, Scored, Scorer, TextScorer, WorstCharacter, bits_of_unknown, score_lines,
    score_text,
};
