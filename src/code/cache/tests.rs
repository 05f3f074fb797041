//! The cache on an invented machine with tiny pages, compared with a model; and what happens when something goes wrong.
#![allow(unsafe_code, reason = "the invented machine has memory; freeing needs a promise")]

use std::alloc::{self, Layout};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::AtomicBool;

use super::*;
use crate::code::coherence;

/// A machine whose memory nobody runs, and which checks what is done to it.
#[derive(Debug)]
struct Invented {
    base: *mut u8,
    len: usize,
    unit: usize,
    /// Which units are written, and not discarded.
    used: Mutex<Vec<bool>>,
    refuse_write: Arc<AtomicBool>,
    refuse_discard: Arc<AtomicBool>,
}

// SAFETY: the memory is written in `write` and `discard` only, whose callers own the range.
unsafe impl Send for Invented {}
// SAFETY: as above.
unsafe impl Sync for Invented {}

impl Invented {
    fn new(units: usize, unit: usize) -> Invented {
        // SAFETY: the layout is not of size zero.
        let base = unsafe { alloc::alloc_zeroed(Invented::layout(units * unit)) };
        assert!(!base.is_null());
        let (refuse_write, refuse_discard) = (Arc::default(), Arc::default());
        Invented {
            base,
            len: units * unit,
            unit,
            used: Mutex::new(vec![false; units]),
            refuse_write,
            refuse_discard,
        }
    }

    fn layout(len: usize) -> Layout {
        Layout::from_size_align(len, MAX_ALIGN).expect("a layout")
    }

    fn mark(&self, range: &Range<usize>, used: bool) {
        assert!(
            range.start < range.end
                && range.start.is_multiple_of(self.unit)
                && range.end.is_multiple_of(self.unit)
        );
        let mut units = self.used.lock().expect("no panic");
        for unit in &mut units[range.start / self.unit..range.end / self.unit] {
            assert_ne!(*unit, used, "{range:?}: written twice, or not written");
            *unit = used;
        }
    }

    fn fill(&self, range: Range<usize>, fill: &mut dyn FnMut(&mut [u8]) -> bool) -> bool {
        // SAFETY: the range is in the memory, and `mark` has shown that nobody else has it.
        fill(unsafe { slice::from_raw_parts_mut(self.base.add(range.start), range.len()) })
    }
}

impl Drop for Invented {
    fn drop(&mut self) {
        // SAFETY: it was allocated with this layout.
        unsafe { alloc::dealloc(self.base, Invented::layout(self.len)) };
    }
}

// SAFETY: the memory is there until `self` is dropped, and is written by `write` and `discard` only.
unsafe impl Pages for Invented {
    fn way(&self) -> Way {
        Way::Memfd
    }

    fn base(&self) -> *const u8 {
        self.base
    }

    fn len(&self) -> usize {
        self.len
    }

    fn unit(&self) -> usize {
        self.unit
    }

    fn write(
        &self,
        range: Range<usize>,
        fill: &mut dyn FnMut(&mut [u8]) -> bool,
    ) -> Result<bool, CacheError> {
        if self.refuse_write.load(Ordering::Relaxed) {
            return Err(CacheError::Denied);
        }
        let filled = self.fill(range.clone(), fill);
        if filled {
            self.mark(&range, true);
        }
        Ok(filled)
    }

    fn discard(&self, range: Range<usize>) -> Result<(), CacheError> {
        self.mark(&range, false);
        if self.refuse_discard.load(Ordering::Relaxed) {
            return Err(CacheError::Denied);
        }
        self.fill(range, &mut |bytes| {
            bytes.fill(0xee);
            true
        });
        Ok(())
    }

    fn committed(&self) -> usize {
        self.len
    }
}

fn invented(units: usize, unit: usize) -> CodeCache {
    CodeCache::with_pages(Box::new(Invented::new(units, unit)))
}

/// A cache that writes in this way; none where it does not work, which the probe has to notice: on emulators that run old code,
/// and, without files in memory, on systems other than Linux.
fn real(way: Way) -> Option<CodeCache> {
    match CodeCache::new(CacheOptions { limit_bytes: 1 << 20, way: Some(way) }) {
        Ok(cache) => Some(cache),
        Err(CacheError::Stale) if !cfg!(target_arch = "x86_64") => None,
        Err(CacheError::Unsupported) if way == Way::Memfd && !cfg!(target_os = "linux") => None,
        Err(error) => panic!("{way:?}: {error}"),
    }
}

