//! Threads of the standard library that are started once and share the work of every round.

use crate::threads::lock;
use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::Ordering::{Acquire, Relaxed, Release};
use std::sync::atomic::{AtomicBool, AtomicUsize};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use std::{hint, io, mem};

/// How long a thread waits awake. To wake a thread that sleeps takes about as long.
const SPIN: Duration = Duration::from_micros(50);

/// In [`Rounds::members`]: workers may join.
const OPEN: usize = 1;
/// In [`Rounds::members`]: one worker that has joined and not left.
const MEMBER: usize = 2;

/// A caller and its worker threads, which do the same work at the same time, round after round.
///
/// The work takes its tasks from counters in `S` and returns when none is left. So a round is complete with any number
/// of threads, and a worker that wakes too late skips the round.
#[derive(Debug)]
pub(crate) struct Crew<S> {
    rounds: Arc<Rounds<S>>,
    workers: Vec<JoinHandle<()>>,
}

#[derive(Debug)]
struct Rounds<S> {
    shared: S,
    work: fn(&S),
    /// The number of the latest round, which may wrap. Workers wait until it changes.
    round: AtomicUsize,
    /// `OPEN` while the caller works, plus a `MEMBER` for each worker that takes part.
    members: AtomicUsize,
    is_over: AtomicBool,
    caller_sleeps: Mutex<bool>,
    all_left: Condvar,
    panics: Mutex<Vec<Box<dyn Any + Send>>>,
}

impl<S: Send + Sync + 'static> Crew<S> {
    /// Starts up to `threads - 1` workers beside the calling thread. If some cannot be started, the others do the work.
    pub fn new(threads: usize, shared: S, work: fn(&S)) -> Self {
        Self::start(threads, shared, work, |run| thread::Builder::new().spawn(run))
    }

    fn start(
        threads: usize,
        shared: S,
        work: fn(&S),
        mut spawn: impl FnMut(Box<dyn FnOnce() + Send>) -> io::Result<JoinHandle<()>>,
    ) -> Self {
        let rounds = Arc::new(Rounds {
            shared,
            work,
            round: AtomicUsize::new(0),
            members: AtomicUsize::new(0),
            is_over: AtomicBool::new(false),
            caller_sleeps: Mutex::new(false),
            all_left: Condvar::new(),
            panics: Mutex::new(Vec::new()),
        });
        let workers = (1..threads).map_while(|_| {
            let rounds = Arc::clone(&rounds);
            spawn(Box::new(move || rounds.take_part())).ok()
        });
        Crew { workers: workers.collect(), rounds }
    }
}

impl<S> Crew<S> {
    /// Runs the work on this thread and on every worker that wakes in time. Returns when all of them have finished.
    ///
    /// # Panics
    ///
    /// Panics if the work panics on any thread, after all threads have finished.
    pub fn work(&mut self) {
        let rounds = &*self.rounds;
        if self.workers.is_empty() {
            return (rounds.work)(&rounds.shared);
        }
        rounds.members.store(OPEN, Release);
        self.call();
        let own = rounds.run();
        rounds.wait_for_members();
        let mut panics = mem::take(&mut *lock(&rounds.panics));
        if let Some(panic) = own.err().or_else(|| panics.pop()) {
            resume_unwind(panic);
        }
    }

    /// What the threads share.
    pub fn shared(&self) -> &S {
        &self.rounds.shared
    }

    /// The number of threads, the caller's among them.
    #[cfg(test)]
    pub fn threads(&self) -> usize {
        1 + self.workers.len()
    }

    fn call(&self) {
        self.rounds.round.fetch_add(1, Release);
        // A system call only for those that sleep.
        self.workers.iter().for_each(|worker| worker.thread().unpark());
    }
}

impl<S> Drop for Crew<S> {
    fn drop(&mut self) {
        self.rounds.is_over.store(true, Relaxed);
        self.call();
        // A worker catches the panics of its work: it ends without one.
        self.workers.drain(..).for_each(|worker| drop(worker.join()));
    }
}

impl<S> Rounds<S> {
    /// Waits for rounds and takes part in them, until the crew is dropped.
    fn take_part(&self) {
        let mut seen = 0;
        loop {
            // Yields the core to whoever wants it: nobody waits for this thread.
            spin_until(|| self.round.load(Acquire) != seen, thread::yield_now);
            while self.round.load(Acquire) == seen {
                thread::park();
            }
            seen = self.round.load(Acquire);
            if self.is_over.load(Relaxed) {
                return;
            }
            let join = |members| (members & OPEN != 0).then_some(members + MEMBER);
            if self.members.fetch_update(Acquire, Relaxed, join).is_ok() {
                if let Err(panic) = self.run() {
                    lock(&self.panics).push(panic);
                }
                self.leave();
            }
        }
    }

    fn run(&self) -> thread::Result<()> {
        catch_unwind(AssertUnwindSafe(|| (self.work)(&self.shared)))
    }

    fn leave(&self) {
        let is_last = self.members.fetch_sub(MEMBER, Release) == MEMBER;
        if is_last && *lock(&self.caller_sleeps) {
            self.all_left.notify_one();
        }
    }

    /// Closes the round to workers that have not joined it, and waits for those that have.
    fn wait_for_members(&self) {
        self.members.fetch_and(!OPEN, Relaxed);
        let is_done = || self.members.load(Acquire) == 0;
        // Without yielding: a core given to another program is gone for milliseconds.
        spin_until(is_done, hint::spin_loop);
        if !is_done() {
            let mut sleeps = lock(&self.caller_sleeps);
            *sleeps = true;
            let sleeps = self.all_left.wait_while(sleeps, |_| !is_done());
            *sleeps.unwrap_or_else(PoisonError::into_inner) = false;
        }
    }
}

