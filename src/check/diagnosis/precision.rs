//! How far an array may be off that was computed, or stored, with fewer digits than doubles have.
//!
//! It is measured: the case is computed once more with every number rounded to the type, which shows how its rounding
//! errors grow. A program that also rounds inside its sums is a few times further off.

use super::backward::Backward;
use super::forward::Forward;
use super::inputs::{CaseInputs, NAMES};
use super::own::Own;
use super::subject::distance;
use super::sums::Sums;
use super::target::Target;
use super::update::{self, Entry};
use crate::network::optimizer::Optimizer;

/// A type with fewer digits than a double.
pub(super) struct Precision {
    pub name: &'static str,
    /// The largest relative error of a rounding.
    unit: f64,
    round: fn(f64) -> f64,
    /// Sums that are rounded at each term are this many times further off.
    times: f64,
    /// Rounding explains no error above this fraction of the largest entry, unless the entry is below `smallest`.
    most: f64,
    /// The distance between the numbers next to 0.
    smallest: f64,
}

/// Single precision: 24 bits.
pub(super) const FLOAT32: Precision = Precision {
    name: "float32",
    unit: 1.0 / 16_777_216.0,
    round: |x| f64::from(x as f32),
    times: 16.0,
    most: 1e-3,
    smallest: 0.0,
};

/// Half precision: 11 bits, and none below 2^-24.
pub(super) const FLOAT16: Precision = Precision {
    name: "float16",
    unit: 1.0 / 2048.0,
    round: |x| {
        let smallest = 1.0 / 16_777_216.0;
        if x.abs() < 1024.0 * smallest {
            (x / smallest).round_ties_even() * smallest
        } else {
            to_bits(x, 11)
        }
    },
    times: 4.0,
    most: 0.02,
    smallest: 1.0 / 16_777_216.0,
};

/// bfloat16, the upper half of single precision: 8 bits.
pub(super) const BFLOAT16: Precision = Precision {
    name: "bfloat16",
    unit: 1.0 / 256.0,
    round: |x| to_bits(x, 8),
    times: 4.0,
    most: 0.05,
    smallest: 0.0,
};

/// Rounds to the nearest number with so many bits, and ties to even.
fn to_bits(x: f64, bits: u32) -> f64 {
    if !x.is_finite() {
        return x;
    }
    let drop = 53 - bits;
    let half = 1u64 << (drop - 1);
    let is_odd = (x.to_bits() >> drop) & 1;
    let rounded = x.to_bits() + (half - 1) + is_odd;
    f64::from_bits(rounded >> drop << drop)
}

impl Precision {
    /// The fraction of its largest entry by which an entry of each array may be off, by name. `rights` are the arrays
    /// of the case.
    pub fn tolerances(&self, case: &CaseInputs, names: &[&str], rights: &[Vec<f64>]) -> Vec<f64> {
        let exact = arrays(case, |x| x, names);
        let rounded = arrays(case, self.round, names);
        let pairs = rights.iter().zip(exact.iter().zip(&rounded));
        let tolerance = |(right, (exact, rounded)): (&Vec<f64>, (&Vec<f64>, &Vec<f64>))| {
            let largest = right.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
            let measured = if largest > 0.0 { distance(exact, rounded) / largest } else { 0.0 };
            let of_smallest = if largest > 0.0 { self.smallest / largest } else { 0.0 };
            (self.times * measured.max(self.unit)).min(self.most).max(self.times * of_smallest)
        };
        pairs.map(tolerance).collect()
    }

    /// Whether the numbers are off as numbers of this type are: most of them, not only a few.
    pub fn is_shown(mine: &[f64], right: &[f64]) -> bool {
        let alive = mine.iter().zip(right).filter(|(x, y)| **x != 0.0 || **y != 0.0);
        let (mut all, mut off) = (0, 0);
        for (x, y) in alive {
            all += 1;
            off += usize::from((x - y).abs() > 1e-11 * y.abs());
        }
        2 * off >= all
    }

    /// Whether all numbers are of this type, and not all are whole.
    pub fn holds(&self, numbers: &[f64]) -> bool {
        numbers.len() > 4
            && numbers.iter().all(|&x| (self.round)(x) == x)
            && numbers.iter().filter(|x| x.fract() != 0.0).count() > 4
    }
}

/// The arrays of these names, computed with rounding. Arrays that are not computed are empty.
fn arrays(case: &CaseInputs, round: fn(f64) -> f64, names: &[&str]) -> Vec<Vec<f64>> {
    let mut forward = Forward::right(case);
    forward.round = round;
    let weights = [&mut forward.U, &mut forward.W, &mut forward.V, &mut forward.b, &mut forward.c];
    weights.into_iter().chain([&mut forward.h0]).flatten().for_each(|x| *x = round(*x));
    let own = Own::default();
    // 1 - beta loses most of its digits.
    let mut rule = case.rule;
    let numbers: &mut [&mut f64] = match &mut rule.optimizer {
        Optimizer::AdaGrad => &mut [],
        Optimizer::Adam { beta1, beta2 } => &mut [beta1, beta2],
        Optimizer::RmsProp { beta2 } => &mut [beta2],
    };
    numbers.iter_mut().for_each(|beta| **beta = round(**beta));
    (rule.eta, rule.epsilon) = (round(rule.eta), round(rule.epsilon));
    let (pass, _) = forward.run(&own);
    let backward = Backward::right(&forward, &pass);
    let (terms, _) = backward.run(&own);
    let sums = Sums::right(&backward, &terms);
    let gradient = [0, 1, 2, 3, 4].map(|part| sums.all(part));
    let after = |part: usize, number: fn(Entry) -> f64| -> Vec<f64> {
        let (theta, average, squares) =
            (case.part(part), &case.averages[part], &case.squares[part]);
        let entries = theta.iter().zip(average).zip(squares).zip(&gradient[part]);
        let updated = entries.map(|(((&theta, &average), &squares), &g)| {
            let [theta, average, squares] = [theta, average, squares].map(round);
            round(number(update::right(rule, Entry { theta, average, squares }, g)))
        });
        updated.collect()
    };
    let named = names.iter().map(|name| match Target::of(name) {
        Target::Input => {
            let part = NAMES.iter().position(|known| known == name);
            part.map_or(vec![], |part| case.part(part).iter().map(|&x| round(x)).collect())
        }
        Target::Pass(get) => get(&pass).to_vec(),
        Target::Terms(get) => get(&terms).to_vec(),
        Target::Gradient(part) => gradient[part].clone(),
        Target::After(part, number) => after(part, number),
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the definitions: 1 + u is a tie and goes to the even number below, 1 + 3u to the one above.
    #[test]
    fn numbers_are_rounded_to_nearest() {
        for precision in [FLOAT32, FLOAT16, BFLOAT16] {
            let Precision { name, unit, round, .. } = precision;
            assert_eq!(round(1.0 + unit), 1.0, "{name}");
            assert_eq!(round(1.0 + 1.01 * unit), 1.0 + 2.0 * unit, "{name}");
            assert_eq!(round(-1.0 - 3.0 * unit), -1.0 - 4.0 * unit, "{name}");
            assert_eq!(round(0.0), 0.0);
            assert!(round(f64::NAN).is_nan() && round(f64::INFINITY).is_infinite());
        }
        let smallest = 1.0 / 16_777_216.0;
        assert_eq!((FLOAT16.round)(0.49 * smallest), 0.0);
        assert_eq!((FLOAT16.round)(-2.6 * smallest), -3.0 * smallest);
    }
}
