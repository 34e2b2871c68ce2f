//! The strings of a model file: settings, text, where its training stands, and the plan of its run.

use super::checkpoint::{CheckpointError, LOSS};
use crate::formats::safetensors::SafeTensors;
use crate::model::{Model, Plan};
use crate::network::optimizer::Optimizer;
use crate::settings::{Initialization, Loss, Order, Settings};
use crate::text::corpus::Source;
use crate::text::vocabulary::{Symbols, Vocabulary};
use std::str::FromStr;

/// The version of the metadata that this crate writes, and the only one it reads.
const FORMAT_VERSION: &str = "1";

/// The metadata that make up a [`Plan`].
pub const PLAN: [&str; 7] = [
    "iterations",
    "report_every",
    "report_length",
    "passage_length",
    "log_every",
    "save_every",
    "validate_every",
];

/// Those of a model, and of the plan of its run where the file holds one.
pub fn of(model: &Model, plan: Option<&Plan>) -> Vec<(&'static str, String)> {
    let Model {
        settings,
        vocabulary,
        source,
        state,
    } = model;
    let mut metadata = vec![
        ("format", "elman".to_string()),
        ("format_version", FORMAT_VERSION.to_string()),
        ("symbols", vocabulary.symbols().name().to_string()),
        ("vocabulary", vocabulary.characters().iter().collect()),
        ("sequence_length", settings.sequence_length.to_string()),
        ("streams", settings.streams.to_string()),
        ("learning_rate", format!("{:?}", settings.learning_rate)),
        ("sigma", format!("{:?}", settings.sigma)),
        ("clip", format!("{:?}", settings.clip)),
        ("epsilon", format!("{:?}", settings.epsilon)),
        ("seed", settings.seed.to_string()),
        ("documents", settings.documents.to_string()),
    ];
    metadata.extend(chosen(settings));
    metadata.extend([
        ("updates", state.updates.to_string()),
        ("epoch", state.epoch.to_string()),
        ("position", state.position.to_string()),
    ]);
    metadata.extend(source.iter().flat_map(|source| {
        [
            ("text_digest", format!("{:016x}", source.digest)),
            ("text_length", source.length.to_string()),
            (
                "text_start",
                vocabulary.characters()[source.start].to_string(),
            ),
        ]
    }));
    let losses = [
        ("smooth_loss", state.smooth_loss),
        ("best_smooth_loss", state.best_smooth_loss),
        ("best_validation", state.best_validation),
    ];
    for (key, loss) in losses {
        metadata.extend(loss.map(|loss| (key, format!("{loss:?}"))));
    }
    metadata.extend(plan.into_iter().flat_map(|plan| {
        [
            ("iterations", plan.iterations.to_string()),
            ("report_every", plan.report_every.to_string()),
            ("report_length", plan.report_length.to_string()),
            ("passage_length", plan.passage_length.to_string()),
            ("log_every", plan.log_every.to_string()),
            ("save_every", plan.save_every.to_string()),
        ]
    }));
    let validate_every = plan.and_then(|plan| plan.validate_every);
    metadata.extend(validate_every.map(|every| ("validate_every", every.to_string())));
    metadata
}

/// The metadata of what is not as it is by default.
fn chosen(settings: &Settings) -> Vec<(&'static str, String)> {
    let default = Settings::default();
    let number = |key, value: f64, default| (value != default).then(|| (key, format!("{value:?}")));
    let name = |key, value: &str, default| (value != default).then(|| (key, value.to_string()));
    let entries = [
        number("validation", settings.validation, default.validation),
        name(
            "optimizer",
            settings.optimizer.name(),
            default.optimizer.name(),
        ),
        number("beta1", settings.beta1, default.beta1),
        number("beta2", settings.beta2, default.beta2),
        name("loss", settings.loss.name(), default.loss.name()),
        name(
            "initialization",
            settings.initialization.name(),
            default.initialization.name(),
        ),
        name("order", settings.order.name(), default.order.name()),
        (settings.order.chunk()).map(|length| ("chunk", length.to_string())),
    ];
    entries.into_iter().flatten().collect()
}

/// The strings of a file of this format.
pub struct Metadata<'a>(&'a [(String, String)]);

impl<'a> Metadata<'a> {
    pub fn of(file: &'a SafeTensors) -> Result<Self, CheckpointError> {
        let metadata = Metadata(file.metadata.as_deref().ok_or(CheckpointError::NotElman)?);
        if metadata.find("format") != Some("elman") {
            return Err(CheckpointError::NotElman);
        }
        let version = metadata.get("format_version")?;
        if version == FORMAT_VERSION {
            return Ok(metadata);
        }
        let need = match version.parse() {
            Ok(2u64..) => "1: a newer elman wrote this file",
            _ => "1, the only version that this elman reads",
        };
        Err(metadata.wrong("format_version", need))
    }

