//! `elman train --seeds N`: the same setting with several seeds, side by side, and how they compare.
//!
//! Each is a run of its own, in a folder of its own. It prints nothing: the main thread watches the runs and prints.

mod watch;

use super::folder::{BEST, MODEL, folders_of_seeds, refuse_run, remove_state};
use super::lock::Lock;
use super::request::Request;
use super::text_warnings;
use super::work::Run;
use crate::cli::command_line::arguments::Arguments;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::{Overrides, cores};
use crate::cli::terminal::progress::Progress;
use elman::files;
use elman::internals::disk::System;
use elman::{Plan, Settings};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::thread;
use watch::{Begun, SeedRun, Watch};

/// More are a mistake.
const MOST: u64 = 1000;

/// Trains with `count` seeds.
pub fn run(request: &Request, count: u64) -> Result<(), Failure> {
    let (mut runs, iterations) =
        if request.resume { resumed(request, count)? } else { begun(request, count)? };
    let text = request.text.clone().for_several();
    let text = text.map_err(|error| Failure::at(&request.text.place, error))?;
    runs.iter_mut().for_each(|run| run.request.text = text.clone());
    let at_once = at_once(request.threads, runs.len());
    let mut progress = Progress::new(request.quiet);
    let (out, first, last) = (request.folder.display(), runs[0].seed, runs[runs.len() - 1].seed);
    progress.say(&format!("seeds {first} to {last}: {count} runs, {at_once} at a time, in {out}"));
    let words = &request.text.argument;
    progress.say(&format!("after Ctrl-C: elman train{words} --resume {out} --seeds {count}"));
    let mut watch = Watch::new(&runs, iterations, progress);
    train(&runs, &mut watch, at_once, request.force);
    watch.conclude()
}

/// How many seeds the arguments ask for; `None` for a single run.
pub fn count(arguments: &Arguments) -> Result<Option<u64>, Failure> {
    match arguments.has("seeds").then(|| arguments.count("seeds")).transpose()? {
        Some(count) if !(1..=MOST).contains(&count) => {
            let need = format!("must be a whole number from 1 to {MOST}");
            Err(Failure::of_option(arguments.quoted("seeds"), need))
        }
        count => Ok(count),
    }
}

/// Trains all runs, `at_once` at a time. With `force` the last states of earlier runs are removed once the first run
/// has begun.
fn train(runs: &[SeedRun], watch: &mut Watch, at_once: usize, force: bool) {
    let (next, watcher) = (AtomicUsize::new(0), thread::current());
    let work = || {
        loop {
            let index = next.fetch_add(1, Relaxed);
            let Some(run) = runs.get(index) else { return };
            let outcome = begin(&run.request).and_then(|(training, begun)| {
                if index == 0 && force {
                    runs[1..].iter().for_each(clear);
                }
                let _ = run.begun.set(begun);
                watcher.unpark();
                training.run_silently()
            });
            let _ = run.ended.set(outcome);
            watcher.unpark();
        }
    };
    thread::scope(|scope| {
        let start = || thread::Builder::new().spawn_scoped(scope, work).ok();
        let mut threads: Vec<_> = start().into_iter().collect();
        if threads.is_empty() {
            // Not every target has threads: without them nothing is drawn before all have ended.
            work();
        }
        // No other run begins before the first one has cleared its folder.
        watch.until(|| runs[0].has_begun() || threads.iter().all(|thread| thread.is_finished()));
        threads.extend((1..at_once).map_while(|_| start()));
        let have_ended = || runs.iter().all(|run| run.ended.get().is_some());
        watch.until(|| have_ended() || threads.iter().all(|thread| thread.is_finished()));
    });
}

/// Begins one of several runs, or goes on with it.
fn begin(request: &Request) -> Result<(Run, Begun), Failure> {
    let run = Run::start(request, Box::new(System))?;
    let begun = Begun {
        updates_made: Arc::clone(&run.updates_made),
        updates: run.updates_made.load(Relaxed),
        warnings: text_warnings::of_corpus(
            &request.text.place,
            run.training.corpus(),
            run.training.model().settings(),
        ),
    };
    Ok((run, begun))
}

/// Removes the last state of an earlier run, so that nobody takes it for one of these. If that fails, the run itself
/// will say so.
fn clear(run: &SeedRun) {
    let folder = &run.request.folder;
    if let Ok(_lock) = Lock::take(folder) {
        let _ = remove_state(folder, &mut System);
    }
}

/// The seeds from the first on, each with its folder.
fn seeds(first: u64, count: u64, out: &Path) -> Result<Vec<(u64, PathBuf)>, Failure> {
    let last = first.checked_add(count - 1).ok_or_else(|| {
        let none = format!("--seed {first} is too large for {count} seeds: choose a smaller one");
        Failure::of_option(format!("--seeds {count}"), none)
    })?;
    let folder = |seed| (seed, out.join(format!("seed-{seed}")));
    Ok((first..=last).map(folder).collect())
}

