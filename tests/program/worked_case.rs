//! `elman check --write-case` and `--against`: files, lines and exit statuses. What each mistake is called, the tests
//! of `src/diagnosis` say, and `fixtures/check_mistakes.py`.

use crate::harness::{Ended, Folder};
use elman::internals::array::{Array, Entries};
use elman::internals::arrays;
use elman::internals::arrays::Form;
use elman::internals::diagnosis::WorkedCase;
use elman::random::{Generator, Stream};
use elman::text::Symbols;

/// The arrays of a case.
fn case(folder: &Folder, name: &str) -> Vec<Array<'static>> {
    arrays::read(&folder.read(name)).unwrap()
}

fn numbers(arrays: &[Array], name: &str) -> Vec<f64> {
    let array = arrays.iter().find(|array| array.name == name);
    array.unwrap_or_else(|| panic!("no {name}")).numbers().unwrap().into_owned()
}

/// Some arrays of a case as a student's file, after a change.
fn save(
    folder: &Folder,
    file: &str,
    arrays: &[Array<'static>],
    names: &str,
    change: impl Fn(&str, &mut Array),
) {
    let mine: Vec<Array> = (names.split(' '))
        .map(|name| {
            let array = arrays.iter().find(|array| array.name == name).unwrap();
            let mut mine = array.clone();
            change(name, &mut mine);
            mine
        })
        .collect();
    let mut bytes = Vec::new();
    let form = Form::of(file.as_ref()).unwrap();
    arrays::write_to(&mut bytes, form, Symbols::Characters, &mine).unwrap();
    folder.write(file, bytes);
}

fn negative(array: &mut Array) {
    if let Entries::Numbers(numbers) = &mut array.entries {
        numbers.to_mut().iter_mut().for_each(|x| *x = -*x);
    }
}

/// At its end a linear schedule has a learning rate of 0: a program without an update would be right.
#[test]
fn a_run_whose_learning_rate_is_0_has_no_case() {
    let folder = Folder::new("case-of-the-end");
    folder.train("run", "--schedule linear").well();
    let write = |model: &str| folder.run(&format!("check {model} text --write-case case.npz"));
    let words = "the learning rate is 0 after 300 updates, at the end of the schedule";
    write("run/model.safetensors").refused(1, words);
    assert!(!folder.path("case.npz").exists());
    folder.train("exponential", "--schedule exponential --half-life 100").well();
    write("exponential/model.safetensors").well();
    let case = folder.run("check --against case.npz case.npz").well();
    assert!(case.contains("U_after right\n") && case.contains("eta right\n"), "{case}");
}

#[test]
fn a_case_is_written_in_three_forms_and_each_is_right_against_each() {
    let folder = Folder::new("case");
    let names = ["case.npz", "case.safetensors", "case.JSON"];
    for name in names {
        let written = folder.run(&format!("check --write-case {name}")).well();
        let line = format!("wrote {name}: 53 arrays, T = 25, m = 5, K = 70\n");
        assert_eq!(written, line);
    }
    let all: Vec<Vec<Array>> = names.iter().map(|name| case(&folder, name)).collect();
    assert_eq!(all[0], all[1]);
    assert_eq!(all[0], all[2]);
    for (mine, other) in [(0, 1), (1, 2), (2, 0)] {
        // What they are is told by content.
        folder.write("mine", folder.read(names[mine]));
        let lines = folder.run(&format!("check --against mine {}", names[other])).well();
        let right: Vec<&str> =
            lines.lines().map(|line| line.strip_suffix(" right").unwrap()).collect();
        let all: Vec<&str> = all[0].iter().map(|array| array.name.as_str()).collect();
        assert_eq!(right, all);
    }
}

#[test]
fn the_options_of_a_case_count() {
    let folder = Folder::new("case-options");
    let write = |options: &str| {
        let line = folder.run(&format!("check --write-case case.json --force {options}"));
        line.well();
        case(&folder, "case.json")
    };
    // By default nothing is 0 that could hide a mistake.
    let default = write("");
    for name in ["h0", "G_U", "G_c", "b", "c", "dW"] {
        assert!(numbers(&default, name).iter().any(|&x| x != 0.0), "{name}");
    }
    assert!(numbers(&default, "W").iter().any(|W| W.abs() > 0.5));
    let first = write("--sigma 0.01 --iterations 0");
    for name in ["h0", "G_U", "b", "c"] {
        assert!(numbers(&first, name).iter().all(|&x| x == 0.0), "{name}");
    }
    assert!(numbers(&first, "W").iter().all(|W| W.abs() < 0.1));
    let loss = numbers(&first, "loss")[0];
    assert!((loss - 25.0 * 70f64.ln()).abs() < 0.1, "{loss}");

    for option in
        ["--hidden 6", "--seq-length 11", "--seed 2", "--iterations 2", "--sigma 0.4", "text"]
    {
        assert_ne!(write(option), default, "{option}");
    }
    let settings = write("--clip 0.5 --learning-rate 0.2 --epsilon 0.001");
    let found = ["clip", "eta", "epsilon"].map(|name| numbers(&settings, name)[0]);
    assert_eq!(found, [0.5, 0.2, 0.001]);
    let bytes = write("text --bytes --hidden 3");
    assert!(numbers(&bytes, "vocabulary").contains(&195.0));
    let text = write("text --hidden 3");
    assert!(numbers(&text, "vocabulary").contains(&229.0));
    folder.write("names", "anna\nbo\ncarl\ndavid\n");
    let documents = write("names --documents --hidden 3");
    assert_eq!(numbers(&documents, "inputs").len(), "\nbo".len());
}

#[test]
fn a_model_makes_a_case_as_well() {
    let folder = Folder::new("case-model");
    folder.train("run", "").well();
    let line = folder.run("check run text --write-case case.npz").well();
    assert!(line.starts_with("wrote case.npz: 53 arrays, T = 10, m = 6, K = "), "{line}");
    let arrays = case(&folder, "case.npz");
    let best = folder.model("run/best.safetensors");
    assert_eq!(numbers(&arrays, "U"), best.parameters().tensors().U);
    assert_eq!(numbers(&arrays, "G_U"), best.state().optimizer_state[0].tensors().U);
    assert_eq!(numbers(&arrays, "h0"), best.state().h);
    folder.run("check --against case.npz case.npz").well();
}

#[test]
fn a_case_replaces_nothing_unless_told_to() {
    let folder = Folder::new("case-files");
    folder.write("case.npz", "mine");
    folder.run("check --write-case case.npz").refused(1, "case.npz: already exists");
    assert_eq!(folder.read("case.npz"), b"mine");
    folder.run("check --write-case case.npz --force").well();
    assert_ne!(folder.read("case.npz"), b"mine");
    for name in ["case", "case.csv", "case.pt"] {
        let words =
            format!("--write-case {name}: the name must end in .npz or .safetensors or .json");
        folder.run(&format!("check --write-case {name}")).refused(2, &words);
    }
    folder.run("check --write-case none/case.npz").refused(1, "none/case.npz: ");
    folder.run("check --write-case=").refused(2, "the value is empty");
}

#[test]
fn what_is_wrong_is_said_line_by_line() {
    let folder = Folder::new("against");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    let against = |file: &str| -> Ended { folder.run(&format!("check --against {file} case.npz")) };
    // In the order of the case, whatever the order of the file.
    save(&folder, "mine.json", &arrays, "U_after db dW dU loss h", |name, mine| match name {
        "dU" => negative(mine),
        "db" => mine.shape = vec![5, 1],
        "dW" => mine.shape = vec![1, 25],
        "loss" => mine.shape = vec![1],
        _ => {}
    });
    let lines = against("mine.json").refused(1, "2 of 6 arrays are wrong: dU, dW");
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[..2], ["h right", "loss right"]);
    let dU = numbers(&arrays, "dU");
    let largest = (0..dU.len()).max_by(|&i, &j| dU[i].abs().total_cmp(&dU[j].abs())).unwrap();
    let (row, column) = (largest / 70, largest % 70);
    let difference = 2.0 * dU[largest].abs();
    let expected = format!("dU wrong: sign row={row} column={column} difference={difference:.2e}");
    assert_eq!(lines[2], expected);
    assert_eq!(lines[3], "dW wrong: shape (1, 25) instead of (5, 5)");
    assert_eq!(lines[4..], ["db right", "U_after right"]);
    save(&folder, "mine.npz", &arrays, "db", |_, mine| negative(mine));
    let lines = against("mine.npz").refused(1, "1 of 1 arrays are wrong: db");
    assert!(lines.starts_with("db wrong: sign row=") && !lines.contains("column="), "{lines}");
    save(&folder, "mine.safetensors", &arrays, "loss", |_, mine| negative(mine));
    let lines = against("mine.safetensors").refused(1, "wrong: loss");
    assert!(lines.starts_with("loss wrong: sign difference="), "{lines}");
    // Python writes NaN so.
    folder.write("nan.json", "{\"loss\": NaN}");
    let lines = against("nan.json").refused(1, "wrong: loss");
    assert_eq!(lines, "loss wrong: unknown difference=NaN\n");
}

