//! Room on the stack for recursion over nested programs.
//!
//! Nesting is limited to 256 levels of expressions, blocks and types each, but all of them together, in an unoptimised
//! build, need more than the stack of a thread. Whoever recurses calls [`with_room`] once a level, and gets a new piece
//! of stack when the current one runs out.

/// What all frames between two calls of [`with_room`] may take together.
const RED_ZONE: usize = 256 * 1024;
const PIECE: usize = 2 * 1024 * 1024;

/// Runs `f` with room on the stack for one more level.
#[inline]
pub fn with_room<T>(f: impl FnOnce() -> T) -> T {
    stacker::maybe_grow(RED_ZONE, PIECE, f)
}
