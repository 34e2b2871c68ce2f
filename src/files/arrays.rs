//! Named arrays in files that other programs read and write: NumPy's `.npz`, safetensors, and JSON.
//!
//! | here | `.npz` | safetensors | JSON |
//! |---|---|---|---|
//! | numbers | `<f8` | F64 | nested lists, each number with as many digits as it takes to read it back |
//! | whole numbers | `<i8` | I64 | nested lists |
//! | a text | `<U`, one string; of bytes `\|u1`, a vector | in the metadata | a string |
//! | characters | `<U1`, a vector; of bytes `\|u1` | in the metadata, as one string | a list of strings |
//!
//! In JSON and in metadata byte b goes by the character U+00b. NaN and the infinities, which JSON does not have, are
//! `null` there; Python's words for them are read. NumPy takes NUL characters at the end of a string for padding.

use crate::files::array::Array;
use crate::files::exchange::ExchangeError;
use crate::files::{npz, torch};
use crate::formats::json::{JsonError, Reader, quote};
use crate::formats::npy;
use crate::formats::safetensors::{self, FormatError, Outline, shown, twice};
use crate::formats::zip::{self, ZipError};
use crate::settings::Symbols;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// What a safetensors file of texts and numbers says of itself in its metadata.
const FORMAT: &str = "elman arrays";
/// More dimensions than any array here has.
const MAX_DIMENSIONS: usize = 16;

/// A kind of file.
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
    /// All of them, with the endings that their names have.
    pub const ALL: [(&'static str, Form); 3] = [
        ("npz", Form::Npz),
        ("safetensors", Form::SafeTensors),
        ("json", Form::Json),
    ];

    /// The form that a file's name asks for by its ending, in capitals or not.
    pub fn of(path: &Path) -> Option<Self> {
        let ending = path.extension()?;
        let mut all = Form::ALL.into_iter();
        all.find_map(|(known, form)| ending.eq_ignore_ascii_case(known).then_some(form))
    }
}

/// What an array holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// Numbers, row by row.
    Numbers(Vec<f64>),
    /// Whole numbers, row by row.
    Indices(Vec<usize>),
    /// A text; its shape says how long it is.
    Text(Vec<char>),
    /// Single characters.
    Characters(Vec<char>),
}

/// An array to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Written {
    /// Its name.
    pub name: String,
    /// Its dimensions; none for a single number.
    pub shape: Vec<usize>,
    /// Its entries.
    pub values: Values,
}

/// An array that was read. Texts are vectors of code points.
#[derive(Clone, Debug, PartialEq)]
pub struct Read {
    /// Its name.
    pub name: String,
    /// Its dimensions; none for a single number.
    pub shape: Vec<usize>,
    /// Its entries, row by row; or what the file calls their type, where that is none of numbers.
    pub values: Result<Vec<f64>, String>,
    /// Whether the file holds them with fewer digits than a double has.
    pub is_narrow: bool,
}

/// Why some bytes are no arrays.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ArraysError {
    /// None of the three forms.
    NoForm,
    /// A zip or safetensors file that cannot be read.
    Exchange(ExchangeError),
    /// JSON, but no object of arrays.
    Json(JsonError),
    /// Two arrays of one name.
    Twice {
        /// The name.
        name: String,
    },
}

impl fmt::Display for ArraysError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ArraysError::NoForm => write!(
                f,
                "no arrays: neither an .npz of numpy.savez, nor safetensors, nor JSON"
            ),
            ArraysError::Exchange(error) => write!(f, "{error}"),
            ArraysError::Json(error) => write!(f, "{error}"),
            ArraysError::Twice { name } => write!(f, "{} is there twice", shown(name)),
        }
    }
}

impl std::error::Error for ArraysError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ArraysError::Exchange(error) => Some(error),
            ArraysError::Json(error) => Some(error),
            _ => None,
        }
    }
}

impl From<ExchangeError> for ArraysError {
    fn from(error: ExchangeError) -> Self {
        ArraysError::Exchange(error)
    }
}

impl From<ZipError> for ArraysError {
    fn from(error: ZipError) -> Self {
        ArraysError::Exchange(error.into())
    }
}

