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
                "Only the first {m} of its {all} hidden units are checked, with their own weights, \
                 as a smaller network."
            ),
            format!(
                "Bara de första {m} av dess {all} dolda enheter kontrolleras, med sina egna vikter, \
                 som ett mindre nätverk."
            ),
        ));
    }
    if check.characters < settings.sequence_length {
        let (T, characters) = (w.count(settings.sequence_length), w.count(check.characters));
        let symbols = w.symbols();
        blocks.push(w.paragraph(
            format!("The sequence length is T = {T}; the check reads only {characters} {symbols}."),
            format!("Sekvenslängden är T = {T}; kontrollen läser bara {characters} {symbols}."),
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
            "The check compares every entry of the analytic gradients, before clipping, with a \
             numerical derivative of the loss: a five-point formula with steps of 2^−10, or \
             smaller where the loss is strongly curved. The network is the best model (m = {m}, \
             K = {K}). It reads the first {characters} {symbols} of its final sample, from the \
             same hidden state. The relative error of an analytic value a and a numerical value d \
             is |a − d| / max(10^−6, |a| + |d|). The check also estimates the error of d. \
             An entry with a relative error above 10^−7 is wrong if |a − d| is larger than this \
             estimate; otherwise the difference is only rounding."
        ),
        format!(
            "Kontrollen jämför varje element i de analytiska gradienterna, före klippning, med en \
             numerisk derivata av förlusten: en fempunktsformel med steglängden 2^−10, eller \
             kortare där förlusten är starkt krökt. Nätverket är den bästa modellen (m = {m}, \
             K = {K}). Det läser början av sitt avslutande textprov, {characters} {symbols}, från \
             samma dolda tillstånd. Det relativa felet mellan ett analytiskt värde a och ett \
             numeriskt värde d är |a − d| / max(10^−6, |a| + |d|). Kontrollen uppskattar även \
             felet i d. Ett element med ett relativt fel över 10^−7 är felaktigt om |a − d| är \
             större än den uppskattningen; annars är skillnaden bara avrundning."
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
            row("Largest estimated error of d", "Största uppskattade fel i d", &|of| {
                error(of.estimate)
            }),
            row("Relative error > 10^−6", "Relativt fel > 10^−6", &|of| {
                w.count(of.relative_over)
            }),
            row("Only rounding", "Bara avrundning", &|of| w.count(of.within_rounding)),
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
                format!("Passed: none of the {entries} entries is wrong.{english}"),
                format!("Godkänd: inget av de {entries} elementen är felaktigt.{swedish}"),
            )
        }
        Verdict::Undecided => w.paragraph(
            format!(
                "Undecided: none of the {entries} entries is certainly wrong, but {undecided} \
                 cannot be checked. With these weights, rounding changes the loss too much."
            ),
            format!(
                "Oavgjord: inget av de {entries} elementen är säkert felaktigt, men {undecided} \
                 går inte att kontrollera. Med de här vikterna påverkar avrundningen förlusten för \
                 mycket."
            ),
        ),
        Verdict::Failed => w.paragraph(
            format!("Failed: {wrong} of the {entries} entries are wrong."),
            format!("Underkänd: {wrong} av de {entries} elementen är felaktiga."),
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
            " For {over} of them the relative error is above 10^−6, but this is only rounding. Their \
             gradients are nearly 0, and rounding of the loss gives d an error of up to {estimate}."
        ),
        format!(
            " För {over} av dem är det relativa felet större än 10^−6, men det är bara avrundning. \
             Deras gradienter är nästan 0, och avrundningen av förlusten ger d ett fel på upp till \
             {estimate}."
        ),
    )
}
