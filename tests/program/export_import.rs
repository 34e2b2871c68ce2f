//! `elman export` and `elman import`: weights to files of others and from them.

use crate::harness::Folder;

#[test]
fn the_program_exports_and_imports() {
    let folder = Folder::new("exchange");
    folder.train("run", "").well();
    let digest = |out: &str| out.lines().last().unwrap_or_default().to_string();
    let best = digest(&folder.run("show run").well()).replace("digest           ", "digest=");
    for format in ["torch", "npz"] {
        let export = format!("export run weights --format {format}");
        assert_eq!(digest(&folder.run(&export).well()), best);
        folder
            .run(&export)
            .refused(1, "weights: is already there: choose another name, or replace");
        let first = folder.read("weights");
        folder.run(&format!("{export} --force")).well();
        assert_eq!(folder.read("weights"), first);
        let import = "import weights --out model";
        assert_eq!(digest(&folder.run(import).well()), best);
        folder.run(import).refused(1, "model: is already there: choose another name, or replace");
        let first = folder.read("model");
        folder.run(&format!("{import} --force")).well();
        assert_eq!(folder.read("model"), first);

        let shown = folder.run("show model").well();
        assert!(shown.contains("text             none: the weights were imported\n"), "{shown}");
        assert!(shown.contains("hidden units     m = 6\n"), "{shown}");
        let sample = |model: &str| {
            folder.run(&format!("sample {model} --start zero --prime t --length 99")).well()
        };
        assert_eq!(sample("model"), sample("run"));
        folder.run("sample model --length 9").well();
        for name in ["weights", "model"] {
            std::fs::remove_file(folder.path(name)).unwrap();
        }
    }
    // Nothing is left beside them.
    assert_eq!(std::fs::read_dir(folder.path(".")).unwrap().count(), 2);
}

#[test]
fn the_program_takes_characters_in_any_order() {
    let folder = Folder::new("characters");
    let fixture = std::fs::read("fixtures/exchange/f32-prefix.safetensors").unwrap();
    folder.write("weights.npz", fixture);
    folder.write("chars", "b\na");
    folder.run("import weights.npz --vocabulary chars --out model").well();
    let model = folder.model("model");
    assert_eq!(model.state.rnn.parameters.tensors().c, [-2.5, 0.0, 1.5]);

    folder.write("long", "b\na\n");
    folder.write("twice", "bab");
    folder.write("latin", b"b\xe5a");
    folder.write("text", "just a text");
    std::fs::create_dir(folder.path("folder")).unwrap();
    for (arguments, words) in [
        ("weights.npz --vocabulary long", "elman: long: 4 characters for a model with K = 3"),
        ("weights.npz --vocabulary twice", "elman: twice: the vocabulary has 'b' twice"),
        ("weights.npz --vocabulary latin", "elman: latin: not UTF-8 at byte 1"),
        ("weights.npz --vocabulary none", "elman: none: "),
        ("weights.npz --vocabulary folder", "elman: folder: not a regular file"),
        ("weights.npz", "elman: weights.npz: the file does not say which 3 characters"),
        ("text --vocabulary chars", "elman: text: neither a safetensors file nor"),
        ("folder", "elman: folder: not a regular file"),
        ("none", "elman: none: "),
        ("model", "elman: model: already a model file of elman"),
    ] {
        folder.run(&format!("import {arguments} --out new")).refused(1, words);
    }
    // A device may have no end.
    #[cfg(unix)]
    folder.run("import /dev/null --out new").refused(1, "elman: /dev/null: not a regular file");
    assert!(!folder.path("new").exists());
    for force in ["", "--force"] {
        let import = format!("import weights.npz --vocabulary chars {force} --out");
        folder.run(&format!("{import} folder")).refused(1, "folder: a folder, not a file");
        folder.run(&format!("{import} none/new")).refused(1, "none/new: ");
        let export = format!("export model --format npz {force}");
        folder.run(&format!("{export} folder")).refused(1, "folder: a folder, not a file");
        folder.run(&format!("{export} none/new")).refused(1, "none/new: ");
    }
    for (arguments, words) in [
        ("import", "which file?"),
        ("import weights.npz", "where to? --out MODEL"),
        ("import weights.npz --out=", "--out: the value is empty"),
        ("import weights.npz --out new --vocabulary=", "--vocabulary: the value is empty"),
        ("import weights.npz other", "unexpected argument"),
        ("export", "which format?"),
        ("export model new", "which format? --format torch or --format npz"),
        ("export model new --format onnx", "--format onnx: must be torch or npz"),
        ("export --format npz", "which model?"),
        ("export model --format npz", "where to? elman export MODEL OUT"),
        ("export model new other --format npz", "unexpected argument"),
    ] {
        folder.run(arguments).refused(2, words);
    }
    assert!(!folder.path("new").exists());
    folder.run("export text new --format npz").refused(1, "elman: text: ");
}
