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
    let (T, symbols) = (w.count(settings.sequence_length), w.symbols());
    let smooth = w.pair(
        "The smooth loss starts as the first loss and is then 0.999 times its previous value \
         plus 0.001 times the new loss.",
        "Den utjämnade förlusten är först lika med den första förlusten och därefter 0,999 \
         gånger sitt förra värde plus 0,001 gånger den nya förlusten.",
    );
    let mut sentences = vec![unit(w), smooth.to_string()];
    if let [first, .., last] = w.facts.losses.points() {
        let (first, at) = (w.loss(first.smooth), w.updates(last.iteration));
        let last = w.loss(last.smooth);
        sentences.push(w.pair(
            format!("It is {first} at the start and {last} after {at}."),
            format!("Den är {first} i början och {last} efter {at}."),
        ));
    }
    if settings.documents && settings.loss == Loss::Sum {
        sentences.push(w.pair(
            format!(
                "The last sequence of a document may be shorter; the smooth loss uses its loss \
                 scaled to {T} {symbols}."
            ),
            format!(
                "Ett dokuments sista sekvens kan vara kortare; den utjämnade förlusten använder \
                 dess förlust omräknad till {T} {symbols}."
            ),
        ));
    }
    if settings.validation > 0.0 {
        // Documents begin with h = 0.
        let documents = match settings.documents {
            true => w.pair("every document ", "varje dokument "),
            false => "",
        };
        let from = w.initial_state();
        sentences.push(w.pair(
            format!(
                "The validation loss is the loss on the validation set in the same unit. The \
                 network reads this set {documents}from {from}."
            ),
            format!(
                "Valideringsförlusten är förlusten på valideringsmängden i samma enhet. Nätverket \
                 läser mängden {documents}från {from}."
            ),
        ));
    }
    sentences.join(" ")
}

/// The unit, and the loss of equal probabilities.
fn unit(w: &Writer) -> String {
    let settings = w.facts.model.settings();
    let (T, K) = (w.count(settings.sequence_length), w.facts.model.shape().K() as f64);
    let untrained = w.loss(settings.loss_characters() as f64 * elman::kernels::ln(K));
    let (symbol, symbols) = (w.symbol(), w.symbols());
    match settings.loss {
        Loss::Sum => w.pair(
            format!(
                "The loss is in nats, summed over the {T} {symbols} of a sequence. It is \
                 T\u{a0}ln\u{a0}K = {untrained} if the network gives all {symbols} the \
                 same probability."
            ),
            format!(
                "Förlusten anges i nat, summerad över sekvensens {T} {symbols}. Den är \
                 T\u{a0}ln\u{a0}K = {untrained} om nätverket ger alla {symbols} samma \
                 sannolikhet."
            ),
        ),
        Loss::Mean => w.pair(
            format!(
                "The loss is in nats per {symbol}. It is ln\u{a0}K = {untrained} if the \
                 network gives all {symbols} the same probability."
            ),
            format!(
                "Förlusten anges i nat per {symbol}. Den är ln\u{a0}K = {untrained} om \
                 nätverket ger alla {symbols} samma sannolikhet."
            ),
        ),
    }
}

fn chart(w: &Writer) -> Block {
    let (facts, curve) = (w.facts, &w.facts.losses);
    if curve.points().is_empty() {
        return w.paragraph("There are no losses yet.", "Det finns inga förlustvärden ännu.");
    }
    let name = w.pair(
        "Smooth loss and sequence loss against the number of updates",
        "Utjämnad förlust och sekvensförlust mot antalet uppdateringar",
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
            ["There are too few losses for a curve.", "Det finns för få värden för en kurva."];
        text = w.pair(few[0], few[1]).to_string();
    }
    Block::Chart { wide: drawn(&WIDE), narrow: drawn(&NARROW), text }
}
