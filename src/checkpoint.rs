//! Model files: a [`Model`] as one safetensors file, and back to the bit.
//!
//! Tensors (F64): `U` `[m,K]`, `W` `[m,m]`, `V` `[K,m]`, `b` `[m]`, `c` `[K]`, AdaGrad's sums
//! `adagrad.U` to `adagrad.c`, the hidden state `h` `[m]`. Everything else is a string under
//! `__metadata__`; numbers there are the shortest decimals that read back to the same bits. Random
//! states need no place: every stream follows from the seed and the update.

use crate::model::{Model, SettingError, Settings, Source, State};
use crate::network::Rnn;
use crate::parameters::{Parameters, Shape, ShapeError};
use crate::safetensors::{self, F64Tensor, FormatError, SafeTensors};
use crate::text::Vocabulary;
use std::fmt;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::str::FromStr;

/// The version of the metadata that this crate writes, and the only one it reads.
const FORMAT_VERSION: &str = "1";

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
                    "the metadata have {key} = {value:?}, which must be {need}"
                )
            }
            CheckpointError::Setting(error) => write!(f, "the metadata: {error}"),
            CheckpointError::Shape(error) => write!(f, "{error}"),
            CheckpointError::MissingTensor { name } => {
                write!(f, "the tensor {name:?} is missing")
            }
            CheckpointError::UnknownTensor { name } => {
                write!(f, "the tensor {name:?} is not part of a model")
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

/// Writes a model to a file: first to a new file beside it, which then takes its place, so that a
/// failure leaves the old one whole.
///
/// # Errors
/// [`CheckpointError::Io`] where the system refuses, [`CheckpointError::NotFinite`] where the state
/// could not be read back.
pub fn save(model: &Model, path: &Path) -> Result<(), CheckpointError> {
    let bytes = to_bytes(model)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let written = File::create(&beside).and_then(|mut file| {
        file.write_all(&bytes)?;
        file.sync_all()
    });
    let placed = written.and_then(|()| fs::rename(&beside, path));
    if placed.is_err() {
        // What failed is told; whether the rest could be cleared away as well changes nothing.
        let _ = fs::remove_file(&beside);
    }
    Ok(placed?)
}

/// Reads a model from a file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with it.
pub fn load(path: &Path) -> Result<Model, CheckpointError> {
    if !fs::metadata(path)?.is_file() {
        return Err(CheckpointError::NotAFile);
    }
    from_bytes(&fs::read(path)?)
}

/// A model as the bytes of a model file.
///
/// # Errors
/// [`CheckpointError::NotFinite`] where an entry is NaN or infinite.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, CheckpointError> {
    let Model {
        settings,
        vocabulary,
        source,
        state,
    } = model;
    let mut tensors: Vec<F64Tensor> = Vec::new();
    for (prefix, parameters) in [("", &state.rnn.parameters), ("adagrad.", &state.G)] {
        for part in parameters.named() {
            let shape = dimensions(part.rows, part.columns, part.name);
            tensors.push((format!("{prefix}{}", part.name), shape, part.values));
        }
    }
    tensors.push(("h".to_string(), vec![state.h.len()], &state.h));
    for (name, _, values) in &tensors {
        check_entries(name, values)?;
    }

    let mut metadata = vec![
        ("format", "elman".to_string()),
        ("format_version", FORMAT_VERSION.to_string()),
        ("vocabulary", vocabulary.characters().iter().collect()),
        ("sequence_length", settings.sequence_length.to_string()),
        ("learning_rate", format!("{:?}", settings.learning_rate)),
        ("sigma", format!("{:?}", settings.sigma)),
        ("clip", format!("{:?}", settings.clip)),
        ("epsilon", format!("{:?}", settings.epsilon)),
        ("seed", settings.seed.to_string()),
        ("text_digest", format!("{:016x}", source.digest)),
        ("text_length", source.length.to_string()),
        (
            "text_start",
            vocabulary.characters()[source.start].to_string(),
        ),
        ("updates", state.updates.to_string()),
        ("epoch", state.epoch.to_string()),
        ("position", state.position.to_string()),
    ];
    let losses = [
        ("smooth_loss", state.smooth_loss),
        ("best_smooth_loss", state.best_smooth_loss),
    ];
    for (key, loss) in losses {
        metadata.extend(loss.map(|loss| (key, format!("{loss:?}"))));
    }
    Ok(safetensors::write(&tensors, &metadata))
}

