//! NumPy's `.npy`: one array, after a header that says its type, order and shape.
//!
//! The header is a Python dictionary with the keys `descr`, `fortran_order` and `shape`; see NumPy's
//! `numpy.lib.format`. Versions 1 to 3 are read, version 1 is written. What NumPy refuses is refused. NumPy reads any
//! Python literal in the header. Here only literals that programs write are read: numbers in base 10, strings without
//! escapes, values without brackets around them, and each key once.

use crate::formats::array::{Array, Entries, Kind, MAX_DIMENSIONS};
use crate::formats::error::FormatError;
use crate::formats::names::shown;
use crate::formats::reader::{Reader, Syntax};
use std::io;

const MAGIC: &[u8; 6] = b"\x93NUMPY";
/// The header is padded to a multiple of this many bytes.
const ALIGNMENT: usize = 64;

/// The names of types without their byte order. A kind is written with its first name.
const TYPES: [(&str, Kind); 10] = [
    ("f8", Kind::F64),
    ("f4", Kind::F32),
    ("f2", Kind::F16),
    ("i8", Kind::I64),
    ("u8", Kind::I64),
    ("u4", Kind::I32),
    ("i4", Kind::I32),
    ("u1", Kind::U8),
    ("b1", Kind::Bool),
    ("U1", Kind::Character),
];

/// Other names of these types. A letter may have a byte order before it. Names such as `l`, whose types differ between
/// systems, are not read.
const OTHER_NAMES: [(&str, &str); 28] = [
    ("d", "f8"),
    ("f", "f4"),
    ("e", "f2"),
    ("q", "i8"),
    ("Q", "u8"),
    ("i", "i4"),
    ("I", "u4"),
    ("B", "u1"),
    ("?", "b1"),
    ("float64", "f8"),
    ("double", "f8"),
    ("float", "f8"),
    ("float32", "f4"),
    ("single", "f4"),
    ("float16", "f2"),
    ("half", "f2"),
    ("int64", "i8"),
    ("longlong", "i8"),
    ("uint64", "u8"),
    ("ulonglong", "u8"),
    ("int32", "i4"),
    ("intc", "i4"),
    ("uint32", "u4"),
    ("uintc", "u4"),
    ("uint8", "u1"),
    ("ubyte", "u1"),
    ("bool", "b1"),
    ("bool_", "b1"),
];

/// Reads an array and gives it a name. A text is a single value without dimensions.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read<'a>(name: &str, file: &'a [u8]) -> Result<Array<'a>, FormatError> {
    let wrong = |problem| format!("the array {}: {problem}", shown(name)).into();
    read_array(name, file).map_err(wrong)
}

fn read_array<'a>(name: &str, file: &'a [u8]) -> Result<Array<'a>, FormatError> {
    let not_npy = "not an array in NumPy's format";
    let rest = file.strip_prefix(MAGIC).ok_or(not_npy)?;
    let (&[major, _], rest) = rest.split_first_chunk().ok_or(not_npy)?;
    let cut = |claimed: u32, rest: &[u8]| {
        let available = rest.len();
        format!("cut short: it announces a header of {claimed} bytes, but only {available} follow")
    };
    let (claimed, rest) = match major {
        1 => (rest.split_first_chunk()).map(|(n, rest)| (u32::from(u16::from_le_bytes(*n)), rest)),
        2 | 3 => (rest.split_first_chunk()).map(|(n, rest)| (u32::from_le_bytes(*n), rest)),
        _ => {
            return Err(format!("version {major} of NumPy's format: 1, 2 and 3 are read").into());
        }
    }
    .ok_or_else(|| cut(0, rest))?;
    let header_length = usize::try_from(claimed).unwrap_or(usize::MAX);
    let (header, bytes) =
        (rest.split_at_checked(header_length)).ok_or_else(|| cut(claimed, rest))?;
    let header = std::str::from_utf8(header).map_err(|_| "the header is not UTF-8")?;
    // Only versions 1 and 2 are as old as Python 2.
    let syntax = if major < 3 { Syntax::Python2 } else { Syntax::Python };
    let (descr, by_columns, shape) = read_header(header, file.len() - rest.len(), syntax)?;
    let Type { kind, size, big_endian } = type_of(descr, &shape);
    let length = bytes.len();
    let expected = (shape.iter()).try_fold(size, |size, &n| size.checked_mul(n));
    // Of a type that is not read nobody asks for entries.
    if size > 0 && expected != Some(length) {
        return Err(format!(
            "its shape and type do not make the {length} bytes that follow the header"
        )
        .into());
    }
    Ok(Array {
        name: name.to_string(),
        kind,
        type_name: descr.into(),
        shape,
        entries: Entries::Stored { bytes, big_endian, by_columns },
    })
}

