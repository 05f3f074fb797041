//! Lowering for x86_64, a file for each family of instructions.

mod address;
pub(super) mod call;
mod control;
mod convert;
mod float;
mod integer;
mod memory;
mod vector;

use super::super::CompileError;
use super::super::lower::Lower;
use super::X64;
use super::inst::{Cc, Inst};
use crate::asm::x64::Cond;
use crate::ir::{self, Kind, Op};
use crate::regalloc::{Operand, RegClass};

/// A mark: the function uses 256-bit registers.
pub(super) const WIDE: u32 = 1;

type L<'a> = Lower<'a, X64>;

/// Lowers an instruction, which is wanted or has an effect.
pub(super) fn inst(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    match data.op {
        Op::Neg if data.kind == Kind::F64 => float::unary(l, inst),
        Op::Abs | Op::Sqrt | Op::Floor | Op::Ceil | Op::Trunc => float::unary(l, inst),
        Op::Add | Op::Sub | Op::Mul | Op::Div if data.kind == Kind::F64 => float::binary(l, inst),
        Op::Min | Op::Max if data.kind == Kind::F64 => float::min_max(l, inst),
        Op::Neg => integer::neg(l, inst),
        Op::Not => integer::not(l, inst),
        Op::Add => integer::add(l, inst),
        Op::Sub => integer::sub(l, inst),
        Op::And | Op::Or | Op::Xor => integer::bitwise(l, inst),
        Op::Mul => integer::mul(l, inst),
        Op::MulHigh => integer::mul_high(l, inst),
        Op::Div | Op::Rem | Op::DivChecked | Op::RemChecked => integer::div(l, inst),
        Op::Shl | Op::Shr => integer::shift(l, inst),
        Op::Min | Op::Max => integer::min_max(l, inst),
        Op::NegChecked => integer::neg_checked(l, inst),
        Op::AddChecked | Op::SubChecked => integer::add_checked(l, inst),
        Op::MulChecked => integer::mul_checked(l, inst),
        Op::AddOr | Op::SubOr => integer::add_or(l, inst),
        Op::MulOr => integer::mul_or(l, inst),
        Op::Convert => convert::plain(l, inst),
        Op::ConvertChecked => convert::checked(l, inst),
        Op::Bitcast => convert::bits(l, inst),
        Op::Cmp => control::set(l, inst),
        Op::Select => control::select(l, inst),
        Op::Guard | Op::GuardCmp => control::guard(l, inst),
        Op::Br | Op::BrCmp => control::branch(l, inst),
        Op::Switch => control::switch(l, inst),
        Op::Exit => control::leave(l, inst),
        Op::Unreachable => l.push(Inst::Trap),
        Op::Return => call::ret(l, inst),
        Op::Call | Op::CallIndirect | Op::Invoke | Op::InvokeIndirect => call::call(l, inst),
        Op::Load => memory::load(l, inst),
        Op::Store => memory::store(l, inst),
        Op::New => memory::new(l, inst),
        Op::Poll => memory::poll(l, inst),
        Op::Context => memory::pinned(l, inst, Inst::Context),
        Op::Levels => memory::pinned(l, inst, Inst::Levels),
        Op::Address => memory::symbol(l, inst),
        Op::Jump => l.push(Inst::Jump),
        Op::VSplat
        | Op::VAdd
        | Op::VSub
        | Op::VMul
        | Op::VDiv
        | Op::VSqrt
        | Op::VAnd
        | Op::VOr
        | Op::VXor
        | Op::VMin
        | Op::VMax
        | Op::VEq
        | Op::VGt
        | Op::VSelect
        | Op::VWidenLow
        | Op::VWidenHigh
        | Op::VExtract
        | Op::VSum
        | Op::VLeast
        | Op::VGreatest
        | Op::VTrue => vector::lower(l, inst),
    }
}

/// The machine's condition for a comparison of integers of a kind.
fn flag(cond: ir::Cond, kind: Kind) -> Cond {
    match cond.of_kind(kind) {
        ir::Cond::Eq => Cond::E,
        ir::Cond::Ne => Cond::Ne,
        ir::Cond::Lt => Cond::L,
        ir::Cond::Le => Cond::Le,
        ir::Cond::Gt => Cond::G,
        ir::Cond::Ge => Cond::Ge,
        ir::Cond::Below => Cond::B,
        ir::Cond::BelowEq => Cond::Be,
        ir::Cond::Above => Cond::A,
        ir::Cond::AboveEq => Cond::Ae,
    }
}

/// What holds exactly when this does not.
pub(super) fn negated(cc: Cc) -> Cc {
    match cc {
        Cc::Flag(cond) => Cc::Flag(cond.negated()),
        Cc::FloatEq => Cc::FloatNe,
        Cc::FloatNe => Cc::FloatEq,
    }
}

/// A copy of a value in another kind of the same bits.
fn copy(l: &mut L<'_>, inst: ir::Inst, value: ir::Value) {
    let class = if l.function.kind(value).is_float_class() { RegClass::Float } else { RegClass::Int };
    let (from, to) = (l.reg(value), l.result(inst));
    l.push_move(class, from, to);
}

/// Vectors need AVX2.
fn check_kind(l: &mut L<'_>, kind: Kind) -> bool {
    let legal = !kind.is_vector() || l.isa.avx2();
    if !legal {
        l.fail(CompileError::NoVectors);
    }
    if kind == Kind::V256 {
        l.marks |= WIDE;
    }
    legal
}

/// Adds a use that must be in a register.
fn in_reg(l: &mut L<'_>, value: ir::Value) -> u8 {
    let vreg = l.reg(value);
    l.operand(Operand::reg_use(vreg))
}

/// Adds a def of the result.
fn def(l: &mut L<'_>, inst: ir::Inst) {
    let vreg = l.result(inst);
    l.operand(Operand::def(vreg));
}

/// Adds a def of the result in the register of the use with that index.
fn tied_def(l: &mut L<'_>, inst: ir::Inst, index: u8) {
    let vreg = l.result(inst);
    l.operand(Operand::tied_def(vreg, index));
}
