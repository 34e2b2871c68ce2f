//! What a trained network does: it writes text, and scores text.
//!
//! Leaves out: training.

pub(crate) mod recurrence;
pub(crate) mod sampling;
pub(crate) mod scoring;
pub(crate) mod sequences;
pub(crate) mod text_scorer;

pub use sampling::{Sampling, Synthesizer, passage, sample};
pub use scoring::{Score, Scorer, WorstCharacter, bits_of_unknown};
pub use text_scorer::{ScoreBy, Scored, TextScorer, score_lines, score_text};
