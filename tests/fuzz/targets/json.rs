//! JSON: what is read here is what serde_json reads, and what is written is read back. A reader can be used
//! after an error.
#![no_main]

use elman::internals::error::FormatError;
use elman::internals::json::{Reader, object, quote};
use libfuzzer_sys::fuzz_target;
use serde_json::from_str;

fuzz_target!(|text: &str| {
    assert_eq!(whole(text, Reader::string), from_str(text).ok());
    assert_eq!(whole(text, Reader::number), from_str(text).ok());
    let numbers: Option<Vec<u64>> = from_str(text).ok();
    let few = numbers.filter(|numbers| numbers.len() <= 3);
    assert_eq!(whole(text, |reader| reader.numbers(3)), few);
    // Theirs keeps one of several members with the same key; so does this table.
    let theirs: Option<std::collections::HashMap<String, u64>> = from_str(text).ok();
    assert_eq!(
        whole(text, members).map(|members| members.into_iter().collect()),
        theirs
    );

    // Who goes on after an error gets others.
    let mut reader = Reader::new(text);
    for byte in text.bytes().take(20) {
        let read = match byte % 4 {
            0 => reader.string().map(drop),
            1 => reader.number().map(drop),
            2 => reader.numbers::<u64>(3).map(drop),
            _ => members(&mut reader).map(drop),
        };
        assert!(read.is_ok() || text.is_char_boundary(reader.position()));
    }

    let quoted = quote(text);
    assert_eq!(whole(&quoted, Reader::string).as_deref(), Some(text));
    assert_eq!(from_str(&quoted).ok(), Some(text.to_string()));

    let written = object([(text, text.into()), ("", (text.len() as f64 / 7.0).into())]);
    let back: serde_json::Value = from_str(&written.to_string()).expect("a value");
    assert_eq!(from_str(&format!("{written:#}")).ok(), Some(back));
});

/// The text as one value, where it is one.
fn whole<'a, T>(
    text: &'a str,
    read: impl FnOnce(&mut Reader<'a>) -> Result<T, FormatError>,
) -> Option<T> {
    let mut reader = Reader::new(text);
    let value = read(&mut reader).and_then(|value| reader.end().map(|()| value));
    assert!(reader.position() <= text.len());
    value.ok()
}

fn members(reader: &mut Reader) -> Result<Vec<(String, u64)>, FormatError> {
    let mut members = Vec::new();
    reader.object(|reader, key| {
        members.push((key, reader.number()?));
        Ok(())
    })?;
    Ok(members)
}
