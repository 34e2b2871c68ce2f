//! The kind of a file, by its content.

use elman::internals::sniff::{Sniffed, sniff};
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

/// The kind of a regular file; of anything else, no known one: a pipe might wait.
pub fn kind_of(path: &Path) -> Sniffed {
    const ENOUGH: u64 = 64;
    if !path.is_file() {
        return Sniffed::Other;
    }
    let mut start = Vec::new();
    let read = File::open(path).and_then(|file| file.take(ENOUGH).read_to_end(&mut start));
    if read.is_ok() { sniff(&start) } else { Sniffed::Other }
}

/// Whether a file is a safetensors file.
pub fn is_safetensors(path: &Path) -> bool {
    kind_of(path) == Sniffed::SafeTensors
}
