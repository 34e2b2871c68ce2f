//! Presets: settings and plan of an edition of the assignment, or of a run that was found to be good.

use super::fields::Settings;
use super::table::of_options;

/// Values of several options under one name.
#[derive(Debug)]
pub struct Preset {
    /// The name.
    pub name: &'static str,
    /// Options of settings and of the plan, with their values.
    pub options: &'static [(&'static str, &'static str)],
}

impl Preset {
    /// The preset of this name.
    pub fn named(name: &str) -> Option<&'static Preset> {
        PRESETS.iter().find(|preset| preset.name == name)
    }

    /// The value of an option; `None` if the preset does not set it.
    pub fn value(&self, option: &str) -> Option<&'static str> {
        let found = self.options.iter().find(|(name, _)| *name == option);
        found.map(|(_, value)| *value)
    }

    /// The default settings, with the values of the preset.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::DEFAULT;
        for row in of_options() {
            if let Some(text) = self.value(row.option) {
                row.set(&mut settings, text).expect("the values of a preset are understood");
            }
        }
        settings
    }
}

impl Settings {
    /// The assignment in its Adam edition, of 2025 and after: the preset `adam-edition` of the program.
    pub fn adam_edition() -> Self {
        ADAM_EDITION.settings()
    }
}

const ADAM_EDITION: Preset = Preset {
    name: "adam-edition",
    options: &[
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
};

/// All presets.
pub const PRESETS: &[Preset] = &[
    Preset {
        name: "adagrad-edition",
        options: &[
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
    },
    ADAM_EDITION,
    // The settings that reached the fewest bits in a minute of one core, as fixtures/search_best.py measured.
    Preset {
        name: "best",
        options: &[
            ("hidden", "192"),
            ("seq-length", "25"),
            ("batch-size", "16"),
            ("optimizer", "adam"),
            ("learning-rate", "0.005"),
            ("schedule", "linear"),
            ("beta1", "0.9"),
            ("beta2", "0.999"),
            ("epsilon", "1e-8"),
            ("clip", "none"),
            ("loss", "mean"),
            ("initialization", "fan-in"),
            // Small texts are learned by heart in so many epochs: validation says where to stop.
            ("validation", "0.1"),
            ("iterations", "20000"),
            ("report-every", "1000"),
            ("report-length", "200"),
        ],
    },
];
