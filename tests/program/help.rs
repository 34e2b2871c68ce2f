//! What the program says about itself, and to whom mistypes.

use crate::harness::{Folder, ended};

#[test]
fn help_and_version_go_to_standard_output() {
    let folder = Folder::new("help");
    assert!(folder.run("--help").well().contains("train [TEXT]"));
    for help in ["help", "help help", "help --help"] {
        assert_eq!(folder.run(help).well(), folder.run("--help").well());
    }
    for version in ["--version", "-V"] {
        let said = folder.run(version).well();
        assert_eq!(said, format!("elman {}\n", elman::VERSION));
    }
    for command in "train sample score check show plot report export import completions".split(' ')
    {
        let help = folder.run(&format!("{command} --help")).well();
        assert!(help.starts_with(&format!("elman {command}: ")));
        assert!(help.lines().count() <= 23, "{help}");
        assert_eq!(folder.run(&format!("{command} -h")).well(), help);
        let full = folder.run(&format!("help {command}")).well();
        assert!(full.len() >= help.len(), "{full}");
    }
}

#[test]
fn the_version_is_that_of_the_manifest() {
    assert_eq!(elman::VERSION, env!("CARGO_PKG_VERSION"));
}

/// What most need in a line each, the others by name, all of them in `elman help train`.
#[test]
fn the_many_options_of_train_fit_a_screen() {
    let folder = Folder::new("train-help");
    let help = folder.run("train --help").well();
    assert!(help.contains("\n  --hidden N "), "{help}");
    assert!(help.contains(" --report-every,"), "{help}");
    let words: Vec<&str> = help.split_whitespace().collect();
    let end = ["elman", "help", "train", "explains", "each"];
    assert!(words.ends_with(&end), "{help}");
    let full = folder.run("help train").well();
    let options = "preset hidden seq-length batch-size bytes documents optimizer learning-rate schedule half-life beta1 beta2 epsilon clip loss initialization sigma iterations seed seeds validation validate-every order chunk \
                   report-every report-length passage-length log-every save-every threads out from \
                   resume force quiet help";
    for option in options.split_whitespace() {
        assert!(help.contains(&format!("--{option}")), "--{option}");
        assert!(full.contains(&format!("\n  --{option} ")), "--{option}");
    }
}

/// What a preset sets is in the help of the commands that have it, as far as they have the options.
#[test]
fn what_presets_set_is_in_the_help() {
    let folder = Folder::new("presets-help");
    let [train, check] =
        ["train", "check"].map(|command| folder.run(&format!("help {command}")).well());
    for words in
        ["adagrad-edition  --optimizer adagrad --learning-rate 0.1 ", "--report-every 1000"]
    {
        assert!(train.contains(words), "{words}: {train}");
    }
    assert!(train.contains("\n  best             --hidden 192 "), "{train}");
    assert!(check.contains("adagrad-edition  --optimizer adagrad --learning-rate 0.1 "), "{check}");
    assert!(!check.contains("--report-every") && !check.contains("--hidden 192"), "{check}");
}

/// A check begins from an edition: the best preset says how long to train.
#[test]
fn presets_are_named_where_one_is_unknown() {
    let folder = Folder::new("presets");
    for (arguments, words) in [
        ("train --preset bset", "--preset bset: must be adagrad-edition, adam-edition or best"),
        ("check --preset best", "--preset best: must be adagrad-edition or adam-edition"),
    ] {
        assert_eq!(folder.run(arguments).refused(2, words), "", "{arguments}");
    }
}

#[test]
fn a_mistyped_word_is_answered_with_the_nearest() {
    let folder = Folder::new("mistyped");
    for (arguments, words) in [
        ("trian", "there is no command \"trian\": did you mean train? (see elman --help)"),
        ("help smaple", "there is no command \"smaple\": did you mean sample? "),
        ("hlep", "there is no command \"hlep\": did you mean help? "),
        ("lean", "there is no command \"lean\" (see elman --help)"),
        ("--temperature=1", "there is no command \"--temperature=1\": it is an option of sample "),
        (
            "train --hiden 5",
            "unknown option --hiden: did you mean --hidden? (see elman train --help)",
        ),
        ("train -hidden 5", "unknown option -hidden: did you mean --hidden? "),
        ("train --HIDDEN=5", "unknown option --HIDDEN: did you mean --hidden? "),
        ("train --seq_length 5", "did you mean --seq-length? "),
        ("train --iter 5", "unknown option --iter: did you mean --iterations? "),
        (
            "train --temperature 1",
            "unknown option --temperature: it is an option of sample (see elman train --help)",
        ),
        ("sample --hidden 5 run", "it is an option of train, check "),
        ("train --frobnicate", "unknown option --frobnicate (see elman train --help)"),
        ("train -x", "unknown option -x (see elman train --help)"),
        ("show", "name a model file or a run's folder (see elman show --help)"),
    ] {
        assert_eq!(folder.run(arguments).refused(2, words), "", "{arguments}");
    }
}

