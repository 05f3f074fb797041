//! Ways out of native code: what its stubs call.
//!
//! Each handler finds the machine by the context register (JT1), pushes a boundary frame for where native code waits, lets the machine
//! do what is to be done, and says in the state where to go on. Nothing here unwinds.
#![allow(unsafe_code, reason = "frames of native code are read, and the machine is found by its address")]

use std::ptr;

use smallvec::SmallVec;

use crate::bytecode::FuncId;
use crate::codegen::runtime::{MachineState, Outcall, slot_bits};
use crate::codegen::x64::{CONTEXT, DEPTH};
use crate::codegen::{ExitFrame, SlotPlace};
use crate::ir::Kind;
use crate::vm::native::{Ending, Machine, NativeFrame, Stepped};

use super::runtime::{Runtime, STEP, UnitCode, VALUE_CALL};
use super::tier::{Lazy, canonical};
use super::unit::{Entry, Status, kind_of};

/// Registers with their contents.
type Slots = SmallVec<[u64; 8]>;

/// The address of a handler.
pub(super) fn address(handler: extern "C" fn(&mut MachineState) -> u64) -> u64 {
    handler as usize as u64
}

/// The address of the handler of calls.
pub(super) fn outcall_address() -> u64 {
    on_outcall as extern "C" fn(&mut Outcall) -> u64 as usize as u64
}

/// Reads a word of a frame of native code.
pub(super) fn slot(address: u64) -> u64 {
    // SAFETY: addresses come from frame pointers and tables, of frames that exist (JT2).
    unsafe { ptr::with_exposed_provenance::<u64>(address as usize).read() }
}

/// The frame below.
pub(super) fn caller_of(at: NativeFrame) -> NativeFrame {
    NativeFrame { pc: slot(at.fp.wrapping_add(8)), fp: slot(at.fp) }
}

/// The machine whose address is in the context register, and its runtime.
fn parties<'a>(context: u64) -> (&'a mut Machine, &'a Runtime) {
    // SAFETY: native code runs for the machine whose address is there (JT1). Whoever entered it has lent it out, and does not look at it
    // until native code is left.
    let machine = unsafe { &mut *ptr::with_exposed_provenance_mut::<Machine>(context as usize) };
    let runtime: *const Runtime = machine
        .tier()
        .and_then(|tier| tier.as_any().downcast_ref::<Lazy>()?.runtime())
        .expect("JT1: the machine has the runtime whose code runs");
    // SAFETY: the tier stays where it is while code runs.
    (machine, unsafe { &*runtime })
}

fn of_state<'a>(state: &MachineState) -> (&'a mut Machine, &'a Runtime) {
    let (machine, runtime) = parties(state.ints[CONTEXT.number() as usize]);
    machine.set_depth(depth_of(state));
    (machine, runtime)
}

fn depth_of(state: &MachineState) -> u32 {
    state.ints[DEPTH.number() as usize] as u32
}

fn set_depth(state: &mut MachineState, depth: u32) {
    state.ints[DEPTH.number() as usize] = depth.into();
}

/// Goes on where the error is handled that waits in the machine, or where the run's ending is passed on: in the frame at `at`, in one below, or
/// in the interpreter.
fn pass_on(
    machine: &mut Machine,
    runtime: &Runtime,
    state: &mut MachineState,
    mut at: NativeFrame,
    ending: Ending,
) {
    let raises = ending == Ending::Raised;
    let mut depth = depth_of(state);
    while let Some((frame, unit)) = runtime.frame_at(at) {
        if raises && let Some(handler) = frame.handler() {
            state.resume_pc = handler;
            state.resume_sp = frame.sp();
            state.resume_fp = frame.fp;
            set_depth(state, depth);
            return;
        }
        depth += u32::from(unit.cost);
        at = caller_of(at);
    }
    let thunk = runtime.thunk_at(at.pc).expect("JT2: frames lead to a thunk");
    machine.set_ending(ending);
    state.resume_pc = thunk.landing;
    state.resume_fp = at.fp;
    state.resume_sp = at.fp.wrapping_sub(thunk.frame_bytes);
    set_depth(state, depth);
}

