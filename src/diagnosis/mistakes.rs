//! What the known mistakes would make of a worked case.
//!
//! The equations stand here once more, in plain loops, with a place for every mistake.

use super::steps::{MISSTEPS, Moved, Step};
use super::{CaseError, Compared, Reason};
use crate::arrays::Read;
use crate::kernels::{exp, ln, tanh};
use crate::optimizer::{Optimizer, Rule};
use crate::worked_case::letters;

/// U, W, V, b, c.
const NAMES: [&str; 5] = ["U", "W", "V", "b", "c"];
/// What is clipped to where a case clips nothing: the other edition's, and a usual one.
const USUAL_CLIPS: [f64; 2] = [5.0, 1.0];
/// One of the numbers of an entry after an update.
type Number = fn(Moved) -> f64;
/// What a case calls the numbers of an entry after an update, before U and so on.
const AFTER: [(&str, Number); 4] = [
    ("G_", |moved| moved.squares),
    ("m_", |moved| moved.average),
    ("v_", |moved| moved.squares),
    ("", |moved| moved.theta),
];

/// The numbers that a case begins with.
#[derive(Clone, Debug)]
pub(super) struct Mistakes {
    m: usize,
    K: usize,
    inputs: Vec<usize>,
    targets: Vec<usize>,
    theta: [Vec<f64>; 5],
    h0: Vec<f64>,
    /// What the loss and the gradient are divided by: T where the loss is a mean, or 1.
    divisor: f64,
    /// Adam's m; zeros elsewhere.
    averages: [Vec<f64>; 5],
    /// v, or AdaGrad's G.
    squares: [Vec<f64>; 5],
    rule: Rule,
}

