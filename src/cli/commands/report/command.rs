//! The command that repeats a run: only the options that are not as they would be anyway.

use crate::cli::command_line::options::Overrides;
use elman::internals::digest;
use elman::internals::plan::PLAN;
use elman::internals::settings::{PRESETS, Preset, Setting, Value, of_options};
use elman::model::Origin;
use elman::text::Source;
use elman::{Model, Plan, Settings};

/// What stands for the text, whose name no run keeps.
pub const TEXT: &str = "TEXT";
/// And for a model that the run began with.
pub const MODEL: &str = "MODEL";

/// The words of the command, for the updates made so far: the shortest, by one of the presets or by none.
pub fn of(model: &Model, plan: &Plan) -> Vec<String> {
    let mut words = vec!["elman".to_string(), "train".to_string()];
    if !model.source().as_ref().is_some_and(is_story) {
        words.push(TEXT.to_string());
    }
    // A linear schedule needs the end that it was begun with.
    let iterations = model.settings().schedule.updates().unwrap_or(model.state().updates);
    let plan = Plan { iterations, ..*plan };
    let presets = [None].into_iter().chain(PRESETS.iter().map(Some));
    let commands = presets.map(|preset| options(model, &plan, preset));
    words.extend(commands.min_by_key(Vec::len).unwrap_or_default());
    if is_from(model) {
        words.extend(["--from".to_string(), MODEL.to_string()]);
        let keeps = model.record().optimizer_updates > 0;
        words.extend(keeps.then(|| "--keep-optimizer".to_string()));
    }
    words
}

/// Whether it is the text that is built in.
pub fn is_story(source: &Source) -> bool {
    source.digest == digest::of_text(elman::STORY)
}

/// Whether the run started from the weights of another model.
pub fn is_from(model: &Model) -> bool {
    matches!(model.record().origin, Origin::Model(_))
}

/// The settings that a run has. How parameters are drawn is no matter where they are those of a model, and is refused
/// beside --from.
pub fn settings_of(model: &Model) -> impl Iterator<Item = &'static Setting> {
    let is_from = is_from(model);
    of_options().filter(move |row| !(is_from && matches!(row.option, "initialization" | "sigma")))
}

/// A preset, and what has to be given beside it.
fn options(model: &Model, plan: &Plan, preset: Option<&'static Preset>) -> Vec<String> {
    let settings = model.settings();
    let mut asked = Overrides::of_preset(preset);
    let mut words: Vec<String> = (preset.iter())
        .flat_map(|preset| ["--preset".to_string(), preset.name.to_string()])
        .collect();
    let mut give = |asked: &mut Overrides, option: &'static str, value: Value| {
        words.push(format!("--{option}"));
        words.extend((value != Value::Switch(true)).then(|| value.to_string()));
        asked.give(option, value.to_string());
    };
    for row in settings_of(model) {
        let now = asked.settings(&Settings::default());
        let now = now.ok().and_then(|settings| row.get(&settings));
        if let Some(value) = row.get(settings).filter(|value| now != Some(*value)) {
            give(&mut asked, row.option, value);
        }
    }
    for row in PLAN {
        let now = asked.plan(&Plan::default(), settings);
        let now = now.ok().and_then(|plan| (row.get)(&plan));
        if let Some(count) = (row.get)(plan).filter(|count| now != Some(*count)) {
            // How often it was saved shows in nothing.
            if row.option != "save-every" {
                give(&mut asked, row.option, Value::Count(count));
            }
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::command_line::arguments::{Arguments, OptionSpec};
    use crate::cli::command_line::options::{plan_options, setting_options};
    use elman::{Initialization, Loss, Optimizer, Order, Schedule, Settings, Training};

    fn options() -> Vec<OptionSpec> {
        let preset = OptionSpec::new("preset", "adagrad-edition|adam-edition|best", "");
        let settings = setting_options(&Settings::DEFAULT, of_options());
        [preset].into_iter().chain(settings).chain(plan_options()).collect()
    }

    fn plan() -> Plan {
        Plan { iterations: 7, ..Plan::default() }
    }

    fn command(settings: Settings, plan: Plan) -> String {
        let training = Training::new(elman::STORY, settings).unwrap();
        let mut model = training.model().clone();
        elman::internals::model::state_mut(&mut model).updates = plan.iterations;
        of(&model, &plan).join(" ")
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
        assert_eq!(command(Settings::adam_edition(), adam), "elman train --preset adam-edition");
        let other = Settings { optimizer: Optimizer::RMSPROP, learning_rate: 0.001, ..default };
        assert_eq!(command(other, long), "elman train --optimizer rmsprop");
    }

    /// Whatever the settings, the command line that is written means them.
    #[test]
    fn the_options_mean_the_settings() {
        let default = Settings::default();
        let adam = Settings::adam_edition();
        for settings in [
            default,
            adam,
            Settings { hidden: 7, clip: 3.0, seed: 9, ..adam },
            Settings { schedule: Schedule::Linear { updates: 7 }, ..adam },
            Settings { schedule: Schedule::Exponential { half_life: 10_000.0 }, ..default },
            Settings { schedule: Schedule::Exponential { half_life: 12.5 }, ..default },
            Settings { clip: f64::INFINITY, epsilon: 1e-7, documents: true, ..default },
            Settings { loss: Loss::Mean, sequence_length: 9, batch_size: 2, ..default },
            Settings { initialization: Initialization::FanIn, validation: 0.1, ..default },
            Settings { order: Order::Chunks { length: 1000 }, ..adam },
            Settings { order: Order::Chunks { length: 99 }, ..default },
            Settings {
                order: Order::Positions,
                optimizer: Optimizer::Adam { beta1: 0.8, beta2: 0.99 },
                ..adam
            },
            Settings {
                optimizer: Optimizer::RmsProp { beta2: 0.99 },
                initialization: Initialization::Normal { sigma: 0.1 },
                ..default
            },
        ] {
            let command = command(settings, plan());
            let words = command.split(' ').skip(2).map(Into::into);
            let arguments = Arguments::parse(words, options(), 1, |_| Vec::new()).unwrap();
            let asked = Overrides::of(&arguments).unwrap();
            let understood = asked.settings(&Settings::default()).unwrap();
            assert_eq!(understood, settings, "{command}");
            let understood = asked.plan(&Plan::default(), &settings).unwrap();
            assert_eq!(understood, plan(), "{command}");
        }
    }
}
