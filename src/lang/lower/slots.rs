//! Where variables are: reading and storing each kind of [`Slot`].
//!
//! Most are registers. A variable that is captured and assigned later is in a cell; one that is captured where it may have
//! no value, in an array of at most one element. In a function of very many variables those for which there is no
//! register are in overflow arrays, one for each type: an entry is an array of one element, which each assignment
//! replaces; at first all entries are one and the same empty array.

use super::function::{Function, OverflowArray, Slot, Value};
use crate::bytecode::{Arg, Kind, Op, Reg, Span, TypeId};
use crate::lang::hash::FastMap;
use crate::lang::hir::Expr;

/// From how many locals on a body may need more registers than there are.
const MANY_LOCALS: usize = 30_000;

impl<'a> Function<'_, 'a> {
    /// Reads a variable of a type.
    pub fn load(
        &mut self,
        slot: Slot,
        ty: TypeId,
        name: &str,
        span: Span,
        unproven: bool,
        dest: Option<Reg>,
    ) -> Value {
        match slot {
            Slot::Reg(reg) => Value::Var(reg),
            Slot::Cell(cell) => {
                let (reg, value) = self.result(dest, ty);
                let op = if self.is_ref(ty) { Op::GetFieldRef } else { Op::GetField };
                self.emit().op(op, reg, cell, 0u16);
                value
            }
            Slot::Maybe(array) => {
                if unproven {
                    self.check_present(array, name, span);
                }
                self.first_element(array, ty, span, dest)
            }
            Slot::Flagged(reg, flag) => {
                if unproven {
                    let name = self.s.name_id(name);
                    self.at(span).named(Op::CheckFlag, flag, Arg::NONE, name);
                }
                Value::Var(reg)
            }
            Slot::Nullable(nullable) => {
                let (reg, value) = self.result(dest, ty);
                let name = self.s.name_id(name);
                self.at(span).named(Op::Unwrap, reg, nullable, name);
                value
            }
            Slot::Static(body) => Value::Literal(self.function_literal(body, ty), ty),
            Slot::Closure(closure, _) => {
                let (reg, value) = self.result(dest, ty);
                self.emit().mov(reg, closure);
                value
            }
            Slot::Overflow(array, index) => {
                let inner = self.overflow_entry(array, index, span);
                if unproven {
                    self.check_present(inner, name, span);
                }
                let value = self.first_element(inner, ty, span, dest);
                self.free(inner);
                value
            }
            Slot::Unset => {
                // The declaration stands in code that is not reached; so does this.
                self.trap("a variable is read before it is declared");
                Value::None
            }
        }
    }

    /// Raises unless an array of at most one element has one.
    fn check_present(&mut self, array: Reg, name: &str, span: Span) {
        let (length, flag) = (self.temp(TypeId::I32), self.temp(TypeId::BOOL));
        let name = self.s.name_id(name);
        self.emit().op(Op::ArrayLen, length, array, Arg::NONE);
        self.emit().op(Op::BoolFromInt, flag, length, Arg::NONE);
        self.at(span).named(Op::CheckFlag, flag, Arg::NONE, name);
        self.free(length);
        self.free(flag);
    }

    fn first_element(&mut self, array: Reg, ty: TypeId, span: Span, dest: Option<Reg>) -> Value {
        let zero = self.operand(Value::Const(0, TypeId::I32), TypeId::I32);
        let (reg, value) = self.result(dest, ty);
        let op = get_op(self.s.types.kind(ty));
        self.at(span).op(op, reg, array, zero.reg);
        self.release(zero);
        value
    }

    /// Evaluates the new value of a variable, and stores it.
    pub fn assign_slot(&mut self, slot: Slot, ty: TypeId, value: &'a Expr<'a>, declares: bool) {
        match slot {
            Slot::Reg(reg) => self.expr_into(value, reg),
            Slot::Flagged(reg, _) => {
                self.expr_into(value, reg);
                self.store(slot, ty, Value::Var(reg), declares);
            }
            _ => {
                let value = self.expr(value, None);
                self.store(slot, ty, value, declares);
            }
        }
    }

    /// Stores a value into a variable. A declaration makes a new one.
    pub fn store(&mut self, slot: Slot, ty: TypeId, value: Value, declares: bool) {
        let span = self.span;
        match slot {
            Slot::Reg(reg) => self.move_to(reg, value),
            Slot::Flagged(reg, flag) => {
                self.move_to(reg, value);
                self.emit().constant(flag, 1);
            }
            Slot::Nullable(reg) => {
                let operand = self.operand(value, ty);
                self.emit().op(Op::Wrap, reg, operand.reg, Arg::NONE);
                self.release(operand);
            }
            Slot::Cell(cell) => {
                let operand = self.operand(value, ty);
                if declares {
                    let cell_ty = self.reg_ty(cell);
                    self.at(span).new_object(cell, cell_ty, 0, &[operand.reg]);
                } else {
                    let op = if self.is_ref(ty) { Op::SetFieldRef } else { Op::SetField };
                    self.emit().op(op, cell, operand.reg, 0u16);
                }
                self.release(operand);
            }
            Slot::Maybe(array) => {
                let operand = self.operand(value, ty);
                self.set_maybe(array, operand.reg, ty);
                self.release(operand);
            }
            Slot::Overflow(array, index) => {
                let operand = self.operand(value, ty);
                let inner_ty = self.s.types.array_of(ty);
                let inner = self.temp(inner_ty);
                self.at(span).new_array(inner, inner_ty, &[operand.reg]);
                self.set_overflow_entry(array, index, inner);
                self.free(inner);
                self.release(operand);
            }
            Slot::Unset | Slot::Static(_) | Slot::Closure(..) => {
                self.drop_value(value);
                self.trap("a variable is assigned before it is declared");
            }
        }
    }

    /// `array[0] = value`, which is pushed if the array is empty.
    fn set_maybe(&mut self, array: Reg, value: Reg, ty: TypeId) {
        let span = self.span;
        let kind = self.s.types.kind(ty);
        let length = self.temp(TypeId::I32);
        self.emit().op(Op::ArrayLen, length, array, Arg::NONE);
        let (full, end) = (self.label(), self.label());
        self.branch_op(Op::BrNeImm, length, 0i16, full);
        self.free(length);
        self.at(span).op(push_op(kind), array, value, Arg::NONE);
        self.jump(end);
        self.bind(full);
        let zero = self.operand(Value::Const(0, TypeId::I32), TypeId::I32);
        self.at(span).op(set_op(kind), array, zero.reg, value);
        self.release(zero);
        self.bind(end);
    }

    // ---- variables for which there is no register

    /// A place in an overflow array. Each entry is an array of one element, replaced by each assignment; at first all
    /// are one and the same empty array.
    pub fn overflow_slot(&mut self, ty: TypeId) -> Slot {
        let Some(array) = self.overflow.iter().position(|array| array.element == ty) else {
            self.failed = true;
            return Slot::Unset;
        };
        let entry = &mut self.overflow[array];
        entry.count += 1;
        Slot::Overflow(array as u32, entry.count - 1)
    }

    /// At the entry of a body with very many variables: makes the overflow arrays, long enough for all.
    pub fn prepare_overflow(&mut self) {
        if self.body.locals.len() < MANY_LOCALS {
            return;
        }
        let mut counts: FastMap<TypeId, u32> = FastMap::default();
        let mut order = Vec::new();
        for local in self.body.locals {
            let Some(ty) = self.value_type(local.ty) else { continue };
            let count = counts.entry(ty).or_default();
            if *count == 0 {
                order.push(ty);
            }
            *count += 1;
        }
        let span = self.span;
        for element in order {
            let ty = self.s.types.array_of(element);
            let outer = self.s.types.array_of(ty);
            let (empty, count, reg) = (self.temp(ty), self.temp(TypeId::I32), self.fresh(outer));
            self.at(span).new_array(empty, ty, &[]);
            self.emit().constant(count, u64::from(counts[&element]));
            self.at(span).typed(Op::ArrayFill, reg, empty, count, outer);
            self.free(empty);
            self.free(count);
            self.overflow.push(OverflowArray { element, reg, count: 0 });
        }
    }

    fn overflow_entry(&mut self, array: u32, index: u32, span: Span) -> Reg {
        let OverflowArray { element, reg: outer, .. } = self.overflow[array as usize];
        let ty = self.s.types.array_of(element);
        let (inner, number) = (self.temp(ty), self.temp(TypeId::I32));
        self.emit().constant(number, u64::from(index));
        self.at(span).op(Op::GetRef, inner, outer, number);
        self.free(number);
        inner
    }

    fn set_overflow_entry(&mut self, array: u32, index: u32, inner: Reg) {
        let span = self.span;
        let outer = self.overflow[array as usize].reg;
        let number = self.temp(TypeId::I32);
        self.emit().constant(number, u64::from(index));
        self.at(span).op(Op::SetRef, outer, number, inner);
        self.free(number);
    }
}

/// The operation that reads an element of a kind.
pub(super) fn get_op(kind: Kind) -> Op {
    match kind {
        Kind::I32 => Op::GetI32,
        Kind::U32 | Kind::Tag => Op::GetU32,
        Kind::I64 | Kind::U64 | Kind::F64 => Op::Get64,
        Kind::Bool => Op::GetBool,
        Kind::Ref => Op::GetRef,
    }
}

/// The operation that stores one.
pub(super) fn set_op(kind: Kind) -> Op {
    match kind {
        Kind::I32 | Kind::U32 | Kind::Tag => Op::Set32,
        Kind::I64 | Kind::U64 | Kind::F64 => Op::Set64,
        Kind::Bool => Op::SetBool,
        Kind::Ref => Op::SetRef,
    }
}

/// The operation that appends one.
pub(super) fn push_op(kind: Kind) -> Op {
    match kind {
        Kind::I32 | Kind::U32 | Kind::Tag => Op::Push32,
        Kind::I64 | Kind::U64 | Kind::F64 => Op::Push64,
        Kind::Bool => Op::PushBool,
        Kind::Ref => Op::PushRef,
    }
}
