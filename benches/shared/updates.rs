//! AdaGrad, by the sums of a gradient or by a gradient in memory.

use super::T;
use elman::internals::gradient::{GradientSink, sum_part};
use elman::internals::packed_weights::PackedWeights;
use elman::internals::parameters::Tensor;
use elman::internals::parts::{Part, Scratch};
use elman::internals::update::{AdaGrad, Divisor, EntryUpdate, Step, UpdateParameters};
use elman::kernels::{F64x8, Kernel, Level};
use elman::network::{Optimizer, Rule};
use elman::{Parameters, Shape, Unrolled};

/// So small that however often the same gradient comes, the parameters stay where they are.
pub const RULE: Rule =
    Rule { optimizer: Optimizer::AdaGrad, eta: 1e-9, epsilon: 1e-8, clip: 5.0, t: 1000 };

/// What moves parameters of one shape, part by part.
pub struct Sums {
    memory: [Parameters; 1],
    /// The packed weights of the network.
    pub weights: PackedWeights,
    scratch: Scratch,
    batch_size: usize,
}

impl Sums {
    pub fn new(shape: Shape, batch_size: usize) -> Self {
        Sums {
            memory: [Parameters::zeros(shape).expect("memory")],
            weights: PackedWeights::new(shape).expect("memory"),
            scratch: Scratch::new(shape, T * batch_size).expect("memory"),
            batch_size,
        }
    }

    /// Sums the parts of some tensors after backpropagation, updates these and packs them again.
    pub fn update(&mut self, theta: &mut Parameters, steps: &Unrolled, tensors: &[Tensor]) {
        let parts = Part::all(theta.shape());
        for part in parts.filter(|part| tensors.contains(&part.tensor)) {
            let step = Step {
                update: AdaGrad::of(&RULE),
                divisor: Divisor::of(self.batch_size as f64),
                clip: RULE.clip,
                fast: true,
            };
            let (theta, memory) = (&mut *theta, &mut self.memory);
            let sink = UpdateParameters { step, theta, memory, weights: Some(&mut self.weights) };
            sum_part(Level::chosen(), &[steps], &part, &mut self.scratch, sink);
        }
    }
}

/// The parameters W of a network, and their gradient in memory.
pub struct InMemory<const N: usize> {
    theta: Parameters,
    memory: [Parameters; N],
    gradient: Vec<f64>,
}

impl<const N: usize> InMemory<N> {
    /// With m^2 entries.
    pub fn new(m: usize) -> Self {
        let shape = Shape::new(m, 1).expect("a small shape");
        let ones = || {
            let mut ones = Parameters::zeros(shape).expect("memory");
            ones.values_mut().fill(1.0);
            ones
        };
        InMemory {
            theta: ones(),
            memory: [(); N].map(|()| ones()),
            gradient: super::numbers(m * m).to_vec(),
        }
    }

    /// Updates all entries; where it can be `fast`, some or all of them without the divider.
    pub fn update(&mut self, update: impl EntryUpdate<N>, fast: bool) {
        let InMemory { theta, memory, gradient } = self;
        let step = Step { update, divisor: Divisor::of(1.0), clip: RULE.clip, fast };
        let sink = UpdateParameters { step, theta, memory, weights: None };
        Level::chosen().run(Take { sink, gradient });
    }
}

struct Take<'a, S> {
    sink: S,
    gradient: &'a [f64],
}

impl<S: GradientSink> Kernel for Take<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(mut self) {
        self.sink.take::<F>(Tensor::W, 0, self.gradient);
    }
}
