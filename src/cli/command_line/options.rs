//! The options that are rows of tables: settings, the plan of a run, presets.

use super::arguments::{Arguments, OptionSpec, refused};
use super::failure::Failure;
use crate::cli::command_line::words;
use elman::internals::plan::{PLAN, PlanRow};
use elman::internals::settings::TABLE;
use elman::internals::settings::{self, Preset, Setting, Value, ValueError, of_options};
use elman::model::InitialState;
use elman::settings::SettingError;
use elman::{Model, Plan, Schedule, Settings};
use std::thread;

/// The options of settings, each with its value in `base` as the default.
pub fn setting_options<'a>(
    base: &'a Settings,
    rows: impl Iterator<Item = &'static Setting> + 'a,
) -> impl Iterator<Item = OptionSpec> + 'a {
    rows.map(|row| {
        let value = row.get(base).filter(|_| !row.placeholder().is_empty());
        let default = value.map_or(String::new(), |value| value.to_string());
        OptionSpec {
            name: row.option,
            value: row.placeholder(),
            default: default.trim_end_matches(".0").to_string(),
            help: row.help,
            is_usual: row.is_usual,
        }
    })
}

/// The options of a plan.
pub fn plan_options() -> impl Iterator<Item = OptionSpec> {
    PLAN.iter().map(|row| OptionSpec {
        name: row.option,
        value: "N",
        default: (row.get)(&Plan::default()).map_or(String::new(), |count| count.to_string()),
        help: row.help,
        is_usual: row.is_usual,
    })
}

/// The option that [`initial_state`] reads.
pub fn start_option() -> OptionSpec {
    let help = "initial hidden state (as in training)";
    OptionSpec::new("start", "zero|carried", help)
}

/// The hidden state that `--start` chooses, or else the model's own choice.
pub fn initial_state(arguments: &Arguments, model: &Model) -> InitialState {
    let named = InitialState::named(&arguments.value("start").to_string_lossy());
    named.unwrap_or_else(|| model.initial_state())
}

/// The option of the plan that a linear schedule makes part of what is learned.
const ITERATIONS: &str = "iterations";

/// The largest number of threads that can be asked for.
pub const MOST_THREADS: usize = 256;

/// The number of cores of this machine; 1 where it is not known.
pub fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}

/// The option that [`threads`] reads.
pub fn threads_option() -> OptionSpec {
    let help = "number of threads, 1 to 256; does not change the result (automatic)";
    OptionSpec::new("threads", "N", help)
}

/// The number of threads; `None` where it is not given.
pub fn threads(arguments: &Arguments) -> Result<Option<usize>, Failure> {
    match arguments.has("threads").then(|| arguments.count("threads")).transpose()? {
        Some(threads) if !(1..=MOST_THREADS).contains(&threads) => {
            let need = format!("must be a whole number from 1 to {MOST_THREADS}");
            Err(Failure::of_option(arguments.quoted("threads"), need))
        }
        threads => Ok(threads),
    }
}

/// The values of settings and plan that a command line gives, as options spell them. They replace those of a base: the
/// defaults, or the values of a run that goes on.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    given: Vec<(&'static str, String)>,
    /// Supplies values for options that are not given.
    preset: Option<&'static Preset>,
}

