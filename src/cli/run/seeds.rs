//! `elman train --seeds N`: the same setting with several seeds, side by side, and how they compare.
//!
//! Each is a run of its own, in a folder of its own, that prints nothing; one thread tells of all of them.

mod watch;

use super::folder::{BEST, MODEL, folders_of_seeds, refuse_run, remove_state};
use super::lock::Lock;
use super::request::{Kind, New, Request};
use super::work::{Outcome, Run};
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::Asked;
use crate::cli::terminal::progress::Progress;
use elman::files;
use elman::internals::disk::System;
use elman::{Plan, Settings};
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
    /// What a run of its own would be asked.
    request: Request,
    /// Its updates.
    made: Arc<AtomicU64>,
}

/// Trains with `count` seeds.
pub fn run(request: &Request, count: u64) -> Result<(), Failure> {
    let (seeds, iterations) = match &request.kind {
        Kind::New(new) => beginning(request, new, count)?,
        Kind::Resume(asked) => going_on(request, asked, count)?,
    };
    let text = request.text.clone().for_several()?;
    let runs = seeds.into_iter().map(|(seed, folder, kind)| One {
        seed,
        request: Request {
            text: text.clone(),
            folder,
            kind,
            threads: request.threads.or(Some(1)),
            quiet: true,
        },
        made: Arc::default(),
    });
    let runs: Vec<One> = runs.collect();
    let at_once = at_once(request.threads, runs.len());
    let mut progress = Progress::new(request.quiet);
    introduce(&mut progress, &runs, at_once);
    let force = matches!(&request.kind, Kind::New(new) if new.force);
    let watched = runs.iter().map(One::watched).collect();
    let mut watch = Watch::new(watched, text.text().place, iterations, progress);
    side_by_side(&runs, &mut watch, at_once, force);
    watch.conclude()
}

/// How many seeds the arguments ask for; none for a run of its own.
pub fn count(arguments: &Arguments) -> Result<Option<u64>, Failure> {
    if !arguments.has("seeds") {
        return Ok(None);
    }
    match arguments.count("seeds")? {
        count @ 1..=MOST => Ok(Some(count)),
        _ => Err(Failure::at(
            arguments.quoted("seeds"),
            format!("must be a whole number from 1 to {MOST}"),
        )),
    }
}

fn introduce(progress: &mut Progress, runs: &[One], at_once: usize) {
    let (count, first, last) = (runs.len(), &runs[0], &runs[runs.len() - 1]);
    let out = first.request.folder.parent().unwrap_or(Path::new("")).display();
    progress.say(&format!(
        "seeds {} to {}: {count} runs, {at_once} at a time, in {out}",
        first.seed, last.seed,
    ));
    progress.say(&format!("stopped at any moment, they go on with --resume {out} --seeds {count}"));
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
        let _ = sender.send(RunEvent::Ended { run: index, outcome });
    }
}

impl One {
    fn watched(&self) -> Watched {
        Watched {
            seed: self.seed,
            folder: self.request.folder.clone(),
            made: Arc::clone(&self.made),
        }
    }

    /// Removes the last state of an earlier run, so that nobody takes it for one of these. Where it cannot be, the
    /// run itself will say so.
    fn clear(&self) {
        if let Ok(_lock) = Lock::take(&self.request.folder) {
            let _ = remove_state(&self.request.folder, &mut System);
        }
    }

