//! Each kernel on its own, at the widest level.

use crate::measure;
use crate::shared::limits::{Exp, TanhOfSums};
use crate::shared::{K, SIZES, T, numbers};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion};
use elman::internals::buffer::stride;
use elman::internals::update::{AdaGrad, Adam, EntryUpdate, RmsProp, UpdateParameters};
use elman::kernels;
use elman::kernels::{EntrySink, F64x4, Kernel, Level, Panels, RowOrder, Rows, RowsMut, Store};
use elman::network::{Optimizer, Rule};
use std::hint::black_box;

/// So small that however often the same gradient comes, the parameters stay where they are.
pub const RULE: Rule =
    Rule { optimizer: Optimizer::AdaGrad, eta: 1e-9, epsilon: 1e-8, clip: 5.0, t: 1000 };

struct Matvec<'a>(Rows<'a>, Rows<'a>, RowsMut<'a>, RowOrder);

impl Kernel for Matvec<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let Matvec(A, x, y, order) = self;
        kernels::matvec::<F>(A, x, y, order);
    }
}

struct Transposed<'a>(Rows<'a>, &'a [f64], &'a mut [f64], RowOrder);

impl Kernel for Transposed<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let Transposed(A, x, y, order) = self;
        kernels::transposed_matvec_accumulate::<F>(A, x, y, order);
    }
}

struct TransposedProducts<'a>(&'a Panels, Rows<'a>, RowsMut<'a>);

impl Kernel for TransposedProducts<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let TransposedProducts(A, x, y) = self;
        kernels::transposed_products::<F>(A, x, y);
    }
}

struct OuterProducts<'a, S>(&'a Panels, &'a Panels, S);

impl<S: EntrySink> Kernel for OuterProducts<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let OuterProducts(left, right, sink) = self;
        let pairs = [(left, right)].into_iter();
        kernels::outer_products::<F, S>(pairs, 0..left.length(), right.length(), sink);
    }
}

struct VectorSums<'a, S>(&'a Panels, S);

impl<S: EntrySink> Kernel for VectorSums<'_, S> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let VectorSums(panels, sink) = self;
        kernels::vector_sums::<F, S>([panels].into_iter(), 0..panels.length(), sink);
    }
}

struct Slope<'a>(&'a [f64], &'a mut [f64]);

impl Kernel for Slope<'_> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        kernels::scale_by_slope(self.0, self.1);
    }
}

struct Softmax<'a>(&'a mut [f64]);

impl Kernel for Softmax<'_> {
    type Output = kernels::LogSumExp;

    #[inline(always)]
    fn run<F: F64x4>(self) -> kernels::LogSumExp {
        kernels::softmax::<F>(self.0)
    }
}

/// An optimizer with a gradient from memory, for whole groups of eight.
struct Update<'a, U, const N: usize> {
    sink: UpdateParameters<'a, U, N>,
    gradient: &'a [f64],
}

impl<U: EntryUpdate<N>, const N: usize> Kernel for Update<'_, U, N> {
    type Output = ();

    #[inline(always)]
    fn run<F: F64x4>(self) {
        let Update { mut sink, gradient } = self;
        let (eights, _) = gradient.as_chunks::<8>();
        for (at, eight) in (0..).step_by(8).zip(eights) {
            sink.take(at, [F::load_first(eight), F::load_first(&eight[4..])]);
        }
    }
}

/// One update of m^2 parameters.
fn optimizer<U: EntryUpdate<N>, const N: usize>(
    group: &mut BenchmarkGroup<WallTime>,
    name: &str,
    m: usize,
    update: U,
) {
    let (mut theta, gradient) = (numbers(m * m), numbers(m * m));
    let mut memory = [(); N].map(|()| vec![1.0; m * m]);
    measure(group, name, m, m * m, || {
        let sink = UpdateParameters {
            update,
            clip: RULE.clip,
            theta: black_box(&mut theta),
            memory: memory.each_mut().map(|part| black_box(&mut part[..])),
        };
        Level::widest().run(Update { sink, gradient: &gradient });
    });
}

/// `count` vectors, packed.
fn packed(count: usize, length: usize) -> Panels {
    let mut panels = Panels::new(count, length).expect("memory");
    panels.pack(0, Rows::tight(&numbers(count * length), count, length));
    panels
}

/// Ascending and descending in turns, like the steps of an update.
fn turned(order: &mut RowOrder) -> RowOrder {
    *order = match order {
        RowOrder::Ascending => RowOrder::Descending,
        RowOrder::Descending => RowOrder::Ascending,
    };
    *order
}

pub fn matvec(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("matvec");
    let wide = stride(K);
    for m in SIZES {
        let long = stride(m);
        let (A, x) = (numbers(m.max(K) * m), numbers(T * long));
        let mut y = numbers((T * wide).max(m));
        let mut order = RowOrder::Descending;
        measure(&mut group, "W", m, m * m, || {
            let W = Rows::tight(&A, m, m);
            let y = RowsMut::one(black_box(&mut y[..m]));
            Level::widest().run(Matvec(W, Rows::one(&x[..m]), y, turned(&mut order)));
        });
        measure(&mut group, "V", m, K * m * T, || {
            let V = Rows::tight(&A, K, m);
            let y = RowsMut::new(black_box(&mut y), T, K, wide);
            Level::widest().run(Matvec(V, Rows::new(&x, T, m, long), y, RowOrder::Ascending));
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
        let mut order = RowOrder::Descending;
        measure(&mut group, "W", m, m * m, || {
            let y = black_box(&mut y[..m]);
            let W = Rows::tight(&W, m, m);
            Level::widest().run(Transposed(W, &x[..m], y, turned(&mut order)));
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

/// Sums of outer products: stored, and updating parameters.
pub fn outer(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("outer_products");
    for m in SIZES {
        let h = packed(T, m);
        for (name, rows) in [("dW", m), ("dV", K)] {
            let left = packed(T, rows);
            let (mut theta, mut G) = (numbers(rows * m), numbers(rows * m));
            let name_stored = format!("{name}_stored");
            measure(&mut group, &name_stored, m, rows * m * T, || {
                let sink = Store(black_box(&mut theta));
                Level::widest().run(OuterProducts(&left, &h, sink));
            });
            G.fill(1.0);
            let name_updating = format!("{name}_updating");
            measure(&mut group, &name_updating, m, rows * m * T, || {
                let sink = UpdateParameters {
                    update: AdaGrad::of(&RULE),
                    clip: RULE.clip,
                    theta: black_box(&mut theta),
                    memory: [black_box(&mut G)],
                };
                Level::widest().run(OuterProducts(&left, &h, sink));
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
            Level::widest().run(VectorSums(&da, Store(black_box(&mut db))));
        });
    }
    group.finish();
}

pub fn elementwise(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("elementwise");
    for m in SIZES {
        let (x, mut y, zeros) = (numbers(m), numbers(m), vec![0.0; m]);
        measure(&mut group, "tanh_of_sums", m, m, || {
            let (u, a) = (&x[..], black_box(&mut y[..]));
            Level::widest().run(TanhOfSums { u, a });
        });
        measure(&mut group, "scale_by_slope", m, m, || {
            // A slope of 1: what is scaled again and again stays where it is.
            Level::widest().run(Slope(&zeros, black_box(&mut y)));
        });
        let (x, mut y) = (numbers(4 * m), numbers(4 * m));
        measure(&mut group, "exp", m, 4 * m, || {
            Level::widest().run(Exp { x: black_box(&x), y: black_box(&mut y) });
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
