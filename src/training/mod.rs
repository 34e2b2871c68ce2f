//! The training loop: train a network in one call or update by update, validate it, and keep the best model.
//!
//! [`Training::fit`] is the loop in one call. [`Training::observe`], [`Training::validate`] and [`Training::update`]
//! are its steps. This module reads and writes no files, and prints nothing.

pub(crate) mod batch;
mod crew;
pub(crate) mod error;
mod fit;
pub(crate) mod intervals;
pub(crate) mod observation;
pub(crate) mod order;
pub(crate) mod start;
pub(crate) mod training_loop;
pub(crate) mod validation;

pub use error::TrainingError;
pub use fit::{Ending, Fit};
pub use intervals::BEST_EVERY;
pub use observation::{Field, Observation};
pub use start::OptimizerStart;
pub use training_loop::Training;
pub use validation::Validation;
