//! The hot loops: `cargo bench --bench hot_loops`, or `cargo bench --bench hot_loops -- matvec` for some
//! of them. What the machine gives at most is the group `limits`; [`bound`](../bound/main.rs) compares.
//!
//! Throughput is in elements: multiply-adds for products and passes, entries for elementwise loops,
//! characters for training and synthesis, bytes for memory. K = 65 and T = 25 throughout.

#![allow(non_snake_case)]
// criterion_group! makes a public function without a line of its own.
#![allow(missing_docs)]

mod calls;
mod kernels;
mod limits;
mod passes;
#[path = "../shared/mod.rs"]
mod shared;
mod speed_bonus;

use criterion::measurement::WallTime;
use criterion::{
    BenchmarkGroup, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main,
};
use std::time::Duration;

/// Times one loop, of so many elements a run, at one size.
fn measure(
    group: &mut BenchmarkGroup<WallTime>,
    name: &str,
    m: usize,
    elements: usize,
    mut work: impl FnMut(),
) {
    group.throughput(Throughput::Elements(elements as u64));
    group.bench_function(BenchmarkId::new(name, m), |bencher| bencher.iter(&mut work));
}

/// Short, so that all of them together take a few minutes.
fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
}

criterion_group! {
    name = benches;
    config = settings();
    targets =
        limits::limits,
        kernels::matvec,
        kernels::transposed,
        kernels::packing,
        kernels::outer,
        kernels::vector_sums,
        kernels::elementwise,
        kernels::optimizers,
        kernels::softmax,
        calls::products,
        calls::elementwise,
        passes::forward,
        passes::propagate,
        passes::sums,
        passes::training_step,
        passes::batch,
        speed_bonus::speed_bonus,
        passes::synthesis,
        passes::gradient_check
}
criterion_main!(benches);
