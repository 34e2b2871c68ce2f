//! The program `elman`: trains, samples, checks and shows character-level recurrent networks.
#![forbid(unsafe_code)]
#![allow(non_snake_case)]

mod cli;

fn main() -> std::process::ExitCode {
    cli::commands::dispatch::run(std::env::args_os().skip(1))
}
