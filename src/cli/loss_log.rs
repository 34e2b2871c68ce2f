//! loss.csv: a row every so many updates, and the rows that a run which goes on finds there.

use super::curve::Curve;
use elman::Look;
use elman::disk::Disk;
use std::fmt::{self, Write as _};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

const HEADER: &str = "iteration,epoch,loss,smooth_loss";
/// Rows wait in memory for the next save, or until they are so many bytes.
const WAITING: usize = 1 << 16;
/// No row is longer, in bytes.
const LONGEST: u64 = 200;

/// One row.
#[derive(Clone, Copy)]
struct Row {
    iteration: u64,
    epoch: u64,
    loss: f64,
    smooth_loss: f64,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row {
            iteration,
            epoch,
            loss,
            smooth_loss,
        } = self;
        write!(f, "{iteration},{epoch},{loss:?},{smooth_loss:?}")
    }
}

impl Row {
    /// A row as it was written, to the character.
    fn parse(line: &str) -> Option<Self> {
        let mut fields = line.split(',');
        let row = Row {
            iteration: fields.next()?.parse().ok()?,
            epoch: fields.next()?.parse().ok()?,
            loss: fields.next()?.parse().ok()?,
            smooth_loss: fields.next()?.parse().ok()?,
        };
        let finite = row.loss.is_finite() && row.smooth_loss.is_finite();
        (finite && row.to_string() == line).then_some(row)
    }
}

/// The file, open for writing unless its run has just been found.
pub struct LossLog {
    path: PathBuf,
    file: File,
    /// Its bytes that are right; what follows, of a write that failed or of a run that was stopped, goes.
    right: u64,
    waiting: String,
}

impl LossLog {
    /// A new file without rows.
    pub fn create(path: &Path, disk: &mut dyn Disk) -> io::Result<Self> {
        Ok(LossLog {
            file: disk.create(path)?,
            path: path.to_path_buf(),
            right: 0,
            waiting: format!("{HEADER}\n"),
        })
    }

    /// The file of a run that goes on, and the curve of its rows before update `updates`, one every `every`:
    /// all of them have to be there. What follows them is not looked at. Before it is written to, it has to
    /// [`LossLog::go_on`].
    pub fn open(path: &Path, updates: u64, every: u64) -> io::Result<(Self, Curve)> {
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::other("not a regular file"));
        }
        let mut file = File::open(path)?;
        let mut lines = Lines {
            reader: BufReader::new(&mut file),
            number: 0,
            bytes: 0,
            line: String::new(),
        };
        lines.expect(HEADER, |line| (line == HEADER).then_some(()))?;
        let mut curve = Curve::new();
        for n in 0..updates.div_ceil(every) {
            let iteration = n * every;
            let row = lines.expect(&format!("the row of update {iteration}"), |line| {
                Row::parse(line).filter(|row| row.iteration == iteration)
            })?;
            curve.push(iteration, row.loss, row.smooth_loss);
        }
        let log = LossLog {
            right: lines.bytes,
            waiting: String::new(),
            path: path.to_path_buf(),
            file,
        };
        Ok((log, curve))
    }

    /// Adds a row.
    pub fn push(&mut self, look: &Look, disk: &mut dyn Disk) -> io::Result<()> {
        let row = Row {
            iteration: look.iteration,
            epoch: look.epoch,
            loss: look.loss,
            smooth_loss: look.smooth_loss,
        };
        writeln!(self.waiting, "{row}").expect("a string takes everything");
        match self.waiting.len() < WAITING {
            true => Ok(()),
            false => self.write(disk),
        }
    }

    /// Brings all rows to the device.
    pub fn sync(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.write(disk)?;
        disk.sync(&self.file)?;
        // Rows that went into a file which is no longer there are lost.
        match fs::metadata(&self.path)?.len() == self.right {
            true => Ok(()),
            false => Err(io::Error::other("something else has replaced it")),
        }
    }

    /// Opens the file for writing, and cuts it back to what is right.
    pub fn go_on(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.file = File::options().read(true).write(true).open(&self.path)?;
        self.cut(disk)
    }

    fn cut(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        let length = self.file.metadata()?.len();
        if length < self.right {
            return Err(io::Error::other("something else has cut it"));
        }
        match length > self.right {
            true => disk.truncate(&self.file, self.right),
            false => Ok(()),
        }
    }

    fn write(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.cut(disk)?;
        self.file.seek(SeekFrom::Start(self.right))?;
        disk.write(&mut self.file, self.waiting.as_bytes())?;
        self.right += self.waiting.len() as u64;
        self.waiting.clear();
        Ok(())
    }
}

/// The lines of a file, counted.
struct Lines<'a> {
    reader: BufReader<&'a mut File>,
    number: u64,
    bytes: u64,
    line: String,
}

