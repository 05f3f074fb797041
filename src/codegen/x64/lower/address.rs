//! Addresses, second operands, and what sets flags: where loads, constants and comparisons are folded.

use super::super::inst::{Addr, Base, Cc, Size, Src, Test};
use super::{L, flag, in_reg};
use crate::asm::x64::Cond;
use crate::ir::{self, InstData, Kind, Mem, Op, Value};
use crate::regalloc::Operand;

/// Adds the registers of a load's or store's address as operands.
pub(super) fn address(l: &mut L<'_>, data: &InstData) -> Addr {
    let base = data.first();
    let from_context = l.function.def_inst(base).is_some_and(|inst| l.data(inst).op == Op::Context);
    let mut disp = data.offset();
    let mut index = Value(data.b).some();
    if let Some(bits) = index.and_then(|index| l.as_const(index)) {
        // An index of 32 bits is zero-extended already: constants are in canonical form.
        let folded = i128::from(disp) + i128::from(bits as i64) * (1 << data.scale());
        if let Ok(folded) = i32::try_from(folded) {
            disp = folded;
        } else {
            // Too far for a displacement; the constant goes through a register.
            return with_registers(l, base, from_context, Value(data.b).some(), data.scale(), disp);
        }
        index = None;
    }
    with_registers(l, base, from_context, index, data.scale(), disp)
}

fn with_registers(
    l: &mut L<'_>,
    base: Value,
    from_context: bool,
    index: Option<Value>,
    scale: u8,
    disp: i32,
) -> Addr {
    let base = if from_context && l.needs_context() {
        Base::Context
    } else {
        in_reg(l, base);
        Base::Reg
    };
    let index = index.map(|index| {
        in_reg(l, index);
        scale
    });
    Addr { disp, base, index }
}

/// The constant as an immediate of 32 bits, sign-extended to the operation's size.
pub(super) fn immediate(l: &L<'_>, value: Value, size: Size) -> Option<i32> {
    let bits = l.as_const(value)?;
    match size {
        Size::W32 => Some(bits as u32 as i32),
        Size::W64 => i32::try_from(bits as i64).ok(),
    }
}

/// A load that may be folded into the instruction being lowered, if it reads memory of just that size.
fn foldable_load(l: &L<'_>, value: Value, size: Size) -> Option<ir::Inst> {
    let inst = l.foldable(value)?;
    let data = l.data(inst);
    let fits = data.op == Op::Load
        && match data.mem() {
            Mem::I32 | Mem::U32 => size == Size::W32,
            Mem::I64 | Mem::U64 | Mem::Ref => size == Size::W64,
            _ => false,
        };
    fits.then_some(inst)
}

/// Adds a second operand: a constant, memory, or a register or slot.
pub(super) fn source(l: &mut L<'_>, value: Value, size: Size) -> Src {
    match immediate(l, value, size) {
        Some(imm) => Src::Imm(imm),
        None => memory_or_register(l, value, size),
    }
}

/// Adds a second operand that must not be a constant.
pub(super) fn memory_or_register(l: &mut L<'_>, value: Value, size: Size) -> Src {
    if let Some(load) = foldable_load(l, value, size) {
        return Src::Mem(address(l, l.data(load)));
    }
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    Src::Rm
}

/// Adds a second operand in float registers, or in memory.
pub(super) fn float_source(l: &mut L<'_>, value: Value) -> Src {
    if let Some(load) = l.foldable(value)
        && l.data(load).op == Op::Load
        && l.data(load).mem() == Mem::F64
    {
        return Src::Mem(address(l, l.data(load)));
    }
    if let Some(bits) = l.as_const(value) {
        return Src::Pool(l.code.pool(bits));
    }
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    Src::Rm
}

/// Adds the operands of a comparison: what sets flags, and what they then say.
pub(super) fn compare(l: &mut L<'_>, cond: ir::Cond, kind: Kind, a: Value, b: Value) -> (Test, Cc) {
    if kind == Kind::F64 {
        return compare_floats(l, cond, a, b);
    }
    let size = Size::of(kind);
    let (cond, a, b) = if l.as_const(a).is_some() && l.as_const(b).is_none() {
        (cond.swapped(), b, a)
    } else {
        (cond, a, b)
    };
    let cc = flag(cond, kind);
    if l.as_const(b) == Some(0)
        && let Some(tested) = compare_with_zero(l, size, cc, a)
    {
        return tested;
    }
    if let Some(imm) = immediate(l, b, size) {
        if let Some(load) = foldable_load(l, a, size) {
            return (Test::CmpMem(size, address(l, l.data(load)), imm), Cc::Flag(cc));
        }
        let vreg = l.reg(a);
        l.operand(Operand::mem_use(vreg));
        return (Test::Cmp(size, Src::Imm(imm)), Cc::Flag(cc));
    }
    // A load on the left can be folded if the operands change places.
    if foldable_load(l, a, size).is_some() && foldable_load(l, b, size).is_none() {
        in_reg(l, b);
        let src = memory_or_register(l, a, size);
        return (Test::Cmp(size, src), Cc::Flag(flag(cond.swapped(), kind)));
    }
    in_reg(l, a);
    let src = source(l, b, size);
    (Test::Cmp(size, src), Cc::Flag(cc))
}

