//! The names and shapes of `torch.nn.RNN` and a `torch.nn.Linear` after it, in a safetensors file.

use crate::files::error::FileError;
use crate::files::weights::{Weights, matrix, missing, unknown};
use crate::formats::array::{Array, Kind};
use crate::formats::names::shown;
use crate::formats::safetensors::{self, SafeTensors};
use crate::model::Model;
use crate::network::parameters::zeros;
use crate::settings::Symbols;
use std::io::{self, Write};

/// What an RNN of one layer calls its parameters, after the module's own name.
const RECURRENT: [&str; 4] = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];
/// Cells that are not read, by the rows of recurrent weights that they have for each hidden unit.
const OTHER_CELLS: [(usize, &str); 2] = [(3, "a GRU"), (4, "an LSTM")];

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

/// Finds the six tensors, whatever their modules are called.
pub(super) fn find(file: SafeTensors<'_>) -> Result<Weights<'_>, FileError> {
    let metadata = file.metadata.unwrap_or_default();
    let find = |key: &str| {
        let entry = metadata.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value.as_str())
    };
    if find("format") == Some("elman") {
        return Err("already a model file of elman".to_string().into());
    }
    let symbols = match find("symbols") {
        Some("characters") | None => Symbols::Characters,
        Some("bytes") => Symbols::Bytes,
        Some(other) => return Err(FileError::metadata("symbols", other, "characters or bytes")),
    };
    let documents = match find("documents") {
        Some("true") => true,
        Some("false") | None => false,
        Some(other) => return Err(FileError::metadata("documents", other, "true or false")),
    };
    let mut arrays = file.tensors;
    refuse_other_layers(&arrays)?;

    let recurrent = only_module(&arrays, "weight_ih_l0", "recurrent layer")?;
    let linear = only_module(&arrays, "weight", "linear layer")?;
    let mut take = |module: &str, leaf: &str| {
        let is_it = |array: &Array| split(&array.name) == (module, leaf);
        let place = arrays.iter().position(is_it);
        place.map(|place| arrays.remove(place))
    };
    let [U, W, bias_ih, bias_hh] = RECURRENT.map(|leaf| take(&recurrent, leaf));
    let [V, c] = ["weight", "bias"].map(|leaf| take(&linear, leaf));
    if let Some(array) = arrays.first() {
        return Err(unknown(&array.name, "one recurrent and one linear layer"));
    }

    let missing =
        |module: &str, leaf: &str| missing(format!("{module}.{leaf}").trim_start_matches('.'));
    let b = match (bias_ih, bias_hh) {
        (Some(one), Some(other)) => vec![one, other],
        (None, None) => vec![],
        (None, _) => return Err(missing(&recurrent, "bias_ih_l0")),
        (_, None) => return Err(missing(&recurrent, "bias_hh_l0")),
    };
    let W = W.ok_or_else(|| missing(&recurrent, "weight_hh_l0"))?;
    let U = U.ok_or_else(|| missing(&recurrent, "weight_ih_l0"))?;
    refuse_other_cells(&U, &W)?;
    Ok(Weights {
        U,
        W,
        V: V.ok_or_else(|| missing(&linear, "weight"))?,
        b,
        c: c.into_iter().collect(),
        symbols,
        vocabulary: find("vocabulary").map(|characters| characters.chars().collect()),
        documents,
    })
}

/// The module of a tensor and its name there.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// Refuses further layers and the backward direction, which have names of their own.
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
            "{} belongs to {what}: elman has one recurrent layer, forward alone",
            shown(&array.name)
        )));
    }
    Ok(())
}

/// The module of the only tensor with this name there.
fn only_module(arrays: &[Array], leaf: &str, what: &str) -> Result<String, FileError> {
    let mut modules = arrays.iter().filter(|array| split(&array.name).1 == leaf);
    match (modules.next(), modules.next()) {
        (Some(array), None) => Ok(split(&array.name).0.to_string()),
        (Some(one), Some(other)) => Err(FileError::Content(format!(
            "{} and {} belong to two layers: elman has one recurrent and one linear layer",
            shown(&one.name),
            shown(&other.name)
        ))),
        (None, _) => Err(FileError::Content(format!(
            "there is no {what} as torch.nn has it: nothing is called {leaf:?}"
        ))),
    }
}

/// Refuses cells with gates, which have several rows for each hidden unit.
fn refuse_other_cells(U: &Array, W: &Array) -> Result<(), FileError> {
    let [rows, hidden] = matrix(W)?;
    for (gates, cell) in OTHER_CELLS {
        if hidden > 0 && hidden.checked_mul(gates) == Some(rows) {
            return Err(FileError::Content(format!(
                "{} has {rows} rows for {hidden} hidden units, as {cell} has: elman has a plain tanh layer",
                shown(&U.name)
            )));
        }
    }
    Ok(())
}
