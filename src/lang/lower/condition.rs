//! Conditions: branches on comparisons, `and`, `or`, `not` and conditional expressions without a bool in between, and
//! the bools where one is asked for.

use super::function::{Function, Value};
use crate::bytecode::{Arg, Kind, Label, Op, Reg, Span, TypeDesc, TypeId};
use crate::lang::hir::{Compare, CompareOp, Cond, Expr, ExprKind, IsVariant};
use crate::lang::stack::with_room;

/// How two operands are compared.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Comparison {
    Signed,
    Unsigned,
    F64,
    Str,
    Deep,
}

impl<'a> Function<'_, 'a> {
    /// Branches to `label` if the expression is `sense`, else goes on. It is of type bool or, as an operand of `and`,
    /// `or` and `not`, an integer.
    pub fn branch(&mut self, expr: &'a Expr<'a>, sense: bool, label: Label) {
        with_room(|| self.branch_parts(expr, sense, label));
    }

    fn branch_parts(&mut self, expr: &'a Expr<'a>, sense: bool, label: Label) {
        match &expr.kind {
            ExprKind::Not { operand } => self.branch(operand, !sense, label),
            ExprKind::And(operands) => self.branch_all(operands, sense, label),
            // `a or b` is `not (not a and not b)`.
            ExprKind::Or(operands) => self.branch_any(operands, sense, label),
            ExprKind::Compare(Compare { op, op_span, lhs, rhs }) => {
                self.branch_compare(*op, *op_span, lhs, rhs, sense, label);
            }
            ExprKind::IsVariant(IsVariant { value, variant, args }) => {
                self.branch_variant(expr, value, *variant, args, sense, label);
            }
            ExprKind::Cond(Cond { arms, otherwise }) => {
                let end = self.label();
                for (condition, value) in *arms {
                    let next = self.label();
                    self.branch(condition, false, next);
                    self.branch(value, sense, label);
                    self.jump(end);
                    self.bind(next);
                }
                self.branch(otherwise, sense, label);
                self.bind(end);
            }
            _ => {
                let value = self.expr(expr, None);
                let ty = self.ty(expr.ty);
                self.branch_value(value, ty, sense, label);
            }
        }
    }

    fn branch_all(&mut self, operands: &'a [Expr<'a>], sense: bool, label: Label) {
        if !sense {
            return operands.iter().for_each(|operand| self.branch(operand, false, label));
        }
        let Some((last, before)) = operands.split_last() else { return };
        let end = self.label();
        before.iter().for_each(|operand| self.branch(operand, false, end));
        self.branch(last, true, label);
        self.bind(end);
    }

    fn branch_any(&mut self, operands: &'a [Expr<'a>], sense: bool, label: Label) {
        if sense {
            return operands.iter().for_each(|operand| self.branch(operand, true, label));
        }
        let Some((last, before)) = operands.split_last() else { return };
        let end = self.label();
        before.iter().for_each(|operand| self.branch(operand, true, end));
        self.branch(last, false, label);
        self.bind(end);
    }

    /// Branches on a bool or integer.
    fn branch_value(&mut self, value: Value, ty: TypeId, sense: bool, label: Label) {
        if let Value::Const(bits, _) = value {
            if (bits != 0) == sense {
                self.jump(label);
            }
            return;
        }
        let kind = self.s.types.kind(ty);
        if kind == Kind::Ref {
            self.drop_value(value);
            self.unknown("a condition");
            return;
        }
        let operand = self.operand(value, ty);
        self.release(operand);
        if kind == Kind::Bool {
            self.branch_flag(operand.reg, sense, label);
        } else {
            let op = if sense { Op::BrNeImm } else { Op::BrEqImm };
            self.branch_op(op, operand.reg, 0i16, label);
        }
    }

    // ---- comparisons

    fn comparison(&self, ty: TypeId) -> Comparison {
        match self.s.types.kind(ty) {
            Kind::I32 | Kind::I64 => Comparison::Signed,
            Kind::U32 | Kind::U64 | Kind::Bool | Kind::Tag => Comparison::Unsigned,
            Kind::F64 => Comparison::F64,
            Kind::Ref if ty == TypeId::STRING => Comparison::Str,
            Kind::Ref => Comparison::Deep,
        }
    }

    /// Both operands of a comparison, and their type: a bool beside an integer becomes one.
    fn compared(&mut self, lhs: &'a Expr<'a>, rhs: &'a Expr<'a>, span: Span) -> (Value, Value, TypeId) {
        let (lhs_ty, rhs_ty) = (self.ty(lhs.ty), self.ty(rhs.ty));
        let mut a = self.expr(lhs, None);
        let mut b = self.expr(rhs, None);
        let mut ty = lhs_ty;
        if lhs_ty != rhs_ty {
            if lhs_ty == TypeId::BOOL {
                a = self.convert(a, lhs_ty, rhs_ty, span, None);
                ty = rhs_ty;
            } else if rhs_ty == TypeId::BOOL {
                b = self.convert(b, rhs_ty, lhs_ty, span, None);
            }
        }
        (a, b, ty)
    }

    fn branch_compare(
        &mut self,
        op: CompareOp,
        op_span: Span,
        lhs: &'a Expr<'a>,
        rhs: &'a Expr<'a>,
        sense: bool,
        label: Label,
    ) {
        if let Some((side, variant)) = self.plain_variant(op, lhs, rhs) {
            let tag = self.tag_of(side);
            let op = if (op == CompareOp::Eq) == sense { Op::BrEqImm } else { Op::BrNeImm };
            return self.branch_tag(op, tag, variant, label);
        }
        let (a, b, ty) = self.compared(lhs, rhs, op_span);
        self.branch_values(op, op_span, (a, b), ty, sense, label);
    }

    /// Compares with a variant without payload of an enum whose values are references: by the tag.
    fn plain_variant(
        &mut self,
        op: CompareOp,
        lhs: &'a Expr<'a>,
        rhs: &'a Expr<'a>,
    ) -> Option<(&'a Expr<'a>, u32)> {
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) || self.kind(lhs.ty) != Kind::Ref {
            return None;
        }
        match (&lhs.kind, &rhs.kind) {
            (_, ExprKind::Variant { variant, args: [], .. }) => Some((lhs, *variant)),
            (ExprKind::Variant { variant, args: [], .. }, _) => Some((rhs, *variant)),
            _ => None,
        }
    }

    /// The tag of an enum value, as a temporary.
    fn tag_of(&mut self, expr: &'a Expr<'a>) -> Value {
        let operand = self.eval(expr);
        self.release(operand);
        let tag = self.temp(TypeId::U32);
        self.emit().op(Op::Tag, tag, operand.reg, Arg::NONE);
        Value::Temp(tag)
    }

    /// `br.eq.imm` or `br.ne.imm` of a tag; variants beyond an immediate need a register.
    pub fn branch_tag(&mut self, op: Op, tag: Value, variant: u32, label: Label) {
        let tag = self.operand(tag, TypeId::U32);
        if let Ok(imm) = i16::try_from(variant) {
            self.release(tag);
            return self.branch_op(op, tag.reg, imm, label);
        }
        let ty = self.reg_ty(tag.reg);
        let number = self.operand(Value::Const(u64::from(variant), ty), ty);
        self.release(number);
        self.release(tag);
        let op = if op == Op::BrEqImm { Op::BrEq } else { Op::BrNe };
        self.branch_op(op, tag.reg, number.reg, label);
    }

    /// Branches if the comparison of two values gives `sense`.
    pub fn branch_values(
        &mut self,
        op: CompareOp,
        op_span: Span,
        (a, b): (Value, Value),
        ty: TypeId,
        sense: bool,
        label: Label,
    ) {
        let class = self.comparison(ty);
        if let (Value::Const(x, _), Value::Const(y, _)) = (a, b)
            && let Some(result) = fold(op, class, x, y)
        {
            if result == sense {
                self.jump(label);
            }
            return;
        }
        match class {
            Comparison::Signed | Comparison::Unsigned => {
                let op = if sense { op } else { inverse(op) };
                if let Some((a, op, imm)) = immediate(op, class, a, b) {
                    let a = self.operand(a, ty);
                    self.release(a);
                    return self.branch_op(op, a.reg, imm, label);
                }
                let signed = class == Comparison::Signed;
                let (form, swap) = match op {
                    CompareOp::Eq => (Op::BrEq, false),
                    CompareOp::Ne => (Op::BrNe, false),
                    CompareOp::Lt | CompareOp::Gt => {
                        (if signed { Op::BrLtS } else { Op::BrLtU }, op == CompareOp::Gt)
                    }
                    CompareOp::Le | CompareOp::Ge => {
                        (if signed { Op::BrLeS } else { Op::BrLeU }, op == CompareOp::Ge)
                    }
                };
                self.branch_pair(form, swap, (a, b), ty, label);
            }
            Comparison::F64 => {
                let (form, swap) = match (op, sense) {
                    (CompareOp::Eq, true) | (CompareOp::Ne, false) => (Op::BrEqF64, false),
                    (CompareOp::Ne, true) | (CompareOp::Eq, false) => (Op::BrNeF64, false),
                    (CompareOp::Lt | CompareOp::Gt, true) => (Op::BrLtF64, op == CompareOp::Gt),
                    (CompareOp::Le | CompareOp::Ge, true) => (Op::BrLeF64, op == CompareOp::Ge),
                    // With NaN, that `a < b` is false does not mean that `b <= a`.
                    (CompareOp::Lt | CompareOp::Gt, false) => (Op::BrNltF64, op == CompareOp::Gt),
                    (CompareOp::Le | CompareOp::Ge, false) => (Op::BrNleF64, op == CompareOp::Ge),
                };
                self.branch_pair(form, swap, (a, b), ty, label);
            }
            Comparison::Str if matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                let equal = (op == CompareOp::Eq) == sense;
                let form = if equal { Op::BrEqStr } else { Op::BrNeStr };
                self.branch_pair(form, false, (a, b), ty, label);
            }
            Comparison::Str | Comparison::Deep => {
                let value = self.compare_values(op, op_span, (a, b), ty, None);
                self.branch_value(value, TypeId::BOOL, sense, label);
            }
        }
    }

    fn branch_pair(&mut self, form: Op, swap: bool, (a, b): (Value, Value), ty: TypeId, label: Label) {
        let a = self.operand(a, ty);
        let b = self.operand(b, ty);
        self.release(b);
        self.release(a);
        let (x, y) = if swap { (b.reg, a.reg) } else { (a.reg, b.reg) };
        self.branch_op(form, x, y, label);
    }

    /// The bool of a comparison.
    pub fn compare(
        &mut self,
        op: CompareOp,
        op_span: Span,
        lhs: &'a Expr<'a>,
        rhs: &'a Expr<'a>,
        dest: Option<Reg>,
    ) -> Value {
        if let Some((side, variant)) = self.plain_variant(op, lhs, rhs) {
            let tag = self.tag_of(side);
            let number = Value::Const(u64::from(variant), TypeId::U32);
            return self.compare_values(op, op_span, (tag, number), TypeId::U32, dest);
        }
        let (a, b, ty) = self.compared(lhs, rhs, op_span);
        self.compare_values(op, op_span, (a, b), ty, dest)
    }

    /// The bool of a comparison of two values.
    pub fn compare_values(
        &mut self,
        op: CompareOp,
        op_span: Span,
        (a, b): (Value, Value),
        ty: TypeId,
        dest: Option<Reg>,
    ) -> Value {
        use CompareOp::*;
        let class = self.comparison(ty);
        if let (Value::Const(x, _), Value::Const(y, _)) = (a, b)
            && let Some(result) = fold(op, class, x, y)
        {
            return Value::Const(u64::from(result), TypeId::BOOL);
        }
        if class == Comparison::Deep && !self.is_comparable(ty) {
            self.drop_value(a);
            self.drop_value(b);
            return self.unknown("a comparison");
        }
        // The operation, whether its operands change places, whether its result is inverted.
        let (form, swap, invert) = match (class, op) {
            (Comparison::Signed | Comparison::Unsigned, Eq) => (Op::Eq, false, false),
            (Comparison::Signed | Comparison::Unsigned, Ne) => (Op::Ne, false, false),
            (Comparison::Signed, Lt | Gt) => (Op::LtS, op == Gt, false),
            (Comparison::Signed, Le | Ge) => (Op::LeS, op == Ge, false),
            (Comparison::Unsigned, Lt | Gt) => (Op::LtU, op == Gt, false),
            (Comparison::Unsigned, Le | Ge) => (Op::LeU, op == Ge, false),
            (Comparison::F64, Eq) => (Op::EqF64, false, false),
            (Comparison::F64, Ne) => (Op::NeF64, false, false),
            (Comparison::F64, Lt | Gt) => (Op::LtF64, op == Gt, false),
            (Comparison::F64, Le | Ge) => (Op::LeF64, op == Ge, false),
            (Comparison::Str, Eq | Ne) => (Op::EqStr, false, op == Ne),
            (Comparison::Str, Lt | Gt) => (Op::LtStr, op == Gt, false),
            (Comparison::Str, Le | Ge) => (Op::LeStr, op == Ge, false),
            (Comparison::Deep, _) => (Op::EqDeep, false, op == Ne),
        };
        let a = self.operand(a, ty);
        let b = self.operand(b, ty);
        self.release(b);
        self.release(a);
        let (x, y) = if swap { (b.reg, a.reg) } else { (a.reg, b.reg) };
        let (reg, value) = self.result(dest, TypeId::BOOL);
        self.at(op_span).op(form, reg, x, y);
        if invert {
            self.emit().op(Op::Not, reg, reg, Arg::NONE);
        }
        value
    }

    /// Whether the type of a reference is known, and one that has `==`.
    fn is_comparable(&self, ty: TypeId) -> bool {
        ty == TypeId::ERROR
            || matches!(
                self.desc(ty),
                TypeDesc::Array(_) | TypeDesc::Map { .. } | TypeDesc::Struct(_) | TypeDesc::Enum { .. }
            )
    }

    // ---- `matches` with a variant

    fn branch_variant(
        &mut self,
        expr: &Expr<'a>,
        value: &'a Expr<'a>,
        variant: u32,
        args: &'a [Option<Expr<'a>>],
        sense: bool,
        label: Label,
    ) {
        let ty = self.ty(value.ty);
        let subject = self.eval(value);
        let operands: Vec<_> =
            args.iter().map(|arg| arg.as_ref().map(|arg| (self.expr(arg, None), self.ty(arg.ty)))).collect();
        let equal = operands.iter().all(Option::is_none);
        let tag = match self.s.types.kind(ty) {
            Kind::Ref => {
                let tag = self.temp(TypeId::U32);
                self.emit().op(Op::Tag, tag, subject.reg, Arg::NONE);
                Value::Temp(tag)
            }
            _ => Value::Var(subject.reg),
        };
        if equal {
            self.branch_tag(if sense { Op::BrEqImm } else { Op::BrNeImm }, tag, variant, label);
            return self.release(subject);
        }
        // All parts that are asked for must be equal.
        let end = self.label();
        let no = if sense { end } else { label };
        self.branch_tag(Op::BrNeImm, tag, variant, no);
        let asked = operands.iter().filter(|operand| operand.is_some()).count();
        let mut seen = 0;
        for (index, operand) in operands.into_iter().enumerate() {
            let Some((operand, operand_ty)) = operand else { continue };
            seen += 1;
            let part = self.payload(subject.reg, ty, variant, index as u32, None, expr.span);
            let pair = (part, operand);
            if sense && seen == asked {
                self.branch_values(CompareOp::Eq, expr.span, pair, operand_ty, true, label);
            } else {
                self.branch_values(CompareOp::Eq, expr.span, pair, operand_ty, false, no);
            }
        }
        self.bind(end);
        self.release(subject);
    }

    // ---- bools

    /// The bool of `not`, `and`, `or` or `matches`.
    pub fn logic(&mut self, expr: &'a Expr<'a>, dest: Option<Reg>) -> Value {
        match &expr.kind {
            ExprKind::Not { operand } => self.not(operand, expr.span, dest),
            ExprKind::And(operands) => self.connected(operands, false, expr.span, dest),
            ExprKind::Or(operands) => self.connected(operands, true, expr.span, dest),
            _ => self.flag(expr, dest),
        }
    }

    fn not(&mut self, operand: &'a Expr<'a>, span: Span, dest: Option<Reg>) -> Value {
        match &operand.kind {
            ExprKind::And(_) | ExprKind::Or(_) | ExprKind::IsVariant(_) | ExprKind::Cond(_) => {
                return self.flag_of(dest, |function, label| function.branch(operand, true, label));
            }
            // But for f64, a comparison has an inverse.
            ExprKind::Compare(Compare { op, op_span, lhs, rhs })
                if matches!(op, CompareOp::Eq | CompareOp::Ne) || self.kind(lhs.ty) != Kind::F64 =>
            {
                return self.compare(inverse(*op), *op_span, lhs, rhs, dest);
            }
            _ => {}
        }
        let value = self.expr(operand, None);
        let ty = self.ty(operand.ty);
        let kind = self.s.types.kind(ty);
        match (value, kind) {
            (Value::Const(bits, _), _) => Value::Const(u64::from(bits == 0), TypeId::BOOL),
            (_, Kind::Bool) => self.unary(Op::Not, span, value, ty, ty, dest),
            (_, Kind::Ref | Kind::F64 | Kind::Tag) => {
                self.drop_value(value);
                self.unknown("a condition")
            }
            _ => self.compare_values(CompareOp::Eq, span, (value, Value::Const(0, ty)), ty, dest),
        }
    }

    /// `and` (decided by false) or `or` (decided by true).
    fn connected(&mut self, operands: &'a [Expr<'a>], decides: bool, span: Span, dest: Option<Reg>) -> Value {
        let Some((last, before)) = operands.split_last() else { return Value::None };
        // The last operand is the result where no other decides.
        let (reg, value) = match dest {
            Some(reg) if self.reg_ty(reg) == TypeId::BOOL => (reg, Value::Var(reg)),
            _ => {
                let reg = self.temp(TypeId::BOOL);
                (reg, Value::Temp(reg))
            }
        };
        let (decided, end) = (self.label(), self.label());
        before.iter().for_each(|operand| self.branch(operand, decides, decided));
        let ty = self.ty(last.ty);
        if ty == TypeId::BOOL {
            self.expr_into(last, reg);
        } else {
            let number = self.expr(last, None);
            let flag = self.convert(number, ty, TypeId::BOOL, span, Some(reg));
            self.move_to(reg, flag);
        }
        self.jump(end);
        self.bind(decided);
        if self.reachable() {
            self.emit().constant(reg, u64::from(decides));
        }
        self.bind(end);
        value
    }

    /// The bool of a condition that branches.
    fn flag(&mut self, expr: &'a Expr<'a>, dest: Option<Reg>) -> Value {
        self.flag_of(dest, |function, label| function.branch(expr, false, label))
    }

    /// A bool that is false where `branch` branches.
    fn flag_of(&mut self, dest: Option<Reg>, branch: impl FnOnce(&mut Self, Label)) -> Value {
        let (reg, value) = self.result(dest, TypeId::BOOL);
        let (no, end) = (self.label(), self.label());
        branch(self, no);
        if self.reachable() {
            self.emit().constant(reg, 1);
            self.jump(end);
        }
        self.bind(no);
        if self.reachable() {
            self.emit().constant(reg, 0);
        }
        self.bind(end);
        value
    }
}

