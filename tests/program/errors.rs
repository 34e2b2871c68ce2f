//! The program on bad input: one clear line, the right exit status, and nothing lost.

use crate::harness::{self, Folder, ended};

#[test]
fn texts_that_cannot_be_learned_are_refused() {
    let folder = Folder::new("texts");
    folder.write("empty", "");
    folder.write("short", "only ten c");
    folder.write("latin", b"caf\xe9 au lait, and so on and on");
    std::fs::create_dir(folder.path("deep")).unwrap();
    folder.write("deep/short", "only ten c");
    for (arguments, words) in [
        ("train none", "none: there is no such file"),
        ("train .", ".: a folder, not a text"),
        ("train empty", "empty: the text is empty"),
        ("train short", "short: 10 characters are too few: one update needs seq-length + 1 = 26"),
        ("train deep/short", "elman: deep/short: 10 characters"),
        ("check deep/short", "elman: deep/short: 10 characters"),
        ("train latin", "latin: not UTF-8 at byte 3"),
        ("check none", "none: "),
        ("check short", "short: 10 characters are too few"),
        ("check latin", "latin: not UTF-8 at byte 3"),
    ] {
        let stdout = folder.run(arguments).refused(1, words);
        assert_eq!(stdout, "", "{arguments}");
    }
    folder.run("train short --out empty").refused(1, "short: 10 characters are too few");
    folder.run("train --out empty").refused(1, "empty: a file, not a folder");
    let stdin = folder.run_with_input("train -", "");
    stdin.refused(1, "standard input: the text is empty");
    assert!(!folder.path("elman-run").exists());
}

#[test]
fn settings_out_of_range_are_refused() {
    let folder = Folder::new("settings");
    for (option, words) in [
        ("--hidden 0", "--hidden 0: must be a whole number of at least 1"),
        ("--seq-length 0", "--seq-length 0: must be"),
        ("--learning-rate 0", "--learning-rate 0: must be a positive number"),
        ("--learning-rate -0.1", "--learning-rate -0.1: must be a positive number"),
        ("--learning-rate NaN", "--learning-rate NaN: must be a positive number"),
        ("--learning-rate inf", "--learning-rate inf: too large"),
        ("--learning-rate 1e400", "--learning-rate 1e400: too large: choose a smaller number"),
        ("--learning-rate -1e400", "--learning-rate -1e400: must be a positive number"),
        ("--learning-rate 1e-400", "--learning-rate 1e-400: must be"),
        ("--clip 0", "--clip 0: must be"),
        ("--epsilon 0", "--epsilon 0: must be"),
        ("--sigma -1", "--sigma -1: must be"),
        ("--report-every 0", "--report-every 0: must be"),
        ("--log-every 0", "--log-every 0: must be"),
        ("--seq-length 18446744073709551615", "too few"),
        ("--order chunks --chunk 24", "--chunk 24: must be at least seq-length"),
        ("--order chunks --seq-length 1001", "--chunk 1000: must be at least seq-length"),
        ("--documents --order positions", "--order positions: must be text with documents"),
        ("--documents --order chunks", "--order chunks: must be text with documents"),
        (
            "--order chunks --chunk 700 --batch-size 2",
            "text: --chunk 700: 1287 characters are too few: the order chunks needs batch-size x chunk + 1 = 1401",
        ),
        (
            "--order chunks --chunk 200 --validation 0.1",
            "text: --validation 0.1: 128 of 1287 characters would be held out, but validation needs at least a chunk of 200: \
             choose a larger fraction",
        ),
        ("--seed 18446744073709551616", "--seed 18446744073709551616: too large"),
    ] {
        // What only the text decides is no mistake on the command line.
        let status = if words.starts_with("text: ") || words == "too few" { 1 } else { 2 };
        let stdout = folder.run(&format!("train text {option}")).refused(status, words);
        assert_eq!(stdout, "", "{option}");
    }
    assert!(!folder.path("elman-run").exists());
}

#[test]
fn networks_without_room_are_refused() {
    let folder = Folder::new("room");
    for (hidden, words) in [
        ("100000000", "elman: --hidden 100000000: not enough memory: "),
        ("18446744073709551615", "elman: --hidden 18446744073709551615: "),
        ("99999999999999999999", "elman: --hidden 99999999999999999999: too large"),
    ] {
        for command in ["train", "check"] {
            let ended = folder.run(&format!("{command} text --hidden {hidden}"));
            let status = if words.contains("too large") { 2 } else { 1 };
            assert_eq!(ended.refused(status, words), "", "{command} {hidden}");
        }
    }
    assert!(!folder.path("elman-run").exists());
}

