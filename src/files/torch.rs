//! The names and shapes of `torch.nn.RNN` and a `torch.nn.Linear` after it, in a safetensors file.

use super::array::{Array, Kind};
use super::exchange::{ExchangeError, Own, Weights};
use crate::formats::safetensors::{self, SafeTensors, View};
use crate::model::Model;
use crate::network::parameters::zeros;
use crate::settings::Symbols;
use std::io::{self, Write};

/// What an RNN of one layer calls its parameters, after the module's own name.
const RECURRENT: [&str; 4] = ["weight_ih_l0", "weight_hh_l0", "bias_ih_l0", "bias_hh_l0"];
/// Rows of the recurrent weights for every hidden unit, in cells that are not read.
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
        ("rnn.bias_hh_l0", vec![m], &no_bias),
        ("fc.weight", vec![K, m], parts.V),
        ("fc.bias", vec![K], parts.c),
    ]
    .map(|(name, shape, values)| (name.to_string(), shape, values));
    let vocabulary = &model.vocabulary;
    let metadata = [
        ("format", "pt".to_string()),
        ("symbols", vocabulary.symbols().name().to_string()),
        ("vocabulary", vocabulary.characters().iter().collect()),
        ("documents", model.settings.documents.to_string()),
    ];
    safetensors::write_to(output, &tensors, &metadata)
}

/// Finds the six, whatever the modules are called.
pub(super) fn find(file: SafeTensors<'_>) -> Result<Weights<'_>, ExchangeError> {
    let own = own(file.metadata.as_deref().unwrap_or_default())?;
    let arrays: Vec<Array> = file.tensors.into_iter().map(array).collect();
    refuse_other_layers(&arrays)?;

    let recurrent = only_module(&arrays, "weight_ih_l0", "recurrent layer")?;
    let linear = only_module(&arrays, "weight", "linear layer")?;
    let mut arrays: Vec<Option<Array>> = arrays.into_iter().map(Some).collect();
    let mut take = |module: &str, leaf: &str| {
        let is_it = |array: &Array| split(&array.name) == (module, leaf);
        let place = (arrays.iter_mut()).find(|array| array.as_ref().is_some_and(is_it));
        place.and_then(Option::take)
    };
    let [U, W, bias_ih, bias_hh] = RECURRENT.map(|leaf| take(&recurrent, leaf));
    let [V, c] = ["weight", "bias"].map(|leaf| take(&linear, leaf));
    if let Some(array) = arrays.into_iter().flatten().next() {
        return Err(ExchangeError::UnknownArray {
            name: array.name,
            need: "one recurrent and one linear layer",
        });
    }

    let missing = |module: &str, leaf: &str| ExchangeError::MissingArray {
        name: match module {
            "" => leaf.to_string(),
            _ => format!("{module}.{leaf}"),
        },
    };
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
        own,
    })
}

/// What the metadata say beyond the weights.
fn own(metadata: &[(String, String)]) -> Result<Own, ExchangeError> {
    let find = |key: &str| {
        let entry = metadata.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value.as_str())
    };
    if find("format") == Some("elman") {
        return Err(ExchangeError::OwnModel);
    }
    let wrong = |key, need| ExchangeError::WrongMetadata {
        key,
        found: find(key).unwrap_or_default().to_string(),
        need,
    };
    Ok(Own {
        symbols: match find("symbols") {
            Some("characters") | None => Symbols::Characters,
            Some("bytes") => Symbols::Bytes,
            _ => return Err(wrong("symbols", "characters or bytes")),
        },
        vocabulary: find("vocabulary").map(|characters| characters.chars().collect()),
        documents: match find("documents") {
            Some("true") => true,
            Some("false") | None => false,
            _ => return Err(wrong("documents", "true or false")),
        },
    })
}

/// A tensor as an array.
pub(crate) fn array(tensor: View<'_>) -> Array<'_> {
    let kind = match tensor.dtype.as_str() {
        "F64" => Kind::F64,
        "F32" => Kind::F32,
        "F16" => Kind::F16,
        "BF16" => Kind::BF16,
        "U8" => Kind::U8,
        "U32" | "I32" => Kind::U32,
        "U64" | "I64" => Kind::U64,
        _ => Kind::Other,
    };
    Array {
        name: tensor.name,
        kind,
        type_name: tensor.dtype,
        big_endian: false,
        by_columns: false,
        shape: tensor.shape,
        bytes: tensor.bytes,
    }
}

/// A tensor's module and what it is called there.
fn split(name: &str) -> (&str, &str) {
    name.rsplit_once('.').unwrap_or(("", name))
}

/// Further layers, and the other direction, have names of their own.
fn refuse_other_layers(arrays: &[Array]) -> Result<(), ExchangeError> {
    for array in arrays {
        let (_, leaf) = split(&array.name);
        let layer = [
            "weight_ih_l",
            "weight_hh_l",
            "weight_hr_l",
            "bias_ih_l",
            "bias_hh_l",
        ]
        .iter()
        .find_map(|start| leaf.strip_prefix(start));
        let what = match layer {
            Some(layer) if layer.ends_with("_reverse") => "the backward direction of a layer",
            Some("0") if leaf.starts_with("weight_hr") => "a projection",
            Some(layer) if layer != "0" => "a further recurrent layer",
            _ => continue,
        };
        return Err(ExchangeError::OtherLayer {
            name: array.name.clone(),
            what,
        });
    }
    Ok(())
}

/// The module of the only tensor that is called so there.
fn only_module(
    arrays: &[Array],
    leaf: &'static str,
    what: &'static str,
) -> Result<String, ExchangeError> {
    let mut modules = arrays.iter().filter(|array| split(&array.name).1 == leaf);
    match (modules.next(), modules.next()) {
        (Some(array), None) => Ok(split(&array.name).0.to_string()),
        (Some(one), Some(other)) => Err(ExchangeError::Several {
            names: [one.name.clone(), other.name.clone()],
        }),
        (None, _) => Err(ExchangeError::NoLayer { what, leaf }),
    }
}

/// A cell with gates has several rows for every hidden unit.
fn refuse_other_cells(U: &Array, W: &Array) -> Result<(), ExchangeError> {
    let [rows, hidden] = W.matrix()?;
    for (gates, cell) in OTHER_CELLS {
        if hidden > 0 && hidden.checked_mul(gates) == Some(rows) {
            return Err(ExchangeError::OtherCell {
                name: U.name.clone(),
                rows,
                hidden,
                cell,
            });
        }
    }
    Ok(())
}
