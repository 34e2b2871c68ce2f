//! What the program, the benches and the fuzz targets of this repository need in addition to the public modules.
//!
//! It may change in any version.

pub use crate::formats::{array, disk, error, json, names, npy, safetensors, sniff, zip};

macro_rules! modules {
    ($($room:ident: $($name:ident)*;)*) => {
        $($(#[allow(missing_docs)] pub mod $name { pub use crate::$room::$name::*; })*)*
    };
}

modules! {
    check: diagnosis gradient_check places worked_case;
    files: arrays checkpoint exchange tensors;
    kernels: buffer;
    network: columns gradient packed_weights parameters parts update;
    training: intervals observation;
}

/// The passes in parts, so that each can be timed.
pub mod passes {
    use crate::kernels::F64x8;
    use crate::network::packed_weights::PackedWeights;
    use crate::{Rnn, Unrolled};

    /// Computes the hidden states after step `hidden`, and the losses after the first `losses` steps.
    pub fn forward_from(
        rnn: &Rnn,
        weights: &PackedWeights,
        hidden: usize,
        losses: usize,
        steps: &mut Unrolled,
    ) {
        rnn.forward_from(weights, hidden, losses, steps);
    }

    /// The backward pass.
    pub fn propagate(rnn: &Rnn, weights: &PackedWeights, steps: &mut Unrolled) {
        rnn.propagate_with(weights, steps);
    }

    /// Packs what the sums of the gradient read, as backpropagation does at its end.
    #[inline(always)]
    pub fn pack_vectors<F: F64x8>(steps: &mut Unrolled) {
        steps.pack::<F>();
    }
}

/// Decoding of bytes to symbols.
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

/// Access to parts of a model, for tests. The parts are checked only when the model is written.
pub mod model {
    use crate::model::State;
    use crate::text::Source;
    use crate::{Model, Settings};

    /// Its settings.
    pub fn settings_mut(model: &mut Model) -> &mut Settings {
        &mut model.settings
    }

    /// The text that it was trained on.
    pub fn source_mut(model: &mut Model) -> &mut Option<Source> {
        &mut model.source
    }

    /// The state of its training.
    pub fn state_mut(model: &mut Model) -> &mut State {
        &mut model.state
    }
}
