//! Values of settings and plans, as options and model files write them.

use std::fmt;
use std::num::IntErrorKind;

/// A value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// A whole number.
    Count(u64),
    /// A number; infinite for `none`.
    Number(f64),
    /// One of a few words.
    Word(&'static str),
    /// Yes or no: an option without a value.
    Switch(bool),
}

/// Writes the value as options and model files do: a number as the shortest decimal that reads back to the same bits.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Count(count) => write!(f, "{count}"),
            Value::Number(f64::INFINITY) => write!(f, "none"),
            Value::Number(number) => write!(f, "{number:?}"),
            Value::Word(word) => write!(f, "{word}"),
            Value::Switch(is_on) => write!(f, "{is_on}"),
        }
    }
}

/// Why a text cannot be the value of a setting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ValueError {
    /// It has to be this.
    Malformed(String),
    /// It is a number that is too large. It has to be this, for example `below 2^64`.
    TooLarge(&'static str),
    /// The setting belongs to a choice that was not made. It needs this option.
    NotApplicable(&'static str),
}

impl ValueError {
    fn malformed(need: &str) -> Self {
        ValueError::Malformed(need.to_string())
    }
}

/// Reads a whole number.
///
/// # Errors
/// [`ValueError`] if the text is not one, or if it is too large.
pub fn count(text: &str) -> Result<u64, ValueError> {
    text.parse().map_err(|error: std::num::ParseIntError| match error.kind() {
        IntErrorKind::PosOverflow => ValueError::TooLarge("below 2^64"),
        _ => ValueError::malformed("a whole number of at least 0, in digits only"),
    })
}

/// Reads a number that fits a double.
pub fn number(text: &str) -> Result<f64, ValueError> {
    match text.parse() {
        Ok(f64::INFINITY) => Err(ValueError::TooLarge("below 1.8e308")),
        Ok(number) => Ok(number),
        Err(_) => Err(ValueError::malformed("a number")),
    }
}

/// Reads a number, or `none` for infinity.
pub fn limit(text: &str) -> Result<f64, ValueError> {
    match text {
        "none" => Ok(f64::INFINITY),
        _ => number(text),
    }
}

/// Finds a word in a list separated by `|`.
pub fn word(text: &str, words: &'static str) -> Result<&'static str, ValueError> {
    words.split('|').find(|word| *word == text).ok_or_else(|| {
        let (others, last) = words.rsplit_once('|').unwrap_or(("", words));
        ValueError::Malformed(format!("{} or {last}", others.replace('|', ", ")))
    })
}

/// Reads `true` or `false`.
pub fn switch(text: &str) -> Result<bool, ValueError> {
    text.parse().map_err(|_| ValueError::malformed("true or false"))
}
