//! The way with two views: a file in memory, mapped executable for good, and writable for moments, elsewhere.
//!
//! How it works. The file is as long as the part of the range that was ever used (in steps of [`STEP`]), and is filled with
//! traps as it grows; beyond its end the executable mapping faults (`SIGBUS`). A write maps the pages concerned, fills its range,
//! unmaps them. Others may run code on the same pages meanwhile: a unit is a cache line, so not even a line is shared.
//! Traps need no view: they are written by `pwrite`.
//!
//! Memory is given back to the system when the cache goes, not before: a hole in the file would read as zeros, which run.
//!
//! Sources. Linux manual page memfd_create(2); kernel documentation, "Introduction of non-executable mfd and executable mfd".
#![cfg(target_os = "linux")]
#![allow(unsafe_code, reason = "mapping memory is system calls")]

use std::fs::File;
use std::io;
use std::marker::PhantomData;
use std::ops::Range;
use std::os::fd::{AsRawFd, FromRawFd};
use std::os::unix::fs::FileExt;
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use super::super::{CacheError, coherence};
use super::{Pages, Reserved, TRAP, Way, page_size};

/// In what steps the file grows, in bytes.
const STEP: usize = 64 << 10;

/// The file may be mapped executable, whatever the system's default. Since Linux 6.3; the crate `libc` lacks it.
const MFD_EXEC: libc::c_uint = 0x10;

/// A file in memory and its executable mapping.
#[derive(Debug)]
pub(in super::super) struct Memfd {
    range: Reserved,
    file: File,
    /// How long the file is, and full of traps or code. Changed by who holds `growing`.
    length: AtomicUsize,
    growing: Mutex<()>,
    /// The process that made this: its children share the file.
    process: u32,
}

impl Memfd {
    pub(in super::super) fn new(len: usize) -> Result<Memfd, CacheError> {
        let range = Reserved::new(len, page_size())?;
        let file = create()?;
        let flags = libc::MAP_SHARED | libc::MAP_FIXED;
        let executable = libc::PROT_READ | libc::PROT_EXEC;
        // SAFETY: replaces the pages of `range` between the guards, which nobody knows of yet.
        let place =
            unsafe { libc::mmap(range.base().cast(), range.len(), executable, flags, file.as_raw_fd(), 0) };
        if place == libc::MAP_FAILED {
            return Err(CacheError::executable(io::Error::last_os_error()));
        }
        let process = std::process::id();
        Ok(Memfd { range, file, length: AtomicUsize::new(0), growing: Mutex::new(()), process })
    }

    /// Makes the file at least `to` bytes long. All of the new part is traps.
    fn grow(&self, to: usize) -> Result<(), CacheError> {
        if to <= self.length.load(Ordering::Acquire) {
            return Ok(());
        }
        let _growing = self.growing.lock().unwrap_or_else(PoisonError::into_inner);
        let old = self.length.load(Ordering::Acquire);
        if to <= old {
            return Ok(());
        }
        let new = to.next_multiple_of(STEP).min(self.range.len());
        // Memory that is missing is an error here; in a hole of the file it would be a signal, later.
        self.trap(old..new)?;
        self.length.store(new, Ordering::Release);
        Ok(())
    }

    /// Fills a part of the file, which nobody uses, with traps.
    fn trap(&self, range: Range<usize>) -> io::Result<()> {
        const TRAPS: &[u8] = &[TRAP; 4096];
        for offset in range.clone().step_by(TRAPS.len()) {
            let len = TRAPS.len().min(range.end - offset);
            self.file.write_all_at(&TRAPS[..len], offset as u64)?;
        }
        coherence::flush(self.code(&range));
        Ok(())
    }

    /// The executable view of a part of the file.
    fn code(&self, range: &Range<usize>) -> &[u8] {
        assert!(range.end <= self.range.len());
        // SAFETY: this part of the mapping is there as long as `self`, and of the file (`grow`); callers, here, only flush it.
        unsafe { slice::from_raw_parts(self.range.base().add(range.start), range.len()) }
    }

    fn owned(&self) -> Result<(), CacheError> {
        if std::process::id() == self.process { Ok(()) } else { Err(CacheError::Forked) }
    }
}

