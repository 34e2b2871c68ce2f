//! Significands, exponents and signs of doubles, chosen at random.

use crate::cases::LEAST;
use elman::random::{Generator, Stream};
use std::ops::RangeInclusive;

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
