//! Explains what is wrong with the arrays of another program, by comparison with a [`crate::check::worked_case`].
//!
//! The arrays are compared in the order in which they are computed. An array that is not right is compared
//!
//! * with what it should be for the program's own earlier arrays, if these are wrong;
//! * then with the result of each known mistake;
//! * then with the result of each two mistakes.
//!
//! The table of the mistakes is in `mistakes.rs`. If several mistakes explain an array, the first in the order of
//! [`Reason`] is given. A mistake that does not change the numbers of the case explains nothing. How the findings are
//! printed is left to the program.

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
