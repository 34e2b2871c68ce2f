//! NumPy's `.npz`: a zip archive of arrays.

use crate::formats::array::Array;
use crate::formats::error::FormatError;
use crate::formats::names::{shown, twice};
use crate::formats::{npy, zip};
use std::io::{self, Write};

/// Reads the arrays of a file. An entry has the name of its array, with or without the ending `.npy`.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where. A file of `torch.save` is a zip archive too, but of another kind.
pub fn read(file: &[u8]) -> Result<Vec<Array<'_>>, FormatError> {
    read_only(file, |_| true).map(|(arrays, _)| arrays)
}

/// Reads the arrays of a file whose names are needed. Also returns the names of its other entries, which may be
/// anything.
///
/// # Errors
/// The same as [`read`].
pub fn read_only(
    file: &[u8],
    is_needed: impl Fn(&str) -> bool,
) -> Result<(Vec<Array<'_>>, Vec<String>), FormatError> {
    let entries = zip::read(file)?;
    if entries.iter().any(|entry| entry.name.ends_with("/data.pkl")) {
        let message =
            "a file of torch.save: write the weights with safetensors.torch.save_file instead";
        return Err(message.into());
    }
    let name =
        |entry: &zip::Entry| entry.name.strip_suffix(".npy").unwrap_or(&entry.name).to_string();
    let named = entries.iter().map(|entry| (name(entry), entry.bytes));
    let (needed, others): (Vec<_>, Vec<_>) = named.partition(|(name, _)| is_needed(name));
    let arrays: Result<Vec<Array>, _> =
        needed.iter().map(|(name, bytes)| npy::read(name, bytes)).collect();
    let arrays = arrays?;
    match twice(arrays.iter().map(|array| array.name.as_str())) {
        Some(name) => Err(format!("{} appears twice", shown(name)).into()),
        None => Ok((arrays, others.into_iter().map(|(name, _)| name).collect())),
    }
}

/// Writes a file of arrays, in the given order.
///
/// # Errors
/// Any error of the output, of [`npy::bytes`] and of [`zip::Writer::add`].
pub fn write_to(output: &mut impl Write, arrays: &[Array]) -> io::Result<()> {
    let mut file = zip::Writer::new(output);
    for array in arrays {
        file.add(&format!("{}.npy", array.name), &npy::bytes(array)?)?;
    }
    file.finish().map(|_| ())
}
