//! `elman plot`: draws the losses of one run or several.

use crate::cli::charts::comparison::{self, Run, UNIT};
use crate::cli::charts::curve::Curve;
use crate::cli::command_line::arguments::{Arguments, OptionSpec};
use crate::cli::command_line::command::Command;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::format::{columns_of, fit, short_loss, shorten, thousands};
use crate::cli::language::Language;
use crate::cli::run::folder::{LOSSES, MODEL};
use crate::cli::run::inputs::{STANDARD, refuse_existing, refuse_standard};
use crate::cli::run::loss_log;
use crate::cli::terminal::output::{one_line, print};
use crate::cli::terminal::screen;
use crate::cli::terminal::text_curve;
use elman::internals::checkpoint;
use elman::internals::disk::{self, System};
use elman::internals::intervals::Intervals;
use std::fs;
use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

const DETAILS: &str = "\
Draws the smooth loss of one run or several, in nats per character, and the
validation loss where there is one. DIR is the folder of a run, running or
finished, or a folder that contains such folders. On a terminal the chart is printed
as text, elsewhere as SVG.";

const EXAMPLES: &[&str] = &["elman plot elman-run", "elman plot run-1 run-2 --out runs.svg"];

/// The command.
pub const COMMAND: Command = Command {
    name: "plot",
    takes: "DIR...",
    limit: usize::MAX,
    summary: "draw the losses of one run or several",
    details: DETAILS,
    examples: EXAMPLES,
    more: "",
    options,
    run,
};

fn options() -> Vec<OptionSpec> {
    vec![
        OptionSpec::new("out", "FILE", "write the chart as SVG to a file; - is standard output"),
        OptionSpec::switch("force", "replace FILE if it exists"),
        OptionSpec::help(),
    ]
}

fn run(arguments: &Arguments) -> Result<(), Failure> {
    if arguments.all().is_empty() {
        return Err(Failure::Usage("which runs? give their folders".into()));
    }
    arguments.all().iter().try_for_each(|folder| refuse_standard(folder, ""))?;
    let out = if arguments.has("out") { Some(Path::new(arguments.filled("out")?)) } else { None };
    let is_printed = out == Some(Path::new(STANDARD));
    let out = out.filter(|_| !is_printed);
    if let Some(out) = out {
        refuse_other_picture(out, arguments)?;
        refuse_existing(out, arguments.has("force"))?;
    }
    let folders = arguments.all().iter().map(|folder| folders(Path::new(folder)));
    let folders = folders.collect::<Result<Vec<_>, _>>()?.concat();
    let runs: Vec<Run> = folders.iter().map(|folder| read(folder)).collect::<Result<_, _>>()?;
    if runs.iter().all(|run| run.last.is_none()) {
        let losses = folders[0].join(LOSSES);
        return Err(Failure::at(
            losses.display(),
            "it has no rows yet: the run writes them with its next save",
        ));
    }
    if let Some(out) = out {
        let svg = comparison::svg(&runs);
        let written = disk::replace(&mut System, out, |file| file.write_all(svg.as_bytes()));
        written.map_err(|error| Failure::at(out.display(), error))?;
    }
    match (io::stdout().is_terminal() && !is_printed, out) {
        (true, _) => print(&text(&runs, screen::width(), screen::is_utf8())),
        (false, None) => print(&comparison::svg(&runs)),
        (false, Some(_)) => Ok(()),
    }
}

/// Refuses a name that promises another format than SVG.
fn refuse_other_picture(out: &Path, arguments: &Arguments) -> Result<(), Failure> {
    const OTHERS: [&str; 10] =
        ["png", "jpg", "jpeg", "gif", "webp", "bmp", "tif", "tiff", "pdf", "eps"];
    let extension = out.extension().unwrap_or_default();
    if !OTHERS.iter().any(|other| extension.eq_ignore_ascii_case(other)) {
        return Ok(());
    }
    let need = "the chart is written as SVG: choose a name that ends in .svg";
    Err(Failure::of_option(arguments.quoted("out"), need))
}

