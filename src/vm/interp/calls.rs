//! Calls and returns. A call pushes a frame and goes on in the callee; nothing recurses in Rust.

use super::super::frame::{DEST_SHIFT, FuncEntry, HEADER_SLOTS, header_of};
use super::cpu::opaque;
use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// How many arguments an argument word has, and a plain call at most.
pub(in crate::vm) const PLAIN_ARGUMENTS: u32 = 4;

/// Checks what a call needs, and takes depth and stack for it. Gives the registers of the new frame; or why not, before
/// anything was changed but the counter.
#[inline(always)]
fn reserve(machine: &mut Machine, entry: &FuncEntry) -> Result<*mut u64, Why> {
    if machine.poll() != 0 {
        return Err(Why::Poll);
    }
    // SAFETY: the verifier has bounded the counter of each function (V2).
    if unsafe { machine.count_down(entry.counter as usize) } {
        return Err(Why::Hot);
    }
    let Some(depth_left) = machine.depth_left().checked_sub(entry.cost) else {
        return Err(Why::Depth);
    };
    let header = machine.top;
    let top = header.wrapping_add(entry.frame_slots as usize);
    if top > machine.limit {
        return Err(Why::Stack);
    }
    machine.set_depth_left(depth_left);
    machine.top = top;
    Ok(header.wrapping_add(HEADER_SLOTS))
}

/// Writes the header of a new frame, whose registers are filled, and goes to the callee's first instruction.
#[inline(always)]
fn enter(cpu: &mut Cpu, entry: &FuncEntry, regs: *mut u64, words: usize) {
    let frame = header_of(regs);
    // SAFETY: the header precedes the registers, in the part of the stack that `reserve` took (ST1).
    unsafe {
        (&raw mut (*frame).ret).write(cpu.pc.wrapping_add(words));
        (&raw mut (*frame).caller).write(cpu.regs);
        // Function, cost and destination are one word.
        (&raw mut (*frame).func).cast::<u64>().write(entry.tag | (cpu.a() as u64) << DEST_SHIFT);
    }
    cpu.pc = entry.code;
    cpu.regs = regs;
}

/// A call with one argument word of a function whose references are all parameters: so the parameters are the first
/// registers, in the order of the arguments, and there is nothing to null. `closure` is the function value that is called, which is
/// the first parameter if the function has one for it.
#[inline(always)]
fn call_plain(cpu: &mut Cpu, machine: &mut Machine, entry: &FuncEntry, closure: Option<u64>) -> Flow {
    let regs = match reserve(machine, entry) {
        Ok(regs) => regs,
        Err(why) => return Flow::Slow(why),
    };
    let mut first = regs;
    if let Some(closure) = closure {
        // SAFETY: the slot lies in the part of the stack that `reserve` took, or right behind it (ST1, ST2).
        unsafe { *first = closure };
        first = first.wrapping_add(usize::from(entry.has_closure));
    }
    // All lanes of the word: those without an argument are 0, so this copies junk into scalar registers that are not
    // assigned yet, or into the slots behind the frame, which are mapped (ST2) and nobody's.
    for lane in 0..PLAIN_ARGUMENTS as usize {
        // SAFETY: see above. That the caller may have no register 0 does not matter: its slot is mapped.
        unsafe { *first.add(lane) = cpu.read(cpu.argument(lane)) };
    }
    enter(cpu, entry, regs, 1);
    Flow::Next
}

/// Any call. `closure` is the hidden first argument of a function value, which has none in the argument words.
#[inline(always)]
fn call_any(
    cpu: &mut Cpu,
    machine: &mut Machine,
    entry: &FuncEntry,
    words: usize,
    closure: Option<u64>,
) -> Flow {
    let regs = match reserve(machine, entry) {
        Ok(regs) => regs,
        Err(why) => return Flow::Slow(why),
    };
    let (refs, ref_params) = (entry.refs as usize, entry.ref_params as usize);
    let hidden = usize::from(closure.is_some());
    let ref_args = ref_params - hidden;
    // SAFETY: all of these are registers of the callee (P3), in the part of the stack that `reserve` took (ST1); the
    // instruction has as many arguments as the callee takes (V4).
    unsafe {
        if let Some(closure) = closure {
            *regs = closure;
        }
        cpu.copy_arguments(0, regs.add(hidden), ref_args);
        let (mut slot, end) = (regs.add(ref_params), regs.add(refs));
        while slot != end {
            *slot = 0;
            slot = opaque(slot.wrapping_add(1));
        }
        cpu.copy_arguments(ref_args, regs.add(refs), entry.scalar_params as usize);
    }
    enter(cpu, entry, regs, words);
    Flow::Next
}

/// Pops the topmost frame. Gives the register that takes the result.
#[inline(always)]
fn leave(cpu: &mut Cpu, machine: &mut Machine) -> usize {
    let frame = header_of(cpu.regs);
    // SAFETY: the topmost frame has a header (IN2), and was entered from the frame that it names (FR2, FR3).
    let header = unsafe { *frame };
    machine.top = frame.cast();
    machine.set_depth_left(machine.depth_left() + u32::from(header.cost));
    cpu.pc = header.ret;
    cpu.regs = header.caller;
    usize::from(header.dest)
}

pub(in crate::vm) struct Call;

impl Handler for Call {
    #[inline(always)]
    unsafe fn run(cpu: &mut Cpu, machine: &mut Machine) -> Flow {
        // SAFETY: the operand is below the number of functions (V2).
        let entry = unsafe { machine.function(cpu.index()) };
        if entry.plain { call_plain(cpu, machine, entry, None) } else { Flow::Long }
    }

    #[inline(always)]
    unsafe fn long(cpu: &mut Cpu, machine: &mut Machine) -> Flow {
        // SAFETY: the operand is below the number of functions (V2).
        let entry = unsafe { machine.function(cpu.index()) };
        let arguments = (entry.ref_params + entry.scalar_params) as usize;
        call_any(cpu, machine, entry, arguments.div_ceil(4), None)
    }
}

pub(in crate::vm) struct CallValue;

impl Handler for CallValue {
    #[inline(always)]
    unsafe fn run(cpu: &mut Cpu, machine: &mut Machine) -> Flow {
        let value = cpu.ref_b();
        // SAFETY: `b` is a function value, and those are made of functions that exist.
        let entry = unsafe { machine.function(value.aux() as usize) };
        if entry.plain_value { call_plain(cpu, machine, entry, Some(value.bits())) } else { Flow::Long }
    }

    #[inline(always)]
    unsafe fn long(cpu: &mut Cpu, machine: &mut Machine) -> Flow {
        let value = cpu.ref_b();
        // SAFETY: `b` is a function value, and those are made of functions that exist.
        let entry = unsafe { machine.function(value.aux() as usize) };
        let words = cpu.c().div_ceil(4);
        call_any(cpu, machine, entry, words, entry.has_closure.then_some(value.bits()))
    }
}

ops! {
    Ret(cpu, machine) {
        let value: u64 = cpu.get_a();
        let dest = leave(cpu, machine);
        // A register of the caller: that of a call which has a result (V4), or the slot of a host frame.
        cpu.write(dest, value);
        Flow::Next
    }
    RetVoid(cpu, machine) {
        leave(cpu, machine);
        Flow::Next
    }
}
