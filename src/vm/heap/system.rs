//! Memory from the operating system: zeroed regions at addresses that are multiples of [`ALIGN`].
//!
//! On Unix a region is an anonymous private mapping, elsewhere (and under Miri) an allocation of the global allocator.

use std::ptr::NonNull;

/// What the address of a region is a multiple of.
pub const ALIGN: usize = 1 << 20;

/// Sizes of regions are rounded up to this, and decommitting works by it.
pub const PAGE: usize = 4096;

/// A piece of address space that is ours, zero where nothing has been written.
pub struct Region {
    base: NonNull<u8>,
    bytes: usize,
}

// SAFETY: a region is plain memory, owned by its `Region` alone.
unsafe impl Send for Region {}
// SAFETY: a shared `Region` gives no access but to its address; see the users for what they do with it.
unsafe impl Sync for Region {}

impl Region {
    /// A new region of at least `bytes`. `None` if the system does not give as much.
    pub fn new(bytes: usize) -> Option<Region> {
        let bytes = bytes.checked_next_multiple_of(PAGE)?;
        if bytes == 0 || bytes > isize::MAX as usize - ALIGN {
            return None;
        }
        Some(Region { base: platform::map(bytes)?, bytes })
    }

    /// Its lowest address.
    pub fn base(&self) -> NonNull<u8> {
        self.base
    }

    /// Its size.
    pub fn bytes(&self) -> usize {
        self.bytes
    }

    /// Gives the memory of a part back to the system; the part stays usable, its contents are unspecified.
    ///
    /// # Safety
    /// Nothing in the part is used any more.
    pub unsafe fn decommit(&self, offset: usize, bytes: usize) {
        debug_assert!(
            offset.is_multiple_of(PAGE) && bytes.is_multiple_of(PAGE) && offset + bytes <= self.bytes
        );
        // SAFETY: the part lies within the region, and the caller has given it up.
        unsafe { platform::decommit(self.base.add(offset), bytes) }
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        // SAFETY: `base` and `bytes` are those of the mapping, which is ours alone.
        unsafe { platform::unmap(self.base, self.bytes) }
    }
}

#[cfg(all(unix, not(miri)))]
mod platform {
    use super::{ALIGN, NonNull};

    fn map_anywhere(bytes: usize) -> Option<NonNull<u8>> {
        let protection = libc::PROT_READ | libc::PROT_WRITE;
        let flags = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
        // SAFETY: an anonymous mapping at an address of the system's choice touches nothing that exists.
        let address = unsafe { libc::mmap(std::ptr::null_mut(), bytes, protection, flags, -1, 0) };
        if address == libc::MAP_FAILED { None } else { NonNull::new(address.cast()) }
    }

    pub fn map(bytes: usize) -> Option<NonNull<u8>> {
        // Mappings are mostly put one beside the other, so that after the first one this is often aligned at once.
        let first = map_anywhere(bytes)?;
        if first.addr().get().is_multiple_of(ALIGN) {
            return Some(first);
        }
        // SAFETY: the mapping was made above and nothing knows of it.
        unsafe { unmap(first, bytes) };
        let wide = map_anywhere(bytes + ALIGN)?;
        let head = wide.addr().get().next_multiple_of(ALIGN) - wide.addr().get();
        // SAFETY: `head < ALIGN`, so head, region and tail lie within the mapping.
        let base = unsafe { wide.add(head) };
        if head > 0 {
            // SAFETY: the part before the region, which nothing knows of.
            unsafe { unmap(wide, head) };
        }
        if head < ALIGN {
            // SAFETY: the part behind the region, which nothing knows of.
            unsafe { unmap(base.add(bytes), ALIGN - head) };
        }
        Some(base)
    }

    /// # Safety
    /// The range is mapped, whole pages, and in nobody's use.
    pub unsafe fn unmap(base: NonNull<u8>, bytes: usize) {
        // SAFETY: as the caller says. A failure would only leave the pages mapped.
        let _ = unsafe { libc::munmap(base.as_ptr().cast(), bytes) };
    }

    /// # Safety
    /// The range is mapped, whole pages, and its contents are in nobody's use.
    pub unsafe fn decommit(base: NonNull<u8>, bytes: usize) {
        // SAFETY: as the caller says. Advice that the system does not take has no effect.
        let _ = unsafe { libc::madvise(base.as_ptr().cast(), bytes, libc::MADV_DONTNEED) };
    }
}

#[cfg(not(all(unix, not(miri))))]
mod platform {
    use super::{ALIGN, NonNull};
    use std::alloc::{Layout, alloc_zeroed, dealloc};

    pub fn map(bytes: usize) -> Option<NonNull<u8>> {
        let layout = Layout::from_size_align(bytes, ALIGN).ok()?;
        // SAFETY: the layout has a size other than 0 (`Region::new` sees to it).
        NonNull::new(unsafe { alloc_zeroed(layout) })
    }

    /// # Safety
    /// The range is one that `map` returned, and in nobody's use.
    pub unsafe fn unmap(base: NonNull<u8>, bytes: usize) {
        if let Ok(layout) = Layout::from_size_align(bytes, ALIGN) {
            // SAFETY: `map` allocated it with this layout.
            unsafe { dealloc(base.as_ptr(), layout) }
        }
    }

    /// # Safety
    /// As for `unmap`, of a part of the range.
    pub unsafe fn decommit(_base: NonNull<u8>, _bytes: usize) {}
}

/// Half of the memory that this machine, or the control group that we run in, has: the default heap limit.
pub fn default_limit() -> usize {
    let memory = [machine_memory(), group_memory()].into_iter().flatten().min();
    usize::try_from(memory.unwrap_or(4 << 30) / 2).unwrap_or(usize::MAX)
}

/// `MemTotal` of `/proc/meminfo`, which is in KiB.
fn machine_memory() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/meminfo").ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The least limit of our control group and those around it, version 2 or 1.
fn group_memory() -> Option<u64> {
    let groups = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let mut least: Option<u64> = None;
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(path)) = (parts.next(), parts.next()) else { continue };
        let (root, file) = if controllers.is_empty() {
            ("/sys/fs/cgroup", "memory.max")
        } else if controllers.split(',').any(|name| name == "memory") {
            ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")
        } else {
            continue;
        };
        let mut path = path;
        loop {
            let limit = std::fs::read_to_string(format!("{root}{}/{file}", path.trim_end_matches('/')));
            if let Some(limit) = limit.ok().and_then(|text| text.trim().parse::<u64>().ok()) {
                least = Some(least.map_or(limit, |least| least.min(limit)));
            }
            match path.trim_end_matches('/').rfind('/') {
                Some(at) => path = &path[..at],
                None => break,
            }
        }
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_aligned_zeroed_and_writable() {
        let mut regions = Vec::new();
        for pages in [1, 3, 256, 257] {
            let region = Region::new(pages * PAGE - 1).unwrap();
            assert!(region.base().addr().get().is_multiple_of(ALIGN));
            assert_eq!(region.bytes(), pages * PAGE);
            // SAFETY: the last byte of a region of ours.
            unsafe {
                let last = region.base().add(region.bytes() - 1);
                assert_eq!(last.read(), 0);
                last.write(1);
            }
            regions.push(region);
        }
        assert!(Region::new(usize::MAX - 5).is_none());
        assert!(Region::new(0).is_none());
    }

    #[test]
    #[cfg_attr(miri, ignore = "reads files")]
    fn the_default_limit_is_sensible() {
        assert!(default_limit() >= 1 << 24, "{}", default_limit());
    }
}
