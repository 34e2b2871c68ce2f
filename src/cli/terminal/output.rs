//! Results for standard output, and messages that stay one line.

use crate::cli::command_line::failure::Failure;
use elman::{Parameters, Vocabulary};
use std::io::{self, IsTerminal as _, Write as _};

pub fn print(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    output.write_all(bytes).and_then(|()| output.flush()).map_err(Failure::output)
}

/// Writes a file of weights to standard output, and their digest to standard error, where it is no part of the file.
pub fn print_weights(file: &[u8], parameters: &Parameters) -> Result<(), Failure> {
    if io::stdout().is_terminal() {
        let problem = "a terminal: redirect it, or name a file";
        return Err(Failure::at("standard output", problem));
    }
    print_bytes(file)?;
    let _ = write!(io::stderr(), "{}", digest_line(parameters));
    Ok(())
}

/// Prints what a check found, and fails where it found a problem. A reader that closes standard output does not change
/// the exit status.
pub fn print_findings(text: &str, problem: Option<Failure>) -> Result<(), Failure> {
    outcome(print(text), problem)
}

fn outcome(printed: Result<(), Failure>, problem: Option<Failure>) -> Result<(), Failure> {
    match (printed, problem) {
        (Ok(()) | Err(Failure::Closed), Some(problem)) => Err(problem),
        (printed, _) => printed,
    }
}

/// Prints the digest of parameters: the last line of every command that makes some.
pub fn print_digest(parameters: &Parameters) -> Result<(), Failure> {
    print(&digest_line(parameters))
}

fn digest_line(parameters: &Parameters) -> String {
    format!("digest={:016x}\n", parameters.digest())
}

/// Writes characters to standard output as they come, however many there will be.
pub fn print_characters(
    vocabulary: &Vocabulary,
    mut indices: impl Iterator<Item = usize>,
) -> Result<(), Failure> {
    let mut output = io::stdout().lock();
    let written = indices.try_for_each(|index| vocabulary.write(index, &mut output));
    written.map_err(Failure::output)
}

/// A message in which line breaks, and characters that control a terminal or turn the direction of text, are escaped: file
/// names and system messages may hold any.
pub fn one_line(message: &str) -> String {
    let escape = |c: char| match c {
        '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => c.escape_unicode().to_string(),
        c if c.is_control() => c.escape_default().to_string(),
        c => c.to_string(),
    };
    message.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_counts_whether_or_not_it_is_read() {
        let problem = || Failure::Failed("dU is wrong".into());
        let full = || Failure::Failed("standard output: full".into());
        for (found, printed, expected) in [
            (None, Ok(()), Ok(())),
            (None, Err(Failure::Closed), Err(Failure::Closed)),
            (None, Err(full()), Err(full())),
            (Some(problem()), Ok(()), Err(problem())),
            (Some(problem()), Err(Failure::Closed), Err(problem())),
            (Some(problem()), Err(full()), Err(full())),
        ] {
            assert_eq!(outcome(printed, found), expected);
        }
    }

    #[test]
    fn a_message_is_one_line() {
        assert_eq!(one_line("a\nb\u{1b}[31m \u{e5}"), "a\\nb\\u{1b}[31m \u{e5}");
        assert_eq!(one_line("a\u{2028}\u{202e}b"), "a\\u{2028}\\u{202e}b");
    }
}
