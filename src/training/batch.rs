//! One update of all streams, on one thread or several.
//!
//! The streams are dealt out to threads in groups for the passes, and the rows of the parameters for the
//! sums and the update. So every number is computed by one thread, in the order that it would have had on
//! a single one: the number of threads never shows in the bits.

use crate::kernels::{Entries, Level};
use crate::network::gradient::{ColumnSums, Parts, Sums};
use crate::network::optimizer::{AdaGrad, Adam, Moves, Moving, Optimizer, RmsProp, Rule};
use crate::network::parameters::{Block, Parameters, Shape, ShapeError};
use crate::network::rnn::Rnn;
use crate::network::unrolled::Unrolled;
use crate::training::threads::side_by_side;

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
    /// parameters and of what the optimiser remembers by the gradient, which is divided by `divisor` first: by the
    /// number of streams, and where the loss is a mean over the steps, by theirs as well.
    ///
    /// # Panics
    /// Where `memory` is that of another optimiser or another shape.
    pub fn learn(&mut self, rule: &Rule, divisor: usize, rnn: &mut Rnn, memory: &mut [Parameters]) {
        if !self.propagated {
            self.groups
                .iter_mut()
                .for_each(|group| rnn.propagate(group));
            self.propagated = true;
        }
        let clip = rule.clip;
        match rule.optimizer {
            Optimizer::AdaGrad => self.learn_by(AdaGrad::of(rule), clip, divisor, rnn, memory),
            Optimizer::Adam { beta1, beta2 } => {
                self.learn_by(Adam::of(rule, beta1, beta2), clip, divisor, rnn, memory);
            }
            Optimizer::RmsProp { beta2 } => {
                self.learn_by(RmsProp::of(rule, beta2), clip, divisor, rnn, memory);
            }
        }
    }

    fn learn_by<M: Moves<N>, const N: usize>(
        &mut self,
        moves: M,
        clip: f64,
        divisor: usize,
        rnn: &mut Rnn,
        memory: &mut [Parameters],
    ) {
        let memory: &mut [Parameters; N] = memory.try_into().expect("streams: memory");
        let (level, shape) = (self.level, rnn.shape());
        let groups = &self.groups;
        let mut theta = rnn.parameters.tensors_mut();
        let mut memory = memory.each_mut().map(Parameters::tensors_mut);
        let blocks = Block::split(shape, self.columns.len());
        side_by_side(
            self.columns.len(),
            blocks.zip(&mut self.columns).map(|(block, columns)| {
                let theta = theta.take_rows(&block, shape);
                let memory = memory.each_mut().map(|part| part.take_rows(&block, shape));
                let parts = Moving::parts(moves, clip, theta, memory);
                move || match divisor {
                    // Dividing by 1 would change nothing but take its time.
                    1 => sum_up(level, groups, block, parts, columns),
                    _ => {
                        let parts = parts.divided_by(divisor as f64);
                        sum_up(level, groups, block, parts, columns);
                    }
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
    use crate::network::reference;
    use crate::random::{Generator, Stream};
    use crate::text::vocabulary::one_hot;

    /// A small clip, so that it bites.
    const ADAGRAD: Rule = Rule {
        optimizer: Optimizer::AdaGrad,
        eta: 0.1,
        epsilon: 1e-2,
        clip: 0.3,
        t: 3,
    };

    fn rules() -> [Rule; 3] {
        let (beta1, beta2) = (0.8, 0.97);
        let adam = Optimizer::Adam { beta1, beta2 };
        let rms_prop = Optimizer::RmsProp { beta2 };
        [Optimizer::AdaGrad, adam, rms_prop].map(|optimizer| Rule {
            optimizer,
            ..ADAGRAD
        })
    }

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
        /// Of any optimiser, as many as it takes.
        memory: [Parameters; 2],
        T: usize,
        streams: Vec<Read>,
    }

    struct Read {
        inputs: Vec<usize>,
        targets: Vec<usize>,
        h0: Vec<f64>,
    }

    /// Loss, parameters and what is remembered of them after an update.
    type Learned = (f64, Vec<f64>, Vec<f64>);

    /// A rule, whether the loss is a mean over the steps, and how the parameters are moved.
    type Update<'a> = (
        &'a Rule,
        bool,
        fn(&Rule, &mut [f64], &mut [Vec<f64>], &[f64]),
    );

    /// As [`Rule::update`]: the order of every operation.
    fn as_written(rule: &Rule, theta: &mut [f64], memory: &mut [Vec<f64>], gradient: &[f64]) {
        let mut memory: Vec<&mut [f64]> = memory.iter_mut().map(|part| &mut part[..]).collect();
        rule.update_slices(theta, &mut memory, gradient);
    }

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
            let [mut parameters, mut first, mut second] =
                [0; 3].map(|_| Parameters::zeros(shape).unwrap());
            let entries = drawn(vec![0.0; shape.entries()], 0.2);
            parameters.values_mut().copy_from_slice(&entries);
            let memory = first.values_mut().iter_mut().zip(second.values_mut());
            for ((first, second), x) in memory.zip(&entries) {
                (*first, *second) = (x * x, 0.5 * x * x);
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
                memory: [first, second],
                T,
                streams: streams.collect(),
            }
        }

        fn memory(&self, rule: &Rule) -> Vec<Parameters> {
            self.memory[..rule.optimizer.memory().len()].to_vec()
        }

        /// The loss a mean over the steps where it is to be.
        fn divisor(&self, is_mean: bool) -> usize {
            let T = if is_mean { self.T } else { 1 };
            self.streams.len() * T
        }

        fn learned(&self, rule: &Rule, is_mean: bool, level: Level, threads: usize) -> Learned {
            let (mut rnn, mut memory) = (self.rnn.clone(), self.memory(rule));
            let B = self.streams.len();
            let streams = Streams::new(rnn.shape(), self.T, B, threads);
            let mut streams = streams.unwrap().at(level);
            for (s, read) in self.streams.iter().enumerate() {
                streams.begin(s, &read.inputs, &read.targets, &read.h0);
            }
            let loss = streams.forward(&rnn);
            streams.learn(rule, self.divisor(is_mean), &mut rnn, &mut memory);
            let remembered = memory.iter().flat_map(|part| part.values().to_vec());
            (loss, rnn.parameters.values().to_vec(), remembered.collect())
        }

        /// By the definition, from loss and gradient summed over the streams.
        fn moved_by(&self, by: Update, loss: f64, gradient: &[Vec<f64>; 5]) -> Learned {
            let (rule, is_mean, update) = by;
            let divisor = self.divisor(is_mean) as f64;
            let mean: Vec<f64> = gradient.concat().iter().map(|g| g / divisor).collect();
            let mut theta = self.rnn.parameters.values().to_vec();
            let memory = self.memory(rule).into_iter();
            let mut memory: Vec<Vec<f64>> = memory.map(|part| part.values().to_vec()).collect();
            update(rule, &mut theta, &mut memory, &mean);
            (loss / self.streams.len() as f64, theta, memory.concat())
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
            for rule in rules() {
                for is_mean in [false, true] {
                    let by: Update = (&rule, is_mean, reference::update);
                    let (loss, theta, memory) = case.moved_by(by, loss, &gradient);
                    let learned = case.learned(&rule, is_mean, Level::chosen(), 1);
                    close(&[learned.0], &[loss]);
                    close(&learned.1, &theta);
                    close(&learned.2, &memory);
                }
            }
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
            for rule in rules() {
                let is_mean = rule.optimizer != Optimizer::AdaGrad;
                let by: Update = (&rule, is_mean, as_written);
                let written = bits(&case.moved_by(by, loss, &gradient));
                for level in Level::available() {
                    for threads in [1, 2, 3, 7] {
                        let learned = case.learned(&rule, is_mean, level, threads);
                        let (B, by) = (case.streams.len(), rule.optimizer);
                        assert!(
                            bits(&learned) == written,
                            "{by:?}, {level:?}, {threads} threads, m = {m}, K = {K}, B = {B}"
                        );
                    }
                }
            }
        }
    }

    fn bits((loss, theta, memory): &Learned) -> Vec<u64> {
        let numbers = [&[*loss], &theta[..], &memory[..]].concat();
        numbers.into_iter().map(f64::to_bits).collect()
    }

    #[test]
    fn what_is_not_a_number_goes_through_the_clip_at_every_level() {
        let mut case = Case::new((5, 70, 7), 2);
        case.rnn.parameters.tensors_mut().c[3] = f64::NAN;
        for level in Level::available() {
            for rule in rules() {
                let (loss, theta, memory) = case.learned(&rule, false, level, 2);
                assert!(loss.is_nan(), "{level:?}");
                for values in std::iter::once(&theta[..]).chain(memory.chunks(theta.len())) {
                    // V, b and c: the gradient is not a number in any entry.
                    let rest = &values[5 * 70 + 5 * 5..];
                    assert!(rest.iter().all(|x| x.is_nan()), "{level:?}");
                }
            }
        }
    }

    /// Otherwise neither test above would see the clip, or an entry that it leaves alone.
    #[test]
    fn some_entries_are_clipped_and_some_are_not() {
        let case = Case::new((8, 16, 4), 3);
        let (_, _, G) = case.learned(&ADAGRAD, false, Level::chosen(), 1);
        let clipped = G.iter().zip(case.memory[0].values()).filter(|(G, before)| {
            let limit = ADAGRAD.clip * ADAGRAD.clip;
            (*G - *before - limit).abs() < 1e-12
        });
        let share = clipped.count() as f64 / G.len() as f64;
        assert!((0.02..0.9).contains(&share), "{share}");
    }
}
