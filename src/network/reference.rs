//! The definition of the network: the equations in plain loops, with dense one-hot matrices.
//!
//! Nothing here is fast. [`Rnn`](crate::Rnn) and the kernels are tested against these functions. The two share only
//! [`exp`], [`ln`], [`tanh`], and the fused multiply-add in AdaGrad.

use crate::kernels::{Number as _, exp, ln, tanh};
use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::{Parameters, Shape, Tensors};

/// The product `A B` of an n x k matrix A and a k x l matrix B, in three loops.
///
/// # Panics
/// Panics if A or B has another number of entries.
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

/// The transpose `A'` of an n x k matrix A.
///
/// # Panics
/// Panics if A has another number of entries.
pub fn transpose(A: &[f64], n: usize, k: usize) -> Vec<f64> {
    assert_eq!(A.len(), n * k, "transpose: shape");
    (0..n * k).map(|i| A[(i % n) * k + i / n]).collect()
}

/// The sum `x + y`, entry by entry.
///
/// # Panics
/// Panics if the lengths differ.
pub fn plus(x: &[f64], y: &[f64]) -> Vec<f64> {
    entry_by_entry(x, y, |x, y| x + y)
}

fn entry_by_entry(x: &[f64], y: &[f64], f: fn(f64, f64) -> f64) -> Vec<f64> {
    assert_eq!(x.len(), y.len(), "entry by entry: lengths");
    x.iter().zip(y).map(|(x, y)| f(*x, *y)).collect()
}

/// The results of a forward pass over T characters.
#[derive(Clone, Debug, PartialEq)]
pub struct Pass {
    /// a_1 to a_T, each m long.
    pub a: Vec<Vec<f64>>,
    /// h_0 to h_T, each m long.
    pub h: Vec<Vec<f64>>,
    /// o_1 to o_T, each K long.
    pub o: Vec<Vec<f64>>,
    /// p_1 to p_T, each K long.
    pub p: Vec<Vec<f64>>,
    /// The losses `-ln p_t[y_t]` in nats, T of them.
    pub losses: Vec<f64>,
    /// The sum of the losses.
    pub loss: f64,
}

/// The pre-activation `a_t = W h_{t-1} + (U x_t + b)`, where `x` is the one-hot vector x_t.
///
/// # Panics
/// Panics if a shape does not fit.
pub fn pre_activation(parameters: &Parameters, x: &[f64], h_before: &[f64]) -> Vec<f64> {
    let (m, K) = (parameters.shape().m(), parameters.shape().K());
    let Tensors { U, W, b, .. } = parameters.tensors();
    plus(&product(W, h_before, m, m, 1), &plus(&product(U, x, m, K, 1), b))
}

/// The forward pass. `X` and `Y` are the one-hot matrices of the inputs and the targets, T x K.
///
/// # Panics
/// Panics if a shape does not fit.
pub fn forward(parameters: &Parameters, X: &[f64], Y: &[f64], h0: &[f64]) -> Pass {
    let (m, K) = (parameters.shape().m(), parameters.shape().K());
    let Tensors { V, c, .. } = parameters.tensors();
    assert_eq!(X.len(), Y.len(), "forward: X and Y");
    let mut pass = Pass {
        a: Vec::new(),
        h: vec![h0.to_vec()],
        o: Vec::new(),
        p: Vec::new(),
        losses: Vec::new(),
        loss: 0.0,
    };
    for (t, (x, y)) in X.chunks(K).zip(Y.chunks(K)).enumerate() {
        let a = pre_activation(parameters, x, &pass.h[t]);
        let h: Vec<f64> = a.iter().copied().map(tanh).collect();
        let o = plus(&product(V, &h, K, m, 1), c);
        let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exponentials: Vec<f64> = o.iter().map(|o| exp(o - largest)).collect();
        let total: f64 = exponentials.iter().sum();
        let loss = largest + ln(total) - product(y, &o, 1, K, 1)[0];
        pass.loss += loss;
        pass.losses.push(loss);
        pass.p.push(exponentials.iter().map(|e| e / total).collect());
        pass.o.push(o);
        pass.h.push(h);
        pass.a.push(a);
    }
    pass
}

/// The terms that each step adds to the gradient.
#[derive(Clone, Debug, PartialEq)]
pub struct Terms {
    /// g_1 to g_T, each K long.
    pub g: Vec<Vec<f64>>,
    /// dL/dh_1 to dL/dh_T, each m long.
    pub dh: Vec<Vec<f64>>,
    /// dL/da_1 to dL/da_T, each m long.
    pub da: Vec<Vec<f64>>,
}

