//! What a text costs: the rules of `elman::inference::scoring` against a plain twin of them, and the program that prints it.

#![allow(non_snake_case)]

mod program;

use elman::inference::{Extent, Reading, Row, Score, Scorer, Worst, unknown};
use elman::inference::{score_lines, score_text};
use elman::internals::checkpoint;
use elman::model::State;
use elman::network::reference;
use elman::random::{Generator, Stream};
use elman::text::TextError;
use elman::text::{InvalidUtf8, Symbols, one_hot};
use elman::{Level, Model, Parameters, Rnn, Settings, Shape, Vocabulary};
use program::{Folder, PATIENCE};
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::process::Stdio;
use std::sync::mpsc;
use std::thread;

/// A network whose weights are all alive, and which forgets little.
fn model(symbols: Symbols, characters: &str, documents: bool) -> Model {
    let mut characters: Vec<char> = characters.chars().collect();
    characters.sort_unstable();
    let vocabulary = Vocabulary::from_characters(symbols, characters).unwrap();
    let shape = Shape::new(7, vocabulary.len()).unwrap();
    let mut parameters = Parameters::zeros(shape).unwrap();
    Generator::new(3, Stream::Initialization).fill_normal(parameters.values_mut(), 0.7);
    let settings = Settings {
        hidden: 7,
        documents,
        ..Settings::default()
    };
    Model {
        settings,
        vocabulary,
        source: None,
        state: State::first(Rnn { parameters }, &settings).unwrap(),
    }
}

/// What is done with a text: h = 0, a character read, or one judged.
enum Event {
    Restart,
    Pass(char),
    Charge(char, u64),
}
use Event::{Charge, Pass, Restart};

/// The rules as they are written, with the lines as a list. One list of events for every row.
fn rules(model: &Model, text: &[char], extent: Extent) -> Vec<Vec<Event>> {
    let has = |c: char| model.vocabulary.index(c).is_some();
    let documents = model.settings.documents;
    let text = match (model.vocabulary.symbols(), text) {
        (Symbols::Characters, ['\u{feff}', rest @ ..]) => rest,
        (_, text) => text,
    };
    let place = |start: usize, line: &[char]| {
        let places = line.iter().enumerate();
        let events = places.map(|(i, &c)| Charge(c, (start + i) as u64 + 1));
        events.collect::<Vec<Event>>()
    };
    if extent == Extent::Text && !documents {
        return vec![
            [vec![Restart], place(0, text)]
                .into_iter()
                .flatten()
                .collect(),
        ];
    }
    let mut lines: Vec<&[char]> = text.split(|&c| c == '\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let without_return = |line: &[char]| match line {
        [line @ .., '\r'] if documents || !has('\r') => line.len(),
        line => line.len(),
    };
    if extent == Extent::Text {
        let (mut events, mut start) = (vec![Restart, Pass('\n')], 0);
        for line in lines {
            let length = without_return(line);
            if length > 0 {
                events.extend(place(start, &line[..length]));
                events.push(Charge('\n', (start + line.len()) as u64 + 1));
            }
            start += line.len() + 1;
        }
        return vec![events];
    }
    let carry = extent == Extent::Lines { carry: true };
    let mut rows = Vec::new();
    for (i, line) in lines.into_iter().enumerate() {
        let mut events = Vec::new();
        if i == 0 || !carry {
            events.push(Restart);
        }
        if has('\n') {
            events.push(Pass('\n'));
        }
        events.extend(place(0, &line[..without_return(line)]));
        rows.push(events);
    }
    rows
}

