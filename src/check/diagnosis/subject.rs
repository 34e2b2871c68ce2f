//! Compares an array that is not right with the results of mistakes.
//!
//! An array is right if no entry is off by more than a tolerance times the largest entry of the case's array. The
//! tolerance is [`TOLERANCE`], [`NARROW_TOLERANCE`] for fewer digits than doubles have, or [`NUMERICAL_TOLERANCE`] for
//! a numerical gradient. It is relative, because the gradients of untrained networks are about 1e-3, where a small
//! difference can be a mistake. Two right programs in doubles differ by about 1e-14, in single precision by about 1e-6.
//! A derivative from two points of the loss is off by 1e-6 to 1e-9. Text and indices have to be equal.

use super::reason::{Cause, Dress, Reason};
use super::target::Target;
use crate::kernels::ln;

/// The fraction of its array's largest entry by which an entry may be off.
pub const TOLERANCE: f64 = 1e-8;
/// The same for single precision.
pub const NARROW_TOLERANCE: f64 = 1e-4;
/// The same for numerical gradients.
pub const NUMERICAL_TOLERANCE: f64 = 1e-4;
/// By how much an entry may be off if all entries of the right array are 0.
const OF_ZEROS: f64 = 1e-12;
/// An array that a mistake explains is at least this many times nearer to it than to the right array.
const NEARER: f64 = 4.0;
/// Bounds that people clip to.
const USUAL_BOUNDS: [f64; 10] = [5.0, 1.0, 10.0, 0.1, 0.5, 2.0, 3.0, 0.25, 0.01, 100.0];

/// The sizes of a case.
#[derive(Clone, Copy, Debug)]
pub(super) struct Sizes {
    pub T: usize,
    pub m: usize,
    pub K: usize,
    /// T if the loss is a mean, otherwise 1.
    pub divisor: f64,
    /// The clip of the case's update.
    pub clip: f64,
    /// Its learning rate.
    pub eta: f64,
}

/// An array of another program, and the right one.
#[derive(Clone)]
pub(super) struct Subject<'a> {
    pub name: &'a str,
    pub target: Target,
    pub mine: &'a [f64],
    pub right: &'a [f64],
    /// The shape of the right array.
    pub shape: &'a [usize],
    /// The parameters before an update; empty for other arrays.
    pub origin: &'a [f64],
    pub sizes: Sizes,
    /// The fraction of the largest entry by which an entry may be off.
    pub tolerance: f64,
    /// By how much it may differ from the result of a mistake.
    allowed: f64,
    /// The largest difference from the right array.
    off: f64,
    /// Places that are compared first.
    probes: Vec<usize>,
    /// The bound to which it may be clipped.
    bound: Option<f64>,
    /// The place of the largest step or entry.
    largest: usize,
    /// The number of entries well above the tolerance.
    alive: usize,
    /// How many times nearer an array has to be to the result of a mistake than to the right array.
    nearer: f64,
}

/// How an array follows from the result of a mistake.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Relation {
    /// One more mistake, of the whole array.
    pub cause: Option<Cause>,
    pub dress: Option<Dress>,
}

