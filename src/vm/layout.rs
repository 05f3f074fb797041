//! How objects and the context lie in memory, once, as data.
//!
//! Objects are `#[repr(C)]` structs that begin with a [`Header`]. What native code, dumps and debuggers know of them they
//! take from [`OFFSETS`]; nothing else may spell an offset.
//!
//! | object | type word | `aux` | then |
//! | --- | --- | --- | --- |
//! | struct, cell | its type | 0 | slots, references first |
//! | enum variant | its type | variant | slots, references first |
//! | function value | its closure type, or (without captures) its function type | function | captures, references first |
//! | string | [`TypeId::STRING`] | 0 | [`StringObject`] |
//! | error | [`TypeId::ERROR`] | 0 | [`ErrorObject`] |
//! | range | [`TypeId::RANGE`] | 0 | [`RangeObject`] |
//! | array | its type | 0 | [`ArrayObject`] |
//! | map | its type | 0 | [`MapObject`] |
//! | store of an array | [`Part::Store`] and the array's type | capacity | unboxed elements |
//! | entries of a map | [`Part::Entries`] and the map's type | capacity | [`Entry`]s |
//! | index of a map | [`Part::Index`] | size (a power of two) minus one | [`u64`]s |
//! | buffer of a string | [`Part::Buffer`] | 1 if it grew by appending | [`BufferObject`], bytes |
//! | offsets of a buffer's scalars | [`Part::Offsets`] | capacity | [`OffsetsObject`], [`u64`]s |
//!
//! Invariants
//! - L1 Objects begin at multiples of 8.
//! - L2 All references of an object are initialised (to null or an object) before the next collection may happen.
//! - L3 The string of a [`StringObject`] begins at the first byte of its buffer, so strings that share a buffer are
//!   prefixes of one another.
//! - L4 Store elements of kind [`Elem::Ref`] are initialised up to the capacity; those behind the array's length are null.

use std::mem::offset_of;

use crate::bytecode::{Kind, TypeId};

/// Bytes of a slot, of a reference, and what objects are aligned to.
pub const SLOT_BYTES: usize = 8;

/// What every object begins with.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The type: a [`TypeId`], or a [`Part`] in the upper four bits.
    pub ty: u32,
    /// Variant, function, capacity: see the table.
    pub aux: u32,
}

/// The first slot of a struct, enum variant, cell or closure lies here.
pub const SLOTS_OFFSET: usize = size_of::<Header>();

/// Objects that are parts of others: no register holds one, but for a hoisted store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Part {
    Store = 1,
    Entries = 2,
    Index = 3,
    Buffer = 4,
    Offsets = 5,
}

/// Position of the part number in a type word. Type ids stay below `1 << PART_SHIFT`.
pub const PART_SHIFT: u32 = 28;
/// The bits of a type word that hold a type id.
pub const TYPE_MASK: u32 = (1 << PART_SHIFT) - 1;

impl Part {
    /// The type word of a part that belongs to an object of type `ty`.
    pub const fn word(self, ty: u32) -> u32 {
        (self as u32) << PART_SHIFT | ty & TYPE_MASK
    }

    /// The part that a type word names.
    pub const fn of(word: u32) -> Option<Part> {
        Some(match word >> PART_SHIFT {
            1 => Part::Store,
            2 => Part::Entries,
            3 => Part::Index,
            4 => Part::Buffer,
            5 => Part::Offsets,
            _ => return None,
        })
    }
}

/// A string: immutable, but for its hash.
#[repr(C)]
pub struct StringObject {
    pub header: Header,
    /// Its [`BufferObject`].
    pub buffer: u64,
    pub byte_len: u64,
    pub scalar_len: u32,
    /// 0 as long as it has not been computed.
    pub hash: u32,
}

/// The bytes of strings, and room behind them.
#[repr(C)]
pub struct BufferObject {
    pub header: Header,
    /// An [`OffsetsObject`], or null: made when a non-ASCII string is indexed first.
    pub offsets: u64,
    /// Bytes that belong to some string.
    pub used: u64,
    pub capacity: u64,
}

