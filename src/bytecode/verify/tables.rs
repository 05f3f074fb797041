//! Verifying what a program consists of besides code, and what the code is checked against.
//!
//! How it works. All types are made canonical (aliases resolved) in one pass; from then on types are equal if their
//! numbers are. Properties that spread through types (what can be compared, what can be a key) are found by marking
//! the types that lack them and then all that contain a marked one, with a work list.
//!
//! Cost. Linear in the tables.

use std::sync::Arc;

use super::error::{Place, Reason, VerifyError};
use crate::bytecode::builder::MAX_REGISTERS;
use crate::bytecode::program::{
    FuncId, Function, Kind, Layout, Literal, Piece, Program, RegType, Spec, TypeDesc, TypeId,
};

/// The most that one call may count. (Variables without a register of their own count as well.)
const MAX_DEPTH_COST: u32 = 1 << 16;

/// More fields or variants do not fit the operands that name them.
const MAX_FIELDS: usize = 65_535;

/// More counters than any program needs whose code fits into memory. They are allocated with an instance, so a number alone
/// must not be able to take much.
const MAX_COUNTERS: u32 = 1 << 24;

/// What is known of a program whose tables have been verified.
pub struct Tables<'p> {
    pub program: &'p Program,
    /// The number that stands for all aliases of each type.
    canonical: Vec<TypeId>,
    facts: Vec<Facts>,
    layouts: Vec<LayoutFacts>,
    /// Types of the slots of all layouts.
    slots: Vec<TypeId>,
}

/// What is known of a type. That of an alias is what the alias stands for.
#[derive(Clone, Copy)]
pub struct Facts {
    pub kind: Kind,
    /// Functions, ranges and what contains them have no `==`.
    pub comparable: bool,
    /// Neither a cell, nor a closure type, nor open: a program's values may be of the type.
    pub value: bool,
    /// The first of its layouts, and how many there are: one, or one for each variant.
    layout: u32,
    layouts: u32,
}

#[derive(Clone, Copy)]
struct LayoutFacts {
    start: u32,
    length: u32,
    refs: u32,
}

/// The slots of an object.
#[derive(Clone, Copy)]
pub struct Slots<'t> {
    /// Canonical types, references first.
    pub types: &'t [TypeId],
    pub refs: u32,
}

fn at(place: Place, reason: Reason) -> VerifyError {
    VerifyError { place, reason }
}

impl<'p> Tables<'p> {
    /// Checks a program's tables. The functions' headers and code are not looked at.
    pub fn new(program: &'p Program) -> Result<Tables<'p>, VerifyError> {
        let predefined = Program::new().types;
        if program.types.get(..predefined.len()) != Some(&predefined[..]) {
            return Err(at(Place::Program, Reason::Predefined));
        }
        if program.counters > MAX_COUNTERS {
            return Err(at(Place::Program, Reason::TooMany("counters")));
        }
        let canonical = resolve_aliases(program)?;
        let facts = canonical.iter().map(|id| first_facts(&program.types[id.index()])).collect();
        let mut tables = Tables { program, canonical, facts, layouts: Vec::new(), slots: Vec::new() };
        for index in 0..program.types.len() {
            tables.type_desc(index).map_err(|reason| at(Place::Type(TypeId(index as u32)), reason))?;
        }
        for index in 0..program.types.len() {
            let of = tables.canonical[index].index();
            (tables.facts[index].layout, tables.facts[index].layouts) =
                (tables.facts[of].layout, tables.facts[of].layouts);
        }
        tables.spread()?;
        tables.rest()?;
        Ok(tables)
    }

    /// The number that stands for a type; it must exist.
    pub fn canonical(&self, id: TypeId) -> TypeId {
        self.canonical[id.index()]
    }

    /// The canonical number of a type, if it exists.
    pub fn lookup(&self, id: TypeId) -> Option<TypeId> {
        self.canonical.get(id.index()).copied()
    }

    /// What is known of a type.
    pub fn facts(&self, id: TypeId) -> &Facts {
        &self.facts[id.index()]
    }

    pub fn is_ref(&self, id: TypeId) -> bool {
        self.facts(id).kind == Kind::Ref
    }

    /// What a type is, aliases resolved.
    pub fn desc(&self, id: TypeId) -> &'p TypeDesc {
        &self.program.types[self.canonical(id).index()]
    }

