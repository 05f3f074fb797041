//! Bodies of functions: parameters, the return type, and what the end of a body settles.

use super::describe::Role;
use super::scope::{BlockKind, Entity, VarKind, Window};
use super::{Checker, Ctx, Progress, Return, ReturnMode, Slot, TypeParams};
use crate::lang::ast::{self, Span};
use crate::lang::hash::FastMap;
use crate::lang::hir::{Block, BodyId, BodyKind, Expr, ExprKind, If, LocalId, Stmt, StmtKind};
use crate::lang::modules::ModuleId;
use crate::lang::types::{Ty, TyKind};

/// Where a body began: what is to be closed when it ends.
pub(super) struct BodyMark {
    open: usize,
    deferred: usize,
}

impl BodyMark {
    /// Where its type variables begin.
    pub fn open(&self) -> usize {
        self.open
    }
}

/// A checked block, and whether its end can be reached.
#[derive(Clone, Copy)]
pub(super) struct Done<'a> {
    pub block: Block<'a>,
    pub falls: bool,
}

/// What a value at the end of a block is for.
pub(super) enum Tail<'t> {
    /// It is dropped.
    None,
    /// It is the function's implicit return.
    Return,
    /// It is a value of a `match` that is an expression.
    Arm(&'t mut super::expression::ArmTypes),
}

impl<'a> Ctx<'a> {
    pub(super) fn new(
        kind: BodyKind,
        body: BodyId,
        module: ModuleId,
        file: crate::bytecode::FileId,
    ) -> Ctx<'a> {
        Ctx {
            kind,
            body,
            module,
            file,
            parent: None,
            of_module: kind == BodyKind::Module,
            limit: 0,
            locals: Vec::new(),
            lengths: FastMap::default(),
            captures: Vec::new(),
            capture_numbers: FastMap::default(),
            loops: Vec::new(),
            loop_count: 0,
            ret: Return::new(ReturnMode::None, Slot::of(Ty::VOID)),
            window: Window::default(),
            type_params: None,
            level: 0,
            names_only: false,
            nested_generic: Vec::new(),
            default: None,
        }
    }
}

impl Return {
    pub(super) const fn new(mode: ReturnMode, slot: Slot) -> Return {
        Return { mode, slot, disagree: Vec::new(), literal: false, seen: false, first: None }
    }
}

impl<'a> Checker<'a> {
    /// Checks the body of a function, of an instance, or of a nested function's instance.
    pub(super) fn check_function(&mut self, body: BodyId) {
        let unit = &mut self.units[body.index()];
        unit.progress = Progress::Checking;
        let Some(id) = unit.function else { return };
        let (param_types, owner_args, names_only) = (unit.params, unit.owner_args, unit.names_only);
        let function = &self.functions[id.index()];
        let (decl, params, module, file) = (function.decl, function.params, function.module, function.file);
        let (prelude, owner) = (function.prelude, function.owner);
        let kind = if function.nested.is_some() { BodyKind::Closure } else { BodyKind::Function };
        let mut cx = Ctx::new(kind, body, module, file);
        cx.limit = function.limit;
        cx.level = self.cx().level + 1;
        cx.window.base = self.scope.len();
        if let Some(super::Owner::Enum(owner)) = owner {
            cx.type_params = Some(TypeParams { owner, args: owner_args.to_vec() });
        }
        if let Some(nested) = &function.nested {
            cx.parent = Some(nested.ctx);
            cx.of_module = self.ctxs[nested.ctx as usize].of_module;
            let here = self.scope.len();
            let window = nested.window.clone();
            cx.window = window;
            cx.window.until_now(here);
            cx.type_params = nested.type_params.clone();
            cx.names_only = self.ctxs[nested.ctx as usize].names_only;
            if !function.generic {
                // Checked where it stands: its unknown types belong to the body around it.
                cx.level = self.cx().level;
            }
        }
        cx.names_only |= names_only;
        let nested = function.nested.as_ref().map(|nested| (nested.id, nested.ctx));
        let mark = self.begin_body(cx);
        let declared = self.functions[id.index()].ret;
        let ret = match declared {
            Some(mut slot) => {
                slot.ty = self.types.instantiate(slot.ty, owner_args);
                Return::new(ReturnMode::Declared, slot)
            }
            None => self.inferred_return(&decl.body),
        };
        self.units[body.index()].ret = ret.slot.ty;
        if let Some((nested, ctx)) = nested
            && let Some(&(local, _)) =
                self.checked.nested[nested.index()].iter().rev().find(|instance| instance.1 == body)
        {
            self.ctxs[ctx as usize].locals[local.index()].ty =
                self.types.intern(TyKind::Fn(param_types.into(), ret.slot.ty));
        }
        self.cx_mut().ret = ret;
        self.scope.push_block(BlockKind::Plain);
        let start = self.stmts.len();
        let locals = self.declare_params(params.iter().zip(param_types).map(|(param, &ty)| {
            let length = param.slot.and_then(|slot| slot.length);
            (param.name, Slot { ty, length })
        }));
        let done = self.body_statements(&decl.body, start);
        self.scope.pop_block();
        let done = self.finish_return(body, done, decl.name.span);
        let name = match owner {
            Some(owner) => {
                self.arena.alloc_str(&format!("{}.{}", self.owner_name(owner), self.name(decl.name.name)))
            }
            None => self.name(decl.name.name),
        };
        self.end_body(mark, name, locals, done.block, decl.span, prelude);
    }

