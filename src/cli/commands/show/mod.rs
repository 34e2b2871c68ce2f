//! `elman show`: prints a model's settings, state and tensors, for people and as JSON.

mod json;
mod rows;
mod run;
mod tensors;
mod vocabulary;

pub use run::COMMAND;
