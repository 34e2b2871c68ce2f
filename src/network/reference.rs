//! The definition: the equations as they stand, with dense one-hot matrices and plain loops.
//!
//! Nothing here is fast. It is what [`Rnn`](crate::Rnn) and the kernels are compared with, and it
//! shares only [`crate::kernels::exp`], [`crate::kernels::ln`] and [`crate::kernels::tanh`] with
//! them.

use crate::kernels::{exp, ln, tanh};
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::{Parameters, Tensors};

/// `A B`, with A of n x k and B of k x l: three loops.
///
/// # Panics
/// Where A or B has another number of entries, or C more than there can be.
pub fn product(A: &[f64], B: &[f64], n: usize, k: usize, l: usize) -> Vec<f64> {
    assert_eq!([A.len(), B.len()], [n * k, k * l], "product: shapes");
    let mut C = vec![0.0; n * l];
    for row in 0..n {
        for column in 0..l {
            for i in 0..k {
                C[row * l + column] += A[row * k + i] * B[i * l + column];
            }
        }
    }
    C
}

/// `A'`, with A of n x k.
///
/// # Panics
/// Where A has another number of entries.
pub fn transpose(A: &[f64], n: usize, k: usize) -> Vec<f64> {
    assert_eq!(A.len(), n * k, "transpose: shape");
    (0..n * k).map(|i| A[(i % n) * k + i / n]).collect()
}

/// `x + y`, entry by entry.
pub fn plus(x: &[f64], y: &[f64]) -> Vec<f64> {
    x.iter().zip(y).map(|(x, y)| x + y).collect()
}

/// What one pass over T characters gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// h_0 to h_T, each m long.
    pub h: Vec<Vec<f64>>,
    /// p_1 to p_T, each K long.
    pub p: Vec<Vec<f64>>,
    /// The loss in nats, summed over the steps.
    pub loss: f64,
}

/// The forward pass: `X` and `Y` are the one-hot matrices of inputs and targets, T x K.
///
/// # Panics
/// Where a shape does not fit.
pub fn forward(parameters: &Parameters, X: &[f64], Y: &[f64], h0: &[f64]) -> Pass {
    let (m, K) = (parameters.shape().m(), parameters.shape().K());
    let Tensors { U, W, V, b, c } = parameters.tensors();
    let mut pass = Pass {
        h: vec![h0.to_vec()],
        p: Vec::new(),
        loss: 0.0,
    };
    for (x, y) in X.chunks(K).zip(Y.chunks(K)) {
        let before = pass.h.last().expect("h_0 is there");
        let a = plus(&product(W, before, m, m, 1), &product(U, x, m, K, 1));
        let h: Vec<f64> = plus(&a, b).into_iter().map(tanh).collect();
        let o = plus(&product(V, &h, K, m, 1), c);
        let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials: Vec<f64> = o.iter().map(|o| exp(o - largest)).collect();
        let total: f64 = exponentials.iter().sum();
        pass.loss += largest + ln(total) - product(y, &o, 1, K, 1)[0];
        pass.p
            .push(exponentials.iter().map(|e| e / total).collect());
        pass.h.push(h);
    }
    pass
}

/// The backward pass: the gradients of U, W, V, b and c, in this order, each row by row.
///
/// # Panics
/// Where a shape does not fit.
pub fn backward(parameters: &Parameters, X: &[f64], Y: &[f64], pass: &Pass) -> [Vec<f64>; 5] {
    let (m, K) = (parameters.shape().m(), parameters.shape().K());
    let Tensors { U, W, V, b, c } = parameters.tensors();
    let [mut dU, mut dW, mut dV, mut db, mut dc] = [U, W, V, b, c].map(|x| vec![0.0; x.len()]);
    let mut da_next = vec![0.0; m];
    for t in (0..pass.p.len()).rev() {
        let (x, y) = (&X[t * K..(t + 1) * K], &Y[t * K..(t + 1) * K]);
        let (before, h) = (&pass.h[t], &pass.h[t + 1]);
        let g: Vec<f64> = pass.p[t].iter().zip(y).map(|(p, y)| p - y).collect();
        let dh = plus(
            &product(&transpose(V, K, m), &g, m, K, 1),
            &product(&transpose(W, m, m), &da_next, m, m, 1),
        );
        let da: Vec<f64> = dh.iter().zip(h).map(|(dh, h)| dh * (1.0 - h * h)).collect();
        dV = plus(&dV, &product(&g, h, K, 1, m));
        dc = plus(&dc, &g);
        dW = plus(&dW, &product(&da, before, m, 1, m));
        dU = plus(&dU, &product(&da, x, m, 1, K));
        db = plus(&db, &da);
        da_next = da;
    }
    [dU, dW, dV, db, dc]
}

/// Clips the gradients and makes one update of the parameters and of what the optimiser remembers of each: AdaGrad's
/// G, RMSProp's v, or Adam's m and v, as they were published.
///
/// # Panics
/// Where what is remembered or the gradient is shorter than theta, or the clip is below 0 or NaN.
pub fn update(rule: &Rule, theta: &mut [f64], memory: &mut [Vec<f64>], gradient: &[f64]) {
    let Rule {
        eta,
        epsilon,
        clip,
        t,
        ..
    } = *rule;
    let power = |beta: f64| (0..t).fold(1.0, |product, _| product * beta);
    for (i, theta) in theta.iter_mut().enumerate() {
        let g = gradient[i].clamp(-clip, clip);
        match (rule.optimizer, &mut *memory) {
            (Optimizer::AdaGrad, [G]) => {
                G[i] += g * g;
                *theta -= (eta * g) / (G[i] + epsilon).sqrt();
            }
            (Optimizer::RmsProp { beta2 }, [v]) => {
                v[i] = beta2 * v[i] + (1.0 - beta2) * g * g;
                *theta -= (eta * g) / (v[i].sqrt() + epsilon);
            }
            (Optimizer::Adam { beta1, beta2 }, [m, v]) => {
                m[i] = beta1 * m[i] + (1.0 - beta1) * g;
                v[i] = beta2 * v[i] + (1.0 - beta2) * g * g;
                let m = m[i] / (1.0 - power(beta1));
                let v = v[i] / (1.0 - power(beta2));
                *theta -= eta * m / (v.sqrt() + epsilon);
            }
            (_, memory) => panic!("update: {} parts are remembered", memory.len()),
        }
    }
}
