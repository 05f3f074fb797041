//! The machine: all that belongs to one instance, with what the interpreter's handlers touch at the front.
//!
//! Invariants
//! - M1 `functions`, `globals`, `present` and `counters` have an element for each function, variable and counter of the
//!   program; the raw pointers beside them lead to their elements, and are renewed whenever they grow.
//! - M2 Between runs there is no frame on the stack: `top` is its base and `regs` is null. While the host is called by a run,
//!   `pc` and `regs` name the calling instruction.

#![allow(unsafe_code, reason = "the interpreter's tables are reached by raw pointers")]

use std::mem::offset_of;
use std::sync::Arc;
use std::{io, mem, ptr};

use crate::bytecode::{FuncId, GlobalId, Kind, Program, TypeDesc, TypeId};

use super::context::{Context, ContextOptions};
use super::error_value;
use super::fault::{Fault, RuntimeError};
use super::frame::{
    Frame, FrameHeader, Frames, FuncEntry, HEADER_SLOTS, HOST, HOST_SLOTS, NATIVE, header_of,
};
use super::heap::Ref;
use super::heap::immortal::{self, Statics};
use super::instance::{Driver, Held};
use super::interp::code::HALT;
#[cfg(threaded_driver)]
use super::interp::code::PROBES;
use super::interp::looped;
#[cfg(threaded_driver)]
use super::interp::threaded;
use super::native::Tier;
use super::profile::Profile;
use super::raise::Raised;
use super::stack::Stack;

/// How a run ended.
#[derive(Debug, PartialEq)]
pub enum Ending {
    /// It has not.
    None,
    /// The function returned.
    Returned,
    Uncaught(Box<super::raise::Uncaught>),
    Exit(i32),
    Interrupted,
    OutputFailed(io::ErrorKind),
    /// With an error that a frame of an earlier run handles: it waits in `raised`.
    Raised,
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
    /// Where native code calls functions: an address by function number.
    pub(super) entries: *const u64,
    /// The same for function values: the value itself is the first argument.
    pub(super) value_entries: *const u64,
    /// The error that a handler in native code gets.
    pub(super) raised: u64,
    /// What an instruction gave that native code had the interpreter execute.
    pub(super) out: [u64; OUTS],
    /// The instruction at hand, and its frame, whenever no driver holds them.
    pub(super) pc: *const u64,
    pub(super) regs: *mut u64,
    /// Why a heavy part failed.
    pub(super) fault: Option<super::fault::Fault>,
    pub(super) ending: Ending,
    functions: Vec<FuncEntry>,
    globals: Vec<u64>,
    present: Vec<u8>,
    counters: Vec<u32>,
    /// Numbers of the variables that are references.
    global_refs: Vec<u32>,
    stack: Stack,
    /// What executes the frames of the run under way.
    pub(super) driver: Driver,
    /// Who compiles.
    pub(super) tier: Option<Box<dyn Tier>>,
    /// What hosts hold.
    pub(super) held: Vec<Arc<Held>>,
    pub(super) profile: Profile,
    /// Where the machine stack was at each probe.
    pub(super) probes: Vec<usize>,
}

pub(super) const GLOBALS_OFFSET: usize = offset_of!(Machine, global_slots);
pub(super) const PRESENT_OFFSET: usize = offset_of!(Machine, global_marks);
pub(super) const ENTRIES_OFFSET: usize = offset_of!(Machine, entries);
pub(super) const VALUE_ENTRIES_OFFSET: usize = offset_of!(Machine, value_entries);
pub(super) const RAISED_OFFSET: usize = offset_of!(Machine, raised);
pub(super) const OUT_OFFSET: usize = offset_of!(Machine, out);

/// The most results of an instruction that native code has the interpreter execute.
pub const OUTS: usize = 4;

// SAFETY: the pointers lead to what the machine owns: its tables, stack, program and heap.
unsafe impl Send for Machine {}

