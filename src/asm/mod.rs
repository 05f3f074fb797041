//! A macro assembler for x86_64, AArch64 and RISC-V, usable by itself: machine code from Rust, at run time.
//!
//! To begin with: take the `Assembler` of an instruction set ([`x64::Assembler`], [`a64::Assembler`],
//! [`rv64::Assembler`]), call a method for each instruction, then [`finish`](CodeBuffer::finish), and put the bytes where they
//! can run. Each instruction set is there on every host.
//!
//! ```
//! use orus::asm::x64::{Assembler, Cond, reg::*};
//! use orus::code::Writable;
//!
//! let mut asm = Assembler::new();
//! let top = asm.new_label();
//! asm.mov_r32_u32(EAX, 1);
//! asm.bind(top);
//! asm.imul_r64_r64(RAX, RDI);
//! asm.sub_r64_i8(RDI, 1);
//! asm.jcc(Cond::Ne, top);
//! asm.ret();
//! let code = asm.finish()?;                               // or the first thing that went wrong
//!
//! let mut memory = Writable::new(code.bytes().len())?;
//! memory.bytes_mut().copy_from_slice(code.bytes());
//! let memory = memory.publish()?;                         // executable now, and no longer writable
//! # #[cfg(target_arch = "x86_64")]
//! # {
//! let address = memory.address() as *const ();
//! // SAFETY: the code is a function of this type, and `memory` outlives the call.
//! let factorial: extern "sysv64" fn(u64) -> u64 = unsafe { std::mem::transmute(address) };
//! assert_eq!(factorial(5), 120);
//! # }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An `Assembler` has a method for each instruction form, with typed operands: what a form cannot express cannot be
//! said. Each instruction set's `forms` says how methods are named; `reg` has the registers, `operand` the rest. The
//! `Assembler` is a [`CodeBuffer`] too, which knows labels, fixups, veneers, constants, relocations and notes for a
//! [`listing`], and nothing of instruction sets: those come in as a [`FixupKind`]. Every form is a row of a
//! table (see [`form`]); encoder, listing and the comparison with GNU as read it. Whoever wants one vocabulary for all
//! targets, and the choice of forms made, takes the [`macros`].
//!
//! | to | call |
//! | --- | --- |
//! | branch | [`new_label`](CodeBuffer::new_label), [`bind`](CodeBuffer::bind), and a form that takes a [`Label`] |
//! | load a constant from memory | [`constant`](CodeBuffer::constant), which gives a label |
//! | refer to something outside | the forms' `_external`, [`put_external_address`](CodeBuffer::put_external_address); later [`Reloc::apply`] |
//! | make a jump table | [`put_jump_table`](CodeBuffer::put_jump_table) |
//! | see what was made | [`listing::write`], [`keep_notes`](CodeBuffer::keep_notes) |
//! | use the memory again | [`clear`](CodeBuffer::clear), [`reserve`](CodeBuffer::reserve) |
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