/// One of each way that works here.
fn reals() -> Vec<CodeCache> {
    let caches: Vec<CodeCache> = [Way::Memfd, Way::Mprotect].into_iter().filter_map(real).collect();
    assert!(!caches.is_empty());
    caches
}

/// Those, and one whose code is not run.
fn all() -> Vec<CodeCache> {
    let mut caches = reals();
    caches.push(invented(16, 16));
    caches
}

/// Xorshift, which needs no crate.
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn assert_empty(cache: &CodeCache) {
    let statistics = cache.statistics();
    assert_eq!((statistics.live, statistics.pending, statistics.regions), (0, 0, 0));
    assert_eq!(
        (statistics.free, statistics.largest_free),
        (statistics.reserved, statistics.reserved),
        "one run"
    );
    assert_eq!(statistics.views_opened, statistics.views_closed);
    assert_eq!(statistics.publishes, statistics.frees);
}

/// Small caches, so that they are full and fragmented most of the time. After each step everything is compared.
#[test]
fn it_does_what_a_model_does() {
    let mut seed = 0x243f_6a88_85a3_08d3;
    for round in 0..200 {
        let (unit, units) = ([1, 4, 16][round % 3], 8 + random(&mut seed) as usize % 60);
        let cache = invented(units, unit);
        let base = cache.range().start;
        let mut live: Vec<(CodeRegion, Vec<u8>)> = Vec::new();
        let mut model =
            Statistics { reserved: units * unit, committed: units * unit, ..Statistics::default() };
        for _ in 0..200 {
            if random(&mut seed) % 5 < 2 && !live.is_empty() {
                let (region, _) = live.swap_remove(random(&mut seed) as usize % live.len());
                // SAFETY: nobody runs it.
                unsafe { region.free() };
                model.frees += 1;
            } else {
                let (size, align) = (random(&mut seed) as usize % (12 * unit), 1 << (random(&mut seed) % 6));
                let code: Vec<u8> = (0..size).map(|_| random(&mut seed) as u8).collect();
                let fill = |_, bytes: &mut [u8]| bytes.copy_from_slice(&code);
                match cache.publish(size, align, fill) {
                    Ok(region) => {
                        assert_eq!(region.address() % align as u64, 0);
                        live.push((region, code));
                        model.publishes += 1;
                        model.views_opened += 1;
                    }
                    Err(CacheError::Full { .. }) => model.refusals += 1,
                    Err(CacheError::TooLarge { wanted, limit }) => {
                        assert!(wanted == size && limit == units * unit && size > limit);
                        model.refusals += 1;
                    }
                    Err(error) => panic!("{error}"),
                }
            }
            let mut used = vec![false; units];
            for (region, code) in &live {
                assert_eq!(region.bytes(), code);
                let start = (region.address() - base) as usize / unit;
                for unit in &mut used[start..start + code.len().div_ceil(unit).max(1)] {
                    assert!(!*unit, "CC1: regions overlap");
                    *unit = true;
                }
            }
            model.regions = live.len();
            model.live = used.iter().filter(|&&used| used).count() * unit;
            model.free = model.reserved - model.live;
            model.largest_free = used.split(|&used| used).map(<[bool]>::len).max().unwrap_or(0) * unit;
            model.views_closed = model.views_opened;
            assert_eq!(cache.statistics(), model);
            for address in base.saturating_sub(3)..base + (units * unit) as u64 + 3 {
                let contains = |region: &CodeRegion| {
                    let range = region.address()..region.address() + region.size() as u64;
                    range.contains(&address).then_some(range)
                };
                assert_eq!(cache.region_at(address), live.iter().find_map(|(region, _)| contains(region)));
            }
        }
        for (region, _) in live {
            // SAFETY: nobody runs it.
            unsafe { region.free() };
        }
        assert_empty(&cache);
    }
}

