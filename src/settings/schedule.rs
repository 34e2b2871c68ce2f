//! How the learning rate changes over a run.

use crate::kernels::exp;
use std::f64::consts::LN_2;

/// How the learning rate changes over a run. Update n = 0, 1, ... uses eta times [`Schedule::factor`] of n.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// It does not change.
    #[default]
    Constant,
    /// It decreases linearly: the factor is `1 - n / N`.
    Linear {
        /// N, the number of updates of the run. From update N on the factor is 0, and nothing is learned.
        updates: u64,
    },
    /// It decreases exponentially: the factor is `2^(-n / H)`.
    Exponential {
        /// H, the number of updates after which the learning rate is halved.
        half_life: f64,
    },
}

impl Schedule {
    /// The default half-life.
    pub const HALF_LIFE: f64 = 10_000.0;

    /// Its name in options and model files.
    pub fn name(self) -> &'static str {
        match self {
            Schedule::Constant => "constant",
            Schedule::Linear { .. } => "linear",
            Schedule::Exponential { .. } => "exponential",
        }
    }

    /// N of a linear schedule; `None` for another schedule.
    pub fn updates(self) -> Option<u64> {
        match self {
            Schedule::Linear { updates } => Some(updates),
            _ => None,
        }
    }

    /// H of an exponential schedule; `None` for another schedule.
    pub fn half_life(self) -> Option<f64> {
        match self {
            Schedule::Exponential { half_life } => Some(half_life),
            _ => None,
        }
    }

    /// The factor of the learning rate in update n = 0, 1, ... It is the same on every machine.
    ///
    /// ```
    /// use elman::Schedule;
    /// assert_eq!(Schedule::Linear { updates: 8 }.factor(2), 0.75);
    /// assert_eq!(Schedule::Exponential { half_life: 100.0 }.factor(300), 0.125);
    /// ```
    pub fn factor(self, n: u64) -> f64 {
        match self {
            Schedule::Constant => 1.0,
            Schedule::Linear { updates } if n < updates => 1.0 - n as f64 / updates as f64,
            Schedule::Linear { .. } => 0.0,
            Schedule::Exponential { half_life } => power_of_half(n as f64 / half_life),
        }
    }
}

/// `2^-x` for x >= 0: exact if x is a whole number, and 0 from 1,023 on.
fn power_of_half(x: f64) -> f64 {
    let whole = x.floor();
    if whole >= 1023.0 {
        return 0.0;
    }
    let power = f64::from_bits((1023 - whole as u64) << 52);
    exp((whole - x) * LN_2) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `2^-x` with 64 digits after the point: the product of the roots of 1/2, of the root of it, and so on, that the
    /// digits of x ask for.
    fn power(x: f64) -> f64 {
        const ONE: u128 = 1 << 64;
        let (mut product, mut root) = (ONE, ONE / 2);
        let digits = ((x - x.floor()) * ONE as f64) as u64;
        for place in (0..64).rev() {
            root = (root << 64).isqrt();
            if digits >> place & 1 == 1 {
                product = (product * root) >> 64;
            }
        }
        (0..x.floor() as u64).fold(product as f64 / ONE as f64, |power, _| power / 2.0)
    }

    #[test]
    fn a_linear_schedule_ends_at_zero() {
        let linear = Schedule::Linear { updates: 5 };
        let factors: Vec<f64> = (0..7).map(|n| linear.factor(n)).collect();
        assert_eq!(factors, [1.0, 1.0 - 0.2, 1.0 - 0.4, 1.0 - 0.6, 1.0 - 0.8, 0.0, 0.0]);
        assert_eq!(Schedule::Linear { updates: 0 }.factor(0), 0.0);
    }

    #[test]
    fn an_exponential_schedule_halves() {
        // Half-lives of any kind: the factor a half-life later is half of it.
        for half_life in [1.0, 3.0, 1000.0, 12_345.678] {
            let schedule = Schedule::Exponential { half_life };
            assert_eq!(schedule.factor(0), 1.0);
            for n in (1..2000u64).filter(|&n| n as f64 / half_life < 1022.0) {
                let expected = power(n as f64 / half_life);
                let error = schedule.factor(n) - expected;
                assert!(error.abs() <= 4e-16 * expected, "{half_life} {n}: {error}");
            }
        }
        let exponential = |half_life| Schedule::Exponential { half_life };
        assert_eq!(exponential(3.0).factor(3 * 1022), f64::MIN_POSITIVE);
        assert_eq!(exponential(3.0).factor(3 * 1023), 0.0);
        assert_eq!(exponential(f64::MIN_POSITIVE).factor(1), 0.0);
        assert_eq!(exponential(f64::MAX).factor(u64::MAX), 1.0);
    }
}
