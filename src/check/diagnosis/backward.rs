//! Backpropagation through time with exchangeable parts: a field for every choice that a mistake can change.

use super::forward::{Forward, Pass};
use super::own::Own;
use crate::kernels::Level;

/// What the slope of tanh is multiplied with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SlopeOf {
    /// V' g_t and the term from later steps: this is right.
    Both,
    /// V' g_t alone.
    DirectTerm,
    /// The term from later steps alone.
    RecurrentTerm,
}

/// What a step passes to the step before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// W' dL/da: this is right.
    Da,
    /// W' dL/dh.
    Dh,
    /// The sum of W' dL/da over all later steps.
    SumOfDa,
}

/// The parts of backpropagation.
#[derive(Clone)]
pub(super) struct Backward {
    pub T: usize,
    pub m: usize,
    pub K: usize,
    pub divisor: f64,
    pub V: Vec<f64>,
    /// W, whose transpose is used.
    pub W: Vec<f64>,
    pub p: Vec<f64>,
    /// Where y_t is 1; K for a vector of zeros.
    pub y: Vec<usize>,
    pub x: Vec<usize>,
    pub a: Vec<f64>,
    /// h_0 to h_T.
    pub h: Vec<f64>,
    /// T rows, from which the slope is computed.
    pub h_of_slope: Vec<f64>,
    pub slope: fn(f64) -> f64,
    pub slope_of: SlopeOf,
    /// Makes p_t into g_t, given the index of the target.
    pub output: fn(&mut [f64], usize),
    /// The step whose g is used at every step.
    pub g_of: Option<usize>,
    /// Whether V' g_t is added, by step.
    pub adds_direct: Vec<bool>,
    /// How often the term from later steps is added, by step.
    pub adds_recurrent: Vec<f64>,
    pub carried: Carried,
    /// dL/da_t is clipped to this before it is used.
    pub clip: f64,
    /// The term from later steps is cut off after so many steps.
    pub window: usize,
    /// Whether dL/da_t is sent back twice, because a loop over all steps runs inside each step.
    pub is_sent_twice: bool,
    pub round: fn(f64) -> f64,
}

/// The results of backpropagation, row by row.
#[derive(Clone)]
pub(super) struct Terms {
    pub g: Vec<f64>,
    pub dh: Vec<f64>,
    pub da: Vec<f64>,
}

impl Backward {
    /// The right backpropagation, after a forward pass.
    pub fn right(forward: &Forward, pass: &Pass) -> Self {
        let &Forward { T, m, K, divisor, round, .. } = forward;
        Backward {
            T,
            m,
            K,
            divisor,
            V: forward.V.clone(),
            W: forward.W.clone(),
            p: pass.p.clone(),
            y: forward.y.clone(),
            x: forward.x.clone(),
            a: pass.a.clone(),
            h: pass.h.clone(),
            h_of_slope: pass.h[m..].to_vec(),
            slope: |h| 1.0 - h * h,
            slope_of: SlopeOf::Both,
            output: minus_target,
            g_of: None,
            adds_direct: vec![true; T],
            adds_recurrent: vec![1.0; T],
            carried: Carried::Da,
            clip: f64::INFINITY,
            window: T,
            is_sent_twice: false,
            round,
        }
    }

    /// Computes every array from the arrays before it, or from those of the other program if they are known. Returns
    /// what is computed, and what is used.
    pub fn run(&self, own: &Own) -> (Terms, Terms) {
        let g = self.g();
        let used_g = own.get("g").unwrap_or(&g).to_vec();
        let direct = self.direct(&used_g);
        let [own_dh, own_da] = ["dh", "da"].map(|name| own.get(name));
        let (mut dh, mut da);
        if self.window < self.T {
            // From zeros, one step more each time.
            (dh, da) = (Vec::new(), vec![0.0; direct.len()]);
            for _ in 0..self.window {
                (dh, da) = self.recurrence(&direct, self.slope_of, own_dh, Some(&da));
            }
        } else {
            (dh, da) = self.recurrence(&direct, self.slope_of, own_dh, own_da);
        }
        if self.is_sent_twice {
            (_, da) = self.recurrence(&da, SlopeOf::RecurrentTerm, None, None);
        }
        let used_dh = own_dh.unwrap_or(&dh).to_vec();
        let used_da = own_da.unwrap_or(&da).to_vec();
        let used = Terms { g: used_g, dh: used_dh, da: used_da };
        (Terms { g, dh, da }, used)
    }

    fn g(&self) -> Vec<f64> {
        let mut g = self.p.clone();
        for (g, &y) in g.chunks_mut(self.K).zip(&self.y) {
            (self.output)(g, y);
            g.iter_mut().for_each(|g| *g = (self.round)(*g / self.divisor));
        }
        match self.g_of {
            Some(step) => g[step * self.K..(step + 1) * self.K].repeat(self.T),
            None => g,
        }
    }

    /// V' g_t of every step.
    pub fn direct(&self, g: &[f64]) -> Vec<f64> {
        let mut direct = vec![0.0; self.T * self.m];
        for (t, sum) in direct.chunks_mut(self.m).enumerate() {
            if self.adds_direct[t] {
                // V is K x m: its rows are the columns of V'.
                let g = &g[t * self.K..(t + 1) * self.K];
                Level::chosen().transposed_matvec_accumulate(&self.V, g, sum);
            }
        }
        direct
    }

    /// dL/dh_t and dL/da_t of every step. Those that are known are used in the place of the computed ones.
    fn recurrence(
        &self,
        direct: &[f64],
        slope_of: SlopeOf,
        known_dh: Option<&[f64]>,
        known_da: Option<&[f64]>,
    ) -> (Vec<f64>, Vec<f64>) {
        let m = self.m;
        let (mut dh, mut da) = (vec![0.0; direct.len()], vec![0.0; direct.len()]);
        let mut carried = vec![0.0; m];
        for t in (0..self.T).rev() {
            let range = t * m..(t + 1) * m;
            let mut back = vec![0.0; m];
            Level::chosen().transposed_matvec_accumulate(&self.W, &carried, &mut back);
            back.iter_mut().for_each(|x| *x *= self.adds_recurrent[t]);
            for (i, at) in range.clone().enumerate() {
                let sum = (self.round)(direct[at] + back[i]);
                dh[at] = sum;
                let used = known_dh.map_or(sum, |known| known[at]);
                let slope = (self.slope)(self.h_of_slope[at]);
                let product = match slope_of {
                    SlopeOf::Both => used * slope,
                    SlopeOf::DirectTerm => direct[at] * slope + back[i],
                    SlopeOf::RecurrentTerm => direct[at] + back[i] * slope,
                };
                da[at] = (self.round)(product.clamp(-self.clip, self.clip));
            }
            let used_da = &known_da.unwrap_or(&da)[range.clone()];
            match self.carried {
                Carried::Da => carried.copy_from_slice(used_da),
                Carried::Dh => carried.copy_from_slice(&known_dh.unwrap_or(&dh)[range]),
                Carried::SumOfDa => {
                    carried.iter_mut().zip(used_da).for_each(|(sum, da)| *sum += da)
                }
            }
        }
        (dh, da)
    }
}

/// `p_t - y_t`.
pub(super) fn minus_target(p: &mut [f64], y: usize) {
    if let Some(p) = p.get_mut(y) {
        *p -= 1.0;
    }
}
