//! Frames: what a call puts on the stack, and how collector, raising and traces walk them.
//!
//! A frame is a [`FrameHeader`] and behind it the registers of its function, references first. Frames follow each other
//! without gaps: where a frame ends, the header of the next one that it calls begins. A run that the host starts begins
//! with a *host frame*: a header whose function is [`HOST`], and one scalar slot for the result.
//!
//! Invariants
//! - FR1 All registers of a frame on the stack are initialised, and its reference registers are null or hold objects of the
//!   instance: a call nulls those that are not parameters.
//! - FR2 `header.caller` is the register base of the frame below, or null under the first frame of an instance.
//! - FR3 `header.ret` is the word behind the call instruction in the frame below, whose function is that frame's. In the
//!   frame above a host frame it is the halt word, which belongs to no function; in a host frame it is the word behind the
//!   first of the instruction that called the host.
//! - FR5 In a boundary frame, `header.dest` is how many of the first registers are references; `header.caller` and `header.ret` are what they
//!   were when native code was entered.
//! - FR4 The context's `depth_left` is the recursion limit less the `cost` of all frames on the stack.

#![allow(unsafe_code, reason = "frames are raw memory of the stack")]

use super::interp::PLAIN_ARGUMENTS;
use super::native::{NativeFrame, Tier};
use crate::bytecode::{FuncId, Function};

/// What precedes the registers of a frame.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct FrameHeader {
    /// Where the caller goes on.
    pub ret: *const u64,
    /// The registers of the caller.
    pub caller: *mut u64,
    /// The function that runs here, or [`HOST`].
    pub func: u32,
    /// What the call took from the depth.
    pub cost: u16,
    /// The caller's register that takes the result.
    pub dest: u16,
}

/// Slots of a [`FrameHeader`].
pub const HEADER_SLOTS: usize = size_of::<FrameHeader>() / size_of::<u64>();

/// The function number of host frames.
pub const HOST: u32 = u32::MAX;

/// The function number of boundary frames.
pub const NATIVE: u32 = u32::MAX - 1;

/// Words before the header of a boundary frame: return address and frame pointer in native code.
pub const BOUNDARY_SLOTS: usize = 2;

/// Slots of a host frame behind its header.
pub const HOST_SLOTS: usize = 1;

/// What a call needs of a function: a row of the table that the machine indexes by function number.
#[repr(C, align(64))]
#[derive(Clone, Copy, Debug)]
pub struct FuncEntry {
    pub code: *const u64,
    /// The last word of the header, without the destination: function number and depth cost.
    pub tag: u64,
    /// Slots of the frame, its header included.
    pub frame_slots: u32,
    /// Registers that are references.
    pub refs: u32,
    /// Parameters that are references, the hidden closure among them.
    pub ref_params: u32,
    pub scalar_params: u32,
    /// Index of its counter.
    pub counter: u32,
    pub cost: u32,
    /// Whether the first reference parameter is the function value itself.
    pub has_closure: bool,
    /// Whether all references are parameters, and `call` has one argument word.
    pub plain: bool,
    /// Likewise for `call.value`, which does not name the closure.
    pub plain_value: bool,
}

impl FuncEntry {
    /// The row of a function. The code stays where it is for as long as the program lives.
    pub fn new(id: FuncId, function: &Function) -> FuncEntry {
        // More than a frame can have; a frame of 65535 registers costs 64.
        let cost = function.depth_cost.min(u32::from(u16::MAX));
        let arguments = function.ref_params + function.scalar_params;
        let only_params = function.refs == function.ref_params;
        let one_word = 1..=PLAIN_ARGUMENTS;
        FuncEntry {
            code: function.code.as_ptr(),
            tag: u64::from(id.0) | u64::from(cost) << 32,
            frame_slots: (HEADER_SLOTS + function.registers.len()) as u32,
            refs: function.refs,
            ref_params: function.ref_params,
            scalar_params: function.scalar_params,
            counter: function.counter,
            cost,
            has_closure: function.closure.is_some(),
            plain: only_params && one_word.contains(&arguments),
            plain_value: only_params
                && one_word.contains(&(arguments - u32::from(function.closure.is_some()))),
        }
    }
}

