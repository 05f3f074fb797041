//! The heap of an instance: a non-moving mark-sweep collector, and the only place where objects are touched.
//!
//! How it works. Memory comes in chunks of 1 MiB, cut into blocks of 32 KiB, each with cells of one size. Allocation takes
//! the next cell of a run of free cells: a cursor and its end for each size class, which native code bumps itself. When
//! a run is used up, the next one is looked for in the mark bits of the blocks that the last collection left partly
//! filled (so the sweep is lazy, and never touches what died), then an empty block is taken. Objects above 16 KiB take
//! whole blocks, those above half a chunk a region of their own. The mark bits of a chunk, one for each 8 bytes, lie at its start,
//! where its first block would be; as regions are aligned to 1 MiB, an address leads to its mark bit by masking.
//!
//! Allocation never collects. Once as much has been allocated as survived the last collection, the collect bit of
//! the poll word is set. Once the limit would be passed, and for each allocation under `stress gc`, allocation ends in
//! [`Fault::NeedMemory`]; see there.
//!
//! Immortal objects (literals and the like, [`immortal`]) lie in regions of their own whose mark bits are always set. So
//! marking needs no test for them, never writes to them, and threads may share them.
//!
//! Invariants
//! - H1 Whoever holds a [`Ref`] got it from an allocation, from a slot or field that is declared to be a reference, or from the
//!   immortal objects, and no collection that did not have it for a root has run since. Then it points to the start of a live
//!   object. All accessors of this module stand on that, and on the types that the verifier proved; each names what else it
//!   wants. (They are safe functions, because a slot is just a number: what makes the number good is the verified program.)
//! - H2 Objects do not move; slices of bytes or elements stay valid until the next collection, but for elements of an array
//!   that grows.
//! - H3 A mark bit of a chunk is set only for the start of an object, except for those of the first block, which stay clear.
//! - H4 A cursor and its end lie in one block and differ by a multiple of the class's cell size.
//! - H5 Cells between a cursor and its end are unmarked, and in no one's use.

mod alloc;
mod check;
pub mod class;
mod collect;
pub mod immortal;
mod map_object;
mod object;
pub mod poll;
mod string_object;
mod system;
#[cfg(test)]
mod tests;
mod types;

use std::ptr::NonNull;

pub use collect::Marker;
pub use map_object::MapRef;
pub use object::{Array, ErrorRef, FEW_SLOTS, MAX_LEN, RangeRef, Ref};
pub use string_object::{Buffer, Str, count_scalars, scalar_bytes};
pub use types::{KeyKind, Shape, TypeInfo, TypeTable, parts_of};

use super::fault::Fault;
use super::layout::Header;
use alloc::{Chunk, Large, Sweep};
use poll::PollWord;

/// Least number of bytes between two collections.
const MIN_ALLOWANCE: usize = 4 << 20;
/// Up to this many bytes the default limit is not looked up.
const SURELY_WITHIN_LIMIT: usize = 32 << 20;

/// The free cells of a size class: native code takes `next` if it is not `end`, and moves it by the cell size.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Cursor {
    pub next: *mut u8,
    pub end: *mut u8,
}

impl Cursor {
    const EMPTY: Cursor = Cursor { next: std::ptr::null_mut(), end: std::ptr::null_mut() };
}

/// The heap of one instance.
#[repr(C)]
pub struct Heap {
    pub(in crate::vm) cursors: [Cursor; class::COUNT],
    /// The instance's poll word. It lives here since allocation asks for collections.
    pub poll: PollWord,
    /// The one-scalar ASCII strings.
    pub(in crate::vm) ascii: &'static [u64; 128],
    /// Every allocation asks for a collection first, and what dies is overwritten.
    stress: bool,
    /// Under stress: so many allocations do not ask for a collection yet. None, while there are few roots and objects.
    patience: usize,
    /// The instruction is run again after a collection: allocations no longer ask for one.
    retrying: bool,
    chunks: Vec<Chunk>,
    large: Vec<Large>,
    sweep: [Sweep; class::COUNT],
    /// Chunks before this one have no free block.
    first_free: usize,
    /// Bytes of blocks in use and of large objects.
    used: usize,
    /// What survived the last collection, in bytes.
    live: usize,
    /// Bytes handed out since the last collection.
    since: usize,
    /// After how many of them the next collection is due.
    allowance: usize,
    /// What `used` must not pass. Less than the limit as long as that has not been looked up.
    limit: usize,
    limit_known: bool,
    /// How many collections there have been.
    collections: u64,
}

// SAFETY: the pointers lead to regions that the heap owns, or to immortal objects, which nobody writes to.
unsafe impl Send for Heap {}

