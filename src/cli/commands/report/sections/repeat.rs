//! How to repeat the run.

use crate::cli::commands::report::command::{MODEL, TEXT};
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::model::Origin;

pub fn section(w: &Writer) -> Vec<Block> {
    let (facts, version) = (w.facts, elman::VERSION);
    let mut blocks = vec![
        w.heading("Reproducing the run", "Upprepa körningen"),
        w.paragraph(
            format!(
                "With elman {version}, this command repeats the run on any machine and gives the \
                 same bits:"
            ),
            format!(
                "Med elman {version} upprepar det här kommandot körningen bit för bit på vilken \
                 dator som helst:"
            ),
        ),
        Block::Command(facts.command.join(" ")),
    ];
    if facts.command.iter().any(|word| word == TEXT) {
        let (length, digest) = w.text();
        blocks.push(w.paragraph(
            format!(
                "{TEXT} is the file with the text: {length}, digest {digest} (64-bit FNV-1a of \
                 its bytes)."
            ),
            format!(
                "{TEXT} är filen med texten: {length}, kontrollsumma {digest} (FNV-1a med 64 \
                 bitar över dess byte)."
            ),
        ));
    }
    if facts.model.record().origin == Origin::Unknown {
        blocks.push(w.paragraph(
            "The files of this run do not say whether it started from the weights of another \
             model. If it did, the command also needs --from and that model."
                .to_string(),
            "Körningens filer anger inte om den utgick från en annan modells vikter. I så fall \
             behöver kommandot även --from och den modellen."
                .to_string(),
        ));
    }
    if let Origin::Model(digest) = facts.model.record().origin {
        blocks.push(w.paragraph(
            format!(
                "{MODEL} is the model that the run started from; the digest of its parameters is \
                 {digest:016x}."
            ),
            format!(
                "{MODEL} är modellen som körningen utgick från; dess parametrar har \
                 kontrollsumman {digest:016x}."
            ),
        ));
    }
    blocks.extend([
        which_digest(w),
        Block::Command(format!("digest={:016x}", facts.model.parameters().digest())),
    ]);
    blocks
}

/// What the digest is of, before it is shown.
fn which_digest(w: &Writer) -> Block {
    let (settings, made) = (w.facts.model.settings(), w.facts.model.state().updates);
    let updates = w.updates(made);
    if let Some(end) = settings.schedule.updates().filter(|&end| made < end) {
        let end = w.updates(end);
        return w.paragraph(
            format!(
                "The command makes all {end}. So far the run has made {updates}; the digest of \
                 the parameters after them is what `elman show` prints:"
            ),
            format!(
                "Kommandot gör alla {end}. Hittills har körningen gjort {updates}; \
                 kontrollsumman av parametrarna efter dem är den som `elman show` skriver ut:"
            ),
        );
    }
    w.paragraph(
        format!(
            "The last line of its output must be the digest of all parameters after {updates}:"
        ),
        format!(
            "Utskriftens sista rad ska vara kontrollsumman av alla parametrar efter {updates}:"
        ),
    )
}
