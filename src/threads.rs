//! Work on several threads of the standard library.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

/// Locks a mutex, even if a thread panicked while it held the lock. That panic is passed on elsewhere.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs all parts of the work, on this thread and up to `threads - 1` others. A free thread takes the next part, so the
/// work is done even if no other thread can be started.
pub(crate) fn side_by_side<W: FnOnce()>(threads: usize, work: impl Iterator<Item = W> + Send) {
    if threads <= 1 {
        return work.for_each(|part| part());
    }
    let queue = Mutex::new(work);
    let next = || lock(&queue).next();
    let work_on = || {
        while let Some(part) = next() {
            part();
        }
    };
    thread::scope(|scope| {
        for _ in 1..threads {
            if thread::Builder::new().spawn_scoped(scope, work_on).is_err() {
                break;
            }
        }
        work_on();
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_done_once() {
        for threads in [0, 1, 2, 5, 40] {
            for parts in [0, 1, 3, 17] {
                let mut done = vec![0; parts];
                side_by_side(threads, done.iter_mut().map(|part| || *part += 1));
                assert_eq!(done, vec![1; parts], "{threads} threads");
            }
        }
    }
}
