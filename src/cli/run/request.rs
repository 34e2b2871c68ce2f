//! What a command line asks of a run, sorted out once: everything after it works on requests.

use super::inputs::TextSource;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::Asked;
use elman::{Plan, Settings};
use std::path::{Path, PathBuf};

/// A run that is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text.
    pub text: TextSource,
    /// The folder of the run.
    pub folder: PathBuf,
    /// Whether it is to be begun, or to go on.
    pub kind: Kind,
    /// The threads to learn on, where they are chosen.
    pub threads: Option<usize>,
    /// Whether no progress is shown.
    pub quiet: bool,
}

/// What is to be done in a folder.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A new run.
    New(Box<New>),
    /// The run that is there goes on. What is asked for has to agree with it.
    Resume(Asked),
}

/// A new run.
#[derive(Clone, Debug)]
pub struct New {
    /// What is learned.
    pub settings: Settings,
    /// When it ends, and what it reports.
    pub plan: Plan,
    /// The model whose weights it begins with.
    pub from: Option<From>,
    /// Whether a run that the folder holds is replaced.
    pub force: bool,
}

/// The model that a run begins with.
#[derive(Clone, Debug)]
pub struct From {
    /// Its file, or the folder of a run.
    pub model: PathBuf,
    /// What was asked for, which has to agree with the model.
    pub asked: Asked,
}

impl Request {
    /// What the arguments of `train` ask for.
    pub fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let (folder, kind) = if arguments.has("resume") {
            refuse_contradictions(arguments)?;
            let asked = Asked::of(arguments)?;
            (arguments.filled("resume")?, Kind::Resume(asked))
        } else {
            let new = New::of(arguments)?;
            (arguments.filled("out")?, Kind::New(Box::new(new)))
        };
        Ok(Request {
            text: TextSource::named(arguments.first()),
            folder: folder.into(),
            kind,
            threads: threads(arguments)?,
            quiet: arguments.has("quiet"),
        })
    }
}

impl New {
    fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let asked = Asked::of(arguments)?;
        let settings = asked.settings(&Settings::default())?;
        let plan = asked.plan(&Plan::default(), &settings)?;
        let from = if arguments.has("from") {
            Some(From::new(arguments.filled("from")?.into(), asked)?)
        } else {
            None
        };
        Ok(New { settings, plan, from, force: arguments.has("force") })
    }
}

impl From {
    /// Refuses to draw the parameters that a model has.
    fn new(model: PathBuf, asked: Asked) -> Result<Self, Failure> {
        let drawn = ["sigma", "initialization"];
        match drawn.into_iter().find(|option| asked.has(option)) {
            Some(option) => Err(Failure::Usage(format!(
                "--{option} draws the first parameters, --from takes those of a model: choose one"
            ))),
            None => Ok(From { model, asked }),
        }
    }
}

/// Refuses options that no run goes on with.
fn refuse_contradictions(arguments: &Arguments) -> Result<(), Failure> {
    let path = Path::new(arguments.filled("resume")?);
    if arguments.has("force") {
        return Err(Failure::Usage(
            "--force replaces a run, --resume goes on with it: choose one".into(),
        ));
    }
    if arguments.has("from") {
        return Err(Failure::Usage(
            "--from begins a run, --resume goes on with one: choose one".into(),
        ));
    }
    if arguments.has("out") && !is_same(Path::new(arguments.filled("out")?), path) {
        return Err(Failure::Usage(format!(
            "{}: a run goes on in its own folder, that of {}",
            arguments.quoted("out"),
            arguments.quoted("resume")
        )));
    }
    Ok(())
}

fn is_same(path: &Path, other: &Path) -> bool {
    match (path.canonicalize(), other.canonicalize()) {
        (Ok(path), Ok(other)) => path == other,
        _ => path == other,
    }
}

fn threads(arguments: &Arguments) -> Result<Option<usize>, Failure> {
    if !arguments.has("threads") {
        return Ok(None);
    }
    match arguments.count("threads")? {
        threads @ 1..=256 => Ok(Some(threads)),
        _ => Err(Failure::at(arguments.quoted("threads"), "must be a whole number from 1 to 256")),
    }
}
