//! Types of the language: interned, compared by number, with unification variables among them.
//!
//! A [`Ty`] is a number. The first are the primitive types; the others stand for interned [`TyKind`]s. Equal types
//! without variables have equal numbers. A variable is solved by [`Types::unify`] and read by [`Types::resolve`].

use super::hash::FastMap;

/// A type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Ty(pub u32);

/// A struct declaration: index into [`Checked::structs`](super::hir::Checked::structs).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct StructId(pub u32);

/// An enum declaration: index into [`Checked::enums`](super::hir::Checked::enums).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct EnumId(pub u32);

/// What a type is.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum TyKind {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    String,
    Error,
    Range,
    /// No value.
    Void,
    /// Something wrong was reported here; agrees with every type and reports nothing more.
    Poison,
    Array(Ty),
    Map(Ty, Ty),
    Fn(Box<[Ty]>, Ty),
    Struct(StructId),
    Enum(EnumId, Box<[Ty]>),
    /// A type parameter of the enum declaration in which it occurs.
    Param(u32),
    /// A unification variable.
    Var(u32),
}

impl Ty {
    pub const I32: Ty = Ty(0);
    pub const I64: Ty = Ty(1);
    pub const U32: Ty = Ty(2);
    pub const U64: Ty = Ty(3);
    pub const F64: Ty = Ty(4);
    pub const BOOL: Ty = Ty(5);
    pub const STRING: Ty = Ty(6);
    pub const ERROR: Ty = Ty(7);
    pub const RANGE: Ty = Ty(8);
    pub const VOID: Ty = Ty(9);
    pub const POISON: Ty = Ty(10);
}

/// The types of one compilation or session, and the solutions of its variables.
pub struct Types {
    kinds: Vec<TyKind>,
    numbers: FastMap<TyKind, Ty>,
}

impl Types {
    /// A table with the primitive types.
    pub fn new() -> Types {
        use TyKind::*;
        let mut types = Types { kinds: Vec::new(), numbers: FastMap::default() };
        for kind in [I32, I64, U32, U64, F64, Bool, String, Error, Range, Void, Poison] {
            types.intern(kind);
        }
        types
    }

    /// The number of a type.
    pub fn intern(&mut self, kind: TyKind) -> Ty {
        if let Some(&ty) = self.numbers.get(&kind) {
            return ty;
        }
        let ty = Ty(self.kinds.len() as u32);
        self.kinds.push(kind.clone());
        self.numbers.insert(kind, ty);
        ty
    }

    /// What a type is; not resolved.
    pub fn kind(&self, ty: Ty) -> &TyKind {
        &self.kinds[ty.0 as usize]
    }
}

impl Default for Types {
    fn default() -> Types {
        Types::new()
    }
}
