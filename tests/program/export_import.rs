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
        folder.run(&export).refused(1, "weights: already exists: choose another name, or replace");
        let first = folder.read("weights");
        folder.run(&format!("{export} --force")).well();
        assert_eq!(folder.read("weights"), first);
        let import = "import weights --out model";
        assert_eq!(digest(&folder.run(import).well()), best);
        folder.run(import).refused(1, "model: already exists: choose another name, or replace");
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
    assert_eq!(model.parameters().tensors().c, [-2.5, 0.0, 1.5]);

    folder.write("long", "b\na\n");
    folder.write("twice", "bab");
    folder.write("latin", b"b\xe5a");
    folder.write("text", "just a text");
    std::fs::create_dir(folder.path("folder")).unwrap();
    for (arguments, words) in [
        (
            "weights.npz --vocabulary long",
            "elman: long: the vocabulary has 4 characters, but the model has K = 3",
        ),
        ("weights.npz --vocabulary twice", "elman: twice: the vocabulary has 'b' twice"),
        ("weights.npz --vocabulary latin", "elman: latin: not UTF-8 at byte 1"),
        ("weights.npz --vocabulary none", "elman: none: "),
        ("weights.npz --vocabulary folder", "elman: folder: not a regular file"),
        ("weights.npz", "elman: weights.npz: the file does not say which 3 characters"),
        ("text --vocabulary chars", "elman: text: not a file of weights"),
        ("folder", "elman: folder: not a regular file"),
        ("none", "elman: none: "),
        (
            "model",
            "elman: model: already a model file of elman: the other commands read it without import",
        ),
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
        ("import weights.npz", "which output file? add --out MODEL"),
        ("import weights.npz --out=", "--out: the value is empty"),
        ("import weights.npz --out new --vocabulary=", "--vocabulary: the value is empty"),
        ("import weights.npz other", "unexpected argument"),
        ("export", "which format?"),
        ("export model new", "which format? --format torch or --format npz"),
        ("export model new --format onnx", "--format onnx: must be torch or npz"),
        ("export --format npz", "which model?"),
        ("export model --format npz", "which output file? elman export MODEL OUT --format F"),
        ("export model new other --format npz", "unexpected argument"),
    ] {
        folder.run(arguments).refused(2, words);
    }
    assert!(!folder.path("new").exists());
    folder.run("export text new --format npz").refused(1, "elman: text: ");
}

/// As PyTorch, NumPy and Karpathy's program leave them, and what does not fit.
#[test]
fn weights_of_others_are_told_what_is_wrong_with_them() {
    let folder = Folder::new("others");
    for name in
        ["python-2.npz", "cell.safetensors", "f64.npz", "f64.safetensors", "other-names.npz"]
    {
        folder.write(name, std::fs::read(format!("fixtures/exchange/{name}")).unwrap());
    }
    folder.write("chars", "b\na");
    let import =
        |file: &str| folder.run(&format!("import {file} --vocabulary chars --out model --force"));
    let expected = import("f64.npz").well();
    for file in ["python-2.npz", "cell.safetensors", "f64.safetensors"] {
        let ended = import(file);
        assert_eq!(
            (ended.stderr.clone(), ended.well()),
            (String::new(), expected.clone()),
            "{file}"
        );
    }
    let ended = import("other-names.npz");
    let ignored = "elman: other-names.npz: ignored \"mWxh\", \"mWhh\", \"mWhy\", \"mbh\", \"mby\": not part of the model\n";
    assert_eq!((ended.stderr.clone(), ended.well()), (ignored.to_string(), expected));

    folder.write(
        "marked.json",
        "\u{feff}{\"U\": [[1, 2]], \"W\": [[3]], \"V\": [[4], [5]], \"b\": [6], \"c\": [7, 8]}",
    );
    folder.write("chars", "ba");
    import("marked.json").well();
    assert_eq!(
        folder.model("model").parameters().values(),
        [2.0, 1.0, 3.0, 5.0, 4.0, 6.0, 8.0, 7.0]
    );
    let turned = "{\"U\": [[1, 2], [3, 4], [5, 6]], \"W\": [[3, 4], [5, 6]], \"V\": [[4, 4], [5, 5], [6, 6]], \"b\": [6, 6], \"c\": [7, 8, 9]}";
    folder.write("turned.json", turned);
    import("turned.json")
        .refused(1, "turned.json: \"U\" is K x m where m x K is needed (3 x 2; \"W\", which is");
}

