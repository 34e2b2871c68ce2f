//! The best model, and what it writes.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;

/// The section.
pub fn section(w: &Writer) -> Vec<Block> {
    let best = &w.facts.best;
    let mut figures = vec![w.row("update", "uppdatering", w.count(best.updates))];
    if let Some(loss) = best.smooth_loss {
        figures.push(w.row("smooth loss", "utjämnad förlust", w.loss(loss)));
    }
    figures.extend(w.validation(best.validation));
    let sample = |text: &str, figures| Block::Sample {
        heading: w.when(best.updates),
        figures,
        text: visible(text),
    };
    let mut blocks = vec![
        Block::Heading(w.pair("The best model", "Den bästa modellen")),
        Block::Paragraph(explained(w)),
        sample(&best.passage, figures),
    ];
    if let Some(carried) = &best.carried {
        let explained = w.pair(
            "The same model from the hidden state that it carried there in the text. (What \
             follows h = 0 is met once in an epoch: some networks never learn it.)",
            "Samma modell från det dolda tillstånd som den bar med sig där i texten. (Det som \
             följer på h = 0 möter den en gång per epok: en del nätverk lär sig det aldrig.)",
        );
        blocks.push(Block::Paragraph(explained.to_string()));
        blocks.push(sample(carried, Vec::new()));
    }
    blocks
}

/// How the model was chosen, and what its passage begins with.
fn explained(w: &Writer) -> String {
    let (facts, plan) = (w.facts, &w.facts.plan);
    let (length, symbols) = (w.count(facts.best.length), w.symbols());
    let begin = if facts.model.settings.documents {
        w.pair("a line break", "en radbrytning").to_string()
    } else {
        let symbol = w.symbol();
        w.pair(format!("the first {symbol} of the text"), format!("textens första {symbol}"))
    };
    let mut explained = if facts.model.settings.validation == 0.0 {
        w.pair(
            format!(
                "{length} {symbols} of the model with the lowest smooth loss (it is looked at \
                 every 100 updates), from h = 0 and after {begin}."
            ),
            format!(
                "{length} {symbols} av modellen med lägst utjämnad förlust (den jämförs var 100:e \
                 uppdatering), från h = 0 och efter {begin}."
            ),
        )
    } else {
        w.pair(
            format!(
                "{length} {symbols} of the model with the lowest validation loss, from h = 0 and \
                 after {begin}."
            ),
            format!(
                "{length} {symbols} av modellen med lägst valideringsförlust, från h = 0 och \
                 efter {begin}."
            ),
        )
    };
    if facts.best.length < plan.passage_length {
        let all = w.count(plan.passage_length);
        explained += &w.pair(
            format!(" The run's passage has {all} {symbols}; shown are its first {length}."),
            format!(
                " Körningens avslutande text har {all} {symbols}; här visas de första {length}."
            ),
        );
    }
    explained
}
