//! Numerical derivatives as other programs compute them: from one side, or with a large or a tiny step.
//!
//! A derivative from one side with a step s is off by about s/2 times the second derivative, and by the rounding error
//! of the loss over s. These errors are not estimated. Instead, the same quotients are computed at some entries,
//! including those that are off most.

use super::forward::Forward;
use super::inputs::CaseInputs;
use super::own::Own;
use super::reason::Dress;

/// The number of entries that are computed.
const ENTRIES: usize = 12;
/// Steps that are common.
const STEPS: [f64; 11] = [1e-2, 5e-3, 1e-3, 5e-4, 1e-4, 5e-5, 1e-5, 1e-6, 1e-7, 1e-8, 1e-9];
/// Rounding errors of the loss, in units of its last place.
const ROUNDING: f64 = 16.0 * f64::EPSILON;

/// The losses at both sides of an entry's value.
struct Beside {
    mine: f64,
    above: f64,
    at: f64,
    below: f64,
}

/// How a numerical gradient of U, W, V, b or c was probably computed, if one of the ways explains it.
pub(super) fn explained(
    case: &CaseInputs,
    part: usize,
    mine: &[f64],
    right: &[f64],
) -> Option<Dress> {
    let forward = Forward::right(case);
    let own = Own::default();
    let loss_with = |place: usize, by: f64| {
        let mut changed = forward.clone();
        let tensors =
            [&mut changed.U, &mut changed.W, &mut changed.V, &mut changed.b, &mut changed.c];
        tensors.into_iter().nth(part)?.get_mut(place).map(|x| *x += by)?;
        Some(changed.run(&own).0.loss[0])
    };
    let at = forward.run(&own).0.loss[0];
    let places = most_off(mine, right);
    let largest = mine.iter().fold(0.0, |largest: f64, x| largest.max(x.abs()));
    for step in STEPS.into_iter().chain(estimated(&loss_with, at, &places, mine, right)) {
        let allowed = ROUNDING * at.abs() / step + 1e-8 * largest;
        if allowed > 0.05 * largest {
            continue;
        }
        let beside: Option<Vec<Beside>> = (places.iter())
            .map(|&place| {
                let (above, below) = (loss_with(place, step)?, loss_with(place, -step)?);
                Some(Beside { mine: mine[place], above, at, below })
            })
            .collect();
        let beside = beside?;
        let off = |quotient: &dyn Fn(&Beside) -> f64| {
            beside.iter().fold(0.0, |most: f64, b| {
                let off = (quotient(b) - b.mine).abs();
                if off.is_nan() { f64::INFINITY } else { most.max(off) }
            })
        };
        let forwards = off(&|b| (b.above - b.at) / step);
        let backwards = off(&|b| (b.at - b.below) / step);
        let central = off(&|b| (b.above - b.below) / (2.0 * step));
        let one_sided = forwards.min(backwards);
        if one_sided.min(central) <= allowed {
            let is_central = 1.5 * central < one_sided;
            return Some(if is_central { Dress::Central(step) } else { Dress::OneSided(step) });
        }
    }
    None
}

/// The entries that are off most, and some others.
fn most_off(mine: &[f64], right: &[f64]) -> Vec<usize> {
    let mut places: Vec<usize> = (0..mine.len()).collect();
    let off = |&i: &usize| (mine[i] - right[i]).abs();
    places.sort_by(|i, j| off(j).total_cmp(&off(i)));
    let spread = (1..4).map(|i| places[i * places.len() / 4]);
    let most = places.iter().copied().take(ENTRIES);
    most.chain(spread).collect()
}

/// The step that follows from the largest difference and the second derivative there, improved by its own quotients.
fn estimated(
    loss_with: &impl Fn(usize, f64) -> Option<f64>,
    at: f64,
    places: &[usize],
    mine: &[f64],
    right: &[f64],
) -> Option<f64> {
    let (place, width) = (*places.first()?, 1e-3);
    let off = mine[place] - right[place];
    let bend = (loss_with(place, width)? - 2.0 * at + loss_with(place, -width)?) / (width * width);
    // Below 0 for a quotient from below.
    let mut step = 2.0 * off / bend;
    for _ in 0..3 {
        let quotient = (loss_with(place, step)? - at) / step;
        step *= off / (quotient - right[place]);
    }
    (step.is_finite() && step != 0.0).then_some(step.abs())
}
