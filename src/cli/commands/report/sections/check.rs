//! The gradient check.

use crate::cli::commands::report::page::Block;
use crate::cli::commands::report::writer::Writer;
use elman::check::{Row, Verdict};

/// The section.
pub fn section(writer: &Writer) -> Vec<Block> {
    let facts = writer.facts;
    let mut blocks = vec![
        Block::Heading(writer.pair("Gradient check", "Gradientkontroll")),
        Block::Paragraph(method(writer)),
    ];
    let (hidden, characters) = (facts.check.hidden, facts.check.characters);
    if hidden < facts.shape.m() {
        let (m, all) = (writer.count(hidden), writer.count(facts.shape.m()));
        blocks.push(Block::Paragraph(writer.pair(
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
    if characters < facts.settings.sequence_length {
        let (T, symbols) = (
            writer.count(facts.settings.sequence_length),
            writer.symbols(),
        );
        let characters = writer.count(characters);
        blocks.push(Block::Paragraph(writer.pair(
            format!("A sequence has T = {T} {symbols}; checked are {characters} of them."),
            format!("En sekvens har T = {T} {symbols}; av dem kontrolleras {characters}."),
        )));
    }
    blocks.push(table(writer));
    blocks.push(Block::Paragraph(verdict(writer)));
    blocks
}

fn method(writer: &Writer) -> String {
    let check = &writer.facts.check;
    let (m, K) = (
        writer.count(check.hidden),
        writer.count(writer.facts.shape.K()),
    );
    let (characters, symbols) = (writer.count(check.characters), writer.symbols());
    writer.pair(
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
fn table(writer: &Writer) -> Block {
    let columns = &writer.facts.check.comparison.rows;
    let error = |error: f64| writer.number(format!("{error:.2e}"));
    let row = |name: [&str; 2], cell: &dyn Fn(&Row) -> String| -> Vec<String> {
        let [english, swedish] = name;
        let name = writer.pair(english, swedish).to_string();
        [name].into_iter().chain(columns.iter().map(cell)).collect()
    };
    let names = columns.iter().map(|column| column.name.to_string());
    Block::Table {
        head: [String::new()].into_iter().chain(names).collect(),
        rows: vec![
            row(["Shape", "Dimensioner"], &|of| {
                format!("{} × {}", writer.count(of.rows), writer.count(of.columns))
            }),
            row(["Entries", "Element"], &|of| writer.count(of.entries())),
            row(["Largest absolute error", "Största absoluta fel"], &|of| {
                error(of.absolute.error)
            }),
            row(["Largest relative error", "Största relativa fel"], &|of| {
                error(of.relative.error)
            }),
            row(
                ["Largest estimate of error", "Största uppskattade fel"],
                &|of| error(of.estimate),
            ),
            row(
                ["Relative error > 10^−6", "Relativt fel > 10^−6"],
                &|of| writer.count(of.relative_over),
            ),
            row(["Rounding alone", "Bara avrundning"], &|of| {
                writer.count(of.within_rounding)
            }),
            row(["Undecided", "Oavgjorda"], &|of| writer.count(of.undecided)),
            row(["Wrong", "Felaktiga"], &|of| writer.count(of.wrong)),
        ],
    }
}

fn verdict(writer: &Writer) -> String {
    let comparison = &writer.facts.check.comparison;
    let sum =
        |count: fn(&Row) -> usize| writer.count(comparison.rows.iter().map(count).sum::<usize>());
    let entries = sum(Row::entries);
    match comparison.verdict() {
        Verdict::Passed => writer.pair(
            format!("Passed: none of {entries} entries is wrong."),
            format!("Godkänd: inget av {entries} element är felaktigt."),
        ),
        Verdict::Undecided => {
            let undecided = sum(|row| row.undecided);
            writer.pair(
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
            writer.pair(
                format!("Failed: {wrong} of {entries} entries are wrong."),
                format!("Underkänd: {wrong} av {entries} element är felaktiga."),
            )
        }
    }
}
