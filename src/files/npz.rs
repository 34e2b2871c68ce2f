//! U, W, V, b and c by their own names in NumPy's `.npz`, with the vocabulary as an array of its own.

use super::array::{Array, Kind};
use super::exchange::{ExchangeError, Own, Weights};
use crate::files::dimensions::dimensions;
use crate::formats::npy;
use crate::formats::zip;
use crate::model::Model;
use crate::settings::Symbols;
use std::io::{self, Write};

/// Kind and size of the types that are read, after their byte order.
const KINDS: [(&str, Kind); 9] = [
    ("f8", Kind::F64),
    ("f4", Kind::F32),
    ("f2", Kind::F16),
    ("u1", Kind::U8),
    ("u4", Kind::U32),
    ("i4", Kind::U32),
    ("U1", Kind::U32),
    ("u8", Kind::U64),
    ("i8", Kind::U64),
];

/// Writes the weights and the vocabulary: code points, or bytes where the symbols are bytes.
pub(super) fn write(model: &Model, output: &mut impl Write) -> io::Result<()> {
    let mut file = zip::Writer::new(output);
    let mut add =
        |name: &str, descr: &str, shape: &[usize], entries: &mut dyn Iterator<Item = u8>| {
            let mut bytes = npy::header(descr, shape);
            bytes.extend(entries);
            file.add(&format!("{name}.npy"), &bytes)
        };
    for part in model.state.rnn.parameters.named() {
        let shape = dimensions(part.name, part.rows, part.columns);
        let mut entries = part.values.iter().flat_map(|x| x.to_le_bytes());
        add(part.name, "<f8", &shape, &mut entries)?;
    }
    let characters = model.vocabulary.characters();
    let shape = [characters.len()];
    match model.vocabulary.symbols() {
        Symbols::Characters => {
            let mut entries = characters.iter().flat_map(|&c| u32::from(c).to_le_bytes());
            add("vocabulary", "<u4", &shape, &mut entries)?;
        }
        Symbols::Bytes => {
            let mut entries = characters.iter().map(|&c| c as u8);
            add("vocabulary", "|u1", &shape, &mut entries)?;
        }
    }
    let documents = u8::from(model.settings.documents);
    add("documents", "|b1", &[], &mut [documents].into_iter())?;
    file.finish().map(|_| ())
}

/// Finds the arrays by their names.
pub(super) fn find(entries: Vec<zip::Entry<'_>>) -> Result<Weights<'_>, ExchangeError> {
    refuse_pickle(&entries)?;
    let mut found: [Option<Array>; 7] = Default::default();
    const NAMES: [&str; 7] = ["U", "W", "V", "b", "c", "vocabulary", "documents"];
    for entry in entries {
        let name = entry.name.strip_suffix(".npy");
        let place = NAMES.iter().position(|known| name == Some(known));
        let place = place.ok_or_else(|| ExchangeError::UnknownArray {
            name: name.unwrap_or(&entry.name).to_string(),
            need: "U, W, V, b, c and vocabulary",
        })?;
        found[place] = Some(array(NAMES[place], entry.bytes)?);
    }
    let [U, W, V, b, c, vocabulary, documents] = found;
    let need = |array: Option<_>, name: &str| {
        array.ok_or_else(|| ExchangeError::MissingArray {
            name: name.to_string(),
        })
    };
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

/// Refuses what `torch.save` writes, a zip file as well.
pub(crate) fn refuse_pickle(entries: &[zip::Entry]) -> Result<(), ExchangeError> {
    if entries
        .iter()
        .any(|entry| entry.name.ends_with("/data.pkl"))
    {
        Err(ExchangeError::Pickle)
    } else {
        Ok(())
    }
}

/// An entry's array.
pub(crate) fn array<'a>(name: &str, bytes: &'a [u8]) -> Result<Array<'a>, ExchangeError> {
    let array = npy::read(bytes).map_err(|error| ExchangeError::Npy {
        name: name.to_string(),
        error,
    })?;
    let order = array.descr.chars().next();
    let kind = array.descr.get(1..).unwrap_or_default();
    let known = KINDS.iter().find(|(known, _)| *known == kind);
    let known = known.filter(|_| matches!(order, Some('<' | '>' | '|')));
    Ok(Array {
        name: name.to_string(),
        kind: known.map_or(Kind::Other, |&(_, kind)| kind),
        type_name: array.descr,
        big_endian: order == Some('>'),
        by_columns: array.fortran_order,
        shape: array.shape,
        bytes: array.bytes,
    })
}

/// The characters of a vector of code points, or of bytes.
fn characters(vocabulary: &Array) -> Result<(Symbols, Vec<char>), ExchangeError> {
    let wrong = |need| ExchangeError::WrongType {
        name: vocabulary.name.clone(),
        found: vocabulary.type_name.clone(),
        need,
    };
    let symbols = match vocabulary.kind {
        Kind::U8 => Symbols::Bytes,
        _ => Symbols::Characters,
    };
    if vocabulary.shape.len() != 1 {
        return Err(ExchangeError::WrongShape {
            name: vocabulary.name.clone(),
            found: vocabulary.shape.clone(),
            need: vec![vocabulary.shape.iter().product()],
        });
    }
    let numbers = vocabulary.whole_numbers();
    let numbers = numbers.ok_or_else(|| wrong("u1 for bytes, u4 or U1 for characters"))?;
    let characters = numbers.map(|number| u32::try_from(number).ok().and_then(char::from_u32));
    let characters = characters.collect::<Option<Vec<char>>>();
    let characters = characters.ok_or_else(|| wrong("code points of characters"))?;
    Ok((symbols, characters))
}

/// A single truth value.
fn boolean(flag: &Array) -> Result<bool, ExchangeError> {
    match (flag.type_name.as_str(), flag.bytes) {
        ("|b1", [0]) => Ok(false),
        ("|b1", [1]) => Ok(true),
        _ => Err(ExchangeError::WrongType {
            name: flag.name.clone(),
            found: flag.type_name.clone(),
            need: "one b1, True or False",
        }),
    }
}
