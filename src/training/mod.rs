//! The training loop: where each update reads, one update of a batch, validation, the best model, and when a report, a
//! row, a save or a validation is due.
//!
//! Leaves out: files, and whatever is printed.

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
