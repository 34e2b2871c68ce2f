//! A model as JSON. Doubles are written with the shortest decimals that read back to the same bits.

use super::rows::kind;
use super::tensors::{Tensor, saturated, tensors};
use crate::cli::run::inputs::ModelFile;
use elman::Plan;
use elman::internals::json::{Json, object};
use elman::internals::plan::PLAN;
use elman::internals::settings::{TABLE, Value};
use elman::text::{Symbols, Vocabulary};

/// One object, a line for each of its members.
pub fn of(file: &ModelFile) -> String {
    let vocabulary = file.model.vocabulary();
    let (state, shape) = (file.model.state(), file.model.shape());
    let settings = file.model.settings();
    let settings = object(TABLE.iter().map(|row| (row.key, row.get(settings).map(value).into())));
    let plan = |plan: &Plan| object(PLAN.iter().map(|row| (row.key, (row.get)(plan).into())));
    let plan = file.plan.as_ref().map(plan);
    let of_state = object([
        ("updates", state.updates.into()),
        ("epoch", state.epoch.into()),
        ("position", state.position.into()),
        ("smooth_loss", state.smooth_loss.into()),
        ("best_smooth_loss", state.best_smooth_loss.into()),
        ("best_validation", state.best_validation.into()),
        ("optimizer_updates", file.model.record().optimizer_updates.into()),
    ]);
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
        ("settings", settings),
        ("text", text(file).into()),
        ("state", of_state),
        ("plan", plan.into()),
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

fn value(value: Value) -> Json {
    match value {
        Value::Word(word) => word.into(),
        Value::Switch(is_on) => is_on.into(),
        Value::Count(count) => count.into(),
        // No clipping is an infinite bound, which is null.
        Value::Number(number) => number.into(),
    }
}

fn text(file: &ModelFile) -> Option<Json> {
    let vocabulary = file.model.vocabulary();
    let source = file.model.source()?;
    let start = &vocabulary.characters()[source.start..=source.start];
    Some(object([
        ("length", source.length.into()),
        ("digest", hexadecimal(source.digest)),
        ("start", symbols(vocabulary, start)),
    ]))
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
