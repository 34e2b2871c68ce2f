//! A character-level recurrent network (an Elman network) from scratch, on the standard library alone.
//!
//! The network reads a text character by character, learns to predict the next character, and generates text of its
//! own. `K` is the number of distinct characters in the text, `m` the number of hidden units, and `T` the number of
//! characters that one update reads. Every entry of every gradient can be compared with finite differences. The same
//! command gives the same bits on every machine with IEEE-754 doubles.
//!
//! # Train
//!
//! ```
//! use elman::{STORY, Settings, Training, training::Fit};
//! use std::ops::ControlFlow;
//!
//! // m = 20; the other settings have their defaults: T = 25, AdaGrad. The last tenth of the text is for validation.
//! let settings = Settings { hidden: 20, validation: 0.1, ..Settings::default() };
//! let mut training = Training::new(STORY, settings)?;
//! training.fit(Fit { updates: 2000, ..Fit::default() }, |_, seen| {
//!     println!("{seen}");
//!     ControlFlow::Continue(())
//! })?;
//! let model = training.into_best();
//! # assert!(model.state().updates > 0);
//! # Ok::<(), elman::Error>(())
//! ```
//!
//! # Save, load and sample
//!
//! ```
//! use elman::{Writer, files, inference::Sampling};
//!
//! # let settings = elman::Settings { hidden: 20, ..Default::default() };
//! # let model = elman::Model::new(elman::Vocabulary::of(elman::STORY), settings)?;
//! let path = std::env::temp_dir().join("ferry.safetensors");
//! files::save(&model, &path)?;
//! let model = files::load(&path)?;
//!
//! let sampling = Sampling { temperature: 0.7, ..Sampling::default() };
//! let mut writer = Writer::new(&model)?.sampling(sampling)?.seed(7);
//! writer.prime("The ferry ")?;
//! println!("The ferry {}", writer.write(100));
//! # Ok::<(), elman::Error>(())
//! ```
//!
//! # Score a text
//!
//! A score is the cross-entropy of a text under the model, in bits.
//!
//! ```
//! # use elman::{STORY, Settings, Training, training::Fit};
//! # let settings = Settings { hidden: 20, ..Settings::default() };
//! # let mut training = Training::new(STORY, settings)?;
//! # training.fit(Fit { updates: 1000, ..Fit::default() }, |_, _| std::ops::ControlFlow::Continue(()))?;
//! # let model = training.into_best();
//! use elman::score;
//!
//! let scores = score::batch(&model, &["the ferry and the bell", "lleb eht dna yrref eht"])?;
//! assert!(scores[0].bits_per_character() < scores[1].bits_per_character());
//! # Ok::<(), elman::Error>(())
//! ```
//!
//! # Check gradients
//!
//! ```
//! use elman::check::{Case, check_gradients};
//! use elman::{Rnn, Shape};
//!
//! // m = 5, K = 3 and T = 4; characters are given by their indices.
//! let rnn = Rnn::random(Shape::new(5, 3)?, 0.01, 1)?;
//! let case = Case { inputs: &[0, 1, 1, 2], targets: &[1, 1, 2, 0], h0: &[0.0; 5] };
//! assert!(check_gradients(&rnn, case)?.passed());
//! # Ok::<(), elman::ShapeError>(())
//! ```
//!
//! # Call a kernel
//!
//! A [`Level`] is an instruction set of this machine. All levels give the same bits.
//!
//! ```
//! use elman::Level;
//!
//! let (W, x) = ([1.0, 2.0, 3.0, 4.0], [1.0, -1.0]);
//! let mut y = [0.0; 2];
//! Level::chosen().matvec(&W, &x, &mut y);
//! assert_eq!(y, [-1.0, -1.0]);
//! ```
//!
//! # The equations
//!
//! x_t is the one-hot vector of the character that step t reads, and y_t is the character that comes next. h_t is the
//! hidden state. `'` is the transpose.
//!
//! ```text
//! a_t = W h_{t-1} + (U x_t + b)   U: m x K   W: m x m   b: m
//! h_t = tanh(a_t)
//! o_t = V h_t + c                 V: K x m   c: K
//! p_t = softmax(o_t)
//! L   = - sum_t ln p_t[y_t]       nats, over the T characters of an update
//! ```
//!
//! Backpropagation through time gives the gradient of L. With g_t = p_t - y_t, where y_t is one-hot too:
//!
//! ```text
//! dL/da_t = (V' g_t + W' dL/da_{t+1}) (1 - h_t^2)
//! dL/dV   = sum_t g_t h_t'            dL/dc = sum_t g_t
//! dL/dW   = sum_t dL/da_t h_{t-1}'    dL/db = sum_t dL/da_t
//! dL/dU   = sum_t dL/da_t x_t'
//! ```
//!
//! An update clips each entry g of the gradient, by default to [-5, 5]. Then AdaGrad changes each parameter theta:
//!
//! ```text
//! G += g g
//! theta -= (eta g) / sqrt(G + epsilon)
//! ```
//!
//! [`Optimizer`] has Adam and RMSProp as well. The next update begins with the hidden state that this one ended with; a
//! new epoch begins with zeros. With a batch size above 1, an update reads several parts of the text in parallel and
//! averages their gradients.
//!
//! # Where to begin
//!
//! | task | start with |
//! |---|---|
//! | train a network | [`Settings`], [`Training`] and [`Training::fit`] |
//! | train on a text of any length | [`Corpus`] and [`Training::begin`] |
//! | continue from a trained model | [`Training::begin_from`] |
//! | resume a run | [`Training::resume`] |
//! | generate text | [`Writer`] |
//! | score lines and texts | [`score`] and [`Scorer`] |
//! | check gradients | [`check::check_gradients`] |
//! | load and save models, in files and in memory | [`files`] |
//! | exchange weights with PyTorch and NumPy | [`files::import`] and [`files::export`] |
//! | make a model from your own weights | [`Parameters::from_tensors`], [`Model::from_parameters`] |
//! | handle errors | [`enum@Error`] |
//! | read the equations as code | [`mod@network::reference`], then [`Rnn`] |
//! | profile, or write a kernel | [`kernels`] |
//!
//! [`guide::student`] is for the assignment, [`guide::engineer`] has whole programs, and [`guide::performance`] has
//! measured speeds. [`guide`] lists all pages.
//!
//! # Modules, from the ground up
//!
//! Each module uses only those above it in this table:
//!
//! | module | what is in it |
//! |---|---|
//! | [`kernels`] | arithmetic on slices: products, tanh, softmax |
//! | [`random`] | random numbers |
//! | [`network`] | the equations: parameters, forward pass, backpropagation through time, optimizers |
//! | [`settings`] | everything that decides what is learned |
//! | [`text`] | text to indices: vocabularies, texts of any length |
//! | [`model`] | a model: settings, vocabulary and state; the plan of a run |
//! | [`inference`] | generating and scoring text |
//! | [`files`] | model files, and weights of other programs |
//! | [`training`] | the training loop: updates, epochs, losses, validation, the best model |
//! | [`check`] | gradient checks, and worked cases to compare your own numbers with |
//!
//! Every matrix is a row-major slice of `f64`. Memory is allocated when a network, a writer or a scorer is made; an
//! update allocates none, nor does reading or writing a character.
//!
//! # Panics
//!
//! Bad data is an error, not a panic: a damaged file, a text that does not fit, a setting out of range, an index of K
//! or more, a hidden state that is not m long. Only a mistake in the calling code panics, such as a slice of the wrong
//! length for a [kernel](kernels). Each item documents its panics.
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

/// The version of this crate.
pub const VERSION: &str = "0.2.0";

/// The built-in text: a story written for this crate.
pub const STORY: &str = include_str!("../fixtures/story.txt");

/// The examples of the README are compiled and run as well.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
