//! What the first pass over a text finds: its symbols, its length, and marks from which places are found again.

use crate::settings::{Settings, Symbols};
use crate::text::vocabulary::Vocabulary;

/// The number of symbols between two marks at first, and the largest number of marks.
const SPACING: u64 = 1 << 8;
pub const MARKS: usize = 1 << 16;

/// A place from which symbols can be decoded. With documents it is right after a newline, and has the newline's
/// position.
#[derive(Clone, Copy, Debug)]
pub struct Mark {
    pub position: u64,
    pub byte: u64,
    /// The number of chunks of the documents before it.
    pub chunks: u64,
}

/// What the first pass over a text finds.
pub struct Pass {
    documents: bool,
    T: usize,
    /// A bit for every code point.
    seen: Vec<u64>,
    pub first: Option<char>,
    pub length: u64,
    pub marks: Vec<Mark>,
    pub spacing: u64,
    /// The position from which there may be another mark.
    pub next_mark: u64,
    /// The number of characters of the current document.
    document: u64,
    pub chunks: u64,
}

impl Pass {
    pub fn new(settings: &Settings, start: u64) -> Self {
        let mut pass = Pass {
            documents: settings.documents,
            T: settings.sequence_length,
            seen: vec![0; (char::MAX as usize + 1).div_ceil(64)],
            first: None,
            length: 0,
            marks: vec![Mark { position: 0, byte: start, chunks: 0 }],
            spacing: SPACING,
            next_mark: SPACING,
            document: 0,
            chunks: 0,
        };
        if settings.documents {
            pass.count('\n');
        }
        pass
    }

    #[inline(always)]
    fn count(&mut self, symbol: char) {
        self.seen[symbol as usize / 64] |= 1 << (symbol as usize % 64);
        self.first.get_or_insert(symbol);
        self.length += 1;
    }

    #[inline(always)]
    pub fn take(&mut self, symbol: char, next: u64) {
        self.count(symbol);
        let mut position = self.length;
        if self.documents {
            if symbol != '\n' {
                self.document += 1;
                return;
            }
            self.chunks += chunks_of(self.document + 1, self.T);
            self.document = 0;
            position -= 1;
        }
        if position >= self.next_mark {
            self.mark(position, next);
        }
    }

    #[cold]
    fn mark(&mut self, position: u64, byte: u64) {
        self.marks.push(Mark { position, byte, chunks: self.chunks });
        if self.marks.len() == MARKS {
            let mut index = 0;
            self.marks.retain(|_| {
                index += 1;
                index % 2 == 1
            });
            self.spacing *= 2;
        }
        self.next_mark = position + self.spacing;
    }

    /// Whether the text has no symbols but the newline before the first document.
    pub fn is_empty(&self) -> bool {
        self.length == u64::from(self.documents)
    }

    pub fn vocabulary(&self, symbols: Symbols) -> Vocabulary {
        let seen = (0..).zip(&self.seen).filter(|(_, bits)| **bits != 0);
        let codes = seen.flat_map(|(i, bits)| {
            let is_seen = move |bit: &u32| bits >> bit & 1 == 1;
            (0..64).filter(is_seen).map(move |bit| 64 * i + bit)
        });
        let characters = codes.filter_map(char::from_u32).collect();
        Vocabulary::from_characters(symbols, characters).expect("in increasing order")
    }
}

/// The number of chunks of a document with so many inputs: the newline before it, and its characters.
pub fn chunks_of(inputs: u64, T: usize) -> u64 {
    inputs.div_ceil(T.max(1) as u64)
}