#[test]
fn what_is_mixed_up_is_told_which_command_takes_it() {
    let folder = Folder::new("mixed");
    folder.train("run", "").well();
    folder.run("export run weights.npz --format npz").well();
    folder.run("export run weights.safetensors --format torch").well();
    folder.run("check --write-case case.safetensors").well();
    folder.run("check --write-case case.json").well();
    let make_one = "elman import makes a model from weights";
    for (file, kind) in [
        ("weights.npz", "an .npz or another zip file, not a model of elman; "),
        ("weights.safetensors", "a safetensors file, but not a model of elman: "),
        ("case.safetensors", "a safetensors file, but not a model of elman: "),
        ("case.json", "JSON, not a model of elman; "),
    ] {
        for command in
            ["sample", "score", "show", "export --format npz new", "train text --out new --from"]
        {
            let call = match command.split_once("new") {
                Some(("export --format npz ", _)) => format!("export {file} new --format npz"),
                _ => format!("{command} {file}"),
            };
            let ended = folder.run(&call);
            assert!(ended.stderr.contains(make_one), "{}", ended.stderr);
            ended.refused(1, &format!("elman: {file}: {kind}"));
        }
    }
    folder.run("check weights.safetensors").refused(1, make_one);
    let import = "elman import makes a model file from weights";
    folder.run("check weights.npz").refused(1, import);
    folder
        .run("train weights.npz")
        .refused(1, "weights.npz: an .npz or another zip file, not a text: elman import");
    folder.run("train weights.safetensors").refused(1, import);
    let model = "a safetensors file, not a text: use --from to start from a model, --resume to continue a run";
    folder.run("train run/model.safetensors").refused(1, model);
    for file in ["weights.npz", "weights.safetensors", "run/best.safetensors"] {
        let words = "not the folder of a run: name the folder that contains model.safetensors; train --from MODEL starts a new run";
        folder.run(&format!("train --resume {file}")).refused(1, words);
    }
    let take = "the other commands read it without import";
    folder.run("import run --out new").refused(
        1,
        &format!("elman: run: the folder of a run, not weights from another program: {take}"),
    );
    folder.run("import run/model.safetensors --out new").refused(1, take);
    assert!(!folder.path("new").exists() && !folder.path("elman-run").exists());
}

/// Standard input and output, and no file of that name, wherever a file is read or written.
#[test]
fn a_hyphen_is_standard_input_or_output() {
    let folder = Folder::new("hyphen");
    folder.train("run", "").well();
    // Who opened the file would end otherwise.
    folder.write("-", "neither text nor model");
    let model = folder.read("run/best.safetensors");
    let from_pipe = |arguments: &str| folder.run_with_input(arguments, &model);

    let shown = folder.run("show run/best.safetensors").well();
    let file = |shown: &str| shown.replace("run/best.safetensors", "-");
    assert_eq!(from_pipe("show -").well(), file(&shown));
    for command in ["sample MODEL --length 50", "score MODEL text", "show MODEL --json"] {
        let named = folder.run(&command.replace("MODEL", "run/best.safetensors")).well();
        assert_eq!(from_pipe(&command.replace("MODEL", "-")).well(), file(&named), "{command}");
    }
    folder.run("train text --iterations 30 --quiet --from run --out named").well();
    from_pipe("train text --iterations 30 --quiet --from - --out piped").well();
    assert_eq!(folder.files("piped"), folder.files("named"));

    // Files to standard output: nothing else is there.
    let bytes = |arguments: &str, input: &[u8]| {
        folder.write("input", input);
        let input = std::fs::File::open(folder.path("input")).unwrap();
        let output = folder.command(arguments).stdin(input).output().unwrap();
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(output.status.success(), "{told}");
        (output.stdout, told)
    };
    for format in ["torch", "npz"] {
        let digest = folder.run(&format!("export run weights --force --format {format}")).well();
        let (exported, told) = bytes(&format!("export - - --format {format}"), &model);
        assert_eq!((&exported, told), (&folder.read("weights"), digest.clone()));
        folder.run("import weights --out imported --force").well();
        let (imported, told) = bytes("import - --out -", &exported);
        assert_eq!((imported, told), (folder.read("imported"), digest));
    }
    let vocabulary = elman::files::from_bytes(&model).unwrap().vocabulary().clone();
    let characters: String = vocabulary.characters().iter().collect();
    let import = "import weights --vocabulary - --out imported --force";
    folder.run_with_input(import, &characters).well();
    let chart = folder.run("plot run").well();
    assert!(chart.starts_with("<svg"), "{chart}");
    assert_eq!(folder.run("plot run --out -").well(), chart);

    folder.run("check --write-case case.npz").well();
    let case = folder.read("case.npz");
    let compared = folder.run("check --against case.npz case.npz").well();
    assert_eq!(folder.run_with_input("check --against - case.npz", &case).well(), compared);
    assert_eq!(folder.run_with_input("check --against case.npz -", &case).well(), compared);

    for arguments in [
        "train text --out -",
        "train text --resume -",
        "train text --seeds 2 --out -",
        "train text --seeds 2 --resume -",
        "report -",
        "report run --out -",
        "plot -",
        "plot run -",
    ] {
        folder
            .run(arguments)
            .refused(2, "-: a folder is needed, but - is standard input or output");
    }
    folder.run("check --write-case -").refused(2, "--write-case -: the name must end in .npz");
    // What is read once is not there for a second reader.
    let once = "elman: standard input: already read: - can be used for one file only";
    for arguments in [
        "sample - --prime-file -",
        "score -",
        "score - text -",
        "train - --from - --out new",
        "import - --vocabulary - --out new",
    ] {
        from_pipe(arguments).refused(1, once);
    }
    folder.run_with_input("check --against - -", &case).refused(1, once);
    assert_eq!(folder.read_text("-"), "neither text nor model");
    assert!(!folder.path("new").exists());
    // Another spelling is a file.
    folder.run("show ./-").refused(1, "./-: not a safetensors file");
}
