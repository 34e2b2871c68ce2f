//! The options that are rows of tables: settings, the plan of a run, presets.

use super::arguments::{Arguments, Choice};
use super::failure::Failure;
use elman::model::{PLAN, Planned};
use elman::settings::{Preset, SetError, Setting, SettingError, TABLE, Value, ValueError};
use elman::{Plan, Settings};

/// The options of settings, each with its value in `base` as the default.
pub fn of_settings<'a>(
    base: &'a Settings,
    rows: impl Iterator<Item = &'static Setting> + 'a,
) -> impl Iterator<Item = Choice> + 'a {
    rows.map(|row| Choice {
        name: row.option,
        value: row.placeholder(),
        default: match row.placeholder() {
            "" => String::new(),
            _ => row.get(base).map_or(String::new(), |value| {
                value.to_string().trim_end_matches(".0").to_string()
            }),
        },
        help: row.help,
        is_seldom: !row.is_usual,
    })
}

/// The options of a plan.
pub fn of_plan() -> impl Iterator<Item = Choice> {
    let default = Plan::default();
    PLAN.iter().map(move |row| Choice {
        name: row.option,
        value: "N",
        default: (row.get)(&default).map_or(String::new(), |count| count.to_string()),
        help: row.help,
        is_seldom: !row.is_usual,
    })
}

/// The option of a preset, one of these names.
pub fn of_presets(names: &'static str) -> Choice {
    let help = "all settings of an edition of the assignment, or the best for a minute; others may be given beside it";
    Choice::new("preset", names, help).seldom()
}

/// What a command line asks for of settings and plan: values of rows, as options spell them.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// The options that were given.
    given: Vec<(&'static str, String)>,
    /// What stands behind them.
    preset: Option<&'static Preset>,
}

