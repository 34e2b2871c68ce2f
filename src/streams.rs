//! One update of all streams, on one thread or several.
//!
//! The streams are dealt out to threads in groups for the passes, and the rows of the parameters for the
//! sums and the update. So every number is computed by one thread, in the order that it would have had on
//! a single one: the number of threads never shows in the bits.

use crate::adagrad::{AdaGrad, Moving};
use crate::gradient::{ColumnSums, Parts, Sums};
use crate::kernels::{Entries, Level};
use crate::network::Rnn;
use crate::parameters::{Block, Parameters, Shape, ShapeError};
use crate::threads::side_by_side;
use crate::unrolled::Unrolled;

/// The buffers of one update of B streams.
#[derive(Clone, Debug)]
pub struct Streams {
    level: Level,
    count: usize,
    /// Whether the backward pass has followed the last forward pass.
    propagated: bool,
    /// The streams in order, one group for each thread.
    groups: Vec<Unrolled>,
    /// One for each block of rows, which are as many as there are threads or fewer.
    columns: Vec<ColumnSums>,
}

impl Streams {
    /// Buffers for `T` steps of `count` streams, on up to `threads` threads.
    ///
    /// # Errors
    /// [`ShapeError`] where they cannot be allocated.
    pub fn new(shape: Shape, T: usize, count: usize, threads: usize) -> Result<Self, ShapeError> {
        let groups = threads.clamp(1, count.max(1));
        let blocks = threads.clamp(1, Block::most(shape));
        let sizes = (0..groups).map(|i| (i + 1) * count / groups - i * count / groups);
        let groups = sizes.map(|size| Unrolled::new(shape, T, size));
        let columns = (0..blocks).map(|_| ColumnSums::new(shape, T.saturating_mul(count)));
        Ok(Streams {
            level: Level::chosen(),
            count,
            propagated: false,
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

    /// Reads T characters an update from now on: see [`Unrolled::resize`].
    ///
    /// # Panics
    /// As that.
    pub fn resize(&mut self, T: usize) {
        self.groups.iter_mut().for_each(|group| group.resize(T));
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
        let several = self.groups.len() > 1;
        side_by_side(
            self.groups.len(),
            self.groups.iter_mut().map(|group| {
                move || {
                    rnn.forward_from(0, 0, group);
                    if several {
                        rnn.propagate(group);
                    }
                }
            }),
        );
        self.propagated = several;
        let losses = self.groups.iter().flat_map(Unrolled::losses);
        losses.fold(0.0, |sum, loss| sum + loss) / self.count as f64
    }

    /// After [`Streams::forward`]: the backward pass where it is still to be made, and the update of the
    /// parameters and AdaGrad's sums by the gradient, divided by the number of streams.
    pub fn learn(&mut self, optimizer: AdaGrad, rnn: &mut Rnn, G: &mut Parameters) {
        if !self.propagated {
            self.groups
                .iter_mut()
                .for_each(|group| rnn.propagate(group));
            self.propagated = true;
        }
        let (level, count, shape) = (self.level, self.count, rnn.shape());
        let groups = &self.groups;
        let (mut theta, mut G) = (rnn.parameters.tensors_mut(), G.tensors_mut());
        let blocks = Block::split(shape, self.columns.len());
        side_by_side(
            self.columns.len(),
            blocks.zip(&mut self.columns).map(|(block, columns)| {
                let (theta, G) = (theta.take_rows(&block, shape), G.take_rows(&block, shape));
                let parts = Moving::parts(optimizer, theta, G);
                move || match count {
                    // Dividing by 1 would change nothing but take its time.
                    1 => sum_up(level, groups, block, parts, columns),
                    _ => sum_up(level, groups, block, parts.mean(count), columns),
                }
            }),
        );
    }
}

fn sum_up<E: Entries>(
    level: Level,
    groups: &[Unrolled],
    block: Block,
    parts: Parts<E>,
    columns: &mut ColumnSums,
) {
    level.run(Sums {
        groups,
        block,
        parts,
        columns,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Generator, Stream};
    use crate::reference;
    use crate::text::one_hot;

    /// A small clip, so that it bites.
    const OPTIMIZER: AdaGrad = AdaGrad {
        eta: 0.1,
        epsilon: 1e-2,
        clip: 0.3,
    };

    /// m, K, T: single numbers, whole blocks, blocks with something left over.
    const SHAPES: [(usize, usize, usize); 8] = [
        (1, 1, 1),
        (3, 2, 4),
        (5, 70, 7),
        (8, 16, 4),
        (19, 9, 3),
        (33, 12, 25),
        (128, 9, 4),
        (260, 5, 3),
    ];

    /// A network whose parts are all alive, and what its streams read.
    struct Case {
        rnn: Rnn,
        G: Parameters,
        T: usize,
        streams: Vec<Read>,
    }

    struct Read {
        inputs: Vec<usize>,
        targets: Vec<usize>,
        h0: Vec<f64>,
    }

    /// Loss, parameters and sums of squares after an update.
    type Learned = (f64, Vec<f64>, Vec<f64>);

    fn cases() -> impl Iterator<Item = Case> {
        let sizes = [1, 2, 3, 5].into_iter();
        sizes.flat_map(|B| SHAPES.map(|shape| Case::new(shape, B)))
    }

    impl Case {
        fn new((m, K, T): (usize, usize, usize), B: usize) -> Self {
            let shape = Shape::new(m, K).unwrap();
            let mut generator = Generator::new((m + B) as u64, Stream::Initialization);
            let mut drawn = |mut values: Vec<f64>, sigma: f64| {
                generator.fill_normal(&mut values, sigma);
                values
            };
            let [mut parameters, mut G] = [0; 2].map(|_| Parameters::zeros(shape).unwrap());
            let entries = drawn(vec![0.0; shape.entries()], 0.2);
            parameters.values_mut().copy_from_slice(&entries);
            for (G, x) in G.values_mut().iter_mut().zip(&entries) {
                *G = x * x;
            }
            let streams = (0..B).map(|s| {
                let character = |t: usize| (t * t * 7 + 5 * t * s + s) % K;
                Read {
                    inputs: (0..T).map(character).collect(),
                    targets: (1..=T).map(character).collect(),
                    h0: drawn(vec![0.0; m], 0.5),
                }
            });
            Case {
                rnn: Rnn { parameters },
                G,
                T,
                streams: streams.collect(),
            }
        }

        fn learned(&self, level: Level, threads: usize) -> Learned {
            let (mut rnn, mut G) = (self.rnn.clone(), self.G.clone());
            let B = self.streams.len();
            let streams = Streams::new(rnn.shape(), self.T, B, threads);
            let mut streams = streams.unwrap().at(level);
            for (s, read) in self.streams.iter().enumerate() {
                streams.begin(s, &read.inputs, &read.targets, &read.h0);
            }
            let loss = streams.forward(&rnn);
            streams.learn(OPTIMIZER, &mut rnn, &mut G);
            (loss, rnn.parameters.values().to_vec(), G.values().to_vec())
        }

        /// By the definition, from loss and gradient summed over the streams.
        fn moved_by(&self, loss: f64, gradient: [Vec<f64>; 5]) -> Learned {
            let B = self.streams.len() as f64;
            let mean: Vec<f64> = gradient.concat().iter().map(|g| g / B).collect();
            let mut theta = self.rnn.parameters.values().to_vec();
            let mut G = self.G.values().to_vec();
            let AdaGrad { eta, epsilon, clip } = OPTIMIZER;
            reference::update(&mut theta, &mut G, &mean, [clip, eta, epsilon]);
            (loss / B, theta, G)
        }

        fn zeros(&self) -> [Vec<f64>; 5] {
            let tensors = self.rnn.shape().tensors();
            tensors.map(|(_, rows, columns)| vec![0.0; rows * columns])
        }
    }

    #[test]
    fn an_update_of_several_streams_is_that_of_the_definition() {
        for case in cases() {
            let (parameters, K) = (&case.rnn.parameters, case.rnn.shape().K());
            let (mut loss, mut gradient) = (0.0, case.zeros());
            for Read {
                inputs,
                targets,
                h0,
            } in &case.streams
            {
                let (X, Y) = (one_hot(inputs, K), one_hot(targets, K));
                let pass = reference::forward(parameters, &X, &Y, h0);
                let of_stream = reference::backward(parameters, &X, &Y, &pass);
                loss += pass.loss;
                for (sum, part) in gradient.iter_mut().zip(&of_stream) {
                    *sum = reference::plus(sum, part);
                }
            }
            let (loss, theta, G) = case.moved_by(loss, gradient);
            let learned = case.learned(Level::chosen(), 1);
            close(&[learned.0], &[loss]);
            close(&learned.1, &theta);
            close(&learned.2, &G);
        }
    }

    fn close(ours: &[f64], theirs: &[f64]) {
        assert_eq!(ours.len(), theirs.len());
        for (x, y) in ours.iter().zip(theirs) {
            assert!((x - y).abs() <= 1e-12 * (1e-1 + y.abs()), "{x} and {y}");
        }
    }

    /// Every stream alone, and then every sum by increasing t of the first stream, of the next, ...
    #[test]
    fn an_update_keeps_the_written_order_at_every_level_on_any_number_of_threads() {
        for case in cases() {
            let (m, K) = (case.rnn.shape().m(), case.rnn.shape().K());
            let (mut loss, mut gradient) = (0.0, case.zeros());
            let [dU, dW, dV, db, dc] = &mut gradient;
            for read in &case.streams {
                let steps = Unrolled::new(case.rnn.shape(), case.T, 1);
                let mut steps = steps.unwrap().at(Level::BASELINE);
                steps.begin(0, &read.inputs, &read.targets, &read.h0);
                case.rnn.forward(&mut steps);
                case.rnn.propagate(&mut steps);
                loss = steps.losses().fold(loss, |sum, loss| sum + loss);
                for (t, (x, da)) in steps.inputs_with_da().enumerate() {
                    let (before, h, g) = (steps.h(t, 0), steps.h(t + 1, 0), steps.p(t, 0));
                    for (i, da) in da.iter().enumerate() {
                        dU[i * K + x] += da;
                        db[i] += da;
                    }
                    for i in 0..m * m {
                        dW[i] += da[i / m] * before[i % m];
                    }
                    for i in 0..K * m {
                        dV[i] += g[i / m] * h[i % m];
                    }
                    for (dc, g) in dc.iter_mut().zip(g) {
                        *dc += g;
                    }
                }
            }
            let written = bits(&case.moved_by(loss, gradient));
            for level in Level::available() {
                for threads in [1, 2, 3, 7] {
                    let learned = case.learned(level, threads);
                    let B = case.streams.len();
                    assert!(
                        bits(&learned) == written,
                        "{level:?}, {threads} threads, m = {m}, K = {K}, B = {B}"
                    );
                }
            }
        }
    }

    fn bits((loss, theta, G): &Learned) -> Vec<u64> {
        let numbers = [&[*loss], &theta[..], &G[..]].concat();
        numbers.into_iter().map(f64::to_bits).collect()
    }

    #[test]
    fn what_is_not_a_number_goes_through_the_clip_at_every_level() {
        let mut case = Case::new((5, 70, 7), 2);
        case.rnn.parameters.tensors_mut().c[3] = f64::NAN;
        for level in Level::available() {
            let (loss, theta, G) = case.learned(level, 2);
            assert!(loss.is_nan(), "{level:?}");
            for values in [&theta, &G] {
                // V, b and c: the gradient is not a number in any entry.
                let rest = &values[5 * 70 + 5 * 5..];
                assert!(rest.iter().all(|x| x.is_nan()), "{level:?}");
            }
        }
    }

    /// Otherwise neither test above would see the clip, or an entry that it leaves alone.
    #[test]
    fn some_entries_are_clipped_and_some_are_not() {
        let case = Case::new((8, 16, 4), 3);
        let (_, _, G) = case.learned(Level::chosen(), 1);
        let clipped = G.iter().zip(case.G.values()).filter(|(G, before)| {
            let limit = OPTIMIZER.clip * OPTIMIZER.clip;
            (*G - *before - limit).abs() < 1e-12
        });
        let share = clipped.count() as f64 / G.len() as f64;
        assert!((0.02..0.9).contains(&share), "{share}");
    }
}
