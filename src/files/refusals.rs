//! Why an array of a file with weights is refused.

use crate::files::error::FileError;
use crate::formats::array::Array;
use crate::formats::names::shown;

/// An array is missing.
pub(super) fn missing(name: &str) -> FileError {
    format!("{} is missing", shown(name)).into()
}

/// An array belongs to another model. A model with `need` is read.
pub(super) fn unknown(name: &str, need: &str) -> FileError {
    let name = shown(name);
    format!("{name} is not part of the model: it has {need}").into()
}

/// One of the five arrays is missing under both of its names, but others are there.
pub(super) fn missing_of_five((name, other): (&str, &str), others: &[String]) -> FileError {
    const FEW: usize = 3;
    let names: Vec<String> = others.iter().take(FEW).map(|name| shown(name)).collect();
    let more = if others.len() > FEW { ", ..." } else { "" };
    let others = match names.join(", ") {
        names if names.is_empty() => names,
        names => format!("; found instead: {names}{more}"),
    };
    format!("{} is missing, or {}{others}", shown(name), shown(other)).into()
}

/// An array has entries of another type than `need`.
pub(super) fn wrong_type(array: &Array, need: &str) -> FileError {
    let (name, found) = (shown(&array.name), shown(&array.type_name));
    format!("{name} has the type {found}, which must be {need}").into()
}

/// An array has another shape than `need`.
pub(super) fn wrong_shape(array: &Array, need: &[usize]) -> FileError {
    let (name, found) = (shown(&array.name), &array.shape);
    format!("{name} has the shape {found:?} instead of {need:?}").into()
}

/// The two dimensions of a matrix.
pub(super) fn matrix(array: &Array) -> Result<[usize; 2], FileError> {
    let (name, found) = (shown(&array.name), &array.shape);
    let need = || format!("{name} has the shape {found:?}, which must have two dimensions");
    array.shape[..].try_into().map_err(|_| need().into())
}
