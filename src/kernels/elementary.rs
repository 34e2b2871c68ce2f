//! `exp`, `ln` and `tanh` from `+ - * /` and moves of bits, so that they round alike everywhere.
//!
//! The functions of the standard library call the platform's mathematical library, which differs from machine
//! to machine. The polynomials are written out in Estrin's order, pairs first: its chains of dependent operations
//! are shorter than Horner's. The order is part of what fixes the bits. `exp` and `tanh` have no branches, so
//! they do the same for one number and for several at a time.
//!
//! The constants are computed by `fixtures/coefficients.py`; the errors in ulp (units in the last
//! place of the exact result) are measured by the tests against values of 80 digits.

#![allow(clippy::excessive_precision)]
#![allow(clippy::needless_range_loop)]

use super::lanes::{F64x4, Number};
use std::f64::consts::{LOG2_E, SQRT_2};

/// ln 2 cut to 32 bits, so that its product with an exponent is exact.
const LN_2_HIGH: f64 = 0.6931471803691238;
/// The rest of ln 2.
const LN_2_LOW: f64 = 1.9082149292705877e-10;

/// `(e^r - 1 - r) / r^2` for `|r| <= ln(2) / 2`; relative error of `e^r` below 2^-59.
const EXP_TAIL: [f64; 11] = [
    0.5,
    0.16666666666666669,
    0.041666666666666664,
    0.008333333333330065,
    0.0013888888888886554,
    0.00019841269863040545,
    2.4801587317135164e-05,
    2.7557268480310024e-06,
    2.755728298405588e-07,
    2.5100375832561234e-08,
    2.091122972975856e-09,
];

/// `(2 atanh(s) - 2 s) / s^3` in powers of `s^2`, for `|s| <= 0.1716`; relative error below 2^-57.
const LN_TAIL: [f64; 7] = [
    0.666666666666667,
    0.39999999999899505,
    0.28571428625975487,
    0.2222221113479508,
    0.18182889125261723,
    0.15331721600556042,
    0.14616449685043406,
];

/// Numerator of `(tanh(x) - x) / x^3` in powers of `x^2`, for `|x| <= 1`; relative error below 2^-56.
const TANH_NUMERATOR: [f64; 4] =
    [-0.3333333333333333, -0.02351320098857556, -0.0003724860877774224, -1.267189257880533e-06];
/// Its denominator.
const TANH_DENOMINATOR: [f64; 5] = [
    1.0,
    0.47053960296572667,
    0.027428537544861045,
    0.00040107980925640097,
    1.2958519977393674e-06,
];

/// 1.5 * 2^52: adding it and taking it away again rounds to the nearest integer.
const ROUND: f64 = 6755399441055744.0;
/// `ROUND` + 1023: an integer that it is added to leaves its biased exponent in the lowest bits.
const EXPONENT: f64 = ROUND + 1023.0;

/// Constants in all lanes. This is a loop and not `map`, which may stay a call.
#[inline(always)]
fn splat<N: Number, const L: usize>(constants: [f64; L]) -> [N; L] {
    let mut splat = [N::splat(0.0); L];
    for i in 0..L {
        splat[i] = N::splat(constants[i]);
    }
    splat
}

/// `(e^r, n + EXPONENT)`, where `x = n ln 2 + r` and `|r| <= ln(2) / 2`, for `|x|` below 2,000.
#[inline(always)]
fn exp_reduced<N: Number>(x: N) -> (N, N) {
    let exponent = x * N::splat(LOG2_E) + N::splat(EXPONENT);
    let n = exponent - N::splat(EXPONENT);
    let high = x - n * N::splat(LN_2_HIGH); // exact
    let low = n * N::splat(LN_2_LOW);
    let r = high - low;
    let r2 = r * r;
    let r4 = r2 * r2;
    let c = splat::<N, 11>(EXP_TAIL);
    let tail = ((c[0] + c[1] * r) + r2 * (c[2] + c[3] * r))
        + r4 * (((c[4] + c[5] * r) + r2 * (c[6] + c[7] * r))
            + r4 * ((c[8] + c[9] * r) + r2 * c[10]));
    (N::splat(1.0) + (high + (r2 * tail - low)), exponent)
}

