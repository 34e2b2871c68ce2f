//! Gradient checks, and worked cases to compare your own numbers with.
//!
//! Leaves out: how the results are printed.

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
