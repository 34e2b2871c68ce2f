//! `train --seeds`: several runs side by side are the runs that they would be alone.

use crate::harness::{self, Ended, Folder, PATIENCE, Running, lines, value, wait_for};
use std::fs;
use std::path::Path;
use std::time::Instant;

const SETTING: &str = "train text --hidden 6 --seq-length 10 --iterations 300 --report-every 70 --report-length 9 \
                       --passage-length 11 --log-every 20 --save-every 90";

/// Runs side by side.
fn seeds(folder: &Folder, more: &str) -> Ended {
    folder.run(&format!("{SETTING} {more}"))
}

/// What the program says of a run that is made alone, and the digest.
fn alone(folder: &Folder, seed: u64, out: &str) -> String {
    let stdout = folder.run(&format!("{SETTING} --seed {seed} --out {out}/seed-{seed}")).well();
    let last = lines(&stdout, "iter=").pop().unwrap();
    let passage = lines(&stdout, "passage best_iter=")[0];
    let digest = stdout.lines().last().unwrap();
    format!(
        "seed={seed} {last} best_iter={} best_smooth_loss={} {digest}",
        value(passage, "best_iter"),
        value(passage, "smooth_loss"),
    )
}

fn assert_same(folder: &Folder, seeds: std::ops::RangeInclusive<u64>, runs: &str, alone: &str) {
    for seed in seeds {
        let files = |out| folder.files(&format!("{out}/seed-{seed}"));
        assert!(files(runs) == files(alone), "seed {seed}");
        assert_eq!(files(runs).len(), 5);
    }
}

#[test]
fn each_is_the_run_that_it_would_be_alone() {
    let folder = Folder::new("seeds-alone");
    let stdout = seeds(&folder, "--seed 7 --seeds 5 --out runs").well();
    let lines: Vec<&str> = stdout.lines().collect();
    let expected: Vec<String> = (7..=11).map(|seed| alone(&folder, seed, "alone")).collect();
    assert_eq!(lines[..5], expected);
    assert_same(&folder, 7..=11, "runs", "alone");
    assert_eq!(fs::read_dir(folder.path("runs")).unwrap().count(), 5);

    // What the last lines say is what the others do.
    let values = |name: &str| -> Vec<f64> {
        let values = lines[..5].iter().map(|line| value(line, name).parse());
        values.collect::<Result<_, _>>().unwrap()
    };
    for (line, name) in lines[5..7].iter().zip(["smooth_loss", "best_smooth_loss"]) {
        let values = values(name);
        let (mean, least) =
            (values.iter().sum::<f64>() / 5.0, values.iter().copied().fold(9e9, f64::min));
        let most = values.iter().copied().fold(0.0, f64::max);
        let expected = format!("{name} runs=5 mean={mean:?} minimum={least:?} maximum={most:?}");
        assert_eq!(*line, expected);
    }
    let best = values("best_smooth_loss");
    let least = best.iter().copied().fold(9e9, f64::min);
    let at = best.iter().position(|&loss| loss == least).unwrap();
    let folder_of_best = Path::new("runs").join(format!("seed-{}", 7 + at));
    let expected = format!(
        "best seed={} best_iter={} best_smooth_loss={least:?} folder={}",
        7 + at,
        value(lines[at], "best_iter"),
        folder_of_best.display()
    );
    assert_eq!(lines[7], expected);
    assert_eq!(lines.len(), 8);
    // It can be shown, and each goes on by itself.
    folder.run(&format!("show {}", folder_of_best.display())).well();
    let last = folder.run("train text --resume runs/seed-8 --iterations 400 --quiet").well();
    assert!(last.contains("iter=400 "));
}

#[test]
fn threads_change_nothing_and_one_seed_is_enough() {
    let folder = Folder::new("seeds-threads");
    let one = seeds(&folder, "--seeds 1 --batch-size 3 --out one").well();
    assert_eq!(one.lines().count(), 4);
    let more = "--seeds 2 --batch-size 3 --threads 3 --out three";
    let three = seeds(&folder, more).well();
    assert_eq!(three.lines().next(), one.lines().next());
    assert_same(&folder, 1..=1, "one", "three");
    seeds(&folder, "--seeds 2 --threads 0 --out zero").refused(2, "--threads 0: must be");
    assert!(!folder.path("zero").exists());
    // The usual folder.
    seeds(&folder, "--seeds 2 --iterations 0").well();
    assert_eq!(folder.files("elman-run/seed-2").len(), 5);
}

