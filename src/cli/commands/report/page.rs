//! The page that facts make in a language.

use super::blocks::{Block, Page};
use super::command::{MODEL, TEXT};
use super::facts::Facts;
use super::visible::visible;
use super::words::{Words, fill};
use crate::cli::charts::loss_chart;
use crate::cli::charts::svg::{NARROW, WIDE};
use crate::cli::format::{short_loss, thousands};
use crate::cli::terminal::text_curve;
use elman::Loss;
use elman::text::Symbols;

/// Digits of a loss.
const DIGITS: usize = 6;
/// Columns of the chart in text.
const COLUMNS: usize = 78;

/// The page.
pub fn of(facts: &Facts, words: &Words) -> Page {
    let told = Told { facts, words };
    let sections = [
        told.notice(),
        told.setting(),
        told.equations(),
        told.check(),
        told.losses(),
        told.samples(),
        told.best(),
        told.speed(),
        told.repeat(),
    ];
    Page {
        title: words.title.to_string(),
        subtitle: told.with(words.subtitle),
        blocks: sections.into_iter().flatten().collect(),
        end: told.with(words.end),
    }
}

/// Facts and the words for them.
pub struct Told<'a> {
    pub facts: &'a Facts,
    pub words: &'a Words,
}

impl Told<'_> {
    /// A number that is written as 1,234.5 in English.
    pub fn number(&self, number: impl ToString) -> String {
        (self.words.chart.number)(&number.to_string()).replace("e-", "e−")
    }

    pub fn count(&self, count: impl TryInto<u64>) -> String {
        self.number(thousands(count.try_into().unwrap_or(u64::MAX)))
    }

    fn loss(&self, loss: f64) -> String {
        self.number(short_loss(loss, DIGITS))
    }

    /// A setting, with all of its digits.
    pub fn value(&self, value: f64) -> String {
        let digits = format!("{value:?}");
        self.number(digits.strip_suffix(".0").unwrap_or(&digits))
    }

    /// The word for characters, or that for bytes.
    fn of_symbols(&self, words: [&'static str; 2]) -> &'static str {
        words[usize::from(self.facts.vocabulary.symbols() == Symbols::Bytes)]
    }

    /// A sentence with what any of them may need.
    pub fn with(&self, sentence: &str) -> String {
        let facts = self.facts;
        let source = facts.source;
        let digest = source.map_or(0, |source| source.digest);
        fill(
            sentence,
            &[
                ("m", &self.count(facts.shape.m())),
                ("K", &self.count(facts.shape.K())),
                ("T", &self.count(facts.settings.sequence_length)),
                ("B", &self.count(facts.settings.streams)),
                ("updates", &self.count(facts.updates)),
                ("iterations", &self.count(facts.plan.iterations)),
                (
                    "length",
                    &self.count(source.map_or(0, |source| source.length)),
                ),
                ("digest", &format!("{digest:016x}")),
                ("ends", self.ends()),
                ("symbols", self.of_symbols(self.words.symbols)),
                ("symbol", self.of_symbols(self.words.symbol)),
                ("share", &self.share()),
                ("version", elman::VERSION),
                ("TEXT", TEXT),
                ("MODEL", MODEL),
            ],
        )
    }

    /// Documents are counted with their ends, and without empty lines.
    fn ends(&self) -> &'static str {
        if self.facts.settings.documents {
            self.words.with_ends
        } else {
            ""
        }
    }

    /// What is held out, in hundredths.
    fn share(&self) -> String {
        let share = format!("{:.4}", 100.0 * self.facts.settings.validation);
        let share = share.trim_end_matches('0').trim_end_matches('.');
        format!("{}\u{a0}%", self.number(share))
    }

    fn notice(&self) -> Vec<Block> {
        if self.facts.is_finished() {
            Vec::new()
        } else {
            vec![Block::Notice(self.with(self.words.unfinished))]
        }
    }

    fn losses(&self) -> Vec<Block> {
        let (words, facts) = (self.words, self.facts);
        let settings = &facts.settings;
        let characters = settings.loss_characters() as f64;
        let untrained = self.loss(characters * elman::kernels::ln(facts.shape.K() as f64));
        let sentence = match settings.loss {
            Loss::Sum => words.losses_are,
            Loss::Mean => words.losses_mean,
        };
        let mut said = self.with(&fill(sentence, &[("untrained", &untrained)]));
        let ends = self.smooth_ends();
        let more = [
            (words.smooth_is, true),
            (&ends, !ends.is_empty()),
            (
                words.shorter,
                settings.documents && settings.loss == Loss::Sum,
            ),
            (words.validation_is, settings.validation > 0.0),
        ];
        for (sentence, _) in more.into_iter().filter(|(_, is_so)| *is_so) {
            said = format!("{said} {}", self.with(sentence));
        }
        let losses = &facts.losses;
        let chart = match losses.curve.points() {
            [] => Block::Paragraph(words.no_losses.to_string()),
            _ => {
                let drawn = |frame| {
                    loss_chart::within_page(
                        frame,
                        &words.chart,
                        words.chart_name,
                        &losses.title,
                        &losses.curve,
                        (facts.updates, losses.updates_per_epoch),
                    )
                };
                let heading = words.smooth_loss;
                let text =
                    text_curve::in_words(&words.chart, &losses.curve, heading, COLUMNS, true);
                Block::Chart {
                    wide: drawn(&WIDE),
                    narrow: drawn(&NARROW),
                    text: if text.is_empty() {
                        words.few_losses.to_string()
                    } else {
                        text
                    },
                }
            }
        };
        vec![Block::Heading(words.losses), Block::Paragraph(said), chart]
    }

    /// What the smooth loss begins at and where it stands; empty where there are too few losses.
    fn smooth_ends(&self) -> String {
        let [first, .., last] = self.facts.losses.curve.points() else {
            return String::new();
        };
        let values = [
            ("first", &*self.loss(first.smooth)),
            ("last", &*self.loss(last.smooth)),
            ("at", &*self.count(last.iteration)),
        ];
        fill(self.words.smooth_ends, &values)
    }

    fn samples(&self) -> Vec<Block> {
        let (words, samples) = (self.words, &self.facts.samples);
        let heading = Block::Heading(words.samples);
        let Some(all) = samples.all else {
            return vec![heading, Block::Notice(words.no_samples.to_string())];
        };
        let mut said = words.samples_are.to_string();
        if (samples.shown.len() as u64) < all {
            let values = [
                ("every", &*self.count(self.facts.plan.report_every)),
                ("all", &*self.count(all)),
                ("shown", &*self.count(samples.shown.len())),
            ];
            said = format!("{said} {}", fill(words.samples_some, &values));
        }
        let mut blocks = vec![heading, Block::Paragraph(said)];
        blocks.extend(samples.shown.iter().map(|shown| {
            let report = &shown.observation;
            let validation = report.validation_loss.zip(report.validation_bits);
            let updates = self.count(report.iteration);
            let mut figures = vec![
                (words.iteration, updates.clone()),
                (words.epoch, self.count(report.epoch)),
                (words.chunk_loss, self.loss(report.loss)),
                (words.smooth_loss, self.loss(report.smooth_loss)),
            ];
            figures.extend(self.validated(validation.map(<[f64; 2]>::from)));
            Block::Sample {
                heading: match report.iteration {
                    0 => words.before.to_string(),
                    _ => fill(words.after, &[("updates", &updates)]),
                },
                figures,
                text: visible(&shown.sample),
            }
        }));
        blocks
    }

    fn validated(&self, validation: Option<[f64; 2]>) -> Vec<(&'static str, String)> {
        let names = [self.words.validation_loss, self.of_symbols(self.words.bits)];
        let losses = validation.into_iter().flatten().map(|x| self.loss(x));
        names.into_iter().zip(losses).collect()
    }

    fn best(&self) -> Vec<Block> {
        let (words, best) = (self.words, &self.facts.best);
        let sentence = match self.facts.settings.validation {
            0.0 => words.best_is,
            _ => words.best_validated,
        };
        let length = self.count(best.length);
        let all = self.count(self.facts.plan.passage_length);
        let begin = words.begins[usize::from(self.facts.settings.documents)];
        let values = [("length", &*length), ("begin", begin)];
        let mut said = self.with(&fill(sentence, &values));
        if best.length < self.facts.plan.passage_length {
            let values = [("length", &*length), ("all", &*all)];
            said = format!("{said} {}", self.with(&fill(words.best_part, &values)));
        }
        let updates = self.count(best.updates);
        let mut figures = vec![(words.iteration, updates.clone())];
        figures.extend((best.smooth_loss).map(|loss| (words.smooth_loss, self.loss(loss))));
        figures.extend(self.validated(best.validation));
        let heading = match best.updates {
            0 => words.before.to_string(),
            _ => fill(words.after, &[("updates", &updates)]),
        };
        let sample = |text: &str, figures| Block::Sample {
            heading: heading.clone(),
            figures,
            text: visible(text),
        };
        let mut blocks = vec![
            Block::Heading(words.best),
            Block::Paragraph(said),
            sample(&best.passage, figures),
        ];
        if let Some(carried) = &best.carried {
            blocks.push(Block::Paragraph(words.best_carried.to_string()));
            blocks.push(sample(carried, Vec::new()));
        }
        blocks
    }

    fn speed(&self) -> Vec<Block> {
        let words = self.words;
        let told = match &self.facts.speed {
            None => vec![Block::Paragraph(words.speed_none.to_string())],
            Some(Err(error)) => {
                let said = fill(words.speed_failed, &[("error", error)]);
                vec![Block::Notice(said)]
            }
            Some(Ok(speed)) => {
                let figure = |x: f64| match x {
                    100.0.. => self.count(x as u64),
                    _ => self.number(short_loss(x, 3)),
                };
                let row = |name: &str, updates: f64| {
                    let characters = updates * speed.characters as f64;
                    vec![name.to_string(), figure(updates), figure(characters)]
                };
                let ratio = figure(speed.fast / speed.naive);
                let ratio = vec![words.ratio.to_string(), ratio.clone(), ratio];
                vec![
                    Block::Table {
                        head: words.speed_head.map(|name| self.with(name)).to_vec(),
                        rows: vec![
                            row(words.fast, speed.fast),
                            row(words.naive, speed.naive),
                            ratio,
                        ],
                    },
                    Block::Paragraph(fill(words.speed_is, &[("level", speed.level)])),
                ]
            }
        };
        let heading = Block::Heading(words.speed);
        [heading].into_iter().chain(told).collect()
    }

    fn repeat(&self) -> Vec<Block> {
        let (words, facts) = (self.words, self.facts);
        let mut blocks = vec![
            Block::Heading(words.repeat),
            Block::Paragraph(self.with(words.repeat_is)),
            Block::Command(facts.command.join(" ")),
        ];
        if facts.command.iter().any(|word| word == TEXT) {
            blocks.push(Block::Paragraph(self.with(words.repeat_text)));
        }
        if facts.command.iter().any(|word| word == MODEL) {
            blocks.push(Block::Paragraph(self.with(words.repeat_from)));
        }
        blocks.push(Block::Paragraph(self.with(words.repeat_digest)));
        blocks.push(Block::Command(format!("digest={:016x}", facts.digest)));
        blocks
    }
}
