//! Model files: a [`Model`] as one safetensors file, and back to the bit.
//!
//! Tensors (F64): `U` `[m,K]`, `W` `[m,m]`, `V` `[K,m]`, `b` `[m]`, `c` `[K]`, AdaGrad's sums
//! `adagrad.U` to `adagrad.c` (`rmsprop.U` to `rmsprop.c`; Adam's averages `adam.first.U` to `adam.first.c` and
//! `adam.second.U` to `adam.second.c`), the hidden state `h` `[m]` (`[B,m]` for a batch of B). Everything else is a string
//! under `__metadata__`; numbers there are the shortest decimals that read back to the same bits. Random
//! states need no place: every stream follows from the seed and the update. The last state of a run holds
//! the run's [`Plan`] as well. The settings stand under the keys of [`TABLE`](crate::settings::TABLE), the plan under those of
//! [`PLAN`](crate::model::PLAN).

use crate::files::dimensions::dimensions;
use crate::files::error::CheckpointError;
use crate::files::metadata::{self, LOSS, Metadata};
use crate::formats::array::{Array, Kind};
use crate::formats::disk::{self, Disk, System};
use crate::formats::safetensors::{self, SafeTensors};
use crate::model::{Model, PLAN, Plan, State};
use crate::network::optimizer::Optimizer;
use crate::network::parameters::{Parameters, Shape, zeros};
use crate::network::rnn::Rnn;
use crate::settings::{Order, Settings};
use crate::text::corpus::Source;
use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// No run makes more updates; from there on counting them cannot overflow.
const MAX_UPDATES: u64 = 1 << 63;

/// Writes a model to a file, see [`disk::replace`].
///
/// # Errors
/// [`CheckpointError::Io`] where the system refuses; as [`to_bytes`] where the model could not be read
/// back, before the old file is touched.
pub fn save(model: &Model, path: &Path) -> Result<(), CheckpointError> {
    save_with_plan(model, None, path, &mut System)
}

/// Writes a model to a file on `disk`, with the plan of its run where the run is to go on from it.
///
/// # Errors
/// As [`save`].
pub fn save_with_plan(
    model: &Model,
    plan: Option<&Plan>,
    path: &Path,
    disk: &mut dyn Disk,
) -> Result<(), CheckpointError> {
    check(model, plan)?;
    let write = |mut output: &mut dyn Write| write_to(&mut output, model, plan);
    disk::replace(disk, path, write)?;
    Ok(())
}

/// Reads a model from a file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with it.
pub fn load(path: &Path) -> Result<Model, CheckpointError> {
    Ok(load_with_plan(path)?.0)
}

/// Reads a model from a file, and the plan of its run where the file holds one.
///
/// # Errors
/// As [`load`].
pub fn load_with_plan(path: &Path) -> Result<(Model, Option<Plan>), CheckpointError> {
    if !fs::metadata(path)?.is_file() {
        return Err(CheckpointError::NotAFile);
    }
    read(&fs::read(path)?)
}

/// A model as the bytes of a model file.
///
/// # Errors
/// [`CheckpointError`] where it would refuse them: [`CheckpointError::NotFinite`] for an entry that is
/// NaN or infinite, others for parts that do not belong together.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, CheckpointError> {
    bytes_of(model, None)
}

fn bytes_of(model: &Model, plan: Option<&Plan>) -> Result<Vec<u8>, CheckpointError> {
    check(model, plan)?;
    let mut bytes = Vec::new();
    write_to(&mut bytes, model, plan)?;
    Ok(bytes)
}

/// The tensors of a model file with their shapes there, in the order of the module's head.
pub fn tensors(model: &Model) -> Vec<Array<'_>> {
    let state = &model.state;
    let groups = groups(model.settings.optimizer).zip(parameters_of(state));
    let mut tensors = Vec::new();
    for ((prefix, _), parameters) in groups {
        for part in parameters.named() {
            let shape = dimensions(part.name, part.rows, part.columns);
            let name = format!("{prefix}{}", part.name);
            tensors.push(Array::new(name, Kind::F64, shape, part.values));
        }
    }
    let m = state.rnn.shape().m();
    let shape = hidden_dimensions(state.h.len() / m, m);
    tensors.push(Array::new("h", Kind::F64, shape, &state.h));
    tensors
}

