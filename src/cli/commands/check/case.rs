//! `elman check --write-case`: saves all intermediate values of one update.

use super::subject::Subject;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::refuse_existing;
use crate::cli::terminal::output::print;
use elman::internals::arrays::{self, Form};
use elman::internals::disk::{self, System};
use elman::internals::worked_case::worked_case;
use std::path::Path;

/// The path and the form of the file to write. Refuses one that cannot be written to, before anything is computed.
pub fn file(arguments: &Arguments) -> Result<(&Path, Form), Failure> {
    let path = Path::new(arguments.filled("write-case")?);
    let form = Form::of(path).ok_or_else(|| {
        let endings = Form::ALL.map(|(ending, _)| format!(".{ending}"));
        Failure::Usage(format!(
            "{}: the name must end in {}",
            arguments.quoted("write-case"),
            endings.join(" or ")
        ))
    })?;
    refuse_existing(path, arguments.has("force"))?;
    Ok((path, form))
}

/// Writes the case of the first place.
pub fn write((path, form): (&Path, Form), subject: &Subject) -> Result<(), Failure> {
    let model = &subject.model;
    let updates = model.state().updates;
    if model.rule().eta == 0.0 {
        return Err(Failure::Failed(format!(
            "the learning rate is 0 after {updates} updates, at the end of the schedule, so an update would change nothing: use \
             a model from before the end"
        )));
    }
    let case = subject.places[0].case();
    let worked = worked_case(model, case).map_err(|error| Failure::Failed(error.to_string()))?;
    let symbols = model.vocabulary().symbols();
    let written = disk::replace(&mut System, path, |mut output| {
        arrays::write_to(&mut output, form, symbols, &worked)
    });
    written.map_err(|error| Failure::at(path.display(), error))?;
    let shape = model.shape();
    print(&format!(
        "wrote {}: {} arrays, T = {}, m = {}, K = {}\n",
        path.display(),
        worked.len(),
        case.inputs.len(),
        shape.m(),
        shape.K()
    ))
}
