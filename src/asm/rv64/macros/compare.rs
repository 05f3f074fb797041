//! Branches on comparisons, and comparisons as values.
//!
//! The machine compares two registers and branches in one instruction, by six conditions; the other four are those with the
//! operands exchanged. An immediate other than 0 goes to T6 first. Where the comparison with the next immediate, with or without equality,
//! says the same (`x <= 4095` is `x < 4096`), the cheaper one is taken, and what is always or never true is seen. Equality with 2048 is
//! the one case in which a difference with 0 is cheaper.
//!
//! As values: `slt` and `sltu`, exchanged, inverted by `xori`; equality is a difference that is 0. Floats compare into a
//! register, T6 before a branch; `Ne` is the inverse of `feq`, so that NaN makes it true.
//!
//! A select is a branch over a move: two instructions if the destination is an operand, else three; the branch-free form
//! by `czero` (Zicond) would be four. Minimum and maximum are one instruction with Zbb.

use super::super::Assembler;
use super::super::operand::{I12, Rel13};
use super::super::reg::{F, T6, X, ZERO};
use super::constant::Cost;
use crate::asm::label::Label;
use crate::asm::macros::{Compare, FloatCompare};

/// How wide the compared integers are; both are in registers as 64 bits, those of 32 sign-extended.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Bits {
    B32,
    B64,
}

impl Bits {
    fn min(self) -> i64 {
        if self == Bits::B32 { i32::MIN.into() } else { i64::MIN }
    }

    fn max(self) -> i64 {
        if self == Bits::B32 { i32::MAX.into() } else { i64::MAX }
    }

    /// The next or the previous number, as the register holds it.
    fn wrapping_add(self, value: i64, step: i64) -> i64 {
        let sum = value.wrapping_add(step);
        if self == Bits::B32 { i64::from(sum as i32) } else { sum }
    }
}

/// Whether the comparison of whatever number with this one always gives the same.
fn constant_outcome(compare: Compare, value: i64, bits: Bits) -> Option<bool> {
    match compare {
        Compare::Lt if value == bits.min() => Some(false),
        Compare::Ge if value == bits.min() => Some(true),
        Compare::Gt if value == bits.max() => Some(false),
        Compare::Le if value == bits.max() => Some(true),
        Compare::Below if value == 0 => Some(false),
        Compare::AboveEq if value == 0 => Some(true),
        // All ones, in either width.
        Compare::Above if value == -1 => Some(false),
        Compare::BelowEq if value == -1 => Some(true),
        _ => None,
    }
}

/// The same comparison with the immediate beside it; the outcome must not be constant.
fn neighbour(compare: Compare, value: i64, bits: Bits) -> Option<(Compare, i64)> {
    let (compare, step) = match compare {
        Compare::Lt => (Compare::Le, -1),
        Compare::Le => (Compare::Lt, 1),
        Compare::Gt => (Compare::Ge, 1),
        Compare::Ge => (Compare::Gt, -1),
        Compare::Below => (Compare::BelowEq, -1),
        Compare::BelowEq => (Compare::Below, 1),
        Compare::Above => (Compare::AboveEq, 1),
        Compare::AboveEq => (Compare::Above, -1),
        Compare::Eq | Compare::Ne => return None,
    };
    Some((compare, bits.wrapping_add(value, step)))
}

impl Assembler {
    pub(super) fn put_branch_if(&mut self, compare: Compare, rn: X, rm: X, to: Label) {
        match compare {
            Compare::Eq => self.beq(rn, rm, to),
            Compare::Ne => self.bne(rn, rm, to),
            Compare::Lt => self.blt(rn, rm, to),
            Compare::Le => self.bge(rm, rn, to),
            Compare::Gt => self.blt(rm, rn, to),
            Compare::Ge => self.bge(rn, rm, to),
            Compare::Below => self.bltu(rn, rm, to),
            Compare::BelowEq => self.bgeu(rm, rn, to),
            Compare::Above => self.bltu(rm, rn, to),
            Compare::AboveEq => self.bgeu(rn, rm, to),
        }
    }

    pub(super) fn put_branch_imm(&mut self, compare: Compare, rn: X, value: i64, to: Label) {
        self.put_branch_value(compare, rn, value, Bits::B64, to);
    }

    pub(super) fn put_branch_imm_w(&mut self, compare: Compare, rn: X, value: i32, to: Label) {
        self.put_branch_value(compare, rn, value.into(), Bits::B32, to);
    }

