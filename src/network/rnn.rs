//! The network: forward pass, loss and backpropagation through time over T characters.

use crate::kernels::buffer::stride;
use crate::kernels::{
    F64x8, Finish, Kernel, Map, RowOrder, Rows, RowsMut, Tiles, products, softmax_of_rows, tanh,
    tanh_of_sums, times_slope, transposed_products,
};
use crate::network::columns::InputColumns;
use crate::network::gradient::{Store, sum_part};
use crate::network::packed_weights::PackedWeights;
use crate::network::parameters::{Parameters, Shape, ShapeError, Tensors};
use crate::network::parts::Part;
use crate::network::unrolled::Unrolled;
use crate::network::update;
use crate::random::{Generator, Stream};
use std::mem;

/// A recurrent network: its parameters, and the passes over them.
///
/// With x_t and y_t the one-hot vectors of input t and target t, and `p_t[y_t]` the probability of the target:
///
/// ```text
/// a_t = W h_{t-1} + (U x_t + b)   h_t = tanh(a_t)
/// o_t = V h_t + c                 p_t = softmax(o_t)
/// L   = - sum_t ln p_t[y_t]
/// ```
///
/// A one-hot vector is an index here, which chooses a column of U. [`mod@crate::network::reference`] has the same
/// equations with dense matrices.
///
/// ```
/// use elman::{Parameters, Rnn, Shape, Unrolled};
///
/// let shape = Shape::new(100, 65)?;
/// let rnn = Rnn::random(shape, 0.01, 1)?;
/// // T = 3 steps of one sequence.
/// let mut steps = Unrolled::new(shape, 3, 1)?;
/// steps.begin(0, &[7, 4, 11], &[4, 11, 11], &[0.0; 100])?;
/// let loss = rnn.forward(&mut steps);
/// assert!((loss - 3.0 * 65f64.ln()).abs() < 0.01, "all 65 characters are almost equally likely");
/// let mut gradient = Parameters::zeros(shape)?;
/// rnn.backward(&mut steps, &mut gradient);
/// # Ok::<(), elman::ShapeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Rnn {
    /// U, W, V, b and c.
    pub parameters: Parameters,
}

impl Rnn {
    /// Makes a network with random parameters: U, W and V from N(0, sigma^2), in this order, each row by row. b
    /// and c are 0.
    ///
    /// ```
    /// use elman::{Rnn, Shape};
    /// let rnn = Rnn::random(Shape::new(100, 65)?, 0.01, 1)?;
    /// assert_eq!(rnn.parameters.tensors().W.len(), 100 * 100);
    /// # Ok::<(), elman::ShapeError>(())
    /// ```
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if the parameters cannot be allocated.
    pub fn random(shape: Shape, sigma: f64, seed: u64) -> Result<Self, ShapeError> {
        Rnn::drawn(shape, [sigma; 3], seed)
    }

    /// The same as [`Rnn::random`], with one standard deviation for each of U, W and V.
    ///
    /// # Errors
    /// [`ShapeError::NoMemory`] if the parameters cannot be allocated.
    pub fn drawn(shape: Shape, deviations: [f64; 3], seed: u64) -> Result<Self, ShapeError> {
        let mut parameters = Parameters::zeros(shape)?;
        let mut generator = Generator::new(seed, Stream::Initialization);
        let parts = parameters.tensors_mut();
        for (matrix, sigma) in [parts.U, parts.W, parts.V].into_iter().zip(deviations) {
            generator.fill_normal(matrix, sigma);
        }
        Ok(Rnn { parameters })
    }

    pub(crate) fn try_clone(&self) -> Result<Self, ShapeError> {
        let parameters = self.parameters.try_clone()?;
        Ok(Rnn { parameters })
    }

    /// The shape of the network.
    pub fn shape(&self) -> Shape {
        self.parameters.shape()
    }

