//! The way with one view: pages that are inaccessible, then writable, then executable, then inaccessible again.
//!
//! A range is whole pages, and is written as a whole while nobody uses it. So a page that holds code that may run
//! is never made writable (another thread may be in it).
#![allow(unsafe_code, reason = "changing what may be done with memory is system calls")]

use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::{CacheError, coherence};
use super::{Pages, Reserved, Way, page_size};

/// Private memory.
#[derive(Debug)]
pub(in super::super) struct Mprotect {
    range: Reserved,
    committed: AtomicUsize,
}

impl Mprotect {
    pub(in super::super) fn new(len: usize) -> Result<Mprotect, CacheError> {
        Ok(Mprotect { range: Reserved::new(len, page_size())?, committed: AtomicUsize::new(0) })
    }
}

// SAFETY: the mapping is there until `self` is dropped; pages are readable from `write` to `discard`, and writable only in `write`.
unsafe impl Pages for Mprotect {
    fn way(&self) -> Way {
        Way::Mprotect
    }

    fn base(&self) -> *const u8 {
        self.range.base()
    }

    fn len(&self) -> usize {
        self.range.len()
    }

    fn unit(&self) -> usize {
        page_size()
    }

    fn write(
        &self,
        range: Range<usize>,
        fill: &mut dyn FnMut(&mut [u8]) -> bool,
    ) -> Result<bool, CacheError> {
        let (start, len) = self.range.pages(&range);
        // SAFETY: nobody uses these pages.
        unsafe { self.range.protect(range.clone(), libc::PROT_READ | libc::PROT_WRITE) }?;
        self.committed.fetch_add(len, Ordering::Relaxed);
        let unfinished = Unfinished { pages: self, range: range.clone() };
        // SAFETY: the pages are writable until they are protected below, after the last use of this; they are the caller's alone.
        let bytes = unsafe { slice::from_raw_parts_mut(start, len) };
        if !fill(bytes) {
            return Ok(false);
        }
        // SAFETY: nobody writes any more.
        unsafe { self.range.protect(range, libc::PROT_READ | libc::PROT_EXEC) }
            .map_err(CacheError::executable)?;
        // SAFETY: the pages are readable, and nothing changes them now.
        coherence::flush(unsafe { slice::from_raw_parts(start, len) });
        std::mem::forget(unfinished);
        Ok(true)
    }

    fn discard(&self, range: Range<usize>) -> Result<(), CacheError> {
        // Also if the system refuses: the next write counts them again.
        self.committed.fetch_sub(range.len(), Ordering::Relaxed);
        // SAFETY: nobody uses these pages.
        unsafe { self.range.protect(range.clone(), libc::PROT_NONE) }?;
        // SAFETY: as above.
        unsafe { self.range.give_back(range) }?;
        Ok(())
    }

    fn committed(&self) -> usize {
        self.committed.load(Ordering::Relaxed)
    }
}

/// Pages that are discarded when this is dropped: when whoever was to fill them did not, or they did not become executable.
struct Unfinished<'a> {
    pages: &'a Mprotect,
    range: Range<usize>,
}

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.pages.discard(self.range.clone()).expect("M2: the system refused to take write access away");
    }
}
