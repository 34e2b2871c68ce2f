//! Cases that a fused multiply-add may get wrong, each class made on purpose, and their results by long integers.

// An index runs through several arrays at once.
#![allow(clippy::needless_range_loop)]

use std::cell::Cell;

/// What a class is about, and the two factors and the addend of one of its cases.
pub type Class = (&'static str, fn(&Random) -> [f64; 3]);

/// All classes.
pub const CLASSES: [Class; 13] = [
    ("ordinary numbers", |r| [r.real(-30, 30), r.real(-30, 30), r.real(-60, 60)]),
    ("any bits", |r| [r.bits(), r.bits(), r.bits()].map(f64::from_bits)),
    ("few bits", |r| [r.few_bits(-20, 20), r.few_bits(-20, 20), r.few_bits(-60, 60)]),
    ("ties", tie),
    ("near ties", near_tie),
    ("ties but for the last bits of a product", close_tie),
    ("cancellation", cancellation),
    ("products that underflow", |r| {
        let (a, product) = (r.integer(-1000, 0), r.integer(-1200, -950));
        let c = [0.0, r.subnormal(), r.real(-1022, -900), r.real(-3, 3)];
        [r.number(a), r.number(product - a), r.signed(r.choose(c))]
    }),
    ("subnormal results", |r| {
        let (a, product) = (r.integer(-600, -400), r.integer(-1140, -1015));
        let c = [0.0, r.subnormal(), r.real(-1022, -1015)];
        [r.number(a), r.number(product - a), r.signed(r.choose(c))]
    }),
    ("results about the largest number", overflow),
    ("zeros", |r| [(); 3].map(|()| r.signed(r.choose([0.0, 0.0, r.real(-600, 600)])))),
    ("infinities, NaN and extremes", |r| {
        let extremes = [f64::INFINITY, f64::NAN, f64::MAX, f64::MIN_POSITIVE, power(-1074), 0.0];
        [(); 3].map(|()| r.signed(r.choose([r.choose(extremes), r.real(-600, 600)])))
    }),
    ("as in training", |r| {
        let zero_or = |x: f64| r.choose([0.0, x, x, x]);
        [zero_or(r.real(-20, 0)), zero_or(r.real(-12, 0)), zero_or(r.real(-20, 3))]
    }),
];

/// The exact sum lies in the middle between two numbers.
fn tie(r: &Random) -> [f64; 3] {
    let odd = |bits: i32| f64::from(r.integer(0, (1 << (bits - 1)) - 1) * 2 + 1);
    r.scaled([odd(26), odd(25) * 0.5, r.whole()])
}

/// The exact sum lies next to the middle between two numbers, or next to a number.
fn near_tie(r: &Random) -> [f64; 3] {
    let b = r.real(0, 0);
    let small = power(r.integer(-52, -20));
    r.scaled(r.choose([
        // A product next to some halves.
        [(f64::from(r.integer(0, 1000)) + 0.5) / b, b, r.whole()],
        // 1 - small^2 beside even numbers, of which every other one is the end of a tie.
        [1.0 + small, 1.0 - small, 2.0 * r.whole()],
        [1.0 + power(-52), 0.5, r.whole()],
        [1.0 - power(-53), 0.5, r.whole()],
    ]))
}

/// The exact product is next to a half of an addend's last place, or to a multiple of it that cancels.
fn close_tie(r: &Random) -> [f64; 3] {
    let odd = r.bits() >> 11 | 1 << 52 | 1;
    let little = (1 << r.integer(0, 30)) - i64::from(r.integer(0, 1)) * (1 << 31);
    let [a, b] = factors(odd, (1 << r.integer(50, 52)) + little);
    let beside = r.real(52, 52) * power(r.integer(50, 56));
    // The lower parts of both factors are as large as possible.
    let (x, y) = (i64::from(r.integer(0, 1000)), i64::from(r.integer(1, 8)));
    let [u, v] = factors((1 << 53) - 2 * x as u64 - 1, (2 * x + 1) * y);
    let [x, y] = factors(odd, r.integer(-1 << 18, 1 << 18).into());
    let z = -f64::from_bits((x * y).to_bits().wrapping_add_signed(r.integer(-2, 2).into()));
    r.scaled(r.choose([[a, b, beside], [u, v, beside], [x, y, z]]))
}

/// The odd number and another one below 2^53, so that their product has these last 53 bits.
fn factors(odd: u64, bits: i64) -> [f64; 2] {
    // Each of Newton's steps doubles the number of last bits that are right: 3 of them at first.
    let step = |x: u64, _| x.wrapping_mul(2u64.wrapping_sub(odd.wrapping_mul(x)));
    let inverse = (0..5).fold(odd, step);
    let other = inverse.wrapping_mul(bits as u64) & ((1 << 53) - 1);
    [other as f64, odd as f64]
}

/// The terms have opposite signs and are almost or quite the same.
fn cancellation(r: &Random) -> [f64; 3] {
    let wide = [r.real(-440, 440), r.real(-440, 440)];
    let [a, b] = r.choose([wide, [r.few_bits(-9, 9), r.few_bits(-9, 9)]]);
    let next = f64::from_bits((a * b).to_bits().wrapping_add_signed(r.integer(-3, 3).into()));
    let part = a * b * (1.0 - power(r.integer(-52, -1)));
    [a, b, -r.choose([a * b, next, part])]
}

/// The result is the largest number, or infinite, or the terms are large.
fn overflow(r: &Random) -> [f64; 3] {
    let k = r.integer(0, 900);
    let half_place = power(970);
    let near_half = half_place * r.choose([1.0, 1.0 - power(-53), 1.0 + power(-52), 0.5]);
    let large = [r.real(400, 530), r.real(400, 530), r.real(900, 1023)];
    // The factors of 2^54 - 1: half a place above the largest number.
    let middle = [134217727.0 * power(k), 134217729.0 * power(970 - k)];
    let around = r.signed(r.choose([0.0, power(-1074), power(900), half_place]));
    // Below 2^1024, although the upper part of the second factor is a power of 2.
    let below = [power(k), power(1023 - k) * (2.0 - power(r.integer(-52, -27)))];
    let [a, b, c] = r.choose([
        large,
        [f64::MAX, 1.0, near_half],
        [middle[0], middle[1], around],
        [below[0], below[1], r.choose([0.0, r.real(960, 1023)])],
    ]);
    r.choose([[a, b, c], [-a, b, -c]])
}

/// `a b + c` as an integer times 2^-2148, the last place of a product of two subnormal numbers, rounded at the end.
pub fn expected(a: f64, b: f64, c: f64) -> f64 {
    let product_is_negative = a.is_sign_negative() != b.is_sign_negative();
    if a.is_nan() || b.is_nan() || c.is_nan() {
        return f64::NAN;
    }
    if a.is_infinite() || b.is_infinite() {
        let opposite = c.is_infinite() && c.is_sign_negative() != product_is_negative;
        let invalid = a == 0.0 || b == 0.0 || opposite;
        let infinity = if product_is_negative { -f64::INFINITY } else { f64::INFINITY };
        return if invalid { f64::NAN } else { infinity };
    }
    if c.is_infinite() {
        return c;
    }
    // Two's complement, the lowest bits first.
    let mut sum = [0u32; 140];
    add_product(&mut sum, a, b);
    add_product(&mut sum, c, 1.0);
    let negative = sum[139] >> 31 == 1;
    if negative {
        let mut carry = true;
        for limb in &mut sum {
            (*limb, carry) = (!*limb).overflowing_add(carry.into());
        }
    }
    let Some(highest) = sum.iter().rposition(|&limb| limb != 0) else {
        let zeros = c == 0.0 && c.is_sign_negative() && product_is_negative;
        return if zeros { -0.0 } else { 0.0 };
    };
    let lowest = sum.iter().position(|&limb| limb != 0).unwrap();
    let first = 32 * highest + sum[highest].ilog2() as usize;
    let end = 32 * lowest + sum[lowest].trailing_zeros() as usize;
    let bit = |i: usize| u64::from(sum[i / 32] >> (i % 32) & 1);
    let last = first.saturating_sub(52).max(1074);
    let kept = (last..=first).rev().fold(0, |kept, i| 2 * kept + bit(i));
    let up = bit(last - 1) == 1 && (end < last - 1 || kept % 2 == 1);
    let magnitude = (kept + u64::from(up)) as f64 * power(last as i32 - 2148);
    if negative { -magnitude } else { magnitude }
}

fn add_product(sum: &mut [u32; 140], x: f64, y: f64) {
    let place = |x: f64| (x.to_bits() << 1 >> 53).saturating_sub(1) as usize;
    let significand =
        |x: f64| u64::from(x.abs() >= f64::MIN_POSITIVE) << 52 | x.to_bits() << 12 >> 12;
    let product = u128::from(significand(x)) * u128::from(significand(y));
    let sign = if x.is_sign_negative() == y.is_sign_negative() { 1 } else { -1 };
    let start = place(x) + place(y);
    let mut carry = 0;
    for i in start / 32..sum.len() {
        // The bits of the product that belong here.
        let shift = 32 * i as i32 - start as i32;
        let bits = match shift {
            ..0 => product << -shift,
            0..128 => product >> shift,
            _ => 0,
        } as u32;
        carry += i64::from(sum[i]) + sign * i64::from(bits);
        sum[i] = carry as u32;
        carry >>= 32;
    }
}

/// 2^exponent
pub fn power(exponent: i32) -> f64 {
    match exponent {
        ..-1074 => 0.0,
        -1074..-1022 => f64::from_bits(1 << (exponent + 1074)),
        -1022..1024 => f64::from_bits(((exponent + 1023) as u64) << 52),
        _ => f64::INFINITY,
    }
}

/// Random numbers: SplitMix64.
pub struct Random(Cell<u64>);

impl Random {
    /// The generator of a seed.
    pub fn new(seed: u64) -> Random {
        Random(Cell::new(seed))
    }

    fn bits(&self) -> u64 {
        self.0.set(self.0.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
        let x = self.0.get();
        let x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        x ^ x >> 31
    }

    /// A whole number of a range with both ends.
    fn integer(&self, low: i32, high: i32) -> i32 {
        low + (self.bits() >> 33) as i32 % (high - low + 1)
    }

    fn choose<T: Copy, const N: usize>(&self, from: [T; N]) -> T {
        from[self.integer(0, N as i32 - 1) as usize]
    }

    fn signed(&self, x: f64) -> f64 {
        f64::from_bits(x.to_bits() ^ self.bits() & 1 << 63)
    }

    /// A number of either sign with an exponent of this range.
    fn real(&self, low: i32, high: i32) -> f64 {
        let exponent = (self.integer(low, high) + 1023) as u64;
        f64::from_bits(self.bits() >> 12 | exponent << 52 | self.bits() & 1 << 63)
    }

    /// Like `real`, with zeros for the last bits of the significand.
    fn few_bits(&self, low: i32, high: i32) -> f64 {
        f64::from_bits(self.real(low, high).to_bits() & u64::MAX << self.integer(26, 52))
    }

    /// A number with this exponent, all bits or few: 0 or subnormal or infinite where it is out of range.
    fn number(&self, exponent: i32) -> f64 {
        let x = self.choose([self.real(0, 0), self.few_bits(0, 0)]);
        // Two steps, since the power itself may be out of range where the number is not.
        x * power(exponent.max(-1000)) * power((exponent + 1000).min(0))
    }

    fn subnormal(&self) -> f64 {
        f64::from_bits(self.bits() >> self.integer(12, 63))
    }

    /// A whole number from 2^52 to 2^53, or its negative.
    fn whole(&self) -> f64 {
        self.signed(self.choose([self.real(52, 52).abs(), power(52), power(53)]))
    }

    /// The same case for other exponents and signs.
    fn scaled(&self, [a, b, c]: [f64; 3]) -> [f64; 3] {
        let (x, y) = (
            self.signed(power(self.integer(-300, 300))),
            self.signed(power(self.integer(-300, 300))),
        );
        [x * a, y * b, x * y * c]
    }
}
