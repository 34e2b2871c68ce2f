//! `train --from`: a run that begins with the weights of a model.

use crate::harness::{Folder, TEXT};

const RUN: &str = "--hidden 8 --iterations 400 --report-every 200 --report-length 20 --quiet";

fn first_loss(stdout: &str) -> f64 {
    let loss = stdout.lines().next().unwrap().split("loss=").nth(1).unwrap();
    loss.split(' ').next().unwrap().parse().unwrap()
}

#[test]
fn a_run_begins_where_a_model_is() {
    let folder = Folder::new("from");
    folder.run(&format!("train text {RUN} --out first")).well();
    // The same characters, and not all of them.
    folder.write("other", TEXT.replace("twice", "at nine").repeat(5));
    let from = "--iterations 300 --seq-length 10 --report-every 100 --quiet --from first";
    let fresh = folder
        .run("train other --hidden 8 --seq-length 10 --iterations 0 --quiet --out fresh")
        .well();
    let begun = folder.run(&format!("train other {from} --iterations 0 --out begun")).well();
    assert!(first_loss(&begun) < 0.9 * first_loss(&fresh), "{begun}");
    let best = folder.model("first/best.safetensors");
    let model = folder.model("begun/model.safetensors");
    assert_eq!(model.state().rnn, best.state().rnn);
    assert_eq!(model.vocabulary(), best.vocabulary());
    assert_eq!(model.settings().hidden, 8);
    assert!(model.state().optimizer_state[0].values().iter().all(|&sum| sum == 0.0));

    // It is a run like any other: it goes on, and needs the model no longer.
    let whole = folder.run(&format!("train other {from} --out whole")).well();
    folder.run(&format!("train other {from} --iterations 150 --out parts")).well();
    std::fs::rename(folder.path("first"), folder.path("gone")).unwrap();
    let parts = folder.run("train other --resume parts --iterations 300 --quiet").well();
    assert_eq!(whole.lines().last(), parts.lines().last());
    assert_eq!(folder.files("whole"), folder.files("parts"));
}

/// A fresh AdaGrad is warned of; the model's own goes on, in the file and in the report as well.
#[test]
fn an_optimizer_s_state_is_kept_where_that_is_asked_for() {
    let folder = Folder::new("keep-optimizer");
    folder.run(&format!("train text {RUN} --out first")).well();
    let from = "train text --iterations 50 --report-length 0 --from first/model.safetensors";
    let fresh = folder.run(&format!("{from} --out fresh"));
    let warning = "a fresh AdaGrad at a learning rate of 0.1 undoes much";
    assert!(fresh.stderr.contains(warning), "{}", fresh.stderr);
    assert!(
        fresh.stderr.contains("keep the optimizer's state with --keep-optimizer"),
        "{}",
        fresh.stderr
    );
    fresh.well();
    for more in ["--keep-optimizer --out kept", "--learning-rate 0.001 --out slow"] {
        let ended = folder.run(&format!("{from} {more}"));
        assert!(!ended.stderr.contains(warning), "{more}: {}", ended.stderr);
        ended.well();
    }
    let of = |run: &str| folder.model(&format!("{run}/model.safetensors"));
    assert_eq!(of("kept").record().optimizer_updates, 400);
    assert_eq!(of("fresh").record().optimizer_updates, 0);
    let [kept, fresh] = ["kept", "fresh"].map(|run| of(run).state().smooth_loss.unwrap());
    assert!(kept < fresh, "{kept} {fresh}");
    let shown = folder.run("show kept/model.safetensors").well();
    assert!(shown.contains("400 earlier updates, of the model that the run began from"), "{shown}");
    folder.run("report kept --seconds 0").well();
    let report = folder.read_text("kept/report.md");
    assert!(report.contains("--from MODEL --keep-optimizer"), "{report}");
    folder
        .run("train text --keep-optimizer")
        .refused(2, "--keep-optimizer: can only be used with --from");
    let other = format!("{from} --keep-optimizer --optimizer adam --out other");
    folder
        .run(&other)
        .refused(1, "the model has the optimizer state of adagrad, but the settings say adam");
}

#[test]
fn weights_travel_out_and_back_into_training() {
    let folder = Folder::new("travel");
    folder.run(&format!("train text {RUN} --out first")).well();
    for format in ["torch", "npz"] {
        folder.run(&format!("export first --format {format} {format}-weights")).well();
        folder.run(&format!("import {format}-weights --out {format}-model")).well();
        let run = format!("--iterations 50 --quiet --report-length 0 --from {format}-model");
        folder.run(&format!("train text {run} --out {format}-run")).well();
    }
    assert_eq!(folder.files("torch-run"), folder.files("npz-run"));
    let refused = folder.run("train text --resume torch-model");
    refused.refused(1, "torch-model");
}

#[test]
fn what_a_model_decides_is_not_chosen_again() {
    let folder = Folder::new("decided");
    folder.run(&format!("train text {RUN} --out first")).well();
    folder.write("strange", "the ferry \u{2014} crosses at nine, at nine, at nine");
    for (arguments, status, words) in [
        ("text --from first --hidden 9", 1, "--hidden 9: the model has 8 hidden units"),
        (
            "text --from first --sigma 0.1",
            2,
            "--sigma is for initial weights that are drawn, --from takes those of a model",
        ),
        ("text --from first --bytes", 1, "--bytes: the model of --from reads characters"),
        ("strange --from first", 1, "strange: the vocabulary lacks '\u{2014}' (U+2014)"),
        ("text --from none", 1, "none: "),
        ("text --from text", 1, "text: not a safetensors file"),
        ("text --from first --resume first", 2, "--from begins a new run, --resume continues one"),
    ] {
        folder.run(&format!("train {arguments}")).refused(status, words);
    }
    assert!(!folder.path("elman-run").exists());
    folder.run(&format!("train text {RUN} --from first --out second")).well();
}
