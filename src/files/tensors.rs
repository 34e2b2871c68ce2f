//! The tensors of a model file: U, W, V, b, c, the state of the optimizer for each, and the hidden states.

use crate::files::error::FileError;
use crate::formats::array::{Array, Kind};
use crate::formats::safetensors::SafeTensors;
use crate::model::Model;
use crate::network::parameters::{NamedTensor, Shape};
use crate::settings::Settings;

/// U, W, V, b or c as an array, with a prefix and a suffix of its name.
pub(crate) fn array<'a>(before: &str, part: NamedTensor<'a>, after: &str) -> Array<'a> {
    let shape = dimensions(part.name, part.rows, part.columns);
    Array::new(format!("{before}{}{after}", part.name), Kind::F64, shape, part.values)
}

/// The dimensions in a file: one for b and c, two for the matrices.
fn dimensions(name: &str, rows: usize, columns: usize) -> Vec<usize> {
    match name {
        "b" | "c" => vec![rows],
        _ => vec![rows, columns],
    }
}

/// The name and shape of every tensor of a model file, in the file's order.
fn layout(settings: &Settings, shape: Shape) -> impl Iterator<Item = (String, Vec<usize>)> {
    let parameters = settings.optimizer.prefixes().flat_map(move |prefix| {
        (shape.tensors().into_iter()).map(move |(name, rows, columns)| {
            (format!("{prefix}{name}"), dimensions(name, rows, columns))
        })
    });
    let m = shape.m();
    // Of a single sequence, the hidden state has one dimension.
    let h = if settings.batch_size == 1 { vec![m] } else { vec![settings.batch_size, m] };
    parameters.chain([("h".to_string(), h)])
}

/// The tensors of a model, in the order of its file.
pub fn tensors(model: &Model) -> Vec<Array<'_>> {
    let state = &model.state;
    let parameters = state.parts().flat_map(|parameters| parameters.named());
    let values = parameters.map(|part| part.values).chain([&state.h[..]]);
    let tensors = layout(&model.settings, state.rnn.shape()).zip(values);
    tensors.map(|((name, shape), values)| Array::new(name, Kind::F64, shape, values)).collect()
}

/// Finds the tensors of a model in a file, in the order of [`tensors`]. Checks the type and the shape of each.
pub fn find_tensors<'a, 'b>(
    file: &'b SafeTensors<'a>,
    shape: Shape,
    settings: &Settings,
) -> Result<Vec<&'b Array<'a>>, FileError> {
    let needed: Vec<(String, Vec<usize>)> = layout(settings, shape).collect();
    let is_needed = |tensor: &Array| needed.iter().any(|(name, _)| *name == tensor.name);
    if let Some(tensor) = file.tensors.iter().find(|tensor| !is_needed(tensor)) {
        return Err(FileError::unknown_tensor(&tensor.name));
    }
    let found = needed.iter().map(|(name, dimensions)| {
        let tensor = file.tensors.iter().find(|tensor| tensor.name == *name);
        let tensor = tensor.ok_or_else(|| FileError::missing_tensor(name))?;
        if tensor.kind != Kind::F64 || tensor.shape != *dimensions {
            let found = format!("{} {:?}", tensor.type_name, tensor.shape);
            return Err(FileError::tensor(name, &found, dimensions));
        }
        Ok(tensor)
    });
    found.collect()
}

/// Copies the entries of some tensors, one after another.
pub fn read_entries(tensors: &[&Array], mut values: &mut [f64]) {
    for tensor in tensors {
        let (mine, rest) = values.split_at_mut(tensor.shape.iter().product());
        tensor.copy_to(mine);
        values = rest;
    }
}
