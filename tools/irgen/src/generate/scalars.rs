//! Numbers: arithmetic, comparisons, conversions, checks.

use orus::ir::Op;
use orus::ir::function::{InstData, Reason};
use orus::ir::types::{Cond, Kind, Value};

use super::{Body, INTS, NUMBERS};

impl Body<'_> {
    fn int_kind(&mut self) -> Kind {
        *self.rng().pick(&INTS)
    }

    pub(super) fn arithmetic(&mut self) {
        let kind = self.int_kind();
        let op = self.make.rng.weighted(&[
            (8, Op::Add),
            (6, Op::Sub),
            (5, Op::Mul),
            (2, Op::MulHigh),
            (4, Op::And),
            (3, Op::Or),
            (3, Op::Xor),
            (4, Op::Shl),
            (4, Op::Shr),
            (2, Op::Min),
            (2, Op::Max),
            (1, Op::Neg),
            (1, Op::Not),
        ]);
        let (a, b) = (self.value(kind), self.value(kind));
        match op {
            Op::Neg | Op::Not => self.unary(op, kind, a),
            Op::Shl | Op::Shr if self.chance(60) => {
                let count = self.below(70) as i64;
                let count = self.int(kind, count);
                self.binary(op, kind, a, count)
            }
            // Constants on either side, as folding looks for.
            _ if self.chance(25) => {
                let constant = self.constant(kind);
                if self.chance(75) {
                    self.binary(op, kind, a, constant)
                } else {
                    self.binary(op, kind, constant, a)
                }
            }
            _ => self.binary(op, kind, a, b),
        };
    }

    pub(super) fn divide(&mut self) {
        let kind = self.int_kind();
        let op = if self.chance(50) { Op::Div } else { Op::Rem };
        // Dividends of both signs.
        let a = if self.chance(30) {
            let (value, middle) = (self.small(kind, 0x3ff), self.int(kind, 0x200));
            self.binary(Op::Sub, kind, value, middle)
        } else {
            self.value(kind)
        };
        let (b, claims) = match self.below(7) {
            0 => (self.value(kind), 0),
            // Not 0, but it may be -1.
            1 => {
                let (value, one) = (self.value(kind), self.int(kind, 1));
                (self.binary(Op::Or, kind, value, one), Op::NONZERO)
            }
            // From 1 on.
            2 => {
                let (value, one) = (self.small(kind, 0x7f), self.int(kind, 1));
                (self.binary(Op::Or, kind, value, one), Op::NONZERO | Op::NO_OVERFLOW)
            }
            3 => (self.small(kind, 0x7), Op::NO_OVERFLOW),
            _ => {
                let constant = if self.chance(60) {
                    let size = 1 + self.below(130) as i64;
                    let negative = self.chance(30);
                    self.int(kind, if negative { -size } else { size })
                } else {
                    self.constant(kind)
                };
                let bits = self.f.as_const(constant).unwrap_or(0);
                let nonzero = if bits == 0 { 0 } else { Op::NONZERO };
                let no_overflow =
                    if kind.is_signed() && kind.as_i128(bits) == -1 { 0 } else { Op::NO_OVERFLOW };
                (constant, nonzero | no_overflow)
            }
        };
        let claims = if self.chance(70) { claims } else { 0 };
        let value = self.emit(InstData { aux: claims, ..InstData::binary(op, kind, a, b) });
        if self.chance(30) {
            let word = self.as_word(kind, value);
            self.store_word(word);
        }
    }

    pub(super) fn float(&mut self) {
        let kind = Kind::F64;
        let op = self.make.rng.weighted(&[
            (6, Op::Add),
            (4, Op::Sub),
            (5, Op::Mul),
            (3, Op::Div),
            (2, Op::Min),
            (2, Op::Max),
            (1, Op::Neg),
            (1, Op::Abs),
            (2, Op::Sqrt),
            (1, Op::Floor),
            (1, Op::Ceil),
            (1, Op::Trunc),
        ]);
        let a = self.value(kind);
        match op {
            Op::Neg | Op::Abs | Op::Sqrt | Op::Floor | Op::Ceil | Op::Trunc => self.unary(op, kind, a),
            _ => {
                let b = if self.chance(20) { self.constant(kind) } else { self.value(kind) };
                self.binary(op, kind, a, b)
            }
        };
    }

    /// A float that is no NaN.
    pub(super) fn number(&mut self, value: Value) -> Value {
        let ordered = self.compare(Cond::Eq, Kind::F64, value, value);
        let other = self.f.f64(0.25);
        self.emit(InstData { c: other.0, ..InstData::binary(Op::Select, Kind::F64, ordered, value) })
    }

    /// Any number as an i64 that depends on it.
    pub(super) fn as_word(&mut self, kind: Kind, value: Value) -> Value {
        match kind {
            Kind::I64 => value,
            Kind::U64 => {
                self.emit(InstData { aux: kind as u16, ..InstData::unary(Op::Bitcast, Kind::I64, value) })
            }
            // Its bits must not be a NaN's (IG1).
            Kind::F64 => {
                let value = self.number(value);
                self.emit(InstData { aux: kind as u16, ..InstData::unary(Op::Bitcast, Kind::I64, value) })
            }
            Kind::Bool => {
                let [yes, no] = [3, 5].map(|number| self.int(Kind::I64, number));
                self.emit(InstData { c: no.0, ..InstData::binary(Op::Select, Kind::I64, value, yes) })
            }
            _ => self.emit(InstData { aux: kind as u16, ..InstData::unary(Op::Convert, Kind::I64, value) }),
        }
    }

    pub(super) fn convert(&mut self) {
        let numbers = [Kind::I32, Kind::I64, Kind::U32, Kind::U64, Kind::F64];
        let from = self.below(5);
        let (source, to) = (numbers[from], numbers[(from + 1 + self.below(4)) % 5]);
        let from = source as u16;
        match self.below(10) {
            0..2 if to != Kind::F64 => {
                let value = if self.chance(12) {
                    // Perhaps too large.
                    let value = self.value(source);
                    self.binary(Op::Mul, source, value, value)
                } else if source == Kind::F64 {
                    let int = self.calm(Kind::I32);
                    let float =
                        InstData { aux: Kind::I32 as u16, ..InstData::unary(Op::Convert, Kind::F64, int) };
                    let float = self.emit(float);
                    let quarter = self.f.f64(0.25);
                    self.binary(Op::Mul, Kind::F64, float, quarter)
                } else {
                    if self.chance(35) { self.value(source) } else { self.calm(source) }
                };
                let guard = self.guard(Reason::Conversion);
                let data = InstData::unary(Op::ConvertChecked, to, value);
                let value = self.emit(InstData { aux: from, b: guard.0, ..data });
                self.pool.add_calm(to, value);
            }
            2 => {
                // Of the same size.
                let pairs = [
                    (Kind::I32, Kind::U32),
                    (Kind::U32, Kind::I32),
                    (Kind::I64, Kind::U64),
                    (Kind::U64, Kind::I64),
                ];
                let (source, to) = *self.rng().pick(&pairs);
                let value = self.value(source);
                self.emit(InstData { aux: source as u16, ..InstData::unary(Op::Bitcast, to, value) });
            }
            3 => {
                let value = self.value(Kind::F64);
                let value = self.number(value);
                let to = *self.rng().pick(&[Kind::I64, Kind::U64]);
                self.emit(InstData { aux: Kind::F64 as u16, ..InstData::unary(Op::Bitcast, to, value) });
            }
            4 => {
                let source = *self.rng().pick(&[Kind::I64, Kind::U64]);
                let value = self.value(source);
                self.emit(InstData { aux: source as u16, ..InstData::unary(Op::Bitcast, Kind::F64, value) });
            }
            _ => {
                let value = self.value(source);
                self.emit(InstData { aux: from, ..InstData::unary(Op::Convert, to, value) });
            }
        }
    }

    /// A condition, with what it compares.
    pub(super) fn condition(&mut self) -> (Cond, Kind, Value, Value) {
        if self.chance(5)
            && let Some(object) = self.object(None)
        {
            let other = self.reference(object.layout);
            let cond = if self.chance(50) { Cond::Eq } else { Cond::Ne };
            return (cond, Kind::Ref, object.value, other);
        }
        let kind = *self.rng().pick(&NUMBERS);
        // Conditions as unsigned are for integers.
        let conds = if kind.is_int() { 10 } else { 6 };
        let cond = Cond::ALL[self.below(conds)];
        let a = self.value(kind);
        let b = if self.chance(35) { self.constant(kind) } else { self.value(kind) };
        (cond, kind, a, b)
    }

    pub(super) fn comparison(&mut self) {
        if self.chance(20) {
            let (a, b) = (self.value(Kind::Bool), self.value(Kind::Bool));
            let op = *self.rng().pick(&[Op::And, Op::Or, Op::Xor, Op::Not]);
            if op == Op::Not {
                self.unary(op, Kind::Bool, a)
            } else {
                self.binary(op, Kind::Bool, a, b)
            };
            return;
        }
        let (cond, kind, a, b) = self.condition();
        self.compare(cond, kind, a, b);
    }

    pub(super) fn select(&mut self) {
        let chosen = self.value(Kind::Bool);
        if self.chance(10)
            && let Some(object) = self.object(None)
        {
            let other = self.reference(object.layout);
            let data =
                InstData { c: other.0, ..InstData::binary(Op::Select, Kind::Ref, chosen, object.value) };
            let value = self.append(data);
            self.pool.objects.push(super::pool::Object { value, layout: object.layout, there: false });
            return;
        }
        let kind = *self.rng().pick(&NUMBERS);
        let (a, b) = (self.value(kind), self.value(kind));
        self.emit(InstData { c: b.0, ..InstData::binary(Op::Select, kind, chosen, a) });
    }

    /// Two operands whose sum, difference or product probably has a place in its kind.
    pub(super) fn operands(&mut self, op: Op, kind: Kind) -> (Value, Value) {
        let (mut a, mut b) = (self.calm(kind), self.calm(kind));
        match op {
            Op::SubChecked | Op::SubOr if !kind.is_signed() && self.chance(90) => {
                let high = self.int(kind, 1 << 20);
                a = self.binary(Op::Or, kind, a, high);
            }
            Op::MulChecked | Op::MulOr if self.chance(50) => {
                let small = 2 + self.below(9) as i64;
                b = self.int(kind, small);
            }
            Op::MulChecked | Op::MulOr => b = self.small(kind, 0xff),
            _ => {}
        }
        (a, b)
    }

    pub(super) fn checked(&mut self) {
        let kind = self.int_kind();
        let op = self.make.rng.weighted(&[
            (8, Op::AddChecked),
            (6, Op::SubChecked),
            (4, Op::MulChecked),
            (3, Op::DivChecked),
            (3, Op::RemChecked),
            (2, Op::NegChecked),
        ]);
        let reason = match op {
            Op::DivChecked | Op::RemChecked => Reason::DivideByZero,
            _ => Reason::Overflow,
        };
        if op == Op::NegChecked {
            let kind = if self.chance(50) { Kind::I32 } else { Kind::I64 };
            let value = self.value(kind);
            let guard = self.guard(reason);
            self.emit(InstData { b: guard.0, ..InstData::unary(op, kind, value) });
            return;
        }
        let (a, b) = match op {
            Op::DivChecked | Op::RemChecked => {
                let (a, b) = (self.value(kind), self.calm(kind));
                if self.chance(60) {
                    let one = self.int(kind, 1);
                    (a, self.binary(Op::Or, kind, b, one))
                } else {
                    (a, b)
                }
            }
            _ => self.operands(op, kind),
        };
        let guard = self.guard(reason);
        let value = self.emit(InstData { c: guard.0, ..InstData::binary(op, kind, a, b) });
        self.pool.add_calm(kind, value);
    }

    /// A guard that mostly holds.
    pub(super) fn guard_statement(&mut self) {
        let reason = self.make.rng.weighted(&[
            (5, Reason::Kind),
            (4, Reason::Target),
            (4, Reason::Branch),
            (1, Reason::Bounds),
            (1, Reason::Null),
            (3, Reason::Other),
        ]);
        let guard = self.guard(reason);
        match self.below(6) {
            0 | 1 => {
                let flag = self.flag();
                self.emit(InstData { b: guard.0, ..InstData::unary(Op::Guard, Kind::Bool, flag) });
            }
            2 => {
                let value = self.value(Kind::F64);
                self.guard_compare(Cond::Eq, Kind::F64, value, value, guard);
            }
            3 => {
                let kind = self.int_kind();
                let value = self.value(kind);
                let other = self.rng().bits();
                let other = self.f.constant(kind, other);
                self.guard_compare(Cond::Ne, kind, value, other, guard);
            }
            4 => {
                let kind = self.int_kind();
                let value = self.calm(kind);
                let most = self.int(kind, 0x7000_0000);
                let cond = *self.rng().pick(&[Cond::Below, Cond::BelowEq, Cond::Lt, Cond::Le]);
                self.guard_compare(cond, kind, value, most, guard);
            }
            _ => {
                let flag = self.flag();
                let yes = self.f.bool(true);
                self.guard_compare(Cond::Eq, Kind::Bool, flag, yes, guard);
            }
        }
    }

    pub(super) fn guard_compare(
        &mut self,
        cond: Cond,
        kind: Kind,
        a: Value,
        b: Value,
        guard: orus::ir::Guard,
    ) {
        let data = InstData::binary(Op::GuardCmp, kind, a, b);
        self.emit(InstData { aux: cond as u16, c: guard.0, ..data });
    }
}
