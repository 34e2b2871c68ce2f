//! Weights for other programs, and weights from them: PyTorch's names in a safetensors file, or NumPy's `.npz`.
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
//! Numbers are written as F64. They are read from F64, F32, F16 and BF16, all exactly.
//!
//! An imported file may give its layers any names and its characters any order: the rows and columns are sorted into
//! the order of the vocabulary. Weights of a `torch.nn.RNNCell` are read like those of an `RNN`. The names of the last
//! two columns are also read in safetensors and JSON files. Biases may be rows or columns. Other arrays are ignored,
//! unless they belong to another layer.

use crate::files::error::FileError;
use crate::files::weights::{About, Weights};
use crate::files::{named, torch};
use crate::formats::disk::{self, System};
use crate::formats::safetensors::{self, SafeTensors};
use crate::formats::sniff::{Sniffed, sniff};
use crate::model::Model;
use std::io::{self, Write};
use std::path::Path;

/// A file format of other programs.
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

/// Writes a model's weights and vocabulary to `output`, for another program. The same model gives the same bytes.
///
/// The output is the first argument (in [`write`](crate::files::write) it is the last). It makes many small writes, so
/// a file needs a [`std::io::BufWriter`] around it.
///
/// # Errors
/// Any error of the output.
pub fn write_weights(output: &mut impl Write, model: &Model, format: Format) -> io::Result<()> {
    match format {
        Format::Torch => torch::write(model, output),
        Format::Npz => named::write_npz(model, output),
    }
}

/// Writes a model's weights and vocabulary to the file `path` (last argument), for another program. The bytes are those
/// of [`write_weights`]. If it fails, an old file with this name stays as it was.
///
/// # Errors
/// [`FileError::Write`] if the system refuses.
pub fn export(model: &Model, format: Format, path: impl AsRef<Path>) -> Result<(), FileError> {
    let path = path.as_ref();
    let write = |mut output: &mut dyn Write| write_weights(&mut output, model, format);
    disk::replace(&mut System, path, write).map_err(|error| FileError::write(Some(path), error))
}

/// Makes a model from weights of another program. `file` is the content of the file:
///
/// * a `torch.nn.RNN` or `RNNCell` and a `Linear` in safetensors, whatever the names of their modules;
/// * arrays with the names `U W V b c`, or `Wxh Whh Why bh by`, in `.npz`, safetensors or JSON.
///
/// Numbers may be F64, F32, F16 or BF16.
///
/// `vocabulary` is the characters in the order of their indices. It is needed if the file does not have them. The model
/// is untrained and has the default settings; only `documents` is set as the file says.
///
/// # Errors
/// [`FileError`] says what is wrong.
pub fn import(file: &[u8], vocabulary: Option<&str>) -> Result<Model, FileError> {
    import_telling(file, vocabulary).map(|(model, _)| model)
}

/// The same as [`import`], and the names of the arrays that are not part of the model.
///
/// # Errors
/// The same as [`import`].
pub fn import_telling(
    file: &[u8],
    vocabulary: Option<&str>,
) -> Result<(Model, Vec<String>), FileError> {
    let weights = match sniff(file) {
        Sniffed::Zip => named::of_npz(file)?,
        Sniffed::SafeTensors => of_safetensors(safetensors::read(file)?)?,
        Sniffed::Json => named::of_json(file)?,
        Sniffed::Utf16 | Sniffed::Other => {
            let message = "not a file of weights: it must be safetensors, an .npz file of numpy.savez, or JSON";
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
