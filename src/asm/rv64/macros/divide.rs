//! Quotients and remainders. Division never traps: by 0 it gives all ones, and the minimum by -1 the minimum with remainder 0.
//!
//! So 0 is checked by `beqz`, and of the remainder nothing else. That the quotient overflowed is seen in it: with 64 bits, it
//! and both operands are negative then, and never else; with 32 bits, divided as 64, it is not its own low half.
//! Five and four instructions. An unsigned number of 32 bits is kept sign-extended, which `divuw` and `remuw` read and give.

use super::super::Assembler;
use super::super::reg::{T6, X};
use crate::asm::label::Label;

impl Assembler {
    pub(super) fn put_div(&mut self, rd: X, rn: X, rm: X, zero: Label, overflow: Label) {
        self.beqz(rm, zero);
        self.and(T6, rn, rm);
        self.div(rd, rn, rm);
        self.and(T6, T6, rd);
        self.bltz(T6, overflow);
    }

    pub(super) fn put_div_w(&mut self, rd: X, rn: X, rm: X, zero: Label, overflow: Label) {
        self.beqz(rm, zero);
        self.div(rd, rn, rm);
        self.put_narrow_check(rd, overflow);
    }
}

macro_rules! checked_for_zero {
    ($($name:ident $form:ident;)*) => {
        impl Assembler {$(
            pub(super) fn $name(&mut self, rd: X, rn: X, rm: X, zero: Label) {
                self.beqz(rm, zero);
                self.$form(rd, rn, rm);
            }
        )*}
    };
}
checked_for_zero! {
    put_divu divu;
    put_divu_w divuw;
    put_rem rem;
    put_rem_w remw;
    put_remu remu;
    put_remu_w remuw;
}
