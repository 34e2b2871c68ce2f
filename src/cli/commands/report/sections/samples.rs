//! What the network wrote while it was trained.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;
use crate::cli::run::report_log::Report;

pub fn section(w: &Writer) -> Vec<Block> {
    let samples = &w.facts.samples;
    let heading = w.heading("Samples while it learns", "Textprov under träningen");
    let Some(all) = samples.all else {
        let none = w.notice(
            "The run has kept no samples: it was made by an earlier version of the program. The \
             command at the end makes it again, with them.",
            "Körningen har inte sparat några textprov: den gjordes med en tidigare version av \
             programmet. Kommandot i slutet gör om körningen, med textprov.",
        );
        return vec![heading, none];
    };
    let mut blocks = vec![
        heading,
        w.paragraph(
            "Each sample begins with the hidden state and after the first character of the next \
             sequence, whose loss is given.",
            "Varje prov utgår från det dolda tillståndet och det första tecknet i nästa sekvens, \
             vars förlust anges.",
        ),
    ];
    if samples.shown.len() < all {
        let (all, shown) = (w.count(all), w.count(samples.shown.len()));
        let every = w.count(w.facts.plan.report_every);
        blocks.push(w.paragraph(
            format!(
                "The run made a sample every {every} updates, {all} in all; {shown} are shown."
            ),
            format!(
                "Körningen gav {all} prov, ett per {every} uppdateringar; {shown} av dem visas."
            ),
        ));
    }
    blocks.extend(samples.shown.iter().map(|report| sample(w, report)));
    blocks
}

fn sample(w: &Writer, report: &Report) -> Block {
    let seen = &report.observation;
    let mut figures = vec![
        w.row("update", "uppdatering", w.count(seen.iteration)),
        w.row("epoch", "epok", w.count(seen.epoch)),
        w.row("loss", "förlust", w.loss(seen.loss)),
        w.row("smooth loss", "utjämnad förlust", w.loss(seen.smooth_loss)),
    ];
    figures.extend(w.validation([seen.validation_loss, seen.validation_bits]));
    Block::Sample { heading: w.when(seen.iteration), figures, text: visible(&report.sample) }
}
