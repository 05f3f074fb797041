//! Address space with nothing in it.
#![allow(unsafe_code, reason = "mapping memory is system calls")]

use std::io;
use std::ops::Range;
use std::ptr;

use super::page_size;

/// Memory that is only used once it is touched need not be there.
#[cfg(target_os = "linux")]
const NO_RESERVE: libc::c_int = libc::MAP_NORESERVE | libc::MAP_STACK;
#[cfg(not(target_os = "linux"))]
const NO_RESERVE: libc::c_int = 0;

/// A range of addresses that nobody else gets, and which faults until part of it is mapped or made accessible. Around it are
/// guards, which always fault. All of it is unmapped when this is dropped.
#[derive(Debug)]
pub(in super::super) struct Reserved {
    whole: *mut u8,
    guard: usize,
    len: usize,
}

// SAFETY: this is a range of addresses; what is done to the memory, whoever does it sees to.
unsafe impl Send for Reserved {}
// SAFETY: as above.
unsafe impl Sync for Reserved {}

impl Reserved {
    /// `len` bytes with `guard` bytes on both sides, both rounded up to pages.
    pub(in super::super) fn new(len: usize, guard: usize) -> io::Result<Reserved> {
        let round = |bytes: usize| bytes.max(1).checked_next_multiple_of(page_size());
        let sizes = round(len).zip(round(guard));
        let sizes =
            sizes.and_then(|(len, guard)| Some((len, guard, guard.checked_mul(2)?.checked_add(len)?)));
        let (len, guard, total) = sizes.ok_or(io::ErrorKind::OutOfMemory)?;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANON | NO_RESERVE;
        // SAFETY: a new mapping at a place that the system chooses touches nothing that there is.
        let whole = unsafe { libc::mmap(ptr::null_mut(), total, libc::PROT_NONE, flags, -1, 0) };
        if whole == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        // Addresses of code become pointers again when it is called.
        whole.expose_provenance();
        Ok(Reserved { whole: whole.cast(), guard, len })
    }

    /// The first byte between the guards.
    pub(in super::super) fn base(&self) -> *mut u8 {
        self.whole.wrapping_add(self.guard)
    }

    /// How many bytes are between the guards.
    pub(in super::super) fn len(&self) -> usize {
        self.len
    }

    /// Where a range, of offsets from `base`, is.
    ///
    /// # Panics
    /// If it is not pages of the range between the guards.
    pub(in super::super) fn pages(&self, range: &Range<usize>) -> (*mut u8, usize) {
        let inside = range.start <= range.end && range.end <= self.len;
        assert!(
            inside && range.start.is_multiple_of(page_size()) && range.end.is_multiple_of(page_size()),
            "{range:?} are no pages"
        );
        (self.base().wrapping_add(range.start), range.len())
    }

    /// Changes what may be done with pages: a range of offsets from `base`.
    ///
    /// # Safety
    /// Nobody does, now or later, what they may not do any more, and nobody relies on what is written into them not changing.
    pub(in super::super) unsafe fn protect(
        &self,
        range: Range<usize>,
        protection: libc::c_int,
    ) -> io::Result<()> {
        let (start, len) = self.pages(&range);
        // SAFETY: the pages are of this mapping; the caller vouches for those who use them.
        let result = unsafe { libc::mprotect(start.cast(), len, protection) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }

    /// Gives the memory of pages back: they are zeros when they are touched next (Linux).
    ///
    /// # Safety
    /// Nobody needs what is in them.
    pub(in super::super) unsafe fn give_back(&self, range: Range<usize>) -> io::Result<()> {
        let (start, len) = self.pages(&range);
        // SAFETY: the pages are of this mapping; the caller vouches that nobody needs them.
        let result = unsafe { libc::madvise(start.cast(), len, libc::MADV_DONTNEED) };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}

impl Drop for Reserved {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, whole, and whoever used it has held this.
        let result = unsafe { libc::munmap(self.whole.cast(), self.len + 2 * self.guard) };
        debug_assert_eq!(result, 0, "unmapping what was mapped");
    }
}
