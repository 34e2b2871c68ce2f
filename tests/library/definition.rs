//! Texts as they are defined, all of one at once: what reading them in windows is compared with.

use elman::text::Symbols;
use elman::text::TextError;
use elman::{Corpus, Settings, Training, TrainingError};

/// The characters of a text; of documents, with a newline before the first and after each.
pub fn characters(text: &[u8], symbols: Symbols, documents: bool) -> Result<Vec<char>, TextError> {
    let characters = match symbols {
        Symbols::Bytes => text.iter().map(|&byte| char::from(byte)).collect(),
        Symbols::Characters => decoded(text)?,
    };
    let characters = if documents { lines(&characters) } else { characters };
    // A newline alone begins no document.
    if characters.len() > usize::from(documents) { Ok(characters) } else { Err(TextError::Empty) }
}

fn decoded(text: &[u8]) -> Result<Vec<char>, TextError> {
    let rest = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
    let decoded = std::str::from_utf8(rest).map_err(|error| {
        let byte = (text.len() - rest.len() + error.valid_up_to()) as u64;
        TextError::InvalidUtf8 { byte }
    })?;
    Ok(decoded.chars().collect())
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

/// The chunks of an epoch of the first stream, each with one character more for the last target.
pub fn chunks<'a>(characters: &'a [char], settings: &Settings) -> Vec<&'a [char]> {
    let T = settings.sequence_length;
    let part = &characters[..characters.len() / settings.batch_size];
    let (mut chunks, mut at) = (Vec::new(), 0);
    while at + 1 < part.len() {
        let rest = &part[at..part.len().min(at + T + 1)];
        let end = (rest.iter().skip(1)).position(|&c| settings.documents && c == '\n');
        let chunk = end.map_or(rest, |end| &rest[..end + 2]);
        if end.is_none() && chunk.len() < T + 1 {
            break;
        }
        chunks.push(chunk);
        at += chunk.len() - 1;
    }
    chunks
}

/// Learns two epochs of a text, or so many updates, and sees to it that every chunk is the defined one.
pub fn compare(corpus: Corpus, characters: &[char], settings: Settings, updates: usize) {
    assert_eq!(corpus.length(), characters.len() as u64);
    let mut training = match Training::begin(corpus, settings) {
        Ok(training) => training,
        Err(TrainingError::TextTooShort { .. }) => {
            return assert!(characters.len() < settings.least_characters());
        }
        Err(error) => panic!("{error}"),
    };
    let expected = chunks(characters, &settings);
    assert_eq!(training.updates_per_epoch(), expected.len() as u64);
    for chunk in expected.iter().chain(&expected).take(updates) {
        training.update().expect("a finite loss");
        let (inputs, targets) = training.chunk();
        let vocabulary = training.model().vocabulary().characters();
        let of =
            |indices: &[usize]| -> Vec<char> { indices.iter().map(|&x| vocabulary[x]).collect() };
        assert_eq!(of(inputs), chunk[..chunk.len() - 1]);
        assert_eq!(of(targets), chunk[1..]);
    }
}
