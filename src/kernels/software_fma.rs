//! A correctly rounded fused multiply-add in software, for machines without the instruction.
//!
//! The fast path computes `p = RN(a b)` and `s = RN(c + p)`, where RN is rounding to nearest, and then the rest
//! `d = a b + c - s`; where the error of `d` cannot matter, the result is `RN(s + d)`. Why it is right:
//!
//! * *The rest.* With `z = RN(s - c)` and `x = RN(c - RN(s - z))`, Knuth's TwoSum says `c + p = s + x + (p - z)`
//!   exactly, so `d = x + (a b - z)`. As in Dekker's product, both factors are cut in two so that the four products of
//!   their parts are exact: `a` into its upper 26 bits and the other 27, `b` into its nearest 26 bits and a difference
//!   of at most 26 bits. To cut bits off is shorter than Veltkamp's splitting by a multiplication.
//! * *If `c / p` is from -2 to -1/2*, Sterbenz's lemma makes `s = c + p` and `z = p` exact, and `x = 0`. What is left
//!   are the sums of Dekker's product, all exact: so is `d`.
//! * *Otherwise* `|a b|` and `|c|` are at most about `2 |s|`. On the way to `d`, the first sum is at most about
//!   `1.5 2^-25 |a b|`, the second `2^-25 |a b|`; `2^-50 |s|` is more than the others, and than what "about" leaves
//!   out. So all rounding errors together are below `2^-75 |s|`.
//! * *Rounding.* If `d` is exact or at least `2^-56 |s|` in size, the true rest lies between `(1 - 2^-19) d` and
//!   `(1 + 2^-19) d`. Rounding is monotonic: if `s` plus either of them rounds to the same number, that is the result.
//!   If `|d|` is smaller, the rest is less than a quarter of the last place of `s`, and all three round to `s`.
//! * *Range.* The products of the parts are exact where `a` and `b` are 0 or at least `2^-450` in size. After an
//!   overflow, the two results are infinite or NaN, so their difference is not 0.
//!
//! Where the two results differ, or a factor is too small, integers decide.

// An index runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use std::ops::{Add, Mul, Sub};

/// `a b + c`, rounded once: to nearest, ties to even.
pub(super) fn fma(a: f64, b: f64, c: f64) -> f64 {
    let [x, y, z] = [Pair([a, 0.0]), Pair([b, 0.0]), Pair([c, 0.0])];
    let (Pair([result, _]), Pair([difference, _])) = Sum::new(x, y, z).round();
    let Pair([least, _]) = x.least_size(y.least_size(LARGEST));
    if difference == 0.0 && least >= SMALLEST_FACTOR { result } else { exact(a, b, c) }
}

/// `a b + c` for eight numbers each, as [`fma`] computes it.
#[inline(always)]
pub(super) fn fma8(a: [f64; 8], b: [f64; 8], c: [f64; 8]) -> [f64; 8] {
    let pair = |x: &[f64; 8], i: usize| Pair([x[2 * i], x[2 * i + 1]]);
    let mut sums = [Sum { nearest: Pair([0.0; 2]), minus_rest: Pair([0.0; 2]) }; 4];
    // The sizes of a and b are kept apart: where a factor is the same in several calls, the compiler computes its size
    // and its parts once.
    let (mut least_a, mut least_b) = (LARGEST, LARGEST);
    for i in 0..4 {
        let (a, b) = (pair(&a, i), pair(&b, i));
        sums[i] = Sum::new(a, b, pair(&c, i));
        least_a = a.least_size(least_a);
        least_b = b.least_size(least_b);
    }
    let mut results = [0.0; 8];
    let mut differences = [0, 0];
    for i in 0..4 {
        let (Pair(result), Pair(difference)) = sums[i].round();
        (results[2 * i], results[2 * i + 1]) = (result[0], result[1]);
        differences =
            [differences[0] | difference[0].to_bits(), differences[1] | difference[1].to_bits()];
    }
    let Pair(least) = least_a.zip(least_b, smaller);
    let zero = |bits: u64| f64::from_bits(bits) == 0.0;
    let sure = (zero(differences[0]) & zero(differences[1]))
        & ((least[0] >= SMALLEST_FACTOR) & (least[1] >= SMALLEST_FACTOR));
    if !sure {
        // With copies, and bits for the result, the arrays of the fast path stay in registers.
        let bits = exact8(&copy(a, |a| a), &copy(b, |b| b), &copy(c, |c| c));
        return copy(bits, f64::from_bits);
    }
    results
}

/// A loop: `map` may stay a call.
#[inline(always)]
fn copy<A: Copy, B: Copy + Default>(x: [A; 8], f: impl Fn(A) -> B) -> [B; 8] {
    let mut y = [B::default(); 8];
    for i in 0..8 {
        y[i] = f(x[i]);
    }
    y
}

