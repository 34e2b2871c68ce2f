//! The gradient in every parameter: sums over steps and streams of what backpropagation has found.
//!
//! ```text
//! dL/dV = sum g_t h_t'            dL/dc = sum g_t
//! dL/dW = sum dL/da_t h_{t-1}'    dL/db = sum dL/da_t
//! dL/dU = sum dL/da_t x_t'
//! ```
//!
//! Every sum runs over the steps of the first stream by increasing t, then over those of the next. What
//! is done with the entries is open: a [`Stored`] gradient can be looked at; with
//! [`crate::network::optimizer::Moving`] each entry moves its parameter at once, and no gradient is ever in memory.

use crate::kernels::buffer::Buffer;
use crate::kernels::level::fours;
use crate::kernels::{Entries, Four, Kernel, Stored, add, get, outer_products, vector_sums};
use crate::network::parameters::{Block, Shape, ShapeError, TensorsMut, buffer};
use crate::network::unrolled::{Distinct, Unrolled, stride};
use std::ops::Range;

/// Entries that are divided by a number, and then go where others go: their mean.
#[derive(Debug)]
pub struct Mean<E> {
    /// The number.
    pub divisor: f64,
    /// What is done with the quotients.
    pub entries: E,
}

impl<E: Entries> Entries for Mean<E> {
    const IN_ANY_CASE: bool = E::IN_ANY_CASE;

    #[inline(always)]
    fn take<F: Four>(&mut self, at: usize, [low, high]: [F; 2]) {
        let divisor = F::splat(self.divisor);
        self.entries.take(at, [low / divisor, high / divisor]);
    }

    #[inline(always)]
    fn take_part<F: Four>(&mut self, at: usize, count: usize, entries: F) {
        let quotients = entries / F::splat(self.divisor);
        self.entries.take_part(at, count, quotients);
    }

    #[inline(always)]
    fn take_apart<F: Four>(&mut self, places: [usize; 4], count: usize, entries: F) {
        let quotients = entries / F::splat(self.divisor);
        self.entries.take_apart(places, count, quotients);
    }
}

/// What is done with the entries of each of the five.
#[derive(Debug)]
pub struct Parts<E> {
    /// Of dL/dU.
    pub U: E,
    /// Of dL/dW.
    pub W: E,
    /// Of dL/dV.
    pub V: E,
    /// Of dL/db.
    pub b: E,
    /// Of dL/dc.
    pub c: E,
}

/// The five parts of a gradient, to be stored.
pub fn stored(gradient: TensorsMut<'_>) -> Parts<Stored<'_>> {
    let TensorsMut { U, W, V, b, c } = gradient;
    Parts {
        U: Stored(U),
        W: Stored(W),
        V: Stored(V),
        b: Stored(b),
        c: Stored(c),
    }
}

impl<E> Parts<E> {
    /// The same, done with the entries divided by a number.
    pub fn divided_by(self, divisor: f64) -> Parts<Mean<E>> {
        let mean = |entries| Mean { divisor, entries };
        Parts {
            U: mean(self.U),
            W: mean(self.W),
            V: mean(self.V),
            b: mean(self.b),
            c: mean(self.c),
        }
    }
}

/// Room for the sums of dL/dU, of which only the columns of characters that were read are not 0.
#[derive(Clone, Debug)]
pub struct ColumnSums {
    distinct: Distinct,
    /// A row for every distinct character that was read.
    sums: Buffer,
    /// A row of dL/dU.
    row: Buffer,
}

impl ColumnSums {
    /// Room for updates of `count` characters in all.
    ///
    /// # Errors
    /// [`ShapeError`] where it cannot be allocated.
    pub fn new(shape: Shape, count: usize) -> Result<Self, ShapeError> {
        let characters = count.min(shape.K());
        Ok(ColumnSums {
            distinct: Distinct::new(characters, shape.K())?,
            sums: buffer(characters.saturating_mul(stride(shape.m())))?,
            row: buffer(shape.K())?,
        })
    }
}

/// The sums of one block of rows, as a kernel.
///
/// # Panics
/// Its run does where the groups differ in shape, the block's rows do not begin at a multiple of eight or are not
/// there, or `parts` or `columns` are those of another shape or of fewer characters.
pub struct Sums<'a, E> {
    /// The streams, group by group, after backpropagation.
    pub groups: &'a [Unrolled],
    /// Which rows.
    pub block: Block,
    /// What is done with them; index 0 is the first entry of the block.
    pub parts: Parts<E>,
    /// Room for dL/dU.
    pub columns: &'a mut ColumnSums,
}

