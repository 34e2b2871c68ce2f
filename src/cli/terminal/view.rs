//! A few lines that stay below everything else that is printed on a terminal.

use crate::cli::format::columns_of;
use std::fmt::Write as _;

/// The lines that are on the screen. The cursor rests below them, at the left: so what is printed next begins on a line of
/// its own, even by a shell after the program was killed.
///
/// Without cursor movements there is one line, and the cursor rests on it.
pub struct View {
    moves: bool,
    /// The columns that each line on the screen takes.
    drawn: Vec<usize>,
    /// The columns that the terminal had when they were drawn.
    columns: usize,
}

impl View {
    /// A view without lines. `moves` says whether the terminal understands cursor movements.
    pub fn new(moves: bool) -> Self {
        View { moves, drawn: Vec::new(), columns: 0 }
    }

    pub fn moves(&self) -> bool {
        self.moves
    }

    pub fn is_drawn(&self) -> bool {
        !self.drawn.is_empty()
    }

    /// Returns what to write so that these lines replace those before, on a terminal with `columns` columns. Each line
    /// must be shorter than that.
    pub fn draw(&mut self, lines: &[String], columns: usize) -> String {
        let now: Vec<usize> = lines.iter().map(|line| columns_of(line)).collect();
        let mut written = String::new();
        if self.moves {
            written = if self.columns == columns {
                self.to_first(columns)
            } else {
                // The terminal may have broken lines that became too long: they are cleared first.
                self.clear(columns)
            };
            for line in lines {
                let _ = writeln!(written, "{line}\x1b[K");
            }
            written.push_str("\x1b[J");
        } else if let [line, ..] = lines {
            let before = self.drawn.first().map_or(0, |&before| before);
            let rest = before.min(columns - 1).saturating_sub(now[0]);
            let _ = write!(written, "\r{line}{:rest$}", "");
        }
        (self.drawn, self.columns) = (now, columns);
        written
    }

    /// Returns what to write so that the lines are gone and the cursor is where they began.
    pub fn clear(&mut self, columns: usize) -> String {
        let written = match (self.moves, self.drawn.first()) {
            (_, None) => String::new(),
            (true, _) => self.to_first(columns) + "\x1b[J",
            (false, Some(&before)) => format!("\r{:1$}\r", "", before.min(columns - 1)),
        };
        self.drawn.clear();
        written
    }

    /// Moves the cursor to the start of the first line. A line that is now longer than the terminal takes several rows.
    fn to_first(&self, columns: usize) -> String {
        let rows = |&width: &usize| width.div_ceil(columns).max(1);
        match self.drawn.iter().map(rows).sum::<usize>() {
            0 => String::new(),
            rows => format!("\r\x1b[{rows}A"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A terminal of endless height, as those are that break lines anew when their width changes.
    struct Screen {
        columns: usize,
        /// Lines of text, and where the cursor is in them: between two of them the terminal breaks none.
        lines: Vec<String>,
        /// Line and row in it, or one below the last.
        row: usize,
    }

    impl Screen {
        fn new(columns: usize) -> Self {
            Screen { columns, lines: Vec::new(), row: 0 }
        }

        /// First row of each line, and of what follows.
        fn firsts(&self) -> Vec<usize> {
            let mut firsts = vec![0];
            for line in &self.lines {
                firsts.push(firsts[firsts.len() - 1] + line.len().div_ceil(self.columns).max(1));
            }
            firsts
        }

        fn resize(&mut self, columns: usize) {
            let line = self.firsts().iter().position(|&first| first == self.row);
            self.columns = columns;
            self.row = self.firsts()[line.expect("the cursor is where a line begins")];
        }

        /// Understands what a view writes, and nothing else.
        fn write(&mut self, text: &str) {
            let mut rest = text;
            while !rest.is_empty() {
                if let Some(after) = rest.strip_prefix("\r\x1b[") {
                    let (rows, after) = after.split_once('A').unwrap();
                    self.row -= rows.parse::<usize>().unwrap();
                    rest = after;
                } else if let Some(after) = rest.strip_prefix("\x1b[J") {
                    let line = self.firsts().iter().position(|&first| first == self.row);
                    self.lines.truncate(line.expect("a part of a line stays"));
                    rest = after;
                } else {
                    let (line, after) = rest.split_once('\n').unwrap();
                    let line = line.strip_suffix("\x1b[K").unwrap_or(line).to_string();
                    let at = self.firsts().iter().position(|&first| first == self.row);
                    match at.expect("written into a part of a line") {
                        at if at == self.lines.len() => self.lines.push(line),
                        at => self.lines[at] = line,
                    }
                    self.row = self.firsts()[at.unwrap() + 1];
                    rest = after;
                }
            }
        }
    }

    fn lines(lengths: &[usize]) -> Vec<String> {
        lengths.iter().map(|&length| "x".repeat(length)).collect()
    }

    #[test]
    fn it_stays_below_what_is_printed_whatever_the_width_becomes() {
        let mut screen = Screen::new(80);
        let mut view = View::new(true);
        let mut reports = Vec::new();
        let steps = [
            (80, &[79, 40, 5][..]),
            (80, &[3, 79, 70, 60]),
            (40, &[39, 20, 0, 7]),
            (40, &[39]),
            (20, &[19, 19, 19]),
            (100, &[99, 1, 2]),
            (13, &[12]),
            (79, &[78, 70]),
        ];
        for (n, (columns, lengths)) in steps.into_iter().enumerate() {
            screen.resize(columns);
            screen.write(&view.draw(&lines(lengths), columns));
            assert_eq!(screen.lines, [reports.clone(), lines(lengths)].concat());
            // Every other time a report comes between.
            if n % 2 == 0 {
                screen.write(&view.clear(columns));
                assert_eq!(screen.lines, reports);
                let report = format!("report {n} {}", "y".repeat(30));
                screen.write(&format!("{report}\n"));
                reports.push(report);
            }
        }
    }

    #[test]
    fn lines_are_written_over_and_not_cleared_first() {
        let mut view = View::new(true);
        assert_eq!(view.draw(&lines(&[1, 2]), 80), "x\x1b[K\nxx\x1b[K\n\x1b[J");
        assert_eq!(view.draw(&lines(&[3]), 80), "\r\x1b[2Axxx\x1b[K\n\x1b[J");
        assert_eq!(view.clear(80), "\r\x1b[1A\x1b[J");
        assert_eq!(view.clear(80), "");
    }

    #[test]
    fn without_moves_it_is_one_line() {
        let mut view = View::new(false);
        assert_eq!(view.draw(&lines(&[5, 7]), 80), "\rxxxxx");
        assert_eq!(view.draw(&lines(&[2]), 80), "\rxx   ");
        assert_eq!(view.draw(&lines(&[4]), 80), "\rxxxx");
        assert_eq!(view.clear(80), "\r    \r");
        assert_eq!(view.clear(80), "");
    }
}
