//! The zip container, as far as NumPy's `.npz` files need it: stored entries, each with its checksum.
//!
//! The directory at the file's end says where the entries are; the header before each entry has to agree.
//! Sizes beyond 32 bits stand in "zip64" fields. The format is that of PKWARE's APPNOTE. Nothing is
//! allocated on the word of the file, and no byte belongs to two entries, so reading takes time in
//! proportion to the file.

use crate::formats::safetensors::{shown, twice};
use std::fmt;
use std::io::{self, Write};

/// Signatures of the five kinds of records.
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DIRECTORY: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END_64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64: &[u8; 4] = b"PK\x06\x07";
/// Bytes of the last record without its comment, and of the two that may stand before it.
const END_BYTES: usize = 22;
const END_64_BYTES: usize = 56;
const LOCATOR_64_BYTES: usize = 20;
/// What a field says whose value stands in a zip64 field.
const ELSEWHERE: u64 = 0xffff_ffff;
/// The extra field of 64-bit sizes.
const EXTRA_64: u16 = 1;
/// The 1st of January 1980, the format's first day: the same content makes the same bytes.
const DATE: u16 = 0x21;
const UTF8_NAME: u16 = 1 << 11;
const ENCRYPTED: u16 = 1;

/// One entry of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: &'a [u8],
}

/// Why some bytes are no zip file, or one that is not read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ZipError {
    /// The record that every zip file ends with is missing.
    NoEnd,
    /// Something else stands where a record or a field has to.
    Record {
        /// Offset in the file.
        byte: usize,
        /// What had to stand there.
        expected: &'static str,
    },
    /// An entry is compressed.
    Compressed {
        /// The entry.
        name: String,
    },
    /// An entry is encrypted.
    Encrypted {
        /// The entry.
        name: String,
    },
    /// Two entries share bytes, or a name.
    Twice {
        /// The second of them.
        name: String,
    },
    /// An entry's bytes are not those that were written.
    Checksum {
        /// The entry.
        name: String,
    },
}

impl fmt::Display for ZipError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ZipError::NoEnd => write!(
                f,
                "not a whole zip file: the record at its end is missing, the file was cut short or extended"
            ),
            ZipError::Record { byte, expected } => {
                write!(
                    f,
                    "the zip file is wrong at byte {byte}, expected {expected}"
                )
            }
            ZipError::Compressed { name } => write!(
                f,
                "the entry {} is compressed: write the file with numpy.savez, not with numpy.savez_compressed",
                shown(name)
            ),
            ZipError::Encrypted { name } => write!(f, "the entry {} is encrypted", shown(name)),
            ZipError::Twice { name } => write!(
                f,
                "the entry {} shares its name or its bytes with another",
                shown(name)
            ),
            ZipError::Checksum { name } => write!(
                f,
                "the entry {} does not have its checksum: the file is damaged",
                shown(name)
            ),
        }
    }
}

impl std::error::Error for ZipError {}

/// Whether a file begins as zip files do.
pub fn is_zip(file: &[u8]) -> bool {
    file.starts_with(LOCAL) || file.starts_with(END)
}

/// The entries of a file, in the order of their bytes.
///
/// # Errors
/// [`ZipError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<Vec<Entry<'_>>, ZipError> {
    let directory = Directory::find(file)?;
    let mut cursor = Cursor {
        bytes: &file[..directory.end],
        at: directory.begin,
    };
    let mut records = Vec::new();
    while cursor.at < directory.end {
        records.push(Record::read(&mut cursor)?);
    }
    if records.len() as u64 != directory.entries {
        return Err(ZipError::Record {
            byte: directory.end,
            expected: "as many entries as the end says",
        });
    }
    records.sort_by_key(|record| record.offset);
    let mut entries = Vec::with_capacity(records.len());
    let mut free = 0;
    for record in records {
        let (entry, end) = record.locate(&file[..directory.begin], free)?;
        entries.push(entry);
        free = end;
    }
    match twice(entries.iter().map(|entry| entry.name.as_str())) {
        Some(name) => Err(ZipError::Twice {
            name: name.to_string(),
        }),
        None => Ok(entries),
    }
}

