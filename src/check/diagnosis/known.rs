//! A worked case that was read from a file.

use super::inputs::{CaseError, CaseInputs};
use super::subject::{Sizes, Subject};
use super::target::Target;
use crate::formats::array::Array;

/// A worked case to compare with, made from its arrays.
#[derive(Clone, Debug)]
pub struct WorkedCase {
    pub(super) arrays: Vec<Array<'static>>,
    pub(super) inputs: CaseInputs,
}

impl WorkedCase {
    /// Makes a case from its arrays.
    ///
    /// # Errors
    /// [`CaseError`] if an array is missing, or has another shape or other numbers than a case.
    pub fn from_arrays(arrays: Vec<Array<'static>>) -> Result<Self, CaseError> {
        let inputs = CaseInputs::from_arrays(&arrays)?;
        for array in &arrays {
            let length: usize = array.shape.iter().product();
            let numbers = array.numbers();
            let shape = inputs.parameters.shape();
            let need = Target::shape(&array.name, inputs.T, shape.m(), shape.K());
            let has_shape = need.is_none_or(|need| need == array.shape);
            if !has_shape || numbers.is_some_and(|numbers| numbers.len() != length) {
                return Err(CaseError::shape(array));
            }
        }
        Ok(WorkedCase { arrays, inputs })
    }

    /// The names of the arrays, in the order of the case.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.arrays.iter().map(|array| array.name.as_str())
    }

    /// The index of the array with this name.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.arrays.iter().position(|array| array.name == name)
    }

    /// Prepares a comparison with the array at an index of the case.
    pub(super) fn subject<'a>(
        &'a self,
        place: usize,
        mine: &'a [f64],
        right: &'a [f64],
        tolerance: f64,
    ) -> Subject<'a> {
        let array = &self.arrays[place];
        let origin = match Target::of(&array.name) {
            Target::After(part, _) if Target::stage(&array.name) == 12 => self.inputs.part(part),
            _ => &[],
        };
        let shape = self.inputs.parameters.shape();
        let sizes = Sizes {
            T: self.inputs.T,
            m: shape.m(),
            K: shape.K(),
            divisor: self.inputs.divisor,
            clip: self.inputs.rule.clip,
            eta: self.inputs.rule.eta,
        };
        Subject::new((&array.name, &array.shape), (mine, right, origin), tolerance, sizes)
    }
}
