//! Weights for other programs, and weights from them: PyTorch's names in a safetensors file, or NumPy's
//! `.npz`.
//!
//! | here | `torch.nn.RNN` and `Linear` | `.npz` |
//! |---|---|---|
//! | U `[m,K]` | `rnn.weight_ih_l0` | `U` |
//! | W `[m,m]` | `rnn.weight_hh_l0` | `W` |
//! | b `[m]` | `rnn.bias_ih_l0`, beside zeros in `rnn.bias_hh_l0` | `b` |
//! | V `[K,m]` | `fc.weight` | `V` |
//! | c `[K]` | `fc.bias` | `c` |
//! | the vocabulary | `vocabulary` and `symbols` in the metadata | `vocabulary`: code points `<u4`, or bytes `\|u1` |
//! | whether lines are documents | `documents` in the metadata | `documents` |
//!
//! Numbers are written as F64 and read from F64, F32, F16 and BF16, all exactly. An imported file may give its layers
//! any names and its characters any order: their rows and columns are sorted into the order of the vocabulary.

use crate::files::error::FileError;
use crate::files::{npz, torch};
use crate::formats::disk::{self, System};
use crate::formats::sniff::{Sniffed, sniff};
use crate::formats::{self, safetensors};
use crate::model::Model;
use std::io::{self, Write};
use std::path::Path;

/// A kind of file that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Safetensors with PyTorch's names.
    Torch,
    /// NumPy's `.npz`.
    Npz,
}

impl Format {
    /// The format of this name: `torch` or `npz`.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "torch" => Some(Format::Torch),
            "npz" => Some(Format::Npz),
            _ => None,
        }
    }
}

/// Writes a model's weights and vocabulary for another program. The same model makes the same bytes.
///
/// It makes many small writes: a file needs a [`std::io::BufWriter`] around it.
///
/// # Errors
/// Any error of the output.
pub fn write_weights(output: &mut impl Write, model: &Model, format: Format) -> io::Result<()> {
    match format {
        Format::Torch => torch::write(model, output),
        Format::Npz => npz::write(model, output),
    }
}

/// Writes a model's weights to a file, as [`write_weights`] does. An old file is replaced whole or not at all.
///
/// # Errors
/// Any error of the system.
pub fn export(model: &Model, format: Format, path: &Path) -> io::Result<()> {
    disk::replace(&mut System, path, |mut output| write_weights(&mut output, model, format))
}

/// Makes a model from the bytes of a file with weights, in either format. `vocabulary` is the characters in the order
/// of their indices; it is needed if the file does not have them.
///
/// The model has the default settings, no text and no updates.
///
/// # Errors
/// [`FileError`] says what is wrong.
pub fn import(file: &[u8], vocabulary: Option<&str>) -> Result<Model, FileError> {
    let weights = match sniff(file) {
        Sniffed::Zip => npz::find(formats::npz::read(file)?)?,
        Sniffed::SafeTensors => torch::find(safetensors::read(file)?)?,
        Sniffed::Json | Sniffed::Other => {
            let message = "neither a safetensors file nor one of numpy.savez";
            return Err(message.to_string().into());
        }
    };
    weights.model(vocabulary)
}