pub(super) extern "C" fn on_poll(state: &mut MachineState) -> u64 {
    let (machine, _) = of_state(state);
    let at = NativeFrame { pc: state.pc, fp: state.fp };
    // Without room for the frame, the interpreter polls.
    let Some(boundary) = machine.push_boundary(at, &[], &[], 0) else { return 1 };
    let leaves = machine.native_poll();
    machine.pop_boundary(boundary);
    leaves.into()
}

pub(super) extern "C" fn on_allocate(state: &mut MachineState) -> u64 {
    let (machine, runtime) = of_state(state);
    let unit = runtime.unit_at(state.pc).expect("JT2: the function is known");
    let layout = &unit.layouts[state.number as usize];
    let (ty, aux) = (layout.header as u32, (layout.header >> 32) as u32);
    // An allocation is no safepoint: where a collection is needed, the interpreter makes the object.
    machine.allocate_uncollected(ty, aux, layout.references + layout.scalars).unwrap_or(0)
}

pub(super) extern "C" fn on_raise(state: &mut MachineState) -> u64 {
    let (machine, runtime) = of_state(state);
    let ending = machine.take_ending();
    let at = NativeFrame { pc: state.pc, fp: state.fp };
    pass_on(machine, runtime, state, at, ending);
    0
}

pub(super) extern "C" fn on_deep(state: &mut MachineState) -> u64 {
    // The function has counted itself, and was not entered.
    let depth = depth_of(state).wrapping_add(1);
    set_depth(state, depth);
    let (machine, runtime) = of_state(state);
    let at = NativeFrame { pc: state.pc, fp: state.fp };
    let ending = match machine.push_boundary(at, &[], &[], 0) {
        Some(boundary) => {
            let ending = machine.raise_too_deep();
            machine.pop_boundary(boundary);
            ending
        }
        None => machine.raise_too_deep(),
    };
    pass_on(machine, runtime, state, at, ending);
    0
}

extern "C" fn on_outcall(call: &mut Outcall) -> u64 {
    let (machine, runtime) = parties(call.context);
    machine.set_depth(call.depth as u32);
    let at = NativeFrame { pc: call.pc, fp: call.fp };
    if call.number == STEP {
        call.result[0] = step(machine, runtime, at, call.arguments) as i64 as u64;
        return 0;
    }
    let func = FuncId(call.number as u32);
    let program = machine.shared_program();
    let function = &program.functions[func.index()];
    let (refs, ref_params) = (function.refs as usize, function.ref_params as usize);
    let scalars = &function.registers[refs..refs + function.scalar_params as usize];
    let skipped = usize::from(call.number & VALUE_CALL != 0);
    let params = function.registers[..ref_params].iter().chain(scalars).enumerate();
    let args: Slots = params
        .map(|(index, register)| {
            // SAFETY: the stub has stored as many arguments as the signature has.
            let bits = unsafe { call.arguments.add(skipped + index).read() };
            canonical(kind_of(program.kind(register.ty)), bits)
        })
        .collect();
    runtime.stats.borrow_mut().outcalls += 1;
    let Some(boundary) = machine.push_boundary(at, &[], &[], 1) else {
        let ending = machine.raise_too_deep();
        machine.set_ending(ending);
        return 1;
    };
    let result = runtime.call_from_native(machine, func, &args);
    machine.pop_boundary(boundary);
    match result {
        Ok(value) => {
            call.result[0] = value;
            0
        }
        Err(ending) => {
            machine.set_ending(ending);
            1
        }
    }
}

