//! What the known mistakes would make of a backward pass.
//!
//! The equations are those of [`reference`]. A mistake takes something else for one of the quantities that they use.

use super::inputs::CaseInputs;
use super::reason::Reason;
use crate::network::parameters::Parameters;
use crate::network::reference::{self, Pass, Terms, transpose};
use std::ops::Range;

/// The quantities that a backward pass uses, one row for each step.
#[derive(Clone)]
pub(super) struct Backward {
    parameters: Parameters,
    divisor: f64,
    /// x_1 to x_T.
    x: Vec<Vec<f64>>,
    /// y_1 to y_T.
    y: Vec<Vec<f64>>,
    /// p_1 to p_T.
    p: Vec<Vec<f64>>,
    /// a_1 to a_T, which only a mistake uses.
    a: Vec<Vec<f64>>,
    /// h_1 to h_T, from which the slope of tanh is computed.
    h_of_slope: Vec<Vec<f64>>,
    /// h_1 to h_T in dV.
    h_of_V: Vec<Vec<f64>>,
    /// h_0 to h_{T-1} in dW.
    h_of_W: Vec<Vec<f64>>,
    /// The steps that the sums have.
    pub steps: Range<usize>,
}

impl Backward {
    /// The right quantities, after the right forward pass.
    pub fn right(case: &CaseInputs, pass: &Pass) -> Self {
        let K = case.parameters.shape().K();
        let rows = |matrix: &[f64]| matrix.chunks(K).map(<[f64]>::to_vec).collect();
        Backward {
            parameters: case.parameters.clone(),
            divisor: case.divisor,
            x: rows(&case.X),
            y: rows(&case.Y),
            p: pass.p.clone(),
            a: pass.a.clone(),
            h_of_slope: pass.h[1..].to_vec(),
            h_of_V: pass.h[1..].to_vec(),
            h_of_W: pass.h[..case.T].to_vec(),
            steps: 0..case.T,
        }
    }

    /// g_t and dL/da_t of every step, both divided by the divisor of the loss.
    pub fn terms(&self) -> Terms {
        let (p, h) = (&self.p, &self.h_of_slope);
        let mut terms = reference::terms(&self.parameters, &self.y.concat(), p, h);
        let rows = terms.g.iter_mut().chain(&mut terms.dh).chain(&mut terms.da);
        rows.flatten().for_each(|x| *x /= self.divisor);
        terms
    }

    /// The gradients of U, W, V, b and c: the sums of some terms over the steps.
    pub fn sums(&self, terms: &Terms) -> [Vec<f64>; 5] {
        let steps = self.steps.clone();
        let of_steps = |rows: &[Vec<f64>]| rows[steps.clone()].to_vec();
        let terms =
            Terms { g: of_steps(&terms.g), dh: of_steps(&terms.dh), da: of_steps(&terms.da) };
        let (X, shape) = (self.x[steps.clone()].concat(), self.parameters.shape());
        let (before, after) = (&self.h_of_W[steps.clone()], &self.h_of_V[steps]);
        reference::sums(shape, &X, &terms, before, after)
    }
}

/// The rows one step later, with zeros at the end.
fn later(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let zeros = vec![0.0; rows[0].len()];
    rows[1..].iter().cloned().chain([zeros]).collect()
}

/// The rows one step earlier, with zeros at the start.
fn earlier(rows: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let zeros = vec![0.0; rows[0].len()];
    let rest = &rows[..rows.len() - 1];
    [zeros].into_iter().chain(rest.iter().cloned()).collect()
}

/// Makes a mistake in a right backward pass.
type Mistake = fn(&mut Backward);

/// Every known mistake of a backward pass.
#[rustfmt::skip]
pub(super) const MISTAKES: &[(Reason, Mistake)] = &[
    (Reason::DirectTermOnly, |pass| pass.parameters.tensors_mut().W.fill(0.0)),
    (Reason::Swapped, |pass| pass.h_of_W = pass.h_of_V.clone()),
    (Reason::Swapped, |pass| pass.h_of_V = pass.h_of_W.clone()),
    (Reason::Swapped, |pass| pass.h_of_slope = pass.h_of_W.clone()),
    (Reason::Swapped, |pass| {
        pass.h_of_slope = pass.h_of_W.clone();
        pass.h_of_W = pass.h_of_V.clone();
    }),
    (Reason::OffByOne, |pass| pass.h_of_W = earlier(&pass.h_of_W)),
    // As with an index of -1: the last state stands where h0 belongs.
    (Reason::OffByOne, |pass| pass.h_of_W[0].clone_from(&pass.h_of_V[pass.steps.end - 1])),
    (Reason::OffByOne, |pass| pass.h_of_V = later(&pass.h_of_V)),
    (Reason::OffByOne, |pass| {
        pass.h_of_slope.remove(0);
        pass.h_of_slope.extend(pass.h_of_V.last().cloned());
    }),
    (Reason::OffByOne, |pass| pass.x = pass.y.clone()),
    (Reason::OffByOne, |pass| pass.x = later(&pass.x)),
    (Reason::OffByOne, |pass| pass.x.rotate_left(1)),
    (Reason::OffByOne, |pass| pass.x = earlier(&pass.x)),
    (Reason::OffByOne, |pass| pass.x.rotate_right(1)),
    (Reason::OffByOne, |pass| pass.y = pass.x.clone()),
    (Reason::OffByOne, |pass| pass.y = later(&pass.y)),
    (Reason::OffByOne, |pass| pass.y.rotate_left(1)),
    (Reason::OffByOne, |pass| pass.steps.start += 1),
    (Reason::OffByOne, |pass| pass.steps.end -= 1),
    // Without the last loss: its g is 0.
    (Reason::OffByOne, |pass| pass.p[pass.steps.end - 1].clone_from(&pass.y[pass.steps.end - 1])),
    (Reason::Slope, |pass| pass.h_of_slope.iter_mut().for_each(|h| h.fill(0.0))),
    (Reason::Slope, |pass| pass.h_of_slope = pass.a.clone()),
    (Reason::UntransposedW, |pass| {
        let m = pass.parameters.shape().m();
        let W = pass.parameters.tensors_mut().W;
        W.copy_from_slice(&transpose(W, m, m));
    }),
];
