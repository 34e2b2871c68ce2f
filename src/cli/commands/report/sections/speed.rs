//! How fast the updates were.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::speed::Speed;
use crate::cli::commands::report::writer::Writer;
use crate::cli::format::short_loss;
use elman::Level;

pub fn section(w: &Writer) -> Vec<Block> {
    let mut blocks = vec![w.heading("Speed", "Hastighet")];
    match &w.facts.speed {
        None => {
            let none = w.paragraph("The speed was not measured.", "Hastigheten har inte mätts.");
            blocks.push(none);
        }
        Some(Err(error)) => blocks.push(w.notice(
            format!("The speed could not be measured: {error}."),
            format!("Hastigheten gick inte att mäta: {error}."),
        )),
        Some(Ok(speed)) => blocks.extend([table(w, speed), explained(w)]),
    }
    blocks
}

fn table(w: &Writer, speed: &Speed) -> Block {
    let figure = |x: f64| match x {
        100.0.. => w.count(x as u64),
        _ => w.number(short_loss(x, 3)),
    };
    let settings = w.facts.model.settings();
    let an_update = (settings.sequence_length * settings.batch_size) as f64;
    let row = |name: &str, updates: f64| {
        let characters = updates * an_update;
        vec![name.to_string(), figure(updates), figure(characters)]
    };
    let ratio = figure(speed.fast / speed.naive);
    let symbols = w.symbols();
    Block::Table {
        head: vec![
            String::new(),
            (w.pair("updates per second", "uppdateringar per sekund")).to_string(),
            w.pair(format!("{symbols} per second"), format!("{symbols} per sekund")),
        ],
        rows: vec![
            row("elman", speed.fast),
            row(w.pair("Naive implementation", "Naiv implementation"), speed.naive),
            vec![w.pair("Ratio", "Kvot").to_string(), ratio.clone(), ratio],
        ],
    }
}

fn explained(w: &Writer) -> Block {
    let level = Level::chosen().name();
    w.paragraph(
        format!(
            "Measured on one core while this report was written (instruction set: {level}). Only \
             these numbers depend on the machine and the time; everything else in the report is \
             the same on every machine. The naive implementation computes the same updates \
             directly from the equations, with dense one-hot vectors and a loop for every product."
        ),
        format!(
            "Uppmätt på en processorkärna när rapporten skrevs (instruktionsuppsättning: {level}). \
             Bara de här värdena beror på datorn och tidpunkten; allt annat i rapporten blir \
             likadant på varje dator. Den naiva implementationen räknar ut samma uppdateringar \
             direkt från ekvationerna, med täta one-hot-vektorer och en loop för varje produkt."
        ),
    )
}
