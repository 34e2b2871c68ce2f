//! What the known mistakes would make of the arrays of a worked case, and which mistake explains somebody's array.

use super::array_pair::{ArrayPair, distance};
use super::backward::{self, Backward};
use super::inputs::{CaseInputs, NAMES};
use super::reason::Reason;
use super::update::{self, Entry};
use crate::kernels::ln;
use crate::network::reference::{self, Pass, transpose};
use crate::network::update::clipped;

/// Tried where the case does not clip: the other edition's clip, and a common one.
const USUAL_CLIPS: [f64; 2] = [5.0, 1.0];
/// One of the numbers of an entry.
type Number = fn(Entry) -> f64;
/// The numbers of an entry after an update, by the letters that a case has before U and so on.
const AFTER: [(&str, Number); 4] = [
    ("G_", |entry| entry.squares),
    ("m_", |entry| entry.average),
    ("v_", |entry| entry.squares),
    ("", |entry| entry.theta),
];
/// Called with what each mistake would make of an array.
type Visit<'a> = &'a mut dyn FnMut(Reason, &[f64]);

impl CaseInputs {
    /// Why an array of the right shape is wrong, if one mistake explains all of it.
    pub fn reason(&self, pair: &ArrayPair, shape: &[usize]) -> Option<Reason> {
        let mut reasons = Vec::new();
        let mut visit = |reason: Reason, mistaken: &[f64]| {
            if pair.is(mistaken) {
                reasons.push(reason);
            }
        };
        if let &[rows, columns] = shape {
            let transposed = transpose(pair.right, rows, columns);
            visit(Reason::Transposed, &transposed);
        }
        self.each(pair.name, pair.right, &mut visit);
        if pair.name.starts_with('d') && is_clipped(pair) {
            reasons.push(Reason::Clipped);
        }
        let per_step = shape.first() == Some(&self.T) || pair.name == "text";
        if per_step && self.is_shifted(pair, shape) {
            reasons.push(Reason::OffByOne);
        }
        reasons.into_iter().min()
    }

