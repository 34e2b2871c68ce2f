//! NumPy's `.npz`: a zip archive of arrays.

use crate::formats::array::Array;
use crate::formats::error::FormatError;
use crate::formats::names::{shown, twice};
use crate::formats::{npy, zip};
use std::io::{self, Write};

/// The arrays of a file. An entry has its array's name, with or without the ending `.npy`.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where. What `torch.save` writes is a zip archive of another kind.
pub fn read(file: &[u8]) -> Result<Vec<Array<'_>>, FormatError> {
    let entries = zip::read(file)?;
    if entries.iter().any(|entry| entry.name.ends_with("/data.pkl")) {
        let message =
            "a file of torch.save: write the weights with safetensors.torch.save_file instead";
        return Err(message.into());
    }
    let name =
        |entry: &zip::Entry| entry.name.strip_suffix(".npy").unwrap_or(&entry.name).to_string();
    let arrays: Result<Vec<Array>, _> =
        entries.iter().map(|entry| npy::read(&name(entry), entry.bytes)).collect();
    let arrays = arrays?;
    match twice(arrays.iter().map(|array| array.name.as_str())) {
        Some(name) => Err(format!("{} is there twice", shown(name)).into()),
        None => Ok(arrays),
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
