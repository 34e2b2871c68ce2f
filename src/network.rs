//! The network: forward pass, loss and backpropagation through time, over T characters at a time.
//!
//! With x_t the one-hot vector of input t and y_t that of its target:
//!
//! ```text
//! a_t = W h_{t-1} + U x_t + b     h_t = tanh(a_t)
//! o_t = V h_t + c                 p_t = softmax(o_t)
//! L   = - sum_t ln p_t[y_t]
//! ```
//!
//! A one-hot vector is an index here. [`crate::reference`] says the same with dense matrices.

use crate::kernels::{
    add, matvec, outer_product_accumulate, softmax, tanh_in_place, transposed_matvec_accumulate,
};
use crate::parameters::{Parameters, Shape, ShapeError, Tensors, zeros};
use crate::random::{Generator, Stream};

/// The recurrent network: what its parameters make of characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Rnn {
    /// U, W, V, b, c.
    pub parameters: Parameters,
}

impl Rnn {
    /// U, W and V from N(0, sigma^2), in this order, each row by row; b = c = 0.
    ///
    /// ```
    /// use elman::{Rnn, Shape};
    /// let rnn = Rnn::random(Shape::new(100, 65)?, 0.01, 1)?;
    /// assert_eq!(rnn.parameters.tensors().W.len(), 100 * 100);
    /// # Ok::<(), elman::ShapeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] where the parameters cannot be allocated.
    pub fn random(shape: Shape, sigma: f64, seed: u64) -> Result<Self, ShapeError> {
        let mut parameters = Parameters::zeros(shape)?;
        let mut generator = Generator::new(seed, Stream::Initialization);
        let parts = parameters.tensors_mut();
        for matrix in [parts.U, parts.W, parts.V] {
            generator.fill_normal(matrix, sigma);
        }
        Ok(Rnn { parameters })
    }

    /// Its shape.
    pub fn shape(&self) -> Shape {
        self.parameters.shape()
    }

    /// `h_t = tanh(W h_{t-1} + U x_t + b)`: from `before` and the character's index into `h`, both m
    /// long. The three terms are added from left to right.
    ///
    /// # Panics
    /// Where `x` is K or more, or a length is not m.
    pub fn hidden(&self, x: usize, before: &[f64], h: &mut [f64]) {
        let K = self.shape().K();
        assert!(x < K, "character {x} of {K}");
        let Tensors { U, W, b, .. } = self.parameters.tensors();
        matvec(W, before, h);
        for ((h, U), b) in h.iter_mut().zip(U.chunks_exact(K)).zip(b) {
            *h = (*h + U[x]) + b;
        }
        tanh_in_place(h);
    }

    /// `o_t = V h_t + c`: from `h`, m long, into `o`, K long.
    ///
    /// # Panics
    /// Where a length is wrong.
    pub fn logits(&self, h: &[f64], o: &mut [f64]) {
        let Tensors { V, c, .. } = self.parameters.tensors();
        matvec(V, h, o);
        add(c, o);
    }

    /// The forward pass over the T inputs, from the hidden state `h0`; returns the loss against the
    /// targets in nats, summed over the steps by increasing t.
    ///
    /// # Panics
    /// Where there are not T inputs and T targets, an index is K or more, or `h0` is not m long.
    pub fn forward(
        &self,
        inputs: &[usize],
        targets: &[usize],
        h0: &[f64],
        steps: &mut Unrolled,
    ) -> f64 {
        steps.check(self.shape(), inputs, targets);
        let (m, K) = (self.shape().m(), self.shape().K());
        steps.h[..m].copy_from_slice(h0);
        for t in 0..steps.T {
            let (before, after) = steps.h.split_at_mut((t + 1) * m);
            let h = &mut after[..m];
            self.hidden(inputs[t], &before[t * m..], h);
            self.logits(h, &mut steps.o);
            let p = &mut steps.p[t * K..(t + 1) * K];
            steps.losses[t] = softmax(&steps.o, p).loss(steps.o[targets[t]]);
        }
        steps.losses.iter().fold(0.0, |sum, loss| sum + loss)
    }

    /// Backpropagation through time, after [`Rnn::forward`] over the same characters: the gradient of
    /// the loss in every parameter, unclipped.
    ///
    /// ```text
    /// g_t = p_t - y_t
    /// dL/da_t = (V' g_t + W' dL/da_{t+1}) (1 - h_t^2)
    /// dL/dV   = sum_t g_t h_t'            dL/dc = sum_t g_t
    /// dL/dW   = sum_t dL/da_t h_{t-1}'    dL/db = sum_t dL/da_t
    /// dL/dU   = sum_t dL/da_t x_t'
    /// ```
    ///
    /// The sums run by increasing t.
    ///
    /// # Panics
    /// As [`Rnn::forward`], or where `gradient` has another shape.
    pub fn backward(
        &self,
        inputs: &[usize],
        targets: &[usize],
        steps: &mut Unrolled,
        gradient: &mut Parameters,
    ) {
        steps.check(self.shape(), inputs, targets);
        assert_eq!(gradient.shape(), self.shape(), "gradient: shape");
        self.propagate(targets, steps);
        sum_over_steps(inputs, steps, gradient);
    }

