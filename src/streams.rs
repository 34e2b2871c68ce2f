//! One update of all streams, on one thread or several.
//!
//! The streams are dealt out to threads in groups for the passes, and the rows of the parameters for the
//! sums and the update. So every number is computed by one thread, in the order that it would have had on
//! a single one: the number of threads never shows in the bits.

use crate::adagrad::{AdaGrad, Moving};
use crate::gradient::{ColumnSums, Sums};
use crate::kernels::Level;
use crate::network::Rnn;
use crate::parameters::{Block, Parameters, Shape, ShapeError};
use crate::unrolled::Unrolled;
use std::thread;

/// The buffers of one update of B streams.
#[derive(Clone, Debug)]
pub struct Streams {
    level: Level,
    count: usize,
    /// The streams in order, one group for each thread.
    groups: Vec<Unrolled>,
    /// One for each thread that sums.
    columns: Vec<ColumnSums>,
}

impl Streams {
    /// Buffers for `T` steps of `count` streams, on up to `threads` threads.
    ///
    /// # Errors
    /// [`ShapeError`] where they cannot be allocated.
    pub fn new(shape: Shape, T: usize, count: usize, threads: usize) -> Result<Self, ShapeError> {
        let threads = threads.max(1);
        let groups = threads.min(count);
        let sizes = (0..groups).map(|i| (i + 1) * count / groups - i * count / groups);
        let groups = sizes.map(|size| Unrolled::new(shape, T, size));
        let columns = (0..threads).map(|_| ColumnSums::new(shape, T.saturating_mul(count)));
        Ok(Streams {
            level: Level::chosen(),
            count,
            groups: groups.collect::<Result<_, _>>()?,
            columns: columns.collect::<Result<_, _>>()?,
        })
    }

    /// Runs at `level`.
    pub fn at(self, level: Level) -> Self {
        let groups = self.groups.into_iter().map(|group| group.at(level));
        Streams {
            level,
            groups: groups.collect(),
            ..self
        }
    }

    /// What a stream reads: see [`Unrolled::begin`].
    ///
    /// # Panics
    /// As that, or where there is no such stream.
    pub fn begin(&mut self, stream: usize, inputs: &[usize], targets: &[usize], h0: &[f64]) {
        let mut before = 0;
        for group in &mut self.groups {
            if stream < before + group.streams() {
                return group.begin(stream - before, inputs, targets, h0);
            }
            before += group.streams();
        }
        panic!("streams: there is no stream {stream}");
    }

    /// The hidden state of every stream after the last step, in order.
    pub fn last_h(&self) -> impl Iterator<Item = &[f64]> {
        let of = |group| {
            let group: &Unrolled = group;
            (0..group.streams()).map(move |stream| group.h(group.steps(), stream))
        };
        self.groups.iter().flat_map(of)
    }

    /// The forward pass; returns the loss in nats, summed over steps and streams and divided by the
    /// number of streams. Several threads make the backward pass as well while they are at it.
    pub fn forward(&mut self, rnn: &Rnn) -> f64 {
        match &mut self.groups[..] {
            [group] => {
                rnn.forward(group);
            }
            groups => side_by_side(groups.iter_mut().map(|group| {
                move || {
                    rnn.forward(group);
                    rnn.propagate(group);
                }
            })),
        }
        let losses = self.groups.iter().flat_map(Unrolled::losses);
        losses.fold(0.0, |sum, loss| sum + loss) / self.count as f64
    }

    /// After [`Streams::forward`]: the backward pass where it is still to be made, and the update of the
    /// parameters and AdaGrad's sums by the gradient, divided by the number of streams.
    pub fn learn(&mut self, optimizer: AdaGrad, rnn: &mut Rnn, G: &mut Parameters) {
        if let [group] = &mut self.groups[..] {
            rnn.propagate(group);
        }
        let (level, divisor, shape) = (self.level, self.count as f64, rnn.shape());
        let groups = &self.groups;
        let (mut theta, mut G) = (rnn.parameters.tensors_mut(), G.tensors_mut());
        let blocks = Block::split(shape, self.columns.len());
        side_by_side(blocks.zip(&mut self.columns).map(|(block, columns)| {
            let (theta, G) = (theta.take_rows(&block, shape), G.take_rows(&block, shape));
            let parts = Moving::parts(optimizer, divisor, theta, G);
            move || {
                level.run(Sums {
                    groups,
                    block,
                    parts,
                    columns,
                });
            }
        }));
    }
}

/// Does all of the work, the first part on this thread and each of the others on one of its own.
fn side_by_side<W: FnOnce() + Send>(mut work: impl Iterator<Item = W>) {
    let Some(first) = work.next() else {
        return;
    };
    thread::scope(|scope| {
        for part in work {
            scope.spawn(part);
        }
        first();
    });
}
