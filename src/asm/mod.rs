//! A macro assembler for x86_64, AArch64 and RISC-V, usable by itself: machine code from Rust, at run time.
//!
//! An `Assembler` of an instruction set (`x64::Assembler`, and so on) has a method for each instruction form, with
//! typed operands: what a form cannot express cannot be said. It writes into a [`CodeBuffer`], which knows labels,
//! fixups, veneers, constants, relocations and notes for a listing, and nothing of instruction sets: those come in as a
//! [`FixupKind`]. Every form is a row of a table (see [`form`]); encoder, listing and the comparison with GNU as read it.
//!
//! - Methods return nothing. The buffer keeps the first error, and [`CodeBuffer::finish`] returns it.
//! - What is promised of code under construction is offsets, not addresses: the buffer may move when it grows.
//! - Nothing is allocated while code goes into space that [`CodeBuffer::reserve`] has set aside.
//! - There is no `unsafe` here, and no value that the types let through makes a method panic.

pub mod a64;
pub mod buffer;
pub mod error;
pub mod fixup;
pub mod form;
pub mod label;
pub mod listing;
pub mod macros;
pub mod pool;
pub mod reloc;
pub mod rv64;
pub mod x64;

pub use buffer::{Code, CodeBuffer};
pub use error::AsmError;
pub use fixup::{FixupKind, Misfit, Veneer};
pub use label::Label;
pub use pool::Constant;
pub use reloc::{Reloc, RelocField, RelocTarget};
