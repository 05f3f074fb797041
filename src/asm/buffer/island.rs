//! Deadlines and islands, and memory: what the hot path leaves to be done.

use super::{CodeBuffer, Fixup, LabelState, PARTS_MAX, STEP};
use crate::asm::error::AsmError;
use crate::asm::fixup::{FixupKind, Misfit};

/// Constants that wait are written into an island when they are more bytes than this.
const POOL_MAX: u32 = 4096;

impl<K: FixupKind> CodeBuffer<K> {
    /// Bytes that an island may take now, and room for one more write with a fixup of its own.
    fn island_room(&self) -> u32 {
        let pool = if K::POOL_IN_ISLANDS { self.pool.size() } else { 0 };
        K::JUMP_SIZE + (self.watched + 2) * K::VENEER_MAX + pool
    }

    /// How far code may grow before an island is due.
    fn horizon(&self) -> usize {
        self.deadline.saturating_sub(self.island_room()) as usize
    }

    /// A watched fixup was added: shortens the visible bytes, which keeps B1.
    #[inline]
    pub(super) fn watch(&mut self, at: u32, class: usize) {
        self.watched += 1;
        let reach = K::REACHES.get(class).copied().unwrap_or(0);
        // Below 2 GiB both, unless nothing was emitted for want of room: then too soon, which does no harm.
        self.deadline = self.deadline.min(at.wrapping_add(reach));
        // Most are not the soonest.
        if self.horizon() < self.bytes.len() {
            self.shorten_visible();
        }
    }

    #[inline]
    fn shorten_visible(&mut self) {
        self.bytes.truncate(self.horizon().max(self.end as usize));
    }

    /// A constant was added: the same.
    pub(super) fn pool_grew(&mut self) {
        if K::POOL_IN_ISLANDS {
            if self.pool.size() > POOL_MAX {
                self.deadline = 0;
            }
            self.shorten_visible();
        }
    }

    /// Makes `size` more bytes writable, after an island if one is due before their end. False if there is no room; the
    /// error is noted.
    #[cold]
    #[inline(never)]
    pub(super) fn make_room(&mut self, size: usize) -> bool {
        if self.end as usize > self.limit {
            self.fail(AsmError::TooLarge { limit: self.limit });
            return false;
        }
        if K::CLASSES > 0 {
            self.find_deadline();
            let full = K::POOL_IN_ISLANDS && self.pool.size() > POOL_MAX;
            if full || self.end as usize + size > self.horizon() {
                self.island(size, true);
            }
        }
        self.make_visible(size)
    }

    /// Moves `bytes.len()`, within the limit, so that `size` more bytes are writable: beyond the deadline only if it must.
    fn make_visible(&mut self, size: usize) -> bool {
        let wanted = self.end as usize + size;
        if wanted > self.limit + PARTS_MAX {
            self.fail(AsmError::TooLarge { limit: self.limit });
            return false;
        }
        if wanted > self.bytes.len() {
            if self.bytes.try_reserve(wanted - self.bytes.len()).is_err() {
                self.fail(AsmError::OutOfMemory);
                return false;
            }
            let far = (wanted + STEP).min(self.bytes.capacity()).min(self.limit + PARTS_MAX);
            let far = if K::CLASSES > 0 { far.min(self.horizon()) } else { far };
            self.bytes.resize(far.max(wanted), 0);
        }
        true
    }

    /// Appends bytes that the deadline does not hold up: those of islands, and of the end.
    pub(super) fn append(&mut self, size: usize, write: impl FnOnce(&mut [u8])) {
        if self.make_visible(size) {
            let at = self.end as usize;
            if let Some(room) = self.bytes.get_mut(at..at + size) {
                write(room);
                self.end += size as u32;
            }
        }
    }

    /// Computes the soonest deadline anew: what has been bound since does not count.
    fn find_deadline(&mut self) {
        let mut soonest = u32::MAX;
        for (class, reach) in K::REACHES.iter().enumerate() {
            let mut index = self.oldest[class] as usize;
            while let Some(fixup) = self.fixups.get(index) {
                if fixup.waits_in(class) {
                    soonest = soonest.min(fixup.offset.saturating_add(*reach));
                    break;
                }
                index += 1;
            }
            self.oldest[class] = index as u32;
        }
        self.deadline = soonest;
    }

    /// Emits an island now if one would be due within the next `size` bytes: for places that control does not reach, after
    /// an unconditional jump, where no jump around it is needed.
    pub fn island_if_within(&mut self, size: u32) {
        if K::CLASSES > 0 && self.watched > 0 {
            self.find_deadline();
            if self.end as usize + size as usize > self.horizon() {
                self.island(size as usize, false);
            }
        }
    }

