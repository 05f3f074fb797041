//! Memory that holds code, and the two ways to write into it.
//!
//! Invariants, of each way
//! - M1 No mapping is writable and executable.
//! - M2 A writable view exists only during [`Pages::write`], however that ends.
//! - M3 What is not in use does not run: it faults or traps, unless the system refused a [`Pages::discard`].
#![allow(unsafe_code, reason = "a trait whose implementations are trusted with addresses; a system call")]

mod memfd;
mod mprotect;
mod reserved;

use std::fmt::Debug;
use std::ops::Range;
use std::sync::OnceLock;

#[cfg(target_os = "linux")]
pub(super) use memfd::Memfd;
pub(super) use mprotect::Mprotect;
pub(super) use reserved::Reserved;

use super::CacheError;

/// How code is written into pages that can never be writable and executable.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Way {
    /// A file in memory is mapped executable once, and the pages concerned writable for a moment, elsewhere (Linux).
    ///
    /// Regions are packed, and what is freed is reused, below a page. A child made by `fork` shares the file: it cannot
    /// publish or free ([`CacheError::Forked`]), and must not run code while its parent frees some. A host that forks and goes on
    /// in both processes takes the other way.
    Memfd,
    /// A region has whole pages, which are writable first, and executable after; writable again only when it has been freed.
    Mprotect,
}

/// What unused code memory is filled with: `int3` on x86_64; `udf` on AArch64 and an instruction defined to be illegal on
/// RISC-V are zeros.
pub(super) const TRAP: u8 = if cfg!(target_arch = "x86_64") { 0xcc } else { 0 };

/// Memory for code: `0..len()`, at one place.
///
/// # Safety
/// Bytes of the last `write` to a range can be read at `base()` for as long as this lives and the range is not discarded; they
/// change only by `write` and `discard` of ranges that contain them.
pub(super) unsafe trait Pages: Debug + Send + Sync {
    /// Which way this is.
    fn way(&self) -> Way;

    /// Where the code is when it runs. A multiple of 4096.
    fn base(&self) -> *const u8;

    /// How many bytes there are: a multiple of `unit`.
    fn len(&self) -> usize;

    /// A range starts and ends at multiples of this. Two ranges may be written at the same time.
    fn unit(&self) -> usize;

    /// Has `fill` write `range`, which nobody uses. If it returns false, or panics, the range is as if discarded. When this
    /// returns `Ok(true)`, all processors see the code.
    fn write(&self, range: Range<usize>, fill: &mut dyn FnMut(&mut [u8]) -> bool)
    -> Result<bool, CacheError>;

    /// Makes `range`, which nobody uses any more, trap or fault, and gives its memory back where that is possible.
    fn discard(&self, range: Range<usize>) -> Result<(), CacheError>;

    /// For how many bytes there is memory and not only address space.
    fn committed(&self) -> usize;
}

/// The size of a page, in bytes.
pub(super) fn page_size() -> usize {
    static SIZE: OnceLock<usize> = OnceLock::new();
    *SIZE.get_or_init(|| {
        // SAFETY: asks for a number.
        let size = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(size).expect("the size of a page is a number")
    })
}
