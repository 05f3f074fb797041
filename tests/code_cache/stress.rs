//! Threads that publish, a thread that watches what is mapped how, a thread that runs code beside what is written.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(target_arch = "x86_64")]
use orus::code::CacheOptions;
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
    /// How often those who publish looked at all mappings, while they wrote and behind that.
    at_publish: AtomicU64,
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
            let all = [&seen.calls, &seen.beside, &seen.quiet, &seen.writable, &seen.at_publish];
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
        let Seen { calls, beside, quiet, writable, at_publish } = seen;
        for count in [calls, beside, quiet, writable, at_publish] {
            assert!(count.into_inner() >= 20, "{way:?}: the test has hardly tested anything");
        }
    }
}

/// The same with code that the code generator makes: mappings are looked at behind each compilation, and by a second thread all the time,
/// while a third one runs what was compiled before.
#[cfg(target_arch = "x86_64")]
#[test]
fn compiling_leaves_nothing_writable() {
    use orus::codegen::entry::{Jit, JitOptions};
    use orus::ir::parse_module;

    const ROUNDS: u32 = if cfg!(debug_assertions) { 150 } else { 1_500 };
    for &way in WAYS {
        let (stop, watched, called) = (AtomicBool::new(false), AtomicU64::new(0), AtomicU64::new(0));
        let cache = CacheOptions { limit_bytes: 4 << 20, way: Some(way) };
        let mut jit = Jit::new(JitOptions { cache, ..JitOptions::default() }).expect("executable memory");
        let mut compile = |number: u32| {
            // A loop whose calls go from one new function to another.
            let text = format!(
                "fn step(v0: i64) -> i64 {{\nb0:\n    v1 = mul.i64 v0, {}\n    return.i64 v1\n}}\n\
                 fn f(v0: i64) -> i64 {{\nb0:\n    jump b1(v0, 0)\n\
                 b1(v1: i64, v2: i64):\n    v3 = call step(v2)\n    v4 = add.i64 v3, v1\n    v5 = sub.i64 v1, 1\n\
                 br.gt.i64 v5, 0, b1(v5, v4), b2\nb2:\n    return.i64 v4\n}}",
                number + 1
            );
            let parsed = parse_module(&text).unwrap_or_else(|error| panic!("{error}"));
            let functions: Vec<_> = parsed.functions.iter().map(|(func, body)| (*func, body)).collect();
            jit.compile(&parsed.module, &functions).unwrap_or_else(|error| panic!("{error}"))
        };
        let expected = |number: u32| {
            let factor = i64::from(number) + 1;
            (1..=5).rev().fold(0_i64, |sum, turn| sum.wrapping_mul(factor).wrapping_add(turn))
        };
        let first = compile(0);
        thread::scope(|scope| {
            let (stop, watched, called) = (&stop, &watched, &called);
            scope.spawn(move || {
                let _stop = StopOnPanic(stop);
                while !stop.load(Ordering::Relaxed) {
                    assert_apart(&maps::read());
                    watched.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(move || {
                let _stop = StopOnPanic(stop);
                let f = first.function::<(i64,), i64>("f").expect("its signature");
                while !stop.load(Ordering::Relaxed) {
                    assert_eq!(f.call((5,)).ok(), Some(expected(0)));
                    called.fetch_add(1, Ordering::Relaxed);
                }
            });
            let _stop = StopOnPanic(stop);
            let mut images = VecDeque::new();
            for number in 1..=ROUNDS {
                let image = compile(number);
                let mappings = maps::read();
                assert_apart(&mappings);
                // Nobody else publishes: of the cache's pages, none is writable in any view.
                let at = image.address("f").expect("it is there").addr() as u64;
                let code =
                    mappings.iter().find(|mapping| mapping.addresses.contains(&at)).expect("it is mapped");
                assert!(code.executable && !code.writable);
                if code.file.1 != 0 {
                    let view = mappings.iter().find(|mapping| mapping.file == code.file && mapping.writable);
                    assert!(view.is_none(), "{view:?}");
                }
                let f = image.function::<(i64,), i64>("f").expect("its signature");
                assert_eq!(f.call((5,)).ok(), Some(expected(number)));
                images.push_back(image);
                if images.len() > 30 {
                    images.drain(..20);
                }
            }
            stop.store(true, Ordering::Relaxed);
        });
        let (watched, called) = (watched.into_inner(), called.into_inner());
        println!("{way:?}: {ROUNDS} compilations, mappings read {watched} times beside them, {called} calls");
        assert!(watched >= 20 && called >= 20);
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
            assert_apart(&maps::read());
            if slow {
                thread::sleep(Duration::from_millis(2));
            }
        });
        let region = region.expect("room");
        assert_apart(&maps::read());
        seen.at_publish.fetch_add(1, Ordering::Relaxed);
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

/// No mapping is writable and executable.
fn assert_apart(mappings: &[maps::Mapping]) {
    for mapping in mappings {
        assert!(!(mapping.writable && mapping.executable), "writable and executable: {mapping:?}");
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
        assert_apart(&mappings);
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
