//! One update of a batch, on one thread or several.
//!
//! The threads share the sequences of the batch during the passes, and the parts of the parameters during the sums and
//! the update. A free thread takes the next group or part. Every number is computed by one thread, in the same order as
//! on a single thread, so the number of threads never changes the bits of a result.

use crate::kernels::{F64x8, Level};
use crate::network::columns::ColumnSums;
use crate::network::gradient::{GradientSink, sum_part};
use crate::network::optimizer::Rule;
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Parameters, ShapeError, Tensor};
use crate::network::parts::{Part, Scratch};
use crate::network::rnn::Rnn;
use crate::network::unrolled::Unrolled;
use crate::network::update::{Divisor, EntryUpdate, Step, UpdateParameters, UpdateWork};
use crate::threads::lock;
use crate::training::crew::Crew;
use std::mem;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// The buffers of one update of B sequences.
#[derive(Debug)]
pub struct Batch {
    size: usize,
    crew: Crew<Shared>,
}

/// What the threads share.
///
/// The threads live longer than an update, so they cannot borrow the parameters. The parameters are moved here for an
/// update, and back after it.
#[derive(Debug)]
struct Shared {
    level: Level,
    /// The sequences in order, in groups of about the same size.
    groups: Vec<RwLock<Unrolled>>,
    parts: Vec<Part>,
    /// The next group or part that no thread has taken.
    next: AtomicUsize,
    work: RwLock<Work>,
    theta: RwLock<Theta>,
    /// Room for the sums of as many parts as there are threads.
    scratch: Mutex<Vec<Scratch>>,
}

/// What the threads do.
#[derive(Clone, Copy, Debug)]
enum Work {
    /// The forward pass and the backward pass of each group.
    Passes,
    /// The sums and the update of each part.
    Update { rule: Rule, divisor: Divisor, fast: bool },
}

/// The parameters, and the state of the optimizer.
#[derive(Debug)]
struct Theta {
    rnn: Option<Rnn>,
    memory: Vec<Parameters>,
    /// The packed weights of the network. An update packs the weights that it changes.
    weights: PackedWeights,
}

impl Batch {
    /// Makes buffers for `T` steps of `size` sequences of this network, on up to `threads` threads.
    pub fn new(
        rnn: &Rnn,
        T: usize,
        size: usize,
        threads: usize,
        level: Level,
    ) -> Result<Self, ShapeError> {
        let shape = rnn.shape();
        let parts: Vec<Part> = Part::all(shape).collect();
        let weights = PackedWeights::of(&rnn.parameters, level)?;
        let groups = threads.clamp(1, size.max(1));
        let threads = threads.clamp(1, groups.max(parts.len()));
        let sizes = (0..groups).map(|i| (i + 1) * size / groups - i * size / groups);
        let groups =
            sizes.map(|size| Ok(RwLock::new(Unrolled::without_room(shape, T, size)?.at(level))));
        let scratch = (0..threads).map(|_| Scratch::new(shape, T.saturating_mul(size)));
        let shared = Shared {
            level,
            groups: groups.collect::<Result<_, _>>()?,
            parts,
            next: AtomicUsize::new(0),
            work: RwLock::new(Work::Passes),
            theta: RwLock::new(Theta { rnn: None, memory: Vec::new(), weights }),
            scratch: Mutex::new(scratch.collect::<Result<_, _>>()?),
        };
        Ok(Batch { size, crew: Crew::new(threads, shared, Shared::work) })
    }

    /// Changes the number of steps, to at most the number that the batch was made for.
    pub fn resize(&mut self, T: usize) {
        self.crew.shared().groups.iter().for_each(|group| write(group).resize(T));
    }

    /// Sets what a sequence reads, as [`Unrolled::begin`] does.
    pub fn begin(&mut self, sequence: usize, inputs: &[usize], targets: &[usize], h0: &[f64]) {
        let mut before = 0;
        for group in &self.crew.shared().groups {
            let mut group = write(group);
            if sequence < before + group.batch_size() {
                return group.set(sequence - before, inputs, targets, h0);
            }
            before += group.batch_size();
        }
        panic!("batch: there is no sequence {sequence}");
    }

