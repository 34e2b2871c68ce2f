//! reports.jsonl: a line of JSON for every report, and the lines that a run which goes on finds there.
//!
//! There is a line at every multiple of `--report-every` up to the number of updates, and one for the end. The line of
//! an end that is no multiple is not part of a longer run.

use crate::cli::run::line_log::{LineLog, Lines};
use elman::Observation;
use elman::internals::intervals::Intervals;
use elman::internals::json::{Reader, object};
use elman::internals::observation::Field;
use std::fmt;
use std::io;
use std::path::Path;

/// The most characters of a sample in a line.
pub const LONGEST_SAMPLE: usize = 10_000;
/// No line is longer, in bytes: a character of a sample may be `\u0000`, and there is something before them.
const LONGEST: u64 = 6 * LONGEST_SAMPLE as u64 + 500;

/// A report of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Report {
    /// What is known of its update.
    pub observation: Observation,
    /// The text that the network wrote, its first [`LONGEST_SAMPLE`] characters.
    pub sample: String,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = |field: &Field| Some((field.name, field.value(&self.observation)?));
        let fields = Observation::FIELDS.iter().filter_map(known);
        let members = fields.chain([("sample", self.sample.as_str().into())]);
        write!(f, "{}", object(members))
    }
}

impl Report {
    /// A report as it was written, to the character.
    fn parse(line: &str) -> Option<Self> {
        let mut observation = Observation::UNKNOWN;
        let mut sample = String::new();
        let mut reader = Reader::new(line);
        let read = reader.object(|reader, key| {
            let field = Observation::FIELDS.into_iter().find(|it| it.name == key);
            match field {
                Some(field) => {
                    let printed = if field.is_count() {
                        reader.number()?.to_string()
                    } else {
                        format!("{:?}", reader.float()?)
                    };
                    field.set(&mut observation, &printed);
                }
                None if key == "sample" => sample = reader.string()?,
                None => return Err(reader.error("a key of a report")),
            }
            Ok(())
        });
        read.and_then(|()| reader.end()).ok()?;
        let report = Report { observation, sample };
        // A line that lacks something, has it twice or in another order, is not what would be written.
        (report.to_string() == line).then_some(report)
    }
}

/// The file of a run that goes on, whose lines before update `updates` must follow each other. What follows them stays
/// until the file is [cut](LineLog::cut). A run that began before there was such a file has none, or one that begins
/// later.
pub fn open(path: &Path, intervals: &Intervals, updates: u64) -> io::Result<LineLog> {
    let right = if path.try_exists()? { bytes_before(path, intervals, updates)? } else { 0 };
    Ok(LineLog::found(path, right))
}

/// The reports of a file, one after another.
struct Reports<'a> {
    intervals: &'a Intervals,
    lines: Lines,
    /// The update of the last report read.
    last: Option<u64>,
}

impl<'a> Reports<'a> {
    fn of(path: &Path, intervals: &'a Intervals) -> io::Result<Self> {
        Ok(Reports { intervals, lines: Lines::of(path, LONGEST)?, last: None })
    }

    /// The next report; `None` where the file ends before it, or within it.
    fn next(&mut self) -> io::Result<Option<Report>> {
        let expected = self.expected();
        let (intervals, last) = (self.intervals, self.last);
        let is_right = |report: &Report| {
            let seen = &report.observation;
            seen.has_validation() == Some(intervals.holds_out())
                && follows(intervals, last, seen.iteration)
        };
        let read = |line: &str| Report::parse(line).filter(is_right);
        let report = self.lines.next(&expected, read)?;
        self.last = report.as_ref().map(|it| it.observation.iteration).or(self.last);
        Ok(report)
    }

    /// What has to come next.
    fn expected(&self) -> String {
        match self.last {
            Some(last) => format!("the report of update {}", self.intervals.next_report(last)),
            None => format!(
                "the report of an update that is a multiple of {}",
                self.intervals.next_report(0)
            ),
        }
    }
}

/// Whether the report of update n may come after that of `last`, or be the first. None comes after that of an end which
/// is no multiple.
fn follows(intervals: &Intervals, last: Option<u64>, n: u64) -> bool {
    last.is_none_or(|last| {
        intervals.is_report_multiple(last) && last < n && n <= intervals.next_report(last)
    })
}

