//! The settings of a run, as a table: those of the text, every setting, every number of the plan.

use crate::cli::commands::report::command::{is_story, settings_of};
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::signs;
use crate::cli::commands::report::writer::Writer;
use elman::internals::plan::PLAN;
use elman::internals::settings::Value;
use elman::text::Symbols;

type Rows = Vec<(&'static str, String)>;

pub fn section(w: &Writer) -> Vec<Block> {
    let (settings, plan) = (w.facts.model.settings(), &w.facts.plan);
    let of_settings =
        settings_of(&w.facts.model).filter_map(|row| Some((row.key, row.get(settings)?)));
    let of_plan = PLAN.iter().filter_map(|row| Some((row.key, Value::Count((row.get)(plan)?))));
    let mut rows = of_text(w);
    rows.extend(of_settings.chain(of_plan).map(|(key, value)| in_words(w, key, value)));
    vec![
        w.heading("Settings", "Inställningar"),
        Block::Settings(rows),
        w.paragraph(
            "The vocabulary in index order, with symbols for white space and control characters:",
            "Vokabulären i indexordning, med symboler för blanktecken och styrtecken:",
        ),
        Block::Verbatim(signs(w.facts.model.vocabulary())),
    ]
}

fn of_text(w: &Writer) -> Rows {
    let (facts, shape) = (w.facts, w.facts.model.shape());
    let (length, digest) = w.text();
    let mut text =
        w.pair(format!("{length}, digest {digest}"), format!("{length}, kontrollsumma {digest}"));
    if facts.model.source().as_ref().is_some_and(is_story) {
        let story = w.pair("the built-in story", "den inbyggda berättelsen");
        text = format!("{story}: {text}");
    }
    let different = match facts.model.settings().symbols {
        Symbols::Characters => w.pair("Distinct characters", "Olika tecken"),
        Symbols::Bytes => w.pair("Distinct bytes", "Olika byte"),
    };
    vec![
        ("Text", text),
        (different, format!("K = {}", w.count(shape.K()))),
        w.row("Parameters", "Parametrar", w.count(shape.entries())),
        w.row("Completed epochs", "Avslutade epoker", w.count(facts.model.state().epoch)),
    ]
}

/// Keys of settings and of the plan, with their names in English and in Swedish.
const NAMES: &[(&str, &str, &str)] = &[
    ("hidden", "Hidden units", "Dolda enheter"),
    ("sequence_length", "Sequence length", "Sekvenslängd"),
    ("batch_size", "Batch size", "Batchstorlek"),
    ("bytes", "Text read as", "Texten läses som"),
    ("documents", "Documents", "Dokument"),
    ("optimizer", "Optimizer", "Optimeringsmetod"),
    ("learning_rate", "Learning rate", "Inlärningshastighet"),
    ("schedule", "Learning-rate schedule", "Schema för inlärningshastighet"),
    ("half_life", "Half-life", "Halveringstid"),
    ("beta1", "β₁", "β₁"),
    ("beta2", "β₂", "β₂"),
    ("epsilon", "ε", "ε"),
    ("clip", "Gradient clipping", "Gradientklippning"),
    ("loss", "Loss", "Förlust"),
    ("initialization", "Initialization", "Initialisering"),
    ("sigma", "σ", "σ"),
    ("validation", "Validation set", "Valideringsmängd"),
    ("order", "Reading order", "Läsordning"),
    ("chunk", "Chunk length", "Styckenas längd"),
    ("seed", "Seed", "Slumptalsfrö"),
    ("iterations", "Updates", "Uppdateringar"),
    ("report_every", "Samples", "Textprov"),
    ("report_length", "Sample length", "Textprovens längd"),
    ("passage_length", "Final sample", "Avslutande textprov"),
    ("log_every", "Logged losses", "Loggade förluster"),
    ("validate_every", "Validation", "Validering"),
    ("save_every", "Checkpoints", "Kontrollpunkter"),
];

/// A setting or a number of the plan by its name and in words. One that has none is shown by its key and its plain value.
fn in_words(w: &Writer, key: &'static str, value: Value) -> (&'static str, String) {
    let plain = match value {
        Value::Count(count) => w.count(count),
        Value::Number(number) if number.is_finite() => w.value(number),
        value => value.to_string(),
    };
    let symbols = w.symbols();
    let say = |english: &str, swedish: &str| w.pair(english, swedish).to_string();
    let words = match (key, value) {
        ("hidden", _) => format!("m = {plain}"),
        ("sequence_length", _) => format!("T = {plain}"),
        ("batch_size", _) => format!("B = {plain}"),
        ("learning_rate", _) => format!("η = {plain}"),
        ("schedule", Value::Word("constant")) => say("constant", "konstant"),
        ("schedule", Value::Word("linear")) => say(
            "linear decay to 0 at the end of the run",
            "avtar linjärt till 0 vid körningens slut",
        ),
        ("schedule", Value::Word("exponential")) => {
            say("exponential decay with a half-life", "avtar exponentiellt med en halveringstid")
        }
        ("half_life", _) => w.pair(format!("{plain} updates"), format!("{plain} uppdateringar")),
        ("bytes", _) => symbols.into(),
        ("documents", Value::Switch(true)) => {
            say("one per line, each from h = 0", "ett per rad, vart och ett från h = 0")
        }
        ("documents", _) => say("no, one continuous text", "nej, en sammanhängande text"),
        ("optimizer", Value::Word("adagrad")) => "AdaGrad".into(),
        ("optimizer", Value::Word("adam")) => "Adam".into(),
        ("optimizer", Value::Word("rmsprop")) => "RMSProp".into(),
        ("clip", Value::Number(f64::INFINITY)) => say("none", "ingen"),
        ("clip", _) => w.pair(
            format!("every element to [−{plain}, {plain}]"),
            format!("varje element till [−{plain}; {plain}]"),
        ),
        ("loss", Value::Word("sum")) => say(
            "cross-entropy in nats, summed over the sequence",
            "korsentropi i nat, summerad över sekvensen",
        ),
        ("loss", Value::Word("mean")) => say(
            "cross-entropy in nats, mean over the sequence",
            "korsentropi i nat, medelvärde över sekvensen",
        ),
        ("initialization", Value::Word("sigma")) => "U, W, V ~ N(0, σ²)".into(),
        ("initialization", Value::Word("fan-in")) => {
            "U ~ N(0, 1/(2K)), W ~ N(0, 1/(2m)), V ~ N(0, 1/m)".into()
        }
        ("validation", Value::Number(0.0)) => say("none", "ingen"),
        ("validation", _) => {
            let share = w.held_out();
            w.pair(format!("the last {share} of the text"), format!("de sista {share} av texten"))
        }
        ("order", Value::Word("text")) => say("text order", "textens ordning"),
        ("order", Value::Word("chunks")) => {
            say("chunks, shuffled every epoch", "stycken, som blandas om inför varje epok")
        }
        ("order", Value::Word("positions")) => say("random positions", "slumpmässiga positioner"),
        ("chunk" | "report_length" | "passage_length", _) => format!("{plain} {symbols}"),
        ("seed", seed) => seed.to_string(),
        ("iterations", _) if w.facts.is_finished() => plain,
        ("iterations", _) => {
            let updates = w.count(w.facts.model.state().updates);
            w.pair(format!("{updates} of {plain}"), format!("{updates} av {plain}"))
        }
        ("report_every" | "log_every" | "validate_every" | "save_every", Value::Count(count)) => {
            w.every(count)
        }
        _ => plain,
    };
    let name = NAMES.iter().find(|(of, ..)| *of == key);
    (name.map_or(key, |&(_, english, swedish)| w.pair(english, swedish)), words)
}
