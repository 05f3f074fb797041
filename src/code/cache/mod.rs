//! The code cache: one range of memory for code, so that calls within it reach, in which regions are published and freed.
//!
//! How it works. A [`Reservation`] is a place whose address is known and which is not written yet. Publishing it writes the code,
//! through a view that is closed again, and makes a [`CodeRegion`] of it. [`map`](super::map) says how memory is written;
//! [`free_list`](super::free_list) which of it is free; this counts, and remembers which region is where.
//!
//! Freeing is a call of its own, and not what happens when a handle is dropped: it needs a proof that no thread is in the region
//! and no frame returns into it, which nobody has at the end of a scope, and which `drop` could not demand. A handle that
//! is dropped leaves its region in place until the cache goes. The memory is there as long as the cache or one handle is.
//!
//! Invariants
//! - CC1 Each unit is free, reserved (which includes a region that is being freed), or of one region.
//! - CC2 No lock is held while code is written: `fill` may take its time, and use the cache.
//! - CC3 Memory in which code may have run is not run again before all processors have dropped what they fetched of it.
//! - CC4 Published bytes do not change while their region lives: nothing patches itself.
//!
//! Cost. A region: the free list's, and system calls: for [`Way::Memfd`] a mapping made and unmade to publish, and a write to
//! free; for [`Way::Mprotect`] two changes of protection, and one and `madvise`. Where code was before, publishing interrupts
//! the processors that run other threads. Units are 64 bytes and a page. Looking an address up is logarithmic in the number of regions.
#![allow(unsafe_code, reason = "regions lend what they published; freeing them needs a promise")]

mod probe;

use std::collections::BTreeMap;
use std::ops::Range;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::free_list::FreeList;
#[cfg(target_os = "linux")]
use super::map::Memfd;
use super::map::{Mprotect, Pages, TRAP, Way, page_size};
use super::{CacheError, coherence, gdb};

/// The largest cache, in bytes: what AArch64's `bl` reaches.
pub const MAX_CACHE_BYTES: usize = 128 << 20;

/// The largest alignment of a region, in bytes: that of the cache.
pub const MAX_ALIGN: usize = 4096;

/// What cache is made.
#[derive(Clone, Copy, Debug)]
pub struct CacheOptions {
    /// How much code it may hold, in bytes; rounded up to pages. At most [`MAX_CACHE_BYTES`].
    pub limit_bytes: usize,
    /// How code is written; if nothing is said, in the first way that works here: memfd, then mprotect.
    pub way: Option<Way>,
}

impl Default for CacheOptions {
    /// 64 MiB.
    fn default() -> CacheOptions {
        CacheOptions { limit_bytes: 64 << 20, way: None }
    }
}

/// What a cache holds and has done. Sizes are bytes, and count what regions take with padding;
/// `reserved == live + pending + free`.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
#[non_exhaustive]
pub struct Statistics {
    /// The address space of the cache, without its guards.
    pub reserved: usize,
    /// How much of it has memory.
    pub committed: usize,
    /// What regions take.
    pub live: usize,
    /// What is reserved and not published yet, or being freed.
    pub pending: usize,
    /// What is free.
    pub free: usize,
    /// The longest free run.
    pub largest_free: usize,
    /// How many regions there are.
    pub regions: usize,
    /// How many regions were published.
    pub publishes: u64,
    /// How many were freed.
    pub frees: u64,
    /// How often there was an error instead of a reservation or a region.
    pub refusals: u64,
    /// How often freed code could not be made to trap, because the system refused.
    pub not_discarded: u64,
    /// How often a writable view of code was about to be opened.
    pub views_opened: u64,
    /// How many of them are closed. As long as it equals `views_opened`, no code is writable.
    pub views_closed: u64,
}

/// A cache of code. Clones are the same cache; all threads may use it.
///
/// ```
/// use orus::code::{CacheOptions, CodeCache};
/// let cache = CodeCache::new(CacheOptions::default())?;
/// let code = [0x90, 0xc3]; // x86_64: nop, ret
/// let region = cache.publish(code.len(), 16, |_address, bytes| bytes.copy_from_slice(&code))?;
/// assert_eq!(region.bytes(), code);
/// # #[cfg(target_arch = "x86_64")]
/// # {
/// // SAFETY: the code follows the convention of the type, and is not freed while it runs.
/// let function: extern "C" fn() = unsafe { std::mem::transmute(region.address() as *const ()) };
/// function();
/// # }
/// // SAFETY: nobody is in the code, nor will be.
/// unsafe { region.free() };
/// # Ok::<(), orus::code::CacheError>(())
/// ```
#[derive(Clone, Debug)]
pub struct CodeCache {
    shared: Arc<Shared>,
}

