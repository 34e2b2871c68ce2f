//! `show`: what it says of a model, to people and to programs.

use crate::harness::{Folder, TEXT, value};
use elman::Model;
use elman::internals::checkpoint;
use elman::internals::model::state_mut;
use elman::text::Symbols;
use std::io::Write as _;
use std::process::{Command, Stdio};

/// The value of a row, its lines joined.
fn row(shown: &str, name: &str) -> String {
    let mut lines = shown.lines().skip_while(|line| !line.starts_with(&format!("{name:<17}")));
    let first = lines.next().unwrap_or_else(|| panic!("no {name:?} in {shown}"));
    let more = lines.take_while(|line| line.starts_with(&" ".repeat(17)));
    let lines = [first].into_iter().chain(more).map(|line| line[17..].trim());
    lines.collect::<Vec<_>>().join(" ")
}

#[test]
fn people_read_it_in_80_columns() {
    let folder = Folder::new("show-words");
    let stdout = folder.train("run", "--iterations 250 --batch-size 2 --seed 9").well();
    let (_, end) = stdout.split_once("\npassage ").unwrap();
    let best = value(end.lines().next().unwrap(), "smooth_loss");
    let model = folder.model("run/model.safetensors");
    let shown = folder.run("show run/model.safetensors").well();
    for line in shown.lines() {
        assert!(line.chars().count() <= 80 && line == line.trim_end(), "{line:?}");
    }
    let last = model.state().smooth_loss.unwrap();
    let bits = last / (10.0 * std::f64::consts::LN_2);
    let size = std::fs::metadata(folder.path("run/model.safetensors")).unwrap().len();
    let size = format!("{},{:03} bytes", size / 1000, size % 1000);
    let K = elman::Vocabulary::of(TEXT).len();
    for (name, expected) in [
        ("file", "run/model.safetensors".to_string()),
        ("size", size),
        ("kind", "the last state of a run, which --resume continues".into()),
        ("digest", end.lines().last().unwrap()[7..].into()),
        ("symbols", "characters".into()),
        ("characters", format!("K = {K}")),
        ("hidden units", "m = 6".into()),
        ("parameters", (6 * K + 36 + K * 6 + 6 + K).to_string()),
        ("sequence length", "10".into()),
        ("batch size", "2".into()),
        ("documents", "no".into()),
        ("learning rate", "0.1".into()),
        ("optimizer", "adagrad".into()),
        ("loss", "sum".into()),
        ("initialization", "sigma".into()),
        ("sigma", "0.01".into()),
        ("clip", "5.0".into()),
        ("epsilon", "1e-8".into()),
        ("seed", "9".into()),
        ("updates", "250".into()),
        ("epoch", model.state().epoch.to_string()),
        ("position", format!("character {} of each sequence", model.state().position)),
        (
            "smooth loss",
            format!(
                "{last:?} nats over 10 characters, without the loss of update 250 ({bits:.3} bits per character)"
            ),
        ),
        ("iterations", "250".into()),
        ("report every", "100".into()),
        ("report length", "40".into()),
        ("passage length", "60".into()),
        ("log every", "100".into()),
        ("save every", "10,000".into()),
    ] {
        assert_eq!(row(&shown, name), expected, "{name}");
    }
    let words = format!("{best} nats over 10 characters, of the best model before update 250 (");
    assert!(row(&shown, "best smooth loss").starts_with(&words), "{shown}");
    let length = TEXT.chars().count() * 13;
    let text = format!("{},{:03} characters, digest ", length / 1000, length % 1000);
    assert!(row(&shown, "text").starts_with(&text), "{shown}");
    for name in ["U", "W", "V", "b", "c", "adagrad.U", "adagrad.c", "h"] {
        assert_eq!(row(&shown, name).split_whitespace().rev().take(3).count(), 3, "{name}");
    }
    assert!(row(&shown, "U").starts_with(&format!("6 x {K} ")));
    assert!(row(&shown, "h").starts_with("2 x 6 "));
    // What there is not is not shown.
    let best = folder.run("show run").well();
    assert_eq!(row(&best, "file"), "run/best.safetensors");
    assert_eq!(row(&best, "kind"), "the best model of a run");
    assert!(!best.contains("iterations"), "{best}");
    folder.train("untrained", "--iterations 0 --documents").well();
    let untrained = folder.run("show untrained").well();
    assert_eq!(row(&untrained, "smooth loss"), "none yet");
    assert_eq!(row(&untrained, "best smooth loss"), "none yet");
    assert_eq!(row(&untrained, "documents"), "yes");
}

