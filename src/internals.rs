//! What the program, the benches and the fuzz targets of this repository need beyond the public modules.
//!
//! It may change in any version.

pub use crate::formats::{array, disk, error, json, npy, npz, safetensors, sniff, zip};

macro_rules! modules {
    ($($room:ident: $($name:ident)*;)*) => {
        $($(#[allow(missing_docs)] pub mod $name { pub use crate::$room::$name::*; })*)*
    };
}

modules! {
    check: case diagnosis gradient_check numerical places worked_case;
    files: arrays checkpoint exchange tensors;
    inference: sampling scoring;
    kernels: buffer;
    network: columns gradient optimizer parameters unrolled update;
    text: corpus vocabulary;
    training: intervals observation training_loop validation;
}

/// The bytes of texts.
pub mod decoder {
    pub use crate::text::decoder::byte_order_mark;
}

/// Digests of texts.
pub mod digest {
    pub use crate::digest::*;
}
