//! The arrays of a file with weights, and the model that they make.

use crate::files::error::FileError;
use crate::files::shapes::{Five, shape_of};
use crate::formats::array::Array;
use crate::formats::names::shown;
use crate::model::Model;
use crate::network::parameters::{Parameters, Shape};
use crate::network::rnn::Rnn;
use crate::settings::{Settings, Symbols};
use crate::text::vocabulary::Vocabulary;
use std::borrow::Cow;

/// The arrays of a file, found by their names but not checked.
pub(super) struct Weights<'a> {
    pub U: Array<'a>,
    pub W: Array<'a>,
    pub V: Array<'a>,
    /// Vectors whose sum is b. The same for c.
    pub b: Vec<Array<'a>>,
    pub c: Vec<Array<'a>>,
    pub about: About,
    /// The names of arrays that are not part of the model.
    pub ignored: Vec<String>,
}

/// What a file says about a model besides its weights.
#[derive(Default)]
pub(super) struct About {
    pub symbols: Symbols,
    pub vocabulary: Option<Vec<char>>,
    pub documents: bool,
}

impl About {
    /// Reads it from the metadata of a safetensors file.
    pub fn of(metadata: &[(String, String)]) -> Result<Self, FileError> {
        let find = |key: &str| {
            let entry = metadata.iter().find(|(name, _)| name == key);
            entry.map(|(_, value)| value.as_str())
        };
        if find("format") == Some("elman") {
            let message =
                "already a model file of elman: the other commands read it without import";
            return Err(message.to_string().into());
        }
        let symbols = match find("symbols") {
            Some("characters") | None => Symbols::Characters,
            Some("bytes") => Symbols::Bytes,
            Some(other) => {
                return Err(FileError::metadata("symbols", other, "characters or bytes"));
            }
        };
        let documents = match find("documents") {
            Some("true") => true,
            Some("false") | None => false,
            Some(other) => return Err(FileError::metadata("documents", other, "true or false")),
        };
        let vocabulary = find("vocabulary").map(|characters| characters.chars().collect());
        Ok(About { symbols, vocabulary, documents })
    }
}

impl Weights<'_> {
    /// The model with these weights. Its characters are those of `vocabulary`, or else those of the file.
    pub fn model(&self, vocabulary: Option<&str>) -> Result<Model, FileError> {
        // The file holds all of it before anything of that size is allocated.
        let Weights { U, W, V, b, c, .. } = self;
        let shape = shape_of(Five { U, W, V, b, c })?;
        let given = vocabulary.map(|characters| characters.chars().collect());
        let characters = given.or_else(|| self.about.vocabulary.clone());
        let characters = characters.ok_or(FileError::NoVocabulary { K: shape.K() })?;
        let (vocabulary, order) = sort(self.about.symbols, &characters, shape.K())?;
        let settings = Settings {
            hidden: shape.m(),
            symbols: self.about.symbols,
            documents: self.about.documents,
            ..Settings::default()
        };
        let rnn = Rnn { parameters: self.parameters(shape, &order)? };
        Ok(Model::of_rnn(vocabulary, settings, rnn)?)
    }

    /// The parameters. Character i has the index `order[i]` in the file.
    fn parameters(&self, shape: Shape, order: &[usize]) -> Result<Parameters, FileError> {
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

/// The numbers of an array. All of them have to be finite.
fn numbers<'a>(array: &'a Array) -> Result<Cow<'a, [f64]>, FileError> {
    let numbers = array.numbers().unwrap_or_default();
    match numbers.iter().position(|x| !x.is_finite()) {
        Some(place) => Err(not_finite(array, place)),
        None => Ok(numbers),
    }
}

fn not_finite(array: &Array, place: usize) -> FileError {
    let columns = array.shape.get(1).copied().unwrap_or(1);
    let (name, row, column) = (shown(&array.name), place / columns, place % columns);
    format!("{name} has a number that is not finite at row {row}, column {column}").into()
}

/// The sum of vectors, or zeros if there are none. Adding 0 to -0 gives -0.
fn sum(vectors: &[Array], length: usize) -> Result<Vec<f64>, FileError> {
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

/// The vocabulary of characters in any order, and for each of its indices the position of the character in that order.
fn sort(
    symbols: Symbols,
    characters: &[char],
    K: usize,
) -> Result<(Vocabulary, Vec<usize>), FileError> {
    let found = characters.len();
    if found != K {
        return Err(FileError::Vocabulary(format!(
            "the vocabulary has {found} characters, but the model has K = {K} (a line break counts too)"
        )));
    }
    let mut order: Vec<usize> = (0..K).collect();
    order.sort_by_key(|&index| characters[index]);
    let twice = order.windows(2).find(|pair| characters[pair[0]] == characters[pair[1]]);
    if let Some(&[first, second]) = twice {
        let character = characters[first];
        return Err(FileError::Vocabulary(format!(
            "the vocabulary has {character:?} twice, at {first} and at {second}"
        )));
    }
    let sorted: Vec<char> = order.iter().map(|&index| characters[index]).collect();
    let last = sorted.last().copied().unwrap_or_default();
    // In order and each once, they can be refused only as bytes, and then because of the last.
    let vocabulary = Vocabulary::from_characters(symbols, sorted);
    let vocabulary = vocabulary.ok_or_else(|| {
        FileError::Vocabulary(format!(
            "the vocabulary has {last:?}, which is no byte: byte b goes by U+00b"
        ))
    })?;
    Ok((vocabulary, order))
}
