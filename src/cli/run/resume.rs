//! `--resume`: a run goes on as it was begun. What the command line says again has to agree.

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options;
use crate::cli::run::folder::{RunFolder, Saved};
use elman::internals::disk::Disk;
use elman::text::Symbols;
use elman::{Model, Plan};
use std::path::Path;

/// A run that is to go on.
pub struct Resumed {
    /// Its folder.
    pub folder: RunFolder,
    /// What the folder holds.
    pub saved: Saved,
    /// What it is asked for from now on.
    pub plan: Plan,
}

/// Opens the folder that `--resume` names, and refuses options that the run in it was not begun with.
pub fn open(arguments: &Arguments, disk: Box<dyn Disk>) -> Result<Resumed, Failure> {
    refuse_contradictions(arguments)?;
    let path = Path::new(arguments.filled("resume")?);
    let (folder, saved) = RunFolder::open(path, disk)?;
    agree(arguments, &saved)?;
    let plan = plan(arguments, &saved)?;
    Ok(Resumed {
        folder,
        saved,
        plan,
    })
}

/// Refuses options that no run goes on with.
pub fn refuse_contradictions(arguments: &Arguments) -> Result<(), Failure> {
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

/// The value of an option that the run was begun with.
pub enum Begun {
    Count(u64),
    Number(f64),
    /// Infinite for none.
    Clip(f64),
    Word(&'static str),
    Switch(bool),
}

impl Begun {
    /// The value as the option spells it, empty for a switch; none where the option was not given.
    pub fn spelled(&self) -> Option<String> {
        match self {
            Begun::Count(value) => Some(value.to_string()),
            Begun::Number(value) => Some(format!("{value:?}")),
            Begun::Clip(value) => Some(options::clip_words(*value)),
            Begun::Word(value) => Some(value.to_string()),
            Begun::Switch(is_on) => is_on.then(String::new),
        }
    }

    /// Whether an option has this value.
    pub fn agrees(&self, name: &str, arguments: &Arguments) -> Result<bool, Failure> {
        Ok(match *self {
            Begun::Count(value) => arguments.count::<u64>(name)? == value,
            Begun::Number(value) => arguments.number(name)? == value,
            Begun::Clip(value) => options::clip(arguments)? == value,
            Begun::Word(value) => arguments.word(name) == value,
            Begun::Switch(is_on) => arguments.asks(name) == is_on,
        })
    }
}

/// Every option that stays as it was, with its value.
pub fn begun(model: &Model, plan: &Plan) -> [(&'static str, Begun); 23] {
    use Begun::{Clip, Count, Number, Switch, Word};
    let Model {
        settings,
        vocabulary,
        ..
    } = model;
    [
        // First, since others follow from it.
        ("optimizer", Word(settings.optimizer.name())),
        ("hidden", Count(settings.hidden as u64)),
        ("seq-length", Count(settings.sequence_length as u64)),
        ("streams", Count(settings.streams as u64)),
        ("bytes", Switch(vocabulary.symbols() == Symbols::Bytes)),
        ("documents", Switch(settings.documents)),
        ("validation", Number(settings.validation)),
        ("learning-rate", Number(settings.learning_rate)),
        ("beta1", Number(settings.beta1)),
        ("beta2", Number(settings.beta2)),
        ("loss", Word(settings.loss.name())),
        ("initialization", Word(settings.initialization.name())),
        ("sigma", Number(settings.sigma)),
        ("clip", Clip(settings.clip)),
        ("epsilon", Number(settings.epsilon)),
        ("seed", Count(settings.seed)),
        ("report-every", Count(plan.report_every)),
        ("report-length", Count(plan.report_length as u64)),
        ("passage-length", Count(plan.passage_length as u64)),
        ("log-every", Count(plan.log_every)),
        (
            "validate-every",
            plan.validate_every.map_or(Switch(false), Count),
        ),
        ("order", Word(settings.order.name())),
        (
            "chunk",
            (settings.order.chunk()).map_or(Switch(false), |length| Count(length as u64)),
        ),
    ]
}

/// What is given again is what it was.
fn agree(arguments: &Arguments, saved: &Saved) -> Result<(), Failure> {
    for (name, begun) in begun(&saved.model, &saved.plan) {
        if !arguments.asks(name) {
            continue;
        }
        if !begun.agrees(name, arguments)? {
            let with = match begun.spelled() {
                Some(value) => format!("with {value}"),
                None => "without it".to_string(),
            };
            return Err(Failure::at(
                arguments.quoted(name),
                format!("the run was begun {with}, and goes on so"),
            ));
        }
    }
    Ok(())
}

/// The plan that the run goes on with: it may end later, and be saved more or less often.
fn plan(arguments: &Arguments, saved: &Saved) -> Result<Plan, Failure> {
    let mut plan = saved.plan;
    if arguments.has("iterations") {
        plan.iterations = arguments.count("iterations")?;
    }
    if arguments.has("save-every") {
        plan.save_every = arguments.positive("save-every")?;
    }
    // A run that was stopped in a save may have seen its best model after its last state.
    let made = (saved.model.state.updates).max(saved.best.state.updates);
    if plan.iterations < made {
        return Err(Failure::at(
            format!("--iterations {}", plan.iterations),
            format!("the run has made {made} updates: it cannot end before"),
        ));
    }
    let is_finished = saved.model.state.updates == saved.plan.iterations;
    if is_finished && plan.iterations == saved.plan.iterations {
        // How often it is saved no longer matters: everything is.
        Ok(saved.plan)
    } else {
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::train::CHOICES;
    use elman::Settings;

    /// Every option of `train` either stays as it was or is here, with what becomes of it.
    #[test]
    fn no_option_is_forgotten() {
        let free = [
            "preset",
            "iterations",
            "seeds",
            "save-every",
            "threads",
            "quiet",
            "out",
            "force",
            "resume",
            "from",
            "help",
        ];
        let training = elman::Training::new(elman::STORY, Settings::default()).unwrap();
        let plan = Plan {
            iterations: 1,
            report_every: 1,
            report_length: 1,
            passage_length: 1,
            log_every: 1,
            save_every: 1,
            validate_every: None,
        };
        let begun = begun(training.model(), &plan);
        for choice in CHOICES {
            let is_begun = begun.iter().any(|(name, _)| *name == choice.name);
            assert!(is_begun != free.contains(&choice.name), "{}", choice.name);
        }
    }
}
