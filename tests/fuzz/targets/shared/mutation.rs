//! Changes to files that say how long their parts are, or what their checksums are: what does not agree with
//! that is refused at once, and nothing else of the reader would be tested.

use elman::internals::zip;
use libfuzzer_sys::fuzzer_mutate;

/// What a header may hold where it should not.
const ODD: [&[u8]; 16] = [
    b"",
    b"0",
    b"1",
    b"2",
    b"-1",
    b"65536",
    b"1000000",
    b"4294967296",
    b"1099511627776",
    b"9223372036854775808",
    b"18446744073709551615",
    b"1e400",
    b"true",
    b"F16",
    b"U0",
    b"u1",
];

/// Changes a file of `size` bytes in a buffer, of which it may take `most`; three times in four only a part of
/// it, and the rest to fit.
pub fn mutate(file: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let whole = &file[..size];
    let new = match seed % 4 {
        0 => None,
        _ => change_safetensors(whole, most, seed).or_else(|| change_zip(whole, most, seed)),
    };
    match new.filter(|new| new.len() <= most) {
        Some(new) => {
            file[..new.len()].copy_from_slice(&new);
            new.len()
        }
        None => fuzzer_mutate(file, size, most),
    }
}

fn change_safetensors(file: &[u8], most: usize, seed: u32) -> Option<Vec<u8>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)?;
    let room = most - file.len();
    let (header, data) = match seed % 4 {
        1 => (header.to_vec(), changed(data, room)),
        2 => (changed(header, room), data.to_vec()),
        _ => (with_odd_word(header, seed / 4), data.to_vec()),
    };
    let length = (header.len() as u64).to_le_bytes();
    Some([&length[..], &header, &data].concat())
}

fn change_zip(file: &[u8], most: usize, seed: u32) -> Option<Vec<u8>> {
    let entries = zip::read(file).ok().filter(|entries| !entries.is_empty())?;
    let (which, seed_of_entry) = (seed as usize / 4 % entries.len(), seed / 64);
    let mut writer = zip::Writer::new(Vec::new());
    for (i, entry) in entries.iter().enumerate() {
        let bytes = match (i == which, seed % 4) {
            (false, _) => entry.bytes.to_vec(),
            (true, 1 | 2) => changed(entry.bytes, most.saturating_sub(file.len())),
            (true, _) => with_odd_header(entry.bytes, seed_of_entry),
        };
        writer.add(&entry.name, &bytes).ok()?;
    }
    writer.finish().ok()
}

fn changed(part: &[u8], room: usize) -> Vec<u8> {
    let most = (part.len() + room).max(1);
    let mut changed = part.to_vec();
    changed.resize(most, 0);
    let size = fuzzer_mutate(&mut changed, part.len(), most);
    changed.truncate(size);
    changed
}

/// A header of version 1 of NumPy's arrays with another word in it.
fn with_odd_header(array: &[u8], seed: u32) -> Vec<u8> {
    let parts = array.split_at_checked(10).and_then(|(before, rest)| {
        let length = u16::from_le_bytes([before[8], before[9]]);
        Some((before, rest.split_at_checked(usize::from(length))?))
    });
    let Some((before, (header, entries))) = parts else {
        return array.to_vec();
    };
    let header = with_odd_word(header, seed);
    let length = (header.len() as u16).to_le_bytes();
    [&before[..8], &length, &header, entries].concat()
}

/// The same with one of its words or numbers replaced.
fn with_odd_word(header: &[u8], seed: u32) -> Vec<u8> {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
    let mut chunks: Vec<&[u8]> = header.chunk_by(|a, b| is_word(a) == is_word(b)).collect();
    let words = chunks
        .iter_mut()
        .filter(|chunk| chunk.first().is_some_and(is_word));
    let mut words: Vec<&mut &[u8]> = words.collect();
    if !words.is_empty() {
        let which = seed as usize / ODD.len() % words.len();
        *words[which] = ODD[seed as usize % ODD.len()];
    }
    chunks.concat()
}
