//! Texts read in windows: the same symbols, chunk by chunk, as by the definition, however the bytes come; and
//! a text that becomes another while it is read is an error or is learned, and never a panic.
//!
//! Input: how it is read, in four bytes; then the text.
#![no_main]
#![allow(non_snake_case)]

#[path = "shared/memory.rs"]
mod memory;

use elman::corpus::{Corpus, TextError};
use elman::text::{InvalidUtf8, Symbols};
use elman::{Settings, Training, TrainingError};
use libfuzzer_sys::fuzz_target;
use memory::within;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex};

/// What opening and reading a text takes whatever its size: windows, and tables by code point.
const ALWAYS: usize = 12 << 20;
/// Updates that are made at most.
const UPDATES: usize = 300;

fuzz_target!(|input: &[u8]| {
    let Some((&[how, T, streams, step], text)) = input.split_first_chunk() else {
        return;
    };
    let documents = how & 1 != 0;
    let symbols = if how & 2 != 0 {
        Symbols::Bytes
    } else {
        Symbols::Characters
    };
    let settings = Settings {
        hidden: 1,
        sequence_length: usize::from(T % 20) + 1,
        streams: if documents {
            1
        } else {
            usize::from(streams % 4) + 1
        },
        documents,
        ..Settings::default()
    };
    let file = Short::new(text, usize::from(step) + 1);
    let opened = within(ALWAYS, || {
        Corpus::open(file.clone(), symbols, &settings, |_| ())
    });
    let defined = define(text, symbols, documents);
    let corpus = match (opened, defined) {
        (Ok(corpus), Ok(characters)) => {
            assert_eq!(corpus.length(), characters.len() as u64);
            if how & 4 != 0 {
                file.becomes(&text[text.len() / 2..]);
                learn_something_else(corpus, settings);
                return;
            }
            (corpus, characters)
        }
        (Err(opened), Err(defined)) => return assert_eq!(opened, defined),
        (opened, defined) => panic!("{opened:?} and {defined:?}"),
    };
    compare(corpus.0, &corpus.1, settings);
});

/// The text as it is defined, all of it at once.
fn define(text: &[u8], symbols: Symbols, documents: bool) -> Result<Vec<char>, TextError> {
    let characters: Vec<char> = match symbols {
        Symbols::Bytes => text.iter().map(|&byte| char::from(byte)).collect(),
        Symbols::Characters => {
            let rest = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
            let decoded = std::str::from_utf8(rest).map_err(|error| {
                let byte = (text.len() - rest.len() + error.valid_up_to()) as u64;
                TextError::InvalidUtf8(InvalidUtf8 { byte })
            })?;
            decoded.chars().collect()
        }
    };
    let characters = match documents {
        true => lines(&characters),
        false => characters,
    };
    // A newline alone begins no document.
    match characters.len() > usize::from(documents) {
        true => Ok(characters),
        false => Err(TextError::Empty),
    }
}

fn lines(characters: &[char]) -> Vec<char> {
    let mut documents = vec!['\n'];
    for line in characters.split(|&c| c == '\n') {
        let line = line.strip_suffix(&['\r']).unwrap_or(line);
        if !line.is_empty() {
            documents.extend(line);
            documents.push('\n');
        }
    }
    documents
}

/// Two epochs, or as much of them as is not too long.
fn compare(corpus: Corpus, characters: &[char], settings: Settings) {
    let T = settings.sequence_length;
    let mut training = match Training::begin(corpus, settings) {
        Ok(training) => training,
        Err(error) => {
            assert!(
                matches!(error, TrainingError::TextTooShort { .. }),
                "{error}"
            );
            assert!(characters.len() < settings.least_characters());
            return;
        }
    };
    let part = &characters[..characters.len() / settings.streams];
    let mut expected = Vec::new();
    let mut at = 0;
    while at + 1 < part.len() {
        let rest = &part[at..part.len().min(at + T + 1)];
        let end = rest
            .iter()
            .skip(1)
            .position(|&c| settings.documents && c == '\n');
        let chunk = end.map_or(rest, |end| &rest[..end + 2]);
        if end.is_none() && chunk.len() < T + 1 {
            break;
        }
        expected.push(chunk);
        at += chunk.len() - 1;
    }
    assert_eq!(training.updates_per_epoch(), expected.len() as u64);
    for chunk in expected.iter().chain(&expected).take(UPDATES) {
        training.update().expect("a finite loss");
        let (inputs, targets) = training.chunk();
        let vocabulary = training.model().vocabulary.characters();
        let of =
            |indices: &[usize]| -> Vec<char> { indices.iter().map(|&x| vocabulary[x]).collect() };
        assert_eq!(of(inputs), chunk[..chunk.len() - 1]);
        assert_eq!(of(targets), chunk[1..]);
    }
}

fn learn_something_else(corpus: Corpus, settings: Settings) {
    let Ok(mut training) = Training::begin(corpus, settings) else {
        return;
    };
    for _ in 0..20 {
        match training.update() {
            Ok(_) => {}
            Err(TrainingError::Text(TextError::Changed { .. })) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// A file that gives few bytes at a time, and may become another.
#[derive(Clone)]
struct Short {
    bytes: Arc<Mutex<Vec<u8>>>,
    at: usize,
    step: usize,
}

impl Short {
    fn new(bytes: &[u8], step: usize) -> Self {
        Short {
            bytes: Arc::new(Mutex::new(bytes.to_vec())),
            at: 0,
            step,
        }
    }

    fn becomes(&self, bytes: &[u8]) {
        *self.bytes.lock().expect("one thread") = bytes.to_vec();
    }
}

impl Read for Short {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let bytes = self.bytes.lock().expect("one thread");
        let mut rest = bytes.get(self.at..).unwrap_or_default();
        let step = self.step.min(buffer.len());
        let count = rest.read(&mut buffer[..step])?;
        self.at += count;
        Ok(count)
    }
}

impl Seek for Short {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let SeekFrom::Start(at) = to else {
            return Err(io::ErrorKind::Unsupported.into());
        };
        self.at = at as usize;
        Ok(at)
    }
}
