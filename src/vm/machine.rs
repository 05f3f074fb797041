//! The machine: all that belongs to one instance, with what the interpreter's handlers touch at the front.
//!
//! Invariants
//! - M1 `functions`, `globals`, `present` and `counters` have an element for each function, variable and counter of the
//!   program; the raw pointers beside them lead to their elements, and are renewed whenever they grow.
//! - M2 Between runs there is no frame on the stack: `top` is its base and `regs` is null. While the host is called by a run,
//!   `pc` and `regs` name the calling instruction.

#![allow(unsafe_code, reason = "the interpreter's tables are reached by raw pointers")]

use std::io;
use std::sync::Arc;

use crate::bytecode::{FuncId, Global, Program};

use super::context::Context;
use super::fault::{ErrorKind, RuntimeError};
use super::frame::{DEST_SHIFT, Frame, FrameHeader, Frames, FuncEntry, HEADER_SLOTS, HOST, HOST_SLOTS, header_of};
use super::interp::code::HALT;
use super::profile::Profile;
use super::raise::Raised;
use super::stack::Stack;

/// How a run ended.
#[derive(Debug, PartialEq)]
pub(super) enum Ending {
    /// It has not.
    None,
    /// The function returned.
    Returned,
    Uncaught(Box<super::raise::Uncaught>),
    Exit(i32),
    Interrupted,
    OutputFailed(io::ErrorKind),
}

/// See the module's documentation.
#[repr(C)]
pub struct Machine {
    /// What builtins, heap and native code work with. First, so that one address serves for both.
    pub(super) context: Context,
    /// The end of the topmost frame (IN2).
    pub(super) top: *mut u64,
    /// Frames must end here or before.
    pub(super) limit: *mut u64,
    function_table: *const FuncEntry,
    global_slots: *mut u64,
    global_marks: *mut u8,
    counter_table: *mut u32,
    /// The instruction at hand, and its frame, whenever no driver holds them.
    pub(super) pc: *const u64,
    pub(super) regs: *mut u64,
    /// Why a heavy part failed.
    pub(super) fault: Option<super::fault::Fault>,
    pub(super) ending: Ending,
    pub(super) program: Arc<Program>,
    functions: Vec<FuncEntry>,
    globals: Vec<u64>,
    present: Vec<u8>,
    counters: Vec<u32>,
    /// Numbers of the variables that are references.
    global_refs: Vec<u32>,
    stack: Stack,
    /// An error that stands ready for when there is no memory for one.
    out_of_memory: u64,
    pub(super) profile: Profile,
    #[cfg(threaded_driver)]
    pub(super) probes: Vec<usize>,
}

// What handlers use.
impl Machine {
    /// What the poll word asks for.
    #[inline(always)]
    pub(super) fn poll(&self) -> u32 {
        self.context.heap.poll.bits()
    }

    /// Counts a counter down; true if it has come to 0. The next time it starts anew, from the top of its range.
    ///
    /// # Safety
    /// `index` is below the number of counters of the program.
    #[inline(always)]
    pub(super) unsafe fn count_down(&mut self, index: usize) -> bool {
        // SAFETY: there is a counter for each index (M1).
        let counter = unsafe { &mut *self.counter_table.add(index) };
        *counter = counter.wrapping_sub(1);
        *counter == 0
    }

    /// The table's row for a function.
    ///
    /// # Safety
    /// `index` is below the number of functions of the program.
    #[inline(always)]
    pub(super) unsafe fn function<'a>(&self, index: usize) -> &'a FuncEntry {
        // SAFETY: there is a row for each function (M1). Rows are neither changed nor moved while code runs.
        unsafe { &*self.function_table.add(index) }
    }

    /// The slot of a module variable.
    ///
    /// # Safety
    /// `index` is below the number of variables of the program.
    #[inline(always)]
    pub(super) unsafe fn global(&mut self, index: usize) -> &mut u64 {
        // SAFETY: there is a slot for each variable (M1).
        unsafe { &mut *self.global_slots.add(index) }
    }

