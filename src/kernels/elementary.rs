//! `exp`, `ln` and `tanh` by operations that round alike on every machine: `+ - * /`, fused multiply-adds and moves of
//! bits.
//!
//! The functions of the standard library call the platform's mathematical library, which differs from machine to
//! machine. The polynomials are written out in pairs. Their chains of dependent operations are shorter than those of
//! Horner's rule. The order of the operations determines the bits. There are no branches, so one number and several at
//! a time go through the same operations.
//!
//! The constants are computed by `fixtures/coefficients.py`; the errors in ulp (units in the last
//! place of the exact result) are measured by the tests against values of 80 digits.

#![allow(clippy::excessive_precision)]
#![allow(clippy::needless_range_loop)]

use super::lanes::{F64x8, Number};
use std::f64::consts::{LN_2, LOG2_E, SQRT_2};

/// What `LN_2` lacks of ln 2.
const LN_2_LOW: f64 = 2.3190468138462996e-17;

/// `(e^r - 1 - r - r^2 / 2) / r^3` for `|r| <= ln(2) / 2`; relative error of `e^r` below 2^-57.
const EXP_TAIL: [f64; 9] = [
    0.16666666666666244,
    0.041666666666601966,
    0.00833333333361097,
    0.0013888888927518564,
    0.0001984126924188003,
    2.480150785176848e-05,
    2.7557830657885146e-06,
    2.7625493424759197e-07,
    2.4920911237884776e-08,
];

/// `(2 atanh(t / 2) - t) / t^3` in powers of `t^2`, for `|t| <= 0.3432`; relative error of `2 atanh` below 2^-59.
const LN_TAIL: [f64; 7] = [
    0.0833333333333342,
    0.01249999999981432,
    0.0022321428706208405,
    0.000434027313288752,
    8.878696405628222e-05,
    1.8693747545067933e-05,
    4.515726350582092e-06,
];

/// `x^3 / (x - tanh(x))` in powers of `-x^2`, for `|x| <= 1`; relative error of the tangent below 2^-60.
const TANH_SMALL: [f64; 9] = [
    3.0000000000000004,
    -1.1999999999999789,
    -0.005714285713964332,
    -0.00025396825164402336,
    -1.2203659978757685e-05,
    -5.987436794215866e-07,
    -2.9531509537469297e-08,
    -1.4325879937119346e-09,
    -5.711301088722015e-11,
];
/// A and B without their leading 1 in powers of `z^2`: `tanh(z) = z A / B` for `|z| <= ln(2) / 4`; relative error of
/// `e^(2z) = (B + z A) / (B - z A)` below 2^-59.
const TANH_ODD: [f64; 2] = [0.11109859598646629, 0.0010573673721117984];
/// B.
const TANH_EVEN: [f64; 2] = [0.4444319293197904, 0.01586801048116788];

/// 1.5 * 2^52: adding it and taking it away again rounds to the nearest integer.
const ROUND: f64 = 6755399441055744.0;
/// `ROUND` + 1023: an integer that it is added to leaves its biased exponent in the lowest bits.
const EXPONENT: f64 = ROUND + 1023.0;
/// 2^52 + 1023: a biased exponent in the lowest bits of 2^52 is this much more than the exponent.
const BIAS: f64 = 4503599627370496.0 + 1023.0;

/// Constants in all lanes. This is a loop and not `map`, which may stay a call.
#[inline(always)]
pub(super) fn splat<N: Number, const L: usize>(constants: [f64; L]) -> [N; L] {
    let mut splat = [N::splat(0.0); L];
    for i in 0..L {
        splat[i] = N::splat(constants[i]);
    }
    splat
}

