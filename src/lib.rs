//! Orus: a statically typed scripting language with a virtual machine of its own.
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

pub mod asm;
pub mod bytecode;
pub mod lang;
