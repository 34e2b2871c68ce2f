//! A run: what it was asked for, its folder and the files there, training to the end, going on, several seeds.
//!
//! The columns of loss.csv are `Observation::FIELDS` of the library.
//!
//! Leaves out: the training itself, which is the library's.

pub mod begin;
pub mod ending;
#[cfg(all(test, unix))]
mod faults;
pub mod file_kind;
pub mod folder;
pub mod inputs;
pub mod line_log;
pub mod lock;
pub mod loss_log;
pub mod report_log;
pub mod request;
pub mod seeds;
pub mod text_warnings;
pub mod work;