    /// The return type of a body that declares none.
    pub(super) fn inferred_return(&mut self, body: &ast::Block<'a>) -> Return {
        let mode = self.return_mode(body);
        let ty = if mode == ReturnMode::Void { Ty::VOID } else { self.fresh() };
        Return::new(mode, Slot::of(ty))
    }

    /// Declares parameters. What `[T, N]` asks for is checked at the call if the function is called by name, and again
    /// here, since calls through a function value do not know it.
    pub(super) fn declare_params(
        &mut self,
        params: impl Iterator<Item = (ast::Ident, Slot)>,
    ) -> &'a [LocalId] {
        let ctx = self.ctxs.len() as u32 - 1;
        let first = self.cx().locals.len() as u32;
        for (name, slot) in params {
            let local = self.new_local(self.name(name.name), slot, false);
            if name.name != super::known::UNDERSCORE {
                self.scope.push(name.name, Entity::Local { ctx, local, kind: VarKind::Parameter });
            }
            if let Some(length) = slot.length {
                let operand = Expr { kind: ExprKind::Local(local), ty: slot.ty, span: name.span };
                let kind = ExprKind::CheckLen { operand: self.alloc(operand), length };
                let check = self.alloc(Expr { kind, ..operand });
                self.stmts.push(Stmt { kind: StmtKind::Expr(check), span: name.span });
            }
        }
        let last = self.cx().locals.len() as u32;
        self.arena.alloc_slice_fill_iter((first..last).map(LocalId))
    }

    /// Enters a body.
    pub(super) fn begin_body(&mut self, mut cx: Ctx<'a>) -> BodyMark {
        (cx.locals, cx.loops) = self.spare.pop().unwrap_or_default();
        self.ctxs.push(cx);
        BodyMark { open: self.types.open_count(), deferred: self.deferred.len() }
    }

    /// The statements of a body; those from `start` on were made already.
    pub(super) fn body_statements(&mut self, body: &ast::Block<'a>, start: usize) -> Done<'a> {
        let ret = &self.cx().ret;
        let returns = match ret.mode {
            ReturnMode::None | ReturnMode::Void => false,
            ReturnMode::Declared => self.types.shallow(ret.slot.ty) != Ty::VOID,
            ReturnMode::Values | ReturnMode::Implicit => true,
        };
        let mut tail = if returns { Tail::Return } else { Tail::None };
        self.statements_from(body.stmts, &mut tail, start)
    }

    /// Settles the return type at the end of a body. `name` is where a path without a value is reported.
    pub(super) fn finish_return(&mut self, body: BodyId, mut done: Done<'a>, name: Span) -> Done<'a> {
        let unit_asked = self.units[body.index()].asked;
        let level = self.cx().level;
        let ret =
            std::mem::replace(&mut self.cx_mut().ret, Return::new(ReturnMode::None, Slot::of(Ty::VOID)));
        let ty = self.types.shallow(ret.slot.ty);
        let mut result = ret.slot.ty;
        let own_unknown = self.types.level_of(ty).is_some_and(|found| found >= level);
        match ret.mode {
            ReturnMode::Declared | ReturnMode::Values => {
                if done.falls && done.block.value.is_none() && ty != Ty::VOID {
                    self.report_missing_value(name, ty);
                }
                if ret.mode == ReturnMode::Values && unit_asked && own_unknown {
                    self.report_no_return_type(ret.first.unwrap_or(name));
                    result = Ty::POISON;
                    let _ = self.types.unify(ty, Ty::POISON);
                }
            }
            ReturnMode::Implicit if !ret.disagree.is_empty() => {
                result = Ty::VOID;
                if unit_asked || ret.literal {
                    for &(span, got) in &ret.disagree {
                        if self.types.shallow(got) == Ty::VOID {
                            self.report_void(span);
                        } else {
                            self.report_mismatch(ty, got, span, Role::Arm);
                        }
                    }
                    result = Ty::POISON;
                }
            }
            ReturnMode::Implicit if done.falls && done.block.value.is_none() => {
                result = Ty::VOID;
                if unit_asked && !own_unknown && ty != Ty::VOID {
                    self.report_missing_value(name, ty);
                    result = Ty::POISON;
                }
            }
            ReturnMode::Implicit if own_unknown && (unit_asked || !ret.seen) => {
                // Only calls of this kind, or no value at all since it never returns.
                let _ = self.types.unify(ty, Ty::VOID);
                result = Ty::VOID;
            }
            ReturnMode::Implicit => {}
            ReturnMode::None | ReturnMode::Void => {}
        }
        let known = self.types.shallow(result);
        if known == Ty::VOID {
            done.block = self.drop_value(done.block);
        }
        if self.types.is_unknown(known) && !own_unknown {
            self.late_returns.push(body);
        }
        self.units[body.index()].ret = result;
        done
    }

    /// Leaves a body: settles what can be settled, and keeps it.
    pub(super) fn end_body(
        &mut self,
        mark: BodyMark,
        name: &'a str,
        params: &'a [LocalId],
        block: Block<'a>,
        span: Span,
        prelude: bool,
    ) {
        let level = self.cx().level;
        // The types of a closure live as long as those of the body around it.
        let own_types = self.ctxs.len() < 2 || self.ctxs[self.ctxs.len() - 2].level != level;
        let stays_open = self.interactive && self.cx().kind == BodyKind::Module;
        if own_types && !stays_open {
            self.types.close(mark.open, level);
            self.settle(mark.deferred);
            self.types.close(mark.open, level);
        }
        self.check_depths(span);
        let Some(mut cx) = self.ctxs.pop() else { return };
        let unit = &mut self.units[cx.body.index()];
        unit.progress = Progress::Done;
        let body = &mut self.checked.bodies[cx.body.index()];
        body.name = name;
        body.prelude = prelude;
        body.params = params;
        body.ret = unit.ret;
        body.locals = self.arena.alloc_slice_fill_iter(cx.locals.drain(..));
        body.captures = self.arena.alloc_slice_copy(&cx.captures);
        body.loops = cx.loop_count;
        body.block = block;
        body.span = span;
        cx.loops.clear();
        self.spare.push((cx.locals, cx.loops));
    }

    /// Types that inference built may nest too deeply for whoever reads them.
    fn check_depths(&mut self, span: Span) {
        let count = self.cx().locals.len();
        for index in 0..count {
            let ty = self.cx().locals[index].ty;
            if self.types.has_variables(ty) && self.types.is_too_deep(ty) {
                let start = span.start;
                return self.report_too_deep(Span { start, end: start + 1 });
            }
        }
    }

    fn report_missing_value(&mut self, name: Span, ty: Ty) {
        let wanted = self.describe(ty);
        let report = self
            .diagnostic(
                1006,
                name,
                "Function can reach its end without a value",
                format!("must return {wanted}"),
                format!(
                    "This function returns {wanted}, but on some path it can reach its end without a value."
                ),
            )
            .help("end every path in `return`, or in an expression that is the value.");
        self.report(report);
    }

    fn report_no_return_type(&mut self, span: Span) {
        let report = self
            .diagnostic(
                2006,
                span,
                "Return type cannot be inferred",
                "only the function itself determines this",
                "The function returns what a call of itself returns, so nothing determines the type.",
            )
            .help("annotate the return type with `-> T`.");
        self.report(report);
    }

    /// `return`, with or without a value.
    pub(super) fn return_statement(&mut self, value: Option<&'a ast::Expr<'a>>, span: Span) {
        let ret = &self.cx().ret;
        let (mode, slot) = (ret.mode, ret.slot);
        let ty = self.types.shallow(slot.ty);
        let Some(expr) = value else {
            if matches!(mode, ReturnMode::Declared | ReturnMode::Values) && ty != Ty::VOID && ty != Ty::POISON
            {
                let report = self
                    .diagnostic(
                        2001,
                        span,
                        "Value missing after `return`",
                        "returns nothing",
                        "This function returns a value, so each `return` in it needs one.",
                    )
                    .help("write the value after `return`.");
                self.report(report);
            }
            self.stmts.push(Stmt { kind: StmtKind::Return(None), span });
            return;
        };
        let value = match mode {
            ReturnMode::Declared if ty == Ty::VOID => {
                let value = self.expr(expr, None);
                if self.types.shallow(value.ty) != Ty::POISON {
                    let report = self
                        .diagnostic(
                            2001,
                            expr.span,
                            "Function returns nothing",
                            "no value is expected here",
                            "This function returns nothing, so `return` takes no value in it.",
                        )
                        .help("remove the value, or give the function a return type with `-> T`.");
                    self.report(report);
                }
                value
            }
            ReturnMode::Declared => self.coerced_slot(expr, slot, Role::Returned),
            ReturnMode::Values => {
                let value = self.value(expr, None);
                let ret = &mut self.cx_mut().ret;
                ret.first.get_or_insert(expr.span);
                self.coerce(value, slot.ty, Role::Returned)
            }
            _ => self.value(expr, None),
        };
        let value = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::Return(Some(value)), span });
    }

    /// The last expression of a function body, as a value to return. Nothing if the end is not reached.
    pub(super) fn implicit_return(&mut self, expr: &'a ast::Expr<'a>) -> Option<Expr<'a>> {
        let (mode, slot) = (self.cx().ret.mode, self.cx().ret.slot);
        if self.looks_like_raise(expr) {
            let value = self.expr(expr, None);
            if diverges(&value) {
                let value = self.alloc(value);
                self.stmts.push(Stmt { kind: StmtKind::Expr(value), span: expr.span });
                return None;
            }
            return self.implicit_value(value, false);
        }
        match mode {
            ReturnMode::Declared => Some(self.coerced_slot(expr, slot, Role::Returned)),
            _ => {
                let value = self.expr(expr, None);
                self.implicit_value(value, super::literal::is_literal(expr))
            }
        }
    }

    /// A value that the function returns without saying so.
    pub(super) fn implicit_value(&mut self, value: Expr<'a>, literal: bool) -> Option<Expr<'a>> {
        let (mode, slot) = (self.cx().ret.mode, self.cx().ret.slot);
        if mode != ReturnMode::Implicit {
            let value = self.require_value(value);
            let ret = &mut self.cx_mut().ret;
            ret.first.get_or_insert(value.span);
            return Some(self.coerce(value, slot.ty, Role::Returned));
        }
        let ty = self.types.shallow(slot.ty);
        let got = self.types.shallow(value.ty);
        let ret = &self.cx().ret;
        let fixed_by_literal = ret.literal;
        if self.types.unify(slot.ty, value.ty).is_err() {
            let numbers = ty.is_numeric() && got.is_numeric();
            let ret = &mut self.cx_mut().ret;
            ret.literal =
                numbers && (literal || fixed_by_literal) || fixed_by_literal && !ret.disagree.is_empty();
            ret.disagree.push((value.span, value.ty));
            ret.seen = true;
            return Some(value);
        }
        let ret = &mut self.cx_mut().ret;
        if !ret.seen && literal {
            ret.literal = true;
        } else if ret.disagree.is_empty() && !literal && got.is_numeric() {
            // Something else than a literal has this type too.
            ret.literal = false;
        }
        ret.seen = true;
        Some(value)
    }

    /// The same block with its value dropped.
    pub(super) fn drop_value(&mut self, block: Block<'a>) -> Block<'a> {
        let Some(value) = block.value else { return block };
        super::grow(|| {
            let kind = self.dropped(value);
            let last = Stmt { kind, span: value.span };
            let arena = self.arena;
            let count = block.stmts.len();
            let stmts =
                arena.alloc_slice_fill_with(count + 1, |at| block.stmts.get(at).copied().unwrap_or(last));
            Block { stmts, value: None, conditionals: block.conditionals }
        })
    }

    /// A value as a statement.
    fn dropped(&mut self, value: &'a Expr<'a>) -> StmtKind<'a> {
        let arena = self.arena;
        match value.kind {
            ExprKind::If(If { arms, otherwise }) => {
                let arms =
                    arena.alloc_slice_fill_with(arms.len(), |at| (arms[at].0, self.drop_value(arms[at].1)));
                let otherwise = otherwise.map(|block| self.drop_value(block));
                StmtKind::If(arena.alloc(If { arms, otherwise }))
            }
            ExprKind::Match(m) => {
                let arms = arena.alloc_slice_fill_with(m.arms.len(), |at| crate::lang::hir::Arm {
                    pattern: m.arms[at].pattern,
                    body: self.drop_value(m.arms[at].body),
                });
                StmtKind::Match(arena.alloc(crate::lang::hir::Match { value: m.value, arms }))
            }
            _ => StmtKind::Expr(value),
        }
    }

    /// Bodies whose return type hung on another's: those that return nothing after all.
    pub(super) fn finish_late_returns(&mut self) {
        for body in std::mem::take(&mut self.late_returns) {
            let ret = self.types.shallow(self.units[body.index()].ret);
            if ret == Ty::VOID {
                let block = self.checked.bodies[body.index()].block;
                self.checked.bodies[body.index()].block = self.drop_value(block);
            }
        }
    }
}

/// A call that does not return.
pub(super) fn diverges(value: &Expr<'_>) -> bool {
    use crate::lang::builtins::BuiltinFn;
    matches!(value.kind, ExprKind::Builtin { function: BuiltinFn::Raise | BuiltinFn::Exit, .. })
}
