//! `--validation`: a part of the text that is held out, and what a run tells and keeps of it.

use crate::harness::{self, Folder, digest, lines, names, text, value};

/// What the program does with these options is the same as with the library.
fn settings() -> elman::Settings {
    elman::Settings { validation: 0.3, ..harness::settings() }
}

#[test]
fn every_report_has_the_loss_of_what_is_held_out() {
    let folder = Folder::new("validation-reports");
    let stdout = folder.train("run", "--iterations 250 --validation 0.3").well();
    let mut training = elman::Training::new(&text(), settings()).unwrap();
    let reports = lines(&stdout, "iter=");
    let mut iterations = Vec::new();
    for report in reports {
        let expected =
            ["iter", "epoch", "loss", "smooth_loss", "validation_loss", "validation_bits"];
        assert_eq!(names(report), expected);
        let n: u64 = value(report, "iter").parse().unwrap();
        while training.model().state().updates < n {
            training.update().unwrap();
        }
        let validation = training.validation_loss().unwrap();
        let found =
            ["validation_loss", "validation_bits"].map(|name| value(report, name).to_string());
        assert_eq!(found, [validation.loss, validation.bits].map(|x| format!("{x:?}")));
        iterations.push(n);
    }
    assert_eq!(iterations, [0, 100, 200, 250]);
}

#[test]
fn the_looks_between_the_reports_are_in_the_rows() {
    let folder = Folder::new("validation-rows");
    let more = "--iterations 250 --log-every 60 --validation 0.3 --validate-every 45";
    folder.train("run", more).well();
    let losses = folder.read_text("run/loss.csv");
    let mut rows = losses.lines().map(|row| row.split(',').collect::<Vec<_>>());
    let header = "iteration,epoch,loss,smooth_loss,validation_loss,validation_bits";
    assert_eq!(rows.next().unwrap().join(","), header);
    let mut training = elman::Training::new(&text(), settings()).unwrap();
    let mut found = Vec::new();
    for row in rows {
        let n: u64 = row[0].parse().unwrap();
        while training.model().state().updates < n {
            training.update().unwrap();
        }
        let look = training.observe().unwrap();
        let numbers = [format!("{:?}", look.loss), format!("{:?}", look.smooth_loss)];
        assert_eq!(row[2..4], numbers);
        let is_validated = n.is_multiple_of(100) || n.is_multiple_of(45);
        let validation = is_validated.then(|| training.validation_loss().unwrap());
        let numbers = validation.map(|v| [v.loss, v.bits].map(|x| format!("{x:?}")));
        assert_eq!(row[4..], numbers.unwrap_or_default(), "row {n}");
        found.push(n);
    }
    assert_eq!(found, [0, 45, 60, 90, 100, 120, 135, 180, 200, 225, 240]);
}