/// The bytes of a buffer lie here.
pub const BYTES_OFFSET: usize = size_of::<BufferObject>();

/// Where in a buffer every 64th scalar begins. Followed by the offsets.
#[repr(C)]
pub struct OffsetsObject {
    pub header: Header,
    /// How many offsets are known. The first is 0.
    pub count: u64,
}

/// Scalars from one offset in an [`OffsetsObject`] to the next.
pub const OFFSETS_STRIDE: usize = 64;

/// An array.
#[repr(C)]
pub struct ArrayObject {
    pub header: Header,
    /// A [`StoreObject`], or null while the capacity is 0.
    pub store: u64,
    pub len: u32,
    pub capacity: u32,
}

/// The elements of an array lie behind its header.
#[repr(C)]
pub struct StoreObject {
    pub header: Header,
}

/// The elements of a store lie here.
pub const ELEMENTS_OFFSET: usize = size_of::<StoreObject>();

/// A map.
#[repr(C)]
pub struct MapObject {
    pub header: Header,
    /// [`Entry`]s, or null while the capacity is 0.
    pub entries: u64,
    /// The index, or null likewise.
    pub index: u64,
    /// How many keys there are.
    pub live: u32,
    /// Entries at and behind this position were never used.
    pub used: u32,
    /// Entries before this position are dead.
    pub first: u32,
    pub capacity: u32,
    /// Moves when a key is added or removed.
    pub changes: u64,
}

/// An entry of a map. A dead one is all zero.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    pub key: u64,
    pub value: u64,
    pub hash: u32,
    pub live: u32,
}

/// The entries of a map lie here in their object.
pub const ENTRIES_OFFSET: usize = size_of::<Header>();
/// The words of an index lie here in their object.
pub const INDEX_OFFSET: usize = size_of::<Header>();

/// An error value.
#[repr(C)]
pub struct ErrorObject {
    pub header: Header,
    /// Its message, a string.
    pub message: u64,
    /// Number of its [`ErrorKind`](super::fault::ErrorKind).
    pub kind: u32,
    /// 4 for `E0004`.
    pub code: u32,
}

/// What `range()` gives: the values that are left.
#[repr(C)]
pub struct RangeObject {
    pub header: Header,
    pub next: i64,
    pub end: i64,
    /// Not 0.
    pub step: i64,
}

/// How a value lies in an array's store.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Elem {
    /// One byte, 0 or 1.
    Bool,
    /// Four bytes, sign-extended when read.
    I32,
    /// Four bytes, zero-extended when read: `u32` and tags.
    U32,
    /// Eight bytes, no reference.
    Word,
    /// Eight bytes, a reference.
    Ref,
}

impl Elem {
    /// Bytes of an element.
    pub const fn bytes(self) -> usize {
        match self {
            Elem::Bool => 1,
            Elem::I32 | Elem::U32 => 4,
            Elem::Word | Elem::Ref => 8,
        }
    }
}

impl From<Kind> for Elem {
    fn from(kind: Kind) -> Elem {
        match kind {
            Kind::Bool => Elem::Bool,
            Kind::I32 => Elem::I32,
            Kind::U32 | Kind::Tag => Elem::U32,
            Kind::I64 | Kind::U64 | Kind::F64 => Elem::Word,
            Kind::Ref => Elem::Ref,
        }
    }
}

/// The type word of a string.
pub const STRING_WORD: u32 = TypeId::STRING.0;

