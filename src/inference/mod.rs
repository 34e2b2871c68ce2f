//! What a trained network does: it writes text, and scores text.
//!
//! Leaves out: training.

pub(crate) mod recurrence;
pub mod sampling;
pub mod scoring;

pub use sampling::{Sampling, Synthesizer, passage, sample, synthesize};
pub use scoring::{Extent, Reading, Row, Score, Scorer, Worst, score_lines, score_text, unknown};
