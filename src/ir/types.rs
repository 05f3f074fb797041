//! Kinds of values, what is in memory, lanes of vectors, and the entities that name everything else.

use std::fmt;

/// Makes newtypes over an index, which print with a prefix (`b3`, `v7`).
macro_rules! entities { ($($(#[$meta:meta])* $name:ident $prefix:literal;)*) => {$(
    $(#[$meta])*
    #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
    pub struct $name(pub u32);

    impl $name {
        /// Where an entity may be absent: none.
        pub const NONE: $name = $name(u32::MAX);

        /// The index, for tables.
        #[inline(always)]
        pub const fn index(self) -> usize {
            self.0 as usize
        }

        /// Is it [`NONE`](Self::NONE)?
        #[inline(always)]
        pub const fn is_none(self) -> bool {
            self.0 == u32::MAX
        }

        /// The entity, unless it is [`NONE`](Self::NONE).
        #[inline(always)]
        pub const fn some(self) -> Option<$name> {
            if self.is_none() { None } else { Some(self) }
        }
    }

    impl fmt::Display for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write!(f, concat!($prefix, "{}"), self.0)
        }
    }

    impl fmt::Debug for $name {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            fmt::Display::fmt(self, f)
        }
    }
)*}}

entities! {
    /// A value: a block's parameter, an instruction's result, or a constant.
    Value "v";
    /// A basic block.
    Block "b";
    /// An instruction.
    Inst "i";
    /// A way out of a function: a reason and a frame state.
    Guard "g";
    /// What the interpreter needs to go on from a place.
    FrameState "fs";
    /// An allocation that was removed, as frame states describe it.
    Removed "o";
    /// A function that can be called: one of the module's, or one from outside.
    Func "f";
    /// A signature.
    Sig "sig";
    /// A layout of heap objects. Number 0 stands for any object.
    TypeId "t";
    /// A place outside, whose address is filled in when the code is linked.
    Symbol "s";
}

/// What a value is to the machine.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Kind {
    /// A signed integer of 32 bits.
    I32,
    /// A signed integer of 64 bits; also a raw address.
    I64,
    /// An unsigned integer of 32 bits.
    U32,
    /// An unsigned integer of 64 bits.
    U64,
    /// A float of 64 bits.
    F64,
    /// 0 or 1.
    Bool,
    /// A reference to a heap object, or null. The collector sees these.
    Ref,
    /// 16 bytes of lanes.
    V128,
    /// 32 bytes of lanes.
    V256,
    /// No value.
    None,
}

