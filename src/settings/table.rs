//! The table of settings: one row each.

use super::fields::{Initialization, Loss, Order, Settings, Symbols};
use super::schedule::Schedule;
use super::value::{self, Value, ValueError};
use crate::network::optimizer::Optimizer;
use std::fmt;

/// A row of [`TABLE`]: all that other code needs to know of a setting.
pub struct Setting {
    /// The option of the program, without its dashes; empty if an option of the plan gives the setting.
    pub option: &'static str,
    /// Its key in model files and JSON.
    pub key: &'static str,
    /// The former name of the key and the option; empty if there is none.
    pub former: &'static str,
    /// Whether model files have the key.
    pub stored: Stored,
    /// What a model file without the key means, if that is not the default.
    pub absent: &'static str,
    /// One line of help.
    pub help: &'static str,
    /// The option that this setting requires; empty if none.
    pub only_with: &'static str,
    /// Whether `--help` explains it; `elman help` explains all.
    pub is_usual: bool,
    /// Whether it affects a single update: `check` offers only these.
    pub is_of_update: bool,
    /// Whether it decides how a text is read when the text is opened.
    pub is_of_text: bool,
    /// How to read and set it.
    pub access: Access,
    /// Checks its range; the error says what it has to be.
    pub check: fn(&Settings) -> Result<(), &'static str>,
}

/// Whether model files have the key of a setting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stored {
    /// Never: the tensors or the vocabulary show the setting.
    Never,
    /// Always, unless the setting belongs to a choice that was not made (beta1 without Adam).
    Always,
    /// Since some version. In older files, which may lack it, the default holds.
    Since,
}

/// How to read and set a setting, by the kind of its value. A setting of a choice that was not made reads as `None`.
pub enum Access {
    /// A whole number.
    Count(fn(&Settings) -> Option<usize>, fn(&mut Settings, usize)),
    /// A whole number of 64 bits.
    Large(fn(&Settings) -> Option<u64>, fn(&mut Settings, u64)),
    /// A number.
    Number(fn(&Settings) -> Option<f64>, fn(&mut Settings, f64)),
    /// A number, or `none` for infinity.
    Limit(fn(&Settings) -> f64, fn(&mut Settings, f64)),
    /// One of the words separated by `|`.
    Word(&'static str, fn(&Settings) -> &'static str, fn(&mut Settings, &str)),
    /// Yes or no.
    Switch(fn(&Settings) -> bool, fn(&mut Settings, bool)),
}

impl Setting {
    /// Its value; `None` if it belongs to a choice that was not made.
    pub fn get(&self, settings: &Settings) -> Option<Value> {
        match &self.access {
            Access::Count(get, _) => get(settings).map(|count| Value::Count(count as u64)),
            Access::Large(get, _) => get(settings).map(Value::Count),
            Access::Number(get, _) => get(settings).map(Value::Number),
            Access::Limit(get, _) => Some(Value::Number(get(settings))),
            Access::Word(_, get, _) => Some(Value::Word(get(settings))),
            Access::Switch(get, _) => Some(Value::Switch(get(settings))),
        }
    }

    /// Sets it from a text. [`Settings::check`] says whether it is in range.
    ///
    /// # Errors
    /// [`ValueError`] if the text is not a value of this setting, or if the setting belongs to a choice that was not
    /// made.
    pub fn set(&self, settings: &mut Settings, text: &str) -> Result<(), ValueError> {
        if self.get(settings).is_none() {
            return Err(ValueError::NotApplicable(self.only_with));
        }
        match &self.access {
            Access::Count(_, set) => {
                let count = usize::try_from(value::count(text)?);
                set(settings, count.map_err(|_| ValueError::TooLarge("below 2^32"))?);
            }
            Access::Large(_, set) => set(settings, value::count(text)?),
            Access::Number(_, set) => set(settings, value::number(text)?),
            Access::Limit(_, set) => set(settings, value::limit(text)?),
            Access::Word(words, _, set) => set(settings, value::word(text, words)?),
            Access::Switch(_, set) => set(settings, value::switch(text)?),
        }
        Ok(())
    }

    /// The name of its value in the help; empty for a switch.
    pub fn placeholder(&self) -> &'static str {
        match self.access {
            Access::Count(..) | Access::Large(..) => "N",
            Access::Number(..) | Access::Limit(..) => "X",
            Access::Word(words, ..) => words,
            Access::Switch(..) => "",
        }
    }
}

