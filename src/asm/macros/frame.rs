//! Frames: what a prologue is told, and what it tells.

/// What a function wants of its frame.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Frame<'a, G, F> {
    /// General registers to save and restore, each once; frame pointer and return address are saved anyway.
    pub saved: &'a [G],
    /// Float registers to save and restore, each once; the low 64 bits, or 128 where the ABI demands it.
    pub saved_floats: &'a [F],
    /// Bytes for the function's own use, at the stack pointer: its slots and the outgoing arguments.
    pub locals: u32,
    /// Whether each page is touched in order, so that a guard page below the stack cannot be stepped over.
    pub probed: bool,
}

impl<G, F> Default for Frame<'_, G, F> {
    fn default() -> Self {
        Frame { saved: &[], saved_floats: &[], locals: 0, probed: false }
    }
}

/// Where a prologue put things. Within the body the stack pointer does not move.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FrameLayout {
    /// Bytes from the stack pointer that the caller had, before a return address was pushed, down to the one in the body.
    pub size: u32,
    /// The function's own bytes begin at the stack pointer plus this: beyond what the ABI has the callees own there.
    pub locals: u32,
}
