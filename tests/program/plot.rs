//! `elman plot`: charts of runs that have ended, that go on, and that are damaged.

use crate::harness::{Folder, PATIENCE, Running, ended, wait_for};
use std::fs;

/// Three short runs: two of one setting, and one of another T.
fn runs(test: &str) -> Folder {
    let folder = Folder::new(test);
    for (name, more) in [
        ("runs/seed-2", ""),
        ("runs/seed-10", "--seed 10"),
        ("other", "--seq-length 20 --hidden 7"),
    ] {
        folder.train(name, &format!("{more} --log-every 10")).well();
    }
    folder
}

/// The texts of an SVG, in their order.
fn texts(svg: &str) -> Vec<&str> {
    let texts = svg.split("<text ").skip(1);
    texts
        .map(|text| {
            let (_, text) = text.split_once('>').unwrap();
            text.split_once("</text>").unwrap().0
        })
        .collect()
}

/// The last smooth loss of a run's loss.csv in nats per character, as charts show it.
fn last(folder: &Folder, run: &str, T: f64) -> String {
    let losses = folder.read_text(&format!("{run}/loss.csv"));
    let smooth: f64 = losses.trim_end().rsplit(',').next().unwrap().parse().unwrap();
    format!("{:.4}", smooth / T)
}

#[test]
fn one_chart_has_several_runs_in_one_unit() {
    let folder = runs("plot");
    let svg = folder.run("plot runs/seed-2 other").well();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"));
    assert_eq!(folder.run("plot runs/seed-2 other").well(), svg);
    let texts = texts(&svg);
    for text in [
        "Smooth loss of 2 runs",
        "smooth loss (nats per character)",
        "updates",
        "runs/seed-2",
        "other",
        &last(&folder, "runs/seed-2", 10.0),
        &last(&folder, "other", 20.0),
    ] {
        assert!(texts.contains(&text), "{text} is not in {texts:?}");
    }
    // A folder of runs is its runs, by their numbers.
    let all = folder.run("plot runs").well();
    let names: Vec<&str> =
        self::texts(&all).into_iter().filter(|text| text.contains("seed")).collect();
    let second = std::path::Path::new("runs").join("seed-10");
    assert_eq!(names[1], second.to_str().unwrap());
    assert!(names[0].ends_with("seed-2") && names.len() == 2);
}

#[test]
fn a_chart_goes_to_a_file_that_is_replaced_by_force_alone() {
    let folder = runs("plot-out");
    let svg = folder.run("plot runs").well();
    assert_eq!(folder.run("plot runs --out runs.svg").well(), "");
    assert_eq!(folder.read_text("runs.svg"), svg);
    folder.write("runs.svg", "mine");
    let refused = folder.run("plot runs --out runs.svg");
    refused.refused(1, "runs.svg: already exists: choose another name, or replace it with --force");
    assert_eq!(folder.read_text("runs.svg"), "mine");
    let words = "--out runs.PNG: the chart is written as SVG: choose a name that ends in .svg";
    folder.run("plot runs --out runs.PNG").refused(2, words);
    assert!(!folder.path("runs.PNG").exists());
    folder.run("plot runs --out runs.svg --force").well();
    assert_eq!(folder.read_text("runs.svg"), svg);
    folder.run("plot runs --out runs --force").refused(1, "runs: a folder, not a file");
    folder.run("plot runs --out none/runs.svg").refused(1, "none/runs.svg: ");
}

#[test]
fn validation_losses_are_read() {
    let folder = Folder::new("plot-validation");
    folder.train("run", "--validation 0.2 --validate-every 70 --log-every 10").well();
    let svg = folder.run("plot run").well();
    let losses = folder.read_text("run/loss.csv");
    let seen = losses.lines().skip(1).map(|row| row.split(',').nth(4));
    let seen: Vec<f64> = seen.filter_map(|loss| loss.unwrap().parse().ok()).collect();
    assert_eq!(seen.len(), 7, "at 0, 70, 100, 140, 200, 210, 280");
    assert_eq!(svg.matches("<circle").count(), 7);
    let lowest = seen.into_iter().fold(f64::INFINITY, f64::min) / 10.0;
    for text in ["validation", "dotted: validation loss", &format!("{lowest:.4}")] {
        assert!(texts(&svg).contains(&text), "{text} is not in {svg}");
    }
    // The run's own chart has them too, in the unit of its axis.
    let own = folder.read_text("run/loss.svg");
    assert_eq!(own.matches("<circle").count(), 7);
    assert!(texts(&own).contains(&"validation loss"));
}

