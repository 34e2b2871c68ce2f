//! The network that is checked, and the places of the text at which it is.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::Overrides;
use crate::cli::run::file_kind::is_safetensors;
use crate::cli::run::inputs::{TextSource, read_model, read_text, refused};
use elman::internals::places::{Place, places};
use elman::{Initialization, Model, Settings, TextError, Training, TrainingError};
use std::ffi::OsStr;
use std::path::Path;

/// The settings of a network that is checked where no others are chosen: it is small.
pub const SMALL: Settings = Settings { hidden: 5, ..Settings::DEFAULT };

// Defaults of a worked case. Its weights are large enough for every part of a gradient to count, and after one update
// neither the hidden state nor the optimizer's state is 0: so mistakes show.
const CASE_SIGMA: f64 = 0.5;
const CASE_ITERATIONS: u64 = 1;

/// A network, and at least one place of a text.
pub struct Subject {
    pub model: Model,
    pub places: Vec<Place>,
    pub is_trained: bool,
}

/// Returns whether an argument is a folder or, by its content, a model file.
pub fn is_model(argument: &OsStr) -> bool {
    let path = Path::new(argument);
    // A pipe is read once, as a text.
    argument != "-" && (path.is_dir() || path.is_file() && is_safetensors(path))
}

impl Subject {
    /// A network after `--iterations` updates, at the place where its next update begins.
    pub fn untrained(arguments: &Arguments, for_case: bool) -> Result<Self, Failure> {
        let asked = Overrides::of(arguments)?;
        let mut settings = asked.settings(&SMALL)?;
        let mut iterations: u64 = arguments.count("iterations")?;
        if let Initialization::Normal { sigma } = &mut settings.initialization
            && for_case
            && !asked.has("sigma")
        {
            *sigma = CASE_SIGMA;
        }
        if for_case && !arguments.has("iterations") {
            iterations = CASE_ITERATIONS;
        }
        let text = TextSource::named(arguments.first());
        let corpus = read_text(&text, &settings, false)?;
        let fail = |error| refused(error, &text.place, settings);
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
        Ok(Subject { places: vec![place], model: training.model().clone(), is_trained: false })
    }

    /// A trained model at `count` places, or at `--positions` of them.
    pub fn of_model(arguments: &Arguments, count: Option<usize>) -> Result<Self, Failure> {
        let count = match count {
            Some(count) => count,
            None => arguments.positive("positions")?,
        };
        let model = read_model(arguments.first())?;
        let named = arguments.all().get(1).map(|text| text.as_os_str());
        let text = TextSource::named(named);
        let corpus = read_text(&text, model.settings(), false)?;
        let places = places(&model, corpus, count).map_err(|error| match error {
            TrainingError::Text(TextError::Unknown(unknown)) if named.is_none() => {
                let advice =
                    "give a text that has only characters of the model: elman check MODEL TEXT";
                Failure::at(&text.place, format!("{unknown}: {advice}"))
            }
            error => refused(error, &text.place, *model.settings()),
        })?;
        Ok(Subject { model, places, is_trained: true })
    }
}
