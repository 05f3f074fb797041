//! Sums, products, negation, with and without overflow checks. There are no flags: overflow is seen in the result.
//!
//! - Any immediate: one `addi`; two, up to 4 KiB either way; else the constant in T6, or its negation if that is
//!   cheaper.
//! - A sum with an immediate overflowed if it moved the wrong way: `addi`, `blt`; one instruction more keeps the source where the
//!   destination is the same register.
//! - Sum and difference of 64 bits: the sign of the wrapped result is not that of the true one; four instructions, three for a
//!   doubling into another register.
//! - Sum and difference of 32 bits, and the product: computed with 64 bits, they are not their own low half; three instructions.
//! - Product of 64 bits: `mulh` is not the sign of `mul`; four instructions.
//! - Negation: only that of the minimum is greater than zero when 1 is taken away from it; three instructions.
//! - Absolute value: without a branch by the sign mask, `xor`, `sub`, or by `max` (Zbb); negative means overflow.

use super::super::Assembler;
use super::super::operand::U6;
use super::super::reg::{T5, T6, X, ZERO};
use super::constant::{imm12, low12};
use super::memory::two_parts;
use crate::asm::label::Label;

/// The shift that leaves nothing but the sign.
const SIGN: U6 = U6::of::<63>();

impl Assembler {
    /// `rd = rn + value`. Overwrites T6. The registers may be the stack pointer, which is a multiple of 16 on the way too if
    /// `value` is one and negative.
    pub(super) fn put_add_imm(&mut self, rd: X, rn: X, value: i64) {
        if value == 0 {
            self.put_move(rd, rn);
        } else if rn == ZERO {
            self.put_constant(rd, value);
        } else if value == i64::from(low12(value)) {
            self.addi(rd, rn, imm12(value));
        } else if let Some((first, second)) = two_parts(value) {
            self.addi(rd, rn, first);
            self.addi(rd, rd, second);
        } else if self.constant_cost(value.wrapping_neg()) < self.constant_cost(value) {
            self.put_constant(T6, value.wrapping_neg());
            self.sub(rd, rn, T6);
        } else {
            self.put_constant(T6, value);
            self.add(rd, rn, T6);
        }
    }

    /// `rd = rn + value`, of 32 bits. Overwrites T6.
    pub(super) fn put_add_imm_w(&mut self, rd: X, rn: X, value: i32) {
        let (wide, negated) = (i64::from(value), i64::from(value.wrapping_neg()));
        if value == 0 {
            self.put_move(rd, rn);
        } else if rn == ZERO {
            self.put_constant(rd, wide);
        } else if value == low12(wide) {
            self.addiw(rd, rn, imm12(wide));
        } else if let Some((first, second)) = two_parts(wide) {
            self.addi(rd, rn, first);
            self.addiw(rd, rd, second);
        } else if self.constant_cost(negated) < self.constant_cost(wide) {
            self.put_constant(T6, negated);
            self.subw(rd, rn, T6);
        } else {
            self.put_constant(T6, wide);
            self.addw(rd, rn, T6);
        }
    }

    pub(super) fn put_sub_imm(&mut self, rd: X, rn: X, value: i64) {
        self.put_add_imm(rd, rn, value.wrapping_neg());
    }

    pub(super) fn put_sub_imm_w(&mut self, rd: X, rn: X, value: i32) {
        self.put_add_imm_w(rd, rn, value.wrapping_neg());
    }

    pub(super) fn put_add_checked(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        if rn == rm {
            let source = if rd == rn { T6 } else { rn };
            self.put_move(source, rn);
            self.add(rd, rn, rn);
            self.xor(T6, rd, source);
            return self.bltz(T6, overflow);
        }
        // What is left of the sources after the sum, and the other one: the sum is less than the one if the other is negative.
        let (one, other) = if rd == rn { (rm, rn) } else { (rn, rm) };
        self.sltz(T5, other);
        self.add(rd, rn, rm);
        self.slt(T6, rd, one);
        self.bne(T5, T6, overflow);
    }

    pub(super) fn put_add_checked_w(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        self.add(T6, rn, rm);
        self.addw(rd, rn, rm);
        self.bne(T6, rd, overflow);
    }

    /// What follows a sum with an immediate: it must not have moved the wrong way.
    fn put_direction_check(&mut self, rd: X, from: X, is_down: bool, overflow: Label) {
        if is_down {
            self.blt(from, rd, overflow);
        } else {
            self.blt(rd, from, overflow);
        }
    }

