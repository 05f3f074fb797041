//! AArch64: registers, operands, the forms.
//!
//! [`Assembler`] has a method for each row of the tables in [`forms`], which say how methods are named. What a form cannot
//! express is no value of its operand's type: numbers are made by `new`, which gives a `Result`, or by `of`, which is
//! checked by the compiler. A form never chooses, and emits four bytes.
//!
//! Branches reach 128 MiB (`b`, `bl`), 1 MiB (with a condition) or 32 KiB (on a bit); where a label turns out to be
//! further away, the buffer puts a veneer within reach (see [`fixup`]).
//!
//! ```
//! use orus::asm::a64::{Assembler, operand::{Cond, IndexX8, U12}, reg::*};
//! let mut asm = Assembler::new();
//! let (top, end) = (asm.new_label(), asm.new_label());
//! asm.mov_x_rr(X2, XZR);
//! asm.bind(top);
//! asm.cbz_x(X1, end);
//! asm.sub_x_rri(XSp::from_low_bits(1), XSp::from_low_bits(1), U12::of::<1>());
//! asm.ldr_x_rx(X3, XSp::from_low_bits(0), X1, IndexX8::SCALED);
//! asm.adds_x_rrr(X2, X2, X3);
//! asm.b_cond(Cond::Vc, top);
//! asm.bind(end);
//! asm.ret();
//! assert_eq!(asm.finish().unwrap().bytes().len(), 28);
//! ```

pub mod disassemble;
pub mod fixup;
pub mod forms;
pub mod macros;
pub mod operand;
pub mod reg;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};

pub use disassemble::Disassembler;
pub use fixup::Kind;

use super::buffer::CodeBuffer;

/// The assembler for AArch64. It is its [`CodeBuffer`], which it dereferences to, with the forms added.
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

    /// Makes the last instruction, which was given no displacement, refer to something outside: leaves a relocation. For
    /// `b`, `bl`, `adr`, literal loads.
    pub fn last_to_external(&mut self, symbol: u32, addend: i64, kind: Kind) {
        let at = self.offset().wrapping_sub(4);
        self.use_external(symbol, addend, kind, at);
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
