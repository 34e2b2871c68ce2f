//! The gradient of every parameter: sums over steps and sequences of the results of backpropagation.
//!
//! ```text
//! dL/dV = sum g_t h_t'            dL/dc = sum g_t
//! dL/dW = sum dL/da_t h_{t-1}'    dL/db = sum dL/da_t
//! dL/dU = sum dL/da_t x_t'
//! ```
//!
//! Every sum runs over the steps of the first sequence by increasing t, then over those of the next sequence. The sums
//! of a few rows ([`Part`]) are computed at a time and handed to a [`GradientSink`]. [`Store`] keeps them as a
//! gradient. [`UpdateParameters`](crate::network::update::UpdateParameters) updates the parameters at once, so the
//! whole gradient is never in memory.

use crate::kernels::{F64x8, Kernel, Level, outer_products, vector_sums};
use crate::network::columns::ColumnSums;
use crate::network::parameters::{Parameters, Shape, Tensor};
use crate::network::parts::{Part, Scratch};
use crate::network::unrolled::Unrolled;
use std::ops::Range;

/// Takes the sums of a part.
pub trait GradientSink {
    /// Whether the sink also needs the columns of U that no input chose, which are 0.
    const NEEDS_ZEROS: bool;

    /// Takes consecutive entries of a tensor, from entry `at` on.
    fn take<F: F64x8>(&mut self, tensor: Tensor, at: usize, entries: &[f64]);
    /// Takes some rows of dL/dU, in the columns of the characters that were read.
    fn take_columns<F: F64x8>(&mut self, rows: Range<usize>, columns: &ColumnSums);
}

/// Stores entries as a gradient. The columns of U that no input chose stay as they are.
#[derive(Debug)]
pub struct Store<'a>(pub &'a mut Parameters);

impl GradientSink for Store<'_> {
    const NEEDS_ZEROS: bool = false;

    #[inline(always)]
    fn take<F: F64x8>(&mut self, tensor: Tensor, at: usize, entries: &[f64]) {
        let target = self.0.tensor_mut(tensor);
        target[at..at + entries.len()].copy_from_slice(entries);
    }

    #[inline(always)]
    fn take_columns<F: F64x8>(&mut self, rows: Range<usize>, columns: &ColumnSums) {
        let K = self.0.shape().K();
        let U = self.0.tensor_mut(Tensor::U);
        for (x, sums) in columns.columns() {
            for (i, sum) in rows.clone().zip(sums) {
                U[i * K + x] = *sum;
            }
        }
    }
}

/// Computes the sums of a part and hands them to a sink.
///
/// # Panics
/// Panics if a group has another shape than the part was made for.
pub fn sum_part(
    level: Level,
    groups: &[&Unrolled],
    part: &Part,
    scratch: &mut Scratch,
    sink: impl GradientSink,
) {
    let Some(shape) = groups.first().map(|group| group.shape()) else {
        return;
    };
    level.run(Sums { groups, part, scratch });
    level.run(HandOver { shape, part, scratch, sink });
}

/// Computes the sums of a part. This is one kernel for all sinks, because it is long and there are many sinks.
struct Sums<'a> {
    groups: &'a [&'a Unrolled],
    part: &'a Part,
    scratch: &'a mut Scratch,
}

impl Kernel for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Sums { groups, part: Part { tensor, rows }, scratch: Scratch { sums, columns } } = self;
        let (groups, rows) = (groups.iter(), rows.clone());
        match tensor {
            Tensor::V | Tensor::W => {
                let m = groups.clone().next().map_or(0, |group| group.shape().m());
                let pairs = groups.flat_map(|group| group.pairs(*tensor));
                outer_products::<F>(pairs, rows, m, sums);
            }
            Tensor::b | Tensor::c => {
                let count = rows.len();
                let left = groups.map(|group| group.left(*tensor));
                vector_sums::<F>(left, rows, &mut sums[..count]);
            }
            Tensor::U => {
                columns.sum::<F>(&rows, groups.flat_map(|group| group.inputs_with_da()));
            }
        }
    }
}

/// Hands the sums of a part to a sink.
struct HandOver<'a, S> {
    shape: Shape,
    part: &'a Part,
    scratch: &'a mut Scratch,
    sink: S,
}

impl<S: GradientSink> Kernel for HandOver<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let HandOver { shape, part: Part { tensor, rows }, scratch, mut sink } = self;
        let Scratch { sums, columns } = scratch;
        match tensor {
            Tensor::U if S::NEEDS_ZEROS => {
                let K = shape.K();
                for i in rows.clone() {
                    columns.write_row(i - rows.start, &mut sums[..K]);
                    sink.take::<F>(*tensor, i * K, &sums[..K]);
                }
            }
            Tensor::U => sink.take_columns::<F>(rows.clone(), columns),
            _ => {
                let length = if matches!(tensor, Tensor::V | Tensor::W) { shape.m() } else { 1 };
                let entries = &sums[..rows.len() * length];
                sink.take::<F>(*tensor, rows.start * length, entries);
            }
        }
    }
}