// SAFETY: the executable mapping is there until `self` is dropped, and shows what views write; these write their range only.
unsafe impl Pages for Memfd {
    fn way(&self) -> Way {
        Way::Memfd
    }

    fn base(&self) -> *const u8 {
        self.range.base()
    }

    fn len(&self) -> usize {
        self.range.len()
    }

    /// A cache line, so that code which is written shares none with code that runs.
    fn unit(&self) -> usize {
        64
    }

    fn write(
        &self,
        range: Range<usize>,
        fill: &mut dyn FnMut(&mut [u8]) -> bool,
    ) -> Result<bool, CacheError> {
        self.owned()?;
        self.grow(range.end)?;
        let mut view = View::open(&self.file, range.clone())?;
        let unfinished = Unfinished(view.bytes());
        let filled = fill(unfinished.0);
        if filled {
            std::mem::forget(unfinished);
        } else {
            drop(unfinished);
        }
        drop(view);
        coherence::flush(self.code(&range));
        Ok(filled)
    }

    fn discard(&self, range: Range<usize>) -> Result<(), CacheError> {
        self.owned()?;
        Ok(self.trap(range)?)
    }

    fn committed(&self) -> usize {
        self.length.load(Ordering::Acquire)
    }
}

/// Bytes that become traps when this is dropped: when whoever was to fill them panicked.
struct Unfinished<'a>(&'a mut [u8]);

impl Drop for Unfinished<'_> {
    fn drop(&mut self) {
        self.0.fill(TRAP);
    }
}

/// A writable view of part of the file (M2: it goes when this is dropped).
struct View<'a> {
    pages: *mut u8,
    len: usize,
    /// The bytes to be written, from the start of the pages.
    range: Range<usize>,
    file: PhantomData<&'a File>,
}

impl View<'_> {
    fn open(file: &File, range: Range<usize>) -> Result<View<'_>, CacheError> {
        let first = range.start - range.start % page_size();
        let len = range.end.next_multiple_of(page_size()) - first;
        let (access, descriptor) = (libc::PROT_READ | libc::PROT_WRITE, file.as_raw_fd());
        // SAFETY: a new mapping at a place that the system chooses touches nothing that there is.
        let pages = unsafe {
            libc::mmap(ptr::null_mut(), len, access, libc::MAP_SHARED, descriptor, as_offset(first))
        };
        if pages == libc::MAP_FAILED {
            return Err(CacheError::System(io::Error::last_os_error()));
        }
        let range = range.start - first..range.end - first;
        Ok(View { pages: pages.cast(), len, range, file: PhantomData })
    }

    fn bytes(&mut self) -> &mut [u8] {
        // SAFETY: the mapping is there as long as `self`, and its pages are of the file, which does not shrink. Through no other view
        // is this range written or read: it is taken, and its taker has called (`Pages::write`), or nobody uses it.
        unsafe { slice::from_raw_parts_mut(self.pages.add(self.range.start), self.range.len()) }
    }
}

impl Drop for View<'_> {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, whole; `bytes` lends no longer than `self` lives.
        let result = unsafe { libc::munmap(self.pages.cast(), self.len) };
        assert_eq!(result, 0, "M2: the system refused to unmap a writable view of code");
    }
}

/// Makes the file.
fn create() -> Result<File, CacheError> {
    let name = c"orus-code";
    for flags in [libc::MFD_CLOEXEC | MFD_EXEC, libc::MFD_CLOEXEC] {
        // SAFETY: `name` ends with a zero.
        let descriptor = unsafe { libc::memfd_create(name.as_ptr(), flags) };
        if descriptor >= 0 {
            // SAFETY: the descriptor is new, and nobody else has it.
            return Ok(unsafe { File::from_raw_fd(descriptor) });
        }
        let error = io::Error::last_os_error();
        match error.raw_os_error() {
            // A kernel that does not know `MFD_EXEC` does not need it either.
            Some(libc::EINVAL) => {}
            Some(libc::ENOSYS) => break,
            _ => return Err(CacheError::executable(error)),
        }
    }
    Err(CacheError::Unsupported)
}

fn as_offset(bytes: usize) -> libc::off_t {
    libc::off_t::try_from(bytes).expect("a cache is smaller than the largest file")
}