/// No system has room for the stacks that are asked for here.
#[test]
fn where_no_thread_can_be_started_the_runs_follow_one_another() {
    let folder = Folder::new("seeds-no-threads");
    let some = seeds(&folder, "--seeds 3 --out some").well();
    let mut command = folder.command(&format!("{SETTING} --seeds 3 --threads 2 --out none"));
    let none = harness::ended(command.env("RUST_MIN_STACK", isize::MAX.to_string())).well();
    assert_eq!(none, some.replace("folder=some", "folder=none"));
    assert_same(&folder, 1..=3, "none", "some");
}

#[test]
fn what_cannot_be_is_refused_before_anything_begins() {
    let folder = Folder::new("seeds-refused");
    for (more, status, words) in [
        ("--seeds 0", 2, "--seeds 0: must be a whole number from 1 to 1000"),
        ("--seeds 1001", 2, "--seeds 1001: must be"),
        ("--seeds -1", 2, "--seeds -1: must be a whole number"),
        (
            "--seeds 2 --seed 18446744073709551615",
            2,
            "--seeds 2: --seed 18446744073709551615 is too large for 2 seeds",
        ),
        ("--seeds 2 --hidden many", 2, "elman: --hidden many: must be"),
        ("--seeds 2 --sigma 1e308", 1, "elman: the loss is "),
        ("--seeds 2 --from text", 2, "--from takes those of a model: use only one"),
        ("--seeds 2 none", 2, "unexpected argument"),
    ] {
        let more = format!("{more} --out runs");
        assert_eq!(seeds(&folder, &more).refused(status, words), "", "{more}");
        assert!(!folder.path("runs").exists(), "{more}");
    }
    folder.run("train none --seeds 3").refused(1, "elman: none: ");
    // The largest seed is one.
    let last = "--seeds 2 --seed 18446744073709551614 --out last";
    let stdout = seeds(&folder, last).well();
    assert!(stdout.contains("\nseed=18446744073709551615 iter=300 "));

    seeds(&folder, "--seed 3 --out runs/seed-3").well();
    let before = folder.files("runs/seed-3");
    let words = "seed-3: already holds a run";
    assert_eq!(seeds(&folder, "--seeds 4 --out runs").refused(1, words), "");
    assert_eq!(fs::read_dir(folder.path("runs")).unwrap().count(), 1);
    seeds(&folder, "--seeds 4 --out runs --force --iterations 310").well();
    assert!(folder.files("runs/seed-3") != before);
    assert_eq!(folder.updates("runs/seed-3"), 310);
    // In the folder of a run they would hide.
    let words = "runs/seed-3: holds a single run";
    seeds(&folder, "--seeds 2 --force --out runs/seed-3").refused(1, words);
}

#[test]
fn a_run_that_fails_leaves_the_others_alone() {
    let folder = Folder::new("seeds-failure");
    fs::create_dir(folder.path("runs")).unwrap();
    folder.write("runs/seed-2", "no folder");
    let ended = seeds(&folder, "--seeds 4 --out runs");
    let stdout = ended.clone().refused(1, "elman: 1 of 4 runs failed: seed 2: ");
    let names: Vec<&str> = stdout.lines().map(|line| line.split(' ').next().unwrap()).collect();
    assert_eq!(names, ["seed=1", "seed=3", "seed=4", "smooth_loss", "best_smooth_loss", "best"]);
    assert!(stdout.contains("\nsmooth_loss runs=3 "));
    for seed in [1, 3, 4] {
        assert_eq!(folder.updates(&format!("runs/seed-{seed}")), 300);
    }
    // Once the reason is gone, the missing one begins as the others did.
    fs::remove_file(folder.path("runs/seed-2")).unwrap();
    let all = folder.run("train text --resume runs --seeds 4").well();
    alone(&folder, 2, "alone");
    assert_same(&folder, 2..=2, "runs", "alone");
    assert!(all.contains("\nsmooth_loss runs=4 "));
}

#[test]
fn a_folder_at_work_is_nobody_elses() {
    let folder = Folder::new("seeds-lock");
    let long = SETTING.replace("--iterations 300", "--iterations 1000000000000");
    let other = Running::start(&folder, &format!("{long} --out runs/seed-2"));
    wait_for(&folder.path("runs/seed-2/model.safetensors"));
    for more in ["--out runs --force", "--out runs", "--resume runs"] {
        let words = "seed-2: another run is using this folder";
        folder.run(&format!("train text --seeds 3 {more}")).refused(1, words);
        assert!(!folder.path("runs/seed-1").exists());
    }
    assert!(other.kill());
    let several = Running::start(&folder, &format!("{long} --out runs --force --seeds 3"));
    wait_for(&folder.path("runs/seed-1/model.safetensors"));
    folder.run("train text --resume runs/seed-1").refused(1, "runs/seed-1: another run");
    assert!(several.kill());
}

