//! Threads that publish, a thread that watches what is mapped how, a thread that runs code beside what is written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use orus::code::{CodeCache, StackPool, Way};

use super::machine::{call, constant, free, publish};
use super::{Random, WAYS, cache, maps};

/// What was seen.
#[derive(Debug, Default)]
struct Seen {
    /// How often a neighbour was called.
    calls: AtomicU64,
    /// How often something was published on the neighbour's page (memfd) or the next one (mprotect).
    beside: AtomicU64,
    /// How often all mappings were looked at while no code was being written.
    quiet: AtomicU64,
    /// How often code was seen to be writable: the watcher would see it.
    writable: AtomicU64,
}

#[test]
fn pages_are_never_writable_and_executable() {
    for &way in WAYS {
        let Some(cache) = cache(4 << 20, way) else { continue };
        let (seen, stop) = (Seen::default(), AtomicBool::new(false));
        thread::scope(|scope| {
            let neighbour = publish(&cache, 1234, 20);
            let place = neighbour.address();
            let (cache, seen, stop) = (&cache, &seen, &stop);
            for seed in 1..=2 {
                scope.spawn(move || publish_and_free(cache, place, seed, seen, stop));
            }
            scope.spawn(move || watch(cache, seen, stop));
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(call(&neighbour), 1234);
                    seen.calls.fetch_add(1, Ordering::Relaxed);
                }
            });
            // Somewhat longer on a slow machine, until all has been seen.
            let started = Instant::now();
            let all = [&seen.calls, &seen.beside, &seen.quiet, &seen.writable];
            let enough = || all.iter().all(|count| count.load(Ordering::Relaxed) >= 20);
            while started.elapsed() < Duration::from_secs(2) || !enough() {
                thread::sleep(Duration::from_millis(10));
                if started.elapsed() > Duration::from_secs(60) || stop.load(Ordering::Relaxed) {
                    break;
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        println!("{way:?}: {seen:?}, {} published", cache.statistics().publishes);
        let Seen { calls, beside, quiet, writable } = seen;
        for count in [calls, beside, quiet, writable] {
            assert!(count.into_inner() >= 20, "{way:?}: the test has hardly tested anything");
        }
    }
}

/// What is just outside faults, whatever the system has mapped beyond.
#[test]
fn guards_are_around_the_cache_and_the_stacks() {
    let none = |address: u64| {
        let mappings = maps::read();
        let mapping = mappings.iter().find(|mapping| mapping.addresses.contains(&address));
        mapping.is_some_and(|mapping| !mapping.readable && !mapping.writable && !mapping.executable)
    };
    for &way in WAYS {
        let Some(cache) = cache(1 << 20, way) else { continue };
        let whole = cache.publish(1 << 20, 1, |_, _| ()).expect("room");
        let range = cache.range();
        assert!(
            none(range.start - 1) && !none(range.start) && !none(range.end - 1) && none(range.end),
            "{way:?}"
        );
        drop(whole);
    }
    let stack = StackPool::new(1 << 20).take().expect("a stack");
    let range = stack.range();
    assert!(none(range.start - (64 << 10)) && none(range.start - 1) && !none(range.start), "below the stack");
    assert!(!none(range.end - 1) && none(range.end), "above the stack");
}

/// Sets the flag if the thread panics, so that the others end.
struct StopOnPanic<'a>(&'a AtomicBool);

impl Drop for StopOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

fn publish_and_free(cache: &CodeCache, neighbour: u64, seed: u64, seen: &Seen, stop: &AtomicBool) {
    let _stop = StopOnPanic(stop);
    let page = if cache.way() == Way::Memfd { 4096 } else { 2 * 4096 };
    let mut random = Random(seed);
    let mut live = VecDeque::new();
    while !stop.load(Ordering::Relaxed) {
        let value = random.below(2048) as u32;
        let limit = if random.below(4) == 0 { 20_000 } else { 200 };
        let (code, size) = (constant(value), 16 + random.below(limit));
        // Now and then writing takes long, so that the watcher sees it; now and then nothing is written for a while.
        let (slow, rest) = (random.below(50) == 0, random.below(200) == 0);
        let region = cache.publish(size as usize, 16, |_, bytes| {
            bytes[..code.len()].copy_from_slice(&code);
            if slow {
                thread::sleep(Duration::from_millis(2));
            }
        });
        let region = region.expect("room");
        if region.address().abs_diff(neighbour) < page {
            seen.beside.fetch_add(1, Ordering::Relaxed);
        }
        live.push_back((region, value));
        for (region, value) in &live {
            assert_eq!(call(region), *value);
        }
        if live.len() > 40 {
            live.drain(..random.below(40) as usize).for_each(|(region, _)| free(region));
        }
        if rest {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

fn watch(cache: &CodeCache, seen: &Seen, stop: &AtomicBool) {
    let _stop = StopOnPanic(stop);
    let range = cache.range();
    let inside =
        |mapping: &maps::Mapping| mapping.addresses.start < range.end && range.start < mapping.addresses.end;
    let file = maps::read().into_iter().find(inside).expect("the cache is mapped").file;
    assert_eq!(file.1 != 0, cache.way() == Way::Memfd);
    while !stop.load(Ordering::Relaxed) {
        let before = cache.statistics();
        let mappings = maps::read();
        let after = cache.statistics();
        for mapping in &mappings {
            assert!(!(mapping.writable && mapping.executable), "writable and executable: {mapping:?}");
        }
        let of_cache =
            |mapping: &&maps::Mapping| if file.1 == 0 { inside(mapping) } else { mapping.file == file };
        let writable = mappings.iter().filter(of_cache).find(|mapping| mapping.writable);
        // Views that were all closed before, and none of which was opened since.
        if before.views_opened == before.views_closed && after.views_opened == before.views_opened {
            assert!(writable.is_none(), "writable while nothing is written: {writable:?}");
            seen.quiet.fetch_add(1, Ordering::Relaxed);
        }
        seen.writable.fetch_add(u64::from(writable.is_some()), Ordering::Relaxed);
    }
}
