//! Ctrl-C: it stops the program, not the process. A second one, should the program not have stopped, ends the process.
//!
//! The handler runs in a thread of its own, which the crate `ctrlc` starts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, Once, PoisonError};
use std::time::Duration;

use super::status;
use crate::{Engine, Interrupter};

/// How long a program that was asked to stop is waited for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// A moment: then the process ends. What the program was doing, such as filling a string of gigabytes, is not worth it.
    Short,
    /// As long as it takes, since more than the program would be lost.
    Endless,
}

/// How long a moment is.
const MOMENT: Duration = Duration::from_millis(1000);

static RUNNING: Mutex<Option<(Interrupter, Patience)>> = Mutex::new(None);

/// How many interrupts there have been.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many interrupts there have been: who waits for something else sees by it that one has come.
pub fn count() -> u64 {
    COUNT.load(Ordering::Acquire)
}

/// From now on Ctrl-C interrupts this engine's program.
pub fn on_control_c(engine: &Engine, patience: Patience) {
    *running() = engine.interrupter().map(|interrupter| (interrupter, patience));
    static HANDLER: Once = Once::new();
    // Where no handler can be set, Ctrl-C ends the process, as ever.
    HANDLER.call_once(|| drop(ctrlc::set_handler(interrupt)));
}

/// Nothing runs any more.
pub fn clear() {
    *running() = None;
}

fn running() -> std::sync::MutexGuard<'static, Option<(Interrupter, Patience)>> {
    RUNNING.lock().unwrap_or_else(PoisonError::into_inner)
}

fn interrupt() {
    let program = running().take();
    let Some((interrupter, patience)) = program else {
        std::process::exit(i32::from(status::INTERRUPTED));
    };
    interrupter.interrupt();
    // Only now: who sees the new count finds the program interrupted.
    COUNT.fetch_add(1, Ordering::Release);
    if patience == Patience::Short {
        std::thread::sleep(MOMENT);
        std::process::exit(i32::from(status::INTERRUPTED));
    }
}
