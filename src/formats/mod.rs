//! Bytes and files: JSON, NumPy's arrays, zip archives, safetensors, files that are replaced whole.
//!
//! Nothing here knows of networks. Leaves out: what the arrays in a file mean, which is `files`.

pub mod disk;
pub mod json;
pub mod npy;
pub mod safetensors;
pub mod zip;
