//! The table of all known mistakes.
//!
//! A mistake changes a field of [`Forward`], [`Backward`] or [`Sums`], which are right before it, or the numbers of an
//! optimizer's update. Two mistakes are two changes, one after the other.

use super::backward::{Backward, Carried, SlopeOf};
use super::forward::{Forward, normalized};
use super::reason::Reason;
use super::sums::{Kept, Sums};
use super::update::{self, Update};
use crate::kernels::{Level, exp, tanh};
use crate::network::reference::transpose;
use std::ops::Range;

/// A mistake, with the values that it is tried with.
pub(super) struct Mistake<Change: 'static> {
    pub reason: Reason,
    /// Which of several mistakes with this reason.
    pub detail: &'static str,
    pub change: Change,
    pub values: Values,
}

/// What a mistake is tried with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Values {
    /// Nothing.
    None,
    /// Every step, from 0.
    Steps,
    /// The clip of the case, and common ones.
    Clips,
    /// What a gradient may be multiplied with.
    Factors,
}

impl Values {
    /// The values for a case with this clip.
    pub fn of(self, T: usize, divisor: f64, clip: f64) -> Vec<f64> {
        match self {
            Values::None => vec![0.0],
            // More are as good as all.
            Values::Steps => (0..T.min(64)).map(|t| t as f64).collect(),
            Values::Clips => {
                let usual = USUAL_CLIPS.into_iter().filter(|usual| *usual != clip);
                Some(clip).filter(|clip| clip.is_finite()).into_iter().chain(usual).collect()
            }
            Values::Factors => {
                let T = T as f64;
                [-1.0, 1.0 / T, divisor, T, 2.0, 0.5].into_iter().filter(|&by| by != 1.0).collect()
            }
        }
    }
}

/// Bounds that a loop may clip to.
const USUAL_CLIPS: [f64; 4] = [5.0, 1.0, 10.0, 0.1];

/// Changes something that is right into a mistake, with one of its values.
pub(super) type In<Of> = fn(&mut Of, f64);

const fn one<Change>(reason: Reason, detail: &'static str, change: Change) -> Mistake<Change> {
    Mistake { reason, detail, change, values: Values::None }
}

const fn each<Change>(
    values: Values,
    reason: Reason,
    detail: &'static str,
    change: Change,
) -> Mistake<Change> {
    Mistake { reason, detail, change, values }
}

