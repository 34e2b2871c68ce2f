//! The reasons that a comparison can give.

use std::fmt;

/// Why an array is wrong. Of several reasons that explain it, the first is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Rows and columns are exchanged, in the shape or in the order of the numbers.
    Transposed,
    /// Every number has the wrong sign: an update steps up instead of down.
    Sign,
    /// The mean over the steps instead of the sum, or divided by their number twice.
    Mean,
    /// The sum over the steps instead of the mean.
    Sum,
    /// Nothing comes back from later steps: dL/dh_t = V' g_t alone. In a forward pass, W h_{t-1} is left out.
    DirectTermOnly,
    /// Clipped entry by entry, or by the norm.
    Clipped,
    /// h_t stands where h_{t-1} belongs, or the other way round.
    Swapped,
    /// A bias is left out, or its gradient is summed over the wrong axis, not summed, or that of one step.
    Bias,
    /// A step too early or too late, or a step left out.
    OffByOne,
    /// One step only, instead of the sum.
    OneStep,
    /// The slope of tanh, 1 - h^2, is left out or taken elsewhere.
    Slope,
    /// W stands where W' belongs, or the other way round.
    UntransposedW,
    /// The hidden state before the first step is left out.
    NoH0,
    /// In bits instead of nats.
    Bits,
    /// The update uses a gradient that is not clipped.
    NotClipped,
    /// Adam's averages, or one of them, are not divided by 1 - beta^t.
    BiasCorrection,
    /// Epsilon is added to the square instead of the root.
    EpsilonInside,
    /// Epsilon is added to the root instead of the square.
    EpsilonOutside,
    /// beta1 stands where beta2 belongs, and the other way round.
    Betas,
    /// The number of the update t is one less or one more.
    UpdateNumber,
    /// The update begins with zeros instead of the optimizer's numbers in the case.
    NoMemory,
    /// The step of another optimizer: of AdaGrad, of RMSProp, or eta g alone.
    OtherOptimizer,
    /// Only a few entries are wrong.
    Entry,
    /// None of these.
    Unknown,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Reason::Transposed => "transposed",
            Reason::Sign => "sign",
            Reason::Mean => "mean",
            Reason::Sum => "sum",
            Reason::DirectTermOnly => "direct term only",
            Reason::Clipped => "clipped",
            Reason::Swapped => "h and h_prev swapped",
            Reason::Bias => "bias",
            Reason::OffByOne => "off by one in time",
            Reason::OneStep => "one step only",
            Reason::Slope => "tanh slope",
            Reason::UntransposedW => "W and W' swapped",
            Reason::NoH0 => "h0 left out",
            Reason::Bits => "bits",
            Reason::NotClipped => "not clipped",
            Reason::BiasCorrection => "no bias correction",
            Reason::EpsilonInside => "epsilon inside the root",
            Reason::EpsilonOutside => "epsilon outside the root",
            Reason::Betas => "beta1 and beta2 swapped",
            Reason::UpdateNumber => "t off by one",
            Reason::NoMemory => "memory left out",
            Reason::OtherOptimizer => "another optimizer",
            Reason::Entry => "entry",
            Reason::Unknown => "unknown",
        })
    }
}
