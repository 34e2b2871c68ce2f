//! [`Model`]: a network with its settings, vocabulary and state, as a model file holds them. [`Plan`]: when a run ends,
//! reports and saves.

mod error;
pub(crate) mod plan;
pub(crate) mod rules;
mod state;

pub use error::ModelError;
pub(crate) use plan::PLAN;
pub use plan::Plan;
pub use state::{Edition, InitialState, Model, Origin, Record, State};