/// Where the directory lies, and how many entries it has.
struct Directory {
    begin: usize,
    end: usize,
    entries: u64,
}

impl Directory {
    /// The end record is the last whose comment reaches the end of the file.
    fn find(file: &[u8]) -> Result<Self, ZipError> {
        let last = file.len().checked_sub(END_BYTES).ok_or(ZipError::NoEnd)?;
        let first = last.saturating_sub(usize::from(u16::MAX));
        let is_end = |&at: &usize| {
            let comment = [file[at + END_BYTES - 2], file[at + END_BYTES - 1]];
            file[at..].starts_with(END) && usize::from(u16::from_le_bytes(comment)) == last - at
        };
        let end = (first..=last).rev().find(is_end).ok_or(ZipError::NoEnd)?;
        let mut cursor = Cursor {
            bytes: file,
            at: end + 10,
        };
        let mut fields = [
            u64::from(cursor.u16()?),
            u64::from(cursor.u32()?),
            u64::from(cursor.u32()?),
        ];
        let mut limit = end;
        if fields[0] == 0xffff || fields[1..].contains(&ELSEWHERE) {
            (fields, limit) = Directory::fields_64(file, end)?;
        }
        let [entries, size, offset] = fields;
        let begin = usize::try_from(offset).ok();
        let stop = offset
            .checked_add(size)
            .and_then(|n| usize::try_from(n).ok());
        match (begin, stop) {
            (Some(begin), Some(end)) if end <= limit => Ok(Directory {
                begin,
                end,
                entries,
            }),
            _ => Err(ZipError::Record {
                byte: limit,
                expected: "the directory before it",
            }),
        }
    }

    /// The same fields in 64 bits, and where their record begins.
    fn fields_64(file: &[u8], end: usize) -> Result<([u64; 3], usize), ZipError> {
        let mut cursor = Cursor { bytes: file, at: 0 };
        cursor.at = end.saturating_sub(LOCATOR_64_BYTES);
        cursor.signature(LOCATOR_64, "the place of the zip64 end")?;
        cursor.skip(4)?;
        let begin = usize::try_from(cursor.u64()?).unwrap_or(usize::MAX);
        cursor.at = begin;
        cursor.signature(END_64, "the zip64 end")?;
        cursor.skip(28)?;
        Ok(([cursor.u64()?, cursor.u64()?, cursor.u64()?], begin))
    }
}

/// What the directory says of one entry.
struct Record<'a> {
    name: &'a str,
    checksum: u32,
    size: u64,
    offset: u64,
}

impl<'a> Record<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, ZipError> {
        let begin = cursor.at;
        cursor.signature(DIRECTORY, "an entry of the directory")?;
        cursor.skip(4)?;
        let (flags, method) = (cursor.u16()?, cursor.u16()?);
        cursor.skip(4)?;
        let checksum = cursor.u32()?;
        let [stored, size] = [cursor.u32()?, cursor.u32()?].map(u64::from);
        let lengths = [cursor.u16()?, cursor.u16()?, cursor.u16()?].map(usize::from);
        cursor.skip(8)?;
        let offset = u64::from(cursor.u32()?);
        let name = cursor.text(lengths[0])?;
        let extra = cursor.take(lengths[1])?;
        cursor.skip(lengths[2])?;

        let [size, stored, offset] =
            wide_fields([size, stored, offset], extra).ok_or(ZipError::Record {
                byte: begin,
                expected: "an entry with its 64-bit sizes",
            })?;
        let named = || name.to_string();
        if flags & ENCRYPTED != 0 {
            return Err(ZipError::Encrypted { name: named() });
        }
        if method != 0 {
            return Err(ZipError::Compressed { name: named() });
        }
        if stored != size {
            return Err(ZipError::Record {
                byte: begin,
                expected: "a stored entry, with one size",
            });
        }
        Ok(Record {
            name,
            checksum,
            size,
            offset,
        })
    }

    /// Its content in the file before the directory, and where that ends. Nothing before `free` is its own.
    fn locate<'b>(self, file: &'b [u8], free: usize) -> Result<(Entry<'b>, usize), ZipError> {
        let twice = || ZipError::Twice {
            name: self.name.to_string(),
        };
        let mut cursor = Cursor {
            bytes: file,
            at: usize::try_from(self.offset).unwrap_or(usize::MAX),
        };
        if cursor.at < free {
            return Err(twice());
        }
        cursor.signature(LOCAL, "the entry that the directory has here")?;
        cursor.skip(4)?;
        let (byte, method) = (cursor.at, cursor.u16()?);
        cursor.skip(16)?;
        let lengths = [cursor.u16()?, cursor.u16()?].map(usize::from);
        let name = cursor.take(lengths[0])?;
        if method != 0 || name != self.name.as_bytes() {
            return Err(ZipError::Record {
                byte,
                expected: "the method and the name that the directory has",
            });
        }
        cursor.skip(lengths[1])?;
        let bytes = cursor.take(usize::try_from(self.size).unwrap_or(usize::MAX))?;
        if checksum(bytes) != self.checksum {
            return Err(ZipError::Checksum {
                name: self.name.to_string(),
            });
        }
        let name = self.name.to_string();
        Ok((Entry { name, bytes }, cursor.at))
    }
}