/// The numbers of an array, changed.
fn changed(array: &mut Array, change: impl Fn(usize, f64) -> f64) {
    if let Entries::Numbers(numbers) = &mut array.entries {
        numbers.to_mut().iter_mut().enumerate().for_each(|(i, x)| *x = change(i, *x));
    }
}

#[test]
fn the_first_wrong_array_is_named_with_what_follows_from_it() {
    let folder = Folder::new("follows");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    // p is twice what it should be, g = p - y, and dc its sum; dV is right, and that is wrong beside this g.
    let (p, targets) = (numbers(&arrays, "p"), numbers(&arrays, "targets"));
    let y = |i: usize| f64::from(u8::from(targets[i / 70] == (i % 70) as f64));
    save(&folder, "mine.npz", &arrays, "h p g dc", |name, mine| match name {
        "p" => changed(mine, |_, p| 2.0 * p),
        "g" => changed(mine, |i, _| 2.0 * p[i] - y(i)),
        "dc" => changed(mine, |k, _| (0..25).map(|t| 2.0 * p[70 * t + k] - y(70 * t + k)).sum()),
        _ => {}
    });
    let words = "1 of 4 arrays are wrong: p; 2 follow";
    let lines = folder.run("check --against mine.npz case.npz").refused(1, words);
    let lines: Vec<&str> = lines.lines().collect();
    assert_eq!(lines[0], "h right");
    assert!(lines[1].starts_with("p wrong: factor 2 row="), "{lines:?}");
    assert!(lines[1].ends_with(" (g, dc follow from it)"), "{lines:?}");
    assert_eq!(lines[2..], ["g follows from p", "dc follows from p"]);
}