impl CodeCache {
    /// Reserves the range, and tries a way of writing: code is written, run, rewritten, run.
    ///
    /// # Errors
    /// If no way, or not the one that was wanted, works here: [`CacheError::Denied`] foremost; [`CacheError::TooLarge`] for a limit that
    /// is.
    pub fn new(options: CacheOptions) -> Result<CodeCache, CacheError> {
        let limit = options.limit_bytes.max(1);
        if limit > MAX_CACHE_BYTES {
            return Err(CacheError::TooLarge { wanted: limit, limit: MAX_CACHE_BYTES });
        }
        let limit = limit.next_multiple_of(page_size());
        match options.way {
            Some(way) => CodeCache::tried(limit, way),
            None => CodeCache::tried(limit, Way::Memfd).or_else(|_| CodeCache::tried(limit, Way::Mprotect)),
        }
    }

    /// A cache that writes in this way, if it works.
    fn tried(limit: usize, way: Way) -> Result<CodeCache, CacheError> {
        let make = || -> Result<CodeCache, CacheError> {
            Ok(match way {
                #[cfg(target_os = "linux")]
                Way::Memfd => CodeCache::with_pages(Box::new(Memfd::new(limit)?)),
                #[cfg(not(target_os = "linux"))]
                Way::Memfd => return Err(CacheError::Unsupported),
                Way::Mprotect => CodeCache::with_pages(Box::new(Mprotect::new(limit)?)),
            })
        };
        let cache = make()?;
        probe::run(&cache)?;
        cache.reset();
        Ok(cache)
    }

    fn with_pages(pages: Box<dyn Pages>) -> CodeCache {
        let units = u32::try_from(pages.len() / pages.unit()).expect("a cache has less than 2^32 units");
        let state = State { free: FreeList::new(units), ..State::default() };
        let counters = Counters::default();
        CodeCache { shared: Arc::new(Shared { pages, state: Mutex::new(state), counters }) }
    }

    /// Forgets what the probe has done, but for the memory in which it ran.
    fn reset(&self) {
        let mut state = self.shared.lock();
        state.publishes = 0;
        state.frees = 0;
        self.shared.counters.opened.store(0, Ordering::SeqCst);
        self.shared.counters.closed.store(0, Ordering::SeqCst);
    }

    /// Takes `size` bytes at a multiple of `align`, so that their address is known before they are written. All of them are units of
    /// 64 bytes (memfd) or pages (mprotect).
    ///
    /// # Errors
    /// If there is no room.
    ///
    /// # Panics
    /// If `align` is no power of two up to [`MAX_ALIGN`].
    pub fn reserve(&self, size: usize, align: usize) -> Result<Reservation, CacheError> {
        self.shared.counted(self.reserve_uncounted(size, align))
    }

    fn reserve_uncounted(&self, size: usize, align: usize) -> Result<Reservation, CacheError> {
        assert!(align.is_power_of_two() && align <= MAX_ALIGN, "an alignment of {align}");
        let (unit, limit) = (self.shared.pages.unit(), self.shared.pages.len());
        if size > limit {
            return Err(CacheError::TooLarge { wanted: size, limit });
        }
        let units = size.div_ceil(unit).max(1) as u32;
        let mut state = self.shared.lock();
        // The range starts at a multiple of all alignments.
        let Some(start) = state.free.take(units, align.div_ceil(unit) as u32) else {
            let wanted = size.next_multiple_of(align);
            return Err(CacheError::Full { wanted, largest_free: state.free.largest() as usize * unit });
        };
        state.pending += units;
        let used_before = start < state.used_up_to;
        state.used_up_to = state.used_up_to.max(start + units);
        drop(state);
        Ok(Reservation { shared: Arc::clone(&self.shared), start, units, size, used_before })
    }

    /// Publishes `size` bytes of code at a multiple of `align`: `fill` is told their address, and writes them. They are traps before.
    ///
    /// `fill` is to be short, as long as it runs the code is writable: copy, and apply relocations.
    ///
    /// # Errors
    /// If there is no room, or the system refuses.
    ///
    /// # Panics
    /// If `align` is no power of two up to [`MAX_ALIGN`].
    pub fn publish(
        &self,
        size: usize,
        align: usize,
        fill: impl FnOnce(u64, &mut [u8]),
    ) -> Result<CodeRegion, CacheError> {
        self.reserve(size, align)?.publish(fill)
    }

