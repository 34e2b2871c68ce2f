//! `n / sqrt(x)` by multiplications, for ordinary numbers: x from 2^-666 to 2^1024, n = 0 or from 2^-940 to 2^250 in size,
//! and a quotient that is not subnormal.

use crate::cases::{LEAST, double, numerator_next_to_midpoint, roots_next_to_midpoints};
use crate::doubles::Random;
use crate::tally::Tally;
use elman::Level;
use elman::kernels::{Divider, F64x8, Kernel, Multipliers, QuotientOverRoot};
use std::ops::RangeInclusive;

/// Exponents of the root of x.
const OF_ROOT: RangeInclusive<i32> = -333..=511;
/// Exponents of n.
const OF_N: RangeInclusive<i32> = -940..=249;

pub fn sweep(tally: &mut Tally, level: Level, cases: usize) {
    tally.begin(&format!("n / sqrt(x) by multiplications, {}", level.name()));
    let mut sweep = Sweep { tally, level, n: Vec::new(), x: Vec::new() };
    let random = &mut Random::new(1);
    ordinary(&mut sweep, random, cases / 4);
    training(&mut sweep, random, cases / 4);
    roots_near_midpoints(&mut sweep, random, cases / 8);
    squares(&mut sweep, random, cases / 16);
    extremes(&mut sweep, random, cases / 16);
    roots_of_ones(&mut sweep, random, cases / 16);
    quotients_near_midpoints(&mut sweep, random, cases / 8);
    smallest_quotients(&mut sweep, random, cases / 16);
}

/// Cases that wait to be computed together.
struct Sweep<'a> {
    tally: &'a mut Tally,
    level: Level,
    n: Vec<f64>,
    x: Vec<f64>,
}

impl Sweep<'_> {
    fn add(&mut self, n: f64, x: f64) {
        self.n.push(n);
        self.x.push(x);
        if self.n.len() == 1024 {
            self.compute();
        }
    }

    fn compute(&mut self) {
        let Sweep { tally, level, n, x } = self;
        let (mut found, mut expected) = (vec![0.0; n.len()], vec![0.0; n.len()]);
        level.run(Quotients { n, x, found: &mut found, expected: &mut expected });
        for i in 0..n.len() {
            tally.count(found[i], expected[i], &[("n", n[i]), ("x", x[i])]);
        }
        n.clear();
        x.clear();
    }

    fn end(&mut self, class: &str) {
        self.compute();
        self.tally.end(class);
    }
}

struct Quotients<'a> {
    n: &'a [f64],
    x: &'a [f64],
    found: &'a mut [f64],
    expected: &'a mut [f64],
}

impl Kernel for Quotients<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Quotients { n, x, found, expected } = self;
        for at in (0..n.len()).step_by(8) {
            let (n, x) = (F::load_first(&n[at..]), F::load_first(&x[at..]));
            Multipliers::quotient(n, x).store_first(&mut found[at..]);
            Divider::quotient(n, x).store_first(&mut expected[at..]);
        }
    }
}

/// The exponents of n that make no subnormal quotient with a root of this exponent.
fn of_n(root: i32) -> RangeInclusive<i32> {
    (root - 1021).max(*OF_N.start())..=*OF_N.end()
}

/// Adds an x of this significand, with a root of a random exponent, and an n of either sign with that significand. The
/// exponent of x is odd if `is_odd`.
fn add(sweep: &mut Sweep, random: &mut Random, N: u64, X: u64, is_odd: bool) {
    let root = random.exponent(OF_ROOT);
    let n = double(N, random.exponent(of_n(root)));
    sweep.add(random.signed(n), double(X, 2 * root + i32::from(is_odd)));
}

/// Adds five neighbouring x.
fn add_around(sweep: &mut Sweep, random: &mut Random, X: u64, is_odd: bool) {
    for X in X - 2..=X + 2 {
        let N = random.often_extreme_significand();
        add(sweep, random, N, X.clamp(LEAST, 2 * LEAST - 1), is_odd);
    }
}