    /// From its beginning, or where it stands, to its end.
    fn work(&self, index: usize, sender: &Sender<RunEvent>) -> Result<Outcome, Failure> {
        let run = Run::silent(&self.request, Arc::clone(&self.made))?;
        let (updates, has_mark) = (self.made.load(Relaxed), run.has_byte_order_mark());
        let _ = sender.send(RunEvent::Begun { run: index, updates, has_mark });
        run.finish()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
fn at_once(threads: Option<usize>, runs: usize) -> usize {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    (cores / threads.unwrap_or(1)).clamp(1, runs)
}

/// A seed, the folder of its run, and what is to be done there.
type Seeded = (u64, PathBuf, Kind);

/// New runs, and the updates of each. What their folders hold is refused before the first begins.
fn beginning(request: &Request, new: &New, count: u64) -> Result<(Vec<Seeded>, u64), Failure> {
    if new.from.is_some() {
        return Err(Failure::Usage(
            "--seeds draws first weights for every seed, --from takes those of a model: choose one"
                .into(),
        ));
    }
    let out = &request.folder;
    let seeds = seeds(new.settings.seed, count, out)?;
    if out.join(MODEL).exists() {
        let own =
            "holds a run of its own, which these would hide in: choose another folder with --out";
        return Err(Failure::at(out.display(), own));
    }
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.is_dir()) {
        // Held for as long as it takes to look.
        let _lock = Lock::take(folder)?;
        refuse_run(folder, new.force)?;
    }
    let one = |(seed, folder)| {
        let settings = Settings { seed, ..new.settings };
        let new = New { settings, ..new.clone() };
        (seed, folder, Kind::New(Box::new(new)))
    };
    Ok((seeds.into_iter().map(one).collect(), new.plan.iterations))
}

/// Runs that go on, those that have not begun among them, and the updates of each: the most that any of them was asked
/// for, where none are given. All of them have the settings of the first that can be read, but for its seed; what has not begun is what one of the others was begun with, but for its seed.
fn going_on(request: &Request, asked: &Asked, count: u64) -> Result<(Vec<Seeded>, u64), Failure> {
    let out = &request.folder;
    let first = match folders_of_seeds(out).first() {
        Some(&lowest) if !asked.has("seed") => lowest,
        _ => asked.settings(&Settings::default())?.seed,
    };
    let seeds = seeds(first, count, out)?;
    let (settings, mut plan) = begun(&seeds, out)?;
    plan = asked.without_preset().plan(&plan, &settings)?;
    let settings = asked.settings(&settings)?;
    let mut every = Asked::all_of(&settings, &plan);
    every.give("iterations", plan.iterations.to_string());
    if asked.has("save-every") {
        every.give("save-every", plan.save_every.to_string());
    }
    let one = |(seed, folder): (u64, PathBuf)| {
        let kind = if folder.join(MODEL).exists() {
            let mut asked = every.clone();
            asked.give("seed", seed.to_string());
            Kind::Resume(asked)
        } else {
            Kind::New(Box::new(New {
                settings: Settings { seed, ..settings },
                plan,
                from: None,
                force: is_remainder(&folder),
            }))
        };
        (seed, folder, kind)
    };
    Ok((seeds.into_iter().map(one).collect(), plan.iterations))
}

/// The settings and the plan of the first run that can be read, with the most updates that any was asked for.
fn begun(seeds: &[(u64, PathBuf)], out: &Path) -> Result<(Settings, Plan), Failure> {
    let mut begun: Option<(Settings, Plan)> = None;
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.is_dir()) {
        let _lock = Lock::take(folder)?;
        // What cannot be read is told by its own run.
        if let Ok((model, Some(plan))) = files::load_with_plan(&folder.join(MODEL)) {
            let (_, first) = begun.get_or_insert((model.settings, plan));
            first.iterations = first.iterations.max(plan.iterations);
        }
    }
    begun.ok_or_else(|| {
        let last = seeds.last().map_or(0, |(seed, _)| *seed);
        let none = format!(
            "none of its folders up to seed-{last} holds a run that can be resumed: begin with --out instead of \
             --resume"
        );
        Failure::at(out.display(), none)
    })
}

/// Whether a folder without a last state is that of a run that was stopped before its first save was whole: nothing
/// in it was learned.
fn is_remainder(folder: &Path) -> bool {
    let best = folder.join(BEST);
    folder.is_dir()
        && (!best.exists() || files::load(&best).is_ok_and(|model| model.state.updates == 0))
}

/// Says what to do where one run is to go on in the folder of several.
pub fn refuse_several(request: &Request) -> Result<(), Failure> {
    let out = &request.folder;
    match folders_of_seeds(out).as_slice() {
        [first, ..] if matches!(request.kind, Kind::Resume(_)) && !out.join(MODEL).exists() => {
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

    #[test]
    fn every_thread_of_a_run_has_a_core() {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let at_once = |threads: usize, runs| super::at_once(Some(threads), runs);
        assert_eq!(at_once(cores, 1000), 1);
        assert_eq!(at_once(2 * cores, 1000), 1);
        assert_eq!(at_once(1, 1000), cores.min(1000));
        assert_eq!(at_once(1, 1), 1);
    }
}
