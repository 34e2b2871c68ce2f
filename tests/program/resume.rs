//! Runs that go on: stopped anywhere, in any way, they end in the bytes of the run that never stopped.

use crate::harness::{self, Ended, Folder, settings, text, value};
use elman::internals::checkpoint;
use elman::training::Fit;
use elman::{Plan, Schedule, Settings, Training, files};
use std::ops::ControlFlow;

/// What a run of the tests is begun with; reports are frequent and fall between the other times.
const OPTIONS: &str = "--hidden 6 --seq-length 10 --report-every 70 --report-length 30 \
                       --passage-length 50 --log-every 3 --quiet";

fn begin(folder: &Folder, run: &str, more: &str) -> Ended {
    folder.run(&format!("train text {OPTIONS} --out {run} {more}"))
}

fn go_on(folder: &Folder, run: &str, more: &str) -> Ended {
    folder.run(&format!("train text --quiet --resume {run} {more}"))
}

/// The reports of an output from update `n` on, with all that follows them.
fn from(stdout: &str, n: u64) -> &str {
    let reports = stdout.match_indices("iter=").map(|(at, _)| at);
    let mut reports = reports.filter(|&at| at == 0 || stdout[..at].ends_with('\n'));
    let at = reports.find(|&at| {
        let line = stdout[at..].lines().next().unwrap();
        value(line, "iter").parse::<u64>().unwrap() >= n
    });
    &stdout[at.unwrap()..]
}

#[test]
fn a_run_that_is_stopped_and_goes_on_is_the_run_that_never_stopped() {
    let folder = Folder::new("resume-any");
    for more in [
        "",
        "--batch-size 3 --seed 7",
        "--learning-rate 3",
        "--validation 0.3 --validate-every 40",
        "--validation 0.3 --batch-size 2 --learning-rate 1",
        "--order chunks --chunk 45 --batch-size 2 --validation 0.3",
        "--order positions --batch-size 3",
        "--preset best --schedule exponential --batch-size 3",
        "--schedule exponential --half-life 77.7",
    ] {
        let whole = begin(&folder, "whole", &format!("--iterations 430 --force {more}")).well();
        // Before the first update, at a row, between rows, at a report, at candidates for the best, near the end.
        for stops in
            [&[0][..], &[1], &[3], &[40, 69, 70, 71], &[100, 200], &[150, 299, 300, 301, 429]]
        {
            let first = format!("--iterations {} --force {more}", stops[0]);
            begin(&folder, "parts", &first).well();
            let ends = stops[1..].iter().chain([&430]);
            for (stop, end) in stops.iter().zip(ends) {
                let part = go_on(&folder, "parts", &format!("--iterations {end}")).well();
                if *end == 430 {
                    assert_eq!(part, from(&whole, *stop), "{stops:?} {more}");
                }
            }
            assert!(folder.files("parts") == folder.files("whole"), "{stops:?} {more}");
        }
    }
}

#[test]
fn a_run_goes_on_from_its_last_save_whatever_it_was_doing() {
    let folder = Folder::new("resume-tail");
    let whole = begin(&folder, "whole", "--iterations 430").well();
    begin(&folder, "run", "--iterations 211").well();
    // What a stopped program leaves: rows too many, half a row, half a file, files of later.
    let mut rows = folder.read("run/loss.csv");
    rows.extend(b"211,1,3.5,4.5\n2");
    folder.write("run/loss.csv", rows);
    let mut reports = folder.read("run/reports.jsonl");
    reports.extend(
        b"{\"iteration\":280,\"epoch\":2,\"loss\":3.5,\"smooth_loss\":4.5,\"sample\":\"\xf0",
    );
    folder.write("run/reports.jsonl", reports);
    folder.write("run/model.safetensors.elman.new", "half of ");
    folder.write("run/best.safetensors.elman.new", "");
    folder.write("run/loss.svg.elman.new", "x".repeat(100_000));
    folder.write("run/loss.svg", folder.read("whole/loss.svg"));
    let last = go_on(&folder, "run", "--iterations 430").well();
    assert_eq!(last, from(&whole, 211));
    assert!(folder.files("run") == folder.files("whole"));
}

