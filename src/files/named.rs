//! Weights under the names U, W, V, b and c, or under those of Andrej Karpathy's program: in NumPy's `.npz`, in
//! safetensors and in JSON. The vocabulary is an array of its own, or in the metadata.

use crate::files::arrays;
use crate::files::error::FileError;
use crate::files::refusals::{missing_of_five, wrong_shape, wrong_type};
use crate::files::tensors::array;
use crate::files::weights::{About, Weights};
use crate::formats::array::{Array, Kind};
use crate::formats::npz;
use crate::formats::safetensors::SafeTensors;
use crate::model::Model;
use crate::network::parameters::Tensor;
use crate::settings::Symbols;
use std::io::{self, Write};

/// The arrays that say more about the model. They may be missing.
const VOCABULARY: &str = "vocabulary";
const DOCUMENTS: &str = "documents";

/// Writes the weights and the vocabulary: code points, or bytes if the symbols are bytes.
pub(super) fn write_npz(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let parts = model.state.rnn.parameters.named();
    let mut arrays: Vec<Array> = parts.map(|part| array("", part, "")).collect();
    let kind = match model.vocabulary.symbols() {
        Symbols::Characters => Kind::I32,
        Symbols::Bytes => Kind::U8,
    };
    let characters = model.vocabulary.characters().iter().copied();
    arrays.push(Array::of_characters(VOCABULARY, kind, characters));
    let documents = vec![f64::from(u8::from(model.settings.documents))];
    arrays.push(Array::new(DOCUMENTS, Kind::Bool, [], documents));
    npz::write_to(output, &arrays)
}

/// Whether an array may be part of the model.
fn is_known(name: &str) -> bool {
    Tensor::NAMES.contains(&name)
        || Tensor::OTHER_NAMES.contains(&name)
        || [VOCABULARY, DOCUMENTS].contains(&name)
}

/// The weights of an `.npz`. Arrays that are not part of the model are not read.
pub(super) fn of_npz(file: &[u8]) -> Result<Weights<'_>, FileError> {
    let (arrays, others) = npz::read_only(file, is_known)?;
    of_arrays(arrays, others)
}

/// The weights of a JSON object.
pub(super) fn of_json(file: &[u8]) -> Result<Weights<'static>, FileError> {
    let (mut arrays, symbols) = arrays::read_json(file)?;
    // In JSON a text has become its code points.
    let vocabulary = arrays.iter_mut().find(|array| array.name == VOCABULARY);
    vocabulary.into_iter().for_each(|array| array.kind = Kind::I64);
    let mut weights = of_arrays(arrays, Vec::new())?;
    weights.about.symbols = symbols;
    Ok(weights)
}

/// Whether a safetensors file has recurrent weights under one of these names.
pub(super) fn are_in(file: &SafeTensors) -> bool {
    file.tensors
        .iter()
        .any(|tensor| [Tensor::NAMES[1], Tensor::OTHER_NAMES[1]].contains(&&*tensor.name))
}

/// The weights of a safetensors file. `about` is what its metadata says.
pub(super) fn of_safetensors<'a>(
    tensors: Vec<Array<'a>>,
    about: About,
) -> Result<Weights<'a>, FileError> {
    Ok(Weights { about, ..of_arrays(tensors, Vec::new())? })
}

/// Finds the arrays by their names. The other arrays are ignored, and their names added to `ignored`.
fn of_arrays<'a>(
    mut arrays: Vec<Array<'a>>,
    mut ignored: Vec<String>,
) -> Result<Weights<'a>, FileError> {
    let mut take = |name: &str| {
        let place = arrays.iter().position(|array| array.name == name);
        place.map(|place| arrays.remove(place))
    };
    let (vocabulary, documents) = (take(VOCABULARY), take(DOCUMENTS));
    let found = [0, 1, 2, 3, 4].map(|i| {
        let other = Tensor::OTHER_NAMES[i];
        take(Tensor::NAMES[i]).or_else(|| take(other)).ok_or((Tensor::NAMES[i], other))
    });
    ignored.extend(arrays.into_iter().map(|array| array.name));
    let [U, W, V, b, c] =
        found.map(|found| found.map_err(|names| missing_of_five(names, &ignored)));
    let about = About {
        symbols: match &vocabulary {
            Some(Array { kind: Kind::U8, .. }) => Symbols::Bytes,
            _ => Symbols::Characters,
        },
        vocabulary: vocabulary.as_ref().map(characters).transpose()?,
        documents: documents.as_ref().map_or(Ok(false), boolean)?,
    };
    Ok(Weights { U: U?, W: W?, V: V?, b: vec![b?], c: vec![c?], about, ignored })
}

/// The characters of a vector of code points, or of bytes.
fn characters(vocabulary: &Array) -> Result<Vec<char>, FileError> {
    if vocabulary.shape.len() != 1 {
        return Err(wrong_shape(vocabulary, &[vocabulary.shape.iter().product()]));
    }
    let points = vocabulary.numbers().filter(|_| !vocabulary.kind.is_float());
    let points =
        points.ok_or_else(|| wrong_type(vocabulary, "u1 for bytes, u4 or U1 for characters"))?;
    let character = |&point: &f64| {
        let whole = point as i64;
        (whole as f64 == point).then(|| char::from_u32(u32::try_from(whole).ok()?))?
    };
    let characters = points.iter().map(character).collect::<Option<_>>();
    characters.ok_or_else(|| wrong_type(vocabulary, "code points of characters"))
}

/// A single boolean.
fn boolean(flag: &Array) -> Result<bool, FileError> {
    match (flag.kind, flag.stored_bytes()) {
        (Kind::Bool, [0]) => Ok(false),
        (Kind::Bool, [1]) => Ok(true),
        _ => Err(wrong_type(flag, "one b1, True or False")),
    }
}
