//! The tensors of a model file: U, W, V, b, c, what the optimizer remembers of each, and the hidden states.

use crate::files::dimensions::dimensions;
use crate::files::error::CheckpointError;
use crate::formats::array::{Array, Kind};
use crate::formats::safetensors::SafeTensors;
use crate::model::{Model, State};
use crate::network::optimizer::Optimizer;
use crate::network::parameters::{Parameters, Shape};
use crate::settings::Settings;
use std::iter;

/// Five tensors that are shaped like the parameters.
pub struct Group {
    /// How their names begin.
    pub prefix: String,
    /// Whether no entry is below 0.
    pub are_squares: bool,
}

/// The groups of a file, the parameters first.
pub fn groups(optimizer: Optimizer) -> impl Iterator<Item = Group> {
    let memory = optimizer
        .state_parts()
        .iter()
        .map(|&(name, are_squares)| Group { prefix: format!("{name}."), are_squares });
    let parameters = Group { prefix: String::new(), are_squares: false };
    iter::once(parameters).chain(memory)
}

/// The same as they are in a state.
pub fn parameters_of(state: &State) -> impl Iterator<Item = &Parameters> {
    iter::once(&state.rnn.parameters).chain(&state.optimizer_state)
}

/// The shape of the hidden states: of a single sequence it has one dimension.
fn hidden_dimensions(batch_size: usize, m: usize) -> Vec<usize> {
    match batch_size {
        1 => vec![m],
        _ => vec![batch_size, m],
    }
}

/// The tensors of a model with their shapes in a file, in its order.
pub fn tensors(model: &Model) -> Vec<Array<'_>> {
    let state = &model.state;
    let mut tensors = Vec::new();
    for (group, parameters) in groups(model.settings.optimizer).zip(parameters_of(state)) {
        for part in parameters.named() {
            let shape = dimensions(part.name, part.rows, part.columns);
            let name = format!("{}{}", group.prefix, part.name);
            tensors.push(Array::new(name, Kind::F64, shape, part.values));
        }
    }
    let m = state.rnn.shape().m();
    let shape = hidden_dimensions(state.h.len() / m, m);
    tensors.push(Array::new("h", Kind::F64, shape, &state.h));
    tensors
}

/// Finds the tensors of a model in a file, in the order of [`tensors`]: each has the type and the shape that it has to
/// have.
pub fn find_tensors<'a, 'b>(
    file: &'b SafeTensors<'a>,
    shape: Shape,
    settings: &Settings,
) -> Result<Vec<&'b Array<'a>>, CheckpointError> {
    let mut needed: Vec<(String, Vec<usize>)> = Vec::new();
    for group in groups(settings.optimizer) {
        for (name, rows, columns) in shape.tensors() {
            let name_there = format!("{}{name}", group.prefix);
            needed.push((name_there, dimensions(name, rows, columns)));
        }
    }
    let h = hidden_dimensions(settings.batch_size, shape.m());
    needed.push(("h".to_string(), h));

    let is_needed = |tensor: &Array| needed.iter().any(|(name, _)| *name == tensor.name);
    if let Some(tensor) = file.tensors.iter().find(|tensor| !is_needed(tensor)) {
        return Err(CheckpointError::unknown_tensor(&tensor.name));
    }
    let found = needed.iter().map(|(name, dimensions)| {
        let tensor = file.tensors.iter().find(|tensor| tensor.name == *name);
        let tensor = tensor.ok_or_else(|| CheckpointError::missing_tensor(name))?;
        if tensor.kind != Kind::F64 || tensor.shape != *dimensions {
            let found = format!("{} {:?}", tensor.type_name, tensor.shape);
            return Err(CheckpointError::tensor(name, &found, dimensions));
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
