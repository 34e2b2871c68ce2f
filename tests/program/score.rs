//! `elman score`: tables, objects and words hold the numbers of the library.

use crate::examples::model;
use crate::harness::{self, Folder, PATIENCE};
use elman::Model;
use elman::inference::{Score, ScoreBy, Scored, TextScorer, score_lines, score_text};
use elman::internals::checkpoint;
use elman::text::Symbols;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

fn folder(test: &str, models: &[(&str, &Model)]) -> Folder {
    let folder = Folder::new(test);
    for (name, model) in models {
        folder.write(name, checkpoint::to_bytes(model).unwrap());
    }
    folder
}

/// The records of a table, by RFC 4180.
fn records(table: &str) -> Vec<Vec<String>> {
    let (mut records, mut record, mut field) = (Vec::new(), Vec::new(), String::new());
    let (mut quoted, mut characters) = (false, table.chars().peekable());
    while let Some(c) = characters.next() {
        match (quoted, c) {
            (true, '"') if characters.next_if_eq(&'"').is_some() => field.push('"'),
            (_, '"') => quoted = !quoted,
            (false, ',') => record.push(std::mem::take(&mut field)),
            (false, '\n') => {
                record.push(std::mem::take(&mut field));
                records.push(std::mem::take(&mut record));
            }
            (_, c) => field.push(c),
        }
    }
    assert!(!quoted && field.is_empty() && record.is_empty());
    records
}

fn expected(line: Option<u64>, score: &Score) -> Vec<String> {
    let or_empty = |value: Option<String>| value.unwrap_or_default();
    vec![
        or_empty(line.map(|line| line.to_string())),
        format!("{:?}", score.bits),
        score.characters.to_string(),
        or_empty(score.bits_per_character().map(|bits| format!("{bits:?}"))),
        or_empty(score.worst.map(|worst| worst.character.to_string())),
        or_empty(score.worst.map(|worst| worst.position.to_string())),
    ]
}

const HEADER: &str = "line,bits,characters,bits_per_character,worst_character,worst_position";
const ODD: &str = "abc\n\na\"b\nb,c\nc \u{e5}\nb\u{1f600}\nab\t\\\n";

#[test]
fn tables_hold_the_numbers_of_the_library() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("tables", &[("model", &model)]);
    folder.write("odd", ODD);
    let carry = ScoreBy::Lines { carry: true };
    folder.write("breaks", "ab\u{85}\u{2028}c\nc\r\n\r");
    for (name, text) in [("odd", ODD), ("breaks", "ab\u{85}\u{2028}c\nc\r\n\r")] {
        let table = folder.run(&format!("score model {name} --csv")).well();
        assert_eq!(table.lines().next(), Some(HEADER));
        assert_eq!(records(&table)[1..], [expected(None, &score_text(&model, text))]);
        let table = folder.run(&format!("score model {name} --csv --per-line")).well();
        assert_eq!(table.lines().next(), Some(HEADER));
        let lines = (1..).zip(score_lines(&model, text));
        let rows: Vec<_> = lines.map(|(line, score)| expected(Some(line), &score)).collect();
        assert_eq!(records(&table)[1..], rows);
        let carried = folder.run(&format!("score model {name} --csv --per-line --carry")).well();
        let carried = records(&carried);
        let mut reading = TextScorer::new(&model, carry).unwrap();
        let mut input = text.as_bytes();
        let mut rows = Vec::new();
        let mut row = |row: Scored<'_>| rows.push(expected(row.line, &row.score));
        while reading.read(&mut input, &mut row).unwrap() {}
        assert_eq!(carried[1..], rows);
        assert_ne!(carried[2..], records(&table)[2..]);
    }
    assert_eq!(
        folder.run_with_input("score model --csv", ODD).well(),
        folder.run("score model odd --csv").well()
    );
    assert_eq!(
        folder.run_with_input("score model - --csv", ODD).well(),
        folder.run("score model odd --csv").well()
    );
}

#[test]
fn objects_hold_the_same_as_tables() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("objects", &[("model", &model)]);
    folder.write("odd", ODD);
    for options in ["", "--per-line"] {
        let table = folder.run(&format!("score model odd --csv {options}")).well();
        let objects = folder.run(&format!("score model odd --jsonl {options}")).well();
        let names: Vec<&str> = HEADER.split(',').collect();
        let rows = records(&table);
        assert_eq!(objects.lines().count(), rows.len() - 1);
        for (object, row) in objects.lines().zip(&rows[1..]) {
            let pairs = names.iter().zip(row).map(|(name, value)| {
                let value = match (*name, value.as_str()) {
                    (_, "") => "null".to_string(),
                    ("worst_character", value) => elman::internals::json::quote(value),
                    (_, value) => value.to_string(),
                };
                format!("\"{name}\":{value}")
            });
            let pairs: Vec<String> = pairs.collect();
            assert_eq!(object, format!("{{{}}}", pairs.join(",")));
        }
    }
}