/// The mistakes of the forward pass.
#[rustfmt::skip]
pub(super) const FORWARD: &[Mistake<In<Forward>>] = &[
    one(Reason::DirectTermOnly, "no W h_{t-1}", |pass, _| pass.W.fill(0.0)),
    one(Reason::NoH0, "", |pass, _| pass.h0.fill(0.0)),
    one(Reason::SameStep, "h0 for h_{t-1}", |pass, _| pass.carries_h = false),
    one(Reason::UntransposedW, "in the forward pass", |pass, _| pass.W = transpose(&pass.W, pass.m, pass.m)),
    one(Reason::Bias, "without b", |pass, _| pass.b.fill(0.0)),
    one(Reason::Bias, "without c", |pass, _| pass.c.fill(0.0)),
    one(Reason::Bias, "without b and c", |pass, _| { pass.b.fill(0.0); pass.c.fill(0.0); }),
    one(Reason::Activation, "no tanh", |pass, _| pass.activation = |_| ()),
    one(Reason::Activation, "tanh twice", |pass, _| pass.activation = |a| { Level::chosen().tanh(a); Level::chosen().tanh(a); }),
    one(Reason::Activation, "sigmoid for tanh", |pass, _| pass.activation = |a| each_entry(a, sigmoid)),
    one(Reason::Activation, "ReLU for tanh", |pass, _| pass.activation = |a| each_entry(a, |a| a.max(0.0))),
    one(Reason::Swapped, "o from h_{t-1}", |pass, _| pass.reads_h_before = true),
    one(Reason::Softmax, "over the steps", |pass, _| pass.softmax = |o, K| over_the_steps(o, K)),
    one(Reason::Softmax, "over the whole matrix", |pass, _| pass.softmax = |o, _| normalized(o)),
    one(Reason::Softmax, "not divided by the sum", |pass, _| pass.softmax = |o, _| o.iter().map(|&o| exp(o)).collect()),
    one(Reason::Softmax, "left out", |pass, _| pass.softmax = |o, _| o.to_vec()),
    one(Reason::Softmax, "sigmoid", |pass, _| pass.softmax = |o, _| o.iter().map(|&o| sigmoid(o)).collect()),
    one(Reason::Softmax, "twice", |pass, _| pass.softmax = |o, K| {
        o.chunks(K).flat_map(|o| normalized(&normalized(o))).collect()
    }),
    one(Reason::OneHot, "x", |pass, _| shift_indices(&mut pass.x, pass.K, 1)),
    one(Reason::OneHot, "x", |pass, _| shift_indices(&mut pass.x, pass.K, pass.K - 1)),
    one(Reason::OneHot, "y", |pass, _| shift_indices(&mut pass.y, pass.K, 1)),
    one(Reason::OneHot, "y", |pass, _| shift_indices(&mut pass.y, pass.K, pass.K - 1)),
    one(Reason::OneHot, "x and y", |pass, _| {
        shift_indices(&mut pass.x, pass.K, 1);
        shift_indices(&mut pass.y, pass.K, 1);
    }),
    one(Reason::OneHot, "x and y", |pass, _| {
        shift_indices(&mut pass.x, pass.K, pass.K - 1);
        shift_indices(&mut pass.y, pass.K, pass.K - 1);
    }),
    one(Reason::OffByOne, "x of the next step", |pass, _| pass.x = pass.y.clone()),
    one(Reason::OffByOne, "x of the step before", |pass, _| earlier(&mut pass.x, pass.K)),
    one(Reason::OffByOne, "x of the step before", |pass, _| pass.x.rotate_right(1)),
    one(Reason::OffByOne, "x for y", |pass, _| pass.y = pass.x.clone()),
    one(Reason::OffByOne, "y rolled", |pass, _| pass.y.rotate_left(1)),
];

