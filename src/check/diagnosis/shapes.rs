//! Arrays of another shape, and rows that are those of another step.

use super::backward::{Backward, Terms};
use super::forward::Forward;
use super::inputs::CaseInputs;
use super::names::without_ones;
use super::own::Own;
use super::reason::{Cause, Reason};
use super::subject::distance;
use crate::network::reference::transpose;

/// Whether the rows are those of the step before, or of the next.
pub(super) fn is_shifted(mine: &[f64], right: &[f64], rows: usize, allowed: f64) -> bool {
    let (row, end) = (right.len() / rows.max(1), right.len());
    rows > 2
        && [(&mine[row..], &right[..end - row]), (&mine[..end - row], &right[row..])]
            .iter()
            .any(|(mine, right)| distance(mine, right) <= allowed)
}

/// Why an array has the wrong shape, if it is known.
pub(super) fn shape_cause(
    case: &CaseInputs,
    name: &str,
    (mine, found): (&[f64], &[usize]),
    (right, need): (&[f64], &[usize]),
    allowed: f64,
) -> Option<Cause> {
    let (found, need) = (without_ones(found), without_ones(need));
    if let Some(bias) = ["db", "dc"].iter().position(|known| *known == name) {
        return not_summed(case, mine, &found, bias);
    }
    if right.is_empty() {
        return None;
    }
    // Steps in rows, or in columns; one more than there are, or one less.
    let (&rows, row) = need.split_first()?;
    let row: usize = row.iter().product();
    let as_it_is = match found[..] {
        [_] if need.len() == 1 => Some(mine.to_vec()),
        [_, columns] if columns == row => Some(mine.to_vec()),
        _ => None,
    };
    let turned = match found[..] {
        [columns_of, count] if columns_of == row && mine.len() == row * count => {
            Some(transpose(mine, row, count))
        }
        _ => None,
    };
    let is_part = |mine: Vec<f64>| {
        if rows != case.T || (mine.len() / row).abs_diff(rows) != 1 {
            return false;
        }
        let (short, long) =
            if mine.len() < right.len() { (&mine[..], right) } else { (right, &mine[..]) };
        let mut parts = [&long[row..], &long[..short.len()]].into_iter();
        parts.any(|part| distance(part, short) <= allowed)
    };
    let is_part = [as_it_is, turned].into_iter().flatten().any(is_part);
    is_part.then(|| Cause::new(Reason::OffByOne, "a step too many or too few"))
}

/// For the gradient of b or c: not summed, or summed over the units of each step.
fn not_summed(case: &CaseInputs, mine: &[f64], found: &[usize], bias: usize) -> Option<Cause> {
    let (forward, own) = (Forward::right(case), Own::default());
    let (pass, _) = forward.run(&own);
    let (Terms { g, da, .. }, _) = Backward::right(&forward, &pass).run(&own);
    let (terms, units) = if bias == 0 { (da, forward.m) } else { (g, forward.K) };
    let sums: Vec<f64> = terms.chunks(units).map(|term| term.iter().sum()).collect();
    let all: f64 = sums.iter().sum();
    let mean = |of: &[f64], count: usize| of.iter().map(|x| x / count as f64).collect();
    let made = match found {
        [] => vec![vec![all], mean(&[all], units), mean(&[all], case.T)],
        [_] => vec![sums.clone(), mean(&sums, units)],
        _ => vec![terms.clone(), transpose(&terms, case.T, units)],
    };
    // The sums may cancel: they are as uncertain as their terms.
    let allowed = 1e-8 * terms.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    let is_made = made.iter().any(|made| distance(mine, made) <= allowed);
    let detail = if found.len() > 1 { "not summed" } else { "summed over the units" };
    is_made.then(|| Cause::new(Reason::Bias, detail))
}
