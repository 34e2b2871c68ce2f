//! Model files: a [`Model`] as one safetensors file, and back to the bit.
//!
//! Tensors (F64): `U` `[m,K]`, `W` `[m,m]`, `V` `[K,m]`, `b` `[m]`, `c` `[K]`, AdaGrad's sums
//! `adagrad.U` to `adagrad.c`, the hidden state `h` `[m]` (`[B,m]` for B streams). Everything else is a string under
//! `__metadata__`; numbers there are the shortest decimals that read back to the same bits. Random
//! states need no place: every stream follows from the seed and the update. The last state of a run holds
//! the run's [`Plan`] as well. What only runs with a part of the text held out have (`validation`,
//! `best_validation`, `validate_every`) is written in their files alone: those of other runs are what they were
//! before there was such a part.

use crate::disk::{self, Disk, System};
use crate::model::{Model, Plan, SettingError, Settings, Source, State};
use crate::network::Rnn;
use crate::parameters::{Parameters, Shape, ShapeError, dimensions, zeros};
use crate::safetensors::{self, F64Tensor, FormatError, SafeTensors, View, shown};
use crate::text::{Symbols, Vocabulary};
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::str::FromStr;

/// The version of the metadata that this crate writes, and the only one it reads.
const FORMAT_VERSION: &str = "1";
/// No run makes more updates; from there on counting them cannot overflow.
const MAX_UPDATES: u64 = 1 << 63;

/// The metadata that make up a [`Plan`].
const PLAN: [&str; 7] = [
    "iterations",
    "report_every",
    "report_length",
    "passage_length",
    "log_every",
    "save_every",
    "validate_every",
];

/// Why a file is no model, or could not be read or written.
#[derive(Debug)]
#[non_exhaustive]
pub enum CheckpointError {
    /// The system refused.
    Io(io::Error),
    /// A folder, a device or something else that is no file.
    NotAFile,
    /// No safetensors file.
    Format(FormatError),
    /// A safetensors file of something else: it has no metadata, or another `format`.
    NotElman,
    /// A metadata entry is not there.
    MissingMetadata {
        /// Its key.
        key: &'static str,
    },
    /// A metadata entry cannot be what it says.
    WrongMetadata {
        /// Its key.
        key: &'static str,
        /// Its value.
        value: String,
        /// What it has to be.
        need: &'static str,
    },
    /// A setting is out of range.
    Setting(SettingError),
    /// Sizes that no network has.
    Shape(ShapeError),
    /// A tensor is not there.
    MissingTensor {
        /// Its name.
        name: String,
    },
    /// A tensor that does not belong there.
    UnknownTensor {
        /// Its name.
        name: String,
    },
    /// A tensor of another type or shape.
    WrongTensor {
        /// Its name.
        name: String,
        /// Type and shape in the file.
        found: String,
        /// Type and shape that it has to have.
        need: String,
    },
    /// An entry that is NaN or infinite.
    NotFinite {
        /// The tensor.
        name: String,
        /// The entry's index in it.
        index: usize,
    },
    /// An entry of AdaGrad's sums of squares that is below 0.
    NegativeSum {
        /// The tensor.
        name: String,
        /// The entry's index in it.
        index: usize,
    },
}

impl fmt::Display for CheckpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CheckpointError::Io(error) => write!(f, "{error}"),
            CheckpointError::NotAFile => write!(f, "not a regular file"),
            CheckpointError::Format(error) => write!(f, "{error}"),
            CheckpointError::NotElman => write!(
                f,
                "a safetensors file, but not a model of elman: its metadata do not say format = elman"
            ),
            CheckpointError::MissingMetadata { key } => {
                write!(f, "the metadata lack {key:?}")
            }
            CheckpointError::WrongMetadata { key, value, need } => {
                write!(
                    f,
                    "the metadata have {key} = {}, which must be {need}",
                    shown(value)
                )
            }
            CheckpointError::Setting(error) => write!(f, "the metadata: {error}"),
            CheckpointError::Shape(error) => write!(f, "{error}"),
            CheckpointError::MissingTensor { name } => {
                write!(f, "the tensor {name:?} is missing")
            }
            CheckpointError::UnknownTensor { name } => {
                write!(f, "the tensor {} is not part of a model", shown(name))
            }
            CheckpointError::WrongTensor { name, found, need } => {
                write!(f, "the tensor {name:?} is {found} instead of {need}")
            }
            CheckpointError::NotFinite { name, index } => {
                write!(
                    f,
                    "the tensor {name:?} has no finite number at entry {index}"
                )
            }
            CheckpointError::NegativeSum { name, index } => write!(
                f,
                "the tensor {name:?} has a sum of squares below 0 at entry {index}"
            ),
        }
    }
}

impl std::error::Error for CheckpointError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            CheckpointError::Io(error) => Some(error),
            CheckpointError::Format(error) => Some(error),
            CheckpointError::Setting(error) => Some(error),
            CheckpointError::Shape(error) => Some(error),
            _ => None,
        }
    }
}

impl From<io::Error> for CheckpointError {
    fn from(error: io::Error) -> Self {
        CheckpointError::Io(error)
    }
}

impl From<FormatError> for CheckpointError {
    fn from(error: FormatError) -> Self {
        CheckpointError::Format(error)
    }
}

impl From<ShapeError> for CheckpointError {
    fn from(error: ShapeError) -> Self {
        CheckpointError::Shape(error)
    }
}

