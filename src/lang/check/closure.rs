//! Lambdas, and functions declared inside blocks.

use super::describe::Role;
use super::scope::{BlockKind, Entity};
use super::{Checker, Ctx, FnId, Function, Nested, ParamInfo, Progress, Return, ReturnMode, Slot, Unit};
use crate::lang::ast::{self, LambdaBody, Span};
use crate::lang::hir::{Block, BodyId, BodyKind, Expr, ExprKind, NestedId, Stmt, StmtKind};
use crate::lang::types::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// A lambda. What the context asks for gives the types that it does not declare.
    pub(super) fn lambda(&mut self, lambda: &'a ast::Lambda<'a>, span: Span, want: Option<Ty>) -> Expr<'a> {
        let want = want.map(|want| self.types.shallow(want));
        let poisoned = want == Some(Ty::POISON);
        let wanted = match want.map(|want| self.types.kind(want)) {
            Some(TyKind::Fn(params, ret)) => Some((params.clone(), *ret)),
            _ => None,
        };
        self.check_param_names(lambda.signature.params);
        let mut slots = Vec::with_capacity(lambda.signature.params.len());
        for (index, param) in lambda.signature.params.iter().enumerate() {
            let slot = match param.ty {
                Some(ty) => self.annotation(ty),
                None => Slot::of(match &wanted {
                    Some((params, _)) if index < params.len() => params[index],
                    _ if poisoned => Ty::POISON,
                    _ => self.fresh(),
                }),
            };
            slots.push(slot);
        }
        let declared = lambda.signature.ret.map(|ret| self.return_annotation(ret));
        let params: Vec<Ty> = slots.iter().map(|slot| slot.ty).collect();
        let kept = &*self.arena.alloc_slice_copy(&params);
        let file = self.file();
        let unit = Unit {
            progress: Progress::Checking,
            function: None,
            params: kept,
            owner_args: &[],
            ret: Ty::VOID,
            asked: false,
            names_only: false,
        };
        let body = self.new_body(BodyKind::Closure, file, unit);
        let mut cx = self.closure_ctx(body);
        cx.window = self.cx().window.clone();
        let mark = self.begin_body(cx);
        let asked = match &wanted {
            // An unknown return type in the context is inferred here, and made the same afterwards.
            Some((_, ret)) if declared.is_none() && !self.types.is_unknown(*ret) => Some(Slot::of(*ret)),
            _ => declared,
        };
        let ret = match (asked, &lambda.body) {
            (Some(slot), _) => Return::new(ReturnMode::Declared, slot),
            (None, LambdaBody::Block(block)) => self.inferred_return(block),
            (None, LambdaBody::Expr(_)) => {
                let ty = self.fresh();
                Return::new(ReturnMode::Implicit, Slot::of(ty))
            }
        };
        self.units[body.index()].ret = ret.slot.ty;
        self.cx_mut().ret = ret;
        self.scope.push_block(BlockKind::Plain);
        let start = self.stmts.len();
        let names = lambda.signature.params.iter().map(|param| param.name);
        let locals = self.declare_params(names.zip(slots));
        let done = match &lambda.body {
            LambdaBody::Block(block) => {
                let done = self.body_statements(block, start);
                self.finish_return(body, done, lambda.fn_span)
            }
            LambdaBody::Expr(expr) => self.lambda_value(body, expr, start),
        };
        self.scope.pop_block();
        self.end_body(mark, "<fn>", locals, done.block, span, false);
        let ret = self.units[body.index()].ret;
        let ty = self.types.intern(TyKind::Fn(params.into(), ret));
        Expr { kind: ExprKind::Closure(body), ty, span }
    }

    /// A context for a body that lies within the current one.
    fn closure_ctx(&self, body: BodyId) -> Ctx<'a> {
        let outer = self.cx();
        let mut cx = Ctx::new(BodyKind::Closure, body, outer.module, outer.file);
        cx.parent = Some(self.ctxs.len() as u32 - 1);
        cx.of_module = outer.of_module;
        cx.limit = outer.limit;
        cx.level = outer.level;
        cx.type_params = outer.type_params.clone();
        cx.names_only = outer.names_only;
        cx
    }

    /// The body of a lambda that is an expression.
    fn lambda_value(
        &mut self,
        body: BodyId,
        expr: &'a ast::Expr<'a>,
        start: usize,
    ) -> super::function::Done<'a> {
        let slot = self.cx().ret.slot;
        let declared = self.cx().ret.mode == ReturnMode::Declared;
        let known = self.types.shallow(slot.ty);
        let value = if declared && known == Ty::VOID {
            Some(self.expr(expr, None))
        } else if declared {
            if self.looks_like_raise(expr) {
                let value = self.expr(expr, None);
                if super::function::diverges(&value) {
                    Some(value)
                } else {
                    let value = self.require_value(value);
                    Some(self.coerce(value, slot.ty, Role::Returned))
                }
            } else {
                Some(self.coerced_slot(expr, slot, Role::Returned))
            }
        } else {
            let value = self.expr(expr, None);
            let _ = self.types.unify(slot.ty, value.ty);
            self.units[body.index()].ret = value.ty;
            Some(value)
        };
        let mut falls = true;
        let mut tail = None;
        if let Some(value) = value {
            let kept = self.alloc(value);
            let dropped = self.types.shallow(self.units[body.index()].ret) == Ty::VOID;
            if super::function::diverges(&value) || dropped {
                falls = !super::function::diverges(&value);
                self.stmts.push(Stmt { kind: StmtKind::Expr(kept), span: expr.span });
            } else {
                tail = Some(kept);
                if self.types.is_unknown(self.units[body.index()].ret) {
                    self.late_returns.push(body);
                }
            }
        }
        let stmts = self.arena.alloc_slice_copy(&self.stmts[start..]);
        self.stmts.truncate(start);
        super::function::Done { block: Block { stmts, value: tail, conditionals: &[] }, falls }
    }

    /// A function declared in a block: one that is not generic is checked here.
    pub(super) fn nested_function(&mut self, decl: &'a ast::FnDecl<'a>) {
        let name = decl.name;
        if self.scope.declared_here(name.name) {
            self.report_redeclared(name.name, name.span, "this block");
        }
        self.check_param_names(decl.signature.params);
        let mut generic = false;
        let mut params = Vec::with_capacity(decl.signature.params.len());
        for param in decl.signature.params {
            let slot = param.ty.map(|ty| self.annotation(ty));
            generic |= slot.is_none();
            params.push(ParamInfo { name: param.name, slot });
        }
        let params = &*self.arena.alloc_slice_copy(&params);
        let ret = decl.signature.ret.map(|ret| self.return_annotation(ret));
        let ctx = self.ctxs.len() as u32 - 1;
        let nested = NestedId(self.checked.nested.len() as u32);
        self.checked.nested.push(Vec::new());
        let id = FnId(self.functions.len() as u32);
        let local = if generic {
            crate::lang::hir::LocalId(u32::MAX)
        } else {
            self.new_local(self.name(name.name), Slot::of(Ty::POISON), false)
        };
        if name.name != super::known::UNDERSCORE {
            self.scope.push(name.name, Entity::Function(id));
        }
        let mut window = self.cx().window.clone();
        window.end = Some(self.scope.len());
        let (module, file, limit, type_params) =
            (self.cx().module, self.file(), self.cx().limit, self.cx().type_params.clone());
        let prelude = self.checked.bodies[self.cx().body.index()].prelude;
        self.functions.push(Function {
            decl,
            module,
            file,
            owner: None,
            is_method: false,
            params,
            ret,
            generic,
            limit,
            body: BodyId(u32::MAX),
            instances: 0,
            nested: Some(Nested { id: nested, ctx, window, type_params, local }),
            prelude,
        });
        self.stmts.push(Stmt { kind: StmtKind::Nested(nested), span: decl.span });
        if generic {
            // An uncalled one is still checked for names, at the end of its block.
            self.cx_mut().nested_generic.push(id);
            return;
        }
        let types: Vec<Ty> = params.iter().filter_map(|param| param.slot).map(|slot| slot.ty).collect();
        let types = &*self.arena.alloc_slice_copy(&types);
        let ret = ret.map_or(Ty::VOID, |slot| slot.ty);
        let unit = Unit {
            progress: Progress::Waiting,
            function: Some(id),
            params: types,
            owner_args: &[],
            ret,
            asked: false,
            names_only: false,
        };
        let body = self.new_body(BodyKind::Closure, file, unit);
        self.functions[id.index()].body = body;
        self.checked.nested[nested.index()].push((local, body));
        super::grow(|| self.check_function(body));
        let ret = self.units[body.index()].ret;
        let ty = self.types.intern(TyKind::Fn(types.into(), ret));
        self.cx_mut().locals[local.index()].ty = ty;
    }

    /// The closure of a nested function's instance, as an expression of the current body.
    pub(super) fn nested_closure(&mut self, id: FnId, body: BodyId, span: Span) -> Option<Expr<'a>> {
        let nested = self.functions[id.index()].nested.as_ref()?;
        let (ctx, list) = (nested.ctx, &self.checked.nested[nested.id.index()]);
        let local = if nested.local.0 != u32::MAX {
            nested.local
        } else {
            list.iter().rev().find(|instance| instance.1 == body)?.0
        };
        let entity = Entity::Local { ctx, local, kind: super::scope::VarKind::Parameter };
        Some(self.read(entity, span))
    }
}
