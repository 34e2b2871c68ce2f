//! The losses: what they are, and their chart.

use crate::cli::charts::loss_chart;
use crate::cli::charts::svg::{NARROW, WIDE};
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use crate::cli::terminal::text_curve;
use elman::Loss;

/// Columns of the chart in text.
const COLUMNS: usize = 78;

/// The section.
pub fn section(writer: &Writer) -> Vec<Block> {
    let heading = Block::Heading(writer.pair("Loss", "Förlust"));
    vec![heading, Block::Paragraph(explained(writer)), chart(writer)]
}

fn explained(writer: &Writer) -> String {
    let settings = &writer.facts.settings;
    let T = writer.count(settings.sequence_length);
    let smooth = writer.pair(
        "The smooth loss begins as the first loss, then it is 0.999 of itself and 0.001 of the \
         new loss.",
        "Den utjämnade förlusten är först lika med den första förlusten och därefter 0,999 \
         gånger sitt förra värde plus 0,001 gånger den nya förlusten.",
    );
    let mut sentences = vec![unit(writer), smooth.to_string()];
    if let [first, .., last] = writer.facts.losses.curve.points() {
        let (first, at) = (writer.loss(first.smooth), writer.count(last.iteration));
        let last = writer.loss(last.smooth);
        sentences.push(writer.pair(
            format!("It begins at {first} and stands at {last} after {at} updates."),
            format!("Den börjar på {first} och är {last} efter {at} uppdateringar."),
        ));
    }
    if settings.documents && settings.loss == Loss::Sum {
        sentences.push(writer.pair(
            format!(
                "A sequence that ends early, with its document, has a sum of fewer terms; to the \
                 smooth loss it counts as if there were {T}."
            ),
            format!(
                "En sekvens som slutar i förtid, med sitt dokument, har en summa av färre termer; \
                 i den utjämnade förlusten räknas den som om de vore {T}."
            ),
        ));
    }
    if settings.validation > 0.0 {
        let share = writer.held_out();
        sentences.push(writer.pair(
            format!(
                "The validation loss is that of the {share} of the text that is never learned, in \
                 the same unit."
            ),
            format!(
                "Valideringsförlusten gäller de {share} av texten som nätverket aldrig tränas på, \
                 i samma enhet."
            ),
        ));
    }
    sentences.join(" ")
}

/// The unit, and the loss of a network that knows nothing.
fn unit(writer: &Writer) -> String {
    let settings = &writer.facts.settings;
    let (T, K) = (
        writer.count(settings.sequence_length),
        writer.facts.shape.K() as f64,
    );
    let untrained = writer.loss(settings.loss_characters() as f64 * elman::kernels::ln(K));
    let (symbol, symbols) = (writer.symbol(), writer.symbols());
    match settings.loss {
        Loss::Sum => writer.pair(
            format!(
                "Losses are in nats, summed over the {T} {symbols} of a sequence; a network that \
                 knows nothing has T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
            format!(
                "Förlusten anges i nat, summerad över sekvensens {T} {symbols}; för ett nätverk \
                 som inget vet är den T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
        ),
        Loss::Mean => writer.pair(
            format!(
                "Losses are in nats per {symbol}; a network that knows nothing has \
                 ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
            format!(
                "Förlusten anges i nat per {symbol}; för ett nätverk som inget vet är den \
                 ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
        ),
    }
}

fn chart(writer: &Writer) -> Block {
    let (facts, losses) = (writer.facts, &writer.facts.losses);
    if losses.curve.points().is_empty() {
        let none = writer.pair("There are no losses yet.", "Det finns inga förluster ännu.");
        return Block::Paragraph(none.to_string());
    }
    let name = writer.pair(
        "Smooth loss, and the losses behind it, over the updates",
        "Utjämnad förlust, med sekvensernas förluster bakom, mot antalet uppdateringar",
    );
    let drawn = |frame| {
        loss_chart::within_page(
            frame,
            writer.language,
            name,
            &losses.title,
            &losses.curve,
            (facts.updates, facts.updates_per_epoch.unwrap_or(u64::MAX)),
        )
    };
    let heading = writer.pair("smooth loss", "utjämnad förlust");
    let mut text = text_curve::in_language(writer.language, &losses.curve, heading, COLUMNS, true);
    if text.is_empty() {
        let few = writer.pair(
            "There are too few losses for a curve.",
            "Det finns för få förluster för en kurva.",
        );
        text = few.to_string();
    }
    Block::Chart {
        wide: drawn(&WIDE),
        narrow: drawn(&NARROW),
        text,
    }
}
