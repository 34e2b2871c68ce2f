//! Each kernel on its own, at the widest level.

use crate::measure;
use crate::shared::limits::{Exp, TanhOfSums};
use crate::shared::{K, SIZES, T, numbers};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use elman::internals::optimizer::{AdaGrad, Adam, Moves, Moving, RmsProp};
use elman::internals::unrolled::stride;
use elman::kernels;
use elman::kernels::Stored;
use elman::kernels::fours;
use elman::kernels::{Entries, Four, Kernel, Level, Panels, Rows, RowsMut, Walk};
use elman::network::{Optimizer, Rule};
use std::hint::black_box;

/// So small that however often the same gradient comes, the parameters stay where they are.
pub const RULE: Rule = Rule {
    optimizer: Optimizer::AdaGrad,
    eta: 1e-9,
    epsilon: 1e-8,
    clip: 5.0,
    t: 1000,
};

struct Matvec<'a>(Rows<'a>, Rows<'a>, RowsMut<'a>, Walk);

impl Kernel for Matvec<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let Matvec(A, x, y, walk) = self;
        kernels::matvec::<F>(A, x, y, walk);
    }
}

struct Transposed<'a>(Rows<'a>, &'a [f64], &'a mut [f64], Walk);

impl Kernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let Transposed(A, x, y, walk) = self;
        kernels::transposed_matvec_accumulate::<F>(A, x, y, walk);
    }
}

struct TransposedProducts<'a>(&'a Panels, Rows<'a>, RowsMut<'a>);

impl Kernel for TransposedProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let TransposedProducts(A, x, y) = self;
        kernels::transposed_products::<F>(A, x, y);
    }
}

struct OuterProducts<'a, E>(&'a Panels, &'a Panels, E);

impl<E: Entries> Kernel for OuterProducts<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let OuterProducts(left, right, entries) = self;
        let pairs = [(left, right)].into_iter();
        kernels::outer_products::<F, E>(pairs, 0..left.length(), right.length(), entries);
    }
}

struct VectorSums<'a, E>(&'a Panels, E);

impl<E: Entries> Kernel for VectorSums<'_, E> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let VectorSums(panels, entries) = self;
        kernels::vector_sums::<F, E>([panels].into_iter(), 0..panels.length(), entries);
    }
}

struct Slope<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        kernels::scale_by_slope(self.0, self.1);
    }
}

struct Softmax<'a>(&'a mut [f64]);

impl Kernel for Softmax<'_> {
    type Output = kernels::LogSumExp;

    #[inline(always)]
    fn run<F: Four>(self) -> kernels::LogSumExp {
        kernels::softmax::<F>(self.0)
    }
}

/// An optimiser with a gradient from memory, for whole groups of eight.
struct Moved<'a, M, const N: usize> {
    moving: Moving<'a, M, N>,
    gradient: &'a [f64],
}

impl<M: Moves<N>, const N: usize> Kernel for Moved<'_, M, N> {
    type Output = ();

    #[inline(always)]
    fn run<F: Four>(self) {
        let Moved {
            mut moving,
            gradient,
        } = self;
        let eights = fours(gradient).chunks_exact(2);
        for (at, eight) in (0..).step_by(8).zip(eights) {
            moving.take(at, [F::load(&eight[0]), F::load(&eight[1])]);
        }
    }
}

/// One update of m^2 parameters.
fn optimizer<M: Moves<N>, const N: usize>(
    group: &mut BenchmarkGroup<WallTime>,
    name: &str,
    m: usize,
    moves: M,
) {
    let (mut theta, gradient) = (numbers(m * m), numbers(m * m));
    let mut memory = [(); N].map(|()| vec![1.0; m * m]);
    measure(group, name, m, m * m, || {
        let moving = Moving {
            moves,
            clip: RULE.clip,
            theta: black_box(&mut theta),
            memory: memory.each_mut().map(|part| black_box(&mut part[..])),
        };
        Level::widest().run(Moved {
            moving,
            gradient: &gradient,
        });
    });
}

/// `count` vectors, packed.
fn packed(count: usize, length: usize) -> Panels {
    let mut panels = Panels::new(count, length).expect("memory");
    panels.pack(0, Rows::tight(&numbers(count * length), count, length));
    panels
}

/// Down and up in turns, as the steps of an update walk.
fn turned(walk: &mut Walk) -> Walk {
    *walk = match walk {
        Walk::Down => Walk::Up,
        Walk::Up => Walk::Down,
    };
    *walk
}

