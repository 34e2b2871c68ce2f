//! The command line: options by table, values by type.

use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::nearest::nearest;
use crate::cli::command_line::synonyms;
use elman::internals::settings::{self, TABLE, ValueError};
use std::ffi::{OsStr, OsString};
use std::iter::Peekable;

/// One option of a command.
#[derive(Clone, Debug)]
pub struct OptionSpec {
    /// Its name, without the dashes.
    pub name: &'static str,
    /// The placeholder of its value in the help, one of [`super::completions::WORDS`], or the few values there are, as
    /// in `torch|npz`; empty for a switch.
    pub value: &'static str,
    /// Its value where it is not given; empty where there is none.
    pub default: String,
    /// One line of help.
    pub help: &'static str,
    /// Whether `--help` explains it even where it has room for a few options only.
    pub is_usual: bool,
}

impl OptionSpec {
    /// An option with a value, and without a default.
    pub fn new(name: &'static str, value: &'static str, help: &'static str) -> Self {
        OptionSpec { name, value, default: String::new(), help, is_usual: true }
    }

    /// An option without a value.
    pub fn switch(name: &'static str, help: &'static str) -> Self {
        OptionSpec::new(name, "", help)
    }

    /// The switch that every command has.
    pub fn help() -> Self {
        OptionSpec::switch("help", "print this help")
    }

    /// The same with a default.
    pub fn or(self, default: &str) -> Self {
        OptionSpec { default: default.to_string(), ..self }
    }

    /// The same, not usual.
    pub fn seldom(self) -> Self {
        OptionSpec { is_usual: false, ..self }
    }
}

/// The arguments after a command's name.
#[derive(Clone, Debug)]
pub struct Arguments {
    /// The options of the command.
    pub options: Vec<OptionSpec>,
    /// The arguments that are no options, in their order.
    pub positional: Vec<OsString>,
    /// The options that were given, with their values.
    pub given: Vec<(&'static str, OsString)>,
}

impl Arguments {
    /// Parses the arguments of a command with these options and at most `limit` positional arguments. For messages,
    /// `elsewhere` lists the commands that have an option of a name.
    pub fn parse(
        arguments: impl Iterator<Item = OsString>,
        options: Vec<OptionSpec>,
        limit: usize,
        elsewhere: fn(&str) -> Vec<&'static str>,
    ) -> Result<Self, Failure> {
        let mut parsed = Arguments { options, positional: Vec::new(), given: Vec::new() };
        let mut arguments = arguments.peekable();
        let mut options_end = false;
        while let Some(argument) = arguments.next() {
            let text = argument.to_string_lossy();
            if text.is_empty() {
                return Err(Failure::Usage(
                    "an argument is empty: give the name of a file or folder".into(),
                ));
            }
            if text == "--" && !options_end {
                options_end = true;
            } else if options_end || text == "-" || !text.starts_with('-') {
                if parsed.positional.len() == limit {
                    return Err(Failure::Usage(format!("unexpected argument {text:?}")));
                }
                parsed.positional.push(argument);
            } else {
                let name = text.split('=').next().unwrap_or_default();
                let long =
                    if name == "-h" { "help" } else { name.strip_prefix("--").unwrap_or("") };
                let spec =
                    parsed.options.iter().find(|spec| spec.name == long).ok_or_else(|| {
                        let meant = meant(name, &parsed.options, elsewhere);
                        Failure::Usage(format!("unknown option {name}{meant}"))
                    })?;
                let value = value_of(spec, name, &argument, &mut arguments)?;
                parsed.given.push((spec.name, value));
            }
        }
        Ok(parsed)
    }

    /// The first positional argument.
    pub fn first(&self) -> Option<&OsStr> {
        self.positional.first().map(OsString::as_os_str)
    }

    /// All positional arguments.
    pub fn all(&self) -> &[OsString] {
        &self.positional
    }

    fn spec(&self, name: &str) -> Option<&OptionSpec> {
        self.options.iter().find(|spec| spec.name == name)
    }

    /// The value of an option: the last that was given, else its default.
    pub fn value(&self, name: &str) -> &OsStr {
        let default = || self.spec(name).map_or("", |spec| spec.default.as_str()).as_ref();
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
        let mut words = self.spec(name).map_or("", |spec| spec.value).split('|');
        words.find(|word| self.value(name) == *word).unwrap_or_default()
    }

    /// The value of an option, which must not be empty.
    pub fn filled(&self, name: &str) -> Result<&OsStr, Failure> {
        match self.value(name) {
            value if value.is_empty() => {
                Err(Failure::Usage(format!("--{name}: the value is empty")))
            }
            value => Ok(value),
        }
    }

    /// The option as given, for error messages: `--hidden 5`.
    pub fn quoted(&self, name: &str) -> String {
        let value = self.value(name).to_string_lossy();
        format!("--{name} {value}").trim_end().to_string()
    }

