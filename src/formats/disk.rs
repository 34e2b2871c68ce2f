//! Files that are replaced as a whole or not at all, whatever fails on the way.
//!
//! A new file is written beside the old one and synced to the device, before it takes the old one's place. The new name
//! lasts once the folder is synced too. All steps go through [`Disk`], so that a test can make any of them fail.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// The steps of saving. Each does what the system does, and returns the system's errors. Tests replace them.
pub trait Disk {
    /// Makes a folder and its missing parents, and syncs their names to the device.
    fn make_folder(&mut self, path: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = (path.ancestors())
            .take_while(|folder| *folder != Path::new("") && !folder.exists())
            .collect();
        fs::create_dir_all(path)?;
        (missing.iter()).try_for_each(|folder| self.sync_folder(folder_of(folder)))
    }

    /// Makes a new file for writing, in place of an old one.
    fn create(&mut self, path: &Path) -> io::Result<File> {
        // To write into what is there would follow a link, or wait at a pipe.
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => File::create_new(path),
        }
    }

    /// Writes all bytes at the file's position. After an error some of them may be written.
    fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        file.write_all(bytes)
    }

    /// Cuts a file to a length in bytes.
    fn truncate(&mut self, file: &File, length: u64) -> io::Result<()> {
        file.set_len(length)
    }

    /// Syncs a file's bytes to the device.
    fn sync(&mut self, file: &File) -> io::Result<()> {
        file.sync_all()
    }

    /// Gives a file another name, in place of the file that had it.
    fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    /// Removes a file.
    fn remove(&mut self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    /// Syncs the names in a folder to the device. Only Unix has a way to ask for it.
    fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
        use io::ErrorKind::{InvalidInput, PermissionDenied, Unsupported};
        if !cfg!(unix) {
            return Ok(());
        }
        match File::open(folder).and_then(|folder| folder.sync_all()) {
            // Not every file system can, and a folder may be writable without being readable: the file is in its
            // place all the same.
            Err(error) if matches!(error.kind(), InvalidInput | PermissionDenied | Unsupported) => {
                Ok(())
            }
            synced => synced,
        }
    }
}

/// The system's disk.
#[derive(Clone, Copy, Debug, Default)]
pub struct System;

impl Disk for System {}

/// The folder that contains a path.
pub fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

/// Replaces a file with what `write` writes. After a failure the old file is unchanged. After success the new file
/// survives a power failure.
pub fn replace(
    disk: &mut dyn Disk,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    place(disk, path, write)?;
    disk.sync_folder(folder_of(path))
}

/// The same as [`replace`], but the new file survives a power failure only after its folder has been synced.
pub fn place(
    disk: &mut dyn Disk,
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".elman.new");
    let beside = Path::new(&beside);
    let file = disk.create(beside)?;
    let placed = write_synced(disk, file, write).and_then(|()| disk.rename(beside, path));
    if placed.is_err() {
        // The first error is returned, whether or not the new file could be removed.
        let _ = disk.remove(beside);
    }
    placed
}

/// Writes a file and syncs it to the device, so that it is there before it is renamed.
fn write_synced(
    disk: &mut dyn Disk,
    file: File,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut output = BufWriter::new(OnDisk { disk, file });
    write(&mut output)?;
    output.flush()?;
    let OnDisk { disk, file } = output.get_mut();
    disk.sync(file)
}

/// A file that is written through a disk.
struct OnDisk<'a> {
    disk: &'a mut dyn Disk,
    file: File,
}

