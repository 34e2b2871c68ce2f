//! The command line: options by table, values by type.

use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::nearest::nearest;
use elman::settings::TABLE;
use std::ffi::{OsStr, OsString};
use std::iter::Peekable;
use std::num::{IntErrorKind, ParseIntError};
use std::str::FromStr;

/// One option of a command.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Its name, without the dashes.
    pub name: &'static str,
    /// What its value is called in the help: what it has to be, as in [`super::completions::WORDS`], or the few
    /// values there are, as in `torch|npz`; empty for a switch.
    pub value: &'static str,
    /// Its value where it is not given; empty where there is none.
    pub default: String,
    /// One line of help.
    pub help: &'static str,
    /// Whether few ever need it: `--help` names it where it has no room to explain it.
    pub is_seldom: bool,
}

impl Choice {
    /// An option with a value, and without a default.
    pub fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        Choice { name, value, default: String::new(), help, is_seldom: false }
    }

    /// An option without a value.
    pub fn switch(name: &'static str, help: &'static str) -> Self {
        Choice::new(name, "", help)
    }

    /// The switch that every command has.
    pub fn help() -> Self {
        Choice::switch("help", "print this")
    }

    /// The same with a default.
    pub fn or(self, default: impl Into<String>) -> Self {
        Choice { default: default.into(), ..self }
    }

    /// The same for those few who need it.
    pub fn seldom(self) -> Self {
        Choice { is_seldom: true, ..self }
    }
}

/// The commands that have an option of this name.
pub type Elsewhere = fn(&str) -> Vec<&'static str>;

/// What follows a command's name, sorted out.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The options of the command.
    pub choices: Vec<Choice>,
    /// What belongs to no option.
    pub positional: Vec<OsString>,
    /// The options that were given, with their values.
    pub given: Vec<(&'static str, OsString)>,
}

impl Arguments {
    /// Sorts out the arguments of a command that takes these options and at most `limit` others. `elsewhere` helps to say
    /// what an unknown option may have meant.
    pub fn parse(
        arguments: impl Iterator<Item = OsString>,
        choices: Vec<Choice>,
        limit: usize,
        elsewhere: Elsewhere,
    ) -> Result<Self, Failure> {
        let mut parsed = Arguments { choices, positional: Vec::new(), given: Vec::new() };
        let mut arguments = arguments.peekable();
        let mut options_end = false;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            if text.is_empty() {
                return Err(usage("an argument is empty: it names no file".into()));
            }
            if text == "--" && !options_end {
                options_end = true;
            } else if options_end || text == "-" || !text.starts_with('-') {
                if parsed.positional.len() == limit {
                    return Err(usage(format!("unexpected argument {text:?}")));
                }
                parsed.positional.push(argument);
            } else {
                parsed.given.push(option(&argument, &mut arguments, &parsed.choices, elsewhere)?);
            }
        }
        Ok(parsed)
    }

    /// The first argument that belongs to no option.
    pub fn first(&self) -> Option<&OsStr> {
        self.positional.first().map(OsString::as_os_str)
    }

    /// All arguments that belong to no option.
    pub fn all(&self) -> &[OsString] {
        &self.positional
    }

    /// The value of an option: the last that was given, else its default.
    pub fn value(&self, name: &str) -> &OsStr {
        let default = || {
            let choice = self.choices.iter().find(|choice| choice.name == name);
            choice.map_or("", |choice| choice.default.as_str()).as_ref()
        };
        self.given(name).unwrap_or_else(default)
    }

    /// The value of an option that was given: the last.
    pub fn given(&self, name: &str) -> Option<&OsStr> {
        let given = self.given.iter().rev().find(|(given, _)| *given == name);
        given.map(|(_, value)| value.as_os_str())
    }

    /// Whether an option was given.
    pub fn has(&self, name: &str) -> bool {
        self.given(name).is_some()
    }

    /// The value of an option that has only a few; empty where it has none.
    pub fn word(&self, name: &str) -> &'static str {
        let value = self.value(name);
        let choice = self.choices.iter().find(|choice| choice.name == name);
        let mut words = choice.map_or("", |choice| choice.value).split('|');
        words.find(|word| value == *word).unwrap_or_default()
    }

    /// The value of an option that says nothing when it is empty.
    pub fn filled(&self, name: &str) -> Result<&OsStr, Failure> {
        let value = self.value(name);
        if value.is_empty() {
            Err(usage(format!("--{name}: the value is empty")))
        } else {
            Ok(value)
        }
    }

    /// An option with its value, as messages quote it: as it was given.
    pub fn quoted(&self, name: &str) -> String {
        let value = self.value(name).to_string_lossy();
        format!("--{name} {value}").trim_end().to_string()
    }

    /// The value of an option as a number. What is only too large is no mistake on the command line.
    pub fn number(&self, name: &str) -> Result<f64, Failure> {
        let number = self.filled(name)?.to_string_lossy().parse();
        match number {
            Ok(f64::INFINITY) => Err(self.too_large(name)),
            Ok(number) => Ok(number),
            Err(_) => Err(usage(format!("{}: must be a number", self.quoted(name)))),
        }
    }

    /// The value of an option as a count. What is only too large is no mistake on the command line.
    pub fn count<N>(&self, name: &str) -> Result<N, Failure>
    where
        N: FromStr<Err = ParseIntError>,
    {
        let count = self.filled(name)?.to_string_lossy().parse();
        count.map_err(|error: ParseIntError| match error.kind() {
            IntErrorKind::PosOverflow => self.too_large(name),
            _ => usage(format!("{}: must be a whole number from 0 on", self.quoted(name))),
        })
    }

    /// The value of an option as a count of at least 1.
    pub fn positive<N>(&self, name: &str) -> Result<N, Failure>
    where
        N: FromStr<Err = ParseIntError> + Default + PartialEq,
    {
        match self.count(name)? {
            count if count == N::default() => {
                Err(Failure::at(self.quoted(name), "must be a whole number of at least 1"))
            }
            count => Ok(count),
        }
    }

    fn too_large(&self, name: &str) -> Failure {
        Failure::at(self.quoted(name), "too large: choose a smaller number")
    }

    /// The value of an option as text.
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        let text = self.value(name).to_str();
        text.ok_or_else(|| usage(format!("--{name}: the value is not UTF-8")))
    }
}

