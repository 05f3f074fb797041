//! Float arithmetic.

use super::super::inst::{Float, FloatUnary, Inst};
use super::address::float_source;
use super::{L, def, in_reg, tied_def};
use crate::ir::{self, Op};
use crate::regalloc::Operand;

pub(super) fn binary(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let float = match data.op {
        Op::Add => Float::Add,
        Op::Sub => Float::Sub,
        Op::Mul => Float::Mul,
        _ => Float::Div,
    };
    let (mut a, mut b) = (data.first(), data.second());
    if data.op.is_commutative() {
        let load = |value| l.foldable(value).is_some_and(|inst| l.data(inst).op == Op::Load);
        if l.as_const(a).is_some()
            || load(a) && !load(b)
            || l.lives_on(a) && !l.lives_on(b) && !l.isa.avx() && !load(b)
        {
            std::mem::swap(&mut a, &mut b);
        }
    }
    let index = in_reg(l, a);
    let src = float_source(l, b);
    if l.isa.avx() {
        def(l, inst);
    } else {
        tied_def(l, inst, index);
    }
    l.push(Inst::Float(float, src));
}

pub(super) fn unary(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let unary = match data.op {
        Op::Neg => FloatUnary::Neg,
        Op::Abs => FloatUnary::Abs,
        Op::Sqrt => FloatUnary::Sqrt,
        Op::Floor => FloatUnary::Round(1),
        Op::Ceil => FloatUnary::Round(2),
        _ => FloatUnary::Round(3),
    };
    in_reg(l, data.first());
    if matches!(unary, FloatUnary::Round(_)) && !l.isa.features.contains(crate::code::features::X64::SSE4_1) {
        // Several instructions, which read the operand again after writing the result.
        let result = l.result(inst);
        l.operand(Operand::early_def(result));
    } else {
        def(l, inst);
    }
    l.push(Inst::FloatUnary(unary));
}

pub(super) fn min_max(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    in_reg(l, data.first());
    in_reg(l, data.second());
    def(l, inst);
    l.push(Inst::FloatMinMax(data.op == Op::Max));
}