/// The loss at the end is shown, but only competes where it would in a longer run.
#[test]
fn the_best_model_has_the_lowest_validation_loss() {
    let folder = Folder::new("validation-best");
    // In the end every loss is lower than those before.
    let options = "--validation 0.3 --validate-every 30";
    let stdout = folder.train("run", &format!("--iterations 295 {options}")).well();
    let passage = lines(&stdout, "passage ")[0];
    let reports = lines(&stdout, "iter=");
    let losses = folder.read_text("run/loss.csv");
    let rows = losses.lines().skip(1).map(|row| row.split(',').collect::<Vec<_>>());
    let validated: Vec<Vec<&str>> = rows.filter(|row| !row[4].is_empty()).collect();
    let number = |text: &str| text.parse::<f64>().unwrap();
    let lowest = validated.iter().min_by(|a, b| number(a[4]).total_cmp(&number(b[4])));
    let lowest = lowest.unwrap();
    assert_eq!(lowest[0], "270");
    let names = ["best_iter", "smooth_loss", "validation_loss", "validation_bits"];
    let found = names.map(|name| value(passage, name));
    assert_eq!(found, [lowest[0], lowest[3], lowest[4], lowest[5]]);
    let end = value(reports[reports.len() - 1], "validation_loss");
    assert!(number(end) < number(lowest[4]));
    let best = folder.model("run/best.safetensors");
    assert_eq!(best.state().updates, 270);
    let shown = folder.run("show run/model.safetensors").well();
    for row in [
        "validation       0.3\n".to_string(),
        format!("best validation  {} nats over 10 characters, of the best", lowest[4]),
    ] {
        assert!(shown.contains(&row), "{row:?} is not in {shown}");
    }
    // Said again, it changes nothing.
    let ended = folder.files("run");
    let again = folder.run("train text --resume run --quiet").well();
    assert!(stdout.ends_with(&again), "{again}");
    assert!(folder.files("run") == ended);
    // Gone on with, it is the longer run; so is a run from before the end stopped competing.
    for (iterations, is_old) in [(295, true), (296, false), (296, true), (400, false), (400, true)]
    {
        for (name, bytes) in &ended {
            folder.write(&format!("run/{name}"), bytes);
        }
        let before = folder.path("run/best-before-end.safetensors");
        if is_old {
            let best = folder.path("run/best.safetensors");
            std::fs::rename(&best, &before).unwrap();
            let last = folder.model("run/model.safetensors");
            elman::files::save(&last, &best).unwrap();
        }
        let longer = format!("--iterations {iterations}");
        let last = folder.run(&format!("train text --resume run --quiet {longer}")).well();
        let straight = folder.train("straight", &format!("{longer} {options} --force")).well();
        assert!(straight.ends_with(&last), "{iterations} {is_old}");
        if iterations == 295 {
            // A run that has ended changes nothing.
            std::fs::remove_file(before).unwrap();
        } else {
            assert!(folder.files("run") == folder.files("straight"), "{iterations} {is_old}");
        }
    }
    // A best model that the plan would not have looked at, as the library saves one: it stays the best until a lower loss.
    for (name, bytes) in &ended {
        folder.write(&format!("run/{name}"), bytes);
    }
    let last = folder.model("run/model.safetensors");
    elman::files::save(&last, folder.path("run/best.safetensors")).unwrap();
    folder.run("train text --resume run --quiet --iterations 296").well();
    assert_eq!(folder.model("run/best.safetensors").state().updates, 295);
    let state = folder.model("run/model.safetensors").state().clone();
    let loss = elman::Validation::of(state.best_validation.unwrap(), last.settings()).loss;
    assert_eq!(format!("{loss:?}"), end);
    folder.train("plain", "").well();
    let shown = folder.run("show plain").well();
    assert!(shown.contains("validation       0.0\n") && !shown.contains("best validation"));
}

/// A rate at which nothing is learned: the first look stays the best.
#[test]
fn an_untrained_best_model_is_said_to_be_one() {
    let folder = Folder::new("validation-untrained");
    let train = |out: &str, more: &str| {
        let options = "--hidden 6 --seq-length 10 --validation 0.3 --iterations 100";
        folder.run(&format!("train text {options} --out {out} {more}"))
    };
    let ended = train("run", "--learning-rate 9");
    let words = "elman: the best model is the untrained network: ";
    assert!(ended.stderr.starts_with(words), "{ended:?}");
    assert!(ended.stderr.contains("; train longer, with --iterations, or "), "{ended:?}");
    assert!(ended.stdout.contains("\npassage best_iter=0 "));
    let trained = train("trained", "");
    let words = "elman: the best model is the untrained network: update 100 has a lower loss, but it is not a multiple of";
    assert!(trained.stderr.starts_with(words), "{trained:?}");
    assert!(
        trained.stderr.contains("; validate more often, with --validate-every; "),
        "{trained:?}"
    );
    assert_eq!(train("competing", "--validate-every 50").stderr, "");
    assert_eq!(train("quiet", "--learning-rate 9 --quiet").stderr, "");
}

/// The end of the text runs backwards: its characters are as frequent, but come in another order.
#[test]
fn a_validation_loss_far_above_the_training_loss_is_told_with_what_to_do() {
    let folder = Folder::new("validation-far");
    let (ferry, yrref) = ("the ferry crosses at nine, ", " ,enin ta sessorc yrref eht");
    folder.write("backwards", [ferry.repeat(60), yrref.repeat(40)].concat());
    folder.write("alike", ferry.repeat(100));
    let train = |name: &str, more: &str| {
        let options =
            "--hidden 6 --seq-length 10 --validation 0.4 --iterations 3000 --validate-every 20";
        let ended = folder.run(&format!("train {name} {options} --force {more}"));
        assert_eq!(ended.status, 0);
        ended
    };
    let ended = train("backwards", "");
    let last = lines(&ended.stdout, "iter=").pop().unwrap();
    let [validation, smooth] =
        ["validation_loss", "smooth_loss"].map(|name| value(last, name).parse::<f64>().unwrap());
    let best = value(lines(&ended.stdout, "passage ")[0], "best_iter").to_string();
    assert!(validation > 2.0 * smooth && best != "0", "{last}");
    let words = format!(
        "elman: the validation loss is {:.1} times the training loss: ",
        validation / smooth
    );
    assert!(ended.stderr.starts_with(&words), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 1);
    for words in ["more text", "fewer --hidden units", &format!("from update {best}\n")] {
        assert!(ended.stderr.contains(words), "{words}: {}", ended.stderr);
    }
    assert_eq!(train("backwards", "--quiet").stderr, "");
    assert_eq!(train("alike", "").stderr, "");
}