    /// Calls `visit` with what each mistake would make of an array.
    fn each(&self, name: &str, right: &[f64], visit: Visit) {
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

    /// For a gradient.
    fn each_gradient(&self, part: usize, right: &[f64], visit: Visit) {
        self.each_scaled(right, visit);
        let mut backward = self.backward();
        let terms = backward.terms();
        self.each_clipped(right, &backward.sums(&terms), visit);
        for (reason, mistake) in backward::MISTAKES {
            let mut mistaken = backward.clone();
            mistake(&mut mistaken);
            visit(*reason, &mistaken.sums(&mistaken.terms())[part]);
        }
        // One step alone: any for a bias, and for a matrix the first or the last, with which a loop ends that does not sum.
        let (is_bias, last) = (part >= 3, self.T - 1);
        for t in (0..=last).filter(|t| is_bias || [0, last].contains(t)) {
            let reason = if is_bias { Reason::Bias } else { Reason::OneStep };
            backward.steps = t..t + 1;
            visit(reason, &backward.sums(&terms)[part]);
        }
        match part {
            3 => each_bias(&terms.da, right, visit),
            4 => each_bias(&terms.g, right, visit),
            _ => {}
        }
    }

    /// For a sum or mean over the steps.
    fn each_scaled(&self, right: &[f64], visit: Visit) {
        visit(Reason::Sign, &scaled(right, -1.0));
        visit(Reason::Mean, &scaled(right, 1.0 / self.T as f64));
        visit(Reason::Sum, &scaled(right, self.divisor));
    }

    /// For a gradient that is clipped: entry by entry, by the norm of the array, and by the norm of the whole gradient.
    fn each_clipped(&self, right: &[f64], gradient: &[Vec<f64>; 5], visit: Visit) {
        let own = [self.rule.clip];
        let clips = if self.rule.clip.is_finite() { &own[..] } else { &USUAL_CLIPS };
        let squares = |part: &[f64]| -> f64 { part.iter().map(|x| x * x).sum() };
        let all: f64 = gradient.iter().map(|part| squares(part)).sum();
        for &clip in clips {
            visit(Reason::Clipped, &all_clipped(right, clip));
            for norm in [squares(right).sqrt(), all.sqrt()] {
                let factor = (clip / norm).min(1.0);
                visit(Reason::Clipped, &scaled(right, factor));
            }
        }
    }

    /// For the parameters after an update, or the optimizer's numbers: every wrong update by the right gradient, and the
    /// right update by every wrong gradient.
    fn each_update(&self, part: usize, number: Number, visit: Visit) {
        let theta = self.parameters.named().nth(part).map(|part| part.values);
        let theta = theta.unwrap_or_default();
        let updated = |update: update::Update, gradient: &[f64]| -> Vec<f64> {
            let before = self.averages[part].iter().zip(&self.squares[part]);
            let entries = theta.iter().zip(before).zip(gradient);
            let updated = entries.map(|((&theta, (&average, &squares)), &g)| {
                let entry = Entry { theta, average, squares };
                number(update(self.rule, entry, g))
            });
            updated.collect()
        };
        let backward = self.backward();
        let right = &backward.sums(&backward.terms())[part];
        for (reason, mistaken) in update::MISTAKES {
            visit(*reason, &updated(*mistaken, right));
        }
        self.each_gradient(part, right, &mut |reason, gradient| {
            visit(reason, &updated(update::right, gradient));
        });
    }

    /// For what the forward pass computes.
    fn each_forward(&self, name: &str, right: &[f64], visit: Visit) {
        if let "loss" | "losses" = name {
            self.each_scaled(right, visit);
            visit(Reason::Bits, &scaled(right, 1.0 / ln(2.0)));
        }
        if self.forward_array(&self.forward(), name).is_none() {
            return;
        }
        let mut mistake = |reason, change: fn(&mut CaseInputs)| {
            let mut mistaken = self.clone();
            change(&mut mistaken);
            let array = mistaken.forward_array(&mistaken.forward(), name);
            visit(reason, &array.unwrap_or_default());
        };
        mistake(Reason::DirectTermOnly, |case| {
            case.parameters.tensors_mut().W.fill(0.0);
        });
        mistake(Reason::Bias, |case| case.parameters.tensors_mut().b.fill(0.0));
        mistake(Reason::Bias, |case| case.parameters.tensors_mut().c.fill(0.0));
        mistake(Reason::Bias, |case| {
            case.parameters.tensors_mut().b.fill(0.0);
            case.parameters.tensors_mut().c.fill(0.0);
        });
        mistake(Reason::UntransposedW, |case| {
            let m = case.h0.len();
            let W = case.parameters.tensors_mut().W;
            W.copy_from_slice(&transpose(W, m, m));
        });
        mistake(Reason::NoH0, |case| case.h0.fill(0.0));
    }

    fn forward(&self) -> Pass {
        reference::forward(&self.parameters, &self.X, &self.Y, &self.h0)
    }

    fn backward(&self) -> Backward {
        Backward::right(self, &self.forward())
    }

    /// The array that a case calls by this name, if it is one of a forward pass.
    fn forward_array(&self, pass: &Pass, name: &str) -> Option<Vec<f64>> {
        Some(match name {
            "a" => pass.a.concat(),
            "h" => pass.h[1..].concat(),
            "o" => pass.o.concat(),
            "p" => pass.p.concat(),
            "losses" => pass.losses.clone(),
            "loss" => vec![pass.loss / self.divisor],
            _ => return None,
        })
    }

    /// Whether the rows are those of the step before, or of the next.
    fn is_shifted(&self, pair: &ArrayPair, shape: &[usize]) -> bool {
        let rows = shape.first().copied().unwrap_or(0);
        let row = pair.right.len() / rows.max(1);
        let allowed = pair.allowed(pair.right);
        let (mine, right, end) = (pair.mine, pair.right, pair.right.len());
        rows > 2
            && [(&mine[row..], &right[..end - row]), (&mine[..end - row], &right[row..])]
                .iter()
                .any(|(mine, right)| distance(mine, right) <= allowed)
    }

    /// Why an array has the wrong shape. Both shapes are without lengths of 1.
    pub fn shape_reason(
        &self,
        pair: &ArrayPair,
        found: &[usize],
        need: &[usize],
    ) -> Option<Reason> {
        let bias = ["db", "dc"].iter().position(|name| *name == pair.name);
        if let Some(bias) = bias {
            return self.not_summed(pair, found, bias);
        }
        if pair.right.is_empty() {
            return None;
        }
        // Steps in rows, or in columns; one more than there are, or one less.
        let (&rows, row) = need.split_first()?;
        let row: usize = row.iter().product();
        let as_it_is = match *found {
            [_] if need.len() == 1 => Some(pair.mine.to_vec()),
            [_, columns] if columns == row => Some(pair.mine.to_vec()),
            _ => None,
        };
        let turned = match *found {
            [columns, count] if columns == row && pair.mine.len() == row * count => {
                Some(transpose(pair.mine, row, count))
            }
            _ => None,
        };
        let allowed = pair.allowed(pair.right);
        let is_part = |mine: Vec<f64>| {
            if rows != self.T || (mine.len() / row).abs_diff(rows) != 1 {
                return false;
            }
            let (short, long) = if mine.len() < pair.right.len() {
                (&mine[..], pair.right)
            } else {
                (pair.right, &mine[..])
            };
            let mut parts = [&long[row..], &long[..short.len()]].into_iter();
            parts.any(|part| distance(part, short) <= allowed)
        };
        let is_part = [as_it_is, turned].into_iter().flatten().any(is_part);
        is_part.then_some(Reason::OffByOne)
    }

    /// For the gradient of b or c: not summed, or summed over the units of each step.
    fn not_summed(&self, pair: &ArrayPair, found: &[usize], bias: usize) -> Option<Reason> {
        let terms = self.backward().terms();
        let terms = [terms.da, terms.g].into_iter().nth(bias)?;
        let units = pair.right.len();
        let sums: Vec<f64> = terms.iter().map(|term| term.iter().sum()).collect();
        let all: f64 = sums.iter().sum();
        let mean = |of: &[f64], count: usize| scaled(of, 1.0 / count as f64);
        let turned = (0..units).flat_map(|i| terms.iter().map(move |term| term[i]));
        let made = match found {
            [] => vec![vec![all], mean(&[all], units), mean(&[all], self.T)],
            [_] => vec![sums.clone(), mean(&sums, units)],
            _ => vec![terms.concat(), turned.collect()],
        };
        let is_made = made.iter().any(|made| {
            // The sums may cancel: they are as uncertain as their terms.
            distance(pair.mine, made) <= pair.allowed(&terms.concat())
        });
        is_made.then_some(Reason::Bias)
    }
}

/// For the gradient of a bias, from its terms: left out, or summed over the wrong axis.
fn each_bias(terms: &[Vec<f64>], right: &[f64], visit: Visit) {
    visit(Reason::Bias, &vec![0.0; right.len()]);
    let (all, units): (f64, f64) = (right.iter().sum(), right.len() as f64);
    for one in [all, all / units] {
        visit(Reason::Bias, &vec![one; right.len()]);
    }
    // The shape is right if there are as many steps as units.
    let sums: Vec<f64> = terms.iter().map(|term| term.iter().sum()).collect();
    visit(Reason::Bias, &sums);
    visit(Reason::Bias, &scaled(&sums, 1.0 / units));
}

fn scaled(right: &[f64], factor: f64) -> Vec<f64> {
    right.iter().map(|x| factor * x).collect()
}

fn all_clipped(right: &[f64], clip: f64) -> Vec<f64> {
    right.iter().map(|&x| clipped(x, clip)).collect()
}

/// Whether somebody clipped to a bound of their own: several entries have the largest absolute value, and not all
/// entries are one number.
fn is_clipped(pair: &ArrayPair) -> bool {
    let mine = pair.mine;
    let bound = mine.iter().fold(0.0, |bound: f64, x| bound.max(x.abs()));
    let mut at_bound = mine.iter().filter(|x| x.abs() == bound);
    let first = at_bound.next();
    let is_one_number = mine.iter().all(|x| *x == 0.0 || Some(x) == first);
    at_bound.next().is_some() && !is_one_number && pair.is(&all_clipped(pair.right, bound))
}
