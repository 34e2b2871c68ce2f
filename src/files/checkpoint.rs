//! Model files: writes a [`Model`] as one safetensors file, and reads it back to the bit.
//!
//! The tensors have the type F64: `U` `[m,K]`, `W` `[m,m]`, `V` `[K,m]`, `b` `[m]` and `c` `[K]`; the state of the
//! optimizer, `adagrad.U` to `adagrad.c`, `rmsprop.U` to `rmsprop.c`, or `adam.first.U` to `adam.first.c` and
//! `adam.second.U` to `adam.second.c`; and the hidden state `h` `[m]` (`[B,m]` for a batch of B).
//!
//! Everything else is a string under `__metadata__`. Numbers there are the shortest decimals that read back to the same
//! bits. The keys of the settings are those of [`TABLE`](crate::settings::TABLE). The file from which a run is resumed
//! also has the run's [`Plan`], under the keys of [`PLAN`](crate::model::PLAN). No random state is stored: all random
//! numbers follow from the seed and the update.

use crate::files::error::FileError;
use crate::files::metadata::{self, Metadata};
use crate::files::tensors::{find_tensors, read_entries, tensors};
use crate::formats::disk::{self, Disk, System};
use crate::formats::safetensors;
use crate::formats::sniff::{Sniffed, sniff};
use crate::model::{Model, Plan, State};
use crate::network::parameters::{Parameters, Shape, zeros};
use crate::network::rnn::Rnn;
use std::fs;
use std::io::{self, Read, Write};
use std::path::Path;

/// Writes a model to a file. If it fails, an old file with this name stays as it was.
///
/// # Errors
/// [`FileError::Write`] if the system refuses. [`FileError::Content`] if an entry is NaN or infinite; then nothing is
/// written.
pub fn save(model: &Model, path: impl AsRef<Path>) -> Result<(), FileError> {
    save_on(&mut System, model, None, path.as_ref())
}

/// Writes a model to a file, together with the plan of its run.
///
/// `elman train --resume DIR` needs both: the last model with its plan in `DIR/model.safetensors`, and the best model,
/// written by [`save`], in `DIR/best.safetensors`.
///
/// # Errors
/// The same as [`save`], and [`FileError::Content`] if the plan does not fit the model, for example if it ends before
/// the updates that were made.
pub fn save_with_plan(model: &Model, plan: &Plan, path: impl AsRef<Path>) -> Result<(), FileError> {
    save_on(&mut System, model, Some(plan), path.as_ref())
}

/// The same through a [`Disk`], with or without a plan.
///
/// # Errors
/// The same as [`save_with_plan`].
pub fn save_on(
    disk: &mut dyn Disk,
    model: &Model,
    plan: Option<&Plan>,
    path: &Path,
) -> Result<(), FileError> {
    check(model, plan)?;
    let write = |mut output: &mut dyn Write| write_to(&mut output, model, plan);
    disk::replace(disk, path, write).map_err(|error| FileError::write(Some(path), error))
}

/// Reads a model from a file. The content decides whether it is a model file, not the name.
///
/// # Errors
/// [`FileError`] says what is wrong with the file.
pub fn load(path: impl AsRef<Path>) -> Result<Model, FileError> {
    Ok(load_with_plan(path)?.0)
}

/// Reads a model from a file, together with the plan of its run if the file has one.
///
/// # Errors
/// The same as [`load`].
pub fn load_with_plan(path: impl AsRef<Path>) -> Result<(Model, Option<Plan>), FileError> {
    let path = path.as_ref();
    let bytes = fs::metadata(path).and_then(|metadata| match metadata.is_file() {
        true => fs::read(path),
        false => Err(io::Error::other("not a regular file")),
    });
    of_bytes(&bytes.map_err(|error| FileError::read(Some(path), error))?)
}

/// Gives a model as the bytes of a model file.
///
/// # Errors
/// [`FileError::Content`] if an entry is NaN or infinite.
pub fn to_bytes(model: &Model) -> Result<Vec<u8>, FileError> {
    let mut bytes = Vec::new();
    write(model, None, &mut bytes)?;
    Ok(bytes)
}

/// Makes a model from the bytes of a model file.
///
/// # Errors
/// [`FileError`] says what is wrong with the bytes.
pub fn from_bytes(bytes: &[u8]) -> Result<Model, FileError> {
    Ok(of_bytes(bytes)?.0)
}

