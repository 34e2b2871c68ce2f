//! What is wrong with somebody's arrays, by comparison with a [`crate::check::worked_case`].
//!
//! An array that is not right is compared with what each known mistake would make of the case. Where several mistakes
//! explain it, the first of them in the order of [`Reason`] is given. A mistake that does not show in the case explains
//! nothing. Leaves out: how the findings are printed.

mod array_pair;
mod backward;
mod comparison;
mod inputs;
mod mistakes;
mod reason;
#[cfg(test)]
mod tests;
mod update;

pub use array_pair::{NARROW_TOLERANCE, NUMERICAL_TOLERANCE, TOLERANCE};
pub use comparison::{Finding, WorkedCase};
pub use inputs::{CaseError, PythonShape};
pub use reason::Reason;
