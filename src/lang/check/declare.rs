//! Declarations of a module: names first, so that order does not matter, then what they are.

use super::members::Members;
use super::scope::{Decl, Entity};
use super::structure::DefaultValue;
use super::{
    Checker, Enum, FieldInfo, FnId, Function, Member, Owner, ParamInfo, Pos, Progress, Slot, Struct,
    TypeParams, Unit, VariantSlots,
};
use crate::lang::ast::{self, Ident, Span, Stmt, StmtKind};
use crate::lang::check::known;
use crate::lang::hash::FastMap;
use crate::lang::hir::{BodyId, BodyKind, EnumInfo, StructInfo, VariantInfo};
use crate::lang::intern::Symbol;
use crate::lang::types::{EnumId, StructId, Ty, TyKind};

/// A type parameter: the enum's number and its own.
type Param = (u32, u32);

/// A body that is checked after the statements, in the order of the text.
#[derive(Clone, Copy)]
pub(super) enum Waiting {
    Function(FnId),
    Defaults(StructId),
}

impl<'a> Checker<'a> {
    /// Declares `Result`, which every module sees unless it declares its own.
    pub(super) fn declare_result(&mut self) {
        let arena = self.arena;
        let params = vec![known::T, known::E];
        let (value, error) = (self.types.intern(TyKind::Param(0)), self.types.intern(TyKind::Param(1)));
        let variants = vec![
            VariantInfo { name: "Ok", payload: arena.alloc_slice_copy(&[("value", value)]) },
            VariantInfo { name: "Err", payload: arena.alloc_slice_copy(&[("error", error)]) },
        ];
        let slots = |ty| VariantSlots { payload: arena.alloc_slice_copy(&[Slot::of(ty)]) };
        let mut members = Members::default();
        members.insert(known::OK, Member::Variant(0));
        members.insert(known::ERR, Member::Variant(1));
        self.enums.push(Enum { params, variants: vec![slots(value), slots(error)], members });
        self.checked.enums.push(EnumInfo { name: "Result", params: 2, variants });
        self.decls.push(Decl {
            entity: Entity::Enum(EnumId(0)),
            from: 0,
            imported: true,
            public: false,
            span: Span::default(),
            hides: 0,
        });
    }

