//! Where the interpreter meets native code: what it asks of whoever compiles, and what that one may do with the machine.
//!
//! How it works. A machine may have a [`Tier`]. Its counters start at what the tier says; when one comes to its end, the interpreter asks the
//! tier ([`Tier::hot`]), which may execute a call or a loop in native code and say where to go on. Native code comes back to Rust through handlers of
//! the tier; these push a *boundary frame* ([`Machine::push_boundary`]) before they do anything that looks at frames, so that there is one chain for the
//! collector, raising and traces, whatever mixture is on the stack.
//!
//! An error that no frame of the innermost run handles, but some frame below does, ends the run with [`Ending::Raised`]: each layer of
//! native code and interpreter on the way passes it on, and the object waits in `machine.raised`.
//!
//! Invariants
//! - NA1 Boundary frames are popped in the order in which they were pushed, by who pushed them; in between, `top`, `pc` and `regs` are those of
//!   the boundary frame or of what runs above it.
//! - NA2 While native code runs, `pc` and `regs` are those of the interpreter's frame from which it was entered.

#![allow(unsafe_code, reason = "frames are raw memory of the stack")]

use std::any::Any;
use std::mem;

use super::context::Context;
use super::fault::{Fault, RuntimeError};
use super::frame::{BOUNDARY_SLOTS, FrameHeader, HEADER_SLOTS, NATIVE, header_of};
use super::heap::Ref;
use super::heap::poll::{COLLECT, INTERRUPT};
use super::interp::code::HALT;
use super::interp::single;
pub use super::machine::{Ending, Machine};
use crate::bytecode::{FuncId, Program, TypeId};

/// A place in native code: a return address and the frame pointer of the function it leads into.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NativeFrame {
    pub pc: u64,
    pub fp: u64,
}

/// What a frame of native code is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NativeAt {
    /// Its place: another than was asked for, if there is a frame between that is none of the program's.
    pub at: NativeFrame,
    /// The function, and the first word of the instruction at hand.
    pub func: u32,
    pub word: u32,
    /// What it took from the depth.
    pub cost: u16,
    /// It is a loop of the function whose frame in the interpreter is the next one.
    pub is_loop: bool,
    /// The frame below.
    pub caller: NativeFrame,
}

/// What became of a call or loop whose counter came to its end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Hot {
    /// Nothing: the interpreter executes the instruction.
    Interpret,
    /// It was executed, and `pc` and `regs` say where to go on.
    Done,
    /// The run has ended: see `ending`; or it ended with an error that is to be raised on, in `raised`.
    Ended,
}

/// Whoever compiles for a machine.
pub trait Tier: Send {
    /// The counter of the instruction at `machine.pc` came to its end: a `loop`, or a call whose callee is `callee`.
    fn hot(&self, machine: &mut Machine, callee: Option<(FuncId, u64)>) -> Hot;

    /// Where the counters of a program's functions and loops start.
    fn threshold(&self) -> u32;

    /// The program is another one now: what was compiled is void. Nothing runs.
    fn program_changed(&self, machine: &mut Machine);

    /// The first frame of the program from a place on; none where the interpreter entered.
    fn frame(&self, at: NativeFrame) -> Option<NativeAt>;

    /// Whether the frame has a handler for what the call at which it waits raises.
    fn handles(&self, at: NativeFrame) -> bool;

    /// The contents of the slots of the frame that hold references.
    fn references(&self, at: NativeFrame, visit: &mut dyn FnMut(u64));

    /// Itself, for its own handlers, which find it by the machine.
    fn as_any(&self) -> &dyn Any;
}

/// What was saved when a boundary frame was pushed.
#[must_use = "the frame has to be popped"]
#[derive(Clone, Copy, Debug)]
pub struct Boundary {
    pc: *const u64,
    regs: *mut u64,
    top: *mut u64,
}

/// How the execution of one instruction ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Stepped {
    /// Going on behind it.
    Done,
    /// Going on elsewhere.
    Branched,
    /// It could not be executed, and has had no effect.
    Failed,
}

