//! The seeds of fuzzing are good: what is made of them is nearly right, and gets past the first check.

use elman::internals::{checkpoint, safetensors};
use elman::{Model, Training};
use std::fs;
use std::path::PathBuf;

fn seed(name: &str) -> Vec<u8> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/fuzz");
    fs::read(folder.join(name)).unwrap()
}

fn model(name: &str) -> Model {
    checkpoint::from_bytes(&seed(name)).unwrap()
}

/// Where the format of model files changes, the seeds have to be made again: see tests/fuzz/README.md.
#[test]
fn models_learn_on() {
    let text = String::from_utf8(seed("text/ferry.txt")).unwrap();
    for (name, streams, documents, updates) in
        [("model", 1, false, 150), ("untrained", 3, false, 0), ("documents", 1, true, 30)]
    {
        let model = model(&format!("safetensors/{name}.safetensors"));
        assert_eq!(model.settings().batch_size, streams);
        assert_eq!(model.settings().documents, documents);
        assert_eq!(model.state().updates, updates);
        let mut training = Training::resume(&text, model.clone(), model).unwrap();
        training.update().unwrap();
    }
}

#[test]
fn tensors_of_other_types_are_read() {
    let bytes = seed("safetensors/types.safetensors");
    let file = safetensors::read(&bytes).unwrap();
    let types: Vec<&str> = file.tensors.iter().map(|t| &*t.type_name).collect();
    assert_eq!(types, ["F16", "I64", "F32"]);
    assert_eq!(file.metadata.unwrap().len(), 1);
}
