//! What a comparison can find: the causes of a wrong array, and the form of a right one.

use std::fmt;

/// Why an array is wrong. If several reasons explain it, the first in this order is given.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Reason {
    /// It has the numbers of another array of the case.
    OtherArray,
    /// Its numbers are in column order: rows and columns are exchanged.
    Transposed,
    /// Every number has the wrong sign: an update steps up instead of down.
    Sign,
    /// The mean over the steps instead of the sum, or divided by their number twice.
    Mean,
    /// The sum over the steps instead of the mean.
    Sum,
    /// The terms from later steps are missing: dL/dh_t = V' g_t alone. In a forward pass, W h_{t-1} is missing.
    DirectTermOnly,
    /// The terms from later steps are missing in some of the steps.
    DirectInSomeSteps,
    /// V' g_t is left out in all steps but the last.
    RecurrentTermOnly,
    /// h_t is used instead of h_{t-1}, or the other way round.
    Swapped,
    /// A bias is left out, or its gradient is summed over the wrong axis, not summed, or that of one step.
    Bias,
    /// The hidden state before the first step is left out.
    NoH0,
    /// A step too early or too late, or a step left out.
    OffByOne,
    /// One step only, instead of the sum.
    OneStep,
    /// One step's numbers at every step.
    SameStep,
    /// A value replaces the sum that it should be added to.
    Assigned,
    /// The slope of tanh, 1 - h^2, is left out or taken elsewhere.
    Slope,
    /// W is used instead of W', or the other way round.
    UntransposedW,
    /// Another function is used instead of tanh.
    Activation,
    /// The softmax is left out, or its sum is over other numbers than those of a step.
    Softmax,
    /// The 1 of a one-hot vector is one place too low or too high.
    OneHot,
    /// g_t is not p_t - y_t.
    Output,
    /// The terms from later steps are counted twice.
    CountedTwice,
    /// The terms from later steps are cut off after so many steps.
    Truncated(usize),
    /// The gradient is clipped to this bound in every step of the loop.
    ClippedInside(f64),
    /// In bits instead of nats.
    Bits,
    /// The update uses a gradient that is not clipped.
    NotClipped,
    /// The update uses a gradient that is clipped to another bound.
    OtherClip(f64),
    /// Adam's averages, or one of them, are not divided by 1 - beta^t.
    BiasCorrection,
    /// Epsilon is added to the square instead of the root.
    EpsilonInside,
    /// Epsilon is added to the root instead of the square.
    EpsilonOutside,
    /// beta1 is used instead of beta2, and beta2 instead of beta1.
    Betas,
    /// The number of the update t is one less or one more.
    UpdateNumber,
    /// The update begins with zeros instead of the optimizer's state in the case.
    NoMemory,
    /// The optimizer remembers the gradient instead of its square.
    NoSquare,
    /// The step is divided by the sum of squares instead of its root.
    NoRoot,
    /// The step is made with what the optimizer remembered before this update.
    OldMemory,
    /// The step of another optimizer: of AdaGrad, of RMSProp, or eta g alone.
    OtherOptimizer,
    /// Another learning rate.
    Eta(f64),
    /// Another epsilon.
    Epsilon(f64),
    /// Every number is too large by this factor.
    Factor(f64),
    /// Only a few entries are wrong.
    Entry,
    /// None of these.
    Unknown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match *self {
            Reason::OtherArray => "another array",
            Reason::Transposed => "transposed",
            Reason::Sign => "sign",
            Reason::Mean => "mean",
            Reason::Sum => "sum",
            Reason::DirectTermOnly => "direct term only",
            Reason::DirectInSomeSteps => "direct term only, in some steps",
            Reason::RecurrentTermOnly => "recurrent term only",
            Reason::Swapped => "h and h_prev swapped",
            Reason::Bias => "bias",
            Reason::OffByOne => "off by one in time",
            Reason::OneStep => "one step only",
            Reason::SameStep => "one step at every step",
            Reason::Assigned => "= for +=",
            Reason::Slope => "tanh slope",
            Reason::UntransposedW => "W and W' swapped",
            Reason::NoH0 => "h0 left out",
            Reason::Activation => "activation",
            Reason::Softmax => "softmax",
            Reason::OneHot => "one-hot off by one",
            Reason::Output => "not p - y",
            Reason::CountedTwice => "counted twice",
            Reason::Truncated(1) => return f.write_str("truncated after 1 step"),
            Reason::Truncated(steps) => return write!(f, "truncated after {steps} steps"),
            Reason::ClippedInside(bound) => {
                return write!(f, "clipped to {} in every step", Digits(bound));
            }
            Reason::Bits => "bits",
            Reason::NotClipped => "not clipped",
            Reason::OtherClip(bound) => return write!(f, "clipped to {}", Digits(bound)),
            Reason::BiasCorrection => "no bias correction",
            Reason::EpsilonInside => "epsilon inside the root",
            Reason::EpsilonOutside => "epsilon outside the root",
            Reason::Betas => "beta1 and beta2 swapped",
            Reason::UpdateNumber => "t off by one",
            Reason::NoMemory => "optimizer state left out",
            Reason::NoSquare => "no square",
            Reason::NoRoot => "no root",
            Reason::OldMemory => "old optimizer state",
            Reason::OtherOptimizer => "another optimizer",
            Reason::Eta(eta) => return write!(f, "learning rate {}", Digits(eta)),
            Reason::Epsilon(epsilon) => return write!(f, "epsilon {}", Digits(epsilon)),
            Reason::Factor(factor) => return write!(f, "factor {}", Digits(factor)),
            Reason::Entry => "entry",
            Reason::Unknown => "unknown",
        };
        f.write_str(word)
    }
}