/// Whatever has been there before, no region is refused while a quarter of the cache is free.
#[test]
fn a_million_cycles() {
    const LIMIT: usize = 4 << 20;
    let cache = invented(LIMIT / 64, 64);
    let mut seed = 0x9e37_79b9_7f4a_7c15;
    let (mut live, mut bytes): (Vec<CodeRegion>, usize) = (Vec::new(), 0);
    for cycle in 0..1_000_000_u64 {
        let limit = [256, 256, 256, 1024, 1024, 4096, 4096, 32_768]
            [random(&mut seed).trailing_zeros().min(7) as usize];
        let size = 8 + random(&mut seed) as usize % limit;
        while bytes + size.next_multiple_of(64) > LIMIT / 4 * 3 {
            let region = live.swap_remove(random(&mut seed) as usize % live.len());
            assert_eq!(region.bytes()[..8], region.address().to_le_bytes());
            bytes -= region.size().next_multiple_of(64);
            // SAFETY: nobody runs it.
            unsafe { region.free() };
        }
        let region =
            cache.publish(size, 16, |address, bytes| bytes[..8].copy_from_slice(&address.to_le_bytes()));
        live.push(region.expect("room"));
        bytes += size.next_multiple_of(64);
        if cycle % 10_000 == 0 {
            let statistics = cache.statistics();
            assert_eq!((statistics.live, statistics.free), (bytes, LIMIT - bytes));
        }
    }
    for region in live {
        assert_eq!(region.bytes()[..8], region.address().to_le_bytes());
        // SAFETY: nobody runs it.
        unsafe { region.free() };
    }
    assert_empty(&cache);
}

#[test]
fn what_is_refused_leaves_no_trace() {
    let pages = Invented::new(16, 16);
    let (refuse_write, refuse_discard) = (Arc::clone(&pages.refuse_write), Arc::clone(&pages.refuse_discard));
    let cache = CodeCache::with_pages(Box::new(pages));
    refuse_write.store(true, Ordering::Relaxed);
    assert!(matches!(cache.publish(20, 1, |_, _| ()), Err(CacheError::Denied)));
    assert_empty(&cache);
    refuse_write.store(false, Ordering::Relaxed);
    let region = cache.publish(256, 1, |_, bytes| bytes.fill(7)).expect("room");
    assert!(matches!(cache.publish(1, 1, |_, _| ()), Err(CacheError::Full { wanted: 1, largest_free: 0 })));
    assert!(matches!(
        cache.publish(257, 1, |_, _| ()),
        Err(CacheError::TooLarge { wanted: 257, limit: 256 })
    ));
    assert!(matches!(cache.reserve(usize::MAX, 1), Err(CacheError::TooLarge { .. })));
    refuse_discard.store(true, Ordering::Relaxed);
    // SAFETY: nobody runs it.
    unsafe { region.free() };
    assert_empty(&cache);
    let statistics = cache.statistics();
    assert_eq!((statistics.refusals, statistics.not_discarded), (4, 1));
}

#[test]
fn what_fill_returns_comes_back() {
    #[derive(Debug)]
    enum Error {
        Cache(CacheError),
        OutOfReach(u64),
    }
    impl From<CacheError> for Error {
        fn from(error: CacheError) -> Error {
            Error::Cache(error)
        }
    }
    for cache in all() {
        let start = cache.range().start;
        let result = cache.try_publish(10, 1, |address, _| Err(Error::OutOfReach(address)));
        assert!(matches!(result, Err(Error::OutOfReach(address)) if address == start));
        assert_empty(&cache);
        let result = cache.try_publish(1 << 21, 1, |_, _| Err(Error::OutOfReach(0)));
        assert!(matches!(result, Err(Error::Cache(CacheError::TooLarge { .. }))));
        assert_eq!(cache.statistics().refusals, 2);
    }
}

#[test]
fn a_panic_closes_the_view_and_frees_the_place() {
    for cache in all() {
        let panics = AssertUnwindSafe(|| {
            cache.publish(100, 1, |_, bytes| {
                bytes[0] = 1;
                panic!("in fill");
            })
        });
        assert!(catch_unwind(panics).is_err());
        assert_empty(&cache);
        let region = cache.publish(100, 1, |_, bytes| bytes.fill(2)).expect("room");
        assert_eq!((region.address(), region.bytes()), (cache.range().start, &[2; 100][..]));
    }
}

