//! What the program, the benches and the fuzz targets of this repository need beyond the public modules.
//!
//! It may change in any version.

pub use crate::formats::{array, disk, error, json, npy, safetensors, sniff, zip};

macro_rules! modules {
    ($($room:ident: $($name:ident)*;)*) => {
        $($(#[allow(missing_docs)] pub mod $name { pub use crate::$room::$name::*; })*)*
    };
}

modules! {
    check: diagnosis gradient_check places worked_case;
    files: arrays checkpoint exchange tensors;
    kernels: buffer;
    network: columns gradient update;
    training: intervals observation;
}

/// The bytes of texts.
pub mod decoder {
    pub use crate::text::decoder::byte_order_mark;
}

/// The rows of settings, their values, and presets.
pub mod settings {
    pub use crate::settings::{presets::*, table::*, value::*};
}

/// The rows of a plan.
pub mod plan {
    pub use crate::model::plan::*;
}

/// Digests of texts.
pub mod digest {
    pub use crate::digest::of_text;
}
