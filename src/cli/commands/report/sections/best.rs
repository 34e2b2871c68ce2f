//! The best model, and what it writes.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;
use elman::model::InitialState;

pub fn section(w: &Writer) -> Vec<Block> {
    let best = &w.facts.best;
    let mut figures = Vec::new();
    if let Some(loss) = best.smooth_loss {
        figures.push(w.row("smooth loss", "utjämnad förlust", w.loss(loss)));
    }
    figures.extend(w.validation(best.validation));
    let mut blocks = vec![w.heading("The best model", "Den bästa modellen"), explained(w)];
    if (best.length as u64) < w.facts.plan.passage_length {
        let (length, all) = (w.count(best.length), w.count(w.facts.plan.passage_length));
        let symbols = w.symbols();
        blocks.push(w.paragraph(
            format!(
                "The final sample of the run has {all} {symbols}; the report shows the first \
                 {length}."
            ),
            format!(
                "Körningens avslutande textprov har {all} {symbols}; rapporten visar de första \
                 {length}."
            ),
        ));
    }
    let (heading, text) = (w.when(best.updates), visible(&best.passage));
    blocks.push(Block::Sample { heading, figures, text });
    blocks
}

/// How the model was chosen, and what its final sample starts from.
fn explained(w: &Writer) -> Block {
    let (settings, length, symbols) =
        (w.facts.model.settings(), w.count(w.facts.best.length), w.symbols());
    let after = if settings.documents {
        w.pair("a line break", "en radbrytning").to_string()
    } else {
        let symbol = w.symbol();
        w.pair(format!("the first {symbol} of the text"), format!("textens första {symbol}"))
    };
    let plan = &w.facts.plan;
    let (chosen, mut every) = match settings.validation {
        0.0 => (w.pair("smooth loss", "utjämnad förlust"), w.every(100)),
        _ => (w.pair("validation loss", "valideringsförlust"), w.every(plan.report_every)),
    };
    if let Some(more) = plan.validate_every.filter(|_| settings.validation > 0.0) {
        every += &format!(" {} {}", w.pair("and", "och"), w.every(more));
    }
    let mut from = w.initial_state().to_string();
    if w.facts.best.initial == InitialState::Carried && settings.batch_size > 1 {
        from += w.pair(" in the first sequence of the batch", " i batchens första sekvens");
    }
    w.paragraph(
        format!(
            "The best model is the one with the lowest {chosen}, compared {every}. It writes \
             {length} {symbols}, starting from {after} and from {from}."
        ),
        format!(
            "Den bästa modellen är den med lägst {chosen}, som jämförs {every}. Den \
             skriver {length} {symbols} och utgår från {after} och från {from}."
        ),
    )
}
