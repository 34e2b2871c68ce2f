//! What the known mistakes would make of the arrays of a worked case, and which of them explains somebody's.

use super::given::{Given, NAMES};
use super::passes::{RIGHT, SLIPS, Slip};
use super::steps::{MISSTEPS, Moved, Step};
use super::{Compared, Reason};
use crate::kernels::ln;
use crate::network::optimizer::clipped;

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

impl Given {
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
        self.each_scaled(right, visit);
        let pass = self.forward(&self.theta, &self.h0);
        let (gradient, terms) = self.backward(&pass, &RIGHT);
        self.each_clipped(right, &gradient, visit);
        for slip in SLIPS {
            let (gradient, _) = self.backward(&pass, slip);
            visit(slip.reason, &gradient[part]);
        }
        let (is_bias, last) = (part >= 3, self.T() - 1);
        // Of the matrices, those that a loop without a sum ends or begins with.
        for t in (0..=last).filter(|t| is_bias || [0, last].contains(t)) {
            let reason = if is_bias {
                Reason::Bias
            } else {
                Reason::OneStep
            };
            let slip = Slip::to_one_step(t, self.T());
            visit(reason, &self.sums(&pass, &terms, &slip)[part]);
        }
        match part {
            3 => each_bias(&terms.da, right, visit),
            4 => each_bias(&terms.g, right, visit),
            _ => {}
        }
    }

    /// Of what is summed over the steps, or their mean.
    fn each_scaled(&self, right: &[f64], visit: &mut dyn FnMut(Reason, &[f64])) {
        visit(Reason::Sign, &scaled(right, -1.0));
        visit(Reason::Mean, &scaled(right, 1.0 / self.T() as f64));
        visit(Reason::Sum, &scaled(right, self.divisor));
    }

    /// Entry by entry, by the norm of the array, and by the norm of the whole gradient.
    fn each_clipped(
        &self,
        right: &[f64],
        gradient: &[Vec<f64>; 5],
        visit: &mut dyn FnMut(Reason, &[f64]),
    ) {
        let own = [self.rule.clip];
        let clips = if self.rule.clip.is_finite() {
            &own[..]
        } else {
            &USUAL_CLIPS
        };
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
        if let "loss" | "losses" = name {
            self.each_scaled(right, visit);
            visit(Reason::Bits, &scaled(right, 1.0 / ln(2.0)));
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
            let (short, long) = if mine.len() < compared.right.len() {
                (&mine[..], compared.right)
            } else {
                (compared.right, &mine[..])
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
        let all: f64 = sums.iter().sum();
        let mean = |of: &[f64], count: usize| scaled(of, 1.0 / count as f64);
        let turned = (0..units).flat_map(|i| terms.iter().map(move |term| term[i]));
        let made = match found {
            [] => vec![vec![all], mean(&[all], units), mean(&[all], self.T())],
            [_] => vec![sums.clone(), mean(&sums, units)],
            _ => vec![terms.concat(), turned.collect()],
        };
        let is_made = made.iter().any(|made| {
            // The sums may cancel: they are as uncertain as what they are made of.
            let tolerance = super::tolerance(&terms.concat(), compared.share);
            super::distance(compared.mine, made) <= tolerance
        });
        is_made.then_some(Reason::Bias)
    }
}

/// Of a bias's gradient, from the terms that are summed: left out, or summed over the wrong axis.
fn each_bias(terms: &[Vec<f64>], right: &[f64], visit: &mut dyn FnMut(Reason, &[f64])) {
    visit(Reason::Bias, &vec![0.0; right.len()]);
    let (all, units): (f64, f64) = (right.iter().sum(), right.len() as f64);
    for one in [all, all / units] {
        visit(Reason::Bias, &vec![one; right.len()]);
    }
    // The shape is right where there are as many steps as units.
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

/// Whether several entries are at a bound of somebody's own that none is beyond; not one number alone.
fn is_clipped(compared: &Compared) -> bool {
    let mine = compared.mine;
    let bound = mine.iter().fold(0.0, |bound: f64, x| bound.max(x.abs()));
    let mut at_bound = mine.iter().filter(|x| x.abs() == bound);
    let first = at_bound.next();
    let is_one_number = mine.iter().all(|x| *x == 0.0 || Some(x) == first);
    at_bound.next().is_some() && !is_one_number && compared.is(&all_clipped(compared.right, bound))
}