    /// The value of an option as a number.
    pub fn number(&self, name: &str) -> Result<f64, Failure> {
        let number = settings::number(&self.filled(name)?.to_string_lossy());
        number.map_err(|error| refused(&self.quoted(name), error))
    }

    /// The value of an option as a count.
    pub fn count<N: TryFrom<u64>>(&self, name: &str) -> Result<N, Failure> {
        let count = settings::count(&self.filled(name)?.to_string_lossy());
        let count = count.and_then(|n| n.try_into().map_err(|_| ValueError::TooLarge("2^32")));
        count.map_err(|error| refused(&self.quoted(name), error))
    }

    /// The value of an option as a count of at least 1.
    pub fn positive<N: TryFrom<u64> + Default + PartialEq>(
        &self,
        name: &str,
    ) -> Result<N, Failure> {
        match self.count(name)? {
            count if count == N::default() => {
                Err(Failure::of_option(self.quoted(name), "must be a whole number of at least 1"))
            }
            count => Ok(count),
        }
    }

    /// The value of an option as text.
    pub fn text(&self, name: &str) -> Result<&str, Failure> {
        let not_utf8 = || Failure::Usage(format!("--{name}: the value is not UTF-8"));
        self.value(name).to_str().ok_or_else(not_utf8)
    }
}

/// The failure of an option whose value is none that it takes.
pub fn refused(option: &str, error: ValueError) -> Failure {
    match error {
        ValueError::Malformed(need) => Failure::of_option(option, format!("must be {need}")),
        ValueError::TooLarge(_) => Failure::of_option(option, "too large: choose a smaller number"),
        ValueError::NotApplicable(choice) => {
            Failure::of_option(option, format!("can only be used with {choice}"))
        }
    }
}

/// The value of an option that stands in `argument` as `name`: after `=`, or the next argument.
fn value_of(
    spec: &OptionSpec,
    name: &str,
    argument: &OsStr,
    rest: &mut Peekable<impl Iterator<Item = OsString>>,
) -> Result<OsString, Failure> {
    let text = argument.to_string_lossy();
    let value = match (spec.value, text.split_once('=')) {
        ("", None) => OsString::new(),
        ("", Some(_)) => return Err(Failure::Usage(format!("{name} takes no value"))),
        (_, Some(_)) if argument.to_str().is_none() => {
            let how = "write a value that is not UTF-8 after a space, not after =";
            return Err(Failure::Usage(format!("{name}: {how}")));
        }
        (_, Some((_, value))) => value.into(),
        (what, None) => rest
            .next_if(|next| !next.to_string_lossy().starts_with("--"))
            .ok_or_else(|| Failure::Usage(format!("{name} needs a value: {name} {what}")))?,
    };
    if spec.value.contains('|') {
        let text = value.to_string_lossy();
        let word = settings::word(&text, spec.value);
        word.map_err(|error| refused(&format!("--{} {text}", spec.name), error))?;
    }
    Ok(value)
}

/// What an unknown option may have meant, as the end of a sentence.
fn meant(option: &str, options: &[OptionSpec], elsewhere: fn(&str) -> Vec<&'static str>) -> String {
    let name = option.trim_start_matches('-');
    let renamed = TABLE.iter().find(|setting| setting.former == name && !name.is_empty());
    let has = |option: &str| options.iter().any(|spec| spec.name == option);
    if let Some(setting) = renamed.filter(|setting| has(setting.option)) {
        return format!(": it is called --{} now", setting.option);
    }
    if let Some(answer) = synonyms::for_option(name, has, elsewhere) {
        return answer;
    }
    let others = elsewhere(name);
    match nearest(name, options.iter().map(|spec| spec.name)) {
        Some(near) if near == name || others.is_empty() => format!(": did you mean --{near}?"),
        _ if !others.is_empty() => format!(": it is an option of {}", others.join(", ")),
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> Vec<OptionSpec> {
        let out = OptionSpec::new("out", "DIR", "").or("7");
        vec![out, OptionSpec::switch("force", "")]
    }

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        let arguments = arguments.iter().map(OsString::from);
        Arguments::parse(arguments, options(), 1, |_| Vec::new()).map_err(|failure| match failure {
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
            (
                "x",
                Failure::Usage(
                    "--out x: must be a whole number of at least 0, in digits only".into(),
                ),
            ),
            (
                "-1",
                Failure::Usage(
                    "--out -1: must be a whole number of at least 0, in digits only".into(),
                ),
            ),
            (
                "18446744073709551616",
                Failure::Usage(
                    "--out 18446744073709551616: too large: choose a smaller number".into(),
                ),
            ),
        ] {
            let parsed = parse(&["--out", value]).unwrap();
            assert_eq!(parsed.count::<u64>("out"), Err(failure));
        }
    }
}
