//! The page that facts make in a language.

use super::blocks::{Block, Page};
use super::command::{MODEL, TEXT, is_story};
use super::facts::Facts;
use super::visible::{signs, visible};
use super::words::{Words, fill};
use crate::cli::chart;
use crate::cli::report_log::LONGEST_SAMPLE;
use crate::cli::svg::{NARROW, WIDE};
use crate::cli::terminal::{short_loss, thousands};
use crate::cli::text_curve;
use elman::gradient_check::{Row, Verdict};
use elman::text::Symbols;
use elman::{Initialization, Loss, Optimizer, Order};

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
struct Told<'a> {
    facts: &'a Facts,
    words: &'a Words,
}

impl Told<'_> {
    /// A number that is written as 1,234.5 in English.
    fn number(&self, number: impl ToString) -> String {
        (self.words.chart.number)(&number.to_string())
    }

    fn count(&self, count: impl TryInto<u64>) -> String {
        self.number(thousands(count.try_into().unwrap_or(u64::MAX)))
    }

    fn loss(&self, loss: f64) -> String {
        self.number(short_loss(loss, DIGITS))
    }

    /// A setting, with all of its digits.
    fn value(&self, value: f64) -> String {
        let digits = format!("{value:?}");
        self.number(digits.strip_suffix(".0").unwrap_or(&digits))
    }

    fn symbols(&self) -> &'static str {
        self.words.symbols[usize::from(self.facts.vocabulary.symbols() == Symbols::Bytes)]
    }

    /// A sentence with what any of them may need.
    fn with(&self, sentence: &str) -> String {
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
                ("symbols", self.symbols()),
                ("ends", self.ends()),
                ("share", &self.share()),
                ("version", elman::VERSION),
                ("TEXT", TEXT),
                ("MODEL", MODEL),
            ],
        )
    }

    /// Documents are counted with their ends, and without empty lines.
    fn ends(&self) -> &'static str {
        match self.facts.settings.documents {
            true => self.words.with_ends,
            false => "",
        }
    }

    /// What is held out, in hundredths.
    fn share(&self) -> String {
        let share = format!("{:.4}", 100.0 * self.facts.settings.validation);
        let share = share.trim_end_matches('0').trim_end_matches('.');
        format!("{}\u{a0}%", self.number(share))
    }

    fn notice(&self) -> Vec<Block> {
        match self.facts.is_finished() {
            true => Vec::new(),
            false => vec![Block::Notice(self.with(self.words.unfinished))],
        }
    }

    fn setting(&self) -> Vec<Block> {
        let rows = [self.of_text(), self.of_learning(), self.of_run()].concat();
        let rows = rows.into_iter();
        let rows = rows.map(|(name, value)| (self.with(name), value));
        vec![
            Block::Heading(self.words.setting),
            Block::Settings(rows.collect()),
            Block::Paragraph(self.with(self.words.its_characters)),
            Block::Verbatim(signs(&self.facts.vocabulary)),
        ]
    }

    fn of_text(&self) -> Vec<(&'static str, String)> {
        let (words, facts) = (self.words, self.facts);
        let text = match facts.source {
            Some(source) if is_story(&source) => words.story,
            _ => words.of_text,
        };
        let settings = &facts.settings;
        vec![
            (words.text, self.with(text)),
            (words.characters, self.with("K = {K}")),
            (words.hidden, self.with("m = {m}")),
            (words.parameters, self.count(facts.shape.entries())),
            (words.sequence_length, self.with("T = {T}")),
            (words.streams, self.with("B = {B}")),
            (
                words.documents,
                words.documents_are[usize::from(settings.documents)].to_string(),
            ),
            (
                words.order,
                match settings.order {
                    Order::Text => words.order_text.to_string(),
                    Order::Chunks { length } => self.with(&fill(
                        words.order_chunks,
                        &[("length", &self.count(length))],
                    )),
                    Order::Positions => words.order_positions.to_string(),
                },
            ),
            (
                words.held_out,
                match settings.validation {
                    0.0 => words.nothing.to_string(),
                    _ => self.with(words.share),
                },
            ),
        ]
    }

    fn of_learning(&self) -> Vec<(&'static str, String)> {
        let (words, settings) = (self.words, &self.facts.settings);
        let mut rows = vec![
            (
                words.loss,
                match settings.loss {
                    Loss::Sum => words.loss_sum,
                    Loss::Mean => words.loss_mean,
                }
                .to_string(),
            ),
            (
                words.optimizer,
                match settings.optimizer {
                    Optimizer::AdaGrad => "AdaGrad",
                    Optimizer::Adam => "Adam",
                    Optimizer::RmsProp => "RMSProp",
                }
                .to_string(),
            ),
            (
                words.learning_rate,
                format!("η = {}", self.value(settings.learning_rate)),
            ),
        ];
        let betas = [
            ("β₁", settings.beta1, settings.optimizer == Optimizer::Adam),
            (
                "β₂",
                settings.beta2,
                settings.optimizer != Optimizer::AdaGrad,
            ),
            ("ε", settings.epsilon, true),
        ];
        let betas = betas.into_iter().filter(|(_, _, counts)| *counts);
        rows.extend(betas.map(|(name, value, _)| (name, self.value(value))));
        rows.push((
            words.clip,
            match settings.clip.is_finite() {
                true => format!("[−{0}; {0}]", self.value(settings.clip)),
                false => words.clip_none.to_string(),
            },
        ));
        rows.push((
            words.initialization,
            match settings.initialization {
                Initialization::Sigma => {
                    format!("U, W, V ~ N(0, σ²), σ = {}", self.value(settings.sigma))
                }
                Initialization::FanIn => {
                    "U ~ N(0, 1/(2K)), W ~ N(0, 1/(2m)), V ~ N(0, 1/m)".to_string()
                }
            },
        ));
        rows.push((words.seed, settings.seed.to_string()));
        rows
    }

    fn of_run(&self) -> Vec<(&'static str, String)> {
        let (words, facts) = (self.words, self.facts);
        let plan = &facts.plan;
        let updates = match facts.is_finished() {
            true => "{updates}",
            false => words.of_updates,
        };
        let reports = fill(
            words.reports_are,
            &[
                ("characters", &self.count(plan.report_length)),
                ("updates", &self.count(plan.report_every)),
            ],
        );
        let logged = ("updates", &*self.count(plan.log_every));
        vec![
            (words.updates, self.with(updates)),
            (words.epochs, self.count(facts.epoch)),
            (words.reports, self.with(&reports)),
            (
                words.passage,
                format!("{} {}", self.count(plan.passage_length), self.symbols()),
            ),
            (words.log, fill(words.every_updates, &[logged])),
        ]
    }

    fn equations(&self) -> Vec<Block> {
        let (words, settings) = (self.words, &self.facts.settings);
        let (loss, difference) = match settings.loss {
            Loss::Sum => ("L = − Σ_t ln p_t[y_t]", "g_t = p_t − y_t"),
            Loss::Mean => ("L = − (1/T) Σ_t ln p_t[y_t]", "g_t = (p_t − y_t) / T"),
        };
        let lines = |lines: &[&str]| lines.iter().map(|line| line.to_string()).collect();
        let forward = lines(&[
            "a_t = W h_{t−1} + U x_t + b",
            "h_t = tanh(a_t)",
            "o_t = V h_t + c",
            "p_t = softmax(o_t)",
            loss,
        ]);
        let backward = lines(&[
            difference,
            "∂L/∂h_t = V^⊤ g_t + W^⊤ ∂L/∂a_{t+1}",
            "∂L/∂a_t = ∂L/∂h_t ⊙ (1 − h_t ⊙ h_t)",
            "∂L/∂V = Σ_t g_t h_t^⊤",
            "∂L/∂W = Σ_t ∂L/∂a_t h_{t−1}^⊤",
            "∂L/∂U = Σ_t ∂L/∂a_t x_t^⊤",
            "∂L/∂b = Σ_t ∂L/∂a_t",
            "∂L/∂c = Σ_t g_t",
        ]);
        let mut update: Vec<String> = Vec::new();
        if settings.clip.is_finite() {
            let clip = self.value(settings.clip);
            update.push(format!("g ← min(max(g, −{clip}), {clip})"));
        }
        update.extend(match settings.optimizer {
            Optimizer::AdaGrad => lines(&["G_θ ← G_θ + g^2", "θ ← θ − η g / √(G_θ + ε)"]),
            Optimizer::Adam => lines(&[
                "m_θ ← β_1 m_θ + (1 − β_1) g",
                "v_θ ← β_2 v_θ + (1 − β_2) g^2",
                "θ ← θ − η (m_θ / (1 − β_1^n)) / (√(v_θ / (1 − β_2^n)) + ε)",
                "n = 1, 2, …",
            ]),
            Optimizer::RmsProp => {
                lines(&["v_θ ← β_2 v_θ + (1 − β_2) g^2", "θ ← θ − η g / (√v_θ + ε)"])
            }
        });
        let first = match settings.initialization {
            Initialization::Sigma => lines(&["U, W, V ~ N(0, σ^2)", "b = c = 0"]),
            Initialization::FanIn => lines(&[
                "U ~ N(0, 1/(2K))",
                "W ~ N(0, 1/(2m))",
                "V ~ N(0, 1/m)",
                "b = c = 0",
            ]),
        };
        let mut blocks = vec![
            Block::Heading(words.equations),
            Block::Equations(vec![
                (words.forward, forward),
                (words.backward, backward),
                (words.update, update),
                (words.first, first),
            ]),
            Block::Paragraph(format!("{}{}", words.equations_are, self.hidden_state())),
        ];
        if settings.streams > 1 {
            blocks.push(Block::Paragraph(self.with(words.of_streams)));
        }
        blocks
    }

    fn hidden_state(&self) -> &'static str {
        let settings = &self.facts.settings;
        self.words.hidden_state[match settings.order {
            Order::Text => usize::from(settings.documents),
            Order::Chunks { .. } => 2,
            Order::Positions => 3,
        }]
    }

    fn check(&self) -> Vec<Block> {
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
        let error = |error: f64| self.number(format!("{error:.2e}")).replace("e-", "e−");
        let cells: Vec<[String; 9]> = (rows.iter())
            .map(|row| {
                [
                    match row.columns {
                        1 => self.count(row.rows),
                        columns => format!("{} × {}", self.count(row.rows), self.count(columns)),
                    },
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
        if settings.validation > 0.0 {
            said = format!("{said} {}", self.with(words.validation_is));
        }
        let losses = &facts.losses;
        if let [first, .., _] = losses.curve.points() {
            said = format!("{said} {}", self.course(first.smooth));
        }
        let chart = match losses.curve.points() {
            [] => Block::Paragraph(words.no_losses.to_string()),
            _ => {
                let drawn = |frame| {
                    chart::within_page(
                        frame,
                        &words.chart,
                        words.chart_name,
                        &losses.title,
                        &losses.curve,
                        (facts.updates, losses.updates_per_epoch),
                    )
                };
                let text = text_curve::draw(&losses.curve, words.smooth_loss, COLUMNS, true);
                let text = self.number(text.replace("updates", words.chart.updates));
                Block::Chart {
                    wide: drawn(&WIDE),
                    narrow: drawn(&NARROW),
                    text: match text.is_empty() {
                        true => words.few_losses.to_string(),
                        false => text,
                    },
                }
            }
        };
        vec![Block::Heading(words.losses), Block::Paragraph(said), chart]
    }

    /// What the smooth loss begins at, and where it stands: in the last report, or in the last row.
    fn course(&self, first: f64) -> String {
        let report = self.facts.samples.last.as_ref();
        let row = self.facts.losses.curve.points().last();
        let (at, last) = match (report, row) {
            (Some(report), _) => (report.iteration, report.smooth_loss),
            (None, row) => row.map_or((0, first), |row| (row.iteration, row.smooth)),
        };
        let values = [
            ("first", &*self.loss(first)),
            ("last", &*self.loss(last)),
            ("at", &*self.count(at)),
        ];
        fill(self.words.losses_end, &values)
    }

    fn samples(&self) -> Vec<Block> {
        let (words, samples) = (self.words, &self.facts.samples);
        let heading = Block::Heading(words.samples);
        let Some(all) = samples.all else {
            return vec![heading, Block::Notice(words.no_samples.to_string())];
        };
        let mut said = words.samples_are.to_string();
        if samples.shown.len() < all {
            let values = [
                ("every", &*self.count(self.facts.plan.report_every)),
                ("all", &*self.count(all)),
                ("shown", &*self.count(samples.shown.len())),
            ];
            said = format!("{said} {}", fill(words.samples_some, &values));
        }
        let mut blocks = vec![heading, Block::Paragraph(said)];
        blocks.extend(samples.shown.iter().map(|report| {
            let updates = self.count(report.iteration);
            let mut figures = vec![
                (words.iteration, updates.clone()),
                (words.epoch, self.count(report.epoch)),
                (words.chunk_loss, self.loss(report.loss)),
                (words.smooth_loss, self.loss(report.smooth_loss)),
            ];
            figures.extend(self.validated(report.validation));
            Block::Sample {
                heading: match report.iteration {
                    0 => words.before.to_string(),
                    _ => fill(words.after, &[("updates", &updates)]),
                },
                figures,
                text: visible(&report.sample),
            }
        }));
        blocks
    }

    fn validated(&self, validation: Option<[f64; 2]>) -> Vec<(&'static str, String)> {
        let names = [self.words.validation_loss, self.words.bits];
        let losses = validation.into_iter().flatten().map(|x| self.loss(x));
        names.into_iter().zip(losses).collect()
    }

    fn best(&self) -> Vec<Block> {
        let (words, best) = (self.words, &self.facts.best);
        let sentence = match self.facts.settings.validation {
            0.0 => words.best_is,
            _ => words.best_validated,
        };
        let length = self.count(self.facts.plan.passage_length.min(LONGEST_SAMPLE));
        let updates = self.count(best.updates);
        let heading = match best.updates {
            0 => words.before.to_string(),
            _ => fill(words.after, &[("updates", &updates)]),
        };
        let mut figures = vec![(words.iteration, updates.clone())];
        figures.extend((best.smooth_loss).map(|loss| (words.smooth_loss, self.loss(loss))));
        figures.extend(self.validated(best.validation));
        let sample = |text: &str, figures| Block::Sample {
            heading: heading.clone(),
            figures,
            text: visible(text),
        };
        let mut blocks = vec![
            Block::Heading(words.best),
            Block::Paragraph(self.with(&fill(sentence, &[("length", &length)]))),
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
                        head: words.speed_head.map(str::to_string).to_vec(),
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
