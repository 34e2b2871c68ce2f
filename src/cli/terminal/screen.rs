//! What the terminal can show, found out with the standard library alone.

use std::env;
use std::io;
use std::process::{Command, Stdio};

/// No terminal is wider or higher; the widths of formats end at 65,535.
const LARGEST: usize = 1000;

#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size {
    pub columns: usize,
    pub rows: usize,
}

/// The size of the terminal that standard error is: `COLUMNS` and `LINES`, else what `stty size` says on it,
/// else 80 x 24.
pub fn size() -> Size {
    size_of(Stdio::from(io::stderr()))
}

/// As [`size`], the columns of the terminal that standard output is.
pub fn width() -> usize {
    size_of(Stdio::from(io::stdout())).columns
}

fn size_of(terminal: Stdio) -> Size {
    let number = |name| env::var(name).ok().and_then(|value| value.parse().ok());
    match [number("LINES"), number("COLUMNS")] {
        [Some(rows), Some(columns)] => sensible([rows, columns]),
        said => {
            let [rows, columns] = ask_stty(terminal).unwrap_or([0, 0]);
            sensible([said[0].unwrap_or(rows), said[1].unwrap_or(columns)])
        }
    }
}

fn sensible(size: [usize; 2]) -> Size {
    let or = |number: usize, default: usize| match number {
        0 => default,
        number => number.min(LARGEST),
    };
    Size { rows: or(size[0], 24), columns: or(size[1], 80) }
}

/// Rows and columns. A terminal without a size says 0.
fn ask_stty(terminal: Stdio) -> Option<[usize; 2]> {
    let output =
        Command::new("stty").arg("size").stdin(terminal).stderr(Stdio::null()).output().ok()?;
    let said = String::from_utf8(output.stdout).ok()?;
    let mut numbers = said.split_whitespace().map(|number| number.parse().ok());
    Some([numbers.next()??, numbers.next()??])
}

/// Whether the terminal understands cursor movements: on Unix each that has a name and is not `dumb`, on
/// Windows where something says so.
pub fn can_move() -> bool {
    moves(|name| env::var(name).ok(), cfg!(windows))
}

fn moves(variable: impl Fn(&str) -> Option<String>, windows: bool) -> bool {
    let says = |name| variable(name).filter(|value| !value.is_empty());
    match says("TERM") {
        Some(name) => name != "dumb",
        None => {
            let signs = ["WT_SESSION", "ANSICON", "ConEmuANSI"].map(says);
            windows && signs.into_iter().flatten().any(|sign| sign != "OFF")
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_size_can_be_drawn() {
        for (said, rows, columns) in [
            ([0, 0], 24, 80),
            ([1, 1], 1, 1),
            ([50, 200], 50, 200),
            ([70_000, usize::MAX], 1000, 1000),
        ] {
            assert_eq!(sensible(said), Size { rows, columns });
        }
    }

    #[test]
    fn moves_need_a_terminal_with_a_name_or_a_sign() {
        let with = |pairs: &'static [(&str, &str)], windows| {
            let find = |name: &str| pairs.iter().find(|pair| pair.0 == name);
            moves(|name| find(name).map(|pair| pair.1.to_string()), windows)
        };
        for windows in [false, true] {
            assert!(with(&[("TERM", "xterm-256color")], windows));
            assert!(!with(&[("TERM", "dumb"), ("WT_SESSION", "1")], windows));
            assert!(!with(&[("TERM", "")], windows));
            assert!(!with(&[], windows));
            assert_eq!(with(&[("WT_SESSION", "{1}")], windows), windows);
            assert_eq!(with(&[("ConEmuANSI", "ON")], windows), windows);
            assert!(!with(&[("ConEmuANSI", "OFF")], windows));
        }
    }
}
