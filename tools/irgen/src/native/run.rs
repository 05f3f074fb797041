//! A run: entering the code, what its calls outside and its stubs lead to, and how it ends.

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::Range;
use std::ptr;
use std::sync::Arc;

use orus::code::CodeCache;
use orus::codegen::SlotPlace;
use orus::codegen::runtime::{
    CodeMap, Ended, Entry, FrameRef, Linked, MachineState, Outcall, Thunk, slot_bits,
};
use orus::ir::eval::{Called, Frame, Host, Left, Memory, Object, Outcome, Slot, Value};
use orus::ir::module::{Convention, Effects, Module};
use orus::ir::types::{Func, Kind, Symbol};

use super::memory::{pull, push, read, set_timer, write};
use crate::backend::Observed;
use crate::host::World;
use crate::plan::{self, CURSORS, TABLE};
use crate::program::Program;

/// The number of the register that has the depth.
const DEPTH: usize = 14;
/// Processor time for a program, in seconds.
const PATIENCE: i64 = 5;

/// The places in a thunk that walkers know.
#[derive(Clone, Copy)]
pub(super) struct Landing {
    /// Where the function returns to.
    pub(super) back: u64,
    pub(super) landing: u64,
    pub(super) frame_bytes: u64,
}

/// A program in the cache.
pub(super) struct LinkedProgram {
    pub(super) code: CodeMap,
    pub(super) addresses: Vec<u64>,
    pub(super) thunk: u64,
    pub(super) landing: Landing,
}

/// What handlers need of the run.
pub(super) struct Run<'a> {
    program: &'a Program,
    module: &'a Module,
    world: World<'a>,
    memory: Memory,
    code: CodeMap,
    pub(super) landing: Landing,
    /// Addresses of objects that are there from the beginning.
    known: BTreeSet<u64>,
    outcome: Option<Outcome>,
    error: Option<String>,
    polls: u64,
    collections: (u64, u64),
    /// The entry, and the addresses at which the stack may be: for the handler of signals.
    pub(super) entry: u64,
    pub(super) stacks: [Range<u64>; 2],
    pub(super) cache: Range<u64>,
    /// The signal that ended the run, the instruction, and the address that it had.
    pub(super) fault: Option<(i32, u64, u64)>,
}

thread_local! {
    static RUN: Cell<*mut Run<'static>> = const { Cell::new(ptr::null_mut()) };
}

