//! The two languages of a report and its charts.

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Language {
    English,
    Swedish,
}

impl Language {
    /// The tag of `--language` and of HTML.
    pub fn tag(self) -> &'static str {
        self.pair("en", "sv")
    }

    /// Returns the one of the two that is in this language.
    pub fn pair<T>(self, english: T, swedish: T) -> T {
        match self {
            Language::English => english,
            Language::Swedish => swedish,
        }
    }

    /// Writes a number such as 1,234.5 with the separators of this language; Swedish has spaces that do not break.
    pub fn number(self, number: &str) -> String {
        match self {
            Language::English => number.to_string(),
            Language::Swedish => number.replace(',', "\u{a0}").replace('.', ","),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_the_separators_of_the_language() {
        for (number, swedish) in [("1,234,567.5", "1\u{a0}234\u{a0}567,5"), ("1.37e-9", "1,37e-9")]
        {
            assert_eq!(Language::English.number(number), number);
            assert_eq!(Language::Swedish.number(number), swedish);
        }
    }
}