/// In words, and for programs.
#[test]
fn every_order_is_shown() {
    let folder = Folder::new("show-order");
    for (options, words, position, json) in [
        ("", "text", "character 50 of each sequence", r#""order": "text", "chunk": null"#),
        (
            "--order chunks",
            "chunks",
            "each sequence has read 50 characters of the epoch",
            r#""order": "chunks", "chunk": 1000"#,
        ),
        (
            "--order positions",
            "positions",
            "each sequence has read 50 characters of the epoch",
            r#""order": "positions", "chunk": null"#,
        ),
    ] {
        let run = format!("--iterations 5 --force {options}");
        folder.train("run", &run).well();
        let shown = folder.run("show run/model.safetensors").well();
        assert_eq!(row(&shown, "order"), words);
        assert_eq!(row(&shown, "position"), position);
        let shown = folder.run("show run/model.safetensors --json").well();
        assert!(shown.contains(json), "{shown}");
    }
}

/// Large weights and a hidden state that no longer moves.
#[test]
fn tensors_are_summed_up() {
    let folder = Folder::new("show-tensors");
    folder.train("run", "--sigma 30").well();
    let mut model = folder.model("run/model.safetensors");
    let state = state_mut(&mut model);
    state.rnn.parameters.tensors_mut().b.copy_from_slice(&[3.0, -4.0, 0.0, 0.0, 0.0, 0.0]);
    state.h.copy_from_slice(&[1.0, -1.0, 0.995, 0.98, 0.0, -0.5]);
    checkpoint::save(&model, folder.path("run/model.safetensors")).unwrap();
    let shown = folder.run("show run/model.safetensors").well();
    let b: Vec<String> = row(&shown, "b").split_whitespace().map(String::from).collect();
    assert_eq!(b, ["6", "-4.0000", "3.0000", "2.0412"]);
    assert_eq!(row(&shown, "saturated"), "50.0 % of h beyond 0.99");
}

/// Python's own reader; what it prints is compared with the model. `None` without Python.
fn python(json: &str, script: &str) -> Option<String> {
    let mut command = Command::new("python3");
    command.args(["-c", &format!("import json, sys\nmodel = json.load(sys.stdin)\n{script}")]);
    command.env("PYTHONIOENCODING", "utf-8").env("PYTHONUTF8", "1");
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("skipped: there is no python3");
        return None;
    };
    child.stdin.take().unwrap().write_all(json.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{json}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// The bits of a number as Python's `float.hex` is parsed back by it: printed as an integer.
const BITS: &str = "import struct\nbits = lambda x: struct.unpack('<Q', struct.pack('<d', x))[0]\n";

#[test]
fn programs_read_it_to_the_bit() {
    let folder = Folder::new("show-json");
    folder
        .train(
            "run",
            "--learning-rate 0.07 --validation 0.1 --validate-every 50 --seed 18446744073709551615",
        )
        .well();
    let path = folder.path("run/model.safetensors");
    let (model, plan) = checkpoint::load_with_plan(&path).unwrap();
    let json = folder.run("show run/model.safetensors --json").well();
    let script = format!(
        "{BITS}\
         print(*model)\n\
         print(model['file'], model['bytes'], model['kind'], model['digest'], model['symbols'])\n\
         print(model['K'], model['m'], model['parameters'])\n\
         print(*model['settings'], *[model['settings'][k] for k in ('hidden', 'sequence_length', 'batch_size', 'documents', 'seed')])\n\
         print(*[bits(model['settings'][k]) for k in ('learning_rate', 'sigma', 'clip', 'epsilon', 'validation')])\n\
         print(model['text']['length'], model['text']['digest'], model['text']['start'])\n\
         state = model['state']\n\
         print(state['updates'], state['epoch'], state['position'], bits(state['smooth_loss']), bits(state['best_smooth_loss']), bits(state['best_validation']))\n\
         print(*['%s=%s' % item for item in model['plan'].items()])\n\
         print(*model['tensors'])\n\
         for tensor in model['tensors'].values():\n\
         \x20   print(tensor['shape'], bits(tensor['smallest']), bits(tensor['largest']), tensor['rms'] >= 0)\n\
         print(type(model['saturated']).__name__)\n\
         print(model['vocabulary'], end='')\n"
    );
    let Some(printed) = python(&json, &script) else {
        return;
    };
    assert_eq!(printed, expected(&model, &plan.unwrap(), std::fs::metadata(&path).unwrap().len()));
}

/// The same from the file.
fn expected(model: &Model, plan: &elman::Plan, bytes: u64) -> String {
    let (state, settings) = (model.state(), model.settings());
    let (shape, source) = (state.rnn.shape(), model.source().unwrap());
    let symbols = model.vocabulary().characters();
    let bits = |x: f64| x.to_bits().to_string();
    let mut lines = vec![
        "file bytes kind digest symbols vocabulary K m parameters settings text state plan tensors saturated"
            .to_string(),
        format!(
            "run/model.safetensors {bytes} last {:016x} characters",
            state.rnn.parameters.digest()
        ),
        format!("{} {} {}", shape.K(), shape.m(), shape.entries()),
        format!(
            "hidden sequence_length batch_size bytes documents optimizer learning_rate schedule half_life schedule_updates beta1 beta2 epsilon clip loss \
             initialization sigma validation order chunk seed {} {} {} False {}",
            settings.hidden, settings.sequence_length, settings.batch_size, settings.seed
        ),
        [settings.learning_rate, 0.01, settings.clip, settings.epsilon, settings.validation]
            .map(bits)
            .join(" "),
        format!("{} {:016x} {}", source.length, source.digest, symbols[source.start]),
        format!(
            "{} {} {} {} {} {}",
            state.updates,
            state.epoch,
            state.position,
            bits(state.smooth_loss.unwrap()),
            bits(state.best_smooth_loss.unwrap()),
            bits(state.best_validation.unwrap())
        ),
        format!(
            "iterations={} report_every={} report_length={} passage_length={} log_every={} validate_every={} save_every={}",
            plan.iterations,
            plan.report_every,
            plan.report_length,
            plan.passage_length,
            plan.log_every,
            plan.validate_every.unwrap(),
            plan.save_every
        ),
    ];
    let tensors = elman::internals::tensors::tensors(model);
    let names: Vec<&str> = tensors.iter().map(|array| array.name.as_str()).collect();
    lines.push(names.join(" "));
    for array in &tensors {
        let (shape, values) = (&array.shape, array.numbers().unwrap());
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        lines.push(format!("{shape:?} {} {} True", bits(smallest), bits(largest)));
    }
    lines.push("float".to_string());
    lines.push(symbols.iter().collect());
    lines.join("\n")
}

#[test]
fn programs_read_every_vocabulary_whole() {
    let folder = Folder::new("show-vocabulary");
    let text: String = ('\u{1}'..'\u{1000}').chain('\u{4e00}'..'\u{5e00}').collect();
    folder.write("many", text.replace('\r', ""));
    folder.write("bytes", (0..=255).cycle().take(1000).collect::<Vec<u8>>());
    folder.train("run", "").well();
    let export = "export run weights --format npz";
    folder.run(export).well();
    folder.run("import weights --out imported").well();
    let run = "--hidden 4 --iterations 2 --quiet --out";
    folder.run(&format!("train many {run} many-run")).well();
    let mut bytes = folder.command(&format!("train bytes --bytes {run} bytes-run"));
    assert!(bytes.output().unwrap().status.success());
    for (model, file) in [
        ("many-run", "many-run/best.safetensors"),
        ("bytes-run", "bytes-run/best.safetensors"),
        ("imported", "imported"),
    ] {
        let json = folder.run(&format!("show {model} --json")).well();
        let script = "vocabulary = model['vocabulary']\n\
                      print(model['kind'], model['symbols'], model['plan'], type(vocabulary).__name__)\n\
                      print(*[ord(c) if isinstance(c, str) else c for c in vocabulary])\n\
                      print((model['text'] or {'start': None})['start'], end='')";
        let Some(printed) = python(&json, script) else {
            return;
        };
        let model = folder.model(file);
        let points = model.vocabulary().characters().iter().map(|&c| u32::from(c).to_string());
        let points = points.collect::<Vec<_>>().join(" ");
        let (head, start) = match (model.vocabulary().symbols(), model.source()) {
            (Symbols::Bytes, _) => ("best bytes None list", "[0]"),
            (_, Some(_)) => ("best characters None str", "\u{1}"),
            (_, None) => ("imported characters None str", "None"),
        };
        assert_eq!(printed, format!("{head}\n{points}\n{start}"));
    }
    let shown = folder.run("show imported").well();
    assert_eq!(row(&shown, "kind"), "imported weights, not trained here");
    let shown = folder.run("show many-run").well();
    assert!(row(&shown, "vocabulary").ends_with(" more"), "{shown}");
}
