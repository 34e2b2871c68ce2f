//! The characters of a text and their indices; the one-hot matrix of the equations.

use crate::network::parameters::{ShapeError, zeros};
use crate::settings::Symbols;
use std::collections::BTreeSet;
use std::fmt;
use std::io::{self, ErrorKind, Write};

/// The distinct characters of a text (Unicode scalar values), sorted by code point. Or its distinct bytes, see
/// [`Symbols`].
///
/// The index of a character is its position in this order, from 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vocabulary {
    symbols: Symbols,
    characters: Vec<char>,
}

impl Vocabulary {
    /// The vocabulary of a text.
    ///
    /// ```
    /// use elman::text::Vocabulary;
    /// let vocabulary = Vocabulary::of("banana");
    /// assert_eq!(vocabulary.characters(), ['a', 'b', 'n']);
    /// assert_eq!(vocabulary.encode("nab"), Ok(vec![2, 0, 1]));
    /// ```
    pub fn of(text: &str) -> Self {
        let characters: BTreeSet<char> = text.chars().collect();
        Vocabulary { symbols: Symbols::Characters, characters: characters.into_iter().collect() }
    }

    /// Makes a vocabulary from its characters in index order. `None` if the characters are not strictly increasing, or
    /// if one of them is above U+00FF and the symbols are bytes.
    pub fn from_characters(symbols: Symbols, characters: Vec<char>) -> Option<Self> {
        let last = match symbols {
            Symbols::Characters => char::MAX,
            Symbols::Bytes => '\u{ff}',
        };
        (characters.is_sorted_by(|a, b| a < b) && characters.iter().all(|&c| c <= last))
            .then_some(Vocabulary { symbols, characters })
    }

    /// Whether it is of characters or of bytes.
    pub fn symbols(&self) -> Symbols {
        self.symbols
    }

    /// K, the number of characters.
    pub fn len(&self) -> usize {
        self.characters.len()
    }

    /// Whether there are no characters.
    pub fn is_empty(&self) -> bool {
        self.characters.is_empty()
    }

    /// The characters in index order.
    pub fn characters(&self) -> &[char] {
        &self.characters
    }

    /// The index of a character, from 0 to K - 1; `None` if it is not in the vocabulary.
    pub fn index(&self, character: char) -> Option<usize> {
        self.characters.binary_search(&character).ok()
    }

    /// The indices of the characters of a text.
    ///
    /// # Errors
    /// [`UnknownCharacters`] if the vocabulary lacks characters of the text.
    pub fn encode(&self, text: &str) -> Result<Vec<usize>, UnknownCharacters> {
        let symbols: Vec<char> = match self.symbols {
            Symbols::Characters => text.chars().collect(),
            Symbols::Bytes => text.bytes().map(char::from).collect(),
        };
        let indices: Option<Vec<usize>> = symbols.iter().map(|&c| self.index(c)).collect();
        indices.ok_or_else(|| {
            let unknown = symbols.into_iter().filter(|&c| self.index(c).is_none());
            let unknown: BTreeSet<char> = unknown.collect();
            UnknownCharacters { symbols: self.symbols, characters: unknown.into_iter().collect() }
        })
    }

    /// The text with these indices. Bytes are decoded as UTF-8, and bytes that are not UTF-8 become U+FFFD.
    ///
    /// # Errors
    /// [`ShapeError::Index`] if an index is K or more.
    pub fn decode(&self, indices: &[usize]) -> Result<String, ShapeError> {
        let mut bytes = Vec::new();
        for &index in indices {
            bytes.extend_from_slice(bytes_of(self.symbols, self.character(index)?, &mut [0; 4]));
        }
        Ok(String::from_utf8_lossy(&bytes).into_owned())
    }

    /// Writes the character with this index in UTF-8, or the byte as it is.
    ///
    /// # Errors
    /// Any error of the output. One of the kind [`io::ErrorKind::InvalidInput`] if the index is K or more.
    pub fn write(&self, index: usize, output: &mut impl Write) -> io::Result<()> {
        let character = self.character(index);
        let character =
            character.map_err(|error| io::Error::new(ErrorKind::InvalidInput, error))?;
        output.write_all(bytes_of(self.symbols, character, &mut [0; 4]))
    }

    fn character(&self, index: usize) -> Result<char, ShapeError> {
        let none = ShapeError::Index { index, K: self.len() };
        self.characters.get(index).copied().ok_or(none)
    }
}

/// The characters of a text that a vocabulary lacks: each once, sorted by code point.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownCharacters {
    /// Whether these are characters or bytes.
    pub symbols: Symbols,
    /// The characters. There is at least one.
    pub characters: Vec<char>,
}

