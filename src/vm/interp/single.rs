//! One instruction by itself, for native code.

use super::code::Code;
use super::{Cpu, FAILED, Flow, Handler, Machine, Why};
use crate::bytecode::with_ops;
use crate::vm::native::Stepped;

macro_rules! single {
    (() $($name:ident)*) => {
        /// Executes the instruction of the given words, with registers at `regs`. If it fails, `machine.fault` may say why.
        ///
        /// # Safety
        /// The words are one verified instruction that is neither a call, a return nor a `loop`, and its registers are at `regs`.
        pub(in crate::vm) unsafe fn single(words: &[u64], regs: *mut u64, machine: &mut Machine) -> Stepped {
            let pc = words.as_ptr();
            // SAFETY: as for this function.
            let mut cpu = unsafe { Cpu::at(pc, regs) };
            // SAFETY: the word is the first of an instruction.
            let flow = match unsafe { Code::of(cpu.word()) } {
                $(Code::$name => {
                    // SAFETY: the instruction at hand is of this operation.
                    match unsafe { super::families::$name::run(&mut cpu, machine) } {
                        Flow::Heavy => match super::families::$name::HEAVY {
                            Some(heavy) => {
                                // SAFETY: likewise; the body had no effect.
                                let words = unsafe { heavy(pc.wrapping_add(1), regs, machine) };
                                if words == FAILED {
                                    return Stepped::Failed;
                                }
                                cpu.pc = pc.wrapping_add(1).wrapping_offset(words);
                                Flow::Next
                            }
                            None => Flow::Slow(Why::Fault),
                        },
                        flow => flow,
                    }
                })*
                Code::Halt | Code::Probe => Flow::Slow(Why::Halt),
            };
            match flow {
                Flow::Next if cpu.pc == pc.wrapping_add(words.len()) => Stepped::Done,
                Flow::Next => Stepped::Branched,
                _ => Stepped::Failed,
            }
        }
    };
}
with_ops!(single, ());
