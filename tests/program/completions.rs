//! Completions, in the shells that they are for.

use crate::harness::{Folder, ended};
use std::process::Command;

/// Whether the shell is here; a test without it says that it was skipped.
fn has(shell: &str) -> bool {
    let has = Command::new(shell).arg("-c").arg(":").output().is_ok();
    if !has {
        eprintln!("skipped: there is no {shell}");
    }
    has
}

/// A folder with a text, a run's folder, and a file with a space in its name.
fn folder(test: &str) -> Folder {
    let folder = Folder::new(test);
    std::fs::create_dir(folder.path("run-1")).unwrap();
    folder.write("a book", "text");
    for shell in ["bash", "zsh", "fish"] {
        let script = folder.run(&format!("completions {shell}")).well();
        folder.write(&format!("elman.{shell}"), script);
    }
    folder
}

/// What the shell prints, line by line, sorted.
fn lines(folder: &Folder, shell: &mut Command) -> Vec<String> {
    let shell = shell.current_dir(folder.path("")).env("HOME", folder.path(""));
    let output = ended(shell.env("LC_ALL", "C"));
    assert_eq!(output.stderr, "");
    let mut lines: Vec<String> = output.well().lines().map(str::to_string).collect();
    lines.sort();
    lines
}

/// A command line, whose last word is to be completed, and what must be offered for it: all of the names before
/// the bar, none of those after.
const CASES: [(&str, &str); 23] = [
    ("elman tr", "train | check text"),
    ("elman ", "train sample check show help | text"),
    ("elman train --hid", "--hidden | --quiet"),
    ("elman train --", "--hidden --seed --quiet --out | --length --format"),
    ("elman sample --", "--length --prime | --hidden"),
    ("elman train --hidden ", "| text run-1 --quiet"),
    ("elman sample --prime ", "| text run-1"),
    ("elman train te", "text | run-1"),
    ("elman train ", "text run-1 | train"),
    ("elman train --quiet ru", "run-1 | text"),
    ("elman train --out ", "run-1 | text"),
    ("elman train text --resume ", "run-1 | text"),
    ("elman train --from ", "text run-1 | train"),
    ("elman export --format ", "torch npz | text"),
    ("elman export --format t", "torch | npz text"),
    ("elman score --start ", "zero carried | text"),
    ("elman train --order ", "text chunks positions | run-1"),
    ("elman train --order c", "chunks | text positions"),
    ("elman show te", "text | train"),
    ("elman report --language ", "en sv | text run-1"),
    ("elman report ", "run-1 | text"),
    ("elman help ", "train check | text"),
    ("elman completions ", "bash zsh fish | text"),
];

fn assert_offers(line: &str, expected: &str, offered: &[String]) {
    let (all, none) = expected.split_once('|').unwrap();
    let is_offered = |name: &str| {
        let name_alone = |offer: &String| offer.trim_end_matches('/') == name;
        offered.iter().any(name_alone)
    };
    for name in all.split_whitespace() {
        assert!(is_offered(name), "{name:?} is not offered for {line:?}: {offered:?}");
    }
    for name in none.split_whitespace() {
        assert!(!is_offered(name), "{name:?} is offered for {line:?}: {offered:?}");
    }
}

/// The words of a line as bash would put them, the last one may be empty.
fn bash(folder: &Folder, line: &str) -> Vec<String> {
    let words: Vec<String> = line.split(' ').map(|word| format!("'{word}'")).collect();
    let script = format!(
        "source elman.bash; [[ $(complete -p elman) == 'complete -F _elman elman' ]] || exit 3; \
         COMP_WORDS=({}); COMP_CWORD={}; _elman; \
         ((${{#COMPREPLY[@]}} == 0)) || printf '%s\\n' \"${{COMPREPLY[@]}}\"",
        words.join(" "),
        words.len() - 1
    );
    let mut shell = Command::new("bash");
    lines(folder, shell.args(["--norc", "-c", &script]))
}

#[test]
fn bash_completes() {
    if !has("bash") {
        return;
    }
    let folder = folder("bash");
    for (line, expected) in CASES {
        assert_offers(line, expected, &bash(&folder, line));
    }
    assert_eq!(bash(&folder, "elman tr"), ["train"]);
    assert_eq!(bash(&folder, "elman train a"), ["a book"]);
    // Readline makes words of the equals sign.
    assert_eq!(bash(&folder, "elman export --format = n"), ["npz"]);
    assert_eq!(bash(&folder, "elman export --format ="), ["npz", "torch"]);
    assert_eq!(bash(&folder, "elman train --hidden = "), [""; 0]);
    assert_eq!(bash(&folder, "elman train -- te"), ["text"]);
}

