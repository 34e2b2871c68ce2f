//! Weights for other programs, and weights from them: PyTorch's names in a safetensors file, or NumPy's
//! `.npz`.
//!
//! | here | `torch.nn.RNN` and `Linear` | `.npz` | read as well |
//! |---|---|---|---|
//! | U `[m,K]` | `rnn.weight_ih_l0` | `U` | `Wxh` |
//! | W `[m,m]` | `rnn.weight_hh_l0` | `W` | `Whh` |
//! | b `[m]` | `rnn.bias_ih_l0`, beside zeros in `rnn.bias_hh_l0` | `b` | `bh` |
//! | V `[K,m]` | `fc.weight` | `V` | `Why` |
//! | c `[K]` | `fc.bias` | `c` | `by` |
//! | the vocabulary | `vocabulary` and `symbols` in the metadata | `vocabulary`: code points `<u4`, or bytes `\|u1` | |
//! | whether lines are documents | `documents` in the metadata | `documents` | |
//!
//! Numbers are written as F64 and read from F64, F32, F16 and BF16, all exactly. An imported file may give its layers
//! any names and its characters any order: their rows and columns are sorted into the order of the vocabulary. Weights
//! of a `torch.nn.RNNCell` are read like those of an `RNN`; the names of the last two columns in safetensors and in JSON
//! like those in an `.npz`. Biases may be rows or columns. Other arrays are ignored, unless they are of another layer.

use crate::files::error::FileError;
use crate::files::weights::{About, Weights};
use crate::files::{named, torch};
use crate::formats::disk::{self, System};
use crate::formats::safetensors::{self, SafeTensors};
use crate::formats::sniff::{Sniffed, sniff};
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
        Format::Npz => named::write_npz(model, output),
    }
}

/// Writes a model's weights to a file, as [`write_weights`] does. An old file is replaced whole or not at all.
///
/// # Errors
/// [`FileError::Write`] if the system refuses.
pub fn export(model: &Model, format: Format, path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    let write = |mut output: &mut dyn Write| write_weights(&mut output, model, format);
    disk::replace(&mut System, path, write).map_err(|error| FileError::write(Some(path), error))
}

/// Makes a model from the bytes of a file with weights, in any of these forms. `vocabulary` is the characters in the
/// order of their indices; it is needed if the file does not have them.
///
/// The model has the default settings (but for `documents`, if the file says so), no text and no updates.
///
/// # Errors
/// [`FileError`] says what is wrong.
pub fn import(file: &[u8], vocabulary: Option<&str>) -> Result<Model, FileError> {
    import_telling(file, vocabulary).map(|(model, _)| model)
}

/// As [`import`], with the names of the arrays that are no part of the model.
///
/// # Errors
/// As [`import`].
pub fn import_telling(
    file: &[u8],
    vocabulary: Option<&str>,
) -> Result<(Model, Vec<String>), FileError> {
    let weights = match sniff(file) {
        Sniffed::Zip => named::of_npz(file)?,
        Sniffed::SafeTensors => of_safetensors(safetensors::read(file)?)?,
        Sniffed::Json => named::of_json(file)?,
        Sniffed::Utf16 | Sniffed::Other => {
            let message = "neither a safetensors file nor one of numpy.savez, nor JSON";
            return Err(message.to_string().into());
        }
    };
    Ok((weights.model(vocabulary)?, weights.ignored))
}

fn of_safetensors(file: SafeTensors<'_>) -> Result<Weights<'_>, FileError> {
    let about = About::of(file.metadata.as_deref().unwrap_or_default())?;
    if named::are_in(&file) {
        named::of_safetensors(file.tensors, about)
    } else {
        torch::find(file.tensors, about)
    }
}