/// The mistakes of backpropagation.
#[rustfmt::skip]
pub(super) const BACKWARD: &[Mistake<In<Backward>>] = &[
    one(Reason::DirectTermOnly, "", |pass, _| pass.adds_recurrent.fill(0.0)),
    one(Reason::RecurrentTermOnly, "", |pass, _| pass.adds_direct[..pass.T - 1].fill(false)),
    one(Reason::UntransposedW, "", |pass, _| pass.W = transpose(&pass.W, pass.m, pass.m)),
    one(Reason::Slope, "left out", |pass, _| pass.slope = |_| 1.0),
    one(Reason::Slope, "1 - a^2", |pass, _| pass.h_of_slope.clone_from(&pass.a)),
    one(Reason::Slope, "1 - tanh(h)^2", |pass, _| pass.slope = |h| 1.0 - tanh(h) * tanh(h)),
    one(Reason::Slope, "1 - h", |pass, _| pass.slope = |h| 1.0 - h),
    one(Reason::Slope, "(1 - h)^2", |pass, _| pass.slope = |h| (1.0 - h) * (1.0 - h)),
    one(Reason::Slope, "1 + h^2", |pass, _| pass.slope = |h| 1.0 + h * h),
    one(Reason::Slope, "h^2", |pass, _| pass.slope = |h| h * h),
    one(Reason::Slope, "h^2 - 1", |pass, _| pass.slope = |h| h * h - 1.0),
    one(Reason::Slope, "h", |pass, _| pass.slope = |h| h),
    one(Reason::Slope, "h (1 - h), of a sigmoid", |pass, _| pass.slope = |h| h * (1.0 - h)),
    one(Reason::Slope, "1 - 2 h", |pass, _| pass.slope = |h| 1.0 - 2.0 * h),
    one(Reason::Slope, "twice", |pass, _| pass.slope = |h| (1.0 - h * h) * (1.0 - h * h)),
    one(Reason::Slope, "its root", |pass, _| pass.slope = |h| (1.0 - h * h).sqrt()),
    one(Reason::Slope, "of V' g alone", |pass, _| pass.slope_of = SlopeOf::DirectTerm),
    one(Reason::Slope, "of W' da alone", |pass, _| pass.slope_of = SlopeOf::RecurrentTerm),
    one(Reason::Slope, "dh for da from the next step", |pass, _| pass.carried = Carried::Dh),
    one(Reason::Swapped, "slope of h_{t-1}", |pass, _| pass.h_of_slope = pass.h[..pass.T * pass.m].to_vec()),
    one(Reason::SameStep, "slope of the last", |pass, _| {
        pass.h_of_slope = pass.h[pass.T * pass.m..].repeat(pass.T);
    }),
    one(Reason::SameStep, "slope of the first", |pass, _| {
        pass.h_of_slope = pass.h[pass.m..2 * pass.m].repeat(pass.T);
    }),
    one(Reason::OffByOne, "slope of h_{t+1}", |pass, _| {
        let last = pass.h_of_slope.split_off((pass.T - 1) * pass.m);
        pass.h_of_slope.drain(..pass.m.min(pass.h_of_slope.len()));
        pass.h_of_slope.extend_from_slice(&last);
        if pass.T > 1 { pass.h_of_slope.extend(last); }
    }),
    one(Reason::SameStep, "g of the last", |pass, _| pass.g_of = Some(pass.T - 1)),
    one(Reason::SameStep, "g of the first", |pass, _| pass.g_of = Some(0)),
    one(Reason::OneHot, "y", |pass, _| shift_indices(&mut pass.y, pass.K, 1)),
    one(Reason::OneHot, "y", |pass, _| shift_indices(&mut pass.y, pass.K, pass.K - 1)),
    one(Reason::OffByOne, "x for y", |pass, _| pass.y = pass.x.clone()),
    one(Reason::OffByOne, "y of the next step", |pass, _| later(&mut pass.y, pass.K)),
    one(Reason::OffByOne, "y of the next step", |pass, _| pass.y.rotate_left(1)),
    // Its g is 0.
    one(Reason::OffByOne, "without the last loss", |pass, _| {
        let (last, y) = ((pass.T - 1) * pass.K, pass.y[pass.T - 1]);
        pass.p[last..].fill(0.0);
        if let Some(p) = pass.p.get_mut(last + y) { *p = 1.0; }
    }),
    one(Reason::Output, "p alone", |pass, _| pass.output = |_, _| ()),
    one(Reason::Output, "-1 / p of the target", |pass, _| pass.output = |p, y| {
        let of_y = p.get(y).map_or(0.0, |p| -1.0 / p);
        p.fill(0.0);
        if let Some(p) = p.get_mut(y) { *p = of_y; }
    }),
    one(Reason::Output, "of the target alone", |pass, _| pass.output = |p, y| {
        let of_y = p.get(y).map_or(0.0, |p| p - 1.0);
        p.fill(0.0);
        if let Some(p) = p.get_mut(y) { *p = of_y; }
    }),
    one(Reason::Output, "softmax's derivative twice", |pass, _| pass.output = softmax_twice),
    one(Reason::Output, "times p (1 - p)", |pass, _| pass.output = |p, y| {
        let place = |i: usize| f64::from(u8::from(i == y));
        p.iter_mut().enumerate().for_each(|(i, p)| *p = (*p - place(i)) * *p * (1.0 - *p));
    }),
    one(Reason::CountedTwice, "W' da", |pass, _| pass.adds_recurrent.fill(2.0)),
    one(Reason::CountedTwice, "da goes back a second time", |pass, _| pass.is_sent_twice = true),
    one(Reason::CountedTwice, "W' da of all later steps", |pass, _| pass.carried = Carried::SumOfDa),
    each(Values::Clips, Reason::ClippedInside(0.0), "da", |pass, bound| pass.clip = bound),
    each(Values::Steps, Reason::Truncated(0), "", |pass, steps| {
        pass.window = if steps == 0.0 { pass.T } else { steps as usize };
    }),
    each(Values::Steps, Reason::DirectInSomeSteps, "up to step", |pass, t| pass.adds_recurrent[..=t as usize].fill(0.0)),
    each(Values::Steps, Reason::DirectInSomeSteps, "from step", |pass, t| pass.adds_recurrent[t as usize..].fill(0.0)),
    each(Values::Steps, Reason::DirectInSomeSteps, "at step", |pass, t| pass.adds_recurrent[t as usize] = 0.0),
    each(Values::Steps, Reason::DirectInSomeSteps, "wherever x is that of step", |pass, t| {
        let x = pass.x[t as usize];
        forget_where(pass, |pass, t| pass.x[t] == x);
    }),
    each(Values::Steps, Reason::DirectInSomeSteps, "wherever y is that of step", |pass, t| {
        let y = pass.y[t as usize];
        forget_where(pass, |pass, t| pass.y[t] == y);
    }),
    each(Values::Steps, Reason::DirectInSomeSteps, "at every n-th step, n =", |pass, every| {
        let every = every as usize + 1;
        forget_where(pass, |_, t| (t + 1) % every == 0);
    }),
];