    /// Copies the hidden state of every sequence after the last step, in order.
    pub fn copy_last_h(&self, h: &mut [f64]) {
        let mut rest = h;
        for group in &self.crew.shared().groups {
            let group = read(group);
            for sequence in 0..group.batch_size() {
                let last = group.h(group.steps(), sequence);
                let (h, others) = mem::take(&mut rest).split_at_mut(last.len());
                h.copy_from_slice(last);
                rest = others;
            }
        }
    }

    /// The forward pass and the backward pass of the network, whose parameters only [`Batch::update`] may have changed.
    /// Returns the loss in nats, summed over the steps and divided by the batch size.
    pub fn forward_backward(&mut self, rnn: &mut Rnn) -> f64 {
        self.run(Work::Passes, rnn, &mut Vec::new());
        let mut sum = 0.0;
        for group in &self.crew.shared().groups {
            sum = read(group).losses().fold(sum, |sum, loss| sum + loss);
        }
        sum / self.size as f64
    }

    /// Updates the parameters and the state of the optimizer, after [`Batch::forward_backward`]. The gradient is first
    /// divided by `divisor`: the batch size, times the number of steps if the loss is a mean over them.
    pub fn update(
        &mut self,
        rule: &Rule,
        divisor: usize,
        rnn: &mut Rnn,
        memory: &mut Vec<Parameters>,
    ) {
        let fast = self.crew.shared().groups.iter().all(|group| read(group).is_ordinary);
        let divisor = Divisor::of(divisor as f64);
        self.run(Work::Update { rule: *rule, divisor, fast }, rnn, memory);
    }

    /// Moves the parameters to the threads, runs the work and moves the parameters back.
    fn run(&mut self, work: Work, rnn: &mut Rnn, memory: &mut Vec<Parameters>) {
        let shared = self.crew.shared();
        let mut theta = write(&shared.theta);
        debug_assert!(theta.weights.are_of(&rnn.parameters), "batch: another network");
        theta.rnn = Some(mem::replace(rnn, Rnn { parameters: Parameters::none() }));
        theta.memory = mem::take(memory);
        drop(theta);
        *write(&shared.work) = work;
        shared.next.store(0, Ordering::Relaxed);
        self.crew.work();
        let mut theta = write(&self.crew.shared().theta);
        *memory = mem::take(&mut theta.memory);
        *rnn = theta.rnn.take().expect("the network comes back");
    }
}

impl Shared {
    /// Takes groups or parts until none is left.
    fn work(&self) {
        match *read(&self.work) {
            Work::Passes => {
                let theta = read(&self.theta);
                let rnn = theta.rnn.as_ref().expect("a network");
                while let Some(group) = self.groups.get(self.take()) {
                    let steps = &mut *write(group);
                    rnn.forward_from(&theta.weights, 0, 0, steps);
                    rnn.propagate_with(&theta.weights, steps);
                }
            }
            Work::Update { rule, divisor, fast } => {
                rule.dispatch(UpdateParts { shared: self, clip: rule.clip, divisor, fast });
            }
        }
    }

    fn take(&self) -> usize {
        self.next.fetch_add(1, Ordering::Relaxed)
    }
}

/// The sums and the update of the parts that one thread takes.
struct UpdateParts<'a> {
    shared: &'a Shared,
    clip: f64,
    divisor: Divisor,
    fast: bool,
}

impl UpdateWork for UpdateParts<'_> {
    fn run<U: EntryUpdate<N>, const N: usize>(self, update: U) {
        let UpdateParts { shared, clip, divisor, fast } = self;
        // As many as threads were asked for.
        let Some(mut scratch) = lock(&shared.scratch).pop() else {
            return;
        };
        let step = Step { update, divisor, clip, fast };
        let sink = Locked { step, theta: &shared.theta };
        let mut update = |groups: &[&Unrolled]| {
            while let Some(part) = shared.parts.get(shared.take()) {
                sum_part(shared.level, groups, part, &mut scratch, sink);
            }
        };
        match &shared.groups[..] {
            // One thread allocates nothing.
            [group] => update(&[&read(group)]),
            groups => {
                let groups: Vec<_> = groups.iter().map(read).collect();
                update(&groups.iter().map(|group| &**group).collect::<Vec<_>>());
            }
        }
        lock(&shared.scratch).push(scratch);
    }
}