/// The table: name and byte offset of every field that native code, dumps or debuggers read.
pub const OFFSETS: &[(&str, usize)] = &[
    ("header.ty", offset_of!(Header, ty)),
    ("header.aux", offset_of!(Header, aux)),
    ("object.slots", SLOTS_OFFSET),
    ("string.buffer", offset_of!(StringObject, buffer)),
    ("string.byte_len", offset_of!(StringObject, byte_len)),
    ("string.scalar_len", offset_of!(StringObject, scalar_len)),
    ("string.hash", offset_of!(StringObject, hash)),
    ("buffer.offsets", offset_of!(BufferObject, offsets)),
    ("buffer.used", offset_of!(BufferObject, used)),
    ("buffer.capacity", offset_of!(BufferObject, capacity)),
    ("buffer.bytes", BYTES_OFFSET),
    ("array.store", offset_of!(ArrayObject, store)),
    ("array.len", offset_of!(ArrayObject, len)),
    ("array.capacity", offset_of!(ArrayObject, capacity)),
    ("store.elements", ELEMENTS_OFFSET),
    ("map.entries", offset_of!(MapObject, entries)),
    ("map.index", offset_of!(MapObject, index)),
    ("map.live", offset_of!(MapObject, live)),
    ("map.used", offset_of!(MapObject, used)),
    ("map.changes", offset_of!(MapObject, changes)),
    ("entry.key", offset_of!(Entry, key)),
    ("entry.value", offset_of!(Entry, value)),
    ("entry.live", offset_of!(Entry, live)),
    ("error.message", offset_of!(ErrorObject, message)),
    ("error.kind", offset_of!(ErrorObject, kind)),
    ("error.code", offset_of!(ErrorObject, code)),
    ("range.next", offset_of!(RangeObject, next)),
    ("range.end", offset_of!(RangeObject, end)),
    ("range.step", offset_of!(RangeObject, step)),
    ("context.poll", super::context::POLL_OFFSET),
    ("context.cursors", super::context::CURSORS_OFFSET),
    ("context.depth", super::context::DEPTH_OFFSET),
    ("context.literals", super::context::LITERALS_OFFSET),
    ("context.ascii", super::context::ASCII_OFFSET),
    ("machine.globals", super::machine::GLOBALS_OFFSET),
    ("machine.present", super::machine::PRESENT_OFFSET),
    ("machine.entries", super::machine::ENTRIES_OFFSET),
    ("machine.value_entries", super::machine::VALUE_ENTRIES_OFFSET),
    ("machine.raised", super::machine::RAISED_OFFSET),
    ("machine.out", super::machine::OUT_OFFSET),
    ("cursor.next", offset_of!(super::heap::Cursor, next)),
    ("cursor.end", offset_of!(super::heap::Cursor, end)),
];

/// The offset of a field by its name in [`OFFSETS`].
pub fn offset(name: &str) -> Option<usize> {
    OFFSETS.iter().find(|row| row.0 == name).map(|row| row.1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_names_what_lies_there() {
        // Numbers that assemblers, debuggers and other tools have come to rely on; changing one is a decision.
        let expected = [
            ("header.ty", 0),
            ("header.aux", 4),
            ("object.slots", 8),
            ("string.buffer", 8),
            ("string.byte_len", 16),
            ("string.scalar_len", 24),
            ("string.hash", 28),
            ("buffer.bytes", 32),
            ("array.store", 8),
            ("array.len", 16),
            ("array.capacity", 20),
            ("store.elements", 8),
            ("map.live", 24),
            ("error.message", 8),
            ("range.next", 8),
        ];
        for (name, at) in expected {
            assert_eq!(offset(name), Some(at), "{name}");
        }
        for (at, row) in OFFSETS.iter().enumerate() {
            assert!(OFFSETS[..at].iter().all(|other| other.0 != row.0), "{} stands there twice", row.0);
        }
    }

    #[test]
    fn type_words_keep_part_and_type_apart() {
        for part in [Part::Store, Part::Entries, Part::Index, Part::Buffer, Part::Offsets] {
            assert_eq!(Part::of(part.word(77)), Some(part));
            assert_eq!(part.word(77) & TYPE_MASK, 77);
        }
        assert_eq!(Part::of(TypeId::STRING.0), None);
    }
}
