//! What the known mistakes would make of the forward and the backward pass.
//!
//! The equations stand here once more, in plain loops, with a place for every mistake.

use super::Reason;
use super::given::Given;
use crate::kernels::{exp, ln, tanh};

/// A forward pass.
#[derive(Default)]
pub(super) struct Pass {
    a: Vec<Vec<f64>>,
    /// h_0 to h_T.
    h: Vec<Vec<f64>>,
    o: Vec<Vec<f64>>,
    p: Vec<Vec<f64>>,
    losses: Vec<f64>,
    loss: f64,
}

/// What comes back to a step from the next one.
#[derive(Clone, Copy, PartialEq)]
enum Recurrence {
    Right,
    Nothing,
    /// W where W' belongs.
    Untransposed,
}

/// What the slope of tanh is taken from.
#[derive(Clone, Copy, PartialEq)]
enum Slope {
    /// h so many steps later.
    Of(isize),
    /// a, as if it were h.
    OfA,
    /// It is left out.
    None,
}

/// Which sequence a character is taken from, how many steps later, and what is there where the sequence has none.
#[derive(Clone, Copy)]
struct Character {
    of_targets: bool,
    later: isize,
    wraps: bool,
}

/// A backward pass with a mistake in it: how it differs from the right one.
#[derive(Clone, Copy)]
pub(super) struct Slip {
    pub reason: Reason,
    recurrence: Recurrence,
    slope: Slope,
    /// How many steps later h is taken than it should be, in dV and in dW.
    h_of_V: isize,
    h_of_W: isize,
    /// Whether the states of dW begin again at the last where they should begin with h0.
    wraps: bool,
    x: Character,
    y: Character,
    /// Steps that the sums leave out, at their start and at their end.
    left_out: [usize; 2],
    /// Whether the last loss is left out.
    no_last_loss: bool,
}

/// Without a mistake.
pub(super) const RIGHT: Slip = Slip {
    reason: Reason::Unknown,
    recurrence: Recurrence::Right,
    slope: Slope::Of(0),
    h_of_V: 0,
    h_of_W: 0,
    wraps: false,
    x: INPUT,
    y: Character {
        of_targets: true,
        ..INPUT
    },
    left_out: [0, 0],
    no_last_loss: false,
};

const INPUT: Character = Character {
    of_targets: false,
    later: 0,
    wraps: false,
};

const fn later(of: Character, later: isize, wraps: bool) -> Character {
    Character { later, wraps, ..of }
}

const SWAPPED: Slip = Slip {
    reason: Reason::Swapped,
    ..RIGHT
};

const OFF: Slip = Slip {
    reason: Reason::OffByOne,
    ..RIGHT
};

/// Every mistake of a backward pass that is known.
#[rustfmt::skip]
pub(super) const SLIPS: &[Slip] = &[
    Slip { reason: Reason::DirectTermOnly, recurrence: Recurrence::Nothing, ..RIGHT },
    Slip { h_of_W: 1, ..SWAPPED },
    Slip { h_of_V: -1, ..SWAPPED },
    Slip { slope: Slope::Of(-1), ..SWAPPED },
    Slip { slope: Slope::Of(-1), h_of_W: 1, ..SWAPPED },
    Slip { h_of_W: -1, ..OFF },
    Slip { wraps: true, ..OFF },
    Slip { h_of_V: 1, ..OFF },
    Slip { slope: Slope::Of(1), ..OFF },
    Slip { x: RIGHT.y, ..OFF },
    Slip { x: later(INPUT, 1, false), ..OFF },
    Slip { x: later(INPUT, 1, true), ..OFF },
    Slip { x: later(INPUT, -1, false), ..OFF },
    Slip { x: later(INPUT, -1, true), ..OFF },
    Slip { y: INPUT, ..OFF },
    Slip { y: later(RIGHT.y, 1, false), ..OFF },
    Slip { y: later(RIGHT.y, 1, true), ..OFF },
    Slip { left_out: [1, 0], ..OFF },
    Slip { left_out: [0, 1], ..OFF },
    Slip { no_last_loss: true, ..OFF },
    Slip { reason: Reason::Slope, slope: Slope::None, ..RIGHT },
    Slip { reason: Reason::Slope, slope: Slope::OfA, ..RIGHT },
    Slip { reason: Reason::UntransposedW, recurrence: Recurrence::Untransposed, ..RIGHT },
];

impl Slip {
    /// Of T steps, the sums have t alone.
    pub fn to_one_step(t: usize, T: usize) -> Self {
        Slip {
            left_out: [t, T - 1 - t],
            ..RIGHT
        }
    }
}

/// The terms of every step: g_t and dL/da_t.
pub(super) struct Terms {
    pub g: Vec<Vec<f64>>,
    pub da: Vec<Vec<f64>>,
}

