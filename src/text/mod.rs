//! From text to indices: vocabularies, texts of any length read in windows, decoding of UTF-8.
//!
//! Leaves out: the order in which training reads a text.

pub(crate) mod corpus;
pub(crate) mod decoder;
pub(crate) mod error;
pub(crate) mod form;
mod pass;
pub(crate) mod vocabulary;
mod window;

pub use crate::settings::Symbols;
pub use corpus::{Corpus, Source};
pub use decoder::InvalidSequence;
pub use error::TextError;
pub use form::TextForm;
pub use vocabulary::{UnknownCharacters, Vocabulary, one_hot};
pub use window::Input;
