//! The arithmetic of the hot loops, on plain slices: it knows nothing of networks.
//!
//! Only operations that IEEE-754 rounds exactly are used (`+ - * /`, `sqrt`, comparisons, moves of
//! bits), and every sum has one written-down order, so the results are the same bits on every
//! machine. Most kernels are written once over four doubles at a time and compiled for every
//! instruction set: a [`Level`] chooses. Leaves out: threads, and what the numbers mean.

pub(crate) mod buffer;
mod elementary;
#[allow(unsafe_code)]
pub(crate) mod level;
mod panels;
mod products;
mod rows;
mod softmax;
#[cfg(test)]
mod twins;

pub use elementary::{exp, exp_at_most_0, ln, scale_by_slope, tanh, tanh_of_sums};
pub use level::{Four, Kernel, Level, LevelError, Number, VARIABLE, fours, fours_mut};
pub use panels::Panels;
pub use products::{
    Entries, Stored, Walk, add, get, matvec, outer_products, put, transposed_matvec_accumulate,
    transposed_products, vector_sums,
};
pub use rows::{Rows, RowsMut};
pub use softmax::{LogSumExp, Softmax, softmax};
