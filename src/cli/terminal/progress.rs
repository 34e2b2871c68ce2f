//! What the terminal shows while the program is at work: how far it is, how fast and how well it learns.

use crate::cli::charts::curve::Curve;
use crate::cli::format::{fit, short_loss, thousands};
use crate::cli::terminal::output::one_line;
use crate::cli::terminal::pace::Pace;
use crate::cli::terminal::screen::{self, Size};
use crate::cli::terminal::text_curve;
use crate::cli::terminal::view::View;
use elman::Observation;
use std::collections::VecDeque;
#[cfg(unix)]
use std::fs::File;
use std::io::{self, IsTerminal as _, Write as _};
use std::thread;
use std::time::{Duration, Instant};

/// How often the view is drawn, unless the terminal is slow.
const REDRAW: Duration = Duration::from_millis(250);
/// The terminal's size is asked for before each drawing, but not again within this time.
const SAME_SIZE: Duration = Duration::from_millis(10);
/// A terminal whose size changes may change it again, and say so a little later: nothing is drawn before its size has
/// stayed the same for this time.
const SETTLE: Duration = Duration::from_millis(300);
/// The most times that anything else waits for that.
const PATIENCE: usize = 5;
/// The time that another program has to print a report before the view comes back.
const PRINTING: Duration = Duration::from_millis(100);
/// The speed is that of this time.
const RECENT: Duration = Duration::from_secs(10);
const DIGITS: usize = 4;
/// Columns for each number with its name, where they stand side by side.
const CELL: usize = 26;
/// Lines of the curve, at least and at most.
const CURVE: [usize; 2] = [3, 4];
/// The most columns of the curve, and of the bar.
const WIDEST: usize = 79;
const SHORTEST_BAR: usize = 8;

/// The view on standard error, where that is a terminal.
pub struct Progress {
    quiet: bool,
    shown: bool,
    utf8: bool,
    view: View,
    started: Instant,
    frames: Pace,
    size: Size,
    asked: Option<Instant>,
    resized: Option<Instant>,
    speed: Speed,
    reports: ReportsGo,
    /// Whether the view was cleared for a report on the same terminal, and comes back after it.
    is_aside: bool,
}

/// Where standard output goes, with the reports.
#[derive(Clone, Copy, PartialEq)]
enum ReportsGo {
    /// To the terminal.
    Here,
    /// To another program, which may print it on the same terminal a little later.
    Piped,
    /// To a file.
    Elsewhere,
}

/// How far a training is.
pub struct Status<'a> {
    /// What is known of the next update.
    pub observation: &'a Observation,
    /// Updates that the run is to make.
    pub iterations: u64,
    /// Characters of an update.
    pub characters: usize,
    /// The update of the best model so far, and its loss.
    pub best: Option<(u64, f64)>,
    pub curve: &'a Curve,
}

