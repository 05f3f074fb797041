//! The loop driver: a match in a loop. It runs everywhere, and it is the one that can watch instructions.

use crate::bytecode::{Op, with_ops};

use super::code::Code;
use super::slow::{run_heavy, slow};
use super::{Cpu, FAILED, Flow, Handler, Machine, Why};

/// What watches a run.
pub(in crate::vm) trait Watch {
    /// An instruction is about to be executed.
    fn instruction(&mut self, op: Op);
}

/// Watches nothing.
pub(in crate::vm) struct Unwatched;

impl Watch for Unwatched {
    #[inline(always)]
    fn instruction(&mut self, _: Op) {}
}

macro_rules! looped {
    (() $($name:ident)*) => {
        /// Runs until the program halts or stops, which `machine` tells.
        ///
        /// # Safety
        /// IN1 and IN2 hold for `machine.pc` and `machine.regs`.
        pub(in crate::vm) unsafe fn run<W: Watch>(machine: &mut Machine, watch: &mut W) {
            let (mut pc, mut regs) = (machine.pc, machine.regs);
            loop {
                // SAFETY: IN1 and IN2 hold at the start, and each handler and `slow` keep them.
                let mut cpu = unsafe { Cpu::at(pc, regs) };
                // SAFETY: the word is the first of an instruction.
                let flow = match unsafe { Code::of(cpu.word()) } {
                    $(Code::$name => {
                        watch.instruction(Op::$name);
                        // SAFETY: the instruction at hand is of this operation.
                        match unsafe { super::families::$name::run(&mut cpu, machine) } {
                            // SAFETY: likewise; `run` has had no effect.
                            Flow::Long => unsafe { super::families::$name::long(&mut cpu, machine) },
                            flow => flow,
                        }
                    })*
                    Code::Halt => Flow::Slow(Why::Halt),
                    Code::Probe => Flow::Slow(Why::Probe),
                };
                match flow {
                    Flow::Next => (pc, regs) = (cpu.pc, cpu.regs),
                    Flow::Long | Flow::Heavy => {
                        // SAFETY: the body had no effect, so the instruction at `pc` is still at hand.
                        let words = unsafe { run_heavy(pc, regs, machine) };
                        if words != FAILED {
                            pc = pc.wrapping_add(1).wrapping_offset(words);
                            continue;
                        }
                        // SAFETY: neither had the heavy part.
                        if !unsafe { slow(Why::Fault, pc, regs, machine) } {
                            return;
                        }
                        (pc, regs) = (machine.pc, machine.regs);
                    }
                    Flow::Slow(why) => {
                        // SAFETY: `pc` and `regs` are those of the instruction that did not finish.
                        if !unsafe { slow(why, pc, regs, machine) } {
                            return;
                        }
                        (pc, regs) = (machine.pc, machine.regs);
                    }
                }
            }
        }
    };
}
with_ops!(looped, ());
