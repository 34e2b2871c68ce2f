//! The hot loops: `cargo bench`, or `cargo bench -- matvec` for some of them.
//!
//! Throughput is in elements: multiply-adds for products and passes, entries for elementwise loops,
//! characters for training and synthesis. K = 65 and T = 25 throughout.

#![allow(non_snake_case)]
// criterion_group! makes a public function without a line of its own.
#![allow(missing_docs)]

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use elman::adagrad::AdaGrad;
use elman::gradient_check::{Case, check};
use elman::kernels;
use elman::random::{Generator, Stream};
use elman::synthesis::Synthesizer;
use elman::{Parameters, Rnn, Settings, Shape, Training, Unrolled};
use std::hint::black_box;

const SIZES: [usize; 4] = [5, 100, 256, 512];
const K: usize = 65;
const T: usize = 25;

fn numbers(count: usize) -> Vec<f64> {
    let mut values = vec![0.0; count];
    Generator::new(1, Stream::Initialization).fill_normal(&mut values, 0.5);
    values
}

/// Characters of a vocabulary of K that do not repeat soon.
fn characters(count: usize) -> Vec<usize> {
    let mut generator = Generator::new(2, Stream::Initialization);
    (0..count)
        .map(|_| (generator.next_u64() % K as u64) as usize)
        .collect()
}

/// A text of K distinct characters.
fn text() -> String {
    let indices = characters(100_000);
    indices
        .iter()
        .map(|&i| char::from(b' ' + i as u8))
        .collect()
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(30);
    group
}

fn products(criterion: &mut Criterion) {
    type Kernel = fn(&mut [f64], &mut [f64], &mut [f64]);
    let kernels: [(&str, Kernel); 3] = [
        ("matvec", |A, x, y| kernels::matvec(A, x, y)),
        ("transposed_matvec", |A, x, y| {
            kernels::transposed_matvec_accumulate(A, x, y)
        }),
        ("outer_product", |A, x, y| {
            kernels::outer_product_accumulate(A, x, y)
        }),
    ];
    for (name, kernel) in kernels {
        let mut group = group(criterion, name);
        for m in SIZES {
            let (mut A, mut x) = (numbers(m * m), numbers(m));
            // What accumulates must not overflow: one of its factors is 0.
            let mut y = vec![0.0; m];
            if name == "transposed_matvec" {
                x.fill(0.0);
            }
            group.throughput(Throughput::Elements((m * m) as u64));
            group.bench_function(BenchmarkId::from_parameter(m), |bencher| {
                bencher.iter(|| kernel(black_box(&mut A), black_box(&mut x), black_box(&mut y)));
            });
        }
        group.finish();
    }
}

fn elementwise(criterion: &mut Criterion) {
    let mut group = group(criterion, "elementwise");
    let count = 1000;
    group.throughput(Throughput::Elements(count as u64));
    let (values, mut target) = (numbers(count), vec![0.0; count]);
    group.bench_function("tanh", |bencher| {
        bencher.iter(|| {
            target.copy_from_slice(black_box(&values));
            kernels::tanh_in_place(black_box(&mut target));
        });
    });
    group.bench_function("exp", |bencher| {
        bencher.iter(|| {
            for (target, value) in target.iter_mut().zip(black_box(&values)) {
                *target = kernels::exp(*value);
            }
            black_box(&mut target);
        });
    });
    group.bench_function("clip", |bencher| {
        bencher.iter(|| kernels::clip(black_box(&mut target), 5.0));
    });
    let (mut theta, mut G) = (numbers(count), vec![1.0; count]);
    group.bench_function("adagrad", |bencher| {
        bencher.iter(|| kernels::adagrad(black_box(&mut theta), &mut G, &values, 0.1, 1e-8));
    });
    group.throughput(Throughput::Elements(K as u64));
    group.bench_function("softmax", |bencher| {
        bencher.iter(|| kernels::softmax(black_box(&values[..K]), &mut target[..K]));
    });
    group.finish();
}