/// `(s, q, n + EXPONENT)` with `e^x = 2^n (s + q)`, for `|x|` below 2,000. `q` is less than a tenth of `s`, so that its own
/// roundings count little beside that of the sum.
///
/// `x = n ln 2 + r` with `|r| <= ln(2) / 2`. `h = x - n LN_2` is exact: it is x where n is 0, and otherwise all three are
/// multiples of 2^-54, and h is below 1/2. `r = h - low`, where low is n times the rest of ln 2: its square does not count.
/// With s for `1 + h` rounded, `e^r = 1 + r + r^2/2 + r^3 T(r)` is `s + (h^2/2 + (r^3 T(r) + (1 + h - s) - low s))`.
#[inline(always)]
fn exp_reduced<N: Number>(x: N) -> (N, N, N) {
    let one = N::splat(1.0);
    let exponent = x.fma(N::splat(LOG2_E), N::splat(EXPONENT));
    let n = exponent - N::splat(EXPONENT);
    let h = x.minus_product(n, N::splat(LN_2));
    let low = n * N::splat(LN_2_LOW);
    let s = one + h;
    let rest = (h - (s - one)).minus_product(low, s);

    let r = h - low;
    let r2 = r * r;
    let c = splat::<N, 9>(EXP_TAIL);
    let first = r2.fma(c[3].fma(r, c[2]), c[1].fma(r, c[0]));
    let last = r2.fma(r2.fma(c[8], c[7].fma(r, c[6])), c[5].fma(r, c[4]));
    let tail = (r2 * r2).fma(last, first);
    let q = (h * N::splat(0.5)).fma(h, (r * r2).fma(tail, rest));
    (s, q, exponent)
}

/// e^x, at most 0.6 ulp from the exact value, or 0.8 if the result is subnormal.
///
/// This is for one number or for eight. [`Level::exp`](super::Level::exp) is for slices. It is exact at 0 and the
/// infinities. NaN gives NaN. Overflow gives infinity; underflow goes through the subnormals to 0.
#[inline(always)]
pub fn exp<N: Number>(x: N) -> N {
    // Beyond these limits the result is infinity or 0 in any case, and NaN stays NaN.
    let x = N::splat(-746.0).larger(N::splat(710.0).smaller(x));
    let (s, q, exponent) = exp_reduced(x);
    // Two halves, since 2^n itself may be out of range where the result is not.
    let n = exponent - N::splat(EXPONENT);
    let half = n.fma(N::splat(0.5), N::splat(EXPONENT));
    let rest = (n - (half - N::splat(EXPONENT))) + N::splat(EXPONENT);
    (s + q) * half.low_bits_as_exponent() * rest.low_bits_as_exponent()
}

/// e^x for an x of at most 0: the same as [`exp`] if x is above -708, otherwise 0. Below -708 results are almost
/// subnormal.
#[inline(always)]
pub fn exp_at_most_0<N: Number>(x: N) -> N {
    let lowest = N::splat(-708.0);
    let (s, q, exponent) = exp_reduced(lowest.larger(x));
    let power = exponent.low_bits_as_exponent();
    x.choose(lowest, N::splat(0.0), q.fma(power, s * power))
}

/// The natural logarithm, at most 0.6 ulp from the exact value.
///
/// This is for one number or for eight. [`Level::ln`](super::Level::ln) is for slices. It is exact at 1. 0 and -0 give
/// minus infinity, infinity gives itself. Negative numbers and NaN give NaN.
#[inline(always)]
pub fn ln<N: Number>(x: N) -> N {
    // A subnormal x is scaled by 2^54, which makes it normal.
    let below_normal = N::splat(f64::from_bits(f64::MIN_POSITIVE.to_bits() - 1));
    let bias = x.choose(below_normal, N::splat(BIAS + 54.0), N::splat(BIAS));
    let normal = x.choose(below_normal, x * N::splat(18014398509481984.0), x);
    let of_positive = ln_reduced(normal, bias);
    // Infinity and NaN are their own logarithms.
    let result = x.choose(N::splat(f64::MAX), of_positive, x);
    let smallest = N::splat(f64::from_bits(1));
    let of_rest = x.choose(-smallest, N::splat(f64::NAN), N::splat(f64::NEG_INFINITY));
    x.choose(N::splat(0.0), of_rest, result)
}

