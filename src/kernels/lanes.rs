//! The numbers that kernels compute with: one double, or eight that go through the same operations.

use super::software_fma;
use std::ops::{Add, Div, Mul, Neg, Sub};

/// A loop that is compiled for every level. [`Level::run`](super::Level::run) runs it.
///
/// `run`, and every function that it calls, has to be `#[inline(always)]`. A function that is not inlined is compiled
/// for the baseline. That includes closures and some helpers of the standard library.
pub trait Kernel {
    /// What the loop returns.
    type Output;
    /// Runs the loop, over eight doubles at a time.
    fn run<F: F64x8>(self) -> Self::Output;
}

/// One double, or several that go through the same operations. Each result is rounded as IEEE-754 rounds it.
pub trait Number:
    Copy
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
{
    /// The same number in every lane.
    fn splat(x: f64) -> Self;
    /// The fused multiply-add: `self * factor + addend`, rounded once.
    fn fma(self, factor: Self, addend: Self) -> Self;
    /// `self - x * y`, rounded once.
    fn minus_product(self, x: Self, y: Self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `self` if it is larger than `other`, otherwise `other`, also if they are equal or one is NaN.
    fn larger(self, other: Self) -> Self;
    /// `self` if it is smaller than `other`, otherwise `other`, also if they are equal or one is NaN.
    fn smaller(self, other: Self) -> Self;
    /// `this` if `self` is at most `limit`, otherwise `that`, also if one of the two is NaN.
    fn choose(self, limit: Self, this: Self, that: Self) -> Self;
    /// A double with the lowest 12 bits of this one as its sign and exponent, and zeros as its other bits.
    fn low_bits_as_exponent(self) -> Self;
    /// 2^52 with the 12 bits of sign and exponent of this number as its lowest bits. Subtract 2^52 to get them as a
    /// number.
    fn exponent_as_low_bits(self) -> Self;
    /// The significand of a positive normal number: at least 1 and below 2.
    fn significand(self) -> Self;
}

/// Eight doubles that go through the same operations.
pub trait F64x8: Number {
    /// How many sums of eight doubles stay in registers, in addition to what is added to them: 24 or 6, or 1 if a fused
    /// multiply-add takes many instructions. Kernels choose the shape of their tiles by this number.
    const SUMS: usize;
    /// Of this many quotients over a root the divider computes one, and the multipliers compute the others in parallel.
    /// With 1 the divider computes all.
    const DIVIDER_SHARE: usize;

    /// Loads eight numbers.
    fn load(x: &[f64; 8]) -> Self;
    /// Stores all eight numbers.
    fn store(self, x: &mut [f64; 8]);
    /// Loads a slice of up to eight numbers. The lanes after them are 0.
    ///
    /// # Panics
    /// Panics if the slice is longer than eight.
    fn load_part(x: &[f64]) -> Self;
    /// Stores the first lanes into a slice of up to eight numbers.
    ///
    /// # Panics
    /// Panics if the slice is longer than eight.
    fn store_part(self, x: &mut [f64]);
    /// The sums of pairs of lanes, of two rows alternately: `x_0 + x_1, y_0 + y_1, x_2 + x_3, y_2 + y_3, ...`
    fn pair_sums(self, y: Self) -> Self;
    /// The second half of [`F64x8::sums`]. `pairs` are the sums of pairs of rows 0 and 1, of rows 2 and 3, and so on.
    fn sums_of_pairs(pairs: [Self; 4]) -> Self;
    /// `1 / sqrt(x)` of a positive normal number, with a relative error below 2^-14. Its bits differ between machines.
    /// So only [`Multipliers`](super::Multipliers) may use it, whose result does not depend on them.
    #[doc(hidden)]
    fn near_reciprocal_root(self) -> Self;
    /// This number with the lowest bit of its significand set.
    fn with_lowest_bit(self) -> Self;

    /// The sum of each row, `((x_0 + x_1) + (x_2 + x_3)) + ((x_4 + x_5) + (x_6 + x_7))`. Every sum over eight lanes has
    /// this order.
    #[inline(always)]
    fn sums([a, b, c, d, e, f, g, h]: [Self; 8]) -> Self {
        Self::sums_of_pairs([a.pair_sums(b), c.pair_sums(d), e.pair_sums(f), g.pair_sums(h)])
    }

    /// Loads the first eight numbers of a slice. If there are fewer, the lanes after them are 0.
    #[inline(always)]
    fn load_first(x: &[f64]) -> Self {
        match x.first_chunk() {
            Some(eight) => Self::load(eight),
            None => Self::load_part(x),
        }
    }

    /// Stores the lanes into the first eight numbers of a slice, or into the whole slice if it is shorter.
    #[inline(always)]
    fn store_first(self, x: &mut [f64]) {
        match x.first_chunk_mut() {
            Some(eight) => self.store(eight),
            None => self.store_part(x),
        }
    }

    /// The eight numbers, as an array.
    #[inline(always)]
    fn to_array(self) -> [f64; 8] {
        let mut x = [0.0; 8];
        self.store(&mut x);
        x
    }

    /// The sum of the lanes, in the order of [`F64x8::sums`].
    #[inline(always)]
    fn sum(self) -> f64 {
        let x = self.to_array();
        ((x[0] + x[1]) + (x[2] + x[3])) + ((x[4] + x[5]) + (x[6] + x[7]))
    }

    /// The largest lane, as [`Number::larger`] compares.
    #[inline(always)]
    fn largest(self) -> f64 {
        let x = self.to_array();
        let pair = |i: usize| x[i + 1].larger(x[i]);
        (pair(6).larger(pair(4))).larger(pair(2).larger(pair(0)))
    }
}

impl Number for f64 {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn fma(self, factor: Self, addend: Self) -> Self {
        // Where the compiler may use the instruction, it is one; elsewhere `mul_add` would call the platform's library.
        if cfg!(any(target_arch = "aarch64", target_feature = "fma")) {
            self.mul_add(factor, addend)
        } else {
            software_fma::fma(self, factor, addend)
        }
    }

    #[inline(always)]
    fn minus_product(self, x: Self, y: Self) -> Self {
        (-x).fma(y, self)
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

    #[inline(always)]
    fn exponent_as_low_bits(self) -> Self {
        f64::from_bits(self.to_bits() >> 52 | TWO_POW_52)
    }

    #[inline(always)]
    fn significand(self) -> Self {
        f64::from_bits(self.to_bits() & SIGNIFICAND | ONE)
    }
}

/// These bits minus half the bits of a positive normal x, as integers, are `1 / sqrt(x)` to within 3.5 %. An exponent e
/// becomes about -e / 2.
pub(super) const ROOT_BITS: u64 = 0x5fe6_0000_0000_0000;
/// The bits of 2^52, in whose binade the lowest bits are whole numbers.
pub(super) const TWO_POW_52: u64 = 0x4330_0000_0000_0000;
/// The bits of a double after sign and exponent.
pub(super) const SIGNIFICAND: u64 = 0x000f_ffff_ffff_ffff;
/// The bits of 1.
pub(super) const ONE: u64 = 0x3ff0_0000_0000_0000;
