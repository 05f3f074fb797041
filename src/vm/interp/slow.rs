//! What bodies cannot finish: polls, hot counters, a full stack, faults, the end of a run.

use super::code::Code;
use super::families;
use super::{FAILED, Handler, Heavy, Why};
use crate::bytecode::{FuncId, Op, Word, with_ops};
use crate::vm::fault::{Fault, IntType, RuntimeError, Sequence};
use crate::vm::heap::poll;
use crate::vm::machine::{Ending, Machine};
use crate::vm::native::{Hot, Tier};
use crate::vm::raise::Raised;

macro_rules! heavy_table {
    (() $($name:ident)*) => {
        /// The heavy part of each operation.
        static HEAVY: [Option<Heavy>; Code::COUNT] = [$(<families::$name as Handler>::HEAVY,)* None, None];
    };
}
with_ops!(heavy_table, ());

/// Does what the instruction at `pc` could not, for the reason that it gives. True if execution goes on, at `machine.pc` and
/// `machine.regs`; false if the run has ended, see `machine.ending`. An ordinary function: it may allocate, collect, unwind.
///
/// # Safety
/// IN1 and IN2 hold for `pc` and `regs`, and the instruction has had no effect.
#[cold]
#[inline(never)]
pub(in crate::vm) unsafe fn slow(why: Why, pc: *const u64, regs: *mut u64, machine: &mut Machine) -> bool {
    machine.pc = pc;
    machine.regs = regs;
    let error = match why {
        Why::Poll => return machine.poll_now(),
        Why::Hot => return machine.hot(),
        Why::Stack => match machine.grow_stack() {
            true => return true,
            false => RuntimeError::StackOverflow,
        },
        Why::Halt => {
            machine.ending = Ending::Returned;
            return false;
        }
        Why::Probe => {
            machine.probe();
            machine.pc = pc.wrapping_add(1);
            return true;
        }
        Why::Fault => match machine.fault.take() {
            // SAFETY: as for this function.
            Some(Fault::NeedMemory) => match unsafe { retry(machine) } {
                Ok(()) => return true,
                Err(Fault::NeedMemory) => RuntimeError::OutOfMemory,
                Err(fault) => return machine.end_with(fault),
            },
            Some(fault) => return machine.end_with(fault),
            None => unreachable!("a heavy part failed without a fault"),
        },
        Why::Depth => RuntimeError::StackOverflow,
        Why::Overflow => RuntimeError::IntegerOverflow,
        Why::DivisionByZero => RuntimeError::DivisionByZero,
        Why::ShiftCount => RuntimeError::ShiftCount,
        Why::ArrayIndex => RuntimeError::IndexOutOfBounds(Sequence::Array),
        Why::StringIndex => RuntimeError::IndexOutOfBounds(Sequence::String),
        Why::PopEmpty => RuntimeError::PopFromEmpty,
        Why::RangeStep => RuntimeError::ZeroStep,
        Why::F64ToI32 => RuntimeError::F64OutOfRange(IntType::I32),
        Why::F64ToI64 => RuntimeError::F64OutOfRange(IntType::I64),
        Why::F64ToU32 => RuntimeError::F64OutOfRange(IntType::U32),
        Why::F64ToU64 => RuntimeError::F64OutOfRange(IntType::U64),
        Why::NoValue => {
            // SAFETY: the instruction has an extra word, the number of a name (V2).
            let number = unsafe { *pc.wrapping_add(1) };
            RuntimeError::NoValue(machine.context.program.names[number as usize].clone())
        }
        Why::NoGlobalValue => {
            // SAFETY: `pc` points at an instruction (IN1).
            let number = unsafe { *pc } >> 32;
            RuntimeError::NoValue(machine.context.program.globals[number as usize].name.clone())
        }
        Why::WrongVariant => RuntimeError::Internal("unexpected variant"),
        Why::RaiseAgain => {
            // SAFETY: `pc` points at an instruction (IN1).
            let register = (unsafe { *pc } >> 16) as u16;
            let error = machine.register(usize::from(register));
            return machine.raise(Raised::Again(error));
        }
    };
    machine.raise(Raised::New(error))
}

