//! One run per folder: whoever trains into a folder holds a lock on the empty file `.lock` in it. The system frees the
//! lock when the process ends, however it ends.
//!
//! The file stays. A run that removed it could remove it from under another that has just opened it.

use crate::cli::command_line::failure::Failure;
#[cfg(unix)]
use std::fs::{self, Metadata};
use std::fs::{File, TryLockError};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

const NAME: &str = ".lock";

/// The lock of a folder, held until it is dropped.
pub struct Lock {
    path: PathBuf,
    /// `None` where the folder or its file system takes no lock.
    file: Option<File>,
}

impl Lock {
    /// Whether a folder has a lock file: a run was at work there, or is.
    pub fn is_known(folder: &Path) -> bool {
        folder.join(NAME).exists()
    }

    /// Takes the lock of an existing folder, unless another run holds it.
    pub fn take(folder: &Path) -> Result<Self, Failure> {
        let path = folder.join(NAME);
        let file = open(&path).map_err(|error| Failure::at(path.display(), error))?;
        match file.as_ref().map_or(Ok(()), File::try_lock) {
            Ok(()) => Ok(Lock { path, file }),
            Err(TryLockError::WouldBlock) => Err(Failure::at(
                folder.display(),
                "another run is using this folder: wait until it ends",
            )),
            // Better a run without a lock than none on such a file system.
            Err(TryLockError::Error(error)) if error.kind() == ErrorKind::Unsupported => {
                Ok(Lock { path, file: None })
            }
            Err(TryLockError::Error(error)) => Err(Failure::at(
                path.display(),
                format!("cannot tell whether another run is using this folder: {error}"),
            )),
        }
    }

    /// Whether the lock file is still the one that was locked: the folder may have been removed and made again, by
    /// another run. Tells only on Unix.
    pub fn is_held(&self) -> bool {
        self.file.as_ref().is_none_or(|file| is_same_file(file, &self.path))
    }
}

#[cfg(unix)]
fn is_same_file(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    let identity = |metadata: io::Result<Metadata>| metadata.map(|it| (it.dev(), it.ino())).ok();
    identity(file.metadata()) == identity(fs::metadata(path))
}

#[cfg(not(unix))]
fn is_same_file(_: &File, _: &Path) -> bool {
    true
}

/// Opens the file, made where it is missing. `None` where it is missing and cannot be made: nothing can be saved in
/// such a folder either, but a run that has ended there can be shown.
fn open(path: &Path) -> io::Result<Option<File>> {
    let mut options = File::options();
    options.read(true).write(true).create(true).truncate(false);
    match options.open(path) {
        Err(error) if is_read_only(&error) => match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            opened => opened.map(Some),
        },
        opened => opened.map(Some),
    }
}

fn is_read_only(error: &io::Error) -> bool {
    matches!(error.kind(), ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn one_at_a_time_holds_the_lock_of_a_folder() {
        let name = format!("elman-lock-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(folder.join("run")).unwrap();
        let mut names = vec!["run", "run/../run"];
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("run", folder.join("link")).unwrap();
            names.push("link");
        }
        for _ in 0..3 {
            let lock = Lock::take(&folder.join("run")).unwrap();
            for name in &names {
                let path = folder.join(name);
                let Err(Failure::Failed(message)) = Lock::take(&path) else {
                    panic!("{name} is another lock");
                };
                assert!(message.starts_with(&format!("{}: another run", path.display())));
            }
            drop(lock);
        }
        // A file that a killed run leaves holds nothing, and stays empty.
        assert_eq!(fs::read(folder.join("run").join(NAME)).unwrap(), b"");
        assert!(Lock::take(&folder.join("none")).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_is_made_anew_is_another_one_s() {
        let name = format!("elman-lock-anew-{}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let lock = Lock::take(&folder).unwrap();
        assert!(lock.is_held());
        fs::remove_dir_all(&folder).unwrap();
        assert!(!lock.is_held());
        fs::create_dir_all(&folder).unwrap();
        let other = Lock::take(&folder).unwrap();
        assert!(other.is_held() && !lock.is_held());
        fs::remove_dir_all(&folder).unwrap();
    }
}
