//! Comparisons, selection, guards and branches.

use super::super::inst::{Cc, Inst, Size, Src};
use super::address::{compare, condition, float_source};
use super::{L, check_kind, def, in_reg, negated, tied_def};
use crate::ir::{self, Op};
use crate::regalloc::{Operand, RegClass, Time};

pub(super) fn set(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let (test, cc) = compare(l, data.cond(), data.kind, data.first(), data.second());
    def(l, inst);
    l.push(Inst::Set(test, cc));
}

pub(super) fn select(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    if !check_kind(l, data.kind) {
        return;
    }
    let (then, otherwise) = (data.second(), ir::Value(data.c));
    // Which comes first among the operands depends on the condition, which adds its own: it is looked at without adding them.
    let swap = is_float_eq(l, data.first());
    let (first, second) = if swap { (then, otherwise) } else { (otherwise, then) };
    let index = in_reg(l, first);
    // With an address there would be five registers.
    l.keep_loads = true;
    let scalar_float = data.kind == ir::Kind::F64;
    let src = if scalar_float {
        float_source(l, second)
    } else {
        let second = l.reg(second);
        l.operand(Operand::mem_use(second));
        Src::Rm
    };
    let (test, cc) = condition(l, data.first());
    l.keep_loads = false;
    let cc = if swap { negated(cc) } else { cc };
    tied_def(l, inst, index);
    l.push(if data.kind.is_float_class() {
        Inst::SelectFloat(test, cc, src)
    } else {
        Inst::Select(Size::of(data.kind), test, cc)
    });
}

/// Will the condition be one that takes two flags at once? Its inverse takes either of two.
fn is_float_eq(l: &L<'_>, value: ir::Value) -> bool {
    l.foldable(value).is_some_and(|inst| {
        let data = l.data(inst);
        data.op == Op::Cmp && data.kind == ir::Kind::F64 && data.cond() == ir::Cond::Eq
    })
}

fn test(l: &mut L<'_>, data: &ir::InstData) -> (super::super::inst::Test, Cc) {
    match data.op {
        Op::GuardCmp | Op::BrCmp => compare(l, data.cond(), data.kind, data.first(), data.second()),
        _ => condition(l, data.first()),
    }
}

pub(super) fn guard(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let Some(guard) = data.guard() else { return };
    let (test, cc) = test(l, data);
    let exit = l.exit(guard, Time::Late);
    l.push(Inst::Exit(test, negated(cc), exit));
}

pub(super) fn branch(l: &mut L<'_>, inst: ir::Inst) {
    let (test, cc) = test(l, l.data(inst));
    l.push(Inst::Branch(test, cc));
}

pub(super) fn switch(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let index = l.reg(data.first());
    l.operand(Operand::late_use(index));
    let temp = l.temp(RegClass::Int);
    l.operand(Operand::temp(temp));
    l.push(Inst::Switch(Size::of(data.kind)));
}

pub(super) fn leave(l: &mut L<'_>, inst: ir::Inst) {
    let Some(guard) = l.data(inst).guard() else { return };
    let exit = l.exit(guard, Time::Late);
    l.push(Inst::Leave(exit));
}
