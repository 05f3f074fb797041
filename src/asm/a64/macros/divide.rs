//! Division. The instructions give 0 for a division by 0 and the minimum for the minimum by -1, and do not trap.
//!
//! | macro | becomes |
//! | --- | --- |
//! | signed quotient | `cbz`, `cmn rm, #1`, `ccmp rn, #1, #0, eq`, `b.vs`, `sdiv`: if `rm` is -1, `rn - 1` overflows just for the minimum |
//! | unsigned quotient | `cbz`, `udiv` |
//! | remainder | `cbz`, `sdiv` or `udiv`, `msub`; for the minimum by -1 that is 0, since the product wraps |
//!
//! Sources. Arm ARM, "SDIV", "UDIV", "MSUB", "CCMP (immediate)".

use super::width::General;
use super::{TEMP, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{Cond, U4, U5, U12};
use crate::asm::label::Label;

/// `rd = rn / rm`, signed.
pub(super) fn div_signed<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, zero: Label, overflow: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cbz(asm, rm, zero);
        R::cmn_low(asm, rm, U12::of::<1>());
        R::ccmp_imm(asm, rn, U5::of::<1>(), U4::of::<0>(), Cond::Eq);
        asm.b_cond(Cond::Vs, overflow);
        R::sdiv(asm, rd, rn, rm);
    }
}

/// `rd = rn / rm`, unsigned.
pub(super) fn div_unsigned<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, zero: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cbz(asm, rm, zero);
        R::udiv(asm, rd, rn, rm);
    }
}

/// `rd = rn % rm`, signed.
pub(super) fn rem_signed<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, zero: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cbz(asm, rm, zero);
        R::sdiv(asm, TEMP.into(), rn, rm);
        R::msub(asm, rd, TEMP.into(), rm, rn);
    }
}

/// `rd = rn % rm`, unsigned.
pub(super) fn rem_unsigned<R: General>(asm: &mut Assembler, rd: R, rn: R, rm: R, zero: Label) {
    if !refuses(asm, rd.bit() | rn.bit() | rm.bit()) {
        R::cbz(asm, rm, zero);
        R::udiv(asm, TEMP.into(), rn, rm);
        R::msub(asm, rd, TEMP.into(), rm, rn);
    }
}