/// The settings that have an option of their own.
pub fn of_options() -> impl Iterator<Item = &'static Setting> {
    TABLE.iter().filter(|row| !row.option.is_empty())
}

/// The setting of an option.
pub fn setting(option: &str) -> Option<&'static Setting> {
    of_options().find(|setting| setting.option == option)
}

fn is_count(count: usize) -> Result<(), &'static str> {
    if count > 0 { Ok(()) } else { Err("a whole number of at least 1") }
}

fn is_positive(number: f64) -> Result<(), &'static str> {
    if number > 0.0 && number.is_finite() { Ok(()) } else { Err("a positive number") }
}

fn is_fraction(number: f64) -> Result<(), &'static str> {
    if (0.0..1.0).contains(&number) { Ok(()) } else { Err("a number of at least 0 and below 1") }
}

/// Defaults for the rows below.
const ROW: Setting = Setting {
    option: "",
    key: "",
    former: "",
    absent: "",
    stored: Stored::Always,
    help: "",
    only_with: "",
    is_usual: false,
    is_of_update: true,
    is_of_text: false,
    access: Access::Switch(|_| false, |_, _| ()),
    check: |_| Ok(()),
};

/// All settings. A choice comes before the settings that need it.
pub const TABLE: &[Setting] = &[
    Setting {
        option: "hidden",
        key: "hidden",
        stored: Stored::Never,
        help: "number of hidden units m",
        is_usual: true,
        access: Access::Count(|s| Some(s.hidden), |s, count| s.hidden = count),
        check: |s| is_count(s.hidden),
        ..ROW
    },
    Setting {
        option: "seq-length",
        key: "sequence_length",
        help: "sequence length T: an update reads T characters of each sequence",
        is_of_text: true,
        access: Access::Count(|s| Some(s.sequence_length), |s, count| s.sequence_length = count),
        check: |s| is_count(s.sequence_length),
        ..ROW
    },
    Setting {
        option: "batch-size",
        key: "batch_size",
        former: "streams",
        help: "batch size B: sequences read in parallel",
        is_of_update: false,
        access: Access::Count(|s| Some(s.batch_size), |s, count| s.batch_size = count),
        check: |s| {
            if s.documents && s.batch_size > 1 {
                Err("1 with documents")
            } else {
                is_count(s.batch_size)
            }
        },
        ..ROW
    },
    Setting {
        option: "bytes",
        key: "bytes",
        stored: Stored::Never,
        help: "read bytes instead of characters: for logs, or if the encoding is unknown",
        is_of_text: true,
        access: Access::Switch(
            |s| s.symbols == Symbols::Bytes,
            |s, is_on| s.symbols = if is_on { Symbols::Bytes } else { Symbols::Characters },
        ),
        ..ROW
    },
    Setting {
        option: "documents",
        key: "documents",
        help: "treat every line as a separate document: for names, domain names or messages",
        is_of_text: true,
        access: Access::Switch(|s| s.documents, |s, is_on| s.documents = is_on),
        ..ROW
    },
    Setting {
        option: "optimizer",
        key: "optimizer",
        stored: Stored::Since,
        help: "optimizer: AdaGrad, Adam or RMSProp",
        access: Access::Word(
            "adagrad|adam|rmsprop",
            |s| s.optimizer.name(),
            |s, word| {
                s.optimizer = Optimizer::named(word).expect("a word of the row");
                s.learning_rate = s.optimizer.usual_learning_rate();
            },
        ),
        ..ROW
    },
    Setting {
        option: "learning-rate",
        key: "learning_rate",
        help: "learning rate eta (0.1; with adam or rmsprop 0.001)",
        access: Access::Number(|s| Some(s.learning_rate), |s, number| s.learning_rate = number),
        check: |s| is_positive(s.learning_rate),
        ..ROW
    },
    Setting {
        option: "schedule",
        key: "schedule",
        stored: Stored::Since,
        help: "learning rate over the run: constant, falling linearly to 0, or halved every --half-life updates",
        is_of_update: false,
        access: Access::Word(
            "constant|linear|exponential",
            |s| s.schedule.name(),
            |s, word| {
                s.schedule = match word {
                    "linear" => Schedule::Linear { updates: 0 },
                    "exponential" => Schedule::Exponential { half_life: Schedule::HALF_LIFE },
                    _ => Schedule::Constant,
                };
            },
        ),
        ..ROW
    },
    Setting {
        option: "half-life",
        key: "half_life",
        help: "updates after which the learning rate is halved (10000)",
        only_with: "--schedule exponential",
        is_of_update: false,
        access: Access::Number(
            |s| s.schedule.half_life(),
            |s, half_life| s.schedule = Schedule::Exponential { half_life },
        ),
        check: |s| s.schedule.half_life().map_or(Ok(()), is_positive),
        ..ROW
    },
    Setting {
        // The number of updates of the plan, which a linear schedule makes a part of what is learned.
        option: "",
        key: "schedule_updates",
        only_with: "--schedule linear",
        is_of_update: false,
        access: Access::Large(
            |s| s.schedule.updates(),
            |s, updates| s.schedule = Schedule::Linear { updates },
        ),
        ..ROW
    },
    Setting {
        option: "beta1",
        key: "beta1",
        stored: Stored::Since,
        help: "decay rate of Adam's average of gradients (0.9)",
        only_with: "--optimizer adam",
        access: Access::Number(
            |s| s.optimizer.beta1(),
            |s, number| {
                if let Optimizer::Adam { beta1, .. } = &mut s.optimizer {
                    *beta1 = number;
                }
            },
        ),
        check: |s| s.optimizer.beta1().map_or(Ok(()), is_fraction),
        ..ROW
    },
    Setting {
        option: "beta2",
        key: "beta2",
        stored: Stored::Since,
        // Former versions left it out where it was 0.999, for RMSProp as well.
        absent: "0.999",
        help: "decay rate of the average of squared gradients (0.999; with rmsprop 0.9)",
        only_with: "--optimizer adam or rmsprop",
        access: Access::Number(
            |s| s.optimizer.beta2(),
            |s, number| {
                if let Optimizer::Adam { beta2, .. } | Optimizer::RmsProp { beta2 } =
                    &mut s.optimizer
                {
                    *beta2 = number;
                }
            },
        ),
        check: |s| s.optimizer.beta2().map_or(Ok(()), is_fraction),
        ..ROW
    },
    Setting {
        option: "epsilon",
        key: "epsilon",
        help: "the optimizer's epsilon, which avoids a division by 0",
        access: Access::Number(|s| Some(s.epsilon), |s, number| s.epsilon = number),
        check: |s| is_positive(s.epsilon),
        ..ROW
    },
    Setting {
        option: "clip",
        key: "clip",
        help: "clip every gradient entry to [-X, X]; none: no clipping",
        access: Access::Limit(|s| s.clip, |s, number| s.clip = number),
        check: |s| {
            if s.clip > 0.0 { Ok(()) } else { Err("a positive number, or none") }
        },
        ..ROW
    },
    Setting {
        option: "loss",
        key: "loss",
        stored: Stored::Since,
        help: "loss of an update: sum or mean over the T characters",
        access: Access::Word(
            "sum|mean",
            |s| s.loss.name(),
            |s, word| {
                s.loss = if word == Loss::Mean.name() { Loss::Mean } else { Loss::Sum };
            },
        ),
        ..ROW
    },
    Setting {
        option: "initialization",
        key: "initialization",
        stored: Stored::Since,
        help: "initial U, W, V: normal, with standard deviation --sigma or scaled by fan-in",
        access: Access::Word(
            "sigma|fan-in",
            |s| s.initialization.name(),
            |s, word| match (word, s.initialization) {
                ("fan-in", _) => s.initialization = Initialization::FanIn,
                (_, Initialization::FanIn) => s.initialization = Initialization::default(),
                _ => {}
            },
        ),
        ..ROW
    },
    Setting {
        option: "sigma",
        key: "sigma",
        help: "standard deviation of the initial U, W, V",
        only_with: "--initialization sigma",
        access: Access::Number(
            |s| match s.initialization {
                Initialization::Normal { sigma } => Some(sigma),
                Initialization::FanIn => None,
            },
            |s, sigma| s.initialization = Initialization::Normal { sigma },
        ),
        check: |s| match s.initialization {
            Initialization::Normal { sigma } if !(sigma >= 0.0 && sigma.is_finite()) => {
                Err("0 or a positive number")
            }
            _ => Ok(()),
        },
        ..ROW
    },
    Setting {
        option: "validation",
        key: "validation",
        stored: Stored::Since,
        help: "fraction of TEXT, from its end, held out for validation",
        is_usual: true,
        is_of_update: false,
        is_of_text: true,
        access: Access::Number(|s| Some(s.validation), |s, number| s.validation = number),
        check: |s| is_fraction(s.validation),
        ..ROW
    },
    Setting {
        option: "order",
        key: "order",
        stored: Stored::Since,
        help: "read the text in order, in shuffled chunks, or at random positions",
        is_of_update: false,
        access: Access::Word(
            "text|chunks|positions",
            |s| s.order.name(),
            |s, word| {
                s.order = match word {
                    "chunks" => Order::Chunks { length: 1000 },
                    "positions" => Order::Positions,
                    _ => Order::Text,
                };
            },
        ),
        check: |s| {
            if s.documents && s.order != Order::Text { Err("text with documents") } else { Ok(()) }
        },
        ..ROW
    },
    Setting {
        option: "chunk",
        key: "chunk",
        help: "characters per chunk (1000)",
        only_with: "--order chunks",
        is_of_update: false,
        access: Access::Count(|s| s.order.chunk(), |s, length| s.order = Order::Chunks { length }),
        check: |s| match s.order.chunk() {
            Some(length) if length < s.sequence_length => Err("at least sequence_length"),
            _ => Ok(()),
        },
        ..ROW
    },
    Setting {
        option: "seed",
        key: "seed",
        help: "seed of all random numbers",
        is_usual: true,
        access: Access::Large(|s| Some(s.seed), |s, seed| s.seed = seed),
        ..ROW
    },
];

