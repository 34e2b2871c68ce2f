//! Five pages for people who use elman: the README leads to them.
//!
//! Their Rust is compiled and run with the tests, and `.ci/run` runs their commands.

// The first definition of a link counts. Here pages are folders; where the files are read as they are, their own definitions
// at the end count.

/// Gradient checks, the report, both editions of the assignment, seeds and validation.
///
/// [machine]: ../measurements/index.html#the-machine
/// [seeds]: ../measurements/index.html#how-much-the-seed-matters
#[doc = include_str!("student.md")]
pub mod student {}

/// The library in whole programs; scoring, resuming, model files, exchange with PyTorch and NumPy.
///
/// [machine]: ../measurements/index.html#the-machine
#[doc = include_str!("engineer.md")]
pub mod engineer {}

/// Sampling, documents, and training networks that write better.
///
/// [machine]: ../measurements/index.html#the-machine
/// [options]: ../measurements/index.html#what-each-option-brings
/// [threads]: ../performance/index.html#batch-size-and-threads
#[doc = include_str!("writing.md")]
pub mod writing {}

/// The time of an update beside other systems and beside the limits of a machine.
///
/// [machine]: ../measurements/index.html#the-machine
#[doc = include_str!("performance.md")]
pub mod performance {}

/// What each option brings on a real text, and how it was measured.
///
/// [writing]: ../writing/index.html#train-a-better-network
#[doc = include_str!("measurements.md")]
pub mod measurements {}
