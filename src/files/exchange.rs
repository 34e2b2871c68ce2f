//! Weights for other programs, and weights from them: PyTorch's names in a safetensors file, or NumPy's
//! `.npz`.
//!
//! | here | `torch.nn.RNN` and `Linear` | `.npz` |
//! |---|---|---|
//! | U `[m,K]` | `rnn.weight_ih_l0` | `U` |
//! | W `[m,m]` | `rnn.weight_hh_l0` | `W` |
//! | b `[m]` | `rnn.bias_ih_l0`, beside zeros in `rnn.bias_hh_l0` | `b` |
//! | V `[K,m]` | `fc.weight` | `V` |
//! | c `[K]` | `fc.bias` | `c` |
//! | the vocabulary | `vocabulary` and `symbols` in the metadata | `vocabulary`: code points `<u4`, or bytes `\|u1` |
//! | whether lines are documents | `documents` in the metadata | `documents` |
//!
//! Numbers are written as they are, F64. They are read from F64, F32, F16 and BF16, all exactly. On the way
//! back the layers may have any names, the characters any order: the rows and columns that belong to them are
//! put in the order of the vocabulary.

use super::array::Array;
use super::{npz, torch};
use crate::formats::disk::{self, System};
use crate::formats::npy::NpyError;
use crate::formats::safetensors::{self, FormatError, shown};
use crate::formats::zip::{self, ZipError};
use crate::model::{Model, Record, State};
use crate::network::parameters::{Parameters, Shape, ShapeError};
use crate::network::rnn::Rnn;
use crate::settings::Settings;
use crate::settings::Symbols;
use crate::text::vocabulary::Vocabulary;
use std::fmt;
use std::io::{self, Write};
use std::path::Path;

/// A kind of file that other programs read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Safetensors with PyTorch's names.
    Torch,
    /// NumPy's `.npz`.
    Npz,
}

impl Format {
    /// The format of this name: `torch` or `npz`.
    pub fn of(name: &str) -> Option<Self> {
        match name {
            "torch" => Some(Format::Torch),
            "npz" => Some(Format::Npz),
            _ => None,
        }
    }
}