/// Words that people bring along from other programs.
#[test]
fn a_word_of_another_program_is_answered_with_ours() {
    let folder = Folder::new("synonyms");
    for (arguments, words) in [
        ("train --lr 0.1", "unknown option --lr: here it is --learning-rate (see elman train"),
        ("train --LR=0.1", "unknown option --LR: here it is --learning-rate (see"),
        ("sample --lr 0.1 run", "unknown option --lr: it is --learning-rate of train, check (see"),
        (
            "train --epochs 5",
            "--epochs: here it is --iterations; it counts updates: an epoch of n characters is n / (seq-length x",
        ),
        ("train --num_epochs 5", "unknown option --num_epochs: here it is --iterations; it counts"),
        ("train --batch 5", "unknown option --batch: here it is --batch-size (see"),
        (
            "train --length 5",
            "--length: it is an option of sample; here it is --passage-length (see elman train --help)",
        ),
        ("show --length 5 run", "unknown option --length: it is an option of sample (see"),
        ("train --hidden-size 5", "unknown option --hidden-size: here it is --hidden (see"),
        ("train --layers 2", "unknown option --layers: elman has one recurrent layer, with tanh"),
        (
            "train --dropout 0.5",
            "unknown option --dropout: elman has no dropout and no weight decay: with --validation",
        ),
        ("sample --model run", "--model: a model is given without an option, as in elman sample"),
        ("sample run --temp 1", "unknown option --temp: here it is --temperature (see"),
        ("train --nucleus 1", "unknown option --nucleus: it is --top-p of sample (see"),
        (
            "train --text book.txt",
            "--text: a text is given without an option, as in elman train TEXT",
        ),
        ("sample run -n 5", "unknown option -n: here it is --count (see"),
        ("train -T 5", "unknown option -T: here it is --seq-length (see"),
        ("sample run -t 0.5", "unknown option -t: here it is --temperature (see"),
        ("--lr 0.1", "there is no command \"--lr\": it is --learning-rate of train, check (see"),
        ("generate run", "\"generate\": elman sample MODEL writes text with a trained model (see"),
        ("eval run text", "\"eval\": elman score MODEL FILE measures how well a model predicts"),
        (
            "resume run",
            "\"resume\": elman train TEXT --resume DIR continues a run (see elman --help)",
        ),
        ("help info", "\"info\": elman show MODEL prints everything in a model file (see"),
        ("fine_tune", "elman train TEXT --from MODEL begins a run with the weights of a model"),
    ] {
        assert_eq!(folder.run(arguments).refused(2, words), "", "{arguments}");
    }
    // A file of that name counts more.
    folder.write("info", "a text");
    folder.run("info").refused(2, "but a file of that name: did you mean elman train info?");
}

/// Abbreviations would mean something else with the next option.
#[test]
fn options_are_not_abbreviated() {
    let folder = Folder::new("abbreviated");
    let words = "unknown option --iteration: did you mean --iterations? ";
    folder.run("train --iteration 0").refused(2, words);
    assert!(!folder.path("elman-run").exists());
}

#[test]
fn a_file_in_the_place_of_a_command_is_told_what_takes_it() {
    let folder = Folder::new("file-first");
    folder.train("run", "--iterations 0").well();
    for (name, call) in [
        ("text", "elman train text?"),
        ("run", "elman sample run?"),
        ("run/model.safetensors", "elman show run/model.safetensors?"),
    ] {
        folder.run(name).refused(2, call);
    }
    folder.write("a book", "text");
    let words = "there is no command \"a book\", but a file of that name: did you mean elman train \"a book\"?";
    ended(folder.command("").arg("a book")).refused(2, words);
    std::fs::create_dir(folder.path("empty")).unwrap();
    folder.run("empty").refused(2, "no command \"empty\" (see");
}
