//! What a training run consists of: settings, vocabulary, where it stands, and its plan.

mod error;
pub(crate) mod plan;
pub(crate) mod rules;
mod state;

pub use error::ModelError;
pub(crate) use plan::PLAN;
pub use plan::Plan;
pub use state::{Edition, InitialState, Model, Origin, Record, State};