/// Between the two renames of a save the best model is younger than the state.
#[test]
fn a_best_model_from_after_the_state_is_reached_again() {
    let folder = Folder::new("resume-younger");
    let whole = begin(&folder, "whole", "--iterations 430").well();
    let best = value(whole.split("passage ").nth(1).unwrap(), "best_iter");
    let best: u64 = best.split_whitespace().next().unwrap().parse().unwrap();
    assert!(best > 201, "{best}");
    begin(&folder, "run", "--iterations 201").well();
    folder.write("run/best.safetensors", folder.read("whole/best.safetensors"));
    // The plan is 201 updates, but the run has been further.
    go_on(&folder, "run", "").refused(1, &format!("the run has already made {best} updates"));
    let short = format!("--iterations {}", best - 1);
    go_on(&folder, "run", &short).refused(1, &format!("--iterations {}: the run has", best - 1));
    let last = go_on(&folder, "run", "--iterations 430 --save-every 1").well();
    assert_eq!(last, from(&whole, 201));
    begin(&folder, "whole", "--iterations 430 --save-every 1 --force").well();
    assert!(folder.files("run") == folder.files("whole"));

    // It ends with the best model of its own length, however soon that is.
    let end = format!("--iterations {best}");
    begin(&folder, "run", "--iterations 201 --force").well();
    folder.write("run/best.safetensors", folder.read("whole/best.safetensors"));
    let last = go_on(&folder, "run", &end).well();
    let whole = begin(&folder, "whole", &format!("{end} --force")).well();
    assert_eq!(last, from(&whole, 201));
    assert!(folder.files("run") == folder.files("whole"));
}

#[test]
fn a_finished_run_says_its_end_again_and_stays_as_it_is() {
    let folder = Folder::new("resume-finished");
    let whole = begin(&folder, "run", "--iterations 211").well();
    let files = folder.files("run");
    let modified = || -> Vec<_> {
        let file = |(name, _): &(String, Vec<u8>)| {
            let path = folder.path("run").join(name);
            std::fs::metadata(path).unwrap().modified().unwrap()
        };
        files.iter().map(file).collect()
    };
    let before = modified();
    std::thread::sleep(std::time::Duration::from_millis(20));
    for more in ["", "--iterations 211", "--save-every 5", "--threads 2", "--out run"] {
        let again = go_on(&folder, "run", more).well();
        assert_eq!(again, from(&whole, 211), "{more}");
        assert!(folder.files("run") == files, "{more}");
        assert_eq!(modified(), before, "{more}");
    }
    // Asked for more, it is no longer finished.
    go_on(&folder, "run", "--iterations 212").well();
    assert!(folder.files("run") != files);
}

/// Runs it with a standard output that takes nothing.
#[cfg(target_os = "linux")]
fn cannot_report(folder: &Folder, arguments: &str) {
    harness::ended(folder.command(arguments).stdout(harness::full_device()))
        .refused(1, "standard output: ");
}

#[cfg(target_os = "linux")]
#[test]
fn rows_after_the_state_are_cut_at_once() {
    let folder = Folder::new("resume-cut");
    cannot_report(&folder, &format!("train text {OPTIONS} --out run"));
    let mut files = folder.files("run");
    let first = folder.read_text("run/reports.jsonl");
    assert_eq!(first.lines().count(), 1);
    folder.write("run/loss.csv", "iteration,epoch,loss,smooth_loss\n0,0,1.0,1.0\n3,");
    folder.write("run/reports.jsonl", format!("{first}{first}"));
    cannot_report(&folder, "train text --resume run");
    // The report of what comes next comes with the next save.
    let reports = files.iter_mut().find(|(name, _)| name == "reports.jsonl");
    reports.unwrap().1.clear();
    assert!(folder.files("run") == files);
    go_on(&folder, "run", "--iterations 20").well();
    assert!(folder.read_text("run/reports.jsonl").starts_with(&first));
}

