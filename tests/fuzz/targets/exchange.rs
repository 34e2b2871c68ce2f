//! Weights of other programs, in safetensors or zip files: whatever is accepted is a model, which goes through
//! every format to the bit; and no file makes its reader hold more than it justifies.
#![no_main]
#![allow(non_snake_case)]

#[path = "shared/memory.rs"]
mod memory;
#[path = "shared/mutation.rs"]
mod mutation;

use elman::files::{FileError, Format};
use elman::internals::exchange;
use elman::Model;
use elman::internals::{arrays, checkpoint, npy, zip};
use libfuzzer_sys::{fuzz_mutator, fuzz_target};
use memory::within;

fuzz_target!(|bytes: &[u8]| {
    // As the target for model files; half precision becomes doubles, with sums beside them.
    let justified = 32 * bytes.len() + 8192;
    if let Ok(entries) = within(justified, || zip::read(bytes)) {
        let contents: usize = entries.iter().map(|entry| entry.bytes.len()).sum();
        assert!(contents <= bytes.len(), "no byte belongs to two entries");
        rewrite(&entries);
    }
    // The same files as somebody's arrays, and JSON.
    if let Err(error) = within(justified, || arrays::read(bytes)) {
        assert!(error.to_string().len() < 1000);
    }
    match within(justified, || exchange::import(bytes, None)) {
        Ok(model) => use_model(&model),
        Err(FileError::NoVocabulary { K }) => {
            let characters: Option<String> = (0x1_0000..).take(K).map(char::from_u32).collect();
            if let Some(Ok(model)) = characters.map(|all| exchange::import(bytes, Some(&all))) {
                use_model(&model);
            }
        }
        Err(error) => assert!(error.to_string().len() < 1000),
    }
});

fuzz_mutator!(|file: &mut [u8], size: usize, most: usize, seed: u32| {
    mutation::mutate(file, size, most, seed)
});

/// What is read is written and read again; and every entry may be an array.
fn rewrite(entries: &[zip::Entry]) {
    let mut writer = zip::Writer::new(Vec::new());
    for entry in entries {
        writer
            .add(&entry.name, entry.bytes)
            .expect("a name that was read");
    }
    let file = writer.finish().expect("a vector takes any bytes");
    assert_eq!(zip::read(&file).as_deref(), Ok(entries));
    for entry in entries {
        match npy::read(&entry.name, entry.bytes) {
            Ok(array) => {
                let header = npy::header("<f8", &array.shape);
                let zeros = array
                    .shape
                    .iter()
                    .try_fold(8usize, |bytes, &n| bytes.checked_mul(n));
                if let Some(zeros) = zeros.filter(|&zeros| zeros < 1 << 20) {
                    let again = [header, vec![0; zeros]].concat();
                    let again = npy::read(&entry.name, &again).map(|again| again.shape);
                    assert_eq!(again, Ok(array.shape));
                }
            }
            Err(error) => assert!(error.to_string().len() < 1000),
        }
    }
}

fn use_model(model: &Model) {
    let bytes = checkpoint::to_bytes(model).expect("a model is written");
    assert_eq!(
        checkpoint::from_bytes(&bytes).expect("and read back"),
        *model
    );
    for format in [Format::Torch, Format::Npz] {
        let mut written = Vec::new();
        exchange::write_weights(&mut written, model, format).expect("a vector takes any bytes");
        let back = exchange::import(&written, None).expect("its own vocabulary");
        assert_eq!(checkpoint::to_bytes(&back).expect("a model"), bytes);
    }
}