/// Writes a model to a file, see [`disk::replace`].
///
/// # Errors
/// [`CheckpointError::Io`] where the system refuses; as [`to_bytes`] where the model could not be read
/// back, before the old file is touched.
pub fn save(model: &Model, path: &Path) -> Result<(), CheckpointError> {
    save_with(model, None, path, &mut System)
}

/// Writes a model to a file on `disk`, with the plan of its run where the run is to go on from it.
///
/// # Errors
/// As [`save`].
pub fn save_with(
    model: &Model,
    plan: Option<&Plan>,
    path: &Path,
    disk: &mut dyn Disk,
) -> Result<(), CheckpointError> {
    check(model, plan)?;
    let write = |mut output: &mut dyn Write| write_to(&mut output, model, plan);
    disk::replace(disk, path, write)?;
    Ok(())
}

/// Reads a model from a file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with it.
pub fn load(path: &Path) -> Result<Model, CheckpointError> {
    Ok(load_with(path)?.0)
}

/// Reads a model from a file, and the plan of its run where the file holds one.
///
/// # Errors
/// As [`load`].
pub fn load_with(path: &Path) -> Result<(Model, Option<Plan>), CheckpointError> {
    if !fs::metadata(path)?.is_file() {
        return Err(CheckpointError::NotAFile);
    }
    read(&fs::read(path)?)
}

/// A model as the bytes of a model file.
///
/// # Errors
/// [`CheckpointError`] where it would refuse them: [`CheckpointError::NotFinite`] for an entry that is
/// NaN or infinite, others for parts that do not belong together.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, CheckpointError> {
    bytes_of(model, None)
}

fn bytes_of(model: &Model, plan: Option<&Plan>) -> Result<Vec<u8>, CheckpointError> {
    check(model, plan)?;
    let mut bytes = Vec::new();
    write_to(&mut bytes, model, plan)?;
    Ok(bytes)
}

/// The tensors of a model file with their shapes there, in the order of the module's head.
pub fn tensors(state: &State) -> Vec<F64Tensor<'_>> {
    let mut tensors: Vec<F64Tensor> = Vec::new();
    for (prefix, parameters) in [("", &state.rnn.parameters), ("adagrad.", &state.G)] {
        for part in parameters.named() {
            let shape = dimensions(part.name, part.rows, part.columns);
            tensors.push((format!("{prefix}{}", part.name), shape, part.values));
        }
    }
    let m = state.rnn.shape().m();
    let shape = hidden_dimensions(state.h.len() / m, m);
    tensors.push(("h".to_string(), shape, &state.h));
    tensors
}

/// Of the hidden states: one dimension for a single stream.
fn hidden_dimensions(streams: usize, m: usize) -> Vec<usize> {
    match streams {
        1 => vec![m],
        _ => vec![streams, m],
    }
}

/// What every model fulfils, whether it is to be written or was read.
fn check(model: &Model, plan: Option<&Plan>) -> Result<(), CheckpointError> {
    let Model {
        settings,
        vocabulary,
        source,
        state,
    } = model;
    settings.check().map_err(CheckpointError::Setting)?;
    if settings.documents && vocabulary.index('\n').is_none() {
        let need = "false where the vocabulary has no newline";
        return Err(wrong("documents", true, need));
    }
    let shape = Shape::new(settings.hidden, vocabulary.len())?;
    check_shapes(state, shape, settings.streams)?;
    // Without a text there has been no update.
    let (most_updates, need_updates) = match source {
        Some(source) => {
            check_source(source, settings, shape)?;
            (MAX_UPDATES, "at most 2^63")
        }
        None => (0, "0 without a text"),
    };
    let stream = source.map_or(1, |source| {
        learned_at_most(&source, settings) / settings.streams
    });
    let rules = [
        (
            "updates",
            state.updates,
            state.updates <= most_updates,
            need_updates,
        ),
        (
            "epoch",
            state.epoch,
            state.epoch <= state.updates,
            "at most the number of updates",
        ),
        (
            "position",
            state.position as u64,
            state.position < stream,
            "within the text of a stream",
        ),
    ];
    check_rules(rules)?;
    check_loss("smooth_loss", state.smooth_loss, state.updates)?;
    check_best(state, settings)?;
    plan.map_or(Ok(()), |plan| check_plan(plan, state.updates, settings))?;
    tensors(state)
        .iter()
        .try_for_each(|(name, _, values)| check_entries(name, values))
}

/// The characters that are trained on; of documents perhaps fewer, which only the text itself can tell.
fn learned_at_most(source: &Source, settings: &Settings) -> usize {
    match settings.documents {
        true => source.length,
        false => source.length - settings.held_out(source.length as u64) as usize,
    }
}

fn check_source(source: &Source, settings: &Settings, shape: Shape) -> Result<(), CheckpointError> {
    let length = source.length;
    let held_out = settings.held_out(length as u64);
    check_rules([
        (
            "text_length",
            length as u64,
            learned_at_most(source, settings) >= settings.least_characters(),
            "at least sequence_length + 1 for every stream, or 3 of documents, beside what is held out",
        ),
        (
            "text_length",
            length as u64,
            settings.validation == 0.0 || held_out >= 2,
            "enough for 2 characters to be held out",
        ),
        (
            "text_start",
            source.start as u64,
            source.start < shape.K(),
            "a character of the vocabulary",
        ),
    ])
}

