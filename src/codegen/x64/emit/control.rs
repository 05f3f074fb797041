//! Flags, and what is done by them.

use super::super::inst::{Cc, Size, Src, Test};
use super::super::lower::negated;
use super::integers::{cmp, cmp_mem, test_self};
use super::{E, Ops, Rmi, Xm, floats, local, moves, slot_mem};
use crate::asm::x64::reg::*;
use crate::asm::x64::{Cond, Mem};
use crate::codegen::emit::Destination;
use crate::codegen::minst::Remat;
use crate::regalloc::{Alloc, ValueInfo};

/// Sets the flags.
fn test(e: &mut E<'_>, test: Test, ops: &mut Ops<'_>) {
    match test {
        Test::Cmp(size, Src::Imm(imm)) => match ops.next() {
            Alloc::Slot(slot) => cmp_mem(e.asm, size, slot_mem(slot, 1), imm),
            place => cmp(e.asm, size, super::gpr(place), Rmi::Imm(imm)),
        },
        Test::Cmp(size, src) => {
            let left = ops.gpr();
            let right = ops.src(src);
            cmp(e.asm, size, left, right);
        }
        Test::CmpMem(size, addr, imm) => {
            let mem = ops.mem(addr);
            cmp_mem(e.asm, size, mem, imm);
        }
        Test::CmpByte(addr, imm) => {
            let mem = ops.mem(addr);
            e.asm.cmp_m8_i8(mem, imm);
        }
        Test::Zero(size) => match ops.next() {
            Alloc::Slot(slot) => cmp_mem(e.asm, size, slot_mem(slot, 1), 0),
            place => test_self(e.asm, size, super::gpr(place)),
        },
        Test::Known => {
            ops.next();
        }
        Test::Test(size, src) => {
            let left = ops.gpr();
            match (size, ops.src(src)) {
                (Size::W64, Rmi::Reg(right)) => e.asm.test_r64_r64(left, right),
                (Size::W32, Rmi::Reg(right)) => e.asm.test_r32_r32(left.as_32(), right.as_32()),
                // A mask of the low 7 bits can be tested in a byte, but for the sign, which is that of the byte then.
                (_, Rmi::Imm(imm @ 0..=127)) => e.asm.test_r8_i8(left.as_8(), imm as i8),
                (Size::W64, Rmi::Imm(imm)) if imm >= 0 => e.asm.test_r32_i32(left.as_32(), imm),
                (Size::W64, Rmi::Imm(imm)) => e.asm.test_r64_i32(left, imm),
                (Size::W32, Rmi::Imm(imm)) => e.asm.test_r32_i32(left.as_32(), imm),
                (Size::W64, Rmi::Mem(mem)) => e.asm.test_m64_r64(mem, left),
                (Size::W32, Rmi::Mem(mem)) => e.asm.test_m32_r32(mem, left.as_32()),
            }
        }
        Test::Float(src) => {
            let left = ops.xmm();
            let right = floats::source(e, src, ops);
            match (e.isa.avx(), right) {
                (false, Xm::Reg(right)) => e.asm.ucomisd_x_x(left, right),
                (false, Xm::Mem(right)) => e.asm.ucomisd_x_m64(left, right),
                (true, Xm::Reg(right)) => e.asm.vucomisd_x_x(left, right),
                (true, Xm::Mem(right)) => e.asm.vucomisd_x_m64(left, right),
            }
        }
    }
}

pub(super) fn set(e: &mut E<'_>, what: Test, cc: Cc, ops: &mut Ops<'_>) {
    test(e, what, ops);
    let dst = ops.gpr();
    match cc {
        Cc::Flag(cond) => e.asm.set_r8(cond, dst.as_8()),
        Cc::FloatEq => {
            e.asm.set_r8(Cond::E, dst.as_8());
            e.asm.set_r8(Cond::Np, R11.as_8());
            e.asm.and_r8_r8(dst.as_8(), R11.as_8());
        }
        Cc::FloatNe => {
            e.asm.set_r8(Cond::Ne, dst.as_8());
            e.asm.set_r8(Cond::P, R11.as_8());
            e.asm.or_r8_r8(dst.as_8(), R11.as_8());
        }
    }
    e.asm.movzx_r32_r8(dst.as_32(), dst.as_8());
}

pub(super) fn select(e: &mut E<'_>, size: Size, what: Test, cc: Cc, ops: &mut Ops<'_>) {
    let dst = ops.gpr();
    let then = ops.src(Src::Rm);
    test(e, what, ops);
    match cc {
        Cc::Flag(cond) => cmov(e, size, cond, dst, then),
        Cc::FloatNe => {
            cmov(e, size, Cond::Ne, dst, then);
            cmov(e, size, Cond::P, dst, then);
        }
        Cc::FloatEq => {
            // Not if it is unequal or unordered.
            let skip = local(e);
            e.asm.jcc_short(Cond::Ne, skip);
            e.asm.jcc_short(Cond::P, skip);
            match then {
                Rmi::Reg(then) => e.asm.mov_r64_r64(dst, then),
                Rmi::Mem(then) => e.asm.mov_r64_m64(dst, then),
                Rmi::Imm(_) => {}
            }
            e.asm.bind(skip);
        }
    }
}

fn cmov(e: &mut E<'_>, size: Size, cond: Cond, dst: Gpr64, src: Rmi) {
    match (size, src) {
        (Size::W64, Rmi::Reg(src)) => e.asm.cmov_r64_r64(cond, dst, src),
        (Size::W32, Rmi::Reg(src)) => e.asm.cmov_r32_r32(cond, dst.as_32(), src.as_32()),
        (Size::W64, Rmi::Mem(src)) => e.asm.cmov_r64_m64(cond, dst, src),
        (Size::W32, Rmi::Mem(src)) => e.asm.cmov_r32_m32(cond, dst.as_32(), src),
        (_, Rmi::Imm(_)) => {}
    }
}

