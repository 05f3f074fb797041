//! The code buffer: bytes, labels, fixups, islands.
//!
//! How it works. Instructions are written at the end. A branch to a bound label is patched at once; one to an unbound
//! label leaves a fixup, linked from the label, and binding patches all that wait. Kinds with a short forward reach are
//! watched: before the oldest pending one gets out of reach, an *island* of veneers is emitted, with a jump around it.
//!
//! There is one test on the hot path. The byte vector's length is not how much code there is (`end` says that) but
//! how far code may grow before something has to be done: the bounds check of the write is the test for capacity and for
//! the soonest deadline at once, and the way out of it is cold.
//!
//! Invariants
//! - B1 `end <= bytes.len()`. While a watched fixup is pending, `bytes.len()` is at most the soonest deadline, less the
//!   room for an island of all that wait and one more write with a fixup of its own.
//! - B2 A label's fixups form a list by `next`, newest first, of those that wait for it and some that are resolved.
//! - B3 No pending fixup of a class has an index below `oldest[class]`.
//! - B4 `end <= limit + PARTS_MAX`: a write may pass the limit once, which `finish` reports.
//!
//! Cost. Emitting: a compare and a store. A branch: one label word, and a fixup if it is unbound. Binding: the label's
//! uses. An island: the watched fixups since the last one. Nothing is a pass over the code.

mod data;
mod finish;
mod island;
mod shrink;
#[cfg(test)]
mod tests;

use std::fmt;

use super::error::AsmError;
use super::fixup::FixupKind;
use super::label::{Label, LabelState};
use super::listing::Notes;
use super::pool::Pool;
use super::reloc::{Reloc, RelocField, RelocTarget};
pub use data::DataRange;
pub use finish::Code;
pub use shrink::Shorter;

/// What one write covers at most, and no instruction is longer.
pub const WRITE_MAX: usize = 16;
/// What [`CodeBuffer::put_parts`] covers at most.
const PARTS_MAX: usize = 24;
/// Offsets are below 2 GiB, so that they fit in 31 bits; B4 takes its slack from here.
const ABSOLUTE_LIMIT: usize = (1 << 31) - 1 - PARTS_MAX;
/// Classes of watched kinds that an ISA may have.
const CLASSES_MAX: usize = 8;
/// How far `bytes.len()` is moved at a time, so that a deadline which cuts it off again wastes little.
const STEP: usize = 1 << 14;

/// A use of a label that was not bound when it was emitted.
#[derive(Clone, Copy, Debug)]
struct Fixup<K> {
    offset: u32,
    label: u32,
    next: u32,
    kind: K,
    resolved: bool,
}

/// Code under construction for the ISA whose displacement kinds are `K`.
#[derive(Debug)]
pub struct CodeBuffer<K: FixupKind> {
    bytes: Vec<u8>,
    end: u32,
    labels: Vec<LabelState>,
    fixups: Vec<Fixup<K>>,
    limit: usize,
    /// The soonest deadline of the watched fixups that are pending; may be too soon, never too late.
    deadline: u32,
    /// How many watched fixups are pending: what an island may have to hold.
    watched: u32,
    /// By class: no pending fixup has a smaller index.
    oldest: [u32; CLASSES_MAX],
    pool: Pool,
    relocs: Vec<Reloc<K>>,
    differences: Vec<data::Difference>,
    addresses: Vec<data::LabelAddress>,
    data: Vec<DataRange>,
    notes: Notes,
    deferred: shrink::Deferred,
    /// The largest alignment asked for.
    alignment: u32,
    error: Option<AsmError>,
}

impl<K: FixupKind> Default for CodeBuffer<K> {
    fn default() -> Self {
        CodeBuffer::new()
    }
}

impl<K: FixupKind> CodeBuffer<K> {
    const CLASSES_FIT: () = assert!(K::CLASSES <= CLASSES_MAX);

    /// An empty buffer with the largest limit, just under 2 GiB.
    pub fn new() -> CodeBuffer<K> {
        CodeBuffer::with_limit(ABSOLUTE_LIMIT)
    }

