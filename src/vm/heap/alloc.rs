//! Allocation off the fast path: finding runs of free cells, taking blocks, large objects.

use std::ptr::NonNull;

use super::class::{BLOCK, COUNT, SIZES};
use super::system::{ALIGN, Region};
use super::{Cursor, Heap, poll};
use crate::vm::fault::Fault;

/// Bytes of a chunk.
pub(super) const CHUNK: usize = ALIGN;
/// Blocks of a chunk. The first one holds the mark bits.
pub(super) const BLOCKS: usize = CHUNK / BLOCK;
/// Bytes that one mark bit stands for.
pub(super) const GRANULE: usize = 8;
/// Bytes of a chunk's mark bits.
pub(super) const MARK_BYTES: usize = CHUNK / GRANULE / 8;
/// Words of a block's mark bits.
pub(super) const BLOCK_MARK_WORDS: usize = BLOCK / GRANULE / 64;
/// Objects above this size get a region of their own.
pub(super) const LARGEST_SPAN: usize = CHUNK / 2;
/// In a region of its own, an object begins here; its mark bit lies before it, in the first word.
pub(super) const LARGE_OFFSET: usize = 16;

/// What a block is used for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Use {
    Free,
    /// Cells of a class.
    Cells(u8),
    /// The first of so many blocks of one object.
    Span(u8),
    /// A further block of an object, or the chunk's first block.
    Inner,
}

/// 1 MiB of blocks.
pub(super) struct Chunk {
    pub region: Region,
    pub uses: [Use; BLOCKS],
    /// A bit for each free block.
    pub free: u32,
    /// A bit for each free block whose memory has been given back, or never been touched.
    pub fresh: u32,
    /// Under stress, else empty: the mark bits of cells that were handed out and have not been overwritten since.
    pub dirty: Vec<[u64; BLOCK_MARK_WORDS]>,
}

/// All blocks but the first.
pub(super) const ALL_BLOCKS: u32 = !1;

impl Chunk {
    fn new(stress: bool) -> Option<Chunk> {
        let region = Region::new(CHUNK)?;
        let mut uses = [Use::Free; BLOCKS];
        uses[0] = Use::Inner;
        let dirty = if stress { vec![[0; BLOCK_MARK_WORDS]; BLOCKS] } else { Vec::new() };
        Some(Chunk { region, uses, free: ALL_BLOCKS, fresh: ALL_BLOCKS, dirty })
    }

    /// The first byte of a block.
    pub fn block(&self, number: usize) -> NonNull<u8> {
        debug_assert!(number < BLOCKS);
        // SAFETY: the block lies within the chunk's region.
        unsafe { self.region.base().add(number * BLOCK) }
    }

    /// The mark bits of a block: one word, or its place, for each 64 granules.
    pub fn marks(&self, number: usize) -> NonNull<[u64; BLOCK_MARK_WORDS]> {
        debug_assert!(number < BLOCKS);
        // SAFETY: the mark bits lie within the chunk's first block.
        unsafe { self.region.base().add(number * BLOCK / GRANULE / 8) }.cast()
    }

    /// The mark bits of a block, while nobody is marking.
    pub fn read_marks(&self, number: usize) -> &[u64; BLOCK_MARK_WORDS] {
        // SAFETY: mark bits are initialised memory of the region. They change only while a `Marker` runs, in whose code no such
        // reference is held.
        unsafe { self.marks(number).as_ref() }
    }

    /// Remembers that the cell at a granule of a block is handed out.
    fn soil(&mut self, block: usize, granule: usize) {
        if let Some(dirty) = self.dirty.get_mut(block) {
            dirty[granule / 64] |= 1 << (granule % 64);
        }
    }

    /// Clears the mark bits of all blocks.
    pub fn clear_marks(&mut self) {
        // SAFETY: the mark bits are the first `MARK_BYTES` of the region.
        unsafe { self.region.base().write_bytes(0, MARK_BYTES) }
    }