#[test]
fn folders_that_cannot_be_written_to_are_refused() {
    let folder = Folder::new("unwritable");
    // A file in the way stops everybody; a read-only folder would not stop the superuser.
    folder.train("text", "").refused(1, "text: ");
    folder.train("text/run", "").refused(1, "text/run: ");
    std::fs::create_dir_all(folder.path("run/best.safetensors.elman.new")).unwrap();
    folder.train("run", "").refused(1, "best.safetensors: ");
    // What is in the way is told before anything is learned, and is not taken for a run.
    for name in [
        "model.safetensors",
        "best.safetensors",
        "best-before-end.safetensors",
        "loss.csv",
        "loss.svg",
        "reports.jsonl",
    ] {
        let words = format!("{name}: a folder, not a file");
        std::fs::create_dir_all(folder.path("way").join(name)).unwrap();
        for force in ["", "--force"] {
            assert_eq!(folder.train("way", force).refused(1, &words), "");
        }
        std::fs::remove_dir_all(folder.path("way")).unwrap();
    }
}

#[test]
fn wrong_command_lines_have_their_own_status() {
    let folder = Folder::new("usage");
    for (arguments, words) in [
        ("", "which command?"),
        ("lean", "there is no command \"lean\""),
        ("help lean", "there is no command \"lean\""),
        ("train --streams 4", "unknown option --streams: it is called --batch-size now (see elman"),
        ("train --hiden 5", "unknown option --hiden"),
        ("train --hidden", "--hidden needs a value"),
        ("train --hidden --quiet", "--hidden needs a value"),
        ("train --hidden many", "--hidden many: must be a whole number"),
        ("train --hidden -1", "--hidden -1: must be a whole number"),
        ("train --learning-rate fast", "--learning-rate fast: must be a number"),
        ("train --quiet=yes", "--quiet takes no value"),
        ("train --order backwards", "--order backwards: must be text, chunks or positions"),
        ("train --chunk 500", "--chunk 500: can only be used with --order chunks"),
        (
            "train --order positions --chunk 500",
            "--chunk 500: can only be used with --order chunks",
        ),
        ("train --order chunks --chunk x", "--chunk x: must be a whole number"),
        ("train text text", "unexpected argument \"text\""),
        ("sample", "which model?"),
        ("show", "which model?"),
        ("show --length 5 run", "unknown option --length"),
    ] {
        assert_eq!(folder.run(arguments).refused(2, words), "", "{arguments}");
    }
}

#[test]
fn samples_that_cannot_be_written_are_refused() {
    let folder = Folder::new("samples");
    folder.train("run", "").well();
    for (option, words) in [
        ("--temperature -1", "--temperature -1: must be"),
        ("--temperature NaN", "--temperature NaN: must be"),
        ("--temperature 1e400", "--temperature 1e400: too large"),
        ("--prime QUX", "--prime: the vocabulary lacks 'Q' (U+0051), 'U' (U+0055), 'X' (U+0058)"),
    ] {
        let status = if option.starts_with("--prime") { 1 } else { 2 };
        folder.run(&format!("sample run {option}")).refused(status, words);
    }
    folder.run("sample none").refused(1, "none: ");
    folder.run("sample .").refused(1, ".: not the folder of a run");
}

#[test]
fn a_loss_that_stops_being_finite_ends_the_run_and_what_is_finite_is_saved() {
    let folder = Folder::new("not-finite");
    let stdout = folder
        .train("run", "--learning-rate 3e306 --log-every 1")
        .refused(1, "run keeps the best model and the state at update 3");
    assert!(stdout.starts_with("iter=0 "));
    assert_eq!(folder.updates("run"), 3);
    assert_eq!(folder.read_text("run/loss.csv").lines().count(), 4);
    assert_eq!(folder.files("run").len(), 5);
    assert!(folder.run("sample run --length 5").well().len() > 5);

    // Parameters that are not finite themselves are not saved: the earlier state stays.
    folder
        .train("lost", "--learning-rate 1e308 --seq-length 60 --log-every 1")
        .refused(1, "lost keeps the best model and the state at update 0");
    assert_eq!(folder.updates("lost"), 0);
    assert_eq!(folder.read_text("lost/loss.csv").lines().count(), 2);
}

