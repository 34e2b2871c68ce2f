//! An array beside another: how near they are.
//!
//! An array is right if no entry is off by more than [`TOLERANCE`] of the case's largest entry in it,
//! [`NARROW_TOLERANCE`] if it has fewer digits than doubles, or [`NUMERICAL_TOLERANCE`] if it is a numerical gradient. The
//! tolerance is relative to the array's own size, because a mistake in a gradient of 1e-3, as untrained networks have,
//! is a small number that is all wrong. Two right programs in doubles differ by about 1e-14 of it, in single precision
//! by about 1e-6; a derivative by two points of the loss leaves 1e-6 to 1e-9. Text and indices have to be equal.

use crate::formats::array::Array;

/// By how much of its array's largest entry an entry may be off.
pub const TOLERANCE: f64 = 1e-8;
/// The same for numbers with fewer digits than doubles.
pub const NARROW_TOLERANCE: f64 = 1e-4;
/// The same for numerical gradients.
pub const NUMERICAL_TOLERANCE: f64 = 1e-4;
/// By how much an entry may be off if all entries of the right array are 0.
const OF_ZEROS: f64 = 1e-12;
/// An array that a mistake explains is so many times nearer to it than to the right array.
const NEARER: f64 = 4.0;

/// An array and the one that it should be.
pub(super) struct ArrayPair<'a> {
    pub name: &'a str,
    pub mine: &'a [f64],
    pub right: &'a [f64],
    /// By how much of the array's largest entry an entry may be off.
    pub tolerance: f64,
}

impl ArrayPair<'_> {
    /// Whether the array is what a mistake would make of the case, and much nearer to that than to the right one.
    pub fn is(&self, mistaken: &[f64]) -> bool {
        let off = distance(self.mine, mistaken);
        off <= self.allowed(mistaken) && NEARER * off < distance(self.mine, self.right)
    }

    /// By how much an entry may differ from one of `right`, in its own unit. Beside infinite entries the others have to
    /// be right as well.
    pub fn allowed(&self, right: &[f64]) -> f64 {
        let finite = right.iter().filter(|x| x.is_finite());
        let largest = finite.fold(0.0, |largest: f64, x| largest.max(x.abs()));
        if largest == 0.0 && self.tolerance > 0.0 { OF_ZEROS } else { self.tolerance * largest }
    }
}

/// The largest difference of two entries; infinite if the lengths differ, or if one of two entries is NaN.
pub(super) fn distance(x: &[f64], y: &[f64]) -> f64 {
    if x.len() != y.len() {
        return f64::INFINITY;
    }
    let differences = x.iter().zip(y).map(|(x, y)| match (x - y).abs() {
        // Two NaN are no difference: both may come from the same division by 0.
        _ if x.is_nan() && y.is_nan() => 0.0,
        difference if difference.is_nan() => f64::INFINITY,
        difference => difference,
    });
    differences.fold(0.0, f64::max)
}

/// The tolerance for an array of somebody's.
pub(super) fn tolerance(mine: &Array) -> f64 {
    match mine.name.as_str() {
        "text" | "vocabulary" | "inputs" | "targets" => 0.0,
        name if name.ends_with("_numerical") => NUMERICAL_TOLERANCE,
        _ if mine.kind.is_narrow() => NARROW_TOLERANCE,
        _ => TOLERANCE,
    }
}