    /// As [`publish`](CodeCache::publish), for a `fill` that can fail, such as by a relocation that does not reach.
    ///
    /// # Errors
    /// What `fill` returns, or as `publish`.
    ///
    /// # Panics
    /// As `publish`.
    pub fn try_publish<E: From<CacheError>>(
        &self,
        size: usize,
        align: usize,
        fill: impl FnOnce(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<CodeRegion, E> {
        self.reserve(size, align)?.try_publish(fill)
    }

    /// Where the region is that contains this address: from its first byte to after its last.
    ///
    /// A return address may be just behind a region that ends with a call: look for the byte before it.
    pub fn region_at(&self, address: u64) -> Option<Range<u64>> {
        let (base, unit) = (self.shared.address(0), self.shared.pages.unit() as u64);
        let at = u32::try_from(address.checked_sub(base)? / unit).ok()?;
        let (start, size) = {
            let state = self.shared.lock();
            let (&start, region) = state.regions.range(..=at).next_back()?;
            (self.shared.address(start), region.size as u64)
        };
        Some(start..start + size).filter(|range| range.contains(&address))
    }

    /// The addresses that code of this cache can have.
    pub fn range(&self) -> Range<u64> {
        let start = self.shared.address(0);
        start..start + self.shared.pages.len() as u64
    }

    /// How code is written.
    pub fn way(&self) -> Way {
        self.shared.pages.way()
    }

    /// What the cache holds and has done.
    pub fn statistics(&self) -> Statistics {
        let Shared { pages, counters, .. } = &*self.shared;
        let unit = pages.unit();
        // In this order: what is counted as closed was opened before.
        let views_closed = counters.closed.load(Ordering::SeqCst);
        let views_opened = counters.opened.load(Ordering::SeqCst);
        let state = self.shared.lock();
        Statistics {
            reserved: pages.len(),
            committed: pages.committed(),
            live: state.live as usize * unit,
            pending: state.pending as usize * unit,
            free: state.free.free() as usize * unit,
            largest_free: state.free.largest() as usize * unit,
            regions: state.regions.len(),
            publishes: state.publishes,
            frees: state.frees,
            refusals: counters.refusals.load(Ordering::Relaxed),
            not_discarded: counters.not_discarded.load(Ordering::Relaxed),
            views_opened,
            views_closed,
        }
    }
}

/// What all handles of a cache share.
#[derive(Debug)]
struct Shared {
    pages: Box<dyn Pages>,
    state: Mutex<State>,
    counters: Counters,
}

#[derive(Debug, Default)]
struct Counters {
    refusals: AtomicU64,
    not_discarded: AtomicU64,
    opened: AtomicU64,
    closed: AtomicU64,
}

/// Lengths are units.
#[derive(Debug, Default)]
struct State {
    free: FreeList,
    /// By the first unit.
    regions: BTreeMap<u32, Region>,
    live: u32,
    pending: u32,
    /// From here on, nothing has ever been reserved.
    used_up_to: u32,
    publishes: u64,
    frees: u64,
}

#[derive(Debug)]
struct Region {
    units: u32,
    /// In bytes.
    size: usize,
    debugger: Option<gdb::Registration>,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        // No code of others runs under the lock (CC2), so who panicked did so before or after changing something.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self, unit: u32) -> u64 {
        (self.pages.base().addr() + unit as usize * self.pages.unit()) as u64
    }

    fn bytes(&self, start: u32, units: u32) -> Range<usize> {
        let unit = self.pages.unit();
        start as usize * unit..(start + units) as usize * unit
    }

    /// The result, counted if it is an error.
    fn counted<T, E>(&self, result: Result<T, E>) -> Result<T, E> {
        if result.is_err() {
            self.counters.refusals.fetch_add(1, Ordering::Relaxed);
        }
        result
    }
}

/// Counts a view as opened, and as closed when this is dropped.
struct Opened<'a>(&'a Counters);

impl<'a> Opened<'a> {
    fn new(counters: &'a Counters) -> Opened<'a> {
        counters.opened.fetch_add(1, Ordering::SeqCst);
        Opened(counters)
    }
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        self.0.closed.fetch_add(1, Ordering::SeqCst);
    }
}