/// Why a file holds no weights of such a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeError {
    /// Neither of the two formats.
    NoFormat,
    /// A model file of this crate.
    OwnModel,
    /// What `torch.save` writes.
    Pickle,
    /// A file that looks like safetensors and is none.
    SafeTensors(FormatError),
    /// A file that begins like a zip file and is none that is read.
    Zip(ZipError),
    /// An entry of an `.npz` file is no array that is read.
    Npy {
        /// Its name.
        name: String,
        /// What is wrong with it.
        error: NpyError,
    },
    /// An array is not there.
    MissingArray {
        /// Its name.
        name: String,
    },
    /// An array that does not belong there.
    UnknownArray {
        /// Its name.
        name: String,
        /// What belongs there.
        need: &'static str,
    },
    /// An array whose entries are no such numbers.
    WrongType {
        /// Its name.
        name: String,
        /// What the file calls its type.
        found: String,
        /// What it has to be.
        need: &'static str,
    },
    /// An array that ought to have two dimensions.
    NoMatrix {
        /// Its name.
        name: String,
        /// Its dimensions.
        found: Vec<usize>,
    },
    /// An array of another shape.
    WrongShape {
        /// Its name.
        name: String,
        /// Its dimensions.
        found: Vec<usize>,
        /// Those that it has to have.
        need: Vec<usize>,
    },
    /// An entry that is NaN or infinite.
    NotFinite {
        /// The array.
        name: String,
        /// The entry's row.
        row: usize,
        /// Its column; 0 in a vector.
        column: usize,
    },
    /// A layer that such a network does not have.
    OtherLayer {
        /// One of its arrays.
        name: String,
        /// What it is.
        what: &'static str,
    },
    /// A recurrent layer of another kind.
    OtherCell {
        /// One of its arrays.
        name: String,
        /// The array's rows.
        rows: usize,
        /// Hidden units.
        hidden: usize,
        /// What it is.
        cell: &'static str,
    },
    /// More layers than such a network has.
    Several {
        /// An array of one and of another.
        names: [String; 2],
    },
    /// A layer that such a network has.
    NoLayer {
        /// What it is.
        what: &'static str,
        /// What its array would be called, after the module's name.
        leaf: &'static str,
    },
    /// Sizes that no network has.
    Shape(ShapeError),
    /// A metadata entry cannot be what it says.
    WrongMetadata {
        /// Its key.
        key: &'static str,
        /// Its value.
        found: String,
        /// What it has to be.
        need: &'static str,
    },
    /// Neither the file nor the caller says which characters they are.
    NoVocabulary {
        /// K.
        K: usize,
    },
    /// More or fewer characters than the network has.
    VocabularyLength {
        /// How many there are.
        found: usize,
        /// K.
        K: usize,
    },
    /// A character with two indices.
    RepeatedCharacter {
        /// The character.
        character: char,
        /// The lower index.
        first: usize,
        /// The higher index.
        second: usize,
    },
    /// A symbol that is no byte, where they are to be bytes.
    NoByte {
        /// The character.
        character: char,
    },
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::NoFormat => {
                write!(f, "neither a safetensors file nor one of numpy.savez")
            }
            ExchangeError::OwnModel => write!(f, "already a model file of elman"),
            ExchangeError::Pickle => write!(
                f,
                "a file of torch.save: write the weights with safetensors.torch.save_file instead"
            ),
            ExchangeError::SafeTensors(error) => write!(f, "{error}"),
            ExchangeError::Zip(error) => write!(f, "{error}"),
            ExchangeError::Npy { name, error } => write!(f, "the array {name:?}: {error}"),
            ExchangeError::MissingArray { name } => write!(f, "{} is missing", shown(name)),
            ExchangeError::UnknownArray { name, need } => {
                write!(f, "{} is not part of the model: it has {need}", shown(name))
            }
            ExchangeError::WrongType { name, found, need } => write!(
                f,
                "{} has the type {}, which must be {need}",
                shown(name),
                shown(found)
            ),
            ExchangeError::NoMatrix { name, found } => write!(
                f,
                "{} has the shape {found:?}, which must have two dimensions",
                shown(name)
            ),
            ExchangeError::WrongShape { name, found, need } => write!(
                f,
                "{} has the shape {found:?} instead of {need:?}",
                shown(name)
            ),
            ExchangeError::NotFinite { name, row, column } => write!(
                f,
                "{} has no finite number at row {row}, column {column}",
                shown(name)
            ),
            ExchangeError::OtherLayer { name, what } => write!(
                f,
                "{} belongs to {what}: elman has one recurrent layer, forward alone",
                shown(name)
            ),
            ExchangeError::OtherCell {
                name,
                rows,
                hidden,
                cell,
            } => write!(
                f,
                "{} has {rows} rows for {hidden} hidden units, as {cell} has: elman has a plain tanh layer",
                shown(name)
            ),
            ExchangeError::Several {
                names: [one, other],
            } => write!(
                f,
                "{} and {} belong to two layers: elman has one recurrent and one linear layer",
                shown(one),
                shown(other)
            ),
            ExchangeError::NoLayer { what, leaf } => {
                write!(
                    f,
                    "there is no {what} as torch.nn has it: nothing is called {leaf:?}"
                )
            }
            ExchangeError::Shape(error) => write!(f, "{error}"),
            ExchangeError::WrongMetadata { key, found, need } => write!(
                f,
                "the metadata have {key} = {}, which must be {need}",
                shown(found)
            ),
            ExchangeError::NoVocabulary { K } => write!(
                f,
                "the file does not say which {K} characters the model has: name them with --vocabulary"
            ),
            ExchangeError::VocabularyLength { found, K } => write!(
                f,
                "{found} characters for a model with K = {K} (a line break counts as well)"
            ),
            ExchangeError::RepeatedCharacter {
                character,
                first,
                second,
            } => write!(
                f,
                "the vocabulary has {character:?} twice, at {first} and at {second}"
            ),
            ExchangeError::NoByte { character } => write!(
                f,
                "the vocabulary has {character:?}, which is no byte: byte b goes by U+00b"
            ),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExchangeError::SafeTensors(error) => Some(error),
            ExchangeError::Zip(error) => Some(error),
            ExchangeError::Npy { error, .. } => Some(error),
            ExchangeError::Shape(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FormatError> for ExchangeError {
    fn from(error: FormatError) -> Self {
        ExchangeError::SafeTensors(error)
    }
}

impl From<ZipError> for ExchangeError {
    fn from(error: ZipError) -> Self {
        ExchangeError::Zip(error)
    }
}

impl From<ShapeError> for ExchangeError {
    fn from(error: ShapeError) -> Self {
        ExchangeError::Shape(error)
    }
}

/// Writes a model's weights and vocabulary for another program. The same model makes the same bytes.
///
/// Many small writes: an output that asks the system each time needs a buffer around it.
///
/// # Errors
/// Those of the output.
pub fn write_weights(output: &mut impl Write, model: &Model, format: Format) -> io::Result<()> {
    match format {
        Format::Torch => torch::write(model, output),
        Format::Npz => npz::write(model, output),
    }
}

/// Writes a model's weights to a file, as [`write_weights`] does: an old one is replaced whole or not at all.
///
/// # Errors
/// Those of the system.
pub fn export(model: &Model, format: Format, path: &Path) -> io::Result<()> {
    disk::replace(&mut System, path, |mut output| {
        write_weights(&mut output, model, format)
    })
}

/// A model from the bytes of a file with weights, in either format. `vocabulary` has its characters in index
/// order; a file that has them itself needs none.
///
/// The model has the default settings, no text, and no update behind it.
///
/// # Errors
/// [`ExchangeError`] says what is wrong.
pub fn import(file: &[u8], vocabulary: Option<&str>) -> Result<Model, ExchangeError> {
    let weights = match file {
        zip if zip::is_zip(zip) => npz::find(zip::read(zip)?)?,
        // The header of a safetensors file begins after its length.
        tensors if tensors.get(8) == Some(&b'{') => torch::find(safetensors::read(tensors)?)?,
        _ => return Err(ExchangeError::NoFormat),
    };
    weights.model(vocabulary)
}

/// The arrays of a file, found but not yet looked into.
pub(super) struct Weights<'a> {
    pub(super) U: Array<'a>,
    pub(super) W: Array<'a>,
    pub(super) V: Array<'a>,
    /// Any number of vectors, whose sum it is.
    pub(super) b: Vec<Array<'a>>,
    pub(super) c: Vec<Array<'a>>,
    pub(super) own: Own,
}

