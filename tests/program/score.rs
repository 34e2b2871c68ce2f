//! `elman score`: tables, objects and words hold the numbers of the library.

use crate::examples::{lines_of, model};
use crate::harness::{self, Folder, PATIENCE};
use elman::Model;
use elman::inference::{Reading, Score, ScoreBy, Scored, TextScorer, score};
use elman::internals::checkpoint;
use elman::internals::model::state_mut;
use elman::text::Symbols;
use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::ops::ControlFlow;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread::{self, JoinHandle};

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

/// A text with carriage returns that the vocabulary lacks is scored, and its score is explained.
#[test]
fn carriage_returns_that_are_unknown_are_told() {
    let folder = Folder::new("score-crlf");
    folder.train("run", "").well();
    let text = folder.read_text("text");
    folder.write("crlf", text.replace('\n', "\r\n").as_bytes());
    let scored = folder.run("score run crlf");
    assert_eq!(scored.status, 0);
    let words = "of its lines end in CRLF: the carriage return is not in the vocabulary";
    assert!(scored.stderr.contains(words), "{}", scored.stderr);
    assert_eq!(folder.run("score run text").stderr, "");
    assert_eq!(folder.run("score run crlf --per-line").stderr, "");
}

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
        assert_eq!(records(&table)[1..], [expected(None, &score::text(&model, text).unwrap())]);
        let table = folder.run(&format!("score model {name} --csv --per-line")).well();
        assert_eq!(table.lines().next(), Some(HEADER));
        let lines = (1..).zip(lines_of(&model, text));
        let rows: Vec<_> = lines.map(|(line, score)| expected(Some(line), &score)).collect();
        assert_eq!(records(&table)[1..], rows);
        let carried = folder.run(&format!("score model {name} --csv --per-line --carry")).well();
        let carried = records(&carried);
        let mut reading = TextScorer::new(&model, carry).unwrap();
        let mut input = text.as_bytes();
        let mut rows = Vec::new();
        let mut row = |row: Scored<'_>| {
            rows.push(expected(row.line, &row.score));
            ControlFlow::Continue(())
        };
        while reading.read(&mut input, &mut row).unwrap() == Reading::More {}
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
    assert_eq!(rows[3][1..], expected(Some(1), &lines_of(&model, "cab")[0]));
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
    let whole = score::text(&model, text).unwrap();
    let words = folder.run("score model text").well();
    let per = whole.bits_per_character().unwrap();
    for line in [
        format!("bits per character  {per:.4}"),
        format!("bits                {:.1}", whole.bits),
        "characters          7".to_string(),
        "unknown             1 of them are not in the vocabulary: 20.08 bits each".to_string(),
        "worst character     'x' at 7: 20.08 bits".to_string(),
    ] {
        assert!(words.lines().any(|words| words == line), "{line:?}\n{words}");
    }
    let lines = folder.run("score model text --per-line").well();
    let last = lines_of(&model, text)[2];
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
    let scores = lines_of(&model, text);
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
    for (arguments, status, words) in [
        ("", 2, "which model?"),
        ("model text --csv --jsonl", 2, "--csv and --jsonl: use only one"),
        ("model text --carry", 2, "--carry: can only be used with --per-line or --threshold"),
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
        ("model text --start", 2, "--start needs a value"),
        ("model text --start trained", 2, "--start trained: must be zero or carried"),
    ] {
        let refused = folder.run(&format!("score {arguments}"));
        assert_eq!(refused.refused(status, words), "", "{arguments}");
    }
}

/// One byte must not switch a filter off.
#[test]
fn bytes_that_are_no_utf8_end_no_filter() {
    let folder = Folder::new("no-utf8");
    let ordinary = "GET /harbour/times 200 812\nGET /harbour/map 200 5120\nPOST /notes 302 0\n";
    folder.write("ordinary.log", ordinary.repeat(40));
    folder.run("train ordinary.log --hidden 20 --iterations 3000 --quiet --out run").well();
    let log = b"GET /harbour/times 200 812\nGET /harbour/map 200 5120\n\
                GET /\x16\x03\x01\x02\xff\xfe\x80 400 0\nzqxv jj%% //..//..// 7777777\n\
                GET /harbour/times 200 812\n";
    folder.write("log", log);
    // In the last, a character that the end cuts off.
    let cut = [&log[..], b"GET /\xf0\x9f\x98"].concat();
    folder.write("cut", &cut);
    for (name, log, lines) in [("log", &log[..], &["3", "4"][..]), ("cut", &cut, &["3", "4", "6"])]
    {
        for ended in [
            folder.run(&format!("score run {name} --threshold 2")),
            folder.run_with_input("score run --threshold 2", log),
        ] {
            assert_eq!((ended.status, ended.stderr.as_str()), (3, ""));
            let rows: Vec<&str> = ended.stdout.lines().skip(1).collect();
            let told = rows.iter().map(|row| row.split_whitespace().next().unwrap());
            assert!(told.eq(lines.iter().copied()), "{rows:?}");
            assert!(rows[0].ends_with("  GET /\\u{16}\\u{3}\\u{1}\\u{2}\\xff\\xfe\\x80 400 0"));
        }
        let whole = folder.run(&format!("score run {name} --csv")).well();
        // Of the unknown characters, 4 are controls, 3 (in the second text 4) are no UTF-8.
        let characters = String::from_utf8_lossy(log).chars().count() - 1;
        assert_eq!(records(&whole)[1][2], characters.to_string());
    }
    let rows = folder.run("score run cut --per-line --jsonl").well();
    assert_eq!(rows.lines().count(), 6);
    let odd = "\"worst_character\":\"\\\\xf0\\\\x9f\\\\x98\",\"worst_position\":6}";
    assert!(rows.ends_with(&format!("{odd}\n")), "{rows}");
}

