//! `match`: patterns, exhaustiveness, and the values of arms.

use super::Checker;
use super::expression::ArmTypes;
use super::function::Tail;
use super::scope::{BlockKind, VarKind};
use crate::lang::ast::{self, PatternKind as Ast, Span};
use crate::lang::hash::FastMap;
use crate::lang::hir::{Arm, Expr, ExprKind, LocalId, Match, Pattern, Stmt, StmtKind};
use crate::lang::types::{EnumId, Ty, TyKind};

/// What the arms before cover.
#[derive(Default)]
struct Covered<'a> {
    all: bool,
    variants: Vec<bool>,
    truth: [bool; 2],
    numbers: FastMap<(bool, u64), ()>,
    strings: FastMap<&'a str, ()>,
}

impl<'a> Checker<'a> {
    /// A `match` as an expression.
    pub(super) fn match_value(&mut self, m: &'a ast::Match<'a>, span: Span, want: Option<Ty>) -> Expr<'a> {
        let mut joined = ArmTypes::new(want);
        let (checked, _) = self.match_arms(m, &mut Tail::Arm(&mut joined), true);
        let valued = joined.has_values();
        let ty = if valued { self.joined_type(joined) } else { self.fresh() };
        match checked {
            Some(checked) => Expr { kind: ExprKind::Match(checked), ty, span },
            // No arm has a value, so the statement made of it never comes to its end, or that was reported.
            None => Expr { kind: ExprKind::Bool(false), ty: if valued { ty } else { Ty::POISON }, span },
        }
    }

    /// The arms of a `match`. If they have values, where their end is reached, the result is the `match`; else it was
    /// made a statement. `strict`: an arm without a value is an error. The second result says whether the end is reached.
    pub(super) fn match_arms(
        &mut self,
        m: &'a ast::Match<'a>,
        tail: &mut Tail<'_>,
        strict: bool,
    ) -> (Option<&'a Match<'a>>, bool) {
        let value = self.value(&m.value, None);
        let ty = self.types.shallow(value.ty);
        self.check_scrutinee(ty, value.span);
        let mut covered = Covered::default();
        if let TyKind::Enum(id, _) = self.types.kind(ty) {
            covered.variants = vec![false; self.enums[id.0 as usize].variants.len()];
        }
        let (mut falls, mut valued, mut missing) = (false, false, false);
        let arena = self.arena;
        let arms = arena.alloc_slice_fill_with(m.arms.len(), |index| {
            let arm = &m.arms[index];
            self.scope.push_block(BlockKind::Plain);
            let pattern = self.pattern(&arm.pattern, ty, &mut covered);
            let done = self.statements(arm.body.stmts, tail);
            self.scope.pop_block();
            falls |= done.falls;
            valued |= done.block.value.is_some();
            if done.falls && done.block.value.is_none() {
                missing = true;
                if strict {
                    self.report_no_arm_value(arm.pattern.span);
                }
            }
            Arm { pattern, body: done.block }
        });
        self.check_exhaustive(ty, &covered, m.keyword);
        if valued && !missing {
            return (Some(arena.alloc(Match { value, arms })), falls);
        }
        let mut arms = &*arms;
        if valued {
            arms = arena.alloc_slice_fill_with(arms.len(), |index| Arm {
                pattern: arms[index].pattern,
                body: self.drop_value(arms[index].body),
            });
        }
        let span = Span { start: m.keyword.start, end: m.value.span.end };
        if strict && !missing {
            // No arm comes to its end: still an expression, of whatever type.
            return (Some(arena.alloc(Match { value, arms })), falls);
        }
        self.stmts.push(Stmt { kind: StmtKind::Match(arena.alloc(Match { value, arms })), span });
        (None, falls)
    }

    fn report_no_arm_value(&mut self, span: Span) {
        let report = self
            .diagnostic(
                2001,
                span,
                "Arm has no value",
                "this arm has no value",
                "Each arm of a `match` that is used as a value must end in a value, or leave with `return`, `break`, `continue` or `raise`.",
            )
            .help("end the arm in an expression.");
        self.report(report);
    }

    fn check_scrutinee(&mut self, ty: Ty, span: Span) {
        match self.types.kind(ty) {
            TyKind::Var(_) => self.report_unknown(span, "What is matched must be known"),
            TyKind::Enum(..) | TyKind::Bool | TyKind::String | TyKind::Poison => {}
            _ if ty.is_numeric() => {}
            _ => {
                let name = self.describe(ty);
                let report = self
                    .diagnostic(
                        2001,
                        span,
                        "Cannot match on this",
                        format!("{name} cannot be matched"),
                        format!("`match` takes an enum, a number, a bool or a string, but this is {name}."),
                    )
                    .help("use `if` and `elif` with conditions.");
                self.report(report);
            }
        }
    }

    fn pattern(&mut self, pattern: &ast::Pattern<'a>, ty: Ty, covered: &mut Covered<'a>) -> Pattern<'a> {
        let span = pattern.span;
        if covered.all {
            self.report_unreachable(span, "`_` stands before this arm and matches everything.");
        }
        match &pattern.kind {
            Ast::Wildcard => {
                covered.all = true;
                Pattern::Any
            }
            Ast::Error => Pattern::Any,
            Ast::Int { value, negative } => {
                if ty.is_numeric() && value.suffix.is_none() {
                    let literal = self.integer(*value, *negative, ty, span);
                    return self.literal_pattern(literal, ty, covered);
                }
                let literal = if value.suffix.is_some() {
                    self.integer(*value, *negative, ty, span)
                } else {
                    let own = if value.value <= i32::MAX as u64 { Ty::I32 } else { Ty::I64 };
                    self.integer(*value, *negative, own, span)
                };
                self.literal_pattern(literal, ty, covered)
            }
            Ast::Float(value) => {
                let literal = Expr { kind: ExprKind::Float(*value), ty: Ty::F64, span };
                self.literal_pattern(literal, ty, covered)
            }
            Ast::Str(text) => {
                let literal = Expr { kind: ExprKind::Str(text), ty: Ty::STRING, span };
                self.literal_pattern(literal, ty, covered)
            }
            Ast::Bool(value) => {
                let literal = Expr { kind: ExprKind::Bool(*value), ty: Ty::BOOL, span };
                self.literal_pattern(literal, ty, covered)
            }
            Ast::Path { path, slots } => self.variant_pattern(path, *slots, span, ty, covered),
        }
    }

    fn literal_pattern(&mut self, literal: Expr<'a>, ty: Ty, covered: &mut Covered<'a>) -> Pattern<'a> {
        let span = literal.span;
        if literal.ty == Ty::POISON || ty == Ty::POISON || self.types.is_unknown(ty) {
            return Pattern::Any;
        }
        if literal.ty != ty {
            let (wanted, found) = (self.describe(ty), self.describe(literal.ty));
            let report = self.diagnostic(
                2001,
                span,
                "Pattern has another type",
                format!("expected {wanted}, found {found}"),
                format!("The matched value is of type {wanted}, this pattern is {found}."),
            );
            self.report(report);
            return Pattern::Any;
        }
        let again = match self.literal_value(&literal).map(|value| value.kind) {
            Some(ExprKind::Int { value, negative, .. }) => {
                covered.numbers.insert((negative && value > 0, value), ()).is_some()
            }
            // -0.0 and 0.0 are equal.
            Some(ExprKind::Float(value)) => {
                covered.numbers.insert((false, (value + 0.0).to_bits()), ()).is_some()
            }
            Some(ExprKind::Str(text)) => covered.strings.insert(text, ()).is_some(),
            Some(ExprKind::Bool(value)) => std::mem::replace(&mut covered.truth[usize::from(value)], true),
            _ => false,
        };
        if again && !covered.all {
            self.report_unreachable(span, "An arm before this one matches the same value.");
        }
        Pattern::Literal(self.alloc(literal))
    }

    fn report_unreachable(&mut self, span: Span, why: &str) {
        let report = self
            .diagnostic(1411, span, "Arm is never reached", "matched before", why)
            .help("remove this arm, or move it up.");
        self.report(report);
    }

    fn variant_pattern(
        &mut self,
        path: ast::Path<'a>,
        slots: Option<&'a [ast::Ident]>,
        span: Span,
        ty: Ty,
        covered: &mut Covered<'a>,
    ) -> Pattern<'a> {
        let named = slots.unwrap_or_default();
        let Some((id, variant)) = self.pattern_variant(path) else {
            self.pattern_slots(named, &[]);
            return Pattern::Any;
        };
        let args = match self.types.kind(ty) {
            TyKind::Enum(found, args) if *found == id => args.clone(),
            TyKind::Poison | TyKind::Var(_) => {
                self.pattern_slots(named, &[]);
                return Pattern::Any;
            }
            _ => {
                let wanted = self.describe(ty);
                let found = self.owner_name(super::Owner::Enum(id));
                let report = self.diagnostic(
                    2001,
                    span,
                    "Pattern has another type",
                    format!("expected {wanted}, found `{found}`"),
                    format!("The matched value is of type {wanted}, this pattern is a variant of `{found}`."),
                );
                self.report(report);
                self.pattern_slots(named, &[]);
                return Pattern::Any;
            }
        };
        if std::mem::replace(&mut covered.variants[variant as usize], true) && !covered.all {
            self.report_unreachable(span, "An arm before this one matches the same variant.");
        }
        let payload = self.enums[id.0 as usize].variants[variant as usize].payload;
        let types: Vec<Ty> = payload.iter().map(|slot| self.types.instantiate(slot.ty, &args)).collect();
        if named.len() != types.len() {
            let (expected, bound) = (types.len(), named.len());
            let plural = if expected == 1 { "" } else { "s" };
            let list = vec!["_"; expected].join(", ");
            let info = &self.checked.enums[id.0 as usize];
            let name = format!("{}.{}", info.name, info.variants[variant as usize].name);
            let help = if expected == 0 {
                format!("write `{name}`.")
            } else {
                format!("write `{name}({list})`, with names for what you need.")
            };
            let report = self
                .diagnostic(
                    2001,
                    span,
                    "Pattern does not fit the variant",
                    format!("{expected} field{plural} expected, {bound} bound"),
                    format!("`{name}` holds {expected} value{plural}, but this pattern binds {bound}."),
                )
                .help(help);
            self.report(report);
            self.pattern_slots(named, &[]);
            return Pattern::Any;
        }
        let locals = self.pattern_slots(named, &types);
        Pattern::Variant { variant, slots: self.arena.alloc_slice_copy(&locals) }
    }

    /// Declares the names in a pattern.
    fn pattern_slots(&mut self, slots: &'a [ast::Ident], types: &[Ty]) -> Vec<Option<LocalId>> {
        let mut locals = Vec::with_capacity(slots.len());
        for (index, slot) in slots.iter().enumerate() {
            if slot.name != super::known::UNDERSCORE && self.scope.declared_here(slot.name) {
                self.report_redeclared(slot.name, slot.span, "this pattern");
            }
            let ty = types.get(index).copied().unwrap_or(Ty::POISON);
            locals.push(self.block_variable(*slot, ty, VarKind::Pattern));
        }
        locals
    }

    /// The variant that a pattern names; reported if there is none.
    fn pattern_variant(&mut self, path: ast::Path<'a>) -> Option<(EnumId, u32)> {
        if let Some(found) = self.variant_named(path) {
            return Some(found);
        }
        if let [name] = path {
            let text = self.name(name.name);
            let report = self
                .diagnostic(
                    1010,
                    name.span,
                    "Not a pattern",
                    "a bare name is no pattern",
                    format!("`{text}` names no variant: patterns are variants, literals and `_`."),
                )
                .help(format!("write the enum before it, as in `Enum.{text}`, or `_` to match everything."));
            self.report(report);
            return None;
        }
        // What is wrong with the path is reported as for an expression.
        let base = self.alloc(ast::Expr { kind: ast::ExprKind::Name(path[0].name), span: path[0].span });
        let ops: Vec<ast::PostfixOp<'a>> = path[1..]
            .iter()
            .map(|ident| ast::PostfixOp { kind: ast::PostfixKind::Member(*ident), span: ident.span })
            .collect();
        let ops = self.arena.alloc_slice_copy(&ops);
        let before = self.diagnostics.len();
        let val = self.walk(base, ops, None);
        if self.diagnostics.len() == before && !matches!(val, super::postfix::Val::Poison) {
            let last = path[path.len() - 1];
            let text = self.name(last.name);
            let report = self.diagnostic(
                1010,
                last.span,
                "Not a pattern",
                "no variant of an enum",
                format!("`{text}` names no variant: patterns are variants, literals and `_`."),
            );
            self.report(report);
        }
        None
    }

    fn check_exhaustive(&mut self, ty: Ty, covered: &Covered<'a>, keyword: Span) {
        if covered.all {
            return;
        }
        let (label, message, help) = match self.types.kind(ty) {
            TyKind::Poison | TyKind::Var(_) => return,
            TyKind::Enum(id, _) => {
                let info = &self.checked.enums[id.0 as usize];
                let missing: Vec<String> = info
                    .variants
                    .iter()
                    .zip(&covered.variants)
                    .filter(|(_, covered)| !**covered)
                    .map(|(variant, _)| format!("`{}.{}`", info.name, variant.name))
                    .collect();
                if missing.is_empty() {
                    return;
                }
                let more = if missing.len() > 5 { " and others" } else { "" };
                let list = format!("{}{more}", missing[..missing.len().min(5)].join(", "));
                (
                    format!("lacks {list}"),
                    format!("Every variant needs an arm, but there is none for {list}."),
                    "add the missing arms, or `_ -> …` for all others.",
                )
            }
            TyKind::Bool => {
                let missing = match covered.truth {
                    [true, true] => return,
                    [_, true] => "`false`",
                    [true, _] => "`true`",
                    _ => "`true` and `false`",
                };
                (
                    format!("lacks {missing}"),
                    format!("Both values need an arm, but there is none for {missing}."),
                    "add the missing arm, or `_ -> …`.",
                )
            }
            TyKind::String => (
                "lacks `_`".to_owned(),
                "There are more strings than arms can name, so a `match` on a string needs `_`.".to_owned(),
                "add `_ -> …` for all others.",
            ),
            _ if ty.is_numeric() => (
                "lacks `_`".to_owned(),
                "There are more numbers than arms can name, so a `match` on a number needs `_`.".to_owned(),
                "add `_ -> …` for all others.",
            ),
            _ => return,
        };
        let report = self.diagnostic(1410, keyword, "Match is not exhaustive", label, message).help(help);
        self.report(report);
    }
}
