//! The threaded driver: each handler ends by calling the handler of the next instruction, in tail position.
//!
//! How it works. The compiler turns such a call into a jump, as long as nothing of the caller's stack frame is needed any
//! more. So a handler consists of its body, a load of the next word and an indirect jump, with the state in three argument
//! registers. Whatever is not short is reached by calls in tail position, too ([`out`]), so that handlers have no
//! prologue. A handler loads its word again rather than getting it as an argument, which measured better: the load is
//! off the critical path, and an argument register less is alive.
//!
//! Stable Rust does not promise the jump. [`works`] runs two probes one after the other and compares their stack
//! depths; if they differ, the loop driver is used. The tests put a probe before and behind each operation.

use crate::bytecode::with_ops;

use super::code::Code;
use super::slow::slow;
use super::{Cpu, FAILED, Flow, Handler, Machine, Why};

/// A handler of the threaded driver: the instruction's address, the registers, the machine.
type Thread = unsafe extern "C" fn(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32;

macro_rules! table {
    (() $($name:ident)*) => {
        static TABLE: [Thread; Code::COUNT] = [$(thread::<super::families::$name>,)* halt, probe];
    };
}
with_ops!(table, ());

/// Calls the handler of the instruction at `$pc`.
macro_rules! dispatch {
    ($pc:expr, $regs:expr, $machine:expr) => {{
        let pc = $pc;
        // SAFETY: `pc` points at an instruction (IN1).
        let word = unsafe { *pc };
        // SAFETY: the verifier accepts no operation beyond the table (V1).
        let next = unsafe { *TABLE.get_unchecked(usize::from(word as u16)) };
        // SAFETY: the handler is that of the instruction at `pc`; IN1 and IN2 hold.
        unsafe { next(pc, $regs, $machine) }
    }};
}

/// Executes an instruction of operation `H`, then what follows.
unsafe extern "C" fn thread<H: Handler>(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32 {
    // SAFETY: IN1 and IN2 hold for `pc` and `regs`.
    let mut cpu = unsafe { Cpu::at(pc, regs) };
    // SAFETY: the table leads here from instructions of `H` only.
    match unsafe { H::run(&mut cpu, machine) } {
        Flow::Next => dispatch!(cpu.pc, cpu.regs, machine),
        // SAFETY: the state is that of the instruction, which has had no effect.
        Flow::Long => unsafe { long::<H>(pc, regs, machine) },
        // SAFETY: likewise.
        Flow::Heavy => unsafe { heavy::<H>(pc, regs, machine) },
        // SAFETY: likewise.
        Flow::Slow(why) => unsafe { out(pc, regs, machine, why) },
    }
}

/// Executes an instruction of operation `H` by its long body, then what follows.
#[inline(never)]
unsafe extern "C" fn long<H: Handler>(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32 {
    // SAFETY: IN1 and IN2 hold for `pc` and `regs`.
    let mut cpu = unsafe { Cpu::at(pc, regs) };
    // SAFETY: the instruction at `pc` is one of `H`.
    match unsafe { H::long(&mut cpu, machine) } {
        Flow::Next => dispatch!(cpu.pc, cpu.regs, machine),
        // SAFETY: the state is that of the instruction, which has had no effect.
        Flow::Slow(why) => unsafe { out(pc, regs, machine, why) },
        Flow::Long | Flow::Heavy => unreachable!("long bodies do all there is"),
    }
}

/// Executes the heavy part of an instruction of operation `H`, then what follows.
#[inline(never)]
unsafe extern "C" fn heavy<H: Handler>(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32 {
    let behind = pc.wrapping_add(1);
    let words = match H::HEAVY {
        // SAFETY: the instruction at `pc` is one of `H`.
        Some(part) => unsafe { part(behind, regs, machine) },
        None => unreachable!("an operation without heavy part asked for it"),
    };
    if words == FAILED {
        // SAFETY: a heavy part that fails has had no effect.
        return unsafe { out(pc, regs, machine, Why::Fault) };
    }
    dispatch!(behind.wrapping_offset(words), regs, machine)
}

/// Leaves an instruction by way of [`slow`], and goes on or returns.
#[cold]
#[inline(never)]
unsafe extern "C" fn out(pc: *const u64, regs: *mut u64, machine: &mut Machine, why: Why) -> u32 {
    // SAFETY: as for the callers.
    if unsafe { slow(why, pc, regs, machine) } { dispatch!(machine.pc, machine.regs, machine) } else { 0 }
}

unsafe extern "C" fn halt(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32 {
    // SAFETY: the run's last instruction is at hand.
    unsafe { out(pc, regs, machine, Why::Halt) }
}

unsafe extern "C" fn probe(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> u32 {
    // SAFETY: a probe is at hand.
    unsafe { out(pc, regs, machine, Why::Probe) }
}

/// Runs until the program halts or stops, which `machine` tells.
///
/// # Safety
/// IN1 and IN2 hold for `machine.pc` and `machine.regs`.
#[inline(never)]
pub(in crate::vm) unsafe fn run(machine: &mut Machine) {
    let (pc, regs) = (machine.pc, machine.regs);
    dispatch!(pc, regs, machine);
}
