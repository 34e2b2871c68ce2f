//! A quotient over a square root, by the divider or by multiplications.

use super::elementary::splat;
use super::lanes::F64x8;

/// `n / sqrt(x)`. The root is rounded, then the quotient.
pub trait QuotientOverRoot: Copy {
    /// The quotient.
    fn quotient<F: F64x8>(n: F, x: F) -> F;
}

/// Computes it with the instructions for roots and quotients.
#[derive(Clone, Copy, Debug)]
pub struct Divider;

impl QuotientOverRoot for Divider {
    #[inline(always)]
    fn quotient<F: F64x8>(n: F, x: F) -> F {
        n / x.sqrt()
    }
}

/// Computes it with multiplications, for ordinary numbers: x is at least 2^-666, n is 0 or at least 2^-940 in size, and
/// the quotient is not subnormal. The result is that of [`Divider`], in every bit.
///
/// * *The root.* It begins at [`F64x8::near_reciprocal_root`], within 2^-14. Goldschmidt's steps bring `S` to sqrt(x) and
///   `H` to `1 / (2 sqrt(x))`. They square the error, so that after two it is below two units of the last place. The
///   residual `x - S^2` is rounded once, from the exact square, so that `s = S + H (x - S^2)` is rounded from a value
///   within 2^-100 of the root. Roots that are nearer than that to a midpoint of doubles are few.
/// * *The reciprocal.* `2 H` is nearly `1 / s`, and one Newton step makes it the nearest double Y, except where the
///   significand of s is all ones and the step begins at a power of two (Markstein, 1990). With its last bit set it does not
///   begin there.
/// * *The quotient.* `n Y` is within two units of the last place. The first correction `q - (q s - n) Y` makes q one of the
///   two doubles around the quotient. From there the remainder `q s - n` is exact, and the second gives the nearest
///   (Markstein's theorem). The remainder has the other sign than usual, so that zeros keep theirs.
///
/// The sweep `cargo bench --bench exact -- roots` compares the result with the instructions, over all roots within 2^-35 units
/// of the last place of a midpoint among others; the tests have some of each kind. Run it on the machines of each maker: the
/// start differs.
#[derive(Clone, Copy, Debug)]
pub struct Multipliers;

impl QuotientOverRoot for Multipliers {
    #[inline(always)]
    fn quotient<F: F64x8>(n: F, x: F) -> F {
        let half = F::splat(0.5);
        let y = x.near_reciprocal_root();
        // S nears sqrt(x), H nears 1 / (2 sqrt(x)).
        let (mut S, mut H) = (x * y, half * y);
        for _ in 0..2 {
            let r = half.minus_product(S, H);
            S = S.fma(r, S);
            H = H.fma(r, H);
        }
        let s = x.minus_product(S, S).fma(H, S);
        let Y = (H + H).with_lowest_bit();
        let Y = F::splat(1.0).minus_product(s, Y).fma(Y, Y);
        let minus_n = -n;
        let q = n * Y;
        let q = q.minus_product(q.fma(s, minus_n), Y);
        q.minus_product(q.fma(s, minus_n), Y)
    }
}

/// `1 / sqrt(r)` in powers of r, for r from 0.875 to 0.9924: the polynomial of this degree with the least relative error,
/// which is below 2^-15.6.
const REFINE: [f64; 3] = [1.9425036902191155, -1.388894343987673, 0.4464366248668208];

/// From a `1 / sqrt(x)` within 3.5 % one within 2^-15: with y the rough one, `r = x y^2` is from 0.875 to 0.9924.
#[inline(always)]
pub(super) fn refined_reciprocal_root<F: F64x8>(x: F, y: F) -> F {
    let r = x * y * y;
    let [c0, c1, c2] = splat::<F, 3>(REFINE);
    y * c2.fma(r, c1).fma(r, c0)
}

#[cfg(test)]
mod cases;

#[cfg(test)]
mod tests {
    use super::cases::{LEAST, double, numerator_next_to_midpoint, roots_next_to_midpoints};
    use super::*;
    use crate::kernels::{Kernel, Level};
    use crate::random::{Generator, Stream};

