//! The zip container, as far as NumPy's `.npz` files need it: entries that are not compressed, each with a checksum.
//!
//! The directory at the end of the file says where the entries are. The header before each entry has to agree with it.
//! Sizes beyond 32 bits are in "zip64" fields, which are read and not written. The format is that of PKWARE's APPNOTE.
//! No byte belongs to two entries, so reading takes time and memory in proportion to the length of the file.

use crate::formats::error::FormatError;
use crate::formats::names::{shown, twice};
use std::io::{self, Write};
use std::ops::Range;

/// Signatures of the five kinds of records.
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DIRECTORY: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END_64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64: &[u8; 4] = b"PK\x06\x07";
/// The lengths of the records, without names, extra fields and comments.
const LOCAL_BYTES: usize = 30;
const DIRECTORY_BYTES: usize = 46;
const END_BYTES: usize = 22;
const END_64_BYTES: usize = 56;
const LOCATOR_64_BYTES: usize = 20;
/// The value of a field whose real value is in a zip64 field.
const ELSEWHERE: u64 = 0xffff_ffff;
/// The extra field of 64-bit sizes.
const EXTRA_64: u64 = 1;
/// The 1st of January 1980, the first day of the format. A fixed date gives the same bytes for the same content.
const DATE: u16 = 0x21;
/// The version of the format that a reader needs: 2.0.
const VERSION: u16 = 20;
const UTF8_NAME: u16 = 1 << 11;
const ENCRYPTED: u64 = 1;

/// One entry of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Its name.
    pub name: String,
    /// Its content.
    pub bytes: &'a [u8],
}

/// The entries of a file, in the order of their bytes.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<Vec<Entry<'_>>, FormatError> {
    let (directory, count) = find_directory(file)?;
    let mut cursor = Cursor { bytes: &file[..directory.end], at: directory.start };
    let mut records = Vec::new();
    while cursor.at < directory.end {
        records.push(Record::read(&mut cursor)?);
    }
    if records.len() as u64 != count {
        return Err(wrong(directory.end, "as many entries as the end says"));
    }
    records.sort_by_key(|record| record.offset);
    let mut entries = Vec::with_capacity(records.len());
    let mut cursor = Cursor { bytes: &file[..directory.start], at: 0 };
    for record in records {
        entries.push(record.entry(&mut cursor)?);
    }
    match twice(entries.iter().map(|entry| entry.name.as_str())) {
        Some(name) => Err(shared(name)),
        None => Ok(entries),
    }
}

fn wrong(byte: usize, expected: &str) -> FormatError {
    format!("the zip file is wrong at byte {byte}, expected {expected}").into()
}

fn shared(name: &str) -> FormatError {
    let name = shown(name);
    format!("the entry {name} shares its name or its bytes with another").into()
}

/// The range of the directory and its number of entries, from the end record. The end record is the last one whose
/// comment reaches the end of the file.
fn find_directory(file: &[u8]) -> Result<(Range<usize>, u64), FormatError> {
    let no_end = "not a whole zip file: the record at its end is missing, the file was cut short or extended";
    let last = file.len().checked_sub(END_BYTES).ok_or(no_end)?;
    let first = last.saturating_sub(usize::from(u16::MAX));
    let is_end = |&at: &usize| {
        file[at..].starts_with(END) && number(file, at + END_BYTES - 2, 2) == (last - at) as u64
    };
    let end = (first..=last).rev().find(is_end).ok_or(no_end)?;
    let mut limit = end;
    let mut fields =
        [number(file, end + 10, 2), number(file, end + 12, 4), number(file, end + 16, 4)];
    if fields[0] == 0xffff || fields[1..].contains(&ELSEWHERE) {
        // The same fields in 64 bits, in a record of their own.
        let mut cursor = Cursor { bytes: file, at: end.saturating_sub(LOCATOR_64_BYTES) };
        let locator = cursor.record(LOCATOR_64, LOCATOR_64_BYTES, "the place of the zip64 end")?;
        limit = usize::try_from(number(locator, 8, 8)).unwrap_or(usize::MAX);
        cursor.at = limit;
        let end_64 = cursor.record(END_64, END_64_BYTES, "the zip64 end")?;
        fields = [32, 40, 48].map(|at| number(end_64, at, 8));
    }
    let [entries, size, offset] = fields;
    let begin = usize::try_from(offset).ok();
    let stop = offset.checked_add(size).and_then(|stop| usize::try_from(stop).ok());
    match (begin, stop) {
        (Some(begin), Some(stop)) if stop <= limit => Ok((begin..stop, entries)),
        _ => Err(wrong(limit, "the directory before it")),
    }
}