impl Settings {
    /// Checks that all settings are in range.
    ///
    /// # Errors
    /// [`SettingError`] names the first setting that is out of range.
    pub fn check(&self) -> Result<(), SettingError> {
        for setting in TABLE {
            (setting.check)(self).map_err(|need| SettingError {
                name: setting.key,
                value: match setting.get(self) {
                    Some(Value::Number(number)) => number.to_string(),
                    value => value.map(|value| value.to_string()).unwrap_or_default(),
                },
                need,
            })?;
        }
        Ok(())
    }
}

/// A setting that is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its name, as in model files.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it has to be.
    pub need: &'static str,
}

impl fmt::Display for SettingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}: must be {}", self.name, self.value, self.need)
    }
}

impl std::error::Error for SettingError {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The default settings, and with every choice made in turn; numbers that are not the usual ones.
    fn of_every_choice() -> Vec<Settings> {
        let mut all = vec![Settings::DEFAULT];
        for row in TABLE {
            let words = match row.access {
                Access::Word(words, ..) => words,
                Access::Switch(..) => "true",
                _ => continue,
            };
            for word in words.split('|') {
                let mut settings = Settings::DEFAULT;
                row.set(&mut settings, word).unwrap();
                all.push(settings);
            }
        }
        all
    }

    #[test]
    fn a_row_sets_what_it_gets() {
        for settings in of_every_choice() {
            for row in TABLE {
                let mut again = settings;
                match row.get(&settings) {
                    Some(value) => row.set(&mut again, &value.to_string()).unwrap(),
                    None => {
                        let set = row.set(&mut again, "1");
                        let error = ValueError::NotApplicable(row.only_with);
                        assert_eq!(set, Err(error), "{}", row.option);
                    }
                }
                assert_eq!(again, settings, "{}", row.option);
            }
        }
    }