/// Has the interpreter execute an instruction.
fn step(machine: &mut Machine, runtime: &Runtime, at: NativeFrame, arguments: *const u64) -> Status {
    let (words, outs, refs, args, registers) = {
        let state = runtime.state.borrow();
        // SAFETY: the first argument is the number.
        let number = unsafe { arguments.read() };
        let step = state.steps.get(number).expect("the number is a step's");
        let words: *const [u64] = &*step.words;
        (
            words,
            step.outs.clone(),
            usize::from(step.refs),
            usize::from(step.args),
            usize::from(step.registers),
        )
    };
    // SAFETY: so many arguments follow the number.
    let args = unsafe { std::slice::from_raw_parts(arguments.add(1), args) };
    let (ref_args, scalar_args) = args.split_at(refs);
    let Some(boundary) = machine.push_boundary(at, ref_args, scalar_args, registers - args.len()) else {
        return Status::Failed;
    };
    runtime.stats.borrow_mut().steps += 1;
    // SAFETY: steps are made of verified instructions, with a register in the window for each of theirs. Their words stay where they are.
    let stepped = unsafe { machine.step(&*words, &outs) };
    machine.pop_boundary(boundary);
    match stepped {
        Stepped::Done => Status::Done,
        Stepped::Branched => Status::Branched,
        Stepped::Failed => Status::Failed,
    }
}

pub(super) extern "C" fn on_exit(state: &mut MachineState) -> u64 {
    let (machine, runtime) = of_state(state);
    let unit = runtime.unit_at(state.pc).expect("JT2: the function is known");
    unit.exits.set(unit.exits.get() + 1);
    let reason = unit.linked.exit(state.number).expect("the exit's number is one of the function's").reason;
    *runtime.stats.borrow_mut().exits.entry(reason).or_default() += 1;
    let left = Left { machine, unit: &unit, state };
    if unit.scope.entry == Entry::Function {
        leave_function(left, runtime)
    } else {
        leave_loop(left, runtime)
    }
    0
}

/// A unit that is being left.
struct Left<'a> {
    machine: &'a mut Machine,
    unit: &'a UnitCode,
    state: &'a mut MachineState,
}

impl Left<'_> {
    fn frames(&self) -> &[ExitFrame] {
        let tables = &self.unit.linked.tables;
        let exit = &tables.exits[self.state.number as usize];
        &tables.exit_frames[exit.frames.start as usize..exit.frames.end as usize]
    }

    fn places(&self, slots: &std::ops::Range<u32>) -> &[SlotPlace] {
        &self.unit.linked.tables.exit_slots[slots.start as usize..slots.end as usize]
    }

    /// A slot as the interpreter has it; `objects` are those that were made.
    fn value(&self, place: SlotPlace, objects: &[u64]) -> u64 {
        match place {
            SlotPlace::Dead => 0,
            SlotPlace::Removed(number) => objects[number as usize],
            SlotPlace::Reg(kind, _) | SlotPlace::Frame(kind, _) | SlotPlace::Const(kind, _) => {
                canonical(kind, slot_bits(place, self.state, slot).map_or(0, |words| words[0]))
            }
        }
    }

    /// The references among the slots of frames and objects.
    fn references(&self) -> Slots {
        let tables = &self.unit.linked.tables;
        let exit = &tables.exits[self.state.number as usize];
        let objects = &tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize];
        let ranges =
            self.frames().iter().map(|frame| &frame.slots).chain(objects.iter().map(|object| &object.slots));
        let places = ranges.flat_map(|range| self.places(range)).copied();
        let is_reference = |place: &SlotPlace| {
            matches!(
                place,
                SlotPlace::Reg(Kind::Ref, _)
                    | SlotPlace::Frame(Kind::Ref, _)
                    | SlotPlace::Const(Kind::Ref, _)
            )
        };
        places.filter(is_reference).map(|place| self.value(place, &[])).collect()
    }

    /// Makes the objects whose allocations were removed. A boundary frame is on top that has room for them behind `first` references.
    fn make_objects(&mut self, first: usize) -> Option<Slots> {
        let tables = &self.unit.linked.tables;
        let exit = &tables.exits[self.state.number as usize];
        let objects = &tables.exit_objects[exit.objects.start as usize..exit.objects.end as usize];
        let mut made = Slots::new();
        for object in objects {
            let layout = &self.unit.layouts[object.layout.index()];
            let (ty, aux) = (layout.header as u32, (layout.header >> 32) as u32);
            let at = self.machine.native_allocate(ty, aux, layout.references + layout.scalars)?;
            self.machine.set_window(first + made.len(), at);
            made.push(at);
        }
        for (object, &at) in objects.iter().zip(&made) {
            let places: SmallVec<[SlotPlace; 16]> = self.places(&object.slots).into();
            for (index, &place) in places.iter().enumerate() {
                let value = self.value(place, &made);
                self.machine.fill_slot(at, index as u32, value);
            }
        }
        Some(made)
    }
}