#[test]
fn a_start_that_cannot_be_learned_from_touches_nothing() {
    let folder = Folder::new("start");
    folder.train("run", "").well();
    let before = folder.files("run");
    for (options, words) in [
        ("--sigma 1e308", "try a smaller learning-rate or sigma"),
        // The loss is finite, but not all of the parameters.
        (
            "--sigma 6e307 --hidden 1 --seq-length 1 --seed 2",
            "--sigma 6e307: the initial weights are too large to be finite numbers",
        ),
    ] {
        folder.train("new", options).refused(1, words);
        assert!(!folder.path("new").exists(), "{options}");
        let force = format!("{options} --force");
        folder.train("run", &force).refused(1, words);
        assert_eq!(folder.files("run"), before, "{options}");
    }
}

/// A model file taken apart: its header as text, and the bytes after it.
struct File {
    header: String,
    data: Vec<u8>,
}

impl File {
    fn of(bytes: &[u8]) -> Self {
        let (length, rest) = bytes.split_first_chunk::<8>().unwrap();
        let (header, data) = rest.split_at(u64::from_le_bytes(*length) as usize);
        File { header: String::from_utf8(header.to_vec()).unwrap(), data: data.to_vec() }
    }

    /// The file with one part of its header replaced.
    fn with(&self, old: &str, new: &str) -> Vec<u8> {
        assert!(self.header.contains(old), "{old} is not in {}", self.header);
        self.joined(&self.header.replacen(old, new, 1))
    }

    fn joined(&self, header: &str) -> Vec<u8> {
        let mut bytes = (header.len() as u64).to_le_bytes().to_vec();
        bytes.extend(header.as_bytes());
        bytes.extend(&self.data);
        bytes
    }
}

/// Every way in which a model file can be bad, with words of the line that says so.
fn bad_files(good: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let file = File::of(good);
    let end = |bytes: &[u8], end: usize| bytes[..end].to_vec();
    let header = file.header.len();
    let metadata_end = file.header.find("},").unwrap() + 2;
    let no_metadata = format!("{{{}", &file.header[metadata_end..]);
    let mut nan = good.to_vec();
    nan[8 + header..16 + header].copy_from_slice(&f64::NAN.to_le_bytes());
    let mut terabytes = good.to_vec();
    terabytes[..8].copy_from_slice(&(1u64 << 42).to_le_bytes());
    let mut first = good.to_vec();
    first[8] = b'[';
    vec![
        (vec![], "not a safetensors file: it has 0 bytes"),
        (end(good, 7), "not a safetensors file: it has 7 bytes"),
        (end(good, 8), "a header of"),
        (end(good, 100), "a header of"),
        (end(good, 8 + header), "bytes follow the header instead of the"),
        (end(good, good.len() - 1), "bytes follow the header instead of the"),
        ([good, b"x"].concat(), "bytes follow the header instead of the"),
        (b"Once upon a time there was a text file.".to_vec(), "not a safetensors file"),
        (terabytes, "a header of 4398046511104 bytes"),
        (first, "the header is wrong at byte 8, expected an object"),
        (file.with("F64", "F32"), "do not make"),
        (file.with("F64", "I64"), "\"U\" is I64"),
        (file.with("\"shape\":[6,6]", "\"shape\":[36]"), "\"W\" is F64 [36] instead of F64 [6, 6]"),
        (file.with("\"shape\":[6,6]", "\"shape\":[4294967296,4294967296,9]"), "do not make"),
        (file.with("\"W\"", "\"X\""), "\"X\" is not part of a model"),
        (
            file.with("\"data_offsets\":[0,", "\"data_offsets\":[8,"),
            "overlap another tensor's or leave a gap",
        ),
        (file.with("\"U\"", "\"W\""), "twice"),
        (file.joined(&no_metadata), "do not say format = elman"),
        (file.with("\"format\":\"elman\"", "\"format\":\"pt\""), "do not say format = elman"),
        (file.with("\"seed\"", "\"sead\""), "the metadata have no \"seed\""),
        (file.with("\"vocabulary\":\"\\n", "\"vocabulary\":\""), "\"U\" is F64"),
        (file.with("\"vocabulary\":\"\\n ", "\"vocabulary\":\"  "), "each once"),
        (nan, "\"U\" has a number that is not finite at entry 0"),
    ]
}

#[test]
fn bad_model_files_are_refused_by_every_command() {
    let folder = Folder::new("models");
    folder.train("run", "").well();
    let good = folder.read("run/best.safetensors");
    for (bytes, words) in bad_files(&good) {
        folder.write("bad.safetensors", bytes);
        for command in ["show", "sample"] {
            let ended = folder.run(&format!("{command} bad.safetensors"));
            let stdout = ended.refused(1, words);
            assert_eq!(stdout, "", "{words}");
        }
        let line = folder.run("show bad.safetensors").stderr;
        assert!(line.starts_with("elman: bad.safetensors: "), "{line}");
    }
    // The format is recognised by content, not by name.
    folder.write("good.txt", &good);
    folder.run("show good.txt").well();
}

