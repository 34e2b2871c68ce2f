//! `elman check` of this program's own gradients: of untrained networks, and of models.

use crate::harness::{self, Folder, TEXT};
use std::fs;

#[test]
fn a_check_prints_every_parameter_and_a_verdict() {
    let folder = Folder::new("check");
    let table = folder.run("check").well();
    let rows: Vec<&str> = table.lines().collect();
    assert_eq!(rows.len(), 9, "{table}");
    for (row, start) in rows[3..8].iter().zip(["U  ", "W  ", "V  ", "b  ", "c  "]) {
        let columns: Vec<&str> = row.split_whitespace().collect();
        assert!(row.starts_with(start) && columns[2] == "x", "{row}");
        let [absolute, relative, estimate] = [4, 5, 6].map(|i| columns[i].parse::<f64>().unwrap());
        assert!(absolute > 0.0 && absolute < estimate && estimate < 1e-10, "{row}");
        assert!(relative < 1e-6, "{row}");
        assert_eq!(columns[7..9], ["0", "0"], "{row}");
    }
    assert!(rows[8].starts_with("passed: 0 of 800 entries are wrong"));
    assert!(rows.iter().all(|row| row.chars().count() <= 80), "{table}");

    let trained = folder.run("check text --hidden 7 --seq-length 12 --iterations 200");
    assert!(trained.well().contains("passed"));
}

#[test]
fn every_option_of_an_untrained_network_counts() {
    let folder = Folder::new("check-options");
    let plain = folder.run("check text --hidden 4 --seq-length 9 --iterations 3").well();
    for option in [
        "--hidden 5",
        "--seq-length 8",
        "--bytes",
        "--documents",
        "--iterations 4",
        "--learning-rate 0.2",
        "--sigma 0.3",
        "--clip 0.01",
        "--epsilon 0.5",
        "--seed 2",
    ] {
        let options = format!("check text --hidden 4 --seq-length 9 --iterations 3 {option}");
        assert_ne!(folder.run(&options).well(), plain, "{option}");
    }
}

#[test]
fn a_check_of_a_wild_network_says_what_it_cannot_tell() {
    let folder = Folder::new("wild");
    for options in ["--iterations 5 --learning-rate 1e300", "--sigma 1e300"] {
        let ended = folder.run(&format!("check {options}"));
        let table = ended.refused(1, "gradient check undecided: U: ");
        assert!(table.contains("\nundecided: 0 of 800 entries are wrong,\n"), "{table}");
        assert!(table.ends_with("with these weights rounding changes the loss too much\n"));
    }
    for options in ["--sigma 3 --hidden 40", "--sigma 1e10"] {
        folder.run(&format!("check {options}")).well();
    }
}

#[test]
fn a_check_for_programs_is_json() {
    let folder = Folder::new("json");
    let json = folder.run("check --json").well();
    let (head, rows) = json.split_once("[{").unwrap();
    assert_eq!(head, "{\"passed\":true,\"verdict\":\"passed\",\"parameters\":");
    let rows: Vec<&str> = rows.strip_suffix("}]}\n").unwrap().split("},{").collect();
    let shapes = [("U", 5, 70), ("W", 5, 5), ("V", 70, 5), ("b", 5, 1), ("c", 70, 1)];
    assert_eq!(rows.len(), shapes.len());
    for (row, (name, rows, columns)) in rows.iter().zip(shapes) {
        let start = format!("\"name\":\"{name}\",\"rows\":{rows},\"cols\":{columns},");
        assert!(row.starts_with(&start), "{row}");
        let number = |key: &str| -> f64 {
            let (_, value) = row.split_once(&format!("\"{key}\":")).unwrap();
            value.split(',').next().unwrap().parse().unwrap()
        };
        assert!(number("max_abs_error") > 0.0 && number("max_abs_error") < 1e-10, "{row}");
        assert!(number("max_estimate") > number("max_abs_error"), "{row}");
        assert!(row.contains("\"abs_over_tolerance\":0,\"rel_over_tolerance\":0,\"wrong\":0,"));
        assert!(row.contains("\"within_rounding\":") && row.contains("\"undecided\":0"));
    }
}

#[test]
fn a_model_is_checked_where_it_stands_and_elsewhere() {
    let folder = Folder::new("check-model");
    folder.train("run", "").well();
    let line = |table: &str| {
        let line = table.lines().find(|line| line.starts_with("at character "));
        line.unwrap_or_else(|| panic!("{table}")).to_string()
    };
    // The last state stands at 300 updates of 10 characters in a text of 117 updates.
    let table = folder.run("check run/model.safetensors text").well();
    let places = line(&table);
    assert_eq!(places.split(", ").count(), 3, "{places}");
    assert!(places.contains(" (the model's own)"), "{places}");
    let entries = 3 * folder.model("run/model.safetensors").shape().entries();
    assert!(table.contains(&format!("passed: 0 of {entries} entries are wrong")), "{table}");

    // The name says nothing; a run's folder is its best model; the same text by another way.
    fs::rename(folder.path("run/model.safetensors"), folder.path("m.txt")).unwrap();
    let text = folder.read_text("text");
    assert_eq!(folder.run("check m.txt text").well(), table);
    assert_eq!(folder.run_with_input("check m.txt -", &text).well(), table);
    assert!(line(&folder.run("check run text").well()).contains("the model's own"));

    let many = line(&folder.run("check m.txt text --positions 7").well());
    assert_eq!(many.split(", ").count(), 7, "{many}");
    let one = line(&folder.run("check m.txt text --positions 1").well());
    assert!(!one.contains(", ") && one.contains("the model's own"), "{one}");
    // Another text in its characters has no place of its own.
    folder.write("other", TEXT.repeat(3));
    let other = line(&folder.run("check m.txt other").well());
    assert!(!other.contains("own"), "{other}");

    let json = folder.run("check m.txt text --positions 2 --json").well();
    assert_eq!(json.matches("\"position\":").count(), 2, "{json}");
    assert_eq!(json.matches("\"own\":true").count(), 1, "{json}");
    assert_eq!(json.matches("\"passed\":true").count(), 3, "{json}");
}