/// How the names of the parameters begin, of all that is shaped like them in a file, and whether no entry is below 0.
fn groups(optimizer: Optimizer) -> impl Iterator<Item = (String, bool)> {
    let memory = optimizer.memory().iter();
    let memory = memory.map(|&(name, is_positive)| (format!("{name}."), is_positive));
    std::iter::once((String::new(), false)).chain(memory)
}

/// The same as it is in a state.
fn parameters_of(state: &State) -> impl Iterator<Item = &Parameters> {
    std::iter::once(&state.rnn.parameters).chain(&state.memory)
}

/// Of the hidden states: one dimension for a single stream.
fn hidden_dimensions(streams: usize, m: usize) -> Vec<usize> {
    match streams {
        1 => vec![m],
        _ => vec![streams, m],
    }
}

/// What every model fulfils, whether it is to be written or was read.
fn check(model: &Model, plan: Option<&Plan>) -> Result<(), CheckpointError> {
    let Model {
        settings,
        vocabulary,
        source,
        state,
        ..
    } = model;
    settings.check().map_err(CheckpointError::Setting)?;
    if settings.documents && vocabulary.index('\n').is_none() {
        let need = "false where the vocabulary has no newline";
        return Err(wrong("documents", true, need));
    }
    let shape = Shape::new(settings.hidden, vocabulary.len())?;
    check_shapes(state, shape, settings)?;
    // Without a text there has been no update.
    let (most_updates, need_updates) = match source {
        Some(source) => {
            check_source(source, settings, shape)?;
            (MAX_UPDATES, "at most 2^63")
        }
        None => (0, "0 without a text"),
    };
    let stream = source.map_or(1, |source| {
        learned_at_most(&source, settings) / settings.batch_size
    });
    // Chunks may fill a stream's part to its very end.
    let is_within =
        state.position < stream || state.position == stream && settings.order.chunk().is_some();
    let rules = [
        (
            "updates",
            state.updates,
            state.updates <= most_updates,
            need_updates,
        ),
        (
            "epoch",
            state.epoch,
            state.epoch <= state.updates,
            "at most the number of updates",
        ),
        (
            "position",
            state.position as u64,
            is_within,
            "within the text of a sequence",
        ),
        (
            "position",
            state.position as u64,
            settings.order == Order::Text || state.position % settings.sequence_length == 0,
            "a multiple of sequence_length in this order",
        ),
    ];
    check_rules(rules)?;
    check_loss("smooth_loss", state.smooth_loss, state.updates)?;
    check_best(state, settings)?;
    plan.map_or(Ok(()), |plan| check_plan(plan, state.updates, settings))?;
    check_entries(model)
}

/// The characters that are trained on; of documents perhaps fewer, which only the text itself can tell.
fn learned_at_most(source: &Source, settings: &Settings) -> usize {
    if settings.documents {
        source.length
    } else {
        source.length - settings.held_out(source.length as u64) as usize
    }
}

fn check_source(source: &Source, settings: &Settings, shape: Shape) -> Result<(), CheckpointError> {
    let length = source.length;
    let held_out = settings.held_out(length as u64);
    check_rules([
        (
            "text_length",
            length as u64,
            learned_at_most(source, settings) >= settings.least_characters(),
            "at least sequence_length + 1 for every sequence of the batch, or 3 of documents, or a chunk for every sequence and 1, \
             beside what is held out",
        ),
        (
            "text_length",
            length as u64,
            held_out >= settings.least_held_out() as u64,
            "enough for 2 characters to be held out, or a chunk where there are such",
        ),
        (
            "text_start",
            source.start as u64,
            source.start < shape.K(),
            "a character of the vocabulary",
        ),
    ])
}

fn check_plan(plan: &Plan, updates: u64, settings: &Settings) -> Result<(), CheckpointError> {
    for row in PLAN {
        let count = (row.get)(plan);
        if let Some(count) = count.filter(|&count| count < row.least) {
            return Err(wrong(row.key, count, COUNT));
        }
    }
    check_rules([
        (
            "iterations",
            plan.iterations,
            plan.iterations >= updates,
            "at least the number of updates",
        ),
        (
            "validate_every",
            plan.validate_every.unwrap_or(1),
            plan.validate_every.is_none() || settings.validation > 0.0,
            "absent where no text is held out",
        ),
    ])
}

