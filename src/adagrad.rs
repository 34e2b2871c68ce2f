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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::Shape;
    use crate::random::{Generator, Stream};
    use crate::reference;

    #[test]
    fn an_update_is_that_of_the_definition() {
        let mut generator = Generator::new(5, Stream::Initialization);
        for (m, K) in [(1, 1), (3, 7), (20, 65)] {
            let shape = Shape::new(m, K).unwrap();
            let mut rnn = Rnn::random(shape, 0.5, 1).unwrap();
            let mut G = Parameters::zeros(shape).unwrap();
            let mut theta = rnn.parameters.values().to_vec();
            let mut sums = G.values().to_vec();
            let optimizer = AdaGrad {
                eta: 0.1,
                epsilon: 1e-8,
                clip: 2.0,
            };
            for _ in 0..3 {
                let mut gradient = Parameters::zeros(shape).unwrap();
                // About a third of the entries is clipped.
                generator.fill_normal(gradient.values_mut(), 2.0);
                reference::update(&mut theta, &mut sums, gradient.values(), [2.0, 0.1, 1e-8]);
                optimizer.update(&mut rnn, &mut G, &mut gradient);
                assert_eq!(rnn.parameters.values(), theta);
                assert_eq!(G.values(), sums);
            }
        }
    }
}