impl Given {
    pub fn forward(&self, theta: &[Vec<f64>; 5], h0: &[f64]) -> Pass {
        let [U, W, V, b, c] = theta;
        let mut pass = Pass::default();
        let mut before = h0.to_vec();
        pass.h.push(before.clone());
        for (&x, &y) in self.inputs.iter().zip(&self.targets) {
            let mut a = product(W, &before);
            for (i, a) in a.iter_mut().enumerate() {
                *a += U[i * self.K + x] + b[i];
            }
            let h: Vec<f64> = a.iter().map(|&a| tanh(a)).collect();
            let mut o = product(V, &h);
            o.iter_mut().zip(c).for_each(|(o, c)| *o += c);
            let largest = o.iter().copied().fold(f64::NEG_INFINITY, f64::max);
            let exponentials: Vec<f64> = o.iter().map(|o| exp(o - largest)).collect();
            let total: f64 = exponentials.iter().sum();
            pass.losses.push(largest + ln(total) - o[y]);
            pass.p
                .push(exponentials.iter().map(|e| e / total).collect());
            pass.a.push(a);
            pass.o.push(o);
            before = h.clone();
            pass.h.push(h);
        }
        pass.loss = pass.losses.iter().sum::<f64>() / self.divisor;
        pass
    }

    pub fn backward(&self, pass: &Pass, slip: &Slip) -> ([Vec<f64>; 5], Terms) {
        let [_, W, V, ..] = &self.theta;
        let T = self.T();
        let mut terms = Terms {
            g: vec![vec![]; T],
            da: vec![vec![0.0; self.m]; T],
        };
        for t in (0..T).rev() {
            let mut g = pass.p[t].clone();
            if let Some(y) = self.character(slip.y, t) {
                g[y] -= 1.0;
            }
            if slip.no_last_loss && t + 1 == T {
                g.fill(0.0);
            }
            g.iter_mut().for_each(|g| *g /= self.divisor);
            let mut dh = transposed_product(V, &g, self.m);
            let from_next = match (slip.recurrence, terms.da.get(t + 1)) {
                (Recurrence::Nothing, _) | (_, None) => vec![0.0; self.m],
                (Recurrence::Right, Some(da)) => transposed_product(W, da, self.m),
                (Recurrence::Untransposed, Some(da)) => product(W, da),
            };
            for (i, dh) in dh.iter_mut().enumerate() {
                let h = match slip.slope {
                    Slope::Of(later) => {
                        let at = (t + 1).saturating_add_signed(later).min(T);
                        pass.h[at][i]
                    }
                    Slope::OfA => pass.a[t][i],
                    Slope::None => 0.0,
                };
                *dh = (*dh + from_next[i]) * (1.0 - h * h);
            }
            (terms.g[t], terms.da[t]) = (g, dh);
        }
        (self.sums(pass, &terms, slip), terms)
    }

    /// The sums over the steps.
    pub fn sums(&self, pass: &Pass, terms: &Terms, slip: &Slip) -> [Vec<f64>; 5] {
        let (m, K, T) = (self.m, self.K, self.T());
        let mut sums = self.theta.each_ref().map(|part| vec![0.0; part.len()]);
        let [dU, dW, dV, db, dc] = &mut sums;
        for t in slip.left_out[0]..T - slip.left_out[1].min(T) {
            let (g, da) = (&terms.g[t], &terms.da[t]);
            if let Some(x) = self.character(slip.x, t) {
                da.iter()
                    .enumerate()
                    .for_each(|(i, da)| dU[i * K + x] += da);
            }
            let before = if slip.wraps && t == 0 {
                Some(T)
            } else {
                t.checked_add_signed(slip.h_of_W)
            };
            if let Some(h) = before.and_then(|at| pass.h.get(at)) {
                add_outer(dW, da, h, m);
            }
            let now = (t + 1).checked_add_signed(slip.h_of_V);
            if let Some(h) = now.and_then(|at| pass.h.get(at)) {
                add_outer(dV, g, h, m);
            }
            db.iter_mut().zip(da).for_each(|(db, da)| *db += da);
            dc.iter_mut().zip(g).for_each(|(dc, g)| *dc += g);
        }
        sums
    }

    /// The character that belongs to step t.
    fn character(&self, of: Character, t: usize) -> Option<usize> {
        let sequence = if of.of_targets {
            &self.targets
        } else {
            &self.inputs
        };
        let T = sequence.len() as isize;
        let at = t as isize + of.later;
        let at = if of.wraps { at.rem_euclid(T) } else { at };
        usize::try_from(at)
            .ok()
            .and_then(|at| sequence.get(at).copied())
    }
}

impl Pass {
    /// What a case calls by this name.
    pub fn array(&self, name: &str) -> Vec<f64> {
        match name {
            "a" => self.a.concat(),
            "h" => self.h[1..].concat(),
            "o" => self.o.concat(),
            "p" => self.p.concat(),
            "losses" => self.losses.clone(),
            _ => vec![self.loss],
        }
    }
}

/// `A x`, with A row by row.
fn product(A: &[f64], x: &[f64]) -> Vec<f64> {
    let rows = A.chunks_exact(x.len());
    let of_row = |row: &[f64]| row.iter().zip(x).map(|(A, x)| A * x).sum();
    rows.map(of_row).collect()
}

/// `A' x`, with A of rows of `length`.
fn transposed_product(A: &[f64], x: &[f64], length: usize) -> Vec<f64> {
    let mut sums = vec![0.0; length];
    for (row, x) in A.chunks_exact(length).zip(x) {
        sums.iter_mut().zip(row).for_each(|(sum, A)| *sum += A * x);
    }
    sums
}

/// `A += x y'`, with A of rows of `length`.
fn add_outer(A: &mut [f64], x: &[f64], y: &[f64], length: usize) {
    for (row, x) in A.chunks_exact_mut(length).zip(x) {
        row.iter_mut().zip(y).for_each(|(A, y)| *A += x * y);
    }
}