/// A comparison with zero: `test`, also of an `and`, or a byte in memory.
fn compare_with_zero(l: &mut L<'_>, size: Size, cc: Cond, a: Value) -> Option<(Test, Cc)> {
    // `test` clears carry and overflow, so that signs say what they say after a comparison with zero. Below zero is nothing.
    let cc = match cc {
        Cond::L => Cond::S,
        Cond::Ge => Cond::Ns,
        cc => cc,
    };
    if let Some(inst) = l.foldable(a) {
        let data = *l.data(inst);
        match data.op {
            Op::And if matches!(cc, Cond::E | Cond::Ne | Cond::S | Cond::Ns) => {
                let (x, y) = if l.as_const(data.first()).is_some() {
                    (data.second(), data.first())
                } else {
                    (data.first(), data.second())
                };
                in_reg(l, x);
                let src = match immediate(l, y, size) {
                    Some(imm) => Src::Imm(imm),
                    None => {
                        in_reg(l, y);
                        Src::Rm
                    }
                };
                return Some((Test::Test(size, src), Cc::Flag(cc)));
            }
            Op::Load if data.mem() == Mem::Bool && matches!(cc, Cond::E | Cond::Ne) => {
                return Some((Test::CmpByte(address(l, &data), 0), Cc::Flag(cc)));
            }
            Op::Load if foldable_load(l, a, size).is_some() => {
                let cc = match cc {
                    Cond::S => Cond::L,
                    Cond::Ns => Cond::Ge,
                    cc => cc,
                };
                return Some((Test::CmpMem(size, address(l, &data), 0), Cc::Flag(cc)));
            }
            _ => {}
        }
    }
    let vreg = l.reg(a);
    l.operand(Operand::mem_use(vreg));
    Some((Test::Zero(size), Cc::Flag(cc)))
}

fn compare_floats(l: &mut L<'_>, cond: ir::Cond, a: Value, b: Value) -> (Test, Cc) {
    // After `ucomisd`, unordered sets zero, parity and carry: only `above` and `above or equal` are false then.
    let (cc, a, b) = match cond {
        ir::Cond::Eq => (Cc::FloatEq, a, b),
        ir::Cond::Ne => (Cc::FloatNe, a, b),
        ir::Cond::Gt | ir::Cond::Above => (Cc::Flag(Cond::A), a, b),
        ir::Cond::Ge | ir::Cond::AboveEq => (Cc::Flag(Cond::Ae), a, b),
        ir::Cond::Lt | ir::Cond::Below => (Cc::Flag(Cond::A), b, a),
        ir::Cond::Le | ir::Cond::BelowEq => (Cc::Flag(Cond::Ae), b, a),
    };
    in_reg(l, a);
    let src = float_source(l, b);
    (Test::Float(src), cc)
}

/// Adds the operands of what says whether a bool is true.
pub(super) fn condition(l: &mut L<'_>, value: Value) -> (Test, Cc) {
    if let Some(inst) = l.foldable(value) {
        let data = *l.data(inst);
        if data.op == Op::Cmp {
            return compare(l, data.cond(), data.kind, data.first(), data.second());
        }
        if data.op == Op::Not {
            let (test, cc) = plain_condition(l, data.first());
            return (test, super::negated(cc));
        }
    }
    plain_condition(l, value)
}

fn plain_condition(l: &mut L<'_>, value: Value) -> (Test, Cc) {
    if let Some(inst) = l.foldable(value)
        && l.data(inst).op == Op::Load
    {
        return (Test::CmpByte(address(l, l.data(inst)), 0), Cc::Flag(Cond::Ne));
    }
    let vreg = l.reg(value);
    l.operand(Operand::mem_use(vreg));
    (Test::Zero(Size::W32), Cc::Flag(Cond::Ne))
}
