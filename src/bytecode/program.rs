//! What a compiled program is made of: types, functions, literals, formats, module variables, source positions.
//!
//! A [`Program`] is immutable once it is built and shared by instances and threads. The REPL extends one: a later
//! program repeats all that an earlier one held under the same numbers and adds to it, so an instance that runs the
//! earlier one may go on with the later.
//!
//! Invariants (the verifier checks them)
//! - P1 Indices are in range; types refer to types that exist.
//! - P2 The slots of a layout are numbered references first, then scalars.
//! - P3 A function's registers are references first, then scalars; its parameters are the first of each, in order.

use std::sync::Arc;

use super::decode::instructions;
use super::opcode::{Op, Word};

macro_rules! ids {
    ($($(#[doc = $doc:literal])* $name:ident $prefix:literal;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        #[repr(transparent)]
        pub struct $name(pub u32);
        impl $name {
            /// As an index of the table that it numbers.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

ids! {
    /// A run-time type: index into [`Program::types`].
    TypeId "t";
    /// A function: index into [`Program::functions`].
    FuncId "f";
    /// A module variable: index into [`Program::globals`].
    GlobalId "g";
    /// A literal object: index into [`Program::literals`].
    LiteralId "k";
    /// A print or format template: index into [`Program::formats`].
    FormatId "p";
    /// A source file: index into [`Program::files`].
    FileId "s";
}

impl TypeId {
    pub const I32: TypeId = TypeId(0);
    pub const I64: TypeId = TypeId(1);
    pub const U32: TypeId = TypeId(2);
    pub const U64: TypeId = TypeId(3);
    pub const F64: TypeId = TypeId(4);
    pub const BOOL: TypeId = TypeId(5);
    pub const STRING: TypeId = TypeId(6);
    pub const ERROR: TypeId = TypeId(7);
    pub const RANGE: TypeId = TypeId(8);
    /// `[string]`, which builtins return.
    pub const STRINGS: TypeId = TypeId(9);
    /// The types that every program begins with, in this order.
    pub const PREDEFINED: u32 = 10;
}

/// The machine form of a value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Kind {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    /// The number of a variant of an enum without payloads, as a `u32`.
    Tag,
    Ref,
}

/// A run-time type. Types are structural, except that each monomorphic instance of a struct or enum declaration is
/// one of its own.
#[derive(Clone, PartialEq, Debug)]
pub enum TypeDesc {
    I32,
    I64,
    U32,
    U64,
    F64,
    Bool,
    String,
    Error,
    Range,
    /// An enum in which no variant has a payload: a scalar. Its name and its variants' names.
    Tag {
        name: Arc<str>,
        variants: Vec<Arc<str>>,
    },
    Array(TypeId),
    Map {
        key: TypeId,
        value: TypeId,
    },
    Struct(Layout),
    /// An enum of which some variant has a payload: a reference. A variant's layout has its bare name.
    Enum {
        name: Arc<str>,
        variants: Vec<Layout>,
    },
    Fn {
        params: Vec<TypeId>,
        ret: Option<TypeId>,
    },
    /// A captured variable that is assigned after its capture: one slot.
    Cell(TypeId),
    /// The objects that the function values of one function are. Never the declared type of a value in the
    /// language; a register of this type is the hidden first parameter of a function with captures.
    Closure {
        func: FuncId,
        captures: Layout,
    },
    /// A type that a REPL input left open. A later program has its meaning under the same number.
    Unknown,
    /// The same type as another: what [`TypeDesc::Unknown`] became.
    Alias(TypeId),
}

/// The fields of an object.
#[derive(Clone, PartialEq, Debug)]
pub struct Layout {
    /// Name of the struct, or of the variant alone.
    pub name: Arc<str>,
    /// In the order of the declaration.
    pub fields: Vec<Field>,
    /// How many of the slots are references.
    pub refs: u32,
}

/// A field, payload or capture.
#[derive(Clone, PartialEq, Debug)]
pub struct Field {
    /// Empty for a payload without a name.
    pub name: Arc<str>,
    pub ty: TypeId,
    /// Its place in the object: references first, then scalars.
    pub slot: u32,
}

impl Layout {
    /// Lays out fields, given in the order of their declaration as name, type, and whether the type is a reference.
    pub fn new(name: Arc<str>, fields: impl IntoIterator<Item = (Arc<str>, TypeId, bool)>) -> Layout {
        let list: Vec<_> = fields.into_iter().collect();
        let refs = list.iter().filter(|field| field.2).count() as u32;
        let (mut next_ref, mut next_scalar) = (0, refs);
        let fields = list.into_iter().map(|(name, ty, is_ref)| {
            let next = if is_ref { &mut next_ref } else { &mut next_scalar };
            *next += 1;
            Field { name, ty, slot: *next - 1 }
        });
        Layout { name, fields: fields.collect(), refs }
    }

    /// The field in a slot.
    pub fn in_slot(&self, slot: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.slot == slot)
    }
}

/// The declared type of a register.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RegType {
    pub ty: TypeId,
    /// A reference that may be null, since its variable may have no value yet. Only `null`, `wrap` and `unwrap` take it.
    pub nullable: bool,
}

/// One compiled function, or the body of a module.
#[derive(Clone, PartialEq, Debug)]
pub struct Function {
    /// As traces show it: `mean`, `Account.deposit`, `<fn>`, `<module>`.
    pub name: Arc<str>,
    pub file: FileId,
    /// In the order of the declaration, the hidden closure not among them.
    pub params: Vec<TypeId>,
    pub ret: Option<TypeId>,
    /// What the function captures. If this is some type, it is a [`TypeDesc::Closure`], and the first reference
    /// parameter is the function value itself.
    pub closure: Option<TypeId>,
    /// Declared types, references first.
    pub registers: Vec<RegType>,
    /// How many registers are references.
    pub refs: u32,
    /// How many of the first reference registers are parameters, the hidden closure included.
    pub ref_params: u32,
    /// How many of the first scalar registers are parameters.
    pub scalar_params: u32,
    /// What a call counts against the recursion limit: 0 for module bodies and the prelude, else 1 for each 1024
    /// variables begun. At most 64.
    pub depth_cost: u32,
    /// Index of its counter in an instance.
    pub counter: u32,
    /// Not shown in traces: part of the prelude.
    pub hidden: bool,
    pub code: Vec<u64>,
    /// In the order of their ends, of equal ends the last to begin first: so the innermost comes first where they nest.
    pub handlers: Vec<Handler>,
    /// Positions of the instructions that may raise, or call, in the order of their addresses.
    pub positions: Vec<Position>,
    /// Names of registers that hold variables, for dumps.
    pub names: Vec<(u16, Arc<str>)>,
}

impl Function {
    /// The source span of the instruction at word `pc`, if it has one.
    pub fn position(&self, pc: u32) -> Option<Span> {
        let at = self.positions.binary_search_by_key(&pc, |position| position.pc).ok()?;
        Some(self.positions[at].span)
    }

    /// The innermost handler around word `pc`.
    pub fn handler(&self, pc: u32) -> Option<&Handler> {
        // Those that end before it come first.
        let from = self.handlers.partition_point(|handler| handler.end <= pc);
        self.handlers[from..].iter().find(|handler| handler.start <= pc)
    }
}

/// A `try`: errors raised in `start..end` go on at `target`, in words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handler {
    pub start: u32,
    pub end: u32,
    pub target: u32,
    /// Register that takes the error.
    pub error: u16,
}

/// Where an instruction stands in the source.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Position {
    /// The instruction's first word.
    pub pc: u32,
    pub span: Span,
}

