//! Safetensors files and models: what is accepted, the format's own reader accepts with the same content; a
//! model is written back and read back to the bit, learns on and writes; and no file makes its reader hold
//! more than it justifies.
#![no_main]

#[path = "shared/memory.rs"]
mod memory;
#[path = "shared/mutation.rs"]
mod mutation;

use elman::internals::error::FormatError;
use elman::internals::safetensors::{SafeTensors, self as ours};
use elman::inference::{Sampling, Scorer, Writer};
use elman::{Model, Training};
use elman::internals::checkpoint;
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use memory::within;
use safetensors as theirs;
use std::collections::HashMap;

/// The text that the models among the seeds learned.
const TEXT: &str = include_str!("../../../fixtures/fuzz/text/ferry.txt");

fuzz_target!(|bytes: &[u8]| {
    // The shortest string of the metadata, `"":"",`, becomes two of Rust's, in a vector that grows by doubling.
    let justified = 32 * bytes.len() + 4096;
    match within(justified, || ours::read(bytes)) {
        Ok(file) => compare(bytes, &file),
        Err(error) => {
            assert!(
                theirs::SafeTensors::deserialize(bytes).is_err() || stricter(&error),
                "{error}"
            );
            assert!(error.to_string().len() < 400);
        }
    }
    match within(justified, || checkpoint::from_bytes(bytes)) {
        Ok(model) => use_model(model),
        Err(error) => assert!(error.to_string().len() < 400),
    }
});

/// Theirs takes, for example, the last of two equal names.
fn stricter(error: &FormatError) -> bool {
    let message = error.to_string();
    message.ends_with(" twice") || message.contains("the header is wrong at byte ")
}

fn compare(bytes: &[u8], file: &SafeTensors) {
    let (_, header) = theirs::SafeTensors::read_metadata(bytes).expect("a header");
    let metadata: Option<HashMap<_, _>> = file
        .metadata
        .clone()
        .map(|pairs| pairs.into_iter().collect());
    assert_eq!(*header.metadata(), metadata);
    let read = theirs::SafeTensors::deserialize(bytes).expect("a file");
    assert_eq!(read.len(), file.tensors.len());
    for tensor in &file.tensors {
        let same = read.tensor(&tensor.name).expect("its name");
        assert_eq!(format!("{:?}", same.dtype()), tensor.type_name);
        assert_eq!(same.shape(), tensor.shape);
        assert_eq!(same.data(), tensor.stored_bytes());
    }
}

fn use_model(model: Model) {
    let bytes = checkpoint::to_bytes(&model).expect("a model is written");
    let back = checkpoint::from_bytes(&bytes).expect("and read back");
    assert_eq!(back, model);
    assert_eq!(checkpoint::to_bytes(&back).expect("again"), bytes);

    for temperature in [0.0, 1.0] {
        let writer = Writer::new(&model).expect("memory for a small model");
        let sampling = Sampling::at_temperature(temperature);
        let mut writer = writer.sampling(sampling).expect("a temperature");
        writer.write(5);
        let mut scorer = Scorer::new(&model).expect("memory for a small model");
        scorer.set_session(&writer.session()).expect("of the same model");
        scorer.line(TEXT);
    }
    if let Ok(mut training) = Training::resume(TEXT, model, back) {
        // Numbers that leave the range of doubles end it.
        let _ = (0..3).try_for_each(|_| training.observe().and_then(|_| training.update()).map(drop));
    }
}

fuzz_mutator!(|file: &mut [u8], size: usize, most: usize, seed: u32| {
    mutation::mutate(file, size, most, seed)
});
