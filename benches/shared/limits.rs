//! What the machine gives at most, measured on the machine itself: short loops that do one thing only.

use super::updates::{InMemory, RULE};
use elman::internals::buffer::Buffer;
use elman::internals::update::AdaGrad;
use elman::kernels::{self, F64x8, Kernel, Level};
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

/// Sums of eight doubles that stay in registers where many do, and where few do.
const MANY: usize = 24;
const FEW: usize = 6;

const ROUNDS: usize = 1000;

/// Fused multiply-adds, without any memory.
pub fn multiply_adds() -> Limit {
    let chains = Level::chosen().run(MultiplyAdds { first: 1.0, rounds: 1 });
    Limit::new("multiply_adds", 8 * chains * ROUNDS, || {
        black_box(Level::chosen().run(MultiplyAdds { first: black_box(1.0), rounds: ROUNDS }));
    })
}

/// Chains of multiply-adds, each of which waits for the one before: as many as stay in registers, which is
/// enough to hide how long one takes. Returns their number.
struct MultiplyAdds {
    first: f64,
    rounds: usize,
}

impl Kernel for MultiplyAdds {
    type Output = usize;

    #[inline(always)]
    fn run<F: F64x8>(self) -> usize {
        if F::SUMS >= 24 { self.chains::<F, MANY>() } else { self.chains::<F, FEW>() }
    }
}

impl MultiplyAdds {
    #[inline(always)]
    fn chains<F: F64x8, const CHAINS: usize>(self) -> usize {
        let (factor, term) = (F::splat(0.5 * self.first), F::splat(self.first));
        // Different numbers, so that no chain can be left out for being another.
        let mut chains = [term; CHAINS];
        for i in 1..CHAINS {
            chains[i] = chains[i - 1] + term;
        }
        for _ in 0..self.rounds {
            for x in &mut chains {
                *x = x.fma(factor, term);
            }
        }
        keep(chains);
        CHAINS
    }
}

/// Bytes that fit into the first, the second and the third level of the usual caches, and into none.
pub const CACHES: [usize; 4] = [16 << 10, 256 << 10, 4 << 20, 256 << 20];

/// Reads a buffer of about `bytes`, from its start to its end and again.
pub fn read(bytes: usize) -> Limit {
    let length = (bytes / size_of::<f64>()).next_multiple_of(8 * MANY);
    let mut x = Buffer::zeros(length).expect("memory");
    x.fill(0.5);
    // Small buffers several times, so that beginning and end do not count.
    let times = (1 << 17) / length + 1;
    let name = format!("read {} KiB", bytes >> 10);
    Limit::new(name, times * length, move || {
        Level::chosen().run(Read { x: black_box(&x[..]), times });
    })
}

/// Adds up what is read, in as many sums as stay in registers.
struct Read<'a> {
    x: &'a [f64],
    times: usize,
}

impl Kernel for Read<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        if F::SUMS >= 24 { self.sums::<F, MANY>() } else { self.sums::<F, FEW>() }
    }
}

impl Read<'_> {
    #[inline(always)]
    fn sums<F: F64x8, const SUMS: usize>(self) {
        let mut sums = [F::splat(0.0); SUMS];
        for _ in 0..self.times {
            for eights in self.x.as_chunks().0.as_chunks::<SUMS>().0 {
                for i in 0..SUMS {
                    sums[i] = sums[i] + F::load(&eights[i]);
                }
            }
        }
        keep(sums);
    }
}

#[inline(always)]
fn keep<F: F64x8, const N: usize>(values: [F; N]) {
    for value in values {
        black_box(value.to_array());
    }
}

/// Entries of the buffers of elementwise functions: they stay in the first level of the cache.
const ENTRIES: usize = 1024;

/// One function of eight doubles at a time.
fn elementwise(name: &str, function: impl Function + 'static) -> Limit {
    let x: Vec<f64> = (0..ENTRIES).map(|i| 0.5 + i as f64 / ENTRIES as f64).collect();
    let mut y = vec![0.0; ENTRIES];
    Limit::new(name, ENTRIES, move || {
        Level::chosen().run(Each { function, x: black_box(&x), y: black_box(&mut y) });
    })
}

/// What is applied to all entries of a slice.
pub trait Function: Copy {
    fn of<F: F64x8>(self, x: F) -> F;
}

/// `y = f(x)`, for whole groups of eight.
pub struct Each<'a, T> {
    pub function: T,
    pub x: &'a [f64],
    pub y: &'a mut [f64],
}

impl<T: Function> Kernel for Each<'_, T> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let (x, y) = (self.x.as_chunks().0, self.y.as_chunks_mut().0);
        for (x, y) in x.iter().zip(y) {
            self.function.of(F::load(x)).store(y);
        }
    }
}

macro_rules! functions {
    ($($(#[$doc:meta])* $Name:ident($x:ident) = $value:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy)]
        pub struct $Name;

        impl Function for $Name {
            #[inline(always)]
            fn of<F: F64x8>(self, $x: F) -> F {
                $value
            }
        }
    )*};
}

functions! {
    SquareRoot(x) = x.sqrt();
    Reciprocal(x) = F::splat(1.0) / x;
    /// What AdaGrad asks of the divider for an entry.
    ReciprocalRoot(x) = F::splat(1.0) / x.sqrt();
    Tanh(x) = kernels::tanh(x);
    Exp(x) = kernels::exp_at_most_0(-x);
    Ln(x) = kernels::ln_of_normal(x);
}

/// The divider: square roots, divisions, and both one after another.
pub fn dividers() -> [Limit; 3] {
    [
        elementwise("sqrt", SquareRoot),
        elementwise("division", Reciprocal),
        elementwise("sqrt and division", ReciprocalRoot),
    ]
}

/// The crate's own functions: tanh, exp, ln, and the update of entries by AdaGrad.
pub fn own_functions() -> [Limit; 4] {
    let mut parameters = InMemory::new(32);
    [
        elementwise("tanh", Tanh),
        elementwise("exp", Exp),
        elementwise("ln", Ln),
        Limit::new("adagrad", 32 * 32, move || parameters.update(AdaGrad::of(&RULE), true)),
    ]
}
