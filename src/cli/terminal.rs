//! What the terminal can show, found out with the standard library alone.

use std::env;
use std::fs::File;
use std::process::{Command, Stdio};

/// The width in columns: `COLUMNS`, else what `stty size` says on the terminal, else 80.
pub fn width() -> usize {
    let from_environment = env::var("COLUMNS")
        .ok()
        .and_then(|columns| columns.parse().ok());
    from_environment
        .or_else(ask_stty)
        .filter(|&columns| columns > 0)
        .unwrap_or(80)
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
    #[test]
    fn thousands_are_separated() {
        let shown = [0, 999, 1000, 123_456, 1_234_567].map(super::thousands);
        assert_eq!(shown, ["0", "999", "1,000", "123,456", "1,234,567"]);
    }
}
