//! Intervals of integers, and what instructions make of them.
//!
//! Numbers are mathematical ones: a bound of an unsigned kind is never negative. 128 bits hold every sum of two values of any kind, and
//! products are saturated, which leaves them outside of every kind.

use crate::ir::{InstData, Kind, Op};

/// The numbers from `lo` to `hi`, both included; none if `lo > hi`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The least.
    pub lo: i128,
    /// The greatest.
    pub hi: i128,
}

impl Range {
    /// Nothing: code with such a value is not executed.
    pub const EMPTY: Range = Range { lo: 1, hi: 0 };

    /// From one number to another.
    pub const fn new(lo: i128, hi: i128) -> Range {
        Range { lo, hi }
    }

    /// One number.
    pub const fn exact(number: i128) -> Range {
        Range { lo: number, hi: number }
    }

    /// All numbers of a kind. Of kinds that have none: what no rule narrows.
    pub const fn of(kind: Kind) -> Range {
        match kind {
            Kind::I32 => Range::new(i32::MIN as i128, i32::MAX as i128),
            Kind::I64 => Range::new(i64::MIN as i128, i64::MAX as i128),
            Kind::U32 => Range::new(0, u32::MAX as i128),
            Kind::U64 => Range::new(0, u64::MAX as i128),
            Kind::Bool => Range::new(0, 1),
            _ => Range::new(i128::MIN / 4, i128::MAX / 4),
        }
    }

    /// Has it no number?
    pub const fn is_empty(self) -> bool {
        self.lo > self.hi
    }

    /// The number, if there is one only.
    pub fn single(self) -> Option<i128> {
        (self.lo == self.hi).then_some(self.lo)
    }

    /// Are all its numbers in the other one?
    pub const fn is_within(self, other: Range) -> bool {
        self.is_empty() || other.lo <= self.lo && self.hi <= other.hi
    }

    /// Is that number in it?
    pub const fn has(self, number: i128) -> bool {
        self.lo <= number && number <= self.hi
    }

    /// The least interval with both.
    pub fn union(self, other: Range) -> Range {
        match (self.is_empty(), other.is_empty()) {
            (true, _) => other,
            (_, true) => self,
            _ => Range::new(self.lo.min(other.lo), self.hi.max(other.hi)),
        }
    }

    /// What is in both.
    pub fn meet(self, other: Range) -> Range {
        Range::new(self.lo.max(other.lo), self.hi.min(other.hi))
    }

    fn magnitude(self) -> i128 {
        self.lo.abs().max(self.hi.abs())
    }

    fn shift(self, count: u32) -> Range {
        Range::new(self.lo >> count, self.hi >> count)
    }
}

/// The exact sum, difference or product, before it is brought into a kind. `Add`, `Sub`, `Mul` and their checked forms.
pub fn exact(op: Op, a: Range, b: Range) -> Range {
    match op {
        Op::Add | Op::AddChecked | Op::AddOr => Range::new(a.lo + b.lo, a.hi + b.hi),
        Op::Sub | Op::SubChecked | Op::SubOr => Range::new(a.lo - b.hi, a.hi - b.lo),
        _ => {
            let products =
                [(a.lo, b.lo), (a.lo, b.hi), (a.hi, b.lo), (a.hi, b.hi)].map(|(a, b)| a.saturating_mul(b));
            Range::new(
                products.into_iter().fold(products[0], i128::min),
                products.into_iter().fold(products[0], i128::max),
            )
        }
    }
}

