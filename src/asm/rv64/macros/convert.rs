//! Conversions between integers and floats, and the smaller and larger of two floats.
//!
//! `fcvt` towards zero saturates, as is wanted, but takes NaN for positive infinity: the result is masked with whether the
//! float is equal to itself; four instructions without a branch.
//!
//! Checked: for 32 bits, the conversion to 64, which saturates outside the range of 32 bits for certain, gives what is not its own low half
//! (as unsigned: has high bits); three and four instructions. For 64 bits, the integer is converted back towards zero and the
//! difference from the float must be less than 1, which is asked by converting it too: within range the way back is exact, at either end of
//! the range and beyond the difference is at least 1024 (or 1, for what is negative as unsigned), and with NaN and infinity it is one of
//! those. Five instructions, no constants, and the result is there after the first.
//!
//! `fmin.d` and `fmax.d` are `minimumNumber` and `maximumNumber` since version 2.2 of F: one instruction. Before, a signaling NaN
//! beside a number gave NaN. Either version makes it quiet by taking the minimum of it and itself: three instructions. No
//! version says what it is, but what has Zbb is younger than 2.2.
//!
//! Sources. RISC-V unprivileged specification, "Single-Precision Floating-Point Conversion and Move Instructions",
//! "Single-Precision Floating-Point Computational Instructions".

use super::super::Assembler;
use super::super::operand::{Rm, U6};
use super::super::reg::{F, FT11, T6, X};
use crate::asm::label::Label;

macro_rules! saturating {
    ($($name:ident $form:ident;)*) => {
        impl Assembler {$(
            pub(super) fn $name(&mut self, rd: X, from: F) {
                self.feq_d(T6, from, from);
                self.$form(rd, from, Rm::Rtz);
                self.neg(T6, T6);
                self.and(rd, rd, T6);
            }
        )*}
    };
}
saturating! {
    put_f64_to_i64 fcvt_l_d;
    put_f64_to_i32 fcvt_w_d;
    put_f64_to_u64 fcvt_lu_d;
    put_f64_to_u32 fcvt_wu_d;
}

impl Assembler {
    pub(super) fn put_i64_to_f64(&mut self, fd: F, rn: X) {
        self.fcvt_d_l(fd, rn, Rm::Rne);
    }

    pub(super) fn put_u64_to_f64(&mut self, fd: F, rn: X) {
        self.fcvt_d_lu(fd, rn, Rm::Rne);
    }

    pub(super) fn put_min_f64(&mut self, fd: F, left: F, right: F) {
        let (left, right) = self.put_quiet(fd, left, right);
        self.fmin_d(fd, left, right);
    }

    pub(super) fn put_max_f64(&mut self, fd: F, left: F, right: F) {
        let (left, right) = self.put_quiet(fd, left, right);
        self.fmax_d(fd, left, right);
    }

    /// Makes signaling NaNs quiet, in FT11 and `fd`, where the machine needs that.
    fn put_quiet(&mut self, fd: F, left: F, right: F) -> (F, F) {
        if self.features.zbb {
            return (left, right);
        }
        self.fmin_d(FT11, left, left);
        self.fmin_d(fd, right, right);
        (FT11, fd)
    }

    pub(super) fn put_f64_to_i64_checked(&mut self, rd: X, from: F, invalid: Label) {
        self.fcvt_l_d(rd, from, Rm::Rtz);
        self.fcvt_d_l(FT11, rd, Rm::Rtz);
        self.put_difference_check(from, invalid);
    }

    pub(super) fn put_f64_to_u64_checked(&mut self, rd: X, from: F, invalid: Label) {
        self.fcvt_lu_d(rd, from, Rm::Rtz);
        self.fcvt_d_lu(FT11, rd, Rm::Rtz);
        self.put_difference_check(from, invalid);
    }

    /// To `invalid` unless FT11 is less than 1 from the float.
    fn put_difference_check(&mut self, from: F, invalid: Label) {
        self.fsub_d(FT11, from, FT11, Rm::Rtz);
        self.fcvt_l_d(T6, FT11, Rm::Rtz);
        self.bnez(T6, invalid);
    }

    pub(super) fn put_f64_to_i32_checked(&mut self, rd: X, from: F, invalid: Label) {
        self.fcvt_l_d(rd, from, Rm::Rtz);
        self.put_narrow_check(rd, invalid);
    }

    pub(super) fn put_f64_to_u32_checked(&mut self, rd: X, from: F, invalid: Label) {
        self.fcvt_l_d(rd, from, Rm::Rtz);
        self.srli(T6, rd, U6::of::<32>());
        self.bnez(T6, invalid);
        self.sext_w(rd, rd);
    }
}