impl Machine {
    /// The program.
    pub fn program(&self) -> &Program {
        &self.context.program
    }

    /// The program, to keep.
    pub fn shared_program(&self) -> std::sync::Arc<Program> {
        self.context.program.clone()
    }

    /// How many calls may still be nested.
    pub fn depth(&self) -> u32 {
        self.context.depth
    }

    /// Sets it.
    pub fn set_depth(&mut self, depth: u32) {
        self.context.depth = depth;
    }

    /// The word of the instruction at hand in the topmost frame, and that frame's function.
    pub fn at_hand(&self) -> Option<(FuncId, u32)> {
        let frame = self.frames().next()?;
        (frame.func < NATIVE).then_some((FuncId(frame.func), frame.pc))
    }

    /// The address of the topmost frame's registers.
    pub fn registers_address(&self) -> u64 {
        self.regs.expose_provenance() as u64
    }

    /// Reads a register of the topmost frame.
    ///
    /// # Panics
    /// If the frame has no such register.
    pub fn read_register(&self, register: u16) -> u64 {
        self.check_register(register);
        self.register(usize::from(register))
    }

    /// Writes a register of the topmost frame: a canonical value of its type.
    ///
    /// # Panics
    /// If the frame has no such register.
    pub fn write_register(&mut self, register: u16, value: u64) {
        self.check_register(register);
        self.set_register(usize::from(register), value);
    }

    fn check_register(&self, register: u16) {
        // SAFETY: the topmost frame has a header (FR2).
        let func = unsafe { (*header_of(self.regs)).func };
        let registers = self.context.program.functions[func as usize].registers.len();
        assert!(usize::from(register) < registers, "register {register} of {registers}");
    }

    /// Goes on at a word of the topmost frame's function.
    pub fn go_on_at(&mut self, word: u32) {
        self.resume_at(word);
    }

    /// Sets a counter: when it has been counted down to 0, the tier is asked.
    pub fn set_counter(&mut self, index: u32, value: u32) {
        self.counters_mut()[index as usize] = value;
    }

    /// Sets the tables through which native code calls functions. They stay where they are until they are set again.
    pub fn set_entries(&mut self, entries: *const u64, value_entries: *const u64) {
        self.entries = entries;
        self.value_entries = value_entries;
    }

    /// Pushes a boundary frame for native code at a place, with a window of registers of which the first are references. `None`: the stack is full.
    pub fn push_boundary(
        &mut self,
        at: NativeFrame,
        refs: &[u64],
        scalars: &[u64],
        more: usize,
    ) -> Option<Boundary> {
        let saved = Boundary { pc: self.pc, regs: self.regs, top: self.top };
        let window = refs.len() + scalars.len() + more.max(1);
        if self.top.wrapping_add(BOUNDARY_SLOTS + HEADER_SLOTS + window) > self.limit && !self.grow_stack() {
            return None;
        }
        let regs = self.top.wrapping_add(BOUNDARY_SLOTS + HEADER_SLOTS);
        let header = FrameHeader {
            ret: self.pc.wrapping_add(1),
            caller: self.regs,
            func: NATIVE,
            cost: 0,
            dest: refs.len() as u16,
        };
        // SAFETY: all of it lies below the limit of the stack (ST1); a window is smaller than the largest frame, for which `grow_stack` makes room.
        unsafe {
            *self.top = at.pc;
            *self.top.add(1) = at.fp;
            *header_of(regs) = header;
            for (index, &value) in refs.iter().chain(scalars).enumerate() {
                *regs.add(index) = value;
            }
            for index in refs.len() + scalars.len()..window {
                *regs.add(index) = 0;
            }
        }
        self.regs = regs;
        self.top = regs.wrapping_add(window);
        Some(saved)
    }

    /// Pops it.
    pub fn pop_boundary(&mut self, boundary: Boundary) {
        (self.pc, self.regs, self.top) = (boundary.pc, boundary.regs, boundary.top);
    }

    /// A register of the boundary frame on top.
    fn window(&self, index: usize) -> u64 {
        // SAFETY: callers name registers of the window that they have pushed.
        unsafe { *self.regs.add(index) }
    }

