//! Orus: a statically typed scripting language with a virtual machine of its own.
//!
//! The command line lives in [`cli`]; to run scripts from a program of your own, begin with [`Program`] and [`Engine`]:
//!
//! ```
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let program = orus::Program::from_source("greet.orus", "
//! fn greet(name: string, times: i32) -> string:
//!     return (\"hello \" + name + \"! \").repeat(times).trim()
//! ")?;
//! let mut engine = orus::Engine::new();
//! engine.run(&program)?;
//! let text: String = engine.call("greet", ("ada", 2))?;
//! assert_eq!(text, "hello ada! hello ada!");
//! # Ok(())
//! # }
//! ```
//!
//! The folders, from the bottom up: [`bytecode`] (instructions, verifier, text form), [`lang`] (from source text to
//! bytecode), [`vm`] (heap, interpreter, builtins), `embed` (the public face, re-exported here), [`cli`].
#![deny(unsafe_code, unsafe_op_in_unsafe_fn)]

pub mod asm;
pub mod bytecode;
pub mod cli;
pub mod code;
pub mod codegen;
mod embed;
pub mod ir;
#[cfg(all(feature = "jit", unix, target_arch = "x86_64"))]
pub mod jit;
pub mod lang;
pub mod opt;
pub mod parallel_move;
pub mod regalloc;
pub mod vm;

pub use embed::*;
