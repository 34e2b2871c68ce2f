//! The strings of a model file: settings, text, state of the training, and the plan of the run.

use crate::files::error::FileError;
use crate::formats::safetensors::SafeTensors;
use crate::model::rules::LOSS;
use crate::model::{Edition, Model, Origin, PLAN, Plan, Record};
use crate::settings::{Settings, Stored, Symbols, TABLE, ValueError};
use crate::text::corpus::Source;
use crate::text::vocabulary::Vocabulary;
use std::str::FromStr;

/// The value of `begun_from` for parameters that were drawn.
const DRAWN: &str = "drawn";

/// The metadata of a model, and of the plan of its run if there is one.
pub fn of(model: &Model, plan: Option<&Plan>) -> Vec<(&'static str, String)> {
    let Model { settings, vocabulary, source, state, record } = model;
    let mut metadata = vec![
        ("format", "elman".to_string()),
        ("format_version", version_of(record.edition).to_string()),
        ("symbols", vocabulary.symbols().name().to_string()),
        ("vocabulary", vocabulary.characters().iter().collect()),
    ];
    let stored = TABLE.iter().filter(|row| row.stored != Stored::Never);
    metadata.extend(
        stored.filter_map(|row| row.get(settings).map(|value| (row.key, value.to_string()))),
    );
    let mut add = |key, value: Option<String>| metadata.extend(value.map(|value| (key, value)));
    add("updates", Some(state.updates.to_string()));
    add("epoch", Some(state.epoch.to_string()));
    add("position", Some(state.position.to_string()));
    if let Some(source) = source {
        let start = vocabulary.characters()[source.start];
        add("text_digest", Some(hex(source.digest)));
        add("text_length", Some(source.length.to_string()));
        add("text_start", Some(start.to_string()));
    }
    let number = |number: Option<f64>| number.map(|number| format!("{number:?}"));
    add("smooth_loss", number(state.smooth_loss));
    add("best_smooth_loss", number(state.best_smooth_loss));
    add("best_validation", number(state.best_validation));
    let origin = match record.origin {
        Origin::Unknown => None,
        Origin::Drawn => Some(DRAWN.to_string()),
        Origin::Model(digest) => Some(hex(digest)),
    };
    add("begun_from", origin);
    let taken_over = Some(record.optimizer_updates).filter(|&updates| updates > 0);
    add("optimizer_updates", taken_over.map(|updates| updates.to_string()));
    add("updates_per_epoch", record.updates_per_epoch.map(|count| count.to_string()));
    for row in PLAN {
        add(row.key, plan.and_then(row.get).map(|count| count.to_string()));
    }
    metadata
}

/// The version of a file shows the edition of its numbers. In all else the two versions are the same.
fn version_of(edition: Edition) -> &'static str {
    match edition {
        Edition::First => "1",
        Edition::Second => "2",
    }
}

/// A digest, as files write it.
fn hex(digest: u64) -> String {
    format!("{digest:016x}")
}

/// The strings of a model file.
pub struct Metadata<'a>(&'a [(String, String)]);

impl<'a> Metadata<'a> {
    pub fn of(file: &'a SafeTensors) -> Result<Self, FileError> {
        let metadata = Metadata(file.metadata.as_deref().unwrap_or_default());
        if metadata.find("format") != Some("elman") {
            let message = "a safetensors file, but not a model of elman: its metadata do not say format = elman";
            return Err(FileError::NoModel(message.to_string()));
        }
        metadata.edition().map(|_| metadata)
    }

    fn edition(&self) -> Result<Edition, FileError> {
        let version = self.get("format_version")?;
        let editions = [Edition::First, Edition::Second];
        if let Some(edition) = editions.into_iter().find(|&edition| version_of(edition) == version)
        {
            return Ok(edition);
        }
        let need = match version.parse() {
            Ok(3u64..) => "1 or 2: a newer elman wrote this file",
            _ => "1 or 2, the versions that this elman reads",
        };
        Err(self.wrong("format_version", need))
    }

