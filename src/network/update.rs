//! The update of the parameters by their gradient.
//!
//! [`Optimizer`] has the equations. A power is a product of squares, see [`power`].
//!
//! If gradients stay 0, their averages m and v decrease towards 0 for ever. They would become subnormal, which is a
//! hundred times slower on some machines. So m and v become 0 at an absolute value of 1e-300.

use crate::kernels::{Divider, F64x8, Kernel, Level, Multipliers, Number, QuotientOverRoot};
use crate::network::columns::ColumnSums;
use crate::network::gradient::GradientSink;
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Parameters, Tensor};
use std::ops::Range;

impl Rule {
    /// Updates all parameters `theta` and the state of the optimizer, `memory`, by a gradient that is in memory.
    /// Training does the same part by part.
    ///
    /// # Panics
    /// Panics if the shapes differ, or if `memory` belongs to another optimizer.
    pub fn update(&self, theta: &mut Parameters, memory: &mut [Parameters], gradient: &Parameters) {
        let shape = gradient.shape();
        let fit = memory.iter().all(|part| part.shape() == shape);
        assert!(fit && theta.shape() == shape, "optimizer: shapes");
        let mut memory: Vec<&mut [f64]> = memory.iter_mut().map(Parameters::values_mut).collect();
        let gradient = gradient.values();
        self.update_slices(theta.values_mut(), &mut memory, gradient);
    }

    /// Updates as many entries as the gradient has, of the parameters `theta` and of each part of the state, `memory`.
    ///
    /// # Panics
    /// Panics if `memory` belongs to another optimizer, or if theta or a part of `memory` has fewer entries.
    pub fn update_slices(&self, theta: &mut [f64], memory: &mut [&mut [f64]], gradient: &[f64]) {
        self.dispatch(UpdateSlices { clip: self.clip, theta, memory, gradient });
    }

    /// Runs work with the update of one entry by this rule.
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
    /// Runs with the update of one entry.
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
        let memory = memory.each_mut().map(|part| &mut part[..gradient.len()]);
        let theta = &mut theta[..gradient.len()];
        let step = Step { update, divisor: Divisor::of(1.0), clip, fast: false };
        Level::chosen().run(UpdateEntries { step, theta, memory, gradient });
    }
}

/// How entries of a gradient update parameters.
#[derive(Clone, Copy, Debug)]
pub struct Step<U> {
    /// The update of one entry.
    pub update: U,
    /// Entries of the gradient are first divided by this.
    pub divisor: Divisor,
    /// Then they are clipped to `[-clip, clip]`.
    pub clip: f64,
    /// Whether the numbers that the gradient is summed from are ordinary. Then [`Multipliers`] may divide.
    pub fast: bool,
}

impl<U> Step<U> {
    /// The entry and its state after the update by an entry `g` of the gradient.
    #[inline(always)]
    fn entry<F: F64x8, Q: QuotientOverRoot, const N: usize>(
        &self,
        theta: F,
        memory: [F; N],
        g: F,
    ) -> (F, [F; N])
    where
        U: EntryUpdate<N>,
    {
        self.update.entry::<F, Q>(theta, memory, clipped(self.divisor.quotient(g), self.clip))
    }

    /// Whether [`Multipliers`] may take their share of the entries with this state.
    #[inline(always)]
    fn shares<F: F64x8, const N: usize>(&self, memory: &[&mut [f64]; N]) -> bool
    where
        U: EntryUpdate<N>,
    {
        F::DIVIDER_SHARE > 1 && self.fast && self.update.is_ordinary::<F>(memory)
    }
}

/// A divisor, and how to divide by it.
#[derive(Clone, Copy, Debug)]
pub enum Divisor {
    /// 1: nothing changes.
    One,
    /// A power of two: the product with its reciprocal is the quotient.
    Reciprocal(f64),
    /// Any other divisor.
    Other(f64),
}

impl Divisor {
    /// The divisor, which is at least 1.
    pub fn of(divisor: f64) -> Self {
        let is_power_of_two = divisor.to_bits() << 12 == 0;
        match divisor {
            1.0 => Divisor::One,
            _ if is_power_of_two => Divisor::Reciprocal(1.0 / divisor),
            _ => Divisor::Other(divisor),
        }
    }

    #[inline(always)]
    fn quotient<F: Number>(self, x: F) -> F {
        match self {
            Divisor::One => x,
            Divisor::Reciprocal(reciprocal) => x * F::splat(reciprocal),
            Divisor::Other(divisor) => x / F::splat(divisor),
        }
    }
}

