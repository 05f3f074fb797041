//! Conversions.

use super::super::inst::{Cc, Extend, Inst, Size, Src, Test};
use super::address::memory_or_register;
use super::{L, copy, def, in_reg};
use crate::asm::x64::Cond;
use crate::ir::{self, Guard, Kind, Value};
use crate::regalloc::{Operand, RegClass, Time, VReg};

/// Is a value of the first kind, as it is in a register, one of the second as well?
fn is_copy(from: Kind, to: Kind) -> bool {
    match (from, to) {
        (Kind::I32 | Kind::U32, Kind::I32 | Kind::U32) | (Kind::I64 | Kind::U64, Kind::I64 | Kind::U64) => {
            true
        }
        (Kind::U32 | Kind::Bool, _) => true,
        _ => from == to,
    }
}

pub(super) fn plain(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let (from, to, value) = (data.source(), data.kind, data.first());
    match (from, to) {
        (Kind::F64, Kind::F64) => copy(l, inst, value),
        (Kind::F64, _) => {
            in_reg(l, value);
            let result = l.result(inst);
            l.operand(Operand::early_def(result));
            l.push(Inst::FloatToInt(to));
        }
        (_, Kind::F64) => {
            in_reg(l, value);
            def(l, inst);
            l.push(Inst::IntToFloat(from));
        }
        _ if is_copy(from, to) => copy(l, inst, value),
        _ => {
            let result = l.result(inst);
            extend(l, if from == Kind::I32 { Extend::Sign32 } else { Extend::Zero32 }, value, result);
        }
    }
}

fn extend(l: &mut L<'_>, extend: Extend, value: Value, to: VReg) {
    let src = memory_or_register(l, value, Size::W32);
    l.operand(Operand::def(to));
    l.push(Inst::Extend(extend, src));
}

pub(super) fn checked(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let (from, to, value) = (data.source(), data.kind, data.first());
    let Some(guard) = data.guard() else { return };
    match (from, to) {
        (Kind::F64, _) => {
            in_reg(l, value);
            let result = l.result(inst);
            l.operand(Operand::early_def(result));
            let exit = l.exit(guard, Time::Late);
            l.push(Inst::FloatToIntExit(to, exit));
        }
        // Negative, or too large for a sign.
        (Kind::I32, Kind::U32 | Kind::U64) | (Kind::U32, Kind::I32) => {
            leave_if_negative(l, value, Size::W32, guard);
            copy(l, inst, value);
        }
        (Kind::I64, Kind::U64) | (Kind::U64, Kind::I64) => {
            leave_if_negative(l, value, Size::W64, guard);
            copy(l, inst, value);
        }
        (Kind::I64, Kind::I32) => {
            let extended = l.temp(RegClass::Int);
            extend(l, Extend::Sign32, value, extended);
            leave_unless_same(l, extended, value, guard);
            let result = l.result(inst);
            extend_again(l, value, result);
        }
        (Kind::I64 | Kind::U64, Kind::U32) => {
            let result = l.result(inst);
            extend(l, Extend::Zero32, value, result);
            leave_unless_same(l, result, value, guard);
        }
        (Kind::U64, Kind::I32) => {
            let vreg = l.reg(value);
            l.operand(Operand::mem_use(vreg));
            let exit = l.exit(guard, Time::Late);
            l.push(Inst::Exit(Test::Cmp(Size::W64, Src::Imm(i32::MAX)), Cc::Flag(Cond::A), exit));
            copy(l, inst, value);
        }
        _ => plain(l, inst),
    }
}

fn extend_again(l: &mut L<'_>, value: Value, result: VReg) {
    extend(l, Extend::Zero32, value, result);
}

fn leave_if_negative(l: &mut L<'_>, value: Value, size: Size, guard: Guard) {
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    let exit = l.exit(guard, Time::Late);
    l.push(Inst::Exit(Test::Zero(size), Cc::Flag(Cond::S), exit));
}

fn leave_unless_same(l: &mut L<'_>, extended: VReg, value: Value, guard: Guard) {
    l.operand(Operand::reg_use(extended));
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    let exit = l.exit(guard, Time::Late);
    l.push(Inst::Exit(Test::Cmp(Size::W64, Src::Rm), Cc::Flag(Cond::Ne), exit));
}

pub(super) fn bits(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    match (data.source().is_float_class(), data.kind.is_float_class()) {
        (true, false) => {
            in_reg(l, data.first());
            def(l, inst);
            l.push(Inst::FloatToBits);
        }
        (false, true) => {
            in_reg(l, data.first());
            def(l, inst);
            l.push(Inst::BitsToFloat);
        }
        _ => copy(l, inst, data.first()),
    }
}