    /// The lowest run of `count` free blocks; if there is a choice of single blocks, one whose memory is there.
    fn find(&self, count: usize) -> Option<usize> {
        let mut starts = self.free;
        for shift in 1..count {
            starts &= self.free >> shift;
        }
        let warm = starts & !self.fresh;
        let choice = if warm != 0 { warm } else { starts };
        (choice != 0).then(|| choice.trailing_zeros() as usize)
    }
}

/// An object in a region of its own.
pub(super) struct Large {
    pub region: Region,
}

impl Large {
    /// Where its object begins.
    pub fn object(&self) -> NonNull<u8> {
        // SAFETY: the region is larger than that.
        unsafe { self.region.base().add(LARGE_OFFSET) }
    }

    /// The word in which its mark bit is.
    pub fn mark_word(&self) -> NonNull<u64> {
        self.region.base().cast()
    }
}

/// Where the search for runs of free cells of a class stands.
#[derive(Default)]
pub(super) struct Sweep {
    /// Chunk and block that is being swept, and the granule in it where the search goes on.
    current: Option<(usize, usize, usize)>,
    /// Blocks that are partly filled and not swept yet: chunk and block.
    pub queue: Vec<(u32, u32)>,
}

impl Sweep {
    /// Forgets what was to be swept.
    pub fn reset(&mut self) {
        self.current = None;
        self.queue.clear();
    }
}

impl Heap {
    /// Finds the next run of free cells of a class and takes its first cell.
    #[cold]
    #[inline(never)]
    pub(super) fn refill(&mut self, class: usize) -> Result<NonNull<u8>, Fault> {
        self.under_stress()?;
        let size = SIZES[class] as usize;
        let (start, mut bytes) = self.next_run(class)?;
        if self.stress {
            // Hand out one cell, so that the next allocation comes here again.
            self.rewind(class, bytes - size);
            bytes = size;
            if let Some((chunk, block, granule)) = self.sweep[class].current {
                self.chunks[chunk].soil(block, granule - size / GRANULE);
            }
        }
        self.count(bytes);
        // SAFETY: the run lies within one block.
        let (next, end) = unsafe { (start.add(size), start.add(bytes)) };
        self.cursors[class] = Cursor { next: next.as_ptr(), end: end.as_ptr() };
        Ok(start)
    }

    /// Under stress, asks for a collection before the allocation.
    fn under_stress(&mut self) -> Result<(), Fault> {
        if !self.stress || self.retrying {
            return Ok(());
        }
        if self.patience == 0 {
            return Err(Fault::NeedMemory);
        }
        self.patience -= 1;
        Ok(())
    }

    /// Counts bytes as handed out, and asks for a collection if it is time.
    fn count(&mut self, bytes: usize) {
        self.since = self.since.saturating_add(bytes);
        if self.since >= self.allowance {
            self.poll.set(poll::COLLECT);
        }
    }

    fn next_run(&mut self, class: usize) -> Result<(NonNull<u8>, usize), Fault> {
        loop {
            if let Some((chunk, block, granule)) = self.sweep[class].current {
                let size = SIZES[class] as usize / GRANULE;
                let run = free_run(self.chunks[chunk].read_marks(block), granule, size);
                match run {
                    Some((start, end)) => {
                        self.sweep[class].current = Some((chunk, block, end));
                        // SAFETY: `free_run` stays within the block.
                        let start_at = unsafe { self.chunks[chunk].block(block).add(start * GRANULE) };
                        return Ok((start_at, (end - start) * GRANULE));
                    }
                    None => self.sweep[class].current = None,
                }
            }
            if let Some((chunk, block)) = self.sweep[class].queue.pop() {
                self.sweep[class].current = Some((chunk as usize, block as usize, 0));
                continue;
            }
            let (chunk, block) = self.take_blocks(1)?;
            self.chunks[chunk].uses[block] = Use::Cells(class as u8);
            self.sweep[class].current = Some((chunk, block, 0));
        }
    }

    /// Puts the last `bytes` of the run found last back.
    fn rewind(&mut self, class: usize, bytes: usize) {
        if let Some((_, _, granule)) = &mut self.sweep[class].current {
            *granule -= bytes / GRANULE;
        }
    }