impl Lines<'_> {
    /// The next line as what `read` makes of it.
    fn expect<T>(&mut self, what: &str, read: impl FnOnce(&str) -> Option<T>) -> io::Result<T> {
        self.line.clear();
        self.number += 1;
        let wrong = || io::Error::other(format!("line {}: must be {what}", self.number));
        let mut reader = (&mut self.reader).take(LONGEST);
        let length = match reader.read_line(&mut self.line) {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Err(wrong()),
            length => length,
        }?;
        self.bytes += length as u64;
        let line = self.line.strip_suffix('\n');
        line.and_then(read).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::disk::System;

    fn look(iteration: u64) -> Look {
        Look {
            iteration,
            epoch: iteration / 7,
            position: 0,
            loss: 1.0 / (1.0 + iteration as f64),
            smooth_loss: 1e300 * iteration as f64,
            is_best: false,
        }
    }

    /// A file of rows for updates 0, 3, ... 27 and the path that it has.
    fn written(name: &str) -> (std::path::PathBuf, String) {
        let name = format!("elman-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = LossLog::create(&path, &mut System).unwrap();
        for n in 0..10 {
            log.push(&look(3 * n), &mut System).unwrap();
        }
        log.sync(&mut System).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    }

    #[test]
    fn rows_are_read_back_and_the_rest_is_cut() {
        let (path, text) = written("rows");
        let lines = |count: usize| -> String {
            let lines = text.lines().take(count);
            lines.map(|line| format!("{line}\n")).collect()
        };
        for (updates, rows) in [(0, 0), (1, 1), (3, 1), (4, 2), (27, 9), (28, 10), (30, 10)] {
            fs::write(&path, format!("{text}3")).unwrap();
            let (mut log, curve) = LossLog::open(&path, updates, 3).unwrap();
            assert_eq!(curve.points().len(), rows, "{updates}");
            for (n, point) in curve.points().iter().enumerate() {
                let look = look(3 * n as u64);
                let found = (point.iteration, point.low, point.smooth);
                assert_eq!(found, (look.iteration, look.loss, look.smooth_loss));
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}3"));
            log.go_on(&mut System).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), lines(1 + rows));
            // The next rows follow those that are left.
            (rows..10).for_each(|n| log.push(&look(3 * n as u64), &mut System).unwrap());
            log.sync(&mut System).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn rows_that_are_not_those_of_the_run_are_told_by_line() {
        let (path, text) = written("lines");
        let cut = text.len() - 1;
        let cases = [
            (String::new(), "line 1: must be iteration,epoch,"),
            (text.replace("epoch", "period"), "line 1: must be iteration"),
            (text.replace('\n', "\r\n"), "line 1: must be iteration"),
            (
                text.replacen("\n3,", "\n4,", 1),
                "line 3: must be the row of update 3",
            ),
            (text.replacen("\n6,", "\n06,", 1), "line 4: must be"),
            (text.replacen("\n6,0", "\n6,x", 1), "line 4: must be"),
            (text.replacen("0.25", "NaN", 1), "line 3: must be"),
            (text.replacen("0.25", "inf", 1), "line 3: must be"),
            (text.replacen("0.25", "0.25,", 1), "line 3: must be"),
            (text.replacen("0.25", "0.250", 1), "line 3: must be"),
            (text.replacen("0.25", &"0".repeat(900), 1), "line 3: must"),
            (
                text[..cut].to_string(),
                "line 11: must be the row of update 27",
            ),
        ];
        for (wrong, message) in cases {
            assert_ne!(wrong, text);
            fs::write(&path, wrong).unwrap();
            let error = LossLog::open(&path, 30, 3).err().unwrap().to_string();
            assert!(error.starts_with(message), "{message:?}, not {error:?}");
        }
        fs::write(&path, b"iteration,epoch,loss,smooth_loss\n\xff\n").unwrap();
        let error = LossLog::open(&path, 30, 3).err().unwrap().to_string();
        assert_eq!(error, "line 2: must be the row of update 0");
        // Nobody waits for rows that no file could hold.
        assert!(LossLog::open(&path, u64::MAX, 1).is_err());
        fs::remove_file(&path).unwrap();
    }

    /// As on a full disk: half of the rows arrive.
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
        let (mut log, _) = LossLog::open(&path, 30, 3).unwrap();
        log.go_on(&mut System).unwrap();
        log.push(&look(30), &mut System).unwrap();
        assert!(log.sync(&mut Full).is_err());
        assert!(fs::read_to_string(&path).unwrap().len() > text.len());
        log.sync(&mut System).unwrap();
        let row = "30,4,0.03225806451612903,3e301\n";
        assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}{row}"));
        File::options()
            .write(true)
            .open(&path)
            .unwrap()
            .set_len(9)
            .unwrap();
        assert!(log.sync(&mut System).is_err());
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn rows_do_not_wait_for_ever() {
        let (path, text) = written("waiting");
        let (mut log, _) = LossLog::open(&path, 30, 3).unwrap();
        log.go_on(&mut System).unwrap();
        for n in 10..5000 {
            log.push(&look(3 * n), &mut System).unwrap();
            assert!(log.waiting.len() < WAITING);
        }
        assert!(fs::metadata(&path).unwrap().len() > text.len() as u64);
        fs::remove_file(&path).unwrap();
    }
}
