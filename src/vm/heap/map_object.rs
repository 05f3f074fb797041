//! Maps as they lie in memory: entries in order of insertion, and an index of open addressing with linear probing.
//!
//! An index word is 0 for a free place, else the entry's hash in the upper half and its position plus one in the lower.
//! Removal moves later words back, so there are no tombstones in the index; a removed entry stays as a dead one.
//!
//! Invariants
//! - M1 The size of the index is a power of two, larger than the number of live entries; each live entry has one word.
//! - M2 Positions in index words are below `used`, which is at most the capacity; entries below `first`, and those from `used`
//!   on, are dead. A dead entry is all zero.

use std::ptr::NonNull;

use super::alloc::LARGEST_SPAN;
use super::object::MAX_LEN;
use super::{Heap, Ref};
use crate::bytecode::TypeId;
use crate::vm::fault::{Fault, RuntimeError};
use crate::vm::layout::{ENTRIES_OFFSET, Entry, Header, INDEX_OFFSET, MapObject, Part};

/// A map.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MapRef(pub(super) Ref);

/// Entries of the smallest map that has some.
const MIN_ENTRIES: u32 = 6;
const MIN_INDEX: u32 = 8;

impl MapRef {
    /// As a reference.
    #[inline(always)]
    pub fn object(self) -> Ref {
        self.0
    }

    /// As a slot holds it.
    #[inline(always)]
    pub fn bits(self) -> u64 {
        self.0.bits()
    }

    #[inline(always)]
    fn raw(self) -> *mut MapObject {
        self.0.cast::<MapObject>().as_ptr()
    }

    #[inline(always)]
    fn read(self) -> MapObject {
        // SAFETY: the map is live (H1).
        unsafe { self.raw().read() }
    }

    /// How many keys there are.
    #[inline(always)]
    pub fn len(self) -> u32 {
        self.read().live
    }

    /// Whether there are none.
    pub fn is_empty(self) -> bool {
        self.len() == 0
    }

    /// Positions of live entries are below this.
    #[inline(always)]
    pub fn used(self) -> u32 {
        self.read().used
    }

    /// What moves when a key is added or removed.
    #[inline(always)]
    pub fn changes(self) -> u64 {
        self.read().changes
    }

    fn entry_pointer(self, at: u32) -> NonNull<Entry> {
        let map = self.read();
        debug_assert!(at < map.capacity);
        // SAFETY: the position is below the capacity, so the entry lies within the entries object.
        unsafe {
            Ref::from_bits(map.entries).pointer().byte_add(ENTRIES_OFFSET).cast::<Entry>().add(at as usize)
        }
    }

    /// The entry at a position below `used`.
    #[inline]
    pub fn entry(self, at: u32) -> Entry {
        debug_assert!(at < self.used());
        // SAFETY: the entry lies within the map's entries, which are initialised.
        unsafe { self.entry_pointer(at).read() }
    }

    fn write_entry(self, at: u32, entry: Entry) {
        // SAFETY: the entry lies within the map's entries, of which no Rust reference exists.
        unsafe { self.entry_pointer(at).write(entry) }
    }

    /// Replaces the value of the entry at a position below `used`.
    #[inline]
    pub fn set_value(self, at: u32, value: u64) {
        debug_assert!(at < self.used());
        // SAFETY: as in `write_entry`.
        unsafe { (*self.entry_pointer(at).as_ptr()).value = value }
    }

    /// The first live entry at or behind a position.
    #[inline]
    pub fn next_live(self, from: u64) -> Option<(u32, Entry)> {
        let map = self.read();
        let mut at = u32::try_from(from).ok()?.max(map.first);
        while at < map.used {
            let entry = self.entry(at);
            if entry.live != 0 {
                return Some((at, entry));
            }
            at += 1;
        }
        None
    }

    /// The position of the live entry that has a hash and that `is_key` accepts.
    #[inline]
    pub fn find(self, hash: u32, mut is_key: impl FnMut(u64) -> bool) -> Option<u32> {
        let index = Index::of(self)?;
        let mut place = index.home(hash);
        loop {
            let word = index.get(place);
            if word == 0 {
                return None;
            }
            if (word >> 32) as u32 == hash {
                let at = word as u32 - 1;
                if is_key(self.entry(at).key) {
                    return Some(at);
                }
            }
            place = index.after(place);
        }
    }

