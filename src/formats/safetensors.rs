//! The safetensors container: named tensors and a table of strings in one file.
//!
//! Eight bytes of header length (little-endian), the header (JSON), then the tensors' bytes. The
//! format is that of <https://github.com/huggingface/safetensors>. Nothing is allocated on the word
//! of the file: a length is believed only where the file is that long.

use crate::formats::json::{JsonError, Reader, quote};
use std::fmt;
use std::io::{self, Write};

/// The longest header that is read, in bytes; that of the format's own reader.
const MAX_HEADER: usize = 100_000_000;
/// More dimensions than any tensor has.
const MAX_DIMENSIONS: usize = 16;

/// One tensor of a file.
#[derive(Clone, Debug, PartialEq)]
pub struct View<'a> {
    /// Its name.
    pub name: String,
    /// Its type, as the file calls it: `F64`, `F32` ...
    pub dtype: String,
    /// Its dimensions; none for a single number.
    pub shape: Vec<usize>,
    /// Its entries, row-major and little-endian.
    pub bytes: &'a [u8],
}

/// A file that has been read: its tensors in the order of their bytes, and its metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SafeTensors<'a> {
    /// The tensors.
    pub tensors: Vec<View<'a>>,
    /// The strings under `__metadata__`; `None` where the file has no such table.
    pub metadata: Option<Vec<(String, String)>>,
}

/// Why some bytes are no safetensors file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FormatError {
    /// Fewer than the eight bytes of the header's length.
    TooShort {
        /// The file's length in bytes.
        length: usize,
    },
    /// The header is longer than the file, or than any header may be.
    HeaderLength {
        /// What the file says.
        claimed: u64,
        /// Bytes that follow.
        available: usize,
    },
    /// The header is not UTF-8.
    HeaderUtf8 {
        /// Offset in the file of the first wrong byte.
        byte: usize,
    },
    /// The header is not the JSON that it has to be.
    Header {
        /// Offset in the file.
        byte: usize,
        /// What had to stand there.
        expected: &'static str,
    },
    /// A name stands twice.
    Duplicate {
        /// The name.
        name: String,
    },
    /// A type that the format does not have.
    UnknownType {
        /// The tensor.
        name: String,
        /// What the file calls its type.
        dtype: String,
    },
    /// The shape of a tensor asks for another number of bytes than its offsets do.
    Size {
        /// The tensor.
        name: String,
        /// Bytes by its offsets.
        bytes: u64,
    },
    /// The bytes of a tensor end before they begin.
    Offsets {
        /// The tensor.
        name: String,
        /// Where its bytes begin, from the header's end.
        begin: u64,
        /// Where they end.
        end: u64,
    },
    /// The tensors' bytes overlap, leave a gap, or end elsewhere than the file does.
    Layout {
        /// The tensor.
        name: String,
        /// Where its bytes would have to begin, from the header's end.
        expected: u64,
        /// Where they begin.
        begin: u64,
    },
    /// The file is shorter or longer than its tensors.
    FileLength {
        /// Bytes after the header.
        length: u64,
        /// Bytes by the header.
        expected: u64,
    },
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FormatError::TooShort { length } => write!(
                f,
                "not a safetensors file: {length} bytes, fewer than the 8 of a header length"
            ),
            FormatError::HeaderLength { claimed, available } => write!(
                f,
                "not a safetensors file, or cut short: at byte 0 it claims a header of {claimed} bytes, \
                 {available} follow"
            ),
            FormatError::HeaderUtf8 { byte } => {
                write!(
                    f,
                    "not a safetensors file: the header is not UTF-8 at byte {byte}"
                )
            }
            FormatError::Header { byte, expected } => write!(
                f,
                "not a safetensors file: the header is wrong at byte {byte}, expected {expected}"
            ),
            FormatError::Duplicate { name } => {
                write!(f, "the header has {} twice", shown(name))
            }
            FormatError::UnknownType { name, dtype } => {
                write!(f, "tensor {}: unknown type {}", shown(name), shown(dtype))
            }
            FormatError::Size { name, bytes } => write!(
                f,
                "tensor {}: its shape and type do not make the {bytes} bytes that its offsets span",
                shown(name)
            ),
            FormatError::Offsets { name, begin, end } => write!(
                f,
                "tensor {}: its bytes begin at {begin} after the header and end before that, at {end}",
                shown(name)
            ),
            FormatError::Layout {
                name,
                expected,
                begin,
            } => write!(
                f,
                "tensor {}: its bytes begin at {begin} after the header instead of at {expected}: they \
                 overlap another tensor's or leave a gap",
                shown(name)
            ),
            FormatError::FileLength { length, expected } => write!(
                f,
                "after the header, {length} bytes instead of the {expected} that it describes: the file was \
                 cut short or extended"
            ),
        }
    }
}

