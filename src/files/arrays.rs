//! Named arrays in files of other programs: NumPy's `.npz`, safetensors, and JSON.
//!
//! | here | `.npz` | safetensors | JSON |
//! |---|---|---|---|
//! | numbers | `<f8` | F64 | nested lists, each number with as many digits as it takes to read it back |
//! | whole numbers | `<i8` | I64 | nested lists |
//! | a text | `<U`, one string; of bytes `\|u1`, a vector | in the metadata | a string |
//! | characters | `<U1`, a vector; of bytes `\|u1` | in the metadata, as one string | a list of strings |
//!
//! In JSON and in metadata, the character U+00b stands for byte b. NaN and the infinities are written as `null`,
//! because JSON does not have them; Python's words for them are read. NumPy removes NUL characters from the end of a
//! string.

use crate::formats::array::{Array, Kind, MAX_DIMENSIONS};
use crate::formats::error::FormatError;
use crate::formats::json::{Json, Reader, object};
use crate::formats::names::{shown, twice};
use crate::formats::sniff::{Sniffed, sniff};
use crate::formats::{npz, safetensors};
use crate::settings::Symbols;
use std::io::{self, Write};
use std::path::Path;

/// The `format` in the metadata of a safetensors file of arrays.
const FORMAT: &str = "elman arrays";

/// A file format for named arrays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// NumPy's `.npz`.
    Npz,
    /// Safetensors.
    SafeTensors,
    /// JSON.
    Json,
}

impl Form {
    /// All formats, with the endings of their files.
    pub const ALL: [(&'static str, Form); 3] =
        [("npz", Form::Npz), ("safetensors", Form::SafeTensors), ("json", Form::Json)];

    /// The format of a file by the ending of its name, in upper or lower case.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        let mut all = Form::ALL.into_iter();
        all.find_map(|(known, form)| ending.eq_ignore_ascii_case(known).then_some(form))
    }
}

/// Writes arrays to `output` (first argument), in the given order. The same arrays give the same bytes.
///
/// It makes many small writes, so a file needs a [`std::io::BufWriter`] around it.
///
/// # Errors
/// Any error of the output.
pub fn write_to(
    output: &mut impl Write,
    form: Form,
    symbols: Symbols,
    arrays: &[Array],
) -> io::Result<()> {
    match form {
        Form::Npz => write_npz(output, symbols, arrays),
        Form::SafeTensors => write_safetensors(output, symbols, arrays),
        Form::Json => write_json(output, symbols, arrays),
    }
}

fn write_npz(output: &mut impl Write, symbols: Symbols, arrays: &[Array]) -> io::Result<()> {
    let stored = arrays.iter().map(|array| {
        let is_of_bytes = symbols == Symbols::Bytes && is_text(array);
        let kind = if is_of_bytes { Kind::U8 } else { array.kind };
        Array::new(&array.name, kind, &*array.shape, array.numbers().unwrap_or_default())
    });
    npz::write_to(output, &stored.collect::<Vec<_>>())
}

fn is_text(array: &Array) -> bool {
    matches!(array.kind, Kind::Text | Kind::Character)
}

fn write_safetensors(
    output: &mut impl Write,
    symbols: Symbols,
    arrays: &[Array],
) -> io::Result<()> {
    let mut metadata =
        vec![("format", FORMAT.to_string()), ("symbols", symbols.name().to_string())];
    let (texts, tensors): (Vec<Array>, _) = arrays.iter().cloned().partition(is_text);
    for text in &texts {
        metadata.push((&text.name, text.characters().collect()));
    }
    safetensors::write_to(output, &tensors, &metadata)
}

fn write_json(output: &mut impl Write, symbols: Symbols, arrays: &[Array]) -> io::Result<()> {
    let members = arrays.iter().map(|array| (&*array.name, json(array)));
    let members = [("symbols", symbols.name().into())].into_iter().chain(members);
    writeln!(output, "{:#}", object(members))
}

/// Writes the array as lists of lists.
fn json(array: &Array) -> Json {
    let numbers = array.numbers().unwrap_or_default().into_owned().into_iter();
    match array.kind {
        Kind::Text => array.characters().collect::<String>().into(),
        Kind::Character => {
            nested(&array.shape, &mut array.characters().map(|c| c.to_string().into()))
        }
        Kind::I64 => nested(&array.shape, &mut numbers.map(|x| (x as u64).into())),
        _ => nested(&array.shape, &mut numbers.map(Json::Number)),
    }
}

fn nested(shape: &[usize], entries: &mut dyn Iterator<Item = Json>) -> Json {
    match shape.split_first() {
        None => entries.next().unwrap_or(Json::Null),
        Some((&length, inner)) => {
            Json::Array((0..length).map(|_| nested(inner, entries)).collect())
        }
    }
}

/// Reads the arrays of a file in any of the three formats, in the file's order. The content decides the format. Entries
/// are decoded; texts become vectors of code points.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<Vec<Array<'static>>, FormatError> {
    let arrays = match sniff(file) {
        Sniffed::Zip => npz::read(file)?.into_iter().map(Array::decoded).collect(),
        Sniffed::SafeTensors => read_safetensors(file)?,
        Sniffed::Json => read_json(file)?.0,
        Sniffed::Utf16 | Sniffed::Other => {
            let message = "not a file of arrays: it must be safetensors, an .npz file of numpy.savez, or JSON";
            return Err(message.into());
        }
    };
    match twice(arrays.iter().map(|array| array.name.as_str())) {
        Some(name) => Err(format!("{} appears twice", shown(name)).into()),
        None => Ok(arrays),
    }
}

