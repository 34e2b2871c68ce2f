//! U, W, V, b and c by their own names in NumPy's `.npz`, with the vocabulary as an array of its own.

use crate::files::error::FileError;
use crate::files::tensors::array;
use crate::files::weights::{Weights, missing, unknown, wrong_shape, wrong_type};
use crate::formats::array::{Array, Kind};
use crate::formats::npz;
use crate::model::Model;
use crate::settings::Symbols;
use std::io::{self, Write};

/// The arrays of a file; the last two may be missing.
const NAMES: [&str; 7] = ["U", "W", "V", "b", "c", "vocabulary", "documents"];

/// Writes the weights and the vocabulary: code points, or bytes where the symbols are bytes.
pub(super) fn write(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let parts = model.state.rnn.parameters.named();
    let mut arrays: Vec<Array> = parts.map(|part| array("", part, "")).collect();
    let kind = match model.vocabulary.symbols() {
        Symbols::Characters => Kind::I32,
        Symbols::Bytes => Kind::U8,
    };
    let characters = model.vocabulary.characters().iter().copied();
    arrays.push(Array::of_characters("vocabulary", kind, characters));
    let documents = vec![f64::from(u8::from(model.settings.documents))];
    arrays.push(Array::new("documents", Kind::Bool, [], documents));
    npz::write_to(output, &arrays)
}

/// Finds the arrays by their names.
pub(super) fn find(mut arrays: Vec<Array<'_>>) -> Result<Weights<'_>, FileError> {
    if let Some(array) = arrays.iter().find(|array| !NAMES.contains(&&*array.name)) {
        return Err(unknown(&array.name, "U, W, V, b, c and vocabulary"));
    }
    let mut take = |name: &str| {
        let place = arrays.iter().position(|array| array.name == name);
        place.map(|place| arrays.swap_remove(place))
    };
    let (vocabulary, documents) = (take("vocabulary"), take("documents"));
    let mut need = |name| take(name).ok_or_else(|| missing(name));
    Ok(Weights {
        U: need("U")?,
        W: need("W")?,
        V: need("V")?,
        b: vec![need("b")?],
        c: vec![need("c")?],
        symbols: match &vocabulary {
            Some(Array { kind: Kind::U8, .. }) => Symbols::Bytes,
            _ => Symbols::Characters,
        },
        vocabulary: vocabulary.as_ref().map(characters).transpose()?,
        documents: documents.as_ref().map_or(Ok(false), boolean)?,
    })
}

/// The characters of a vector of code points, or of bytes.
fn characters(vocabulary: &Array) -> Result<Vec<char>, FileError> {
    if vocabulary.shape.len() != 1 {
        return Err(wrong_shape(vocabulary, &[vocabulary.shape.iter().product()]));
    }
    let points = vocabulary.numbers().filter(|_| !vocabulary.kind.is_float());
    let points =
        points.ok_or_else(|| wrong_type(vocabulary, "u1 for bytes, u4 or U1 for characters"))?;
    let character = |&point: &f64| char::from_u32(u32::try_from(point as i64).ok()?);
    let characters = points.iter().map(character).collect::<Option<_>>();
    characters.ok_or_else(|| wrong_type(vocabulary, "code points of characters"))
}

/// A single truth value.
fn boolean(flag: &Array) -> Result<bool, FileError> {
    match (flag.kind, flag.stored_bytes()) {
        (Kind::Bool, [0]) => Ok(false),
        (Kind::Bool, [1]) => Ok(true),
        _ => Err(wrong_type(flag, "one b1, True or False")),
    }
}