    /// An empty buffer that holds at most `limit` bytes (and never 2 GiB); more is [`AsmError::TooLarge`].
    pub fn with_limit(limit: usize) -> CodeBuffer<K> {
        let () = Self::CLASSES_FIT;
        CodeBuffer {
            bytes: Vec::new(),
            end: 0,
            labels: Vec::new(),
            fixups: Vec::new(),
            limit: limit.min(ABSOLUTE_LIMIT),
            deadline: u32::MAX,
            watched: 0,
            oldest: [0; CLASSES_MAX],
            pool: Pool::default(),
            relocs: Vec::new(),
            differences: Vec::new(),
            addresses: Vec::new(),
            data: Vec::new(),
            notes: Notes::default(),
            deferred: shrink::Deferred::default(),
            alignment: 1,
            error: None,
        }
    }

    /// Makes room for that many more bytes, labels and uses of labels: until they are used up, nothing is allocated.
    pub fn reserve(&mut self, bytes: usize, labels: usize, uses: usize) {
        let wanted = self.end as usize + bytes.min(self.limit) + PARTS_MAX;
        let more = wanted.saturating_sub(self.bytes.len());
        if self.bytes.try_reserve(more).is_err()
            || self.labels.try_reserve(labels).is_err()
            || self.fixups.try_reserve(uses).is_err()
        {
            self.fail(AsmError::OutOfMemory);
        }
    }

    /// Forgets the code and the labels, keeps the memory.
    pub fn clear(&mut self) {
        self.end = 0;
        self.labels.clear();
        self.fixups.clear();
        self.deadline = u32::MAX;
        self.watched = 0;
        self.oldest = [0; CLASSES_MAX];
        self.pool.clear();
        self.relocs.clear();
        self.differences.clear();
        self.addresses.clear();
        self.data.clear();
        self.notes.clear();
        self.deferred.clear();
        self.alignment = 1;
        self.error = None;
    }

    /// How many bytes there are: the offset of the next instruction, unless an island comes first.
    #[inline(always)]
    pub fn offset(&self) -> u32 {
        self.end
    }

    /// The code so far. Fixups that are pending are still to be patched in it.
    pub fn code(&self) -> &[u8] {
        &self.bytes[..self.end as usize]
    }

    /// The first thing that went wrong.
    pub fn error(&self) -> Option<AsmError> {
        self.error
    }

    /// Notes that something went wrong; the first note counts.
    #[cold]
    #[inline(never)]
    pub fn fail(&mut self, error: AsmError) {
        self.error.get_or_insert(error);
    }

    // ---- Instructions: what encoders call. ----

    /// Appends a 32-bit word, low byte first.
    #[inline(always)]
    pub fn put_u32(&mut self, word: u32) {
        let at = self.end as usize;
        if let Some(room) = self.bytes.get_mut(at..at + 4) {
            room.copy_from_slice(&word.to_le_bytes());
            self.end += 4;
        } else {
            self.put_slow(word.into(), 4);
        }
    }

    /// Appends a 16-bit word, low byte first.
    #[inline(always)]
    pub fn put_u16(&mut self, word: u16) {
        let at = self.end as usize;
        if let Some(room) = self.bytes.get_mut(at..at + 2) {
            room.copy_from_slice(&word.to_le_bytes());
            self.end += 2;
        } else {
            self.put_slow(word.into(), 2);
        }
    }

    /// Appends the low `size` bytes, at most 16, of `bytes`, low byte first.
    #[inline(always)]
    pub fn put_wide(&mut self, bytes: u128, size: u32) {
        debug_assert!(size as usize <= WRITE_MAX);
        let at = self.end as usize;
        if let Some(room) = self.bytes.get_mut(at..at + 16) {
            room.copy_from_slice(&bytes.to_le_bytes());
            self.end = at as u32 + size;
        } else {
            self.put_slow(bytes, size);
        }
    }

    /// Appends the low `size` bytes, at most 8, of `bytes`, low byte first.
    #[inline(always)]
    pub fn put_narrow(&mut self, bytes: u64, size: u32) {
        debug_assert!(size <= 8);
        let at = self.end as usize;
        if let Some(room) = self.bytes.get_mut(at..at + 8) {
            room.copy_from_slice(&bytes.to_le_bytes());
            self.end = at as u32 + size;
        } else {
            self.put_slow(bytes.into(), size);
        }
    }

