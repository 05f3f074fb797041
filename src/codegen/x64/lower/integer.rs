//! Integer arithmetic.

use super::super::inst::{Addr, Alu, Base, Extend, Inst, NO_EXIT, Shift, Size, Src};
use super::super::{RAX, RCX, RDX};
use super::address::{compare, immediate, memory_or_register, source};
use super::{L, def, in_reg, tied_def};
use crate::asm::x64::Cond;
use crate::ir::{self, InstData, Kind, Op, Value};
use crate::regalloc::{Operand, RegClass, RegSet, Time};

/// The operands of a commutative operation, in the order that is best: a constant second, a value that dies first.
fn ordered(l: &L<'_>, data: &InstData) -> (Value, Value) {
    let (a, b) = (data.first(), data.second());
    let second_is_const = l.as_const(b).is_some();
    let load = |value| l.foldable(value).is_some_and(|inst| l.data(inst).op == Op::Load);
    let swap = l.as_const(a).is_some() && !second_is_const
        || !second_is_const && load(a) && !load(b)
        || !second_is_const && l.lives_on(a) && !l.lives_on(b) && !load(b);
    if swap { (b, a) } else { (a, b) }
}

pub(super) fn add(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (a, b) = ordered(l, data);
    if let Some(imm) = immediate(l, b, size) {
        if let Some(inner) = l.foldable(a)
            && l.data(inner).op == Op::Add
            && l.as_const(l.data(inner).second()).is_none()
            && l.as_const(l.data(inner).first()).is_none()
        {
            let (x, y) = (l.data(inner).first(), l.data(inner).second());
            let (base, index, scale) = match (scaled(l, x), scaled(l, y)) {
                (_, Some((index, scale))) => (x, index, scale),
                (Some((index, scale)), None) => (y, index, scale),
                (None, None) => (x, y, 0),
            };
            in_reg(l, base);
            in_reg(l, index);
            def(l, inst);
            return l.push(Inst::Lea(size, Addr { disp: imm, base: Base::Reg, index: Some(scale) }));
        }
        if l.lives_on(a) {
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::Lea(size, Addr { disp: imm, base: Base::Reg, index: None }));
        }
    } else if let Some((x, scale)) = scaled(l, b) {
        in_reg(l, a);
        in_reg(l, x);
        def(l, inst);
        return l.push(Inst::Lea(size, Addr { disp: 0, base: Base::Reg, index: Some(scale) }));
    } else if let Some((x, scale)) = scaled(l, a) {
        in_reg(l, b);
        in_reg(l, x);
        def(l, inst);
        return l.push(Inst::Lea(size, Addr { disp: 0, base: Base::Reg, index: Some(scale) }));
    } else if l.lives_on(a) && l.lives_on(b) && l.as_const(a).is_none() {
        in_reg(l, a);
        in_reg(l, b);
        def(l, inst);
        return l.push(Inst::Lea(size, Addr { disp: 0, base: Base::Reg, index: Some(0) }));
    }
    tied(l, inst, a, b, |src| Inst::Alu(Alu::Add, size, src));
}

/// A value that is another one shifted left by 1 to 3, and used here only.
fn scaled(l: &L<'_>, value: Value) -> Option<(Value, u8)> {
    let inst = l.foldable(value)?;
    let data = l.data(inst);
    let by = l.as_const(data.second().some()?).filter(|_| data.op == Op::Shl)?;
    (1..=3)
        .contains(&by)
        .then_some((data.first(), by as u8))
        .filter(|&(value, _)| l.as_const(value).is_none())
}

/// An instruction whose result takes the register of its first operand.
fn tied(l: &mut L<'_>, inst: ir::Inst, a: Value, b: Value, make: impl FnOnce(Src) -> Inst) {
    let size = Size::of(l.data(inst).kind);
    let index = in_reg(l, a);
    let src = source(l, b, size);
    tied_def(l, inst, index);
    l.push(make(src));
}

pub(super) fn sub(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (a, b) = (data.first(), data.second());
    if l.as_const(a) == Some(0) {
        let index = in_reg(l, b);
        tied_def(l, inst, index);
        return l.push(Inst::Neg(size));
    }
    if let Some(imm) = immediate(l, b, size).filter(|&imm| imm != i32::MIN && l.lives_on(a)) {
        in_reg(l, a);
        def(l, inst);
        return l.push(Inst::Lea(size, Addr { disp: -imm, base: Base::Reg, index: None }));
    }
    tied(l, inst, a, b, |src| Inst::Alu(Alu::Sub, size, src));
}