    fn put_branch_value(&mut self, compare: Compare, rn: X, value: i64, bits: Bits, to: Label) {
        match constant_outcome(compare, value, bits) {
            Some(true) => return self.j(to),
            Some(false) => return,
            None => {}
        }
        let (mut compare, mut value) = (compare, value);
        if let Some((other, beside)) = neighbour(compare, value, bits)
            && self.operand_cost(beside) < self.operand_cost(value)
        {
            (compare, value) = (other, beside);
        }
        match (compare, value) {
            // Nothing is below 0.
            (Compare::BelowEq, 0) => self.beqz(rn, to),
            (Compare::Above, 0) => self.bnez(rn, to),
            (_, 0) => self.put_branch_if(compare, rn, ZERO, to),
            (Compare::Eq | Compare::Ne, 2048) => {
                self.addi(T6, rn, I12::of::<-2048>());
                self.put_branch_if(compare, T6, ZERO, to);
            }
            _ => {
                self.put_constant(T6, value);
                self.put_branch_if(compare, rn, T6, to);
            }
        }
    }

    /// What an operand of a branch costs: 0 is there.
    fn operand_cost(&self, value: i64) -> Cost {
        if value == 0 { Cost { instructions: 0, bytes: 0 } } else { self.constant_cost(value) }
    }

    pub(super) fn put_branch_f64(&mut self, compare: FloatCompare, left: F, right: F, to: Label) {
        match compare {
            FloatCompare::Ne => {
                self.feq_d(T6, left, right);
                self.beqz(T6, to);
            }
            _ => {
                self.put_set_f64(compare, T6, left, right);
                self.bnez(T6, to);
            }
        }
    }

    pub(super) fn put_set(&mut self, compare: Compare, rd: X, rn: X, rm: X) {
        match compare {
            Compare::Eq | Compare::Ne => {
                let difference = match (rn, rm) {
                    (rn, ZERO) => rn,
                    (ZERO, rm) => rm,
                    _ => {
                        self.xor(rd, rn, rm);
                        rd
                    }
                };
                if compare == Compare::Eq {
                    self.seqz(rd, difference);
                } else {
                    self.snez(rd, difference);
                }
            }
            Compare::Lt => self.slt(rd, rn, rm),
            Compare::Gt => self.slt(rd, rm, rn),
            Compare::Below => self.sltu(rd, rn, rm),
            Compare::Above => self.sltu(rd, rm, rn),
            Compare::Le | Compare::Ge | Compare::BelowEq | Compare::AboveEq => {
                self.put_set(compare.negated(), rd, rn, rm);
                self.xori(rd, rd, I12::of::<1>());
            }
        }
    }

    pub(super) fn put_set_f64(&mut self, compare: FloatCompare, rd: X, left: F, right: F) {
        match compare {
            FloatCompare::Eq => self.feq_d(rd, left, right),
            FloatCompare::Lt => self.flt_d(rd, left, right),
            FloatCompare::Le => self.fle_d(rd, left, right),
            FloatCompare::Gt => self.flt_d(rd, right, left),
            FloatCompare::Ge => self.fle_d(rd, right, left),
            FloatCompare::Ne => {
                self.feq_d(rd, left, right);
                self.xori(rd, rd, I12::of::<1>());
            }
        }
    }

    pub(super) fn put_select(&mut self, compare: Compare, rd: X, rn: X, rm: X) {
        let is_min = matches!(compare, Compare::Lt | Compare::Le | Compare::Below | Compare::BelowEq);
        match compare {
            // Whichever is chosen, it is this one's value.
            Compare::Ne => self.put_move(rd, rn),
            Compare::Eq => self.put_move(rd, rm),
            _ if rn == rm => self.put_move(rd, rn),
            _ if self.features.zbb => match (is_min, compare.is_unsigned()) {
                (true, false) => self.min(rd, rn, rm),
                (true, true) => self.minu(rd, rn, rm),
                (false, false) => self.max(rd, rn, rm),
                (false, true) => self.maxu(rd, rn, rm),
            },
            _ if rd == rm => self.put_move_unless(compare.negated(), rn, rm, rd, rn),
            _ => {
                self.put_move(rd, rn);
                // Where the first move has overwritten nothing that is compared.
                self.put_move_unless(compare, rn, rm, rd, rm);
            }
        }
    }

    /// `rd = from`, unless the comparison holds: the branch goes over the move.
    fn put_move_unless(&mut self, compare: Compare, rn: X, rm: X, rd: X, from: X) {
        // An island between them would make the displacement another one.
        self.keep_together(8);
        let over = if self.compress { Rel13::of::<6>() } else { Rel13::of::<8>() };
        match compare {
            Compare::Eq => self.beq_by(rn, rm, over),
            Compare::Ne => self.bne_by(rn, rm, over),
            Compare::Lt => self.blt_by(rn, rm, over),
            Compare::Le => self.bge_by(rm, rn, over),
            Compare::Gt => self.blt_by(rm, rn, over),
            Compare::Ge => self.bge_by(rn, rm, over),
            Compare::Below => self.bltu_by(rn, rm, over),
            Compare::BelowEq => self.bgeu_by(rm, rn, over),
            Compare::Above => self.bltu_by(rm, rn, over),
            Compare::AboveEq => self.bgeu_by(rn, rm, over),
        }
        self.mv(rd, from);
    }
}
