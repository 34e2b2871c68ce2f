//! Settings: everything that decides what is learned from a text.

use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::Shape;
use std::fmt;

/// Everything that decides what is learned from a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// m, the number of hidden units.
    pub hidden: usize,
    /// T, the characters of one update, of each stream.
    pub sequence_length: usize,
    /// B, the parts of the text that are read side by side.
    pub streams: usize,
    /// The optimiser's eta.
    pub learning_rate: f64,
    /// Standard deviation of the first U, W and V, where [`Settings::initialization`] asks for one.
    pub sigma: f64,
    /// Every entry of a gradient is clipped to `[-clip, clip]`; infinite where nothing is clipped.
    pub clip: f64,
    /// The optimiser's epsilon.
    pub epsilon: f64,
    /// Where all random numbers come from.
    pub seed: u64,
    /// Whether each line of the text is a document of its own: read from h = 0, after a newline, which also ends
    /// it.
    pub documents: bool,
    /// F, the share of the text at its end that is held out, from 0 to below 1: it is never learned, see
    /// [`Settings::held_out`].
    pub validation: f64,
    /// How a gradient moves the parameters.
    pub optimizer: Optimizer,
    /// What Adam keeps of its average of gradients in an update.
    pub beta1: f64,
    /// What Adam and RMSProp keep of their average of squares in an update.
    pub beta2: f64,
    /// What the loss of a chunk is.
    pub loss: Loss,
    /// How the first U, W and V are drawn.
    pub initialization: Initialization,
    /// In which order the text is read.
    pub order: Order,
}

/// What the loss of a chunk is, of its steps' losses. With several streams it is the mean of theirs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// Their sum.
    #[default]
    Sum,
    /// Their mean: a gradient is that of the mean as well, before it is clipped.
    Mean,
}

impl Loss {
    /// All of them.
    pub const ALL: [Loss; 2] = [Loss::Sum, Loss::Mean];

    /// Its name, as the option and model files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Sum => "sum",
            Loss::Mean => "mean",
        }
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Loss::ALL.into_iter().find(|one| one.name() == name)
    }
}

/// How the first U, W and V are drawn; b and c begin as 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Initialization {
    /// All from N(0, sigma^2).
    #[default]
    Sigma,
    /// By the numbers that are added up: U from N(0, 1/(2K)), W from N(0, 1/(2m)), whose products make one sum, and V
    /// from N(0, 1/m).
    FanIn,
}

impl Initialization {
    /// All of them.
    pub const ALL: [Initialization; 2] = [Initialization::Sigma, Initialization::FanIn];

    /// Its name, as the option and model files spell it.
    pub fn name(self) -> &'static str {
        match self {
            Initialization::Sigma => "sigma",
            Initialization::FanIn => "fan-in",
        }
    }

    /// The one with a name.
    pub fn named(name: &str) -> Option<Self> {
        Initialization::ALL
            .into_iter()
            .find(|one| one.name() == name)
    }
}

/// In which order the updates read the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the start of every stream's part to its end.
    #[default]
    Text,
    /// In chunks that are shuffled anew for every epoch, each from h = 0.
    Chunks {
        /// C, the characters of a chunk.
        length: usize,
    },
    /// Every update from positions of its own, drawn at random, and from h = 0.
    Positions,
}

impl Order {
    /// Its name, as the program's option spells it.
    pub fn name(self) -> &'static str {
        match self {
            Order::Text => "text",
            Order::Chunks { .. } => "chunks",
            Order::Positions => "positions",
        }
    }

    /// C, where it is one of chunks.
    pub fn chunk(self) -> Option<usize> {
        match self {
            Order::Chunks { length } => Some(length),
            _ => None,
        }
    }
}

impl Default for Settings {
    /// The assignment's own, in its AdaGrad edition: m = 100, T = 25, eta = 0.1, sigma = 0.01, clip 5, epsilon 1e-8.
    fn default() -> Self {
        Settings {
            hidden: 100,
            sequence_length: 25,
            streams: 1,
            learning_rate: 0.1,
            sigma: 0.01,
            clip: 5.0,
            epsilon: 1e-8,
            seed: 1,
            documents: false,
            validation: 0.0,
            optimizer: Optimizer::AdaGrad,
            beta1: 0.9,
            beta2: 0.999,
            loss: Loss::Sum,
            initialization: Initialization::Sigma,
            order: Order::Text,
        }
    }
}

impl Settings {
    /// The assignment in its Adam edition, of 2025 and after: Adam with eta = 0.001 and no clip, the mean of the
    /// losses, and first parameters by the numbers that are added up.
    pub fn adam_edition() -> Self {
        Settings {
            optimizer: Optimizer::Adam,
            learning_rate: 0.001,
            clip: f64::INFINITY,
            loss: Loss::Mean,
            initialization: Initialization::FanIn,
            ..Settings::default()
        }
    }

    /// How update t = 1, 2, ... moves the parameters.
    pub fn rule(&self, t: u64) -> Rule {
        Rule {
            optimizer: self.optimizer,
            eta: self.learning_rate,
            epsilon: self.epsilon,
            beta1: self.beta1,
            beta2: self.beta2,
            clip: self.clip,
            t,
        }
    }

    /// Characters that a loss is summed over: T, or 1 where it is their mean. So many nats are the unit of all losses
    /// of a run.
    pub fn loss_characters(&self) -> usize {
        match self.loss {
            Loss::Sum => self.sequence_length,
            Loss::Mean => 1,
        }
    }

