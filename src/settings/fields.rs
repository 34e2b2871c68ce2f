//! The settings, and the types of those that are choices.

use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::Shape;
use crate::settings::schedule::Schedule;

/// Everything that decides what is learned from a text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// m, the number of hidden units.
    pub hidden: usize,
    /// T, the characters that one update reads from each sequence of the batch.
    pub sequence_length: usize,
    /// B, the sequences that are read side by side, each with its own part of the text and its own hidden state.
    pub batch_size: usize,
    /// Whether the text is read as characters or as bytes.
    pub symbols: Symbols,
    /// Whether each line of the text is a document of its own: it is read from h = 0, after a newline, and ends with
    /// one.
    pub documents: bool,
    /// F, the fraction of the text, from its end, that is held out for validation: from 0 to below 1. It is never
    /// learned, see [`Settings::held_out`].
    pub validation: f64,
    /// The order in which the text is read.
    pub order: Order,
    /// The optimizer, with the numbers that it alone has.
    pub optimizer: Optimizer,
    /// eta, the optimizer's learning rate.
    pub learning_rate: f64,
    /// How the learning rate changes over the run.
    pub schedule: Schedule,
    /// The optimizer's epsilon.
    pub epsilon: f64,
    /// Every entry of a gradient is clipped to `[-clip, clip]`; infinite for no clipping.
    pub clip: f64,
    /// Whether the loss of an update is the sum or the mean of its characters' losses.
    pub loss: Loss,
    /// How the initial U, W and V are drawn.
    pub initialization: Initialization,
    /// The seed of all random numbers.
    pub seed: u64,
}

/// The units that a text is read in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    /// Unicode scalar values, read from UTF-8.
    #[default]
    Characters,
    /// Bytes, whatever they encode. In a vocabulary byte b goes by the character U+00b.
    Bytes,
}

impl Symbols {
    /// `characters` or `bytes`.
    pub fn name(self) -> &'static str {
        match self {
            Symbols::Characters => "characters",
            Symbols::Bytes => "bytes",
        }
    }
}

/// Whether the loss of an update is the sum or the mean over its T characters. With a batch it is averaged over the
/// sequences.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Loss {
    /// The sum.
    #[default]
    Sum,
    /// The mean. The gradient is divided by T too, before it is clipped.
    Mean,
}

impl Loss {
    /// Its name in options and model files.
    pub fn name(self) -> &'static str {
        match self {
            Loss::Sum => "sum",
            Loss::Mean => "mean",
        }
    }
}

/// How the initial U, W and V are drawn; b and c begin as 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Initialization {
    /// All from N(0, sigma^2).
    Normal {
        /// The standard deviation.
        sigma: f64,
    },
    /// By fan-in: U from N(0, 1/(2K)), W from N(0, 1/(2m)) and V from N(0, 1/m). The 2 is there because U x and W h are
    /// added.
    FanIn,
}

impl Default for Initialization {
    fn default() -> Self {
        Initialization::Normal { sigma: 0.01 }
    }
}

impl Initialization {
    /// Its name in options and model files.
    pub fn name(self) -> &'static str {
        match self {
            Initialization::Normal { .. } => "sigma",
            Initialization::FanIn => "fan-in",
        }
    }
}

/// The order in which the updates read the text.
///
/// The training text has L characters; the held-out text is no part of it. An update reads T characters of each of B
/// sequences, and the character after them, which is the last target. Sequences and epochs are counted from 0. An epoch
/// ends when none of its updates is left. The seed, the epoch, the number of characters that every sequence has read in it
/// ([`State::position`](crate::model::State::position)) and the number of updates determine everything that a resumed run
/// reads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From its start to its end. Sequence s reads the floor(L / B) characters from s floor(L / B) on, T characters an
    /// update, and carries its hidden state along. An epoch is floor((floor(L / B) - 1) / T) updates. Each document begins
    /// with h = 0, and an update ends with its document.
    #[default]
    Text,
    /// In chunks of C characters, C >= T, that are shuffled for every epoch. There are n = floor((L - 1) / C) of them:
    /// chunk i has the characters from C i on. A chunk is read in floor(C / T) updates one after another: the first begins
    /// with h = 0, the others carry the hidden state along. Group g of an epoch is B chunks that are read side by side:
    /// sequence s reads chunk `p[B g + s]`. An epoch is floor(n / B) groups; the chunks that are left over are not read in
    /// it. The permutation p comes from a shuffle (Fisher and Yates) of p = 0, 1, ..., n - 1: for i = n - 1, n - 2, ..., 1 it
    /// exchanges `p[i]` and `p[j]`, with j drawn from 0 to i by the generator of
    /// [`Stream::Order`](crate::random::Stream::Order) and the epoch.
    Chunks {
        /// C, the characters of a chunk.
        length: usize,
    },
    /// Every update begins with h = 0 in each sequence, at a character from 0 to L - T - 1, all equally likely: drawn for
    /// one sequence after another by the generator of [`Stream::Order`](crate::random::Stream::Order) and the number of the
    /// update. Epochs have as many updates as in text order.
    Positions,
}