    /// The source of a sum that is compared with it afterwards: in T5 if the sum overwrites it.
    fn put_kept(&mut self, rd: X, rn: X) -> X {
        if rd == rn {
            self.mv(T5, rn);
            T5
        } else {
            rn
        }
    }

    pub(super) fn put_add_checked_imm(&mut self, rd: X, rn: X, value: i64, overflow: Label) {
        if value == 0 {
            return self.put_move(rd, rn);
        }
        let from = self.put_kept(rd, rn);
        self.put_add_imm(rd, rn, value);
        self.put_direction_check(rd, from, value < 0, overflow);
    }

    pub(super) fn put_add_checked_imm_w(&mut self, rd: X, rn: X, value: i32, overflow: Label) {
        if value == 0 {
            return self.put_move(rd, rn);
        }
        let from = self.put_kept(rd, rn);
        self.put_add_imm_w(rd, rn, value);
        self.put_direction_check(rd, from, value < 0, overflow);
    }

    pub(super) fn put_sub_checked(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        if rn == rm {
            return self.put_constant(rd, 0);
        }
        // The true difference is negative if the one is less than the other.
        self.slt(T5, rn, rm);
        self.sub(rd, rn, rm);
        self.sltz(T6, rd);
        self.bne(T5, T6, overflow);
    }

    pub(super) fn put_sub_checked_w(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        if rn == rm {
            return self.put_constant(rd, 0);
        }
        self.sub(T6, rn, rm);
        self.subw(rd, rn, rm);
        self.bne(T6, rd, overflow);
    }

    pub(super) fn put_sub_checked_imm(&mut self, rd: X, rn: X, value: i64, overflow: Label) {
        if value == 0 {
            return self.put_move(rd, rn);
        }
        let from = self.put_kept(rd, rn);
        self.put_sub_imm(rd, rn, value);
        self.put_direction_check(rd, from, value > 0, overflow);
    }

    pub(super) fn put_sub_checked_imm_w(&mut self, rd: X, rn: X, value: i32, overflow: Label) {
        if value == 0 {
            return self.put_move(rd, rn);
        }
        let from = self.put_kept(rd, rn);
        self.put_sub_imm_w(rd, rn, value);
        self.put_direction_check(rd, from, value > 0, overflow);
    }

    pub(super) fn put_mul_checked(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        self.mulh(T6, rn, rm);
        self.mul(rd, rn, rm);
        self.srai(T5, rd, SIGN);
        self.bne(T6, T5, overflow);
    }

    pub(super) fn put_mul_checked_w(&mut self, rd: X, rn: X, rm: X, overflow: Label) {
        self.mul(rd, rn, rm);
        self.put_narrow_check(rd, overflow);
    }

    /// To `overflow` if what is in `rd` has more than 32 bits.
    pub(super) fn put_narrow_check(&mut self, rd: X, overflow: Label) {
        self.sext_w(T6, rd);
        self.bne(T6, rd, overflow);
    }

    pub(super) fn put_neg_checked(&mut self, rd: X, rn: X, overflow: Label) {
        self.neg(rd, rn);
        self.addi(T6, rd, imm12(-1));
        self.blt(rd, T6, overflow);
    }

    pub(super) fn put_neg_checked_w(&mut self, rd: X, rn: X, overflow: Label) {
        self.neg(rd, rn);
        self.put_narrow_check(rd, overflow);
    }

    pub(super) fn put_abs_checked(&mut self, rd: X, rn: X, overflow: Label) {
        if self.features.zbb {
            self.neg(T6, rn);
            self.max(rd, rn, T6);
        } else {
            self.srai(T6, rn, SIGN);
            self.xor(rd, rn, T6);
            self.sub(rd, rd, T6);
        }
        self.bltz(rd, overflow);
    }

    pub(super) fn put_abs_checked_w(&mut self, rd: X, rn: X, overflow: Label) {
        if self.features.zbb {
            // The minimum is its own negation with 32 bits, so the maximum of both is negative.
            self.negw(T6, rn);
            self.max(rd, rn, T6);
        } else {
            self.srai(T6, rn, SIGN);
            self.xor(rd, rn, T6);
            self.subw(rd, rd, T6);
        }
        self.bltz(rd, overflow);
    }
}