/// The destination's place in the last word of a header.
pub const DEST_SHIFT: u32 = 48;

/// The header of the frame whose registers begin at `regs`.
#[inline(always)]
pub fn header_of(regs: *mut u64) -> *mut FrameHeader {
    regs.cast::<FrameHeader>().wrapping_sub(1)
}

/// A frame on the stack, as walkers see it.
#[derive(Clone, Copy, Debug)]
pub struct Frame {
    /// The function that runs in it, [`HOST`] or [`NATIVE`].
    pub func: u32,
    /// A word of the instruction at hand: for the topmost frame its first one, for others any one of the call. 0 for host and boundary frames.
    pub pc: u32,
    /// The interpreter's registers; null in native code.
    pub regs: *mut u64,
    /// What the call took from the depth.
    pub cost: u16,
    /// Where it is, in native code.
    pub native: Option<NativeFrame>,
    /// A loop of the function runs in native code, in the frame that came before this one.
    pub shadowed: bool,
    /// Of a boundary frame, how many of its registers are references.
    pub window_refs: u16,
}

/// Walks the frames of a stack, topmost first, through all runs that are under way.
#[derive(Clone)]
pub struct Frames<'a> {
    functions: &'a [FuncEntry],
    tier: Option<&'a dyn Tier>,
    at: *const u64,
    regs: *mut u64,
    /// Where the walk is in native code, above the frame at `regs`.
    native: Option<NativeFrame>,
    shadowed: bool,
}

impl<'a> Frames<'a> {
    /// Begins with the frame whose registers are at `regs` and whose instruction at hand has a word at `at`. `regs` may be
    /// null if there is no frame.
    ///
    /// # Safety
    /// FR1 to FR5 hold for the frames from there on, and for as long as the iterator is used; `functions` are those that they name, and native
    /// code in them is `tier`'s.
    pub unsafe fn new(
        functions: &'a [FuncEntry],
        tier: Option<&'a dyn Tier>,
        at: *const u64,
        regs: *mut u64,
    ) -> Frames<'a> {
        Frames { functions, tier, at, regs, native: None, shadowed: false }
    }
}

impl Iterator for Frames<'_> {
    type Item = Frame;

    fn next(&mut self) -> Option<Frame> {
        if let (Some(frame), Some(tier)) = (self.native, self.tier)
            && let Some(at) = tier.frame(frame)
        {
            self.native = Some(at.caller);
            self.shadowed = at.is_loop;
            return Some(Frame {
                func: at.func,
                pc: at.word,
                regs: std::ptr::null_mut(),
                cost: at.cost,
                native: Some(at.at),
                shadowed: false,
                window_refs: 0,
            });
        }
        self.native = None;
        if self.regs.is_null() {
            return None;
        }
        // SAFETY: the registers of a frame follow its header (FR2).
        let header = unsafe { *header_of(self.regs) };
        let pc = match self.functions.get(header.func as usize) {
            Some(entry) => ((self.at as usize).wrapping_sub(entry.code as usize) / size_of::<u64>()) as u32,
            None => 0,
        };
        let shadowed = std::mem::take(&mut self.shadowed);
        let mut frame = Frame {
            func: header.func,
            pc,
            regs: self.regs,
            cost: header.cost,
            native: None,
            shadowed,
            window_refs: 0,
        };
        if header.func == NATIVE {
            frame.window_refs = header.dest;
            let before = header_of(self.regs).cast::<u64>();
            // SAFETY: the words of a boundary frame precede its header.
            let (pc, fp) = unsafe { (*before.wrapping_sub(2), *before.wrapping_sub(1)) };
            self.native = Some(NativeFrame { pc, fp });
        }
        self.at = header.ret.wrapping_sub(1);
        self.regs = header.caller;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    #[test]
    #[cfg(target_endian = "little")]
    fn the_tag_is_the_last_word_of_the_header() {
        assert_eq!(offset_of!(FrameHeader, func), 16);
        assert_eq!(offset_of!(FrameHeader, cost), 16 + 4);
        assert_eq!(offset_of!(FrameHeader, dest) * 8, 16 * 8 + DEST_SHIFT as usize);
        assert_eq!(HEADER_SLOTS, 3);
    }
}
