//! What a command line asks of a run. It is parsed once; everything after it works on requests. [`Overrides`] become
//! settings and a plan in begin.rs, because a resumed run has saved ones.

use super::inputs::{TextSource, refuse_standard};
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{
    Overrides, plan_options, setting_options, threads, threads_option,
};
use elman::Settings;
use elman::internals::settings::of_options;
use elman::training::OptimizerStart;
use std::path::{Path, PathBuf};

/// The options that a request is read from, and those of `--seeds` and `--help`.
pub fn options() -> Vec<OptionSpec> {
    let from = "begin with the weights and the vocabulary of this model";
    let keep = "with --from: keep the state of the model's optimizer";
    let own = [
        OptionSpec::new("seeds", "N", "train N runs with consecutive seeds, from --seed on"),
        threads_option().seldom(),
        OptionSpec::new("out", "DIR", "the run's folder").or("elman-run"),
        OptionSpec::new("from", "MODEL", from).seldom(),
        OptionSpec::switch("keep-optimizer", keep).seldom(),
        OptionSpec::new("resume", "DIR", "continue the run in this folder"),
        OptionSpec::switch("force", "replace the run that the folder already holds").seldom(),
        OptionSpec::switch("quiet", "show no progress and no warnings on standard error").seldom(),
        OptionSpec::help().seldom(),
    ];
    let preset = "set several options at once; an option that you give overrides the preset";
    let preset = OptionSpec::new("preset", "adagrad-edition|adam-edition|best", preset).seldom();
    let settings = setting_options(&Settings::DEFAULT, of_options());
    std::iter::once(preset).chain(settings).chain(plan_options()).chain(own).collect()
}

/// A run that is asked for.
#[derive(Clone, Debug)]
pub struct Request {
    /// The text.
    pub text: TextSource,
    /// The folder of the run.
    pub folder: PathBuf,
    /// Whether the run in the folder goes on; else a new run begins.
    pub resume: bool,
    /// The settings and the plan that are given. A run that goes on must agree with them.
    pub overrides: Overrides,
    /// The model whose weights a new run begins with: a file, or the folder of a run.
    pub from: Option<PathBuf>,
    /// Whether it begins with the state of that model's optimizer as well.
    pub optimizer: OptimizerStart,
    /// Whether a new run may replace one that the folder holds.
    pub force: bool,
    /// The number of threads; `None` for as many as help.
    pub threads: Option<usize>,
    /// Whether no progress is shown.
    pub quiet: bool,
}

impl Request {
    /// What the arguments of `train` ask for.
    pub fn of(arguments: &Arguments) -> Result<Self, Failure> {
        let resume = arguments.has("resume");
        for option in ["out", "resume"] {
            refuse_standard(arguments.value(option), &format!("--{option}"))?;
        }
        let folder = arguments.filled(if resume { "resume" } else { "out" })?;
        refuse_contradictions(arguments)?;
        let from = arguments.has("from").then(|| arguments.filled("from")).transpose()?;
        Ok(Request {
            text: TextSource::named(arguments.first()),
            folder: folder.into(),
            resume,
            overrides: Overrides::of(arguments)?,
            from: from.map(PathBuf::from),
            optimizer: if arguments.has("keep-optimizer") {
                OptimizerStart::Kept
            } else {
                OptimizerStart::Fresh
            },
            force: arguments.has("force"),
            threads: threads(arguments)?,
            quiet: arguments.has("quiet"),
        })
    }
}

/// Refuses options that exclude each other.
fn refuse_contradictions(arguments: &Arguments) -> Result<(), Failure> {
    let has = |name| arguments.has(name);
    let problem = if has("resume") && has("force") {
        "--force replaces a run, --resume continues it: use only one of them".to_string()
    } else if has("resume") && has("from") {
        "--from begins a new run, --resume continues one: use only one of them".to_string()
    } else if has("keep-optimizer") && !has("from") {
        "--keep-optimizer: can only be used with --from".to_string()
    } else if has("from") && (has("sigma") || has("initialization")) {
        let option = if has("sigma") { "sigma" } else { "initialization" };
        format!(
            "--{option} is for initial weights that are drawn, --from takes those of a model: use only one of them"
        )
    } else if has("resume") && has("out") && !is_same(arguments)? {
        let [out, resume] = ["out", "resume"].map(|name| arguments.quoted(name));
        format!("{out}: a resumed run stays in its own folder, that of {resume}: leave out --out")
    } else {
        return Ok(());
    };
    Err(Failure::Usage(problem))
}

/// Whether `--out` and `--resume` name the same folder.
fn is_same(arguments: &Arguments) -> Result<bool, Failure> {
    let [out, resume] = ["out", "resume"].map(|name| arguments.filled(name).map(Path::new));
    let (out, resume) = (out?, resume?);
    Ok(match (out.canonicalize(), resume.canonicalize()) {
        (Ok(out), Ok(resume)) => out == resume,
        _ => out == resume,
    })
}
