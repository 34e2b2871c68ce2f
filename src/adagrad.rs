//! The optimiser: clipped gradients and AdaGrad.

use crate::gradient::Parts;
use crate::kernels::level::fours_mut;
use crate::kernels::{Entries, Four, Number, get, put};
use crate::parameters::{Parameters, TensorsMut};

/// How a gradient moves the parameters.
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
    /// `(theta, G)` after an update: `G += g g`, then `theta -= (eta g) / sqrt(G + epsilon)`, where g is
    /// the clipped gradient. Where the gradient is +0, as sums without a term are, both keep their bits.
    #[inline(always)]
    pub fn moved<N: Number>(&self, theta: N, G: N, gradient: N) -> (N, N) {
        // NaN stays NaN, so that the run can say so.
        let g = N::splat(self.clip).smaller(N::splat(-self.clip).larger(gradient));
        let G = G + g * g;
        let step = (N::splat(self.eta) * g) / (G + N::splat(self.epsilon)).sqrt();
        (theta - step, G)
    }

    /// One update of all parameters and of the sums of squares `G` by a gradient that is in memory. Training
    /// does the same entry by entry: see [`Moving`].
    ///
    /// # Panics
    /// Where the shapes differ.
    pub fn update(&self, theta: &mut Parameters, G: &mut Parameters, gradient: &Parameters) {
        let shape = gradient.shape();
        assert!(
            theta.shape() == shape && G.shape() == shape,
            "adagrad: shapes"
        );
        let entries = theta.values_mut().iter_mut().zip(G.values_mut());
        for ((theta, G), &gradient) in entries.zip(gradient.values()) {
            (*theta, *G) = self.moved(*theta, *G, gradient);
        }
    }
}

/// Entries of a gradient that move their parameters as soon as they are summed.
#[derive(Debug)]
pub struct Moving<'a> {
    /// How they move.
    pub optimizer: AdaGrad,
    /// The parameters.
    pub theta: &'a mut [f64],
    /// The sums of squares, as many.
    pub G: &'a mut [f64],
}

impl<'a> Moving<'a> {
    /// The five parts of some parameters, with their sums of squares.
    pub fn parts(
        optimizer: AdaGrad,
        theta: TensorsMut<'a>,
        G: TensorsMut<'a>,
    ) -> Parts<Moving<'a>> {
        let moving = |theta, G| Moving {
            optimizer,
            theta,
            G,
        };
        Parts {
            U: moving(theta.U, G.U),
            W: moving(theta.W, G.W),
            V: moving(theta.V, G.V),
            b: moving(theta.b, G.b),
            c: moving(theta.c, G.c),
        }
    }
}

impl Entries for Moving<'_> {
    #[inline(always)]
    fn take<F: Four>(&mut self, at: usize, entries: [F; 2]) {
        let theta = fours_mut(&mut self.theta[at..at + 8]);
        let G = fours_mut(&mut self.G[at..at + 8]);
        for i in 0..2 {
            let (before, sums) = (F::load(&theta[i]), F::load(&G[i]));
            let (moved, sums) = self.optimizer.moved(before, sums, entries[i]);
            moved.store(&mut theta[i]);
            sums.store(&mut G[i]);
        }
    }

    #[inline(always)]
    fn take_part<F: Four>(&mut self, at: usize, count: usize, entries: F) {
        let range = at..at + count;
        let (theta, G) = (get(&self.theta[range.clone()]), get(&self.G[range.clone()]));
        let (theta, G) = self.optimizer.moved(theta, G, entries);
        put(theta, &mut self.theta[range.clone()]);
        put(G, &mut self.G[range]);
    }

    #[inline(always)]
    fn take_apart<F: Four>(&mut self, places: [usize; 4], count: usize, entries: F) {
        let theta = F::load(&places.map(|at| self.theta[at]));
        let G = F::load(&places.map(|at| self.G[at]));
        let (theta, G) = self.optimizer.moved(theta, G, entries);
        let (mut moved, mut sums) = ([0.0; 4], [0.0; 4]);
        theta.store(&mut moved);
        G.store(&mut sums);
        for i in 0..count {
            self.theta[places[i]] = moved[i];
            self.G[places[i]] = sums[i];
        }
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
            let mut theta = Parameters::zeros(shape).unwrap();
            generator.fill_normal(theta.values_mut(), 0.5);
            let mut G = Parameters::zeros(shape).unwrap();
            let (mut defined, mut sums) = (theta.values().to_vec(), G.values().to_vec());
            let optimizer = AdaGrad {
                eta: 0.1,
                epsilon: 1e-8,
                clip: 2.0,
            };
            for _ in 0..3 {
                let mut gradient = Parameters::zeros(shape).unwrap();
                // About a third of the entries is clipped.
                generator.fill_normal(gradient.values_mut(), 2.0);
                reference::update(&mut defined, &mut sums, gradient.values(), [2.0, 0.1, 1e-8]);
                optimizer.update(&mut theta, &mut G, &gradient);
                assert_eq!(theta.values(), defined);
                assert_eq!(G.values(), sums);
            }
        }
    }
}