/// Updates the parameters, one thread at a time. The sums before it take far longer, so threads seldom wait.
#[derive(Clone, Copy)]
struct Locked<'a, U, const N: usize> {
    step: Step<U>,
    theta: &'a RwLock<Theta>,
}

impl<U: EntryUpdate<N>, const N: usize> Locked<'_, U, N> {
    #[inline(always)]
    fn of<'a>(&self, theta: &'a mut Theta) -> UpdateParameters<'a, U, N> {
        let Theta { rnn, memory, weights, .. } = theta;
        UpdateParameters {
            step: self.step,
            theta: &mut rnn.as_mut().expect("a network").parameters,
            memory: memory.as_mut_slice().try_into().expect("batch: memory"),
            weights: Some(weights),
        }
    }
}

impl<U: EntryUpdate<N>, const N: usize> GradientSink for Locked<'_, U, N> {
    const NEEDS_ZEROS: bool = U::CHANGES_AT_ZERO;

    #[inline(always)]
    fn take<F: F64x8>(&mut self, tensor: Tensor, at: usize, entries: &[f64]) {
        self.of(&mut write(self.theta)).take::<F>(tensor, at, entries);
    }

    #[inline(always)]
    fn take_columns<F: F64x8>(&mut self, rows: Range<usize>, columns: &ColumnSums) {
        self.of(&mut write(self.theta)).take_columns::<F>(rows, columns);
    }
}

// A thread that panics takes the whole update with it, so what it leaves behind is never seen.