/// Runs a program that is in the cache.
pub(super) fn run(
    cache: &CodeCache,
    program: &Program,
    module: &Module,
    linked: LinkedProgram,
    stack: Range<u64>,
    collections: &mut (u64, u64),
) -> Result<Observed, String> {
    let mut memory = program.memory.clone();
    for (number, &address) in linked.addresses.iter().enumerate() {
        let at = plan::BASE + TABLE as u64 + 8 * number as u64;
        memory.store(at, 8, address).map_err(|_| "there is no table".to_owned())?;
    }
    // The word that polls test.
    memory.store(plan::BASE, 4, 1).map_err(|_| "there is no context".to_owned())?;
    push(&memory);
    let mut entry = Entry {
        callee: linked.addresses[program.entry.index()],
        context: plan::BASE,
        depth: program.depth,
        stack_top: if program.seed.is_multiple_of(3) { 0 } else { stack.end },
        arguments: ptr::null(),
        result: [0; 4],
    };
    let here = (&raw const entry).addr() as u64;
    let mut known = BTreeSet::new();
    known.extend(program.plan.layouts.iter().flat_map(|layout| layout.objects.iter().copied()));
    known.extend(program.plan.arrays.iter().flat_map(|array| [array.object, array.store]));
    let mut state = Run {
        program,
        module,
        world: World::new(program),
        memory,
        code: linked.code,
        landing: linked.landing,
        known,
        outcome: None,
        error: None,
        polls: 0,
        collections: (0, 0),
        entry: here,
        stacks: [stack, here.saturating_sub(1 << 20)..here + (1 << 16)],
        cache: cache.range(),
        fault: None,
    };
    RUN.set((&raw mut state).cast());
    // SAFETY: the address is that of a thunk for the signature.
    let thunk: Thunk =
        unsafe { std::mem::transmute(ptr::with_exposed_provenance::<()>(linked.thunk as usize)) };
    set_timer(PATIENCE);
    // SAFETY: if the code is right, it touches only the program's memory. If it is not, this process is there to show that.
    let ended = unsafe { thunk(&mut entry) };
    set_timer(0);
    RUN.set(ptr::null_mut());
    collections.0 += state.collections.0;
    collections.1 += state.collections.1;
    if let Some((signal, pc, address)) = state.fault {
        let place = match state.code.function_at(pc + 1) {
            Some(function) => format!("{}+{:#x}", function.name, pc - function.range.start),
            None => format!("{pc:#x}"),
        };
        return Err(format!("signal {signal} at {place}, for the address {address:#x}"));
    }
    if let Some(error) = state.error {
        return Err(error);
    }
    let outcome = match state.outcome {
        Some(outcome) if ended == Ended::Resumed as u64 => outcome,
        None if ended == Ended::Returned as u64 => {
            let signature = module.signature(program.entry);
            Outcome::Returned(match signature.result.kind {
                Kind::None => None,
                kind => Some(value(kind, entry.result)),
            })
        }
        outcome => return Err(format!("it ended as {ended}, with {outcome:?}")),
    };
    if entry.depth as u32 != program.depth as u32 {
        return Err(format!(
            "N1: the depth is {} at the end, not {}",
            entry.depth as u32 as i32, program.depth
        ));
    }
    pull(&mut state.memory);
    Ok(Observed {
        outcome,
        memory: state.memory,
        log: state.world.log,
        polls: state.world.polls,
        own_frames_only: true,
    })
}

/// A value of a kind.
fn value(kind: Kind, words: [u64; 4]) -> Value {
    if kind.is_vector() {
        let mut bytes = [0; 32];
        for (chunk, word) in bytes.chunks_exact_mut(8).zip(words) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        Value::Vector(bytes)
    } else {
        Value::Bits(kind.canonical(words[0]))
    }
}

/// The run of this thread, if there is one.
pub(super) fn current_or_none() -> *mut Run<'static> {
    RUN.get()
}

/// The run of this thread.
fn current() -> &'static mut Run<'static> {
    // SAFETY: handlers run only while the run is there, one at a time.
    unsafe { &mut *RUN.get() }
}

pub(super) extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    let run = current();
    let left = run.left(state);
    run.end(state, 0, left.map(Outcome::Left));
    0
}

pub(super) extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    let run = current();
    let mut regs = state.ints;
    let caught = run.walk(state.pc, state.fp, &mut regs, |frame, _| frame.handler().is_some());
    match caught {
        Ok(Some(frame)) => {
            state.ints = regs;
            state.resume_pc = frame.handler().unwrap_or(0);
            state.resume_sp = frame.sp();
            state.resume_fp = frame.fp;
        }
        Ok(None) => run.end(state, 0, Ok(Outcome::Raised)),
        Err(why) => run.end(state, 0, Err(why)),
    }
    0
}

pub(super) extern "C" fn on_deep(state: &mut MachineState) -> u64 {
    // The function has counted itself, and was not entered.
    current().end(state, 1, Ok(Outcome::TooDeep(Symbol(1))));
    0
}

pub(super) extern "C" fn on_poll(state: &mut MachineState) -> u64 {
    let run = current();
    run.polls += 1;
    let leaves = run.world.poll();
    if run.polls < 40 || run.polls.is_multiple_of(16) {
        run.collect(state.pc, state.fp, &[]);
    }
    u64::from(leaves)
}

pub(super) extern "C" fn on_allocate(_: &mut MachineState) -> u64 {
    0
}

