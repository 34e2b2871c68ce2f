//! A text and a model that the tests of the library and those of the program use.

use elman::inference::{Score, score};
use elman::random::{Generator, Stream};
use elman::text::Symbols;
use elman::{Model, Parameters, Settings, Shape, Vocabulary};
use std::ops::ControlFlow;

/// What the small runs learn: 13 lines, characters of one to four bytes.
pub const TEXT: &str = "the ferry crosses at nine, and the bell rings twice; \u{e5}tta klockor \
                        sl\u{e5}r tolv. \u{65e5}\u{672c} \u{1f600}\nall of it again: ";

/// A network whose weights are all alive, and which forgets little.
pub fn model(symbols: Symbols, characters: &str, documents: bool) -> Model {
    let mut characters: Vec<char> = characters.chars().collect();
    characters.sort_unstable();
    let vocabulary = Vocabulary::from_characters(symbols, characters).unwrap();
    let shape = Shape::new(7, vocabulary.len()).unwrap();
    let mut parameters = Parameters::zeros(shape).unwrap();
    Generator::new(3, Stream::Initialization).fill_normal(parameters.values_mut(), 0.7);
    let model = Model::from_parameters(vocabulary, parameters).unwrap();
    let settings = Settings { documents, ..*model.settings() };
    model.with_settings(settings).unwrap()
}

/// The score of every line of a text.
pub fn lines_of(model: &Model, text: &str) -> Vec<Score> {
    let mut scores = Vec::new();
    let lines = score::read(model, text.as_bytes(), |line| {
        scores.push(line.score);
        ControlFlow::Continue(())
    });
    lines.unwrap();
    scores
}