    /// The slots of a struct, cell or closure (variant 0), or of a variant of an enum.
    pub fn slots(&self, id: TypeId, variant: u32) -> Option<Slots<'_>> {
        let facts = self.facts(id);
        if variant >= facts.layouts {
            return None;
        }
        let layout = self.layouts[(facts.layout + variant) as usize];
        let types = &self.slots[layout.start as usize..(layout.start + layout.length) as usize];
        Some(Slots { types, refs: layout.refs })
    }

    /// Whether a function type is that of a function.
    pub fn is_signature(&self, ty: TypeId, function: &Function) -> bool {
        let TypeDesc::Fn { params, ret } = self.desc(ty) else { return false };
        let same = |a: &TypeId, b: &TypeId| self.lookup(*a).is_some() && self.lookup(*a) == self.lookup(*b);
        params.len() == function.params.len()
            && params.iter().zip(&function.params).all(|(a, b)| same(a, b))
            && match (ret, &function.ret) {
                (None, None) => true,
                (Some(a), Some(b)) => same(a, b),
                _ => false,
            }
    }

    /// The function whose closures are of a type.
    pub fn closure_of(&self, ty: TypeId) -> Option<FuncId> {
        match self.desc(ty) {
            TypeDesc::Closure { func, .. } => Some(*func),
            _ => None,
        }
    }

    /// A type whose values a program can have in registers, variables and arrays.
    fn value_type(&self, id: TypeId) -> Result<TypeId, Reason> {
        let canonical = self.lookup(id).ok_or(Reason::NoSuch("type", id.0))?;
        if self.facts(id).value { Ok(canonical) } else { Err(Reason::InternalType(id)) }
    }

    /// A type within another.
    fn inner_type(&self, id: TypeId) -> Result<(), Reason> {
        self.value_type(id).map(drop)
    }

    fn type_desc(&mut self, index: usize) -> Result<(), Reason> {
        self.facts[index].layout = self.layouts.len() as u32;
        let program = self.program;
        match &program.types[index] {
            TypeDesc::Array(element) => self.inner_type(*element)?,
            TypeDesc::Map { key, value } => {
                self.inner_type(*key)?;
                self.inner_type(*value)?;
            }
            TypeDesc::Tag { variants, .. } => self.variant_count(variants.len())?,
            TypeDesc::Struct(layout) => self.layout(layout, false)?,
            TypeDesc::Enum { variants, .. } => {
                self.variant_count(variants.len())?;
                for layout in variants {
                    self.layout(layout, false)?;
                }
            }
            TypeDesc::Fn { params, ret } => {
                for ty in params.iter().chain(ret) {
                    self.inner_type(*ty)?;
                }
            }
            TypeDesc::Cell(content) => {
                let content = self.lookup(*content).ok_or(Reason::NoSuch("type", content.0))?;
                let start = self.slots.len() as u32;
                self.slots.push(content);
                let refs = u32::from(self.is_ref(content));
                self.layouts.push(LayoutFacts { start, length: 1, refs });
            }
            TypeDesc::Closure { func, captures } => {
                let function =
                    self.program.functions.get(func.index()).ok_or(Reason::NoSuch("function", func.0))?;
                let own = function.closure.and_then(|ty| self.lookup(ty));
                if own != Some(self.canonical[index]) {
                    return Err(Reason::Mismatch("the function has another closure type"));
                }
                self.layout(captures, true)?;
            }
            _ => {}
        }
        self.facts[index].layouts = self.layouts.len() as u32 - self.facts[index].layout;
        Ok(())
    }

    fn variant_count(&self, count: usize) -> Result<(), Reason> {
        if (1..=MAX_FIELDS).contains(&count) { Ok(()) } else { Err(Reason::TooMany("variants, or none")) }
    }

    /// Checks P2. `internal` says that cells and closures may be among the fields.
    fn layout(&mut self, layout: &Layout, internal: bool) -> Result<(), Reason> {
        if layout.fields.len() > MAX_FIELDS || layout.refs as usize > layout.fields.len() {
            return Err(Reason::TooMany("fields"));
        }
        let start = self.slots.len();
        self.slots.resize(start + layout.fields.len(), TypeId::I32);
        let (mut next_ref, mut next_scalar) = (0, layout.refs);
        for field in &layout.fields {
            let canonical = self.lookup(field.ty).ok_or(Reason::NoSuch("type", field.ty.0))?;
            if !internal {
                self.inner_type(field.ty)?;
            }
            let is_ref = self.is_ref(canonical);
            let next = if is_ref { &mut next_ref } else { &mut next_scalar };
            if field.slot != *next || field.slot as usize >= layout.fields.len() {
                return Err(Reason::Layout);
            }
            *next += 1;
            self.slots[start + field.slot as usize] = canonical;
        }
        if next_ref != layout.refs {
            return Err(Reason::Layout);
        }
        let length = layout.fields.len() as u32;
        self.layouts.push(LayoutFacts { start: start as u32, length, refs: layout.refs });
        Ok(())
    }

    /// Finds what cannot be compared, and what cannot be a key; checks the keys of maps.
    fn spread(&mut self) -> Result<(), VerifyError> {
        let types = &self.program.types;
        // Who contains whom, by canonical numbers, as lists in one array.
        let mut pairs: Vec<(u32, u32)> = Vec::new();
        for (index, desc) in types.iter().enumerate() {
            let mut inside = |id: &TypeId| pairs.push((self.canonical[id.index()].0, index as u32));
            match desc {
                TypeDesc::Array(element) => inside(element),
                TypeDesc::Map { key, value } => {
                    inside(key);
                    inside(value);
                }
                TypeDesc::Struct(layout) => layout.fields.iter().for_each(|field| inside(&field.ty)),
                TypeDesc::Enum { variants, .. } => {
                    variants.iter().flat_map(|layout| &layout.fields).for_each(|field| inside(&field.ty));
                }
                _ => {}
            }
        }
        pairs.sort_unstable();
        let containers = |id: u32| {
            let from = pairs.partition_point(|pair| pair.0 < id);
            pairs[from..].iter().take_while(move |pair| pair.0 == id).map(|pair| pair.1)
        };
        let close = |mut marked: Vec<bool>| {
            let mut work: Vec<u32> = (0..types.len() as u32).filter(|&id| marked[id as usize]).collect();
            while let Some(id) = work.pop() {
                for outer in containers(id) {
                    if !std::mem::replace(&mut marked[outer as usize], true) {
                        work.push(outer);
                    }
                }
            }
            marked
        };
        let incomparable = |desc: &TypeDesc| {
            use TypeDesc::*;
            matches!(desc, Range | Fn { .. } | Cell(_) | Closure { .. })
        };
        let incomparable = close(types.iter().map(incomparable).collect());
        let unhashed = |desc: &TypeDesc| {
            use TypeDesc::*;
            !matches!(desc, I32 | I64 | U32 | U64 | Bool | String | Tag { .. } | Enum { .. } | Unknown)
        };
        let unhashed = close(types.iter().map(unhashed).collect());

        for (index, desc) in types.iter().enumerate() {
            let canonical = self.canonical[index].index();
            self.facts[index].comparable = !incomparable[canonical];
            if let TypeDesc::Map { key, .. } = desc
                && unhashed[self.canonical[key.index()].index()]
            {
                return Err(at(Place::Type(TypeId(index as u32)), Reason::KeyType(*key)));
            }
        }
        Ok(())
    }

    /// Globals, literals, formats, entry points.
    fn rest(&self) -> Result<(), VerifyError> {
        let program = self.program;
        for (index, global) in program.globals.iter().enumerate() {
            self.value_type(global.ty).map_err(|reason| at(Place::Global(index as u32), reason))?;
        }
        for (index, literal) in program.literals.iter().enumerate() {
            self.literal(literal).map_err(|reason| at(Place::Literal(index as u32), reason))?;
        }
        for (index, format) in program.formats.iter().enumerate() {
            let fail = |reason| at(Place::Format(index as u32), reason);
            for &ty in &format.args {
                self.value_type(ty).map_err(fail)?;
            }
            let mut count = 0;
            for piece in &format.pieces {
                match piece {
                    Piece::Text(_) => {}
                    Piece::Arg(Spec::Decimals(100..)) => return Err(fail(Reason::Immediate)),
                    Piece::Arg(_) => count += 1,
                }
            }
            if count != format.args.len() {
                return Err(fail(Reason::Mismatch("the pieces take another number of arguments")));
            }
        }
        for &func in &program.entry {
            let function = self.function(func)?;
            if !function.params.is_empty() || function.ret.is_some() || function.closure.is_some() {
                return Err(at(
                    Place::Function(func),
                    Reason::Mismatch("an entry point has no parameters and no result"),
                ));
            }
        }
        for (_, func) in &program.exports {
            if self.function(*func)?.closure.is_some() {
                return Err(at(
                    Place::Function(*func),
                    Reason::Mismatch("an exported function has no captures"),
                ));
            }
        }
        Ok(())
    }

    fn function(&self, func: FuncId) -> Result<&'p Arc<Function>, VerifyError> {
        let functions = &self.program.functions;
        functions.get(func.index()).ok_or(at(Place::Program, Reason::NoSuch("function", func.0)))
    }

    fn literal(&self, literal: &Literal) -> Result<(), Reason> {
        match literal {
            Literal::String(_) => Ok(()),
            Literal::Variant { ty, variant } => {
                self.value_type(*ty)?;
                let TypeDesc::Enum { variants, .. } = self.desc(*ty) else {
                    return Err(Reason::Mismatch("the type is no enum with payloads"));
                };
                match variants.get(*variant as usize) {
                    Some(layout) if layout.fields.is_empty() => Ok(()),
                    Some(_) => Err(Reason::Mismatch("the variant has a payload")),
                    None => Err(Reason::NoSuch("variant", *variant)),
                }
            }
            Literal::Function { ty, func } => {
                self.value_type(*ty)?;
                let functions = &self.program.functions;
                let function = functions.get(func.index()).ok_or(Reason::NoSuch("function", func.0))?;
                if function.closure.is_some() {
                    return Err(Reason::Mismatch("the function has captures"));
                }
                if !self.is_signature(*ty, function) {
                    return Err(Reason::Mismatch("the function is of another type"));
                }
                Ok(())
            }
        }
    }

    /// A function's signature, registers and counters (P3).
    pub fn header(&self, id: FuncId, function: &Function) -> Result<(), Reason> {
        if function.file.index() >= self.program.files.len() {
            return Err(Reason::NoSuch("file", function.file.0));
        }
        if function.counter >= self.program.counters {
            return Err(Reason::NoSuch("counter", function.counter));
        }
        if function.depth_cost > MAX_DEPTH_COST {
            return Err(Reason::Immediate);
        }
        let count = function.registers.len();
        if count > MAX_REGISTERS || function.params.len() > MAX_REGISTERS {
            return Err(Reason::TooMany("registers"));
        }
        let (refs, ref_params) = (function.refs as usize, function.ref_params as usize);
        let scalar_params = function.scalar_params as usize;
        if refs > count || ref_params > refs || scalar_params > count - refs {
            return Err(Reason::Mismatch("more parameters than registers"));
        }
        for (index, register) in function.registers.iter().enumerate() {
            let canonical = self.lookup(register.ty).ok_or(Reason::NoSuch("type", register.ty.0))?;
            let is_ref = self.is_ref(canonical);
            if is_ref != (index < refs) || (register.nullable && !is_ref) {
                return Err(Reason::Registers(index as u16));
            }
        }
        if let Some(ret) = function.ret {
            self.value_type(ret)?;
        }

        // The closure, then the parameters, are the first registers of their class, in order.
        let (mut next_ref, mut next_scalar) = (0, refs);
        let mut expect = |ty: TypeId| {
            let next = if self.is_ref(ty) { &mut next_ref } else { &mut next_scalar };
            let declared = function.registers.get(*next).ok_or(Reason::Registers(*next as u16))?;
            if declared.nullable || self.canonical(declared.ty) != ty {
                return Err(Reason::Registers(*next as u16));
            }
            *next += 1;
            Ok(())
        };
        if let Some(closure) = function.closure {
            let canonical = self.lookup(closure).ok_or(Reason::NoSuch("type", closure.0))?;
            if self.closure_of(canonical) != Some(id) {
                return Err(Reason::Mismatch("the closure type belongs to another function"));
            }
            expect(canonical)?;
        }
        for &ty in &function.params {
            expect(self.value_type(ty)?)?;
        }
        if next_ref != ref_params || next_scalar - refs != scalar_params {
            return Err(Reason::Mismatch("the numbers of parameters are wrong"));
        }
        match function.names.iter().find(|(reg, _)| usize::from(*reg) >= count) {
            Some((reg, _)) => Err(Reason::NoRegister(*reg)),
            None => Ok(()),
        }
    }

    /// A register's type, canonical.
    pub fn register(&self, register: RegType) -> RegType {
        RegType { ty: self.canonical(register.ty), nullable: register.nullable }
    }
}

