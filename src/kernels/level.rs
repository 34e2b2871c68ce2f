//! The choice of an instruction set. This is the only file of the crate with `unsafe`.
//!
//! A kernel is written once, over eight doubles at a time ([`F64x8`](super::F64x8)), and compiled for every level: for
//! the baseline of any machine, and on x86-64 for AVX2 and AVX-512. A [`Level`] exists only on a machine that has it,
//! so it is safe to run a kernel at a level. All levels do the same operations in the same order on the same numbers,
//! so the level never changes the bits of a result.

#[cfg(not(target_arch = "aarch64"))]
use super::baseline::Baseline;
use super::lanes::Kernel;
#[cfg(target_arch = "aarch64")]
use neon::Neon as Baseline;
use std::ffi::OsString;
use std::fmt;
use std::sync::OnceLock;

/// The environment variable that names the level to use.
const ISA_VARIABLE: &str = "ELMAN_ISA";

/// An instruction set that this machine has. Kernels are called as its methods.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Isa);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Isa {
    Baseline,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The level that every machine has: SSE2 on x86-64, NEON on 64-bit Arm.
    pub const BASELINE: Level = Level(Isa::Baseline);

    /// The levels that this machine has, the widest last.
    pub fn available() -> impl DoubleEndedIterator<Item = Level> {
        #[cfg(target_arch = "x86_64")]
        let wide = {
            use std::arch::is_x86_feature_detected as has;
            let avx2 = has!("avx2") && has!("fma");
            let avx512 = avx2 && has!("avx512f") && has!("avx512dq") && has!("avx512vl");
            [avx2.then_some(Level(Isa::Avx2)), avx512.then_some(Level(Isa::Avx512))]
        };
        #[cfg(not(target_arch = "x86_64"))]
        let wide = [None; 2];
        [Some(Level::BASELINE)].into_iter().chain(wide).flatten()
    }

    /// Whether this level has the fused multiply-add as an instruction. Without it, software computes the same numbers,
    /// about 25 times more slowly.
    pub fn has_fma(self) -> bool {
        cfg!(target_arch = "aarch64") || self.0 != Isa::Baseline
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
        Level::from_value(std::env::var_os(ISA_VARIABLE))
    }

    /// The level for this value of the environment variable.
    fn from_value(value: Option<OsString>) -> Result<Level, LevelError> {
        match value {
            Some(name) if !name.is_empty() => Level::named(&name.to_string_lossy())
                .map_err(|error| LevelError { is_from_environment: true, ..error }),
            _ => Ok(Level::widest()),
        }
    }

    /// The level that the crate uses by default: [`Level::from_environment`] at the first call, or the widest if that
    /// is an error.
    pub fn chosen() -> Level {
        static CHOSEN: OnceLock<Level> = OnceLock::new();
        *CHOSEN.get_or_init(|| Level::from_environment().unwrap_or(Level::widest()))
    }

    /// The level with this name. Names are lower case, as [`Level::name`] gives them.
    ///
    /// # Errors
    /// [`LevelError`] if this machine has no level of that name.
    ///
    /// # Examples
    /// ```
    /// use elman::Level;
    ///
    /// assert_eq!(Level::named("baseline"), Ok(Level::BASELINE));
    /// let error = Level::named("xyz").unwrap_err().to_string();
    /// assert!(error.starts_with("this machine has no instruction set \"xyz\"; it has baseline"));
    /// ```
    pub fn named(name: &str) -> Result<Level, LevelError> {
        let level = Level::available().find(|level| level.name() == name);
        level.ok_or_else(|| LevelError { name: name.to_string(), is_from_environment: false })
    }

    /// Its name: `baseline`, `avx2` or `avx512`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Isa::Baseline => "baseline",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Isa::Avx512 => "avx512",
        }
    }

    /// Runs a kernel with this instruction set, and returns its result.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            Isa::Baseline => kernel.run::<Baseline>(),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Level::available` makes this level only where the machine has AVX2 and FMA.
            Isa::Avx2 => unsafe { avx2::run(kernel) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Level::available` makes this level only where the machine has these parts of AVX-512.
            Isa::Avx512 => unsafe { avx512::run(kernel) },
        }
    }
}

/// This machine does not have the level. The message lists the levels that it has. If the name came from the
/// environment, the message says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LevelError {
    /// The name that was requested.
    pub name: String,
    is_from_environment: bool,
}

impl fmt::Display for LevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        if self.is_from_environment {
            write!(f, "{ISA_VARIABLE}={name}: this machine has no such instruction set")?;
        } else {
            write!(f, "this machine has no instruction set {name:?}")?;
        }
        let names: Vec<&str> = Level::available().map(Level::name).collect();
        write!(f, "; it has {}", names.join(", "))
    }
}

impl std::error::Error for LevelError {}

/// Methods of a type that holds eight doubles in registers, each by one instruction or one function of
/// registers: `$each` applies it to every register.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! methods {
    ($each:ident: $($name:ident($self:ident $(, $x:ident)*) = $instruction:ident($($argument:ident),*);)*) => {$(
        #[inline(always)]
        fn $name($self $(, $x: Self)*) -> Self {
            $each!($instruction, $($argument),*)
        }
    )*};
}

/// Its operators.
#[cfg(any(target_arch = "x86_64", target_arch = "aarch64"))]
macro_rules! operators {
    ($Type:ident, $each:ident: $($Operator:ident $function:ident $instruction:ident;)*) => {$(
        impl $Operator for $Type {
            type Output = Self;
            #[inline(always)]
            fn $function(self, other: Self) -> Self {
                $each!($instruction, self, other)
            }
        }
    )*};
}

#[cfg(target_arch = "x86_64")]
mod avx512 {
    //! Eight doubles in one register of AVX-512.

    use crate::kernels::lanes::{F64x8, Kernel, Number, ONE, SIGNIFICAND, TWO_POW_52};
    use std::arch::x86_64::*;
    use std::ops::{Add, Div, Mul, Neg, Sub};

    /// Runs a kernel with AVX-512.
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx2,fma")]
    pub fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx512>()
    }

    /// Eight doubles in one register. Only [`run`] names this type, so code that has or makes a value of it runs on a
    /// machine with AVX-512.
    #[derive(Clone, Copy)]
    struct Avx512(__m512d);

    /// Instructions of AVX-512, for the methods of [`Avx512`] alone.
    macro_rules! avx512 {
        ($instructions:expr) => {
            // SAFETY: the machine has AVX-512, see `Avx512`.
            unsafe { $instructions }
        };
    }

    macro_rules! each {
        ($instruction:ident $(, $x:expr)*) => {
            Avx512(avx512!($instruction($($x.0),*)))
        };
    }

    /// Instructions on the bits of a register.
    macro_rules! bits {
        ($instruction:path, $x:expr $(, $y:expr)*) => {
            Avx512(avx512!(_mm512_castsi512_pd($instruction(_mm512_castpd_si512($x.0) $(, $y)*))))
        };
    }

    impl Number for Avx512 {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            Avx512(avx512!(_mm512_set1_pd(x)))
        }

        #[inline(always)]
        fn choose(self, limit: Self, this: Self, that: Self) -> Self {
            avx512!({
                let at_most = _mm512_cmp_pd_mask::<_CMP_LE_OQ>(self.0, limit.0);
                Avx512(_mm512_mask_blend_pd(at_most, that.0, this.0))
            })
        }

        #[inline(always)]
        fn low_bits_as_exponent(self) -> Self {
            bits!(_mm512_slli_epi64::<52>, self)
        }

        #[inline(always)]
        fn exponent_as_low_bits(self) -> Self {
            let low = bits!(_mm512_srli_epi64::<52>, self);
            bits!(_mm512_or_si512, low, _mm512_set1_epi64(TWO_POW_52 as i64))
        }

        #[inline(always)]
        fn significand(self) -> Self {
            let rest = bits!(_mm512_and_si512, self, _mm512_set1_epi64(SIGNIFICAND as i64));
            bits!(_mm512_or_si512, rest, _mm512_set1_epi64(ONE as i64))
        }

        methods! { each:
            fma(self, factor, addend) = _mm512_fmadd_pd(self, factor, addend);
            minus_product(self, x, y) = _mm512_fnmadd_pd(x, y, self);
            sqrt(self) = _mm512_sqrt_pd(self);
            abs(self) = _mm512_abs_pd(self);
            larger(self, other) = _mm512_max_pd(self, other);
            smaller(self, other) = _mm512_min_pd(self, other);
        }
    }

    impl F64x8 for Avx512 {
        const SUMS: usize = 24;
        const DIVIDER_SHARE: usize = 3;

        #[inline(always)]
        fn load(x: &[f64; 8]) -> Self {
            // SAFETY: the machine has AVX-512, and the pointer is to eight doubles.
            Avx512(unsafe { _mm512_loadu_pd(x.as_ptr()) })
        }

        #[inline(always)]
        fn store(self, x: &mut [f64; 8]) {
            // SAFETY: the machine has AVX-512, and the pointer is to eight doubles.
            unsafe { _mm512_storeu_pd(x.as_mut_ptr(), self.0) }
        }

        #[inline(always)]
        fn load_part(x: &[f64]) -> Self {
            // SAFETY: the machine has AVX-512; lanes that the mask leaves out touch no memory.
            Avx512(unsafe { _mm512_maskz_loadu_pd(mask(x.len()), x.as_ptr()) })
        }

        #[inline(always)]
        fn store_part(self, x: &mut [f64]) {
            // SAFETY: the machine has AVX-512; lanes that the mask leaves out touch no memory.
            unsafe { _mm512_mask_storeu_pd(x.as_mut_ptr(), mask(x.len()), self.0) }
        }

        #[inline(always)]
        fn pair_sums(self, y: Self) -> Self {
            each!(_mm512_unpacklo_pd, self, y) + each!(_mm512_unpackhi_pd, self, y)
        }

        #[inline(always)]
        fn sums_of_pairs([a, b, c, d]: [Self; 4]) -> Self {
            add_quads(add_quads(a, b), add_quads(c, d))
        }

        #[inline(always)]
        fn with_lowest_bit(self) -> Self {
            bits!(_mm512_or_si512, self, _mm512_set1_epi64(1))
        }

        methods! { each:
            near_reciprocal_root(self) = _mm512_rsqrt14_pd(self);
        }
    }

    /// The mask of the first `length` of eight lanes.
    ///
    /// # Panics
    /// Panics if `length` is more than eight.
    #[inline(always)]
    fn mask(length: usize) -> __mmask8 {
        assert!(length <= 8, "lanes: {length}");
        ((1_u16 << length) - 1) as __mmask8
    }

    /// With pairs as quads: the sums of the first and the second pair and of the third and the fourth of a, then of b.
    #[inline(always)]
    fn add_quads(a: Avx512, b: Avx512) -> Avx512 {
        avx512!({
            let even = _mm512_shuffle_f64x2::<0b10_00_10_00>(a.0, b.0);
            let odd = _mm512_shuffle_f64x2::<0b11_01_11_01>(a.0, b.0);
            Avx512(_mm512_add_pd(even, odd))
        })
    }

    impl Neg for Avx512 {
        type Output = Self;
        #[inline(always)]
        fn neg(self) -> Self {
            bits!(_mm512_xor_si512, self, _mm512_set1_epi64(i64::MIN))
        }
    }

    operators! { Avx512, each:
        Add add _mm512_add_pd;
        Sub sub _mm512_sub_pd;
        Mul mul _mm512_mul_pd;
        Div div _mm512_div_pd;
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    //! Eight doubles in two registers of AVX2.

    use crate::kernels::lanes::{F64x8, Kernel, Number, ONE, ROOT_BITS, SIGNIFICAND, TWO_POW_52};
    use crate::kernels::roots::refined_reciprocal_root;
    use std::arch::x86_64::*;
    use std::ops::{Add, Div, Mul, Neg, Sub};

    /// Runs a kernel with AVX2 and FMA.
    #[target_feature(enable = "avx2,fma")]
    pub fn run<K: Kernel>(kernel: K) -> K::Output {
        kernel.run::<Avx2>()
    }

    /// Eight doubles in two registers. Only [`run`] names this type, so code that has or makes a value of it runs on a
    /// machine with AVX2 and FMA.
    #[derive(Clone, Copy)]
    struct Avx2([__m256d; 2]);

    /// Instructions of AVX2 and FMA, for the methods of [`Avx2`] alone.
    macro_rules! avx2 {
        ($instructions:expr) => {
            // SAFETY: the machine has AVX2 and FMA, see `Avx2`.
            unsafe { $instructions }
        };
    }

    macro_rules! each {
        ($instruction:ident $(, $x:expr)*) => {
            Avx2(avx2!([$instruction($($x.0[0]),*), $instruction($($x.0[1]),*)]))
        };
    }

    impl Number for Avx2 {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            Avx2([avx2!(_mm256_set1_pd(x)); 2])
        }

        #[inline(always)]
        fn abs(self) -> Self {
            each!(_mm256_andnot_pd, Self::splat(-0.0), self)
        }

        #[inline(always)]
        fn exponent_as_low_bits(self) -> Self {
            let low = each!(shift_right, self);
            each!(_mm256_or_pd, low, Self::splat(f64::from_bits(TWO_POW_52)))
        }

        #[inline(always)]
        fn significand(self) -> Self {
            let rest = each!(_mm256_and_pd, self, Self::splat(f64::from_bits(SIGNIFICAND)));
            each!(_mm256_or_pd, rest, Self::splat(f64::from_bits(ONE)))
        }

        methods! { each:
            fma(self, factor, addend) = _mm256_fmadd_pd(self, factor, addend);
            minus_product(self, x, y) = _mm256_fnmadd_pd(x, y, self);
            sqrt(self) = _mm256_sqrt_pd(self);
            larger(self, other) = _mm256_max_pd(self, other);
            smaller(self, other) = _mm256_min_pd(self, other);
            choose(self, limit, this, that) = choose(self, limit, this, that);
            low_bits_as_exponent(self) = shift_left(self);
        }
    }

    /// `this` where `x` is at most `limit`, otherwise `that`.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn choose(x: __m256d, limit: __m256d, this: __m256d, that: __m256d) -> __m256d {
        _mm256_blendv_pd(that, this, _mm256_cmp_pd::<_CMP_LE_OQ>(x, limit))
    }

    /// The bits 52 places further left.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn shift_left(x: __m256d) -> __m256d {
        _mm256_castsi256_pd(_mm256_slli_epi64::<52>(_mm256_castpd_si256(x)))
    }

    /// The bits 52 places further right.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn shift_right(x: __m256d) -> __m256d {
        _mm256_castsi256_pd(_mm256_srli_epi64::<52>(_mm256_castpd_si256(x)))
    }

    /// See [`ROOT_BITS`].
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn rough_reciprocal_root(x: __m256d) -> __m256d {
        let half = _mm256_srli_epi64::<1>(_mm256_castpd_si256(x));
        _mm256_castsi256_pd(_mm256_sub_epi64(_mm256_set1_epi64x(ROOT_BITS as i64), half))
    }

    /// `a_0 + a_1, b_0 + b_1, a_2 + a_3, b_2 + b_3`. A blend takes less than a second shuffle.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add_pairs(a: __m256d, b: __m256d) -> __m256d {
        let crossed = _mm256_shuffle_pd::<0b0101>(a, b);
        _mm256_add_pd(_mm256_blend_pd::<0b1010>(a, b), crossed)
    }

    /// With pairs as halves: the sum of the first and the second of a, then of b.
    #[inline]
    #[target_feature(enable = "avx2,fma")]
    fn add_halves(a: __m256d, b: __m256d) -> __m256d {
        let inner = _mm256_permute2f128_pd::<0x21>(a, b);
        _mm256_add_pd(_mm256_blend_pd::<0b1100>(a, b), inner)
    }

    impl F64x8 for Avx2 {
        const SUMS: usize = 6;
        const DIVIDER_SHARE: usize = 2;

        #[inline(always)]
        fn load(x: &[f64; 8]) -> Self {
            // SAFETY: the machine has AVX2, and each pointer is to four of the eight doubles.
            Avx2(unsafe { [_mm256_loadu_pd(x.as_ptr()), _mm256_loadu_pd(x.as_ptr().add(4))] })
        }

        #[inline(always)]
        fn store(self, x: &mut [f64; 8]) {
            // SAFETY: the machine has AVX2, and each pointer is to four of the eight doubles.
            unsafe {
                _mm256_storeu_pd(x.as_mut_ptr(), self.0[0]);
                _mm256_storeu_pd(x.as_mut_ptr().add(4), self.0[1]);
            }
        }

        #[inline(always)]
        fn load_part(x: &[f64]) -> Self {
            let [low, high] = masks(x.len());
            let x = x.as_ptr();
            // SAFETY: the machine has AVX2; lanes that a mask leaves out touch no memory.
            Avx2(unsafe {
                [_mm256_maskload_pd(x, low), _mm256_maskload_pd(x.wrapping_add(4), high)]
            })
        }

        #[inline(always)]
        fn store_part(self, x: &mut [f64]) {
            // Masked stores are slow on some machines.
            x.copy_from_slice(&self.to_array()[..x.len()]);
        }

        #[inline(always)]
        fn sums_of_pairs([a, b, c, d]: [Self; 4]) -> Self {
            let low = each!(add_halves, a, b);
            let high = each!(add_halves, c, d);
            avx2!(Avx2([_mm256_add_pd(low.0[0], low.0[1]), _mm256_add_pd(high.0[0], high.0[1]),]))
        }

        #[inline(always)]
        fn with_lowest_bit(self) -> Self {
            each!(_mm256_or_pd, self, Self::splat(f64::from_bits(1)))
        }

        #[inline(always)]
        fn near_reciprocal_root(self) -> Self {
            refined_reciprocal_root(self, each!(rough_reciprocal_root, self))
        }

        methods! { each:
            pair_sums(self, y) = add_pairs(self, y);
        }
    }

    /// The masks of the first `length` of eight lanes, for the methods of [`Avx2`] alone.
    ///
    /// # Panics
    /// Panics if `length` is more than eight.
    #[inline(always)]
    fn masks(length: usize) -> [__m256i; 2] {
        const LANES: [i64; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        let lanes: &[i64] = &LANES[8 - length..][..8];
        // SAFETY: the machine has AVX2, and each pointer is to four of the eight numbers.
        unsafe {
            [
                _mm256_loadu_si256(lanes.as_ptr().cast()),
                _mm256_loadu_si256(lanes.as_ptr().add(4).cast()),
            ]
        }
    }

    impl Neg for Avx2 {
        type Output = Self;
        #[inline(always)]
        fn neg(self) -> Self {
            each!(_mm256_xor_pd, Self::splat(-0.0), self)
        }
    }

    operators! { Avx2, each:
        Add add _mm256_add_pd;
        Sub sub _mm256_sub_pd;
        Mul mul _mm256_mul_pd;
        Div div _mm256_div_pd;
    }
}

#[cfg(target_arch = "aarch64")]
mod neon {
    //! Eight doubles in four registers of NEON, which every 64-bit Arm has.

    use crate::kernels::lanes::{F64x8, Number, ONE, ROOT_BITS, SIGNIFICAND, TWO_POW_52};
    use crate::kernels::roots::refined_reciprocal_root;
    use std::arch::aarch64::*;
    use std::ops::{Add, Div, Mul, Neg, Sub};

    /// Eight doubles in four registers.
    #[derive(Clone, Copy)]
    pub struct Neon([float64x2_t; 4]);

    /// Instructions of NEON.
    macro_rules! neon {
        ($instructions:expr) => {
            // SAFETY: every 64-bit Arm has NEON.
            unsafe { $instructions }
        };
    }

    macro_rules! each {
        ($instruction:ident $(, $x:expr)*) => {
            Neon(neon!([
                $instruction($($x.0[0]),*),
                $instruction($($x.0[1]),*),
                $instruction($($x.0[2]),*),
                $instruction($($x.0[3]),*),
            ]))
        };
    }

    impl Number for Neon {
        #[inline(always)]
        fn splat(x: f64) -> Self {
            Neon([neon!(vdupq_n_f64(x)); 4])
        }

        methods! { each:
            fma(self, factor, addend) = vfmaq_f64(addend, self, factor);
            minus_product(self, x, y) = vfmsq_f64(self, x, y);
            sqrt(self) = vsqrtq_f64(self);
            abs(self) = vabsq_f64(self);
            larger(self, other) = larger(self, other);
            smaller(self, other) = smaller(self, other);
            choose(self, limit, this, that) = choose(self, limit, this, that);
            low_bits_as_exponent(self) = shift_left(self);
            exponent_as_low_bits(self) = exponent(self);
            significand(self) = significand(self);
        }
    }

    // The instructions for the larger and the smaller number treat NaN otherwise.
    #[inline]
    #[target_feature(enable = "neon")]
    fn larger(x: float64x2_t, y: float64x2_t) -> float64x2_t {
        vbslq_f64(vcgtq_f64(x, y), x, y)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn smaller(x: float64x2_t, y: float64x2_t) -> float64x2_t {
        vbslq_f64(vcltq_f64(x, y), x, y)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn choose(
        x: float64x2_t,
        limit: float64x2_t,
        this: float64x2_t,
        that: float64x2_t,
    ) -> float64x2_t {
        vbslq_f64(vcleq_f64(x, limit), this, that)
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn shift_left(x: float64x2_t) -> float64x2_t {
        vreinterpretq_f64_u64(vshlq_n_u64::<52>(vreinterpretq_u64_f64(x)))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn exponent(x: float64x2_t) -> float64x2_t {
        let low = vshrq_n_u64::<52>(vreinterpretq_u64_f64(x));
        vreinterpretq_f64_u64(vorrq_u64(low, vdupq_n_u64(TWO_POW_52)))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn significand(x: float64x2_t) -> float64x2_t {
        let rest = vandq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(SIGNIFICAND));
        vreinterpretq_f64_u64(vorrq_u64(rest, vdupq_n_u64(ONE)))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn rough_reciprocal_root(x: float64x2_t) -> float64x2_t {
        let half = vshrq_n_u64::<1>(vreinterpretq_u64_f64(x));
        vreinterpretq_f64_u64(vsubq_u64(vdupq_n_u64(ROOT_BITS), half))
    }

    #[inline]
    #[target_feature(enable = "neon")]
    fn with_lowest_bit(x: float64x2_t) -> float64x2_t {
        vreinterpretq_f64_u64(vorrq_u64(vreinterpretq_u64_f64(x), vdupq_n_u64(1)))
    }

    /// The sum of four registers.
    #[inline]
    #[target_feature(enable = "neon")]
    fn sum_of_four([a, b, c, d]: [float64x2_t; 4]) -> float64x2_t {
        vaddq_f64(vaddq_f64(a, b), vaddq_f64(c, d))
    }

    impl F64x8 for Neon {
        const SUMS: usize = 6;
        const DIVIDER_SHARE: usize = 1;

        #[inline(always)]
        fn load(x: &[f64; 8]) -> Self {
            let (x, _) = x.as_chunks::<2>();
            // SAFETY: every 64-bit Arm has NEON, and the pointer is to two doubles.
            let load = |x: &[f64; 2]| unsafe { vld1q_f64(x.as_ptr()) };
            Neon([load(&x[0]), load(&x[1]), load(&x[2]), load(&x[3])])
        }

        #[inline(always)]
        fn store(self, x: &mut [f64; 8]) {
            for (x, two) in x.as_chunks_mut::<2>().0.iter_mut().zip(self.0) {
                // SAFETY: every 64-bit Arm has NEON, and the pointer is to two doubles.
                unsafe { vst1q_f64(x.as_mut_ptr(), two) }
            }
        }

        #[inline(always)]
        fn load_part(x: &[f64]) -> Self {
            let mut eight = [0.0; 8];
            eight[..x.len()].copy_from_slice(x);
            Self::load(&eight)
        }

        #[inline(always)]
        fn store_part(self, x: &mut [f64]) {
            x.copy_from_slice(&self.to_array()[..x.len()]);
        }

        #[inline(always)]
        fn sums_of_pairs(pairs: [Self; 4]) -> Self {
            let [a, b, c, d] = pairs.map(|pair| pair.0);
            neon!(Neon([sum_of_four(a), sum_of_four(b), sum_of_four(c), sum_of_four(d)]))
        }

        #[inline(always)]
        fn near_reciprocal_root(self) -> Self {
            refined_reciprocal_root(self, each!(rough_reciprocal_root, self))
        }

        methods! { each:
            pair_sums(self, y) = vpaddq_f64(self, y);
            with_lowest_bit(self) = with_lowest_bit(self);
        }
    }

    impl Neg for Neon {
        type Output = Self;
        #[inline(always)]
        fn neg(self) -> Self {
            each!(vnegq_f64, self)
        }
    }

    operators! { Neon, each:
        Add add vaddq_f64;
        Sub sub vsubq_f64;
        Mul mul vmulq_f64;
        Div div vdivq_f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Only the baseline of x86-64 computes it in software.
    #[test]
    fn every_level_but_the_oldest_has_the_fused_multiply_add() {
        for level in Level::available() {
            let is_oldest = level == Level::BASELINE && !cfg!(target_arch = "aarch64");
            assert_eq!(level.has_fma(), !is_oldest, "{level:?}");
            assert_eq!(Level::named(level.name()), Ok(level));
        }
        assert!(Level::named("").is_err() && Level::named("avx").is_err());
    }

    #[test]
    fn an_error_names_the_environment_only_where_the_name_came_from_it() {
        let names: Vec<&str> = Level::available().map(Level::name).collect();
        let it_has = format!("it has {}", names.join(", "));
        let by_program = Level::named("x\"yz").unwrap_err();
        assert_eq!(by_program.name, "x\"yz");
        let message = format!("this machine has no instruction set \"x\\\"yz\"; {it_has}");
        assert_eq!(by_program.to_string(), message);

        let of_value = |value: &str| Level::from_value(Some(value.into()));
        let by_environment = of_value("xyz").unwrap_err();
        assert_eq!(by_environment.name, "xyz");
        let message = format!("ELMAN_ISA=xyz: this machine has no such instruction set; {it_has}");
        assert_eq!(by_environment.to_string(), message);

        assert_eq!(of_value("baseline"), Ok(Level::BASELINE));
        assert_eq!(of_value(""), Ok(Level::widest()));
        assert_eq!(Level::from_value(None), Ok(Level::widest()));
    }
}
