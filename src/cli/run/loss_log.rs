//! loss.csv: the rows of a run, and reading them back by the names in its header. The columns of loss.csv are
//! `Observation::FIELDS` of the library.
//!
//! A run has a row for every update at which [`Intervals::logs`] says so, and with held-out text two more columns, which
//! are empty in rows without a validation loss.

use crate::cli::charts::curve::Curve;
use crate::cli::command_line::failure::Failure;
use crate::cli::run::line_log::{LineLog, Lines};
use elman::Observation;
use elman::internals::disk::Disk;
use elman::internals::intervals::Intervals;
use elman::internals::observation::Field;
use std::io;
use std::path::Path;

/// Columns that a file must have; newer ones may be missing.
const NEEDED: [&str; 4] = ["iteration", "epoch", "loss", "smooth_loss"];
/// Columns that the file of a run with held-out text must have as well.
const NEEDED_HELD_OUT: [&str; 2] = ["validation_loss", "validation_bits"];
/// No row is longer, in bytes.
const LONGEST: u64 = 200;

/// The columns of a file, as its header names them; `None` for one that this program does not know.
struct Columns(Vec<Option<Field>>);

impl Columns {
    /// The columns of a new file.
    fn new(intervals: &Intervals) -> Self {
        let fields = Observation::FIELDS.into_iter();
        let fields = fields.filter(|field| intervals.holds_out() || !field.is_held_out());
        Columns(fields.map(Some).collect())
    }

    /// The columns that a header names, unless one that is needed is missing.
    fn named(header: &str, intervals: &Intervals) -> Option<Self> {
        let held_out = if intervals.holds_out() { &NEEDED_HELD_OUT[..] } else { &[] };
        let mut needed = NEEDED.iter().chain(held_out);
        let has_all = needed.all(|name| header.split(',').any(|column| column == *name));
        let field = |name| Observation::FIELDS.into_iter().find(|field| field.name == name);
        has_all.then(|| Columns(header.split(',').map(field).collect()))
    }

    fn header(&self) -> String {
        let names = self.0.iter().flatten().map(|field| field.name);
        names.collect::<Vec<_>>().join(",")
    }

    fn row(&self, of: &Observation) -> String {
        let values = self.0.iter().flatten().map(|field| field.value(of));
        let values = values.map(|value| value.map_or(String::new(), |value| value.to_string()));
        values.collect::<Vec<_>>().join(",")
    }

    /// The observation of a row, where its columns hold what is printed in them.
    fn parse(&self, row: &str) -> Option<Observation> {
        let mut observation = Observation::UNKNOWN;
        let mut printed = row.split(',');
        for column in &self.0 {
            let printed = printed.next()?;
            match column {
                // A column of another version.
                None => {}
                Some(field) if printed.is_empty() && field.is_held_out() => {}
                Some(field) => field.set(&mut observation, printed).then_some(())?,
            }
        }
        printed.next().is_none().then_some(observation)
    }
}

/// The file of a run at work.
pub struct LossLog {
    columns: Columns,
    /// The header and the rows.
    pub lines: LineLog,
}

impl LossLog {
    /// A new file without rows.
    pub fn create(
        path: &Path,
        intervals: &Intervals,
        disk: &mut dyn Disk,
    ) -> Result<Self, Failure> {
        let columns = Columns::new(intervals);
        let mut lines = LineLog::create(path, disk)?;
        lines.push(columns.header(), disk)?;
        Ok(LossLog { columns, lines })
    }

    /// The file of a run that goes on, and the curve of its rows before update `updates`: from the first that is there, none
    /// is missing. What follows them stays until the file is [cut](LineLog::cut). New rows have the columns of the file. A
    /// state that another program has saved comes without a file: its rows begin with the next.
    pub fn open(path: &Path, intervals: &Intervals, updates: u64) -> io::Result<(Self, Curve)> {
        let mut curve = Curve::new();
        if !path.try_exists()? {
            let columns = Columns::new(intervals);
            let lines = LineLog::begun(path, columns.header());
            return Ok((LossLog { columns, lines }, curve));
        }
        let mut rows = Rows::of(path, intervals)?;
        if rows.columns.0.iter().any(Option::is_none) {
            return Err(rows.lines.wrong(&Columns::new(intervals).header()));
        }
        let bytes = rows.before(updates, |row| curve.add(row))?;
        let lines = LineLog::found(path, bytes);
        let columns = rows.columns;
        Ok((LossLog { columns, lines }, curve))
    }

    /// Adds a row.
    pub fn push(&mut self, row: &Observation, disk: &mut dyn Disk) -> Result<(), Failure> {
        self.lines.push(self.columns.row(row), disk)
    }
}