impl Progress {
    /// Nothing is drawn yet; the clock starts.
    pub fn new(quiet: bool) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        Progress {
            quiet,
            shown,
            utf8: screen::is_utf8(),
            view: View::new(screen::can_move()),
            started: Instant::now(),
            frames: Pace::new(REDRAW),
            size: Size { columns: 80, rows: 24 },
            asked: None,
            resized: None,
            speed: Speed::default(),
            reports: match (io::stdout().is_terminal(), is_piped()) {
                (true, _) => ReportsGo::Here,
                (_, true) => ReportsGo::Piped,
                _ => ReportsGo::Elsewhere,
            },
            is_aside: false,
        }
    }

    /// Prints a line where progress is shown.
    pub fn say(&mut self, line: &str) {
        if self.shown {
            self.clear();
            self.write(&format!("{}\n", one_line(line)));
        }
    }

    /// Prints a line that is worth knowing, on a terminal or not, unless `--quiet`.
    pub fn warn(&mut self, line: &str) {
        if !self.quiet {
            self.clear();
            self.write(&format!("elman: {}\n", one_line(line)));
        }
    }

    /// Draws how much of a text has been read, where that takes its time.
    pub fn draw_reading(&mut self, place: &str, read: u64, bytes: u64) {
        if self.started.elapsed() > REDRAW {
            let share = 100 * u128::from(read) / u128::from(bytes.max(read).max(1));
            let parts = [
                format!("reading {} ({share} %)", one_line(place)),
                format!("{} MB", thousands(read / 1_000_000)),
            ];
            self.draw_parts(|_| parts.into());
        }
    }

    /// Draws how far the training is.
    pub fn draw(&mut self, status: &Status) {
        self.draw_lines(|progress, columns, rows| {
            let speed = progress.speed.at(Instant::now(), status.observation.iteration);
            if progress.view.moves() && rows > 2 {
                frame(status, speed, columns, rows, progress.utf8)
            } else {
                vec![fit(&parts(status, speed), columns)]
            }
        });
    }

    /// Draws a line of parts, the most important first; `parts` is given the seconds so far.
    pub fn draw_parts(&mut self, parts: impl FnOnce(f64) -> Vec<String>) {
        self.draw_lines(|progress, columns, _| {
            vec![fit(&parts(progress.started.elapsed().as_secs_f64()), columns)]
        });
    }

    /// Draws some lines, where the last drawing is long enough ago. `lines` is given the columns and rows that they may
    /// take: one column less than the terminal has, since a full line would wrap, and half of its rows.
    fn draw_lines(&mut self, lines: impl FnOnce(&mut Self, usize, usize) -> Vec<String>) {
        if !self.shown || !(self.is_aside || self.frames.is_due()) {
            return;
        }
        self.is_aside = false;
        let begun = Instant::now();
        self.ask_size();
        if self.is_resized() {
            self.frames.wait(SETTLE);
            return;
        }
        let Size { columns, rows } = self.size;
        let lines = lines(self, columns.saturating_sub(1), rows / 2);
        let written = self.view.draw(&lines, columns);
        self.write(&written);
        self.frames.done(begun);
    }

    pub fn clear(&mut self) {
        if self.view.is_drawn() {
            self.ask_size();
            for _ in 0..PATIENCE {
                if self.is_resized() {
                    thread::sleep(SETTLE);
                    self.ask_size();
                }
            }
            let written = self.view.clear(self.size.columns);
            self.write(&written);
        }
    }

    /// Clears the view for a report, unless that goes elsewhere.
    pub fn make_room(&mut self) {
        if self.reports == ReportsGo::Elsewhere {
            return;
        }
        self.clear();
        self.is_aside = self.reports == ReportsGo::Here;
        self.frames.wait(PRINTING);
    }

    fn is_resized(&self) -> bool {
        self.resized.is_some_and(|at| at.elapsed() < SETTLE)
    }

    fn ask_size(&mut self) {
        if self.asked.is_none_or(|asked| asked.elapsed() > SAME_SIZE) {
            let before = std::mem::replace(&mut self.size, screen::size());
            let now = Instant::now();
            if self.asked.is_some() && self.size != before {
                self.resized = Some(now);
            }
            self.asked = Some(now);
        }
    }

    /// Writes to standard error. Failures are ignored: nothing depends on the view.
    fn write(&self, text: &str) {
        let mut error = io::stderr().lock();
        let _ = error.write_all(text.as_bytes()).and_then(|()| error.flush());
    }
}

/// Whether standard output goes to another program.
#[cfg(unix)]
fn is_piped() -> bool {
    use std::os::{fd::AsFd as _, unix::fs::FileTypeExt as _};
    let output = io::stdout().as_fd().try_clone_to_owned();
    let metadata = output.and_then(|output| File::from(output).metadata());
    let kind = metadata.map(|metadata| metadata.file_type());
    kind.is_ok_and(|kind| kind.is_fifo() || kind.is_socket())
}

/// Elsewhere it cannot be told; it may.
#[cfg(not(unix))]
fn is_piped() -> bool {
    true
}

/// The updates made at some moments of the last seconds.
#[derive(Default)]
struct Speed(VecDeque<(Instant, u64)>);

impl Speed {
    /// Updates a second in the last seconds, now that `updates` have been made.
    fn at(&mut self, now: Instant, updates: u64) -> Option<f64> {
        self.0.push_back((now, updates));
        // One moment before the last seconds stays, and two at least.
        while self.0.len() > 2 && now - self.0[1].0 >= RECENT {
            self.0.pop_front();
        }
        let (then, before) = self.0[0];
        let speed = (updates - before) as f64 / (now - then).as_secs_f64();
        Some(speed).filter(|&speed| speed > 0.0 && speed.is_finite())
    }
}

