//! Numeric literals and what is built only from them: which type they take, and whether they fit it (3.3).

use super::Checker;
use super::deferred::{Check, Deferred};
use crate::lang::ast::{self, BinaryOp, ExprKind as Ast, IntLiteral, Span, Suffix, UnaryOp};
use crate::lang::hir::{Chain, Cond, Expr, ExprKind, Step};
use crate::lang::types::Ty;

/// Which types hold all the literals seen.
#[derive(Clone, Copy)]
pub(super) struct Joint {
    float: bool,
    i32: bool,
    i64: bool,
    u64: bool,
}

impl Joint {
    pub const fn new() -> Joint {
        Joint { float: false, i32: true, i64: true, u64: true }
    }

    fn integer(&mut self, value: u64, negative: bool) {
        self.i32 &= value <= i32::MAX as u64 + u64::from(negative);
        self.i64 &= value <= i64::MAX as u64 + u64::from(negative);
        self.u64 &= !negative || value == 0;
    }

    /// The type that they take together, if one holds them.
    pub fn ty(self) -> Option<Ty> {
        match self {
            Joint { float: true, .. } => Some(Ty::F64),
            Joint { i32: true, .. } => Some(Ty::I32),
            Joint { i64: true, .. } => Some(Ty::I64),
            Joint { u64: true, .. } => Some(Ty::U64),
            _ => None,
        }
    }
}

/// Whether the expression is built only from numeric literals without suffix.
pub(super) fn is_literal(expr: &ast::Expr<'_>) -> bool {
    match &expr.kind {
        Ast::Int(literal) => literal.suffix.is_none(),
        Ast::Float(_) => true,
        Ast::Paren(inner) | Ast::Unary { operand: inner, .. } => super::grow(|| is_literal(inner)),
        Ast::Chain(ast::Chain { first, rest }) => super::grow(|| {
            is_literal(first) && rest.iter().all(|step| is_shift(step.op) || is_literal(&step.rhs))
        }),
        Ast::Cond(ast::Cond { arms, otherwise }) => {
            super::grow(|| arms.iter().all(|arm| is_literal(&arm.value)) && is_literal(otherwise))
        }
        _ => false,
    }
}

/// Whether it is an operator whose right operand is a count, of a type of its own.
pub(super) fn is_shift(op: BinaryOp) -> bool {
    matches!(op, BinaryOp::Shl | BinaryOp::Shr)
}

/// Adds the literals of an expression that [`is_literal`].
pub(super) fn join(expr: &ast::Expr<'_>, joint: &mut Joint) {
    match &expr.kind {
        Ast::Int(literal) => joint.integer(literal.value, false),
        Ast::Float(_) => joint.float = true,
        Ast::Unary { op: UnaryOp::Neg, operand: ast::Expr { kind: Ast::Int(literal), .. } } => {
            joint.integer(literal.value, true);
        }
        Ast::Paren(inner) | Ast::Unary { operand: inner, .. } => super::grow(|| join(inner, joint)),
        Ast::Chain(ast::Chain { first, rest }) => super::grow(|| {
            join(first, joint);
            rest.iter().filter(|step| !is_shift(step.op)).for_each(|step| join(&step.rhs, joint));
        }),
        Ast::Cond(ast::Cond { arms, otherwise }) => super::grow(|| {
            arms.iter().for_each(|arm| join(&arm.value, joint));
            join(otherwise, joint);
        }),
        _ => {}
    }
}

/// Whether the type holds the literal; a pattern is read as two's complement.
pub(super) fn fits(literal: IntLiteral, negative: bool, ty: Ty) -> bool {
    let value = literal.value;
    let signed = |max: u64, all: u64| {
        if negative { value <= max + 1 } else { value <= max || literal.pattern && value <= all }
    };
    match ty {
        Ty::I32 => signed(i32::MAX as u64, u64::from(u32::MAX)),
        Ty::I64 => signed(i64::MAX as u64, u64::MAX),
        Ty::U32 => (!negative || value == 0) && value <= u64::from(u32::MAX),
        Ty::U64 => !negative || value == 0,
        _ => true,
    }
}

