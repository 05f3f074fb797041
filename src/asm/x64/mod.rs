//! x86_64: registers, addresses, the forms, branches.
//!
//! [`Assembler`] has a method for each row of the tables in [`forms`]. A method's name is the mnemonic and the classes of its
//! operands: `add_r64_m64`, `vaddpd_y_y_y`; `x`, `y` and `z` are vector registers, `k` masks, `m64` 64 bits of memory, `i8`
//! an immediate of 8 bits that is sign-extended. A `k` behind the first operand (`vaddpd_zk_z_z`) is a form with an EVEX
//! encoding: it takes a [`Mask`], which may be none, and 32 registers; `b64` in it is one lane of memory for all lanes, `er`
//! a rounding mode.
//!
//! A form never chooses between encodings of different length, but for the displacement of an address, which is
//! always the shortest. Branches to labels that do choose are in [`branch`].
//!
//! ```
//! use orus::asm::x64::{Assembler, Cond, Mem, Scale, reg::*};
//! let mut asm = Assembler::new();
//! let (top, end) = (asm.new_label(), asm.new_label());
//! asm.xor_r32_r32(EAX, EAX);
//! asm.bind(top);
//! asm.test_r64_r64(RSI, RSI);
//! asm.jcc(Cond::E, end);
//! asm.add_r64_m64(RAX, Mem::indexed(RDI, RSI.index().unwrap(), Scale::X8, -8));
//! asm.sub_r64_i8(RSI, 1);
//! asm.jmp(top);
//! asm.bind(end);
//! asm.ret();
//! assert_eq!(asm.finish().unwrap().bytes().len(), 23);
//! ```

pub mod branch;
pub mod disassemble;
pub mod enc;
mod encode;
pub mod fixup;
pub mod forms;
pub mod macros;
pub mod mem;
pub mod operand;
pub mod reg;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};

pub use disassemble::Disassembler;
pub use fixup::Kind;
pub use mem::{Mem, Scale};
pub use operand::{Cond, Mask, MergeMask, Rounding};
pub use reg::{Gpr8, Gpr16, Gpr32, Gpr64, Index, KReg, Xmm, XmmE, Ymm, YmmE, Zmm};

use super::buffer::CodeBuffer;

/// The assembler for x86_64. It is its [`CodeBuffer`], which it dereferences to, with the forms added.
#[derive(Debug, Default)]
pub struct Assembler {
    buffer: CodeBuffer<Kind>,
}

impl Assembler {
    /// An assembler with an empty buffer.
    pub fn new() -> Assembler {
        Assembler::default()
    }

    /// An assembler that writes into this buffer.
    pub fn with_buffer(buffer: CodeBuffer<Kind>) -> Assembler {
        Assembler { buffer }
    }
}

impl Deref for Assembler {
    type Target = CodeBuffer<Kind>;

    #[inline(always)]
    fn deref(&self) -> &CodeBuffer<Kind> {
        &self.buffer
    }
}

impl DerefMut for Assembler {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut CodeBuffer<Kind> {
        &mut self.buffer
    }
}
