//! Four doubles on any machine, in plain arithmetic: the compiler chooses the instructions.

use super::lanes::{F64x4, Number};
use std::ops::{Add, Div, Mul, Sub};

/// Four doubles in an array.
#[derive(Clone, Copy)]
pub struct Baseline([f64; 4]);

impl Baseline {
    #[inline(always)]
    fn zip_with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let (x, y) = (self.0, other.0);
        Baseline([f(x[0], y[0]), f(x[1], y[1]), f(x[2], y[2]), f(x[3], y[3])])
    }
}

impl Number for Baseline {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        Baseline([x; 4])
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Baseline(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Baseline(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        self.zip_with(sign, f64::copysign)
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
        let choose = |i: usize| self.0[i].choose(limit.0[i], this.0[i], that.0[i]);
        Baseline([choose(0), choose(1), choose(2), choose(3)])
    }

    #[inline(always)]
    fn low_bits_as_exponent(self) -> Self {
        Baseline(self.0.map(Number::low_bits_as_exponent))
    }
}

impl F64x4 for Baseline {
    #[inline(always)]
    fn load(x: &[f64; 4]) -> Self {
        Baseline(*x)
    }

    #[inline(always)]
    fn store(self, x: &mut [f64; 4]) {
        *x = self.0;
    }

    #[inline(always)]
    fn load_part(x: &[f64]) -> Self {
        let mut four = [0.0; 4];
        four[..x.len()].copy_from_slice(x);
        Baseline(four)
    }

    #[inline(always)]
    fn store_part(self, x: &mut [f64]) {
        x.copy_from_slice(&self.0[..x.len()]);
    }

    #[inline(always)]
    fn sums(rows: [Self; 4]) -> Self {
        Baseline(rows.map(|Baseline(x)| (x[0] + x[1]) + (x[2] + x[3])))
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
