//! Statements and blocks.

use super::describe::Role;
use super::function::{Done, Tail};
use super::scope::{BlockKind, Entity, VarKind};
use super::{Checker, ReturnMode, Slot};
use crate::lang::ast::{self, Ident, Span, StmtKind as Ast};
use crate::lang::hir::{Block, Compound, Expr, ExprKind, If, LocalId, Stmt, StmtKind, Try};
use crate::lang::types::Ty;

impl<'a> Checker<'a> {
    /// A block with a scope of its own.
    pub(super) fn block(&mut self, block: &ast::Block<'a>, tail: &mut Tail<'_>) -> Done<'a> {
        self.scope.push_block(BlockKind::Plain);
        let done = self.statements(block.stmts, tail);
        self.scope.pop_block();
        done
    }

    /// A branch of the `if` whose mark this is.
    fn branch(&mut self, block: &ast::Block<'a>, mark: usize, tail: &mut Tail<'_>) -> Done<'a> {
        self.scope.push_branch(mark);
        let done = self.statements(block.stmts, tail);
        self.scope.pop_block();
        done
    }

    /// The statements of a block whose scope is open.
    pub(super) fn statements(&mut self, stmts: &'a [ast::Stmt<'a>], tail: &mut Tail<'_>) -> Done<'a> {
        let start = self.stmts.len();
        self.statements_from(stmts, tail, start)
    }

    /// The same; those from `start` on were made already.
    pub(super) fn statements_from(
        &mut self,
        stmts: &'a [ast::Stmt<'a>],
        tail: &mut Tail<'_>,
        start: usize,
    ) -> Done<'a> {
        super::grow(|| {
            let conditionals = self.conditionals.len();
            let generic = self.cx().nested_generic.len();
            let mut falls = true;
            let mut value = None;
            let (last, others) = match stmts.split_last() {
                Some((last, others)) if !matches!(tail, Tail::None) => (Some(last), others),
                _ => (None, stmts),
            };
            for stmt in others {
                falls &= self.statement(stmt);
            }
            if let Some(last) = last {
                let (found, reached) = self.last_statement(last, tail);
                match found {
                    Some(found) if falls => value = Some(self.alloc(found)),
                    Some(found) => {
                        // Not reached: it is no value of the block.
                        let found = self.alloc(found);
                        self.stmts.push(Stmt { kind: StmtKind::Expr(found), span: last.span });
                    }
                    None => {}
                }
                falls &= reached;
            }
            while self.cx().nested_generic.len() > generic {
                if let Some(id) = self.cx_mut().nested_generic.pop() {
                    self.check_names_of(id);
                }
            }
            let conditionals = match self.scope.block_kind() {
                BlockKind::Branch => &[],
                _ => self.take_conditionals(conditionals),
            };
            let stmts = self.arena.alloc_slice_copy(&self.stmts[start..]);
            self.stmts.truncate(start);
            Done { block: Block { stmts, value, conditionals }, falls }
        })
    }

    /// The last statement of a block that is to have a value, if it can be one; and whether the end is reached.
    fn last_statement(&mut self, stmt: &'a ast::Stmt<'a>, tail: &mut Tail<'_>) -> (Option<Expr<'a>>, bool) {
        match &stmt.kind {
            Ast::Expr(expr) => {
                let value = match tail {
                    Tail::Return => self.implicit_return(expr),
                    Tail::Arm(joined) => self.arm_tail(joined, expr),
                    Tail::None => return (None, self.statement(stmt)),
                };
                let reached = value.is_some();
                (value, reached)
            }
            Ast::If(ast::If { arms, otherwise: Some(otherwise) }) => {
                self.last_if(stmt, arms, otherwise, tail)
            }
            Ast::Match(m) => self.last_match(m, stmt.span, tail),
            _ => (None, self.statement(stmt)),
        }
    }

    /// The last expression of an arm.
    fn arm_tail(
        &mut self,
        joined: &mut super::expression::ArmTypes,
        expr: &'a ast::Expr<'a>,
    ) -> Option<Expr<'a>> {
        if self.looks_like_raise(expr) {
            let value = self.expr(expr, None);
            if super::function::diverges(&value) {
                let value = self.alloc(value);
                self.stmts.push(Stmt { kind: StmtKind::Expr(value), span: expr.span });
                return None;
            }
            return Some(self.join_arm(joined, value));
        }
        Some(self.arm_value(joined, expr))
    }

    fn last_if(
        &mut self,
        stmt: &'a ast::Stmt<'a>,
        arms: &'a [ast::IfArm<'a>],
        otherwise: &ast::Block<'a>,
        tail: &mut Tail<'_>,
    ) -> (Option<Expr<'a>>, bool) {
        let mark = self.begin_if();
        let arena = self.arena;
        let mut reached = false;
        let mut valued = false;
        let mut missing = false;
        let mut note = |done: &Done<'a>| {
            reached |= done.falls;
            valued |= done.block.value.is_some();
            missing |= done.falls && done.block.value.is_none();
        };
        let list = arena.alloc_slice_fill_with(arms.len(), |index| {
            let cond = self.condition(&arms[index].cond);
            let done = self.branch(&arms[index].body, mark, tail);
            note(&done);
            (cond, done.block)
        });
        let last = self.branch(otherwise, mark, tail);
        note(&last);
        self.end_if(mark);
        if valued && !missing {
            let ty = self.tail_type(tail);
            let kind = ExprKind::If(self.alloc(If { arms: list, otherwise: Some(last.block) }));
            return (Some(Expr { kind, ty, span: stmt.span }), true);
        }
        let list =
            arena.alloc_slice_fill_with(list.len(), |index| (list[index].0, self.drop_value(list[index].1)));
        let otherwise = Some(self.drop_value(last.block));
        let kind = StmtKind::If(self.alloc(If { arms: list, otherwise }));
        self.stmts.push(Stmt { kind, span: stmt.span });
        (None, reached)
    }

    /// The type of the values that a tail collects.
    pub(super) fn tail_type(&mut self, tail: &Tail<'_>) -> Ty {
        match tail {
            Tail::Return => self.cx().ret.slot.ty,
            Tail::Arm(joined) => joined.so_far(),
            Tail::None => Ty::VOID,
        }
    }

    fn last_match(
        &mut self,
        m: &'a ast::Match<'a>,
        span: Span,
        tail: &mut Tail<'_>,
    ) -> (Option<Expr<'a>>, bool) {
        let inferred = matches!(tail, Tail::Return)
            && matches!(self.cx().ret.mode, ReturnMode::Values | ReturnMode::Implicit);
        if !inferred {
            let (checked, falls) = self.match_arms(m, tail, false);
            let Some(checked) = checked else {
                return (None, falls);
            };
            let ty = self.tail_type(tail);
            return (Some(Expr { kind: ExprKind::Match(checked), ty, span }), falls);
        }
        // The arms give each other their context, and then the function its type.
        let mut joined = super::expression::ArmTypes::new(None);
        joined.soft = self.cx().ret.mode == ReturnMode::Implicit;
        joined.eager = Some(self.cx().ret.slot.ty);
        let (checked, falls) = self.match_arms(m, &mut Tail::Arm(&mut joined), false);
        let Some(checked) = checked else {
            return (None, falls);
        };
        let disagree = std::mem::take(&mut joined.disagree);
        let ty = self.joined_type_of_function(joined);
        let value = Expr { kind: ExprKind::Match(checked), ty, span };
        if !disagree.is_empty() {
            let ret = &mut self.cx_mut().ret;
            ret.disagree.extend(disagree);
            ret.seen = true;
            return (Some(value), falls);
        }
        (self.implicit_value(value, false), falls)
    }

    /// One statement. The result says whether what follows is reached.
    pub(super) fn statement(&mut self, stmt: &'a ast::Stmt<'a>) -> bool {
        let span = stmt.span;
        let mut falls = true;
        match &stmt.kind {
            Ast::Print { keyword, args } => {
                let kind = self.print(*keyword, args);
                self.stmts.push(Stmt { kind, span });
            }
            Ast::Pass | Ast::Error => {}
            Ast::Return(value) => {
                self.return_statement(*value, span);
                falls = false;
            }
            Ast::Break(label) => {
                self.jump(label.as_ref(), span, true);
                falls = false;
            }
            Ast::Continue(label) => {
                self.jump(label.as_ref(), span, false);
                falls = false;
            }
            Ast::Bindings { items, public } => {
                for item in *items {
                    self.binding(item, public.is_some(), span);
                }
            }
            Ast::Assign { place, op, op_span, value } => self.assign(place, *op, *op_span, value, span),
            Ast::Expr(expr) => {
                let value = self.expr(expr, None);
                falls = !super::function::diverges(&value);
                let value = self.alloc(value);
                self.stmts.push(Stmt { kind: StmtKind::Expr(value), span });
            }
            Ast::If(ast::If { arms, otherwise }) => falls = self.if_statement(arms, otherwise.as_ref(), span),
            Ast::While(inner) => falls = self.while_loop(inner, span),
            Ast::For(for_loop) => self.for_loop(for_loop, span),
            Ast::Try(inner) => falls = self.try_statement(inner, span),
            Ast::Match(m) => falls = self.match_arms(m, &mut Tail::None, false).1,
            Ast::Fn(decl) => self.nested_function(decl),
            // Where these may stand they were seen before the statements; elsewhere the parser reported them.
            Ast::Struct(_) | Ast::Enum(_) | Ast::Impl(_) | Ast::Use(_) | Ast::Extern(_) => {}
            Ast::Const(decl) => self.constant(decl, span),
        }
        falls
    }

    fn if_statement(
        &mut self,
        arms: &'a [ast::IfArm<'a>],
        otherwise: Option<&ast::Block<'a>>,
        span: Span,
    ) -> bool {
        let mark = self.begin_if();
        let mut falls = otherwise.is_none();
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(arms.len(), |index| {
            let cond = self.condition(&arms[index].cond);
            let done = self.branch(&arms[index].body, mark, &mut Tail::None);
            falls |= done.falls;
            (cond, done.block)
        });
        let otherwise = otherwise.map(|block| {
            let done = self.branch(block, mark, &mut Tail::None);
            falls |= done.falls;
            done.block
        });
        self.end_if(mark);
        let kind = StmtKind::If(self.alloc(If { arms: list, otherwise }));
        self.stmts.push(Stmt { kind, span });
        falls
    }

    /// Declares a variable that belongs to the block just opened, unless it is `_`.
    pub(super) fn block_variable(&mut self, name: Ident, ty: Ty, kind: VarKind) -> Option<LocalId> {
        if name.name == super::known::UNDERSCORE {
            return None;
        }
        let local = self.new_local(self.name(name.name), Slot::of(ty), false);
        let ctx = self.ctxs.len() as u32 - 1;
        self.scope.push(name.name, Entity::Local { ctx, local, kind });
        Some(local)
    }

    fn try_statement(&mut self, inner: &ast::Try<'a>, span: Span) -> bool {
        let body = self.block(&inner.body, &mut Tail::None);
        self.scope.push_block(BlockKind::Plain);
        let error = inner.name.and_then(|name| self.block_variable(name, Ty::ERROR, VarKind::Catch));
        let handler = self.statements(inner.handler.stmts, &mut Tail::None);
        self.scope.pop_block();
        let kind = StmtKind::Try(self.alloc(Try { body: body.block, error, handler: handler.block }));
        self.stmts.push(Stmt { kind, span });
        body.falls || handler.falls
    }

    /// `place = value`, `place op= value`, where the place is no bare name or the assignment is compound.
    fn assign(
        &mut self,
        place: &'a ast::Expr<'a>,
        op: Option<ast::BinaryOp>,
        op_span: Span,
        value: &'a ast::Expr<'a>,
        span: Span,
    ) {
        let (place, slot) = self.place(place);
        let kind = match op {
            None => {
                let value = self.coerced_slot(value, slot, Role::Store);
                StmtKind::Assign { place, value: self.alloc(value) }
            }
            Some(op) => {
                let literal = super::literal::is_literal(value);
                let rhs = self.right_operand(op, slot.ty, value, literal, Some(slot.ty));
                let ty = self.combine(op, op_span, slot.ty, &rhs, literal);
                debug_assert!(self.types.unify(ty, slot.ty).is_ok() || ty == Ty::POISON);
                let length = slot.length;
                StmtKind::Compound(self.alloc(Compound { place, op, op_span, value: rhs, length }))
            }
        };
        self.stmts.push(Stmt { kind, span });
    }
}
