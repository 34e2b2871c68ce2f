//! The command line: its options by table, help, completions, and how a command fails.
//!
//! Leaves out: what the commands do.

pub mod arguments;
pub mod command;
pub mod completions;
pub mod failure;
pub mod help;
pub mod nearest;
pub mod options;
pub mod synonyms;
pub mod words;
