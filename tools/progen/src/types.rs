//! The types of generated programs, and the struct and enum declarations that they refer to.

use std::fmt;
use std::sync::Arc;

use crate::ast::Expr;

/// A name in a generated program: a stem and a number, so that names are cheap to copy and unique.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Name {
    /// What it is, such as `count`.
    pub stem: &'static str,
    /// Its number; 0 is not written.
    pub id: u32,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(self.stem)?;
        if self.id != 0 { write!(f, "{}", self.id) } else { Ok(()) }
    }
}

/// A type.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum Ty {
    /// The result of a function that returns nothing.
    Void,
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    Str,
    /// What `catch` binds.
    Error,
    /// The result of `range`.
    Range,
    Array(Arc<Ty>),
    Map(Arc<(Ty, Ty)>),
    /// Index into [`Types::structs`].
    Struct(u32),
    /// Index into [`Types::enums`], and type arguments.
    Enum(u32, Arc<[Ty]>),
    Fn(Arc<FnTy>),
    /// A type parameter: of the generic enum whose payload this stands in, or of the generic function.
    Param(u8),
}

/// The type of a function value.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct FnTy {
    pub params: Vec<Ty>,
    pub ret: Ty,
}

/// The integer types.
pub const INTS: [Ty; 4] = [Ty::I32, Ty::I64, Ty::U32, Ty::U64];
/// The numeric types.
pub const NUMS: [Ty; 5] = [Ty::I32, Ty::I64, Ty::U32, Ty::U64, Ty::F64];

impl Ty {
    /// The array of these elements.
    pub fn array(elem: Ty) -> Ty {
        Ty::Array(Arc::new(elem))
    }

    /// The map of these keys and values.
    pub fn map(key: Ty, value: Ty) -> Ty {
        Ty::Map(Arc::new((key, value)))
    }

    /// The type of functions with these parameters and this result.
    pub fn function(params: Vec<Ty>, ret: Ty) -> Ty {
        Ty::Fn(Arc::new(FnTy { params, ret }))
    }

    /// `i32`, `i64`, `u32` or `u64`.
    pub fn is_int(&self) -> bool {
        matches!(self, Ty::I32 | Ty::I64 | Ty::U32 | Ty::U64)
    }

    /// An integer type or `f64`.
    pub fn is_num(&self) -> bool {
        self.is_int() || *self == Ty::F64
    }

    /// `i32` or `i64`.
    pub fn is_signed(&self) -> bool {
        matches!(self, Ty::I32 | Ty::I64)
    }

    /// A type that `as` converts to: numbers, `bool`, `string`.
    pub fn is_primitive(&self) -> bool {
        self.is_num() || matches!(self, Ty::Bool | Ty::Str)
    }

    /// Its bits, if it is an integer type.
    pub fn bits(&self) -> u32 {
        if matches!(self, Ty::I32 | Ty::U32) { 32 } else { 64 }
    }

    /// The least and the greatest value of an integer type.
    pub fn limits(&self) -> (i128, i128) {
        match self {
            Ty::I32 => (i32::MIN.into(), i32::MAX.into()),
            Ty::I64 => (i64::MIN.into(), i64::MAX.into()),
            Ty::U32 => (0, u32::MAX.into()),
            _ => (0, u64::MAX.into()),
        }
    }

    /// Whether a type parameter occurs in it.
    pub fn has_param(&self) -> bool {
        match self {
            Ty::Param(_) => true,
            Ty::Array(elem) => elem.has_param(),
            Ty::Map(entry) => entry.0.has_param() || entry.1.has_param(),
            Ty::Enum(_, args) => args.iter().any(Ty::has_param),
            Ty::Fn(f) => f.ret.has_param() || f.params.iter().any(Ty::has_param),
            _ => false,
        }
    }

    /// The type with arguments in place of the type parameters.
    pub fn with(&self, args: &[Ty]) -> Ty {
        match self {
            Ty::Param(index) => args.get(usize::from(*index)).cloned().unwrap_or(Ty::Param(*index)),
            Ty::Array(elem) => Ty::array(elem.with(args)),
            Ty::Map(entry) => Ty::map(entry.0.with(args), entry.1.with(args)),
            Ty::Enum(id, inner) => Ty::Enum(*id, inner.iter().map(|ty| ty.with(args)).collect()),
            Ty::Fn(f) => Ty::function(f.params.iter().map(|ty| ty.with(args)).collect(), f.ret.with(args)),
            other => other.clone(),
        }
    }

    /// Finds the arguments that make `self`, which holds parameters, equal to `actual`; false if there are none.
    pub fn unify(&self, actual: &Ty, args: &mut Vec<Option<Ty>>) -> bool {
        match (self, actual) {
            (Ty::Param(index), _) => {
                let index = usize::from(*index);
                if args.len() <= index {
                    args.resize(index + 1, None);
                }
                match &args[index] {
                    Some(known) => known == actual,
                    None => {
                        args[index] = Some(actual.clone());
                        true
                    }
                }
            }
            (Ty::Array(a), Ty::Array(b)) => a.unify(b, args),
            (Ty::Map(a), Ty::Map(b)) => a.0.unify(&b.0, args) && a.1.unify(&b.1, args),
            (Ty::Enum(a, x), Ty::Enum(b, y)) => {
                a == b && x.len() == y.len() && x.iter().zip(y.iter()).all(|(a, b)| a.unify(b, args))
            }
            (Ty::Fn(a), Ty::Fn(b)) => {
                a.params.len() == b.params.len()
                    && a.params.iter().zip(&b.params).all(|(a, b)| a.unify(b, args))
                    && a.ret.unify(&b.ret, args)
            }
            _ => self == actual,
        }
    }
}

