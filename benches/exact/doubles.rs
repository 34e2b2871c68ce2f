//! Doubles by significand and exponent, chosen at random.

use elman::random::{Generator, Stream};
use std::ops::RangeInclusive;

/// The least significand of a normal number; the largest is below twice as much.
pub const LEAST: u64 = 1 << 52;

/// The double `significand 2^(exponent - 52)`: from 2^exponent to below twice as much.
pub fn double(significand: u64, exponent: i32) -> f64 {
    assert!((LEAST..2 * LEAST).contains(&significand) && (-1022..=1023).contains(&exponent));
    f64::from_bits(significand - LEAST + (((exponent + 1023) as u64) << 52))
}

/// Random significands, exponents and signs.
pub struct Random(Generator);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(Generator::new(seed, Stream::Initialization))
    }

    /// One of the numbers from 0 on, below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0.below(bound)
    }

    pub fn exponent(&mut self, range: RangeInclusive<i32>) -> i32 {
        range.start() + self.below((range.end() - range.start() + 1) as u64) as i32
    }

    pub fn significand(&mut self) -> u64 {
        LEAST + self.below(LEAST)
    }

    /// A power of two or almost the next, up to eight places away.
    pub fn extreme_significand(&mut self) -> u64 {
        let bits = self.below(16);
        if bits < 8 { LEAST + bits } else { 2 * LEAST - 16 + bits }
    }

    /// Extreme three times of four.
    pub fn often_extreme_significand(&mut self) -> u64 {
        if self.below(4) == 0 { self.significand() } else { self.extreme_significand() }
    }

    pub fn is_heads(&mut self) -> bool {
        self.below(2) == 0
    }

    /// `x` or `-x`.
    pub fn signed(&mut self, x: f64) -> f64 {
        if self.is_heads() { x } else { -x }
    }
}