#[test]
fn fish_completes() {
    if !has("fish") {
        return;
    }
    let folder = folder("fish");
    let offers = |line: &str| {
        let script = format!("source elman.fish; complete -C '{line}'");
        let mut shell = Command::new("fish");
        let offered = lines(&folder, shell.args(["--no-config", "-c", &script]));
        // A description follows after a tab.
        let name = |line: &String| line.split('\t').next().unwrap().to_string();
        offered.iter().map(name).collect::<Vec<_>>()
    };
    for (line, expected) in CASES {
        assert_offers(line, expected, &offers(line));
    }
    assert_eq!(offers("elman tr"), ["train"]);
    assert_eq!(offers("elman export --format=n"), ["--format=npz"]);
    // The name of a command elsewhere is no command.
    assert_offers("elman show train --", "--help | --hidden", &offers("elman show train --"));
}

/// Zsh's own functions say what they are asked for; what they make of it is theirs.
#[test]
fn zsh_completes() {
    if !has("zsh") {
        return;
    }
    let folder = folder("zsh");
    let checked = lines(&folder, Command::new("zsh").args(["-f", "-n", "elman.zsh"]));
    assert!(checked.is_empty(), "{checked:?}");
    let asked = |words: &str, state: &str| {
        let script = format!(
            "compdef() {{ print -r -- compdef $@ }}; source elman.zsh; \
             _describe() {{ local name=$2; print -rl -- ${{(P)name}} }}; \
             _arguments() {{ if [[ $1 == -C ]]; then state={state}; else print -rl -- $@; fi }}; \
             words=({words}); _elman"
        );
        lines(&folder, Command::new("zsh").args(["-f", "-c", &script]))
    };
    let has = |lines: &[String], line: &str| {
        assert!(lines.iter().any(|l| l == line), "{line:?} is not in {lines:?}");
    };
    let commands = asked("''", "command");
    has(&commands, "compdef _elman elman");
    has(&commands, "train:train a network on a text, character by character");
    has(&commands, "help:print the help of a command");
    let train = asked("train ''", "arguments");
    has(&train, "--hidden=[number of hidden units m]:N: ");
    has(&train, "--clip=[clip every gradient entry to \\[-X, X\\]; none\\: no clipping]:X: ");
    has(&train, "--epsilon=[the optimizer's epsilon, which avoids a division by 0]:X: ");
    has(&train, "--out=[the run's folder]:DIR:_files -/");
    has(&train, "--quiet[show no progress and no warnings on standard error]");
    assert!(train.iter().any(|l| l.starts_with("--from=[") && l.ends_with(":MODEL:_files")));
    has(&train, "*:\\[TEXT\\]:_files");
    let export = asked("export ''", "arguments");
    assert!(export.iter().any(|l| l.ends_with(":torch|npz:(torch npz)")), "{export:?}");
    let shells = asked("completions ''", "arguments");
    has(&shells, "*:bash|zsh|fish:(bash zsh fish)");
    assert!(!shells.iter().any(|l| l.starts_with("--hidden")));
}

/// A line typed in a real zsh, with its completion system; the folder is searched as a user would have it.
#[test]
fn zsh_completes_as_it_is_typed() {
    if !has("zsh") {
        return;
    }
    let folder = folder("zsh-typed");
    std::fs::create_dir(folder.path("functions")).unwrap();
    folder.write("functions/_elman", folder.read("elman.zsh"));
    let script = r#"
        zmodload zsh/zpty || exit 4
        zpty shell zsh -f -i
        type() { zpty -w shell "$1" }
        type 'PS1=; fpath=($PWD/functions $fpath); autoload -Uz compinit; compinit -u -D; setopt no_beep'
        type "elman() { print -r -- \"<\$*>\" > typed }; print ready > ready"
        until [[ -s ready ]]; do sleep 0.01; done
        for line in "$@"; do
            rm -f typed
            zpty -w -n shell "$line"$'\t\n'
            for ((i = 0; i < 500; i++)); do [[ -s typed ]] && break; sleep 0.01; done
            cat typed
        done
        zpty -d shell"#;
    let typed = |lines: &[&str]| {
        let mut shell = Command::new("zsh");
        shell.current_dir(folder.path("")).env("HOME", folder.path(""));
        shell.args(["-f", "-c", script, "zsh"]).args(lines);
        ended(shell.env("LC_ALL", "C").env("TERM", "dumb")).well()
    };
    let lines =
        ["elman tra", "elman train --seq", "elman export --format to", "elman train --out ru"];
    let expected = "<train>\n<train --seq-length>\n<export --format torch>\n<train --out run-1>\n";
    assert_eq!(typed(&lines), expected);
}

#[test]
fn other_shells_are_told() {
    let folder = Folder::new("shells");
    folder.run("completions").refused(2, "which shell? one of bash, zsh, fish");
    folder
        .run("completions powershell")
        .refused(2, "there is no script for \"powershell\": choose one of bash, zsh, fish (see");
}
