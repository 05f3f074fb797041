//! Types of the language as run-time types.
//!
//! How it works. A type is converted once and its number kept. Composite types are interned by the numbers of their
//! parts; a struct or an instance of an enum gets its number first and its layout later, so that types may contain
//! themselves. Work lists, not recursion: types nest as deeply as a program makes them.
//!
//! A variable that a REPL input leaves unsolved is [`TypeDesc::Unknown`], and what contains one is *open*. Each new input
//! converts the open types again ([`TypeTable::refresh`]); a number whose type is known by then becomes an alias.
//!
//! Invariants
//! - T1 `kinds` and `open` are as long as `descs`.
//! - T2 A number that [`TypeTable::convert`] gives is not an alias.

use std::sync::Arc;

use super::SharedNames;
use crate::bytecode::{FuncId, Kind, Layout, TypeDesc, TypeId};
use crate::lang::hash::FastMap;
use crate::lang::hir::Checked;
use crate::lang::types::{EnumId, StructId, Ty, TyKind, Types};

/// How many instances of one enum have a layout. One that grows without end is the checker's to report.
const MAX_ENUM_INSTANCES: u32 = 2_000;

/// All types of a session.
pub(super) struct TypeTable {
    pub descs: Vec<TypeDesc>,
    kinds: Vec<Kind>,
    /// Whether a type contains an unsolved variable.
    open: Vec<bool>,
    /// By [`Ty`]: its number, or [`NONE`].
    known: Vec<TypeId>,
    /// The open types that were converted.
    open_types: Vec<Ty>,
    unknown: FastMap<Ty, TypeId>,
    arrays: FastMap<TypeId, TypeId>,
    maps: FastMap<(TypeId, TypeId), TypeId>,
    functions: FastMap<(Box<[TypeId]>, Option<TypeId>), TypeId>,
    structs: FastMap<StructId, TypeId>,
    enums: FastMap<(EnumId, Box<[TypeId]>), TypeId>,
    enum_instances: FastMap<EnumId, u32>,
    cells: FastMap<TypeId, TypeId>,
    closures: FastMap<FuncId, TypeId>,
    /// Types that have a number but not yet a layout.
    pending: Vec<(TypeId, Pending)>,
    /// Of [`TypeTable::convert_parts`], kept for the next time.
    buffers: (Vec<Ty>, Vec<Ty>),
}

enum Pending {
    Struct(StructId),
    Enum(EnumId, Box<[Ty]>),
}

const NONE: TypeId = TypeId(u32::MAX);

impl TypeTable {
    /// The predefined types.
    pub fn new() -> TypeTable {
        let descs = crate::bytecode::Program::new().types;
        let kinds = {
            use Kind::*;
            vec![I32, I64, U32, U64, F64, Bool, Ref, Ref, Ref, Ref]
        };
        let mut table = TypeTable {
            open: vec![false; descs.len()],
            descs,
            kinds,
            known: Vec::new(),
            open_types: Vec::new(),
            unknown: FastMap::default(),
            arrays: FastMap::default(),
            maps: FastMap::default(),
            functions: FastMap::default(),
            structs: FastMap::default(),
            enums: FastMap::default(),
            enum_instances: FastMap::default(),
            cells: FastMap::default(),
            closures: FastMap::default(),
            pending: Vec::new(),
            buffers: Default::default(),
        };
        table.arrays.insert(TypeId::STRING, TypeId::STRINGS);
        table
    }

    /// The machine form of a type's values.
    pub fn kind(&self, id: TypeId) -> Kind {
        self.kinds[id.index()]
    }

    /// Whether values of a type are references.
    pub fn is_ref(&self, id: TypeId) -> bool {
        self.kind(id) == Kind::Ref
    }

    /// Whether a type contains an unsolved variable.
    pub fn is_open(&self, id: TypeId) -> bool {
        self.open[id.index()]
    }

    /// What a type is.
    pub fn desc(&self, id: TypeId) -> &TypeDesc {
        &self.descs[id.index()]
    }

    /// The elements' type of an array.
    pub fn element(&self, id: TypeId) -> Option<TypeId> {
        match self.desc(id) {
            TypeDesc::Array(element) => Some(*element),
            _ => None,
        }
    }

    /// Converts the open types again, once a new input may have solved their variables.
    pub(super) fn refresh(&mut self, checked: &Checked<'_>, types: &mut Types, names: &mut SharedNames) {
        let open = std::mem::take(&mut self.open_types);
        let old: Vec<TypeId> =
            open.iter().map(|ty| std::mem::replace(&mut self.known[ty.0 as usize], NONE)).collect();
        for (ty, old) in open.into_iter().zip(old) {
            let new = self.convert(checked, types, names, ty);
            if new != old {
                self.descs[old.index()] = TypeDesc::Alias(new);
                self.kinds[old.index()] = self.kinds[new.index()];
                self.open[old.index()] = self.open[new.index()];
            }
        }
    }