fn read_safetensors(file: &[u8]) -> Result<Vec<Array<'static>>, FormatError> {
    let file = safetensors::read(file)?;
    let metadata = file.metadata.unwrap_or_default();
    let is_ours = metadata.iter().any(|(key, value)| key == "format" && value == FORMAT);
    let texts = metadata.into_iter().filter(|_| is_ours);
    let texts = texts.filter(|(key, _)| key != "format" && key != "symbols");
    let texts = texts.map(|(name, text)| Array::of_characters(name, Kind::F64, text.chars()));
    let tensors = file.tensors.into_iter().map(Array::decoded);
    Ok(texts.chain(tensors).collect())
}

/// Reads the arrays of a JSON object, and whether its texts stand for characters or for bytes. A byte-order mark is
/// left out.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub(super) fn read_json(file: &[u8]) -> Result<(Vec<Array<'static>>, Symbols), FormatError> {
    let text = std::str::from_utf8(file)
        .map_err(|error| format!("byte {}: JSON has to be UTF-8", error.valid_up_to()))?;
    let (mut arrays, mut symbols) = (Vec::new(), Symbols::Characters);
    let mut reader = Reader::new(text);
    reader.word("\u{feff}");
    reader.object(|reader, name| {
        if reader.next_byte() == Some(b'"') {
            let text = reader.string()?;
            match name.as_str() {
                "symbols" if text == Symbols::Bytes.name() => symbols = Symbols::Bytes,
                "symbols" => {}
                _ => arrays.push(Array::of_characters(name, Kind::F64, text.chars())),
            }
            return Ok(());
        }
        let mut nested = Nested::default();
        nested.read(reader, 0)?;
        arrays.push(Array::new(name, Kind::F64, nested.shape, nested.numbers));
        Ok(())
    })?;
    reader.end()?;
    Ok((arrays, symbols))
}

/// Lists of lists, while they are read.
#[derive(Default)]
struct Nested {
    /// At each depth, the length of the first list.
    shape: Vec<usize>,
    /// The number of dimensions; `None` before the first entry.
    depth: Option<usize>,
    numbers: Vec<f64>,
}

impl Nested {
    fn read(&mut self, reader: &mut Reader, depth: usize) -> Result<(), FormatError> {
        if reader.next_byte() != Some(b'[') {
            return self.entry(reader, depth);
        }
        if depth == MAX_DIMENSIONS || self.depth.is_some_and(|deepest| depth >= deepest) {
            return Err(reader.error("a number, as in the lists before"));
        }
        let mut length = 0;
        reader.array(|reader| {
            length += 1;
            self.read(reader, depth + 1)
        })?;
        // Inner lists end before outer ones: theirs is the first length at a depth.
        if self.shape.len() <= depth {
            self.shape.resize(depth + 1, usize::MAX);
        }
        match self.shape[depth] {
            usize::MAX => self.shape[depth] = length,
            first if first == length => {}
            _ => return Err(reader.error("lists of the same length")),
        }
        if length == 0 {
            self.depth.get_or_insert(depth + 1);
        }
        Ok(())
    }

