//! Replaces the characters that a page cannot hold or show.

use elman::text::{Symbols, Vocabulary};

/// Decodes indices; bytes that are not UTF-8 become `\xNN`.
pub fn decoded(vocabulary: &Vocabulary, indices: &[usize]) -> String {
    if vocabulary.symbols() == Symbols::Characters {
        return vocabulary.decode(indices).expect("the characters of the model");
    }
    let mut bytes = Vec::new();
    for &index in indices {
        let written = vocabulary.write(index, &mut bytes);
        written.expect("a vector takes any bytes");
    }
    let chunks = bytes.utf8_chunks();
    chunks.map(|chunk| format!("{}{}", chunk.valid(), chunk.invalid().escape_ascii())).collect()
}

/// Replaces control characters, except line breaks and tabs, by their Unicode pictures or code points, and characters
/// that HTML forbids by their code points.
pub fn visible(text: &str) -> String {
    let mut visible = String::new();
    for character in text.chars() {
        match character {
            '\n' | '\t' => visible.push(character),
            '\0'..='\u{1f}' => visible.extend(char::from_u32(0x2400 + u32::from(character))),
            '\u{7f}' => visible.push('\u{2421}'),
            '\u{80}'..='\u{9f}' | '\u{fdd0}'..='\u{fdef}' => visible += &number(character),
            c if u32::from(c) & 0xfffe == 0xfffe => visible += &number(c),
            _ => visible.push(character),
        }
    }
    visible
}

/// All symbols of a vocabulary, with visible signs for white space and controls.
pub fn signs(vocabulary: &Vocabulary) -> String {
    let sign = |&symbol: &char| match (vocabulary.symbols(), symbol) {
        (_, ' ') => "\u{2423}".to_string(),
        (_, '\n') => "\u{21b5}".to_string(),
        (_, '\t') => "\u{21e5}".to_string(),
        (Symbols::Bytes, '\u{80}'..='\u{ff}') => format!("\\x{:02x}", u32::from(symbol)),
        // Characters that join the one before, or change the direction of the line, become code points.
        (_, c) if stands_alone(c) => visible(&c.to_string()),
        (_, c) => number(c),
    };
    let signs: Vec<String> = vocabulary.characters().iter().map(sign).collect();
    signs.join(" ")
}

/// Returns whether a character is surely visible alone; true for the letters and signs of most texts.
fn stands_alone(c: char) -> bool {
    c.is_control() || c.is_ascii() || c.is_alphanumeric() && !is_joining(c) || is_sign(c)
}

fn is_sign(c: char) -> bool {
    matches!(c, '\u{a1}'..='\u{bf}' | '\u{d7}' | '\u{f7}' | '\u{2010}'..='\u{2027}' | '\u{2030}'..='\u{205e}'
        | '\u{20a0}'..='\u{20bf}' | '\u{2100}'..='\u{2bff}' | '\u{3001}'..='\u{303f}' | '\u{ff01}'..='\u{ffee}'
        | '\u{1f000}'..='\u{1faff}')
}

fn is_joining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{591}'..='\u{5c7}' | '\u{610}'..='\u{61a}'
        | '\u{64b}'..='\u{65f}' | '\u{900}'..='\u{903}' | '\u{93a}'..='\u{94f}' | '\u{1ab0}'..='\u{1aff}'
        | '\u{1dc0}'..='\u{1dff}' | '\u{20d0}'..='\u{20ff}' | '\u{fe00}'..='\u{fe2f}')
}

fn number(character: char) -> String {
    format!("\u{27e8}U+{:04X}\u{27e9}", u32::from(character))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_page_may_hold_is_shown() {
        assert_eq!(visible("a\tb\n<&` \u{5d0}\u{1f600}"), "a\tb\n<&` \u{5d0}\u{1f600}");
        assert_eq!(visible("\0\u{1b}\r\u{7f}"), "\u{2400}\u{241b}\u{240d}\u{2421}");
        assert_eq!(visible("\u{85}\u{fffe}\u{1ffff}\u{fdd0}"), "⟨U+0085⟩⟨U+FFFE⟩⟨U+1FFFF⟩⟨U+FDD0⟩");
    }

    #[test]
    fn bytes_that_are_no_characters_have_numbers() {
        let bytes = ['a', '\u{c3}', '\u{a5}', '\u{ff}'];
        let vocabulary = Vocabulary::from_characters(Symbols::Bytes, {
            let mut sorted = bytes.to_vec();
            sorted.sort_unstable();
            sorted
        });
        let vocabulary = vocabulary.unwrap();
        let indices = bytes.map(|c| vocabulary.index(c).unwrap());
        assert_eq!(decoded(&vocabulary, &indices), "a\u{e5}\\xff");
    }
}