#[test]
fn overlapping_tensors_are_refused() {
    let folder = Folder::new("overlap");
    folder.train("run", "").well();
    let file = File::of(&folder.read("run/best.safetensors"));
    // b as long as it is, 8 bytes earlier: they belong to the tensor before it.
    let (_, b) = file.header.split_once("\"b\":").unwrap();
    let (_, offsets) = b.split_once("\"data_offsets\":[").unwrap();
    let (offsets, _) = offsets.split_once(']').unwrap();
    let (begin, end) = offsets.split_once(',').unwrap();
    let [begin, end] = [begin, end].map(|offset| offset.parse::<u64>().unwrap());
    let earlier = format!("{},{}", begin - 8, end - 8);
    folder.write("bad", file.with(offsets, &earlier));
    for command in ["show", "sample"] {
        folder.run(&format!("{command} bad")).refused(1, "overlap another tensor's");
    }
}

#[test]
fn what_is_empty_is_told() {
    let folder = Folder::new("nothing");
    for (command, words) in [
        ("train", "elman: an argument is empty: give the name of a file or folder"),
        ("check", "elman: an argument is empty"),
        ("show", "elman: an argument is empty"),
        ("sample --", "elman: an argument is empty"),
        ("train text --out", "elman: --out: the value is empty"),
        ("train text --hidden", "elman: --hidden: the value is empty"),
        ("train text --sigma", "elman: --sigma: the value is empty"),
    ] {
        let ended = ended(folder.command(command).arg(""));
        assert_eq!(ended.refused(2, words), "", "{command}");
    }
    folder.run("train text --out=").refused(2, "--out: the value is empty");
    assert!(!folder.path("loss.csv").exists());
}

/// Arguments that are no UTF-8 name files all the same, and are no panic elsewhere.
#[cfg(unix)]
#[test]
fn arguments_that_are_no_text_are_no_panic() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = Folder::new("bytes");
    let odd = OsStr::from_bytes(b"a\xff\n");
    ended(folder.command("").arg(odd)).refused(2, "there is no command");
    ended(folder.command("train").arg(odd)).refused(1, "a\u{fffd}\\n: ");
    ended(folder.command("train --hidden").arg(odd)).refused(2, "--hidden");
    ended(folder.command("sample run --prime").arg(odd))
        .refused(2, "--prime: the value is not UTF-8");
    std::fs::write(folder.path("text").with_file_name(odd), harness::TEXT).unwrap();
    ended(folder.command("check").arg(odd)).well();
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_device_is_told() {
    let folder = Folder::new("full");
    let ended = ended(folder.command("train --help").stdout(harness::full_device()));
    ended.refused(1, "standard output: ");
}

/// A run whose standard output fails saves what it has learned until then.
#[cfg(target_os = "linux")]
#[test]
fn an_output_that_fails_ends_the_run_after_saving() {
    let folder = Folder::new("output");
    let train = "train text --hidden 6 --seq-length 10 --iterations 3000 --report-every 1 \
                 --report-length 100 --log-every 1 --out";
    let at_once = ended(folder.command(&format!("{train} full")).stdout(harness::full_device()));
    at_once.refused(1, "full keeps the best model and the state at update 0");
    let (output, _other) = harness::stalled();
    let later = ended(folder.command(&format!("{train} run")).stdout(output));
    let updates = folder.updates("run");
    assert!(0 < updates && updates < 3000, "{updates}");
    let kept = format!("run keeps the best model and the state at update {updates}");
    later.clone().refused(1, "standard output: ");
    later.refused(1, &kept);
    let rows = folder.read_text("run/loss.csv").lines().count() as u64;
    assert_eq!(rows, updates + 1);
    assert_eq!(folder.files("run").len(), 5);
}

/// What is told of the work is not the work.
#[cfg(target_os = "linux")]
#[test]
fn standard_error_may_be_full() {
    let folder = Folder::new("full-error");
    let train = "train text --hidden 6 --iterations 20";
    ended(folder.command(train).stderr(harness::full_device())).well();
    assert_eq!(ended(folder.command(train).stderr(harness::full_device())).status, 1);
}

/// Without a terminal there is one line, with or without `--quiet`.
#[test]
fn a_failure_is_one_line_after_any_work() {
    let folder = Folder::new("one-line");
    std::fs::create_dir_all(folder.path("run/best.safetensors.elman.new")).unwrap();
    folder.run("train text --hidden 6 --iterations 20 --out run").refused(1, "best.safetensors: ");
}