impl std::error::Error for FormatError {}

/// What a file calls something, quoted for a message; cut where it would fill the screen.
pub(crate) fn shown(name: &str) -> String {
    const LONGEST: usize = 60;
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{:?}...", &name[..end]),
        None => format!("{name:?}"),
    }
}

/// A name that is there twice. It takes n log n comparisons, whatever a file calls its parts.
pub(crate) fn twice<'a>(names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let mut names: Vec<&str> = names.collect();
    names.sort_unstable();
    let pair = names.windows(2).find(|pair| pair[0] == pair[1]);
    pair.map(|pair| pair[0])
}

/// An error in the header, at an offset from the header's start.
impl From<JsonError> for FormatError {
    fn from(error: JsonError) -> Self {
        FormatError::Header {
            byte: error.byte + 8,
            expected: error.expected,
        }
    }
}

/// Bits of one entry of every type that the format has.
const TYPES: [(&str, u128); 20] = [
    ("BOOL", 8),
    ("F4", 4),
    ("F6_E2M3", 6),
    ("F6_E3M2", 6),
    ("U8", 8),
    ("I8", 8),
    ("F8_E5M2", 8),
    ("F8_E4M3", 8),
    ("F8_E8M0", 8),
    ("I16", 16),
    ("U16", 16),
    ("F16", 16),
    ("BF16", 16),
    ("I32", 32),
    ("U32", 32),
    ("F32", 32),
    ("F64", 64),
    ("I64", 64),
    ("U64", 64),
    ("C64", 64),
];

/// What the header says of one tensor.
struct Entry {
    name: String,
    dtype: String,
    shape: Vec<u64>,
    begin: u64,
    end: u64,
}

impl Entry {
    /// Bytes of its shape and type, where they can be counted.
    fn bytes(&self) -> Result<Option<u64>, FormatError> {
        let known = TYPES.iter().find(|(name, _)| *name == self.dtype);
        let &(_, bits) = known.ok_or_else(|| FormatError::UnknownType {
            name: self.name.clone(),
            dtype: self.dtype.clone(),
        })?;
        let bits = (self.shape.iter()).try_fold(bits, |bits, &n| bits.checked_mul(u128::from(n)));
        let bytes = bits.filter(|bits| bits % 8 == 0).map(|bits| bits / 8);
        Ok(bytes.and_then(|bytes| u64::try_from(bytes).ok()))
    }
}

/// Reads a file's bytes.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<SafeTensors<'_>, FormatError> {
    let (length, rest) = file
        .split_first_chunk::<8>()
        .ok_or(FormatError::TooShort { length: file.len() })?;
    let claimed = u64::from_le_bytes(*length);
    let header_length = usize::try_from(claimed)
        .ok()
        .filter(|&length| length <= rest.len() && length <= MAX_HEADER)
        .ok_or(FormatError::HeaderLength {
            claimed,
            available: rest.len(),
        })?;
    let (header, data) = rest.split_at(header_length);
    let header = std::str::from_utf8(header).map_err(|error| FormatError::HeaderUtf8 {
        byte: error.valid_up_to() + 8,
    })?;

    let (mut entries, metadata) = read_header(header)?;
    refuse_duplicates(entries.iter().map(|entry| entry.name.as_str()))?;
    if let Some(metadata) = &metadata {
        refuse_duplicates(metadata.iter().map(|(key, _)| key.as_str()))?;
    }
    entries.sort_by_key(|entry| (entry.begin, entry.end));
    let tensors = locate(entries, data)?;
    Ok(SafeTensors { tensors, metadata })
}

type Header = (Vec<Entry>, Option<Vec<(String, String)>>);