impl From<FormatError> for ArraysError {
    fn from(error: FormatError) -> Self {
        ArraysError::Exchange(error.into())
    }
}

impl From<JsonError> for ArraysError {
    fn from(error: JsonError) -> Self {
        ArraysError::Json(error)
    }
}

/// Writes arrays, in the given order. The same arrays make the same bytes.
///
/// Many small writes: an output that asks the system each time needs a buffer around it.
///
/// # Errors
/// Those of the output.
pub fn write_to(
    output: &mut impl Write,
    form: Form,
    symbols: Symbols,
    arrays: &[Written],
) -> io::Result<()> {
    match form {
        Form::Npz => write_npz(output, symbols, arrays),
        Form::SafeTensors => write_safetensors(output, symbols, arrays),
        Form::Json => write_json(output, symbols, arrays),
    }
}

fn write_npz(output: &mut impl Write, symbols: Symbols, arrays: &[Written]) -> io::Result<()> {
    let points = |characters: &[char]| -> Vec<u8> {
        let points = characters.iter().flat_map(|&c| u32::from(c).to_le_bytes());
        points.collect()
    };
    let mut file = zip::Writer::new(output);
    for Written {
        name,
        shape,
        values,
    } in arrays
    {
        let (descr, shape, entries): (String, &[usize], Vec<u8>) = match (values, symbols) {
            (Values::Numbers(numbers), _) => {
                let entries = numbers.iter().flat_map(|x| x.to_le_bytes());
                ("<f8".into(), shape, entries.collect())
            }
            (Values::Indices(indices), _) => {
                let entries = indices.iter().flat_map(|&i| (i as u64).to_le_bytes());
                ("<i8".into(), shape, entries.collect())
            }
            (Values::Text(text) | Values::Characters(text), Symbols::Bytes) => {
                ("|u1".into(), shape, text.iter().map(|&c| c as u8).collect())
            }
            (Values::Text(text), _) => (format!("<U{}", text.len()), &[], points(text)),
            (Values::Characters(characters), _) => ("<U1".into(), shape, points(characters)),
        };
        let bytes = [npy::header(&descr, shape), entries].concat();
        file.add(&format!("{name}.npy"), &bytes)?;
    }
    file.finish().map(|_| ())
}

fn write_safetensors(
    output: &mut impl Write,
    symbols: Symbols,
    arrays: &[Written],
) -> io::Result<()> {
    let mut metadata = vec![
        ("format", FORMAT.to_string()),
        ("symbols", symbols.name().to_string()),
    ];
    for array in arrays {
        if let Values::Text(characters) | Values::Characters(characters) = &array.values {
            metadata.push((&array.name, characters.iter().collect()));
        }
    }
    let outlines: Vec<Outline> = arrays.iter().filter_map(outline).collect();
    safetensors::write_header(output, &outlines, &metadata)?;
    for array in arrays {
        match &array.values {
            Values::Numbers(numbers) => {
                numbers
                    .iter()
                    .try_for_each(|x| output.write_all(&x.to_le_bytes()))?;
            }
            Values::Indices(indices) => {
                let mut bytes = indices.iter().map(|&i| (i as u64).to_le_bytes());
                bytes.try_for_each(|bytes| output.write_all(&bytes))?;
            }
            Values::Text(_) | Values::Characters(_) => {}
        }
    }
    Ok(())
}

/// What a header says of an array of numbers.
fn outline(array: &Written) -> Option<Outline<'_>> {
    let (dtype, count) = match &array.values {
        Values::Numbers(numbers) => ("F64", numbers.len()),
        Values::Indices(indices) => ("I64", indices.len()),
        Values::Text(_) | Values::Characters(_) => return None,
    };
    Some((&array.name, dtype, &array.shape, count))
}

