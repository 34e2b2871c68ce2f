//! The zip container, as far as NumPy's `.npz` files need it: stored entries, each with its checksum.
//!
//! The directory at the file's end says where the entries are; the header before each entry has to agree.
//! Sizes beyond 32 bits stand in "zip64" fields, which are read and not written. The format is that of PKWARE's
//! APPNOTE. Nothing is allocated on the word of the file, and no byte belongs to two entries, so reading takes time in
//! proportion to the file.

use crate::formats::error::FormatError;
use crate::formats::names::{shown, twice};
use std::io::{self, Write};

/// Signatures of the five kinds of records.
const LOCAL: &[u8; 4] = b"PK\x03\x04";
const DIRECTORY: &[u8; 4] = b"PK\x01\x02";
const END: &[u8; 4] = b"PK\x05\x06";
const END_64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64: &[u8; 4] = b"PK\x06\x07";
/// Bytes of the last record without its comment, and of the one that may stand before it.
const END_BYTES: usize = 22;
const LOCATOR_64_BYTES: usize = 20;
/// What a field says whose value stands in a zip64 field.
const ELSEWHERE: u64 = 0xffff_ffff;
/// The extra field of 64-bit sizes.
const EXTRA_64: u16 = 1;
/// The 1st of January 1980, the format's first day: the same content makes the same bytes.
const DATE: u16 = 0x21;
/// The version of the format that a reader needs: 2.0.
const VERSION: u16 = 20;
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

/// The entries of a file, in the order of their bytes.
///
/// # Errors
/// [`FormatError`] says what is wrong, and where.
pub fn read(file: &[u8]) -> Result<Vec<Entry<'_>>, FormatError> {
    Ok(read_entries(file)?)
}

fn read_entries(file: &[u8]) -> Result<Vec<Entry<'_>>, String> {
    let directory = Directory::find(file)?;
    let mut cursor = Cursor { bytes: &file[..directory.end], at: directory.begin };
    let mut records = Vec::new();
    while cursor.at < directory.end {
        records.push(Record::read(&mut cursor)?);
    }
    if records.len() as u64 != directory.entries {
        return Err(wrong(directory.end, "as many entries as the end says"));
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
        Some(name) => Err(shared(name)),
        None => Ok(entries),
    }
}

fn wrong(byte: usize, expected: &str) -> String {
    format!("the zip file is wrong at byte {byte}, expected {expected}")
}

fn shared(name: &str) -> String {
    let name = shown(name);
    format!("the entry {name} shares its name or its bytes with another")
}

/// Where the directory lies, and how many entries it has.
struct Directory {
    begin: usize,
    end: usize,
    entries: u64,
}

impl Directory {
    /// The end record is the last whose comment reaches the end of the file.
    fn find(file: &[u8]) -> Result<Self, String> {
        let no_end = "not a whole zip file: the record at its end is missing, the file was cut short or extended";
        let last = file.len().checked_sub(END_BYTES).ok_or(no_end)?;
        let first = last.saturating_sub(usize::from(u16::MAX));
        let is_end = |&at: &usize| {
            let comment = [file[at + END_BYTES - 2], file[at + END_BYTES - 1]];
            file[at..].starts_with(END) && usize::from(u16::from_le_bytes(comment)) == last - at
        };
        let end = (first..=last).rev().find(is_end).ok_or(no_end)?;
        let mut cursor = Cursor { bytes: file, at: end + 10 };
        let mut fields =
            [u64::from(cursor.u16()?), u64::from(cursor.u32()?), u64::from(cursor.u32()?)];
        let mut limit = end;
        if fields[0] == 0xffff || fields[1..].contains(&ELSEWHERE) {
            (fields, limit) = Directory::fields_64(file, end)?;
        }
        let [entries, size, offset] = fields;
        let begin = usize::try_from(offset).ok();
        let stop = offset.checked_add(size).and_then(|n| usize::try_from(n).ok());
        match (begin, stop) {
            (Some(begin), Some(end)) if end <= limit => Ok(Directory { begin, end, entries }),
            _ => Err(wrong(limit, "the directory before it")),
        }
    }

