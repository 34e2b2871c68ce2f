//! One page for each kind of reader: the student, the engineer, and whoever profiles.
//!
//! They are the pages that the README leads to; their Rust is compiled and run with the tests.

#[doc = include_str!("engineer.md")]
pub mod engineer {}

#[doc = include_str!("performance.md")]
pub mod performance {}

#[doc = include_str!("student.md")]
pub mod student {}
