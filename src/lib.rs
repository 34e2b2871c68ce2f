//! A character-level recurrent network (an Elman network), from scratch.
#![deny(missing_docs)]
#![forbid(unsafe_code)]
// The letters are the field's own: U, W, V, K, T, G, dW ...
#![allow(non_snake_case)]

pub mod adagrad;
pub mod checkpoint;
pub mod digest;
pub mod gradient_check;
pub mod json;
pub mod kernels;
pub mod model;
pub mod network;
pub mod parameters;
pub mod random;
pub mod reference;
pub mod safetensors;
pub mod synthesis;
pub mod text;
pub mod training;

pub use model::{Model, Settings};
pub use network::{Rnn, Unrolled};
pub use parameters::{Parameters, Shape, ShapeError};
pub use text::Vocabulary;
pub use training::{Look, Training, TrainingError};

/// The version of this crate; the same whether cargo builds it or rustc alone.
pub const VERSION: &str = "0.1.0";

/// The text that is built in: a story written for this crate.
pub const STORY: &str = include_str!("../fixtures/story.txt");
