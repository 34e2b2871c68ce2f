//! JSON, by RFC 8259: what model files, worked cases and the program's own lines need of it.
//!
//! A [`Reader`] reads what the caller asks for. To write, the caller makes a [`Json`] value.

use crate::formats::error::FormatError;
use std::fmt::{self, Write as _};

pub use crate::formats::reader::Reader;

/// A value to be written. `{}` writes it without spaces. `{:#}` writes it with spaces, and with one line for every
/// member of the outermost object and for every row of a matrix.
///
/// ```
/// use elman::internals::json::{Json, object};
/// let value = object([("a", vec![1u64, 2].into()), ("b", f64::NAN.into())]);
/// assert_eq!(value.to_string(), r#"{"a":[1,2],"b":null}"#);
/// assert_eq!(format!("{value:#}"), "{\n  \"a\": [1, 2],\n  \"b\": null\n}");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub enum Json {
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Whole(u64),
    /// A number, written as the shortest decimal that reads back to the same bits; `null` if it is not finite.
    Number(f64),
    /// A string.
    String(String),
    /// An array.
    Array(Vec<Json>),
    /// An object, with its members in this order.
    Object(Vec<(String, Json)>),
}

/// Makes an object of these members.
pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Json {
    let members = members.into_iter().map(|(key, value)| (key.into(), value));
    Json::Object(members.collect())
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, true)
    }
}

impl Json {
    fn write(&self, f: &mut fmt::Formatter<'_>, is_outermost: bool) -> fmt::Result {
        let comma = if f.alternate() { ", " } else { "," };
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(value) => write!(f, "{value}"),
            Json::Whole(number) => write!(f, "{number}"),
            Json::Number(number) if number.is_finite() => write!(f, "{number:?}"),
            Json::Number(_) => f.write_str("null"),
            Json::String(string) => f.write_str(&quote(string)),
            Json::Array(elements) => {
                f.write_str("[")?;
                for (i, element) in elements.iter().enumerate() {
                    let is_row = f.alternate() && matches!(element, Json::Array(_));
                    match (is_row, i) {
                        (true, 0) => f.write_str("\n    ")?,
                        (true, _) => f.write_str(",\n    ")?,
                        (false, 0) => {}
                        (false, _) => f.write_str(comma)?,
                    }
                    element.write(f, false)?;
                }
                f.write_str("]")
            }
            Json::Object(members) => {
                let by_lines = is_outermost && f.alternate();
                let (start, comma, end) =
                    if by_lines { ("{\n  ", ",\n  ", "\n}") } else { ("{", comma, "}") };
                let colon = if f.alternate() { ": " } else { ":" };
                f.write_str(start)?;
                for (i, (key, value)) in members.iter().enumerate() {
                    write!(f, "{}{}{colon}", if i > 0 { comma } else { "" }, quote(key))?;
                    value.write(f, false)?;
                }
                f.write_str(end)
            }
        }
    }
}

macro_rules! json_from {
    ($($type:ty => $json:expr;)*) => {
        $(impl From<$type> for Json {
            fn from(value: $type) -> Self {
                $json(value.into())
            }
        })*
    };
}

json_from! {
    bool => Json::Bool;
    u64 => Json::Whole;
    u32 => Json::Whole;
    f64 => Json::Number;
    &str => Json::String;
    String => Json::String;
}

impl From<usize> for Json {
    fn from(number: usize) -> Self {
        Json::Whole(number as u64)
    }
}

impl<T: Into<Json>> From<Option<T>> for Json {
    fn from(value: Option<T>) -> Self {
        value.map_or(Json::Null, T::into)
    }
}

impl<T: Into<Json>> From<Vec<T>> for Json {
    fn from(values: Vec<T>) -> Self {
        Json::Array(values.into_iter().map(T::into).collect())
    }
}