/// What a heap looks like from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct HeapStats {
    /// Bytes of blocks in use and of large objects.
    pub used: usize,
    /// Bytes that survived the last collection.
    pub live: usize,
    pub collections: u64,
}

impl Heap {
    /// An empty heap. Without a limit it is half of the memory of the machine or of the control group.
    pub fn new(limit: Option<usize>, stress: bool) -> Heap {
        Heap {
            cursors: [Cursor::EMPTY; class::COUNT],
            poll: PollWord::default(),
            ascii: immortal::ascii_table(),
            stress,
            patience: 0,
            retrying: false,
            chunks: Vec::new(),
            large: Vec::new(),
            sweep: std::array::from_fn(|_| Sweep::default()),
            first_free: 0,
            used: 0,
            live: 0,
            since: 0,
            allowance: MIN_ALLOWANCE,
            limit: limit.unwrap_or(SURELY_WITHIN_LIMIT),
            limit_known: limit.is_some(),
            collections: 0,
        }
    }

    /// A new object with a header, its content left open. All its references must be set before the next
    /// collection (L2).
    #[inline(always)]
    pub(in crate::vm) fn alloc(&mut self, bytes: usize, ty: u32, aux: u32) -> Result<Ref, Fault> {
        let cell =
            if bytes <= class::LARGEST { self.take(class::of(bytes))? } else { self.take_large(bytes)? };
        let header = cell.cast::<Header>();
        // SAFETY: the cell has at least 16 bytes, is aligned to 8 (L1), and in no one else's use (H5).
        unsafe { header.write(Header { ty, aux }) };
        Ok(Ref::new(header))
    }

    /// As [`Heap::alloc`], if a free cell is at hand; that takes a few instructions and calls nothing. `bytes` is not
    /// beyond the table of size classes.
    #[inline(always)]
    pub(in crate::vm) fn alloc_at_hand(&mut self, bytes: usize, ty: u32, aux: u32) -> Option<Ref> {
        let class = class::of(bytes);
        let cursor = self.cursors.get_mut(class)?;
        if cursor.next == cursor.end {
            return None;
        }
        let header = NonNull::new(cursor.next)?.cast::<Header>();
        // SAFETY: at least one whole cell is left before `end`, in the same block (H4).
        cursor.next = unsafe { cursor.next.add(class::SIZES[class] as usize) };
        // SAFETY: the cell has at least 16 bytes, is aligned to 8 (L1), and in no one else's use (H5).
        unsafe { header.write(Header { ty, aux }) };
        Some(Ref::new(header))
    }

    /// The next free cell of a class.
    #[inline(always)]
    fn take(&mut self, class: usize) -> Result<NonNull<u8>, Fault> {
        let cursor = &mut self.cursors[class];
        if let Some(cell) = NonNull::new(cursor.next)
            && cursor.next != cursor.end
        {
            // SAFETY: at least one whole cell is left before `end`, in the same block (H4).
            cursor.next = unsafe { cursor.next.add(class::SIZES[class] as usize) };
            return Ok(cell);
        }
        self.refill(class)
    }

    /// Says that an instruction is run once more after a collection, until [`Heap::end_retry`].
    pub fn begin_retry(&mut self) {
        self.retrying = true;
    }

    /// The instruction that was run once more is done.
    pub fn end_retry(&mut self) {
        self.retrying = false;
    }

    /// Whether each allocation asks for a collection.
    pub fn is_stressed(&self) -> bool {
        self.stress
    }

    /// Whether so many bytes could be taken without passing the limit: for memory of Rust's own that the work on objects needs.
    pub fn has_room(&self, bytes: usize) -> bool {
        let within = |limit: usize| bytes <= limit.saturating_sub(self.used);
        within(self.limit) || !self.limit_known && within(system::default_limit())
    }

    /// Fails if `bytes` more would pass the limit; with [`Fault::NeedMemory`], so after a collection once more.
    #[inline]
    fn admit(&mut self, bytes: usize) -> Result<(), Fault> {
        if bytes > self.limit.saturating_sub(self.used) {
            self.look_up_limit();
            if bytes > self.limit.saturating_sub(self.used) {
                return Err(Fault::NeedMemory);
            }
        }
        Ok(())
    }

    #[cold]
    fn look_up_limit(&mut self) {
        if !self.limit_known {
            self.limit = system::default_limit();
            self.limit_known = true;
        }
    }

    /// Sets another limit. It may be below what is in use already.
    pub fn set_limit(&mut self, bytes: usize) {
        self.limit = bytes;
        self.limit_known = true;
    }

    /// The state of the heap in numbers.
    pub fn stats(&self) -> HeapStats {
        HeapStats { used: self.used, live: self.live, collections: self.collections }
    }
}
