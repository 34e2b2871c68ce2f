//! What the known mistakes would make of an optimizer's update.
//!
//! The equations are those of [`Rule`]. A mistake gives them other numbers than the right ones.

use super::reason::Reason;
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::update::{clipped, power};
use std::slice::from_mut;

/// An entry of the parameters, and what the optimizer remembers of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry {
    pub theta: f64,
    /// Adam's m; unused by the others.
    pub average: f64,
    /// v, or AdaGrad's G.
    pub squares: f64,
}

/// An entry after an update by the entry `g` of the gradient.
pub(super) type Update = fn(rule: Rule, entry: Entry, g: f64) -> Entry;

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

/// Every known mistake of an update.
#[rustfmt::skip]
pub(super) const MISTAKES: &[(Reason, Update)] = &[
    (Reason::Sign, |rule, entry, g| right(Rule { eta: -rule.eta, ..rule }, entry, g)),
    (Reason::NotClipped, |rule, entry, g| right(Rule { clip: f64::INFINITY, ..rule }, entry, g)),
    (Reason::BiasCorrection, |rule, entry, g| right(uncorrected_first(uncorrected_second(rule)), entry, g)),
    (Reason::BiasCorrection, |rule, entry, g| right(uncorrected_first(rule), entry, g)),
    (Reason::BiasCorrection, |rule, entry, g| right(uncorrected_second(rule), entry, g)),
    (Reason::EpsilonInside, epsilon_inside),
    (Reason::EpsilonOutside, epsilon_outside),
    (Reason::Betas, |rule, entry, g| right(betas_swapped(rule), entry, g)),
    (Reason::UpdateNumber, |rule, entry, g| right(Rule { t: rule.t.saturating_sub(1), ..rule }, entry, g)),
    (Reason::UpdateNumber, |rule, entry, g| right(Rule { t: rule.t.saturating_add(1), ..rule }, entry, g)),
    (Reason::NoMemory, |rule, entry, g| right(rule, forgotten(entry), g)),
    (Reason::NoMemory, |rule, entry, g| right(Rule { t: 1, ..rule }, forgotten(entry), g)),
    (Reason::OtherOptimizer, |rule, entry, g| other(Optimizer::AdaGrad, rule, entry, g)),
    (Reason::OtherOptimizer, |rule, entry, g| other(Optimizer::AdaGrad, rule, forgotten(entry), g)),
    (Reason::OtherOptimizer, |rule, entry, g| other(rmsprop(rule), rule, entry, g)),
    (Reason::OtherOptimizer, |rule, entry, g| Entry {
        theta: entry.theta - rule.eta * clipped(g, rule.clip),
        ..right(rule, entry, g)
    }),
];

fn forgotten(entry: Entry) -> Entry {
    Entry { average: 0.0, squares: 0.0, ..entry }
}

/// The update of another optimizer, with the right average, which it does not have.
fn other(optimizer: Optimizer, rule: Rule, entry: Entry, g: f64) -> Entry {
    Entry { average: right(rule, entry, g).average, ..right(Rule { optimizer, ..rule }, entry, g) }
}

fn rmsprop(rule: Rule) -> Optimizer {
    let beta2 = rule.optimizer.beta2().unwrap_or_default();
    Optimizer::RmsProp { beta2 }
}

fn betas_swapped(rule: Rule) -> Rule {
    let optimizer = match rule.optimizer {
        Optimizer::Adam { beta1, beta2 } => Optimizer::Adam { beta1: beta2, beta2: beta1 },
        // They have one or none.
        other => other,
    };
    Rule { optimizer, ..rule }
}

/// Adam with m instead of `m / (1 - beta1^t)`: a smaller eta does the same.
fn uncorrected_first(rule: Rule) -> Rule {
    let eta = rule.eta * corrections(rule)[0];
    Rule { eta, ..rule }
}

/// Adam with v instead of `v / (1 - beta2^t)`: a larger eta and a larger epsilon do the same.
fn uncorrected_second(rule: Rule) -> Rule {
    let root = corrections(rule)[1].sqrt();
    Rule { eta: rule.eta / root, epsilon: rule.epsilon / root, ..rule }
}

/// By what Adam divides m and v.
fn corrections(rule: Rule) -> [f64; 2] {
    match rule.optimizer {
        Optimizer::Adam { beta1, beta2 } => [beta1, beta2].map(|beta| 1.0 - power(beta, rule.t)),
        Optimizer::AdaGrad | Optimizer::RmsProp { .. } => [1.0; 2],
    }
}

/// Adam or RMSProp with `sqrt(v + epsilon)` instead of `sqrt(v) + epsilon`.
fn epsilon_inside(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    if rule.optimizer == Optimizer::AdaGrad {
        return after;
    }
    let v = after.squares / corrections(rule)[1];
    let epsilon = (v + rule.epsilon).sqrt() - v.sqrt();
    right(Rule { epsilon, ..rule }, entry, g)
}

/// AdaGrad with `sqrt(G) + epsilon` instead of `sqrt(G + epsilon)`.
fn epsilon_outside(rule: Rule, entry: Entry, g: f64) -> Entry {
    let after = right(rule, entry, g);
    if rule.optimizer != Optimizer::AdaGrad {
        return after;
    }
    // The square of the sum is G and this.
    let epsilon = (2.0 * after.squares.sqrt() + rule.epsilon) * rule.epsilon;
    right(Rule { epsilon, ..rule }, entry, g)
}
