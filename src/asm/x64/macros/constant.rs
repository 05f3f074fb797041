//! Constants: one instruction, always, and the shortest that there is.
//!
//! | constant | instruction | bytes |
//! | --- | --- | --- |
//! | 0 | `xor r32, r32` | 2 or 3 |
//! | below 2^32 | `mov r32, imm32` | 5 or 6 |
//! | of 32 bits, negative | `mov r64, imm32` | 7 |
//! | others, and addresses outside | `movabs` | 10 |
//! | float, all bits 0 | `xorps` | 3 or 4 |
//! | other floats | `movsd` or `movss` from the pool | 8 or 9 |
//!
//! -1 by `or r64, -1` would take 4 bytes, but wait for what was in the register before.

use crate::asm::macros::Far;
use crate::asm::x64::reg::{Gpr64, Xmm};
use crate::asm::x64::{Assembler, Mem};

/// `rd = value`; `rd` may be the scratch register.
pub(super) fn load(asm: &mut Assembler, rd: Gpr64, value: i64) {
    if value == 0 {
        asm.xor_r32_r32(rd.as_32(), rd.as_32());
    } else if let Ok(value) = u32::try_from(value) {
        asm.mov_r32_u32(rd.as_32(), value);
    } else if let Ok(value) = i32::try_from(value) {
        asm.mov_r64_i32(rd, value);
    } else {
        asm.mov_r64_i64(rd, value);
    }
}

/// `rd` = an address outside; `rd` may be the scratch register.
pub(super) fn load_far(asm: &mut Assembler, rd: Gpr64, far: Far) {
    match far {
        Far::Address(address) => load(asm, rd, address as i64),
        Far::External(symbol) => asm.mov_external(rd, symbol, 0),
    }
}

pub(super) fn load_f64(asm: &mut Assembler, fd: Xmm, value: f64) {
    if value.to_bits() == 0 {
        asm.xorps_x_x(fd, fd);
    } else {
        let constant = asm.constant(value);
        asm.movsd_x_m64(fd, Mem::label(constant));
    }
}

pub(super) fn load_f32(asm: &mut Assembler, fd: Xmm, value: f32) {
    if value.to_bits() == 0 {
        asm.xorps_x_x(fd, fd);
    } else {
        let constant = asm.constant(value);
        asm.movss_x_m32(fd, Mem::label(constant));
    }
}

/// `movaps`: the whole register, so that nothing of the old value is waited for; a byte shorter than `movapd`.
pub(super) fn move_float(asm: &mut Assembler, fd: Xmm, from: Xmm) {
    if fd != from {
        asm.movaps_x_x(fd, from);
    }
}