fn check_plan(plan: &Plan, updates: u64, settings: &Settings) -> Result<(), CheckpointError> {
    let every = |key, value| (key, value, value > 0, "a whole number of at least 1");
    let validate_every = plan.validate_every.unwrap_or(1);
    check_rules([
        (
            "iterations",
            plan.iterations,
            plan.iterations >= updates,
            "at least the number of updates",
        ),
        every("report_every", plan.report_every),
        every("log_every", plan.log_every),
        every("save_every", plan.save_every),
        every("validate_every", validate_every),
        (
            "validate_every",
            validate_every,
            plan.validate_every.is_none() || settings.validation > 0.0,
            "absent where no text is held out",
        ),
    ])
}

/// A metadata key, its value, whether that is right, and what it has to be.
type Rule = (&'static str, u64, bool, &'static str);

fn check_rules<const N: usize>(rules: [Rule; N]) -> Result<(), CheckpointError> {
    match rules.into_iter().find(|(_, _, fulfilled, _)| !fulfilled) {
        Some((key, value, _, need)) => Err(wrong(key, value, need)),
        None => Ok(()),
    }
}

/// U has the sizes of all five.
fn check_shapes(state: &State, shape: Shape, streams: usize) -> Result<(), CheckpointError> {
    let U = |shape: Shape| vec![shape.m(), shape.K()];
    let found = [
        ("U", U(state.rnn.shape()), U(shape)),
        ("adagrad.U", U(state.G.shape()), U(shape)),
        (
            "h",
            vec![state.h.len()],
            vec![streams.saturating_mul(shape.m())],
        ),
    ];
    for (name, found, need) in found {
        if found != need {
            return Err(wrong_tensor(name, "F64", &found, &need));
        }
    }
    Ok(())
}

/// Where a part of the text is held out, perhaps no parameters have competed yet.
fn check_best(state: &State, settings: &Settings) -> Result<(), CheckpointError> {
    let (smooth, validation) = (state.best_smooth_loss, state.best_validation);
    let holds_out = settings.validation > 0.0;
    match validation {
        Some(nats) if !holds_out => {
            let need = "absent where no text is held out";
            return Err(wrong("best_validation", nats, need));
        }
        None if holds_out && smooth.is_none() => return Ok(()),
        _ => {}
    }
    check_loss("best_smooth_loss", smooth, state.updates)?;
    match holds_out {
        true => check_loss("best_validation", validation, state.updates),
        false => Ok(()),
    }
}

/// Update 0 sets all of them, and its parameters are the first that compete.
fn check_loss(key: &'static str, loss: Option<f64>, updates: u64) -> Result<(), CheckpointError> {
    match loss {
        None if updates > 0 => Err(CheckpointError::MissingMetadata { key }),
        Some(loss) if !(loss >= 0.0 && loss.is_finite()) => Err(wrong(key, loss, LOSS)),
        Some(loss) if updates == 0 => Err(wrong(key, loss, "absent before the first update")),
        _ => Ok(()),
    }
}

const LOSS: &str = "a finite number of at least 0";

fn wrong(key: &'static str, value: impl fmt::Debug, need: &'static str) -> CheckpointError {
    CheckpointError::WrongMetadata {
        key,
        value: format!("{value:?}"),
        need,
    }
}

fn wrong_tensor(name: &str, dtype: &str, found: &[usize], need: &[usize]) -> CheckpointError {
    CheckpointError::WrongTensor {
        name: name.to_string(),
        found: format!("{dtype} {found:?}"),
        need: format!("F64 {need:?}"),
    }
}

/// Writes a model that has been checked.
fn write_to(output: &mut impl Write, model: &Model, plan: Option<&Plan>) -> io::Result<()> {
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
    if settings.validation > 0.0 {
        metadata.push(("validation", format!("{:?}", settings.validation)));
    }
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
    safetensors::write_to(output, &tensors(state), &metadata)
}

/// A model from the bytes of a model file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with them.
pub fn from_bytes(bytes: &[u8]) -> Result<Model, CheckpointError> {
    Ok(read(bytes)?.0)
}

fn read(bytes: &[u8]) -> Result<(Model, Option<Plan>), CheckpointError> {
    let file = safetensors::read(bytes)?;
    let metadata = Metadata::of(&file)?;
    let vocabulary = metadata.vocabulary()?;
    let hidden = file.tensors.iter().find(|tensor| tensor.name == "b");
    let hidden = hidden.ok_or_else(|| missing("b"))?;
    let m = hidden.shape.first().copied().unwrap_or(0);
    let shape = Shape::new(m, vocabulary.len())?;
    // All of them are there before anything of their size is allocated.
    let settings = metadata.settings(m)?;
    let tensors = find_tensors(&file, shape, settings.streams)?;

    let mut rnn = Rnn {
        parameters: Parameters::zeros(shape)?,
    };
    let mut G = Parameters::zeros(shape)?;
    let mut h = zeros(settings.streams.saturating_mul(m))?;
    let (parameters, rest) = tensors.split_at(5);
    let (sums, state) = rest.split_at(5);
    read_entries(parameters, rnn.parameters.values_mut());
    read_entries(sums, G.values_mut());
    read_entries(state, &mut h);

    let source = metadata.source(&vocabulary)?;
    let state = State {
        rnn,
        G,
        h,
        updates: metadata.parse("updates", "a whole number")?,
        epoch: metadata.parse("epoch", "a whole number")?,
        position: metadata.parse("position", "a whole number")?,
        smooth_loss: metadata.loss("smooth_loss")?,
        best_smooth_loss: metadata.loss("best_smooth_loss")?,
        best_validation: metadata.loss("best_validation")?,
    };
    let model = Model {
        settings,
        vocabulary,
        source,
        state,
    };
    let plan = metadata.plan()?;
    check(&model, plan.as_ref())?;
    Ok((model, plan))
}

