//! Types as a program writes them.

use super::scope::Entity;
use super::{Checker, Slot};
use crate::lang::ast::{self, Ident, Span, TypeKind};
use crate::lang::intern::Symbol;
use crate::lang::types::{EnumId, Ty, TyKind};

impl<'a> Checker<'a> {
    /// The type of a variable, parameter or field, and the length that `[T, N]` asks for.
    pub(super) fn annotation(&mut self, ty: &'a ast::Type<'a>) -> Slot {
        let length = match &ty.kind {
            TypeKind::Array { length: Some(length), .. } => self.length(length),
            _ => None,
        };
        Slot { ty: self.resolve_type(ty), length }
    }

    /// A return type: `void` is allowed.
    pub(super) fn return_annotation(&mut self, ty: &'a ast::Type<'a>) -> Slot {
        if let TypeKind::Named { path: [name], args: [] } = ty.kind
            && name.name == super::known::VOID
        {
            return Slot::of(Ty::VOID);
        }
        self.annotation(ty)
    }

    fn resolve_type(&mut self, ty: &'a ast::Type<'a>) -> Ty {
        match &ty.kind {
            TypeKind::Named { path: [name], args: [] } if super::known::primitive(name.name).is_some() => {
                super::known::primitive(name.name).unwrap_or(Ty::POISON)
            }
            TypeKind::Named { path, args } => super::grow(|| self.named_type(path, args, ty.span)),
            TypeKind::Array { element, length } => super::grow(|| {
                if let Some(length) = length
                    && self.in_type > 0
                {
                    self.length(length);
                }
                self.in_type += 1;
                let element = self.resolve_type(element);
                self.in_type -= 1;
                self.types.array(element)
            }),
            TypeKind::Map { key, value } => super::grow(|| {
                self.in_type += 1;
                let key_ty = self.resolve_type(key);
                let value = self.resolve_type(value);
                self.in_type -= 1;
                if self.declaring {
                    // Enums may not have their payloads yet.
                    self.defer(super::deferred::Check::Key { ty: key_ty }, key.span);
                } else {
                    self.require_key(key_ty, key.span);
                }
                self.types.intern(TyKind::Map(key_ty, value))
            }),
            TypeKind::Fn { params, ret } => super::grow(|| {
                self.in_type += 1;
                let params: Vec<Ty> = params.iter().map(|param| self.resolve_type(param)).collect();
                let ret = ret.map_or(Ty::VOID, |ret| self.return_annotation(ret).ty);
                self.in_type -= 1;
                self.types.intern(TyKind::Fn(params.into(), ret))
            }),
            TypeKind::Error => Ty::POISON,
        }
    }