/// Passes every row of a file to `each`, whatever its run is doing: a row that is only half written is left out.
pub fn read(
    path: &Path,
    intervals: &Intervals,
    mut each: impl FnMut(&Observation),
) -> io::Result<()> {
    let mut rows = Rows::of(path, intervals)?;
    while let Some(row) = rows.next()? {
        each(&row);
    }
    Ok(())
}

/// Passes the rows before update `updates` to `each`; from the first on, none may be missing.
pub fn read_before(
    path: &Path,
    intervals: &Intervals,
    updates: u64,
    each: impl FnMut(&Observation),
) -> io::Result<()> {
    Rows::of(path, intervals)?.before(updates, each).map(drop)
}

/// The rows of a file, one after another.
struct Rows<'a> {
    intervals: &'a Intervals,
    columns: Columns,
    lines: Lines,
    /// The update of the next row; `None` before the first, which may be any that is due.
    n: Option<u64>,
}

impl<'a> Rows<'a> {
    fn of(path: &Path, intervals: &'a Intervals) -> io::Result<Self> {
        let mut lines = Lines::of(path, LONGEST)?;
        let usual = Columns::new(intervals).header();
        let columns = lines.next(&usual, |line| Columns::named(line, intervals))?;
        Ok(Rows { columns: columns.ok_or_else(|| lines.wrong(&usual))?, intervals, lines, n: None })
    }

    /// The next row; `None` where the file ends before it, or within it.
    fn next(&mut self) -> io::Result<Option<Observation>> {
        let is_right = |row: &Observation| {
            let is_due = self.n.map_or(self.intervals.logs(row.iteration), |n| n == row.iteration);
            is_due && row.has_validation() == Some(self.intervals.competes(row.iteration))
        };
        let read = |line: &str| self.columns.parse(line).filter(is_right);
        let row = self.lines.next(&row_of(self.n.unwrap_or(0)), read)?;
        if let Some(row) = &row {
            self.n = Some(self.intervals.next_row(row.iteration));
        }
        Ok(row)
    }

    /// Returns the length of the lines before update `updates`.
    fn before(&mut self, updates: u64, mut each: impl FnMut(&Observation)) -> io::Result<u64> {
        let mut bytes = self.lines.bytes();
        while self.n.is_none_or(|n| n < updates) {
            match (self.next()?, self.n) {
                (Some(row), _) if row.iteration < updates => each(&row),
                // No row was written before update `updates`.
                (_, None) | (Some(_), _) => break,
                (None, Some(n)) => return Err(self.lines.wrong(&row_of(n))),
            }
            bytes = self.lines.bytes();
        }
        Ok(bytes)
    }
}

