//! Calls of functions, methods and function values.

use super::describe::Role;
use super::postfix::Val;
use super::{Checker, FnId, Progress, Slot};
use crate::lang::ast::{self, Span};
use crate::lang::hir::{BodyId, CallNested, CallValue, Expr, ExprKind};
use crate::lang::types::{Ty, TyKind};

/// How many bodies may wait for each other. Each takes some kilobytes of stack.
const MOST_DEMANDED: u32 = 20_000;

impl<'a> Checker<'a> {
    /// `val(args)`: `callee` is the span of what stands before the parenthesis, `span` that of the call.
    pub(super) fn call(
        &mut self,
        val: Val<'a>,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
        want: Option<Ty>,
    ) -> Expr<'a> {
        match val {
            Val::Function(id) | Val::Associated(id) => self.call_function(id, None, args, callee, span),
            Val::Method(receiver, id) => self.call_function(id, Some(receiver), args, callee, span),
            Val::Builtin(builtin) => self.call_builtin(builtin, args, callee, span),
            Val::BuiltinMethod(receiver, function) => {
                self.call_builtin_method(receiver, function, args, callee, span)
            }
            Val::Variant(id, variant) => self.construct(id, variant, args, callee, span, want),
            Val::Value(value) => self.call_value(value, args, callee, span),
            Val::Namespace(_) | Val::Type(_) => {
                self.finish(val, callee, None);
                self.args_of_nothing(args);
                Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span }
            }
            Val::Poison => {
                self.args_of_nothing(args);
                Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span }
            }
        }
    }

    /// Checks arguments of which nothing is known any more.
    pub(super) fn args_of_nothing(&mut self, args: &'a [ast::Expr<'a>]) {
        for arg in args {
            self.value(arg, Some(Ty::POISON));
        }
    }

    fn call_value(
        &mut self,
        value: Expr<'a>,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let value = self.require_value(value);
        let ty = self.types.shallow(value.ty);
        let poison = Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span };
        let (params, ret) = match self.types.kind(ty) {
            TyKind::Fn(params, ret) => (params.clone(), *ret),
            TyKind::Poison => {
                self.args_of_nothing(args);
                return poison;
            }
            TyKind::Var(_) => {
                self.report_unknown(callee, "What is called must be known to be a function");
                self.args_of_nothing(args);
                return poison;
            }
            _ => {
                let name = self.describe(ty);
                let report = self.diagnostic(
                    2007,
                    callee,
                    "Not a function",
                    format!("{name} cannot be called"),
                    format!("Only functions can be called, but this is {name}."),
                );
                self.report(report);
                self.args_of_nothing(args);
                return poison;
            }
        };
        if args.len() != params.len() {
            self.report_count(callee, "This function", params.len(), args.len());
            self.args_of_nothing(args);
            return Expr { ty: ret, ..poison };
        }
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(args.len(), |index| {
            self.coerced(&args[index], params[index], Role::Argument(index as u32 + 1))
        });
        let kind = ExprKind::CallValue(self.alloc(CallValue { callee: value, args: list }));
        Expr { kind, ty: ret, span }
    }

    /// A wrong number of arguments.
    pub(super) fn report_count(&mut self, callee: Span, what: &str, expected: usize, given: usize) {
        let plural = if expected == 1 { "" } else { "s" };
        let were = if given == 1 { "was" } else { "were" };
        let report = self
            .diagnostic(
                2009,
                callee,
                "Wrong number of arguments",
                format!("expects {expected} argument{plural}"),
                format!("{what} takes {expected} argument{plural}, but {given} {were} given."),
            )
            .help(if given < expected { "add the missing ones." } else { "remove those that are too many." });
        self.report(report);
    }

    /// A call of a declared function; a method's receiver is its first argument.
    pub(super) fn call_function(
        &mut self,
        id: FnId,
        receiver: Option<Expr<'a>>,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let function = &self.functions[id.index()];
        let params = function.params;
        let before = usize::from(receiver.is_some());
        if args.len() + before != params.len() {
            let what = format!("`{}`", self.name(function.decl.name.name));
            let expected = params.len() - before.min(params.len());
            self.report_count(callee, &what, expected, args.len());
            self.args_of_nothing(args);
            let function = &self.functions[id.index()];
            let ty = match function.ret {
                Some(slot) if !self.types.has_params(slot.ty) => slot.ty,
                _ => Ty::POISON,
            };
            return Expr { kind: ExprKind::Bool(false), ty, span };
        }
        if function.generic {
            return self.call_generic(id, receiver, args, callee, span);
        }
        let body = function.body;
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(params.len(), |index| match receiver {
            Some(receiver) if index == 0 => receiver,
            _ => {
                let slot = params[index].slot.unwrap_or(Slot::of(Ty::POISON));
                self.coerced_slot(&args[index - before], slot, Role::Argument((index - before) as u32 + 1))
            }
        });
        self.finish_call(id, body, list, callee, span)
    }

    /// A call of a body with checked arguments.
    pub(super) fn finish_call(
        &mut self,
        id: FnId,
        body: BodyId,
        args: &'a [Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let ty = self.ask_return(body, callee);
        let kind = match self.nested_closure(id, body, span) {
            Some(callee) => ExprKind::CallNested(self.alloc(CallNested { callee, body, args })),
            None => ExprKind::Call { body, args },
        };
        Expr { kind, ty, span }
    }

    /// The return type of a body, which is checked now if the type is to be inferred and was not asked for before.
    pub(super) fn ask_return(&mut self, body: BodyId, callee: Span) -> Ty {
        let unit = &mut self.units[body.index()];
        match unit.progress {
            Progress::Done => unit.ret,
            Progress::Checking => {
                unit.asked = true;
                unit.ret
            }
            Progress::Waiting => {
                let declared = unit.function.is_some_and(|id| self.functions[id.index()].ret.is_some());
                if !declared {
                    if self.cx().names_only {
                        return Ty::POISON;
                    }
                    if !self.check_on_demand(body, callee) {
                        return Ty::POISON;
                    }
                }
                self.units[body.index()].ret
            }
        }
    }

    /// Checks a body in the middle of another, unless that is one too many.
    pub(super) fn check_on_demand(&mut self, body: BodyId, callee: Span) -> bool {
        if self.demanded < MOST_DEMANDED {
            self.demanded += 1;
            super::grow(|| self.check_function(body));
            self.demanded -= 1;
            return true;
        }
        let report = self
            .diagnostic(
                2006,
                callee,
                "Too many types are being inferred",
                "its return type is needed here",
                format!("To check this call, {MOST_DEMANDED} functions that call each other have their types inferred already."),
            )
            .help("annotate the return types and parameters of some of these functions.");
        self.report(report);
        false
    }

    /// A function as a value.
    pub(super) fn function_value(&mut self, id: FnId, span: Span, want: Option<Ty>) -> Expr<'a> {
        let function = &self.functions[id.index()];
        let body = if function.generic {
            match self.instance_for_context(id, span, want) {
                Some(body) => body,
                None => return Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
            }
        } else {
            function.body
        };
        let ret = self.ask_return(body, span);
        let params = self.units[body.index()].params;
        let ty = self.types.intern(TyKind::Fn(params.into(), ret));
        match self.nested_closure(id, body, span) {
            Some(closure) => Expr { ty, ..closure },
            None => Expr { kind: ExprKind::Function(body), ty, span },
        }
    }
}