impl Asked {
    /// What these arguments ask for.
    pub fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let options = TABLE.iter().map(|row| (row.option, row.placeholder()));
        let options = options.chain(PLAN.iter().map(|row| (row.option, "N")));
        let mut asked = Asked::by(Preset::named(&arguments.value("preset").to_string_lossy()));
        for (option, placeholder) in options.filter(|(option, _)| arguments.has(option)) {
            let text = match placeholder {
                "" => "true".to_string(),
                _ => arguments.filled(option)?.to_string_lossy().into_owned(),
            };
            asked.give(option, text);
        }
        Ok(asked)
    }

    /// What a preset asks for, or nothing.
    pub fn by(preset: Option<&'static Preset>) -> Self {
        Asked { given: Vec::new(), preset }
    }

    /// All that a run which goes on cannot change.
    pub fn all_of(settings: &Settings, plan: &Plan) -> Self {
        let mut asked = Asked::default();
        for row in TABLE {
            let value = row.get(settings).filter(|value| *value != Value::Switch(false));
            if let Some(value) = value {
                asked.give(row.option, value.to_string());
            }
        }
        for row in PLAN.iter().filter(|row| !row.is_free) {
            if let Some(count) = (row.get)(plan) {
                asked.give(row.option, count.to_string());
            }
        }
        asked
    }

    /// What was given alone.
    pub fn without_preset(&self) -> Self {
        Asked { given: self.given.clone(), preset: None }
    }

    /// Asks for one option more.
    pub fn give(&mut self, option: &'static str, text: String) {
        self.given.push((option, text));
    }

    /// Whether an option was given itself.
    pub fn has(&self, option: &str) -> bool {
        self.given.iter().any(|(given, _)| *given == option)
    }

    /// What is asked for of an option, by itself or by the preset.
    fn text(&self, option: &str) -> Option<&str> {
        let given = self.given.iter().rev().find(|(given, _)| *given == option);
        let preset = || self.preset.and_then(|preset| preset.value(option));
        given.map(|(_, text)| text.as_str()).or_else(preset)
    }

    /// An option as it was given, for error messages: `--hidden 5`.
    pub fn quoted(&self, option: &str) -> String {
        match self.text(option) {
            None | Some("true") => format!("--{option}"),
            Some(text) => format!("--{option} {text}"),
        }
    }

    /// The settings, where `base` has what is not asked for.
    pub fn settings(&self, base: &Settings) -> Result<Settings, Failure> {
        let mut settings = *base;
        for row in TABLE {
            if let Some(text) = self.text(row.option) {
                match row.set(&mut settings, text) {
                    // A choice that was given beside a preset has no use for numbers of the preset's.
                    Err(SetError::Idle(_)) if !self.has(row.option) => {}
                    set => set.map_err(|error| self.refused(row.option, error))?,
                }
            }
        }
        settings.check().map_err(|error| self.out_of_range(&settings, error))?;
        Ok(settings)
    }

    /// The plan, where `base` has what is not asked for.
    pub fn plan(&self, base: &Plan, settings: &Settings) -> Result<Plan, Failure> {
        let mut plan = *base;
        for row in PLAN {
            if let Some(text) = self.text(row.option) {
                (row.set)(&mut plan, self.count(row, text)?);
            }
        }
        if settings.validation == 0.0 && self.has("validate-every") {
            return Err(Failure::Usage(format!(
                "{}: nothing is held out to look at: give --validation as well",
                self.quoted("validate-every")
            )));
        }
        Ok(plan)
    }

    fn count(&self, row: &Planned, text: &str) -> Result<u64, Failure> {
        let count = elman::settings::count(text);
        let count = count.map_err(|error| self.refused(row.option, error.into()))?;
        if count < row.least {
            let need = "must be a whole number of at least 1";
            return Err(Failure::at(self.quoted(row.option), need));
        }
        Ok(count)
    }

    /// Refuses what a run that goes on was not begun with.
    pub fn agree(&self, settings: &Settings, plan: &Plan) -> Result<(), Failure> {
        for row in TABLE {
            let Some(text) = self.text(row.option) else {
                continue;
            };
            let mut asked = *settings;
            let set = row.set(&mut asked, text);
            let is_idle = matches!(set, Err(SetError::Idle(_)));
            if !is_idle {
                set.map_err(|error| self.refused(row.option, error))?;
            }
            let begun = row.get(settings);
            if is_idle || row.get(&asked) != begun {
                let begun = begun.map(|value| value.to_string());
                return Err(self.begun_otherwise(row.option, begun));
            }
        }
        for row in PLAN.iter().filter(|row| !row.is_free) {
            let Some(text) = self.text(row.option) else {
                continue;
            };
            let begun = (row.get)(plan);
            if begun != Some(self.count(row, text)?) {
                return Err(self.begun_otherwise(row.option, begun.map(|count| count.to_string())));
            }
        }
        Ok(())
    }

    fn begun_otherwise(&self, option: &str, begun: Option<String>) -> Failure {
        let with = match begun.as_deref() {
            None | Some("false") => "without it".to_string(),
            Some(value) => format!("with {value}"),
        };
        let message = format!("the run was begun {with}, and goes on so");
        Failure::at(self.quoted(option), message)
    }

    fn refused(&self, option: &str, error: SetError) -> Failure {
        let option = self.quoted(option);
        match error {
            SetError::Value(ValueError::Malformed(need)) => {
                Failure::Usage(format!("{option}: must be {need}"))
            }
            SetError::Value(ValueError::TooLarge(_)) => {
                Failure::at(option, "too large: choose a smaller number")
            }
            SetError::Idle(choice) => Failure::Usage(format!("{option}: goes only with {choice}")),
        }
    }

    /// A setting that was not asked for has the value that the command gives it.
    fn out_of_range(&self, settings: &Settings, error: SettingError) -> Failure {
        let quoted = match (self.text(error.name), elman::settings::setting(error.name)) {
            (None, Some(row)) => {
                let value = row.get(settings).map_or(String::new(), |value| value.to_string());
                format!("--{} {value}", error.name)
            }
            _ => self.quoted(error.name),
        };
        Failure::at(quoted, format!("must be {}", error.need))
    }
}

/// The unit of a run's losses.
pub fn unit(settings: &Settings) -> String {
    match settings.loss {
        elman::Loss::Sum => format!("nats over {} characters", settings.sequence_length),
        elman::Loss::Mean => "nats per character".to_string(),
    }
}