    /// As model files are read: row by row, from the defaults.
    #[test]
    fn all_rows_together_make_the_settings() {
        for mut settings in of_every_choice() {
            for row in TABLE {
                // Whatever is no number says so.
                let _ = row.set(&mut settings, "7").or_else(|_| row.set(&mut settings, "0.3"));
            }
            let mut made = Settings::DEFAULT;
            for row in TABLE {
                let value = row.get(&settings).map(|value| value.to_string());
                value.iter().for_each(|text| row.set(&mut made, text).unwrap());
            }
            assert_eq!(made, settings);
        }
    }

    #[test]
    fn a_help_that_ends_with_a_bracket_names_every_default() {
        for row in TABLE.iter().filter(|row| row.help.ends_with(')')) {
            for value in of_every_choice().iter().filter_map(|settings| row.get(settings)) {
                let value = value.to_string();
                let shown = value.trim_end_matches(".0");
                assert!(row.help.contains(shown), "{}: {value}", row.option);
            }
        }
    }

    #[test]
    fn the_defaults_are_in_range() {
        assert_eq!(Settings::DEFAULT.check(), Ok(()));
        assert!(TABLE.iter().all(|row| !row.key.is_empty()));
        let without = TABLE.iter().filter(|row| row.option.is_empty()).map(|row| row.key);
        assert_eq!(without.collect::<Vec<_>>(), ["schedule_updates"]);
    }
}