/// Reads the type of the array, whether it is stored column by column, and its shape.
fn read_header(
    header: &str,
    offset: usize,
    syntax: Syntax,
) -> Result<(&str, bool, Vec<usize>), FormatError> {
    let mut reader = Reader::of_python(header, offset, "the header is wrong", syntax);
    let (mut descr, mut fortran_order, mut shape) = (None, None, None);
    reader.items(*b"{}", "a dictionary", |reader| {
        let key = string(reader, "one of the keys descr, fortran_order and shape")?;
        reader.expect(b':', "':' after a key")?;
        let again = match key {
            "descr" => descr.replace(string(reader, "a type such as '<f8'")?).is_some(),
            "fortran_order" => {
                let is_true = reader.word("True");
                if !is_true && !reader.word("False") {
                    return Err(reader.error("True or False"));
                }
                fortran_order.replace(is_true).is_some()
            }
            "shape" => shape.replace(reader.numbers(MAX_DIMENSIONS)?).is_some(),
            _ => return Err(reader.error("only descr, fortran_order and shape")),
        };
        if again { Err(reader.error("each key once")) } else { Ok(()) }
    })?;
    match (descr, fortran_order, shape) {
        _ if reader.next_byte().is_some() => Err(reader.error("nothing after the dictionary")),
        (Some(descr), Some(fortran_order), Some(shape)) => Ok((descr, fortran_order, shape)),
        _ => Err(reader.error("descr, fortran_order and shape before it")),
    }
}

/// Reads a string in quotes of either kind, without escapes.
fn string<'a>(reader: &mut Reader<'a>, expected: &str) -> Result<&'a str, FormatError> {
    reader.skip_space();
    let rest = &reader.text[reader.at..];
    // Python 2 wrote the prefix; without escapes a raw string is like any other.
    let prefix = usize::from(rest.starts_with(['u', 'U', 'r', 'R']));
    let text = (['\'', '"'].iter())
        .find_map(|&quote| rest[prefix..].strip_prefix(quote)?.split_once(quote))
        .map(|(text, _)| text)
        .filter(|text| !text.contains(['\\', '\n', '\r']))
        .ok_or_else(|| reader.error(expected))?;
    reader.at += prefix + text.len() + 2;
    Ok(text)
}

/// How entries are stored.
struct Type {
    kind: Kind,
    /// The number of bytes of one entry; 0 if it is not known.
    size: usize,
    big_endian: bool,
}

