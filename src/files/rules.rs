//! The rules of models in files, checked before writing and after reading.

use crate::files::error::FileError;
use crate::files::tensors::{parameters_of, prefixes, tensors};
use crate::model::{Model, PLAN, Plan, State};
use crate::network::parameters::Shape;
use crate::settings::{Order, Settings};
use crate::text::corpus::Source;
use std::fmt;

/// The largest number of updates that a file may have: counting on from it cannot overflow.
const MAX_UPDATES: u64 = 1 << 63;
/// What a loss has to be.
pub const LOSS: &str = "a finite number of at least 0";

type Checked = Result<(), FileError>;

/// An error if a metadata entry does not keep its rule.
fn rule(key: &str, value: impl fmt::Debug, is_kept: bool, need: &str) -> Checked {
    if is_kept {
        return Ok(());
    }
    Err(FileError::metadata(key, &format!("{value:?}"), need))
}

/// Refuses a model, or a plan, that no file may hold.
pub fn check(model: &Model, plan: Option<&Plan>) -> Checked {
    let settings = &model.settings;
    settings.check()?;
    let is_known = !settings.documents || model.vocabulary.index('\n').is_some();
    let need = "false where the vocabulary has no newline";
    rule("documents", true, is_known, need)?;
    let shape = Shape::new(settings.hidden, model.vocabulary.len())?;
    check_shapes(&model.state, shape, settings)?;
    check_state(model, shape)?;
    plan.map_or(Ok(()), |plan| check_plan(plan, model.state.updates, settings))?;
    check_entries(model)
}

fn check_state(model: &Model, shape: Shape) -> Checked {
    let (state, settings) = (&model.state, &model.settings);
    // Without a text there has been no update, and nothing was read.
    let (most_updates, need_updates, part) = match &model.source {
        Some(source) => {
            check_source(source, settings, shape)?;
            let part = learned_at_most(source, settings) / settings.batch_size;
            (MAX_UPDATES, "at most 2^63", part)
        }
        None => (0, "0 without a text", 1),
    };
    let (updates, epoch, position) = (state.updates, state.epoch, state.position);
    rule("updates", updates, updates <= most_updates, need_updates)?;
    rule("epoch", epoch, epoch <= updates, "at most the number of updates")?;
    // Chunks may fill a sequence's part to its very end.
    let is_within = position < part || position == part && settings.order.chunk().is_some();
    rule("position", position, is_within, "within the text of a sequence")?;
    let is_multiple = settings.order == Order::Text || position % settings.sequence_length == 0;
    let need = "a multiple of sequence_length in this order";
    rule("position", position, is_multiple, need)?;
    check_loss("smooth_loss", state.smooth_loss, updates)?;
    check_best(state, settings)
}

/// The most characters that are trained on. With documents it may be fewer, which only the text can tell.
fn learned_at_most(source: &Source, settings: &Settings) -> usize {
    let held_out = settings.held_out(source.length as u64) as usize;
    source.length - if settings.documents { 0 } else { held_out }
}

fn check_source(source: &Source, settings: &Settings, shape: Shape) -> Checked {
    let length = source.length;
    let is_enough = learned_at_most(source, settings) >= settings.least_characters();
    let need = "at least sequence_length + 1 for every sequence of the batch, or 3 of documents, or a chunk for every \
                sequence and 1, beside what is held out";
    rule("text_length", length, is_enough, need)?;
    let is_enough = settings.held_out(length as u64) >= settings.least_held_out() as u64;
    let need = "enough for 2 characters to be held out, or a chunk where there are such";
    rule("text_length", length, is_enough, need)?;
    let is_known = source.start < shape.K();
    rule("text_start", source.start, is_known, "a character of the vocabulary")
}

fn check_plan(plan: &Plan, updates: u64, settings: &Settings) -> Checked {
    for row in PLAN {
        let count = (row.get)(plan).unwrap_or(row.least);
        rule(row.key, count, count >= row.least, "a whole number of at least 1")?;
    }
    let (iterations, every) = (plan.iterations, plan.validate_every);
    rule("iterations", iterations, iterations >= updates, "at least the number of updates")?;
    let is_used = every.is_none() || settings.validation > 0.0;
    rule("validate_every", every.unwrap_or(1), is_used, "absent where no text is held out")
}

/// Each five parameters have one shape, which the message names by U.
fn check_shapes(state: &State, shape: Shape, settings: &Settings) -> Checked {
    let mut parts = parameters_of(state);
    for prefix in prefixes(settings.optimizer) {
        let name = format!("{prefix}U");
        let found = parts.next().map(|part| part.shape());
        let found = found.ok_or_else(|| FileError::missing_tensor(&name))?;
        if found != shape {
            let found = format!("F64 [{}, {}]", found.m(), found.K());
            return Err(FileError::tensor(&name, &found, &[shape.m(), shape.K()]));
        }
    }
    if parts.next().is_some() {
        return Err(FileError::unknown_tensor("what another optimizer remembers"));
    }
    let (found, need) = (state.h.len(), settings.batch_size.saturating_mul(shape.m()));
    if found == need {
        return Ok(());
    }
    Err(FileError::tensor("h", &format!("F64 [{found}]"), &[need]))
}

/// With validation, there may be no best model yet.
fn check_best(state: &State, settings: &Settings) -> Checked {
    let (smooth, validation) = (state.best_smooth_loss, state.best_validation);
    let holds_out = settings.validation > 0.0;
    if let Some(nats) = validation.filter(|_| !holds_out) {
        return rule("best_validation", nats, false, "absent where no text is held out");
    }
    if holds_out && validation.is_none() && smooth.is_none() {
        return Ok(());
    }
    check_loss("best_smooth_loss", smooth, state.updates)?;
    if holds_out { check_loss("best_validation", validation, state.updates) } else { Ok(()) }
}

/// The first update sets all losses, and makes the first candidate for the best model.
fn check_loss(key: &str, loss: Option<f64>, updates: u64) -> Checked {
    match loss {
        None if updates > 0 => Err(FileError::missing_metadata(key)),
        Some(loss) => {
            rule(key, loss, loss >= 0.0 && loss.is_finite(), LOSS)?;
            rule(key, loss, updates > 0, "absent before the first update")
        }
        None => Ok(()),
    }
}

/// Refuses numbers that are not finite, and sums of squares below 0.
fn check_entries(model: &Model) -> Checked {
    let memory = model.settings.optimizer.state_parts().iter().map(|(_, are_squares)| *are_squares);
    let are_squares: Vec<bool> = std::iter::once(false).chain(memory).collect();
    for (i, tensor) in tensors(model).into_iter().enumerate() {
        let (name, values) = (&tensor.name, tensor.numbers().unwrap_or_default());
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            return Err(format!("the tensor {name:?} has no finite number at entry {index}").into());
        }
        // Five tensors each; the hidden states after them may have any sign.
        let are_squares = are_squares.get(i / 5) == Some(&true);
        if let Some(index) = values.iter().position(|&x| are_squares && x < 0.0) {
            let message =
                format!("the tensor {name:?} has a sum of squares below 0 at entry {index}");
            return Err(message.into());
        }
    }
    Ok(())
}
