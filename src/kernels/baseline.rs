//! Eight doubles on any machine, in plain arithmetic: the compiler chooses the instructions.

use super::lanes::{F64x8, Number, ROOT_BITS};
use super::roots::refined_reciprocal_root;
use super::software_fma;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// Eight doubles in an array.
#[derive(Clone, Copy)]
pub struct Baseline([f64; 8]);

impl Baseline {
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        let mut x = self.0;
        for x in &mut x {
            *x = f(*x);
        }
        Baseline(x)
    }

    #[inline(always)]
    fn zip_with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let mut x = self.0;
        for (x, y) in x.iter_mut().zip(other.0) {
            *x = f(*x, y);
        }
        Baseline(x)
    }
}

impl Number for Baseline {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        Baseline([x; 8])
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        Baseline(software_fma::fma8(self.0, factor.0, addend.0))
    }

    #[inline(always)]
    fn minus_product(self, x: Self, y: Self) -> Self {
        (-x).fma(y, self)
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        self.map(f64::sqrt)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        self.map(f64::abs)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.zip_with(other, Number::larger)
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        self.zip_with(other, Number::smaller)
    }

    #[inline(always)]
    fn choose(self, limit: Self, this: Self, that: Self) -> Self {
        let mut chosen = that.0;
        for (i, chosen) in chosen.iter_mut().enumerate() {
            *chosen = self.0[i].choose(limit.0[i], this.0[i], *chosen);
        }
        Baseline(chosen)
    }

    #[inline(always)]
    fn low_bits_as_exponent(self) -> Self {
        self.map(Number::low_bits_as_exponent)
    }

    #[inline(always)]
    fn exponent_as_low_bits(self) -> Self {
        self.map(Number::exponent_as_low_bits)
    }

    #[inline(always)]
    fn significand(self) -> Self {
        self.map(Number::significand)
    }
}

impl F64x8 for Baseline {
    const SUMS: usize = 1;
    const DIVIDER_SHARE: usize = 1;

    #[inline(always)]
    fn load(x: &[f64; 8]) -> Self {
        Baseline(*x)
    }

    #[inline(always)]
    fn store(self, x: &mut [f64; 8]) {
        *x = self.0;
    }

    #[inline(always)]
    fn load_part(x: &[f64]) -> Self {
        let mut eight = [0.0; 8];
        eight[..x.len()].copy_from_slice(x);
        Baseline(eight)
    }

    #[inline(always)]
    fn store_part(self, x: &mut [f64]) {
        x.copy_from_slice(&self.0[..x.len()]);
    }

    #[inline(always)]
    fn pair_sums(self, y: Self) -> Self {
        let mut sums = [0.0; 8];
        for i in (0..8).step_by(2) {
            sums[i] = self.0[i] + self.0[i + 1];
            sums[i + 1] = y.0[i] + y.0[i + 1];
        }
        Baseline(sums)
    }

    #[inline(always)]
    fn sums_of_pairs(pairs: [Self; 4]) -> Self {
        let mut sums = [0.0; 8];
        for (sums, Baseline(pair)) in sums.chunks_exact_mut(2).zip(pairs) {
            for (i, sum) in sums.iter_mut().enumerate() {
                *sum = (pair[i] + pair[i + 2]) + (pair[i + 4] + pair[i + 6]);
            }
        }
        Baseline(sums)
    }

    #[inline(always)]
    fn near_reciprocal_root(self) -> Self {
        let rough = |x: f64| f64::from_bits(ROOT_BITS.wrapping_sub(x.to_bits() >> 1));
        refined_reciprocal_root(self, self.map(rough))
    }

    #[inline(always)]
    fn with_lowest_bit(self) -> Self {
        self.map(|x| f64::from_bits(x.to_bits() | 1))
    }
}

impl Neg for Baseline {
    type Output = Self;
    #[inline(always)]
    fn neg(self) -> Self {
        self.map(|x| -x)
    }
}

macro_rules! operators {
    ($($Operator:ident $function:ident $symbol:tt;)*) => {$(
        impl $Operator for Baseline {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                self.zip_with(other, |x, y| x $symbol y)
            }
        }
    )*};
}
operators! { Add add +; Sub sub -; Mul mul *; Div div /; }
