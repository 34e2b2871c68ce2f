//! The results of an optimizer's update with known mistakes.
//!
//! The equations are those of [`Rule`]. A mistake gives them wrong numbers.

use crate::network::optimizer::{Optimizer, Rule};
use crate::network::update::{clipped, power};
use std::slice::from_mut;

/// An entry of the parameters, and its state in the optimizer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub theta: f64,
    /// Adam's m; other optimizers do not use it.
    pub average: f64,
    /// v, or AdaGrad's G.
    pub squares: f64,
}

/// Updates an entry by the entry `g` of the gradient, with the value of a mistake.
pub(super) type Update = fn(rule: Rule, entry: Entry, g: f64, value: f64) -> Entry;

/// The right update.
pub(super) fn right(rule: Rule, mut entry: Entry, g: f64) -> Entry {
    let (average, squares) = (from_mut(&mut entry.average), from_mut(&mut entry.squares));
    let memory: &mut [&mut [f64]] = match rule.optimizer {
        Optimizer::Adam { .. } => &mut [average, squares],
        Optimizer::AdaGrad | Optimizer::RmsProp { .. } => &mut [squares],
    };
    rule.update_slices(from_mut(&mut entry.theta), memory, &[g]);
    entry
}

/// The step alone, from the state after it.
pub(super) fn step(rule: Rule, theta: f64, g: f64, [average, squares]: [f64; 2]) -> f64 {
    let (numerator, root) = parts(rule, g, [average, squares]);
    theta - rule.eta * numerator / root(squares, rule.epsilon)
}

/// The numerator without eta, and the function that computes the denominator.
fn parts(rule: Rule, g: f64, [average, _]: [f64; 2]) -> (f64, impl Fn(f64, f64) -> f64) {
    let [first, second] = corrections(rule);
    let numerator = match rule.optimizer {
        Optimizer::Adam { .. } => average / first,
        _ => clipped(g, rule.clip),
    };
    let root = move |squares: f64, epsilon: f64| match rule.optimizer {
        Optimizer::AdaGrad => (squares + epsilon).sqrt(),
        _ => (squares / second).sqrt() + epsilon,
    };
    (numerator, root)
}

/// The entry before an update, from the state after it, if that is known: m, and v or G.
pub(super) fn before(rule: Rule, entry: Entry, g: f64, after: [Option<f64>; 2]) -> Entry {
    let g = clipped(g, rule.clip);
    let undone = |after: f64, beta: f64, term: f64| (after - (1.0 - beta) * term) / beta;
    let average = match (after[0], rule.optimizer) {
        (Some(m), Optimizer::Adam { beta1, .. }) => undone(m, beta1, g),
        _ => entry.average,
    };
    let squares = match (after[1], rule.optimizer.beta2()) {
        (Some(G), None) => G - g * g,
        (Some(v), Some(beta)) => undone(v, beta, g * g),
        (None, _) => entry.squares,
    };
    Entry { average, squares, ..entry }
}

/// The epsilon with which an entry becomes `after`.
pub(super) fn epsilon_of(rule: Rule, entry: Entry, g: f64, after: f64) -> f64 {
    let next = right(rule, entry, g);
    let (numerator, root) = parts(rule, g, [next.average, next.squares]);
    let divisor = rule.eta * numerator / (entry.theta - after);
    match rule.optimizer {
        Optimizer::AdaGrad => divisor * divisor - next.squares,
        _ => divisor - root(next.squares, 0.0),
    }
}

pub(super) fn unclipped(rule: Rule, entry: Entry, g: f64) -> Entry {
    right(Rule { clip: f64::INFINITY, ..rule }, entry, g)
}

pub(super) fn other_clip(rule: Rule, entry: Entry, g: f64, clip: f64) -> Entry {
    right(Rule { clip, ..rule }, entry, g)
}

/// The update with another number t.
pub(super) fn at(t: u64, rule: Rule, entry: Entry, g: f64) -> Entry {
    right(Rule { t, ..rule }, entry, g)
}

pub(super) fn forgotten(entry: Entry) -> Entry {
    Entry { average: 0.0, squares: 0.0, ..entry }
}

/// g is used instead of its square.
pub(super) fn no_square(rule: Rule, entry: Entry, g: f64) -> Entry {
    let (after, g_clipped) = (right(rule, entry, g), clipped(g, rule.clip));
    let squares = match rule.optimizer.beta2() {
        None => entry.squares + g_clipped,
        Some(beta) => beta * entry.squares + (1.0 - beta) * g_clipped,
    };
    let theta = step(rule, entry.theta, g, [after.average, squares]);
    Entry { theta, squares, ..after }
}

