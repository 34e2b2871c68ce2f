//! What the known mistakes would make of an optimiser's step.
//!
//! The equations stand here once more, as they were published, with a place for every mistake.

use super::Reason;
use crate::network::optimizer::{Optimizer, Rule, clipped, power};

/// A step, right or with a mistake in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Step {
    rule: Rule,
    /// beta1 and beta2.
    betas: [f64; 2],
    /// Whether it goes by the average of the gradients, m, instead of the gradient.
    by_average: bool,
    /// Whether the squares are summed instead of averaged.
    sums: bool,
    /// Whether m and v are divided by 1 - beta^t.
    corrected: [bool; 2],
    epsilon_inside: bool,
    /// Whether it is divided by the root at all.
    divided: bool,
    /// Whether it goes on from what the case remembers.
    remembers: bool,
}

/// An entry after a step, and what is remembered of it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Moved {
    /// m; of no meaning where the step goes by the gradient.
    pub average: f64,
    /// v, or AdaGrad's G.
    pub squares: f64,
    pub theta: f64,
}

/// What a mistake makes of a right step.
type Change = fn(&mut Step);

/// Every mistake that is known.
pub(super) const MISSTEPS: &[(Reason, Change)] = &[
    (Reason::Sign, |step| step.rule.eta *= -1.0),
    (Reason::NotClipped, |step| step.rule.clip = f64::INFINITY),
    (Reason::BiasCorrection, |step| step.corrected = [false; 2]),
    (Reason::BiasCorrection, |step| step.corrected[0] = false),
    (Reason::BiasCorrection, |step| step.corrected[1] = false),
    (Reason::EpsilonInside, |step| step.epsilon_inside = true),
    (Reason::EpsilonOutside, |step| step.epsilon_inside = false),
    (Reason::Betas, |step| {
        // RMSProp has one of them.
        if step.by_average {
            step.betas.reverse();
        }
    }),
    (Reason::UpdateNumber, |step| {
        step.rule.t = step.rule.t.saturating_sub(1)
    }),
    (Reason::UpdateNumber, |step| {
        step.rule.t = step.rule.t.saturating_add(1)
    }),
    (Reason::NoMemory, |step| step.remembers = false),
    (Reason::NoMemory, |step| {
        (step.remembers, step.rule.t) = (false, 1)
    }),
    (Reason::OtherOptimizer, |step| {
        *step = Step::of(Optimizer::AdaGrad, step.rule)
    }),
    (Reason::OtherOptimizer, |step| {
        *step = Step::of(Optimizer::AdaGrad, step.rule);
        step.remembers = false;
    }),
    (Reason::OtherOptimizer, |step| {
        *step = Step::of(Optimizer::RMSPROP, step.rule)
    }),
    (Reason::OtherOptimizer, |step| {
        (step.by_average, step.divided) = (false, false)
    }),
];

impl Step {
    /// The right one of a rule's optimiser.
    pub fn right(rule: Rule) -> Self {
        Step::of(rule.optimizer, rule)
    }

    /// An optimiser's with the numbers of a rule.
    fn of(optimizer: Optimizer, rule: Rule) -> Self {
        let is_adam = matches!(optimizer, Optimizer::Adam { .. });
        let is_adagrad = optimizer == Optimizer::AdaGrad;
        let betas = [rule.optimizer.beta1(), rule.optimizer.beta2()];
        Step {
            rule,
            betas: betas.map(Option::unwrap_or_default),
            by_average: is_adam,
            sums: is_adagrad,
            corrected: [is_adam; 2],
            epsilon_inside: is_adagrad,
            divided: true,
            remembers: true,
        }
    }

    /// From what an entry is, and from its average and squares, by an entry of the gradient.
    pub fn moved(&self, theta: f64, [average, squares]: [f64; 2], g: f64) -> Moved {
        let Rule {
            eta,
            epsilon,
            clip,
            t,
            ..
        } = self.rule;
        let [beta1, beta2] = self.betas;
        let g = clipped(g, clip);
        let before = |remembered: f64| if self.remembers { remembered } else { 0.0 };
        let average = beta1 * before(average) + (1.0 - beta1) * g;
        let squares = if self.sums {
            before(squares) + g * g
        } else {
            beta2 * before(squares) + (1.0 - beta2) * g * g
        };
        let correction = |which: usize, beta: f64| {
            if self.corrected[which] {
                1.0 - power(beta, t)
            } else {
                1.0
            }
        };
        let direction = if self.by_average {
            average / correction(0, beta1)
        } else {
            g
        };
        let squared = squares / correction(1, beta2);
        let root = if self.epsilon_inside {
            (squared + epsilon).sqrt()
        } else {
            squared.sqrt() + epsilon
        };
        let divisor = if self.divided { root } else { 1.0 };
        Moved {
            average,
            squares,
            theta: theta - eta * direction / divisor,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Settings;
    use crate::network::reference;

    /// To some digits: powers and products are made in another order.
    #[test]
    fn a_right_step_is_that_of_the_definition() {
        let adam = Optimizer::Adam {
            beta1: 0.8,
            beta2: 0.95,
        };
        let rms_prop = Optimizer::RmsProp { beta2: 0.95 };
        for optimizer in [Optimizer::AdaGrad, adam, rms_prop] {
            let settings = Settings {
                optimizer,
                learning_rate: 0.01,
                epsilon: 1e-3,
                clip: 0.5,
                ..Settings::default()
            };
            for (t, g) in [(1, 0.3), (2, -0.7), (30, 1e-3), (1000, 0.0)] {
                let (rule, start) = (settings.rule(t), [0.02, 0.04]);
                let moved = Step::right(rule).moved(0.1, start, g);
                let (mut theta, mut memory) = ([0.1], start.map(|one| vec![one]));
                let memory = match optimizer {
                    Optimizer::Adam { .. } => &mut memory[..],
                    _ => &mut memory[1..],
                };
                reference::update(&rule, &mut theta, memory, &[g]);
                let found = [moved.average, moved.squares, moved.theta];
                let expected = memory.iter().flatten().chain(&theta);
                for (found, expected) in found[2 - memory.len()..].iter().zip(expected) {
                    let near = (found - expected).abs() <= 1e-15;
                    assert!(near, "{optimizer:?} {t}: {found} for {expected}");
                }
            }
        }
    }
}