/// The costs of what is judged, by the dense equations.
fn twin(model: &Model, rows: Vec<Vec<Event>>) -> Vec<Score> {
    let (m, K) = (model.state.rnn.shape().m(), model.vocabulary.len());
    let parameters = &model.state.rnn.parameters;
    let (mut h, mut p) = (vec![0.0; m], None::<Vec<f64>>);
    let mut scores = Vec::new();
    for row in rows {
        let mut score = Score::default();
        for event in row {
            let (Pass(c) | Charge(c, _)) = event else {
                (h, p) = (vec![0.0; m], None);
                continue;
            };
            let index = model.vocabulary.index(c);
            let bits = match (index, &p) {
                (None, _) => Some(unknown(model.vocabulary.symbols())),
                (Some(index), Some(p)) => Some(-p[index].log2()),
                (Some(_), None) => None,
            };
            if let (Charge(character, position), Some(bits)) = (event, bits) {
                score.bits += bits;
                score.characters += 1;
                score.unknown += u64::from(index.is_none());
                if score.worst.is_none_or(|worst| bits > worst.bits) {
                    score.worst = Some(Worst {
                        character,
                        position,
                        bits,
                    });
                }
            }
            if let Some(index) = index {
                if model.settings.documents && c == '\n' {
                    h.fill(0.0);
                }
                let x = one_hot(&[index], K);
                let pass = reference::forward(parameters, &x, &x, &h);
                (h, p) = (pass.h[1].clone(), Some(pass.p[0].clone()));
            }
        }
        scores.push(score);
    }
    scores
}

fn close(ours: f64, theirs: f64) -> bool {
    (ours - theirs).abs() <= 1e-12 * theirs.abs().max(1.0)
}

#[track_caller]
fn same(ours: &[Score], theirs: &[Score], what: &str) {
    assert_eq!(ours.len(), theirs.len(), "{what}: rows");
    for (ours, theirs) in ours.iter().zip(theirs) {
        assert!(
            close(ours.bits, theirs.bits),
            "{what}: {ours:?}, {theirs:?}"
        );
        assert_eq!(ours.characters, theirs.characters, "{what}");
        assert_eq!(ours.unknown, theirs.unknown, "{what}");
        let place = |score: &Score| score.worst.map(|worst| (worst.character, worst.position));
        assert_eq!(place(ours), place(theirs), "{what}");
    }
}

/// A text that comes so many bytes at a time.
struct Slow<'a>(&'a [u8], usize);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.1.min(buffer.len()).min(self.0.len());
        let (now, later) = self.0.split_at(count);
        buffer[..count].copy_from_slice(now);
        self.0 = later;
        Ok(count)
    }
}

/// The rows of a text that comes so many bytes at a time: line, score, text.
fn read(
    model: &Model,
    extent: Extent,
    text: &[u8],
    step: usize,
) -> Vec<(Option<u64>, Score, Vec<u8>)> {
    let mut reading = Reading::new(model, extent);
    let mut input = Slow(text, step);
    let mut rows = Vec::new();
    let mut row = |row: Row<'_>| rows.push((row.line, row.score, row.text.to_vec()));
    while reading.read(&mut input, &mut row).unwrap() {}
    rows
}

const EXTENTS: [Extent; 3] = [
    Extent::Text,
    Extent::Lines { carry: false },
    Extent::Lines { carry: true },
];

const TEXTS: [&str; 22] = [
    "",
    "a",
    "\n",
    "\n\n",
    "abc",
    "abc\n",
    "abc\n\nba",
    "\nabc",
    "ab\r\ncab\r\n",
    "a\rb\r\r\n\r\r",
    "\r",
    "\r\n",
    "\r\n\r\nab\r",
    "xabc",
    "xx",
    "x\nabx\nb",
    "a\u{e5}b\u{1f600}c\ncb\u{e5}",
    "\u{feff}abc\nab",
    "\u{feff}",
    "ab\u{feff}c",
    "\u{feff}\n\u{feff}a",
    "ccbbaabccacbabc\nabcabcabcabcbca\nbbb\n",
];

