//! The choice of an instruction set: the only file of the crate with `unsafe`.
//!
//! A kernel is written once, over four doubles at a time ([`F64x4`](super::F64x4)), and compiled for every
//! level: with plain arithmetic for the baseline of any machine, and for AVX2 on x86-64. A [`Level`] exists
//! only on a machine that has it, so running a kernel at a level is safe. Both levels do the same operations in
//! the same order on the same numbers, so the level never changes the bits of a result.

use super::baseline::Baseline;
use super::lanes::Kernel;
use std::fmt;
use std::sync::OnceLock;

/// The environment variable that names the level to use.
const ISA_VARIABLE: &str = "ELMAN_ISA";

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
    /// The level that every machine has: SSE2 on x86-64, NEON on 64-bit Arm.
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

    /// The level that the environment variable `ELMAN_ISA` names, or the widest if it is unset or empty.
    ///
    /// # Errors
    /// [`LevelError`] if this machine has no level of that name.
    pub fn from_environment() -> Result<Level, LevelError> {
        match std::env::var_os(ISA_VARIABLE) {
            Some(name) if !name.is_empty() => Level::named(&name.to_string_lossy()),
            _ => Ok(Level::widest()),
        }
    }

    /// The default level: [`Level::from_environment`] at the first call, or the widest if that is an error.
    pub fn chosen() -> Level {
        static CHOSEN: OnceLock<Level> = OnceLock::new();
        *CHOSEN.get_or_init(|| Level::from_environment().unwrap_or(Level::widest()))
    }

    /// The level with this name.
    ///
    /// # Errors
    /// [`LevelError`] if this machine has no level of that name.
    pub fn named(name: &str) -> Result<Level, LevelError> {
        let level = Level::available().find(|level| level.name() == name);
        level.ok_or_else(|| LevelError { name: name.to_string() })
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
            Isa::Baseline => kernel.run::<Baseline>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Level::available` makes this level only where the machine has AVX2.
            Isa::Avx2 => unsafe { avx2::run(kernel) },
        }
    }
}

/// The error for a level that this machine does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    /// The name that was asked for.
    pub name: String,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Level::available().map(Level::name).collect();
        write!(
            f,
            "{ISA_VARIABLE}={}: this machine has no such level; it has {}",
            self.name,
            names.join(", ")
        )
    }
}

impl std::error::Error for LevelError {}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! Four doubles in one register of AVX2.

    use crate::kernels::lanes::{F64x4, Kernel, Number};
    use std::arch::x86_64::*;
    use std::ops::{Add, Div, Mul, Sub};

    /// Runs a kernel with AVX2.
    #[target_feature(enable = "avx2")]
    pub fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    /// Four doubles in one register. Only [`run`] names this type, so code that has or makes a value of it runs on a
    /// machine with AVX2.
    #[derive(Clone, Copy)]
    struct Avx2(__m256d);

    /// Instructions of AVX2, for the methods of [`Avx2`] alone.
    macro_rules! avx2 {
        ($instructions:expr) => {
            // SAFETY: the machine has AVX2, see `Avx2`.
            unsafe { $instructions }
        };
    }

    impl Number for Avx2 {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            Avx2(avx2!(_mm256_set1_pd(x)))
        }

        #[inline(always)]
        fn sqrt(self) -> Self {
            Avx2(avx2!(_mm256_sqrt_pd(self.0)))
        }

        #[inline(always)]
        fn abs(self) -> Self {
            Avx2(avx2!(_mm256_andnot_pd(_mm256_set1_pd(-0.0), self.0)))
        }

        #[inline(always)]
        fn copysign(self, sign: Self) -> Self {
            avx2!({
                let sign = _mm256_and_pd(_mm256_set1_pd(-0.0), sign.0);
                Avx2(_mm256_or_pd(self.abs().0, sign))
            })
        }

        #[inline(always)]
        fn larger(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_max_pd(self.0, other.0)))
        }

        #[inline(always)]
        fn smaller(self, other: Self) -> Self {
            Avx2(avx2!(_mm256_min_pd(self.0, other.0)))
        }

        #[inline(always)]
        fn choose(self, limit: Self, this: Self, that: Self) -> Self {
            avx2!({
                let at_most = _mm256_cmp_pd::<_CMP_LE_OQ>(self.0, limit.0);
                Avx2(_mm256_blendv_pd(that.0, this.0, at_most))
            })
        }

        #[inline(always)]
        fn low_bits_as_exponent(self) -> Self {
            avx2!({
                let bits = _mm256_slli_epi64::<52>(_mm256_castpd_si256(self.0));
                Avx2(_mm256_castsi256_pd(bits))
            })
        }
    }

    impl F64x4 for Avx2 {
        #[inline(always)]
        fn load(x: &[f64; 4]) -> Self {
            // SAFETY: the machine has AVX2, and the pointer is to four doubles.
            Avx2(unsafe { _mm256_loadu_pd(x.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, x: &mut [f64; 4]) {
            // SAFETY: the machine has AVX2, and the pointer is to four doubles.
            unsafe { _mm256_storeu_pd(x.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn load_part(x: &[f64]) -> Self {
            // SAFETY: the machine has AVX2; lanes that the mask leaves out touch no memory.
            Avx2(unsafe { _mm256_maskload_pd(x.as_ptr(), mask(x.len())) })
        }

        #[inline(always)]
        fn store_part(self, x: &mut [f64]) {
            // SAFETY: the machine has AVX2; lanes that the mask leaves out touch no memory.
            unsafe { _mm256_maskstore_pd(x.as_mut_ptr(), mask(x.len()), self.0) }
        }

        #[inline(always)]
        fn sums([a, b, c, d]: [Self; 4]) -> Self {
            avx2!({
                let ab = _mm256_add_pd(_mm256_unpacklo_pd(a.0, b.0), _mm256_unpackhi_pd(a.0, b.0));
                let cd = _mm256_add_pd(_mm256_unpacklo_pd(c.0, d.0), _mm256_unpackhi_pd(c.0, d.0));
                let low = _mm256_permute2f128_pd::<0x20>(ab, cd);
                Avx2(_mm256_add_pd(low, _mm256_permute2f128_pd::<0x31>(ab, cd)))
            })
        }
    }

    /// The mask of the first `length` of four lanes, for the methods of [`Avx2`] alone.
    ///
    /// # Panics
    /// Panics if `length` is more than four.
    #[inline(always)]
    fn mask(length: usize) -> __m256i {
        const LANES: [i64; 8] = [-1, -1, -1, -1, 0, 0, 0, 0];
        let lanes: &[i64] = &LANES[4 - length..][..4];
        // SAFETY: the machine has AVX2, and the pointer is to four numbers.
        unsafe { _mm256_loadu_si256(lanes.as_ptr().cast()) }
    }

    macro_rules! operators {
        ($($Operator:ident $function:ident $instruction:ident;)*) => {$(
            impl $Operator for Avx2 {
                type Output = Self;
                #[inline(always)]
                fn $function(self, other: Self) -> Self {
                    Avx2(avx2!($instruction(self.0, other.0)))
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