/// It is what a run over the text without its end learns.
#[test]
fn how_often_it_is_looked_at_changes_nothing_that_is_learned() {
    let folder = Folder::new("validation-digest");
    let characters: Vec<char> = text().chars().collect();
    let held_out = (0.3 * characters.len() as f64).floor() as usize;
    let cut: String = characters[..characters.len() - held_out].iter().collect();
    folder.write("cut", &cut);
    for more in ["", "--batch-size 3", "--learning-rate 2", "--documents"] {
        let train = |name: &str, more: &str| {
            let run = format!(
                "train {name} --hidden 6 --seq-length 10 --iterations 300 --report-length 0 --force --quiet {more}"
            );
            folder.run(&run).well()
        };
        let found = train("text", &format!("--validation 0.3 {more}"));
        for looks in ["--validate-every 1", "--validate-every 7", "--report-every 13"] {
            let other = train("text", &format!("--validation 0.3 {looks} {more}"));
            assert_eq!(digest(&other), digest(&found), "{looks} {more}");
        }
        assert_ne!(digest(&train("text", more)), digest(&found), "{more}");
        if more != "--documents" {
            assert_eq!(digest(&train("cut", more)), digest(&found), "{more}");
        }
    }
}

#[test]
fn what_cannot_be_held_out_is_refused() {
    let folder = Folder::new("validation-refused");
    for (options, status, words) in [
        ("--validation 1", 2, "--validation 1: must be a number of at least 0 and below 1"),
        ("--validation -0.5", 2, "--validation -0.5: must be a number of at least 0"),
        ("--validation NaN", 2, "--validation NaN: must be a number of at least 0"),
        ("--validation half", 2, "--validation half: must be a number"),
        ("--validation", 2, "--validation needs a value: --validation X"),
        (
            "--validation 0.0001",
            1,
            "text: --validation 0.0001: 0 of 1287 characters would be held out",
        ),
        (
            "--validation 0.999",
            1,
            "text: --validation 0.999: 2 characters to train on, besides 1285 held out, are too few",
        ),
        (
            "--validation 0.3 --validate-every 0",
            2,
            "--validate-every 0: must be a whole number of at least 1",
        ),
        ("--validate-every 5", 2, "--validate-every 5: no text is held out for validation"),
        (
            "--validation 0 --validate-every 5",
            2,
            "--validate-every 5: no text is held out for validation",
        ),
    ] {
        let stdout = folder.train("run", options).refused(status, words);
        assert_eq!(stdout, "", "{options}");
    }
    assert!(!folder.path("run").exists());
}

/// As it was before there was such an option, to the byte.
#[test]
fn nothing_held_out_is_nothing_said() {
    let folder = Folder::new("validation-none");
    let stdout = folder.train("plain", "").well();
    assert_eq!(folder.train("zero", "--validation 0").well(), stdout);
    assert!(!stdout.contains("validation"));
    assert!(folder.files("plain") == folder.files("zero"));
    for (name, bytes) in folder.files("plain") {
        // A model file has the setting, which is 0.
        let text = String::from_utf8_lossy(&bytes).replacen("\"validation\":\"0.0\"", "", 1);
        assert!(!text.contains("valid"), "{name}");
    }
}

/// Its first parameters compete as those of any run.
#[test]
fn a_run_from_a_model_holds_out_as_well() {
    let folder = Folder::new("validation-from");
    folder.train("first", "").well();
    let from = "train text --from first --seq-length 10 --iterations 100 --report-every 50 \
                --report-length 0 --validation 0.3 --quiet --out second";
    let stdout = folder.run(from).well();
    let reports = lines(&stdout, "iter=");
    assert!(value(reports[0], "validation_bits").parse::<f64>().unwrap() < 4.0);
    let model = folder.model("second/model.safetensors");
    assert_eq!(model.settings().validation, 0.3);
}
