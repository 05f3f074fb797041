//! Constants, and the lengths that `[T, N]` asks for.
//!
//! A literal constant (4.5) is evaluated here and replaced by its value wherever it is used; any other is a module
//! variable that cannot be assigned.

use super::describe::Role;
use super::scope::{Entity, VarKind};
use super::{Checker, Pos, Slot};
use crate::lang::ast::{self, BinaryOp, ExprKind as Ast, LengthKind, Span};
use crate::lang::hir::{Expr, ExprKind, Stmt, StmtKind};
use crate::lang::types::Ty;

/// A literal constant.
#[derive(Clone, Copy)]
pub(super) struct Constant<'a> {
    pub value: ConstantValue<'a>,
    pub ty: Ty,
    /// Visible below this.
    pub from: Pos,
}

/// The value of a literal constant.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) enum ConstantValue<'a> {
    Int(i128),
    Float(f64),
    Str(&'a str),
    Bool(bool),
}

impl<'a> ConstantValue<'a> {
    /// The literal that stands for it.
    pub fn kind(self) -> ExprKind<'a> {
        match self {
            ConstantValue::Int(value) => {
                ExprKind::Int { value: value.unsigned_abs() as u64, negative: value < 0, pattern: false }
            }
            ConstantValue::Float(value) => ExprKind::Float(value),
            ConstantValue::Str(text) => ExprKind::Str(text),
            ConstantValue::Bool(value) => ExprKind::Bool(value),
        }
    }
}

/// The values of an integer type.
fn range(ty: Ty) -> Option<(i128, i128)> {
    Some(match ty {
        Ty::I32 => (i32::MIN.into(), i32::MAX.into()),
        Ty::I64 => (i64::MIN.into(), i64::MAX.into()),
        Ty::U32 => (0, u32::MAX.into()),
        Ty::U64 => (0, u64::MAX.into()),
        _ => return None,
    })
}

/// The result of an operator on integers of a type, unless it raises.
fn arithmetic(op: BinaryOp, a: i128, b: i128, ty: Ty) -> Option<i128> {
    let (least, greatest) = range(ty)?;
    let exact = match op {
        BinaryOp::Add => a + b,
        BinaryOp::Sub => a - b,
        BinaryOp::Mul => a.checked_mul(b)?,
        BinaryOp::Div => a.checked_div(b)?,
        BinaryOp::Rem => a.checked_rem(b)?,
        _ => return None,
    };
    if ty.is_unsigned() {
        return Some(exact.rem_euclid(greatest + 1));
    }
    (least <= exact && exact <= greatest).then_some(exact)
}

/// Whether an initialiser is written as that of a literal constant, names taken for constants.
pub(super) fn looks_literal(expr: &ast::Expr<'_>) -> bool {
    match &expr.kind {
        Ast::Int(_) | Ast::Float(_) | Ast::Str(_) | Ast::Bool(_) | Ast::Name(_) => true,
        Ast::Paren(inner) | Ast::Unary { operand: inner, .. } => super::grow(|| looks_literal(inner)),
        Ast::Chain(ast::Chain { first, rest }) => {
            super::grow(|| looks_literal(first) && rest.iter().all(|step| looks_literal(&step.rhs)))
        }
        _ => false,
    }
}

