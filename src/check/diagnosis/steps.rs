//! The steps in which an array is wrong, and those in which a recurrence is forgotten.

use super::backward::Backward;
use super::forward::Forward;
use super::inputs::CaseInputs;
use super::own::Own;
use super::reason::{Cause, Reason};
use super::subject::{Subject, difference};
use super::target::Target;
use std::fmt;

/// The steps, counted from 1, in which an array is wrong, if it is right in others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Steps {
    /// From this step to the last.
    On(usize),
    /// From this step to the first.
    Downwards(usize),
}

impl fmt::Display for Steps {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Steps::On(step) => write!(f, "from step {step} on"),
            Steps::Downwards(step) => write!(f, "from step {step} downwards"),
        }
    }
}

impl Steps {
    /// Those of an array with a row for each step.
    pub(super) fn of(subject: &Subject) -> Option<Self> {
        let T = subject.sizes.T;
        let wrong = wrong_rows(subject.mine, subject.right, T, subject.allowed_of_right());
        match subject.target {
            Target::Pass(_) if subject.name != "loss" => {
                let first = wrong.first().copied().filter(|&first| first > 0)?;
                Some(Steps::On(first + 1))
            }
            Target::Terms(_) => {
                let last = wrong.last().copied().filter(|&last| last + 1 < T)?;
                Some(Steps::Downwards(last + 1))
            }
            _ => None,
        }
    }
}

/// The rows in which two arrays differ.
fn wrong_rows(mine: &[f64], other: &[f64], T: usize, allowed: f64) -> Vec<usize> {
    let length = mine.len() / T;
    let differs = |&t: &usize| {
        let mut entries = t * length..(t + 1) * length;
        entries.any(|i| difference(mine[i], other[i]) > allowed)
    };
    (0..T).filter(differs).collect()
}

/// For dh and da: whether each step follows from the step after it, in some steps without W' da_{t+1}.
pub(super) fn forgotten(case: &CaseInputs, own: &Own, subject: &Subject) -> Option<Cause> {
    let Target::Terms(get) = subject.target else {
        return None;
    };
    if subject.name == "g" {
        return None;
    }
    let mut own = own.clone();
    own.insert(subject.name, subject.mine.to_vec());
    let forward = Forward::right(case).with(&own);
    let (_, used) = forward.run(&own);
    let right = Backward::right(&forward, &used);
    let mut direct = right.clone();
    direct.adds_recurrent.fill(0.0);
    // The array itself is used for the step after, and for nothing else.
    let (with, _) = right.run(&own);
    let (without, _) = direct.run(&own);
    let T = case.T;
    let allowed = subject.allowed_of_right();
    let not_with = wrong_rows(subject.mine, get(&with), T, allowed);
    let not_without = wrong_rows(subject.mine, get(&without), T, allowed);
    let is_explained = not_with.iter().all(|t| !not_without.contains(t));
    if not_with.is_empty() || !is_explained {
        return None;
    }
    Some(Cause::new(Reason::DirectInSomeSteps, listed(&not_with)))
}

/// Rows as steps from 1: `steps 3 to 12`, `steps 3, 7, 9`.
fn listed(rows: &[usize]) -> String {
    const MOST: usize = 8;
    let (first, last) = (rows[0] + 1, rows[rows.len() - 1] + 1);
    let steps: Vec<String> = rows.iter().take(MOST).map(|row| (row + 1).to_string()).collect();
    let more = if rows.len() > MOST { " and more" } else { "" };
    match rows.len() {
        1 => format!("step {first}"),
        count if count == last - first + 1 => format!("steps {first} to {last}"),
        _ => format!("steps {}{more}", steps.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_listed_from_1() {
        assert_eq!(listed(&[4]), "step 5");
        assert_eq!(listed(&[2, 3, 4]), "steps 3 to 5");
        assert_eq!(listed(&[2, 6]), "steps 3, 7");
        let many: Vec<usize> = (0..10).map(|i| 2 * i).collect();
        assert_eq!(listed(&many), "steps 1, 3, 5, 7, 9, 11, 13, 15 and more");
    }

    #[test]
    fn rows_that_differ_are_found() {
        let (mine, other) = ([1.0, 2.0, 3.0, f64::NAN, 5.0, 6.0], [1.0, 2.0, 3.5, 4.0, 5.0, 6.0]);
        assert_eq!(wrong_rows(&mine, &other, 3, 0.1), [1]);
        assert_eq!(wrong_rows(&mine, &other, 6, 0.1), [2, 3]);
    }
}
