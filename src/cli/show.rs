//! `elman show`: says what a model file holds.

use super::arguments::{Arguments, Choice, HELP};
use super::failure::Failure;
use super::files::read_model;
use super::output::print;
use elman::{Validation, digest};

/// The help's words.
pub const DETAILS: &str = "\
MODEL is a model file or the folder of a run (its best model).";

/// Calls.
pub const EXAMPLES: &[&str] = &["elman show elman-run/model.safetensors"];

/// More.
pub const MORE: &str = "";

/// Its options.
pub const CHOICES: &[Choice] = &[HELP];

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let model = read_model(arguments.first())?;
    let (settings, state) = (&model.settings, &model.state);
    let shape = state.rnn.shape();
    let T = settings.sequence_length;
    // `train` prints smooth losses that include the coming chunk; a state ends before it.
    let loss = |loss: Option<f64>, when: &str| match loss {
        Some(loss) => format!("{loss:?} nats over {T} characters, {when}"),
        None => "none yet".to_string(),
    };
    let rows = [
        ("symbols", model.vocabulary.symbols().name().to_string()),
        ("hidden units", format!("m = {}", shape.m())),
        ("characters", format!("K = {}", shape.K())),
        ("parameters", shape.entries().to_string()),
        (
            "vocabulary",
            format!(
                "{:?}",
                model.vocabulary.characters().iter().collect::<String>()
            ),
        ),
        (
            "text",
            model
                .source
                .map_or("none: the weights were imported".to_string(), |source| {
                    format!(
                        "{} {}, digest {:016x}",
                        source.length,
                        model.vocabulary.symbols().name(),
                        source.digest
                    )
                }),
        ),
        ("documents", settings.documents.to_string()),
        (
            "validation",
            match settings.validation {
                0.0 => "none".to_string(),
                share => format!("the last {share:?} of the text is held out"),
            },
        ),
        ("sequence length", format!("T = {T} characters")),
        ("streams", format!("B = {}", settings.streams)),
        ("learning rate", format!("{:?}", settings.learning_rate)),
        ("sigma", format!("{:?}", settings.sigma)),
        ("clip", format!("{:?}", settings.clip)),
        ("epsilon", format!("{:?}", settings.epsilon)),
        ("seed", settings.seed.to_string()),
        ("updates", state.updates.to_string()),
        ("epoch", state.epoch.to_string()),
        (
            "position",
            format!("character {} of each stream", state.position),
        ),
        (
            "smooth loss",
            loss(state.smooth_loss, "before the coming chunk"),
        ),
        (
            "best before",
            loss(state.best_smooth_loss, "its coming chunk included"),
        ),
        (
            "best validation",
            match state.best_validation.map(|nats| Validation::of(nats, T)) {
                Some(Validation { loss, bits, .. }) => {
                    format!("{loss:?} nats over {T} characters, {bits:?} bits per character")
                }
                None => "none".to_string(),
            },
        ),
        (
            "digest",
            format!("{:016x}", digest::of_parameters(&state.rnn.parameters)),
        ),
    ];
    let lines = rows.map(|(name, value)| format!("{name:<17}{value}\n"));
    print(&lines.concat())
}