impl Reader<'_> {
    /// Reads an object. `member` is called after every key, and has to read its value.
    pub fn object(
        &mut self,
        mut member: impl FnMut(&mut Self, String) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        self.items(*b"{}", "an object", |reader| {
            let key = reader.string()?;
            reader.expect(b':', "':' after a key")?;
            member(reader, key)
        })
    }

    /// Reads an array. `element` has to read each of its values.
    pub fn array(
        &mut self,
        element: impl FnMut(&mut Self) -> Result<(), FormatError>,
    ) -> Result<(), FormatError> {
        self.items(*b"[]", "an array", element)
    }

    /// Reads a number with or without sign, fraction and exponent. Returns the nearest double.
    pub fn float(&mut self) -> Result<f64, FormatError> {
        self.skip_space();
        let rest = &self.text[self.at..];
        let (number, rest) = rest.split_at(float_length(rest.as_bytes()).unwrap_or(0));
        match number.parse::<f64>() {
            // What goes on is no number: `01`, `1.`, `1e`.
            Ok(x)
                if x.is_finite()
                    && !rest.starts_with(|c| matches!(c, '0'..='9' | '.' | 'e' | 'E')) =>
            {
                self.at += number.len();
                Ok(x)
            }
            _ => Err(self.error("a number that a double holds")),
        }
    }

    /// Reads a string, and decodes its escapes.
    pub fn string(&mut self) -> Result<String, FormatError> {
        self.expect(b'"', "a string")?;
        let mut string = String::new();
        loop {
            let rest = &self.text[self.at..];
            let plain = rest
                .bytes()
                .position(|byte| matches!(byte, b'"' | b'\\' | 0..=0x1f))
                .ok_or_else(|| self.error("a closing quote"))?;
            string.push_str(&rest[..plain]);
            self.at += plain;
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    return Ok(string);
                }
                Some(b'\\') => {
                    let (character, length) = escape(&self.text[self.at..])
                        .ok_or_else(|| self.error("a valid escape"))?;
                    string.push(character);
                    self.at += length;
                }
                _ => return Err(self.error("no control character in a string")),
            }
        }
    }
}

/// The character of the escape at the start of a text, and the length of the escape.
fn escape(text: &str) -> Option<(char, usize)> {
    let character = match *text.as_bytes().get(1)? {
        kind @ (b'"' | b'\\' | b'/') => char::from(kind),
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => {
            return match code_unit(text)? {
                high @ 0xd800..0xdc00 => match code_unit(text.get(6..)?)? {
                    low @ 0xdc00..0xe000 => {
                        char::from_u32(0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00))
                            .map(|character| (character, 12))
                    }
                    _ => None,
                },
                code => char::from_u32(code).map(|character| (character, 6)),
            };
        }
        _ => return None,
    };
    Some((character, 2))
}

/// The number of an escape `\u` and four hexadecimal digits.
fn code_unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    let are_digits = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    are_digits.then(|| u32::from_str_radix(digits, 16).ok())?
}

/// The length in bytes of the number at the start of a text.
fn float_length(text: &[u8]) -> Option<usize> {
    let digits = |from: usize| {
        let digits = text.get(from..).unwrap_or_default().iter();
        digits.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let mut at = usize::from(text.first() == Some(&b'-'));
    at += match text.get(at)? {
        b'0' => 1,
        b'1'..=b'9' => digits(at),
        _ => return None,
    };
    if text.get(at) == Some(&b'.') && digits(at + 1) > 0 {
        at += 1 + digits(at + 1);
    }
    if matches!(text.get(at), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(text.get(at + 1), Some(b'+' | b'-')));
        if digits(at + 1 + sign) > 0 {
            at += 1 + sign + digits(at + 1 + sign);
        }
    }
    Some(at)
}