/// That a longer run was begun, and never got further, is no matter.
#[cfg(target_os = "linux")]
#[test]
fn an_end_may_be_gone_back_to() {
    let folder = Folder::new("resume-back");
    begin(&folder, "run", "--iterations 210").well();
    let files = folder.files("run");
    cannot_report(&folder, "train text --resume run --iterations 430 --quiet");
    assert_eq!(folder.updates("run"), 210);
    let reports = |count| {
        let lines = folder.read_text("run/reports.jsonl").lines().count();
        assert_eq!(lines, count);
    };
    // It knows of its new end, and what may be different there is gone.
    reports(3);
    go_on(&folder, "run", "--iterations 210").well();
    reports(4);
    assert!(folder.files("run") == files);
}

/// A run that began before its reports were kept goes on, and keeps those that come.
#[test]
fn a_run_without_reports_begins_with_the_next() {
    let folder = Folder::new("resume-old");
    begin(&folder, "whole", "--iterations 430").well();
    for (stop, first) in [(211, 280), (210, 210), (0, 0), (430, 430)] {
        let part = format!("--iterations {stop} --force");
        begin(&folder, "run", &part).well();
        std::fs::remove_file(folder.path("run/reports.jsonl")).unwrap();
        let old = folder.files("run");
        go_on(&folder, "run", "").well();
        assert!(folder.files("run") == old, "{stop}");
        if stop == 430 {
            continue;
        }
        // Once more before it has ended, and once it has.
        go_on(&folder, "run", "--iterations 360").well();
        go_on(&folder, "run", "--iterations 430").well();
        let whole = folder.read_text("whole/reports.jsonl");
        let from = whole.find(&format!("{{\"iteration\":{first},")).unwrap();
        assert_eq!(folder.read_text("run/reports.jsonl"), whole[from..]);
    }
}

#[test]
fn reports_that_are_missing_are_told_by_line() {
    let folder = Folder::new("resume-reports");
    begin(&folder, "run", "--iterations 300").well();
    let files = folder.files("run");
    let kept = folder.read_text("run/reports.jsonl");
    let lines: Vec<&str> = kept.split_inclusive('\n').collect();
    let third = "reports.jsonl: line 3: must be the report of update 140: move the file away to resume \
                 the run without these reports";
    for (wrong, words) in [
        ([&lines[..2], &lines[3..]].concat().concat(), third),
        (kept.replace(":140,", ":141,"), third),
        (lines[..4].concat(), "line 5: must be the report of update 280"),
        (
            kept.replace("{\"iteration\":0,", "{\"iteration\":1,"),
            "line 1: must be the report of an update",
        ),
    ] {
        folder.write("run/reports.jsonl", &wrong);
        for more in ["", "--iterations 500"] {
            go_on(&folder, "run", more).refused(1, words);
        }
        assert_eq!(folder.read_text("run/reports.jsonl"), wrong);
    }
    folder.write("run/reports.jsonl", &kept);
    go_on(&folder, "run", "").well();
    assert!(folder.files("run") == files);
    // The advice helps.
    std::fs::remove_file(folder.path("run/reports.jsonl")).unwrap();
    go_on(&folder, "run", "--iterations 500").well();
    let kept = folder.read_text("run/reports.jsonl");
    assert!(kept.starts_with("{\"iteration\":350,"), "{kept}");
}

