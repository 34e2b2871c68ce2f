//! The options that decide what is learned.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;
use super::files::Text;
use elman::text::Symbols;
use elman::{Settings, TrainingError};

pub const HIDDEN: Choice = Choice::new("hidden", "N", "hidden units m").or("100");

pub const SEQUENCE_LENGTH: Choice =
    Choice::new("seq-length", "N", "characters of one update T").or("25");

pub const STREAMS: Choice = Choice::new(
    "streams",
    "N",
    "parts of the text that are read side by side B",
)
.or("1");

pub const LEARNING_RATE: Choice = Choice::new("learning-rate", "X", "AdaGrad's eta").or("0.1");

pub const SIGMA: Choice =
    Choice::new("sigma", "X", "standard deviation of the first U, W, V").or("0.01");

pub const CLIP: Choice = Choice::new("clip", "X", "clip every gradient entry to [-X, X]").or("5");

pub const EPSILON: Choice = Choice::new("epsilon", "X", "AdaGrad's epsilon").or("1e-8");

pub const SEED: Choice = Choice::new("seed", "N", "where all random numbers come from").or("1");

pub const BYTES: Choice = Choice::switch(
    "bytes",
    "read bytes instead of characters: for logs, and texts in no known encoding",
);

pub const DOCUMENTS: Choice = Choice::switch(
    "documents",
    "read every line as a document of its own: names, domain names, messages",
);

pub const VALIDATION: Choice = Choice::new(
    "validation",
    "X",
    "share of the text, at its end, to judge by only",
)
.or("0");

/// What the text is a sequence of.
pub fn symbols(arguments: &Arguments) -> Symbols {
    match arguments.has(BYTES.name) {
        true => Symbols::Bytes,
        false => Symbols::Characters,
    }
}

/// The settings that the options above give, in range; a single stream where it cannot be chosen, and nothing held
/// out.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let streams = match arguments.knows(STREAMS.name) {
        true => arguments.count(STREAMS.name)?,
        false => 1,
    };
    let validation = match arguments.knows(VALIDATION.name) {
        true => arguments.number(VALIDATION.name)?,
        false => 0.0,
    };
    let settings = Settings {
        hidden: arguments.count("hidden")?,
        sequence_length: arguments.count("seq-length")?,
        streams,
        learning_rate: arguments.number("learning-rate")?,
        sigma: arguments.number("sigma")?,
        clip: arguments.number("clip")?,
        epsilon: arguments.number("epsilon")?,
        seed: arguments.count("seed")?,
        documents: arguments.has(DOCUMENTS.name),
        validation,
    };
    let checked = settings.check();
    checked.map_err(|error| {
        Failure::at(
            arguments.quoted(error.name),
            format!("must be {}", error.need),
        )
    })?;
    Ok(settings)
}

/// Says which argument is to blame.
pub fn refused(error: TrainingError, text: &Text, settings: Settings) -> Failure {
    match error {
        TrainingError::TooFewHeldOut { .. } | TrainingError::TextTooShort { held_out: 1.., .. } => {
            let place = format!("{}: --validation {:?}", text.place, settings.validation);
            Failure::at(place, error)
        }
        TrainingError::TextTooShort { .. } | TrainingError::Text(_) => {
            Failure::at(&text.place, error)
        }
        TrainingError::Shape(_) => Failure::at(format!("--hidden {}", settings.hidden), error),
        _ => Failure::Failed(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{check, train};
    use super::*;

    #[test]
    fn the_defaults_in_the_help_are_those_of_the_library() {
        let defaults = |choices| {
            let arguments = Arguments::parse(std::iter::empty(), choices, 0).unwrap();
            settings(&arguments).unwrap()
        };
        assert_eq!(defaults(train::CHOICES), Settings::default());
        let small = Settings {
            hidden: 5,
            ..Settings::default()
        };
        assert_eq!(defaults(check::CHOICES), small);
    }
}