/// The natural logarithm of a positive normal number: the same bits as [`ln`]. The result for other numbers has
/// no meaning.
#[inline(always)]
pub fn ln_of_normal<N: Number>(x: N) -> N {
    ln_reduced(x, N::splat(BIAS))
}

/// `ln(x 2^(BIAS - bias))` for a positive normal x.
///
/// `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2), and with `t = 2 f / (2 + f)`
/// `ln(1 + f) = 2 atanh(t / 2) = t + t^3 T(t^2)`. What t lacks through its roundings is `f - t - t f / 2` divided by
/// `1 + f / 2`; `f - t` is exact. So is `sum - k LN_2`, which tells what the sum of `k LN_2` and t left out. The last
/// addition is of this sum and of what is small beside it.
#[inline(always)]
fn ln_reduced<N: Number>(x: N, bias: N) -> N {
    let (one, half, ln_2) = (N::splat(1.0), N::splat(0.5), N::splat(LN_2));
    let (significand, k) = (x.significand(), x.exponent_as_low_bits() - bias);
    let limit = N::splat(SQRT_2);
    let k = significand.choose(limit, k, k + one);
    let significand = significand.choose(limit, significand, significand * half);

    let f = significand - one; // exact
    let reciprocal = N::splat(2.0) / (significand + one);
    let t = f * reciprocal;
    let missing = (f - t).minus_product(f * half, t);

    let sum = k.fma(ln_2, t);
    let left = t - sum.minus_product(k, ln_2);
    let low = missing.fma(reciprocal, k.fma(N::splat(LN_2_LOW), left));

    let z = t * t;
    let z2 = z * z;
    let c = splat::<N, 7>(LN_TAIL);
    let last = z2.fma(c[6], c[5].fma(z, c[4]));
    let tail = z2.fma(z2.fma(last, c[3].fma(z, c[2])), c[1].fma(z, c[0]));
    sum + (t * z).fma(tail, low)
}

/// The hyperbolic tangent, at most 1 ulp from the exact value.
///
/// This is for one number or for eight. [`Level::tanh`](super::Level::tanh) is for slices. It is exact at 0 (with its
/// sign), the infinities and the subnormals. NaN gives NaN.
///
/// How it is computed:
///
/// Up to `|x| = 1` it is `x + x t / Q(t)` with `t = -x^2`. A short polynomial does for Q: it has no singularity nearer
/// than `x = 4.49 i`. Above, `|x| = n ln(2) / 2 + z` with `|z| <= ln(2) / 4`, and `e^(2z) = (B + y) / (B - y)`
/// with `y = z A(z^2)` and `B(z^2)`, since `tanh(z) = y / B`. With `w = y - B`, `1 - 2 / (2^n e^(2z) + 1)` is
/// `1 + w / (2^n y - w (2^n + 1) / 2)`; how w is rounded hardly counts, since it is above and below.
/// Both share the division and the last step, `base + base * quotient`. The base is x if x is between -1 and 1.
#[inline(always)]
pub fn tanh<N: Number>(x: N) -> N {
    let (one, half) = (N::splat(1.0), N::splat(0.5));
    // From 20 on the result is 1 to the last bit, and NaN stays NaN.
    let a = N::splat(20.0).smaller(x.abs());

    let exponent = a.fma(N::splat(2.0 * LOG2_E), N::splat(EXPONENT));
    let n = exponent - N::splat(EXPONENT);
    let z = a.minus_product(n, N::splat(0.5 * LN_2)); // exact
    let s = z * z;
    let (c, d) = (splat::<N, 2>(TANH_ODD), splat::<N, 2>(TANH_EVEN));
    let y = (z * s).fma(c[1].fma(s, c[0]), z.minus_product(n, N::splat(0.5 * LN_2_LOW)));
    let w = y - s.fma(d[1].fma(s, d[0]), one);
    let power = exponent.low_bits_as_exponent();
    let below = (power * y).minus_product(power.fma(half, half), w);

    // Of 0 this is +0, which lets the last step keep the sign of x.
    let t = N::splat(0.0).minus_product(a, a);
    let t2 = t * t;
    let q = splat::<N, 9>(TANH_SMALL);
    let last = t2.fma(t2.fma(q[8], q[7].fma(t, q[6])), q[5].fma(t, q[4]));
    // One after the other: these two roundings count.
    let Q = t.fma(t.fma(t2.fma(last, q[3].fma(t, q[2])), q[1]), q[0]);

    let quotient = a.choose(one, t, w) / a.choose(one, Q, below);
    let base = N::splat(-1.0).larger(one.smaller(x));
    base.fma(quotient, base)
}

