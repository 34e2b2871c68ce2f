//! The command that repeats a run: only the options that are not as they would be anyway.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::options::PRESET;
use crate::cli::commands::train::CHOICES;
use crate::cli::run::resume::begun;
use elman::internals::digest;
use elman::text::Source;
use elman::{Model, Plan};

/// What stands for the text, whose name no run keeps.
pub const TEXT: &str = "TEXT";
/// And for a model that the run began with.
pub const MODEL: &str = "MODEL";

/// The words of the command, for the updates made so far: the shortest, by one of the presets or by none; `from`
/// says whether it began with the weights of another model.
pub fn of(model: &Model, plan: &Plan, from: bool) -> Vec<String> {
    let mut words = vec!["elman".to_string(), "train".to_string()];
    if !model.source.as_ref().is_some_and(is_story) {
        words.push(TEXT.to_string());
    }
    let presets = PRESET.value.split('|').map(Some);
    let commands = [None].into_iter().chain(presets);
    let options = commands.map(|preset| options(model, plan, preset));
    let shortest = options.min_by_key(Vec::len);
    words.extend(shortest.unwrap_or_default());
    if from {
        words.extend(["--from".to_string(), MODEL.to_string()]);
    }
    words
}

/// Whether it is the text that is built in.
pub fn is_story(source: &Source) -> bool {
    source.digest == digest::of_text(elman::STORY)
}

/// What has to be given beside a preset.
fn options(model: &Model, plan: &Plan, preset: Option<&str>) -> Vec<String> {
    let arguments = Arguments::parse(std::iter::empty(), CHOICES, 1, |_| Vec::new());
    let mut arguments = arguments.expect("nothing is wrong with no arguments");
    let mut words = Vec::new();
    let mut give = |arguments: Arguments, name: &str, value: &str| {
        words.push(format!("--{name}"));
        words.extend((!value.is_empty()).then(|| value.to_string()));
        arguments.with(name, value)
    };
    if let Some(preset) = preset {
        arguments = give(arguments, PRESET.name, preset);
    }
    for (name, value) in begun(model, plan) {
        let agrees = value.agrees(name, &arguments).unwrap_or(false);
        if let Some(spelled) = value.spelled().filter(|_| !agrees) {
            arguments = give(arguments, name, &spelled);
        }
    }
    let updates = model.state.updates;
    if arguments.count("iterations") != Ok(updates) {
        give(arguments, "iterations", &updates.to_string());
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::options::settings;
    use elman::{Initialization, Loss, Optimizer, Order, Settings, Training};

    fn plan() -> Plan {
        Plan {
            iterations: 7,
            report_every: 10_000,
            report_length: 200,
            passage_length: 1000,
            log_every: 100,
            save_every: 10_000,
            validate_every: None,
        }
    }

    fn command(settings: Settings, plan: Plan) -> String {
        let training = Training::new(elman::STORY, settings).unwrap();
        let mut model = training.model().clone();
        model.state.updates = plan.iterations;
        of(&model, &plan, false).join(" ")
    }

    #[test]
    fn only_what_differs_is_given() {
        let default = Settings::default();
        let mut long = plan();
        long.iterations = 100_000;
        assert_eq!(command(default, long), "elman train");
        assert_eq!(command(default, plan()), "elman train --iterations 7");
        let mut adam = long;
        adam.report_every = 1000;
        assert_eq!(
            command(Settings::adam_edition(), adam),
            "elman train --preset adam-edition"
        );
        let other = Settings {
            optimizer: Optimizer::RmsProp,
            learning_rate: 0.001,
            beta2: 0.9,
            ..default
        };
        assert_eq!(command(other, long), "elman train --optimizer rmsprop");
    }

    /// Whatever the settings, the command line that is written means them.
    #[test]
    fn the_options_mean_the_settings() {
        let default = Settings::default();
        let adam = Settings::adam_edition();
        for settings_ in [
            default,
            adam,
            Settings {
                hidden: 7,
                clip: 3.0,
                seed: 9,
                ..adam
            },
            Settings {
                clip: f64::INFINITY,
                epsilon: 1e-7,
                documents: true,
                ..default
            },
            Settings {
                loss: Loss::Mean,
                sequence_length: 9,
                streams: 2,
                ..default
            },
            Settings {
                initialization: Initialization::FanIn,
                validation: 0.1,
                ..default
            },
            Settings {
                order: Order::Chunks { length: 1000 },
                ..adam
            },
            Settings {
                order: Order::Chunks { length: 99 },
                ..default
            },
            Settings {
                order: Order::Positions,
                beta1: 0.8,
                beta2: 0.99,
                ..adam
            },
            Settings {
                optimizer: Optimizer::RmsProp,
                beta2: 0.99,
                sigma: 0.1,
                ..default
            },
        ] {
            let command = command(settings_, plan());
            let words = command.split(' ').skip(2).map(Into::into);
            let arguments = Arguments::parse(words, CHOICES, 1, |_| Vec::new()).unwrap();
            assert_eq!(settings(&arguments), Ok(settings_), "{command}");
            assert_eq!(arguments.count("iterations"), Ok(7));
            for (name, every) in [("report-every", 10_000), ("log-every", 100)] {
                assert_eq!(arguments.count(name), Ok(every), "{command}");
            }
        }
    }
}