/// Fields of the directory, with those that say so taken from the extra fields, in their order.
fn wide_fields(mut fields: [u64; 3], mut extra: &[u8]) -> Option<[u64; 3]> {
    let mut wide: &[u8] = &[];
    while let Some(([id_0, id_1, size_0, size_1], rest)) = extra.split_first_chunk::<4>() {
        let size = usize::from(u16::from_le_bytes([*size_0, *size_1]));
        let (field, after) = rest.split_at_checked(size)?;
        if u16::from_le_bytes([*id_0, *id_1]) == EXTRA_64 {
            wide = field;
        }
        extra = after;
    }
    for field in &mut fields {
        if *field == ELSEWHERE {
            let (value, rest) = wide.split_first_chunk::<8>()?;
            *field = u64::from_le_bytes(*value);
            wide = rest;
        }
    }
    Some(fields)
}

/// Reads fields one after another.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], ZipError> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken = taken.ok_or(ZipError::Record {
            byte: self.bytes.len(),
            expected: "more bytes before the next record",
        })?;
        self.at += count;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Result<(), ZipError> {
        self.take(count).map(|_| ())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], ZipError> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes as were taken"))
    }

    fn u16(&mut self) -> Result<u16, ZipError> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, ZipError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, ZipError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, count: usize) -> Result<&'a str, ZipError> {
        let byte = self.at;
        std::str::from_utf8(self.take(count)?).map_err(|error| ZipError::Record {
            byte: byte + error.valid_up_to(),
            expected: "a name in UTF-8",
        })
    }

    fn signature(&mut self, signature: &[u8; 4], expected: &'static str) -> Result<(), ZipError> {
        let byte = self.at;
        match self.array() {
            Ok(found) if found == *signature => Ok(()),
            _ => Err(ZipError::Record { byte, expected }),
        }
    }
}

/// CRC-32, as zip files use it: the remainder by the polynomial 0xEDB88320, bits reversed.
fn checksum(bytes: &[u8]) -> u32 {
    let table = const {
        let mut table = [0u32; 256];
        let mut byte = 0;
        while byte < 256 {
            let mut value = byte as u32;
            let mut bit = 0;
            while bit < 8 {
                value = (value >> 1) ^ (0xedb8_8320 * (value & 1));
                bit += 1;
            }
            table[byte] = value;
            byte += 1;
        }
        table
    };
    !bytes.iter().fold(!0, |value: u32, &byte| {
        (value >> 8) ^ table[usize::from(value as u8 ^ byte)]
    })
}

/// Writes a file entry by entry, so that no more than one needs to be in memory.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    written: u64,
    directory: Vec<u8>,
    entries: u64,
    /// From this value on a field needs 64 bits; a smaller one than the format's serves tests.
    limit: u64,
}