/// Updates consecutive entries, whose gradients are consecutive too.
struct UpdateEntries<'a, U, const N: usize> {
    step: Step<U>,
    theta: &'a mut [f64],
    memory: [&'a mut [f64]; N],
    gradient: &'a [f64],
}

impl<U: EntryUpdate<N>, const N: usize> Kernel for UpdateEntries<'_, U, N> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(mut self) {
        let share = F::DIVIDER_SHARE;
        let shares = self.step.shares::<F, N>(&self.memory);
        let length = self.gradient.len();
        let mut at = 0;
        while shares && at + 8 * share <= length {
            self.entries::<F, Divider>(at, 8);
            for i in 1..share {
                self.entries::<F, Multipliers>(at + 8 * i, 8);
            }
            at += 8 * share;
        }
        while at < length {
            self.entries::<F, Divider>(at, 8.min(length - at));
            at += 8;
        }
    }
}

impl<U: EntryUpdate<N>, const N: usize> UpdateEntries<'_, U, N> {
    /// Updates up to eight entries from `at` on.
    #[inline(always)]
    fn entries<F: F64x8, Q: QuotientOverRoot>(&mut self, at: usize, count: usize) {
        let g = F::load_first(&self.gradient[at..at + count]);
        let theta = &mut self.theta[at..at + count];
        let mut before = [F::splat(0.0); N];
        for (before, part) in before.iter_mut().zip(&self.memory) {
            *before = F::load_first(&part[at..at + count]);
        }
        let (updated, after) = self.step.entry::<F, Q, N>(F::load_first(theta), before, g);
        updated.store_first(theta);
        for (part, after) in self.memory.iter_mut().zip(after) {
            after.store_first(&mut part[at..at + count]);
        }
    }
}

/// Clips an entry of the gradient. NaN stays NaN, so the loss shows it.
#[inline(always)]
pub(crate) fn clipped<F: Number>(g: F, clip: f64) -> F {
    F::splat(clip).smaller(F::splat(-clip).larger(g))
}

/// How one update changes an entry and its state of N numbers.
pub trait EntryUpdate<const N: usize>: Copy + Send + Sync {
    /// Whether the update may change an entry whose gradient is +0.
    const CHANGES_AT_ZERO: bool;

    /// Whether all numbers are ordinary, so that [`Multipliers`] may divide.
    #[inline(always)]
    fn is_ordinary<F: F64x8>(&self, _: &[&mut [f64]; N]) -> bool {
        false
    }

    /// The entry and its state after an update by the clipped gradient `g`.
    fn entry<F: F64x8, Q: QuotientOverRoot>(&self, theta: F, memory: [F; N], g: F) -> (F, [F; N]);
}

/// The numbers of AdaGrad in one update.
#[derive(Clone, Copy, Debug)]
pub struct AdaGrad {
    eta: f64,
    epsilon: f64,
    /// Whether these numbers allow [`Multipliers`].
    is_ordinary: bool,
}

impl AdaGrad {
    /// The AdaGrad numbers of this rule.
    pub fn of(rule: &Rule) -> Self {
        let Rule { eta, epsilon, clip, .. } = *rule;
        let is_ordinary =
            (1e-10..=1e10).contains(&eta) && (1e-200..=1e30).contains(&epsilon) && clip >= 1e-20;
        AdaGrad { eta, epsilon, is_ordinary }
    }
}

impl EntryUpdate<1> for AdaGrad {
    const CHANGES_AT_ZERO: bool = false;

    #[inline(always)]
    fn is_ordinary<F: F64x8>(&self, [G]: &[&mut [f64]; 1]) -> bool {
        self.is_ordinary && is_never_negative::<F>(G)
    }

    #[inline(always)]
    fn entry<F: F64x8, Q: QuotientOverRoot>(&self, theta: F, [G]: [F; 1], g: F) -> (F, [F; 1]) {
        let G = g.fma(g, G);
        let step = Q::quotient(F::splat(self.eta) * g, G + F::splat(self.epsilon));
        (theta - step, [G])
    }
}

/// True only if every number is 0, or positive and below 2^100. It may be false if the numbers add up to 2^100.
#[inline(always)]
fn is_never_negative<F: F64x8>(x: &[f64]) -> bool {
    let Extremes { least, too_large } = Extremes::of::<false>(x, F::splat(0.0));
    least.sum() == 0.0 && too_large.sum() < f64::INFINITY
}