    /// The forward pass over all sequences of `steps`. Returns the loss in nats, summed over all steps and sequences.
    ///
    /// The sum runs over the steps of the first sequence by increasing t, then over those of the next sequence.
    ///
    /// # Panics
    /// Panics if `steps` was made for another shape.
    pub fn forward(&self, steps: &mut Unrolled) -> f64 {
        let weights = self.pack(steps);
        self.forward_from(&weights, 0, 0, steps);
        steps.room.weights = weights;
        steps.losses().fold(0.0, |sum, loss| sum + loss)
    }

    /// The part of the forward pass that computes the hidden states after step `hidden` and the losses after the first
    /// `losses` steps. `steps` has the states and losses before them. `weights` are the packed weights of this network.
    pub(crate) fn forward_from(
        &self,
        weights: &PackedWeights,
        hidden: usize,
        losses: usize,
        steps: &mut Unrolled,
    ) {
        self.check(steps);
        if hidden < steps.steps() {
            let Tensors { U, b, .. } = self.parameters.tensors();
            steps.columns.gather(U, b, &steps.inputs);
        }
        steps.level.run(Forward { weights, hidden, losses, steps });
    }

    /// Packs the weights of this network, into the room that `steps` has for them.
    fn pack(&self, steps: &mut Unrolled) -> PackedWeights {
        self.check(steps);
        let mut weights = mem::take(&mut steps.room.weights);
        weights.pack(steps.level, &self.parameters);
        weights
    }

    /// Backpropagation through time, after [`Rnn::forward`]: computes g_t and dL/da_t for every step, dL/da_t by
    /// decreasing t.
    ///
    /// ```text
    /// g_t = p_t - y_t
    /// dL/da_t = (V' g_t + W' dL/da_{t+1}) (1 - h_t^2)
    /// ```
    ///
    /// # Panics
    /// Panics if `steps` was made for another shape.
    pub fn propagate(&self, steps: &mut Unrolled) {
        let weights = self.pack(steps);
        self.propagate_with(&weights, steps);
        steps.room.weights = weights;
    }

    /// The same as [`Rnn::propagate`], with the packed weights of this network.
    pub(crate) fn propagate_with(&self, weights: &PackedWeights, steps: &mut Unrolled) {
        self.check(steps);
        steps.level.run(Propagate { weights, steps });
    }

    /// The backward pass, after [`Rnn::forward`]: computes the gradient of the loss for every parameter, without
    /// clipping.
    ///
    /// # Panics
    /// Panics if `steps` or `gradient` was made for another shape.
    pub fn backward(&self, steps: &mut Unrolled, gradient: &mut Parameters) {
        assert_eq!(gradient.shape(), self.shape(), "gradient: shape");
        self.propagate(steps);
        // The columns of U that no input chose stay 0.
        gradient.values_mut().fill(0.0);
        let mut scratch = mem::take(&mut steps.room.scratch);
        for part in Part::all(self.shape()) {
            sum_part(steps.level, &[steps], &part, &mut scratch, Store(gradient));
        }
        steps.room.scratch = scratch;
    }

    fn check(&self, steps: &Unrolled) {
        assert_eq!(self.shape(), steps.shape(), "steps: shape");
    }
}

/// Makes `W h + (U x + b)` into a hidden state. The hyperbolic tangent of eight entries is computed after the next
/// eight sums are there, so that it runs in parallel with the products that follow.
struct Hidden<'a, F> {
    columns: &'a InputColumns,
    /// The input of the first sequence.
    input: usize,
    h: &'a mut [f64],
    row: usize,
    /// The last eight pre-activations, and where their hidden state goes.
    last: Option<(usize, F)>,
}

impl<F: F64x8> Finish<F> for Hidden<'_, F> {
    #[inline(always)]
    fn take(&mut self, sequence: usize, group: usize, sums: F) {
        let column = self.columns.of_input(self.input + sequence);
        let a = sums + F::load_first(&column[8 * group..]);
        let at = sequence * self.row + 8 * group;
        if let Some((at, a)) = self.last.replace((at, a)) {
            tanh(a).store_first(&mut self.h[at..]);
        }
    }

    #[inline(always)]
    fn end(&mut self) {
        if let Some((at, a)) = self.last {
            tanh(a).store_first(&mut self.h[at..]);
        }
    }
}

