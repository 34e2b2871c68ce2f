//! What is checked: a network, and the places of a text where it is checked.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{refused, settings, symbols};
use crate::cli::run::inputs::{is_safetensors, read_model, read_text};
use elman::internals::places::{Place, places};
use elman::{Model, TextError, Training, TrainingError};
use std::ffi::OsStr;
use std::path::Path;

/// What a case has by default where an untrained network would hide mistakes: weights that are large enough for
/// every part of a gradient, and sums of squares and a hidden state that are not 0.
const CASE_SIGMA: f64 = 0.5;
const CASE_ITERATIONS: u64 = 1;

/// A network, and places of a text; there is at least one.
pub struct Subject {
    pub model: Model,
    pub places: Vec<Place>,
    /// Whether it was read from a file.
    pub is_trained: bool,
}

/// Whether an argument is a model, by its content, or a folder.
pub fn is_model(argument: &OsStr) -> bool {
    let path = Path::new(argument);
    // A pipe is read once, as a text.
    argument != "-" && (path.is_dir() || path.is_file() && is_safetensors(path))
}

impl Subject {
    /// A network of a few updates at most, where its next update would begin.
    pub fn untrained(arguments: &Arguments, for_case: bool) -> Result<Self, Failure> {
        let mut settings = settings(arguments)?;
        let mut iterations: u64 = arguments.count("iterations")?;
        if for_case && !arguments.has("sigma") {
            settings.sigma = CASE_SIGMA;
        }
        if for_case && !arguments.has("iterations") {
            iterations = CASE_ITERATIONS;
        }
        let (text, corpus) = read_text(arguments.first(), symbols(arguments), &settings, false)?;
        let fail = |error| refused(error, &text, settings);
        let mut training = Training::begin(corpus, settings).map_err(fail)?;
        for _ in 0..iterations {
            training.update().map_err(fail)?;
        }
        training.observe().map_err(fail)?;
        let (inputs, targets) = training.chunk();
        let place = Place {
            position: training.position(),
            is_own: true,
            characters: inputs.iter().chain(targets.last()).copied().collect(),
            h0: training.h0().to_vec(),
        };
        Ok(Subject {
            places: vec![place],
            model: training.model().clone(),
            is_trained: false,
        })
    }

    /// A trained model at `count` places, or at as many as the options say.
    pub fn of_model(arguments: &Arguments, count: Option<usize>) -> Result<Self, Failure> {
        let count = match count {
            Some(count) => count,
            None => arguments.positive("positions")?,
        };
        let model = read_model(arguments.first())?;
        let named = arguments.all().get(1).map(|text| text.as_os_str());
        let (text, corpus) = read_text(named, model.vocabulary.symbols(), &model.settings, false)?;
        let places = places(&model, corpus, count).map_err(|error| match error {
            TrainingError::Text(TextError::Unknown(unknown)) if named.is_none() => {
                let advice = "the model needs a text in its characters: elman check MODEL TEXT";
                Failure::at(&text.place, format!("{unknown}: {advice}"))
            }
            error => refused(error, &text, model.settings),
        })?;
        Ok(Subject {
            model,
            places,
            is_trained: true,
        })
    }
}
