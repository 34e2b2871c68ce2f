//! `elman show`: everything about a model, for people and for programs.

mod json;

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::help::wrapped;
use crate::cli::command_line::options::unit;
use crate::cli::format::{columns_of, thousands};
use crate::cli::run::inputs::{ModelFile, read_model_file};
use crate::cli::terminal::output::{one_line, print};
use elman::internals::checkpoint;
use elman::model::{PLAN, Planned};
use elman::settings::{Stored, TABLE, Value};
use elman::text::{Symbols, Vocabulary};
use elman::{Order, Validation};
use std::f64::consts::LN_2;

/// The help's words.
pub const DETAILS: &str = "\
MODEL is a model file or the folder of a run (its best model). Shows the file and
what kind it is, the network and its vocabulary, the settings, where its training
stands, what its run was asked for (in the last state of a run), and of every
tensor the smallest and the largest entry and the root mean square.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman show elman-run",
    "elman show elman-run/model.safetensors --json",
];

/// What programs read.
pub const MORE: &str = "\
With --json it is one object. Its numbers read back to the same bits; what there
is not is null:
  file, bytes       the file that was read, and its length
  kind              \"last\" state of a run, \"best\" model, or \"imported\"
  digest            of U, W, V, b, c, as 16 hexadecimal digits
  symbols           \"characters\" or \"bytes\"
  vocabulary        a string, or a list of bytes, in the order of the indices
  K, m, parameters  sizes: symbols, hidden units, entries of U, W, V, b, c
  settings          hidden, sequence_length, batch_size, bytes, documents,
                    optimizer, learning_rate, beta1, beta2, epsilon, clip (null:
                    none), loss, initialization, sigma, validation, order, chunk,
                    seed; null what belongs to a choice that was not made
  text              length, digest, start (the first symbol); null if imported
  state             updates, epoch, position, smooth_loss, best_smooth_loss,
                    best_validation (nats per character)
  plan              iterations, report_every, report_length, passage_length,
                    log_every, validate_every, save_every; null but in the
                    last state
  tensors           by name: shape, smallest, largest, rms
  saturated         the share of h beyond 0.99, either side";

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![
        Choice::switch("json", "print it for programs"),
        Choice::help(),
    ]
}

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let file = read_model_file(arguments.first())?;
    if arguments.has("json") {
        print(&json::of(&file))
    } else {
        print(&words(&file))
    }
}

/// Columns of the names of rows.
const NAMES: usize = 17;
/// Lines that a vocabulary may take, and their columns.
const VOCABULARY_LINES: usize = 3;
const VOCABULARY_COLUMNS: usize = 80 - NAMES;
/// Beyond it a hidden unit hardly moves any more.
const SATURATED: f64 = 0.99;