pub(super) fn bitwise(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let alu = match data.op {
        Op::And => Alu::And,
        Op::Or => Alu::Or,
        _ => Alu::Xor,
    };
    let (a, b) = ordered(l, data);
    let extend = match l.as_const(b).filter(|_| data.op == Op::And) {
        Some(0xff) => Some(Extend::Zero8),
        Some(0xffff) => Some(Extend::Zero16),
        Some(0xffff_ffff) => Some(Extend::Zero32),
        _ => None,
    };
    if let Some(extend) = extend {
        let vreg = l.reg(a);
        l.operand(Operand::mem_use(vreg));
        def(l, inst);
        return l.push(Inst::Extend(extend, Src::Rm));
    }
    // The upper half of the mask is zero: the same in 32 bits, and shorter.
    let narrow = data.op == Op::And
        && size == Size::W64
        && l.as_const(b).is_some_and(|bits| bits <= u64::from(u32::MAX));
    let size = if narrow { Size::W32 } else { size };
    let index = in_reg(l, a);
    let src = source(l, b, size);
    tied_def(l, inst, index);
    l.push(Inst::Alu(alu, size, src));
}

pub(super) fn neg(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let index = in_reg(l, data.first());
    tied_def(l, inst, index);
    l.push(Inst::Neg(Size::of(data.kind)));
}

pub(super) fn not(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let index = in_reg(l, data.first());
    tied_def(l, inst, index);
    l.push(match data.kind {
        Kind::Bool => Inst::Alu(Alu::Xor, Size::W32, Src::Imm(1)),
        kind => Inst::Not(Size::of(kind)),
    });
}

pub(super) fn mul(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (a, b) = ordered(l, data);
    if let Some(imm) = immediate(l, b, size) {
        // By 3, 5 and 9: one cycle instead of three.
        if let 3 | 5 | 9 = imm {
            in_reg(l, a);
            in_reg(l, a);
            def(l, inst);
            return l.push(Inst::Lea(
                size,
                Addr { disp: 0, base: Base::Reg, index: Some((imm as u8 - 1).trailing_zeros() as u8) },
            ));
        }
        let src = memory_or_register(l, a, size);
        def(l, inst);
        return l.push(Inst::MulImm(size, src, imm));
    }
    tied(l, inst, a, b, |src| Inst::Mul(size, src));
}

pub(super) fn mul_high(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let (a, b) = (l.reg(data.first()), l.reg(data.second()));
    let result = l.result(inst);
    let low = l.temp(RegClass::Int);
    l.operand(Operand::fixed_use(a, RAX));
    l.operand(Operand::mem_use(b));
    l.operand(Operand::fixed_def(low, RAX));
    l.operand(Operand::fixed_def(result, RDX));
    l.push(Inst::MulHigh(Size::of(data.kind), data.kind.is_signed()));
}

pub(super) fn div(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let rem = matches!(data.op, Op::Rem | Op::RemChecked);
    let checked = matches!(data.op, Op::DivChecked | Op::RemChecked);
    let divisor = l.as_const(data.second());
    let minus_one = data.kind.canonical(u64::MAX);
    let nonzero = divisor.is_some_and(|bits| bits != 0) || !checked && data.aux & Op::NONZERO != 0;
    let no_overflow =
        divisor.is_some_and(|bits| bits != minus_one) || !checked && data.aux & Op::NO_OVERFLOW != 0;
    let (a, b) = (l.reg(data.first()), l.reg(data.second()));
    let result = l.result(inst);
    l.operand(Operand::fixed_use(a, RAX));
    // Late: neither result nor sign may overwrite it.
    l.operand(Operand::late_use(b));
    let (to, other) = if rem { (RDX, RAX) } else { (RAX, RDX) };
    l.operand(Operand::fixed_def(result, to));
    let exit = match data.guard() {
        // The checks precede everything that is overwritten.
        Some(guard) if checked => l.exit(guard, Time::Early),
        _ => NO_EXIT,
    };
    let div = Inst::Div {
        size: Size::of(data.kind),
        signed: data.kind.is_signed(),
        rem,
        nonzero,
        no_overflow,
        exit,
    };
    l.push_call(div, RegSet::of(&[other]), false);
}

