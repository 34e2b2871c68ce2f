//! The arithmetic of the hot loops, on plain slices.
//!
//! Only operations that IEEE-754 rounds exactly are used (`+ - * /`, `sqrt`, the fused multiply-add, comparisons, moves of
//! bits), and every sum has one written-down order, so the results are the same bits on every machine. A kernel is written
//! once, over eight doubles at a time, and compiled for every instruction set: a [`Level`] chooses. Leaves out: threads,
//! and everything about networks.

#[cfg(not(target_arch = "aarch64"))]
mod baseline;
pub(crate) mod buffer;
mod calls;
mod elementary;
mod lanes;
#[allow(unsafe_code)]
mod level;
mod outer_products;
mod packed;
mod products;
mod roots;
mod rows;
mod softmax;
#[cfg_attr(target_arch = "aarch64", allow(dead_code))]
mod software_fma;
#[cfg(test)]
mod twins;

pub use elementary::{
    exp, exp_at_most_0, ln, ln_of_normal, scale_by_slope, tanh, tanh_of_sums, times_slope,
};
pub use lanes::{F64x8, Kernel, Number};
pub use level::{Level, LevelError};
pub use outer_products::{Pairs, outer_product_accumulate, outer_products, vector_sums};
pub use packed::{Panels, Tiles};
pub use products::{
    Finish, Map, RowOrder, Same, add, matvec, products, transposed_matvec_accumulate,
    transposed_products,
};
pub use roots::{Divider, Multipliers, QuotientOverRoot};
pub use rows::{Rows, RowsMut};
pub use softmax::{LogSumExp, Softmax, softmax, softmax_of_rows};