    /// Executes an instruction whose registers are those of the boundary frame on top; then its results are in `out`. Collects if that is needed.
    ///
    /// # Safety
    /// The words are those of a verified instruction that neither calls, returns nor is a `loop`, with its registers renumbered; the window
    /// has all of them, of their types.
    pub unsafe fn step(&mut self, words: &[u64], outs: &[u16]) -> Stepped {
        let regs = self.regs;
        // SAFETY: as for this function.
        let mut stepped = unsafe { single(words, regs, self) };
        if stepped == Stepped::Failed && matches!(self.fault.take(), Some(Fault::NeedMemory)) {
            self.regs = regs;
            self.collect();
            self.context.heap.begin_retry();
            // SAFETY: likewise; the instruction has had no effect.
            stepped = unsafe { single(words, regs, self) };
            self.context.heap.end_retry();
            self.fault = None;
        }
        self.regs = regs;
        for (index, &out) in outs.iter().enumerate() {
            self.out[index] = self.window(usize::from(out));
        }
        stepped
    }

    /// Whether the slow path of a poll is to leave; else what was asked for is done.
    pub fn native_poll(&mut self) -> bool {
        let bits = self.context.heap.poll.bits();
        if bits & INTERRUPT != 0 {
            return true;
        }
        if bits & COLLECT != 0 {
            self.collect();
        }
        self.context.heap.poll.clear(!INTERRUPT);
        false
    }

    /// An object with its slots zero; collects if that is needed. A boundary frame is on top.
    pub fn native_allocate(&mut self, ty: u32, aux: u32, slots: u32) -> Option<u64> {
        self.allocate(|context| new_object(context, ty, aux, slots))
    }

    /// The same, if no collection is needed for it.
    pub fn allocate_uncollected(&mut self, ty: u32, aux: u32, slots: u32) -> Option<u64> {
        new_object(&mut self.context, ty, aux, slots).ok()
    }

    /// Calls a function from native code, above the boundary frame on top. Its arguments are given as slots, references first.
    ///
    /// # Errors
    /// How the run ended: [`Ending::Raised`] if a frame below handles the error.
    pub fn call_nested(&mut self, func: FuncId, args: &[u64]) -> Result<u64, Ending> {
        let entry = self.functions_row(func);
        let Some(depth) = self.depth().checked_sub(entry.cost).filter(|_| self.grow_stack()) else {
            self.raise_in_native(RuntimeError::StackOverflow);
            return Err(mem::replace(&mut self.ending, Ending::None));
        };
        let boundary = self.regs;
        let refs = entry.refs as usize;
        let (ref_args, scalar_args) = args.split_at(entry.ref_params as usize);
        let regs = self.push_frame(func, HALT.as_ptr(), boundary, 0);
        // SAFETY: the frame lies in the stack, and has these registers.
        unsafe {
            for (index, &arg) in ref_args.iter().enumerate() {
                *regs.add(index) = arg;
            }
            for (index, &arg) in scalar_args.iter().enumerate() {
                *regs.add(refs + index) = arg;
            }
        }
        self.set_depth(depth);
        self.pc = entry.code;
        self.run_nested(boundary)
    }

    /// Pushes the frame of a function, all its registers 0. `ret` is where it goes on when the function returns, in the frame at `caller`, whose
    /// register `dest` takes the result. There is room ([`Machine::grow_stack`]).
    pub(super) fn push_frame(
        &mut self,
        func: FuncId,
        ret: *const u64,
        caller: *mut u64,
        dest: u16,
    ) -> *mut u64 {
        let entry = self.functions_row(func);
        let regs = self.top.wrapping_add(HEADER_SLOTS);
        let header = FrameHeader { ret, caller, func: func.0, cost: entry.cost as u16, dest };
        let registers = entry.frame_slots as usize - HEADER_SLOTS;
        // SAFETY: the caller has made room.
        unsafe {
            *header_of(regs) = header;
            regs.write_bytes(0, registers);
        }
        self.top = regs.wrapping_add(registers);
        self.regs = regs;
        regs
    }

