//! Bytes and files: JSON, NumPy's arrays, zip archives, safetensors, files that are replaced as a whole.
//!
//! Every format reads and writes the same [`array::Array`]. What the arrays of a file mean is left to `files`.

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
