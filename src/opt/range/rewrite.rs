//! What the last walk of the range analysis rewrites.
//!
//! - Checked arithmetic and conversions that cannot fail: the plain ones. `.or` forms: the plain one and a jump.
//! - Guards and comparisons that are decided: gone, constants; branches: jumps. A guard that always fails stays.
//! - Division: claims that the divisor is not zero and nothing overflows; of numbers without sign by powers of two: shifts and masks.
//! - `and` with ones wherever the value can have them, `min` and `max` that are decided: the operand.

use super::super::Note;
use super::interval::{Range, exact};
use super::{Walker, planted};
use crate::ir::arith::unchecked;
use crate::ir::function::NONE;
use crate::ir::{Function, Inst, InstData, Kind, Op, Value};

/// What becomes of an instruction. It says all, so that it can also be done when the walk is over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Action {
    /// The same without its check: the result is in the range.
    Unchecked(Range),
    /// A plain instruction and a jump instead of an `.or` form: the result is in the range.
    Jumping(Range),
    /// A division with these claims; the divisor is in the range.
    Claiming(u16, Range),
    /// A shift or mask by a constant.
    Simple(Op, u64),
    /// It is gone; why.
    Gone(Note),
    /// Its result is this value.
    Value(Value),
    /// A comparison, or a branch on one, has this truth.
    Known(bool),
}

