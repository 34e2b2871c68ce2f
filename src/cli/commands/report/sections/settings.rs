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
pub fn section(writer: &Writer) -> Vec<Block> {
    let rows = [
        of_text(writer),
        of_reading(writer),
        of_learning(writer),
        of_run(writer),
    ];
    let symbols = writer.symbols();
    vec![
        Block::Heading(writer.pair("Setting", "Hyperparametrar")),
        Block::Settings(rows.concat()),
        Block::Paragraph(writer.pair(
            format!(
                "The {symbols}, in the order of their indices; white space and controls as signs:"
            ),
            format!(
                "Alla {symbols} i indexordning; blanktecken och styrtecken visas med symboler:"
            ),
        )),
        Block::Verbatim(signs(&writer.facts.vocabulary)),
    ]
}

fn of_text(writer: &Writer) -> Rows {
    let facts = writer.facts;
    let (length, digest) = (writer.text_length(), writer.text_digest());
    let text = writer.pair(
        format!("{length}, digest {digest}"),
        format!("{length}, kontrollsumma {digest}"),
    );
    let story = writer.pair("the story that is built in", "den inbyggda berättelsen");
    let characters = match facts.vocabulary.symbols() {
        Symbols::Characters => writer.pair("Different characters", "Olika tecken"),
        Symbols::Bytes => writer.pair("Different bytes", "Olika byte"),
    };
    vec![
        (
            "Text",
            match facts.source {
                Some(source) if is_story(&source) => format!("{story}: {text}"),
                _ => text,
            },
        ),
        (characters, format!("K = {}", writer.count(facts.shape.K()))),
        (
            writer.pair("Hidden units", "Dolda enheter"),
            format!("m = {}", writer.count(facts.shape.m())),
        ),
        (
            writer.pair("Parameters", "Parametrar"),
            writer.count(facts.shape.entries()),
        ),
    ]
}

fn of_reading(writer: &Writer) -> Rows {
    let settings = &writer.facts.settings;
    let symbols = writer.symbols();
    let documents = if settings.documents {
        writer.pair(
            "every line is one, read from h = 0",
            "varje rad är ett, läst från h = 0",
        )
    } else {
        writer.pair("none", "inga")
    };
    let order = match settings.order {
        Order::Text => writer.pair("that of the text", "textens egen").to_string(),
        Order::Chunks { length } => {
            let length = writer.count(length);
            writer.pair(
                format!("chunks of {length} {symbols}, shuffled for every epoch"),
                format!("stycken om {length} {symbols}, som blandas om inför varje epok"),
            )
        }
        Order::Positions => {
            (writer.pair("random positions", "slumpmässiga positioner")).to_string()
        }
    };
    let held_out = if settings.validation == 0.0 {
        writer.pair("nothing", "ingenting").to_string()
    } else {
        let share = writer.held_out();
        writer.pair(
            format!("the last {share} of the text"),
            format!("de sista {share} av texten"),
        )
    };
    vec![
        (
            writer.pair("Sequence length", "Sekvenslängd"),
            format!("T = {}", writer.count(settings.sequence_length)),
        ),
        (
            writer.pair("Streams (batch size)", "Parallella strömmar (batchstorlek)"),
            format!("B = {}", writer.count(settings.streams)),
        ),
        (writer.pair("Documents", "Dokument"), documents.to_string()),
        (writer.pair("Order", "Ordning"), order),
        (
            writer.pair("Held out for validation", "Avsatt för validering"),
            held_out,
        ),
    ]
}

fn of_learning(writer: &Writer) -> Rows {
    let settings = &writer.facts.settings;
    let loss = match settings.loss {
        Loss::Sum => writer.pair(
            "cross-entropy in nats, summed over the sequence",
            "korsentropi i nat, summerad över sekvensen",
        ),
        Loss::Mean => writer.pair(
            "cross-entropy in nats, mean over the sequence",
            "korsentropi i nat, medelvärde över sekvensen",
        ),
    };
    let (beta1, beta2) = (("β₁", settings.beta1), ("β₂", settings.beta2));
    let (optimizer, betas) = match settings.optimizer {
        Optimizer::AdaGrad => ("AdaGrad", vec![]),
        Optimizer::Adam => ("Adam", vec![beta1, beta2]),
        Optimizer::RmsProp => ("RMSProp", vec![beta2]),
    };
    let clip = if settings.clip.is_finite() {
        format!("[−{0}; {0}]", writer.value(settings.clip))
    } else {
        writer.pair("none", "ingen").to_string()
    };
    let initialization = match settings.initialization {
        Initialization::Sigma => {
            format!("U, W, V ~ N(0, σ²), σ = {}", writer.value(settings.sigma))
        }
        Initialization::FanIn => "U ~ N(0, 1/(2K)), W ~ N(0, 1/(2m)), V ~ N(0, 1/m)".to_string(),
    };
    let mut rows = vec![
        (writer.pair("Loss", "Förlust"), loss.to_string()),
        (
            writer.pair("Optimiser", "Optimeringsmetod"),
            optimizer.to_string(),
        ),
        (
            writer.pair("Learning rate", "Inlärningshastighet"),
            format!("η = {}", writer.value(settings.learning_rate)),
        ),
    ];
    rows.extend(
        betas
            .into_iter()
            .map(|(name, beta)| (name, writer.value(beta))),
    );
    rows.extend([
        ("ε", writer.value(settings.epsilon)),
        (writer.pair("Clipping", "Gradientklippning"), clip),
        (
            writer.pair("Initialisation", "Initialisering"),
            initialization,
        ),
        (
            writer.pair("Seed", "Slumptalsfrö"),
            settings.seed.to_string(),
        ),
    ]);
    rows
}

fn of_run(writer: &Writer) -> Rows {
    let (facts, plan) = (writer.facts, &writer.facts.plan);
    let symbols = writer.symbols();
    let mut updates = writer.count(facts.updates);
    if !facts.is_finished() {
        let iterations = writer.count(plan.iterations);
        updates += &writer.pair(format!(" of {iterations}"), format!(" av {iterations}"));
    }
    let every = |updates: u64| {
        let updates = writer.count(updates);
        writer.pair(
            format!("every {updates} updates"),
            format!("en gång per {updates} uppdateringar"),
        )
    };
    let reports = (writer.count(plan.report_length), every(plan.report_every));
    vec![
        (writer.pair("Updates", "Uppdateringar"), updates),
        (
            writer.pair("Completed epochs", "Avslutade epoker"),
            writer.count(facts.epoch),
        ),
        (
            writer.pair("Samples", "Textprov"),
            writer.pair(
                format!("{} {symbols} {}", reports.0, reports.1),
                format!("{} {symbols}, {}", reports.0, reports.1),
            ),
        ),
        (
            writer.pair("Final passage", "Avslutande text"),
            format!("{} {symbols}", writer.count(plan.passage_length)),
        ),
        (
            writer.pair("Logged losses", "Loggade förluster"),
            every(plan.log_every),
        ),
    ]
}
