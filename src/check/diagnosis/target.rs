//! What the name of an array means: its place in the equations, and the arrays that it is computed from.

use super::backward::Terms;
use super::forward::Pass;
use super::inputs::NAMES;
use super::update::Entry;

/// Picks an array of a forward pass.
pub(super) type OfPass = fn(&Pass) -> &[f64];
/// Picks an array of backpropagation.
pub(super) type OfTerms = fn(&Terms) -> &[f64];
/// Picks a number of an entry.
pub(super) type OfEntry = fn(Entry) -> f64;

/// The place of an array in the equations.
#[derive(Clone, Copy)]
pub(super) enum Target {
    /// An input of the case, or a number that nothing else is computed from.
    Input,
    /// An array of the forward pass.
    Pass(OfPass),
    /// An array of backpropagation, step by step.
    Terms(OfTerms),
    /// The gradient of U, W, V, b or c.
    Gradient(usize),
    /// The result of an update: a parameter, or a part of the optimizer's state.
    After(usize, OfEntry),
}

/// The numbers of an entry after an update, by the prefixes that a case has for them.
const AFTER: [(&str, OfEntry); 4] = [
    ("G_", |entry| entry.squares),
    ("m_", |entry| entry.average),
    ("v_", |entry| entry.squares),
    ("", |entry| entry.theta),
];

const PASS: [(&str, OfPass); 6] = [
    ("a", |pass| &pass.a),
    ("h", |pass| &pass.h[pass.h.len() - pass.a.len()..]),
    ("o", |pass| &pass.o),
    ("p", |pass| &pass.p),
    ("losses", |pass| &pass.losses),
    ("loss", |pass| &pass.loss),
];

const TERMS: [(&str, OfTerms); 3] =
    [("g", |terms| &terms.g), ("dh", |terms| &terms.dh), ("da", |terms| &terms.da)];

/// The arrays that each array is computed from.
const PARENTS: [(&str, &[&str]); 14] = [
    ("a", &["U", "W", "b", "h0"]),
    ("h", &["a"]),
    ("o", &["h", "V", "c"]),
    ("p", &["o"]),
    ("losses", &["p"]),
    ("loss", &["losses"]),
    ("g", &["p"]),
    ("dh", &["g", "V", "W"]),
    ("da", &["dh", "h"]),
    ("dU", &["da"]),
    ("dW", &["da", "h"]),
    ("dV", &["g", "h"]),
    ("db", &["da"]),
    ("dc", &["g"]),
];

impl Target {
    /// The target that a name of the case stands for.
    pub fn of(name: &str) -> Self {
        if let Some((_, get)) = PASS.iter().find(|(known, _)| *known == name) {
            return Target::Pass(*get);
        }
        if let Some((_, get)) = TERMS.iter().find(|(known, _)| *known == name) {
            return Target::Terms(*get);
        }
        let part_of = |base: &str| NAMES.iter().position(|known| *known == base);
        let stripped = name.strip_suffix("_numerical").unwrap_or(name);
        if let Some(part) = stripped.strip_prefix('d').and_then(part_of) {
            return Target::Gradient(part);
        }
        let after = name.strip_suffix("_after").and_then(|base| {
            let part = |letter: &str| base.strip_prefix(letter).and_then(part_of);
            AFTER.iter().find_map(|(letter, number)| Some(Target::After(part(letter)?, *number)))
        });
        after.unwrap_or(Target::Input)
    }

    /// The shape of the array with this name in a case of these sizes; `None` for one that nothing is computed from.
    pub fn shape(name: &str, T: usize, m: usize, K: usize) -> Option<Vec<usize>> {
        let of_part =
            |part: usize| [vec![m, K], vec![m, m], vec![K, m], vec![m], vec![K]][part].clone();
        Some(match (Target::of(name), name) {
            (Target::Gradient(part) | Target::After(part, _), _) => of_part(part),
            (Target::Pass(_) | Target::Terms(_), name) => match name {
                "o" | "p" | "g" => vec![T, K],
                "losses" => vec![T],
                "loss" => vec![],
                _ => vec![T, m],
            },
            (Target::Input, _) => return None,
        })
    }

    /// Arrays of one stage are explained together, after those of the stages before.
    pub fn stage(name: &str) -> usize {
        let passes = PASS.iter().map(|(known, _)| *known);
        let one_by_one = passes.chain(TERMS.iter().map(|(known, _)| *known));
        match Target::of(name) {
            Target::Input => 0,
            Target::Pass(_) | Target::Terms(_) => {
                1 + one_by_one.into_iter().position(|known| known == name).unwrap_or(0)
            }
            Target::Gradient(_) => 10,
            // The optimizer's numbers come before the step that is made with them.
            Target::After(..) if name.split('_').count() == 3 => 11,
            Target::After(..) => 12,
        }
    }

    /// The names of the arrays that this one is computed from.
    pub fn parents(name: &str) -> Vec<String> {
        if let Target::After(part, _) = Target::of(name) {
            let gradient = format!("d{}", NAMES[part]);
            let memory = ["G_", "m_", "v_"].map(|letter| format!("{letter}{}_after", NAMES[part]));
            let memory = memory.into_iter().filter(|_| Target::stage(name) == 12);
            return memory.chain([gradient]).collect();
        }
        let name = name.strip_suffix("_numerical").unwrap_or(name);
        let parents = PARENTS.iter().find(|(known, _)| *known == name);
        parents.map_or(vec![], |(_, parents)| parents.iter().map(|&p| p.to_string()).collect())
    }
}
