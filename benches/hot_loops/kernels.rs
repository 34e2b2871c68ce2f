//! Each kernel on its own.

use crate::measure;
use crate::shared::limits::{Each, Exp, Function, Ln};
use crate::shared::updates::{InMemory, RULE};
use crate::shared::{K, SIZES, T, numbers};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use elman::internals::buffer::stride;
use elman::internals::update::{AdaGrad, Adam, EntryUpdate, RmsProp};
use elman::kernels::{self, Divider, F64x8, Kernel, Level, Multipliers, Pairs, Panels};
use elman::kernels::{QuotientOverRoot, RowOrder, Rows, RowsMut, Same, Softmax, Tiles};
use std::hint::black_box;
use std::marker::PhantomData;

/// The sequences of a batch.
const B: usize = 16;

/// A product with all that it needs.
enum Product<'a> {
    Plain(Rows<'a>, Rows<'a>, RowsMut<'a>),
    Packed(&'a Tiles, Rows<'a>, RowsMut<'a>),
    PlainTransposed(Rows<'a>, &'a [f64], &'a mut [f64]),
    PackedTransposed(&'a Tiles, Rows<'a>, RowsMut<'a>),
}

/// Ascending and descending in turns, like the steps of an update.
struct InTurns<'a>(Product<'a>, &'a mut usize);

impl Kernel for InTurns<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let InTurns(product, step) = self;
        *step += 1;
        let order = RowOrder::of_step(*step);
        match product {
            Product::Plain(A, x, y) => kernels::matvec::<F>(A, x, y, order),
            Product::Packed(A, x, y) => kernels::products::<F, _>(A, x, order, y),
            Product::PlainTransposed(A, x, y) => {
                kernels::transposed_matvec_accumulate::<F>(A, x, y, order);
            }
            Product::PackedTransposed(A, x, y) => {
                kernels::transposed_products::<F, _>(A, x, y, true, order, Same);
            }
        }
    }
}

enum Pack<'a> {
    Tiles(&'a mut Tiles, Rows<'a>),
    Panels(&'a mut Panels, Rows<'a>),
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        match self {
            Pack::Tiles(tiles, A) => tiles.pack::<F>(0, A),
            Pack::Panels(panels, x) => panels.pack::<F>(0, x),
        }
    }
}

fn tiles(A: &[f64], rows: usize, columns: usize) -> Tiles {
    let mut tiles = Tiles::new(rows, columns).expect("memory");
    Level::chosen().run(Pack::Tiles(&mut tiles, Rows::tight(A, rows, columns)));
    tiles
}

fn panels(count: usize, length: usize) -> Panels {
    let mut panels = Panels::new(count, length).expect("memory");
    let numbers = numbers(count * length);
    Level::chosen().run(Pack::Panels(&mut panels, Rows::tight(&numbers, count, length)));
    panels
}

/// W h for one vector and for a batch, and V h for all steps; both of a plain matrix and of a packed one.
pub fn matvec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matvec");
    let (level, wide, mut step) = (Level::chosen(), stride(K), 0);
    for m in SIZES {
        let (long, width) = (stride(m), m.next_multiple_of(8));
        let (A, x) = (numbers(m.max(K) * m), numbers(T * long));
        let mut y = numbers(T * long.max(wide));
        for (name, rows, count) in [("W", m, 1), ("W_batch", m, B), ("V", K, T)] {
            let entries = rows * m * count;
            measure(&mut group, name, m, entries, || {
                let y = RowsMut::new(black_box(&mut y), count, rows, stride(rows));
                let (A, x) = (Rows::tight(&A, rows, m), Rows::new(&x, count, m, long));
                level.run(InTurns(Product::Plain(A, x, y), &mut step));
            });
            // The zeros after a row are part of the vectors then.
            let A = tiles(&A, rows, m);
            measure(&mut group, &format!("{name}_packed"), m, entries, || {
                let y = RowsMut::new(black_box(&mut y), count, rows, stride(rows));
                let x = Rows::new(&x, count, width, long);
                level.run(InTurns(Product::Packed(&A, x, y), &mut step));
            });
        }
    }
    group.finish();
}