    fn find(&self, key: &str) -> Option<&'a str> {
        let entry = self.0.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value.as_str())
    }

    fn get(&self, key: &'static str) -> Result<&'a str, FileError> {
        self.find(key).ok_or_else(|| FileError::missing_metadata(key))
    }

    fn wrong(&self, key: &str, need: &str) -> FileError {
        FileError::metadata(key, self.find(key).unwrap_or_default(), need)
    }

    pub fn parse<N: FromStr>(&self, key: &'static str, need: &'static str) -> Result<N, FileError> {
        self.get(key)?.parse().map_err(|_| self.wrong(key, need))
    }

    /// An entry that may be missing.
    fn parse_if_there<N: FromStr>(
        &self,
        key: &'static str,
        need: &'static str,
    ) -> Result<Option<N>, FileError> {
        self.find(key).map(|_| self.parse(key, need)).transpose()
    }

    pub fn loss(&self, key: &'static str) -> Result<Option<f64>, FileError> {
        self.parse_if_there(key, LOSS)
    }

    pub fn vocabulary(&self) -> Result<Vocabulary, FileError> {
        let (symbols, need) = match self.get("symbols")? {
            "characters" => (Symbols::Characters, "characters in increasing order, each once"),
            "bytes" => (Symbols::Bytes, "characters up to U+00FF in increasing order, each once"),
            _ => return Err(self.wrong("symbols", "characters or bytes")),
        };
        let characters = self.get("vocabulary")?.chars().collect();
        Vocabulary::from_characters(symbols, characters)
            .filter(|vocabulary| !vocabulary.is_empty())
            .ok_or_else(|| self.wrong("vocabulary", need))
    }

    /// The settings. The tensors give `hidden`, and the vocabulary gives `symbols`.
    pub fn settings(&self, hidden: usize, symbols: Symbols) -> Result<Settings, FileError> {
        let mut settings = Settings { hidden, symbols, ..Settings::default() };
        for row in TABLE.iter().filter(|row| row.stored != Stored::Never) {
            let key = if self.find(row.key).is_none() && !row.former.is_empty() {
                row.former
            } else {
                row.key
            };
            let text = match self.find(key) {
                // Former versions spelled it so.
                Some("inf") => "none",
                Some(text) => text,
                None if row.stored == Stored::Always && row.get(&settings).is_some() => {
                    return Err(FileError::missing_metadata(row.key));
                }
                None if row.absent.is_empty() => continue,
                None => row.absent,
            };
            match row.set(&mut settings, text) {
                // The first versions wrote numbers of choices that were not made.
                Ok(()) | Err(ValueError::NotApplicable(_)) => {}
                Err(ValueError::TooLarge(need)) => return Err(self.wrong(key, need)),
                Err(ValueError::Malformed(need)) => return Err(self.wrong(key, &need)),
            }
        }
        Ok(settings)
    }

    /// The plan, if the file has one. Then all its numbers must be there, except optional ones.
    pub fn plan(&self) -> Result<Option<Plan>, FileError> {
        if PLAN.iter().all(|row| self.find(row.key).is_none()) {
            return Ok(None);
        }
        let mut plan = Plan::default();
        let default = plan;
        for row in PLAN {
            let is_needed = (row.get)(&default).is_some() && !row.is_since;
            if is_needed || self.find(row.key).is_some() {
                (row.set)(&mut plan, self.parse(row.key, "a whole number")?);
            }
        }
        Ok(Some(plan))
    }

    /// What was recorded when the training began.
    pub fn record(&self) -> Result<Record, FileError> {
        let origin = match self.find("begun_from") {
            None => Origin::Unknown,
            Some(DRAWN) => Origin::Drawn,
            Some(_) => Origin::Model(self.hex("begun_from")?),
        };
        Ok(Record {
            origin,
            updates_per_epoch: self.parse_if_there("updates_per_epoch", "a whole number")?,
            edition: self.edition()?,
            optimizer_updates: self
                .parse_if_there("optimizer_updates", "a whole number")?
                .unwrap_or(0),
        })
    }

    fn hex(&self, key: &'static str) -> Result<u64, FileError> {
        let digits = self.get(key)?;
        (digits.len() == 16 && !digits.starts_with('+'))
            .then(|| u64::from_str_radix(digits, 16).ok())
            .flatten()
            .ok_or_else(|| self.wrong(key, "16 hexadecimal digits"))
    }

    /// The text, if the file names one. Then all its entries must be there.
    pub fn source(&self, vocabulary: &Vocabulary) -> Result<Option<Source>, FileError> {
        let keys = ["text_digest", "text_length", "text_start"];
        if keys.iter().all(|key| self.find(key).is_none()) {
            return Ok(None);
        }
        let start: char = self.parse("text_start", "one character")?;
        Ok(Some(Source {
            digest: self.hex("text_digest")?,
            length: self.parse("text_length", "a whole number")?,
            start: vocabulary
                .index(start)
                .ok_or_else(|| self.wrong("text_start", "a character of the vocabulary"))?,
        }))
    }
}
