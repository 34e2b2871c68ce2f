//! From bytes to symbols: decodes UTF-8, or takes bytes as they are, and finds the documents.

use crate::settings::Symbols;
use crate::text::error::TextError;
use std::fmt;
use std::io::{self, Read};
use std::ops::Range;

/// The length in bytes of the byte-order mark at the start of a text; 0 without one. Some text editors write such a
/// mark before UTF-8. It is not part of the text.
pub fn byte_order_mark(symbols: Symbols, start: &[u8]) -> usize {
    let mark = "\u{feff}".as_bytes();
    if symbols == Symbols::Characters && start.starts_with(mark) { mark.len() } else { 0 }
}

/// One to three bytes that are not UTF-8: a maximal sequence, for which [`String::from_utf8_lossy`] writes one U+FFFD.
///
/// It is displayed as its bytes, for example `\xe2\x82`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InvalidSequence {
    bytes: [u8; 3],
    length: u8,
}

impl InvalidSequence {
    /// The sequence at the start of `waiting`, which does not begin with a character.
    pub(crate) fn at_start_of(waiting: &[u8]) -> Self {
        // No character is longer.
        let start = &waiting[..waiting.len().min(4)];
        let length = match std::str::from_utf8(start) {
            Err(error) => error.error_len().unwrap_or(start.len()).min(3),
            Ok(_) => 0,
        };
        let mut bytes = [0; 3];
        bytes[..length].copy_from_slice(&start[..length]);
        InvalidSequence { bytes, length: length as u8 }
    }

    /// The bytes of the sequence.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }
}

impl fmt::Display for InvalidSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.bytes().iter().try_for_each(|byte| write!(f, "\\x{byte:02x}"))
    }
}

/// Bytes that are decoded to symbols. A byte-order mark at the start is left out.
pub struct Decoder {
    symbols: Symbols,
    documents: bool,
    bytes: Vec<u8>,
    /// The range of the bytes that are not yet decoded.
    waiting: Range<usize>,
    /// The position in the input of the first byte that is not yet decoded.
    pub byte: u64,
    /// Whether the last reading gave no bytes.
    pub ended: bool,
    /// With documents: whether the line has a character yet.
    in_document: bool,
    /// With documents: whether the last symbol was a carriage return, which a newline after it removes.
    has_return: bool,
}

impl Decoder {
    pub fn new(symbols: Symbols, documents: bool, bytes: Vec<u8>) -> Self {
        Decoder {
            symbols,
            documents,
            bytes,
            waiting: 0..0,
            byte: 0,
            ended: false,
            in_document: false,
            has_return: false,
        }
    }

    /// Continues at a byte where a symbol begins and, with documents, a line.
    pub fn seek(&mut self, byte: u64) {
        self.waiting = 0..0;
        self.byte = byte;
        self.ended = false;
        self.in_document = false;
        self.has_return = false;
    }

    /// The position in the input at which the next reading has to begin.
    pub fn end(&self) -> u64 {
        self.byte + self.waiting.len() as u64
    }

    /// Reads once from the input, at most `most` bytes and what there is room for. Returns the bytes, none at the end
    /// of the input.
    pub fn fill(&mut self, input: &mut impl Read, most: usize) -> io::Result<&[u8]> {
        let rest = self.waiting.len();
        let end = rest.saturating_add(most).min(self.bytes.len());
        self.bytes.copy_within(self.waiting.clone(), 0);
        let count = loop {
            match input.read(&mut self.bytes[rest..end]) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                read => break read?,
            }
        };
        if count > end - rest {
            return Err(io::Error::other("the input tells of more bytes than there is room for"));
        }
        self.waiting = 0..rest + count;
        self.ended = count == 0;
        Ok(&self.bytes[rest..rest + count])
    }

    /// Hands over every complete symbol, with the offset of the byte after it. At bytes that are not UTF-8 it returns
    /// [`TextError::InvalidUtf8`], after it has handed over the symbols before them. [`Decoder::skip_invalid`] skips
    /// these bytes.
    pub fn decode(&mut self, take: &mut impl FnMut(char, u64)) -> Result<(), TextError> {
        let bytes = std::mem::take(&mut self.bytes);
        let waiting = &bytes[self.waiting.clone()];
        let result = match self.symbols {
            Symbols::Bytes => {
                for &byte in waiting {
                    self.symbol(char::from(byte), 1, take);
                }
                Ok(())
            }
            Symbols::Characters => self.characters(waiting, take),
        };
        self.bytes = bytes;
        // The end of the text ends its last line.
        if self.ended && self.in_document {
            take('\n', self.byte);
            self.in_document = false;
        }
        result
    }

    fn characters(
        &mut self,
        waiting: &[u8],
        take: &mut impl FnMut(char, u64),
    ) -> Result<(), TextError> {
        let (valid, wrong) = match std::str::from_utf8(waiting) {
            Ok(text) => (text, false),
            Err(error) => {
                let (valid, _) = waiting.split_at(error.valid_up_to());
                // The rest of a character may be still to come.
                let wrong = error.error_len().is_some() || self.ended;
                (std::str::from_utf8(valid).unwrap_or_default(), wrong)
            }
        };
        let mark = match self.byte {
            0 => byte_order_mark(self.symbols, valid.as_bytes()),
            _ => 0,
        };
        self.waiting.start += mark;
        self.byte += mark as u64;
        for character in valid[mark..].chars() {
            self.symbol(character, character.len_utf8(), take);
        }
        if wrong { Err(TextError::InvalidUtf8 { byte: self.byte }) } else { Ok(()) }
    }

    /// Skips the sequence that is not UTF-8, and returns it.
    pub fn skip_invalid(&mut self) -> InvalidSequence {
        let invalid = InvalidSequence::at_start_of(&self.bytes[self.waiting.clone()]);
        let length = invalid.bytes().len();
        self.waiting.start += length;
        self.byte += length as u64;
        invalid
    }

    /// Takes a symbol of so many bytes. With documents, blank lines and carriage returns before newlines are left out.
    #[inline(always)]
    fn symbol(&mut self, symbol: char, bytes: usize, take: &mut impl FnMut(char, u64)) {
        self.waiting.start += bytes;
        self.byte += bytes as u64;
        if !self.documents {
            return take(symbol, self.byte);
        }
        if symbol == '\n' {
            if self.in_document {
                take('\n', self.byte);
            }
            self.in_document = false;
            self.has_return = false;
            return;
        }
        if self.has_return {
            take('\r', self.byte);
            self.in_document = true;
        }
        self.has_return = symbol == '\r';
        if !self.has_return {
            take(symbol, self.byte);
            self.in_document = true;
        }
    }
}