#[test]
fn bytes_that_are_no_utf8_are_shown_as_bytes() {
    let model = model(Symbols::Characters, "\nabc", false);
    let folder = folder("latin", &[("model", &model)]);
    folder.write("latin", b"abc\nab\n\xe5b\nb\xe2\x82\n");
    let row = |table: &str, row: usize| records(table)[row][4..].join(" ");
    let table = folder.run("score model latin --csv --per-line").well();
    assert_eq!([row(&table, 3), row(&table, 4)], ["\\xe5 1", "\\xe2\\x82 2"]);
    let objects = folder.run("score model latin --jsonl --per-line").well();
    let last = "\"worst_character\":\"\\\\xe2\\\\x82\",\"worst_position\":2}";
    assert!(objects.trim_end().ends_with(last), "{objects}");
    let words = folder.run("score model latin").well();
    for line in [
        "characters          12",
        "unknown             2 of them are not in the vocabulary: 20.08 bits each",
        "worst character     \\xe5 at 8: 20.08 bits",
    ] {
        assert!(words.lines().any(|words| words == line), "{line:?}\n{words}");
    }
    let found = folder.run("score model latin --threshold 10");
    assert_eq!((found.status, found.stderr.as_str()), (3, ""));
    let found: Vec<&str> = found.stdout.lines().skip(1).map(|line| &line[27..]).collect();
    assert_eq!(found, ["\\xe5 at 1       \\xe5b", "\\xe2\\x82 at 2   b\\xe2\\x82"]);
    // A text in Latin-1 is told to be one.
    folder.write("swedish", b"ab\xe5cabcabcab\xe4bc\n".repeat(10));
    let told = folder.run("score model swedish --per-line");
    let words = "swedish: 20 sequences of its bytes are not UTF-8, and count as unknown characters: is it Latin-1?";
    assert_eq!(told.refused(0, words).lines().count(), 11);
}

/// The scores are those of the library from the same state.
#[test]
fn it_begins_where_the_network_learned_or_at_zero() {
    let folder = Folder::new("score-start");
    folder.train("run", "").well();
    folder.train("documents", "--documents").well();
    let score = |options: &str| folder.run(&format!("score {options} --csv")).well();
    let text = harness::text();
    for (run, kind) in [("run", true), ("documents", false)] {
        let model = folder.model(&format!("{run}/best.safetensors"));
        let h = &model.state().h[..];
        assert!(h.iter().any(|h| *h != 0.0));
        for (options, by) in [
            ("", ScoreBy::Text),
            ("--per-line", ScoreBy::Lines { carry: false }),
            ("--per-line --carry", ScoreBy::Lines { carry: true }),
        ] {
            let from = |h0: &[f64]| {
                let scorer = TextScorer::new(&model, by).unwrap();
                let mut scorer = scorer.starting_from(h0).unwrap();
                let (mut input, mut rows) = (text.as_bytes(), Vec::new());
                let mut row = |row: Scored<'_>| {
                    rows.push(expected(row.line, &row.score));
                    ControlFlow::Continue(())
                };
                while scorer.read(&mut input, &mut row).unwrap() == Reading::More {}
                rows
            };
            let rows =
                |more: &str| records(&score(&format!("{run} text {options} {more}")))[1..].to_vec();
            let [usual, zero, carried] = ["", "--start zero", "--start carried"].map(rows);
            assert_eq!(zero, from(&[0.0; 6]), "{run} {options}");
            assert_eq!(carried, from(h), "{run} {options}");
            assert_eq!(usual, carried, "{run} {options}");
            // Documents begin at zero, whatever is chosen.
            assert_eq!(zero != carried, kind, "{run} {options}");
        }
    }
}