#[test]
fn scores_are_those_of_the_rules() {
    let mut seen = 0;
    for (characters, documents) in [
        ("\nabc\u{e5}", false),
        ("\n\rabc\u{e5}", false),
        ("abc", false),
        ("\rabc", false),
        ("\nabc\u{e5}", true),
        ("\n\rabc", true),
        ("a", false),
    ] {
        let model = model(Symbols::Characters, characters, documents);
        for text in TEXTS {
            let list: Vec<char> = text.chars().collect();
            for extent in EXTENTS {
                let what = format!("{characters:?} {documents} {text:?} {extent:?}");
                let expected = twin(&model, rules(&model, &list, extent));
                let rows = read(&model, extent, text.as_bytes(), 1 << 20);
                let scores: Vec<Score> = rows.iter().map(|row| row.1).collect();
                same(&scores, &expected, &what);
                for step in [1, 2, 3, 7] {
                    assert_eq!(read(&model, extent, text.as_bytes(), step), rows, "{what}");
                }
                let lines = rows.iter().filter_map(|row| row.0);
                match extent {
                    Extent::Text => {
                        assert_eq!(rows[0].0, None);
                        assert_eq!(score_text(&model, text), scores[0]);
                    }
                    Extent::Lines { carry } => {
                        assert!(lines.eq(1..=rows.len() as u64), "{what}");
                        assert!(carry || score_lines(&model, text) == scores);
                    }
                }
                seen += scores.iter().filter(|score| score.characters > 0).count();
            }
        }
    }
    assert!(seen > 400, "{seen}");
}

#[test]
fn bytes_are_judged_as_they_are() {
    let model = model(Symbols::Bytes, "\nab\u{c3}\u{ff}", false);
    for text in [
        &b"ab\xff\n\xc3b\n\xff\xff\xff"[..],
        b"\xef\xbb\xbfab\xc3\xa5\n",
        b"ab\r\n\0\x80\n",
    ] {
        let list: Vec<char> = text.iter().map(|&byte| char::from(byte)).collect();
        for extent in EXTENTS {
            let expected = twin(&model, rules(&model, &list, extent));
            let rows = read(&model, extent, text, 2);
            let scores: Vec<Score> = rows.iter().map(|row| row.1).collect();
            same(&scores, &expected, &format!("{text:?} {extent:?}"));
        }
    }
    let rows = read(&model, EXTENTS[1], b"a\xe5\n", 9);
    assert_eq!(rows[0].2, b"a\xe5");
    assert_eq!(rows[0].1.unknown, 1);
    assert_eq!(rows[0].1.worst.unwrap().character, '\u{e5}');
}

/// The rules' own words, in numbers.
#[test]
fn what_the_vocabulary_lacks_costs_the_same_wherever_it_stands() {
    let model = model(Symbols::Characters, "\nabc", false);
    let each = unknown(Symbols::Characters);
    // From the logarithm of 1,112,064 to 50 digits.
    assert!((each - 20.084_808_387_804_36).abs() < 1e-14);
    let score = |text: &str| score_text(&model, text);
    let plain = score("abc");
    assert_eq!(plain.characters, 2);
    // First, between and last: the network does not see it.
    for text in ["xabc", "axbc", "abxc", "abcx"] {
        let with = score(text);
        assert_eq!((with.characters, with.unknown), (3, 1), "{text}");
        assert!(close(with.bits, plain.bits + each), "{text}");
        let worst = with.worst.unwrap();
        assert_eq!((worst.character, worst.bits), ('x', each));
        assert_eq!(worst.position, text.find('x').unwrap() as u64 + 1);
    }
    assert_eq!(score("a").characters, 0);
    assert_eq!(score("x").bits, each);
    assert_eq!(score("xy").worst.unwrap().position, 1);
    assert_eq!(score("").bits_per_character(), None);
    assert_eq!(score("xy").bits_per_character(), Some(each));
}