fn frame(
    status: &Status,
    speed: Option<f64>,
    columns: usize,
    rows: usize,
    utf8: bool,
) -> Vec<String> {
    let columns = columns.min(WIDEST);
    let mut lines = vec![bar(status, speed, columns, utf8)];
    lines.extend(table(numbers(status, speed), columns, rows - 1));
    let room = rows - lines.len();
    if room >= CURVE[0] {
        lines.extend(text_curve::small(status.curve, columns, room.min(CURVE[1]), utf8));
    }
    lines
}

/// The share that is done, in numbers and as a bar, and the time that is left.
fn bar(status: &Status, speed: Option<f64>, columns: usize, utf8: bool) -> String {
    let (done, all) = (status.observation.iteration, status.iterations.max(1));
    let share = format!("{:>3} %", 100 * u128::from(done) / u128::from(all));
    let left = speed.map_or(String::new(), |speed| left(status, speed));
    // Times of usual length leave the bar as long as it is.
    let room = (columns + 1).saturating_sub(share.len() + left.len().max(14) + 4);
    if room < SHORTEST_BAR {
        return fit(&[share, left], columns);
    }
    let halves = (2 * room as u128 * u128::from(done) / u128::from(all)) as usize;
    let glyph = |cell: usize| match (utf8, halves.saturating_sub(2 * cell)) {
        (true, 0) => '\u{28c0}',
        (true, 1) => '\u{28c7}',
        (true, _) => '\u{28ff}',
        (false, 0 | 1) => '.',
        (false, _) => '#',
    };
    let bar: String = (0..room).map(glyph).collect();
    format!("{share} {bar}  {left:>14}").trim_end().to_string()
}

/// The numbers with their names, each after its rank: 0 is the most important.
fn numbers(status: &Status, speed: Option<f64>) -> Vec<(u8, String)> {
    let Observation { iteration, loss, smooth_loss, .. } = *status.observation;
    let short = |loss| short_loss(loss, DIGITS);
    let mut numbers =
        vec![(1, format!("{} of {}", thousands(iteration), thousands(status.iterations)))];
    if let Some(speed) = speed {
        let characters = speed * status.characters as f64;
        numbers.push((4, format!("{} updates/s", per_second(speed))));
        numbers.push((6, format!("{} characters/s", per_second(characters))));
    }
    numbers.push((5, format!("loss {}", short(loss))));
    numbers.push((0, format!("smooth loss {}", short(smooth_loss))));
    if let Some(&(_, loss)) = status.curve.validation().last() {
        numbers.push((3, format!("validation loss {}", short(loss))));
    }
    if let Some((update, loss)) = status.best {
        numbers.push((2, format!("best {} at {}", short(loss), thousands(update))));
    }
    numbers
}

/// The numbers side by side, the least important left out where there is no room.
fn table(mut numbers: Vec<(u8, String)>, columns: usize, rows: usize) -> Vec<String> {
    numbers.retain(|(_, number)| number.len() <= columns);
    let longest = numbers.iter().map(|(_, number)| number.len()).max();
    let cell = CELL.max(longest.unwrap_or(0) + 2);
    let across = ((columns + 2) / cell).max(1);
    let mut importance: Vec<u8> = numbers.iter().map(|number| number.0).collect();
    importance.sort_unstable();
    if let Some(first_out) = importance.get(across * rows) {
        numbers.retain(|number| number.0 < *first_out);
    }
    let line = |numbers: &[(u8, String)]| {
        let cells = numbers.iter().map(|(_, number)| format!("{number:<cell$}"));
        cells.collect::<String>().trim_end().to_string()
    };
    numbers.chunks(across).map(line).collect()
}

/// The parts of a single line, the most important first.
fn parts(status: &Status, speed: Option<f64>) -> Vec<String> {
    let (done, all) = (status.observation.iteration, status.iterations);
    let share = 100 * u128::from(done) / u128::from(all.max(1));
    let mut parts = vec![
        format!("{} of {} ({share} %)", thousands(done), thousands(all)),
        format!("smooth loss {}", short_loss(status.observation.smooth_loss, DIGITS)),
    ];
    if let Some(speed) = speed {
        let characters = per_second(speed * status.characters as f64);
        parts.push(left(status, speed));
        parts.push(format!("{characters} characters/s"));
    }
    parts
}

