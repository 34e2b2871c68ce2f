//! The help, for a terminal of 80 columns and 24 lines.
//!
//! `elman COMMAND --help` fits the screen: where there is no room for all options, it only names those that few need.
//! `elman help COMMAND` explains everything.

use super::arguments::OptionSpec;
use super::command::Command;
use crate::cli::format::{paragraphs, wrapped};
use elman::internals::settings::Preset;

/// The lines of a small terminal, without the one for the next command.
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
        "elman: a character-level recurrent neural network, trained from scratch\n\
         usage: elman COMMAND [arguments], or elman --version\n\ncommands:\n{}\nexamples:\n  \
         elman train                          learn the built-in story\n  \
         elman sample elman-run               generate text with the trained model\n\n\
         elman COMMAND --help explains a command, elman help COMMAND all its options\n\
         ELMAN_ISA=baseline, avx2 or avx512 sets the instruction set; same results\n\
         exit status: 0 success; 1 failure; 2 wrong command line; 3 above --threshold\n",
        two_columns(&calls)
    )
}

/// `elman COMMAND --help`: in full where that fits the screen, else in brief.
pub fn of_command(command: &Command) -> String {
    let full = in_full(command);
    if full.lines().count() <= LINES { full } else { in_brief(command) }
}

/// `elman help COMMAND`: everything.
pub fn in_full(command: &Command) -> String {
    let (usual, seldom) = by_use(command);
    let mut help = head(command);
    if !command.more.is_empty() {
        help += &format!("\n{}\n", paragraphs(command.more));
    }
    help += &options("options", &usual);
    if !seldom.is_empty() {
        help += &options("further options", &seldom);
    }
    help + &presets(&(command.options)())
}

/// Explains the usual options, and names the others.
fn in_brief(command: &Command) -> String {
    let (usual, seldom) = by_use(command);
    let help = head(command) + &options("options", &usual);
    let in_full = format!("elman help {}", command.name);
    if seldom.is_empty() {
        return format!("{help}{in_full} says more\n");
    }
    let names: Vec<String> = (seldom.iter()).map(|option| format!("--{}", option.name)).collect();
    let begin = "further: ";
    let names = wrapped(begin, &names.join(", "), begin.len());
    format!("{help}{names}{in_full} explains each\n")
}

/// The beginning of a help: summary, usage, details, examples.
fn head(command: &Command) -> String {
    let Command { name, takes, summary, details, examples, .. } = command;
    let details = paragraphs(details);
    let word = if examples.len() == 1 { "example: " } else { "examples: " };
    let examples = examples.join(&format!("\n{:1$}", "", word.len()));
    format!(
        "elman {name}: {summary}\nusage: elman {name} {takes} [options]\n\n{details}\n\n{word}{examples}\n"
    )
}

/// The options that most need, and the others.
fn by_use(command: &Command) -> (Vec<OptionSpec>, Vec<OptionSpec>) {
    ((command.options)().into_iter()).partition(|option| option.is_usual)
}

/// An option with the word for its value: `--hidden N`.
pub fn call(option: &OptionSpec) -> String {
    format!("--{} {}", option.name, option.value).trim_end().to_string()
}

/// The options under a title, each with its help and its default. A help that ends with a bracket names the default itself.
fn options(title: &str, options: &[OptionSpec]) -> String {
    let rows: Vec<(String, String)> = (options.iter())
        .map(|option| {
            let default = match option.default.as_str() {
                default if default.is_empty() || option.help.ends_with(')') => String::new(),
                default => format!(" ({default})"),
            };
            (call(option), format!("{}{default}", option.help))
        })
        .collect();
    format!("\n{title}:\n{}", two_columns(&rows))
}

/// What each preset sets, if the command has presets; only the options that the command has.
fn presets(options: &[OptionSpec]) -> String {
    let names = options.iter().find(|option| option.name == "preset");
    let names = names.into_iter().flat_map(|option| option.value.split('|'));
    let rows = names.filter_map(Preset::named).map(|preset| {
        let own = |name| options.iter().any(|option| option.name == name);
        let set = preset.options.iter().filter(|(name, _)| own(*name));
        // An option and its value stay on one line.
        let set: Vec<_> = set.map(|(name, value)| format!("--{name}\u{a0}{value}")).collect();
        (preset.name.to_string(), set.join(" "))
    });
    match rows.collect::<Vec<_>>() {
        rows if rows.is_empty() => String::new(),
        rows => format!("\nwhat each preset sets:\n{}", two_columns(&rows)),
    }
}

/// Rows of a call and its explanation, aligned.
fn two_columns(rows: &[(String, String)]) -> String {
    let width = rows.iter().map(|(call, _)| call.len()).max().unwrap_or(0);
    let rows =
        rows.iter().map(|(call, words)| wrapped(&format!("  {call:width$}  "), words, width + 4));
    rows.collect()
}
