//! What the verifier reports.

use crate::bytecode::decode::DecodeError;
use crate::bytecode::program::{FuncId, TypeId};

/// Why a program was rejected, and where.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VerifyError {
    pub place: Place,
    pub reason: Reason,
}

/// The part of a program that is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Place {
    Program,
    Type(TypeId),
    Global(u32),
    Literal(u32),
    Format(u32),
    /// A function's tables.
    Function(FuncId),
    /// The instruction at a word of a function.
    Inst(FuncId, u32),
}

/// What is wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Reason {
    // ---- tables
    /// The program does not begin with the predefined types.
    Predefined,
    /// An index into the table named is out of range.
    NoSuch(&'static str, u32),
    /// An alias leads back to itself.
    AliasCycle,
    /// A type that stands where only types of the language may: a cell or a closure type.
    InternalType(TypeId),
    /// The slots of a layout are not numbered references first, then scalars, each in order (P2).
    Layout,
    /// More fields, variants or registers than fit 16 bits.
    TooMany(&'static str),
    /// A map's keys are of a type without hash.
    KeyType(TypeId),
    /// Two things that depend on each other disagree: what is said.
    Mismatch(&'static str),
    /// The later program of two does not contain the earlier one.
    NotExtension(&'static str),
    // ---- functions
    /// Registers are not references first, then scalars, or the parameters not the first of each (P3).
    Registers(u16),
    /// A handler's range or target: what is said.
    Handler(u32, &'static str),
    /// Positions are not in order, not at instructions or not within the source.
    Position(u32),
    // ---- instructions
    Decode(DecodeError),
    /// Bits that mean nothing are not zero.
    SpareBits,
    /// A register that does not exist.
    NoRegister(u16),
    /// A register of a type that the operation does not take.
    RegisterType(u16),
    /// Two operands whose types must agree do not.
    Disagree(u16),
    /// A reference that may be null, where it may not be; or the other way round.
    Nullable(u16),
    /// The elements of the array have another storage class.
    Storage,
    /// An object, variant or closure without that slot, or the slot is of the other class.
    Slot(u32),
    /// An immediate or constant that is not allowed, or not in canonical form for its type.
    Immediate,
    /// The number of arguments.
    ArgCount(u32),
    /// The type word names another type than the register has, or one that the operation does not take.
    TypeWord(TypeId),
    /// A result is taken where there is none.
    NoResult,
    /// A branch to where no instruction begins.
    Target(i64),
    /// A branch backwards to something else than a loop header.
    BackEdge(u32),
    /// A branch into a `try` from outside.
    IntoHandler(u32),
    /// Control may fall off the end.
    FallsOffEnd,
    /// A reference register that may not have been assigned.
    Unassigned(u16),
    /// Loops that are entered at too many places to be followed.
    Tangled,
}

impl std::fmt::Display for VerifyError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.place {
            Place::Program => f.write_str("program")?,
            Place::Type(id) => write!(f, "type {id}")?,
            Place::Global(index) => write!(f, "global g{index}")?,
            Place::Literal(index) => write!(f, "literal k{index}")?,
            Place::Format(index) => write!(f, "format p{index}")?,
            Place::Function(id) => write!(f, "function {id}")?,
            Place::Inst(id, pc) => write!(f, "function {id}, word {pc}")?,
        }
        write!(f, ": {}", self.reason)
    }
}

impl std::fmt::Display for Reason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Reason::Predefined => f.write_str("the predefined types do not come first"),
            Reason::NoSuch(what, index) => write!(f, "{what} {index} does not exist"),
            Reason::AliasCycle => f.write_str("an alias leads back to itself"),
            Reason::InternalType(id) => write!(f, "type {id} is not allowed here"),
            Reason::Layout => f.write_str("slots are not references first, then scalars, in order"),
            Reason::TooMany(what) => write!(f, "too many {what}"),
            Reason::KeyType(id) => write!(f, "type {id} cannot be the key of a map"),
            Reason::Mismatch(what) => f.write_str(what),
            Reason::NotExtension(what) => write!(f, "{what} of the earlier program have changed"),
            Reason::Registers(reg) => {
                write!(f, "register r{reg} is not where its class or parameter belongs")
            }
            Reason::Handler(index, what) => write!(f, "handler {index}: {what}"),
            Reason::Position(index) => {
                write!(f, "position {index} is out of order or out of place")
            }
            Reason::Decode(error) => write!(f, "{error}"),
            Reason::SpareBits => f.write_str("bits without meaning are not zero"),
            Reason::NoRegister(reg) => write!(f, "register r{reg} does not exist"),
            Reason::RegisterType(reg) => {
                write!(f, "register r{reg} is of a type that the operation does not take")
            }
            Reason::Disagree(reg) => {
                write!(f, "the type of register r{reg} disagrees with another operand's")
            }
            Reason::Nullable(reg) => write!(f, "register r{reg} is nullable where it may not be, or is not"),
            Reason::Storage => f.write_str("the array's elements have another storage class"),
            Reason::Slot(slot) => write!(f, "there is no slot {slot} of this class"),
            Reason::Immediate => f.write_str("the immediate is not allowed or not canonical"),
            Reason::ArgCount(count) => write!(f, "the number of arguments cannot be {count}"),
            Reason::TypeWord(id) => write!(f, "type {id} does not fit the operands"),
            Reason::NoResult => f.write_str("a result is taken where there is none"),
            Reason::Target(target) => write!(f, "no instruction begins at the branch's target {target}"),
            Reason::BackEdge(target) => {
                write!(f, "a branch backwards to word {target}, which is no loop header")
            }
            Reason::IntoHandler(index) => {
                write!(f, "control enters the range of handler {index} not at its start")
            }
            Reason::FallsOffEnd => f.write_str("control may fall off the end"),
            Reason::Unassigned(reg) => write!(f, "register r{reg} may be read before it is assigned"),
            Reason::Tangled => f.write_str("its loops are entered at too many places"),
        }
    }
}

impl std::error::Error for VerifyError {}
