//! The fused multiply-add of a level, for any numbers, against the instruction of the widest level that has it; where none
//! has, against long integers, which are slow.

// The index of a lane runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

#[path = "../../src/kernels/software_fma/cases.rs"]
mod cases;

use crate::tally::Tally;
use cases::{CLASSES, Random, expected};
use elman::Level;
use elman::kernels::{F64x8, Kernel};

type Eight = [f64; 8];

pub fn sweep(tally: &mut Tally, level: Level, cases: usize) {
    // The level itself says nothing of software where it has the instruction.
    let level = if level.has_fma() { Level::BASELINE } else { level };
    tally.begin(&format!("fused multiply-adds, {}", level.name()));
    let random = &Random::new(1);
    for (class, case) in &CLASSES {
        for _ in 0..cases / CLASSES.len() / 8 {
            let [mut a, mut b, mut c] = [[0.0; 8]; 3];
            for i in 0..8 {
                [a[i], b[i], c[i]] = case(random);
            }
            let found = level.run(Fma { a, b, c });
            let expected = by_instruction(a, b, c);
            for i in 0..8 {
                // Which NaN it is does not matter.
                let found = if found[i].is_nan() { f64::NAN } else { found[i] };
                let expected = if expected[i].is_nan() { f64::NAN } else { expected[i] };
                tally.count(found, expected, &[("a", a[i]), ("b", b[i]), ("c", c[i])]);
            }
        }
        tally.end(class);
    }
}

fn by_instruction(a: Eight, b: Eight, c: Eight) -> Eight {
    match Level::available().rfind(|level| level.has_fma()) {
        Some(level) => level.run(Fma { a, b, c }),
        None => std::array::from_fn(|i| expected(a[i], b[i], c[i])),
    }
}

struct Fma {
    a: Eight,
    b: Eight,
    c: Eight,
}

impl Kernel for Fma {
    type Output = Eight;

    #[inline(always)]
    fn run<F: F64x8>(self) -> Eight {
        F::load(&self.a).fma(F::load(&self.b), F::load(&self.c)).to_array()
    }
}