/// Writes a model to any output, as the bytes of a model file.
///
/// The output is the last argument (in [`write_weights`](crate::files::write_weights) it is the first). With a plan the
/// file is one of [`save_with_plan`], without it one of [`save`]. It makes many small writes, so a file needs a
/// [`std::io::BufWriter`] around it.
///
/// # Errors
/// [`FileError::Write`] for any error of the output. [`FileError::Content`] if an entry is NaN or infinite, or if the
/// plan does not fit the model.
pub fn write(model: &Model, plan: Option<&Plan>, output: &mut impl Write) -> Result<(), FileError> {
    check(model, plan)?;
    write_to(output, model, plan).map_err(|error| FileError::write(None, error))
}

/// Reads a model from any input, to its end, together with the plan of its run if there is one.
///
/// ```
/// use elman::{Model, Plan, Settings, Vocabulary, files};
///
/// let settings = Settings { hidden: 5, ..Settings::default() };
/// let model = Model::new(Vocabulary::of("abc"), settings)?;
/// let plan = Plan { iterations: 500, ..Plan::default() };
/// let mut stored = Vec::new();
/// files::write(&model, Some(&plan), &mut stored)?;
/// assert_eq!(files::read(&mut &stored[..])?, (model, Some(plan)));
/// # Ok::<(), elman::Error>(())
/// ```
///
/// # Errors
/// [`FileError`] says what is wrong.
pub fn read(input: &mut impl Read) -> Result<(Model, Option<Plan>), FileError> {
    let mut bytes = Vec::new();
    input.read_to_end(&mut bytes).map_err(|error| FileError::read(None, error))?;
    of_bytes(&bytes)
}

/// Refuses a model or a plan that must not be written.
fn check(model: &Model, plan: Option<&Plan>) -> Result<(), FileError> {
    model.check(plan).map_err(|error| FileError::Content(error.to_string()))
}

/// Writes a model that has been checked.
fn write_to(output: &mut impl Write, model: &Model, plan: Option<&Plan>) -> io::Result<()> {
    safetensors::write_to(output, &tensors(model), &metadata::of(model, plan))
}

/// Makes a model from the bytes of a model file, together with the plan of its run if there is one.
///
/// # Errors
/// The same as [`from_bytes`].
pub fn of_bytes(bytes: &[u8]) -> Result<(Model, Option<Plan>), FileError> {
    let other = match sniff(bytes) {
        Sniffed::Zip => "an .npz or another zip file",
        Sniffed::Json => "JSON",
        Sniffed::SafeTensors | Sniffed::Utf16 | Sniffed::Other => "",
    };
    if !other.is_empty() {
        return Err(FileError::NoModel(format!("{other}, not a model of elman")));
    }
    let file = safetensors::read(bytes)?;
    let metadata = Metadata::of(&file)?;
    let vocabulary = metadata.vocabulary()?;
    let hidden = file.tensors.iter().find(|tensor| tensor.name == "b");
    let hidden = hidden.ok_or_else(|| FileError::missing_tensor("b"))?;
    let m = hidden.shape.first().copied().unwrap_or(0);
    let shape = Shape::new(m, vocabulary.len())?;
    // All of them are there before anything of their size is allocated.
    let settings = metadata.settings(m, vocabulary.symbols())?;
    let tensors = find_tensors(&file, shape, &settings)?;

    let mut rnn = Rnn { parameters: Parameters::zeros(shape)? };
    let mut memory = settings.optimizer.initial_state(shape)?;
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
        optimizer_state: memory,
        h,
        updates: metadata.parse("updates", "a whole number")?,
        epoch: metadata.parse("epoch", "a whole number")?,
        position: metadata.parse("position", "a whole number")?,
        smooth_loss: metadata.loss("smooth_loss")?,
        best_smooth_loss: metadata.loss("best_smooth_loss")?,
        best_validation: metadata.loss("best_validation")?,
    };
    let model = Model { settings, vocabulary, source, state, record: metadata.record()? };
    let plan = metadata.plan()?;
    model.check(plan.as_ref())?;
    Ok((model, plan))
}

#[cfg(test)]
mod tests;
