//! Words for reports: types and what a value is for, names that are nearly right, and the reports that many places make.

use super::scope::Entity;
use super::{Checker, Owner};
use crate::lang::ast::Span;
use crate::lang::hir::Expr;
use crate::lang::intern::Symbol;
use crate::lang::types::{Ty, TyKind, Unequal};

/// From this many reports on nothing is searched for suggestions: they are not shown any more.
pub(super) const MOST_HELPED: usize = 50;

/// A type's text is cut at about this length: inference can build types whose text is exponentially long.
const LONGEST: usize = 160;

/// What a value is for, where its type must agree with something.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Role {
    /// The right side of a binding with an annotation, or of another introduction of the variable.
    Binding(Symbol),
    /// What is assigned to a variable.
    Assignment(Symbol),
    /// What is stored in a field, element or map.
    Store,
    /// An argument of a function, with its number from 1.
    Argument(u32),
    Payload,
    Field(Symbol),
    Default(Symbol),
    Element,
    Key,
    MapValue,
    Returned,
    /// A value of a conditional expression or `match`.
    Arm,
}

impl<'a> Checker<'a> {
    /// A type for a sentence: in backquotes, or in words if it is not known.
    pub(super) fn describe(&self, ty: Ty) -> String {
        match self.types.kind(self.types.shallow(ty)) {
            TyKind::Var(_) => "a type that is not known yet".to_owned(),
            TyKind::Range => "a range".to_owned(),
            _ => format!("`{}`", self.type_name(ty)),
        }
    }

    /// A type as a program writes it; what is unknown in it is `?`.
    pub(super) fn type_name(&self, ty: Ty) -> String {
        let mut text = String::new();
        self.write_type(ty, &mut text);
        text
    }

    fn write_type(&self, ty: Ty, out: &mut String) {
        if out.len() > LONGEST {
            if !out.ends_with('…') {
                out.push('…');
            }
            return;
        }
        let list = |types: &[Ty], out: &mut String| {
            for (index, &ty) in types.iter().enumerate() {
                if index > 0 {
                    out.push_str(", ");
                }
                self.write_type(ty, out);
            }
        };
        let ty = self.types.shallow(ty);
        match self.types.kind(ty) {
            TyKind::I32 => out.push_str("i32"),
            TyKind::I64 => out.push_str("i64"),
            TyKind::U32 => out.push_str("u32"),
            TyKind::U64 => out.push_str("u64"),
            TyKind::F64 => out.push_str("f64"),
            TyKind::Bool => out.push_str("bool"),
            TyKind::String => out.push_str("string"),
            TyKind::Error => out.push_str("error"),
            TyKind::Range => out.push_str("range"),
            TyKind::Void => out.push_str("void"),
            TyKind::Poison | TyKind::Var(_) => out.push('?'),
            TyKind::Array(element) => {
                out.push('[');
                self.write_type(*element, out);
                out.push(']');
            }
            TyKind::Map(key, value) => {
                out.push('{');
                self.write_type(*key, out);
                out.push_str(": ");
                self.write_type(*value, out);
                out.push('}');
            }
            TyKind::Fn(params, ret) => {
                out.push_str("fn(");
                list(params, out);
                out.push(')');
                if self.types.shallow(*ret) != Ty::VOID {
                    out.push_str(" -> ");
                    self.write_type(*ret, out);
                }
            }
            TyKind::Struct(id) => out.push_str(self.checked.structs[id.0 as usize].name),
            TyKind::Enum(id, args) => {
                out.push_str(self.checked.enums[id.0 as usize].name);
                if !args.is_empty() {
                    out.push('[');
                    list(args, out);
                    out.push(']');
                }
            }
            TyKind::Param(number) => {
                out.push('T');
                out.push_str(&number.to_string());
            }
        }
    }

