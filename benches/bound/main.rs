//! How far a training update is from the machine: `cargo bench --bench bound`.
//!
//! The machine's rates and the updates are timed in the same run, on one thread. Times of an update of T
//! characters, with n characters that differ among them:
//!
//! ```text
//! W        (2 T - 1) m^2 doubles, read at the rate of a buffer of W's size (of 16 KiB, if W is smaller):
//!          once in each of T steps forward and T - 1 back
//! products T (3 K m + m^2) multiply-adds from registers: V h, V' g, dV and dW
//! AdaGrad  m^2 + K m + n m + m + K square roots and divisions: all entries but the columns of U that no
//!          character chose
//! tanh     T m, exp T K, at the rates of this crate's own
//!
//! summed     = W + products + AdaGrad + tanh + exp
//! overlapped = W + max(products, AdaGrad) + tanh + exp
//! ```
//!
//! The divider works beside the multipliers, so AdaGrad can run under the outer products; W cannot: each
//! of its products needs the one before. Neither is a law. An update can be faster where a cache is used
//! better than by reading W from its start to its end again and again.

#![allow(non_snake_case)]

#[path = "../shared/mod.rs"]
mod shared;

use elman::{Level, Settings, Training};
use shared::limits::{self, CACHES, Limit};
use shared::{K, SIZES, T, text};
use std::collections::HashSet;
use std::env;
use std::time::{Duration, Instant};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    // `cargo bench -- NAME` is not for this one.
    if arguments.iter().all(|argument| argument.starts_with('-')) {
        // `cargo test` and `cargo bench -- --test` only want to see it run.
        print_table(has("--test") || !has("--bench"));
    }
}

const HEAD: &str = "| m | update, us | bound, summed | ratio | bound, overlapped | ratio \
    | W | products | AdaGrad | tanh | exp |";

/// Blocks of runs of each loop. Their median counts.
const BLOCKS: usize = 15;
const BLOCK: Duration = Duration::from_millis(10);

/// A loop that is timed.
struct Timed {
    /// How many times it does what it does in a run.
    entries: usize,
    run: Box<dyn FnMut()>,
}

impl Timed {
    fn block(&mut self, runs: u32) -> Duration {
        let start = Instant::now();
        (0..runs).for_each(|_| (self.run)());
        start.elapsed()
    }

    /// How many runs make a block.
    fn runs(&mut self) -> u32 {
        let mut runs = 1;
        while self.block(runs) < BLOCK {
            runs *= 2;
        }
        runs
    }

    fn seconds_per_entry(&self, mut blocks: Vec<Duration>, runs: u32) -> f64 {
        blocks.sort();
        blocks[blocks.len() / 2].as_secs_f64() / f64::from(runs) / self.entries as f64
    }
}

impl From<Limit> for Timed {
    fn from(Limit { entries, run, .. }: Limit) -> Self {
        Timed { entries, run }
    }
}

/// Seconds per entry of every loop. They take turns, so that what else the machine does meets all alike.
fn seconds(mut loops: Vec<Timed>, once: bool) -> Vec<f64> {
    let runs = loops.iter_mut().map(|timed| if once { 1 } else { timed.runs() });
    let runs: Vec<u32> = runs.collect();
    let rounds = if once { 1 } else { BLOCKS };
    let mut blocks = vec![Vec::new(); loops.len()];
    for _ in 0..rounds {
        for ((timed, blocks), &runs) in loops.iter_mut().zip(&mut blocks).zip(&runs) {
            blocks.push(timed.block(runs));
        }
    }
    let all = loops.iter().zip(blocks).zip(runs);
    all.map(|((timed, blocks), runs)| timed.seconds_per_entry(blocks, runs)).collect()
}

/// Seconds per entry.
struct Rates {
    multiply_add: f64,
    division: f64,
    tanh: f64,
    exp: f64,
}

impl Rates {
    fn loops() -> [Limit; 4] {
        [limits::multiply_adds(), limits::divisions(), limits::tanh(), limits::exponentials()]
    }