/// Killed again and again, and gone on with by nothing but the number of seeds.
#[test]
fn runs_that_are_killed_go_on_to_the_same_bytes() {
    let folder = Folder::new("seeds-killed");
    let long = SETTING.replace("--iterations 300", "--iterations 6000");
    let setting = format!("{long} --seed 5 --seeds 5");
    let whole = folder.run(&format!("{setting} --out whole")).well();
    let begun = Instant::now();
    let mut kills = 0;
    loop {
        assert!(begun.elapsed() < PATIENCE);
        let has_begun = folder.path("runs/seed-5/model.safetensors").exists();
        let child = if has_begun {
            Running::start(&folder, "train text --resume runs --seeds 5")
        } else {
            Running::start(&folder, &format!("{setting} --out runs --force"))
        };
        std::thread::sleep(std::time::Duration::from_millis(15 + 7 * kills));
        if !child.kill() {
            break;
        }
        kills += 1;
    }
    assert!(kills > 2, "{kills}");
    let last = folder.run("train text --resume runs --seeds 5").well();
    assert_eq!(last.replace("folder=runs", "folder=whole"), whole);
    assert_same(&folder, 5..=9, "runs", "whole");
}

#[test]
fn runs_that_have_ended_are_only_told() {
    let folder = Folder::new("seeds-ended");
    let first = seeds(&folder, "--seed 4 --seeds 3 --out runs").well();
    let times = || {
        let changed = |seed: u64| {
            let path = folder.path(&format!("runs/seed-{seed}/model.safetensors"));
            fs::metadata(path).unwrap().modified().unwrap()
        };
        [4, 5, 6].map(changed)
    };
    let before = times();
    assert_eq!(folder.run("train text --resume runs --seeds 3").well(), first);
    assert_eq!(times(), before);
    // One more begins with what the command line does not say again; all may go on.
    let more = folder.run("train text --resume runs --seeds 4 --hidden 6").well();
    let end = more.lines().nth(3).unwrap();
    assert_eq!(end, alone(&folder, 7, "alone"));
    assert_same(&folder, 7..=7, "runs", "alone");
    let on = folder.run("train text --resume runs --seeds 2 --seed 5 --iterations 350").well();
    assert!(on.starts_with("seed=5 iter=350 ") && on.contains("\nseed=6 iter=350 "), "{on}");
    // What was stopped before its first save begins anew.
    fs::create_dir(folder.path("runs/seed-8")).unwrap();
    folder.write("runs/seed-8/loss.csv", "iteration,ep");
    let anew = folder.run("train text --resume runs --seed 7 --seeds 2").well();
    assert_eq!(anew.lines().nth(1).unwrap(), alone(&folder, 8, "alone"));
    assert_same(&folder, 8..=8, "runs", "alone");
    // Those that were left behind catch up.
    let all = folder.run("train text --resume runs --seeds 4").well();
    assert_eq!(all.matches(" iter=350 ").count(), 4, "{all}");
}

/// One more begins in the order of the others.
#[test]
fn a_missing_run_reads_as_the_others_do() {
    let folder = Folder::new("seeds-order");
    for order in ["--order chunks --chunk 90", "--order positions"] {
        for (out, count) in [("whole", 3), ("runs", 2)] {
            let more = format!("--seeds {count} --force --out {out} {order}");
            seeds(&folder, &more).well();
        }
        folder.run("train text --resume runs --seeds 3").well();
        assert_same(&folder, 1..=3, "runs", "whole");
        fs::remove_dir_all(folder.path("runs")).unwrap();
    }
}

#[test]
fn what_does_not_go_on_is_told() {
    let folder = Folder::new("seeds-resume");
    seeds(&folder, "--seeds 2 --out runs").well();
    let one = std::path::Path::new("runs").join("seed-1");
    let several = "runs: holds the runs of several seeds: name one of them, such as ";
    folder.run("sample runs").refused(1, &format!("{several}{}", one.display()));
    for (arguments, status, words) in [
        (
            "--resume runs",
            1,
            "runs: holds the runs of several seeds: continue all of them with --seeds 2, or",
        ),
        ("--resume none --seeds 2", 1, "none: none of its folders"),
        ("--resume runs --seeds 2 --seed 8", 1, "runs: none of its folders"),
        ("--resume runs --seeds 2 --force", 2, "--force replaces a run"),
        (
            "--resume runs --seeds 2 --out other",
            2,
            "--out other: a resumed run stays in its own folder",
        ),
        ("--resume runs --seeds 2 --from m", 2, "--from begins a new run"),
        ("--resume runs --seeds 2 --hidden 7", 1, "elman: --hidden 7: the run began with 6"),
        (
            "--resume runs --seeds 2 --iterations 9",
            1,
            "elman: --iterations 9: the run has already made 300",
        ),
    ] {
        folder.run(&format!("train text {arguments}")).refused(status, words);
    }
    folder.write("other", "another text, of other characters");
    let ended = folder.run("train other --resume runs --seeds 2");
    ended.refused(1, "elman: other: not the text that the model was trained on");
    // A run of another setting is not one of these.
    seeds(&folder, "--seed 3 --hidden 5 --out runs/seed-3").well();
    let ended = folder.run("train text --resume runs --seeds 3");
    ended.refused(1, "1 of 3 runs failed: seed 3: --hidden 6: the run began with 5");
}

