//! What the network wrote while it was trained.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::visible::visible;
use crate::cli::commands::report::writer::Writer;
use crate::cli::run::report_log::Report;

/// The section.
pub fn section(writer: &Writer) -> Vec<Block> {
    let samples = &writer.facts.samples;
    let heading =
        Block::Heading(writer.pair("Samples while it learns", "Textprov under träningen"));
    let Some(all) = samples.all else {
        let none = writer.pair(
            "The run has kept no samples: it was made by an earlier version of the program. The \
             command at the end makes it again, with them.",
            "Körningen har inte sparat några textprov: den gjordes med en tidigare version av \
             programmet. Kommandot i slutet gör om körningen, med textprov.",
        );
        return vec![heading, Block::Notice(none.to_string())];
    };
    let mut explained = writer.pair(
        "Each begins with the hidden state and after the first character of the coming sequence, \
         whose loss is given.",
        "Varje prov utgår från det dolda tillståndet och det första tecknet i nästa sekvens, vars \
         förlust anges.",
    ).to_string();
    if (samples.shown.len() as u64) < all {
        let (all, shown) = (writer.count(all), writer.count(samples.shown.len()));
        let every = writer.count(writer.facts.plan.report_every);
        explained += &writer.pair(
            format!(
                " The run made a sample every {every} updates, {all} in all; shown are {shown}."
            ),
            format!(
                " Körningen gav {all} prov, ett per {every} uppdateringar; {shown} av dem visas."
            ),
        );
    }
    let mut blocks = vec![heading, Block::Paragraph(explained)];
    blocks.extend(samples.shown.iter().map(|report| sample(writer, report)));
    blocks
}

fn sample(writer: &Writer, report: &Report) -> Block {
    let mut figures = vec![
        (
            writer.pair("update", "uppdatering"),
            writer.count(report.iteration),
        ),
        (writer.pair("epoch", "epok"), writer.count(report.epoch)),
        (writer.pair("loss", "förlust"), writer.loss(report.loss)),
        (
            writer.pair("smooth loss", "utjämnad förlust"),
            writer.loss(report.smooth_loss),
        ),
    ];
    figures.extend(writer.validation(report.validation));
    Block::Sample {
        heading: writer.when(report.iteration),
        figures,
        text: visible(&report.sample),
    }
}
