//! Standard output: results, and nothing else.

use super::failure::Failure;
use elman::Vocabulary;
use std::io::{self, Write as _};

/// Writes to standard output.
pub fn print(text: &str) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output
        .write_all(text.as_bytes())
        .and_then(|()| output.flush())
        .map_err(Failure::output)
}

/// Writes characters to standard output as they come, however many there will be.
pub fn print_characters(
    vocabulary: &Vocabulary,
    mut indices: impl Iterator<Item = usize>,
) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written =
        indices.try_for_each(|index| write!(output, "{}", vocabulary.characters()[index]));
    written.map_err(Failure::output)
}