/// The line on standard error, if there is one.
fn warning(folder: &Folder, options: &str, text: &[u8]) -> String {
    folder.write("odd", text);
    let [named, piped] = [
        folder.run(&format!("score model odd {options}")),
        folder.run_with_input(&format!("score model {options}"), text),
    ];
    assert_eq!(named.stdout, piped.stdout);
    assert_eq!(named.stderr.replace("odd:", "standard input:"), piped.stderr);
    assert!(named.stderr.lines().count() < 2, "{}", named.stderr);
    named.stderr
}

#[test]
fn texts_that_are_probably_not_meant_are_told() {
    let plain = model(Symbols::Characters, "\nabc", false);
    let folder = folder("not-meant", &[("model", &plain)]);
    let warning = |options: &str, text: &[u8]| warning(&folder, options, text);
    let returns = "anna\rbo\rcecilia\r".repeat(9);
    for options in
        ["--per-line", "--threshold 1", "--threshold 1 --jsonl", "--jsonl", "--per-line --csv"]
    {
        let said = warning(options, returns.as_bytes());
        let words = "elman: odd: its lines end in carriage returns (CR) alone, which do not end a line here: tr";
        assert!(said.starts_with(words), "{options}: {said}");
        let said = warning(options, b"ab\nca\r\nb\r");
        assert!(
            said.starts_with("elman: odd: its line ends are mixed, 1 CRLF, 1 LF, 1 CR: "),
            "{said}"
        );
        for plain in [
            &b"ab\nca\n"[..],
            b"ab\r\nca\r\n",
            b"ab",
            b"",
            b"first\xc2\x85half\nsecond\xe2\x80\xa8half\nthird\n",
        ] {
            assert_eq!(warning(options, plain), "", "{options}: {plain:?}");
        }
    }
    for options in ["", "--csv", "--per-line", "--threshold 1"] {
        let utf16: Vec<u8> = "the ferry\nat nine\n".bytes().flat_map(|byte| [byte, 0]).collect();
        let said = warning(options, &utf16);
        let words = "odd: 50 % of its characters are NUL: is it UTF-16? iconv -f UTF-16LE -t UTF-8";
        assert!(said.contains(words), "{said}");
        // With the mark it is not UTF-8, and scored all the same.
        let said = warning(options, &[&[0xff, 0xfe], &utf16[..]].concat());
        assert!(said.contains("is it UTF-16? iconv -f UTF-16 -t UTF-8"), "{said}");
        let said = warning(options, "ab\u{2028}c\u{2028}a".as_bytes());
        assert!(said.contains("odd: its lines end in U+2028"), "{said}");
    }
    // Of a whole text, no line is asked for.
    assert_eq!(warning("", returns.as_bytes()), "");
    // Once for each text.
    folder.write("one", &returns);
    folder.write("two", "abc\n");
    let told = folder.run("score model one two one --per-line").stderr;
    assert_eq!(told.lines().count(), 2, "{told}");
    assert!(told.lines().all(|line| line.starts_with("elman: one: its lines end")));
}

/// The lines of a stream as they come, and the thread that waits for them.
fn lines_as_they_come(stream: impl Read + Send + 'static) -> (Receiver<String>, JoinHandle<()>) {
    let (tell, told) = mpsc::channel();
    let reader = thread::spawn(move || {
        for line in BufReader::new(stream).lines() {
            tell.send(line.unwrap()).unwrap();
        }
    });
    (told, reader)
}

/// A text without end is told while it comes.
#[test]
fn a_stream_is_told_before_its_end() {
    let plain = model(Symbols::Characters, "\nabc", false);
    let folder = folder("not-meant-stream", &[("model", &plain)]);
    let mut child = folder
        .command("score model --per-line")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (told, reader) = lines_as_they_come(child.stderr.take().unwrap());
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all("abc\r".repeat(1 << 18).as_bytes()).unwrap();
    stdin.flush().unwrap();
    let line = told.recv_timeout(PATIENCE).unwrap();
    assert!(line.starts_with("elman: standard input: its lines end in carriage returns"), "{line}");
    stdin.write_all(b"abc\r").unwrap();
    drop(stdin);
    assert!(child.wait().unwrap().success());
    reader.join().unwrap();
    assert!(told.recv().is_err(), "once");
}

#[test]
fn weights_beyond_all_numbers_are_told() {
    let mut model = model(Symbols::Characters, "\nabc", false);
    let values = state_mut(&mut model).rnn.parameters.values_mut();
    values.fill(1e308);
    values[0] = -1e308;
    let folder = folder("wild", &[("model", &model)]);
    folder.write("text", "abc\nabc\n");
    let ended = folder.run("score model text --csv --per-line");
    ended.refused(1, "text: line 1: the score is not finite");
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
        let (told, reader) = lines_as_they_come(child.stdout.take().unwrap());
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