/// One of 32 numerators is 0.
fn ordinary(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for i in 0..cases {
        let (N, X, is_odd) = (random.significand(), random.significand(), random.is_heads());
        if i % 32 == 0 {
            let zero = random.signed(0.0);
            sweep.add(zero, double(X, 2 * random.exponent(OF_ROOT)));
        } else {
            add(sweep, random, N, X, is_odd);
        }
    }
    sweep.end("any ordinary numbers");
}

fn training(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases {
        let n = double(random.significand(), random.exponent(-60..=-1));
        sweep.add(random.signed(n), double(random.significand(), random.exponent(-27..=33)));
    }
    sweep.end("numbers of a training: x from 1e-8 to 1e10, n below 1");
}

/// All x from 1 to 4 whose root is within 2^-35 ulp of a midpoint between two doubles, each times powers of four.
fn roots_near_midpoints(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    let mut radicands = Vec::new();
    for z in [54, 55] {
        for d in (-(1 << 21)..1_i64 << 21).filter(|d| d.rem_euclid(8) == 1) {
            for (X, M) in roots_next_to_midpoints(d, z) {
                if d.unsigned_abs() << 33 <= M {
                    radicands.push((X, z == 55));
                }
            }
        }
    }
    for _ in 0..(cases / radicands.len()).max(1) {
        for &(X, is_odd) in &radicands {
            let N = random.often_extreme_significand();
            add(sweep, random, N, X, is_odd);
        }
    }
    sweep.end(&format!(
        "all {} x from 1 to 4 with a root within 2^-35 ulp of a midpoint",
        radicands.len()
    ));
}

fn squares(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases / 5 {
        // Even for a double, odd for a midpoint.
        let M = 2 * random.often_extreme_significand() + u64::from(random.is_heads());
        let square = u128::from(M).pow(2);
        let z = if square >> 107 == 0 { 54 } else { 55 };
        add_around(sweep, random, (square >> z) as u64, z == 55);
    }
    sweep.end("squares of doubles and of midpoints, and x next to them");
}

fn extremes(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases {
        let (N, X) = (random.often_extreme_significand(), random.extreme_significand());
        let is_odd = random.is_heads();
        add(sweep, random, N, X, is_odd);
    }
    sweep.end("x next to powers of two");
}

/// Their significands are all ones, or up to sixteen less.
fn roots_of_ones(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases / 5 {
        let square = u128::from(2 * LEAST - 1 - random.below(16)).pow(2);
        add_around(sweep, random, (square >> 53) as u64, true);
    }
    sweep.end("roots next to powers of two");
}

fn quotients_near_midpoints(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases {
        let root = random.exponent(OF_ROOT);
        let exponent = random.exponent(of_n(root));
        near_midpoint(sweep, random, exponent, root);
    }
    sweep.end("quotients within 2^-50 ulp of a midpoint or a double");
}

fn smallest_quotients(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    for _ in 0..cases {
        let root = random.exponent(OF_N.start() + 1021..=*OF_ROOT.end());
        let exponent = random.exponent(root - 1021..=root - 1017);
        near_midpoint(sweep, random, exponent, root);
    }
    sweep.end("the same where the quotient is almost subnormal");
}

/// Adds a random case whose quotient is within 2^-50 ulp of a midpoint or of a double, with these exponents of n and of the
/// root; sometimes none.
fn near_midpoint(sweep: &mut Sweep, random: &mut Random, exponent: i32, root: i32) {
    let S = random.often_extreme_significand() | 1;
    let c = random.below(17) as i64 - 8;
    if let Some(N) = numerator_next_to_midpoint(S, c) {
        let s = double(S, root);
        assert_eq!((s * s).sqrt(), s);
        let n = double(N, exponent);
        sweep.add(random.signed(n), s * s);
    }
}
