//! NumPy's `.npz`: a zip archive of arrays.

use crate::formats::array::Array;
use crate::formats::error::FormatError;
use crate::formats::{npy, zip};
use std::io::{self, Write};

/// The entries of a file, each an array for [`npy::read`].
///
/// # Errors
/// Where the file is no zip archive, or what `torch.save` writes, which is one as well.
pub fn entries(file: &[u8]) -> Result<Vec<zip::Entry<'_>>, FormatError> {
    let entries = zip::read(file)?;
    if entries.iter().any(|entry| entry.name.ends_with("/data.pkl")) {
        let message =
            "a file of torch.save: write the weights with safetensors.torch.save_file instead";
        return Err(message.into());
    }
    Ok(entries)
}

/// Adds an array to a file.
///
/// # Errors
/// Those of [`npy::bytes`] and of [`zip::Writer::add`].
pub fn add<W: Write>(file: &mut zip::Writer<W>, array: &Array) -> io::Result<()> {
    file.add(&format!("{}.npy", array.name), &npy::bytes(array)?)
}