/// One pass of the network's own, and its loss.
#[test]
fn a_text_costs_the_loss_of_the_forward_pass() {
    let model = model(Symbols::Characters, "\nabcdefgh", false);
    let text: String = (0..400usize)
        .map(|i| ["ab", "c\n", "defg", "h"][i * i % 4])
        .collect();
    let indices = model.vocabulary.encode(&text).unwrap();
    let (K, T) = (model.vocabulary.len(), indices.len() - 1);
    let parameters = &model.state.rnn.parameters;
    let (X, Y) = (one_hot(&indices[..T], K), one_hot(&indices[1..], K));
    let dense = reference::forward(parameters, &X, &Y, &[0.0; 7]);
    let score = score_text(&model, &text);
    let nats = score.bits * std::f64::consts::LN_2;
    assert!((nats - dense.loss).abs() <= 1e-12 * dense.loss);
    assert_eq!(score.characters, T as u64);

    let mut steps = elman::Unrolled::new(model.state.rnn.shape(), T, 1).unwrap();
    steps.begin(0, &indices[..T], &indices[1..], &[0.0; 7]);
    let loss = model.state.rnn.forward(&mut steps);
    assert!((nats - loss).abs() <= 1e-12 * loss);
    // Every step to the bit, at every level.
    for level in Level::available() {
        let mut scorer = Scorer::of(&model).at(level);
        assert_eq!(scorer.read(Some(indices[0])), None);
        for (&target, nats) in indices[1..].iter().zip(steps.losses()) {
            let bits = scorer.read(Some(target)).unwrap();
            assert_eq!(bits, nats / std::f64::consts::LN_2, "{level:?}");
        }
        scorer.restart();
        assert_eq!(scorer.read(Some(indices[0])), None);
        let first = steps.losses().next().unwrap() / std::f64::consts::LN_2;
        assert_eq!(scorer.read(Some(indices[1])), Some(first));
    }
}

/// Weights so large that the softmax gives 0 to most characters.
#[test]
fn what_is_impossible_costs_many_bits_and_not_infinitely_many() {
    let mut model = model(Symbols::Characters, "\nabc", false);
    (model.state.rnn.parameters.values_mut().iter_mut()).for_each(|w| *w *= 1e4);
    let score = score_text(&model, "abcabccbaabc");
    assert!(score.bits.is_finite() && score.bits > 10_000.0, "{score:?}");
}

#[test]
fn text_that_is_no_utf8_is_told_by_line_and_byte() {
    let model = model(Symbols::Characters, "\nabc", false);
    let text = b"ab\n\xc3\xa5b\nca\xffb\n";
    for step in [1, 100] {
        let mut reading = Reading::new(&model, Extent::Lines { carry: false });
        let mut input = Slow(text, step);
        let mut rows = 0;
        let error = loop {
            match reading.read(&mut input, &mut |_| rows += 1) {
                Ok(more) => assert!(more),
                Err(error) => break error,
            }
        };
        assert_eq!(error, TextError::InvalidUtf8(InvalidUtf8 { byte: 9 }));
        assert_eq!((rows, reading.line()), (2, 3));
    }
}

#[test]
fn a_long_line_is_kept_in_part() {
    let model = model(Symbols::Characters, "\nab", false);
    let long = "\u{e5}".repeat(40_000);
    let mut seen = Vec::new();
    let mut reading = Reading::new(&model, Extent::Lines { carry: false });
    let text = format!("{long}\nab\n");
    let mut input = text.as_bytes();
    let mut row = |row: Row<'_>| seen.push((row.text.len(), row.is_cut, row.score.characters));
    while reading.read(&mut input, &mut row).unwrap() {}
    assert_eq!(seen, [(1 << 16, true, 40_000), (2, false, 2)]);
}

