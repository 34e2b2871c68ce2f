//! `elman sample`: every option does what it says.

use crate::harness::{Folder, ended};
use elman::Model;
use elman::inference::{Sampling, Writer};
use std::io::Read as _;
use std::process::Stdio;

/// What the library writes after some text, or from the start.
fn written(model: &Model, prime: &str, sampling: Sampling, seed: u64, length: usize) -> String {
    let h0 = model.hidden_state(model.initial_state());
    written_from(&h0, model, prime, sampling, seed, length)
}

fn written_from(
    h0: &[f64],
    model: &Model,
    prime: &str,
    sampling: Sampling,
    seed: u64,
    length: usize,
) -> String {
    let writer = Writer::new(model).unwrap().starting_from(h0).unwrap();
    let mut writer = writer.sampling(sampling).unwrap().seed(seed);
    writer.prime(prime).unwrap();
    format!("{prime}{}\n", writer.write(length))
}

#[test]
fn options_choose_what_is_sampled_from() {
    let folder = Folder::new("choices");
    folder.train("run", "").well();
    let model = folder.model("run/best.safetensors");
    let everything = Sampling::default();
    let mut texts = Vec::new();
    for (options, sampling) in [
        ("", everything),
        ("--top-k 3", Sampling { top_k: 3, ..everything }),
        ("--top-p 0.7", Sampling { top_p: 0.7, ..everything }),
        ("--temperature 0.5", Sampling::at_temperature(0.5)),
        ("--temperature 0", Sampling::at_temperature(0.0)),
        (
            "--temperature 2 --top-k 5 --top-p 0.6",
            Sampling { temperature: 2.0, top_k: 5, top_p: 0.6 },
        ),
    ] {
        let text = folder.run(&format!("sample run --length 150 --seed 4 {options}")).well();
        assert_eq!(text, written(&model, "", sampling, 4, 150), "{options}");
        texts.push(text);
    }
    let count = texts.len();
    texts.sort();
    texts.dedup();
    assert_eq!(texts.len(), count, "every option makes a difference");
}

/// As training would go on: with the carried state in text order, and with zeros otherwise.
#[test]
fn writing_begins_where_training_would_go_on() {
    let folder = Folder::new("start");
    for (options, carries) in [
        ("", true),
        ("--batch-size 3", true),
        ("--validation 0.3", true),
        ("--order chunks --chunk 40", false),
        ("--order positions", false),
    ] {
        let printed = folder.train("run", &format!("{options} --force")).well();
        let model = folder.model("run/best.safetensors");
        let m = model.shape().m();
        let (zero, carried) = (vec![0.0; m], &model.state().h[..m]);
        assert!(carried.iter().any(|&h| h != 0.0), "{options}");
        let usual: &[f64] = if carries { carried } else { &zero };
        let from =
            |h0: &[f64], prime: &str| written_from(h0, &model, prime, Sampling::default(), 4, 150);
        let sample = |options: &str| {
            folder.run(&format!("sample run --length 150 --seed 4 {options}")).well()
        };
        assert_eq!(sample(""), from(usual, ""), "{options}");
        assert_eq!(sample("--prime the"), from(usual, "the"), "{options}");
        assert_eq!(sample("--start zero"), from(&zero, ""), "{options}");
        assert_eq!(sample("--start carried --prime the"), from(carried, "the"), "{options}");
        let passage = written_from(usual, &model, "", Sampling::default(), 1, 60);
        assert!(printed.contains(&format!("\n{passage}\ndigest=")), "{options}: {printed}");
    }
    // Documents begin after a newline, and imported weights carry nothing.
    folder.train("documents", "--documents").well();
    folder.run("export documents weights.safetensors --format torch").well();
    folder.run("import weights.safetensors --out imported.safetensors").well();
    for model in ["documents", "imported.safetensors"] {
        let sample = |options: &str| {
            folder.run(&format!("sample {model} --length 50 --seed 4 --prime b {options}")).well()
        };
        assert_eq!(sample(""), sample("--start zero"), "{model}");
    }
    let wrong = folder.run("sample documents --start one");
    assert_eq!(wrong.status, 2);
    assert!(wrong.stderr.contains("--start one: must be zero or carried"), "{}", wrong.stderr);
}