/// How many runs have a core for each of their threads.
fn at_once(threads: Option<usize>, runs: usize) -> usize {
    (cores() / threads.unwrap_or(1)).clamp(1, runs)
}

/// New runs, and the updates of each. What their folders hold is refused before the first begins.
fn begun(request: &Request, count: u64) -> Result<(Vec<SeedRun>, u64), Failure> {
    let out = &request.folder;
    let settings = request.overrides.settings(&Settings::default())?;
    let plan = request.overrides.plan(&Plan::default(), &settings)?;
    if request.from.is_some() {
        let why = "--seeds draws initial weights for every seed, --from takes those of a model";
        return Err(Failure::Usage(format!("{why}: use only one of them")));
    }
    let seeds = seeds(settings.seed, count, out)?;
    if out.join(MODEL).exists() {
        let own = "holds a single run, and cannot hold the runs of several seeds";
        return Err(Failure::at(out.display(), format!("{own}: choose another folder with --out")));
    }
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.is_dir()) {
        // Held for as long as it takes to look.
        let _lock = Lock::take(folder)?;
        refuse_run(folder, request.force)?;
    }
    let run = |(seed, folder)| SeedRun::new(seed, Request { folder, ..request.clone() });
    Ok((seeds.into_iter().map(run).collect(), plan.iterations))
}

/// Runs that go on, those that have not begun among them, and the updates of each: the most that any of them was asked
/// for, unless the request says. All have the settings and the plan of the first that can be read, but for the seed.
fn resumed(request: &Request, count: u64) -> Result<(Vec<SeedRun>, u64), Failure> {
    let Request { folder: out, overrides, .. } = request;
    let first = match folders_of_seeds(out).first() {
        Some(&lowest) if !overrides.has("seed") => lowest,
        _ => overrides.settings(&Settings::default())?.seed,
    };
    let seeds = seeds(first, count, out)?;
    let (settings, plan) = first_of(&seeds, out)?;
    let asked = Settings { seed: first, ..settings };
    overrides.check_same(&asked, &plan)?;
    let plan = overrides.without_preset().plan(&plan, &settings)?;
    let mut every = Overrides::all_of(&settings, &plan);
    every.give("iterations", plan.iterations.to_string());
    let run = |(seed, folder): (u64, PathBuf)| {
        let resume = folder.join(MODEL).exists();
        let mut request = Request { resume, overrides: every.clone(), ..request.clone() };
        if !resume || overrides.has("save-every") {
            request.overrides.give("save-every", plan.save_every.to_string());
        }
        request.force = !resume && is_remainder(&folder);
        SeedRun::new(seed, Request { folder, ..request })
    };
    Ok((seeds.into_iter().map(run).collect(), plan.iterations))
}

/// The settings and the plan of the first run that can be read, with the most updates that any was asked for.
fn first_of(seeds: &[(u64, PathBuf)], out: &Path) -> Result<(Settings, Plan), Failure> {
    let mut found: Option<(Settings, Plan)> = None;
    for (_, folder) in seeds.iter().filter(|(_, folder)| folder.join(MODEL).exists()) {
        let _lock = Lock::take(folder)?;
        // What cannot be read is told by its own run.
        if let Ok((model, Some(plan))) = files::load_with_plan(folder.join(MODEL)) {
            let (_, first) = found.get_or_insert((*model.settings(), plan));
            first.iterations = first.iterations.max(plan.iterations);
        }
    }
    found.ok_or_else(|| {
        let last = seeds.last().map_or(0, |(seed, _)| *seed);
        let none = format!(
            "none of its folders up to seed-{last} holds a run that can be resumed: use --out instead of \
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
        && (!best.exists() || files::load(&best).is_ok_and(|model| model.state().updates == 0))
}

/// Refuses to go on with a single run in the folder of several.
pub fn refuse_several(request: &Request) -> Result<(), Failure> {
    let out = &request.folder;
    match folders_of_seeds(out).as_slice() {
        seeds @ [first, ..] if request.resume && !out.join(MODEL).exists() => {
            let (count, one) = (seeds.len(), out.join(format!("seed-{first}")));
            let how = format!(
                "continue all of them with --seeds {count}, or one of them with --resume {}",
                one.display()
            );
            Err(Failure::at(out.display(), format!("holds the runs of several seeds: {how}")))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_thread_of_a_run_has_a_core() {
        let cores = cores();
        let at_once = |threads: usize, runs| super::at_once(Some(threads), runs);
        assert_eq!(at_once(cores, 1000), 1);
        assert_eq!(at_once(2 * cores, 1000), 1);
        assert_eq!(at_once(1, 1000), cores.min(1000));
        assert_eq!(at_once(1, 1), 1);
    }
}