fn read_header(header: &str) -> Result<Header, FormatError> {
    let mut entries = Vec::new();
    let mut metadata: Option<Vec<(String, String)>> = None;
    let mut reader = Reader::new(header);
    if !header.starts_with('{') {
        return Err(reader.error("an object at once").into());
    }
    reader.object(|reader, name| {
        if name == "__metadata__" {
            if metadata.is_some() {
                return Err(FormatError::Duplicate { name });
            }
            let table = metadata.insert(Vec::new());
            return reader.object(|reader, key| {
                table.push((key, reader.string()?));
                Ok(())
            });
        }
        entries.push(read_entry(reader, name)?);
        Ok(())
    })?;
    reader.end()?;
    Ok((entries, metadata))
}

fn read_entry(reader: &mut Reader, name: String) -> Result<Entry, FormatError> {
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    reader.object(|reader, key| {
        let again = match key.as_str() {
            "dtype" => dtype.replace(reader.string()?).is_some(),
            "shape" => shape.replace(reader.numbers(MAX_DIMENSIONS)?).is_some(),
            "data_offsets" => offsets.replace(reader.numbers(2)?).is_some(),
            _ => return Err(reader.error("only dtype, shape and data_offsets").into()),
        };
        if again {
            return Err(FormatError::Duplicate { name: key });
        }
        Ok(())
    })?;
    match (dtype, shape, offsets.as_deref()) {
        (Some(dtype), Some(shape), Some(&[begin, end])) => Ok(Entry {
            name,
            dtype,
            shape,
            begin,
            end,
        }),
        _ => Err(reader
            .error("dtype, shape and two data_offsets before it")
            .into()),
    }
}

/// Gives every entry its bytes, which have to follow one another without overlap or gap.
fn locate(entries: Vec<Entry>, data: &[u8]) -> Result<Vec<View<'_>>, FormatError> {
    let mut at = 0;
    let mut tensors = Vec::with_capacity(entries.len());
    let file_length = |expected: u64| FormatError::FileLength {
        length: data.len() as u64,
        expected,
    };
    for entry in entries {
        let Some(bytes) = entry.end.checked_sub(entry.begin) else {
            return Err(FormatError::Offsets {
                name: entry.name,
                begin: entry.begin,
                end: entry.end,
            });
        };
        if entry.begin != at {
            return Err(FormatError::Layout {
                name: entry.name,
                expected: at,
                begin: entry.begin,
            });
        }
        if entry.bytes()? != Some(bytes) {
            return Err(FormatError::Size {
                name: entry.name,
                bytes,
            });
        }
        let range = usize::try_from(entry.begin)
            .ok()
            .zip(usize::try_from(entry.end).ok());
        let bytes = range.and_then(|(begin, end)| data.get(begin..end));
        let bytes = bytes.ok_or_else(|| file_length(entry.end))?;
        let shape: Result<Vec<usize>, _> =
            entry.shape.iter().map(|&n| usize::try_from(n)).collect();
        tensors.push(View {
            shape: shape.map_err(|_| file_length(entry.end))?,
            name: entry.name,
            dtype: entry.dtype,
            bytes,
        });
        at = entry.end;
    }
    if at == data.len() as u64 {
        Ok(tensors)
    } else {
        Err(file_length(at))
    }
}

fn refuse_duplicates<'a>(names: impl Iterator<Item = &'a str>) -> Result<(), FormatError> {
    match twice(names) {
        Some(name) => Err(FormatError::Duplicate {
            name: name.to_string(),
        }),
        None => Ok(()),
    }
}

/// One tensor to be written: name, dimensions, entries.
pub type F64Tensor<'a> = (String, Vec<usize>, &'a [f64]);

/// Writes a file of F64 tensors and metadata, in the given order.
///
/// Every number is a write of its own, so that nothing of a file's size is allocated: an output that
/// asks the system each time needs a buffer around it.
///
/// # Errors
/// Those of the output.
pub fn write_to(
    output: &mut impl Write,
    tensors: &[F64Tensor<'_>],
    metadata: &[(&str, String)],
) -> io::Result<()> {
    let outlines: Vec<Outline> = (tensors.iter())
        .map(|(name, shape, values)| (name.as_str(), "F64", &shape[..], values.len()))
        .collect();
    write_header(output, &outlines, metadata)?;
    for value in tensors.iter().flat_map(|(_, _, values)| *values) {
        output.write_all(&value.to_le_bytes())?;
    }
    Ok(())
}

/// What a header says of a tensor: its name, its type, its dimensions, and how many entries it has.
pub(crate) type Outline<'a> = (&'a str, &'a str, &'a [usize], usize);

