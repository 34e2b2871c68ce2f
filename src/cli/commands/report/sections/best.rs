//! The best model, and what it writes.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;
use elman::model::InitialState;

pub fn section(w: &Writer) -> Vec<Block> {
    let best = &w.facts.best;
    let mut figures = vec![w.row("update", "uppdatering", w.count(best.updates))];
    if let Some(loss) = best.smooth_loss {
        figures.push(w.row("smooth loss", "utjämnad förlust", w.loss(loss)));
    }
    figures.extend(w.validation(best.validation));
    let mut blocks = vec![w.heading("The best model", "Den bästa modellen"), explained(w)];
    if (best.length as u64) < w.facts.plan.passage_length {
        let (length, all) = (w.count(best.length), w.count(w.facts.plan.passage_length));
        let symbols = w.symbols();
        blocks.push(w.paragraph(
            format!("The run's passage has {all} {symbols}; shown are its first {length}."),
            format!(
                "Körningens avslutande text har {all} {symbols}; här visas de första {length}."
            ),
        ));
    }
    let (heading, text) = (w.when(best.updates), visible(&best.passage));
    blocks.push(Block::Sample { heading, figures, text });
    blocks
}

/// How the model was chosen, and what its passage begins with.
fn explained(w: &Writer) -> Block {
    let (length, symbols) = (w.count(w.facts.best.length), w.symbols());
    let begin = if w.facts.model.settings().documents {
        w.pair("a line break", "en radbrytning").to_string()
    } else {
        let symbol = w.symbol();
        w.pair(format!("the first {symbol} of the text"), format!("textens första {symbol}"))
    };
    let chosen = if w.facts.model.settings().validation == 0.0 {
        w.pair(
            "smooth loss (compared every 100 updates)",
            "utjämnad förlust (den jämförs var 100:e uppdatering)",
        )
    } else {
        w.pair("validation loss", "valideringsförlust")
    };
    let from = match w.facts.best.initial {
        InitialState::Zero => w.pair("h = 0", "h = 0"),
        InitialState::Carried => {
            w.pair("the hidden state that it carried", "det dolda tillstånd som den bar med sig")
        }
    };
    w.paragraph(
        format!(
            "{length} {symbols} of the model with the lowest {chosen}, from {from} and after {begin}."
        ),
        format!("{length} {symbols} av modellen med lägst {chosen}, från {from} och efter {begin}."),
    )
}
