//! What is wrong with somebody's arrays, by comparison with a [`crate::check::worked_case`].
//!
//! An array is right where no entry is off by more than [`SHARE`] of the case's largest entry in it,
//! [`NARROW_SHARE`] where it is no array of doubles, or [`NUMERICAL_SHARE`] where it is a numerical gradient.
//! The comparison is with the array's own size, because a mistake in a gradient of 1e-3, as untrained
//! networks have, is a small number that is all wrong. Two right programs in doubles differ by some 1e-14 of
//! it; in single precision, by some 1e-6; a derivative by two points of the loss leaves 1e-6 to 1e-9. Text and
//! indices have to be the same.
//!
//! An array that is not right is compared with what the known mistakes would make of the case. Where several
//! explain it, the reason is the first of them in the order of [`Reason`]. A mistake that would not show in the
//! case explains nothing.

mod given;
mod mistakes;
mod passes;
mod steps;

use crate::formats::array::Array;
use given::Given;
use std::fmt;

/// How much of its array's largest entry an entry may be off by.
pub const SHARE: f64 = 1e-8;
/// The same for numbers with fewer digits than doubles.
pub const NARROW_SHARE: f64 = 1e-4;
/// The same for numerical gradients.
pub const NUMERICAL_SHARE: f64 = 1e-4;
/// An array without a number other than 0 has only this.
const NOTHING: f64 = 1e-12;
/// What is explained by a mistake is so many times nearer to it than to what is right.
const NEARER: f64 = 4.0;
/// What is off in no more than this part of the entries that are not 0 is isolated.
const ISOLATED: usize = 10;

/// Why an array is wrong, in the order in which one is preferred to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// Rows and columns are exchanged, in the shape or in the order of the numbers.
    Transposed,
    /// Every number has the other sign: in an update, the step goes up instead of down.
    Sign,
    /// The mean over the steps instead of the sum, or divided by their number once more.
    Mean,
    /// The sum over the steps instead of the mean.
    Sum,
    /// Nothing comes back from later steps: dL/dh_t = V' g_t alone. In a forward pass: W h_{t-1} is left out.
    DirectTermOnly,
    /// Clipped: entry by entry, or by the norm.
    Clipped,
    /// h_t stands where h_{t-1} belongs, or the other way round.
    Swapped,
    /// A bias is left out, or its gradient is summed wrongly: over the wrong axis, not at all, or one step only.
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
    /// The update is made with a gradient that is not clipped.
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
    /// The update begins with zeros instead of with what the case remembers.
    NoMemory,
    /// The step is that of another optimiser: of AdaGrad, of RMSProp, or eta g alone.
    OtherOptimizer,
    /// A few entries alone.
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

/// What a comparison finds.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It is right.
    Right,
    /// The shape is right, the numbers are not.
    Wrong {
        /// Why.
        reason: Reason,
        /// Row and column of the largest difference, from 0: both for matrices, the row for vectors, neither for
        /// single numbers.
        place: Vec<usize>,
        /// The largest difference; NaN where there is one.
        difference: f64,
    },
    /// The shape is another.
    WrongShape {
        /// Why, where that can be told.
        reason: Option<Reason>,
        /// The shape.
        found: Vec<usize>,
        /// The one that it has to have.
        need: Vec<usize>,
    },
    /// It holds no numbers.
    NoNumbers {
        /// What the file calls their type.
        type_name: String,
    },
    /// The case has no array of this name.
    NoSuchArray,
}

/// Why some arrays are no worked case.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CaseError {
    /// An array is not there.
    Missing {
        /// Its name.
        name: String,
    },
    /// An array has another shape than the others ask for.
    WrongShape {
        /// Its name.
        name: String,
        /// Its shape.
        found: Vec<usize>,
    },
    /// An array holds something else than the numbers that belong there.
    WrongNumbers {
        /// Its name.
        name: String,
    },
}

impl fmt::Display for CaseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "not a case of elman check --write-case: ")?;
        match self {
            CaseError::Missing { name } => write!(f, "{name} is missing"),
            CaseError::WrongShape { name, found } => {
                write!(f, "{name} has the shape {}", Shown(found))
            }
            CaseError::WrongNumbers { name } => write!(f, "{name} holds other numbers"),
        }
    }
}

impl std::error::Error for CaseError {}

/// A shape as Python writes it.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a>(pub &'a [usize]);

impl fmt::Display for Shown<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lengths: Vec<String> = self.0.iter().map(usize::to_string).collect();
        let comma = if lengths.len() == 1 { "," } else { "" };
        write!(f, "({}{comma})", lengths.join(", "))
    }
}

/// A worked case to compare with.
#[derive(Clone, Debug)]
pub struct Known {
    arrays: Vec<Array<'static>>,
    given: Given,
}

impl Known {
    /// The case that some arrays make.
    ///
    /// # Errors
    /// [`CaseError`] where they make none.
    pub fn of(arrays: Vec<Array<'static>>) -> Result<Self, CaseError> {
        let given = Given::of(&arrays)?;
        for array in &arrays {
            let length: usize = array.shape.iter().product();
            if array
                .numbers()
                .is_some_and(|numbers| numbers.len() != length)
            {
                return Err(CaseError::WrongShape {
                    name: array.name.clone(),
                    found: array.shape.clone(),
                });
            }
        }
        Ok(Known { arrays, given })
    }

