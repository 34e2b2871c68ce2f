//! Texts as sequences of indices, read in windows, however long they are.
//!
//! A text is read once from end to end ([`Corpus::open`]): that gives its vocabulary, length and digest, and
//! marks by which any place is found again. Training then reads it through a window for every sequence of the batch, and
//! gets the same indices as from a text in memory, which is read the same way.
//!
//! As documents, a text is a newline, and then the characters of every line that is not blank with a newline
//! after them; a carriage return before a newline is left out. So a document's own newline is the one that the
//! next begins after.
//!
//! Where a share of the text is held out ([`Settings::held_out`]), training reads what comes before it. A document
//! is held out whole or not at all: the text is cut where the first one ends that leaves no more than that share.

use crate::digest::Digest;
use crate::network::parameters::{ShapeError, zeros};
use crate::settings::Settings;
use crate::settings::Symbols;
use crate::text::decoder::{Decoder, byte_order_mark};
use crate::text::pass::{Mark, Pass, chunks_of};
use crate::text::vocabulary::{InvalidUtf8, UnknownCharacters, Vocabulary};
use std::fmt;
use std::io::{self, Cursor, Read, Seek, SeekFrom};

/// Which text a model was trained on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// Its digest: FNV-1a over its bytes, without a byte-order mark.
    pub digest: u64,
    /// Its length in characters or bytes, as it is read.
    pub length: usize,
    /// The index of its first character.
    pub start: usize,
}

/// Where a text comes from: a file, or memory.
pub trait Input: Read + Seek + Send {}
impl<I: Read + Seek + Send> Input for I {}

/// Bytes that the first pass reads at a time.
const PASS: usize = 1 << 18;
/// The fewest and the most bytes that a window reads at a time, and the most for all windows.
const LEAST_WINDOW: usize = 1 << 8;
const WINDOW: usize = 1 << 16;
const WINDOWS: usize = 1 << 21;
/// Steps that are read at a time of what is held out.
pub(crate) const HELD_OUT_STEPS: usize = 64;

/// Why a text cannot be read, or not be read any more.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TextError {
    /// The system refused.
    Io {
        /// What kind of error it was.
        kind: io::ErrorKind,
        /// What it said.
        message: String,
    },
    /// Nothing is in it.
    Empty,
    /// It was to be UTF-8 and is not.
    InvalidUtf8(InvalidUtf8),
    /// It holds characters that the vocabulary of a model lacks.
    Unknown(UnknownCharacters),
    /// The vocabulary of a model has other symbols than it was read as.
    OtherSymbols {
        /// Those of the vocabulary.
        need: Symbols,
    },
    /// It is no longer what it was when it was first read.
    Changed {
        /// About where, in bytes from its start.
        byte: u64,
    },
}

impl fmt::Display for TextError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TextError::Io { message, .. } => write!(f, "{message}"),
            TextError::Empty => write!(f, "the text is empty"),
            TextError::InvalidUtf8(error) => write!(f, "{error}"),
            TextError::Unknown(error) => write!(f, "{error}"),
            TextError::OtherSymbols { need } => {
                let need = need.name();
                write!(f, "the vocabulary is one of {need}: read the text as {need}")
            }
            TextError::Changed { byte } => write!(
                f,
                "the text has changed since the run began, about byte {byte}: give the text as it was"
            ),
        }
    }
}

impl std::error::Error for TextError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            TextError::InvalidUtf8(error) => Some(error),
            TextError::Unknown(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for TextError {
    fn from(error: io::Error) -> Self {
        TextError::Io { kind: error.kind(), message: error.to_string() }
    }
}

/// A text that has been read once, and can be read again at any place.
pub struct Corpus {
    input: Box<dyn Input>,
    symbols: Symbols,
    documents: bool,
    T: usize,
    validation: f64,
    has_byte_order_mark: bool,
    length: u64,
    /// Symbols that are trained on; those after them are held out.
    learned: u64,
    /// The first symbol.
    first: char,
    digest: u64,
    /// Chunks of the documents that are trained on, where it is read as such.
    document_chunks: u64,
    /// By increasing position; never empty.
    marks: Vec<Mark>,
    /// The distinct symbols.
    found: Vocabulary,
    /// That by which indices are given.
    vocabulary: Vocabulary,
    /// By code point: an index, or `u32::MAX`.
    indices: Vec<u32>,
    batch_size: usize,
    /// One for every sequence, and one for what is held out.
    windows: Vec<Window>,
}

impl fmt::Debug for Corpus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Corpus")
            .field("length", &self.length)
            .field("digest", &self.digest)
            .finish_non_exhaustive()
    }
}