/// Writes a string as JSON, with its quotes. Control characters and the line and paragraph separators are escaped,
/// because some programs, such as Python's `splitlines`, take them for line ends.
///
/// ```
/// assert_eq!(elman::internals::json::quote("a\"b\n"), r#""a\"b\n""#);
/// ```
pub fn quote(string: &str) -> String {
    let mut quoted = String::from('"');
    for character in string.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '\0'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{2028}' | '\u{2029}' => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(character));
            }
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_with_and_without_spaces() {
        let rows = Json::Array(vec![vec![0.5, -0.0].into(), vec![5e-324, 1e300].into()]);
        let inner = object([("é\n", Json::from(true)), ("none", None::<u64>.into())]);
        let value = object([
            ("rows", rows),
            ("cube", Json::Array(vec![Json::Array(vec![vec![1u64].into()])])),
            ("text", "a\"b".into()),
            ("largest", u64::MAX.into()),
            ("inner", inner),
            ("empty", Json::Array(vec![])),
            ("infinite", f64::INFINITY.into()),
        ]);
        assert_eq!(
            value.to_string(),
            r#"{"rows":[[0.5,-0.0],[5e-324,1e300]],"cube":[[[1]]],"text":"a\"b","largest":18446744073709551615,"#
                .to_string()
                + r#""inner":{"é\n":true,"none":null},"empty":[],"infinite":null}"#
        );
        let lines = [
            "{",
            "  \"rows\": [",
            "    [0.5, -0.0],",
            "    [5e-324, 1e300]],",
            "  \"cube\": [",
            "    [",
            "    [1]]],",
            "  \"text\": \"a\\\"b\",",
            "  \"largest\": 18446744073709551615,",
            "  \"inner\": {\"é\\n\": true, \"none\": null},",
            "  \"empty\": [],",
            "  \"infinite\": null",
            "}",
        ];
        assert_eq!(format!("{value:#}"), lines.join("\n"));
    }

    fn string(text: &str) -> Result<String, FormatError> {
        let mut reader = Reader::new(text);
        let string = reader.string()?;
        reader.end().map(|()| string)
    }

    #[test]
    fn strings_round_trip() {
        let all: String = ('\0'..'\u{250}')
            .chain("\u{2027}\u{2028}\u{2029}\u{202a}日\u{1F600}\u{10FFFF}".chars())
            .collect();
        assert_eq!(string(&quote(&all)), Ok(all));
        assert_eq!(string(r#" "\u0041\ud83d\ude00\/\b\f" "#).unwrap(), "A\u{1F600}/\u{8}\u{c}");
    }

    /// What ends a line in Python, JavaScript or a terminal, and every other control.
    #[test]
    fn nothing_that_may_end_a_line_is_written_raw() {
        for character in ('\0'..='\u{10ffff}').filter(|&c| c != '"' && c != '\\') {
            let is_escaped = quote(&character.to_string()) != format!("\"{character}\"");
            let may_end_a_line = matches!(character, '\u{2028}' | '\u{2029}');
            assert_eq!(is_escaped, character.is_control() || may_end_a_line, "{character:?}");
        }
        assert_eq!(quote("\u{85}\u{7f}\u{9f}\u{2028}"), r#""\u0085\u007f\u009f\u2028""#);
        assert_eq!(quote("\u{a0}\u{2027}\u{202a}"), "\"\u{a0}\u{2027}\u{202a}\"");
    }

    #[test]
    fn wrong_strings_are_located() {
        for (text, byte) in [
            ("", 0),
            ("x", 0),
            ("\"abc", 1),
            ("\"a\nb\"", 2),
            ("\"a\\x\"", 2),
            ("\"\\", 1),
            ("\"\\u12", 1),
            ("\"\\u+123\"", 1),
            ("\"\\u12é\"", 1),
            ("\"\\ud800\"", 1),
            ("\"\\ud800\\u0041\"", 1),
            ("\"\\udc00\"", 1),
            ("\"\" x", 3),
        ] {
            let error = string(text).unwrap_err().to_string();
            assert!(error.starts_with(&format!("byte {byte}: expected ")), "{text:?}: {error}");
        }
    }

    /// Who goes on after an error gets others.
    #[test]
    fn a_reader_can_be_used_after_an_error() {
        for text in ["\"\\\u{e9}1", "\"\\u12\u{e9}", "\u{65e5}", "\"\\ud800\\\u{1F600}"] {
            let mut reader = Reader::new(text);
            assert!(reader.string().is_err(), "{text:?}");
            let byte = reader.position();
            assert!(text.is_char_boundary(byte), "{text:?}: byte {byte}");
            let _ = (reader.number(), reader.string(), reader.end());
        }
    }

    #[test]
    fn floats_are_the_nearest_doubles() {
        let float = |text| {
            let mut reader = Reader::new(text);
            let number = reader.float()?;
            reader.end().map(|()| number)
        };
        for (text, number) in [
            ("0", 0.0),
            (" -12.5e-1 ", -1.25),
            ("1E+2", 100.0),
            ("0.1", 0.1),
            ("5e-324", f64::from_bits(1)),
            ("1.7976931348623157e308", f64::MAX),
            ("1e-999", 0.0),
        ] {
            assert_eq!(float(text), Ok(number), "{text:?}");
        }
        assert_eq!(float("-0.0").unwrap().to_bits(), (-0.0f64).to_bits());
        for text in [
            "", "-", "+1", "01", "1.", ".5", "1e", "1e+", "1.e3", "--1", "1e400", "NaN",
            "Infinity", "0x1", "x",
        ] {
            assert!(float(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn arrays_call_for_every_element() {
        let read = |text| {
            let mut elements = Vec::new();
            let mut reader = Reader::new(text);
            reader.array(|reader| {
                elements.push(reader.float()?);
                Ok(())
            })?;
            reader.end().map(|()| elements)
        };
        assert_eq!(read(" [ ] "), Ok(vec![]));
        assert_eq!(read("[1, 2.5 ,3]"), Ok(vec![1.0, 2.5, 3.0]));
        for text in ["[1,]", "[1", "[1 2]", "1", "[,1]"] {
            assert!(read(text).is_err(), "{text:?}");
        }
        let mut reader = Reader::new(" null x");
        assert!(!reader.word("nul1") && reader.word("null"));
        assert_eq!(reader.next_byte(), Some(b'x'));
    }

    #[test]
    fn objects_call_for_every_member() {
        let read = |text| {
            let mut members = Vec::new();
            let mut reader = Reader::new(text);
            reader.object(|reader, key| {
                members.push((key, reader.number()?));
                Ok(())
            })?;
            reader.end().map(|()| members)
        };
        assert_eq!(read("{ }"), Ok(vec![]));
        assert_eq!(read("{\"a\":1 , \"b\" : 2}").unwrap().len(), 2);
        for text in ["{", "{\"a\"}", "{\"a\":1", "{\"a\":1,}", "{a:1}", "{\"a\":1}}", "[]"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
