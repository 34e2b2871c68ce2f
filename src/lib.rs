//! A character-level recurrent network (an Elman network), trained from scratch with the standard
//! library alone.
//!
//! It reads a text character by character, learns which character comes next, writes text of its own,
//! and proves that every gradient it computes is right. The same command gives the same bits on every
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
//! and AdaGrad moves the parameters, after each entry g of the gradient is clipped to [-5, 5]:
//! `G += g g`, `theta -= (eta g) / sqrt(G + epsilon)`. [`optimizer`] has Adam and RMSProp as well. The hidden state is carried from one update to the
//! next until the text is begun anew. With several streams, parts of the text are read side by side, and the
//! gradient is their mean.
//!
//! # Train, write, judge, check
//!
//! ```
//! use elman::synthesis::passage;
//! use elman::{Settings, Training, gradient_check, score};
//!
//! // The story that is built in; any text does. Its last tenth is held out.
//! let settings = Settings { hidden: 20, validation: 0.1, ..Settings::default() };
//! let mut training = Training::new(elman::STORY, settings)?;
//! let untrained = training.validate()?;
//! for _ in 0..1000 {
//!     training.update()?;
//! }
//! let trained = training.validate()?;
//! assert!(trained.bits < 0.9 * untrained.bits);
//!
//! // The best model writes, and says how many bits it needs for a text.
//! let model = training.best();
//! println!("{}", passage(model, 200, 1));
//! let [english, reversed] = ["the ferry and the bell", "lleb eht dna yrref eht"]
//!     .map(|text| score::of_text(model, text).bits_per_character());
//! assert!(english < reversed);
//!
//! // Every entry of every gradient, at the state that the training has reached.
//! let (inputs, targets) = training.chunk();
//! let case = gradient_check::Case { inputs, targets, h0: training.h0() };
//! assert!(gradient_check::check(&training.model().state.rnn, case)?.passed());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`guide`] has a page for students, one for engineers, and one for those who profile.
//!
//! # Where things are
//!
//! Each floor knows only those below it:
//!
//! | floor | |
//! |---|---|
//! | [`worked_case`], [`diagnosis`] | one update with every number on the way; what is wrong with somebody's own |
//! | [`arrays`] | named arrays in `.npz`, safetensors and JSON |
//! | [`places`] | chunks of a text, with the hidden state that a trained network has there |
//! | [`training`] | the loop: chunks, epochs, smooth loss, the best model |
//! | [`validation`] | the loss of the text that is held out |
//! | [`score`] | what a text costs in bits, whole or line by line |
//! | [`order`] | where each update reads: the order of the text, chunks in random order, random positions |
//! | [`corpus`] | texts of any length, read in windows |
//! | [`streams`] | one update of all streams, on one thread or several |
//! | [`synthesis`], [`gradient_check`] | text from a network; numerical against analytic gradients |
//! | [`exchange`], [`zip`], [`npy`] | weights for PyTorch and NumPy, and from them |
//! | [`checkpoint`], [`safetensors`], [`json`] | model files |
//! | [`disk`] | files that are replaced whole or not at all |
//! | [`model`], [`digest`] | settings, state and plan of a run; 64 bits that tell two apart |
//! | [`network`] | the equations above, with indices for one-hot vectors: forward, and backward through time |
//! | [`optimizer`] | AdaGrad, Adam, RMSProp: the update, of each entry as soon as it is summed |
//! | [`gradient`] | the sums over steps and streams |
//! | [`unrolled`] | the buffers of T steps |
//! | [`mod@reference`] | the same equations dense and plain: the definition |
//! | [`parameters`], [`text`], [`random`] | U, W, V, b, c; vocabulary and one-hot matrices; random numbers |
//! | [`kernels`] | products, tanh, softmax on slices, every sum in one written-down order |
//! | [`kernels::level`], [`buffer`] | four doubles at a time, for every instruction set; where buffers begin |
//!
//! Matrices are row-major `f64` slices everywhere. Nothing allocates per update or per character.
#![deny(missing_docs)]
#![deny(unsafe_code)]
// The letters are the field's own: U, W, V, K, T, G, dW ...
#![allow(non_snake_case)]

pub mod arrays;
pub mod buffer;
pub mod checkpoint;
pub mod corpus;
pub mod diagnosis;
pub mod digest;
pub mod disk;
pub mod exchange;
pub mod gradient;
pub mod gradient_check;
pub mod guide;
pub mod json;
pub mod kernels;
pub mod model;
pub mod network;
pub mod npy;
pub mod optimizer;
pub mod order;
pub mod parameters;
pub mod places;
pub mod random;
mod recurrence;
pub mod reference;
pub mod safetensors;
pub mod score;
pub mod streams;
pub mod synthesis;
pub mod text;
mod threads;
pub mod training;
pub mod unrolled;
pub mod validation;
pub mod worked_case;
pub mod zip;

pub use corpus::{Corpus, TextError};
pub use kernels::Level;
pub use model::{Initialization, Loss, Model, Order, Plan, Settings};
pub use network::Rnn;
pub use optimizer::Optimizer;
pub use parameters::{Parameters, Shape, ShapeError};
pub use text::Vocabulary;
pub use training::{Look, Training, TrainingError};
pub use unrolled::Unrolled;
pub use validation::Validation;

/// The version of this crate; the same whether cargo builds it or rustc alone.
pub const VERSION: &str = "0.1.0";

/// The text that is built in: a story written for this crate.
pub const STORY: &str = include_str!("../fixtures/story.txt");

/// The examples of the README are compiled and run as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