/// `a = tanh(a + u)`, entry by entry.
///
/// # Panics
/// Panics if the lengths differ.
#[inline(always)]
pub fn tanh_of_sums<F: F64x8>(u: &[f64], a: &mut [f64]) {
    assert_eq!(u.len(), a.len(), "tanh: lengths");
    for (a, u) in a.chunks_mut(8).zip(u.chunks(8)) {
        tanh(F::load_first(a) + F::load_first(u)).store_first(a);
    }
}

/// `d = d (1 - h^2)`, entry by entry. h is a value of tanh, and 1 - h^2 is its slope.
///
/// # Panics
/// Panics if the lengths differ.
#[inline(always)]
pub fn scale_by_slope<F: F64x8>(h: &[f64], d: &mut [f64]) {
    assert_eq!(h.len(), d.len(), "slope: lengths");
    for (d, h) in d.chunks_mut(8).zip(h.chunks(8)) {
        times_slope(F::load_first(d), F::load_first(h)).store_first(d);
    }
}

/// `d (1 - h^2)`, with h a value of tanh and 1 - h^2 its slope.
#[inline(always)]
pub fn times_slope<N: Number>(d: N, h: N) -> N {
    d * N::splat(1.0).minus_product(h, h)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::{Kernel, Level};

    /// Distance of doubles at `|x|`, as for all of its binade.
    fn ulp(x: f64) -> f64 {
        let binade = f64::from_bits(x.to_bits() & 0x7ff0_0000_0000_0000);
        (binade * f64::EPSILON).max(f64::from_bits(1))
    }

    /// The largest errors in ulp over the values of a file of `fixtures/elementary`, of normal results and of
    /// subnormal ones: on each line the bits of x, those of the double nearest to f(x), and how many ulp f(x) lies
    /// above that.
    fn largest_errors(f: fn(f64) -> f64, values: &str) -> [f64; 2] {
        let bits = |word: &str| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
        let mut largest = [0.0_f64; 2];
        let mut count = 0;
        for line in values.lines().filter(|line| !line.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let (x, nearest) = (bits(words[0]), bits(words[1]));
            let remainder: f64 = words[2].parse().unwrap();
            let error = ((f(x) - nearest) / ulp(nearest) - remainder).abs();
            count += 1;
            assert!(error.is_finite(), "value {count}");
            let largest = &mut largest[usize::from(nearest.abs() < f64::MIN_POSITIVE)];
            *largest = largest.max(error);
        }
        assert!(count > 1000, "{count} values");
        largest
    }

    #[test]
    fn exp_is_within_0_6_ulp() {
        let errors = largest_errors(exp, include_str!("../../fixtures/elementary/exp.txt"));
        assert!(errors[0] <= 0.6 && errors[1] <= 0.8, "{errors:?} ulp");
    }

    #[test]
    fn ln_is_within_0_6_ulp() {
        let errors = largest_errors(ln, include_str!("../../fixtures/elementary/ln.txt"));
        assert!(errors[0] <= 0.6, "{errors:?} ulp");
    }

    #[test]
    fn tanh_is_within_1_ulp() {
        let errors = largest_errors(tanh, include_str!("../../fixtures/elementary/tanh.txt"));
        assert!(errors[0] <= 1.0 && errors[1] == 0.0, "{errors:?} ulp");
    }

    fn same_bits(f: fn(f64) -> f64, pairs: &[(f64, f64)]) {
        for &(x, y) in pairs {
            assert_eq!(f(x).to_bits(), y.to_bits(), "f({x:e}) = {:e}", f(x));
        }
    }

    #[test]
    fn special_values_are_exact() {
        let (inf, tiny, huge) = (f64::INFINITY, f64::from_bits(1), f64::MAX);
        let subnormal = f64::MIN_POSITIVE / 3.0;
        same_bits(
            exp,
            &[
                (0.0, 1.0),
                (-0.0, 1.0),
                (inf, inf),
                (-inf, 0.0),
                (huge, inf),
                (-huge, 0.0),
                (tiny, 1.0),
                (-subnormal, 1.0),
                (709.7827128933841, inf),
                (-745.2, 0.0),
            ],
        );
        assert!(exp(709.782712893384) < inf && exp(-745.1) > 0.0);
        same_bits(ln, &[(1.0, 0.0), (0.0, -inf), (-0.0, -inf), (inf, inf)]);
        same_bits(
            tanh,
            &[
                (0.0, 0.0),
                (-0.0, -0.0),
                (inf, 1.0),
                (-inf, -1.0),
                (huge, 1.0),
                (-huge, -1.0),
                (20.0, 1.0),
                (tiny, tiny),
                (-tiny, -tiny),
                (subnormal, subnormal),
                (-subnormal, -subnormal),
                (1e-160, 1e-160),
                (-1e-200, -1e-200),
            ],
        );
        assert!([exp, ln, tanh].iter().all(|f| f(f64::NAN).is_nan()));
        assert!([-tiny, -1.0, -huge, -inf].iter().all(|&x| ln(x).is_nan()));
    }

    #[test]
    fn exp_at_most_0_is_exp_until_it_is_0() {
        for i in 0..200_000 {
            let x = -f64::from(i) / 256.0;
            let expected = if x > -708.0 { exp(x) } else { 0.0 };
            assert_eq!(exp_at_most_0(x).to_bits(), expected.to_bits(), "x = {x}");
        }
        assert!(exp_at_most_0(f64::NAN).is_nan());
        assert_eq!(exp_at_most_0(f64::NEG_INFINITY), 0.0);
    }

    #[test]
    fn tanh_is_odd_rises_and_stays_within_1() {
        let mut last = -1.0;
        for i in -30_000..=30_000 {
            let x = f64::from(i) / 1024.0;
            let y = tanh(x);
            assert_eq!(tanh(-x).to_bits(), (-y).to_bits());
            assert!(y >= last && y <= 1.0, "x = {x}");
            last = y;
        }
    }

    struct TanhOfSums<'a>(&'a [f64], &'a mut [f64]);

    impl Kernel for TanhOfSums<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            tanh_of_sums::<F>(self.0, self.1);
        }
    }

    struct Slope<'a>(&'a [f64], &'a mut [f64]);

    impl Kernel for Slope<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            scale_by_slope::<F>(self.0, self.1);
        }
    }

    #[derive(Clone, Copy, Debug)]
    enum Function {
        Exp,
        ExpAtMost0,
        Ln,
        LnOfNormal,
    }

    impl Function {
        #[inline(always)]
        fn of<N: Number>(self, x: N) -> N {
            match self {
                Function::Exp => exp(x),
                Function::ExpAtMost0 => exp_at_most_0(x),
                Function::Ln => ln(x),
                Function::LnOfNormal => ln_of_normal(x),
            }
        }
    }

    struct Each<'a>(Function, &'a mut [f64]);

    impl Kernel for Each<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            for x in self.1.chunks_mut(8) {
                self.0.of(F::load_first(x)).store_first(x);
            }
        }
    }

    /// Everything that is special, and what is not.
    fn values() -> Vec<f64> {
        let special = [0.0, -0.0, 1.0, f64::from_bits(1), 1e-310, f64::MAX, f64::INFINITY];
        let signs = special.iter().flat_map(|&x| [x, -x]);
        let ordinary = (0..4001).map(|i| f64::from(i) * 0.37 - 740.0);
        let small = (0..4001).map(|i| f64::from(i) / 1024.0 - 2.0);
        signs.chain(ordinary).chain(small).collect()
    }

    /// Positive normal numbers: of every exponent, and close to 1.
    fn normal() -> Vec<f64> {
        let exponents = (0..2046).map(|i| f64::from_bits((i << 52) + (1 << 52) + (i << 41)));
        let close = (0..2000).map(|i| 1.0 + f64::from(i - 1000) * f64::from(i - 1000).abs() * 1e-7);
        exponents.chain(close).chain([f64::MIN_POSITIVE, f64::MAX, SQRT_2, 0.5 * SQRT_2]).collect()
    }

    fn bits(values: impl IntoIterator<Item = f64>) -> Vec<u64> {
        values.into_iter().map(f64::to_bits).collect()
    }

    #[test]
    fn every_level_gives_the_bits_of_single_values() {
        for level in Level::available() {
            for offset in 0..8 {
                let x = &values()[offset..];
                let u: Vec<f64> = x.iter().rev().map(|x| 1e-3 * x).collect();
                let mut found = x.to_vec();
                level.run(TanhOfSums(&u, &mut found));
                assert_eq!(
                    bits(found),
                    bits(x.iter().zip(&u).map(|(x, u)| tanh(x + u))),
                    "tanh, {level:?}"
                );
                for function in
                    [Function::Exp, Function::ExpAtMost0, Function::Ln, Function::LnOfNormal]
                {
                    let normal = normal();
                    let x = if let Function::LnOfNormal = function { &normal[offset..] } else { x };
                    let mut found = x.to_vec();
                    level.run(Each(function, &mut found));
                    assert_eq!(
                        bits(found),
                        bits(x.iter().map(|&x| function.of(x))),
                        "{function:?}, {level:?}"
                    );
                }
                let (h, mut d) = (&u[20..60], x[20..60].to_vec());
                level.run(Slope(h, &mut d));
                let slopes = x[20..60].iter().zip(h).map(|(&d, &h)| times_slope(d, h));
                assert_eq!(bits(d), bits(slopes), "slope, {level:?}");
            }
        }
    }

    /// The same as [`ln`], one case after the other.
    fn ln_by_cases(x: f64) -> f64 {
        if x.is_nan() || x < 0.0 {
            f64::NAN
        } else if x == 0.0 {
            f64::NEG_INFINITY
        } else if x == f64::INFINITY {
            x
        } else if x < f64::MIN_POSITIVE {
            ln_reduced(x * 18014398509481984.0, BIAS + 54.0)
        } else {
            ln_of_normal(x)
        }
    }

    #[test]
    fn ln_without_branches_is_ln_by_cases() {
        let subnormal = (0..4000).map(|i| f64::from_bits(1 + (i * i * i * 70_001)));
        let last = f64::from_bits(f64::MIN_POSITIVE.to_bits() - 1);
        let all = values().into_iter().chain(normal()).chain(subnormal).chain([last, f64::NAN]);
        for x in all {
            for x in [x, -x] {
                let (found, expected) = (ln(x), ln_by_cases(x));
                let same = found.to_bits() == expected.to_bits();
                assert!(same || found.is_nan() && expected.is_nan(), "ln({x:e}) = {found:e}");
            }
        }
    }
}