pub(super) extern "C" fn on_outcall(call: &mut Outcall) -> u64 {
    let run = current();
    let func = Func(call.number as u32);
    let signature = run.module.signature(func);
    let mut arguments = Vec::new();
    for (index, ty) in signature.params.iter().enumerate() {
        // SAFETY: there are as many arguments as the signature has; none is a vector.
        let bits = unsafe { call.arguments.add(index).read() };
        let canonical = ty.kind.canonical(bits);
        if signature.convention == Convention::Orus && canonical != bits {
            run.fail(format!("N3: argument {index} of {} is {bits:#x}", run.module.funcs[func.index()].name));
        }
        arguments.push(Value::Bits(canonical));
    }
    if signature.convention == Convention::Orus && call.context != plan::BASE {
        run.fail(format!("the context is {:#x}", call.context));
    }
    pull(&mut run.memory);
    let called = run.world.call(func, &arguments, &mut run.memory);
    push(&run.memory);
    let result = match called {
        Called::Returned(value) => value.map_or(0, |value| value.bits()),
        Called::Raised => 0,
    };
    call.result[0] = result;
    if run.module.funcs[func.index()].effects.contains(Effects::COLLECTS) {
        let mut roots: Vec<u64> = Vec::new();
        let references = signature.params.iter().zip(&arguments).filter(|(ty, _)| ty.kind == Kind::Ref);
        roots.extend(references.map(|(_, value)| value.bits()));
        if signature.result.kind == Kind::Ref {
            roots.push(result);
        }
        run.collect(call.pc, call.fp, &roots);
    }
    u64::from(called == Called::Raised)
}

