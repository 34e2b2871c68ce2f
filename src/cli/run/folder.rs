//! The folder of a run: its five files, and at the end of some a sixth.

use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::lock::Lock;
use crate::cli::run::loss_log::{LossLog, Rows};
use crate::cli::run::report_log::{Report, ReportLog, Reports};
use crate::cli::run::seeds::folders_of_seeds;
use elman::internals::checkpoint;
use elman::internals::disk;
use elman::internals::disk::Disk;
use elman::{Look, Model, Plan, Validation};
use std::fmt::Display;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

/// The last state.
pub const MODEL: &str = "model.safetensors";
/// The best model.
pub const BEST: &str = "best.safetensors";
/// The best model of a longer run, where that of the end is another: see [`RunFolder::save`].
pub const BEFORE: &str = "best-before-end.safetensors";
/// The losses.
pub const LOSSES: &str = "loss.csv";
/// The reports.
pub const REPORTS: &str = "reports.jsonl";
const CHART: &str = "loss.svg";

/// A run's folder, open for writing; no other run has it open.
pub struct RunFolder {
    path: PathBuf,
    losses: LossLog,
    reports: ReportLog,
    disk: Box<dyn Disk>,
    lock: Lock,
}

/// What a run's folder holds of it.
pub struct Saved {
    /// The last state.
    pub model: Model,
    /// What the run was asked for.
    pub plan: Plan,
    /// The best model, see [`RunFolder::save`].
    pub best: Model,
    /// Updates of the model in best.safetensors, where it can be read.
    pub shown_best: Option<u64>,
    /// The losses before the last state.
    pub curve: Curve,
}

impl RunFolder {
    /// Makes the folder where there is none. One that already holds a run is refused unless `force`.
    pub fn create(
        path: &Path,
        rows: Rows,
        force: bool,
        mut disk: Box<dyn Disk>,
    ) -> Result<Self, Failure> {
        let made = disk.make_folder(path);
        made.map_err(|error| Failure::at(path.display(), error))?;
        let lock = Lock::take(path)?;
        refuse_run(path, force)?;
        remove_state(path, disk.as_mut())?;
        let losses = LossLog::create(&path.join(LOSSES), rows, disk.as_mut());
        let losses = losses.map_err(|error| within(path, LOSSES, error))?;
        let reports = ReportLog::create(&path.join(REPORTS), disk.as_mut());
        let reports = reports.map_err(|error| within(path, REPORTS, error))?;
        Ok(RunFolder {
            losses,
            reports,
            path: path.to_path_buf(),
            disk,
            lock,
        })
    }

