//! The intermediate representation: typed SSA with block parameters.
//!
//! A [`Function`] is made by hand with [`Function::append`], or with the [`Builder`](builder::Builder), or read from text.
//!
//! It depends on nothing else of this crate. What runs it: the evaluator, which says what programs mean ([`eval`]), and compiled code, after
//! the passes of [`opt`](crate::opt): see [`codegen`](crate::codegen) for how to use all of it as a library.

pub mod arith;
pub mod builder;
pub mod cfg;
pub mod dom;
pub mod eval;
pub mod function;
pub mod loops;
pub mod module;
pub mod opcode;
mod operand;
pub mod parse;
pub mod print;
pub mod types;
pub mod verify;

pub use function::{Def, Edge, Function, InstData, List, Reason, StateSlot};
pub use module::{Convention, Effects, FuncDecl, Layout, Module, Signature};
pub use opcode::{Effect, Op};
pub use parse::{ParseError, Parsed, parse_module};
pub use print::{print_function, print_inst, print_module};
pub use types::{
    Alias, Block, Cond, FrameState, Func, Guard, Inst, Kind, Lane, Mem, Removed, Sig, Symbol, Type, TypeId,
    Value,
};
pub use verify::{VerifyError, verify};