/// A computed number, displayed as it was probably written: with at most four digits.
struct Digits(f64);

impl fmt::Display for Digits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rounded: f64 = format!("{:.3e}", self.0).parse().unwrap_or(self.0);
        if rounded != 0.0 && !(1e-3..1e6).contains(&rounded.abs()) {
            write!(f, "{rounded:e}")
        } else {
            write!(f, "{rounded}")
        }
    }
}

/// One mistake: its reason, and which of several mistakes with this reason it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Cause {
    /// The kind.
    pub reason: Reason,
    /// What exactly is wrong; empty if the reason says all.
    pub detail: String,
}

impl Cause {
    /// A cause.
    pub(super) fn new(reason: Reason, detail: impl Into<String>) -> Self {
        Cause { reason, detail: detail.into() }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.detail {
            "" => write!(f, "{}", self.reason),
            detail => write!(f, "{}, {detail}", self.reason),
        }
    }
}

/// How an array that is right differs from that of the case.
#[derive(Clone, Debug, PartialEq)]
pub enum Dress {
    /// Rows are columns.
    Transposed,
    /// Every entry is clipped to this bound.
    Clipped(f64),
    /// It is scaled so that its norm is this bound.
    ClippedNorm(f64),
    /// Numerical derivatives from one side, with their step.
    OneSided(f64),
    /// Numerical derivatives from both sides, with a step so large or small that it shows.
    Central(f64),
    /// Computed or stored in a type with fewer digits.
    Precision(&'static str),
    /// It is the array of this name in the case.
    Named(String),
}

impl fmt::Display for Dress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dress::Transposed => f.write_str("transposed"),
            Dress::Clipped(bound) => write!(f, "clipped to {}", Digits(*bound)),
            Dress::ClippedNorm(norm) => write!(f, "clipped to the norm {}", Digits(*norm)),
            Dress::OneSided(step) => write!(f, "one-sided differences, step {}", Digits(*step)),
            Dress::Central(step) => write!(f, "central differences, step {}", Digits(*step)),
            Dress::Precision(name) => f.write_str(name),
            Dress::Named(name) => write!(f, "as {name}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_short() {
        for (number, expected) in [
            (5.0, "5"),
            (0.1 + 0.2, "0.3"),
            (1.0 / 70.0, "0.01429"),
            (1e-8 * (1.0 + 1e-9), "1e-8"),
            (-25.0, "-25"),
            (0.0, "0"),
            (2.5e7, "2.5e7"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(Digits(number).to_string(), expected);
        }
    }

    #[test]
    fn a_cause_says_which() {
        let all = Cause::new(Reason::Slope, "1 - a^2");
        assert_eq!(all.to_string(), "tanh slope, 1 - a^2");
        assert_eq!(Cause::new(Reason::Truncated(3), "").to_string(), "truncated after 3 steps");
        assert_eq!(Dress::Clipped(5.0).to_string(), "clipped to 5");
    }
}
