//! Immortal objects: made once, never changed, never collected, shared by threads.
//!
//! Those that every program needs (the one-scalar ASCII strings, names of error kinds, the errors that are raised when there
//! is no memory to make one) are made once per process; the literals of a program once for it. They are complete when they are
//! built: strings have their hashes, and their offsets if they are not ASCII. So reading never writes to them.
//!
//! Their mark bits are set, in regions like those of the heap, so the collector never looks behind them. They refer to
//! immortal objects only.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::{Arc, OnceLock};

use super::alloc::{CHUNK, LARGE_OFFSET, MARK_BYTES};
use super::collect::mark_place;
use super::system::Region;
use super::{ErrorRef, Ref, Str, TypeTable, string_object};
use crate::bytecode::{Literal, Program, TypeId};
use crate::vm::fault::{ErrorKind, RuntimeError};
use crate::vm::layout::{ErrorObject, Header, SLOT_BYTES};

/// Objects up to this size share a region.
const SHARED: usize = CHUNK / 4;

/// Regions of immortal objects, filled from the front.
#[derive(Default)]
struct Arena {
    regions: Vec<Region>,
    /// What is left of the last region that is shared: from where, up to where.
    shared: Option<(usize, usize, usize)>,
}

impl Arena {
    /// A new object, zero behind its header.
    ///
    /// # Panics
    /// If the system gives no memory.
    fn alloc(&mut self, bytes: usize, ty: u32, aux: u32) -> Ref {
        let bytes = bytes.next_multiple_of(SLOT_BYTES).max(2 * SLOT_BYTES);
        let (region, offset) = self.place(bytes);
        // SAFETY: the place lies within the region, and has been given to no one.
        let header = unsafe { self.regions[region].base().add(offset) }.cast::<Header>();
        // SAFETY: as above.
        unsafe { header.write(Header { ty, aux }) };
        let object = Ref::new(header);
        let (word, bit) = mark_place(object);
        // SAFETY: the region begins with mark bits, which nobody reads before the object is known.
        unsafe { word.write(word.read() | bit) };
        object
    }

    /// Room for so many bytes: number of the region, and offset in it.
    fn place(&mut self, bytes: usize) -> (usize, usize) {
        if bytes > SHARED {
            let region = Region::new(bytes + LARGE_OFFSET).expect("memory for a literal");
            self.regions.push(region);
            return (self.regions.len() - 1, LARGE_OFFSET);
        }
        match &mut self.shared {
            Some((region, next, end)) if *end - *next >= bytes => {
                *next += bytes;
                (*region, *next - bytes)
            }
            _ => {
                self.regions.push(Region::new(CHUNK).expect("memory for literals"));
                let region = self.regions.len() - 1;
                self.shared = Some((region, MARK_BYTES + bytes, CHUNK));
                (region, MARK_BYTES)
            }
        }
    }

    fn string(&mut self, text: &str) -> Str {
        match text.as_bytes() {
            [] => empty(),
            [byte @ 0..128] => ascii(*byte),
            _ => string_object::write_immortal(|bytes, ty, aux| self.alloc(bytes, ty, aux), text),
        }
    }

    fn error(&mut self, error: &RuntimeError) -> ErrorRef {
        let text = error.to_string();
        let message = string_object::write_immortal(|bytes, ty, aux| self.alloc(bytes, ty, aux), &text);
        let object = self.alloc(size_of::<ErrorObject>(), TypeId::ERROR.0, 0);
        let (kind, code) = error.class();
        let content =
            ErrorObject { header: object.header(), message: message.bits(), kind: kind as u32, code };
        // SAFETY: the object was made for this.
        unsafe { object.cast::<ErrorObject>().write(content) };
        ErrorRef(object)
    }
}

/// What every program needs.
struct Permanent {
    /// The one-scalar ASCII strings, as slots hold them.
    ascii: [u64; 128],
    empty: u64,
    kinds: [u64; ErrorKind::ALL.len()],
    out_of_memory: u64,
    stack_overflow: u64,
    _arena: Arena,
}

static PERMANENT: OnceLock<Permanent> = OnceLock::new();
static HASH_KEY: OnceLock<RandomState> = OnceLock::new();

#[inline(always)]
fn permanent() -> &'static Permanent {
    match PERMANENT.get() {
        Some(permanent) => permanent,
        None => PERMANENT.get_or_init(make_permanent),
    }
}

#[cold]
fn make_permanent() -> Permanent {
    let mut arena = Arena::default();
    let string = |arena: &mut Arena, text: &str| {
        string_object::write_immortal(|bytes, ty, aux| arena.alloc(bytes, ty, aux), text).bits()
    };
    let mut ascii = [0; 128];
    for (byte, slot) in (0..128u8).zip(&mut ascii) {
        *slot = string(&mut arena, char::from(byte).encode_utf8(&mut [0; 4]));
    }
    Permanent {
        ascii,
        empty: string(&mut arena, ""),
        kinds: ErrorKind::ALL.map(|kind| string(&mut arena, kind.text())),
        out_of_memory: arena.error(&RuntimeError::OutOfMemory).bits(),
        stack_overflow: arena.error(&RuntimeError::StackOverflow).bits(),
        _arena: arena,
    }
}