/// What a preset sets may be said again, and nothing else.
#[test]
fn the_best_preset_goes_on() {
    let folder = Folder::new("resume-preset");
    let train = |more: &str| folder.run(&format!("train --quiet --preset best {more}"));
    train("--schedule exponential --iterations 4 --out whole").well();
    train("--schedule exponential --iterations 2 --out run").well();
    train("--schedule exponential --iterations 4 --resume run").well();
    assert!(folder.files("run") == folder.files("whole"));
    train("--iterations 4 --out linear").well();
    for same in ["", "--iterations 4"] {
        train(&format!("{same} --resume linear")).well();
    }
    let words = "--iterations 5: with --schedule linear the learning rate falls to 0 at update 4";
    assert_eq!(train("--iterations 5 --resume linear").refused(1, words), "");
    let words = "--optimizer adagrad: the run began with adam: --resume cannot change it";
    let other = folder.run("train --quiet --preset adagrad-edition --resume run");
    assert_eq!(other.refused(1, words), "");

    train("--hidden 6 --iterations 2 --out small").well();
    let words = "--hidden 192: the run began with 6: --resume cannot change it";
    assert_eq!(train("--resume small").refused(1, words), "");
}

#[test]
fn the_built_in_text_and_standard_input_go_on_as_well() {
    let folder = Folder::new("resume-texts");
    folder.run("train --hidden 4 --iterations 60 --out whole --quiet").well();
    folder.run("train --hidden 4 --iterations 30 --out run --quiet").well();
    folder.run("train --resume run --iterations 60 --quiet").well();
    assert!(folder.files("run") == folder.files("whole"));

    let text = text();
    let train = |options: &str| folder.run_with_input(&format!("train - {options}"), &text);
    train(&format!("{OPTIONS} --iterations 211 --out all")).well();
    train(&format!("{OPTIONS} --iterations 100 --out some")).well();
    train("--resume some --iterations 211").well();
    assert!(folder.files("some") == folder.files("all"));
}

#[test]
fn what_is_given_again_has_to_agree() {
    let folder = Folder::new("resume-agree");
    begin(&folder, "run", "--iterations 50").well();
    let files = folder.files("run");
    for (option, words) in [
        ("--hidden 7", "--hidden 7: the run began with 6"),
        ("--seq-length 9", "--seq-length 9: the run began with 10"),
        ("--batch-size 2", "--batch-size 2: the run began with 1"),
        ("--learning-rate 0.2", "--learning-rate 0.2: the run began with 0.1"),
        ("--bytes", "--bytes: the run began without it: --resume cannot change it"),
        ("--documents", "--documents: the run began without it"),
        ("--validation 0.1", "--validation 0.1: the run began with 0.0"),
        ("--validate-every 9", "--validate-every 9: the run began without it"),
        ("--sigma 1", "--sigma 1: the run began with 0.01"),
        ("--clip 4", "--clip 4: the run began with 5.0"),
        ("--epsilon 0.00000001000001", "the run began with 1e-8: --resume cannot change it"),
        ("--seed 2", "--seed 2: the run began with 1"),
        ("--order chunks", "--order chunks: the run began with text: --resume cannot change it"),
        ("--chunk 1000", "--chunk 1000: the run began without it"),
        ("--schedule linear", "--schedule linear: the run began with constant"),
        ("--half-life 9", "--half-life 9: the run began without it"),
        ("--report-every 7", "--report-every 7: the run began with 70"),
        ("--report-length 7", "--report-length 7: the run began with 30"),
        ("--passage-length 7", "--passage-length 7: the run began with 50"),
        ("--log-every 0", "--log-every 0: must be"),
        ("--iterations 49", "--iterations 49: the run has already made 50 updates"),
        ("--save-every 0", "--save-every 0: must be"),
        ("--hidden 6 --threads 0", "--threads 0: must be"),
    ] {
        // A value that is never one is a mistake on the command line.
        let status = if words.ends_with("must be") { 2 } else { 1 };
        let stdout = go_on(&folder, "run", option).refused(status, words);
        assert_eq!(stdout, "", "{option}");
    }
    for (option, words) in [
        ("--force", "--force replaces a run"),
        ("--out other", "--out other: a resumed run stays in its own folder"),
        ("--hidden six", "--hidden six: must be a whole number"),
        ("--iterations -1", "--iterations -1: must be a whole number"),
        ("--resume", "--resume needs a value"),
    ] {
        go_on(&folder, "run", option).refused(2, words);
    }
    assert!(folder.files("run") == files);
    assert!(!folder.path("other").exists());
    let same = "--hidden 6 --seq-length 10 --batch-size 1 --learning-rate 0.10 --sigma 1e-2 --clip 5 \
                --epsilon 0.00000001 --seed 1 --report-every 70 --report-length 30 --passage-length 50 \
                --log-every 3 --iterations 50 --out run/";
    go_on(&folder, "run", same).well();
    assert!(folder.files("run") == files);
}

