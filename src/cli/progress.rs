//! One line on the terminal that says how far the training is.

use super::output::one_line;
use super::terminal::{thousands, width};
use elman::Look;
use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

/// The line is drawn anew this often.
const REDRAW: Duration = Duration::from_millis(200);
/// The terminal is asked for its width this often.
const ASK_WIDTH: Duration = Duration::from_secs(3);

/// The line. It is drawn on standard error, and only where that is a terminal.
pub struct Progress {
    quiet: bool,
    shown: bool,
    started: Instant,
    first: u64,
    drawn: Option<Instant>,
    width: usize,
    asked: Instant,
}

impl Progress {
    /// Nothing is drawn yet; the clock starts. `first` is the number of updates made before.
    pub fn new(quiet: bool, first: u64) -> Self {
        let shown = !quiet && io::stderr().is_terminal();
        Progress {
            quiet,
            shown,
            started: Instant::now(),
            first,
            drawn: None,
            width: if shown { width() } else { 0 },
            asked: Instant::now(),
        }
    }

    /// Says something once, where progress is shown.
    pub fn say(&self, line: &str) {
        if self.shown {
            self.write(&format!("{}\n", one_line(line)));
        }
    }

    /// Says something that is worth knowing, terminal or not.
    pub fn tell(&self, line: &str) {
        if !self.quiet {
            self.write(&format!("elman: {}\n", one_line(line)));
        }
    }

    /// Draws how much of a text has been read, where that takes its time.
    pub fn draw_reading(&mut self, place: &str, read: u64, bytes: u64) {
        if self.started.elapsed() > REDRAW {
            let share = 100 * u128::from(read) / u128::from(bytes.max(read).max(1));
            let megabytes = thousands(read / 1_000_000);
            self.draw_line(|_| {
                vec![
                    format!("reading {} ({share} %)", one_line(place)),
                    format!("{megabytes} MB"),
                ]
            });
        }
    }

    /// Draws how far the training is.
    pub fn draw(&mut self, look: &Look, iterations: u64, T: usize) {
        let made = look.iteration - self.first;
        self.draw_line(|elapsed| parts(look, iterations, made, elapsed, T));
    }

    /// Draws a line of parts, the most important first, that are made of the seconds so far.
    pub fn draw_parts(&mut self, parts: impl FnOnce(f64) -> Vec<String>) {
        self.draw_line(parts);
    }

    /// Draws the line, where the last drawing is long enough ago.
    fn draw_line(&mut self, parts: impl FnOnce(f64) -> Vec<String>) {
        if !self.shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return;
        }
        if self.asked.elapsed() > ASK_WIDTH {
            self.width = width();
            self.asked = Instant::now();
        }
        let elapsed = self.started.elapsed().as_secs_f64();
        // One column stays free: a full line would wrap.
        let columns = self.width.saturating_sub(1);
        let line = fit(&parts(elapsed), columns);
        self.write(&format!("\r{line:<columns$}"));
        self.drawn = Some(Instant::now());
    }

    /// Takes the line away, so that something else can be written.
    pub fn clear(&mut self) {
        if self.drawn.take().is_some() {
            self.write(&format!("\r{:1$}\r", "", self.width.saturating_sub(1)));
        }
    }

    /// What cannot be drawn is not missed.
    fn write(&self, text: &str) {
        let mut error = io::stderr().lock();
        let _ = error
            .write_all(text.as_bytes())
            .and_then(|()| error.flush());
    }
}

/// What there is to say, the most important first.
fn parts(look: &Look, iterations: u64, made: u64, elapsed: f64, T: usize) -> Vec<String> {
    let share = 100 * u128::from(look.iteration) / u128::from(iterations.max(1));
    let (done, all) = (thousands(look.iteration), thousands(iterations));
    let mut parts = vec![
        format!("{done} of {all} ({share} %)"),
        format!("smooth loss {:.2}", look.smooth_loss),
    ];
    if made > 0 && elapsed > 0.0 {
        let rate = made as f64 / elapsed;
        let left = iterations.saturating_sub(look.iteration) as f64 / rate;
        parts.push(format!("{} left", duration(left)));
        let characters = thousands((rate * T as f64) as u64);
        parts.push(format!("{characters} characters/s"));
    }
    parts
}

/// One line of the parts for which there is room.
fn fit(parts: &[String], columns: usize) -> String {
    let mut line = String::new();
    for part in parts {
        let gap = if line.is_empty() { "" } else { "  " };
        if line.len() + gap.len() + part.len() <= columns {
            line = line + gap + part;
        }
    }
    line
}

/// Seconds for people: `8 s`, `2:05 min`, `3:07 h`.
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

    fn look() -> Look {
        Look {
            iteration: 12_500,
            epoch: 1,
            position: 0,
            loss: 50.0,
            smooth_loss: 51.236,
            is_best: false,
        }
    }

    #[test]
    fn the_line_says_how_far_how_good_how_fast_and_how_long() {
        let started = parts(&look(), 100_000, 0, 0.0, 25);
        assert_eq!(
            fit(&started, 79),
            "12,500 of 100,000 (12 %)  smooth loss 51.24"
        );
        let later = parts(&look(), 100_000, 12_500, 2.5, 25);
        assert_eq!(
            fit(&later, 79),
            "12,500 of 100,000 (12 %)  smooth loss 51.24  18 s left  125,000 characters/s"
        );
    }

    #[test]
    fn a_narrow_terminal_gets_what_it_has_room_for() {
        let parts = parts(&look(), 100_000, 12_500, 2.5, 25);
        assert_eq!(fit(&parts, 39), "12,500 of 100,000 (12 %)  18 s left");
        assert_eq!(fit(&parts, 24), "12,500 of 100,000 (12 %)");
        assert_eq!(fit(&parts, 9), "18 s left");
        assert_eq!(fit(&parts, 0), "");
    }

    #[test]
    fn durations_are_readable() {
        let shown = [0.0, 59.0, 61.0, 3599.5, 11_220.0].map(duration);
        assert_eq!(shown, ["0 s", "59 s", "1:01 min", "1:00 h", "3:07 h"]);
    }
}
