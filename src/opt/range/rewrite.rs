//! What the last walk of the range analysis rewrites.
//!
//! - Checked arithmetic and conversions that cannot fail: the plain ones. `.or` forms: the plain one and a jump.
//! - Guards and comparisons that are decided: gone, constants; branches: jumps. A guard that always fails stays.
//! - Division: claims that the divisor is not zero and nothing overflows; of numbers without sign by powers of two: shifts and masks.
//! - `and` with ones wherever the value can have them, `min` and `max` that are decided: the operand.

use super::super::Note;
use super::interval::{Range, exact};
use super::{Walker, planted};
use crate::ir::function::NONE;
use crate::ir::{Function, Inst, InstData, Kind, Op, Value};

impl Walker<'_> {
    /// Rewrites an instruction if its operands' ranges allow it. May remove it.
    pub(super) fn rewrite(&mut self, function: &mut Function, inst: Inst) -> bool {
        let data = *function.inst(inst);
        let kind = data.kind;
        match data.op {
            Op::AddChecked | Op::SubChecked | Op::MulChecked | Op::NegChecked => {
                let mut range = match data.op {
                    Op::NegChecked => {
                        let range = self.facts.range(data.first());
                        Range::new(-range.hi, -range.lo)
                    }
                    op => exact(op, self.facts.range(data.first()), self.facts.range(data.second())),
                };
                if planted(2) {
                    range.hi = range.lo;
                }
                if !range.is_within(Range::of(kind)) {
                    return false;
                }
                let plain = match data.op {
                    Op::AddChecked => InstData { c: NONE, op: Op::Add, ..data },
                    Op::SubChecked => InstData { c: NONE, op: Op::Sub, ..data },
                    Op::MulChecked => InstData { c: NONE, op: Op::Mul, ..data },
                    _ => InstData { b: NONE, op: Op::Neg, ..data },
                };
                *function.inst_mut(inst) = plain;
                self.facts.set_exact(inst, true);
                self.note(inst, Note::Fits(range.lo, range.hi));
                true
            }
            Op::AddOr | Op::SubOr | Op::MulOr => self.rewrite_or(function, inst, &data),
            Op::ConvertChecked if data.source().is_int() => {
                let range = self.facts.range(data.first());
                if !range.is_within(Range::of(kind)) {
                    return false;
                }
                *function.inst_mut(inst) = InstData { op: Op::Convert, b: NONE, ..data };
                self.note(inst, Note::Fits(range.lo, range.hi));
                true
            }
            Op::Div | Op::Rem | Op::DivChecked | Op::RemChecked if kind.is_int() => {
                self.rewrite_division(function, inst, &data)
            }
            Op::And | Op::Min | Op::Max if kind.is_int() => self.rewrite_choice(function, inst, &data),
            Op::GuardCmp if kind.is_int() => {
                let budget = self.budget();
                if self.decide(function, &data, budget) != Some(true) {
                    return false;
                }
                self.note(inst, Note::Holds(data.first(), data.second()));
                function.remove(inst);
                true
            }
            Op::Guard => {
                let condition = function.resolve(data.first());
                let holds = self.facts.range(data.first()) == Range::exact(1)
                    || function.as_const(condition) == Some(1)
                    || function.def_inst(condition).is_some_and(|by| {
                        let by = *function.inst(by);
                        by.op == Op::Cmp && by.kind.is_int() && {
                            let budget = self.budget();
                            self.decide(function, &by, budget) == Some(true)
                        }
                    });
                if holds {
                    self.note(inst, Note::True(data.first()));
                    function.remove(inst);
                }
                holds
            }
            Op::Cmp if kind.is_int() => {
                let Some(result) = function.result(inst) else { return false };
                let budget = self.budget() / 2;
                let Some(truth) = self.decide(function, &data, budget) else { return false };
                let constant = function.bool(truth);
                self.facts.define(result, Range::exact(i128::from(truth)));
                self.grow(function);
                function.replace(result, constant);
                function.remove(inst);
                true
            }
            Op::BrCmp if kind.is_int() => {
                let budget = self.budget() / 2;
                let Some(truth) = self.decide(function, &data, budget) else { return false };
                let edge = if truth { data.d } else { data.d + 1 };
                *function.inst_mut(inst) = InstData { d: edge, ..InstData::new(Op::Jump, Kind::None) };
                self.graph_changed = true;
                true
            }
            _ => false,
        }
    }

    fn note(&mut self, inst: Inst, note: Note) {
        self.notes.push((inst, note));
    }

    fn rewrite_or(&mut self, function: &mut Function, inst: Inst, data: &InstData) -> bool {
        let range = exact(data.op, self.facts.range(data.first()), self.facts.range(data.second()));
        let Some(result) = function.result(inst) else { return false };
        if !range.is_within(Range::of(data.kind)) {
            return false;
        }
        let op = match data.op {
            Op::AddOr => Op::Add,
            Op::SubOr => Op::Sub,
            _ => Op::Mul,
        };
        let plain =
            function.insert_before(inst, InstData::binary(op, data.kind, data.first(), data.second()));
        function.set_inst_position(plain, function.inst_position(inst));
        self.grow(function);
        self.facts.set_exact(plain, true);
        if let Some(sum) = function.result(plain) {
            self.facts.define(sum, range);
            function.replace(result, sum);
        }
        // The terminator gives nothing any more: it is another instruction.
        let block = function.inst_block(inst);
        function.remove(inst);
        if let Some(block) = block {
            let jump = InstData { d: data.d, ..InstData::new(Op::Jump, Kind::None) };
            function.append(block, jump);
        }
        self.note(plain, Note::Fits(range.lo, range.hi));
        self.graph_changed = true;
        true
    }

    /// New values and instructions have their places in the tables.
    fn grow(&mut self, function: &Function) {
        self.facts.grow(function);
        if self.forward.len() < function.value_count() {
            self.forward.resize(function.value_count(), Range::EMPTY);
        }
    }

    fn rewrite_division(&mut self, function: &mut Function, inst: Inst, data: &InstData) -> bool {
        let kind = data.kind;
        let all = Range::of(kind);
        let (a, b) = (self.facts.range(data.first()), self.facts.range(data.second()));
        let nonzero = self.facts.is_nonzero(data.second());
        let fits = !kind.is_signed() || a.lo > all.lo || !b.has(-1);
        let rem = matches!(data.op, Op::Rem | Op::RemChecked);
        let checked = matches!(data.op, Op::DivChecked | Op::RemChecked);
        if checked && !(nonzero && (rem || fits)) {
            return false;
        }
        // Without a sign, a power of two is a shift or a mask.
        let divisor = function.as_const(data.second()).map(|bits| kind.as_i128(bits));
        if let Some(divisor) = divisor.filter(|&number| number > 0 && number & (number - 1) == 0)
            && a.lo >= 0
        {
            let (op, by) =
                if rem { (Op::And, divisor - 1) } else { (Op::Shr, i128::from(divisor.trailing_zeros())) };
            let by = function.constant(kind, by as u64);
            self.grow(function);
            self.facts.define_const(function, by);
            *function.inst_mut(inst) = InstData::binary(op, kind, data.first(), by);
            return true;
        }
        let op = if rem { Op::Rem } else { Op::Div };
        let mut claims = if checked { 0 } else { data.aux };
        claims |= if nonzero { Op::NONZERO } else { 0 } | if fits { Op::NO_OVERFLOW } else { 0 };
        if !checked && claims == data.aux {
            return false;
        }
        *function.inst_mut(inst) =
            InstData { aux: claims, ..InstData::binary(op, kind, data.first(), data.second()) };
        if checked {
            self.note(inst, Note::Divisor(b.lo, b.hi));
        }
        true
    }

    fn rewrite_choice(&mut self, function: &mut Function, inst: Inst, data: &InstData) -> bool {
        let Some(result) = function.result(inst) else { return false };
        let (x, y) = (data.first(), data.second());
        let (a, b) = (self.facts.range(x), self.facts.range(y));
        let keeps = |value: Range, ones: Range| {
            ones.single()
                .is_some_and(|ones| ones >= 0 && (ones + 1) & ones == 0 && value.lo >= 0 && value.hi <= ones)
        };
        let chosen: Option<Value> = match data.op {
            Op::And if keeps(a, b) => Some(x),
            Op::And if keeps(b, a) => Some(y),
            Op::Min if a.hi <= b.lo => Some(x),
            Op::Min if b.hi <= a.lo => Some(y),
            Op::Max if a.lo >= b.hi => Some(x),
            Op::Max if b.lo >= a.hi => Some(y),
            _ => None,
        };
        let Some(chosen) = chosen.map(|value| function.resolve(value)) else { return false };
        if chosen == result {
            return false;
        }
        function.replace(result, chosen);
        function.remove(inst);
        true
    }
}