/// Two numbers that go through the same operations. Written one by one, the operations become vector instructions of
/// SSE2; loops over the two do not.
#[derive(Clone, Copy)]
struct Pair([f64; 2]);

impl Pair {
    #[inline(always)]
    fn map(self, f: impl Fn(f64) -> f64) -> Self {
        Pair([f(self.0[0]), f(self.0[1])])
    }

    #[inline(always)]
    fn zip(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Pair([f(self.0[0], other.0[0]), f(self.0[1], other.0[1])])
    }

    /// The smaller of the size and `least`, for everything but 0: one bit less than 0 is a NaN, which is not smaller.
    #[inline(always)]
    fn least_size(self, least: Self) -> Self {
        self.map(|x| f64::from_bits((x.to_bits() & !SIGN).wrapping_sub(1))).zip(least, smaller)
    }
}

macro_rules! operators {
    ($($Operator:ident $function:ident $symbol:tt;)*) => {$(
        impl $Operator for Pair {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                self.zip(other, |x, y| x $symbol y)
            }
        }
    )*};
}
operators! { Add add +; Sub sub -; Mul mul *; }

#[inline(always)]
fn smaller(x: f64, y: f64) -> f64 {
    if x < y { x } else { y }
}

const SIGN: u64 = 1 << 63;
/// Where [`Pair::least_size`] starts.
const LARGEST: Pair = Pair([f64::MAX; 2]);
/// 2^-450
const SMALLEST_FACTOR: f64 = f64::from_bits((1023 - 450) << 52);
/// The bits of a significand after its upper 26.
const LOWER: u64 = (1 << 27) - 1;
/// 2^-19
const MARGIN: f64 = f64::from_bits((1023 - 19) << 52);

/// `a b + c` in two parts.
#[derive(Clone, Copy)]
struct Sum {
    nearest: Pair,
    /// The number to subtract from it. If that is 0, it is +0, so that a zero keeps its sign.
    minus_rest: Pair,
}

impl Sum {
    /// `a b + c`, in the names of the module's text.
    #[inline(always)]
    fn new(a: Pair, b: Pair, c: Pair) -> Self {
        let a_high = a.map(|a| f64::from_bits(a.to_bits() & !LOWER));
        let b_high = b.map(|b| f64::from_bits(b.to_bits().wrapping_add(LOWER / 2 + 1) & !LOWER));
        let (a_low, b_low) = (a - a_high, b - b_high);
        let s = c + a * b;
        let z = s - c;
        let x = c - (s - z);
        let minus_most = ((z - a_high * b_high) - a_high * b_low) - a_low * b_high;
        Sum { nearest: s, minus_rest: minus_most - (x + a_low * b_low) }
    }

    /// The sum rounded to nearest, and a difference that is +0 if the rounding is certain.
    #[inline(always)]
    fn round(self) -> (Pair, Pair) {
        let one = self.nearest - self.minus_rest.map(|d| d * (1.0 - MARGIN));
        let other = self.nearest - self.minus_rest.map(|d| d * (1.0 + MARGIN));
        (one, one - other)
    }
}

/// The bits of each `a b + c`.
#[cold]
#[inline(never)]
fn exact8(a: &[f64; 8], b: &[f64; 8], c: &[f64; 8]) -> [u64; 8] {
    std::array::from_fn(|i| exact(a[i], b[i], c[i]).to_bits())
}

/// `a b + c` with integers, for any values.
#[cold]
#[inline(never)]
fn exact(a: f64, b: f64, c: f64) -> f64 {
    if a == 0.0 || b == 0.0 || !a.is_finite() || !b.is_finite() {
        return a * b + c;
    }
    if !c.is_finite() {
        return c;
    }
    let ((a_bits, a_exponent), (b_bits, b_exponent), (c_bits, c_exponent)) =
        (parts(a), parts(b), parts(c));
    let product_is_negative = a.is_sign_negative() != b.is_sign_negative();
    let product = u128::from(a_bits) * u128::from(b_bits);
    let product = Term::new(product, a_exponent + b_exponent, product_is_negative);
    let addend = Term::new(c_bits.into(), c_exponent, c.is_sign_negative());
    let (large, small) =
        if product.exponent >= addend.exponent { (product, addend) } else { (addend, product) };
    // What is shifted out leaves a one in the last place, enough to round by: where the sum can be much smaller than
    // its terms, the shift is at most 1, and only a zero is shifted out.
    let shift = (large.exponent - small.exponent).min(127);
    let kept = small.size >> shift;
    let small = Term { size: kept | u128::from(kept << shift != small.size), ..small };
    let sum = large.signed() + small.signed();
    if sum == 0 { 0.0 } else { rounded(sum, large.exponent) }
}

