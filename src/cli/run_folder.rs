//! The folder of a run: its four files.

use super::failure::Failure;
use elman::{Look, Model, checkpoint};
use std::fs::{self, File};
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};

const MODEL: &str = "model.safetensors";
const BEST: &str = "best.safetensors";
const LOSSES: &str = "loss.csv";
const CHART: &str = "loss.svg";

/// A run's folder, open for writing.
pub struct RunFolder {
    path: PathBuf,
    losses: BufWriter<File>,
}

impl RunFolder {
    /// Makes the folder where there is none. One that already holds a run is refused unless `force`.
    pub fn create(path: &Path, force: bool) -> Result<Self, Failure> {
        fs::create_dir_all(path).map_err(|error| Failure::at(path.display(), error))?;
        let files = [MODEL, BEST, LOSSES, CHART].map(|name| path.join(name));
        if let Some(file) = files.iter().find(|file| file.is_dir()) {
            return Err(Failure::at(file.display(), "a folder, not a file"));
        }
        if !force && files.iter().any(|file| file.exists()) {
            return Err(Failure::at(
                path.display(),
                "already holds a run: choose another folder with --out, or replace it with --force",
            ));
        }
        let losses = path.join(LOSSES);
        let file = File::create(&losses).map_err(|error| Failure::at(losses.display(), error))?;
        let mut folder = RunFolder {
            path: path.to_path_buf(),
            losses: BufWriter::new(file),
        };
        folder.write_losses(format_args!("iteration,epoch,loss,smooth_loss\n"))?;
        Ok(folder)
    }

    /// Its path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds a row to loss.csv.
    pub fn log(&mut self, look: &Look) -> Result<(), Failure> {
        let Look {
            iteration,
            epoch,
            loss,
            smooth_loss,
            ..
        } = look;
        self.write_losses(format_args!(
            "{iteration},{epoch},{loss:?},{smooth_loss:?}\n"
        ))
    }

    /// Writes the losses so far, the chart, the best model and the last one, in this order: whoever finds
    /// the last one finds all.
    pub fn save(
        &mut self,
        chart: &str,
        best: Option<&Model>,
        model: Option<&Model>,
    ) -> Result<(), Failure> {
        let flushed = self.losses.flush();
        flushed.map_err(|error| Failure::at(self.path.join(LOSSES).display(), error))?;
        let path = self.path.join(CHART);
        fs::write(&path, chart).map_err(|error| Failure::at(path.display(), error))?;
        for (name, model) in [(BEST, best), (MODEL, model)] {
            let path = self.path.join(name);
            let saved = model.map_or(Ok(()), |model| checkpoint::save(model, &path));
            saved.map_err(|error| Failure::at(path.display(), error))?;
        }
        Ok(())
    }

    fn write_losses(&mut self, line: std::fmt::Arguments) -> Result<(), Failure> {
        let written = self.losses.write_fmt(line);
        written.map_err(|error| Failure::at(self.path.join(LOSSES).display(), error))
    }
}
