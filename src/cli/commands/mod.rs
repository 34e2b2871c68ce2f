//! The commands of the program, one file or folder each.

pub mod check;
pub mod completions;
pub mod dispatch;
pub mod export;
pub mod import;
pub mod plot;
pub mod report;
pub mod sample;
pub mod score;
pub mod show;
pub mod table;
#[cfg(test)]
mod tests;
pub mod train;
