//! Checks that wait until a type is known: at the end of the body (or module) to which the type's variables belong.

use std::cell::Cell;

use super::Checker;
use crate::bytecode::{FileId, Spec};
use crate::lang::ast::{BinaryOp, CompareOp, IntLiteral, Span, UnaryOp};
use crate::lang::builtins::BuiltinFn;
use crate::lang::types::{Ty, TyKind};

/// One check that waits.
#[derive(Clone)]
pub(super) struct Deferred<'a> {
    pub check: Check<'a>,
    pub span: Span,
    pub file: FileId,
}

/// What is to be checked.
#[derive(Clone, Copy)]
pub(super) enum Check<'a> {
    /// The literal fits the type.
    Fits { literal: IntLiteral, negative: bool, ty: Ty },
    /// The type has the operator.
    Unary { op: UnaryOp, ty: Ty },
    /// The type has the operator; `literal` says that one operand is built only from literals.
    Binary { op: BinaryOp, ty: Ty, literal: bool },
    /// The type has `<`.
    Ordered { op: CompareOp, ty: Ty },
    /// The type has `==`.
    Equality { ty: Ty },
    /// The type is an integer type, else this code.
    Integer { ty: Ty, code: u16 },
    /// The type can be converted to this one.
    Cast { from: Ty, to: Ty },
    /// There is a value.
    NotVoid { ty: Ty },
    /// The builtin takes an argument of this type.
    Accepts { function: BuiltinFn, ty: Ty },
    /// The type can be that of a map's keys.
    Key { ty: Ty },
    /// The format specifier fits the type; else it becomes the plain one.
    Spec { spec: &'a Cell<Spec>, ty: Ty },
}

impl Check<'_> {
    fn ty(&self) -> Ty {
        match *self {
            Check::Fits { ty, .. }
            | Check::Unary { ty, .. }
            | Check::Binary { ty, .. }
            | Check::Ordered { ty, .. }
            | Check::Equality { ty }
            | Check::Integer { ty, .. }
            | Check::Cast { from: ty, .. }
            | Check::NotVoid { ty }
            | Check::Accepts { ty, .. }
            | Check::Key { ty }
            | Check::Spec { ty, .. } => ty,
        }
    }
}

impl<'a> Checker<'a> {
    /// Makes the checks put off since `mark` whose types are known by now.
    pub(super) fn settle(&mut self, mark: usize) {
        if self.deferred.len() <= mark {
            return;
        }
        for item in self.deferred.split_off(mark) {
            let ty = self.types.shallow(item.check.ty());
            if self.types.is_unknown(ty) {
                self.deferred.push(item);
                continue;
            }
            if ty == Ty::POISON {
                continue;
            }
            let before = self.diagnostics.len();
            self.make_check(item.check, ty, item.span);
            for report in &mut self.diagnostics[before..] {
                report.file = item.file;
            }
        }
    }

    fn make_check(&mut self, check: Check<'a>, ty: Ty, span: Span) {
        match check {
            Check::Fits { literal, negative, .. } => {
                // That the type is no number is reported where the two met.
                if ty.is_numeric() && !super::literal::fits(literal, negative, ty) {
                    self.report_does_not_fit(ty, span);
                }
            }
            Check::Unary { op, .. } => {
                let exists = match op {
                    UnaryOp::Neg => matches!(ty, Ty::I32 | Ty::I64 | Ty::F64),
                    UnaryOp::BitNot => ty.is_integer(),
                };
                if !exists {
                    self.report_unary(op, ty, span);
                }
            }
            Check::Binary { op, literal, .. } => {
                if literal && !ty.is_numeric() {
                    self.report_operands(op, span, ty, Ty::I32);
                } else if !super::operator::has_operator(op, ty) {
                    self.report_no_operator(op, ty, span);
                }
            }
            Check::Ordered { op, .. } => self.require_order(op, ty, span),
            Check::Equality { .. } => self.require_equality(ty, span),
            Check::Integer { code, .. } => {
                if !ty.is_integer() {
                    self.report_not_integer(code, ty, span);
                }
            }
            Check::Cast { to, .. } => self.check_cast(ty, to, span),
            Check::NotVoid { .. } => {
                if ty == Ty::VOID {
                    self.report_void(span);
                }
            }
            Check::Accepts { function, .. } => self.require_accepted(function, ty, span),
            Check::Key { .. } => self.require_key(ty, span),
            Check::Spec { spec, .. } => {
                if !super::template::spec_fits(spec.get(), ty) {
                    spec.set(Spec::Plain);
                }
            }
        }
    }

    /// An integer was needed.
    pub(super) fn report_not_integer(&mut self, code: u16, ty: Ty, span: Span) {
        let name = self.describe(ty);
        let what = match code {
            1404 => "The bounds and the step of a range are integers",
            _ => "An integer is needed here",
        };
        let mut report = self.diagnostic(
            code,
            span,
            "Not an integer",
            format!("this is {name}"),
            format!("{what}, but this is {name}."),
        );
        if ty == Ty::F64 {
            report = report.help("convert it with `as i32`.");
        } else if ty == Ty::STRING {
            report = report.help("convert it with `int(…)`.");
        }
        self.report(report);
    }

    /// Requires an integer type now or later.
    pub(super) fn require_integer(&mut self, ty: Ty, span: Span, code: u16) {
        let ty = self.types.shallow(ty);
        if ty.is_integer() || ty == Ty::POISON {
            return;
        }
        if self.types.is_unknown(ty) {
            self.defer(Check::Integer { ty, code }, span);
        } else {
            self.report_not_integer(code, ty, span);
        }
    }

    /// Whether a type is an array, string or map of whatever.
    pub(super) fn is_collection(&self, ty: Ty) -> bool {
        matches!(self.types.kind(ty), TyKind::Array(_) | TyKind::String | TyKind::Map(..))
    }
}
