//! The settings of a run, as a table.

use crate::cli::commands::report::command::is_story;
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::signs;
use crate::cli::commands::report::writer::Writer;
use elman::text::Symbols;
use elman::{Initialization, Loss, Optimizer, Order};

/// Names and values.
type Rows = Vec<(&'static str, String)>;

/// The section.
pub fn section(w: &Writer) -> Vec<Block> {
    let rows = [of_text(w), of_reading(w), of_learning(w), of_run(w)];
    let symbols = w.symbols();
    vec![
        Block::Heading(w.pair("Setting", "Hyperparametrar")),
        Block::Settings(rows.concat()),
        Block::Paragraph(w.pair(
            format!(
                "The {symbols}, in the order of their indices; white space and controls as signs:"
            ),
            format!(
                "Alla {symbols} i indexordning; blanktecken och styrtecken visas med symboler:"
            ),
        )),
        Block::Verbatim(signs(&w.facts.model.vocabulary)),
    ]
}

fn of_text(w: &Writer) -> Rows {
    let facts = w.facts;
    let (length, digest) = (w.text_length(), w.text_digest());
    let text =
        w.pair(format!("{length}, digest {digest}"), format!("{length}, kontrollsumma {digest}"));
    let story = w.pair("the story that is built in", "den inbyggda berättelsen");
    let characters = match facts.model.vocabulary.symbols() {
        Symbols::Characters => w.pair("Different characters", "Olika tecken"),
        Symbols::Bytes => w.pair("Different bytes", "Olika byte"),
    };
    vec![
        (
            "Text",
            match facts.model.source {
                Some(source) if is_story(&source) => format!("{story}: {text}"),
                _ => text,
            },
        ),
        (characters, format!("K = {}", w.count(facts.model.state.rnn.shape().K()))),
        w.row(
            "Hidden units",
            "Dolda enheter",
            format!("m = {}", w.count(facts.model.state.rnn.shape().m())),
        ),
        w.row("Parameters", "Parametrar", w.count(facts.model.state.rnn.shape().entries())),
    ]
}

fn of_reading(w: &Writer) -> Rows {
    let settings = &w.facts.model.settings;
    let symbols = w.symbols();
    let documents = if settings.documents {
        w.pair("every line is one, read from h = 0", "varje rad är ett, läst från h = 0")
    } else {
        w.pair("none", "inga")
    };
    let order = match settings.order {
        Order::Text => w.pair("that of the text", "textens egen").to_string(),
        Order::Chunks { length } => {
            let length = w.count(length);
            w.pair(
                format!("chunks of {length} {symbols}, shuffled for every epoch"),
                format!("stycken om {length} {symbols}, som blandas om inför varje epok"),
            )
        }
        Order::Positions => (w.pair("random positions", "slumpmässiga positioner")).to_string(),
    };
    let held_out = if settings.validation == 0.0 {
        w.pair("nothing", "ingenting").to_string()
    } else {
        let share = w.held_out();
        w.pair(format!("the last {share} of the text"), format!("de sista {share} av texten"))
    };
    vec![
        w.row(
            "Sequence length",
            "Sekvenslängd",
            format!("T = {}", w.count(settings.sequence_length)),
        ),
        w.row("Batch size", "Batchstorlek", format!("B = {}", w.count(settings.batch_size))),
        w.row("Documents", "Dokument", documents),
        w.row("Order", "Ordning", order),
        w.row("Held out for validation", "Avsatt för validering", held_out),
    ]
}

fn of_learning(w: &Writer) -> Rows {
    let settings = &w.facts.model.settings;
    let loss = match settings.loss {
        Loss::Sum => w.pair(
            "cross-entropy in nats, summed over the sequence",
            "korsentropi i nat, summerad över sekvensen",
        ),
        Loss::Mean => w.pair(
            "cross-entropy in nats, mean over the sequence",
            "korsentropi i nat, medelvärde över sekvensen",
        ),
    };
    let optimizer = match settings.optimizer {
        Optimizer::AdaGrad => "AdaGrad",
        Optimizer::Adam { .. } => "Adam",
        Optimizer::RmsProp { .. } => "RMSProp",
    };
    let betas = [("β₁", settings.optimizer.beta1()), ("β₂", settings.optimizer.beta2())];
    let clip = if settings.clip.is_finite() {
        format!("[−{0}; {0}]", w.value(settings.clip))
    } else {
        w.pair("none", "ingen").to_string()
    };
    let initialization = match settings.initialization {
        Initialization::Normal { sigma } => {
            format!("U, W, V ~ N(0, σ²), σ = {}", w.value(sigma))
        }
        Initialization::FanIn => "U ~ N(0, 1/(2K)), W ~ N(0, 1/(2m)), V ~ N(0, 1/m)".to_string(),
    };
    let mut rows = vec![
        w.row("Loss", "Förlust", loss),
        w.row("Optimizer", "Optimeringsmetod", optimizer),
        w.row(
            "Learning rate",
            "Inlärningshastighet",
            format!("η = {}", w.value(settings.learning_rate)),
        ),
    ];
    let betas = (betas.into_iter()).filter_map(|(name, beta)| Some((name, w.value(beta?))));
    rows.extend(betas);
    rows.extend([
        ("ε", w.value(settings.epsilon)),
        w.row("Clipping", "Gradientklippning", clip),
        w.row("Initialization", "Initialisering", initialization),
        w.row("Seed", "Slumptalsfrö", settings.seed),
    ]);
    rows
}

fn of_run(w: &Writer) -> Rows {
    let (facts, plan) = (w.facts, &w.facts.plan);
    let symbols = w.symbols();
    let mut updates = w.count(facts.model.state.updates);
    if !facts.is_finished() {
        let iterations = w.count(plan.iterations);
        updates += &w.pair(format!(" of {iterations}"), format!(" av {iterations}"));
    }
    let every = |updates: u64| {
        let updates = w.count(updates);
        w.pair(format!("every {updates} updates"), format!("en gång per {updates} uppdateringar"))
    };
    let reports = (w.count(plan.report_length), every(plan.report_every));
    vec![
        w.row("Updates", "Uppdateringar", updates),
        w.row("Completed epochs", "Avslutade epoker", w.count(facts.model.state.epoch)),
        w.row(
            "Samples",
            "Textprov",
            w.pair(
                format!("{} {symbols} {}", reports.0, reports.1),
                format!("{} {symbols}, {}", reports.0, reports.1),
            ),
        ),
        w.row(
            "Final passage",
            "Avslutande text",
            format!("{} {symbols}", w.count(plan.passage_length)),
        ),
        w.row("Logged losses", "Loggade förluster", every(plan.log_every)),
    ]
}