#[test]
fn reservations_are_places() {
    for cache in all() {
        let [one, two, three] = [(); 3].map(|()| cache.reserve(8, 1).expect("room"));
        let unit = two.address() - one.address();
        assert_eq!(cache.statistics().pending as u64, 3 * unit);
        assert!(three.size() == 8 && cache.region_at(one.address()).is_none());
        // Two that know of each other.
        let (at_one, at_three) = (one.address(), three.address());
        drop(two);
        let one = one.publish(|_, bytes| bytes.copy_from_slice(&at_three.to_le_bytes())).expect("published");
        let three =
            three.publish(|_, bytes| bytes.copy_from_slice(&at_one.to_le_bytes())).expect("published");
        assert_eq!((one.bytes(), three.bytes()), (&at_three.to_le_bytes()[..], &at_one.to_le_bytes()[..]));
        assert_eq!(cache.region_at(at_three + 7), Some(at_three..at_three + 8));
        assert_eq!(cache.region_at(at_three + 8), None);
        for region in [one, three] {
            // SAFETY: nobody runs it.
            unsafe { region.free() };
        }
        assert_empty(&cache);
    }
}

#[test]
fn fill_may_use_the_cache() {
    for cache in all() {
        let mut inner = None;
        let outer = cache.publish(8, 1, |address, bytes| {
            let region =
                cache.publish(8, 1, |_, bytes| bytes.copy_from_slice(&address.to_le_bytes())).expect("room");
            bytes.copy_from_slice(&region.address().to_le_bytes());
            let statistics = cache.statistics();
            assert_eq!(statistics.views_opened - statistics.views_closed, 1);
            inner = Some(region);
        });
        let (outer, inner) = (outer.expect("room"), inner.expect("published"));
        assert_eq!(outer.bytes(), inner.address().to_le_bytes());
        assert_eq!(inner.bytes(), outer.address().to_le_bytes());
    }
}

#[test]
fn what_is_not_filled_traps() {
    for cache in reals() {
        let old = cache.publish(5000, 1, |_, bytes| bytes.fill(0x90)).expect("room");
        // SAFETY: nobody runs it.
        unsafe { old.free() };
        let new = cache.publish(3000, 1, |_, bytes| bytes[..10].fill(0x90)).expect("room");
        assert_eq!(new.address(), cache.range().start, "where the old code was");
        assert!(new.bytes()[10..].iter().all(|&byte| byte == TRAP));
    }
}

/// What was freed is traps, and so is what was never used, up to the end of the file.
#[cfg(target_os = "linux")]
#[test]
fn freed_code_is_traps() {
    let Some(cache) = real(Way::Memfd) else { return };
    let [left, middle, right] =
        [1, 2, 3].map(|byte| cache.publish(100, 1, |_, bytes| bytes.fill(byte)).expect("room"));
    // SAFETY: nobody runs it.
    unsafe { middle.free() };
    let committed = cache.statistics().committed;
    // SAFETY: this much of the range is readable, and nobody changes it now.
    let all = unsafe { slice::from_raw_parts(cache.shared.pages.base(), committed) };
    let is = |range: Range<usize>, byte: u8| all[range].iter().all(|&found| found == byte);
    assert!(is(0..100, 1) && is(100..256, TRAP) && is(256..356, 3) && is(356..committed, TRAP));
    assert_eq!((left.bytes(), right.bytes()), (&[1; 100][..], &[3; 100][..]));
}

#[test]
fn memory_is_committed_as_it_is_needed() {
    for (way, full, freed) in [(Way::Memfd, 1 << 20, 1 << 20), (Way::Mprotect, 1 << 20, 0)] {
        let Some(cache) = real(way) else { continue };
        assert!(cache.statistics().committed <= 64 << 10);
        let region = cache.publish(1 << 20, 1, |_, _| ()).expect("room");
        assert_eq!(cache.statistics().committed, full);
        // SAFETY: nobody runs it.
        unsafe { region.free() };
        assert_eq!(cache.statistics().committed, freed);
    }
}

