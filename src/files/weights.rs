//! The arrays of a file with weights, and the model that they make.

use crate::formats::array::Array;
use crate::formats::error::FormatError;
use crate::formats::names::shown;
use crate::model::{Model, Record, State};
use crate::network::parameters::{Parameters, Shape, ShapeError};
use crate::network::rnn::Rnn;
use crate::settings::{Settings, Symbols};
use crate::text::vocabulary::Vocabulary;
use std::borrow::Cow;
use std::fmt;

/// Why a file holds no weights of such a network.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ExchangeError {
    /// It is no file of either format, or a damaged one.
    Format(FormatError),
    /// Its arrays are not those of such a network.
    Arrays(String),
    /// The sizes are those of no network.
    Shape(ShapeError),
    /// Neither the file nor the caller says which characters the model has.
    NoVocabulary {
        /// K.
        K: usize,
    },
    /// The characters do not fit the network, or are not each there once.
    Vocabulary(String),
}

impl fmt::Display for ExchangeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ExchangeError::Format(error) => write!(f, "{error}"),
            ExchangeError::Shape(error) => write!(f, "{error}"),
            ExchangeError::Arrays(message) | ExchangeError::Vocabulary(message) => {
                f.write_str(message)
            }
            ExchangeError::NoVocabulary { K } => write!(
                f,
                "the file does not say which {K} characters the model has: name them with --vocabulary"
            ),
        }
    }
}

impl std::error::Error for ExchangeError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            ExchangeError::Format(error) => Some(error),
            ExchangeError::Shape(error) => Some(error),
            _ => None,
        }
    }
}

impl From<FormatError> for ExchangeError {
    fn from(error: FormatError) -> Self {
        ExchangeError::Format(error)
    }
}

impl From<ShapeError> for ExchangeError {
    fn from(error: ShapeError) -> Self {
        ExchangeError::Shape(error)
    }
}

/// An array is not there.
pub(super) fn missing(name: &str) -> ExchangeError {
    ExchangeError::Arrays(format!("{} is missing", shown(name)))
}

/// An array does not belong to a model, which has `need`.
pub(super) fn unknown(name: &str, need: &str) -> ExchangeError {
    let name = shown(name);
    ExchangeError::Arrays(format!("{name} is not part of the model: it has {need}"))
}

/// An array has entries of another type than `need`.
pub(super) fn wrong_type(array: &Array, need: &str) -> ExchangeError {
    let (name, found) = (shown(&array.name), shown(&array.type_name));
    ExchangeError::Arrays(format!("{name} has the type {found}, which must be {need}"))
}

/// An array has another shape than `need`.
pub(super) fn wrong_shape(array: &Array, need: &[usize]) -> ExchangeError {
    let (name, found) = (shown(&array.name), &array.shape);
    ExchangeError::Arrays(format!("{name} has the shape {found:?} instead of {need:?}"))
}

/// The two dimensions of a matrix.
pub(super) fn matrix(array: &Array) -> Result<[usize; 2], ExchangeError> {
    let (name, found) = (shown(&array.name), &array.shape);
    let wrong = |_| format!("{name} has the shape {found:?}, which must have two dimensions");
    array.shape[..].try_into().map_err(wrong).map_err(ExchangeError::Arrays)
}

/// The arrays of a file, found but not yet looked into.
pub(super) struct Weights<'a> {
    pub U: Array<'a>,
    pub W: Array<'a>,
    pub V: Array<'a>,
    /// Any number of vectors, whose sum it is.
    pub b: Vec<Array<'a>>,
    pub c: Vec<Array<'a>>,
    pub own: Own,
}

/// What a file may say of its model beyond the weights.
pub(super) struct Own {
    pub symbols: Symbols,
    pub vocabulary: Option<Vec<char>>,
    pub documents: bool,
}

