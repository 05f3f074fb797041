//! Bindings and assignments: whether `x = e` declares or assigns, where a new variable belongs, and who may assign (4.2).

use super::describe::Role;
use super::known::UNDERSCORE;
use super::postfix::Val;
use super::scope::{BlockKind, Decl, Entity, VarKind};
use super::{Checker, GlobalInfo, Member, Owner, Slot};
use crate::lang::ast::{self, ExprKind as Ast, Ident, PostfixKind, Span};
use crate::lang::hir::{BodyKind, Expr, ExprKind, Index, Place, Stmt, StmtKind, VarId, Variable};
use crate::lang::intern::Symbol;
use crate::lang::types::{Ty, TyKind};

/// The right side of a binding.
#[derive(Clone, Copy)]
enum Source<'a> {
    Tree(&'a ast::Expr<'a>),
    /// It was evaluated before: `a = b = e`.
    Ready(Expr<'a>),
}

impl<'a> Checker<'a> {
    pub(super) fn binding(&mut self, item: &'a ast::Binding<'a>, public: bool, span: Span) {
        if let [name] = item.names {
            return self.bind(*name, item.mutable, item.ty, Source::Tree(item.value), public, span);
        }
        // One value for several names, from right to left: it is kept in a variable of its own.
        let mut want = None;
        for name in item.names.iter().rev() {
            if name.name != UNDERSCORE
                && let Some(entity @ (Entity::Local { .. } | Entity::Global(_))) = self.lookup(name.name)
            {
                want = Some(self.variable_slot(entity).ty);
                break;
            }
        }
        let value = self.value(item.value, want);
        let ty = value.ty;
        let local = self.new_local("", Slot::of(ty), false);
        let kept = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::Let { local, value: kept }, span });
        let ready = Expr { kind: ExprKind::Local(local), ty, span: item.value.span };
        for name in item.names.iter().rev() {
            self.bind(*name, false, None, Source::Ready(ready), public, span);
        }
    }

    fn source(&mut self, source: Source<'a>, slot: Option<Slot>, role: Role) -> Expr<'a> {
        match (source, slot) {
            (Source::Tree(expr), Some(slot)) => self.coerced_slot(expr, slot, role),
            (Source::Tree(expr), None) => self.value(expr, None),
            (Source::Ready(value), Some(slot)) => {
                let value = self.coerce(value, slot.ty, role);
                self.check_length(value, slot.length)
            }
            (Source::Ready(value), None) => value,
        }
    }

    fn bind(
        &mut self,
        name: Ident,
        mutable: bool,
        ty: Option<&'a ast::Type<'a>>,
        source: Source<'a>,
        public: bool,
        span: Span,
    ) {
        let annotated = ty.map(|ty| self.annotation(ty));
        if name.name == UNDERSCORE {
            let value = self.source(source, annotated, Role::Binding(name.name));
            let value = self.alloc(value);
            self.stmts.push(Stmt { kind: StmtKind::Assign { place: Place::Discard, value }, span });
            return;
        }
        if !mutable && annotated.is_none() {
            if let Some(entity) = self.lookup(name.name)
                && !self.binds_anew(entity)
            {
                return self.assign_variable(name, entity, source, span);
            }
            if self.scope.block_kind() == BlockKind::Branch {
                return self.bind_hoisted(name, source, span);
            }
        }
        let value = self.source(source, annotated, Role::Binding(name.name));
        let slot = annotated.unwrap_or(Slot::of(value.ty));
        if self.scope.block_kind() == BlockKind::Module {
            let kind = if mutable { VarKind::Mutable } else { VarKind::Module };
            if mutable || annotated.is_some() {
                self.check_not_declared(name);
            }
            return self.bind_global(name, slot, kind, value, public, span);
        }
        if self.scope.declared_here(name.name) {
            self.report_redeclared(name.name, name.span, "this block");
        }
        let kind = if mutable { VarKind::Mutable } else { self.plain_kind() };
        let local = self.new_local(self.name(name.name), slot, false);
        let ctx = self.ctxs.len() as u32 - 1;
        self.scope.push(name.name, Entity::Local { ctx, local, kind });
        let value = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::Let { local, value }, span });
    }

    /// What a plain binding is in a block of the current body.
    fn plain_kind(&self) -> VarKind {
        let cx = self.cx();
        if cx.kind == BodyKind::Module && cx.loops.is_empty() { VarKind::Module } else { VarKind::Plain }
    }

    /// At the prompt a plain binding may be bound again.
    fn binds_anew(&self, entity: Entity) -> bool {
        self.interactive
            && self.scope.block_kind() == BlockKind::Module
            && match entity {
                Entity::Global(var) => {
                    let global = &self.globals[var.index()];
                    global.kind == VarKind::Module && global.module == self.cx().module
                }
                _ => false,
            }
    }

    /// A bare binding in a branch of an `if`: the variable belongs to the block around.
    fn bind_hoisted(&mut self, name: Ident, source: Source<'a>, span: Span) {
        let shared = self.scope.introduced(name.name);
        let of_module = self.scope.base_block_kind() == BlockKind::Module;
        let slot = shared.map(|entity| self.variable_slot(entity));
        let value = self.source(source, slot, Role::Binding(name.name));
        let entity = match shared {
            Some(entity) => entity,
            None if of_module => {
                let slot = Slot::of(value.ty);
                Entity::Global(self.new_global(name, slot, VarKind::Module, true))
            }
            None => {
                let local = self.new_local(self.name(name.name), Slot::of(value.ty), true);
                Entity::Local { ctx: self.ctxs.len() as u32 - 1, local, kind: self.plain_kind() }
            }
        };
        self.scope.push_hoisted(name.name, entity);
        let value = self.alloc(value);
        let kind = match entity {
            Entity::Local { local, .. } => {
                if shared.is_some() {
                    self.cx().locals[local.index()].reassigned.set(true);
                }
                StmtKind::Let { local, value }
            }
            Entity::Global(var) => StmtKind::LetGlobal { var, value },
            _ => StmtKind::Expr(value),
        };
        self.stmts.push(Stmt { kind, span });
    }

    fn bind_global(
        &mut self,
        name: Ident,
        slot: Slot,
        kind: VarKind,
        value: Expr<'a>,
        public: bool,
        span: Span,
    ) {
        let var = self.new_global(name, slot, kind, false);
        if self.types.unify(self.checked.globals[var.index()].ty, slot.ty).is_err() {
            // A function that was checked before used it as something else.
            let wanted = self.checked.globals[var.index()].ty;
            self.report_mismatch(wanted, slot.ty, value.span, Role::Binding(name.name));
        }
        self.declare_global(name, Entity::Global(var), public);
        let value = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::LetGlobal { var, value }, span });
    }

    /// Makes a module's name known.
    pub(super) fn declare_global(&mut self, name: Ident, entity: Entity, public: bool) {
        let (module, from) = (self.cx().module, self.pos(name.span.start));
        self.check_later_import(name.name, from);
        self.add_decl(
            module,
            name.name,
            Decl { entity, from, imported: false, public, span: name.span, hides: 0 },
        );
    }

    /// Reports an import further down of a name that a variable has now.
    pub(super) fn check_later_import(&mut self, name: Symbol, from: super::Pos) {
        let module = self.cx().module;
        let Some(&number) = self.module_scopes[module.index()].names.get(&name) else { return };
        let decl = &self.decls[number as usize];
        if decl.imported && decl.from > from && decl.entity != Entity::Poison {
            let span = decl.span;
            self.report_redeclared(name, span, "this module");
        }
    }

    /// A new module variable, or the one that a function asked for before.
    pub(super) fn new_global(&mut self, name: Ident, slot: Slot, kind: VarKind, conditional: bool) -> VarId {
        let module = self.cx().module;
        let scope = &mut self.module_scopes[module.index()];
        if let Some(Entity::Global(var)) = scope.early.remove(&name.name) {
            self.globals[var.index()].kind = kind;
            self.globals[var.index()].length = slot.length;
            if conditional {
                let known = self.checked.globals[var.index()].ty;
                if self.types.unify(known, slot.ty).is_err() {
                    self.report_mismatch(known, slot.ty, name.span, Role::Binding(name.name));
                }
            }
            return var;
        }
        let body = scope.body;
        let var = VarId(self.checked.globals.len() as u32);
        self.checked.globals.push(Variable {
            name: self.name(name.name),
            ty: slot.ty,
            body,
            shared: std::cell::Cell::new(false),
            conditional,
        });
        self.globals.push(GlobalInfo {
            kind,
            length: slot.length,
            from: self.pos(name.span.start),
            span: name.span,
            module,
        });
        if conditional {
            // A function that is asked for before the `if` ends must find the same variable.
            self.module_scopes[module.index()].early.insert(name.name, Entity::Global(var));
        }
        var
    }

    /// The position and the name of a module variable's declaration.
    pub(super) fn global_place(&self, var: VarId) -> (super::Pos, Span) {
        let global = &self.globals[var.index()];
        (global.from, global.span)
    }

    /// Reports a name that the module declares already (for what must declare).
    pub(super) fn check_not_declared(&mut self, name: Ident) {
        let module = self.cx().module;
        let Some(&number) = self.module_scopes[module.index()].names.get(&name.name) else { return };
        let decl = &self.decls[number as usize];
        let same_input = decl.from >> 32 == u64::from(self.input);
        if !self.interactive || same_input {
            self.report_redeclared(name.name, name.span, "this module");
        }
    }

    pub(super) fn report_redeclared(&mut self, name: Symbol, span: Span, place: &str) {
        let text = self.name(name);
        let report = self
            .diagnostic(
                1011,
                span,
                "Name is declared twice",
                "declared before",
                format!("`{text}` is declared in {place} already."),
            )
            .help("choose another name, or assign to the one there is with a plain `=`.");
        self.report(report);
    }

    /// The type of a variable, and the length that its annotation asks for.
    pub(super) fn variable_slot(&self, entity: Entity) -> Slot {
        match entity {
            Entity::Local { ctx, local, .. } => {
                let cx = &self.ctxs[ctx as usize];
                let length = cx.lengths.get(&local).copied();
                Slot { ty: cx.locals[local.index()].ty, length }
            }
            Entity::Global(var) => {
                Slot { ty: self.checked.globals[var.index()].ty, length: self.globals[var.index()].length }
            }
            _ => Slot::of(Ty::POISON),
        }
    }

    fn assign_variable(&mut self, name: Ident, entity: Entity, source: Source<'a>, span: Span) {
        let Some(place) = self.variable_place(name, entity) else {
            // Its type does not matter any more.
            if let Source::Tree(expr) = source {
                self.value(expr, Some(Ty::POISON));
            }
            return;
        };
        let slot = self.variable_slot(entity);
        let value = self.source(source, Some(slot), Role::Assignment(name.name));
        let value = self.alloc(value);
        self.stmts.push(Stmt { kind: StmtKind::Assign { place, value }, span });
    }

    /// A variable as a place to assign to; if it is not to be assigned here, that is reported.
    fn variable_place(&mut self, name: Ident, entity: Entity) -> Option<Place<'a>> {
        let here = self.ctxs.len() as u32 - 1;
        match entity {
            Entity::Local { ctx, local, kind } => {
                let allowed = match kind {
                    VarKind::Mutable => true,
                    VarKind::Plain | VarKind::For => ctx == here,
                    _ => false,
                };
                if !allowed {
                    self.report_immutable(name, entity);
                    return None;
                }
                self.ctxs[ctx as usize].locals[local.index()].reassigned.set(true);
                if ctx == here {
                    return Some(Place::Local(local, name.span));
                }
                Some(Place::Outer(self.capture(here, ctx, local), name.span))
            }
            Entity::Global(var) => {
                let global = &self.globals[var.index()];
                if global.kind != VarKind::Mutable || global.module != self.cx().module {
                    self.report_immutable(name, entity);
                    return None;
                }
                let variable = &self.checked.globals[var.index()];
                if variable.body != self.cx().body {
                    variable.shared.set(true);
                }
                Some(Place::Global(var, name.span))
            }
            Entity::Poison => None,
            _ => {
                self.report_immutable(name, entity);
                None
            }
        }
    }

    fn report_immutable(&mut self, name: Ident, entity: Entity) {
        let text = self.name(name.name);
        let noun = self.entity_noun(entity);
        let imported = match entity {
            Entity::Global(var) => self.globals[var.index()].module != self.cx().module,
            _ => false,
        };
        let (label, message, help) = match entity {
            Entity::Global(_) if imported => (
                "belongs to another module",
                format!("`{text}` is imported; only its own module can assign it."),
                "let its module export a function that assigns it.".to_owned(),
            ),
            Entity::Global(var) if self.globals[var.index()].kind == VarKind::Module => (
                "cannot be assigned",
                format!("`{text}` is a plain binding of the module, which keeps its value."),
                format!(
                    "declare it as `mut {text} = …` to assign it later, or write `mut` here to declare another."
                ),
            ),
            Entity::Local { kind: VarKind::Module, .. } => (
                "cannot be assigned",
                format!("`{text}` is a plain binding at module level, which keeps its value."),
                format!("declare it as `mut {text} = …`."),
            ),
            Entity::Local { kind: VarKind::Plain | VarKind::For, .. } => (
                "belongs to a function around this one",
                format!(
                    "`{text}` is captured; a captured variable can be assigned only if it was declared with `mut`."
                ),
                format!("declare it as `mut {text} = …`."),
            ),
            _ => (
                "cannot be assigned",
                format!("`{text}` is {noun}, which cannot be assigned."),
                format!("declare a variable of your own, as in `mut {text}2 = …`."),
            ),
        };
        let report =
            self.diagnostic(1014, name.span, "Assignment to something immutable", label, message).help(help);
        self.report(report);
    }

    /// What stands on the left of an assignment that is no plain binding, with the type of what it holds.
    pub(super) fn place(&mut self, expr: &'a ast::Expr<'a>) -> (Place<'a>, Slot) {
        let poison = (Place::Discard, Slot::of(Ty::POISON));
        match &expr.kind {
            Ast::Name(name) => {
                let ident = Ident { name: *name, span: expr.span };
                match self.lookup(*name) {
                    Some(entity) => {
                        let Some(place) = self.variable_place(ident, entity) else { return poison };
                        (place, self.variable_slot(entity))
                    }
                    None => {
                        self.report_undefined(*name, expr.span);
                        poison
                    }
                }
            }
            Ast::Postfix(ast::Postfix { base, ops }) => {
                let Some((last, before)) = ops.split_last() else { return poison };
                let val = self.walk(base, before, None);
                let span = Span {
                    start: expr.span.start,
                    end: before.last().map_or(base.span.end, |op| op.span.end),
                };
                match &last.kind {
                    PostfixKind::Member(name) => self.member_place(val, span, *name),
                    PostfixKind::Index(at) => {
                        let value = self.finish(val, span, None);
                        let value = self.require_value(value);
                        self.index_place(value, at, Span { start: last.span.start, end: last.span.start + 1 })
                    }
                    PostfixKind::Slice { .. } | PostfixKind::Call(_) => {
                        self.finish(val, span, None);
                        self.report_no_place(expr.span);
                        poison
                    }
                }
            }
            Ast::Error => poison,
            _ => {
                self.value(expr, None);
                self.report_no_place(expr.span);
                poison
            }
        }
    }

    fn report_no_place(&mut self, span: Span) {
        let report = self
            .diagnostic(
                1006,
                span,
                "Cannot assign to this",
                "no variable, field or element",
                "What stands left of `=` must be a variable, a field, or an element of an array or map.",
            )
            .help("assign the elements one by one.");
        self.report(report);
    }

    fn member_place(&mut self, val: Val<'a>, span: Span, name: Ident) -> (Place<'a>, Slot) {
        let poison = (Place::Discard, Slot::of(Ty::POISON));
        match val {
            Val::Namespace(module) => {
                if let Some(entity) = self.find_export(module, name) {
                    self.report_immutable(name, entity);
                }
                return poison;
            }
            Val::Poison => return poison,
            Val::Type(_) => {
                self.member(val, span, name);
                return poison;
            }
            _ => {}
        }
        let value = self.finish(val, span, None);
        let value = self.require_value(value);
        let ty = self.types.shallow(value.ty);
        if let TyKind::Struct(id) = *self.types.kind(ty) {
            match self.members(Owner::Struct(id)).get(name.name) {
                Some(Member::Field(field)) => {
                    let slot = self.structs[id.0 as usize].fields[field as usize].slot;
                    return (Place::Field { object: self.alloc(value), field }, slot);
                }
                Some(_) => {
                    self.report_fixed_member(name);
                    return poison;
                }
                None => {}
            }
        }
        if let Val::Value(found) = self.member(Val::Value(value), span, name)
            && found.ty != Ty::POISON
        {
            self.report_fixed_member(name);
        }
        poison
    }

    fn report_fixed_member(&mut self, name: Ident) {
        let text = self.name(name.name);
        let report = self.diagnostic(
            1014,
            name.span,
            "Assignment to something immutable",
            "cannot be assigned",
            format!("`{text}` is no field of a struct, so it cannot be assigned."),
        );
        self.report(report);
    }

    fn index_place(&mut self, base: Expr<'a>, at: &ast::Expr<'a>, bracket: Span) -> (Place<'a>, Slot) {
        let ty = self.types.shallow(base.ty);
        let (index, element) = match *self.types.kind(ty) {
            TyKind::Array(element) => (self.array_index(at), element),
            TyKind::Map(key, value) => (self.map_key(at, key), value),
            TyKind::Poison => (self.value(at, Some(Ty::POISON)), Ty::POISON),
            TyKind::Var(_) => {
                self.report_unknown(base.span, "An array or map is needed before `[`");
                (self.value(at, Some(Ty::POISON)), Ty::POISON)
            }
            _ => {
                let name = self.describe(ty);
                let mut report = self.diagnostic(
                    2007,
                    base.span,
                    "Elements cannot be assigned",
                    format!("{name} has no elements to assign"),
                    format!("The elements of arrays and maps can be assigned, but this is {name}."),
                );
                if ty == Ty::STRING {
                    report = report.help("strings do not change; build a new one from slices.");
                }
                self.report(report);
                (self.value(at, Some(Ty::POISON)), Ty::POISON)
            }
        };
        (Place::Index(self.alloc(Index { base, index, bracket })), Slot::of(element))
    }
}
