//! `elman train --seeds N`: the same setting with several seeds, side by side, and how they compare.
//!
//! Each is a run of its own, in a folder of its own, that prints nothing; one thread tells of all of them.

mod watch;

use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::folder::{BEST, MODEL, folders_of_seeds, refuse_run, remove_state};
use crate::cli::run::inputs::names;
use crate::cli::run::lock::Lock;
use crate::cli::run::resume;
use crate::cli::run::work::{Outcome, Run};
use crate::cli::terminal::progress::Progress;
use elman::internals::checkpoint;
use elman::internals::disk::System;
use elman::{Model, Plan};
use std::iter;
use std::path::{Path, PathBuf};
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::mpsc::{self, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use watch::{RunEvent, Watch, Watched};

/// More are a mistake.
const MOST: u64 = 1000;

/// One of the runs, before it begins.
struct One {
    seed: u64,
    folder: PathBuf,
    /// What the command line of a run of its own would be.
    arguments: Arguments,
    /// Its updates.
    made: Arc<AtomicU64>,
}

/// Trains with all the seeds.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let (runs, iterations) = if arguments.has("resume") {
        going_on(arguments)?
    } else {
        beginning(arguments)?
    };
    let at_once = at_once(arguments, runs.len())?;
    let mut progress = Progress::new(arguments.has("quiet"));
    introduce(&mut progress, &runs, at_once);
    let place = names(arguments.first()).place;
    let watched = runs.iter().map(One::watched).collect();
    let mut watch = Watch::new(watched, place, iterations, progress);
    side_by_side(&runs, &mut watch, at_once, arguments.has("force"));
    watch.conclude()
}

fn introduce(progress: &mut Progress, runs: &[One], at_once: usize) {
    let (count, first, last) = (runs.len(), &runs[0], &runs[runs.len() - 1]);
    let out = first.folder.parent().unwrap_or(Path::new("")).display();
    progress.say(&format!(
        "seeds {} to {}: {count} runs, {at_once} at a time, in {out}",
        first.seed, last.seed,
    ));
    progress.say(&format!(
        "stopped at any moment, they go on with --resume {out} --seeds {count}"
    ));
}

/// Runs that nobody has taken yet, with their indices.
type Queue<'a> = Mutex<iter::Enumerate<slice::Iter<'a, One>>>;

/// So many at a time, until all have ended. With `force` the last states of earlier runs go as soon as the first
/// run has begun.
fn side_by_side(runs: &[One], watch: &mut Watch, at_once: usize, force: bool) {
    let queue: Queue = Mutex::new(runs.iter().enumerate());
    let (sender, receiver) = mpsc::channel();
    thread::scope(|scope| {
        // Nobody takes a run from the queue before the first has begun.
        let mut held = lock(&queue);
        let mut first = held.next();
        for _ in 0..at_once {
            let (queue, sender, first) = (&queue, sender.clone(), first.take());
            let work = move || work(first, queue, &sender);
            if thread::Builder::new().spawn_scoped(scope, work).is_err() {
                break;
            }
        }
        drop(sender);
        let event = receiver.recv();
        if force && matches!(event, Ok(RunEvent::Begun { .. })) {
            runs[1..].iter().for_each(One::clear);
        }
        drop(held);
        watch.watch(event, &receiver);
    });
}

/// One run after another.
fn work<'a>(first: Option<(usize, &'a One)>, queue: &Queue<'a>, sender: &Sender<RunEvent>) {
    let next = || lock(queue).next();
    for (index, one) in first.into_iter().chain(iter::from_fn(next)) {
        let outcome = one.work(index, sender);
        // Somebody listens until all have ended.
        let _ = sender.send(RunEvent::Ended {
            run: index,
            outcome,
        });
    }
}