fn missing(name: &str) -> CheckpointError {
    CheckpointError::MissingTensor {
        name: name.to_string(),
    }
}

/// The tensors of a model in the order of the module's head, each with its type and shape as they
/// have to be.
fn find_tensors<'a, 'b>(
    file: &'b SafeTensors<'a>,
    shape: Shape,
    streams: usize,
) -> Result<Vec<&'b View<'a>>, CheckpointError> {
    let mut needed: Vec<(String, Vec<usize>)> = Vec::new();
    for prefix in ["", "adagrad."] {
        for (name, rows, columns) in shape.tensors() {
            needed.push((format!("{prefix}{name}"), dimensions(name, rows, columns)));
        }
    }
    needed.push(("h".to_string(), hidden_dimensions(streams, shape.m())));

    let is_needed = |tensor: &View| needed.iter().any(|(name, _)| *name == tensor.name);
    if let Some(tensor) = file.tensors.iter().find(|tensor| !is_needed(tensor)) {
        return Err(CheckpointError::UnknownTensor {
            name: tensor.name.clone(),
        });
    }
    let found = needed.iter().map(|(name, dimensions)| {
        let tensor = file.tensors.iter().find(|tensor| tensor.name == *name);
        let tensor = tensor.ok_or_else(|| missing(name))?;
        if tensor.dtype != "F64" || tensor.shape != *dimensions {
            return Err(wrong_tensor(name, &tensor.dtype, &tensor.shape, dimensions));
        }
        Ok(tensor)
    });
    found.collect()
}

/// The entries of some tensors, one after another.
fn read_entries(tensors: &[&View], mut values: &mut [f64]) {
    for tensor in tensors {
        let (mine, rest) = values.split_at_mut(tensor.bytes.len() / 8);
        for (value, bytes) in mine.iter_mut().zip(tensor.bytes.chunks_exact(8)) {
            *value = f64::from_le_bytes(bytes.try_into().expect("a chunk of 8 bytes"));
        }
        values = rest;
    }
}

/// What no model holds: numbers that are not finite, and sums of squares below 0.
fn check_entries(name: &str, values: &[f64]) -> Result<(), CheckpointError> {
    if let Some(index) = values.iter().position(|x| !x.is_finite()) {
        return Err(CheckpointError::NotFinite {
            name: name.to_string(),
            index,
        });
    }
    let sums = name.starts_with("adagrad.");
    match values.iter().position(|&x| sums && x < 0.0) {
        Some(index) => Err(CheckpointError::NegativeSum {
            name: name.to_string(),
            index,
        }),
        None => Ok(()),
    }
}

/// The strings of a file of this format.
struct Metadata<'a>(&'a [(String, String)]);

