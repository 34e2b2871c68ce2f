//! `elman check`: checks gradients against finite differences, and your own arrays against a worked case.

mod against;
mod case;
mod run;
mod subject;
mod table;

pub use run::COMMAND;