    /// Pushes, above the boundary frame on top, the frame of a function that native code has left, and makes it the topmost one. A function that
    /// has been inlined waits in its own frame below: `waits` is the word of its call there. Registers are 0 until they are
    /// [written](Self::write_register). `None`: the stack is full.
    pub fn push_left_frame(&mut self, func: FuncId, waits: Option<u32>) -> Option<()> {
        if !self.grow_stack() {
            return None;
        }
        let (ret, dest) = match waits {
            None => (HALT.as_ptr(), 0),
            Some(word) => {
                // SAFETY: the frame below is that of a function (FR2).
                let caller = unsafe { (*header_of(self.regs)).func };
                let code = &self.context.program.functions[caller as usize].code;
                let call = crate::bytecode::decode(&self.context.program, code, word).ok()?;
                (code.as_ptr().wrapping_add(call.next() as usize), call.lane(0))
            }
        };
        let caller = self.regs;
        self.push_frame(func, ret, caller, dest);
        Some(())
    }

    /// Runs the frames above the boundary frame on top, of which the topmost goes on at a word, until the last of them returns; gives its result.
    ///
    /// # Errors
    /// As for [`call_nested`](Self::call_nested).
    pub fn run_left(&mut self, word: u32, boundary: u64) -> Result<u64, Ending> {
        self.resume_at(word);
        self.run_nested(std::ptr::with_exposed_provenance_mut(boundary as usize))
    }

    fn run_nested(&mut self, boundary: *mut u64) -> Result<u64, Ending> {
        self.drive(self.driver);
        match mem::replace(&mut self.ending, Ending::None) {
            // SAFETY: the boundary frame has a register at least.
            Ending::Returned => Ok(unsafe { *boundary }),
            ending => Err(ending),
        }
    }

    /// Raises `Stack overflow` for a call that native code could not make.
    pub fn raise_too_deep(&mut self) -> Ending {
        self.raise_in_native(RuntimeError::StackOverflow);
        mem::replace(&mut self.ending, Ending::None)
    }

    /// Raises `Out of memory` in native code.
    pub fn raise_out_of_memory(&mut self) -> Ending {
        self.raise_in_native(RuntimeError::OutOfMemory);
        mem::replace(&mut self.ending, Ending::None)
    }

    /// How the run ended, and forgets it.
    pub fn take_ending(&mut self) -> Ending {
        mem::replace(&mut self.ending, Ending::None)
    }

    /// Who compiles.
    pub fn tier(&self) -> Option<&dyn Tier> {
        self.tier.as_deref()
    }

    /// How deep calls may nest.
    pub fn max_recursion(&self) -> u32 {
        self.context.max_recursion
    }

    /// A counter.
    pub fn counter(&mut self, index: u32) -> u32 {
        self.counters_mut()[index as usize]
    }

    /// The topmost frame, to come back to.
    pub fn position(&self) -> Boundary {
        Boundary { pc: self.pc, regs: self.regs, top: self.top }
    }

    /// Writes a register of the boundary frame on top.
    pub fn set_window(&mut self, index: usize, value: u64) {
        // SAFETY: callers name registers of the window that they have pushed.
        unsafe { *self.regs.add(index) = value }
    }

    /// Writes a slot of a new object.
    pub fn fill_slot(&mut self, object: u64, slot: u32, value: u64) {
        Ref::from_bits(object).set_slot(slot, value);
    }

    /// How the run ended that native code was part of: to be passed on.
    pub fn set_ending(&mut self, ending: Ending) {
        self.ending = ending;
    }

    /// The function id that a function value holds.
    pub fn function_of(&self, value: u64) -> FuncId {
        FuncId(Ref::from_bits(value).aux())
    }
}

/// An object with its slots zero.
fn new_object(context: &mut Context, ty: u32, aux: u32, slots: u32) -> Result<u64, Fault> {
    let object = context.heap.new_object(TypeId(ty), aux, slots)?;
    for slot in 0..slots {
        object.set_slot(slot, 0);
    }
    Ok(object.bits())
}
