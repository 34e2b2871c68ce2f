//! The safetensors container: named tensors and a table of strings in one file.
//!
//! A file has eight bytes with the length of the header (little-endian), the header (JSON), and the bytes of the
//! tensors. The format is that of <https://github.com/huggingface/safetensors>. Every length in a file is checked
//! against the length of the file, before anything of that size is allocated.

use crate::formats::array::{Array, Entries, Kind, MAX_DIMENSIONS};
use crate::formats::error::FormatError;
use crate::formats::json::object;
use crate::formats::names::{shown, twice};
use crate::formats::reader::Reader;
use std::io::{self, Write};

/// The longest header that is read, in bytes. This is the limit of the format's own reader.
const MAX_HEADER: usize = 100_000_000;

/// A file that was read: its tensors in the order of their bytes, and its metadata.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SafeTensors<'a> {
    /// The tensors.
    pub tensors: Vec<Array<'a>>,
    /// The strings under `__metadata__`; `None` if the file has no such table.
    pub metadata: Option<Vec<(String, String)>>,
}

/// Every type of the format, the number of bits of one entry, and the kind that it is read as. A kind is written with
/// its first name.
const TYPES: [(&str, u128, Kind); 20] = [
    ("F64", 64, Kind::F64),
    ("F32", 32, Kind::F32),
    ("F16", 16, Kind::F16),
    ("BF16", 16, Kind::BF16),
    ("I64", 64, Kind::I64),
    ("U64", 64, Kind::I64),
    ("I32", 32, Kind::I32),
    ("U32", 32, Kind::I32),
    ("U8", 8, Kind::U8),
    ("BOOL", 8, Kind::Other),
    ("F4", 4, Kind::Other),
    ("F6_E2M3", 6, Kind::Other),
    ("F6_E3M2", 6, Kind::Other),
    ("I8", 8, Kind::Other),
    ("F8_E5M2", 8, Kind::Other),
    ("F8_E4M3", 8, Kind::Other),
    ("F8_E8M0", 8, Kind::Other),
    ("I16", 16, Kind::Other),
    ("U16", 16, Kind::Other),
    ("C64", 64, Kind::Other),
];

/// The entry of one tensor in the header.
struct Entry {
    name: String,
    dtype: String,
    shape: Vec<usize>,
    begin: u64,
    end: u64,
}

impl Entry {
    /// The name and kind of its type. An error if its bytes do not begin at `at`, or have the wrong number.
    fn check(&self, at: u64) -> Result<(&'static str, Kind), String> {
        let Entry { begin, end, .. } = *self;
        let bytes = end.checked_sub(begin).ok_or_else(|| {
            format!("its bytes begin at {begin} after the header and end before that, at {end}")
        })?;
        if begin != at {
            return Err(format!(
                "its bytes begin at {begin} after the header instead of at {at}: they overlap another tensor's or \
                 leave a gap"
            ));
        }
        let known = TYPES.iter().find(|(name, ..)| *name == self.dtype);
        let &(name, bits, kind) =
            known.ok_or_else(|| format!("unknown type {}", shown(&self.dtype)))?;
        let bits = (self.shape.iter()).try_fold(bits, |bits, &n| bits.checked_mul(n as u128));
        if bits == Some(u128::from(bytes) * 8) {
            Ok((name, kind))
        } else {
            Err(format!("its shape and type do not make the {bytes} bytes that its offsets span"))
        }
    }
}

/// Reads a file's bytes.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<SafeTensors<'_>, FormatError> {
    let (length, rest) = file.split_first_chunk::<8>().ok_or_else(|| {
        let length = file.len();
        format!("not a safetensors file: it has {length} bytes, and the length of the header alone takes 8")
    })?;
    let (claimed, available) = (u64::from_le_bytes(*length), rest.len());
    if claimed > available.min(MAX_HEADER) as u64 {
        let claim = format!("its first 8 bytes announce a header of {claimed} bytes");
        let problem = if rest.first().is_some_and(|byte| *byte != b'{') {
            format!("not a safetensors file: {claim}, and none begins there")
        } else if claimed > MAX_HEADER as u64 {
            format!("not a safetensors file: {claim}, more than {MAX_HEADER}")
        } else {
            format!("not a safetensors file, or cut short: {claim}, but only {available} follow")
        };
        return Err(problem.into());
    }
    let (header, data) = rest.split_at(claimed as usize);
    let header = std::str::from_utf8(header).map_err(|error| {
        let byte = error.valid_up_to() + 8;
        format!("not a safetensors file: the header is not UTF-8 at byte {byte}")
    })?;
    let (mut entries, metadata) = read_header(header)?;
    // The bytes of the tensors have to follow one another without overlap or gap.
    entries.sort_by_key(|entry| (entry.begin, entry.end));
    let mut at = 0;
    let mut tensors = Vec::with_capacity(entries.len());
    let file_length = |expected: u64| {
        let length = data.len();
        format!(
            "{length} bytes follow the header instead of the {expected} that it describes: the file was cut short or \
             extended"
        )
    };
    for entry in entries {
        let (type_name, kind) = entry
            .check(at)
            .map_err(|problem| format!("tensor {}: {problem}", shown(&entry.name)))?;
        let range = entry.begin as usize..entry.end as usize;
        at = entry.end;
        let bytes = data.get(range).filter(|_| at <= data.len() as u64);
        let bytes = bytes.ok_or_else(|| file_length(at))?;
        tensors.push(Array {
            name: entry.name,
            kind,
            type_name: type_name.into(),
            shape: entry.shape,
            entries: Entries::Stored { bytes, big_endian: false, by_columns: false },
        });
    }
    if at != data.len() as u64 {
        return Err(file_length(at).into());
    }
    Ok(SafeTensors { tensors, metadata })
}

