//! loss.csv: a row every so many updates, and the rows that a run which goes on finds there.
//!
//! There is a row at every multiple of `--log-every` below the number of updates. Where a part of the text is held
//! out, there is one at every multiple of `--report-every` and `--validate-every` as well, and these have the
//! validation loss in two more columns, which are empty in the others.

use crate::cli::charts::curve::Curve;
use crate::cli::run::line_log::{LineLog, Lines};
use elman::internals::disk::Disk;
use elman::{Look, Plan, Settings, Validation};
use std::fmt;
use std::io;
use std::path::Path;

const HEADER: &str = "iteration,epoch,loss,smooth_loss";
/// What it goes on with where a part of the text is held out.
const VALIDATION: &str = ",validation_loss,validation_bits";
/// No row is longer, in bytes.
const LONGEST: u64 = 200;

/// Which updates have a row.
#[derive(Clone, Copy)]
pub struct Rows {
    plan: Plan,
    /// Whether a part of the text is held out.
    holds_out: bool,
}

impl Rows {
    /// Those of a run.
    pub fn of(settings: &Settings, plan: &Plan) -> Self {
        Rows {
            plan: *plan,
            holds_out: settings.validation > 0.0,
        }
    }

    /// Whether update n has one.
    pub fn has(&self, n: u64) -> bool {
        n % self.plan.log_every == 0 || self.is_validated(n)
    }

    /// Whether the row of update n has a validation loss.
    pub fn is_validated(&self, n: u64) -> bool {
        self.holds_out && self.plan.competes(n)
    }

    /// The first update after n that has one.
    fn after(&self, n: u64) -> u64 {
        let plan = &self.plan;
        let reports = self.holds_out.then_some(plan.report_every);
        let every = [Some(plan.log_every), reports, plan.validate_every];
        let multiples = every.into_iter().flatten();
        let next = multiples.map(|every| (n / every + 1).saturating_mul(every));
        next.min().expect("there are rows")
    }

    fn header(&self) -> String {
        if self.holds_out {
            format!("{HEADER}{VALIDATION}")
        } else {
            HEADER.to_string()
        }
    }
}

/// One row, of the update n that was next.
#[derive(Clone, Copy)]
pub struct Row {
    /// n.
    pub iteration: u64,
    /// That of chunk n.
    pub epoch: u64,
    /// The loss of chunk n in nats over T characters.
    pub loss: f64,
    /// The smooth loss that includes it.
    pub smooth_loss: f64,
    /// The two columns of a run with a part held out, and what is in them.
    validation: Option<Option<[f64; 2]>>,
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Row {
            iteration,
            epoch,
            loss,
            smooth_loss,
            validation,
        } = self;
        write!(f, "{iteration},{epoch},{loss:?},{smooth_loss:?}")?;
        match validation {
            None => Ok(()),
            Some(None) => write!(f, ",,"),
            Some(Some([loss, bits])) => write!(f, ",{loss:?},{bits:?}"),
        }
    }
}

impl Row {
    /// The validation loss in nats over T characters, where it was looked at.
    pub fn validation_loss(&self) -> Option<f64> {
        self.validation.flatten().map(|[loss, _]| loss)
    }

    /// Adds it to a curve.
    pub fn draw(&self, curve: &mut Curve) {
        let losses = [self.loss, self.smooth_loss];
        curve.push_look(self.iteration, losses, self.validation_loss());
    }

    /// The row of an update as it was written, to the character.
    fn parse(line: &str, n: u64, rows: &Rows) -> Option<Self> {
        let mut fields = line.split(',');
        let epoch = fields.nth(1)?.parse().ok()?;
        let mut number = || fields.next()?.parse().ok();
        let row = Row {
            iteration: n,
            epoch,
            loss: number()?,
            smooth_loss: number()?,
            validation: match (rows.holds_out, rows.is_validated(n)) {
                (false, _) => None,
                (true, false) => Some(None),
                (true, true) => Some(Some([number()?, number()?])),
            },
        };
        let numbers = [row.loss, row.smooth_loss];
        let numbers = [numbers, row.validation.flatten().unwrap_or_default()];
        let finite = numbers.concat().iter().all(|x| x.is_finite());
        (finite && row.to_string() == line).then_some(row)
    }
}

/// The file.
pub struct LossLog {
    rows: Rows,
    lines: LineLog,
}