#[test]
fn models_of_bytes_documents_and_streams_are_checked() {
    let folder = Folder::new("check-kinds");
    for (out, option) in [("b", "--bytes"), ("d", "--documents"), ("s", "--batch-size 3")] {
        // Samples of bytes need not be UTF-8.
        let quiet = format!("{option} --report-length 0 --passage-length 0");
        folder.train(out, &quiet).well();
        let table = folder.run(&format!("check {out}/model.safetensors text --positions 4"));
        let table = table.well();
        assert!(table.contains("passed: 0 of "), "{option}: {table}");
        assert!(table.contains("the model's own"), "{option}: {table}");
    }
}

#[test]
fn a_model_without_a_text_takes_the_story_or_says_what_it_needs() {
    let folder = Folder::new("check-story");
    folder.run("train --hidden 4 --iterations 20 --quiet --out story").well();
    let table = folder.run("check story").well();
    assert!(table.contains("(the model's own)"), "{table}");
    folder.train("run", "").well();
    for model in ["run", "run/model.safetensors"] {
        let ended = folder.run(&format!("check {model}"));
        let needs = "elman: the built-in story: the vocabulary lacks '!' (U+0021), ";
        assert!(ended.stderr.starts_with(needs), "{}", ended.stderr);
        assert!(ended.stderr.contains(" more: give a text that has only characters of the model"));
        ended.refused(1, ": elman check MODEL TEXT");
    }
    folder.write("none", "the Ferry");
    let ended = folder.run("check run none");
    ended.refused(1, "elman: none: the vocabulary lacks 'F' (U+0046)");
    for arguments in ["check rum none", "check rum --positions 2"] {
        let words = "elman: rum: there is no such model";
        folder.run(arguments).refused(1, words);
    }
    folder.write("short", "the ferry");
    folder.run("check run short").refused(1, "elman: short: 9 characters are too few");
}

#[test]
fn what_does_not_go_together_is_refused() {
    let folder = Folder::new("check-usage");
    folder.train("run", "").well();
    folder.run("check --write-case case.npz").well();
    for option in [
        "hidden 5",
        "seq-length 10",
        "bytes",
        "documents",
        "iterations 1",
        "learning-rate 1",
        "sigma 1",
        "clip 1",
        "epsilon 1",
        "seed 1",
    ] {
        let name = option.split(' ').next().unwrap();
        let words =
            format!("--{name} cannot be used with a trained model, which has its own settings");
        let ended = folder.run(&format!("check run text --{option}"));
        assert_eq!(ended.refused(2, &words), "");
        let words = format!("--{name} cannot be used with --against");
        let ended = folder.run(&format!("check --against case.npz case.npz --{option}"));
        assert_eq!(ended.refused(2, &words), "");
    }
    for (arguments, status, words) in [
        ("text text", 2, "unexpected argument \"text\": the first argument is not a model"),
        ("run text text", 2, "unexpected argument \"text\""),
        ("text --positions 2", 2, "--positions cannot be used without a model"),
        ("--positions 2", 2, "--positions: which model? name a model file or a run's folder"),
        ("--force", 2, "--force cannot be used without --write-case"),
        ("run text --positions 0", 2, "--positions 0: must be a whole number of at least 1"),
        ("--write-case c.npz --json", 2, "--json cannot be used with --write-case"),
        ("--against case.npz case.npz --json", 2, "--json cannot be used with --against"),
        ("--against case.npz", 2, "against which case?"),
        ("--against case.npz case.npz case.npz", 2, "unexpected argument"),
    ] {
        let ended = folder.run(&format!("check {arguments}"));
        if arguments.ends_with("case.npz case.npz case.npz") {
            ended.refused(status, "against which case?");
            continue;
        }
        assert_eq!(ended.refused(status, words), "", "{arguments}");
    }
    // A model that is cut short is a model still, and not a text.
    let model = folder.read("run/model.safetensors");
    folder.write("cut", &model[..model.len() - 3]);
    folder.run("check cut text").refused(1, "bytes follow the header instead of");
}

#[cfg(unix)]
#[test]
fn a_verdict_that_nobody_reads_counts() {
    let folder = Folder::new("check-unread");
    let mut command = folder.command("check --sigma 1e300");
    command.stdout(harness::unread());
    harness::ended(&mut command).refused(1, "gradient check undecided");
}
