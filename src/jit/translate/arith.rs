//! Arithmetic, bits, comparisons, conversions, numbers.

use super::Translator;
use crate::bytecode::Inst;
use crate::ir::{Cond, InstData, Kind, Op, Reason, Value};

impl Translator<'_> {
    fn second(&mut self, inst: &Inst<'_>, immediate: bool) -> Value {
        if immediate {
            let kind = self.kind(inst.lane(1));
            self.b.function.constant(kind, i64::from(inst.imm16(2)) as u64)
        } else {
            self.operand(inst, 2)
        }
    }

    /// `a = b op c`, total.
    pub(super) fn binary(&mut self, inst: &Inst<'_>, op: Op) {
        let (x, y) = (self.operand(inst, 1), self.operand(inst, 2));
        let data = InstData::binary(op, self.kind(inst.lane(1)), x, y);
        self.append(inst, data);
    }

    /// `a = op b`, total.
    pub(super) fn unary(&mut self, inst: &Inst<'_>, op: Op) {
        let x = self.operand(inst, 1);
        let data = InstData::unary(op, self.kind(inst.lane(1)), x);
        self.append(inst, data);
    }

    fn append(&mut self, inst: &Inst<'_>, data: InstData) {
        if let Some(value) = self.b.append(data) {
            self.set(inst.lane(0), value);
        }
    }

    /// `a = b op c`, or out; `c` may be an immediate.
    pub(super) fn checked(&mut self, inst: &Inst<'_>, op: Op, immediate: bool) {
        let (x, y) = (self.operand(inst, 1), self.second(inst, immediate));
        let out = self.out(Reason::Overflow);
        let data = InstData { c: out.0, ..InstData::binary(op, self.kind(inst.lane(1)), x, y) };
        self.append(inst, data);
    }

    /// `a = b / c` or `a = b % c`, or out; `c` may be an immediate.
    pub(super) fn divide(&mut self, inst: &Inst<'_>, rem: bool, immediate: bool) {
        let (x, y) = (self.operand(inst, 1), self.second(inst, immediate));
        let kind = self.kind(inst.lane(1));
        if let Some(divisor) = self.b.function.as_const(y).filter(|&divisor| divisor != 0) {
            let by_minus_one = kind.is_signed() && kind.as_i128(divisor) == -1;
            // The remainder by -1 is 0 whatever the dividend is; the quotient may have no place.
            if !by_minus_one || rem {
                let claims = if by_minus_one { Op::NONZERO } else { Op::NONZERO | Op::NO_OVERFLOW };
                let op = if rem { Op::Rem } else { Op::Div };
                let value = self.b.divide(op, x, y, claims);
                return self.set(inst.lane(0), value);
            }
        }
        let out = self.out(Reason::DivideByZero);
        let value = if rem { self.b.rem_checked(x, y, out) } else { self.b.div_checked(x, y, out) };
        self.set(inst.lane(0), value);
    }

    pub(super) fn neg_checked(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        let out = self.out(Reason::Overflow);
        let value = self.b.neg_checked(x, out);
        self.set(inst.lane(0), value);
    }

    /// The larger one of a number and its negative, which does not exist for the least number.
    pub(super) fn abs_checked(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        let out = self.out(Reason::Overflow);
        let negative = self.b.neg_checked(x, out);
        let value = self.b.max(x, negative);
        self.set(inst.lane(0), value);
    }

    /// A shift; the count is of any integer kind.
    pub(super) fn shift(&mut self, inst: &Inst<'_>, op: Op) {
        let (x, count) = (self.operand(inst, 1), self.operand(inst, 2));
        let kind = self.kind(inst.lane(1));
        let counts = self.kind(inst.lane(2));
        // Of 32-bit counts those that are negative are huge in 32 bits as well.
        let bits = self.b.function.constant(counts, u64::from(kind.bits()));
        let out = self.out(Reason::Other);
        self.b.guard_cmp(Cond::Below, count, bits, out);
        let count = self.int_to(count, kind);
        let data = InstData::binary(op, kind, x, count);
        self.append(inst, data);
    }

    // ---- Comparisons. ----

    pub(super) fn compare(&mut self, inst: &Inst<'_>, cond: Cond) {
        let (x, y) = (self.operand(inst, 1), self.operand(inst, 2));
        let value = self.b.cmp(cond, x, y);
        self.set(inst.lane(0), value);
    }

    // ---- Conversions. ----

    /// Any integer as an integer of 32 bits.
    pub(super) fn cut(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        let kind = self.kind(inst.lane(0));
        let value = self.int_to(x, kind);
        self.set(inst.lane(0), value);
    }

    /// The same 64 bits as another type.
    pub(super) fn bits(&mut self, inst: &Inst<'_>) {
        let (x, kind) = (self.operand(inst, 1), self.kind(inst.lane(0)));
        let value = match self.kind(inst.lane(1)) {
            Kind::Bool => self.bool_to(x, kind),
            _ => self.int_to(x, kind),
        };
        self.set(inst.lane(0), value);
    }

    pub(super) fn int_as_f64(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        let value = self.b.convert(x, Kind::F64);
        self.set(inst.lane(0), value);
    }

    pub(super) fn f64_as_int(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        let kind = self.kind(inst.lane(0));
        let out = self.out(Reason::Conversion);
        let value = self.b.convert_checked(x, kind, out);
        self.set(inst.lane(0), value);
    }

    pub(super) fn is_not_zero(&mut self, inst: &Inst<'_>) {
        let x = self.operand(inst, 1);
        // The bits of 0.0 are those of 0.
        let zero = self.b.function.constant(self.kinds[usize::from(inst.lane(1))], 0);
        let value = self.b.cmp(Cond::Ne, x, zero);
        self.set(inst.lane(0), value);
    }
}
