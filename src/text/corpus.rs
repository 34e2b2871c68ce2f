//! Texts of any length as sequences of indices, read in windows.

use crate::digest::Digest;
use crate::network::parameters::{ShapeError, room, zeros};
use crate::settings::Settings;
use crate::text::decoder::{Decoder, byte_order_mark};
use crate::text::error::TextError;
use crate::text::form::TextForm;
use crate::text::pass::{Mark, Pass, chunks_of};
use crate::text::vocabulary::{UnknownCharacters, Vocabulary};
use crate::text::window::{self, Input, SymbolIndices, Window};
use std::fmt;
use std::io::{Cursor, Read, Seek, SeekFrom};

/// The text that a model was trained on, as the model records it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The FNV-1a digest, 64 bits, of the bytes of the text without a byte-order mark.
    pub digest: u64,
    /// The number of characters of the text (or bytes, if it is read as bytes).
    pub length: u64,
    /// The index of the first character; with documents, of the newline before the first document.
    pub start: usize,
}

/// The number of bytes that the first pass reads at a time.
const PASS: usize = 1 << 18;
/// The largest number of bytes that the windows of all sequences read at a time.
const ALL_WINDOWS: usize = 1 << 21;
/// The number of steps of the held-out text that are read at a time.
pub(crate) const HELD_OUT_STEPS: usize = 64;

/// A text that has been read once, and can be read again from any place.
///
/// [`Corpus::open`] reads the text from start to end. This gives its vocabulary, length and digest, and marks from
/// which any place is found again. Training then reads the text in windows, so a text of any length can be trained on.
/// A text in memory ([`Corpus::of`]) is read in the same way.
///
/// With documents ([`Settings::documents`]), the sequence of characters is a newline, and then every line that is not
/// blank, with a newline after it. A carriage return before a newline is left out. So each newline ends one document
/// and begins the next.
///
/// If a fraction of the text is held out ([`Settings::held_out`]), training reads the text before it. A document is
/// held out whole or not at all: the text is cut at the first end of a document after which no more than the fraction
/// is left.
pub struct Corpus {
    input: Box<dyn Input>,
    /// The settings that the text was opened with.
    settings: Settings,
    has_byte_order_mark: bool,
    form: TextForm,
    length: u64,
    /// The number of symbols to train on. The symbols after them are held out.
    learned: u64,
    first: char,
    digest: u64,
    /// The number of chunks of the documents to train on.
    document_chunks: u64,
    /// The marks by increasing position; never empty.
    marks: Vec<Mark>,
    /// The distinct symbols of the text.
    found: Vocabulary,
    /// The vocabulary that gives the indices.
    vocabulary: Vocabulary,
    indices: SymbolIndices,
    /// The first window is for the held-out text, the others are for the sequences of a batch.
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

impl Corpus {
    /// Reads a text from start to end. Calls `seen` now and then with the number of bytes read so far.
    ///
    /// # Errors
    /// [`TextError`] if a setting is out of range, if the text cannot be read or is empty, or if it is read as
    /// characters and is not UTF-8.
    pub fn open(
        input: impl Input + 'static,
        settings: &Settings,
        mut seen: impl FnMut(u64),
    ) -> Result<Self, TextError> {
        settings.check()?;
        let Settings { symbols, documents, .. } = *settings;
        let mut input: Box<dyn Input> = Box::new(input);
        let mut head = Vec::new();
        input.seek(SeekFrom::Start(0))?;
        input.by_ref().take(3).read_to_end(&mut head)?;
        let start = byte_order_mark(symbols, &head) as u64;
        let mut pass = Pass::new(settings, start);
        let mut decoder = Decoder::new(symbols, documents, vec![0; PASS]);
        decoder.seek(start);
        input.seek(SeekFrom::Start(start))?;
        let (mut digest, mut form) = (Digest::new(), TextForm::default());
        loop {
            let read = decoder.fill(&mut input, PASS)?;
            digest = digest.with(read);
            form.add(read);
            let more = !read.is_empty();
            decoder.decode(&mut |symbol, next| pass.take(symbol, next))?;
            if !more {
                break;
            }
            seen(decoder.byte);
        }
        let first = pass.first.filter(|_| !pass.is_empty()).ok_or(TextError::Empty)?;
        let vocabulary = pass.vocabulary(symbols);
        let learned = pass.length - settings.held_out(pass.length);
        let bytes = if learned < pass.length { window::MOST } else { 0 };
        let decoder = Decoder::new(symbols, documents, vec![0; bytes]);
        let indices = Vec::with_capacity(Window::capacity(HELD_OUT_STEPS, bytes));
        let mut corpus = Corpus {
            input,
            settings: *settings,
            has_byte_order_mark: start > 0,
            form,
            length: pass.length,
            learned,
            first,
            digest: digest.value(),
            document_chunks: pass.chunks,
            marks: pass.marks,
            indices: SymbolIndices::new(&vocabulary, documents),
            found: vocabulary.clone(),
            vocabulary,
            windows: vec![Window::new(decoder, indices)],
        };
        if documents && learned < corpus.length {
            corpus.end_with_a_document()?;
        }
        Ok(corpus)
    }