fn read<T>(value: &RwLock<T>) -> RwLockReadGuard<'_, T> {
    value.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(value: &RwLock<T>) -> RwLockWriteGuard<'_, T> {
    value.write().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod threads;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Number as _;
    use crate::network::optimizer::Optimizer;
    use crate::network::parameters::Shape;
    use crate::network::reference;
    use crate::random::{Generator, Stream};
    use crate::text::vocabulary::one_hot;

    /// A small clip, so that it bites.
    const ADAGRAD: Rule =
        Rule { optimizer: Optimizer::AdaGrad, eta: 0.1, epsilon: 1e-2, clip: 0.3, t: 3 };

    fn rules() -> [Rule; 3] {
        let (beta1, beta2) = (0.8, 0.97);
        let adam = Optimizer::Adam { beta1, beta2 };
        let rms_prop = Optimizer::RmsProp { beta2 };
        [Optimizer::AdaGrad, adam, rms_prop].map(|optimizer| Rule { optimizer, ..ADAGRAD })
    }

    /// m, K, T: single numbers, whole blocks, blocks with something left over.
    const SHAPES: [(usize, usize, usize); 8] = [
        (1, 1, 1),
        (3, 2, 4),
        (5, 70, 7),
        (8, 16, 4),
        (19, 9, 3),
        (33, 12, 25),
        (128, 40, 4),
        (260, 5, 3),
    ];

    /// A network without zeros, and what its sequences read.
    struct Case {
        rnn: Rnn,
        /// For any optimizer, which takes as many as it needs.
        memory: [Parameters; 2],
        T: usize,
        sequences: Vec<Sequence>,
    }

    struct Sequence {
        inputs: Vec<usize>,
        targets: Vec<usize>,
        h0: Vec<f64>,
    }

    /// Loss, parameters and what is remembered of them after an update.
    type Learned = (f64, Vec<f64>, Vec<f64>);

    /// A rule, whether the loss is a mean over the steps, and how the parameters are moved.
    type Update<'a> = (&'a Rule, bool, fn(&Rule, &mut [f64], &mut [Vec<f64>], &[f64]));

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
            let sequences = (0..B).map(|s| {
                let character = |t: usize| (t * t * 7 + 5 * t * s + s) % K;
                Sequence {
                    inputs: (0..T).map(character).collect(),
                    targets: (1..=T).map(character).collect(),
                    h0: drawn(vec![0.0; m], 0.5),
                }
            });
            Case {
                rnn: Rnn { parameters },
                memory: [first, second],
                T,
                sequences: sequences.collect(),
            }
        }

        fn memory(&self, rule: &Rule) -> Vec<Parameters> {
            self.memory[..rule.optimizer.state_parts().len()].to_vec()
        }

        /// The loss a mean over the steps where it is to be.
        fn divisor(&self, is_mean: bool) -> usize {
            let T = if is_mean { self.T } else { 1 };
            self.sequences.len() * T
        }

        fn learned(&self, rule: &Rule, is_mean: bool, level: Level, threads: usize) -> Learned {
            let (mut rnn, mut memory) = (self.rnn.clone(), self.memory(rule));
            let B = self.sequences.len();
            let begun = |rnn: &Rnn, threads: usize| {
                let mut batch = Batch::new(rnn, self.T, B, threads, level).unwrap();
                for (s, read) in self.sequences.iter().enumerate() {
                    batch.begin(s, &read.inputs, &read.targets, &read.h0);
                }
                batch
            };
            let mut batch = begun(&rnn, threads);
            let loss = batch.forward_backward(&mut rnn);
            batch.update(rule, self.divisor(is_mean), &mut rnn, &mut memory);
            // The packed weights are those of the network that the update has left.
            let mut anew = begun(&rnn, 1);
            let next = [&mut batch, &mut anew].map(|batch| batch.forward_backward(&mut rnn));
            assert_eq!(next[0].to_bits(), next[1].to_bits());
            let remembered = memory.iter().flat_map(|part| part.values().to_vec());
            (loss, rnn.parameters.values().to_vec(), remembered.collect())
        }

        /// By the definition, from loss and gradient summed over the sequences.
        fn moved_by(&self, by: Update, loss: f64, gradient: &[Vec<f64>; 5]) -> Learned {
            let (rule, is_mean, update) = by;
            let divisor = self.divisor(is_mean) as f64;
            let mean: Vec<f64> = gradient.concat().iter().map(|g| g / divisor).collect();
            let mut theta = self.rnn.parameters.values().to_vec();
            let memory = self.memory(rule).into_iter();
            let mut memory: Vec<Vec<f64>> = memory.map(|part| part.values().to_vec()).collect();
            update(rule, &mut theta, &mut memory, &mean);
            (loss / self.sequences.len() as f64, theta, memory.concat())
        }

        fn zeros(&self) -> [Vec<f64>; 5] {
            let tensors = self.rnn.shape().tensors();
            tensors.map(|(_, rows, columns)| vec![0.0; rows * columns])
        }
    }

    #[test]
    fn an_update_of_a_batch_is_that_of_the_definition() {
        for case in cases() {
            let (parameters, K) = (&case.rnn.parameters, case.rnn.shape().K());
            let (mut loss, mut gradient) = (0.0, case.zeros());
            for Sequence { inputs, targets, h0 } in &case.sequences {
                let (X, Y) = (one_hot(inputs, K).unwrap(), one_hot(targets, K).unwrap());
                let pass = reference::forward(parameters, &X, &Y, h0);
                let of_sequence = reference::backward(parameters, &X, &Y, &pass);
                loss += pass.loss;
                for (sum, part) in gradient.iter_mut().zip(&of_sequence) {
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

    /// Every sequence alone; then every sum by increasing t of the first sequence, of the next, ...
    #[test]
    fn an_update_keeps_the_written_order_at_every_level_on_any_number_of_threads() {
        for case in cases() {
            let (m, K) = (case.rnn.shape().m(), case.rnn.shape().K());
            let (mut loss, mut gradient) = (0.0, case.zeros());
            let [dU, dW, dV, db, dc] = &mut gradient;
            for read in &case.sequences {
                let steps = Unrolled::new(case.rnn.shape(), case.T, 1);
                let mut steps = steps.unwrap().at(Level::BASELINE);
                steps.set(0, &read.inputs, &read.targets, &read.h0);
                case.rnn.forward(&mut steps);
                case.rnn.propagate(&mut steps);
                loss = steps.losses().fold(loss, |sum, loss| sum + loss);
                for (t, (x, da)) in steps.inputs_with_da().enumerate() {
                    let (before, h, g) = (steps.h(t, 0), steps.h(t + 1, 0), steps.p(t, 0));
                    for (i, da) in da[..m].iter().enumerate() {
                        dU[i * K + x] += da;
                        db[i] += da;
                    }
                    for i in 0..m * m {
                        dW[i] = da[i / m].fma(before[i % m], dW[i]);
                    }
                    for i in 0..K * m {
                        dV[i] = g[i / m].fma(h[i % m], dV[i]);
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
                        let (B, by) = (case.sequences.len(), rule.optimizer);
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