impl<'a> Subject<'a> {
    /// Prepares the comparisons.
    pub fn new(
        (name, shape): (&'a str, &'a [usize]),
        (mine, right, origin): (&'a [f64], &'a [f64], &'a [f64]),
        tolerance: f64,
        sizes: Sizes,
    ) -> Self {
        let mut subject = Subject {
            name,
            target: Target::of(name),
            mine,
            right,
            shape,
            origin,
            sizes,
            tolerance,
            allowed: allowed(mine, tolerance),
            off: distance(mine, right),
            probes: Vec::new(),
            bound: None,
            largest: 0,
            alive: 0,
            nearer: NEARER,
        };
        subject.look();
        subject.bound = subject.shown_bound();
        subject
    }

    /// Finds the entries that show most.
    fn look(&mut self) {
        let (mine, right, count) = (self.mine, self.right, self.mine.len());
        let size = |i: usize| self.step(mine[i], i).abs();
        let off = |i: usize| (mine[i] - right.get(i).copied().unwrap_or(f64::NAN)).abs();
        let places = || (0..count).filter(|&i| mine[i].is_finite());
        let largest = places().max_by(|&i, &j| size(i).total_cmp(&size(j)));
        let most_off = places().max_by(|&i, &j| off(i).total_cmp(&off(j)));
        let well_above = (1e3 * self.allowed).min(largest.map_or(0.0, size) / 20.0);
        let alive = places().filter(|&i| size(i) > well_above).count();
        let probes = largest.into_iter().chain(most_off).chain((0..4).map(|i| i * count / 4));
        self.probes = probes.filter(|&i| i < count).collect();
        self.largest = largest.unwrap_or(0);
        self.alive = alive;
    }

    /// The same, where a mistake has to be so many times nearer than the right array.
    pub fn within(&self, nearer: f64) -> Self {
        Subject { nearer, ..self.clone() }
    }

    /// An entry, or how far an update moved it.
    fn step(&self, x: f64, at: usize) -> f64 {
        x - self.origin.get(at).copied().unwrap_or(0.0)
    }

    /// By how much an entry may differ from one of the right array.
    pub fn allowed_of_right(&self) -> f64 {
        allowed(self.right, self.tolerance)
    }

    /// Whether no entry is off by more than it may be.
    pub fn is_right(&self) -> bool {
        self.off <= self.allowed_of_right()
    }

    /// Whether the array is the given one, and much nearer to it than to the right one.
    pub fn is(&self, made: impl Fn(usize) -> f64) -> bool {
        // A single NaN may have come from anywhere.
        if self.mine.iter().all(|x| x.is_nan()) && self.mine.len() < 3 {
            return false;
        }
        let mut largest: f64 = 0.0;
        for i in self.probes.iter().copied().chain(0..self.mine.len()) {
            largest = largest.max(difference(self.mine[i], made(i)));
            if largest > self.allowed {
                return false;
            }
        }
        self.nearer * largest < self.off
    }

    /// How the array follows from the given one, if it does. `is_more` says whether there may be another mistake of the
    /// whole array.
    pub fn relation(&self, made: impl Fn(usize) -> f64, is_more: bool) -> Option<Relation> {
        if self.is(&made) {
            return Some(Relation::default());
        }
        if let Some(bound) = self.bound
            && self.is(|i| made(i).clamp(-bound, bound))
        {
            let dress = Some(Dress::Clipped(bound));
            return Some(Relation { cause: None, dress });
        }
        if !is_more {
            return None;
        }
        let cause = self.turned(&made).or_else(|| self.scaled(&made));
        if let Some(cause) = cause {
            return Some(Relation { cause: Some(cause), dress: None });
        }
        let bound = self.bound?;
        for (factor, reason) in [(-1.0, Reason::Sign), (1.0 / self.sizes.T as f64, Reason::Mean)] {
            if self.is(|i| (factor * made(i)).clamp(-bound, bound)) {
                let (cause, dress) = (Some(Cause::new(reason, "")), Some(Dress::Clipped(bound)));
                return Some(Relation { cause, dress });
            }
        }
        None
    }

    fn turned(&self, made: &impl Fn(usize) -> f64) -> Option<Cause> {
        let &[rows, columns] = self.shape else {
            return None;
        };
        let is_turned = rows > 1 && columns > 1 && self.is(|i| made(i % rows * columns + i / rows));
        is_turned.then(|| Cause::new(Reason::Transposed, ""))
    }

    /// All entries, or all steps of an update, are off by one factor.
    fn scaled(&self, made: &impl Fn(usize) -> f64) -> Option<Cause> {
        if let Target::Input = self.target {
            return None;
        }
        let at = self.largest;
        let (mine, of_made) = (self.step(*self.mine.get(at)?, at), self.step(made(at), at));
        let found = mine / of_made;
        let known = self.factors();
        let near = (4.0 * self.tolerance).max(1e-5);
        let known = known.into_iter().find(|(_, value, _)| (found / value - 1.0).abs() < near);
        let factor = known.as_ref().map_or(found, |(_, value, _)| *value);
        let is_plain =
            (factor - 1.0).abs() < near.max(1e-3) || factor == 0.0 || !factor.is_finite();
        if is_plain || (known.is_none() && self.alive < 3) {
            return None;
        }
        let origin = |i: usize| self.origin.get(i).copied().unwrap_or(0.0);
        if !self.is(|i| origin(i) + factor * (made(i) - origin(i))) {
            return None;
        }
        Some(match known {
            Some((reason, _, detail)) if self.origin.is_empty() || reason == Reason::Sign => {
                let reason = match reason {
                    Reason::Factor(_) => Reason::Factor(factor),
                    other => other,
                };
                Cause::new(reason, detail)
            }
            _ if !self.origin.is_empty() => Cause::new(Reason::Eta(factor * self.sizes.eta), ""),
            _ => Cause::new(Reason::Factor(factor), ""),
        })
    }

    /// Factors that have a name.
    fn factors(&self) -> Vec<(Reason, f64, &'static str)> {
        let Sizes { T, m, K, divisor, .. } = self.sizes;
        let [T, m, K] = [T, m, K].map(|size| size as f64);
        let factor = Reason::Factor(0.0);
        let mut factors = vec![
            (Reason::Sign, -1.0, ""),
            (Reason::Mean, 1.0 / T, ""),
            (Reason::Sum, divisor, ""),
            (factor, 2.0, ""),
            (factor, 0.5, ""),
            (factor, T, "T"),
            (factor, K, "K"),
            (factor, 1.0 / K, "1/K"),
            (factor, m, "m"),
            (factor, 1.0 / m, "1/m"),
            (factor, -1.0 / T, "-1/T"),
            (factor, 1.0 / (T * K), "1/(T K)"),
            (factor, 1.0 / (T - 1.0), "1/(T-1)"),
            (factor, 1.0 / (T + 1.0), "1/(T+1)"),
        ];
        if self.name.starts_with("loss") {
            factors.insert(0, (Reason::Bits, 1.0 / ln(2.0), ""));
            factors.insert(1, (factor, 1.0 / ln(10.0), "base 10"));
        }
        factors
    }

    /// Whether this is a usual bound for clipping, or that of the case.
    pub fn is_usual_bound(&self, bound: f64) -> bool {
        let mut usual = USUAL_BOUNDS.into_iter().chain([self.sizes.clip]);
        usual.any(|usual| (bound / usual - 1.0).abs() < 1e-6)
    }

    /// The bound to which a gradient seems to be clipped. It is a usual bound, or several entries have it and not all
    /// entries are equal.
    fn shown_bound(&self) -> Option<f64> {
        let (Target::Gradient(_), [_, _, ..]) = (self.target, self.mine) else {
            return None;
        };
        let largest = self.mine.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
        let usual = self.is_usual_bound(largest).then_some(largest);
        let at_bound = self.mine.iter().filter(|x| x.abs() == largest).count();
        let first = self.mine.iter().find(|x| x.abs() == largest);
        let is_one_number = self.mine.iter().all(|x| *x == 0.0 || Some(x) == first);
        let own = (at_bound > 1 && !is_one_number && largest > 0.0).then_some(largest);
        usual.or(own)
    }
}

/// By how much an entry may differ, in its own unit. If some entries are infinite, the others have to be right as well.
fn allowed(of: &[f64], tolerance: f64) -> f64 {
    let finite = of.iter().filter(|x| x.is_finite());
    let largest = finite.fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 && tolerance > 0.0 { OF_ZEROS } else { tolerance * largest }
}

/// The difference of two entries; infinite if one of them is NaN.
pub(super) fn difference(x: f64, y: f64) -> f64 {
    match (x - y).abs() {
        // Two NaN are no difference: both may come from the same division by 0. Nor are equal infinities.
        _ if x == y || (x.is_nan() && y.is_nan()) => 0.0,
        difference if difference.is_nan() => f64::INFINITY,
        difference => difference,
    }
}

/// The largest difference of two entries; infinite if the lengths differ.
pub(super) fn distance(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() {
        return f64::INFINITY;
    }
    x.iter().zip(y).fold(0.0, |largest, (&x, &y)| largest.max(difference(x, y)))
}