    /// g_t and dL/da_t for every t, the latter by decreasing t.
    fn propagate(&self, targets: &[usize], steps: &mut Unrolled) {
        let (m, K) = (self.shape().m(), self.shape().K());
        let Tensors { W, V, .. } = self.parameters.tensors();
        steps.g.copy_from_slice(&steps.p);
        for (g, &target) in steps.g.chunks_exact_mut(K).zip(targets) {
            g[target] -= 1.0;
        }
        for t in (0..steps.T).rev() {
            let (now, later) = steps.da[t * m..].split_at_mut(m);
            now.fill(0.0);
            transposed_matvec_accumulate(V, &steps.g[t * K..(t + 1) * K], now);
            if t + 1 < steps.T {
                transposed_matvec_accumulate(W, &later[..m], now);
            }
            for (da, h) in now.iter_mut().zip(&steps.h[(t + 1) * m..(t + 2) * m]) {
                *da *= 1.0 - h * h;
            }
        }
    }
}

/// The five sums over t of the backward pass.
fn sum_over_steps(inputs: &[usize], steps: &Unrolled, gradient: &mut Parameters) {
    let (m, K) = (gradient.shape().m(), gradient.shape().K());
    gradient.values_mut().fill(0.0);
    let d = gradient.tensors_mut();
    for (t, &x) in inputs.iter().enumerate() {
        let g = &steps.g[t * K..(t + 1) * K];
        let da = &steps.da[t * m..(t + 1) * m];
        let (before, h) = steps.h[t * m..(t + 2) * m].split_at(m);
        outer_product_accumulate(d.V, g, h);
        add(g, d.c);
        outer_product_accumulate(d.W, da, before);
        for (dU, da) in d.U.chunks_exact_mut(K).zip(da) {
            dU[x] += da;
        }
        add(da, d.b);
    }
}

/// The network unrolled over T steps: what the forward pass leaves for the backward pass.
#[derive(Clone, Debug)]
pub struct Unrolled {
    shape: Shape,
    T: usize,
    /// (T + 1) x m: h_0 to h_T.
    h: Vec<f64>,
    /// K: the logits of the step at hand.
    o: Vec<f64>,
    /// T x K.
    p: Vec<f64>,
    /// T: -ln p_t[y_t].
    losses: Vec<f64>,
    /// T x K: p_t - y_t.
    g: Vec<f64>,
    /// T x m: dL/da_t.
    da: Vec<f64>,
}

impl Unrolled {
    /// Buffers for `T` steps.
    ///
    /// # Errors
    /// [`ShapeError`] where they cannot be allocated.
    pub fn new(shape: Shape, T: usize) -> Result<Self, ShapeError> {
        let (m, K) = (shape.m(), shape.K());
        let times = |rows: usize, columns: usize| {
            rows.checked_mul(columns)
                .ok_or(ShapeError::NoMemory { bytes: usize::MAX })
                .and_then(zeros)
        };
        Ok(Unrolled {
            shape,
            T,
            h: times(T.saturating_add(1), m)?,
            o: zeros(K)?,
            p: times(T, K)?,
            losses: zeros(T)?,
            g: times(T, K)?,
            da: times(T, m)?,
        })
    }

    /// Bytes that [`Unrolled::new`] would allocate; `None` where that overflows.
    pub(crate) fn bytes(shape: Shape, T: usize) -> Option<usize> {
        let a_step = 2usize
            .checked_mul(shape.m())?
            .checked_add(2usize.checked_mul(shape.K())?)?
            .checked_add(1)?;
        a_step
            .checked_mul(T.checked_add(1)?)?
            .checked_mul(size_of::<f64>())
    }

    fn check(&self, shape: Shape, inputs: &[usize], targets: &[usize]) {
        assert_eq!(self.shape, shape, "steps: shape");
        assert_eq!([inputs.len(), targets.len()], [self.T; 2], "steps: T");
    }

    /// The hidden states h_0 to h_T, (T + 1) x m.
    pub fn h(&self) -> &[f64] {
        &self.h
    }

    /// The hidden state after the last step, m.
    pub fn last_h(&self) -> &[f64] {
        &self.h[self.T * self.shape.m()..]
    }

    /// The probabilities p_1 to p_T, T x K.
    pub fn p(&self) -> &[f64] {
        &self.p
    }