/// What a file may say of its model beyond the weights.
pub(super) struct Own {
    pub(super) symbols: Symbols,
    pub(super) vocabulary: Option<Vec<char>>,
    pub(super) documents: bool,
}

impl Weights<'_> {
    fn model(self, vocabulary: Option<&str>) -> Result<Model, ExchangeError> {
        // The file holds all of it before anything of that size is allocated.
        let shape = self.shape()?;
        let given = vocabulary.map(|characters| characters.chars().collect());
        let characters = given.or(self.own.vocabulary.clone());
        let characters = characters.ok_or(ExchangeError::NoVocabulary { K: shape.K() })?;
        let (vocabulary, order) = sort(self.own.symbols, &characters, shape.K())?;
        let settings = Settings {
            hidden: shape.m(),
            symbols: self.own.symbols,
            documents: self.own.documents,
            ..Settings::default()
        };
        let rnn = Rnn {
            parameters: self.parameters(shape, &order)?,
        };
        Ok(Model {
            settings,
            vocabulary,
            source: None,
            state: State::first(rnn, &settings)?,
            record: Record::default(),
        })
    }

    fn shape(&self) -> Result<Shape, ExchangeError> {
        let [m, K] = self.U.matrix()?;
        let shape = Shape::new(m, K)?;
        self.U.require(m, Some(K))?;
        self.W.require(m, Some(m))?;
        self.V.require(K, Some(m))?;
        self.b.iter().try_for_each(|bias| bias.require(m, None))?;
        self.c.iter().try_for_each(|bias| bias.require(K, None))?;
        Ok(shape)
    }

    /// The numbers, those of character i from where the file has them: at `order[i]`.
    fn parameters(&self, shape: Shape, order: &[usize]) -> Result<Parameters, ExchangeError> {
        let (m, K) = (shape.m(), shape.K());
        let mut parameters = Parameters::zeros(shape)?;
        let parts = parameters.tensors_mut();
        for row in 0..m {
            for (i, &column) in order.iter().enumerate() {
                parts.U[row * K + i] = self.U.number(row, column)?;
            }
            for column in 0..m {
                parts.W[row * m + column] = self.W.number(row, column)?;
            }
            parts.b[row] = sum(&self.b, row)?;
        }
        for (i, &row) in order.iter().enumerate() {
            for column in 0..m {
                parts.V[i * m + column] = self.V.number(row, column)?;
            }
            parts.c[i] = sum(&self.c, row)?;
        }
        Ok(parameters)
    }
}

/// The sum of the vectors' entries in a row. Zeros are left out, so that -0 stays what it is beside them.
fn sum(vectors: &[Array], row: usize) -> Result<f64, ExchangeError> {
    let mut sum: Option<f64> = None;
    for vector in vectors {
        let number = vector.number(row, 0)?;
        sum = match sum {
            Some(sum) if number == 0.0 => Some(sum),
            Some(sum) if sum != 0.0 => Some(sum + number),
            _ => Some(number),
        };
    }
    let sum = sum.unwrap_or(0.0);
    match vectors.last() {
        Some(vector) if !sum.is_finite() => Err(ExchangeError::NotFinite {
            name: vector.name.clone(),
            row,
            column: 0,
        }),
        _ => Ok(sum),
    }
}

/// The vocabulary of some characters in any order, and for each index the place that its character had.
fn sort(
    symbols: Symbols,
    characters: &[char],
    K: usize,
) -> Result<(Vocabulary, Vec<usize>), ExchangeError> {
    let found = characters.len();
    if found != K {
        return Err(ExchangeError::VocabularyLength { found, K });
    }
    let mut order: Vec<usize> = (0..K).collect();
    order.sort_by_key(|&index| characters[index]);
    let twice = order
        .windows(2)
        .find(|pair| characters[pair[0]] == characters[pair[1]]);
    if let Some(&[first, second]) = twice {
        return Err(ExchangeError::RepeatedCharacter {
            character: characters[first],
            first,
            second,
        });
    }
    let sorted: Vec<char> = order.iter().map(|&index| characters[index]).collect();
    let last = sorted.last().copied().unwrap_or_default();
    // In order and each once, they are refused as bytes alone, for the last if any.
    let vocabulary = Vocabulary::from_characters(symbols, sorted);
    let vocabulary = vocabulary.ok_or(ExchangeError::NoByte { character: last })?;
    Ok((vocabulary, order))
}
