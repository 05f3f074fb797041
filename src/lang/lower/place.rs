//! Variables and what is assigned to: declarations, assignments, compound assignments.
//!
//! Objects and indices are evaluated before the right side, and checked at the store. A compound assignment reads its
//! place before it evaluates the right side.

use super::function::{Function, Operand, OverflowArray, Slot, Value};
use crate::bytecode::{Arg, Kind, Op, Reg, Span, TypeId};
use crate::lang::hash::FastMap;
use crate::lang::hir::{BinaryOp, Expr, ExprKind, LocalId, Place, Stmt, StmtKind, VarId};
use crate::lang::types::Ty;

/// From how many locals on a body may need more registers than there are.
const MANY_LOCALS: usize = 30_000;

impl<'a> Function<'_, 'a> {
    // ---- declarations

    /// The beginning of a block with conditional variables: they get their places, and have no value.
    pub fn begin_conditionals(&mut self, locals: &[LocalId]) {
        for &local in locals {
            let info = &self.body.locals[local.index()];
            let ty = self.ty(info.ty);
            let flagged = self.assigned.is_flagged(local);
            let (captured, reassigned) = (info.captured.get(), info.reassigned.get());
            let slot = self.conditional_slot(ty, flagged, captured, reassigned);
            self.set_slot(local, slot);
            self.name_slot(slot, info.name);
        }
    }

    /// A place for a conditional variable.
    pub fn conditional_slot(&mut self, ty: TypeId, flagged: bool, captured: bool, reassigned: bool) -> Slot {
        let span = self.span;
        if captured && flagged {
            let array = self.s.types.array_of(ty);
            let reg = self.temp(array);
            self.at(span).new_array(reg, array, &[]);
            return Slot::Maybe(reg);
        }
        if captured && reassigned {
            let cell = self.s.types.cell_of(ty);
            return Slot::Cell(self.temp(cell));
        }
        if !captured && self.is_crowded() {
            return self.overflow_slot(ty);
        }
        if !flagged {
            return Slot::Reg(self.temp(ty));
        }
        if self.is_ref(ty) {
            let reg = self.nullable(ty);
            self.emit().op(Op::Null, reg, Arg::NONE, Arg::NONE);
            return Slot::Nullable(reg);
        }
        let (reg, flag) = (self.temp(ty), self.temp(TypeId::BOOL));
        self.emit().constant(flag, 0);
        Slot::Flagged(reg, flag)
    }

    fn name_slot(&mut self, slot: Slot, name: &str) {
        match slot {
            Slot::Reg(reg)
            | Slot::Cell(reg)
            | Slot::Maybe(reg)
            | Slot::Flagged(reg, _)
            | Slot::Nullable(reg)
            | Slot::Closure(reg, _) => self.name_register(reg, name),
            Slot::Unset | Slot::Static(_) | Slot::Overflow(..) => {}
        }
    }

    /// A declaration.
    pub fn declare(&mut self, local: LocalId, value: &'a Expr<'a>) {
        let info = &self.body.locals[local.index()];
        if info.conditional {
            let ty = self.ty(info.ty);
            let slot = self.slot(local);
            return self.assign_slot(slot, ty, value, true);
        }
        if !info.reassigned.get()
            && let ExprKind::Closure(body) = value.kind
        {
            let (slot, _) = self.make_lambda(body, value.span, None);
            self.set_slot(local, slot);
            self.name_slot(slot, info.name);
            return;
        }
        let ty = self.ty(info.ty);
        let value = self.expr(value, None);
        self.declare_value(local, ty, value);
    }

    /// Declares a local that is not conditional, with a value that may become its own register.
    pub fn declare_value(&mut self, local: LocalId, ty: TypeId, value: Value) {
        let info = &self.body.locals[local.index()];
        let (captured, reassigned) = (info.captured.get(), info.reassigned.get());
        let slot = if captured && reassigned {
            let content = self.operand(value, ty);
            let cell = self.s.types.cell_of(ty);
            let reg = self.temp(cell);
            let span = self.span;
            self.at(span).new_object(reg, cell, 0, &[content.reg]);
            self.release(content);
            Slot::Cell(reg)
        } else if !captured && self.is_crowded() {
            let slot = self.overflow_slot(ty);
            self.store(slot, ty, value, true);
            slot
        } else {
            Slot::Reg(self.adopt(value, ty))
        };
        self.set_slot(local, slot);
        self.name_slot(slot, info.name);
    }

    /// A register of a variable that has a value: the value's own if it is a temporary.
    fn adopt(&mut self, value: Value, ty: TypeId) -> Reg {
        match value {
            Value::Temp(reg) if self.reg_ty(reg) == ty => reg,
            _ => {
                let reg = self.temp(ty);
                self.move_to(reg, value);
                reg
            }
        }
    }

    // ---- module variables

    /// Where a module variable of the body being lowered is, if it is not a global of the program.
    pub fn global_slot(&self, var: VarId) -> Option<Slot> {
        self.globals.get(&var).copied()
    }

    /// The declaration of a module variable.
    pub fn declare_global(&mut self, var: VarId, value: &'a Expr<'a>) {
        let info = &self.checked.globals[var.index()];
        let ty = self.ty(info.ty);
        match self.globals.get(&var) {
            Some(&Slot::Unset) => {
                let value = self.expr(value, None);
                let reg = self.adopt(value, ty);
                self.globals.insert(var, Slot::Reg(reg));
                self.name_register(reg, info.name);
            }
            Some(&slot) => self.assign_slot(slot, ty, value, true),
            None => {
                let operand = self.eval(value);
                self.set_global(var, ty, operand);
            }
        }
    }

    fn set_global(&mut self, var: VarId, ty: TypeId, operand: Operand) {
        let marked = self.s.is_marked(self.checked, var);
        let global = self.s.global(self.checked, var, ty);
        if self.is_ref(ty) {
            self.emit().global(Op::GlobalSetRef, operand.reg, global);
        } else {
            self.emit().global(Op::GlobalSet, operand.reg, global);
            if marked {
                self.emit().global(Op::GlobalMark, Arg::NONE, global);
            }
        }
        self.release(operand);
    }

    /// Reads a module variable.
    pub fn read_global(
        &mut self,
        var: VarId,
        ty: TypeId,
        span: Span,
        unproven: bool,
        dest: Option<Reg>,
    ) -> Value {
        if let Some(slot) = self.global_slot(var) {
            let name = self.checked.globals[var.index()].name;
            return self.load(slot, ty, name, span, unproven, dest);
        }
        let checks = self.s.must_check(self.checked, var, self.id, unproven);
        let global = self.s.global(self.checked, var, ty);
        let (reg, value) = self.result(dest, ty);
        if self.is_ref(ty) {
            self.at(span).global(Op::GlobalGetRef, reg, global);
        } else {
            if checks {
                self.at(span).global(Op::GlobalCheck, Arg::NONE, global);
            }
            self.emit().global(Op::GlobalGet, reg, global);
        }
        value
    }

    // ---- slots

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
    fn assign_slot(&mut self, slot: Slot, ty: TypeId, value: &'a Expr<'a>, declares: bool) {
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
    fn overflow_slot(&mut self, ty: TypeId) -> Slot {
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
        for local in &self.body.locals {
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

    // ---- assignments

    /// Whether evaluating an expression may assign to a variable that is in a register: only what holds statements may.
    fn may_assign(value: &Expr<'_>) -> bool {
        match &value.kind {
            ExprKind::If { .. } | ExprKind::Match(_) => true,
            ExprKind::CheckLen { operand, .. } => Self::may_assign(operand),
            _ => false,
        }
    }

    /// An operand that stays what it is while `value` is evaluated.
    fn eval_before(&mut self, expr: &'a Expr<'a>, value: &Expr<'_>) -> Operand {
        let operand = self.eval(expr);
        if Self::may_assign(value) { self.detach(operand) } else { operand }
    }

    /// `place = value`.
    pub fn assign(&mut self, place: &Place<'a>, value: &'a Expr<'a>) {
        match *place {
            Place::Local(local, _) => {
                let ty = self.ty(self.body.locals[local.index()].ty);
                let slot = self.slot(local);
                self.assign_slot(slot, ty, value, false);
            }
            Place::Outer(index, _) => {
                let ty = self.ty(value.ty);
                let value = self.expr(value, None);
                self.store_outer(index, ty, value);
            }
            Place::Global(var, _) => match self.global_slot(var) {
                Some(slot) => {
                    let ty = self.ty(self.checked.globals[var.index()].ty);
                    self.assign_slot(slot, ty, value, false);
                }
                None => {
                    let ty = self.ty(self.checked.globals[var.index()].ty);
                    let operand = self.eval(value);
                    self.set_global(var, ty, operand);
                }
            },
            Place::Field { object, field } => {
                let target = self.eval_before(object, value);
                let operand = self.eval(value);
                self.set_field(object.ty, field, target, operand);
                self.release(operand);
                self.release(target);
            }
            Place::Index { base, index, bracket } => {
                let target = self.eval_before(base, value);
                let position = self.eval_before(index, value);
                let operand = self.eval(value);
                self.set_element(base.ty, target, position, operand, bracket);
                self.release(operand);
                self.release(position);
                self.release(target);
            }
            Place::Discard => self.discard(value),
        }
    }

    fn store_outer(&mut self, index: u32, ty: TypeId, value: Value) {
        let (slot, temp) = self.outer(index);
        self.store(slot, ty, value, false);
        temp.into_iter().for_each(|reg| self.free(reg));
    }

    fn set_field(&mut self, object: Ty, field: u32, target: Operand, value: Operand) {
        let Some((slot, ty)) = self.field(object, field) else { return };
        let op = if self.is_ref(ty) { Op::SetFieldRef } else { Op::SetField };
        self.emit().op(op, target.reg, value.reg, slot);
    }

    fn set_element(&mut self, base: Ty, target: Operand, index: Operand, value: Operand, bracket: Span) {
        let base = self.ty(base);
        let op = match self.s.types.element(base) {
            Some(element) => set_op(self.s.types.kind(element)),
            None => Op::MapSet,
        };
        self.at(bracket).op(op, target.reg, index.reg, value.reg);
    }

    /// `place op= value`.
    pub fn compound(&mut self, stmt: &'a Stmt<'a>) {
        let StmtKind::Compound { place, op, op_span, value } = &stmt.kind else { return };
        match *place {
            Place::Local(local, span) => {
                let info = &self.body.locals[local.index()];
                let ty = self.ty(info.ty);
                let slot = self.slot(local);
                let unproven = self.assigned.is_unproven_stmt(stmt);
                let before = self.load(slot, ty, info.name, span, unproven, None);
                self.compound_slot(slot, ty, before, (*op, *op_span), value);
            }
            Place::Global(var, span) => {
                let ty = self.ty(self.checked.globals[var.index()].ty);
                let unproven = self.assigned.is_unproven_stmt(stmt);
                let before = self.read_global(var, ty, span, unproven, None);
                match self.global_slot(var) {
                    Some(slot) => self.compound_slot(slot, ty, before, (*op, *op_span), value),
                    None => {
                        let after = self.binary(*op, *op_span, before, value, ty, None);
                        let operand = self.operand(after, ty);
                        self.set_global(var, ty, operand);
                    }
                }
            }
            Place::Outer(index, span) => {
                let name = self.outer_name(index);
                let (slot, temp) = self.outer(index);
                let ty = match slot {
                    Slot::Cell(reg) | Slot::Maybe(reg) => self.content_type(reg),
                    _ => self.ty(value.ty),
                };
                let before = self.load(slot, ty, name, span, true, None);
                self.compound_slot(slot, ty, before, (*op, *op_span), value);
                temp.into_iter().for_each(|reg| self.free(reg));
            }
            Place::Field { object, field } => {
                let Some((slot, ty)) = self.field(object.ty, field) else {
                    return self.trap("the type of an object is not known");
                };
                let target = self.eval(object);
                let (get, set) = match self.is_ref(ty) {
                    true => (Op::GetFieldRef, Op::SetFieldRef),
                    false => (Op::GetField, Op::SetField),
                };
                let before = self.temp(ty);
                self.emit().op(get, before, target.reg, slot);
                let after = self.binary(*op, *op_span, Value::Temp(before), value, ty, None);
                let after = self.operand(after, ty);
                self.emit().op(set, target.reg, after.reg, slot);
                self.release(after);
                self.release(target);
            }
            Place::Index { base, index, bracket } => {
                let target = self.eval(base);
                let position = self.eval(index);
                let base_ty = self.ty(base.ty);
                let (get, ty) = self.get_form(base_ty);
                let before = self.temp(ty);
                self.at(bracket).op(get, before, target.reg, position.reg);
                let after = self.binary(*op, *op_span, Value::Temp(before), value, ty, None);
                let after = self.operand(after, ty);
                self.set_element(base.ty, target, position, after, bracket);
                self.release(after);
                self.release(position);
                self.release(target);
            }
            Place::Discard => self.discard(value),
        }
    }

    fn compound_slot(
        &mut self,
        slot: Slot,
        ty: TypeId,
        before: Value,
        (op, op_span): (BinaryOp, Span),
        value: &'a Expr<'a>,
    ) {
        let dest = match slot {
            Slot::Reg(reg) | Slot::Flagged(reg, _) => Some(reg),
            _ => None,
        };
        let after = self.binary(op, op_span, before, value, ty, dest);
        self.store(slot, ty, after, false);
    }

    /// What the cell or array in a register holds.
    fn content_type(&self, reg: Reg) -> TypeId {
        use crate::bytecode::TypeDesc;
        match self.desc(self.reg_ty(reg)) {
            TypeDesc::Cell(content) | TypeDesc::Array(content) => *content,
            _ => TypeId::BOOL,
        }
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
fn set_op(kind: Kind) -> Op {
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