/// The mistakes of the sums over the steps.
#[rustfmt::skip]
pub(super) const SUMS: &[Mistake<In<Sums>>] = &[
    one(Reason::Swapped, "h_t in dW", |sums, _| sums.h_of_W.clone_from(&sums.h_of_V)),
    one(Reason::Swapped, "h_{t-1} in dV", |sums, _| sums.h_of_V.clone_from(&sums.h_of_W)),
    one(Reason::NoH0, "in dW", |sums, _| sums.h_of_W[..sums.m].fill(0.0)),
    one(Reason::OffByOne, "h_{t-2} in dW", |sums, _| earlier_rows(&mut sums.h_of_W, sums.m)),
    one(Reason::OffByOne, "h_T for h0 in dW", |sums, _| {
        let last = (sums.T - 1) * sums.m;
        sums.h_of_W[..sums.m].copy_from_slice(&sums.h_of_V[last..]);
    }),
    one(Reason::OffByOne, "h_{t+1} in dV", |sums, _| later_rows(&mut sums.h_of_V, sums.m)),
    one(Reason::OffByOne, "x of the next step", |sums, _| {
        let last = sums.y.last().copied();
        sums.x.remove(0);
        sums.x.extend(last);
    }),
    one(Reason::OffByOne, "x of the next step", |sums, _| later(&mut sums.x, sums.K)),
    one(Reason::OffByOne, "x of the next step", |sums, _| sums.x.rotate_left(1)),
    one(Reason::OffByOne, "x of the step before", |sums, _| earlier(&mut sums.x, sums.K)),
    one(Reason::OffByOne, "x of the step before", |sums, _| sums.x.rotate_right(1)),
    one(Reason::OneHot, "x", |sums, _| shift_indices(&mut sums.x, sums.K, 1)),
    one(Reason::OneHot, "x", |sums, _| shift_indices(&mut sums.x, sums.K, sums.K - 1)),
    one(Reason::OffByOne, "da of the next step", |sums, _| each_da(sums, later_rows)),
    one(Reason::OffByOne, "da of the step before", |sums, _| each_da(sums, earlier_rows)),
    one(Reason::OffByOne, "da of the next step", |sums, _| each_da(sums, |rows, m| rows.rotate_left(m))),
    one(Reason::OffByOne, "da of the step before", |sums, _| each_da(sums, |rows, m| rows.rotate_right(m))),
    one(Reason::OffByOne, "da of the opposite step", |sums, _| each_da(sums, reversed_rows)),
    one(Reason::OffByOne, "g of the opposite step", |sums, _| each_g(sums, reversed_rows)),
    one(Reason::OffByOne, "g of the next step", |sums, _| each_g(sums, later_rows)),
    one(Reason::OffByOne, "g of the step before", |sums, _| each_g(sums, earlier_rows)),
    one(Reason::OffByOne, "without the first step", |sums, _| {
        sums.steps.start = 1;
        sums.steps_of_biases.start = 1;
    }),
    one(Reason::OffByOne, "without the last step", |sums, _| {
        sums.steps.end -= 1;
        sums.steps_of_biases.end -= 1;
    }),
    one(Reason::SameStep, "g of the last", |sums, _| each_g(sums, last_row)),
    one(Reason::SameStep, "da of the last", |sums, _| each_da(sums, last_row)),
    one(Reason::SameStep, "da of the first", |sums, _| each_da(sums, first_row)),
    one(Reason::SameStep, "h of the last", |sums, _| each_h(sums, last_row)),
    one(Reason::SameStep, "h of the first", |sums, _| each_h(sums, first_row)),
    one(Reason::SameStep, "h of the last", |sums, _| sums.h_of_W = sums.h_of_V[(sums.T - 1) * sums.m..].repeat(sums.T)),
    one(Reason::Assigned, "the first of each character stays", |sums, _| sums.kept = Some(Kept::First)),
    one(Reason::Assigned, "the last of each character stays", |sums, _| sums.kept = Some(Kept::Last)),
    one(Reason::OneStep, "step 1: = for += in the loop?", |sums, _| sums.steps = 0..1),
    one(Reason::Bias, "that of step 1 alone: = for += in the loop?", |sums, _| sums.steps_of_biases = 0..1),
    each(Values::Steps, Reason::OneStep, "step", |sums, t| sums.steps = t as usize..t as usize + 1),
    each(Values::Steps, Reason::Bias, "that of one step alone:", |sums, t| sums.steps_of_biases = t as usize..t as usize + 1),
    each(Values::Steps, Reason::Truncated(0), "sums over the last steps only", |sums, steps| {
        sums.steps.start = sums.T - (steps as usize).max(1);
        sums.steps_of_biases.start = sums.steps.start;
    }),
    each(Values::Clips, Reason::ClippedInside(0.0), "the sums", |sums, bound| sums.clip = bound),
    one(Reason::Bias, "left out", |sums, _| sums.bias = |_, _, _, _| 0.0),
    one(Reason::Bias, "summed over everything", |sums, _| sums.bias = |terms, _, _, _| terms.iter().sum()),
    one(Reason::Bias, "summed over everything", |sums, _| sums.bias = |terms, units, _, _| {
        terms.iter().sum::<f64>() / units as f64
    }),
    // Both have the right shape if there are as many steps as units.
    one(Reason::Bias, "summed over the units", |sums, _| sums.bias = of_units),
    one(Reason::Bias, "mean over the units", |sums, _| sums.bias = |terms, units, steps, at| {
        of_units(terms, units, steps, at) / units as f64
    }),
];