impl Overrides {
    /// The values that these arguments give.
    pub fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let options = of_options().map(|row| (row.option, row.placeholder()));
        let options = options.chain(PLAN.iter().map(|row| (row.option, "N")));
        let preset = Preset::named(&arguments.value("preset").to_string_lossy());
        let mut overrides = Overrides::of_preset(preset);
        for (option, placeholder) in options.filter(|(option, _)| arguments.has(option)) {
            let text = match placeholder {
                "" => "true".to_string(),
                _ => arguments.filled(option)?.to_string_lossy().into_owned(),
            };
            overrides.give(option, text);
        }
        Ok(overrides)
    }

    /// The values of a preset, or none.
    pub fn of_preset(preset: Option<&'static Preset>) -> Self {
        Overrides { given: Vec::new(), preset }
    }

    /// The values of all settings, and of those of the plan that a run cannot change when it goes on.
    pub fn all_of(settings: &Settings, plan: &Plan) -> Self {
        let mut overrides = Overrides::default();
        for row in of_options() {
            let value = row.get(settings).filter(|value| *value != Value::Switch(false));
            if let Some(value) = value {
                overrides.give(row.option, value.to_string());
            }
        }
        for row in PLAN.iter().filter(|row| !row.may_change_on_resume) {
            if let Some(count) = (row.get)(plan) {
                overrides.give(row.option, count.to_string());
            }
        }
        overrides
    }

    /// The given values, without those of the preset.
    pub fn without_preset(&self) -> Self {
        Overrides { given: self.given.clone(), preset: None }
    }

    /// Adds a value, which replaces an earlier one of the same option.
    pub fn give(&mut self, option: &'static str, text: String) {
        self.given.push((option, text));
    }

    /// Whether an option was given itself, not by the preset.
    pub fn has(&self, option: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }

    /// The value of an option: the last that was given, else the preset's.
    fn text(&self, option: &str) -> Option<&str> {
        let given = self.given.iter().rev().find(|(given, _)| *given == option);
        let preset = || self.preset.and_then(|preset| preset.value(option));
        given.map(|(_, text)| text.as_str()).or_else(preset)
    }

    /// The option as given, for error messages: `--hidden 5`.
    pub fn quoted(&self, option: &str) -> String {
        match self.text(option) {
            None | Some("true") => format!("--{option}"),
            Some(text) => format!("--{option} {text}"),
        }
    }

    /// The settings of `base` with these values.
    pub fn settings(&self, base: &Settings) -> Result<Settings, Failure> {
        let mut settings = *base;
        for row in of_options() {
            if let Some(text) = self.text(row.option) {
                match row.set(&mut settings, text) {
                    // Ignores preset values that do not apply to the choice given.
                    Err(ValueError::NotApplicable(_)) if !self.has(row.option) => {}
                    set => set.map_err(|error| self.refused(row.option, error))?,
                }
            }
        }
        if let Schedule::Linear { updates } = &mut settings.schedule {
            *updates = self.iterations()?;
        }
        settings.check().map_err(|error| self.out_of_range(&settings, error))?;
        Ok(settings)
    }

    /// The plan of `base` with these values.
    pub fn plan(&self, base: &Plan, settings: &Settings) -> Result<Plan, Failure> {
        let mut plan = *base;
        for row in PLAN {
            if let Some(text) = self.text(row.option) {
                (row.set)(&mut plan, self.count(row, text)?);
            }
        }
        if settings.validation == 0.0 && self.has("validate-every") {
            let need = "no text is held out for validation: add --validation";
            return Err(Failure::of_option(self.quoted("validate-every"), need));
        }
        Ok(plan)
    }

    /// The updates of a new run, of which its settings need to know.
    fn iterations(&self) -> Result<u64, Failure> {
        let row = PLAN.iter().find(|row| row.option == ITERATIONS).expect("a row of the plan");
        let given = self.text(row.option).map(|text| self.count(row, text));
        given.unwrap_or(Ok(Plan::default().iterations))
    }

    fn count(&self, row: &PlanRow, text: &str) -> Result<u64, Failure> {
        let count = settings::count(text);
        let count = count.map_err(|error| self.refused(row.option, error))?;
        if count < row.least {
            let need = format!("must be a whole number of at least {}", row.least);
            return Err(Failure::of_option(self.quoted(row.option), need));
        }
        Ok(count)
    }

    /// Fails if a value differs from the resumed run's.
    pub fn check_same(&self, settings: &Settings, plan: &Plan) -> Result<(), Failure> {
        for row in of_options() {
            let Some(text) = self.text(row.option) else {
                continue;
            };
            let (mut asked, begun) = (*settings, row.get(settings));
            match row.set(&mut asked, text) {
                Ok(()) if row.get(&asked) == begun => {}
                // Such a value of a preset has no effect.
                Err(ValueError::NotApplicable(_)) if !self.has(row.option) => {}
                Ok(()) | Err(ValueError::NotApplicable(_)) => {
                    return Err(self.begun_otherwise(row.option, begun));
                }
                Err(error) => return Err(self.refused(row.option, error)),
            }
        }
        self.check_same_end(settings, plan)?;
        for row in PLAN.iter().filter(|row| !row.may_change_on_resume) {
            let Some(text) = self.text(row.option) else {
                continue;
            };
            let begun = (row.get)(plan);
            if begun != Some(self.count(row, text)?) {
                return Err(self.begun_otherwise(row.option, begun.map(Value::Count)));
            }
        }
        Ok(())
    }

    /// Fails if the run is to end elsewhere, though what it learns depends on its end.
    fn check_same_end(&self, settings: &Settings, plan: &Plan) -> Result<(), Failure> {
        let Some(end) = settings.schedule.updates().filter(|_| self.has(ITERATIONS)) else {
            return Ok(());
        };
        if self.iterations()? == plan.iterations {
            return Ok(());
        }
        let why = "with --schedule linear the learning rate falls to 0 at update";
        Err(Failure::at(
            self.quoted(ITERATIONS),
            format!("{why} {end}, and the run must end there"),
        ))
    }

    fn begun_otherwise(&self, option: &str, begun: Option<Value>) -> Failure {
        let with = match begun {
            None | Some(Value::Switch(false)) => "without it".to_string(),
            Some(value) => format!("with {value}"),
        };
        Failure::at(self.quoted(option), format!("the run began {with}: --resume cannot change it"))
    }

    fn refused(&self, option: &str, error: ValueError) -> Failure {
        refused(&self.quoted(option), error)
    }

    /// The failure of a setting out of range. If the option was not given, the message shows its default.
    fn out_of_range(&self, settings: &Settings, error: SettingError) -> Failure {
        let Some(row) = TABLE.iter().find(|row| row.key == error.name) else {
            return Failure::Usage(error.to_string());
        };
        let quoted = match self.text(row.option) {
            None => {
                let value = row.get(settings).map_or(String::new(), |value| value.to_string());
                format!("--{} {value}", row.option)
            }
            Some(_) => self.quoted(row.option),
        };
        Failure::of_option(quoted, format!("must be {}", words::in_options(error.need.to_string())))
    }
}

