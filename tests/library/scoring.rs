//! The scores of texts: the rules of `elman::inference::TextScorer` against a plain implementation of them.

use crate::examples::{lines_of, model};
use elman::inference::{
    Reading, Score, ScoreBy, Scored, Scorer, TextScorer, WorstCharacter, bits_of_unknown, score,
};
use elman::internals::model::{settings_mut, source_mut, state_mut};
use elman::model::InitialState;
use elman::network::reference;
use elman::random::{Generator, Stream};
use elman::text::{Source, Symbols, one_hot};
use elman::{Level, Model, Rnn, Shape, Vocabulary};
use std::borrow::Borrow;
use std::io::{self, Read};
use std::ops::ControlFlow;

/// What is done with a text: the first hidden state, a character read, or one judged.
enum Event {
    Restart,
    Pass(char),
    Charge(char, u64),
}
use Event::{Charge, Pass, Restart};

/// The rules as they are written, with the lines as a list. One list of events for every row.
fn rules(model: &Model, text: &[char], extent: ScoreBy) -> Vec<Vec<Event>> {
    let has = |c: char| model.vocabulary().index(c).is_some();
    let documents = model.settings().documents;
    let text = match (model.vocabulary().symbols(), text) {
        (Symbols::Characters, ['\u{feff}', rest @ ..]) => rest,
        (_, text) => text,
    };
    let place = |start: usize, line: &[char]| {
        let places = line.iter().enumerate();
        let events = places.map(|(i, &c)| Charge(c, (start + i) as u64 + 1));
        events.collect::<Vec<Event>>()
    };
    if extent == ScoreBy::Text && !documents {
        return vec![[vec![Restart], place(0, text)].into_iter().flatten().collect()];
    }
    let mut lines: Vec<&[char]> = text.split(|&c| c == '\n').collect();
    if lines.last().is_some_and(|last| last.is_empty()) {
        lines.pop();
    }
    let without_return = |line: &[char]| match line {
        [line @ .., '\r'] if documents || !has('\r') => line.len(),
        line => line.len(),
    };
    if extent == ScoreBy::Text {
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
    let carry = extent == ScoreBy::Lines { carry: true };
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

/// The hidden state that a model begins with.
fn start(model: &Model) -> Vec<f64> {
    model.hidden_state(model.initial_state())
}

/// The costs of what is judged, by the dense equations, from the hidden state `h0`.
fn twin(model: &Model, h0: &[f64], rows: Vec<Vec<Event>>) -> Vec<Score> {
    let (m, K) = (model.shape().m(), model.vocabulary().len());
    let parameters = model.parameters();
    let (mut h, mut p) = (vec![f64::NAN; m], None::<Vec<f64>>);
    let mut scores = Vec::new();
    for row in rows {
        let mut score = Score::default();
        for event in row {
            let (Pass(c) | Charge(c, _)) = event else {
                (h, p) = (h0.to_vec(), None);
                continue;
            };
            let index = model.vocabulary().index(c);
            let bits = match (index, &p) {
                (None, _) => Some(bits_of_unknown(model.vocabulary().symbols())),
                (Some(index), Some(p)) => Some(-p[index].log2()),
                (Some(_), None) => None,
            };
            if let (Charge(character, position), Some(bits)) = (event, bits) {
                score.bits += bits;
                score.characters += 1;
                score.unknown += u64::from(index.is_none());
                if score.worst.is_none_or(|worst| bits > worst.bits) {
                    score.worst = Some(WorstCharacter { character, invalid: None, position, bits });
                }
            }
            if let Some(index) = index {
                if model.settings().documents && c == '\n' {
                    h.fill(0.0);
                }
                let x = one_hot(&[index], K).unwrap();
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
        assert!(close(ours.bits, theirs.bits), "{what}: {ours:?}, {theirs:?}");
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
    extent: ScoreBy,
    text: &[u8],
    step: usize,
) -> Vec<(Option<u64>, Score, Vec<u8>)> {
    let mut reading = TextScorer::new(model, extent).unwrap();
    let mut input = Slow(text, step);
    let mut rows = Vec::new();
    finish(&mut reading, &mut input, |row| rows.push((row.line, row.score, row.text.to_vec())));
    rows
}

/// Reads an input to its end.
fn finish<M: Borrow<Model>>(
    scorer: &mut TextScorer<M>,
    input: &mut impl Read,
    mut take: impl FnMut(Scored<'_>),
) {
    let mut take = |row: Scored<'_>| {
        take(row);
        ControlFlow::Continue(())
    };
    while scorer.read(input, &mut take).unwrap() == Reading::More {}
}

const EXTENTS: [ScoreBy; 3] =
    [ScoreBy::Text, ScoreBy::Lines { carry: false }, ScoreBy::Lines { carry: true }];

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
                let expected = twin(&model, &start(&model), rules(&model, &list, extent));
                let rows = read(&model, extent, text.as_bytes(), 1 << 20);
                let scores: Vec<Score> = rows.iter().map(|row| row.1).collect();
                same(&scores, &expected, &what);
                for step in [1, 2, 3, 7] {
                    assert_eq!(read(&model, extent, text.as_bytes(), step), rows, "{what}");
                }
                let lines = rows.iter().filter_map(|row| row.0);
                match extent {
                    ScoreBy::Text => {
                        assert_eq!(rows[0].0, None);
                        assert_eq!(score::text(&model, text).unwrap(), scores[0]);
                    }
                    ScoreBy::Lines { carry } => {
                        assert!(lines.eq(1..=rows.len() as u64), "{what}");
                        assert!(carry || lines_of(&model, text) == scores);
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
    for text in
        [&b"ab\xff\n\xc3b\n\xff\xff\xff"[..], b"\xef\xbb\xbfab\xc3\xa5\n", b"ab\r\n\0\x80\n"]
    {
        let list: Vec<char> = text.iter().map(|&byte| char::from(byte)).collect();
        for extent in EXTENTS {
            let expected = twin(&model, &start(&model), rules(&model, &list, extent));
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
    let each = bits_of_unknown(Symbols::Characters);
    // From the logarithm of 1,112,064 to 50 digits.
    assert!((each - 20.084_808_387_804_36).abs() < 1e-14);
    let score = |text: &str| score::text(&model, text).unwrap();
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

/// What a network that reads character by character says of a line.
fn alone(model: &Model, level: Level, line: &str) -> Score {
    let mut scorer = Scorer::new(model).unwrap().at(level);
    if model.vocabulary().index('\n').is_some() {
        scorer.read('\n');
    }
    let mut score = Score::default();
    for (character, position) in line.chars().zip(1..) {
        let index = model.vocabulary().index(character);
        let bits = scorer.read(character).unwrap();
        score.bits += bits;
        score.characters += 1;
        score.unknown += u64::from(index.is_none());
        if score.worst.is_none_or(|worst| bits > worst.bits) {
            score.worst = Some(WorstCharacter { character, invalid: None, position, bits });
        }
    }
    score
}

/// Lines of many lengths, some longer than a reading, however they come and on any number of threads.
#[test]
fn lines_side_by_side_have_the_bits_that_each_has_alone() {
    let rnn = Rnn::random(Shape::new(30, 4).unwrap(), 0.5, 3).unwrap();
    let model = Model::from_parameters(Vocabulary::of("\nabc"), rnn.parameters).unwrap();
    let line =
        |i: usize| (0..i * i * 7 % 97).map(|j| ['a', 'b', 'c', 'x'][(i + j * j) % 4]).collect();
    let mut lines: Vec<String> = (0..1500).map(line).collect();
    lines[1000] = "ab".repeat(40_000);
    let text = lines.join("\n");
    for level in Level::available() {
        let expected: Vec<Score> = lines.iter().map(|line| alone(&model, level, line)).collect();
        for (threads, step) in [(1, 1 << 16), (1, 700), (2, 1 << 16), (5, 1 << 16)] {
            let mut scorer = TextScorer::new(&model, EXTENTS[1]).unwrap().on(level, threads);
            let (mut input, mut rows) = (Slow(text.as_bytes(), step), Vec::new());
            finish(&mut scorer, &mut input, |row| rows.push(row.score));
            assert!(rows == expected, "{level:?}, {threads} threads, {step} bytes at a time");
        }
    }
}

/// Whatever is read, all lines that it ends are there.
#[test]
fn a_line_waits_for_nothing_but_its_end() {
    let model = model(Symbols::Characters, "\nabc", false);
    for extent in &EXTENTS[1..] {
        let mut scorer = TextScorer::new(&model, *extent).unwrap();
        let mut rows = 0;
        for (now, expected) in [("ab", 0), ("c\nab\n\n", 3), ("c", 3), ("\n", 4), ("a\nb", 5)] {
            let mut take = |_: Scored<'_>| {
                rows += 1;
                ControlFlow::Continue(())
            };
            assert_eq!(scorer.read(&mut now.as_bytes(), &mut take).unwrap(), Reading::More);
            assert_eq!(rows, expected, "{extent:?}, {now:?}");
        }
    }
}

/// One pass of the network's own, and its loss.
#[test]
fn a_text_costs_the_loss_of_the_forward_pass() {
    let model = model(Symbols::Characters, "\nabcdefgh", false);
    let text: String = (0..400usize).map(|i| ["ab", "c\n", "defg", "h"][i * i % 4]).collect();
    let indices = model.vocabulary().encode(&text).unwrap();
    let (K, T) = (model.vocabulary().len(), indices.len() - 1);
    let parameters = model.parameters();
    let (X, Y) = (one_hot(&indices[..T], K).unwrap(), one_hot(&indices[1..], K).unwrap());
    let dense = reference::forward(parameters, &X, &Y, &[0.0; 7]);
    let score = score::text(&model, &text).unwrap();
    let nats = score.bits * std::f64::consts::LN_2;
    assert!((nats - dense.loss).abs() <= 1e-12 * dense.loss);
    assert_eq!(score.characters, T as u64);

    let mut steps = elman::Unrolled::new(model.shape(), T, 1).unwrap();
    steps.begin(0, &indices[..T], &indices[1..], &[0.0; 7]).unwrap();
    let loss = model.state().rnn.forward(&mut steps);
    assert!((nats - loss).abs() <= 1e-12 * loss);
    let sum = |sum, nats| sum + nats / std::f64::consts::LN_2;
    assert_eq!(score.bits, steps.losses().fold(0.0, sum), "read in chunks");
    // Every step to the bit, at every level.
    for level in Level::available() {
        let mut scorer = Scorer::new(&model).unwrap().at(level);
        assert_eq!(scorer.read_index(indices[0]), Ok(None));
        for (&target, nats) in indices[1..].iter().zip(steps.losses()) {
            let bits = scorer.read_index(target).unwrap().unwrap();
            assert_eq!(bits, nats / std::f64::consts::LN_2, "{level:?}");
        }
        scorer.restart();
        assert_eq!(scorer.read_index(indices[0]), Ok(None));
        let first = steps.losses().next().unwrap() / std::f64::consts::LN_2;
        assert_eq!(scorer.read_index(indices[1]), Ok(Some(first)));
    }
}

/// Weights so large that the softmax gives 0 to most characters.
#[test]
fn what_is_impossible_costs_many_bits_and_not_infinitely_many() {
    let mut model = model(Symbols::Characters, "\nabc", false);
    let values = state_mut(&mut model).rnn.parameters.values_mut();
    values.iter_mut().for_each(|w| *w *= 1e4);
    let score = score::text(&model, "abcabccbaabc").unwrap();
    assert!(score.bits.is_finite() && score.bits > 10_000.0, "{score:?}");
}

/// Stands for a sequence that is no UTF-8 in the list of the rules. No text has it.
const BAD: char = '\u{10FFFF}';

/// The characters of a text, with [`BAD`] for every maximal sequence that is no UTF-8, and these sequences.
fn decoded(bytes: &[u8]) -> (Vec<char>, Vec<Vec<u8>>) {
    let (mut characters, mut bad) = (Vec::new(), Vec::new());
    for chunk in bytes.utf8_chunks() {
        characters.extend(chunk.valid().chars());
        if !chunk.invalid().is_empty() {
            characters.push(BAD);
            bad.push(chunk.invalid().to_vec());
        }
    }
    (characters, bad)
}

/// The costs of what is judged, one character at a time: the bits are those of the program. `bad` are the sequences of
/// the text that are no UTF-8, in order.
fn one_by_one(model: &Model, h0: &[f64], rows: Vec<Vec<Event>>, bad: &[Vec<u8>]) -> Vec<Row> {
    let scorer = Scorer::new(model).unwrap().starting_from(h0);
    let (mut scorer, mut bad) = (scorer.unwrap(), bad.iter());
    let mut scores = Vec::new();
    for row in rows {
        let (mut score, mut worst_bad) = (Score::default(), None);
        for event in row {
            let (Pass(c) | Charge(c, _)) = event else {
                scorer.restart();
                continue;
            };
            let is_bad = (c == BAD).then(|| bad.next().unwrap().clone());
            let bits = scorer.read(c);
            let (Charge(character, position), Some(bits)) = (event, bits) else { continue };
            score.bits += bits;
            score.characters += 1;
            score.unknown += u64::from(model.vocabulary().index(c).is_none());
            if score.worst.is_none_or(|worst| bits > worst.bits) {
                score.worst = Some(WorstCharacter { character, invalid: None, position, bits });
                worst_bad = is_bad;
            }
        }
        let worst = score.worst.map(|worst| (worst.position, worst.character));
        scores.push((score.bits.to_bits(), score.characters, score.unknown, worst, worst_bad));
    }
    scores
}

/// What a score is compared by; a bad sequence has the character [`BAD`], and its bytes.
type Row = (u64, u64, u64, Option<(u64, char)>, Option<Vec<u8>>);

fn as_row(score: &Score) -> Row {
    let worst = score.worst.map(|worst| match worst.invalid {
        Some(_) => {
            assert_eq!(worst.character, '\u{fffd}');
            (worst.position, BAD)
        }
        None => (worst.position, worst.character),
    });
    let bad = score.worst.and_then(|worst| worst.invalid.map(|bad| bad.bytes().to_vec()));
    (score.bits.to_bits(), score.characters, score.unknown, worst, bad)
}

/// What random texts are made of: characters of every length and parts of them, bytes that are in no character, and all
/// that ends a line or does not.
const PARTS: [&[u8]; 24] = [
    b"a",
    b"b",
    b"abc",
    b"x",
    b"\n",
    b"\r\n",
    b"\r",
    b"\xc3\xa5",
    b"\xe6\x97\xa5",
    b"\xf0\x9f\x98\x80",
    b"\xef\xbf\xbd",
    b"\xef\xbb\xbf",
    b"\xef\xbb",
    b"\xc3",
    b"\xe6\x97",
    b"\xe6",
    b"\xf0\x9f\x98",
    b"\xf0\x9f",
    b"\xff",
    b"\x80",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\xf4\x90\x80\x80",
    b"\xf8\x88\x80\x80\x80",
];

#[test]
fn a_sequence_that_is_no_utf8_is_one_unknown_character() {
    let mut generator = Generator::new(8, Stream::Passage);
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let models =
        [("\nabc\u{fffd}", false), ("\rabc", false), ("\n\rab\u{e5}", true), ("\na", true)]
            .map(|(characters, documents)| model(Symbols::Characters, characters, documents));
    let mut sequences = 0;
    for round in 0..800 {
        let mut text: Vec<u8> = Vec::new();
        for _ in 0..below(12) {
            match below(9) {
                0 => text.push(below(256) as u8),
                _ => text.extend(PARTS[below(PARTS.len())]),
            }
        }
        let model = &models[round % models.len()];
        let (characters, bad) = decoded(&text);
        for extent in EXTENTS {
            let events = rules(model, &characters, extent);
            let expected = one_by_one(model, &[0.0; 7], events, &bad);
            for step in [1, 2, 3, 1 + below(9), 1 << 20] {
                let rows = read(model, extent, &text, step);
                let found: Vec<Row> = rows.iter().map(|row| as_row(&row.1)).collect();
                assert_eq!(found, expected, "{text:?} {extent:?}, {step} bytes at a time");
            }
        }
        sequences += bad.len();
    }
    assert!(sequences > 800, "{sequences}");
}

/// A reading brings 65,536 bytes: what it cuts is one sequence, or one character.
#[test]
fn a_sequence_at_the_end_of_a_reading_is_one() {
    let model = model(Symbols::Characters, "\nabc", false);
    let each = bits_of_unknown(Symbols::Characters);
    for bad in PARTS.into_iter().filter(|part| !part.is_ascii()) {
        for before in (1 << 16) - 3..=1 << 16 {
            for after in ["", "a"] {
                let text = [&vec![b'a'; before], bad, after.as_bytes()].concat();
                let rows = read(&model, EXTENTS[1], &text, 1 << 20);
                let lossy = String::from_utf8_lossy(bad).chars().count() as u64;
                let score = rows[0].1;
                assert_eq!(score.unknown, lossy, "{bad:?} after {before}");
                let known = before as u64 + u64::from(after == "a");
                assert_eq!(score.characters, known + lossy);
                assert_eq!(score.worst.unwrap().bits, each);
                assert_eq!(score.worst.unwrap().position, before as u64 + 1);
            }
        }
    }
}

/// The bytes are kept, and told.
#[test]
fn bytes_that_are_no_utf8_are_kept_as_they_are() {
    let model = model(Symbols::Characters, "\nabc", false);
    for step in [1, 2, 100] {
        let rows = read(&model, EXTENTS[1], b"ab\n\xe2\x82a\xff\r\nca\n\xf0\x9f\x98", step);
        let texts: Vec<&[u8]> = rows.iter().map(|row| &row.2[..]).collect();
        assert_eq!(texts, [&b"ab"[..], b"\xe2\x82a\xff", b"ca", b"\xf0\x9f\x98"]);
        let counts = rows.iter().map(|row| (row.1.characters, row.1.unknown));
        assert!(counts.eq([(2, 0), (3, 2), (2, 0), (1, 1)]));
        let worst = |row: usize| rows[row].1.worst.unwrap();
        assert_eq!((worst(1).position, worst(3).position), (1, 1));
        assert_eq!(worst(1).invalid.unwrap().to_string(), "\\xe2\\x82");
        assert_eq!(worst(3).invalid.unwrap().to_string(), "\\xf0\\x9f\\x98");
        assert_eq!(worst(0).invalid, None);
    }
    let mut reading = TextScorer::new(&model, EXTENTS[0]).unwrap();
    finish(&mut reading, &mut &b"a\xff\xfe\r\0"[..], |_| ());
    let form = reading.form();
    assert_eq!((form.bytes, form.invalid, form.returns, form.nuls), (5, 2, 1, 1));
    assert_eq!(form.start, [b'a', 0xff]);
}

/// A model that was trained in text order carries a state, and begins there.
#[test]
fn reading_begins_where_the_model_does() {
    let texts = ["abcabc\n\ncab\r\nxa\nb", "a", "", "\ncc\n"];
    for documents in [false, true] {
        let mut model = model(Symbols::Characters, "\nabc", documents);
        settings_mut(&mut model).batch_size = if documents { 1 } else { 2 };
        *source_mut(&mut model) = Some(Source { digest: 1, length: 99, start: 0 });
        let count = 7 * model.settings().batch_size;
        state_mut(&mut model).h = (0..count).map(|i| (i as f64 * 0.7).sin()).collect();
        let carried = model.state().h[..7].to_vec();
        assert_eq!(start(&model), if documents { vec![0.0; 7] } else { carried.clone() });
        for (text, extent) in texts.iter().flat_map(|text| EXTENTS.map(|extent| (text, extent))) {
            let what = format!("{documents} {text:?} {extent:?}");
            let list: Vec<char> = text.chars().collect();
            let of = |h0: &[f64]| {
                let exact = one_by_one(&model, h0, rules(&model, &list, extent), &[]);
                (twin(&model, h0, rules(&model, &list, extent)), exact)
            };
            let score = |mut scorer: TextScorer<&Model>| {
                let mut scores = Vec::new();
                finish(&mut scorer, &mut text.as_bytes(), |row| scores.push(row.score));
                scores
            };
            let scorer = || TextScorer::new(&model, extent).unwrap();
            for (scores, (close, exact)) in [
                (score(scorer()), of(&start(&model))),
                (score(scorer().starting_from(&carried).unwrap()), of(&start(&model))),
                (score(scorer().starting_from(&[0.0; 7]).unwrap()), of(&[0.0; 7])),
            ] {
                same(&scores, &close, &what);
                assert_eq!(scores.iter().map(as_row).collect::<Vec<_>>(), exact, "{what}");
            }
            match extent {
                ScoreBy::Text => {
                    assert_eq!([elman::score::text(&model, text).unwrap()], score(scorer())[..]);
                }
                ScoreBy::Lines { carry: false } => {
                    assert_eq!(lines_of(&model, text), score(scorer()));
                }
                ScoreBy::Lines { carry: true } => {}
            }
        }
        // A scorer of one character after another begins there by itself.
        let line = alone(&model, Level::chosen(), "abxc");
        assert_eq!(lines_of(&model, "abxc"), [line], "{documents}");
        let [zero, chosen] = [InitialState::Zero, model.initial_state()]
            .map(|initial| model.hidden_state(initial))
            .map(|h0| one_by_one(&model, &h0, rules(&model, &['a', 'b'], EXTENTS[0]), &[]));
        assert_eq!(zero == chosen, documents, "the state counts");
    }
}

#[test]
fn a_long_line_is_kept_in_part() {
    let model = model(Symbols::Characters, "\nab", false);
    let long = "\u{e5}".repeat(40_000);
    let mut seen = Vec::new();
    let mut reading = TextScorer::new(&model, ScoreBy::Lines { carry: false }).unwrap();
    let text = format!("{long}\nab\n");
    let mut input = text.as_bytes();
    finish(&mut reading, &mut input, |row| {
        seen.push((row.text.len(), row.is_cut, row.score.characters));
    });
    assert_eq!(seen, [(1 << 16, true, 40_000), (2, false, 2)]);
}