#[test]
fn samples_come_from_one_seed_each() {
    let folder = Folder::new("count");
    folder.train("run", "").well();
    folder.train("documents", "--documents").well();
    let sample = |options: &str| folder.run(&format!("sample {options}")).well();
    for (model, between) in [("run", "\n"), ("documents", "")] {
        let options = format!("{model} --length 40 --prime the --temperature 2");
        let one = |seed: u64| sample(&format!("{options} --seed {seed}"));
        let expected = [one(5), one(6), one(7)].join(between);
        assert_eq!(sample(&format!("{options} --seed 5 --count 3")), expected);
        assert_ne!(one(5), one(6));
        let last = u64::MAX;
        assert_eq!(
            sample(&format!("{options} --seed {last} --count 2")),
            [one(last), one(0)].join(between)
        );
        // Without a seed the model's is the first.
        assert_eq!(sample(&format!("{options} --count 2")), [one(1), one(2)].join(between));
    }
    // Documents end by themselves.
    let lines = sample("documents --length 0 --count 20");
    assert_eq!(lines.lines().count(), 20);
}

#[test]
fn a_sample_stops_where_it_ends_with_a_text() {
    let folder = Folder::new("until");
    folder.train("run", "").well();
    let plain = folder.run("sample run --length 2000 --prime the").well();
    for until in ["e", "t ", "ll", "\u{e5}", "he "] {
        let mut command = folder.command("sample run --length 2000 --prime the --until");
        let stopped = ended(command.arg(until)).well();
        // Not in the prime itself, nor across its end: what counts is what was written.
        let end = plain["the".len()..].find(until).unwrap() + "the".len() + until.len();
        assert_eq!(stopped, format!("{}\n", &plain[..end]), "{until:?}");
    }
    // The length still bounds it, and only then.
    let bounded = folder.run("sample run --length 3 --until \u{1f600}").well();
    assert_eq!(bounded.chars().count(), 4);
    let endless = folder.run("sample run --length 0 --count 3 --until e").well();
    assert_eq!(endless.matches("e\n").count(), 3);
    folder.run("sample run --until X").refused(1, "--until: the vocabulary lacks 'X' (U+0058)");
    folder.run("sample run --until=").refused(2, "--until: the value is empty");
}

/// A shell passes the two characters on as they are.
#[test]
fn a_backslash_and_an_n_are_answered_with_a_newline() {
    let folder = Folder::new("backslash");
    folder.train("run", "").well();
    let hint = "'\\\\' (U+005C); for a newline write $'\\n' in bash and zsh, \"`n\" in PowerShell";
    for (option, or) in
        [("--prime", "; or put the text in a file for --prime-file"), ("--until", "")]
    {
        let sample =
            |text: &str| ended(folder.command("sample run --length 9").args([option, text]));
        let hint = format!("{hint}{or}\n");
        sample("the\\nferry").refused(1, &hint);
        sample("\\n").refused(1, &hint);
        // Something else is meant.
        for text in ["\\t", "C:\\x", "Q\n"] {
            let ended = sample(text);
            assert!(!ended.stderr.contains("newline"), "{}", ended.stderr);
            ended.refused(1, &format!("elman: {option}: the vocabulary lacks"));
        }
        sample("the\nferry").well();
    }
    // A vocabulary that has a backslash takes it; one without a newline has no use for the hint.
    folder.write("escapes", "one\\ntwo\\n ".repeat(40));
    let train = "train escapes --hidden 4 --iterations 0 --quiet --out escapes-run";
    folder.run(train).well();
    ended(folder.command("sample escapes-run --length 9 --prime").arg("two\\n")).well();
    folder.write("plain", "one two ".repeat(40));
    folder.run("train plain --hidden 4 --iterations 0 --quiet --out plain-run").well();
    let ended = ended(folder.command("sample plain-run --prime").arg("two\\n"));
    assert!(!ended.stderr.contains("newline"), "{}", ended.stderr);
    folder.write("primed", "the\\nferry");
    let ended = folder.run("sample run --prime-file primed");
    assert!(!ended.stderr.contains("newline"), "{}", ended.stderr);
}

/// The end of one repeats its own beginning.
#[test]
fn a_text_that_overlaps_itself_is_found() {
    let folder = Folder::new("overlap");
    folder.write("ab", "aab".repeat(300));
    folder.run("train ab --hidden 4 --sigma 1 --iterations 0 --quiet --out run").well();
    let plain = folder.run("sample run --length 3000").well();
    for until in ["aaab", "abab", "aabaab", "bbb"] {
        let stopped = folder.run(&format!("sample run --length 3000 --until {until}")).well();
        let end = plain.find(until).unwrap() + until.len();
        assert_eq!(stopped, format!("{}\n", &plain[..end]));
    }
}

