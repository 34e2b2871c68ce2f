//! The command line, arguments separated by NUL: whatever they are, they are refused in one line, or what
//! was understood says the same in plain words. Nothing is run.
#![no_main]
#![allow(non_snake_case)]

// The program is no part of the library.
#[allow(dead_code)]
#[path = "../../../src/cli/mod.rs"]
mod cli;

use cli::command_line::command::Command;
use cli::commands::dispatch::{Action, parse, told};
use cli::commands::table::COMMANDS;
use libfuzzer_sys::fuzz_target;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;

fuzz_target!(|bytes: &[u8]| {
    let arguments: Vec<OsString> = (bytes.split(|&byte| byte == 0))
        .map(|argument| OsStr::from_bytes(argument).to_owned())
        .collect();
    read(arguments.clone());
    for command in COMMANDS {
        read([&[command.name.into()], &arguments[..]].concat());
    }
});

/// What a command line was understood as.
#[derive(Debug, PartialEq)]
struct Understood {
    others: Vec<OsString>,
    values: Vec<(&'static str, OsString)>,
}

fn read(arguments: Vec<OsString>) {
    let Some((command, understood)) = understand(arguments) else {
        return;
    };
    let mut plain: Vec<OsString> = vec![command.name.into()];
    for (name, value) in &understood.values {
        let switch =
            (command.options)().iter().any(|spec| spec.name == *name && spec.value.is_empty());
        match (switch, value.to_str()) {
            (true, _) => plain.push(format!("--{name}").into()),
            (_, Some(value)) => plain.push(format!("--{name}={value}").into()),
            (_, None) => plain.extend([format!("--{name}").into(), value.clone()]),
        }
    }
    plain.push("--".into());
    plain.extend(understood.others.clone());
    let (_, again) = understand(plain).expect("what was understood is understood again");
    assert_eq!(again, understood);
}

fn understand(arguments: Vec<OsString>) -> Option<(&'static Command, Understood)> {
    let (command, arguments) = match parse(arguments.into_iter()) {
        Ok(Action::Run(command, arguments)) => (command, arguments),
        Ok(Action::Print(words)) => {
            assert!(words.ends_with('\n'));
            return None;
        }
        Err(failure) => {
            let (status, line) = told(failure).expect("a line");
            assert!(status == 1 || status == 2);
            assert!(!line.is_empty() && !line.contains(char::is_control));
            return None;
        }
    };
    let names = (command.options)().into_iter().map(|spec| spec.name);
    // Every value as every type, as no command does.
    for name in names.clone() {
        assert!(arguments.quoted(name).starts_with("--"));
        let _ = arguments.filled(name).map_err(told);
        let _ = arguments.text(name).map_err(told);
        let _ = arguments.number(name).map_err(told);
        let _ = arguments.count::<u64>(name).map_err(told);
        let _ = arguments.count::<usize>(name).map_err(told);
    }
    assert_eq!(
        arguments.first(),
        arguments.all().first().map(OsString::as_os_str)
    );
    let given = names.filter(|name| arguments.has(name));
    let values = given.map(|name| (name, arguments.value(name).to_owned()));
    Some((
        command,
        Understood {
            others: arguments.all().to_vec(),
            values: values.collect(),
        },
    ))
}
