//! The choice of an instruction set: the one place of the crate with `unsafe`.
//!
//! A kernel is written once, over four doubles at a time ([`Four`]), and compiled for every level: with
//! plain arithmetic for the baseline of any machine, and for AVX2 on x86-64. A [`Level`] can only be
//! had from a machine that has it, so running a kernel at a level is safe. Both levels do the same
//! operations in the same order on the same numbers: which one runs never shows in the bits.
//!
//! AVX-512 is left out: the oldest compiler that builds this crate has none.

use std::fmt;
use std::ops::{Add, Div, Mul, Sub};
use std::sync::OnceLock;

/// The environment variable that forces a level.
pub const VARIABLE: &str = "ELMAN_ISA";

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Isa);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isa {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

impl Level {
    /// What every machine has: SSE2 on x86-64, NEON on 64-bit Arm.
    pub const BASELINE: Level = Level(Isa::Baseline);

    /// The levels of this machine, the widest last.
    pub fn available() -> impl DoubleEndedIterator<Item = Level> {
        #[cfg(target_arch = "x86_64")]
        let wide = std::arch::is_x86_feature_detected!("avx2").then_some(Level(Isa::Avx2));
        #[cfg(not(target_arch = "x86_64"))]
        let wide = None;
        [Some(Level::BASELINE), wide].into_iter().flatten()
    }

    /// The widest level of this machine.
    pub fn widest() -> Level {
        Level::available().next_back().unwrap_or(Level::BASELINE)
    }

    /// The level that the environment variable [`VARIABLE`] names; the widest where it is not set, or empty.
    ///
    /// # Errors
    /// [`LevelError`] where this machine has no level of that name.
    pub fn from_environment() -> Result<Level, LevelError> {
        match std::env::var_os(VARIABLE) {
            Some(name) if !name.is_empty() => Level::named(&name.to_string_lossy()),
            _ => Ok(Level::widest()),
        }
    }

    /// The level of everything that is not told another: [`Level::from_environment`] when it is first
    /// asked for, or the widest where that is an error.
    pub fn chosen() -> Level {
        static CHOSEN: OnceLock<Level> = OnceLock::new();
        *CHOSEN.get_or_init(|| Level::from_environment().unwrap_or(Level::widest()))
    }

    /// The level with this name.
    ///
    /// # Errors
    /// [`LevelError`] where this machine has no level of that name.
    pub fn named(name: &str) -> Result<Level, LevelError> {
        let level = Level::available().find(|level| level.name() == name);
        level.ok_or_else(|| LevelError {
            name: name.to_string(),
        })
    }

    /// Its name: `baseline` or `avx2`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Isa::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
        }
    }

    /// Runs a kernel with this instruction set.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Isa::Baseline => kernel.run::<Plain>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: a level with AVX2 is only made where the machine has it.
            Isa::Avx2 => unsafe { avx2::run(kernel) },
        }
    }
}

/// A level that this machine does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    /// Its name.
    pub name: String,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Level::available().map(Level::name).collect();
        write!(
            f,
            "{VARIABLE}={}: this machine has no such level; it has {}",
            self.name,
            names.join(", ")
        )
    }
}

impl std::error::Error for LevelError {}

/// A loop that is compiled for every level. `run`, and all that it calls, has to be
/// `#[inline(always)]`: what is not inlined is compiled for the baseline.
pub trait Kernel {
    /// What it returns.
    type Output;
    /// The loop, over four doubles at a time.
    fn run<F: Four>(self) -> Self::Output;
}

/// A double, or several that go through the same operations. Each is rounded as IEEE-754 rounds one.
pub trait Number:
    Copy + Add<Output = Self> + Sub<Output = Self> + Mul<Output = Self> + Div<Output = Self>
{
    /// The same number everywhere.
    fn splat(x: f64) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The absolute value.
    fn abs(self) -> Self;
    /// `self` with the sign of `sign`.
    fn copysign(self, sign: Self) -> Self;
    /// `self` where it is larger than `other`, otherwise `other`: so for equals and NaN.
    fn larger(self, other: Self) -> Self;
    /// `self` where it is smaller than `other`, otherwise `other`: so for equals and NaN.
    fn smaller(self, other: Self) -> Self;
    /// `this` where `self` is at most `limit`, otherwise `that`: so for NaN.
    fn choose(self, limit: Self, this: Self, that: Self) -> Self;
    /// Its lowest 12 bits as sign and exponent of a double, the rest of the bits 0.
    fn low_bits_as_exponent(self) -> Self;
}