impl Walker<'_> {
    /// What an instruction can become, as its operands' ranges are here.
    pub(super) fn action(&mut self, function: &Function, inst: Inst) -> Option<Action> {
        let data = *function.inst(inst);
        let (is_int, all) = (data.kind.is_int(), Range::of(data.kind));
        match data.op {
            Op::AddChecked | Op::SubChecked | Op::MulChecked | Op::NegChecked => {
                let range = self.exact(&data);
                range.is_within(all).then_some(Action::Unchecked(range))
            }
            Op::AddOr | Op::SubOr | Op::MulOr => {
                let range = self.exact(&data);
                range.is_within(all).then_some(Action::Jumping(range))
            }
            Op::ConvertChecked if data.source().is_int() => {
                let range = self.state.facts.range(data.first());
                range.is_within(all).then_some(Action::Unchecked(range))
            }
            Op::Div | Op::Rem | Op::DivChecked | Op::RemChecked if is_int => self.division(function, &data),
            Op::And | Op::Min | Op::Max if is_int => self.chosen(&data).map(Action::Value),
            Op::GuardCmp if is_int => {
                let holds = self.decide(function, &data, self.budget()) == Some(true);
                holds.then_some(Action::Gone(Note::Holds(data.first(), data.second())))
            }
            Op::Guard => {
                self.is_true(function, data.first()).then_some(Action::Gone(Note::True(data.first())))
            }
            Op::Cmp | Op::BrCmp if is_int => {
                self.decide(function, &data, self.budget() / 2).map(Action::Known)
            }
            _ => None,
        }
    }

    /// Rewrites an instruction. May remove it.
    pub(super) fn rewrite(&mut self, function: &mut Function, inst: Inst, action: Action) {
        let data = *function.inst(inst);
        self.changed = true;
        match action {
            Action::Unchecked(range) => {
                *function.inst_mut(inst) = match data.op {
                    Op::NegChecked | Op::ConvertChecked => {
                        InstData { b: NONE, op: unchecked(data.op), ..data }
                    }
                    op => InstData { c: NONE, op: unchecked(op), ..data },
                };
                if data.op != Op::ConvertChecked {
                    self.state.facts.set_exact(inst, true);
                }
                self.notes.push((inst, Note::Fits(range.lo, range.hi)));
            }
            Action::Jumping(range) => self.rewrite_or(function, inst, &data, range),
            Action::Claiming(claims, divisor) => {
                let op = unchecked(data.op);
                *function.inst_mut(inst) =
                    InstData { aux: claims, ..InstData::binary(op, data.kind, data.first(), data.second()) };
                if op != data.op {
                    self.notes.push((inst, Note::Divisor(divisor.lo, divisor.hi)));
                }
            }
            Action::Simple(op, by) => {
                let by = function.constant(data.kind, by);
                self.grow(function);
                self.state.facts.define_const(function, by);
                *function.inst_mut(inst) = InstData::binary(op, data.kind, data.first(), by);
            }
            Action::Gone(note) => {
                self.notes.push((inst, note));
                function.remove(inst);
            }
            Action::Value(value) => {
                let Some(result) = function.result(inst) else { return };
                // Around a loop it may be the result itself: then the loop is never entered.
                if function.resolve(value) != result {
                    function.replace(result, value);
                    function.remove(inst);
                }
            }
            Action::Known(truth) if data.op == Op::BrCmp => {
                let edge = if truth { data.d } else { data.d + 1 };
                *function.inst_mut(inst) = InstData { d: edge, ..InstData::new(Op::Jump, Kind::None) };
                self.graph_changed = true;
            }
            Action::Known(truth) => {
                let Some(result) = function.result(inst) else { return };
                let constant = function.bool(truth);
                self.state.facts.define(result, Range::exact(i128::from(truth)));
                self.grow(function);
                function.replace(result, constant);
                function.remove(inst);
            }
        }
    }

    /// What arithmetic gives, before it is brought into its kind.
    fn exact(&self, data: &InstData) -> Range {
        let a = self.state.facts.range(data.first());
        let range = match data.op {
            Op::NegChecked => Range::new(-a.hi, -a.lo),
            op => exact(op, a, self.state.facts.range(data.second())),
        };
        if planted(2) { Range::exact(range.lo) } else { range }
    }

    /// Is a bool true here?
    fn is_true(&mut self, function: &Function, value: Value) -> bool {
        let condition = function.resolve(value);
        self.state.facts.range(value) == Range::exact(1)
            || function.as_const(condition) == Some(1)
            || function.def_inst(condition).is_some_and(|by| {
                let by = *function.inst(by);
                by.op == Op::Cmp
                    && by.kind.is_int()
                    && self.decide(function, &by, self.budget()) == Some(true)
            })
    }

    fn rewrite_or(&mut self, function: &mut Function, inst: Inst, data: &InstData, range: Range) {
        let Some(result) = function.result(inst) else { return };
        let plain = InstData::binary(unchecked(data.op), data.kind, data.first(), data.second());
        let plain = function.insert_before(inst, plain);
        function.set_inst_position(plain, function.inst_position(inst));
        self.grow(function);
        self.state.facts.set_exact(plain, true);
        if let Some(sum) = function.result(plain) {
            self.state.facts.define(sum, range);
            function.replace(result, sum);
        }
        // The terminator gives nothing any more: it is another instruction.
        let block = function.inst_block(inst);
        function.remove(inst);
        if let Some(block) = block {
            let jump = InstData { d: data.d, ..InstData::new(Op::Jump, Kind::None) };
            function.append(block, jump);
        }
        self.notes.push((plain, Note::Fits(range.lo, range.hi)));
        self.graph_changed = true;
    }

    /// New values and instructions have their places in the tables.
    fn grow(&mut self, function: &Function) {
        self.state.facts.grow(function);
        if self.state.forward.len() < function.value_count() {
            self.state.forward.resize(function.value_count(), Range::EMPTY);
        }
    }

    fn division(&self, function: &Function, data: &InstData) -> Option<Action> {
        let kind = data.kind;
        let all = Range::of(kind);
        let (a, b) = (self.state.facts.range(data.first()), self.state.facts.range(data.second()));
        let nonzero = self.state.facts.is_nonzero(data.second());
        let fits = !kind.is_signed() || a.lo > all.lo || !b.has(-1);
        let rem = matches!(data.op, Op::Rem | Op::RemChecked);
        let checked = matches!(data.op, Op::DivChecked | Op::RemChecked);
        if checked && !(nonzero && (rem || fits)) {
            return None;
        }
        // Without a sign, a power of two is a shift or a mask.
        let divisor = function.as_const(data.second()).map(|bits| kind.as_i128(bits));
        if let Some(divisor) = divisor.filter(|&number| number > 0 && number & (number - 1) == 0)
            && a.lo >= 0
        {
            return Some(if rem {
                Action::Simple(Op::And, (divisor - 1) as u64)
            } else {
                Action::Simple(Op::Shr, u64::from(divisor.trailing_zeros()))
            });
        }
        let mut claims = if checked { 0 } else { data.aux };
        claims |= if nonzero { Op::NONZERO } else { 0 } | if fits { Op::NO_OVERFLOW } else { 0 };
        (checked || claims != data.aux).then_some(Action::Claiming(claims, b))
    }

    /// The operand that a mask, or the choice of the lesser or greater one, always gives.
    fn chosen(&self, data: &InstData) -> Option<Value> {
        let (x, y) = (data.first(), data.second());
        let (a, b) = (self.state.facts.range(x), self.state.facts.range(y));
        let keeps = |value: Range, ones: Range| {
            ones.single()
                .is_some_and(|ones| ones >= 0 && (ones + 1) & ones == 0 && value.lo >= 0 && value.hi <= ones)
        };
        match data.op {
            Op::And if keeps(a, b) => Some(x),
            Op::And if keeps(b, a) => Some(y),
            Op::Min if a.hi <= b.lo => Some(x),
            Op::Min if b.hi <= a.lo => Some(y),
            Op::Max if a.lo >= b.hi => Some(x),
            Op::Max if b.lo >= a.hi => Some(y),
            _ => None,
        }
    }
}