/// e^x, at most 1 ulp from the exact value.
///
/// `x = n ln 2 + r` with `|r| <= ln(2) / 2`, then `e^x = 2^n e^r` with a polynomial for `e^r`. Exact
/// at 0 and the infinities; NaN gives NaN; overflow gives infinity, underflow goes through the
/// subnormals to 0.
#[inline(always)]
pub fn exp<N: Number>(x: N) -> N {
    // Beyond these limits the result is infinity or 0 in any case, and NaN stays NaN.
    let x = N::splat(-746.0).larger(N::splat(710.0).smaller(x));
    let (power, exponent) = exp_reduced(x);
    // Two halves, since 2^n itself may be out of range where the result is not.
    let n = exponent - N::splat(EXPONENT);
    let half = n * N::splat(0.5) + N::splat(EXPONENT);
    let rest = (n - (half - N::splat(EXPONENT))) + N::splat(EXPONENT);
    power * half.low_bits_as_exponent() * rest.low_bits_as_exponent()
}

/// e^x for an x of at most 0: the same as [`exp`] above -708, and 0 from there on, where results are almost subnormal.
#[inline(always)]
pub fn exp_at_most_0<N: Number>(x: N) -> N {
    let lowest = N::splat(-708.0);
    let (power, exponent) = exp_reduced(lowest.larger(x));
    x.choose(lowest, N::splat(0.0), power * exponent.low_bits_as_exponent())
}

/// The natural logarithm, at most 1 ulp from the exact value.
///
/// `x = 2^k (1 + f)` with `1 + f` between sqrt(1/2) and sqrt(2), and with `s = f / (2 + f)`
/// `ln(1 + f) = 2 atanh(s) = f - f^2/2 + s (f^2/2 + R(s^2))`, where `R` is a polynomial. Exact at 1;
/// 0 gives minus infinity; numbers below 0 and NaN give NaN.
pub fn ln(x: f64) -> f64 {
    if x.is_nan() || x < 0.0 {
        return f64::NAN;
    }
    if x == 0.0 {
        return f64::NEG_INFINITY;
    }
    if x == f64::INFINITY {
        return x;
    }
    // A subnormal is first multiplied by 2^54.
    let subnormal = x < f64::MIN_POSITIVE;
    let bits = if subnormal { x * 18014398509481984.0 } else { x }.to_bits();
    let exponent = (bits >> 52) as i64 - if subnormal { 1023 + 54 } else { 1023 };
    let mantissa = f64::from_bits((bits & 0x000f_ffff_ffff_ffff) | 0x3ff0_0000_0000_0000);
    let (mantissa, exponent) =
        if mantissa > SQRT_2 { (mantissa * 0.5, exponent + 1) } else { (mantissa, exponent) };

    let k = exponent as f64;
    let f = mantissa - 1.0; // exact
    let s = f / (2.0 + f);
    let z = s * s;
    let z2 = z * z;
    let c = &LN_TAIL;
    let tail = z
        * (((c[0] + c[1] * z) + z2 * (c[2] + c[3] * z))
            + z2 * z2 * ((c[4] + c[5] * z) + z2 * c[6]));
    let half_square = 0.5 * f * f;
    k * LN_2_HIGH - ((half_square - (s * (half_square + tail) + k * LN_2_LOW)) - f)
}

/// The hyperbolic tangent, at most 1.5 ulp from the exact value.
///
/// Up to `|x| = 1` it is `x + x^3 P(x^2) / Q(x^2)`, above it `1 - 2 / (e^(2|x|) + 1)`; both share
/// one division. Exact at 0 (with its sign), the infinities and the subnormals; NaN gives NaN.
#[inline(always)]
pub fn tanh<N: Number>(x: N) -> N {
    // From 20 on the result is 1 to the last bit, and NaN stays NaN.
    let a = N::splat(20.0).smaller(x.abs());

    let s = a * a;
    let s2 = s * s;
    let p = splat::<N, 4>(TANH_NUMERATOR);
    let q = splat::<N, 5>(TANH_DENOMINATOR);
    let numerator = a * s * ((p[0] + p[1] * s) + s2 * (p[2] + p[3] * s));
    let denominator = ((q[0] + q[1] * s) + s2 * (q[2] + q[3] * s)) + s2 * s2 * q[4];

    let (power, exponent) = exp_reduced(a + a);
    let exponential = power * exponent.low_bits_as_exponent();

    let one = N::splat(1.0);
    let base = a.choose(one, a, one);
    let above = a.choose(one, numerator, N::splat(-2.0));
    let below = a.choose(one, denominator, exponential + one);
    (base + above / below).copysign(x)
}

