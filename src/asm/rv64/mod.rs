//! RISC-V with 64 bits: registers, operands, the forms of RV64IMAFDC, Zba, Zbb, Zbs, Zicond, Zicsr, Zifencei, Zfa and V.
//!
//! [`Assembler`] has a method for each row of the tables in [`forms`], which say how methods are named. What a form cannot
//! express is no value of its operand's type: numbers are made by `new`, which gives a `Result`, or by `of`, which is
//! checked by the compiler.
//!
//! Compressed forms. Where the row of an instruction says so, and a compressed form means the same, two bytes are emitted
//! instead of four; [`Assembler::compress`] switches that off. The forms with `c_` in their names are always compressed;
//! a branch among them whose label is out of its reach is an error.
//!
//! Branches reach 4 KiB, `jal` 1 MiB; where a label is further away, the inverted branch over a jump is emitted if
//! that is known, else the buffer puts a veneer within reach (see [`fixup`]; compressed branches by name have none). [`fixup::VENEER_SCRATCH`] must be free at
//! jumps and branches of functions larger than 1 MiB.
//!
//! What takes several instructions, or one of several, is in [`macros`].
//!
//! ```
//! use orus::asm::rv64::{Assembler, operand::I12, reg::*};
//! let mut asm = Assembler::new();
//! let (top, end) = (asm.new_label(), asm.new_label());
//! asm.li(A2, I12::of::<0>());
//! asm.bind(top);
//! asm.beqz(A1, end);
//! asm.ld(A3, A0, I12::of::<8>());
//! asm.add(A2, A2, A3);
//! asm.addi(A1, A1, I12::of::<-1>());
//! asm.j(top);
//! asm.bind(end);
//! asm.ret();
//! assert_eq!(asm.finish().unwrap().bytes().len(), 16);
//! ```

mod branch;
pub mod disassemble;
pub mod fixup;
pub mod forms;
pub mod layout;
pub mod macros;
pub mod operand;
pub mod reg;
pub mod shorten;
#[cfg(test)]
mod tests;

use std::ops::{Deref, DerefMut};

pub use disassemble::Disassembler;
pub use fixup::Kind;

use super::buffer::CodeBuffer;

/// The assembler for RISC-V. It is its [`CodeBuffer`], which it dereferences to, with the forms added.
#[derive(Debug)]
pub struct Assembler {
    buffer: CodeBuffer<Kind>,
    compress: bool,
    features: macros::Features,
}

impl Default for Assembler {
    fn default() -> Self {
        Assembler::new()
    }
}

impl Assembler {
    /// An assembler with an empty buffer.
    pub fn new() -> Assembler {
        Assembler::with_buffer(CodeBuffer::new())
    }

    /// An assembler that writes into this buffer.
    pub fn with_buffer(buffer: CodeBuffer<Kind>) -> Assembler {
        Assembler { buffer, compress: true, features: macros::Features::default() }
    }

    /// Whether compressed forms are chosen; they are at first. It may be changed between any two instructions.
    pub fn compress(&mut self, compress: bool) {
        self.compress = compress;
    }

    /// Makes the last `size` bytes, an instruction that was given no displacement, refer to something outside: leaves a
    /// relocation.
    pub fn last_to_external(&mut self, size: u32, symbol: u32, addend: i64, kind: Kind) {
        let at = self.offset().wrapping_sub(size);
        self.use_external(symbol, addend, kind, at);
    }

    /// Appends an instruction, compressed if that is wanted and possible.
    #[inline(always)]
    fn put_maybe_short(&mut self, word: u32, shorten: impl FnOnce(u32) -> u32) {
        if self.compress {
            let half = shorten(word);
            if half != 0 {
                return self.buffer.put_u16(half as u16);
            }
        }
        self.buffer.put_u32(word);
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