impl Kind {
    /// Those that values have.
    pub const ALL: [Kind; 9] = [
        Kind::I32,
        Kind::I64,
        Kind::U32,
        Kind::U64,
        Kind::F64,
        Kind::Bool,
        Kind::Ref,
        Kind::V128,
        Kind::V256,
    ];

    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Kind::I32 => "i32",
            Kind::I64 => "i64",
            Kind::U32 => "u32",
            Kind::U64 => "u64",
            Kind::F64 => "f64",
            Kind::Bool => "bool",
            Kind::Ref => "ref",
            Kind::V128 => "v128",
            Kind::V256 => "v256",
            Kind::None => "none",
        }
    }

    /// One of the four integer kinds.
    pub const fn is_int(self) -> bool {
        matches!(self, Kind::I32 | Kind::I64 | Kind::U32 | Kind::U64)
    }

    /// An integer with a sign.
    pub const fn is_signed(self) -> bool {
        matches!(self, Kind::I32 | Kind::I64)
    }

    /// A vector.
    pub const fn is_vector(self) -> bool {
        matches!(self, Kind::V128 | Kind::V256)
    }

    /// Is it in float registers?
    pub const fn is_float_class(self) -> bool {
        matches!(self, Kind::F64 | Kind::V128 | Kind::V256)
    }

    /// Bits of a value: 1 for a bool, 0 for none.
    pub const fn bits(self) -> u32 {
        match self {
            Kind::I32 | Kind::U32 => 32,
            Kind::I64 | Kind::U64 | Kind::F64 | Kind::Ref => 64,
            Kind::Bool => 1,
            Kind::V128 => 128,
            Kind::V256 => 256,
            Kind::None => 0,
        }
    }

    /// A constant in canonical form: 32-bit kinds keep the low half, zero-extended, a bool its low bit.
    pub const fn canonical(self, bits: u64) -> u64 {
        match self {
            Kind::I32 | Kind::U32 => bits as u32 as u64,
            Kind::Bool => bits & 1,
            _ => bits,
        }
    }

    /// Constant bits as a number: sign-extended for signed kinds.
    pub const fn as_i128(self, bits: u64) -> i128 {
        match self {
            Kind::I32 => bits as u32 as i32 as i128,
            Kind::I64 => bits as i64 as i128,
            Kind::U32 => bits as u32 as i128,
            _ => bits as i128,
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A kind, and for a reference the layout of the object if it is known.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Type {
    /// The kind.
    pub kind: Kind,
    /// The layout of what a reference refers to; `TypeId(0)` if it may be any, and for other kinds.
    pub id: TypeId,
}

impl Type {
    /// A reference to an object of this layout, or null.
    pub const fn reference(id: TypeId) -> Type {
        Type { kind: Kind::Ref, id }
    }
}

impl From<Kind> for Type {
    fn from(kind: Kind) -> Type {
        Type { kind, id: TypeId(0) }
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.name())?;
        if self.id == TypeId(0) { Ok(()) } else { write!(f, ".{}", self.id) }
    }
}

impl fmt::Debug for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a load or a store finds in memory. Values narrower than their kind are extended by a load, and cut off by a store.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Mem {
    /// A signed byte, an i32.
    I8,
    /// A byte, a u32.
    U8,
    /// Two bytes, an i32.
    I16,
    /// Two bytes, a u32.
    U16,
    /// Four bytes, an i32.
    I32,
    /// Four bytes, a u32.
    U32,
    /// Eight bytes, an i64.
    I64,
    /// Eight bytes, a u64.
    U64,
    /// Eight bytes, an f64.
    F64,
    /// A byte that is 0 or 1.
    Bool,
    /// A reference.
    Ref,
    /// 16 bytes, at any address.
    V128,
    /// 32 bytes, at any address.
    V256,
}

impl Mem {
    /// All of them.
    pub const ALL: [Mem; 13] = [
        Mem::I8,
        Mem::U8,
        Mem::I16,
        Mem::U16,
        Mem::I32,
        Mem::U32,
        Mem::I64,
        Mem::U64,
        Mem::F64,
        Mem::Bool,
        Mem::Ref,
        Mem::V128,
        Mem::V256,
    ];

    /// The kind of the value.
    pub const fn kind(self) -> Kind {
        match self {
            Mem::I8 | Mem::I16 | Mem::I32 => Kind::I32,
            Mem::U8 | Mem::U16 | Mem::U32 => Kind::U32,
            Mem::I64 => Kind::I64,
            Mem::U64 => Kind::U64,
            Mem::F64 => Kind::F64,
            Mem::Bool => Kind::Bool,
            Mem::Ref => Kind::Ref,
            Mem::V128 => Kind::V128,
            Mem::V256 => Kind::V256,
        }
    }

    /// Bytes in memory.
    pub const fn bytes(self) -> u32 {
        match self {
            Mem::I8 | Mem::U8 | Mem::Bool => 1,
            Mem::I16 | Mem::U16 => 2,
            Mem::I32 | Mem::U32 => 4,
            Mem::I64 | Mem::U64 | Mem::F64 | Mem::Ref => 8,
            Mem::V128 => 16,
            Mem::V256 => 32,
        }
    }

    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Mem::I8 => "i8",
            Mem::U8 => "u8",
            Mem::I16 => "i16",
            Mem::U16 => "u16",
            _ => self.kind().name(),
        }
    }
}