fn left(status: &Status, speed: f64) -> String {
    let updates = status.iterations.saturating_sub(status.observation.iteration);
    format!("{} left", duration(updates as f64 / speed))
}

/// A number of things a second, with decimals where it is small.
fn per_second(number: f64) -> String {
    match number {
        0.0..9.995 => format!("{number:.2}"),
        number => thousands(number.round() as u64),
    }
}

/// A time in seconds as people write it: `8 s`, `2:05 min`, `3:07 h`.
pub fn duration(seconds: f64) -> String {
    let whole = seconds.ceil() as u64;
    match whole {
        0..60 => format!("{whole} s"),
        60..3600 => format!("{}:{:02} min", whole / 60, whole % 60),
        _ => format!("{}:{:02} h", whole / 3600, whole % 3600 / 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::format::columns_of;

    fn observation() -> Observation {
        Observation {
            iteration: 12_500,
            epoch: 1,
            loss: 50.0,
            smooth_loss: 51.236,
            ..Observation::UNKNOWN
        }
    }

    /// Something of a training at update 12,500 of 100,000.
    fn with_status<T>(curve: &Curve, what: impl FnOnce(&Status) -> T) -> T {
        what(&Status {
            observation: &observation(),
            iterations: 100_000,
            characters: 25,
            best: Some((12_400, 49.871)),
            curve,
        })
    }

    fn validated() -> Curve {
        let mut curve = Curve::falling(125);
        curve.push_validation(12_400, 50.114);
        curve
    }

    #[test]
    fn the_view_says_how_far_how_fast_and_how_well() {
        let curve = validated();
        let lines = with_status(&curve, |status| frame(status, Some(5000.0), 79, 12, true));
        let bar = "\u{28ff}".repeat(7) + &"\u{28c0}".repeat(50);
        let first = format!(" 12 % {bar}       18 s left");
        assert_eq!(
            lines[..4],
            [
                first.as_str(),
                "12,500 of 100,000         5,000 updates/s           125,000 characters/s",
                "loss 50.00                smooth loss 51.24         validation loss 50.11",
                "best 49.87 at 12,400",
            ]
        );
        assert_eq!(lines.len(), 8);
        assert!(lines[4].starts_with("    47.50 "), "{lines:?}");
        // Without validation, and before the speed is known.
        let lines = with_status(&Curve::new(), |status| frame(status, None, 79, 12, false));
        assert_eq!(
            lines,
            [
                format!(" 12 % {}{}", "#".repeat(7), ".".repeat(50)),
                "12,500 of 100,000         loss 50.00                smooth loss 51.24".into(),
                "best 49.87 at 12,400".into(),
            ]
        );
    }

    #[test]
    fn any_terminal_gets_what_it_has_room_for() {
        let curve = validated();
        for columns in 0..200 {
            for rows in 3..30 {
                for utf8 in [false, true] {
                    let lines = with_status(&curve, |status| {
                        frame(status, Some(5000.0), columns, rows, utf8)
                    });
                    assert!(lines.len() <= rows, "{columns} x {rows}");
                    let widest = lines.iter().map(|line| columns_of(line)).max();
                    assert!(widest <= Some(columns.min(79)), "{columns}: {lines:?}");
                    assert!(utf8 || lines.iter().all(|line| line.is_ascii()));
                }
            }
        }
        let at = |columns, rows| {
            let frame = |status: &Status| frame(status, Some(5000.0), columns, rows, false);
            with_status(&curve, frame)
        };
        let narrow = at(39, 12);
        assert_eq!(narrow[0], " 12 % ##...............       18 s left");
        assert_eq!(narrow[4..6], ["loss 50.00", "smooth loss 51.24"]);
        assert_eq!(narrow.len(), 12);
        let low = at(39, 4);
        assert_eq!(low[1..], ["12,500 of 100,000", "smooth loss 51.24", "best 49.87 at 12,400"]);
        let tiny = at(19, 12);
        assert_eq!(tiny[..2], [" 12 %  18 s left", "12,500 of 100,000"]);
        assert_eq!(tiny[2..], ["5,000 updates/s", "loss 50.00", "smooth loss 51.24"]);
    }

    #[test]
    fn the_bar_is_as_long_as_what_is_done() {
        for (iteration, ends) in [(0, "\u{28c0}"), (99_999, "\u{28c7}"), (100_000, "\u{28ff}")] {
            let mut observation = observation();
            observation.iteration = iteration;
            let bar = bar(
                &Status {
                    observation: &observation,
                    iterations: 100_000,
                    characters: 25,
                    best: None,
                    curve: &Curve::new(),
                },
                None,
                79,
                true,
            );
            assert!(bar.ends_with(ends), "{bar}");
            assert_eq!(columns_of(&bar), 63);
        }
    }

    #[test]
    fn numbers_of_any_size_fit() {
        let observation = Observation {
            iteration: u64::MAX - 1,
            loss: 1e300,
            smooth_loss: f64::MAX,
            ..observation()
        };
        let mut curve = Curve::new();
        (0..9).for_each(|n| curve.push(n, 1e-6, 1e-6));
        for (columns, speed) in [(79, 1e-9), (39, 1e9), (19, 0.5), (1, 1.0)] {
            let status = Status {
                observation: &observation,
                iterations: u64::MAX,
                characters: usize::MAX,
                best: Some((u64::MAX, f64::MAX)),
                curve: &curve,
            };
            let lines = frame(&status, Some(speed), columns, 12, true);
            let widest = lines.iter().map(|line| columns_of(line)).max();
            assert!(widest <= Some(columns), "{lines:?}");
            let line = fit(&parts(&status, Some(speed)), columns);
            assert!(line.len() <= columns);
        }
    }

    #[test]
    fn one_line_says_how_far_how_good_how_fast_and_how_long() {
        let line = |columns| {
            with_status(&Curve::new(), |status| fit(&parts(status, Some(5000.0)), columns))
        };
        assert_eq!(
            line(79),
            "12,500 of 100,000 (12 %)  smooth loss 51.24  18 s left  125,000 characters/s"
        );
        assert_eq!(line(39), "12,500 of 100,000 (12 %)  18 s left");
        assert_eq!(line(24), "12,500 of 100,000 (12 %)");
        assert_eq!(line(9), "18 s left");
        assert_eq!(line(0), "");
    }

    #[test]
    fn a_wide_name_takes_its_room() {
        let parts = ["reading \u{65e5}\u{672c} (12 %)".to_string(), "7 MB".into()];
        assert_eq!(fit(&parts, 25), format!("{}  7 MB", parts[0]));
        assert_eq!(fit(&parts, 24), parts[0]);
        assert_eq!(fit(&parts, 18), "7 MB");
    }

    #[test]
    fn the_speed_is_that_of_the_last_seconds() {
        let begun = Instant::now();
        let mut speed = Speed::default();
        // A run that goes on at update 1,000,000.
        assert_eq!(speed.at(begun, 1_000_000), None);
        let mut at = |tenths: u64, updates| {
            let speed = speed.at(begun + Duration::from_millis(100 * tenths), updates);
            speed.map(|speed| speed.round() as u64)
        };
        assert_eq!(at(10, 1_000_100), Some(100));
        let mut last = None;
        for tenths in 11..300 {
            // Ten times as fast from then on.
            last = at(tenths, 1_000_100 + 100 * (tenths - 10));
            assert!(last >= Some(100) && last <= Some(1000));
        }
        assert_eq!(last, Some(1000));
        // Updates that take longer than that have a speed as well.
        assert_eq!(at(3300, 1_029_000 + 1), Some(0));
    }

    #[test]
    fn few_things_a_second_are_told_apart() {
        let shown = [0.051, 9.99, 9.996, 12.4, 125_000.0].map(per_second);
        assert_eq!(shown, ["0.05", "9.99", "10", "12", "125,000"]);
    }

    #[test]
    fn durations_are_readable() {
        let shown = [0.0, 59.0, 61.0, 3599.5, 11_220.0].map(duration);
        assert_eq!(shown, ["0 s", "59 s", "1:01 min", "1:00 h", "3:07 h"]);
    }
}