/// Runs that were replaced are not taken for those that replace them.
#[test]
fn earlier_runs_are_gone_as_soon_as_the_first_begins() {
    let folder = Folder::new("seeds-replaced");
    seeds(&folder, "--seeds 3 --out runs --hidden 5").well();
    let long = SETTING.replace("--iterations 300", "--iterations 1000000000000");
    let ended = folder.run("train none --seeds 3 --out runs --force");
    ended.refused(1, "elman: none: ");
    assert_eq!(folder.updates("runs/seed-3"), 300);
    let run = Running::start(&folder, &format!("{long} --seeds 3 --out runs --force --threads 64"));
    let begun = Instant::now();
    while folder.path("runs/seed-3/model.safetensors").exists() {
        assert!(begun.elapsed() < PATIENCE);
    }
    wait_for(&folder.path("runs/seed-1/model.safetensors"));
    assert!(run.kill());
    assert_eq!(folder.model("runs/seed-1/model.safetensors").settings().hidden, 6);
    assert!(folder.path("runs/seed-3/best.safetensors").exists());
    // What is left of a run that had learned is not begun anew unasked.
    let ended = folder.run(&format!(
        "train text --resume runs --seeds 3 --iterations {}",
        300 + folder.updates("runs/seed-1")
    ));
    ended.refused(1, "seed-3: already holds a run");
}

#[test]
fn a_pipe_is_read_once_for_all() {
    let folder = Folder::new("seeds-pipe");
    let file = seeds(&folder, "--seeds 3 --out file").well();
    let text = folder.read_text("text");
    let piped = SETTING.replace(" text ", " - ");
    let input = folder.run_with_input(&format!("{piped} --seeds 3 --out file --force"), &text);
    assert_eq!(input.well(), file);
    #[cfg(unix)]
    {
        let made = std::process::Command::new("mkfifo").arg(folder.path("fifo")).status();
        assert!(made.unwrap().success());
        let path = folder.path("fifo");
        let writer = std::thread::spawn(move || fs::write(path, text).unwrap());
        let named = SETTING.replace(" text ", " fifo ");
        let named = folder.run(&format!("{named} --seeds 3 --out file --force"));
        assert_eq!(named.well(), file);
        writer.join().unwrap();
    }
    // The mark of some editors is told once.
    folder.write("text", format!("\u{feff}{}", folder.read_text("text")));
    let ended = seeds(&folder, "--seeds 3 --out file --force");
    assert_eq!(ended.stderr, "elman: text begins with a byte-order mark, which is ignored\n");
    assert_eq!(ended.well(), file);
    assert_eq!(seeds(&folder, "--seeds 3 --out quiet --quiet").stderr, "");
}

#[cfg(unix)]
#[test]
fn a_reader_that_has_left_ends_nothing() {
    let folder = Folder::new("seeds-unread");
    let mut command = folder.command(&format!("{SETTING} --seeds 3 --out runs"));
    let ended = harness::ended(command.stdout(harness::unread()));
    assert_eq!((ended.status, ended.stderr.as_str()), (0, ""));
    seeds(&folder, "--seeds 3 --out whole").well();
    assert_same(&folder, 1..=3, "runs", "whole");
}

/// What began the runs may be said again: a choice without its numbers, and a preset with another choice beside it.
#[test]
fn seeds_go_on_with_what_began_them() {
    let preset = "--preset adam-edition --optimizer rmsprop --report-every 70 --report-length 9";
    for (name, begin, again) in [
        ("adam", "--optimizer adam --learning-rate 0.01 --beta1 0.5", "--optimizer adam"),
        ("rate", "--learning-rate 0.3", "--optimizer adagrad"),
        ("chunks", "--order chunks --chunk 30", "--order chunks"),
        ("preset", preset, preset),
    ] {
        let folder = Folder::new(&format!("seeds-again-{name}"));
        let ended = seeds(&folder, &format!("--seeds 2 {begin} --out runs")).well();
        let more = format!("train text --resume runs --seeds 2 {again}");
        assert_eq!(folder.run(&more).well(), ended, "{name}");
    }
}
