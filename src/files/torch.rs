//! The names and shapes of a `torch.nn.RNN` or `RNNCell`, and of a `torch.nn.Linear` after it, in a safetensors file.

use crate::files::error::FileError;
use crate::files::refusals::{matrix, missing, unknown};
use crate::files::weights::{About, Weights};
use crate::formats::array::{Array, Kind};
use crate::formats::names::shown;
use crate::formats::safetensors;
use crate::model::Model;
use crate::network::parameters::zeros;
use std::io::{self, Write};

/// The names of the parameters of a layer with one set of recurrent weights, after the module's own name: U, W and the
/// two biases.
const RECURRENT: [[&str; 4]; 2] = [
    ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"],
    ["weight_ih", "weight_hh", "bias_ih", "bias_hh"],
];
const LINEAR: [&str; 2] = ["weight", "bias"];
/// Cells that are not read: the number of rows of recurrent weights for each hidden unit, and the names of the cell as
/// a layer and as a single step, in the order of [`RECURRENT`].
const OTHER_CELLS: [(usize, [&str; 2]); 2] =
    [(3, ["a GRU", "a GRUCell"]), (4, ["an LSTM", "an LSTMCell"])];

/// Writes the weights, and the vocabulary as metadata.
pub(super) fn write(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let shape = model.state.rnn.shape();
    let (m, K) = (shape.m(), shape.K());
    let parts = model.state.rnn.parameters.tensors();
    let no_bias = zeros(m).map_err(io::Error::other)?;
    let tensors = [
        ("rnn.weight_ih_l0", vec![m, K], parts.U),
        ("rnn.weight_hh_l0", vec![m, m], parts.W),
        ("rnn.bias_ih_l0", vec![m], parts.b),
        ("rnn.bias_hh_l0", vec![m], &no_bias[..]),
        ("fc.weight", vec![K, m], parts.V),
        ("fc.bias", vec![K], parts.c),
    ]
    .map(|(name, shape, values)| Array::new(name, Kind::F64, shape, values));
    let vocabulary = &model.vocabulary;
    let metadata = [
        ("format", "pt".to_string()),
        ("symbols", vocabulary.symbols().name().to_string()),
        ("vocabulary", vocabulary.characters().iter().collect()),
        ("documents", model.settings.documents.to_string()),
    ];
    safetensors::write_to(output, &tensors, &metadata)
}

