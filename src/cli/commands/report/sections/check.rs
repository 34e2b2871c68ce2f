//! The gradient check.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::check::{TensorComparison, Verdict};

pub fn section(w: &Writer) -> Vec<Block> {
    let (check, settings) = (&w.facts.check, w.facts.model.settings());
    let mut blocks = vec![w.heading("Gradient check", "Gradientkontroll"), method(w)];
    if check.hidden < settings.hidden {
        let (m, all) = (w.count(check.hidden), w.count(settings.hidden));
        blocks.push(w.paragraph(
            format!(
                "Checked are the first {m} of its {all} hidden units, with their own weights, as \
                 a smaller network."
            ),
            format!(
                "Av dess {all} dolda enheter kontrolleras de {m} första, med sina egna vikter, \
                 som ett mindre nätverk."
            ),
        ));
    }
    if check.characters < settings.sequence_length {
        let (T, characters) = (w.count(settings.sequence_length), w.count(check.characters));
        let symbols = w.symbols();
        blocks.push(w.paragraph(
            format!("A sequence has T = {T} {symbols}; checked are {characters} of them."),
            format!("En sekvens har T = {T} {symbols}; av dem kontrolleras {characters}."),
        ));
    }
    blocks.extend([table(w), verdict(w)]);
    blocks
}

fn method(w: &Writer) -> Block {
    let check = &w.facts.check;
    let (m, K) = (w.count(check.hidden), w.count(w.facts.model.shape().K()));
    let (characters, symbols) = (w.count(check.characters), w.symbols());
    w.paragraph(
        format!(
            "Every entry of the analytic gradients, before clipping, is compared with differences \
             of the loss (a five-point formula with steps of 2^−10, or smaller where the loss \
             bends). The network is the best model, with m = {m} and K = {K}; it reads the first \
             {characters} {symbols} that it writes, from where its passage begins. The relative \
             error is |a − d| / max(10^−6, |a| + |d|) for the analytic a and the \
             difference d. Every difference comes with an estimate of its own error. A relative \
             error above 10^−7 is rounding alone within this estimate, and wrong beyond it."
        ),
        format!(
            "Varje element i de analytiska gradienterna, före klippning, jämförs med differenser \
             av förlusten (en fempunktsformel med steglängden 2^−10, eller kortare där förlusten \
             är starkt krökt): för den bästa modellen, med m = {m} och K = {K}, på de första \
             {characters} {symbols} som den skriver, från samma utgångsläge som dess avslutande text. \
             Det relativa felet är |a − d| / max(10^−6, |a| + |d|) för det analytiska värdet a \
             och differensen d. För varje differens uppskattas även dess eget fel: ett relativt \
             fel över 10^−7 som ryms i uppskattningen är bara avrundning, ett som inte ryms är \
             felaktigt."
        ),
    )
}

/// A column for each of U, W, V, b, c.
fn table(w: &Writer) -> Block {
    let columns = &w.facts.check.comparison.rows;
    let error = |error: f64| w.number(format!("{error:.2e}"));
    let row =
        |english: &str, swedish: &str, cell: &dyn Fn(&TensorComparison) -> String| -> Vec<String> {
            let name = w.pair(english, swedish).to_string();
            [name].into_iter().chain(columns.iter().map(cell)).collect()
        };
    let shape = |of: &TensorComparison| format!("{} × {}", w.count(of.rows), w.count(of.columns));
    Block::Table {
        head: row("", "", &|of| of.name.to_string()),
        rows: vec![
            row("Shape", "Dimensioner", &shape),
            row("Entries", "Element", &|of| w.count(of.entries())),
            row("Largest absolute error", "Största absoluta fel", &|of| error(of.absolute.error)),
            row("Largest relative error", "Största relativa fel", &|of| error(of.relative.error)),
            row("Largest estimate of error", "Största uppskattade fel", &|of| error(of.estimate)),
            row("Relative error > 10^−6", "Relativt fel > 10^−6", &|of| {
                w.count(of.relative_over)
            }),
            row("Rounding alone", "Bara avrundning", &|of| w.count(of.within_rounding)),
            row("Undecided", "Oavgjorda", &|of| w.count(of.undecided)),
            row("Wrong", "Felaktiga", &|of| w.count(of.wrong)),
        ],
    }
}

fn verdict(w: &Writer) -> Block {
    let comparison = &w.facts.check.comparison;
    let sum = |count: fn(&TensorComparison) -> usize| {
        w.count(comparison.rows.iter().map(count).sum::<usize>())
    };
    let entries = sum(TensorComparison::entries);
    let (wrong, undecided) = (sum(|row| row.wrong), sum(|row| row.undecided));
    match comparison.verdict() {
        Verdict::Passed => {
            let (english, swedish) = why_relative_errors(w);
            w.paragraph(
                format!("Passed: none of {entries} entries is wrong.{english}"),
                format!("Godkänd: inget av {entries} element är felaktigt.{swedish}"),
            )
        }
        Verdict::Undecided => w.paragraph(
            format!(
                "Undecided: none of {entries} entries is known to be wrong, but {undecided} \
                 cannot be decided: with these weights rounding changes the loss too much."
            ),
            format!(
                "Oavgjord: inget av {entries} element är säkert felaktigt, men {undecided} går \
                 inte att avgöra: med de här vikterna ändrar avrundningen förlusten för mycket."
            ),
        ),
        Verdict::Failed => w.paragraph(
            format!("Failed: {wrong} of {entries} entries are wrong."),
            format!("Underkänd: {wrong} av {entries} element är felaktiga."),
        ),
    }
}

/// Why right entries have a large relative error, in both languages; nothing where none has.
fn why_relative_errors(w: &Writer) -> (String, String) {
    let rows = &w.facts.check.comparison.rows;
    let over: usize = rows.iter().map(|row| row.relative_over).sum();
    if over == 0 {
        return Default::default();
    }
    let over = w.count(over);
    let estimate = rows.iter().map(|row| row.estimate).fold(0.0, f64::max);
    let estimate = w.number(format!("{estimate:.2e}"));
    (
        format!(
            " For {over} of them the relative error is above 10^−6, and the entry is right all the same: \
             the gradient is nearly 0 there. Rounding of the loss leaves a difference uncertain by up to \
             {estimate}, which is more than a millionth of so small a number."
        ),
        format!(
            " För {over} av dem är det relativa felet större än 10^−6, och elementet är ändå riktigt: \
             gradienten är nästan 0 där. Avrundningen av förlusten gör en differens osäker på upp till \
             {estimate}, vilket är mer än en miljondel av ett så litet tal."
        ),
    )
}