/// What lies ahead of one reader.
struct Window {
    decoder: Decoder,
    /// Bytes that the next reading brings at most: few after a jump, then more and more.
    bytes: usize,
    /// The position of the first of the indices.
    first: u64,
    indices: Vec<usize>,
}

impl Corpus {
    /// Reads a text from end to end. `seen` is told now and then how many bytes have been read.
    ///
    /// # Errors
    /// [`TextError`] where it cannot be read, is empty, or is to be characters and no UTF-8.
    pub fn open(
        input: impl Input + 'static,
        settings: &Settings,
        mut seen: impl FnMut(u64),
    ) -> Result<Self, TextError> {
        let symbols = settings.symbols;
        let mut input: Box<dyn Input> = Box::new(input);
        let mut head = Vec::new();
        input.seek(SeekFrom::Start(0))?;
        input.by_ref().take(3).read_to_end(&mut head)?;
        let start = byte_order_mark(symbols, &head) as u64;
        let mut pass = Pass::new(settings, start);
        let mut decoder = Decoder::new(symbols, settings.documents, vec![0; PASS]);
        decoder.seek(start);
        input.seek(SeekFrom::Start(start))?;
        let mut digest = Digest::new();
        loop {
            let read = decoder.fill(&mut input, PASS)?;
            digest = digest.with(read);
            let more = !read.is_empty();
            let decoded = decoder.decode(&mut |symbol, next| pass.take(symbol, next));
            decoded.map_err(TextError::InvalidUtf8)?;
            if !more {
                break;
            }
            seen(decoder.byte);
        }
        let first = (!pass.is_empty()).then_some(pass.first).flatten();
        let first = first.ok_or(TextError::Empty)?;
        let vocabulary = pass.vocabulary(symbols);
        let mut corpus = Corpus {
            input,
            symbols,
            documents: settings.documents,
            T: settings.sequence_length,
            validation: settings.validation,
            has_byte_order_mark: start > 0,
            length: pass.length,
            learned: pass.length - settings.held_out(pass.length),
            first,
            digest: digest.value(),
            document_chunks: pass.chunks,
            marks: pass.marks,
            found: vocabulary.clone(),
            vocabulary: vocabulary.clone(),
            indices: Vec::new(),
            batch_size: 0,
            windows: Vec::new(),
        };
        corpus.use_vocabulary(&vocabulary)?;
        if corpus.documents && corpus.learned < corpus.length {
            corpus.end_with_a_document()?;
        }
        Ok(corpus)
    }

    /// Sees to it that what is trained on are whole documents: more of them where there would be a part of one.
    fn end_with_a_document(&mut self) -> Result<(), TextError> {
        let changed = |byte| TextError::Changed { byte };
        let least = self.learned;
        let after = self.marks.partition_point(|mark| mark.position < least);
        // The first mark is at position 0.
        let mark = self.marks[after.saturating_sub(1)];
        let (mut learned, mut chunks, mut document) = (mark.position + 1, mark.chunks, 0);
        let mut decoder = Decoder::new(self.symbols, true, vec![0; WINDOW]);
        decoder.seek(mark.byte);
        self.input.seek(SeekFrom::Start(mark.byte))?;
        while learned < least {
            if decoder.ended {
                return Err(changed(decoder.byte));
            }
            decoder.fill(&mut self.input, WINDOW)?;
            let decoded = decoder.decode(&mut |symbol, _| match symbol {
                _ if learned >= least => {}
                '\n' => {
                    learned += document + 1;
                    chunks += chunks_of(document, self.T);
                    document = 0;
                }
                _ => document += 1,
            });
            decoded.map_err(|InvalidUtf8 { byte }| changed(byte))?;
        }
        (self.learned, self.document_chunks) = (learned, chunks);
        Ok(())
    }

    /// A text in memory.
    ///
    /// # Errors
    /// [`TextError::Empty`] where it is.
    pub fn of(text: &str, settings: &Settings) -> Result<Self, TextError> {
        let input = Cursor::new(text.as_bytes().to_vec());
        Corpus::open(input, settings, |_| ())
    }

    /// Symbols in all.
    pub fn length(&self) -> u64 {
        self.length
    }

