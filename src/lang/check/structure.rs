//! Struct literals and the defaults of fields.

use super::describe::Role;
use super::scope::{BlockKind, Entity};
use super::{Checker, Ctx, Member, Owner, Progress, Return, ReturnMode, Slot, Unit};
use crate::bytecode::FileId;
use crate::lang::ast::{self, Ident, Span};
use crate::lang::hash::FastMap;
use crate::lang::hir::{Block, BodyId, BodyKind, Expr, ExprKind};
use crate::lang::types::{StructId, Ty, TyKind};

/// The default of a field.
#[derive(Clone, Copy)]
pub(super) enum DefaultValue<'a> {
    None,
    /// Known at compile time.
    Literal(Expr<'a>),
    /// A body that is called for each literal that leaves the field out.
    Body(BodyId),
}

/// A struct literal in a default leaves out a field that has a default itself.
#[derive(Clone, Copy)]
pub(super) struct Need {
    target: (StructId, u32),
    /// The literal.
    span: Span,
    file: FileId,
}

impl<'a> Checker<'a> {
    /// `Path{ field: value, … }`
    pub(super) fn struct_literal(&mut self, literal: &'a ast::StructLiteral<'a>, span: Span) -> Expr<'a> {
        let ast::StructLiteral { path, inits } = *literal;
        let poison = Expr { kind: ExprKind::Bool(false), ty: Ty::POISON, span };
        let Some(id) = self.struct_named(path) else {
            for (_, value) in inits {
                self.value(value, Some(Ty::POISON));
            }
            return poison;
        };
        let count = self.structs[id.0 as usize].fields.len();
        let mut given = vec![false; count];
        let mut fields = Vec::with_capacity(count);
        for (name, value) in inits {
            let Some(Member::Field(field)) = self.members(Owner::Struct(id)).get(name.name) else {
                self.report_no_field(id, *name);
                self.value(value, Some(Ty::POISON));
                continue;
            };
            if std::mem::replace(&mut given[field as usize], true) {
                let text = self.name(name.name);
                let report = self
                    .diagnostic(
                        1011,
                        name.span,
                        "Field is given twice",
                        "given before",
                        format!("The literal gives `{text}` a value twice."),
                    )
                    .help("remove one of them.");
                self.report(report);
                self.value(value, Some(Ty::POISON));
                continue;
            }
            let info = self.structs[id.0 as usize].fields[field as usize];
            let value = self.coerced_slot(value, info.slot, Role::Field(name.name));
            fields.push((field, value));
        }
        let mut missing = Vec::new();
        for (field, _) in given.iter().enumerate().filter(|(_, given)| !**given) {
            let info = self.structs[id.0 as usize].fields[field];
            let kind = match info.default {
                DefaultValue::None => {
                    missing.push(info.name);
                    continue;
                }
                DefaultValue::Literal(value) => value.kind,
                DefaultValue::Body(body) => {
                    if let Some(of) = self.cx().default {
                        let need = Need { target: (id, field as u32), span, file: self.file() };
                        self.default_needs.entry(of).or_default().push(need);
                    }
                    ExprKind::Call { body, args: &[] }
                }
            };
            fields.push((field as u32, Expr { kind, ty: info.slot.ty, span }));
        }
        if !missing.is_empty() {
            self.report_missing_fields(id, &missing, path[0].span);
        }
        let ty = self.types.intern(TyKind::Struct(id));
        let fields = self.arena.alloc_slice_copy(&fields);
        Expr { kind: ExprKind::Struct { id, fields }, ty, span }
    }

    /// The struct that a path names.
    fn struct_named(&mut self, path: ast::Path<'a>) -> Option<StructId> {
        let last = path[path.len() - 1];
        let entity = match path {
            [name] => match self.lookup(name.name) {
                Some(entity) => entity,
                None => {
                    self.report_undefined(name.name, name.span);
                    return None;
                }
            },
            [module, name] => match self.lookup(module.name) {
                Some(Entity::Namespace(module)) => self.find_export(module, *name)?,
                Some(Entity::Poison) => return None,
                Some(_) => {
                    self.report_not_a_struct(last, path[0].span);
                    return None;
                }
                None => {
                    self.report_undefined(module.name, module.span);
                    return None;
                }
            },
            _ => {
                self.report_not_a_struct(last, path[0].span);
                return None;
            }
        };
        match entity {
            Entity::Struct(id) => Some(id),
            Entity::Poison => None,
            _ => {
                self.report_not_a_struct(last, path[0].span);
                None
            }
        }
    }

    fn report_not_a_struct(&mut self, name: Ident, span: Span) {
        let text = self.name(name.name);
        let report = self
            .diagnostic(
                2003,
                span,
                "Not a struct",
                "not a struct",
                format!("`{text}{{ … }}` makes a value of a struct, but `{text}` is none."),
            )
            .help("name a struct; for a map, leave the name out.");
        self.report(report);
    }

    fn report_no_field(&mut self, id: StructId, name: Ident) {
        let (of, text) = (self.owner_name(Owner::Struct(id)), self.name(name.name));
        let fields: Vec<_> = self.structs[id.0 as usize].fields.iter().map(|field| field.name).collect();
        let mut report = self.diagnostic(
            1010,
            name.span,
            "Unknown field",
            format!("`{of}` has no such field"),
            format!("The struct `{of}` has no field `{text}`."),
        );
        if let Some(other) = self.similar(text, fields.into_iter()) {
            report = report.help(format!("did you mean `{other}`?"));
        }
        self.report(report);
    }

    fn report_missing_fields(&mut self, id: StructId, missing: &[crate::lang::intern::Symbol], span: Span) {
        let of = self.owner_name(Owner::Struct(id));
        let shown: Vec<String> =
            missing.iter().take(5).map(|&name| format!("`{}`", self.name(name))).collect();
        let more = if missing.len() > 5 { " and others" } else { "" };
        let list = format!("{}{more}", shown.join(", "));
        let report = self
            .diagnostic(
                1021,
                span,
                "Field without a value",
                format!("lacks {list}"),
                format!("This literal of `{of}` gives no value to {list}, which has no default."),
            )
            .help("give each of them a value, or declare a default.");
        self.report(report);
    }

    /// A field's default as it was declared: known now, or a body to be checked later.
    pub(super) fn declare_default(
        &mut self,
        expr: &'a ast::Expr<'a>,
        slot: Slot,
        name: Ident,
    ) -> DefaultValue<'a> {
        if is_plain_literal(expr) {
            let value = self.coerced_slot(expr, slot, Role::Default(name.name));
            if let Some(value) = self.literal_value(&value) {
                return DefaultValue::Literal(value);
            }
        }
        let file = self.file();
        let unit = Unit {
            progress: Progress::Done,
            function: None,
            params: &[],
            owner_args: &[],
            ret: slot.ty,
            asked: false,
            names_only: false,
        };
        DefaultValue::Body(self.new_body(BodyKind::Default, file, unit))
    }

    /// Checks the bodies of a struct's defaults.
    pub(super) fn check_defaults(&mut self, id: StructId) {
        let info = &self.structs[id.0 as usize];
        let (decl, module, file, limit) = (info.decl, info.module, info.file, info.limit);
        for field in 0..info.fields.len() {
            let info = self.structs[id.0 as usize].fields[field];
            let (DefaultValue::Body(body), Some(expr)) = (info.default, &decl.fields[field].default) else {
                continue;
            };
            let mut cx = Ctx::new(BodyKind::Default, body, module, file);
            cx.limit = limit;
            cx.level = self.cx().level + 1;
            cx.window.base = self.scope.len();
            cx.default = Some((id, field as u32));
            cx.ret = Return::new(ReturnMode::Declared, info.slot);
            let mark = self.begin_body(cx);
            self.scope.push_block(BlockKind::Plain);
            let value = self.coerced_slot(expr, info.slot, Role::Default(info.name));
            self.scope.pop_block();
            let value = self.alloc(value);
            let block = Block { stmts: &[], value: Some(value), conditionals: &[] };
            let name = format!("{}.{}", self.owner_name(Owner::Struct(id)), self.name(info.name));
            let name = self.arena.alloc_str(&name);
            self.end_body(mark, name, &[], block, expr.span, false);
        }
    }

    /// Reports defaults that need themselves: cycles among the needs found since the last call.
    pub(super) fn check_default_cycles(&mut self) {
        if self.default_needs.is_empty() {
            return;
        }
        #[derive(Clone, Copy, PartialEq, Eq)]
        enum Colour {
            Active,
            Done,
        }
        let needs = std::mem::take(&mut self.default_needs);
        let mut colours: FastMap<(StructId, u32), Colour> = FastMap::default();
        let mut roots: Vec<_> = needs.keys().copied().collect();
        roots.sort_unstable();
        for root in roots {
            if colours.contains_key(&root) {
                continue;
            }
            colours.insert(root, Colour::Active);
            let mut path = vec![(root, 0)];
            while let Some((at, next)) = path.last_mut() {
                let Some(need) = needs.get(at).and_then(|list| list.get(*next)).copied() else {
                    colours.insert(*at, Colour::Done);
                    path.pop();
                    continue;
                };
                *next += 1;
                match colours.get(&need.target) {
                    Some(Colour::Active) => self.report_default_cycle(need),
                    Some(Colour::Done) => {}
                    None => {
                        colours.insert(need.target, Colour::Active);
                        path.push((need.target, 0));
                    }
                }
            }
        }
    }

    fn report_default_cycle(&mut self, need: Need) {
        let (id, field) = need.target;
        let of = self.owner_name(Owner::Struct(id));
        let name = self.name(self.structs[id.0 as usize].fields[field as usize].name);
        let mut report = self
            .diagnostic(
                1021,
                need.span,
                "Default needs itself",
                format!("needs the default of `{name}` again"),
                format!("To evaluate the default of `{name}`, this literal of `{of}` needs that default again, without end."),
            )
            .help(format!("give `{name}` a value in this literal."));
        report.file = need.file;
        self.report(report);
    }
}

/// A literal without names, perhaps with a sign.
fn is_plain_literal(expr: &ast::Expr<'_>) -> bool {
    use ast::ExprKind as Ast;
    match &expr.kind {
        Ast::Int(_) | Ast::Float(_) | Ast::Str(_) | Ast::Bool(_) => true,
        Ast::Paren(inner) | Ast::Unary { operand: inner, .. } => super::grow(|| is_plain_literal(inner)),
        _ => false,
    }
}
