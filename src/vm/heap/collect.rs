//! The collection: mark from the roots with a stack of its own, then sort the blocks into full, partly filled and empty.
//!
//! How it works. An object is pushed when its mark bit is set, so at most once, and scanned when it is popped. Strings are not
//! scanned by themselves: marking one marks its buffer. Large stores and entry tables are scanned in pieces, so that the stack
//! stays short. If it cannot grow, objects stay marked but unscanned, and once the stack is empty all marked objects
//! are looked at again; that takes time, but no memory.
//!
//! Free cells are not visited here but when they are about to be used. Empty blocks are kept for use until the next collection
//! as far as it is due to let the heap grow; beyond that their memory goes back to the system.

use std::ptr::NonNull;

/// Under stress the next collection waits for one allocation for each so many roots and live objects, so that what
/// stress costs stays in proportion to what a program allocates.
const STRESS_SHARE: usize = 128;

use super::alloc::{ALL_BLOCKS, BLOCK_MARK_WORDS, BLOCKS, CHUNK, GRANULE, Use};
use super::class::{BLOCK, SIZES};
use super::system::PAGE;
use super::{Heap, KeyKind, MIN_ALLOWANCE, Ref, Shape, TypeTable, check, poll};
use crate::bytecode::{Program, TypeId};
use crate::vm::layout::{Elem, Entry, Part, TYPE_MASK};

/// Elements of a store, or entries of a map, that are scanned before others get their turn.
const PIECE: u32 = 1024;
/// Words of a map's entry: key, value, and what is no reference.
const ENTRY_WORDS: usize = size_of::<Entry>() / size_of::<u64>();
/// What is kept resident beyond what the heap may grow to.
const SLACK: usize = 1 << 20;

/// Marks what the roots lead to. The instance calls it for each of its roots.
pub struct Marker<'a> {
    types: &'a TypeTable,
    /// Marked objects that are to be scanned.
    stack: Vec<Ref>,
    /// Parts of large objects that are to be scanned: the object, and where to go on.
    pieces: Vec<(Ref, u32)>,
    /// The stack could not grow: some marked objects have not been scanned.
    overflowed: bool,
    /// What the stack may grow to. For tests: in earnest there is no bound.
    most: usize,
    /// Under stress: the program and the heap's blocks, to check roots against.
    check: Option<check::Checker<'a>>,
    /// Under stress: how many roots there were.
    roots: usize,
}

impl Marker<'_> {
    /// Roots in slots of which each is null or a reference.
    #[inline]
    pub fn slots(&mut self, slots: &[u64]) {
        for &slot in slots {
            self.visit(slot);
        }
    }

    /// A root of which no type is declared.
    pub fn untyped_root(&mut self, slot: u64) {
        self.roots += 1;
        self.visit(slot);
    }

    /// A root: null or a reference, whose object must be of the declared type.
    pub fn root(&mut self, slot: u64, declared: TypeId) {
        if let (Some(check), Some(object)) = (&self.check, Ref::from_slot(slot)) {
            check.reference(object, declared, "a root");
        }
        self.roots += 1;
        self.visit(slot);
    }

    /// Whether [`Marker::root`] checks; otherwise [`Marker::slots`] does as well and is quicker.
    pub fn is_checking(&self) -> bool {
        self.check.is_some()
    }

    /// Marks what a slot refers to, and will scan it.
    #[inline(always)]
    fn visit(&mut self, slot: u64) {
        if let Some(object) = Ref::from_slot(slot)
            && mark(object)
        {
            self.push(object);
        }
    }

    #[inline(always)]
    fn push(&mut self, object: Ref) {
        if self.stack.len() < self.stack.capacity() && self.stack.len() < self.most {
            self.stack.push(object);
        } else {
            self.push_slowly(object);
        }
    }

    #[cold]
    fn push_slowly(&mut self, object: Ref) {
        let room = self.stack.len() < self.most && self.stack.try_reserve(1024).is_ok();
        if room { self.stack.push(object) } else { self.overflowed = true }
    }

    /// Scans until nothing is left.
    fn drain(&mut self) {
        loop {
            while let Some(object) = self.stack.pop() {
                self.scan(object);
            }
            match self.pieces.pop() {
                Some((object, from)) => self.scan_piece(object, from),
                None => return,
            }
        }
    }

    #[inline(always)]
    fn scan(&mut self, object: Ref) {
        let header = object.header();
        match Part::of(header.ty) {
            None => {
                let info = self.types.get(TypeId(header.ty));
                match info.shape {
                    Shape::Slots => self.scan_slots(object, info.refs),
                    Shape::Enum => self.scan_slots(object, self.types.variant_refs(info, header.aux)),
                    Shape::String => self.scan_string(object),
                    Shape::Error | Shape::Array => self.visit(object.slot(0)),
                    Shape::Map => {
                        self.visit(object.slot(0));
                        self.visit(object.slot(1));
                    }
                    Shape::Range | Shape::Scalar => {}
                }
            }
            Some(Part::Store | Part::Entries) => self.scan_piece(object, 0),
            Some(Part::Buffer) => self.visit(object.slot(0)),
            Some(Part::Index | Part::Offsets) => {}
        }
    }

    #[inline(always)]
    fn scan_slots(&mut self, object: Ref, refs: u32) {
        for slot in 0..refs {
            self.visit(object.slot(slot));
        }
    }

    /// Marks a string's buffer. Offsets belong to a buffer only if some string on it is not ASCII, and they are used only by such
    /// strings; so an ASCII string need not look into its buffer.
    #[inline(always)]
    fn scan_string(&mut self, object: Ref) {
        if let Some(buffer) = Ref::from_slot(object.slot(0)) {
            mark(buffer);
            if !object.as_str().is_ascii() {
                self.visit(buffer.slot(0));
            }
        }
    }

    /// Scans a store or the entries of a map from some position on, at most [`PIECE`] of them at once.
    fn scan_piece(&mut self, object: Ref, from: u32) {
        let header = object.header();
        let info = *self.types.get(TypeId(header.ty & TYPE_MASK));
        let is_store = Part::of(header.ty) == Some(Part::Store);
        let (keys, values) = (!is_store && info.key != KeyKind::Bits, info.elem == Elem::Ref);
        if !keys && !values {
            return;
        }
        let to = header.aux.min(from.saturating_add(PIECE));
        if to < header.aux {
            if self.pieces.try_reserve(1).is_ok() {
                self.pieces.push((object, to));
            } else {
                self.overflowed = true;
            }
        }
        if is_store {
            for at in from..to {
                self.visit(object.slot(at));
            }
            return;
        }
        for at in from..to {
            if keys {
                self.visit(object.word(ENTRY_WORDS * at as usize));
            }
            if values {
                self.visit(object.word(ENTRY_WORDS * at as usize + 1));
            }
        }
    }
}

