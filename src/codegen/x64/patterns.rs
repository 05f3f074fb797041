//! The peephole patterns of x86_64.

use super::super::peephole::{After, AfterPattern, Before, BeforePattern};
use super::X64;
use super::inst::{Alu, Base, Cc, Extend, Inst, Size, Src, Test};
use crate::asm::x64::Cond;
use crate::codegen::minst::Remat;
use crate::ir::Mem;
use crate::regalloc::{Alloc, RegClass};

/// Before allocation.
pub(super) const BEFORE: &[BeforePattern<X64>] =
    &[BeforePattern { name: "extension-of-narrow", apply: extension_of_narrow }];

/// After allocation.
pub(super) const AFTER: &[AfterPattern<X64>] = &[
    AfterPattern { name: "zero-by-xor", apply: zero_by_xor },
    AfterPattern { name: "lea-to-add", apply: lea_to_add },
    AfterPattern { name: "add-128", apply: add_128 },
    AfterPattern { name: "flags-of-result", apply: flags_of_result },
];

/// Which of them can apply, by their places in the table.
#[inline]
pub(super) fn candidates_after(inst: &Inst) -> u32 {
    match inst {
        Inst::Const(_) => 1,
        Inst::Lea(..) => 1 << 1,
        Inst::Alu(_, _, Src::Imm(128)) => 1 << 2,
        Inst::Branch(Test::Zero(_), _) | Inst::Exit(Test::Zero(_), _, _) => 1 << 3,
        _ => 0,
    }
}

/// A zero-extension of what is so narrow already is a move, which allocation mostly removes.
fn extension_of_narrow(w: &mut Before<'_, X64>, inst: u32) -> bool {
    let Inst::Extend(extend, Src::Rm) = w.inst(inst) else { return false };
    let Some(def) = w.def(w.operand(inst, 0).vreg) else { return false };
    let narrow = match w.inst(def) {
        Inst::Load(Mem::U8 | Mem::Bool, _) | Inst::Set(..) | Inst::Extend(Extend::Zero8, _) => 8,
        Inst::Load(Mem::U16, _) | Inst::Extend(Extend::Zero16, _) => 16,
        Inst::Load(Mem::I8 | Mem::I16 | Mem::I32 | Mem::U32, _)
        | Inst::Extend(Extend::Zero32, _)
        | Inst::Alu(_, Size::W32, _)
        | Inst::Lea(Size::W32, _)
        | Inst::ShiftImm(_, Size::W32, 1..)
        | Inst::Mul(Size::W32, _)
        | Inst::MulImm(Size::W32, ..) => 32,
        _ => return false,
    };
    let kept = match extend {
        Extend::Zero8 => 8,
        Extend::Zero16 => 16,
        Extend::Zero32 => 32,
        Extend::Sign32 => return false,
    };
    if narrow <= kept {
        w.code.make_move(inst, Inst::MoveInt);
    }
    narrow <= kept
}

/// `mov r, 0` is `xor r, r`: no flags are alive between instructions (M2). Moves that are inserted between them keep to `mov`.
fn zero_by_xor(w: &mut After<'_, X64>, inst: u32) -> bool {
    let zero = matches!(w.inst(inst), Inst::Const(_))
        && w.code.inst_constant(inst) == Some(Remat::Bits(0))
        && matches!(w.place(inst, 0), Alloc::Reg(reg) if reg.class() == RegClass::Int);
    if zero {
        w.code.set_inst(inst, Inst::Zero);
    }
    zero
}

/// `lea r, [r + x]` is `add r, x`.
fn lea_to_add(w: &mut After<'_, X64>, inst: u32) -> bool {
    let Inst::Lea(size, addr) = w.inst(inst) else { return false };
    if addr.base != Base::Reg {
        return false;
    }
    match addr.index {
        None if w.place(inst, 0) == w.place(inst, 1) => {
            w.code.set_inst(inst, Inst::Alu(Alu::Add, size, Src::Imm(addr.disp)))
        }
        Some(0) if addr.disp == 0 => {
            let (a, b, to) = (w.place(inst, 0), w.place(inst, 1), w.place(inst, 2));
            if to == b {
                w.set_place(inst, 0, b);
                w.set_place(inst, 1, a);
            } else if to != a {
                return false;
            }
            w.code.set_inst(inst, Inst::Alu(Alu::Add, size, Src::Rm));
        }
        _ => return false,
    }
    true
}

/// -128 fits in a byte and 128 does not. The carry differs, and nobody reads it.
fn add_128(w: &mut After<'_, X64>, inst: u32) -> bool {
    let to = match w.inst(inst) {
        Inst::Alu(Alu::Add, size, Src::Imm(128)) => Inst::Alu(Alu::Sub, size, Src::Imm(-128)),
        Inst::Alu(Alu::Sub, size, Src::Imm(128)) => Inst::Alu(Alu::Add, size, Src::Imm(-128)),
        _ => return false,
    };
    w.code.set_inst(inst, to);
    true
}

/// A sum or the like has set the flags by which it is compared with zero: all of them if it works on bits, else zero and sign.
fn flags_of_result(w: &mut After<'_, X64>, inst: u32) -> bool {
    let (test, cc) = match w.inst(inst) {
        Inst::Branch(test, cc) | Inst::Exit(test, cc, _) => (test, cc),
        _ => return false,
    };
    let (Test::Zero(size), Cc::Flag(cond), Some(before)) = (test, cc, w.before(inst)) else { return false };
    let Inst::Alu(alu, set, _) = w.inst(before) else { return false };
    let all = matches!(alu, Alu::And | Alu::Or | Alu::Xor);
    let known = set == size
        && w.place(before, 0) == w.place(inst, 0)
        && (all || matches!(cond, Cond::E | Cond::Ne | Cond::S | Cond::Ns));
    if known {
        let to = match w.inst(inst) {
            Inst::Exit(_, _, exit) => Inst::Exit(Test::Known, cc, exit),
            _ => Inst::Branch(Test::Known, cc),
        };
        w.code.set_inst(inst, to);
    }
    known
}
