//! Loops: `while`, `for` over ranges and over collections, labels, `break` and `continue`.

use super::function::Tail;
use super::literal::{Joint, is_literal, join};
use super::prepass::is_true;
use super::scope::{BlockKind, VarKind};
use super::{Checker, Loop};
use crate::lang::ast::{self, ForIter, Ident, Span};
use crate::lang::hir::{Expr, ExprKind, ForIn, ForRange, LoopId, Stmt, StmtKind, While};
use crate::lang::types::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// Enters a loop.
    fn begin_loop(&mut self, label: Option<&Ident>) -> LoopId {
        if let Some(label) = label
            && self.cx().loops.iter().any(|around| around.label == Some(label.name))
        {
            let name = self.name(label.name);
            let report = self
                .diagnostic(
                    1011,
                    label.span,
                    "Label is in use",
                    "a loop around this one has it",
                    format!("A loop around this one is called `'{name}` already."),
                )
                .help("choose another label.");
            self.report(report);
        }
        let cx = self.cx_mut();
        let id = LoopId(cx.loop_count);
        cx.loop_count += 1;
        cx.loops.push(Loop { id, label: label.map(|label| label.name), left_by_break: false });
        id
    }

    /// Leaves a loop; whether a `break` does.
    fn end_loop(&mut self) -> bool {
        self.cx_mut().loops.pop().is_some_and(|done| done.left_by_break)
    }

    pub(super) fn while_loop(&mut self, inner: &ast::While<'a>, span: Span) -> bool {
        let cond = self.condition(&inner.cond);
        let id = self.begin_loop(inner.label.as_ref());
        let done = self.block(&inner.body, &mut Tail::None);
        let left = self.end_loop();
        let kind = StmtKind::While(self.alloc(While { id, cond, body: done.block }));
        self.stmts.push(Stmt { kind, span });
        left || !is_true(&inner.cond)
    }

    pub(super) fn jump(&mut self, label: Option<&Ident>, span: Span, is_break: bool) {
        let (code, word) = if is_break { (1401, "break") } else { (1402, "continue") };
        let found = match label {
            None => self.cx().loops.len().checked_sub(1),
            Some(label) => self.cx().loops.iter().rposition(|around| around.label == Some(label.name)),
        };
        if let Some(at) = found {
            let target = &mut self.cx_mut().loops[at];
            target.left_by_break |= is_break;
            let id = target.id;
            let kind = if is_break { StmtKind::Break(id) } else { StmtKind::Continue(id) };
            self.stmts.push(Stmt { kind, span });
            return;
        }
        let report = match label {
            Some(label) => {
                let name = self.name(label.name);
                self.diagnostic(
                    code,
                    label.span,
                    "Label not found",
                    "no such loop around this",
                    format!("No loop around this `{word}` in the same function is called `'{name}`."),
                )
                .help(format!("put `'{name}:` before the loop that is meant."))
            }
            None => self.diagnostic(
                code,
                span,
                format!("`{word}` outside a loop"),
                "no loop around this",
                format!("`{word}` belongs into a `for` or `while` loop of the same function."),
            ),
        };
        self.report(report);
    }

    pub(super) fn for_loop(&mut self, for_loop: &'a ast::For<'a>, span: Span) {
        if let Some(second) = &for_loop.second
            && second.name == for_loop.first.name
            && second.name != super::known::UNDERSCORE
        {
            self.report_redeclared(second.name, second.span, "this loop");
        }
        match &for_loop.iter {
            ForIter::Range { start, end, step, inclusive } => {
                self.for_range(for_loop, start, end, step.as_ref(), *inclusive, span);
            }
            ForIter::Expr(iter) => self.for_in(for_loop, iter, span),
        }
    }

    fn for_range(
        &mut self,
        for_loop: &'a ast::For<'a>,
        start: &ast::Expr<'a>,
        end: &ast::Expr<'a>,
        step: Option<&ast::Expr<'a>>,
        inclusive: bool,
        span: Span,
    ) {
        let (start, end, step, ty) = self.range_bounds(start, end, step);
        if let Some(second) = &for_loop.second {
            self.report_two_over_range(second.span);
        }
        let id = self.begin_loop(for_loop.label.as_ref());
        self.scope.push_block(BlockKind::Plain);
        let var = self.block_variable(for_loop.first, ty, VarKind::For);
        if let Some(second) = for_loop.second {
            self.block_variable(second, Ty::POISON, VarKind::For);
        }
        let done = self.statements(for_loop.body.stmts, &mut Tail::None);
        self.scope.pop_block();
        self.end_loop();
        let range = ForRange { id, var, ty, start, end, step, inclusive, body: done.block };
        self.stmts.push(Stmt { kind: StmtKind::ForRange(self.arena.alloc(range)), span });
    }

    fn report_two_over_range(&mut self, span: Span) {
        let report = self
            .diagnostic(
                1404,
                span,
                "Two loop variables over a range",
                "a range gives one value a turn",
                "Two variables are for arrays, strings and maps; a range has only one value for each turn.",
            )
            .help("remove the second variable.");
        self.report(report);
    }

    /// The bounds and the step of a range, which have one integer type.
    fn range_bounds(
        &mut self,
        start: &ast::Expr<'a>,
        end: &ast::Expr<'a>,
        step: Option<&ast::Expr<'a>>,
    ) -> (Expr<'a>, Expr<'a>, Option<Expr<'a>>, Ty) {
        let parts = [Some(start), Some(end), step];
        let mut values: [Option<Expr<'a>>; 3] = [None; 3];
        let (mut common, mut wrong) = (None, false);
        for (part, value) in parts.iter().zip(&mut values) {
            let Some(part) = part.filter(|part| !is_literal(part)) else { continue };
            let mut found = self.value(part, common);
            let ty = self.types.shallow(found.ty);
            if !ty.is_integer() && !self.types.is_unknown(ty) {
                if ty != Ty::POISON {
                    self.report_not_integer(1404, ty, found.span);
                }
                found.ty = Ty::POISON;
                wrong = true;
            } else if let Some(known) = common {
                if self.types.unify(known, ty).is_err() {
                    self.report_bounds(known, ty, found.span);
                }
            } else {
                common = Some(ty);
            }
            *value = Some(found);
        }
        let ty = common.map(|ty| self.types.shallow(ty)).unwrap_or_else(|| {
            let mut joint = Joint::new();
            let literals = parts.iter().flatten().filter(|part| is_literal(part) && !self.is_float(part));
            literals.for_each(|part| join(part, &mut joint));
            joint.ty().unwrap_or(Ty::I64)
        });
        for (part, value) in parts.iter().zip(&mut values) {
            let Some(part) = part.filter(|part| is_literal(part)) else { continue };
            *value = Some(if self.is_float(part) {
                let own = self.literal(part, None);
                self.report_not_integer(1404, Ty::F64, part.span);
                wrong = true;
                Expr { ty: Ty::POISON, ..own }
            } else {
                self.literal_as(part, ty)
            });
        }
        if self.types.is_unknown(ty) {
            self.require_integer(ty, start.span, 1404);
        }
        let ty = if wrong && common.is_none() { Ty::POISON } else { ty };
        let nothing = Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span: start.span };
        (values[0].unwrap_or(nothing), values[1].unwrap_or(nothing), values[2], ty)
    }

    /// Whether a float literal is among those of an expression built from literals.
    fn is_float(&self, expr: &ast::Expr<'a>) -> bool {
        let mut joint = Joint::new();
        join(expr, &mut joint);
        joint.ty() == Some(Ty::F64)
    }

    fn report_bounds(&mut self, first: Ty, other: Ty, span: Span) {
        let (first, other) = (self.describe(first), self.describe(other));
        let report = self
            .diagnostic(
                1404,
                span,
                "Bounds of a range have different types",
                format!("expected {first}, found {other}"),
                format!("The bounds and the step of a range have one integer type; {first} came first, this is {other}."),
            )
            .help("convert one of them with `as`.");
        self.report(report);
    }

    fn for_in(&mut self, for_loop: &'a ast::For<'a>, iter: &ast::Expr<'a>, span: Span) {
        let iter = self.value(iter, None);
        let ty = self.types.shallow(iter.ty);
        let two = for_loop.second.is_some();
        let (mut first, mut second) = (Ty::POISON, Ty::POISON);
        let mut is_map = false;
        match *self.types.kind(ty) {
            TyKind::Array(element) => {
                (first, second) = if two { (Ty::I32, element) } else { (element, Ty::POISON) }
            }
            TyKind::String => {
                (first, second) = if two { (Ty::I32, Ty::STRING) } else { (Ty::STRING, Ty::POISON) }
            }
            TyKind::Map(key, value) => {
                is_map = true;
                (first, second) = (key, value);
            }
            TyKind::Range => {
                first = Ty::I64;
                if let Some(second) = &for_loop.second {
                    self.report_two_over_range(second.span);
                }
            }
            TyKind::Poison => {}
            TyKind::Var(_) => {
                self.report_unknown(iter.span, "A loop needs an array, a string, a map or a range")
            }
            _ => {
                let name = self.describe(ty);
                let mut report = self.diagnostic(
                    2001,
                    iter.span,
                    "Cannot loop over this",
                    format!("{name} has no elements"),
                    format!("`for` goes over arrays, strings, maps and ranges, but this is {name}."),
                );
                if ty.is_integer() {
                    report = report.help("count with a range, as in `for i in 0..n:`.");
                }
                self.report(report);
            }
        }
        let id = self.begin_loop(for_loop.label.as_ref());
        self.scope.push_block(BlockKind::Plain);
        let one = self.block_variable(for_loop.first, first, VarKind::For);
        let other = for_loop.second.and_then(|name| self.block_variable(name, second, VarKind::For));
        let done = self.statements(for_loop.body.stmts, &mut Tail::None);
        self.scope.pop_block();
        self.end_loop();
        let (position, element, value) = match (is_map, two) {
            (true, _) => (None, one, other),
            (false, true) => (one, other, None),
            (false, false) => (None, one, None),
        };
        let node = ForIn { id, position, element, value, iter, body: done.block };
        self.stmts.push(Stmt { kind: StmtKind::ForIn(self.arena.alloc(node)), span });
    }
}