    /// Removes the live entry at a position; returns its value.
    pub fn remove(self, at: u32) -> u64 {
        let entry = self.entry(at);
        debug_assert!(entry.live != 0);
        if let Some(index) = Index::of(self) {
            let mut place = index.home(entry.hash);
            while index.get(place) as u32 != at + 1 {
                debug_assert!(index.get(place) != 0, "an entry without index word");
                place = index.after(place);
            }
            index.close_gap(place);
        }
        self.write_entry(at, Entry { key: 0, value: 0, hash: 0, live: 0 });
        let mut map = self.read();
        map.live -= 1;
        map.changes += 1;
        if map.live == 0 {
            (map.first, map.used) = (0, 0);
        } else {
            while self.entry(map.used - 1).live == 0 {
                map.used -= 1;
            }
            while self.entry(map.first).live == 0 {
                map.first += 1;
            }
        }
        // SAFETY: the map is live (H1), and no Rust reference to it exists.
        unsafe { self.raw().write(map) };
        entry.value
    }

    /// Removes all keys.
    pub fn clear(self) {
        let map = self.read();
        let changes = map.changes + u64::from(map.live > 0);
        let empty =
            MapObject { entries: 0, index: 0, live: 0, used: 0, first: 0, capacity: 0, changes, ..map };
        // SAFETY: as in `remove`.
        unsafe { self.raw().write(empty) };
    }
}

/// The index of a map.
#[derive(Clone, Copy)]
struct Index {
    words: NonNull<u64>,
    mask: u32,
}

impl Index {
    fn of(map: MapRef) -> Option<Index> {
        let index = Ref::from_slot(map.read().index)?;
        // SAFETY: the words lie behind the header.
        let words = unsafe { index.pointer().byte_add(INDEX_OFFSET).cast() };
        Some(Index { words, mask: index.aux() })
    }

    fn home(self, hash: u32) -> u32 {
        hash & self.mask
    }

    fn after(self, place: u32) -> u32 {
        place.wrapping_add(1) & self.mask
    }

    #[inline(always)]
    fn get(self, place: u32) -> u64 {
        // SAFETY: places are masked, so the word lies within the index, which is initialised.
        unsafe { self.words.add((place & self.mask) as usize).read() }
    }

    fn set(self, place: u32, word: u64) {
        // SAFETY: as in `get`; no Rust reference to the index exists.
        unsafe { self.words.add((place & self.mask) as usize).write(word) }
    }

    /// Adds an entry's word.
    fn insert(self, hash: u32, at: u32) {
        let mut place = self.home(hash);
        while self.get(place) != 0 {
            place = self.after(place);
        }
        self.set(place, u64::from(hash) << 32 | u64::from(at + 1));
    }

    /// Frees a place, and moves words back that would not be found any more.
    fn close_gap(self, mut gap: u32) {
        let mut place = self.after(gap);
        loop {
            let word = self.get(place);
            if word == 0 {
                break;
            }
            // The word may move if its home does not lie behind the gap, on the way to its place.
            let distance = place.wrapping_sub(self.home((word >> 32) as u32)) & self.mask;
            if distance >= place.wrapping_sub(gap) & self.mask {
                self.set(gap, word);
                gap = place;
            }
            place = self.after(place);
        }
        self.set(gap, 0);
    }
}

impl Heap {
    /// A new empty map.
    pub fn new_map(&mut self, ty: TypeId) -> Result<MapRef, Fault> {
        let object = self.alloc(size_of::<MapObject>(), ty.0, 0)?;
        let header = object.header();
        let empty =
            MapObject { header, entries: 0, index: 0, live: 0, used: 0, first: 0, capacity: 0, changes: 0 };
        // SAFETY: the object was made for this.
        unsafe { object.cast::<MapObject>().write(empty) };
        Ok(MapRef(object))
    }

