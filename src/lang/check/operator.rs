//! Operators: arithmetic, comparison, logic, `matches`.

use super::Checker;
use super::deferred::Check;
use super::literal::{Joint, is_literal, is_shift, join};
use crate::lang::ast::{
    self, BinaryOp, ChainStep, CompareOp, ExprKind as Ast, LogicOp, MatchValue, Span, UnaryOp,
};
use crate::lang::hir::{Chain, Compare, Expr, ExprKind, IsVariant, Step};
use crate::lang::types::{Ty, TyKind};

/// How a program writes an operator.
pub(super) fn spelling(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Sub => "-",
        BinaryOp::Mul => "*",
        BinaryOp::Div => "/",
        BinaryOp::Rem => "%",
        BinaryOp::Shl => "<<",
        BinaryOp::Shr => ">>",
        BinaryOp::And => "&",
        BinaryOp::Xor => "^",
        BinaryOp::Or => "|",
    }
}

fn compare_spelling(op: CompareOp) -> &'static str {
    match op {
        CompareOp::Eq => "==",
        CompareOp::Ne => "!=",
        CompareOp::Lt => "<",
        CompareOp::Le => "<=",
        CompareOp::Gt => ">",
        CompareOp::Ge => ">=",
    }
}

/// Whether a known type has the operator, both operands being of it (a count aside).
pub(super) fn has_operator(op: BinaryOp, ty: Ty) -> bool {
    match op {
        BinaryOp::Add => ty.is_numeric() || ty == Ty::STRING,
        BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => ty.is_numeric(),
        _ => ty.is_integer(),
    }
}

/// Numbers, strings and bools: mixing these is the error of its own that E2004 is.
fn is_scalar(ty: Ty) -> bool {
    ty.is_numeric() || ty == Ty::STRING || ty == Ty::BOOL
}

