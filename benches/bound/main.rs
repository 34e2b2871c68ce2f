//! How far a training update is from the machine: `cargo bench --bench bound`.
//!
//! Everything is timed in the same run, on one thread, at the level that `ELMAN_ISA` names, or the widest: the
//! rates of the machine ([`limits`]), whole updates, and the passes of an update one by one ([`passes`], which
//! says what is a difference of two times). Each in turns, many times; the least time counts, since what else
//! the machine does can only add to it.
//!
//! The bound of a pass is `max(arithmetic, reading)`.
//!
//! * Arithmetic: the multiply-adds of its products, at the rate of multiply-adds from registers; tanh, exp, ln and
//!   AdaGrad, at the rates of the crate's own functions on numbers in the first-level cache.
//! * Reading: the bytes of its operands, at the rate of a buffer of that size that is read again and again.
//!
//! With n characters that differ among T B (the columns of U that are updated):
//!
//! ```text
//!                     multiply-adds  own functions         doubles read
//! forward             T B m^2        T B m tanh            m^2, in each of T steps
//! logits              T B K m                              K m + T B m
//! softmax             T B K (adds)   T B K exp, T B ln     T B K
//! V' g                T B K m                              K m + T B (K + m)
//! W' da               (T - 1) B m^2                        m^2, in each of T - 1 steps
//! dV                  T B K m        K m AdaGrad           2 K m + T B (K + m)
//! dW                  T B m^2        m^2 AdaGrad           2 m^2 + 2 T B m
//! db, dc, dU          T B (2 m + K)  (n + 1) m + K AdaGrad 2 ((n + 1) m + K) + T B (m + K)
//! packing                                                  m^2 + K m + T B (2 m + K)
//! ```
//!
//! None of this is a law. A pass can be faster where a cache is used better than by reading a matrix from its
//! start to its end again and again, and where multiply-adds of one kind run beside divisions of another.

#![allow(non_snake_case)]

mod bounds;
mod clock;
mod passes;
#[path = "../shared/mod.rs"]
mod shared;

use bounds::{Rates, bounds};
use clock::{Timed, seconds};
use elman::Level;
use passes::{NAMES, PASSES};
use shared::limits::{self, CACHES, Limit};
use shared::{SIZES, T, indices, training};
use std::collections::HashSet;
use std::env;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    // `cargo bench -- NAME` is not for this one.
    if arguments.iter().all(|argument| argument.starts_with('-')) {
        // `cargo test` and `cargo bench -- --test` only want to see it run.
        print_tables(has("--test") || !has("--bench"));
    }
}

/// m and B.
fn sizes() -> impl Iterator<Item = (usize, usize)> {
    SIZES.map(|m| (m, 1)).into_iter().chain([(100, 16), (512, 16)])
}

/// Bytes of the buffers whose reading is timed, from the first-level cache to memory.
fn buffers() -> impl Iterator<Item = usize> {
    let [first, .., last] = CACHES;
    (0..12).map(move |n| first << n).chain([last])
}

fn print_tables(once: bool) {
    let mut limits: Vec<Limit> = vec![limits::multiply_adds()];
    limits.extend(limits::dividers());
    limits.extend(limits::own_functions());
    let names: Vec<String> = limits.iter().map(|limit| limit.name.clone()).collect();
    let mut loops: Vec<Timed> = limits.into_iter().map(Timed::from).collect();
    loops.extend(buffers().map(|bytes| limits::read(bytes).into()));
    for (m, B) in sizes() {
        loops.extend([update(m, B), passes::timed(m, B)]);
    }
    let seconds = seconds(loops, once);
    let (limits, seconds) = seconds.split_at(names.len());
    let (reading, seconds) = seconds.split_at(buffers().count());

    let limits: Vec<f64> = limits.iter().map(|limit| limit[0]).collect();
    let reading: Vec<(usize, f64)> =
        buffers().zip(reading).map(|(bytes, double)| (bytes, double[0] / 8.0)).collect();
    let [multiply_add, _, _, _, tanh, exp, ln, adagrad] = limits[..] else {
        unreachable!("eight limits");
    };
    println!("{}: {:.1} G multiply-adds/s", Level::chosen().name(), 1e-9 / multiply_add);
    for (name, entry) in names.iter().zip(&limits) {
        println!("eight {name}: {:.2} ns", 8e9 * entry);
    }
    for (bytes, byte) in &reading {
        println!("read {} KiB: {:.0} GB/s", bytes >> 10, 1e-9 / byte);
    }
    let rates = Rates { multiply_add, tanh, exp, ln, adagrad, reading };

    let (mut updates, mut table) = (String::new(), String::new());
    for ((m, B), seconds) in sizes().zip(seconds.chunks_exact(2)) {
        let (update, measured) = (seconds[0][0], passes::of_times(&seconds[1]));
        let bounds = bounds(m, B, different_characters(B), &rates);
        let (sum, bound) = (measured.iter().sum(), bounds.iter().sum());
        let row = measured.into_iter().zip(bounds).chain([(sum, bound)]);
        let cells = row.map(|(time, bound)| format!(" {} / {} |", micro(time), micro(bound)));
        table += &format!("| {m} x {B} |{}\n", cells.collect::<String>());
        let ratio = update / bound;
        updates += &format!("| {m} x {B} | {} | {} | {ratio:.2} |\n", micro(update), micro(bound));
    }
    println!("\n| m x B | update, us | bound | ratio |\n|---|---:|---:|---:|\n{updates}");
    println!("us, measured / bound:\n\n| m x B | {} | sum |", NAMES.join(" | "));
    print!("|---|{}\n{table}", "---:|".repeat(PASSES + 1));
}

/// Microseconds, to three digits.
fn micro(seconds: f64) -> String {
    let micro = 1e6 * seconds;
    let digits = if micro.abs() < 10.0 { 2 } else { usize::from(micro.abs() < 100.0) };
    format!("{micro:.digits$}")
}

/// Whole updates, as the program makes them.
fn update(m: usize, B: usize) -> Timed {
    let mut training = training(m, B, Level::chosen());
    Timed::one(1, move || {
        training.update().expect("a finite loss");
    })
}

/// How many of the characters of an update differ, on average.
fn different_characters(B: usize) -> f64 {
    let text = indices();
    let parts: Vec<&[usize]> = text.chunks_exact(text.len() / B).collect();
    let starts = (0..text.len() / B - T).step_by(T);
    let count = starts.len();
    let characters = |start: usize| parts.iter().flat_map(move |part| &part[start..start + T]);
    let different = starts.map(|start| characters(start).collect::<HashSet<_>>().len());
    different.sum::<usize>() as f64 / count as f64
}
