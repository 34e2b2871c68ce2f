//! A file of lines that a run adds to: the lines that are right, those that wait for the next save, and the rest, which
//! is cut off.

use crate::cli::command_line::failure::Failure;
use elman::internals::disk::Disk;
use std::fmt::{Display, Write as _};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

/// Lines wait in memory for the next save, or until they are this many bytes.
const WAITING: usize = 1 << 16;

/// The file, open for writing once there is something to write or to cut.
pub struct LineLog {
    path: PathBuf,
    file: Option<File>,
    /// The length of the lines that are right. What follows them, from a failed write or a stopped run, is cut off.
    right: u64,
    waiting: String,
}

impl LineLog {
    /// A new file without lines.
    pub fn create(path: &Path, disk: &mut dyn Disk) -> Result<Self, Failure> {
        let mut log = LineLog::found(path, 0);
        log.file = Some(disk.create(path).map_err(|error| log.failure(error))?);
        Ok(log)
    }

    /// The file of a run that goes on, whose first `right` bytes are right. A file that is still to be made has 0. It stays
    /// as it is until the first line is written, or until it is [cut](LineLog::cut).
    pub fn found(path: &Path, right: u64) -> Self {
        LineLog { path: path.to_path_buf(), file: None, right, waiting: String::new() }
    }

    /// A file that is still to be made, with its first line.
    pub fn begun(path: &Path, line: impl Display) -> Self {
        LineLog { waiting: format!("{line}\n"), ..LineLog::found(path, 0) }
    }

    /// Adds a line.
    pub fn push(&mut self, line: impl Display, disk: &mut dyn Disk) -> Result<(), Failure> {
        writeln!(self.waiting, "{line}").expect("a string takes everything");
        let written =
            if self.waiting.len() < WAITING { Ok(()) } else { self.write(disk).map(drop) };
        written.map_err(|error| self.failure(error))
    }

    /// Brings all lines to the device.
    pub fn sync(&mut self, disk: &mut dyn Disk) -> Result<(), Failure> {
        if self.file.is_none() && self.waiting.is_empty() {
            return Ok(());
        }
        let synced = self.write(disk).and_then(|file| disk.sync(file));
        // Lines written to a file that has been removed are lost.
        match synced.and_then(|()| fs::metadata(&self.path)) {
            Ok(metadata) if metadata.len() == self.right => Ok(()),
            Ok(_) => Err(self.failure("another program has replaced it")),
            Err(error) => Err(self.failure(error)),
        }
    }

    /// Cuts the file back to the lines that are right.
    pub fn cut(&mut self, disk: &mut dyn Disk) -> Result<(), Failure> {
        let cut = cut(&mut self.file, &self.path, self.right, disk).map(drop);
        cut.map_err(|error| self.failure(error))
    }

    fn failure(&self, error: impl Display) -> Failure {
        Failure::at(self.path.display(), error)
    }

    fn write(&mut self, disk: &mut dyn Disk) -> io::Result<&mut File> {
        let file = cut(&mut self.file, &self.path, self.right, disk)?;
        file.seek(SeekFrom::Start(self.right))?;
        disk.write(file, self.waiting.as_bytes())?;
        self.right += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(file)
    }
}

/// The file, opened if it is not yet, without what follows its first `right` bytes.
fn cut<'a>(
    file: &'a mut Option<File>,
    path: &Path,
    right: u64,
    disk: &mut dyn Disk,
) -> io::Result<&'a mut File> {
    let open = match file.take() {
        Some(file) => file,
        // Where nothing is right there may be no file.
        None if right == 0 && !path.try_exists()? => disk.create(path)?,
        None => File::options().read(true).write(true).open(path)?,
    };
    let file = file.insert(open);
    let length = file.metadata()?.len();
    if length < right {
        return Err(io::Error::other("another program has cut it"));
    }
    if length > right {
        disk.truncate(file, right)?;
    }
    Ok(file)
}

/// The lines of a file, counted.
pub struct Lines {
    reader: BufReader<File>,
    /// No line is longer, in bytes.
    longest: u64,
    number: u64,
    bytes: u64,
    line: Vec<u8>,
}

