//! Tests of the library: what it computes, reads and writes, without the program.

#![allow(non_snake_case)]

mod api;
mod damaged_texts;
mod definition;
mod examples;
mod exchange;
mod fuzz_seeds;
mod memory;
mod recorded_numbers;
mod reproducibility;
mod scoring;
