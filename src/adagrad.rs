//! The optimiser: clipped gradients and AdaGrad.

use crate::kernels::{adagrad, clip};
use crate::network::Rnn;
use crate::parameters::Parameters;

/// How far a gradient moves the parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaGrad {
    /// Learning rate eta.
    pub eta: f64,
    /// What keeps the square root away from 0.
    pub epsilon: f64,
    /// Every entry of the gradient is clipped to `[-clip, clip]` first.
    pub clip: f64,
}

impl AdaGrad {
    /// One update: clips `gradient` in place, adds its squares to the sums `G`, and moves the
    /// parameters: `G += g g`, `theta -= (eta g) / sqrt(G + epsilon)`.
    ///
    /// # Panics
    /// Where the shapes differ.
    pub fn update(&self, rnn: &mut Rnn, G: &mut Parameters, gradient: &mut Parameters) {
        let shape = rnn.shape();
        assert!(
            G.shape() == shape && gradient.shape() == shape,
            "adagrad: shapes"
        );
        clip(gradient.values_mut(), self.clip);
        let theta = rnn.parameters.values_mut();
        adagrad(
            theta,
            G.values_mut(),
            gradient.values(),
            self.eta,
            self.epsilon,
        );
    }
}
