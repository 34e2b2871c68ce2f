//! Reads short texts token by token: JSON, and the headers of NumPy's arrays, which are Python.

use crate::formats::error::FormatError;

/// Reads a text from its start to its end.
///
/// The caller says what has to come next. So nothing is built that was not asked for, and the caller's code limits
/// depth and memory.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    pub(super) text: &'a str,
    pub(super) at: usize,
    /// The position of the text in its file, and its name for messages, which is empty for a whole file.
    offset: usize,
    place: &'static str,
    syntax: Syntax,
}

/// The language of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Syntax {
    Json,
    /// Numbers are in tuples. The last item may have a comma after it, and a line may end with a comment.
    Python,
    /// The same, but a whole number may end with `L`.
    Python2,
}

impl<'a> Reader<'a> {
    /// Makes a reader at the start of a JSON text.
    pub fn new(text: &'a str) -> Self {
        Reader { text, at: 0, offset: 0, place: "", syntax: Syntax::Json }
    }

    /// Makes a reader of a JSON header that begins at byte `offset` of its file.
    pub(super) fn of_header(text: &'a str, offset: usize, place: &'static str) -> Self {
        Reader { offset, place, ..Reader::new(text) }
    }

    /// Makes a reader of a Python header.
    pub(super) fn of_python(
        text: &'a str,
        offset: usize,
        place: &'static str,
        syntax: Syntax,
    ) -> Self {
        Reader { syntax, ..Reader::of_header(text, offset, place) }
    }

    fn is_python(&self) -> bool {
        self.syntax != Syntax::Json
    }

    /// The offset of the next byte in the text.
    pub fn position(&self) -> usize {
        self.at
    }

    /// An error at the next byte.
    pub fn error(&self, expected: &str) -> FormatError {
        let byte = self.offset + self.at;
        let message = match self.place {
            "" => format!("byte {byte}: expected {expected}"),
            place => format!("{place} at byte {byte}, expected {expected}"),
        };
        message.into()
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn skip_space(&mut self) {
        let mut in_comment = false;
        while let Some(byte) = self.peek() {
            in_comment = match byte {
                b'\n' | b'\r' => false,
                b'#' if self.is_python() => true,
                _ => in_comment,
            };
            let is_space = match byte {
                b' ' | b'\t' | b'\n' | b'\r' => true,
                b'\x0c' => self.is_python(),
                _ => false,
            };
            if !in_comment && !is_space {
                return;
            }
            self.at += 1;
        }
    }

    /// Skips space, and takes the next byte if it is this one. Returns whether it is.
    fn take(&mut self, byte: u8) -> bool {
        let found = self.next_byte() == Some(byte);
        self.at += usize::from(found);
        found
    }

    pub(super) fn expect(&mut self, byte: u8, expected: &str) -> Result<(), FormatError> {
        if self.take(byte) { Ok(()) } else { Err(self.error(expected)) }
    }

    /// The first byte of the next value, without taking it; `None` at the end.
    pub fn next_byte(&mut self) -> Option<u8> {
        self.skip_space();
        self.peek()
    }

    /// Takes these characters if they come next. Returns whether they do.
    pub fn word(&mut self, word: &str) -> bool {
        self.skip_space();
        let found = self.text[self.at..].starts_with(word);
        self.at += if found { word.len() } else { 0 };
        found
    }

    /// Reads the end of the text. An error if anything but space is left.
    pub fn end(&mut self) -> Result<(), FormatError> {
        self.next_byte().map_or(Ok(()), |_| Err(self.error("nothing after the value")))
    }

    /// Reads items in brackets, with commas between them. `item` has to read each item.
    pub(super) fn items(
        &mut self,
        [open, close]: [u8; 2],
        expected: &str,
        mut item: impl FnMut(&mut Self) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        self.expect(open, expected)?;
        if self.take(close) {
            return Ok(());
        }
        let mut is_first = true;
        loop {
            item(self)?;
            let has_comma = self.take(b',');
            // One item between round brackets without a comma is no tuple.
            let may_end = if has_comma { self.is_python() } else { close != b')' || !is_first };
            is_first = false;
            if may_end && self.take(close) {
                return Ok(());
            }
            if !has_comma {
                return Err(self.error(&format!("',' or '{}'", char::from(close))));
            }
        }
    }

    /// Reads an array or a tuple of at most `limit` whole numbers.
    pub fn numbers<N: TryFrom<u64>>(&mut self, limit: usize) -> Result<Vec<N>, FormatError> {
        let (brackets, expected) = if self.is_python() {
            (*b"()", "a tuple of numbers")
        } else {
            (*b"[]", "an array of numbers")
        };
        let mut numbers = Vec::new();
        self.items(brackets, expected, |reader| {
            if numbers.len() == limit {
                return Err(reader.error("fewer numbers"));
            }
            let number = N::try_from(reader.number()?);
            numbers.push(number.map_err(|_| reader.error("a smaller number before it"))?);
            if reader.syntax == Syntax::Python2 {
                reader.take(b'L');
            }
            Ok(())
        })?;
        Ok(numbers)
    }

    /// Reads a whole number from 0 to 2^64 - 1, without fraction or exponent.
    pub fn number(&mut self) -> Result<u64, FormatError> {
        self.skip_space();
        let digits = self.text[self.at..].bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.text[self.at..].split_at(digits);
        let leading_zero = digits.len() > 1 && digits.starts_with('0');
        match digits.parse() {
            Ok(number) if !leading_zero && !rest.starts_with(['.', 'e', 'E']) => {
                self.at += digits.len();
                Ok(number)
            }
            _ => Err(self.error("a whole number below 2^64")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_whole_and_fit() {
        let number = |text| Reader::new(text).number();
        assert_eq!(number("0"), Ok(0));
        assert_eq!(number(" 18446744073709551615"), Ok(u64::MAX));
        for text in ["", "-1", "01", "1.0", "1e3", "18446744073709551616", "x"] {
            assert!(number(text).is_err(), "{text:?}");
        }
        assert_eq!(Reader::new("[ ]").numbers::<u64>(0), Ok(vec![]));
        assert_eq!(Reader::new("[1, 2 ,3]").numbers(3), Ok(vec![1u64, 2, 3]));
        assert_eq!(Reader::new("[1, 255]").numbers(2), Ok(vec![1u8, 255]));
        assert!(Reader::new("[1, 256]").numbers::<u8>(2).is_err());
        for text in ["[1,2,3]", "[1,]", "[1", "[1 2]", "1"] {
            assert!(Reader::new(text).numbers::<u64>(2).is_err(), "{text:?}");
        }
    }
}
