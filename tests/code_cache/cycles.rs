//! Compiling and freeing without end, in a cache that is mostly full.

use std::collections::BTreeMap;
use std::time::Instant;

use orus::code::{CodeRegion, Statistics, Way};

use super::machine::{free, intact, publish};
use super::{Random, cache};

const LIMIT: usize = 4 << 20;
/// How much of it is used at most: three quarters.
const FILLED: usize = LIMIT / 4 * 3;
/// A minute for each way without optimisation, so there it is a tenth, unless `ORUS_CYCLES` says how many; a million on an invented
/// machine is always tried.
fn wanted() -> u64 {
    let set = std::env::var("ORUS_CYCLES").ok().and_then(|number| number.parse().ok());
    set.unwrap_or(if cfg!(debug_assertions) { 100_000 } else { 1_000_000 })
}

/// Bytes that a region takes.
fn taken(way: Way, size: usize) -> usize {
    let unit = if way == Way::Memfd { 64 } else { page_size() };
    size.next_multiple_of(unit)
}

fn page_size() -> usize {
    // SAFETY: asks for a number.
    unsafe { libc::sysconf(libc::_SC_PAGESIZE) as usize }
}

/// Mostly small, some large, as functions are.
fn size(random: &mut Random) -> usize {
    let limit = match random.below(64) {
        0 => 32_768,
        1..=7 => 4096,
        8..=31 => 1024,
        _ => 256,
    };
    16 + random.below(limit) as usize
}

/// No region is ever refused while a quarter of the cache is free, whatever has been there before; regions never overlap; what
/// is live stays as it was; figures are exact; and when all is freed, it is one run again.
fn cycles(way: Way) {
    let Some(cache) = cache(LIMIT, way) else { return };
    let (started, wanted) = (Instant::now(), wanted());
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    let mut live: Vec<(CodeRegion, u32)> = Vec::new();
    // Of what is live: from its first to after its last byte.
    let mut places: BTreeMap<u64, u64> = BTreeMap::new();
    let mut bytes = 0;
    let (mut least_run, mut frees) = (LIMIT, 0);
    for cycle in 0..wanted {
        let (value, size) = (random.below(2048) as u32, size(&mut random));
        // Filled, then freed to somewhere between that and nothing.
        if bytes + taken(way, size) > FILLED {
            let keep = random.below(FILLED as u64) as usize;
            while bytes > keep || bytes + taken(way, size) > FILLED {
                let (region, value) = live.swap_remove(random.below(live.len() as u64) as usize);
                assert!(intact(&region, value));
                places.remove(&region.address());
                bytes -= taken(way, region.size());
                free(region);
                frees += 1;
            }
        }
        let region = publish(&cache, value, size);
        let (start, end) = (region.address(), region.address() + region.size() as u64);
        let before = places.range(..end).next_back();
        assert!(before.is_none_or(|(_, &before)| before <= start), "regions overlap");
        places.insert(start, end);
        bytes += taken(way, region.size());
        live.push((region, value));
        if cycle % 8192 == 0 {
            let statistics = cache.statistics();
            check(&statistics, bytes, live.len());
            assert_eq!((statistics.publishes, statistics.frees), (cycle + 1, frees));
            least_run = least_run.min(statistics.largest_free);
            for (region, value) in &live {
                assert!(intact(region, *value));
                let end = region.address() + region.size() as u64;
                assert_eq!(cache.region_at(end - 1), Some(region.address()..end));
            }
        }
    }
    for (region, value) in live {
        assert!(intact(&region, value));
        free(region);
    }
    let statistics = cache.statistics();
    check(&statistics, 0, 0);
    assert_eq!(statistics.largest_free, LIMIT);
    assert_eq!((statistics.publishes, statistics.frees, statistics.refusals), (wanted, wanted, 0));
    println!("{way:?}: {wanted} cycles in {:.1?}, shortest longest run {least_run} bytes", started.elapsed());
}

#[cfg(target_os = "linux")]
#[test]
fn cycles_through_a_file() {
    cycles(Way::Memfd);
}

#[test]
fn cycles_of_protection() {
    cycles(Way::Mprotect);
}

fn check(statistics: &Statistics, bytes: usize, regions: usize) {
    assert_eq!((statistics.live, statistics.regions, statistics.pending), (bytes, regions, 0));
    assert_eq!((statistics.reserved, statistics.free), (LIMIT, LIMIT - bytes));
    assert!(statistics.committed <= LIMIT && statistics.committed >= bytes);
    assert_eq!((statistics.views_opened, statistics.not_discarded), (statistics.views_closed, 0));
}
