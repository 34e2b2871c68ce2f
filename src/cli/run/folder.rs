//! The folder of a run and the files in it.

use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::words;
use crate::cli::run::file_kind::kind_of;
use crate::cli::run::line_log::LineLog;
use crate::cli::run::lock::Lock;
use crate::cli::run::loss_log::LossLog;
use crate::cli::run::report_log::{self, Report};
use elman::internals::checkpoint;
use elman::internals::disk::{self, Disk};
use elman::internals::intervals::Intervals;
use elman::internals::sniff::Sniffed;
use elman::{Model, Observation, Plan};
use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

/// The last state.
pub const MODEL: &str = "model.safetensors";
/// The best model.
pub const BEST: &str = "best.safetensors";
/// The losses.
pub const LOSSES: &str = "loss.csv";
/// The reports.
pub const REPORTS: &str = "reports.jsonl";
const CHART: &str = "loss.svg";
/// Of runs made before the end stopped competing: where the model of the end was the best, it is in best.safetensors, and
/// the best model of a longer run is in this file. A run that goes on reads this file, and removes it with its next save.
const OLD_BEST: &str = "best-before-end.safetensors";

/// A run's folder, open for writing; no other run has it open.
pub struct RunFolder {
    path: PathBuf,
    losses: LossLog,
    reports: LineLog,
    disk: Box<dyn Disk>,
    lock: Lock,
}

/// What a run's folder holds.
pub struct Saved {
    /// The last state.
    pub model: Model,
    /// What the run was asked for.
    pub plan: Plan,
    /// The best model.
    pub best: Model,
    /// The losses before the last state.
    pub curve: Curve,
}

impl RunFolder {
    /// Makes the folder where there is none. A folder that already holds a run is refused unless `force`.
    pub fn create(
        path: &Path,
        intervals: &Intervals,
        force: bool,
        mut disk: Box<dyn Disk>,
    ) -> Result<Self, Failure> {
        if path.is_file() {
            let problem = "a file, not a folder: choose another name with --out";
            return Err(Failure::at(path.display(), problem));
        }
        let made = disk.make_folder(path);
        made.map_err(|error| Failure::at(path.display(), error))?;
        // A folder that is refused gets no lock file.
        if !Lock::is_known(path) {
            refuse_run(path, force)?;
        }
        let lock = Lock::take(path)?;
        refuse_run(path, force)?;
        remove_state(path, disk.as_mut())?;
        let losses = LossLog::create(&path.join(LOSSES), intervals, disk.as_mut())?;
        let reports = LineLog::create(&path.join(REPORTS), disk.as_mut())?;
        Ok(RunFolder { losses, reports, path: path.to_path_buf(), disk, lock })
    }

    /// Opens the folder of a run that is to go on. Nothing in it changes yet.
    pub fn open(path: &Path, disk: Box<dyn Disk>) -> Result<(Self, Saved), Failure> {
        refuse_no_folder(path)?;
        let lock = Lock::is_known(path).then(|| Lock::take(path)).transpose()?;
        if !path.join(MODEL).exists() {
            return Err(Failure::at(
                path.display(),
                "there is no run to resume: the folder has no model.safetensors; start a new run with --out and --force",
            ));
        }
        let lock = lock.map_or_else(|| Lock::take(path), Ok)?;
        let (model, plan) = load_state(path, "it cannot be resumed")?;
        let is_old = path.join(OLD_BEST).exists();
        let best = load_best(path, if is_old { OLD_BEST } else { BEST }, &model)?;
        let (intervals, updates) = (Intervals::new(model.settings(), &plan), model.state().updates);
        let losses = LossLog::open(&path.join(LOSSES), &intervals, updates);
        let (losses, curve) = losses.map_err(|error| {
            let advice = "the run cannot be resumed without these rows; start a new run from its weights with --from";
            within(path, LOSSES, format!("{error}: {advice}"))
        })?;
        let reports = report_log::open(&path.join(REPORTS), &intervals, updates);
        let reports = reports.map_err(|error| {
            let advice = "move the file away to resume the run without these reports";
            within(path, REPORTS, format!("{error}: {advice}"))
        })?;
        let folder = RunFolder { path: path.to_path_buf(), losses, reports, disk, lock };
        let saved = Saved { model, plan, best, curve };
        Ok((folder, saved))
    }

