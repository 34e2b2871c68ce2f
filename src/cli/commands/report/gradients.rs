//! The gradient check of a report.

use crate::cli::command_line::failure::Failure;
use crate::cli::terminal::verdict::problem;
use elman::check::{Case, Comparison, Verdict, check_gradients};
use elman::{Model, Parameters, Rnn, Shape, ShapeError};
use std::collections::HashSet;

pub struct Check {
    pub comparison: Comparison,
    /// The number of hidden units that were checked, from the first.
    pub hidden: usize,
    /// The number of characters that the network read.
    pub characters: usize,
}

/// Multiplications and additions in less than a minute of one core.
const WORK: f64 = 1e12;
/// Differences of the loss for an entry, each with a pass to both sides.
const PASSES: f64 = 5.0;
/// The network reads at most so many characters, whatever T is.
pub const CHARACTERS: usize = 100;

/// Compares every entry of the gradient of the best model with the numerical one. The network reads the first
/// characters that it has written itself, from the hidden state that its passage begins with; there must be
/// [`CHARACTERS`] of them.
pub fn check(best: &Model, written: &[usize], hidden: Option<usize>) -> Result<Check, Failure> {
    let rnn = &best.state().rnn;
    let m = rnn.shape().m();
    let characters = best.settings().sequence_length.min(CHARACTERS);
    let mut chunk = vec![best.start()];
    chunk.extend(&written[..characters]);
    let inputs = &chunk[..characters];
    let hidden = match hidden {
        Some(hidden) => hidden.min(m),
        None => affordable(rnn.shape(), inputs),
    };
    let h0 = best.hidden_state(best.initial_state());
    let case = Case { inputs, targets: &chunk[1..], h0: &h0[..hidden] };
    let comparison = first_units(rnn, hidden).and_then(|rnn| check_gradients(&rnn, case));
    let comparison = comparison.map_err(|error| Failure::Failed(error.to_string()))?;
    Ok(Check { comparison, hidden, characters })
}

/// Fails where an entry is wrong; undecided ones are no failure.
pub fn outcome(check: &Check) -> Result<(), Failure> {
    match problem(&check.comparison, "") {
        Some(problem) if check.comparison.verdict() == Verdict::Failed => Err(problem),
        _ => Ok(()),
    }
}

/// Returns the number of units that there is time for, at least one.
fn affordable(shape: Shape, inputs: &[usize]) -> usize {
    let read = inputs.iter().collect::<HashSet<_>>().len() as f64;
    let (K, T) = (shape.K() as f64, inputs.len() as f64);
    let work = |m: f64| {
        // A change of U, W or b changes all hidden states, one of V or c only the outputs.
        let (recurrent, outputs) = (m * read + m * m + m, K * m + K);
        2.0 * PASSES * T * (recurrent * (m * m + K * m) + outputs * K * m)
    };
    let mut units = shape.m();
    while units > 1 && work(units as f64) > WORK {
        // Steps of a few per cent are fine enough.
        units -= (units / 32).max(1);
    }
    units
}

fn first_units(rnn: &Rnn, units: usize) -> Result<Rnn, ShapeError> {
    let (m, K) = (rnn.shape().m(), rnn.shape().K());
    let mut parameters = Parameters::zeros(Shape::new(units, K)?)?;
    let (all, some) = (rnn.parameters.tensors(), parameters.tensors_mut());
    some.U.copy_from_slice(&all.U[..units * K]);
    some.b.copy_from_slice(&all.b[..units]);
    some.c.copy_from_slice(all.c);
    for (some, all) in [(some.W, all.W), (some.V, all.V)] {
        for (some, all) in some.chunks_mut(units).zip(all.chunks(m)) {
            some.copy_from_slice(&all[..units]);
        }
    }
    Ok(Rnn { parameters })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_units_keep_their_weights() {
        let rnn = Rnn::random(Shape::new(5, 3).unwrap(), 1.0, 1).unwrap();
        let part = first_units(&rnn, 2).unwrap();
        let (all, part) = (rnn.parameters.tensors(), part.parameters.tensors());
        assert_eq!(part.U, &all.U[..6]);
        assert_eq!(part.W, [all.W[0], all.W[1], all.W[5], all.W[6]]);
        let V = [0, 1, 5, 6, 10, 11].map(|i| all.V[i]);
        assert_eq!((part.V, part.c), (&V[..], all.c));
        let whole = first_units(&rnn, 5).unwrap();
        assert_eq!(whole.parameters, rnn.parameters);
    }

    #[test]
    fn a_large_network_is_checked_in_part() {
        let inputs: Vec<usize> = (0..25).map(|t| t % 20).collect();
        let units = |m, K| affordable(Shape::new(m, K).unwrap(), &inputs);
        assert_eq!((units(100, 80), units(200, 80)), (100, 200));
        let large = units(1000, 80);
        assert!((100..400).contains(&large), "{large}");
        assert!(units(100, 5000) < 100);
        assert_eq!(units(1, 1_000_000), 1);
    }
}