/// Writes the frame back from which a loop was entered, and returns the word at which the interpreter goes on.
fn leave_loop(mut left: Left<'_>, runtime: &Runtime) {
    // Objects that are made need a frame that keeps them until they are in the interpreter's.
    let references = left.references();
    let objects = left.unit.linked.tables.exits[left.state.number as usize].objects.len();
    let made = if objects == 0 {
        Some(Slots::new())
    } else {
        // The frame that is left is no more; the loop's caller is the thunk.
        let at = caller_of(NativeFrame { pc: 0, fp: left.state.fp });
        let mut roots = references.clone();
        roots.resize(references.len() + objects, 0);
        left.machine.push_boundary(at, &roots, &[], 0).and_then(|boundary| {
            let made = left.make_objects(references.len());
            left.machine.pop_boundary(boundary);
            made
        })
    };
    let Some(made) = made else {
        out_of_memory(left, runtime);
        return;
    };
    let frame = left.frames().last().expect("a frame state has a frame").clone();
    let places: SmallVec<[SlotPlace; 16]> = left.places(&frame.slots).into();
    for (register, &place) in places[..places.len() - 1].iter().enumerate() {
        if place != SlotPlace::Dead {
            let value = left.value(place, &made);
            left.machine.write_register(register as u16, value);
        }
    }
    left.state.ints[0] = frame.position.into();
}

/// Gives the frames of a function to the interpreter, and returns the result when it has run them.
fn leave_function(mut left: Left<'_>, runtime: &Runtime) {
    let below = caller_of(NativeFrame { pc: 0, fp: left.state.fp });
    let depth = depth_of(left.state) + u32::from(left.unit.cost);
    let references = left.references();
    let objects = left.unit.linked.tables.exits[left.state.number as usize].objects.len();
    let mut roots = references.clone();
    roots.resize(references.len() + objects, 0);
    let Some(boundary) = left.machine.push_boundary(below, &roots, &[], 1) else {
        out_of_memory(left, runtime);
        return;
    };
    let window = left.machine.registers_address();
    let ended = match left.make_objects(references.len()) {
        Some(made) => {
            let frames: SmallVec<[ExitFrame; 2]> = left.frames().into();
            let mut outer = None;
            let mut pushed = Some(());
            for frame in frames.iter().rev() {
                pushed = pushed.and(left.machine.push_left_frame(FuncId(frame.function), outer));
                if pushed.is_none() {
                    break;
                }
                let places: SmallVec<[SlotPlace; 16]> = left.places(&frame.slots).into();
                for (register, &place) in places.iter().enumerate() {
                    let value = left.value(place, &made);
                    left.machine.write_register(register as u16, value);
                }
                outer = Some(frame.position);
            }
            match (pushed, outer) {
                (Some(()), Some(word)) => left.machine.run_left(word, window),
                _ => Err(left.machine.raise_too_deep()),
            }
        }
        None => Err(left.machine.raise_out_of_memory()),
    };
    left.machine.pop_boundary(boundary);
    set_depth(left.state, depth);
    match ended {
        Ok(value) => match left.unit.signature.result.kind {
            Kind::F64 => left.state.floats[0][0] = value,
            _ => left.state.ints[0] = value,
        },
        Err(ending) => pass_on(left.machine, runtime, left.state, below, ending),
    }
}

/// There is no memory for objects that have to be made.
fn out_of_memory(left: Left<'_>, runtime: &Runtime) {
    let Left { machine, unit, state } = left;
    let depth = depth_of(state) + u32::from(unit.cost);
    set_depth(state, depth);
    let below = caller_of(NativeFrame { pc: 0, fp: state.fp });
    let ending = machine.raise_out_of_memory();
    pass_on(machine, runtime, state, below, ending);
}