/// Writes a file's header. What has to follow are the tensors' entries, of 8 bytes each.
pub(crate) fn write_header(
    output: &mut impl Write,
    tensors: &[Outline<'_>],
    metadata: &[(&str, String)],
) -> io::Result<()> {
    let table: Vec<String> = metadata
        .iter()
        .map(|(key, value)| format!("{}:{}", quote(key), quote(value)))
        .collect();
    let mut header = format!("{{\"__metadata__\":{{{}}}", table.join(","));
    let mut at = 0u64;
    for (name, dtype, shape, count) in tensors {
        let end = at + 8 * *count as u64;
        let shape: Vec<String> = shape.iter().map(usize::to_string).collect();
        header += &format!(
            ",{}:{{\"dtype\":\"{dtype}\",\"shape\":[{}],\"data_offsets\":[{at},{end}]}}",
            quote(name),
            shape.join(",")
        );
        at = end;
    }
    header.push('}');
    // Padded with spaces, so that the tensors begin at a multiple of 8 bytes.
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    output.write_all(&(header.len() as u64).to_le_bytes())?;
    output.write_all(header.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(header: &str, data: usize) -> Vec<u8> {
        let mut file = (header.len() as u64).to_le_bytes().to_vec();
        file.extend(header.bytes());
        file.resize(file.len() + data, 0);
        file
    }

    #[test]
    fn what_is_written_is_read() {
        let values = [1.5, -0.0, f64::MIN_POSITIVE];
        let mut written = Vec::new();
        write_to(
            &mut written,
            &[
                ("a \"b\"".to_string(), vec![3, 1], &values),
                ("empty".to_string(), vec![0, 7], &[]),
                ("number".to_string(), vec![], &values[..1]),
            ],
            &[("key", "a\nb\u{1F600}".to_string())],
        )
        .unwrap();
        let read = read(&written).unwrap();
        assert_eq!(
            read.metadata,
            Some(vec![("key".to_string(), "a\nb\u{1F600}".to_string())])
        );
        let names: Vec<&str> = read.tensors.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["a \"b\"", "empty", "number"]);
        assert_eq!(read.tensors[0].shape, [3, 1]);
        assert_eq!(read.tensors[0].bytes[8..16], (-0.0f64).to_le_bytes());
        assert_eq!(read.tensors[2].shape, [0usize; 0]);
        let header = u64::from_le_bytes(written[..8].try_into().unwrap());
        assert_eq!(header % 8, 0);
    }

    /// A device with room for so many bytes more.
    struct Device(usize);

    impl Write for Device {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let written = bytes.len().min(self.0);
            self.0 -= written;
            Ok(written)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    /// Nothing is gathered first: what fits is written piece by piece.
    #[test]
    fn a_full_device_is_an_error_wherever_it_ends() {
        let values = [0.5; 20];
        let tensors = [("x".to_string(), vec![4, 5], values.as_slice())];
        let mut whole = Vec::new();
        write_to(&mut whole, &tensors, &[]).unwrap();
        for room in 0..=whole.len() {
            let mut device = Device(room);
            let written = write_to(&mut device, &tensors, &[]);
            assert_eq!(written.is_ok(), room == whole.len(), "{room} bytes");
            assert_eq!(device.0, 0, "{room} bytes");
        }
    }

    #[test]
    fn every_error_has_its_file() {
        let tensor = |name: &str, dtype: &str, shape: &str, begin: u64, end: u64| {
            format!(
                "{}:{{\"dtype\":\"{dtype}\",\"shape\":{shape},\"data_offsets\":[{begin},{end}]}}",
                quote(name)
            )
        };
        let one = |shape, begin, end| format!("{{{}}}", tensor("x", "F64", shape, begin, end));
        let two = |b_begin, b_end| {
            let a = tensor("a", "F64", "[2]", 0, 16);
            format!("{{{a},{}}}", tensor("b", "F64", "[1]", b_begin, b_end))
        };
        let mut terabytes = file("{}", 0);
        terabytes[..8].copy_from_slice(&(1u64 << 42).to_le_bytes());
        let mut not_utf8 = file("{}", 0);
        not_utf8[9] = 0xff;
        let cases = [
            (vec![1, 2, 3], "fewer than the 8"),
            (terabytes, "claims a header of 4398046511104 bytes"),
            (not_utf8, "not UTF-8 at byte 9"),
            (file("{} x", 0), "wrong at byte 11"),
            (file("[]", 0), "wrong at byte 8, expected an object"),
            (file(" {}", 0), "wrong at byte 8, expected an object"),
            (file("{\"x\":1}", 0), "expected an object"),
            (
                file("{\"x\":{\"dtype\":\"F64\"}}", 0),
                "data_offsets before it",
            ),
            (file("{\"x\":{\"extra\":1}}", 0), "only dtype"),
            (
                file("{\"x\":{\"dtype\":\"F64\",\"dtype\":\"F64\"}}", 0),
                "\"dtype\" twice",
            ),
            (
                file("{\"__metadata__\":{},\"__metadata__\":{}}", 0),
                "twice",
            ),
            (
                file("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0),
                "\"a\" twice",
            ),
            (file("{\"__metadata__\":{\"a\":1}}", 0), "expected a string"),
            (file(&two(0, 8), 16), "overlap"),
            (file(&two(8, 16), 16), "overlap"),
            (file(&two(24, 32), 32), "leave a gap"),
            (file(&one("[2]", 0, 8), 8), "do not make the 8 bytes"),
            (
                file(&one("[4294967296,4294967296]", 0, 0), 0),
                "do not make",
            ),
            (
                file(&one("[2]", 16, 0), 16),
                "begin at 16 after the header and end before that, at 0",
            ),
            (file(&one("[1]", 0, 8), 7), "7 bytes instead of the 8"),
            (file(&one("[1]", 0, 8), 9), "9 bytes instead of the 8"),
            (
                file(&one("[2305843009213693951]", 0, 18446744073709551608), 8),
                "8 bytes instead of",
            ),
            (
                file(&format!("{{{}}}", tensor("x", "F65", "[1]", 0, 8)), 8),
                "unknown type \"F65\"",
            ),
            (
                file(
                    &format!(
                        "{{{},{}}}",
                        tensor("x", "F64", "[1]", 0, 8),
                        tensor("x", "F64", "[1]", 8, 16)
                    ),
                    16,
                ),
                "\"x\" twice",
            ),
            // Told before what else is wrong with one of the two: other readers see the second alone.
            (
                file(
                    &format!(
                        "{{{},{}}}",
                        tensor("x", "F64", "[1]", 8, 4),
                        tensor("x", "F64", "[1]", 0, 8)
                    ),
                    8,
                ),
                "\"x\" twice",
            ),
            (
                file(&one("[2]", 0, 8).replace('x', &"é".repeat(1000)), 8),
                "ééé\"...: its shape",
            ),
        ];
        for (bytes, message) in cases {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}");
            assert!(error.len() < 300, "{error:?}");
        }
    }

    #[test]
    fn a_header_has_at_most_100_million_bytes() {
        let claimed = |length: usize| {
            let mut bytes = vec![0; 8 + length];
            bytes[..8].copy_from_slice(&(length as u64).to_le_bytes());
            read(&bytes).unwrap_err()
        };
        assert!(matches!(
            claimed(100_000_001),
            FormatError::HeaderLength { .. }
        ));
        // This one is read, and does not begin with an object.
        assert!(matches!(
            claimed(100_000_000),
            FormatError::Header { byte: 8, .. }
        ));
    }

    #[test]
    fn a_tensor_has_at_most_16_dimensions() {
        let with = |dimensions| {
            let ones = vec!["1"; dimensions].join(",");
            let header = format!(
                "{{\"x\":{{\"dtype\":\"F64\",\"shape\":[{ones}],\"data_offsets\":[0,8]}}}}"
            );
            read(&file(&header, 8)).map(|file| file.tensors[0].shape.len())
        };
        assert_eq!(with(16), Ok(16));
        let error = with(17).unwrap_err().to_string();
        assert!(error.contains("expected fewer numbers"), "{error}");
    }

    /// Whatever the format has can be named where it does not belong.
    #[test]
    fn every_type_has_its_size() {
        for (dtype, bits) in TYPES {
            let header = format!(
                "{{\"x\":{{\"dtype\":\"{dtype}\",\"shape\":[4],\"data_offsets\":[0,{}]}}}}",
                bits / 2
            );
            let bytes = file(&header, bits as usize / 2);
            assert_eq!(read(&bytes).unwrap().tensors[0].dtype, dtype);
        }
    }
}
