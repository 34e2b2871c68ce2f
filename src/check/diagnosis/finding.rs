//! What a comparison finds.

use super::reason::{Cause, Dress, Reason};
use super::steps::Steps;

/// An array of somebody's, compared.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its name in the file.
    pub name: String,
    /// The place in the case of the array that it is compared with; `None` if there is no such array.
    pub place: Option<usize>,
    /// The result.
    pub finding: Finding,
}

impl Comparison {
    /// The factor by which the array is wrong, if that explains it.
    pub(super) fn factor(&self) -> Option<f64> {
        match &self.finding {
            Finding::Wrong(wrong) => match wrong.causes[..] {
                [Cause { reason: Reason::Factor(factor), .. }] => Some(factor),
                _ => None,
            },
            _ => None,
        }
    }
}

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The array is right, perhaps in another dress.
    Right(Vec<Dress>),
    /// The array is right for somebody's own arrays that it was computed from, and these are wrong.
    Follows {
        /// The names of these.
        from: Vec<String>,
    },
    /// The shape is right, the numbers are not.
    Wrong(Wrong),
    /// The shape is wrong.
    WrongShape {
        /// Why, if that can be told.
        cause: Option<Cause>,
        /// The shape of the array.
        found: Vec<usize>,
        /// The shape that it has to have.
        need: Vec<usize>,
    },
    /// The array holds no numbers.
    NoNumbers {
        /// The type in the words of the file.
        type_name: String,
    },
    /// The case has no array of this name.
    NoSuchArray,
}

/// What is wrong with an array of the right shape.
#[derive(Clone, Debug, PartialEq)]
pub struct Wrong {
    /// The mistakes that explain it, one or two.
    pub causes: Vec<Cause>,
    /// In what else it differs, without being wrong.
    pub dress: Vec<Dress>,
    /// The steps in which it is wrong, if there are others.
    pub steps: Option<Steps>,
    /// The row and column of the largest difference, from 0: both for matrices, the row for vectors, neither for
    /// single numbers.
    pub place: Vec<usize>,
    /// The largest difference; NaN if one is NaN.
    pub difference: f64,
    /// The names of the arrays that follow from this one.
    pub followers: Vec<String>,
}

impl Finding {
    /// Whether the array is right, in whatever dress.
    pub fn is_right(&self) -> bool {
        matches!(self, Finding::Right(_))
    }
}
