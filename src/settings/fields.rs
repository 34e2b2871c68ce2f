//! The settings, and the enums of their choices.

use crate::network::optimizer::{Optimizer, Rule};
use crate::network::parameters::Shape;
use crate::settings::schedule::Schedule;

/// Everything that decides what is learned from a text. Each field names its default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Settings {
    /// m, the number of hidden units. The default is 100.
    pub hidden: usize,
    /// T, the number of characters that one update reads from each sequence of the batch. The default is 25.
    pub sequence_length: usize,
    /// B, the batch size: the number of sequences that are read in parallel. Each has its own part of the text and its
    /// own hidden state. The default is 1.
    pub batch_size: usize,
    /// Whether the text is read as characters or as bytes. The default is characters.
    pub symbols: Symbols,
    /// Whether each line of the text is a document of its own. A document is read from h = 0, after a newline, and ends
    /// with a newline. The default is false: the text is one sequence of characters.
    pub documents: bool,
    /// F, the fraction of the text that is held out for validation, from 0 to below 1. It is the end of the text, and
    /// no update reads it: see [`Settings::held_out`]. The default is 0.
    pub validation: f64,
    /// The order in which the text is read. The default is [`Order::Text`].
    pub order: Order,
    /// The optimizer, with its own numbers. The default is [`Optimizer::AdaGrad`].
    pub optimizer: Optimizer,
    /// eta, the learning rate of the optimizer. The default is 0.1, the usual one of AdaGrad. Another optimizer needs
    /// another: see [`Optimizer::usual_learning_rate`].
    pub learning_rate: f64,
    /// How the learning rate changes over the run. The default is [`Schedule::Constant`].
    pub schedule: Schedule,
    /// The epsilon of the optimizer. The default is 1e-8.
    pub epsilon: f64,
    /// Every entry of a gradient is clipped to `[-clip, clip]`. Infinity means no clipping. The default is 5.
    pub clip: f64,
    /// Whether the loss of an update is the sum or the mean of the losses of its characters. The default is
    /// [`Loss::Sum`].
    pub loss: Loss,
    /// How the initial U, W and V are drawn. The default is [`Initialization::Normal`] with a sigma of 0.01.
    pub initialization: Initialization,
    /// The seed of all random numbers. The default is 1.
    pub seed: u64,
}

/// The units that a text is read in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Symbols {
    /// Unicode scalar values, read from UTF-8.
    #[default]
    Characters,
    /// Bytes, in any encoding. In a vocabulary, the character U+00b stands for byte b.
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

/// Whether the loss of an update is the sum or the mean over its T characters. With a batch it is also the mean over
/// the sequences.
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
    /// U, W and V from N(0, sigma^2).
    Normal {
        /// The standard deviation.
        sigma: f64,
    },
    /// By fan-in: U from N(0, 1/(2K)), W from N(0, 1/(2m)) and V from N(0, 1/m). U and W have the 2 because U x and W h
    /// are added.
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
/// The training text has L characters; the held-out text is not part of it. An update reads T characters of each of the
/// B sequences. It also reads the character after them, which is the last target. The first sequence and the first epoch
/// have the number 0. An epoch ends when it has no update left. What a resumed run reads follows from the seed, the epoch, the number
/// of updates, and the number of characters that every sequence has read in the epoch
/// ([`State::position`](crate::model::State::position)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// From the start of the text to its end. Sequence s has the `n = floor(L / B)` characters from s n on. It reads T of
    /// them an update, and carries its hidden state from update to update. An epoch is `floor((n - 1) / T)` updates. With
    /// documents, each document begins with h = 0, and an update ends where its document ends.
    #[default]
    Text,
    /// In chunks of C characters, C >= T, which are shuffled for every epoch.
    ///
    /// There are n = floor((L - 1) / C) chunks; chunk i has the characters from C i on. A chunk is read in floor(C / T)
    /// consecutive updates. The first begins with h = 0, the others carry the hidden state along. B chunks are read in
    /// parallel: in group g of an epoch, sequence s reads chunk `p[B g + s]`. An epoch is floor(n / B) groups, and does
    /// not read the chunks that are left over.
    ///
    /// The permutation p is a Fisher-Yates shuffle of 0, 1, ..., n - 1: for i = n - 1, n - 2, ..., 1 it exchanges
    /// `p[i]` and `p[j]`. j is drawn from 0 to i by the generator of [`Stream::Order`](crate::random::Stream::Order)
    /// and the epoch.
    Chunks {
        /// C, the number of characters in a chunk.
        length: usize,
    },
    /// At random positions. Every update begins with h = 0 in each sequence, at a character from 0 to L - T - 1, all
    /// equally likely. The positions are drawn for one sequence after another, by the generator of
    /// [`Stream::Order`](crate::random::Stream::Order) and the number of the update. An epoch has as many updates as in
    /// text order.
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

    /// C, or `None` if the text is not read in chunks.
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
    /// The default settings: the assignment in its AdaGrad edition. m = 100, T = 25, eta = 0.1, sigma = 0.01, clip = 5
    /// and epsilon = 1e-8.
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

    /// The optimizer with all of its numbers in update t = 1, 2, ... The schedule gives its eta, for n = t - 1.
    pub fn rule(&self, t: u64) -> Rule {
        Rule {
            optimizer: self.optimizer,
            eta: self.learning_rate * self.schedule.factor(t.saturating_sub(1)),
            epsilon: self.epsilon,
            clip: self.clip,
            t,
        }
    }

    /// The number of characters that a loss covers: T for a sum, 1 for a mean. The training, smooth and validation
    /// losses of a run are in nats over this many characters.
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

    /// floor(F N), the number of characters that are held out of a text of N characters. F N is computed in doubles:
    /// with F = 0.29 and N = 100 it is below 29, so 28 characters are held out. With documents the number may be
    /// smaller, because only whole documents are held out.
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

    /// The smallest number of characters that training needs: B (T + 1). With chunks it is B C + 1, and with documents
    /// 3: one character between two newlines.
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

    /// The smallest number of characters that have to be held out: 0 without validation, otherwise 2, an input and its
    /// target. With chunks it is at least C.
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