    /// Appends an instruction in three parts: the low bytes of `head` (at most 7), of `tail` (at most 7), of `last` (at most
    /// 4). What is above them is overwritten by the next part, or by the next instruction.
    #[inline(always)]
    pub fn put_parts(
        &mut self,
        head: u64,
        head_size: u32,
        tail: u64,
        tail_size: u32,
        last: u32,
        last_size: u32,
    ) {
        if self.bytes.len() < self.end as usize + PARTS_MAX && !self.make_room(PARTS_MAX) {
            return;
        }
        let at = self.end as usize;
        let Some(room) = self.bytes.get_mut(at..at + PARTS_MAX) else { return };
        // The masks show the compiler that each part is within the room.
        let (second, third) = (head_size as usize & 7, (head_size as usize & 7) + (tail_size as usize & 7));
        room[..8].copy_from_slice(&head.to_le_bytes());
        room[second..second + 8].copy_from_slice(&tail.to_le_bytes());
        if last_size > 0 {
            room[third..third + 4].copy_from_slice(&last.to_le_bytes());
        }
        // Not `self.end +=`: as far as the compiler knows, the bytes may lie over it, and it would be read again.
        self.end = at as u32 + head_size + tail_size + last_size;
    }

    /// The way out of the hot path: an island is due, or memory.
    #[cold]
    #[inline(never)]
    fn put_slow(&mut self, bytes: u128, size: u32) {
        if self.make_room(WRITE_MAX) {
            let at = self.end as usize;
            if let Some(room) = self.bytes.get_mut(at..at + WRITE_MAX) {
                room.copy_from_slice(&bytes.to_le_bytes());
                self.end += size;
            }
        }
    }

    /// Sees to it that the next `size` bytes follow each other, with no island between them, provided that each use of
    /// a label among them belongs to an instruction of its own, and reaches it if it is bound. For sequences that must stay together; `size`
    /// is a few hundred at most.
    #[inline]
    pub fn keep_together(&mut self, size: u32) {
        if !self.is_together(size) {
            self.make_room(Self::together(size));
        }
    }

    /// Do the next `size` bytes follow each other already, in the sense of [`keep_together`](Self::keep_together)?
    #[inline(always)]
    pub(super) fn is_together(&self, size: u32) -> bool {
        K::CLASSES == 0 || self.bytes.len() >= self.end as usize + Self::together(size)
    }

    /// Bytes to have room for, so that so many follow each other.
    const fn together(size: u32) -> usize {
        // Every second byte might start an instruction with a veneer of its own.
        size as usize + size as usize / 2 * K::VENEER_MAX as usize + WRITE_MAX
    }

    // ---- Labels. ----

    /// A new label, not bound yet.
    #[inline]
    pub fn new_label(&mut self) -> Label {
        let index = self.labels.len() as u32;
        self.labels.push(LabelState::new());
        Label(index)
    }

    /// Where a label is bound, if it is.
    #[inline(always)]
    pub fn label_offset(&self, label: Label) -> Option<u32> {
        self.labels.get(label.index())?.offset()
    }

    /// Binds a label to here, and patches what waits for it.
    #[inline]
    pub fn bind(&mut self, label: Label) {
        let here = self.end;
        if K::CLASSES == 0 && self.deferred.on {
            return self.deferred.bind(label, here);
        }
        let Some(state) = self.labels.get_mut(label.index()) else {
            return self.fail(AsmError::UnknownLabel(label));
        };
        if state.offset().is_some() {
            return self.fail(AsmError::BoundTwice(label));
        }
        let mut link = state.link();
        *state = LabelState::bound(here);
        while let Some(fixup) = LabelState::follow(link).and_then(|index| self.fixups.get_mut(index as usize))
        {
            link = fixup.next;
            if K::CLASSES > 0 {
                if fixup.resolved {
                    continue;
                }
                fixup.resolved = true;
                self.watched -= u32::from(fixup.kind.class().is_some());
            }
            let (offset, kind) = (fixup.offset, fixup.kind);
            self.patch(kind, offset, here);
        }
    }