    struct Quotients<'a> {
        cases: &'a [[f64; 2]],
        by_divider: &'a mut [f64],
        by_multipliers: &'a mut [f64],
    }

    impl Kernel for Quotients<'_> {
        type Output = ();

        #[inline(always)]
        fn run<F: F64x8>(self) {
            let targets = self.by_divider.chunks_mut(8).zip(self.by_multipliers.chunks_mut(8));
            for (cases, (divider, multipliers)) in self.cases.chunks(8).zip(targets) {
                let (mut n, mut x) = ([1.0; 8], [1.0; 8]);
                for (i, case) in cases.iter().enumerate() {
                    [n[i], x[i]] = *case;
                }
                let (n, x) = (F::load(&n), F::load(&x));
                Divider::quotient(n, x).store_first(divider);
                Multipliers::quotient(n, x).store_first(multipliers);
            }
        }
    }

    /// Numbers n and x, all of them ordinary.
    struct Cases {
        generator: Generator,
        cases: Vec<[f64; 2]>,
    }

    impl Cases {
        fn new() -> Self {
            Cases { generator: Generator::new(1, Stream::Initialization), cases: Vec::new() }
        }

        fn below(&mut self, bound: u64) -> u64 {
            self.generator.below(bound)
        }

        fn between(&mut self, first: i32, last: i32) -> i32 {
            first + self.below((last - first + 1) as u64) as i32
        }

        /// Any significand; three times of four up to eight places from a power of two.
        fn significand(&mut self) -> u64 {
            match self.below(8) {
                0 | 1 => LEAST + self.below(LEAST),
                2..5 => LEAST + self.below(8),
                _ => 2 * LEAST - 1 - self.below(8),
            }
        }

        /// Adds n and x of these significands and of random exponents. That of x is odd if `is_odd`.
        fn add(&mut self, N: u64, X: u64, is_odd: bool) {
            let root = self.between(-333, 511);
            // No quotient is subnormal.
            let n = double(N, self.between((root - 1021).max(-940), 249));
            let n = if self.below(2) == 0 { n } else { -n };
            self.cases.push([n, double(X, 2 * root + i32::from(is_odd))]);
        }

        /// Compares the two ways at every level.
        fn check(self) {
            let cases = &self.cases;
            let (mut divider, mut multipliers) = (vec![0.0; cases.len()], vec![0.0; cases.len()]);
            for level in Level::available() {
                level.run(Quotients {
                    cases,
                    by_divider: &mut divider,
                    by_multipliers: &mut multipliers,
                });
                for ((x, y), [n, of]) in multipliers.iter().zip(&divider).zip(cases) {
                    assert_eq!(
                        x.to_bits(),
                        y.to_bits(),
                        "{n:e} over the root of {of:e}, {level:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn ordinary_quotients_have_the_bits_of_the_divider() {
        let mut cases = Cases::new();
        for i in 0..20_000 {
            let (N, X) = (LEAST + cases.below(LEAST), LEAST + cases.below(LEAST));
            cases.add(N, X, i % 2 == 0);
            let (N, X) = (cases.significand(), cases.significand());
            cases.add(N, X, i % 2 == 0);
        }
        cases.check();
    }

    /// Zeros, and the ends of what is ordinary.
    #[test]
    fn quotients_at_the_limits_have_the_bits_of_the_divider() {
        let mut cases = Cases::new();
        for X in [LEAST, LEAST + 1, 3 << 51, 2 * LEAST - 1] {
            for exponent in [-666, -665, -1, 0, 1, 1022, 1023] {
                let x = double(X, exponent);
                let smallest = f64::from_bits((1023 - 940) << 52).max(x.sqrt() * f64::MIN_POSITIVE);
                for n in [0.0, smallest, 1.0, double(X, 249)] {
                    cases.cases.extend([[n, x], [-n, x]]);
                }
            }
        }
        cases.check();
    }

    /// Squares of doubles and of midpoints between two, and the doubles around them.
    #[test]
    fn quotients_over_roots_next_to_midpoints_have_the_bits_of_the_divider() {
        let mut cases = Cases::new();
        for i in 0..3000 {
            let square = u128::from(2 * cases.significand() + i % 2).pow(2);
            let is_odd = square >> 107 != 0;
            let X = (square >> (54 + u32::from(is_odd))) as u64;
            for X in X - 2..=X + 2 {
                let N = cases.significand();
                cases.add(N, X.clamp(LEAST, 2 * LEAST - 1), is_odd);
            }
        }
        cases.check();
    }

    #[test]
    fn quotients_over_the_hardest_roots_have_the_bits_of_the_divider() {
        let mut cases = Cases::new();
        for z in [54, 55] {
            for d in (-16_383..16_384_i64).filter(|d| d.rem_euclid(8) == 1) {
                for (X, _) in roots_next_to_midpoints(d, z) {
                    let N = cases.significand();
                    cases.add(N, X, z == 55);
                }
            }
        }
        assert!(cases.cases.len() > 4000, "{}", cases.cases.len());
        cases.check();
    }

    #[test]
    fn the_hardest_quotients_have_the_bits_of_the_divider() {
        let mut cases = Cases::new();
        for i in 0..40_000 {
            let (S, c) = (cases.significand() | 1, i % 17 - 8_i64);
            if let Some(N) = numerator_next_to_midpoint(S, c) {
                let s = double(S, cases.between(-333, 511));
                let n = double(N, cases.between(-500, 249));
                cases.cases.push([n, s * s]);
            }
        }
        assert!(cases.cases.len() > 20_000, "{}", cases.cases.len());
        cases.check();
    }

    struct OfNan;

    impl Kernel for OfNan {
        type Output = [f64; 8];

        #[inline(always)]
        fn run<F: F64x8>(self) -> [f64; 8] {
            let n = [f64::NAN, 1.0, f64::NAN, 1.0, f64::NAN, 0.0, -1.0, f64::NAN];
            let x = [1.0, f64::NAN, f64::NAN, -f64::NAN, 4.0, f64::NAN, f64::NAN, 1e300];
            Multipliers::quotient(F::load(&n), F::load(&x)).to_array()
        }
    }

    #[test]
    fn what_is_not_a_number_stays_so() {
        for level in Level::available() {
            let quotients = level.run(OfNan);
            assert!(quotients.iter().all(|q| q.is_nan()), "{level:?}: {quotients:?}");
        }
    }
}