/// W' da for one vector and for a batch, and V' g for all steps.
pub fn transposed(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("transposed");
    let (level, mut step) = (Level::chosen(), 0);
    for m in SIZES {
        let (long, width) = (stride(m), m.next_multiple_of(8));
        let A = numbers(m.max(K) * m);
        let (x, mut y) = (numbers(T * long.max(stride(K))), numbers(T * long));
        measure(&mut group, "W", m, m * m, || {
            let y = black_box(&mut y[..m]);
            let W = Rows::tight(&A, m, m);
            level.run(InTurns(Product::PlainTransposed(W, &x[..m], y), &mut step));
        });
        for (name, rows, count) in [("W", m, 1), ("W_batch", m, B), ("V", K, T)] {
            let A = tiles(&A, rows, m);
            measure(&mut group, &format!("{name}_packed"), m, rows * m * count, || {
                let y = RowsMut::new(black_box(&mut y), count, width, long);
                let x = Rows::new(&x, count, rows, stride(rows));
                level.run(InTurns(Product::PackedTransposed(&A, x, y), &mut step));
            });
        }
    }
    group.finish();
}

/// What is packed in an update.
pub fn packing(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("packing");
    let level = Level::chosen();
    for m in SIZES {
        let long = stride(m);
        let (A, h) = (numbers(m.max(K) * m), numbers(T * long));
        for (name, rows) in [("W", m), ("V", K)] {
            let mut tiles = tiles(&A, rows, m);
            measure(&mut group, name, m, rows * m, || {
                level.run(Pack::Tiles(black_box(&mut tiles), Rows::tight(&A, rows, m)));
            });
        }
        let mut panels = panels(T, m);
        measure(&mut group, "h", m, T * m, || {
            level.run(Pack::Panels(black_box(&mut panels), Rows::new(&h, T, m, long)));
        });
    }
    group.finish();
}

struct OuterProducts<'a>(Pairs<'a>, &'a mut [f64]);

impl Kernel for OuterProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let OuterProducts(pairs, sums) = self;
        let (rows, columns) = (pairs.left.length(), pairs.right.length());
        kernels::outer_products::<F>([pairs].into_iter(), 0..rows, columns, sums);
    }
}

struct VectorSums<'a>(&'a Panels, &'a mut [f64]);

impl Kernel for VectorSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        kernels::vector_sums::<F>([self.0].into_iter(), 0..self.0.length(), self.1);
    }
}

/// Sums of outer products.
pub fn outer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outer_products");
    for m in SIZES {
        let right = panels(T, m);
        for (name, rows) in [("dW", m), ("dV", K)] {
            // Stores run past the end.
            let (left, mut sums) = (panels(T, rows), numbers(rows * m + 7));
            measure(&mut group, name, m, rows * m * T, || {
                let (left, right) = (&left, &right);
                let pairs = Pairs { left, left_first: 0, right, right_first: 0, count: T };
                Level::chosen().run(OuterProducts(pairs, black_box(&mut sums)));
            });
        }
    }
    group.finish();
}

pub fn vector_sums(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("vector_sums");
    for m in SIZES {
        let (da, mut db) = (panels(T, m), numbers(m));
        measure(&mut group, "b", m, T * m, || {
            Level::chosen().run(VectorSums(&da, black_box(&mut db)));
        });
    }
    group.finish();
}

struct TanhOfSums<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for TanhOfSums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        kernels::tanh_of_sums::<F>(self.0, self.1);
    }
}

struct Slope<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        kernels::scale_by_slope::<F>(self.0, self.1);
    }
}

/// `1 / sqrt(x)`, one way or the other.
#[derive(Clone, Copy)]
struct ReciprocalRoot<Q>(Q);

impl<Q: QuotientOverRoot> Function for ReciprocalRoot<Q> {
    #[inline(always)]
    fn of<F: F64x8>(self, x: F) -> F {
        Q::quotient(F::splat(1.0), x)
    }
}

/// AdaGrad with every quotient one way or the other, for whole groups of eight.
struct Entries<'a, Q>(&'a mut [f64], &'a mut [f64], &'a [f64], PhantomData<Q>);