/// The record of one entry in the directory.
struct Record<'a> {
    name: &'a str,
    checksum: u64,
    size: u64,
    offset: u64,
}

impl<'a> Record<'a> {
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, FormatError> {
        let begin = cursor.at;
        let fields = cursor.record(DIRECTORY, DIRECTORY_BYTES, "an entry of the directory")?;
        let [flags, method, name, extra, comment] =
            [8, 10, 28, 30, 32].map(|at| number(fields, at, 2));
        let name_begin = cursor.at;
        let name = std::str::from_utf8(cursor.take(name)?)
            .map_err(|error| wrong(name_begin + error.valid_up_to(), "a name in UTF-8"))?;
        let extra = cursor.take(extra)?;
        cursor.take(comment)?;

        let [checksum, sizes @ ..] = [16, 24, 20, 42].map(|at| number(fields, at, 4));
        let [size, stored, offset] = wide_fields(sizes, extra)
            .ok_or_else(|| wrong(begin, "an entry with its 64-bit sizes"))?;
        if flags & ENCRYPTED != 0 {
            return Err(format!("the entry {} is encrypted", shown(name)).into());
        }
        if method != 0 {
            return Err(format!(
                "the entry {} is compressed: write the file with numpy.savez, not with numpy.savez_compressed",
                shown(name)
            )
            .into());
        }
        if stored != size {
            return Err(wrong(begin, "a stored entry, with one size"));
        }
        Ok(Record { name, checksum, size, offset })
    }

    /// The entry with its content. The bytes before the cursor belong to other entries.
    fn entry<'b>(self, cursor: &mut Cursor<'b>) -> Result<Entry<'b>, FormatError> {
        let begin = usize::try_from(self.offset).unwrap_or(usize::MAX);
        if begin < cursor.at {
            return Err(shared(self.name));
        }
        cursor.at = begin;
        let fields = cursor.record(LOCAL, LOCAL_BYTES, "the entry that the directory has here")?;
        let [method, name, extra] = [8, 26, 28].map(|at| number(fields, at, 2));
        if cursor.take(name)? != self.name.as_bytes() || method != 0 {
            return Err(wrong(begin + 8, "the method and the name that the directory has"));
        }
        cursor.take(extra)?;
        let bytes = cursor.take(self.size)?;
        if u64::from(checksum(bytes)) != self.checksum {
            return Err(format!(
                "the entry {} does not have its checksum: the file is damaged",
                shown(self.name)
            )
            .into());
        }
        Ok(Entry { name: self.name.to_string(), bytes })
    }
}

