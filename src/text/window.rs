//! A window on a text: the next symbols of one reader, decoded a few at a time.

use crate::text::decoder::Decoder;
use crate::text::error::TextError;
use crate::text::pass::Mark;
use crate::text::vocabulary::Vocabulary;
use std::io::{Read, Seek, SeekFrom};

/// What a text is read from, for example a file, or bytes in memory.
pub trait Input: Read + Seek + Send {}
impl<I: Read + Seek + Send> Input for I {}

/// The smallest and the largest number of bytes that a window reads at a time.
pub const LEAST: usize = 1 << 8;
pub const MOST: usize = 1 << 16;

/// The index of every symbol of a vocabulary, by code point. Other symbols have `u32::MAX`.
pub struct SymbolIndices {
    by_code_point: Vec<u32>,
    /// The index of the newline if lines are documents.
    newline: Option<usize>,
}

impl SymbolIndices {
    pub fn new(vocabulary: &Vocabulary, documents: bool) -> Self {
        let largest = vocabulary.characters().last().map_or(0, |&c| c as usize);
        let mut by_code_point = vec![u32::MAX; largest + 1];
        for (index, &c) in (0..).zip(vocabulary.characters()) {
            by_code_point[c as usize] = index;
        }
        let newline = documents.then(|| vocabulary.index('\n')).flatten();
        SymbolIndices { by_code_point, newline }
    }

    pub fn of(&self, symbol: char) -> Option<usize> {
        let index = *self.by_code_point.get(symbol as usize)?;
        (index != u32::MAX).then_some(index as usize)
    }
}

pub struct Window {
    decoder: Decoder,
    /// The largest number of bytes of the next reading: few after a jump, then more and more.
    bytes: usize,
    /// The position of the first of the indices.
    pub first: u64,
    indices: Vec<usize>,
}

impl Window {
    /// The largest number of symbols in a window for chunks of so many steps: the rest of a chunk, one reading, and the
    /// two symbols that the end of a text may add.
    pub fn capacity(steps: usize, bytes: usize) -> usize {
        steps.saturating_add(bytes + 3)
    }

    /// Makes a window that has read nothing. `decoder` holds one reading and `indices` has room for
    /// [`Window::capacity`] symbols, so reading does not allocate.
    pub fn new(decoder: Decoder, indices: Vec<usize>) -> Self {
        Window { decoder, bytes: LEAST, first: u64::MAX, indices }
    }

    /// The indices of a chunk: `steps` inputs and the last target. With documents a chunk ends where its document ends.
    pub fn chunk(
        &mut self,
        position: u64,
        steps: usize,
        marks: &[Mark],
        input: &mut impl Input,
        indices: &SymbolIndices,
    ) -> Result<&[usize], TextError> {
        let end = self.first.saturating_add(self.indices.len() as u64);
        if !(self.first..=end).contains(&position) {
            self.jump(position, steps, marks, indices.newline);
        }
        loop {
            let at = (position - self.first).min(self.indices.len() as u64) as usize;
            if let Some(length) = chunk_length(&self.indices[at..], steps, indices.newline) {
                return Ok(&self.indices[at..at + length]);
            }
            self.indices.drain(..at);
            self.first += at as u64;
            self.read(input, indices)?;
        }
    }

    /// Starts again at the last mark before a position. The first reading has about as many bytes as so many steps at
    /// the position need.
    fn jump(&mut self, position: u64, steps: usize, marks: &[Mark], newline: Option<usize>) {
        // The first mark is at position 0.
        let after = marks.partition_point(|mark| mark.position <= position);
        let mark = marks[after.saturating_sub(1)];
        self.decoder.seek(mark.byte);
        let before = usize::try_from(position - mark.position).unwrap_or(usize::MAX);
        self.bytes = before.saturating_add(steps).saturating_add(1).clamp(LEAST, MOST);
        self.first = mark.position;
        self.indices.clear();
        self.indices.extend(newline);
    }

    /// Decodes the bytes of one reading. A text that ends too early has changed.
    fn read(&mut self, input: &mut impl Input, indices: &SymbolIndices) -> Result<(), TextError> {
        let changed = |byte| TextError::Changed { byte };
        let ended = self.decoder.ended;
        input.seek(SeekFrom::Start(self.decoder.end()))?;
        self.decoder.fill(input, self.bytes)?;
        self.bytes = (2 * self.bytes).min(MOST);
        let mut unknown = None;
        let result = self.decoder.decode(&mut |symbol, next| match indices.of(symbol) {
            Some(index) => self.indices.push(index),
            None => unknown = unknown.or(Some(next)),
        });
        result.map_err(|_| changed(self.decoder.byte))?;
        match unknown.or(ended.then_some(self.decoder.byte)) {
            Some(byte) => Err(changed(byte)),
            None => Ok(()),
        }
    }
}

/// The length of the chunk at the start of `ahead`: steps + 1, or up to the first newline after its start. `None` if
/// more has to be read.
fn chunk_length(ahead: &[usize], steps: usize, newline: Option<usize>) -> Option<usize> {
    let most = steps + 1;
    let chunk = &ahead[..ahead.len().min(most)];
    let end = newline.and_then(|newline| chunk.iter().skip(1).position(|&x| x == newline));
    match end {
        Some(before) => Some(before + 2),
        None => (chunk.len() == most).then_some(most),
    }
}
