//! The arithmetic of the hot loops on plain slices: products, tanh, exp, ln, softmax. Call them as methods of a
//! [`Level`].
//!
//! Only operations that IEEE-754 rounds exactly are used: `+ - * /`, `sqrt`, the fused multiply-add, comparisons, moves
//! of bits. Every sum has one documented order. So the results are the same bits on every machine. A kernel is written
//! once, over eight doubles at a time, and compiled for every instruction set; a [`Level`] chooses one. This module
//! knows nothing of threads and networks.
//!
//! # Calling a kernel
//!
//! | to | use |
//! |---|---|
//! | run one kernel on slices | a method of [`Level`]: `level.matvec(&A, &x, &mut y)` |
//! | fuse several kernels, or read batches, rows with gaps and packed matrices | your own [`Kernel`], which [`Level::run`] runs: it calls the functions of this module with its [`F64x8`] |
//! | compute a function of one number | [`exp`], [`ln`] or [`tanh`] of an `f64` |
//!
//! [`Level::chosen`] is the level that the rest of the crate uses. All three ways give the same bits. The kernel in
//! this example fuses tanh with a dot product. It reads `a` once, and does not store the values of tanh.
//!
//! ```
//! use elman::kernels::{F64x8, Kernel, Level, tanh};
//!
//! /// `sum_i v_i tanh(a_i)`.
//! struct Output<'a> {
//!     v: &'a [f64],
//!     a: &'a [f64],
//! }
//!
//! impl Kernel for Output<'_> {
//!     type Output = f64;
//!
//!     // Without the attribute it would be compiled for the baseline alone.
//!     #[inline(always)]
//!     fn run<F: F64x8>(self) -> f64 {
//!         let mut sums = F::splat(0.0);
//!         for (v, a) in self.v.chunks(8).zip(self.a.chunks(8)) {
//!             // Zeros fill the last eight.
//!             sums = F::load_first(v).fma(tanh(F::load_first(a)), sums);
//!         }
//!         sums.sum()
//!     }
//! }
//!
//! let v: Vec<f64> = (0..20).map(|i| 0.1 * f64::from(i)).collect();
//! let mut a: Vec<f64> = v.iter().map(|v| 1.0 - v).collect();
//! let level = Level::chosen();
//! let fused = level.run(Output { v: &v, a: &a });
//!
//! // The same from two plain calls, to the bit: the order of the sum is that of `matvec`.
//! let mut o = [0.0];
//! level.tanh(&mut a);
//! level.matvec(&v, &a, &mut o);
//! assert_eq!(o[0], fused);
//! ```

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
pub use packed::{Matrix, Panels, Tiles};
pub use products::{
    Finish, Map, RowOrder, Same, add, matvec, products, transposed_matvec_accumulate,
    transposed_products,
};
pub use roots::{Divider, Multipliers, QuotientOverRoot};
pub use rows::{Rows, RowsMut};
pub use softmax::{LogSumExp, Softmax, softmax, softmax_of_rows};
