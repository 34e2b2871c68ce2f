//! The program: what it is asked for, a run and its folder, what a person sees.

pub mod charts;
pub mod command_line;
pub mod commands;
pub mod format;
pub mod language;
pub mod run;
pub mod terminal;
