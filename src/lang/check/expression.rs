//! Expressions: the dispatcher, and the forms that need no file of their own.

use super::Checker;
use super::deferred::Check;
use super::describe::Role;
use super::literal::{Joint, is_literal, join};
use crate::lang::ast::{self, ExprKind as Ast, Span, TypeKind};
use crate::lang::hir::{Cond, Expr, ExprKind};
use crate::lang::types::{MAX_DEPTH, Ty, TyKind};

/// How deep a type may nest before that is reported. Somewhat less than what the table of types bears.
pub(super) const DEEPEST: u32 = 1500;
const _: () = assert!(DEEPEST < MAX_DEPTH);

impl<'a> Checker<'a> {
    /// An expression, which may turn out to have no value. `want` is the type that the context asks for: a hint, which
    /// the caller enforces.
    pub(super) fn expr(&mut self, expr: &ast::Expr<'a>, want: Option<Ty>) -> Expr<'a> {
        let span = expr.span;
        match &expr.kind {
            Ast::Int(literal) => {
                if literal.suffix.is_some() {
                    return self.integer(*literal, false, Ty::POISON, span);
                }
                if let Some(want) = want {
                    let want = self.types.shallow(want);
                    if want.is_numeric() {
                        return self.integer(*literal, false, want, span);
                    }
                }
                let ty = if literal.value <= i32::MAX as u64 { Ty::I32 } else { self.own_type(expr) };
                self.integer(*literal, false, ty, span)
            }
            Ast::Float(value) => match want.map(|want| self.types.shallow(want)) {
                Some(want) if want.is_integer() => self.literal_as(expr, want),
                _ => Expr { kind: ExprKind::Float(*value), ty: Ty::F64, span },
            },
            Ast::Str(text) => Expr { kind: ExprKind::Str(text), ty: Ty::STRING, span },
            Ast::Bool(value) => Expr { kind: ExprKind::Bool(*value), ty: Ty::BOOL, span },
            Ast::Name(_) | Ast::Postfix(_) => self.postfix(expr, want),
            Ast::Error => Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
            _ => super::grow(|| self.compound(expr, want)),
        }
    }

    /// The expressions that contain others.
    fn compound(&mut self, expr: &ast::Expr<'a>, want: Option<Ty>) -> Expr<'a> {
        let span = expr.span;
        match &expr.kind {
            Ast::Paren(inner) => {
                let value = self.expr(inner, want);
                Expr { span, ..value }
            }
            Ast::Unary { op, operand } => self.unary(expr, *op, operand, want),
            Ast::Chain(chain) => self.chain(expr, chain, want),
            Ast::Compare(compare) => self.compare(compare, span),
            Ast::Matches(matches) => self.matches(matches, span),
            Ast::Logic { op, operands } => self.logic(*op, operands, span),
            Ast::Not { operand } => {
                let operand = self.truth(operand);
                Expr { kind: ExprKind::Not { operand: self.alloc(operand) }, ty: Ty::BOOL, span }
            }
            Ast::Cond(cond) => self.conditional(expr, cond, want),
            Ast::Cast(ast::Cast { operand, as_span, ty }) => self.cast(operand, *as_span, ty, span),
            Ast::Array(elements) => self.array(elements, span, want),
            Ast::Fill { value, count } => self.fill(value, count, span, want),
            Ast::Map(entries) => self.map(entries, span, want),
            Ast::Struct(literal) => self.struct_literal(literal, span),
            Ast::Lambda(lambda) => self.lambda(lambda, span, want),
            Ast::Match(m) => self.match_value(m, span, want),
            Ast::Int(_) | Ast::Float(_) | Ast::Str(_) | Ast::Bool(_) | Ast::Name(_) | Ast::Postfix(_) => {
                self.expr(expr, want)
            }
            Ast::Error => Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
        }
    }

    /// An expression that must have a value.
    pub(super) fn value(&mut self, expr: &ast::Expr<'a>, want: Option<Ty>) -> Expr<'a> {
        let value = self.expr(expr, want);
        self.require_value(value)
    }

    /// Reports an expression without a value.
    pub(super) fn require_value(&mut self, value: Expr<'a>) -> Expr<'a> {
        let ty = self.types.shallow(value.ty);
        if ty == Ty::VOID {
            self.report_void(value.span);
            return Expr { ty: Ty::POISON, ..value };
        }
        if is_call(&value.kind) && self.types.is_unknown(ty) {
            self.defer(Check::NotVoid { ty }, value.span);
        }
        value
    }

    /// A value that must have this type.
    pub(super) fn coerced(&mut self, expr: &ast::Expr<'a>, ty: Ty, role: Role) -> Expr<'a> {
        let value = self.value(expr, Some(ty));
        self.coerce(value, ty, role)
    }

    /// A condition: bool itself (E1403).
    pub(super) fn condition(&mut self, expr: &ast::Expr<'a>) -> Expr<'a> {
        let value = self.value(expr, None);
        if value.ty == Ty::BOOL || self.types.unify(value.ty, Ty::BOOL).is_ok() {
            return value;
        }
        let name = self.describe(value.ty);
        let ty = self.types.shallow(value.ty);
        let help = if ty.is_numeric() {
            "write a comparison, such as `x != 0`."
        } else if self.is_collection(ty) {
            "write a comparison, such as `len(x) > 0`."
        } else {
            "write a comparison, or convert with `as bool`."
        };
        let report = self
            .diagnostic(
                1403,
                expr.span,
                "Condition is not a bool",
                format!("this is {name}"),
                format!("A condition must be `bool`, but this one is {name}."),
            )
            .help(help);
        self.report(report);
        Expr { ty: Ty::POISON, ..value }
    }

    /// `v if c else w`
    fn conditional(&mut self, expr: &ast::Expr<'a>, inner: &'a ast::Cond<'a>, want: Option<Ty>) -> Expr<'a> {
        if is_literal(expr) {
            return self.literal(expr, want);
        }
        let mut joined = ArmTypes::new(want);
        let arena = self.arena;
        let arms = arena.alloc_slice_fill_with(inner.arms.len(), |index| {
            let arm = &inner.arms[index];
            let value = self.arm_value(&mut joined, &arm.value);
            (self.condition(&arm.cond), value)
        });
        let otherwise = self.arm_value(&mut joined, &inner.otherwise);
        let ty = self.joined_type(joined);
        let kind = ExprKind::Cond(self.alloc(Cond { arms, otherwise }));
        Expr { kind, ty, span: expr.span }
    }

    /// The value of one of several arms, which give each other their context.
    pub(super) fn arm_value(&mut self, joined: &mut ArmTypes, expr: &ast::Expr<'a>) -> Expr<'a> {
        if let Some(want) = joined.want
            && !self.types.is_unknown(want)
        {
            joined.ty = Some(want);
            return self.coerced(expr, want, Role::Arm);
        }
        if is_literal(expr) {
            let want = joined.ty.map(|ty| self.types.shallow(ty));
            match want {
                Some(ty) if ty.is_numeric() => {
                    let value = self.literal_as(expr, ty);
                    return self.join_arm(joined, value);
                }
                Some(ty) if !self.types.is_unknown(ty) => {
                    let value = self.literal(expr, None);
                    return self.join_arm(joined, value);
                }
                _ => {}
            }
            let ty = match joined.literal {
                Some(ty) => ty,
                None => {
                    let ty = joined.ty.unwrap_or_else(|| self.fresh());
                    joined.literal = Some(ty);
                    ty
                }
            };
            join(expr, &mut joined.joint);
            return self.literal_as(expr, ty);
        }
        let value = self.expr(expr, joined.want.or(joined.ty));
        self.join_arm(joined, value)
    }

    /// Makes the value's type that of the arms.
    pub(super) fn join_arm(&mut self, joined: &mut ArmTypes, value: Expr<'a>) -> Expr<'a> {
        let value = if joined.soft { value } else { self.require_value(value) };
        if let Some(ty) = joined.ty {
            if joined.soft {
                if self.types.unify(value.ty, ty).is_err() {
                    joined.disagree.push((value.span, value.ty));
                }
                return value;
            }
            return self.coerce(value, ty, Role::Arm);
        }
        joined.ty = Some(value.ty);
        if let Some(ty) = joined.eager {
            let _ = self.types.unify(ty, value.ty);
        }
        if let Some(literal) = joined.literal {
            let ty = self.types.shallow(value.ty);
            let is_number = ty.is_numeric() || ty == Ty::POISON || self.types.is_unknown(ty);
            if !is_number {
                let own = joined.joint.ty().unwrap_or(Ty::I32);
                let _ = self.types.unify(literal, own);
                if joined.soft {
                    joined.disagree.push((value.span, value.ty));
                    return value;
                }
            }
            let value = self.coerce(value, literal, Role::Arm);
            if value.ty == Ty::POISON {
                joined.ty = Some(Ty::POISON);
            }
            return value;
        }
        value
    }

    /// The type that all arms have, where only a function's own unknown return type could still decide it: a literal
    /// does.
    pub(super) fn joined_type_of_function(&mut self, joined: ArmTypes) -> Ty {
        if let (Some(ty), Some(literal)) = (joined.ty, joined.literal)
            && self.types.is_unknown(ty)
        {
            let own = joined.joint.ty().unwrap_or(Ty::I64);
            let _ = self.types.unify(literal, own);
        }
        self.joined_type(joined)
    }

    /// The type that all arms have.
    pub(super) fn joined_type(&mut self, joined: ArmTypes) -> Ty {
        match (joined.ty, joined.literal) {
            (Some(ty), _) => ty,
            (None, Some(literal)) => {
                let own = joined.joint.ty().unwrap_or(Ty::I64);
                let _ = self.types.unify(literal, own);
                literal
            }
            (None, None) => Ty::POISON,
        }
    }

    /// `operand as T`
    fn cast(
        &mut self,
        operand: &ast::Expr<'a>,
        as_span: Span,
        ty: &'a ast::Type<'a>,
        span: Span,
    ) -> Expr<'a> {
        let value = self.value(operand, None);
        let target = self.cast_target(ty);
        let from = self.types.shallow(value.ty);
        if self.types.is_unknown(from) {
            self.defer(Check::Cast { from, to: target }, as_span);
        } else if from != Ty::POISON && target != Ty::POISON {
            self.check_cast(from, target, as_span);
        }
        Expr { kind: ExprKind::Cast { operand: self.alloc(value), as_span }, ty: target, span }
    }

    /// One of the seven primitive types.
    fn cast_target(&mut self, ty: &'a ast::Type<'a>) -> Ty {
        if let TypeKind::Named { path: [name], args: [] } = ty.kind
            && let Some(primitive) = super::known::primitive(name.name)
            && primitive != Ty::ERROR
        {
            return primitive;
        }
        if matches!(ty.kind, TypeKind::Error) {
            return Ty::POISON;
        }
        let report = self
            .diagnostic(
                2003,
                ty.span,
                "Not a type to convert to",
                "cannot be the target of `as`",
                "`as` converts to `i32`, `i64`, `u32`, `u64`, `f64`, `bool` or `string`.",
            )
            .help("name one of these types.");
        self.report(report);
        Ty::POISON
    }

    /// Reports a conversion that does not exist.
    pub(super) fn check_cast(&mut self, from: Ty, to: Ty, as_span: Span) {
        let exists = match self.types.kind(from) {
            TyKind::String => to == Ty::STRING,
            TyKind::Enum(..) | TyKind::Error => to == Ty::STRING,
            TyKind::Bool => true,
            TyKind::Poison => true,
            _ => from.is_numeric(),
        };
        if exists {
            return;
        }
        let (source, target) = (self.describe(from), self.describe(to));
        let mut report = self.diagnostic(
            2005,
            as_span,
            "Conversion does not exist",
            format!("{source} cannot become {target}"),
            format!("There is no conversion from {source} to {target} with `as`."),
        );
        if from == Ty::STRING {
            report = report.help(match to {
                Ty::F64 => "read the number with `float(…)`.",
                Ty::I64 => "read the number with `.to_i64()`.",
                Ty::U64 => "read the number with `.to_u64()`.",
                _ if to.is_integer() => "read the number with `int(…)`.",
                _ => "compare the string, as in `s == \"true\"`.",
            });
        } else if to == Ty::STRING {
            report = report.help("use `format(\"@\", x)`.");
        }
        self.report(report);
    }

    /// `[element]`, unless that nests too deeply.
    pub(super) fn array_type(&mut self, element: Ty, span: Span) -> Ty {
        let element = self.types.shallow(element);
        if element == Ty::POISON {
            return Ty::POISON;
        }
        if self.types.depth(element) >= DEEPEST {
            self.report_too_deep(span);
            return Ty::POISON;
        }
        self.types.array(element)
    }

    pub(super) fn report_too_deep(&mut self, span: Span) {
        let report = self.diagnostic(
            1009,
            span,
            "Type nests too deeply",
            "this type is too deep",
            format!("Types nest to {DEEPEST} levels."),
        );
        self.report(report);
    }

    fn array(&mut self, elements: &'a [ast::Expr<'a>], span: Span, want: Option<Ty>) -> Expr<'a> {
        let wanted = want.map(|want| self.types.shallow(want));
        let mut element = match wanted.map(|want| self.types.kind(want)) {
            Some(TyKind::Array(element)) => Some(*element),
            _ => None,
        };
        let poisoned = wanted == Some(Ty::POISON);
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(elements.len(), |index| match element {
            Some(ty) => self.coerced(&elements[index], ty, Role::Element),
            None => {
                let value = self.value(&elements[index], poisoned.then_some(Ty::POISON));
                element = Some(value.ty);
                value
            }
        });
        let element = element.unwrap_or_else(|| if poisoned { Ty::POISON } else { self.fresh() });
        let ty = self.array_type(element, span);
        Expr { kind: ExprKind::Array(list), ty, span }
    }

    /// `[value; count]`
    fn fill(
        &mut self,
        value: &ast::Expr<'a>,
        count: &ast::Expr<'a>,
        span: Span,
        want: Option<Ty>,
    ) -> Expr<'a> {
        let wanted = want.map(|want| self.types.shallow(want));
        let element = match wanted.map(|want| self.types.kind(want)) {
            Some(TyKind::Array(element)) => Some(*element),
            _ => None,
        };
        let value = match element {
            Some(ty) => self.coerced(value, ty, Role::Element),
            None => self.value(value, None),
        };
        let count = self.value(count, None);
        self.require_integer(count.ty, count.span, 2001);
        let ty = self.array_type(value.ty, span);
        Expr { kind: ExprKind::Fill { value: self.alloc(value), count: self.alloc(count) }, ty, span }
    }

    fn map(
        &mut self,
        entries: &'a [(ast::Expr<'a>, ast::Expr<'a>)],
        span: Span,
        want: Option<Ty>,
    ) -> Expr<'a> {
        let wanted = want.map(|want| self.types.shallow(want));
        let mut types = match wanted.map(|want| self.types.kind(want)) {
            Some(TyKind::Map(key, value)) => Some((*key, *value)),
            _ => None,
        };
        let known = types.is_some_and(|(key, _)| !self.types.is_unknown(key));
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(entries.len(), |index| {
            let (key, value) = &entries[index];
            match types {
                Some((key_ty, value_ty)) => {
                    (self.coerced(key, key_ty, Role::Key), self.coerced(value, value_ty, Role::MapValue))
                }
                None => {
                    let (key, value) = (self.value(key, None), self.value(value, None));
                    types = Some((key.ty, value.ty));
                    (key, value)
                }
            }
        });
        if let (false, Some((key, _))) = (known, list.first()) {
            self.require_key(key.ty, key.span);
        }
        let (key, value) = types.unwrap_or_else(|| {
            if wanted == Some(Ty::POISON) { (Ty::POISON, Ty::POISON) } else { (self.fresh(), self.fresh()) }
        });
        let (key, value) = (self.types.shallow(key), self.types.shallow(value));
        if self.types.depth(value).max(self.types.depth(key)) >= DEEPEST {
            self.report_too_deep(span);
            return Expr { kind: ExprKind::Map(list), ty: Ty::POISON, span };
        }
        let ty = self.types.intern(TyKind::Map(key, value));
        Expr { kind: ExprKind::Map(list), ty, span }
    }
}

/// Whether the value is that of a call, which may have none.
fn is_call(kind: &ExprKind<'_>) -> bool {
    matches!(kind, ExprKind::Call { .. } | ExprKind::CallNested(_) | ExprKind::CallValue(_))
}

/// The types of arms that must agree.
pub(super) struct ArmTypes {
    pub want: Option<Ty>,
    /// Of the first arm that is not built only from literals.
    pub ty: Option<Ty>,
    /// The type that stands for the arms built only from literals, while the others did not fix it.
    literal: Option<Ty>,
    joint: Joint,
    /// That types differ, or that there is no value, is noted and not reported.
    pub soft: bool,
    /// A type to be made the same as soon as an arm has one.
    pub eager: Option<Ty>,
    /// Values of another type than those before, if that is noted.
    pub disagree: Vec<(Span, Ty)>,
}

impl ArmTypes {
    pub const fn new(want: Option<Ty>) -> ArmTypes {
        ArmTypes {
            want,
            ty: None,
            literal: None,
            joint: Joint::new(),
            soft: false,
            eager: None,
            disagree: Vec::new(),
        }
    }

    /// The type of the arms so far.
    pub fn so_far(&self) -> Ty {
        self.ty.or(self.literal).unwrap_or(Ty::POISON)
    }

    /// Whether any arm had a value.
    pub fn has_values(&self) -> bool {
        self.ty.is_some() || self.literal.is_some()
    }
}
