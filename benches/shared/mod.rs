//! What the benches share: sizes, inputs, and loops that measure the machine.

pub mod limits;

use elman::internals::buffer::Buffer;
use elman::random::{Generator, Stream};
use elman::{STORY, Vocabulary};
use std::cmp::Reverse;

/// m.
pub const SIZES: [usize; 4] = [5, 100, 256, 512];
pub const K: usize = 65;
pub const T: usize = 25;

/// The built-in story, in its K most frequent characters.
pub fn text() -> String {
    let mut characters = Vocabulary::of(STORY).characters().to_vec();
    characters.sort_by_key(|&character| Reverse(STORY.matches(character).count()));
    let frequent = &characters[..K];
    STORY.chars().filter(|x| frequent.contains(x)).collect()
}

pub fn numbers(count: usize) -> Buffer {
    let mut values = Buffer::zeros(count).expect("memory");
    Generator::new(1, Stream::Initialization).fill_normal(&mut values, 0.5);
    values
}
