//! What holds for every command: its help, its examples, its options, and any arguments whatever.

use super::dispatch::{self, Action};
use super::table::COMMANDS;
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::completions::WORDS;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::help::{LINES, call, in_full, of_command, of_program};
use crate::cli::command_line::synonyms;
use crate::cli::format::COLUMNS;
use elman::random::{Generator, Stream};
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
    match dispatch::parse(words) {
        Ok(Action::Run(command, arguments)) => (command, arguments),
        Ok(Action::Print(words)) => panic!("{call}: {words}"),
        Err(failure) => panic!("{call}: {failure:?}"),
    }
}

fn assert_fits(help: &str) {
    for line in help.lines() {
        assert!(line.chars().count() <= COLUMNS, "more than 80 columns: {line}");
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
    let help = of_program(COMMANDS);
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
    let help = of_program(COMMANDS);
    let (_, examples) = help.split_once("examples:\n").unwrap();
    let examples = examples.lines().take_while(|line| !line.is_empty());
    let calls: Vec<&str> = (examples.map(str::trim))
        .map(|line| line.split_once("  ").map_or(line, |(call, _)| call))
        .collect();
    assert_eq!(calls.len(), 2);
    calls.iter().for_each(|call| drop(understood(call)));
}

/// What is answered to words of other programs is there, and the words are not.
#[test]
fn synonyms_lead_to_what_there_is() {
    let has = |option: &str| {
        let mut options = COMMANDS.iter().flat_map(|command| (command.options)());
        options.any(|spec| spec.name == option)
    };
    let mut words = Vec::new();
    for row in synonyms::OPTIONS {
        words.push(row.word);
        assert!(!row.options.is_empty() || !row.note.is_empty(), "{}", row.word);
        row.options.split_whitespace().for_each(|option| assert!(has(option), "--{option}"));
        let named = row.note.split("--").skip(1);
        for named in named {
            let end =
                named.find(|c: char| c != '-' && !c.is_ascii_lowercase() && !c.is_ascii_digit());
            let option = &named[..end.unwrap_or(named.len())];
            assert!(has(option), "--{option} in {:?}", row.note);
        }
    }
    let options = words.len();
    for row in synonyms::COMMANDS {
        words.push(row.word);
        assert!(COMMANDS.iter().all(|command| command.name != row.word), "{}", row.word);
        if row.call != "elman --version" {
            understood(row.call);
        }
    }
    for words in [&mut words[..options].to_vec(), &mut words[options..].to_vec()] {
        assert!(words.iter().all(|word| *word == word.to_lowercase().replace('_', "-")));
        words.sort_unstable();
        assert!(words.windows(2).all(|pair| pair[0] != pair[1]), "{words:?}");
    }
}

/// Every option is named once, with its default, and explained where there is room.
#[test]
fn nothing_is_hidden_and_nothing_said_twice() {
    for command in COMMANDS {
        let (brief, full) = (of_command(command), in_full(command));
        for spec in (command.options)() {
            let explained = format!("\n  {} ", call(&spec));
            assert_eq!(full.matches(&explained).count(), 1, "{explained:?} in {full}");
            let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
            assert!(words(&full).contains(&words(spec.help)), "{}", spec.help);
            let option = format!(" --{} ", spec.name);
            let named = words(&brief).replace([',', ';'], " ");
            let whole = brief == full;
            let count = named.matches(&option).count();
            assert!(count > 0, "{option:?} is not in {brief}");
            let explains = words(&brief).contains(&words(spec.help));
            assert_eq!(explains, whole || spec.is_usual, "{option:?} in {brief}");
        }
        if brief != full {
            let end = brief.lines().rev().take(2).collect::<Vec<_>>();
            let end = format!("{} {}", end[1].trim(), end[0].trim());
            assert!(end.contains(&format!("elman help {}", command.name)), "{end}");
        }
    }
}

/// A word that no shell knows would be completed with nothing.
#[test]
fn every_value_is_a_known_word_or_one_of_a_few() {
    for command in COMMANDS {
        for option in (command.options)() {
            let word = option.value;
            let is_known = WORDS.iter().any(|(known, _)| *known == word);
            assert!(
                word.is_empty() || word.contains('|') || is_known,
                "--{} {word}: call the value one of {WORDS:?}, a|b, or add its word",
                option.name
            );
        }
    }
}

/// What may stand where something else is meant.
const ODD: [&str; 24] = [
    "",
    "-",
    "--",
    "---",
    "-h",
    "-1",
    "=",
    "--=",
    "--out=",
    "--hidden==",
    "text",
    "0",
    "+1",
    "1e400",
    "-1e400",
    "1e-400",
    "NaN",
    "inf",
    "18446744073709551615",
    "18446744073709551616",
    "0x10",
    "a\nb",
    "\u{1b}[31m",
    "\u{e5}\u{65e5}\u{1F600}",
];

#[cfg(unix)]
fn os_string(bytes: Vec<u8>) -> OsString {
    std::os::unix::ffi::OsStringExt::from_vec(bytes)
}

#[cfg(not(unix))]
fn os_string(bytes: Vec<u8>) -> OsString {
    String::from_utf8_lossy(&bytes).into_owned().into()
}

/// An option, its value with or without it, or something odd; now and then with a byte changed.
fn argument(options: &[OptionSpec], below: &mut impl FnMut(usize) -> usize) -> OsString {
    let option = &options[below(options.len())];
    let odd = ODD[below(ODD.len())];
    let mut bytes = match below(4) {
        0 => format!("--{}", option.name),
        1 => format!("--{}={odd}", option.name),
        2 => option.default.to_string(),
        _ => odd.to_string(),
    }
    .into_bytes();
    if below(8) == 0 && !bytes.is_empty() {
        let at = below(bytes.len());
        bytes[at] = below(256) as u8;
    }
    os_string(bytes)
}

/// The same arguments in one plain form: options first, then the others.
fn plain(parsed: &Arguments) -> Vec<OsString> {
    let mut plain = Vec::new();
    for (name, value) in &parsed.given {
        let option = parsed.options.iter().find(|option| option.name == *name);
        match (option.unwrap().value, value.to_str()) {
            ("", _) => plain.push(format!("--{name}").into()),
            (_, Some(value)) => plain.push(format!("--{name}={value}").into()),
            (_, None) => plain.extend([format!("--{name}").into(), value.clone()]),
        }
    }
    plain.push("--".into());
    plain.extend(parsed.positional.iter().cloned());
    plain
}

/// Asks for the value of every option as every type, as no command does.
fn failures(parsed: &Arguments) -> impl Iterator<Item = Failure> {
    parsed.options.iter().flat_map(|option| {
        let name = option.name;
        [
            parsed.filled(name).err(),
            parsed.text(name).err(),
            parsed.number(name).err(),
            parsed.count::<u64>(name).err(),
        ]
        .into_iter()
        .flatten()
    })
}

/// Whatever the arguments, they are refused in one line with status 2, or what was understood
/// says the same when it is given in plain words.
#[test]
fn random_arguments_are_refused_or_understood() {
    let mut generator = Generator::new(2424, Stream::Passage);
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let (mut refused, mut understood) = ([0; 3], 0);
    let mut refuse = |failure| {
        let (status, line) = dispatch::told(failure).unwrap();
        assert!(!line.is_empty() && !line.contains(char::is_control));
        refused[usize::from(status)] += 1;
    };
    for _ in 0..10_000 {
        let command = &COMMANDS[below(COMMANDS.len())];
        let mut arguments = vec![OsString::from(command.name)];
        arguments.extend((0..below(6)).map(|_| argument(&(command.options)(), &mut below)));
        let parsed = match dispatch::parse(arguments.into_iter()) {
            Ok(Action::Run(_, parsed)) => parsed,
            Ok(Action::Print(words)) => {
                assert!(words.contains("--help"));
                continue;
            }
            Err(failure) => {
                refuse(failure);
                continue;
            }
        };
        failures(&parsed).for_each(&mut refuse);
        let again = Arguments::parse(
            plain(&parsed).into_iter(),
            parsed.options,
            parsed.positional.len(),
            |_| Vec::new(),
        );
        let again = again.unwrap();
        assert_eq!(again.given, parsed.given);
        assert_eq!(again.positional, parsed.positional);
        understood += 1;
    }
    assert_eq!(refused[..2], [0, 0]);
    assert!(refused[2] > 100, "{} wrong", refused[2]);
    assert!(understood > 100, "{understood} understood");
}
