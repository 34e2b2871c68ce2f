//! The update of the parameters by their gradient.
//!
//! [`Optimizer`] has the equations. A power is a product of squares, see [`power`].
//!
//! Averages of gradients that stay 0 fall towards 0 for ever. They would become subnormal, which is a hundred times
//! slower on some machines; so m and v become 0 at an absolute value of 1e-300.

use crate::kernels::{EntrySink, F64x4, Number};
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::{Parameters, Tensors};

impl Rule {
    /// Updates all parameters and what the optimizer remembers by a gradient that is in memory. Training does the same
    /// entry by entry, see [`UpdateParameters`].
    ///
    /// # Panics
    /// Panics if the shapes differ, or if `memory` is that of another optimizer.
    pub fn update(&self, theta: &mut Parameters, memory: &mut [Parameters], gradient: &Parameters) {
        let shape = gradient.shape();
        let fit = memory.iter().all(|part| part.shape() == shape);
        assert!(fit && theta.shape() == shape, "optimizer: shapes");
        let mut memory: Vec<&mut [f64]> = memory.iter_mut().map(Parameters::values_mut).collect();
        let gradient = gradient.values();
        self.update_slices(theta.values_mut(), &mut memory, gradient);
    }

    /// Updates as many entries as both theta and the gradient have.
    ///
    /// # Panics
    /// Panics if `memory` is that of another optimizer, or has fewer entries.
    pub fn update_slices(&self, theta: &mut [f64], memory: &mut [&mut [f64]], gradient: &[f64]) {
        self.dispatch(UpdateSlices { clip: self.clip, theta, memory, gradient });
    }

    /// Runs some work with the update of one entry that this rule has.
    pub(crate) fn dispatch(&self, work: impl UpdateWork) {
        match self.optimizer {
            Optimizer::AdaGrad => work.run(AdaGrad::of(self)),
            Optimizer::Adam { beta1, beta2 } => work.run(Adam::of(self, beta1, beta2)),
            Optimizer::RmsProp { beta2 } => work.run(RmsProp::of(self, beta2)),
        }
    }
}

/// Work that is compiled for every optimizer.
pub(crate) trait UpdateWork {
    /// Does it with the update of one entry.
    fn run<U: EntryUpdate<N>, const N: usize>(self, update: U);
}

struct UpdateSlices<'a, 'b> {
    clip: f64,
    theta: &'a mut [f64],
    memory: &'a mut [&'b mut [f64]],
    gradient: &'a [f64],
}

impl UpdateWork for UpdateSlices<'_, '_> {
    fn run<U: EntryUpdate<N>, const N: usize>(self, update: U) {
        let UpdateSlices { clip, theta, memory, gradient } = self;
        let memory: &mut [&mut [f64]; N] = memory.try_into().expect("optimizer: memory");
        for (i, (theta, &g)) in theta.iter_mut().zip(gradient).enumerate() {
            let before = std::array::from_fn(|k| memory[k][i]);
            let (updated, after) = update.entry(*theta, before, clipped(g, clip));
            *theta = updated;
            for (part, value) in memory.iter_mut().zip(after) {
                part[i] = value;
            }
        }
    }
}

/// Clips an entry of the gradient. NaN stays NaN, so that the loss shows it.
#[inline(always)]
pub(crate) fn clipped<F: Number>(g: F, clip: f64) -> F {
    F::splat(clip).smaller(F::splat(-clip).larger(g))
}

/// How one update changes an entry of which the optimizer remembers N numbers.
pub trait EntryUpdate<const N: usize>: Copy + Send + Sync {
    /// Whether the update may change an entry whose gradient is +0.
    const CHANGES_AT_ZERO: bool;

    /// The entry and its remembered numbers after an update by the clipped gradient `g`.
    fn entry<F: Number>(&self, theta: F, memory: [F; N], g: F) -> (F, [F; N]);
}

/// The numbers of AdaGrad in one update.
#[derive(Clone, Copy, Debug)]
pub struct AdaGrad {
    eta: f64,
    epsilon: f64,
}

impl AdaGrad {
    /// The AdaGrad numbers of this rule.
    pub fn of(rule: &Rule) -> Self {
        AdaGrad { eta: rule.eta, epsilon: rule.epsilon }
    }
}

impl EntryUpdate<1> for AdaGrad {
    const CHANGES_AT_ZERO: bool = false;

    #[inline(always)]
    fn entry<F: Number>(&self, theta: F, [G]: [F; 1], g: F) -> (F, [F; 1]) {
        let G = G + g * g;
        let step = (F::splat(self.eta) * g) / (G + F::splat(self.epsilon)).sqrt();
        (theta - step, [G])
    }
}

/// The numbers of RMSProp in one update.
#[derive(Clone, Copy, Debug)]
pub struct RmsProp {
    eta: f64,
    epsilon: f64,
    beta2: f64,
}

