//! What the machine gives at most, measured on the machine itself: short loops that do one thing only,
//! at its widest level.

use super::numbers;
use elman::kernels::{F64x4, Kernel, Level, exp, tanh_of_sums};
use std::hint::black_box;

/// A loop that goes through `entries` doubles each time it runs.
pub struct Limit {
    pub name: String,
    pub entries: usize,
    pub run: Box<dyn FnMut()>,
}

impl Limit {
    fn new(name: impl ToString, entries: usize, run: impl FnMut() + 'static) -> Self {
        Limit { name: name.to_string(), entries, run: Box::new(run) }
    }
}

/// Chains of operations, each of which waits for the one before: as many as the 16 registers of AVX2 hold
/// beside two constants, and enough to hide how long a multiplication and an addition take.
const CHAINS: usize = 14;
const ROUNDS: usize = 1000;

/// Multiplications, each followed by an addition, without any memory.
pub fn multiply_adds() -> Limit {
    Limit::new("multiply_adds", 4 * CHAINS * ROUNDS, || {
        black_box(Level::widest().run(MultiplyAdds(black_box(1.0))));
    })
}

struct MultiplyAdds(f64);

impl Kernel for MultiplyAdds {
    type Output = [f64; 4];

    #[inline(always)]
    fn run<F: F64x4>(self) -> [f64; 4] {
        let (factor, term) = (F::splat(0.5 * self.0), F::splat(self.0));
        let mut chains = starts::<F>(self.0);
        for _ in 0..ROUNDS {
            for x in &mut chains {
                *x = *x * factor + term;
            }
        }
        total(chains)
    }
}

/// Square roots, each followed by a division: what AdaGrad asks of the divider for an entry.
pub fn divisions() -> Limit {
    Limit::new("sqrt_and_division", 4 * CHAINS * ROUNDS, || {
        black_box(Level::widest().run(Divisions(black_box(1.5))));
    })
}

struct Divisions(f64);

impl Kernel for Divisions {
    type Output = [f64; 4];

    #[inline(always)]
    fn run<F: F64x4>(self) -> [f64; 4] {
        let numerator = F::splat(self.0);
        let mut chains = starts::<F>(self.0);
        for _ in 0..ROUNDS {
            for x in &mut chains {
                *x = numerator / x.sqrt();
            }
        }
        total(chains)
    }
}

/// Different numbers, so that no chain can be left out for being another.
#[inline(always)]
fn starts<F: F64x4>(first: f64) -> [F; CHAINS] {
    let mut chains = [F::splat(first); CHAINS];
    for i in 1..CHAINS {
        chains[i] = chains[i - 1] + F::splat(first);
    }
    chains
}

#[inline(always)]
fn total<F: F64x4>(chains: [F; CHAINS]) -> [f64; 4] {
    let mut sum = F::splat(0.0);
    for chain in chains {
        sum = sum + chain;
    }
    let mut four = [0.0; 4];
    sum.store(&mut four);
    four
}

/// Bytes that fit into the first, the second and the third level of the usual caches.
pub const CACHES: [usize; 3] = [16 << 10, 256 << 10, 4 << 20];

/// Doubles that are added by one instruction of each of the sums of [`Read`].
const STRIPE: usize = 32;

/// Reads and adds up a buffer of about `bytes`, from its start to its end and again.
pub fn read(bytes: usize) -> Limit {
    let x = numbers((bytes / size_of::<f64>()).next_multiple_of(STRIPE));
    // Small buffers several times, so that beginning and end do not count.
    let times = (1 << 17) / x.len() + 1;
    let name = format!("read {} KiB", bytes >> 10);
    Limit::new(name, times * x.len(), move || {
        let x = black_box(&x[..]);
        black_box(Level::widest().run(Read { x, times }));
    })
}

struct Read<'a> {
    x: &'a [f64],
    times: usize,
}

impl Kernel for Read<'_> {
    type Output = [f64; 4];

    #[inline(always)]
    fn run<F: F64x4>(self) -> [f64; 4] {
        let mut sums = [F::splat(0.0); STRIPE / 4];
        for _ in 0..self.times {
            for stripe in self.x.as_chunks().0.chunks_exact(STRIPE / 4) {
                for i in 0..STRIPE / 4 {
                    sums[i] = sums[i] + F::load(&stripe[i]);
                }
            }
        }
        let mut four = [0.0; 4];
        for i in 1..STRIPE / 4 {
            sums[0] = sums[0] + sums[i];
        }
        sums[0].store(&mut four);
        four
    }
}

/// Entries of the buffers of the crate's own functions: they stay in the first level of the cache.
const ENTRIES: usize = 1024;

/// The crate's tanh.
pub fn tanh() -> Limit {
    let (u, mut a) = (numbers(ENTRIES), numbers(ENTRIES));
    Limit::new("tanh", ENTRIES, move || {
        let (u, a) = (&u[..], black_box(&mut a[..]));
        Level::widest().run(TanhOfSums { u, a });
    })
}

pub struct TanhOfSums<'a> {
    pub u: &'a [f64],
    pub a: &'a mut [f64],
}

impl Kernel for TanhOfSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        tanh_of_sums::<F>(self.u, self.a);
    }
}

/// The crate's exp.
pub fn exponentials() -> Limit {
    let (x, mut y) = (numbers(ENTRIES), numbers(ENTRIES));
    Limit::new("exp", ENTRIES, move || {
        let (x, y) = (&x[..], black_box(&mut y[..]));
        Level::widest().run(Exp { x, y });
    })
}

/// `y = exp(x)`, for whole groups of four.
pub struct Exp<'a> {
    pub x: &'a [f64],
    pub y: &'a mut [f64],
}

impl Kernel for Exp<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let (x, _) = self.x.as_chunks();
        let (y, _) = self.y.as_chunks_mut();
        for (x, y) in x.iter().zip(y) {
            exp(F::load(x)).store(y);
        }
    }
}