/// Fields of the directory. Fields that are [`ELSEWHERE`] are taken from the extra fields, in order.
fn wide_fields(mut fields: [u64; 3], mut extra: &[u8]) -> Option<[u64; 3]> {
    let mut wide: &[u8] = &[];
    while extra.len() >= 4 {
        let (id, end) = (number(extra, 0, 2), 4 + number(extra, 2, 2) as usize);
        let field = extra.get(4..end)?;
        if id == EXTRA_64 {
            wide = field;
        }
        extra = &extra[end..];
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

/// The field of a record at offset `at` with `length` bytes, at most 8.
fn number(record: &[u8], at: usize, length: usize) -> u64 {
    let bytes = record[at..at + length].iter().rev();
    bytes.fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// Reads one record after another.
struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn take(&mut self, count: u64) -> Result<&'a [u8], FormatError> {
        let end = usize::try_from(count).ok().and_then(|count| self.at.checked_add(count));
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken =
            taken.ok_or_else(|| wrong(self.bytes.len(), "more bytes before the next record"))?;
        self.at += taken.len();
        Ok(taken)
    }

    /// Reads a record that begins with its signature.
    fn record(
        &mut self,
        signature: &[u8; 4],
        length: usize,
        expected: &str,
    ) -> Result<&'a [u8], FormatError> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        if !rest.starts_with(signature) {
            return Err(wrong(self.at, expected));
        }
        self.take(length as u64)
    }
}

/// CRC-32 as in zip files: the remainder by the polynomial 0xEDB88320, with the bits reversed.
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
    !bytes
        .iter()
        .fold(!0, |value: u32, &byte| (value >> 8) ^ table[usize::from(value as u8 ^ byte)])
}

/// Writes a file entry by entry, so only one entry has to be in memory.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    written: u64,
    directory: Vec<u8>,
    entries: u16,
}

impl<W: Write> Writer<W> {
    /// Begins a file.
    pub fn new(output: W) -> Self {
        Writer { output, written: 0, directory: Vec::new(), entries: 0 }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Any error of the output. [`io::ErrorKind::InvalidInput`] for a name of more than 65,535 bytes, and for a file of
    /// 4 GiB or of 65,535 entries, which would need 64-bit sizes.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let name_length =
            u16::try_from(name.len()).map_err(|_| refused("an entry's name is too long"))?;
        let (size, offset) = (narrow(bytes.len() as u64)?, narrow(self.written)?);
        let entries = self.entries.checked_add(1).filter(|&count| count < u16::MAX);
        self.entries = entries
            .ok_or_else(|| refused("an .npz file of 65,535 arrays or more is not written"))?;

        let common = [
            &[VERSION, UTF8_NAME, 0, 0, DATE].map(u16::to_le_bytes).concat()[..],
            &[checksum(bytes), size, size].map(u32::to_le_bytes).concat(),
            // No extra fields.
            &[name_length, 0].map(u16::to_le_bytes).concat(),
        ]
        .concat();
        self.write(&[LOCAL, &common[..], name.as_bytes()].concat())?;
        self.write(bytes)?;
        let (version, offset) = (VERSION.to_le_bytes(), offset.to_le_bytes());
        for part in [DIRECTORY, &version[..], &common, &[0; 10], &offset, name.as_bytes()] {
            self.directory.extend(part);
        }
        Ok(())
    }

    /// Writes the directory and the end record, and returns the output.
    ///
    /// # Errors
    /// Any error of the output; [`io::ErrorKind::InvalidInput`] for a file of 4 GiB.
    pub fn finish(mut self) -> io::Result<W> {
        let (size, offset) = (narrow(self.directory.len() as u64)?, narrow(self.written)?);
        let (size, offset) = (size.to_le_bytes(), offset.to_le_bytes());
        let entries = self.entries.to_le_bytes();
        self.output.write_all(&self.directory)?;
        let end = [END, &[0; 4][..], &entries, &entries, &size, &offset, &[0; 2]].concat();
        self.output.write_all(&end)?;
        Ok(self.output)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.output.write_all(bytes)
    }
}

fn refused(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}

