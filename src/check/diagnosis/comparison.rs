//! The comparison of an array with that of a worked case.

use super::array_pair::{ArrayPair, tolerance};
use super::inputs::{CaseError, CaseInputs};
use super::reason::Reason;
use crate::formats::array::Array;

/// If no more than this part of the entries that are not 0 is off, the error is in single entries.
const ISOLATED: usize = 10;

/// The result of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The array is right.
    Right,
    /// The shape is right, the numbers are not.
    Wrong {
        /// Why.
        reason: Reason,
        /// The row and column of the largest difference, from 0: both for matrices, the row for vectors, neither for
        /// single numbers.
        place: Vec<usize>,
        /// The largest difference; NaN if one is NaN.
        difference: f64,
    },
    /// The shape is wrong.
    WrongShape {
        /// Why, if that can be told.
        reason: Option<Reason>,
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

/// A worked case, read back from its arrays, to compare with.
#[derive(Clone, Debug)]
pub struct WorkedCase {
    pub(super) arrays: Vec<Array<'static>>,
    inputs: CaseInputs,
}

impl WorkedCase {
    /// Makes a case of its arrays.
    ///
    /// # Errors
    /// [`CaseError`] if an array is missing, or has another shape or other numbers than a case.
    pub fn from_arrays(arrays: Vec<Array<'static>>) -> Result<Self, CaseError> {
        let inputs = CaseInputs::from_arrays(&arrays)?;
        for array in &arrays {
            let length: usize = array.shape.iter().product();
            let numbers = array.numbers();
            if numbers.is_some_and(|numbers| numbers.len() != length) {
                return Err(CaseError::shape(array));
            }
        }
        Ok(WorkedCase { arrays, inputs })
    }

    /// The names of the arrays, in the order of the case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(|array| array.name.as_str())
    }

    /// Compares an array with that of the same name in the case.
    pub fn compare(&self, mine: &Array) -> Finding {
        let right = self.arrays.iter().find(|array| array.name == mine.name);
        let Some((right, numbers)) = right.and_then(|right| Some((right, right.numbers()?))) else {
            return Finding::NoSuchArray;
        };
        let Some(found) = mine.numbers() else {
            return Finding::NoNumbers { type_name: mine.type_name.to_string() };
        };
        let pair = ArrayPair {
            name: &right.name,
            mine: &found,
            right: &numbers,
            tolerance: tolerance(mine),
        };
        // A row or a column is as good as a vector.
        if without_ones(&mine.shape) == without_ones(&right.shape) {
            self.finding(&pair, &right.shape)
        } else {
            Finding::WrongShape {
                reason: self.shape_reason(&pair, &mine.shape, &right.shape),
                found: mine.shape.clone(),
                need: right.shape.clone(),
            }
        }
    }

    fn finding(&self, pair: &ArrayPair, shape: &[usize]) -> Finding {
        let allowed = pair.allowed(pair.right);
        let differences = pair.mine.iter().zip(pair.right);
        let differences = differences.map(|(mine, right)| {
            // Equal infinities are no difference.
            if mine == right { 0.0 } else { (mine - right).abs() }
        });
        let (mut off, mut largest, mut at) = (0, 0.0, 0);
        for (index, difference) in differences.enumerate() {
            off += usize::from(difference.is_nan() || difference > allowed);
            if difference > largest || (difference.is_nan() && !f64::is_nan(largest)) {
                (largest, at) = (difference, index);
            }
        }
        if off == 0 {
            return Finding::Right;
        }
        let alive = pair.mine.iter().zip(pair.right);
        let alive = alive.filter(|&(&mine, &right)| mine != 0.0 || right != 0.0).count();
        let reason = self.inputs.reason(pair, shape);
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
        Finding::Wrong { reason, place, difference: largest }
    }

    /// Why an array has another shape.
    fn shape_reason(&self, pair: &ArrayPair, found: &[usize], need: &[usize]) -> Option<Reason> {
        let (found, need) = (without_ones(found), without_ones(need));
        match (&found[..], &need[..]) {
            (&[rows, columns], &[K, m]) if [rows, columns] == [m, K] => Some(Reason::Transposed),
            _ => self.inputs.shape_reason(pair, &found, &need),
        }
    }
}

/// A shape without its lengths of 1.
fn without_ones(shape: &[usize]) -> Vec<usize> {
    shape.iter().copied().filter(|&length| length != 1).collect()
}
