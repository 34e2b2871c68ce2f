//! The optimizers and their numbers.
//!
//! A new optimizer is a variant of [`Optimizer`]. It also needs changes in these files:
//!
//! * `update.rs` and [`mod@super::reference`]: its equations, fast and plain;
//! * `training/batch.rs`: the choice of the update;
//! * `settings/table.rs`: its name and its numbers;
//! * `check/worked_case.rs` and `check/diagnosis`: its arrays;
//! * the report of the program: its equations.
//!
//! The compiler points out most of these places.

use crate::network::parameters::{Parameters, Shape, ShapeError};

/// An optimizer, with its own numbers.
///
/// In update t = 1, 2, ..., with g an entry of the gradient that is clipped to `[-clip, clip]`:
///
/// ```text
/// AdaGrad   G += g g
///           theta -= (eta g) / sqrt(G + epsilon)
///
/// RMSProp   v = beta2 v + ((1 - beta2) g) g
///           theta -= (eta g) / (sqrt(v) + epsilon)
///
/// Adam      m = beta1 m + (1 - beta1) g
///           v = beta2 v + ((1 - beta2) g) g
///           theta -= (step m) / (sqrt(v) + epsilon_t)
///           step = eta root / (1 - beta1^t)   epsilon_t = epsilon root   root = sqrt(1 - beta2^t)
/// ```
///
/// AdaGrad: John Duchi, Elad Hazan and Yoram Singer (2011). RMSProp: Geoffrey Hinton's lectures (2012). Adam: Diederik
/// Kingma and Jimmy Ba (2015), Algorithm 1. Their step is `eta m^ / (sqrt(v^) + epsilon)` with `m^ = m / (1 - beta1^t)`
/// and `v^ = v / (1 - beta2^t)`. Here numerator and denominator are multiplied by `root`, so that an entry needs one
/// square root and one division, as in AdaGrad.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Optimizer {
    /// AdaGrad: the squares of all gradients so far make a step smaller.
    #[default]
    AdaGrad,
    /// Adam: a step follows an average of the last gradients.
    Adam {
        /// The decay rate of the average of gradients.
        beta1: f64,
        /// The decay rate of the average of squares.
        beta2: f64,
    },
    /// RMSProp: the squares of the last gradients make a step smaller.
    RmsProp {
        /// The decay rate of the average of squares.
        beta2: f64,
    },
}

impl Optimizer {
    /// Adam with its usual numbers.
    pub const ADAM: Optimizer = Optimizer::Adam { beta1: 0.9, beta2: 0.999 };
    /// RMSProp with its usual number.
    pub const RMSPROP: Optimizer = Optimizer::RmsProp { beta2: 0.9 };
    /// All optimizers, with their usual numbers.
    pub const ALL: [Optimizer; 3] = [Optimizer::AdaGrad, Optimizer::ADAM, Optimizer::RMSPROP];

    /// Its name in options and model files.
    pub fn name(self) -> &'static str {
        match self {
            Optimizer::AdaGrad => "adagrad",
            Optimizer::Adam { .. } => "adam",
            Optimizer::RmsProp { .. } => "rmsprop",
        }
    }

    /// The learning rate that is usual for this optimizer: 0.1 for AdaGrad, 0.001 for the others.
    pub const fn usual_learning_rate(self) -> f64 {
        match self {
            Optimizer::AdaGrad => 0.1,
            Optimizer::Adam { .. } | Optimizer::RmsProp { .. } => 0.001,
        }
    }

    /// The decay rate of the average of gradients; `None` for an optimizer without one.
    pub fn beta1(self) -> Option<f64> {
        match self {
            Optimizer::Adam { beta1, .. } => Some(beta1),
            _ => None,
        }
    }

    /// The decay rate of the average of squares; `None` for an optimizer without one.
    pub fn beta2(self) -> Option<f64> {
        match self {
            Optimizer::Adam { beta2, .. } | Optimizer::RmsProp { beta2 } => Some(beta2),
            Optimizer::AdaGrad => None,
        }
    }

    /// The optimizer of this name, with its usual numbers.
    pub fn named(name: &str) -> Option<Self> {
        Optimizer::ALL.into_iter().find(|one| one.name() == name)
    }

    /// The parts of the optimizer's state: G, or v, or m and v. Each part has one number for every parameter. Gives the
    /// start of their tensors' names in model files, and whether they are never negative.
    pub fn state_parts(self) -> &'static [(&'static str, bool)] {
        match self {
            Optimizer::AdaGrad => &[("adagrad", true)],
            Optimizer::Adam { .. } => &[("adam.first", false), ("adam.second", true)],
            Optimizer::RmsProp { .. } => &[("rmsprop", true)],
        }
    }

    /// What comes before U, W, V, b and c in the names of tensors: nothing for the parameters, then the start of each
    /// of [`Optimizer::state_parts`].
    pub(crate) fn prefixes(self) -> impl Iterator<Item = String> {
        let parts = self.state_parts().iter().map(|(name, _)| format!("{name}."));
        std::iter::once(String::new()).chain(parts)
    }

    /// The state of the optimizer before the first update: zeros for each of [`Optimizer::state_parts`].
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if it cannot be allocated.
    pub fn initial_state(self, shape: Shape) -> Result<Vec<Parameters>, ShapeError> {
        let each = self.state_parts().iter();
        each.map(|_| Parameters::zeros(shape)).collect()
    }
}

/// An optimizer with all of its numbers in one update. [`Optimizer`] has the equations.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The optimizer.
    pub optimizer: Optimizer,
    /// eta, the learning rate in this update.
    pub eta: f64,
    /// epsilon, which keeps the divisor away from 0.
    pub epsilon: f64,
    /// Every entry of the gradient is first clipped to `[-clip, clip]`. Infinity means no clipping.
    pub clip: f64,
    /// The number of the update, counted from 1 as in the equations. Elsewhere updates are counted from 0, and update n
    /// has t = n + 1.
    pub t: u64,
}