/// `size 2^exponent` or its negative.
#[derive(Clone, Copy)]
struct Term {
    size: u128,
    exponent: i32,
    is_negative: bool,
}

impl Term {
    /// With the leading one at bit 125: there is room for a carry, and zeros in the last places.
    fn new(size: u128, exponent: i32, is_negative: bool) -> Self {
        let shift = size.leading_zeros() as i32 - 2;
        Term { size: size << shift, exponent: exponent - shift, is_negative }
    }

    fn signed(self) -> i128 {
        if self.is_negative { -(self.size as i128) } else { self.size as i128 }
    }
}

/// Significand and exponent of a finite number: its size is `significand 2^exponent`.
fn parts(x: f64) -> (u64, i32) {
    let (fraction, exponent) = (x.to_bits() & ((1 << 52) - 1), (x.to_bits() >> 52 & 0x7ff) as i32);
    if exponent == 0 { (fraction, -1074) } else { (fraction | 1 << 52, exponent - 1075) }
}

/// `sum 2^exponent`, rounded; the sum is not 0.
fn rounded(sum: i128, exponent: i32) -> f64 {
    let size = sum.unsigned_abs();
    let length = 128 - size.leading_zeros() as i32;
    let last_place = (exponent + length - 53).max(-1074);
    let shift = last_place - exponent;
    let bits = if shift <= 0 {
        size << -shift
    } else if shift > 127 {
        0
    } else {
        let (bits, half) = (size >> shift, 1 << (shift - 1));
        let rest = size - (bits << shift);
        bits + u128::from(rest > half || rest == half && bits & 1 == 1)
    } as u64;
    // The leading one of a normal number adds 1 to the exponent, and so does a carry.
    let bits = (((last_place + 1074) as u64) << 52) + bits;
    f64::from_bits(bits.min(f64::INFINITY.to_bits())).copysign(if sum < 0 { -1.0 } else { 1.0 })
}

#[cfg(test)]
mod cases;

#[cfg(test)]
mod tests {
    use super::cases::{CLASSES, Random, expected};
    use super::*;
    use crate::kernels::{F64x8, Kernel, Level};

    const CASES: usize = 100_000;

    #[test]
    fn every_case_is_rounded_once() {
        let random = Random::new(1);
        let mut columns = [(); 3].map(|()| Vec::with_capacity(CASES));
        for i in 0..CASES {
            // Eight of a class, then eight of the next.
            let case = CLASSES[i / 8 % CLASSES.len()].1(&random);
            for (column, x) in columns.iter_mut().zip(case) {
                column.push(x);
            }
        }
        let [a, b, c] = &columns;
        let hardware = hardware(a, b, c);
        for start in (0..CASES).step_by(8) {
            let eight = |x: &[f64]| -> [f64; 8] { x[start..start + 8].try_into().unwrap() };
            let together = fma8(eight(a), eight(b), eight(c));
            for i in start..start + 8 {
                let case = (a[i], b[i], c[i]);
                let expected = expected(a[i], b[i], c[i]);
                let alone =
                    |x: f64| std::array::from_fn(|lane| if lane == i % 8 { x } else { 1.0 });
                let check = |found: f64, what: &str| {
                    let same = found.to_bits() == expected.to_bits();
                    let both_nan = found.is_nan() && expected.is_nan();
                    assert!(same || both_nan, "{what} of {case:?}: {found:e}, not {expected:e}");
                };
                check(together[i - start], "fma8");
                check(fma8(alone(a[i]), alone(b[i]), alone(c[i]))[i % 8], "fma8 of one");
                check(fma(a[i], b[i], c[i]), "fma");
                check(exact(a[i], b[i], c[i]), "exact");
                if let Some(hardware) = &hardware {
                    check(hardware[i], "the hardware's fma");
                }
            }
        }
    }

    /// By the machine's instruction, if it has one.
    fn hardware(a: &[f64], b: &[f64], c: &[f64]) -> Option<Vec<f64>> {
        let level = Level::available().find(|level| level.has_fma())?;
        let mut results = vec![0.0; a.len()];
        level.run(Fma { a, b, c, results: &mut results });
        Some(results)
    }

    struct Fma<'a> {
        a: &'a [f64],
        b: &'a [f64],
        c: &'a [f64],
        results: &'a mut [f64],
    }

    impl Kernel for Fma<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            for (i, results) in self.results.chunks_mut(8).enumerate() {
                let load = |x: &[f64]| F::load_first(&x[8 * i..]);
                let [a, b, c] = [load(self.a), load(self.b), load(self.c)];
                a.fma(b, c).store_first(results);
            }
        }
    }
}