impl LossLog {
    /// A new file without rows.
    pub fn create(path: &Path, rows: Rows, disk: &mut dyn Disk) -> io::Result<Self> {
        let mut lines = LineLog::create(path, disk)?;
        lines.push(rows.header(), disk)?;
        Ok(LossLog { rows, lines })
    }

    /// The file of a run that goes on, and the curve of its rows before update `updates`: all of them have to be
    /// there. What follows them is not looked at, and stays until the file is [cut](LossLog::cut).
    pub fn open(path: &Path, rows: Rows, updates: u64) -> io::Result<(Self, Curve)> {
        let mut curve = Curve::new();
        let bytes = read_before(path, rows, updates, |row| row.draw(&mut curve))?;
        let lines = LineLog::found(path, bytes);
        Ok((LossLog { rows, lines }, curve))
    }

    /// Adds a row.
    pub fn push(
        &mut self,
        look: &Look,
        validation: Option<&Validation>,
        disk: &mut dyn Disk,
    ) -> io::Result<()> {
        let row = Row {
            iteration: look.iteration,
            epoch: look.epoch,
            loss: look.loss,
            smooth_loss: look.smooth_loss,
            validation: (self.rows.holds_out)
                .then(|| validation.map(|validation| [validation.loss, validation.bits])),
        };
        self.lines.push(row, disk)
    }

    /// Brings all rows to the device.
    pub fn sync(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.lines.sync(disk)
    }

    /// Cuts the file back to the rows that were found.
    pub fn cut(&mut self, disk: &mut dyn Disk) -> io::Result<()> {
        self.lines.cut(disk)
    }
}

/// Hands on the rows of a file, whatever its run is doing: one that is only half written is left out.
pub fn read(path: &Path, rows: Rows, mut each: impl FnMut(&Row)) -> io::Result<()> {
    let mut lines = lines(path, &rows)?;
    let mut n = 0;
    while let Some(row) = next(&mut lines, n, &rows)? {
        each(&row);
        n = rows.after(n);
    }
    Ok(())
}

/// Hands on the rows before update `updates`: all of them have to be there. Returns how many bytes they and the header
/// are; what follows is not looked at.
pub fn read_before(
    path: &Path,
    rows: Rows,
    updates: u64,
    mut each: impl FnMut(&Row),
) -> io::Result<u64> {
    let mut lines = lines(path, &rows)?;
    let mut n = 0;
    while n < updates {
        let row = next(&mut lines, n, &rows)?;
        each(&row.ok_or_else(|| lines.wrong(&row_of(n)))?);
        n = rows.after(n);
    }
    Ok(lines.bytes())
}

/// The lines of a file after its header.
fn lines(path: &Path, rows: &Rows) -> io::Result<Lines> {
    let mut lines = Lines::of(path, LONGEST)?;
    let header = rows.header();
    let found = lines.next(&header, |line| (line == header).then_some(()))?;
    found.ok_or_else(|| lines.wrong(&header))?;
    Ok(lines)
}

/// The row of update n; none where the file ends before it, or within it.
fn next(lines: &mut Lines, n: u64, rows: &Rows) -> io::Result<Option<Row>> {
    lines.next(&row_of(n), |line| Row::parse(line, n, rows))
}

