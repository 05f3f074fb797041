//! Names, and the chains of calls, indexings and members that follow them.
//!
//! How it works. A chain is walked once, from left to right. What it stands for so far is a [`Val`]: mostly a value, but
//! a module, a type, a function or method that must still be called are possible in between.

use super::describe::Role;
use super::known::Builtin;
use super::scope::Entity;
use super::{Checker, FnId, Owner};
use crate::lang::ast::{self, ExprKind as Ast, Ident, PostfixKind, PostfixOp, Span};
use crate::lang::builtins::BuiltinFn;
use crate::lang::hir::{Expr, ExprKind, Index, Slice};
use crate::lang::intern::Symbol;
use crate::lang::modules::ModuleId;
use crate::lang::types::{EnumId, Ty, TyKind};

/// What the beginning of a postfix chain stands for.
pub(super) enum Val<'a> {
    Value(Expr<'a>),
    /// A function declared at module level or in a block.
    Function(FnId),
    /// A function of a type, named through the type.
    Associated(FnId),
    /// A method with its receiver.
    Method(Expr<'a>, FnId),
    Builtin(Builtin),
    BuiltinMethod(Expr<'a>, BuiltinFn),
    Variant(EnumId, u32),
    Namespace(ModuleId),
    Type(Owner),
    Poison,
}

/// `a.b.c` as a path, if the expression is one.
pub(super) fn path_of(expr: &ast::Expr<'_>) -> Option<Vec<Ident>> {
    match &expr.kind {
        Ast::Name(name) => Some(vec![Ident { name: *name, span: expr.span }]),
        Ast::Postfix(ast::Postfix { base, ops }) if ops.len() <= 2 => {
            let Ast::Name(name) = base.kind else { return None };
            let mut path = vec![Ident { name, span: base.span }];
            for op in *ops {
                let PostfixKind::Member(ident) = op.kind else { return None };
                path.push(ident);
            }
            Some(path)
        }
        _ => None,
    }
}

impl<'a> Checker<'a> {
    /// A name or a postfix chain as an expression.
    pub(super) fn postfix(&mut self, expr: &ast::Expr<'a>, want: Option<Ty>) -> Expr<'a> {
        match &expr.kind {
            Ast::Name(name) => {
                let val = self.resolve_name(*name, expr.span);
                self.finish(val, expr.span, want)
            }
            Ast::Postfix(ast::Postfix { base, ops }) => super::grow(|| {
                let val = self.walk(base, ops, want);
                self.finish(val, expr.span, want)
            }),
            _ => self.value(expr, want),
        }
    }

    /// What a base with some operations stands for.
    pub(super) fn walk(
        &mut self,
        base: &ast::Expr<'a>,
        ops: &'a [PostfixOp<'a>],
        want: Option<Ty>,
    ) -> Val<'a> {
        let mut val = match base.kind {
            Ast::Name(name) => self.resolve_name(name, base.span),
            _ => {
                let value = self.value(base, None);
                Val::Value(value)
            }
        };
        let start = base.span.start;
        let mut so_far = base.span;
        for (index, op) in ops.iter().enumerate() {
            let span = Span { start, end: op.span.end };
            val = match &op.kind {
                PostfixKind::Member(name) => self.member(val, so_far, *name),
                PostfixKind::Call(args) => {
                    let want = if index + 1 == ops.len() { want } else { None };
                    Val::Value(self.call(val, args, so_far, span, want))
                }
                PostfixKind::Index(at) => {
                    let base = self.finish_value(val, so_far);
                    Val::Value(self.index(base, at, op.span, span))
                }
                PostfixKind::Slice { start, end, inclusive } => {
                    let base = self.finish_value(val, so_far);
                    Val::Value(self.slice(base, *start, *end, *inclusive, op.span, span))
                }
            };
            so_far = span;
        }
        val
    }

    /// What a name stands for.
    pub(super) fn resolve_name(&mut self, name: Symbol, span: Span) -> Val<'a> {
        match self.lookup(name) {
            Some(entity) => self.entity_val(entity, span),
            None => match self.builtins.function(name) {
                Some(builtin) => Val::Builtin(builtin),
                None => {
                    self.report_undefined(name, span);
                    Val::Poison
                }
            },
        }
    }

    pub(super) fn entity_val(&mut self, entity: Entity, span: Span) -> Val<'a> {
        match entity {
            Entity::Local { .. } | Entity::Global(_) => Val::Value(self.read(entity, span)),
            Entity::Constant(number) => {
                let constant = &self.constants[number as usize];
                Val::Value(Expr { kind: constant.value.kind(), ty: constant.ty, span })
            }
            Entity::Function(id) => Val::Function(id),
            Entity::Struct(id) => Val::Type(Owner::Struct(id)),
            Entity::Enum(id) => Val::Type(Owner::Enum(id)),
            Entity::Namespace(module) => Val::Namespace(module),
            Entity::Poison => Val::Poison,
        }
    }

    fn finish_value(&mut self, val: Val<'a>, span: Span) -> Expr<'a> {
        let value = self.finish(val, span, None);
        self.require_value(value)
    }

    /// What the whole chain stands for, as an expression.
    pub(super) fn finish(&mut self, val: Val<'a>, span: Span, want: Option<Ty>) -> Expr<'a> {
        let poison = Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span };
        match val {
            Val::Value(value) => value,
            Val::Poison => poison,
            Val::Function(id) => self.function_value(id, span, want),
            Val::Associated(id) | Val::Method(_, id) => {
                let name = self.name(self.functions[id.index()].decl.name.name);
                let report = self
                    .diagnostic(
                        2007,
                        span,
                        "Method is not a value",
                        "must be called",
                        format!(
                            "`{name}` belongs to a type; such functions can be called, but are not values."
                        ),
                    )
                    .help("call it, or wrap the call in a lambda.");
                self.report(report);
                poison
            }
            Val::Builtin(_) | Val::BuiltinMethod(..) => {
                let report = self
                    .diagnostic(
                        2007,
                        span,
                        "Builtin is not a value",
                        "must be called",
                        "Builtin functions and methods can be called, but are not values.",
                    )
                    .help("call it, or wrap the call in a lambda, such as `fn(s: string) -> i32: len(s)`.");
                self.report(report);
                poison
            }
            Val::Variant(id, variant) => {
                let expected = self.enums[id.0 as usize].variants[variant as usize].payload.len();
                if expected > 0 {
                    self.report_payload_count(id, variant, 0, span);
                    return poison;
                }
                self.construct(id, variant, &[], span, span, want)
            }
            Val::Namespace(_) => {
                let report = self
                    .diagnostic(
                        2007,
                        span,
                        "Module is not a value",
                        "this is a module",
                        "The name of a module only serves to reach what the module exports.",
                    )
                    .help("name something that it exports, as in `module.name`.");
                self.report(report);
                poison
            }
            Val::Type(owner) => {
                let name = self.owner_name(owner);
                let report = self
                    .diagnostic(
                        2007,
                        span,
                        "Type is not a value",
                        "this is a type",
                        format!("`{name}` is a type, but a value is needed here."),
                    )
                    .help(match owner {
                        Owner::Struct(_) => format!("make a value of it, as in `{name}{{ … }}`."),
                        Owner::Enum(_) => format!("name one of its variants, as in `{name}.…`."),
                    });
                self.report(report);
                poison
            }
        }
    }

    /// The call that `path(args)` is, where it turned out to be no pattern.
    pub(super) fn call_expression(
        &mut self,
        path: ast::Path<'a>,
        args: &'a [Option<ast::Expr<'a>>],
        span: Span,
    ) -> ast::Expr<'a> {
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(args.len(), |index| match args[index] {
            Some(arg) => arg,
            None => ast::Expr { kind: Ast::Name(super::known::UNDERSCORE), span },
        });
        let base = ast::Expr { kind: Ast::Name(path[0].name), span: path[0].span };
        let members =
            path[1..].iter().map(|ident| PostfixOp { kind: PostfixKind::Member(*ident), span: ident.span });
        let call = PostfixOp { kind: PostfixKind::Call(list), span };
        let ops: Vec<_> = members.chain([call]).collect();
        let ops = self.arena.alloc_slice_copy(&ops);
        ast::Expr { kind: Ast::Postfix(self.alloc(ast::Postfix { base, ops })), span }
    }

    /// `base[at]`
    fn index(&mut self, base: Expr<'a>, at: &ast::Expr<'a>, bracket: Span, span: Span) -> Expr<'a> {
        let bracket = Span { start: bracket.start, end: bracket.start + 1 };
        let base_ty = self.types.shallow(base.ty);
        let (index, ty) = match *self.types.kind(base_ty) {
            TyKind::Array(element) => (self.array_index(at), element),
            TyKind::String => (self.array_index(at), Ty::STRING),
            TyKind::Map(key, value) => (self.map_key(at, key), value),
            TyKind::Poison => (self.value(at, Some(Ty::POISON)), Ty::POISON),
            TyKind::Var(_) => {
                self.report_unknown(base.span, "An array, string or map is needed before `[`");
                (self.value(at, Some(Ty::POISON)), Ty::POISON)
            }
            _ => {
                let name = self.describe(base_ty);
                let report = self.diagnostic(
                    2007,
                    base.span,
                    "Type cannot be indexed",
                    format!("{name} has no elements"),
                    format!("Arrays, strings and maps can be indexed, but this is {name}."),
                );
                self.report(report);
                (self.value(at, Some(Ty::POISON)), Ty::POISON)
            }
        };
        let kind = ExprKind::Index(self.alloc(Index { base, index, bracket }));
        Expr { kind, ty, span }
    }

    /// An index of an array or string: any integer type.
    pub(super) fn array_index(&mut self, at: &ast::Expr<'a>) -> Expr<'a> {
        let index = self.value(at, None);
        self.require_integer(index.ty, at.span, 2001);
        index
    }

    /// A key of a map with keys of this type.
    pub(super) fn map_key(&mut self, at: &ast::Expr<'a>, key: Ty) -> Expr<'a> {
        let unknown = self.types.is_unknown(key);
        let index = self.coerced(at, key, Role::Key);
        if unknown {
            self.require_key(key, at.span);
        }
        index
    }

    fn slice(
        &mut self,
        base: Expr<'a>,
        start: Option<&'a ast::Expr<'a>>,
        end: Option<&'a ast::Expr<'a>>,
        inclusive: bool,
        bracket: Span,
        span: Span,
    ) -> Expr<'a> {
        let bracket = Span { start: bracket.start, end: bracket.start + 1 };
        let base_ty = self.types.shallow(base.ty);
        let ty = match self.types.kind(base_ty) {
            TyKind::Array(_) | TyKind::String | TyKind::Poison => base_ty,
            TyKind::Var(_) => {
                self.report_unknown(base.span, "An array or string is needed before `[`");
                Ty::POISON
            }
            _ => {
                let name = self.describe(base_ty);
                let report = self.diagnostic(
                    2007,
                    base.span,
                    "Type cannot be sliced",
                    format!("{name} has no slices"),
                    format!("Arrays and strings can be sliced, but this is {name}."),
                );
                self.report(report);
                Ty::POISON
            }
        };
        let start = start.map(|start| self.array_index(start));
        let end = end.map(|end| self.array_index(end));
        let kind = ExprKind::Slice(self.alloc(Slice { base, start, end, inclusive, bracket }));
        Expr { kind, ty, span }
    }
}
