//! The help, laid out for a terminal of 80 columns and 24 lines.

use super::arguments::Choice;
use super::commands::{COMMANDS, Command};

/// What a terminal shows at least, but for the line of the next command.
const COLUMNS: usize = 80;
const LINES: usize = 23;

/// `elman --help`.
pub fn of_program() -> String {
    let calls: Vec<(String, String)> = (COMMANDS.iter())
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
    match full.lines().count() <= LINES {
        true => full,
        false => in_brief(command),
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

fn by_use(command: &Command) -> (Vec<&Choice>, Vec<&Choice>) {
    (command.choices.iter()).partition(|choice| !choice.is_seldom)
}

/// A choice as the command line names it, what its value is called included.
fn call(choice: &Choice) -> String {
    format!("--{} {}", choice.name, choice.value)
        .trim_end()
        .to_string()
}

fn options(title: &str, choices: &[&Choice]) -> String {
    let rows: Vec<(String, String)> = (choices.iter())
        .map(|choice| {
            let default = match choice.default {
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
        match paragraph.lines().any(|line| line.starts_with(' ')) {
            true => paragraph.to_string(),
            false => wrapped("", &paragraph.replace('\n', " "), 0)
                .trim_end()
                .to_string(),
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
    use super::super::arguments::Arguments;
    use super::super::commands::{self, Request};
    use super::*;
    use std::ffi::OsString;

    /// The words of a call, as a shell would split it.
    fn split(call: &str) -> Vec<OsString> {
        let mut words = Vec::new();
        for (i, part) in call.split('"').enumerate() {
            match i % 2 {
                0 => words.extend(part.split_whitespace().map(OsString::from)),
                _ => words.push(part.into()),
            }
        }
        words
    }

    /// The arguments of a call of the program, which it understands.
    fn understood(call: &str) -> (&'static Command, Arguments) {
        let mut words = split(call).into_iter();
        assert_eq!(words.next(), Some("elman".into()), "{call}");
        let words = words.take_while(|word| word != ">" && word != "|");
        match commands::parse(words) {
            Ok(Request::Work(command, arguments)) => (command, arguments),
            Ok(Request::Words(words)) => panic!("{call}: {words}"),
            Err(failure) => panic!("{call}: {failure:?}"),
        }
    }

    fn assert_fits(help: &str) {
        for line in help.lines() {
            assert!(
                line.chars().count() <= COLUMNS,
                "more than 80 columns: {line}"
            );
            assert_eq!(line, line.trim_end());
        }
    }

    #[test]
    fn the_help_of_every_command_fits_a_screen() {
        for command in COMMANDS {
            let help = of_command(command);
            assert_fits(&help);
            assert_fits(&in_full(command));
            let lines = help.lines().count();
            assert!(lines <= LINES, "{}: {lines} lines:\n{help}", command.name);
        }
        let help = of_program();
        assert_fits(&help);
        assert!(help.lines().count() <= LINES, "{help}");
    }

    #[test]
    fn the_examples_are_command_lines() {
        for command in COMMANDS {
            assert!(!command.examples.is_empty(), "{} has none", command.name);
            for call in command.examples {
                assert_eq!(understood(call).0.name, command.name, "{call}");
                assert!(of_command(command).contains(&format!(" {call}\n")));
            }
        }
        let help = of_program();
        let (_, examples) = help.split_once("examples:\n").unwrap();
        let examples = examples.lines().take_while(|line| !line.is_empty());
        let calls: Vec<&str> = (examples.map(str::trim))
            .map(|line| line.split_once("  ").map_or(line, |(call, _)| call))
            .collect();
        assert_eq!(calls.len(), 2);
        calls.iter().for_each(|call| drop(understood(call)));
    }

    /// Every option is named once, with its default, and explained where there is room.
    #[test]
    fn nothing_is_hidden_and_nothing_said_twice() {
        for command in COMMANDS {
            let (brief, full) = (of_command(command), in_full(command));
            for choice in command.choices {
                let explained = format!("\n  {} ", call(choice));
                assert_eq!(
                    full.matches(&explained).count(),
                    1,
                    "{explained:?} in {full}"
                );
                let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
                assert!(
                    words(&full).contains(&words(choice.help)),
                    "{}",
                    choice.help
                );
                let option = format!(" --{} ", choice.name);
                let named = words(&brief).replace([',', ';'], " ");
                let whole = brief == full;
                let count = named.matches(&option).count();
                assert!(count > 0, "{option:?} is not in {brief}");
                let explains = words(&brief).contains(&words(choice.help));
                assert_eq!(
                    explains,
                    whole || !choice.is_seldom,
                    "{option:?} in {brief}"
                );
            }
            if brief != full {
                let end = brief.lines().rev().take(2).collect::<Vec<_>>();
                let end = format!("{} {}", end[1].trim(), end[0].trim());
                assert!(
                    end.contains(&format!("elman help {}", command.name)),
                    "{end}"
                );
            }
        }
    }

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