impl Run<'_> {
    fn fail(&mut self, why: String) {
        self.error.get_or_insert(why);
    }

    /// Visits frames from the innermost on, up to one for which `stop` holds; none if there is no such. `regs` are as they were in the
    /// frame that is visited, as far as callees save them; the depth is counted.
    fn walk(
        &self,
        mut pc: u64,
        mut fp: u64,
        regs: &mut [u64; 32],
        mut stop: impl FnMut(&FrameRef, &[u64; 32]) -> bool,
    ) -> Result<Option<FrameRef>, String> {
        for _ in 0..100_000 {
            if pc == self.landing.back {
                return Ok(None);
            }
            let frame =
                self.code.frame_at(pc, fp).ok_or_else(|| format!("N1: {pc:#x} is no return address"))?;
            if stop(&frame, regs) {
                return Ok(Some(frame));
            }
            unwind(&frame.function, fp, regs);
            (pc, fp) = (read(fp.wrapping_add(8)), read(fp));
        }
        Err("N1: the frames do not end".to_owned())
    }

    /// The thunk's frame pointer, as seen from a frame.
    fn base(&self, mut pc: u64, mut fp: u64, regs: &mut [u64; 32]) -> Result<u64, String> {
        let mut last = fp;
        self.walk(pc, fp, regs, |frame, _| {
            last = frame.fp;
            false
        })?;
        if pc == self.landing.back {
            return Ok(fp);
        }
        (pc, fp) = (read(last.wrapping_add(8)), read(last));
        if pc == self.landing.back { Ok(fp) } else { Err("N1: the last frame is not the thunk's".to_owned()) }
    }

    /// Ends the run: goes on at the thunk's landing.
    fn end(&mut self, state: &mut MachineState, counted: u64, outcome: Result<Outcome, String>) {
        let mut regs = state.ints;
        regs[DEPTH] = regs[DEPTH].wrapping_add(counted);
        let base = match &outcome {
            // The function that was left waits at no safepoint, but returns to one.
            Ok(Outcome::Left(_)) => match self.code.function_at(state.pc) {
                Some(function) => {
                    unwind(function, state.fp, &mut regs);
                    self.base(read(state.fp.wrapping_add(8)), read(state.fp), &mut regs)
                }
                None => Err(format!("N1: {:#x} is no exit", state.pc)),
            },
            _ => self.base(state.pc, state.fp, &mut regs),
        };
        match outcome {
            Ok(outcome) => self.outcome = Some(outcome),
            Err(why) => self.fail(why),
        }
        match base {
            Ok(base) => {
                state.ints = regs;
                state.resume_pc = self.landing.landing;
                state.resume_fp = base;
                state.resume_sp = base.wrapping_sub(self.landing.frame_bytes);
            }
            Err(why) => {
                // There is nowhere to go: the handler of signals knows how to get out.
                self.fail(why);
                state.resume_pc = self.cache.start;
                state.resume_fp = state.fp;
                state.resume_sp = state.fp;
                self.outcome = None;
            }
        }
    }

    /// What is known where a function is left.
    fn left(&self, state: &MachineState) -> Result<Left, String> {
        let function =
            self.code.function_at(state.pc).ok_or_else(|| format!("{:#x} is no exit", state.pc))?;
        let exit = function.exit(state.number).ok_or_else(|| format!("there is no exit {}", state.number))?;
        let tables = &function.tables;
        let slots = |range: &Range<u32>| -> Vec<Slot> {
            let places = &tables.exit_slots[range.start as usize..range.end as usize];
            let slot = |&place: &SlotPlace| match place {
                SlotPlace::Removed(object) => Slot::Object(object),
                SlotPlace::Dead => Slot::Dead,
                SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => {
                    let words = slot_bits(place, state, read).unwrap_or_default();
                    Slot::Value(kind, value(kind, words))
                }
            };
            places.iter().map(slot).collect()
        };
        let frames = tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize].iter();
        let frames: Vec<Frame> = frames
            .map(|frame| Frame {
                function: frame.function,
                position: frame.position,
                slots: slots(&frame.slots),
            })
            .collect();
        let objects = tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize].iter();
        let objects =
            objects.map(|object| Object { layout: object.layout, slots: slots(&object.slots) }).collect();
        Ok(Left { reason: exit.reason, own: frames.len(), frames, objects })
    }

    /// N2: looks at all that the maps list, and overwrites objects that nothing leads to.
    fn collect(&mut self, pc: u64, fp: u64, roots: &[u64]) {
        let mut work: Vec<u64> = roots.to_vec();
        let mut listed = 0;
        let walked = self.walk(pc, fp, &mut [0; 32], |frame, _| {
            for slot in frame.references() {
                listed += 1;
                work.push(read(slot));
            }
            false
        });
        if let Err(why) = walked {
            return self.fail(why);
        }
        self.collections.0 += 1;
        self.collections.1 += listed;
        work.extend(self.program.plan.references().map(|(slot, _)| read(slot)));
        let mut marked = BTreeSet::new();
        let mut error = None;
        while let Some(object) = work.pop() {
            if object == 0 || self.known.contains(&object) || !marked.insert(object) {
                continue;
            }
            let of = self.program.plan.layouts.iter().find(|layout| {
                let size = 8 + 8 * layout.fields.len() as u64;
                let at = object.wrapping_sub(layout.run.0);
                at < layout.run.1 && at.is_multiple_of(size)
            });
            match of {
                Some(layout) if read(object) == layout.header => {
                    work.extend((0..layout.references as u64).map(|field| read(object + 8 + 8 * field)));
                }
                _ => error = Some(format!("N2: {object:#x} is no object at a safepoint")),
            }
        }
        if let Some(error) = error {
            return self.fail(error);
        }
        for (index, layout) in self.program.plan.layouts.iter().enumerate() {
            let size = 8 + 8 * layout.fields.len() as u64;
            let cursor = read(plan::BASE + CURSORS as u64 + 16 * index as u64);
            let mut object = layout.run.0;
            while object < cursor {
                if !marked.contains(&object) {
                    for word in 0..size / 8 {
                        write(object + 8 * word, 0xdbdb_dbdb_dbdb_dbdb);
                    }
                }
                object += size;
            }
        }
    }
}

/// Leaves a frame: registers that its function has saved are as they were.
fn unwind(function: &Arc<Linked>, fp: u64, regs: &mut [u64; 32]) {
    for &(reg, offset) in &function.tables.saved {
        regs[reg.number() as usize] = read(fp.wrapping_add_signed(offset.into()));
    }
    if function.tables.checks_depth {
        regs[DEPTH] = regs[DEPTH].wrapping_add(1);
    }
}