impl<Q: QuotientOverRoot> Kernel for Entries<'_, Q> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x8>(self) {
        let Entries(theta, G, gradient, _) = self;
        let adagrad = AdaGrad::of(&RULE);
        let state = theta.as_chunks_mut().0.iter_mut().zip(G.as_chunks_mut().0);
        for ((theta, G), g) in state.zip(gradient.as_chunks().0) {
            let before = [F::load(G)];
            let (entry, [after]) = adagrad.entry::<F, Q>(F::load(theta), before, F::load(g));
            entry.store(theta);
            after.store(G);
        }
    }
}

fn adagrad<Q: QuotientOverRoot>(group: &mut BenchmarkGroup<WallTime>, name: &str, m: usize) {
    let (mut theta, mut G, gradient) = (numbers(8 * m), vec![1.0; 8 * m], numbers(8 * m));
    measure(group, name, m, 8 * m, || {
        let (theta, G) = (black_box(&mut theta[..]), black_box(&mut G[..]));
        Level::chosen().run(Entries(theta, G, &gradient, PhantomData::<Q>));
    });
}

pub fn elementwise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("elementwise");
    let level = Level::chosen();
    for m in SIZES {
        let (x, mut y, zeros) = (numbers(m), numbers(m), vec![0.0; m]);
        measure(&mut group, "tanh_of_sums", m, m, || {
            level.run(TanhOfSums(&x, black_box(&mut y)));
        });
        measure(&mut group, "scale_by_slope", m, m, || {
            // A slope of 1: what is scaled again and again stays where it is.
            level.run(Slope(&zeros, black_box(&mut y)));
        });
        let (mut x, mut y) = (numbers(8 * m), numbers(8 * m));
        x.iter_mut().for_each(|x| *x = x.abs() + 0.5);
        macro_rules! each {
            ($($name:literal $function:expr;)*) => {$(
                measure(&mut group, $name, m, 8 * m, || {
                    let (x, y) = (black_box(&x[..]), black_box(&mut y[..]));
                    level.run(Each { function: $function, x, y });
                });
            )*};
        }
        each! {
            "exp" Exp;
            "ln" Ln;
            "reciprocal_root_divider" ReciprocalRoot(Divider);
            "reciprocal_root_multipliers" ReciprocalRoot(Multipliers);
        }
        adagrad::<Divider>(&mut group, "adagrad_divider", m);
        adagrad::<Multipliers>(&mut group, "adagrad_multipliers", m);
    }
    group.finish();
}

/// Updates of m^2 entries, as training makes them.
pub fn optimizers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("optimizers");
    for m in SIZES {
        let (mut one, mut two) = (InMemory::new(m), InMemory::new(m));
        measure(&mut group, "adagrad", m, m * m, || {
            one.update(AdaGrad::of(&RULE), true);
        });
        measure(&mut group, "rmsprop", m, m * m, || one.update(RmsProp::of(&RULE, 0.9), true));
        measure(&mut group, "adam", m, m * m, || two.update(Adam::of(&RULE, 0.9, 0.999), true));
    }
    group.finish();
}

/// Up to eight rows, whose sums are made into reciprocals and logarithms together.
struct SoftmaxOfRows<'a>(RowsMut<'a>, usize);

impl Kernel for SoftmaxOfRows<'_> {
    type Output = [kernels::LogSumExp; 8];

    #[inline(always)]
    fn run<F: F64x8>(mut self) -> [kernels::LogSumExp; 8] {
        kernels::softmax_of_rows::<F>(&mut self.0, 0, self.1)
    }
}

pub fn softmax(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("softmax");
    let (level, wide) = (Level::chosen(), stride(K));
    let mut o = numbers(8 * wide);
    measure(&mut group, "one", K, K, || {
        black_box(level.run(Softmax(black_box(&mut o[..K]))));
    });
    measure(&mut group, "eight", K, 8 * K, || {
        let o = RowsMut::new(black_box(&mut o), 8, K, wide);
        black_box(level.run(SoftmaxOfRows(o, 8)));
    });
    group.finish();
}