/// Sets the mark bit of an object. False if it was set.
#[inline(always)]
fn mark(object: Ref) -> bool {
    let (word, bit) = mark_place(object);
    // SAFETY: an object of the heap lies in the first MiB of a region aligned to that, whose first bytes are mark bits. Those
    // of immortal objects are always set, so that nothing is written there.
    unsafe {
        let bits = word.read();
        if bits & bit != 0 {
            return false;
        }
        word.write(bits | bit);
    }
    true
}

/// The word that holds an object's mark bit, and the bit.
#[inline(always)]
pub(super) fn mark_place(object: Ref) -> (NonNull<u64>, u64) {
    let pointer = object.pointer().cast::<u8>();
    let offset = pointer.addr().get() & (CHUNK - 1);
    let granule = offset / GRANULE;
    // SAFETY: the result lies at the start of the region in which the object lies.
    let word = unsafe { pointer.sub(offset).cast::<u64>().add(granule / 64) };
    (word, 1 << (granule % 64))
}

/// Whether an object is marked, or immortal.
pub(super) fn is_marked(object: Ref) -> bool {
    let (word, bit) = mark_place(object);
    // SAFETY: as in `mark`.
    unsafe { word.read() & bit != 0 }
}

impl Heap {
    /// Collects. `roots` names all roots to the marker; types and program are those of the instance.
    pub fn collect(&mut self, types: &TypeTable, program: &Program, roots: impl FnMut(&mut Marker<'_>)) {
        self.collect_with(types, program, roots, usize::MAX);
    }

    /// [`Heap::collect`] with a bound on the mark stack.
    pub(super) fn collect_with(
        &mut self,
        types: &TypeTable,
        program: &Program,
        mut roots: impl FnMut(&mut Marker<'_>),
        most: usize,
    ) {
        self.retire_cursors();
        // A chunk without used blocks has no mark bits to clear (H3), and its memory is better left alone.
        self.chunks.iter_mut().filter(|chunk| chunk.free != ALL_BLOCKS).for_each(|chunk| chunk.clear_marks());
        for large in &self.large {
            // SAFETY: the region's first word, which nothing refers to.
            unsafe { large.mark_word().write(0) };
        }
        let check = self.stress.then(|| check::Checker::new(self, types, program));
        let (stack, pieces) = (Vec::new(), Vec::new());
        let mut marker = Marker { types, stack, pieces, overflowed: false, most, check, roots: 0 };
        roots(&mut marker);
        marker.drain();
        while std::mem::take(&mut marker.overflowed) {
            self.each_marked(|object| {
                marker.scan(object);
                marker.drain();
            });
        }
        if let Some(check) = &marker.check {
            self.each_marked(|object| check.fields(object));
        }
        let roots = marker.roots;
        drop(marker);
        self.sort_blocks();
        if self.stress {
            self.fill_freed_cells();
            self.patience = (roots + self.live / 64) / STRESS_SHARE;
        }
        self.collections += 1;
        self.poll.clear(poll::COLLECT);
    }

    /// Calls for each marked object. What is marked meanwhile may be left out.
    pub(super) fn each_marked(&self, mut call: impl FnMut(Ref)) {
        for chunk in &self.chunks {
            for number in 1..BLOCKS {
                if matches!(chunk.uses[number], Use::Free | Use::Inner) {
                    continue;
                }
                for word in 0..BLOCK_MARK_WORDS {
                    // A copy: the callback may mark.
                    let mut bits = chunk.read_marks(number)[word];
                    while bits != 0 {
                        let granule = word * 64 + bits.trailing_zeros() as usize;
                        bits &= bits - 1;
                        // SAFETY: the granule lies within the block, and a mark bit is set only for an object's start (H3).
                        call(Ref::new(unsafe { chunk.block(number).add(granule * GRANULE) }.cast()));
                    }
                }
            }
        }
        for large in &self.large {
            let object = Ref::new(large.object().cast());
            if is_marked(object) {
                call(object);
            }
        }
    }

    /// After marking: frees what is empty, lists what has free cells, and settles when to collect next.
    fn sort_blocks(&mut self) {
        self.live = 0;
        self.used = 0;
        for (number, chunk) in self.chunks.iter_mut().enumerate() {
            let mut block = 1;
            while block < BLOCKS {
                let count = match chunk.uses[block] {
                    Use::Free | Use::Inner => 1,
                    Use::Span(count) => {
                        let count = usize::from(count);
                        if chunk.read_marks(block)[0] & 1 != 0 {
                            self.live += count * BLOCK;
                            self.used += count * BLOCK;
                        } else {
                            chunk.uses[block..block + count].fill(Use::Free);
                            chunk.free |= (((1u64 << count) - 1) as u32) << block;
                        }
                        count
                    }
                    Use::Cells(class) => {
                        let size = SIZES[usize::from(class)] as usize;
                        let marked = chunk
                            .read_marks(block)
                            .iter()
                            .map(|word| word.count_ones() as usize)
                            .sum::<usize>();
                        if marked == 0 {
                            chunk.uses[block] = Use::Free;
                            chunk.free |= 1 << block;
                        } else {
                            self.live += marked * size;
                            self.used += BLOCK;
                            if marked < BLOCK / size {
                                self.sweep[usize::from(class)].queue.push((number as u32, block as u32));
                            }
                        }
                        1
                    }
                };
                block += count;
            }
        }
        self.large.retain(|large| {
            let marked = is_marked(Ref::new(large.object().cast()));
            if marked {
                self.live += large.region.bytes();
                self.used += large.region.bytes();
            }
            marked
        });
        // The lowest blocks first, so that the highest chunks are the ones to become empty.
        self.sweep.iter_mut().for_each(|sweep| sweep.queue.reverse());
        self.since = 0;
        self.allowance = self.live.max(MIN_ALLOWANCE);
        self.release_surplus();
    }

    /// Gives memory of free blocks back to the system that the heap will not need until the next collection.
    fn release_surplus(&mut self) {
        let mut keep = (self.live + self.allowance + SLACK).saturating_sub(self.used);
        for chunk in &mut self.chunks {
            let warm = chunk.free & !chunk.fresh;
            let bytes = warm.count_ones() as usize * BLOCK;
            if bytes <= keep {
                keep -= bytes;
                continue;
            }
            keep = 0;
            if chunk.free == ALL_BLOCKS {
                // SAFETY: no block is used, and mark bits that are all clear may be forgotten: they read as zero either way.
                unsafe { chunk.region.decommit(0, CHUNK) };
            } else {
                let mut rest = warm;
                while rest != 0 {
                    let block = rest.trailing_zeros();
                    let count = (rest >> block).trailing_ones();
                    // SAFETY: the blocks are free, so nothing in them is used.
                    unsafe { chunk.region.decommit(block as usize * BLOCK, count as usize * BLOCK) };
                    rest &= !((((1u64 << count) - 1) as u32) << block);
                }
            }
            chunk.fresh = chunk.free;
        }
        while self.chunks.last().is_some_and(|chunk| chunk.free == ALL_BLOCKS && chunk.fresh == ALL_BLOCKS) {
            self.chunks.pop();
        }
        self.first_free = 0;
    }
}

const _: () = assert!(BLOCK.is_multiple_of(PAGE));
