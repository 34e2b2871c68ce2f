//! What the network wrote while it was trained.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;
use crate::cli::run::report_log::Report;

pub fn section(w: &Writer) -> Vec<Block> {
    let samples = &w.facts.samples;
    let heading = w.heading("Samples during training", "Textprov under träningen");
    let Some(all) = samples.all else {
        let none = w.notice(
            "The run has kept no samples, because it was made by an earlier version of the program. \
             The command at the end repeats the run with samples.",
            "Körningen har inga sparade textprov, eftersom den gjordes med en tidigare version av \
             programmet. Kommandot i slutet gör om körningen med textprov.",
        );
        return vec![heading, none];
    };
    let symbol = w.symbol();
    let mut blocks = vec![
        heading,
        w.paragraph(
            format!(
                "Each sample starts from the hidden state and the {symbol} that the next update \
                 starts from. The loss is that of this update, before it changes the parameters."
            ),
            format!(
                "Varje textprov utgår från samma dolda tillstånd och {symbol} som nästa \
                 uppdatering. Förlusten är den som uppdateringen beräknar, innan den ändrar parametrarna."
            ),
        ),
    ];
    if samples.shown.len() < all {
        let (all, shown) = (w.count(all), w.count(samples.shown.len()));
        let every = w.updates(w.facts.plan.report_every);
        blocks.push(w.paragraph(
            format!(
                "The run made {all} samples, one every {every}. The report shows {shown} of them."
            ),
            format!(
                "Körningen gav {all} textprov, ett per {every}. Rapporten visar {shown} av dem."
            ),
        ));
    }
    blocks.extend(samples.shown.iter().map(|report| sample(w, report)));
    blocks
}

fn sample(w: &Writer, report: &Report) -> Block {
    let seen = &report.observation;
    let mut figures = vec![
        w.row("epoch", "epok", w.count(seen.epoch)),
        w.row("loss", "förlust", w.loss(seen.loss)),
        w.row("smooth loss", "utjämnad förlust", w.loss(seen.smooth_loss)),
    ];
    figures.extend(w.validation([seen.validation_loss, seen.validation_bits]));
    Block::Sample { heading: w.when(seen.iteration), figures, text: visible(&report.sample) }
}
