//! The verdict of a gradient check, in words.

use crate::cli::command_line::failure::Failure;
use elman::check::{Comparison, TensorComparison, Verdict};

pub fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Undecided => "undecided",
        Verdict::Failed => "failed",
    }
}

/// Returns the failure of a check that did not pass; `at` says where in the text, after a space.
pub fn problem(comparison: &Comparison, at: &str) -> Option<Failure> {
    let (what, count): (&str, fn(&TensorComparison) -> usize) = match comparison.verdict() {
        Verdict::Passed => return None,
        Verdict::Undecided => ("undecided", |row| row.undecided),
        Verdict::Failed => ("wrong", |row| row.wrong),
    };
    let parts: Vec<String> = (comparison.rows.iter())
        .filter(|row| count(row) > 0)
        .map(|row| {
            let place = match row.columns {
                1 => format!("row {}", row.absolute.row),
                _ => format!("row {}, column {}", row.absolute.row, row.absolute.column),
            };
            format!(
                "{}: {} of {} entries are {what}, the largest difference is at {place}",
                row.name,
                count(row),
                row.entries(),
            )
        })
        .collect();
    let verdict = word(comparison.verdict());
    Some(Failure::at(format!("gradient check {verdict}{at}"), parts.join("; ")))
}
