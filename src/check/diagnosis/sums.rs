//! The gradients as sums over the steps with exchangeable parts: a field for every choice that a mistake can change.

use super::backward::{Backward, Terms};
use std::ops::Range;

/// The parts of the sums.
#[derive(Clone)]
pub(super) struct Sums {
    pub T: usize,
    pub m: usize,
    pub K: usize,
    pub g_of_V: Vec<f64>,
    pub g_of_c: Vec<f64>,
    pub da_of_U: Vec<f64>,
    pub da_of_W: Vec<f64>,
    pub da_of_b: Vec<f64>,
    /// h_1 to h_T in dV.
    pub h_of_V: Vec<f64>,
    /// h_0 to h_{T-1} in dW.
    pub h_of_W: Vec<f64>,
    /// Where x_t is 1 in dU. K means a vector of zeros.
    pub x: Vec<usize>,
    /// Where y_t is 1. Only a mistake uses it.
    pub y: Vec<usize>,
    /// The steps of the sums for U, W and V.
    pub steps: Range<usize>,
    /// The steps of the sums for b and c.
    pub steps_of_biases: Range<usize>,
    /// Computes an entry of the gradient of a bias from terms with so many units, some steps, and the index of the
    /// entry.
    pub bias: fn(&[f64], usize, Range<usize>, usize) -> f64,
    /// The sums are clipped to this after every step.
    pub clip: f64,
    /// Which of several terms for one character stays, if each replaces the one before it.
    pub kept: Option<Kept>,
    pub round: fn(f64) -> f64,
}

/// Which of several terms stays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    First,
    Last,
}

impl Sums {
    /// The right sums, after backpropagation.
    pub fn right(backward: &Backward, terms: &Terms) -> Self {
        let &Backward { T, m, K, round, .. } = backward;
        Sums {
            T,
            m,
            K,
            g_of_V: terms.g.clone(),
            g_of_c: terms.g.clone(),
            da_of_U: terms.da.clone(),
            da_of_W: terms.da.clone(),
            da_of_b: terms.da.clone(),
            h_of_V: backward.h[m..].to_vec(),
            h_of_W: backward.h[..T * m].to_vec(),
            x: backward.x.clone(),
            y: backward.y.clone(),
            steps: 0..T,
            steps_of_biases: 0..T,
            bias: bias_sum,
            clip: f64::INFINITY,
            kept: None,
            round,
        }
    }

    /// An entry of the gradient of U, W, V, b or c, by its place row by row.
    pub fn entry(&self, part: usize, at: usize) -> f64 {
        let &Sums { m, K, .. } = self;
        match part {
            0 => self.entry_of_U(at / K, at % K),
            1 => self.product(&self.da_of_W, m, at / m, &self.h_of_W, at % m),
            2 => self.product(&self.g_of_V, K, at / m, &self.h_of_V, at % m),
            3 => self.entry_of_bias(&self.da_of_b, m, at),
            _ => self.entry_of_bias(&self.g_of_c, K, at),
        }
    }

    /// All entries of one of the five.
    pub fn all(&self, part: usize) -> Vec<f64> {
        let &Sums { m, K, .. } = self;
        let length = [m * K, m * m, K * m, m, K][part];
        (0..length).map(|at| self.entry(part, at)).collect()
    }

    fn entry_of_U(&self, row: usize, column: usize) -> f64 {
        let mut steps = self.steps.clone().filter(|&t| self.x[t] == column);
        let term = |t: usize| self.da_of_U[t * self.m + row];
        match self.kept {
            Some(Kept::First) => steps.next().map_or(0.0, term),
            Some(Kept::Last) => steps.next_back().map_or(0.0, term),
            None => self.sum(steps.map(term)),
        }
    }

    fn product(&self, left: &[f64], rows: usize, row: usize, right: &[f64], column: usize) -> f64 {
        let term = |t: usize| left[t * rows + row] * right[t * self.m + column];
        self.sum(self.steps.clone().map(term))
    }

    fn entry_of_bias(&self, terms: &[f64], units: usize, at: usize) -> f64 {
        if self.clip < f64::INFINITY {
            return self.sum(self.steps_of_biases.clone().map(|t| terms[t * units + at]));
        }
        (self.round)((self.bias)(terms, units, self.steps_of_biases.clone(), at))
    }

    /// Adds from the last step to the first, as a loop of backpropagation does.
    fn sum(&self, terms: impl DoubleEndedIterator<Item = f64>) -> f64 {
        let (round, clip) = (self.round, self.clip);
        terms.rev().fold(0.0, |sum, term| round((sum + term).clamp(-clip, clip)))
    }
}

/// The right entry: the sum over the steps.
fn bias_sum(terms: &[f64], units: usize, steps: Range<usize>, at: usize) -> f64 {
    steps.map(|t| terms[t * units + at]).sum()
}
