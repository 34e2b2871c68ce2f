//! The passes of an update, timed one by one.
//!
//! A round makes the update of a network that has read the same characters before. Its passes run in their order, so that
//! each finds in the caches what it would find there, with the clock after each:
//!
//! ```text
//! clock      nothing; it is taken away from each of the others
//! hidden     `forward_from` with no losses left: the hidden states
//! outputs    `forward_from` with no hidden states left: logits and losses
//! softmax    of other logits of the same shape
//! V' g       of other vectors of the same shape
//! vectors    h, da and g are packed
//! backward   `propagate`: all of the backward pass
//! dV, dW, dU with b and c: the sums of their parts, with AdaGrad; V and W are packed again
//! ```
//!
//! These are differences: logits = outputs - softmax; W' da = backward - V' g - vectors, so that it has with it what else
//! the backward pass does (g = p - y, the check for ordinary numbers). The rest is timed as it is.

use crate::clock::{Clock, Timed};
use crate::shared::updates::Sums;
use crate::shared::{K, T, indices, network, numbers};
use elman::internals::buffer::{Buffer, stride};
use elman::internals::parameters::Tensor;
use elman::internals::passes::{forward_from, pack_vectors, propagate};
use elman::kernels::{F64x8, Kernel, Level, RowOrder, Rows, RowsMut, Same, Tiles};
use elman::kernels::{softmax_of_rows, transposed_products};
use elman::{Rnn, Unrolled};
use std::hint::black_box;

/// The number of passes.
pub const PASSES: usize = 9;

pub const NAMES: [&str; PASSES] = [
    "forward",
    "logits",
    "softmax",
    "V'g",
    "W'da",
    "dV, AdaGrad",
    "dW, AdaGrad",
    "db, dc, dU, AdaGrad",
    "packing",
];

/// Seconds of every pass, from those of a round and of its parts.
pub fn of_times(times: &[f64]) -> [f64; PASSES] {
    let [_, clock, parts @ ..] = times else {
        unreachable!("every round has parts");
    };
    let parts: Vec<f64> = parts.iter().map(|part| part - clock).collect();
    let [forward, outputs, softmax, Vg, vectors, backward, dV, dW, rest] = parts[..] else {
        unreachable!("a round has nine parts");
    };
    let (logits, Wda) = (outputs - softmax, backward - Vg - vectors);
    [forward, logits, softmax, Vg, Wda, dV, dW, rest, vectors]
}

/// The passes of a network of m hidden units with a batch of B sequences.
pub fn timed(m: usize, B: usize) -> Timed {
    let mut update = Update::new(m, B);
    Timed::parts(move |clock| update.round(clock))
}

struct Update {
    rnn: Rnn,
    steps: Unrolled,
    sums: Sums,
    V: Tiles,
    /// Logits, then what stands for g.
    o: Buffer,
    da: Buffer,
}

impl Update {
    fn new(m: usize, B: usize) -> Self {
        let (rnn, text) = (network(m, 0.01), indices());
        let mut steps = Unrolled::new(rnn.shape(), T, B).expect("memory");
        for s in 0..B {
            let read = &text[s * (text.len() / B)..][..=T];
            steps.begin(s, &read[..T], &read[1..], &vec![0.0; m]).unwrap();
        }
        let mut sums = Sums::new(rnn.shape(), B);
        sums.weights.pack(Level::chosen(), &rnn.parameters);
        let mut V = Tiles::new(K, m).expect("memory");
        Level::chosen().run(Pack(&mut V, Rows::tight(rnn.parameters.tensors().V, K, m)));
        Update {
            sums,
            V,
            o: numbers(T * B * stride(K)),
            da: numbers(T * B * stride(m)),
            rnn,
            steps,
        }
    }

    fn round(&mut self, clock: &mut Clock) {
        use Tensor::{U, V, W, b, c};
        let Update { rnn, steps, sums, V: tiles, o, da } = self;
        let (level, m, rows) = (Level::chosen(), rnn.shape().m(), T * steps.batch_size());
        clock.next();
        forward_from(rnn, &sums.weights, 0, T, steps);
        clock.next();
        forward_from(rnn, &sums.weights, T, 0, steps);
        clock.next();
        level.run(SoftmaxOfRows(RowsMut::new(o, rows, K, stride(K)), rows));
        clock.next();
        let g = Rows::new(o, rows, K, stride(K));
        level.run(Transposed(tiles, g, RowsMut::new(da, rows, tiles.length(), stride(m))));
        clock.next();
        level.run(PackVectors(steps));
        clock.next();
        propagate(rnn, &sums.weights, steps);
        clock.next();
        for tensors in [&[V][..], &[W], &[U, b, c]] {
            sums.update(&mut rnn.parameters, steps, tensors);
            clock.next();
        }
    }
}

struct Pack<'a>(&'a mut Tiles, Rows<'a>);

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        self.0.pack::<F>(0, self.1);
    }
}

struct PackVectors<'a>(&'a mut Unrolled);

impl Kernel for PackVectors<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        pack_vectors::<F>(self.0);
    }
}

struct SoftmaxOfRows<'a>(RowsMut<'a>, usize);

impl Kernel for SoftmaxOfRows<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(mut self) {
        for first in (0..self.1).step_by(8) {
            let count = (self.1 - first).min(8);
            black_box(softmax_of_rows::<F>(&mut self.0, first, count));
        }
    }
}

struct Transposed<'a>(&'a Tiles, Rows<'a>, RowsMut<'a>);

impl Kernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Transposed(A, x, y) = self;
        transposed_products::<F, _>(A, x, y, true, RowOrder::Ascending, Same);
    }
}
