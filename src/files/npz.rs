//! U, W, V, b and c by their own names in NumPy's `.npz`, with the vocabulary as an array of its own.

use crate::files::dimensions::dimensions;
use crate::files::weights::{
    ExchangeError, Own, Weights, missing, unknown, wrong_shape, wrong_type,
};
use crate::formats::array::{Array, Kind};
use crate::formats::{npy, npz, zip};
use crate::model::Model;
use crate::settings::Symbols;
use std::io::{self, Write};

/// Writes the weights and the vocabulary: code points, or bytes where the symbols are bytes.
pub(super) fn write(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let mut file = zip::Writer::new(output);
    for part in model.state.rnn.parameters.named() {
        let shape = dimensions(part.name, part.rows, part.columns);
        npz::add(&mut file, &Array::new(part.name, Kind::F64, shape, part.values))?;
    }
    let kind = match model.vocabulary.symbols() {
        Symbols::Characters => Kind::I32,
        Symbols::Bytes => Kind::U8,
    };
    let characters = model.vocabulary.characters().iter();
    let points: Vec<f64> = characters.map(|&c| u32::from(c).into()).collect();
    npz::add(&mut file, &Array::new("vocabulary", kind, [points.len()], points))?;
    let documents = vec![f64::from(u8::from(model.settings.documents))];
    npz::add(&mut file, &Array::new("documents", Kind::Bool, [], documents))?;
    file.finish().map(|_| ())
}

/// Finds the arrays by their names.
pub(super) fn find<'a>(entries: &[zip::Entry<'a>]) -> Result<Weights<'a>, ExchangeError> {
    let mut found: [Option<Array>; 7] = Default::default();
    const NAMES: [&str; 7] = ["U", "W", "V", "b", "c", "vocabulary", "documents"];
    for entry in entries {
        let name = entry.name.strip_suffix(".npy");
        let place = NAMES.iter().position(|known| name == Some(known));
        let place = place.ok_or_else(|| {
            let name = name.unwrap_or(&entry.name);
            unknown(name, "U, W, V, b, c and vocabulary")
        })?;
        found[place] = Some(npy::read(NAMES[place], entry.bytes)?);
    }
    let [U, W, V, b, c, vocabulary, documents] = found;
    let need = |array: Option<Array<'a>>, name: &str| array.ok_or_else(|| missing(name));
    let (symbols, vocabulary) = match vocabulary {
        Some(vocabulary) => {
            let (symbols, characters) = characters(&vocabulary)?;
            (symbols, Some(characters))
        }
        None => (Symbols::Characters, None),
    };
    Ok(Weights {
        U: need(U, "U")?,
        W: need(W, "W")?,
        V: need(V, "V")?,
        b: vec![need(b, "b")?],
        c: vec![need(c, "c")?],
        own: Own {
            symbols,
            vocabulary,
            documents: match documents {
                Some(flag) => boolean(&flag)?,
                None => false,
            },
        },
    })
}

/// The characters of a vector of code points, or of bytes.
fn characters(vocabulary: &Array) -> Result<(Symbols, Vec<char>), ExchangeError> {
    let symbols = match vocabulary.kind {
        Kind::U8 => Symbols::Bytes,
        _ => Symbols::Characters,
    };
    if vocabulary.shape.len() != 1 {
        return Err(wrong_shape(vocabulary, &[vocabulary.shape.iter().product()]));
    }
    let points = vocabulary.numbers().filter(|_| !vocabulary.kind.is_float());
    let points =
        points.ok_or_else(|| wrong_type(vocabulary, "u1 for bytes, u4 or U1 for characters"))?;
    let character = |&point: &f64| char::from_u32(u32::try_from(point as i64).ok()?);
    let characters = points.iter().map(character).collect::<Option<Vec<char>>>();
    let characters =
        characters.ok_or_else(|| wrong_type(vocabulary, "code points of characters"))?;
    Ok((symbols, characters))
}

/// A single truth value.
fn boolean(flag: &Array) -> Result<bool, ExchangeError> {
    match (flag.kind, flag.stored_bytes()) {
        (Kind::Bool, [0]) => Ok(false),
        (Kind::Bool, [1]) => Ok(true),
        _ => Err(wrong_type(flag, "one b1, True or False")),
    }
}
