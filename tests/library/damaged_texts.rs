//! Texts that were damaged, or never were any: refused where they have to be, else read as they are defined.

use crate::definition;
use elman::random::{Generator, Stream};
use elman::text::Symbols;
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
