//! The losses: what they are, and their chart.

use crate::cli::charts::loss_chart;
use crate::cli::charts::svg::{NARROW, WIDE};
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use crate::cli::terminal::text_curve;
use elman::Loss;

const COLUMNS: usize = 78;

pub fn section(w: &Writer) -> Vec<Block> {
    vec![w.heading("Loss", "Förlust"), Block::Paragraph(explained(w)), chart(w)]
}

fn explained(w: &Writer) -> String {
    let settings = w.facts.model.settings();
    let T = w.count(settings.sequence_length);
    let smooth = w.pair(
        "The smooth loss begins as the first loss; every update makes it 0.999 of itself plus \
         0.001 of the new loss.",
        "Den utjämnade förlusten är först lika med den första förlusten och därefter 0,999 \
         gånger sitt förra värde plus 0,001 gånger den nya förlusten.",
    );
    let mut sentences = vec![unit(w), smooth.to_string()];
    if let [first, .., last] = w.facts.losses.points() {
        let (first, at) = (w.loss(first.smooth), w.count(last.iteration));
        let last = w.loss(last.smooth);
        sentences.push(w.pair(
            format!("It begins at {first} and stands at {last} after {at} updates."),
            format!("Den börjar på {first} och är {last} efter {at} uppdateringar."),
        ));
    }
    if settings.documents && settings.loss == Loss::Sum {
        sentences.push(w.pair(
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
        let share = w.held_out();
        sentences.push(w.pair(
            format!(
                "The validation loss is that of the {share} of the text that is held out, in the \
                 same unit."
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
fn unit(w: &Writer) -> String {
    let settings = w.facts.model.settings();
    let (T, K) = (w.count(settings.sequence_length), w.facts.model.shape().K() as f64);
    let untrained = w.loss(settings.loss_characters() as f64 * elman::kernels::ln(K));
    let (symbol, symbols) = (w.symbol(), w.symbols());
    match settings.loss {
        Loss::Sum => w.pair(
            format!(
                "Losses are in nats, summed over the {T} {symbols} of a sequence; a network that \
                 knows nothing has T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
            format!(
                "Förlusten anges i nat, summerad över sekvensens {T} {symbols}; för ett nätverk \
                 som inget vet är den T\u{a0}ln\u{a0}K\u{a0}=\u{a0}{untrained}."
            ),
        ),
        Loss::Mean => w.pair(
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

fn chart(w: &Writer) -> Block {
    let (facts, curve) = (w.facts, &w.facts.losses);
    if curve.points().is_empty() {
        return w.paragraph("There are no losses yet.", "Det finns inga förluster ännu.");
    }
    let name = w.pair(
        "Smooth loss, and the losses behind it, over the updates",
        "Utjämnad förlust, med sekvensernas förluster bakom, mot antalet uppdateringar",
    );
    let updates = facts.model.state().updates;
    let updates_per_epoch = facts.model.record().updates_per_epoch.unwrap_or(u64::MAX);
    let drawn = |frame| {
        let settings = facts.model.settings();
        let size = (updates, updates_per_epoch);
        loss_chart::within_page(frame, w.language, name, settings, curve, size)
    };
    let heading = w.pair("smooth loss", "utjämnad förlust");
    let mut text = text_curve::draw(w.language, curve, heading, COLUMNS, true);
    if text.is_empty() {
        let few =
            ["There are too few losses for a curve.", "Det finns för få förluster för en kurva."];
        text = w.pair(few[0], few[1]).to_string();
    }
    Block::Chart { wide: drawn(&WIDE), narrow: drawn(&NARROW), text }
}