#[test]
fn of_several_files_each_is_judged_by_itself() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("files", &[("model", &model)]);
    folder.write("one", "abc\nb\n");
    folder.write("two,three", "cab");
    let table = folder.run("score model one two,three one --csv --per-line").well();
    let rows = records(&table);
    assert_eq!(rows[0].join(","), format!("file,{HEADER}"));
    let files: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(files, ["one", "one", "two,three", "one", "one"]);
    assert_eq!(rows[1], rows[4]);
    assert_eq!(rows[3][1..], expected(Some(1), &score_lines(&model, "cab")[0]));
    let objects = folder.run("score model one two,three --jsonl").well();
    assert!(objects.starts_with("{\"file\":\"one\",\"line\":null,"), "{objects}");
    let words = folder.run("score model one two,three").well();
    let names = words.lines().filter(|line| !line.contains("  "));
    assert!(names.eq(["one", "two,three"]), "{words}");
    let piped = folder.run_with_input("score model one - --csv", "cab").well();
    assert_eq!(records(&piped)[2][0], "-");
    folder.run("score model one none").refused(1, "none: ");
}

#[test]
fn words_are_for_people() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("words", &[("model", &model)]);
    let text = "abc\n\ncx\n";
    folder.write("text", text);
    let whole = score_text(&model, text);
    let words = folder.run("score model text").well();
    let per = whole.bits_per_character().unwrap();
    for line in [
        format!("bits per character  {per:.4}"),
        format!("bits                {:.1}", whole.bits),
        "characters          7".to_string(),
        "unknown             1 of them, at 20.08 bits each: the vocabulary lacks them".to_string(),
        "worst character     'x' at 7: 20.08 bits".to_string(),
    ] {
        assert!(words.lines().any(|words| words == line), "{line:?}\n{words}");
    }
    let lines = folder.run("score model text --per-line").well();
    let last = score_lines(&model, text)[2];
    let per = last.bits_per_character().unwrap();
    let row = format!("{:>9}  {per:>14.3}  {:>14.1}  {:>10}  'x' at 2", 3, last.bits, 2);
    assert_eq!(lines.lines().last(), Some(row.as_str()));
    assert_eq!(lines.lines().count(), 4);
    let empty = folder.run_with_input("score model", "").well();
    assert!(empty.contains("characters          0"), "{empty}");
    assert_eq!(folder.run_with_input("score model --per-line", "").well(), "");
    // Bytes go by their numbers.
    let bytes = self::model(Symbols::Bytes, "\nab", false);
    folder.write("bytes", checkpoint::to_bytes(&bytes).unwrap());
    folder.write("log", b"ab\xe5\n");
    let words = folder.run("score bytes log").well();
    assert!(words.contains("bits per byte"), "{words}");
    assert!(words.contains("worst byte          0xe5 at 3"), "{words}");
}

#[test]
fn a_threshold_is_a_filter() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("threshold", &[("model", &model)]);
    let text = "abc\nx\u{1b}[2J\tx\n\nbca\n\u{202e}a\ncab";
    folder.write("text", text);
    let scores = score_lines(&model, text);
    let bits = |line: usize| scores[line].bits_per_character().unwrap_or(0.0);
    let found = folder.run("score model text --threshold 9");
    assert_eq!((found.status, found.stderr.as_str()), (3, ""));
    let rows: Vec<&str> = found.stdout.lines().skip(1).collect();
    let row = |line: usize, worst: &str, text: &str| {
        format!("{line:>9}  {:>14.3}  {worst:<14}  {text}", bits(line - 1))
    };
    assert_eq!(
        rows,
        [row(2, "'x' at 1", "x\\u{1b}[2J\\tx"), row(5, "'\\u{202e}' at 1", "\\u{202e}a")]
    );
    // A table holds the same lines; what is exactly at the threshold is not above it.
    let exact = bits(4);
    let table = folder.run(&format!("score model text --csv --threshold {exact:?}"));
    assert_eq!(table.status, 3);
    assert_eq!(records(&table.stdout)[1..], [expected(Some(2), &scores[1])]);
    let objects = folder.run("score model text --jsonl --threshold 9");
    assert_eq!((objects.status, objects.stdout.lines().count()), (3, 2));
    // The state matters, so carrying it does.
    let carried = folder.run("score model text --csv --threshold 0 --carry");
    let each = folder.run("score model text --csv --threshold 0");
    assert_eq!([carried.status, each.status], [3, 3]);
    assert_ne!(carried.stdout, each.stdout);
    assert_eq!(each.stdout.lines().count(), 6, "an empty line is not above 0");

    let none = folder.run("score model text --threshold 1000");
    assert_eq!((none.status, none.stdout.as_str()), (0, ""));
    let one = folder.run_with_input("score model text - --threshold 9", "abc\n");
    assert_eq!(one.status, 3, "one of the files is enough");
}

