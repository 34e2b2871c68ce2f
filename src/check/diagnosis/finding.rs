//! What a comparison finds.

use super::reason::{Cause, Dress, Reason};
use super::steps::Steps;

/// An array of another program, compared with the case.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// Its name in the file.
    pub name: String,
    /// The index in the case of the array that it is compared with; `None` if there is no such array.
    pub place: Option<usize>,
    /// The result.
    pub finding: Finding,
}

impl Comparison {
    /// The factor by which the array is wrong, if a factor explains it.
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
    /// The array is right, perhaps in another form.
    Right(Vec<Dress>),
    /// The array is right for the program's own arrays that it was computed from, and these are wrong.
    Follows {
        /// The names of these arrays.
        from: Vec<String>,
    },
    /// The shape is right, the numbers are not.
    Wrong(Wrong),
    /// The shape is wrong.
    WrongShape {
        /// Why, if it is known.
        cause: Option<Cause>,
        /// The shape of the array.
        found: Vec<usize>,
        /// The shape that it has to have.
        need: Vec<usize>,
    },
    /// The array holds no numbers.
    NoNumbers {
        /// The type, as the file names it.
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
    /// How else it differs, without being wrong.
    pub dress: Vec<Dress>,
    /// The steps in which it is wrong, if it is right in others.
    pub steps: Option<Steps>,
    /// The row and column of the largest difference, from 0. A matrix has both, a vector the row only, a single number
    /// neither.
    pub place: Vec<usize>,
    /// The largest difference. NaN if one is NaN.
    pub difference: f64,
    /// The names of the arrays that are wrong because this one is.
    pub followers: Vec<String>,
}

impl Finding {
    /// Whether the array is right, in whatever form.
    pub fn is_right(&self) -> bool {
        matches!(self, Finding::Right(_))
    }
}