/// Makes `V h` into logits.
struct Logits<'a> {
    c: &'a [f64],
    o: RowsMut<'a>,
}

impl<F: F64x8> Finish<F> for Logits<'_> {
    #[inline(always)]
    fn take(&mut self, row: usize, group: usize, sums: F) {
        let o = sums + F::load_first(&self.c[8 * group..]);
        o.store_first(&mut self.o.row(row)[8 * group..]);
    }
}

/// Reads one character: `h_t = tanh(W h_{t-1} + (U x_t + b))`, and the logits `o_t = V h_t + c`.
pub(crate) struct ReadCharacter<'a> {
    pub weights: &'a PackedWeights,
    /// `h_{t-1}`, m, and zeros to a multiple of eight.
    pub before: &'a [f64],
    /// `U x_t + b`, m.
    pub column: &'a [f64],
    /// `h_t`, m, and zeros to a multiple of eight.
    pub h: &'a mut [f64],
    /// `o_t`, K.
    pub o: &'a mut [f64],
}

impl Kernel for ReadCharacter<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let ReadCharacter { weights, before, column, h, o } = self;
        let order = RowOrder::Ascending;
        // The zeros stay as they are: 0 times an infinite h would not be 0.
        let own = &mut h[..column.len()];
        products::<F, _>(&weights.W, Rows::one(before), order, RowsMut::one(own));
        tanh_of_sums::<F>(column, own);
        assert_eq!(o.len().next_multiple_of(8), weights.c.len(), "read: K");
        let logits = Logits { c: &weights.c, o: RowsMut::one(o) };
        products::<F, _>(&weights.V, Rows::one(h), order, logits);
    }
}

struct Forward<'a> {
    weights: &'a PackedWeights,
    hidden: usize,
    losses: usize,
    steps: &'a mut Unrolled,
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Forward { weights, steps, .. } = self;
        let (T, B) = (steps.steps(), steps.batch_size());
        for t in self.hidden..T {
            hidden::<F>(&weights.W, t, steps);
        }
        let (row, width) = (stride(steps.shape().m()), weights.V.length());
        let (first, rows) = (self.losses * B, T * B - self.losses * B);
        let h = Rows::new(&steps.h[(first + B) * row..], rows, width, row);
        let (K, wide) = (weights.c.len(), stride(steps.shape().K()));
        let o = RowsMut::new(&mut steps.p[first * wide..], rows, K, wide);
        let logits = Logits { c: &weights.c, o };
        products::<F, _>(&weights.V, h, RowOrder::Ascending, logits);
        let o = RowsMut::new(&mut steps.p[first * wide..], rows, K, wide);
        losses::<F>(o, &steps.targets[first..], &mut steps.losses[first..]);
    }
}

/// `h_t = tanh(W h_{t-1} + (U x_t + b))` for every sequence.
#[inline(always)]
fn hidden<F: F64x8>(W: &Tiles, t: usize, steps: &mut Unrolled) {
    let (B, row) = (steps.batch_size(), stride(steps.shape().m()));
    let (before, h) = steps.h.split_at_mut((t + 1) * B * row);
    let before = Rows::new(&before[t * B * row..], B, W.length(), row);
    let finish = Hidden::<F> { columns: &steps.columns, input: t * B, h, row, last: None };
    products(W, before, RowOrder::of_step(t), finish);
}

/// Makes the logits of every row into probabilities, eight rows at a time, and stores the losses of the targets.
#[inline(always)]
fn losses<F: F64x8>(mut o: RowsMut, targets: &[usize], losses: &mut [f64]) {
    for (n, (targets, losses)) in targets.chunks(8).zip(losses.chunks_mut(8)).enumerate() {
        let mut of_targets = [0.0; 8];
        for (r, &target) in targets.iter().enumerate() {
            of_targets[r] = o.row(8 * n + r)[target];
        }
        let sums = softmax_of_rows::<F>(&mut o, 8 * n, targets.len());
        for (r, loss) in losses.iter_mut().enumerate() {
            *loss = sums[r].loss(of_targets[r]);
        }
    }
}