/// Four doubles at a time.
pub trait Four: Number {
    /// Four numbers.
    fn load(x: &[f64; 4]) -> Self;
    /// As four numbers.
    fn store(self, x: &mut [f64; 4]);
    /// The numbers of a slice of up to four, then zeros.
    ///
    /// # Panics
    /// Where there are more.
    fn load_part(x: &[f64]) -> Self;
    /// The first numbers, as many as the slice takes: up to four.
    ///
    /// # Panics
    /// Where it takes more.
    fn store_part(self, x: &mut [f64]);
    /// `(x_0 + x_1) + (x_2 + x_3)` of each: the written-down order of a sum over four lanes.
    fn sums(rows: [Self; 4]) -> Self;
}

/// A slice in groups of four, without the up to three that are left.
#[inline(always)]
pub fn fours(x: &[f64]) -> &[[f64; 4]] {
    // SAFETY: the groups are the first `x.len() / 4 * 4` entries of the slice itself.
    unsafe { std::slice::from_raw_parts(x.as_ptr().cast(), x.len() / 4) }
}

/// As [`fours`], to be written to.
#[inline(always)]
pub fn fours_mut(x: &mut [f64]) -> &mut [[f64; 4]] {
    // SAFETY: the groups are the first `x.len() / 4 * 4` entries of the slice itself.
    unsafe { std::slice::from_raw_parts_mut(x.as_mut_ptr().cast(), x.len() / 4) }
}

impl Number for f64 {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        x
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    #[inline(always)]
    fn abs(self) -> Self {
        f64::abs(self)
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        f64::copysign(self, sign)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        if self > other { self } else { other }
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        if self < other { self } else { other }
    }

    #[inline(always)]
    fn choose(self, limit: Self, this: Self, that: Self) -> Self {
        if self <= limit { this } else { that }
    }

    #[inline(always)]
    fn low_bits_as_exponent(self) -> Self {
        f64::from_bits(self.to_bits() << 52)
    }
}

/// The baseline: arithmetic on four doubles, as the compiler puts it.
#[derive(Clone, Copy)]
struct Plain([f64; 4]);

impl Plain {
    #[inline(always)]
    fn with(self, other: Self, f: impl Fn(f64, f64) -> f64) -> Self {
        let (x, y) = (self.0, other.0);
        Plain([f(x[0], y[0]), f(x[1], y[1]), f(x[2], y[2]), f(x[3], y[3])])
    }
}

impl Number for Plain {
    #[inline(always)]
    fn splat(x: f64) -> Self {
        Plain([x; 4])
    }

    #[inline(always)]
    fn sqrt(self) -> Self {
        Plain(self.0.map(f64::sqrt))
    }

    #[inline(always)]
    fn abs(self) -> Self {
        Plain(self.0.map(f64::abs))
    }

    #[inline(always)]
    fn copysign(self, sign: Self) -> Self {
        self.with(sign, f64::copysign)
    }

    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        self.with(other, Number::larger)
    }

    #[inline(always)]
    fn smaller(self, other: Self) -> Self {
        self.with(other, Number::smaller)
    }

    #[inline(always)]
    fn choose(self, limit: Self, this: Self, that: Self) -> Self {
        let choose = |i: usize| self.0[i].choose(limit.0[i], this.0[i], that.0[i]);
        Plain([choose(0), choose(1), choose(2), choose(3)])
    }

    #[inline(always)]
    fn low_bits_as_exponent(self) -> Self {
        Plain(self.0.map(Number::low_bits_as_exponent))
    }
}

impl Four for Plain {
    #[inline(always)]
    fn load(x: &[f64; 4]) -> Self {
        Plain(*x)
    }

    #[inline(always)]
    fn store(self, x: &mut [f64; 4]) {
        *x = self.0;
    }

    #[inline(always)]
    fn load_part(x: &[f64]) -> Self {
        let mut four = [0.0; 4];
        four[..x.len()].copy_from_slice(x);
        Plain(four)
    }

    #[inline(always)]
    fn store_part(self, x: &mut [f64]) {
        x.copy_from_slice(&self.0[..x.len()]);
    }

    #[inline(always)]
    fn sums(rows: [Self; 4]) -> Self {
        Plain(rows.map(|Plain(x)| (x[0] + x[1]) + (x[2] + x[3])))
    }
}

