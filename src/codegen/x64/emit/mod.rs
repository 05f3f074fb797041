//! Emission for x86_64, a file for each family of instructions.

pub(super) mod cold;
mod control;
mod floats;
pub(super) mod frame;
mod integers;
pub(super) mod moves;
mod vectors;

use super::super::emit::Emit;
use super::X64;
use super::inst::{Addr, Base, Inst, Size, Src};
use crate::asm::Label;
use crate::asm::x64::reg::*;
use crate::asm::x64::{Mem, Scale};
use crate::regalloc::Alloc;

pub use cold::Cold;

type E<'a> = Emit<'a, X64>;

/// The places of an instruction's operands, taken in their order.
pub(super) struct Ops<'a> {
    allocs: &'a [Alloc],
    at: usize,
}

impl Ops<'_> {
    /// The next one.
    #[inline]
    pub(super) fn next(&mut self) -> Alloc {
        self.at += 1;
        self.allocs.get(self.at - 1).copied().unwrap_or(Alloc::None)
    }

    /// Those that were not taken yet.
    pub(super) fn rest(&self) -> &[Alloc] {
        self.allocs.get(self.at..).unwrap_or_default()
    }

    /// The next one, a general register.
    #[inline]
    pub(super) fn gpr(&mut self) -> Gpr64 {
        gpr(self.next())
    }

    /// The next one, a float register.
    #[inline]
    pub(super) fn xmm(&mut self) -> Xmm {
        xmm(self.next())
    }

    /// The registers of an address.
    #[inline]
    pub(super) fn mem(&mut self, addr: Addr) -> Mem {
        let base = match addr.base {
            Base::Reg => self.gpr(),
            Base::Context => R15,
        };
        match addr.index {
            None => Mem::base(base, addr.disp),
            Some(scale) => {
                let scale = Scale::from_shift(scale).unwrap_or(Scale::X1);
                let index = self.gpr();
                match index.index() {
                    Some(index) => Mem::indexed(base, index, scale, addr.disp),
                    // Not reached: rsp is not allocated.
                    None => Mem::base(base, addr.disp),
                }
            }
        }
    }

    /// A second operand.
    #[inline]
    pub(super) fn src(&mut self, src: Src) -> Rmi {
        match src {
            Src::Imm(imm) => Rmi::Imm(imm),
            // Not reached: pooled constants are floats.
            Src::Pool(_) => Rmi::Imm(0),
            Src::Mem(addr) => Rmi::Mem(self.mem(addr)),
            Src::Rm => match self.next() {
                Alloc::Slot(slot) => Rmi::Mem(slot_mem(slot, 1)),
                place => Rmi::Reg(gpr(place)),
            },
        }
    }
}

/// A second operand with its registers.
#[derive(Clone, Copy)]
pub enum Rmi {
    /// A register.
    Reg(Gpr64),
    /// Memory.
    Mem(Mem),
    /// A constant.
    Imm(i32),
}

/// A second operand in float registers.
#[derive(Clone, Copy)]
pub(super) enum Xm {
    /// A register.
    Reg(Xmm),
    /// Memory.
    Mem(Mem),
}

/// Memory of a value in a slot.
pub(super) fn slot_mem(slot: crate::regalloc::SpillSlot, slots: u8) -> Mem {
    Mem::base(RBP, Emit::<X64>::slot_offset(slot, slots))
}

/// The general register of a place, which is one (the allocator gives what constraints ask for).
#[inline(always)]
pub(super) fn gpr(place: Alloc) -> Gpr64 {
    match place {
        Alloc::Reg(reg) => Gpr64::from_low_bits(reg.number()),
        Alloc::Slot(_) | Alloc::None => {
            debug_assert!(false, "a place that has to be a register is {place:?}");
            R11
        }
    }
}

/// The float register of a place.
#[inline(always)]
pub(super) fn xmm(place: Alloc) -> Xmm {
    match place {
        Alloc::Reg(reg) => Xmm::from_low_bits(reg.number()),
        Alloc::Slot(_) | Alloc::None => {
            debug_assert!(false, "a place that has to be a float register is {place:?}");
            XMM15
        }
    }
}

/// A vector register as 256 bits.
#[inline(always)]
pub(super) fn ymm(reg: Xmm) -> Ymm {
    Ymm::from_low_bits(Register::number(reg) as u8)
}

