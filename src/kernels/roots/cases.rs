//! Numbers whose quotients over a root are hard to round.

/// The least significand of a normal number; the largest is below twice as much.
pub const LEAST: u64 = 1 << 52;

/// The double `significand 2^(exponent - 52)`: from 2^exponent to below twice as much.
pub fn double(significand: u64, exponent: i32) -> f64 {
    assert!((LEAST..2 * LEAST).contains(&significand) && (-1022..=1023).contains(&exponent));
    f64::from_bits(significand - LEAST + (((exponent + 1023) as u64) << 52))
}

/// Pairs (X, M): the root of the significand X is about `d / (4 M)` away from M / 2, a midpoint between two doubles. z is 55
/// for an x of an odd exponent and 54 for an even one; d is 1 modulo 8.
///
/// Significands are whole numbers from 2^52 on here, and midpoints between roots are halves M / 2 of odd numbers. The
/// radicand of such a root is `X 2^52` or `X 2^53`, so that `M^2 = X 2^z + d`. So M is a square root of a small d
/// modulo 2^z, which an odd d has only if it is 1 modulo 8.
pub fn roots_next_to_midpoints(d: i64, z: u32) -> impl Iterator<Item = (u64, u64)> {
    square_roots(d, z).into_iter().filter_map(move |M| {
        let X = (u128::from(M).pow(2).wrapping_add_signed(-i128::from(d)) >> z) as u64;
        (LEAST..2 * LEAST).contains(&X).then_some((X, M))
    })
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

/// The significand N whose quotient over the odd significand S is `c / (2 S)` of a last place away from a midpoint, or from a
/// double; sometimes there is none.
///
/// `N 2^z = S Q + c` with a z of 53 where N >= S, and of 54 otherwise, so that Q has one bit more than a significand. It is
/// even for a double and odd for a midpoint, as c is where S is odd. So N is c, halved z times modulo S.
pub fn numerator_next_to_midpoint(S: u64, c: i64) -> Option<u64> {
    let half = |c: u64| if c % 2 == 0 { c / 2 } else { c.midpoint(S) };
    let N = (0..53).fold(c.rem_euclid(S as i64) as u64, |c, _| half(c));
    let N = if N + S < 2 * LEAST { N + S } else { half(N) };
    (LEAST..2 * LEAST).contains(&N).then_some(N)
}
