//! Addresses of code, calls and jumps far away.
//!
//! - Address of a label: `adr`, 1 MiB either way, else [`AsmError::OutOfReach`](crate::asm::AsmError::OutOfReach).
//! - Address outside: a constant, at most three instructions for one of 48 bits. Of an external symbol: a literal load,
//!   whose literal has the relocation.
//! - Far call, far jump: the address, and `blr` or `br`.
//!
//! Without a register to spare the address goes through `x16`, the first of the registers (IP0, IP1) that the procedure call
//! standard lets veneers between caller and callee overwrite. A `br` through it may also enter a function that begins with
//! `bti c`.
//!
//! Sources. Arm ARM, "ADR", "BLR", "BR", "BTI"; Procedure Call Standard for the Arm 64-bit Architecture, "Use of IP0 and IP1 by the
//! linker".

use super::{Member, TEMP, constant, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::reg::Gpr;
use crate::asm::label::Label;
use crate::asm::macros::Far;

/// `rd` = the address of a label.
pub(super) fn load_label(asm: &mut Assembler, rd: Gpr, label: Label) {
    if !refuses(asm, rd.bit()) {
        asm.adr(rd.x(), label);
    }
}

/// `rd` = an address outside.
pub(super) fn load_far(asm: &mut Assembler, rd: Gpr, far: Far) {
    if !refuses(asm, rd.bit()) {
        put_far(asm, rd, far);
    }
}

fn put_far(asm: &mut Assembler, rd: Gpr, far: Far) {
    match far {
        Far::Address(address) => constant::put(asm, rd, address),
        Far::External(symbol) => {
            let literal = asm.external_constant(symbol);
            asm.ldr_x_lit(rd.x(), literal);
        }
    }
}

/// Calls a place outside.
pub(super) fn call_far(asm: &mut Assembler, far: Far, through: Option<Gpr>) {
    let register = through.unwrap_or(TEMP);
    put_far(asm, register, far);
    asm.blr(register.x());
}

/// Jumps to a place outside.
pub(super) fn jump_far(asm: &mut Assembler, far: Far, through: Option<Gpr>) {
    let register = through.unwrap_or(TEMP);
    put_far(asm, register, far);
    asm.br(register.x());
}
