//! What the machine gives at most.

use crate::shared::limits::{CACHES, Limit, dividers, multiply_adds, own_functions, read};
use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, Criterion, Throughput};

pub fn limits(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("limits");
    for limit in [multiply_adds()].into_iter().chain(dividers()).chain(own_functions()) {
        let entries = limit.entries as u64;
        measure(&mut group, limit, Throughput::Elements(entries));
    }
    for bytes in CACHES {
        let limit = read(bytes);
        let bytes = (limit.entries * size_of::<f64>()) as u64;
        measure(&mut group, limit, Throughput::Bytes(bytes));
    }
    group.finish();
}

fn measure(group: &mut BenchmarkGroup<WallTime>, mut limit: Limit, throughput: Throughput) {
    group.throughput(throughput);
    group.bench_function(limit.name, |bencher| bencher.iter(&mut limit.run));
}