/// Jumps over a move unless the condition holds.
pub(super) fn select_float(e: &mut E<'_>, what: Test, cc: Cc, then: Src, info: ValueInfo, ops: &mut Ops<'_>) {
    let dst = ops.next();
    let (then, remat) = match then {
        Src::Pool(number) => (Alloc::None, Remat::Bits(e.code.pooled(number))),
        _ => (ops.next(), Remat::No),
    };
    test(e, what, ops);
    let skip = local(e);
    match cc {
        Cc::Flag(cond) => e.asm.jcc_short(cond.negated(), skip),
        Cc::FloatEq => {
            e.asm.jcc_short(Cond::Ne, skip);
            e.asm.jcc_short(Cond::P, skip);
        }
        Cc::FloatNe => {
            let take = local(e);
            e.asm.jcc_short(Cond::P, take);
            e.asm.jcc_short(Cond::E, skip);
            e.asm.bind(take);
        }
    }
    moves::edit(e, then, dst, info, remat);
    e.asm.bind(skip);
}

pub(super) fn branch(e: &mut E<'_>, what: Test, cc: Cc, ops: &mut Ops<'_>) {
    test(e, what, ops);
    match (cc, e.branch_target(0), e.branch_target(1)) {
        (_, None, None) => {}
        (cc, Some(yes), no) => {
            // If the block behind is the one for yes, the other condition is better; it is not here.
            branch_cc(e, cc, yes);
            if let Some(no) = no {
                branch_always(e, no);
            }
        }
        (cc, None, Some(no)) => branch_cc(e, negated(cc), no),
    }
}

/// Is a place so near that 8 bits are enough? Behind the branch there may be the rest of its instruction.
fn is_near(to: Destination) -> bool {
    to.most < 127 - 24
}

fn branch_always(e: &mut E<'_>, to: Destination) {
    if is_near(to) { e.asm.jmp_short(to.label) } else { e.asm.jmp(to.label) }
}

fn branch_flag(e: &mut E<'_>, cond: Cond, to: Destination) {
    if is_near(to) { e.asm.jcc_short(cond, to.label) } else { e.asm.jcc(cond, to.label) }
}

fn branch_cc(e: &mut E<'_>, cc: Cc, to: Destination) {
    match cc {
        Cc::Flag(cond) => branch_flag(e, cond, to),
        Cc::FloatNe => {
            branch_flag(e, Cond::Ne, to);
            branch_flag(e, Cond::P, to);
        }
        Cc::FloatEq => {
            let skip = local(e);
            e.asm.jcc_short(Cond::P, skip);
            branch_flag(e, Cond::E, to);
            e.asm.bind(skip);
        }
    }
}

fn jump_cc(e: &mut E<'_>, cc: Cc, to: crate::asm::Label) {
    match cc {
        Cc::Flag(cond) => e.asm.jcc(cond, to),
        Cc::FloatNe => {
            e.asm.jcc(Cond::Ne, to);
            e.asm.jcc(Cond::P, to);
        }
        Cc::FloatEq => {
            let skip = local(e);
            e.asm.jcc_short(Cond::P, skip);
            e.asm.jcc(Cond::E, to);
            e.asm.bind(skip);
        }
    }
}

pub(super) fn exit(e: &mut E<'_>, what: Test, cc: Cc, exit: u32, ops: &mut Ops<'_>) {
    test(e, what, ops);
    let label = e.exit_label(exit);
    jump_cc(e, cc, label);
}

/// To the edge `yes` if the flag is set, else to the edge `no`.
pub(super) fn jump_flag(e: &mut E<'_>, cond: Cond, yes: usize, no: usize) {
    match (e.branch_target(yes), e.branch_target(no)) {
        (None, None) => {}
        (Some(yes), no) => {
            branch_flag(e, cond, yes);
            if let Some(no) = no {
                branch_always(e, no);
            }
        }
        (None, Some(no)) => branch_flag(e, cond.negated(), no),
    }
}

/// To the first edge.
pub(super) fn jump(e: &mut E<'_>) {
    if let Some(to) = e.branch_target(0) {
        branch_always(e, to);
    }
}

pub(super) fn switch(e: &mut E<'_>, size: Size, ops: &mut Ops<'_>) {
    let (index, temp) = (ops.gpr(), ops.gpr());
    let edges = e.edge_count();
    let cases = edges - 1;
    let default = e.edge_label(cases);
    cmp(e.asm, size, index, Rmi::Imm(cases as i32));
    e.asm.jcc(Cond::Ae, default);
    if cases <= 3 {
        // A few comparisons are shorter than a table, and predicted each for itself.
        for case in 0..cases {
            let to = e.edge_label(case);
            if case + 1 < cases {
                cmp(e.asm, size, index, Rmi::Imm(case as i32));
                e.asm.jcc(Cond::E, to);
            } else {
                e.asm.jmp(to);
            }
        }
        return;
    }
    let table = local(e);
    e.asm.lea_r64_m(R11, Mem::label(table));
    if let Some(index) = index.index() {
        e.asm.movsxd_r64_m32(temp, Mem::indexed(R11, index, crate::asm::x64::Scale::X4, 0));
    }
    e.asm.add_r64_r64(temp, R11);
    // Only to what the table holds, which nobody writes: its targets need no landing pads.
    e.asm.notrack_jmp_r64(temp);
    let targets: Vec<_> = (0..cases).map(|case| e.edge_label(case)).collect();
    super::cold::put_table(e, table, targets);
}