struct Propagate<'a> {
    weights: &'a PackedWeights,
    steps: &'a mut Unrolled,
}

impl Kernel for Propagate<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Propagate { weights, steps } = self;
        let (m, K) = (steps.shape().m(), steps.shape().K());
        let (T, B) = (steps.steps(), steps.batch_size());
        let (long, wide) = (stride(m), stride(K));
        for (g, &target) in steps.p.chunks_mut(wide).zip(&steps.targets) {
            g[target] -= 1.0;
        }
        let width = weights.V.length();
        let after = Rows::new(&steps.h[B * long..], T * B, width, long);
        // The last step has no next one to add.
        let slope = Slope { h: after, first: T.saturating_sub(1) * B };
        transposed_products::<F, _>(
            &weights.V,
            Rows::new(&steps.p, T * B, K, wide),
            RowsMut::new(&mut steps.da, T * B, width, long),
            false,
            RowOrder::Ascending,
            slope,
        );
        for t in (0..T.saturating_sub(1)).rev() {
            from_the_next_step::<F>(&weights.W, t, steps);
        }
        steps.is_ordinary = is_ordinary::<F>(steps);
        steps.pack::<F>();
    }
}

/// Whether the numbers that the gradient is summed from are ordinary. They are not checked if that takes longer than it
/// saves.
#[inline(always)]
fn is_ordinary<F: F64x8>(steps: &Unrolled) -> bool {
    let (shape, rows) = (steps.shape(), steps.steps() * steps.batch_size());
    let (long, wide) = (stride(shape.m()), stride(shape.K()));
    let pays = F::DIVIDER_SHARE > 1 && 8 * shape.entries() >= rows * (2 * long + wide);
    let h = &steps.h[..(rows + steps.batch_size()) * long];
    let is_ordinary = update::is_ordinary::<F>;
    pays && is_ordinary(h)
        && is_ordinary(&steps.da[..rows * long])
        && is_ordinary(&steps.p[..rows * wide])
}

/// Multiplies by the slope of tanh, for the rows from `first` on.
#[derive(Clone, Copy)]
struct Slope<'a> {
    /// The values of tanh.
    h: Rows<'a>,
    first: usize,
}

impl<F: F64x8> Map<F> for Slope<'_> {
    #[inline(always)]
    fn map(self, row: usize, group: usize, sums: F) -> F {
        if row < self.first {
            return sums;
        }
        times_slope(sums, F::load_first(&self.h.row(row)[8 * group..]))
    }
}