impl Machine {
    /// A machine for a verified program.
    pub(super) fn new(program: Arc<Program>, options: ContextOptions) -> io::Result<Box<Machine>> {
        let mut stack = Stack::new(options.max_recursion)?;
        let (top, limit) = (stack.base(), stack.soft_limit());
        let statics = Arc::new(Statics::new(&program, None));
        let mut machine = Box::new(Machine {
            context: Context::detached(program, statics, options),
            top,
            limit,
            function_table: ptr::null(),
            global_slots: ptr::null_mut(),
            global_marks: ptr::null_mut(),
            counter_table: ptr::null_mut(),
            entries: ptr::null(),
            value_entries: ptr::null(),
            raised: 0,
            out: [0; OUTS],
            pc: ptr::null(),
            regs: ptr::null_mut(),
            fault: None,
            ending: Ending::None,
            functions: Vec::new(),
            globals: Vec::new(),
            present: Vec::new(),
            counters: Vec::new(),
            global_refs: Vec::new(),
            stack,
            driver: Driver::Loop,
            tier: None,
            held: Vec::new(),
            profile: Profile::default(),
            probes: Vec::new(),
        });
        machine.context.attach();
        machine.extend_tables();
        Ok(machine)
    }

    /// Goes over to a later program of the session.
    pub(super) fn set_program(&mut self, program: Arc<Program>) {
        let statics = Statics::new(&program, Some(self.context.statics.clone()));
        self.context.extend(program, Arc::new(statics));
        self.extend_tables();
        if let Some(tier) = self.tier.take() {
            tier.program_changed(self);
            self.tier = Some(tier);
        }
    }

    /// Has a tier compile from now on.
    pub(super) fn set_tier(&mut self, tier: Box<dyn Tier>) {
        self.counters.fill(tier.threshold());
        tier.program_changed(self);
        self.tier = Some(tier);
    }

    /// The counters.
    pub(super) fn counters_mut(&mut self) -> &mut [u32] {
        &mut self.counters
    }

    /// The table's row for a function.
    pub(super) fn functions_row(&self, func: FuncId) -> FuncEntry {
        self.functions[func.index()]
    }

    /// Gives the tables an element for all that the program has (M1).
    fn extend_tables(&mut self) {
        let program = &self.context.program;
        // All rows anew: the code of a function lies elsewhere if the later program holds a copy of it.
        self.functions =
            (0..).map(FuncId).zip(&program.functions).map(|(id, f)| FuncEntry::new(id, f)).collect();
        for (index, global) in program.globals.iter().enumerate().skip(self.globals.len()) {
            if program.is_ref(global.ty) {
                self.global_refs.push(index as u32);
            }
        }
        self.globals.resize(program.globals.len(), 0);
        self.present.resize(program.globals.len(), 0);
        let start = self.tier.as_ref().map_or(0, |tier| tier.threshold());
        self.counters.resize(program.counters as usize, start);
        self.function_table = self.functions.as_ptr();
        self.global_slots = self.globals.as_mut_ptr();
        self.global_marks = self.present.as_mut_ptr();
        self.counter_table = self.counters.as_mut_ptr();
    }

    /// Calls a function from the host and runs until it returns or the run ends otherwise. `args` are the slots of its
    /// parameters, references first, and as many as it has. Gives the slot of the result.
    pub(super) fn invoke(&mut self, func: FuncId, args: &[u64], driver: Driver) -> Result<u64, Ending> {
        let (pc, regs, top, depth_left) = (self.pc, self.regs, self.top, self.depth_left());
        let driver_before = mem::replace(&mut self.driver, driver);
        let result = self.push_host_call(func, args).and_then(|host_regs| {
            self.drive(driver);
            match mem::replace(&mut self.ending, Ending::None) {
                // SAFETY: the host frame is there still, and has that slot.
                Ending::Returned => Ok(unsafe { *host_regs }),
                ending => Err(ending),
            }
        });
        (self.pc, self.regs, self.top, self.driver) = (pc, regs, top, driver_before);
        self.set_depth_left(depth_left);
        let used = (top as usize - self.stack.base() as usize) / size_of::<u64>();
        self.stack.give_back(used);
        self.limit = self.stack.soft_limit();
        result
    }

