//! Changes to files that say how long their parts are, or what their checksums are: what does not agree with
//! that is refused at once, and nothing else of the reader would be tested.

use elman::zip;
use libfuzzer_sys::fuzzer_mutate;

/// Changes a file of `size` bytes in a buffer, of which it may take `most`; three times in four only a part of
/// it, and the rest to fit.
pub fn mutate(file: &mut [u8], size: usize, most: usize, seed: u32) -> usize {
    let whole = &file[..size];
    let new = match seed % 4 {
        0 => None,
        part => change_safetensors(whole, most, part).or_else(|| change_zip(whole, most, seed)),
    };
    match new.filter(|new| new.len() <= most) {
        Some(new) => {
            file[..new.len()].copy_from_slice(&new);
            new.len()
        }
        None => fuzzer_mutate(file, size, most),
    }
}

fn change_safetensors(file: &[u8], most: usize, part: u32) -> Option<Vec<u8>> {
    let (length, rest) = file.split_first_chunk::<8>()?;
    let (header, data) = rest.split_at_checked(u64::from_le_bytes(*length).try_into().ok()?)?;
    let room = most - file.len();
    let (header, data) = match part {
        1 => (header.to_vec(), changed(data, room)),
        _ => (changed(header, room), data.to_vec()),
    };
    let length = (header.len() as u64).to_le_bytes();
    Some([&length[..], &header, &data].concat())
}

fn change_zip(file: &[u8], most: usize, seed: u32) -> Option<Vec<u8>> {
    let entries = zip::read(file).ok().filter(|entries| !entries.is_empty())?;
    let which = (seed / 4) as usize % entries.len();
    let mut writer = zip::Writer::new(Vec::new());
    for (i, entry) in entries.iter().enumerate() {
        let bytes = match i == which {
            true => &changed(entry.bytes, most.saturating_sub(file.len())),
            false => entry.bytes,
        };
        writer.add(&entry.name, bytes).ok()?;
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
