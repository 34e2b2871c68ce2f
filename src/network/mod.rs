//! The equations of the network: parameters, forward pass, backpropagation through time, optimizers.
//!
//! Use this module to compute a loss, a gradient or an update yourself: [`Rnn`], [`Unrolled`] and [`Rule`] do it fast,
//! and [`mod@reference`] is the definition in plain loops. Both give the same numbers. Texts, files and the training
//! loop are in other modules.

pub(crate) mod columns;
pub(crate) mod gradient;
pub(crate) mod optimizer;
pub(crate) mod packed_weights;
pub(crate) mod parameters;
pub(crate) mod parts;
pub mod reference;
pub(crate) mod rnn;
pub(crate) mod unrolled;
pub(crate) mod update;

pub use optimizer::{Optimizer, Rule};
pub use parameters::{NamedTensor, Parameters, Shape, ShapeError, Tensors};
pub use rnn::Rnn;
pub use unrolled::Unrolled;
