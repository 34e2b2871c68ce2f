//! The help, laid out for a terminal of 80 columns and 24 lines.

use super::command::Command;
use crate::cli::command_line::arguments::Choice;

/// What a terminal shows at least, but for the line of the next command.
pub const COLUMNS: usize = 80;
pub const LINES: usize = 23;

/// `elman --help`.
pub fn of_program(commands: &[Command]) -> String {
    let calls: Vec<(String, String)> = (commands.iter())
        .map(|command| {
            let call = format!("{} {}", command.name, command.takes);
            (call, command.summary.to_string())
        })
        .collect();
    format!(
        "elman: a character-level recurrent network, trained from scratch\n\
         usage: elman COMMAND [arguments], or elman --version\n\ncommands:\n{}\nexamples:\n  \
         elman train                          learn the built-in story\n  \
         elman sample elman-run               write text with what was learned\n\n\
         elman COMMAND --help says more, elman help COMMAND says all\n\
         ELMAN_ISA=baseline or avx2 chooses the instruction set; same bits either way\n\
         exit status: 0 done; 1 it could not be done; 2 the command line is wrong;\n\
         3 `score --threshold` found lines above it\n",
        two_columns(&calls)
    )
}

/// `elman COMMAND --help`: in full where that fits a screen, else what most need and the names of the rest.
pub fn of_command(command: &Command) -> String {
    let full = in_full(command);
    if full.lines().count() <= LINES {
        full
    } else {
        in_brief(command)
    }
}

/// `elman help COMMAND`: all there is to say.
pub fn in_full(command: &Command) -> String {
    let more = match command.more {
        "" => String::new(),
        more => format!("\n{}\n", paragraphs(more)),
    };
    let (usual, seldom) = by_use(command);
    let mut help = format!("{}{more}{}", head(command), options("options", &usual));
    if !seldom.is_empty() {
        help += &options("further options", &seldom);
    }
    help
}

fn in_brief(command: &Command) -> String {
    let (usual, seldom) = by_use(command);
    let mut help = head(command) + &options("options", &usual);
    let whole = format!("elman help {}", command.name);
    if seldom.is_empty() {
        return help + &wrapped("", &format!("{whole} says more"), 0);
    }
    let names: Vec<String> = (seldom.iter())
        .map(|choice| format!("--{}", choice.name))
        .collect();
    let rest = format!("{}; {whole} explains each", names.join(", "));
    help += &wrapped("further: ", &rest, 9);
    help
}

/// Title, usage, what it does, examples.
fn head(command: &Command) -> String {
    let Command {
        name,
        takes,
        summary,
        details,
        examples,
        ..
    } = command;
    let details = paragraphs(details);
    let word = if examples.len() == 1 {
        "example: "
    } else {
        "examples: "
    };
    let examples = examples.join(&format!("\n{:1$}", "", word.len()));
    format!(
        "elman {name}: {summary}\nusage: elman {name} {takes} [options]\n\n{details}\n\n{word}{examples}\n"
    )
}

fn by_use(command: &Command) -> (Vec<Choice>, Vec<Choice>) {
    ((command.options)().into_iter()).partition(|choice| !choice.is_seldom)
}

/// A choice as the command line names it, what its value is called included.
pub fn call(choice: &Choice) -> String {
    format!("--{} {}", choice.name, choice.value)
        .trim_end()
        .to_string()
}

fn options(title: &str, choices: &[Choice]) -> String {
    let rows: Vec<(String, String)> = (choices.iter())
        .map(|choice| {
            let default = match choice.default.as_str() {
                "" => String::new(),
                default => format!(" ({default})"),
            };
            (call(choice), format!("{}{default}", choice.help))
        })
        .collect();
    format!("\n{title}:\n{}", two_columns(&rows))
}

/// Rows of a call and what it does, aligned.
fn two_columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(call, _)| call.len()).max().unwrap_or(0);
    let rows = rows
        .iter()
        .map(|(call, words)| wrapped(&format!("  {call:width$}  "), words, width + 4));
    rows.collect()
}

/// Paragraphs, wrapped anew, but for those with indented lines, which stay as they are.
fn paragraphs(words: &str) -> String {
    let paragraphs = words.split("\n\n").map(|paragraph| {
        if paragraph.lines().any(|line| line.starts_with(' ')) {
            paragraph.to_string()
        } else {
            wrapped("", &paragraph.replace('\n', " "), 0)
                .trim_end()
                .to_string()
        }
    });
    paragraphs.collect::<Vec<_>>().join("\n\n")
}

/// Words after a beginning, on lines of [`COLUMNS`] at most that are indented by so much.
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
    fn words_are_wrapped_between_words() {
        let words = "word ".repeat(40);
        let text = wrapped("begin ", words.trim_end(), 6);
        assert!(text.lines().all(|line| line.chars().count() <= 80));
        assert_eq!(text.lines().count(), 3);
        assert!(
            text.lines()
                .skip(1)
                .all(|line| line.starts_with("      word"))
        );
        let long = "x".repeat(100);
        assert_eq!(wrapped("a ", &long, 2), format!("a {long}\n"));
        assert_eq!(wrapped("", "a\u{a0}b", 0), "a b\n");
    }
}
