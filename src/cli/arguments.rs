//! The command line: options by table, values by type.

use super::failure::Failure;
use std::ffi::{OsStr, OsString};
use std::str::FromStr;

/// One option of a command.
#[derive(Debug)]
pub struct Choice {
    /// Its name, without the dashes.
    pub name: &'static str,
    /// What its value is called in the help; empty for a switch.
    pub value: &'static str,
    /// One line of help.
    pub help: &'static str,
}

/// The switch that every command has.
pub const HELP: Choice = Choice {
    name: "help",
    value: "",
    help: "print this",
};

/// What follows a command's name, sorted out.
#[derive(Debug, Default)]
pub struct Arguments {
    /// What belongs to no option.
    pub positional: Vec<OsString>,
    given: Vec<(&'static str, OsString)>,
}

impl Arguments {
    /// Sorts out the arguments of a command that takes these options and at most `limit` others.
    pub fn parse(
        arguments: impl Iterator<Item = OsString>,
        choices: &[Choice],
        limit: usize,
    ) -> Result<Self, Failure> {
        let mut parsed = Arguments::default();
        let mut arguments = arguments.peekable();
        let mut options_end = false;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy().into_owned();
            if options_end || text == "-" || !text.starts_with('-') {
                if parsed.positional.len() == limit {
                    return Err(usage(format!("unexpected argument {text:?}")));
                }
                parsed.positional.push(argument);
            } else if text == "--" {
                options_end = true;
            } else {
                let (name, value) = match text.split_once('=') {
                    Some((name, value)) => (name, Some(value)),
                    None => (text.as_str(), None),
                };
                let name = if name == "-h" { "--help" } else { name };
                let choice = choices
                    .iter()
                    .find(|choice| name.strip_prefix("--") == Some(choice.name))
                    .ok_or_else(|| usage(format!("unknown option {name}")))?;
                let value = match (choice.value, value) {
                    ("", None) => OsString::new(),
                    ("", Some(_)) => return Err(usage(format!("{name} takes no value"))),
                    (_, Some(value)) if argument.to_str().is_some() => OsString::from(value),
                    (_, Some(_)) => {
                        return Err(usage(format!(
                            "{name}: a value that is not UTF-8 has to follow \
                             after a space"
                        )));
                    }
                    (what, None) => arguments
                        .next_if(|next| !next.to_string_lossy().starts_with("--"))
                        .ok_or_else(|| usage(format!("{name} needs a value: {name} {what}")))?,
                };
                parsed.given.push((choice.name, value));
            }
        }
        Ok(parsed)
    }

    /// The value of an option where it was given; where it was given more than once, the last.
    pub fn value(&self, name: &str) -> Option<&OsStr> {
        let given = self.given.iter().rev().find(|(given, _)| *given == name);
        given.map(|(_, value)| value.as_os_str())
    }

    /// Whether a switch was given.
    pub fn has(&self, name: &str) -> bool {
        self.value(name).is_some()
    }

    /// The value of an option as a number, where it was given; `need` says what it has to be.
    pub fn number<N: FromStr>(&self, name: &str, need: &str) -> Result<Option<N>, Failure> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.to_str().and_then(|value| value.parse().ok()) {
            Some(number) => Ok(Some(number)),
            None => {
                let value = value.to_string_lossy();
                Err(usage(format!("--{name} {value}: must be {need}")))
            }
        }
    }

    /// A count, where it was given.
    pub fn count<N: FromStr>(&self, name: &str) -> Result<Option<N>, Failure> {
        self.number(name, "a whole number from 0 on")
    }

    /// The value of an option as text, where it was given.
    pub fn text(&self, name: &str) -> Result<Option<&str>, Failure> {
        let Some(value) = self.value(name) else {
            return Ok(None);
        };
        match value.to_str() {
            Some(text) => Ok(Some(text)),
            None => Err(usage(format!("--{name}: the value is not UTF-8"))),
        }
    }
}

fn usage(message: String) -> Failure {
    Failure::Usage(message)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHOICES: [Choice; 2] = [
        Choice {
            name: "out",
            value: "DIR",
            help: "",
        },
        Choice {
            name: "force",
            value: "",
            help: "",
        },
    ];

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = arguments.iter().map(OsString::from);
        Arguments::parse(arguments, &CHOICES, 1).map_err(|failure| match failure {
            Failure::Usage(message) => message,
            other => panic!("{other:?}"),
        })
    }

    #[test]
    fn options_and_others_in_any_order() {
        let parsed = parse(&["--out", "a", "-", "--force", "--out=b=c"]).unwrap();
        assert_eq!(parsed.positional, ["-"]);
        assert_eq!(parsed.text("out").unwrap(), Some("b=c"));
        assert!(parsed.has("force"));
        let parsed = parse(&["--", "--force"]).unwrap();
        assert_eq!(parsed.positional, ["--force"]);
        assert!(!parsed.has("force"));
        assert_eq!(
            parse(&["--out", "-1"]).unwrap().number("out", ""),
            Ok(Some(-1))
        );
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
        let parsed = parse(&["--out", "x"]).unwrap();
        assert_eq!(
            parsed.count::<u64>("out"),
            Err(Failure::Usage(
                "--out x: must be a whole number from 0 on".into()
            ))
        );
    }
}
