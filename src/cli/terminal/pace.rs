//! How often something is done beside the training, so that it takes little of the time.

use std::time::{Duration, Instant};

/// It takes at most one part in this many of the time.
const SHARE: u32 = 200;

/// The pace of something that is done again and again, as often as its cost allows.
pub struct Pace {
    every: Duration,
    next: Instant,
}

impl Pace {
    /// At most once in `every`; the first time at once.
    pub fn new(every: Duration) -> Self {
        Pace { every, next: Instant::now() }
    }

    /// As [`Pace::new`], but the first time is after `every`.
    pub fn after(every: Duration) -> Self {
        let mut pace = Pace::new(every);
        pace.wait(every);
        pace
    }

    pub fn is_due(&self) -> bool {
        Instant::now() >= self.next
    }

    /// Records that it was begun at `begun` and is done now. What takes long is done less often.
    pub fn done(&mut self, begun: Instant) {
        self.next = Instant::now() + self.pause(begun.elapsed());
    }

    /// Puts it off for `pause`.
    pub fn wait(&mut self, pause: Duration) {
        self.next = Instant::now() + pause;
    }

    fn pause(&self, took: Duration) -> Duration {
        self.every.max(took.saturating_mul(SHARE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_takes_long_is_done_less_often() {
        let pace = Pace::new(Duration::from_millis(250));
        let pause = |micros| pace.pause(Duration::from_micros(micros)).as_millis();
        assert_eq!([100, 1000, 1250, 5000].map(pause), [250, 250, 250, 1000]);
    }

    #[test]
    fn it_is_due_once_its_time_has_come() {
        let hour = Duration::from_secs(3600);
        assert!(Pace::new(hour).is_due());
        assert!(!Pace::after(hour).is_due());
        let mut pace = Pace::new(hour);
        pace.done(Instant::now());
        assert!(!pace.is_due());
        assert!(Pace::after(Duration::ZERO).is_due());
    }
}