fn write_json(output: &mut impl Write, symbols: Symbols, arrays: &[Written]) -> io::Result<()> {
    write!(output, "{{\n  \"symbols\": {}", quote(symbols.name()))?;
    for Written {
        name,
        shape,
        values,
    } in arrays
    {
        write!(output, ",\n  {}: ", quote(name))?;
        match values {
            Values::Numbers(numbers) => {
                let number = |at: usize| match numbers[at] {
                    x if x.is_finite() => format!("{x:?}"),
                    _ => "null".into(),
                };
                write_nested(output, shape, 0, &number)?;
            }
            Values::Indices(indices) => {
                write_nested(output, shape, 0, &|at| indices[at].to_string())?;
            }
            Values::Text(text) => {
                write!(output, "{}", quote(&text.iter().collect::<String>()))?;
            }
            Values::Characters(characters) => {
                let character = |at: usize| quote(&characters[at].to_string());
                write_nested(output, shape, 0, &character)?;
            }
        }
    }
    writeln!(output, "\n}}")
}

/// A list of lists; each innermost one is a line.
fn write_nested(
    output: &mut impl Write,
    shape: &[usize],
    first: usize,
    entry: &dyn Fn(usize) -> String,
) -> io::Result<()> {
    let Some((&length, inner)) = shape.split_first() else {
        return write!(output, "{}", entry(first));
    };
    let step: usize = inner.iter().product();
    let (before, between) = match inner {
        [] => ("", ", "),
        _ => ("\n    ", ","),
    };
    write!(output, "[")?;
    for i in 0..length {
        write!(output, "{}{before}", if i > 0 { between } else { "" })?;
        write_nested(output, inner, first + i * step, entry)?;
    }
    write!(output, "]")
}

/// The arrays of a file in any of the three forms, told apart by content, in the file's order.
///
/// # Errors
/// [`ArraysError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<Vec<Read>, ArraysError> {
    let arrays = match file {
        zip if zip::is_zip(zip) => read_npz(zip),
        // The header of a safetensors file begins after its length, which has zeros in front.
        tensors if tensors.get(8) == Some(&b'{') && tensors[7] == 0 => read_safetensors(tensors),
        text => match std::str::from_utf8(text) {
            Ok(text) if text.trim_start().starts_with('{') => Ok(read_json(text)?),
            _ => Err(ArraysError::NoForm),
        },
    }?;
    match twice(arrays.iter().map(|array| array.name.as_str())) {
        Some(name) => Err(ArraysError::Twice {
            name: name.to_string(),
        }),
        None => Ok(arrays),
    }
}

fn read_npz(file: &[u8]) -> Result<Vec<Read>, ArraysError> {
    let entries = zip::read(file)?;
    npz::refuse_pickle(&entries)?;
    let arrays = entries.iter().map(|entry| {
        let name = entry.name.strip_suffix(".npy").unwrap_or(&entry.name);
        Ok(decoded(&npz::array(name, entry.bytes)?))
    });
    arrays.collect()
}

fn read_safetensors(file: &[u8]) -> Result<Vec<Read>, ArraysError> {
    let file = safetensors::read(file)?;
    let metadata = file.metadata.unwrap_or_default();
    let is_ours = metadata
        .iter()
        .any(|(key, value)| key == "format" && value == FORMAT);
    let texts = metadata.into_iter().filter(|_| is_ours);
    let texts = texts.filter(|(key, _)| key != "format" && key != "symbols");
    let texts = texts.map(|(name, text)| Read::of_text(name, &text));
    let tensors = file
        .tensors
        .into_iter()
        .map(|tensor| decoded(&torch::array(tensor)));
    Ok(texts.chain(tensors).collect())
}

fn decoded(array: &Array) -> Read {
    if let Some(text) = string(array) {
        return Read::of_points(array.name.clone(), text);
    }
    Read {
        name: array.name.clone(),
        shape: array.shape.clone(),
        values: array.numbers().ok_or_else(|| array.type_name.clone()),
        is_narrow: array.kind.is_narrow(),
    }
}

/// The code points of a single string of NumPy's.
fn string(array: &Array) -> Option<Vec<f64>> {
    let is_string = array.type_name.starts_with("<U") && array.shape.is_empty();
    is_string.then(|| {
        let points = array.bytes.chunks_exact(4);
        let points =
            points.map(|bytes| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]));
        points.map(f64::from).collect()
    })
}