    /// The presence byte of a module variable.
    ///
    /// # Safety
    /// `index` is below the number of variables of the program.
    #[inline(always)]
    pub(super) unsafe fn present(&mut self, index: usize) -> &mut u8 {
        // SAFETY: there is a byte for each variable (M1).
        unsafe { &mut *self.global_marks.add(index) }
    }

    /// How many calls may still be nested.
    #[inline(always)]
    pub(super) fn depth_left(&self) -> i32 {
        self.context.depth_left
    }

    /// Sets how many calls may still be nested.
    #[inline(always)]
    pub(super) fn set_depth_left(&mut self, depth: i32) {
        self.context.depth_left = depth;
    }
}

// What the slow paths use.
impl Machine {
    /// The frames from the topmost one on.
    pub(super) fn frames(&self) -> Frames<'_> {
        // SAFETY: all that runs keeps the frame invariants, and `pc` and `regs` are those of the topmost frame (M2).
        unsafe { Frames::new(&self.functions, self.pc, self.regs) }
    }

    /// A register of the topmost frame.
    pub(super) fn register(&self, register: usize) -> u64 {
        // SAFETY: callers name registers that the instruction at hand has for operands, which lie in the frame (V4).
        unsafe { *self.regs.add(register) }
    }

    /// Writes a register of the topmost frame.
    pub(super) fn set_register(&mut self, register: usize, value: u64) {
        // SAFETY: as in `register`; a handler's error register was compared with the frame as well.
        unsafe { *self.regs.add(register) = value }
    }

    /// Makes `frame` the topmost one, whose callees cost `cost`.
    pub(super) fn unwind_to(&mut self, frame: &Frame, cost: u32) {
        let entry = self.functions[frame.func as usize];
        self.regs = frame.regs;
        self.top = header_of(frame.regs).cast::<u64>().wrapping_add(entry.frame_slots as usize);
        self.set_depth_left(self.depth_left() + cost as i32);
    }

    /// Goes on at a word of the topmost frame's function.
    pub(super) fn resume_at(&mut self, pc: u32) {
        // SAFETY: the topmost frame has a header (FR2).
        let func = unsafe { (*header_of(self.regs)).func };
        self.pc = self.functions[func as usize].code.wrapping_add(pc as usize);
    }

    /// Moves the stack's soft limit so that a frame fits for the call at hand. False if the stack is full.
    pub(super) fn grow_stack(&mut self) -> bool {
        // A frame of the most registers that a function can have always fits then.
        const LARGEST_FRAME: usize = u16::MAX as usize + 1 + HEADER_SLOTS;
        let used = (self.top as usize - self.stack.base() as usize) / size_of::<u64>();
        let grown = self.stack.grow(used + LARGEST_FRAME);
        self.limit = self.stack.soft_limit();
        grown
    }

    /// Collects garbage.
    pub(super) fn collect(&mut self) {
        // SAFETY: as in `frames`.
        let frames = unsafe { Frames::new(&self.functions, self.pc, self.regs) };
        let (functions, program) = (&self.functions, &self.program);
        let (globals, global_refs, extra) = (&self.globals, &self.global_refs, self.out_of_memory);
        self.context.collect(|marker| {
            for frame in frames {
                let Some(entry) = functions.get(frame.func as usize) else {
                    continue;
                };
                // SAFETY: the first registers of a frame are its references, all initialised (FR1).
                let refs = unsafe { std::slice::from_raw_parts(frame.regs, entry.refs as usize) };
                if marker.is_checking() {
                    let registers = &program.functions[frame.func as usize].registers;
                    for (&slot, register) in refs.iter().zip(registers) {
                        marker.root(slot, register.ty);
                    }
                } else {
                    marker.slots(refs);
                }
            }
            for &index in global_refs {
                marker.root(globals[index as usize], program.globals[index as usize].ty);
            }
            marker.slots(&[extra]);
        });
        self.limit = self.stack.soft_limit();
    }
}
