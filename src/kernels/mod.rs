//! The arithmetic of the hot loops, on plain slices.
//!
//! Only operations that IEEE-754 rounds exactly are used (`+ - * /`, `sqrt`, comparisons, moves of
//! bits), and every sum has one written-down order, so the results are the same bits on every
//! machine. Most kernels are written once, over four doubles at a time, and compiled for every
//! instruction set: a [`Level`] chooses. Leaves out: threads, and everything about networks.

mod baseline;
pub(crate) mod buffer;
mod elementary;
mod lanes;
#[allow(unsafe_code)]
mod level;
mod outer_products;
mod panels;
mod products;
mod rows;
mod softmax;
#[cfg(test)]
mod twins;

pub use elementary::{exp, exp_at_most_0, ln, scale_by_slope, tanh, tanh_of_sums};
pub use lanes::{F64x4, Kernel, Number};
pub use level::{Level, LevelError};
pub use outer_products::{EntrySink, Store, outer_products, vector_sums};
pub use panels::Panels;
pub use products::{RowOrder, add, matvec, transposed_matvec_accumulate, transposed_products};
pub use rows::{Rows, RowsMut};
pub use softmax::{LogSumExp, Softmax, softmax};
