//! The screen: standard output, progress, the live view, curves drawn in characters.
//!
//! Leaves out: what a run is.

pub mod flow;
pub mod output;
pub mod pace;
pub mod progress;
pub mod screen;
pub mod text_curve;
pub mod verdict;
pub mod view;