fn first_facts(desc: &TypeDesc) -> Facts {
    let kind = match desc {
        TypeDesc::I32 => Kind::I32,
        TypeDesc::I64 => Kind::I64,
        TypeDesc::U32 => Kind::U32,
        TypeDesc::U64 => Kind::U64,
        TypeDesc::F64 => Kind::F64,
        TypeDesc::Bool => Kind::Bool,
        TypeDesc::Tag { .. } => Kind::Tag,
        _ => Kind::Ref,
    };
    // No value of an open type exists, so it may stand wherever one could.
    let value = !matches!(desc, TypeDesc::Cell(_) | TypeDesc::Closure { .. });
    Facts { kind, comparable: true, value, layout: 0, layouts: 0 }
}

/// For each type what it stands for. Follows each chain once, and shortens it.
fn resolve_aliases(program: &Program) -> Result<Vec<TypeId>, VerifyError> {
    const OPEN: TypeId = TypeId(u32::MAX);
    let types = &program.types;
    let mut canonical = vec![OPEN; types.len()];
    let mut chain = Vec::new();
    for index in 0..types.len() {
        let mut id = TypeId(index as u32);
        let end = loop {
            let known = *canonical
                .get(id.index())
                .ok_or(at(Place::Type(TypeId(index as u32)), Reason::NoSuch("type", id.0)))?;
            if known != OPEN {
                break known;
            }
            let TypeDesc::Alias(of) = types[id.index()] else { break id };
            chain.push(id);
            if chain.len() > types.len() {
                return Err(at(Place::Type(TypeId(index as u32)), Reason::AliasCycle));
            }
            id = of;
        };
        canonical[end.index()] = end;
        for id in chain.drain(..) {
            canonical[id.index()] = end;
        }
    }
    Ok(canonical)
}
