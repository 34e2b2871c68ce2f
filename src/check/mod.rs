//! Gradient checks against finite differences, and worked cases to compare the numbers of your own program with.
//!
//! [`check_gradients`] checks a network on a [`Case`] in one call. The functions return numbers; the program prints
//! them.

pub(crate) mod case;
pub(crate) mod diagnosis;
pub(crate) mod gradient_check;
pub(crate) mod numerical;
pub(crate) mod places;
pub mod worked_case;

pub use case::Case;
pub use gradient_check::{
    Comparison, LIMIT, LargestError, TOLERANCE, TensorComparison, Verdict, analytic,
    check_gradients, compare,
};
pub use numerical::{Numerical, numerical};
