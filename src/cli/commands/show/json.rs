//! A model as JSON. Doubles are written with the shortest decimals that read back to the same bits.

use super::rows::kind;
use super::tensors::{Tensor, saturated, tensors};
use crate::cli::run::inputs::ModelFile;
use elman::internals::json::{Json, object};
use elman::model::PLAN;
use elman::settings::{TABLE, Value};
use elman::text::{Symbols, Vocabulary};

/// One object, a line for each of its members.
pub fn of(file: &ModelFile) -> String {
    let vocabulary = &file.model.vocabulary;
    let (state, shape) = (&file.model.state, file.model.state.rnn.shape());
    let json = object([
        ("file", file.path.to_string_lossy().into_owned().into()),
        ("bytes", file.bytes.into()),
        ("kind", kind(file).0.into()),
        ("digest", hexadecimal(state.rnn.parameters.digest())),
        ("symbols", vocabulary.symbols().name().into()),
        ("vocabulary", symbols(vocabulary, vocabulary.characters())),
        ("K", shape.K().into()),
        ("m", shape.m().into()),
        ("parameters", shape.entries().into()),
        ("settings", settings(file)),
        ("text", text(file)),
        ("state", of_state(file)),
        ("plan", plan(file)),
        ("tensors", object(tensors(file).into_iter().map(tensor))),
        ("saturated", saturated(file).into()),
    ]);
    format!("{json:#}\n")
}

fn hexadecimal(digest: u64) -> Json {
    format!("{digest:016x}").into()
}

/// A string, or a list of bytes, which no string could hold.
fn symbols(vocabulary: &Vocabulary, symbols: &[char]) -> Json {
    match vocabulary.symbols() {
        Symbols::Characters => symbols.iter().collect::<String>().into(),
        Symbols::Bytes => {
            let bytes: Vec<u32> = symbols.iter().map(|&c| c.into()).collect();
            bytes.into()
        }
    }
}

fn settings(file: &ModelFile) -> Json {
    let settings = &file.model.settings;
    object(TABLE.iter().map(|row| (row.key, value(row.get(settings)))))
}

fn value(value: Option<Value>) -> Json {
    match value {
        None => Json::Null,
        Some(Value::Word(word)) => word.into(),
        Some(Value::Switch(is_on)) => is_on.into(),
        Some(Value::Count(count)) => count.into(),
        // No clipping is an infinite bound, which is null.
        Some(Value::Number(number)) => number.into(),
    }
}

fn text(file: &ModelFile) -> Json {
    let vocabulary = &file.model.vocabulary;
    let Some(source) = file.model.source else {
        return Json::Null;
    };
    let start = &vocabulary.characters()[source.start..=source.start];
    object([
        ("length", source.length.into()),
        ("digest", hexadecimal(source.digest)),
        ("start", symbols(vocabulary, start)),
    ])
}

fn of_state(file: &ModelFile) -> Json {
    let state = &file.model.state;
    object([
        ("updates", state.updates.into()),
        ("epoch", state.epoch.into()),
        ("position", state.position.into()),
        ("smooth_loss", state.smooth_loss.into()),
        ("best_smooth_loss", state.best_smooth_loss.into()),
        ("best_validation", state.best_validation.into()),
    ])
}

fn plan(file: &ModelFile) -> Json {
    let Some(plan) = &file.plan else {
        return Json::Null;
    };
    let members = PLAN.iter().map(|row| (row.key, (row.get)(plan).into()));
    object(members)
}

fn tensor(tensor: Tensor) -> (String, Json) {
    let members = object([
        ("shape", tensor.shape.into()),
        ("smallest", tensor.smallest.into()),
        ("largest", tensor.largest.into()),
        ("rms", tensor.rms.into()),
    ]);
    (tensor.name, members)
}
