//! Calls and returns. A call pushes a frame and goes on in the callee; nothing recurses in Rust.

use super::super::frame::{DEST_SHIFT, FuncEntry, HEADER_SLOTS, header_of};
use super::{Cpu, Flow, Handler, Machine, Why, ops};

/// Pushes the frame of a call and goes to the callee's first instruction.
///
/// The arguments are read through `argument`, by their index in the argument words; `closure` is the hidden first one of a
/// function value, which has none there. Returns why not, before anything was changed but the counter.
#[inline(always)]
fn enter(cpu: &mut Cpu, machine: &mut Machine, entry: &FuncEntry, words: usize, closure: Option<u64>) -> Flow {
    if machine.poll() != 0 {
        return Flow::Slow(Why::Poll);
    }
    let Some(depth_left) = machine.depth_left().checked_sub(entry.cost) else {
        return Flow::Slow(Why::Depth);
    };
    let header = machine.top;
    let top = header.wrapping_add(entry.frame_slots as usize);
    if top > machine.limit {
        return Flow::Slow(Why::Stack);
    }
    // SAFETY: the verifier has bounded the counter of each function (V2).
    if unsafe { machine.count_down(entry.counter as usize) } {
        return Flow::Slow(Why::Hot);
    }
    machine.set_depth_left(depth_left);
    machine.top = top;

    let regs = header.wrapping_add(HEADER_SLOTS);
    let (refs, ref_params) = (entry.refs as usize, entry.ref_params as usize);
    // The register at `index` of the new frame, which lies below `top`, hence in the mapped stack (ST1).
    // SAFETY: `index` is below the number of registers of the callee wherever this is called: parameters and references
    // are registers (P3), and the header precedes them.
    let put = |index: usize, value: u64| unsafe { regs.add(index).write_volatile(value) };
    // Argument `index` has a register in the words of the instruction (V1).
    let mut hidden = 0;
    if let Some(closure) = closure {
        put(0, closure);
        hidden = 1;
    }
    let mut next = 0;
    for index in hidden..ref_params {
        put(index, cpu.read(cpu.argument(next)));
        next += 1;
    }
    // The stores are volatile since a loop of plain ones becomes a call of `memset`, which costs more than a short frame.
    for index in ref_params..refs {
        put(index, 0);
    }
    for index in refs..refs + entry.scalar_params as usize {
        put(index, cpu.read(cpu.argument(next)));
        next += 1;
    }
    let frame = header_of(regs);
    // SAFETY: the header lies in the mapped stack, see above.
    unsafe {
        (&raw mut (*frame).ret).write(cpu.pc.wrapping_add(words));
        (&raw mut (*frame).caller).write(cpu.regs);
        // Function, cost and destination are one word.
        (&raw mut (*frame).func).cast::<u64>().write(entry.tag | (cpu.a() as u64) << DEST_SHIFT);
    }
    cpu.pc = entry.code;
    cpu.regs = regs;
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

ops! {
    Call(cpu, machine) {
        // SAFETY: the operand is below the number of functions (V2).
        let entry = unsafe { machine.function(cpu.index()) };
        let words = (entry.ref_params + entry.scalar_params) as usize;
        enter(cpu, machine, entry, words.div_ceil(4), None)
    }
    CallValue(cpu, machine) {
        let value = cpu.ref_b();
        // SAFETY: `b` is a function value, and those are made of functions that exist.
        let entry = unsafe { machine.function(value.aux() as usize) };
        let words = cpu.c().div_ceil(4);
        enter(cpu, machine, entry, words, entry.has_closure.then_some(value.bits()))
    }
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
