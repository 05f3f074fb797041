//! Variables and what is assigned to: declarations, assignments, compound assignments.
//!
//! Objects and indices are evaluated before the right side, and checked at the store. A compound assignment reads its
//! place before it evaluates the right side.

use super::function::{Function, Operand, Slot, Value};
use super::slots::set_op;
use crate::bytecode::{Arg, Op, Reg, Span, TypeId};
use crate::lang::hir::{Compound, Expr, ExprKind, Index, LocalId, Place, Stmt, StmtKind, VarId};
use crate::lang::types::Ty;

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
        let global = self.s.global(self.checked, var, ty);
        if self.is_ref(ty) {
            self.emit().global(Op::GlobalSetRef, operand.reg, global);
        } else {
            self.emit().global(Op::GlobalSet, operand.reg, global);
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
            let op = if checks { Op::GlobalGetChecked } else { Op::GlobalGet };
            self.at(span).global(op, reg, global);
        }
        value
    }

    // ---- assignments

    /// Whether evaluating an expression may assign to a variable that is in a register: only what holds statements may.
    fn may_assign(value: &Expr<'_>) -> bool {
        match &value.kind {
            ExprKind::If(_) | ExprKind::Match(_) => true,
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
            Place::Index(Index { base, index, bracket }) => {
                let target = self.eval_before(base, value);
                let position = self.eval_before(index, value);
                let operand = self.eval(value);
                self.set_element(base.ty, target, position, operand, *bracket);
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
        let StmtKind::Compound(change) = stmt.kind else { return };
        match change.place {
            Place::Local(local, span) => {
                let info = &self.body.locals[local.index()];
                let ty = self.ty(info.ty);
                let slot = self.slot(local);
                let unproven = self.assigned.is_unproven_stmt(stmt);
                let before = self.load(slot, ty, info.name, span, unproven, None);
                self.compound_slot(slot, ty, before, change);
            }
            Place::Global(var, span) => {
                let ty = self.ty(self.checked.globals[var.index()].ty);
                let unproven = self.assigned.is_unproven_stmt(stmt);
                let before = self.read_global(var, ty, span, unproven, None);
                match self.global_slot(var) {
                    Some(slot) => self.compound_slot(slot, ty, before, change),
                    None => {
                        let after = self.changed(change, before, ty, None);
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
                    _ => self.ty(change.value.ty),
                };
                let before = self.load(slot, ty, name, span, true, None);
                self.compound_slot(slot, ty, before, change);
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
                let after = self.changed(change, Value::Temp(before), ty, None);
                let after = self.operand(after, ty);
                self.emit().op(set, target.reg, after.reg, slot);
                self.release(after);
                self.release(target);
            }
            Place::Index(Index { base, index, bracket }) => {
                let target = self.eval(base);
                let position = self.eval(index);
                let base_ty = self.ty(base.ty);
                let (get, ty) = self.get_form(base_ty);
                let before = self.temp(ty);
                self.at(*bracket).op(get, before, target.reg, position.reg);
                let after = self.changed(change, Value::Temp(before), ty, None);
                let after = self.operand(after, ty);
                self.set_element(base.ty, target, position, after, *bracket);
                self.release(after);
                self.release(position);
                self.release(target);
            }
            Place::Discard => self.discard(&change.value),
        }
    }

    fn compound_slot(&mut self, slot: Slot, ty: TypeId, before: Value, change: &'a Compound<'a>) {
        let dest = match slot {
            Slot::Reg(reg) | Slot::Flagged(reg, _) => Some(reg),
            _ => None,
        };
        let after = self.changed(change, before, ty, dest);
        self.store(slot, ty, after, false);
    }

    /// The new value of a place.
    fn changed(&mut self, change: &'a Compound<'a>, before: Value, ty: TypeId, dest: Option<Reg>) -> Value {
        let Compound { op, op_span, ref value, length, .. } = *change;
        let Some(length) = length else { return self.binary(op, op_span, before, value, ty, dest) };
        // In a register of its own, as the variable stays as it is if the check raises.
        let after = self.binary(op, op_span, before, value, ty, None);
        let array = self.operand(after, ty);
        self.at(value.span).op_imm(Op::ArrayCheckLen, array.reg, length as i32);
        array.into()
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