impl Order {
    /// Its name in options and model files.
    pub fn name(self) -> &'static str {
        match self {
            Order::Text => "text",
            Order::Chunks { .. } => "chunks",
            Order::Positions => "positions",
        }
    }

    /// C, if the text is read in chunks.
    pub fn chunk(self) -> Option<usize> {
        match self {
            Order::Chunks { length } => Some(length),
            _ => None,
        }
    }
}

impl Default for Settings {
    /// [`Settings::DEFAULT`].
    fn default() -> Self {
        Settings::DEFAULT
    }
}

impl Settings {
    /// The assignment in its AdaGrad edition: m = 100, T = 25, eta = 0.1, sigma = 0.01, clip 5, epsilon 1e-8.
    pub const DEFAULT: Settings = Settings {
        hidden: 100,
        sequence_length: 25,
        batch_size: 1,
        symbols: Symbols::Characters,
        documents: false,
        validation: 0.0,
        order: Order::Text,
        optimizer: Optimizer::AdaGrad,
        learning_rate: Optimizer::AdaGrad.usual_learning_rate(),
        schedule: Schedule::Constant,
        epsilon: 1e-8,
        clip: 5.0,
        loss: Loss::Sum,
        initialization: Initialization::Normal { sigma: 0.01 },
        seed: 1,
    };

    /// The optimizer with all of its numbers in update t = 1, 2, ... Its eta is that of the schedule in update n = t - 1.
    pub fn rule(&self, t: u64) -> Rule {
        Rule {
            optimizer: self.optimizer,
            eta: self.learning_rate * self.schedule.factor(t.saturating_sub(1)),
            epsilon: self.epsilon,
            clip: self.clip,
            t,
        }
    }

    /// The number of characters that a loss covers: T for a sum, 1 for a mean. All losses of a run are in nats over
    /// this many characters.
    pub fn loss_characters(&self) -> usize {
        match self.loss {
            Loss::Sum => self.sequence_length,
            Loss::Mean => 1,
        }
    }

    /// The standard deviations of the initial U, W and V.
    pub fn deviations(&self, shape: Shape) -> [f64; 3] {
        let (m, K) = (shape.m() as f64, shape.K() as f64);
        match self.initialization {
            Initialization::Normal { sigma } => [sigma; 3],
            Initialization::FanIn => [2.0 * K, 2.0 * m, m].map(|variance| (1.0 / variance).sqrt()),
        }
    }

    /// floor(F N), the number of characters that are held out of a text of N characters. With documents it is the most:
    /// only whole documents are held out. F N is computed in doubles: 0.29 times 100 is below 29.
    ///
    /// ```
    /// use elman::Settings;
    /// let settings = Settings { validation: 0.1, ..Settings::default() };
    /// assert_eq!(settings.held_out(1_115_394), 111_539);
    /// ```
    pub fn held_out(&self, length: u64) -> u64 {
        // The conversion rounds down. Where N is not a double, the product may be above N.
        ((self.validation * length as f64) as u64).min(length)
    }

    /// The fewest characters that training needs: T + 1 for each sequence. With documents it is one character between
    /// two newlines; with chunks, a chunk for each sequence and one character more.
    pub fn least_characters(&self) -> usize {
        match self.order {
            _ if self.documents => 3,
            Order::Chunks { length } => self.batch_size.saturating_mul(length).saturating_add(1),
            _ => {
                let chunk = self.sequence_length.saturating_add(1);
                self.batch_size.saturating_mul(chunk)
            }
        }
    }

    /// The fewest characters that have to be held out: 0 without validation, otherwise 2: one input and its target. With
    /// chunks it is at least a whole chunk.
    pub fn least_held_out(&self) -> usize {
        if self.validation > 0.0 { self.order.chunk().unwrap_or(0).max(2) } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_settings_are_the_assignment_s() {
        let assignment = Settings {
            hidden: 100,
            sequence_length: 25,
            batch_size: 1,
            symbols: Symbols::Characters,
            documents: false,
            validation: 0.0,
            order: Order::Text,
            optimizer: Optimizer::AdaGrad,
            learning_rate: 0.1,
            schedule: Schedule::Constant,
            epsilon: 1e-8,
            clip: 5.0,
            loss: Loss::Sum,
            initialization: Initialization::Normal { sigma: 0.01 },
            seed: 1,
        };
        assert_eq!(Settings::default(), assignment);
        let adam = Settings {
            optimizer: Optimizer::Adam { beta1: 0.9, beta2: 0.999 },
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
            let settings = Settings { validation, ..Settings::default() };
            assert_eq!(settings.held_out(length), held_out, "{validation} {length}");
        }
    }
}