    /// The folder's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Cuts loss.csv and reports.jsonl back to what was before the last state, so that more can be added.
    pub fn cut(&mut self) -> Result<(), Failure> {
        self.losses.lines.cut(self.disk.as_mut())?;
        self.reports.cut(self.disk.as_mut())
    }

    /// Adds a row to loss.csv.
    pub fn log(&mut self, row: &Observation) -> Result<(), Failure> {
        self.losses.push(row, self.disk.as_mut())
    }

    /// Adds a line to reports.jsonl.
    pub fn report(&mut self, report: &Report) -> Result<(), Failure> {
        self.reports.push(report, self.disk.as_mut())
    }

    /// Replaces the chart alone, for those who watch it between saves. A failure is told by the next save, which also
    /// brings the chart to the device.
    pub fn show(&mut self, chart: &str) {
        if !self.lock.is_held() {
            return;
        }
        let _ = disk::place(&mut Unsynced, &self.path.join(CHART), |output| {
            output.write_all(chart.as_bytes())
        });
    }

    /// Saves the losses, the reports, the chart, the best model and the last state, in this order and each on the
    /// device before the next, except the chart: whoever finds a state finds all that came before it.
    ///
    /// A run that is stopped in a save leaves the newer files beside the state saved before. When it goes on, rows and
    /// reports after that state are cut off. The best model may be one that the run found after the older state: it
    /// finds the same one again, since a run repeats itself to the bit and the losses that models compete with are in
    /// the state. It only must not end before that, which `--iterations` is held to.
    pub fn save(
        &mut self,
        chart: &str,
        best: Option<&Model>,
        model: Option<(&Model, &Plan)>,
    ) -> Result<(), Failure> {
        if !self.lock.is_held() {
            let problem = "this is no longer the folder of the run: it was removed or replaced";
            return Err(Failure::at(self.path.display(), problem));
        }
        let disk = self.disk.as_mut();
        let at = |name| self.path.join(name);
        self.losses.lines.sync(disk)?;
        self.reports.sync(disk)?;
        let placed = disk::place(disk, &at(CHART), |output| output.write_all(chart.as_bytes()));
        placed.map_err(|error| within(&self.path, CHART, error))?;
        if let Some(best) = best {
            let saved = checkpoint::save_on(disk, best, None, &at(BEST));
            saved.map_err(|error| within(&self.path, BEST, words::of_file(&error)))?;
            remove(&self.path, OLD_BEST, disk)?;
        }
        if let Some((model, plan)) = model {
            let saved = checkpoint::save_on(disk, model, Some(plan), &at(MODEL));
            saved.map_err(|error| within(&self.path, MODEL, words::of_file(&error)))?;
        }
        Ok(())
    }
}

/// Refuses a folder that already holds a run, unless `force`.
pub fn refuse_run(path: &Path, force: bool) -> Result<(), Failure> {
    let files = [MODEL, BEST, OLD_BEST, LOSSES, REPORTS, CHART].map(|name| path.join(name));
    if let Some(file) = files.iter().find(|file| file.is_dir()) {
        return Err(Failure::at(file.display(), "a folder, not a file"));
    }
    if !force && files.iter().any(|file| file.exists()) {
        return Err(Failure::at(
            path.display(),
            "already holds a run: continue it with --resume, choose another folder with --out, or replace \
             it with --force",
        ));
    }
    Ok(())
}

/// The system's disk, without waiting for the device.
struct Unsynced;