    fn named_type(&mut self, path: ast::Path<'a>, args: &'a [ast::Type<'a>], span: Span) -> Ty {
        self.in_type += 1;
        let args: Vec<Ty> = args.iter().map(|arg| self.resolve_type(arg)).collect();
        self.in_type -= 1;
        if let [name] = path {
            if let Some(primitive) = super::known::primitive(name.name) {
                self.report_type_args(name.name, 0, args.len(), span);
                return primitive;
            }
            if let Some(ty) = self.type_parameter(name.name) {
                if !args.is_empty() {
                    self.report_type_args(name.name, 0, args.len(), span);
                }
                return ty;
            }
        }
        let entity = match path {
            [name] => {
                let (module, limit) = (self.cx().module, self.cx().limit);
                self.find_decl(module, name.name, limit).map(|decl| decl.entity)
            }
            [module, name] => match self.lookup(module.name) {
                Some(Entity::Namespace(module)) => match self.find_export(module, *name) {
                    Some(entity) => Some(entity),
                    None => return Ty::POISON,
                },
                Some(Entity::Poison) => return Ty::POISON,
                _ => None,
            },
            _ => None,
        };
        match entity {
            Some(Entity::Struct(id)) => {
                if !args.is_empty() {
                    self.report_type_args(path[path.len() - 1].name, 0, args.len(), span);
                    return Ty::POISON;
                }
                self.types.intern(TyKind::Struct(id))
            }
            Some(Entity::Enum(id)) => self.enum_type(id, path[path.len() - 1], args, span),
            Some(Entity::Poison) => Ty::POISON,
            _ => {
                self.report_unknown_type(path, span);
                Ty::POISON
            }
        }
    }

    fn enum_type(&mut self, id: EnumId, name: Ident, args: Vec<Ty>, span: Span) -> Ty {
        let expected = self.enums[id.0 as usize].params.len();
        if args.len() != expected {
            self.report_type_args(name.name, expected, args.len(), span);
            return Ty::POISON;
        }
        self.types.intern(TyKind::Enum(id, args.into()))
    }

    /// What a type parameter in scope stands for.
    fn type_parameter(&mut self, name: Symbol) -> Option<Ty> {
        let scope = self.cx().type_params.as_ref()?;
        let params = &self.enums[scope.owner.0 as usize].params;
        let number = params.iter().position(|&param| param == name)?;
        match scope.args.get(number) {
            Some(&ty) => Some(ty),
            None => Some(self.types.intern(TyKind::Param(number as u32))),
        }
    }

    fn report_type_args(&mut self, name: Symbol, expected: usize, given: usize, span: Span) {
        let text = self.name(name);
        let plural = if expected == 1 { "" } else { "s" };
        let message = if expected == 0 {
            format!("`{text}` takes no type arguments.")
        } else {
            format!("`{text}` takes {expected} type argument{plural}, but {given} stand here.")
        };
        let mut report = self.diagnostic(
            2003,
            span,
            "Wrong number of type arguments",
            format!("expects {expected} type argument{plural}"),
            message,
        );
        if expected > 0 {
            let list = vec!["…"; expected].join(", ");
            report = report.help(format!("write `{text}[{list}]`."));
        }
        self.report(report);
    }

    fn report_unknown_type(&mut self, path: ast::Path<'a>, span: Span) {
        let (module, limit) = (self.cx().module, self.cx().limit);
        let scope = &self.module_scopes[module.index()];
        if scope.unknown_imports {
            return;
        }
        let last = path[path.len() - 1];
        let text = self.name(last.name);
        let is_type = |entity: Entity| matches!(entity, Entity::Struct(_) | Entity::Enum(_));
        let types = scope.names.iter().filter(|(_, decl)| {
            let decl = &self.decls[**decl as usize];
            is_type(decl.entity) && decl.from <= limit
        });
        use super::known as k;
        let primitives = [k::I32, k::I64, k::U32, k::U64, k::F64, k::BOOL, k::STRING, k::ERROR];
        let similar = self.similar(text, types.map(|(name, _)| *name).chain(primitives));
        let help = match text {
            "int" | "integer" | "Int" => Some("integers are `i32`, `i64`, `u32` and `u64`.".to_owned()),
            "float" | "double" | "f32" | "number" => Some("floating-point numbers are `f64`.".to_owned()),
            "void" => Some("leave the type out: `void` stands only after `->`.".to_owned()),
            "str" | "String" | "text" | "char" => Some("text is `string`.".to_owned()),
            "boolean" | "Bool" => Some("truth values are `bool`.".to_owned()),
            _ => similar.map(|other| format!("did you mean `{other}`?")),
        };
        let what = match self.find_decl(module, path[0].name, limit) {
            Some(decl) if path.len() == 1 => {
                format!("`{text}` is {}, not a type.", self.entity_noun(decl.entity))
            }
            _ => format!("There is no type called `{text}` here."),
        };
        let mut report = self.diagnostic(2003, span, "Unknown type", "not a type", what);
        if let Some(help) = help {
            report = report.help(help);
        }
        self.report(report);
    }
}