type Rows = Vec<(&'static str, String)>;

/// What kind of file it is, for programs and for people.
fn kind(file: &ModelFile) -> (&'static str, &'static str) {
    match (&file.plan, &file.model.source) {
        (Some(_), _) => ("last", "the last state of a run: --resume goes on from it"),
        (None, Some(_)) => ("best", "the best model of a run"),
        (None, None) => ("imported", "imported weights, not trained here"),
    }
}

fn words(file: &ModelFile) -> String {
    let groups = [
        of_file(file),
        of_network(file),
        of_settings(file),
        of_state(file),
        of_plan(file),
    ];
    let mut words = String::new();
    for rows in groups.iter().filter(|rows| !rows.is_empty()) {
        for (name, value) in rows {
            let begin = format!("{:<NAMES$}", name.replace('_', " "));
            words += &if value.contains('\n') {
                format!(
                    "{begin}{}\n",
                    value.replace('\n', &format!("\n{:NAMES$}", ""))
                )
            } else {
                wrapped(&begin, value, NAMES)
            };
        }
        words.push('\n');
    }
    words + &table(file)
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
    let vocabulary = &file.model.vocabulary;
    let shape = file.model.state.rnn.shape();
    vec![
        ("symbols", vocabulary.symbols().name().to_string()),
        ("characters", format!("K = {}", shape.K())),
        ("vocabulary", shown(vocabulary)),
        ("hidden units", format!("m = {}", shape.m())),
        ("parameters", thousands(shape.entries() as u64)),
    ]
}

/// A vocabulary in quotes, cut to a few lines.
fn shown(vocabulary: &Vocabulary) -> String {
    let symbols = vocabulary.characters();
    let escaped = |symbol: char| match (vocabulary.symbols(), u8::try_from(symbol)) {
        (_, Ok(b'\'')) => "'".to_string(),
        (Symbols::Bytes, Ok(byte)) => byte.escape_ascii().to_string(),
        _ => symbol.escape_debug().to_string(),
    };
    let (mut lines, mut column) = (vec!["\"".to_string()], 1);
    let mut written = 0;
    for piece in symbols.iter().map(|&symbol| escaped(symbol)) {
        let width = columns_of(&piece);
        // The last line keeps room for how many there are.
        let room = match lines.len() {
            VOCABULARY_LINES => VOCABULARY_COLUMNS - 25,
            _ => VOCABULARY_COLUMNS,
        };
        if column + width > room {
            if lines.len() == VOCABULARY_LINES {
                break;
            }
            lines.push(String::new());
            column = 0;
        }
        lines.last_mut().expect("a line").push_str(&piece);
        column += width;
        written += 1;
    }
    let left = symbols.len() - written;
    let end = match left {
        0 => "\"".to_string(),
        _ => format!("\" and {} more", thousands(left as u64)),
    };
    lines.join("\n") + &end
}

fn of_settings(file: &ModelFile) -> Rows {
    let settings = &file.model.settings;
    let rows = TABLE.iter().filter(|row| row.stored != Stored::Never);
    rows.filter_map(|row| Some((row.key, shown_value(row.get(settings)?))))
        .collect()
}

fn shown_value(value: Value) -> String {
    match value {
        Value::Count(count) => thousands(count),
        Value::Switch(is_on) => (if is_on { "yes" } else { "no" }).to_string(),
        value => value.to_string(),
    }
}

fn of_state(file: &ModelFile) -> Rows {
    let (model, state) = (&file.model, &file.model.state);
    let symbols = model.vocabulary.symbols().name();
    let (characters, unit) = (model.settings.loss_characters(), unit(&model.settings));
    // `train` prints smooth losses that include the coming chunk; a state ends before it.
    let loss = |loss: Option<f64>, when: &str| match loss {
        Some(loss) => {
            let bits = loss / (LN_2 * characters as f64);
            format!("{loss:?} {unit}, {when} ({bits:.3} bits a character)")
        }
        None => "none yet".to_string(),
    };
    let text = match model.source {
        None => "none: the weights were imported".to_string(),
        Some(source) => format!(
            "{} {symbols}, digest {:016x}",
            thousands(source.length as u64),
            source.digest
        ),
    };
    let read = thousands(state.position as u64);
    let position = match model.settings.order {
        Order::Text => format!("character {read} of each sequence"),
        _ => format!("{read} characters of the epoch read by each sequence"),
    };
    let mut rows = vec![
        ("text", text),
        ("updates", thousands(state.updates)),
        ("epoch", thousands(state.epoch)),
        ("position", position),
        (
            "smooth loss",
            loss(state.smooth_loss, "before the coming chunk"),
        ),
        (
            "best before",
            loss(state.best_smooth_loss, "its coming chunk included"),
        ),
    ];
    if let Some(nats) = state.best_validation {
        let Validation { loss, bits, .. } = Validation::of(nats, &model.settings);
        rows.push((
            "best validation",
            format!("{loss:?} {unit}, before this state ({bits:.3} bits a character)"),
        ));
    }
    rows
}

fn of_plan(file: &ModelFile) -> Rows {
    let rows = file.plan.iter().flat_map(|plan| {
        let value = |row: &Planned| Some((row.key, thousands((row.get)(plan)?)));
        PLAN.iter().filter_map(value)
    });
    rows.collect()
}

/// What is told of a tensor.
struct Tensor {
    name: String,
    shape: Vec<usize>,
    smallest: f64,
    largest: f64,
    rms: f64,
}

/// All of them, in the order of the file.
fn tensors(file: &ModelFile) -> Vec<Tensor> {
    let tensors = checkpoint::tensors(&file.model).into_iter();
    tensors
        .map(|array| {
            let values = array.numbers().unwrap_or_default();
            Tensor::of(array.name.clone(), array.shape.clone(), &values)
        })
        .collect()
}

impl Tensor {
    fn of(name: String, shape: Vec<usize>, values: &[f64]) -> Self {
        let smallest = values.iter().copied().fold(f64::INFINITY, f64::min);
        let largest = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        Tensor {
            name,
            shape,
            smallest,
            largest,
            rms: rms(values, smallest.abs().max(largest.abs())),
        }
    }
}

/// The root mean square of values of which none is beyond `most`: no square overflows.
fn rms(values: &[f64], most: f64) -> f64 {
    if most == 0.0 {
        return 0.0;
    }
    let squares = values.iter().map(|x| (x / most) * (x / most));
    most * (squares.sum::<f64>() / values.len() as f64).sqrt()
}

/// The share of the hidden state that is close to -1 or 1.
fn saturated(file: &ModelFile) -> f64 {
    let h = &file.model.state.h;
    let beyond = h.iter().filter(|h| h.abs() > SATURATED).count();
    beyond as f64 / h.len() as f64
}

/// Every tensor in a row, what they add up to, and last of all the digest.
fn table(file: &ModelFile) -> String {
    let mut table = format!(
        "{:<NAMES$}{:<18}{:>12}{:>12}{:>12}\n",
        "tensor", "shape", "smallest", "largest", "rms"
    );
    for tensor in tensors(file) {
        let shape: Vec<String> = tensor.shape.iter().map(usize::to_string).collect();
        table += &format!(
            "{:<NAMES$}{:<18}{:>12}{:>12}{:>12}\n",
            tensor.name,
            shape.join(" x "),
            short(tensor.smallest),
            short(tensor.largest),
            short(tensor.rms)
        );
    }
    let share = 100.0 * saturated(file);
    let digest = file.model.state.rnn.parameters.digest();
    table
        + &format!(
            "\n{:<NAMES$}{share:.1} % of h beyond {SATURATED}\n{:<NAMES$}{digest:016x}\n",
            "saturated", "digest"
        )
}

fn short(x: f64) -> String {
    match x.abs() {
        0.0 => "0".to_string(),
        1e-3..1e5 => format!("{x:.4}"),
        _ => format!("{x:.3e}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vocabulary(symbols: Symbols, characters: impl Iterator<Item = char>) -> Vocabulary {
        Vocabulary::from_characters(symbols, characters.collect()).unwrap()
    }

    #[test]
    fn a_vocabulary_takes_three_lines_at_most() {
        let few = vocabulary(Symbols::Characters, "\0\n\"'\\a".chars());
        assert_eq!(shown(&few), r#""\0\n\"'\\a""#);
        let bytes = vocabulary(Symbols::Bytes, "\n'a\u{e9}".chars());
        assert_eq!(shown(&bytes), r#""\n'a\xe9""#);
        for (symbols, last) in [
            (Symbols::Characters, '\u{ffff}'),
            (Symbols::Characters, '\u{200}'),
            (Symbols::Characters, '\u{ff}'),
            (Symbols::Bytes, '\u{ff}'),
        ] {
            let many = vocabulary(symbols, '\0'..=last);
            let shown = shown(&many);
            let lines: Vec<&str> = shown.lines().collect();
            assert_eq!(lines.len(), VOCABULARY_LINES, "{shown}");
            for line in &lines {
                let width = columns_of(line);
                assert!(width <= VOCABULARY_COLUMNS, "{width}: {line}");
            }
            assert!(shown.ends_with(" more"), "{shown}");
        }
        let chinese = vocabulary(Symbols::Characters, '\u{4e00}'..'\u{4e00}');
        assert_eq!(shown(&chinese), "\"\"");
    }

    #[test]
    fn numbers_of_any_size_have_their_root_mean_square() {
        let rms_of = |values: &[f64]| Tensor::of(String::new(), vec![], values).rms;
        assert_eq!(rms_of(&[0.0, 0.0]), 0.0);
        assert_eq!(rms_of(&[3.0, -3.0]), 3.0);
        assert!((rms_of(&[1.0, 7.0]) - 5.0).abs() < 1e-14);
        assert_eq!(rms_of(&[1e300, -1e300]), 1e300);
        assert_eq!(rms_of(&[5e-324, 5e-324]), 5e-324);
    }

    #[test]
    fn short_numbers_fit_their_column() {
        for x in [
            0.0, -0.0, 1.0, -99_999.99, 1e-3, -1e-4, 1e300, -1e-300, 5e-324,
        ] {
            assert!(short(x).len() < 12, "{}", short(x));
        }
        assert_eq!(short(-1.5), "-1.5000");
        assert_eq!(short(1.25e-9), "1.250e-9");
    }
}
