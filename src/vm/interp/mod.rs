//! The interpreter: executes verified bytecode.
//!
//! How it works. Each operation of the table is a unit type that implements [`Handler`]; the files of this folder hold them
//! by family. Two drivers are made from the one set of bodies: `threaded`, in which each handler ends by jumping to the
//! next one, and [`looped`], a match in a loop, which also counts ([`crate::vm::profile`]). What a body cannot
//! finish by itself it leaves to [`slow`]: polls, hot counters, a full stack, faults. Work that allocates or is long stands in
//! functions of its own that are not inlined ([`Handler::HEAVY`]), so that the short paths need no stack frame.
//!
//! Nothing here recurses over Orus calls: a call pushes a frame (see [`crate::vm::frame`]) and goes on.
//!
//! Rules for bodies (the threaded driver stands on them)
//! - No address of a local reaches a function that is not inlined, and nothing with `Drop` lives at the end of a body: either
//!   would keep the compiler from jumping to the next handler, and the machine stack would grow with each instruction.
//! - A body reads and writes only operands that its row in the table declares: the accessors of [`Cpu`] rely on it.
//!
//! Invariants
//! - IN1 `pc` points at an instruction of the function of the frame whose registers begin at `regs`, or just behind its first
//!   word while that instruction runs. Verified code neither falls off its end nor branches out of it.
//! - IN2 The frame at `regs` is the topmost, and `machine.top` is its end.

#![allow(
    unsafe_code,
    reason = "registers and code are read without checks that the verifier made superfluous"
)]

mod arith;
mod arrays;
mod bits;
mod branch;
mod calls;
pub(super) mod code;
mod compare;
mod convert;
mod cpu;
mod globals;
pub(super) mod looped;
mod loops;
mod maps;
mod moves;
mod objects;
mod output;
mod single;
pub(super) mod slow;
mod strings;
#[cfg(all(test, threaded_driver))]
mod tests;
#[cfg(threaded_driver)]
pub(super) mod threaded;

pub(super) use calls::PLAIN_ARGUMENTS;
pub(super) use cpu::Cpu;
pub(super) use single::single;

use super::fault::Fault;
use super::machine::Machine;

/// What a body wants next; a constant wherever it is inlined.
#[derive(Clone, Copy, Debug)]
pub(super) enum Flow {
    /// Go on at the `pc` of the [`Cpu`].
    Next,
    /// Run the operation's [`Handler::long`] body. The body has had no effect.
    Long,
    /// Run the operation's heavy part. The body has had no effect.
    Heavy,
    /// Call [`slow::slow`] with the address of this instruction. The body has had no effect.
    Slow(Why),
}

/// Why a body did not finish.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(super) enum Why {
    /// The poll word is not zero.
    Poll,
    /// A counter came to its end.
    Hot,
    /// The frame would end behind the soft limit of the stack.
    Stack,
    /// The depth is used up.
    Depth,
    /// `machine.fault` says what went wrong.
    Fault,
    /// The run is over.
    Halt,
    /// A probe: record the depth of the machine stack.
    Probe,
    Overflow,
    DivisionByZero,
    ShiftCount,
    ArrayIndex,
    StringIndex,
    PopEmpty,
    RangeStep,
    F64ToI32,
    F64ToI64,
    F64ToU32,
    F64ToU64,
    /// A variable without a value; the extra word names it.
    NoValue,
    /// A module variable without a value; `imm` names it.
    NoGlobalValue,
    /// `raise.error`: operand `a` is the error.
    RaiseAgain,
    /// The variant at hand is not the one that the instruction names: the compiler is wrong.
    WrongVariant,
}

/// The part of an operation that may allocate, call functions of the library, or take long. Gets the address behind the first
/// word; returns by how many words from there execution goes on, or [`FAILED`] with the reason in `machine.fault`.
pub(super) type Heavy = unsafe fn(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> isize;

/// What a heavy part returns if it failed. It has had no effect then (but on memory that nothing refers to).
pub(super) const FAILED: isize = isize::MIN;

/// An operation.
pub(super) trait Handler {
    /// The heavy part, which [`slow`] also runs once more after a collection.
    const HEAVY: Option<Heavy> = None;

    /// Executes the instruction.
    ///
    /// # Safety
    /// `cpu` is at an instruction of this operation (IN1, IN2).
    unsafe fn run(cpu: &mut Cpu, machine: &mut Machine) -> Flow;

    /// Executes an instruction for which [`Handler::run`] asks for it: a body like that, for the less simple cases. The threaded
    /// driver keeps it apart, so that only these cases save and restore machine registers.
    ///
    /// # Safety
    /// As for [`Handler::run`].
    #[inline(always)]
    unsafe fn long(_cpu: &mut Cpu, _machine: &mut Machine) -> Flow {
        unreachable!("an operation without long body asked for it")
    }
}

/// Defines operations: a body, which is inlined into the drivers, and perhaps a heavy part, which is not. Heavy parts give
/// a `Result<(), Fault>`.
macro_rules! ops {
    () => {};
    ($name:ident($cpu:ident $(, $machine:ident)?) $body:block heavy($heavy_machine:ident) $heavy:block $($rest:tt)*) => {
        pub(in crate::vm) struct $name;
        impl Handler for $name {
            const HEAVY: Option<super::Heavy> = {
                fn part($cpu: &mut Cpu, $heavy_machine: &mut Machine) -> Result<(), $crate::vm::fault::Fault> {
                    $heavy
                }
                unsafe fn heavy(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> isize {
                    // SAFETY: the instruction whose first word precedes `pc` is at hand.
                    let mut cpu = unsafe { Cpu::behind(pc, regs) };
                    // For whoever looks at the frames: hosts, the collector.
                    (machine.pc, machine.regs) = (pc.wrapping_sub(1), regs);
                    let result = part(&mut cpu, machine);
                    super::heavy_result(result, pc, cpu.pc, machine)
                }
                Some(heavy)
            };
            #[inline(always)]
            unsafe fn run($cpu: &mut Cpu, _machine: &mut Machine) -> Flow {
                $(let $machine = _machine;)?
                $body
            }
        }
        ops! { $($rest)* }
    };
    ($name:ident($cpu:ident) heavy($machine:ident) $heavy:block $($rest:tt)*) => {
        ops! { $name($cpu) { let _ = $cpu; Flow::Heavy } heavy($machine) $heavy $($rest)* }
    };
    ($name:ident($cpu:ident $(, $machine:ident)?) $body:block $($rest:tt)*) => {
        pub(in crate::vm) struct $name;
        impl Handler for $name {
            #[inline(always)]
            unsafe fn run($cpu: &mut Cpu, _machine: &mut Machine) -> Flow {
                $(let $machine = _machine;)?
                $body
            }
        }
        ops! { $($rest)* }
    };
}
use ops;

/// Ends a heavy part: by how many words to go on, or the fault put where [`slow`] finds it.
fn heavy_result(result: Result<(), Fault>, from: *const u64, to: *const u64, machine: &mut Machine) -> isize {
    match result {
        Ok(()) => (to as isize).wrapping_sub(from as isize) / size_of::<u64>() as isize,
        Err(fault) => {
            machine.fault = Some(fault);
            FAILED
        }
    }
}

/// All operations, whichever file they stand in.
mod families {
    pub(in crate::vm) use super::{
        arith::*, arrays::*, bits::*, branch::*, calls::*, compare::*, convert::*, globals::*, loops::*,
        maps::*, moves::*, objects::*, output::*, strings::*,
    };
}
