//! Batches on all processors, and how far they are.
//!
//! Batches are drawn in order, under a lock, so that a seed gives the same cases whatever the number of threads. Programs
//! run in all threads at once; results are added up under another lock, in any order.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

/// Draws with `next` until there is nothing more, has `work` done on what was drawn in all threads, and gives `done` the
/// results.
///
/// # Errors
/// The first one of any of them; no more is drawn then.
pub fn run<T, R>(
    next: impl FnMut() -> Result<Option<T>, String> + Send,
    work: impl Fn(T) -> Result<R, String> + Sync,
    done: impl FnMut(R) + Send,
) -> Result<(), String> {
    let (next, done) = (Mutex::new(next), Mutex::new(done));
    let failed = AtomicBool::new(false);
    let worker = || -> Result<(), String> {
        while !failed.load(Ordering::Relaxed) {
            // A statement of its own, so that the lock is not held while the work is done.
            let drawn = next.lock().unwrap_or_else(PoisonError::into_inner)();
            let result = drawn.and_then(|drawn| drawn.map(&work).transpose());
            match result {
                Ok(Some(result)) => done.lock().unwrap_or_else(PoisonError::into_inner)(result),
                Ok(None) => break,
                Err(error) => {
                    failed.store(true, Ordering::Relaxed);
                    return Err(error);
                }
            }
        }
        Ok(())
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(worker)).collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        // All are joined, also after an error.
        results.fold(Ok(()), Result::and)
    })
}

/// How many cases of a group are done, on a line of the terminal, if there is one.
pub struct Progress<'a> {
    group: &'a str,
    count: u64,
    so_far: u64,
}

impl<'a> Progress<'a> {
    /// Of a group with so many cases.
    pub fn new(group: &'a str, count: u64) -> Progress<'a> {
        Progress { group, count, so_far: 0 }
    }

    /// So many more are done.
    pub fn advance(&mut self, cases: u64) {
        self.so_far += cases;
        let mut terminal = std::io::stderr().lock();
        if terminal.is_terminal() {
            let end = if self.so_far < self.count { "" } else { "\r\x1b[K" };
            // A terminal that is gone misses nothing.
            let _ = write!(terminal, "\r{}: {} of {} cases{end}", self.group, self.so_far, self.count);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::run;

    #[test]
    fn all_is_done_once_and_drawn_in_order() {
        let (mut number, mut sum, mut count) = (0u64, 0, 0);
        let next = || {
            number += 1;
            Ok((number <= 1000).then_some(number))
        };
        run(
            next,
            |number| Ok(number * 2),
            |double| {
                sum += double;
                count += 1;
            },
        )
        .unwrap();
        assert_eq!((sum, count), (1001 * 1000, 1000));
    }

    #[test]
    fn an_error_ends_it() {
        let mut drawn = 0;
        let next = || {
            drawn += 1;
            Ok(Some(drawn))
        };
        let work = |number| if number == 50 { Err("fifty".to_string()) } else { Ok(()) };
        assert_eq!(run(next, work, |()| {}), Err("fifty".to_string()));
        assert!(drawn < 1000, "{drawn}");
    }
}