    /// The same fields in 64 bits, and where their record begins.
    fn fields_64(file: &[u8], end: usize) -> Result<([u64; 3], usize), String> {
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
    fn read(cursor: &mut Cursor<'a>) -> Result<Self, String> {
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

        let [size, stored, offset] = wide_fields([size, stored, offset], extra)
            .ok_or_else(|| wrong(begin, "an entry with its 64-bit sizes"))?;
        if flags & ENCRYPTED != 0 {
            return Err(format!("the entry {} is encrypted", shown(name)));
        }
        if method != 0 {
            return Err(format!(
                "the entry {} is compressed: write the file with numpy.savez, not with numpy.savez_compressed",
                shown(name)
            ));
        }
        if stored != size {
            return Err(wrong(begin, "a stored entry, with one size"));
        }
        Ok(Record { name, checksum, size, offset })
    }

    /// Its content in the file before the directory, and where that ends. Nothing before `free` is its own.
    fn locate<'b>(self, file: &'b [u8], free: usize) -> Result<(Entry<'b>, usize), String> {
        let mut cursor =
            Cursor { bytes: file, at: usize::try_from(self.offset).unwrap_or(usize::MAX) };
        if cursor.at < free {
            return Err(shared(self.name));
        }
        cursor.signature(LOCAL, "the entry that the directory has here")?;
        cursor.skip(4)?;
        let (byte, method) = (cursor.at, cursor.u16()?);
        cursor.skip(16)?;
        let lengths = [cursor.u16()?, cursor.u16()?].map(usize::from);
        let name = cursor.take(lengths[0])?;
        if method != 0 || name != self.name.as_bytes() {
            return Err(wrong(byte, "the method and the name that the directory has"));
        }
        cursor.skip(lengths[1])?;
        let bytes = cursor.take(usize::try_from(self.size).unwrap_or(usize::MAX))?;
        if checksum(bytes) != self.checksum {
            return Err(format!(
                "the entry {} does not have its checksum: the file is damaged",
                shown(self.name)
            ));
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
    fn take(&mut self, count: usize) -> Result<&'a [u8], String> {
        let end = self.at.checked_add(count);
        let taken = end.and_then(|end| self.bytes.get(self.at..end));
        let taken =
            taken.ok_or_else(|| wrong(self.bytes.len(), "more bytes before the next record"))?;
        self.at += count;
        Ok(taken)
    }

    fn skip(&mut self, count: usize) -> Result<(), String> {
        self.take(count).map(|_| ())
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let taken = self.take(N)?;
        Ok(taken.try_into().expect("as many bytes as were taken"))
    }

    fn u16(&mut self) -> Result<u16, String> {
        self.array().map(u16::from_le_bytes)
    }

    fn u32(&mut self) -> Result<u32, String> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, String> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, count: usize) -> Result<&'a str, String> {
        let byte = self.at;
        std::str::from_utf8(self.take(count)?)
            .map_err(|error| wrong(byte + error.valid_up_to(), "a name in UTF-8"))
    }

    fn signature(&mut self, signature: &[u8; 4], expected: &'static str) -> Result<(), String> {
        let byte = self.at;
        match self.array() {
            Ok(found) if found == *signature => Ok(()),
            _ => Err(wrong(byte, expected)),
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
    !bytes
        .iter()
        .fold(!0, |value: u32, &byte| (value >> 8) ^ table[usize::from(value as u8 ^ byte)])
}

/// Writes a file entry by entry, so that no more than one needs to be in memory.
#[derive(Debug)]
pub struct Writer<W: Write> {
    output: W,
    written: u64,
    directory: Vec<u8>,
    entries: u16,
}

impl<W: Write> Writer<W> {
    /// A file without entries so far.
    pub fn new(output: W) -> Self {
        Writer { output, written: 0, directory: Vec::new(), entries: 0 }
    }

    /// Adds an entry.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a name of more than 65,535 bytes and for a file
    /// that would need 64-bit sizes: one of 4 GiB, or of 65,535 entries.
    pub fn add(&mut self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let name_length = u16::try_from(name.len()).map_err(|_| refused(NAME_TOO_LONG))?;
        let (size, offset) = (narrow(bytes.len() as u64)?, narrow(self.written)?);
        let entries = self.entries.checked_add(1).filter(|&count| count < u16::MAX);
        self.entries = entries.ok_or_else(|| refused(TOO_MANY_ENTRIES))?;

        let mut common = Vec::new();
        for field in [VERSION, UTF8_NAME, 0, 0, DATE] {
            common.extend(field.to_le_bytes());
        }
        for field in [checksum(bytes), size, size] {
            common.extend(field.to_le_bytes());
        }
        common.extend(name_length.to_le_bytes());
        // No extra fields.
        common.extend([0; 2]);

        for part in [LOCAL, &common[..], name.as_bytes(), bytes] {
            self.write(part)?;
        }
        for part in [
            DIRECTORY,
            &VERSION.to_le_bytes()[..],
            &common,
            &[0; 10],
            &offset.to_le_bytes(),
            name.as_bytes(),
        ] {
            self.directory.extend(part);
        }
        Ok(())
    }

    /// Writes the directory and the end, and gives the output back.
    ///
    /// # Errors
    /// Those of the output, and [`io::ErrorKind::InvalidInput`] for a file of 4 GiB.
    pub fn finish(mut self) -> io::Result<W> {
        let directory = std::mem::take(&mut self.directory);
        let (size, offset) = (narrow(directory.len() as u64)?, narrow(self.written)?);
        self.write(&directory)?;
        let entries = self.entries.to_le_bytes();
        for part in [
            END,
            &[0; 4][..],
            &entries,
            &entries,
            &size.to_le_bytes(),
            &offset.to_le_bytes(),
            &[0; 2],
        ] {
            self.write(part)?;
        }
        Ok(self.output)
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.written += bytes.len() as u64;
        self.output.write_all(bytes)
    }
}

const NAME_TOO_LONG: &str = "an entry's name is too long";
const TOO_MANY_ENTRIES: &str = "an .npz file of 65,535 arrays or more is not written";
const TOO_LARGE: &str = "an .npz file of 4 GiB or more is not written";

fn refused(problem: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, problem)
}

/// A size or an offset in 32 bits.
fn narrow(field: u64) -> io::Result<u32> {
    let narrow = u32::try_from(field).ok().filter(|&field| field < u32::MAX);
    narrow.ok_or_else(|| refused(TOO_LARGE))
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