impl<W: Write> Writer<W> {
    /// A file without entries so far.
    pub fn new(output: W) -> Self {
        Writer {
            output,
            written: 0,
            directory: Vec::new(),
            entries: 0,
            limit: ELSEWHERE,
        }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a name of more than 65,535 bytes.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let name_length = u16::try_from(name.len()).map_err(|_| {
            io::Error::new(io::ErrorKind::InvalidInput, "an entry's name is too long")
        })?;
        let size = bytes.len() as u64;
        let offset = self.written;
        // Both sizes, or none: a reader of the local header alone needs both.
        let sizes = self.narrow([size, size]);
        let [narrow_offset] = self.narrow([offset]);
        let sizes_64: Vec<u8> = wide(&[(sizes[0], size), (sizes[1], size)]);
        let all_64: Vec<u8> = wide(&[(sizes[0], size), (sizes[1], size), (narrow_offset, offset)]);
        let needed: u16 = if all_64.is_empty() { 20 } else { 45 };

        let mut common = Vec::new();
        for field in [needed, UTF8_NAME, 0, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [checksum(bytes), sizes[0], sizes[1]] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());

        let extra_length = |extra: &[u8]| (extra.len() as u16).to_le_bytes();
        let (made, zeros) = (needed.to_le_bytes(), [0; 10]);
        let local = [
            LOCAL,
            &common[..],
            &extra_length(&sizes_64),
            name.as_bytes(),
            &sizes_64,
        ];
        for part in local.iter().chain([&bytes]) {
            self.write(part)?;
        }
        self.directory.extend(
            [
                DIRECTORY,
                &made[..],
                &common,
                &extra_length(&all_64),
                &zeros,
                &narrow_offset.to_le_bytes(),
                name.as_bytes(),
                &all_64,
            ]
            .concat(),
        );
        self.entries += 1;
        Ok(())
    }

    /// Writes the directory and the end, and gives the output back.
    ///
    /// # Errors
    /// Those of the output.
    pub fn finish(mut self) -> io::Result<W> {
        let directory = std::mem::take(&mut self.directory);
        let (offset, size, entries) = (self.written, directory.len() as u64, self.entries);
        self.write(&directory)?;
        let narrow = self.narrow([size, offset]);
        let narrow_entries = u16::try_from(entries).unwrap_or(u16::MAX);
        if narrow.contains(&u32::MAX) || narrow_entries == u16::MAX {
            let begin = self.written;
            let mut end = END_64.to_vec();
            end.extend((END_64_BYTES as u64 - 12).to_le_bytes());
            end.extend([45, 0, 45, 0]);
            end.extend([0; 8]);
            for field in [entries, entries, size, offset] {
                end.extend(field.to_le_bytes());
            }
            end.extend(LOCATOR_64);
            end.extend([0; 4]);
            end.extend(begin.to_le_bytes());
            end.extend(1u32.to_le_bytes());
            self.write(&end)?;
        }
        let mut end = END.to_vec();
        end.extend([0; 4]);
        end.extend(
            [narrow_entries, narrow_entries]
                .map(u16::to_le_bytes)
                .concat(),
        );
        end.extend(narrow.map(u32::to_le_bytes).concat());
        end.extend([0; 2]);
        self.write(&end)?;
        Ok(self.output)
    }

    /// The fields in 32 bits: all ones for what stands in a zip64 field.
    fn narrow<const N: usize>(&self, fields: [u64; N]) -> [u32; N] {
        fields.map(|field| match field {
            field if field < self.limit => field as u32,
            _ => u32::MAX,
        })
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.output.write_all(bytes)
    }
}