impl Write for OnDisk<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.disk.write(&mut self.file, bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use std::path::PathBuf;

    /// A folder that is removed when the test ends.
    pub(crate) struct Folder(pub PathBuf);

    impl Folder {
        pub fn new(name: &str) -> Self {
            let path = std::env::temp_dir().join(format!("elman-{name}-{}", std::process::id()));
            let _ = fs::remove_dir_all(&path);
            fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        fn names(&self) -> Vec<String> {
            let entries = fs::read_dir(&self.0).unwrap();
            let name = |entry: io::Result<fs::DirEntry>| entry.unwrap().file_name();
            let mut names: Vec<String> =
                entries.map(|entry| name(entry).into_string().unwrap()).collect();
            names.sort();
            names
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    /// Records the steps, and refuses step `fails`.
    struct Noting {
        fails: usize,
        steps: Vec<&'static str>,
    }

    impl Noting {
        fn failing_at(fails: usize) -> Self {
            let steps = Vec::new();
            Noting { fails, steps }
        }

        fn step(&mut self, step: &'static str) -> io::Result<()> {
            self.steps.push(step);
            if self.steps.len() - 1 == self.fails {
                Err(io::Error::other("no more"))
            } else {
                Ok(())
            }
        }
    }

    impl Disk for Noting {
        fn create(&mut self, path: &Path) -> io::Result<File> {
            self.step("create")?;
            System.create(path)
        }

        fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
            self.step("write")?;
            System.write(file, bytes)
        }

        fn sync(&mut self, file: &File) -> io::Result<()> {
            self.step("sync")?;
            System.sync(file)
        }

        fn rename(&mut self, from: &Path, to: &Path) -> io::Result<()> {
            self.step("rename")?;
            System.rename(from, to)
        }

        fn remove(&mut self, path: &Path) -> io::Result<()> {
            self.step("remove")?;
            System.remove(path)
        }

        fn sync_folder(&mut self, folder: &Path) -> io::Result<()> {
            self.step("sync folder")?;
            System.sync_folder(folder)
        }
    }

    #[test]
    fn a_file_is_replaced_whole_or_not_at_all() {
        let folder = Folder::new("replaced");
        let path = folder.0.join("file");
        replace(&mut System, &path, |output| output.write_all(b"old")).unwrap();
        let in_order = ["create", "write", "sync", "rename", "sync folder"];
        for (fails, step) in in_order.into_iter().enumerate() {
            let mut disk = Noting::failing_at(fails);
            let failed = replace(&mut disk, &path, |output| output.write_all(b"new"));
            assert_eq!(failed.unwrap_err().to_string(), "no more", "{step}");
            assert_eq!(disk.steps[..=fails], in_order[..=fails]);
            let renamed = step == "sync folder";
            let found = fs::read(&path).unwrap();
            assert_eq!(found, if renamed { b"new" } else { b"old" }, "{step}");
            assert_eq!(folder.names(), ["file"], "{step}");
        }
        let mut disk = Noting::failing_at(usize::MAX);
        replace(&mut disk, &path, |output| output.write_all(b"newer")).unwrap();
        assert_eq!(disk.steps, in_order);
        assert_eq!(fs::read(&path).unwrap(), b"newer");
    }

    #[test]
    fn what_cannot_be_written_is_not_placed() {
        let folder = Folder::new("unwritten");
        let path = folder.0.join("file");
        let failed = replace(&mut System, &path, |output| {
            output.write_all(b"half")?;
            Err(io::Error::other("of it"))
        });
        assert_eq!(failed.unwrap_err().to_string(), "of it");
        assert!(folder.names().is_empty());
    }

    /// A link with the name of the new file is removed. Its target is not written to.
    #[cfg(unix)]
    #[test]
    fn a_link_in_the_way_goes_and_its_target_stays() {
        let folder = Folder::new("link");
        fs::write(folder.0.join("target"), b"another's").unwrap();
        std::os::unix::fs::symlink("target", folder.0.join("file.elman.new")).unwrap();
        let path = folder.0.join("file");
        replace(&mut System, &path, |output| output.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(folder.0.join("target")).unwrap(), b"another's");
        assert!(!path.is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"whole");
    }

    #[test]
    fn what_a_stopped_program_left_is_written_over() {
        let folder = Folder::new("left");
        fs::write(folder.0.join("file.elman.new"), b"longer than the next").unwrap();
        let path = folder.0.join("file");
        replace(&mut System, &path, |output| output.write_all(b"whole")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"whole");
        assert_eq!(folder.names(), ["file"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_folder_of_every_path_is_synced() {
        let folder = Folder::new("synced");
        for path in [Path::new("file"), &folder.0.join("file")] {
            System.sync_folder(folder_of(path)).unwrap();
        }
        let none = folder.0.join("none").join("file");
        assert!(System.sync_folder(folder_of(&none)).is_err());
    }

    #[test]
    fn a_folder_is_made_with_those_that_it_lies_in() {
        let folder = Folder::new("made");
        let deep = folder.0.join("a").join("b");
        let mut disk = Noting::failing_at(usize::MAX);
        disk.make_folder(&deep).unwrap();
        assert!(deep.is_dir());
        assert_eq!(disk.steps, ["sync folder"; 2]);
        disk.make_folder(&deep).unwrap();
        assert_eq!(disk.steps.len(), 2);
    }
}