/// Collects and runs the heavy part of the instruction at hand once more. If it succeeds, `machine.pc` is behind it.
///
/// # Safety
/// As for [`slow`].
unsafe fn retry(machine: &mut Machine) -> Result<(), Fault> {
    machine.collect();
    machine.context.heap.begin_retry();
    // SAFETY: as for this function.
    let words = unsafe { run_heavy(machine.pc, machine.regs, machine) };
    machine.context.heap.end_retry();
    if words == FAILED {
        return Err(machine.fault.take().unwrap_or(Fault::NeedMemory));
    }
    machine.pc = machine.pc.wrapping_add(1).wrapping_offset(words);
    Ok(())
}

/// Runs the heavy part of the instruction at `pc`, see [`Heavy`].
///
/// # Safety
/// IN1 and IN2 hold for `pc` and `regs`; the instruction has a heavy part, and has had no effect.
pub(super) unsafe fn run_heavy(pc: *const u64, regs: *mut u64, machine: &mut Machine) -> isize {
    // SAFETY: `pc` points at an instruction (IN1).
    let code = unsafe { Code::of(*pc) };
    match HEAVY[code as usize] {
        // SAFETY: the instruction at hand is the one that the table gives the part of.
        Some(heavy) => unsafe { heavy(pc.wrapping_add(1), regs, machine) },
        None => unreachable!("{code:?} has no heavy part"),
    }
}

impl Machine {
    /// The counter of the loop or call at hand has come to its end. If nobody watches counters, or wants to do anything, the instruction runs
    /// again, and the counter goes on from the top.
    fn hot(&mut self) -> bool {
        let Some(tier) = self.tier.take() else { return true };
        // SAFETY: `pc` points at an instruction (IN1).
        let word = Word(unsafe { *self.pc });
        let callee = match Op::from_number(word.op()) {
            Some(Op::Call) => Some((FuncId(word.imm() as u32), 0)),
            Some(Op::CallValue) => {
                let value = self.register(word.b().into());
                Some((self.function_of(value), value))
            }
            _ => None,
        };
        let shared: *const dyn Tier = &*tier;
        self.tier = Some(tier);
        // SAFETY: nobody takes the tier away while code runs: `set_tier` and `set_program` are for the time between runs.
        match unsafe { &*shared }.hot(self, callee) {
            Hot::Interpret | Hot::Done => true,
            Hot::Ended if self.ending == Ending::Raised => {
                self.ending = Ending::None;
                self.raise_on()
            }
            Hot::Ended => false,
        }
    }

    /// Does what the poll word asks for.
    fn poll_now(&mut self) -> bool {
        let bits = self.context.heap.poll.bits();
        if bits & poll::INTERRUPT != 0 {
            return self.end_with(Fault::Interrupted);
        }
        if bits & poll::COLLECT != 0 {
            self.collect();
        }
        self.context.heap.poll.clear(poll::COLLECT | poll::FUEL | poll::SWITCH);
        true
    }

    /// Handles a fault: raises an error, or ends the run.
    pub(in crate::vm) fn end_with(&mut self, fault: Fault) -> bool {
        self.ending = match fault {
            Fault::Error(error) => return self.raise(Raised::New(error)),
            Fault::NeedMemory => return self.raise(Raised::New(RuntimeError::OutOfMemory)),
            Fault::Exit(status) => Ending::Exit(status),
            Fault::Interrupted => {
                self.context.heap.poll.clear(poll::INTERRUPT);
                Ending::Interrupted
            }
            Fault::OutputFailed(kind) => Ending::OutputFailed(kind),
        };
        false
    }
}
