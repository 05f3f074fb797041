//! Room on the stack for recursion over nested programs.
//!
//! Nesting is limited to 256 levels of expressions, blocks and types each, but all of them together, in an unoptimised
//! build, need more than the stack of a thread. Whoever recurses calls [`with_room`] once a level, and gets a new piece
//! of stack when the current one runs out.

use std::cell::Cell;

/// What all frames between two calls of [`with_room`] may take together.
const RED_ZONE: usize = 256 * 1024;
const PIECE: usize = 2 * 1024 * 1024;
/// What the outermost call takes for granted. To find out how much stack there really is takes reading a file of the
/// system's, which is a good part of what compiling a small program costs.
const GRANTED: usize = 256 * 1024;

thread_local! {
    /// Where the stack was at the outermost call, or 0.
    static OUTERMOST: Cell<usize> = const { Cell::new(0) };
}

/// Runs `f` with room on the stack for one more level. The outermost call expects 512 KiB.
#[inline]
pub fn with_room<T>(f: impl FnOnce() -> T) -> T {
    let mark = 0u8;
    let here = std::ptr::from_ref(&mark).addr();
    let outermost = OUTERMOST.get();
    if outermost == 0 {
        let _reset = Reset;
        OUTERMOST.set(here);
        return f();
    }
    if outermost.wrapping_sub(here) < GRANTED {
        return f();
    }
    stacker::maybe_grow(RED_ZONE, PIECE, f)
}

/// Ends the outermost call, also when it panics.
struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        OUTERMOST.set(0);
    }
}
