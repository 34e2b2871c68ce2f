//! A model as JSON. Doubles are written with the shortest decimals that read back to the same bits.

use super::rows::kind;
use super::tensors::{Tensor, saturated, tensors};
use crate::cli::run::inputs::ModelFile;
use elman::internals::json::quote;
use elman::model::{PLAN, Planned};
use elman::settings::{TABLE, Value};
use elman::text::{Symbols, Vocabulary};

/// One object, a line for each of its members.
pub fn of(file: &ModelFile) -> String {
    let vocabulary = &file.model.vocabulary;
    let (state, shape) = (&file.model.state, file.model.state.rnn.shape());
    let hex = |digest: u64| quote(&format!("{digest:016x}"));
    let members = [
        ("file", quote(&file.path.to_string_lossy())),
        ("bytes", file.bytes.to_string()),
        ("kind", quote(kind(file).0)),
        ("digest", hex(state.rnn.parameters.digest())),
        ("symbols", quote(vocabulary.symbols().name())),
        ("vocabulary", symbols(vocabulary, vocabulary.characters())),
        ("K", shape.K().to_string()),
        ("m", shape.m().to_string()),
        ("parameters", shape.entries().to_string()),
        ("settings", settings(file)),
        ("text", text(file)),
        ("state", of_state(file)),
        ("plan", plan(file)),
        ("tensors", all(&tensors(file))),
        ("saturated", format!("{:?}", saturated(file))),
    ];
    let members = members.map(|(key, value)| format!("{}: {value}", quote(key)));
    format!("{{\n{}\n}}\n", members.join(",\n"))
}

fn object(members: &[(&str, String)]) -> String {
    let member = |(key, value): &(&str, String)| format!("{}: {value}", quote(key));
    let members: Vec<String> = members.iter().map(member).collect();
    format!("{{{}}}", members.join(", "))
}

/// A string, or a list of bytes, which no string could hold.
fn symbols(vocabulary: &Vocabulary, symbols: &[char]) -> String {
    match vocabulary.symbols() {
        Symbols::Characters => quote(&symbols.iter().collect::<String>()),
        Symbols::Bytes => {
            let bytes = symbols.iter().map(|&c| u32::from(c).to_string());
            format!("[{}]", bytes.collect::<Vec<_>>().join(", "))
        }
    }
}

fn settings(file: &ModelFile) -> String {
    let settings = &file.model.settings;
    let members = TABLE.iter().map(|row| (row.key, value(row.get(settings))));
    object(&members.collect::<Vec<_>>())
}

fn value(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Number(f64::INFINITY)) => "null".to_string(),
        Some(Value::Word(word)) => quote(word),
        Some(value) => value.to_string(),
    }
}

fn text(file: &ModelFile) -> String {
    let vocabulary = &file.model.vocabulary;
    let Some(source) = file.model.source else {
        return "null".to_string();
    };
    let start = &vocabulary.characters()[source.start..=source.start];
    object(&[
        ("length", source.length.to_string()),
        ("digest", quote(&format!("{:016x}", source.digest))),
        ("start", symbols(vocabulary, start)),
    ])
}

fn of_state(file: &ModelFile) -> String {
    let state = &file.model.state;
    let loss = |loss: Option<f64>| loss.map_or("null".to_string(), |loss| format!("{loss:?}"));
    object(&[
        ("updates", state.updates.to_string()),
        ("epoch", state.epoch.to_string()),
        ("position", state.position.to_string()),
        ("smooth_loss", loss(state.smooth_loss)),
        ("best_smooth_loss", loss(state.best_smooth_loss)),
        ("best_validation", loss(state.best_validation)),
    ])
}

fn plan(file: &ModelFile) -> String {
    let Some(plan) = &file.plan else {
        return "null".to_string();
    };
    let count = |row: &Planned| value((row.get)(plan).map(Value::Count));
    let members = PLAN.iter().map(|row| (row.key, count(row)));
    object(&members.collect::<Vec<_>>())
}

fn all(tensors: &[Tensor]) -> String {
    let members: Vec<(&str, String)> = (tensors.iter())
        .map(|tensor| {
            let members = object(&[
                ("shape", format!("{:?}", tensor.shape)),
                ("smallest", format!("{:?}", tensor.smallest)),
                ("largest", format!("{:?}", tensor.largest)),
                ("rms", format!("{:?}", tensor.rms)),
            ]);
            (tensor.name.as_str(), members)
        })
        .collect();
    object(&members)
}