    /// Takes so many free blocks in a row: chunk, and first block.
    fn take_blocks(&mut self, count: usize) -> Result<(usize, usize), Fault> {
        self.admit(count * BLOCK)?;
        let found = (self.first_free..self.chunks.len())
            .find_map(|chunk| Some((chunk, self.chunks[chunk].find(count)?)));
        let (chunk, block) = match found {
            Some(found) => found,
            None => {
                if self.chunks.try_reserve(1).is_err() {
                    return Err(Fault::NeedMemory);
                }
                let chunk = Chunk::new(self.stress).ok_or(Fault::NeedMemory)?;
                self.chunks.push(chunk);
                (self.chunks.len() - 1, 1)
            }
        };
        let taken = (((1u64 << count) - 1) as u32) << block;
        self.chunks[chunk].free &= !taken;
        self.chunks[chunk].fresh &= !taken;
        self.used += count * BLOCK;
        while self.chunks.get(self.first_free).is_some_and(|chunk| chunk.free == 0) {
            self.first_free += 1;
        }
        Ok((chunk, block))
    }

    /// Memory for an object that is too large for a class.
    #[cold]
    #[inline(never)]
    pub(super) fn take_large(&mut self, bytes: usize) -> Result<NonNull<u8>, Fault> {
        self.under_stress()?;
        if bytes <= LARGEST_SPAN {
            let count = bytes.div_ceil(BLOCK);
            let (chunk, block) = self.take_blocks(count)?;
            let uses = &mut self.chunks[chunk].uses;
            uses[block..block + count].fill(Use::Inner);
            uses[block] = Use::Span(count as u8);
            (block..block + count).for_each(|block| self.chunks[chunk].soil(block, 0));
            self.count(count * BLOCK);
            return Ok(self.chunks[chunk].block(block));
        }
        let bytes = bytes.checked_add(LARGE_OFFSET).ok_or(Fault::NeedMemory)?;
        self.admit(bytes)?;
        if self.large.try_reserve(1).is_err() {
            return Err(Fault::NeedMemory);
        }
        let large = Large { region: Region::new(bytes).ok_or(Fault::NeedMemory)? };
        let object = large.object();
        self.used += large.region.bytes();
        self.count(large.region.bytes());
        self.large.push(large);
        Ok(object)
    }

    /// Forgets all runs and blocks to sweep: what the cursors have left is found again after the collection.
    pub(super) fn retire_cursors(&mut self) {
        self.cursors = [Cursor::EMPTY; COUNT];
        self.sweep.iter_mut().for_each(Sweep::reset);
    }
}

/// The first run of free cells at or behind granule `from` of a block: its first granule and that behind it.
fn free_run(marks: &[u64; BLOCK_MARK_WORDS], from: usize, size: usize) -> Option<(usize, usize)> {
    let limit = BLOCK / GRANULE / size * size;
    let mut start = from;
    while start < limit && marks[start / 64] >> (start % 64) & 1 != 0 {
        start += size;
    }
    if start >= limit {
        return None;
    }
    let mut word = start / 64;
    let mut bits = marks[word] & !0 << (start % 64);
    while bits == 0 {
        word += 1;
        if word == BLOCK_MARK_WORDS {
            return Some((start, limit));
        }
        bits = marks[word];
    }
    Some((start, word * 64 + bits.trailing_zeros() as usize))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_lie_between_marked_cells() {
        let mut marks = [0; BLOCK_MARK_WORDS];
        let size = 3;
        let limit = BLOCK / GRANULE / size * size;
        assert_eq!(free_run(&marks, 0, size), Some((0, limit)));
        for cell in [0, 1, 50, 51, 1000] {
            marks[cell * size / 64] |= 1 << (cell * size % 64);
        }
        assert_eq!(free_run(&marks, 0, size), Some((6, 150)));
        assert_eq!(free_run(&marks, 150, size), Some((156, 3000)));
        assert_eq!(free_run(&marks, 3000, size), Some((3003, limit)));
        assert_eq!(free_run(&marks, limit, size), None);
    }
}
