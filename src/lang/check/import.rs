//! `use` and `extern`, exports, and names that statements further down declare.

use super::known::UNDERSCORE;
use super::scope::{Decl, Entity, VarKind};
use super::{Checker, Ctx, FnId, Pos, Slot, prepass};
use crate::lang::ast::{Ident, Span, Stmt, StmtKind, Use, UseKind};
use crate::lang::hir::{BodyKind, Expr};
use crate::lang::intern::Symbol;
use crate::lang::modules::{Location, ModuleId};
use crate::lang::types::Ty;

/// The prelude's text.
const PRELUDE: &str = include_str!("../prelude.orus");

impl<'a> Checker<'a> {
    /// The `use` statements and `extern` blocks of a module.
    pub(super) fn declare_imports(&mut self, stmts: &'a [Stmt<'a>]) {
        let module = self.cx().module;
        let mut number = 0;
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Use(use_stmt) => {
                    let target = self.modules.get(module).uses.get(number).copied().flatten();
                    number += 1;
                    self.import(use_stmt, target, stmt.span);
                }
                StmtKind::Extern(block) => {
                    let report = self.diagnostic(
                        3006,
                        block.keyword,
                        "Foreign functions are not supported yet",
                        "not supported yet",
                        "Foreign functions are not supported yet: this implementation cannot call C libraries.",
                    );
                    self.report(report);
                    for function in block.functions {
                        self.add_import(function.name, Entity::Poison, stmt.span);
                    }
                }
                _ => {}
            }
        }
    }

    fn import(&mut self, use_stmt: &'a Use<'a>, target: Option<ModuleId>, span: Span) {
        match use_stmt.kind {
            UseKind::Namespace(alias) => {
                let name = alias.unwrap_or(use_stmt.path[use_stmt.path.len() - 1]);
                self.add_import(name, target.map_or(Entity::Poison, Entity::Namespace), span);
            }
            UseKind::Names(list) => {
                for &(name, alias) in list {
                    let entity = target.and_then(|target| self.imported(target, name));
                    self.add_import(alias.unwrap_or(name), entity.unwrap_or(Entity::Poison), span);
                }
            }
            UseKind::All => {
                let here = self.cx().module;
                let Some(target) = target else {
                    self.module_scopes[here.index()].unknown_imports = true;
                    return;
                };
                let mut exports: Vec<(Symbol, Entity)> = self.module_scopes[target.index()]
                    .names
                    .iter()
                    .map(|(name, decl)| (*name, &self.decls[*decl as usize]))
                    .filter(|(_, decl)| decl.public && !decl.imported)
                    .map(|(name, decl)| (name, decl.entity))
                    .collect();
                exports.sort_unstable_by_key(|export| export.0);
                let place = use_stmt.path[use_stmt.path.len() - 1].span;
                for (name, entity) in exports {
                    self.add_import(Ident { name, span: place }, entity, span);
                }
            }
        }
    }

    /// What `use module: name` refers to.
    fn imported(&mut self, module: ModuleId, name: Ident) -> Option<Entity> {
        if let Some(entity) = self.export_of(module, name.name) {
            return Some(entity);
        }
        self.report_not_exported(module, name);
        None
    }

    fn add_import(&mut self, name: Ident, entity: Entity, span: Span) {
        let module = self.cx().module;
        if let Some(&number) = self.module_scopes[module.index()].names.get(&name.name) {
            let decl = &self.decls[number as usize];
            let same_input = decl.from >> 32 == u64::from(self.input);
            if decl.entity == entity && decl.imported {
                return;
            }
            if (!self.interactive || same_input) && entity != Entity::Poison {
                self.report_redeclared(name.name, name.span, "this module");
            }
        }
        let from = self.pos(span.end);
        self.add_decl(
            module,
            name.name,
            Decl { entity, from, imported: true, public: false, span: name.span, hides: 0 },
        );
    }

    /// What a module exports under a name.
    pub(super) fn export_of(&self, module: ModuleId, name: Symbol) -> Option<Entity> {
        let number = *self.module_scopes[module.index()].names.get(&name)?;
        let decl = &self.decls[number as usize];
        (decl.public && !decl.imported).then_some(decl.entity)
    }

    /// What `module.name` refers to; reported if it is nothing.
    pub(super) fn find_export(&mut self, module: ModuleId, name: Ident) -> Option<Entity> {
        if let Some(entity) = self.export_of(module, name.name) {
            return Some(entity);
        }
        if self.module_scopes[module.index()].names.contains_key(&name.name) {
            self.report_not_exported(module, name);
            return None;
        }
        let text = self.name(name.name);
        let file = self.modules.get(module).name.clone();
        let mut report = self.diagnostic(
            1010,
            name.span,
            "Undefined name",
            "not in the module",
            format!("The module {file} declares nothing called `{text}`."),
        );
        if let Some(other) = self.similar_export(module, text) {
            report = report.help(format!("did you mean `{other}`?"));
        }
        self.report(report);
        None
    }

    fn similar_export(&self, module: ModuleId, text: &str) -> Option<&'a str> {
        let names = self.module_scopes[module.index()].names.iter();
        let exported = names.filter(|(_, decl)| {
            let decl = &self.decls[**decl as usize];
            decl.public && !decl.imported
        });
        self.similar(text, exported.map(|(name, _)| *name))
    }

    fn report_not_exported(&mut self, module: ModuleId, name: Ident) {
        let text = self.name(name.name);
        let file = self.modules.get(module).name.clone();
        let declared = self.module_scopes[module.index()].names.contains_key(&name.name);
        let mut report = self.diagnostic(
            3004,
            name.span,
            "Name is not exported",
            "not exported",
            if declared {
                format!("The module {file} declares `{text}` without `pub`, so it is private to that file.")
            } else {
                format!("The module {file} exports nothing called `{text}`.")
            },
        );
        if declared {
            report = report.help("write `pub` before the declaration.");
        } else if let Some(other) = self.similar_export(module, text) {
            report = report.help(format!("did you mean `{other}`?"));
        }
        self.report(report);
    }

    /// What a name will mean that a statement further down declares, for a body that is checked before it.
    pub(super) fn forward_entity(&mut self, module: ModuleId, name: Symbol, limit: Pos) -> Option<Entity> {
        let scope = &self.module_scopes[module.index()];
        if scope.finished || self.cx().of_module && !self.declaring || name == UNDERSCORE {
            return None;
        }
        if let Some(&entity) = scope.early.get(&name) {
            let from = match entity {
                Entity::Global(var) => self.globals[var.index()].from,
                Entity::Constant(number) => self.constants[number as usize].from,
                _ => 0,
            };
            return (from <= limit).then_some(entity);
        }
        if scope.forward.is_none() {
            let names = prepass::forward_names(scope.stmts, self.input);
            self.module_scopes[module.index()].forward = Some(names);
        }
        let forward = *self.module_scopes[module.index()].forward.as_ref()?.get(&name)?;
        if forward.from > limit {
            return None;
        }
        let ident = Ident { name, span: forward.span };
        let scope = &self.module_scopes[module.index()];
        let mut cx = Ctx::new(BodyKind::Module, scope.body, module, scope.file);
        cx.limit = forward.from;
        cx.window.base = self.scope.len();
        let declaring = std::mem::replace(&mut self.declaring, true);
        self.ctxs.push(cx);
        let entity = super::grow(|| self.declare_forward(&forward, ident));
        self.ctxs.pop();
        self.declaring = declaring;
        self.module_scopes[module.index()].early.insert(name, entity);
        Some(entity)
    }

    fn declare_forward(&mut self, forward: &prepass::Forward<'a>, name: Ident) -> Entity {
        if let Some(value) = forward.constant.filter(|value| super::constant::looks_literal(value)) {
            let (value, slot) = self.constant_value(forward.ty, value, name);
            if let Some(entity) = self.literal_constant(&value, slot, name.span) {
                return entity;
            }
        }
        let slot = match forward.ty {
            Some(ty) => self.annotation(ty),
            None => Slot::of(self.types.fresh(0)),
        };
        let kind = match (forward.constant, forward.mutable) {
            (Some(_), _) => VarKind::Constant,
            (None, true) => VarKind::Mutable,
            (None, false) => VarKind::Module,
        };
        Entity::Global(self.new_global(name, slot, kind, forward.conditional))
    }

    /// `sorted(array, before)`: a call of the prelude.
    pub(super) fn sorted_by(
        &mut self,
        array: Expr<'a>,
        before: Expr<'a>,
        callee: Span,
        span: Span,
    ) -> Expr<'a> {
        let Some(id) = self.prelude_function() else {
            return Expr { kind: crate::lang::hir::ExprKind::Bool(false), ty: Ty::POISON, span };
        };
        let args = self.arena.alloc_slice_copy(&[array, before]);
        let ty = array.ty;
        let call = self.call_checked(id, args, callee, span);
        Expr { ty, ..call }
    }

    /// The prelude's function, read when it is first needed.
    fn prelude_function(&mut self) -> Option<FnId> {
        if self.prelude.is_none() {
            let location =
                Location { name: "<prelude>".to_owned(), directory: None, path: "<prelude>".into() };
            let module = self.load(&location, PRELUDE.as_bytes()).pop()?;
            // Bodies, blocks and names of the module that asks wait.
            let declaring = std::mem::replace(&mut self.declaring, false);
            self.check_module(module, true);
            self.declaring = declaring;
            let decl = self.export_of(module, super::known::SORTED_BY)?;
            let Entity::Function(id) = decl else { return None };
            self.prelude = Some(id);
        }
        self.prelude
    }
}
