//! Bytecode: the instruction set, what a program is made of, the verifier and the text form.
//!
//! Knows nothing of the language nor of the VM.

pub mod builder;
pub mod builtin;
pub mod decode;
pub mod opcode;
pub mod parse;
pub mod print;
pub mod program;
#[cfg(test)]
mod tests;
pub mod verify;

pub use builder::{Arg, BuildError, FunctionBuilder, FunctionInfo, Label, Point, Reg};
pub use builtin::{BUILTINS, Builtin};
pub use decode::{Access, DecodeError, Inst, decode, instructions};
pub(crate) use opcode::with_ops;
pub use opcode::{Class, Effect, Extra, OPCODES, Op, Operand, Row, Storage, Word};
pub use parse::{ParseError, parse};
pub use print::{print, print_listing, type_name};
pub use program::*;
pub use verify::{VerifyError, verify, verify_extension};