/// Its learning rate follows from the number of updates, which so belongs to what is learned.
#[test]
fn a_run_with_a_linear_schedule_ends_where_it_was_begun_to_end() {
    let folder = Folder::new("resume-linear");
    let options = "--schedule linear --iterations 430";
    let whole = begin(&folder, "whole", options).well();
    let other = begin(&folder, "other", "--schedule linear --iterations 431").well();
    assert_ne!(other.lines().last(), whole.lines().last());
    // The state of update 140, as a run that was stopped there leaves it.
    begin(&folder, "parts", options).well();
    let settings = Settings { schedule: Schedule::Linear { updates: 430 }, ..settings() };
    let mut training = Training::new(&text(), settings).unwrap();
    for _ in 0..140 {
        training.update().unwrap();
    }
    training.observe().unwrap();
    let (_, plan) = checkpoint::load_with_plan(folder.path("whole/model.safetensors")).unwrap();
    let last = folder.path("parts/model.safetensors");
    checkpoint::save_with_plan(training.model(), &plan.unwrap(), &last).unwrap();
    files::save(training.best(), folder.path("parts/best.safetensors")).unwrap();
    for iterations in ["140", "429", "431"] {
        let words = format!(
            "--iterations {iterations}: with --schedule linear the learning rate falls to 0 at update 430"
        );
        go_on(&folder, "parts", &format!("--iterations {iterations}")).refused(1, &words);
    }
    for same in ["--iterations 430", "--schedule linear", ""] {
        let part = go_on(&folder, "parts", same).well();
        assert_eq!(part.lines().last(), whole.lines().last(), "{same}");
    }
    for file in ["model.safetensors", "best.safetensors"] {
        let [parts, whole] = ["parts", "whole"].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(parts == whole, "{file}");
    }
    let shown = folder.run("show parts/model.safetensors").well();
    for row in ["schedule         linear\n", "schedule updates 430\n"] {
        assert!(shown.contains(row), "{row:?} in {shown}");
    }
}

#[test]
fn what_is_held_out_stays_so() {
    let folder = Folder::new("resume-validation");
    let options = "--validation 0.3 --validate-every 20";
    begin(&folder, "run", &format!("--iterations 50 {options}")).well();
    let files = folder.files("run");
    for (option, words) in [
        (
            "--validation 0.31",
            "--validation 0.31: the run began with 0.3: --resume cannot change it",
        ),
        ("--validation 0", "--validation 0: the run began with"),
        (
            "--validate-every 21",
            "--validate-every 21: the run began with 20: --resume cannot change it",
        ),
    ] {
        let more = format!("--iterations 60 {option}");
        go_on(&folder, "run", &more).refused(1, words);
    }
    // A best model of another share is not of this run.
    begin(&folder, "other", "--iterations 50 --validation 0.4").well();
    let file = "run/best-before-end.safetensors";
    folder.write(file, folder.read("other/best.safetensors"));
    go_on(&folder, "run", "").refused(1, "best-before-end.safetensors: not from the same run");
    std::fs::remove_file(folder.path(file)).unwrap();
    // The losses of looks are rows as good as the others.
    let rows = folder.read_text("run/loss.csv");
    let row = rows.lines().find(|row| row.starts_with("40,")).unwrap();
    folder.write("run/loss.csv", rows.replace(&format!("{row}\n"), ""));
    go_on(&folder, "run", "").refused(1, "loss.csv: line 17: must be the row of update 40");
    folder.write("run/loss.csv", rows);
    assert!(folder.files("run") == files);
    go_on(&folder, "run", options).well();
    assert!(folder.files("run") == files);
}