impl<'a> Checker<'a> {
    pub(super) fn unary(
        &mut self,
        expr: &ast::Expr<'a>,
        op: UnaryOp,
        operand: &ast::Expr<'a>,
        want: Option<Ty>,
    ) -> Expr<'a> {
        if let (UnaryOp::Neg, Ast::Int(literal)) = (op, &operand.kind)
            && literal.suffix.is_some()
        {
            return self.integer(*literal, true, Ty::POISON, expr.span);
        }
        if is_literal(expr) {
            return self.literal(expr, want);
        }
        let value = self.value(operand, want);
        self.unary_of(op, value, expr.span)
    }

    /// `-` or `~` on a value.
    pub(super) fn unary_of(&mut self, op: UnaryOp, value: Expr<'a>, span: Span) -> Expr<'a> {
        let op_span = Span { start: span.start, end: span.start + 1 };
        let ty = self.types.shallow(value.ty);
        let exists = match op {
            UnaryOp::Neg => matches!(ty, Ty::I32 | Ty::I64 | Ty::F64),
            UnaryOp::BitNot => ty.is_integer(),
        };
        let mut result = ty;
        if self.types.is_unknown(ty) {
            self.defer(Check::Unary { op, ty }, op_span);
        } else if !exists && ty != Ty::POISON {
            self.report_unary(op, ty, op_span);
            result = Ty::POISON;
        }
        let operand = self.alloc(value);
        let kind = match op {
            UnaryOp::Neg => ExprKind::Neg { operand, op_span },
            UnaryOp::BitNot => ExprKind::BitNot { operand },
        };
        Expr { kind, ty: result, span }
    }

    pub(super) fn report_unary(&mut self, op: UnaryOp, ty: Ty, op_span: Span) {
        let name = self.describe(ty);
        let (sign, needs) = match op {
            UnaryOp::Neg => ("-", "a signed integer or an `f64`"),
            UnaryOp::BitNot => ("~", "an integer"),
        };
        let mut report = self.diagnostic(
            2007,
            op_span,
            "Operator not defined for this type",
            format!("`{sign}` is not defined for {name}"),
            format!("Unary `{sign}` needs {needs}, but this operand is {name}."),
        );
        if ty.is_unsigned() {
            report = report.help("write `0 - x` to wrap around, or convert to a signed type with `as`.");
        } else if ty == Ty::BOOL {
            report = report.help("write `not x` to negate a bool.");
        }
        self.report(report);
    }

    /// Operators of one level, from left to right.
    pub(super) fn chain(
        &mut self,
        expr: &ast::Expr<'a>,
        chain: &'a ast::Chain<'a>,
        want: Option<Ty>,
    ) -> Expr<'a> {
        let ast::Chain { first, rest } = chain;
        let first_literal = is_literal(first);
        if first_literal {
            if is_literal(expr) {
                return self.literal(expr, want);
            }
            return self.chain_from_literal(expr, first, rest, want);
        }
        let first = self.value(first, want);
        let mut acc = first.ty;
        let arena = self.arena;
        let rest = arena.alloc_slice_fill_with(rest.len(), |index| self.step(&mut acc, &rest[index], want));
        let kind = ExprKind::Chain(self.alloc(Chain { first, rest }));
        Expr { kind, ty: acc, span: expr.span }
    }

    /// One operator whose left side has the type `acc`.
    fn step(&mut self, acc: &mut Ty, step: &ast::ChainStep<'a>, want: Option<Ty>) -> Step<'a> {
        let literal = is_literal(&step.rhs);
        let rhs = self.right_operand(step.op, *acc, &step.rhs, literal, want);
        *acc = self.combine(step.op, step.op_span, *acc, &rhs, literal);
        Step { op: step.op, op_span: step.op_span, rhs, ty: *acc }
    }

    /// The right operand of an arithmetic operator, where the left one has the type `lhs`.
    pub(super) fn right_operand(
        &mut self,
        op: BinaryOp,
        lhs: Ty,
        rhs: &ast::Expr<'a>,
        literal: bool,
        want: Option<Ty>,
    ) -> Expr<'a> {
        if is_shift(op) {
            return self.value(rhs, None);
        }
        if literal {
            let lhs = self.types.shallow(lhs);
            return if lhs.is_numeric() || self.types.is_unknown(lhs) {
                self.literal_as(rhs, lhs)
            } else {
                self.literal(rhs, None)
            };
        }
        self.value(rhs, want)
    }

    /// A chain that begins with literals: the first operand that is none gives them their type, so it is checked
    /// before them.
    fn chain_from_literal(
        &mut self,
        expr: &ast::Expr<'a>,
        first: &ast::Expr<'a>,
        rest: &'a [ChainStep<'a>],
        want: Option<Ty>,
    ) -> Expr<'a> {
        let decides = rest.iter().position(|step| !is_shift(step.op) && !is_literal(&step.rhs)).unwrap_or(0);
        let operand = self.value(&rest[decides].rhs, want);
        let ty = self.types.shallow(operand.ty);
        let takes = ty.is_numeric() || ty == Ty::POISON || self.types.is_unknown(ty);
        let first = if takes { self.literal_as(first, ty) } else { self.literal(first, None) };
        let mut acc = first.ty;
        let arena = self.arena;
        let rest = arena.alloc_slice_fill_with(rest.len(), |index| {
            let step = &rest[index];
            if index != decides {
                return self.step(&mut acc, step, want);
            }
            acc = self.combine(step.op, step.op_span, acc, &operand, true);
            Step { op: step.op, op_span: step.op_span, rhs: operand, ty: acc }
        });
        let kind = ExprKind::Chain(self.alloc(Chain { first, rest }));
        Expr { kind, ty: acc, span: expr.span }
    }

    /// The type of `lhs op rhs`. `literal` says that one side is built only from literals.
    pub(super) fn combine(
        &mut self,
        op: BinaryOp,
        op_span: Span,
        lhs: Ty,
        rhs: &Expr<'a>,
        literal: bool,
    ) -> Ty {
        let (l, r) = (self.types.shallow(lhs), self.types.shallow(rhs.ty));
        if is_shift(op) {
            return self.combine_shift(op, op_span, l, r, rhs.span);
        }
        if l == r {
            if has_operator(op, l) || l == Ty::POISON {
                return l;
            }
            if self.types.is_unknown(l) {
                self.defer(Check::Binary { op, ty: l, literal }, op_span);
                return l;
            }
            self.report_no_operator(op, l, op_span);
            return Ty::POISON;
        }
        if l == Ty::POISON || r == Ty::POISON {
            return Ty::POISON;
        }
        if op == BinaryOp::Mul && matches!(self.types.kind(l), TyKind::Array(_)) {
            if self.types.is_unknown(r) {
                self.defer(Check::Integer { ty: r, code: 2001 }, rhs.span);
            } else if !r.is_integer() {
                let name = self.describe(r);
                let report = self
                    .diagnostic(
                        2001,
                        op_span,
                        "Repeat count is not an integer",
                        format!("repeated {name} times"),
                        format!("An array is repeated an integer number of times, but the right operand is {name}."),
                    )
                    .help("convert the count with `as i32`.");
                self.report(report);
                return Ty::POISON;
            }
            return l;
        }
        if self.types.is_unknown(l) || self.types.is_unknown(r) {
            if self.types.unify(l, r).is_err() {
                self.report_operands(op, op_span, l, r);
                return Ty::POISON;
            }
            let ty = self.types.shallow(l);
            if self.types.is_unknown(ty) {
                self.defer(Check::Binary { op, ty, literal }, op_span);
            } else if !has_operator(op, ty) {
                self.report_no_operator(op, ty, op_span);
                return Ty::POISON;
            }
            return ty;
        }
        if op == BinaryOp::Mul && l.is_integer() && matches!(self.types.kind(r), TyKind::Array(_)) {
            let (left, right) = (self.describe(l), self.describe(r));
            let report = self
                .diagnostic(
                    2007,
                    op_span,
                    "Operator not defined for these types",
                    format!("{left} times {right}"),
                    "To repeat an array, it must be the left operand of `*`.",
                )
                .help("write the array first, as in `[0] * 3`.");
            self.report(report);
            return Ty::POISON;
        }
        if self.types.unify(l, r).is_ok() {
            self.report_no_operator(op, l, op_span);
        } else {
            self.report_operands(op, op_span, l, r);
        }
        Ty::POISON
    }

    fn combine_shift(&mut self, op: BinaryOp, op_span: Span, lhs: Ty, count: Ty, count_span: Span) -> Ty {
        if self.types.is_unknown(count) {
            self.defer(Check::Integer { ty: count, code: 2001 }, count_span);
        } else if !count.is_integer() && count != Ty::POISON {
            if lhs.is_numeric() {
                let name = self.describe(count);
                let report = self
                    .diagnostic(
                        if is_scalar(count) { 2004 } else { 2001 },
                        op_span,
                        "Shift count is not an integer",
                        format!("the count is {name}"),
                        format!(
                            "The right operand of `{}` must be an integer, but it is {name}.",
                            spelling(op)
                        ),
                    )
                    .help("convert the count with `as i32`.");
                self.report(report);
            } else {
                self.report_operands(op, op_span, lhs, count);
            }
            return Ty::POISON;
        }
        if self.types.is_unknown(lhs) {
            self.defer(Check::Binary { op, ty: lhs, literal: false }, op_span);
        } else if !lhs.is_integer() && lhs != Ty::POISON {
            self.report_no_operator(op, lhs, op_span);
            return Ty::POISON;
        }
        lhs
    }

    /// The operand on one side of an operator as the text has it, if it is a plain name or member and nothing but a bracket, a
    /// comma, an `=` or the line's end is beyond it: then the name is the whole operand.
    fn operand_text(&self, op_span: Span, side: Side) -> Option<&str> {
        let text = self.files.text(self.file());
        let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.';
        let (name, beyond) = match side {
            Side::Left => {
                let before = text[..op_span.start as usize].trim_end_matches(' ');
                let rest = before.trim_end_matches(is_name);
                (&before[rest.len()..], rest.trim_end_matches(' ').chars().next_back())
            }
            Side::Right => {
                let behind = text[op_span.end as usize..].trim_start_matches(' ');
                let rest = behind.trim_start_matches(is_name);
                (&behind[..behind.len() - rest.len()], rest.trim_start_matches(' ').chars().next())
            }
        };
        let whole =
            beyond.is_none_or(|c| "()[]{},=\r\n".contains(c) && (side == Side::Left || !"([{".contains(c)));
        (whole && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')).then_some(name)
    }

    /// Operands of different types (E2004, or E2001 if one is no number, string or bool).
    pub(super) fn report_operands(&mut self, op: BinaryOp, op_span: Span, l: Ty, r: Ty) {
        let scalar = is_scalar(l) && is_scalar(r);
        let (left, right) = (self.describe(l), self.describe(r));
        let mut report = self.diagnostic(
            if scalar { 2004 } else { 2001 },
            op_span,
            "Operands have different types",
            format!("{left} and {right} cannot be combined"),
            format!("The left operand of `{}` is {left}, the right one is {right}.", spelling(op)),
        );
        if l.is_numeric() && r.is_numeric() {
            let wider = if l == Ty::F64 || r == Ty::F64 { Ty::F64 } else { Ty::I64 };
            let narrower = if l == wider { Side::Right } else { Side::Left };
            let (name, wider) = (self.operand_text(op_span, narrower), self.describe(wider));
            report = report.help(format!(
                "convert one of them, as in `{} as {}`.",
                name.unwrap_or("x"),
                wider.trim_matches('`')
            ));
        } else if scalar && (l == Ty::STRING || r == Ty::STRING) {
            report = report.help("convert the other one to a string, as in `x as string`, or use `format`.");
        } else if scalar {
            report = report.help("convert the bool to a number with `as`.");
        }
        self.report(report);
    }

    /// Both operands are of this type, which does not have the operator.
    pub(super) fn report_no_operator(&mut self, op: BinaryOp, ty: Ty, op_span: Span) {
        let name = self.describe(ty);
        let sign = spelling(op);
        let mut report = self.diagnostic(
            2007,
            op_span,
            "Operator not defined for this type",
            format!("`{sign}` is not defined for {name}"),
            format!("There is no `{sign}` for operands of type {name}."),
        );
        if ty == Ty::BOOL {
            report = report.help("combine bools with `and`, `or` and `not`.");
        } else if ty == Ty::F64 {
            report = report.help("convert to an integer type with `as` first.");
        } else if op == BinaryOp::Add && matches!(self.types.kind(ty), TyKind::Array(_)) {
            report = report.help("append with `push`, one element at a time.");
        }
        self.report(report);
    }

    pub(super) fn compare(&mut self, compare: &ast::Compare<'a>, span: Span) -> Expr<'a> {
        let (l, r) = self.operands(&compare.lhs, &compare.rhs);
        self.compare_of(compare.op, compare.op_span, l, r, span)
    }

    /// Two operands of which one may give the other its context.
    pub(super) fn operands(&mut self, lhs: &ast::Expr<'a>, rhs: &ast::Expr<'a>) -> (Expr<'a>, Expr<'a>) {
        match (is_literal(lhs), is_literal(rhs)) {
            (false, false) => {
                let l = self.value(lhs, None);
                // A number gives its type to literals only: beside an integer a bool may stand too.
                let ty = self.types.shallow(l.ty);
                let context = if ty.is_numeric() || ty == Ty::BOOL { None } else { Some(ty) };
                let r = self.value(rhs, context);
                (l, r)
            }
            (false, true) => {
                let l = self.value(lhs, None);
                let r = self.literal_beside(rhs, l.ty);
                (l, r)
            }
            (true, false) => {
                let r = self.value(rhs, None);
                let l = self.literal_beside(lhs, r.ty);
                (l, r)
            }
            (true, true) => {
                let mut joint = Joint::new();
                join(lhs, &mut joint);
                join(rhs, &mut joint);
                let ty = joint.ty().unwrap_or_else(|| {
                    self.report_no_type(lhs.span);
                    Ty::POISON
                });
                (self.literal_as(lhs, ty), self.literal_as(rhs, ty))
            }
        }
    }

    /// Literals beside an operand of this type: in it if it is a number or unknown, else in their own.
    pub(super) fn literal_beside(&mut self, expr: &ast::Expr<'a>, other: Ty) -> Expr<'a> {
        let other = self.types.shallow(other);
        if other.is_numeric() || self.types.is_unknown(other) {
            self.literal_as(expr, other)
        } else {
            self.literal(expr, None)
        }
    }

    pub(super) fn compare_of(
        &mut self,
        op: CompareOp,
        op_span: Span,
        l: Expr<'a>,
        r: Expr<'a>,
        span: Span,
    ) -> Expr<'a> {
        self.check_comparable(op, op_span, l.ty, r.ty);
        let kind = ExprKind::Compare(self.alloc(Compare { op, op_span, lhs: l, rhs: r }));
        Expr { kind, ty: Ty::BOOL, span }
    }

    fn check_comparable(&mut self, op: CompareOp, op_span: Span, lhs: Ty, rhs: Ty) {
        let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
        let (l, r) = (self.types.shallow(lhs), self.types.shallow(rhs));
        if l == r && (l.is_numeric() || l == Ty::STRING) || l == Ty::POISON || r == Ty::POISON {
            return;
        }
        if equality && (l == Ty::BOOL && r.is_integer() || l.is_integer() && r == Ty::BOOL) {
            return;
        }
        if self.types.unify(l, r).is_err() {
            let (left, right) = (self.describe(l), self.describe(r));
            let mut report = self.diagnostic(
                2001,
                op_span,
                "Comparison of different types",
                format!("{left} and {right} cannot be compared"),
                format!(
                    "The left operand of `{}` is {left}, the right one is {right}.",
                    compare_spelling(op)
                ),
            );
            if l.is_numeric() && r.is_numeric() {
                report = report.help("convert one of them with `as`.");
            }
            return self.report(report);
        }
        if equality {
            self.require_equality(l, op_span);
        } else if self.types.is_unknown(l) {
            self.defer(Check::Ordered { op, ty: l }, op_span);
        } else {
            self.require_order(op, l, op_span);
        }
    }

    /// Reports a type without `<`.
    pub(super) fn require_order(&mut self, op: CompareOp, ty: Ty, op_span: Span) {
        if ty.is_numeric() || ty == Ty::STRING || ty == Ty::POISON {
            return;
        }
        let name = self.describe(ty);
        let report = self.diagnostic(
            2007,
            op_span,
            "Operator not defined for this type",
            format!("`{}` is not defined for {name}", compare_spelling(op)),
            format!("Only numbers and strings have an order; the operands are of type {name}."),
        );
        self.report(report);
    }

    /// `and`, `or`.
    pub(super) fn logic(&mut self, op: LogicOp, operands: &'a [ast::Expr<'a>], span: Span) -> Expr<'a> {
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(operands.len(), |index| self.truth(&operands[index]));
        let kind = match op {
            LogicOp::And => ExprKind::And(list),
            LogicOp::Or => ExprKind::Or(list),
        };
        Expr { kind, ty: Ty::BOOL, span }
    }

    /// An operand of `and`, `or`, `not`: bool or an integer.
    pub(super) fn truth(&mut self, operand: &ast::Expr<'a>) -> Expr<'a> {
        let value = self.value(operand, None);
        let ty = self.types.shallow(value.ty);
        if ty == Ty::BOOL || ty.is_integer() || ty == Ty::POISON {
            return value;
        }
        if self.types.is_unknown(ty) {
            let _ = self.types.unify(ty, Ty::BOOL);
            return value;
        }
        let name = self.describe(ty);
        let report = self
            .diagnostic(
                2001,
                operand.span,
                "Operand is not a bool",
                format!("this is {name}"),
                format!("`and`, `or` and `not` take a bool or an integer, but this operand is {name}."),
            )
            .help("write a comparison, such as `x != 0.0` or `len(s) > 0`.");
        self.report(report);
        Expr { ty: Ty::POISON, ..value }
    }

    /// `value matches pattern`
    pub(super) fn matches(&mut self, matches: &ast::Matches<'a>, span: Span) -> Expr<'a> {
        let ast::Matches { op_span, value, pattern } = *matches;
        match pattern {
            MatchValue::Call { path, args, span: call_span } => {
                if let Some((id, variant)) = self.variant_named(path) {
                    let value = self.value(&value, None);
                    return self.is_variant(op_span, value, id, variant, Some(args), path[0].span, span);
                }
                // An ordinary call: put together as the expression that it would be elsewhere.
                let rhs = self.call_expression(path, args, call_span);
                self.compare(&ast::Compare { op: CompareOp::Eq, op_span, lhs: value, rhs }, span)
            }
            MatchValue::Expr(expr) => {
                if let Some(path) = super::postfix::path_of(expr)
                    && let Some((id, variant)) = self.variant_named(&path)
                {
                    let value = self.value(&value, None);
                    return self.is_variant(op_span, value, id, variant, None, expr.span, span);
                }
                self.compare(&ast::Compare { op: CompareOp::Eq, op_span, lhs: value, rhs: *expr }, span)
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of one expression")]
    fn is_variant(
        &mut self,
        op_span: Span,
        value: Expr<'a>,
        id: crate::lang::types::EnumId,
        variant: u32,
        args: Option<&'a [Option<ast::Expr<'a>>]>,
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let (ty, type_args) = self.fresh_enum(id);
        if self.types.unify(value.ty, ty).is_err() {
            let (left, right) = (self.describe(value.ty), self.describe(ty));
            let report = self.diagnostic(
                2001,
                op_span,
                "Comparison of different types",
                format!("{left} is never a variant of {right}"),
                format!("The left operand of `matches` is {left}, but the pattern is a variant of {right}."),
            );
            self.report(report);
        }
        let payload = self.enums[id.0 as usize].variants[variant as usize].payload.len();
        let given = args.map_or(0, <[_]>::len);
        if given != payload || args.is_none() && payload > 0 {
            self.report_payload_count(id, variant, given, callee);
        }
        let given = args.unwrap_or_default();
        let arena = self.arena;
        let args = arena.alloc_slice_fill_with(given.len(), |index| {
            let arg = given[index].as_ref()?;
            let slot = self.enums[id.0 as usize].variants[variant as usize].payload.get(index).copied();
            let Some(slot) = slot else { return Some(self.value(arg, None)) };
            let ty = self.types.instantiate(slot.ty, &type_args);
            let value = self.coerced(arg, ty, super::describe::Role::Payload);
            self.require_equality(ty, arg.span);
            Some(value)
        });
        let kind = ExprKind::IsVariant(self.alloc(IsVariant { value, variant, args }));
        Expr { kind, ty: Ty::BOOL, span }
    }
}

/// A side of an operator.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}