impl Weights<'_> {
    /// The model with these weights; its characters are those of `vocabulary`, or else the file's own.
    pub fn model(self, vocabulary: Option<&str>) -> Result<Model, ExchangeError> {
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
        let rnn = Rnn { parameters: self.parameters(shape, &order)? };
        Ok(Model {
            settings,
            vocabulary,
            source: None,
            state: State::first(rnn, &settings)?,
            record: Record::default(),
        })
    }

    fn shape(&self) -> Result<Shape, ExchangeError> {
        let [m, K] = matrix(&self.U)?;
        let shape = Shape::new(m, K)?;
        require(&self.U, &[m, K])?;
        require(&self.W, &[m, m])?;
        require(&self.V, &[K, m])?;
        self.b.iter().try_for_each(|bias| require(bias, &[m]))?;
        self.c.iter().try_for_each(|bias| require(bias, &[K]))?;
        Ok(shape)
    }

    /// The numbers, those of character i from where the file has them: at `order[i]`.
    fn parameters(&self, shape: Shape, order: &[usize]) -> Result<Parameters, ExchangeError> {
        let (m, K) = (shape.m(), shape.K());
        let mut parameters = Parameters::zeros(shape)?;
        let parts = parameters.tensors_mut();
        let U = numbers(&self.U)?;
        for (to, from) in parts.U.chunks_exact_mut(K).zip(U.chunks_exact(K)) {
            to.iter_mut().zip(order).for_each(|(to, &column)| *to = from[column]);
        }
        parts.W.copy_from_slice(&numbers(&self.W)?);
        let V = numbers(&self.V)?;
        for (to, &row) in parts.V.chunks_exact_mut(m).zip(order) {
            to.copy_from_slice(&V[row * m..][..m]);
        }
        parts.b.copy_from_slice(&sum(&self.b, m)?);
        let c = sum(&self.c, K)?;
        parts.c.iter_mut().zip(order).for_each(|(to, &row)| *to = c[row]);
        Ok(parameters)
    }
}

/// Refuses an array of another shape, or one without floating-point numbers. A vector may be a column.
fn require(array: &Array, need: &[usize]) -> Result<(), ExchangeError> {
    if !array.kind.is_float() {
        return Err(wrong_type(array, "F64, F32, F16 or BF16"));
    }
    let is_column = need.len() == 1 && array.shape == [need[0], 1];
    if array.shape == need || is_column { Ok(()) } else { Err(wrong_shape(array, need)) }
}

/// The numbers of an array, all of them finite.
fn numbers<'a>(array: &'a Array) -> Result<Cow<'a, [f64]>, ExchangeError> {
    let numbers = array.numbers().unwrap_or_default();
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(place) => Err(not_finite(array, place)),
        None => Ok(numbers),
    }
}

fn not_finite(array: &Array, place: usize) -> ExchangeError {
    let columns = array.shape.get(1).copied().unwrap_or(1);
    let (name, row, column) = (shown(&array.name), place / columns, place % columns);
    ExchangeError::Arrays(format!("{name} has no finite number at row {row}, column {column}"))
}

/// The sum of some vectors, 0 of none. Zeros are left out, so that -0 stays what it is beside them.
fn sum(vectors: &[Array], length: usize) -> Result<Vec<f64>, ExchangeError> {
    let mut sums: Option<Vec<f64>> = None;
    for vector in vectors {
        let numbers = numbers(vector)?;
        let Some(sums) = &mut sums else {
            sums = Some(numbers.into_owned());
            continue;
        };
        for (place, (sum, &number)) in sums.iter_mut().zip(&*numbers).enumerate() {
            *sum = match *sum {
                sum if number == 0.0 => sum,
                0.0 => number,
                sum => sum + number,
            };
            if !sum.is_finite() {
                return Err(not_finite(vector, place));
            }
        }
    }
    Ok(sums.unwrap_or_else(|| vec![0.0; length]))
}

/// The vocabulary of some characters in any order, and for each index the place that its character had.
fn sort(
    symbols: Symbols,
    characters: &[char],
    K: usize,
) -> Result<(Vocabulary, Vec<usize>), ExchangeError> {
    let found = characters.len();
    if found != K {
        return Err(ExchangeError::Vocabulary(format!(
            "{found} characters for a model with K = {K} (a line break counts as well)"
        )));
    }
    let mut order: Vec<usize> = (0..K).collect();
    order.sort_by_key(|&index| characters[index]);
    let twice = order.windows(2).find(|pair| characters[pair[0]] == characters[pair[1]]);
    if let Some(&[first, second]) = twice {
        let character = characters[first];
        return Err(ExchangeError::Vocabulary(format!(
            "the vocabulary has {character:?} twice, at {first} and at {second}"
        )));
    }
    let sorted: Vec<char> = order.iter().map(|&index| characters[index]).collect();
    let last = sorted.last().copied().unwrap_or_default();
    // In order and each once, they are refused as bytes alone, for the last if any.
    let vocabulary = Vocabulary::from_characters(symbols, sorted);
    let vocabulary = vocabulary.ok_or_else(|| {
        ExchangeError::Vocabulary(format!(
            "the vocabulary has {last:?}, which is no byte: byte b goes by U+00b"
        ))
    })?;
    Ok((vocabulary, order))
}
