//! Bytecode: the instruction set, what a program is made of, the verifier and the text form.
//!
//! Knows nothing of the language nor of the VM.

pub mod builder;
pub mod builtin;
pub mod opcode;
pub mod program;

pub use builder::{Arg, BuildError, FunctionBuilder, FunctionInfo, Label, Reg};
pub use builtin::{BUILTINS, Builtin};
pub(crate) use opcode::with_ops;
pub use opcode::{Class, Effect, Extra, OPCODES, Op, Operand, Word};
pub use program::*;