#[test]
fn a_run_at_work_is_drawn_as_far_as_it_is() {
    let folder = runs("plot-at-work");
    let svg = folder.run("plot runs").well();
    let losses = folder.path("runs/seed-2/loss.csv");
    let rows = fs::read_to_string(&losses).unwrap();
    fs::write(&losses, format!("{rows}300,2,1")).unwrap();
    assert_eq!(folder.run("plot runs").well(), svg);
    // One that has just begun has no losses yet, which is no matter beside others.
    fs::write(&losses, rows.lines().next().unwrap().to_string() + "\n").unwrap();
    let begun = folder.run("plot runs").well();
    assert!(texts(&begun).contains(&"none"));
    let alone = folder.run("plot runs/seed-2");
    alone.refused(1, "loss.csv: it has no rows yet: the run writes them with its next save");
}

#[test]
fn what_is_no_run_is_refused() {
    let folder = runs("plot-refused");
    folder.write("file", "");
    fs::create_dir_all(folder.path("empty")).unwrap();
    for (arguments, words) in [
        ("none", "none: there is no such folder"),
        ("file", "file: not the folder of a run: name the folder that contains loss.csv"),
        (
            "runs empty",
            "empty: not the folder of a run: neither this folder nor a folder in it has a loss.csv",
        ),
    ] {
        folder.run(&format!("plot {arguments}")).refused(1, words);
    }
    folder.run("plot").refused(2, "which runs? give their folders");
    folder.run("plot runs --out=").refused(2, "--out: the value is empty");

    for (damaged, words) in [
        ("", "loss.csv: line 1: must be iteration,epoch,loss,smooth_loss"),
        (
            "iteration,epoch,loss,smooth_loss\n0,0,1.0,nan\n",
            "loss.csv: line 2: must be the row of update 0",
        ),
        (
            "iteration,epoch,loss,smooth_loss\n0,0,1.0,1.0\n0,0,1.0,1.0\n",
            "loss.csv: line 3: must be the row of update 10",
        ),
    ] {
        folder.write("other/loss.csv", damaged);
        folder.run("plot runs other").refused(1, words);
    }
    fs::remove_file(folder.path("runs/seed-2/model.safetensors")).unwrap();
    folder
        .run("plot runs")
        .refused(1, "it has no model.safetensors, which is needed to read the losses");
    let best = folder.read("runs/seed-2/best.safetensors");
    folder.write("runs/seed-2/model.safetensors", best);
    folder
        .run("plot runs")
        .refused(1, "model.safetensors: a model, but not the last state of a run");
    folder.write("runs/seed-2/model.safetensors", "no model");
    folder.run("plot runs").refused(1, "model.safetensors: ");
}

/// While a run goes on its chart is drawn again between its saves, and asks to be loaded again; the run that is
/// resumed after a kill ends in the bytes of the one that was never stopped.
#[test]
fn the_chart_of_a_run_is_refreshed_until_it_ends() {
    let folder = Folder::new("refreshed");
    let run = "train text --hidden 6 --seq-length 10 --report-length 0 --passage-length 0 --quiet";
    let endless = format!("{run} --iterations 1000000000 --save-every 1000000000 --out run");
    let running = Running::start(&folder, &endless);
    wait_for(&folder.path("run/model.safetensors"));
    let first = folder.read_text("run/loss.svg");
    assert!(first.contains("refresh") && first.contains(">at update 0, 0 %</text>"));
    let begun = std::time::Instant::now();
    while folder.read_text("run/loss.svg") == first {
        assert!(begun.elapsed() < PATIENCE, "it is not refreshed");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let second = folder.read_text("run/loss.svg");
    assert!(second.ends_with("</svg>\n") && second.contains("refresh"));
    assert!(running.kill());
    assert_eq!(folder.updates("run"), 0, "nothing but the chart was saved");

    let short = "--iterations 300 --log-every 10";
    ended(&mut folder.command(&format!("{run} {short} --out whole"))).well();
    let whole = folder.read_text("whole/loss.svg");
    assert!(!whole.contains("refresh"));
    // A chart that a killed run left behind goes with the end.
    folder.write("whole/loss.svg.elman.new", "<svg");
    folder.write("whole/loss.svg", &second);
    ended(&mut folder.command(&format!("{run} --iterations 400 --resume whole"))).well();
    ended(&mut folder.command(&format!("{run} --iterations 400 --log-every 10 --out other")))
        .well();
    assert!(folder.files("whole") == folder.files("other"));
}