    /// The number of a type that has values.
    pub(super) fn convert(
        &mut self,
        checked: &Checked<'_>,
        types: &mut Types,
        names: &mut SharedNames,
        ty: Ty,
    ) -> TypeId {
        if let Some(id) = self.lookup(ty) {
            return id;
        }
        let id = self.convert_parts(checked, types, names, ty);
        while let Some((id, pending)) = self.pending.pop() {
            match pending {
                Pending::Struct(of) => self.lay_out_struct(checked, types, names, id, of),
                Pending::Enum(of, args) => self.lay_out_enum(checked, types, names, (id, of), &args),
            }
        }
        id
    }

    /// The same, leaving layouts pending.
    fn convert_parts(
        &mut self,
        checked: &Checked<'_>,
        types: &mut Types,
        names: &mut SharedNames,
        root: Ty,
    ) -> TypeId {
        if let Some(id) = self.lookup(root) {
            return id;
        }
        let (mut work, mut parts) = std::mem::take(&mut self.buffers);
        work.push(root);
        while let Some(&given) = work.last() {
            if self.lookup(given).is_some() {
                work.pop();
                continue;
            }
            let ty = types.shallow(given);
            if ty != given && self.lookup(ty).is_none() {
                work.push(ty);
                continue;
            }
            if ty != given {
                let id = self.known[ty.0 as usize];
                self.remember(given, id);
                work.pop();
                continue;
            }
            parts.clear();
            match types.kind(ty) {
                TyKind::Array(element) => parts.push(*element),
                TyKind::Map(key, value) => parts.extend([*key, *value]),
                TyKind::Fn(params, ret) => {
                    parts.extend(params.iter());
                    parts.push(*ret);
                }
                TyKind::Enum(_, args) => parts.extend(args.iter()),
                _ => {}
            }
            for part in &mut parts {
                *part = types.shallow(*part);
            }
            let before = work.len();
            work.extend(
                parts.iter().copied().filter(|&part| part != Ty::VOID && self.lookup(part).is_none()),
            );
            if work.len() > before {
                continue;
            }
            let id = self.build(checked, names, types.kind(ty), ty, &parts);
            self.remember(ty, id);
            work.pop();
        }
        self.buffers = (work, parts);
        self.known[root.0 as usize]
    }

    fn lookup(&self, ty: Ty) -> Option<TypeId> {
        self.known.get(ty.0 as usize).copied().filter(|&id| id != NONE)
    }

    fn remember(&mut self, ty: Ty, id: TypeId) {
        let index = ty.0 as usize;
        if index >= self.known.len() {
            self.known.resize(index + 1, NONE);
        }
        self.known[index] = id;
        if self.is_open(id) {
            self.open_types.push(ty);
        }
    }

    /// Builds a type whose parts have been converted.
    fn build(
        &mut self,
        checked: &Checked<'_>,
        names: &mut SharedNames,
        kind: &TyKind,
        ty: Ty,
        parts: &[Ty],
    ) -> TypeId {
        match kind {
            TyKind::I32 => TypeId::I32,
            TyKind::I64 => TypeId::I64,
            TyKind::U32 => TypeId::U32,
            TyKind::U64 => TypeId::U64,
            TyKind::F64 => TypeId::F64,
            TyKind::Bool => TypeId::BOOL,
            TyKind::String => TypeId::STRING,
            TyKind::Error => TypeId::ERROR,
            TyKind::Range => TypeId::RANGE,
            TyKind::Void | TyKind::Poison | TyKind::Param(_) | TyKind::Var(_) => self.unknown_type(ty),
            TyKind::Array(_) => self.array_of(self.known[parts[0].0 as usize]),
            TyKind::Map(..) => {
                let (key, value) = (self.known[parts[0].0 as usize], self.known[parts[1].0 as usize]);
                match self.maps.get(&(key, value)) {
                    Some(&id) => id,
                    None => {
                        let open = self.is_open(key) || self.is_open(value);
                        let id = self.add(TypeDesc::Map { key, value }, Kind::Ref, open);
                        self.maps.insert((key, value), id);
                        id
                    }
                }
            }
            TyKind::Fn(..) => {
                let (ret, params) = parts.split_last().expect("a function type has a result");
                let params: Box<[TypeId]> = params.iter().map(|ty| self.known[ty.0 as usize]).collect();
                let ret = (*ret != Ty::VOID).then(|| self.known[ret.0 as usize]);
                let key = (params, ret);
                if let Some(&id) = self.functions.get(&key) {
                    return id;
                }
                let open = key.0.iter().chain(&ret).any(|&part| self.is_open(part));
                let id = self.add(TypeDesc::Fn { params: key.0.to_vec(), ret }, Kind::Ref, open);
                self.functions.insert(key, id);
                id
            }
            TyKind::Struct(of) => match self.structs.get(of) {
                Some(&id) => id,
                None => {
                    let layout = Layout { name: "".into(), fields: Vec::new(), refs: 0 };
                    let id = self.add(TypeDesc::Struct(layout), Kind::Ref, false);
                    self.structs.insert(*of, id);
                    self.pending.push((id, Pending::Struct(*of)));
                    id
                }
            },
            TyKind::Enum(of, _) => {
                let args: Box<[TypeId]> = parts.iter().map(|ty| self.known[ty.0 as usize]).collect();
                let key = (*of, args);
                if let Some(&id) = self.enums.get(&key) {
                    return id;
                }
                let instances = self.enum_instances.entry(*of).or_default();
                *instances += 1;
                if *instances > MAX_ENUM_INSTANCES {
                    return self.unknown_type(Ty::POISON);
                }
                let info = &checked.enums[of.0 as usize];
                let name: Arc<str> = info.name.into();
                let open = key.1.iter().any(|&part| self.is_open(part));
                let id = if info.variants.iter().all(|variant| variant.payload.is_empty()) {
                    let variants = info.variants.iter().map(|variant| names.get(variant.name)).collect();
                    self.add(TypeDesc::Tag { name, variants }, Kind::Tag, open)
                } else {
                    let id = self.add(TypeDesc::Enum { name, variants: Vec::new() }, Kind::Ref, open);
                    self.pending.push((id, Pending::Enum(*of, parts.into())));
                    id
                };
                self.enums.insert(key, id);
                id
            }
        }
    }

