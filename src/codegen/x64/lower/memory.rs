//! Loads, stores, allocation, polls.

use super::super::inst::{Alu, Inst, NO_EXIT, Size};
use super::address::{address, immediate};
use super::{L, check_kind, def};
use crate::codegen::minst::Remat;
use crate::ir::{self, Kind, Mem, Op, Value};
use crate::regalloc::{Operand, Time};

pub(super) fn load(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    if !check_kind(l, data.kind) {
        return;
    }
    let addr = address(l, data);
    def(l, inst);
    l.push(Inst::Load(data.mem(), addr));
}

pub(super) fn store(l: &mut L<'_>, inst: ir::Inst) {
    let data = l.data(inst);
    if !check_kind(l, data.kind) {
        return;
    }
    let (mem, value) = (data.mem(), Value(data.d));
    let constant = match mem {
        Mem::F64 => l.as_const(value).filter(|&bits| bits == 0).map(|_| 0),
        Mem::V128 | Mem::V256 => None,
        Mem::I64 | Mem::U64 | Mem::Ref => immediate(l, value, Size::W64),
        _ => immediate(l, value, Size::W32),
    };
    if let Some(imm) = constant {
        let addr = address(l, data);
        return l.push(Inst::StoreImm(mem, addr, imm));
    }
    if let Some((alu, size, operand)) = on_memory(l, data, value) {
        let imm = immediate(l, operand, size);
        if imm.is_none() {
            let vreg = l.reg(operand);
            l.operand(Operand::reg_use(vreg));
        }
        let addr = address(l, data);
        return l.push(Inst::AluMem(alu, size, addr, imm));
    }
    let value = l.reg(value);
    l.operand(Operand::reg_use(value));
    let addr = address(l, data);
    l.push(Inst::Store(mem, addr));
}

/// What is stored may be computed from what is in that memory: then it can be done there. Gives the other operand.
fn on_memory(l: &L<'_>, store: &ir::InstData, value: Value) -> Option<(Alu, Size, Value)> {
    let size = match store.mem() {
        Mem::I32 | Mem::U32 => Size::W32,
        Mem::I64 | Mem::U64 => Size::W64,
        _ => return None,
    };
    let data = l.data(l.foldable(value)?);
    let alu = match data.op {
        Op::Add => Alu::Add,
        Op::Sub => Alu::Sub,
        Op::And => Alu::And,
        Op::Or => Alu::Or,
        Op::Xor => Alu::Xor,
        _ => return None,
    };
    let is_there = |value: Value| {
        l.foldable(value).is_some_and(|load| {
            let load = l.data(load);
            load.op == Op::Load
                && load.aux == store.aux
                && (load.a, load.b, load.c) == (store.a, store.b, store.c)
        })
    };
    if is_there(data.first()) {
        return Some((alu, size, data.second()));
    }
    (data.op.is_commutative() && is_there(data.second())).then(|| (alu, size, data.first()))
}

pub(super) fn new(l: &mut L<'_>, inst: ir::Inst) {
    if !l.needs_context() {
        return;
    }
    let data = l.data(inst);
    let result = l.result(inst);
    l.operand(Operand::early_def(result));
    let exit = data.guard().map_or(NO_EXIT, |guard| l.exit(guard, Time::Late));
    l.needs_frame = true;
    l.push(Inst::New(data.a, exit));
}

pub(super) fn poll(l: &mut L<'_>, inst: ir::Inst) {
    if !l.needs_context() {
        return;
    }
    let exit = l.data(inst).guard().map_or(NO_EXIT, |guard| l.exit(guard, Time::Late));
    l.needs_frame = true;
    l.push_call(Inst::Poll(exit), crate::regalloc::RegSet::EMPTY, true);
}

/// What is in a register of the Orus convention.
pub(super) fn pinned(l: &mut L<'_>, inst: ir::Inst, machine: Inst) {
    if l.needs_context() {
        def(l, inst);
        l.push(machine);
    }
}

pub(super) fn symbol(l: &mut L<'_>, inst: ir::Inst) {
    let address = l.constant(Kind::I64, Remat::Address(ir::Symbol(l.data(inst).a)));
    let result = l.result(inst);
    l.push_move(crate::regalloc::RegClass::Int, address, result);
}