/// A place for code, which is free again if nothing is published there.
#[derive(Debug)]
#[must_use = "what is not published is free again"]
pub struct Reservation {
    shared: Arc<Shared>,
    start: u32,
    units: u32,
    size: usize,
    used_before: bool,
}

impl Reservation {
    /// Where the first byte will be.
    pub fn address(&self) -> u64 {
        self.shared.address(self.start)
    }

    /// How many bytes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// As [`CodeCache::publish`].
    ///
    /// # Errors
    /// If the system refuses.
    pub fn publish(self, fill: impl FnOnce(u64, &mut [u8])) -> Result<CodeRegion, CacheError> {
        self.try_publish(|address, bytes| {
            fill(address, bytes);
            Ok(())
        })
    }

    /// As [`CodeCache::try_publish`].
    ///
    /// # Errors
    /// What `fill` returns, or if the system refuses.
    pub fn try_publish<E: From<CacheError>>(
        self,
        fill: impl FnOnce(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<CodeRegion, E> {
        let shared = Arc::clone(&self.shared);
        shared.counted(self.publish_uncounted(fill))
    }

    fn publish_uncounted<E: From<CacheError>>(
        self,
        fill: impl FnOnce(u64, &mut [u8]) -> Result<(), E>,
    ) -> Result<CodeRegion, E> {
        let Reservation { start, units, size, .. } = self;
        let shared = Arc::clone(&self.shared);
        let (address, mut fill, mut filled) = (self.address(), Some(fill), Ok(()));
        let opened = Opened::new(&shared.counters);
        shared.pages.write(shared.bytes(start, units), &mut |bytes| {
            bytes.fill(TRAP);
            if let Some(fill) = fill.take() {
                filled = fill(address, &mut bytes[..size]);
            }
            filled.is_ok()
        })?;
        drop(opened);
        filled?;
        if self.used_before {
            coherence::synchronise(); // keeps CC3
        }
        let mut state = shared.lock();
        state.pending -= units;
        state.live += units;
        state.publishes += 1;
        state.regions.insert(start, Region { units, size, debugger: None });
        drop(state);
        // What is published is not given back.
        let mut this = self;
        this.units = 0;
        Ok(CodeRegion { shared, start, size })
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.units > 0 {
            let mut state = self.shared.lock();
            state.pending -= self.units;
            state.free.give(self.start, self.units);
        }
    }
}

/// Code that has been published. It stays where it is until it is freed, or the cache and all its regions' handles are dropped.
#[derive(Debug)]
#[must_use = "code whose handle is dropped cannot be freed"]
pub struct CodeRegion {
    shared: Arc<Shared>,
    start: u32,
    size: usize,
}

impl CodeRegion {
    /// Where the first byte is.
    pub fn address(&self) -> u64 {
        self.shared.address(self.start)
    }

    /// How many bytes there are.
    pub fn size(&self) -> usize {
        self.size
    }

    /// The code.
    pub fn bytes(&self) -> &[u8] {
        let offset = self.start as usize * self.shared.pages.unit();
        // SAFETY: the bytes were written, and are discarded only by `free`, which consumes the only handle (CC1, CC4).
        unsafe { slice::from_raw_parts(self.shared.pages.base().add(offset), self.size) }
    }

    /// Tells debuggers the name of this code, until it is freed. See [`gdb`] for what that costs.
    pub fn register_with_debugger(&self, name: &str) {
        let registration = gdb::register(name, self.address(), self.size);
        let mut state = self.shared.lock();
        let region =
            state.regions.get_mut(&self.start).expect("CC1: a region is known as long as it is not freed");
        let before = region.debugger.replace(registration);
        drop(state);
        drop(before);
    }

    /// Frees the code: it traps or faults from now on, and its place is used again.
    ///
    /// # Safety
    /// No thread is in this code or about to jump there, and no frame returns into it.
    pub unsafe fn free(self) {
        let shared = &self.shared;
        let mut state = shared.lock();
        let region = state.regions.remove(&self.start).expect("CC1: a region is freed once");
        state.live -= region.units;
        state.pending += region.units;
        state.frees += 1;
        drop(state);
        drop(region.debugger);
        if shared.pages.discard(shared.bytes(self.start, region.units)).is_err() {
            shared.counters.not_discarded.fetch_add(1, Ordering::Relaxed);
        }
        let mut state = shared.lock();
        state.pending -= region.units;
        state.free.give(self.start, region.units);
    }
}

#[cfg(test)]
mod tests;
