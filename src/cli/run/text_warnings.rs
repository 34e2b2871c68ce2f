//! Texts that are probably not what was meant: what is said about them, and how they are mended.

use crate::cli::format::thousands;
use elman::text::{Symbols, TextForm};
use elman::{Corpus, Settings};

/// UTF-16 of Latin letters has a NUL in every second byte, UTF-32 three in four. What has them in one byte of
/// `NULS` is no text in UTF-8; a few NULs between records are.
const NULS: u64 = 4;
/// The share of NULs, in per cent, between those of UTF-16 and UTF-32.
const NULS_OF_UTF32: u64 = 62;
/// Latin-1 has a letter that is no UTF-8 in every 20th to 50th byte of most languages. A log with strange bytes here and
/// there has fewer than one in `INVALID`, or fewer than `LEAST_INVALID` in all.
const INVALID: u64 = 100;
const LEAST_INVALID: u64 = 20;
/// One line end in so many is a slip, or part of a line's content; more are a habit of whoever wrote the text.
const SLIP: u64 = 100;

/// What carriage returns are in a text that is trained on.
const LEARNED: &str = "is one of the K characters, so losses differ from those of programs that remove it, such as Python";

/// What a text is read as.
#[derive(Clone, Copy)]
pub struct Reading {
    pub symbols: Symbols,
    /// Whether every line is read by itself.
    pub by_lines: bool,
    /// What its carriage returns before newlines are, where they are not dropped.
    pub returns: Option<&'static str>,
}

/// What to say about a text that was opened to be trained on, or for a check.
pub fn of_corpus(place: &str, corpus: &Corpus, settings: &Settings) -> Vec<String> {
    let Settings { symbols, documents, .. } = *settings;
    let mark = corpus.has_byte_order_mark();
    let mark = mark.then(|| format!("{place} begins with a byte-order mark, which is ignored"));
    let reading =
        Reading { symbols, by_lines: documents, returns: (!documents).then_some(LEARNED) };
    mark.into_iter().chain(of_form(place, corpus.form(), reading)).collect()
}

/// What to say about a text of this form: how it is probably encoded, or else how its lines end.
pub fn of_form(place: &str, form: &TextForm, reading: Reading) -> Option<String> {
    let rules: &[Rule] = match (reading.symbols, reading.by_lines) {
        (Symbols::Characters, true) => {
            &[nuls, invalid, ends_in_separators, ends_in_returns, mixed_ends]
        }
        (Symbols::Characters, false) => &[nuls, invalid, ends_in_separators, kept_returns],
        // Who reads bytes wants them as they are.
        (Symbols::Bytes, true) => &[ends_in_returns, mixed_ends],
        (Symbols::Bytes, false) => &[],
    };
    let problem = rules.iter().find_map(|rule| rule(form, reading))?;
    Some(format!("{place}: {problem}"))
}

type Rule = fn(&TextForm, Reading) -> Option<String>;

fn nuls(form: &TextForm, _: Reading) -> Option<String> {
    let TextForm { bytes, nuls, start, .. } = *form;
    let share = (u128::from(nuls) * 100 / u128::from(bytes.max(1))) as u64;
    (nuls > 0 && share >= 100 / NULS).then(|| {
        let encoding = if share < NULS_OF_UTF32 { "UTF-16" } else { "UTF-32" };
        let order = match start {
            // A mark tells it.
            [0xff, 0xfe] | [0xfe, 0xff] => "",
            [0, _] => "BE",
            _ => "LE",
        };
        format!(
            "{share} % of its characters are NUL: is it {encoding}? iconv -f {encoding}{order} -t UTF-8 OLD >NEW \
             converts it"
        )
    })
}

fn invalid(form: &TextForm, _: Reading) -> Option<String> {
    let TextForm { bytes, invalid, .. } = *form;
    (invalid >= LEAST_INVALID && invalid >= bytes / INVALID).then(|| {
        format!(
            "{} sequences of its bytes are not UTF-8, and count as unknown characters: is it Latin-1? \
             iconv -f LATIN1 -t UTF-8 OLD >NEW converts it; a model trained with --bytes reads it as it is",
            thousands(invalid)
        )
    })
}

/// Whether so many line ends are all, but for slips and one end that a tool has added.
fn nearly_all(ends: u64, others: u64) -> bool {
    ends > others && others <= 1 + ends / SLIP
}

fn ends_in_separators(form: &TextForm, _: Reading) -> Option<String> {
    let others = form.newlines + form.returns - form.returns_before_newlines;
    nearly_all(form.separators, others).then(|| {
        "its lines end in U+2028, U+2029 or U+0085 alone, which do not end a line here: \
         perl -pe 's/\\xe2\\x80[\\xa8\\xa9]|\\xc2\\x85/\\n/g' OLD >NEW makes them newlines"
            .to_string()
    })
}

fn ends_in_returns(form: &TextForm, _: Reading) -> Option<String> {
    let alone = form.returns - form.returns_before_newlines;
    nearly_all(alone, form.newlines).then(|| {
        "its lines end in carriage returns (CR) alone, which do not end a line here: tr '\\r' '\\n' <OLD >NEW makes them \
         newlines"
            .to_string()
    })
}

