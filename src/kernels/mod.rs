//! The arithmetic of the hot loops, on plain slices: it knows nothing of networks.
//!
//! Only operations that IEEE-754 rounds exactly are used (`+ - * /`, `sqrt`, comparisons, moves of
//! bits), and every sum has one written-down order, so the results are the same bits on every
//! machine. Leaves out: shapes larger than a slice, threads, allocation.

mod elementary;
mod products;
mod softmax;
mod update;

pub use elementary::{exp, ln, tanh, tanh_in_place};
pub use products::{
    LANES, add, dot, matvec, outer_product_accumulate, sum, transposed_matvec_accumulate,
};
pub use softmax::{LogSumExp, softmax};
pub use update::{adagrad, clip};