    /// Pushes a host frame and that of the function. Gives the registers of the host frame.
    fn push_host_call(&mut self, func: FuncId, args: &[u64]) -> Result<*mut u64, Ending> {
        let entry = self.functions[func.index()];
        assert_eq!(args.len(), (entry.ref_params + entry.scalar_params) as usize, "arguments of {func}");
        let Some(depth_left) = self.depth_left().checked_sub(entry.cost).filter(|_| self.grow_stack()) else {
            return Err(Ending::Uncaught(Box::new(self.uncaught(&Raised::New(RuntimeError::StackOverflow)))));
        };
        let host_regs = self.top.wrapping_add(HEADER_SLOTS);
        let regs = host_regs.wrapping_add(HOST_SLOTS + HEADER_SLOTS);
        let host =
            FrameHeader { ret: self.pc.wrapping_add(1), caller: self.regs, func: HOST, cost: 0, dest: 0 };
        let (func, cost) = (func.0, entry.cost as u16);
        let callee = FrameHeader { ret: HALT.as_ptr(), caller: host_regs, func, cost, dest: 0 };
        let refs = entry.refs as usize;
        let (ref_args, scalar_args) = args.split_at(entry.ref_params as usize);
        // SAFETY: `grow_stack` has made room for the largest frame and more, so all of this lies in the mapped stack (ST1).
        unsafe {
            *header_of(host_regs) = host;
            *host_regs = 0;
            *header_of(regs) = callee;
            for index in 0..refs {
                *regs.add(index) = ref_args.get(index).copied().unwrap_or(0);
            }
            for (index, &arg) in scalar_args.iter().enumerate() {
                *regs.add(refs + index) = arg;
            }
        }
        self.top = header_of(regs).cast::<u64>().wrapping_add(entry.frame_slots as usize);
        self.set_depth_left(depth_left);
        self.pc = entry.code;
        self.regs = regs;
        Ok(host_regs)
    }

    /// Runs from `pc` and `regs` until the run ends.
    pub(super) fn drive(&mut self, driver: Driver) {
        match driver {
            // SAFETY: the topmost frame has just been made for the function whose first instruction `pc` is (IN1, IN2).
            #[cfg(threaded_driver)]
            Driver::Best => unsafe { threaded::run(self) },
            // SAFETY: likewise.
            #[cfg(not(threaded_driver))]
            Driver::Best => unsafe { looped::run(self, &mut looped::Unwatched) },
            // SAFETY: likewise.
            Driver::Loop => unsafe { looped::run(self, &mut looped::Unwatched) },
            Driver::Profiled => {
                let mut counts = mem::take(&mut self.profile.counts);
                // SAFETY: likewise.
                unsafe { looped::run(self, &mut counts) };
                self.profile.counts = counts;
            }
        }
    }

    /// The driver to use where the best one is asked for.
    pub(super) fn best_driver(&mut self) -> Driver {
        #[cfg(threaded_driver)]
        {
            (self.pc, self.regs) = (PROBES.as_ptr(), self.top);
            // SAFETY: probes and the halt behind them use no registers.
            unsafe { threaded::run(self) };
            (self.pc, self.regs, self.ending) = (ptr::null(), ptr::null_mut(), Ending::None);
            let flat = self.probes.windows(2).all(|pair| pair[0] == pair[1]);
            self.probes.clear();
            if !flat {
                return Driver::Loop;
            }
        }
        Driver::Best
    }

    /// Records where the machine stack is.
    pub(super) fn probe(&mut self) {
        let here = 0u8;
        self.probes.push((&raw const here).expose_provenance());
    }

    /// Whether an object may be given where one of type `ty` is asked for.
    pub(super) fn is_of(&self, slot: u64, ty: TypeId) -> bool {
        let (program, of) = (&self.context.program, Ref::from_bits(slot).ty());
        if program.canonical(of) == program.canonical(ty) {
            return true;
        }
        // A function value with captures has the type of its closure.
        match (program.ty(of), program.ty(ty)) {
            (TypeDesc::Closure { func, .. }, TypeDesc::Fn { params, ret }) => {
                let function = &program.functions[func.index()];
                let same = |a: &TypeId, b: &TypeId| program.canonical(*a) == program.canonical(*b);
                function.params.len() == params.len()
                    && function.params.iter().zip(params).all(|(a, b)| same(a, b))
                    && function.ret.map(|ty| program.canonical(ty)) == ret.map(|ty| program.canonical(ty))
            }
            _ => false,
        }
    }

