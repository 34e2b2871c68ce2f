//! Tests of the program: what it prints, what it leaves in files, and how it ends.

#![allow(non_snake_case)]

mod best_model;
#[cfg(unix)]
mod completions;
mod crash_safety;
mod errors;
#[path = "../library/examples.rs"]
mod examples;
mod export_import;
mod from_model;
mod gradient_check;
mod harness;
mod help;
mod plot;
mod report;
mod reproducibility;
mod resume;
mod runs;
mod sampling;
mod score;
mod several_seeds;
mod show;
mod texts;
mod validation;
mod worked_case;
