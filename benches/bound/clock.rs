//! Loops that are timed in turns.

use crate::shared::limits::Limit;
use std::time::{Duration, Instant};

/// Blocks of runs of each loop. The fastest counts.
const BLOCKS: usize = 40;
const BLOCK: Duration = Duration::from_millis(2);

/// Adds a run to the seconds of each part of it.
type Run = Box<dyn FnMut(&mut Vec<f64>)>;

/// A loop that is timed.
pub struct Timed {
    /// How many times it does what it does in a run.
    entries: usize,
    run: Run,
}

impl From<Limit> for Timed {
    fn from(Limit { entries, run, .. }: Limit) -> Self {
        Timed::one(entries, run)
    }
}

impl Timed {
    /// A loop of a single part.
    pub fn one(entries: usize, mut work: impl FnMut() + 'static) -> Self {
        Timed { entries, run: Box::new(move |_| work()) }
    }

    /// A loop that calls the clock after each of its parts.
    pub fn parts(mut work: impl FnMut(&mut Clock) + 'static) -> Self {
        let run = move |seconds: &mut Vec<f64>| {
            let mut clock = Clock { last: Instant::now(), seconds, part: 0 };
            work(&mut clock);
        };
        Timed { entries: 1, run: Box::new(run) }
    }

    /// The seconds of a number of runs, then those of their parts. A run before them fills the caches.
    fn block(&mut self, runs: u32) -> Vec<f64> {
        (self.run)(&mut Vec::new());
        let mut parts = Vec::new();
        let start = Instant::now();
        (0..runs).for_each(|_| (self.run)(&mut parts));
        let all = start.elapsed().as_secs_f64();
        [all].into_iter().chain(parts).collect()
    }

    /// How many runs make a block.
    fn runs(&mut self) -> u32 {
        let mut runs = 1;
        while self.block(runs)[0] < BLOCK.as_secs_f64() {
            runs *= 2;
        }
        runs
    }
}

/// Adds up the times of the parts of a run.
pub struct Clock<'a> {
    last: Instant,
    seconds: &'a mut Vec<f64>,
    part: usize,
}

impl Clock<'_> {
    /// Ends a part, and begins the next.
    pub fn next(&mut self) {
        let now = Instant::now();
        if self.seconds.len() == self.part {
            self.seconds.push(0.0);
        }
        self.seconds[self.part] += (now - self.last).as_secs_f64();
        (self.last, self.part) = (now, self.part + 1);
    }
}

/// The least seconds per entry of every loop: of all of a run, then of its parts. They take turns, so that what else
/// the machine does meets all alike.
pub fn seconds(mut loops: Vec<Timed>, once: bool) -> Vec<Vec<f64>> {
    let runs = loops.iter_mut().map(|timed| if once { 1 } else { timed.runs() });
    let runs: Vec<u32> = runs.collect();
    let mut least = vec![Vec::new(); loops.len()];
    for _ in 0..if once { 1 } else { BLOCKS } {
        for ((timed, least), &runs) in loops.iter_mut().zip(&mut least).zip(&runs) {
            let entries = f64::from(runs) * timed.entries as f64;
            let block = timed.block(runs);
            least.resize(block.len(), f64::INFINITY);
            for (least, seconds) in least.iter_mut().zip(block) {
                *least = least.min(seconds / entries);
            }
        }
    }
    least
}