/// Finds the six tensors. Their modules may have any names.
pub(super) fn find(mut arrays: Vec<Array<'_>>, about: About) -> Result<Weights<'_>, FileError> {
    refuse_other_parameters(&arrays)?;
    refuse_other_layers(&arrays)?;
    let (recurrent, kind) = recurrent(&arrays)?;
    let linear = only(&arrays, &LINEAR[..1], "linear layer")?.0.to_string();
    let mut take = |module: &str, leaf: &str| {
        let is_it = |array: &Array| split(&array.name) == (module, leaf);
        let place = arrays.iter().position(is_it);
        place.map(|place| arrays.remove(place))
    };
    let names = RECURRENT[kind];
    let [U, W, bias_ih, bias_hh] = names.map(|leaf| take(&recurrent, leaf));
    let [V, c] = LINEAR.map(|leaf| take(&linear, leaf));
    refuse_parts_of_layers(&arrays)?;

    let missing =
        |module: &str, leaf: &str| missing(format!("{module}.{leaf}").trim_start_matches('.'));
    let b = match (bias_ih, bias_hh) {
        (Some(one), Some(other)) => vec![one, other],
        (None, None) => vec![],
        (None, _) => return Err(missing(&recurrent, names[2])),
        (_, None) => return Err(missing(&recurrent, names[3])),
    };
    let W = W.ok_or_else(|| missing(&recurrent, names[1]))?;
    let U = U.ok_or_else(|| missing(&recurrent, names[0]))?;
    refuse_other_cells(&U, &W, kind)?;
    Ok(Weights {
        U,
        W,
        V: V.ok_or_else(|| missing(&linear, LINEAR[0]))?,
        b,
        c: c.into_iter().collect(),
        about,
        ignored: arrays.into_iter().map(|array| array.name).collect(),
    })
}

/// The module of the only recurrent layer, and its index in [`RECURRENT`].
fn recurrent(arrays: &[Array]) -> Result<(String, usize), FileError> {
    let inputs = RECURRENT.map(|names| names[0]);
    let (module, leaf) = only(arrays, &inputs, "recurrent layer")?;
    let kind = inputs.iter().position(|input| *input == leaf).unwrap_or(0);
    Ok((module.to_string(), kind))
}

/// Splits the name of a tensor into its module and its name there.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// Refuses further layers and the backward direction, which have other names.
fn refuse_other_layers(arrays: &[Array]) -> Result<(), FileError> {
    for array in arrays {
        let (_, leaf) = split(&array.name);
        let layer = ["weight_ih_l", "weight_hh_l", "weight_hr_l", "bias_ih_l", "bias_hh_l"]
            .iter()
            .find_map(|start| leaf.strip_prefix(start));
        let what = match layer {
            Some(layer) if layer.ends_with("_reverse") => "the backward direction of a layer",
            Some("0") if leaf.starts_with("weight_hr") => "a projection",
            Some(layer) if layer != "0" => "a further recurrent layer",
            _ => continue,
        };
        return Err(FileError::Content(format!(
            "{} belongs to {what}: elman has a single recurrent layer, forward only",
            shown(&array.name)
        )));
    }
    Ok(())
}

/// Refuses weights that are computed from others: a layer with a norm, or with weights that are computed anew at every
/// call.
fn refuse_other_parameters(arrays: &[Array]) -> Result<(), FileError> {
    let weights = || RECURRENT.iter().flatten().chain(&LINEAR);
    for array in arrays {
        let name = &array.name;
        let (module, leaf) = split(name);
        // Spectral norm has a vector of this name too.
        let is_spectral = |module: &str| {
            arrays
                .iter()
                .any(|other| split(&other.name).0 == module && other.name.ends_with("_orig"))
        };
        let of_weight =
            |ending| leaf.strip_suffix(ending).is_some_and(|of| weights().any(|w| *w == of));
        let is_parametrized =
            name.starts_with("parametrizations.") || name.contains(".parametrizations.");
        let how = if of_weight("_g") || of_weight("_v") && !is_spectral(module) {
            "a weight-normalised layer: call torch.nn.utils.remove_weight_norm on it"
        } else if of_weight("_orig") {
            "a layer with spectral norm or pruning: call its function remove_... of torch.nn.utils on it"
        } else if is_parametrized && matches!(leaf, "original0" | "original1") {
            "a weight-normalised layer: call torch.nn.utils.parametrize.remove_parametrizations on it"
        } else if is_parametrized {
            "a layer with a parametrization: call torch.nn.utils.parametrize.remove_parametrizations on it"
        } else {
            continue;
        };
        let message = format!("{} belongs to {how} before the weights are saved", shown(name));
        return Err(message.into());
    }
    Ok(())
}

/// Refuses the remaining arrays if their names show another layer of a kind that was found.
fn refuse_parts_of_layers(arrays: &[Array]) -> Result<(), FileError> {
    let is_part = |array: &&Array| {
        let leaf = split(&array.name).1;
        RECURRENT.iter().flatten().chain(&LINEAR).any(|name| *name == leaf)
    };
    match arrays.iter().find(is_part) {
        Some(array) => Err(unknown(&array.name, "one recurrent and one linear layer")),
        None => Ok(()),
    }
}

/// The module and the name of the only tensor that has one of these names in its module.
fn only<'a>(
    arrays: &'a [Array],
    leaves: &[&str],
    what: &str,
) -> Result<(&'a str, &'a str), FileError> {
    let is_it = |array: &&Array| leaves.contains(&split(&array.name).1);
    let mut found = arrays.iter().filter(is_it);
    match (found.next(), found.next()) {
        (Some(array), None) => Ok(split(&array.name)),
        (Some(one), Some(other)) => Err(FileError::Content(format!(
            "{} and {} belong to two layers: elman has one recurrent and one linear layer",
            shown(&one.name),
            shown(&other.name)
        ))),
        (None, _) => {
            let names: Vec<String> = leaves.iter().map(|leaf| format!("{leaf:?}")).collect();
            let names = names.join(" or ");
            Err(FileError::Content(format!(
                "there is no {what} as torch.nn has it: nothing is called {names}"
            )))
        }
    }
}

/// Refuses cells with gates, which have several rows for each hidden unit.
fn refuse_other_cells(U: &Array, W: &Array, kind: usize) -> Result<(), FileError> {
    let [rows, hidden] = matrix(W)?;
    for (gates, cells) in OTHER_CELLS {
        if hidden > 0 && hidden.checked_mul(gates) == Some(rows) {
            let (name, cell) = (shown(&U.name), cells[kind]);
            return Err(FileError::Content(format!(
                "{name} has {rows} rows for {hidden} hidden units, as {cell} has: elman has a plain tanh layer"
            )));
        }
    }
    Ok(())
}