impl RmsProp {
    /// The RMSProp numbers of this rule.
    pub fn of(rule: &Rule, beta2: f64) -> Self {
        RmsProp { eta: rule.eta, epsilon: rule.epsilon, beta2 }
    }
}

impl EntryUpdate<1> for RmsProp {
    const CHANGES_AT_ZERO: bool = true;

    #[inline(always)]
    fn entry<F: Number>(&self, theta: F, [v]: [F; 1], g: F) -> (F, [F; 1]) {
        let v = second(self.beta2, v, g);
        let step = (F::splat(self.eta) * g) / (v.sqrt() + F::splat(self.epsilon));
        (theta - step, [v])
    }
}

/// The numbers of Adam in one update.
#[derive(Clone, Copy, Debug)]
pub struct Adam {
    step: f64,
    epsilon: f64,
    beta1: f64,
    beta2: f64,
}

impl Adam {
    /// The Adam numbers of this rule.
    pub fn of(rule: &Rule, beta1: f64, beta2: f64) -> Self {
        let root = (1.0 - power(beta2, rule.t)).sqrt();
        Adam {
            step: rule.eta * root / (1.0 - power(beta1, rule.t)),
            epsilon: rule.epsilon * root,
            beta1,
            beta2,
        }
    }
}

impl EntryUpdate<2> for Adam {
    const CHANGES_AT_ZERO: bool = true;

    #[inline(always)]
    fn entry<F: Number>(&self, theta: F, [m, v]: [F; 2], g: F) -> (F, [F; 2]) {
        let m = F::splat(self.beta1) * m + F::splat(1.0 - self.beta1) * g;
        let m = without_subnormal(m);
        let v = second(self.beta2, v, g);
        let step = (F::splat(self.step) * m) / (v.sqrt() + F::splat(self.epsilon));
        (theta - step, [m, v])
    }
}

/// The new average of the squares.
#[inline(always)]
fn second<F: Number>(beta2: f64, v: F, g: F) -> F {
    let square = (F::splat(1.0 - beta2) * g) * g;
    without_subnormal(F::splat(beta2) * v + square)
}

#[inline(always)]
fn without_subnormal<F: Number>(x: F) -> F {
    x.abs().choose(F::splat(1e-300), F::splat(0.0), x)
}

/// `beta^t`: the product of those of beta, beta^2, beta^4, beta^8, ... whose exponents add up to t, the smallest first.
pub fn power(beta: f64, t: u64) -> f64 {
    let (mut product, mut square, mut left) = (1.0, beta, t);
    while left > 0 {
        if left % 2 == 1 {
            product *= square;
        }
        square *= square;
        left /= 2;
    }
    product
}

/// Updates parameters with the entries of their gradient as soon as these are summed.
#[derive(Debug)]
pub struct UpdateParameters<'a, U, const N: usize> {
    /// The update of an entry.
    pub update: U,
    /// Entries of the gradient are clipped to `[-clip, clip]` first.
    pub clip: f64,
    /// The parameters.
    pub theta: &'a mut [f64],
    /// The remembered numbers, each as long as theta.
    pub memory: [&'a mut [f64]; N],
}

impl<'a, U: EntryUpdate<N>, const N: usize> UpdateParameters<'a, U, N> {
    /// One sink for each of the five tensors.
    pub fn sinks(
        update: U,
        clip: f64,
        theta: Tensors<&'a mut [f64]>,
        memory: [Tensors<&'a mut [f64]>; N],
    ) -> Tensors<Self> {
        let mut memory = memory.map(|tensors| tensors.into_array().into_iter());
        theta.map(|theta| {
            let memory = memory.each_mut().map(|part| part.next().expect("five tensors"));
            UpdateParameters { update, clip, theta, memory }
        })
    }
}

impl<U: EntryUpdate<N>, const N: usize> EntrySink for UpdateParameters<'_, U, N> {
    const NEEDS_ZEROS: bool = U::CHANGES_AT_ZERO;

    #[inline(always)]
    fn take<F: F64x4>(&mut self, at: usize, entries: [F; 2]) {
        let (theta, _) = self.theta[at..at + 8].as_chunks_mut();
        let mut memory = (self.memory.each_mut()).map(|part| part[at..at + 8].as_chunks_mut().0);
        for i in 0..2 {
            let before = memory.each_ref().map(|part| F::load(&part[i]));
            let g = clipped(entries[i], self.clip);
            let (updated, after) = self.update.entry(F::load(&theta[i]), before, g);
            updated.store(&mut theta[i]);
            for (part, after) in memory.iter_mut().zip(after) {
                after.store(&mut part[i]);
            }
        }
    }