const COUNT: &str = "a whole number of at least 1";

/// A metadata key, its value, whether that is right, and what it has to be.
type Rule = (&'static str, u64, bool, &'static str);

fn check_rules<const N: usize>(rules: [Rule; N]) -> Result<(), CheckpointError> {
    match rules.into_iter().find(|(_, _, fulfilled, _)| !fulfilled) {
        Some((key, value, _, need)) => Err(wrong(key, value, need)),
        None => Ok(()),
    }
}

/// U has the sizes of all five.
fn check_shapes(state: &State, shape: Shape, settings: &Settings) -> Result<(), CheckpointError> {
    let U = |shape: Shape| vec![shape.m(), shape.K()];
    let mut parts = parameters_of(state);
    for (prefix, _) in groups(settings.optimizer) {
        let name = format!("{prefix}U");
        let found = parts.next().map(|part| U(part.shape()));
        let found = found.ok_or_else(|| CheckpointError::missing_tensor(&name))?;
        if found != U(shape) {
            return Err(CheckpointError::wrong_tensor(
                &name,
                "F64",
                &found,
                &U(shape),
            ));
        }
    }
    if parts.next().is_some() {
        let name = "what another optimizer remembers";
        return Err(CheckpointError::unknown_tensor(name));
    }
    let (found, need) = (state.h.len(), settings.batch_size.saturating_mul(shape.m()));
    if found == need {
        Ok(())
    } else {
        Err(CheckpointError::wrong_tensor("h", "F64", &[found], &[need]))
    }
}

/// Where a part of the text is held out, perhaps no parameters have competed yet.
fn check_best(state: &State, settings: &Settings) -> Result<(), CheckpointError> {
    let (smooth, validation) = (state.best_smooth_loss, state.best_validation);
    let holds_out = settings.validation > 0.0;
    match validation {
        Some(nats) if !holds_out => {
            let need = "absent where no text is held out";
            return Err(wrong("best_validation", nats, need));
        }
        None if holds_out && smooth.is_none() => return Ok(()),
        _ => {}
    }
    check_loss("best_smooth_loss", smooth, state.updates)?;
    if holds_out {
        check_loss("best_validation", validation, state.updates)
    } else {
        Ok(())
    }
}

/// Update 0 sets all of them, and its parameters are the first that compete.
fn check_loss(key: &'static str, loss: Option<f64>, updates: u64) -> Result<(), CheckpointError> {
    match loss {
        None if updates > 0 => Err(CheckpointError::missing_metadata(key)),
        Some(loss) if !(loss >= 0.0 && loss.is_finite()) => Err(wrong(key, loss, LOSS)),
        Some(loss) if updates == 0 => Err(wrong(key, loss, "absent before the first update")),
        _ => Ok(()),
    }
}

fn wrong(key: &str, value: impl fmt::Debug, need: &str) -> CheckpointError {
    CheckpointError::wrong_metadata(key, &format!("{value:?}"), need)
}

/// Writes a model that has been checked.
fn write_to(output: &mut impl Write, model: &Model, plan: Option<&Plan>) -> io::Result<()> {
    safetensors::write_to(output, &tensors(model), &metadata::of(model, plan))
}

/// A model from the bytes of a model file.
///
/// # Errors
/// [`CheckpointError`] says what is wrong with them.
pub fn from_bytes(bytes: &[u8]) -> Result<Model, CheckpointError> {
    Ok(read(bytes)?.0)
}