/// A recurrence that is left out at steps 3 and 12 of 25.
#[test]
fn the_step_from_which_an_array_is_wrong_is_told() {
    let folder = Folder::new("steps");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    let of = |name: &str| numbers(&arrays, name);
    let (V, W, g, h) = (of("V"), of("W"), of("g"), of("h"));
    let (mut dh, mut da) = (vec![0.0; 125], vec![0.0; 130]);
    for t in (0..25).rev() {
        for i in 0..5 {
            let direct: f64 = (0..70).map(|k| V[5 * k + i] * g[70 * t + k]).sum();
            let back: f64 = (0..5).map(|j| W[5 * j + i] * da[5 * (t + 1) + j]).sum();
            dh[5 * t + i] = if t == 2 || t == 11 { direct } else { direct + back };
            da[5 * t + i] = dh[5 * t + i] * (1.0 - h[5 * t + i] * h[5 * t + i]);
        }
    }
    for names in ["g dh da", "g da", "dh"] {
        save(&folder, "mine.npz", &arrays, names, |name, mine| match name {
            "dh" => changed(mine, |i, _| dh[i]),
            "da" => changed(mine, |i, _| da[i]),
            _ => {}
        });
        let lines =
            folder.run("check --against mine.npz case.npz").refused(1, " arrays are wrong: d");
        let first = if names.contains("dh") { "dh" } else { "da" };
        let said = format!(
            "{first} wrong from step 12 downwards: direct term only, in some steps, steps 3, 12 row="
        );
        assert!(lines.contains(&said), "{lines}");
        assert_eq!(lines.contains("da follows from dh\n"), names == "g dh da", "{lines}");
    }
}