/// A struct declaration.
#[derive(Clone, Debug)]
pub struct StructDef {
    pub name: Name,
    pub fields: Vec<FieldDef>,
}

/// A field, with its default if it has one.
#[derive(Clone, Debug)]
pub struct FieldDef {
    pub name: Name,
    pub ty: Ty,
    pub default: Option<Expr>,
}

/// An enum declaration. The payloads may refer to its parameters by [`Ty::Param`].
#[derive(Clone, Debug)]
pub struct EnumDef {
    pub name: Name,
    pub params: usize,
    pub variants: Vec<VariantDef>,
}

/// A variant of an enum.
#[derive(Clone, Debug)]
pub struct VariantDef {
    pub name: Name,
    pub payload: Vec<Ty>,
}

/// The declarations of a program. Enum 0 is the predeclared `Result`.
#[derive(Clone, Debug)]
pub struct Types {
    pub structs: Vec<StructDef>,
    pub enums: Vec<EnumDef>,
}

/// The number of the predeclared `Result`.
pub const RESULT: u32 = 0;

impl Default for Types {
    fn default() -> Types {
        let variant =
            |stem, param| VariantDef { name: Name { stem, id: 0 }, payload: vec![Ty::Param(param)] };
        let result = EnumDef {
            name: Name { stem: "Result", id: 0 },
            params: 2,
            variants: vec![variant("Ok", 0), variant("Err", 1)],
        };
        Types { structs: Vec::new(), enums: vec![result] }
    }
}

impl Types {
    /// The payload of a variant of an enum with these arguments.
    pub fn payload(&self, id: u32, args: &[Ty], variant: u32) -> Vec<Ty> {
        let def = &self.enums[id as usize].variants[variant as usize];
        def.payload.iter().map(|ty| ty.with(args)).collect()
    }

    /// Whether `==` is defined.
    pub fn has_eq(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Void | Ty::Range | Ty::Fn(_) => false,
            Ty::Array(elem) => self.has_eq(elem),
            Ty::Map(entry) => self.has_eq(&entry.1),
            Ty::Struct(id) => self.structs[*id as usize].fields.iter().all(|field| self.has_eq(&field.ty)),
            Ty::Enum(..) => self.payloads(ty).iter().all(|ty| self.has_eq(ty)),
            _ => true,
        }
    }

    /// Whether it can be the key of a map.
    pub fn is_key(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Bool | Ty::Str => true,
            Ty::Enum(..) => self.payloads(ty).iter().all(|ty| self.is_key(ty)),
            _ => ty.is_int(),
        }
    }

    /// All types that occur in the payloads of an enum type.
    fn payloads(&self, ty: &Ty) -> Vec<Ty> {
        let Ty::Enum(id, args) = ty else { return Vec::new() };
        let variants = &self.enums[*id as usize].variants;
        variants.iter().flat_map(|variant| variant.payload.iter().map(|ty| ty.with(args))).collect()
    }

    /// Roughly the number of scalars that a value can hold, given the greatest lengths of [`crate::bounds`].
    pub fn weight(&self, ty: &Ty) -> u64 {
        let length = crate::bounds::MAX_LENGTH;
        let weight = match ty {
            Ty::Str => 8,
            Ty::Error => 8,
            Ty::Param(_) => 64,
            Ty::Array(elem) => 1 + length.saturating_mul(self.weight(elem)),
            Ty::Map(entry) => {
                1 + length.saturating_mul(self.weight(&entry.0).saturating_add(self.weight(&entry.1)))
            }
            Ty::Struct(id) => {
                let fields = &self.structs[*id as usize].fields;
                1 + fields.iter().fold(0u64, |sum, field| sum.saturating_add(self.weight(&field.ty)))
            }
            Ty::Enum(..) => {
                1 + self.payloads(ty).iter().fold(0u64, |sum, ty| sum.saturating_add(self.weight(ty)))
            }
            _ => 1,
        };
        weight.min(1 << 40)
    }

    /// The rank of a type: 0 if no function value is in it. A function value's body may call function values of lower
    /// rank only, so that no chain of such calls is endless.
    pub fn rank(&self, ty: &Ty) -> u32 {
        match ty {
            Ty::Fn(f) => 1 + f.params.iter().chain([&f.ret]).map(|ty| self.rank(ty)).max().unwrap_or(0),
            Ty::Array(elem) => self.rank(elem),
            Ty::Map(entry) => self.rank(&entry.1),
            Ty::Struct(id) => {
                self.structs[*id as usize].fields.iter().map(|field| self.rank(&field.ty)).max().unwrap_or(0)
            }
            Ty::Enum(..) => self.payloads(ty).iter().map(|ty| self.rank(ty)).max().unwrap_or(0),
            _ => 0,
        }
    }
}