/// A size or an offset in 32 bits.
fn narrow(field: u64) -> io::Result<u32> {
    let narrow = u32::try_from(field).ok().filter(|&field| field < u32::MAX);
    narrow.ok_or_else(|| refused("an .npz file of 4 GiB or more is not written"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRIES: [(&str, &[u8]); 3] =
        [("a.npy", b"123456789"), ("\u{e5}", b""), ("c", &[7; 300])];

    fn written(entries: &[(&str, &[u8])]) -> Vec<u8> {
        let mut writer = Writer::new(Vec::new());
        for (name, bytes) in entries {
            writer.add(name, bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    /// The entries as other programs write them, with fields of 64 bits from a limit on.
    fn wide(limit: u64) -> Vec<u8> {
        let narrow = |field: u64| if field < limit { field as u32 } else { u32::MAX }.to_le_bytes();
        let extra = |fields: &[u64]| -> Vec<u8> {
            let wide = fields.iter().filter(|&&field| field >= limit);
            let wide: Vec<u8> = wide.flat_map(|field| field.to_le_bytes()).collect();
            match wide.len() as u8 {
                0 => wide,
                length => [&[1, 0, length, 0], &wide[..]].concat(),
            }
        };
        let (mut file, mut directory) = (Vec::new(), Vec::new());
        for (name, bytes) in ENTRIES {
            let (size, offset) = (bytes.len() as u64, file.len() as u64);
            let (sizes, all) = (extra(&[size, size]), extra(&[size, size, offset]));
            let common = |extra: &[u8]| {
                let mut common = vec![45, 0, 0, 8, 0, 0, 0, 0, 0x21, 0];
                common.extend(checksum(bytes).to_le_bytes());
                common.extend([narrow(size), narrow(size)].concat());
                common.extend([name.len() as u8, 0, extra.len() as u8, 0]);
                common
            };
            file.extend([LOCAL, &common(&sizes)[..], name.as_bytes(), &sizes, bytes].concat());
            directory.extend([DIRECTORY, &[45, 0][..], &common(&all), &[0; 10]].concat());
            directory.extend([&narrow(offset), name.as_bytes(), &all].concat());
        }
        let (offset, size, entries) = (file.len() as u64, directory.len() as u64, 3u64);
        file.extend(directory);
        let begin = file.len() as u64;
        file.extend([END_64, &44u64.to_le_bytes()[..], &[45, 0, 45, 0], &[0; 8]].concat());
        file.extend([entries, entries, size, offset].map(u64::to_le_bytes).concat());
        file.extend([LOCATOR_64, &[0; 4], &begin.to_le_bytes()[..], &[1, 0, 0, 0]].concat());
        file.extend(
            [END, &[0; 4], &[3, 0, 3, 0], &narrow(size), &narrow(offset), &[0; 2][..]].concat(),
        );
        file
    }

    fn names_and_bytes(file: &[u8]) -> Vec<(String, Vec<u8>)> {
        let entries = read(file).unwrap().into_iter();
        entries.map(|entry| (entry.name, entry.bytes.to_vec())).collect()
    }

    fn expected() -> Vec<(String, Vec<u8>)> {
        ENTRIES.map(|(name, bytes)| (name.to_string(), bytes.to_vec())).to_vec()
    }

    #[test]
    fn what_is_written_is_read() {
        let file = written(&ENTRIES);
        assert_eq!(names_and_bytes(&file), expected());
        assert_eq!(read(&written(&[])), Ok(vec![]));
        // Midnight of the first day that there is, not the time of writing.
        assert_eq!(file[10..14], [0, 0, 0x21, 0]);
    }

    #[test]
    fn fields_of_64_bits_are_read() {
        // With a limit of 0 all fields stand in zip64 fields, with 50 some of them.
        for limit in [0, 50, 301, 400, ELSEWHERE] {
            assert_eq!(names_and_bytes(&wide(limit)), expected(), "limit {limit}");
        }
    }

    #[test]
    fn what_needs_64_bits_is_not_written() {
        let mut writer = Writer::new(io::sink());
        for name in 0..65_534 {
            writer.add(&name.to_string(), b"").unwrap();
        }
        let error = writer.add("more", b"").unwrap_err().to_string();
        assert_eq!(error, "an .npz file of 65,535 arrays or more is not written");
        writer.finish().unwrap();
        for written in [ELSEWHERE, u64::MAX / 2] {
            let mut writer = Writer::new(io::sink());
            writer.written = written;
            let error = writer.add("more", b"").unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            assert_eq!(error.to_string(), "an .npz file of 4 GiB or more is not written");
            assert!(writer.finish().is_err());
        }
        let mut writer = Writer::new(io::sink());
        writer.written = ELSEWHERE - 1;
        writer.add("last", b"").unwrap();
        assert!(writer.finish().is_err());
    }

    /// The check value of the checksum's definition.
    #[test]
    fn the_checksum_is_crc_32() {
        assert_eq!(checksum(b"123456789"), 0xcbf4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn a_comment_may_follow() {
        let mut file = written(&ENTRIES);
        let length = file.len();
        file[length - 2] = 3;
        file.extend(b"xyz");
        assert_eq!(names_and_bytes(&file), expected());
        file.push(b'!');
        let error = read(&file).unwrap_err().to_string();
        assert!(error.starts_with("not a whole zip file"), "{error}");
    }

    /// As `torch.save` writes them, which has 64-bit records even where 32 bits do.
    #[test]
    fn more_records_may_stand_before_the_end() {
        let file = written(&ENTRIES);
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
        let file = written(&ENTRIES);
        let directory = |file: &[u8]| file.windows(4).position(|w| w == DIRECTORY).unwrap();
        let end = file.len() - END_BYTES;
        let begin = directory(&file);
        let changed = |at: usize, bytes: &[u8]| {
            let mut file = file.clone();
            file[at..at + bytes.len()].copy_from_slice(bytes);
            file
        };
        let wide = wide(0);
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
            (changed(end + 8, &[4, 0, 4]), "as many entries as the end says"),
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
            (changed(begin + 28, &[0xff, 0xff]), "more bytes before the next record"),
            (changed(begin + 46, &[0xff]), "a name in UTF-8"),
            (changed(begin + 46, b"b"), "the method and the name that the directory has"),
            (changed(8, &[8]), "the method and the name"),
            (changed(begin + 42, &[1]), "the entry that the directory has here"),
            (changed(begin + 42, &[0xff; 4]), "an entry with its 64-bit sizes"),
            (changed(begin + 42, &[0xfe; 4]), "the entry that the directory has here"),
            (changed(35, b"0"), "\"a.npy\" does not have its checksum"),
            (changed(begin + 16, b"0"), "\"a.npy\" does not have its checksum"),
            // The second entry is the first once more.
            (changed(begin + 51 + 42, &[0]), "shares its name or its bytes"),
            (written(&[("a", b""), ("a", b"")]), "\"a\" shares its name"),
            (wide_changed(42, b"P?"), "the place of the zip64 end"),
            (wide_changed(34, &[1]), "the zip64 end"),
            (wide_changed(34, &[0xff; 8]), "the zip64 end"),
            (wide_changed(42 + 8, &[0xff; 8]), "the directory before it"),
            (wide_changed(42 + 16, &[0xff; 8]), "the directory before it"),
            (wide_changed(42 + 24, &[9]), "as many entries as the end says"),
            // The first entry's 64-bit fields: another kind of field, cut short, and too large.
            (wide_entry(51, &[2]), "an entry with its 64-bit sizes"),
            (wide_entry(53, &[23]), "an entry with its 64-bit sizes"),
            (wide_entry(53, &[25]), "an entry with its 64-bit sizes"),
            (wide_entry(55, &[0xff; 16]), "more bytes before the next record"),
            (wide_entry(55 + 16, &[0xff; 8]), "the entry that the directory has here"),
        ] {
            let error = read(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}");
        }
    }

    #[test]
    fn no_length_of_a_cut_file_is_read() {
        for file in [written(&ENTRIES), wide(0)] {
            for length in 0..file.len() {
                assert!(read(&file[..length]).is_err(), "{length} bytes");
            }
        }
    }

    /// A checksum and two headers for every entry: what a damaged byte leaves readable is what was written.
    #[test]
    fn a_damaged_byte_is_refused_or_harmless() {
        for file in [written(&ENTRIES), wide(0)] {
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