    /// The name of a struct or enum.
    pub(super) fn owner_name(&self, owner: Owner) -> &'a str {
        match owner {
            Owner::Struct(id) => self.checked.structs[id.0 as usize].name,
            Owner::Enum(id) => self.checked.enums[id.0 as usize].name,
        }
    }

    /// The value, whose type must be this one; else that is reported.
    pub(super) fn coerce(&mut self, value: Expr<'a>, ty: Ty, role: Role) -> Expr<'a> {
        if value.ty == ty {
            return value;
        }
        match self.types.unify(value.ty, ty) {
            Ok(()) => return value,
            Err(Unequal::Infinite) => self.report_infinite(value.ty, ty, value.span),
            Err(Unequal::Different | Unequal::TooDeep) => {
                self.report_mismatch(ty, value.ty, value.span, role)
            }
        }
        Expr { ty: Ty::POISON, ..value }
    }

    pub(super) fn report_mismatch(&mut self, wanted: Ty, got: Ty, span: Span, role: Role) {
        let (want, have) = (self.describe(wanted), self.describe(got));
        let (title, message) = match role {
            Role::Binding(name) => {
                let name = self.name(name);
                (
                    "Value has another type than its variable",
                    format!("`{name}` is of type {want}, the value is {have}."),
                )
            }
            Role::Assignment(name) => {
                let name = self.name(name);
                (
                    "Value has another type than its variable",
                    format!("`{name}` is of type {want} and keeps it; the value is {have}."),
                )
            }
            Role::Store => (
                "Value has another type than its place",
                format!("What stands on the left is of type {want}, the value is {have}."),
            ),
            Role::Argument(number) => (
                "Argument has the wrong type",
                format!("Argument {number} must be of type {want}, but this is {have}."),
            ),
            Role::Payload => {
                ("Payload has the wrong type", format!("The variant holds {want} here, but this is {have}."))
            }
            Role::Field(name) => {
                let name = self.name(name);
                (
                    "Field has another type",
                    format!("The field `{name}` is of type {want}, but this is {have}."),
                )
            }
            Role::Default(name) => {
                let name = self.name(name);
                (
                    "Default has another type than its field",
                    format!("The field `{name}` is of type {want}, its default is {have}."),
                )
            }
            Role::Element => (
                "Elements have different types",
                format!("All elements of an array have one type, here {want}, but this one is {have}."),
            ),
            Role::Key => (
                "Key has the wrong type",
                format!("The keys of this map are of type {want}, this is {have}."),
            ),
            Role::MapValue => (
                "Value has the wrong type",
                format!("The values of this map are of type {want}, but this one is {have}."),
            ),
            Role::Returned => (
                "Returned value has the wrong type",
                format!("The function returns {want}, but this value is {have}."),
            ),
            Role::Arm => (
                "Branches have different types",
                format!("All values here must have one type: those before are {want}, this one is {have}."),
            ),
        };
        let mut report =
            self.diagnostic(2001, span, title, format!("expected {want}, found {have}"), message);
        let (w, h) = (self.types.shallow(wanted), self.types.shallow(got));
        if w.is_numeric() && (h.is_numeric() || h == Ty::BOOL)
            || w == Ty::STRING && (h.is_numeric() || h == Ty::BOOL)
        {
            let name = self.type_name(w);
            report = report.help(format!("convert it with `as {name}`."));
        } else if w.is_integer() && h == Ty::STRING {
            report = report.help(match w {
                Ty::I64 => "read the number with `.to_i64()`.",
                Ty::U64 => "read the number with `.to_u64()`.",
                _ => "read the number with `int(…)`.",
            });
        } else if w == Ty::F64 && h == Ty::STRING {
            report = report.help("read the number with `float(…)`.");
        } else if w == Ty::BOOL && h.is_numeric() {
            report = report.help("write a comparison, such as `x != 0`.");
        }
        self.report(report);
    }

    fn report_infinite(&mut self, value: Ty, place: Ty, span: Span) {
        let (have, want) = (self.describe(value), self.describe(place));
        let report = self.diagnostic(
            2001,
            span,
            "Type would contain itself",
            "stored in itself",
            format!("The value is {have} and its place {want}; to be the same, one type would have to contain itself."),
        );
        self.report(report);
    }

    /// A value was needed where a call returns none.
    pub(super) fn report_void(&mut self, span: Span) {
        let report = self
            .diagnostic(
                2001,
                span,
                "No value here",
                "this returns nothing",
                "The function called here returns no value, so the call cannot be used as one.",
            )
            .help("put the call on a line of its own, or let the function return a value.");
        self.report(report);
    }

    /// A type must be known at this point.
    pub(super) fn report_unknown(&mut self, span: Span, what: &str) {
        let report = self
            .diagnostic(
                2006,
                span,
                "Type is not known here",
                "its type is not known yet",
                format!("{what}, but nothing above determines its type."),
            )
            .help("annotate the parameter or variable that it comes from.");
        self.report(report);
    }

    /// The name among `candidates` that was probably meant.
    pub(super) fn similar(&self, name: &str, candidates: impl Iterator<Item = Symbol>) -> Option<&'a str> {
        if self.diagnostics.len() > MOST_HELPED {
            return None;
        }
        let limit = match name.len() {
            0..=3 => 1,
            4..=7 => 2,
            _ => 3,
        };
        let mut best: Option<(usize, &'a str)> = None;
        for symbol in candidates.take(10_000) {
            let candidate = self.name(symbol);
            if candidate == name || candidate == "_" || candidate.is_empty() {
                continue;
            }
            let Some(distance) = distance(name, candidate, limit) else { continue };
            if distance < name.len().max(candidate.len()) && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, candidate));
            }
        }
        best.map(|(_, name)| name)
    }

    /// A name that means nothing here.
    pub(super) fn report_undefined(&mut self, name: Symbol, span: Span) {
        let (module, limit) = (self.cx().module, self.cx().limit);
        let scope = &self.module_scopes[module.index()];
        if scope.unknown_imports {
            return;
        }
        let text = self.name(name);
        if text == "_" {
            let report = self
                .diagnostic(
                    1010,
                    span,
                    "`_` has no value",
                    "cannot be read",
                    "`_` takes any value and forgets it, so there is nothing to read.",
                )
                .help("give the variable a name.");
            return self.report(report);
        }
        let later = scope.names.get(&name).map(|&decl| self.decls[decl as usize].span);
        let later = later.or_else(|| {
            if self.diagnostics.len() > MOST_HELPED {
                return None;
            }
            super::prepass::forward_names(scope.stmts, self.input).get(&name).map(|forward| forward.span)
        });
        let mut report = self.diagnostic(
            1010,
            span,
            "Undefined name",
            "not defined here",
            format!("Nothing called `{text}` is visible at this point."),
        );
        if let Some(later) = later {
            let (line, _) = self.files.line_column(self.file(), later.start);
            report = report
                .note(format!(
                    "`{text}` is declared in line {line}; a variable is visible below its declaration only."
                ))
                .help("move the declaration above this.");
        } else {
            let visible = self.scope.visible(&self.cx().window);
            let declared = scope.names.iter().filter(|(_, decl)| self.decls[**decl as usize].from <= limit);
            let candidates =
                visible.chain(declared.map(|(name, _)| *name)).chain(self.builtins.function_names());
            match self.similar(text, candidates) {
                Some(other) => report = report.help(format!("did you mean `{other}`?")),
                None => {
                    report =
                        report.help(format!("declare it first, as in `{text} = …`, or check the spelling."))
                }
            }
        }
        self.report(report);
    }

    /// What kind of thing a name is, for sentences.
    pub(super) fn entity_noun(&self, entity: Entity) -> &'static str {
        use super::scope::VarKind;
        let of_kind = |kind: VarKind| match kind {
            VarKind::Parameter => "a parameter",
            VarKind::Constant => "a constant",
            VarKind::Catch => "bound by `catch`",
            VarKind::Pattern => "bound by a pattern",
            VarKind::For => "a loop variable",
            _ => "a variable",
        };
        match entity {
            Entity::Local { kind, .. } => of_kind(kind),
            Entity::Global(var) => of_kind(self.globals[var.index()].kind),
            Entity::Constant(_) => "a constant",
            Entity::Function(_) => "a function",
            Entity::Struct(_) | Entity::Enum(_) => "a type",
            Entity::Namespace(_) => "a module",
            Entity::Poison => "an imported name",
        }
    }
}

/// The number of edits between two names, if it is at most `limit`.
fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    if a.len().abs_diff(b.len()) > limit || a.len() > 64 {
        return None;
    }
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let cost = usize::from(!x.eq_ignore_ascii_case(y));
            let next = (diagonal + cost).min(row[j] + 1).min(row[j + 1] + 1);
            diagonal = row[j + 1];
            row[j + 1] = next;
        }
    }
    (row[b.len()] <= limit).then_some(row[b.len()])
}
