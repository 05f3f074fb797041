//! Conversions between integers and f64.
//!
//! | macro | becomes |
//! | --- | --- |
//! | to f64 | `scvtf`, `ucvtf`: the rounding mode is to nearest, ties to even |
//! | saturating | `fcvtzs`, `fcvtzu`, which do just that |
//! | checked, to 32 bits | `fcvtzs` to 64 bits, `cmp` with its low word extended, `fccmp` with itself (NaN), `b.ne`, `mov` |
//! | checked, to i64 | `fcmp` with -2^63 (`movz`, `fmov`), `fcvtzs`, `ccmn`, `b.vs`: too large if the maximum comes out, which no f64 is |
//! | checked, to u64 | `fcmp` with -1.0 (`fmov`), `fcvtzu`, `ccmn`, `b.eq`: the same, with the maximum of u64 |
//!
//! Sources. Arm ARM, "FCVTZS (scalar, integer)", "SCVTF (scalar, integer)", "FCCMP", "CCMN (immediate)", and the shared
//! pseudocode function `FPToFixed`.

use super::{FLOAT_TEMP, Member, TEMP, constant, refuses};
use crate::asm::a64::Assembler;
use crate::asm::a64::operand::{Cond, ExtendW, U4, U5};
use crate::asm::a64::reg::{D, Gpr, Gpr32};
use crate::asm::label::Label;

/// The zero flag.
const Z: U4 = U4::of::<4>();
/// The overflow flag.
const V: U4 = U4::of::<1>();

macro_rules! single {
    ($($name:ident $form:ident ($rd:ident: $to:ty, $rn:ident: $from:ty) $doc:literal;)*) => {$(
        #[doc = $doc]
        pub(super) fn $name(asm: &mut Assembler, $rd: $to, $rn: $from) {
            if !refuses(asm, $rd.bit() | $rn.bit()) {
                asm.$form($rd.into(), $rn.into());
            }
        }
    )*};
}

single! {
    i64_to_f64 scvtf_d_x  (fd: D, rn: Gpr)   "The nearest f64.";
    i32_to_f64 scvtf_d_w  (fd: D, rn: Gpr32) "The same number.";
    u64_to_f64 ucvtf_d_x  (fd: D, rn: Gpr)   "The nearest f64.";
    u32_to_f64 ucvtf_d_w  (fd: D, rn: Gpr32) "The same number.";
    to_i64     fcvtzs_x_d (rd: Gpr, from: D)   "Truncates, saturates.";
    to_i32     fcvtzs_w_d (rd: Gpr32, from: D) "Truncates, saturates.";
    to_u64     fcvtzu_x_d (rd: Gpr, from: D)   "Truncates, saturates.";
    to_u32     fcvtzu_w_d (rd: Gpr32, from: D) "Truncates, saturates.";
}

/// Truncates, or to `invalid`.
pub(super) fn to_i64_checked(asm: &mut Assembler, rd: Gpr, from: D, invalid: Label) {
    if !refuses(asm, rd.bit() | from.bit()) {
        constant::put_f64(asm, FLOAT_TEMP, i64::MIN as f64);
        asm.fcmp_d(from, FLOAT_TEMP);
        asm.fcvtzs_x_d(rd.x(), from);
        asm.ccmn_x_ri(rd.x(), U5::of::<1>(), V, Cond::Ge);
        asm.b_cond(Cond::Vs, invalid);
    }
}

/// Truncates, or to `invalid`.
pub(super) fn to_u64_checked(asm: &mut Assembler, rd: Gpr, from: D, invalid: Label) {
    if !refuses(asm, rd.bit() | from.bit()) {
        constant::put_f64(asm, FLOAT_TEMP, -1.0);
        asm.fcmp_d(from, FLOAT_TEMP);
        asm.fcvtzu_x_d(rd.x(), from);
        asm.ccmn_x_ri(rd.x(), U5::of::<1>(), Z, Cond::Gt);
        asm.b_cond(Cond::Eq, invalid);
    }
}

/// Truncates, or to `invalid`.
pub(super) fn to_i32_checked(asm: &mut Assembler, rd: Gpr32, from: D, invalid: Label) {
    to_word_checked(asm, rd, from, ExtendW::sxtw(0).ok(), invalid);
}

/// Truncates, or to `invalid`.
pub(super) fn to_u32_checked(asm: &mut Assembler, rd: Gpr32, from: D, invalid: Label) {
    to_word_checked(asm, rd, from, ExtendW::uxtw(0).ok(), invalid);
}

fn to_word_checked(asm: &mut Assembler, rd: Gpr32, from: D, extend: Option<ExtendW>, invalid: Label) {
    if let Some(extend) = extend
        && !refuses(asm, rd.bit() | from.bit())
    {
        asm.fcvtzs_x_d(TEMP.x(), from);
        asm.cmp_x_rwe(TEMP.xsp(), TEMP.w(), extend);
        // Equal if it is ordered; no flag if the word was not all.
        asm.fccmp_d(from, from, U4::of::<0>(), Cond::Eq);
        asm.b_cond(Cond::Ne, invalid);
        asm.mov_w_rr(rd.w(), TEMP.w());
    }
}
