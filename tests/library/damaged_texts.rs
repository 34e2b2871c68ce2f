//! Texts that were damaged, or never were any: refused where they have to be, else read as they are defined.

use crate::definition;
use elman::random::{Generator, Stream};
use elman::text::{Symbols, TextForm};
use elman::{Corpus, Settings, TextError};
use std::io::Cursor;

/// Characters of every length, and all that ends a line or does not.
const TEXT: &str =
    "\u{feff}anna\r\nbo\r\r\n\n\u{e5}sa\n\r\n\u{65e5}\u{672c}\ny\u{301}\r\n\u{1F600}\0\ttom";

/// What is put into a text.
const ODD: [&[u8]; 12] = [
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\0",
    b"\xef\xbb\xbf",
    b"\xe6\x97",
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    "\u{10FFFF}".as_bytes(),
];

fn damaged(below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
    let mut bytes = TEXT.as_bytes().to_vec();
    for _ in 0..below(4) {
        let at = below(bytes.len() + 1);
        match below(4) {
            0 => bytes.truncate(at),
            1 => drop(bytes.splice(at..at, ODD[below(ODD.len())].iter().copied())),
            2 => drop(bytes.drain(at..bytes.len().min(at + 1 + below(9)))),
            _ => bytes.insert(at, below(256) as u8),
        }
    }
    bytes
}

/// The counts of a text are those of its bytes, without a byte-order mark.
fn assert_form(form: &TextForm, text: &[u8], symbols: Symbols) {
    let mark = "\u{feff}".as_bytes();
    let text = match text.strip_prefix(mark) {
        Some(rest) if symbols == Symbols::Characters => rest,
        _ => text,
    };
    let count = |pattern: &[u8]| {
        text.windows(pattern.len()).filter(|window| *window == pattern).count() as u64
    };
    assert_eq!(form.bytes, text.len() as u64);
    assert_eq!(form.newlines, count(b"\n"));
    assert_eq!(form.returns, count(b"\r"));
    assert_eq!(form.returns_before_newlines, count(b"\r\n"));
    assert_eq!(form.nuls, count(b"\0"));
    assert_eq!(form.invalid, 0);
}

#[test]
fn damaged_texts_are_refused_or_read_as_they_are_defined() {
    let mut generator = Generator::new(2424, Stream::Passage);
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let (mut refused, mut empty, mut read) = (0, 0, 0);
    for _ in 0..4000 {
        let text = damaged(&mut below);
        let symbols = [Symbols::Characters, Symbols::Bytes][usize::from(below(4) == 0)];
        let documents = below(2) == 0;
        let settings = Settings {
            hidden: 1,
            sequence_length: 1 + below(6),
            batch_size: if documents { 1 } else { 1 + below(3) },
            documents,
            symbols,
            ..Settings::default()
        };
        let opened = Corpus::open(Cursor::new(text.clone()), &settings, |_| ());
        match (opened, definition::characters(&text, symbols, documents)) {
            (Ok(corpus), Ok(characters)) => {
                assert_form(corpus.form(), &text, symbols);
                definition::compare(corpus, &characters, settings, 30);
                read += 1;
            }
            (Err(opened), Err(defined)) => {
                assert_eq!(opened, defined, "{text:?}");
                empty += usize::from(opened == TextError::Empty);
                refused += 1;
            }
            (opened, defined) => panic!("{text:?}: {opened:?} and {defined:?}"),
        }
    }
    assert!(refused > 400 && empty > 10 && read > 1000, "{refused} {empty} {read}");
}

/// More than a reading of the first pass, of 262,144 bytes, whose ends cut CRLF in two.
#[test]
fn the_form_of_a_long_text_is_counted_in_full() {
    for before in [0, 1] {
        let text = ["a".repeat(before), "\r\n\0b\u{2028}\r".repeat(60_000)].concat();
        let corpus = Corpus::of(&text, &Settings::default()).unwrap();
        assert_form(corpus.form(), text.as_bytes(), Symbols::Characters);
        assert_eq!(corpus.form().separators, 60_000);
    }
}