/// A piece of a source file, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Hash)]
pub struct Span {
    pub start: u32,
    pub end: u32,
}

/// A source file, for reports.
#[derive(Clone, PartialEq, Debug)]
pub struct SourceFile {
    /// As reports show it.
    pub name: Arc<str>,
    pub text: Arc<str>,
}

/// A module variable. In an instance, those that are references come first (in the order of their numbers).
#[derive(Clone, PartialEq, Debug)]
pub struct Global {
    pub name: Arc<str>,
    pub ty: TypeId,
}

/// An immortal object.
#[derive(Clone, PartialEq, Debug)]
pub enum Literal {
    String(Arc<str>),
    /// A variant without payload of a [`TypeDesc::Enum`].
    Variant {
        ty: TypeId,
        variant: u32,
    },
    /// A function value without captures, of the given [`TypeDesc::Fn`].
    Function {
        ty: TypeId,
        func: FuncId,
    },
}

/// What `print` or `format` writes, its arguments aside.
#[derive(Clone, PartialEq, Debug)]
pub struct Format {
    pub pieces: Vec<Piece>,
    /// Types of the arguments, in order; the argument words name a register for each, in the same order.
    pub args: Vec<TypeId>,
}

/// A piece of a [`Format`].
#[derive(Clone, PartialEq, Debug)]
pub enum Piece {
    Text(Arc<str>),
    /// The next argument, rendered so.
    Arg(Spec),
}