    fn add(&mut self, desc: TypeDesc, kind: Kind, open: bool) -> TypeId {
        let id = TypeId(self.descs.len() as u32);
        self.descs.push(desc);
        self.kinds.push(kind);
        self.open.push(open);
        id
    }

    fn unknown_type(&mut self, ty: Ty) -> TypeId {
        if let Some(&id) = self.unknown.get(&ty) {
            return id;
        }
        let id = self.add(TypeDesc::Unknown, Kind::Ref, true);
        self.unknown.insert(ty, id);
        id
    }

    fn lay_out_struct(
        &mut self,
        checked: &Checked<'_>,
        types: &mut Types,
        names: &mut SharedNames,
        id: TypeId,
        of: StructId,
    ) {
        let info = &checked.structs[of.0 as usize];
        let fields: Vec<_> = info
            .fields
            .iter()
            .map(|&(name, ty)| {
                let ty = self.convert_parts(checked, types, names, ty);
                (names.get(name), ty, self.is_ref(ty))
            })
            .collect();
        self.descs[id.index()] = TypeDesc::Struct(Layout::new(info.name.into(), fields));
    }

    fn lay_out_enum(
        &mut self,
        checked: &Checked<'_>,
        types: &mut Types,
        names: &mut SharedNames,
        (id, of): (TypeId, EnumId),
        args: &[Ty],
    ) {
        let info = &checked.enums[of.0 as usize];
        let mut layouts = Vec::with_capacity(info.variants.len());
        for variant in &info.variants {
            let mut fields = Vec::with_capacity(variant.payload.len());
            for &(name, ty) in variant.payload {
                let ty = types.instantiate(ty, args);
                let ty = self.convert_parts(checked, types, names, ty);
                fields.push((names.get(name), ty, self.is_ref(ty)));
            }
            layouts.push(Layout::new(names.get(variant.name), fields));
        }
        if let TypeDesc::Enum { variants, .. } = &mut self.descs[id.index()] {
            *variants = layouts;
        }
    }

    /// The array type of an element type.
    pub fn array_of(&mut self, element: TypeId) -> TypeId {
        if let Some(&id) = self.arrays.get(&element) {
            return id;
        }
        let id = self.add(TypeDesc::Array(element), Kind::Ref, self.is_open(element));
        self.arrays.insert(element, id);
        id
    }

    /// The cell type of a variable's type.
    pub fn cell_of(&mut self, content: TypeId) -> TypeId {
        if let Some(&id) = self.cells.get(&content) {
            return id;
        }
        let id = self.add(TypeDesc::Cell(content), Kind::Ref, self.is_open(content));
        self.cells.insert(content, id);
        id
    }

    /// The type of a function's closures, with what they capture as name and type. A function that is lowered again
    /// keeps it, unless a type that was unknown has turned out to be no reference: then the old one is an alias.
    pub fn closure_of(&mut self, func: FuncId, captures: Vec<(Arc<str>, TypeId)>) -> TypeId {
        let fields: Vec<_> = captures.into_iter().map(|(name, ty)| (name, ty, self.is_ref(ty))).collect();
        let old = self.closures.get(&func).copied();
        if let Some(old) = old
            && let TypeDesc::Closure { captures, .. } = self.desc(old)
            && captures.fields.len() == fields.len()
            && captures.fields.iter().zip(&fields).all(|(old, new)| self.canonical(old.ty) == new.1)
        {
            return old;
        }
        let open = fields.iter().any(|&(_, ty, _)| self.is_open(ty));
        let captures = Layout::new("".into(), fields);
        let id = self.add(TypeDesc::Closure { func, captures }, Kind::Ref, open);
        if let Some(old) = old {
            self.descs[old.index()] = TypeDesc::Alias(id);
        }
        self.closures.insert(func, id);
        id
    }

    /// The number that stands for all aliases of a type.
    fn canonical(&self, mut id: TypeId) -> TypeId {
        while let TypeDesc::Alias(of) = self.descs[id.index()] {
            id = of;
        }
        id
    }
}
