//! How to repeat the run.

use crate::cli::commands::report::command::{MODEL, TEXT};
use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::model::Origin;

pub fn section(w: &Writer) -> Vec<Block> {
    let (facts, version) = (w.facts, elman::VERSION);
    let mut blocks = vec![
        w.heading("To repeat it", "Så upprepas körningen"),
        w.paragraph(
            format!(
                "This command, with elman {version} and on any machine, repeats the run to the \
                 bit:"
            ),
            format!(
                "Det här kommandot upprepar körningen bit för bit, med elman {version} och på \
                 vilken dator som helst:"
            ),
        ),
        Block::Command(facts.command.join(" ")),
    ];
    if facts.command.iter().any(|word| word == TEXT) {
        let (length, digest) = w.text();
        blocks.push(w.paragraph(
            format!(
                "{TEXT} stands for the file with the text: {length}, whose digest (FNV-1a of its \
                 bytes, 64 bits) is {digest}."
            ),
            format!(
                "{TEXT} står för filen med texten: {length}, vars kontrollsumma (FNV-1a av dess \
                 byte, 64 bitar) är {digest}."
            ),
        ));
    }
    if facts.model.record().origin == Origin::Unknown {
        blocks.push(w.paragraph(
            "The files of this run do not say whether it began with the weights of another model: \
             then --from and that model belong to the command."
                .to_string(),
            "Körningens filer säger inte om den började med en annan modells vikter: i så fall hör \
             --from och den modellen till kommandot."
                .to_string(),
        ));
    }
    if let Origin::Model(digest) = facts.model.record().origin {
        blocks.push(w.paragraph(
            format!(
                "{MODEL} stands for the model with whose weights the run began; their digest is \
                 {digest:016x}."
            ),
            format!(
                "{MODEL} står för den modell vars vikter körningen började med; deras \
                 kontrollsumma är {digest:016x}."
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
    let updates = w.count(made);
    if settings.schedule.updates().is_some_and(|end| made < end) {
        return w.paragraph(
            format!(
                "The learning rate falls to 0 at the end of the run, which has made {updates} \
                 updates so far. The digest of all parameters after them, which `elman show` \
                 prints, is:"
            ),
            format!(
                "Inlärningshastigheten når 0 vid körningens slut; hittills har {updates} \
                 uppdateringar gjorts. Kontrollsumman av alla parametrar efter dem, som `elman \
                 show` skriver ut, är:"
            ),
        );
    }
    w.paragraph(
        format!(
            "The last line that it prints, the digest of all parameters after {updates} updates, \
             must be:"
        ),
        format!(
            "Den sista raden som skrivs ut, kontrollsumman av alla parametrar efter {updates} \
             uppdateringar, ska vara:"
        ),
    )
}