/// Backpropagation through time, from the probabilities p_1 to p_T and the hidden states h_1 to h_T.
///
/// # Panics
/// Panics if a shape does not fit.
pub fn terms(parameters: &Parameters, Y: &[f64], p: &[Vec<f64>], h: &[Vec<f64>]) -> Terms {
    let (m, K) = (parameters.shape().m(), parameters.shape().K());
    let Tensors { W, V, .. } = parameters.tensors();
    assert_eq!([p.len() * K, h.len()], [Y.len(), p.len()], "terms: steps of p, Y and h");
    let (V_transposed, W_transposed) = (transpose(V, K, m), transpose(W, m, m));
    let steps = p.iter().zip(Y.chunks(K));
    let g: Vec<Vec<f64>> = steps.map(|(p, y)| entry_by_entry(p, y, |p, y| p - y)).collect();
    let (mut dh, mut da) = (vec![Vec::new(); g.len()], vec![vec![0.0; m]; g.len() + 1]);
    for t in (0..g.len()).rev() {
        dh[t] = plus(
            &product(&V_transposed, &g[t], m, K, 1),
            &product(&W_transposed, &da[t + 1], m, m, 1),
        );
        da[t] = entry_by_entry(&dh[t], &h[t], |dh, h| dh * (1.0 - h * h));
    }
    da.pop();
    Terms { g, dh, da }
}

/// The gradients of U, W, V, b and c, in this order, each row by row. They are sums over the steps. `h_before` are the
/// hidden states before the steps, h_0 to h_{T-1}. `h` are those after the steps, h_1 to h_T.
///
/// # Panics
/// Panics if a shape does not fit.
pub fn sums(
    shape: Shape,
    X: &[f64],
    Terms { g, da, .. }: &Terms,
    h_before: &[Vec<f64>],
    h: &[Vec<f64>],
) -> [Vec<f64>; 5] {
    let (m, K) = (shape.m(), shape.K());
    let steps = [g.len() * K, da.len(), h_before.len(), h.len()];
    assert_eq!(steps, [X.len(), g.len(), g.len(), g.len()], "sums: steps of X, g, da and h");
    let [mut dU, mut dW, mut dV, mut db, mut dc] =
        (shape.tensors()).map(|(_, rows, columns)| vec![0.0; rows * columns]);
    for (t, x) in X.chunks(K).enumerate() {
        dV = plus(&dV, &product(&g[t], &h[t], K, 1, m));
        dc = plus(&dc, &g[t]);
        dW = plus(&dW, &product(&da[t], &h_before[t], m, 1, m));
        dU = plus(&dU, &product(&da[t], x, m, 1, K));
        db = plus(&db, &da[t]);
    }
    [dU, dW, dV, db, dc]
}

/// The backward pass: the gradients of U, W, V, b and c, in this order, each row by row.
///
/// # Panics
/// Panics if a shape does not fit.
pub fn backward(parameters: &Parameters, X: &[f64], Y: &[f64], pass: &Pass) -> [Vec<f64>; 5] {
    let (h_before, h) = (&pass.h[..pass.p.len()], &pass.h[1..]);
    let terms = terms(parameters, Y, &pass.p, h);
    sums(parameters.shape(), X, &terms, h_before, h)
}

/// Clips the gradient and makes one update of the parameters `theta` and of the optimizer's state `memory`: G of
/// AdaGrad, v of RMSProp, or m and v of Adam. RMSProp and Adam are as they were published. In AdaGrad the root is
/// sqrt(G + epsilon), as in the assignment.
///
/// # Panics
/// Panics if `memory` belongs to another optimizer, if a part of it or the gradient is shorter than theta, or if the
/// clip is negative or NaN.
pub fn update(rule: &Rule, theta: &mut [f64], memory: &mut [Vec<f64>], gradient: &[f64]) {
    let Rule { eta, epsilon, clip, t, .. } = *rule;
    let g = |i: usize| gradient[i].clamp(-clip, clip);
    let power = |beta: f64| (0..t).fold(1.0, |product, _| product * beta);
    match (rule.optimizer, memory) {
        (Optimizer::AdaGrad, [G]) => {
            for (i, theta) in theta.iter_mut().enumerate() {
                G[i] = g(i).fma(g(i), G[i]);
                *theta -= (eta * g(i)) / (G[i] + epsilon).sqrt();
            }
        }
        (Optimizer::RmsProp { beta2 }, [v]) => {
            for (i, theta) in theta.iter_mut().enumerate() {
                v[i] = beta2 * v[i] + (1.0 - beta2) * g(i) * g(i);
                *theta -= (eta * g(i)) / (v[i].sqrt() + epsilon);
            }
        }
        (Optimizer::Adam { beta1, beta2 }, [m, v]) => {
            let (power1, power2) = (power(beta1), power(beta2));
            for (i, theta) in theta.iter_mut().enumerate() {
                m[i] = beta1 * m[i] + (1.0 - beta1) * g(i);
                v[i] = beta2 * v[i] + (1.0 - beta2) * g(i) * g(i);
                let m = m[i] / (1.0 - power1);
                let v = v[i] / (1.0 - power2);
                *theta -= eta * m / (v.sqrt() + epsilon);
            }
        }
        (_, memory) => {
            panic!("update: memory has {} parts, wrong for this optimizer", memory.len())
        }
    }
}