/// A format specifier.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Spec {
    /// As `print` shows it.
    Plain,
    /// `@.Nf`
    Decimals(u8),
    /// `@x`
    LowerHex,
    /// `@X`
    UpperHex,
    /// `@b`
    Binary,
    /// `@o`
    Octal,
    /// As `print` shows what is inside an array: strings quoted. Used by the REPL.
    Nested,
}

/// A whole program.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Program {
    pub types: Vec<TypeDesc>,
    pub functions: Vec<Arc<Function>>,
    pub globals: Vec<Global>,
    pub literals: Vec<Literal>,
    pub formats: Vec<Format>,
    /// Names of variables that may have no value yet.
    pub names: Vec<Arc<str>>,
    pub files: Vec<SourceFile>,
    /// How many counters an instance needs: one for each function and loop.
    pub counters: u32,
    /// The module bodies that a run executes, in order.
    pub entry: Vec<FuncId>,
    /// Functions of the main module that a host may call by name: name and function.
    pub exports: Vec<(Arc<str>, FuncId)>,
}

impl Program {
    /// A program with the predefined types and nothing else.
    pub fn new() -> Program {
        use TypeDesc::*;
        let types = vec![I32, I64, U32, U64, F64, Bool, String, Error, Range, Array(TypeId::STRING)];
        Program { types, ..Program::default() }
    }

    /// The program with each read of a module variable checked: for instances in which some have no value.
    pub fn with_checked_reads(&self) -> Program {
        let mut program = self.clone();
        for function in &mut program.functions {
            let reads: Vec<u32> = instructions(self, &function.code)
                .map_while(Result::ok)
                .filter(|inst| inst.op == Op::GlobalGet)
                .map(|inst| inst.pc)
                .collect();
            if !reads.is_empty() {
                // The two operations differ in nothing else.
                let code = &mut Arc::make_mut(function).code;
                for pc in reads {
                    let word = Word(code[pc as usize]);
                    code[pc as usize] = Word::ai(Op::GlobalGetChecked, word.a(), word.imm()).0;
                }
            }
        }
        program
    }

    /// What a type is, aliases resolved.
    pub fn ty(&self, id: TypeId) -> &TypeDesc {
        &self.types[self.canonical(id).index()]
    }

    /// The number that stands for all aliases of a type.
    pub fn canonical(&self, mut id: TypeId) -> TypeId {
        while let TypeDesc::Alias(of) = self.types[id.index()] {
            id = of;
        }
        id
    }

    /// The machine form of values of a type.
    pub fn kind(&self, id: TypeId) -> Kind {
        match self.ty(id) {
            TypeDesc::I32 => Kind::I32,
            TypeDesc::I64 => Kind::I64,
            TypeDesc::U32 => Kind::U32,
            TypeDesc::U64 => Kind::U64,
            TypeDesc::F64 => Kind::F64,
            TypeDesc::Bool => Kind::Bool,
            TypeDesc::Tag { .. } => Kind::Tag,
            _ => Kind::Ref,
        }
    }

    /// Whether values of a type are references.
    pub fn is_ref(&self, id: TypeId) -> bool {
        self.kind(id) == Kind::Ref
    }
}
