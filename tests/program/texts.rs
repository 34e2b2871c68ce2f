//! Texts of every kind, as the program reads them: files and streams, any characters, bytes, documents.

use crate::harness::{Folder, Running, digest, wait_for};
use std::collections::BTreeSet;

const RUN: &str = "--hidden 8 --iterations 300 --report-every 100 --quiet";

/// Verses for this test, in Russian and in Chinese.
const RUSSIAN: &str = "Паром уходит в девять, колокол звенит,\nрека темна, и дальний берег спит.\n\
                       Ёлка, йод, объём — и снова в путь:\nколокол звонит, нельзя уснуть.\n";
const CHINESE: &str = "渡船九点离岸，钟声响了两次。\n河水很黑，对岸的人都睡了。\n\
                       今夜没有月亮，船夫数着星星：\n一颗，两颗，三颗……直到天明。\n";

/// What standard output holds besides the lines of numbers.
fn written(stdout: &str) -> String {
    let numbers = ["iter=", "passage ", "digest="];
    let lines = stdout.lines().filter(|line| !numbers.iter().any(|start| line.starts_with(start)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_text_is_the_same_wherever_it_comes_from() {
    let folder = Folder::new("wherever");
    // More than any window holds.
    let text = format!("{RUSSIAN}{CHINESE}\u{1f600} e\u{301}\r\n\0").repeat(700);
    folder.write("long", &text);
    let run = "--hidden 4 --iterations 4000 --report-every 1000 --batch-size 3 --quiet";
    let file = folder.run(&format!("train long {run} --out file")).well();
    let input = folder.run_with_input(&format!("train - {run} --out input"), &text).well();
    assert_eq!(file, input);
    assert_eq!(folder.read("file/model.safetensors"), folder.read("input/model.safetensors"));
    assert_eq!(folder.read("file/loss.csv"), folder.read("input/loss.csv"));
    let shown = folder.run("show file/model.safetensors").well();
    let shown = shown.replace(',', "");
    assert!(shown.contains(&format!("{} characters", text.chars().count())), "{shown}");
}

#[cfg(unix)]
#[test]
fn a_pipe_is_read_once() {
    let folder = Folder::new("pipe");
    folder.write("verses", RUSSIAN);
    let file = folder.run(&format!("train verses {RUN} --out file")).well();
    let program = env!("CARGO_BIN_EXE_elman");
    let mut shell = std::process::Command::new("bash");
    shell.current_dir(folder.path("")).arg("-c");
    shell.arg(format!("{program} train <(cat verses) {RUN} --out pipe"));
    let output = shell.output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), file);
}

#[test]
fn any_language_is_learned_and_written() {
    let folder = Folder::new("languages");
    for (name, text) in [("russian", RUSSIAN), ("chinese", CHINESE)] {
        folder.write(name, text);
        let stdout = folder.run(&format!("train {name} {RUN} --out {name}-run")).well();
        let characters: BTreeSet<char> = text.chars().collect();
        let foreign: String =
            written(&stdout).chars().filter(|c| !characters.contains(c)).collect();
        assert_eq!(foreign, "", "{name}");
        let prime: String = text.chars().take(5).collect();
        let sample = folder.run(&format!("sample {name}-run --length 50 --prime {prime}")).well();
        assert!(sample.starts_with(&prime) && sample.chars().count() == 56, "{sample:?}");
        folder.run(&format!("check {name} --hidden 3 --seq-length 6")).well();
    }
}

#[test]
fn thousands_of_characters_are_a_vocabulary() {
    let folder = Folder::new("thousands");
    let character = |i: usize| char::from_u32(0x4e00 + (i * 1021 % 4001) as u32).unwrap();
    folder.write("text", (0..20_000).map(character).collect::<String>());
    let run = "--hidden 8 --iterations 20 --report-length 30 --passage-length 30 --quiet";
    folder.run(&format!("train text {run} --out run")).well();
    assert!(folder.run("show run").well().contains("K = 4001"));
}

#[test]
fn nothing_of_a_text_is_changed_but_its_byte_order_mark() {
    let folder = Folder::new("kept");
    let text = "a\r\nb\0c\n\r\n".repeat(20);
    folder.write("plain", &text);
    folder.write("marked", format!("\u{feff}{text}"));
    let plain = folder.run(&format!("train plain {RUN} --out plain-run"));
    assert_eq!(plain.stderr, "");
    let marked =
        folder.run("train marked --hidden 8 --iterations 300 --report-every 100 --out marked-run");
    let said = "elman: marked begins with a byte-order mark, which is ignored\n\
                elman: marked: 40 of its lines end in CRLF: the carriage return is one of the K characters";
    assert!(marked.stderr.starts_with(said) && marked.stderr.lines().count() == 2, "{marked:?}");
    assert_eq!(plain.well(), marked.well());
    let shown = folder.run("show plain-run").well();
    assert!(shown.contains(r#""\0\n\rabc""#) && shown.contains("180 characters"), "{shown}");
    let quiet = folder.run(&format!("train marked {RUN} --out marked-run --force"));
    assert_eq!(quiet.stderr, "");
    let empty = folder.run_with_input("train -", "\u{feff}");
    empty.refused(1, "standard input: the text is empty");
}

/// Python's `splitlines` and others take more for the end of a line than a newline.
#[test]
fn nothing_that_ends_a_line_elsewhere_is_raw_in_json() {
    let folder = Folder::new("line-ends");
    let ends = "\u{85}\u{2028}\u{2029}\u{b}\u{c}\u{1c}\u{7f}\u{9f}";
    let text = format!("first{ends}half\nsecond{ends}half\nthird\n").repeat(9);
    folder.write("text", &text);
    let run = "train text --hidden 4 --iterations 20 --report-every 10 --quiet --out run";
    folder.run(run).well();
    folder.run("check text --write-case case.json").well();
    folder.run("check text --write-case case.safetensors").well();
    let header = |name: &str| {
        let file = folder.read(name);
        let length = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        String::from_utf8(file[8..8 + length].to_vec()).unwrap()
    };
    let reports = folder.read_text("run/reports.jsonl");
    assert_eq!(reports.lines().count(), 3);
    let whole = folder.run("score run text --jsonl").well();
    let lines = folder.run("score run text --jsonl --per-line").well();
    assert_eq!(lines.lines().count(), 27);
    let shown = folder.run("show run --json").well();
    for (name, json) in [
        ("reports", reports),
        ("score", whole),
        ("lines", lines),
        ("show", shown),
        ("case", folder.read_text("case.json")),
        ("case.safetensors", header("case.safetensors")),
        ("model", header("run/model.safetensors")),
    ] {
        let raw: Vec<char> = json.chars().filter(|&c| ends.contains(c)).collect();
        assert!(raw.is_empty(), "{name}: {raw:?}");
        assert!(name.starts_with("score") || name == "lines" || json.contains("\\u2028"), "{name}");
    }
    let vocabulary = folder.model("run/best.safetensors").vocabulary().clone();
    assert!(text.chars().all(|c| vocabulary.index(c).is_some()));
    folder.run("train text --resume run --iterations 30 --quiet").well();
}

/// They are read all the same, and a line says what is odd and how it is mended: of files and of pipes, for one run, for
/// several and for a check.
#[test]
fn texts_that_are_probably_not_meant_are_told() {
    let folder = Folder::new("not-meant");
    let names = "anna bertil cecilia david elsa fredrik greta henrik ida johan ".repeat(8);
    let returns = names.replace(' ', "\r");
    let utf16: Vec<u8> =
        "the ferry crosses at nine\n".repeat(20).bytes().flat_map(|byte| [byte, 0]).collect();
    let nuls =
        "odd: 50 % of its characters are NUL: is it UTF-16? iconv -f UTF-16LE -t UTF-8 OLD >NEW";
    let alone = "odd: its lines end in carriage returns (CR) alone, which do not end a line here: tr '\\r' '\\n'";
    let crlf = "odd: 80 of its lines end in CRLF: the carriage return is one of the K characters, so losses differ";
    let mixed = "odd: its line ends are mixed, 8 CRLF, 72 LF: tr -d '\\r' <OLD >NEW";
    let separators = "odd: its lines end in U+2028, U+2029 or U+0085 alone";
    for (text, options, words) in [
        (&utf16[..], "", nuls),
        (&utf16, "--documents", nuls),
        (&utf16, "--bytes", ""),
        (returns.as_bytes(), "--documents", alone),
        (returns.as_bytes(), "--documents --bytes", alone),
        (returns.as_bytes(), "", ""),
        (names.replace(' ', "\r\n").as_bytes(), "", crlf),
        (names.replace(' ', "\r\n").as_bytes(), "--documents", ""),
        (names.replace(' ', "\r\n").as_bytes(), "--bytes", ""),
        (names.replace("n ", "n\r\n").replace(' ', "\n").as_bytes(), "--documents", mixed),
        (names.replace(' ', "\u{2028}").as_bytes(), "", separators),
        (names.replace(' ', "\u{2028}").as_bytes(), "--documents", separators),
        (names.replace(' ', "\n").as_bytes(), "", ""),
        (names.replace(' ', "\n").as_bytes(), "--documents", ""),
    ] {
        folder.write("odd", text);
        let train = "--hidden 4 --seq-length 5 --iterations 0 --force";
        for (name, ended) in [
            ("odd", folder.run(&format!("train odd {train} {options}"))),
            ("standard input", folder.run_with_input(&format!("train - {train} {options}"), text)),
            ("odd", folder.run(&format!("train odd {train} {options} --seeds 3 --out several"))),
            ("odd", folder.run(&format!("check odd --hidden 2 --seq-length 3 {options}"))),
        ] {
            let expected = words.replace("odd:", &format!("elman: {name}:"));
            assert_eq!(ended.status, 0, "{ended:?}");
            assert_eq!(ended.stderr.lines().count(), usize::from(!words.is_empty()), "{ended:?}");
            assert!(ended.stderr.starts_with(&expected), "{options}: {}, {expected}", ended.stderr);
        }
        let quiet = folder.run(&format!("train odd {train} {options} --quiet"));
        assert_eq!((quiet.status, quiet.stderr.as_str()), (0, ""));
    }
}

#[test]
fn bytes_need_no_encoding() {
    let folder = Folder::new("bytes");
    let log: Vec<u8> = (0..200)
        .flat_map(|i| [b"r\xe9sum\xe9 ", &[0x80 + i % 20, b'\n', 0][..]].concat())
        .collect();
    folder.write("log", &log);
    let refused = folder.run(&format!("train log {RUN}"));
    refused.refused(1, "log: not UTF-8 at byte 1: convert the text to UTF-8 first, or read it as bytes with --bytes");
    let run = |name: &str| {
        folder.command(&format!("train log --bytes {RUN} --out {name}")).output().unwrap()
    };
    let trained = run("run");
    assert!(trained.status.success());
    let end = String::from_utf8_lossy(&trained.stdout[trained.stdout.len() - 24..]).into_owned();
    let shown = folder.run("show run/model.safetensors").well();
    assert!(shown.contains(digest(&end)), "{shown}");
    let shown = shown.replace(',', "");
    let length = format!("{} bytes digest ", log.len());
    assert!(shown.contains(&length), "{shown}");

    let sample = folder.command("sample run --length 3000 --prime \u{e9} --temperature 2");
    let refused = { sample }.output().unwrap();
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("lacks byte 0xa9, byte 0xc3"), "{refused}");
    let mut sample = folder.command("sample run --length 3000 --prime m --temperature 2");
    let sample = sample.output().unwrap().stdout;
    assert_eq!(sample.len(), 1 + 3000 + 1);
    assert!(sample.iter().all(|byte| log.contains(byte)));
    assert!(sample.contains(&0xe9), "raw bytes");
    folder.run("check log --bytes --hidden 3 --seq-length 6").well();
    // UTF-8 read as bytes is other text than UTF-8.
    folder.write("verses", RUSSIAN);
    let bytes = folder.run(&format!("train verses {RUN} --out characters")).well();
    let characters = folder.command(&format!("train verses --bytes {RUN} --out bytes")).output();
    let characters = String::from_utf8_lossy(&characters.unwrap().stdout).into_owned();
    assert_ne!(digest(&bytes), digest(&characters));
}

/// Even by text in the same characters: what is learned has to be what was there.
#[test]
fn a_text_that_is_written_to_meanwhile_ends_the_run() {
    use std::io::Write as _;
    let folder = Folder::new("meanwhile");
    folder.write("text", "one two three, two one three.\n".repeat(100_000));
    let run = "train text --hidden 4 --iterations 1000000000000 --report-length 0 --save-every 100 --quiet --out run";
    let run = Running::start(&folder, run);
    wait_for(&folder.path("run/model.safetensors"));
    let mut file = std::fs::File::options().append(true).open(folder.path("text")).unwrap();
    file.write_all(b"two three.\n").unwrap();
    let ended = run.ended();
    (ended.clone()).refused(1, "the text has changed since the run began");
    ended.refused(1, "run keeps the best model and the state at update");
}

#[test]
fn documents_are_written_from_start_to_end() {
    let folder = Folder::new("documents");
    folder.write("names", "anna\r\nbo\r\n\r\nchristopher\r\nclara\r\n".repeat(10));
    folder.write("clean", "anna\nbo\nchristopher\nclara\n".repeat(10));
    let run = "--documents --hidden 20 --iterations 2000 --seq-length 5 --quiet";
    let names = folder.run(&format!("train names {run} --out run")).well();
    let clean = folder.run(&format!("train clean {run} --out clean-run")).well();
    assert_eq!(names, clean);
    let known = |line: &str| ["anna", "bo", "christopher", "clara"].contains(&line);
    let mut lines = Vec::new();
    for seed in 0..40 {
        let sample = folder.run(&format!("sample run --seed {seed}")).well();
        assert_eq!(sample.matches('\n').count(), 1, "{sample:?}");
        assert!(sample.ends_with('\n'));
        lines.push(sample.trim_end().to_string());
    }
    let right = lines.iter().filter(|line| known(line)).count();
    assert!(right > 20, "{lines:?}");
    let primed = folder.run("sample run --prime ch --temperature 0").well();
    assert_eq!(primed, "christopher\n");
    let cut = folder.run("sample run --prime ch --temperature 0 --length 3").well();
    assert_eq!(cut, "chris\n");
    folder.run("check names --documents --hidden 3").well();

    let refused = folder.run(&format!("train names {run} --batch-size 2 --out other"));
    refused.refused(2, "--batch-size 2: must be 1 with documents");
    let refused = folder.run_with_input("train - --documents", "\n\r\n\n");
    refused.refused(1, "standard input: the text is empty");
}

/// Whoever pipes a text and forgets the hyphen is told.
#[cfg(unix)]
#[test]
fn standard_input_that_is_not_read_is_told() {
    let folder = Folder::new("not-read");
    let train = "train --iterations 0 --report-length 0 --passage-length 0";
    let told = "elman: standard input is not read, the text is the built-in story: elman train - reads standard input\n";
    let piped = |arguments: &str| folder.run_with_input(&format!("{train} {arguments}"), "a text");
    assert_eq!(piped("--out piped").stderr, told);
    assert_eq!(piped("--out seeds --seeds 2").stderr, told);
    assert_eq!(piped("--out quiet --quiet").stderr, "");
    assert_eq!(folder.run(&format!("{train} --out null")).stderr, "");
}