impl Read {
    fn of_text(name: String, text: &str) -> Self {
        Read::of_points(
            name,
            text.chars().map(|c| f64::from(u32::from(c))).collect(),
        )
    }

    fn of_points(name: String, points: Vec<f64>) -> Self {
        Read {
            name,
            shape: vec![points.len()],
            values: Ok(points),
            is_narrow: false,
        }
    }
}

fn read_json(text: &str) -> Result<Vec<Read>, JsonError> {
    let mut arrays: Vec<Read> = Vec::new();
    let mut reader = Reader::new(text);
    reader.object(|reader, name| {
        if reader.next_byte() == Some(b'"') {
            let text = reader.string()?;
            if name != "symbols" {
                arrays.push(Read::of_text(name, &text));
            }
            return Ok(());
        }
        let mut nested = Nested::default();
        nested.read(reader, 0)?;
        arrays.push(Read {
            name,
            shape: nested.shape,
            values: Ok(nested.numbers),
            is_narrow: false,
        });
        Ok(())
    })?;
    reader.end()?;
    Ok(arrays)
}

/// Lists of lists, as they are read.
#[derive(Default)]
struct Nested {
    /// The dimensions: of each depth, what its first list has.
    shape: Vec<usize>,
    /// How many dimensions there are, once the first entry has been met.
    depth: Option<usize>,
    numbers: Vec<f64>,
}

