//! The settings of a run, as a table: those of the text, every setting, every number of the plan.

use crate::cli::commands::report::command::is_story;
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::signs;
use crate::cli::commands::report::writer::Writer;
use elman::internals::plan::PLAN;
use elman::internals::settings::{Value, of_options};
use elman::text::Symbols;

type Rows = Vec<(&'static str, String)>;

pub fn section(w: &Writer) -> Vec<Block> {
    let (settings, plan, symbols) = (w.facts.model.settings(), &w.facts.plan, w.symbols());
    let of_settings = of_options().filter_map(|row| Some((row.key, row.get(settings)?)));
    let of_plan = PLAN.iter().filter_map(|row| Some((row.key, Value::Count((row.get)(plan)?))));
    let mut rows = of_text(w);
    rows.extend(of_settings.chain(of_plan).map(|(key, value)| in_words(w, key, value)));
    vec![
        w.heading("Setting", "Hyperparametrar"),
        Block::Settings(rows),
        w.paragraph(
            format!(
                "The {symbols}, in the order of their indices; white space and controls as signs:"
            ),
            format!(
                "Alla {symbols} i indexordning; blanktecken och styrtecken visas med symboler:"
            ),
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
        let story = w.pair("the story that is built in", "den inbyggda berättelsen");
        text = format!("{story}: {text}");
    }
    let different = match facts.model.settings().symbols {
        Symbols::Characters => w.pair("Different characters", "Olika tecken"),
        Symbols::Bytes => w.pair("Different bytes", "Olika byte"),
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
    ("bytes", "Read as", "Läses som"),
    ("documents", "Documents", "Dokument"),
    ("optimizer", "Optimizer", "Optimeringsmetod"),
    ("learning_rate", "Learning rate", "Inlärningshastighet"),
    ("schedule", "Learning rate over the run", "Inlärningshastighetens förlopp"),
    ("half_life", "Half-life", "Halveringstid"),
    ("beta1", "β₁", "β₁"),
    ("beta2", "β₂", "β₂"),
    ("epsilon", "ε", "ε"),
    ("clip", "Clipping", "Gradientklippning"),
    ("loss", "Loss", "Förlust"),
    ("initialization", "Initialization", "Initialisering"),
    ("sigma", "σ", "σ"),
    ("validation", "Held out for validation", "Avsatt för validering"),
    ("order", "Order", "Ordning"),
    ("chunk", "Chunk length", "Styckenas längd"),
    ("seed", "Seed", "Slumptalsfrö"),
    ("iterations", "Updates", "Uppdateringar"),
    ("report_every", "Samples", "Textprov"),
    ("report_length", "Length of a sample", "Textprovens längd"),
    ("passage_length", "Final passage", "Avslutande text"),
    ("log_every", "Logged losses", "Loggade förluster"),
    ("validate_every", "Validation", "Validering"),
    ("save_every", "Saved", "Sparas"),
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
        ("schedule", Value::Word("linear")) => {
            say("falls in a straight line, to 0 at the end", "avtar linjärt, till 0 vid slutet")
        }
        ("schedule", Value::Word("exponential")) => {
            say("halved in every half-life", "halveras en gång per halveringstid")
        }
        ("half_life", _) => w.pair(format!("{plain} updates"), format!("{plain} uppdateringar")),
        ("bytes", _) => symbols.into(),
        ("documents", Value::Switch(true)) => {
            say("every line is one, read from h = 0", "varje rad är ett, läst från h = 0")
        }
        ("documents", _) => say("none", "inga"),
        ("optimizer", Value::Word("adagrad")) => "AdaGrad".into(),
        ("optimizer", Value::Word("adam")) => "Adam".into(),
        ("optimizer", Value::Word("rmsprop")) => "RMSProp".into(),
        ("clip", Value::Number(f64::INFINITY)) => say("none", "ingen"),
        ("clip", _) => format!("[−{plain}; {plain}]"),
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
        ("validation", Value::Number(0.0)) => say("nothing", "ingenting"),
        ("validation", _) => {
            let share = w.held_out();
            w.pair(format!("the last {share} of the text"), format!("de sista {share} av texten"))
        }
        ("order", Value::Word("text")) => say("that of the text", "textens egen"),
        ("order", Value::Word("chunks")) => {
            say("chunks, shuffled for every epoch", "stycken, som blandas om inför varje epok")
        }
        ("order", Value::Word("positions")) => say("random positions", "slumpmässiga positioner"),
        ("chunk" | "report_length" | "passage_length", _) => format!("{plain} {symbols}"),
        ("seed", seed) => seed.to_string(),
        ("iterations", _) if w.facts.is_finished() => plain,
        ("iterations", _) => {
            let updates = w.count(w.facts.model.state().updates);
            w.pair(format!("{updates} of {plain}"), format!("{updates} av {plain}"))
        }
        ("report_every" | "log_every" | "validate_every" | "save_every", _) => {
            w.pair(format!("every {plain} updates"), format!("en gång per {plain} uppdateringar"))
        }
        _ => plain,
    };
    let name = NAMES.iter().find(|(of, ..)| *of == key);
    (name.map_or(key, |&(_, english, swedish)| w.pair(english, swedish)), words)
}