#[test]
fn without_an_end_it_goes_on_until_nobody_reads() {
    let folder = Folder::new("endless");
    folder.train("run", "").well();
    let mut child = folder
        .command("sample run --length 0")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut text = vec![0; 200_000];
    let mut stdout = child.stdout.take().unwrap();
    stdout.read_exact(&mut text).unwrap();
    drop(stdout);
    let ended = child.wait_with_output().unwrap();
    assert_eq!((ended.status.code(), &ended.stderr[..]), (Some(0), &[][..]));
    let whole = written(&folder.model("run/best.safetensors"), "", Sampling::default(), 1, 100_000);
    assert_eq!(text[..100_000], whole.as_bytes()[..100_000]);
    folder
        .run("sample run --length 0 --count 2")
        .refused(2, "--count 2: the first sample would never end");
}

#[test]
fn a_prime_is_read_from_a_file_as_it_is() {
    let folder = Folder::new("prime-file");
    folder.train("run", "").well();
    let model = folder.model("run/best.safetensors");
    let prime = "all of it again: the\nferry\n\n\u{65e5}\u{672c} rings\n".repeat(40);
    folder.write("prime", &prime);
    folder.write("marked", format!("\u{feff}{prime}"));
    folder.write("empty", "");
    let expected = written(&model, &prime, Sampling::default(), 1, 50);
    for name in ["prime", "marked"] {
        let options = format!("sample run --length 50 --prime-file {name}");
        assert_eq!(folder.run(&options).well(), expected, "{name}");
    }
    let piped = folder.run_with_input("sample run --length 50 --prime-file -", &prime);
    assert_eq!(piped.well(), expected);
    let mut given = folder.command("sample run --length 50 --prime");
    assert_eq!(ended(given.arg(&prime)).well(), expected);
    assert_eq!(folder.run("sample run --prime-file empty").well(), folder.run("sample run").well());
}

#[test]
fn a_prime_that_cannot_be_read_is_refused_by_place() {
    let folder = Folder::new("bad-prime");
    folder.train("run", "").well();
    folder.write("unknown", "the ferry\nat nine\u{e5}Q, \u{e5}\nZQ");
    folder.write("cut", b"\xef\xbb\xbfthe \xc3\xa5\xc3");
    folder.write("returns", "the\r\n");
    for (arguments, status, words) in [
        (
            "--prime-file unknown",
            1,
            "unknown: line 2, column 9: the vocabulary lacks 'Q' (U+0051), 'Z' (U+005A)",
        ),
        ("--prime-file cut", 1, "cut: not UTF-8 at byte 9"),
        ("--prime-file returns", 1, "returns: line 1, column 4: the vocabulary lacks '\\r'"),
        ("--prime-file none", 1, "none: "),
        ("--prime-file run", 1, "run: a folder, not a text"),
        ("--prime-file=", 2, "--prime-file: the value is empty"),
        ("--prime-file unknown --prime the", 2, "--prime and --prime-file: use only one of them"),
        ("--count 0", 2, "--count 0: must be a whole number of at least 1"),
        ("--top-k 0", 2, "--top-k 0: must be a whole number of at least 1"),
        ("--top-p 0", 2, "--top-p 0: must be a number above 0"),
        ("--top-p 1.5", 2, "--top-p 1.5: must be a number above 0"),
        ("--top-p NaN", 2, "--top-p NaN: must be a number above 0"),
        ("--temperature -1", 2, "--temperature -1: must be a number"),
    ] {
        let refused = folder.run(&format!("sample run {arguments}"));
        assert_eq!(refused.refused(status, words), "", "{arguments}");
    }
}

#[test]
fn bytes_prime_a_model_of_bytes() {
    let folder = Folder::new("byte-prime");
    let log: Vec<u8> = (0..3000u32).map(|i| (i * i % 251) as u8).collect();
    folder.write("log", &log);
    let train = "train log --bytes --hidden 4 --iterations 20 --quiet --out run";
    let mut train = folder.command(train);
    assert!(train.stdout(Stdio::null()).status().unwrap().success());
    let prime = [&b"\xef\xbb\xbf"[..], &log[..500]].concat();
    folder.write("prime", &log[..500]);
    let mut command = folder.command("sample run --length 50 --prime-file prime");
    let sample = command.output().unwrap();
    assert_eq!(sample.status.code(), Some(0));
    assert_eq!(sample.stdout.len(), 500 + 50 + 1);
    assert_eq!(sample.stdout[..500], log[..500]);
    // To a model of bytes a byte-order mark is three bytes: the last does not occur in this log.
    let mark = prime.iter().position(|byte| !log.contains(byte));
    folder.write("marked", &prime);
    let words = format!("marked: byte {}: the vocabulary lacks byte 0x", mark.unwrap());
    folder.run("sample run --prime-file marked").refused(1, &words);
}