#[test]
fn an_order_stays_what_it_is() {
    let folder = Folder::new("resume-order");
    begin(&folder, "run", "--iterations 50 --order chunks --chunk 90").well();
    let files = folder.files("run");
    for (option, words) in [
        ("--order text", "--order text: the run began with chunks"),
        (
            "--order positions",
            "--order positions: the run began with chunks: --resume cannot change it",
        ),
        ("--chunk 91", "--chunk 91: the run began with 90"),
    ] {
        let more = format!("--iterations 60 {option}");
        go_on(&folder, "run", &more).refused(1, words);
    }
    go_on(&folder, "run", "--order chunks --chunk 90").well();
    assert!(folder.files("run") == files);
}

/// 1,287 characters: 14 chunks of 90, of 9 updates each.
#[test]
fn a_chart_has_the_epochs_of_the_order() {
    let folder = Folder::new("order-epochs");
    let marks = |options: &str| {
        begin(&folder, "run", &format!("--iterations 400 --force {options}")).well();
        let rows = folder.read_text("run/loss.csv");
        let epochs = rows.lines().last().unwrap().split(',').nth(1).unwrap();
        let svg = folder.read_text("run/loss.svg");
        (epochs.to_string(), svg.matches("class=\"epoch\"").count())
    };
    assert_eq!(marks("--order chunks --chunk 90"), ("3".to_string(), 3));
    let of_two = marks("--order chunks --chunk 90 --batch-size 2");
    assert_eq!(of_two, ("6".to_string(), 6));
    assert_eq!(marks("--order positions"), ("3".to_string(), 3));
}

#[test]
fn another_text_is_refused_with_both_digests() {
    let folder = Folder::new("resume-text");
    begin(&folder, "run", "--iterations 50").well();
    let files = folder.files("run");
    let digest = |text: &str| format!("{:016x}", elman::internals::digest::of_text(text));
    let text = text();
    for other in
        [text.replacen("nine", "five", 1), text.replace("nine", "NINE"), text[1..].to_string()]
    {
        folder.write("other", &other);
        let ended = folder.run("train other --resume run --iterations 100");
        ended.clone().refused(
            1,
            &format!(
                "other: not the text that the model was trained on: its digest is {}",
                digest(&other)
            ),
        );
        ended.refused(1, &format!("instead of {}", digest(&text)));
    }
    folder
        .run("train --resume run")
        .refused(1, "the built-in story: not the text that the model was trained on");
    assert!(folder.files("run") == files);
}

/// Of bytes and of documents too; what they are need not be said again.
#[test]
fn runs_of_every_kind_of_text_go_on() {
    let folder = Folder::new("resume-kinds");
    folder.write("text", b"caf\xe9 \r\n\r\nat nine \n\xff at ten, and again at nine\n".repeat(9));
    let bytes = |arguments: &str| {
        let output = folder.command(arguments).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        output.stdout
    };
    for kind in ["--bytes", "--bytes --documents", "--bytes --batch-size 3"] {
        let run = format!(
            "train text {kind} --hidden 4 --seq-length 6 --report-every 50 --force --quiet"
        );
        let whole = bytes(&format!("{run} --iterations 230 --out whole"));
        bytes(&format!("{run} --iterations 101 --out run"));
        bytes("train text --resume run --iterations 170 --quiet");
        let last = bytes(&format!("train text --resume run {kind} --iterations 230 --quiet"));
        assert!(whole.ends_with(&last), "{kind}");
        assert!(folder.files("run") == folder.files("whole"), "{kind}");
    }
}

/// A state is never saved without the rows and reports before it.
#[cfg(unix)]
#[test]
fn a_run_whose_rows_are_taken_away_ends() {
    let folder = Folder::new("resume-rows");
    let train = "train text --hidden 4 --iterations 1000000000000 --report-length 0 --save-every 50 --quiet --out";
    for (out, name) in [("run", "loss.csv"), ("other", "reports.jsonl")] {
        let run = harness::Running::start(&folder, &format!("{train} {out}"));
        harness::wait_for(&folder.path(&format!("{out}/model.safetensors")));
        let name = format!("{out}/{name}");
        std::fs::remove_file(folder.path(&name)).unwrap();
        run.ended().refused(1, &format!("elman: {name}: "));
    }
}

