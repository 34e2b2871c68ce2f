//! Searches for numbers that are not rounded as they are defined: `cargo bench --bench exact -- roots 100000000`.
//!
//! A sweep compares one way to compute something with the operations that define it, in every bit: for random
//! numbers, and for those that are hard to round. The argument after its name is about how many random
//! numbers it tries. `ELMAN_ISA` chooses the level. Prints how many cases of every class were tried and how
//! many differ, and ends with status 1 if any does.
//!
//! | sweep | compares | with |
//! |---|---|---|
//! | `roots` | `n / sqrt(x)` by multiplications | the instructions for roots and quotients |
//! | `fma` | the fused multiply-add in software | the instruction, or long integers |
//!
//! `cargo bench -- --test` makes a small run of each at every level; `cargo bench` alone makes none.

#![allow(non_snake_case)]

#[path = "../../src/kernels/roots/cases.rs"]
mod cases;
mod doubles;
mod fma;
mod roots;
mod tally;

use elman::Level;
use std::env;
use std::process::ExitCode;
use tally::Tally;

/// Tries about so many random numbers.
type Sweep = fn(&mut Tally, Level, usize);

const SWEEPS: [(&str, Sweep); 2] = [("roots", roots::sweep), ("fma", fma::sweep)];

/// Random numbers of a run that says nothing else.
const DEFAULT: usize = 10_000_000;
/// Those of a run that only wants to see it work.
const FEW: usize = 20_000;

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let has = |option: &str| arguments.iter().any(|argument| argument == option);
    let mut words = arguments.iter().filter(|argument| !argument.starts_with('-'));
    let mut tally = Tally::default();
    if has("--test") || !has("--bench") {
        for level in Level::available() {
            SWEEPS.iter().for_each(|(_, sweep)| sweep(&mut tally, level, FEW));
        }
    } else if let Some(name) = words.next() {
        let cases = words.next().map_or(Ok(DEFAULT), |cases| cases.parse());
        let Ok(cases) = cases else {
            eprintln!("{name}: the number of cases is not a number");
            return ExitCode::from(2);
        };
        // `cargo bench -- NAME` of another bench is not for this one.
        for (_, sweep) in SWEEPS.iter().filter(|(of_sweep, _)| of_sweep == name) {
            sweep(&mut tally, Level::chosen(), cases);
        }
    }
    if tally.differ() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}