    /// Symbols from its start that are trained on.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// Symbols at its end that are held out.
    pub fn held_out(&self) -> u64 {
        self.length - self.learned
    }

    /// Whether it is read as these settings want it.
    pub(crate) fn is_for(&self, settings: &Settings) -> bool {
        (self.symbols, self.T, self.documents, self.validation)
            == (settings.symbols, settings.sequence_length, settings.documents, settings.validation)
    }

    /// Whether the text begins with a byte-order mark, which is left out.
    pub fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// The distinct symbols; or those of [`Corpus::use_vocabulary`].
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What a model keeps of it.
    pub fn source(&self) -> Source {
        Source {
            digest: self.digest,
            length: usize::try_from(self.length).unwrap_or(usize::MAX),
            start: self.index(self.first).unwrap_or(0),
        }
    }

    /// Indices are from now on those of another vocabulary.
    ///
    /// # Errors
    /// [`TextError::Unknown`] where it lacks symbols of the text, [`TextError::OtherSymbols`] where it has others.
    pub fn use_vocabulary(&mut self, vocabulary: &Vocabulary) -> Result<(), TextError> {
        let need = vocabulary.symbols();
        if need != self.symbols {
            return Err(TextError::OtherSymbols { need });
        }
        let mut unknown = self.found.characters().to_vec();
        unknown.retain(|&c| vocabulary.index(c).is_none());
        if !unknown.is_empty() {
            return Err(TextError::Unknown(UnknownCharacters {
                symbols: self.symbols,
                characters: unknown,
            }));
        }
        let largest = vocabulary.characters().last().map_or(0, |&c| c as usize);
        self.indices = vec![u32::MAX; largest + 1];
        for (index, &c) in (0..).zip(vocabulary.characters()) {
            self.indices[c as usize] = index;
        }
        self.vocabulary = vocabulary.clone();
        Ok(())
    }

    fn index(&self, symbol: char) -> Option<usize> {
        index(&self.indices, symbol)
    }

    /// Makes a window for each sequence of a batch, and one for what is held out.
    ///
    /// # Errors
    /// [`ShapeError`] where there is no memory for them.
    pub(crate) fn split(&mut self, batch_size: usize) -> Result<(), ShapeError> {
        let bytes = (WINDOWS / batch_size.max(1)).clamp(LEAST_WINDOW, WINDOW);
        let indices = Window::indices(self.T, bytes);
        let each = indices.saturating_mul(size_of::<usize>()) + bytes + size_of::<Window>();
        let no_memory = ShapeError::NoMemory { bytes: each.saturating_mul(batch_size) };
        self.windows.clear();
        self.batch_size = batch_size;
        let windows = batch_size.saturating_add(1);
        (self.windows.try_reserve_exact(windows)).map_err(|_| no_memory)?;
        let decoder = |bytes| {
            let bytes = zeros(bytes)?;
            Ok(Decoder::new(self.symbols, self.documents, bytes))
        };
        for _ in 0..batch_size {
            let window = Window::new(decoder(bytes)?, indices);
            self.windows.push(window.ok_or(no_memory)?);
        }
        if self.learned < self.length {
            let indices = Window::indices(HELD_OUT_STEPS, WINDOW);
            let window = Window::new(decoder(WINDOW)?, indices);
            self.windows.push(window.ok_or(no_memory)?);
        }
        Ok(())
    }

    /// Chunks of the documents that are trained on, where it is read as such.
    pub(crate) fn document_chunks(&self) -> u64 {
        self.document_chunks
    }

    /// What a sequence reads at `position`: T inputs, and one symbol more for the last target. In documents it ends with
    /// the document.
    ///
    /// # Errors
    /// [`TextError`] where the text can no longer be read, or is another.
    pub(crate) fn chunk(&mut self, sequence: usize, position: u64) -> Result<&[usize], TextError> {
        self.read(sequence, position, self.T)
    }

    /// The positions of what is held out: from the first that is an input alone to the last, a target alone. In
    /// documents the first is that of the newline before them.
    pub(crate) fn held_out_positions(&self) -> (u64, u64) {
        let first = self.learned - u64::from(self.documents);
        (first, self.length - 1)
    }

    /// As [`Corpus::chunk`], of what is held out: [`HELD_OUT_STEPS`] inputs, or those before the last position.
    ///
    /// # Errors
    /// As [`Corpus::chunk`].
    pub(crate) fn held_out_chunk(&mut self, position: u64) -> Result<&[usize], TextError> {
        let (_, last) = self.held_out_positions();
        let steps = (last - position).min(HELD_OUT_STEPS as u64) as usize;
        self.read(self.batch_size, position, steps)
    }

