//! Instructions that there are for 64 and for 32 bits, by a `bool`.

use crate::asm::x64::operand::Cond;
use crate::asm::x64::reg::Gpr64;
use crate::asm::x64::{Assembler, Xmm};

macro_rules! two_registers {
    ($($name:ident $wide:ident $narrow:ident;)*) => {$(
        #[inline]
        pub(super) fn $name(asm: &mut Assembler, wide: bool, dst: Gpr64, src: Gpr64) {
            if wide { asm.$wide(dst, src) } else { asm.$narrow(dst.as_32(), src.as_32()) }
        }
    )*};
}

two_registers! {
    mov  mov_r64_r64  mov_r32_r32;
    add  add_r64_r64  add_r32_r32;
    sub  sub_r64_r64  sub_r32_r32;
    cmp  cmp_r64_r64  cmp_r32_r32;
    imul imul_r64_r64 imul_r32_r32;
    test test_r64_r64 test_r32_r32;
}

macro_rules! immediates {
    ($($name:ident $wide8:ident $narrow8:ident $wide32:ident $narrow32:ident;)*) => {$(
        /// With an immediate in its shorter form, if it has one.
        #[inline]
        pub(super) fn $name(asm: &mut Assembler, wide: bool, dst: Gpr64, value: i32) {
            match (i8::try_from(value), wide) {
                (Ok(value), true) => asm.$wide8(dst, value),
                (Ok(value), false) => asm.$narrow8(dst.as_32(), value),
                (Err(_), true) => asm.$wide32(dst, value),
                (Err(_), false) => asm.$narrow32(dst.as_32(), value),
            }
        }
    )*};
}

immediates! {
    add_imm add_r64_i8 add_r32_i8 add_r64_i32 add_r32_i32;
    sub_imm sub_r64_i8 sub_r32_i8 sub_r64_i32 sub_r32_i32;
    cmp_imm cmp_r64_i8 cmp_r32_i8 cmp_r64_i32 cmp_r32_i32;
}

#[inline]
pub(super) fn neg(asm: &mut Assembler, wide: bool, dst: Gpr64) {
    if wide { asm.neg_r64(dst) } else { asm.neg_r32(dst.as_32()) }
}

#[inline]
pub(super) fn cmov(asm: &mut Assembler, wide: bool, cond: Cond, dst: Gpr64, src: Gpr64) {
    if wide { asm.cmov_r64_r64(cond, dst, src) } else { asm.cmov_r32_r32(cond, dst.as_32(), src.as_32()) }
}

/// Truncates a float. What does not fit gives the minimum.
#[inline]
pub(super) fn truncate(asm: &mut Assembler, wide: bool, dst: Gpr64, src: Xmm) {
    if wide { asm.cvttsd2si_r64_x(dst, src) } else { asm.cvttsd2si_r32_x(dst.as_32(), src) }
}