fn row_of(n: u64) -> String {
    format!("the row of update {n}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::internals::disk::System;
    use std::fs;

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

    /// A row every three updates, a report every four, a look every ten.
    fn rows(holds_out: bool) -> Rows {
        Rows {
            plan: Plan {
                iterations: 1000,
                report_every: 4,
                report_length: 0,
                passage_length: 0,
                log_every: 3,
                save_every: 1,
                validate_every: holds_out.then_some(10),
            },
            holds_out,
        }
    }

    /// A file of rows for updates 0, 3, ... 27 and the path that it has.
    fn written(name: &str) -> (std::path::PathBuf, String) {
        let name = format!("elman-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = LossLog::create(&path, rows(false), &mut System).unwrap();
        for n in 0..10 {
            log.push(&look(3 * n), None, &mut System).unwrap();
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
        for (updates, found) in [(0, 0), (1, 1), (3, 1), (4, 2), (27, 9), (28, 10), (30, 10)] {
            fs::write(&path, format!("{text}3")).unwrap();
            let (mut log, curve) = LossLog::open(&path, rows(false), updates).unwrap();
            assert_eq!(curve.points().len(), found, "{updates}");
            for (n, point) in curve.points().iter().enumerate() {
                let look = look(3 * n as u64);
                let found = (point.iteration, point.low, point.smooth);
                assert_eq!(found, (look.iteration, look.loss, look.smooth_loss));
            }
            assert_eq!(fs::read_to_string(&path).unwrap(), format!("{text}3"));
            log.cut(&mut System).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), lines(1 + found));
            // The next rows follow those that are left.
            (found..10).for_each(|n| log.push(&look(3 * n as u64), None, &mut System).unwrap());
            log.sync(&mut System).unwrap();
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
        let rows = rows(true);
        let mut log = LossLog::create(&path, rows, &mut System).unwrap();
        for n in (0..30).filter(|n| rows.has(*n)) {
            let validated = rows.is_validated(n).then(|| validation(n));
            log.push(&look(n), validated.as_ref(), &mut System).unwrap();
        }
        log.sync(&mut System).unwrap();
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
            let Look {
                epoch,
                loss,
                smooth_loss,
                ..
            } = look(n);
            assert_eq!(line, format!("{n},{epoch},{loss:?},{smooth_loss:?}{end}"));
        }
        assert_eq!(lines.next(), None);
        for updates in 0..=30 {
            let (mut log, curve) = LossLog::open(&path, rows(true), updates).unwrap();
            let found = curve.points().iter().map(|point| point.iteration);
            assert!(
                found.eq(all.into_iter().filter(|n| *n < updates)),
                "{updates}"
            );
            let seen = with.into_iter().filter(|n| *n < updates);
            assert_eq!(
                curve.validation(),
                seen.map(|n| (n, validation(n).loss)).collect::<Vec<_>>()
            );
            log.cut(&mut System).unwrap();
            let left = fs::read_to_string(&path).unwrap();
            assert!(text.starts_with(&left) && left.ends_with('\n'));
            assert_eq!(left.lines().count(), 1 + curve.points().len());
            fs::write(&path, &text).unwrap();
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn whoever_reads_leaves_out_a_row_that_is_half_written() {
        for (holds_out, (path, text)) in [
            (false, written("half")),
            (true, written_with_validation("half-validated")),
        ] {
            let updates = text
                .lines()
                .skip(1)
                .map(|line| line.split(',').next().unwrap());
            let updates: Vec<u64> = updates.map(|update| update.parse().unwrap()).collect();
            let rest = "30,4,0.25,3.5";
            for cut in 0..=rest.len() {
                fs::write(&path, format!("{text}{}", &rest[..cut])).unwrap();
                let mut found = Vec::new();
                read(&path, rows(holds_out), |row| {
                    let look = look(row.iteration);
                    assert_eq!((row.loss, row.smooth_loss), (look.loss, look.smooth_loss));
                    let seen = (rows(holds_out).is_validated(row.iteration))
                        .then(|| validation(row.iteration).loss);
                    assert_eq!(row.validation_loss(), seen);
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
                let error = read(&path, rows(holds_out), |_| ())
                    .unwrap_err()
                    .to_string();
                assert!(
                    error.starts_with("line ") && error.contains(": must be "),
                    "{error}"
                );
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
            (
                text.replacen(
                    &row(6),
                    &format!("{}{}", row(6).replacen('6', "5", 1), row(6)),
                    1,
                ),
                5,
            ),
            (text.replacen(&row(10), "", 1), 8),
        ] {
            assert_ne!(wrong, text);
            fs::write(&path, wrong).unwrap();
            let error = LossLog::open(&path, rows(true), 30).err().unwrap();
            let start = format!("line {line}: must be ");
            assert!(error.to_string().starts_with(&start), "{start}: {error}");
        }
        // Neither kind of file is taken for the other.
        fs::write(&path, &text).unwrap();
        assert!(LossLog::open(&path, rows(false), 30).is_err());
        let (other, _) = written("validated-other");
        assert!(LossLog::open(&other, rows(true), 30).is_err());
        fs::remove_file(&other).unwrap();
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
            let error = LossLog::open(&path, rows(false), 30)
                .err()
                .unwrap()
                .to_string();
            assert!(error.starts_with(message), "{message:?}, not {error:?}");
        }
        fs::write(&path, b"iteration,epoch,loss,smooth_loss\n\xff\n").unwrap();
        let error = LossLog::open(&path, rows(false), 30)
            .err()
            .unwrap()
            .to_string();
        assert_eq!(error, "line 2: must be the row of update 0");
        // Nobody waits for rows that no file could hold.
        assert!(LossLog::open(&path, rows(false), u64::MAX).is_err());
        fs::remove_file(&path).unwrap();
    }
}