/// The option that an argument names, and its value: after `=`, or the next argument.
fn option(
    argument: &OsStr,
    rest: &mut Peekable<impl Iterator<Item = OsString>>,
    choices: &[Choice],
    elsewhere: Elsewhere,
) -> Result<(&'static str, OsString), Failure> {
    let text = argument.to_string_lossy();
    let (name, value) = match text.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (text.as_ref(), None),
    };
    let long = if name == "-h" { "--help" } else { name };
    let choice =
        (choices.iter()).find(|choice| long.strip_prefix("--") == Some(choice.name)).ok_or_else(
            || usage(format!("unknown option {name}{}", meant(name, choices, elsewhere))),
        )?;
    let value = match (choice.value, value) {
        ("", None) => OsString::new(),
        ("", Some(_)) => return Err(usage(format!("{name} takes no value"))),
        (_, Some(_)) if argument.to_str().is_none() => {
            return Err(usage(format!(
                "{name}: a value that is not UTF-8 has to follow after a space"
            )));
        }
        (_, Some(value)) => OsString::from(value),
        (what, None) => rest
            .next_if(|next| !next.to_string_lossy().starts_with("--"))
            .ok_or_else(|| usage(format!("{name} needs a value: {name} {what}")))?,
    };
    refuse_unknown(choice, &value)?;
    Ok((choice.name, value))
}

/// Refuses a value of an option that has only a few others.
fn refuse_unknown(choice: &Choice, value: &OsStr) -> Result<(), Failure> {
    let mut words = choice.value.split('|');
    if !choice.value.contains('|') || words.clone().any(|word| value == word) {
        return Ok(());
    }
    let (name, value) = (choice.name, value.to_string_lossy());
    let last = words.next_back().unwrap_or_default();
    let words = words.collect::<Vec<_>>().join(", ");
    Err(usage(format!("--{name} {value}: must be {words} or {last}")))
}

/// What an unknown option may have meant, as the end of a sentence.
fn meant(option: &str, choices: &[Choice], elsewhere: Elsewhere) -> String {
    let name = option.trim_start_matches('-');
    if let Some(setting) = TABLE.iter().find(|setting| setting.former == name && !name.is_empty()) {
        return format!(": it is called --{} now", setting.option);
    }
    let others = elsewhere(name);
    match nearest(name, choices.iter().map(|choice| choice.name)) {
        Some(near) if near == name || others.is_empty() => format!(": did you mean --{near}?"),
        _ if !others.is_empty() => format!(": it is an option of {}", others.join(", ")),
        _ => String::new(),
    }
}

fn usage(message: String) -> Failure {
    Failure::Usage(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices() -> Vec<Choice> {
        let out = Choice::new("out", "DIR", "").or("7");
        vec![out, Choice::switch("force", "")]
    }

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = arguments.iter().map(OsString::from);
        Arguments::parse(arguments, choices(), 1, |_| Vec::new()).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn options_and_others_in_any_order() {
        let parsed = parse(&["--out", "a", "-", "--force", "--out=b=c"]).unwrap();
        assert_eq!(parsed.first(), Some("-".as_ref()));
        assert_eq!(parsed.text("out"), Ok("b=c"));
        assert!(parsed.has("force") && parsed.has("out"));
        let parsed = parse(&["--", "--force"]).unwrap();
        assert_eq!(parsed.first(), Some("--force".as_ref()));
        assert!(!parsed.has("force"));
        assert_eq!(parse(&["--out", "-1"]).unwrap().number("out"), Ok(-1.0));
    }

    #[test]
    fn an_option_has_its_default_until_it_is_given() {
        let parsed = parse(&[]).unwrap();
        assert_eq!(parsed.first(), None);
        assert_eq!(parsed.count("out"), Ok(7u64));
        assert!(!parsed.has("out"));
        assert_eq!(parse(&["--out", "8"]).unwrap().count("out"), Ok(8u64));
    }

    #[test]
    fn wrong_command_lines_are_told() {
        for (arguments, message) in [
            (vec!["a", "b"], "unexpected argument \"b\""),
            (vec!["--what"], "unknown option --what"),
            (vec!["-x"], "unknown option -x"),
            (vec!["--force=yes"], "--force takes no value"),
            (vec!["--out"], "--out needs a value: --out DIR"),
            (vec!["--out", "--force"], "--out needs a value: --out DIR"),
        ] {
            assert_eq!(parse(&arguments).unwrap_err(), message);
        }
        for (value, failure) in [
            ("x", Failure::Usage("--out x: must be a whole number from 0 on".into())),
            ("-1", Failure::Usage("--out -1: must be a whole number from 0 on".into())),
            (
                "18446744073709551616",
                Failure::Failed(
                    "--out 18446744073709551616: too large: choose a smaller number".into(),
                ),
            ),
        ] {
            let parsed = parse(&["--out", value]).unwrap();
            assert_eq!(parsed.count::<u64>("out"), Err(failure));
        }
    }
}
