//! Model files and weights: save and load a model, and exchange weights with PyTorch and NumPy.
//!
//! | to | in files | in memory, or with any input and output |
//! |---|---|---|
//! | save and load a model | [`save`], [`load`] | [`to_bytes`], [`from_bytes`] |
//! | save and load a run, to be resumed | [`save_with_plan`], [`load_with_plan`] | [`write()`], [`read`] |
//! | give weights to another program | [`export`] | [`write_weights`] |
//! | take weights from another program | | [`import`] |

pub(crate) mod arrays;
pub(crate) mod checkpoint;
mod error;
pub(crate) mod exchange;
mod metadata;
mod named;
mod refusals;
mod shapes;
pub(crate) mod tensors;
mod torch;
mod weights;

pub use checkpoint::{
    from_bytes, load, load_with_plan, read, save, save_with_plan, to_bytes, write,
};
pub use error::FileError;
pub use exchange::{Format, export, import, write_weights};
