//! The stack of an instance: one range of address space that holds the interpreter's frames one behind the other.
//!
//! How it works. The range is reserved for the deepest recursion that the instance allows, but memory is taken by the
//! system only where a frame was written. A call compares with a *soft* limit; reaching it takes a slow path that moves it
//! up, so the soft limit is also the mark up to which memory may be in use, and [`Stack::give_back`] returns
//! what lies behind a position. If the system does not let us reserve as much, less is reserved, and then a program meets
//! `Stack overflow` before its recursion limit.
//!
//! Invariants
//! - ST1 `base <= soft limit <= hard limit`, and all of `base..hard limit` is mapped, readable, writable and initialised.
//! - ST2 So are [`MARGIN_SLOTS`] behind the hard limit, where a call may write junk.

use std::io;

#[cfg(not(miri))]
use memmap2::{MmapMut, MmapOptions};

/// Slots that a frame of depth cost 1 takes at most: 1024 registers and its header.
const SLOTS_PER_CALL: usize = 1024 + super::frame::HEADER_SLOTS;
/// Slots beside: frames without depth cost, and those that a host call begins with.
const SLACK_SLOTS: usize = 1 << 20;
/// Less than this is not worth running with.
const LEAST_SLOTS: usize = 1 << 14;
/// The soft limit moves in steps of this many slots (256 KiB).
const STEP_SLOTS: usize = 1 << 15;
/// What is kept for the next run (1 MiB).
const KEEP_SLOTS: usize = 1 << 17;

/// Slots behind the hard limit.
pub const MARGIN_SLOTS: usize = 64;

const SLOT_BYTES: usize = size_of::<u64>();

/// Where the slots lie.
#[cfg(not(miri))]
type Memory = MmapMut;
/// Miri knows no mappings of this size.
#[cfg(miri)]
type Memory = Vec<u64>;

/// The memory of the frames of an instance.
pub struct Stack {
    map: Memory,
    slots: usize,
    /// The soft limit, in slots.
    soft: usize,
}

impl Stack {
    /// Reserves a stack for calls `max_recursion` deep.
    pub fn new(max_recursion: u32) -> io::Result<Stack> {
        let wanted = (max_recursion as usize).saturating_mul(SLOTS_PER_CALL).saturating_add(SLACK_SLOTS);
        let mut slots = wanted.min(isize::MAX as usize / SLOT_BYTES / 2);
        loop {
            match reserve(slots + MARGIN_SLOTS) {
                Ok(map) => return Ok(Stack { map, slots, soft: STEP_SLOTS.min(slots) }),
                Err(error) if slots / 2 < LEAST_SLOTS => return Err(error),
                Err(_) => slots /= 2,
            }
        }
    }

    /// The lowest slot.
    pub fn base(&mut self) -> *mut u64 {
        self.map.as_mut_ptr().cast()
    }

    /// The end of the slots that a frame may take now.
    pub fn soft_limit(&mut self) -> *mut u64 {
        self.base().wrapping_add(self.soft)
    }

    /// Moves the soft limit so that frames may end at slot `end`, counted from the base. False if the stack is too small.
    pub fn grow(&mut self, end: usize) -> bool {
        if end > self.slots {
            return false;
        }
        if end > self.soft {
            let doubled = self.soft.saturating_mul(2).max(end.next_multiple_of(STEP_SLOTS));
            self.soft = doubled.min(self.slots);
        }
        true
    }

    /// How many slots lie below the soft limit.
    #[cfg(test)]
    pub fn committed_slots(&self) -> usize {
        self.soft
    }

    /// Returns to the system what lies well behind slot `used`, if that is much.
    #[allow(unsafe_code, reason = "memmap2 leaves it to the caller that pages lose their content")]
    pub fn give_back(&mut self, used: usize) {
        let keep = (used + KEEP_SLOTS).next_multiple_of(STEP_SLOTS);
        if self.soft <= keep {
            return;
        }
        #[cfg(all(unix, not(miri)))]
        {
            let (offset, len) = (keep * SLOT_BYTES, (self.soft - keep) * SLOT_BYTES);
            // SAFETY: the range lies behind the top of the frames, and `keep` and `soft` are within the map (ST1). Pages of a private
            // anonymous mapping read as zero afterwards, so they stay initialised.
            let done =
                unsafe { self.map.unchecked_advise_range(memmap2::UncheckedAdvice::DontNeed, offset, len) };
            if done.is_err() {
                return;
            }
        }
        self.soft = keep;
    }
}

#[cfg(not(miri))]
fn reserve(slots: usize) -> io::Result<Memory> {
    MmapOptions::new().len(slots * SLOT_BYTES).no_reserve_swap().map_anon()
}

#[cfg(miri)]
fn reserve(slots: usize) -> io::Result<Memory> {
    const MOST: usize = 1 << 18;
    if slots > MOST { Err(io::ErrorKind::OutOfMemory.into()) } else { Ok(vec![0; slots]) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_within_the_reservation_and_gives_back() {
        let mut stack = Stack::new(1000).unwrap();
        let slots = stack.slots;
        assert!(slots >= 1000 * 1024);
        let first = stack.committed_slots();
        assert!(stack.grow(first + 1) && stack.committed_slots() > first);
        assert!(!stack.grow(slots + 1));
        assert!(stack.grow(slots) && stack.committed_slots() == slots);
        assert_eq!(stack.soft_limit() as usize - stack.base() as usize, slots * SLOT_BYTES);
        stack.give_back(10);
        assert!(stack.committed_slots() < slots / 2);
    }

    #[test]
    fn a_huge_recursion_limit_falls_back_to_less() {
        let stack = Stack::new(u32::MAX).unwrap();
        assert!(stack.slots >= LEAST_SLOTS);
    }
}