impl One {
    fn new(seed: u64, folder: PathBuf, arguments: Arguments) -> Self {
        let mut arguments = (arguments.with("seed", seed.to_string()))
            .with("out", &folder)
            .with("quiet", "");
        if !arguments.has("threads") {
            arguments = arguments.with("threads", "1");
        }
        One {
            seed,
            folder,
            arguments,
            made: Arc::default(),
        }
    }

    fn watched(&self) -> Watched {
        Watched {
            seed: self.seed,
            folder: self.folder.clone(),
            made: Arc::clone(&self.made),
        }
    }

    /// Removes the last state of an earlier run, so that nobody takes it for one of these. Where it cannot be, the
    /// run itself will say so.
    fn clear(&self) {
        if let Ok(_lock) = Lock::take(&self.folder) {
            let _ = remove_state(&self.folder, &mut System);
        }
    }

    /// From its beginning, or where it stands, to its end.
    fn work(&self, index: usize, sender: &Sender<RunEvent>) -> Result<Outcome, Failure> {
        let run = Run::silent(&self.arguments, Arc::clone(&self.made))?;
        let (updates, has_mark) = (self.made.load(Relaxed), run.has_byte_order_mark());
        let _ = sender.send(RunEvent::Begun {
            run: index,
            updates,
            has_mark,
        });
        run.finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How many seeds.
fn count(arguments: &Arguments) -> Result<u64, Failure> {
    match arguments.count("seeds")? {
        count @ 1..=MOST => Ok(count),
        _ => Err(Failure::at(
            arguments.quoted("seeds"),
            format!("must be a whole number from 1 to {MOST}"),
        )),
    }
}

/// The seeds from the first on, each with its folder.
fn seeds(first: u64, count: u64, out: &Path) -> Result<Vec<(u64, PathBuf)>, Failure> {
    let last = first.checked_add(count - 1).ok_or_else(|| {
        let none =
            format!("there are no {count} seeds from --seed {first} on: choose a smaller one");
        Failure::at(format!("--seeds {count}"), none)
    })?;
    let folder = |seed| (seed, out.join(format!("seed-{seed}")));
    Ok((first..=last).map(folder).collect())
}

/// As many as have a core for each of their threads.
fn at_once(arguments: &Arguments, runs: usize) -> Result<usize, Failure> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let threads = if arguments.has("threads") {
        arguments.count::<usize>("threads")?.max(1)
    } else {
        1
    };
    Ok((cores / threads).clamp(1, runs))
}

/// New runs, and the updates of each. What their folders hold is refused before the first begins.
fn beginning(arguments: &Arguments) -> Result<(Vec<One>, u64), Failure> {
    if arguments.has("from") {
        return Err(Failure::Usage(
            "--seeds draws first weights for every seed, --from takes those of a model: choose one"
                .into(),
        ));
    }
    let count = count(arguments)?;
    let out = Path::new(arguments.filled("out")?);
    let seeds = seeds(arguments.count("seed")?, count, out)?;
    if out.join(MODEL).exists() {
        let own =
            "holds a run of its own, which these would hide in: choose another folder with --out";
        return Err(Failure::at(out.display(), own));
    }
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.is_dir()) {
        // Held for as long as it takes to look.
        let _lock = Lock::take(folder)?;
        refuse_run(folder, arguments.has("force"))?;
    }
    let one = |(seed, folder)| One::new(seed, folder, arguments.clone());
    Ok((
        seeds.into_iter().map(one).collect(),
        arguments.count("iterations")?,
    ))
}

