//! An array of a file beside the one of the case.

use super::finding::Finding;
use super::names::{Lie, lie, without_ones};
use super::reason::Dress;
use crate::formats::array::{Array, Kind};
use crate::network::reference::transpose;

/// An array of another program that the case has too.
pub(super) struct Given {
    /// Its index in the file.
    pub file: usize,
    pub name: String,
    /// Its index in the case.
    pub place: usize,
    pub dress: Vec<Dress>,
    pub lie: Lie,
    pub shape: Vec<usize>,
    pub kind: Kind,
    pub type_name: String,
    /// The numbers in the order of the case.
    pub mine: Option<Vec<f64>>,
    pub finding: Option<Finding>,
}

impl Given {
    pub fn new(file: usize, array: &Array, place: usize, known: &Array) -> Self {
        let mut given = Given {
            file,
            name: array.name.clone(),
            place,
            dress: Vec::new(),
            lie: lie(&array.shape, &known.shape),
            shape: array.shape.clone(),
            kind: array.kind,
            type_name: array.type_name.to_string(),
            mine: array.numbers().map(|numbers| numbers.into_owned()),
            finding: None,
        };
        if given
            .mine
            .as_ref()
            .is_some_and(|mine| mine.len() != array.shape.iter().product::<usize>())
        {
            given.mine = None;
        }
        if given.lie == Lie::Turned {
            given.turn();
        }
        given
    }

    /// Transposes it.
    pub fn turn(&mut self) {
        let shape = without_ones(&self.shape);
        if let (&[rows, count], Some(mine)) = (&shape[..], &mut self.mine) {
            *mine = transpose(mine, rows, count);
            self.dress.insert(0, Dress::Transposed);
        }
    }

    pub fn is_turned(&self) -> bool {
        self.dress.contains(&Dress::Transposed)
    }
}