/// The extra field with those values that their 32 bits do not hold; empty where all of them do.
fn wide(fields: &[(u32, u64)]) -> Vec<u8> {
    let wide = fields.iter().filter(|(narrow, _)| *narrow == u32::MAX);
    let values: Vec<u8> = wide.flat_map(|(_, value)| value.to_le_bytes()).collect();
    if values.is_empty() {
        return values;
    }
    let head = [EXTRA_64, values.len() as u16].map(u16::to_le_bytes);
    [head.as_flattened(), &values].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: [(&str, &[u8]); 3] =
        [("a.npy", b"123456789"), ("\u{e5}", b""), ("c", &[7; 300])];

    /// The entries as a file whose fields need 64 bits from a limit on.
    fn written(entries: &[(&str, &[u8])], limit: u64) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        writer.limit = limit;
        for (name, bytes) in entries {
            writer.add(name, bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    fn names_and_bytes(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        let entries = read(file).unwrap().into_iter();
        entries
            .map(|entry| (entry.name, entry.bytes.to_vec()))
            .collect()
    }

    fn expected() -> Vec<(String, Vec<u8>)> {
        ENTRIES
            .map(|(name, bytes)| (name.to_string(), bytes.to_vec()))
            .to_vec()
    }

    #[test]
    fn what_is_written_is_read() {
        // With a limit of 0 all fields stand in zip64 fields, with 50 some of them.
        for limit in [ELSEWHERE, 0, 50, 301, 400] {
            let file = written(&ENTRIES, limit);
            assert!(is_zip(&file));
            assert_eq!(names_and_bytes(&file), expected(), "limit {limit}");
        }
        let empty = written(&[], ELSEWHERE);
        assert!(is_zip(&empty));
        assert_eq!(read(&empty), Ok(vec![]));
        assert_ne!(written(&ENTRIES, 0), written(&ENTRIES, ELSEWHERE));
        // Midnight of the first day that there is, not the time of writing.
        assert_eq!(written(&ENTRIES, ELSEWHERE)[10..14], [0, 0, 0x21, 0]);
    }

    #[test]
    fn more_entries_than_16_bits_count() {
        let mut writer = Writer::new(Vec::new());
        for name in 0..70_000 {
            writer.add(&name.to_string(), b"").unwrap();
        }
        let file = writer.finish().unwrap();
        assert_eq!(read(&file).unwrap().len(), 70_000);
    }

    /// The check value of the checksum's definition.
    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn a_comment_may_follow() {
        let mut file = written(&ENTRIES, ELSEWHERE);
        let length = file.len();
        file[length - 2] = 3;
        file.extend(b"xyz");
        assert_eq!(names_and_bytes(&file), expected());
        file.push(b'!');
        assert_eq!(read(&file), Err(ZipError::NoEnd));
    }

    /// As `torch.save` writes them, which has 64-bit records even where 32 bits do.
    #[test]
    fn more_records_may_stand_before_the_end() {
        let file = written(&ENTRIES, ELSEWHERE);
        let (before, end) = file.split_at(file.len() - END_BYTES);
        let longer = [before, &[0; 76], end].concat();
        assert_eq!(names_and_bytes(&longer), expected());
    }

    #[test]
    fn a_name_has_at_most_65_535_bytes() {
        let mut writer = Writer::new(Vec::new());
        writer.add(&"n".repeat(65_535), b"x").unwrap();
        let error = writer.add(&"n".repeat(65_536), b"x").unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
        assert_eq!(read(&writer.finish().unwrap()).unwrap().len(), 1);
    }

    #[test]
    fn every_error_has_its_file() {
        let file = written(&ENTRIES, ELSEWHERE);
        let directory = |file: &[u8]| file.windows(4).position(|w| w == DIRECTORY).unwrap();
        let end = file.len() - END_BYTES;
        let begin = directory(&file);
        let changed = |at: usize, bytes: &[u8]| {
            let mut file = file.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            file
        };
        let wide = written(&ENTRIES, 0);
        let wide_changed = |from_end: usize, bytes: &[u8]| {
            let mut file = wide.clone();
            let at = file.len() - from_end;
            file[at..at + bytes.len()].copy_from_slice(bytes);
            file
        };
        let wide_entry = |at: usize, bytes: &[u8]| {
            let mut file = wide.clone();
            let at = directory(&file) + at;
            file[at..at + bytes.len()].copy_from_slice(bytes);
            file
        };
        for (bytes, message) in [
            (b"PK\x03\x04".to_vec(), "not a whole zip file"),
            (file[..end].to_vec(), "not a whole zip file"),
            (
                changed(end + 8, &[4, 0, 4]),
                "as many entries as the end says",
            ),
            (changed(end + 12, &[0xfe; 4]), "the directory before it"),
            (changed(end + 16, &[0]), "an entry of the directory"),
            (changed(end + 12, &[0xff; 4]), "the place of the zip64 end"),
            (changed(begin, b"P?"), "an entry of the directory"),
            (changed(begin + 8, &[1]), "\"a.npy\" is encrypted"),
            (
                changed(begin + 10, &[8]),
                "\"a.npy\" is compressed: write the file with numpy.savez,",
            ),
            (changed(begin + 20, &[8]), "a stored entry, with one size"),
            (
                changed(begin + 28, &[0xff, 0xff]),
                "more bytes before the next record",
            ),
            (changed(begin + 46, &[0xff]), "a name in UTF-8"),
            (
                changed(begin + 46, b"b"),
                "the method and the name that the directory has",
            ),
            (changed(8, &[8]), "the method and the name"),
            (
                changed(begin + 42, &[1]),
                "the entry that the directory has here",
            ),
            (
                changed(begin + 42, &[0xff; 4]),
                "an entry with its 64-bit sizes",
            ),
            (
                changed(begin + 42, &[0xfe; 4]),
                "the entry that the directory has here",
            ),
            (changed(35, b"0"), "\"a.npy\" does not have its checksum"),
            (
                changed(begin + 16, b"0"),
                "\"a.npy\" does not have its checksum",
            ),
            // The second entry is the first once more.
            (
                changed(begin + 51 + 42, &[0]),
                "shares its name or its bytes",
            ),
            (
                written(&[("a", b""), ("a", b"")], ELSEWHERE),
                "\"a\" shares its name",
            ),
            (wide_changed(42, b"P?"), "the place of the zip64 end"),
            (wide_changed(34, &[1]), "the zip64 end"),
            (wide_changed(34, &[0xff; 8]), "the zip64 end"),
            (wide_changed(42 + 8, &[0xff; 8]), "the directory before it"),
            (wide_changed(42 + 16, &[0xff; 8]), "the directory before it"),
            (
                wide_changed(42 + 24, &[9]),
                "as many entries as the end says",
            ),
            // The first entry's 64-bit fields: another kind of field, cut short, and too large.
            (wide_entry(51, &[2]), "an entry with its 64-bit sizes"),
            (wide_entry(53, &[23]), "an entry with its 64-bit sizes"),
            (wide_entry(53, &[25]), "an entry with its 64-bit sizes"),
            (
                wide_entry(55, &[0xff; 16]),
                "more bytes before the next record",
            ),
            (
                wide_entry(55 + 16, &[0xff; 8]),
                "the entry that the directory has here",
            ),
        ] {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}");
        }
    }

    #[test]
    fn no_length_of_a_cut_file_is_read() {
        for limit in [0, ELSEWHERE] {
            let file = written(&ENTRIES, limit);
            for length in 0..file.len() {
                assert!(read(&file[..length]).is_err(), "{length} bytes");
            }
        }
    }

    /// A checksum and two headers for every entry: what a damaged byte leaves readable is what was written.
    #[test]
    fn a_damaged_byte_is_refused_or_harmless() {
        for limit in [0, ELSEWHERE] {
            let file = written(&ENTRIES, limit);
            for at in 0..file.len() {
                for bit in 0..8 {
                    let mut file = file.clone();
                    file[at] ^= 1 << bit;
                    if let Ok(entries) = read(&file) {
                        for (entry, (_, bytes)) in entries.iter().zip(ENTRIES) {
                            assert_eq!(entry.bytes, bytes, "byte {at}, bit {bit}");
                        }
                        assert_eq!(entries.len(), ENTRIES.len());
                    }
                }
            }
        }
    }
}
