//! A vocabulary in a few lines.

use crate::cli::format::{columns_of, thousands};
use elman::text::{Symbols, Vocabulary};

const LINES: usize = 3;

/// A vocabulary in quotes, cut to [`LINES`] of so many columns.
pub fn quoted(vocabulary: &Vocabulary, columns: usize) -> String {
    let symbols = vocabulary.characters();
    let escaped = |symbol: char| match (vocabulary.symbols(), u8::try_from(symbol)) {
        (_, Ok(b'\'')) => "'".to_string(),
        (Symbols::Bytes, Ok(byte)) => byte.escape_ascii().to_string(),
        _ => symbol.escape_debug().to_string(),
    };
    let (mut lines, mut column) = (vec!["\"".to_string()], 1);
    let mut written = 0;
    for piece in symbols.iter().map(|&symbol| escaped(symbol)) {
        let width = columns_of(&piece);
        // The last line keeps room for how many there are.
        let room = match lines.len() {
            LINES => columns - 25,
            _ => columns,
        };
        if column + width > room {
            if lines.len() == LINES {
                break;
            }
            lines.push(String::new());
            column = 0;
        }
        lines.last_mut().expect("a line").push_str(&piece);
        column += width;
        written += 1;
    }
    let left = symbols.len() - written;
    let end = match left {
        0 => "\"".to_string(),
        _ => format!("\" and {} more", thousands(left as u64)),
    };
    lines.join("\n") + &end
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(symbols: Symbols, characters: impl Iterator<Item = char>) -> Vocabulary {
        Vocabulary::from_characters(symbols, characters.collect()).unwrap()
    }

    #[test]
    fn a_vocabulary_takes_three_lines_at_most() {
        let few = vocabulary(Symbols::Characters, "\0\n\"'\\a".chars());
        assert_eq!(quoted(&few, 63), r#""\0\n\"'\\a""#);
        let bytes = vocabulary(Symbols::Bytes, "\n'a\u{e9}".chars());
        assert_eq!(quoted(&bytes, 63), r#""\n'a\xe9""#);
        for (symbols, last) in [
            (Symbols::Characters, '\u{ffff}'),
            (Symbols::Characters, '\u{200}'),
            (Symbols::Characters, '\u{ff}'),
            (Symbols::Bytes, '\u{ff}'),
        ] {
            let many = vocabulary(symbols, '\0'..=last);
            let shown = quoted(&many, 63);
            let lines: Vec<&str> = shown.lines().collect();
            assert_eq!(lines.len(), LINES, "{shown}");
            for line in &lines {
                let width = columns_of(line);
                assert!(width <= 63, "{width}: {line}");
            }
            assert!(shown.ends_with(" more"), "{shown}");
        }
        let chinese = vocabulary(Symbols::Characters, '\u{4e00}'..'\u{4e00}');
        assert_eq!(quoted(&chinese, 63), "\"\"");
    }
}
