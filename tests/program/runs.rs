//! The program on good input: what it prints, what it leaves behind, and that it can be repeated.

use crate::harness::{
    self, Folder, TEXT, TRAIN, digest, ended, ending, names, settings, text, value,
};
use elman::inference::{Session, Writer};
use elman::internals::json;
use elman::kernels::ln;
use elman::random::{Generator, Stream};
use elman::{Settings, Training};

/// Report lines with the text that follows each, from the output of `train`.
fn reports(stdout: &str) -> Vec<(&str, &str)> {
    let (reports, _) = stdout.split_once("passage best_iter=").unwrap();
    let starts: Vec<usize> = reports.match_indices("iter=").map(|(at, _)| at).collect();
    let ends = starts[1..].iter().copied().chain([reports.len()]);
    (starts.iter().zip(ends))
        .map(|(&start, end)| {
            let (line, text) = reports[start..end].split_once('\n').unwrap();
            (line, text.strip_suffix("\n\n").unwrap())
        })
        .collect()
}

#[test]
fn reports_come_at_their_time_and_with_their_length() {
    let folder = Folder::new("reports");
    let stdout = folder.train("run", "").well();
    let reports = reports(&stdout);
    let iterations: Vec<&str> = reports.iter().map(|(line, _)| value(line, "iter")).collect();
    assert_eq!(iterations, ["0", "100", "200", "300"]);
    for (line, text) in &reports {
        assert_eq!(text.chars().count(), 40, "{text:?}");
        assert_eq!(names(line), ["iter", "epoch", "loss", "smooth_loss"]);
    }
    let loss: f64 = value(reports[0].0, "loss").parse().unwrap();
    let K = elman::Vocabulary::of(TEXT).len() as f64;
    assert!((loss / (10.0 * ln(K)) - 1.0).abs() < 1e-4, "{loss}");
    assert_eq!(value(reports[0].0, "loss"), value(reports[0].0, "smooth_loss"));
    let learned: f64 = value(reports[3].0, "smooth_loss").parse().unwrap();
    assert!(learned < 0.95 * loss, "{learned}");
    // 13 times the text is 1,183 characters or so: an epoch is as many updates as chunks fit.
    let updates_per_epoch = (TEXT.chars().count() * 13 - 1) / 10;
    assert_eq!(value(reports[3].0, "epoch"), (300 / updates_per_epoch).to_string());

    let (line, text, _) = ending(&stdout);
    assert!(value(line, "best_iter").parse::<u64>().unwrap() % 100 == 0);
    assert_eq!(text.chars().count(), 60);
}

#[test]
fn the_last_line_is_the_digest_that_show_prints() {
    let folder = Folder::new("digest");
    let stdout = folder.train("run", "").well();
    let digest = digest(&stdout);
    assert_eq!(digest.len(), 16);
    let shown = folder.run("show run/model.safetensors").well();
    for row in [format!("digest           {digest}"), "updates          300".into()] {
        assert!(shown.lines().any(|line| line == row), "{row:?} is not in {shown}");
    }
}

#[test]
fn a_run_leaves_five_files_and_its_losses() {
    let folder = Folder::new("files");
    let stdout = folder.train("run", "--log-every 20").well();
    let names: Vec<String> = folder.files("run").into_iter().map(|file| file.0).collect();
    assert_eq!(
        names,
        ["best.safetensors", "loss.csv", "loss.svg", "model.safetensors", "reports.jsonl"]
    );

    let losses = folder.read_text("run/loss.csv");
    let mut rows = losses.lines();
    assert_eq!(rows.next(), Some("iteration,epoch,loss,smooth_loss"));
    let rows: Vec<Vec<&str>> = rows.map(|row| row.split(',').collect()).collect();
    let iterations: Vec<String> = (0..300).step_by(20).map(|n| n.to_string()).collect();
    assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), iterations);
    for (line, _) in &reports(&stdout)[..3] {
        let names = ["iter", "epoch", "loss", "smooth_loss"];
        let report = names.map(|name| value(line, name));
        assert!(rows.iter().any(|row| *row == report), "{report:?}");
    }

    let chart = folder.read_text("run/loss.svg");
    assert!(chart.starts_with("<svg ") && chart.ends_with("</svg>\n"));
    assert!(chart.contains("Loss while learning text, m = 6"));
}

/// The line of reports.jsonl that belongs to a report on standard output.
fn line_of(report: &str, sample: &str) -> String {
    let members = report.split(' ').map(|word| {
        let (name, value) = word.split_once('=').unwrap();
        let name = if name == "iter" { "iteration" } else { name };
        format!("\"{name}\":{value}")
    });
    let members: Vec<String> = members.collect();
    let sample = json::quote(sample);
    format!("{{{},\"sample\":{sample}}}\n", members.join(","))
}