/// True only if the absolute value of every number is 0, or from 2^-380 to below 2^100. It may be false if they add up
/// to 2^100.
///
/// A sum of products of such numbers is 0 or at least 2^-864: it is a multiple of the last places of the products,
/// however it is rounded.
#[inline(always)]
pub(crate) fn is_ordinary<F: F64x8>(x: &[f64]) -> bool {
    let Extremes { least, too_large } = Extremes::of::<true>(x, F::splat(f64::MAX));
    -(-least).largest() >= LEAST && too_large.sum() < f64::INFINITY
}

/// The extremes of some numbers, or with `SIZES` of their absolute values, without zeros.
#[derive(Clone, Copy)]
struct Extremes<F> {
    /// The smallest number.
    least: F,
    /// Infinite or NaN if a number is 2^100 or more, infinite or NaN.
    too_large: F,
}

impl<F: F64x8> Extremes<F> {
    /// The extremes of all numbers and of `least`. There are two chains, because each step waits for the one before it.
    #[inline(always)]
    fn of<const SIZES: bool>(x: &[f64], least: F) -> Self {
        let mut even = Extremes { least, too_large: F::splat(0.0) };
        let mut odd = even;
        let (pairs, rest) = x.as_chunks::<16>();
        for pair in pairs {
            let (eights, _) = pair.as_chunks();
            even = even.and::<SIZES>(F::load(&eights[0]));
            odd = odd.and::<SIZES>(F::load(&eights[1]));
        }
        for x in rest.chunks(8) {
            even = even.and::<SIZES>(F::load_first(x));
        }
        let too_large = even.too_large + odd.too_large;
        Extremes { least: even.least.smaller(odd.least), too_large }
    }

    #[inline(always)]
    fn and<const SIZES: bool>(self, x: F) -> Self {
        let Extremes { least, too_large } = self;
        let x = if SIZES { x.abs() } else { x };
        let lesser = if SIZES { x.choose(F::splat(0.0), least, x) } else { x };
        Extremes { least: lesser.smaller(least), too_large: x.fma(F::splat(ABOVE), too_large) }
    }
}

/// 2^-380.
const LEAST: f64 = power_of_two(-380);
/// 2^924. Its product with 2^100 or more is infinite, and numbers that are not finite stay so.
const ABOVE: f64 = power_of_two(924);

const fn power_of_two(exponent: i32) -> f64 {
    f64::from_bits(((1023 + exponent) as u64) << 52)
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
    fn entry<F: F64x8, Q: QuotientOverRoot>(&self, theta: F, [v]: [F; 1], g: F) -> (F, [F; 1]) {
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
    fn entry<F: F64x8, Q: QuotientOverRoot>(&self, theta: F, [m, v]: [F; 2], g: F) -> (F, [F; 2]) {
        let m = F::splat(self.beta1).fma(m, F::splat(1.0 - self.beta1) * g);
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
    without_subnormal(F::splat(beta2).fma(v, square))
}

#[inline(always)]
fn without_subnormal<F: Number>(x: F) -> F {
    x.abs().choose(F::splat(1e-300), F::splat(0.0), x)
}

/// `beta^t`: the product of those of beta, beta^2, beta^4, beta^8, ... whose exponents add up to t, the smallest
/// exponent first.
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

/// Updates parameters with the sums of their gradient, as soon as the sums are there.
#[derive(Debug)]
pub struct UpdateParameters<'a, U, const N: usize> {
    /// How to update.
    pub step: Step<U>,
    /// The parameters.
    pub theta: &'a mut Parameters,
    /// The state of the optimizer.
    pub memory: &'a mut [Parameters; N],
    /// The packed copy of the parameters, which is updated too; `None` if nothing reads one.
    pub weights: Option<&'a mut PackedWeights>,
}

impl<U: EntryUpdate<N>, const N: usize> GradientSink for UpdateParameters<'_, U, N> {
    const NEEDS_ZEROS: bool = U::CHANGES_AT_ZERO;

    #[inline(always)]
    fn take<F: F64x8>(&mut self, tensor: Tensor, at: usize, entries: &[f64]) {
        let range = at..at + entries.len();
        let theta = &mut self.theta.tensor_mut(tensor)[range.clone()];
        let memory = self.memory.each_mut();
        let memory = memory.map(|part| &mut part.tensor_mut(tensor)[range.clone()]);
        UpdateEntries { step: self.step, theta, memory, gradient: entries }.run::<F>();
        if let Some(weights) = &mut self.weights {
            weights.pack_rows::<F>(self.theta, tensor, range);
        }
    }

    #[inline(always)]
    fn take_columns<F: F64x8>(&mut self, rows: Range<usize>, columns: &ColumnSums) {
        let K = self.theta.shape().K();
        let theta = self.theta.tensor_mut(Tensor::U);
        let mut memory = self.memory.each_mut().map(|part| part.tensor_mut(Tensor::U));
        for first in rows.clone().step_by(8) {
            let eight = first * K..rows.end.min(first + 8) * K;
            let memory = memory.each_mut().map(|part| &mut part[eight.clone()]);
            let block = UpdateColumns { step: self.step, K, theta: &mut theta[eight], memory };
            block.run::<F>(columns.eights(first - rows.start));
        }
    }
}