fn read(bytes: &[u8]) -> Result<(Model, Option<Plan>), CheckpointError> {
    let file = safetensors::read(bytes)?;
    let metadata = Metadata::of(&file)?;
    let vocabulary = metadata.vocabulary()?;
    let hidden = file.tensors.iter().find(|tensor| tensor.name == "b");
    let hidden = hidden.ok_or_else(|| CheckpointError::missing_tensor("b"))?;
    let m = hidden.shape.first().copied().unwrap_or(0);
    let shape = Shape::new(m, vocabulary.len())?;
    // All of them are there before anything of their size is allocated.
    let settings = metadata.settings(m, vocabulary.symbols())?;
    let tensors = find_tensors(&file, shape, &settings)?;

    let mut rnn = Rnn {
        parameters: Parameters::zeros(shape)?,
    };
    let mut memory = settings.optimizer.nothing(shape)?;
    let mut h = zeros(settings.batch_size.saturating_mul(m))?;
    let (groups, state) = tensors.split_at(5 * (1 + memory.len()));
    let parameters = std::iter::once(&mut rnn.parameters).chain(&mut memory);
    for (tensors, parameters) in groups.chunks(5).zip(parameters) {
        read_entries(tensors, parameters.values_mut());
    }
    read_entries(state, &mut h);

    let source = metadata.source(&vocabulary)?;
    let state = State {
        rnn,
        memory,
        h,
        updates: metadata.parse("updates", "a whole number")?,
        epoch: metadata.parse("epoch", "a whole number")?,
        position: metadata.parse("position", "a whole number")?,
        smooth_loss: metadata.loss("smooth_loss")?,
        best_smooth_loss: metadata.loss("best_smooth_loss")?,
        best_validation: metadata.loss("best_validation")?,
    };
    let model = Model {
        settings,
        vocabulary,
        source,
        state,
        record: metadata.record()?,
    };
    let plan = metadata.plan()?;
    check(&model, plan.as_ref())?;
    Ok((model, plan))
}

/// The tensors of a model in the order of the module's head, each with its type and shape as they
/// have to be.
fn find_tensors<'a, 'b>(
    file: &'b SafeTensors<'a>,
    shape: Shape,
    settings: &Settings,
) -> Result<Vec<&'b Array<'a>>, CheckpointError> {
    let mut needed: Vec<(String, Vec<usize>)> = Vec::new();
    for (prefix, _) in groups(settings.optimizer) {
        for (name, rows, columns) in shape.tensors() {
            needed.push((format!("{prefix}{name}"), dimensions(name, rows, columns)));
        }
    }
    let h = hidden_dimensions(settings.batch_size, shape.m());
    needed.push(("h".to_string(), h));

    let is_needed = |tensor: &Array| needed.iter().any(|(name, _)| *name == tensor.name);
    if let Some(tensor) = file.tensors.iter().find(|tensor| !is_needed(tensor)) {
        return Err(CheckpointError::unknown_tensor(&tensor.name));
    }
    let found = needed.iter().map(|(name, dimensions)| {
        let tensor = file.tensors.iter().find(|tensor| tensor.name == *name);
        let tensor = tensor.ok_or_else(|| CheckpointError::missing_tensor(name))?;
        if tensor.kind != Kind::F64 || tensor.shape != *dimensions {
            return Err(CheckpointError::wrong_tensor(
                name,
                &tensor.type_name,
                &tensor.shape,
                dimensions,
            ));
        }
        Ok(tensor)
    });
    found.collect()
}

/// Copies the entries of some tensors, one after another.
fn read_entries(tensors: &[&Array], mut values: &mut [f64]) {
    for tensor in tensors {
        let (mine, rest) = values.split_at_mut(tensor.shape.iter().product());
        tensor.copy_to(mine);
        values = rest;
    }
}

/// What no model holds: numbers that are not finite, and sums of squares below 0.
fn check_entries(model: &Model) -> Result<(), CheckpointError> {
    let groups: Vec<(String, bool)> = groups(model.settings.optimizer).collect();
    for (i, tensor) in tensors(model).into_iter().enumerate() {
        let values = tensor.numbers().unwrap_or_default();
        if let Some(index) = values.iter().position(|x| !x.is_finite()) {
            let name = tensor.name.clone();
            return Err(CheckpointError::NotFinite { name, index });
        }
        // Five tensors each; what comes after them may have any sign.
        let is_positive = groups
            .get(i / 5)
            .is_some_and(|(_, is_positive)| *is_positive);
        if let Some(index) = values.iter().position(|&x| is_positive && x < 0.0) {
            return Err(CheckpointError::Tensor(format!(
                "the tensor {:?} has a sum of squares below 0 at entry {index}",
                tensor.name
            )));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