type Header = (Vec<Entry>, Option<Vec<(String, String)>>);

fn read_header(header: &str) -> Result<Header, FormatError> {
    let mut entries = Vec::new();
    let mut metadata: Option<Vec<(String, String)>> = None;
    let mut reader = Reader::of_header(header, 8, "not a safetensors file: the header is wrong");
    if !header.starts_with('{') {
        return Err(reader.error("an object at once"));
    }
    reader.object(|reader, name| {
        if name != "__metadata__" {
            entries.push(read_entry(reader, name)?);
            return Ok(());
        }
        if metadata.is_some() {
            return Err(is_there_twice(&name));
        }
        let table = metadata.insert(Vec::new());
        reader.object(|reader, key| {
            table.push((key, reader.string()?));
            Ok(())
        })
    })?;
    reader.end()?;
    let names = entries.iter().map(|entry| entry.name.as_str());
    let keys = metadata.iter().flatten().map(|(key, _)| key.as_str());
    match twice(names).or_else(|| twice(keys)) {
        Some(name) => Err(is_there_twice(name)),
        None => Ok((entries, metadata)),
    }
}

fn is_there_twice(name: &str) -> FormatError {
    format!("the header has {} twice", shown(name)).into()
}

fn read_entry(reader: &mut Reader, name: String) -> Result<Entry, FormatError> {
    let (mut dtype, mut shape, mut offsets) = (None, None, None);
    reader.object(|reader, key| {
        let again = match key.as_str() {
            "dtype" => dtype.replace(reader.string()?).is_some(),
            "shape" => shape.replace(reader.numbers(MAX_DIMENSIONS)?).is_some(),
            "data_offsets" => offsets.replace(reader.numbers(2)?).is_some(),
            _ => return Err(reader.error("only dtype, shape and data_offsets")),
        };
        if again { Err(is_there_twice(&key)) } else { Ok(()) }
    })?;
    match (dtype, shape, offsets.as_deref()) {
        (Some(dtype), Some(shape), Some(&[begin, end])) => {
            Ok(Entry { name, dtype, shape, begin, end })
        }
        _ => Err(reader.error("dtype, shape and two data_offsets before it")),
    }
}

