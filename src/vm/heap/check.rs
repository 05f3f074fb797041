//! What `stress gc` adds: each root and each field must lead to the start of a live object of its declared type, and cells are
//! overwritten when they are freed.

use std::collections::HashSet;

use super::alloc::{CHUNK, GRANULE, Use};
use super::class::{BLOCK, SIZES};
use super::collect::is_marked;
use super::{Heap, Ref, TypeTable};
use crate::bytecode::{Layout, Program, TypeDesc, TypeId};
use crate::vm::layout::{Elem, Entry, Part, TYPE_MASK};

/// What freed cells are filled with. As a type word it names no type, as a reference no object.
const PATTERN: u8 = 0xdb;

/// What there is to check references against.
pub(super) struct Checker<'a> {
    heap: &'a Heap,
    types: &'a TypeTable,
    program: &'a Program,
    /// Addresses of the chunks and their numbers, in order.
    chunks: Vec<(usize, usize)>,
    large: HashSet<usize>,
}

impl<'a> Checker<'a> {
    pub fn new(heap: &'a Heap, types: &'a TypeTable, program: &'a Program) -> Checker<'a> {
        let base = |chunk: &super::alloc::Chunk| chunk.region.base().addr().get();
        let mut chunks: Vec<_> =
            heap.chunks.iter().enumerate().map(|(at, chunk)| (base(chunk), at)).collect();
        chunks.sort_unstable();
        let large = heap.large.iter().map(|large| large.object().addr().get()).collect();
        Checker { heap, types, program, chunks, large }
    }

    /// Whether an address is that of a cell of the heap that is in use, as far as blocks tell; immortal objects are.
    fn is_start(&self, object: Ref) -> bool {
        let address = object.bits() as usize;
        if self.large.contains(&address) {
            return true;
        }
        let Ok(found) = self.chunks.binary_search_by_key(&(address & !(CHUNK - 1)), |chunk| chunk.0) else {
            return is_marked(object);
        };
        let chunk = &self.heap.chunks[self.chunks[found].1];
        let offset = address & (CHUNK - 1);
        match chunk.uses[offset / BLOCK] {
            Use::Cells(class) => {
                let size = SIZES[usize::from(class)] as usize;
                (offset % BLOCK).is_multiple_of(size) && offset % BLOCK / size < BLOCK / size
            }
            Use::Span(_) => offset.is_multiple_of(BLOCK),
            Use::Free | Use::Inner => false,
        }
    }

    /// Checks a reference whose object is declared to be of a type.
    pub fn reference(&self, object: Ref, declared: TypeId, whose: &str) {
        assert!(self.is_start(object), "H1: {whose} leads to {:#x}, where no object begins", object.bits());
        let found = object.header().ty;
        let fits = (found as usize) < self.types.len() && self.fits(TypeId(found), declared);
        assert!(fits, "H1: {whose} declared as {declared} leads to an object with type word {found:#x}");
    }

    fn fits(&self, found: TypeId, declared: TypeId) -> bool {
        let (found, declared) = (self.program.canonical(found), self.program.canonical(declared));
        match (self.program.ty(found), self.program.ty(declared)) {
            // Functions have types by signature, their values by function.
            (TypeDesc::Closure { .. } | TypeDesc::Fn { .. }, TypeDesc::Fn { .. }) => true,
            (_, TypeDesc::Unknown) => true,
            _ => found == declared,
        }
    }

    fn part(&self, owner: Ref, slot: u64, part: Part, ty: u32) {
        let Some(object) = Ref::from_slot(slot) else { return };
        assert!(self.is_start(object), "H1: a part of {:#x} leads nowhere", owner.bits());
        let found = object.header().ty;
        assert!(found == part.word(ty), "H1: {part:?} of {:#x} has type word {found:#x}", owner.bits());
    }

    fn slots(&self, object: Ref, layout: &Layout) {
        for field in layout.fields.iter().filter(|field| field.slot < layout.refs) {
            self.slot(object, object.slot(field.slot), field.ty);
        }
    }

    fn slot(&self, object: Ref, slot: u64, ty: TypeId) {
        if let Some(target) = Ref::from_slot(slot) {
            self.reference(target, ty, &format!("a field of {:#x}", object.bits()));
        }
    }

    /// Checks the references that a live object holds.
    pub fn fields(&self, object: Ref) {
        let header = object.header();
        let ty = TypeId(header.ty & TYPE_MASK);
        assert!(ty.index() < self.types.len(), "H1: {:#x} has type word {:#x}", object.bits(), header.ty);
        match Part::of(header.ty) {
            Some(Part::Store) if self.types.get(ty).elem == Elem::Ref => {
                let TypeDesc::Array(elem) = self.program.ty(ty) else { panic!("L: a store of {ty}") };
                (0..header.aux).for_each(|at| self.slot(object, object.slot(at), *elem));
            }
            Some(Part::Entries) => {
                let TypeDesc::Map { key, value } = self.program.ty(ty) else { panic!("L: entries of {ty}") };
                for at in 0..header.aux {
                    let first = at as usize * (size_of::<Entry>() / size_of::<u64>());
                    if self.program.is_ref(*key) {
                        self.slot(object, object.word(first), *key);
                    }
                    if self.program.is_ref(*value) {
                        self.slot(object, object.word(first + 1), *value);
                    }
                }
            }
            Some(_) => {}
            None => match self.program.ty(ty) {
                TypeDesc::Struct(layout) | TypeDesc::Closure { captures: layout, .. } => {
                    self.slots(object, layout)
                }
                TypeDesc::Enum { variants, .. } => self.slots(object, &variants[header.aux as usize]),
                TypeDesc::Cell(of) if self.program.is_ref(*of) => self.slot(object, object.slot(0), *of),
                TypeDesc::String => self.part(object, object.slot(0), Part::Buffer, 0),
                TypeDesc::Error => self.slot(object, object.slot(0), TypeId::STRING),
                TypeDesc::Array(_) => self.part(object, object.slot(0), Part::Store, header.ty),
                TypeDesc::Map { .. } => {
                    self.part(object, object.slot(0), Part::Entries, header.ty);
                    self.part(object, object.slot(1), Part::Index, 0);
                }
                _ => {}
            },
        }
    }
}

impl Heap {
    /// Overwrites the cells and blocks that the collection freed, after the blocks have been sorted. What was free before it
    /// has been overwritten then, or belongs to the system's untouched memory.
    pub(super) fn fill_freed_cells(&mut self) {
        for chunk in &mut self.chunks {
            let mut dirty = std::mem::take(&mut chunk.dirty);
            for (number, dirty) in dirty.iter_mut().enumerate().skip(1) {
                match chunk.uses[number] {
                    Use::Free if dirty.iter().any(|word| *word != 0) => {
                        dirty.fill(0);
                        if chunk.fresh >> number & 1 == 0 {
                            // SAFETY: a free block is in nobody's use.
                            unsafe { chunk.block(number).write_bytes(PATTERN, BLOCK) };
                        }
                    }
                    Use::Cells(class) => {
                        let size = SIZES[usize::from(class)] as usize;
                        let marks = chunk.read_marks(number);
                        for (word, (dirty, marks)) in dirty.iter_mut().zip(marks).enumerate() {
                            let mut dead = *dirty & !marks;
                            *dirty &= marks;
                            while dead != 0 {
                                let granule = word * 64 + dead.trailing_zeros() as usize;
                                dead &= dead - 1;
                                // SAFETY: an unmarked cell is in nobody's use after a collection.
                                unsafe {
                                    chunk.block(number).add(granule * GRANULE).write_bytes(PATTERN, size)
                                };
                            }
                        }
                    }
                    _ => {}
                }
            }
            chunk.dirty = dirty;
        }
    }
}