    /// Opens the folder of a run that is to go on. Nothing in it changes yet.
    pub fn open(path: &Path, disk: Box<dyn Disk>) -> Result<(Self, Saved), Failure> {
        refuse_no_folder(path)?;
        let lock = Lock::take(path)?;
        if !path.join(MODEL).exists() {
            return Err(Failure::at(
                path.display(),
                "no run that can be resumed: it has no model.safetensors; begin one with --out and --force",
            ));
        }
        let (model, plan) = load_state(path, "it cannot be resumed")?;
        let (best, shown_best) = load_best(path, &model)?;
        let (settings, updates) = (&model.settings, model.state.updates);
        let losses = LossLog::open(&path.join(LOSSES), Rows::of(settings, &plan), updates);
        let (losses, curve) = losses.map_err(|error| {
            let advice = "its run cannot go on without its rows; a new one can begin with its weights: --from";
            within(path, LOSSES, format!("{error}: {advice}"))
        })?;
        let reports = Reports::of(settings, &plan);
        let reports = ReportLog::open(&path.join(REPORTS), reports, updates);
        let reports = reports.map_err(|error| {
            let advice = "move the file away, and its run goes on without these reports";
            within(path, REPORTS, format!("{error}: {advice}"))
        })?;
        let folder = RunFolder {
            path: path.to_path_buf(),
            losses,
            reports,
            disk,
            lock,
        };
        let saved = Saved {
            model,
            plan,
            best,
            shown_best,
            curve,
        };
        Ok((folder, saved))
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes loss.csv and reports.jsonl ready for more: they are cut back to what was before the last state.
    pub fn cut(&mut self) -> Result<(), Failure> {
        let cut = self.losses.cut(self.disk.as_mut());
        cut.map_err(|error| within(&self.path, LOSSES, error))?;
        let cut = self.reports.cut(self.disk.as_mut());
        cut.map_err(|error| within(&self.path, REPORTS, error))
    }

    /// Adds a row to loss.csv.
    pub fn log(&mut self, look: &Look, validation: Option<&Validation>) -> Result<(), Failure> {
        let logged = self.losses.push(look, validation, self.disk.as_mut());
        logged.map_err(|error| within(&self.path, LOSSES, error))
    }

    /// Adds a line to reports.jsonl.
    pub fn report(&mut self, report: &Report) -> Result<(), Failure> {
        let pushed = self.reports.push(report, self.disk.as_mut());
        pushed.map_err(|error| within(&self.path, REPORTS, error))
    }

    /// Replaces the chart alone, for those who look at it meanwhile. It is found whole; only the next save makes
    /// it last, and tells where it fails.
    pub fn show(&mut self, chart: &str) {
        if self.lock.keep().is_err() {
            return;
        }
        let _ = disk::place(&mut InPassing, &self.path.join(CHART), |output| {
            output.write_all(chart.as_bytes())
        });
    }

    /// Saves the losses so far, the reports so far, the chart, the best model and the last state, in this order and
    /// each on the device before the next, the chart apart: whoever finds a state finds all that came before it.
    ///
    /// A run that is stopped on the way leaves the others as of now beside the state saved before. What loss.csv and
    /// reports.jsonl have too much is cut off when the run goes on, and the chart is drawn anew with the next save.
    /// The best model may then be one that the run only found after the older state. It finds the same
    /// one again: a run repeats itself to the bit, and what competes is told by the losses in the
    /// state, not by this file. Until then this file stays in the place of an earlier best model that nobody has
    /// any more; that is no matter as long as the run does not end before, which `--iterations` is held to.
    ///
    /// `before` is the best model for a run that goes on, where `best` only competed because the run ends: it gets a
    /// file of its own, before the other and until there is no need for it.
    pub fn save(
        &mut self,
        chart: &str,
        best: Option<&Model>,
        before: Option<&Model>,
        model: Option<(&Model, &Plan)>,
    ) -> Result<(), Failure> {
        self.lock.keep()?;
        let disk = self.disk.as_mut();
        let at = |name| self.path.join(name);
        let synced = self.losses.sync(disk);
        synced.map_err(|error| within(&self.path, LOSSES, error))?;
        let synced = self.reports.sync(disk);
        synced.map_err(|error| within(&self.path, REPORTS, error))?;
        let placed = disk::place(disk, &at(CHART), |output| {
            output.write_all(chart.as_bytes())
        });
        placed.map_err(|error| within(&self.path, CHART, error))?;
        for (name, best) in [(BEFORE, before), (BEST, best)] {
            if let Some(best) = best {
                let saved = checkpoint::save_with_plan(best, None, &at(name), disk);
                saved.map_err(|error| within(&self.path, name, error))?;
            }
        }
        if best.is_some() && before.is_none() {
            remove(&self.path, BEFORE, disk)?;
        }
        if let Some((model, plan)) = model {
            let saved = checkpoint::save_with_plan(model, Some(plan), &at(MODEL), disk);
            saved.map_err(|error| within(&self.path, MODEL, error))?;
        }
        Ok(())
    }
}

/// Refuses a folder that already holds a run, unless `force`.
pub fn refuse_run(path: &Path, force: bool) -> Result<(), Failure> {
    let files = [MODEL, BEST, BEFORE, LOSSES, REPORTS, CHART].map(|name| path.join(name));
    if let Some(file) = files.iter().find(|file| file.is_dir()) {
        return Err(Failure::at(file.display(), "a folder, not a file"));
    }
    if !force && files.iter().any(|file| file.exists()) {
        return Err(Failure::at(
            path.display(),
            "already holds a run: go on with it by --resume, choose another folder with --out, or replace \
             it with --force",
        ));
    }
    Ok(())
}

/// The system's disk, without waiting for the device.
struct InPassing;

impl Disk for InPassing {
    fn sync(&mut self, _: &File) -> io::Result<()> {
        Ok(())
    }
}

/// The state of an earlier run goes first, to last: it must never be found with files of the new one.
pub fn remove_state(path: &Path, disk: &mut dyn Disk) -> Result<(), Failure> {
    remove(path, MODEL, disk)?;
    remove(path, BEFORE, disk)
}

/// Removes a file that may be there, for good.
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
        let problem = match folders_of_seeds(path).as_slice() {
            [seed, ..] => {
                format!("holds the runs of several seeds: name one of them, such as seed-{seed}")
            }
            [] => format!("not the folder of a run: it has no {MODEL}"),
        };
        return Err(Failure::at(path.display(), problem));
    }
    let (model, plan) = load_state(path, "its run is not known")?;
    let (best, _) = load(path, BEST)?;
    refuse_other(path, BEST, &model, &best)?;
    Ok((model, plan, best))
}

fn refuse_no_folder(path: &Path) -> Result<(), Failure> {
    let problem = match path.exists() {
        _ if path.is_dir() => return Ok(()),
        true => "not the folder of a run: name the folder that model.safetensors is in",
        false => "there is no such folder",
    };
    Err(Failure::at(path.display(), problem))
}

fn load_state(path: &Path, without: &str) -> Result<(Model, Plan), Failure> {
    let (model, plan) = load(path, MODEL)?;
    let plan = plan.ok_or_else(|| {
        let problem = format!("a model, but not the last state of a run: {without}");
        within(path, MODEL, problem)
    })?;
    Ok((model, plan))
}

fn refuse_other(path: &Path, name: &str, model: &Model, best: &Model) -> Result<(), Failure> {
    if belong_together(model, best) {
        Ok(())
    } else {
        Err(within(path, name, "not of the run of model.safetensors"))
    }
}

fn load(path: &Path, name: &str) -> Result<(Model, Option<Plan>), Failure> {
    let loaded = checkpoint::load_with_plan(&path.join(name));
    loaded.map_err(|error| within(path, name, error))
}

/// The best model for a run that goes on, and the updates of the one in best.safetensors, where it can be read.
fn load_best(path: &Path, model: &Model) -> Result<(Model, Option<u64>), Failure> {
    let name = if path.join(BEFORE).exists() {
        BEFORE
    } else {
        BEST
    };
    let (best, _) = load(path, name)?;
    refuse_other(path, name, model, &best)?;
    let shown = match name {
        BEST => Some(best.state.updates),
        _ => load(path, BEST).ok().map(|(shown, _)| shown.state.updates),
    };
    Ok((best, shown))
}

fn belong_together(model: &Model, best: &Model) -> bool {
    let Model {
        settings,
        vocabulary,
        source,
        ..
    } = model;
    (settings, vocabulary, source) == (&best.settings, &best.vocabulary, &best.source)
}

/// Something with a file of the folder.
fn within(path: &Path, name: &str, error: impl Display) -> Failure {
    Failure::at(path.join(name).display(), error)
}