/// Writes a file of tensors and metadata, in the given order.
///
/// It makes many small writes, so a file needs a [`std::io::BufWriter`] around it.
///
/// # Errors
/// Any error of the output; [`io::ErrorKind::InvalidInput`] for a kind that is not written.
pub fn write_to(
    output: &mut impl Write,
    tensors: &[Array<'_>],
    metadata: &[(&str, String)],
) -> io::Result<()> {
    let metadata = metadata.iter().map(|(key, value)| (*key, value.as_str().into()));
    let mut members = vec![("__metadata__", object(metadata))];
    let mut begin = 0;
    for tensor in tensors {
        let known = TYPES.iter().find(|(_, _, kind)| *kind == tensor.kind);
        let &(dtype, bits, _) = known.ok_or(io::ErrorKind::InvalidInput)?;
        let count = tensor.numbers().ok_or(io::ErrorKind::InvalidInput)?.len();
        let end = begin + count * bits as usize / 8;
        let entry = object([
            ("dtype", dtype.into()),
            ("shape", tensor.shape.clone().into()),
            ("data_offsets", vec![begin, end].into()),
        ]);
        members.push((&tensor.name, entry));
        begin = end;
    }
    let mut header = object(members).to_string();
    // Padded with spaces, so that the tensors begin at a multiple of 8 bytes.
    while header.len() % 8 != 0 {
        header.push(' ');
    }
    output.write_all(&(header.len() as u64).to_le_bytes())?;
    output.write_all(header.as_bytes())?;
    tensors.iter().try_for_each(|tensor| tensor.write_entries(output))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::json::quote;

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
                Array::new("a \"b\"", Kind::F64, [3, 1], &values[..]),
                Array::new("empty", Kind::F64, [0, 7], &[][..]),
                Array::new("number", Kind::I64, [], &[7.0][..]),
            ],
            &[("key", "a\nb\u{1F600}".to_string())],
        )
        .unwrap();
        let read = read(&written).unwrap();
        assert_eq!(read.metadata, Some(vec![("key".to_string(), "a\nb\u{1F600}".to_string())]));
        let names: Vec<&str> = read.tensors.iter().map(|t| t.name.as_str()).collect();
        assert_eq!(names, ["a \"b\"", "empty", "number"]);
        assert_eq!(read.tensors[0].shape, [3, 1]);
        assert_eq!(read.tensors[0].stored_bytes()[8..16], (-0.0f64).to_le_bytes());
        assert_eq!(read.tensors[2].shape, [0usize; 0]);
        assert_eq!(read.tensors[2].numbers().unwrap()[..], [7.0]);
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
        let tensors = [Array::new("x", Kind::F64, [4, 5], &values[..])];
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
        let most = usize::MAX as u64 / 8;
        let mut terabytes = file("{}", 0);
        terabytes[..8].copy_from_slice(&(1u64 << 42).to_le_bytes());
        let mut not_utf8 = file("{}", 0);
        not_utf8[9] = 0xff;
        let cases = [
            (vec![1, 2, 3], "the length of the header alone takes 8"),
            (terabytes, "a header of 4398046511104 bytes"),
            (not_utf8, "not UTF-8 at byte 9"),
            (file("{} x", 0), "wrong at byte 11"),
            (file("[]", 0), "wrong at byte 8, expected an object"),
            (file(" {}", 0), "wrong at byte 8, expected an object"),
            (file("{\"x\":1}", 0), "expected an object"),
            (file("{\"x\":{\"dtype\":\"F64\"}}", 0), "data_offsets before it"),
            (file("{\"x\":{\"extra\":1}}", 0), "only dtype"),
            (file("{\"x\":{\"dtype\":\"F64\",\"dtype\":\"F64\"}}", 0), "\"dtype\" twice"),
            (file("{\"__metadata__\":{},\"__metadata__\":{}}", 0), "twice"),
            (file("{\"__metadata__\":{\"a\":\"1\",\"a\":\"2\"}}", 0), "\"a\" twice"),
            (file("{\"__metadata__\":{\"a\":1}}", 0), "expected a string"),
            (file(&two(0, 8), 16), "overlap"),
            (file(&two(8, 16), 16), "overlap"),
            (file(&two(24, 32), 32), "leave a gap"),
            (file(&one("[2]", 0, 8), 8), "do not make the 8 bytes"),
            (file(&one("[4294967295,4294967295,4294967295]", 0, 0), 0), "do not make"),
            (
                file(&one("[2]", 16, 0), 16),
                "begin at 16 after the header and end before that, at 0",
            ),
            (file(&one("[1]", 0, 8), 7), "7 bytes follow the header instead of the 8 "),
            (file(&one("[1]", 0, 8), 9), "9 bytes follow the header instead of the 8 "),
            (
                file(&one(&format!("[{most}]"), 0, 8 * most), 8),
                "8 bytes follow the header instead of",
            ),
            // Where a usize has 32 bits, its end wraps to 0.
            (
                file(&one("[65536,65536]", 0, 1 << 35), 8),
                "8 bytes follow the header instead of the 34359738368",
            ),
            (file(&format!("{{{}}}", tensor("x", "F65", "[1]", 0, 8)), 8), "unknown type \"F65\""),
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
            (file(&one("[2]", 0, 8).replace('x', &"é".repeat(1000)), 8), "ééé\"...: its shape"),
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
            read(&bytes).unwrap_err().to_string()
        };
        assert!(claimed(100_000_001).contains("a header of 100000001 bytes"));
        // This one is read, and does not begin with an object.
        assert!(claimed(100_000_000).contains("the header is wrong at byte 8"));
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
        for (dtype, bits, _) in TYPES {
            let header = format!(
                "{{\"x\":{{\"dtype\":\"{dtype}\",\"shape\":[4],\"data_offsets\":[0,{}]}}}}",
                bits / 2
            );
            let bytes = file(&header, bits as usize / 2);
            assert_eq!(read(&bytes).unwrap().tensors[0].type_name, dtype);
        }
    }
}