pub(super) fn shift(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let shift = match data.op {
        Op::Shl => Shift::Left,
        _ if data.kind.is_signed() => Shift::Arithmetic,
        _ => Shift::Right,
    };
    let (a, count) = (data.first(), data.second());
    if let Some(bits) = l.as_const(count) {
        let mask = if size == Size::W32 { 31 } else { 63 };
        let index = in_reg(l, a);
        tied_def(l, inst, index);
        return l.push(Inst::ShiftImm(shift, size, (bits & mask) as u8));
    }
    if l.isa.features.contains(crate::code::features::X64::BMI2) {
        in_reg(l, a);
        in_reg(l, count);
        def(l, inst);
        return l.push(Inst::ShiftX(shift, size));
    }
    let count = l.reg(count);
    let index = in_reg(l, a);
    l.operand(Operand::fixed_use(count, RCX));
    tied_def(l, inst, index);
    l.push(Inst::ShiftCl(shift, size));
}

/// A comparison and a conditional move.
pub(super) fn min_max(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (a, b) = (data.first(), data.second());
    let cond = if data.op == Op::Min { ir::Cond::Lt } else { ir::Cond::Gt };
    // Otherwise `b`, if the comparison holds `a`.
    let index = in_reg(l, b);
    let first = l.reg(a);
    l.operand(Operand::mem_use(first));
    l.keep_loads = true;
    let (test, cc) = compare(l, cond, data.kind, a, b);
    l.keep_loads = false;
    tied_def(l, inst, index);
    l.push(Inst::Select(size, test, cc));
}

pub(super) fn neg_checked(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let index = in_reg(l, data.first());
    tied_def(l, inst, index);
    let Some(guard) = data.guard() else { return };
    let exit = l.exit(guard, Time::Early);
    l.push(Inst::NegExit(Size::of(data.kind), exit));
}

/// What flag says that a sum has no place in its kind.
fn overflow(kind: Kind) -> Cond {
    if kind.is_signed() { Cond::O } else { Cond::B }
}

pub(super) fn add_checked(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (alu, (a, b)) = match data.op {
        Op::AddChecked => (Alu::Add, ordered(l, data)),
        _ => (Alu::Sub, (data.first(), data.second())),
    };
    let index = in_reg(l, a);
    let src = source(l, b, size);
    tied_def(l, inst, index);
    let Some(guard) = data.guard() else { return };
    // The inverse operation restores the first operand, unless it is the second one too.
    let exit = l.exit(guard, if a == b { Time::Late } else { Time::Early });
    l.push(Inst::AluExit(alu, size, src, overflow(data.kind), exit));
}

pub(super) fn add_or(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (alu, (a, b)) = match data.op {
        Op::AddOr => (Alu::Add, ordered(l, data)),
        _ => (Alu::Sub, (data.first(), data.second())),
    };
    let cond = overflow(data.kind);
    tied(l, inst, a, b, |src| Inst::AluBranch(alu, size, src, cond));
}

pub(super) fn mul_checked(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let Some(guard) = data.guard() else { return };
    let (a, b) = ordered(l, data);
    if !data.kind.is_signed() {
        wide(l, inst, a, b);
        let exit = l.exit(guard, Time::Late);
        return l.push(Inst::MulUnsignedExit(size, exit));
    }
    if let Some(imm) = immediate(l, b, size) {
        let src = memory_or_register(l, a, size);
        def(l, inst);
        let exit = l.exit(guard, Time::Late);
        return l.push(Inst::MulImmExit(size, src, imm, exit));
    }
    let index = in_reg(l, a);
    let src = source(l, b, size);
    tied_def(l, inst, index);
    let exit = l.exit(guard, Time::Late);
    l.push(Inst::MulExit(size, src, exit));
}

/// The operands of a product whose high half goes to rdx.
fn wide(l: &mut L<'_>, inst: ir::Inst, a: Value, b: Value) {
    let (a, b) = (l.reg(a), l.reg(b));
    let result = l.result(inst);
    let high = l.temp(RegClass::Int);
    l.operand(Operand::fixed_use(a, RAX));
    l.operand(Operand::mem_use(b));
    l.operand(Operand::fixed_def(result, RAX));
    l.operand(Operand::fixed_def(high, RDX));
}

pub(super) fn mul_or(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    let size = Size::of(data.kind);
    let (a, b) = ordered(l, data);
    if !data.kind.is_signed() {
        wide(l, inst, a, b);
        return l.push(Inst::MulUnsignedBranch(size));
    }
    let index = in_reg(l, a);
    let src = memory_or_register(l, b, size);
    tied_def(l, inst, index);
    l.push(Inst::MulBranch(size, src));
}