/// Forward, backward and AdaGrad, each at the four sizes.
fn passes(criterion: &mut Criterion) {
    let text = characters(T + 1);
    let (inputs, targets) = (&text[..T], &text[1..]);
    for part in ["forward", "backward", "adagrad"] {
        let mut group = group(criterion, part);
        for m in SIZES {
            let shape = Shape::new(m, K).expect("a small shape");
            let mut rnn = Rnn::random(shape, 0.01, 1).expect("memory");
            let mut steps = Unrolled::new(shape, T).expect("memory");
            let mut gradient = Parameters::zeros(shape).expect("memory");
            let mut G = Parameters::zeros(shape).expect("memory");
            let h0 = vec![0.0; m];
            rnn.forward(inputs, targets, &h0, &mut steps);
            rnn.backward(inputs, targets, &mut steps, &mut gradient);
            let optimizer = AdaGrad {
                eta: 1e-9,
                epsilon: 1e-8,
                clip: 5.0,
            };
            let one_way = T * (m * m + m * K);
            group.throughput(Throughput::Elements(match part {
                "forward" => one_way as u64,
                "backward" => 2 * one_way as u64,
                _ => shape.entries() as u64,
            }));
            group.bench_function(BenchmarkId::from_parameter(m), |bencher| match part {
                "forward" => {
                    bencher.iter(|| rnn.forward(black_box(inputs), targets, &h0, &mut steps))
                }
                "backward" => bencher.iter(|| {
                    rnn.backward(black_box(inputs), targets, &mut steps, &mut gradient);
                }),
                _ => bencher.iter(|| optimizer.update(black_box(&mut rnn), &mut G, &mut gradient)),
            });
        }
        group.finish();
    }
}

/// The whole update, as the program makes it.
fn training(criterion: &mut Criterion) {
    let text = text();
    let mut group = group(criterion, "training_step");
    group.throughput(Throughput::Elements(T as u64));
    for m in SIZES {
        let settings = Settings {
            hidden: m,
            ..Settings::default()
        };
        let mut training = Training::new(&text, settings).expect("a good text");
        group.bench_function(BenchmarkId::from_parameter(m), |bencher| {
            bencher.iter(|| training.update().expect("a finite loss"));
        });
    }
    group.finish();
}

fn synthesis(criterion: &mut Criterion) {
    let mut group = group(criterion, "synthesis");
    group.throughput(Throughput::Elements(1));
    for m in SIZES {
        let rnn = Rnn::random(Shape::new(m, K).expect("a small shape"), 0.1, 1).expect("memory");
        let mut synthesizer = Synthesizer::new(&rnn, &vec![0.0; m], 1.0);
        let mut generator = Generator::new(1, Stream::Passage);
        let mut x = 0;
        group.bench_function(BenchmarkId::from_parameter(m), |bencher| {
            bencher.iter(|| {
                x = synthesizer.next(x, &mut generator);
                x
            });
        });
    }
    group.finish();
}

/// The finite differences of every entry, in the report's own setting.
fn gradient_check(criterion: &mut Criterion) {
    let text = characters(T + 1);
    let rnn = Rnn::random(Shape::new(5, K).expect("a small shape"), 0.01, 1).expect("memory");
    let case = Case {
        inputs: &text[..T],
        targets: &text[1..],
        h0: &[0.0; 5],
    };
    let mut group = group(criterion, "gradient_check");
    group.sample_size(10);
    group.throughput(Throughput::Elements(rnn.shape().entries() as u64));
    group.bench_function(BenchmarkId::from_parameter(5), |bencher| {
        bencher.iter(|| check(black_box(&rnn), case).expect("memory"));
    });
    group.finish();
}

criterion_group!(
    benches,
    products,
    elementwise,
    passes,
    training,
    synthesis,
    gradient_check
);
criterion_main!(benches);
