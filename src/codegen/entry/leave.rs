//! Ways out of compiled code: the handlers of the stubs, which find out where to go on.

use std::cell::{Cell, RefCell};
use std::ptr;
use std::sync::{Arc, PoisonError};

use super::types;
use super::{CallError, Shared, ThunkPlace};
use crate::codegen::SlotPlace;
use crate::codegen::runtime::{FrameRef, Linked, MachineState, slot_bits};
use crate::codegen::x64::DEPTH;
use crate::ir::eval::{Frame, Left, Object, Slot};

/// A call under way on this thread.
pub(super) struct Active<'a> {
    pub(super) shared: &'a Shared,
    pub(super) thunk: ThunkPlace,
    /// Why it ended, if it does not return.
    pub(super) ended: RefCell<Option<CallError>>,
    /// The one that it is within.
    pub(super) before: *const Active<'static>,
}

thread_local! {
    pub(super) static ACTIVE: Cell<*const Active<'static>> = const { Cell::new(ptr::null()) };
}

impl Active<'_> {
    /// The innermost call.
    fn innermost<T>(work: impl FnOnce(&Active<'_>) -> T) -> T {
        let active = ACTIVE.get();
        // SAFETY: handlers run only while a call is under way, which keeps it on the stack below.
        work(unsafe { &*active })
    }

    /// Ends the call: goes on at the thunk's landing, which restores registers by itself.
    fn end(&self, state: &mut MachineState, base: u64, error: CallError) {
        *self.ended.borrow_mut() = Some(error);
        state.resume_pc = self.thunk.landing;
        state.resume_fp = base;
        state.resume_sp = base.wrapping_sub(self.thunk.frame_bytes);
    }

    /// Looks for a frame from the innermost on; the error is the thunk's frame pointer.
    fn find(
        &self,
        mut pc: u64,
        mut fp: u64,
        regs: &mut [u64; 32],
        mut wanted: impl FnMut(&FrameRef) -> bool,
    ) -> Result<FrameRef, u64> {
        let code = self.shared.code.read().unwrap_or_else(PoisonError::into_inner);
        while pc != self.thunk.back {
            let frame = code.frame_at(pc, fp).expect("EN2: a frame between a stub and the thunk is known");
            if wanted(&frame) {
                return Ok(frame);
            }
            unwind(&frame.function, fp, regs);
            (pc, fp) = (read(fp.wrapping_add(8)), read(fp));
        }
        Err(fp)
    }
}

/// Leaves a frame: what its function has saved is as it was, and its depth is given back.
fn unwind(function: &Linked, fp: u64, regs: &mut [u64; 32]) {
    for &(reg, offset) in &function.tables.saved {
        regs[reg.number() as usize] = read(fp.wrapping_add_signed(offset.into()));
    }
    if function.tables.checks_depth {
        let depth = DEPTH.number() as usize;
        regs[depth] = regs[depth].wrapping_add(1);
    }
}

/// Reads a word of a frame.
fn read(address: u64) -> u64 {
    // SAFETY: addresses come from frame pointers and tables, of frames that exist (EN2).
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read() }
}

pub(super) extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    Active::innermost(|active| {
        let function = {
            let code = active.shared.code.read().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(code.function_at(state.pc).expect("EN2: the function that is left is known"))
        };
        let left = left(&function, state);
        let (pc, fp) = (read(state.fp.wrapping_add(8)), read(state.fp));
        let base = active.find(pc, fp, &mut [0; 32], |_| false);
        active.end(state, base.map_or_else(|base| base, |frame| frame.fp), CallError::Left(Box::new(left)));
    });
    0
}

pub(super) extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    Active::innermost(|active| {
        let mut regs = state.ints;
        match active.find(state.pc, state.fp, &mut regs, |frame| frame.handler().is_some()) {
            Ok(frame) => {
                state.ints = regs;
                state.resume_pc = frame.handler().unwrap_or(0);
                state.resume_sp = frame.sp();
                state.resume_fp = frame.fp;
            }
            Err(base) => active.end(state, base, CallError::Raised),
        }
    });
    0
}

pub(super) extern "C" fn on_deep(state: &mut MachineState) -> u64 {
    Active::innermost(|active| {
        let base = active.find(state.pc, state.fp, &mut [0; 32], |_| false);
        active.end(state, base.map_or_else(|base| base, |frame| frame.fp), CallError::TooDeep);
    });
    0
}

/// A poll whose word is set leaves.
pub(super) extern "C" fn on_poll(_: &mut MachineState) -> u64 {
    1
}

/// There is no more memory than the context has.
pub(super) extern "C" fn on_allocate(_: &mut MachineState) -> u64 {
    0
}

/// What is known where a function was left.
fn left(function: &Linked, state: &MachineState) -> Left {
    let tables = &function.tables;
    let exit = function.exit(state.number).expect("EN2: the exit's number is one of the function's");
    let slot = |&place: &SlotPlace| match place {
        SlotPlace::Removed(object) => Slot::Object(object),
        SlotPlace::Dead => Slot::Dead,
        SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => {
            let words = slot_bits(place, state, read).unwrap_or_default();
            Slot::Value(kind, types::value(kind, words))
        }
    };
    let slots = |range: &std::ops::Range<u32>| {
        tables.exit_slots[range.start as usize..range.end as usize].iter().map(slot).collect::<Vec<Slot>>()
    };
    let frames: Vec<Frame> = tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize]
        .iter()
        .map(|frame| Frame { function: frame.function, position: frame.position, slots: slots(&frame.slots) })
        .collect();
    let objects = tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize].iter();
    let objects =
        objects.map(|object| Object { layout: object.layout, slots: slots(&object.slots) }).collect();
    Left { reason: exit.reason, own: frames.len(), frames, objects }
}