    /// Adds a key that the map does not have.
    pub fn map_add(&mut self, map: MapRef, key: u64, value: u64, hash: u32) -> Result<(), Fault> {
        let state = map.read();
        if state.used == state.capacity {
            self.make_room(map)?;
        }
        let mut state = map.read();
        let at = state.used;
        state.live += 1;
        state.used += 1;
        state.changes += 1;
        // SAFETY: the map is live (H1), and no Rust reference to it exists.
        unsafe { map.raw().write(state) };
        map.write_entry(at, Entry { key, value, hash, live: 1 });
        if let Some(index) = Index::of(map) {
            index.insert(hash, at);
        }
        Ok(())
    }

    /// Makes room for an entry: moves the live ones together if at least a quarter is dead, else to a larger place.
    #[cold]
    fn make_room(&mut self, map: MapRef) -> Result<(), Fault> {
        let state = map.read();
        if state.live as usize >= MAX_LEN {
            return Err(RuntimeError::OutOfMemory.into());
        }
        if state.capacity > 0 && state.live <= state.capacity / 4 * 3 {
            compact(map);
            return Ok(());
        }
        let ty = state.header.ty;
        let wanted = (state.capacity as usize * 2).clamp(MIN_ENTRIES as usize, MAX_LEN);
        // At most 3/4 of the index are used.
        let size = (wanted + wanted / 3 + 1).next_power_of_two().max(MIN_INDEX as usize);
        let capacity = (size / 4 * 3).min(MAX_LEN) as u32;
        let bytes = ENTRIES_OFFSET + capacity as usize * size_of::<Entry>();
        let entries = self.alloc(bytes, Part::Entries.word(ty), capacity)?;
        let index = self.alloc(INDEX_OFFSET + size * 8, Part::Index.word(0), (size - 1) as u32)?;
        clear(entries, capacity as usize * size_of::<Entry>());
        clear(index, size * size_of::<u64>());
        let new = MapObject {
            entries: entries.bits(),
            index: index.bits(),
            used: 0,
            first: 0,
            capacity,
            ..map.read()
        };
        move_live(map, new);
        Ok(())
    }
}

/// Makes the bytes behind the header of a new object zero: dead entries, free places. A region of its own is so already.
fn clear(object: Ref, bytes: usize) {
    if bytes <= LARGEST_SPAN {
        // SAFETY: the object was made for so many bytes behind its header, and is in no one's use yet.
        unsafe { object.pointer().byte_add(size_of::<Header>()).cast::<u8>().write_bytes(0, bytes) }
    }
}

/// Gives a map other entries and another index, both empty, and moves the live entries there.
fn move_live(map: MapRef, new: MapObject) {
    let old = map.read();
    let source = Ref::from_slot(old.entries);
    // SAFETY: the map is live (H1), and no Rust reference to it exists.
    unsafe { map.raw().write(new) };
    let Some(source) = source else { return };
    let mut to = 0;
    let Some(index) = Index::of(map) else { return };
    for at in old.first..old.used {
        // SAFETY: positions below `used` lie within the old entries, which are initialised.
        let entry =
            unsafe { source.pointer().byte_add(ENTRIES_OFFSET).cast::<Entry>().add(at as usize).read() };
        if entry.live != 0 {
            map.write_entry(to, entry);
            index.insert(entry.hash, to);
            to += 1;
        }
    }
    // SAFETY: as above.
    unsafe { (*map.raw()).used = to };
}

/// Moves the live entries of a map to the front, where they lie.
fn compact(map: MapRef) {
    let state = map.read();
    let mut to = 0;
    if let Some(index) = Index::of(map) {
        for place in 0..=index.mask {
            index.set(place, 0);
        }
        for at in state.first..state.used {
            let entry = map.entry(at);
            if entry.live != 0 {
                map.write_entry(to, entry);
                index.insert(entry.hash, to);
                to += 1;
            }
        }
        for at in to..state.used {
            map.write_entry(at, Entry { key: 0, value: 0, hash: 0, live: 0 });
        }
    }
    // SAFETY: the map is live (H1), and no Rust reference to it exists.
    unsafe {
        (*map.raw()).used = to;
        (*map.raw()).first = 0;
    }
}
