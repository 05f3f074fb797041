//! Ctrl-C: it stops the program, not the process. A second one, should the program not have stopped, ends the process.
//!
//! On Unix all this happens in a signal handler: whatever [`interrupt`] does is a matter of atomics and of calls that POSIX
//! allows there. Elsewhere it happens in a thread.

use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

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

/// How long a moment is, in seconds.
const MOMENT: u32 = 1;

type Running = (Interrupter, Patience);

/// The program that Ctrl-C stops. Whoever swaps a pointer out owns what it leads to.
static RUNNING: AtomicPtr<Running> = AtomicPtr::new(null_mut());

/// How many interrupts there have been.
static COUNT: AtomicU64 = AtomicU64::new(0);

/// How many interrupts there have been: who waits for something else sees by it that one has come.
pub fn count() -> u64 {
    COUNT.load(Ordering::Acquire)
}

/// From now on Ctrl-C interrupts this engine's program.
pub fn on_control_c(engine: &Engine, patience: Patience) {
    let running = engine.interrupter().map(|interrupter| Box::new((interrupter, patience)));
    drop(replace(running));
    static HANDLER: Once = Once::new();
    // Where no handler can be set, Ctrl-C ends the process, as ever.
    HANDLER.call_once(platform::install);
}

/// Nothing runs any more.
pub fn clear() {
    drop(replace(None));
}

#[allow(unsafe_code, reason = "a signal handler can take no lock, so a box goes through an atomic pointer")]
fn replace(running: Option<Box<Running>>) -> Option<Box<Running>> {
    let old = RUNNING.swap(running.map_or(null_mut(), Box::into_raw), Ordering::AcqRel);
    // SAFETY: not null, so it came from `into_raw` above; and by the swap nobody else has it.
    if old.is_null() { None } else { Some(unsafe { Box::from_raw(old) }) }
}

fn interrupt() {
    let Some(running) = replace(None) else { platform::end() };
    running.0.interrupt();
    // Only now: who sees the new count finds the program interrupted.
    COUNT.fetch_add(1, Ordering::Release);
    let patience = running.1;
    // A signal handler must not free memory.
    std::mem::forget(running);
    if patience == Patience::Short {
        platform::end_after(MOMENT);
    }
}

#[cfg(unix)]
#[allow(unsafe_code, reason = "signals belong to the C library")]
mod platform {
    use libc::c_int;

    use super::{interrupt, status};

    /// Has Ctrl-C call [`interrupt`] from now on.
    pub fn install() {
        handle(libc::SIGINT, on_interrupt);
    }

    /// Ends the process.
    pub fn end() -> ! {
        // SAFETY: `_exit` may be called anywhere, also in a signal handler.
        unsafe { libc::_exit(c_int::from(status::INTERRUPTED)) }
    }

    /// Ends the process after so many seconds, unless it has ended before.
    pub fn end_after(seconds: u32) {
        handle(libc::SIGALRM, on_alarm);
        // SAFETY: it touches no memory, and POSIX allows it in a signal handler.
        unsafe { libc::alarm(seconds) };
    }

    fn handle(signal: c_int, handler: extern "C" fn(c_int)) {
        // SAFETY: zeros are an action: no flags, and no signal blocked but the one that is handled.
        let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
        action.sa_sigaction = handler as libc::sighandler_t;
        action.sa_flags = libc::SA_RESTART;
        // SAFETY: the action is valid, and the handlers do only what POSIX allows in a signal handler. So is this call itself.
        unsafe { libc::sigaction(signal, &action, std::ptr::null_mut()) };
    }

    extern "C" fn on_interrupt(_: c_int) {
        interrupt();
    }

    extern "C" fn on_alarm(_: c_int) {
        end();
    }
}

#[cfg(not(unix))]
mod platform {
    use super::{interrupt, status};

    /// Has Ctrl-C call [`interrupt`] from now on.
    pub fn install() {
        drop(ctrlc::set_handler(interrupt));
    }

    /// Ends the process.
    pub fn end() -> ! {
        std::process::exit(i32::from(status::INTERRUPTED))
    }

    /// Ends the process after so many seconds, unless it has ended before. A second Ctrl-C waits until then.
    pub fn end_after(seconds: u32) {
        std::thread::sleep(std::time::Duration::from_secs(u64::from(seconds)));
        end()
    }
}
