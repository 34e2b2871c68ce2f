//! Charts as SVG: the losses of one run, and of several.
//!
//! Leaves out: curves that a terminal shows, which are in `terminal`.

pub mod comparison;
pub mod curve;
pub mod loss_chart;
pub mod scale;
pub mod svg;
