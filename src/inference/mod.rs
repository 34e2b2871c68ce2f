//! What a trained network does: it writes text, and scores text.
//!
//! Leaves out: training.

pub(crate) mod recurrence;
pub(crate) mod sampling;
pub mod score;
pub(crate) mod scoring;
pub(crate) mod sequences;
pub(crate) mod text_scorer;
pub(crate) mod writer;

pub use sampling::Sampling;
pub use scoring::{Score, Scorer, WorstCharacter, bits_of_unknown};
pub use text_scorer::{Reading, ScoreBy, Scored, TextScorer};
pub use writer::{Session, Writer};