    /// Declares what a module's statements declare, variables aside. The result lists the bodies to check later.
    pub(super) fn declare(&mut self, stmts: &'a [Stmt<'a>]) -> Vec<Waiting> {
        self.declaring = true;
        let mark = self.deferred.len();
        let (functions, structs, enums) = self.declare_names(stmts);
        self.declare_imports(stmts);
        for (id, decl) in &enums {
            self.declare_variants(*id, decl);
        }
        self.check_growth(&enums);
        for (id, decl) in &structs {
            self.declare_fields(*id, decl);
        }
        let mut waiting = Vec::new();
        let (mut next_function, mut next_struct) = (functions.iter(), structs.iter());
        for stmt in stmts {
            match &stmt.kind {
                StmtKind::Fn(decl) => {
                    if let Some(&id) = next_function.next() {
                        self.declare_signature(id, decl, None);
                        waiting.push(Waiting::Function(id));
                    }
                }
                StmtKind::Struct(_) => {
                    if let Some(&(id, _)) = next_struct.next() {
                        self.declare_defaults(id);
                        waiting.push(Waiting::Defaults(id));
                    }
                }
                StmtKind::Impl(block) => self.declare_impl(block, &mut waiting),
                _ => {}
            }
        }
        self.declaring = false;
        self.settle(mark);
        waiting
    }

    /// Names of functions and types.
    #[expect(clippy::type_complexity, reason = "three lists of what was declared")]
    fn declare_names(
        &mut self,
        stmts: &'a [Stmt<'a>],
    ) -> (Vec<FnId>, Vec<(StructId, &'a ast::StructDecl<'a>)>, Vec<(EnumId, &'a ast::EnumDecl<'a>)>) {
        let (mut functions, mut structs, mut enums) = (Vec::new(), Vec::new(), Vec::new());
        for stmt in stmts {
            let (name, public, entity) = match &stmt.kind {
                StmtKind::Fn(decl) => {
                    let id = self.new_function(decl, None);
                    functions.push(id);
                    (decl.name, decl.public, Entity::Function(id))
                }
                StmtKind::Struct(decl) => {
                    let id = StructId(self.structs.len() as u32);
                    let (module, file) = (self.cx().module, self.file());
                    let limit = self.pos(decl.name.span.start);
                    let fields = Vec::with_capacity(decl.fields.len());
                    self.structs.push(Struct {
                        decl,
                        module,
                        file,
                        limit,
                        fields,
                        members: Members::default(),
                    });
                    let name = self.name(decl.name.name);
                    self.checked.structs.push(StructInfo { name, fields: &[] });
                    structs.push((id, *decl));
                    (decl.name, decl.public, Entity::Struct(id))
                }
                StmtKind::Enum(decl) => {
                    let id = EnumId(self.enums.len() as u32);
                    let params = decl.params.iter().map(|param| param.name).collect();
                    let variants = Vec::with_capacity(decl.variants.len());
                    self.enums.push(Enum { params, variants, members: Members::default() });
                    let name = self.name(decl.name.name);
                    let count = decl.params.len() as u32;
                    let variants = Vec::with_capacity(decl.variants.len());
                    self.checked.enums.push(EnumInfo { name, params: count, variants });
                    enums.push((id, *decl));
                    (decl.name, decl.public, Entity::Enum(id))
                }
                _ => continue,
            };
            self.check_not_declared(name);
            let module = self.cx().module;
            let from = self.pos(0);
            let decl =
                Decl { entity, from, imported: false, public: public.is_some(), span: name.span, hides: 0 };
            self.add_decl(module, name.name, decl);
        }
        (functions, structs, enums)
    }

    /// A function of which only the name is known yet.
    fn new_function(&mut self, decl: &'a ast::FnDecl<'a>, owner: Option<Owner>) -> FnId {
        let id = FnId(self.functions.len() as u32);
        let module = self.cx().module;
        self.functions.push(Function {
            decl,
            module,
            file: self.file(),
            owner,
            is_method: false,
            params: &[],
            ret: None,
            generic: false,
            limit: self.pos(decl.span.start),
            body: BodyId(u32::MAX),
            instances: 0,
            nested: None,
            prelude: self.module_scopes[module.index()].is_prelude,
        });
        id
    }

    /// Two parameters of one name.
    pub(super) fn check_param_names(&mut self, params: &'a [ast::Param<'a>]) {
        let mut seen: FastMap<Symbol, ()> = FastMap::default();
        for param in params {
            if param.name.name == known::UNDERSCORE {
                continue;
            }
            let twice = if params.len() < 8 {
                let before = params.iter().take_while(|other| other.name.span != param.name.span);
                before.into_iter().any(|other| other.name.name == param.name.name)
            } else {
                seen.insert(param.name.name, ()).is_some()
            };
            if twice {
                let text = self.name(param.name.name);
                let report = self
                    .diagnostic(
                        1011,
                        param.name.span,
                        "Parameter is declared twice",
                        "declared before",
                        format!("Two parameters are called `{text}`."),
                    )
                    .help("choose another name, or `_` for a parameter that is not used.");
                self.report(report);
            }
        }
    }

    /// Parameters and return type of a function of the module or of a type.
    fn declare_signature(&mut self, id: FnId, decl: &'a ast::FnDecl<'a>, owner: Option<Owner>) {
        self.cx_mut().limit = self.functions[id.index()].limit;
        self.check_param_names(decl.signature.params);
        let mut generic = match owner {
            Some(Owner::Enum(id)) => !self.enums[id.0 as usize].params.is_empty(),
            _ => false,
        };
        let mut is_method = false;
        let mut params = Vec::with_capacity(decl.signature.params.len());
        for (index, param) in decl.signature.params.iter().enumerate() {
            let is_self = index == 0 && param.name.name == known::SELF;
            let slot = match (param.ty, owner) {
                (None, Some(owner)) if is_self => {
                    is_method = true;
                    Some(self.self_slot(owner))
                }
                (None, _) => {
                    generic = true;
                    None
                }
                (Some(ty), _) => {
                    let slot = self.annotation(ty);
                    if let Some(owner) = owner
                        && is_self
                        && slot.ty == self.self_slot(owner).ty
                    {
                        is_method = true;
                    }
                    Some(slot)
                }
            };
            params.push(ParamInfo { name: param.name, slot });
        }
        let ret = decl.signature.ret.map(|ret| self.return_annotation(ret));
        let params = &*self.arena.alloc_slice_copy(&params);
        let file = self.file();
        let body = if generic {
            BodyId(u32::MAX)
        } else {
            let types = self.arena.alloc_slice_fill_iter(
                params.iter().map(|param| param.slot.map_or(Ty::POISON, |slot| slot.ty)),
            );
            let unit = Unit {
                progress: Progress::Waiting,
                function: Some(id),
                params: types,
                owner_args: &[],
                ret: ret.map_or(Ty::VOID, |slot| slot.ty),
                asked: false,
                names_only: false,
            };
            self.new_body(BodyKind::Function, file, unit)
        };
        let function = &mut self.functions[id.index()];
        function.params = params;
        function.ret = ret;
        function.generic = generic;
        function.is_method = is_method;
        function.body = body;
    }

    fn declare_variants(&mut self, id: EnumId, decl: &'a ast::EnumDecl<'a>) {
        let limit = self.pos(decl.name.span.start);
        self.cx_mut().limit = limit;
        for (index, param) in decl.params.iter().enumerate() {
            if decl.params[..index].iter().any(|other| other.name == param.name) {
                self.report_redeclared(param.name, param.span, "this list");
            }
        }
        self.cx_mut().type_params = Some(TypeParams { owner: id, args: Vec::new() });
        for (number, variant) in decl.variants.iter().enumerate() {
            self.add_member(Owner::Enum(id), variant.name, Member::Variant(number as u32));
            let arena = self.arena;
            let count = variant.payload.len();
            let slots =
                &*arena.alloc_slice_fill_with(count, |index| self.annotation(&variant.payload[index].ty));
            let payload = arena.alloc_slice_fill_with(count, |index| {
                (variant.payload[index].name.map_or("", |name| self.name(name.name)), slots[index].ty)
            });
            let name = self.name(variant.name.name);
            self.checked.enums[id.0 as usize].variants.push(VariantInfo { name, payload });
            self.enums[id.0 as usize].variants.push(VariantSlots { payload: slots });
        }
        self.cx_mut().type_params = None;
    }

    /// Adds a field, variant or function to a type; one that is there already is reported.
    fn add_member(&mut self, owner: Owner, name: Ident, member: Member) -> bool {
        if self.members(owner).get(name.name).is_some() {
            let (of, text) = (self.owner_name(owner), self.name(name.name));
            let report = self
                .diagnostic(
                    1011,
                    name.span,
                    "Name is declared twice",
                    "declared before",
                    format!("`{of}` has a member `{text}` already."),
                )
                .help("choose another name.");
            self.report(report);
            return false;
        }
        self.members_mut(owner).insert(name.name, member);
        if self.interactive {
            self.undo.push(super::session::Undo::Member(owner, name.name));
        }
        true
    }

    fn declare_fields(&mut self, id: StructId, decl: &'a ast::StructDecl<'a>) {
        let limit = self.structs[id.0 as usize].limit;
        self.cx_mut().limit = limit;
        for (number, field) in decl.fields.iter().enumerate() {
            self.add_member(Owner::Struct(id), field.name, Member::Field(number as u32));
            let slot = self.annotation(&field.ty);
            let info = FieldInfo { name: field.name.name, slot, default: DefaultValue::None };
            self.structs[id.0 as usize].fields.push(info);
        }
        let fields = self.structs[id.0 as usize].fields.iter();
        self.checked.structs[id.0 as usize].fields = self
            .arena
            .alloc_slice_fill_iter(fields.map(|field| (self.names.name(field.name), field.slot.ty)));
    }

    fn declare_defaults(&mut self, id: StructId) {
        let (decl, limit) = (self.structs[id.0 as usize].decl, self.structs[id.0 as usize].limit);
        self.cx_mut().limit = limit;
        for (number, field) in decl.fields.iter().enumerate() {
            let Some(default) = &field.default else { continue };
            let slot = self.structs[id.0 as usize].fields[number].slot;
            let default = self.declare_default(default, slot, field.name);
            self.structs[id.0 as usize].fields[number].default = default;
        }
    }

    fn declare_impl(&mut self, block: &'a ast::ImplBlock<'a>, waiting: &mut Vec<Waiting>) {
        let module = self.cx().module;
        let limit = self.pos(block.name.span.start);
        let owner = match self.find_decl(module, block.name.name, limit) {
            Some(Decl { entity: Entity::Struct(id), imported: false, .. }) => Some(Owner::Struct(*id)),
            Some(Decl { entity: Entity::Enum(id), imported: false, .. }) => Some(Owner::Enum(*id)),
            _ => None,
        };
        let Some(owner) = owner else {
            return self.report_impl_target(block.name, limit);
        };
        for decl in block.functions {
            let id = self.new_function(decl, Some(owner));
            self.add_member(owner, decl.name, Member::Function(id));
            if let Owner::Enum(of) = owner {
                self.cx_mut().type_params = self.open_params(of);
            }
            self.declare_signature(id, decl, Some(owner));
            self.cx_mut().type_params = None;
            waiting.push(Waiting::Function(id));
        }
    }

    fn report_impl_target(&mut self, name: Ident, limit: Pos) {
        let text = self.name(name.name);
        let module = self.cx().module;
        let imported = self.find_decl(module, name.name, limit).is_some_and(|decl| decl.imported);
        let message = if imported {
            format!("`{text}` belongs to another module; methods are declared in the module of their type.")
        } else {
            format!("This module declares no struct or enum called `{text}`.")
        };
        let report =
            self.diagnostic(2003, name.span, "Unknown type", "no struct or enum of this module", message);
        self.report(report);
    }

    /// Reports enums of which a value would need ever larger types: such as a payload of `E[[T]]` in `E[T]`.
    ///
    /// Type parameters are nodes. A payload of type `F[A]` has an edge from each parameter in `A` to the parameter of `F`
    /// that it fills, which *grows* unless `A` is the parameter itself. A cycle with a growing edge has no end.
    fn check_growth(&mut self, enums: &[(EnumId, &'a ast::EnumDecl<'a>)]) {
        let mut edges: FastMap<Param, Vec<Param>> = FastMap::default();
        let mut growing: Vec<(Param, Param, Span)> = Vec::new();
        for (id, decl) in enums.iter().filter(|(_, decl)| !decl.params.is_empty()) {
            for (variant, parts) in decl.variants.iter().enumerate() {
                for (index, part) in parts.payload.iter().enumerate() {
                    let ty = self.enums[id.0 as usize].variants[variant].payload[index].ty;
                    self.growth_edges(id.0, ty, part.ty.span, &mut edges, &mut growing);
                }
            }
        }
        for (from, to, span) in growing {
            let mut seen: FastMap<Param, ()> = FastMap::default();
            let mut work = vec![to];
            let mut found = false;
            while let Some(node) = work.pop() {
                if node == from {
                    found = true;
                    break;
                }
                if seen.insert(node, ()).is_none() {
                    work.extend(edges.get(&node).into_iter().flatten());
                }
            }
            if found {
                let report = self
                    .diagnostic(
                        2006,
                        span,
                        "Type grows without end",
                        "needs ever larger types",
                        "A value of this type would contain one of a larger type, that one of a still larger one, and so on.",
                    )
                    .help("use the type's own parameters unchanged where it contains itself.");
                self.report(report);
            }
        }
    }

    fn growth_edges(
        &self,
        of: u32,
        ty: Ty,
        span: Span,
        edges: &mut FastMap<Param, Vec<Param>>,
        growing: &mut Vec<(Param, Param, Span)>,
    ) {
        let parts: Vec<Ty> = match self.types.kind(ty) {
            TyKind::Array(element) => vec![*element],
            TyKind::Map(key, value) => vec![*key, *value],
            TyKind::Fn(params, ret) => params.iter().copied().chain([*ret]).collect(),
            TyKind::Enum(id, args) => {
                for (number, &arg) in args.iter().enumerate() {
                    let to = (id.0, number as u32);
                    let mut inside = Vec::new();
                    self.params_in(arg, &mut inside);
                    for param in inside {
                        let from = (of, param);
                        edges.entry(from).or_default().push(to);
                        if !matches!(self.types.kind(arg), TyKind::Param(_)) {
                            growing.push((from, to, span));
                        }
                    }
                }
                args.to_vec()
            }
            _ => return,
        };
        for part in parts {
            super::grow(|| self.growth_edges(of, part, span, edges, growing));
        }
    }

    /// The type parameters in a type.
    fn params_in(&self, ty: Ty, list: &mut Vec<u32>) {
        if !self.types.has_params(ty) {
            return;
        }
        super::grow(|| match self.types.kind(ty) {
            TyKind::Param(number) => list.push(*number),
            TyKind::Array(element) => self.params_in(*element, list),
            TyKind::Map(key, value) => {
                self.params_in(*key, list);
                self.params_in(*value, list);
            }
            TyKind::Fn(params, ret) => {
                params.iter().for_each(|&param| self.params_in(param, list));
                self.params_in(*ret, list);
            }
            TyKind::Enum(_, args) => args.iter().for_each(|&arg| self.params_in(arg, list)),
            _ => {}
        });
    }
}
