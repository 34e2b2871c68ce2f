//! What a trained network does: a [`Writer`] generates text, a [`Scorer`] and [`score`] measure how well the network
//! predicts a text.
//!
//! Training is in [`training`](crate::training).

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