impl<'a> Metadata<'a> {
    fn of(file: &'a SafeTensors) -> Result<Self, CheckpointError> {
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

    fn parse<N: FromStr>(
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

    fn loss(&self, key: &'static str) -> Result<Option<f64>, CheckpointError> {
        self.parse_if_there(key, LOSS)
    }

    fn vocabulary(&self) -> Result<Vocabulary, CheckpointError> {
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

    fn settings(&self, hidden: usize) -> Result<Settings, CheckpointError> {
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
            validation: self
                .parse_if_there("validation", "a number")?
                .unwrap_or(0.0),
        };
        Ok(settings)
    }

    /// All of it is there, or nothing.
    fn plan(&self) -> Result<Option<Plan>, CheckpointError> {
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
    fn source(&self, vocabulary: &Vocabulary) -> Result<Option<Source>, CheckpointError> {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::disk::tests::Folder;
    use crate::random::{Generator, Stream};
    use crate::training::Training;

    const TEXT: &str = "Ett öra, två öron; \"日本\" \u{1F600}\n\tand more of the same: ett öra.";

    fn model() -> Model {
        trained(0.0)
    }

    /// With a share of the text held out, where it is more than 0.
    fn trained(validation: f64) -> Model {
        let settings = Settings {
            hidden: 3,
            sequence_length: 10,
            learning_rate: 0.1 + 0.2,
            seed: u64::MAX,
            validation,
            ..Settings::default()
        };
        let mut training = Training::new(TEXT, settings).unwrap();
        if validation > 0.0 {
            training.validate().unwrap();
        }
        for _ in 0..123 {
            training.update().unwrap();
        }
        training.model().clone()
    }

    fn plan() -> Plan {
        Plan {
            iterations: 123,
            report_every: u64::MAX,
            report_length: 0,
            passage_length: usize::MAX,
            log_every: 1,
            save_every: 10,
            validate_every: None,
        }
    }

    /// The file of a run's last state.
    fn run_file() -> Vec<u8> {
        bytes_of(&model(), Some(&plan())).unwrap()
    }

    /// That of a run with a part held out.
    fn validated_file() -> Vec<u8> {
        let plan = Plan {
            validate_every: Some(7),
            ..plan()
        };
        bytes_of(&trained(0.1 + 0.2), Some(&plan)).unwrap()
    }

    /// A file with the same tensors, metadata and all, except for what `change` did.
    fn changed(
        change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f64>)>, &mut Vec<(String, String)>),
    ) -> Vec<u8> {
        changed_of(&run_file(), change)
    }

    fn changed_of(
        bytes: &[u8],
        change: impl FnOnce(&mut Vec<(String, Vec<usize>, Vec<f64>)>, &mut Vec<(String, String)>),
    ) -> Vec<u8> {
        let file = safetensors::read(bytes).unwrap();
        let values = |bytes: &[u8]| -> Vec<f64> {
            let entries = bytes.chunks_exact(8);
            entries
                .map(|entry| f64::from_le_bytes(entry.try_into().unwrap()))
                .collect()
        };
        let mut tensors = file
            .tensors
            .iter()
            .map(|t| (t.name.clone(), t.shape.clone(), values(t.bytes)))
            .collect();
        let mut metadata = file.metadata.clone().unwrap();
        change(&mut tensors, &mut metadata);
        let tensors: Vec<F64Tensor> = tensors
            .iter()
            .map(|(name, shape, values)| (name.clone(), shape.clone(), values.as_slice()))
            .collect();
        let metadata: Vec<(&str, String)> = metadata
            .iter()
            .map(|(key, value)| (key.as_str(), value.clone()))
            .collect();
        written(&tensors, &metadata)
    }

    fn written(tensors: &[F64Tensor], metadata: &[(&str, String)]) -> Vec<u8> {
        let mut bytes = Vec::new();
        safetensors::write_to(&mut bytes, tensors, metadata).unwrap();
        bytes
    }

    fn set(metadata: &mut [(String, String)], key: &str, value: &str) {
        let entry = metadata.iter_mut().find(|(name, _)| name == key);
        entry.unwrap().1 = value.to_string();
    }

    #[test]
    fn a_model_round_trips_to_the_bit() {
        let model = model();
        let bytes = to_bytes(&model).unwrap();
        let back = from_bytes(&bytes).unwrap();
        assert_eq!(back, model);
        assert_eq!(to_bytes(&back).unwrap(), bytes);
        assert_eq!(changed(|_, _| {}), run_file());

        // Equality of numbers hides the sign of 0.
        let bits = |model: &Model| -> Vec<u64> {
            let parameters = model.state.rnn.parameters.values().iter();
            parameters
                .chain(model.state.G.values())
                .map(|x| x.to_bits())
                .collect()
        };
        assert_eq!(bits(&back), bits(&model));
        assert_eq!(model.state.updates, 123);
        assert!(model.state.smooth_loss.is_some() && model.state.best_smooth_loss.is_some());
    }

    #[test]
    fn a_plan_is_read_back_and_no_part_of_the_model() {
        let (back, found) = read(&run_file()).unwrap();
        assert_eq!((&back, found), (&model(), Some(plan())));
        assert_eq!(read(&to_bytes(&back).unwrap()).unwrap(), (back, None));
        let keys: Vec<&str> = PLAN.to_vec();
        let without = changed(|_, metadata| {
            metadata.retain(|(key, _)| !keys.contains(&key.as_str()));
        });
        assert_eq!(without, to_bytes(&model()).unwrap());
    }

    #[test]
    fn a_run_with_a_part_held_out_is_read_back() {
        let bytes = validated_file();
        let (model, plan) = read(&bytes).unwrap();
        assert_eq!(model, trained(0.1 + 0.2));
        assert!(model.state.best_validation.is_some());
        assert_eq!(plan.unwrap().validate_every, Some(7));
        assert_eq!(bytes_of(&model, plan.as_ref()).unwrap(), bytes);
    }

    /// Where nothing is held out, nothing is said of it: earlier versions read the file.
    #[test]
    fn other_runs_have_no_metadata_of_it() {
        let holds = |bytes: &[u8]| {
            let metadata = safetensors::read(bytes).unwrap().metadata.unwrap();
            let keys = ["validation", "best_validation", "validate_every"];
            keys.map(|key| metadata.iter().any(|(name, _)| name == key))
        };
        assert_eq!(holds(&run_file()), [false; 3]);
        assert_eq!(holds(&validated_file()), [true; 3]);
        let best_alone = to_bytes(&trained(0.3)).unwrap();
        assert_eq!(holds(&best_alone), [true, true, false]);
    }

    #[test]
    fn extreme_numbers_round_trip() {
        let mut model = model();
        let extremes = [
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::from_bits(1),
            -0.0,
            -f64::MAX,
        ];
        model.state.rnn.parameters.values_mut()[..5].copy_from_slice(&extremes);
        model.settings.epsilon = f64::from_bits(1);
        model.state.smooth_loss = Some(f64::MAX);
        model.state.best_smooth_loss = Some(f64::from_bits(1));
        model.state.updates = MAX_UPDATES;
        model.state.epoch = MAX_UPDATES;
        let back = from_bytes(&to_bytes(&model).unwrap()).unwrap();
        assert_eq!(back, model);
        assert_eq!(
            back.state.rnn.parameters.values()[3].to_bits(),
            (-0.0f64).to_bits()
        );
    }

    #[test]
    fn what_is_not_finite_is_never_written() {
        for wrong in [f64::NAN, f64::INFINITY] {
            let mut model = model();
            model.state.G.values_mut()[1] = wrong;
            assert!(matches!(
                to_bytes(&model),
                Err(CheckpointError::NotFinite { index: 1, .. })
            ));
        }
    }

    #[test]
    fn every_error_has_its_file() {
        let without =
            |name: &'static str| changed(move |tensors, _| tensors.retain(|t| t.0 != name));
        let with = |key: &'static str, value: &'static str| {
            changed(move |_, metadata| set(metadata, key, value))
        };
        let lacking =
            |key: &'static str| changed(move |_, metadata| metadata.retain(|m| m.0 != key));
        let entry =
            |tensor: usize, value: f64| changed(move |tensors, _| tensors[tensor].2[1] = value);
        let mut cases = vec![
            (with("format", "other"), "not a model of elman"),
            (lacking("format"), "not a model of elman"),
            (written(&[], &[]), "not a model of elman"),
            (b"\x02\0\0\0\0\0\0\0{}".to_vec(), "not a model of elman"),
            (with("format_version", "2"), "newer elman"),
            (with("format_version", "0"), "the only version"),
            (
                with("format_version", "x\n"),
                "\"x\\n\", which must be 1, the",
            ),
            (with("vocabulary", "ba"), "increasing order"),
            (with("vocabulary", ""), "increasing order"),
            (
                changed(|_, metadata| set(metadata, "vocabulary", &"a".repeat(100_000))),
                "a\"..., which must be characters in increasing order",
            ),
            (
                with("vocabulary", "abc"),
                "\"U\" is F64 [3, 26] instead of F64 [3, 3]",
            ),
            (with("symbols", "words"), "must be characters or bytes"),
            (with("symbols", "bytes"), "characters up to U+00FF"),
            (with("documents", "yes"), "must be true or false"),
            (with("text_start", "%"), "a character of the vocabulary"),
            (with("text_start", "ab"), "one character"),
            (with("text_digest", "xyz"), "16 hexadecimal"),
            (with("text_digest", "+123456789abcdef"), "16 hexadecimal"),
            (with("text_length", "10"), "at least sequence_length + 1"),
            (
                with("sequence_length", "1000"),
                "at least sequence_length + 1",
            ),
            (
                with("sequence_length", "18446744073709551615"),
                "at least sequence_length + 1",
            ),
            (
                with("updates", "9223372036854775809"),
                "updates = \"9223372036854775809\", which must be at most 2^63",
            ),
            (
                with("updates", "0"),
                "must be at most the number of updates",
            ),
            (
                with("epoch", "124"),
                "epoch = \"124\", which must be at most the number of updates",
            ),
            (with("position", "57"), "within the text"),
            (with("smooth_loss", "NaN"), "finite number of at least 0"),
            (with("smooth_loss", "-1"), "finite number of at least 0"),
            (
                with("learning_rate", "-1"),
                "learning-rate -1: must be a positive number",
            ),
            (with("sequence_length", "0"), "at least 1"),
            (
                changed(|_, metadata| {
                    set(metadata, "updates", "0");
                    set(metadata, "epoch", "0");
                }),
                "must be absent before the first update",
            ),
            (with("seed", "18446744073709551616"), "below 2^64"),
            (with("iterations", "122"), "at least the number of updates"),
            (with("report_every", "0"), "at least 1"),
            (with("log_every", "0"), "at least 1"),
            (with("save_every", "0"), "at least 1"),
            (with("save_every", "1.5"), "a whole number"),
            (entry(0, f64::NAN), "\"U\" has no finite number at entry 1"),
            (
                entry(7, f64::INFINITY),
                "\"adagrad.V\" has no finite number at entry 1",
            ),
            (entry(9, -1.0), "\"adagrad.c\" has a sum of squares below 0"),
            (entry(10, f64::NAN), "\"h\" has no finite number"),
            (
                changed(|tensors, _| tensors[1].1 = vec![9]),
                "\"W\" is F64 [9] instead of F64 [3, 3]",
            ),
            (
                changed(|tensors, _| tensors[0].1 = vec![26, 3]),
                "\"U\" is F64 [26, 3]",
            ),
            (
                changed(|tensors, _| tensors[3].1 = vec![3, 1]),
                "\"b\" is F64 [3, 1] instead of F64 [3]",
            ),
            (changed(|tensors, _| tensors[3].1 = vec![]), "do not make"),
            (
                changed(|tensors, _| tensors[3].0 = "a".to_string()),
                "\"b\" is missing",
            ),
            (
                changed(|tensors, _| tensors.push(("extra".to_string(), vec![0], vec![]))),
                "\"extra\" is not part of a model",
            ),
            (
                changed(|tensors, _| tensors[3] = ("b".to_string(), vec![0], vec![])),
                "no hidden units",
            ),
            // 160 KB of b ask for a W of 3.2 GB: refused before any of it is allocated.
            (
                changed(|tensors, _| {
                    tensors[3] = ("b".to_string(), vec![20_000], vec![0.0; 20_000])
                }),
                "\"U\" is F64 [3, 26] instead of F64 [20000, 26]",
            ),
        ];
        for name in ["U", "W", "V", "b", "c", "h", "adagrad.U", "adagrad.c"] {
            cases.push((without(name), "is missing"));
        }
        for key in [
            "vocabulary",
            "format_version",
            "symbols",
            "seed",
            "documents",
            "updates",
            "epoch",
            "text_digest",
            "text_length",
            "text_start",
            "smooth_loss",
            "best_smooth_loss",
            "iterations",
            "report_every",
            "report_length",
            "passage_length",
            "log_every",
            "save_every",
        ] {
            cases.push((lacking(key), "the metadata lack"));
        }
        cases.extend(errors_of_a_part_held_out());
        for (bytes, message) in cases {
            let error = from_bytes(&bytes).unwrap_err().to_string();
            assert!(error.contains(message), "{message:?} is not in {error:?}");
            assert!(error.len() < 300, "{error:?}");
        }
    }

    fn errors_of_a_part_held_out() -> Vec<(Vec<u8>, &'static str)> {
        let file = validated_file();
        let with = |key: &'static str, value: &'static str| {
            changed_of(&file, move |_, metadata| set(metadata, key, value))
        };
        let lacking = |key: &'static str| {
            changed_of(&file, move |_, metadata| metadata.retain(|m| m.0 != key))
        };
        let more = |key: &str, value: &str| {
            let entry = (key.to_string(), value.to_string());
            changed(move |_, metadata| metadata.push(entry))
        };
        vec![
            (
                with("validation", "1"),
                "validation 1: must be a number from 0 to below 1",
            ),
            (with("validation", "NaN"), "validation NaN: must be"),
            (with("validation", "-0.1"), "validation -0.1: must be"),
            (
                with("validation", "half"),
                "\"half\", which must be a number",
            ),
            // 46 of 57 characters leave 11; the next is one too few.
            (with("validation", "0.825"), "beside what is held out"),
            (
                with("validation", "0.02"),
                "enough for 2 characters to be held out",
            ),
            (with("position", "40"), "within the text of a stream"),
            (
                with("validate_every", "0"),
                "validate_every = \"0\", which must be a whole number of at least 1",
            ),
            (with("validate_every", "x"), "which must be a whole number"),
            (
                with("best_validation", "inf"),
                "finite number of at least 0",
            ),
            (with("best_validation", "-1"), "finite number of at least 0"),
            (
                lacking("best_validation"),
                "the metadata lack \"best_validation\"",
            ),
            (
                lacking("best_smooth_loss"),
                "the metadata lack \"best_smooth_loss\"",
            ),
            (lacking("save_every"), "the metadata lack \"save_every\""),
            (lacking("validation"), "best_validation = "),
            (
                more("best_validation", "1.5"),
                "\"1.5\", which must be absent where no text is held out",
            ),
            (
                more("validate_every", "5"),
                "\"5\", which must be absent where no text is held out",
            ),
        ]
    }

    /// What could not be read back is not written either.
    #[test]
    fn parts_that_do_not_fit_are_never_written() {
        let shape = Shape::new(4, 26).unwrap();
        let with = |change: fn(&mut Model, Shape)| {
            let mut model = model();
            change(&mut model, shape);
            to_bytes(&model).unwrap_err().to_string()
        };
        for (error, message) in [
            (
                with(|model, shape| model.state.G = Parameters::zeros(shape).unwrap()),
                "\"adagrad.U\" is F64 [4, 26] instead of F64 [3, 26]",
            ),
            (
                with(|model, _| model.state.h.push(0.0)),
                "\"h\" is F64 [4] instead of F64 [3]",
            ),
            (
                with(|model, _| model.settings.hidden = 4),
                "\"U\" is F64 [3, 26] instead of F64 [4, 26]",
            ),
            (
                with(|model, _| model.vocabulary = Vocabulary::of("ab")),
                "\"U\" is F64 [3, 26] instead of F64 [3, 2]",
            ),
            (
                with(|model, _| model.vocabulary = Vocabulary::of("")),
                "K must be at least 1",
            ),
            (
                with(|model, _| model.source.as_mut().unwrap().start = 26),
                "text_start = \"26\", which must be a character of the vocabulary",
            ),
            (
                with(|model, _| model.state.smooth_loss = Some(f64::NAN)),
                "smooth_loss = \"NaN\", which must be a finite number",
            ),
            (
                with(|model, _| model.state.best_smooth_loss = None),
                "the metadata lack \"best_smooth_loss\"",
            ),
            (
                with(|model, _| model.settings.epsilon = 0.0),
                "epsilon 0: must be a positive number",
            ),
        ] {
            assert!(error.contains(message), "{message:?} is not in {error:?}");
        }
    }

    #[test]
    fn without_a_text_there_is_no_run_yet() {
        let mut model = model();
        model.source = None;
        let error = to_bytes(&model).unwrap_err().to_string();
        assert!(
            error.contains("updates = \"123\", which must be 0 without a text"),
            "{error}"
        );
        model.state = State::untrained(model.state.rnn.shape(), &model.settings).unwrap();
        assert_eq!(from_bytes(&to_bytes(&model).unwrap()).unwrap(), model);
        assert_eq!(model.start(), 0);
        // Documents need a newline to end with.
        model.settings.documents = true;
        assert_eq!(from_bytes(&to_bytes(&model).unwrap()).unwrap(), model);
        model.vocabulary = Vocabulary::from_characters(
            Symbols::Characters,
            ('a'..).take(model.vocabulary.len()).collect(),
        )
        .unwrap();
        let error = to_bytes(&model).unwrap_err().to_string();
        assert!(
            error.contains("false where the vocabulary has no newline"),
            "{error}"
        );
    }

    #[test]
    fn another_type_is_refused() {
        let mut bytes = to_bytes(&model()).unwrap();
        let header = bytes
            .windows(3)
            .position(|window| window == b"F64")
            .unwrap();
        bytes[header..header + 3].copy_from_slice(b"I64");
        let error = from_bytes(&bytes).unwrap_err().to_string();
        assert_eq!(
            error,
            "the tensor \"U\" is I64 [3, 26] instead of F64 [3, 26]"
        );
    }

    #[test]
    fn no_length_of_a_cut_file_is_taken_for_a_model() {
        let bytes = to_bytes(&model()).unwrap();
        for length in 0..bytes.len() {
            assert!(from_bytes(&bytes[..length]).is_err(), "{length} bytes");
        }
    }

    /// Numbers and words that a header may hold where it should not.
    const ODD: [&str; 21] = [
        "",
        "0",
        "1",
        "-1",
        "3",
        "4",
        "26",
        "1000",
        "1e400",
        "0.5",
        "NaN",
        "4294967296",
        "9223372036854775808",
        "18446744073709551615",
        "18446744073709551616",
        "\"",
        "{}",
        "null",
        "F32",
        "\\ud800",
        "\u{10FFFF}",
    ];

    /// Damages a file in one of the ways in which files are damaged, or made to do harm.
    fn mutate(file: &[u8], generator: &mut Generator) -> Vec<u8> {
        let mut below = |n: usize| (generator.uniform() * n as f64) as usize;
        let mut bytes = file.to_vec();
        let header = u64::from_le_bytes(file[..8].try_into().unwrap()) as usize;
        // Half of the places are in the header, however large the tensors.
        let at = match below(2) {
            0 => below(bytes.len()),
            _ => below(8 + header),
        };
        match below(12) {
            0 => bytes[at] ^= 1 << below(8),
            1 => bytes[at] = below(256) as u8,
            2 => bytes.truncate(at),
            3 => bytes.insert(at, below(256) as u8),
            4 => {
                let end = bytes.len().min(at + 1 + below(20));
                bytes.drain(at..end);
            }
            5 => {
                let end = bytes.len().min(at + 1 + below(200));
                let again = bytes[at..end].to_vec();
                bytes.splice(end..end, again);
            }
            // Half of the time the file stays whole, so that every rule for a value is met.
            _ => {
                let edited = edit(&file[8..8 + header], ODD[below(ODD.len())], &mut below);
                let length = (edited.len() as u64).to_le_bytes();
                bytes = [length.as_slice(), &edited, &file[8 + header..]].concat();
            }
        }
        bytes
    }

    /// A header with one of its words or numbers replaced.
    fn edit(header: &[u8], new: &str, below: &mut impl FnMut(usize) -> usize) -> Vec<u8> {
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || b".-_".contains(byte);
        let mut words: Vec<&[u8]> = header.chunk_by(|a, b| is_word(a) == is_word(b)).collect();
        // Words stand between quotes and brackets, the first chunk being such.
        let which = 2 * below(words.len() / 2) + 1;
        words[which] = new.as_bytes();
        words.concat()
    }

    /// Whatever is done to a file, it is refused, or it is a model: one that is written and read back
    /// to the bit, and that training goes on with.
    #[test]
    fn damaged_files_are_refused_or_are_models() {
        let files = [run_file(), validated_file()];
        let mut generator = Generator::new(2424, Stream::Passage);
        let (mut refused, mut resumed, mut validated) = (0, 0, 0);
        for n in 0..30_000 {
            let damaged = mutate(&files[n % 2], &mut generator);
            let Ok((model, plan)) = read(&damaged) else {
                refused += 1;
                continue;
            };
            let bytes = bytes_of(&model, plan.as_ref()).unwrap();
            let (back, again) = read(&bytes).unwrap();
            assert_eq!((&back, again), (&model, plan));
            assert_eq!(bytes_of(&back, again.as_ref()).unwrap(), bytes);
            if let Ok(mut training) = Training::resume(TEXT, model, back) {
                validated += usize::from(training.validate().is_ok());
                resumed += usize::from(training.update().is_ok());
            }
        }
        assert!(validated > 1000, "{validated} validated");
        assert!(refused > 10_000, "{refused} refused");
        assert!(resumed > 1000, "{resumed} resumed");
    }

    #[test]
    fn files_are_replaced_whole_or_not_at_all() {
        let folder = Folder::new("checkpoint");
        let path = folder.0.join("model.safetensors");
        let mut model = model();
        save(&model, &path).unwrap();
        assert_eq!(load(&path).unwrap(), model);

        model.state.rnn.parameters.values_mut()[0] = f64::NAN;
        assert!(matches!(
            save(&model, &path),
            Err(CheckpointError::NotFinite { .. })
        ));
        model.state.rnn.parameters.values_mut()[0] = 7.0;
        assert_ne!(load(&path).unwrap(), model);
        save(&model, &path).unwrap();
        assert_eq!(load(&path).unwrap(), model);
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);

        assert!(matches!(load(&folder.0), Err(CheckpointError::NotAFile)));
        let missing = folder.0.join("none").join("model");
        assert!(matches!(load(&missing), Err(CheckpointError::Io(_))));
        assert!(matches!(
            save(&model, &missing),
            Err(CheckpointError::Io(_))
        ));
    }

    #[test]
    fn a_file_that_finds_no_place_is_cleared_away() {
        let folder = Folder::new("no-place");
        let path = folder.0.join("model.safetensors");
        fs::create_dir(&path).unwrap();
        assert!(matches!(save(&model(), &path), Err(CheckpointError::Io(_))));
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 1);
        assert!(path.is_dir());
    }
}