/// The type with this name. The machine's own byte order always means little-endian, because files move between
/// machines.
fn type_of(descr: &str, shape: &[usize]) -> Type {
    let code = descr.strip_prefix(['<', '>', '=', '|']).unwrap_or(descr);
    let has_order = code.len() < descr.len();
    let other = OTHER_NAMES.iter().find(|(other, _)| *other == code);
    let code = other.filter(|_| !has_order || code.len() == 1).map_or(code, |(_, name)| name);
    let (letter, size) = code.split_at(code.find(|c: char| c.is_ascii_digit()).unwrap_or(0));
    let size: usize = size.parse().unwrap_or(0);
    let known = TYPES.iter().find(|(known, _)| *known == format!("{letter}{size}"));
    let (kind, size) = match (letter, known) {
        ("U", _) if shape.is_empty() && size > 0 => (Kind::Text, size.checked_mul(4)),
        ("U", _) => (known.map_or(Kind::Other, |(_, kind)| *kind), size.checked_mul(4)),
        (_, Some((_, kind))) => (*kind, Some(size)),
        ("f" | "i" | "u" | "c" | "S" | "V", None) => (Kind::Other, Some(size)),
        _ => (Kind::Other, None),
    };
    match size {
        Some(size @ 1..) => Type { kind, size, big_endian: descr.starts_with('>') },
        _ => Type { kind: Kind::Other, size: 0, big_endian: false },
    }
}

/// Writes an array in NumPy's format.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] for a kind that is not written.
pub fn bytes(array: &Array) -> io::Result<Vec<u8>> {
    let mut bytes = match (array.kind, &array.shape[..]) {
        (Kind::Text, [length]) => header(&format!("<U{length}"), &[]),
        (kind, shape) => {
            let known = TYPES.iter().find(|(_, known)| *known == kind);
            let (name, _) = known.ok_or(io::ErrorKind::InvalidInput)?;
            let order = match kind {
                Kind::U8 | Kind::Bool => '|',
                _ => '<',
            };
            header(&format!("{order}{name}"), shape)
        }
    };
    array.write_entries(&mut bytes)?;
    Ok(bytes)
}