    fn new(seconds: &[f64]) -> Self {
        Rates { multiply_add: seconds[0], division: seconds[1], tanh: seconds[2], exp: seconds[3] }
    }

    fn print(&self) {
        println!(
            "{}: {:.1} G multiply-adds/s, sqrt and division {:.2} ns, tanh {:.2} ns, exp {:.2} ns",
            Level::widest().name(),
            1e-9 / self.multiply_add,
            1e9 * self.division,
            1e9 * self.tanh,
            1e9 * self.exp,
        );
    }
}

/// Seconds that the parts of an update take at least.
struct Bound {
    W: f64,
    products: f64,
    adagrad: f64,
    tanh: f64,
    exp: f64,
}

impl Bound {
    /// With `read` seconds for a double of W, and `n` different characters in an update.
    fn new(m: usize, n: f64, read: f64, rates: &Rates) -> Self {
        let times = |count: usize, seconds: f64| count as f64 * seconds;
        Bound {
            W: times((2 * T - 1) * m * m, read),
            products: times(T * (3 * K * m + m * m), rates.multiply_add),
            adagrad: (times(m, n) + times(m * m + K * m + m + K, 1.0)) * rates.division,
            tanh: times(T * m, rates.tanh),
            exp: times(T * K, rates.exp),
        }
    }

    fn summed(&self) -> f64 {
        self.W + self.products + self.adagrad + self.tanh + self.exp
    }

    fn overlapped(&self) -> f64 {
        self.W + self.products.max(self.adagrad) + self.tanh + self.exp
    }
}

fn print_table(once: bool) {
    let caches = CACHES.map(limits::read);
    let names = caches.each_ref().map(|limit| limit.name.clone());
    let mut loops: Vec<Timed> = Rates::loops().map(Timed::from).into();
    loops.extend(caches.map(Timed::from));
    for m in SIZES {
        loops.push(limits::read((8 * m * m).max(CACHES[0])).into());
        loops.push(updates(m));
    }
    let seconds = seconds(loops, once);

    let (rates, seconds) = seconds.split_at(4);
    let (caches, sizes) = seconds.split_at(CACHES.len());
    let rates = Rates::new(rates);
    rates.print();
    for (name, double) in names.iter().zip(caches) {
        println!("{name}: {:.0} GB/s", 8e-9 / double);
    }
    println!("\n{HEAD}\n|{}", "---:|".repeat(11));
    let n = different_characters(&text().chars().collect::<Vec<char>>());
    for (m, seconds) in SIZES.into_iter().zip(sizes.chunks_exact(2)) {
        let bound = Bound::new(m, n, seconds[0], &rates);
        println!("{}", row(m, seconds[1], &bound));
    }
}

fn training(m: usize) -> Training {
    let settings = Settings { hidden: m, ..Settings::default() };
    let training = Training::new(&text(), settings).expect("a good text");
    training.on(Level::widest(), 1).expect("memory")
}

/// Whole updates, as the program makes them.
fn updates(m: usize) -> Timed {
    let mut training = training(m);
    let update = move || {
        training.update().expect("a finite loss");
    };
    Timed { entries: 1, run: Box::new(update) }
}

/// How many of the T characters of an update differ, on average.
fn different_characters(text: &[char]) -> f64 {
    let chunks = text.chunks_exact(T);
    let count = chunks.len();
    let different = chunks.map(|chunk| chunk.iter().collect::<HashSet<_>>().len());
    different.sum::<usize>() as f64 / count as f64
}

fn row(m: usize, update: f64, bound: &Bound) -> String {
    let (summed, overlapped) = (bound.summed(), bound.overlapped());
    let Bound { W, products, adagrad, tanh, exp } = bound;
    let parts = [W, products, adagrad, tanh, exp].map(|part| format!(" {:.1} |", 1e6 * part));
    format!(
        "| {m} | {:.1} | {:.1} | {:.2} | {:.1} | {:.2} |{}",
        1e6 * update,
        1e6 * summed,
        update / summed,
        1e6 * overlapped,
        update / overlapped,
        parts.concat()
    )
}
