//! The arrays of another program by their names in the case. Its later arrays are computed from them.

use std::collections::BTreeMap;

/// Arrays in the shape of the case, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Own(BTreeMap<String, Vec<f64>>);

impl Own {
    /// The array of this name.
    pub fn get(&self, name: &str) -> Option<&[f64]> {
        self.0.get(name).map(Vec::as_slice)
    }

    /// Adds an array.
    pub fn insert(&mut self, name: &str, values: Vec<f64>) {
        self.0.insert(name.to_string(), values);
    }

    /// Whether there are no arrays.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