/// `dL/da_t = (V' g_t + W' dL/da_{t+1}) (1 - h_t^2)` for every sequence. The first term is already there.
#[inline(always)]
fn from_the_next_step<F: F64x8>(W: &Tiles, t: usize, steps: &mut Unrolled) {
    let (m, B) = (steps.shape().m(), steps.batch_size());
    let (row, width) = (stride(m), W.length());
    let (now, later) = steps.da.split_at_mut((t + 1) * B * row);
    let h = Rows::new(&steps.h[(t + 1) * B * row..], B, width, row);
    transposed_products::<F, _>(
        W,
        Rows::new(later, B, m, row),
        RowsMut::new(&mut now[t * B * row..], B, width, row),
        true,
        RowOrder::of_step(t),
        Slope { h, first: 0 },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Level;
    use crate::network::reference;
    use crate::text::vocabulary::one_hot;

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
        let largest = theirs.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        for (x, y) in ours.iter().zip(theirs) {
            assert!((x - y).abs() <= 1e-12 * (1e-3 + largest), "{what}: {x} and {y}");
        }
    }

    #[test]
    fn indexed_and_dense_passes_give_the_same_numbers() {
        for (m, K, T) in
            [(1, 1, 1), (1, 2, 3), (2, 1, 4), (5, 65, 25), (9, 7, 2), (33, 12, 25), (17, 16, 8)]
        {
            let (rnn, h0) = alive(m, K, (m + K + T) as u64);
            let text = characters(T, K, m);
            let (inputs, targets) = (&text[..T], &text[1..]);
            let (X, Y) = (one_hot(inputs, K).unwrap(), one_hot(targets, K).unwrap());
            let dense = reference::forward(&rnn.parameters, &X, &Y, &h0);
            let dense_gradient = reference::backward(&rnn.parameters, &X, &Y, &dense);

            let mut steps = Unrolled::new(rnn.shape(), T, 1).unwrap();
            steps.set(0, inputs, targets, &h0);
            let loss = rnn.forward(&mut steps);
            close(&[loss], &[dense.loss], "loss");
            close(&[steps.losses().sum()], &[dense.loss], "losses");
            for t in 0..=T {
                close(steps.h(t, 0), &dense.h[t], "h");
            }
            for t in 0..T {
                close(steps.p(t, 0), &dense.p[t], "p");
            }

            let mut gradient = Parameters::zeros(rnn.shape()).unwrap();
            gradient.values_mut().fill(f64::NAN);
            rnn.backward(&mut steps, &mut gradient);
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
            let dense = reference::product(U, &one_hot(&[x], K).unwrap(), m, K, 1);
            let column: Vec<f64> = U.chunks(K).map(|row| row[x]).collect();
            assert_eq!(dense, column);
        }
    }

    /// The hidden state is all that passes from one chunk to the next.
    #[test]
    fn two_chunks_with_a_carried_state_are_one() {
        let (rnn, h0) = alive(7, 5, 9);
        let text = characters(12, 5, 3);
        let mut whole = Unrolled::new(rnn.shape(), 12, 1).unwrap();
        whole.set(0, &text[..12], &text[1..], &h0);
        let loss = rnn.forward(&mut whole);
        let mut half = Unrolled::new(rnn.shape(), 6, 1).unwrap();
        half.set(0, &text[..6], &text[1..7], &h0);
        let first = rnn.forward(&mut half);
        let carried = half.h(6, 0).to_vec();
        half.set(0, &text[6..12], &text[7..], &carried);
        let second = rnn.forward(&mut half);
        assert_eq!(half.h(6, 0), whole.h(12, 0));
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

    #[test]
    fn no_steps_have_no_loss_and_no_gradient() {
        for B in [1, 2] {
            let (rnn, h0) = alive(5, 3, 1);
            let mut steps = Unrolled::new(rnn.shape(), 0, B).unwrap();
            (0..B).for_each(|s| steps.set(s, &[], &[], &h0));
            assert_eq!(rnn.forward(&mut steps), 0.0);
            let mut gradient = rnn.parameters.try_clone().unwrap();
            rnn.backward(&mut steps, &mut gradient);
            assert!(gradient.values().iter().all(|&g| g == 0.0));
        }
    }

    #[test]
    fn a_tiny_number_in_any_vector_keeps_a_pass_from_the_multiplications() {
        let read = characters(3, 5, 1);
        let is_ordinary = |rnn: &Rnn, h0: &[f64]| {
            let levels = Level::available().map(|level| {
                let mut steps = Unrolled::new(rnn.shape(), 3, 1).unwrap().at(level);
                steps.set(0, &read[..3], &read[1..], h0);
                rnn.forward(&mut steps);
                rnn.propagate(&mut steps);
                steps.is_ordinary
            });
            levels.collect::<Vec<_>>()
        };
        let (mut rnn, mut h0) = alive(16, 5, 1);
        // Some level has multiplications, unless the machine has only the one that every machine has.
        let wide = Level::available().count() > 1;
        assert_eq!(is_ordinary(&rnn, &h0).contains(&true), wide);
        h0[9] = 1e-200;
        assert!(!is_ordinary(&rnn, &h0).contains(&true), "h");
        h0[9] = 0.0;
        assert_eq!(is_ordinary(&rnn, &h0).contains(&true), wide);
        // A probability of e^-300.
        rnn.parameters.tensors_mut().c[4] = -300.0;
        assert!(!is_ordinary(&rnn, &h0).contains(&true), "g");
    }
}