/// Updates up to eight rows of U in some columns.
struct UpdateColumns<'a, U, const N: usize> {
    step: Step<U>,
    K: usize,
    theta: &'a mut [f64],
    memory: [&'a mut [f64]; N],
}

impl<U: EntryUpdate<N>, const N: usize> UpdateColumns<'_, U, N> {
    /// Takes columns with the gradient of these rows.
    #[inline(always)]
    fn run<'a, F: F64x8>(mut self, columns: impl ExactSizeIterator<Item = (usize, &'a [f64; 8])>) {
        // The check of the memory looks at all columns: that pays if it is for many of them.
        let shares = 8 * columns.len() >= self.K && self.step.shares::<F, N>(&self.memory);
        for (i, (x, gradient)) in columns.enumerate() {
            if shares && i % F::DIVIDER_SHARE != 0 {
                self.column::<F, Multipliers>(x, F::load(gradient));
            } else {
                self.column::<F, Divider>(x, F::load(gradient));
            }
        }
    }

    #[inline(always)]
    fn column<F: F64x8, Q: QuotientOverRoot>(&mut self, x: usize, g: F) {
        let mut before = [F::splat(0.0); N];
        for (before, part) in before.iter_mut().zip(&self.memory) {
            *before = gather(part, self.K, x);
        }
        let theta = gather(self.theta, self.K, x);
        let (updated, after) = self.step.entry::<F, Q, N>(theta, before, g);
        scatter(updated, self.theta, self.K, x);
        for (part, after) in self.memory.iter_mut().zip(after) {
            scatter(after, part, self.K, x);
        }
    }
}

/// Column x of up to eight rows of K entries, with zeros after it.
#[inline(always)]
fn gather<F: F64x8>(rows: &[f64], K: usize, x: usize) -> F {
    let mut column = [0.0; 8];
    for (i, entry) in column.iter_mut().enumerate() {
        *entry = rows.get(x + i * K).copied().unwrap_or(0.0);
    }
    F::load(&column)
}

