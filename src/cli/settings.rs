//! The options that decide what is learned.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;
use super::files::Text;
use elman::text::Symbols;
use elman::{Settings, TrainingError};

pub const HIDDEN: Choice = Choice {
    name: "hidden",
    value: "N",
    default: "100",
    help: "hidden units m",
};

pub const SEQUENCE_LENGTH: Choice = Choice {
    name: "seq-length",
    value: "N",
    default: "25",
    help: "characters of one update T",
};

pub const STREAMS: Choice = Choice {
    name: "streams",
    value: "N",
    default: "1",
    help: "parts of the text that are read side by side B",
};

pub const LEARNING_RATE: Choice = Choice {
    name: "learning-rate",
    value: "X",
    default: "0.1",
    help: "AdaGrad's eta",
};

pub const SIGMA: Choice = Choice {
    name: "sigma",
    value: "X",
    default: "0.01",
    help: "standard deviation of the first U, W, V",
};

pub const CLIP: Choice = Choice {
    name: "clip",
    value: "X",
    default: "5",
    help: "clip every gradient entry to [-X, X]",
};

pub const EPSILON: Choice = Choice {
    name: "epsilon",
    value: "X",
    default: "1e-8",
    help: "AdaGrad's epsilon",
};

pub const SEED: Choice = Choice {
    name: "seed",
    value: "N",
    default: "1",
    help: "where all random numbers come from",
};

pub const BYTES: Choice = Choice {
    name: "bytes",
    value: "",
    default: "",
    help: "read bytes instead of characters: for logs, and texts in no known encoding",
};

pub const DOCUMENTS: Choice = Choice {
    name: "documents",
    value: "",
    default: "",
    help: "read every line as a document of its own: names, domain names, messages",
};

/// What the text is a sequence of.
pub fn symbols(arguments: &Arguments) -> Symbols {
    match arguments.has(BYTES.name) {
        true => Symbols::Bytes,
        false => Symbols::Characters,
    }
}

/// The settings that the options above give, in range; a single stream where it cannot be chosen.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let streams = match arguments.knows(STREAMS.name) {
        true => arguments.count(STREAMS.name)?,
        false => 1,
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
