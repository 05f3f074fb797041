//! Expressions: the dispatch over their kinds, literals, blocks with values.

use super::function::{Function, Slot, Value, Want};
use crate::bytecode::{Kind, Literal, Op, Reg, TypeDesc, TypeId};
use crate::lang::hir::{Block, Compare, Cond, Expr, ExprKind};
use crate::lang::stack::with_room;

impl<'a> Function<'_, 'a> {
    /// Lowers an expression. If there is a destination, the value may be there afterwards (then it is the
    /// [`Value::Var`] of that register), or anywhere else.
    pub fn expr(&mut self, expr: &'a Expr<'a>, dest: Option<Reg>) -> Value {
        match &expr.kind {
            ExprKind::Local(local) => match self.slot(*local) {
                Slot::Reg(reg) => Value::Var(reg),
                slot => {
                    let ty = self.ty(expr.ty);
                    let name = self.body.locals[local.index()].name;
                    let unproven = self.assigned.is_unproven_expr(expr);
                    self.load(slot, ty, name, expr.span, unproven, dest)
                }
            },
            ExprKind::Int { value, negative, pattern } => {
                let ty = self.ty(expr.ty);
                integer(self.s.types.kind(ty), *value, *negative, *pattern)
                    .map_or_else(|| self.unknown("a literal"), |bits| Value::Const(bits, ty))
            }
            ExprKind::Float(value) => Value::Const(value.to_bits(), TypeId::F64),
            ExprKind::Bool(value) => Value::Const(u64::from(*value), TypeId::BOOL),
            ExprKind::Str(text) => Value::Literal(self.s.string_literal(text), TypeId::STRING),
            ExprKind::Outer(index) => self.read_outer(*index, expr, dest),
            ExprKind::Global(var) => {
                let ty = self.ty(expr.ty);
                let unproven = self.assigned.is_unproven_expr(expr);
                self.read_global(*var, ty, expr.span, unproven, dest)
            }
            ExprKind::Function(body) => {
                let ty = self.ty(expr.ty);
                Value::Literal(self.function_literal(*body, ty), ty)
            }
            ExprKind::Closure(body) => self.lambda(*body, expr, dest),
            _ => with_room(|| self.compound_expr(expr, dest)),
        }
    }

    /// Lowers an expression that has parts.
    fn compound_expr(&mut self, expr: &'a Expr<'a>, dest: Option<Reg>) -> Value {
        match &expr.kind {
            ExprKind::Neg { operand, op_span } => self.negate(operand, *op_span, expr.ty, dest),
            ExprKind::BitNot { operand } => self.complement(operand, expr.span, expr.ty, dest),
            ExprKind::Chain(chain) => self.chain(expr, chain, dest),
            ExprKind::Compare(Compare { op, op_span, lhs, rhs }) => {
                self.compare(*op, *op_span, lhs, rhs, dest)
            }
            ExprKind::Not { .. } | ExprKind::IsVariant(_) | ExprKind::And(_) | ExprKind::Or(_) => {
                self.logic(expr, dest)
            }
            ExprKind::Cond(_) | ExprKind::If(_) | ExprKind::Match(_) => {
                let Some(ty) = self.value_type(expr.ty) else {
                    self.wanted(expr, Want::Drop);
                    return Value::None;
                };
                let (reg, value) = self.result(dest, ty);
                self.wanted(expr, Want::Into(reg));
                value
            }
            ExprKind::Cast { operand, as_span } => self.cast(operand, *as_span, expr.ty, dest),
            ExprKind::CheckLen { operand, length } => {
                let array = self.eval(operand);
                self.at(operand.span).op_imm(Op::ArrayCheckLen, array.reg, *length as i32);
                array.into()
            }
            ExprKind::Call { body, args } => self.call(*body, args, expr, dest),
            ExprKind::CallNested(call) => self.call_known(&call.callee, call.args, expr, dest),
            ExprKind::CallValue(call) => self.call_value(call, expr, dest),
            ExprKind::Builtin { function, args } => self.builtin(*function, args, expr, dest),
            ExprKind::Format(template) => self.format(template, expr.span, dest),
            ExprKind::Field { object, field } => self.get_field(object, *field, dest),
            ExprKind::ErrorMessage(error) => self.error_part(Op::ErrorMessage, error, dest),
            ExprKind::ErrorKind(error) => self.error_part(Op::ErrorKind, error, dest),
            ExprKind::Index(index) => self.index(index, dest),
            ExprKind::Slice(slice) => self.slice(slice, dest),
            ExprKind::Array(elements) => self.array(elements, expr, dest),
            ExprKind::Fill { value, count } => self.fill(value, count, expr, dest),
            ExprKind::Map(entries) => self.map(entries, expr),
            ExprKind::Struct { fields, .. } => self.structure(fields, expr, dest),
            ExprKind::Variant { variant, args } => self.variant(*variant, args, expr, dest),
            ExprKind::Local(_)
            | ExprKind::Int { .. }
            | ExprKind::Float(_)
            | ExprKind::Bool(_)
            | ExprKind::Str(_)
            | ExprKind::Outer(_)
            | ExprKind::Global(_)
            | ExprKind::Function(_)
            | ExprKind::Closure(_) => self.expr(expr, dest),
        }
    }

    /// Lowers an expression for its effects.
    pub fn discard(&mut self, expr: &'a Expr<'a>) {
        match &expr.kind {
            ExprKind::Cond(_) | ExprKind::If(_) | ExprKind::Match(_) => self.wanted(expr, Want::Drop),
            _ => {
                let value = self.expr(expr, None);
                self.drop_value(value);
            }
        }
    }

    /// Lowers an expression and does with its value what is wanted.
    pub fn wanted(&mut self, expr: &'a Expr<'a>, want: Want) {
        match (&expr.kind, want) {
            (ExprKind::If(inner), _) => self.if_arms(inner, want),
            (ExprKind::Match(inner), _) => self.match_arms(inner, want),
            (ExprKind::Cond(Cond { arms, otherwise }), _) => with_room(|| {
                let end = self.label();
                for (condition, value) in *arms {
                    let next = self.label();
                    self.branch(condition, false, next);
                    if self.reachable() {
                        self.wanted(value, want);
                    }
                    self.jump(end);
                    self.bind(next);
                }
                if self.reachable() {
                    self.wanted(otherwise, want);
                }
                self.bind(end);
            }),
            (_, Want::Drop) => self.discard(expr),
            (_, Want::Into(reg)) => self.expr_into(expr, reg),
            (_, Want::Return) => self.return_value(expr),
        }
    }

    /// Lowers a block and does with its value what is wanted.
    pub fn block(&mut self, block: &Block<'a>, want: Want) {
        let mark = self.enter();
        self.begin_conditionals(block.conditionals);
        with_room(|| {
            for stmt in block.stmts {
                if !self.reachable() {
                    return;
                }
                self.stmt(stmt);
            }
            if let Some(value) = block.value
                && self.reachable()
            {
                self.span = value.span;
                self.wanted(value, want);
            }
        });
        self.leave(mark);
    }

    // ---- members

    /// The slot and type of a struct's field.
    pub fn field(&mut self, object: crate::lang::types::Ty, field: u32) -> Option<(u16, TypeId)> {
        let ty = self.ty(object);
        match self.s.types.desc(ty) {
            TypeDesc::Struct(layout) => {
                let field = layout.fields.get(field as usize)?;
                Some((field.slot as u16, field.ty))
            }
            _ => None,
        }
    }

    fn get_field(&mut self, object: &'a Expr<'a>, field: u32, dest: Option<Reg>) -> Value {
        let Some((slot, ty)) = self.field(object.ty, field) else {
            return self.unknown("an object");
        };
        let target = self.eval(object);
        self.release(target);
        let op = if self.is_ref(ty) { Op::GetFieldRef } else { Op::GetField };
        let (reg, value) = self.result(dest, ty);
        self.emit().op(op, reg, target.reg, slot);
        value
    }

    fn error_part(&mut self, op: Op, error: &'a Expr<'a>, dest: Option<Reg>) -> Value {
        let value = self.expr(error, None);
        self.unary(op, error.span, value, TypeId::ERROR, TypeId::STRING, dest)
    }

    /// The payload-free variant of an enum whose values are references.
    pub fn plain_variant_literal(&mut self, ty: TypeId, variant: u32) -> Value {
        Value::Literal(self.s.literal(Literal::Variant { ty, variant }), ty)
    }
}

/// The slot of an integer literal.
fn integer(kind: Kind, value: u64, negative: bool, pattern: bool) -> Option<u64> {
    Some(match kind {
        Kind::I32 if pattern => value as i32 as i64 as u64,
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 if negative => value.wrapping_neg(),
        Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64 => value,
        Kind::F64 => {
            let magnitude = value as f64;
            (if negative { -magnitude } else { magnitude }).to_bits()
        }
        Kind::Bool | Kind::Tag | Kind::Ref => return None,
    })
}