    #[inline(always)]
    fn take_part<F: F64x4>(&mut self, at: usize, count: usize, entries: F) {
        let range = at..at + count;
        let before = (self.memory.each_ref()).map(|part| F::load_first(&part[range.clone()]));
        let theta = &mut self.theta[range.clone()];
        let g = clipped(entries, self.clip);
        let (updated, after) = self.update.entry(F::load_first(theta), before, g);
        updated.store_first(theta);
        for (part, after) in self.memory.iter_mut().zip(after) {
            after.store_first(&mut part[range.clone()]);
        }
    }

    #[inline(always)]
    fn take_scattered<F: F64x4>(&mut self, indices: [usize; 4], count: usize, entries: F) {
        let theta = F::load(&indices.map(|at| self.theta[at]));
        let before = (self.memory.each_ref()).map(|part| F::load(&indices.map(|at| part[at])));
        let g = clipped(entries, self.clip);
        let (updated, after) = self.update.entry(theta, before, g);
        let mut four = [0.0; 4];
        updated.store(&mut four);
        for i in 0..count {
            self.theta[indices[i]] = four[i];
        }
        for (part, after) in self.memory.iter_mut().zip(after) {
            after.store(&mut four);
            for i in 0..count {
                part[indices[i]] = four[i];
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::parameters::Shape;
    use crate::network::reference;
    use crate::random::{Generator, Stream};

    /// All of them, with decay rates that are no defaults.
    const OPTIMIZERS: [Optimizer; 3] = [
        Optimizer::AdaGrad,
        Optimizer::Adam { beta1: 0.8, beta2: 0.97 },
        Optimizer::RmsProp { beta2: 0.97 },
    ];

    /// Numbers that are larger than usual, so that every term shows.
    fn rule(optimizer: Optimizer, t: u64) -> Rule {
        Rule { optimizer, eta: 0.1, epsilon: 1e-2, clip: 2.0, t }
    }

    /// AdaGrad to the bit. The definition of the others is computed in another order: they are within 1e-15.
    #[test]
    fn updates_are_those_of_the_definition() {
        let mut generator = Generator::new(5, Stream::Initialization);
        for optimizer in OPTIMIZERS {
            for (m, K) in [(1, 1), (3, 7), (20, 65)] {
                let shape = Shape::new(m, K).unwrap();
                let mut theta = Parameters::zeros(shape).unwrap();
                generator.fill_normal(theta.values_mut(), 0.5);
                let mut memory = optimizer.initial_state(shape).unwrap();
                let mut defined = theta.values().to_vec();
                let mut remembered = vec![vec![0.0; defined.len()]; memory.len()];
                for t in 1..=5 {
                    let mut gradient = Parameters::zeros(shape).unwrap();
                    // About a third of the entries is clipped.
                    generator.fill_normal(gradient.values_mut(), 2.0);
                    let rule = rule(optimizer, t);
                    reference::update(&rule, &mut defined, &mut remembered, gradient.values());
                    rule.update(&mut theta, &mut memory, &gradient);
                    let found = memory.iter().flat_map(|part| part.values());
                    for (&x, &y) in found.zip(remembered.iter().flatten()) {
                        assert!((x - y).abs() <= 1e-15 * y.abs(), "{optimizer:?}: {x}, not {y}");
                    }
                    for (&x, &y) in theta.values().iter().zip(&defined) {
                        assert!((x - y).abs() <= 1e-15, "{optimizer:?}: {x}, not {y}");
                    }
                    if optimizer == Optimizer::AdaGrad {
                        assert_eq!(theta.values(), defined);
                    }
                }
            }
        }
    }

    #[test]
    fn a_power_is_a_product() {
        for beta in [0.0, 0.5, 0.9, 0.999] {
            let mut product = 1.0;
            for t in 0..2000 {
                let error: f64 = power(beta, t) - product;
                assert!(error.abs() <= 1e-13 * product, "{beta}^{t}");
                product *= beta;
            }
        }
        assert_eq!(power(0.5, 10), 1.0 / 1024.0);
        assert_eq!(power(0.999, u64::MAX), 0.0);
    }

    #[test]
    fn what_is_not_renewed_becomes_0_and_never_subnormal() {
        for optimizer in OPTIMIZERS.into_iter().skip(1) {
            let mut memory = [[1e-299], [1e-299]];
            let mut theta = [0.5];
            let mut parts = memory.each_mut().map(|part| &mut part[..]);
            let count = optimizer.state_parts().len();
            for t in 1..200 {
                let parts = &mut parts[..count];
                rule(optimizer, t).update_slices(&mut theta, parts, &[0.0]);
                assert!(parts.iter().all(|part| part[0] == 0.0 || part[0].is_normal()));
            }
            assert!(memory[..count].iter().all(|part| *part == [0.0]));
        }
    }
}