/// A state that was saved elsewhere has none: its rows begin with the next, and the run goes on from there as well.
#[test]
fn a_state_without_rows_goes_on_and_says_so() {
    let folder = Folder::new("resume-without-rows");
    begin(&folder, "whole", "--iterations 90").well();
    begin(&folder, "run", "--iterations 40").well();
    std::fs::remove_file(folder.path("run/loss.csv")).unwrap();
    std::fs::remove_file(folder.path("run/reports.jsonl")).unwrap();
    let ended = folder.run("train text --resume run --iterations 60");
    assert!(
        ended.stderr.contains("run has no losses of the updates before 40: loss.csv begins there")
    );
    ended.well();
    let rows = folder.read_text("run/loss.csv");
    let all = folder.read_text("whole/loss.csv");
    let (header, rows) = rows.split_once('\n').unwrap();
    assert!(all.starts_with(header) && all.contains(rows), "{rows}");
    assert!(rows.starts_with("42,"), "{rows}");
    // The next time its own rows are there, and have to be.
    go_on(&folder, "run", "--iterations 90").well();
    assert_eq!(folder.read("run/model.safetensors"), folder.read("whole/model.safetensors"));
    let rows = folder.read_text("run/loss.csv");
    let row = rows.lines().find(|row| row.starts_with("60,")).unwrap();
    folder.write("run/loss.csv", rows.replace(&format!("{row}\n"), ""));
    go_on(&folder, "run", "--iterations 99").refused(1, "must be the row of update 60");
}