#[test]
fn reports_are_kept_as_they_are_printed() {
    let folder = Folder::new("kept-reports");
    for (more, keys) in [
        ("", "iteration,epoch,loss,smooth_loss,sample"),
        (
            "--validation 0.2 --iterations 250",
            "iteration,epoch,loss,smooth_loss,validation_loss,validation_bits,sample",
        ),
        ("--documents --report-length 150", ""),
        ("--report-length 0 --report-every 7 --iterations 77", ""),
        ("--iterations 0", ""),
    ] {
        let stdout = folder.train("run", &format!("{more} --force")).well();
        let lines: String =
            (reports(&stdout).into_iter()).map(|(line, text)| line_of(line, text)).collect();
        let kept = folder.read_text("run/reports.jsonl");
        assert_eq!(kept, lines, "{more}");
        if !keys.is_empty() {
            let mut reader = json::Reader::new(kept.lines().last().unwrap());
            let mut found = Vec::new();
            let read = reader.object(|reader, key| {
                match key.as_str() {
                    "sample" => reader.string().map(drop)?,
                    _ => reader.float().map(drop)?,
                }
                found.push(key);
                Ok(())
            });
            read.and_then(|()| reader.end()).unwrap();
            assert_eq!(found.join(","), keys);
        }
    }
}

/// What is no UTF-8 is U+FFFD in the file.
#[test]
fn reports_of_bytes_are_kept_as_what_can_be_read_of_them() {
    let folder = Folder::new("kept-bytes");
    folder.write("text", b"caf\xe9, and \xc3\xa5 at nine \xff\n".repeat(20));
    let train = "train text --bytes --hidden 6 --seq-length 10 --iterations 200 --report-every 100 \
                 --report-length 90 --quiet --out run";
    let output = folder.command(train).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let (mut stdout, mut lines) = (output.stdout.as_slice(), String::new());
    while stdout.starts_with(b"iter=") {
        let end = stdout.iter().position(|&byte| byte == b'\n').unwrap();
        let line = std::str::from_utf8(&stdout[..end]).unwrap();
        let (sample, rest) = stdout[end + 1..].split_at(90);
        lines += &line_of(line, &String::from_utf8_lossy(sample));
        stdout = rest.strip_prefix(b"\n\n").unwrap();
    }
    assert!(lines.contains('\u{fffd}') && lines.contains('\u{e5}'));
    assert_eq!(folder.read_text("run/reports.jsonl"), lines);
}

/// A long sample is kept in part and printed to its end; where the two parts meet nothing is seen.
#[test]
fn of_a_long_sample_ten_thousand_characters_are_kept() {
    let folder = Folder::new("kept-long");
    for documents in [false, true] {
        let more = format!(
            "--learning-rate 0.3 --report-length 12000 --force {}",
            if documents { "--documents" } else { "" }
        );
        let stdout = folder.train("run", &more).well();
        let settings = Settings { learning_rate: 0.3, documents, ..settings() };
        let mut training = Training::new(&text(), settings).unwrap();
        for _ in 0..300 {
            training.observe().unwrap();
            training.update().unwrap();
        }
        training.observe().unwrap();
        let model = training.model();
        let generator = Generator::new(1, Stream::Report(300));
        let mut writer = Writer::new(model).unwrap();
        let (h, last) = (training.h0().to_vec(), Some(training.chunk().0[0]));
        let generator = Some(generator);
        writer.set_session(&Session { generator, ..Session::new(h, last) }).unwrap();
        let indices: Vec<usize> = writer.indices().take(12_000).collect();
        let (line, printed) = *reports(&stdout).last().unwrap();
        assert!(printed == model.vocabulary().decode(&indices).unwrap());
        let kept = line_of(line, &model.vocabulary().decode(&indices[..10_000]).unwrap());
        assert!(folder.read_text("run/reports.jsonl").ends_with(&kept));
    }
}

#[test]
fn the_same_command_gives_the_same_bytes() {
    let folder = Folder::new("same");
    let first = folder.train("first", "").well();
    assert_eq!(folder.train("second", "").well(), first);
    assert_eq!(folder.files("first"), folder.files("second"));
    let other = folder.train("third", "--seed 2").well();
    assert_ne!(other.lines().last(), first.lines().last());
}

#[test]
fn what_is_printed_never_changes_what_is_learned() {
    let folder = Folder::new("printed");
    let quiet = folder.train("quiet", "").well();
    let more = "--report-every 7 --report-length 3 --passage-length 5 --log-every 1";
    let talkative = folder.run(&format!("{TRAIN} {more} --out talkative")).well();
    assert_eq!(quiet.lines().last(), talkative.lines().last());
    // The last state says what was asked for; the best model holds nothing of it.
    let best = |run| folder.read(&format!("{run}/best.safetensors"));
    assert!(best("quiet") == best("talkative"));
    let model = |run: &str| folder.model(&format!("{run}/model.safetensors"));
    assert!(model("quiet") == model("talkative"));
}