#[test]
fn other_names_and_gradients_under_the_names_of_weights_are_read() {
    let folder = Folder::new("other-names");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    let against = || folder.run("check --against mine.npz case.npz");
    let renamed = |name: &str, mine: &mut Array| {
        let others = ["Wxh", "Whh", "Why", "bh", "by"];
        let place = ["U", "W", "V", "b", "c"].iter().position(|part| name.ends_with(part));
        mine.name = name.replace(['U', 'W', 'V', 'b', 'c'], others[place.unwrap()]);
    };
    save(&folder, "mine.npz", &arrays, "U W b dU dW dV db dc", renamed);
    let lines = against().well();
    let names = ["Wxh", "Whh", "bh", "dWxh", "dWhh", "dWhy", "dbh", "dby"];
    assert_eq!(lines, names.map(|name| format!("{name} right\n")).concat());

    save(&folder, "mine.npz", &arrays, "dU dW db", |name, mine| mine.name = name[1..].into());
    assert_eq!(against().well(), "U right, as dU\nW right, as dW\nb right, as db\n");
    save(&folder, "mine.npz", &arrays, "dU dW db", |name, mine| {
        mine.name = name[1..].into();
        negative(mine);
    });
    let lines = against().refused(1, "3 of 3 arrays are wrong: U, W, b");
    assert!(lines.starts_with("U wrong: sign, as dU row="), "{lines}");
    // Weights that are wrong stay weights.
    save(&folder, "mine.npz", &arrays, "U W", |_, mine| changed(mine, |i, x| x + (i % 7) as f64));
    let lines = against().refused(1, "2 of 2 arrays are wrong: U, W");
    assert!(lines.starts_with("U wrong: unknown row="), "{lines}");
}

#[test]
fn right_arrays_in_another_dress_are_right() {
    let folder = Folder::new("dress");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    let turn = |mine: &mut Array| {
        let [rows, columns] = mine.shape[..] else { return };
        let numbers = mine.numbers().unwrap().into_owned();
        changed(mine, |i, _| numbers[i % rows * columns + i / rows]);
        mine.shape = vec![columns, rows];
    };
    let against = || folder.run("check --against mine.npz case.npz");
    save(&folder, "mine.npz", &arrays, "h dU dW dV db", |_, mine| turn(mine));
    let turned = ["h", "dU", "dW", "dV"].map(|name| format!("{name} right, transposed\n"));
    assert_eq!(against().well(), turned.concat() + "db right\n");
    // W's gradient alone is wrong.
    save(&folder, "mine.npz", &arrays, "dU dW", |name, mine| {
        if name == "dW" {
            turn(mine);
        }
    });
    assert!(against().refused(1, "wrong: dW").contains("dW wrong: transposed row="));
    save(&folder, "mine.npz", &arrays, "dV db", |_, mine| changed(mine, |_, x| x.clamp(-1.0, 1.0)));
    assert_eq!(against().well(), "dV right, clipped to 1\ndb right, clipped to 1\n");
    save(&folder, "mine.npz", &arrays, "h p dV", |_, mine| {
        changed(mine, |_, x| f64::from(x as f32))
    });
    let lines = against().well();
    assert_eq!(lines, "h right, float32\np right, float32\ndV right, float32\n");
}