/// Also where the library has looked at the held-out text when the program would not have, and found its best model there.
#[test]
fn a_best_model_that_the_library_has_found_last_goes_on_in_the_program() {
    let folder = Folder::new("resume-library-best");
    let settings = Settings { validation: 0.3, ..settings() };
    let mut training = Training::new(&text(), settings).unwrap();
    let fit = Fit { updates: 65, evaluate_every: 13, patience: None };
    training.fit(fit, |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(training.best().state().updates, 65);
    std::fs::create_dir(folder.path("run")).unwrap();
    let plan = Plan { iterations: 90, report_every: 90, ..Plan::default() };
    files::save(training.best(), folder.path("run/best.safetensors")).unwrap();
    let model = folder.path("run/model.safetensors");
    files::save_with_plan(training.model(), &plan, model).unwrap();
    folder.run("train text --resume run --quiet").well();
    training.fit(Fit { updates: 25, ..fit }, |_, _| ControlFlow::Continue(())).unwrap();
    let gone_on = folder.model("run/model.safetensors");
    assert_eq!(gone_on.parameters(), training.model().parameters());
    let best = training.best().state().updates;
    assert!(folder.model("run/best.safetensors").state().updates >= 65, "{best}");
}

/// What the library saves, the program goes on with; and the other way round.
#[test]
fn a_training_goes_from_the_library_to_the_program_and_back() {
    let folder = Folder::new("resume-library");
    begin(&folder, "whole", "--iterations 90").well();
    let mut training = Training::new(&text(), *folder.model("whole/model.safetensors").settings());
    let training = training.as_mut().unwrap();
    let fit = Fit { updates: 50, ..Fit::default() };
    training.fit(fit, |_, _| ControlFlow::Continue(())).unwrap();
    let (_, plan) = files::load_with_plan(folder.path("whole/model.safetensors")).unwrap();
    std::fs::create_dir(folder.path("run")).unwrap();
    let model = folder.path("run/model.safetensors");
    files::save_with_plan(training.model(), &plan.unwrap(), model).unwrap();
    files::save(training.best(), folder.path("run/best.safetensors")).unwrap();
    folder.run("train text --resume run --quiet").well();
    for file in ["model.safetensors", "best.safetensors"] {
        let [run, whole] = ["run", "whole"].map(|run| folder.read(&format!("{run}/{file}")));
        assert!(run == whole, "{file}");
    }

    let [model, best] =
        ["model", "best"].map(|name| folder.model(&format!("run/{name}.safetensors")));
    let mut back = Training::resume(&text(), model, best).unwrap();
    training.fit(Fit { updates: 70, ..fit }, |_, _| ControlFlow::Continue(())).unwrap();
    back.fit(Fit { updates: 30, ..fit }, |_, _| ControlFlow::Continue(())).unwrap();
    assert_eq!(back.model(), training.model());
    assert_eq!(back.best(), training.best());
}

#[test]
fn what_is_no_run_does_not_go_on() {
    let folder = Folder::new("resume-none");
    begin(&folder, "run", "--iterations 50").well();
    let refused = |words: &str| {
        let before = folder.files("run");
        go_on(&folder, "run", "--iterations 90").refused(1, words);
        assert!(folder.files("run") == before, "{words}");
    };
    go_on(&folder, "none", "").refused(1, "none: there is no such folder");
    assert!(!folder.path("none").exists());
    go_on(&folder, "text", "").refused(1, "text: not the folder of a run");
    go_on(&folder, ".", "").refused(1, ".: there is no run to resume: the folder has no model");

    let [best, losses, model] =
        ["best.safetensors", "loss.csv", "model.safetensors"].map(|name| format!("run/{name}"));
    let good = [&best, &losses, &model].map(|name| folder.read(name));
    let text = String::from_utf8(good[1].clone()).unwrap();
    for (name, bytes, words) in [
        (&model, good[0].clone(), "model.safetensors: a model, but not the last state"),
        (&model, good[2][..100].to_vec(), "model.safetensors: not a"),
        (&best, good[0][..100].to_vec(), "best.safetensors: not a"),
        (
            &losses,
            text.replacen("\n9,", "\n8,", 1).into_bytes(),
            "loss.csv: line 5: must be the row of update 9",
        ),
        (&losses, text[..text.len() - 1].into(), "loss.csv: line 18: must be the row of update 48"),
    ] {
        let whole = folder.read(name);
        folder.write(name, bytes);
        refused(words);
        folder.write(name, whole);
    }
    let whole = folder.read(&best);
    std::fs::remove_file(folder.path(&best)).unwrap();
    refused(&best);
    folder.write(&best, whole);
    begin(&folder, "other", "--iterations 50 --seed 2").well();
    folder.write(&best, folder.read("other/best.safetensors"));
    refused("best.safetensors: not from the same run as model.safetensors");
}

/// A run that ended early for what it learned ends there again, and changes nothing.
#[test]
fn a_run_that_cannot_go_on_is_left_alone() {
    let folder = Folder::new("resume-wild");
    begin(&folder, "run", "--learning-rate 3e306 --log-every 1 --iterations 300")
        .refused(1, "the loss is inf at update 3");
    let files = folder.files("run");
    go_on(&folder, "run", "").refused(1, "the loss is inf at update 3");
    assert!(folder.files("run") == files);
}

#[test]
fn the_best_model_s_file_knows_nothing_of_the_run_s_plan() {
    let folder = Folder::new("resume-best");
    begin(&folder, "run", "--iterations 211 --save-every 50").well();
    begin(&folder, "longer", "--iterations 290").well();
    let file = |run: &str, name: &str| folder.read(&format!("{run}/{name}.safetensors"));
    assert!(file("run", "best") == file("longer", "best"));
    let holds = |bytes: Vec<u8>, key: &str| {
        let found = elman::internals::safetensors::read(&bytes).unwrap().metadata.unwrap();
        found.iter().any(|(name, _)| name == key)
    };
    for key in
        ["iterations", "report_every", "report_length", "passage_length", "log_every", "save_every"]
    {
        assert!(holds(file("run", "model"), key), "{key}");
        assert!(!holds(file("run", "best"), key), "{key}");
    }
}