/// What the lanes of a vector operation are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Lane {
    /// Bytes, unsigned.
    U8,
    /// 32 bits, signed.
    I32,
    /// 32 bits, unsigned.
    U32,
    /// 64 bits, signed.
    I64,
    /// 64 bits, unsigned.
    U64,
    /// Floats of 64 bits.
    F64,
}

impl Lane {
    /// All of them.
    pub const ALL: [Lane; 6] = [Lane::U8, Lane::I32, Lane::U32, Lane::I64, Lane::U64, Lane::F64];

    /// Bytes of a lane.
    pub const fn bytes(self) -> u32 {
        match self {
            Lane::U8 => 1,
            Lane::I32 | Lane::U32 => 4,
            Lane::I64 | Lane::U64 | Lane::F64 => 8,
        }
    }

    /// How many lanes a vector of this kind has.
    pub const fn count(self, kind: Kind) -> u32 {
        kind.bits() / 8 / self.bytes()
    }

    /// The kind of one lane as a scalar: bytes are u32.
    pub const fn scalar(self) -> Kind {
        match self {
            Lane::U8 | Lane::U32 => Kind::U32,
            Lane::I32 => Kind::I32,
            Lane::I64 => Kind::I64,
            Lane::U64 => Kind::U64,
            Lane::F64 => Kind::F64,
        }
    }

    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Lane::U8 => "u8",
            _ => self.scalar().name(),
        }
    }
}

/// A comparison. On unsigned kinds `Lt` and so on are unsigned; `Below` and so on compare signed kinds as unsigned.
/// With a NaN only `Ne` holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
#[repr(u8)]
pub enum Cond {
    /// Equal.
    Eq,
    /// Not equal.
    Ne,
    /// Less.
    Lt,
    /// Less or equal.
    Le,
    /// Greater.
    Gt,
    /// Greater or equal.
    Ge,
    /// Less, as unsigned.
    Below,
    /// Less or equal, as unsigned.
    BelowEq,
    /// Greater, as unsigned.
    Above,
    /// Greater or equal, as unsigned.
    AboveEq,
}

impl Cond {
    /// All of them.
    pub const ALL: [Cond; 10] = [
        Cond::Eq,
        Cond::Ne,
        Cond::Lt,
        Cond::Le,
        Cond::Gt,
        Cond::Ge,
        Cond::Below,
        Cond::BelowEq,
        Cond::Above,
        Cond::AboveEq,
    ];

    /// How it is written.
    pub const fn name(self) -> &'static str {
        match self {
            Cond::Eq => "eq",
            Cond::Ne => "ne",
            Cond::Lt => "lt",
            Cond::Le => "le",
            Cond::Gt => "gt",
            Cond::Ge => "ge",
            Cond::Below => "below",
            Cond::BelowEq => "beloweq",
            Cond::Above => "above",
            Cond::AboveEq => "aboveeq",
        }
    }

    /// What holds exactly when this does not: of integers, booleans and references; of floats only for `Eq` and `Ne`.
    pub const fn negated(self) -> Cond {
        match self {
            Cond::Eq => Cond::Ne,
            Cond::Ne => Cond::Eq,
            Cond::Lt => Cond::Ge,
            Cond::Le => Cond::Gt,
            Cond::Gt => Cond::Le,
            Cond::Ge => Cond::Lt,
            Cond::Below => Cond::AboveEq,
            Cond::BelowEq => Cond::Above,
            Cond::Above => Cond::BelowEq,
            Cond::AboveEq => Cond::Below,
        }
    }

    /// The same of the operands in the other order.
    pub const fn swapped(self) -> Cond {
        match self {
            Cond::Eq | Cond::Ne => self,
            Cond::Lt => Cond::Gt,
            Cond::Le => Cond::Ge,
            Cond::Gt => Cond::Lt,
            Cond::Ge => Cond::Le,
            Cond::Below => Cond::Above,
            Cond::BelowEq => Cond::AboveEq,
            Cond::Above => Cond::Below,
            Cond::AboveEq => Cond::BelowEq,
        }
    }

    /// The unsigned form, if operands of this kind are to be compared as unsigned.
    pub const fn of_kind(self, kind: Kind) -> Cond {
        match (self, kind) {
            (Cond::Lt, Kind::U32 | Kind::U64) => Cond::Below,
            (Cond::Le, Kind::U32 | Kind::U64) => Cond::BelowEq,
            (Cond::Gt, Kind::U32 | Kind::U64) => Cond::Above,
            (Cond::Ge, Kind::U32 | Kind::U64) => Cond::AboveEq,
            _ => self,
        }
    }

    /// Does it hold of two constants of a kind?
    pub fn holds(self, kind: Kind, left: u64, right: u64) -> bool {
        if kind == Kind::F64 {
            let (left, right) = (f64::from_bits(left), f64::from_bits(right));
            return match self {
                Cond::Eq => left == right,
                Cond::Ne => left != right,
                Cond::Lt | Cond::Below => left < right,
                Cond::Le | Cond::BelowEq => left <= right,
                Cond::Gt | Cond::Above => left > right,
                Cond::Ge | Cond::AboveEq => left >= right,
            };
        }
        let order = match self {
            Cond::Below | Cond::BelowEq | Cond::Above | Cond::AboveEq => left.cmp(&right),
            _ => kind.as_i128(left).cmp(&kind.as_i128(right)),
        };
        match self {
            Cond::Eq => order.is_eq(),
            Cond::Ne => order.is_ne(),
            Cond::Lt | Cond::Below => order.is_lt(),
            Cond::Le | Cond::BelowEq => order.is_le(),
            Cond::Gt | Cond::Above => order.is_gt(),
            Cond::Ge | Cond::AboveEq => order.is_ge(),
        }
    }
}