macro_rules! plain_operators {
    ($($Operator:ident $function:ident $symbol:tt;)*) => {$(
        impl $Operator for Plain {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                self.with(other, |x, y| x $symbol y)
            }
        }
    )*};
}
plain_operators! { Add add +; Sub sub -; Mul mul *; Div div /; }

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! Four doubles in one register of AVX2.

    use super::{Add, Div, Four, Kernel, Mul, Number, Sub};
    use std::arch::x86_64::*;

    /// # Safety
    /// The machine has AVX2.
    #[target_feature(enable = "avx2")]
    pub unsafe fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    /// Named by [`run`] alone: where there is a value of this type, or where one is made, the machine
    /// has AVX2. That is what every block below stands on.
    #[derive(Clone, Copy)]
    struct Avx2(__m256d);

    impl Number for Avx2 {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            Avx2(unsafe { _mm256_set1_pd(x) })
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            Avx2(unsafe { _mm256_sqrt_pd(self.0) })
        }

        #[inline(always)]
        fn abs(self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            Avx2(unsafe { _mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0) })
        }

        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            unsafe {
                let sign = _mm256_and_pd(_mm256_set1_pd(-0.0), sign.0);
                Avx2(_mm256_or_pd(self.abs().0, sign))
            }
        }

        #[inline(always)]
        fn larger(self, other: Self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            Avx2(unsafe { _mm256_max_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn smaller(self, other: Self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            Avx2(unsafe { _mm256_min_pd(self.0, other.0) })
        }

        #[inline(always)]
        fn choose(self, limit: Self, this: Self, that: Self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            unsafe {
                let at_most = _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, limit.0);
                Avx2(_mm256_blendv_pd(that.0, this.0, at_most))
            }
        }

        #[inline(always)]
        fn low_bits_as_exponent(self) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            unsafe {
                let bits = _mm256_slli_epi64::<52>(_mm256_castpd_si256(self.0));
                Avx2(_mm256_castsi256_pd(bits))
            }
        }
    }

    impl Four for Avx2 {
        #[inline(always)]
        fn load(x: &[f64; 4]) -> Self {
            // SAFETY: there is AVX2, and the reference is to four doubles.
            Avx2(unsafe { _mm256_loadu_pd(x.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, x: &mut [f64; 4]) {
            // SAFETY: there is AVX2, and the reference is to four doubles.
            unsafe { _mm256_storeu_pd(x.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn load_part(x: &[f64]) -> Self {
            // SAFETY: there is AVX2; memory is not touched where the mask is 0.
            Avx2(unsafe { _mm256_maskload_pd(x.as_ptr(), mask(x.len())) })
        }

        #[inline(always)]
        fn store_part(self, x: &mut [f64]) {
            // SAFETY: there is AVX2; memory is not touched where the mask is 0.
            unsafe { _mm256_maskstore_pd(x.as_mut_ptr(), mask(x.len()), self.0) }
        }

        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> Self {
            // SAFETY: there is AVX2, see [`Avx2`].
            unsafe {
                let ab = _mm256_add_pd(_mm256_unpacklo_pd(a.0, b.0), _mm256_unpackhi_pd(a.0, b.0));
                let cd = _mm256_add_pd(_mm256_unpacklo_pd(c.0, d.0), _mm256_unpackhi_pd(c.0, d.0));
                let low = _mm256_permute2f128_pd::<0x20>(ab, cd);
                Avx2(_mm256_add_pd(low, _mm256_permute2f128_pd::<0x31>(ab, cd)))
            }
        }
    }

    /// For each of four lanes, whether it is among the first `length`; called where there is AVX2.
    ///
    /// # Panics
    /// Where there are more than four.
    #[inline(always)]
    fn mask(length: usize) -> __m256i {
        const LANES: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
        let lanes: &[i64] = &LANES[4 - length..][..4];
        // SAFETY: there is AVX2, and the slice holds four numbers.
        unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) }
    }

    macro_rules! operators {
        ($($Operator:ident $function:ident $intrinsic:ident;)*) => {$(
            impl $Operator for Avx2 {
                type Output = Self;
                #[inline(always)]
                fn $function(self, other: Self) -> Self {
                    // SAFETY: there is AVX2, see [`Avx2`].
                    Avx2(unsafe { $intrinsic(self.0, other.0) })
                }
            }
        )*};
    }
    operators! {
        Add add _mm256_add_pd;
        Sub sub _mm256_sub_pd;
        Mul mul _mm256_mul_pd;
        Div div _mm256_div_pd;
    }
}