    /// Emits an island: veneers for the fixups whose deadline is near, or would be before `size` more bytes are written.
    fn island(&mut self, size: usize, jump_around: bool) {
        let start = self.end;
        if jump_around {
            self.append(K::JUMP_SIZE as usize, |_| {});
        }
        let begin = self.end;
        let soon =
            begin.saturating_add(self.island_room()).saturating_add(size.min(u32::MAX as usize) as u32);
        // Those that the island itself adds wait from here on and are not looked at again.
        let count = self.fixups.len();
        let mut pool_due = K::POOL_IN_ISLANDS && self.pool.size() > POOL_MAX;
        for (class, reach) in K::REACHES.iter().enumerate() {
            // One island serves all that have used up half of their reach, rather than each its own.
            let horizon = soon.saturating_add(reach / 2);
            let mut index = self.oldest[class] as usize;
            while index < count {
                let fixup = self.fixups[index];
                if fixup.waits_in(class) {
                    if fixup.offset.saturating_add(*reach) > horizon {
                        break;
                    }
                    if !self.extend(fixup) {
                        pool_due |= K::POOL_IN_ISLANDS;
                    }
                }
                index += 1;
            }
            self.oldest[class] = index as u32;
        }
        if pool_due {
            self.emit_pool();
        }
        if jump_around {
            let displacement = self.end - start;
            match self.bytes.get_mut(start as usize..) {
                Some(bytes) if displacement > K::JUMP_SIZE => K::jump(bytes, displacement),
                // Nothing was due after all.
                _ => self.end = start,
            }
        }
        self.find_deadline();
    }

    /// Writes a veneer for a fixup, and leads to it all that wait for the same label and reach it. False if the kind has none.
    fn extend(&mut self, fixup: Fixup<K>) -> bool {
        let at = self.end;
        let mut room = [0; 64];
        let Some(veneer) = fixup.kind.veneer(&mut room) else { return false };
        let Some(bytes) = room.get(..veneer.size as usize) else { return false };
        self.append(bytes.len(), |to| to.copy_from_slice(bytes));
        let Some(&state) = self.labels.get(fixup.label as usize) else { return true };
        let newest = self.fixups.len() as u32;
        let mut link = state.link();
        // The list is entered behind the new fixup, so B2 holds.
        let next = link;
        while let Some(other) = LabelState::follow(link).and_then(|index| self.fixups.get_mut(index as usize))
        {
            link = other.next;
            if other.resolved || other.kind.class() != fixup.kind.class() {
                continue;
            }
            let displacement = i64::from(at) - i64::from(other.offset);
            let Some(bytes) = self.bytes.get_mut(other.offset as usize..) else { continue };
            match other.kind.patch(bytes, displacement) {
                Ok(()) => {
                    other.resolved = true;
                    self.watched -= 1;
                }
                Err(misfit) => {
                    let error = misfit.at(other.offset, displacement);
                    self.fail(error);
                    break;
                }
            }
        }
        let (offset, kind) = (at + veneer.at, veneer.kind);
        self.fixups.push(Fixup { offset, label: fixup.label, next, kind, resolved: false });
        if let Some(state) = self.labels.get_mut(fixup.label as usize) {
            *state = LabelState::waiting(newest);
        }
        self.watched += u32::from(kind.class().is_some());
        true
    }
}

impl<K: FixupKind> CodeBuffer<K> {
    /// Leads the instruction at `at`, which does not reach back to `target`, to a veneer behind the code so far, and that
    /// to another if it must.
    #[cold]
    #[inline(never)]
    pub(super) fn extend_back(&mut self, kind: K, at: u32, target: u32, misfit: Misfit) {
        // Keeps B1: an island that is due comes first.
        if !self.room_for((K::JUMP_SIZE + 2 * K::VENEER_MAX) as usize) {
            return;
        }
        let start = self.end;
        self.append(K::JUMP_SIZE as usize, |_| {});
        let (mut kind, mut at, mut misfit) = (kind, at, misfit);
        loop {
            let mut room = [0; 64];
            let veneer = if misfit == Misfit::OutOfReach { kind.veneer(&mut room) } else { None };
            // One of the same kind reaches no further back.
            let veneer = veneer.filter(|veneer| veneer.kind != kind);
            let Some((veneer, bytes)) =
                veneer.and_then(|veneer| Some((veneer, room.get(..veneer.size as usize)?)))
            else {
                self.fail(misfit.at(at, i64::from(target) - i64::from(at)));
                break;
            };
            let place = self.end;
            self.append(bytes.len(), |to| to.copy_from_slice(bytes));
            self.patch(kind, at, place);
            (kind, at) = (veneer.kind, place + veneer.at);
            let Some(bytes) = self.bytes.get_mut(at as usize..) else { break };
            match kind.patch(bytes, i64::from(target) - i64::from(at)) {
                Ok(()) => break,
                Err(further) => misfit = further,
            }
        }
        let displacement = self.end - start;
        if let Some(bytes) = self.bytes.get_mut(start as usize..)
            && displacement > K::JUMP_SIZE
        {
            K::jump(bytes, displacement);
        } else {
            self.end = start;
        }
    }
}

impl<K: FixupKind> Fixup<K> {
    fn waits_in(&self, class: usize) -> bool {
        !self.resolved && self.kind.class() == Some(class)
    }
}
