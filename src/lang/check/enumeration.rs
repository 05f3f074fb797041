//! Enum values: construction, and the types that they give.

use super::describe::Role;
use super::scope::Entity;
use super::{Checker, Member, Owner};
use crate::lang::ast::{self, Ident, Span};
use crate::lang::hir::{Expr, ExprKind};
use crate::lang::types::{EnumId, Ty, TyKind};

impl<'a> Checker<'a> {
    /// The enum's type with unknown arguments, and these.
    pub(super) fn fresh_enum(&mut self, id: EnumId) -> (Ty, Vec<Ty>) {
        let args: Vec<Ty> = (0..self.enums[id.0 as usize].params.len()).map(|_| self.fresh()).collect();
        (self.types.intern(TyKind::Enum(id, args.clone().into())), args)
    }

    /// `Enum.Variant(args)`; a variant without payload may be written without parentheses.
    pub(super) fn construct(
        &mut self,
        id: EnumId,
        variant: u32,
        args: &'a [ast::Expr<'a>],
        callee: Span,
        span: Span,
        want: Option<Ty>,
    ) -> Expr<'a> {
        let (ty, type_args) = self.wanted_enum(id, want);
        let payload = self.enums[id.0 as usize].variants[variant as usize].payload.len();
        if payload != args.len() {
            self.report_payload_count(id, variant, args.len(), callee);
            self.args_of_nothing(args);
            return Expr { kind: ExprKind::Bool(false), ty, span };
        }
        let arena = self.arena;
        let list = arena.alloc_slice_fill_with(payload, |index| {
            let mut slot = self.enums[id.0 as usize].variants[variant as usize].payload[index];
            slot.ty = self.types.instantiate(slot.ty, &type_args);
            self.coerced_slot(&args[index], slot, Role::Payload)
        });
        for &arg in &type_args {
            let arg = self.types.shallow(arg);
            if self.types.depth(arg) >= super::expression::DEEPEST {
                self.report_too_deep(span);
                return Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span };
            }
        }
        Expr { kind: ExprKind::Variant { variant, args: list }, ty, span }
    }

    /// The enum's type as the context asks for it, so that the context reaches the payload; else with unknown
    /// arguments.
    fn wanted_enum(&mut self, id: EnumId, want: Option<Ty>) -> (Ty, Vec<Ty>) {
        if self.enums[id.0 as usize].params.is_empty() {
            return (self.types.intern(TyKind::Enum(id, [].into())), Vec::new());
        }
        if let Some(want) = want {
            let want = self.types.shallow(want);
            if let TyKind::Enum(wanted, args) = self.types.kind(want)
                && *wanted == id
            {
                return (want, args.to_vec());
            }
        }
        self.fresh_enum(id)
    }

    /// A wrong number of values for a variant's payload.
    pub(super) fn report_payload_count(&mut self, id: EnumId, variant: u32, given: usize, span: Span) {
        let info = &self.checked.enums[id.0 as usize];
        let name = format!("{}.{}", info.name, info.variants[variant as usize].name);
        let expected = info.variants[variant as usize].payload.len();
        let plural = if expected == 1 { "" } else { "s" };
        let (label, message) = if expected == 0 {
            ("has no payload".to_owned(), format!("`{name}` holds nothing, but {given} values were given."))
        } else {
            (
                format!("expects {expected} value{plural}"),
                format!(
                    "`{name}` holds {expected} value{plural}, but {given} {} given.",
                    if given == 1 { "was" } else { "were" }
                ),
            )
        };
        let slots = vec!["…"; expected].join(", ");
        let help =
            if expected == 0 { format!("write `{name}`.") } else { format!("write `{name}({slots})`.") };
        let report = self.diagnostic(2009, span, "Wrong number of arguments", label, message).help(help);
        self.report(report);
    }

    /// The variant that a path names, if it names one. Nothing is reported.
    pub(super) fn variant_named(&mut self, path: &[Ident]) -> Option<(EnumId, u32)> {
        let (entity, last) = match path {
            [base, last] => (self.lookup(base.name)?, last),
            [module, base, last] => {
                let Entity::Namespace(module) = self.lookup(module.name)? else { return None };
                (self.export_of(module, base.name)?, last)
            }
            _ => return None,
        };
        let Entity::Enum(id) = entity else { return None };
        match self.members(Owner::Enum(id)).get(last.name) {
            Some(Member::Variant(variant)) => Some((id, variant)),
            _ => None,
        }
    }
}
