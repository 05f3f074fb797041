//! What is compiled at once, and what its code refers to: the contract between [`translate`](super::translate) and the runtime.
//!
//! A unit is a whole function, or one loop nest of a function that is entered in the middle (an *OSR unit*). Its code reaches the
//! instance through the context register, which holds the address of the machine: all that it reads of that, objects and frames has its offset
//! in [`vm::layout`](crate::vm::layout).
//!
//! | unit | IR signature (Orus convention) |
//! | --- | --- |
//! | function | the parameters, references first, then scalars (tags of enums as `u32`) -> the result, or none |
//! | loop | `(i64)`, the address of the registers of the interpreter's frame -> `i64`, the word at which the interpreter goes on |
//!
//! Frame states are `function@word`, with a slot for each register of the bytecode function, and for a loop one more behind
//! them: the `i64` that it was entered with, by which the runtime finds the frame to write back to. References that are dead are null in the
//! interpreter's frame afterwards, so states name only what is alive.
//!
//! Errors. Code raises nothing by itself: where an instruction would, it leaves through a guard to the interpreter, which executes the instruction
//! again, and raises. So an instruction must not have had any effect by then.
//!
//! Invariants
//! - UN1 The position of every call in the IR is the word of the bytecode instruction, plus one (0 is none); its function is that of the unit.
//! - UN2 A call in the range of a handler is an `invoke`, whose second edge leads to where the error is taken from the context
//!   (`machine.raised`) into the handler's register.

use smallvec::SmallVec;

use crate::bytecode::{self, FuncId, Program};
use crate::ir::{Convention, Function, Kind, Module, Signature, Type};

/// What is compiled.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Scope {
    /// The function.
    pub func: FuncId,
    /// Where it is entered.
    pub entry: Entry,
}

/// Where a unit is entered.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum Entry {
    /// At its first instruction, by a call.
    Function,
    /// At the `loop` instruction at this word, from the interpreter.
    Loop(u32),
}

/// The kind that a register of a bytecode kind has in the IR.
pub const fn kind_of(kind: bytecode::Kind) -> Kind {
    match kind {
        bytecode::Kind::I32 => Kind::I32,
        bytecode::Kind::I64 => Kind::I64,
        bytecode::Kind::U32 | bytecode::Kind::Tag => Kind::U32,
        bytecode::Kind::U64 => Kind::U64,
        bytecode::Kind::F64 => Kind::F64,
        bytecode::Kind::Bool => Kind::Bool,
        bytecode::Kind::Ref => Kind::Ref,
    }
}

/// How native code calls a function: see the table above.
pub fn signature(program: &Program, func: FuncId) -> Signature {
    let function = &program.functions[func.index()];
    let (refs, ref_params) = (function.refs as usize, function.ref_params as usize);
    let scalars = &function.registers[refs..refs + function.scalar_params as usize];
    let params = function.registers[..ref_params].iter().chain(scalars);
    let kind = |ty| kind_of(program.kind(ty));
    Signature {
        params: params.map(|register| Type::from(kind(register.ty))).collect(),
        result: function.ret.map_or(Kind::None, kind).into(),
        convention: Convention::Orus,
    }
}

/// How native code calls a function as a value: the value is the first argument, whether the function has captures or not.
pub fn value_signature(program: &Program, func: FuncId) -> Signature {
    let mut signature = signature(program, func);
    if program.functions[func.index()].closure.is_none() {
        signature.params.insert(0, Kind::Ref.into());
    }
    signature
}

/// What a function is that the unit's module declares: by [`ir::Func`](crate::ir::Func), beginning with the unit itself.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Callee {
    /// The unit itself.
    This,
    /// Has the interpreter execute one instruction, see [`Step`]. Convention: system. Parameters: the number of the step (`i64`), the
    /// references, the scalars (all as `i64`, canonical as in a slot; floats by their bits). Result: an `i64`, see [`Status`].
    Step,
}

/// What a step gives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(i64)]
pub enum Status {
    /// It was executed.
    Done = 0,
    /// It was executed, and branched.
    Branched = 1,
    /// It has had no effect: the interpreter has to execute it, in its frame.
    Failed = 2,
}

/// An instruction that compiled code has the interpreter execute, with its registers renumbered: the references that it reads, the scalars
/// that it reads, then the registers that it only writes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Step {
    /// The words. A displacement is whatever it was: only whether it branches is looked at.
    pub words: Box<[u64]>,
    /// How many references it reads: its first registers.
    pub refs: u16,
    /// How many registers it reads: the parameters of the call, the number aside.
    pub args: u16,
    /// The registers that it writes, in the order of its operands: afterwards the slots at `machine.out`, in this order.
    pub outs: SmallVec<[u16; 2]>,
    /// Registers altogether.
    pub registers: u16,
}

/// All steps of an instance: code names them by their numbers.
#[derive(Debug, Default)]
pub struct Steps {
    steps: Vec<Step>,
}

impl Steps {
    /// Adds a step; gives its number.
    pub fn add(&mut self, step: Step) -> i64 {
        self.steps.push(step);
        self.steps.len() as i64 - 1
    }

    /// The step with a number.
    pub fn get(&self, number: u64) -> Option<&Step> {
        self.steps.get(usize::try_from(number).ok()?)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.steps.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.steps.is_empty()
    }
}

/// A unit, translated.
#[derive(Debug)]
pub struct Unit {
    /// What it is.
    pub scope: Scope,
    /// What its function refers to.
    pub module: Module,
    /// Its code.
    pub function: Function,
    /// What the functions of the module are, by number.
    pub callees: Vec<Callee>,
}

/// Why a unit is not translated.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub enum Declined {
    /// It has more than so many words of code.
    TooLong {
        /// How many it has.
        words: usize,
    },
    /// It has more registers than a frame state is made for.
    TooManyRegisters {
        /// How many it has.
        registers: usize,
    },
    /// There is no such function, or no `loop` instruction there.
    NoEntry,
    /// A call of it counts more than one level: it has more than 1024 variables.
    DepthCost,
}

impl std::fmt::Display for Declined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Declined::TooLong { words } => write!(f, "{words} words are too long"),
            Declined::TooManyRegisters { registers } => write!(f, "{registers} registers are too many"),
            Declined::NoEntry => f.write_str("no such entry"),
            Declined::DepthCost => f.write_str("a call counts more than one level"),
        }
    }
}

impl std::error::Error for Declined {}
