//! The numbers that kernels are written over: one double, or four that go through the same operations.

use std::ops::{Add, Div, Mul, Sub};

/// A loop that is compiled for every level.
///
/// `run` and everything that it calls have to be `#[inline(always)]`: a function that is not inlined is
/// compiled for the baseline.
pub trait Kernel {
    /// What the loop returns.
    type Output;
    /// Runs the loop, over four doubles at a time.
    fn run<F: F64x4>(self) -> Self::Output;
}

/// One double, or several that go through the same operations. Each result is rounded as IEEE-754 rounds it.
pub trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same number in every lane.
    fn splat(x: f64) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// `self` where it is larger than `other`, otherwise `other`: that holds for equals and NaN as well.
    fn larger(self, other: Self) -> Self;
    /// `self` where it is smaller than `other`, otherwise `other`: that holds for equals and NaN as well.
    fn smaller(self, other: Self) -> Self;
    /// `this` where `self` is at most `limit`, otherwise `that`: `that` where one of the two is NaN.
    fn choose(self, limit: Self, this: Self, that: Self) -> Self;
    /// A double whose sign and exponent are the lowest 12 bits of this one, with zeros for the other bits.
    fn low_bits_as_exponent(self) -> Self;
}

/// Four doubles that go through the same operations.
pub trait F64x4: Number {
    /// Loads four numbers.
    fn load(x: &[f64; 4]) -> Self;
    /// Stores all four numbers.
    fn store(self, x: &mut [f64; 4]);
    /// Loads a slice of up to four numbers; the lanes after them are 0.
    ///
    /// # Panics
    /// Panics if the slice is longer than four.
    fn load_part(x: &[f64]) -> Self;
    /// Stores the first lanes into a slice of up to four numbers.
    ///
    /// # Panics
    /// Panics if the slice is longer than four.
    fn store_part(self, x: &mut [f64]);
    /// The sum `(x_0 + x_1) + (x_2 + x_3)` of each row: the order of every sum over four lanes.
    fn sums(rows: [Self; 4]) -> Self;

    /// Loads the first four numbers of a slice; where there are fewer, the lanes after them are 0.
    #[inline(always)]
    fn load_first(x: &[f64]) -> Self {
        match x.first_chunk() {
            Some(four) => Self::load(four),
            None => Self::load_part(x),
        }
    }

    /// Stores into the first four numbers of a slice, or into all of it where it is shorter.
    #[inline(always)]
    fn store_first(self, x: &mut [f64]) {
        match x.first_chunk_mut() {
            Some(four) => self.store(four),
            None => self.store_part(x),
        }
    }
}

impl Number for f64 {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f64::copysign(self, sign)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn choose(self, limit: Self, this: Self, that: Self) -> Self {
        if self <= limit { this } else { that }
    }

    #[inline(always)]
    fn low_bits_as_exponent(self) -> Self {
        f64::from_bits(self.to_bits() << 52)
    }
}