impl Disk for Unsynced {
    fn sync(&mut self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// Removes the state of an earlier run, before a new run changes any file: a state must never be found with files of
/// another run.
pub fn remove_state(path: &Path, disk: &mut dyn Disk) -> Result<(), Failure> {
    remove(path, MODEL, disk)?;
    remove(path, OLD_BEST, disk)
}

/// Removes a file that may be there, and brings that to the device.
fn remove(path: &Path, name: &str, disk: &mut dyn Disk) -> Result<(), Failure> {
    let file = path.join(name);
    if !file.exists() {
        return Ok(());
    }
    let removed = disk.remove(&file).and_then(|()| disk.sync_folder(path));
    removed.map_err(|error| within(path, name, error))
}

/// The last state of a run, its plan and its best model, whatever the run is doing.
pub fn read(path: &Path) -> Result<(Model, Plan, Model), Failure> {
    refuse_no_folder(path)?;
    if !path.join(MODEL).exists() {
        return Err(no_run(path, MODEL));
    }
    let (model, plan) = load_state(path, "the options of its run are not known")?;
    let best = load_best(path, BEST, &model)?;
    Ok((model, plan, best))
}

/// The failure of a folder that lacks this file of a run.
pub fn no_run(path: &Path, name: &str) -> Failure {
    let problem = match folders_of_seeds(path).as_slice() {
        [seed, ..] => {
            let one = path.join(format!("seed-{seed}"));
            format!("holds the runs of several seeds: name one of them, such as {}", one.display())
        }
        [] => format!("not the folder of a run: it has no {name}"),
    };
    Failure::at(path.display(), problem)
}

/// The seeds that a folder has folders of, in order.
pub fn folders_of_seeds(path: &Path) -> Vec<u64> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    let mut seeds: Vec<u64> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let seed = name.strip_prefix("seed-")?.parse().ok()?;
            (entry.path().is_dir() && name == format!("seed-{seed}")).then_some(seed)
        })
        .collect();
    seeds.sort_unstable();
    seeds
}

fn refuse_no_folder(path: &Path) -> Result<(), Failure> {
    let problem = if path.is_dir() {
        return Ok(());
    } else if path.exists() {
        match kind_of(path) {
            Sniffed::SafeTensors | Sniffed::Zip => {
                "not the folder of a run: name the folder that contains model.safetensors; train --from MODEL starts a new run \
                 from a model file, and elman import makes a model file from weights"
            }
            Sniffed::Json | Sniffed::Utf16 | Sniffed::Other => {
                "not the folder of a run: name the folder that contains model.safetensors"
            }
        }
    } else {
        "there is no such folder"
    };
    Err(Failure::at(path.display(), problem))
}

fn load_state(path: &Path, without: &str) -> Result<(Model, Plan), Failure> {
    match load(path, MODEL)? {
        (model, Some(plan)) => Ok((model, plan)),
        (_, None) => {
            let problem = format!("a model, but not the last state of a run: {without}");
            Err(within(path, MODEL, problem))
        }
    }
}

fn load(path: &Path, name: &str) -> Result<(Model, Option<Plan>), Failure> {
    let loaded = checkpoint::load_with_plan(path.join(name));
    loaded.map_err(|error| within(path, name, words::of_file(&error)))
}

/// The best model in a file, which must be of the run of the last state.
fn load_best(path: &Path, name: &str, model: &Model) -> Result<Model, Failure> {
    let (best, _) = load(path, name)?;
    let (settings, vocabulary, source) = (model.settings(), model.vocabulary(), &model.source());
    if (settings, vocabulary, source) == (best.settings(), best.vocabulary(), &best.source()) {
        Ok(best)
    } else {
        Err(within(path, name, "not from the same run as model.safetensors"))
    }
}

/// A failure with a file of the folder.
fn within(path: &Path, name: &str, error: impl Display) -> Failure {
    Failure::at(path.join(name).display(), error)
}