fn inverse(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Le => CompareOp::Gt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Ge => CompareOp::Lt,
    }
}

/// The branch on a register and an immediate: the register's value, the operation, the immediate.
fn immediate(op: CompareOp, class: Comparison, a: Value, b: Value) -> Option<(Value, Op, i16)> {
    let imm = |value: Value| match value {
        Value::Const(bits, _) => i16::try_from(bits as i64).ok(),
        _ => None,
    };
    let (value, imm, swapped) = match (imm(b), imm(a)) {
        (Some(imm), _) => (a, imm, false),
        (None, Some(imm)) => (b, imm, true),
        _ => return None,
    };
    let form = match (op, swapped) {
        (CompareOp::Eq, _) => Op::BrEqImm,
        (CompareOp::Ne, _) => Op::BrNeImm,
        _ if class == Comparison::Unsigned => return None,
        (CompareOp::Lt, false) | (CompareOp::Gt, true) => Op::BrLtSImm,
        (CompareOp::Le, false) | (CompareOp::Ge, true) => Op::BrLeSImm,
        (CompareOp::Gt, false) | (CompareOp::Lt, true) => Op::BrGtSImm,
        (CompareOp::Ge, false) | (CompareOp::Le, true) => Op::BrGeSImm,
    };
    Some((value, form, imm))
}

/// A comparison of constants.
fn fold(op: CompareOp, class: Comparison, a: u64, b: u64) -> Option<bool> {
    let order = match class {
        Comparison::Signed => Some((a as i64).cmp(&(b as i64))),
        Comparison::Unsigned => Some(a.cmp(&b)),
        Comparison::F64 => f64::from_bits(a).partial_cmp(&f64::from_bits(b)),
        Comparison::Str | Comparison::Deep => return None,
    };
    Some(match op {
        CompareOp::Eq => order.is_some_and(|order| order.is_eq()),
        CompareOp::Ne => order.is_none_or(|order| order.is_ne()),
        CompareOp::Lt => order.is_some_and(|order| order.is_lt()),
        CompareOp::Le => order.is_some_and(|order| order.is_le()),
        CompareOp::Gt => order.is_some_and(|order| order.is_gt()),
        CompareOp::Ge => order.is_some_and(|order| order.is_ge()),
    })
}