    /// Moves the cut to the end of a document. A document that it would divide is trained on.
    fn end_with_a_document(&mut self) -> Result<(), TextError> {
        let after = self.marks.partition_point(|mark| mark.position < self.learned);
        // The first mark is at position 0.
        let mark = self.marks[after.saturating_sub(1)];
        let (mut document, mut chunks, mut position) = (mark.position, mark.chunks, mark.position);
        let newline = self.vocabulary.index('\n');
        while document + 1 < self.learned {
            let read = self.read(0, position, HELD_OUT_STEPS)?;
            let ends = read.last().copied() == newline;
            position += read.len() as u64 - 1;
            if ends {
                chunks += chunks_of(position - document, self.settings.sequence_length);
                document = position;
            }
        }
        (self.learned, self.document_chunks) = (document + 1, chunks);
        Ok(())
    }

    /// Makes a corpus of a text in memory.
    ///
    /// # Errors
    /// [`TextError`] if a setting is out of range, or if the text is empty.
    pub fn of(text: &str, settings: &Settings) -> Result<Self, TextError> {
        Corpus::open(Cursor::new(text.as_bytes().to_vec()), settings, |_| ())
    }

    /// The number of characters of the text (or bytes, if it is read as bytes).
    pub fn length(&self) -> u64 {
        self.length
    }

    /// The number of characters to train on. They are the start of the text.
    pub fn learned(&self) -> u64 {
        self.learned
    }

    /// The number of characters that are held out. They are the end of the text.
    pub fn held_out(&self) -> u64 {
        self.length - self.learned
    }

    /// The settings that the text was opened with.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Whether the text begins with a byte-order mark. The mark is left out.
    pub fn has_byte_order_mark(&self) -> bool {
        self.has_byte_order_mark
    }

    /// The counts of its line ends, and of signs of another encoding.
    pub fn form(&self) -> &TextForm {
        &self.form
    }

    /// The distinct characters of the text, or the vocabulary of [`Corpus::use_vocabulary`].
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }

    /// What a model records of the text.
    pub fn source(&self) -> Source {
        Source {
            digest: self.digest,
            length: self.length,
            start: self.vocabulary.index(self.first).unwrap_or(0),
        }
    }

    /// Uses the indices of another vocabulary from now on, for example those of a trained model.
    ///
    /// # Errors
    /// [`TextError::Unknown`] if the vocabulary lacks characters of the text. [`TextError::OtherSymbols`] if one of the
    /// two is of bytes and the other of characters.
    pub fn use_vocabulary(&mut self, vocabulary: &Vocabulary) -> Result<(), TextError> {
        let (need, symbols) = (vocabulary.symbols(), self.settings.symbols);
        if need != symbols {
            return Err(TextError::OtherSymbols { need });
        }
        let mut characters = self.found.characters().to_vec();
        characters.retain(|&c| vocabulary.index(c).is_none());
        if !characters.is_empty() {
            return Err(TextError::Unknown(UnknownCharacters { symbols, characters }));
        }
        self.indices = SymbolIndices::new(vocabulary, self.settings.documents);
        self.vocabulary = vocabulary.clone();
        Ok(())
    }

    /// Makes a window for each sequence of a batch.
    pub(crate) fn split(&mut self, batch_size: usize) -> Result<(), ShapeError> {
        let Settings { symbols, documents, sequence_length: T, .. } = self.settings;
        let bytes = (ALL_WINDOWS / batch_size.max(1)).clamp(window::LEAST, window::MOST);
        let mut windows = room(batch_size.saturating_add(1))?;
        windows.extend(self.windows.drain(..1));
        for _ in 0..batch_size {
            let decoder = Decoder::new(symbols, documents, zeros(bytes)?);
            windows.push(Window::new(decoder, room(Window::capacity(T, bytes))?));
        }
        self.windows = windows;
        Ok(())
    }

    /// The number of chunks of the documents to train on.
    pub(crate) fn document_chunks(&self) -> u64 {
        self.document_chunks
    }

    /// What a sequence reads at `position`: T inputs and the last target. With documents a chunk ends where its
    /// document ends.
    pub(crate) fn chunk(&mut self, sequence: usize, position: u64) -> Result<&[usize], TextError> {
        self.read(sequence + 1, position, self.settings.sequence_length)
    }

    /// The positions of the first input and of the last target of the held-out text. With documents the first input is
    /// the newline before the held-out documents.
    pub(crate) fn held_out_positions(&self) -> (u64, u64) {
        (self.learned - u64::from(self.settings.documents), self.length - 1)
    }

    /// The same as [`Corpus::chunk`], for the held-out text: [`HELD_OUT_STEPS`] inputs, or fewer at its end.
    pub(crate) fn held_out_chunk(&mut self, position: u64) -> Result<&[usize], TextError> {
        let (_, last) = self.held_out_positions();
        let steps = (last - position).min(HELD_OUT_STEPS as u64) as usize;
        self.read(0, position, steps)
    }

    fn read(&mut self, window: usize, position: u64, steps: usize) -> Result<&[usize], TextError> {
        let Corpus { windows, marks, input, indices, .. } = self;
        windows[window].chunk(position, steps, marks, input, indices)
    }
}

#[cfg(test)]
mod tests;