pub fn matvec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matvec");
    let wide = stride(K);
    for m in SIZES {
        let long = stride(m);
        let (A, x) = (numbers(m.max(K) * m), numbers(T * long));
        let mut y = numbers((T * wide).max(m));
        let mut walk = Walk::Up;
        measure(&mut group, "W", m, m * m, || {
            let W = Rows::tight(&A, m, m);
            let y = RowsMut::one(black_box(&mut y[..m]));
            Level::widest().run(Matvec(W, Rows::one(&x[..m]), y, turned(&mut walk)));
        });
        measure(&mut group, "V", m, K * m * T, || {
            let V = Rows::tight(&A, K, m);
            let y = RowsMut::new(black_box(&mut y), T, K, wide);
            Level::widest().run(Matvec(V, Rows::new(&x, T, m, long), y, Walk::Down));
        });
    }
    group.finish();
}

pub fn transposed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transposed");
    let wide = stride(K);
    for m in SIZES {
        let long = stride(m);
        let (W, V) = (numbers(m * m), packed(K, m));
        let (x, mut y) = (numbers((T * wide).max(m)), numbers(T * long));
        let mut walk = Walk::Up;
        measure(&mut group, "W", m, m * m, || {
            let y = black_box(&mut y[..m]);
            let W = Rows::tight(&W, m, m);
            Level::widest().run(Transposed(W, &x[..m], y, turned(&mut walk)));
        });
        measure(&mut group, "V", m, K * m * T, || {
            let y = RowsMut::new(black_box(&mut y), T, m, long);
            Level::widest().run(TransposedProducts(&V, Rows::new(&x, T, K, wide), y));
        });
        let (V, mut panels) = (numbers(K * m), V);
        measure(&mut group, "pack_V", m, K * m, || {
            black_box(&mut panels).pack(0, Rows::tight(&V, K, m));
        });
    }
    group.finish();
}

/// Sums of outer products: stored, and moving parameters.
pub fn outer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outer_products");
    for m in SIZES {
        let h = packed(T, m);
        for (name, rows) in [("dW", m), ("dV", K)] {
            let left = packed(T, rows);
            let (mut theta, mut G) = (numbers(rows * m), numbers(rows * m));
            let name_stored = format!("{name}_stored");
            measure(&mut group, &name_stored, m, rows * m * T, || {
                let entries = Stored(black_box(&mut theta));
                Level::widest().run(OuterProducts(&left, &h, entries));
            });
            G.fill(1.0);
            let name_moving = format!("{name}_moving");
            measure(&mut group, &name_moving, m, rows * m * T, || {
                let entries = Moving {
                    moves: AdaGrad::of(&RULE),
                    clip: RULE.clip,
                    theta: black_box(&mut theta),
                    memory: [black_box(&mut G)],
                };
                Level::widest().run(OuterProducts(&left, &h, entries));
            });
        }
    }
    group.finish();
}

pub fn vector_sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vector_sums");
    for m in SIZES {
        let (da, mut db) = (packed(T, m), numbers(m));
        measure(&mut group, "b", m, T * m, || {
            Level::widest().run(VectorSums(&da, Stored(black_box(&mut db))));
        });
    }
    group.finish();
}

pub fn elementwise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("elementwise");
    for m in SIZES {
        let (x, mut y, zeros) = (numbers(m), numbers(m), vec![0.0; m]);
        measure(&mut group, "tanh_of_sums", m, m, || {
            let (u, a) = (Some(&x[..]), black_box(&mut y[..]));
            Level::widest().run(TanhOfSums { u, a });
        });
        measure(&mut group, "scale_by_slope", m, m, || {
            // A slope of 1: what is scaled again and again stays where it is.
            Level::widest().run(Slope(&zeros, black_box(&mut y)));
        });
        let (x, mut y) = (numbers(4 * m), numbers(4 * m));
        measure(&mut group, "exp", m, 4 * m, || {
            Level::widest().run(Exp {
                x: black_box(&x),
                y: black_box(&mut y),
            });
        });
        measure(&mut group, "ln", m, 4 * m, || {
            for (x, y) in black_box(&x).iter().zip(black_box(&mut y).iter_mut()) {
                *y = kernels::ln(x.abs());
            }
        });
        optimizer(&mut group, "adagrad", m, AdaGrad::of(&RULE));
        optimizer(&mut group, "adam", m, Adam::of(&RULE, 0.9, 0.999));
        optimizer(&mut group, "rmsprop", m, RmsProp::of(&RULE, 0.9));
    }
    group.finish();
}

pub fn softmax(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("softmax");
    let mut o = numbers(K);
    measure(&mut group, "K", K, K, || {
        black_box(Level::widest().run(Softmax(black_box(&mut o))));
    });
    group.finish();
}
