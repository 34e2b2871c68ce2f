//! Bytes and files: JSON, NumPy's arrays, zip archives, safetensors, files that are replaced whole.
//!
//! Every format reads and writes the same [`array::Array`]. Leaves out: networks, and what the arrays in a
//! file mean, which is `files`.

pub mod array;
pub mod disk;
pub mod error;
pub mod json;
pub mod names;
pub mod npy;
pub mod npz;
mod reader;
pub mod safetensors;
pub mod sniff;
pub mod zip;