/// A forward pass.
#[derive(Default)]
struct Pass {
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
struct Slip {
    reason: Reason,
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

const RIGHT: Slip = Slip {
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
const SLIPS: &[Slip] = &[
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

/// The terms of every step: g_t and dL/da_t.
struct Terms {
    g: Vec<Vec<f64>>,
    da: Vec<Vec<f64>>,
}

impl Mistakes {
    /// From the arrays of a case.
    pub fn of(arrays: &[Read]) -> Result<Self, CaseError> {
        let find = |name: &str| find(arrays, name);
        let U = find("U")?;
        let [m, K] = U.shape[..] else {
            return Err(wrong_shape(U));
        };
        let shapes = [&[m, K][..], &[m, m], &[K, m], &[m], &[K]];
        let five = |before: &str| -> Result<[Vec<f64>; 5], CaseError> {
            let mut five: [Vec<f64>; 5] = Default::default();
            for ((part, name), shape) in five.iter_mut().zip(NAMES).zip(shapes) {
                *part = numbers(find(&format!("{before}{name}"))?, shape)?;
            }
            Ok(five)
        };
        let has = |name: &str| arrays.iter().any(|array| array.name == name);
        let number = |name: &str| numbers(find(name)?, &[]).map(|one| one[0]);
        let inputs = indices(find("inputs")?, K)?;
        let targets = indices(find("targets")?, K)?;
        if inputs.len() != targets.len() || inputs.is_empty() || m == 0 {
            return Err(wrong_shape(find("targets")?));
        }
        // As long as the passes that are made of it.
        numbers(find("h")?, &[inputs.len(), m])?;
        numbers(find("p")?, &[inputs.len(), K])?;
        let optimizer = optimizer(&has);
        let memory = letters(optimizer);
        let number_where = |is_there: bool, name: &str, other: f64| match is_there {
            true => number(name),
            false => Ok(other),
        };
        let is_adam = optimizer == Optimizer::Adam;
        let t = number_where(is_adam, "t", 1.0)?;
        if t < 1.0 || t.fract() != 0.0 {
            return Err(wrong_numbers(find("t")?));
        }
        let theta = five("")?;
        Ok(Mistakes {
            m,
            K,
            inputs,
            targets,
            h0: numbers(find("h0")?, &[m])?,
            divisor: number_where(has("divisor"), "divisor", 1.0)?,
            averages: match memory {
                [first, _] => five(first)?,
                _ => theta.each_ref().map(|part| vec![0.0; part.len()]),
            },
            squares: five(memory[memory.len() - 1])?,
            theta,
            rule: Rule {
                optimizer,
                clip: number_where(has("clip"), "clip", f64::INFINITY)?,
                eta: number("eta")?,
                epsilon: number("epsilon")?,
                beta1: number_where(is_adam, "beta1", 0.0)?,
                beta2: number_where(optimizer != Optimizer::AdaGrad, "beta2", 0.0)?,
                t: t as u64,
            },
        })
    }

    fn T(&self) -> usize {
        self.inputs.len()
    }

    /// Why an array of the right shape is not right, where one mistake explains all of it.
    pub fn reason(&self, compared: &Compared, shape: &[usize]) -> Option<Reason> {
        let mut reasons = Vec::new();
        let mut visit = |reason: Reason, mistaken: &[f64]| {
            if compared.is(mistaken) {
                reasons.push(reason);
            }
        };
        if let &[rows, columns] = shape {
            let transposed = |n: usize, k: usize| -> Vec<f64> {
                let entry = |i: usize| compared.right[(i % n) * k + i / n];
                (0..n * k).map(entry).collect()
            };
            visit(Reason::Transposed, &transposed(rows, columns));
        }
        self.each(compared.name, compared.right, &mut visit);
        if compared.name.starts_with('d') && is_clipped(compared) {
            reasons.push(Reason::Clipped);
        }
        let per_step = shape.first() == Some(&self.T()) || compared.name == "text";
        if per_step && self.is_shifted(compared, shape) {
            reasons.push(Reason::OffByOne);
        }
        reasons.into_iter().min()
    }

    /// Calls `visit` with what every mistake would make of an array.
    fn each(&self, name: &str, right: &[f64], visit: &mut dyn FnMut(Reason, &[f64])) {
        let gradient_of = |base: &str| NAMES.iter().position(|known| *known == base);
        let stripped = name.strip_suffix("_numerical").unwrap_or(name);
        if let Some(part) = stripped.strip_prefix('d').and_then(gradient_of) {
            return self.each_gradient(part, right, visit);
        }
        if let Some(base) = name.strip_suffix("_after") {
            let mut afters = AFTER.iter();
            let part = |letter| base.strip_prefix(letter).and_then(gradient_of);
            let after = afters.find_map(|(letter, number)| Some((part(*letter)?, number)));
            if let Some((part, number)) = after {
                return self.each_update(part, *number, visit);
            }
        }
        self.each_forward(name, right, visit);
    }

    /// Of a gradient.
    fn each_gradient(&self, part: usize, right: &[f64], visit: &mut dyn FnMut(Reason, &[f64])) {
        let T = self.T() as f64;
        let times = |factor: f64| -> Vec<f64> { right.iter().map(|x| factor * x).collect() };
        visit(Reason::Sign, &times(-1.0));
        visit(Reason::Mean, &times(1.0 / T));
        visit(Reason::Sum, &times(self.divisor));
        let pass = self.forward(&self.theta, &self.h0);
        let (gradient, terms) = self.backward(&pass, &RIGHT);
        self.each_clipped(right, &gradient, visit);
        for slip in SLIPS {
            let (gradient, _) = self.backward(&pass, slip);
            visit(slip.reason, &gradient[part]);
        }
        let is_bias = part >= 3;
        let reason = if is_bias {
            Reason::Bias
        } else {
            Reason::OneStep
        };
        for t in 0..self.T() {
            // Of the matrices, those that a loop without a sum ends or begins with.
            if is_bias || t == 0 || t + 1 == self.T() {
                let slip = Slip {
                    left_out: [t, self.T() - 1 - t],
                    ..RIGHT
                };
                visit(reason, &self.sums(&pass, &terms, &slip)[part]);
            }
        }
        if is_bias {
            visit(Reason::Bias, &times(0.0));
            let all: f64 = right.iter().sum();
            for one in [all, all / right.len() as f64] {
                visit(Reason::Bias, &vec![one; right.len()]);
            }
            // Over the wrong axis; the shape is right where there are as many steps as units.
            let terms = if part == 3 { &terms.da } else { &terms.g };
            let sums: Vec<f64> = terms.iter().map(|term| term.iter().sum()).collect();
            let means = sums.iter().map(|sum| sum / right.len() as f64);
            visit(Reason::Bias, &means.collect::<Vec<f64>>());
            visit(Reason::Bias, &sums);
        }
    }

    /// Entry by entry, by the norm of the array, and by the norm of the whole gradient.
    fn each_clipped(
        &self,
        right: &[f64],
        gradient: &[Vec<f64>; 5],
        visit: &mut dyn FnMut(Reason, &[f64]),
    ) {
        let own = [self.rule.clip];
        let clips = match self.rule.clip.is_finite() {
            true => &own[..],
            false => &USUAL_CLIPS,
        };
        let squares = |part: &[f64]| -> f64 { part.iter().map(|x| x * x).sum() };
        let all: f64 = gradient.iter().map(|part| squares(part)).sum();
        for &clip in clips {
            visit(Reason::Clipped, &clipped(right, clip));
            for norm in [squares(right).sqrt(), all.sqrt()] {
                let factor = (clip / norm).min(1.0);
                let scaled: Vec<f64> = right.iter().map(|x| factor * x).collect();
                visit(Reason::Clipped, &scaled);
            }
        }
    }

    /// Of the parameters after an update, or of what is remembered: what every wrong step makes of them, and the right
    /// step by every wrong gradient.
    fn each_update(&self, part: usize, number: Number, visit: &mut dyn FnMut(Reason, &[f64])) {
        let updated = |step: Step, gradient: &[f64]| -> Vec<f64> {
            let remembered = self.averages[part].iter().zip(&self.squares[part]);
            let entries = self.theta[part].iter().zip(remembered).zip(gradient);
            let moved = entries.map(|((&theta, (&average, &squares)), &g)| {
                number(step.moved(theta, [average, squares], g))
            });
            moved.collect()
        };
        let pass = self.forward(&self.theta, &self.h0);
        let right = &self.backward(&pass, &RIGHT).0[part];
        let step = Step::right(self.rule);
        for (reason, change) in MISSTEPS {
            let mut mistaken = step;
            change(&mut mistaken);
            visit(*reason, &updated(mistaken, right));
        }
        self.each_gradient(part, right, &mut |reason, gradient| {
            visit(reason, &updated(step, gradient));
        });
    }

    /// Of what the forward pass computes.
    fn each_forward(&self, name: &str, right: &[f64], visit: &mut dyn FnMut(Reason, &[f64])) {
        let T = self.T() as f64;
        let times = |factor: f64| -> Vec<f64> { right.iter().map(|x| factor * x).collect() };
        if let "loss" | "losses" = name {
            visit(Reason::Sign, &times(-1.0));
            visit(Reason::Mean, &times(1.0 / T));
            visit(Reason::Sum, &times(self.divisor));
            visit(Reason::Bits, &times(1.0 / ln(2.0)));
        }
        if !["a", "h", "o", "p", "loss", "losses"].contains(&name) {
            return;
        }
        let [U, W, V, b, c] = &self.theta;
        let (no_b, no_c, no_W) = (vec![0.0; self.m], vec![0.0; self.K], vec![0.0; W.len()]);
        let turned: Vec<f64> = (0..W.len())
            .map(|i| W[(i % self.m) * self.m + i / self.m])
            .collect();
        let no_h0 = vec![0.0; self.m];
        for (reason, W, b, c, h0) in [
            (Reason::DirectTermOnly, &no_W, b, c, &self.h0),
            (Reason::Bias, W, &no_b, c, &self.h0),
            (Reason::Bias, W, b, &no_c, &self.h0),
            (Reason::Bias, W, &no_b, &no_c, &self.h0),
            (Reason::UntransposedW, &turned, b, c, &self.h0),
            (Reason::NoH0, W, b, c, &no_h0),
        ] {
            let theta = [U, W, V, b, c].map(Vec::clone);
            visit(reason, &self.forward(&theta, h0).array(name));
        }
    }

    /// Whether all rows that there are, are those of the step before, or of the next.
    fn is_shifted(&self, compared: &Compared, shape: &[usize]) -> bool {
        let rows = shape.first().copied().unwrap_or(0);
        let row = compared.right.len() / rows.max(1);
        let tolerance = super::tolerance(compared.right, compared.share);
        let (mine, right, end) = (compared.mine, compared.right, compared.right.len());
        rows > 2
            && [
                (&mine[row..], &right[..end - row]),
                (&mine[..end - row], &right[row..]),
            ]
            .iter()
            .any(|(mine, right)| super::distance(mine, right) <= tolerance)
    }

    /// Why an array has another shape; both without lengths of 1.
    pub fn shape_reason(
        &self,
        compared: &Compared,
        found: &[usize],
        need: &[usize],
    ) -> Option<Reason> {
        let bias = ["db", "dc"].iter().position(|name| *name == compared.name);
        if let Some(bias) = bias {
            return self.not_summed(compared, found, bias);
        }
        if compared.right.is_empty() {
            return None;
        }
        // Steps in rows, or in columns; one more than there are, or one less.
        let (&rows, row) = need.split_first()?;
        let row: usize = row.iter().product();
        let as_it_is = match *found {
            [_] if need.len() == 1 => Some(compared.mine.to_vec()),
            [_, columns] if columns == row => Some(compared.mine.to_vec()),
            _ => None,
        };
        let turned = match *found {
            [columns, count] if columns == row => {
                let entry = |i: usize| compared.mine[(i % row) * count + i / row];
                Some((0..row * count).map(entry).collect())
            }
            _ => None,
        };
        let tolerance = super::tolerance(compared.right, compared.share);
        let is_part = |mine: Vec<f64>| {
            if rows != self.T() || (mine.len() / row).abs_diff(rows) != 1 {
                return false;
            }
            let (short, long) = match mine.len() < compared.right.len() {
                true => (&mine[..], compared.right),
                false => (compared.right, &mine[..]),
            };
            let mut parts = [&long[row..], &long[..short.len()]].into_iter();
            parts.any(|part| super::distance(part, short) <= tolerance)
        };
        let is_part = [as_it_is, turned].into_iter().flatten().any(is_part);
        is_part.then_some(Reason::OffByOne)
    }

    /// Of the gradient of b or c: not summed, or summed over the units of each step.
    fn not_summed(&self, compared: &Compared, found: &[usize], bias: usize) -> Option<Reason> {
        let pass = self.forward(&self.theta, &self.h0);
        let (_, terms) = self.backward(&pass, &RIGHT);
        let terms = [terms.da, terms.g].into_iter().nth(bias)?;
        let units = compared.right.len();
        let sums: Vec<f64> = terms.iter().map(|term| term.iter().sum()).collect();
        let scaled =
            |of: &[f64], by: usize| -> Vec<f64> { of.iter().map(|sum| sum / by as f64).collect() };
        let all: f64 = sums.iter().sum();
        let turned = (0..units).flat_map(|i| terms.iter().map(move |term| term[i]));
        let made = match found {
            [] => vec![vec![all], scaled(&[all], units), scaled(&[all], self.T())],
            [_] => vec![sums.clone(), scaled(&sums, units)],
            _ => vec![terms.concat(), turned.collect()],
        };
        let is_made = made.iter().any(|made| {
            // The sums may cancel: they are as uncertain as what they are made of.
            let tolerance = super::tolerance(&terms.concat(), compared.share);
            super::distance(compared.mine, made) <= tolerance
        });
        is_made.then_some(Reason::Bias)
    }

    fn forward(&self, theta: &[Vec<f64>; 5], h0: &[f64]) -> Pass {
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

    fn backward(&self, pass: &Pass, slip: &Slip) -> ([Vec<f64>; 5], Terms) {
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
    fn sums(&self, pass: &Pass, terms: &Terms, slip: &Slip) -> [Vec<f64>; 5] {
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
            let before = match slip.wraps && t == 0 {
                true => Some(T),
                false => t.checked_add_signed(slip.h_of_W),
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
        let sequence = match of.of_targets {
            true => &self.targets,
            false => &self.inputs,
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
    fn array(&self, name: &str) -> Vec<f64> {
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

/// Which optimiser's numbers a case remembers.
fn optimizer(has: &impl Fn(&str) -> bool) -> Optimizer {
    let is_there = |letter: &&str| has(&format!("{letter}U"));
    let is_whole = |optimizer: &Optimizer| letters(*optimizer).iter().all(is_there);
    (Optimizer::ALL.into_iter().find(is_whole)).unwrap_or_default()
}

fn clipped(right: &[f64], clip: f64) -> Vec<f64> {
    right.iter().map(|x| x.max(-clip).min(clip)).collect()
}

/// Whether several entries are at a bound of somebody's own that none is beyond; not one number alone.
fn is_clipped(compared: &Compared) -> bool {
    let mine = compared.mine;
    let bound = mine.iter().fold(0.0, |bound: f64, x| bound.max(x.abs()));
    let mut at_bound = mine.iter().filter(|x| x.abs() == bound);
    let first = at_bound.next();
    let is_one_number = mine.iter().all(|x| *x == 0.0 || Some(x) == first);
    at_bound.next().is_some() && !is_one_number && compared.is(&clipped(compared.right, bound))
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

fn find<'a>(arrays: &'a [Read], name: &str) -> Result<&'a Read, CaseError> {
    let array = arrays.iter().find(|array| array.name == name);
    array.ok_or_else(|| CaseError::Missing {
        name: name.to_string(),
    })
}

fn wrong_shape(array: &Read) -> CaseError {
    CaseError::WrongShape {
        name: array.name.clone(),
        found: array.shape.clone(),
    }
}

fn wrong_numbers(array: &Read) -> CaseError {
    CaseError::WrongNumbers {
        name: array.name.clone(),
    }
}

fn numbers(array: &Read, shape: &[usize]) -> Result<Vec<f64>, CaseError> {
    match &array.values {
        Ok(numbers) if array.shape == shape && numbers.len() == shape.iter().product::<usize>() => {
            Ok(numbers.clone())
        }
        Ok(_) => Err(wrong_shape(array)),
        Err(_) => Err(wrong_numbers(array)),
    }
}

/// Whole numbers below K.
fn indices(array: &Read, K: usize) -> Result<Vec<usize>, CaseError> {
    let numbers = numbers(array, &array.shape)?;
    let index = |&x: &f64| (x >= 0.0 && x < K as f64 && x.fract() == 0.0).then_some(x as usize);
    let indices: Option<Vec<usize>> = numbers.iter().map(index).collect();
    indices.ok_or_else(|| wrong_numbers(array))
}