impl fmt::Display for UnknownCharacters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN: usize = 10;
        let names: Vec<String> = (self.characters.iter().take(SHOWN))
            .map(|&c| match self.symbols {
                Symbols::Characters => format!("{c:?} (U+{:04X})", u32::from(c)),
                Symbols::Bytes => format!("byte 0x{:02x}", u32::from(c)),
            })
            .collect();
        write!(f, "the vocabulary lacks {}", names.join(", "))?;
        match self.characters.len().saturating_sub(SHOWN) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl std::error::Error for UnknownCharacters {}

/// The bytes of a symbol: its UTF-8, or the byte that it stands for.
pub(crate) fn bytes_of(symbols: Symbols, symbol: char, utf8: &mut [u8; 4]) -> &[u8] {
    match (symbols, u8::try_from(symbol)) {
        (Symbols::Bytes, Ok(byte)) => {
            utf8[0] = byte;
            &utf8[..1]
        }
        _ => symbol.encode_utf8(utf8).as_bytes(),
    }
}

/// The dense one-hot matrix of a sequence, T x K, row by row. Row t is x_t, with 1 at the index of the character.
///
/// [`Rnn`](crate::Rnn) never builds it: the index stands for the one-hot vector.
///
/// # Errors
/// [`ShapeError`] if an index is K or more, or if the memory cannot be allocated.
pub fn one_hot(indices: &[usize], K: usize) -> Result<Vec<f64>, ShapeError> {
    let mut matrix: Vec<f64> = zeros(indices.len().saturating_mul(K))?;
    for (t, &index) in indices.iter().enumerate() {
        if index >= K {
            return Err(ShapeError::Index { index, K });
        }
        matrix[t * K + index] = 1.0;
    }
    Ok(matrix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vocabularies_are_sorted_by_code_point_and_round_trip() {
        let text = "Zoë, \u{1F600}\n日本 e\u{301} \0";
        let vocabulary = Vocabulary::of(text);
        assert!(vocabulary.characters().is_sorted_by(|a, b| a < b));
        let indices = vocabulary.encode(text).unwrap();
        assert_eq!(vocabulary.decode(&indices).as_deref(), Ok(text));
        assert_eq!(
            Vocabulary::from_characters(Symbols::Characters, vocabulary.characters().to_vec()),
            Some(vocabulary)
        );
        for wrong in [vec!['b', 'a'], vec!['a', 'a']] {
            assert_eq!(Vocabulary::from_characters(Symbols::Characters, wrong), None);
        }
    }

    #[test]
    fn bytes_go_by_the_first_256_characters() {
        let characters = vec!['a', '\u{a5}', '\u{c3}', '\u{ff}'];
        let vocabulary = Vocabulary::from_characters(Symbols::Bytes, characters.clone()).unwrap();
        assert_eq!(vocabulary.encode("a\u{e5}"), Ok(vec![0, 2, 1]));
        assert_eq!(vocabulary.decode(&[0, 2, 1, 3]).as_deref(), Ok("a\u{e5}\u{fffd}"));
        let error = vocabulary.decode(&[4]).unwrap_err();
        assert_eq!(error, ShapeError::Index { index: 4, K: 4 });
        let error = vocabulary.write(4, &mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        let mut written = Vec::new();
        (0..4).for_each(|index| vocabulary.write(index, &mut written).unwrap());
        assert_eq!(written, [b'a', 0xa5, 0xc3, 0xff]);
        let beyond = [&characters[..], &['\u{100}']].concat();
        assert_eq!(Vocabulary::from_characters(Symbols::Bytes, beyond), None);
    }

    #[test]
    fn unknown_characters_are_named_once() {
        let error = Vocabulary::of("abc").encode("xaéx\n").unwrap_err();
        assert_eq!(error.characters, ['\n', 'x', 'é']);
        assert_eq!(
            error.to_string(),
            "the vocabulary lacks '\\n' (U+000A), 'x' (U+0078), 'é' (U+00E9)"
        );
        let many = Vocabulary::of("").encode("abcdefghijkl").unwrap_err();
        assert!(many.to_string().ends_with("'j' (U+006A) and 2 more"));
    }

    #[test]
    fn one_hot_rows_have_a_single_one() {
        assert_eq!(one_hot(&[2, 0], 3), Ok(vec![0.0, 0.0, 1.0, /**/ 1.0, 0.0, 0.0]));
        assert_eq!(one_hot(&[], 3), Ok(vec![]));
        for K in [0, 3] {
            assert_eq!(one_hot(&[3], K), Err(ShapeError::Index { index: 3, K }));
        }
    }
}