/// Writes the column back.
#[inline(always)]
fn scatter<F: F64x8>(column: F, rows: &mut [f64], K: usize, x: usize) {
    for (i, entry) in column.to_array().into_iter().enumerate() {
        if let Some(target) = rows.get_mut(x + i * K) {
            *target = entry;
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
                        assert!((x - y).abs() <= 1e-15, "{optimizer:?}: {x}, not {y}");
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

    /// Three rows of U and as many entries that lie one after another, updated by AdaGrad.
    struct Entries<'a> {
        fast: bool,
        theta: &'a mut [f64],
        G: &'a mut [f64],
        gradient: &'a [f64],
    }

    impl Kernel for Entries<'_> {
        type Output = ();

        fn run<F: F64x8>(self) {
            let Entries { fast, theta, G, gradient } = self;
            let rule = rule(Optimizer::AdaGrad, 1);
            let (update, divisor) = (AdaGrad::of(&rule), Divisor::of(1.0));
            let step = Step { update, divisor, clip: rule.clip, fast };
            let (columns, entries) = theta.split_at_mut(gradient.len());
            let (of_columns, of_entries) = G.split_at_mut(gradient.len());
            // A matrix of eight rows, whose columns have the same gradient as these entries.
            let K = gradient.len() / 8;
            let (eights, _) = gradient.as_chunks();
            let matrix = UpdateColumns { step, K, theta: columns, memory: [of_columns] };
            matrix.run::<F>(eights.iter().enumerate());
            let memory = [of_entries];
            UpdateEntries { step, theta: entries, memory, gradient }.run::<F>();
        }
    }

    /// Numbers for which multiplications would give something else are found, wherever they are.
    #[test]
    fn memory_that_is_not_ordinary_goes_to_the_divider() {
        const COUNT: usize = 56;
        let gradient: Vec<f64> = (0..COUNT).map(|i| (i as f64 - 20.0) * 1e-230).collect();
        let updated = |level: Level, fast: bool, place: usize, extreme: f64| {
            let (mut theta, mut G) = (vec![0.0; 2 * COUNT], vec![0.5; 2 * COUNT]);
            (G[place], G[COUNT + place]) = (extreme, extreme);
            let (theta, G) = (&mut theta[..], &mut G[..]);
            level.run(Entries { fast, theta, G, gradient: &gradient });
            theta.iter().chain(&*G).map(|x| x.to_bits()).collect::<Vec<_>>()
        };
        for level in Level::available() {
            for extreme in [f64::INFINITY, f64::NAN, f64::MAX, power_of_two(900)] {
                for place in 0..COUNT {
                    let (fast, slow) =
                        [true, false].map(|fast| updated(level, fast, place, extreme)).into();
                    assert_eq!(fast, slow, "{level:?}: {extreme} at {place}");
                }
            }
        }
    }

    struct Ordinary<'a>(&'a [f64]);

    impl Kernel for Ordinary<'_> {
        type Output = [bool; 2];

        fn run<F: F64x8>(self) -> [bool; 2] {
            [is_ordinary::<F>(self.0), is_never_negative::<F>(self.0)]
        }
    }

    #[test]
    fn numbers_out_of_the_range_of_multiplications_are_found_anywhere() {
        let cases = [
            (power_of_two(-380), [true, true]),
            (-power_of_two(-380), [true, false]),
            (power_of_two(99), [true, true]),
            (power_of_two(100), [false, false]),
            (-0.0, [true, true]),
            (power_of_two(-381), [false, true]),
            (-power_of_two(-381), [false, false]),
            (f64::MIN_POSITIVE / 2.0, [false, true]),
            (-power_of_two(100), [false, false]),
            (f64::INFINITY, [false, false]),
            (f64::NEG_INFINITY, [false, false]),
            (f64::NAN, [false, false]),
        ];
        for level in Level::available() {
            for length in [1, 7, 8, 15, 16, 17, 41] {
                assert_eq!(level.run(Ordinary(&vec![0.0; length])), [true, true]);
                for (x, expected) in cases {
                    for place in 0..length {
                        let mut numbers: Vec<f64> = (0..length).map(|i| i as f64).collect();
                        numbers[place] = x;
                        assert_eq!(
                            level.run(Ordinary(&numbers)),
                            expected,
                            "{level:?}: {x} at {place}"
                        );
                    }
                }
            }
        }
    }

    struct Clip([f64; 8], f64);

    impl Kernel for Clip {
        type Output = [f64; 8];

        fn run<F: F64x8>(self) -> [f64; 8] {
            clipped(F::load(&self.0), self.1).to_array()
        }
    }

    /// NaN stays NaN in every lane, whatever is beside it.
    #[test]
    fn an_entry_is_clipped_at_every_level() {
        let inf = f64::INFINITY;
        let entries = [f64::NAN, inf, -inf, 2.5, -2.5, 2.0, 1e-300, -0.0];
        for (clip, expected) in [
            (2.0, [f64::NAN, 2.0, -2.0, 2.0, -2.0, 2.0, 1e-300, -0.0]),
            (2.25, [f64::NAN, 2.25, -2.25, 2.25, -2.25, 2.0, 1e-300, -0.0]),
            (inf, entries),
        ] {
            let same = |x: f64, y: f64| x.to_bits() == y.to_bits() || (x.is_nan() && y.is_nan());
            for level in Level::available() {
                for turn in 0..8 {
                    let (mut g, mut expected) = (entries, expected);
                    g.rotate_left(turn);
                    expected.rotate_left(turn);
                    let found = level.run(Clip(g, clip));
                    let right = found.iter().zip(expected).all(|(&x, y)| same(x, y));
                    assert!(right, "{level:?}: {found:?}, not {expected:?}");
                }
            }
            for (g, expected) in entries.into_iter().zip(expected) {
                assert!(same(clipped(g, clip), expected), "{g}");
            }
        }
    }

    /// With gradients of 1, m = 1 - beta1^t and v = 1 - beta2^t, so every step is eta / (1 + epsilon), whatever t is.
    #[test]
    fn adam_counts_its_updates_from_one() {
        let optimizer = Optimizer::Adam { beta1: 0.8, beta2: 0.97 };
        let (mut m, mut v, mut theta) = ([0.0], [0.0], [0.0]);
        for t in 1..=60 {
            let rule = Rule { optimizer, eta: 0.1, epsilon: 0.25, clip: 5.0, t };
            rule.update_slices(&mut theta, &mut [&mut m, &mut v], &[1.0]);
            let expected = -0.08 * t as f64;
            assert!((theta[0] - expected).abs() < 1e-13, "{t}: {}, not {expected}", theta[0]);
        }
    }
}
