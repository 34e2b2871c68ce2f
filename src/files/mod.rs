//! Models and named arrays on disk: model files, and the weights of other programs.
//!
//! Leaves out: the formats themselves, and the folder of a run.

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
