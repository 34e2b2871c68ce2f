//! The options that decide what is learned.

use crate::cli::command_line::arguments::{Arguments, Choice, Implied};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::Text;
use elman::text::Symbols;
use elman::{Initialization, Loss, Optimizer, Order, Settings, TrainingError};

pub const HIDDEN: Choice = Choice::new("hidden", "N", "hidden units m").or("100");

pub const SEQUENCE_LENGTH: Choice =
    Choice::new("seq-length", "N", "characters of one update T").or("25");

pub const STREAMS: Choice = Choice::new(
    "streams",
    "N",
    "parts of the text that are read side by side B",
)
.or("1");

/// The two editions of the assignment.
pub const EDITION: Choice = Choice::new(
    "preset",
    "adagrad-edition|adam-edition",
    "all settings of an edition of the assignment; others may be given beside it",
)
.implying(PRESETS);

/// An edition, or the settings that made the best text of a minute of one core, where `fixtures/measure.py` measured.
pub const PRESET: Choice = Choice {
    value: "adagrad-edition|adam-edition|best",
    help: "all settings of an edition of the assignment, or the best for a minute; others may be given beside it",
    ..EDITION
};

const PRESETS: &[Implied] = &[
    (
        "adagrad-edition",
        &[
            ("optimizer", "adagrad"),
            ("learning-rate", "0.1"),
            ("epsilon", "1e-8"),
            ("clip", "5"),
            ("loss", "sum"),
            ("initialization", "sigma"),
            ("sigma", "0.01"),
            ("report-every", "10000"),
            ("report-length", "200"),
        ],
    ),
    (
        "adam-edition",
        &[
            ("optimizer", "adam"),
            ("learning-rate", "0.001"),
            ("beta1", "0.9"),
            ("beta2", "0.999"),
            ("epsilon", "1e-8"),
            ("clip", "none"),
            ("loss", "mean"),
            ("initialization", "fan-in"),
            ("report-every", "1000"),
            ("report-length", "200"),
        ],
    ),
    (
        "best",
        &[
            ("hidden", "128"),
            ("seq-length", "25"),
            ("streams", "32"),
            ("optimizer", "adam"),
            ("learning-rate", "0.003"),
            ("beta1", "0.9"),
            ("beta2", "0.999"),
            ("epsilon", "1e-8"),
            ("clip", "none"),
            ("loss", "mean"),
            ("initialization", "fan-in"),
            // Small texts are learned by heart in so many epochs: what is held out says where to stop.
            ("validation", "0.1"),
            ("iterations", "12000"),
            ("report-every", "1000"),
            ("report-length", "200"),
        ],
    ),
];

pub const OPTIMIZER: Choice = Choice::new(
    "optimizer",
    "adagrad|adam|rmsprop",
    "how a gradient moves the parameters",
)
.or("adagrad")
.implying(&[
    ("adam", &[("learning-rate", "0.001")]),
    ("rmsprop", &[("learning-rate", "0.001"), ("beta2", "0.9")]),
]);

pub const LEARNING_RATE: Choice = Choice::new(
    "learning-rate",
    "X",
    "the optimizer's eta; 0.001 for adam and rmsprop",
)
.or("0.1");

pub const BETA1: Choice = Choice::new(
    "beta1",
    "X",
    "share that adam keeps of its average of gradients",
)
.or("0.9");

pub const BETA2: Choice = Choice::new(
    "beta2",
    "X",
    "share that adam keeps of its average of squares; 0.9 for rmsprop",
)
.or("0.999");

pub const LOSS: Choice = Choice::new(
    "loss",
    "sum|mean",
    "what a loss is of those of the T characters",
)
.or("sum");

pub const INITIALIZATION: Choice = Choice::new(
    "initialization",
    "sigma|fan-in",
    "how the first U, W, V vary: all alike, or by their columns",
)
.or("sigma");

pub const SIGMA: Choice =
    Choice::new("sigma", "X", "standard deviation of the first U, W, V").or("0.01");

