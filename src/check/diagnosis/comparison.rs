//! Compares the arrays of another program with those of a worked case.

use super::finding::{Comparison, Finding};
use super::given::Given;
use super::inputs::NAMES;
use super::known::WorkedCase;
use super::names::known_as;
use super::program::Program;
use super::reason::{Dress, Reason};
use super::subject::TOLERANCE;
use super::target::Target;
use crate::formats::array::Array;

impl WorkedCase {
    /// Compares an array alone.
    pub fn compare(&self, mine: &Array) -> Finding {
        let mut compared = self.compare_all(std::slice::from_ref(mine));
        compared.pop().map_or(Finding::NoSuchArray, |one| one.finding)
    }

    /// Compares the arrays of one program, in the order of the case. Arrays that the case does not have come last.
    pub fn compare_all(&self, arrays: &[Array]) -> Vec<Comparison> {
        let given = self.given(arrays);
        let plain = self.diagnosed(given);
        let gradients = self.renamed_gradients(arrays, &plain);
        let mut all = gradients.unwrap_or(plain);
        let known: Vec<usize> = all.iter().map(|(file, _)| *file).collect();
        let foreign = (0..arrays.len()).filter(|file| !known.contains(file));
        let foreign: Vec<(usize, Comparison)> = foreign
            .map(|file| {
                let name = arrays[file].name.clone();
                (file, Comparison { name, place: None, finding: Finding::NoSuchArray })
            })
            .collect();
        all.sort_by_key(|(_, one)| one.place);
        all.into_iter().chain(foreign).map(|(_, one)| one).collect()
    }

    /// The arrays that the case has as well.
    fn given(&self, arrays: &[Array]) -> Vec<Given> {
        let names: Vec<&str> = self.names().collect();
        let mut given = Vec::new();
        for (file, array) in arrays.iter().enumerate() {
            let known = known_as(&array.name, &names);
            let places: Vec<usize> = known.iter().filter_map(|name| self.place(name)).collect();
            let is_right = |place: &usize| {
                let numbers = (array.numbers(), self.arrays[*place].numbers());
                let (Some(mine), Some(right)) = numbers else {
                    return false;
                };
                mine.len() == right.len()
                    && self.subject(*place, &mine, &right, TOLERANCE).is_right()
            };
            let place = places.iter().find(|place| is_right(place)).or(places.last());
            if let Some(&place) = place {
                given.push(Given::new(file, array, place, &self.arrays[place]));
            }
        }
        given
    }

    /// If gradients are saved under the names of the weights: the findings about them as gradients.
    fn renamed_gradients(
        &self,
        arrays: &[Array],
        plain: &[(usize, Comparison)],
    ) -> Option<Vec<(usize, Comparison)>> {
        let of_weights = |one: &Comparison| {
            let place = one.place.map(|place| self.arrays[place].name.as_str());
            place.is_some_and(|name| NAMES.contains(&name))
        };
        let weights: Vec<&(usize, Comparison)> =
            plain.iter().filter(|(_, one)| of_weights(one)).collect();
        let is_gradient_given = plain.iter().any(|(_, one)| {
            let name = one.place.map(|place| self.arrays[place].name.as_str());
            name.is_some_and(|name| {
                name.len() == 2 && matches!(Target::of(name), Target::Gradient(_))
            })
        });
        let is_any_right = weights.iter().any(|(_, one)| one.finding.is_right());
        if weights.is_empty() || is_any_right || is_gradient_given {
            return None;
        }
        let mut given = self.given(arrays);
        for one in &mut given {
            let name = self.arrays[one.place].name.as_str();
            if !NAMES.contains(&name) {
                continue;
            }
            let gradient = format!("d{name}");
            let place = self.place(&gradient)?;
            *one = Given::new(one.file, &arrays[one.file], place, &self.arrays[place]);
            one.dress.push(Dress::Named(gradient));
        }
        let renamed = self.diagnosed(given);
        // One array is some factor of another by chance, several are not.
        let factors: Vec<f64> = renamed.iter().filter_map(|(_, one)| one.factor()).collect();
        let is_one_factor = factors.len() > 1
            && factors.iter().all(|factor| (factor / factors[0] - 1.0).abs() < 1e-6);
        let is_told = |(_, one): &(usize, Comparison)| match &one.finding {
            Finding::Right(dress) => dress.iter().any(|dress| matches!(dress, Dress::Named(_))),
            Finding::Wrong(wrong) => {
                wrong.dress.iter().any(|dress| matches!(dress, Dress::Named(_)))
                    && match wrong.causes[0].reason {
                        Reason::Unknown | Reason::Entry => false,
                        Reason::Factor(_) => is_one_factor,
                        _ => true,
                    }
            }
            _ => false,
        };
        renamed.iter().any(is_told).then_some(renamed)
    }

    fn diagnosed(&self, given: Vec<Given>) -> Vec<(usize, Comparison)> {
        let mut program = Program::new(self, given);
        program.run();
        program.comparisons()
    }
}
