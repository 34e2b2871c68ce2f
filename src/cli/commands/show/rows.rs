//! A model in words: rows of a name and a value.

use super::vocabulary;
use crate::cli::command_line::options::unit;
use crate::cli::format::{COLUMNS, thousands, wrapped};
use crate::cli::run::inputs::ModelFile;
use crate::cli::terminal::output::one_line;
use elman::internals::plan::{PLAN, PlanRow};
use elman::internals::settings::{Setting, Stored, TABLE, Value};
use elman::{Order, Validation};
use std::f64::consts::LN_2;

/// Columns of the names of rows.
pub const NAMES: usize = 17;
type Rows = Vec<(&'static str, String)>;

/// The kind of a file, in JSON and in words.
pub fn kind(file: &ModelFile) -> (&'static str, &'static str) {
    match (&file.plan, &file.model.source()) {
        (Some(_), _) => ("last", "the last state of a run, which --resume continues"),
        (None, Some(_)) => ("best", "the best model of a run"),
        (None, None) => ("imported", "imported weights, not trained here"),
    }
}

/// The rows, in groups with empty lines between them.
pub fn of(file: &ModelFile) -> String {
    let groups =
        [of_file(file), of_network(file), of_settings(file), of_state(file), of_plan(file)];
    let mut words = String::new();
    for rows in groups.iter().filter(|rows| !rows.is_empty()) {
        for (name, value) in rows {
            let begin = format!("{:<NAMES$}", name.replace('_', " "));
            words += &if value.contains('\n') {
                format!("{begin}{}\n", value.replace('\n', &format!("\n{:NAMES$}", "")))
            } else {
                wrapped(&begin, value, NAMES)
            };
        }
        words.push('\n');
    }
    words
}

fn of_file(file: &ModelFile) -> Rows {
    // A path stays in one piece.
    let path = one_line(&file.path.to_string_lossy()).replace(' ', "\u{a0}");
    vec![
        ("file", path),
        ("size", format!("{} bytes", thousands(file.bytes))),
        ("kind", kind(file).1.to_string()),
    ]
}

fn of_network(file: &ModelFile) -> Rows {
    let vocabulary = file.model.vocabulary();
    let shape = file.model.shape();
    vec![
        ("symbols", vocabulary.symbols().name().to_string()),
        ("characters", format!("K = {}", shape.K())),
        ("vocabulary", vocabulary::quoted(vocabulary, COLUMNS - NAMES)),
        ("hidden units", format!("m = {}", shape.m())),
        ("parameters", thousands(shape.entries() as u64)),
    ]
}

fn of_settings(file: &ModelFile) -> Rows {
    let settings = file.model.settings();
    let rows = TABLE.iter().filter(|row| row.stored != Stored::Never);
    // A seed is copied into a command line, so it has no separators.
    let value = |row: &Setting| match (row.key, row.get(settings)?) {
        ("seed", seed) => Some(seed.to_string()),
        (_, value) => Some(shown(value)),
    };
    rows.filter_map(|row| Some((row.key, value(row)?))).collect()
}

fn shown(value: Value) -> String {
    match value {
        Value::Count(count) => thousands(count),
        Value::Switch(is_on) => (if is_on { "yes" } else { "no" }).to_string(),
        value => value.to_string(),
    }
}

fn of_state(file: &ModelFile) -> Rows {
    let (model, state) = (&file.model, file.model.state());
    let symbols = model.vocabulary().symbols().name();
    let (characters, unit) = (model.settings().loss_characters(), unit(model.settings()));
    // `train` prints this update with its loss; the state is the one before it.
    let next = thousands(state.updates);
    let of_best = format!("of the best model before update {next}");
    let loss = |loss: Option<f64>, when: &str| match loss {
        Some(loss) => {
            let bits = loss / (LN_2 * characters as f64);
            format!("{loss:?} {unit}, {when} ({bits:.3} bits per character)")
        }
        None => "none yet".to_string(),
    };
    let text = match model.source() {
        None => "none: the weights were imported".to_string(),
        Some(source) => {
            format!("{} {symbols}, digest {:016x}", thousands(source.length), source.digest)
        }
    };
    let read = thousands(state.position);
    let position = match model.settings().order {
        Order::Text => format!("character {read} of each sequence"),
        _ => format!("each sequence has read {read} characters of the epoch"),
    };
    let mut rows = vec![
        ("text", text),
        ("updates", thousands(state.updates)),
        ("epoch", thousands(state.epoch)),
        ("position", position),
        ("smooth loss", loss(state.smooth_loss, &format!("without the loss of update {next}"))),
        ("best smooth loss", loss(state.best_smooth_loss, &of_best)),
    ];
    if model.record().optimizer_updates > 0 {
        let updates = thousands(model.record().optimizer_updates);
        rows.push((
            "optimizer",
            format!("{updates} earlier updates, of the model that the run began from"),
        ));
    }
    if let Some(nats) = state.best_validation {
        let Validation { loss, bits, .. } = Validation::of(nats, model.settings());
        rows.push((
            "best validation",
            format!("{loss:?} {unit}, {of_best} ({bits:.3} bits per character)"),
        ));
    }
    rows
}

fn of_plan(file: &ModelFile) -> Rows {
    let rows = file.plan.iter().flat_map(|plan| {
        let value = |row: &PlanRow| Some((row.key, thousands((row.get)(plan)?)));
        PLAN.iter().filter_map(value)
    });
    rows.collect()
}
