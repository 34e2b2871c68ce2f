//! The gradient check.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::check::{TensorComparison, Verdict};

/// The section.
pub fn section(w: &Writer) -> Vec<Block> {
    let facts = w.facts;
    let mut blocks = vec![
        Block::Heading(w.pair("Gradient check", "Gradientkontroll")),
        Block::Paragraph(method(w)),
    ];
    let (hidden, characters) = (facts.check.hidden, facts.check.characters);
    if hidden < facts.model.state.rnn.shape().m() {
        let (m, all) = (w.count(hidden), w.count(facts.model.state.rnn.shape().m()));
        blocks.push(Block::Paragraph(w.pair(
            format!(
                "Checked are the first {m} of its {all} hidden units, with their own weights, as \
                 a smaller network."
            ),
            format!(
                "Av dess {all} dolda enheter kontrolleras de {m} första, med sina egna vikter, \
                 som ett mindre nätverk."
            ),
        )));
    }
    if characters < facts.model.settings.sequence_length {
        let (T, symbols) = (w.count(facts.model.settings.sequence_length), w.symbols());
        let characters = w.count(characters);
        blocks.push(Block::Paragraph(w.pair(
            format!("A sequence has T = {T} {symbols}; checked are {characters} of them."),
            format!("En sekvens har T = {T} {symbols}; av dem kontrolleras {characters}."),
        )));
    }
    blocks.push(table(w));
    blocks.push(Block::Paragraph(verdict(w)));
    blocks
}

fn method(w: &Writer) -> String {
    let check = &w.facts.check;
    let (m, K) = (w.count(check.hidden), w.count(w.facts.model.state.rnn.shape().K()));
    let (characters, symbols) = (w.count(check.characters), w.symbols());
    w.pair(
        format!(
            "Every entry of the analytic gradients, before clipping, is compared with differences \
             of the loss (a five-point formula with steps of 2^−10, or smaller where the loss \
             bends): of the best model, with m = {m} and K = {K}, over the first {characters} \
             {symbols} that it writes from the hidden state that it carries. The relative error \
             is |a − d| / max(10^−6, |a| + |d|) for the analytic a and the difference d. Every \
             difference comes with an estimate of its own error: a relative error above 10^−7 \
             within it is rounding alone, one beyond it is wrong."
        ),
        format!(
            "Varje element i de analytiska gradienterna, före klippning, jämförs med differenser \
             av förlusten (en fempunktsformel med steglängden 2^−10, eller kortare där förlusten \
             är starkt krökt): för den bästa modellen, med m = {m} och K = {K}, på de första \
             {characters} {symbols} som den skriver från det dolda tillstånd som den bär med sig. \
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
    let row = |name: [&str; 2], cell: &dyn Fn(&TensorComparison) -> String| -> Vec<String> {
        let [english, swedish] = name;
        let name = w.pair(english, swedish).to_string();
        [name].into_iter().chain(columns.iter().map(cell)).collect()
    };
    let names = columns.iter().map(|column| column.name.to_string());
    Block::Table {
        head: [String::new()].into_iter().chain(names).collect(),
        rows: vec![
            row(["Shape", "Dimensioner"], &|of| {
                format!("{} × {}", w.count(of.rows), w.count(of.columns))
            }),
            row(["Entries", "Element"], &|of| w.count(of.entries())),
            row(["Largest absolute error", "Största absoluta fel"], &|of| {
                error(of.absolute.error)
            }),
            row(["Largest relative error", "Största relativa fel"], &|of| {
                error(of.relative.error)
            }),
            row(["Largest estimate of error", "Största uppskattade fel"], &|of| {
                error(of.estimate)
            }),
            row(["Relative error > 10^−6", "Relativt fel > 10^−6"], &|of| {
                w.count(of.relative_over)
            }),
            row(["Rounding alone", "Bara avrundning"], &|of| w.count(of.within_rounding)),
            row(["Undecided", "Oavgjorda"], &|of| w.count(of.undecided)),
            row(["Wrong", "Felaktiga"], &|of| w.count(of.wrong)),
        ],
    }
}

fn verdict(w: &Writer) -> String {
    let comparison = &w.facts.check.comparison;
    let sum = |count: fn(&TensorComparison) -> usize| {
        w.count(comparison.rows.iter().map(count).sum::<usize>())
    };
    let entries = sum(TensorComparison::entries);
    match comparison.verdict() {
        Verdict::Passed => w.pair(
            format!("Passed: none of {entries} entries is wrong."),
            format!("Godkänd: inget av {entries} element är felaktigt."),
        ),
        Verdict::Undecided => {
            let undecided = sum(|row| row.undecided);
            w.pair(
                format!(
                    "Undecided: none of {entries} entries is wrong, but {undecided} cannot be \
                     told: the losses of such weights are too rough for doubles."
                ),
                format!(
                    "Oavgjord: inget av {entries} element är felaktigt, men {undecided} går inte \
                     att avgöra: förlusten för sådana vikter är för ojämn för flyttal med dubbel \
                     precision."
                ),
            )
        }
        Verdict::Failed => {
            let wrong = sum(|row| row.wrong);
            w.pair(
                format!("Failed: {wrong} of {entries} entries are wrong."),
                format!("Underkänd: {wrong} av {entries} element är felaktiga."),
            )
        }
    }
}