/// The folders of runs that a folder stands for: itself, or the folders in it.
fn folders(folder: &Path) -> Result<Vec<PathBuf>, Failure> {
    let fail = |problem: &str| Err(Failure::at(folder.display(), problem));
    if !folder.is_dir() {
        return if folder.exists() {
            fail("not the folder of a run: name the folder that contains loss.csv")
        } else {
            fail("there is no such folder")
        };
    }
    if folder.join(LOSSES).exists() {
        return Ok(vec![folder.to_path_buf()]);
    }
    let entries = fs::read_dir(folder).map_err(|error| Failure::at(folder.display(), error))?;
    let entries = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut inside: Vec<PathBuf> = entries.filter(|path| path.join(LOSSES).exists()).collect();
    if inside.is_empty() {
        return fail(
            "not the folder of a run: neither this folder nor a folder in it has a loss.csv",
        );
    }
    inside.sort_by_key(|path| numbered(path));
    Ok(inside)
}

/// The key that sorts folders by the number at the end of their names: `seed-10` comes after `seed-9`.
fn numbered(path: &Path) -> (String, u64, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let text = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = name[text.len()..].parse().unwrap_or(0);
    (text.to_string(), number, name.to_string())
}

/// The losses of a run so far, in nats per character.
fn read(folder: &Path) -> Result<Run, Failure> {
    let within = |name: &str, error: String| Failure::at(folder.join(name).display(), error);
    let model = folder.join(MODEL);
    if !model.exists() {
        let problem = format!("it has no {MODEL}, which is needed to read the losses");
        return Err(Failure::at(folder.display(), problem));
    }
    let loaded = checkpoint::load_with_plan(&model);
    let (model, plan) = loaded.map_err(|error| within(MODEL, words::of_file(&error)))?;
    let plan = plan.ok_or_else(|| {
        let problem = "a model, but not the last state of a run, which is needed to read loss.csv";
        within(MODEL, problem.into())
    })?;
    let intervals = Intervals::new(model.settings(), &plan);
    let characters = model.settings().loss_characters();
    let mut run = Run {
        name: folder.to_string_lossy().into_owned(),
        hidden: model.shape().m(),
        sequence_length: model.settings().sequence_length,
        updates: model.state().updates,
        curve: Curve::new(),
        last: None,
        best: None,
        validation: None,
    };
    let losses = loss_log::read(&folder.join(LOSSES), &intervals, |row| {
        let per_character = |loss: f64| loss / characters as f64;
        let smooth = per_character(row.smooth_loss);
        let n = row.iteration;
        run.updates = run.updates.max(n);
        run.curve.push(n, per_character(row.loss), smooth);
        run.last = Some(smooth);
        if run.best.is_none_or(|(_, best)| smooth < best) {
            run.best = Some((n, smooth));
        }
        if let Some(loss) = row.validation_loss.map(per_character) {
            run.curve.push_validation(n, loss);
            run.validation = Some(run.validation.map_or(loss, |lowest| lowest.min(loss)));
        }
    });
    losses.map_err(|error| within(LOSSES, error.to_string()))?;
    Ok(run)
}

/// The chart in text: a letter for each run, but dots where there is only one.
fn text(runs: &[Run], columns: usize, utf8: bool) -> String {
    let heading = format!("smooth loss ({UNIT})");
    let mut text = match runs {
        [run] => text_curve::draw(Language::English, &run.curve, &heading, columns, utf8),
        _ => {
            let curves: Vec<&Curve> = runs.iter().map(|run| &run.curve).collect();
            text_curve::several(&curves, comparison::range(runs), &heading, columns)
        }
    };
    let is_short = |name: &str| columns_of(name) <= (columns / 2).max(16);
    let names: Vec<String> =
        (runs.iter()).map(|run| shorten(&one_line(&run.name), is_short)).collect();
    let widest = names.iter().map(|name| columns_of(name)).max().unwrap_or(0);
    for (n, run) in runs.iter().enumerate() {
        let name = format!("{}{}", names[n], " ".repeat(widest - columns_of(&names[n])));
        text += &fit(&legend(run, n, runs.len(), name), columns);
        text.push('\n');
    }
    text
}

/// The line below the chart for a run, in parts, the most important first.
fn legend(run: &Run, n: usize, of: usize, name: String) -> Vec<String> {
    let loss = |loss| short_loss(loss, 5);
    let mut parts = vec![match of {
        1 => name,
        _ => format!("{} {name}", text_curve::letter(n)),
    }];
    parts.push(run.last.map_or("no losses yet".into(), |last| format!("last {}", loss(last))));
    if let Some((update, best)) = run.best {
        parts.push(format!("best {} at {}", loss(best), thousands(update)));
    }
    if let Some(lowest) = run.validation {
        parts.push(format!("lowest validation {}", loss(lowest)));
    }
    parts.push(format!("m = {}", run.hidden));
    parts.push(format!("T = {}", run.sequence_length));
    parts
}