/// Runs that go on, those that have not begun among them, and the updates of each.
fn going_on(arguments: &Arguments) -> Result<(Vec<One>, u64), Failure> {
    resume::refuse_contradictions(arguments)?;
    let count = count(arguments)?;
    let out = Path::new(arguments.filled("resume")?);
    let first = match (arguments.has("seed"), folders_of_seeds(out).first()) {
        (false, Some(&lowest)) => lowest,
        _ => arguments.count("seed")?,
    };
    let seeds = seeds(first, count, out)?;
    let mut begun: Option<(Model, Plan)> = None;
    let mut iterations = 0;
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.is_dir()) {
        let _lock = Lock::take(folder)?;
        // What cannot be read is told by its own run.
        if let Ok((model, Some(plan))) = checkpoint::load_with_plan(&folder.join(MODEL)) {
            iterations = iterations.max(plan.iterations);
            begun.get_or_insert((model, plan));
        }
    }
    let (model, plan) = begun.ok_or_else(|| {
        let first = first + count - 1;
        let none = format!(
            "none of its folders up to seed-{first} holds a run that can be resumed: begin with --out instead of \
             --resume"
        );
        Failure::at(out.display(), none)
    })?;
    let arguments = as_begun(arguments.clone(), &model, &plan, iterations);
    let iterations = arguments.count("iterations")?;
    let one = |(seed, folder): (u64, PathBuf)| {
        let arguments = arguments.clone();
        let arguments = if folder.join(MODEL).exists() {
            arguments.with("resume", &folder)
        } else {
            anew(arguments, &folder, &plan)
        };
        One::new(seed, folder, arguments)
    };
    let runs = seeds.into_iter().map(one);
    Ok((runs.collect(), iterations))
}

/// Options that are not given are what one of the runs was begun with, but for its seed; all make the most updates
/// that any was asked for.
fn as_begun(arguments: Arguments, model: &Model, plan: &Plan, iterations: u64) -> Arguments {
    let options = resume::begun(model, plan).map(|(name, begun)| (name, begun.spelled()));
    let ends = ("iterations", Some(iterations.to_string()));
    let options = options.into_iter().chain([ends]);
    options.fold(arguments, |arguments, (name, value)| match value {
        // What would be so anyway need not be given: not every option goes with every other.
        Some(value)
            if name == "seed" || arguments.has(name) || arguments.value(name) == value.as_str() =>
        {
            arguments
        }
        Some(value) => arguments.with(name, value),
        _ => arguments,
    })
}

/// The arguments of a run that has not begun, beside those that have.
fn anew(arguments: Arguments, folder: &Path, plan: &Plan) -> Arguments {
    let mut arguments = arguments.without("resume");
    if !arguments.has("save-every") {
        arguments = arguments.with("save-every", plan.save_every.to_string());
    }
    if is_remainder(folder) {
        arguments.with("force", "")
    } else {
        arguments
    }
}

/// Whether a folder without a last state is that of a run that was stopped before its first save was whole: nothing
/// in it was learned.
fn is_remainder(folder: &Path) -> bool {
    let best = folder.join(BEST);
    folder.is_dir()
        && (!best.exists() || checkpoint::load(&best).is_ok_and(|model| model.state.updates == 0))
}

/// Says what to do where one run is to go on in the folder of several.
pub fn refuse_several(arguments: &Arguments) -> Result<(), Failure> {
    let out = Path::new(arguments.value("resume"));
    match folders_of_seeds(out).as_slice() {
        [first, ..] if !out.join(MODEL).exists() => {
            let (all, count) = (out.display(), folders_of_seeds(out).len());
            Err(Failure::at(
                &all,
                format!(
                    "holds the runs of several seeds: go on with all of them with --seeds {count}, or with one with \
                     --resume {}",
                    out.join(format!("seed-{first}")).display()
                ),
            ))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::commands::train::CHOICES;
    use std::ffi::OsString;

    #[test]
    fn every_thread_of_a_run_has_a_core() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let at_once = |threads: usize, runs| {
            let words = ["--threads".to_string(), threads.to_string()];
            let words = words.into_iter().map(OsString::from);
            let arguments = Arguments::parse(words, CHOICES, 0, |_| Vec::new()).unwrap();
            at_once(&arguments, runs).unwrap()
        };
        assert_eq!(at_once(cores, 1000), 1);
        assert_eq!(at_once(2 * cores, 1000), 1);
        assert_eq!(at_once(1, 1000), cores.min(1000));
        assert_eq!(at_once(1, 1), 1);
    }
}
