//! Vectors: AVX2.

use super::super::inst::{Inst, Src, Vector, VectorUnary};
use super::address::address;
use super::{L, check_kind, def, in_reg};
use crate::ir::{self, Lane, Op, Value};
use crate::regalloc::Operand;

pub(super) fn lower(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    if !check_kind(l, data.kind) {
        return;
    }
    let (lane, kind, a) = (data.lane(), data.kind, data.first());
    let vector = match data.op {
        Op::VAdd => Vector::Add,
        Op::VSub => Vector::Sub,
        Op::VMul => Vector::Mul,
        Op::VDiv => Vector::Div,
        Op::VAnd => Vector::And,
        Op::VOr => Vector::Or,
        Op::VXor => Vector::Xor,
        Op::VMin => Vector::Min,
        Op::VMax => Vector::Max,
        Op::VEq => Vector::Eq,
        Op::VGt => Vector::Gt,
        Op::VSum => return reduce(l, inst, Vector::Add),
        Op::VLeast => return reduce(l, inst, Vector::Min),
        Op::VGreatest => return reduce(l, inst, Vector::Max),
        Op::VSplat => {
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::Splat(lane, kind));
        }
        Op::VSqrt => {
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::VectorUnary(VectorUnary::Sqrt, lane, kind));
        }
        Op::VWidenLow | Op::VWidenHigh => {
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::VectorUnary(
                VectorUnary::Widen { high: data.op == Op::VWidenHigh },
                lane,
                kind,
            ));
        }
        Op::VSelect => {
            in_reg(l, a);
            in_reg(l, Value(data.c));
            let then = source(l, data.second());
            def(l, inst);
            return l.push(Inst::VectorSelect(kind, then));
        }
        Op::VExtract => {
            in_reg(l, a);
            let temp = l.temp_of(kind);
            l.operand(Operand::temp(temp));
            def(l, inst);
            return l.push(Inst::Extract(lane, kind, data.b as u8));
        }
        _ => {
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::CountTrue(lane, kind));
        }
    };
    in_reg(l, a);
    let src = source(l, data.second());
    def(l, inst);
    l.push(Inst::Vector(vector, lane, kind, src));
}

/// A vector in a register or in memory.
fn source(l: &mut L<'_>, value: Value) -> Src {
    if let Some(load) = l.foldable(value)
        && l.data(load).op == Op::Load
    {
        return Src::Mem(address(l, l.data(load)));
    }
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    Src::Rm
}

fn reduce(l: &mut L<'_>, inst: ir::Inst, vector: Vector) {
    let data = l.data(inst);
    in_reg(l, data.first());
    if data.lane() != Lane::F64 {
        let temp = l.temp_of(data.kind);
        l.operand(Operand::temp(temp));
    }
    let result = l.result(inst);
    l.operand(Operand::early_def(result));
    l.push(Inst::Reduce(vector, data.lane(), data.kind));
}