    /// The loss of each step in nats, T.
    pub fn losses(&self) -> &[f64] {
        &self.losses
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reference;
    use crate::text::one_hot;

    /// A network with weights, biases and a hidden state that are all alive.
    fn alive(m: usize, K: usize, seed: u64) -> (Rnn, Vec<f64>) {
        let mut parameters = Parameters::zeros(Shape::new(m, K).unwrap()).unwrap();
        let mut generator = Generator::new(seed, Stream::Initialization);
        generator.fill_normal(parameters.values_mut(), 0.4);
        let mut h0 = vec![0.0; m];
        generator.fill_normal(&mut h0, 0.5);
        (Rnn { parameters }, h0)
    }

    fn characters(T: usize, K: usize, seed: usize) -> Vec<usize> {
        (0..=T).map(|t| (t * t * 7 + t * seed + seed) % K).collect()
    }

    fn close(ours: &[f64], theirs: &[f64], what: &str) {
        assert_eq!(ours.len(), theirs.len(), "{what}");
        let largest = theirs
            .iter()
            .fold(0.0, |largest: f64, x| largest.max(x.abs()));
        for (x, y) in ours.iter().zip(theirs) {
            assert!(
                (x - y).abs() <= 1e-12 * (1e-3 + largest),
                "{what}: {x} and {y}"
            );
        }
    }

    #[test]
    fn indexed_and_dense_passes_give_the_same_numbers() {
        for (m, K, T) in [
            (1, 1, 1),
            (1, 2, 3),
            (2, 1, 4),
            (5, 65, 25),
            (9, 7, 2),
            (33, 12, 25),
            (17, 16, 8),
        ] {
            let (rnn, h0) = alive(m, K, (m + K + T) as u64);
            let text = characters(T, K, m);
            let (inputs, targets) = (&text[..T], &text[1..]);
            let (X, Y) = (one_hot(inputs, K), one_hot(targets, K));
            let dense = reference::forward(&rnn.parameters, &X, &Y, &h0);
            let dense_gradient = reference::backward(&rnn.parameters, &X, &Y, &dense);

            let mut steps = Unrolled::new(rnn.shape(), T).unwrap();
            let mut gradient = Parameters::zeros(rnn.shape()).unwrap();
            gradient.values_mut().fill(f64::NAN);
            let loss = rnn.forward(inputs, targets, &h0, &mut steps);
            rnn.backward(inputs, targets, &mut steps, &mut gradient);

            close(&[loss], &[dense.loss], "loss");
            close(steps.h(), &dense.h.concat(), "h");
            close(steps.p(), &dense.p.concat(), "p");
            close(steps.last_h(), &dense.h[T], "h_T");
            close(&[steps.losses().iter().sum()], &[dense.loss], "losses");
            for (ours, theirs) in gradient.named().zip(dense_gradient) {
                close(ours.values, &theirs, ours.name);
            }
        }
    }

    #[test]
    fn a_column_of_U_is_its_product_with_a_one_hot_vector_to_the_bit() {
        let (m, K) = (6, 11);
        let (rnn, _) = alive(m, K, 3);
        let U = rnn.parameters.tensors().U;
        for x in 0..K {
            let dense = reference::product(U, &one_hot(&[x], K), m, K, 1);
            let column: Vec<f64> = U.chunks(K).map(|row| row[x]).collect();
            assert_eq!(dense, column);
        }
    }

    /// The hidden state is all that passes from one chunk to the next.
    #[test]
    fn two_chunks_with_a_carried_state_are_one() {
        let (rnn, h0) = alive(7, 5, 9);
        let text = characters(12, 5, 3);
        let mut whole = Unrolled::new(rnn.shape(), 12).unwrap();
        let loss = rnn.forward(&text[..12], &text[1..], &h0, &mut whole);
        let mut half = Unrolled::new(rnn.shape(), 6).unwrap();
        let first = rnn.forward(&text[..6], &text[1..7], &h0, &mut half);
        let carried = half.last_h().to_vec();
        let second = rnn.forward(&text[6..12], &text[7..], &carried, &mut half);
        assert_eq!(half.last_h(), whole.last_h());
        close(&[first + second], &[loss], "loss");
    }

    #[test]
    fn the_same_seed_gives_the_same_bits_and_zero_biases() {
        let shape = Shape::new(40, 30).unwrap();
        let rnn = Rnn::random(shape, 0.01, 5).unwrap();
        assert_eq!(rnn, Rnn::random(shape, 0.01, 5).unwrap());
        assert_ne!(rnn, Rnn::random(shape, 0.01, 6).unwrap());
        let Tensors { U, W, V, b, c } = rnn.parameters.tensors();
        assert!(b.iter().chain(c).all(|&x| x == 0.0));
        for matrix in [U, W, V] {
            let variance: f64 = matrix.iter().map(|x| x * x).sum::<f64>() / matrix.len() as f64;
            // 1,200 draws or more: the estimate of the variance is within 5 of its deviations.
            assert!((variance / 1e-4 - 1.0).abs() < 5.0 * (2.0 / 1200f64).sqrt());
        }
        // U first, then W, then V: the first draws of the stream are U's.
        let mut draws = vec![0.0; shape.entries()];
        let mut generator = Generator::new(5, Stream::Initialization);
        generator.fill_normal(&mut draws[..U.len()], 0.01);
        assert_eq!(U, &draws[..U.len()]);
        generator.fill_normal(&mut draws[..W.len()], 0.01);
        assert_eq!(W, &draws[..W.len()]);
    }
}
