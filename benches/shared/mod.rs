//! What the benches share: sizes, inputs, updates by a gradient, and loops that measure the machine.

pub mod limits;
pub mod updates;

use elman::internals::buffer::Buffer;
use elman::random::{Generator, Stream};
use elman::{Level, Rnn, STORY, Settings, Shape, Training, Vocabulary};
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

/// The same, as indices.
pub fn indices() -> Vec<usize> {
    let text = text();
    Vocabulary::of(&text).encode(&text).expect("its own characters")
}

pub fn network(m: usize, sigma: f64) -> Rnn {
    let shape = Shape::new(m, K).expect("a small shape");
    Rnn::random(shape, sigma, 1).expect("memory")
}

/// A training as the program has it, on one thread.
pub fn training(m: usize, batch_size: usize, level: Level) -> Training {
    let settings = Settings { hidden: m, batch_size, ..Settings::default() };
    let training = Training::new(&text(), settings).expect("a good text");
    training.on(level, 1).expect("memory")
}

pub fn numbers(count: usize) -> Buffer {
    let mut values = Buffer::zeros(count).expect("memory");
    Generator::new(1, Stream::Initialization).fill_normal(&mut values, 0.5);
    values
}
