//! What a name after `.` means.

use super::known::{self, Receiver};
use super::postfix::Val;
use super::{Checker, Member, Owner};
use crate::lang::ast::{Ident, Span};
use crate::lang::hir::{Expr, ExprKind};
use crate::lang::modules::ModuleId;
use crate::lang::types::{Ty, TyKind};

impl<'a> Checker<'a> {
    /// `val.name`; `span` is that of what stands before the dot.
    pub(super) fn member(&mut self, val: Val<'a>, span: Span, name: Ident) -> Val<'a> {
        match val {
            Val::Value(value) => {
                let value = self.require_value(value);
                self.value_member(value, name)
            }
            Val::Namespace(module) => match self.export(module, name) {
                Val::Value(value) => {
                    Val::Value(Expr { span: Span { start: span.start, end: name.span.end }, ..value })
                }
                other => other,
            },
            Val::Type(owner) => match self.members(owner).get(name.name) {
                Some(Member::Variant(variant)) => match owner {
                    Owner::Enum(id) => Val::Variant(id, variant),
                    Owner::Struct(_) => Val::Poison,
                },
                Some(Member::Function(id)) => Val::Associated(id),
                _ => {
                    self.report_type_member(owner, name);
                    Val::Poison
                }
            },
            Val::Poison => Val::Poison,
            Val::Function(_) => {
                let value = self.finish(val, span, None);
                self.value_member(value, name)
            }
            Val::Associated(_)
            | Val::Method(..)
            | Val::Builtin(_)
            | Val::BuiltinMethod(..)
            | Val::Variant(..) => {
                let value = self.finish(val, span, None);
                if value.ty != Ty::POISON { self.value_member(value, name) } else { Val::Poison }
            }
        }
    }

    fn value_member(&mut self, value: Expr<'a>, name: Ident) -> Val<'a> {
        let ty = self.types.shallow(value.ty);
        let span = Span { start: value.span.start, end: name.span.end };
        let owner = match *self.types.kind(ty) {
            TyKind::Struct(id) => Owner::Struct(id),
            TyKind::Enum(id, _) => Owner::Enum(id),
            TyKind::Array(_) => return self.builtin_member(Receiver::Array, value, name),
            TyKind::String => return self.builtin_member(Receiver::String, value, name),
            TyKind::Map(..) => return self.builtin_member(Receiver::Map, value, name),
            TyKind::Error => {
                let object = self.alloc(value);
                let kind = match name.name {
                    known::MESSAGE => ExprKind::ErrorMessage(object),
                    known::KIND => ExprKind::ErrorKind(object),
                    _ => {
                        let known = [known::MESSAGE, known::KIND];
                        self.report_no_member(
                            ty,
                            name,
                            known.into_iter(),
                            "An error has `message` and `kind`.",
                        );
                        return Val::Poison;
                    }
                };
                return Val::Value(Expr { kind, ty: Ty::STRING, span });
            }
            TyKind::Poison => return Val::Poison,
            TyKind::Var(_) => {
                self.report_unknown(value.span, "What stands before `.` must be known");
                return Val::Poison;
            }
            _ => {
                self.report_no_member(ty, name, std::iter::empty(), "");
                return Val::Poison;
            }
        };
        match self.members(owner).get(name.name) {
            Some(Member::Field(field)) => {
                let Owner::Struct(id) = owner else { return Val::Poison };
                let ty = self.structs[id.0 as usize].fields[field as usize].slot.ty;
                Val::Value(Expr { kind: ExprKind::Field { object: self.alloc(value), field }, ty, span })
            }
            Some(Member::Function(id)) if self.functions[id.index()].is_method => Val::Method(value, id),
            Some(Member::Function(_)) if self.cx().names_only => Val::Poison,
            Some(Member::Function(_)) => {
                let (type_name, text) = (self.owner_name(owner), self.name(name.name));
                let report = self
                    .diagnostic(
                        1010,
                        name.span,
                        "Not a method",
                        "has no `self`",
                        format!("`{text}` is a function of the type `{type_name}`, not of its values."),
                    )
                    .help(format!("call it as `{type_name}.{text}(…)`."));
                self.report(report);
                Val::Poison
            }
            _ => {
                let candidates = self.members_of(owner);
                self.report_no_member(ty, name, candidates.into_iter(), "");
                Val::Poison
            }
        }
    }

    fn builtin_member(&mut self, receiver: Receiver, value: Expr<'a>, name: Ident) -> Val<'a> {
        if let Some(function) = self.builtins.method(receiver, name.name) {
            return Val::BuiltinMethod(value, function);
        }
        let names: Vec<_> = self.builtins.method_names(receiver).collect();
        let hint = match self.name(name.name) {
            "len" | "length" | "size" | "count" => "The length is `len(x)`.",
            "push" | "append" | "add" if receiver == Receiver::Array => {
                "An element is appended with `push(a, x)`."
            }
            "pop" if receiver == Receiver::Array => "The last element is removed with `pop(a)`.",
            "sort" | "sorted" if receiver == Receiver::Array => "A sorted copy is `sorted(a)`.",
            _ => "",
        };
        self.report_no_member(value.ty, name, names.into_iter(), hint);
        Val::Poison
    }

    fn report_no_member(
        &mut self,
        ty: Ty,
        name: Ident,
        candidates: impl Iterator<Item = crate::lang::intern::Symbol>,
        hint: &str,
    ) {
        if self.cx().names_only {
            return; // It needs the type.
        }
        let (of, text) = (self.describe(ty), self.name(name.name));
        let mut report = self.diagnostic(
            1010,
            name.span,
            "Unknown member",
            format!("{of} has no `{text}`"),
            format!("A value of type {of} has neither a field nor a method `{text}`."),
        );
        if !hint.is_empty() {
            report = report.help(hint);
        } else if let Some(other) = self.similar(text, candidates) {
            report = report.help(format!("did you mean `{other}`?"));
        }
        self.report(report);
    }

    /// The names that a type has, for suggestions.
    fn members_of(&self, owner: Owner) -> Vec<crate::lang::intern::Symbol> {
        if self.diagnostics.len() > super::describe::MOST_HELPED {
            return Vec::new();
        }
        let mut names: Vec<_> = self.members(owner).names().collect();
        names.sort_unstable();
        names
    }

    /// A variant or function that a type does not have.
    pub(super) fn report_type_member(&mut self, owner: Owner, name: Ident) {
        let (type_name, text) = (self.owner_name(owner), self.name(name.name));
        let message = match owner {
            Owner::Struct(_) => format!("The struct `{type_name}` has no function `{text}`."),
            Owner::Enum(_) => {
                format!("The enum `{type_name}` has neither a variant nor a function `{text}`.")
            }
        };
        let mut candidates = self.members_of(owner);
        candidates.retain(|&name| !matches!(self.members(owner).get(name), Some(Member::Field(_))));
        let mut report =
            self.diagnostic(1010, name.span, "Unknown member", format!("not in `{type_name}`"), message);
        if matches!(self.members(owner).get(name.name), Some(Member::Field(_))) {
            report = report.help(format!("`{text}` is a field: read it from a value of the type."));
        } else if let Some(other) = self.similar(text, candidates.into_iter()) {
            report = report.help(format!("did you mean `{type_name}.{other}`?"));
        }
        self.report(report);
    }

    /// `module.name`
    fn export(&mut self, module: ModuleId, name: Ident) -> Val<'a> {
        match self.find_export(module, name) {
            Some(entity) => self.entity_val(entity, name.span),
            None => Val::Poison,
        }
    }
}