/// Emits an instruction.
pub(super) fn inst(e: &mut E<'_>, number: u32, allocs: &[Alloc]) {
    let inst = *e.code.inst(number);
    let ops = &mut Ops { allocs, at: 0 };
    match inst {
        Inst::Params => frame::params(e, allocs),
        Inst::Incoming(offset, kind) => moves::incoming(e, offset, kind, ops.next()),
        Inst::Const(_) => {
            let operand = e.code.inst_operand(number, 0).vreg;
            let (info, remat) = (crate::regalloc::Function::value(e.code, operand), e.code.remat(operand));
            // A constant that nobody needs in a register was given none.
            match ops.next() {
                Alloc::None => {}
                to => moves::edit(e, Alloc::None, to, info, remat),
            }
        }
        Inst::Zero => {
            let to = ops.gpr().as_32();
            e.asm.xor_r32_r32(to, to);
        }
        Inst::MoveInt => {
            let (from, to) = (ops.gpr(), ops.gpr());
            moves::gpr(e, from, to);
        }
        Inst::MoveFloat => {
            let vreg = e.code.inst_operand(number, 0).vreg;
            let info = crate::regalloc::Function::value(e.code, vreg);
            let (from, to) = (ops.next(), ops.next());
            moves::edit(e, from, to, info, super::super::minst::Remat::No);
        }
        Inst::Extend(extend, src) => integers::extend(e, extend, src, ops),
        Inst::Alu(alu, size, src) => integers::alu_inst(e, alu, size, src, ops),
        Inst::AluMem(alu, size, addr, imm) => integers::alu_mem(e, alu, size, addr, imm, ops),
        Inst::AluExit(alu, size, src, cond, exit) => integers::alu_exit(e, alu, size, src, cond, exit, ops),
        Inst::AluBranch(alu, size, src, cond) => {
            let dst = ops.gpr();
            let src = ops.src(src);
            integers::alu(e.asm, alu, size, dst, src);
            control::jump_flag(e, cond, 1, 0);
        }
        Inst::Lea(size, addr) => integers::lea(e, size, addr, ops),
        Inst::ShiftImm(shift, size, by) => integers::shift_imm(e, shift, size, by, ops.gpr()),
        Inst::ShiftCl(shift, size) => integers::shift_cl(e, shift, size, ops.gpr()),
        Inst::ShiftX(shift, size) => integers::shift_x(e, shift, size, ops),
        Inst::Not(size) => match (size, ops.gpr()) {
            (Size::W32, reg) => e.asm.not_r32(reg.as_32()),
            (Size::W64, reg) => e.asm.not_r64(reg),
        },
        Inst::Neg(size) => integers::neg(e, size, ops.gpr()),
        Inst::NegExit(size, exit) => {
            let dst = ops.gpr();
            integers::neg(e, size, dst);
            let label = cold::exit_undo(e, exit, cold::Undo::Neg(size, dst));
            e.asm.jcc(crate::asm::x64::Cond::O, label);
        }
        Inst::Mul(size, src) => {
            let dst = ops.gpr();
            let src = ops.src(src);
            integers::mul(e, size, dst, src);
        }
        Inst::MulImm(size, src, imm) => {
            let src = ops.src(src);
            let dst = ops.gpr();
            integers::mul_imm(e, size, dst, src, imm);
        }
        Inst::MulExit(size, src, exit) => {
            let dst = ops.gpr();
            let src = ops.src(src);
            integers::mul(e, size, dst, src);
            let label = e.exit_label(exit);
            e.asm.jcc(crate::asm::x64::Cond::O, label);
        }
        Inst::MulImmExit(size, src, imm, exit) => {
            let src = ops.src(src);
            let dst = ops.gpr();
            integers::mul_imm(e, size, dst, src, imm);
            let label = e.exit_label(exit);
            e.asm.jcc(crate::asm::x64::Cond::O, label);
        }
        Inst::MulBranch(size, src) => {
            let dst = ops.gpr();
            let src = ops.src(src);
            integers::mul(e, size, dst, src);
            control::jump_flag(e, crate::asm::x64::Cond::O, 1, 0);
        }
        Inst::MulUnsignedExit(size, exit) => {
            ops.next();
            let src = ops.src(Src::Rm);
            integers::mul_wide(e, size, false, src);
            let label = e.exit_label(exit);
            e.asm.jcc(crate::asm::x64::Cond::O, label);
        }
        Inst::MulUnsignedBranch(size) => {
            ops.next();
            let src = ops.src(Src::Rm);
            integers::mul_wide(e, size, false, src);
            control::jump_flag(e, crate::asm::x64::Cond::O, 1, 0);
        }
        Inst::MulHigh(size, signed) => {
            ops.next();
            let src = ops.src(Src::Rm);
            integers::mul_wide(e, size, signed, src);
        }
        Inst::Div { .. } => {
            ops.next();
            let divisor = ops.gpr();
            integers::div(e, inst, divisor);
        }
        Inst::Set(test, cc) => control::set(e, test, cc, ops),
        Inst::Select(size, test, cc) => control::select(e, size, test, cc, ops),
        Inst::SelectFloat(test, cc, then) => {
            let vreg = e.code.inst_operand(number, 0).vreg;
            let info = crate::regalloc::Function::value(e.code, vreg);
            control::select_float(e, test, cc, then, info, ops);
        }
        Inst::Branch(test, cc) => control::branch(e, test, cc, ops),
        Inst::Exit(test, cc, exit) => control::exit(e, test, cc, exit, ops),
        Inst::Load(mem, addr) => moves::load(e, mem, addr, ops),
        Inst::Store(mem, addr) => moves::store(e, mem, addr, ops),
        Inst::StoreImm(mem, addr, imm) => moves::store_imm(e, mem, addr, imm, ops),
        Inst::Float(float, src) => floats::binary(e, float, src, ops),
        Inst::FloatUnary(unary) => floats::unary(e, unary, ops),
        Inst::FloatMinMax(max) => floats::min_max(e, max, ops),
        Inst::IntToFloat(from) => floats::from_int(e, from, ops),
        Inst::FloatToInt(to) => floats::to_int(e, to, ops),
        Inst::FloatToIntExit(to, exit) => floats::to_int_exit(e, to, exit, ops),
        Inst::FloatToBits => {
            let (from, to) = (ops.xmm(), ops.gpr());
            if e.isa.avx() { e.asm.vmovq_r64_x(to, from) } else { e.asm.movq_r64_x(to, from) }
        }
        Inst::BitsToFloat => {
            let (from, to) = (ops.gpr(), ops.xmm());
            if e.isa.avx() { e.asm.vmovq_x_r64(to, from) } else { e.asm.movq_x_r64(to, from) }
        }
        Inst::Jump => control::jump(e),
        Inst::Switch(size) => control::switch(e, size, ops),
        Inst::Return => frame::epilogue(e),
        Inst::Leave(exit) => {
            let label = e.exit_label(exit);
            e.asm.jmp(label);
        }
        Inst::Trap => e.asm.ud2(),
        Inst::Call(target, kind) => frame::call(e, number, target, kind, false, ops),
        Inst::CallCatch(target, kind) => {
            frame::call(e, number, target, kind, true, ops);
            control::jump(e);
        }
        Inst::Outgoing(offset, kind) => moves::outgoing(e, offset, kind, ops.next()),
        Inst::Poll(exit) => cold::poll(e, number, exit),
        Inst::New(layout, exit) => cold::new(e, layout, exit, ops),
        Inst::Context => {
            let to = ops.gpr();
            moves::gpr(e, R15, to);
        }
        Inst::Levels => {
            let to = ops.gpr();
            e.asm.mov_r32_r32(to.as_32(), R14D);
        }
        Inst::Vector(vector, lane, kind, src) => vectors::binary(e, vector, lane, kind, src, ops),
        Inst::VectorUnary(unary, lane, kind) => vectors::unary(e, unary, lane, kind, ops),
        Inst::Splat(lane, kind) => vectors::splat(e, lane, kind, ops),
        Inst::VectorSelect(kind, then) => vectors::select(e, kind, then, ops),
        Inst::Extract(lane, kind, index) => vectors::extract(e, lane, kind, index, ops),
        Inst::Reduce(vector, lane, kind) => vectors::reduce(e, vector, lane, kind, ops),
        Inst::CountTrue(lane, kind) => vectors::count_true(e, lane, kind, ops),
    }
}

