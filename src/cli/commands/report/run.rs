//! The command: its help, its options, and the files that it writes.

use super::facts::Facts;
use super::{gradients, html, markdown, sections};
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::language::Language;
use crate::cli::run::inputs::{refuse_existing, refuse_standard};
use crate::cli::terminal::output::{one_line, print};
use crate::cli::terminal::progress::Progress;
use elman::internals::disk::{self, Disk as _, System};
use std::path::Path;

const DETAILS: &str = "\
Writes report.html and report.md about the run in DIR, into DIR or the folder of
--out: settings, equations, gradient check, losses, samples, the speed on this
machine, and the command that repeats the run. Each file is self-contained: no
other files, no scripts, no network.";

const EXAMPLES: &[&str] =
    &["elman report elman-run", "elman report elman-run --language sv --out hand-in"];

const MORE: &str = "\
The samples are those of `train`: before the first update, before every 10,000th,
and at the end. Of a run without these, or with more than a hundred, the report
shows twelve at most. Everything but the speed is the same on every machine;
--seconds 0 leaves the speed out.

The gradient check covers every entry of the best model. Where that would take
more than a minute, it covers the first hidden units only; --check-hidden sets
their number. Exit status 1: an entry is wrong; the report says which.";

/// The command.
pub const COMMAND: Command = Command {
    name: "report",
    takes: "DIR",
    limit: 1,
    summary: "write the assignment report, HTML and Markdown",
    details: DETAILS,
    examples: EXAMPLES,
    more: MORE,
    options,
    run,
};

fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("out", "DIR", "the folder to write into, instead of the run's"),
        OptionSpec::new("language", "en|sv", "English or Swedish").or("en"),
        OptionSpec::new(
            "check-hidden",
            "N",
            "hidden units whose gradients are checked, from the first",
        ),
        OptionSpec::new("seconds", "X", "seconds to measure the speed for; 0: not at all").or("2"),
        OptionSpec::switch("force", "replace reports that exist"),
        OptionSpec::switch("quiet", "no progress on standard error"),
        OptionSpec::help(),
    ]
}

const LONGEST: f64 = 3600.0;

fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = (arguments.first())
        .ok_or_else(|| Failure::Usage("the report of which run? name its folder".into()))?;
    let out = if arguments.has("out") { arguments.filled("out")? } else { folder };
    refuse_standard(folder, "")?;
    refuse_standard(out, "--out")?;
    let (folder, out) = (Path::new(folder), Path::new(out));
    let language = match arguments.word("language") {
        "sv" => Language::Swedish,
        _ => Language::English,
    };
    let seconds = arguments.number("seconds")?;
    if !(0.0..=LONGEST).contains(&seconds) {
        let need = format!("must be a number from 0 to {LONGEST}");
        return Err(Failure::of_option(arguments.quoted("seconds"), need));
    }
    let check_hidden = arguments.has("check-hidden").then(|| arguments.positive("check-hidden"));
    let files = ["report.html", "report.md"].map(|name| out.join(name));
    for file in &files {
        refuse_existing(file, arguments.has("force"))?;
    }
    let mut progress = Progress::new(arguments.has("quiet"));
    let facts = Facts::gather(folder, check_hidden.transpose()?, seconds, &mut progress)?;
    let page = sections::page(&facts, language);
    (System.make_folder(out)).map_err(|error| Failure::at(out.display(), error))?;
    for (file, text) in files.iter().zip([html::write(&page), markdown::write(&page)]) {
        disk::replace(&mut System, file, |output| output.write_all(text.as_bytes()))
            .map_err(|error| Failure::at(file.display(), error))?;
    }
    let lines = files.map(|file| one_line(&file.to_string_lossy()) + "\n");
    print(&lines.concat())?;
    gradients::outcome(&facts.check)
}