/// Cases of former versions have no g, dh and da.
#[test]
fn a_former_case_is_read() {
    let folder = Folder::new("former-case");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    let names: Vec<&str> = arrays.iter().map(|array| array.name.as_str()).collect();
    let former: Vec<&str> =
        names.iter().copied().filter(|name| !["g", "dh", "da"].contains(name)).collect();
    save(&folder, "former.npz", &arrays, &former.join(" "), |_, _| {});
    let lines = folder.run("check --against case.npz former.npz").well();
    assert!(lines.contains("dV right\n") && lines.contains("dh not compared: "), "{lines}");
}

#[test]
fn names_that_the_case_does_not_have_are_told() {
    let folder = Folder::new("names");
    folder.run("check --write-case case.npz").well();
    let arrays = case(&folder, "case.npz");
    save(&folder, "mine.npz", &arrays, "dU W", |name, mine| {
        if name == "W" {
            mine.name = "dv".into();
        }
    });
    let lines = folder.run("check --against mine.npz case.npz").well();
    let expected =
        "dU right\ndv not compared: the case has no array of this name; did you mean dV?\n";
    assert_eq!(lines, expected);
    save(&folder, "mine.npz", &arrays, "dW", |_, mine| mine.name = "grad_W".into());
    let ended = folder.run("check --against mine.npz case.npz");
    let words = "mine.npz: none of its arrays is in the case: grad_W may be dW; the case has text vocabulary optimizer inputs";
    assert_eq!(ended.refused(1, words), "");
    folder.write("empty.json", "{}");
    folder.run("check --against empty.json case.npz").refused(1, "empty.json: it has no arrays");
}

#[test]
fn files_that_hold_no_arrays_or_no_case_are_refused() {
    let folder = Folder::new("no-case");
    folder.run("check --write-case case.npz").well();
    folder.train("run", "").well();
    for (mine, case, words) in [
        ("text", "case.npz", "text: not a file of arrays: it must be safetensors, an .npz"),
        ("case.npz", "text", "text: not a file of arrays: it must be"),
        ("none", "case.npz", "none: "),
        ("case.npz", "none", "none: "),
        (
            "case.npz",
            "run/best.safetensors",
            "run/best.safetensors: not a case of elman check --write-case: inputs is missing",
        ),
        ("run", "case.npz", "run: not a regular file"),
    ] {
        let ended = folder.run(&format!("check --against {mine} {case}"));
        assert_eq!(ended.refused(1, words), "", "{mine} {case}");
    }
    // A model's own arrays are a student's as well.
    let ended = folder.run("check --against run/best.safetensors case.npz");
    let lines = ended.refused(1, "arrays are wrong");
    assert!(lines.contains("U wrong: shape "), "{lines}");
    let cut = &folder.read("case.npz")[..5000];
    folder.write("cut.npz", cut);
    folder.run("check --against case.npz cut.npz").refused(1, "cut.npz: not a whole zip file");
}

/// Bytes that are changed, left out or doubled, in every form: whatever comes of it is refused or compared.
#[test]
fn damaged_files_are_refused_or_compared() {
    let folder = Folder::new("damaged");
    let mut generator = Generator::new(2424, Stream::Passage);
    let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
    let (mut refused, mut no_case, mut compared) = (0, 0, 0);
    for (ending, _) in Form::ALL {
        let name = format!("case.{ending}");
        let options = "--hidden 2 --seq-length 3 text";
        folder.run(&format!("check --write-case {name} {options}")).well();
        let whole = folder.read(&name);
        let right = arrays::read(&whole).unwrap();
        let known = WorkedCase::from_arrays(right.clone()).unwrap();
        for _ in 0..400 {
            let mut bytes = whole.clone();
            for _ in 0..=below(3) {
                // Headers stand at the start, and say the most.
                let end = if below(2) == 0 { bytes.len() } else { 4000.min(bytes.len()) };
                let at = below(end);
                match below(4) {
                    0 => _ = bytes.remove(at),
                    1 => bytes.insert(at, b"0[]{}\",-e9"[below(10)]),
                    2 => bytes[at] = below(256) as u8,
                    _ => bytes[at] = b"0123456789"[below(10)],
                }
            }
            let Ok(arrays) = arrays::read(&bytes) else {
                refused += 1;
                continue;
            };
            known.compare_all(&arrays);
            match WorkedCase::from_arrays(arrays) {
                Ok(other) => {
                    compared += 1;
                    other.compare_all(&right);
                }
                Err(_) => no_case += 1,
            }
        }
    }
    assert!(refused > 100 && no_case > 3 && compared > 100, "{refused} {no_case} {compared}");
}

