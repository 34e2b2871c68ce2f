//! What the sections have in common: the facts, the language, and how it writes numbers.

use super::facts::Facts;
use super::page::Block;
use crate::cli::format::{short_loss, thousands};
use crate::cli::language::Language;
use elman::model::InitialState;
use elman::text::Symbols;

const DIGITS: usize = 6;

pub struct Writer<'a> {
    pub facts: &'a Facts,
    pub language: Language,
}

impl Writer<'_> {
    /// Returns the one of the two that is in the page's language.
    pub fn pair<T>(&self, english: T, swedish: T) -> T {
        self.language.pair(english, swedish)
    }

    pub fn heading(&self, english: &'static str, swedish: &'static str) -> Block {
        Block::Heading(self.pair(english, swedish))
    }

    pub fn paragraph(&self, english: impl Into<String>, swedish: impl Into<String>) -> Block {
        Block::Paragraph(self.pair(english.into(), swedish.into()))
    }

    pub fn notice(&self, english: impl Into<String>, swedish: impl Into<String>) -> Block {
        Block::Notice(self.pair(english.into(), swedish.into()))
    }

    /// A name in the page's language, and its value.
    pub fn row(
        &self,
        english: &'static str,
        swedish: &'static str,
        value: impl Into<String>,
    ) -> (&'static str, String) {
        (self.pair(english, swedish), value.into())
    }

    /// A number that is written as 1,234.5 in English.
    pub fn number(&self, number: impl ToString) -> String {
        (self.language.number(&number.to_string())).replace("e-", "e−")
    }

    pub fn count(&self, count: impl TryInto<u64>) -> String {
        self.number(thousands(count.try_into().unwrap_or(u64::MAX)))
    }

    pub fn loss(&self, loss: f64) -> String {
        self.number(short_loss(loss, DIGITS))
    }

    pub fn value(&self, value: f64) -> String {
        let digits = format!("{value:?}");
        match digits.strip_suffix(".0").map(str::parse) {
            Some(Ok(whole)) => self.number(thousands(whole)),
            _ => self.number(digits),
        }
    }

    /// The plural of [`symbol`](Self::symbol).
    pub fn symbols(&self) -> &'static str {
        match self.facts.model.settings().symbols {
            Symbols::Characters => self.pair("characters", "tecken"),
            Symbols::Bytes => self.pair("bytes", "byte"),
        }
    }

    /// The word for what the text is a sequence of.
    pub fn symbol(&self) -> &'static str {
        match self.facts.model.settings().symbols {
            Symbols::Characters => self.pair("character", "tecken"),
            Symbols::Bytes => "byte",
        }
    }

    /// The hidden state that the best model starts from.
    pub fn initial_state(&self) -> &'static str {
        match self.facts.best.initial {
            InitialState::Zero => "h = 0",
            InitialState::Carried => self.pair(
                "the hidden state that training would go on with",
                "det dolda tillstånd som träningen skulle fortsätta med",
            ),
        }
    }

    /// The length of the text with its unit, and its digest. Documents are counted with their ends, and without empty
    /// lines.
    pub fn text(&self) -> (String, String) {
        let (length, digest) =
            self.facts.model.source().map_or((0, 0), |source| (source.length, source.digest));
        let ends = if self.facts.model.settings().documents {
            self.pair(" including document ends", " inklusive dokumentslut")
        } else {
            ""
        };
        (format!("{} {}{ends}", self.count(length), self.symbols()), format!("{digest:016x}"))
    }

    /// The fraction of the text that is held out, in per cent.
    pub fn held_out(&self) -> String {
        let share = format!("{:.4}", 100.0 * self.facts.model.settings().validation);
        let share = share.trim_end_matches('0').trim_end_matches('.');
        format!("{}\u{a0}%", self.number(share))
    }

    pub fn updates(&self, updates: u64) -> String {
        let count = self.count(updates);
        match updates {
            1 => self.pair(format!("{count} update"), format!("{count} uppdatering")),
            _ => self.pair(format!("{count} updates"), format!("{count} uppdateringar")),
        }
    }

    /// An interval of updates, as an adverb.
    pub fn every(&self, updates: u64) -> String {
        let every = self.updates(updates);
        match updates {
            1 => self.pair("every update", "vid varje uppdatering").into(),
            _ => self.pair(format!("every {every}"), format!("en gång per {every}")),
        }
    }

    /// How many updates a sample or a model comes after, as a heading.
    pub fn when(&self, updates: u64) -> String {
        if updates == 0 {
            return self.pair("Before the first update", "Före den första uppdateringen").into();
        }
        let updates = self.updates(updates);
        self.pair(format!("After {updates}"), format!("Efter {updates}"))
    }

    /// The rows of a validation loss, in nats and in bits, where there is one.
    pub fn validation(&self, validation: [Option<f64>; 2]) -> Vec<(&'static str, String)> {
        let bits = match self.facts.model.settings().symbols {
            Symbols::Characters => self.pair("bits per character", "bitar per tecken"),
            Symbols::Bytes => self.pair("bits per byte", "bitar per byte"),
        };
        let names = [self.pair("validation loss", "valideringsförlust"), bits];
        let losses = validation.into_iter().flatten().map(|loss| self.loss(loss));
        names.into_iter().zip(losses).collect()
    }
}
