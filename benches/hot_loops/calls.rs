//! The methods of `Level`, each in a group of its name, at every level: `cargo bench --bench hot_loops -- Level::tanh`.

use crate::measure;
use crate::shared::{K, numbers};
use criterion::Criterion;
use elman::Level;
use std::hint::black_box;

/// m, and the lengths of vectors.
const SIZES: [usize; 2] = [100, 512];

/// Times what `work` makes for a level and a size.
fn group<W: FnMut()>(
    criterion: &mut Criterion,
    name: &str,
    sizes: [usize; 2],
    elements: fn(usize) -> usize,
    work: impl Fn(Level, usize) -> W,
) {
    let mut group = criterion.benchmark_group(format!("Level::{name}"));
    for level in Level::available() {
        for size in sizes {
            measure(&mut group, level.name(), size, elements(size), work(level, size));
        }
    }
    group.finish();
}

/// Products of m x m matrices; elements are multiply-adds.
pub fn products(criterion: &mut Criterion) {
    let square = |m: usize| m * m;
    group(criterion, "matvec", SIZES, square, |level, m| {
        let (A, x, mut y) = (numbers(m * m), numbers(m), numbers(m));
        move || level.matvec(&A, black_box(&x), black_box(&mut y))
    });
    group(criterion, "transposed_matvec_accumulate", SIZES, square, |level, m| {
        let (A, x, mut y) = (numbers(m * m), numbers(m), numbers(m));
        move || level.transposed_matvec_accumulate(&A, black_box(&x), black_box(&mut y))
    });
    group(criterion, "outer_product_accumulate", SIZES, square, |level, m| {
        let (x, y, mut A) = (numbers(m), numbers(m), numbers(m * m));
        move || level.outer_product_accumulate(black_box(&x), &y, black_box(&mut A))
    });
}

/// Functions of every entry; elements are entries.
pub fn elementwise(criterion: &mut Criterion) {
    each(criterion, "tanh", SIZES, Level::tanh);
    each(criterion, "exp", SIZES, Level::exp);
    each(criterion, "ln", SIZES, Level::ln);
    each(criterion, "softmax", [K, 512], |level, o| {
        black_box(level.softmax(o));
    });
}

/// Times what works in place. The arguments, which are above 0, are copied to their place first, and that counts.
fn each(criterion: &mut Criterion, name: &str, sizes: [usize; 2], call: fn(Level, &mut [f64])) {
    let entries = |length: usize| length;
    group(criterion, name, sizes, entries, |level, length| {
        let (mut arguments, mut x) = (numbers(length), numbers(length));
        arguments.iter_mut().for_each(|x| *x = x.abs() + 0.5);
        move || {
            x.copy_from_slice(black_box(&arguments));
            call(level, black_box(&mut x));
        }
    });
}