/// The mistakes of an optimizer's update.
#[rustfmt::skip]
pub(super) const UPDATE: &[Mistake<Update>] = &[
    one(Reason::NotClipped, "", |rule, entry, g, _| update::unclipped(rule, entry, g)),
    each(Values::Clips, Reason::OtherClip(0.0), "", update::other_clip),
    each(Values::Factors, Reason::Factor(0.0), "of the gradient", |rule, entry, g, by| update::right(rule, entry, by * g)),
    one(Reason::BiasCorrection, "", |rule, entry, g, _| update::uncorrected([true, true], rule, entry, g)),
    one(Reason::BiasCorrection, "of m", |rule, entry, g, _| update::uncorrected([true, false], rule, entry, g)),
    one(Reason::BiasCorrection, "of v", |rule, entry, g, _| update::uncorrected([false, true], rule, entry, g)),
    one(Reason::EpsilonInside, "", |rule, entry, g, _| update::epsilon_inside(rule, entry, g)),
    one(Reason::EpsilonOutside, "", |rule, entry, g, _| update::epsilon_outside(rule, entry, g)),
    one(Reason::Betas, "", |rule, entry, g, _| update::right(update::betas_swapped(rule), entry, g)),
    one(Reason::Betas, "in the bias correction", |rule, entry, g, _| update::corrections_swapped(rule, entry, g)),
    one(Reason::UpdateNumber, "t - 1", |rule, entry, g, _| update::at(rule.t.saturating_sub(1), rule, entry, g)),
    one(Reason::UpdateNumber, "t + 1", |rule, entry, g, _| update::at(rule.t.saturating_add(1), rule, entry, g)),
    one(Reason::NoMemory, "", |rule, entry, g, _| update::right(rule, update::forgotten(entry), g)),
    one(Reason::NoMemory, "t = 1", |rule, entry, g, _| update::at(1, rule, update::forgotten(entry), g)),
    one(Reason::NoSquare, "", |rule, entry, g, _| update::no_square(rule, entry, g)),
    one(Reason::NoSquare, "|g|", |rule, entry, g, _| update::no_square(rule, entry, g.abs())),
    one(Reason::NoRoot, "", |rule, entry, g, _| update::no_root(rule, entry, g)),
    one(Reason::OldMemory, "", |rule, entry, g, _| update::old_memory([true, true], rule, entry, g)),
    one(Reason::OldMemory, "m", |rule, entry, g, _| update::old_memory([true, false], rule, entry, g)),
    one(Reason::OldMemory, "v", |rule, entry, g, _| update::old_memory([false, true], rule, entry, g)),
    one(Reason::OtherOptimizer, "AdaGrad", |rule, entry, g, _| update::adagrad(rule, entry, g)),
    one(Reason::OtherOptimizer, "AdaGrad from zeros", |rule, entry, g, _| update::adagrad(rule, update::forgotten(entry), g)),
    one(Reason::OtherOptimizer, "RMSProp", |rule, entry, g, _| update::rmsprop(rule, entry, g)),
    one(Reason::OtherOptimizer, "eta g", |rule, entry, g, _| update::plain(rule, entry, g)),
    one(Reason::OtherOptimizer, "eta m", |rule, entry, g, _| update::momentum(rule, entry, g)),
];