/// The Adam edition's: the mean of the losses, its gradient, and both averages.
#[test]
fn a_case_of_the_adam_edition_is_one_update_of_it() {
    let folder = Folder::new("case-adam");
    for file in ["case.safetensors", "case.json", "case.npz"] {
        let write = format!("check --write-case {file} --preset adam-edition --iterations 3");
        folder.run(&write).well();
        let said = folder.run(&format!("check --against {file} case.safetensors"));
        assert!(said.well().lines().all(|line| line.ends_with(" right")));
    }
    let arrays = arrays::read(&std::fs::read(folder.path("case.safetensors")).unwrap()).unwrap();
    let of = |name: &str| numbers(&arrays, name);
    let (T, t) = (of("inputs").len() as f64, of("t")[0]);
    assert_eq!((of("divisor"), t), (vec![T], 4.0));
    assert!(arrays.iter().all(|array| array.name != "clip"));
    assert!((of("losses").iter().sum::<f64>() / T - of("loss")[0]).abs() < 1e-12);
    for name in ["U", "W", "V", "b", "c"] {
        let after = |letter: &str| of(&format!("{letter}{name}_after"));
        let parts =
            [of(name), of(&format!("d{name}")), of(&format!("m_{name}")), of(&format!("v_{name}"))];
        for i in 0..parts[0].len() {
            let [theta, g, m, v] = parts.each_ref().map(|part| part[i]);
            let m = 0.9 * m + 0.1 * g;
            let v = 0.999 * v + 0.001 * g * g;
            let (m1, v1) = (m / (1.0 - 0.9f64.powi(4)), v / (1.0 - 0.999f64.powi(4)));
            let near = |found: f64, need: f64| (found - need).abs() <= 1e-12 * (1e-3 + need.abs());
            assert!(near(after("m_")[i], m) && near(after("v_")[i], v), "{name}");
            assert!(near(after("")[i], theta - 0.001 * m1 / (v1.sqrt() + 1e-8)), "{name}");
        }
    }
}

#[test]
fn what_is_wrong_with_a_step_of_adam_is_said() {
    let folder = Folder::new("against-adam");
    folder.run("check --write-case case.npz --preset adam-edition").well();
    let arrays = case(&folder, "case.npz");
    let of = |name: &str| numbers(&arrays, name);
    let [theta, m, v] = ["W", "m_W_after", "v_W_after"].map(of);
    save(&folder, "mine.npz", &arrays, "dW m_W_after v_W_after W_after", |name, mine| {
        if let ("W_after", Entries::Numbers(numbers)) = (name, &mut mine.entries) {
            for (i, x) in numbers.to_mut().iter_mut().enumerate() {
                *x = theta[i] - 0.001 * m[i] / (v[i].sqrt() + 1e-8);
            }
        }
        if let ("dW", Entries::Numbers(numbers)) = (name, &mut mine.entries) {
            numbers.to_mut().iter_mut().for_each(|x| *x *= 25.0);
        }
    });
    let ended = folder.run("check --against mine.npz case.npz");
    let lines = ended.refused(1, "2 of 4 arrays are wrong: dW, W_after");
    let lines: Vec<&str> = lines.lines().collect();
    assert!(lines[0].starts_with("dW wrong: sum row="), "{lines:?}");
    assert_eq!(lines[1..3], ["m_W_after right", "v_W_after right"]);
    let said = "W_after wrong: no bias correction row=";
    assert!(lines[3].starts_with(said), "{lines:?}");
}