#[test]
fn each_publication_flushes() {
    for cache in reals() {
        // So that the file need not grow any more.
        let first = cache.publish(1, 1, |_, _| ()).expect("room");
        let before = coherence::flushes();
        let second = cache.publish(1, 1, |_, _| ()).expect("room");
        assert_eq!(coherence::flushes() - before, 1);
        assert_ne!(first.address(), second.address());
    }
}

#[test]
fn alignments_up_to_the_largest() {
    for cache in reals().into_iter().chain([invented(1 << 10, 16)]) {
        let regions: Vec<CodeRegion> = (0..=12)
            .map(|log| {
                let region = cache.publish(20, 1 << log, |_, _| ()).expect("room");
                assert_eq!(region.address() % (1 << log), 0);
                region
            })
            .collect();
        assert_eq!(cache.statistics().regions, regions.len());
        for align in [0, 3, MAX_ALIGN * 2] {
            assert!(catch_unwind(AssertUnwindSafe(|| drop(cache.reserve(1, align)))).is_err());
        }
    }
}

#[test]
fn a_handle_keeps_the_memory() {
    for cache in all() {
        let region = cache.publish(4, 1, |_, bytes| bytes.copy_from_slice(b"code")).expect("room");
        drop(cache);
        assert_eq!(region.bytes(), b"code");
    }
}

#[test]
fn a_dropped_handle_leaves_its_region() {
    let cache = invented(16, 16);
    let address = {
        let region = cache.publish(4, 1, |_, _| ()).expect("room");
        region.address()
    };
    assert_eq!(cache.region_at(address), Some(address..address + 4));
    assert_eq!(cache.statistics().live, 16);
}

/// Memory like an emulator that does not notice that code is rewritten: what was written first is what runs.
#[derive(Debug)]
struct Forgetful {
    pages: Mprotect,
    written: AtomicBool,
}

// SAFETY: the memory of `Mprotect`, written once.
unsafe impl Pages for Forgetful {
    fn way(&self) -> Way {
        self.pages.way()
    }

    fn base(&self) -> *const u8 {
        self.pages.base()
    }

    fn len(&self) -> usize {
        self.pages.len()
    }

    fn unit(&self) -> usize {
        self.pages.unit()
    }

    fn write(
        &self,
        range: Range<usize>,
        fill: &mut dyn FnMut(&mut [u8]) -> bool,
    ) -> Result<bool, CacheError> {
        if self.written.swap(true, Ordering::Relaxed) {
            return Ok(fill(&mut vec![0; range.len()]));
        }
        self.pages.write(range, fill)
    }

    fn discard(&self, _: Range<usize>) -> Result<(), CacheError> {
        Ok(())
    }

    fn committed(&self) -> usize {
        self.pages.committed()
    }
}

#[test]
fn the_probe_notices_that_old_code_runs() {
    let pages = Mprotect::new(1 << 16).expect("memory");
    let cache = CodeCache::with_pages(Box::new(Forgetful { pages, written: AtomicBool::new(false) }));
    assert!(matches!(probe::run(&cache), Err(CacheError::Stale)));
    assert!(reals().iter().all(|cache| probe::run(cache).is_ok()));
}

#[test]
fn limits() {
    let new = |limit_bytes| CodeCache::new(CacheOptions { limit_bytes, way: None });
    assert!(matches!(new(MAX_CACHE_BYTES + 1), Err(CacheError::TooLarge { limit: MAX_CACHE_BYTES, .. })));
    assert!(matches!(new(usize::MAX), Err(CacheError::TooLarge { .. })));
    let reserved = |limit| new(limit).expect("a cache").statistics().reserved;
    assert_eq!(
        (reserved(0), reserved(1), reserved(page_size() + 1)),
        (page_size(), page_size(), 2 * page_size())
    );
    assert_eq!(reserved(MAX_CACHE_BYTES), MAX_CACHE_BYTES);
    let cache = CodeCache::new(CacheOptions::default()).expect("a cache");
    let statistics = cache.statistics();
    assert_eq!(statistics.reserved, 64 << 20);
    assert!(statistics.committed <= 64 << 10, "the probe's page, and no more");
    assert_eq!(
        (statistics.publishes, statistics.frees, statistics.views_opened),
        (0, 0, 0),
        "the probe does not count"
    );
}