impl Lines {
    /// The lines of a file, whatever a run is doing with it.
    pub fn of(path: &Path, longest: u64) -> io::Result<Self> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        Ok(Lines {
            reader: BufReader::new(File::open(path)?),
            longest,
            number: 0,
            bytes: 0,
            line: Vec::new(),
        })
    }

    /// The length of the lines read so far.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next line as what `read` makes of it; `None` where the file ends before the line does. A line that `read`
    /// refuses is an error: it must be `what`.
    pub fn next<T>(
        &mut self,
        what: &str,
        read: impl FnOnce(&str) -> Option<T>,
    ) -> io::Result<Option<T>> {
        self.line.clear();
        self.number += 1;
        let mut reader = (&mut self.reader).take(self.longest);
        let length = reader.read_until(b'\n', &mut self.line)? as u64;
        self.bytes += length;
        // Whether a line is UTF-8 is only known once it is whole.
        let line = match self.line.strip_suffix(b"\n") {
            None if length < self.longest => return Ok(None),
            line => line.and_then(|line| std::str::from_utf8(line).ok()),
        };
        (line.and_then(read).map(Some)).ok_or_else(|| self.wrong(what))
    }

    /// The error that the line read last is not what it must be.
    pub fn wrong(&self, what: &str) -> io::Error {
        io::Error::other(format!("line {}: must be {what}", self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::internals::disk::System;

    /// A file of some lines, and its path.
    fn written(name: &str) -> (PathBuf, String) {
        let name = format!("elman-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = LineLog::create(&path, &mut System).unwrap();
        (0..10).for_each(|n| log.push(format!("line {n}"), &mut System).unwrap());
        log.sync(&mut System).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 10);
        (path, text)
    }

    /// As on a full disk: half of the lines arrive.
    struct Full;

    impl Disk for Full {
        fn write(&mut self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
            System.write(file, &bytes[..bytes.len() / 2])?;
            Err(io::ErrorKind::StorageFull.into())
        }
    }

    #[test]
    fn a_write_that_failed_is_made_again() {
        let (path, text) = written("again");
        let mut log = LineLog::found(&path, text.len() as u64);
        log.push("another", &mut System).unwrap();
        assert!(log.sync(&mut Full).is_err());
        assert!(fs::read_to_string(&path).unwrap().len() > text.len());
        log.sync(&mut System).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}another\n"));
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(9).unwrap();
        assert!(log.sync(&mut System).is_err());
        fs::remove_file(&path).unwrap();
        assert!(log.sync(&mut System).is_err());
    }

    #[test]
    fn lines_do_not_wait_for_ever() {
        let (path, text) = written("waiting");
        let mut log = LineLog::found(&path, text.len() as u64);
        for n in 10..10_000 {
            log.push(format!("line {n}"), &mut System).unwrap();
            assert!(log.waiting.len() < WAITING);
        }
        assert!(fs::metadata(&path).unwrap().len() > text.len() as u64);
        fs::remove_file(&path).unwrap();
    }

    /// What has been found changes with the first line that is written, or when it is cut.
    #[test]
    fn what_is_right_stays_and_the_rest_is_cut() {
        let (path, text) = written("cut");
        let (right, rest) = text.split_at(text.find("line 7").unwrap());
        let found = || fs::read_to_string(&path).unwrap();
        let mut log = LineLog::found(&path, right.len() as u64);
        log.sync(&mut System).unwrap();
        assert_eq!(found(), text);
        log.cut(&mut System).unwrap();
        assert_eq!(found(), right);
        rest.lines().for_each(|line| log.push(line, &mut System).unwrap());
        assert_eq!(found(), right);
        log.sync(&mut System).unwrap();
        assert_eq!(found(), text);
        let mut log = LineLog::found(&path, right.len() as u64);
        log.push("another", &mut System).unwrap();
        log.sync(&mut System).unwrap();
        assert_eq!(found(), format!("{right}another\n"));
        fs::remove_file(&path).unwrap();
        assert!(log.cut(&mut System).is_ok() && log.sync(&mut System).is_err());
        // One that had lines is not made anew.
        let mut lost = LineLog::found(&path, 1);
        assert!(lost.cut(&mut System).is_err() && !path.exists());
        let mut log = LineLog::found(&path, 0);
        log.push("first", &mut System).unwrap();
        assert!(!path.exists());
        log.sync(&mut System).unwrap();
        assert_eq!(found(), "first\n");
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn lines_are_counted_and_none_is_endless() {
        let (path, text) = written("counted");
        fs::write(&path, [text.as_bytes(), b"half \xf0\x9f"].concat()).unwrap();
        let mut lines = Lines::of(&path, 20).unwrap();
        for n in 0..10 {
            let line = lines.next("a line", |line| Some(line.to_string()));
            assert_eq!(line.unwrap(), Some(format!("line {n}")));
        }
        assert_eq!(lines.bytes(), text.len() as u64);
        assert!(lines.next("a line", |_| Some(())).unwrap().is_none());
        for wrong in [&b"no\n"[..], b"\xff\n", &[b'x'; 20]] {
            fs::write(&path, wrong).unwrap();
            let read = |line: &str| (line != "no").then_some(());
            let read = Lines::of(&path, 20).unwrap().next("a line", read);
            assert_eq!(read.unwrap_err().to_string(), "line 1: must be a line");
        }
        fs::remove_file(&path).unwrap();
        assert!(Lines::of(&std::env::temp_dir(), 20).is_err());
    }
}
