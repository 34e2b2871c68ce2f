//! Runs that end between two candidates for the best model, and samples that begin elsewhere.

use crate::harness::{Folder, ended, ending, lines, value};
use elman::inference::{Sampling, Writer};
use std::iter::successors;

/// A run of 320 updates: the best model is that of update 300, the last another.
fn train(folder: &Folder, more: &str) -> String {
    folder.train("run", &format!("--iterations 320 --passage-length 200 {more}")).well()
}

/// What `sample` writes of a model.
fn sample(folder: &Folder, model: &str) -> String {
    let written = folder.run(&format!("sample {model} --length 200")).well();
    written.strip_suffix('\n').unwrap().to_string()
}

#[test]
fn the_last_update_is_reported_even_between_two_reports() {
    let folder = Folder::new("last-report");
    let stdout = train(&folder, "");
    let reports = lines(&stdout, "iter=");
    let iterations: Vec<&str> = reports.iter().map(|line| value(line, "iter")).collect();
    assert_eq!(iterations, ["0", "100", "200", "300", "320"]);
}

#[test]
fn the_best_model_and_the_last_have_a_file_each() {
    let folder = Folder::new("best-and-last");
    let stdout = train(&folder, "");
    let (passage, _, last) = ending(&stdout);
    assert_eq!(value(passage, "best_iter"), "300");

    let best = folder.model("run/best.safetensors");
    let model = folder.model("run/model.safetensors");
    assert_eq!([best.state().updates, model.state().updates], [300, 320]);
    for (name, updates) in [("best", "300"), ("model", "320")] {
        let shown = folder.run(&format!("show run/{name}.safetensors")).well();
        let row = format!("updates          {updates}");
        assert!(shown.lines().any(|line| line == row), "{shown}");
    }

    let digest = |model: &elman::Model| model.parameters().digest();
    assert_eq!(last, format!("digest={:016x}\n", digest(&model)));
    assert_ne!(digest(&model), digest(&best));
}

#[test]
fn the_passage_is_the_best_model_s() {
    let folder = Folder::new("best-passage");
    let stdout = train(&folder, "");
    let (_, passage, _) = ending(&stdout);
    assert_eq!(sample(&folder, "run/best.safetensors"), passage);
    assert_eq!(sample(&folder, "run"), passage);
    assert_ne!(sample(&folder, "run/model.safetensors"), passage);
}

#[test]
fn the_passage_follows_the_seed_of_the_run() {
    let folder = Folder::new("seed-passage");
    let stdout = train(&folder, "--seed 2");
    let (_, passage, _) = ending(&stdout);
    assert_eq!(sample(&folder, "run"), passage);
    let other = folder.run("sample run --length 200 --seed 1").well();
    assert_ne!(other.strip_suffix('\n'), Some(passage));
}

/// A network that nothing has been taught, with weights so large that it forgets little.
#[test]
fn a_sample_has_read_the_whole_prime() {
    let folder = Folder::new("prime");
    folder.run("train text --hidden 20 --sigma 1 --iterations 0 --quiet --out run").well();
    let prime = "the ferry";
    let mut command = folder.command("sample run --temperature 0 --length 30 --prime");
    let written = ended(command.arg(prime)).well();

    let model = folder.model("run/model.safetensors");
    let likeliest_after = |read: &str| {
        let writer = Writer::new(&model).unwrap().starting_from(&[0.0; 20]).unwrap();
        let mut writer = writer.sampling(Sampling::at_temperature(0.0)).unwrap();
        let mut next = |x| {
            writer.read(x).unwrap();
            writer.probabilities().iter().position(|&p| p == 1.0).unwrap()
        };
        let read = model.vocabulary().encode(read).unwrap();
        let first = read.into_iter().map(&mut next).last();
        let indices: Vec<usize> = successors(first, |&x| Some(next(x))).take(30).collect();
        format!("{prime}{}\n", model.vocabulary().decode(&indices).unwrap())
    };
    assert_eq!(written, likeliest_after(prime));
    assert_ne!(written, likeliest_after("y"), "nothing depends on the prime");
}
