//! `elman report`: what a run of the assignment is handed in as, written by itself.

mod blocks;
mod check_table;
mod command;
mod equations;
mod facts;
mod gradients;
mod html;
mod markdown;
mod page;
mod samples;
mod setting;
mod speed;
mod visible;
mod words;

use crate::cli::command_line::arguments::{Arguments, Choice};
use crate::cli::command_line::failure::Failure;
use crate::cli::run::inputs::refuse_existing;
use crate::cli::terminal::output::print;
use crate::cli::terminal::progress::Progress;
use elman::internals::disk;
use elman::internals::disk::{Disk as _, System};
use facts::{Facts, Wishes};
use std::path::{Path, PathBuf};

/// The help's words.
pub const DETAILS: &str = "\
Writes report.html and report.md about the run in DIR, into it or into that of
--out: the settings and the equations, the gradient check, the losses, the text
that it wrote, how fast it learns here, and the command that repeats it. Both
are whole in themselves: no other file, no script, no network.";

/// Calls.
pub const EXAMPLES: &[&str] = &[
    "elman report elman-run",
    "elman report elman-run --language sv --out hand-in",
];

/// What the screen has no room for.
pub const MORE: &str = "\
The samples are those of the reports of `train`: before the first update, before
every 10,000th, and at the end; of a run without such, or with more than a
hundred, twelve at most. All but the speed is the same on every machine, and
--seconds 0 leaves it out.

The gradients that are checked are those of the best model, every entry of them; of
one that is too large for that to take a minute, of its first hidden units, as
--check-hidden has it. Exit status 1 where one is wrong: the report says which.";

/// Its options.
pub fn options() -> Vec<Choice> {
    vec![
        Choice::new(
            "out",
            "DIR",
            "the folder to write into, instead of the run's",
        ),
        Choice::new("language", "en|sv", "English or Swedish").or("en"),
        Choice::new(
            "check-hidden",
            "N",
            "hidden units whose gradients are checked",
        ),
        Choice::new("seconds", "X", "how long to measure the speed").or("2"),
        Choice::switch("force", "replace reports that are already there"),
        Choice::switch("quiet", "no progress on standard error"),
        Choice::help(),
    ]
}

const HTML: &str = "report.html";
const MARKDOWN: &str = "report.md";
/// Longer measurements say no more.
const LONGEST: f64 = 3600.0;

/// Runs it.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let folder = arguments.first();
    let folder =
        folder.ok_or_else(|| Failure::Usage("the report of which run? name its folder".into()))?;
    let folder = Path::new(folder);
    let out = if arguments.has("out") {
        PathBuf::from(arguments.filled("out")?)
    } else {
        folder.to_path_buf()
    };
    let wishes = wishes(arguments)?;
    let files = [HTML, MARKDOWN].map(|name| out.join(name));
    for file in &files {
        refuse_existing(file, arguments.has("force"))?;
    }
    let words = match arguments.word("language") {
        "sv" => &words::SWEDISH,
        _ => &words::ENGLISH,
    };
    let mut progress = Progress::new(arguments.has("quiet"));
    let facts = Facts::gather(folder, &wishes, &mut progress)?;
    let page = page::of(&facts, words);
    let written = [html::write(&page, words), markdown::write(&page)];
    let made = System.make_folder(&out);
    made.map_err(|error| Failure::at(out.display(), error))?;
    for (file, text) in files.iter().zip(written) {
        let replaced = disk::replace(&mut System, file, |output| {
            output.write_all(text.as_bytes())
        });
        replaced.map_err(|error| Failure::at(file.display(), error))?;
    }
    let told = files.map(|file| {
        format!(
            "{}\n",
            crate::cli::terminal::output::one_line(&file.to_string_lossy())
        )
    });
    print(&told.concat())?;
    gradients::outcome(&facts.check)
}

fn wishes(arguments: &Arguments) -> Result<Wishes, Failure> {
    let seconds = arguments.number("seconds")?;
    if !(0.0..=LONGEST).contains(&seconds) {
        let need = format!("must be a number from 0 to {LONGEST}");
        return Err(Failure::at(arguments.quoted("seconds"), need));
    }
    let check_hidden = if arguments.has("check-hidden") {
        Some(arguments.positive("check-hidden")?)
    } else {
        None
    };
    Ok(Wishes {
        seconds,
        check_hidden,
    })
}