/// Returns when the condition is met, or after [`SPIN`].
fn spin_until(is_met: impl Fn() -> bool, pause: fn()) {
    let start = Instant::now();
    while !is_met() && start.elapsed() < SPIN {
        pause();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::{Barrier, mpsc};

    /// The next task, and how often each was done.
    type Tasks = (AtomicUsize, Vec<AtomicUsize>);

    fn tasks(count: usize) -> Tasks {
        (AtomicUsize::new(0), (0..count).map(|_| AtomicUsize::new(0)).collect())
    }

    fn do_tasks((next, done): &Tasks) {
        while let Some(done) = done.get(next.fetch_add(1, Relaxed)) {
            done.fetch_add(1, Relaxed);
        }
    }

    fn check_rounds(crew: &mut Crew<Tasks>, rounds: usize) {
        let before = crew.shared().1.first().map_or(0, |done| done.load(Relaxed));
        for round in 1..=rounds {
            crew.shared().0.store(0, Relaxed);
            crew.work();
            assert!(crew.shared().1.iter().all(|done| done.load(Relaxed) == before + round));
        }
    }

    #[test]
    fn every_task_is_done_once_a_round() {
        for threads in [0, 1, 2, 3, 5, 16] {
            for count in [0, 1, 2, 37] {
                check_rounds(&mut Crew::new(threads, tasks(count), do_tasks), 1000);
            }
        }
    }

    #[test]
    fn every_worker_wakes_after_pauses_of_any_length() {
        for threads in [2, 5] {
            // Each thread waits until all others have come.
            let mut crew = Crew::new(threads, Barrier::new(threads), |barrier| {
                barrier.wait();
            });
            for pause in (0..300).map(|i| Duration::from_micros(i % 100 * 2)) {
                crew.work();
                thread::sleep(pause);
            }
        }
    }

    #[test]
    fn threads_that_cannot_be_started_are_done_without() {
        for can_start in 0..3 {
            let mut starts = 0..can_start;
            let mut crew = Crew::start(5, tasks(9), do_tasks, |run| {
                starts.next().ok_or(io::ErrorKind::WouldBlock)?;
                thread::Builder::new().spawn(run)
            });
            assert_eq!(crew.workers.len(), can_start);
            check_rounds(&mut crew, 100);
        }
    }

    #[test]
    fn a_round_does_not_wait_for_a_worker_that_has_not_woken() {
        let (wake, woken) = mpsc::channel();
        let mut woken = Some(woken);
        let spawn = |run: Box<dyn FnOnce() + Send>| {
            let woken = woken.take().expect("one worker");
            thread::Builder::new().spawn(move || woken.recv().map_or((), |()| run()))
        };
        let (mut crew, wake) = (Crew::start(2, tasks(9), do_tasks, spawn), wake);
        check_rounds(&mut crew, 9);
        wake.send(()).unwrap();
        check_rounds(&mut crew, 99);
    }

    /// It would do the work of a round that is over.
    #[test]
    fn a_worker_that_wakes_after_a_round_stays_out_of_it() {
        let (wake, woken) = mpsc::channel();
        let mut woken = Some(woken);
        let spawn = |run: Box<dyn FnOnce() + Send>| {
            let woken = woken.take().expect("one worker");
            thread::Builder::new().spawn(move || woken.recv().map_or((), |()| run()))
        };
        let count = |calls: &AtomicUsize| _ = calls.fetch_add(1, Relaxed);
        let mut crew = Crew::start(2, AtomicUsize::new(0), count, spawn);
        crew.work();
        wake.send(()).unwrap();
        // Time enough to wake, and to see that the round has begun.
        thread::sleep(Duration::from_millis(50));
        assert_eq!(crew.shared().load(Relaxed), 1);
    }

    #[test]
    fn a_panic_is_passed_on_when_all_threads_have_finished() {
        type Shared = (Barrier, AtomicBool, AtomicUsize);
        let work = |(barrier, caller_panics, finished): &Shared| {
            barrier.wait();
            // Of these threads only that of the test has a name.
            let is_caller = thread::current().name().is_some();
            if is_caller == caller_panics.load(Relaxed) {
                resume_unwind(Box::new(is_caller));
            }
            thread::sleep(Duration::from_millis(1));
            finished.fetch_add(1, Relaxed);
        };
        let shared = (Barrier::new(3), AtomicBool::new(false), AtomicUsize::new(0));
        let mut crew = Crew::new(3, shared, work);
        for (caller_panics, finished) in [(false, 1), (true, 3), (false, 4), (true, 6)] {
            crew.shared().1.store(caller_panics, Relaxed);
            let panic = catch_unwind(AssertUnwindSafe(|| crew.work())).unwrap_err();
            assert_eq!(panic.downcast_ref(), Some(&caller_panics));
            assert_eq!(crew.shared().2.load(Relaxed), finished);
        }
    }

    #[test]
    fn a_dropped_crew_ends_its_threads_awake_or_asleep() {
        for pause in [0, 10, 60, 5000].map(Duration::from_micros) {
            for rounds in 0..20 {
                let shared = Arc::new(tasks(5));
                let mut crew = Crew::new(3, Arc::clone(&shared), |tasks| do_tasks(tasks));
                (0..rounds).for_each(|_| crew.work());
                thread::sleep(pause);
                drop(crew);
                assert!(Arc::into_inner(shared).is_some(), "a thread has not ended");
            }
        }
    }
}