    /// Makes the instruction at offset `at`, which must have been emitted, refer to a label: patches it if the label is
    /// bound, else notes it. Encoders call it right after the instruction. Where a bound label is out of its reach, and the
    /// kind has a veneer, one is written behind it, with a jump around.
    #[inline]
    pub fn use_label(&mut self, label: Label, kind: K, at: u32) {
        match self.labels.get(label.index()).map(|state| state.offset()) {
            Some(None) => self.wait_for(label, kind, at),
            Some(Some(target)) if K::CLASSES > 0 => {
                let displacement = i64::from(target) - i64::from(at);
                let Some(bytes) = self.bytes.get_mut(at as usize..) else { return };
                if let Err(misfit) = kind.patch(bytes, displacement) {
                    self.extend_back(kind, at, target, misfit);
                }
            }
            Some(Some(target)) => self.patch(kind, at, target),
            None => self.fail_unknown(label),
        }
    }

    /// Notes that the instruction at offset `at` refers to a label that is not bound yet.
    ///
    /// It calls nothing but at its end, so that no register has to be saved for the calls that are rarely made.
    #[inline]
    pub(super) fn wait_for(&mut self, label: Label, kind: K, at: u32) {
        if self.fixups.len() == self.fixups.capacity() {
            return self.wait_after_growth(label, kind, at);
        }
        let Some(state) = self.labels.get_mut(label.index()) else { return self.fail_unknown(label) };
        let fixup = Fixup { offset: at, label: label.0, next: state.link(), kind, resolved: false };
        *state = LabelState::waiting(self.fixups.len() as u32);
        self.fixups.push(fixup);
        if K::CLASSES > 0
            && let Some(class) = kind.class()
        {
            self.watch(at, class);
        }
    }

    #[cold]
    #[inline(never)]
    fn fail_unknown(&mut self, label: Label) {
        self.fail(AsmError::UnknownLabel(label));
    }

    /// Appends a 32-bit word with a displacement of this kind to a label that is not bound yet.
    #[inline]
    pub(super) fn put_u32_for(&mut self, word: u32, label: Label, kind: K) {
        let at = self.end;
        if let Some(room) = self.bytes.get_mut(at as usize..at as usize + 4) {
            room.copy_from_slice(&word.to_le_bytes());
            self.end += 4;
            self.wait_for(label, kind, at);
        } else {
            self.put_u32_for_slow(word, label, kind);
        }
    }

    #[cold]
    #[inline(never)]
    fn put_u32_for_slow(&mut self, word: u32, label: Label, kind: K) {
        self.put_u32(word);
        // An island may have come first: where the instruction is, is known only now.
        self.wait_for(label, kind, self.end.wrapping_sub(4));
    }

    #[cold]
    #[inline(never)]
    fn wait_after_growth(&mut self, label: Label, kind: K, at: u32) {
        self.fixups.reserve(1);
        self.wait_for(label, kind, at);
    }

    /// Writes the displacement from `at` to `target`.
    #[inline(always)]
    fn patch(&mut self, kind: K, at: u32, target: u32) {
        let displacement = i64::from(target) - i64::from(at);
        let Some(bytes) = self.bytes.get_mut(at as usize..) else { return };
        if let Err(misfit) = kind.patch(bytes, displacement) {
            self.fail(misfit.at(at, displacement));
        }
    }

    // ---- Relocations and notes. ----

    /// Leaves a hole: the instruction (or data) at offset `at`, already emitted, refers to something outside.
    pub fn use_external(&mut self, symbol: u32, addend: i64, kind: K, at: u32) {
        let target = RelocTarget::External(symbol);
        self.relocs.push(Reloc { offset: at, field: RelocField::Relative(kind), target, addend });
    }

    /// The notes for a listing: see [`comment`](Self::comment) and [`position`](Self::position).
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// Turns notes on or off; they are off at first, and cost nothing then.
    pub fn keep_notes(&mut self, kept: bool) {
        self.notes.keep(kept);
    }

    /// Notes a comment beside the next instruction.
    pub fn comment(&mut self, text: fmt::Arguments<'_>) {
        self.notes.add_comment(self.end, text);
    }

    /// Notes a comment beside the instruction that was written at `offset`: no note has been made since that is farther on.
    pub fn comment_at(&mut self, offset: u32, text: fmt::Arguments<'_>) {
        self.notes.add_comment(offset, text);
    }

    /// Notes that what follows comes from this source position, in the user's own numbering.
    pub fn position(&mut self, position: u32) {
        self.notes.add_position(self.end, position);
    }
}