/// A model from the bytes of a model file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with them.
pub fn from_bytes(bytes: &[u8]) -> Result<Model, CheckpointError> {
    let file = safetensors::read(bytes)?;
    let metadata = Metadata::of(&file)?;
    let vocabulary = metadata.vocabulary()?;
    let hidden = file.tensors.iter().find(|tensor| tensor.name == "b");
    let hidden = hidden.ok_or_else(|| missing("b"))?;
    let m = hidden.shape.first().copied().unwrap_or(0);
    let shape = Shape::new(m, vocabulary.len())?;
    refuse_unknown(&file, shape)?;

    let mut rnn = Rnn {
        parameters: Parameters::zeros(shape)?,
    };
    let mut G = Parameters::zeros(shape)?;
    let mut h = vec![0.0; m];
    for (prefix, parameters) in [("", &mut rnn.parameters), ("adagrad.", &mut G)] {
        let mut rest = parameters.values_mut();
        for (name, rows, columns) in shape.tensors() {
            let (values, after) = rest.split_at_mut(rows * columns);
            rest = after;
            let dimensions = dimensions(rows, columns, name);
            read_tensor(&file, &format!("{prefix}{name}"), &dimensions, values)?;
        }
    }
    read_tensor(&file, "h", &[m], &mut h)?;

    let settings = metadata.settings(m)?;
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
    };
    if state.position > source.length {
        return Err(metadata.wrong("position", "within the text"));
    }
    Ok(Model {
        settings,
        vocabulary,
        source,
        state,
    })
}

/// b and c have one dimension in the file, the matrices two.
fn dimensions(rows: usize, columns: usize, name: &str) -> Vec<usize> {
    match name {
        "b" | "c" => vec![rows],
        _ => vec![rows, columns],
    }
}

fn missing(name: &str) -> CheckpointError {
    CheckpointError::MissingTensor {
        name: name.to_string(),
    }
}

fn refuse_unknown(file: &SafeTensors, shape: Shape) -> Result<(), CheckpointError> {
    let known = |name: &str| {
        let part = name.strip_prefix("adagrad.").unwrap_or(name);
        name == "h" || shape.tensors().iter().any(|tensor| tensor.0 == part)
    };
    match file.tensors.iter().find(|tensor| !known(&tensor.name)) {
        Some(tensor) => Err(CheckpointError::UnknownTensor {
            name: tensor.name.clone(),
        }),
        None => Ok(()),
    }
}

fn read_tensor(
    file: &SafeTensors,
    name: &str,
    dimensions: &[usize],
    values: &mut [f64],
) -> Result<(), CheckpointError> {
    let tensor = file.tensors.iter().find(|tensor| tensor.name == name);
    let tensor = tensor.ok_or_else(|| missing(name))?;
    if tensor.dtype != "F64" || tensor.shape != dimensions {
        return Err(CheckpointError::WrongTensor {
            name: name.to_string(),
            found: format!("{} {:?}", tensor.dtype, tensor.shape),
            need: format!("F64 {dimensions:?}"),
        });
    }
    for (value, bytes) in values.iter_mut().zip(tensor.bytes.chunks_exact(8)) {
        *value = f64::from_le_bytes(bytes.try_into().expect("a chunk of 8 bytes"));
    }
    check_entries(name, values)
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
        match metadata.get("format_version")? {
            FORMAT_VERSION => Ok(metadata),
            _ => Err(metadata.wrong("format_version", "1: a newer elman wrote this file")),
        }
    }

    fn find(&self, key: &str) -> Option<&'a str> {
        let entry = self.0.iter().find(|(name, _)| name == key);
        entry.map(|(_, value)| value.as_str())
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

    fn loss(&self, key: &'static str) -> Result<Option<f64>, CheckpointError> {
        if self.find(key).is_none() {
            return Ok(None);
        }
        let need = "a finite number of at least 0";
        match self.parse(key, need)? {
            loss if loss >= 0.0 && f64::is_finite(loss) => Ok(Some(loss)),
            _ => Err(self.wrong(key, need)),
        }
    }

    fn vocabulary(&self) -> Result<Vocabulary, CheckpointError> {
        let characters = self.get("vocabulary")?.chars().collect();
        Vocabulary::from_characters(characters)
            .filter(|vocabulary| !vocabulary.is_empty())
            .ok_or_else(|| self.wrong("vocabulary", "characters in increasing order, each once"))
    }

    fn settings(&self, hidden: usize) -> Result<Settings, CheckpointError> {
        let settings = Settings {
            hidden,
            sequence_length: self.parse("sequence_length", "a whole number")?,
            learning_rate: self.parse("learning_rate", "a number")?,
            sigma: self.parse("sigma", "a number")?,
            clip: self.parse("clip", "a number")?,
            epsilon: self.parse("epsilon", "a number")?,
            seed: self.parse("seed", "a whole number below 2^64")?,
        };
        settings.check().map_err(CheckpointError::Setting)?;
        Ok(settings)
    }

    fn source(&self, vocabulary: &Vocabulary) -> Result<Source, CheckpointError> {
        let digest = self.get("text_digest")?;
        let start: char = self.parse("text_start", "one character")?;
        Ok(Source {
            digest: (digest.len() == 16)
                .then(|| u64::from_str_radix(digest, 16).ok())
                .flatten()
                .ok_or_else(|| self.wrong("text_digest", "16 hexadecimal digits"))?,
            length: self.parse("text_length", "a whole number")?,
            start: vocabulary
                .index(start)
                .ok_or_else(|| self.wrong("text_start", "a character of the vocabulary"))?,
        })
    }
}
