//! From text to indices: build a [`Vocabulary`], open a text of any length as a [`Corpus`], decode UTF-8.
//!
//! The order in which training reads a text is [`Order`](crate::Order).

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