fn forget_where(pass: &mut Backward, is_forgotten: impl Fn(&Backward, usize) -> bool) {
    for t in 0..pass.T {
        if is_forgotten(pass, t) {
            pass.adds_recurrent[t] = 0.0;
        }
    }
}

fn each_entry(a: &mut [f64], f: fn(f64) -> f64) {
    a.iter_mut().for_each(|a| *a = f(*a));
}

fn sigmoid(a: f64) -> f64 {
    1.0 / (1.0 + exp(-a))
}

fn over_the_steps(o: &[f64], K: usize) -> Vec<f64> {
    let T = o.len() / K;
    transpose(&transpose(o, T, K).chunks(T).flat_map(normalized).collect::<Vec<f64>>(), K, T)
}

/// `(diag(p) - p p') (p - y)`.
fn softmax_twice(p: &mut [f64], y: usize) {
    let place = |i: usize| f64::from(u8::from(i == y));
    let product: f64 = p.iter().enumerate().map(|(i, p)| p * (p - place(i))).sum();
    p.iter_mut().enumerate().for_each(|(i, p)| *p *= *p - place(i) - product);
}

/// Shifts indices, and wraps around as an index of -1 does.
fn shift_indices(indices: &mut [usize], K: usize, by: usize) {
    indices.iter_mut().for_each(|index| *index = (*index + by) % K);
}

/// Moves indices one step earlier, with K (no character) at the start.
fn earlier(indices: &mut [usize], K: usize) {
    indices.rotate_right(1);
    indices[0] = K;
}

/// Moves indices one step later, with K (no character) at the end.
fn later(indices: &mut [usize], K: usize) {
    indices[0] = K;
    indices.rotate_left(1);
}

fn earlier_rows(rows: &mut [f64], length: usize) {
    rows.rotate_right(length);
    rows[..length].fill(0.0);
}

fn later_rows(rows: &mut [f64], length: usize) {
    rows[..length].fill(0.0);
    rows.rotate_left(length);
}

fn reversed_rows(rows: &mut [f64], length: usize) {
    rows.reverse();
    rows.chunks_mut(length).for_each(<[f64]>::reverse);
}

fn last_row(rows: &mut [f64], length: usize) {
    let last = rows[rows.len() - length..].to_vec();
    rows.chunks_mut(length).for_each(|row| row.copy_from_slice(&last));
}

fn first_row(rows: &mut [f64], length: usize) {
    let first = rows[..length].to_vec();
    rows.chunks_mut(length).for_each(|row| row.copy_from_slice(&first));
}

fn each_da(sums: &mut Sums, change: fn(&mut [f64], usize)) {
    for rows in [&mut sums.da_of_U, &mut sums.da_of_W, &mut sums.da_of_b] {
        change(rows, sums.m);
    }
}

fn each_g(sums: &mut Sums, change: fn(&mut [f64], usize)) {
    for rows in [&mut sums.g_of_V, &mut sums.g_of_c] {
        change(rows, sums.K);
    }
}

fn each_h(sums: &mut Sums, change: fn(&mut [f64], usize)) {
    for rows in [&mut sums.h_of_V, &mut sums.h_of_W] {
        change(rows, sums.m);
    }
}

fn of_units(terms: &[f64], units: usize, _: Range<usize>, at: usize) -> f64 {
    terms.get(at * units..(at + 1) * units).map_or(f64::NAN, |row| row.iter().sum())
}
