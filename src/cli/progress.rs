//! One line on the terminal that says how far the training is.

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
            shown,
            started: Instant::now(),
            first,
            drawn: None,
            width: if shown { width() } else { 0 },
            asked: Instant::now(),
        }
    }

    /// Draws the line, where the last drawing is long enough ago.
    pub fn draw(&mut self, look: &Look, iterations: u64, T: usize) {
        if !self.shown || self.drawn.is_some_and(|drawn| drawn.elapsed() < REDRAW) {
            return;
        }
        if self.asked.elapsed() > ASK_WIDTH {
            self.width = width();
            self.asked = Instant::now();
        }
        let made = look.iteration - self.first;
        let elapsed = self.started.elapsed().as_secs_f64();
        let line = line(look, iterations, made, elapsed, T);
        // One column stays free: a full line would wrap.
        let columns = self.width.saturating_sub(1);
        let line: String = line.chars().take(columns).collect();
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

fn line(look: &Look, iterations: u64, made: u64, elapsed: f64, T: usize) -> String {
    let share = 100.0 * look.iteration as f64 / iterations.max(1) as f64;
    let mut line = format!(
        "{} of {} updates, {share:.0} %, smooth loss {:.2}",
        thousands(look.iteration),
        thousands(iterations),
        look.smooth_loss
    );
    if made > 0 && elapsed > 0.0 {
        let rate = made as f64 / elapsed;
        let left = (iterations.saturating_sub(look.iteration)) as f64 / rate;
        line += &format!(
            ", {} characters/s, {} left",
            thousands((rate * T as f64) as u64),
            duration(left)
        );
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

    #[test]
    fn the_line_says_how_far_how_good_how_fast_and_how_long() {
        let look = Look {
            iteration: 12_500,
            epoch: 1,
            position: 0,
            loss: 50.0,
            smooth_loss: 51.236,
            is_best: false,
        };
        assert_eq!(
            line(&look, 100_000, 12_500, 2.5, 25),
            "12,500 of 100,000 updates, 12 %, smooth loss 51.24, 125,000 characters/s, 18 s left"
        );
        assert_eq!(
            line(&look, 100_000, 0, 0.0, 25),
            "12,500 of 100,000 updates, 12 %, smooth loss 51.24"
        );
    }

    #[test]
    fn durations_are_readable() {
        let shown = [0.0, 59.0, 61.0, 3599.5, 11_220.0].map(duration);
        assert_eq!(shown, ["0 s", "59 s", "1:01 min", "1:00 h", "3:07 h"]);
    }
}