    /// The names of its arrays, in its order.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(|array| array.name.as_str())
    }

    /// Compares an array with the case's of the same name.
    pub fn compare(&self, mine: &Array) -> Finding {
        let right = self.arrays.iter().find(|array| array.name == mine.name);
        let Some((right, numbers)) = right.and_then(|right| Some((right, right.numbers()?))) else {
            return Finding::NoSuchArray;
        };
        match mine.numbers() {
            None => Finding::NoNumbers {
                type_name: mine.type_name.to_string(),
            },
            Some(found) if same_shape(&mine.shape, &right.shape) => {
                let compared = Compared::new(&right.name, &found, &numbers, share(mine));
                self.finding(&compared, &right.shape)
            }
            Some(found) => {
                let compared = Compared::new(&right.name, &found, &numbers, share(mine));
                Finding::WrongShape {
                    reason: self.shape_reason(&compared, &mine.shape, &right.shape),
                    found: mine.shape.clone(),
                    need: right.shape.clone(),
                }
            }
        }
    }

    fn finding(&self, compared: &Compared, shape: &[usize]) -> Finding {
        let tolerance = tolerance(compared.right, compared.share);
        let differences = compared.mine.iter().zip(compared.right);
        let differences = differences.map(|(mine, right)| {
            // Infinities are equal as well.
            if mine == right {
                0.0
            } else {
                (mine - right).abs()
            }
        });
        let (mut off, mut largest, mut at) = (0, 0.0, 0);
        for (index, difference) in differences.enumerate() {
            off += usize::from(difference.is_nan() || difference > tolerance);
            if difference > largest || (difference.is_nan() && !f64::is_nan(largest)) {
                (largest, at) = (difference, index);
            }
        }
        if off == 0 {
            return Finding::Right;
        }
        let alive = compared.mine.iter().zip(compared.right);
        let alive = alive
            .filter(|&(&mine, &right)| mine != 0.0 || right != 0.0)
            .count();
        let reason = self.given.reason(compared, shape);
        let reason = reason.unwrap_or({
            if (off == 1 && alive > 1) || off <= alive / ISOLATED {
                Reason::Entry
            } else {
                Reason::Unknown
            }
        });
        let place = match shape {
            [_, columns] => vec![at / columns, at % columns],
            [_] => vec![at],
            _ => vec![],
        };
        Finding::Wrong {
            reason,
            place,
            difference: largest,
        }
    }

    /// Why an array has another shape.
    fn shape_reason(&self, compared: &Compared, found: &[usize], need: &[usize]) -> Option<Reason> {
        let (found, need) = (without_ones(found), without_ones(need));
        match (&found[..], &need[..]) {
            (&[rows, columns], &[K, m]) if [rows, columns] == [m, K] => Some(Reason::Transposed),
            _ => self.given.shape_reason(compared, &found, &need),
        }
    }
}

/// An array beside the one that it should be.
struct Compared<'a> {
    name: &'a str,
    mine: &'a [f64],
    right: &'a [f64],
    share: f64,
}

impl<'a> Compared<'a> {
    fn new(name: &'a str, mine: &'a [f64], right: &'a [f64], share: f64) -> Self {
        Compared {
            name,
            mine,
            right,
            share,
        }
    }

    /// Whether it is what a mistake would make of the case, and much nearer to that than to what is right.
    fn is(&self, mistaken: &[f64]) -> bool {
        let off = distance(self.mine, mistaken);
        off <= tolerance(mistaken, self.share) && NEARER * off < distance(self.mine, self.right)
    }
}

/// The largest difference; infinite where there is none, or where one of two alone is NaN.
fn distance(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() {
        return f64::INFINITY;
    }
    let differences = x.iter().zip(y).map(|(x, y)| {
        // A NaN beside a NaN is no difference: a mistake may divide by 0 in both.
        if x.is_nan() && y.is_nan() {
            0.0
        } else {
            (x - y).abs()
        }
    });
    differences.fold(0.0, |largest: f64, difference| {
        if difference.is_nan() {
            f64::INFINITY
        } else {
            largest.max(difference)
        }
    })
}

/// How much an entry of a right array may be off by, in its own unit. Beside an infinite entry the others have to be
/// right as well.
fn tolerance(right: &[f64], share: f64) -> f64 {
    let finite = right.iter().filter(|x| x.is_finite());
    let largest = finite.fold(0.0, |largest: f64, x| largest.max(x.abs()));
    if largest == 0.0 && share > 0.0 {
        NOTHING
    } else {
        share * largest
    }
}

fn share(mine: &Array) -> f64 {
    match mine.name.as_str() {
        "text" | "vocabulary" | "inputs" | "targets" => 0.0,
        name if name.ends_with("_numerical") => NUMERICAL_SHARE,
        _ if mine.kind.is_narrow() => NARROW_SHARE,
        _ => SHARE,
    }
}

/// A column, or a row, is as good as a vector.
fn same_shape(found: &[usize], need: &[usize]) -> bool {
    without_ones(found) == without_ones(need)
}

fn without_ones(shape: &[usize]) -> Vec<usize> {
    shape
        .iter()
        .copied()
        .filter(|&length| length != 1)
        .collect()
}

#[cfg(test)]
mod tests;
