//! A forward pass with exchangeable parts: a field for every choice that a mistake can change.

use super::inputs::CaseInputs;
use super::own::Own;
use crate::kernels::{Level, ln};
use crate::network::parameters::{Tensor, Tensors};
use crate::network::reference::transpose;

/// The parts of a forward pass.
#[derive(Clone)]
pub(super) struct Forward {
    pub T: usize,
    pub m: usize,
    pub K: usize,
    pub U: Vec<f64>,
    pub W: Vec<f64>,
    pub V: Vec<f64>,
    pub b: Vec<f64>,
    pub c: Vec<f64>,
    pub h0: Vec<f64>,
    /// Where x_t is 1; K for a vector of zeros.
    pub x: Vec<usize>,
    /// Where y_t is 1.
    pub y: Vec<usize>,
    /// The divisor of the loss.
    pub divisor: f64,
    /// Applied to the entries of a_t.
    pub activation: fn(&mut [f64]),
    /// Whether step t begins with h_{t-1}; otherwise with h0.
    pub carries_h: bool,
    /// Whether o_t is computed from h_{t-1}.
    pub reads_h_before: bool,
    /// Computes the probabilities from the logits of all steps, and K.
    pub softmax: fn(&[f64], usize) -> Vec<f64>,
    /// Applied to every number that is stored.
    pub round: fn(f64) -> f64,
}

/// The results of the forward pass, row by row.
#[derive(Clone)]
pub(super) struct Pass {
    pub a: Vec<f64>,
    /// h_0 to h_T.
    pub h: Vec<f64>,
    pub o: Vec<f64>,
    pub p: Vec<f64>,
    pub losses: Vec<f64>,
    pub loss: [f64; 1],
}

impl Forward {
    /// The right forward pass.
    pub fn right(case: &CaseInputs) -> Self {
        let shape = case.parameters.shape();
        let Tensors { U, W, V, b, c } = case.parameters.tensors().map(<[f64]>::to_vec);
        Forward {
            T: case.T,
            m: shape.m(),
            K: shape.K(),
            U,
            W,
            V,
            b,
            c,
            h0: case.h0.clone(),
            x: case.x.clone(),
            y: case.y.clone(),
            divisor: case.divisor,
            activation: |a| Level::chosen().tanh(a),
            carries_h: true,
            reads_h_before: false,
            softmax,
            round: |x| x,
        }
    }

    /// The same with the inputs of the other program, if they are known.
    pub fn with(mut self, own: &Own) -> Self {
        let names = Tensor::NAMES.into_iter().chain(["h0"]);
        let fields =
            [&mut self.U, &mut self.W, &mut self.V, &mut self.b, &mut self.c, &mut self.h0];
        for (name, field) in names.zip(fields) {
            if let Some(values) = own.get(name) {
                field.copy_from_slice(values);
            }
        }
        self
    }

    /// Computes every array from the arrays before it. An array of the other program that is known is used in the place
    /// of the computed one. Returns what is computed, and what is used.
    pub fn run(&self, own: &Own) -> (Pass, Pass) {
        let &Forward { T, m, K, round, .. } = self;
        let [columns_of_W, columns_of_V] = [transpose(&self.W, m, m), transpose(&self.V, K, m)];
        let [own_a, own_h, own_o] = ["a", "h", "o"].map(|name| own.get(name));
        let (mut a, mut h) = (Vec::with_capacity(T * m), self.h0.clone());
        let (mut used_a, mut used_h) = (a.clone(), self.h0.clone());
        for t in 0..T {
            let before = if self.carries_h { &used_h[t * m..(t + 1) * m] } else { &self.h0[..] };
            let mut row = self.b.clone();
            let x = self.x[t];
            if x < K {
                row.iter_mut().enumerate().for_each(|(i, a)| *a += self.U[i * K + x]);
            }
            Level::chosen().transposed_matvec_accumulate(&columns_of_W, before, &mut row);
            a.extend(row.into_iter().map(round));
            let range = t * m..(t + 1) * m;
            used_a.extend_from_slice(&own_a.unwrap_or(&a)[range.clone()]);
            let mut row = used_a[range.clone()].to_vec();
            (self.activation)(&mut row);
            h.extend(row.into_iter().map(round));
            used_h.extend_from_slice(own_h.map_or(&h[(t + 1) * m..], |own| &own[range]));
        }
        let mut o = Vec::with_capacity(T * K);
        for t in 0..T {
            let at = if self.reads_h_before { t } else { t + 1 };
            let mut row = self.c.clone();
            let h = &used_h[at * m..(at + 1) * m];
            Level::chosen().transposed_matvec_accumulate(&columns_of_V, h, &mut row);
            o.extend(row.into_iter().map(round));
        }
        let used_o = own_o.unwrap_or(&o).to_vec();
        let mut p = (self.softmax)(&used_o, K);
        p.iter_mut().for_each(|p| *p = round(*p));
        let used_p = own.get("p").unwrap_or(&p).to_vec();
        let losses: Vec<f64> = (0..T)
            .map(|t| {
                let y = self.y[t];
                let p = used_p.get(t * K + y).filter(|_| y < K);
                let of_p = p.map_or(f64::NAN, |&p| -ln(p));
                let is_usual =
                    own.get("p").is_none() && std::ptr::fn_addr_eq(self.softmax, SOFTMAX);
                let of_o = || log_sum(&used_o[t * K..(t + 1) * K]) - used_o[t * K + y];
                round(if is_usual && y < K { of_o() } else { of_p })
            })
            .collect();
        let used_losses = own.get("losses").unwrap_or(&losses).to_vec();
        let loss = [round(used_losses.iter().sum::<f64>() / self.divisor)];
        let used = Pass { a: used_a, h: used_h, o: used_o, p: used_p, losses: used_losses, loss };
        (Pass { a, h, o, p, losses, loss }, used)
    }
}

/// The right softmax, step by step.
pub(super) fn softmax(o: &[f64], K: usize) -> Vec<f64> {
    o.chunks(K).flat_map(normalized).collect()
}

const SOFTMAX: fn(&[f64], usize) -> Vec<f64> = softmax;

/// The exponentials of some logits over their sum.
pub(super) fn normalized(o: &[f64]) -> Vec<f64> {
    let (mut exponentials, _) = exponentials(o);
    let total: f64 = exponentials.iter().sum();
    exponentials.iter_mut().for_each(|e| *e /= total);
    exponentials
}

fn log_sum(o: &[f64]) -> f64 {
    let (exponentials, largest) = exponentials(o);
    largest + ln(exponentials.iter().sum::<f64>())
}

/// `exp(o_k - largest)`, and the largest.
fn exponentials(o: &[f64]) -> (Vec<f64>, f64) {
    let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut exponentials: Vec<f64> = o.iter().map(|o| o - largest).collect();
    Level::chosen().exp(&mut exponentials);
    (exponentials, largest)
}