    fn entry(&mut self, reader: &mut Reader, depth: usize) -> Result<(), FormatError> {
        if *self.depth.get_or_insert(depth) != depth {
            return Err(reader.error("a list, as the lists before"));
        }
        let special = [
            ("NaN", f64::NAN),
            ("null", f64::NAN),
            ("Infinity", f64::INFINITY),
            ("-Infinity", f64::NEG_INFINITY),
        ];
        let mut special = special.iter();
        let number = match special.find_map(|&(word, x)| reader.word(word).then_some(x)) {
            Some(number) => number,
            None if reader.next_byte() == Some(b'"') => {
                let before = reader.clone();
                let string = reader.string()?;
                let mut characters = string.chars();
                match (characters.next(), characters.next()) {
                    (Some(character), None) => f64::from(u32::from(character)),
                    _ => return Err(before.error("a single character")),
                }
            }
            None => reader.float()?,
        };
        self.numbers.push(number);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::{npy, zip};
    use std::borrow::Cow;

    fn written() -> Vec<Array<'static>> {
        let of = |name: &str, kind, shape: &[usize], numbers: Vec<f64>| {
            Array::new(name, kind, shape, numbers)
        };
        let text: Vec<f64> =
            ("a\"\u{e5}\n\u{1F600}".chars()).map(|c| u32::from(c).into()).collect();
        vec![
            of("text", Kind::Text, &[5], text.clone()),
            of("vocabulary", Kind::Character, &[5], text),
            of("inputs", Kind::I64, &[3], vec![0.0, 2.0, 70.0]),
            of("W", Kind::F64, &[2, 2], vec![0.1, -0.0, 5e-324, 1e300]),
            of("b", Kind::F64, &[2], vec![1.0 / 3.0, 2.0]),
            of("cube", Kind::F64, &[2, 1, 3], (0..6).map(f64::from).collect()),
            of("loss", Kind::F64, &[], vec![104.25]),
            of("empty", Kind::F64, &[0], vec![]),
        ]
    }

    fn bytes_of(form: Form, symbols: Symbols, arrays: &[Array]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_to(&mut bytes, form, symbols, arrays).unwrap();
        bytes
    }

