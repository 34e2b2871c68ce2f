//! The training loop: where each update reads, one update of a batch, validation, the best model.
//!
//! Leaves out: files, and whatever is printed.

pub(crate) mod batch;
pub(crate) mod order;
pub(crate) mod threads;
pub(crate) mod training_loop;
pub(crate) mod validation;

pub use training_loop::{BEST_EVERY, Look, Training, TrainingError};
pub use validation::Validation;
