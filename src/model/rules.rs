//! Checks that the parts of a model, and a plan, belong together.

use crate::model::error::ModelError;
use crate::model::{Model, Origin, PLAN, Plan, State};
use crate::network::parameters::Shape;
use crate::settings::{Order, Settings};
use crate::text::corpus::Source;
use std::fmt;

/// The largest number of updates in a file. To count on from there cannot overflow.
const MAX_UPDATES: u64 = 1 << 63;
/// What a loss has to be.
pub const LOSS: &str = "a finite number of at least 0";

type Checked = Result<(), ModelError>;

/// An error if a value breaks its rule.
fn rule(name: &'static str, value: impl fmt::Debug, is_kept: bool, need: &'static str) -> Checked {
    if is_kept {
        return Ok(());
    }
    Err(ModelError::Value { name, value: format!("{value:?}"), need })
}

/// Refuses a model whose parts do not belong together, or a plan that does not belong to the model.
pub fn check(model: &Model, plan: Option<&Plan>) -> Checked {
    let settings = &model.settings;
    settings.check()?;
    let symbols = model.vocabulary.symbols();
    let need = "those of the vocabulary";
    rule("symbols", settings.symbols.name(), settings.symbols == symbols, need)?;
    let (m, hidden) = (model.state.rnn.shape().m(), settings.hidden);
    rule("hidden", hidden, hidden == m, "the number of hidden units of the parameters")?;
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
            let part = learned_at_most(source, settings) / settings.batch_size as u64;
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
    let is_multiple =
        settings.order == Order::Text || position % settings.sequence_length as u64 == 0;
    let need = "a multiple of sequence_length in this order";
    rule("position", position, is_multiple, need)?;
    let taken_over = model.record.optimizer_updates;
    let is_known = taken_over == 0 || matches!(model.record.origin, Origin::Model(_));
    let need = "absent where the training did not begin from a model";
    rule("optimizer_updates", taken_over, is_known, need)?;
    rule("optimizer_updates", taken_over, taken_over <= MAX_UPDATES, "at most 2^63")?;
    check_loss("smooth_loss", state.smooth_loss, updates)?;
    check_best(state, settings)
}

/// The largest number of characters that are trained on. With documents it may be smaller, which only the text can
/// show.
fn learned_at_most(source: &Source, settings: &Settings) -> u64 {
    let held_out = settings.held_out(source.length);
    source.length - if settings.documents { 0 } else { held_out }
}

fn check_source(source: &Source, settings: &Settings, shape: Shape) -> Checked {
    let length = source.length;
    let is_enough = learned_at_most(source, settings) >= settings.least_characters() as u64;
    let need = "at least sequence_length + 1 for every sequence of the batch, or 3 of documents, or a chunk for every \
                sequence and 1, beside what is held out";
    rule("text_length", length, is_enough, need)?;
    let is_enough = settings.held_out(length) >= settings.least_held_out() as u64;
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
    rule("iterations", iterations, iterations >= updates, "at least the number of updates made")?;
    let is_used = every.is_none() || settings.validation > 0.0;
    rule("validate_every", every.unwrap_or(1), is_used, "absent where no text is held out")
}

/// Checks that the five tensors of every part have the shape of the network. The message names them by U.
fn check_shapes(state: &State, shape: Shape, settings: &Settings) -> Checked {
    let prefixes = settings.optimizer.prefixes();
    let other = || ModelError::OtherOptimizer { need: settings.optimizer.name() };
    let mut parts = state.parts();
    for prefix in prefixes {
        let name = format!("{prefix}U");
        let part = parts.next().ok_or_else(other)?;
        if part.shape() != shape {
            let dimensions = |shape: Shape| vec![shape.m(), shape.K()];
            let (found, need) = (dimensions(part.shape()), dimensions(shape));
            return Err(ModelError::Tensor { name, found, need });
        }
    }
    if parts.next().is_some() {
        return Err(other());
    }
    let (found, need) = (state.h.len(), settings.batch_size.saturating_mul(shape.m()));
    if found == need {
        return Ok(());
    }
    Err(ModelError::Tensor { name: "h".to_string(), found: vec![found], need: vec![need] })
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

/// The first update sets all losses. It also makes the first candidate for the best model.
fn check_loss(key: &'static str, loss: Option<f64>, updates: u64) -> Checked {
    match loss {
        None if updates > 0 => Err(ModelError::Missing { name: key }),
        Some(loss) => {
            rule(key, loss, loss >= 0.0 && loss.is_finite(), LOSS)?;
            rule(key, loss, updates > 0, "absent before the first update")
        }
        None => Ok(()),
    }
}

/// Refuses numbers that are NaN or infinite, and negative sums of squares.
fn check_entries(model: &Model) -> Checked {
    let Model { settings, state, .. } = model;
    let memory = settings.optimizer.state_parts().iter().map(|(_, are_squares)| *are_squares);
    let are_squares = std::iter::once(false).chain(memory);
    for ((prefix, part), are_squares) in
        settings.optimizer.prefixes().zip(state.parts()).zip(are_squares)
    {
        for tensor in part.named() {
            let name = || format!("{prefix}{}", tensor.name);
            check_finite(name, tensor.values)?;
            if let Some(entry) = tensor.values.iter().position(|&x| are_squares && x < 0.0) {
                return Err(ModelError::Negative { tensor: name(), entry });
            }
        }
    }
    check_finite(|| "h".to_string(), &state.h)
}

/// Refuses numbers that are NaN or infinite.
pub fn check_finite(name: impl Fn() -> String, values: &[f64]) -> Checked {
    match values.iter().position(|x| !x.is_finite()) {
        Some(entry) => Err(ModelError::NotFinite { tensor: name(), entry }),
        None => Ok(()),
    }
}
