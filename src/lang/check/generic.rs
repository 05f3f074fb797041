//! Generic functions: an instance for each combination of argument types.

use super::describe::Role;
use super::{Checker, FnId, Owner, Progress, Slot, TypeParams, Unit};
use crate::lang::ast::{self, Span};
use crate::lang::hir::{BodyId, BodyKind, Expr, ExprKind, LocalId};
use crate::lang::types::{EnumId, Ty, TyKind};

/// The largest number of instances of one function.
const MOST_INSTANCES: u32 = 1000;

impl<'a> Checker<'a> {
    /// Unknown arguments for the type parameters of a function's owner, and their number.
    fn fresh_owner_args(&mut self, owner: Option<Owner>) -> Vec<Ty> {
        match owner {
            Some(Owner::Enum(id)) => {
                (0..self.enums[id.0 as usize].params.len()).map(|_| self.fresh()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// A call of a generic function. The number of arguments was checked.
    pub(super) fn call_generic(
        &mut self,
        id: FnId,
        receiver: Option<Expr<'a>>,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let function = &self.functions[id.index()];
        let (params, owner) = (function.params, function.owner);
        let owner_args = self.fresh_owner_args(owner);
        let before = usize::from(receiver.is_some());
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(params.len(), |index| match receiver {
            Some(receiver) if index == 0 => {
                if let Some(slot) = params[0].slot {
                    let ty = self.types.instantiate(slot.ty, &owner_args);
                    return self.coerce(receiver, ty, Role::Argument(0));
                }
                receiver
            }
            _ => {
                let arg = &args[index - before];
                match params[index].slot {
                    Some(mut slot) => {
                        slot.ty = self.types.instantiate(slot.ty, &owner_args);
                        self.coerced_slot(arg, slot, Role::Argument((index - before) as u32 + 1))
                    }
                    None => self.value(arg, None),
                }
            }
        });
        let mut types: Vec<Ty> = list.iter().map(|arg| arg.ty).collect();
        types.extend(&owner_args);
        match self.instance(id, &mut types, params.len(), callee) {
            Some(body) => self.finish_call(id, body, list, callee, span),
            None => Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
        }
    }

    /// A call of a generic function with arguments that were checked before.
    pub(super) fn call_checked(
        &mut self,
        id: FnId,
        args: &'a [Expr<'a>],
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let mut types: Vec<Ty> = args.iter().map(|arg| arg.ty).collect();
        let count = types.len();
        match self.instance(id, &mut types, count, callee) {
            Some(body) => self.finish_call(id, body, args, callee, span),
            None => Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span },
        }
    }

    /// The instance for these types: the first `params` are those of the arguments, the others those of the owner's
    /// type parameters. Unknown types become `i32`. Nothing if an error made one impossible.
    fn instance(&mut self, id: FnId, types: &mut [Ty], params: usize, callee: Span) -> Option<BodyId> {
        if self.cx().names_only {
            return None;
        }
        for ty in types.iter_mut() {
            *ty = self.types.default_in(*ty);
            if self.types.has_poison(*ty) {
                return None;
            }
        }
        let key = self.types.intern(TyKind::Fn((&*types).into(), Ty::VOID));
        if let Some(&body) = self.instances.get(&(id, key)) {
            return Some(body);
        }
        let function = &mut self.functions[id.index()];
        function.instances += 1;
        if function.instances > MOST_INSTANCES {
            if function.instances == MOST_INSTANCES + 1 {
                self.report_endless(id, callee);
            }
            return None;
        }
        let (file, nested) = (function.file, function.nested.as_ref().map(|nested| (nested.id, nested.ctx)));
        let declared = function.ret;
        let types = &*self.arena.alloc_slice_copy(types);
        let (params, owner_args) = types.split_at(params);
        let ret = declared.map_or(Ty::VOID, |slot| self.types.instantiate(slot.ty, owner_args));
        let kind = if nested.is_some() { BodyKind::Closure } else { BodyKind::Function };
        let unit = Unit {
            progress: Progress::Waiting,
            function: Some(id),
            params,
            owner_args,
            ret,
            asked: false,
            names_only: false,
        };
        let body = self.new_body(kind, file, unit);
        self.instances.insert((id, key), body);
        if self.interactive {
            self.undo.push(super::session::Undo::Instance(id, key));
        }
        let mut local = None;
        if let Some((nested, ctx)) = nested {
            let cx = &mut self.ctxs[ctx as usize];
            let number = LocalId(cx.locals.len() as u32);
            cx.locals.push(crate::lang::hir::Local {
                name: "",
                ty: Ty::POISON,
                captured: std::cell::Cell::new(false),
                reassigned: std::cell::Cell::new(false),
                conditional: false,
            });
            self.checked.nested[nested.index()].push((number, body));
            local = Some((ctx, number));
        }
        if !self.check_on_demand(body, callee) {
            let unit = &mut self.units[body.index()];
            (unit.progress, unit.ret) = (Progress::Done, Ty::POISON);
            return None;
        }
        if let Some((ctx, local)) = local {
            let ret = self.units[body.index()].ret;
            let ty = self.types.intern(TyKind::Fn(params.into(), ret));
            self.ctxs[ctx as usize].locals[local.index()].ty = ty;
        }
        Some(body)
    }

    fn report_endless(&mut self, id: FnId, callee: Span) {
        let name = self.name(self.functions[id.index()].decl.name.name);
        let report = self
            .diagnostic(
                2006,
                callee,
                "Endless instantiation",
                format!("more than {MOST_INSTANCES} instances"),
                format!("`{name}` is generic and calls itself with ever new types of arguments."),
            )
            .help("annotate its parameters.");
        self.report(report);
    }

    /// The instance of a generic function that is used as a value: the context must give its type.
    pub(super) fn instance_for_context(&mut self, id: FnId, span: Span, want: Option<Ty>) -> Option<BodyId> {
        let want = want.map(|want| self.types.resolve(want));
        let params = match want.map(|want| self.types.kind(want)) {
            Some(TyKind::Poison) => return None,
            Some(TyKind::Fn(params, _)) => Some(params.clone()),
            _ => None,
        };
        let function = &self.functions[id.index()];
        let name = self.name(function.decl.name.name);
        let declared = function.params;
        match params {
            Some(params)
                if params.len() == declared.len()
                    && params.iter().all(|&ty| !self.types.has_variables(ty)) =>
            {
                let mut types: Vec<Ty> = params.to_vec();
                for (ty, param) in types.iter_mut().zip(declared) {
                    if let Some(slot) = param.slot {
                        *ty = slot.ty;
                    }
                }
                let count = types.len();
                self.instance(id, &mut types, count, span)
            }
            _ => {
                let report = self
                    .diagnostic(
                        2006,
                        span,
                        "Type of a generic function is not known",
                        "which instance is meant?",
                        format!(
                            "`{name}` is generic: as a value it needs a context that says the types of its parameters."
                        ),
                    )
                    .help("annotate what it is bound to, as in `f: fn(i32) -> i32 = …`, or annotate its parameters.");
                self.report(report);
                None
            }
        }
    }

    /// Checks the names in the body of a generic function that was never called: with parameters of which nothing is
    /// known, and reports about types left out.
    pub(super) fn check_names_of(&mut self, id: FnId) {
        let function = &self.functions[id.index()];
        if !function.generic || function.instances > 0 {
            return;
        }
        let (file, owner) = (function.file, function.owner);
        let count = match owner {
            Some(Owner::Enum(id)) => self.enums[id.0 as usize].params.len(),
            _ => 0,
        };
        let params: Vec<Ty> = function.params.iter().map(|_| Ty::POISON).collect();
        let params = &*self.arena.alloc_slice_copy(&params);
        let owner_args = &*self.arena.alloc_slice_fill_copy(count, Ty::POISON);
        let (bodies, functions, nested) =
            (self.checked.bodies.len(), self.functions.len(), self.checked.nested.len());
        let late = self.late_returns.len();
        let types = self.types.mark();
        let unit = Unit {
            progress: Progress::Waiting,
            function: Some(id),
            params,
            owner_args,
            ret: Ty::POISON,
            asked: false,
            names_only: true,
        };
        let body = self.new_body(BodyKind::Function, file, unit);
        super::grow(|| self.check_function(body));
        // Nothing of this stays.
        if self.interactive {
            self.types.undo(types);
        }
        self.checked.bodies.truncate(bodies);
        self.units.truncate(bodies);
        self.functions.truncate(functions);
        self.checked.nested.truncate(nested);
        self.late_returns.truncate(late);
    }

    /// The owner's type parameters, while its declaration is resolved.
    pub(super) fn open_params(&self, owner: EnumId) -> Option<TypeParams> {
        Some(TypeParams { owner, args: Vec::new() })
    }

    /// The slot that a method's `self` has.
    pub(super) fn self_slot(&mut self, owner: Owner) -> Slot {
        Slot::of(match owner {
            Owner::Struct(id) => self.types.intern(TyKind::Struct(id)),
            Owner::Enum(id) => {
                let count = self.enums[id.0 as usize].params.len() as u32;
                let args: Vec<Ty> =
                    (0..count).map(|number| self.types.intern(TyKind::Param(number))).collect();
                self.types.intern(TyKind::Enum(id, args.into()))
            }
        })
    }
}