/// The numbers that an instruction may give, from those of its first two operands. What is not known is all of the kind.
pub fn transfer(data: &InstData, a: Range, b: Range) -> Range {
    let kind = data.kind;
    let all = Range::of(kind);
    let wrapped = |range: Range| if range.is_within(all) { range } else { all };
    match data.op {
        Op::Add | Op::Sub | Op::Mul => wrapped(exact(data.op, a, b)),
        Op::AddChecked | Op::SubChecked | Op::MulChecked | Op::AddOr | Op::SubOr | Op::MulOr => {
            exact(data.op, a, b).meet(all)
        }
        Op::Neg => wrapped(Range::new(-a.hi, -a.lo)),
        Op::NegChecked => Range::new(-a.hi, -a.lo).meet(all),
        Op::Not if kind == Kind::Bool => Range::new(1 - a.hi, 1 - a.lo),
        Op::Not if kind.is_signed() => Range::new(-1 - a.hi, -1 - a.lo),
        Op::Not => Range::new(all.hi - a.hi, all.hi - a.lo),
        Op::Div | Op::DivChecked => divided(data.op, all, a, b),
        Op::Rem | Op::RemChecked => remainder(data.op, a, b),
        Op::And => match (a.lo >= 0, b.lo >= 0) {
            (true, true) => Range::new(0, a.hi.min(b.hi)),
            (true, false) => Range::new(0, a.hi),
            (false, true) => Range::new(0, b.hi),
            (false, false) => all,
        },
        Op::Or | Op::Xor if a.lo >= 0 && b.lo >= 0 => {
            let ones = mask(a.hi.max(b.hi));
            Range::new(if data.op == Op::Or { a.lo.max(b.lo) } else { 0 }, ones)
        }
        Op::Shl => match b.single() {
            Some(count) => {
                let factor = 1i128 << (count & i128::from(kind.bits() - 1));
                wrapped(Range::new(a.lo.saturating_mul(factor), a.hi.saturating_mul(factor)))
            }
            None => all,
        },
        Op::Shr => match b.single() {
            Some(count) => a.shift((count & i128::from(kind.bits() - 1)) as u32),
            None => Range::new(a.lo.min(0), if a.hi < 0 { -1 } else { a.hi }),
        },
        Op::Min => Range::new(a.lo.min(b.lo), a.hi.min(b.hi)),
        Op::Max => Range::new(a.lo.max(b.lo), a.hi.max(b.hi)),
        Op::Convert if data.source().is_int() => wrapped(a),
        Op::ConvertChecked if data.source().is_int() => a.meet(all),
        Op::Bitcast if data.source().is_int() => {
            if a.is_within(all) {
                a
            } else if a.hi < 0 {
                let turn = 1i128 << kind.bits();
                wrapped(Range::new(a.lo + turn, a.hi + turn))
            } else {
                all
            }
        }
        Op::MulHigh if a.lo >= 0 && b.lo >= 0 => match (a.hi.checked_mul(b.hi), a.lo.checked_mul(b.lo)) {
            (Some(hi), Some(lo)) => Range::new(lo, hi).shift(kind.bits()),
            _ => all,
        },
        Op::Load => match data.mem() {
            crate::ir::Mem::I8 => Range::new(-128, 127),
            crate::ir::Mem::U8 => Range::new(0, 255),
            crate::ir::Mem::I16 => Range::new(-0x8000, 0x7fff),
            crate::ir::Mem::U16 => Range::new(0, 0xffff),
            _ => all,
        },
        Op::VTrue => Range::new(0, 32),
        Op::Cmp => Range::new(0, 1),
        _ => all,
    }
}

/// The least 2^n - 1 that is not less.
fn mask(number: i128) -> i128 {
    match number {
        ..=0 => 0,
        _ => (1i128 << (128 - number.leading_zeros())) - 1,
    }
}

fn divided(op: Op, all: Range, a: Range, b: Range) -> Range {
    if b.lo > 0 {
        let quotients = [a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi];
        let range = quotients.into_iter().map(Range::exact).fold(Range::EMPTY, Range::union);
        return range;
    }
    if op == Op::DivChecked && b == Range::exact(0) {
        return all;
    }
    // Also by zero, which gives 0, and the least number by -1, which gives itself.
    let most = a.magnitude();
    Range::new(-most, most).meet(all)
}

fn remainder(op: Op, a: Range, b: Range) -> Range {
    // By zero it is the dividend, unless that leaves.
    let below = if op == Op::Rem && b.has(0) { i128::MAX } else { (b.magnitude() - 1).max(0) };
    Range::new(if a.lo < 0 { a.lo.max(-below) } else { 0 }, if a.hi > 0 { a.hi.min(below) } else { 0 })
}