impl<'a> Checker<'a> {
    /// The value of an expression that may stand in a literal constant.
    fn evaluate(&self, expr: &Expr<'a>) -> Option<ConstantValue<'a>> {
        let ty = self.types.shallow(expr.ty);
        match &expr.kind {
            ExprKind::Int { value, negative, pattern } => {
                if ty == Ty::F64 {
                    let magnitude = *value as f64;
                    return Some(ConstantValue::Float(if *negative { -magnitude } else { magnitude }));
                }
                let (_, greatest) = range(ty)?;
                let value = i128::from(*value);
                let value = if *negative {
                    -value
                } else if *pattern && value > greatest {
                    value - 2 * (greatest + 1)
                } else {
                    value
                };
                Some(ConstantValue::Int(value))
            }
            ExprKind::Float(value) => Some(ConstantValue::Float(*value)),
            ExprKind::Str(text) => Some(ConstantValue::Str(text)),
            ExprKind::Bool(value) => (ty == Ty::BOOL).then_some(ConstantValue::Bool(*value)),
            ExprKind::Neg { operand, .. } => match super::grow(|| self.evaluate(operand))? {
                ConstantValue::Int(value) => {
                    Some(ConstantValue::Int(arithmetic(BinaryOp::Sub, 0, value, ty)?))
                }
                ConstantValue::Float(value) => Some(ConstantValue::Float(-value)),
                _ => None,
            },
            ExprKind::Chain(chain) => super::grow(|| {
                let mut acc = self.evaluate(&chain.first)?;
                for step in chain.rest {
                    let (ConstantValue::Int(a), ConstantValue::Int(b)) = (acc, self.evaluate(&step.rhs)?)
                    else {
                        return None;
                    };
                    acc = ConstantValue::Int(arithmetic(step.op, a, b, self.types.shallow(step.ty))?);
                }
                Some(acc)
            }),
            _ => None,
        }
    }

    /// `NAME := e`
    pub(super) fn constant(&mut self, decl: &'a ast::ConstDecl<'a>, span: Span) {
        let name = decl.name;
        let text = self.name(name.name);
        if !text.starts_with(|first: char| first.is_ascii_uppercase()) {
            let report = self
                .diagnostic(
                    1013,
                    name.span,
                    "Constant begins with a small letter",
                    "must begin with an upper-case letter",
                    format!("`{text}` is declared with `:=`, so it is a constant, whose name begins with an upper-case letter."),
                )
                .help(format!("call it `{}`, or write `=` for a variable.", text.to_uppercase()));
            self.report(report);
        }
        self.check_not_declared(name);
        let public = decl.public.is_some();
        let module = self.cx().module;
        if let Some(&entity @ Entity::Constant(_)) = self.module_scopes[module.index()].early.get(&name.name)
        {
            self.module_scopes[module.index()].early.remove(&name.name);
            return self.declare_global(name, entity, public);
        }
        let (value, slot) = self.constant_value(decl.ty, decl.value, decl.name);
        if let Some(constant) = self.literal_constant(&value, slot, name.span) {
            return self.declare_global(name, constant, public);
        }
        let var = self.new_global(name, slot, VarKind::Constant, false);
        let known = self.checked.globals[var.index()].ty;
        let value = self.coerce(value, known, Role::Binding(name.name));
        self.declare_global(name, Entity::Global(var), public);
        let value = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::LetGlobal { var, value }, span });
    }

    /// The initialiser of a constant.
    pub(super) fn constant_value(
        &mut self,
        ty: Option<&'a ast::Type<'a>>,
        value: &'a ast::Expr<'a>,
        name: ast::Ident,
    ) -> (Expr<'a>, Slot) {
        match ty {
            Some(ty) => {
                let slot = self.annotation(ty);
                (self.coerced_slot(value, slot, Role::Binding(name.name)), slot)
            }
            None => {
                let value = self.value(value, None);
                (value, Slot::of(value.ty))
            }
        }
    }

    /// The constant, if its value is known now.
    pub(super) fn literal_constant(&mut self, value: &Expr<'a>, slot: Slot, name: Span) -> Option<Entity> {
        let known = self.evaluate(value)?;
        let number = self.constants.len() as u32;
        let from = self.pos(name.start);
        self.constants.push(Constant { value: known, ty: slot.ty, from });
        Some(Entity::Constant(number))
    }

    /// A value that is evaluated at compile time, if it can be.
    pub(super) fn literal_value(&self, value: &Expr<'a>) -> Option<Expr<'a>> {
        self.evaluate(value).map(|known| Expr { kind: known.kind(), ..*value })
    }

    /// The `N` of `[T, N]`.
    pub(super) fn length(&mut self, length: &ast::Length) -> Option<u32> {
        let value = match length.kind {
            LengthKind::Literal(literal) => Some(i128::from(literal.value)),
            LengthKind::Name(name) => match self.lookup(name) {
                Some(Entity::Constant(number)) => match self.constants[number as usize] {
                    Constant { value: ConstantValue::Int(value), .. } => Some(value),
                    _ => None,
                },
                Some(Entity::Poison) => return None,
                Some(_) => None,
                None => {
                    self.report_undefined(name, length.span);
                    return None;
                }
            },
        };
        match value {
            Some(value) if value >= 0 => Some(u32::try_from(value).unwrap_or(u32::MAX)),
            _ => {
                let report = self
                    .diagnostic(
                        2001,
                        length.span,
                        "Not a length",
                        "must be an integer known at compile time",
                        "The length in `[T, N]` is an integer literal, or a constant built from literals; it is not negative.",
                    )
                    .help("declare a constant for it, as in `SIZE := 4`.");
                self.report(report);
                None
            }
        }
    }

    /// A value for a place with this annotation: its type, its length, and the fill rule of `[T, N]`.
    pub(super) fn coerced_slot(&mut self, expr: &ast::Expr<'a>, slot: Slot, role: Role) -> Expr<'a> {
        let Some(length) = slot.length else { return self.coerced(expr, slot.ty, role) };
        let mut literal = expr;
        while let Ast::Paren(inner) = literal.kind {
            literal = inner;
        }
        if let Ast::Array(elements) = literal.kind {
            if let [value, count] = elements
                && length != 2
                && self.means_number(count, length)
            {
                let fill = ast::Expr { kind: Ast::Fill { value, count }, span: expr.span };
                return self.coerced(&fill, slot.ty, role);
            }
            let value = self.coerced(expr, slot.ty, role);
            if elements.len() as u64 != u64::from(length) {
                let report = self
                    .diagnostic(
                        2001,
                        expr.span,
                        "Array has the wrong length",
                        format!("has {} elements", elements.len()),
                        format!(
                            "An array of length {length} is needed here, but this one has {}.",
                            elements.len()
                        ),
                    )
                    .help(format!("give {length} elements, or write `[value; {length}]`."));
                self.report(report);
            }
            return value;
        }
        let value = self.coerced(expr, slot.ty, role);
        self.check_length(value, Some(length))
    }

    /// Checks a length when the program runs.
    pub(super) fn check_length(&mut self, value: Expr<'a>, length: Option<u32>) -> Expr<'a> {
        match length {
            Some(length) => Expr { kind: ExprKind::CheckLen { operand: self.alloc(value), length }, ..value },
            None => value,
        }
    }

    /// Whether an expression is the literal or the literal constant of this value.
    fn means_number(&mut self, expr: &ast::Expr<'a>, number: u32) -> bool {
        match expr.kind {
            Ast::Int(literal) => literal.value == u64::from(number),
            Ast::Name(name) => match self.lookup(name) {
                Some(Entity::Constant(constant)) => {
                    self.constants[constant as usize].value == ConstantValue::Int(number.into())
                }
                _ => false,
            },
            _ => false,
        }
    }
}
