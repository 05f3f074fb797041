//! Many threads, one cache.

use std::sync::mpsc;
use std::thread;

use orus::code::{CacheError, CodeRegion};

use super::machine::{call, constant, free, intact, publish};
use super::{Random, WAYS, cache};

/// All publish, call and free at once, and free what others have published.
#[test]
fn threads_publish_and_free_at_once() {
    const THREADS: usize = 8;
    const ROUNDS: u64 = 2000;
    for &way in WAYS {
        let Some(cache) = cache(8 << 20, way) else { continue };
        // From each thread to the next.
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..THREADS).map(|_| mpsc::channel::<(CodeRegion, u32)>()).unzip();
        thread::scope(|scope| {
            for (thread, receiver) in receivers.into_iter().enumerate() {
                let (cache, next) = (cache.clone(), senders[(thread + 1) % THREADS].clone());
                scope.spawn(move || {
                    let mut random = Random(thread as u64 + 1);
                    let mut live = Vec::new();
                    for round in 0..ROUNDS {
                        let value = (thread as u64 * 256 + round % 256) as u32 % 2048;
                        let region = publish(&cache, value, random.below(3000) as usize);
                        assert_eq!(call(&region), value);
                        live.push((region, value));
                        if random.below(3) == 0 {
                            let one = live.swap_remove(random.below(live.len() as u64) as usize);
                            next.send(one).expect("the receiver waits for all");
                        }
                        live.extend(receiver.try_recv());
                        if live.len() > 20 {
                            let (region, value) = live.swap_remove(random.below(live.len() as u64) as usize);
                            assert_eq!(call(&region), value);
                            assert!(intact(&region, value));
                            free(region);
                        }
                    }
                    drop(next);
                    for (region, value) in live.into_iter().chain(receiver) {
                        assert_eq!(call(&region), value);
                        free(region);
                    }
                });
            }
            drop(senders);
        });
        let statistics = cache.statistics();
        assert_eq!(
            (statistics.live, statistics.pending, statistics.largest_free),
            (0, 0, statistics.reserved)
        );
        assert_eq!(statistics.publishes, THREADS as u64 * ROUNDS);
        assert_eq!((statistics.frees, statistics.refusals), (statistics.publishes, 0));
    }
}

/// A full cache refuses, to whomever, and is of use again when something is freed.
#[test]
fn threads_fill_the_cache() {
    for &way in WAYS {
        let Some(cache) = cache(1 << 20, way) else { continue };
        let kept: Vec<CodeRegion> = thread::scope(|scope| {
            let fill = || {
                let mut kept = Vec::new();
                loop {
                    match cache.publish(4096, 16, |_, bytes| {
                        bytes[..constant(7).len()].copy_from_slice(&constant(7))
                    }) {
                        Ok(region) => kept.push(region),
                        Err(CacheError::Full { wanted: 4096, .. }) => return kept,
                        Err(error) => panic!("{error}"),
                    }
                }
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(fill)).collect();
            threads.into_iter().flat_map(|thread| thread.join().expect("no panic")).collect()
        });
        let statistics = cache.statistics();
        assert_eq!((statistics.live, statistics.free, statistics.refusals), (1 << 20, 0, 4));
        assert!(kept.iter().all(|region| call(region) == 7));
        kept.into_iter().for_each(free);
        assert_eq!(call(&publish(&cache, 8, 1 << 20)), 8);
    }
}
