//! The sections of a report, one file each. Every sentence stands where it is used, in both languages.
//!
//! Leaves out: how a page is written as HTML or Markdown.

mod best;
mod check;
mod equations;
mod losses;
mod repeat;
mod samples;
mod settings;
mod speed;
mod whole;

pub use whole::page;
