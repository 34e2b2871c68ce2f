//! `n / sqrt(x)` by multiplications, for ordinary numbers: x from 2^-666 to 2^1024, n = 0 or from 2^-940 to 2^250 in size,
//! and a quotient that is not subnormal.

use crate::doubles::{LEAST, Random, double};
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
///
/// Significands are whole numbers from 2^52 on here, and midpoints between roots are halves M / 2 of odd numbers. The
/// radicand of such a root is `X 2^52` or `X 2^53`, so that `M^2 = X 2^z + d` with a z of 54 or 55, and the root is
/// about `d / (4 M)` away from the midpoint. So M is a square root of a small d modulo 2^z, which an odd d has only if
/// it is 1 modulo 8.
fn roots_near_midpoints(sweep: &mut Sweep, random: &mut Random, cases: usize) {
    let mut radicands = Vec::new();
    for z in [54, 55] {
        for d in (-(1 << 21)..1_i64 << 21).filter(|d| d.rem_euclid(8) == 1) {
            for M in square_roots(d, z) {
                let X = (u128::from(M).pow(2).wrapping_add_signed(-i128::from(d)) >> z) as u64;
                if (LEAST..2 * LEAST).contains(&X) && d.unsigned_abs() << 33 <= M {
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

/// The square roots modulo 2^z of a d that is 1 modulo 8.
fn square_roots(d: i64, z: u32) -> [u64; 4] {
    // 1 is a root modulo 8. A root modulo 2^bits becomes one modulo twice as much where half of 2^bits is added or not.
    let mut root = 1_u64;
    for bits in 3..z {
        let error = root.wrapping_mul(root).wrapping_sub(d as u64);
        root ^= (error >> bits & 1) << (bits - 1);
    }
    let other = root.wrapping_add(1 << (z - 1));
    let modulus = (1 << z) - 1;
    [root, root.wrapping_neg(), other, other.wrapping_neg()].map(|root| root & modulus)
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
///
/// With the significands N of n and S of the root, `N 2^z = S Q + c` with a z of 53 where N >= S, and of 54 otherwise, so
/// that Q has one bit more than a significand. It is even for a double and odd for a midpoint, as c is where S is odd,
/// and the quotient is `c / (2 S)` ulp away from it. So N is c, halved z times modulo S.
fn near_midpoint(sweep: &mut Sweep, random: &mut Random, exponent: i32, root: i32) {
    let S = random.often_extreme_significand() | 1;
    let c = random.below(17) as i64 - 8;
    let half = |c: u64| if c % 2 == 0 { c / 2 } else { c.midpoint(S) };
    let N = (0..53).fold(c.rem_euclid(S as i64) as u64, |c, _| half(c));
    let N = if N + S < 2 * LEAST { N + S } else { half(N) };
    if (LEAST..2 * LEAST).contains(&N) {
        let s = double(S, root);
        assert_eq!((s * s).sqrt(), s);
        let n = double(N, exponent);
        sweep.add(random.signed(n), s * s);
    }
}