impl<E: Entries> Kernel for Sums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let Sums {
            groups,
            block: Block { hidden, vocabulary },
            parts: Parts { U, W, V, b, c },
            columns,
        } = self;
        let Some(shape) = groups.first().map(|group| group.shape()) else {
            return;
        };
        let g = groups.iter().map(|group| &group.packed.g);
        let da = groups.iter().map(|group| &group.packed.da);
        let h = groups.iter().map(|group| &group.packed.h);
        let h_before = groups.iter().map(|group| &group.packed.h_before);
        let pairs = g.clone().zip(h);
        outer_products::<F, E>(pairs, vocabulary.clone(), shape.m(), V);
        vector_sums::<F, E>(g, vocabulary, c);
        let pairs = da.clone().zip(h_before);
        outer_products::<F, E>(pairs, hidden.clone(), shape.m(), W);
        vector_sums::<F, E>(da, hidden.clone(), b);
        columns_of::<F, E>(groups, hidden, shape.K(), columns, U);
    }
}

/// Some rows of dL/dU; in the columns of the characters that were read where the others, which are +0, are of no
/// matter.
#[inline(always)]
fn columns_of<F: Four, E: Entries>(
    groups: &[Unrolled],
    rows: Range<usize>,
    K: usize,
    columns: &mut ColumnSums,
    mut entries: E,
) {
    let length = rows.len();
    if length == 0 {
        return;
    }
    let ColumnSums {
        distinct,
        sums,
        row,
    } = columns;
    distinct.clear();
    for (x, da) in groups.iter().flat_map(Unrolled::inputs_with_da) {
        let (place, is_new) = distinct.place(x);
        let sum = &mut sums[place * length..][..length];
        if is_new {
            sum.fill(0.0);
        }
        add(&da[rows.clone()], sum);
    }
    if E::IN_ANY_CASE {
        return whole_rows::<F, E>(distinct, sums, length, &mut row[..K], entries);
    }
    for (&x, sums) in distinct.characters().iter().zip(sums.chunks_exact(length)) {
        for (group, four) in sums.chunks(4).enumerate() {
            let row = |i: usize| (4 * group + i).min(length - 1) * K + x;
            let places = [row(0), row(1), row(2), row(3)];
            entries.take_apart::<F>(places, four.len(), get(four));
        }
    }
}

/// `length` rows of dL/dU with all of their columns, by way of `row`.
#[inline(always)]
fn whole_rows<F: Four, E: Entries>(
    distinct: &Distinct,
    sums: &[f64],
    length: usize,
    row: &mut [f64],
    mut entries: E,
) {
    row.fill(0.0);
    for i in 0..length {
        for (&x, sums) in distinct.characters().iter().zip(sums.chunks_exact(length)) {
            row[x] = sums[i];
        }
        let first = i * row.len();
        let (eights, rest) = row.split_at(row.len() / 8 * 8);
        for (at, eight) in (first..).step_by(8).zip(fours(eights).chunks_exact(2)) {
            entries.take(at, [F::load(&eight[0]), F::load(&eight[1])]);
        }
        for (at, four) in (first + eights.len()..).step_by(4).zip(rest.chunks(4)) {
            entries.take_part::<F>(at, four.len(), get(four));
        }
    }
}