/// The string of one ASCII character, which must be one.
#[inline(always)]
pub fn ascii(byte: u8) -> Str {
    Str(Ref::from_bits(permanent().ascii[usize::from(byte)]))
}

/// The table of the one-scalar ASCII strings, for native code.
pub fn ascii_table() -> &'static [u64; 128] {
    &permanent().ascii
}

/// The empty string.
#[inline]
pub fn empty() -> Str {
    Str(Ref::from_bits(permanent().empty))
}

/// The name of an error kind.
pub fn kind_name(kind: ErrorKind) -> Str {
    Str(Ref::from_bits(permanent().kinds[kind as usize]))
}

/// The error `Out of memory`.
pub fn out_of_memory() -> ErrorRef {
    ErrorRef(Ref::from_bits(permanent().out_of_memory))
}

/// The error `Stack overflow`.
pub fn stack_overflow() -> ErrorRef {
    ErrorRef(Ref::from_bits(permanent().stack_overflow))
}

/// The hash of a string's bytes, never 0. Keyed by a random number of the process, since literals are shared by instances.
pub fn hash_bytes(bytes: &[u8]) -> u32 {
    let mut hasher = HASH_KEY.get_or_init(RandomState::new).build_hasher();
    hasher.write(bytes);
    let hash = hasher.finish();
    ((hash ^ hash >> 32) as u32).max(1)
}

/// The literals of a program, and its types as the heap sees them.
pub struct Statics {
    pub types: TypeTable,
    /// The literals by their numbers, as slots hold them.
    literals: Vec<u64>,
    arena: Arena,
    /// Those of an earlier program of a growing session, whose literals this one repeats.
    previous: Option<Arc<Statics>>,
}

impl Statics {
    /// Makes the literals of a program. If the program continues another, the literals of that one stay what they are.
    pub fn new(program: &Program, previous: Option<Arc<Statics>>) -> Statics {
        let mut statics = Statics {
            types: TypeTable::new(program),
            literals: Vec::new(),
            arena: Arena::default(),
            previous,
        };
        if let Some(previous) = &statics.previous {
            statics.literals.clone_from(&previous.literals);
        }
        for literal in program.literals.iter().skip(statics.literals.len()) {
            let arena = &mut statics.arena;
            let slot = match literal {
                Literal::String(text) => arena.string(text).bits(),
                Literal::Variant { ty, variant } => arena.alloc(0, ty.0, *variant).bits(),
                Literal::Function { ty, func } => arena.alloc(0, ty.0, func.0).bits(),
            };
            statics.literals.push(slot);
        }
        statics
    }

    /// The literals by their numbers, as slots hold them.
    pub fn literals(&self) -> &[u64] {
        &self.literals
    }

    /// Bytes of address space that the literals of this program take, earlier ones not counted.
    pub fn reserved_bytes(&self) -> usize {
        self.arena.regions.iter().map(Region::bytes).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::super::collect::is_marked;
    use super::*;

    #[test]
    fn literals_are_complete_and_shared_by_threads() {
        let long = "ä".repeat(if cfg!(miri) { 1000 } else { 300_000 });
        let mut program = Program::new();
        program.literals =
            ["", "x", "hello", "größer", &long].map(|text| Literal::String(text.into())).to_vec();
        let statics = Arc::new(Statics::new(&program, None));
        assert_eq!(statics.literals()[0], empty().bits());
        assert_eq!(statics.literals()[1], ascii(b'x').bits());
        let other = statics.clone();
        let program_of_thread = program.clone();
        std::thread::spawn(move || {
            let mut heap = super::super::Heap::new(Some(0), false);
            for (literal, &slot) in program_of_thread.literals.iter().zip(other.literals()) {
                let Literal::String(text) = literal else { unreachable!() };
                let string = Ref::from_bits(slot).as_str();
                assert_eq!(string.text(), &**text);
                assert_eq!(string.known_hash(), Some(hash_bytes(text.as_bytes())));
                assert!(is_marked(string.object()));
                let last = string.scalar_len();
                // Without memory: the offsets are there already.
                assert_eq!(heap.scalar_offset(string, last).unwrap(), text.len());
                let middle = text.chars().take(last as usize / 2).map(char::len_utf8).sum::<usize>();
                assert_eq!(heap.scalar_offset(string, last / 2).unwrap(), middle);
            }
        })
        .join()
        .unwrap();

        program.literals.push(Literal::String("later".into()));
        let later = Statics::new(&program, Some(statics.clone()));
        assert_eq!(later.literals()[..5], *statics.literals());
        assert_eq!(Ref::from_bits(later.literals()[5]).as_str().text(), "later");
    }

    #[test]
    fn permanent_objects() {
        assert_eq!(ascii(b'~').text(), "~");
        assert_eq!(out_of_memory().message().text(), "Out of memory");
        assert_eq!((stack_overflow().kind(), stack_overflow().code()), (ErrorKind::Recursion, 11));
        assert_eq!(kind_name(ErrorKind::Io).text(), "io error");
    }
}