    /// Standard deviations of the first U, W and V.
    pub fn deviations(&self, shape: Shape) -> [f64; 3] {
        let (m, K) = (shape.m() as f64, shape.K() as f64);
        match self.initialization {
            Initialization::Sigma => [self.sigma; 3],
            Initialization::FanIn => [2.0 * K, 2.0 * m, m].map(|variance| (1.0 / variance).sqrt()),
        }
    }

    /// floor(F N), where the text has N characters: those at its end are held out. Of documents it is the most:
    /// those that lie wholly within it are held out. The product is one of doubles: of 0.29 and 100 it is below 29.
    ///
    /// ```
    /// use elman::Settings;
    /// let settings = Settings { validation: 0.1, ..Settings::default() };
    /// assert_eq!(settings.held_out(1_115_394), 111_539);
    /// ```
    pub fn held_out(&self, length: u64) -> u64 {
        // A conversion takes the floor, and no more than there is where N is no double.
        ((self.validation * length as f64) as u64).min(length)
    }

    /// Characters that are needed to train on: T + 1 for each stream; of documents one character, between two
    /// newlines; in the order of chunks one for each stream, and the character after them.
    pub fn least_characters(&self) -> usize {
        match self.order {
            _ if self.documents => 3,
            Order::Chunks { length } => self.streams.saturating_mul(length).saturating_add(1),
            _ => {
                let chunk = self.sequence_length.saturating_add(1);
                self.streams.saturating_mul(chunk)
            }
        }
    }

    /// Characters that have to be held out: none where nothing is to be, else one and another after it, and in the
    /// order of chunks a whole one.
    pub fn least_held_out(&self) -> usize {
        if self.validation > 0.0 {
            self.order.chunk().unwrap_or(0).max(2)
        } else {
            0
        }
    }

    /// Refuses what cannot be trained with.
    ///
    /// # Errors
    /// [`SettingError`] names the first setting that is out of range.
    pub fn check(&self) -> Result<(), SettingError> {
        let whole = [
            ("hidden", self.hidden),
            ("seq-length", self.sequence_length),
            ("streams", self.streams),
        ];
        for (name, value) in whole {
            if value == 0 {
                return Err(SettingError::new(
                    name,
                    value,
                    "a whole number of at least 1",
                ));
            }
        }
        let positive = [
            ("learning-rate", self.learning_rate),
            ("epsilon", self.epsilon),
        ];
        for (name, value) in positive {
            if !(value > 0.0 && value.is_finite()) {
                return Err(SettingError::new(name, value, "a positive number"));
            }
        }
        if self.clip.is_nan() || self.clip <= 0.0 {
            return Err(SettingError::new(
                "clip",
                self.clip,
                "a positive number, or none",
            ));
        }
        for (name, beta) in [("beta1", self.beta1), ("beta2", self.beta2)] {
            if !(0.0..1.0).contains(&beta) {
                return Err(SettingError::new(name, beta, "a number from 0 to below 1"));
            }
        }
        if !(self.sigma >= 0.0 && self.sigma.is_finite()) {
            return Err(SettingError::new(
                "sigma",
                self.sigma,
                "0 or a positive number",
            ));
        }
        if !(self.validation >= 0.0 && self.validation < 1.0) {
            return Err(SettingError::new(
                "validation",
                self.validation,
                "a number from 0 to below 1",
            ));
        }
        if self.documents && self.streams > 1 {
            return Err(SettingError::new(
                "streams",
                self.streams,
                "1 with documents",
            ));
        }
        if self.documents && self.order != Order::Text {
            let need = "text with documents";
            return Err(SettingError::new("order", self.order.name(), need));
        }
        if let Some(length) = self.order.chunk().filter(|&C| C < self.sequence_length) {
            return Err(SettingError::new("chunk", length, "at least seq-length"));
        }
        Ok(())
    }
}

/// A setting that is out of range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SettingError {
    /// Its name, as the program's option spells it.
    pub name: &'static str,
    /// Its value.
    pub value: String,
    /// What it has to be.
    pub need: &'static str,
}

impl SettingError {
    fn new(name: &'static str, value: impl fmt::Display, need: &'static str) -> Self {
        SettingError {
            name,
            value: value.to_string(),
            need,
        }
    }
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

    #[test]
    fn the_default_settings_are_the_assignment_s() {
        let assignment = Settings {
            hidden: 100,
            sequence_length: 25,
            streams: 1,
            learning_rate: 0.1,
            sigma: 0.01,
            clip: 5.0,
            epsilon: 1e-8,
            seed: 1,
            documents: false,
            validation: 0.0,
            optimizer: Optimizer::AdaGrad,
            beta1: 0.9,
            beta2: 0.999,
            loss: Loss::Sum,
            initialization: Initialization::Sigma,
            order: Order::Text,
        };
        assert_eq!(Settings::default(), assignment);
        let adam = Settings {
            optimizer: Optimizer::Adam,
            learning_rate: 0.001,
            clip: f64::INFINITY,
            loss: Loss::Mean,
            initialization: Initialization::FanIn,
            ..assignment
        };
        assert_eq!(Settings::adam_edition(), adam);
    }

    #[test]
    fn what_is_held_out_is_rounded_down() {
        for (validation, length, held_out) in [
            (0.0, 1000, 0),
            (0.1, 9, 0),
            (0.1, 10, 1),
            (0.25, 1003, 250),
            (1.0 - f64::EPSILON, 1000, 999),
            (1.0 - f64::EPSILON / 2.0, u64::MAX, u64::MAX - 2047),
        ] {
            let settings = Settings {
                validation,
                ..Settings::default()
            };
            assert_eq!(settings.held_out(length), held_out, "{validation} {length}");
        }
    }
}