impl Nested {
    fn read(&mut self, reader: &mut Reader, depth: usize) -> Result<(), JsonError> {
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

    fn entry(&mut self, reader: &mut Reader, depth: usize) -> Result<(), JsonError> {
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

    fn written() -> Vec<Written> {
        let of = |name: &str, shape: &[usize], values| Written {
            name: name.into(),
            shape: shape.to_vec(),
            values,
        };
        let text: Vec<char> = "a\"\u{e5}\n\u{1F600}".chars().collect();
        vec![
            of("text", &[5], Values::Text(text.clone())),
            of("vocabulary", &[5], Values::Characters(text)),
            of("inputs", &[3], Values::Indices(vec![0, 2, 70])),
            of(
                "W",
                &[2, 2],
                Values::Numbers(vec![0.1, -0.0, 5e-324, 1e300]),
            ),
            of("b", &[2], Values::Numbers(vec![1.0 / 3.0, 2.0])),
            of(
                "cube",
                &[2, 1, 3],
                Values::Numbers((0..6).map(f64::from).collect()),
            ),
            of("loss", &[], Values::Numbers(vec![104.25])),
            of("empty", &[0], Values::Numbers(vec![])),
        ]
    }

    fn bytes_of(form: Form, symbols: Symbols, arrays: &[Written]) -> Vec<u8> {
        let mut bytes = Vec::new();
        write_to(&mut bytes, form, symbols, arrays).unwrap();
        bytes
    }

    /// What an array is once it has been read.
    fn as_read(array: &Written) -> Read {
        let points = |text: &[char]| text.iter().map(|&c| f64::from(u32::from(c))).collect();
        Read {
            name: array.name.clone(),
            shape: array.shape.clone(),
            values: Ok(match &array.values {
                Values::Numbers(numbers) => numbers.clone(),
                Values::Indices(indices) => indices.iter().map(|&i| i as f64).collect(),
                Values::Text(text) | Values::Characters(text) => points(text),
            }),
            is_narrow: false,
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let all = written();
        let expected: Vec<Read> = all.iter().map(as_read).collect();
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Characters, &all)).unwrap();
            assert_eq!(found, expected, "{form:?}");
            let bits = |arrays: &[Read]| -> Vec<u64> {
                let numbers = arrays
                    .iter()
                    .flat_map(|array| array.values.clone().unwrap());
                numbers.map(f64::to_bits).collect()
            };
            assert_eq!(bits(&found), bits(&expected), "{form:?}");
        }
        let bytes: Vec<char> = (0..=255u8).map(char::from).collect();
        let of_bytes = [Written {
            name: "text".into(),
            shape: vec![256],
            values: Values::Text(bytes),
        }];
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Bytes, &of_bytes)).unwrap();
            assert_eq!(found, [as_read(&of_bytes[0])], "{form:?}");
        }
    }

    #[test]
    fn numbers_that_are_none_stay_so() {
        let infinite = [Written {
            name: "x".into(),
            shape: vec![3],
            values: Values::Numbers(vec![f64::NAN, f64::INFINITY, 1.0]),
        }];
        for (_, form) in Form::ALL {
            let found = read(&bytes_of(form, Symbols::Characters, &infinite)).unwrap();
            let values = found[0].values.clone().unwrap();
            assert!(!values[0].is_finite() && !values[1].is_finite(), "{form:?}");
            assert_eq!(values[2], 1.0);
        }
        let python = "{\"x\": [NaN, Infinity, -Infinity, 1e0]}";
        let values = read(python.as_bytes()).unwrap().remove(0).values.unwrap();
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

    #[test]
    fn other_files_are_refused() {
        for (text, message) in [
            ("", "no arrays: neither"),
            ("[1]", "no arrays: neither"),
            ("\u{feff}{}", "no arrays: neither"),
            ("{\"a\": 1, \"a\": 2}", "\"a\" is there twice"),
            ("{\"a\": [1, [2]]}", "byte 10: expected a number, as in"),
            ("{\"a\": [[1], 2]}", "byte 12: expected a list, as"),
            (
                "{\"a\": [[1], [2, 3]]}",
                "byte 18: expected lists of the same",
            ),
            ("{\"a\": [[], [1]]}", "expected lists of the same"),
            ("{\"a\": [[1], []]}", "expected lists of the same"),
            ("{\"a\": [\"ab\"]}", "byte 7: expected a single character"),
            ("{\"a\": true}", "byte 6: expected a number"),
            ("{\"a\": {}}", "byte 6: expected a number"),
            ("{\"a\": [1}", "expected ',' or ']'"),
            ("{\"a\": 1} x", "expected nothing after"),
        ] {
            let error = read(text.as_bytes()).unwrap_err().to_string();
            assert!(
                error.contains(message),
                "{message:?} is not in {error:?}: {text}"
            );
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
            (found.values, found.is_narrow)
        };
        let columns = [0.0, 3.0, 1.0, 4.0, 2.0, 5.0];
        let rows = vec![0.0, 1.0, 2.0, 3.0, 4.0, 5.0];
        let doubles = columns.map(|x: f64| x.to_le_bytes()).concat();
        assert_eq!(of("<f8", &doubles), (Ok(rows.clone()), false));
        let singles = columns.map(|x| (x as f32).to_le_bytes()).concat();
        assert_eq!(of("<f4", &singles), (Ok(rows.clone()), true));
        let whole = columns.map(|x| (x as i64).to_le_bytes()).concat();
        assert_eq!(of("<i8", &whole), (Ok(rows), false));
        let complex = vec![0; 6 * 16];
        assert_eq!(of("<c16", &complex), (Err("<c16".into()), false));
    }

    /// In proportion to the file, whatever it holds.
    #[test]
    fn many_arrays_are_read_as_fast_as_few() {
        let many: Vec<String> = (0..200_000).map(|i| format!("\"a{i}\":0")).collect();
        let file = format!("{{{}}}", many.join(","));
        assert_eq!(read(file.as_bytes()).unwrap().len(), many.len());
        let file = format!("{{{},\"a7\":1}}", many.join(","));
        let name = "a7".to_string();
        assert_eq!(read(file.as_bytes()), Err(ArraysError::Twice { name }));
    }

    /// NumPy asks for entries with and without the ending by one name.
    #[test]
    fn one_name_for_two_entries_is_refused() {
        let mut file = zip::Writer::new(Vec::new());
        let array = [npy::header("<f8", &[1]), vec![0; 8]].concat();
        file.add("b.npy", &array).unwrap();
        file.add("b", &array).unwrap();
        let name = "b".to_string();
        let refused = read(&file.finish().unwrap());
        assert_eq!(refused, Err(ArraysError::Twice { name }));
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