/// `a = tanh(a + u)`, entry by entry.
///
/// # Panics
/// Panics if the lengths differ.
#[inline(always)]
pub fn tanh_of_sums<F: F64x4>(u: &[f64], a: &mut [f64]) {
    assert_eq!(u.len(), a.len(), "tanh: lengths");
    for start in (0..a.len()).step_by(4) {
        let end = a.len().min(start + 4);
        let sum = F::load_first(&a[start..end]) + F::load_first(&u[start..end]);
        tanh(sum).store_first(&mut a[start..end]);
    }
}

/// `d = d (1 - h^2)`, entry by entry: multiplies by the slope of tanh where its value is h.
///
/// # Panics
/// Panics if the lengths differ.
#[inline(always)]
pub fn scale_by_slope(h: &[f64], d: &mut [f64]) {
    assert_eq!(h.len(), d.len(), "slope: lengths");
    for (d, h) in d.iter_mut().zip(h) {
        *d *= 1.0 - h * h;
    }
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

    /// The largest error in ulp over the values of a file of `fixtures/elementary`: on each line the
    /// bits of x, those of the double nearest to f(x), and how many ulp f(x) lies above that.
    fn largest_error(f: fn(f64) -> f64, values: &str) -> f64 {
        let bits = |word: &str| f64::from_bits(u64::from_str_radix(word, 16).unwrap());
        let lines = values.lines().filter(|line| !line.starts_with('#'));
        let errors = lines.map(|line| {
            let words: Vec<&str> = line.split(' ').collect();
            let (x, nearest) = (bits(words[0]), bits(words[1]));
            let remainder: f64 = words[2].parse().unwrap();
            ((f(x) - nearest) / ulp(nearest) - remainder).abs()
        });
        let mut count = 0;
        let largest = errors.fold(0.0, |largest: f64, error| {
            count += 1;
            assert!(error.is_finite(), "value {count}");
            largest.max(error)
        });
        assert!(count > 1000, "{count} values");
        largest
    }

    #[test]
    fn exp_is_within_1_ulp() {
        let error = largest_error(exp, include_str!("../../fixtures/elementary/exp.txt"));
        assert!(error <= 1.0, "{error} ulp");
    }

    #[test]
    fn ln_is_within_1_ulp() {
        let error = largest_error(ln, include_str!("../../fixtures/elementary/ln.txt"));
        assert!(error <= 1.0, "{error} ulp");
    }

    #[test]
    fn tanh_is_within_1_5_ulp() {
        let error = largest_error(tanh, include_str!("../../fixtures/elementary/tanh.txt"));
        assert!(error <= 1.5, "{error} ulp");
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
        fn run<F: F64x4>(self) {
            tanh_of_sums::<F>(self.0, self.1);
        }
    }

    struct Slope<'a>(&'a [f64], &'a mut [f64]);

    impl Kernel for Slope<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x4>(self) {
            scale_by_slope(self.0, self.1);
        }
    }

    struct Exp<'a>(&'a mut [f64]);

    impl Kernel for Exp<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x4>(self) {
            for start in (0..self.0.len()).step_by(4) {
                let end = self.0.len().min(start + 4);
                let four = &mut self.0[start..end];
                exp(F::load_first(four)).store_first(four);
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

    #[test]
    fn every_level_gives_the_bits_of_single_values() {
        let bits = |values: &[f64]| -> Vec<u64> { values.iter().map(|x| x.to_bits()).collect() };
        for level in Level::available() {
            for offset in 0..4 {
                let x = &values()[offset..];
                let u: Vec<f64> = x.iter().rev().map(|x| 1e-3 * x).collect();
                let expected: Vec<f64> = x.iter().zip(&u).map(|(x, u)| tanh(x + u)).collect();
                let mut found = values();
                level.run(TanhOfSums(&u, &mut found[offset..]));
                assert_eq!(bits(&found[offset..]), bits(&expected), "tanh, {level:?}");
                found = values();
                level.run(Exp(&mut found[offset..]));
                let expected: Vec<f64> = x.iter().map(|&x| exp(x)).collect();
                assert_eq!(bits(&found[offset..]), bits(&expected), "exp, {level:?}");
                let (h, mut d) = (&u[20..60], x[20..60].to_vec());
                level.run(Slope(h, &mut d));
                let slopes = x[20..60].iter().zip(h).map(|(d, h)| d * (1.0 - h * h));
                assert_eq!(bits(&d), bits(&slopes.collect::<Vec<f64>>()), "slope, {level:?}");
            }
        }
    }
}
