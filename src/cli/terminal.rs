//! What the terminal can show, found out with the standard library alone.

use std::env;
use std::fs::File;
use std::process::{Command, Stdio};

/// No terminal is wider; the widths of formats end at 65,535.
const WIDEST: usize = 1000;

/// The width in columns: `COLUMNS`, else what `stty size` says on the terminal, else 80.
pub fn width() -> usize {
    let from_environment = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    sensible(from_environment.or_else(ask_stty))
}

fn sensible(columns: Option<usize>) -> usize {
    let columns = columns.filter(|&columns| columns > 0);
    columns.unwrap_or(80).min(WIDEST)
}

fn ask_stty() -> Option<usize> {
    let terminal = File::open("/dev/tty").ok()?;
    let output = Command::new("stty")
        .arg("size")
        .stdin(terminal)
        .stderr(Stdio::null())
        .output()
        .ok()?;
    let size = String::from_utf8(output.stdout).ok()?;
    size.split_whitespace().nth(1)?.parse().ok()
}

/// Whether the terminal shows UTF-8, by the locale; Windows always converts it.
pub fn is_utf8() -> bool {
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .filter_map(|name| env::var(name).ok())
        .find(|value| !value.is_empty());
    let names_utf8 = locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8")
    });
    names_utf8 || cfg!(windows)
}

/// A whole number with separators: 1,234,567.
pub fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut separated = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i) % 3 == 0 {
            separated.push(',');
        }
        separated.push(digit);
    }
    separated
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_width_can_be_drawn() {
        for (columns, width) in [
            (None, 80),
            (Some(0), 80),
            (Some(1), 1),
            (Some(200), 200),
            (Some(70_000), 1000),
            (Some(usize::MAX), 1000),
        ] {
            let sensible = sensible(columns);
            assert_eq!(sensible, width);
            assert_eq!(format!("{:1$}", "", sensible).len(), width);
        }
    }

    #[test]
    fn thousands_are_separated() {
        let shown = [0, 999, 1000, 123_456, 1_234_567].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