    /// The slot of a module variable, if it has a value.
    pub(super) fn global_value(&self, id: GlobalId) -> Option<u64> {
        let (slot, marked) = (*self.globals.get(id.index())?, self.present[id.index()] != 0);
        (slot != 0 || marked).then_some(slot)
    }

    /// Allocates for the host, collecting if that is needed. `None` if there is no memory even so.
    pub(super) fn allocate(
        &mut self,
        mut make: impl FnMut(&mut Context) -> Result<u64, Fault>,
    ) -> Option<u64> {
        if let Ok(slot) = make(&mut self.context) {
            return Some(slot);
        }
        self.collect();
        self.context.heap.begin_retry();
        let slot = make(&mut self.context).ok();
        self.context.heap.end_retry();
        slot
    }

    /// An error as an object; if there is no memory for it, `Out of memory`.
    pub(super) fn error_object(&mut self, error: &RuntimeError) -> u64 {
        let object = self.allocate(|context| Ok(error_value::of(&mut context.heap, error)?.bits()));
        object.unwrap_or_else(|| immortal::out_of_memory().bits())
    }
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

    /// A literal.
    ///
    /// # Safety
    /// `index` is below the number of literals of the program.
    #[inline(always)]
    pub(super) unsafe fn literal(&self, index: usize) -> u64 {
        // SAFETY: there is an object for each literal.
        unsafe { *self.context.literals.add(index) }
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
    pub(super) fn depth_left(&self) -> u32 {
        self.context.depth
    }

    /// Sets how many calls may still be nested.
    #[inline(always)]
    pub(super) fn set_depth_left(&mut self, depth: u32) {
        self.context.depth = depth;
    }
}

// What the slow paths use.
impl Machine {
    /// The frames from the topmost one on.
    pub(super) fn frames(&self) -> Frames<'_> {
        // SAFETY: all that runs keeps the frame invariants, and `pc` and `regs` are those of the topmost frame (M2).
        unsafe { Frames::new(&self.functions, self.tier.as_deref(), self.pc, self.regs) }
    }

    /// A register of the topmost frame.
    pub(super) fn register(&self, register: usize) -> u64 {
        // SAFETY: callers name registers that the instruction at hand has for operands, which lie in the frame (V4).
        unsafe { *self.regs.add(register) }
    }

    /// The kind of a register of the topmost frame.
    pub(super) fn register_kind(&self, register: u16) -> Kind {
        let Some(Frame { func, .. }) = self.frames().next() else { return Kind::Ref };
        let registers = &self.context.program.functions[func as usize].registers;
        self.context.program.kind(registers[usize::from(register)].ty)
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
        self.set_depth_left(self.depth_left() + cost);
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
        let frames = unsafe { Frames::new(&self.functions, self.tier.as_deref(), self.pc, self.regs) };
        self.held.retain(|held| Arc::strong_count(held) > 1);
        let (functions, program, held) = (&self.functions, self.context.program.clone(), &self.held);
        let (globals, global_refs, tier) = (&self.globals, &self.global_refs, self.tier.as_deref());
        self.context.collect(|marker| {
            for frame in frames.clone() {
                if let (Some(at), Some(tier)) = (frame.native, tier) {
                    tier.references(at, &mut |slot| marker.untyped_root(slot));
                    continue;
                }
                if frame.func == NATIVE {
                    // SAFETY: the window's first registers are references (FR5).
                    marker.slots(unsafe { std::slice::from_raw_parts(frame.regs, frame.window_refs.into()) });
                    continue;
                }
                let Some(entry) = functions.get(frame.func as usize) else {
                    continue;
                };
                // SAFETY: the first registers of a frame are its references, all initialised (FR1).
                let refs = unsafe { std::slice::from_raw_parts(frame.regs, entry.refs as usize) };
                if marker.is_checking() {
                    let registers = &program.functions[frame.func as usize].registers;
                    refs.iter().zip(registers).for_each(|(&slot, register)| marker.root(slot, register.ty));
                } else {
                    marker.slots(refs);
                }
            }
            for &index in global_refs {
                marker.root(globals[index as usize], program.globals[index as usize].ty);
            }
            held.iter().for_each(|held| marker.slots(&[held.slot]));
        });
        let used = (self.top as usize - self.stack.base() as usize) / size_of::<u64>();
        self.stack.give_back(used);
        self.limit = self.stack.soft_limit();
    }
}