/// The length of the lines before update `updates`.
fn bytes_before(path: &Path, intervals: &Intervals, updates: u64) -> io::Result<u64> {
    let mut reports = Reports::of(path, intervals)?;
    let mut bytes = 0;
    while reports.last.map_or(updates > 0, |last| intervals.next_report(last) < updates) {
        let (expected, before) = (reports.expected(), reports.last);
        let n = reports.next()?.map(|report| report.observation.iteration);
        match (n, before) {
            (Some(n), _) if n < updates && intervals.is_report_multiple(n) => {
                bytes = reports.lines.bytes()
            }
            // No line was written before update `updates`.
            (None, None) => break,
            (Some(n), None) if n >= updates => break,
            _ => return Err(reports.lines.wrong(&expected)),
        }
    }
    Ok(bytes)
}

/// Passes every report of a file to `each`, whatever its run is doing: one that is only half written is left out.
pub fn read(path: &Path, intervals: &Intervals, mut each: impl FnMut(Report)) -> io::Result<()> {
    let mut reports = Reports::of(path, intervals)?;
    while let Some(report) = reports.next()? {
        each(report);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use elman::internals::disk::System;
    use elman::{Plan, Settings};
    use std::fs;
    use std::path::PathBuf;

    /// Every four updates.
    fn intervals(holds_out: bool) -> Intervals {
        let settings =
            Settings { validation: if holds_out { 0.1 } else { 0.0 }, ..Settings::default() };
        let plan = Plan {
            iterations: 1000,
            report_every: 4,
            report_length: 0,
            passage_length: 0,
            log_every: 1,
            save_every: 1,
            validate_every: None,
        };
        Intervals::new(&settings, &plan)
    }

    /// A report with what JSON has to escape, and with what it need not.
    fn report(n: u64, holds_out: bool) -> Report {
        let characters = '\0'..='\u{9f}';
        let others = "\u{2028}\u{fffd}日\u{1F600}\u{10FFFF}".chars();
        Report {
            observation: Observation {
                iteration: n,
                epoch: n / 7,
                loss: 1.0 / (1.0 + n as f64),
                smooth_loss: 1e300 * n as f64,
                validation_loss: holds_out.then_some(0.1 + n as f64),
                validation_bits: holds_out.then_some(5e-324),
            },
            sample: characters.chain(others).cycle().take(n.min(1000) as usize).collect(),
        }
    }

    /// A file with the reports of these updates.
    fn written(name: &str, updates: &[u64], holds_out: bool) -> (PathBuf, String) {
        let name = format!("elman-{name}-{}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let mut log = LineLog::create(&path, &mut System).unwrap();
        for &n in updates {
            log.push(report(n, holds_out), &mut System).unwrap();
        }
        log.sync(&mut System).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), updates.len());
        (path, text)
    }

    /// All reports of a file.
    fn all(path: &Path, intervals: &Intervals) -> io::Result<Vec<Report>> {
        let mut found = Vec::new();
        read(path, intervals, |report| found.push(report)).map(|()| found)
    }

    fn lines(text: &str, count: usize) -> String {
        text.split_inclusive('\n').take(count).collect()
    }

    #[test]
    fn a_line_is_json_with_its_keys_in_order() {
        let mut report = report(8, true);
        report.sample = "a\"\\\n\u{0}\u{7f}\u{1F600}".into();
        let line = r#"{"iteration":8,"epoch":1,"loss":0.1111111111111111,"smooth_loss":8e300,"#;
        let end = "\"sample\":\"a\\\"\\\\\\n\\u0000\\u007f\u{1F600}\"}";
        let validated = r#""validation_loss":8.1,"validation_bits":5e-324,"#;
        assert_eq!(report.to_string(), format!("{line}{validated}{end}"));
        report.observation.validation_loss = None;
        report.observation.validation_bits = None;
        assert_eq!(report.to_string(), format!("{line}{end}"));
    }

    #[test]
    fn whoever_reads_finds_what_was_written() {
        for holds_out in [false, true] {
            let updates: Vec<u64> = (0..=50).map(|n| 4 * n).chain([202]).collect();
            let name = format!("reports-{holds_out}");
            let (path, text) = written(&name, &updates, holds_out);
            let expected: Vec<Report> = (updates.iter().map(|&n| report(n, holds_out))).collect();
            assert!(all(&path, &intervals(holds_out)).unwrap() == expected);
            assert!(all(&path, &intervals(!holds_out)).is_err());
            // One that is half written is left out, wherever it ends.
            let last = text.lines().next_back().unwrap().len();
            for cut in 1..=last + 1 {
                fs::write(&path, &text.as_bytes()[..text.len() - cut]).unwrap();
                let found = all(&path, &intervals(holds_out)).unwrap();
                assert!(found == expected[..51], "{cut}");
            }
            fs::remove_file(&path).unwrap();
            assert!(all(&path, &intervals(holds_out)).is_err());
        }
    }

    #[test]
    fn the_longest_sample_is_read_back() {
        let (path, _) = written("reports-longest", &[], true);
        let mut longest = report(u64::MAX / 4 * 4, true);
        longest.observation.epoch = u64::MAX;
        longest.observation.loss = f64::MIN_POSITIVE;
        longest.observation.smooth_loss = f64::MAX;
        longest.sample = "\0".repeat(LONGEST_SAMPLE);
        let mut log = LineLog::create(&path, &mut System).unwrap();
        log.push(&longest, &mut System).unwrap();
        log.sync(&mut System).unwrap();
        assert!(all(&path, &intervals(true)).unwrap() == [longest.clone()]);
        longest.sample += &"\0".repeat(100);
        let mut log = LineLog::create(&path, &mut System).unwrap();
        log.push(&longest, &mut System).unwrap();
        log.sync(&mut System).unwrap();
        assert!(all(&path, &intervals(true)).is_err());
        fs::remove_file(&path).unwrap();
    }

    /// All of them together are those of a run of 22 updates, stopped or ended anywhere.
    #[test]
    fn lines_from_the_state_on_are_cut_and_written_again() {
        let updates = [0, 4, 8, 12, 16, 20, 22];
        let (path, text) = written("reports-cut", &updates, true);
        for state in 0..=22 {
            for rest in ["", "{\"iteration\":", "no report\n"] {
                fs::write(&path, format!("{text}{rest}")).unwrap();
                let mut log = open(&path, &intervals(true), state).unwrap();
                log.sync(&mut System).unwrap();
                let found = || fs::read_to_string(&path).unwrap();
                assert_eq!(found(), format!("{text}{rest}"), "it is only looked at");
                let kept = updates.iter().filter(|&&n| n < state).count();
                log.cut(&mut System).unwrap();
                assert_eq!(found(), lines(&text, kept), "{state}");
                for &n in &updates[kept..] {
                    log.push(report(n, true), &mut System).unwrap();
                }
                log.sync(&mut System).unwrap();
                assert_eq!(found(), text);
            }
        }
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn the_report_of_an_end_is_no_part_of_a_longer_run() {
        let (path, text) = written("reports-end", &[0, 4, 6], false);
        let mut log = open(&path, &intervals(false), 6).unwrap();
        log.push(report(8, false), &mut System).unwrap();
        log.sync(&mut System).unwrap();
        let (longer, whole) = written("reports-longer", &[0, 4, 8], false);
        assert_eq!(fs::read_to_string(&path).unwrap(), whole);
        // A state after it is not one of this file.
        fs::write(&path, &text).unwrap();
        let error = open(&path, &intervals(false), 9).err().unwrap();
        let expected = "line 3: must be the report of update 8";
        assert_eq!(error.to_string(), expected);
        fs::remove_file(&path).unwrap();
        fs::remove_file(&longer).unwrap();
    }

    /// A run that began before there was such a file: it has none, an empty one, or one that begins later.
    #[test]
    fn a_file_may_begin_at_any_report() {
        let (path, text) = written("reports-later", &[12, 16, 20], false);
        for (begin, state, kept) in [
            ("", 0, 0),
            ("", 13, 0),
            ("{\"itera", 13, 0),
            (&text, 12, 0),
            (&text, 13, 1),
            (&text, 16, 1),
            (&text, 17, 2),
            (&text, 21, 3),
            (&text, 24, 3),
        ] {
            fs::write(&path, begin).unwrap();
            let mut log = open(&path, &intervals(false), state).unwrap();
            log.cut(&mut System).unwrap();
            let found = fs::read_to_string(&path).unwrap();
            assert_eq!(found, lines(&text, kept), "{state}");
        }
        // The only line that an end has left is cut as well.
        fs::write(&path, format!("{}\n", report(14, false))).unwrap();
        let mut log = open(&path, &intervals(false), 14).unwrap();
        log.cut(&mut System).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"");
        fs::remove_file(&path).unwrap();
        let mut log = open(&path, &intervals(false), 13).unwrap();
        assert!(!path.exists());
        log.push(report(16, false), &mut System).unwrap();
        log.sync(&mut System).unwrap();
        assert!(all(&path, &intervals(false)).unwrap() == [report(16, false)]);
        fs::remove_file(&path).unwrap();
    }

    #[test]
    fn lines_that_are_not_those_of_the_run_are_told_by_number() {
        let updates = [0, 4, 8, 12];
        let (path, text) = written("reports-wrong", &updates, false);
        let four = format!("{}\n", report(4, false));
        let twice = |key: &str| four.replacen(key, &format!("{key}{key}"), 1);
        let second = "line 2: must be the report of update 4";
        let cases = [
            (String::from("no report\n"), "line 1: must be the report of an update"),
            (
                text.replacen(":0,", ":2,", 1),
                "line 1: must be the report of an update that is a multiple of 4",
            ),
            (text.replacen(&four, "", 1), second),
            (
                text.replacen(&four, &format!("{four}{four}"), 1),
                "line 3: must be the report of update 8",
            ),
            (text.replacen(&four, &format!("{}\n", report(3, false)), 1), second),
            (text.replacen(&four, &format!("{}\n", report(4, true)), 1), second),
            (text.replacen(&four, &twice("\"epoch\":0,"), 1), second),
            (text.replacen(&four, &four.replace(":0.2,", ":0.20,"), 1), second),
            (text.replacen(&four, &four.replace(":0.2,", ":NaN,"), 1), second),
            (text.replacen(&four, &four.replace(":0.2,", ":1e999,"), 1), second),
            (text.replacen(&four, &four.replace(",\"epoch\":0", ""), 1), second),
            (text.replacen(&four, &four.replace("epoch", "period"), 1), second),
            (text.replacen(&four, &four.replace("}\n", "} \n"), 1), second),
            (text.replacen(&four, &four.replace("}\n", "}\r\n"), 1), second),
            (text.replacen(&four, &four.replace("\\u0001", "\\u0001\u{1}"), 1), second),
            (text.replacen(&four, &"x".repeat(100_000), 1), second),
        ];
        for (wrong, message) in cases {
            assert_ne!(wrong, text);
            fs::write(&path, &wrong).unwrap();
            let error = open(&path, &intervals(false), 13).err().unwrap();
            assert!(error.to_string().starts_with(message), "{message:?}, not {error}: {wrong}");
            let found = all(&path, &intervals(false));
            // An end that is no multiple may be all that there is, and be first.
            if !wrong.contains("\"iteration\":2,") {
                assert!(found.unwrap_err().to_string().starts_with("line "));
            }
        }
        // What is missing at the end is told by the run that needs it.
        fs::write(&path, &text[..text.len() - 1]).unwrap();
        let error = open(&path, &intervals(false), 13).err().unwrap();
        assert_eq!(error.to_string(), "line 4: must be the report of update 12");
        assert!(open(&path, &intervals(false), 12).is_ok());
        assert_eq!(all(&path, &intervals(false)).unwrap().len(), 3);
        // Nobody waits for lines that no file could hold.
        fs::write(&path, &text).unwrap();
        assert!(open(&path, &intervals(false), u64::MAX).is_err());
        fs::remove_file(&path).unwrap();
        assert!(open(&std::env::temp_dir(), &intervals(false), 13).is_err());
    }
}