/// The bytes before the entries of an array that is stored row by row.
///
/// # Panics
/// Panics if the header needs more than 65,535 bytes.
pub fn header(descr: &str, shape: &[usize]) -> Vec<u8> {
    let dimensions: Vec<String> = shape.iter().map(|n| format!("{n},")).collect();
    let dimensions = match shape.len() {
        1 => dimensions.concat(),
        _ => dimensions.join(" ").trim_end_matches(',').to_string(),
    };
    let mut dictionary =
        format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({dimensions}), }}");
    let before = MAGIC.len() + 4;
    while !(before + dictionary.len() + 1).is_multiple_of(ALIGNMENT) {
        dictionary.push(' ');
    }
    dictionary.push('\n');
    let length = u16::try_from(dictionary.len()).expect("header: at most 65,535 bytes");
    [MAGIC, &[1, 0][..], &length.to_le_bytes(), dictionary.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An array of this version with this header.
    fn array(major: u8, dictionary: &str, data: usize) -> Vec<u8> {
        let length = dictionary.len() as u32;
        let mut bytes = [MAGIC, &[major, 0][..]].concat();
        match major {
            1 => bytes.extend((length as u16).to_le_bytes()),
            _ => bytes.extend(length.to_le_bytes()),
        }
        bytes.extend(dictionary.as_bytes());
        bytes.resize(bytes.len() + data, 0);
        bytes
    }

    /// What `numpy.save` writes before the entries of an array of this type and shape.
    #[test]
    fn headers_are_those_of_numpy() {
        for (shape, text) in
            [(&[2, 3][..], "(2, 3)"), (&[57], "(57,)"), (&[], "()"), (&[1, 2, 3], "(1, 2, 3)")]
        {
            let dictionary =
                format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {text}, }}");
            let start = [b"\x93NUMPY\x01\x00\x76\x00", dictionary.as_bytes()].concat();
            let header = header("<f8", shape);
            assert_eq!(header.len(), 128);
            assert!(header.starts_with(&start), "{header:?}");
            assert!(header.ends_with(b"  \n"));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        for (descr, shape, size) in [
            ("<f8", vec![2, 3], 48),
            ("|u1", vec![5], 5),
            ("<U1", vec![2], 8),
            ("|b1", vec![], 1),
            ("<f8", vec![0, 1 << 30], 0),
        ] {
            let mut bytes = header(descr, &shape);
            bytes.resize(bytes.len() + size, 9);
            let read = read("x", &bytes).unwrap();
            assert_eq!((&read.type_name[..], read.shape), (descr, shape));
            let stored =
                Entries::Stored { bytes: &vec![9; size], big_endian: false, by_columns: false };
            assert_eq!(read.entries, stored);
        }
    }

    #[test]
    fn every_kind_is_written_as_it_is_read() {
        for (kind, numbers, descr) in [
            (Kind::F64, [0.1, -0.0], "<f8"),
            (Kind::I64, [0.0, 1e15], "<i8"),
            (Kind::I32, [0.0, 1e9], "<u4"),
            (Kind::U8, [0.0, 255.0], "|u1"),
            (Kind::Character, [97.0, 1e5], "<U1"),
        ] {
            let written = bytes(&Array::new("x", kind, [2], &numbers[..])).unwrap();
            let read = read("x", &written).unwrap();
            assert_eq!((&read.type_name[..], read.kind), (descr, kind));
            assert_eq!(read.shape, [2]);
            assert_eq!(read.numbers().unwrap()[..], numbers, "{descr}");
        }
        let written = bytes(&Array::new("x", Kind::Text, [2], &[97.0, 1e5][..])).unwrap();
        let text = read("x", &written).unwrap();
        assert_eq!((&text.type_name[..], text.kind), ("<U2", Kind::Text));
        assert_eq!(text.shape, [0usize; 0]);
        assert_eq!(text.decoded().shape, [2]);
        let written = bytes(&Array::new("x", Kind::Bool, [], &[1.0][..])).unwrap();
        assert_eq!(read("x", &written).unwrap().stored_bytes(), [1]);
        for kind in [Kind::F32, Kind::F16, Kind::BF16, Kind::Other] {
            assert!(bytes(&Array::new("x", kind, [1], &[0.5][..])).is_err());
        }
    }

    #[test]
    fn headers_in_other_words_and_versions_are_read() {
        let dictionary = " {\"shape\":(2 , 3),'fortran_order' : True,\t'descr':\">f4\"}\n";
        for major in [1, 2, 3] {
            let bytes = array(major, dictionary, 24);
            let read = read("x", &bytes).unwrap();
            assert_eq!(read.type_name, ">f4");
            assert_eq!(read.shape, [2, 3]);
            let stored = Entries::Stored { bytes: &[0; 24], big_endian: true, by_columns: true };
            assert_eq!(read.entries, stored);
        }
    }

    /// As NumPy reads them, which fixtures/exchange_check.py asks.
    #[test]
    fn types_and_shapes_in_other_words_are_read() {
        let of = |major, descr: &str, shape: &str| {
            let dictionary =
                format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}}}");
            read("x", &array(major, &dictionary, 48)).map(|array| (array.kind, array.shape))
        };
        for shape in ["(2L, 3L)", "(2, 3L,)", "(2 L,\n3)", "(2,\x0c3) # by hand\n"] {
            for major in [1, 2] {
                assert_eq!(of(major, "'<f8'", shape), Ok((Kind::F64, vec![2, 3])), "{shape:?}");
            }
        }
        for (descr, kind, length) in [
            ("'=f8'", Kind::F64, 6),
            ("'f8'", Kind::F64, 6),
            ("'|f8'", Kind::F64, 6),
            ("u'<f8'", Kind::F64, 6),
            ("'<d'", Kind::F64, 6),
            ("'float64'", Kind::F64, 6),
            ("'=f4'", Kind::F32, 12),
            ("'half'", Kind::F16, 24),
            ("'u4'", Kind::I32, 12),
            ("'=U1'", Kind::Character, 12),
            ("'=u1'", Kind::U8, 48),
            ("'?'", Kind::Bool, 48),
            ("'<c16'", Kind::Other, 3),
        ] {
            assert_eq!(of(1, descr, &format!("({length},)")), Ok((kind, vec![length])), "{descr}");
        }
        // Their entries are never asked for, so nobody has to know their bytes.
        for descr in ["'|O'", "'<M8[ns]'", "'<float64'", "'l'", "'<U0'", "'<f8 '"] {
            let found = of(1, descr, "(4294967295, 4294967295, 4294967295)");
            let shape = vec![u32::MAX as usize; 3];
            assert_eq!(found, Ok((Kind::Other, shape)), "{descr}");
        }
        assert!(of(3, "'<f8'", "(2L, 3L)").is_err());
    }

    #[test]
    fn every_error_has_its_array() {
        let with = |descr: &str, order: &str, shape: &str| {
            format!("{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}")
        };
        let good = with("'<f8'", "False", "(1,)");
        let ones = "1,".repeat(17);
        let mut cut = array(2, &good, 8);
        cut[8..12].copy_from_slice(&[0xff; 4]);
        for (bytes, message) in [
            (b"PK".to_vec(), "not an array"),
            (MAGIC.to_vec(), "not an array"),
            (array(4, &good, 8), "version 4 of NumPy's format"),
            (array(1, &good, 8)[..9].to_vec(), "cut short"),
            (cut, "a header of 4294967295 bytes"),
            (array(1, "[]", 0), "wrong at byte 10, expected a dictionary"),
            (array(1, &with("'<f8'", "false", "(1,)"), 8), "True or False"),
            (array(1, &with("[('x', '<f8')]", "False", "(1,)"), 8), "a type such as '<f8'"),
            (array(1, &with("'<f8", "False", "(1,)"), 8), "expected"),
            (array(1, &with("'<\\x668'", "False", "(1,)"), 8), "a type such as"),
            (array(1, &with("'<f8'", "False", "1"), 8), "a tuple of numbers"),
            (array(1, &with("'<f8'", "False", "(1)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(1L)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(1 # ,\n)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(1l,)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(1LL,)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(L,)"), 8), "a whole number"),
            (array(1, &with("'<f8'", "False", "[1]"), 8), "a tuple of numbers"),
            (array(1, &with("'<f8'", "0L", "(1,)"), 8), "True or False"),
            (array(1, &with("b'<f8'", "False", "(1,)"), 8), "a type such as"),
            (array(3, &with("'<f8'", "False", "(1L,)"), 8), "expected ',' or ')'"),
            (array(1, &with("'<f8'", "False", "(-1,)"), 8), "a whole number"),
            (array(1, &with("'<f8'", "False", "(18446744073709551616,)"), 8), "a whole number"),
            (array(1, &with("'<f8'", "False", "(1 1)"), 8), "',' or ')'"),
            (array(1, &with("'<f8'", "False", &format!("({ones})")), 8), "fewer numbers"),
            (array(1, &with("'<f8'", "False", "(2,)"), 8), "do not make the 8 bytes"),
            (array(1, &with("'<f8'", "False", "(1,)"), 9), "do not make the 9 bytes"),
            (array(1, &with("'<f8'", "False", "(65536, 65536, 65536, 65536)"), 0), "do not make"),
            (array(1, &good.replace("descr", "other"), 8), "only descr, fortran_order and shape"),
            (array(1, &good.replace("descr", "shape"), 8), "expected a tuple"),
            (array(1, &good.replace("{", "{'shape': (), "), 8), "each key once"),
            (array(1, "{'descr': '<f8'}", 8), "descr, fortran_order and shape before it"),
            (array(1, "{'descr' '<f8'}", 8), "':' after a key"),
            (array(1, &good.replace("'<f8',", "'<f8'"), 8), "',' or '}'"),
            (array(1, &format!("{good} x"), 8), "nothing after the dictionary"),
            (array(1, "{", 0), "one of the keys"),
            (array(1, "{'", 0), "one of the keys"),
        ] {
            let error = read("x", &bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}");
        }
    }
}
