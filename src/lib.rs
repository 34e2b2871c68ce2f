//! A character-level recurrent network (an Elman network), trained from scratch with the standard
//! library alone.
//!
//! It reads a text character by character, learns which character comes next, writes text of its own,
//! and checks every entry of every gradient against finite differences. The same command gives the same bits on every
//! machine with IEEE-754 doubles.
//!
//! # The network
//!
//! A text over `K` distinct characters is a sequence of one-hot vectors x_t. A hidden state of `m`
//! numbers carries what was read; y_t is the character that comes next:
//!
//! ```text
//! a_t = W h_{t-1} + (U x_t + b)   U: m x K   W: m x m   b: m
//! h_t = tanh(a_t)
//! o_t = V h_t + c                 V: K x m   c: K
//! p_t = softmax(o_t)
//! L   = - sum_t ln p_t[y_t]       nats, over the T characters of an update
//! ```
//!
//! Backpropagation through time gives the gradient of L in every entry, with g_t = p_t - y_t:
//!
//! ```text
//! dL/da_t = (V' g_t + W' dL/da_{t+1}) (1 - h_t^2)
//! dL/dV   = sum_t g_t h_t'            dL/dc = sum_t g_t
//! dL/dW   = sum_t dL/da_t h_{t-1}'    dL/db = sum_t dL/da_t
//! dL/dU   = sum_t dL/da_t x_t'
//! ```
//!
//! and AdaGrad moves the parameters, after each entry g of the gradient is clipped, by default to [-5, 5]:
//! `G += g g`, `theta -= (eta g) / sqrt(G + epsilon)`. [`Optimizer`] has Adam and RMSProp as well. The hidden
//! state is carried from one update to the next, until a new epoch begins. With a batch size above 1, parts of the text are
//! read side by side, and the gradient is the mean of the gradients of those parts.
//!
//! # Train, save, load, write, score
//!
//! ```
//! use elman::{Settings, Training, Writer, files, score, training::Fit};
//! use std::ops::ControlFlow;
//!
//! fn main() -> Result<(), elman::Error> {
//!     // Any text does. Its last tenth is held out for validation, and decides which model is the best.
//!     let settings = Settings { hidden: 20, validation: 0.1, ..Settings::default() };
//!     let mut training = Training::new(elman::STORY, settings)?;
//!     let fit = Fit { updates: 2000, evaluate_every: 250, patience: Some(3) };
//!     training.fit(fit, |_, seen| {
//!         println!("{seen}");
//!         ControlFlow::Continue(())
//!     })?;
//!     let path = std::env::temp_dir().join("ferry.safetensors");
//!     files::save(training.best(), &path)?;
//!
//!     let model = files::load(&path)?;
//!     let mut writer = Writer::new(&model)?.seed(7);
//!     writer.prime("The ferry ")?;
//!     println!("The ferry {}", writer.write(100));
//!
//!     let scores = score::batch(&model, &["the ferry and the bell", "lleb eht dna yrref eht"])?;
//!     assert!(scores[0].bits_per_character() < scores[1].bits_per_character());
//!     Ok(())
//! }
//! ```
//!
//! [`guide::engineer`] has whole programs: a service, a stream, early stopping, a run that is kept elsewhere, weights of one's
//! own. [`check::check_gradients`] compares every entry of every gradient with finite differences.
//!
//! # Where to begin
//!
//! | task | start with |
//! |---|---|
//! | train a network | [`Settings`], [`Training`] and [`Training::fit`] |
//! | train on a text of any length | [`Corpus`] and [`Training::begin`] |
//! | begin from a trained model, or go on with a run | [`Training::begin_from`], [`Training::resume`] |
//! | write text | [`Writer`] |
//! | score lines and texts | [`score`] and [`Scorer`] |
//! | check gradients | [`check::check_gradients`] |
//! | load and save models, also in memory | [`files`] |
//! | exchange weights with PyTorch and NumPy | [`files::import`] and [`files::export`] |
//! | make a network of weights of one's own | [`Parameters::from_tensors`], [`Model::from_parameters`] |
//! | handle errors | [`enum@Error`] |
//! | read the equations | [`mod@network::reference`], the definition, and [`Rnn`] |
//! | profile | [`kernels`] |
//!
//! [`guide`] has a page for students, one for engineers, and one for those who profile.
//!
//! # Modules, from the ground up
//!
//! Each module knows only those above it in this table:
//!
//! | module | what is in it |
//! |---|---|
//! | [`kernels`] | arithmetic on slices: products, tanh, softmax, every sum in one written-down order |
//! | [`random`] | random numbers |
//! | [`network`] | the equations: parameters, forward, backward through time, optimizers |
//! | [`settings`] | everything that decides what is learned |
//! | [`text`] | text to indices: vocabulary, texts of any length |
//! | [`model`] | settings, vocabulary, state and plan of a run |
//! | [`inference`] | what a trained network does: write, score |
//! | [`files`] | models and weights on disk |
//! | [`training`] | the loop: updates, epochs, losses, validation, the best model |
//! | [`check`] | gradient checks and worked cases, to compare your own numbers with |
//!
//! Matrices are row-major `f64` slices everywhere. Neither an update nor reading or writing one character allocates
//! memory.
//!
//! # Panics
//!
//! What data can cause is an error: a damaged file, a text that does not fit, a setting out of range, an index of K or more, a
//! hidden state of another length. The panics that are left are slips in code, and documented where they can happen: slices
//! of the wrong length handed to a [kernel](kernels), buffers made for another network.
#![deny(missing_docs)]
#![deny(unsafe_code)]
// The letters are the field's own: U, W, V, K, T, G, dW ...
#![allow(non_snake_case)]

pub mod check;
mod digest;
mod error;
pub mod files;
mod formats;
pub mod guide;
pub mod inference;
#[doc(hidden)]
pub mod internals;
pub mod kernels;
pub mod model;
pub mod network;
pub mod random;
pub mod settings;
pub mod text;
mod threads;
pub mod training;

pub use error::Error;
#[doc(no_inline)]
pub use inference::{Scorer, Writer, score};
#[doc(no_inline)]
pub use kernels::Level;
#[doc(no_inline)]
pub use model::{Model, Plan};
#[doc(no_inline)]
pub use network::{Optimizer, Parameters, Rnn, Shape, ShapeError, Unrolled};
#[doc(no_inline)]
pub use settings::{Initialization, Loss, Order, Schedule, Settings};
#[doc(no_inline)]
pub use text::{Corpus, TextError, Vocabulary};
#[doc(no_inline)]
pub use training::{Fit, Observation, Training, TrainingError, Validation};

/// The version of this crate; the same whether cargo builds it or rustc alone.
pub const VERSION: &str = "0.1.0";

/// The text that is built in: a story written for this crate.
pub const STORY: &str = include_str!("../fixtures/story.txt");

/// The examples of the README are compiled and run as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
