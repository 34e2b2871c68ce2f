//! What is wrong with somebody's arrays, by comparison with a [`crate::check::worked_case`].
//!
//! The arrays of one program are compared in the order in which they are computed. One that is not right is compared
//! with what it should be for the program's own earlier arrays, if these are wrong, then with what each known mistake
//! would make of the case, then with what each two would make. The table of the mistakes is in `mistakes.rs`. Where
//! several explain an array, the first of them in the order of [`Reason`] is given. A mistake that does not show in the
//! case explains nothing. Leaves out: how the findings are printed.

mod backward;
mod comparison;
mod finding;
mod forward;
mod given;
mod inputs;
mod known;
mod mistakes;
mod names;
mod one_sided;
mod own;
mod precision;
mod program;
mod reason;
mod search;
mod shapes;
mod steps;
mod subject;
mod sums;
mod target;
#[cfg(test)]
mod tests;
mod update;

pub use finding::{Comparison, Finding, Wrong};
pub use inputs::{CaseError, PythonShape};
pub use known::WorkedCase;
pub use reason::{Cause, Dress, Reason};
pub use steps::Steps;
pub use subject::{NARROW_TOLERANCE, NUMERICAL_TOLERANCE, TOLERANCE};