/// The step is divided by the squares and epsilon instead of their root.
pub(super) fn no_root(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    let (numerator, _) = parts(rule, g, [after.average, after.squares]);
    let squares = after.squares / corrections(rule)[1];
    Entry { theta: entry.theta - rule.eta * numerator / (squares + rule.epsilon), ..after }
}

/// The step uses m, v or G from before this update.
pub(super) fn old_memory([first, second]: [bool; 2], rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    let average = if first { entry.average } else { after.average };
    let squares = if second { entry.squares } else { after.squares };
    Entry { theta: step(rule, entry.theta, g, [average, squares]), ..after }
}

/// AdaGrad's update.
pub(super) fn adagrad(rule: Rule, entry: Entry, g: f64) -> Entry {
    other(Optimizer::AdaGrad, rule, entry, g)
}

/// RMSProp's update.
pub(super) fn rmsprop(rule: Rule, entry: Entry, g: f64) -> Entry {
    let beta2 = rule.optimizer.beta2().unwrap_or_default();
    other(Optimizer::RmsProp { beta2 }, rule, entry, g)
}

/// A step of plain descent.
pub(super) fn plain(rule: Rule, entry: Entry, g: f64) -> Entry {
    Entry { theta: entry.theta - rule.eta * clipped(g, rule.clip), ..right(rule, entry, g) }
}

/// A step along Adam's average.
pub(super) fn momentum(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    Entry { theta: entry.theta - rule.eta * after.average, ..after }
}

/// The update of another optimizer, with the right average, which it does not have.
fn other(optimizer: Optimizer, rule: Rule, entry: Entry, g: f64) -> Entry {
    Entry { average: right(rule, entry, g).average, ..right(Rule { optimizer, ..rule }, entry, g) }
}

pub(super) fn betas_swapped(rule: Rule) -> Rule {
    let optimizer = match rule.optimizer {
        Optimizer::Adam { beta1, beta2 } => Optimizer::Adam { beta1: beta2, beta2: beta1 },
        // They have one or none.
        other => other,
    };
    Rule { optimizer, ..rule }
}

/// Adam with the right averages, but with each other's corrections.
pub(super) fn corrections_swapped(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    let theta = step(betas_swapped(rule), entry.theta, g, [after.average, after.squares]);
    Entry { theta, ..after }
}

/// Adam with m instead of `m / (1 - beta1^t)`, which is the same as a smaller eta; or with v instead of
/// `v / (1 - beta2^t)`, which is the same as a larger eta and a larger epsilon; or with both.
pub(super) fn uncorrected(
    [first, second]: [bool; 2],
    mut rule: Rule,
    entry: Entry,
    g: f64,
) -> Entry {
    let [of_m, of_v] = corrections(rule);
    if second {
        rule.eta /= of_v.sqrt();
        rule.epsilon /= of_v.sqrt();
    }
    if first {
        rule.eta *= of_m;
    }
    right(rule, entry, g)
}

/// The divisors of m and v in Adam.
fn corrections(rule: Rule) -> [f64; 2] {
    match rule.optimizer {
        Optimizer::Adam { beta1, beta2 } => [beta1, beta2].map(|beta| 1.0 - power(beta, rule.t)),
        Optimizer::AdaGrad | Optimizer::RmsProp { .. } => [1.0; 2],
    }
}

/// Adam or RMSProp with `sqrt(v + epsilon)` instead of `sqrt(v) + epsilon`.
pub(super) fn epsilon_inside(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    if rule.optimizer == Optimizer::AdaGrad {
        return after;
    }
    let v = after.squares / corrections(rule)[1];
    let epsilon = (v + rule.epsilon).sqrt() - v.sqrt();
    right(Rule { epsilon, ..rule }, entry, g)
}

/// AdaGrad with `sqrt(G) + epsilon` instead of `sqrt(G + epsilon)`.
pub(super) fn epsilon_outside(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    if rule.optimizer != Optimizer::AdaGrad {
        return after;
    }
    // The square of the sum is G and this.
    let epsilon = (2.0 * after.squares.sqrt() + rule.epsilon) * rule.epsilon;
    right(Rule { epsilon, ..rule }, entry, g)
}