pub const CLIP: Choice = Choice::new(
    "clip",
    "X",
    "clip every gradient entry to [-X, X]; none clips nothing",
)
.or("5");

pub const EPSILON: Choice = Choice::new("epsilon", "X", "the optimizer's epsilon").or("1e-8");

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

pub const ORDER: Choice = Choice::new(
    "order",
    "text|chunks|positions",
    "read the text as it stands, in shuffled chunks, or at random positions",
)
.or("text");

pub const CHUNK: Choice =
    Choice::new("chunk", "N", "characters of a chunk of --order chunks C").or("1000");

/// What the text is a sequence of.
pub fn symbols(arguments: &Arguments) -> Symbols {
    if arguments.has(BYTES.name) {
        Symbols::Bytes
    } else {
        Symbols::Characters
    }
}

/// The settings that the options above give, in range; a single stream where it cannot be chosen, and nothing held
/// out.
pub fn settings(arguments: &Arguments) -> Result<Settings, Failure> {
    let streams = if arguments.knows(STREAMS.name) {
        arguments.count(STREAMS.name)?
    } else {
        1
    };
    let validation = if arguments.knows(VALIDATION.name) {
        arguments.number(VALIDATION.name)?
    } else {
        0.0
    };
    let optimizer = arguments.word(OPTIMIZER.name);
    let initialization = arguments.word(INITIALIZATION.name);
    refuse_idle(arguments, optimizer, initialization)?;
    let settings = Settings {
        hidden: arguments.count("hidden")?,
        sequence_length: arguments.count("seq-length")?,
        streams,
        learning_rate: arguments.number("learning-rate")?,
        sigma: arguments.number("sigma")?,
        clip: clip(arguments)?,
        epsilon: arguments.number("epsilon")?,
        seed: arguments.count("seed")?,
        documents: arguments.has(DOCUMENTS.name),
        validation,
        optimizer: Optimizer::named(optimizer).unwrap_or_default(),
        beta1: arguments.number("beta1")?,
        beta2: arguments.number("beta2")?,
        loss: Loss::named(arguments.word(LOSS.name)).unwrap_or_default(),
        initialization: Initialization::named(initialization).unwrap_or_default(),
        order: order(arguments)?,
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

/// The clip: a number, or infinite for `none`.
pub fn clip(arguments: &Arguments) -> Result<f64, Failure> {
    if arguments.value(CLIP.name) == "none" {
        Ok(f64::INFINITY)
    } else {
        arguments.number(CLIP.name)
    }
}

/// A clip as the option spells it.
pub fn clip_words(clip: f64) -> String {
    if clip.is_finite() {
        format!("{clip:?}")
    } else {
        "none".to_string()
    }
}

/// Refuses numbers that say nothing beside the optimiser and the initialisation that were chosen.
fn refuse_idle(
    arguments: &Arguments,
    optimizer: &str,
    initialization: &str,
) -> Result<(), Failure> {
    let idle = [
        ("beta1", optimizer != "adam", "--optimizer", optimizer),
        ("beta2", optimizer == "adagrad", "--optimizer", optimizer),
        (
            "sigma",
            initialization == "fan-in",
            "--initialization",
            initialization,
        ),
    ];
    for (name, is_idle, option, value) in idle {
        if is_idle && arguments.has(name) {
            let quoted = arguments.quoted(name);
            let message = format!("{quoted} says nothing with {option} {value}: leave it out");
            return Err(Failure::Usage(message));
        }
    }
    Ok(())
}

/// The unit of a run's losses.
pub fn unit(settings: &Settings) -> String {
    match settings.loss {
        Loss::Sum => format!("nats over {} characters", settings.sequence_length),
        Loss::Mean => "nats per character".to_string(),
    }
}

/// That of the text where it cannot be chosen.
fn order(arguments: &Arguments) -> Result<Order, Failure> {
    if !arguments.knows(ORDER.name) {
        return Ok(Order::Text);
    }
    let order = match arguments.word(ORDER.name) {
        "chunks" => Order::Chunks {
            length: arguments.count(CHUNK.name)?,
        },
        "positions" => Order::Positions,
        _ => Order::Text,
    };
    if arguments.has(CHUNK.name) && order.chunk().is_none() {
        return Err(Failure::Usage(format!(
            "{}: the text is not read in chunks: give --order chunks as well",
            arguments.quoted(CHUNK.name)
        )));
    }
    Ok(order)
}

/// Says which argument is to blame.
pub fn refused(error: TrainingError, text: &Text, settings: Settings) -> Failure {
    match error {
        TrainingError::TooFewHeldOut { .. } | TrainingError::TextTooShort { held_out: 1.., .. } => {
            let place = format!("{}: --validation {:?}", text.place, settings.validation);
            Failure::at(place, error)
        }
        TrainingError::TextTooShort {
            chunk: Some(length),
            ..
        } => {
            let place = format!("{}: --chunk {length}", text.place);
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
    use super::*;
    use crate::cli::commands::{check, train};

    #[test]
    fn the_defaults_in_the_help_are_those_of_the_library() {
        let defaults = |choices| {
            let arguments =
                Arguments::parse(std::iter::empty(), choices, 0, |_| Vec::new()).unwrap();
            settings(&arguments).unwrap()
        };
        assert_eq!(defaults(train::CHOICES), Settings::default());
        let small = Settings {
            hidden: 5,
            ..Settings::default()
        };
        assert_eq!(defaults(check::CHOICES), small);
    }

    #[test]
    fn presets_are_the_editions() {
        let of = |words: &[&str]| {
            let words = words.iter().map(Into::into);
            let arguments = Arguments::parse(words, train::CHOICES, 0, |_| Vec::new()).unwrap();
            settings(&arguments).unwrap()
        };
        assert_eq!(of(&["--preset", "adagrad-edition"]), Settings::default());
        assert_eq!(of(&["--preset", "adam-edition"]), Settings::adam_edition());
        let own = Settings {
            hidden: 7,
            learning_rate: 0.5,
            clip: 3.0,
            ..Settings::adam_edition()
        };
        let words = [
            "--hidden=7",
            "--learning-rate=0.5",
            "--preset=adam-edition",
            "--clip=3",
        ];
        assert_eq!(of(&words), own);
    }

    #[test]
    fn the_best_preset_ends_after_a_minute_unless_told_otherwise() {
        let best = Settings {
            hidden: 128,
            streams: 32,
            learning_rate: 0.003,
            validation: 0.1,
            ..Settings::adam_edition()
        };
        let of = |words: &[&str]| {
            let words = words.iter().map(Into::into);
            let arguments = Arguments::parse(words, train::CHOICES, 0, |_| Vec::new()).unwrap();
            let iterations: u64 = arguments.count("iterations").unwrap();
            (settings(&arguments).unwrap(), iterations)
        };
        assert_eq!(of(&["--preset", "best"]), (best, 12_000));
        let wider = Settings {
            hidden: 256,
            validation: 0.0,
            ..best
        };
        let words = [
            "--validation=0",
            "--preset=best",
            "--hidden=256",
            "--iterations=60000",
        ];
        assert_eq!(of(&words), (wider, 60_000));
    }

    #[test]
    fn an_optimizer_brings_its_numbers() {
        for (optimizer, eta, beta2) in [
            ("adagrad", 0.1, 0.999),
            ("adam", 0.001, 0.999),
            ("rmsprop", 0.001, 0.9),
        ] {
            let words = ["--optimizer", optimizer].map(Into::into).into_iter();
            let arguments = Arguments::parse(words, train::CHOICES, 0, |_| Vec::new()).unwrap();
            let settings = settings(&arguments).unwrap();
            assert_eq!((settings.learning_rate, settings.beta2), (eta, beta2));
            assert_eq!(settings.optimizer.name(), optimizer);
            assert_eq!(settings.clip, 5.0);
        }
    }
}