/// At most so many bytes an instruction takes where it stands, with its branches in their long forms. Addresses have a displacement of 32 bits.
#[inline]
pub(super) fn bytes_most(inst: &Inst) -> u32 {
    match inst {
        Inst::Params => 32,
        Inst::Zero
        | Inst::MoveInt
        | Inst::Context
        | Inst::Levels
        | Inst::ShiftCl(..)
        | Inst::Not(_)
        | Inst::Neg(_) => 3,
        Inst::ShiftImm(..) => 4,
        Inst::ShiftX(..) | Inst::FloatToBits | Inst::BitsToFloat | Inst::Jump => 5,
        Inst::Alu(..) | Inst::Lea(..) => 8,
        Inst::Extend(..) | Inst::Mul(..) => 9,
        Inst::Load(..) | Inst::Store(..) | Inst::Float(..) | Inst::MoveFloat | Inst::Const(_) => 10,
        Inst::MulImm(..) | Inst::StoreImm(..) | Inst::AluMem(..) => 12,
        // One branch to the exit, or two.
        Inst::AluExit(..) | Inst::MulExit(..) => 15,
        Inst::MulImmExit(..) => 18,
        Inst::AluBranch(..) | Inst::MulBranch(..) => 20,
        // What sets the flags, two branches, or three for floats.
        Inst::Branch(..) | Inst::Exit(..) => 31,
        Inst::Set(..) | Inst::Select(..) => 32,
        _ => u32::MAX,
    }
}

/// A label for code that is bound in a moment.
fn local(e: &mut E<'_>) -> Label {
    e.asm.new_label()
}
