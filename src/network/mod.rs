//! The equations of the network: parameters, forward pass, backpropagation through time, optimizers.
//!
//! [`mod@reference`] is the definition, dense and plain; the rest computes the same numbers fast. `rnn`: forward and
//! backward through time; `gradient`: the sums over steps, in `parts`; `unrolled`: their buffers; `packed_weights`: what
//! products read; `update`: clipping and the optimizers. Leaves out: texts, files, and the training loop.

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