fn row_of(n: u64) -> String {
    format!("the row of update {n}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::internals::disk::System;
    use elman::{Plan, Settings, Validation};
    use std::fs;

    fn seen(iteration: u64) -> Observation {
        Observation {
            iteration,
            epoch: iteration / 7,
            loss: 1.0 / (1.0 + iteration as f64),
            smooth_loss: 1e300 * iteration as f64,
            ..Observation::UNKNOWN
        }
    }

    /// A row every three updates, a report every four, the validation loss every ten.
    fn intervals(holds_out: bool) -> Intervals {
        let settings =
            Settings { validation: if holds_out { 0.1 } else { 0.0 }, ..Settings::default() };
        let plan = Plan {
            iterations: 1000,
            report_every: 4,
            log_every: 3,
            validate_every: holds_out.then_some(10),
            ..Plan::default()
        };
        Intervals::new(&settings, &plan)
    }

    /// A file of rows for updates 0, 3, ... 27 and the path that it has.
    fn written(name: &str) -> (std::path::PathBuf, String) {
        let name = format!("elman-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = LossLog::create(&path, &intervals(false), &mut System).unwrap();
        for n in 0..10 {
            log.push(&seen(3 * n), &mut System).unwrap();
        }
        log.lines.sync(&mut System).unwrap();
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
        for (updates, found) in [(0, 0), (1, 1), (3, 1), (4, 2), (27, 9), (28, 10), (30, 10)] {
            fs::write(&path, format!("{text}3")).unwrap();
            let (mut log, curve) = LossLog::open(&path, &intervals(false), updates).unwrap();
            assert_eq!(curve.points().len(), found, "{updates}");
            for (n, point) in curve.points().iter().enumerate() {
                let seen = seen(3 * n as u64);
                let found = (point.iteration, point.low, point.smooth);
                assert_eq!(found, (seen.iteration, seen.loss, seen.smooth_loss));
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}3"));
            log.lines.cut(&mut System).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), lines(1 + found));
            // The next rows follow those that are left.
            (found..10).for_each(|n| log.push(&seen(3 * n as u64), &mut System).unwrap());
            log.lines.sync(&mut System).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        fs::remove_file(&path).unwrap();
    }

    fn validation(n: u64) -> Validation {
        Validation::of(1.0 / (3.0 + n as f64), &Settings::default())
    }

    /// A file of a run with a part held out, of the rows before update 30.
    fn written_with_validation(name: &str) -> (std::path::PathBuf, String) {
        let (path, _) = written(name);
        let intervals = intervals(true);
        let mut log = LossLog::create(&path, &intervals, &mut System).unwrap();
        for n in (0..30).filter(|n| intervals.logs(*n)) {
            let validation = intervals.competes(n).then(|| validation(n));
            let observation = Observation {
                validation_loss: validation.map(|validation| validation.loss),
                validation_bits: validation.map(|validation| validation.bits),
                ..seen(n)
            };
            log.push(&observation, &mut System).unwrap();
        }
        log.lines.sync(&mut System).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        (path, text)
    }

    /// At multiples of 3; at those of 4 and of 10 too, with what was looked at there.
    #[test]
    fn no_look_at_what_is_held_out_is_without_its_row() {
        let (path, text) = written_with_validation("validated");
        let mut lines = text.lines();
        let header = "iteration,epoch,loss,smooth_loss,validation_loss,validation_bits";
        assert_eq!(lines.next(), Some(header));
        let with = [0, 4, 8, 10, 12, 16, 20, 24, 28];
        let all = [0, 3, 4, 6, 8, 9, 10, 12, 15, 16, 18, 20, 21, 24, 27, 28];
        for (n, line) in all.into_iter().zip(&mut lines) {
            let end = if with.contains(&n) {
                format!(",{:?},{:?}", validation(n).loss, validation(n).bits)
            } else {
                ",,".to_string()
            };
            let Observation { epoch, loss, smooth_loss, .. } = seen(n);
            assert_eq!(line, format!("{n},{epoch},{loss:?},{smooth_loss:?}{end}"));
        }
        assert_eq!(lines.next(), None);
        for updates in 0..=30 {
            let (mut log, curve) = LossLog::open(&path, &intervals(true), updates).unwrap();
            let found = curve.points().iter().map(|point| point.iteration);
            assert!(found.eq(all.into_iter().filter(|n| *n < updates)), "{updates}");
            let validated = with.into_iter().filter(|n| *n < updates);
            assert_eq!(
                curve.validation(),
                validated.map(|n| (n, validation(n).loss)).collect::<Vec<_>>()
            );
            log.lines.cut(&mut System).unwrap();
            let left = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(&left) && left.ends_with('\n'));
            assert_eq!(left.lines().count(), 1 + curve.points().len());
            fs::write(&path, &text).unwrap();
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn whoever_reads_leaves_out_a_row_that_is_half_written() {
        for (holds_out, (path, text)) in
            [(false, written("half")), (true, written_with_validation("half-validated"))]
        {
            let updates = text.lines().skip(1).map(|line| line.split(',').next().unwrap());
            let updates: Vec<u64> = updates.map(|update| update.parse().unwrap()).collect();
            let rest = "30,4,0.25,3.5";
            for cut in 0..=rest.len() {
                fs::write(&path, format!("{text}{}", &rest[..cut])).unwrap();
                let mut found = Vec::new();
                read(&path, &intervals(holds_out), |row| {
                    let seen = seen(row.iteration);
                    assert_eq!((row.loss, row.smooth_loss), (seen.loss, seen.smooth_loss));
                    let validated = (intervals(holds_out).competes(row.iteration))
                        .then(|| validation(row.iteration).loss);
                    assert_eq!(row.validation_loss, validated);
                    found.push(row.iteration);
                })
                .unwrap();
                assert_eq!(found, updates);
            }
            // What is complete has to be right, and so has the header.
            for wrong in [
                format!("{text}31,4,0.25,3.5\n"),
                format!("{text}{}", "3".repeat(300)),
                text[..9].into(),
            ] {
                fs::write(&path, wrong).unwrap();
                let error = read(&path, &intervals(holds_out), |_| ()).unwrap_err().to_string();
                assert!(error.starts_with("line ") && error.contains(": must be "), "{error}");
            }
            fs::remove_file(&path).unwrap();
        }
    }

    #[test]
    fn rows_lack_no_validation_loss_and_have_no_other() {
        let (path, text) = written_with_validation("validated-lines");
        let end = |n| format!(",{:?},{:?}\n", validation(n).loss, validation(n).bits);
        let row = |n: u64| {
            let row = text.lines().find(|line| line.starts_with(&format!("{n},")));
            format!("{}\n", row.unwrap())
        };
        for (wrong, line) in [
            (text.replacen(",validation_bits", "", 1), 1),
            (text.replacen(&end(4), ",,\n", 1), 4),
            (text.replacen(&end(4), "\n", 1), 4),
            (text.replacen(&end(4), ",1.5,NaN\n", 1), 4),
            (text.replacen(&end(4), ",inf,1.5\n", 1), 4),
            (text.replacen(&end(4), &end(4).replace('\n', ",\n"), 1), 4),
            (text.replacen(",,\n", ",1.5,2.5\n", 1), 3),
            (text.replacen(",,\n", "\n", 1), 3),
            // A row that the run did not ask for, and one that is missing.
            (text.replacen(&row(6), &format!("{}{}", row(6).replacen('6', "5", 1), row(6)), 1), 5),
            (text.replacen(&row(10), "", 1), 8),
        ] {
            assert_ne!(wrong, text);
            fs::write(&path, wrong).unwrap();
            let error = LossLog::open(&path, &intervals(true), 30).err().unwrap();
            let start = format!("line {line}: must be ");
            assert!(error.to_string().starts_with(&start), "{start}: {error}");
        }
        // Neither kind of file is taken for the other.
        fs::write(&path, &text).unwrap();
        assert!(LossLog::open(&path, &intervals(false), 30).is_err());
        let (other, _) = written("validated-other");
        assert!(LossLog::open(&other, &intervals(true), 30).is_err());
        fs::remove_file(&other).unwrap();
        fs::remove_file(&path).unwrap();
    }

    /// The columns in another order, and without one.
    #[test]
    fn columns_are_read_by_their_names() {
        let (path, text) = written_with_validation("columns");
        let turned = |line: &str| {
            let [n, epoch, loss, smooth, validation, bits] =
                <[&str; 6]>::try_from(line.split(',').collect::<Vec<_>>()).unwrap();
            [smooth, bits, n, validation, loss, epoch].join(",") + "\n"
        };
        let turned: String = text.lines().map(turned).collect();
        let all = |text: &str| {
            fs::write(&path, text).unwrap();
            let mut found = Vec::new();
            read(&path, &intervals(true), |row| found.push(*row)).map(|()| found)
        };
        assert_eq!(all(&turned).unwrap(), all(&text).unwrap());
        // A run that goes on writes the columns that are there.
        fs::write(&path, &turned).unwrap();
        let (mut log, _) = LossLog::open(&path, &intervals(true), 6).unwrap();
        for row in all(&turned).unwrap().iter().filter(|row| row.iteration >= 6) {
            log.push(row, &mut System).unwrap();
        }
        log.lines.sync(&mut System).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), turned);
        // Columns of another version are read over, but no run goes on without writing them.
        let names = |line: &str| match line.split_once(',') {
            Some(("iteration", rest)) => format!("iteration,norm,{rest}\n"),
            Some((n, rest)) => format!("{n},0.5,{rest}\n"),
            None => unreachable!("{line}"),
        };
        let other: String = text.lines().map(names).collect();
        assert_eq!(all(&other).unwrap(), all(&text).unwrap());
        fs::write(&path, &other).unwrap();
        let error = LossLog::open(&path, &intervals(true), 6).err().unwrap();
        let words =
            "line 1: must be iteration,epoch,loss,smooth_loss,validation_loss,validation_bits";
        assert_eq!(error.to_string(), words);
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
            (text.replacen("\n3,", "\n4,", 1), "line 3: must be the row of update 3"),
            (text.replacen("\n6,", "\n06,", 1), "line 4: must be"),
            (text.replacen("\n6,0", "\n6,x", 1), "line 4: must be"),
            (text.replacen("0.25", "NaN", 1), "line 3: must be"),
            (text.replacen("0.25", "inf", 1), "line 3: must be"),
            (text.replacen("0.25", "0.25,", 1), "line 3: must be"),
            (text.replacen("0.25", "0.250", 1), "line 3: must be"),
            (text.replacen("0.25", &"0".repeat(900), 1), "line 3: must"),
            (text[..cut].to_string(), "line 11: must be the row of update 27"),
        ];
        for (wrong, message) in cases {
            assert_ne!(wrong, text);
            fs::write(&path, wrong).unwrap();
            let error = LossLog::open(&path, &intervals(false), 30).err().unwrap().to_string();
            assert!(error.starts_with(message), "{message:?}, not {error:?}");
        }
        fs::write(&path, b"iteration,epoch,loss,smooth_loss\n\xff\n").unwrap();
        let error = LossLog::open(&path, &intervals(false), 30).err().unwrap().to_string();
        assert_eq!(error, "line 2: must be the row of update 0");
        // Nobody waits for rows that no file could hold.
        assert!(LossLog::open(&path, &intervals(false), u64::MAX).is_err());
        fs::remove_file(&path).unwrap();
    }
}
