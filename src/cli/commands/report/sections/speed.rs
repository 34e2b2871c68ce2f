//! How fast the updates were.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::speed::Speed;
use crate::cli::commands::report::writer::Writer;
use crate::cli::format::short_loss;

/// The section.
pub fn section(w: &Writer) -> Vec<Block> {
    let mut blocks = vec![Block::Heading(w.pair("Speed", "Hastighet"))];
    match &w.facts.speed {
        None => {
            let none = w.pair("The speed was not measured.", "Hastigheten har inte mätts.");
            blocks.push(Block::Paragraph(none.to_string()));
        }
        Some(Err(error)) => blocks.push(Block::Notice(w.pair(
            format!("The speed could not be measured: {error}."),
            format!("Hastigheten gick inte att mäta: {error}."),
        ))),
        Some(Ok(speed)) => blocks.extend([table(w, speed), Block::Paragraph(explained(w, speed))]),
    }
    blocks
}

fn table(w: &Writer, speed: &Speed) -> Block {
    let figure = |x: f64| match x {
        100.0.. => w.count(x as u64),
        _ => w.number(short_loss(x, 3)),
    };
    let row = |name: &str, updates: f64| {
        let characters = updates * speed.characters as f64;
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
            row(w.pair("Naive twin", "Naiv implementation"), speed.naive),
            vec![w.pair("Ratio", "Kvot").to_string(), ratio.clone(), ratio],
        ],
    }
}

fn explained(w: &Writer, speed: &Speed) -> String {
    let level = speed.level;
    w.pair(
        format!(
            "Measured while this report was written, on one core of this machine (instruction \
             set: {level}). They are figures of this machine and this moment; everything else \
             here is the same on every machine. The naive twin makes the same updates from the \
             equations as they stand: dense one-hot vectors, a loop for every product."
        ),
        format!(
            "Uppmätt när rapporten skrevs, på en kärna i den här datorn (instruktionsuppsättning: \
             {level}). Siffrorna gäller den här datorn och det här ögonblicket; allt annat här är \
             likadant på varje dator. Den naiva implementationen gör samma uppdateringar rakt \
             efter ekvationerna, med täta one-hot-vektorer och en loop för varje produkt."
        ),
    )
}
