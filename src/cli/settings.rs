//! The options that decide what is learned.

use super::arguments::Arguments;
use super::failure::Failure;
use elman::Settings;

/// The settings that the options give, in range.
pub fn settings(arguments: &Arguments, default: Settings) -> Result<Settings, Failure> {
    let whole = |name, default| Ok(arguments.count(name)?.unwrap_or(default));
    let number = |name, default| Ok(arguments.number(name, "a number")?.unwrap_or(default));
    let settings = Settings {
        hidden: whole("hidden", default.hidden)?,
        sequence_length: whole("seq-length", default.sequence_length)?,
        learning_rate: number("learning-rate", default.learning_rate)?,
        sigma: number("sigma", default.sigma)?,
        clip: number("clip", default.clip)?,
        epsilon: number("epsilon", default.epsilon)?,
        seed: arguments.count("seed")?.unwrap_or(default.seed),
    };
    let checked = settings.check();
    checked.map_err(|error| Failure::Failed(format!("--{error}")))?;
    Ok(settings)
}
