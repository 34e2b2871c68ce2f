//! The settings of a run, as a table.

use super::blocks::Block;
use super::command::is_story;
use super::page::Told;
use super::visible::signs;
use super::words::fill;
use elman::{Initialization, Loss, Optimizer, Order};

/// Names and values.
type Rows = Vec<(&'static str, String)>;

impl Told<'_> {
    pub fn setting(&self) -> Vec<Block> {
        let rows = [
            self.of_text(),
            self.of_reading(),
            self.of_learning(),
            self.of_run(),
        ];
        let rows = rows.concat().into_iter();
        let rows = rows.map(|(name, value)| (self.with(name), value));
        vec![
            Block::Heading(self.words.setting),
            Block::Settings(rows.collect()),
            Block::Paragraph(self.with(self.words.its_characters)),
            Block::Verbatim(signs(&self.facts.vocabulary)),
        ]
    }

    fn of_text(&self) -> Rows {
        let (words, facts) = (self.words, self.facts);
        let text = match facts.source {
            Some(source) if is_story(&source) => words.story,
            _ => words.of_text,
        };
        vec![
            (words.text, self.with(text)),
            (words.characters, self.with("K = {K}")),
            (words.hidden, self.with("m = {m}")),
            (words.parameters, self.count(facts.shape.entries())),
        ]
    }

    fn of_reading(&self) -> Rows {
        let (words, settings) = (self.words, &self.facts.settings);
        let documents = words.documents_are[usize::from(settings.documents)];
        let order = match settings.order {
            Order::Text => words.order_text.to_string(),
            Order::Chunks { length } => {
                fill(words.order_chunks, &[("length", &self.count(length))])
            }
            Order::Positions => words.order_positions.to_string(),
        };
        let held_out = match settings.validation {
            0.0 => words.nothing,
            _ => words.share,
        };
        vec![
            (words.sequence_length, self.with("T = {T}")),
            (words.streams, self.with("B = {B}")),
            (words.documents, documents.to_string()),
            (words.order, self.with(&order)),
            (words.held_out, self.with(held_out)),
        ]
    }

    fn of_learning(&self) -> Rows {
        let (words, settings) = (self.words, &self.facts.settings);
        let loss = match settings.loss {
            Loss::Sum => words.loss_sum,
            Loss::Mean => words.loss_mean,
        };
        let optimizer = match settings.optimizer {
            Optimizer::AdaGrad => "AdaGrad",
            Optimizer::Adam { .. } => "Adam",
            Optimizer::RmsProp { .. } => "RMSProp",
        };
        let rate = format!("η = {}", self.value(settings.learning_rate));
        let clip = if settings.clip.is_finite() {
            format!("[−{0}; {0}]", self.value(settings.clip))
        } else {
            words.clip_none.to_string()
        };
        let numbers = [
            ("β₁", settings.optimizer.beta1()),
            ("β₂", settings.optimizer.beta2()),
            ("ε", Some(settings.epsilon)),
        ];
        let numbers = (numbers.into_iter()).filter_map(|(name, value)| Some((name, value?)));
        let mut rows = vec![
            (words.loss, loss.to_string()),
            (words.optimizer, optimizer.to_string()),
            (words.learning_rate, rate),
        ];
        rows.extend(numbers.map(|(name, value)| (name, self.value(value))));
        rows.extend([
            (words.clip, clip),
            (words.initialization, self.initialization()),
            (words.seed, settings.seed.to_string()),
        ]);
        rows
    }

    fn initialization(&self) -> String {
        let settings = &self.facts.settings;
        match settings.initialization {
            Initialization::Normal { sigma } => {
                format!("U, W, V ~ N(0, σ²), σ = {}", self.value(sigma))
            }
            Initialization::FanIn => {
                "U ~ N(0, 1/(2K)), W ~ N(0, 1/(2m)), V ~ N(0, 1/m)".to_string()
            }
        }
    }

    fn of_run(&self) -> Rows {
        let (words, facts) = (self.words, self.facts);
        let plan = &facts.plan;
        let updates = if facts.is_finished() {
            "{updates}"
        } else {
            words.of_updates
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
                self.with(&format!("{} {{symbols}}", self.count(plan.passage_length))),
            ),
            (words.log, fill(words.every_updates, &[logged])),
        ]
    }
}
