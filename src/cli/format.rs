//! Numbers, losses, names and paragraphs as people read them.

/// A number of things in memory, at most the largest of this machine.
pub fn in_memory(count: u64) -> usize {
    usize::try_from(count).unwrap_or(usize::MAX)
}

/// The columns of a small terminal.
pub const COLUMNS: usize = 80;

/// Ranges that contain all characters that terminals draw two columns wide, and some more: Hangul, emoji, Chinese,
/// Japanese.
const WIDE: [(char, char); 8] = [
    ('\u{1100}', '\u{115f}'),
    ('\u{231a}', '\u{23ff}'),
    ('\u{2600}', '\u{27bf}'),
    ('\u{2b00}', '\u{2bff}'),
    ('\u{2e80}', '\u{d7ff}'),
    ('\u{f900}', '\u{faff}'),
    ('\u{fe10}', '\u{ffe6}'),
    ('\u{1b000}', '\u{3ffff}'),
];

/// An upper bound of the columns that text takes.
pub fn columns_of(text: &str) -> usize {
    let wide = |c| WIDE.iter().any(|&(first, last)| (first..=last).contains(&c));
    text.chars().map(|c| 1 + usize::from(wide(c))).sum()
}

/// Joins the parts for which there is room on a line; the most important come first.
pub fn fit(parts: &[String], columns: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { "" } else { "  " };
        if columns_of(&line) + gap.len() + columns_of(part) <= columns {
            line = line + gap + part;
        }
    }
    line
}

/// Cuts the beginning of a name, which says the least of a folder, until it `is_short`.
pub fn shorten(name: &str, is_short: impl Fn(&str) -> bool) -> String {
    if is_short(name) {
        return name.to_string();
    }
    let ends = name.char_indices().skip(1);
    let mut ends = ends.map(|(at, _)| format!("...{}", &name[at..]));
    ends.find(|end| is_short(end)).unwrap_or_default()
}

/// A whole number with separators: 1,234,567.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut separated = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            separated.push(',');
        }
        separated.push(digit);
    }
    separated
}

/// A loss with at least so many significant digits; with four of them, at most 9 characters.
pub fn short_loss(loss: f64, digits: usize) -> String {
    if loss == 0.0 {
        return "0".to_string();
    }
    if !(0.01..999_999.0).contains(&loss) {
        return format!("{loss:.2e}");
    }
    let before = [1.0, 10.0, 100.0, 1e3, 1e4, 1e5];
    let before = before.iter().filter(|&&power| loss >= power).count();
    format!("{loss:.0$}", digits.saturating_sub(before))
}

/// Wraps paragraphs; one with an indented line stays as it is.
pub fn paragraphs(text: &str) -> String {
    let paragraphs = text.split("\n\n").map(|paragraph| {
        if paragraph.lines().any(|line| line.starts_with(' ')) {
            paragraph.to_string()
        } else {
            wrapped("", &paragraph.replace('\n', " "), 0).trim_end().to_string()
        }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Writes words after a beginning, on lines of at most [`COLUMNS`]. Lines after the first are indented; a space that
/// does not break is written as a space.
pub fn wrapped(begin: &str, words: &str, indent: usize) -> String {
    let mut lines = begin.to_string();
    let mut column = begin.chars().count();
    let mut is_first = true;
    for word in words.split(' ') {
        let length = word.chars().count();
        if !is_first && column + 1 + length > COLUMNS {
            lines += &format!("\n{:indent$}", "");
            column = indent;
        } else if !is_first {
            lines.push(' ');
            column += 1;
        }
        is_first = false;
        lines += word;
        column += length;
    }
    lines.replace('\u{a0}', " ") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_characters_take_two_columns() {
        let columns =
            ["loss", "\u{e5}\u{416}", "\u{65e5}\u{672c}", "\u{1f600}", ""].map(columns_of);
        assert_eq!(columns, [4, 2, 4, 2, 0]);
        // What the curve and the bar are drawn with.
        assert_eq!(columns_of("\u{2800}\u{28ff}"), 2);
    }

    #[test]
    fn names_keep_their_ends() {
        let short =
            |columns| shorten("runs/\u{65e5}\u{672c}/seed-1", |name| columns_of(name) <= columns);
        assert_eq!(short(16), "runs/\u{65e5}\u{672c}/seed-1");
        assert_eq!(short(15), ".../\u{65e5}\u{672c}/seed-1");
        assert_eq!(short(11), ".../seed-1");
        assert_eq!(short(2), "");
    }

    #[test]
    fn thousands_are_separated() {
        let shown = [0, 999, 1000, 123_456, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn losses_of_any_size_are_short() {
        let shown = [0.0, 1e-6, 0.05, 1.5736, 51.236, 104.36, 123_456.7, 1e300];
        let short = ["0", "1.00e-6", "0.0500", "1.574", "51.24", "104.4", "123457", "1.00e300"];
        assert_eq!(shown.map(|loss| short_loss(loss, 4)), short);
        assert_eq!(short_loss(f64::from_bits(1), 4).len(), 9);
        assert_eq!(short_loss(1.5736, 5), "1.5736");
    }

    #[test]
    fn words_are_wrapped_between_words() {
        let words = "word ".repeat(40);
        let text = wrapped("begin ", words.trim_end(), 6);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert_eq!(text.lines().count(), 3);
        assert!(text.lines().skip(1).all(|line| line.starts_with("      word")));
        let long = "x".repeat(100);
        assert_eq!(wrapped("a ", &long, 2), format!("a {long}\n"));
        assert_eq!(wrapped("", "a\u{a0}b", 0), "a b\n");
    }
}