// The program.

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
    folder.write("breaks", "ab\u{85}\u{2028}c\nc\r\n\r");
    for (name, text) in [("odd", ODD), ("breaks", "ab\u{85}\u{2028}c\nc\r\n\r")] {
        let table = folder.run(&format!("score model {name} --csv")).well();
        assert_eq!(table.lines().next(), Some(HEADER));
        assert_eq!(
            records(&table)[1..],
            [expected(None, &score_text(&model, text))]
        );
        let table = folder
            .run(&format!("score model {name} --csv --per-line"))
            .well();
        assert_eq!(table.lines().next(), Some(HEADER));
        let lines = (1..).zip(score_lines(&model, text));
        let rows: Vec<_> = lines
            .map(|(line, score)| expected(Some(line), &score))
            .collect();
        assert_eq!(records(&table)[1..], rows);
        let carried = folder
            .run(&format!("score model {name} --csv --per-line --carry"))
            .well();
        let carried = records(&carried);
        let twin = read(&model, Extent::Lines { carry: true }, text.as_bytes(), 99);
        let rows: Vec<_> = twin.iter().map(|row| expected(row.0, &row.1)).collect();
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
        let table = folder
            .run(&format!("score model odd --csv {options}"))
            .well();
        let objects = folder
            .run(&format!("score model odd --jsonl {options}"))
            .well();
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
    let table = folder
        .run("score model one two,three one --csv --per-line")
        .well();
    let rows = records(&table);
    assert_eq!(rows[0].join(","), format!("file,{HEADER}"));
    let files: Vec<&str> = rows[1..].iter().map(|row| row[0].as_str()).collect();
    assert_eq!(files, ["one", "one", "two,three", "one", "one"]);
    assert_eq!(rows[1], rows[4]);
    assert_eq!(
        rows[3][1..],
        expected(Some(1), &score_lines(&model, "cab")[0])
    );
    let objects = folder.run("score model one two,three --jsonl").well();
    assert!(
        objects.starts_with("{\"file\":\"one\",\"line\":null,"),
        "{objects}"
    );
    let words = folder.run("score model one two,three").well();
    let names = words.lines().filter(|line| !line.contains("  "));
    assert!(names.eq(["one", "two,three"]), "{words}");
    let piped = folder
        .run_with_input("score model one - --csv", "cab")
        .well();
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
        assert!(
            words.lines().any(|words| words == line),
            "{line:?}\n{words}"
        );
    }
    let lines = folder.run("score model text --per-line").well();
    let last = score_lines(&model, text)[2];
    let per = last.bits_per_character().unwrap();
    let row = format!(
        "{:>9}  {per:>14.3}  {:>14.1}  {:>10}  'x' at 2",
        3, last.bits, 2
    );
    assert_eq!(lines.lines().last(), Some(row.as_str()));
    assert_eq!(lines.lines().count(), 4);
    let empty = folder.run_with_input("score model", "").well();
    assert!(empty.contains("characters          0"), "{empty}");
    assert_eq!(
        folder.run_with_input("score model --per-line", "").well(),
        ""
    );
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
        [
            row(2, "'x' at 1", "x\\u{1b}[2J\\tx"),
            row(5, "'\\u{202e}' at 1", "\\u{202e}a")
        ]
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
    assert_eq!(
        each.stdout.lines().count(),
        6,
        "an empty line is not above 0"
    );

    let none = folder.run("score model text --threshold 1000");
    assert_eq!((none.status, none.stdout.as_str()), (0, ""));
    let one = folder.run_with_input("score model text - --threshold 9", "abc\n");
    assert_eq!(one.status, 3, "one of the files is enough");
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
        (
            "model text --carry",
            2,
            "--carry: goes with --per-line or --threshold",
        ),
        ("model text --threshold", 2, "--threshold needs a value"),
        (
            "model text --threshold x",
            2,
            "--threshold x: must be a number",
        ),
        (
            "model text --threshold -1",
            1,
            "--threshold -1: must be a number of at least 0",
        ),
        ("model text --threshold NaN", 1, "--threshold NaN: must be"),
        ("none text", 1, "none: "),
        ("text text", 1, "text: "),
        ("model none", 1, "none: "),
        ("model .", 1, ".: a folder, not a text"),
        (
            "model latin",
            1,
            "latin: line 3: not UTF-8 at byte 7: convert the text to UTF-8 first, or judge it by a model of bytes",
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
    for (options, status) in [
        ("--per-line", 0),
        ("--per-line --csv", 0),
        ("--threshold 1", 3),
    ] {
        let ended = folder.run_for_some(&format!("score model text {options}"), 1000);
        assert_eq!(
            (ended.status, ended.stderr.as_str()),
            (status, ""),
            "{options}"
        );
    }
    let mut unread = folder.command("score model text");
    let unread = program::ended(unread.stdout(program::unread()));
    assert_eq!((unread.status, unread.stderr.as_str()), (0, ""));
}