    /// Up to so many steps through a window.
    fn read(&mut self, window: usize, position: u64, steps: usize) -> Result<&[usize], TextError> {
        let Corpus { windows, marks, input, indices, vocabulary, .. } = self;
        let newline = (self.documents).then(|| vocabulary.index('\n')).flatten();
        let window = &mut windows[window];
        window.turn_to(position, steps, marks, input, indices, newline)?;
        let (at, length) = loop {
            let at = (position - window.first) as usize;
            if let Some(length) = chunk_length(&window.indices[at..], steps, newline) {
                break (at, length);
            }
            window.drop_before(at);
            window.read(input, indices)?;
        };
        Ok(&window.indices[at..at + length])
    }
}

/// Of the chunk that lies ahead, where all of it does: steps + 1, or up to the first newline after its start.
fn chunk_length(ahead: &[usize], steps: usize, newline: Option<usize>) -> Option<usize> {
    let most = steps + 1;
    let chunk = &ahead[..ahead.len().min(most)];
    let end = newline.and_then(|newline| chunk.iter().skip(1).position(|&x| x == newline));
    match end {
        Some(before) => Some(before + 2),
        None => (chunk.len() == most).then_some(most),
    }
}

fn index(indices: &[u32], symbol: char) -> Option<usize> {
    let index = *indices.get(symbol as usize)?;
    (index != u32::MAX).then_some(index as usize)
}

impl Window {
    /// Symbols that it holds at most, with chunks of so many steps: what is left of one, what a reading brings, and
    /// the two that an end may add.
    fn indices(steps: usize, bytes: usize) -> usize {
        steps.saturating_add(bytes + 3)
    }

    /// Nowhere yet; `None` where there is no memory for it.
    fn new(decoder: Decoder, capacity: usize) -> Option<Self> {
        let mut indices = Vec::new();
        indices.try_reserve_exact(capacity).ok()?;
        Some(Window { decoder, bytes: LEAST_WINDOW, first: u64::MAX, indices })
    }

    /// Sees to it that the window begins at or before a position, and ends there or later. Where it has to jump, it
    /// reads about as much as so many steps there need.
    fn turn_to(
        &mut self,
        position: u64,
        steps: usize,
        marks: &[Mark],
        input: &mut impl Input,
        indices: &[u32],
        newline: Option<usize>,
    ) -> Result<(), TextError> {
        if !(self.first..=self.end()).contains(&position) {
            // The first mark is at position 0.
            let after = marks.partition_point(|mark| mark.position <= position);
            let mark = marks[after.saturating_sub(1)];
            self.decoder.seek(mark.byte);
            let before = usize::try_from(position - mark.position).unwrap_or(usize::MAX);
            self.bytes = before.saturating_add(steps).saturating_add(1);
            self.bytes = self.bytes.clamp(LEAST_WINDOW, WINDOW);
            self.first = mark.position;
            self.indices.clear();
            self.indices.extend(newline);
        }
        while self.end() < position {
            self.drop_before(self.indices.len());
            self.read(input, indices)?;
        }
        Ok(())
    }

    fn end(&self) -> u64 {
        self.first.saturating_add(self.indices.len() as u64)
    }

    fn drop_before(&mut self, at: usize) {
        self.indices.drain(..at);
        self.first += at as u64;
    }

    /// Decodes what one reading brings. There has to be more: a text that ends too early is another.
    fn read(&mut self, input: &mut impl Input, indices: &[u32]) -> Result<(), TextError> {
        let changed = |byte| TextError::Changed { byte };
        let ended = self.decoder.ended;
        input.seek(SeekFrom::Start(self.decoder.end()))?;
        self.decoder.fill(input, self.bytes)?;
        self.bytes = (2 * self.bytes).min(WINDOW);
        let mut unknown = None;
        let decoded = &mut self.indices;
        let result = self.decoder.decode(&mut |symbol, next| {
            match index(indices, symbol) {
                Some(index) => decoded.push(index),
                None => unknown = unknown.or(Some(next)),
            };
        });
        result.map_err(|InvalidUtf8 { byte }| changed(byte))?;
        match unknown {
            Some(byte) => Err(changed(byte)),
            None if ended => Err(changed(self.decoder.byte)),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