fn mixed_ends(form: &TextForm, _: Reading) -> Option<String> {
    let TextForm { newlines, returns, returns_before_newlines: both, .. } = *form;
    let [lf, cr] = [newlines - both, returns - both];
    let all = lf + cr + both;
    let is_habit = |count: u64| count > 0 && count >= all / SLIP;
    let kinds = [("CRLF", both), ("LF", lf), ("CR", cr)];
    let found = kinds.into_iter().filter(|(_, count)| is_habit(*count));
    let found: Vec<String> =
        found.map(|(name, count)| format!("{} {name}", thousands(count))).collect();
    (found.len() > 1).then(|| {
        let how = if is_habit(cr) {
            "a CR alone does not end a line here; perl -pe 's/\\r\\n?/\\n/g' OLD >NEW makes all of them LF"
        } else {
            "tr -d '\\r' <OLD >NEW makes all of them LF"
        };
        format!("its line ends are mixed, {}: {how}", found.join(", "))
    })
}

fn kept_returns(form: &TextForm, reading: Reading) -> Option<String> {
    let both = form.returns_before_newlines;
    let what = reading.returns.filter(|_| both > 0)?;
    Some(format!(
        "{} of its lines end in CRLF: the carriage return {what}; tr -d '\\r' <OLD >NEW or dos2unix removes it",
        thousands(both)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CORPUS: Reading =
        Reading { symbols: Symbols::Characters, by_lines: false, returns: Some(LEARNED) };
    const LINES: Reading = Reading { symbols: Symbols::Characters, by_lines: true, returns: None };
    const BYTES: Reading = Reading { symbols: Symbols::Bytes, ..CORPUS };

    fn form(bytes: &[u8]) -> TextForm {
        *Corpus::of(&String::from_utf8_lossy(bytes), &Settings::default()).unwrap().form()
    }

    /// Texts, and what is said of each as a corpus and as lines: the words that must be there, or none.
    #[test]
    fn what_is_probably_not_meant_is_told() {
        let utf16: Vec<u8> =
            "the ferry\r\nat nine\r\n".bytes().flat_map(|byte| [byte, 0]).collect();
        let big_endian: Vec<u8> = "the ferry\n".bytes().flat_map(|byte| [0, byte]).collect();
        let utf32: Vec<u8> = "the ferry\n".bytes().flat_map(|byte| [byte, 0, 0, 0]).collect();
        let rare = "ab\n".repeat(99) + "c\r";
        let often = "ab\n".repeat(98) + "c\rd\r";
        let (rare_crlf, crlf) = ("ab\n".repeat(200) + "b\r\n", "ab\r\n".repeat(3));
        for (text, corpus, lines) in [
            (&b"ab\ncd\n"[..], "", ""),
            (b"ab", "", ""),
            (&utf16, "50 % of its characters are NUL: is it UTF-16? iconv -f UTF-16LE", "UTF-16LE"),
            (&big_endian, "50 % of its characters are NUL: is it UTF-16? iconv -f UTF-16BE", "BE"),
            (&utf32, "75 % of its characters are NUL: is it UTF-32? iconv -f UTF-32LE", "UTF-32LE"),
            (b"abc\0", "25 % of its characters are NUL", "25 %"),
            (b"abcd\0", "", ""),
            (b"ab\rcd\r", "", "its lines end in carriage returns (CR) alone"),
            (b"ab\rcd", "", "its lines end in carriage returns (CR) alone"),
            (b"ab\rcd\ref\n", "", "its lines end in carriage returns (CR) alone"),
            (
                b"ab\rcd\n",
                "",
                "its line ends are mixed, 1 LF, 1 CR: a CR alone does not end a line",
            ),
            (b"ab\r\ncd\n", "1 of its lines end in CRLF", "mixed, 1 CRLF, 1 LF: tr -d '\\r'"),
            (
                b"ab\r\ncd\ne\rf",
                "1 of its lines end in CRLF",
                "mixed, 1 CRLF, 1 LF, 1 CR: a CR alone",
            ),
            (rare.as_bytes(), "", "mixed"),
            (often.as_bytes(), "", "mixed, 98 LF, 2 CR"),
            (("ab\n".repeat(100) + &rare).as_bytes(), "", ""),
            (rare_crlf.as_bytes(), "1 of its lines end in CRLF", ""),
            (
                crlf.as_bytes(),
                "3 of its lines end in CRLF: the carriage return is one of the K",
                "",
            ),
            ("ab\u{2028}cd".as_bytes(), "its lines end in U+2028", "its lines end in U+2028"),
            ("ab\u{85}cd\u{2029}e\n".as_bytes(), "its lines end in U+2028", "U+0085"),
            ("ab\u{2028}cd\n".as_bytes(), "", ""),
            ("ab\u{2028}cd\u{2028}e\nf\n".as_bytes(), "", ""),
        ] {
            for (reading, words) in [(CORPUS, corpus), (LINES, lines)] {
                let said = of_form("text", &form(text), reading);
                assert_eq!(said.is_none(), words.is_empty(), "{text:?}: {said:?}");
                let said = said.unwrap_or("text: ".to_string());
                assert!(said.starts_with("text: ") && said.contains(words), "{text:?}: {said}");
            }
        }
        assert_eq!(of_form("text", &form(&utf16), BYTES), None);
        assert_eq!(of_form("text", &form(crlf.as_bytes()), BYTES), None);
        let said = of_form("text", &form(b"a\rb"), Reading { by_lines: true, ..BYTES });
        assert!(said.unwrap().contains("carriage returns"));
    }

    #[test]
    fn bytes_that_are_no_utf8_are_told_where_they_are_many() {
        for (bytes, invalid, is_said) in [
            (128, 3, false),
            (1000, 19, false),
            (1000, 20, true),
            (2099, 20, true),
            (2100, 20, false),
        ] {
            let form = TextForm { bytes, invalid, ..form(b"a") };
            let said = of_form("text", &form, LINES);
            assert_eq!(said.is_some_and(|said| said.contains("Latin-1")), is_said);
        }
    }
}