/// The unit of a run's losses.
pub fn unit(settings: &Settings) -> String {
    match settings.loss {
        elman::Loss::Sum => format!("nats over {} characters", settings.sequence_length),
        elman::Loss::Mean => "nats per character".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::internals::settings::PRESETS;
    use elman::{Initialization, Optimizer};

    fn overrides(preset: &str, given: &[(&'static str, &str)]) -> Overrides {
        let mut overrides = Overrides::of_preset(Preset::named(preset));
        given.iter().for_each(|(option, text)| overrides.give(option, text.to_string()));
        overrides
    }

    #[test]
    fn a_preset_gives_what_is_not_given_itself() {
        let of = |preset, given: &[_]| {
            let overrides = overrides(preset, given);
            let settings = overrides.settings(&Settings::DEFAULT).unwrap();
            (settings, overrides.plan(&Plan::default(), &settings).unwrap())
        };
        assert_eq!(of("adagrad-edition", &[]), (Settings::DEFAULT, Plan::default()));
        let adam = Plan { report_every: 1000, ..Plan::default() };
        assert_eq!(of("adam-edition", &[]), (Settings::adam_edition(), adam));
        let best = Settings {
            hidden: 192,
            batch_size: 16,
            learning_rate: 0.005,
            schedule: Schedule::Linear { updates: 20_000 },
            validation: 0.1,
            ..Settings::adam_edition()
        };
        assert_eq!(of("best", &[]), (best, Plan { iterations: 20_000, ..adam }));
        let schedule = Schedule::Linear { updates: 60_000 };
        let wider = Settings { hidden: 256, validation: 0.0, schedule, ..best };
        let longer = Plan { iterations: 60_000, ..adam };
        let given = [("validation", "0"), ("hidden", "256"), ("iterations", "60000")];
        assert_eq!(of("best", &given), (wider, longer));
    }

    #[test]
    fn an_optimizer_brings_its_numbers() {
        for (word, optimizer, eta) in [
            ("adagrad", Optimizer::AdaGrad, 0.1),
            ("adam", Optimizer::ADAM, 0.001),
            ("rmsprop", Optimizer::RMSPROP, 0.001),
        ] {
            let settings = overrides("", &[("optimizer", word)]).settings(&Settings::DEFAULT);
            let expected = Settings { optimizer, learning_rate: eta, ..Settings::DEFAULT };
            assert_eq!(settings, Ok(expected));
        }
    }

    /// Also a choice beside a preset that has numbers of another choice.
    #[test]
    fn a_run_agrees_with_what_began_it() {
        let choices = [
            ("optimizer", "adagrad"),
            ("optimizer", "adam"),
            ("optimizer", "rmsprop"),
            ("initialization", "sigma"),
            ("initialization", "fan-in"),
            ("order", "chunks"),
        ];
        for preset in PRESETS {
            for choice in choices {
                let overrides = overrides(preset.name, &[choice]);
                let settings = overrides.settings(&Settings::DEFAULT).unwrap();
                let plan = overrides.plan(&Plan::default(), &settings).unwrap();
                let agrees = overrides.check_same(&settings, &plan);
                assert_eq!(agrees, Ok(()), "{} {choice:?}", preset.name);
            }
        }
        let fan_in = Settings { initialization: Initialization::FanIn, ..Settings::DEFAULT };
        let given = overrides("", &[("sigma", "0.01")]);
        assert!(given.check_same(&fan_in, &Plan::default()).is_err());
    }
}
