//! Arrays, maps, structs, enum variants, indices and slices.

use super::function::{Function, Value};
use super::slots::{get_op, push_op};
use crate::bytecode::{Arg, Kind, Op, Reg, TypeDesc, TypeId};
use crate::lang::hir::{Expr, Index, Slice};

/// How many elements of an array literal are listed in one instruction; the others are pushed.
const LISTED_ELEMENTS: usize = 1_000;

impl<'a> Function<'_, 'a> {
    /// `[a, b, …]`
    pub fn array(&mut self, elements: &'a [Expr<'a>], expr: &Expr<'a>, dest: Option<Reg>) -> Value {
        let ty = self.ty(expr.ty);
        let (listed, pushed) = elements.split_at(elements.len().min(LISTED_ELEMENTS));
        let base = self.args(listed);
        self.pop_args(base);
        // An element that is evaluated after the array was made may read what the destination still holds.
        let (reg, value) = self.result(dest.filter(|_| pushed.is_empty()), ty);
        let (builder, regs) = self.at_with_args(expr.span);
        builder.new_array(reg, ty, regs);
        if let Some(first) = pushed.first() {
            let op = push_op(self.kind(first.ty));
            for element in pushed {
                let operand = self.eval(element);
                self.at(expr.span).op(op, reg, operand.reg, Arg::NONE);
                self.release(operand);
            }
        }
        value
    }

    /// `[value; count]`
    pub fn fill(
        &mut self,
        value: &'a Expr<'a>,
        count: &'a Expr<'a>,
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        let ty = self.ty(expr.ty);
        let element = self.eval(value);
        let count = self.eval(count);
        self.release(count);
        self.release(element);
        let (reg, value) = self.result(dest, ty);
        self.at(expr.span).typed(Op::ArrayFill, reg, element.reg, count.reg, ty);
        value
    }

    /// `{key: value, …}`
    pub fn map(&mut self, entries: &'a [(Expr<'a>, Expr<'a>)], expr: &Expr<'a>) -> Value {
        let ty = self.ty(expr.ty);
        // Never the destination: the entries may read what it still holds.
        let reg = self.temp(ty);
        self.at(expr.span).typed(Op::MapNew, reg, Arg::NONE, Arg::NONE, ty);
        for (key, value) in entries {
            let key = self.eval(key);
            let value = self.eval(value);
            self.at(expr.span).op(Op::MapSet, reg, key.reg, value.reg);
            self.release(value);
            self.release(key);
        }
        Value::Temp(reg)
    }

    /// `Name{ field: value, … }`
    pub fn structure(&mut self, fields: &'a [(u32, Expr<'a>)], expr: &Expr<'a>, dest: Option<Reg>) -> Value {
        let ty = self.ty(expr.ty);
        let base = self.arg_count();
        for (_, value) in fields {
            let operand = self.eval(value);
            self.push_arg(operand);
        }
        if !fields.is_sorted_by_key(|(field, _)| *field) {
            self.sort_args(base, fields);
        }
        self.pop_args(base);
        self.failed |= fields.len() > usize::from(u16::MAX);
        let (reg, value) = self.result(dest, ty);
        let (builder, regs) = self.at_with_args(expr.span);
        builder.new_object(reg, ty, 0, regs);
        value
    }

    /// `Name.Variant(args)`
    pub fn variant(
        &mut self,
        variant: u32,
        args: &'a [Expr<'a>],
        expr: &Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        let ty = self.ty(expr.ty);
        if self.s.types.kind(ty) == Kind::Tag {
            return Value::Const(u64::from(variant), ty);
        }
        if args.is_empty() {
            return self.plain_variant_literal(ty, variant);
        }
        let base = self.args(args);
        self.pop_args(base);
        self.failed |= args.len() > usize::from(u16::MAX) || variant > u32::from(u16::MAX);
        let (reg, value) = self.result(dest, ty);
        let (builder, regs) = self.at_with_args(expr.span);
        builder.new_object(reg, ty, variant as u16, regs);
        value
    }

    // ---- indices

    /// The operation that reads what is at an index of a type, and the type of what it gives.
    pub fn get_form(&self, base: TypeId) -> (Op, TypeId) {
        match self.s.types.desc(base) {
            TypeDesc::Array(element) => (get_op(self.s.types.kind(*element)), *element),
            TypeDesc::Map { value, .. } => (Op::MapGet, *value),
            _ => (Op::StrIndex, TypeId::STRING),
        }
    }

    /// `base[index]`
    pub fn index(&mut self, inner: &'a Index<'a>, dest: Option<Reg>) -> Value {
        let Index { base, index, bracket } = inner;
        let base_ty = self.ty(base.ty);
        let (op, ty) = self.get_form(base_ty);
        let target = self.eval(base);
        let position = self.eval(index);
        self.release(position);
        self.release(target);
        let (reg, value) = self.result(dest, ty);
        self.at(*bracket).op(op, reg, target.reg, position.reg);
        value
    }

    /// `base[start..end]`
    pub fn slice(&mut self, inner: &'a Slice<'a>, dest: Option<Reg>) -> Value {
        let Slice { base, start, end, inclusive, bracket } = inner;
        let ty = self.ty(base.ty);
        let target = self.eval(base);
        let start = start.as_ref().map(|start| self.eval(start));
        let end = end.as_ref().map(|end| self.eval(end));
        end.into_iter().for_each(|end| self.release(end));
        start.into_iter().for_each(|start| self.release(start));
        self.release(target);
        let (reg, value) = self.result(dest, ty);
        let op = if ty == TypeId::STRING { Op::StrSlice } else { Op::ArraySlice };
        let (start, end) = (start.map(|start| start.reg), end.map(|end| end.reg));
        self.at(*bracket).slice(op, reg, target.reg, start, end, *inclusive);
        value
    }
}
