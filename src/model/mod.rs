//! What a training run consists of: settings, vocabulary, where it stands, and its plan.

pub(crate) mod plan;
mod state;

pub(crate) use plan::PLAN;
pub use plan::Plan;
pub use state::{Edition, InitialState, Model, Origin, Record, State};