    #[test]
    fn what_is_written_is_read() {
        let all = written();
        let expected: Vec<Array> = all.iter().cloned().map(Array::decoded).collect();
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Characters, &all)).unwrap();
            assert_eq!(found, expected, "{form:?}");
            let bits = |arrays: &[Array]| -> Vec<u64> {
                let numbers = arrays.iter().flat_map(|array| array.numbers().unwrap().into_owned());
                numbers.map(f64::to_bits).collect()
            };
            assert_eq!(bits(&found), bits(&expected), "{form:?}");
        }
        let bytes: Vec<f64> = (0..=255u8).map(f64::from).collect();
        let of_bytes = [Array::new("text", Kind::Text, [256], bytes)];
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Bytes, &of_bytes)).unwrap();
            assert_eq!(found, of_bytes.clone().map(Array::decoded), "{form:?}");
        }
    }

    #[test]
    fn numbers_that_are_none_stay_so() {
        let numbers = vec![f64::NAN, f64::INFINITY, 1.0];
        let infinite = [Array::new("x", Kind::F64, [3], numbers)];
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Characters, &infinite)).unwrap();
            let values = found[0].numbers().unwrap();
            assert!(!values[0].is_finite() && !values[1].is_finite(), "{form:?}");
            assert_eq!(values[2], 1.0);
        }
        let python = "{\"x\": [NaN, Infinity, -Infinity, 1e0]}";
        let array = read(python.as_bytes()).unwrap().remove(0);
        let values = array.numbers().unwrap();
        assert!(values[0].is_nan());
        assert_eq!(values[1..], [f64::INFINITY, f64::NEG_INFINITY, 1.0]);
    }

    #[test]
    fn json_is_laid_out_row_by_row() {
        let text =
            String::from_utf8(bytes_of(Form::Json, Symbols::Characters, &written())).unwrap();
        for line in [
            "  \"symbols\": \"characters\",\n",
            "  \"text\": \"a\\\"\u{e5}\\n\u{1F600}\",\n",
            "  \"inputs\": [0, 2, 70],\n",
            "  \"W\": [\n    [0.1, -0.0],\n    [5e-324, 1e300]],\n",
            "  \"loss\": 104.25,\n",
            "  \"empty\": []\n}\n",
        ] {
            assert!(text.contains(line), "{line:?} is not in {text}");
        }
    }

    /// Editors and PowerShell put it there.
    #[test]
    fn a_byte_order_mark_before_json_is_left_out() {
        let text = "{\"W\": [[1, 2]], \"text\": \"\u{feff}a\"}";
        let marked = format!("\u{feff}{text}");
        assert_eq!(read(marked.as_bytes()), read(text.as_bytes()));
        assert_eq!(read(text.as_bytes()).unwrap()[1].numbers().unwrap()[..], [65279.0, 97.0]);
        let latin = read(b"{\"text\": \"\xe5\"}").unwrap_err().to_string();
        assert_eq!(latin, "byte 10: JSON has to be UTF-8");
    }

    #[test]
    fn other_files_are_refused() {
        for (text, message) in [
            ("", "not a file of arrays: it must be"),
            ("[1]", "not a file of arrays: it must be"),
            ("\u{feff}[1]", "not a file of arrays: it must be"),
            ("\u{feff}{\"a\": [[1], 2]}", "byte 15: expected a list, as"),
            ("{\"a\": 1, \"a\": 2}", "\"a\" appears twice"),
            ("{\"a\": [1, [2]]}", "byte 10: expected a number, as in"),
            ("{\"a\": [[1], 2]}", "byte 12: expected a list, as"),
            ("{\"a\": [[1], [2, 3]]}", "byte 18: expected lists of the same"),
            ("{\"a\": [[], [1]]}", "expected lists of the same"),
            ("{\"a\": [[1], []]}", "expected lists of the same"),
            ("{\"a\": [\"ab\"]}", "byte 7: expected a single character"),
            ("{\"a\": true}", "byte 6: expected a number"),
            ("{\"a\": {}}", "byte 6: expected a number"),
            ("{\"a\": [1}", "expected ',' or ']'"),
            ("{\"a\": 1} x", "expected nothing after"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}: {text}");
        }
        let deep = format!("{{\"a\": {}", "[".repeat(100_000));
        let error = read(deep.as_bytes()).unwrap_err().to_string();
        assert!(error.contains("byte 22: expected a number"), "{error}");
        let cut = &bytes_of(Form::Npz, Symbols::Characters, &written())[..700];
        assert!(read(cut).unwrap_err().to_string().contains("cut short"));
        let cut = &bytes_of(Form::SafeTensors, Symbols::Characters, &written())[..600];
        assert!(read(cut).unwrap_err().to_string().contains("cut short"));
    }

    /// As NumPy writes other types, and a matrix that was transposed: its columns lie one after another.
    #[test]
    fn arrays_of_other_programs_are_read_row_by_row() {
        let of = |descr: &str, bytes: &[u8]| {
            let header = String::from_utf8_lossy(&npy::header(descr, &[2, 3])).into_owned();
            let header = header.replace("False, ", "True,  ");
            let array = [&[0x93], &header.as_bytes()["\u{fffd}".len()..], bytes].concat();
            let mut file = zip::Writer::new(Vec::new());
            file.add("x.npy", &array).unwrap();
            let found = read(&file.finish().unwrap()).unwrap().remove(0);
            assert_eq!(found.shape, [2, 3], "{descr}");
            (found.numbers().map(Cow::into_owned), found.kind)
        };
        let columns = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0];
        let rows = Some(vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0]);
        let doubles = columns.map(|x: f64| x.to_le_bytes()).concat();
        assert_eq!(of("<f8", &doubles), (rows.clone(), Kind::F64));
        let singles = columns.map(|x| (x as f32).to_le_bytes()).concat();
        assert_eq!(of("<f4", &singles), (rows.clone(), Kind::F32));
        let whole = columns.map(|x| (x as i64).to_le_bytes()).concat();
        assert_eq!(of("<i8", &whole), (rows, Kind::F64));
        let complex = vec![0; 6 * 16];
        assert_eq!(of("<c16", &complex), (None, Kind::Other));
    }

    /// In proportion to the file, whatever it holds.
    #[test]
    fn many_arrays_are_read_as_fast_as_few() {
        let many: Vec<String> = (0..200_000).map(|i| format!("\"a{i}\":0")).collect();
        let file = format!("{{{}}}", many.join(","));
        assert_eq!(read(file.as_bytes()).unwrap().len(), many.len());
        let file = format!("{{{},\"a7\":1}}", many.join(","));
        let error = read(file.as_bytes()).unwrap_err().to_string();
        assert_eq!(error, "\"a7\" appears twice");
    }

    /// NumPy asks for entries with and without the ending by one name.
    #[test]
    fn one_name_for_two_entries_is_refused() {
        let mut file = zip::Writer::new(Vec::new());
        let array = [npy::header("<f8", &[1]), vec![0; 8]].concat();
        file.add("b.npy", &array).unwrap();
        file.add("b", &array).unwrap();
        let error = read(&file.finish().unwrap()).unwrap_err().to_string();
        assert_eq!(error, "\"b\" appears twice");
    }

    #[test]
    fn endings_name_the_forms() {
        let of = |name: &str| Form::of(Path::new(name));
        assert_eq!(of("a/case.npz"), Some(Form::Npz));
        assert_eq!(of("case.v2.SafeTensors"), Some(Form::SafeTensors));
        assert_eq!(of("case.json"), Some(Form::Json));
        for name in ["case", "case.csv", ".json", "npz", "case.npz/x"] {
            assert_eq!(of(name), None, "{name}");
        }
    }
}