    fn find(&self, key: &str) -> Option<&'a str> {
        let entry = self.0.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value.as_str())
    }

    fn has_none_of(&self, keys: &[&str]) -> bool {
        keys.iter().all(|key| self.find(key).is_none())
    }

    fn get(&self, key: &'static str) -> Result<&'a str, CheckpointError> {
        self.find(key)
            .ok_or(CheckpointError::MissingMetadata { key })
    }

    fn wrong(&self, key: &'static str, need: &'static str) -> CheckpointError {
        CheckpointError::WrongMetadata {
            key,
            value: self.find(key).unwrap_or_default().to_string(),
            need,
        }
    }

    pub fn parse<N: FromStr>(
        &self,
        key: &'static str,
        need: &'static str,
    ) -> Result<N, CheckpointError> {
        self.get(key)?.parse().map_err(|_| self.wrong(key, need))
    }

    /// What need not be there.
    fn parse_if_there<N: FromStr>(
        &self,
        key: &'static str,
        need: &'static str,
    ) -> Result<Option<N>, CheckpointError> {
        match self.find(key) {
            Some(_) => self.parse(key, need).map(Some),
            None => Ok(None),
        }
    }

    pub fn loss(&self, key: &'static str) -> Result<Option<f64>, CheckpointError> {
        self.parse_if_there(key, LOSS)
    }

    pub fn vocabulary(&self) -> Result<Vocabulary, CheckpointError> {
        let (symbols, need) = match self.get("symbols")? {
            "characters" => (
                Symbols::Characters,
                "characters in increasing order, each once",
            ),
            "bytes" => (
                Symbols::Bytes,
                "characters up to U+00FF in increasing order, each once",
            ),
            _ => return Err(self.wrong("symbols", "characters or bytes")),
        };
        let characters = self.get("vocabulary")?.chars().collect();
        Vocabulary::from_characters(symbols, characters)
            .filter(|vocabulary| !vocabulary.is_empty())
            .ok_or_else(|| self.wrong("vocabulary", need))
    }

    pub fn settings(&self, hidden: usize) -> Result<Settings, CheckpointError> {
        let default = Settings::default();
        let settings = Settings {
            hidden,
            sequence_length: self.parse("sequence_length", "a whole number")?,
            streams: self.parse("streams", "a whole number")?,
            learning_rate: self.parse("learning_rate", "a number")?,
            sigma: self.parse("sigma", "a number")?,
            clip: self.parse("clip", "a number")?,
            epsilon: self.parse("epsilon", "a number")?,
            seed: self.parse("seed", "a whole number below 2^64")?,
            documents: self.parse("documents", "true or false")?,
            validation: self.number_or("validation", default.validation)?,
            optimizer: self.one_of("optimizer", Optimizer::named, "adagrad, adam or rmsprop")?,
            beta1: self.number_or("beta1", default.beta1)?,
            beta2: self.number_or("beta2", default.beta2)?,
            loss: self.one_of("loss", Loss::named, "sum or mean")?,
            initialization: self.one_of(
                "initialization",
                Initialization::named,
                "sigma or fan-in",
            )?,
            order: self.order()?,
        };
        Ok(settings)
    }

    fn number_or(&self, key: &'static str, default: f64) -> Result<f64, CheckpointError> {
        Ok(self.parse_if_there(key, "a number")?.unwrap_or(default))
    }

    /// The value with the name that stands there; the default where none does.
    fn one_of<V: Default>(
        &self,
        key: &'static str,
        named: fn(&str) -> Option<V>,
        need: &'static str,
    ) -> Result<V, CheckpointError> {
        match self.find(key) {
            Some(name) => named(name).ok_or_else(|| self.wrong(key, need)),
            None => Ok(V::default()),
        }
    }

    fn order(&self) -> Result<Order, CheckpointError> {
        match self.find("order") {
            None => Ok(Order::Text),
            Some("chunks") => Ok(Order::Chunks {
                length: self.parse("chunk", "a whole number")?,
            }),
            Some("positions") => Ok(Order::Positions),
            Some(_) => Err(self.wrong("order", "chunks or positions, or absent")),
        }
    }

    /// All of it is there, or nothing.
    pub fn plan(&self) -> Result<Option<Plan>, CheckpointError> {
        if self.has_none_of(&PLAN) {
            return Ok(None);
        }
        Ok(Some(Plan {
            iterations: self.parse("iterations", "a whole number")?,
            report_every: self.parse("report_every", "a whole number")?,
            report_length: self.parse("report_length", "a whole number")?,
            passage_length: self.parse("passage_length", "a whole number")?,
            log_every: self.parse("log_every", "a whole number")?,
            save_every: self.parse("save_every", "a whole number")?,
            validate_every: self.parse_if_there("validate_every", "a whole number")?,
        }))
    }

    /// All of it is there, or nothing.
    pub fn source(&self, vocabulary: &Vocabulary) -> Result<Option<Source>, CheckpointError> {
        if self.has_none_of(&["text_digest", "text_length", "text_start"]) {
            return Ok(None);
        }
        let digest = self.get("text_digest")?;
        let start: char = self.parse("text_start", "one character")?;
        Ok(Some(Source {
            digest: (digest.len() == 16 && !digest.starts_with('+'))
                .then(|| u64::from_str_radix(digest, 16).ok())
                .flatten()
                .ok_or_else(|| self.wrong("text_digest", "16 hexadecimal digits"))?,
            length: self.parse("text_length", "a whole number")?,
            start: vocabulary
                .index(start)
                .ok_or_else(|| self.wrong("text_start", "a character of the vocabulary"))?,
        }))
    }
}
