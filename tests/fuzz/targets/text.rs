//! Texts read in windows: the same symbols, chunk by chunk, as by the definition, however the bytes come; and
//! a text that becomes another while it is read is an error or is learned, and never a panic. Then it is judged,
//! by a model that knows how it begins: the same rows, however the bytes come.
//!
//! Input: how it is read, in four bytes; then the text.
#![no_main]
#![allow(non_snake_case)]

#[path = "../../library/definition.rs"]
mod definition;
#[path = "shared/memory.rs"]
mod memory;

use elman::text::{Corpus, TextError};
use elman::internals::model::settings_mut;
use elman::inference::{Reading, Score, ScoreBy, TextScorer};
use elman::text::Symbols;
use elman::{Model, Rnn, Settings, Shape, Training, TrainingError, Vocabulary};
use libfuzzer_sys::fuzz_target;
use memory::within;
use std::collections::BTreeSet;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
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
        batch_size: if documents {
            1
        } else {
            usize::from(streams % 4) + 1
        },
        documents,
        symbols,
        ..Settings::default()
    };
    let file = Short::new(text, usize::from(step) + 1);
    judge(&model(text, symbols, settings), text, file.clone());
    let opened = within(ALWAYS, || {
        Corpus::open(file.clone(), &settings, |_| ())
    });
    match (opened, definition::characters(text, symbols, documents)) {
        (Ok(corpus), Ok(_)) if how & 4 != 0 => {
            file.becomes(&text[text.len() / 2..]);
            learn_something_else(corpus, settings);
        }
        (Ok(corpus), Ok(characters)) => definition::compare(corpus, &characters, settings, UPDATES),
        (Err(opened), Err(defined)) => assert_eq!(opened, defined),
        (opened, defined) => panic!("{opened:?} and {defined:?}"),
    }
});

/// A network of one unit that knows the first symbols of a text.
fn model(text: &[u8], symbols: Symbols, settings: Settings) -> Model {
    let start = &text[..text.len().min(30)];
    let known: BTreeSet<char> = match symbols {
        Symbols::Characters => String::from_utf8_lossy(start).chars().collect(),
        Symbols::Bytes => start.iter().map(|&byte| char::from(byte)).collect(),
    };
    let known = known.into_iter().chain(start.is_empty().then_some('a'));
    let vocabulary = Vocabulary::from_characters(symbols, known.collect()).expect("sorted");
    let shape = Shape::new(1, vocabulary.len()).expect("small");
    let rnn = Rnn::random(shape, 1.0, 3).expect("small");
    let mut model = Model::from_parameters(vocabulary, rnn.parameters).expect("numbers");
    // A model of documents may lack the newline here.
    *settings_mut(&mut model) = settings;
    model
}

/// The rows of every extent: those of the text in one piece are those of the text in many.
fn judge(model: &Model, text: &[u8], file: Short) {
    let lines = text.split(|&byte| byte == b'\n').count();
    for extent in [
        ScoreBy::Text,
        ScoreBy::Lines { carry: false },
        ScoreBy::Lines { carry: true },
    ] {
        let whole = rows(model, extent, text);
        assert_eq!(rows(model, extent, file.clone()), whole, "{extent:?}");
        let (rows, error) = whole;
        assert!(rows.len() <= lines && rows.iter().all(|row| row.1.bits.is_finite()));
        assert!(error.is_some() || extent != ScoreBy::Text || rows.len() == 1);
        assert!(error.is_some() || extent == ScoreBy::Text || rows.len() + 1 >= lines);
    }
}

type Rows = Vec<(Option<u64>, Score, Vec<u8>)>;

fn rows(model: &Model, extent: ScoreBy, mut input: impl Read) -> (Rows, Option<(TextError, u64)>) {
    let mut reading = TextScorer::new(model, extent).unwrap();
    let mut rows = Vec::new();
    loop {
        let read = reading.read(&mut input, &mut |row| {
            rows.push((row.line, row.score, row.text.to_vec()));
            ControlFlow::Continue(())
        });
        match read {
            Ok(Reading::End) => return (rows, None),
            Ok(_) => {}
            Err(error) => return (rows, Some((error, reading.line()))),
        }
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