/// Memory that cannot overlap with memory of another class.
///
/// References are tagged by what they lead to, so the front end knows the class of each access; the optimiser trusts it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Alias(u16);

impl Alias {
    /// Raw memory: the context, and what is reached by addresses.
    pub const RAW: Alias = Alias(0);
    /// Memory that is never written after what can reach it exists: string contents, headers, literals. No store is of this class.
    pub const FIXED: Alias = Alias(1);
    /// The VM's frames.
    pub const FRAME: Alias = Alias(2);
    /// Module variables.
    pub const MODULE: Alias = Alias(3);
    /// Lengths of arrays, and where their stores are.
    pub const LENGTH: Alias = Alias(4);
    /// The greatest number of [`field`](Self::field).
    pub const FIELDS_MAX: u16 = 0x3ff - 32;
    /// How many classes there are at most.
    pub const COUNT: usize = 0x400;

    /// Elements of array stores, by what is in them. `V128` and `V256` are no elements: use the lanes'.
    pub const fn array(element: Mem) -> Alias {
        Alias(8 + element as u16)
    }

    /// A field of objects. Which fields share a number is the front end's choice; different numbers never overlap. Numbers above
    /// [`FIELDS_MAX`](Self::FIELDS_MAX) share the last.
    pub const fn field(number: u16) -> Alias {
        Alias(32 + if number < Alias::FIELDS_MAX { number } else { Alias::FIELDS_MAX })
    }

    /// From [`index`](Self::index).
    pub const fn from_index(index: u16) -> Alias {
        Alias(index & 0x3ff)
    }

    /// A number below [`COUNT`](Self::COUNT).
    pub const fn index(self) -> u16 {
        self.0
    }

    /// The class with this name.
    pub fn parse(name: &str) -> Option<Alias> {
        (0..Alias::COUNT as u16).map(Alias).find(|class| class.to_string() == name)
    }
}

impl fmt::Display for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => f.write_str("raw"),
            1 => f.write_str("fixed"),
            2 => f.write_str("frame"),
            3 => f.write_str("module"),
            4 => f.write_str("length"),
            class @ 8..32 => match Mem::ALL.get(usize::from(class - 8)) {
                Some(element) => write!(f, "array.{}", element.name()),
                None => write!(f, "class{class}"),
            },
            class @ 32.. => write!(f, "field{}", class - 32),
            class => write!(f, "class{class}"),
        }
    }
}

impl fmt::Debug for Alias {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