/// A text of several readings, with a network that is worth several threads.
#[test]
fn threads_change_nothing() {
    let folder = Folder::new("score-threads");
    folder.run("train --hidden 40 --iterations 5 --quiet --out run").well();
    let story: String = elman::STORY.chars().filter(|&c| c != '.').collect();
    folder.write("text", [story.as_str(), &"ab\n\u{1f600}\r\n".repeat(9000), &story].concat());
    folder.write("bad", [story.as_bytes(), b"\xff\n", story.as_bytes()].concat());
    for options in ["text --csv", "text --csv --per-line", "text --threshold 4.5", "bad --per-line"]
    {
        let alone = folder.run(&format!("score run {options} --threads 1"));
        for threads in ["", "--threads 2", "--threads 5"] {
            let together = folder.run(&format!("score run {options} {threads}"));
            assert_eq!(together.stdout, alone.stdout, "{options} {threads}");
            assert_eq!(together.stderr, alone.stderr, "{options} {threads}");
            assert_eq!(together.status, alone.status, "{options} {threads}");
        }
    }
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("refused", &[("model", &model)]);
    folder.write("text", "abc\n");
    folder.write("latin", b"abc\nab\n\xe5b\n");
    for (arguments, status, words) in [
        ("", 2, "which model?"),
        ("model text --csv --jsonl", 2, "--csv and --jsonl: give one"),
        ("model text --carry", 2, "--carry: goes with --per-line or --threshold"),
        ("model text --threshold", 2, "--threshold needs a value"),
        ("model text --threshold x", 2, "--threshold x: must be a number"),
        ("model text --threshold -1", 2, "--threshold -1: must be a number of at least 0"),
        ("model text --threshold NaN", 2, "--threshold NaN: must be"),
        ("model text --threads 0", 2, "--threads 0: must be a whole number from 1 to 256"),
        ("model text --threads 257", 2, "--threads 257: must be a whole number from 1 to 256"),
        ("none text", 1, "none: "),
        ("text text", 1, "text: "),
        ("model none", 1, "none: "),
        ("model .", 1, ".: a folder, not a text"),
        (
            "model latin",
            1,
            "latin: line 3: not UTF-8 at byte 7: convert the text to UTF-8 first, or score it with a model of bytes",
        ),
    ] {
        let refused = folder.run(&format!("score {arguments}"));
        assert_eq!(refused.refused(status, words), "", "{arguments}");
    }
    // What came before is printed.
    let table = folder.run("score model latin --csv --per-line");
    let table = table.refused(1, "latin: line 3: not UTF-8 at byte 7");
    assert_eq!(records(&table).len(), 3);
}

#[test]
fn weights_beyond_all_numbers_are_told() {
    let mut model = model(Symbols::Characters, "\nabc", false);
    model.state.rnn.parameters.values_mut().fill(1e308);
    model.state.rnn.parameters.values_mut()[0] = -1e308;
    let folder = folder("wild", &[("model", &model)]);
    folder.write("text", "abc\nabc\n");
    let ended = folder.run("score model text --csv --per-line");
    ended.refused(1, "text: line 1: no number of bits");
}

/// A line is told while the next is not there yet.
#[test]
fn a_stream_is_judged_as_it_comes() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("stream", &[("model", &model)]);
    for options in ["--threshold 9", "--per-line --csv", "--per-line --jsonl"] {
        let mut child = folder
            .command(&format!("score model {options}"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (tell, told) = mpsc::channel();
        let stdout = child.stdout.take().unwrap();
        let reader = thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                tell.send(line.unwrap()).unwrap();
            }
        });
        let mut stdin = child.stdin.take().unwrap();
        let headings = usize::from(!options.contains("jsonl"));
        for lines in 1..4 {
            stdin.write_all(b"axb\n").unwrap();
            stdin.flush().unwrap();
            for _ in 0..if lines == 1 { 1 + headings } else { 1 } {
                told.recv_timeout(PATIENCE).unwrap();
            }
        }
        drop(stdin);
        reader.join().unwrap();
        let status = if options.contains("threshold") { 3 } else { 0 };
        assert_eq!(child.wait().unwrap().code(), Some(status));
    }
}

#[cfg(unix)]
#[test]
fn nobody_reading_is_a_quiet_end() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("quiet", &[("model", &model)]);
    folder.write("text", "abcx\n".repeat(100_000));
    // What was found counts all the same.
    for (options, status) in [("--per-line", 0), ("--per-line --csv", 0), ("--threshold 1", 3)] {
        let ended = folder.run_for_some(&format!("score model text {options}"), 1000);
        assert_eq!((ended.status, ended.stderr.as_str()), (status, ""), "{options}");
    }
    let mut unread = folder.command("score model text");
    let unread = harness::ended(unread.stdout(harness::unread()));
    assert_eq!((unread.status, unread.stderr.as_str()), (0, ""));
}