#[test]
fn a_text_can_come_from_standard_input_or_be_built_in() {
    let folder = Folder::new("input");
    folder.train("file", "").well();
    let options = TRAIN.strip_prefix("train text ").unwrap();
    folder.run_with_input(&format!("train - {options} --out input"), text()).well();
    assert!(folder.read("file/model.safetensors") == folder.read("input/model.safetensors"));

    let stdout = folder.run("train --hidden 4 --iterations 20 --quiet").well();
    let loss: f64 = value(reports(&stdout)[0].0, "loss").parse().unwrap();
    let K = elman::Vocabulary::of(elman::STORY).len() as f64;
    assert!((loss / (25.0 * ln(K)) - 1.0).abs() < 1e-4);
    assert_eq!(folder.files("elman-run").len(), 5);
}

#[test]
fn no_iterations_write_the_untrained_model() {
    let folder = Folder::new("untrained");
    let stdout = folder.train("run", "--iterations 0").well();
    assert_eq!(reports(&stdout).len(), 1);
    assert_eq!(value(ending(&stdout).0, "best_iter"), "0");
    assert_eq!(folder.read_text("run/loss.csv").lines().count(), 1);
    let model = folder.model("run/model.safetensors");
    let untrained = Training::new(&text(), settings()).unwrap();
    assert_eq!(model, *untrained.model());
}

#[test]
fn one_distinct_character_trains() {
    let folder = Folder::new("one-character");
    folder.write("text", "a".repeat(100));
    let stdout = folder.train("run", "").well();
    assert!(reports(&stdout).iter().all(|(line, _)| value(line, "loss") == "0.0"));
    assert_eq!(ending(&stdout).1, "a".repeat(60));
}

#[test]
fn a_run_is_replaced_by_force_alone() {
    let folder = Folder::new("force");
    folder.train("run", "").well();
    let before = folder.files("run");
    folder.train("run", "--seed 2").refused(1, "run: already holds a run");
    assert_eq!(folder.files("run"), before);
    folder.train("run", "--seed 2 --force").well();
    assert_ne!(folder.files("run"), before);
    folder.train("other", "--seed 2").well();
    assert_eq!(folder.files("run"), folder.files("other"));
}

#[test]
fn a_sample_is_the_passage_until_asked_otherwise() {
    let folder = Folder::new("sample");
    let trained = folder.train("run", "").well();
    let sample = |options: &str| folder.run(&format!("sample run --length 60 {options}")).well();
    let plain = sample("");
    assert_eq!(plain.strip_suffix('\n'), Some(ending(&trained).1));
    assert_eq!(sample(""), plain);
    let best = folder.run("sample run/best.safetensors --length 60").well();
    assert_eq!(best, plain);
    assert_ne!(sample("--seed 9"), plain);
    assert_eq!(sample("--temperature 0 --seed 9"), sample("--temperature 0"));
    assert_eq!(sample("--length 7").chars().count(), 8);

    let primed = ended(folder.command("sample run --length 30 --prime").arg("the bell"));
    let primed = primed.well();
    assert!(primed.starts_with("the bell"));
    assert_eq!(primed.chars().count(), "the bell".len() + 31);
}

/// A reader that has seen enough, like `head`, ends a text without a word, however long it would be.
#[cfg(unix)]
#[test]
fn a_closed_pipe_is_a_quiet_end() {
    let folder = Folder::new("pipe");
    folder.train("run", "").well();
    let most = u64::MAX;
    for arguments in [
        format!("sample run --length {most}"),
        format!("train text --hidden 6 --iterations 0 --report-length {most} --out reported"),
        format!("train text --hidden 6 --iterations 0 --passage-length {most} --out passed"),
    ] {
        let ended = folder.run_for_some(&arguments, 1000);
        assert_eq!((ended.status, ended.stderr.as_str()), (0, ""), "{arguments}");
    }
}

/// A run goes on without its reader.
#[cfg(unix)]
#[test]
fn a_run_that_nobody_reads_is_the_same_run() {
    let folder = Folder::new("unread");
    folder.train("read", "").well();
    let unread = ended(folder.command(&format!("{TRAIN} --out unread")).stdout(harness::unread()));
    assert_eq!((unread.status, unread.stderr.as_str()), (0, ""));
    assert!(folder.files("unread") == folder.files("read"));
    // Where the run itself fails, that is told all the same.
    let wild = format!("{TRAIN} --out wild --learning-rate 3e306");
    let wild = ended(folder.command(&wild).stdout(harness::unread()));
    wild.refused(1, "the loss is inf at update 3");
}

/// The program writes what the library writes.
#[test]
fn texts_are_those_of_the_library() {
    let folder = Folder::new("library");
    let stdout = folder.train("run", "").well();
    let untrained = Training::new(&text(), settings()).unwrap();
    let model = untrained.model();
    let generator = Generator::new(1, Stream::Report(0));
    let mut writer = Writer::new(model).unwrap();
    let session = Session { generator: Some(generator), ..Session::new(vec![0.0; 6], None) };
    writer.set_session(&session).unwrap();
    assert_eq!(reports(&stdout)[0].1, writer.write(40));
    let best = folder.model("run/best.safetensors");
    assert_eq!(ending(&stdout).1, Writer::new(&best).unwrap().write(60));
}
