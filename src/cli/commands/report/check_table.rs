//! What a report says of the gradient check.

use super::blocks::Block;
use super::page::Told;
use super::words::fill;
use elman::check::{Row, Verdict};

impl Told<'_> {
    pub fn check(&self) -> Vec<Block> {
        let (words, check) = (self.words, &self.facts.check);
        let (hidden, characters) = (self.count(check.hidden), self.count(check.characters));
        let sentence = |sentence: &str| {
            let all = self.count(self.facts.shape.m());
            let values = [
                ("m", &*hidden),
                ("characters", &*characters),
                ("all", &*all),
            ];
            Block::Paragraph(self.with(&fill(sentence, &values)))
        };
        let mut blocks = vec![Block::Heading(words.check), sentence(words.check_is)];
        if check.hidden < self.facts.shape.m() {
            blocks.push(sentence(words.check_part));
        }
        if check.characters < self.facts.settings.sequence_length {
            blocks.push(sentence(words.check_short));
        }
        blocks.push(self.check_table());
        let rows = &check.comparison.rows;
        let sum = |count: fn(&Row) -> usize| self.count(rows.iter().map(count).sum::<usize>());
        let verdict = match check.comparison.verdict() {
            Verdict::Passed => words.check_passed,
            Verdict::Undecided => words.check_undecided,
            Verdict::Failed => words.check_failed,
        };
        let values = [
            ("entries", &*sum(Row::entries)),
            ("undecided", &*sum(|row| row.undecided)),
            ("wrong", &*sum(|row| row.wrong)),
        ];
        blocks.push(Block::Paragraph(fill(verdict, &values)));
        blocks
    }

    /// A column for each of U, W, V, b, c.
    fn check_table(&self) -> Block {
        let rows = &self.facts.check.comparison.rows;
        let error = |error: f64| self.number(format!("{error:.2e}"));
        let cells: Vec<[String; 9]> = (rows.iter())
            .map(|row| {
                [
                    format!("{} × {}", self.count(row.rows), self.count(row.columns)),
                    self.count(row.entries()),
                    error(row.absolute.error),
                    error(row.relative.error),
                    error(row.estimate),
                    self.count(row.relative_over),
                    self.count(row.within_rounding),
                    self.count(row.undecided),
                    self.count(row.wrong),
                ]
            })
            .collect();
        let named = self.words.check_rows.iter().enumerate();
        let names = rows.iter().map(|row| row.name.to_string());
        Block::Table {
            head: [String::new()].into_iter().chain(names).collect(),
            rows: named
                .map(|(n, name)| {
                    let cells = cells.iter().map(|cells| cells[n].clone());
                    [name.to_string()].into_iter().chain(cells).collect()
                })
                .collect(),
        }
    }
}
