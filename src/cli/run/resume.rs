//! `--resume`: a run goes on as it was begun. What the command line says again has to agree.

use super::folder::{RunFolder, Saved};
use crate::cli::command_line::failure::Failure;
use crate::cli::command_line::options::Asked;
use elman::Plan;
use elman::internals::disk::Disk;
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

/// Opens a run's folder, and refuses options that the run in it was not begun with.
pub fn open(path: &Path, asked: &Asked, disk: Box<dyn Disk>) -> Result<Resumed, Failure> {
    let (folder, saved) = RunFolder::open(path, disk)?;
    let settings = &saved.model.settings;
    asked.agree(settings, &saved.plan)?;
    let plan = asked.without_preset().plan(&saved.plan, settings)?;
    let plan = going_on(plan, &saved)?;
    Ok(Resumed { folder, saved, plan })
}

/// The plan that the run goes on with: it may end later, and be saved more or less often.
fn going_on(plan: Plan, saved: &Saved) -> Result<Plan, Failure> {
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