impl<'a> Checker<'a> {
    /// An expression that [`is_literal`]: in the type asked for if that is numeric, else in its own.
    pub(super) fn literal(&mut self, expr: &ast::Expr<'a>, want: Option<Ty>) -> Expr<'a> {
        if let Some(want) = want {
            let want = self.types.shallow(want);
            if want.is_numeric() {
                return self.literal_as(expr, want);
            }
        }
        let ty = self.own_type(expr);
        self.literal_as(expr, ty)
    }

    /// The type that literals take where nothing asks for one. If none holds them that is reported.
    pub(super) fn own_type(&mut self, expr: &ast::Expr<'a>) -> Ty {
        let mut joint = Joint::new();
        join(expr, &mut joint);
        match joint.ty() {
            Some(ty) => ty,
            None => {
                self.report_no_type(expr.span);
                Ty::POISON
            }
        }
    }

    pub(super) fn report_no_type(&mut self, span: Span) {
        let report = self
            .diagnostic(
                1007,
                span,
                "Integer literal out of range",
                "no integer type holds this",
                "The literals here fit none of `i32`, `i64` and `u64` together.",
            )
            .help("the least value of `i64` is -9223372036854775808, the greatest of `u64` is 18446744073709551615.");
        self.report(report);
    }

    /// An expression that [`is_literal`], in a given numeric type, or the type that a variable will be.
    pub(super) fn literal_as(&mut self, expr: &ast::Expr<'a>, ty: Ty) -> Expr<'a> {
        super::grow(|| self.literal_of(expr, ty))
    }

    fn literal_of(&mut self, expr: &ast::Expr<'a>, ty: Ty) -> Expr<'a> {
        let span = expr.span;
        match &expr.kind {
            Ast::Int(literal) => self.integer(*literal, false, ty, span),
            Ast::Float(value) => {
                if self.types.unify(ty, Ty::F64).is_err() {
                    let name = self.describe(ty);
                    let report = self
                        .diagnostic(
                            2001,
                            span,
                            "Float literal where an integer is needed",
                            format!("expected {name}"),
                            format!("A literal with a point or an exponent is an `f64`, but {name} is needed here."),
                        )
                        .help("write an integer, or convert with `as`.");
                    self.report(report);
                    return Expr { kind: ExprKind::Float(*value), ty: Ty::POISON, span };
                }
                Expr { kind: ExprKind::Float(*value), ty: Ty::F64, span }
            }
            Ast::Paren(inner) => {
                let inner = self.literal_as(inner, ty);
                Expr { span, ..inner }
            }
            Ast::Unary { op: UnaryOp::Neg, operand: ast::Expr { kind: Ast::Int(literal), .. } } => {
                self.integer(*literal, true, ty, span)
            }
            Ast::Unary { op, operand } => {
                let value = self.literal_as(operand, ty);
                self.unary_of(*op, value, span)
            }
            Ast::Chain(ast::Chain { first, rest }) => {
                let first = self.literal_as(first, ty);
                let mut acc = first.ty;
                let arena = self.arena;
                let rest = arena.alloc_slice_fill_with(rest.len(), |index| {
                    let step = &rest[index];
                    let rhs = if is_shift(step.op) {
                        self.value(&step.rhs, None)
                    } else {
                        self.literal_as(&step.rhs, ty)
                    };
                    acc = self.combine(step.op, step.op_span, acc, &rhs, true);
                    Step { op: step.op, op_span: step.op_span, rhs, ty: acc }
                });
                Expr { kind: ExprKind::Chain(self.alloc(Chain { first, rest })), ty: acc, span }
            }
            Ast::Cond(ast::Cond { arms, otherwise }) => {
                let arena = self.arena;
                let arms = arena.alloc_slice_fill_with(arms.len(), |index| {
                    let cond = self.condition(&arms[index].cond);
                    (cond, self.literal_as(&arms[index].value, ty))
                });
                let otherwise = self.literal_as(otherwise, ty);
                Expr { kind: ExprKind::Cond(self.alloc(Cond { arms, otherwise })), ty, span }
            }
            _ => self.value(expr, Some(ty)),
        }
    }

    /// An integer literal in a type. `span` includes the `-` if there is one.
    pub(super) fn integer(&mut self, literal: IntLiteral, negative: bool, ty: Ty, span: Span) -> Expr<'a> {
        let IntLiteral { value, pattern, suffix } = literal;
        let kind = ExprKind::Int { value, negative, pattern: pattern && suffix.is_none() };
        if let Some(suffix) = suffix {
            let ty = suffix_type(suffix);
            if !fits(IntLiteral { pattern: false, ..literal }, negative, ty) {
                let name = self.describe(ty);
                let report = self
                    .diagnostic(
                        1007,
                        span,
                        "Literal does not fit its suffix",
                        format!("does not fit {name}"),
                        format!("The suffix makes this literal {name}, which does not hold the value."),
                    )
                    .help(format!("{} holds {}.", name, range_of(ty)));
                self.report(report);
                return Expr { kind, ty: Ty::POISON, span };
            }
            return Expr { kind, ty, span };
        }
        let known = self.types.shallow(ty);
        if known.is_numeric() {
            if !fits(literal, negative, known) {
                self.report_does_not_fit(known, span);
                return Expr { kind, ty: Ty::POISON, span };
            }
        } else if self.types.is_unknown(known) {
            self.defer(Check::Fits { literal, negative, ty: known }, span);
        }
        Expr { kind, ty: known, span }
    }

    pub(super) fn report_does_not_fit(&mut self, ty: Ty, span: Span) {
        let name = self.describe(ty);
        let mut report = self
            .diagnostic(
                2001,
                span,
                "Literal does not fit its type",
                format!("does not fit {name}"),
                format!("{name} is asked for here, and holds {}.", range_of(ty)),
            )
            .note("a literal takes the type that its surroundings ask for.");
        if ty == Ty::I32 {
            report = report.help("use `i64`, which holds larger values.");
        }
        self.report(report);
    }

    /// Puts a check off until types are known.
    pub(super) fn defer(&mut self, check: Check<'a>, span: Span) {
        let (file, names_only) = (self.file(), self.cx().names_only);
        if !names_only {
            self.deferred.push(Deferred { check, span, file });
        }
    }
}

/// The type that a suffix gives.
pub(super) fn suffix_type(suffix: Suffix) -> Ty {
    match suffix {
        Suffix::I32 => Ty::I32,
        Suffix::I64 => Ty::I64,
        Suffix::U32 => Ty::U32,
        Suffix::U64 => Ty::U64,
        Suffix::F64 => Ty::F64,
    }
}

fn range_of(ty: Ty) -> &'static str {
    match ty {
        Ty::I32 => "-2147483648 to 2147483647",
        Ty::I64 => "-9223372036854775808 to 9223372036854775807",
        Ty::U32 => "0 to 4294967295",
        Ty::U64 => "0 to 18446744073709551615",
        _ => "floating-point numbers",
    }
}
